/* zc_engine_wasmtime_call: calls of instances of wasmtime.
 *
 * Compiled code looks at an epoch, which a thread counts on each millisecond while calls are in progress (zc_ticker.h): then
 * the library asks zc_wasmtime_on_epoch, on the guest's thread, which looks at all that can end a call. The code keeps some
 * things where the host cannot reach them: the length of the memory as it last saw it, the values of globals, its fuel. They
 * are brought in before the guest runs and out before the host does (`resume`, `settle`).
 *
 * The library does not look how much native stack there is, only how much the guest takes up: so a call begins only
 * where all of that is left.
 */
#include <string.h>

#include "base/zc_alloc.h"
#include "engine/zc_engine_wasmtime_internal.h"
#include "engine/zc_ticker.h"
#include "engine/zc_wasm_rewrite.h"

#define NO_CODE UINT8_MAX

typedef zc_wasmtime_instance wasmtime_instance;

static inline wasmtime_instance *of(zc_instance *instance)
{
    return zc_wasmtime_of(instance);
}

/* --- what is brought in and out --- */

static inline void bring_globals_out(wasmtime_instance *own)
{
    for (uint32_t i = 0; i < own->mirror_count; i++) {
        zc_wasmtime_mirror *mirror = &own->mirrors[i];
        wasmtime_val_t value = {.of.i64 = 0};
        zc_wt.wasmtime_global_get(own->context, &mirror->handle, &value);
        uint64_t bits = zc_slot_bits(mirror->global->type.value_type, (uint64_t)value.of.i64);
        if (bits != mirror->last) { /* others may have changed the cell, which then stays */
            mirror->last = bits;
            zc_global_set(mirror->global, bits);
        }
    }
}

static inline void bring_globals_in(wasmtime_instance *own)
{
    for (uint32_t i = 0; i < own->mirror_count; i++) {
        zc_wasmtime_mirror *mirror = &own->mirrors[i];
        uint64_t bits = zc_global_get(mirror->global);
        if (bits != mirror->last) {
            /* The kinds of numbers are in the order of their types. */
            wasmtime_val_t value = {.kind = (uint8_t)(ZC_I32 - mirror->global->type.value_type)};
            value.of.i64 = (int64_t)bits;
            mirror->last = bits;
            wasmtime_error_t *failure = zc_wt.wasmtime_global_set(own->context, &mirror->handle, &value);
            if (failure) { /* of its type and mutable: cannot be */
                zc_wt.wasmtime_error_delete(failure);
            }
        }
    }
}

static void bring_fuel_out(wasmtime_instance *own, zc_call_state *call)
{
    uint64_t left = 0;
    wasmtime_error_t *failure = zc_wt.wasmtime_context_get_fuel(own->context, &left);
    if (failure) {
        zc_wt.wasmtime_error_delete(failure);
    }
    uint64_t given = (uint64_t)call->slice;
    left = left < given ? left : given;
    zc_charge(&own->base, call, given - left);
    call->slice = (int64_t)left;
}

static void bring_fuel_in(wasmtime_instance *own, zc_call_state *call)
{
    uint64_t left = zc_fuel_left(&own->base, call);
    left = left < ZC_WASMTIME_MOST_FUEL ? left : ZC_WASMTIME_MOST_FUEL;
    wasmtime_error_t *failure = zc_wt.wasmtime_context_set_fuel(own->context, left);
    if (failure) {
        zc_wt.wasmtime_error_delete(failure);
    }
    call->slice = (int64_t)left;
}

/* Somebody else may have grown the memory: growing it by nothing lets the code know. */
static inline void bring_length_in(wasmtime_instance *own)
{
    uint32_t pages = zc_memory_pages(own->base.memory);
    if (pages != own->seen_pages) {
        uint64_t before;
        wasmtime_error_t *failure = zc_wt.wasmtime_memory_grow(own->context, &own->memory, 0, &before);
        if (failure) { /* grown again just now; the code knows less than there is, until next time */
            zc_wt.wasmtime_error_delete(failure);
        } else {
            own->seen_pages = (uint32_t)before;
        }
    }
}

