/* zc_cpu_linear: y = f(x) * transpose(w) with weights as they lie in the model file; and the same with two matrices
 * of weights, whose products are gated (linear_gated): first the gate's into y, then the other's, each output of which
 * meets its gate as soon as it is there.
 *
 * f(x) is made first, in the caller's workspace: as fixed point where the instruction set has products for it, the
 * weights are quantized and exactness was not asked for; else as float32. Outputs are cut into parts; a thread
 * computes a part for all rows of x, or for some of many. Weights of which there is a copy that was laid out for it
 * (zc_cpu_packed.h) are read from that: an output is then computed in one order whatever the number of rows, so its bits
 * do not depend on the other rows. Of others, for few rows, dot products with the weights as they lie; for many, a panel
 * of weights is unpacked into the thread's workspace, where it serves all rows. Either way the order depends on the
 * parameters only, so bits do not depend on the number of threads.
 *
 * Where the system has a BLAS for it, many rows in float32 are multiplied by that (zc_cpu_linear_blas.c); where the
 * processor multiplies floats of 16 bits, as sums of such, unless exactness was asked for (zc_cpu_linear_split.c).
 */
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "device/cpu/zc_cpu_cancel.h"
#include "device/cpu/zc_cpu_linear_blas.h"
#include "device/cpu/zc_cpu_linear_job.h"
#include "device/cpu/zc_cpu_linear_split.h"
#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_packed.h"
#include "device/cpu/zc_cpu_packed_layout.h"
#include "device/cpu/zc_cpu_quant.h"
#include "device/cpu/zc_cpu_threads.h"
#include "device/cpu/zc_cpu_workspace.h"

#define LEAST_BYTES 32768.0 /* of weights, for each thread with few rows: two microseconds, from memory */
#define LEAST 65536.0     /* multiply-adds for each thread with many rows: about a microsecond */
#define INPUT_PART 4096   /* elements of f(x) that a task makes */
#define PACKED_PART 64    /* outputs of a task with packed weights and some rows, at most */
#define ROWS_BYTES 1048576 /* of f(x) that meet packed weights in tasks one after the other */
#define PACKED_LEAST \
    ((size_t)8) /* rows of x of such a task, if there are as many: to unpack weights costs as much as one */
#define MAX_PART 2048     /* outputs of a task with few rows */
#define MIN_BYTES 8192    /* of weights of such a task, about */
#define MAX_BYTES 262144
#define MIN_ROWS 64       /* of x for which it pays to unpack a panel once more */
#define PART_WORK 16777216 /* multiply-adds of such a task: at most, but for a few outputs of long rows */
#define DEPTH 512         /* columns that a float panel multiplies at once */
#define ROWS 96           /* rows of x whose sums stay in the cache while these parts along k are added up */
#define MOST_INPUT ((size_t)64 << 20) /* bytes of f(x) at a time: rows may overlap, so x does not bound them */

/* Some rows with packed weights. */
static bool by_tiles(const zc_linear_job *j)
{
    return j->packed && j->p->rows > 1;
}

/* Rows [from, end) as few_fixed or panel_fixed takes them. */
static void fix_rows(zc_linear_job *j, size_t from, size_t end, float *room)
{
    const zc_cpu_integer *integer = j->ops->integer;
    for (size_t r = from; r < end && !zc_cpu_cancelled(); r++) {
        const float *x = zc_linear_input_row(j, r, room);
        if (by_tiles(j)) {
            size_t first = r / j->tile_rows * j->tile_rows;
            size_t rows = j->p->rows - first < j->tile_rows ? j->p->rows - first : j->tile_rows;
            integer->fix_packed_rows((uint8_t *)j->made + first * j->row_size, j->p->type, rows, r - first,
                                     j->p->k / 32, x);
        } else if (j->p->rows <= ZC_LINEAR_FEW) {
            (j->packed ? integer->fix_packed : integer->fix)((uint8_t *)j->made + r * j->row_size, j->p->type,
                                                             &j->layout, x);
        } else {
            size_t wide = integer->tile_rows, first = r / wide * wide;
            size_t rows = j->p->rows - first < wide ? j->p->rows - first : wide;
            integer->fix_in_tile((uint8_t *)j->made + first * j->row_size, rows, r - first, j->p->k / 32, x);
        }
    }
}

