/* Functions that are kernels over rows (tests/test_row_kernels.py, benchmarks/row_kernels.py): f(row, a pointer for each
 * binding, the parameters). */
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name))) name

void EXPORT(affine)(uint32_t row, const float *x, float *out, uint32_t count, float scale, float shift)
{
    (void)row;
    for (uint32_t i = 0; i < count; i++) {
        out[i] = x[i] * scale + shift;
    }
}

/* Floyd and Steinberg's: to black and white, the error of each pixel given to its neighbours. A row is an image. */
void EXPORT(dither)(uint32_t row, uint8_t *image, uint32_t width, uint32_t height)
{
    static int16_t errors[2][4098]; /* of this line of pixels and the next, one more at each end */
    (void)row;
    for (uint32_t i = 0; i < width + 2; i++) {
        errors[0][i] = errors[1][i] = 0;
    }
    for (uint32_t y = 0; y < height; y++) {
        int16_t *now = errors[y & 1], *next = errors[~y & 1];
        for (uint32_t x = 0; x < width; x++) {
            int32_t value = image[y * width + x] + now[x + 1] / 16;
            int32_t error = value < 128 ? value : value - 255;
            image[y * width + x] = value < 128 ? 0 : 255;
            now[x + 2] += (int16_t)(error * 7);
            next[x] += (int16_t)(error * 3);
            next[x + 1] += (int16_t)(error * 5);
            next[x + 2] += (int16_t)error;
        }
        for (uint32_t i = 0; i < width + 2; i++) {
            now[i] = 0;
        }
    }
}

/* Only the first element: the others stay. And the number of the row, added to what was there. */
void EXPORT(first)(uint32_t row, const int32_t *x, int32_t *out)
{
    out[0] = x[0] * 10 + (int32_t)row;
}

/* Reads its second argument, writes its first, too, which nobody gets back. */
void EXPORT(greedy)(uint32_t row, int32_t *x, int32_t *out)
{
    *out = *x + (int32_t)row;
    *x = -1;
}

void EXPORT(forever)(uint32_t row, const int32_t *x)
{
    (void)row;
    (void)x;
    for (volatile int32_t on = 1; on;) {
    }
}

/* Rows 3 and more trap. */
void EXPORT(stubborn)(uint32_t row, int32_t *x)
{
    if (row >= 3) {
        __builtin_trap();
    }
    *x = 1;
}

/* A volatile stack, and recursion. */
int32_t deep(int32_t n)
{
    volatile int32_t here[8] = {n};
    return n ? deep(n - 1) + here[0] : 0;
}
void EXPORT(sums)(uint32_t row, int32_t *out, uint32_t n)
{
    out[0] = deep((int32_t)n) + (int32_t)row;
}

int32_t EXPORT(wrong)(uint32_t row, int32_t *x)
{
    return x[row];
}
