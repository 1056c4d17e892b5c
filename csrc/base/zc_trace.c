/* zc_trace: see zc_trace.h. The ring is Dmitry Vyukov's bounded queue: each cell has a number that says whose turn it is. */
#if !defined(__APPLE__)
#define _GNU_SOURCE
#else
#define _DARWIN_C_SOURCE
#endif
#include "base/zc_trace.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#if !defined(__APPLE__)
#include <sys/syscall.h>
#endif

#include "base/zc_alloc.h"
#include "base/zc_fork.h"

#define CELLS ((uint64_t)1 << 16) /* 12 MiB, of which an idle trace touches little */
#define WAKE (CELLS / 4)

typedef struct cell {
    _Atomic uint64_t turn; /* n: the n-th event may come; n + 1: it is there */
    zc_trace_event event;
} cell;

_Atomic bool zc_trace_on;
static _Atomic(cell *) ring;
static cell *lost; /* by a fork, between its two steps in the child */
static _Atomic uint64_t tail, dropped, generation;
static uint64_t head; /* the reader's */
static int64_t origin;
static _Thread_local uint64_t own_thread, own_generation;
static _Atomic bool new_threads; /* some have put in their first event of this trace */

/* For the reader's sleep only. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled;

static __attribute__((constructor)) void init_condition(void)
{
    zc_clock_init_condition(&filled);
}

static void take_lock(void)
{
    pthread_mutex_lock(&lock);
}

static void release_lock(void)
{
    pthread_mutex_unlock(&lock);
}

static void reset(void)
{
    init_condition();
    atomic_store_explicit(&zc_trace_on, false, memory_order_relaxed);
    lost = atomic_load_explicit(&ring, memory_order_relaxed);
    atomic_store_explicit(&ring, NULL, memory_order_relaxed);
    own_thread = 0;
}

static void free_lost(void)
{
    zc_free(lost);
    lost = NULL;
}

ZC_FORK_HANDLERS(ZC_FORK_TRACE, .lock = take_lock, .unlock = release_lock, .reset = reset, .clean = free_lost)

/* The system's own number of the thread, which debuggers and Python show, too. */
static uint64_t this_thread(void)
{
    if (!own_thread) {
#if defined(__APPLE__)
        (void)pthread_threadid_np(NULL, &own_thread);
#else
        own_thread = (uint64_t)syscall(SYS_gettid);
#endif
    }
    return own_thread;
}

static void wake_reader(void)
{
    pthread_mutex_lock(&lock);
    pthread_cond_signal(&filled);
    pthread_mutex_unlock(&lock);
}

bool zc_trace_push(zc_trace_event *event)
{
    cell *cells = atomic_load_explicit(&ring, memory_order_acquire);
    if (!cells) {
        return false; /* in the child of a fork */
    }
    event->thread = this_thread();
    uint64_t at = atomic_load_explicit(&tail, memory_order_relaxed);
    for (;;) {
        cell *own = &cells[at % CELLS];
        int64_t ahead = (int64_t)(atomic_load_explicit(&own->turn, memory_order_acquire) - at);
        if (ahead < 0) {
            atomic_fetch_add_explicit(&dropped, 1, memory_order_relaxed);
            return false;
        }
        if (ahead > 0) {
            at = atomic_load_explicit(&tail, memory_order_relaxed);
        } else if (atomic_compare_exchange_weak_explicit(&tail, &at, at + 1, memory_order_relaxed,
                                                         memory_order_relaxed)) {
            memcpy(&own->event, event, offsetof(zc_trace_event, text) + event->text_size);
            atomic_store_explicit(&own->turn, at + 1, memory_order_release);
            break;
        }
    }
    bool first = own_generation != zc_trace_generation();
    if (first) {
        own_generation = zc_trace_generation();
        atomic_store_explicit(&new_threads, true, memory_order_relaxed);
    }
    if (first || at % WAKE == 0) {
        wake_reader();
    }
    return true;
}