/* Rows [from, end) in tiles, as the GEMM takes its left operand: DEPTH columns after DEPTH columns. */
static void pack_rows(zc_linear_job *j, size_t from, size_t end, float *room)
{
    size_t k = j->p->k, mr = j->ops->mr, tiles = (end - from + mr - 1) / mr, rows = end - from;
    bool prologue = j->p->flags & (ZC_LINEAR_NORM | ZC_LINEAR_GATED);
    const float *source = prologue ? room : j->x + from * j->p->ldx;
    size_t ld = prologue ? k : j->p->ldx;
    for (size_t r = 0; prologue && r < rows && !zc_cpu_cancelled(); r++) {
        (void)zc_linear_input_row(j, from + r, room + r * k);
    }
    for (size_t at = 0; at < k && !zc_cpu_cancelled(); at += DEPTH) {
        size_t depth = k - at < DEPTH ? k - at : DEPTH;
        float *to = (float *)j->made + from * k + rows * at;
        for (size_t t = 0; t < tiles; t++) {
            size_t row = t * rows / tiles, height = (t + 1) * rows / tiles - row;
            /* The packing of a tile may write past its end, where nothing or the next tile goes: not here. */
            j->ops->pack(room + j->room_floats, height, source + row * ld + at, ld, 0, height, depth);
            memcpy(to + row * depth, room + j->room_floats, height * depth * sizeof *to);
        }
    }
}

static void input_body(void *context, size_t index)
{
    zc_linear_job *j = context;
    size_t from = index * j->input_rows, end = from + j->input_rows < j->p->rows ? from + j->input_rows : j->p->rows;
    float *room = zc_workspace(ZC_WORKSPACE_BLOCK, (j->room_floats + j->ops->mr * DEPTH + 64) * sizeof *room);
    if (room == NULL) {
        zc_linear_fail(j);
    } else if (j->fixed) {
        fix_rows(j, from, end, room);
    } else if (j->p->rows > ZC_LINEAR_FEW && !j->blas) {
        pack_rows(j, from, end, room);
    } else {
        for (size_t r = from; r < end && !zc_cpu_cancelled(); r++) {
            (void)zc_linear_input_row(j, r, (float *)j->made + r * j->p->k);
        }
    }
}

/* f(x), unless it is x itself. */
static bool make_input(zc_linear_job *j)
{
    const zc_linear_params *p = j->p;
    if (j->split) {
        return zc_linear_split_input(j);
    }
    bool panels = !j->fixed && p->rows > ZC_LINEAR_FEW && !j->blas;
    if (!j->fixed && !panels && !(p->flags & (ZC_LINEAR_NORM | ZC_LINEAR_GATED))) {
        return true;
    }
    j->made = zc_workspace(ZC_WORKSPACE_INPUT, j->row_size * p->rows);
    if (j->made == NULL) {
        return false;
    }
    j->input_rows = p->k < INPUT_PART ? INPUT_PART / p->k : 1;
    if (panels) { /* as panel_float counts */
        size_t chunks = (p->rows + ROWS - 1) / ROWS;
        j->input_rows = (p->rows + chunks - 1) / chunks;
    }
    j->room_floats = panels ? j->input_rows * p->k : p->k;
    zc_threads_run(input_body, j, (p->rows + j->input_rows - 1) / j->input_rows,
                   zc_threads_worth((double)p->rows * p->k, INPUT_PART, j->threads));
    return !atomic_load_explicit(&j->failed, memory_order_relaxed);
}

/* ---- fixed point ---- */

