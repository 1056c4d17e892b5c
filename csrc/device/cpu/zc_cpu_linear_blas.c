/* zc_cpu_linear_blas: see zc_cpu_linear_blas.h. */
#include "device/cpu/zc_cpu_linear_blas.h"

#include "device/cpu/zc_cpu_blas.h"
#include "device/cpu/zc_cpu_cancel.h"
#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_threads.h"
#include "device/cpu/zc_cpu_workspace.h"

#define TILE_FLOATS ((size_t)1 << 20) /* of weights that a BLAS is given at once: they fit the second-level cache */
#define TILE_LEAST ((size_t)8)        /* outputs of such a tile */
#define TILE_MOST ((size_t)1024)
#define TILE_ROWS ((size_t)1024)      /* rows of f(x) that meet it at once */

/* Outputs [from, from + n) of rows [row, row + rows). */
typedef struct tile {
    zc_linear_job *j;
    float *unpacked; /* room for weights; NULL: they lie as float32 */
    float *sums;     /* rows x n */
    size_t from, n, row, rows;
    size_t part; /* of n or of rows: what a task does */
} tile;

static size_t outputs_of_tile(const zc_linear_job *j)
{
    size_t n = TILE_FLOATS / j->p->k;
    n = n < TILE_LEAST ? TILE_LEAST : n < TILE_MOST ? n : TILE_MOST;
    return n < j->p->n ? n : j->p->n;
}

/* All of it at once, but for the addresses. */
static zc_cpu_product blas_product(const zc_linear_job *j)
{
    const zc_linear_params *p = j->p;
    bool prologue = p->flags & (ZC_LINEAR_NORM | ZC_LINEAR_GATED);
    return (zc_cpu_product){.m = p->rows,
                            .n = p->n,
                            .k = p->k,
                            .lda = prologue ? p->k : p->ldx,
                            .ldb = p->k,
                            .ldc = outputs_of_tile(j),
                            .transpose_b = true,
                            .alpha = 1.0f};
}

/* Rows of x may overlap, which a BLAS refuses. */
bool zc_linear_takes_blas(const zc_linear_job *j)
{
    if (j->fixed || j->p->rows <= ZC_LINEAR_FEW || j->p->k == 0) {
        return false;
    }
    zc_cpu_product whole = blas_product(j);
    return whole.lda >= whole.k && zc_cpu_blas_takes(&whole, j->threads);
}

static void unpack_body(void *context, size_t index)
{
    const tile *t = context;
    const zc_linear_job *j = t->j;
    const zc_weight_type_info *info = zc_weight_type_get(j->p->type);
    size_t k = j->p->k, end = (index + 1) * t->part < t->n ? (index + 1) * t->part : t->n;
    for (size_t i = index * t->part; i < end; i++) {
        const uint8_t *w = j->w + (t->from + i) * j->row_bytes;
        for (size_t at = 0; at < k && !zc_cpu_cancelled(); at += ZC_CPU_STRIDE) { /* a multiple of all blocks */
            size_t depth = k - at < ZC_CPU_STRIDE ? k - at : ZC_CPU_STRIDE;
            j->ops->dequantize(t->unpacked + i * k + at, j->p->type, w + at / info->block * info->block_bytes, depth);
        }
    }
}

static void give_body(void *context, size_t index)
{
    const tile *t = context;
    size_t end = (index + 1) * t->part < t->rows ? (index + 1) * t->part : t->rows;
    for (size_t r = index * t->part; r < end; r++) {
        zc_linear_give(t->j, t->row + r, t->from, t->sums + r * t->n, t->n);
    }
}

static void run_parts(tile *t, void (*body)(void *context, size_t index), size_t count)
{
    size_t tasks = (size_t)t->j->threads * ZC_LINEAR_PARTS;
    t->part = (count + tasks - 1) / tasks;
    zc_threads_run(body, t, (count + t->part - 1) / t->part, t->j->threads);
}

void zc_linear_by_blas(zc_linear_job *j)
{
    const zc_linear_params *p = j->p;
    zc_cpu_product piece = blas_product(j);
    size_t most = outputs_of_tile(j), rows = p->rows < TILE_ROWS ? p->rows : TILE_ROWS;
    size_t room = p->type == ZC_WEIGHT_F32 ? 0 : most * p->k;
    float *all = zc_workspace(ZC_WORKSPACE_PANEL, (room + rows * most) * sizeof *all);
    tile t = {.j = j, .unpacked = room ? all : NULL, .sums = all + room};
    if (all == NULL) {
        zc_linear_fail(j);
        return;
    }
    piece.c = t.sums;
    /* Once nobody wants it, sums are what lay in the workspace, and no task begins that would give them. */
    for (; t.from < p->n && !zc_cpu_cancelled(); t.from += t.n) {
        t.n = p->n - t.from < most ? p->n - t.from : most;
        piece.n = piece.ldc = t.n;
        piece.b = room ? all : (const float *)(const void *)(j->w + t.from * j->row_bytes);
        if (room) {
            run_parts(&t, unpack_body, t.n);
        }
        for (t.row = 0; t.row < p->rows && !zc_cpu_cancelled(); t.row += t.rows) {
            piece.m = t.rows = p->rows - t.row < rows ? p->rows - t.row : rows;
            piece.a = (j->made ? (const float *)j->made : j->x) + t.row * piece.lda;
            zc_cpu_blas(&piece);
            run_parts(&t, give_body, t.rows);
        }
    }
}
