/* zc_trace_json: events as objects of the Trace Event Format, which Perfetto and Chrome read.
 *
 * A guest's threads are the process's: its calls, waits and copies are slices of the thread that they were on, nested as
 * they were. What a device did is on tracks of the device, which have thread numbers above those of any system. Times are
 * microseconds since the trace began, with the nanoseconds behind the point. Names may be any bytes: what is no UTF-8
 * becomes U+FFFD, and what JSON or a terminal could mistake is escaped.
 *
 * Threads: the reader's. Ownership: none.
 */
#include "base/zc_trace.h"

#include <string.h>

#define FIRST_LANE 1000000000u /* above the numbers of threads; Perfetto takes 32 bits */

/* A buffer that has room for any event: ZC_TRACE_LONGEST. Written by hand, since printf would take most of the time. */
typedef struct text {
    char *at, *end;
} text;

static void put_bytes(text *out, const char *bytes, size_t size)
{
    if (size <= (size_t)(out->end - out->at)) {
        memcpy(out->at, bytes, size);
        out->at += size;
    }
}

static void put(text *out, const char *words)
{
    put_bytes(out, words, strlen(words));
}

static void put_number(text *out, uint64_t number)
{
    char digits[20], *at = digits + sizeof digits;
    do {
        *--at = (char)('0' + number % 10);
    } while (number /= 10);
    put_bytes(out, at, (size_t)(digits + sizeof digits - at));
}

/* `before` ends with the quote, the colon and what else comes before a number. */
static void put_field(text *out, const char *before, uint64_t number)
{
    put(out, before);
    put_number(out, number);
}

/* Of `ns`, in microseconds. */
static void put_time(text *out, const char *before, int64_t ns)
{
    uint64_t rest = (uint64_t)ns % 1000;
    char digits[] = {'.', (char)('0' + rest / 100), (char)('0' + rest / 10 % 10), (char)('0' + rest % 10)};
    put_field(out, before, (uint64_t)ns / 1000);
    put_bytes(out, digits, sizeof digits);
}

/* How many bytes the character there has, 0 when it is none of UTF-8. */
static size_t character(const uint8_t *at, size_t left)
{
    uint8_t first = at[0];
    size_t size = first < 0x80                    ? 1
                  : first >= 0xc2 && first < 0xe0 ? 2
                  : first >= 0xe0 && first < 0xf0 ? 3
                  : first >= 0xf0 && first < 0xf5 ? 4
                                                  : 0;
    if (size == 0 || size > left) {
        return 0;
    }
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool overlong = (first == 0xe0 && at[1] < 0xa0) || (first == 0xf0 && at[1] < 0x90);
    bool surrogate = first == 0xed && at[1] >= 0xa0, beyond = first == 0xf4 && at[1] >= 0x90;
    return overlong || surrogate || beyond ? 0 : size;
}

static void put_string(text *out, const char *bytes, size_t size, bool cut)
{
    static const char hex[] = "0123456789abcdef";
    const uint8_t *at = (const uint8_t *)bytes, *end = at + size;
    put(out, "\"");
    while (at < end) {
        size_t length = character(at, (size_t)(end - at));
        if (length == 0) {
            put(out, "\\ufffd");
            length = 1;
        } else if (length == 1 && (*at < 0x20 || *at == 0x7f || *at == '"' || *at == '\\')) {
            char escaped[] = {'\\', 'u', '0', '0', hex[*at >> 4], hex[*at & 15]};
            put_bytes(out, escaped, sizeof escaped);
        } else {
            put_bytes(out, (const char *)at, length);
        }
        at += length;
    }
    put(out, cut ? "\\u2026\"" : "\"");
}

static void open_event(text *out, const char *phase, uint64_t process, uint64_t thread)
{
    put(out, ",\n{\"ph\":\"");
    put(out, phase);
    put_field(out, "\",\"pid\":", process);
    put_field(out, ",\"tid\":", thread);
}