static void few_fixed(void *context, size_t index)
{
    zc_linear_job *j = context;
    const zc_linear_params *p = j->p;
    float sums[MAX_PART];
    size_t from = index * j->part, n = p->n - from < j->part ? p->n - from : j->part;
    for (size_t r = 0; r < p->rows; r++) {
        const uint8_t *x = (const uint8_t *)j->made + r * j->row_size;
        if (j->packed) { /* parts are whole groups */
            j->ops->integer->dots_packed(sums, p->type,
                                         j->groups.groups + from / ZC_PACKED_ROWS * j->groups.group_bytes,
                                         (n + ZC_PACKED_ROWS - 1) / ZC_PACKED_ROWS, &j->layout, x);
        } else {
            j->ops->integer->dots(sums, p->type, j->w + from * j->row_bytes, j->row_bytes, n, &j->layout, x);
        }
        j->ops->scale(sums, n, 1.0f / ZC_FIXED_UNIT);
        zc_linear_give(j, r, from, sums, n);
    }
}

/* The rows of part `part` of row_parts, in whole units of what is multiplied together: up to *end. */
static size_t rows_of_part(const zc_linear_job *j, size_t part, size_t unit, size_t *end)
{
    size_t units = (j->p->rows + unit - 1) / unit;
    *end = (part + 1) * units / j->row_parts * unit;
    *end = *end < j->p->rows ? *end : j->p->rows;
    return part * units / j->row_parts * unit;
}

static void some_packed(void *context, size_t index)
{
    zc_linear_job *j = context;
    const zc_linear_params *p = j->p;
    const size_t parts = (p->n + j->part - 1) / j->part;
    size_t end, row = rows_of_part(j, index / parts, j->tile_rows, &end);
    size_t from = index % parts * j->part, n = p->n - from < j->part ? p->n - from : j->part;
    size_t groups = (n + ZC_PACKED_ROWS - 1) / ZC_PACKED_ROWS, ld = groups * ZC_PACKED_ROWS;
    const uint8_t *w = j->groups.groups + from / ZC_PACKED_ROWS * j->groups.group_bytes;
    float *sums = zc_workspace(ZC_WORKSPACE_BLOCK, j->tile_rows * ld * sizeof *sums);
    if (sums == NULL) {
        zc_linear_fail(j);
        return;
    }
    for (size_t first = row; first < end && !zc_cpu_cancelled(); first += j->tile_rows) {
        size_t rows = end - first < j->tile_rows ? end - first : j->tile_rows;
        j->ops->integer->rows_packed(sums, ld, p->type, w, groups, (const uint8_t *)j->made + first * j->row_size, rows,
                                     p->k / 32);
        j->ops->scale(sums, rows * ld, 1.0f / ZC_FIXED_UNIT);
        for (size_t r = 0; r < rows; r++) {
            zc_linear_give(j, first + r, from, sums + r * ld, n);
        }
    }
}

static void panel_fixed(void *context, size_t index)
{
    zc_linear_job *j = context;
    const zc_linear_params *p = j->p;
    const zc_cpu_integer *integer = j->ops->integer;
    const zc_weight_type_info *info = zc_weight_type_get(p->type);
    float sums[8 * ZC_PANEL];
    size_t end, row = rows_of_part(j, index % j->row_parts, integer->tile_rows, &end);
    size_t from = index / j->row_parts * ZC_PANEL, n = p->n - from < ZC_PANEL ? p->n - from : ZC_PANEL;
    uint8_t *panel = zc_workspace(ZC_WORKSPACE_BLOCK, integer->panel_bytes(p->type, p->k));
    if (panel == NULL) {
        zc_linear_fail(j);
        return;
    }
    const size_t start = integer->panel_bytes(p->type, 0);
    /* The stride is a multiple of all that is packed together. */
    for (size_t at = 0; at < p->k && !zc_cpu_cancelled(); at += ZC_CPU_STRIDE) {
        size_t depth = p->k - at < ZC_CPU_STRIDE ? p->k - at : ZC_CPU_STRIDE;
        integer->pack(panel + integer->panel_bytes(p->type, at) - start, p->type,
                      j->w + from * j->row_bytes + at / info->block * info->block_bytes, j->row_bytes, n, depth);
    }
    for (size_t first = row; first < end && !zc_cpu_cancelled(); first += integer->tile_rows) {
        size_t rows = end - first < integer->tile_rows ? end - first : integer->tile_rows;
        integer->tile(sums, p->type, panel, rows, p->k / 32, (const uint8_t *)j->made + first * j->row_size);
        j->ops->scale(sums, rows * ZC_PANEL, 1.0f / ZC_FIXED_UNIT);
        for (size_t r = 0; r < rows; r++) {
            zc_linear_give(j, first + r, from, sums + r * ZC_PANEL, n);
        }
    }
}

