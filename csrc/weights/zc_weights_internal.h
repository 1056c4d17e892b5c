/* What the files of this folder share: zc_weights.c has files, tensors and their names, zc_weights_place.c where devices
 * find them. */
#ifndef ZC_WEIGHTS_INTERNAL_H
#define ZC_WEIGHTS_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "weights/zc_weights.h"

typedef struct zc_weights_file {
    uint64_t size;
    zc_region *region; /* all of it */
} zc_weights_file;

typedef struct zc_weights_part { /* a file's bytes [start, end) in a region of their own */
    uint32_t file;
    uint64_t start, end;
    zc_region *region;
} zc_weights_part;

typedef enum zc_weights_state { ZC_WEIGHTS_PLACING, ZC_WEIGHTS_PLACED, ZC_WEIGHTS_FAILED } zc_weights_state;

/* Of a device that uses something else than the mappings of whole files. */
typedef struct zc_weights_placing {
    struct zc_weights_placing *next;
    zc_device *device; /* retained */
    zc_weights_state state;
    zc_weights_part *parts; /* once placed */
    size_t part_count;
    uint64_t forks; /* zc_fork_count() of the process that made the entry */
    pthread_t thread; /* while it is placed */
} zc_weights_placing;

struct zc_weights {
    _Atomic uint64_t references;
    zc_weights_file *files;
    uint32_t file_count;
    zc_tensor *tensors;
    uint32_t count, capacity;
    uint32_t *slots; /* index + 1 of a tensor, 0 when free; a power of two of them, at most half used */
    uint32_t slot_count;
    uint64_t seed; /* so that nobody can choose names that collide */
    zc_weights_placing *placings; /* under the lock of zc_weights_place.c */
    bool packing; /* so is this: a thread does, of the process with that many forks */
    uint64_t packing_forks;
    pthread_t packing_thread;
};

/* When nobody uses them any more. */
void zc_weights_release_placings(zc_weights *weights);

#endif
