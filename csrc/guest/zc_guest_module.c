/* zc_guest_module: the shared, immutable or host-created parts of a guest: modules, memories, globals.
 * Each is reference counted; see zc_guest.h for who may use them when. */
#include <stdio.h>
#include <string.h>

#include "base/zc_alloc.h"
#include "guest/zc_guest_internal.h"

static bool released(_Atomic uint64_t *references)
{
    return atomic_fetch_sub_explicit(references, 1, memory_order_acq_rel) == 1;
}

/* --- modules --- */

static void destroy(zc_module *module)
{
    zc_code *next;
    for (zc_code *each = atomic_load_explicit(&module->codes, memory_order_acquire); each; each = next) {
        next = each->next;
        each->engine->free_code(each->code);
        zc_free(each);
    }
    zc_module_info_free(module->info);
    zc_free(module->bytes);
    zc_free(module);
}

static zc_status make(uint8_t *bytes, size_t size, bool wide, zc_module **out, zc_error *error)
{
    zc_module *module = zc_calloc(1, sizeof *module);
    if (!module) {
        zc_free(bytes);
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a module");
    }
    module->bytes = bytes;
    module->size = size;
    atomic_init(&module->references, 1);
    zc_status status =
        wide ? zc_validate_wide(bytes, size, &module->info, error) : zc_validate(bytes, size, &module->info, error);
    if (status != ZC_OK) {
        destroy(module);
        return status;
    }
    *out = module;
    return ZC_OK;
}

zc_status zc_module_new(uint8_t *bytes, size_t size, zc_module **out, zc_error *error)
{
    return make(bytes, size, false, out, error);
}

zc_status zc_module_new_wide(uint8_t *bytes, size_t size, zc_module **out, zc_error *error)
{
    return make(bytes, size, true, out, error);
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

static const zc_code *find_code(const zc_code *first, const zc_code *end, const zc_engine *engine)
{
    while (first != end && first->engine != engine) {
        first = first->next;
    }
    return first == end ? NULL : first;
}

const void *zc_module_find_code(const zc_module *module, const zc_engine *engine)
{
    const zc_code *found = find_code(atomic_load_explicit(&module->codes, memory_order_acquire), NULL, engine);
    return found ? found->code : NULL;
}

zc_status zc_module_take_code(zc_module *module, const zc_engine *engine, void *code, const void **out, zc_error *error)
{
    zc_code *made = zc_calloc(1, sizeof *made);
    if (!made) {
        engine->free_code(code);
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a module's code");
    }
    made->engine = engine;
    made->code = code;
    zc_code *first = atomic_load_explicit(&module->codes, memory_order_acquire);
    const zc_code *found;
    do {
        const zc_code *seen = made->next;
        made->next = first;
        found = find_code(first, seen, engine); /* another thread may have been faster */
    } while (!found && !atomic_compare_exchange_weak_explicit(&module->codes, &first, made, memory_order_acq_rel,
                                                              memory_order_acquire));
    if (found) {
        engine->free_code(code);
        zc_free(made);
    }
    if (out) {
        *out = found ? found->code : code;
    }
    return ZC_OK;
}

/* By the names of what the engine lacks. */
static zc_status refuse_wide(const zc_module *module, const zc_engine *engine, zc_error *error)
{
    char names[256] = "";
    size_t used = 0;
    for (unsigned i = 1; zc_feature_name(i); i++) {
        if (module->info->needs >> i & 1 && used < sizeof names) {
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", zc_feature_name(i));
        }
    }
    return zc_fail(error, ZC_UNSUPPORTED,
                   "the module needs %s, which the engine %s does not have: engine='wasmtime' does", names,
                   engine->name);
}

/* No lock is held while an engine compiles, which may take long, and of which a fork may be made. */
zc_status zc_module_code(zc_module *module, const zc_engine *engine, const void **out, zc_error *error)
{
    void *made = NULL;
    *out = zc_module_find_code(module, engine);
    if (*out) {
        return ZC_OK;
    }
    if (module->info->needs && !engine->wide) {
        return refuse_wide(module, engine, error);
    }
    zc_status status = engine->compile(module, &made, error);
    return status == ZC_OK ? zc_module_take_code(module, engine, made, out, error) : status;
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
    size_t size = (size_t)zc_region_size(memory->region);
    size_t *length = (size_t *)(void *)(zc_region_base(memory->region) - ZC_MEMORY_LENGTH);
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
    return zc_slot_bits(global->type.value_type, bits);
}

void zc_global_set(zc_global *global, uint64_t bits)
{
    memcpy(&global->cell, &bits, sizeof bits);
}
