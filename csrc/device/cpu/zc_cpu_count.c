/* zc_cpu_count: how many CPUs this process may use.
 *
 * The smallest of: online CPUs, the affinity mask, and the CPU quota of every cgroup (v2 cpu.max, v1
 * cfs_quota) from the process's own up to the root, rounded up. Read once, at first use; any thread. A
 * host that narrows the mask later, or in a child after fork, keeps the first answer.
 */
#define _GNU_SOURCE
#define _DARWIN_C_SOURCE
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__linux__)
#include <sched.h>
#endif

#include "device/cpu/zc_cpu.h"

static atomic_uint cached; /* 0: not read yet */

#if defined(__linux__)

#define PATH_BYTES 1024

static unsigned affinity(unsigned limit)
{
    /* The kernel refuses a mask smaller than its own, so grow until it is taken. */
    for (int cpus = 1024; cpus <= 1 << 18; cpus *= 4) {
        size_t bytes = CPU_ALLOC_SIZE(cpus);
        cpu_set_t *set = CPU_ALLOC(cpus);
        unsigned found = 0;
        if (set == NULL) {
            return limit;
        }
        CPU_ZERO_S(bytes, set);
        if (sched_getaffinity(0, bytes, set) == 0) {
            found = (unsigned)CPU_COUNT_S(bytes, set);
        }
        CPU_FREE(set);
        if (found > 0) {
            return found < limit ? found : limit;
        }
    }
    return limit;
}

static unsigned quota_limit(double quota, double period, unsigned limit)
{
    double cpus;
    if (!(quota > 0) || !(period > 0)) {
        return limit;
    }
    cpus = quota / period;
    if (cpus >= limit) {
        return limit;
    }
    return cpus <= 1 ? 1 : (unsigned)cpus + (cpus > (unsigned)cpus);
}

/* Up to two numbers of a one-line file; "max" reads as -1. */
static int read_numbers(const char *path, double numbers[2])
{
    char line[128], *at = line;
    FILE *file = fopen(path, "re");
    int count = 0;
    if (file == NULL) {
        return 0;
    }
    if (fgets(line, sizeof line, file) == NULL) {
        line[0] = 0;
    }
    fclose(file);
    while (count < 2) {
        char *end;
        at += strspn(at, " \t");
        if (strncmp(at, "max", 3) == 0) {
            numbers[count++] = -1;
            at += 3;
            continue;
        }
        numbers[count] = strtod(at, &end);
        if (end == at) {
            break;
        }
        count++;
        at = end;
    }
    return count;
}

static unsigned quota_at(const char *directory, int v2, unsigned limit)
{
    char path[PATH_BYTES + 32];
    double numbers[2], period[2];
    if (v2) {
        snprintf(path, sizeof path, "%s/cpu.max", directory);
        return read_numbers(path, numbers) == 2 ? quota_limit(numbers[0], numbers[1], limit) : limit;
    }
    snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", directory);
    if (read_numbers(path, numbers) < 1) {
        return limit;
    }
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", directory);
    return read_numbers(path, period) < 1 ? limit : quota_limit(numbers[0], period[0], limit);
}

/* The quotas of `group` and of every group above it, below the mount point. In a container the group's
 * own path may not be visible; the walk then ends at the mount point, which is the container's group. */
static unsigned quota_walk(const char *mount, const char *group, int v2, unsigned limit)
{
    char path[PATH_BYTES];
    size_t root = strlen(mount);
    if ((size_t)snprintf(path, sizeof path, "%s%s", mount, group) >= sizeof path) {
        return quota_at(mount, v2, limit);
    }
    for (;;) {
        char *slash;
        limit = quota_at(path, v2, limit);
        slash = strrchr(path, '/');
        if (slash == NULL || (size_t)(slash - path) < root) {
            return limit;
        }
        *slash = 0;
    }
}

static int has_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)) != NULL; at += length) {
        if ((at == list || at[-1] == ',') && (at[length] == 0 || at[length] == ',')) {
            return 1;
        }
    }
    return 0;
}

static unsigned cgroup_quota(unsigned limit)
{
    char line[PATH_BYTES];
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (file == NULL) {
        return limit;
    }
    while (fgets(line, sizeof line, file) != NULL) { /* "0::/path" or "4:cpu,cpuacct:/path" */
        char *controllers = strchr(line, ':'), *group;
        if (controllers == NULL || (group = strchr(++controllers, ':')) == NULL) {
            continue;
        }
        *group++ = 0;
        group[strcspn(group, "\n")] = 0;
        if (*controllers == 0) {
            limit = quota_walk("/sys/fs/cgroup", group, 1, limit);
        } else if (has_word(controllers, "cpu")) {
            limit = quota_walk("/sys/fs/cgroup/cpu", group, 0, limit);
            limit = quota_walk("/sys/fs/cgroup/cpu,cpuacct", group, 0, limit);
        }
    }
    fclose(file);
    return limit;
}

#endif

static unsigned read_count(void)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned count = online < 1 ? 1 : online > 1 << 20 ? 1u << 20 : (unsigned)online;
#if defined(__linux__)
    count = cgroup_quota(affinity(count));
#endif
    return count ? count : 1;
}

unsigned zc_cpu_count(void)
{
    unsigned count = atomic_load_explicit(&cached, memory_order_acquire);
    if (count == 0) {
        count = read_count();
        atomic_store_explicit(&cached, count, memory_order_release);
    }
    return count;
}
