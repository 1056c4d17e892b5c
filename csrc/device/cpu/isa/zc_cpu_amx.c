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
 * A cell is two blocks of up to 16 rows of x and of one or two groups of 16 weight rows, so that its sums are four tiles.
 * While tiles multiply one, vectors finish the one before, and fill in weights for those after it. Tiles are stored two
 * later than they are made: nothing waits for them. All of that shall fit into the nearest cache, so cells are no larger.
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

#define CHUNK 2u       /* blocks of a cell */
#define SET_ROWS 16u   /* of x, at most */
/* Rows of x: fewer are left to vectors, which are as fast then. */
#define LEAST_ROWS 8u
#define LEAST_ROWS_OF_HALVES 12u
#define SUMS 256u              /* of a tile */

#include "device/cpu/isa/zc_cpu_amx_tiles.inc"
#include "device/cpu/isa/zc_cpu_amx_rows.inc"

/* ---- cells ---- */

/* Blocks of a group of weights: CHUNK of them, or the last one. */
typedef struct chunk {
    _Alignas(64) uint8_t room[2 * CHUNK][16][64]; /* tiles of blocks, or of halves */
    float d[2 * CHUNK][16]; /* scales of blocks, or of halves */
    float m[16][16]; /* minimums: of the blocks; or of all of a unit of 256, which its last blocks have */
    float by[16]; /* what the minimums of a unit of 256 are multiplied with */
} chunk;

typedef struct cell {
    const chunk *w; /* of all groups that a cell has room for, of which `groups` are there */
    size_t groups, count; /* `count` blocks */
    bool last; /* of a unit of 256 */
    const uint8_t *planes; /* row 0 of the tiles, in the first block */
    const float *numbers; /* row 0 */
    float *out;
    size_t from; /* the first row that no other cell has counted */
} cell;

/* What goes on from cell to cell. */
typedef struct line {
    size_t height, rows; /* of a cell, and all */
    size_t ld;
    int32_t *sums, *before; /* four tiles of the cell that is multiplied, and of the one that is finished */
} line;

typedef enum minimums { NONE, EACH, UNIT } minimums;

INLINE size_t groups_of(const how how)
{
    return how == ONE_SUM ? 2 : 1;
}

/* Block j of a cell makes tiles a and b: of both groups, or what belongs to one. Tiles c and d, which are ready, are
 * stored. */
#define MULTIPLY(a, b, c, d, to)                  \
    do {                                          \
        if (how == ONE_SUM) {                     \
            TILE_LOAD(6, w[0].room[j], 64);       \
            TILE_ZERO(a);                         \
            TILE_ADD_FLOATS(a, 4, 6);             \
            TILE_ADD_FLOATS(a, 5, 6);             \
            TILE_STORE(c, (to) + c * SUMS, 64);   \
            TILE_LOAD(7, w[1].room[j], 64);       \
            TILE_ZERO(b);                         \
            TILE_ADD_FLOATS(b, 4, 7);             \
            TILE_ADD_FLOATS(b, 5, 7);             \
            TILE_STORE(d, (to) + d * SUMS, 64);   \
            break;                                \
        }                                         \
        TILE_ZERO(a);                             \
        TILE_ZERO(b);                             \
        if (how == HALVES) {                      \
            TILE_LOAD(6, w->room[2 * j], 64);     \
            TILE_LOAD(7, w->room[2 * j + 1], 64); \
            TILE_ADD_FLOATS(a, 4, 6);             \
            TILE_ADD_FLOATS(b, 5, 7);             \
        } else if (how == TWO_SUMS) {             \
            TILE_LOAD(6, w->room[j], 64);         \
            TILE_ADD_FLOATS(a, 4, 6);             \
            TILE_ADD_FLOATS(b, 5, 6);             \
        } else {                                  \
            TILE_LOAD(6, w->room[j], 64);         \
            TILE_ADD_BYTES(a, 4, 6);              \
            TILE_ADD_BYTES(b, 5, 6);              \
        }                                         \
        TILE_STORE(c, (to) + c * SUMS, 64);       \
        TILE_STORE(d, (to) + d * SUMS, 64);       \
    } while (0)

INLINE void multiply(const how how, const line *l, const cell *s, const size_t j)
{
    const chunk *w = s->w;
    const uint8_t *x = s->planes + j * planes_bytes(how) * l->rows;
    TILE_LOAD(4, x, 64);
    TILE_LOAD(5, how == BYTES ? x + 32 : x + 64 * l->rows, 64);
    if (j == 0) {
        MULTIPLY(0, 1, 2, 3, l->before); /* or what nobody reads, where that cell has no second block */
    } else {
        MULTIPLY(2, 3, 0, 1, l->sums);
    }
}

