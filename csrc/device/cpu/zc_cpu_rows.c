/* zc_cpu_rows: code of the host's own over rows, on the threads of the cpu device.
 *
 * Rows are handed out some at a time, so that a thread that is given long ones leaves the others to the rest. Which
 * thread runs which row is not to be relied on; what comes of it does not depend on that as long as the code of a row
 * does not. Nothing is owned or allocated. Threads: any.
 */
#include <pthread.h>

#include "device/cpu/zc_cpu.h"
#include "device/cpu/zc_cpu_cancel.h"
#include "device/cpu/zc_cpu_threads.h"

#define SHARES 16 /* of a thread: one more call for every so many rows costs nothing beside them */

typedef struct job {
    const zc_row_code *code;
    zc_rows rows; /* all of them */
    uint64_t share;
    _Atomic bool failed;
    pthread_mutex_t lock;
    uint64_t failed_at; /* the first row of the share that failed; with the lock */
    zc_status status;
    zc_error *error;
} job;

static void share(void *context, size_t index)
{
    job *j = context;
    zc_rows rows = j->rows;
    zc_error error;
    rows.first = index * j->share;
    rows.count = j->rows.count - rows.first < j->share ? j->rows.count - rows.first : j->share;
    if (zc_rows_stopped(&rows)) {
        return;
    }
    zc_status status = j->code->run(j->code->context, &rows, &error);
    if (status == ZC_OK || (status == ZC_CANCELLED && atomic_load(&j->failed))) {
        return;
    }
    pthread_mutex_lock(&j->lock);
    if (j->status == ZC_OK || rows.first < j->failed_at) {
        j->status = status;
        j->failed_at = rows.first;
        *j->error = error;
    }
    pthread_mutex_unlock(&j->lock);
    atomic_store(&j->failed, true);
}

zc_status zc_cpu_run_rows(const zc_row_code *code, void *const bindings[], const uint64_t lengths[], unsigned count,
                          const uint32_t *params, unsigned threads, const _Atomic bool *cancel, zc_error *error)
{
    uint64_t bytes[ZC_KERNEL_MAX_BINDINGS];
    if (params[0] == 0) {
        return ZC_OK;
    }
    for (unsigned i = 0; i < count; i++) {
        bytes[i] = lengths[i] / params[0];
    }
    unsigned most = zc_cpu_count() < ZC_THREADS_MAX ? zc_cpu_count() : ZC_THREADS_MAX;
    threads = threads == 0 || threads > most ? most : threads;
    job j = {.code = code, .lock = PTHREAD_MUTEX_INITIALIZER, .error = error};
    j.rows = (zc_rows){.bindings = bindings,
                       .bytes = bytes,
                       .count = params[0],
                       .params = params + ZC_KERNEL_GROUPS_SIZE / 4,
                       .stop = {cancel, &j.failed}};
    j.share = params[0] / (SHARES * threads) + 1;
    zc_cpu_cancel = cancel;
    zc_threads_run(share, &j, (params[0] + j.share - 1) / j.share, threads);
    zc_cpu_cancel = NULL;
    pthread_mutex_destroy(&j.lock);
    if (j.status == ZC_OK && zc_cpu_is_set(cancel)) {
        return zc_fail(error, ZC_CANCELLED, "cancelled");
    }
    return j.status;
}
