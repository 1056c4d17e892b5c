/* zc_wasmtime_api: see zc_wasmtime_api.h: the table of functions, and where they are in the opened library. */
#include "engine/zc_wasmtime_api.h"

#include <dlfcn.h>
#include <string.h>

zc_wasmtime_api zc_wt;

zc_status zc_wasmtime_look_up(void *library, const char *path, zc_error *error)
{
    const char *missing = NULL;
    unsigned count = 0;
#define X(result, name, parameters)                                    \
    {                                                                  \
        void *address = dlsym(library, #name);                         \
        memcpy((void *)&zc_wt.name, (void *)&address, sizeof address); \
        if (!address) {                                                \
            missing = missing ? missing : #name;                       \
            count++;                                                   \
        }                                                              \
    }
    ZC_WASMTIME_LIST(X)
#undef X
    if (!missing) {
        return ZC_OK;
    }
    return zc_fail(error, ZC_UNSUPPORTED, "wasmtime: %.200s lacks %s and %u more functions", path, missing, count - 1);
}
