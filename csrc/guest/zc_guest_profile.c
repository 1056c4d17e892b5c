/* zc_guest_profile: see zc_guest_profile.h. */
#include "guest/zc_guest_profile.h"

#include <string.h>
#include <time.h>

#include "base/zc_alloc.h"

#define TRIES 100
#define PAUSE_NS 10000

/* The sampler could not read the stack, since it changes faster: so this thread reads its own, and no moment is as good as
 * this one, on the edge of a function. */
static void answer(zc_frames *frames)
{
    uint32_t depth = atomic_load_explicit(&frames->depth, memory_order_relaxed);
    depth = depth < ZC_PROFILE_DEPTH ? depth : ZC_PROFILE_DEPTH;
    for (uint32_t i = 0; i < depth; i++) {
        frames->answer[i] = atomic_load_explicit(&frames->frames[i], memory_order_relaxed);
    }
    frames->answer_depth = depth;
    atomic_store_explicit(&frames->asked, ZC_FRAMES_ANSWERED, memory_order_release);
}

/* Acquires, as asking releases: the sampler has read the answer before this one. */
static inline void answer_if_asked(zc_frames *frames)
{
    if (__builtin_expect(atomic_load_explicit(&frames->asked, memory_order_acquire) == ZC_FRAMES_ASKED, 0)) {
        answer(frames);
    }
}

/* The frame's store releases: whoever sees it sees that pushes changed. */
static inline void set_frame(zc_frames *frames, uint32_t at, uint32_t function)
{
    uint64_t pushes = atomic_load_explicit(&frames->pushes, memory_order_relaxed);
    atomic_store_explicit(&frames->pushes, pushes + 1, memory_order_relaxed);
    atomic_store_explicit(&frames->frames[at], function, memory_order_release);
}

zc_frame zc_frames_push(zc_frames *frames, uint32_t function)
{
    zc_frame frame = {.depth = atomic_load_explicit(&frames->depth, memory_order_relaxed)};
    uint32_t at = frame.depth < ZC_PROFILE_DEPTH ? frame.depth : ZC_PROFILE_DEPTH - 1;
    frame.before = atomic_load_explicit(&frames->frames[at], memory_order_relaxed);
    set_frame(frames, at, function);
    atomic_store_explicit(&frames->depth, frame.depth + 1, memory_order_release);
    answer_if_asked(frames);
    return frame;
}

void zc_frames_pop(zc_frames *frames, zc_frame frame)
{
    answer_if_asked(frames);
    if (frame.depth >= ZC_PROFILE_DEPTH) {
        set_frame(frames, ZC_PROFILE_DEPTH - 1, frame.before);
    }
    atomic_store_explicit(&frames->depth, frame.depth, memory_order_release);
}

/* False: functions were entered meanwhile. */
static bool try_read(zc_frames *frames, uint32_t *out, uint32_t *depth)
{
    uint64_t pushes = atomic_load_explicit(&frames->pushes, memory_order_acquire);
    *depth = atomic_load_explicit(&frames->depth, memory_order_acquire);
    *depth = *depth < ZC_PROFILE_DEPTH ? *depth : ZC_PROFILE_DEPTH;
    for (uint32_t i = 0; i < *depth; i++) {
        out[i] = atomic_load_explicit(&frames->frames[i], memory_order_acquire);
    }
    return atomic_load_explicit(&frames->pushes, memory_order_relaxed) == pushes;
}

static uint32_t take_answer(zc_frames *frames, uint32_t *out)
{
    memcpy(out, frames->answer, frames->answer_depth * sizeof *out);
    uint32_t depth = frames->answer_depth;
    atomic_store_explicit(&frames->asked, ZC_FRAMES_IDLE, memory_order_relaxed);
    return depth;
}

/* Asking only those that were seen to change would prefer moments without calls; each moment is answered once here, so
 * none is preferred. */
uint32_t zc_frames_read(zc_frames *frames, uint32_t *out)
{
    uint32_t depth;
    if (try_read(frames, out, &depth)) {
        return depth;
    }
    atomic_store_explicit(&frames->asked, ZC_FRAMES_ASKED, memory_order_release);
    for (int i = 0; i < TRIES; i++) {
        if (atomic_load_explicit(&frames->asked, memory_order_acquire) == ZC_FRAMES_ANSWERED) {
            return take_answer(frames, out);
        }
        if (i > TRIES / 2) {
            nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
        }
        if (try_read(frames, out, &depth)) {
            break;
        }
    }
    uint32_t asked = ZC_FRAMES_ASKED;
    if (!atomic_compare_exchange_strong_explicit(&frames->asked, &asked, ZC_FRAMES_IDLE, memory_order_acquire,
                                                 memory_order_acquire)) {
        return take_answer(frames, out);
    }
    return depth;
}

/* --- profiles and instances --- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

pthread_mutex_t *zc_profile_lock(void)
{
    return &lock;
}

void zc_profile_forget(zc_instance *instance)
{
    pthread_mutex_lock(&lock);
    if (instance->profile) {
        *instance->profile = NULL;
        instance->profile = NULL;
    }
    pthread_mutex_unlock(&lock);
    zc_free(instance->frames);
}
