/* zc_device_metal: the metal device: kernels in MSL over regions that newBufferWithBytesNoCopy wraps.
 *
 * A buffer is the region's own pages: no copy, one pointer, checked each time it is made. All buffers are
 * untracked, because Metal tracks hazards per resource and with one big buffer every dispatch would wait for
 * every other. So the order is made here: a work is one command buffer with one concurrent compute encoder;
 * within it there is a barrier where a command asks for one; and a fence, which each encoder waits for and
 * then updates, orders the command buffers. Nothing polls: a completion handler reports each work.
 *
 * Ownership: the device owns queue, fence, pipelines and residency set; a metal_buffer holds its MTLBuffer,
 * never the memory under it, which its caller keeps until the release. Command buffers retain what they use.
 * Works beyond MAX_IN_FLIGHT wait in a list here, since a queue that is full blocks whoever asks it for more.
 *
 * Threads: any; `lock` guards the queue and the residency set, `compile_lock` the pipelines. Completion
 * handlers run on Metal's threads and close the device when theirs was the last work. Every entry has an
 * autorelease pool of its own, for Python's threads have none. Manual retain and release.
 *
 * Environment: ZCWASM_METAL_CAPTURE=FILE.gputrace writes the first work of each device to that file, for
 * Xcode; the system demands MTL_CAPTURE_ENABLED=1 beside it. Does not know regions, guests or Python.
 */
#import <Foundation/Foundation.h>
#import <Metal/Metal.h>
#include <objc/runtime.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/zc_alloc.h"
#include "device/zc_device_backend.h"
#include "device/metal/zc_msl.h"
#include "kernel/zc_kernel_tiles.h"
#include "kernel/zc_shaders.h"

/* A queue holds 64 command buffers and blocks at the next. */
#define MAX_IN_FLIGHT 48u
/* Kernels count elements in 32 bits; half of that leaves their steps past the end room. */
#define MAX_BINDING (UINT64_C(4) << 31)
/* Enough for every kind of GPU and address space; what is left of an offset goes to the kernel. */
#define OFFSET_ALIGNMENT 256u

typedef unsigned long long ull;

typedef struct metal_device {
    id<MTLDevice> device;
    id<MTLCommandQueue> queue;
    id<MTLFence> fence; /* updated by the newest encoder */

    pthread_mutex_t compile_lock;
    id<MTLLibrary> libraries[ZC_KERNEL_COUNT]; /* of specialized kernels that were used */
    /* nil until first use, then constant */
    id<MTLComputePipelineState> pipelines[ZC_KERNEL_COUNT][ZC_KERNEL_VARIANTS];

    pthread_mutex_t lock;
    unsigned in_flight;
    zc_device_piece *head, *tail; /* not encoded yet */
    _Atomic uint64_t unfinished; /* works submitted and not done */
    const char *capture;         /* where the next work's trace goes, or NULL */
    id residency;                /* id<MTLResidencySet>, nil before macOS 15 */
    uint64_t resident;           /* bytes in it */
} metal_device;

typedef struct metal_kernel { /* that a user compiled */
    id<MTLComputePipelineState> pipeline;
    uint32_t threads[3]; /* of a threadgroup */
} metal_kernel;

typedef struct metal_buffer {
    id<MTLBuffer> buffer;
    uint64_t size;
    bool resident;
} metal_buffer;

static NSString *string(const char *text)
{
    NSString *result = [NSString stringWithUTF8String:text];
    return result ? result : [NSString stringWithUTF8String:"?"];
}

/* "domain code: text" of an NSError that may be nil. */
static void describe(NSError *error, char *out, size_t size)
{
    const char *domain = error ? [[error domain] UTF8String] : NULL;
    const char *text = error ? zc_msl_first_error([[error localizedDescription] UTF8String], size) : NULL;
    if (error) {
        (void)snprintf(out, size, "%s %ld: %s", domain ? domain : "?", (long)[error code], text ? text : "?");
    } else {
        (void)snprintf(out, size, "Metal did not say why");
    }
}

