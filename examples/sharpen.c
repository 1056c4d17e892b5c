/* sharpen: an image pipeline of six kernels in one submission. The image is the input "image": width and height as
 * uint32, then float32 pixels row after row; the result goes to the output "sharpened".
 *
 *     blurred = V * image * H            two matrix products with the bands of a binomial filter
 *     sharp   = (1 + a) * image - a * blurred
 *     out     = gain * sharp + lift      then the sum and the maximum of each row, for an exposure meter
 *
 * init records a sequence; each frame replays it, with another strength a if one is given. Intermediate images are
 * scratch: the device's own memory, which neither guest nor host needs to see. examples/sharpen.py runs it. */
#include <zcwasm_helpers.h>

#define EXPORT(name) __attribute__((export_name(#name))) name

enum { PAGE = 65536 };
extern unsigned char __heap_base;
static uintptr_t heap_end;

static uint32_t width, height;
static float *image, *out, *across, *down, *sums, *maxima;
static zcg_handle sequence, rows_blurred, blurred;
static int32_t sharpening; /* the dispatch whose parameters change */

static float *allocate(uint64_t count)
{
    uintptr_t start = (heap_end + 63) / 64 * 64;
    uint64_t end = start + count * sizeof(float), have = (uint64_t)__builtin_wasm_memory_size(0) * PAGE;
    if (end > UINT32_MAX || (end > have && __builtin_wasm_memory_grow(0, (end - have + PAGE - 1) / PAGE) == -1ul))
        return 0;
    heap_end = (uintptr_t)end;
    return (float *)start;
}

/* The n by n matrix that replaces each element by 1/4, 1/2, 1/4 of itself and its neighbours; edges repeat. */
static void band(float *matrix, uint32_t n)
{
    static const float weights[] = {0.25f, 0.5f, 0.25f};
    for (uint64_t i = 0; i < (uint64_t)n * n; i++)
        matrix[i] = 0;
    for (uint32_t i = 0; i < n; i++)
        for (int d = -1; d <= 1; d++) {
            int64_t at = (int64_t)i + d;
            at = at < 0 ? 0 : at >= n ? n - 1 : at;
            matrix[(uint64_t)at * n + i] += weights[d + 1];
        }
}

static zc_matmul_params product(uint32_t m, uint32_t n, uint32_t k)
{
    return (zc_matmul_params){.m = m, .n = n, .k = k, .batch = 1, .lda = k, .ldb = n, .ldc = n, .alpha = 1};
}

float *EXPORT(pixels)(void)
{
    return image;
}
float *EXPORT(result)(void)
{
    return out;
}
float *EXPORT(row_sums)(void)
{
    return sums;
}
float *EXPORT(row_maxima)(void)
{
    return maxima;
}

/* Read the size and the first frame from the input, and record the pipeline. 0 or a negative zcg_errno. */
int32_t EXPORT(init)(float strength, float gain, float lift)
{
    uint32_t size[2];
    int64_t got = zcg_input_read("image", 5, 0, size, sizeof size);
    if (got != sizeof size)
        return got < 0 ? (int32_t)got : -ZCG_EINVAL;
    width = size[0], height = size[1];
    uint64_t count = (uint64_t)width * height;
    heap_end = (uintptr_t)&__heap_base;
    image = allocate(count), out = allocate(count);
    across = allocate((uint64_t)width * width), down = allocate((uint64_t)height * height);
    sums = allocate(height), maxima = allocate(height);
    if (!image || !out || !across || !down || !sums || !maxima)
        return -ZCG_ENOMEM;
    got = zcg_input_read("image", 5, sizeof size, image, count * sizeof(float));
    if (got != (int64_t)(count * sizeof(float)))
        return got < 0 ? (int32_t)got : -ZCG_EINVAL;
    band(across, width);
    band(down, height);

    rows_blurred = zcg_scratch_new(count * sizeof(float));
    blurred = zcg_scratch_new(count * sizeof(float));
    sequence = zcg_sequence_new();
    if (rows_blurred < 0 || blurred < 0 || sequence < 0)
        return -ZCG_ENOMEM;
    zcg_range pixel = zcg_floats(image, count), result = zcg_floats(out, count);
    zc_matmul_params horizontal = product(height, width, width), vertical = product(height, width, height);
    vertical.transpose_a = 1; /* the band's columns hold the weights */
    zc_axpby_params sharpen = {(uint32_t)count, 1 + strength, -strength};
    zc_affine_params expose = {(uint32_t)count, gain, lift};
    zc_rows_params rows = {.rows = height, .cols = width, .ldx = width};
    int32_t codes[] = {
        zcg_record_matmul(sequence, pixel, zcg_floats(across, (uint64_t)width * width), zcg_all_of(rows_blurred),
                          &horizontal),
        zcg_record_matmul(sequence, zcg_floats(down, (uint64_t)height * height), zcg_all_of(rows_blurred),
                          zcg_all_of(blurred), &vertical),
        sharpening = zcg_record_axpby(sequence, pixel, zcg_all_of(blurred), result, &sharpen),
        zcg_record_affine(sequence, result, result, &expose),
        zcg_record_sum(sequence, result, zcg_floats(sums, height), &rows),
        zcg_record_max(sequence, result, zcg_floats(maxima, height), &rows),
    };
    for (uint32_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i] < 0)
            return codes[i];
    return zcg_sequence_seal(sequence);
}

/* The frame that lies in pixels(), with this strength: result() and the row statistics. */
int32_t EXPORT(frame)(float strength)
{
    zc_axpby_params sharpen = {width * height, 1 + strength, -strength};
    int32_t code = zcg_sequence_params(sequence, (uint32_t)sharpening, 0, &sharpen, sizeof sharpen);
    return code < 0 ? code : zcg_sequence_run(sequence);
}

int32_t EXPORT(write)(void)
{
    return zcg_output_write("sharpened", 9, out, (uint64_t)width * height * sizeof(float));
}
