/* zc_vulkan_sequence: commands that are recorded once and submitted many times.
 *
 * A prepared sequence is a list of slots with the same recording, push constants and all, made without ONE_TIME_SUBMIT.
 * Each submission takes an idle one, so that the fence is its own; when all are in flight, one more is
 * recorded. So a steady load records nothing. A slot comes back to its list when its submission is done.
 *
 * Ownership: the slots are the list's until it is released, when none is in flight, and then the device's again.
 * The commands are the sequence's and outlive this. Threads: any; the lock of the device's free list.
 */
#include "base/zc_alloc.h"
#include "device/vulkan/zc_vulkan.h"

struct zc_vulkan_prepared {
    const zc_device_command *commands;
    size_t count;
    zc_vulkan_slot *idle;
};

static zc_status record(zc_vulkan_device *device, zc_vulkan_prepared *prepared, zc_vulkan_slot **out, zc_error *error)
{
    zc_status status =
        zc_vulkan_record(device, prepared->commands, prepared->count, &(zc_device_part){0}, false, false, out, error);
    if (status == ZC_OK) {
        (*out)->home = &prepared->idle;
    }
    return status;
}

zc_status zc_vulkan_prepare(void *self, const zc_device_command *commands, size_t count, void **out, zc_error *error)
{
    zc_vulkan_device *device = self;
    zc_vulkan_slot *slot;
    zc_vulkan_prepared *prepared = zc_calloc(1, sizeof *prepared);
    if (!prepared) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a sequence's bookkeeping");
    }
    prepared->commands = commands;
    prepared->count = count;
    zc_status status = record(device, prepared, &slot, error);
    if (status != ZC_OK) {
        zc_free(prepared);
        return status;
    }
    zc_vulkan_slot_release(device, slot);
    *out = prepared;
    return ZC_OK;
}

zc_status zc_vulkan_prepared_take(zc_vulkan_device *device, zc_vulkan_prepared *prepared, zc_vulkan_slot **out,
                                  zc_error *error)
{
    *out = zc_vulkan_slot_take(device, &prepared->idle);
    return *out ? ZC_OK : record(device, prepared, out, error);
}

void zc_vulkan_prepared_release(void *self, void *released)
{
    zc_vulkan_device *device = self;
    zc_vulkan_prepared *prepared = released;
    zc_vulkan_slot *slot;
    while ((slot = zc_vulkan_slot_take(device, &prepared->idle))) {
        slot->home = &device->free_slots;
        zc_vulkan_slot_release(device, slot);
    }
    zc_free(prepared);
}
