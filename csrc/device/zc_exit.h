/* zc_exit: the end of the process while threads are inside a driver. See zc_exit.c. */
#ifndef ZC_EXIT_H
#define ZC_EXIT_H

/* From now on, when the process exits with a thread inside a driver, what follows in zc_exit.c. Each call counts anew. */
void zc_exit_guard(void);

#endif
