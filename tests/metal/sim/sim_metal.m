/* sim_metal: the simulated Metal classes and the thread that runs command buffers; see sim.h. */
#define _GNU_SOURCE
#import <Foundation/Foundation.h>
#import <Metal/Metal.h>
#include <Block.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../msl/library.h"
#include "sim.h"

#define BUFFERS 31 /* as in Metal */
#define PAGE 16384u /* of Apple Silicon */
#define CONSTANTS 16 /* of one library, at most */

/* ---- what the tests see and set ---- */

static struct {
    const char *name;
    _Atomic int64_t value;
} values[] = {
    {"width", 32},
    {"max_buffer_length", INT64_C(8) << 30},
    {"working_set", INT64_C(4) << 30},
    {"threadgroup_memory", 32768},
    {"max_threads", 1024},
    {"last_constant", -1},
    {"language", 1}, /* 0: what macOS 14 brought does not compile */
    {"virtual", 0}, /* 1: a virtual machine's; 2: one that is not Apple's. Neither promises anything */
    {"queue_length", 64},
    {"all_devices", 0},          /* how many there are where none is the default */
    {"residency_lapse_ms", 0},   /* so long after the last request the set is no longer resident; 0: never */
    {"request_blocks", 0},       /* while it is set requestResidency does not return */
    {"apart", 0},                /* 1: all of them have memory of their own */
    {"idle", 0},                 /* command buffers complete without running anything */
    {"groups_limit", 0},         /* threadgroups of a command buffer, above which the watchdog ends it; 0: none */
    {"fence_of_failed", 0},      /* a failed encoder does not update its fence: who waits for it 1: hangs for ever,
                                  * 2: is ended by the watchdog */
    {"errors_allowed", 0},       /* so many, and all that follows fails with code 4; 0: no limit */
    /* counted */
    {"buffers", 0},
    {"tracked_buffers", 0},
    {"command_buffers", 0},
    {"most_in_flight", 0},
    {"dispatches", 0},
    {"barriers", 0},
    {"fence_waits", 0},
    {"compiled", 0},
    {"specialized", 0},
    {"reflected_arguments", 0},
    {"captures", 0},
    {"captured", 0}, /* command buffers that were made and committed during a capture */
    {"resident", 0},
    {"requests", 0},
    {"hung", 0}, /* now */
    {"lapsed", 0}, /* command buffers that found the set no longer resident */
    {"dispatches_of_last", 0}, /* command buffer */
    {"errors", 0}, /* since a device was made */
    /* injected: how often yet */
    {"let_pass", 0}, /* so many uses of what is injected go well first */
    {"allocation", 0},
    {"mmap", 0},
    {"utf8", 0},
    {"silent", 0}, /* an error says neither where it comes from nor what it is */
    {"name", 0},
    {"device", 0},
    {"queue", 0},
    {"fence", 0},
    {"buffer_nil", 0},
    {"buffer_short", 0},
    {"buffer_moved", 0},
    {"compile", 0},
    {"function", 0},
    {"specialization", 0},
    {"pipeline", 0},
    {"command_buffer", 0},
    {"encoder", 0},
    {"status", 0},
    {"status_without_error", 0},
    {"error_without_status", 0},
    {"removed", 0},
    {"macos12", 0},
    {"macos13", 0},
    {"macos14", 0},
    {"residency", 0},
    {"no_capture", 0},
    {"capture_fails", 0},
    {"slow", 0},
    {"hang", 0},
    {"hang_ends", 0}, /* while it is set, those that hang come back after all, with an error */
};
static _Atomic long live;

static _Noreturn void misuse(const char *text)
{
    fprintf(stderr, "simulated Metal: misuse: %s\n", text);
    abort();
}

static _Atomic int64_t *value(const char *name)
{
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (strcmp(values[i].name, name) == 0) {
            return &values[i].value;
        }
    }
    return NULL;
}

static int64_t add(const char *name, int64_t by)
{
    return atomic_fetch_add(value(name), by) + by;
}

/* Metal does not work in the child of a fork: whoever calls it there may crash or hang. */
static pid_t home;

static __attribute__((constructor)) void remember_home(void)
{
    home = getpid();
}

void zc_sim_check_process(void)
{
    if (home && getpid() != home) {
        misuse("called in the child of a fork");
    }
}

/* Whether there was one left to take. */
static bool take(const char *name)
{
    _Atomic int64_t *left = value(name);
    int64_t now = atomic_load(left);
    while (now > 0) {
        if (atomic_compare_exchange_weak(left, &now, now - 1)) {
            return true;
        }
    }
    return false;
}

bool zc_sim_fails(const char *what)
{
    return atomic_load(value(what)) > 0 && !take("let_pass") && take(what);
}

long zc_sim_live(void)
{
    return atomic_load(&live);
}

void zc_sim_count_object(long by)
{
    atomic_fetch_add(&live, by);
}

void zc_sim_inject(const char *what, long times)
{
    zc_sim_set(what, times);
}

int64_t zc_sim_get(const char *name)
{
    return value(name) ? atomic_load(value(name)) : -1;
}

