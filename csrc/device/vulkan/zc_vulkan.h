/* zc_vulkan: what the files of the vulkan backend share. From the ground up, each calls only those before it:
 *
 *   zc_vulkan_error.c     what a call answered, in words and as a zc_status
 *   zc_vulkan_matrix.c    whether a physical device has matrix units that our shaders use
 *   zc_vulkan_physical.c  what a physical device has, and whether that will do
 *   zc_vulkan_loader.c    opens the loader, makes the process's one instance, lists the physical devices
 *   zc_vulkan_buffer.c    imports of host memory, and device-local memory
 *   zc_vulkan_pipeline.c  layouts and pipelines of built-in and compiled kernels
 *   zc_vulkan_slot.c      slots: a command buffer with its fence, queries and descriptors, used again and again
 *   zc_vulkan_record.c    commands into a slot
 *   zc_vulkan_sequence.c  recordings that are submitted many times
 *   zc_vulkan_queue.c     submitting, the thread that waits for completion, the synchronous run
 *   zc_vulkan_copy.c      copies to and from device-local memory
 *   zc_device_vulkan.c    the backend: a logical device from open to close
 *
 * The functions below are in this order, too. zc_spirv.c knows nothing of Vulkan.
 *
 * Ownership: the instance lives as long as the process; a zc_vulkan_device owns all else. Threads: any, with
 * one lock per concern, each named in the struct below; none is held while another file's lock is taken.
 */
#ifndef ZC_VULKAN_H
#define ZC_VULKAN_H

#include <pthread.h>
#include <stdatomic.h>

#include "device/zc_device_backend.h"
#include "device/vulkan/zc_spirv.h"
#include "device/vulkan/zc_vulkan_api.h"
#include "kernel/zc_kernel_tiles.h"

#define ZC_VULKAN_MAX_DEVICES 16
#define ZC_VULKAN_MAX_WORKSPACES 44 /* from 1 MiB on to all that 64 bits count */

/* Every kernel's push constants: element offsets of its bindings (zc_kernel_offset_words), then its parameters. */
#define ZC_VULKAN_PUSH_SIZE (4u * ZC_KERNEL_PUSH_WORDS)
_Static_assert(ZC_VULKAN_PUSH_SIZE <= 128, "what every Vulkan device takes");

typedef struct zc_vulkan_instance_functions {
#define ZC_VULKAN_GLOBAL(result, name, ...) PFN_##name name;
#define ZC_VULKAN_ON_INSTANCE(result, name, ...) PFN_##name name;
#include "device/vulkan/zc_vulkan_functions.def"
} zc_vulkan_instance_functions;

typedef struct zc_vulkan_functions {
#define ZC_VULKAN_ON_DEVICE(result, name, ...) PFN_##name name;
#define ZC_VULKAN_OPTIONAL(result, name, ...) PFN_##name name;
#include "device/vulkan/zc_vulkan_functions.def"
} zc_vulkan_functions;

/* A device that the loader listed, usable or not (info.available, info.reason). */
typedef struct zc_vulkan_physical {
    VkPhysicalDevice handle;
    zc_device_info info;
    int rank; /* lower is better */
    uint32_t api_version;
    uint32_t queue_family;
    uint32_t timestamp_bits; /* 0: it has none */
    float timestamp_period;  /* nanoseconds of one tick */
    uint64_t import_alignment, offset_alignment, max_range, max_allocation;
    uint32_t max_groups[3], max_group_size[3], max_invocations;
    VkPhysicalDeviceMemoryProperties memory;
    bool push_descriptors, portability, matrix_extension, dot_extension;
    uint32_t subgroup_operations;
} zc_vulkan_physical;

typedef struct zc_vulkan_instance {
    VkInstance handle;
    zc_vulkan_instance_functions f;
    size_t count;
    zc_vulkan_physical physical[ZC_VULKAN_MAX_DEVICES]; /* best first */
} zc_vulkan_instance;

typedef struct zc_vulkan_buffer {
    VkBuffer handle;
    VkDeviceMemory memory;
    uint64_t size;
    void *mapped; /* host address of the first byte, or NULL */
} zc_vulkan_buffer;

/* One recording and what it takes to run it: made on demand, reused for ever after. */
typedef struct zc_vulkan_slot {
    struct zc_vulkan_slot *next;  /* in a list of idle slots or in the device's queue */
    struct zc_vulkan_slot **home; /* the list that it goes back to: the device's or that of a sequence */
    VkCommandPool pool;
    VkCommandBuffer commands;
    VkFence fence;
    VkQueryPool queries; /* start and end; NULL where there are no timestamps */
    /* Where descriptors cannot be pushed: pools of descriptor sets, all reset when the slot is reused. */
    VkDescriptorPool *set_pools;
    uint32_t set_pool_count, sets_used;
    bool timed;           /* the recording writes the queries */
    zc_device_piece *work; /* in the queue */
    double started;
} zc_vulkan_slot;

