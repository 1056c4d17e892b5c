/* zc_uses: see zc_uses.h. */
#include "device/zc_uses.h"

#include "base/zc_alloc.h"

static zc_status make_room(zc_uses *uses, zc_error *error)
{
    if (uses->count == uses->capacity) {
        size_t capacity = uses->capacity ? uses->capacity * 2 : 4;
        zc_use *larger = zc_realloc(uses->each, capacity * sizeof *larger);
        if (!larger) {
            return zc_fail(error, ZC_NO_MEMORY, "cannot record the use of %zu regions", capacity);
        }
        uses->each = larger;
        uses->capacity = capacity;
    }
    return ZC_OK;
}

zc_status zc_uses_add_kernel(zc_uses *uses, const zc_kernel *kernel, zc_error *error)
{
    for (size_t i = uses->count; i-- > 0;) {
        if (uses->each[i].kernel == kernel) {
            return ZC_OK;
        }
    }
    zc_status status = make_room(uses, error);
    if (status == ZC_OK) {
        zc_kernel_retain(kernel);
        uses->each[uses->count++] = (zc_use){.kernel = kernel};
    }
    return status;
}

/* Looked up newest first: a batch names the same few regions again and again. */
zc_status zc_uses_add_region(zc_uses *uses, zc_device *device, zc_region *region, uint64_t end, void **handle,
                             zc_error *error)
{
    bool has_buffers = device->backend->buffer_from_host != NULL;
    for (size_t i = uses->count; i-- > 0;) {
        const zc_use *use = &uses->each[i];
        if (use->region == region && (!has_buffers || use->buffer->size >= end)) {
            *handle = has_buffers ? use->buffer->buffer : (void *)zc_region_base(region);
            return ZC_OK;
        }
    }
    zc_status status = make_room(uses, error);
    if (status != ZC_OK) {
        return status;
    }
    zc_use use = {.region = region};
    if (has_buffers) {
        status = zc_device_buffer_acquire(device, region, end, &use.buffer, error);
        if (status != ZC_OK) {
            return status;
        }
    }
    zc_region_pin(region);
    uses->each[uses->count++] = use;
    *handle = has_buffers ? use.buffer->buffer : (void *)zc_region_base(region);
    return ZC_OK;
}

uint64_t zc_uses_pins(const zc_uses *uses, const zc_region *region)
{
    uint64_t pins = 0;
    for (size_t i = 0; i < uses->count; i++) {
        pins += uses->each[i].region == region;
    }
    return pins;
}

void zc_uses_clear(zc_uses *uses)
{
    for (size_t i = 0; i < uses->count; i++) {
        zc_device_buffer_release(uses->each[i].buffer);
        if (uses->each[i].region) {
            zc_region_unpin(uses->each[i].region);
        }
        zc_kernel_release(uses->each[i].kernel);
    }
    uses->count = 0;
}

void zc_uses_free(zc_uses *uses)
{
    zc_uses_clear(uses);
    zc_free(uses->each);
    *uses = (zc_uses){0};
}