void zc_sim_set(const char *name, int64_t to)
{
    if (!value(name)) {
        misuse(name);
    }
    atomic_store(value(name), to);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* ---- resources ---- */

@interface SimBuffer : NSObject <MTLBuffer> {
  @public
    void *address;
    NSUInteger size;
    bool moved;
    int sets; /* residency sets that it is in, none of which retains it; under resident_lock */
}
@end
@implementation SimBuffer
- (void)dealloc
{
    if (sets) {
        misuse("a buffer was let go that is in a residency set");
    }
    [super dealloc];
}
- (NSUInteger)length
{
    return size;
}
- (void *)contents
{
    return moved ? (char *)address + PAGE : address;
}
@end

@interface SimFence : NSObject <MTLFence> {
  @public
    id updated_by; /* the command buffer that did it last; compared only */
    int64_t serial; /* of that */
}
@end
@implementation SimFence
@end

@implementation MTLResidencySetDescriptor
@end

#define MOST_RESIDENT 256
static pthread_mutex_t resident_lock = PTHREAD_MUTEX_INITIALIZER;
static SimBuffer *resident[MOST_RESIDENT]; /* of all sets, committed */
static unsigned resident_count;

@interface SimResidencySet : NSObject <MTLResidencySet> {
  @public
    SimBuffer *all[MOST_RESIDENT]; /* as it will be after the next commit */
    unsigned count, committed, removed;
    SimBuffer *gone[MOST_RESIDENT]; /* and still in it until then */
    double requested;
}
@end
@implementation SimResidencySet
- (void)addAllocation:(id<MTLAllocation>)allocation
{
    pthread_mutex_lock(&resident_lock);
    if (count == MOST_RESIDENT) {
        misuse("more in a residency set than the simulation keeps");
    }
    all[count++] = (SimBuffer *)allocation;
    ((SimBuffer *)allocation)->sets++;
    pthread_mutex_unlock(&resident_lock);
}
- (void)removeAllocation:(id<MTLAllocation>)allocation
{
    pthread_mutex_lock(&resident_lock);
    unsigned at = 0;
    while (at < count && all[at] != (SimBuffer *)allocation) {
        at++;
    }
    if (at == count) {
        misuse("removeAllocation of what is not in the set");
    }
    if (removed == MOST_RESIDENT) {
        misuse("more taken out of a residency set than the simulation keeps until it is committed");
    }
    gone[removed++] = all[at];
    all[at] = all[--count];
    pthread_mutex_unlock(&resident_lock);
}
- (void)commit
{
    int64_t bytes = 0;
    pthread_mutex_lock(&resident_lock);
    memcpy(resident, all, count * sizeof *all); /* there is one set at a time */
    resident_count = committed = count;
    while (removed) {
        gone[--removed]->sets--;
    }
    for (unsigned i = 0; i < count; i++) {
        bytes += (int64_t)all[i]->size;
    }
    zc_sim_set("resident", bytes);
    pthread_mutex_unlock(&resident_lock);
}
- (void)requestResidency
{
    while (zc_sim_get("request_blocks")) {
        usleep(1000);
    }
    add("requests", 1);
    pthread_mutex_lock(&resident_lock);
    requested = now();
    pthread_mutex_unlock(&resident_lock);
}
- (void)used
{
    int64_t lapse = zc_sim_get("residency_lapse_ms");
    pthread_mutex_lock(&resident_lock);
    if (lapse && committed && now() - requested > (double)lapse * 1e-3) {
        add("lapsed", 1);
    }
    requested = now();
    pthread_mutex_unlock(&resident_lock);
}
- (void)dealloc
{
    if (count) {
        misuse("a residency set was let go that is not empty");
    }
    zc_sim_set("resident", 0);
    resident_count = 0;
    [super dealloc];
}
@end

int64_t zc_sim_resident(const void *address)
{
    int64_t bytes = 0;
    pthread_mutex_lock(&resident_lock);
    for (unsigned i = 0; i < resident_count; i++) {
        bytes += resident[i]->address == address ? (int64_t)resident[i]->size : 0;
    }
    pthread_mutex_unlock(&resident_lock);
    return bytes;
}

/* ---- kernels ---- */

/* Where the real class is public its fields are not: a subclass has them. */
@interface SimCompileOptions : MTLCompileOptions {
    BOOL fast;
    MTLLanguageVersion version;
}
@end
@implementation MTLCompileOptions
@dynamic fastMathEnabled, languageVersion;
+ (id)alloc
{
    return class_createInstance(objc_getClass("SimCompileOptions"), 0);
}
@end
@implementation SimCompileOptions
- (id)init
{
    self = [super init];
    fast = YES; /* as Metal's */
    return self;
}
- (BOOL)fastMathEnabled
{
    return fast;
}
- (void)setFastMathEnabled:(BOOL)to
{
    fast = to;
}
- (MTLLanguageVersion)languageVersion
{
    return version;
}
- (void)setLanguageVersion:(MTLLanguageVersion)to
{
    version = to;
}
@end

typedef struct constant {
    uint32_t index;
    MTLDataType type;
    unsigned char value[4];
} constant;

@interface SimConstantValues : MTLFunctionConstantValues {
  @public
    constant all[CONSTANTS];
    unsigned count;
}
@end
@implementation MTLFunctionConstantValues
+ (id)alloc
{
    return class_createInstance(objc_getClass("SimConstantValues"), 0);
}
- (void)setConstantValue:(const void *)value type:(MTLDataType)type atIndex:(NSUInteger)index
{
    (void)value, (void)type, (void)index; /* the subclass does it */
}
@end
@implementation SimConstantValues
- (void)setConstantValue:(const void *)value type:(MTLDataType)type atIndex:(NSUInteger)index
{
    if (count == CONSTANTS) {
        misuse("more function constants than the simulation keeps");
    }
    all[count].index = (uint32_t)index;
    all[count].type = type;
    memcpy(all[count].value, value, type == 53 /* bool */ ? 1 : 4);
    count++;
}
@end

@interface SimLibrary : NSObject <MTLLibrary> {
  @public
    const zc_msl_library *code; /* never unloaded: code of command buffers in flight */
}
@end
@interface SimFunction : NSObject <MTLFunction> {
  @public
    const zc_msl_library *library;
    const zc_function *code;
    constant constants[CONSTANTS];
    const void *values[CONSTANTS]; /* into constants; NULL where there is none */
    bool specialized;
}
@end
@interface SimPipeline : NSObject <MTLComputePipelineState> {
  @public
    SimFunction *function;
    NSUInteger threads; /* for which it was compiled */
}
@end

@implementation SimFunction
- (MTLFunctionType)functionType
{
    return MTLFunctionTypeKernel;
}
@end

@interface SimPipelineDescriptor : MTLComputePipelineDescriptor {
    id function;
    NSUInteger threads;
}
@end
@implementation MTLComputePipelineDescriptor
@dynamic computeFunction, maxTotalThreadsPerThreadgroup;
+ (id)alloc
{
    return class_createInstance(objc_getClass("SimPipelineDescriptor"), 0);
}
@end
@implementation SimPipelineDescriptor
- (id<MTLFunction>)computeFunction
{
    return function;
}
- (void)setComputeFunction:(id<MTLFunction>)given
{
    function = [given retain];
}
- (NSUInteger)maxTotalThreadsPerThreadgroup
{
    return threads;
}
- (void)setMaxTotalThreadsPerThreadgroup:(NSUInteger)given
{
    threads = given;
}
- (void)dealloc
{
    [function release];
    [super dealloc];
}
@end

/* MTLBinding too, whose methods that are used here have the same names. */
@implementation MTLArgument
@dynamic name, type, access, index, bufferDataSize;
@end
@interface SimArgument : MTLArgument {
  @public
    const zc_argument *code;
}
@end
@implementation SimArgument
- (NSString *)name
{
    return [NSString stringWithUTF8String:code->name];
}
- (MTLArgumentType)type
{
    return code->type;
}
- (MTLArgumentAccess)access
{
    return code->written ? 1 : MTLArgumentAccessReadOnly;
}
- (NSUInteger)index
{
    return code->index;
}
- (NSUInteger)bufferDataSize
{
    return code->size;
}
@end
@implementation MTLComputePipelineReflection
@dynamic arguments, bindings;
@end
@interface SimReflection : MTLComputePipelineReflection {
  @public
    const zc_function *code;
}
@end
@implementation SimReflection
- (BOOL)respondsToSelector:(SEL)selector
{
    if (sel_isEqual(selector, @selector(bindings)) && zc_sim_fails("macos12")) {
        return NO;
    }
    return [super respondsToSelector:selector];
}
- (NSArray *)list
{
    NSArray *list = [NSArray simulated];
    for (const zc_argument *argument = code->arguments; argument->name; argument++) {
        SimArgument *made = [SimArgument new];
        made->code = argument;
        [list add:made];
        [made release];
    }
    return list;
}
- (NSArray *)arguments
{
    add("reflected_arguments", 1);
    return [self list];
}
- (NSArray *)bindings
{
    return [self list];
}
@end

@implementation SimLibrary
- (NSArray *)functionNames
{
    NSArray *names = [NSArray simulated];
    for (const zc_function *function = code->functions; function->name; function++) {
        [names add:[NSString stringWithUTF8String:function->name]];
    }
    return names;
}
- (SimFunction *)function:(const char *)name
{
    const zc_function *found = code->functions;
    while (found->name && strcmp(found->name, name) != 0) {
        found++;
    }
    if (!found->name || zc_sim_fails("function")) {
        return nil;
    }
    SimFunction *function = [SimFunction new];
    function->library = code;
    function->code = found;
    return function;
}
- (id<MTLFunction>)newFunctionWithName:(NSString *)name
{
    return [self function:[name UTF8String]];
}
- (id<MTLFunction>)newFunctionWithName:(NSString *)name
                        constantValues:(MTLFunctionConstantValues *)given
                                 error:(NSError **)error
{
    SimConstantValues *values = (SimConstantValues *)given;
    SimFunction *function = [self function:[name UTF8String]];
    if (!function) {
        return nil;
    }
    const char *text = zc_sim_fails("specialization") ? "Specialization failed (simulated)" : NULL;
    for (unsigned i = 0; !text && code->constants[i].type; i++) {
        const zc_constant *wanted = &code->constants[i];
        for (unsigned j = 0; j < values->count; j++) {
            if (values->all[j].index != wanted->index) {
                continue;
            }
            if (values->all[j].type != wanted->type) {
                text = "a function constant has another type";
            }
            function->constants[i] = values->all[j];
            function->values[i] = function->constants[i].value;
        }
        if (wanted->required && !function->values[i]) {
            text = "a function constant that the function needs is missing";
        }
    }
    if (text) {
        *error = [NSError simulated:"MTLLibraryErrorDomain" code:3 text:text];
        [function release];
        return nil;
    }
    if (values->count) {
        uint32_t first;
        memcpy(&first, values->all[0].value, sizeof first);
        zc_sim_set("last_constant", first);
    }
    function->specialized = true;
    add("specialized", 1);
    return function;
}
@end
@implementation SimPipeline
- (NSUInteger)maxTotalThreadsPerThreadgroup
{
    NSUInteger most = (NSUInteger)zc_sim_get("max_threads");
    return most < threads ? most : threads;
}
- (NSUInteger)threadExecutionWidth
{
    return (NSUInteger)zc_sim_get("width");
}
- (NSUInteger)staticThreadgroupMemoryLength
{
    return function->code->memory;
}
- (void)dealloc
{
    [function release];
    [super dealloc];
}
@end

/* The library of this source, made if it is not in the cache; NULL with the compiler's text. */
static const zc_msl_library *library_of(const char *source, char *text, size_t size)
{
    static pthread_mutex_t compile_lock = PTHREAD_MUTEX_INITIALIZER;
    const char *compiler = getenv("ZCWASM_SIM_COMPILER"), *cache = getenv("ZCWASM_SIM_CACHE");
    char path[512], command[2048];
    uint64_t hash = 0xcbf29ce484222325u;
    if (!compiler || !cache) {
        misuse("ZCWASM_SIM_COMPILER and ZCWASM_SIM_CACHE must be set");
    }
    for (const char *at = source; *at; at++) {
        hash = (hash ^ (unsigned char)*at) * 0x100000001b3u;
    }
    pthread_mutex_lock(&compile_lock);
    (void)snprintf(path, sizeof path, "%s/%016llx.so", cache, (unsigned long long)hash);
    if (access(path, R_OK) != 0) {
        size_t got = 0;
        (void)snprintf(command, sizeof command, "%s/%016llx.%d.metal", cache, (unsigned long long)hash, (int)getpid());
        FILE *file = fopen(command, "w");
        if (!file || fputs(source, file) < 0 || fclose(file) != 0) {
            misuse("cannot write into ZCWASM_SIM_CACHE");
        }
        /* The preloaded sanitizer is this process's, not the compiler's. */
        (void)snprintf(command, sizeof command,
                       "cd '%s' && env -u LD_PRELOAD %s %016llx.%d.metal %016llx.%d.new 2>&1 && mv %016llx.%d.new %s",
                       cache, compiler, (unsigned long long)hash, (int)getpid(), (unsigned long long)hash,
                       (int)getpid(), (unsigned long long)hash, (int)getpid(), path);
        FILE *pipe = popen(command, "r");
        while (pipe && got + 1 < size && (text[got] = (char)fgetc(pipe)) != EOF) {
            got++;
        }
        text[got] = 0;
        if (!pipe || pclose(pipe) != 0) {
            pthread_mutex_unlock(&compile_lock);
            return NULL;
        }
    }
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const zc_msl_library *library = handle ? dlsym(handle, "zc_library") : NULL;
    if (!library) {
        (void)snprintf(text, size, "%s", dlerror());
    }
    pthread_mutex_unlock(&compile_lock);
    return library;
}

/* ---- command buffers ---- */

typedef struct dispatch {
    struct dispatch *next;
    bool barrier; /* before it */
    SimPipeline *pipeline;
    SimBuffer *buffers[BUFFERS];
    NSUInteger offsets[BUFFERS];
    void *bytes[BUFFERS];
    uint32_t groups[3], threads[3];
} dispatch;

@interface SimCommandBuffer : NSObject <MTLCommandBuffer> {
  @public
    SimCommandBuffer *next; /* committed */
    MTLCommandBufferStatus state;
    NSError *problem;
    double began, ended;
    dispatch *first, *last;
    MTLCommandBufferHandler handlers[4];
    unsigned handler_count;
    id encoder; /* open */
    id after;   /* the command buffer whose fence it waits for; compared only */
    int64_t serial, after_serial;
    SimResidencySet *residency; /* of its queue */
    bool broken, hangs;
    int64_t made_in; /* a capture, or 0 */
}
@end
@interface SimEncoder : NSObject <MTLComputeCommandEncoder> {
  @public
    SimCommandBuffer *commands;
    bool ended, barrier, updated;
    SimPipeline *pipeline;
    SimBuffer *buffers[BUFFERS];
    NSUInteger offsets[BUFFERS];
    void *bytes[BUFFERS];
    size_t sizes[BUFFERS];
}
@end

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static SimCommandBuffer *head, *tail, *hung;
static id newest; /* committed last; compared only */
static int64_t unfinished;
static int64_t open_buffers; /* of all queues: made and not finished */
static int64_t capturing; /* the number of the capture that runs, or 0 */

@implementation SimEncoder
- (void)setLabel:(NSString *)label
{
    if (!label) {
        misuse("nil label");
    }
}
- (void)setComputePipelineState:(id<MTLComputePipelineState>)state
{
    pipeline = (SimPipeline *)state;
}
- (void)setBytes:(const void *)from length:(NSUInteger)length atIndex:(NSUInteger)index
{
    if (index >= BUFFERS || !length || length > 4096) {
        misuse("setBytes of more than 4096 bytes, or to a slot that is not there");
    }
    free(bytes[index]);
    bytes[index] = aligned_alloc(256, 4096);
    memcpy(bytes[index], from, length);
    sizes[index] = length;
    buffers[index] = nil;
}
- (void)setBuffer:(id<MTLBuffer>)buffer offset:(NSUInteger)offset atIndex:(NSUInteger)index
{
    SimBuffer *given = (SimBuffer *)buffer;
    if (index >= BUFFERS || (given && (offset >= given->size || offset % 256))) {
        misuse("setBuffer with an offset outside the buffer or not aligned, or to a slot that is not there");
    }
    buffers[index] = given;
    offsets[index] = offset;
    free(bytes[index]);
    bytes[index] = NULL;
}
- (void)memoryBarrierWithScope:(MTLBarrierScope)scope
{
    if (scope != MTLBarrierScopeBuffers || !commands->first) {
        misuse("a barrier of another scope, or before any dispatch");
    }
    add("barriers", 1);
    barrier = true;
}
- (void)waitForFence:(id<MTLFence>)fence
{
    if (updated || commands->first) {
        misuse("waitForFence after updateFence or a dispatch");
    }
    add("fence_waits", 1);
    pthread_mutex_lock(&lock);
    commands->after = ((SimFence *)fence)->updated_by;
    commands->after_serial = ((SimFence *)fence)->serial;
    pthread_mutex_unlock(&lock);
}
- (void)updateFence:(id<MTLFence>)fence
{
    pthread_mutex_lock(&lock);
    ((SimFence *)fence)->updated_by = commands;
    ((SimFence *)fence)->serial = commands->serial;
    pthread_mutex_unlock(&lock);
    updated = true;
}
- (void)dispatchThreadgroups:(MTLSize)groups threadsPerThreadgroup:(MTLSize)threads
{
    NSUInteger total = threads.width * threads.height * threads.depth;
    if (!pipeline || ended || !groups.width || !groups.height || !groups.depth || !total ||
        total > [pipeline maxTotalThreadsPerThreadgroup]) {
        misuse("dispatch without a pipeline, of nothing, or of too many threads");
    }
    for (const zc_argument *argument = pipeline->function->code->arguments; argument->name; argument++) {
        unsigned at = argument->index;
        if (argument->type != MTLArgumentTypeBuffer) {
            continue;
        }
        NSUInteger length = bytes[at] ? sizes[at] : buffers[at] ? buffers[at]->size - offsets[at] : 0;
        if (length < argument->size) { /* what Metal's own validation asserts */
            fprintf(stderr, "%s has %lu bytes at [[buffer(%u)]]\n", pipeline->function->code->name, length, at);
            misuse("an argument's buffer is shorter than its struct, or there is none");
        }
    }
    add("dispatches", 1);
    dispatch *made = calloc(1, sizeof *made);
    made->pipeline = [pipeline retain];
    made->barrier = barrier;
    barrier = false;
    for (unsigned i = 0; i < BUFFERS; i++) {
        made->buffers[i] = [buffers[i] retain];
        made->offsets[i] = offsets[i];
        if (bytes[i]) {
            made->bytes[i] = aligned_alloc(256, 4096);
            memset(made->bytes[i], 0xff, 4096);
            memcpy(made->bytes[i], bytes[i], sizes[i]);
        }
    }
    made->groups[0] = (uint32_t)groups.width, made->groups[1] = (uint32_t)groups.height;
    made->groups[2] = (uint32_t)groups.depth;
    made->threads[0] = (uint32_t)threads.width, made->threads[1] = (uint32_t)threads.height;
    made->threads[2] = (uint32_t)threads.depth;
    if (commands->last) {
        commands->last->next = made;
    } else {
        commands->first = made;
    }
    commands->last = made;
}
- (void)endEncoding
{
    ended = true;
    commands->encoder = nil;
}
- (void)dealloc
{
    if (!ended) {
        misuse("an encoder was let go without endEncoding");
    }
    for (unsigned i = 0; i < BUFFERS; i++) {
        free(bytes[i]);
    }
    [super dealloc];
}
@end

static int run_one(const dispatch *d)
{
    void *pointers[BUFFERS];
    for (unsigned i = 0; i < BUFFERS; i++) {
        pointers[i] = d->bytes[i] ? d->bytes[i] : d->buffers[i] ? (char *)d->buffers[i]->address + d->offsets[i] : NULL;
    }
    const SimFunction *function = d->pipeline->function;
    function->library->set_constants(function->values);
    return function->code->run(pointers, d->groups, d->threads, (uint32_t)zc_sim_get("width"));
}

/* Command buffers that did not update their fence. */
static int64_t failed_serials[256];
static unsigned failed_count;

static void remember_failed(int64_t serial)
{
    failed_serials[failed_count++ % 256] = serial;
}

static bool is_failed(int64_t serial)
{
    bool found = false;
    for (unsigned i = 0; i < 256; i++) {
        found = found || (serial && failed_serials[i] == serial);
    }
    return found;
}

/* [from, to) in reverse: what needs a barrier and has none goes wrong. */
static const dispatch *run_reversed(const dispatch *from, const dispatch *to)
{
    const dispatch *failed = NULL;
    while (to != from && !failed) {
        const dispatch *last = from;
        while (last->next != to) {
            last = last->next;
        }
        failed = run_one(last) ? last : NULL;
        to = last;
    }
    return failed;
}

@implementation SimCommandBuffer
- (void)setLabel:(NSString *)label
{
    if (!label) {
        misuse("nil label");
    }
}
- (id<MTLComputeCommandEncoder>)computeCommandEncoderWithDispatchType:(MTLDispatchType)type
{
    if (encoder || state >= MTLCommandBufferStatusCommitted || type != MTLDispatchTypeConcurrent) {
        misuse("an encoder beside another, after commit, or not concurrent");
    }
    if (zc_sim_fails("encoder")) {
        return nil;
    }
    SimEncoder *made = [[SimEncoder new] autorelease];
    made->commands = self;
    encoder = made;
    return made;
}
- (void)addCompletedHandler:(MTLCommandBufferHandler)handler
{
    if (state >= MTLCommandBufferStatusCommitted || handler_count == 4) {
        misuse("addCompletedHandler after commit");
    }
    handlers[handler_count++] = Block_copy(handler);
}
- (void)commit
{
    if (encoder || state >= MTLCommandBufferStatusCommitted) {
        misuse("commit with an open encoder, or twice");
    }
    [self retain];
    pthread_mutex_lock(&lock);
    state = MTLCommandBufferStatusCommitted;
    broken = unfinished > 0 && after != newest;
    newest = self;
    unfinished++;
    if (capturing && made_in == capturing) { /* a trace has no others */
        add("captured", 1);
    }
    if (unfinished > atomic_load(value("most_in_flight"))) {
        zc_sim_set("most_in_flight", unfinished);
    }
    if (tail) {
        tail->next = self;
    } else {
        head = self;
    }
    tail = self;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}
/* All dispatches; why it went wrong, or nil. */
- (NSError *)run
{
    uint64_t groups = 0, count = 0;
    for (const dispatch *each = first; each; each = each->next) {
        groups += (uint64_t)each->groups[0] * each->groups[1] * each->groups[2];
        count++;
    }
    zc_sim_set("dispatches_of_last", (int64_t)count);
    if (zc_sim_get("groups_limit") && groups > (uint64_t)zc_sim_get("groups_limit")) {
        return [NSError simulated:"MTLCommandBufferErrorDomain" code:14 text:"Impacting Interactivity (simulated)"];
    }
    for (const dispatch *from = first; from && !zc_sim_get("idle");) {
        const dispatch *to = from->next;
        while (to && !to->barrier) {
            to = to->next;
        }
        const dispatch *failed = run_reversed(from, to);
        if (failed) {
            char text[160];
            (void)snprintf(text, sizeof text, "threads of %s did not all arrive at a barrier",
                           failed->pipeline->function->code->name);
            return [NSError simulated:"Simulated" code:2 text:text];
        }
        from = to;
    }
    return nil;
}
- (void)execute
{
    began = now();
    NSError *why = nil;
    bool wrong = false, completes = false;
    [residency used];
    if (zc_sim_fails("slow")) {
        usleep(100000);
    }
    int64_t fence = zc_sim_get("fence_of_failed"), allowed = zc_sim_get("errors_allowed");
    bool waits = fence && is_failed(after_serial);
    if (zc_sim_fails("hang") || (waits && fence == 1)) {
        hangs = true;
        remember_failed(serial);
        return;
    }
    if (waits) {
        usleep(10000);
        why = [NSError simulated:"MTLCommandBufferErrorDomain" code:2 text:"the fence was never updated (simulated)"];
    } else if (allowed && zc_sim_get("errors") >= allowed) {
        why = [NSError simulated:"MTLCommandBufferErrorDomain"
                            code:4
                            text:"Ignored (for causing prior/excessive GPU errors) (simulated)"];
    } else if (zc_sim_fails("status")) {
        why = [NSError simulated:"MTLCommandBufferErrorDomain" code:2 text:"Caused GPU Timeout Error (simulated)"];
    } else if (zc_sim_fails("status_without_error")) {
        wrong = true;
    } else if (zc_sim_fails("error_without_status")) {
        why = [NSError simulated:"Simulated" code:7 text:"but it completed"];
        completes = true;
    } else if (zc_sim_fails("removed")) {
        why = [NSError simulated:"MTLCommandBufferErrorDomain" code:11 text:"the GPU was removed (simulated)"];
    } else if (broken) {
        why = [NSError simulated:"Simulated" code:1 text:"may overlap earlier work: no fence orders it"];
    } else {
        why = [self run];
    }
    ended = now();
    problem = [why retain];
    state = (why && !completes) || wrong ? MTLCommandBufferStatusError : MTLCommandBufferStatusCompleted;
    if (state == MTLCommandBufferStatusError) {
        remember_failed(serial);
        add("errors", 1);
    }
}
/* After it hung. */
- (void)fail
{
    problem = [[NSError simulated:"MTLCommandBufferErrorDomain" code:2 text:"it hung (simulated)"] retain];
    state = MTLCommandBufferStatusError;
}
- (MTLCommandBufferStatus)status
{
    return state;
}
- (NSError *)error
{
    return problem;
}
- (CFTimeInterval)GPUStartTime
{
    return began;
}
- (CFTimeInterval)GPUEndTime
{
    return ended;
}
- (void)dealloc
{
    while (first) {
        dispatch *d = first;
        first = d->next;
        [d->pipeline release];
        for (unsigned i = 0; i < BUFFERS; i++) {
            [d->buffers[i] release];
            free(d->bytes[i]);
        }
        free(d);
    }
    for (unsigned i = 0; i < handler_count; i++) {
        Block_release(handlers[i]);
    }
    [problem release];
    [residency release];
    pthread_mutex_lock(&lock);
    open_buffers--;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    [super dealloc];
}
@end

/* A handler may let go of everything but its command buffer. */
static void *work(void *nothing)
{
    (void)nothing;
    for (;;) {
        pthread_mutex_lock(&lock);
        while (!head && !(hung && zc_sim_get("hang_ends"))) {
            struct timespec soon;
            clock_gettime(CLOCK_REALTIME, &soon);
            soon.tv_nsec += soon.tv_nsec < 990000000 ? 10000000 : 0;
            (void)(hung ? pthread_cond_timedwait(&changed, &lock, &soon) : pthread_cond_wait(&changed, &lock));
        }
        bool again = !head;
        SimCommandBuffer *commands = again ? hung : head;
        if (again) {
            hung = commands->next;
        } else {
            head = commands->next;
            tail = head ? tail : nil;
        }
        unfinished += again;
        open_buffers += again;
        pthread_mutex_unlock(&lock);
        @autoreleasepool {
            if (again) {
                [commands fail];
            } else {
                [commands execute];
            }
            pthread_mutex_lock(&lock);
            unfinished--;
            pthread_mutex_unlock(&lock);
            if (commands->hangs && !again) { /* and keeps what it has */
                pthread_mutex_lock(&lock);
                open_buffers--;
                commands->next = hung;
                hung = commands;
                add("hung", 1);
                pthread_mutex_unlock(&lock);
                continue;
            }
            for (unsigned i = 0; i < commands->handler_count; i++) {
                commands->handlers[i](commands);
            }
            [commands release];
            if (again) {
                add("hung", -1);
            }
        }
    }
    return NULL;
}

static void start_once(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, NULL) != 0) {
        misuse("no thread for the simulation");
    }
    (void)pthread_detach(thread);
}

