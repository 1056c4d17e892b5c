/* zc_cpu_blas: the system's BLAS; see zc_cpu_blas.h.
 *
 * Owns nothing: a library that was found stays. Threads: any; calls of several threads at once are the library's to
 * order.
 */
#include "device/cpu/zc_cpu_blas.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/zc_fork.h"
#include "device/cpu/zc_cpu_cancel.h"

#if defined(__APPLE__)
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#endif

/* Of enum CBLAS_ORDER and enum CBLAS_TRANSPOSE, the same everywhere. */
enum { ROW_MAJOR = 101, NO_TRANSPOSE = 111, TRANSPOSE = 112 };

#define LEAST_SIDE 8
#define LEAST_FLOPS 1e6  /* a call and its threads cost microseconds, and ours compute that much in ten */
#define PIECE_FLOPS 2e9  /* of one call: about a millisecond */
#define LEAST_ROWS 64.0  /* of one call: fewer would read b too often */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic(zc_cpu_sgemm) found;

static void find(void)
{
#if defined(__APPLE__)
    const char *wish = getenv("ZCWASM_ACCELERATE");
    void *library = wish && strcmp(wish, "0") == 0
                        ? NULL
                        : dlopen("/System/Library/Frameworks/Accelerate.framework/Accelerate", RTLD_LAZY | RTLD_LOCAL);
    /* The first name is that of macOS 13.3, whose BLAS is a newer one; integers have 32 bits in both. */
    void *symbol = library ? dlsym(library, "cblas_sgemm$NEWLAPACK") : NULL;
    if (library && !symbol) {
        symbol = dlsym(library, "cblas_sgemm");
    }
    atomic_store(&found, (zc_cpu_sgemm)symbol);
#endif
}

void zc_cpu_blas_set(zc_cpu_sgemm sgemm)
{
    (void)pthread_once(&once, find);
    atomic_store(&found, sgemm);
}

static double flops_of_row(const zc_cpu_product *p)
{
    return 2.0 * (double)p->n * (double)p->k;
}

bool zc_cpu_blas_takes(const zc_cpu_product *p, unsigned threads)
{
    if (threads < 2 || p->m < LEAST_SIDE || p->n < LEAST_SIDE || p->k < LEAST_SIDE || p->alpha == 0.0f ||
        flops_of_row(p) * (double)p->m < LEAST_FLOPS) {
        return false;
    }
    /* Rows are cut to far fewer. */
    if (p->n > INT_MAX || p->k > INT_MAX || p->lda > INT_MAX || p->ldb > INT_MAX || p->ldc > INT_MAX) {
        return false;
    }
    if (zc_fork_count() > 0) {
        return false;
    }
    (void)pthread_once(&once, find);
    return atomic_load(&found) != NULL;
}

void zc_cpu_blas(const zc_cpu_product *p)
{
    zc_cpu_sgemm sgemm = atomic_load(&found);
    double most = PIECE_FLOPS / flops_of_row(p);
    size_t rows = (size_t)(most < LEAST_ROWS ? LEAST_ROWS : most);
    size_t pieces = (p->m + rows - 1) / rows;
    for (size_t i = 0; i < pieces && !zc_cpu_cancelled(); i++) {
        size_t row = i * p->m / pieces, end = (i + 1) * p->m / pieces;
        sgemm(ROW_MAJOR, p->transpose_a ? TRANSPOSE : NO_TRANSPOSE, p->transpose_b ? TRANSPOSE : NO_TRANSPOSE,
              (int)(end - row), (int)p->n, (int)p->k, p->alpha, p->transpose_a ? p->a + row : p->a + row * p->lda,
              (int)p->lda, p->b, (int)p->ldb, p->beta, p->c + row * p->ldc, (int)p->ldc);
    }
}
