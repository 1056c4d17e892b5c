/* zc_device_metal: the metal device, from open to close: kernels in MSL over regions that newBufferWithBytesNoCopy
 * wraps; see zc_metal.h.
 *
 * Ownership: open makes a zc_metal_device with its queue, fence and threads; pipelines are made at first use and kept.
 * Threads: any; close is called last, also on a thread of Metal's. Does not know regions, guests or Python.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/zc_alloc.h"
#include "base/zc_fork.h"
#include "device/metal/zc_metal.h"

/* Kernels count elements in 32 bits; half of that leaves their steps past the end room. */
#define MAX_BINDING (UINT64_C(4) << 31)

static void describe_device(id<MTLDevice> device, zc_device_info *info)
{
    const char *name = [[device name] UTF8String];
    (void)snprintf(info->name, sizeof info->name, "%s", name ? name : "Metal device");
    info->unified_memory = [device hasUnifiedMemory];
    /* What virtual machines have in place of a GPU, hosted CI runners among them: slow, and often wrong. */
    info->software = strstr(info->name, "Paravirtual") != NULL;
    info->type = info->software ? "virtual" : info->unified_memory ? "integrated" : "discrete";
    info->max_region = [device maxBufferLength];
    info->max_buffer = info->max_region < MAX_BINDING ? info->max_region : MAX_BINDING;
    info->memory = [device recommendedMaxWorkingSetSize];
    info->max_workgroup = (uint32_t)[device maxThreadsPerThreadgroup].width;
    info->max_shared_memory = (uint32_t)[device maxThreadgroupMemoryLength];
}

/* The default device needs CoreGraphics in the process, and linkers that strip libraries nobody uses drop it. */
extern uint32_t CGMainDisplayID(void);
__attribute__((used)) static uint32_t (*const keep_core_graphics)(void) = CGMainDisplayID;

/* Memory shared with the host counts most, then a place that cannot be unplugged. */
static unsigned rank(id<MTLDevice> device)
{
    return ([device hasUnifiedMemory] ? 2u : 0u) + ([device isRemovable] ? 0u : 1u);
}

/* The device to use, retained, or nil. There is no default one where a process has no display: in some sessions over the
 * network, sandboxes and virtual machines. Then it is the best of all. */
static id<MTLDevice> find_device(void)
{
    id<MTLDevice> best = MTLCreateSystemDefaultDevice();
    if (best) {
        return best;
    }
    NSArray *all = MTLCopyAllDevices();
    for (NSUInteger i = 0; i < [all count]; i++) {
        id<MTLDevice> each = [all objectAtIndex:i];
        best = !best || rank(each) > rank(best) ? each : best;
    }
    [best retain];
    [all release];
    return best;
}

static void destroy(zc_metal_device *self)
{
    @autoreleasepool {
        zc_metal_residency_destroy(self);
        zc_metal_pipelines_destroy(self);
        zc_metal_workspaces_destroy(self);
        [self->fence release];
        [self->queue release];
        [self->device release];
    }
    pthread_cond_destroy(&self->watch_changed);
    pthread_mutex_destroy(&self->watch_lock);
    pthread_mutex_destroy(&self->compile_lock);
    pthread_mutex_destroy(&self->resident_lock);
    pthread_mutex_destroy(&self->lock);
    zc_free(self);
}

/* A device without anything in it but its locks, held once. NULL: no memory. */
static zc_metal_device *new_device(void)
{
    zc_metal_device *self = zc_calloc(1, sizeof *self);
    if (self) {
        zc_clock_init_condition(&self->watch_changed);
        pthread_mutex_init(&self->watch_lock, NULL);
        pthread_mutex_init(&self->compile_lock, NULL);
        pthread_mutex_init(&self->resident_lock, NULL);
        pthread_mutex_init(&self->lock, NULL);
        atomic_init(&self->unfinished, 0);
        atomic_init(&self->holders, 1);
        self->end = destroy;
        atomic_init(&self->lost, false);
        atomic_init(&self->used, 0);
    }
    return self;
}

/* A kernel with SIMD-group functions shows whether this GPU can run the shaders, and how wide: of the ways of `sum` the
 * one that cannot do without them. */
static zc_status make_first_pipeline(zc_metal_device *self, zc_error *error)
{
    const zc_kernel_stage stage = {.variant = ZC_ROWS_SUBGROUP_WAY};
    return zc_metal_pipeline_ready(self, zc_kernel_get(ZC_KERNEL_sum), &stage, error);
}