static void put_name(text *out, const char *category, const zc_trace_event *event)
{
    put(out, ",\"cat\":\"");
    put(out, category);
    put(out, "\",\"name\":");
    if (event->text_size) {
        put_string(out, event->text, event->text_size, event->cut);
    } else {
        put(out, "\"");
        put(out, event->name ? event->name : category);
        put(out, "\"");
    }
}

static void close_event(text *out, const zc_trace_event *event)
{
    if (event->ended) {
        put(out, ",\"ended\":\"");
        put(out, event->ended);
        put(out, "\"");
    }
    put(out, "}}");
}

/* On the track of its thread, with one number as what is said of it. */
static void slice(text *out, const char *category, const zc_trace_event *event, uint64_t process, const char *argument,
                  uint64_t number)
{
    open_event(out, "X", process, event->thread);
    put_name(out, category, event);
    put_time(out, ",\"ts\":", event->start - zc_trace_origin());
    put_time(out, ",\"dur\":", event->end - event->start);
    put_field(out, argument, number);
    close_event(out, event);
}

/* When it was queued and when it was done, over all threads; and when the device worked on it. */
static void submission(text *out, const zc_trace_event *event, uint64_t process)
{
    int64_t origin = zc_trace_origin();
    for (int last = 0; last < 2; last++) {
        open_event(out, last ? "e" : "b", process, event->thread);
        put_field(out, ",\"id\":", event->id);
        put_name(out, "submission", event);
        put_time(out, ",\"ts\":", (last ? event->end : event->start) - origin);
        put_field(out, ",\"args\":{\"dispatches\":", event->count);
        close_event(out, event);
    }
    open_event(out, "X", process, FIRST_LANE + event->lane);
    put_name(out, "device", event);
    put_time(out, ",\"ts\":", event->end - event->busy - origin);
    put_time(out, ",\"dur\":", event->busy);
    put_field(out, ",\"args\":{\"dispatches\":", event->count);
    put_field(out, ",\"submission\":", event->id);
    close_event(out, event);
}

static void device(text *out, const zc_trace_event *event, uint64_t process)
{
    uint64_t track = FIRST_LANE + event->lane;
    open_event(out, "M", process, track);
    put(out, ",\"name\":\"thread_name\",\"args\":{\"name\":");
    put_string(out, event->text, event->text_size, event->cut);
    put(out, "}}");
    open_event(out, "M", process, track);
    put_field(out, ",\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":", track);
    put(out, "}}");
}

static void write_event(text *out, const zc_trace_event *event, uint64_t process)
{
    switch ((zc_trace_kind)event->kind) {
    case ZC_TRACE_CALL:
        slice(out, "guest", event, process, ",\"args\":{\"instance\":", event->id);
        break;
    case ZC_TRACE_WAIT:
        slice(out, "wait", event, process, ",\"args\":{\"submission\":", event->id);
        break;
    case ZC_TRACE_RUN:
        slice(out, "kernel", event, process, ",\"args\":{\"dispatches\":", event->count);
        break;
    case ZC_TRACE_TRANSFER:
        slice(out, "transfer", event, process, ",\"args\":{\"bytes\":", event->bytes);
        break;
    case ZC_TRACE_COPY:
        open_event(out, "i", process, event->thread);
        put_name(out, "copy", event);
        put_time(out, ",\"s\":\"t\",\"ts\":", event->end - zc_trace_origin());
        put_field(out, ",\"args\":{\"bytes\":", event->bytes);
        put(out, "}}");
        break;
    case ZC_TRACE_SUBMISSION:
        submission(out, event, process);
        break;
    case ZC_TRACE_DEVICE:
        device(out, event, process);
        break;
    }
}

size_t zc_trace_read(char *out, size_t capacity, uint64_t process)
{
    text all = {out, out + capacity};
    zc_trace_event event;
    while (all.end - all.at >= ZC_TRACE_LONGEST && zc_trace_pop(&event)) {
        if (event.start >= zc_trace_origin()) {
            write_event(&all, &event, process);
        }
    }
    return (size_t)(all.at - out);
}
