/* zc_cpu_quant: the block layouts of quantized weights, and 16-bit floats, in portable C.
 *
 * Layouts are those of GGUF files: rows are whole blocks, little endian, at any multiple of two bytes. What is
 * here is exact and right on every machine; the instruction sets' own products read the same structs. Pure
 * functions: any thread, no ownership.
 */
#ifndef ZC_CPU_QUANT_H
#define ZC_CPU_QUANT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernel/zc_kernel.h"

/* Element i of a block is: */
typedef struct zc_block_q8_0 { /* d * q[i] */
    uint16_t d;                /* a float16, as everywhere below */
    int8_t q[32];
} zc_block_q8_0;

typedef struct zc_block_q4_0 { /* d * (n - 8), n the low nibble of q[i], or the high one of q[i - 16] */
    uint16_t d;
    uint8_t q[16];
} zc_block_q4_0;

typedef struct zc_block_q4_1 { /* d * n + m, n as in q4_0 */
    uint16_t d, m;
    uint8_t q[16];
} zc_block_q4_1;

typedef struct zc_block_q4_k { /* d * scale[i / 32] * n - m * min[i / 32]; zc_q4_k_scales unpacks these */
    uint16_t d, m;
    uint8_t scales[12];
    uint8_t q[128]; /* 32 bytes for each 64 elements: low nibbles, then high nibbles */
} zc_block_q4_k;

typedef struct zc_block_q6_k { /* d * scales[i / 16] * (n - 32), n of 6 bits */
    uint8_t low[128]; /* 64 bytes for each 128 elements: low nibbles of 64, then high nibbles of 64 */
    uint8_t high[64]; /* 32 bytes for each 128 elements: two bits of each of four groups of 32 */
    int8_t scales[16];
    uint16_t d;
} zc_block_q6_k;

typedef struct zc_block_q5_0 { /* d * (n - 16), n of 5 bits: the lower four as in q4_0, bit i of `high` */
    uint16_t d;
    uint8_t high[4];
    uint8_t q[16];
} zc_block_q5_0;

typedef struct zc_block_q5_1 { /* d * n + m, n as in q5_0 */
    uint16_t d, m;
    uint8_t high[4];
    uint8_t q[16];
} zc_block_q5_1;

typedef struct zc_block_q2_k { /* d * scale * n - m * min, n of 2 bits */
    uint8_t scales[16];        /* of elements i / 16: the scale, the minimum in the upper four bits */
    uint8_t q[64];             /* 32 bytes for each 128 elements: two bits of each of four groups of 32 */
    uint16_t d, m;
} zc_block_q2_k;

typedef struct zc_block_q3_k { /* d * scale[i / 16] * (n - 4), n of 3 bits; zc_q3_k_scales unpacks these */
    uint8_t high[32];          /* the upper bits: of element i bit i / 32 of high[i % 32] */
    uint8_t q[64];             /* the lower two as in q2_k */
    uint8_t scales[12];
    uint16_t d;
} zc_block_q3_k;

typedef struct zc_block_q5_k { /* as q4_k, n of 5 bits */
    uint16_t d, m;
    uint8_t scales[12];
    uint8_t high[32]; /* the upper bits, as in q3_k */
    uint8_t q[128];
} zc_block_q5_k;

typedef struct zc_block_iq4_nl { /* d * zc_iq4_values[n], n as in q4_0 */
    uint16_t d;
    uint8_t q[16];
} zc_block_iq4_nl;

typedef struct zc_block_iq4_xs { /* d * scale[i / 32] * zc_iq4_values[n]; zc_iq4_xs_scales unpacks the scales */
    uint16_t d;
    uint16_t high;  /* two bits of each scale */
    uint8_t low[4]; /* four bits */
    uint8_t q[128]; /* 16 bytes for each 32 elements, as in q4_0 */
} zc_block_iq4_xs;

typedef struct zc_block_mxfp4 {
    struct { /* 2^(exponent - 128) * zc_mxfp4_values[n], n as in q4_0: the values are doubled */
        uint8_t exponent;
        uint8_t q[16];
    } half[2];
} zc_block_mxfp4;

static const int8_t zc_iq4_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
static const int8_t zc_mxfp4_values[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

static inline float zc_half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, rest = half & 0x7fff, bits;
    float value;
    if (rest >= 0x7c00) { /* infinite or NaN */
        bits = sign | 0x7f800000 | (rest & 0x3ff) << 13;
    } else if (rest >= 0x400) {
        bits = sign | ((rest << 13) + (112u << 23));
    } else { /* zero or denormal: a multiple of 2^-24, exact in float */
        value = (float)rest * 0x1p-24f;
        memcpy(&bits, &value, sizeof bits);
        bits |= sign;
    }
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint16_t zc_float_to_half(float value); /* to nearest, ties to even; NaN stays NaN */

/* 2^(exponent - 128), which is no normal number for 0 and 1. All exponents are numbers, as for the format's other
 * readers. */
static inline float zc_mxfp4_scale(uint8_t exponent)
{
    uint32_t bits = exponent < 2 ? 0x200000u << exponent : (exponent - 1u) << 23;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Of Q4_K and Q5_K. */
static inline void zc_q4_k_scales(const uint8_t s[12], uint8_t scale[8], uint8_t min[8])
{
    for (int j = 0; j < 4; j++) {
        scale[j] = s[j] & 63;
        min[j] = s[j + 4] & 63;
        scale[j + 4] = (uint8_t)((s[j + 8] & 15) | (s[j] >> 6) << 4);
        min[j + 4] = (uint8_t)((s[j + 8] >> 4) | (s[j + 4] >> 6) << 4);
    }
}

static inline void zc_q3_k_scales(const uint8_t s[12], int8_t scale[16])
{
    for (int j = 0; j < 16; j++) {
        scale[j] = (int8_t)(((s[j % 8] >> (j < 8 ? 0 : 4) & 15) | (s[8 + j % 4] >> j / 4 * 2 & 3) << 4) - 32);
    }
}

static inline void zc_iq4_xs_scales(const zc_block_iq4_xs *block, int8_t scale[8])
{
    for (int j = 0; j < 8; j++) {
        scale[j] = (int8_t)(((block->low[j / 2] >> j % 2 * 4 & 15) | (block->high >> 2 * j & 3) << 4) - 32);
    }
}

#endif
