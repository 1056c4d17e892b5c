/* zc_cpu_quant: see the header. */
#include "zc_cpu_quant.h"

#include <string.h>

_Static_assert(sizeof(zc_block_q8_0) == 34 && sizeof(zc_block_q4_0) == 18 && sizeof(zc_block_q4_1) == 20 &&
                   sizeof(zc_block_q4_k) == 144 && sizeof(zc_block_q6_k) == 210,
               "blocks have no padding");

float zc_half_to_float(uint16_t half)
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

uint16_t zc_float_to_half(float value)
{
    uint32_t bits, sign, exponent, fraction, shift, kept, rest;
    memcpy(&bits, &value, sizeof bits);
    sign = bits >> 16 & 0x8000;
    bits &= 0x7fffffff;
    if (bits > 0x7f800000) {
        return (uint16_t)(sign | 0x7e00 | (bits >> 13 & 0x1ff));
    }
    if (bits >= 0x477ff000) { /* rounds to 65536 or more */
        return (uint16_t)(sign | 0x7c00);
    }
    exponent = bits >> 23;
    if (exponent < 102) { /* below half of the smallest denormal */
        return (uint16_t)sign;
    }
    fraction = (bits & 0x7fffff) | 0x800000;
    shift = exponent < 113 ? 126 - exponent : 13; /* 14 to 24 for denormals */
    kept = fraction >> shift;
    rest = fraction & ((1u << shift) - 1);
    kept += rest > 1u << (shift - 1) || (rest == 1u << (shift - 1) && (kept & 1));
    /* The leading bit of a normal number counts one exponent; rounding up may carry into it, rightly. */
    return (uint16_t)(sign | (exponent < 113 ? kept : kept + ((exponent - 113) << 10)));
}

void zc_q4_k_scales(const zc_block_q4_k *block, uint8_t scale[8], uint8_t min[8])
{
    const uint8_t *s = block->scales;
    for (int j = 0; j < 4; j++) {
        scale[j] = s[j] & 63;
        min[j] = s[j + 4] & 63;
        scale[j + 4] = (uint8_t)((s[j + 8] & 15) | (s[j] >> 6) << 4);
        min[j + 4] = (uint8_t)((s[j + 8] >> 4) | (s[j + 4] >> 6) << 4);
    }
}

static void dequantize_f16(const uint8_t *from, size_t count, float *out)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, from + 2 * i, sizeof half);
        out[i] = zc_half_to_float(half);
    }
}

static void dequantize_bf16(const uint8_t *from, size_t count, float *out)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t upper;
        uint32_t bits;
        memcpy(&upper, from + 2 * i, sizeof upper);
        bits = (uint32_t)upper << 16;
        memcpy(out + i, &bits, sizeof bits);
    }
}

static void dequantize_q8_0(const zc_block_q8_0 *block, float *out)
{
    float d = zc_half_to_float(block->d);
    for (int i = 0; i < 32; i++) {
        out[i] = d * (float)block->q[i];
    }
}

static void dequantize_q4_0(const zc_block_q4_0 *block, float *out)
{
    float d = zc_half_to_float(block->d);
    for (int i = 0; i < 16; i++) {
        out[i] = d * (float)((block->q[i] & 15) - 8);
        out[i + 16] = d * (float)((block->q[i] >> 4) - 8);
    }
}

static void dequantize_q4_1(const zc_block_q4_1 *block, float *out)
{
    float d = zc_half_to_float(block->d), m = zc_half_to_float(block->m);
    for (int i = 0; i < 16; i++) {
        out[i] = d * (float)(block->q[i] & 15) + m;
        out[i + 16] = d * (float)(block->q[i] >> 4) + m;
    }
}

static void dequantize_q4_k(const zc_block_q4_k *block, float *out)
{
    float d = zc_half_to_float(block->d), m = zc_half_to_float(block->m);
    uint8_t scale[8], min[8];
    zc_q4_k_scales(block, scale, min);
    for (int j = 0; j < 8; j++) {
        const uint8_t *q = block->q + j / 2 * 32;
        float ds = d * (float)scale[j], ms = m * (float)min[j];
        for (int i = 0; i < 32; i++) {
            out[32 * j + i] = ds * (float)(q[i] >> 4 * (j % 2) & 15) - ms;
        }
    }
}

static void dequantize_q6_k(const zc_block_q6_k *block, float *out)
{
    float d = zc_half_to_float(block->d);
    for (int j = 0; j < 8; j++) { /* groups of 32 elements */
        const uint8_t *low = block->low + j / 4 * 64 + j % 2 * 32, *high = block->high + j / 4 * 32;
        int low_shift = j % 4 / 2 * 4, high_shift = j % 4 * 2;
        for (int i = 0; i < 32; i++) {
            int n = (low[i] >> low_shift & 15) | (high[i] >> high_shift & 3) << 4;
            out[32 * j + i] = d * (float)block->scales[2 * j + i / 16] * (float)(n - 32);
        }
    }
}

void zc_dequantize(zc_weight_type type, const void *blocks, size_t count, float *out)
{
    const zc_weight_type_info *info = zc_weight_type_get(type);
    const uint8_t *from = blocks;
    size_t whole = count / info->block;
    switch (type) {
    case ZC_WEIGHT_F32:
        if (count) {
            memcpy(out, from, count * sizeof *out);
        }
        return;
    case ZC_WEIGHT_F16:
        dequantize_f16(from, count, out);
        return;
    case ZC_WEIGHT_BF16:
        dequantize_bf16(from, count, out);
        return;
    default:
        break;
    }
    for (size_t i = 0; i < whole; i++, from += info->block_bytes, out += info->block) {
        switch (type) {
        case ZC_WEIGHT_Q8_0:
            dequantize_q8_0((const zc_block_q8_0 *)from, out);
            break;
        case ZC_WEIGHT_Q4_0:
            dequantize_q4_0((const zc_block_q4_0 *)from, out);
            break;
        case ZC_WEIGHT_Q4_1:
            dequantize_q4_1((const zc_block_q4_1 *)from, out);
            break;
        case ZC_WEIGHT_Q4_K:
            dequantize_q4_k((const zc_block_q4_k *)from, out);
            break;
        default:
            dequantize_q6_k((const zc_block_q6_k *)from, out);
            break;
        }
    }
}
