/* zc_cpu_quant: see the header. */
#include "device/cpu/zc_cpu_quant.h"

#include <string.h>

_Static_assert(sizeof(zc_block_q8_0) == ZC_WEIGHT_BYTES_Q8_0 && sizeof(zc_block_q4_0) == ZC_WEIGHT_BYTES_Q4_0 &&
                   sizeof(zc_block_q4_1) == ZC_WEIGHT_BYTES_Q4_1 && sizeof(zc_block_q4_k) == ZC_WEIGHT_BYTES_Q4_K &&
                   sizeof(zc_block_q6_k) == ZC_WEIGHT_BYTES_Q6_K && sizeof(zc_block_q5_0) == ZC_WEIGHT_BYTES_Q5_0 &&
                   sizeof(zc_block_q5_1) == ZC_WEIGHT_BYTES_Q5_1 && sizeof(zc_block_q2_k) == ZC_WEIGHT_BYTES_Q2_K &&
                   sizeof(zc_block_q3_k) == ZC_WEIGHT_BYTES_Q3_K && sizeof(zc_block_q5_k) == ZC_WEIGHT_BYTES_Q5_K &&
                   sizeof(zc_block_iq4_nl) == ZC_WEIGHT_BYTES_IQ4_NL &&
                   sizeof(zc_block_iq4_xs) == ZC_WEIGHT_BYTES_IQ4_XS && sizeof(zc_block_mxfp4) == ZC_WEIGHT_BYTES_MXFP4,
               "blocks are those of the table, without padding");

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
