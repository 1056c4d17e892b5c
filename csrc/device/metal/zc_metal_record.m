/* zc_metal_record: commands into an encoder, which Metal calls encoding.
 *
 * The encoder runs dispatches concurrently; there is a barrier where a command asks for one, and nowhere else.
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
                           const zc_device_command *command, const zc_device_part *part, const zc_metal_buffer *any,
                           uint32_t groups[3])
{
    const zc_kernel *kernel = command->kernel;
    uint32_t push[ZC_KERNEL_PUSH_WORDS] = {0};
    const zc_metal_kernel *own = kernel->compiled;
    [encoder setComputePipelineState:zc_metal_pipeline(self, command)];
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
    uint32_t words = zc_device_push(command, part, groups, push);
    /* As long as the shader's struct is, whose alignment is that of uint4. */
    [encoder setBytes:push length:(words + 3) / 4 * 16 atIndex:0];
    [encoder dispatchThreadgroups:MTLSizeMake(groups[0], groups[1], groups[2])
            threadsPerThreadgroup:own ? MTLSizeMake(own->threads[0], own->threads[1], own->threads[2])
                                      : MTLSizeMake(kernel->workgroup_size, 1, 1)];
}

void zc_metal_record(const zc_metal_device *self, id<MTLComputeCommandEncoder> encoder, const zc_device_piece *work)
{
    bool due = false, dispatched = false;
    for (size_t i = 0; i < work->count; i++) {
        const zc_device_command *command = &work->commands[i];
        uint32_t groups[3];
        due = due || command->barrier; /* later ones may rely on it even when this one has nothing to do */
        command->kernel->groups(command->params, groups);
        const zc_metal_buffer *any = any_buffer(command);
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
