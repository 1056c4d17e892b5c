/* zc_engine: what a WebAssembly engine does for the guest layer. The engines themselves are in csrc/engine/.
 *
 * The guest layer keeps what holds for each of them: linking and its type checks, whose turn it is (zc_executor), nesting,
 * deadlines, interrupts, ticks, the books of fuel, traps and their names. An engine keeps compiled code and runs it.
 *
 * Ownership: an engine is constant, and lives as long as the process. What `compile` makes is the module's, and immutable.
 * An instance is allocated by the guest layer, `instance_size` bytes of zeros, and begins with its zc_instance. Threads:
 * `compile` on any; all else on the thread that owns the instance's executor, but for what says otherwise.
 */
#ifndef ZC_ENGINE_H
#define ZC_ENGINE_H

#include "guest/zc_guest.h"

struct zc_call_state;

#define ZC_NO_FUNCTION UINT32_MAX /* an element of a table that is null */

struct zc_engine {
    const char *name;      /* as users call it; a state says who made it */
    const char *fuel_unit; /* what one of its fuel is */
    bool counts_fuel;      /* else limits of fuel are refused where they are set */
    size_t instance_size;
    bool wide; /* it runs what zc_validate_wide accepts, and validates that itself */

    /* Code for all instances of the module, once; when two threads need it at a time, one of them drops its own. */
    zc_status (*compile)(const zc_module *module, void **code, zc_error *error);
    void (*free_code)(void *code);

    /* Imports, memory and the cells of shared globals are made and checked; the code is zc_instance_code's. Without `fresh`
     * neither the table's elements nor the data segments are to be there. No start function runs. */
    zc_status (*create)(zc_instance *instance, bool fresh, zc_error *error);
    void (*destroy)(zc_instance *instance); /* also after a create that failed, or never was called */

    /* Room for as many slots as a call has; calls may be in progress. See zc_instance_frame. */
    uint64_t *(*frame)(zc_instance *instance, uint64_t slots, zc_error *error);
    /* Run the function. The call is the innermost of the instance and of the thread; the status of a host function or tick
     * that failed, whose error is instance->host_error, comes back as it is. */
    zc_status (*run)(zc_instance *instance, struct zc_call_state *call, uint32_t function, uint64_t *frame,
                     zc_error *error);
    /* Around whatever of the host's runs while the call waits: what the call has used is in the books, and what they say
     * may have changed. */
    void (*settle)(zc_instance *instance, struct zc_call_state *call);
    void (*resume)(zc_instance *instance, struct zc_call_state *call);

    /* Whether a limit of fuel that is set now holds from now on: any thread. NULL: always. */
    bool (*takes_fuel)(const zc_instance *instance);

    /* Let functions begin as instance->profile_wanted says, which differs from how they do. NULL: it cannot. */
    void (*switch_profile)(zc_instance *instance);

    uint32_t (*table_size)(const zc_instance *instance); /* any thread */

    /* What a state is made of, in the index spaces of the module: any thread that holds the instance. A table's element is
     * the index of a function, or ZC_NO_FUNCTION. NULL, all of them: there are no states of its instances. */
    uint64_t (*get_global)(const zc_instance *instance, uint32_t index);
    void (*set_global)(zc_instance *instance, uint32_t index, uint64_t bits);
    uint32_t (*get_element)(const zc_instance *instance, uint32_t element);
    void (*set_element)(zc_instance *instance, uint32_t element, uint32_t function);
    /* Of a module with passive segments: a bit for each segment, data segments first, that it was dropped. */
    uint8_t *(*dropped_segments)(const zc_instance *instance);
};

#endif
