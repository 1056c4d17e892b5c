/* zc_batch: what a batch is to the files that make something else of one (zc_sequence.c). How it records: zc_batch.c. */
#ifndef ZC_BATCH_H
#define ZC_BATCH_H

#include "device/zc_uses.h"

/* A dispatch as it was given: what a sequence checks new parameters against. */
typedef struct zc_device_ranges {
    zc_range each[ZC_KERNEL_MAX_BINDINGS];
} zc_device_ranges;

struct zc_batch {
    zc_device *device;
    const zc_owner *owner; /* NULL: the host */
    zc_device_command *commands;
    zc_device_ranges *ranges; /* of each command; only when it is to become a sequence */
    bool sequence;
    size_t count, capacity;
    zc_uses uses;
    uint64_t largest; /* zc_dispatch_work of the largest dispatch */
    uint64_t mirrored; /* zc_kernel_mirrored of all of them */
    struct zc_hazards *hazards;
};

#endif
