/* zc_engine: what a WebAssembly engine does for the guest layer. The engines themselves are in csrc/engine/.
 *
 * The guest layer keeps what holds for each of them: linking and its type checks, whose turn it is (zc_executor), nesting,
 * deadlines, interrupts, ticks, the books of fuel, traps and their names. An engine keeps compiled code and runs it.
 *
 * Ownership: an engine is constant, and lives as long as the process. What `compile` makes is the module's, and immutable.
 * An instance is allocated by the guest layer, `instance_size` bytes of zeros, and begins with its zc_instance; so does a
 * table with its zc_table. Threads: `compile` on any; all else on the thread that owns the instance's executor, or the
 * table, but for what says otherwise.
 */
#ifndef ZC_ENGINE_H
#define ZC_ENGINE_H

#include "guest/zc_guest.h"

#define ZC_NO_FUNCTION UINT32_MAX

struct zc_call_state;

struct zc_engine {
    const char *name;      /* as users call it; a state says who made it */
    const char *fuel_unit; /* what one of its fuel is */
    bool counts_fuel;      /* else limits of fuel are refused where they are set */
    size_t instance_size;
    bool wide; /* it runs what zc_validate_wide accepts, and validates that itself */

    /* Code for all instances of the module, once; when two threads need it at a time, one of them drops its own. */
    zc_status (*compile)(const zc_module *module, void **code, zc_error *error);
    void (*free_code)(void *code);

    /* Imports, memory, table and the cells of shared globals are made and checked, and so is instance->code. No start
     * function runs. */
    zc_status (*create)(zc_instance *instance, zc_error *error);
    /* Copy the active segments. NULL: `create` has done that, but for data where instance->goes_on. */
    zc_status (*initialize)(zc_instance *instance, zc_error *error);
    /* Also after a create that failed, or never was called. What a table needs of the instance's functions stays until
     * `destroy_rest`, which may be NULL: any thread, once no table has any of them. */
    void (*destroy)(zc_instance *instance);
    void (*destroy_rest)(zc_instance *instance);

    /* Before the first call: the value stack is there, and the executor this thread's. */
    void (*prepare_calls)(zc_instance *instance, uint8_t *stack);
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

    /* Elements of tables, each a function of an instance of this engine, or none (instance NULL). They are the engine's, for
     * it reads them in each call through a table; zc_table.c keeps account of whose they are, so what the guest changes goes
     * through zc_table_put or zc_table_move, unless no other instance has a function there. resize_table: at first, from
     * size 0, and to grow; what is added is none; false when there is no memory. NULL, all but table_bytes: the engine keeps
     * tables to itself, and notes in zc_table.size how large the instance's is. */
    size_t table_bytes;
    bool (*resize_table)(zc_table *table, uint32_t size);
    void (*free_table)(zc_table *table);
    zc_instance *(*get_element)(const zc_table *table, uint32_t index, uint32_t *function);
    void (*set_element)(zc_table *table, uint32_t index, zc_instance *instance, uint32_t function);

    /* What else a state is made of, in the index spaces of the module: any thread that holds the instance. */
    uint64_t (*get_global)(const zc_instance *instance, uint32_t index);
    void (*set_global)(zc_instance *instance, uint32_t index, uint64_t bits);
    /* Of a module with passive segments: a bit for each segment, data segments first, that it was dropped. NULL: none is,
     * ever, in instances that there are states of. */
    uint8_t *(*dropped_segments)(const zc_instance *instance);
    /* ZC_UNSUPPORTED, where there are no states of the module's instances: says of what that comes. NULL: there are. */
    zc_status (*check_states)(const zc_module_info *info, zc_error *error);
    /* The functions in the instance's own table, ZC_NO_FUNCTION for none; the table becomes of that size, no less than it
     * was. NULL, both: by get_element, resize_table and set_element. */
    zc_status (*save_table)(const zc_instance *instance, uint32_t *functions, zc_error *error);
    zc_status (*load_table)(zc_instance *instance, const uint32_t *functions, uint32_t size, zc_error *error);
};

#endif
