/* zc_guest_profile: the functions that a profiled instance is in, as its own thread notes them and the sampler reads them.
 *
 * Ownership: the instance's from its first profile on. Threads: only the thread that executes over the instance's memory
 * notes and switches; any may read.
 */
#ifndef ZC_GUEST_PROFILE_H
#define ZC_GUEST_PROFILE_H

#include <pthread.h>

#include "guest/zc_guest_internal.h"
#include "guest/zc_profile.h"

typedef struct zc_frames {
    _Atomic uint64_t pushes; /* changes before a frame does, so that a reader sees that it was overtaken */
    _Atomic uint32_t depth;
    _Atomic uint32_t asked; /* of the executing thread: ZC_FRAMES_ASKED, and when it has done so ZC_FRAMES_ANSWERED */
    _Atomic uint32_t frames[ZC_PROFILE_DEPTH]; /* functions, outermost first; the last place is the innermost's */
    uint32_t answer_depth; /* the reader's once it is answered */
    uint32_t answer[ZC_PROFILE_DEPTH];
} zc_frames;

enum { ZC_FRAMES_IDLE, ZC_FRAMES_ASKED, ZC_FRAMES_ANSWERED };

/* What a push left to be put back. */
typedef struct zc_frame {
    uint32_t depth, before;
} zc_frame;

zc_frame zc_frames_push(zc_frames *frames, uint32_t function);
void zc_frames_pop(zc_frames *frames, zc_frame frame);
/* The whole stack at one moment, outermost first, into `out`, of ZC_PROFILE_DEPTH; returns its depth there. */
uint32_t zc_frames_read(zc_frames *frames, uint32_t *out);

/* Guards which profile an instance has, and which instance a profile, over all looks of a sampler into an instance. */
pthread_mutex_t *zc_profile_lock(void);
/* The instance is freed: its profile, if there is one, knows it no more. */
void zc_profile_forget(zc_instance *instance);

#endif