/* ---- pipelines ---- */

/* The text may be a user's, in any version of the language that this system knows. */
static id<MTLLibrary> new_library(metal_device *self, const char *name, const char *msl, size_t size, bool of_user,
                                  zc_error *error)
{
    char why[sizeof error->message];
    NSError *problem = nil;
    NSString *source = [[NSString alloc] initWithBytes:msl length:size encoding:NSUTF8StringEncoding];
    MTLCompileOptions *options = [[MTLCompileOptions alloc] init];
    /* Fast math may assume that there is no NaN and reorder sums: results would not be what is promised. */
    [options setFastMathEnabled:NO];
    if (!of_user) {
        [options setLanguageVersion:MTLLanguageVersion2_3];
    }
    id<MTLLibrary> library = source ? [self->device newLibraryWithSource:source options:options error:&problem] : nil;
    [options release];
    [source release];
    if (!source) {
        (void)zc_fail(error, ZC_BAD_VALUE, "metal: the MSL of kernel %s is not UTF-8", name);
    } else if (!library) {
        describe(problem, why, sizeof why);
        (void)zc_fail(error, of_user ? ZC_BAD_VALUE : ZC_DEVICE, "metal: kernel %s does not compile: %s", name, why);
    }
    return library;
}

/* The kernel's function, of a specialized one with the variant as function constant 0. */
static id<MTLFunction> new_function(id<MTLLibrary> library, const zc_kernel *kernel, uint32_t variant, zc_error *error)
{
    char why[sizeof error->message], entry[64], name[96];
    NSError *problem = nil;
    id<MTLFunction> function;
    (void)snprintf(entry, sizeof entry, "zc_%s", kernel->name);
    if (kernel->traits & ZC_TRAIT_VARIANTS) {
        MTLFunctionConstantValues *values = [[MTLFunctionConstantValues alloc] init];
        [values setConstantValue:&variant type:MTLDataTypeUInt atIndex:0];
        function = [library newFunctionWithName:string(entry) constantValues:values error:&problem];
        [values release];
    } else {
        function = [library newFunctionWithName:string(entry)];
    }
    if (!function && problem) {
        zc_msl_name(kernel, variant, name, sizeof name);
        describe(problem, why, sizeof why);
        (void)zc_fail(error, ZC_DEVICE, "metal: kernel %s cannot be specialized: %s", name, why);
    } else if (!function) {
        (void)zc_fail(error, ZC_DEVICE, "metal: the shader of kernel %s has no function %s", kernel->name, entry);
    }
    return function;
}

static zc_status check_pipeline(metal_device *self, id<MTLComputePipelineState> pipeline, const char *name,
                                uint64_t threads, zc_error *error)
{
    zc_msl_pipeline made = {.max_threads = [pipeline maxTotalThreadsPerThreadgroup],
                            .width = [pipeline threadExecutionWidth],
                            .memory = [pipeline staticThreadgroupMemoryLength],
                            .memory_limit = [self->device maxThreadgroupMemoryLength]};
    return zc_msl_check_pipeline(name, threads, &made, error);
}

static zc_status compile(metal_device *self, const zc_kernel *kernel, uint32_t variant, zc_error *error)
{
    const zc_shader *shader = zc_shader_find(kernel->name);
    char why[sizeof error->message], name[96];
    NSError *problem = nil;
    if (!shader) {
        return zc_fail(error, ZC_DEVICE, "metal: this build has no shader of kernel %s", kernel->name);
    }
    zc_msl_name(kernel, variant, name, sizeof name);
    id<MTLLibrary> *library = &self->libraries[kernel->id];
    if (!*library && !(*library = new_library(self, kernel->name, shader->msl, shader->msl_size, false, error))) {
        return ZC_DEVICE;
    }
    id<MTLFunction> function = new_function(*library, kernel, variant, error);
    if (!function) {
        return ZC_DEVICE;
    }
    id<MTLComputePipelineState> pipeline = [self->device newComputePipelineStateWithFunction:function error:&problem];
    [function release];
    if (!pipeline) {
        describe(problem, why, sizeof why);
        return zc_fail(error, ZC_DEVICE, "metal: kernel %s makes no pipeline: %s", name, why);
    }
    zc_status status = check_pipeline(self, pipeline, name, kernel->workgroup_size, error);
    if (status != ZC_OK) {
        [pipeline release];
        return status;
    }
    self->pipelines[kernel->id][variant] = pipeline;
    if (!(kernel->traits & ZC_TRAIT_VARIANTS)) { /* else kept for the other variants */
        [*library release];
        *library = nil;
    }
    return ZC_OK;
}

