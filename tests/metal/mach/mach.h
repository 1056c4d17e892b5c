/* What tests ask of the fake in mach.c. */
#ifndef FAKE_MACH_TEST_H
#define FAKE_MACH_TEST_H

#include <stdbool.h>

extern unsigned fake_mach_entries; /* memory entries that are not given back */
extern bool fake_mach_fails;       /* none can be had */

#endif
