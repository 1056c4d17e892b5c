/* zc_device_trace: see zc_device_trace.h. */
#include "device/zc_device_trace.h"

#include <stdio.h>
#include <string.h>

#define NS 1e9

void zc_device_trace_kernels(zc_trace_event *event, const zc_device_command *commands, size_t count)
{
    event->count = (uint32_t)count;
    for (size_t i = 0, run; i < count && !event->cut; i += run) {
        const char *name = commands[i].kernel->name;
        char times[32];
        for (run = 1; i + run < count && commands[i + run].kernel == commands[i].kernel; run++) {
        }
        if (i > 0) {
            zc_trace_add_text(event, ", ", 2);
        }
        zc_trace_add_text(event, name, strlen(name));
        if (run > 1) {
            zc_trace_add_text(event, times, (size_t)snprintf(times, sizeof times, " x%zu", run));
        }
    }
}

/* A lane that is free since `start`, or the one that will be first. */
static uint32_t lane_for(const zc_device *device, int64_t start)
{
    uint32_t first = 0;
    for (uint32_t i = 0; i < ZC_DEVICE_LANES && device->backend->run_all; i++) {
        if (device->lane_ends[i] <= start) {
            return i;
        }
        first = device->lane_ends[i] < device->lane_ends[first] ? i : first;
    }
    return first;
}

void zc_device_trace_submission(zc_device *device, zc_trace_event *event, double seconds)
{
    uint64_t generation = zc_trace_generation();
    if (device->traced != generation) {
        device->traced = generation;
        device->lanes_named = 0;
        memset(device->lane_ends, 0, sizeof device->lane_ends);
    }
    event->kind = ZC_TRACE_SUBMISSION;
    event->end = zc_clock_ns();
    int64_t start = event->end - (int64_t)(seconds > 0 ? seconds * NS : 0);
    start = start < event->start ? event->start : start;
    uint32_t lane = lane_for(device, start);
    start = start < device->lane_ends[lane] ? device->lane_ends[lane] : start;
    event->busy = event->end > start ? event->end - start : 0;
    event->lane = (uint32_t)(device->number * ZC_DEVICE_LANES) + lane;
    device->lane_ends[lane] = event->end;
    if (!(device->lanes_named & 1u << lane)) {
        zc_trace_event name = {.kind = ZC_TRACE_DEVICE, .start = event->end, .end = event->end, .lane = event->lane};
        char label[ZC_TRACE_TEXT];
        int size = snprintf(label, sizeof label, "device %s: %s", device->info.kind, device->info.name);
        zc_trace_add_text(&name, label, size < (int)sizeof label ? (size_t)size : sizeof label - 1);
        device->lanes_named |= zc_trace_push(&name) ? 1u << lane : 0;
    }
    (void)zc_trace_push(event);
}

void zc_device_run_end(zc_device *device, int64_t start, const zc_device_command *commands, size_t count)
{
    atomic_fetch_add_explicit(&device->dispatches, count, memory_order_relaxed);
    if (!start) {
        return;
    }
    int64_t end = zc_clock_ns();
    atomic_fetch_add_explicit(&device->busy_ns, (uint64_t)(end - start), memory_order_relaxed);
    if (zc_tracing()) {
        zc_trace_event event = {.kind = ZC_TRACE_RUN, .start = start, .end = end};
        zc_device_trace_kernels(&event, commands, count);
        (void)zc_trace_push(&event);
    }
}

void zc_device_count(zc_device *device, size_t dispatches, double seconds)
{
    atomic_fetch_add_explicit(&device->submissions, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&device->dispatches, dispatches, memory_order_relaxed);
    atomic_fetch_add_explicit(&device->busy_ns, (uint64_t)(seconds > 0 ? seconds * NS : 0), memory_order_relaxed);
}

void zc_device_get_stats(const zc_device *device, zc_device_stats *out)
{
    *out = (zc_device_stats){
        .submissions = atomic_load_explicit(&device->submissions, memory_order_relaxed),
        .dispatches = atomic_load_explicit(&device->dispatches, memory_order_relaxed),
        .seconds = (double)atomic_load_explicit(&device->busy_ns, memory_order_relaxed) / NS,
        .copied = atomic_load_explicit(&device->copied, memory_order_relaxed),
        .buffers = atomic_load_explicit(&device->buffers, memory_order_relaxed),
        .scratch = atomic_load_explicit(&device->scratch, memory_order_relaxed),
    };
}
