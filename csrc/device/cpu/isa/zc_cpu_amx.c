/* zc_cpu_amx: products in fixed point for AMX (Sapphire Rapids and later) with many rows of x and some; an empty unit
 * elsewhere, and with compilers that do not know it. What is for few rows, and what lies about weights in the file's
 * layout, is that of AVX-512 with VNNI (zc_cpu_vnni.c, zc_cpu_words_vnni.c).
 *
 * A tile instruction takes 16 cycles for up to 16 rows of x, of 64 bytes, and 16 outputs. Blocks of 32 elements have
 * scales of their own, so each block's sums leave the tiles, and what vectors do with them takes longer than the products.
 * So weights of up to 5 bits, which are whole numbers, meet x as BF16, two planes of it: 256 * high and low. Each number is
 * one, and a sum of 32 products with weights up to 16 is below 2^24, thus exact as a float in whatever order; with larger
 * ones each plane's is, and they meet in one rounding. Either is the float that the sum as an integer would become, so a
 * row has the bits that it has alone. Weights of 8 bits meet two planes of bytes.
 *
 * While tiles multiply a block, vectors finish the one before. A set is up to CHUNK blocks of a group of 16 weight rows
 * and up to 16 rows of x, whose 16 vectors of sums are registers meanwhile.
 *
 * Each call configures its thread's tiles and releases them, so that no thread keeps tiles between calls: the system need
 * not save them. zc_cpu_isa.c asked for the permission to use them. Tile instructions are written out, since the intrinsics
 * of some compilers do not say that they read and write memory.
 */
#include "device/cpu/zc_cpu_integer.h"

#if defined(ZC_AMX_UNKNOWN)
#if defined(__clang__)
#pragma clang diagnostic warning "-W#pragma-messages"
#endif
#pragma message("this compiler does not know AMX: the cpu device is built without it")
#endif

#if ZC_HAS_AMX
#include <immintrin.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_packed_layout.h"
#include "device/cpu/zc_cpu_quant.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")
#endif

#define INLINE static inline __attribute__((always_inline))
#define PACKED_512
#include "device/cpu/isa/zc_cpu_packed_lanes.inc"
#include "device/cpu/isa/zc_cpu_packed_blocks.inc"

#define CHUNK 4u      /* blocks of a set: with more, what they need leaves the nearest cache */
#define SET_ROWS 16u   /* of x, at most */
/* Rows of x: fewer are left to vectors, which are as fast then. */
#define LEAST_ROWS 12u
#define LEAST_ROWS_OF_TWO 16u /* where a block's sums are two tiles of floats */
#define SUMS 256u      /* of a tile */

/* ---- tiles: 0 and 1 have sums, 4 and 5 planes of x, 6 and 7 weights ---- */