void zc_trace_add_text(zc_trace_event *event, const void *bytes, size_t size)
{
    const uint8_t *text = bytes;
    size_t room = ZC_TRACE_TEXT - event->text_size, taken = size < room ? size : room;
    if (taken < size) {
        event->cut = true;
        while (taken > 0 && (text[taken] & 0xc0) == 0x80) {
            taken--;
        }
    }
    memcpy(event->text + event->text_size, text, taken);
    event->text_size = (uint8_t)(event->text_size + taken);
}

void zc_trace_wait(int64_t start, uint64_t submission)
{
    zc_trace_event event = {.kind = ZC_TRACE_WAIT, .start = start, .end = zc_clock_ns(), .id = submission};
    (void)zc_trace_push(&event);
}

void zc_trace_transfer(int64_t start, const char *reason, uint64_t bytes)
{
    zc_trace_event event = {
        .kind = ZC_TRACE_TRANSFER, .start = start, .end = zc_clock_ns(), .name = reason, .bytes = bytes};
    (void)zc_trace_push(&event);
}

void zc_trace_copy(const char *reason, uint64_t bytes)
{
    int64_t now = zc_clock_ns();
    zc_trace_event event = {.kind = ZC_TRACE_COPY, .start = now, .end = now, .name = reason, .bytes = bytes};
    (void)zc_trace_push(&event);
}

uint64_t zc_trace_number(_Atomic uint64_t *counter)
{
    return atomic_fetch_add_explicit(counter, 1, memory_order_relaxed) + 1;
}

uint64_t zc_trace_generation(void)
{
    return atomic_load_explicit(&generation, memory_order_relaxed);
}

/* --- the reader --- */

static bool make_ring(void)
{
    if (atomic_load_explicit(&ring, memory_order_relaxed)) {
        return true;
    }
    cell *cells = zc_calloc(CELLS, sizeof *cells);
    if (!cells) {
        return false;
    }
    for (uint64_t i = 0; i < CELLS; i++) {
        atomic_init(&cells[i].turn, i);
    }
    atomic_store_explicit(&tail, 0, memory_order_relaxed);
    head = 0;
    atomic_store_explicit(&ring, cells, memory_order_release);
    return true;
}

zc_status zc_trace_start(zc_error *error)
{
    zc_trace_event left;
    if (zc_tracing()) {
        return zc_fail(error, ZC_BUSY, "a trace is being written already: there is one at a time");
    }
    if (!make_ring()) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate the events of a trace");
    }
    while (zc_trace_pop(&left)) { /* of threads that were about to put it in when the last trace ended */
    }
    origin = zc_clock_ns();
    atomic_store_explicit(&dropped, 0, memory_order_relaxed);
    atomic_fetch_add_explicit(&generation, 1, memory_order_relaxed);
    atomic_store_explicit(&zc_trace_on, true, memory_order_release);
    return ZC_OK;
}

void zc_trace_stop(void)
{
    atomic_store_explicit(&zc_trace_on, false, memory_order_relaxed);
    wake_reader();
}

void zc_trace_sleep(int64_t timeout_ns)
{
    pthread_mutex_lock(&lock);
    if (zc_tracing() && !atomic_load_explicit(&new_threads, memory_order_relaxed) &&
        atomic_load_explicit(&tail, memory_order_relaxed) - head < WAKE) {
        zc_clock_wait_until(&filled, &lock, zc_clock_ns() + timeout_ns);
    }
    pthread_mutex_unlock(&lock);
}

bool zc_trace_pop(zc_trace_event *out)
{
    cell *cells = atomic_load_explicit(&ring, memory_order_acquire);
    if (!cells) {
        return false;
    }
    cell *own = &cells[head % CELLS];
    if (atomic_load_explicit(&own->turn, memory_order_acquire) != head + 1) {
        return false;
    }
    memcpy(out, &own->event, offsetof(zc_trace_event, text) + own->event.text_size);
    atomic_store_explicit(&own->turn, head + CELLS, memory_order_release);
    head++;
    return true;
}

bool zc_trace_has_new_threads(void)
{
    return atomic_exchange_explicit(&new_threads, false, memory_order_relaxed);
}

uint64_t zc_trace_dropped(void)
{
    return atomic_load_explicit(&dropped, memory_order_relaxed);
}

int64_t zc_trace_origin(void)
{
    return origin;
}
