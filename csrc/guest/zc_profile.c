/* zc_profile: see zc_profile.h: the thread that samples, and the stacks that it has seen. */
#include "guest/zc_profile.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/zc_alloc.h"
#include "base/zc_clock.h"
#include "base/zc_fork.h"
#include "guest/zc_guest_profile.h"

#define MOST_STACKS 65536u /* distinct; and numbers of functions in them: */
#define MOST_FRAMES ((size_t)1 << 22)

typedef struct seen {
    uint64_t count;
    size_t first; /* in frames */
    uint32_t depth, hash;
} seen;

struct zc_profile {
    zc_profile *next; /* in the list of those that have a thread */
    zc_instance *instance; /* NULL when it is gone */
    zc_module *module;
    int64_t interval;
    uint64_t random;
    pthread_t thread;
    bool started, ending;
    seen *stacks;
    uint32_t *table; /* of all hashes: index + 1 of a stack; twice as long as stacks may be */
    uint32_t stack_count, stack_room;
    uint32_t *frames;
    size_t frame_count, frame_room;
    uint64_t lost;
};

static pthread_cond_t changed;
static zc_profile *profiles; /* under zc_profile_lock, as all of them */

static __attribute__((constructor)) void init_condition(void)
{
    zc_clock_init_condition(&changed);
}

static void take_lock(void)
{
    pthread_mutex_lock(zc_profile_lock());
}

static void release_lock(void)
{
    pthread_mutex_unlock(zc_profile_lock());
}

static void reset(void)
{
    init_condition();
    for (zc_profile *each = profiles; each; each = each->next) {
        each->started = false; /* its thread is the parent's */
        if (each->instance) {
            atomic_store_explicit(&each->instance->profile_wanted, false, memory_order_relaxed);
            each->instance->profile = NULL;
            each->instance = NULL;
        }
    }
    profiles = NULL;
}

ZC_FORK_HANDLERS(ZC_FORK_PROFILES, .lock = take_lock, .unlock = release_lock, .reset = reset)

/* --- the stacks --- */

static uint32_t hash_of(const uint32_t *frames, uint32_t depth)
{
    uint32_t hash = 2166136261u;
    for (uint32_t i = 0; i < depth; i++) {
        hash = (hash ^ frames[i]) * 16777619u;
        hash ^= hash >> 15;
    }
    return hash;
}

static bool make_room(zc_profile *profile, uint32_t depth)
{
    if (profile->stack_count == profile->stack_room) {
        uint32_t room = profile->stack_room ? 2 * profile->stack_room : 256;
        seen *larger = room <= MOST_STACKS ? zc_realloc(profile->stacks, room * sizeof *larger) : NULL;
        if (!larger) {
            return false;
        }
        profile->stacks = larger;
        profile->stack_room = room;
    }
    if (!profile->frames || profile->frame_room - profile->frame_count < depth) {
        size_t room = profile->frame_room ? 2 * profile->frame_room : 4096;
        uint32_t *larger = room <= MOST_FRAMES ? zc_realloc(profile->frames, room * sizeof *larger) : NULL;
        if (!larger) {
            return false;
        }
        profile->frames = larger;
        profile->frame_room = room;
    }
    return true;
}

static void count(zc_profile *profile, const uint32_t *frames, uint32_t depth)
{
    uint32_t hash = hash_of(frames, depth), at = hash % (2 * MOST_STACKS);
    for (; profile->table[at]; at = (at + 1) % (2 * MOST_STACKS)) {
        seen *each = &profile->stacks[profile->table[at] - 1];
        if (each->hash == hash && each->depth == depth &&
            memcmp(profile->frames + each->first, frames, depth * sizeof *frames) == 0) {
            each->count++;
            return;
        }
    }
    if (!make_room(profile, depth)) {
        profile->lost++;
        return;
    }
    memcpy(profile->frames + profile->frame_count, frames, depth * sizeof *frames);
    profile->stacks[profile->stack_count++] =
        (seen){.count = 1, .first = profile->frame_count, .depth = depth, .hash = hash};
    profile->frame_count += depth;
    profile->table[at] = profile->stack_count;
}

/* --- the sampler --- */

/* From three quarters to five quarters of the interval, so that what a guest does at regular times is seen at all of
 * them. */
static int64_t next_interval(zc_profile *profile)
{
    profile->random ^= profile->random << 13;
    profile->random ^= profile->random >> 7;
    profile->random ^= profile->random << 17;
    return profile->interval / 4 * 3 + (int64_t)(profile->random % ((uint64_t)profile->interval / 2 + 1));
}

