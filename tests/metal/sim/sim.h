/* sim: a simulated Metal for Linux, so that the backend of csrc/device/metal/ runs unmodified inside CPython.
 *
 * sim_foundation.m has the classes of Foundation, sim_system.m what is below, sim_metal.m the classes of Metal: one
 * thread takes committed command buffers in their order, runs the kernels (MSL made into libraries by
 * buildtools/msl.py) and calls the completion handlers. It is stricter than it need be: dispatches between two barriers
 * run in reverse order, a command buffer that could overlap an earlier one without a fence is an error, misuse aborts,
 * and every object is counted. tests/test_metal_sim.py drives it through the functions below, by ctypes.
 *
 * Environment: ZCWASM_SIM_COMPILER, the command that makes a library of FILE into OUT; ZCWASM_SIM_CACHE, a
 * folder for the libraries. Threads: any. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define SIM_PUBLIC __attribute__((visibility("default")))

/* Objects of simulated classes that live now. */
SIM_PUBLIC long zc_sim_live(void);
void zc_sim_count_object(long by);
/* The next `times` uses of what `what` names go wrong, after as many as "let_pass" is set to. */
SIM_PUBLIC void zc_sim_inject(const char *what, long times);
/* What happened so far, or a property of the simulated device; -1 when there is none of that name. */
SIM_PUBLIC int64_t zc_sim_get(const char *name);
SIM_PUBLIC void zc_sim_set(const char *name, int64_t value);
/* Bytes at this address that are in the residency set. */
SIM_PUBLIC int64_t zc_sim_resident(const void *address);
/* Whether this use was told to go wrong. */
bool zc_sim_fails(const char *what);
/* Aborts in the child of a fork, where Metal must be left alone. */
void zc_sim_check_process(void);
