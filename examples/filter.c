/* filter: a guest that has two forms, built of this one source: filter.wasm, which every engine runs, and
 * filter_simd.wasm (-msimd128), in which the same vectors are instructions. examples/filter.py takes the one that its
 * engine has, and compares the results, which have the same bits: what is added to what does not depend on the form.
 */
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name))) name

/* Four floats side by side, of clang and gcc. Without SIMD the compiler makes four operations of each. */
typedef float f32x4 __attribute__((vector_size(16), aligned(4)));

enum { SAMPLES = 1 << 16, TAPS = 32 };

static float input[SAMPLES + TAPS], output[SAMPLES], taps[TAPS];

float *EXPORT(input_at)(void)
{
    return input;
}

float *EXPORT(output_at)(void)
{
    return output;
}

float *EXPORT(taps_at)(void)
{
    return taps;
}

/* Which form this is. */
int32_t EXPORT(has_simd)(void)
{
#ifdef __wasm_simd128__
    return 1;
#else
    return 0;
#endif
}

/* output[i] = the sum of taps[k] * input[i + k], for four i at a time. count: a multiple of 4, at most SAMPLES. */
int32_t EXPORT(filter)(uint32_t count)
{
    if (count > SAMPLES || count % 4)
        return -1;
    for (uint32_t i = 0; i < count; i += 4) {
        f32x4 sum = {0, 0, 0, 0};
        for (uint32_t k = 0; k < TAPS; k++)
            sum += taps[k] * *(const f32x4 *)(input + i + k);
        *(f32x4 *)(output + i) = sum;
    }
    return 0;
}

/* The sum of squares of what was filtered, by four sums, one for each place in a vector. */
float EXPORT(energy)(uint32_t count)
{
    f32x4 sum = {0, 0, 0, 0};
    if (count > SAMPLES || count % 4)
        return -1;
    for (uint32_t i = 0; i < count; i += 4) {
        const f32x4 x = *(const f32x4 *)(output + i);
        sum += x * x;
    }
    return sum[0] + sum[1] + (sum[2] + sum[3]);
}
