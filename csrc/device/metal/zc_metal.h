/* zc_metal: what the files of the metal backend share. From the ground up, each calls only those before it:
 *
 *   zc_metal_error.m      what went wrong, in words
 *   zc_metal_residency.m  keeps idle buffers wired
 *   zc_metal_buffer.m     buffers over host memory
 *   zc_metal_pipeline.m   pipelines of built-in and compiled kernels
 *   zc_metal_record.m     commands into an encoder
 *   zc_metal_queue.m      submitting, reporting done, and what follows an error
 *   zc_device_metal.m     the backend: a device from open to close, and its threads, one of residency and one of queue
 *
 * The functions below are in this order, too. Where the vulkan backend has a file for the same, it has the same name.
 * zc_metal_newer.h declares what systems after macOS 12 brought. zc_msl.c knows nothing of Objective-C: it compares
 * what Metal says of a kernel with what the kernel must be.
 *
 * The order of work is made here, not by Metal, whose tracking of hazards is off: barriers within a command buffer, a
 * fence between them (zc_metal_queue.m).
 *
 * Ownership: a zc_metal_device owns all but the buffers and the compiled kernels, which are the generic layer's; it ends
 * with the last of those that hold it: open, its threads, command buffers. Manual retain and release. Threads: any; `lock`
 * guards the queue and the workspaces, `resident_lock` the list of buffers, `watch_lock` the threads' sleep, and
 * `compile_lock` the pipelines; nobody takes two of them. Every entry into the backend has an autorelease pool of its
 * own, for Python's threads have none.
 */
#ifndef ZC_METAL_H
#define ZC_METAL_H

#import <Foundation/Foundation.h>
#import <Metal/Metal.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/zc_clock.h"
#include "device/metal/zc_metal_newer.h"
#include "device/zc_device_backend.h"
#include "kernel/zc_kernel_tiles.h"

#define ZC_METAL_MAX_WORKSPACES 44 /* from 1 MiB on to all that 64 bits count */

/* Work that comes so long after the last wakes the device's threads. */
#define ZC_METAL_AWAKE_NS ((int64_t)5 * 1000 * 1000 * 1000)

typedef struct zc_metal_buffer {
    id<MTLBuffer> buffer;
    uint64_t size;
    bool read_only;        /* weights: a file's pages, or made */
    _Atomic int64_t used;  /* when work last named it; 0: never */
    /* For zc_metal_residency.m, under its lock. */
    struct zc_metal_buffer *next;
    bool wanted, resident; /* in the set */
    bool replaced;         /* by a larger one over the same memory */
    bool released;         /* by its owner */
} zc_metal_buffer;

typedef struct zc_metal_workspace {
    id<MTLBuffer> buffer;
    void *address;
    uint64_t size;
} zc_metal_workspace;

/* A thread of the device's. */
typedef struct zc_metal_watcher {
    struct zc_metal_device *device;
    int64_t (*look)(struct zc_metal_device *self); /* does what there is to do; when to call it again */
    bool wake;
} zc_metal_watcher;

typedef struct zc_metal_device {
    id<MTLDevice> device;
    id<MTLCommandQueue> queue;
    id<MTLFence> fence; /* updated by the newest encoder */
    zc_gpu gpu;         /* what info says; constant */

    pthread_mutex_t compile_lock;
    id<MTLLibrary> libraries[ZC_KERNEL_COUNT][2]; /* of specialized kernels that were used; [1]: for matrix units */
    /* nil until first use, then constant; a variant is of one library only */
    id<MTLComputePipelineState> pipelines[ZC_KERNEL_COUNT][ZC_KERNEL_VARIANTS];

    _Atomic uint64_t holders;
    void (*end)(struct zc_metal_device *self); /* called by the last of them */
    _Atomic uint64_t unfinished; /* works submitted and not done */

    /* Of zc_metal_queue.m. */
    pthread_mutex_t lock;
    unsigned in_flight; /* command buffers */
    struct zc_metal_work *works, *last_work, *to_encode;
    bool failed;       /* something in flight did: nothing more is encoded until all has come back */
    _Atomic bool lost;
    char why[240];     /* what failed, or the device was lost by */
    uint64_t completions, seen; /* command buffers that came back, and when zc_metal_look looked */
    int64_t looked, stalled, patience; /* ns */
    /* What stages of kernels share: memory of ours, and a buffer over it. One for all work that fits into it, since
     * encoders run one after the other. Each is at least twice as large as the one before. */
    unsigned workspace_count;
    zc_metal_workspace workspaces[ZC_METAL_MAX_WORKSPACES];
    const char *capture; /* where the next work's trace goes, or NULL */
    struct zc_metal_work *captured; /* whose trace is being made */

    id<MTLResidencySet_macos15> residency; /* nil before macOS 15 */
    uint64_t resident_limit; /* bytes in it */
    _Atomic int64_t used; /* when work was last submitted; 0: never */
    pthread_mutex_t resident_lock;
    zc_metal_buffer *buffers;

    zc_metal_watcher watchers[2]; /* the second only with residency */
    pthread_mutex_t watch_lock;
    pthread_cond_t watch_changed;
    bool watch_stop;
} zc_metal_device;

