/* zc_engine_wasm3_table: tables of wasm3: arrays of its functions, of whatever instance, which are told of the changes that
 * zc_table.c keeps account of. Its calls read them directly. */
#include <string.h>

#include "base/zc_alloc.h"
#include "engine/zc_engine_wasm3_internal.h"

M3Table *zc_wasm3_elements(zc_table *table)
{
    return &((zc_wasm3_table *)(void *)table)->elements;
}

bool zc_wasm3_resize_table(zc_table *table, uint32_t size)
{
    M3Table *own = zc_wasm3_elements(table);
    IM3Function *grown = NULL;
    if (!own->elements) {
        grown = zc_calloc(size, sizeof *grown);
    } else if ((grown = zc_realloc(own->elements, size * sizeof *grown)) != NULL) {
        memset(grown + own->size, 0, (size - own->size) * sizeof *grown);
    }
    if (!grown) {
        return false;
    }
    own->elements = grown;
    own->size = size;
    return true;
}

void zc_wasm3_free_table(zc_table *table)
{
    zc_free(zc_wasm3_elements(table)->elements);
}

zc_instance *zc_wasm3_get_element(const zc_table *table, uint32_t index, uint32_t *function)
{
    const M3Function *element = ((const zc_wasm3_table *)(const void *)table)->elements.elements[index];
    if (!element) {
        return NULL;
    }
    *function = (uint32_t)(element - element->module->functions);
    return element->module->runtime->userdata;
}

void zc_wasm3_set_element(zc_table *table, uint32_t index, zc_instance *instance, uint32_t function)
{
    zc_wasm3_elements(table)->elements[index] = instance ? &zc_wasm3_of(instance)->module->functions[function] : NULL;
}

M3Result zc_wasm3_put_element(IM3Runtime runtime, u32 index, IM3Function function)
{
    zc_instance *instance = runtime->userdata;
    zc_table *table = instance->table;
    if (table->home == instance && !table->users) {
        zc_wasm3_elements(table)->elements[index] = function;
        return m3Err_none;
    }
    uint32_t own = (uint32_t)(function - function->module->functions);
    return zc_table_put(instance, index, own, NULL) == ZC_OK ? m3Err_none : m3Err_mallocFailed;
}

void zc_wasm3_move_elements(IM3Runtime runtime, u32 destination, u32 source, u32 size)
{
    zc_table *table = ((zc_instance *)runtime->userdata)->table;
    IM3Function *elements = zc_wasm3_elements(table)->elements;
    if (table->users) {
        zc_table_move(table, destination, source, size);
    } else {
        memmove(elements + destination, elements + source, size * sizeof *elements);
    }
}