/* Whether SIMD groups multiply matrices here as the shaders for it want: on Apple's GPUs from M1 on, with macOS 14. A
 * pipeline is tried, for without them everything works, too. */
static zc_status find_matrix_units(zc_metal_device *self, zc_device_info *info, zc_error *error)
{
    const char *wish = getenv("ZCWASM_METAL_MATRIX");
    const zc_kernel *kernel = zc_kernel_get(ZC_KERNEL_linear);
    zc_linear_params params = {
        .type = ZC_WEIGHT_F16, .rows = ZC_LINEAR_MATRIX_ROWS, .n = 1, .k = 1, .ldx = 1, .ldy = 1};
    zc_error problem = {.message = ""};
    zc_kernel_plan plan;
    zc_gpu gpu = info->gpu;
    if ((wish && strcmp(wish, "0") == 0) || info->software || info->subgroup_width != 32 ||
        ![self->device supportsFamily:MTLGPUFamilyApple7] ||
        ![self->device respondsToSelector:@selector(architecture)]) {
        return ZC_OK;
    }
    gpu.matrix_units = 8;
    zc_kernel_plan_make(kernel, &params, &gpu, &plan);
    zc_status status = zc_metal_pipeline_ready(self, kernel, &plan.stages[plan.count - 1], &problem);
    if (status == ZC_OK) {
        info->gpu = gpu;
    } else if (wish && strcmp(wish, "1") == 0) {
        *error = problem;
        return status;
    }
    return ZC_OK;
}

/* All GPUs of Apple's in Macs are of this family, and have all that the shaders need. Those of other vendors are refused
 * unless the environment asks for them: nobody has tried them, and each kernel's pipeline, made at its first use, may
 * fail. In a virtual machine a compiler that accepts SIMD-group functions may still make no pipeline of them. So there, and
 * with what was asked for, one is tried here, and not when somebody relies on the device. */
static bool runs_shaders(id<MTLDevice> device, zc_device_info *info)
{
    zc_error error = {.message = "there is no memory"};
    const char *others = getenv("ZCWASM_METAL_OTHER_GPUS");
    if (!info->software && [device supportsFamily:MTLGPUFamilyApple7]) {
        return true;
    }
    if (!info->software && !(others && strcmp(others, "1") == 0)) {
        (void)snprintf(info->reason, sizeof info->reason,
                       "%.60s is not a GPU of Apple's, and others are not supported "
                       "(ZCWASM_METAL_OTHER_GPUS=1 tries it)",
                       info->name);
        return false;
    }
    zc_metal_device *trial = new_device();
    zc_status status = ZC_NO_MEMORY;
    if (trial) {
        trial->device = [device retain];
        status = make_first_pipeline(trial, &error);
        zc_metal_drop(trial);
    }
    if (status != ZC_OK) {
        (void)snprintf(info->reason, sizeof info->reason, "%.80s: %.*s", info->name, (int)(sizeof info->reason / 2),
                       error.message);
    }
    return status == ZC_OK;
}

static void metal_probe(zc_device_info *info)
{
    if (zc_fork_count() > 0) { /* its services and Objective-C's runtime are not there: it crashes or hangs */
        (void)snprintf(info->reason, sizeof info->reason,
                       "Metal does not work in the child of a fork: start processes with spawn");
        return;
    }
    @autoreleasepool {
        id<MTLDevice> device = find_device();
        if (device) {
            describe_device(device, info);
        }
        if (!device) {
            (void)snprintf(info->reason, sizeof info->reason, "Metal finds no GPU for this process");
        } else if (!zc_metal_shares_memory(device)) {
            (void)snprintf(info->reason, sizeof info->reason, "%.80s makes no buffer of memory without copying it",
                           info->name);
        } else {
            info->available = runs_shaders(device, info);
            info->subgroup_width = 32; /* of all of Apple's GPUs; open asks a pipeline */
        }
        [device release];
    }
}

/* ---- the threads ---- */

/* They do what nobody waits for: one sees when the GPU does nothing any more, one keeps memory resident. These are two
 * because a request for memory may take as long as the driver likes, and longest when the GPU hangs. They sleep while
 * there is nothing to do, and are woken by work that comes after a pause or names a buffer for the first time, and by
 * buffers to let go of. The device may be closed on the first, by what it reports as lost. */
