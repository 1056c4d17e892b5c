/* zc_jobs: see zc_jobs.h. */
#define _GNU_SOURCE
#define _DARWIN_C_SOURCE
#include "base/zc_jobs.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

#if defined(__linux__)
#include <sched.h>
#endif

typedef struct job {
    void (*run)(void *context, unsigned index);
    void *context;
    unsigned index;
    pthread_t thread;
    bool has_thread;
} job;

static unsigned cpus(void)
{
#if defined(__linux__)
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
#else
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 1 ? (unsigned)count : 1;
#endif
}

unsigned zc_jobs_count(unsigned long long most)
{
    if (most <= 1) {
        return 1;
    }
    unsigned limit = cpus();
    limit = limit < ZC_JOBS ? limit : ZC_JOBS;
    return most < limit ? (unsigned)most : limit;
}

static void *run_job(void *context)
{
    const job *job = context;
    job->run(job->context, job->index);
    return NULL;
}

void zc_jobs_run(unsigned count, void (*run)(void *context, unsigned index), void *context)
{
    job jobs[ZC_JOBS];
    sigset_t all, before;
    if (count > 1) {
        (void)sigfillset(&all);
        (void)pthread_sigmask(SIG_SETMASK, &all, &before);
        for (unsigned i = 1; i < count; i++) {
            jobs[i] = (job){.run = run, .context = context, .index = i};
            jobs[i].has_thread = pthread_create(&jobs[i].thread, NULL, run_job, &jobs[i]) == 0;
        }
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    run(context, 0);
    for (unsigned i = 1; i < count; i++) {
        if (jobs[i].has_thread) {
            (void)pthread_join(jobs[i].thread, NULL);
        } else {
            run(context, i);
        }
    }
}
