/* zc_cpu_packed_layout: see the header. put_TYPE: row `row` of a unit from its first `blocks` blocks. */
#include "device/cpu/zc_cpu_packed_layout.h"

#include <string.h>

#include "device/cpu/zc_cpu_quant.h"
#include "kernel/zc_kernel.h"

_Static_assert(sizeof(zc_packed_q4_0) % 64 == 0 && sizeof(zc_packed_q4_1) % 64 == 0 &&
                   sizeof(zc_packed_q8_0) % 64 == 0 && sizeof(zc_packed_q5_0) % 64 == 0 &&
                   sizeof(zc_packed_q5_1) % 64 == 0 && sizeof(zc_packed_mxfp4) % 64 == 0 &&
                   sizeof(zc_packed_q4_k) % 64 == 0 && sizeof(zc_packed_q5_k) % 64 == 0 &&
                   sizeof(zc_packed_q6_k) % 64 == 0 && sizeof(zc_packed_q3_k) % 64 == 0 &&
                   sizeof(zc_packed_q2_k) % 64 == 0 && sizeof(zc_packed_iq4_xs) % 64 == 0,
               "units are whole lines of the cache");

/* ---- 32 elements ---- */

/* 16 bytes as they are. */
static void put(zc_packed_bytes q[4], size_t row, const uint8_t from[16])
{
    for (size_t i = 0; i < 4; i++) {
        memcpy(q[i][row], from + 4 * i, 4);
    }
}

/* The lower four bits of 32 numbers. */
static void put_nibbles(zc_packed_bytes q[4], size_t row, const uint8_t n[32])
{
    uint8_t nibbles[16];
    for (size_t i = 0; i < 16; i++) {
        nibbles[i] = (uint8_t)((n[i] & 15) | (n[16 + i] & 15) << 4);
    }
    put(q, row, nibbles);
}

/* One bit of each. */
static void put_bits(zc_packed_bytes q, size_t row, const uint8_t n[32], unsigned bit)
{
    uint8_t bits[4] = {0};
    for (size_t i = 0; i < 32; i++) {
        bits[i % 4] |= (uint8_t)((n[i] >> bit & 1) << i / 4);
    }
    memcpy(q[row], bits, 4);
}

/* Two bits of each, from `bit` on. */
static void put_pairs(zc_packed_bytes q[2], size_t row, const uint8_t n[32], unsigned bit)
{
    uint8_t pairs[8] = {0};
    for (size_t i = 0; i < 32; i++) {
        pairs[i / 16 * 4 + i % 4] |= (uint8_t)((n[i] >> bit & 3) << i % 16 / 4 * 2);
    }
    memcpy(q[0][row], pairs, 4);
    memcpy(q[1][row], pairs + 4, 4);
}

/* Numbers of five bits. */
static void put_fives(zc_packed_bytes q[5], size_t row, const uint8_t low[16], const uint8_t high[4])
{
    uint8_t n[32];
    for (size_t i = 0; i < 32; i++) {
        n[i] = (uint8_t)((high[i / 8] >> i % 8 & 1) << 4);
    }
    put(q, row, low);
    put_bits(q[4], row, n, 4);
}

/* ---- units of two blocks ---- */

static void put_q4_0(void *unit, size_t row, const void *from, size_t blocks)
{
    zc_packed_q4_0 *to = unit;
    const zc_block_q4_0 *block = from;
    for (size_t j = 0; j < blocks; j++) {
        to->d[j][row] = block[j].d;
        put(to->q[j], row, block[j].q);
    }
}

static void put_q4_1(void *unit, size_t row, const void *from, size_t blocks)
{
    zc_packed_q4_1 *to = unit;
    const zc_block_q4_1 *block = from;
    for (size_t j = 0; j < blocks; j++) {
        to->d[j][row] = block[j].d;
        to->m[j][row] = block[j].m;
        put(to->q[j], row, block[j].q);
    }
}