/* All but the fuel, which code keeps in a register and looks for nowhere else until it has called something. */
static inline void bring_state_out(wasmtime_instance *own)
{
    bring_globals_out(own);
    if (own->table_grows) {
        atomic_store_explicit(&own->base.table->size, (uint32_t)zc_wt.wasmtime_table_size(own->context, &own->table),
                              memory_order_relaxed);
    }
}

static inline void bring_state_in(wasmtime_instance *own)
{
    bring_globals_in(own);
    if (own->base.memory) {
        bring_length_in(own);
    }
}

/* Others only read it. */
static inline void count_wait(wasmtime_instance *own, uint32_t more)
{
    uint32_t waits = atomic_load_explicit(&own->waits, memory_order_relaxed);
    atomic_store_explicit(&own->waits, waits + more, memory_order_relaxed);
}

static inline void settle(wasmtime_instance *own, zc_call_state *call)
{
    bring_state_out(own);
    if (own->variant == ZC_WASMTIME_FUEL) {
        bring_fuel_out(own, call);
        count_wait(own, 1);
    }
}

static inline void resume(wasmtime_instance *own, zc_call_state *call)
{
    if (own->variant == ZC_WASMTIME_FUEL) {
        count_wait(own, UINT32_MAX); /* one less */
        bring_fuel_in(own, call);
    }
    bring_state_in(own);
}

void zc_wasmtime_settle(zc_instance *instance, zc_call_state *call)
{
    settle(of(instance), call);
}

void zc_wasmtime_resume(zc_instance *instance, zc_call_state *call)
{
    resume(of(instance), call);
}

/* --- frames --- */

/* Bytes of a call: its slots, rounded up to whole values, and as many values, of 16 bytes. */
static uint64_t frame_bytes(uint64_t slots)
{
    return ((slots + 1) & ~(uint64_t)1) * sizeof(uint64_t) + (slots + 1) * sizeof(wasmtime_val_raw_t);
}

void zc_wasmtime_prepare_calls(zc_instance *instance, uint8_t *stack)
{
    of(instance)->top = stack;
}

uint64_t *zc_wasmtime_frame(zc_instance *instance, uint64_t slots, zc_error *error)
{
    wasmtime_instance *own = of(instance);
    if (frame_bytes(slots) > (uint64_t)(zc_stack_end(&own->base) - own->top)) {
        (void)zc_trap(error, ZC_TRAP_STACK_OVERFLOW);
        return NULL;
    }
    return (uint64_t *)(void *)own->top;
}

/* Of raw values the code reads and writes as many bytes as the type has. */
static inline uint64_t slot_of(const wasmtime_val_raw_t *value, uint8_t value_type)
{
    return zc_slot_bits(value_type, value->u64);
}

/* --- out of the guest --- */

static wasm_trap_t *end_host(wasmtime_instance *own, zc_status status, zc_trap_kind kind)
{
    static const char message[] = "ended by the host";
    own->failed = status;
    own->stopped = kind;
    return zc_wt.wasmtime_trap_new(message, sizeof message - 1);
}

wasm_trap_t *zc_wasmtime_call_host(void *context, wasmtime_caller_t *caller, wasmtime_val_raw_t *values, size_t count)
{
    (void)caller, (void)count;
    zc_linked_function *linked = context;
    zc_instance *instance = linked->instance;
    wasmtime_instance *own = of(instance);
    zc_call_state *call = zc_current(instance);
    const zc_module_info *info = instance->module->info;
    const zc_func_type *type = &info->types[info->funcs[linked - instance->linked].type_index];
    uint64_t *slots = (uint64_t *)(void *)own->top;
    if (frame_bytes(linked->slots) > (uint64_t)(zc_stack_end(&own->base) - own->top)) {
        return end_host(own, ZC_TRAP, ZC_TRAP_STACK_OVERFLOW);
    }
    for (uint32_t i = 0; i < type->param_count; i++) {
        slots[type->result_count + i] = slot_of(&values[i], type->params[i]);
    }
    zc_wasmtime_settle(instance, call);
    own->top += frame_bytes(linked->slots); /* nested calls begin above */
    zc_status status = linked->function(linked->context, slots, instance->host_error);
    own->top = (uint8_t *)slots;
    zc_wasmtime_resume(instance, call);
    if (status != ZC_OK) {
        return end_host(own, status, ZC_TRAP_NONE);
    }
    for (uint32_t i = 0; i < type->result_count; i++) {
        values[i].u64 = zc_slot_bits(type->results[i], slots[i]);
    }
    return NULL;
}