static void *sample(void *argument)
{
    zc_profile *profile = argument;
    uint32_t frames[ZC_PROFILE_DEPTH];
    pthread_mutex_lock(zc_profile_lock());
    for (int64_t next = zc_clock_ns() + next_interval(profile); !profile->ending && profile->instance;) {
        int64_t now = zc_clock_ns();
        if (now < next) {
            zc_clock_wait_until(&changed, zc_profile_lock(), next);
            continue;
        }
        if (zc_instance_running(profile->instance)) {
            count(profile, frames, zc_frames_read(profile->instance->frames, frames));
        }
        next = now + next_interval(profile);
    }
    pthread_mutex_unlock(zc_profile_lock());
    return NULL;
}

/* It blocks all signals, which are the host program's. */
static int start_thread(zc_profile *profile)
{
    sigset_t all, before;
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(&profile->thread, NULL, sample, profile);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

/* With the lock held. */
static void leave(zc_profile *profile)
{
    for (zc_profile **at = &profiles; *at; at = &(*at)->next) {
        if (*at == profile) {
            *at = profile->next;
            break;
        }
    }
    if (profile->instance) {
        atomic_store_explicit(&profile->instance->profile_wanted, false, memory_order_release);
        profile->instance->profile = NULL;
        profile->instance = NULL;
    }
}

static zc_status begin(zc_profile *profile, zc_instance *instance, zc_error *error)
{
    if (!instance->engine->switch_profile) {
        return zc_fail(error, ZC_UNSUPPORTED, "the engine %s cannot profile", instance->engine->name);
    }
    if (instance->profile) {
        return zc_fail(error, ZC_BUSY, "the instance is profiled already: one profile at a time");
    }
    if (!instance->frames && !(instance->frames = zc_calloc(1, sizeof *instance->frames))) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate the stack of a profile");
    }
    profile->instance = instance;
    int code = start_thread(profile);
    if (code) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot start the thread of a profile: %s", strerror(code));
    }
    profile->started = true;
    profile->next = profiles;
    profiles = profile;
    instance->profile = &profile->instance;
    atomic_store_explicit(&instance->profile_wanted, true, memory_order_release);
    return ZC_OK;
}

zc_status zc_profile_start(zc_instance *instance, int64_t interval_ns, zc_profile **out, zc_error *error)
{
    zc_profile *profile = zc_calloc(1, sizeof *profile);
    if (!profile || !(profile->table = zc_calloc(2 * (size_t)MOST_STACKS, sizeof *profile->table))) {
        zc_free(profile);
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a profile");
    }
    profile->interval = interval_ns;
    profile->random = 0x9e3779b97f4a7c15u;
    profile->module = zc_module_retain(instance->module);
    pthread_mutex_lock(zc_profile_lock());
    zc_status status = begin(profile, instance, error);
    if (status != ZC_OK) {
        profile->instance = NULL;
    }
    pthread_mutex_unlock(zc_profile_lock());
    if (status != ZC_OK) {
        zc_profile_free(profile);
        return status;
    }
    *out = profile;
    return ZC_OK;
}

void zc_profile_stop(zc_profile *profile)
{
    pthread_mutex_lock(zc_profile_lock());
    bool started = profile->started;
    profile->started = false;
    profile->ending = true;
    leave(profile);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(zc_profile_lock());
    if (started) {
        (void)pthread_join(profile->thread, NULL);
    }
}

void zc_profile_free(zc_profile *profile)
{
    if (profile) {
        zc_profile_stop(profile);
        zc_module_release(profile->module);
        zc_free(profile->stacks);
        zc_free(profile->table);
        zc_free(profile->frames);
        zc_free(profile);
    }
}

size_t zc_profile_stacks(const zc_profile *profile)
{
    return profile->stack_count;
}

uint64_t zc_profile_stack(const zc_profile *profile, size_t index, const uint32_t **functions, uint32_t *depth)
{
    const seen *stack = &profile->stacks[index];
    *functions = profile->frames + stack->first;
    *depth = stack->depth;
    return stack->count;
}

uint64_t zc_profile_lost(const zc_profile *profile)
{
    return profile->lost;
}

const zc_module_info *zc_profile_info(const zc_profile *profile)
{
    return zc_module_get_info(profile->module);
}
