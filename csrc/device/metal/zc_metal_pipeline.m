/* zc_metal_pipeline: pipelines of the built-in and of users' kernels.
 *
 * A built-in kernel's MSL is compiled at its first use, one pipeline for each variant (the value of function constant
 * 0); what is for matrix units is a text of its own, in a language that macOS 14 brought. A user's is compiled when it is
 * asked for, after zc_msl has compared what Metal's reflection says of it with its signature.
 * Binding i of the signature is [[buffer(i + 1)]]; [[buffer(0)]] has the offsets and the parameters.
 *
 * Ownership: pipelines of built-in kernels, and the libraries of those with variants, are the device's until it is
 * closed; a compiled one is its zc_kernel's. Threads: any; compile_lock while a built-in kernel's is made, none for a
 * user's. An entry into the backend has an autorelease pool.
 */
#include <stdio.h>
#include <string.h>

#include "base/zc_alloc.h"
#include "device/metal/zc_metal.h"
#include "device/metal/zc_msl.h"
#include "kernel/zc_shaders.h"

/* Of two ways to say the same, only the older one, which is deprecated, is known to every system from macOS 12 on. */
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"

/* Whose text it is. A user's is in any version of the language that this system knows. */
typedef enum text { TEXT, MATRIX_TEXT, USERS_TEXT } text;

static void set_language_macos14(MTLCompileOptions *options)
{
    [options setLanguageVersion:MTLLanguageVersion3_1_macos14];
}

static id<MTLLibrary> new_library(zc_metal_device *self, const char *name, const char *msl, size_t size, text kind,
                                  zc_error *error)
{
    char why[sizeof error->message];
    NSError *problem = nil;
    NSString *source = [[NSString alloc] initWithBytes:msl length:size encoding:NSUTF8StringEncoding];
    MTLCompileOptions *options = [[MTLCompileOptions alloc] init];
    /* Fast math may assume that there is no NaN and reorder sums: results would not be what is promised. From macOS 15
     * on mathMode takes its place, and this sets it, too. */
    [options setFastMathEnabled:NO];
    if (kind == TEXT) {
        [options setLanguageVersion:MTLLanguageVersion2_3];
    } else if (kind == MATRIX_TEXT) {
        set_language_macos14(options);
    }
    id<MTLLibrary> library = source ? [self->device newLibraryWithSource:source options:options error:&problem] : nil;
    [options release];
    [source release];
    if (!source) {
        (void)zc_fail(error, ZC_BAD_VALUE, "metal: the MSL of kernel %s is not UTF-8", name);
    } else if (!library) {
        zc_metal_why(problem, why, sizeof why);
        (void)zc_fail(error, kind == USERS_TEXT ? ZC_BAD_VALUE : ZC_DEVICE, "metal: kernel %s does not compile: %s",
                      name, why);
    }
    return library;
}

#pragma clang diagnostic pop

/* The stage's function, of a specialized kernel with the variant as function constant 0. */
static id<MTLFunction> new_function(id<MTLLibrary> library, const zc_kernel *kernel, const zc_kernel_stage *stage,
                                    zc_error *error)
{
    uint32_t variant = stage->variant;
    char why[sizeof error->message], entry[64], name[96];
    NSError *problem = nil;
    id<MTLFunction> function;
    (void)snprintf(entry, sizeof entry, "zc_%s%s", kernel->name, stage->matrix ? "_matrix" : "");
    if (kernel->traits & ZC_TRAIT_VARIANTS) {
        MTLFunctionConstantValues *values = [[MTLFunctionConstantValues alloc] init];
        [values setConstantValue:&variant type:MTLDataTypeUInt atIndex:0];
        function = [library newFunctionWithName:zc_metal_string(entry) constantValues:values error:&problem];
        [values release];
    } else {
        function = [library newFunctionWithName:zc_metal_string(entry)];
    }
    if (!function && problem) {
        zc_msl_name(kernel, variant, name, sizeof name);
        zc_metal_why(problem, why, sizeof why);
        (void)zc_fail(error, ZC_DEVICE, "metal: kernel %s cannot be specialized: %s", name, why);
    } else if (!function) {
        (void)zc_fail(error, ZC_DEVICE, "metal: the shader of kernel %s has no function %s", kernel->name, entry);
    }
    return function;
}

/* Told how many threads its threadgroups have at most, the compiler need not keep registers free for 1024. More than the
 * device runs is misuse to say, and refused afterwards. */
static id<MTLComputePipelineState> new_pipeline(zc_metal_device *self, id<MTLFunction> function, uint64_t threads,
                                                MTLComputePipelineReflection **reflection, NSError **problem)
{
    MTLPipelineOption options =
        reflection ? MTLPipelineOptionArgumentInfo | MTLPipelineOptionBufferTypeInfo : MTLPipelineOptionNone;
    uint64_t most = [self->device maxThreadsPerThreadgroup].width;
    MTLComputePipelineDescriptor *descriptor = [[MTLComputePipelineDescriptor alloc] init];
    [descriptor setComputeFunction:function];
    [descriptor setMaxTotalThreadsPerThreadgroup:(NSUInteger)(threads < most ? threads : most)];
    id<MTLComputePipelineState> pipeline = [self->device newComputePipelineStateWithDescriptor:descriptor
                                                                                       options:options
                                                                                    reflection:reflection
                                                                                         error:problem];
    [descriptor release];
    return pipeline;
}