typedef struct zc_metal_kernel { /* that a user compiled */
    id<MTLComputePipelineState> pipeline;
    uint32_t threads[3]; /* of a threadgroup */
} zc_metal_kernel;

static inline void zc_metal_hold(zc_metal_device *self)
{
    atomic_fetch_add_explicit(&self->holders, 1, memory_order_relaxed);
}
static inline void zc_metal_drop(zc_metal_device *self)
{
    if (atomic_fetch_sub_explicit(&self->holders, 1, memory_order_acq_rel) == 1) {
        self->end(self);
    }
}
/* There is something to do for the device's threads. */
static inline void zc_metal_wake(zc_metal_device *self)
{
    pthread_mutex_lock(&self->watch_lock);
    self->watchers[0].wake = self->watchers[1].wake = true;
    pthread_cond_broadcast(&self->watch_changed);
    pthread_mutex_unlock(&self->watch_lock);
}

/* ---- zc_metal_error.m ---- */

/* "?" for what is not UTF-8. */
NSString *zc_metal_string(const char *text);
/* "domain code: text" of an NSError that may be nil. */
void zc_metal_why(NSError *error, char *out, size_t size);

/* ---- zc_metal_residency.m ---- */

/* Where the system has sets and makes one, the device has one from then on. */
void zc_metal_make_residency_macos15(zc_metal_device *self);
/* Work of this queue finds the set resident. */
void zc_metal_keep_resident_macos15(zc_metal_device *self, id<MTLCommandQueue> queue);
/* With a set only: the buffer is known from now on, and its owner has let go of it. True: that waits for the thread. */
void zc_metal_resident_add(zc_metal_device *self, zc_metal_buffer *buffer);
bool zc_metal_resident_release(zc_metal_device *self, zc_metal_buffer *buffer);
/* Work that is about to be submitted names these buffers. Whether the thread should know. */
bool zc_metal_resident_use(zc_metal_device *self, const zc_device_piece *work);
/* On a thread of the device's own: see what is to be resident, and request it. When to call it again. */
int64_t zc_metal_resident_beat_macos15(zc_metal_device *self);
void zc_metal_residency_destroy(zc_metal_device *self);

/* ---- zc_metal_buffer.m ---- */

/* Whether a page of ours can be a buffer: not on the GPUs of some virtual machines, hosted CI runners among
 * them, and then nothing here can work. */
bool zc_metal_shares_memory(id<MTLDevice> device);
zc_status zc_metal_import(void *device, void *address, uint64_t size, bool read_only, void **buffer,
                          void **device_address, zc_error *error);
void zc_metal_buffer_release(void *device, void *buffer);
/* A buffer of their own for other libraries: an MTLBuffer, retained. */
zc_status zc_metal_share(void *device, void *address, uint64_t size, void **handle, zc_error *error);
void zc_metal_share_release(void *device, void *handle);
/* With the lock held: see that there is a workspace of so many bytes. It stays as long as the device. */
zc_status zc_metal_workspace_ready(zc_metal_device *self, uint64_t size, zc_error *error);
void zc_metal_workspaces_destroy(zc_metal_device *self);

/* ---- zc_metal_pipeline.m ---- */

/* Make the pipeline of this stage of a built-in kernel if it is not there; it stays until the device is closed. */
zc_status zc_metal_pipeline_ready(zc_metal_device *self, const zc_kernel *kernel, const zc_kernel_stage *stage,
                                  zc_error *error);
/* The pipeline that a kernel's variant needs, which has been made. */
id<MTLComputePipelineState> zc_metal_pipeline(const zc_metal_device *self, const zc_kernel *kernel, uint32_t variant);
void zc_metal_pipelines_destroy(zc_metal_device *self);
zc_status zc_metal_compile(void *device, const zc_kernel_source *source, void **compiled, zc_error *error);
void zc_metal_compiled_release(void *device, void *compiled);

/* ---- zc_metal_record.m ---- */

/* Bytes of workspace that these commands need. */
uint64_t zc_metal_workspace_size(const zc_metal_device *self, const zc_device_piece *work);
void zc_metal_record(const zc_metal_device *self, id<MTLComputeCommandEncoder> encoder, const zc_device_piece *work);

/* ---- zc_metal_queue.m ---- */

/* A queue and a fence, in place of those that are there. */
zc_status zc_metal_make_queue(zc_metal_device *self, zc_error *error);
zc_status zc_metal_queue_init(zc_metal_device *self, zc_error *error);
zc_status zc_metal_submit(void *device, zc_device_piece *piece, zc_error *error);
bool zc_metal_busy(void *device);
bool zc_metal_lost(void *device);
/* On a thread of the device's own: whether something still comes back. When to call it again. */
int64_t zc_metal_look(zc_metal_device *self);

#endif