typedef struct tile_config {
    uint8_t palette, start, none[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} tile_config;

_Static_assert(sizeof(tile_config) == 64, "as the processor reads it");

static void begin(size_t rows, size_t x_bytes)
{
    tile_config c = {.palette = 1};
    for (int i = 0; i < 8; i++) {
        c.rows[i] = (uint8_t)(i < 6 ? rows : x_bytes / 4);
        c.row_bytes[i] = (uint16_t)(i == 4 || i == 5 ? x_bytes : 64);
    }
    __asm__ volatile("ldtilecfg %0" ::"m"(c));
}

static void end(void)
{
    __asm__ volatile("tilerelease" ::: "memory");
}

#define TILE_ZERO(to) __asm__ volatile("tilezero %%tmm" #to::: "memory")
#define TILE_LOAD(to, from, step) \
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #to::"r"(from), "r"((size_t)(step)) : "memory")
#define TILE_STORE(from, to) \
    __asm__ volatile("tilestored %%tmm" #from ", (%0,%1,1)" ::"r"(to), "r"((size_t)64) : "memory")
/* Sums of products of signed bytes, of x, and unsigned ones; of floats of 16 bits. */
#define TILE_ADD_BYTES(to, x, w) __asm__ volatile("tdpbsud %%tmm" #w ", %%tmm" #x ", %%tmm" #to::: "memory")
#define TILE_ADD_FLOATS(to, x, w) __asm__ volatile("tdpbf16ps %%tmm" #w ", %%tmm" #x ", %%tmm" #to::: "memory")

/* ---- x ---- */

typedef enum how {
    ONE_SUM, /* floats; both planes together */
    TWO_SUMS,
    HALVES, /* of a block, which have scales of their own; both planes together */
    BYTES,
} how;

/* What a type asks of x. */
typedef struct kind {
    how how;
    int32_t offset; /* what is added to weights of bytes so that they are unsigned */
    float sum;      /* what sums are multiplied with */
} kind;

static kind kind_of(uint32_t type)
{
    switch (type) {
    case ZC_WEIGHT_Q8_0:
        return (kind){BYTES, 128, 1.0f};
    case ZC_WEIGHT_Q4_0:
    case ZC_WEIGHT_Q4_1:
    case ZC_WEIGHT_Q5_0:
    case ZC_WEIGHT_MXFP4:
        return (kind){ONE_SUM, 0, 1.0f};
    case ZC_WEIGHT_Q4_K:
        return (kind){ONE_SUM, 0, MINIMUMS_SUM};
    case ZC_WEIGHT_Q5_K:
        return (kind){TWO_SUMS, 0, MINIMUMS_SUM};
    case ZC_WEIGHT_Q6_K:
    case ZC_WEIGHT_Q3_K:
        return (kind){HALVES, 0, 1.0f};
    case ZC_WEIGHT_Q2_K:
        return (kind){HALVES, 0, MINIMUMS_SUM};
    default:
        return (kind){TWO_SUMS, 0, 1.0f};
    }
}

/* Bytes of x of a block of a row. Of each block the high planes of all rows come first, then their low ones; or the
 * first halves, then the second ones; or, of bytes, each row has both. Numbers of all blocks follow. */
INLINE size_t planes_bytes(how how)
{
    return how == BYTES ? 64 : 128;
}

/* The order in which floats of 16 bits meet: as words come out of fours of bytes. */
static const uint16_t order[32] = {0, 2,  16, 18, 1, 3,  17, 19, 4,  6,  20, 22, 5,  7,  21, 23,
                                   8, 10, 24, 26, 9, 11, 25, 27, 12, 14, 28, 30, 13, 15, 29, 31};

/* Of both planes of half of a block. */
static const uint16_t order_of_half[32] = {0,  2,  1,  3,  4,  6,  5,  7,  8,  10, 9,  11, 12, 14, 13, 15,
                                           16, 18, 17, 19, 20, 22, 21, 23, 24, 26, 25, 27, 28, 30, 29, 31};

/* Whole numbers of eight bits, times a power of two. */
INLINE __m512i bf16_of(__m512i first, __m512i second)
{
    const __m256i a = _mm512_cvtepi32_epi16(_mm512_srli_epi32(_mm512_castps_si512(_mm512_cvtepi32_ps(first)), 16));
    const __m256i b = _mm512_cvtepi32_epi16(_mm512_srli_epi32(_mm512_castps_si512(_mm512_cvtepi32_ps(second)), 16));
    return _mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1);
}

/* A block, as fix_packed_block of zc_cpu_packed.inc has it. */
INLINE void fix_block(uint8_t *high, uint8_t *low, packed_numbers *numbers, const kind *kind, const float *x)
{
    const __m512i half = _mm512_set1_epi32(128), magnitude = _mm512_set1_epi32(0x7fffffff);
    __m512 x0 = _mm512_loadu_ps(x), x1 = _mm512_loadu_ps(x + 16);
    __m512i a0 = _mm512_and_si512(_mm512_castps_si512(x0), magnitude);
    __m512i a1 = _mm512_and_si512(_mm512_castps_si512(x1), magnitude);
    /* Bits compare as magnitudes do, with infinity and NaN on top. */
    uint32_t bits = (uint32_t)_mm512_reduce_max_epi32(_mm512_max_epi32(a0, a1));
    float top, factor = 0.0f, scale = 0.0f;
    memcpy(&top, &bits, sizeof top);
    if (bits >= 0x7f800000) {
        scale = NAN;
    } else if (top >= 0x1p-100f) {
        factor = 32512.0f / top;
        scale = top * (ZC_FIXED_UNIT / 32512.0f);
    }
    __m512i q0 = _mm512_cvtps_epi32(_mm512_mul_ps(x0, _mm512_set1_ps(factor)));
    __m512i q1 = _mm512_cvtps_epi32(_mm512_mul_ps(x1, _mm512_set1_ps(factor)));
    __m512i h0 = _mm512_srai_epi32(_mm512_add_epi32(q0, half), 8),
            h1 = _mm512_srai_epi32(_mm512_add_epi32(q1, half), 8);
    if (kind->how == BYTES) {
        _mm_storeu_si128((__m128i *)high, _mm512_cvtepi32_epi8(h0));
        _mm_storeu_si128((__m128i *)(high + 16), _mm512_cvtepi32_epi8(h1));
        _mm_storeu_si128((__m128i *)low, _mm512_cvtepi32_epi8(q0));
        _mm_storeu_si128((__m128i *)(low + 16), _mm512_cvtepi32_epi8(q1));
    } else if (kind->how == HALVES) {
        const __m512i by = _mm512_loadu_si512(order_of_half);
        h0 = _mm512_slli_epi32(h0, 8);
        h1 = _mm512_slli_epi32(h1, 8);
        _mm512_storeu_si512(high, _mm512_permutexvar_epi16(by, bf16_of(h0, _mm512_sub_epi32(q0, h0))));
        _mm512_storeu_si512(low, _mm512_permutexvar_epi16(by, bf16_of(h1, _mm512_sub_epi32(q1, h1))));
    } else {
        const __m512i by = _mm512_loadu_si512(order);
        h0 = _mm512_slli_epi32(h0, 8);
        h1 = _mm512_slli_epi32(h1, 8);
        _mm512_storeu_si512(high, _mm512_permutexvar_epi16(by, bf16_of(h0, h1)));
        _mm512_storeu_si512(low,
                            _mm512_permutexvar_epi16(by, bf16_of(_mm512_sub_epi32(q0, h0), _mm512_sub_epi32(q1, h1))));
    }
    const int32_t first = _mm512_reduce_add_epi32(q0), second = _mm512_reduce_add_epi32(q1);
    numbers->scale = scale;
    numbers->sum = ((float)first * scale + (float)second * scale) * kind->sum;
    if (kind->how == HALVES) {
        numbers->least[0].sum = (float)first * scale * kind->sum;
        numbers->least[1].sum = (float)second * scale * kind->sum;
    } else {
        numbers->least[0].by = (int32_t)(0u - (uint32_t)kind->offset * ((uint32_t)first + (uint32_t)second));
        numbers->least[1].by = 0;
    }
}

static void fix_rows_of(uint8_t *tile, const kind *kind, size_t rows, size_t r, size_t blocks, const float *x)
{
    const size_t planes = planes_bytes(kind->how) * rows;
    packed_numbers *numbers = (packed_numbers *)(void *)(tile + planes * blocks) + r;
    uint8_t *high = tile + 64 * r, *low = kind->how == BYTES ? high + 32 : high + 64 * rows;
    for (size_t b = 0; b < blocks; b++, x += 32, high += planes, low += planes, numbers += rows) {
        fix_block(high, low, numbers, kind, x);
    }
}

/* ---- sets ---- */

/* CHUNK blocks of a group of weights, or fewer. */
typedef struct chunk {
    _Alignas(64) uint8_t room[2 * CHUNK][16][64];
    float d[2 * CHUNK][16]; /* scales of blocks, or of halves */
    float m[16][16];        /* minimums: of the blocks; or of all of a unit of 256, which its last blocks have */
    float by[16]; /* what the minimums of a unit of 256 are multiplied with */
    const uint8_t *weights[2 * CHUNK]; /* tiles of blocks, or of halves: in `room`, or where they lie */
    size_t count;
    bool last; /* of a unit of 256 */
} chunk;

typedef struct set {
    const chunk *w;
    const uint8_t *planes; /* row 0 of the tiles, in the first block */
    const packed_numbers *numbers; /* likewise */
    float *out;
    size_t from; /* the first row that no other set has counted */
} set;

/* What goes on from set to set. */
typedef struct line {
    size_t height, rows; /* of a set, and all */
    size_t ld;
    int32_t *sums[2]; /* of blocks, in turn */
} line;

typedef enum minimums { NONE, EACH, UNIT } minimums;

INLINE void multiply(const how how, const line *l, const set *s, size_t j)
{
    const uint8_t *x = s->planes + j * planes_bytes(how) * l->rows;
    TILE_ZERO(0);
    TILE_LOAD(6, s->w->weights[how == HALVES ? 2 * j : j], 64);
    TILE_LOAD(4, x, 64);
    if (how == BYTES) {
        TILE_ADD_BYTES(0, 4, 6);
        TILE_ZERO(1);
        TILE_LOAD(5, x + 32, 64);
        TILE_ADD_BYTES(1, 5, 6);
        return;
    }
    TILE_ADD_FLOATS(0, 4, 6);
    TILE_LOAD(5, x + 64 * l->rows, 64);
    if (how == ONE_SUM) {
        TILE_ADD_FLOATS(0, 5, 6);
    } else if (how == HALVES) {
        TILE_ZERO(1);
        TILE_LOAD(7, s->w->weights[2 * j + 1], 64);
        TILE_ADD_FLOATS(1, 5, 7);
    } else {
        TILE_ZERO(1);
        TILE_ADD_FLOATS(1, 5, 6);
    }
}

INLINE void store(const how how, int32_t *sums)
{
    TILE_STORE(0, sums);
    if (how != ONE_SUM) {
        TILE_STORE(1, sums + SUMS);
    }
}

/* Row r of a block adds to `acc`. */
INLINE __m512 finish(const how how, const minimums minimums, const set *s, size_t j, size_t r,
                     const packed_numbers *numbers, const int32_t *sums, __m512 acc)
{
    __m512 v;
    sums += 16 * r;
    numbers += r;
    if (how == BYTES) {
        const __m512i low = _mm512_add_epi32(_mm512_loadu_si512(sums + SUMS), _mm512_set1_epi32(numbers->least[0].by));
        v = _mm512_cvtepi32_ps(_mm512_add_epi32(_mm512_slli_epi32(_mm512_loadu_si512(sums), 8), low));
    } else {
        v = _mm512_loadu_ps(sums);
        v = how == TWO_SUMS ? _mm512_add_ps(v, _mm512_loadu_ps(sums + SUMS)) : v;
    }
    const __m512 scale = _mm512_set1_ps(numbers->scale);
    if (how == HALVES) {
        acc = _mm512_fmadd_ps(v, _mm512_mul_ps(_mm512_loadu_ps(s->w->d[2 * j]), scale), acc);
        v = _mm512_loadu_ps(sums + SUMS);
        return _mm512_fmadd_ps(v, _mm512_mul_ps(_mm512_loadu_ps(s->w->d[2 * j + 1]), scale), acc);
    }
    acc = _mm512_fmadd_ps(v, _mm512_mul_ps(_mm512_loadu_ps(s->w->d[j]), scale), acc);
    if (minimums == EACH) {
        acc = _mm512_fmadd_ps(_mm512_loadu_ps(s->w->m[j]), _mm512_set1_ps(numbers->sum), acc);
    }
    return acc;
}

/* Row r of the last blocks of a unit of 256 adds its minimums. */
INLINE __m512 finish_unit(const how how, const line *l, const set *s, size_t r, __m512 acc)
{
    const packed_numbers *numbers = s->numbers - CHUNK * l->rows + r;
    __m512 low = _mm512_setzero_ps();
    for (size_t j = 0; j < 8; j++, numbers += l->rows) {
        if (how == HALVES) {
            low = _mm512_fmadd_ps(_mm512_loadu_ps(s->w->m[2 * j]), _mm512_set1_ps(numbers->least[0].sum), low);
            low = _mm512_fmadd_ps(_mm512_loadu_ps(s->w->m[2 * j + 1]), _mm512_set1_ps(numbers->least[1].sum), low);
        } else {
            low = _mm512_fmadd_ps(_mm512_loadu_ps(s->w->m[j]), _mm512_set1_ps(numbers->sum), low);
        }
    }
    return _mm512_fmadd_ps(low, _mm512_loadu_ps(s->w->by), acc);
}

/* Finishes a set of whose first block the sums are in memory, and multiplies the first one of the next, if there is one. */
INLINE void advance_by(const how how, const minimums minimums, const bool whole, line *l, const set *s, const set *next)
{
    const size_t count = s->w->count, ld = l->ld, height = l->height;
    const packed_numbers *numbers = s->numbers;
    const bool ends_unit = minimums == UNIT && s->w->last;
    float *out = s->out;
    __m512 acc[SET_ROWS];
    if (whole) {
        ZC_UNROLL(16)
        for (size_t r = 0; r < SET_ROWS; r++) {
            acc[r] = _mm512_loadu_ps(out + r * ld);
        }
    }
    for (size_t j = 0; j < count; j++, numbers += l->rows) {
        int32_t *sums = l->sums[0], *others = l->sums[1];
        l->sums[0] = others;
        l->sums[1] = sums;
        const bool more = j + 1 < count;
        if (more || next) {
            multiply(how, l, more ? s : next, more ? j + 1 : 0);
        }
        if (whole) {
            ZC_UNROLL(16)
            for (size_t r = 0; r < SET_ROWS; r++) {
                acc[r] = finish(how, minimums, s, j, r, numbers, sums, acc[r]);
            }
        } else {
            for (size_t r = s->from; r < height; r++) {
                float *row = out + r * ld;
                _mm512_storeu_ps(row, finish(how, minimums, s, j, r, numbers, sums, _mm512_loadu_ps(row)));
            }
        }
        if (more || next) {
            store(how, others);
        }
    }
    if (whole) {
        ZC_UNROLL(16)
        for (size_t r = 0; r < SET_ROWS; r++) {
            if (r >= s->from) {
                _mm512_storeu_ps(out + r * ld, ends_unit ? finish_unit(how, l, s, r, acc[r]) : acc[r]);
            }
        }
    } else {
        for (size_t r = s->from; ends_unit && r < height; r++) {
            float *row = out + r * ld;
            _mm512_storeu_ps(row, finish_unit(how, l, s, r, _mm512_loadu_ps(row)));
        }
    }
}

INLINE void advance(const how how, const minimums minimums, line *l, const set *s, const set *next)
{
    if (l->height == SET_ROWS) {
        advance_by(how, minimums, true, l, s, next);
    } else {
        advance_by(how, minimums, false, l, s, next);
    }
}

typedef void (*advance_function)(line *l, const set *s, const set *next);
typedef void (*start_function)(const line *l, const set *s);

/* WAY(name, how, minimums) */
#define WAYS(WAY)                     \
    WAY(scaled, ONE_SUM, NONE)        \
    WAY(from, ONE_SUM, EACH)          \
    WAY(units_from, ONE_SUM, UNIT)    \
    WAY(scaled_2, TWO_SUMS, NONE)     \
    WAY(from_2, TWO_SUMS, EACH)       \
    WAY(units_from_2, TWO_SUMS, UNIT) \
    WAY(halves, HALVES, NONE)         \
    WAY(halves_from, HALVES, UNIT)    \
    WAY(bytes, BYTES, NONE)
#define WAY(name, how, minimums)                                       \
    static void advance_##name(line *l, const set *s, const set *next) \
    {                                                                  \
        advance(how, minimums, l, s, next);                            \
    }                                                                  \
    static void start_##name(const line *l, const set *s)              \
    {                                                                  \
        multiply(how, l, s, 0);                                        \
        store(how, l->sums[0]);                                        \
    }
WAYS(WAY)
#undef WAY

#include "device/cpu/isa/zc_cpu_amx_weights.inc"

/* ---- products ---- */

typedef struct product {
    size_t blocks, unit_bytes;
    start_function start;
    advance_function advance;
    void (*fill)(chunk *c, const void *w, size_t b, size_t count, const tables *t);
    int least, count; /* what make_tables takes */
    const int8_t *values;
} product;

#define PRODUCT(TYPE, BLOCKS, UNIT, WAY, ...) \
    [ZC_WEIGHT_##TYPE] = {BLOCKS, sizeof(UNIT), start_##WAY, advance_##WAY, fill_##TYPE, __VA_ARGS__}
static const product products[ZC_WEIGHT_TYPE_COUNT] = {
    PRODUCT(Q8_0, 2, zc_packed_q8_0, bytes, 0, 1, NULL),
    PRODUCT(Q4_0, 2, zc_packed_q4_0, scaled, -8, 16, NULL),
    PRODUCT(Q4_1, 2, zc_packed_q4_1, from, 0, 16, NULL),
    PRODUCT(Q4_K, 8, zc_packed_q4_k, units_from, 0, 16, NULL),
    PRODUCT(Q6_K, 8, zc_packed_q6_k, halves, -32, 64, NULL),
    PRODUCT(Q5_0, 2, zc_packed_q5_0, scaled, -16, 32, NULL),
    PRODUCT(Q5_1, 2, zc_packed_q5_1, from_2, 0, 32, NULL),
    PRODUCT(Q2_K, 8, zc_packed_q2_k, halves_from, 0, 4, NULL),
    PRODUCT(Q3_K, 8, zc_packed_q3_k, halves, -4, 8, NULL),
    PRODUCT(Q5_K, 8, zc_packed_q5_k, units_from_2, 0, 32, NULL),
    PRODUCT(IQ4_NL, 2, zc_packed_q4_0, scaled_2, 0, 16, zc_iq4_values),
    PRODUCT(IQ4_XS, 8, zc_packed_iq4_xs, scaled_2, 0, 16, zc_iq4_values),
    PRODUCT(MXFP4, 2, zc_packed_mxfp4, scaled, 0, 16, zc_mxfp4_values),
};

static bool by_tiles(uint32_t type, size_t rows)
{
    const how how = kind_of(type).how;
    return rows >= (how == TWO_SUMS || how == HALVES ? LEAST_ROWS_OF_TWO : LEAST_ROWS) && products[type].fill;
}

static void fix_packed_rows(uint8_t *tile, uint32_t type, size_t rows, size_t r, size_t blocks, const float *x)
{
    if (by_tiles(type, rows)) {
        const kind kind = kind_of(type);
        fix_rows_of(tile, &kind, rows, r, blocks, x);
    } else {
        zc_cpu_integer_vnni_words.fix_packed_rows(tile, type, rows, r, blocks, x);
    }
}

static void rows_packed(float *out, size_t ld, uint32_t type, const uint8_t *w, size_t groups, const uint8_t *x,
                        size_t rows, size_t blocks)
{
    if (!by_tiles(type, rows)) {
        zc_cpu_integer_vnni_words.rows_packed(out, ld, type, w, groups, x, rows, blocks);
        return;
    }
    const product *p = &products[type];
    const size_t planes = planes_bytes(kind_of(type).how) * rows;
    const size_t group_bytes = (blocks + p->blocks - 1) / p->blocks * p->unit_bytes;
    const packed_numbers *numbers = (const packed_numbers *)(const void *)(x + planes * blocks);
    _Alignas(64) int32_t sums[2][2 * SUMS];
    chunk chunks[2];
    set sets[2];
    line l = {.height = rows <= SET_ROWS ? rows : (rows + 1) / 2, .rows = rows, .ld = ld, .sums = {sums[0], sums[1]}};
    bool any = false;
    const tables t = make_tables(p->least, p->count, p->values);
    unsigned turn = 0;
    for (size_t r = 0; r < rows; r++) {
        memset(out + r * ld, 0, groups * ZC_PACKED_ROWS * sizeof *out);
    }
    for (size_t i = 0; i < 4 * CHUNK; i++) {
        chunk *c = &chunks[i / (2 * CHUNK)];
        c->weights[i % (2 * CHUNK)] = c->room[i % (2 * CHUNK)][0];
    }
    begin(l.height, kind_of(type).how == BYTES ? 32 : 64);
    /* A block of x serves all groups while it is in the nearest cache. */
    for (size_t b = 0, which = 0; b < blocks; b += CHUNK) {
        for (size_t g = 0; g < groups; g++, which ^= 1) {
            chunk *c = &chunks[which];
            c->count = blocks - b < CHUNK ? blocks - b : CHUNK;
            c->last = b % 8 + CHUNK == 8;
            p->fill(c, w + g * group_bytes, b, c->count, &t);
            for (size_t from = 0; from < rows; from += l.height, turn ^= 1) {
                /* Sets have one height: the last one may begin among the rows of the one before. */
                const size_t first = rows - from < l.height ? rows - l.height : from;
                sets[turn] = (set){.w = c,
                                   .planes = x + b * planes + first * 64,
                                   .numbers = numbers + b * rows + first,
                                   .out = out + g * ZC_PACKED_ROWS + first * ld,
                                   .from = from - first};
                if (any) {
                    p->advance(&l, &sets[turn ^ 1], &sets[turn]);
                } else {
                    p->start(&l, &sets[turn]);
                }
                any = true;
            }
        }
    }
    if (any) {
        p->advance(&l, &sets[turn ^ 1], NULL);
    }
    end();
}

/* ---- the others' ---- */

static void fix(uint8_t *row, uint32_t type, const zc_fixed_layout *layout, const float *x)
{
    zc_cpu_integer_vnni.fix(row, type, layout, x);
}

static void dots(float *out, uint32_t type, const uint8_t *w, size_t row_bytes, size_t count,
                 const zc_fixed_layout *layout, const uint8_t *x)
{
    zc_cpu_integer_vnni.dots(out, type, w, row_bytes, count, layout, x);
}

static void fix_packed(uint8_t *row, uint32_t type, const zc_fixed_layout *layout, const float *x)
{
    zc_cpu_integer_vnni.fix_packed(row, type, layout, x);
}

static void dots_packed(float *out, uint32_t type, const uint8_t *w, size_t groups, const zc_fixed_layout *layout,
                        const uint8_t *x)
{
    zc_cpu_integer_vnni.dots_packed(out, type, w, groups, layout, x);
}

static size_t panel_bytes(uint32_t type, size_t k)
{
    return zc_cpu_integer_vnni.panel_bytes(type, k);
}

static void pack(uint8_t *panel, uint32_t type, const uint8_t *w, size_t row_bytes, size_t count, size_t k)
{
    zc_cpu_integer_vnni.pack(panel, type, w, row_bytes, count, k);
}

static void tile(float *out, uint32_t type, const uint8_t *panel, size_t rows, size_t blocks, const uint8_t *x)
{
    zc_cpu_integer_vnni.tile(out, type, panel, rows, blocks, x);
}

static void fix_in_tile(uint8_t *tile_of, size_t rows, size_t r, size_t blocks, const float *x)
{
    zc_cpu_integer_vnni.fix_in_tile(tile_of, rows, r, blocks, x);
}

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

const zc_cpu_integer zc_cpu_integer_amx = {
    .fix = fix,
    .dots = dots,
    .fix_packed = fix_packed,
    .dots_packed = dots_packed,
    .packed_block = 2 * 64 + sizeof(packed_numbers),
    .fix_packed_rows = fix_packed_rows,
    .rows_packed = rows_packed,
    .panel_bytes = panel_bytes,
    .pack = pack,
    .tile_rows = 6, /* as zc_cpu_vnni.c */
    .fix_in_tile = fix_in_tile,
    .tile = tile,
};

#else
typedef int zc_cpu_amx_is_empty_here;
#endif