wasm_trap_t *zc_wasmtime_refuse_host(void *context, wasmtime_caller_t *caller, wasmtime_val_raw_t *values, size_t count)
{
    (void)caller, (void)values, (void)count;
    const zc_linked_function *linked = context;
    zc_instance *instance = linked->instance;
    const zc_import *import = instance->module->info->imports;
    while (import->kind != ZC_EXTERN_FUNC || import->index != (uint32_t)(linked - instance->linked)) {
        import++;
    }
    zc_status status = zc_fail(instance->host_error, ZC_UNSUPPORTED,
                               "import %.*s.%.*s was called: host functions take and give numbers, not references",
                               ZC_NAME(import->module), ZC_NAME(import->field));
    return end_host(of(instance), status, ZC_TRAP_NONE);
}

wasmtime_error_t *zc_wasmtime_on_epoch(wasmtime_context_t *context, void *instance, uint64_t *delta, uint8_t *kind)
{
    (void)context;
    wasmtime_instance *own = instance;
    zc_call_state *call = zc_current(&own->base);
    zc_trap_kind stopped;
    *delta = 1;
    *kind = 0;
    if (!call) { /* the library copies segments by code of its own when an instance is made */
        return NULL;
    }
    bring_state_out(own);
    zc_status status = zc_instance_look(&own->base, call, &stopped);
    bring_state_in(own);
    if (status == ZC_OK) {
        return NULL;
    }
    own->failed = status;
    own->stopped = stopped;
    return zc_wt.wasmtime_error_new("stopped by a limit");
}

/* --- how calls end --- */

static zc_trap_kind trap_kind(uint8_t code)
{
    if (code == zc_wasmtime_out_of_fuel()) {
        return ZC_TRAP_OUT_OF_FUEL;
    }
    switch (code) {
    case WASMTIME_TRAP_STACK_OVERFLOW:
        return ZC_TRAP_STACK_OVERFLOW;
    case WASMTIME_TRAP_MEMORY_OUT_OF_BOUNDS:
        return ZC_TRAP_MEMORY_OUT_OF_BOUNDS;
    case WASMTIME_TRAP_TABLE_OUT_OF_BOUNDS:
        return ZC_TRAP_TABLE_OUT_OF_BOUNDS;
    case WASMTIME_TRAP_INDIRECT_CALL_TO_NULL:
        return ZC_TRAP_UNINITIALIZED_ELEMENT;
    case WASMTIME_TRAP_BAD_SIGNATURE:
        return ZC_TRAP_INDIRECT_CALL_TYPE;
    case WASMTIME_TRAP_INTEGER_OVERFLOW:
        return ZC_TRAP_INTEGER_OVERFLOW;
    case WASMTIME_TRAP_INTEGER_DIVISION_BY_ZERO:
        return ZC_TRAP_INTEGER_DIVIDE_BY_ZERO;
    case WASMTIME_TRAP_BAD_CONVERSION_TO_INTEGER:
        return ZC_TRAP_INVALID_CONVERSION;
    case WASMTIME_TRAP_UNREACHABLE:
        return ZC_TRAP_UNREACHABLE;
    default:
        return ZC_TRAP_NONE;
    }
}

/* Takes the frames. The library keeps the innermost 20. */
static void keep_trace(zc_instance *instance, wasm_frame_vec_t *frames)
{
    instance->trace_count = frames->size;
    for (size_t i = 0; i < frames->size && i < ZC_MOST_TRACE; i++) {
        instance->trace[i] = zc_wt.wasm_frame_func_index(frames->data[i]);
    }
    zc_wt.wasm_frame_vec_delete(frames);
}

/* What the host ended, whatever the library makes of it; else NONE. */
static zc_status ended_by_host(wasmtime_instance *own, zc_error *error)
{
    zc_status status = own->failed;
    zc_trap_kind kind = own->stopped;
    own->failed = ZC_OK;
    own->stopped = ZC_TRAP_NONE;
    return status == ZC_TRAP && kind != ZC_TRAP_NONE ? zc_trap(error, kind) : status;
}

