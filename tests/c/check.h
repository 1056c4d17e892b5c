/* check.h: what the C tests share: a failed condition ends the program with its text and the last error's.
 * To be included once, after a zc_error `error` of the test's own where CHECK is used with calls that fill it. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                    \
    do {                                                                                                    \
        if (!(condition)) {                                                                                 \
            fprintf(stderr, "%s:%d: %s (last error: %s)\n", __FILE__, __LINE__, #condition, error.message); \
            exit(1);                                                                                        \
        }                                                                                                   \
    } while (0)
/* The status of a call, and a part of the sentence that it leaves. */
#define CHECK_FAILS(call, status, text) \
    CHECK((call) == (status) && error.code == (status) && strstr(error.message, (text)))

#endif