/* ---- float32 ---- */

static void few_float(void *context, size_t index)
{
    zc_linear_job *j = context;
    const zc_linear_params *p = j->p;
    size_t from = index * j->part, end = p->n - from < j->part ? p->n : from + j->part;
    size_t ldx = j->made ? p->k : p->ldx;
    const float *x = j->made ? j->made : j->x;
    bool halves = p->type == ZC_WEIGHT_F16 || p->type == ZC_WEIGHT_BF16;
    float sums[ZC_LINEAR_FEW * MAX_PART], *room = NULL;
    if (p->type != ZC_WEIGHT_F32 && !halves &&
        (room = zc_workspace(ZC_WORKSPACE_BLOCK, (size_t)p->k * sizeof *room)) == NULL) {
        zc_linear_fail(j);
        return;
    }
    for (size_t r = 0; halves && r < p->rows; r++) {
        (p->type == ZC_WEIGHT_F16 ? j->ops->dots_f16 : j->ops->dots_bf16)(
            sums + r * MAX_PART, j->w + from * j->row_bytes, end - from, p->k, x + r * ldx);
    }
    for (size_t n = from; !halves && n < end && !zc_cpu_cancelled(); n++) {
        const void *row = j->w + n * j->row_bytes;
        if (room) {
            j->ops->dequantize(room, p->type, row, p->k);
            row = room;
        }
        j->ops->dot_rows(sums + (n - from), MAX_PART, x, ldx, p->rows, p->k, row, 1.0f, 0.0f);
    }
    if (zc_cpu_cancelled()) {
        return; /* some sums are what lay on the stack */
    }
    for (size_t r = 0; r < p->rows; r++) {
        zc_linear_give(j, r, from, sums + r * MAX_PART, end - from);
    }
}

static void panel_float(void *context, size_t index)
{
    zc_linear_job *j = context;
    const zc_linear_params *p = j->p;
    const zc_weight_type_info *info = zc_weight_type_get(p->type);
    size_t end, row = rows_of_part(j, index % j->row_parts, j->input_rows, &end);
    size_t nr = j->ops->nr, from = index / j->row_parts * nr, n = p->n - from < nr ? p->n - from : nr;
    size_t rows_floats = nr * DEPTH, packed_floats = nr * ((size_t)p->k + 64);
    float *room = zc_workspace(ZC_WORKSPACE_BLOCK, (rows_floats + packed_floats + ROWS * nr) * sizeof *room);
    float *packed = room + rows_floats, *sums = packed + packed_floats;
    if (room == NULL) {
        zc_linear_fail(j);
        return;
    }
    for (size_t at = 0; at < p->k && !zc_cpu_cancelled(); at += DEPTH) {
        size_t depth = p->k - at < DEPTH ? p->k - at : DEPTH;
        for (size_t i = 0; i < n; i++) {
            j->ops->dequantize(room + i * depth, p->type,
                               j->w + (from + i) * j->row_bytes + at / info->block * info->block_bytes, depth);
        }
        j->ops->pack(packed + at * nr, nr, room, depth, 0, n, depth);
    }
    for (size_t first = row; first < end && !zc_cpu_cancelled(); first += j->input_rows) {
        size_t rows = end - first < j->input_rows ? end - first : j->input_rows;
        for (size_t at = 0; at < p->k && !zc_cpu_cancelled(); at += DEPTH) {
            size_t depth = p->k - at < DEPTH ? p->k - at : DEPTH;
            zc_gemm_block g = {.rows = rows,
                               .cols = n,
                               .k = depth,
                               .a = (const float *)j->made + first * p->k + rows * at,
                               .b = packed + at * nr,
                               .b_step = nr,
                               .b_panel = nr * depth,
                               .c = sums,
                               .ldc = nr,
                               .alpha = 1.0f,
                               .beta = at ? 1.0f : 0.0f};
            j->ops->gemm(&g);
        }
        if (zc_cpu_cancelled()) {
            return; /* or what lay in the workspace */
        }
        for (size_t r = 0; r < rows; r++) {
            zc_linear_give(j, first + r, from, sums + r * nr, n);
        }
    }
}

