/* zc_profile: where a guest's time goes: samples of its stack, by a thread that looks at wall-clock intervals.
 *
 * While an instance is profiled, its functions begin with another operation of the engine, which notes them on a stack of
 * their own (zc_guest_profile.c); else they begin as always, so that there is nothing to pay. A call of a host function is
 * noted, too: its time is the import's. The change takes effect when the next call begins, or the present one gives way;
 * functions that were entered before are not known, and the samples in them have an empty stack.
 *
 * Ownership: a profile has one owner, and keeps the module. The instance may be freed first: the samples stay. Threads:
 * start while nothing frees the instance; it may be running, on any thread. Stop and free: the owner's. Fork: the child
 * has the samples so far, and takes no more.
 */
#ifndef ZC_PROFILE_H
#define ZC_PROFILE_H

#include "guest/zc_guest.h"

typedef struct zc_profile zc_profile;

/* A sample about every `interval_ns`. ZC_BUSY when the instance is profiled already. */
zc_status zc_profile_start(zc_instance *instance, int64_t interval_ns, zc_profile **out, zc_error *error);
void zc_profile_stop(zc_profile *profile); /* waits for the thread that samples; twice is fine */
void zc_profile_free(zc_profile *profile); /* stops it; NULL is fine */

/* Of one that is stopped: distinct stacks, each outermost first, and how often each was seen. The bottom of what is deeper
 * than ZC_PROFILE_DEPTH is whole, and the last one is the innermost function. */
#define ZC_PROFILE_DEPTH 256u
size_t zc_profile_stacks(const zc_profile *profile);
uint64_t zc_profile_stack(const zc_profile *profile, size_t index, const uint32_t **functions, uint32_t *depth);
uint64_t zc_profile_lost(const zc_profile *profile); /* samples for whose stacks there was no room */
const zc_module_info *zc_profile_info(const zc_profile *profile);

#endif