/* Whether the innermost frame's instruction is a call through a table. The library has one trap for all instructions that
 * miss a table. */
static bool in_indirect_call(const zc_module *module, const wasm_frame_vec_t *frames)
{
    enum { CALL_INDIRECT = 0x11, RETURN_CALL_INDIRECT = 0x13 };
    const zc_module_info *info = module->info;
    uint32_t index = frames->size ? zc_wt.wasm_frame_func_index(frames->data[0]) : UINT32_MAX;
    size_t offset = frames->size ? zc_wt.wasm_frame_func_offset(frames->data[0]) : 0;
    if (index >= info->func_count || offset >= info->funcs[index].body_size) {
        return false;
    }
    uint8_t opcode = module->bytes[info->funcs[index].body_offset + offset];
    return opcode == CALL_INDIRECT || opcode == RETURN_CALL_INDIRECT;
}

/* For a reason of the library's own, which the message gives: the heap of exceptions is full, for example. */
static zc_status ended_by_engine(zc_error *error)
{
    if (error) {
        error->kind = ZC_TRAP_ENGINE;
    }
    return ZC_TRAP;
}

/* Of a trap that code made, or of none that is known here. */
static zc_status ended_by_code(const zc_module *module, const wasm_trap_t *trap, const wasm_frame_vec_t *frames,
                               zc_error *error)
{
    uint8_t code = NO_CODE;
    (void)zc_wt.wasmtime_trap_code(trap, &code);
    zc_trap_kind kind = trap_kind(code);
    if (kind == ZC_TRAP_TABLE_OUT_OF_BOUNDS && !in_indirect_call(module, frames)) {
        return zc_wasmtime_table_trap(error);
    }
    if (kind != ZC_TRAP_NONE) {
        return zc_trap(error, kind);
    }
    if (code == NO_CODE && module->info->tag_count > 0) {
        return zc_trap(error, ZC_TRAP_UNCAUGHT_EXCEPTION);
    }
    (void)zc_fail(error, ZC_TRAP, "wasmtime ended the call with its trap %u, which is none of zcwasm's",
                  (unsigned)code);
    return ended_by_engine(error);
}

/* Takes both over; one is not NULL. */
static zc_status translate(wasmtime_instance *own, wasmtime_error_t *failure, wasm_trap_t *trap, zc_error *error)
{
    wasm_frame_vec_t frames = {0, NULL};
    zc_status status = ended_by_host(own, error);
    if (failure) {
        zc_wt.wasmtime_error_wasm_trace(failure, &frames);
        if (status == ZC_OK) {
            (void)zc_wasmtime_fail(error, ZC_TRAP, "wasmtime ended the call", failure);
            status = ended_by_engine(error);
        } else {
            zc_wt.wasmtime_error_delete(failure);
        }
    } else {
        zc_wt.wasm_trap_trace(trap, &frames);
        status = status == ZC_OK ? ended_by_code(own->base.module, trap, &frames, error) : status;
        zc_wt.wasm_trap_delete(trap);
    }
    keep_trace(&own->base, &frames);
    return status;
}

/* --- into the guest --- */

/* The exported name of a function, the private one of the start function. */
static bool find_function(wasmtime_instance *own, uint32_t index, wasmtime_extern_t *out)
{
    const zc_module_info *info = own->base.module->info;
    const zc_wasmtime_code *code = own->base.code;
    for (uint32_t i = 0; i < info->export_count; i++) {
        const zc_export *each = &info->exports[i];
        if (each->kind == ZC_EXTERN_FUNC && each->index == index) {
            return zc_wt.wasmtime_instance_export_get(own->context, &own->instance, (const char *)each->name.bytes,
                                                      each->name.size, out);
        }
    }
    char name[ZC_PRIVATE_NAME];
    uint32_t size = zc_private_name(name, code->salt, ZC_EXTERN_FUNC, index);
    return zc_wt.wasmtime_instance_export_get(own->context, &own->instance, name, size, out);
}

static inline const zc_func_type *type_of(const wasmtime_instance *own, uint32_t index)
{
    const zc_module_info *info = own->base.module->info;
    return &info->types[info->funcs[index].type_index];
}