/* No columns: every dot product is 0. */
static void finish_zeros(const zc_linear_job *j)
{
    static const float zeros[MAX_PART];
    for (size_t r = 0; r < j->p->rows && !zc_cpu_cancelled(); r++) {
        for (size_t from = 0; from < j->p->n && (from == 0 || !zc_cpu_cancelled()); from += MAX_PART) {
            size_t n = j->p->n - from < MAX_PART ? j->p->n - from : MAX_PART;
            zc_linear_give(j, r, from, zeros, n);
        }
    }
}

/* Equal parts, as many for each thread. An output's bits do not depend on its neighbours, so here the number of threads
 * may count. */
static size_t part_of(const zc_linear_job *j)
{
    double bytes = (double)j->row_bytes * (double)j->p->n / j->threads;
    double each = bytes / MIN_BYTES < ZC_LINEAR_PARTS ? bytes / MIN_BYTES : ZC_LINEAR_PARTS;
    each = bytes / MAX_BYTES > each ? bytes / MAX_BYTES : each;
    each = each < 1.0 || j->threads == 1 ? 1.0 : each;
    size_t parts = j->threads * (size_t)each, part = (j->p->n + parts - 1) / parts;
    const size_t whole = j->packed ? ZC_PACKED_ROWS : 4; /* rows that are multiplied together */
    size_t most = PART_WORK / j->p->k < whole ? whole : PART_WORK / j->p->k / whole * whole;
    part = (part + whole - 1) / whole * whole;
    most = most < MAX_PART ? most : MAX_PART;
    return part < most ? part : most;
}

/* Tiles of equal heights: as few as may be, or as many as give all threads something to do. */
static size_t tile_rows_of(const zc_linear_job *j)
{
    size_t rows = j->p->rows, groups = (j->p->n + ZC_PACKED_ROWS - 1) / ZC_PACKED_ROWS;
    size_t least = (rows + ZC_PACKED_MOST - 1) / ZC_PACKED_MOST, most = rows / PACKED_LEAST;
    size_t tiles = j->threads > 1 ? (j->threads * ZC_LINEAR_PARTS + groups - 1) / groups : 1;
    tiles = tiles < most ? tiles : most;
    tiles = tiles > least ? tiles : least;
    return (rows + tiles - 1) / tiles;
}

/* The tasks of packed weights and some rows. */
static void cut_packed(zc_linear_job *j)
{
    size_t tiles = (j->p->rows + j->tile_rows - 1) / j->tile_rows, n = j->p->n;
    size_t tasks = j->threads > 1 ? j->threads * ZC_LINEAR_PARTS : 1, each = (n + tasks - 1) / tasks;
    size_t most = PART_WORK / j->p->k / j->tile_rows / ZC_PACKED_ROWS * ZC_PACKED_ROWS;
    most = most < ZC_PACKED_ROWS ? ZC_PACKED_ROWS : most < PACKED_PART ? most : PACKED_PART;
    j->part = (each + ZC_PACKED_ROWS - 1) / ZC_PACKED_ROWS * ZC_PACKED_ROWS;
    j->part = j->part < most ? j->part : most;
    size_t parts = (n + j->part - 1) / j->part, wanted = (tasks + parts - 1) / parts;
    /* f(x) of a task stays in the second cache while the tasks after it bring other weights. */
    size_t fits = (j->p->rows * j->row_size + ROWS_BYTES - 1) / ROWS_BYTES;
    wanted = wanted > fits ? wanted : fits;
    j->row_parts = wanted < tiles ? wanted : tiles;
}

