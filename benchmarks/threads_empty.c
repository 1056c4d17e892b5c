/* What a parallel run of the cpu device's threads costs where there is nothing to do, and what it gains where each
 * thread has a microsecond or ten. For each number of threads given as an argument: seconds of each run, the median
 * and the least of ROUNDS rounds, with one empty index a thread, and with indices of so many turns of a loop, four a
 * thread, that one thread would take 1 µs and 10 µs times the number of threads.
 *
 * Built by threads.py from this file and parts of csrc/. */
#include <stdio.h>
#include <stdlib.h>

#include "base/zc_clock.h"
#include "device/cpu/zc_cpu_threads.h"

#define ROUNDS 31
#define ROUND_NS 3000000

static volatile unsigned turns;

static void body(void *context, size_t index)
{
    (void)context, (void)index;
    for (unsigned left = turns; left > 0; left--) {
        __asm__ volatile("" ::: "memory");
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double run_for(int64_t ns, size_t count, unsigned threads)
{
    int64_t start = zc_clock_ns(), now;
    unsigned runs = 0;
    do {
        for (unsigned i = 0; i < 16; i++) {
            zc_threads_run(body, NULL, count, threads);
        }
        runs += 16;
    } while ((now = zc_clock_ns()) - start < ns);
    return (double)(now - start) / 1e9 / runs;
}

static void measure(size_t count, unsigned threads)
{
    double seconds[ROUNDS];
    (void)run_for(ROUND_NS, count, threads);
    for (unsigned i = 0; i < ROUNDS; i++) {
        seconds[i] = run_for(ROUND_NS, count, threads);
    }
    qsort(seconds, ROUNDS, sizeof *seconds, compare);
    printf(" %.10f %.10f", seconds[ROUNDS / 2], seconds[0]);
}

int main(int count, char **arguments)
{
    turns = 1000000;
    double turn = run_for(10 * ROUND_NS, 1, 1) / turns;
    for (int i = 1; i < count; i++) {
        unsigned threads = (unsigned)atoi(arguments[i]);
        printf("%u", threads);
        turns = 0;
        measure(threads, threads);
        for (double each = 1e-6; each < 2e-5; each *= 10) {
            turns = (unsigned)(each / 4 / turn);
            measure(4 * (size_t)threads, threads);
        }
        puts("");
    }
    return 0;
}