/* ---- queue and device ---- */

@interface SimQueue : NSObject <MTLCommandQueue> {
    SimResidencySet *residency;
}
@end
@implementation SimQueue
- (id<MTLCommandBuffer>)commandBuffer
{
    if (zc_sim_fails("command_buffer")) {
        return nil;
    }
    add("command_buffers", 1);
    pthread_mutex_lock(&lock);
    while (open_buffers >= zc_sim_get("queue_length")) {
        pthread_cond_wait(&changed, &lock); /* as Metal does; the backend must not let it come to that */
    }
    open_buffers++;
    pthread_mutex_unlock(&lock);
    static _Atomic int64_t serials;
    SimCommandBuffer *made = [[SimCommandBuffer new] autorelease];
    made->serial = atomic_fetch_add(&serials, 1) + 1;
    made->residency = [residency retain];
    made->made_in = capturing;
    return made;
}
- (void)addResidencySet:(id<MTLResidencySet>)set
{
    if (residency) {
        misuse("the simulation has room for one residency set of a queue");
    }
    residency = [(SimResidencySet *)set retain];
}
- (void)dealloc
{
    [residency release];
    [super dealloc];
}
@end

@interface SimDevice : NSObject <MTLDevice> {
  @public
    bool apart; /* with memory of its own, in a box that can be unplugged */
}
@end
@implementation SimDevice
- (BOOL)respondsToSelector:(SEL)selector
{
    if (sel_isEqual(selector, @selector(newResidencySetWithDescriptor:error:)) && zc_sim_fails("macos14")) {
        return NO;
    }
    if (sel_isEqual(selector, @selector(architecture)) && zc_sim_fails("macos13")) {
        return NO;
    }
    return [super respondsToSelector:selector];
}
- (id)architecture /* is there; nobody asks for it */
{
    return nil;
}
- (NSString *)name
{
    const char *names[] = {"Simulated Metal", "Apple Paravirtual device", "Simulated GPU of another vendor"};
    if (zc_sim_fails("name")) {
        return nil;
    }
    return [NSString stringWithUTF8String:apart ? "Simulated GPU in a box" : names[atomic_load(value("virtual"))]];
}
- (BOOL)supportsFamily:(MTLGPUFamily)family
{
    return family == MTLGPUFamilyApple7 && atomic_load(value("virtual")) == 0;
}
- (BOOL)hasUnifiedMemory
{
    return !apart;
}
- (BOOL)isRemovable
{
    return apart;
}
- (NSUInteger)maxBufferLength
{
    return (NSUInteger)zc_sim_get("max_buffer_length");
}
- (uint64_t)recommendedMaxWorkingSetSize
{
    return (uint64_t)zc_sim_get("working_set");
}
- (NSUInteger)maxThreadgroupMemoryLength
{
    return (NSUInteger)zc_sim_get("threadgroup_memory");
}
- (MTLSize)maxThreadsPerThreadgroup
{
    return MTLSizeMake(1024, 1024, 1024);
}
- (id<MTLCommandQueue>)newCommandQueue
{
    return zc_sim_fails("queue") ? nil : [SimQueue new];
}
- (id<MTLFence>)newFence
{
    return zc_sim_fails("fence") ? nil : [SimFence new];
}
- (id<MTLBuffer>)newBufferWithBytesNoCopy:(void *)address
                                   length:(NSUInteger)length
                                  options:(MTLResourceOptions)options
                              deallocator:(void (^)(void *address, NSUInteger length))deallocator
{
    bool tracked = options == MTLResourceStorageModeShared; /* for other libraries */
    if ((!tracked && options != (MTLResourceStorageModeShared | MTLResourceHazardTrackingModeUntracked)) ||
        deallocator) {
        misuse("a buffer with other options than the backend promises");
    }
    if (!address || !length || (uintptr_t)address % PAGE || length % PAGE ||
        (int64_t)length > zc_sim_get("max_buffer_length") || zc_sim_fails("buffer_nil")) {
        return nil;
    }
    SimBuffer *buffer = [SimBuffer new];
    buffer->address = address;
    buffer->size = zc_sim_fails("buffer_short") ? 0 : length;
    buffer->moved = zc_sim_fails("buffer_moved");
    add(tracked ? "tracked_buffers" : "buffers", 1);
    return buffer;
}
- (id<MTLLibrary>)newLibraryWithSource:(NSString *)source options:(MTLCompileOptions *)options error:(NSError **)error
{
    /* More warnings than there is room for in an error of ours. */
    char text[4096] = "program_source:7:1: warning: unused variable 'a' [-Wunused-variable]\n"
                      "    float a_variable_with_a_name_that_nobody_would_like_to_read_or_write_again = 0.0;\n"
                      "program_source:8:1: warning: unused variable 'b' [-Wunused-variable]\n"
                      "    float another_variable_with_a_name_that_nobody_would_like_to_read_or_write = 0.0;\n"
                      "program_source:1:1: error: injected\n";
    NSUInteger version = options ? [options languageVersion] : 0; /* 0, the system's newest, is for users' */
    NSUInteger wanted = strstr([source UTF8String], "<metal_simdgroup_matrix>") ? 196609 : MTLLanguageVersion2_3;
    if (!options || [options fastMathEnabled] || (version != 0 && version != wanted)) {
        misuse("fast math, or another version of the language than the shaders are made for");
    }
    bool refused = wanted != MTLLanguageVersion2_3 && !atomic_load(value("language"));
    const zc_msl_library *code =
        refused || zc_sim_fails("compile") ? NULL : library_of([source UTF8String], text, sizeof text);
    if (!code) {
        *error = [NSError simulated:"MTLLibraryErrorDomain" code:3 text:text];
        return nil;
    }
    add("compiled", 1);
    SimLibrary *library = [SimLibrary new];
    library->code = code;
    return library;
}
- (id<MTLComputePipelineState>)newComputePipelineStateWithDescriptor:(MTLComputePipelineDescriptor *)descriptor
                                                             options:(MTLPipelineOption)options
                                                          reflection:(MTLComputePipelineReflection **)reflection
                                                               error:(NSError **)error
{
    SimFunction *function = (SimFunction *)[descriptor computeFunction];
    if (options != (reflection ? MTLPipelineOptionArgumentInfo | MTLPipelineOptionBufferTypeInfo : 0)) {
        misuse("reflection without what is asked of it");
    }
    /* 0 is not wrong, but then the compiler must keep registers free for 1024. */
    if (![descriptor maxTotalThreadsPerThreadgroup] || [descriptor maxTotalThreadsPerThreadgroup] > 1024) {
        misuse("a pipeline whose compiler is not told of how many threads a threadgroup is, or of too many");
    }
    if (zc_sim_fails("pipeline")) {
        *error = [NSError simulated:"AGXMetal" code:3 text:"Compiler encountered an internal error (simulated)"];
        return nil;
    }
    if (function->library->constants[0].type && !function->specialized) {
        *error = [NSError simulated:"CompilerError" code:1 text:"the function must be specialized"];
        return nil;
    }
    SimPipeline *pipeline = [SimPipeline new];
    pipeline->function = [function retain];
    pipeline->threads = [descriptor maxTotalThreadsPerThreadgroup];
    if (reflection) {
        SimReflection *made = [[SimReflection new] autorelease];
        made->code = function->code;
        *reflection = made;
    }
    return pipeline;
}
- (id<MTLResidencySet>)newResidencySetWithDescriptor:(MTLResidencySetDescriptor *)descriptor error:(NSError **)error
{
    if (!descriptor) {
        misuse("no residency set descriptor");
    }
    if (zc_sim_fails("residency")) {
        *error = [NSError simulated:"Simulated" code:4 text:"no residency set"];
        return nil;
    }
    return [SimResidencySet new];
}
@end

