/* test_trace: threads that put events into the ring of zc_trace while traces begin, are read and end; built with TSan by
 * the tests that are marked threads. Every event that a trace gives must be whole, and as many come out as went in. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "base/zc_trace.h"

static zc_error error;
#include "check.h"

#define THREADS 3
#define TRACES 20
#define EVENTS 1000 /* of each trace that are waited for */

static atomic_bool done;
static _Atomic uint64_t put[THREADS], refused;

static void *produce(void *argument)
{
    uint64_t own = (uint64_t)(uintptr_t)argument;
    for (uint64_t i = 0; !atomic_load(&done);) {
        int64_t start = zc_trace_begin();
        if (!start) {
            sched_yield();
            continue;
        }
        zc_trace_event event = {.kind = ZC_TRACE_CALL, .start = start, .end = start, .id = own, .bytes = i};
        for (uint64_t digit = 0; digit < i % ZC_TRACE_TEXT; digit++) {
            zc_trace_add_text(&event, &(char){(char)('a' + i % 26)}, 1);
        }
        if (zc_trace_push(&event)) {
            atomic_fetch_add(&put[own], 1);
            i++;
        } else {
            atomic_fetch_add(&refused, 1);
        }
    }
    return NULL;
}

/* Of one thread, events come out in the order in which it put them in. */
static void check_event(const zc_trace_event *event, uint64_t next[THREADS])
{
    CHECK(event->id < THREADS && event->bytes >= next[event->id]);
    next[event->id] = event->bytes + 1;
    CHECK(event->text_size == event->bytes % ZC_TRACE_TEXT && !event->cut);
    for (size_t i = 0; i < event->text_size; i++) {
        CHECK(event->text[i] == (char)('a' + event->bytes % 26));
    }
}

static void test_names(void)
{
    zc_trace_event event = {.kind = ZC_TRACE_CALL};
    for (int i = 0; i < 100; i++) {
        zc_trace_add_text(&event, "\xf0\x9f\x98\x80", 4);
    }
    CHECK(event.text_size == ZC_TRACE_TEXT / 4 * 4 && event.cut);
    static char text[2 * ZC_TRACE_LONGEST];
    CHECK(zc_trace_start(&error) == ZC_OK);
    CHECK_FAILS(zc_trace_start(&error), ZC_BUSY, "one at a time");
    /* What is no UTF-8, and what JSON escapes, at their longest. */
    static const char wrong[] = "\xff\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\xe2\x82\x01\"\\";
    event = (zc_trace_event){.kind = ZC_TRACE_SUBMISSION, .start = zc_clock_ns(), .ended = "ended"};
    event.end = event.start;
    for (int i = 0; i < 10; i++) {
        zc_trace_add_text(&event, wrong, sizeof wrong - 1);
    }
    CHECK(zc_trace_push(&event));
    size_t size = zc_trace_read(text, sizeof text, 1);
    CHECK(size > 0 && size < ZC_TRACE_LONGEST);
    text[size] = 0;
    CHECK(strstr(text, "\"name\":\"\\ufffd\\ufffd\\ufffd\\ufffd") && strstr(text, "\\u0001\\u0022\\u005c"));
    for (size_t i = 0; i < size; i++) {
        CHECK((unsigned char)text[i] < 0x80);
    }
    zc_trace_stop();
}

int main(void)
{
    pthread_t threads[THREADS];
    uint64_t next[THREADS] = {0}, came = 0, dropped = 0;
    zc_trace_event event;
    test_names();
    for (uintptr_t i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, produce, (void *)i) == 0);
    }
    for (int trace = 0; trace < TRACES; trace++) {
        CHECK(zc_trace_start(&error) == ZC_OK);
        for (uint64_t here = 0; here < EVENTS;) {
            zc_trace_sleep(1000000);
            while (here < EVENTS && zc_trace_pop(&event)) {
                check_event(&event, next);
                here++;
                came++;
            }
        }
        zc_trace_stop();
        dropped += zc_trace_dropped();
    }
    atomic_store(&done, true);
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    while (zc_trace_pop(&event)) {
        check_event(&event, next);
        came++;
    }
    uint64_t all = 0;
    for (int i = 0; i < THREADS; i++) {
        all += atomic_load(&put[i]);
    }
    CHECK(came <= all && dropped <= atomic_load(&refused));
    printf("ok\n");
    return 0;
}
