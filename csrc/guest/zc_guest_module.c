/* zc_guest_module: the shared, immutable or host-created parts of a guest: modules, memories, globals.
 * Each is reference counted; see zc_guest.h for who may use them when. */
#include <string.h>

#include "base/zc_alloc.h"
#include "guest/zc_guest_internal.h"

_Static_assert(sizeof(M3MemoryHeader) % 16 == 0 && sizeof(M3MemoryHeader) <= ZC_REGION_HEADER,
               "the engine's header must end exactly at the memory's base");

static bool released(_Atomic uint64_t *references)
{
    return atomic_fetch_sub_explicit(references, 1, memory_order_acq_rel) == 1;
}

/* --- modules --- */

zc_status zc_engine_failed(M3Result result, zc_error *error)
{
    if (result == m3Err_mallocFailed || result == m3Err_mallocFailedCodePage) {
        return zc_fail(error, ZC_NO_MEMORY, "the engine cannot allocate memory");
    }
    return zc_fail(error, ZC_UNSUPPORTED, "the engine cannot compile a function of this module: %s", result);
}

static void destroy(zc_module *module)
{
    m3_FreeModule(module->parsed);
    m3_FreeEnvironment(module->environment);
    zc_module_info_free(module->info);
    zc_free(module->bytes);
    zc_free(module);
}

/* Once for all instances. A module that the engine cannot take is only refused when it is to be instantiated. */
static zc_status parse(zc_module *module, zc_error *error)
{
    module->environment = m3_NewEnvironment(module->info->type_count);
    if (!module->environment) {
        return zc_engine_failed(m3Err_mallocFailed, error);
    }
    M3Result result = m3_ParseModule(module->environment, &module->parsed, module->bytes, (uint32_t)module->size);
    if (result == m3Err_mallocFailed) {
        return zc_engine_failed(result, error);
    }
    module->refused = result;
    return ZC_OK;
}

zc_status zc_module_new(uint8_t *bytes, size_t size, zc_module **out, zc_error *error)
{
    zc_module *module = zc_calloc(1, sizeof *module);
    if (!module) {
        zc_free(bytes);
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a module");
    }
    module->bytes = bytes;
    module->size = size;
    atomic_init(&module->references, 1);
    zc_status status = zc_validate(bytes, size, &module->info, error);
    if (status == ZC_OK) {
        status = parse(module, error);
    }
    if (status != ZC_OK) {
        destroy(module);
        return status;
    }
    *out = module;
    return ZC_OK;
}

zc_module *zc_module_retain(zc_module *module)
{
    atomic_fetch_add_explicit(&module->references, 1, memory_order_relaxed);
    return module;
}

void zc_module_release(zc_module *module)
{
    if (module && released(&module->references)) {
        destroy(module);
    }
}

const zc_module_info *zc_module_get_info(const zc_module *module)
{
    return module->info;
}

size_t zc_module_size(const zc_module *module)
{
    return module->size;
}

const uint8_t *zc_module_bytes(const zc_module *module)
{
    return module->bytes;
}

/* --- memories --- */

uint32_t zc_memory_most_pages(const zc_limits_type *type, uint64_t byte_limit)
{
    uint32_t maximum = type->has_maximum ? type->maximum : ZC_WASM_MAX_PAGES;
    return byte_limit / ZC_WASM_PAGE_SIZE < maximum ? (uint32_t)(byte_limit / ZC_WASM_PAGE_SIZE) : maximum;
}

zc_status zc_memory_over(const zc_limits_type *type, uint64_t byte_limit, zc_region *region, zc_memory **out,
                         zc_error *error)
{
    uint64_t size = zc_region_size(region), reserved = zc_region_reserved(region) / ZC_WASM_PAGE_SIZE;
    uint32_t maximum = zc_memory_most_pages(type, byte_limit);
    if (size % ZC_WASM_PAGE_SIZE || size / ZC_WASM_PAGE_SIZE < type->minimum || size / ZC_WASM_PAGE_SIZE > maximum) {
        zc_region_release(region);
        return zc_fail(error, ZC_BAD_VALUE, "a memory of %u to %u pages cannot have %llu bytes", type->minimum, maximum,
                       (ull)size);
    }
    zc_memory *memory = zc_calloc(1, sizeof *memory);
    if (!memory) {
        zc_region_release(region);
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a memory's bookkeeping");
    }
    atomic_init(&memory->references, 1);
    memory->region = region;
    memory->type = *type;
    memory->maximum = reserved < maximum ? (uint32_t)reserved : maximum;
    memory->executor.header = (M3MemoryHeader *)zc_region_base(region) - 1;
    *out = memory;
    return ZC_OK;
}

