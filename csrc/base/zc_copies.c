/* zc_copies: see zc_copies.h. */
#include "base/zc_copies.h"

#include <stdatomic.h>

#include "base/zc_trace.h"

static _Atomic uint64_t counters[ZC_COPY_REASONS];

void zc_copies_add(zc_copy_reason reason, uint64_t bytes)
{
    if (bytes) {
        atomic_fetch_add_explicit(&counters[reason], bytes, memory_order_relaxed);
        if (zc_tracing()) {
            zc_trace_copy(zc_copies_name(reason), bytes);
        }
    }
}

uint64_t zc_copies_get(zc_copy_reason reason)
{
    return atomic_load_explicit(&counters[reason], memory_order_relaxed);
}

const char *zc_copies_name(zc_copy_reason reason)
{
    static const char *const names[] = {
#define X(code, name) name,
        ZC_COPY_LIST(X)
#undef X
    };
    return names[reason];
}
