/* zc_engine_wasm3: the interpreter wasm3 as an engine (guest/zc_engine.h): it is in every build, runs WebAssembly 1.0 with
 * what validate/zc_validate.h lists, and needs no executable memory. */
#ifndef ZC_ENGINE_WASM3_H
#define ZC_ENGINE_WASM3_H

#include "guest/zc_guest.h"

extern const zc_engine zc_engine_wasm3;

#endif