zc_status zc_memory_new(const zc_limits_type *type, uint64_t byte_limit, zc_memory **out, zc_error *error)
{
    uint32_t maximum = type->has_maximum ? type->maximum : ZC_WASM_MAX_PAGES;
    if (maximum > ZC_WASM_MAX_PAGES || type->minimum > maximum) {
        return zc_fail(error, ZC_BAD_VALUE,
                       "a memory of %u to %u pages: the maximum is at most %u and not below the minimum", type->minimum,
                       maximum, ZC_WASM_MAX_PAGES);
    }
    maximum = zc_memory_most_pages(type, byte_limit);
    if (type->minimum > maximum) {
        return zc_fail(error, ZC_LINK, "a memory of %u pages is needed, the limit is %llu bytes", type->minimum,
                       (ull)byte_limit);
    }
    zc_region *region;
    zc_status status = zc_region_create((uint64_t)maximum * ZC_WASM_PAGE_SIZE,
                                        (uint64_t)type->minimum * ZC_WASM_PAGE_SIZE, &region, error);
    return status == ZC_OK ? zc_memory_over(type, byte_limit, region, out, error) : status;
}

zc_memory *zc_memory_retain(zc_memory *memory)
{
    atomic_fetch_add_explicit(&memory->references, 1, memory_order_relaxed);
    return memory;
}

void zc_memory_release(zc_memory *memory)
{
    if (memory && released(&memory->references)) {
        zc_region_release(memory->region);
        zc_free(memory);
    }
}

zc_region *zc_memory_region(const zc_memory *memory)
{
    return memory->region;
}

uint32_t zc_memory_pages(const zc_memory *memory)
{
    return (uint32_t)(zc_region_size(memory->region) / ZC_WASM_PAGE_SIZE);
}

uint32_t zc_memory_maximum(const zc_memory *memory, bool *declared)
{
    *declared = memory->type.has_maximum;
    return *declared ? memory->type.maximum : memory->maximum;
}

void zc_memory_publish(zc_memory *memory)
{
    /* The host and a guest on another thread may grow at once: the length that guests see only rises. A look before the
     * first write would be a page fault of its own. */
    size_t size = (size_t)zc_region_size(memory->region), *length = &memory->executor.header->length;
    size_t seen = 0;
    while (seen < size && !__atomic_compare_exchange_n(length, &seen, size, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
    }
}

zc_status zc_memory_grow(zc_memory *memory, uint32_t delta, uint32_t *previous, zc_error *error)
{
    /* The reservation is the maximum, so the region's own check is the check of pages. */
    uint64_t before;
    zc_status status = zc_region_grow(memory->region, (uint64_t)delta * ZC_WASM_PAGE_SIZE, &before, error);
    *previous = (uint32_t)(before / ZC_WASM_PAGE_SIZE);
    if (status == ZC_OUT_OF_BOUNDS) {
        return zc_fail(error, ZC_OUT_OF_BOUNDS, "cannot grow a memory of %u pages by %u: its maximum is %u", *previous,
                       delta, memory->maximum);
    }
    if (status == ZC_OK) {
        zc_memory_publish(memory);
    }
    return status;
}

/* --- globals --- */

zc_status zc_global_new(zc_global_type type, uint64_t bits, zc_global **out, zc_error *error)
{
    zc_global *global = zc_calloc(1, sizeof *global);
    if (!global) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a global");
    }
    atomic_init(&global->references, 1);
    global->type = type;
    zc_global_set(global, bits);
    *out = global;
    return ZC_OK;
}

zc_global *zc_global_retain(zc_global *global)
{
    atomic_fetch_add_explicit(&global->references, 1, memory_order_relaxed);
    return global;
}

void zc_global_release(zc_global *global)
{
    if (global && released(&global->references)) {
        zc_free(global);
    }
}

zc_global_type zc_global_get_type(const zc_global *global)
{
    return global->type;
}

uint64_t zc_global_get(const zc_global *global)
{
    uint64_t bits;
    memcpy(&bits, &global->cell, sizeof bits);
    return global->type.value_type == ZC_I32 || global->type.value_type == ZC_F32 ? (uint32_t)bits : bits;
}

void zc_global_set(zc_global *global, uint64_t bits)
{
    memcpy(&global->cell, &bits, sizeof bits);
}