/* Few panels are not enough tasks for many threads. */
static size_t row_parts_of(const zc_linear_job *j, size_t panels)
{
    size_t wanted = (j->threads * ZC_LINEAR_PARTS + panels - 1) / panels, rows = j->p->rows;
    size_t most = j->fixed ? rows / MIN_ROWS : (rows + j->input_rows - 1) / j->input_rows;
    wanted = wanted < most ? wanted : most;
    return j->threads > 1 && wanted > 1 ? wanted : 1;
}

/* Enough for each thread to do. */
static unsigned threads_for(const zc_linear_job *j, unsigned threads)
{
    const zc_linear_params *p = j->p;
    if (p->rows > ZC_LINEAR_FEW) {
        return zc_threads_worth((double)p->n * p->k * p->rows, LEAST, threads);
    }
    bool unpacked = !j->fixed && zc_weight_type_get(p->type)->block > 1; /* takes twice as long, or longer */
    return zc_threads_worth((double)j->row_bytes * p->n * (unpacked ? 2 : 1), LEAST_BYTES, threads);
}

/* Where f(x) lies, and how. */
static void set_input(zc_linear_job *j, bool fixed)
{
    j->fixed = fixed;
    if (fixed) {
        j->layout = zc_fixed_layout_of(j->p->k);
    }
    j->tile_rows = tile_rows_of(j);
    const bool one_by_one = j->p->rows <= ZC_LINEAR_FEW && !by_tiles(j);
    j->row_size = !fixed       ? (size_t)j->p->k * sizeof(float)
                  : one_by_one ? j->layout.bytes
                               : j->p->k / 32 * (by_tiles(j) ? j->ops->integer->packed_block : ZC_FIXED_BLOCK);
    j->made = NULL;
    j->blas = zc_linear_takes_blas(j);
    j->split = zc_linear_takes_split(j);
}

static bool find_packed(zc_linear_job *j, uint32_t type)
{
    const zc_cpu_integer *integer = j->ops->integer;
    return integer && integer->dots_packed && !(j->p->flags & ZC_LINEAR_EXACT) &&
           zc_cpu_packed_find(j->w, type, j->p->n, j->p->k, &j->groups);
}

/* With j->packed. */
static bool takes_fixed(const zc_linear_job *j, uint32_t type)
{
    const zc_cpu_integer *integer = j->ops->integer;
    return integer && !(j->p->flags & ZC_LINEAR_EXACT) &&
           (j->packed || (zc_weight_type_get(type)->integer && (j->p->rows <= ZC_LINEAR_FEW || integer->tile)));
}

static size_t row_bytes_of(uint32_t type, uint32_t k)
{
    const zc_weight_type_info *info = zc_weight_type_get(type);
    return (size_t)(k / info->block) * info->block_bytes;
}

/* The products with f(x). */
static bool multiply(zc_linear_job *j)
{
    if (j->p->k == 0) {
        finish_zeros(j);
    } else if (j->split) {
        zc_linear_by_split(j);
    } else if (j->blas) {
        zc_linear_by_blas(j);
    } else if (by_tiles(j)) {
        cut_packed(j);
        zc_threads_run(some_packed, j, (j->p->n + j->part - 1) / j->part * j->row_parts, j->threads);
    } else if (j->p->rows <= ZC_LINEAR_FEW) {
        j->part = part_of(j);
        zc_threads_run(j->fixed ? few_fixed : few_float, j, (j->p->n + j->part - 1) / j->part, j->threads);
    } else {
        size_t wide = j->fixed ? ZC_PANEL : j->ops->nr, panels = (j->p->n + wide - 1) / wide;
        j->row_parts = row_parts_of(j, panels);
        zc_threads_run(j->fixed ? panel_fixed : panel_float, j, panels * j->row_parts, j->threads);
    }
    return !atomic_load_explicit(&j->failed, memory_order_relaxed);
}

