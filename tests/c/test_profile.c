/* test_profile: one thread enters and leaves functions as fast as it can, another reads its stack; built with TSan by the
 * tests that are marked threads. Each stack must be one that there was: a function's number says who called it. */
#include <pthread.h>
#include <stdatomic.h>

#include "guest/zc_guest_profile.h"

static zc_error error;
#include "check.h"

#define SAMPLES 2000
#define DEEPEST (ZC_PROFILE_DEPTH + 20)

static zc_frames frames;
static atomic_bool done;

static void enter(uint32_t caller, unsigned depth, uint32_t *random)
{
    *random = *random * 1664525u + 1013904223u;
    uint32_t function = 2 * caller + 1 + (*random >> 31);
    zc_frame frame = zc_frames_push(&frames, function);
    for (unsigned calls = (*random >> 24) % 3; calls > 0 && depth + 1 < DEEPEST; calls--) {
        enter(function, depth + 1, random);
    }
    zc_frames_pop(&frames, frame);
}

static void *run(void *unused)
{
    (void)unused;
    for (uint32_t random = 1; !atomic_load(&done);) {
        enter(7, 0, &random);
    }
    return NULL;
}

int main(void)
{
    pthread_t thread;
    uint32_t stack[ZC_PROFILE_DEPTH];
    size_t deep = 0; /* stacks that say something */
    CHECK(pthread_create(&thread, NULL, run, NULL) == 0);
    while (deep < SAMPLES) {
        uint32_t depth = zc_frames_read(&frames, stack), caller = 7;
        CHECK(depth <= ZC_PROFILE_DEPTH);
        for (uint32_t at = 0; at < depth && at + 1 < ZC_PROFILE_DEPTH; at++) {
            CHECK(stack[at] == 2 * caller + 1 || stack[at] == 2 * caller + 2);
            caller = stack[at];
        }
        deep += depth > 2;
    }
    atomic_store(&done, true);
    (void)pthread_join(thread, NULL);
    CHECK(zc_frames_read(&frames, stack) == 0);
    printf("ok\n");
    return 0;
}