/* Make the pipeline of this variant of the kernel if it is not there; it stays until the device is closed. */
static zc_status prepare(metal_device *self, const zc_kernel *kernel, uint32_t variant, zc_error *error)
{
    zc_status status = ZC_OK;
    if ((unsigned)kernel->id >= ZC_KERNEL_COUNT || variant >= ZC_KERNEL_VARIANTS) {
        return zc_fail(error, ZC_DEVICE, "metal: kernel %s is not one of this device", kernel->name);
    }
    pthread_mutex_lock(&self->compile_lock);
    if (!self->pipelines[kernel->id][variant]) {
        status = compile(self, kernel, variant, error);
    }
    pthread_mutex_unlock(&self->compile_lock);
    return status;
}

/* ---- kernels that the user compiles ---- */

/* bindings takes the place of arguments from macOS 13 on, with the same names for what is read of them here. */
static NSArray *bindings_macos13(MTLComputePipelineReflection *reflection)
{
    return [reflection bindings];
}

/* The function named, or the only kernel there is. */
static id<MTLFunction> find_kernel(id<MTLLibrary> library, const zc_kernel_source *source, zc_error *error)
{
    NSArray *names = [library functionNames];
    const char *wanted = zc_msl_entry(source);
    id<MTLFunction> found = nil;
    unsigned kernels = 0;
    for (NSUInteger i = 0; i < [names count]; i++) {
        NSString *name = [names objectAtIndex:i];
        if (wanted && strcmp([name UTF8String], wanted) != 0) {
            continue;
        }
        id<MTLFunction> function = [library newFunctionWithName:name];
        if ([function functionType] != MTLFunctionTypeKernel) {
            [function release];
            continue;
        }
        [found release];
        found = function;
        kernels++;
    }
    if (kernels != 1) {
        [found release];
        found = nil;
        (void)zc_msl_not_one(source, kernels, error);
    }
    return found;
}

static zc_status check_arguments(MTLComputePipelineReflection *reflection, const zc_kernel_source *source,
                                 zc_error *error)
{
    NSArray *arguments;
    uint32_t seen = 0;
    if ([reflection respondsToSelector:@selector(bindings)]) {
        arguments = bindings_macos13(reflection);
    } else {
        arguments = [reflection arguments];
    }
    for (NSUInteger i = 0; i < [arguments count]; i++) {
        MTLArgument *argument = [arguments objectAtIndex:i];
        MTLArgumentType type = [argument type];
        zc_msl_argument each = {.name = [[argument name] UTF8String],
                                .kind = type == MTLArgumentTypeBuffer              ? ZC_MSL_BUFFER
                                        : type == MTLArgumentTypeThreadgroupMemory ? ZC_MSL_THREADGROUP
                                                                                   : ZC_MSL_OTHER,
                                .number = [argument index],
                                .writes = [argument access] != MTLArgumentAccessReadOnly,
                                .size = type == MTLArgumentTypeBuffer ? [argument bufferDataSize] : 0};
        zc_status status = zc_msl_check_argument(source, &each, &seen, error);
        if (status != ZC_OK) {
            return status;
        }
    }
    return zc_msl_check_seen(source, seen, error);
}

