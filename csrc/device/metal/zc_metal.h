/* zc_metal: what the files of the metal backend share. From the ground up, each calls only those before it:
 *
 *   zc_metal_error.m      what went wrong, in words
 *   zc_metal_residency.m  keeps idle buffers wired
 *   zc_metal_buffer.m     buffers over host memory
 *   zc_metal_pipeline.m   pipelines of built-in and compiled kernels
 *   zc_metal_record.m     commands into an encoder
 *   zc_metal_queue.m      submitting, and reporting done
 *   zc_device_metal.m     the backend: a device from open to close
 *
 * The functions below are in this order, too. Where the vulkan backend has a file for the same, it has the same name.
 * zc_metal_newer.h declares what systems after macOS 12 brought. zc_msl.c knows nothing of Objective-C: it compares
 * what Metal says of a kernel with what the kernel must be.
 *
 * The order of work is made here, not by Metal, whose tracking of hazards is off: barriers within a command buffer, a
 * fence between them (zc_metal_queue.m).
 *
 * Ownership: a zc_metal_device owns all but the buffers and the compiled kernels, which are the generic layer's. Manual
 * retain and release. Threads: any; `lock` guards the queue and the residency set, `compile_lock` the pipelines. Every
 * entry into the backend has an autorelease pool of its own, for Python's threads have none.
 */
#ifndef ZC_METAL_H
#define ZC_METAL_H

#import <Foundation/Foundation.h>
#import <Metal/Metal.h>
#include <pthread.h>
#include <stdatomic.h>

#include "device/metal/zc_metal_newer.h"
#include "device/zc_device_backend.h"
#include "kernel/zc_kernel_tiles.h"

#define ZC_METAL_MAX_WORKSPACES 44 /* from 1 MiB on to all that 64 bits count */

typedef struct zc_metal_workspace {
    id<MTLBuffer> buffer;
    void *address;
    uint64_t size;
} zc_metal_workspace;

typedef struct zc_metal_device {
    id<MTLDevice> device;
    id<MTLCommandQueue> queue;
    id<MTLFence> fence; /* updated by the newest encoder */
    zc_gpu gpu;         /* what info says; constant */

    pthread_mutex_t compile_lock;
    id<MTLLibrary> libraries[ZC_KERNEL_COUNT]; /* of specialized kernels that were used */
    /* nil until first use, then constant */
    id<MTLComputePipelineState> pipelines[ZC_KERNEL_COUNT][ZC_KERNEL_VARIANTS];

    pthread_mutex_t lock;
    unsigned in_flight;
    zc_device_piece *head, *tail; /* not encoded yet */
    _Atomic uint64_t unfinished; /* works submitted and not done */
    /* What stages of kernels share: memory of ours, and a buffer over it. One for all work that fits into it, since
     * encoders run one after the other. Each is at least twice as large as the one before. */
    unsigned workspace_count;
    zc_metal_workspace workspaces[ZC_METAL_MAX_WORKSPACES];
    const char *capture; /* where the next work's trace goes, or NULL */
    id<MTLResidencySet_macos15> residency; /* nil before macOS 15 */
    uint64_t resident; /* bytes in it */
} zc_metal_device;

typedef struct zc_metal_kernel { /* that a user compiled */
    id<MTLComputePipelineState> pipeline;
    uint32_t threads[3]; /* of a threadgroup */
} zc_metal_kernel;

typedef struct zc_metal_buffer {
    id<MTLBuffer> buffer;
    uint64_t size;
    bool resident;
} zc_metal_buffer;

/* ---- zc_metal_error.m ---- */

/* "?" for what is not UTF-8. */
NSString *zc_metal_string(const char *text);
/* "domain code: text" of an NSError that may be nil. */
void zc_metal_why(NSError *error, char *out, size_t size);

/* ---- zc_metal_residency.m ---- */

void zc_metal_make_residency_macos15(zc_metal_device *self);
/* With the lock held. */
void zc_metal_add_resident_macos15(zc_metal_device *self, zc_metal_buffer *buffer);
void zc_metal_remove_resident_macos15(zc_metal_device *self, const zc_metal_buffer *buffer);

/* ---- zc_metal_buffer.m ---- */

/* Whether a page of ours can be a buffer: not on the GPUs of some virtual machines, hosted CI runners among
 * them, and then nothing here can work. */
bool zc_metal_shares_memory(id<MTLDevice> device);
zc_status zc_metal_import(void *device, void *address, uint64_t size, void **buffer, void **device_address,
                          zc_error *error);
void zc_metal_buffer_release(void *device, void *buffer);
/* With the lock held: see that there is a workspace of so many bytes. It stays as long as the device. */
zc_status zc_metal_workspace_ready(zc_metal_device *self, uint64_t size, zc_error *error);
void zc_metal_workspaces_destroy(zc_metal_device *self);

/* ---- zc_metal_pipeline.m ---- */

/* Make the pipeline of this variant of a built-in kernel if it is not there; it stays until the device is closed. */
zc_status zc_metal_pipeline_ready(zc_metal_device *self, const zc_kernel *kernel, uint32_t variant, zc_error *error);
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

zc_status zc_metal_submit(void *device, zc_device_piece *work, zc_error *error);
bool zc_metal_busy(void *device);

#endif