static void start_worker(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    zc_sim_check_process();
    (void)pthread_once(&once, start_once);
    zc_sim_set("errors", 0);
}

id<MTLDevice> MTLCreateSystemDefaultDevice(void)
{
    zc_sim_check_process();
    if (zc_sim_fails("device")) {
        return nil;
    }
    start_worker();
    return [SimDevice new];
}

/* Needs no default device, as on a Mac without a display. The best comes last. */
NSArray *MTLCopyAllDevices(void)
{
    NSArray *list = [[NSArray simulated] retain];
    start_worker();
    for (int64_t count = zc_sim_get("all_devices"); count > 0; count--) {
        SimDevice *made = [SimDevice new];
        made->apart = count > 1 || zc_sim_get("apart");
        [list add:made];
        [made release];
    }
    return list;
}

/* Of CoreGraphics; that it is linked is all that is wanted. */
SIM_PUBLIC uint32_t CGMainDisplayID(void)
{
    misuse("CGMainDisplayID");
}

/* ---- capture ---- */

@interface SimCaptureDescriptor : MTLCaptureDescriptor {
    id object;
    MTLCaptureDestination to;
    NSURL *url;
}
@end
@implementation MTLCaptureDescriptor
@dynamic captureObject, destination, outputURL;
+ (id)alloc
{
    return class_createInstance(objc_getClass("SimCaptureDescriptor"), 0);
}
@end
@implementation SimCaptureDescriptor
- (id)captureObject
{
    return object;
}
- (void)setCaptureObject:(id)given
{
    object = [given retain];
}
- (MTLCaptureDestination)destination
{
    return to;
}
- (void)setDestination:(MTLCaptureDestination)given
{
    to = given;
}
- (NSURL *)outputURL
{
    return url;
}
- (void)setOutputURL:(NSURL *)given
{
    url = [given retain];
}
- (void)dealloc
{
    [object release];
    [url release];
    [super dealloc];
}
@end

@implementation MTLCaptureManager
+ (MTLCaptureManager *)sharedCaptureManager
{
    static MTLCaptureManager *shared;
    if (!shared) {
        shared = [MTLCaptureManager new];
        zc_sim_count_object(-1); /* lives as long as the process */
    }
    return shared;
}
- (BOOL)supportsDestination:(MTLCaptureDestination)destination
{
    return destination == MTLCaptureDestinationGPUTraceDocument && !zc_sim_fails("no_capture");
}
- (BOOL)startCaptureWithDescriptor:(MTLCaptureDescriptor *)descriptor error:(NSError **)error
{
    const char *path = [[[descriptor outputURL] path] UTF8String];
    FILE *file = path && !zc_sim_fails("capture_fails") ? fopen(path, "wx") : NULL;
    if (!file || capturing || ![descriptor captureObject]) {
        *error = [NSError simulated:"MTLCaptureErrorDomain" code:3 text:"the file exists (simulated)"];
        return NO;
    }
    (void)fclose(file);
    static int64_t captures;
    capturing = ++captures;
    return YES;
}
- (void)stopCapture
{
    if (!capturing) {
        misuse("stopCapture without a capture");
    }
    capturing = 0;
    add("captures", 1);
}
@end
