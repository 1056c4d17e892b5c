/* zc_wasm_kernel: a WebAssembly function of the host program's own as a kernel of the cpu device.
 *
 * The function is called once for each row, f(row, a pointer for each binding, the parameters), in instances of its
 * module that nobody else sees: as many as threads run it, each with a memory of its own. A row of each binding is copied
 * there before the call, and what is written is copied back after it; both are counted ("kernel_rows"). So the
 * function has a stack and static data as its compiler laid them out, several rows run at once, and it can touch
 * nothing but what it is given, which no zero-copy way offers: over the arrays' own memory its stack would lie in theirs.
 *
 * Ownership: the code retains the module and owns its instances, which stay for the next dispatch. Threads: any; an
 * instance is one thread's at a time. A guest has no way here: the host program gives the module.
 */
#ifndef ZC_WASM_KERNEL_H
#define ZC_WASM_KERNEL_H

#include "device/zc_device.h"
#include "guest/zc_guest.h"

/* Takes of `source` the name and the bindings. param_types: of each parameter, ZC_I32 or ZC_F32. ZC_BAD_VALUE where
 * there is no such function, or one of another type; ZC_LINK where the module imports anything. What it makes goes to
 * zc_device_compile, or to its own `release`. An instance is made at once, so that what cannot begin is refused here;
 * `pause`, or NULL, is called while its start function runs. */
zc_status zc_wasm_kernel_new(zc_module *module, const zc_engine *engine, const char *function,
                             const zc_kernel_source *source, const uint8_t *param_types, unsigned param_count,
                             const zc_limits *limits, zc_pause_function pause, void *context, zc_row_code *out,
                             zc_error *error);

#endif
