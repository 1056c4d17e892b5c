/* zc_metal_residency: keeps idle buffers from being unwired, from macOS 15 on.
 *
 * The buffers of a device are in one residency set, as long as the system wants that much wired. Functions named
 * _macos15 are called only where the system has what they use; who calls them asks at run time.
 *
 * Ownership: the set is the device's; it holds its buffers until they are taken out. Threads: any, with `lock` held.
 */
#include <objc/runtime.h>

#include "device/metal/zc_metal.h"

void zc_metal_make_residency_macos15(zc_metal_device *self)
{
    /* The class is looked up by name, so that nothing links to it on older systems. */
    Class descriptor_class = objc_getClass("MTLResidencySetDescriptor");
    NSError *problem = nil;
    if (!descriptor_class) {
        return;
    }
    id descriptor = [[descriptor_class alloc] init];
    id<MTLDevice_macos15> device = (id<MTLDevice_macos15>)self->device;
    id<MTLResidencySet_macos15> set = [device newResidencySetWithDescriptor:descriptor error:&problem];
    [descriptor release];
    if (set) { /* without it everything works, with pauses after idle time */
        [(id<MTLCommandQueue_macos15>)self->queue addResidencySet:set];
        self->residency = set;
    }
}

void zc_metal_add_resident_macos15(zc_metal_device *self, zc_metal_buffer *buffer)
{
    id<MTLResidencySet_macos15> set = self->residency;
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

void zc_metal_remove_resident_macos15(zc_metal_device *self, const zc_metal_buffer *buffer)
{
    id<MTLResidencySet_macos15> set = self->residency;
    [set removeAllocation:buffer->buffer];
    [set commit];
    self->resident -= buffer->size;
}
