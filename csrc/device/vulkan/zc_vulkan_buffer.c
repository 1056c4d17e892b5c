/* zc_vulkan_buffer: imports of host memory, and memory of the device's own.
 *
 * An import makes a region's committed bytes a VkBuffer with VK_EXT_external_memory_host: the driver uses the
 * pages where they lie. It either works or fails with an error that names the limit; nothing here falls back
 * to a copy. Where memory is unified the import is also mapped, and the driver must give back the very same
 * address: the proof that it is the same memory.
 *
 * Device-local memory (scratch) is filled and read by zc_vulkan_copy.c.
 *
 * Ownership: a zc_vulkan_buffer owns its VkBuffer and VkDeviceMemory; host memory stays the region's.
 * Threads: any; each buffer is made and destroyed by one.
 */
#include <stdio.h>

#include "base/zc_alloc.h"
#include "device/vulkan/zc_vulkan.h"

#define EMPTY_SIZE 256u
#define WORKSPACE_SIZE ((uint64_t)1 << 20) /* of the first one */

/* The type among `bits` that has all of `wanted` and as many of `liked` as can be; UINT32_MAX for none. */
static uint32_t memory_type(const zc_vulkan_device *device, uint32_t bits, VkMemoryPropertyFlags wanted,
                            VkMemoryPropertyFlags liked)
{
    const VkPhysicalDeviceMemoryProperties *memory = &device->physical.memory;
    uint32_t best = UINT32_MAX;
    int most = -1;
    for (uint32_t i = 0; i < memory->memoryTypeCount; i++) {
        VkMemoryPropertyFlags flags = memory->memoryTypes[i].propertyFlags;
        if (!(bits >> i & 1) || (flags & wanted) != wanted) {
            continue;
        }
        int score = __builtin_popcount(flags & liked);
        if (score > most) {
            most = score;
            best = i;
        }
    }
    return best;
}

void zc_vulkan_buffer_destroy(zc_vulkan_device *device, zc_vulkan_buffer *buffer)
{
    if (buffer->handle) {
        device->f.vkDestroyBuffer(device->handle, buffer->handle, NULL);
    }
    if (buffer->memory) {
        device->f.vkFreeMemory(device->handle, buffer->memory, NULL); /* unmaps it, too */
    }
    *buffer = (zc_vulkan_buffer){0};
}

void zc_vulkan_buffer_release(void *self, void *buffer)
{
    zc_vulkan_buffer_destroy(self, buffer);
    zc_free(buffer);
}

static VkResult create_buffer(zc_vulkan_device *device, zc_vulkan_buffer *buffer, const void *next)
{
    VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                               .pNext = next,
                               .size = buffer->size,
                               .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                                        VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                               .sharingMode = VK_SHARING_MODE_EXCLUSIVE};
    return device->f.vkCreateBuffer(device->handle, &info, NULL, &buffer->handle);
}

static VkResult allocate(zc_vulkan_device *device, zc_vulkan_buffer *buffer, const void *next, uint64_t size,
                         uint32_t type)
{
    VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                 .pNext = next,
                                 .allocationSize = size,
                                 .memoryTypeIndex = type};
    VkResult result = device->f.vkAllocateMemory(device->handle, &info, NULL, &buffer->memory);
    return result != VK_SUCCESS ? result
                                : device->f.vkBindBufferMemory(device->handle, buffer->handle, buffer->memory, 0);
}

static zc_status import(zc_vulkan_device *device, void *address, zc_vulkan_buffer *buffer, zc_error *error)
{
    const zc_vulkan_functions *f = &device->f;
    const char *name = device->physical.info.name;
    char label[96];
    (void)snprintf(label, sizeof label, "%llu bytes of memory at %p", (ull)buffer->size, address);
    if (buffer->size > device->physical.max_allocation) {
        return zc_fail(error, ZC_DEVICE,
                       "vulkan device %s: cannot import %s: its maxMemoryAllocationSize is %llu bytes", name, label,
                       (ull)device->physical.max_allocation);
    }
    VkMemoryHostPointerPropertiesEXT pointer = {.sType = VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT};
    VkResult result = f->vkGetMemoryHostPointerPropertiesEXT(
        device->handle, VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT, address, &pointer);
    if (result != VK_SUCCESS) {
        return zc_vulkan_fail(device, result, error, "import", label);
    }
    VkExternalMemoryBufferCreateInfo external = {.sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
                                                 .handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT};
    result = create_buffer(device, buffer, &external);
    if (result != VK_SUCCESS) {
        return zc_vulkan_fail(device, result, error, "make a buffer over", label);
    }
    VkMemoryRequirements needs;
    f->vkGetBufferMemoryRequirements(device->handle, buffer->handle, &needs);
    if (needs.size > buffer->size) {
        return zc_fail(error, ZC_DEVICE, "vulkan device %s: cannot import %s: a buffer of that size needs %llu bytes",
                       name, label, (ull)needs.size);
    }
    uint32_t type = memory_type(device, pointer.memoryTypeBits & needs.memoryTypeBits,
                                VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
                                VK_MEMORY_PROPERTY_HOST_CACHED_BIT);
    if (type == UINT32_MAX) {
        return zc_fail(error, ZC_DEVICE, "vulkan device %s: cannot import %s: no coherent memory type allows it", name,
                       label);
    }
    VkImportMemoryHostPointerInfoEXT info = {.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT,
                                             .handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT,
                                             .pHostPointer = address};
    result = allocate(device, buffer, &info, buffer->size, type);
    if (result != VK_SUCCESS) {
        return zc_vulkan_fail(device, result, error, "import", label);
    }
    buffer->mapped = address;
    if (device->physical.info.unified_memory) {
        void *mapped = NULL;
        result = f->vkMapMemory(device->handle, buffer->memory, 0, VK_WHOLE_SIZE, 0, &mapped);
        if (result != VK_SUCCESS) {
            return zc_vulkan_fail(device, result, error, "map", label);
        }
        if (mapped != address) {
            return zc_fail(error, ZC_DEVICE, "vulkan device %s: imported %s, but it lies at %p for the driver", name,
                           label, mapped);
        }
    }
    return ZC_OK;
}

