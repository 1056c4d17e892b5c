/* zc_ticker: a thread that says every millisecond, while guests run, that time has passed.
 *
 * Compiled code is interrupted by an epoch that it compares with its own: somebody has to count it on. That is this
 * thread: while any thread is between zc_ticker_enter and zc_ticker_leave it calls `tick` each millisecond. When none has
 * been there for 100 ms it sleeps until one comes.
 *
 * Ownership: none; the thread lives as long as the process. It blocks all signals, and takes nobody's locks. Threads: any.
 * Fork: a child has its forking thread's entries only, and a ticker of its own.
 */
#ifndef ZC_TICKER_H
#define ZC_TICKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/zc_status.h"

#define ZC_TICKER_NS 1000000
#define ZC_TICKER_IDLE_NS 100000000

/* What is called; before the first zc_ticker_enter, and always the same. On the ticker's thread. */
void zc_ticker_calls(void (*tick)(void));
/* Around each outermost call; they nest. ZC_NO_MEMORY when there is no thread and none can be made: then nothing was
 * entered. After an OK time is told until the leave. */
zc_status zc_ticker_enter(zc_error *error);
void zc_ticker_leave(void);

/* For tests: ticks so far, and whether it sleeps. */
uint64_t zc_ticker_count(void);
bool zc_ticker_sleeps(void);

#endif