typedef struct zc_vulkan_device {
    zc_vulkan_physical physical;
    VkDevice handle;
    VkQueue queue;
    zc_vulkan_functions f;
    zc_spirv_device spirv;  /* what users' kernels may use */
    zc_vulkan_buffer empty; /* stands for bindings without bytes */

    VkDescriptorSetLayout set_layouts[ZC_KERNEL_MAX_BINDINGS + 1]; /* by number of bindings */
    VkPipelineLayout layouts[ZC_KERNEL_MAX_BINDINGS + 1];
    VkPipelineCache cache;
    pthread_mutex_t pipeline_lock; /* making a pipeline */
    _Atomic(VkPipeline) pipelines[ZC_KERNEL_COUNT][ZC_KERNEL_VARIANTS];

    pthread_mutex_t slot_lock; /* this list of idle slots, and those of sequences */
    zc_vulkan_slot *free_slots;

    pthread_mutex_t queue_lock; /* the VkQueue, and what follows */
    pthread_cond_t wake;        /* work came, or closing */
    zc_vulkan_slot *head, *tail;
    bool started, closing;
    pthread_t thread;
    void (*ended)(struct zc_vulkan_device *); /* what the thread calls last, when it is left to it */
    _Atomic uint64_t in_flight;
    _Atomic bool lost;

    pthread_mutex_t staging_lock; /* copies to and from device-local memory */
    zc_vulkan_buffer staging;

    /* What stages share, a buffer for all work that fits into it, since a recording begins with a barrier; and another one
     * for dispatches that are cut, whose parts may have work of others between them. They become larger, and stay,
     * because recordings name them. */
    pthread_mutex_t workspace_lock;
    struct zc_vulkan_workspaces {
        unsigned count;
        zc_vulkan_buffer each[ZC_VULKAN_MAX_WORKSPACES];
    } workspaces[2]; /* [1]: of those that are cut */
} zc_vulkan_device;

/* ---- zc_vulkan_error.c ---- */

/* "VK_ERROR_DEVICE_LOST"; for values without a name, "VkResult -42" in `unnamed`. */
const char *zc_vulkan_result(VkResult result, char unnamed[24]);
/* A failed call as a zc_status; remembers a lost device. `what` completes "<device>: cannot ...". */
zc_status zc_vulkan_fail(zc_vulkan_device *device, VkResult result, zc_error *error, const char *what,
                         const char *label);

/* ---- zc_vulkan_matrix.c ---- */

/* Sets info.gpu.matrix_units. What else is known of the device is there already. */
void zc_vulkan_find_matrix(const zc_vulkan_instance_functions *f, VkInstance instance, zc_vulkan_physical *physical);

/* ---- zc_vulkan_physical.c ---- */

/* Fill all but the handle, which is given, and info.index. */
void zc_vulkan_describe(const zc_vulkan_instance_functions *f, VkInstance instance, zc_vulkan_physical *physical);

/* ---- zc_vulkan_loader.c ---- */

/* The process's instance, or NULL with the reason in words. Constant once made. */
const zc_vulkan_instance *zc_vulkan_instance_get(char *reason, size_t size);
/* Around calls that take the loader's own locks; not to be nested. See the top of zc_vulkan_loader.c. */
void zc_vulkan_enter(void);
void zc_vulkan_leave(void);
size_t zc_vulkan_list(zc_device_info *out, size_t capacity);
/* The validation layer's messages so far, or -1 when it is off; their first texts, one per line, in `out`. */
int64_t zc_vulkan_validation(char *out, size_t size);

/* ---- zc_vulkan_buffer.c ---- */

zc_status zc_vulkan_import(void *self, void *address, uint64_t size, bool read_only, void **buffer,
                           void **device_address, zc_error *error);
zc_status zc_vulkan_local(void *self, uint64_t size, void **buffer, zc_error *error);
void zc_vulkan_buffer_release(void *self, void *buffer);
/* Make the buffers that the device has from the start, or at its first copy. */
zc_status zc_vulkan_empty_init(zc_vulkan_device *device, zc_error *error);
zc_status zc_vulkan_staging_init(zc_vulkan_device *device, uint64_t size, zc_error *error);
/* The workspace for so many bytes, which is always the same one, and stays as long as the device. At most the device's
 * largest allocation. */
zc_status zc_vulkan_workspace(zc_vulkan_device *device, bool cut, uint64_t size, VkBuffer *out, zc_error *error);
void zc_vulkan_buffer_destroy(zc_vulkan_device *device, zc_vulkan_buffer *buffer);

