/* zc_engine_wasm3_internal: what the zc_engine_wasm3*.c files share. They alone include wasm3's headers. */
#ifndef ZC_ENGINE_WASM3_INTERNAL_H
#define ZC_ENGINE_WASM3_INTERNAL_H

#include "wasm3/m3_env.h"
#include "wasm3/m3_exec_defs.h"
#include "guest/zc_guest_internal.h"

typedef struct zc_wasm3_instance {
    zc_instance base;
    IM3Runtime runtime;
    IM3Module module; /* a clone of what was parsed */
    M3MemoryHeader *header; /* the memory's, or own_header */
    M3MemoryHeader own_header;
    int64_t *cells;       /* values of the globals that nobody else sees */
    zc_trap_kind stopped; /* why the guest was stopped */
} zc_wasm3_instance;

static inline zc_wasm3_instance *zc_wasm3_of(zc_instance *instance)
{
    return (zc_wasm3_instance *)(void *)instance;
}

typedef struct zc_wasm3_table {
    zc_table base;
    M3Table elements; /* the modules of the instances that share it know only this */
} zc_wasm3_table;

/* See switch_profile of zc_engine (zc_engine_wasm3_profile.c). */
void zc_wasm3_switch_profile(zc_instance *instance);

/* --- zc_engine_wasm3_table.c --- */

M3Table *zc_wasm3_elements(zc_table *table);
/* See zc_engine. */
bool zc_wasm3_resize_table(zc_table *table, uint32_t size);
void zc_wasm3_free_table(zc_table *table);
zc_instance *zc_wasm3_get_element(const zc_table *table, uint32_t index, uint32_t *function);
void zc_wasm3_set_element(zc_table *table, uint32_t index, zc_instance *instance, uint32_t function);
/* M3Runtime.setElement and .moveElements. */
M3Result zc_wasm3_put_element(IM3Runtime runtime, u32 index, IM3Function function);
void zc_wasm3_move_elements(IM3Runtime runtime, u32 destination, u32 source, u32 size);

#endif
