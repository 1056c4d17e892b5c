/* zc_abi_guest: what all imports need of the guest: its memory, its handles, and failures as errnos for it.
 *
 * See zc_abi.h for ownership and threads, zc_abi_internal.h for what each function promises.
 */
#if !defined(__APPLE__)
#define _GNU_SOURCE
#endif
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "imports/zc_abi_internal.h"
#include "base/zc_alloc.h"

/* --- failures --- */

int32_t zc_abi_fail(zc_abi *abi, zcg_errno code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(abi->error.message, sizeof abi->error.message, format, arguments);
    va_end(arguments);
    return -(int32_t)code;
}

zcg_errno zc_abi_errno(zc_status status)
{
    switch (status) {
    case ZC_NO_MEMORY:
    case ZC_LIMIT:
        return ZCG_ENOMEM;
    case ZC_OVERFLOW:
        return ZCG_EOVERFLOW;
    case ZC_OUT_OF_BOUNDS:
        return ZCG_EBOUNDS;
    case ZC_UNSUPPORTED:
        return ZCG_ENOSYS;
    case ZC_BUSY:
        return ZCG_EBUSY;
    case ZC_TIMEOUT:
        return ZCG_ETIMEDOUT;
    case ZC_DEVICE:
    case ZC_CANCELLED:
        return ZCG_EIO;
    default:
        return ZCG_EINVAL;
    }
}

zc_status zc_abi_failed(zc_abi *abi, zc_status status, uint64_t *result, zc_error *error)
{
    if (status == ZC_TRAP || status == ZC_HOST) {
        *error = abi->error;
        return status;
    }
    *result = (uint32_t)-(int32_t)zc_abi_errno(status);
    return ZC_OK;
}

/* --- the guest's memory --- */

uint8_t *zc_abi_memory(zc_abi *abi, uint64_t pointer, uint64_t size)
{
    static uint8_t nothing[1];
    zc_memory *memory = abi->instance ? zc_instance_memory(abi->instance) : NULL;
    uint64_t have = memory ? (uint64_t)zc_memory_pages(memory) * ZC_WASM_PAGE_SIZE : 0;
    if (pointer > have || size > have - pointer) {
        (void)zc_abi_fail(abi, ZCG_EFAULT, "%llu bytes at %llu do not lie inside the guest's memory of %llu bytes",
                          (ull)size, (ull)pointer, (ull)have);
        return NULL;
    }
    return size ? zc_region_base(zc_memory_region(memory)) + pointer : nothing;
}

bool zc_abi_name(zc_abi *abi, uint64_t pointer, uint64_t size, char out[ZC_ABI_MAX_NAME], int32_t *failure)
{
    const uint8_t *bytes = zc_abi_memory(abi, pointer, size);
    if (!bytes) {
        *failure = -ZCG_EFAULT;
        return false;
    }
    if (size > ZC_ABI_MAX_NAME) {
        *failure =
            zc_abi_fail(abi, ZCG_EINVAL, "a name of %llu bytes: at most %u are allowed", (ull)size, ZC_ABI_MAX_NAME);
        return false;
    }
    memcpy(out, bytes, size);
    return true;
}

/* --- handles --- */

int32_t zc_abi_add(zc_abi *abi, zc_abi_table *table, zc_abi_entry **out)
{
    uint32_t index;
    if (table->first_free) {
        index = table->first_free - 1;
        table->first_free = table->entries[index].next_free;
    } else {
        if (table->count == table->limit) {
            return zc_abi_fail(abi, ZCG_ENOMEM, "an instance has at most %u such handles at a time", table->limit);
        }
        if (table->count == table->capacity) {
            uint32_t capacity = table->capacity ? table->capacity * 2 : 8;
            capacity = capacity < table->limit ? capacity : table->limit;
            zc_abi_entry *larger = zc_realloc(table->entries, capacity * sizeof *larger);
            if (!larger) {
                return zc_abi_fail(abi, ZCG_ENOMEM, "cannot allocate %u handles", capacity);
            }
            table->entries = larger;
            table->capacity = capacity;
        }
        index = table->count++;
        table->entries[index] = (zc_abi_entry){0};
    }
    zc_abi_entry *entry = &table->entries[index];
    entry->used = true;
    *out = entry;
    return (int32_t)((uint32_t)table->kind << ZC_ABI_KIND_SHIFT |
                     (uint32_t)entry->generation << ZC_ABI_GENERATION_SHIFT | index);
}

zc_abi_entry *zc_abi_find(zc_abi *abi, zc_abi_table *table, uint64_t handle)
{
    static const char *const kinds[] = {
        [ZC_ABI_SCRATCH] = "scratch", [ZC_ABI_SEQUENCE] = "sequence", [ZC_ABI_SUBMISSION] = "submission"};
    uint32_t bits = (uint32_t)handle, index = bits & ZC_ABI_INDICES;
    if (bits >> ZC_ABI_KIND_SHIFT == (uint32_t)table->kind && index < table->count && table->entries[index].used &&
        table->entries[index].generation == (bits >> ZC_ABI_GENERATION_SHIFT & ZC_ABI_GENERATIONS)) {
        return &table->entries[index];
    }
    (void)zc_abi_fail(abi, ZCG_EBADF, "%d is no %s handle", (int32_t)bits, kinds[table->kind]);
    return NULL;
}

void zc_abi_tape_free(zc_abi_tape *tape)
{
    zc_batch_free(tape->batch);
    zc_sequence_release(tape->sequence);
    zc_free(tape->records);
    *tape = (zc_abi_tape){0};
}

void zc_abi_remove(zc_abi_table *table, zc_abi_entry *entry)
{
    if (!entry->used) {
        return;
    }
    zc_abi_tape_free(&entry->tape);
    zc_free(entry->end);
    zc_submission_release(entry->submission);
    zc_region_release(entry->region);
    *entry =
        (zc_abi_entry){.generation = (entry->generation + 1u) & ZC_ABI_GENERATIONS, .next_free = table->first_free};
    table->first_free = (uint32_t)(entry - table->entries) + 1;
}
