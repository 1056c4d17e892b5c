/* zc_trace: what happened when, while somebody wants to know it: events of all layers, in one bounded ring.
 *
 * Whoever begins something asks zc_trace_begin, which costs a load and a branch while nobody traces and else gives the
 * time; what then ends becomes one event, with both times. Any thread puts events in, without a lock; one reader takes
 * them out and makes text of them (zc_trace_json.c). A ring that is full drops what comes, and counts it. All times are
 * of zc_clock, those of devices too: what a device measured is put before the moment at which its end was seen.
 *
 * Ownership: events hold no pointers but to constant strings; names from outside are copied into them, as far as they
 * fit. The ring is made for the first trace and stays, for no thread says when it is done with it. Fork: the child
 * traces nothing, and has no ring. Threads: any for the events; start, stop and read are one reader's.
 */
#ifndef ZC_TRACE_H
#define ZC_TRACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/zc_clock.h"
#include "base/zc_status.h"

typedef enum zc_trace_kind {
    ZC_TRACE_CALL,       /* of a guest's function: text is its name, id the instance */
    ZC_TRACE_WAIT,       /* for a submission, on this thread: id the submission */
    ZC_TRACE_RUN,        /* kernels on the calling thread: text their names */
    ZC_TRACE_SUBMISSION, /* from `start` queued, at `end` done, `busy` ns of the device before that: text the kernels */
    ZC_TRACE_DEVICE, /* a lane of a device, before its first event: text what it is called */
    ZC_TRACE_COPY, /* bytes that were copied, at `end`: name the reason */
    ZC_TRACE_TRANSFER, /* a copy to or from a device's own memory, which takes a while: name the reason */
} zc_trace_kind;

#define ZC_TRACE_TEXT 88

typedef struct zc_trace_event {
    int64_t start, end; /* by zc_clock_ns */
    uint64_t thread; /* zc_trace_push fills it */
    uint64_t id;
    uint64_t bytes;
    int64_t busy;
    const char *name; /* constant, or NULL */
    const char *ended; /* constant: how, when it is not the usual end; or NULL */
    uint32_t lane; /* of a device */
    uint32_t count; /* dispatches */
    uint8_t kind; /* zc_trace_kind */
    uint8_t text_size;
    bool cut; /* the text was longer */
    char text[ZC_TRACE_TEXT];
} zc_trace_event;

extern _Atomic bool zc_trace_on;

static inline bool zc_tracing(void)
{
    return __builtin_expect(atomic_load_explicit(&zc_trace_on, memory_order_relaxed), false);
}

/* The time now, or 0 while nobody traces; then nothing is to be put in at the end. */
static inline int64_t zc_trace_begin(void)
{
    return zc_tracing() ? zc_clock_ns() : 0;
}

/* False: the ring was full, and it is counted. Events that began before the trace are dropped by the reader. */
bool zc_trace_push(zc_trace_event *event);
/* Put as much of a text behind what the event has as fits, never half a character of UTF-8. */
void zc_trace_add_text(zc_trace_event *event, const void *bytes, size_t size);

/* From `start` to now on this thread. */
void zc_trace_wait(int64_t start, uint64_t submission);
void zc_trace_transfer(int64_t start, const char *reason, uint64_t bytes);
/* Now. */
void zc_trace_copy(const char *reason, uint64_t bytes);

/* A number for what is told apart in traces: instances, devices, submissions. */
uint64_t zc_trace_number(_Atomic uint64_t *counter);
/* How often a trace was started: what is said once a trace remembers it. */
uint64_t zc_trace_generation(void);

/* --- the reader --- */

zc_status zc_trace_start(zc_error *error); /* ZC_BUSY while there is one */
void zc_trace_stop(void);
/* Wait until the ring is filled by a quarter, a thread has put in its first event of this trace, or so long. */
void zc_trace_sleep(int64_t timeout_ns);
bool zc_trace_has_new_threads(void); /* since it was asked last: they may want names, and not live long */
bool zc_trace_pop(zc_trace_event *out); /* false: nothing is there */
uint64_t zc_trace_dropped(void); /* of the present trace, or the last one */
int64_t zc_trace_origin(void); /* when it began */

/* --- as text (zc_trace_json.c) --- */

/* As many events as are there and fit, each as ",\n" and one or more JSON objects of the Trace Event Format. `capacity` is
 * at least ZC_TRACE_LONGEST. Returns the bytes written, 0 when nothing is there. */
#define ZC_TRACE_LONGEST 4096
size_t zc_trace_read(char *out, size_t capacity, uint64_t process);

#endif