static zc_status build(metal_device *self, const zc_kernel_source *source, metal_kernel *kernel, zc_error *error)
{
    char why[sizeof error->message];
    NSError *problem = nil;
    MTLComputePipelineReflection *reflection = nil;
    zc_status status = ZC_BAD_VALUE;
    id<MTLLibrary> library = new_library(self, source->name, source->msl, source->msl_size, true, error);
    id<MTLFunction> function = library ? find_kernel(library, source, error) : nil;
    [library release];
    if (function) {
        kernel->pipeline = [self->device
            newComputePipelineStateWithFunction:function
                                        options:MTLPipelineOptionArgumentInfo | MTLPipelineOptionBufferTypeInfo
                                     reflection:&reflection
                                          error:&problem];
        if (kernel->pipeline) {
            status = check_arguments(reflection, source, error);
        } else {
            describe(problem, why, sizeof why);
            status = zc_fail(error, ZC_DEVICE, "metal: kernel %s makes no pipeline: %s", source->name, why);
        }
    }
    [function release];
    if (status == ZC_OK) {
        uint64_t threads = (uint64_t)kernel->threads[0] * kernel->threads[1] * kernel->threads[2];
        status = check_pipeline(self, kernel->pipeline, source->name, threads, error);
    }
    if (status != ZC_OK) {
        [kernel->pipeline release];
    }
    return status;
}

static zc_status metal_compile(void *device, const zc_kernel_source *source, void **out, zc_error *error)
{
    metal_device *self = device;
    zc_status status;
    metal_kernel *kernel = zc_calloc(1, sizeof *kernel);
    if (!kernel) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate kernel %s", source->name);
    }
    memcpy(kernel->threads, source->workgroup, sizeof kernel->threads);
    @autoreleasepool {
        MTLSize most = [self->device maxThreadsPerThreadgroup];
        status = zc_msl_check_source(source, (uint64_t[3]){most.width, most.height, most.depth}, error);
        if (status == ZC_OK) {
            status = build(self, source, kernel, error);
        }
    }
    if (status != ZC_OK) {
        zc_free(kernel);
        return status;
    }
    *out = kernel;
    return ZC_OK;
}

static void metal_compiled_release(void *device, void *compiled)
{
    (void)device;
    metal_kernel *kernel = compiled;
    @autoreleasepool {
        [kernel->pipeline release];
    }
    zc_free(kernel);
}

/* ---- residency: keeps idle buffers from being unwired; functions named _macos15 run only there ---- */

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunguarded-availability-new"

static void make_residency_macos15(metal_device *self)
{
    /* The class is looked up by name, so that nothing links to it on older systems. */
    Class descriptor_class = objc_getClass("MTLResidencySetDescriptor");
    NSError *problem = nil;
    if (!descriptor_class) {
        return;
    }
    MTLResidencySetDescriptor *descriptor = [[descriptor_class alloc] init];
    id<MTLResidencySet> set = [self->device newResidencySetWithDescriptor:descriptor error:&problem];
    [descriptor release];
    if (set) { /* without it everything works, with pauses after idle time */
        [self->queue addResidencySet:set];
        self->residency = set;
    }
}

/* With the lock held. */
static void add_resident_macos15(metal_device *self, metal_buffer *buffer)
{
    id<MTLResidencySet> set = self->residency;
    uint64_t limit = [self->device recommendedMaxWorkingSetSize];
    if (buffer->size > limit || self->resident > limit - buffer->size) {
        return; /* more than the system wants wired: it pages this buffer as it sees fit */
    }
    [set addAllocation:buffer->buffer];
    [set commit];
    [set requestResidency];
    self->resident += buffer->size;
    buffer->resident = true;
}

/* With the lock held. */
static void remove_resident_macos15(metal_device *self, const metal_buffer *buffer)
{
    id<MTLResidencySet> set = self->residency;
    [set removeAllocation:buffer->buffer];
    [set commit];
    self->resident -= buffer->size;
}

#pragma clang diagnostic pop

/* ---- buffers ---- */

static id<MTLBuffer> wrap(id<MTLDevice> device, void *address, uint64_t size)
{
    return [device newBufferWithBytesNoCopy:address
                                     length:(NSUInteger)size
                                    options:MTLResourceStorageModeShared | MTLResourceHazardTrackingModeUntracked
                                deallocator:nil];
}