static void put_q8_0(void *unit, size_t row, const void *from, size_t blocks)
{
    zc_packed_q8_0 *to = unit;
    const zc_block_q8_0 *block = from;
    for (size_t j = 0; j < blocks; j++) {
        uint8_t bytes[32];
        for (size_t i = 0; i < 32; i++) {
            bytes[i] = (uint8_t)(block[j].q[i] + 128);
        }
        to->d[j][row] = block[j].d;
        put(to->q[j], row, bytes);
        put(to->q[j] + 4, row, bytes + 16);
    }
}

static void put_q5_0(void *unit, size_t row, const void *from, size_t blocks)
{
    zc_packed_q5_0 *to = unit;
    const zc_block_q5_0 *block = from;
    for (size_t j = 0; j < blocks; j++) {
        to->d[j][row] = block[j].d;
        put_fives(to->q[j], row, block[j].q, block[j].high);
    }
}

static void put_q5_1(void *unit, size_t row, const void *from, size_t blocks)
{
    zc_packed_q5_1 *to = unit;
    const zc_block_q5_1 *block = from;
    for (size_t j = 0; j < blocks; j++) {
        to->d[j][row] = block[j].d;
        to->m[j][row] = block[j].m;
        put_fives(to->q[j], row, block[j].q, block[j].high);
    }
}

static void put_mxfp4(void *unit, size_t row, const void *from, size_t blocks)
{
    zc_packed_mxfp4 *to = unit;
    const zc_block_mxfp4 *block = from;
    for (size_t j = 0; j < blocks; j++) {
        const float scale = zc_mxfp4_scale(block->half[j].exponent);
        uint32_t bits;
        memcpy(&bits, &scale, sizeof bits);
        to->d[j][row] = (uint16_t)(bits >> 16);
        put(to->q[j], row, block->half[j].q);
    }
}

/* ---- units of one block of 256 ---- */

/* What Q4_K and Q5_K have in common: scales, and the low four bits of each number. */
#define PUT_K(to, row, block)                                              \
    do {                                                                   \
        uint8_t scale[8], min[8];                                          \
        zc_q4_k_scales((block)->scales, scale, min);                       \
        (to)->d[row] = (block)->d;                                         \
        (to)->m[row] = (block)->m;                                         \
        for (size_t j = 0; j < 8; j++) {                                   \
            uint8_t n[32];                                                 \
            for (size_t i = 0; i < 32; i++) {                              \
                n[i] = (uint8_t)((block)->q[j / 2 * 32 + i] >> j % 2 * 4); \
            }                                                              \
            (to)->scale[j][row] = scale[j];                                \
            (to)->min[j][row] = min[j];                                    \
            put_nibbles((to)->q[j], row, n);                               \
        }                                                                  \
    } while (0)

static void put_q4_k(void *unit, size_t row, const void *from, size_t blocks)
{
    zc_packed_q4_k *to = unit;
    const zc_block_q4_k *block = from;
    (void)blocks;
    PUT_K(to, row, block);
}

static void put_q5_k(void *unit, size_t row, const void *from, size_t blocks)
{
    zc_packed_q5_k *to = unit;
    const zc_block_q5_k *block = from;
    (void)blocks;
    PUT_K(to, row, block);
    for (size_t j = 0; j < 8; j++) {
        put_bits(to->q[j][4], row, block->high, (unsigned)j);
    }
}

static void put_q6_k(void *unit, size_t row, const void *from, size_t blocks)
{
    zc_packed_q6_k *to = unit;
    const zc_block_q6_k *block = from;
    (void)blocks;
    uint8_t n[32];
    to->d[row] = block->d;
    for (size_t j = 0; j < 8; j++) {
        for (size_t i = 0; i < 32; i++) {
            n[i] = (uint8_t)(block->low[j / 4 * 64 + j % 2 * 32 + i] >> j % 4 / 2 * 4);
        }
        to->scale[2 * j][row] = block->scales[2 * j];
        to->scale[2 * j + 1][row] = block->scales[2 * j + 1];
        put_nibbles(to->q[j], row, n);
        put_pairs(to->q[j] + 4, row, block->high + j / 4 * 32, (unsigned)(j % 4) * 2);
    }
}

