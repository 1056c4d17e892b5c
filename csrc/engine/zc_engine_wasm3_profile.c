/* zc_engine_wasm3_profile: profiles of instances of wasm3. An operation in place of the engine's own for entering a function
 * notes the function, calls the engine's, and takes the note back, however that ended. */
#include "engine/zc_engine_wasm3_internal.h"
#include "guest/zc_guest_profile.h"

M3_NO_UBSAN static m3ret_t vectorcall noted_entry(d_m3OpSig)
{
    IM3Function function = *(const IM3Function *)_pc;
    zc_wasm3_instance *own = _mem->runtime->userdata;
    zc_frames *frames = own->base.frames;
    zc_frame frame = zc_frames_push(frames, (uint32_t)(function - own->module->functions));
    m3ret_t result = ((IM3Operation)(uintptr_t)GetEntryOperation())(d_m3OpAllArgs);
    zc_frames_pop(frames, frame);
    return result;
}

void zc_wasm3_switch_profile(zc_instance *instance)
{
    zc_wasm3_instance *own = (zc_wasm3_instance *)(void *)instance;
    bool wanted = atomic_load_explicit(&instance->profile_wanted, memory_order_acquire);
    const void *noted = (const void *)(uintptr_t)noted_entry, *usual = GetEntryOperation();
    const void *from = wanted ? usual : noted, *to = wanted ? noted : usual;
    IM3Module module = own->module;
    for (u32 i = 0; i < module->numFunctions; i++) {
        code_t *first = (code_t *)module->functions[i].compiled;
        if (first && *first == from) {
            *first = (code_t)to;
        }
    }
    own->runtime->entry = wanted ? noted : NULL;
    instance->profiled = wanted;
}