/* Whether a page of ours can be a buffer: not on the GPUs of some virtual machines, hosted CI runners among
 * them, and then nothing here can work. */
static bool shares_memory(id<MTLDevice> device)
{
    size_t size = ZC_REGION_ALIGNMENT;
    uint8_t *mapped = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    if (mapped == MAP_FAILED) {
        return true; /* whoever needs memory will say so */
    }
    uint8_t *page = mapped + (size - (uintptr_t)mapped % size) % size;
    id<MTLBuffer> buffer = wrap(device, page, size);
    bool shares = buffer && [buffer length] == size && [buffer contents] == page;
    [buffer release];
    (void)munmap(mapped, 2 * size);
    return shares;
}

static zc_status metal_buffer_from_host(void *device, void *address, uint64_t size, void **out, void **device_address,
                                        zc_error *error)
{
    metal_device *self = device;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    if (size == 0 || (uintptr_t)address % page || size % page) {
        return zc_fail(error, ZC_DEVICE, "metal: %llu bytes at %p are not whole pages of %llu bytes", (ull)size,
                       address, (ull)page);
    }
    @autoreleasepool {
        uint64_t limit = [self->device maxBufferLength];
        if (size > limit) {
            return zc_fail(error, ZC_DEVICE, "metal: a buffer of %llu bytes is asked for, this GPU takes at most %llu",
                           (ull)size, (ull)limit);
        }
        metal_buffer *buffer = zc_calloc(1, sizeof *buffer);
        if (!buffer) {
            return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a buffer's bookkeeping");
        }
        id<MTLBuffer> made = wrap(self->device, address, size);
        /* Misuse, or a virtual machine's GPU, gives nil or a buffer that is not these bytes. */
        zc_status status = ZC_OK;
        if (!made) {
            status = zc_fail(error, ZC_DEVICE, "metal: cannot make a buffer of %llu bytes at %p without copying",
                             (ull)size, address);
        } else if ([made length] != size) {
            status = zc_fail(error, ZC_DEVICE, "metal: a buffer over %llu bytes at %p has a length of %llu", (ull)size,
                             address, (ull)[made length]);
        } else if ([made contents] != address) {
            status = zc_fail(error, ZC_DEVICE, "metal: a buffer over %llu bytes at %p lies at %p: it is a copy",
                             (ull)size, address, [made contents]);
        }
        if (status != ZC_OK) {
            [made release];
            zc_free(buffer);
            return status;
        }
        buffer->buffer = made;
        buffer->size = size;
        pthread_mutex_lock(&self->lock);
        if (self->residency) {
            add_resident_macos15(self, buffer);
        }
        pthread_mutex_unlock(&self->lock);
        *out = buffer;
        *device_address = [made contents];
    }
    return ZC_OK;
}

static void metal_buffer_release(void *device, void *handle)
{
    metal_device *self = device;
    metal_buffer *buffer = handle;
    @autoreleasepool {
        if (buffer->resident) {
            pthread_mutex_lock(&self->lock);
            remove_resident_macos15(self, buffer);
            pthread_mutex_unlock(&self->lock);
        }
        [buffer->buffer release];
    }
    zc_free(buffer);
}

/* ---- encoding ---- */

/* The buffer of a binding that is not empty; NULL where all are, and so the dispatch can do nothing. */
static const metal_buffer *any_buffer(const zc_device_command *command)
{
    const metal_buffer *any = NULL;
    for (unsigned i = 0; i < command->kernel->binding_count && !any; i++) {
        any = command->bindings[i].length ? command->bindings[i].buffer : NULL;
    }
    return any;
}