static void *watch(void *argument)
{
    zc_metal_watcher *watcher = argument;
    zc_metal_device *self = watcher->device;
    pthread_mutex_lock(&self->watch_lock);
    while (!self->watch_stop) {
        watcher->wake = false;
        pthread_mutex_unlock(&self->watch_lock);
        int64_t until;
        @autoreleasepool {
            until = watcher->look(self);
        }
        pthread_mutex_lock(&self->watch_lock);
        while (!self->watch_stop && !watcher->wake && zc_clock_ns() < until) {
            zc_clock_wait_until(&self->watch_changed, &self->watch_lock, until);
        }
    }
    pthread_mutex_unlock(&self->watch_lock);
    zc_metal_drop(self);
    return NULL;
}

static zc_status start_thread(zc_metal_device *self, zc_metal_watcher *watcher, int64_t (*look)(zc_metal_device *self),
                              zc_error *error)
{
    pthread_t thread;
    watcher->device = self;
    watcher->look = look;
    zc_metal_hold(self);
    zc_status status = zc_device_start_thread(&thread, watch, watcher, error);
    if (status == ZC_OK) {
        (void)pthread_detach(thread); /* it lets go of the device by itself */
    } else {
        zc_metal_drop(self);
    }
    return status;
}

static void watch_stop(zc_metal_device *self)
{
    pthread_mutex_lock(&self->watch_lock);
    self->watch_stop = true;
    pthread_cond_broadcast(&self->watch_changed);
    pthread_mutex_unlock(&self->watch_lock);
}

static zc_status watch_start(zc_metal_device *self, zc_error *error)
{
    zc_status status = start_thread(self, &self->watchers[0], zc_metal_look, error);
    if (status == ZC_OK && self->residency) {
        status = start_thread(self, &self->watchers[1], zc_metal_resident_beat_macos15, error);
        if (status != ZC_OK) {
            watch_stop(self);
        }
    }
    return status;
}

/* ---- open and close ---- */

static void metal_close(void *device)
{
    watch_stop(device);
    zc_metal_drop(device);
}

/* All but the thread. */
static zc_status prepare(zc_metal_device *self, zc_device_info *info, zc_error *error)
{
    const char *capture = getenv("ZCWASM_METAL_CAPTURE");
    self->capture = capture && capture[0] ? capture : NULL;
    self->device = find_device();
    if (!self->device) {
        return zc_fail(error, ZC_DEVICE, "metal: cannot make a device");
    }
    zc_status status = zc_metal_queue_init(self, error);
    if (status != ZC_OK) {
        return status;
    }
    describe_device(self->device, info);
    self->resident_limit = info->memory;
    if ([self->device respondsToSelector:@selector(newResidencySetWithDescriptor:error:)]) {
        zc_metal_make_residency_macos15(self);
    }
    status = make_first_pipeline(self, error);
    if (status == ZC_OK) {
        info->subgroup_width = (uint32_t)[self->pipelines[ZC_KERNEL_sum][ZC_ROWS_SUBGROUP_WAY] threadExecutionWidth];
        info->gpu.subgroup_width = info->subgroup_width;
        info->gpu.lane_sums = info->subgroup_width == 32; /* Apple's GPUs */
        status = find_matrix_units(self, info, error);
        self->gpu = info->gpu;
    }
    return status;
}

static zc_status metal_open(const zc_device_options *options, zc_device_info *info, void **out, zc_error *error)
{
    (void)options; /* threads are the cpu's */
    zc_metal_device *self = new_device();
    zc_status status;
    if (!self) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate the metal device");
    }
    @autoreleasepool {
        status = prepare(self, info, error);
    }
    if (status == ZC_OK) {
        status = watch_start(self, error);
    }
    if (status != ZC_OK) {
        zc_metal_drop(self);
        return status;
    }
    *out = self;
    return ZC_OK;
}

const zc_device_backend zc_device_metal = {
    .kind = "metal",
    .probe = metal_probe,
    .open = metal_open,
    .close = metal_close,
    .buffer_from_host = zc_metal_import,
    .buffer_release = zc_metal_buffer_release,
    .share = zc_metal_share,
    .share_release = zc_metal_share_release,
    .compile = zc_metal_compile,
    .compiled_release = zc_metal_compiled_release,
    .busy = zc_metal_busy,
    .submit = zc_metal_submit,
    .watched = true,
    .lost = zc_metal_lost,
    .not_in_child = true,
};