/* The sums of group g of a cell add to its rows of `out`. */
INLINE void finish_by(const how how, const minimums minimums, const bool ends_unit, const size_t count, const line *l,
                      const cell *s, const size_t g)
{
    const chunk *w = s->w + g;
    const size_t step = 4 * count;
    const float *n = s->numbers + step * s->from;
    const int32_t *sums = l->before + g * SUMS + 16 * s->from;
    float *out = s->out + ZC_PACKED_ROWS * g + l->ld * s->from;
    __m512 d[2 * CHUNK];
    ZC_UNROLL(4)
    for (size_t i = 0; i < 2 * CHUNK; i++) { /* here, since the compiler cannot know that `out` lies elsewhere */
        d[i] = _mm512_load_ps(w->d[i]);
    }
    for (size_t r = s->from; r < l->height; r++, n += step, sums += 16, out += l->ld) {
        __m512 acc = _mm512_loadu_ps(out);
        ZC_UNROLL(2)
        for (size_t j = 0; j < count; j++) {
            const __m512 scale = _mm512_set1_ps(n[j]);
            const int32_t *at = sums + 2 * j * SUMS;
            __m512 v = _mm512_load_ps(at);
            if (how == HALVES) {
                acc = _mm512_fmadd_ps(v, _mm512_mul_ps(d[2 * j], scale), acc);
                acc = _mm512_fmadd_ps(_mm512_load_ps(at + SUMS), _mm512_mul_ps(d[2 * j + 1], scale), acc);
                continue;
            }
            if (how == TWO_SUMS) {
                v = _mm512_add_ps(v, _mm512_load_ps(at + SUMS));
            } else if (how == BYTES) {
                const __m512i high = _mm512_slli_epi32(_mm512_load_si512(at), 8);
                v = _mm512_cvtepi32_ps(_mm512_add_epi32(high, _mm512_load_si512(at + SUMS)));
            }
            acc = _mm512_fmadd_ps(v, _mm512_mul_ps(d[j], scale), acc);
            if (minimums == EACH) {
                acc = _mm512_fmadd_ps(_mm512_load_ps(w->m[j]), _mm512_set1_ps(n[count + j]), acc);
            }
        }
        if (ends_unit) { /* of four cells of two blocks, one after the other */
            __m512 low = _mm512_setzero_ps();
            ZC_UNROLL(8)
            for (size_t j = 0; j < 8; j++) {
                const size_t i = j % CHUNK;
                const float *at = n - (3 - j / CHUNK) * 4 * CHUNK * l->rows;
                if (how == HALVES) {
                    at += 2 * CHUNK + 2 * i;
                    low = _mm512_fmadd_ps(_mm512_load_ps(w->m[2 * j]), _mm512_set1_ps(at[0]), low);
                    low = _mm512_fmadd_ps(_mm512_load_ps(w->m[2 * j + 1]), _mm512_set1_ps(at[1]), low);
                } else {
                    low = _mm512_fmadd_ps(_mm512_load_ps(w->m[j]), _mm512_set1_ps(at[CHUNK + i]), low);
                }
            }
            acc = _mm512_fmadd_ps(low, _mm512_load_ps(w->by), acc);
        }
        _mm512_storeu_ps(out, acc);
    }
}

INLINE void finish(const how how, const minimums minimums, const line *l, const cell *s, const size_t g)
{
    if (s == NULL || g >= s->groups) {
        return;
    }
    if (s->count != CHUNK) {
        finish_by(how, minimums, false, 1, l, s, g);
    } else if (minimums == UNIT && s->last) {
        finish_by(how, minimums, true, CHUNK, l, s, g);
    } else {
        finish_by(how, minimums, false, CHUNK, l, s, g);
    }
}

/* Multiplies `next` and finishes s, the cell before it; either may be NULL. */
INLINE void advance(const how how, const minimums minimums, line *l, const cell *s, const cell *next)
{
    if (next) {
        multiply(how, l, next, 0);
    } else {
        TILE_STORE(2, l->before + 2 * SUMS, 64);
        TILE_STORE(3, l->before + 3 * SUMS, 64);
    }
    if (how == ONE_SUM) {
        finish(how, minimums, l, s, 0);
    }
    if (next && next->count == CHUNK) {
        multiply(how, l, next, 1);
    } else {
        TILE_STORE(0, l->sums, 64);
        TILE_STORE(1, l->sums + SUMS, 64);
    }
    finish(how, minimums, l, s, groups_of(how) - 1);
    int32_t *sums = l->before;
    l->before = l->sums;
    l->sums = sums;
}