static void encode_command(metal_device *self, id<MTLComputeCommandEncoder> encoder, const zc_device_command *command,
                           const zc_device_part *part, const metal_buffer *any, uint32_t groups[3])
{
    const zc_kernel *kernel = command->kernel;
    uint32_t push[ZC_KERNEL_PUSH_WORDS] = {0};
    const metal_kernel *own = kernel->compiled;
    [encoder setComputePipelineState:own ? own->pipeline
                                         : self->pipelines[kernel->id][zc_kernel_variant(kernel, command->params)]];
    for (unsigned i = 0; i < kernel->binding_count; i++) {
        const zc_device_binding *binding = &command->bindings[i];
        const metal_buffer *buffer = binding->buffer;
        uint64_t aligned = binding->offset - binding->offset % OFFSET_ALIGNMENT;
        if (!buffer || !binding->length) { /* never read, but an empty slot or one at the end is not allowed */
            buffer = any;
            aligned = 0;
        } else {
            push[i] = (uint32_t)(binding->offset - aligned) / 4;
        }
        [encoder setBuffer:buffer->buffer offset:(NSUInteger)aligned atIndex:i + 1];
    }
    uint32_t words = zc_device_push(command, part, groups, push);
    /* As long as the shader's struct is, whose alignment is that of uint4. */
    [encoder setBytes:push length:(words + 3) / 4 * 16 atIndex:0];
    [encoder dispatchThreadgroups:MTLSizeMake(groups[0], groups[1], groups[2])
            threadsPerThreadgroup:own ? MTLSizeMake(own->threads[0], own->threads[1], own->threads[2])
                                      : MTLSizeMake(kernel->workgroup_size, 1, 1)];
}

static void encode_commands(metal_device *self, id<MTLComputeCommandEncoder> encoder, const zc_device_piece *work)
{
    bool due = false, dispatched = false;
    for (size_t i = 0; i < work->count; i++) {
        const zc_device_command *command = &work->commands[i];
        uint32_t groups[3];
        due = due || command->barrier; /* later ones may rely on it even when this one has nothing to do */
        command->kernel->groups(command->params, groups);
        const metal_buffer *any = any_buffer(command);
        if (!groups[0] || !groups[1] || !groups[2] || !any) {
            continue;
        }
        if (due && dispatched) {
            [encoder memoryBarrierWithScope:MTLBarrierScopeBuffers];
        }
        due = false;
        dispatched = true;
        encode_command(self, encoder, command, &work->part, any, groups);
    }
}

/* ZC_DEVICE when a trace is wanted and cannot be made: silence would leave its reader waiting. */
static zc_status start_capture(metal_device *self, zc_error *error)
{
    MTLCaptureManager *manager = [MTLCaptureManager sharedCaptureManager];
    NSError *problem = nil;
    char why[sizeof error->message];
    if (![manager supportsDestination:MTLCaptureDestinationGPUTraceDocument]) {
        return zc_fail(error, ZC_DEVICE, "metal: cannot write the trace %s: MTL_CAPTURE_ENABLED=1 must be set",
                       self->capture);
    }
    MTLCaptureDescriptor *descriptor = [[[MTLCaptureDescriptor alloc] init] autorelease];
    [descriptor setCaptureObject:self->queue];
    [descriptor setDestination:MTLCaptureDestinationGPUTraceDocument];
    [descriptor setOutputURL:[NSURL fileURLWithPath:string(self->capture)]];
    if (![manager startCaptureWithDescriptor:descriptor error:&problem]) {
        describe(problem, why, sizeof why);
        return zc_fail(error, ZC_DEVICE, "metal: cannot write the trace %s: %s", self->capture, why);
    }
    return ZC_OK;
}

static void completed(metal_device *self, zc_device_piece *work, id<MTLCommandBuffer> commands);

