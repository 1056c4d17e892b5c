/* library.h: what buildtools/msl.py makes of a file of MSL, as the simulated Metal runtime loads it: one
 * zc_msl_library, exported as zc_library. C and C++; constant data and functions for one thread at a time. */
#ifndef ZC_MSL_LIBRARY_H
#define ZC_MSL_LIBRARY_H

typedef struct zc_argument { /* a buffer, threadgroup memory or texture; ends with a name of NULL */
    const char *name;
    unsigned type; /* MTLArgumentType */
    unsigned index;
    unsigned written; /* not const */
    unsigned size;    /* of the struct or element */
} zc_argument;

typedef struct zc_constant { /* a function constant; ends with a type of 0 */
    unsigned index;
    unsigned type;     /* MTLDataType */
    unsigned required; /* nobody asks whether it is there */
} zc_constant;

typedef struct zc_function { /* a kernel; ends with a name of NULL */
    const char *name;
    /* 0, or 1 when threads did not all arrive at a barrier. */
    int (*run)(void *const *buffers, const unsigned *groups, const unsigned *threads, unsigned width);
    unsigned memory; /* bytes of its threadgroup arrays */
    const zc_argument *arguments;
} zc_function;

typedef struct zc_msl_library {
    const zc_function *functions;
    const zc_constant *constants;
    /* Before a run: one value for each constant, or NULL. */
    void (*set_constants)(const void *const *values);
} zc_msl_library;

#endif
