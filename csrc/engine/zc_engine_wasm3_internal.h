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
    int64_t *cells;           /* values of the globals that nobody else sees */
    _Atomic(uint8_t *) stack; /* value stack, between guards; NULL before the first call */
    zc_trap_kind stopped;     /* why the guest was stopped */
} zc_wasm3_instance;

/* See switch_profile of zc_engine (zc_engine_wasm3_profile.c). */
void zc_wasm3_switch_profile(zc_instance *instance);

#endif