typedef void (*advance_function)(line *l, const cell *s, const cell *next);

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
#define WAY(name, how, minimums)                                         \
    static void advance_##name(line *l, const cell *s, const cell *next) \
    {                                                                    \
        advance(how, minimums, l, s, next);                              \
    }
WAYS(WAY)
#undef WAY

#include "device/cpu/isa/zc_cpu_amx_weights.inc"

/* ---- products ---- */

typedef struct product {
    size_t blocks, unit_bytes;
    advance_function advance;
    void (*fill)(chunk *c, const void *w, size_t b, size_t i, const tables *t);
    int least, count; /* what make_tables takes */
    const int8_t *values;
} product;

#define PRODUCT(TYPE, BLOCKS, UNIT, WAY, ...) \
    [ZC_WEIGHT_##TYPE] = {BLOCKS, sizeof(UNIT), advance_##WAY, fill_##TYPE, __VA_ARGS__}
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
    return rows >= (how == HALVES ? LEAST_ROWS_OF_HALVES : LEAST_ROWS) && products[type].fill;
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

/* Which weights are filled in: those of the next cells, some while each cell before them is multiplied. */
typedef struct filling {
    const product *p;
    tables t;
    const uint8_t *w;
    size_t group_bytes, groups, blocks;
    size_t wide; /* groups of a cell */
    size_t b, g, done; /* where its chunks begin, and how many of their blocks are there */
} filling;

/* Half of them, or all, and on to the next ones. */
static void fill_some(filling *f, chunk *c, bool all)
{
    if (f->b >= f->blocks) {
        return;
    }
    const size_t count = f->blocks - f->b < CHUNK ? f->blocks - f->b : CHUNK;
    const size_t groups = f->groups - f->g < f->wide ? f->groups - f->g : f->wide;
    const size_t end = all ? groups * count : groups * count / 2;
    for (; f->done < end; f->done++) {
        const size_t g = f->done < count ? 0 : 1;
        f->p->fill(c + g, f->w + (f->g + g) * f->group_bytes, f->b, f->done - g * count, &f->t);
    }
    if (all) {
        f->done = 0;
        f->g += f->wide;
        if (f->g >= f->groups) {
            f->g = 0;
            f->b += CHUNK;
        }
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
    const how how = kind_of(type).how;
    const size_t planes = planes_bytes(how) * rows, wide = groups_of(how);
    _Alignas(64) int32_t sums[2][4 * SUMS];
    chunk chunks[2][2];
    cell cells[2], *before = NULL;
    const size_t sets = (rows + SET_ROWS - 1) / SET_ROWS;
    line l = {.height = (rows + sets - 1) / sets, .rows = rows, .ld = ld, .sums = sums[0], .before = sums[1]};
    filling f = {.p = p,
                 .t = make_tables(p->least, p->count, p->values),
                 .w = w,
                 .group_bytes = (blocks + p->blocks - 1) / p->blocks * p->unit_bytes,
                 .groups = groups,
                 .blocks = blocks,
                 .wide = wide};
    for (size_t r = 0; r < rows; r++) {
        memset(out + r * ld, 0, groups * ZC_PACKED_ROWS * sizeof *out);
    }
    begin(l.height, how == BYTES ? 32 : 64);
    fill_some(&f, chunks[0], true);
    unsigned turn = 0, which = 0;
    /* Blocks of x serve all groups while they are in the nearest cache. */
    for (size_t b = 0; b < blocks; b += CHUNK) {
        for (size_t g = 0; g < groups; g += wide, which ^= 1) {
            for (size_t i = 0; i < sets; i++, turn ^= 1) {
                /* Cells have one height: the last one may begin among the rows of the one before. */
                const size_t from = i * l.height, first = rows - from < l.height ? rows - l.height : from;
                const size_t count = blocks - b < CHUNK ? blocks - b : CHUNK;
                cells[turn] = (cell){.w = chunks[which],
                                     .groups = groups - g < wide ? groups - g : wide,
                                     .count = count,
                                     .last = b % 8 + CHUNK == 8,
                                     .planes = x + b * planes + first * 64,
                                     .numbers = (const float *)(const void *)(x + planes * blocks) +
                                                4 * (b * rows + count * first),
                                     .out = out + g * ZC_PACKED_ROWS + first * ld,
                                     .from = from - first};
                p->advance(&l, before, &cells[turn]);
                before = &cells[turn];
                fill_some(&f, chunks[which ^ 1], i + 1 == sets);
            }
        }
    }
    p->advance(&l, before, NULL);
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