static void put_q3_k(void *unit, size_t row, const void *from, size_t blocks)
{
    zc_packed_q3_k *to = unit;
    const zc_block_q3_k *block = from;
    (void)blocks;
    int8_t scale[16];
    zc_q3_k_scales(block->scales, scale);
    to->d[row] = block->d;
    for (size_t j = 0; j < 8; j++) {
        to->scale[2 * j][row] = scale[2 * j];
        to->scale[2 * j + 1][row] = scale[2 * j + 1];
        put_pairs(to->q[j], row, block->q + j / 4 * 32, (unsigned)(j % 4) * 2);
        put_bits(to->q[j][2], row, block->high, (unsigned)j);
    }
}

static void put_q2_k(void *unit, size_t row, const void *from, size_t blocks)
{
    zc_packed_q2_k *to = unit;
    const zc_block_q2_k *block = from;
    (void)blocks;
    to->d[row] = block->d;
    to->m[row] = block->m;
    for (size_t j = 0; j < 8; j++) {
        to->scales[2 * j][row] = block->scales[2 * j];
        to->scales[2 * j + 1][row] = block->scales[2 * j + 1];
        put_pairs(to->q[j], row, block->q + j / 4 * 32, (unsigned)(j % 4) * 2);
    }
}

static void put_iq4_xs(void *unit, size_t row, const void *from, size_t blocks)
{
    zc_packed_iq4_xs *to = unit;
    const zc_block_iq4_xs *block = from;
    (void)blocks;
    int8_t scale[8];
    zc_iq4_xs_scales(block, scale);
    to->d[row] = block->d;
    for (size_t j = 0; j < 8; j++) {
        to->scale[j][row] = scale[j];
        put(to->q[j], row, block->q + 16 * j);
    }
}

/* ---- all types ---- */

typedef struct packing {
    zc_packed_unit unit;
    void (*put_row)(void *unit, size_t row, const void *from, size_t blocks);
} packing;

static const packing packings[ZC_WEIGHT_TYPE_COUNT] = {
    [ZC_WEIGHT_Q8_0] = {{2, sizeof(zc_packed_q8_0), 0}, put_q8_0},
    [ZC_WEIGHT_Q4_0] = {{2, sizeof(zc_packed_q4_0), 0}, put_q4_0},
    [ZC_WEIGHT_Q4_1] = {{2, sizeof(zc_packed_q4_1), 0}, put_q4_1},
    [ZC_WEIGHT_Q4_K] = {{8, sizeof(zc_packed_q4_k), 0}, put_q4_k},
    [ZC_WEIGHT_Q6_K] = {{8, sizeof(zc_packed_q6_k), sizeof(uint16_t[16])}, put_q6_k},
    [ZC_WEIGHT_Q5_0] = {{2, sizeof(zc_packed_q5_0), 0}, put_q5_0},
    [ZC_WEIGHT_Q5_1] = {{2, sizeof(zc_packed_q5_1), 0}, put_q5_1},
    [ZC_WEIGHT_Q2_K] = {{8, sizeof(zc_packed_q2_k), 0}, put_q2_k},
    [ZC_WEIGHT_Q3_K] = {{8, sizeof(zc_packed_q3_k), sizeof(uint16_t[16])}, put_q3_k},
    [ZC_WEIGHT_Q5_K] = {{8, sizeof(zc_packed_q5_k), 0}, put_q5_k},
    [ZC_WEIGHT_IQ4_NL] = {{2, sizeof(zc_packed_q4_0), 0}, put_q4_0},
    [ZC_WEIGHT_IQ4_XS] = {{8, sizeof(zc_packed_iq4_xs), sizeof(uint16_t[16])}, put_iq4_xs},
    [ZC_WEIGHT_MXFP4] = {{2, sizeof(zc_packed_mxfp4), 0}, put_mxfp4},
};

zc_packed_unit zc_packed_unit_of(uint32_t type)
{
    return type < ZC_WEIGHT_TYPE_COUNT ? packings[type].unit : (zc_packed_unit){0};
}

void zc_packed_put_row(uint32_t type, void *unit, size_t row, const void *from, size_t blocks)
{
    packings[type].put_row(unit, row, from, blocks);
}
