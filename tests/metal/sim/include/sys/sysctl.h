/* sys/sysctl.h of the simulated macOS: what csrc/base/zc_fork.c asks of its kernel. Linux has the same mark of a process
 * under another name; sim_foundation.m translates. */
#pragma once
#include <stddef.h>

enum { CTL_KERN = 1, KERN_PROC = 14, KERN_PROC_PID = 1, P_EXEC = 0x4000 };

struct kinfo_proc {
    struct {
        int p_flag;
    } kp_proc;
};

int sysctl(int *name, unsigned count, void *old, size_t *old_size, void *replacement, size_t size);