static zc_status check_pipeline(zc_metal_device *self, id<MTLComputePipelineState> pipeline, const char *name,
                                uint64_t threads, zc_error *error)
{
    zc_msl_pipeline made = {.max_threads = [pipeline maxTotalThreadsPerThreadgroup],
                            .width = [pipeline threadExecutionWidth],
                            .memory = [pipeline staticThreadgroupMemoryLength],
                            .memory_limit = [self->device maxThreadgroupMemoryLength]};
    return zc_msl_check_pipeline(name, threads, &made, error);
}

static zc_status compile(zc_metal_device *self, const zc_kernel *kernel, const zc_kernel_stage *stage, zc_error *error)
{
    char why[sizeof error->message], name[96];
    NSError *problem = nil;
    (void)snprintf(name, sizeof name, "%s%s", kernel->name, stage->matrix ? "_matrix" : "");
    const zc_shader *shader = zc_shader_find(name);
    if (!shader || !shader->msl) {
        return zc_fail(error, ZC_DEVICE, "metal: this build has no shader of kernel %s", name);
    }
    id<MTLLibrary> *library = &self->libraries[kernel->id][stage->matrix];
    text kind = stage->matrix ? MATRIX_TEXT : TEXT;
    if (!*library && !(*library = new_library(self, name, shader->msl, shader->msl_size, kind, error))) {
        return ZC_DEVICE;
    }
    zc_msl_name(kernel, stage->variant, name, sizeof name);
    id<MTLFunction> function = new_function(*library, kernel, stage, error);
    if (!function) {
        return ZC_DEVICE;
    }
    id<MTLComputePipelineState> pipeline = new_pipeline(self, function, kernel->workgroup_size, NULL, &problem);
    [function release];
    if (!pipeline) {
        zc_metal_why(problem, why, sizeof why);
        return zc_fail(error, ZC_DEVICE, "metal: kernel %s makes no pipeline: %s", name, why);
    }
    zc_status status = check_pipeline(self, pipeline, name, kernel->workgroup_size, error);
    if (status != ZC_OK) {
        [pipeline release];
        return status;
    }
    self->pipelines[kernel->id][stage->variant] = pipeline;
    if (!(kernel->traits & ZC_TRAIT_VARIANTS)) { /* else kept for the other variants */
        [*library release];
        *library = nil;
    }
    return ZC_OK;
}

zc_status zc_metal_pipeline_ready(zc_metal_device *self, const zc_kernel *kernel, const zc_kernel_stage *stage,
                                  zc_error *error)
{
    zc_status status = ZC_OK;
    if ((unsigned)kernel->id >= ZC_KERNEL_COUNT || stage->variant >= ZC_KERNEL_VARIANTS) {
        return zc_fail(error, ZC_DEVICE, "metal: kernel %s is not one of this device", kernel->name);
    }
    pthread_mutex_lock(&self->compile_lock);
    if (!self->pipelines[kernel->id][stage->variant]) {
        status = compile(self, kernel, stage, error);
    }
    pthread_mutex_unlock(&self->compile_lock);
    return status;
}

id<MTLComputePipelineState> zc_metal_pipeline(const zc_metal_device *self, const zc_kernel *kernel, uint32_t variant)
{
    const zc_metal_kernel *own = kernel->compiled;
    return own ? own->pipeline : self->pipelines[kernel->id][variant];
}

void zc_metal_pipelines_destroy(zc_metal_device *self)
{
    for (unsigned i = 0; i < ZC_KERNEL_COUNT; i++) {
        for (unsigned variant = 0; variant < ZC_KERNEL_VARIANTS; variant++) {
            [self->pipelines[i][variant] release];
        }
        [self->libraries[i][0] release];
        [self->libraries[i][1] release];
    }
}

/* ---- kernels that the user compiles ---- */

/* bindings takes the place of arguments from macOS 13 on, with the same names for what is read of them here. */
static NSArray *bindings_macos13(MTLComputePipelineReflection *reflection)
{
    return [(id<MTLComputePipelineReflection_macos13>)reflection bindings];
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

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"

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

#pragma clang diagnostic pop

static zc_status build(zc_metal_device *self, const zc_kernel_source *source, zc_metal_kernel *kernel, zc_error *error)
{
    char why[sizeof error->message];
    NSError *problem = nil;
    MTLComputePipelineReflection *reflection = nil;
    zc_status status = ZC_BAD_VALUE;
    uint64_t threads = (uint64_t)kernel->threads[0] * kernel->threads[1] * kernel->threads[2];
    id<MTLLibrary> library = new_library(self, source->name, source->msl, source->msl_size, USERS_TEXT, error);
    id<MTLFunction> function = library ? find_kernel(library, source, error) : nil;
    [library release];
    if (function) {
        kernel->pipeline = new_pipeline(self, function, threads, &reflection, &problem);
        if (kernel->pipeline) {
            status = check_arguments(reflection, source, error);
        } else {
            zc_metal_why(problem, why, sizeof why);
            status = zc_fail(error, ZC_DEVICE, "metal: kernel %s makes no pipeline: %s", source->name, why);
        }
    }
    [function release];
    if (status == ZC_OK) {
        status = check_pipeline(self, kernel->pipeline, source->name, threads, error);
    }
    if (status != ZC_OK) {
        [kernel->pipeline release];
    }
    return status;
}

zc_status zc_metal_compile(void *device, const zc_kernel_source *source, void **out, zc_error *error)
{
    zc_metal_device *self = device;
    zc_status status;
    zc_metal_kernel *kernel = zc_calloc(1, sizeof *kernel);
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

void zc_metal_compiled_release(void *device, void *compiled)
{
    (void)device;
    zc_metal_kernel *kernel = compiled;
    @autoreleasepool {
        [kernel->pipeline release];
    }
    zc_free(kernel);
}