zc_status zc_vulkan_import(void *self, void *address, uint64_t size, bool read_only, void **out, void **device_address,
                           zc_error *error)
{
    (void)read_only;
    zc_vulkan_buffer *buffer = zc_calloc(1, sizeof *buffer);
    if (!buffer) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a buffer's bookkeeping");
    }
    buffer->size = size;
    zc_status status = import(self, address, buffer, error);
    if (status != ZC_OK) {
        zc_vulkan_buffer_release(self, buffer);
        return status;
    }
    *out = buffer;
    *device_address = buffer->mapped;
    return ZC_OK;
}

static zc_status make(zc_vulkan_device *device, zc_vulkan_buffer *buffer, VkMemoryPropertyFlags wanted,
                      VkMemoryPropertyFlags liked, zc_error *error)
{
    char label[64];
    (void)snprintf(label, sizeof label, "%llu bytes of device memory", (ull)buffer->size);
    VkMemoryRequirements needs;
    VkResult result = create_buffer(device, buffer, NULL);
    if (result == VK_SUCCESS) {
        device->f.vkGetBufferMemoryRequirements(device->handle, buffer->handle, &needs);
        if (needs.size > device->physical.max_allocation) {
            return zc_fail(error, ZC_DEVICE,
                           "vulkan device %s: cannot allocate %s: its maxMemoryAllocationSize is %llu bytes",
                           device->physical.info.name, label, (ull)device->physical.max_allocation);
        }
        uint32_t type = memory_type(device, needs.memoryTypeBits, wanted, liked);
        result = type == UINT32_MAX ? VK_ERROR_OUT_OF_DEVICE_MEMORY : allocate(device, buffer, NULL, needs.size, type);
    }
    if (result == VK_SUCCESS && wanted & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT) {
        result = device->f.vkMapMemory(device->handle, buffer->memory, 0, VK_WHOLE_SIZE, 0, &buffer->mapped);
    }
    return result == VK_SUCCESS ? ZC_OK : zc_vulkan_fail(device, result, error, "allocate", label);
}

zc_status zc_vulkan_empty_init(zc_vulkan_device *device, zc_error *error)
{
    device->empty.size = EMPTY_SIZE;
    return make(device, &device->empty, 0, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, error);
}

zc_status zc_vulkan_staging_init(zc_vulkan_device *device, uint64_t size, zc_error *error)
{
    device->staging.size = size;
    zc_status status =
        make(device, &device->staging, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
             VK_MEMORY_PROPERTY_HOST_CACHED_BIT, error);
    if (status != ZC_OK) {
        zc_vulkan_buffer_destroy(device, &device->staging);
    }
    return status;
}

/* The first one that is large enough, which is always the same one: of a dispatch that is cut, each part is recorded by
 * itself, and finds what those before left, whatever was recorded meanwhile. */
zc_status zc_vulkan_workspace(zc_vulkan_device *device, bool cut, uint64_t size, VkBuffer *out, zc_error *error)
{
    struct zc_vulkan_workspaces *all = &device->workspaces[cut];
    zc_status status = ZC_OK;
    unsigned at = 0;
    pthread_mutex_lock(&device->workspace_lock);
    while (at < all->count && all->each[at].size < size) {
        at++;
    }
    zc_vulkan_buffer *buffer = &all->each[at];
    if (at == all->count) {
        uint64_t larger = at ? 2 * all->each[at - 1].size : WORKSPACE_SIZE;
        while (larger < size) {
            larger *= 2;
        }
        /* A device's largest allocation, which nobody asks to exceed, need not be a power of two. */
        buffer->size = larger < device->physical.max_allocation ? larger : device->physical.max_allocation;
        status = make(device, buffer, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0, error);
        if (status == ZC_OK) {
            all->count++;
        } else {
            zc_vulkan_buffer_destroy(device, buffer);
        }
    }
    if (status == ZC_OK) {
        *out = buffer->handle;
    }
    pthread_mutex_unlock(&device->workspace_lock);
    return status;
}

zc_status zc_vulkan_local(void *self, uint64_t size, void **out, zc_error *error)
{
    zc_vulkan_buffer *buffer = zc_calloc(1, sizeof *buffer);
    if (!buffer) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a buffer's bookkeeping");
    }
    buffer->size = size;
    zc_status status = make(self, buffer, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0, error);
    if (status != ZC_OK) {
        zc_vulkan_buffer_release(self, buffer);
        return status;
    }
    *out = buffer;
    return ZC_OK;
}