/* The matrix that meets the gate. What was made of x for the gate's serves it, too, where it can. */
static bool multiply_gated(zc_linear_job *j, const zc_linear_params *up, const uint8_t *w)
{
    bool was_fixed = j->fixed, was_packed = j->packed, was_split = j->split;
    uint32_t was_type = j->p->type;
    j->p = up;
    j->w = w;
    j->packed = find_packed(j, up->type);
    bool fixed = j->fixed = takes_fixed(j, up->type);
    j->split = zc_linear_takes_split(j);
    bool serves = !fixed || (up->rows > ZC_LINEAR_FEW && !j->packed) || up->type == was_type;
    serves = serves && fixed == was_fixed && j->packed == was_packed && j->split == was_split;
    j->row_bytes = row_bytes_of(up->type, up->k);
    j->gated = true;
    if (!serves && up->k) {
        set_input(j, fixed);
        if (!make_input(j)) {
            return false;
        }
    }
    return multiply(j);
}

/* Rows whose f(x) is in memory together. `up`: NULL, or what differs from the gate's. */
static zc_status linear_part(const zc_cpu_call *call, const zc_linear_params *up, const uint8_t *up_weights)
{
    const zc_linear_params *p = call->params;
    zc_linear_job j = {.ops = call->ops,
                       .p = p,
                       .x = call->bindings[0],
                       .w = call->bindings[1],
                       .norm = call->bindings[3],
                       .y = call->bindings[4],
                       .bias = p->flags & ZC_LINEAR_BIAS ? call->bindings[2] : NULL,
                       .row_bytes = row_bytes_of(p->type, p->k)};
    if (p->rows == 0 || p->n == 0) {
        return ZC_OK;
    }
    j.packed = find_packed(&j, p->type);
    j.fixed = takes_fixed(&j, p->type);
    j.threads = threads_for(&j, call->threads);
    set_input(&j, j.fixed);
    bool ok = (p->k == 0 || make_input(&j)) && multiply(&j);
    ok = ok && (!up || multiply_gated(&j, up, up_weights));
    return ok ? ZC_OK
              : zc_fail(call->error, ZC_NO_MEMORY,
                        "linear cannot have workspace for %u rows of %u columns and a panel of "
                        "weights",
                        p->rows, p->k);
}

/* Some rows after some rows. */
static zc_status linear_parts(const zc_cpu_call *call, const zc_linear_params *p, void *const bindings[5],
                              const uint32_t *up_type, const uint8_t *up_weights)
{
    zc_status status = ZC_OK;
    size_t most = MOST_INPUT / sizeof(float) / (p->k ? p->k : 1), left = p->rows;
    zc_linear_params part = *p, up = *p;
    void *of_part[] = {bindings[0], bindings[1], bindings[2], bindings[3], bindings[4]};
    const zc_cpu_call of_rows = {call->ops, of_part, &part, call->threads, call->error};
    up.type = up_type ? *up_type : 0;
    for (; left > 0 && status == ZC_OK && !zc_cpu_cancelled(); left -= part.rows) {
        up.rows = part.rows = (uint32_t)(left < most ? left : most);
        status = linear_part(&of_rows, up_type ? &up : NULL, up_weights);
        of_part[0] = p->k ? (float *)of_part[0] + (size_t)part.rows * p->ldx : of_part[0];
        of_part[4] = p->n ? (float *)of_part[4] + (size_t)part.rows * p->ldy : of_part[4];
    }
    return status;
}

zc_status zc_cpu_linear(const zc_cpu_call *call)
{
    return linear_parts(call, call->params, call->bindings, NULL, NULL);
}

zc_status zc_cpu_linear_gated(const zc_cpu_call *call)
{
    const zc_linear_gated_params *p = call->params;
    const zc_linear_params gate = {.type = p->gate_type,
                                   .rows = p->rows,
                                   .n = p->n,
                                   .k = p->k,
                                   .ldx = p->ldx,
                                   .ldy = p->ldy,
                                   .flags = p->flags,
                                   .eps = p->eps};
    void *const bindings[5] = {call->bindings[0], call->bindings[1], NULL, call->bindings[3], call->bindings[4]};
    return linear_parts(call, &gate, bindings, &p->up_type, call->bindings[2]);
}