/* Encode and commit; with the lock held. */
static zc_status start(metal_device *self, zc_device_piece *work, zc_error *error)
{
    char label[160];
    bool capturing = self->capture != NULL;
    if (capturing) {
        zc_status status = start_capture(self, error);
        self->capture = NULL;
        if (status != ZC_OK) {
            return status;
        }
    }
    zc_msl_label(work, label, sizeof label);
    /* Retained references: this work owns what it uses, whatever happens outside. */
    id<MTLCommandBuffer> commands = [self->queue commandBuffer];
    id<MTLComputeCommandEncoder> encoder = [commands computeCommandEncoderWithDispatchType:MTLDispatchTypeConcurrent];
    zc_status status = ZC_OK;
    if (!encoder) {
        status = zc_fail(error, ZC_DEVICE, "metal: cannot make a %s for %s",
                         commands ? "compute encoder" : "command buffer", label);
    } else {
        NSString *name = string(label);
        [commands setLabel:name];
        [encoder setLabel:name];
        if (self->in_flight) { /* else all earlier work is done */
            [encoder waitForFence:self->fence];
        }
        encode_commands(self, encoder, work);
        [encoder updateFence:self->fence];
        [encoder endEncoding];
        [commands addCompletedHandler:^(id<MTLCommandBuffer> done) {
          completed(self, work, done);
        }];
        self->in_flight++;
        [commands commit];
    }
    if (capturing) {
        [[MTLCaptureManager sharedCaptureManager] stopCapture];
    }
    return status;
}

/* ---- the queue ---- */

/* Start what may be started; with the lock held. */
static void pump(metal_device *self)
{
    while (self->head && self->in_flight < MAX_IN_FLIGHT) {
        zc_device_piece *work = self->head;
        zc_error error;
        self->head = work->next;
        if (!self->head) {
            self->tail = NULL;
        }
        zc_status status = start(self, work, &error);
        if (status != ZC_OK) {
            /* Whoever called holds another work of this device, so this is not the last. */
            atomic_fetch_sub_explicit(&self->unfinished, 1, memory_order_release);
            pthread_mutex_unlock(&self->lock);
            zc_device_piece_done(work, status, 0, &error);
            pthread_mutex_lock(&self->lock);
        }
    }
}

/* On a thread of Metal's, once for each committed work. */
static void completed(metal_device *self, zc_device_piece *work, id<MTLCommandBuffer> commands)
{
    zc_status status = ZC_OK;
    zc_error error;
    double seconds = 0;
    @autoreleasepool {
        MTLCommandBufferStatus state = [commands status];
        NSError *problem = [commands error];
        if (state != MTLCommandBufferStatusCompleted || problem) {
            char why[sizeof error.message / 2], label[160];
            zc_msl_label(work, label, sizeof label);
            describe(problem, why, sizeof why);
            status = zc_fail(&error, ZC_DEVICE, "metal: %s failed with status %llu: %s", label, (ull)state, why);
        } else {
            seconds = [commands GPUEndTime] - [commands GPUStartTime];
        }
        pthread_mutex_lock(&self->lock);
        self->in_flight--;
        pump(self);
        pthread_mutex_unlock(&self->lock);
        atomic_fetch_sub_explicit(&self->unfinished, 1, memory_order_release);
    }
    zc_device_piece_done(work, status, seconds > 0 ? seconds : 0, &error); /* may close the device */
}

static zc_status metal_submit(void *device, zc_device_piece *work, zc_error *error)
{
    metal_device *self = device;
    @autoreleasepool {
        /* Outside the lock, since compiling takes milliseconds; and a shader's error is the submitter's. */
        for (size_t i = 0; i < work->count; i++) {
            const zc_device_command *command = &work->commands[i];
            const metal_kernel *own = command->kernel->compiled;
            zc_status status =
                own ? zc_msl_check_grid(command, own->threads, error)
                    : prepare(self, command->kernel, zc_kernel_variant(command->kernel, command->params), error);
            if (status != ZC_OK) {
                return status;
            }
        }
        work->next = NULL;
        atomic_fetch_add_explicit(&self->unfinished, 1, memory_order_relaxed);
        pthread_mutex_lock(&self->lock);
        if (self->tail) {
            self->tail->next = work;
        } else {
            self->head = work;
        }
        self->tail = work;
        pump(self);
        pthread_mutex_unlock(&self->lock);
    }
    return ZC_OK;
}