/* ---- zc_vulkan_pipeline.c ---- */

zc_status zc_vulkan_pipelines_init(zc_vulkan_device *device, zc_error *error);
void zc_vulkan_pipelines_destroy(zc_vulkan_device *device);
/* The pipeline that a stage of a command needs. */
zc_status zc_vulkan_pipeline(zc_vulkan_device *device, const zc_kernel *kernel, const zc_kernel_stage *stage,
                             VkPipeline *out, zc_error *error);
/* Buffers that a kernel's shader has. */
static inline unsigned zc_vulkan_binding_count(const zc_kernel *kernel)
{
    return kernel->binding_count + (kernel->traits & (ZC_TRAIT_STAGES | ZC_TRAIT_MATRIX) ? 1 : 0);
}
zc_status zc_vulkan_compile(void *self, const zc_kernel_source *source, void **out, zc_error *error);
void zc_vulkan_compiled_release(void *self, void *compiled);

/* ---- zc_vulkan_slot.c ---- */

/* An idle slot of this list, or NULL. */
zc_vulkan_slot *zc_vulkan_slot_take(zc_vulkan_device *device, zc_vulkan_slot **list);
/* Back to its home. */
void zc_vulkan_slot_release(zc_vulkan_device *device, zc_vulkan_slot *slot);
/* A slot of the device's whose command buffer is being recorded, the first barrier in it; or an error. `once`: it will
 * be submitted once only. */
zc_status zc_vulkan_slot_begin(zc_vulkan_device *device, bool timed, bool once, zc_vulkan_slot **out, zc_error *error);
void zc_vulkan_slot_barrier(zc_vulkan_device *device, zc_vulkan_slot *slot, VkPipelineStageFlags from,
                            VkAccessFlags writes, VkPipelineStageFlags to, VkAccessFlags accesses);
/* A descriptor set for `count` bindings, the slot's until it is recorded anew. */
VkResult zc_vulkan_slot_descriptors(zc_vulkan_device *device, zc_vulkan_slot *slot, unsigned count,
                                    VkDescriptorSet *out);
zc_status zc_vulkan_slot_end(zc_vulkan_device *device, zc_vulkan_slot *slot, zc_error *error);
void zc_vulkan_slots_destroy(zc_vulkan_device *device);

/* ---- zc_vulkan_record.c ---- */

/* A slot with these commands, ready to be submitted, and in it the part of the only one that is to run. */
zc_status zc_vulkan_record(zc_vulkan_device *device, const zc_device_command *commands, size_t count,
                           const zc_device_part *part, bool timed, bool once, zc_vulkan_slot **out, zc_error *error);

/* ---- zc_vulkan_sequence.c ---- */

typedef struct zc_vulkan_prepared zc_vulkan_prepared;

zc_status zc_vulkan_prepare(void *self, const zc_device_command *commands, size_t count, void **out, zc_error *error);
void zc_vulkan_prepared_release(void *self, void *prepared);
/* A slot with the recording, ready to be submitted. */
zc_status zc_vulkan_prepared_take(zc_vulkan_device *device, zc_vulkan_prepared *prepared, zc_vulkan_slot **out,
                                  zc_error *error);

/* ---- zc_vulkan_queue.c ---- */

zc_status zc_vulkan_run(void *self, const zc_device_command *command, zc_error *error);
zc_status zc_vulkan_submit(void *self, zc_device_piece *work, zc_error *error);
zc_status zc_vulkan_submit_and_wait(void *self, zc_device_piece *work, zc_pause_function pause, void *context,
                                    bool *submitted, zc_error *error);
bool zc_vulkan_busy(void *self);
/* Submit the slot; wait for what was submitted so, on this thread. The slot stays the caller's. */
zc_status zc_vulkan_slot_start(zc_vulkan_device *device, zc_vulkan_slot *slot, zc_error *error);
zc_status zc_vulkan_slot_wait(zc_vulkan_device *device, zc_vulkan_slot *slot, zc_error *error);
/* End the queue's thread, then call `ended`: before this returns, or on that thread after it, where this is called on
 * that thread. */
void zc_vulkan_queue_close(zc_vulkan_device *device, void (*ended)(zc_vulkan_device *));

/* ---- zc_vulkan_copy.c ---- */

zc_status zc_vulkan_copy(void *self, void *buffer, uint64_t offset, void *host, uint64_t size, bool to_device,
                         zc_error *error);
zc_status zc_vulkan_move(void *self, void *from, uint64_t from_offset, void *to, uint64_t to_offset, uint64_t size,
                         zc_error *error);

#endif
