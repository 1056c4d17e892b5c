/* sim_system: what the simulated macOS below Metal answers: its kernel's mark of a process, and memory, which the tests let
 * run out. The linker puts the functions named __wrap_ in the place of the others (buildtools/metal.py). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysctl.h>
#include <unistd.h>

#include "sim.h"

void *__real_zc_malloc(size_t size);
void *__real_zc_calloc(size_t count, size_t size);
void *__real_zc_realloc(void *pointer, size_t size);
void *__real_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset);

void *__wrap_zc_malloc(size_t size)
{
    return zc_sim_fails("allocation") ? NULL : __real_zc_malloc(size);
}

void *__wrap_zc_calloc(size_t count, size_t size)
{
    return zc_sim_fails("allocation") ? NULL : __real_zc_calloc(count, size);
}

void *__wrap_zc_realloc(void *pointer, size_t size)
{
    return zc_sim_fails("allocation") ? NULL : __real_zc_realloc(pointer, size);
}

void *__wrap_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset)
{
    return zc_sim_fails("mmap") ? MAP_FAILED : __real_mmap(address, size, protection, flags, file, offset);
}

#define FORKED_WITHOUT_EXEC 0x40 /* PF_FORKNOEXEC of Linux */

int sysctl(int *name, unsigned count, void *old, size_t *old_size, void *replacement, size_t size)
{
    struct kinfo_proc *process = old;
    char text[1024];
    unsigned flags;
    FILE *file = fopen("/proc/self/stat", "r");
    size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file) {
        fclose(file);
    }
    text[length] = 0;
    const char *after =
        strrchr(text, ')'); /* of the name; then state, four numbers of processes and one of a terminal */
    if (count != 4 || name[0] != CTL_KERN || name[1] != KERN_PROC || name[2] != KERN_PROC_PID || name[3] != getpid() ||
        *old_size != sizeof *process || replacement || size || !after ||
        sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) != 1) {
        fputs("simulated macOS: a question to the kernel that it has no answer to\n", stderr);
        abort();
    }
    process->kp_proc.p_flag = flags & FORKED_WITHOUT_EXEC ? 0 : P_EXEC;
    return 0;
}
