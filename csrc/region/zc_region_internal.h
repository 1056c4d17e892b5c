/* zc_region_internal: a region's parts, for zc_region.c and zc_image.c. */
#ifndef ZC_REGION_INTERNAL_H
#define ZC_REGION_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "region/zc_region.h"

typedef struct zc_region_attachment_link {
    struct zc_region_attachment_link *next;
    const void *owner;
    void *value;
    void (*release)(void *value);
} zc_region_attachment_link;

struct zc_region {
    uint8_t *base;
    uint64_t reserved;
    _Atomic uint64_t size;
    uint64_t committed; /* at least `size`; more where somebody asked for it. Under the lock */
    _Atomic uint64_t references;
    _Atomic uint64_t pins;
    _Atomic uint64_t writers;
    bool read_only;
    bool made;            /* nobody can read its pages anew: no file has them */
    bool sparse;          /* little of it will be touched */
    pthread_mutex_t lock; /* growth, attachments, what is shown */
    zc_region_attachment_link *attachments;
    uint64_t shown;       /* [0, shown) may show an image or files: what was not touched there need not be zero */
    struct zc_image *image; /* what it shows, if it is an image; released by the function */
    void (*image_release)(struct zc_image *image);
    zc_region *whole; /* retained, and has the memory, where this is a part of it; NULL */
    zc_region *parts, *next_part; /* a whole's, under its lock */
};

#endif