static bool metal_busy(void *device)
{
    metal_device *self = device;
    return atomic_load_explicit(&self->unfinished, memory_order_acquire) != 0;
}

/* ---- the device ---- */

static void describe_device(id<MTLDevice> device, zc_device_info *info)
{
    const char *name = [[device name] UTF8String];
    (void)snprintf(info->name, sizeof info->name, "%s", name ? name : "Metal device");
    info->unified_memory = [device hasUnifiedMemory];
    info->type = info->unified_memory ? "integrated" : "discrete";
    info->max_region = [device maxBufferLength];
    info->max_buffer = info->max_region < MAX_BINDING ? info->max_region : MAX_BINDING;
    info->memory = [device recommendedMaxWorkingSetSize];
    info->max_workgroup = (uint32_t)[device maxThreadsPerThreadgroup].width;
    info->max_shared_memory = (uint32_t)[device maxThreadgroupMemoryLength];
}

static void metal_probe(zc_device_info *info)
{
    @autoreleasepool {
        id<MTLDevice> device = MTLCreateSystemDefaultDevice();
        if (!device) {
            (void)snprintf(info->reason, sizeof info->reason, "Metal finds no GPU for this process");
        } else if (!shares_memory(device)) {
            (void)snprintf(info->reason, sizeof info->reason, "%.80s makes no buffer of memory without copying it",
                           [[device name] UTF8String]);
        } else {
            describe_device(device, info);
            info->available = true;
            info->subgroup_width = 32; /* of all of Apple's GPUs; open asks a pipeline */
        }
        [device release];
    }
}

static void metal_close(void *device)
{
    metal_device *self = device;
    @autoreleasepool {
        for (unsigned i = 0; i < ZC_KERNEL_COUNT; i++) {
            for (unsigned variant = 0; variant < ZC_KERNEL_VARIANTS; variant++) {
                [self->pipelines[i][variant] release];
            }
            [self->libraries[i] release];
        }
        [self->residency release];
        [self->fence release];
        [self->queue release];
        [self->device release];
    }
    pthread_mutex_destroy(&self->compile_lock);
    pthread_mutex_destroy(&self->lock);
    zc_free(self);
}

static zc_status metal_open(const zc_device_options *options, zc_device_info *info, void **out, zc_error *error)
{
    (void)options; /* threads are the cpu's */
    metal_device *self = zc_calloc(1, sizeof *self);
    zc_status status = ZC_OK;
    if (!self) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate the metal device");
    }
    pthread_mutex_init(&self->compile_lock, NULL);
    pthread_mutex_init(&self->lock, NULL);
    atomic_init(&self->unfinished, 0);
    @autoreleasepool {
        const char *capture = getenv("ZCWASM_METAL_CAPTURE");
        self->capture = capture && capture[0] ? capture : NULL;
        self->device = MTLCreateSystemDefaultDevice();
        self->queue = [self->device newCommandQueue];
        self->fence = [self->device newFence];
        if (!self->device || !self->queue || !self->fence) {
            status = zc_fail(error, ZC_DEVICE, "metal: cannot make a %s",
                             !self->device  ? "device"
                             : !self->queue ? "command queue"
                                            : "fence");
        } else {
            describe_device(self->device, info);
            if ([self->device respondsToSelector:@selector(newResidencySetWithDescriptor:error:)]) {
                make_residency_macos15(self);
            }
            /* A kernel with SIMD-group functions shows whether this GPU can run the shaders, and how wide. */
            status = prepare(self, zc_kernel_get(ZC_KERNEL_sum), 0, error);
        }
        if (status == ZC_OK) {
            info->subgroup_width = (uint32_t)[self->pipelines[ZC_KERNEL_sum][0] threadExecutionWidth];
        }
    }
    if (status != ZC_OK) {
        metal_close(self);
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
    .buffer_from_host = metal_buffer_from_host,
    .buffer_release = metal_buffer_release,
    .compile = metal_compile,
    .compiled_release = metal_compiled_release,
    .busy = metal_busy,
    .submit = metal_submit,
};
