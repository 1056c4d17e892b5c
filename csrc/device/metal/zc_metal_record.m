/* zc_metal_record: commands into an encoder, which Metal calls encoding.
 *
 * The encoder runs dispatches concurrently; there is a barrier where a command asks for one, and between the stages of
 * commands that have several: those between two barriers are encoded stage by stage, each with a part of the workspace of
 * its own.
 * A binding starts at the buffer's offset rounded down to OFFSET_ALIGNMENT, the rest goes to the kernel as an element
 * offset.
 *
 * Ownership: nothing is kept; the command buffer retains what it uses. Threads: any; the encoder is the caller's.
 */
#include "device/metal/zc_metal.h"

/* Enough for every kind of GPU and address space; what is left of an offset goes to the kernel. */
#define OFFSET_ALIGNMENT 256u

/* The buffer of a binding that is not empty; NULL where all are, and so the dispatch can do nothing. */
static const zc_metal_buffer *any_buffer(const zc_device_command *command)
{
    const zc_metal_buffer *any = NULL;
    for (unsigned i = 0; i < command->kernel->binding_count && !any; i++) {
        any = command->bindings[i].length ? command->bindings[i].buffer : NULL;
    }
    return any;
}

static void encode_command(const zc_metal_device *self, id<MTLComputeCommandEncoder> encoder,
                           const zc_device_command *command, const zc_kernel_stage *stage, id<MTLBuffer> workspace,
                           uint64_t offset, const zc_device_part *part, const zc_metal_buffer *any)
{
    const zc_kernel *kernel = command->kernel;
    uint32_t groups[3] = {stage->groups[0], stage->groups[1], stage->groups[2]};
    uint32_t push[ZC_KERNEL_PUSH_WORDS] = {0};
    const zc_metal_kernel *own = kernel->compiled;
    [encoder setComputePipelineState:zc_metal_pipeline(self, kernel, stage->variant)];
    for (unsigned i = 0; i < kernel->binding_count; i++) {
        const zc_device_binding *binding = &command->bindings[i];
        const zc_metal_buffer *buffer = binding->buffer;
        uint64_t aligned = binding->offset - binding->offset % OFFSET_ALIGNMENT;
        if (!buffer || !binding->length) { /* never read, but an empty slot or one at the end is not allowed */
            buffer = any;
            aligned = 0;
        } else {
            push[i] = (uint32_t)(binding->offset - aligned) / 4;
        }
        [encoder setBuffer:buffer->buffer offset:(NSUInteger)aligned atIndex:i + 1];
    }
    if (kernel->traits & ZC_TRAIT_STAGES || stage->matrix) {
        /* One that needs none is given what is there, which it does not touch. */
        [encoder setBuffer:workspace ? workspace : any->buffer
                    offset:workspace ? (NSUInteger)offset : 0
                   atIndex:kernel->binding_count + 1];
    }
    uint32_t words = zc_device_push(command, part, groups, push);
    /* As long as the shader's struct is, whose alignment is that of uint4. */
    [encoder setBytes:push length:(words + 3) / 4 * 16 atIndex:0];
    [encoder dispatchThreadgroups:MTLSizeMake(groups[0], groups[1], groups[2])
            threadsPerThreadgroup:own ? MTLSizeMake(own->threads[0], own->threads[1], own->threads[2])
                                      : MTLSizeMake(kernel->workgroup_size, 1, 1)];
}

static uint64_t workspace_of(const zc_kernel_plan *plan)
{
    return (plan->workspace + OFFSET_ALIGNMENT - 1) / OFFSET_ALIGNMENT * OFFSET_ALIGNMENT;
}

/* Where the commands end that follow number `first` without a barrier. */
static size_t end_of(const zc_device_piece *work, size_t first)
{
    size_t end = first + 1;
    while (end < work->count && !work->commands[end].barrier) {
        end++;
    }
    return end;
}

uint64_t zc_metal_workspace_size(const zc_metal_device *self, const zc_device_piece *work)
{
    uint64_t most = 0;
    for (size_t first = 0, end; first < work->count; first = end) {
        uint64_t size = 0;
        end = end_of(work, first);
        for (size_t i = first; i < end; i++) {
            zc_kernel_plan plan;
            if (work->commands[i].kernel->traits & (ZC_TRAIT_STAGES | ZC_TRAIT_MATRIX)) {
                zc_kernel_plan_make(work->commands[i].kernel, work->commands[i].params, &self->gpu, &plan);
                size += workspace_of(&plan);
            }
        }
        most = size > most ? size : most;
    }
    return most;
}

/* The first workspace that is large enough, which is always the same one: a part of a dispatch finds there what the parts
 * before left. NULL where none is needed. */
static id<MTLBuffer> workspace_for(const zc_metal_device *self, const zc_device_piece *work)
{
    uint64_t size = zc_metal_workspace_size(self, work);
    unsigned at = 0;
    while (size && at < self->workspace_count && self->workspaces[at].size < size) {
        at++;
    }
    return size ? self->workspaces[at].buffer : nil;
}

/* What has been encoded. */
typedef struct progress {
    id<MTLBuffer> workspace;
    bool due;        /* a barrier, before the next dispatch */
    bool dispatched; /* anything that it would order */
} progress;

/* One stage of commands `first` to `end`; returns how many stages there are at most. */
static uint32_t record_stage(const zc_metal_device *self, id<MTLComputeCommandEncoder> encoder,
                             const zc_device_piece *work, size_t first, size_t end, uint32_t stage, progress *now)
{
    uint32_t stages = 1;
    uint64_t workspace = 0;
    for (size_t i = first; i < end; i++) {
        const zc_device_command *command = &work->commands[i];
        const zc_metal_buffer *any = any_buffer(command);
        zc_kernel_plan plan;
        zc_kernel_plan_make(command->kernel, command->params, &self->gpu, &plan);
        stages = plan.count > stages ? plan.count : stages;
        uint64_t offset = workspace;
        workspace += workspace_of(&plan);
        const zc_kernel_stage *each = &plan.stages[stage];
        if (stage >= plan.count || (work->part.groups[0] && work->part.stage != stage) || !any || !each->groups[0] ||
            !each->groups[1] || !each->groups[2]) {
            continue;
        }
        if (now->due && now->dispatched) {
            [encoder memoryBarrierWithScope:MTLBarrierScopeBuffers];
        }
        now->due = false;
        now->dispatched = true;
        encode_command(self, encoder, command, each, plan.workspace ? now->workspace : nil, offset, &work->part, any);
    }
    return stages;
}

void zc_metal_record(const zc_metal_device *self, id<MTLComputeCommandEncoder> encoder, const zc_device_piece *work)
{
    progress now = {.workspace = workspace_for(self, work)};
    for (size_t first = 0, end; first < work->count; first = end) {
        uint32_t stages = 1;
        end = end_of(work, first);
        now.due = now.due || work->commands[first].barrier; /* later ones may rely on it if these do nothing */
        for (uint32_t stage = 0; stage < stages; stage++) {
            now.due = now.due || stage;
            uint32_t most = record_stage(self, encoder, work, first, end, stage, &now);
            stages = most > stages ? most : stages;
        }
    }
}