static __attribute__((noinline, cold)) zc_status find_callee(wasmtime_instance *own, uint32_t index, zc_error *error)
{
    wasmtime_extern_t found;
    if (!zc_wasmtime_numbers(type_of(own, index))) {
        return zc_fail(error, ZC_UNSUPPORTED, "function %u takes or gives vectors or references, which the host cannot",
                       index);
    }
    if (!find_function(own, index, &found) || found.kind != WASMTIME_EXTERN_FUNC) {
        return zc_fail(error, ZC_UNSUPPORTED, "wasmtime: function %u is not exported", index);
    }
    own->functions[index] = found.of.func.inside;
    return ZC_OK;
}

/* What can refuse a call before anything of it has run. */
static zc_status may_run(wasmtime_instance *own, const zc_call_state *call, zc_error *error)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0), limit = (uintptr_t)zc_native_stack_limit();
    if (here < limit || here - limit < ZC_WASMTIME_STACK) {
        return zc_trap(error, ZC_TRAP_STACK_OVERFLOW);
    }
    if (zc_this_thread.apart > 0 && zc_this_thread.compiled > 0) {
        /* The library keeps a list of the calls on a thread's native stack: who leaves it in another order breaks it. */
        return zc_fail(
            error, ZC_CONCURRENT,
            "where there are greenlets, guests of the engine wasmtime cannot be called while a host function "
            "of one runs on the thread: use the engine wasm3");
    }
    for (const zc_scope *scope = call->scope; scope && own->variant != ZC_WASMTIME_FUEL; scope = scope->outer) {
        if (scope->fuel != ZC_NO_LIMIT) {
            return zc_fail(error, ZC_BAD_VALUE,
                           "the call's fuel is limited, and this instance's code counts none: the engine wasmtime "
                           "counts fuel for instances that are made with a limit of it");
        }
    }
    return ZC_OK;
}

/* Its code shall look at what can end it when time has passed, and not before: it would give the interpreter's lock away. Two
 * ticks may pass as one here, which makes it look early, never late. */
static inline void set_epoch_deadline(wasmtime_instance *own)
{
    const uint64_t ticks = zc_ticker_count();
    if (ticks != own->deadline_set) {
        own->deadline_set = ticks;
        zc_wt.wasmtime_context_set_epoch_deadline(own->context, 1);
    }
}

static inline zc_status invoke(wasmtime_instance *own, zc_call_state *call, uint32_t function, uint64_t *slots,
                               zc_error *error)
{
    const zc_func_type *type = type_of(own, function);
    const uint32_t takes = type->param_count, gives = type->result_count;
    const uint64_t count = (uint64_t)takes + gives, larger = takes > gives ? takes : gives;
    wasmtime_val_raw_t *values = (wasmtime_val_raw_t *)(void *)(slots + ((count + 1) & ~(uint64_t)1));
    for (uint32_t i = 0; i < takes; i++) {
        values[i].u64 = slots[gives + i];
    }
    uint8_t *top = own->top;
    own->top = (uint8_t *)slots + frame_bytes(count);
    set_epoch_deadline(own);
    resume(own, call);
    const wasmtime_func_t callee = {.store_id = own->instance.store_id, .inside = own->functions[function]};
    wasm_trap_t *trap = NULL;
    wasmtime_error_t *failure =
        zc_wt.wasmtime_func_call_unchecked(own->context, &callee, values, larger ? larger : 1, &trap);
    settle(own, call);
    own->top = top;
    if (failure || trap) {
        return translate(own, failure, trap, error);
    }
    for (uint32_t i = 0; i < gives; i++) {
        slots[i] = slot_of(&values[i], type->results[i]);
    }
    return ZC_OK;
}

zc_status zc_wasmtime_run(zc_instance *instance, zc_call_state *call, uint32_t function, uint64_t *slots,
                          zc_error *error)
{
    wasmtime_instance *own = of(instance);
    instance->trace_count = 0;
    call->slice = 0;
    zc_status status = may_run(own, call, error);
    if (status == ZC_OK && !own->functions[function]) {
        status = find_callee(own, function, error);
    }
    if (status == ZC_OK && (status = zc_ticker_enter(error)) == ZC_OK) {
        zc_this_thread.compiled++;
        status = invoke(own, call, function, slots, error);
        zc_this_thread.compiled--;
        zc_ticker_leave();
    }
    return status;
}
