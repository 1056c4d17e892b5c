/* zc_guest: instances over the wasm3 interpreter: link, initialise, call, trap, limits.
 *
 * One engine runtime per instance, and a clone of the engine's module, which was parsed once. The engine's
 * memory header lies in the region's header page, directly before the linear memory; whoever enters fills it
 * with the limits of its own call and restores what it found, so that calls nest and instances can share a
 * memory. The engine charges opcodes to a slice of fuel; when the slice is used up, `refuel` looks at
 * everything that can stop a guest: fuel, deadline, interrupt, and the host's tick.
 *
 * See zc_guest.h for ownership and threads.
 */
#define _GNU_SOURCE
#include <string.h>

#include "base/zc_alloc.h"
#include "base/zc_clock.h"
#include "base/zc_copies.h"
#include "base/zc_trace.h"
#include "guest/zc_guest_internal.h"
#include "guest/zc_guest_profile.h"
#include "region/zc_mapping.h"

/* Of m3_bind.c, which declares it nowhere. */
M3Result LinkRawFunction(IM3Module module, IM3Function function, ccstr_t signature, const void *call,
                         const void *userdata);

static _Atomic uint64_t numbers;

/* Opcodes between two looks at the limits: about 10 microseconds first, so that short calls never pay for
 * one, then about a millisecond. */
#define FIRST_SLICE 10000
#define SLICE 250000

#define COMPILER_TICK_NS 1000000u

/* Bytes of compiled code that an instance may have: at least, and per byte of its module. Ordinary modules
 * need 10 to 20 bytes per byte; crafted ones could need thousands. */
#define LEAST_CODE ((uint64_t)16 << 20)
#define CODE_PER_BYTE 64

typedef zc_call_state call_state;

static const char host_failed[] = "host function failed";
static const char guest_stopped[] = "stopped by a limit";

/* The engine reports failures as addresses of constant strings. */
static zc_trap_kind trap_kind(M3Result result)
{
    if (result == m3Err_trapOutOfBoundsMemoryAccess) {
        return ZC_TRAP_MEMORY_OUT_OF_BOUNDS;
    }
    if (result == m3Err_trapDivisionByZero) {
        return ZC_TRAP_INTEGER_DIVIDE_BY_ZERO;
    }
    if (result == m3Err_trapIntegerOverflow) {
        return ZC_TRAP_INTEGER_OVERFLOW;
    }
    if (result == m3Err_trapIntegerConversion) {
        return ZC_TRAP_INVALID_CONVERSION;
    }
    if (result == m3Err_trapIndirectCallTypeMismatch) {
        return ZC_TRAP_INDIRECT_CALL_TYPE;
    }
    if (result == m3Err_trapTableIndexOutOfRange) {
        return ZC_TRAP_TABLE_OUT_OF_BOUNDS;
    }
    if (result == m3Err_trapTableElementIsNull) {
        return ZC_TRAP_UNINITIALIZED_ELEMENT;
    }
    if (result == m3Err_trapUnreachable) {
        return ZC_TRAP_UNREACHABLE;
    }
    if (result == m3Err_trapStackOverflow) {
        return ZC_TRAP_STACK_OVERFLOW;
    }
    return ZC_TRAP_NONE;
}

/* Of the instructions for whole pieces of tables, whose message in the specification is not call_indirect's. */
static zc_status table_out_of_bounds(zc_error *error)
{
    (void)zc_fail(error, ZC_TRAP, "out of bounds table access");
    if (error) {
        error->kind = ZC_TRAP_TABLE_OUT_OF_BOUNDS;
    }
    return ZC_TRAP;
}

/* Turn what the engine returned into a status. */
static zc_status translate(zc_instance *instance, M3Result result, zc_error *error)
{
    if (!result) {
        return ZC_OK;
    }
    if (result == host_failed) {
        return error->code; /* filled by the host function or the tick */
    }
    if (result == guest_stopped) {
        return zc_trap(error, instance->stopped);
    }
    if (result == m3Err_trapOutOfBoundsTableAccess) {
        return table_out_of_bounds(error);
    }
    zc_trap_kind kind = trap_kind(result);
    if (kind != ZC_TRAP_NONE) {
        return zc_trap(error, kind);
    }
    return zc_engine_failed(result, error);
}

/* --- limits while running --- */

/* Move what the running slice has used from the header to the books: the instance's, and those of all scopes. */
static void settle(zc_instance *instance, call_state *call, const M3MemoryHeader *header)
{
    uint64_t used = (uint64_t)(call->slice - header->fuel);
    atomic_store_explicit(&instance->fuel_used, zc_instance_fuel_used(instance) + used, memory_order_relaxed);
    for (zc_scope *scope = call->scope; scope; scope = scope->outer) {
        scope->fuel_used += used;
    }
    call->slice = header->fuel;
}

static bool out_of_fuel(const zc_instance *instance, const call_state *call)
{
    bool out = zc_instance_fuel_used(instance) > atomic_load_explicit(&instance->fuel_limit, memory_order_relaxed);
    for (const zc_scope *scope = call->scope; scope; scope = scope->outer) {
        out = out || scope->fuel_used > scope->fuel;
    }
    return out;
}

static void start_slice(zc_instance *instance, call_state *call, M3MemoryHeader *header, int64_t length)
{
    uint64_t left = zc_instance_fuel(instance);
    for (const zc_scope *scope = call->scope; scope; scope = scope->outer) {
        uint64_t there = scope->fuel > scope->fuel_used ? scope->fuel - scope->fuel_used : 0;
        left = there < left ? there : left;
    }
    if ((uint64_t)length > left) {
        length = (int64_t)left;
    }
    header->fuel = length;
    call->slice = length;
}

/* The one place where the host's code runs between two states of the engine: in the middle of a guest's function, of
 * a function being compiled, of a host function that waits. Whatever it does, no call begins over this memory (see
 * zc_instance_frame); the books are settled around it, since it may read and set the fuel. What it calls, a signal handler
 * another guest, is no part of this call. */
static zc_status give_way(zc_instance *instance, call_state *call, zc_error *error)
{
    M3MemoryHeader *header = instance->executor->header;
    if (!call->hooks) {
        return ZC_OK;
    }
    settle(instance, call, header);
    zc_scope *scope = zc_this_thread.scope;
    call_state *innermost = zc_this_thread.call;
    zc_this_thread.scope = NULL;
    zc_this_thread.call = NULL;
    instance->executor->ticking = true;
    zc_status status = call->hooks->tick(call->hooks->context, error);
    instance->executor->ticking = false;
    zc_this_thread.call = innermost;
    zc_this_thread.scope = scope;
    start_slice(instance, call, header, call->slice);
    return status;
}

static const char *stop(zc_instance *instance, zc_trap_kind kind)
{
    instance->stopped = kind;
    return guest_stopped;
}

/* Where a profile begins and ends takes effect. */
static inline void follow_profile(zc_instance *instance)
{
    if (__builtin_expect(atomic_load_explicit(&instance->profile_wanted, memory_order_relaxed) != instance->profiled,
                         false)) {
        zc_instance_switch_profile(instance);
    }
}

/* The engine's header->fuel fell below zero. */
static M3Result refuel(IM3Runtime runtime, M3MemoryHeader *header)
{
    zc_instance *instance = runtime->userdata;
    call_state *call = zc_current(instance);
    settle(instance, call, header);
    if (out_of_fuel(instance, call)) {
        return stop(instance, ZC_TRAP_OUT_OF_FUEL);
    }
    zc_trap_kind kind = zc_must_end(call, call->scope);
    if (kind != ZC_TRAP_NONE) {
        return stop(instance, kind);
    }
    if (give_way(instance, call, instance->host_error) != ZC_OK) {
        return host_failed;
    }
    follow_profile(instance);
    start_slice(instance, call, header, SLICE);
    return m3Err_none;
}

/* What refuel does, while a function is compiled; that uses no fuel, since it happens once. */
static M3Result pause_compiler(IM3Runtime runtime)
{
    zc_instance *instance = runtime->userdata;
    call_state *call = zc_current(instance);
    if (!call) {
        return m3Err_none;
    }
    zc_trap_kind kind = zc_must_end(call, call->scope);
    if (kind != ZC_TRAP_NONE) {
        return stop(instance, kind);
    }
    uint64_t now = (uint64_t)zc_clock_ns();
    if (call->compiler_ticked == 0) {
        call->compiler_ticked = now;
    } else if (now - call->compiler_ticked > COMPILER_TICK_NS) {
        call->compiler_ticked = now;
        return give_way(instance, call, instance->host_error) == ZC_OK ? m3Err_none : host_failed;
    }
    return m3Err_none;
}

static M3Result grow_memory(IM3Runtime runtime, u32 pages)
{
    zc_instance *instance = runtime->userdata;
    uint32_t previous;
    bool grown = instance->memory && zc_memory_grow(instance->memory, pages, &previous, NULL) == ZC_OK;
    return grown ? m3Err_none : m3Err_wasmMemoryOverflow;
}

/* --- entering and leaving --- */

static zc_status refuse(uintptr_t owner, zc_error *error)
{
    return zc_fail(error, ZC_CONCURRENT, "%s",
                   owner == ZC_HELD ? "the instance is held: a snapshot or a fork is being made of it"
                                    : "the instance is running on another thread");
}

/* Take the memory for this thread. *found is the owner before, to be put back. */
static zc_status own(zc_executor *executor, uintptr_t *found, zc_error *error)
{
    uintptr_t me = zc_thread_mark();
    *found = 0;
    if (!atomic_compare_exchange_strong_explicit(&executor->owner, found, me, memory_order_acquire,
                                                 memory_order_relaxed) &&
        *found != me) {
        return refuse(*found, error);
    }
    return ZC_OK;
}

static void disown(zc_executor *executor, uintptr_t found)
{
    atomic_store_explicit(&executor->owner, found, memory_order_release);
}

static uint8_t *stack_end(zc_instance *instance)
{
    return atomic_load_explicit(&instance->stack, memory_order_relaxed) + instance->limits.stack_bytes;
}

static uint64_t stack_size(const zc_instance *instance)
{
    return (instance->limits.stack_bytes + ZC_REGION_ALIGNMENT - 1) & ~(uint64_t)(ZC_REGION_ALIGNMENT - 1);
}

/* What only instances that are called need, so that idle ones take up less: the value stack, and the header's page of
 * the memory. */
static zc_status prepare_calls(zc_instance *instance, zc_error *error)
{
    uintptr_t found;
    zc_status status = own(instance->executor, &found, error);
    if (status != ZC_OK) {
        return status;
    }
    if (!atomic_load_explicit(&instance->stack, memory_order_relaxed)) {
        uint8_t *stack;
        int code = zc_mapping_new(stack_size(instance), stack_size(instance), &stack);
        if (code == 0) {
            if (instance->memory) {
                zc_memory_publish(instance->memory);
            }
            instance->runtime->stack = stack;
            atomic_store_explicit(&instance->stack, stack, memory_order_release);
        } else {
            status = zc_fail(error, ZC_NO_MEMORY, "cannot allocate a value stack of %llu bytes: %s",
                             (ull)stack_size(instance), strerror(code));
        }
    }
    disown(instance->executor, found);
    return status;
}

/* A call ends by the deadline of the one below at the latest, by its instance's unless it is nested there, and by those
 * of its scopes. */
static void set_deadline(zc_instance *instance, call_state *call)
{
    const call_state *around = call->below ? call->below : call->outer; /* which may be hidden */
    call->ends_at = around ? around->ends_at : ZC_NO_LIMIT;
    call->given_ns = around ? around->given_ns : ZC_NO_LIMIT;
    if (!call->outer && instance->limits.deadline_ns != ZC_NO_LIMIT) {
        uint64_t ends_at = (uint64_t)zc_clock_ns() + instance->limits.deadline_ns;
        if (ends_at < call->ends_at) {
            call->ends_at = ends_at;
            call->given_ns = instance->limits.deadline_ns;
        }
    }
    for (const zc_scope *scope = call->scope; scope; scope = scope->outer) {
        if (scope->ends_at < call->ends_at) {
            call->ends_at = scope->ends_at;
            call->given_ns = scope->deadline_ns;
        }
    }
    instance->given_ns = call->given_ns;
}

/* Many short calls never look at what ends them: so each looks before it begins, in a scope. */
static zc_status check_scope(zc_instance *instance, zc_error *error)
{
    zc_status status = zc_scope_check(error);
    if (status != ZC_OK) {
        instance->trace_count = 0; /* of nothing that ran */
    }
    return status;
}

/* Restored by leave. */
static zc_status enter(zc_instance *instance, call_state *call, const zc_call_hooks *hooks, zc_error *error)
{
    uintptr_t found;
    zc_status status = own(instance->executor, &found, error);
    if (status == ZC_OK && zc_this_thread.scope && (status = check_scope(instance, error)) != ZC_OK) {
        disown(instance->executor, found);
    }
    if (status != ZC_OK) {
        return status;
    }
    call->table.mark = NULL;
    call->failed_inside = false;
    if (__builtin_expect(instance->shared_table != NULL, false) &&
        (status = zc_table_own(instance->shared_table, &call->table, error)) != ZC_OK) {
        disown(instance->executor, found);
        return status;
    }
    M3MemoryHeader *header = instance->executor->header;
    call->outer = zc_current(instance);
    call->below = zc_this_thread.call;
    call->scope = zc_this_thread.scope;
    call->instance = instance;
    call->saved = *header;
    call->saved_owner = found;
    call->hooks = hooks;
    call->compiler_ticked = 0;
    set_deadline(instance, call);
    if (!call->outer) {
        header->depth = instance->limits.call_depth;
    }
    header->runtime = instance->runtime;
    header->maxStack = (m3slot_t *)stack_end(instance);
    header->nativeStackLimit = zc_native_stack_limit();
    instance->runtime->nativeStackLimit = header->nativeStackLimit;
    start_slice(instance, call, header, FIRST_SLICE);
    instance->runtime->numTrace = 0;
    follow_profile(instance);
    atomic_store_explicit(&instance->call, call, memory_order_relaxed);
    zc_this_thread.call = call;
    if (!call->outer) {
        atomic_store_explicit(&instance->running, ++instance->calls, memory_order_release);
    }
    return ZC_OK;
}

/* All but the length goes back: growth is not undone, and other threads may be growing the memory right now. */
static void leave(zc_instance *instance, call_state *call)
{
    M3MemoryHeader *header = instance->executor->header;
    settle(instance, call, header);
    header->runtime = call->saved.runtime;
    header->maxStack = call->saved.maxStack;
    header->nativeStackLimit = call->saved.nativeStackLimit;
    header->fuel = call->saved.fuel;
    header->depth = call->saved.depth;
    if (call->hooks) {
        call->hooks->resume(call->hooks->context);
    }
    zc_this_thread.call = call->below;
    atomic_store_explicit(&instance->call, call->outer, memory_order_relaxed);
    if (call->outer) {
        instance->given_ns = call->outer->given_ns;
    } else {
        atomic_store_explicit(&instance->running, 0, memory_order_release);
    }
    if (__builtin_expect(call->table.mark != NULL, false)) {
        zc_table_disown(call->table);
    }
    disown(instance->executor, call->saved_owner);
}

/* Trampoline from the engine to a host function. The books are settled around it, since calls nested in it
 * use fuel too; what is left of the slice stays, so that a loop around a host call is not endless. */
static const void *call_host(IM3Runtime runtime, IM3ImportContext import, uint64_t *slots, void *memory)
{
    (void)memory;
    zc_linked_function *linked = import->userdata;
    zc_instance *instance = linked->instance;
    M3MemoryHeader *header = instance->executor->header;
    call_state *call = zc_current(instance);
    settle(instance, call, header);
    /* A nested call begins above the slots of this one; the engine restores its stack afterwards. */
    runtime->stack = slots + linked->slots;
    zc_frame frame = {0};
    bool noted = instance->profiled;
    if (__builtin_expect(noted, false)) {
        frame = zc_frames_push(instance->frames, (uint32_t)(linked - instance->linked));
    }
    zc_status status = linked->function(linked->context, slots, instance->host_error);
    if (__builtin_expect(noted, false)) {
        zc_frames_pop(instance->frames, frame);
    }
    start_slice(instance, call, header, call->slice);
    return status == ZC_OK ? m3Err_none : host_failed;
}

static zc_status call_directly(zc_instance *callee, uint32_t index, const zc_func_type *type, uint64_t *slots,
                               zc_error *error)
{
    uint64_t *frame = zc_instance_frame(callee, index, error);
    if (!frame) {
        return error->code;
    }
    memcpy(frame + type->result_count, slots + type->result_count, type->param_count * sizeof *slots);
    zc_status status = zc_instance_call(callee, index, frame, NULL, error);
    if (status == ZC_OK) {
        memcpy(slots, frame, type->result_count * sizeof *slots);
    }
    return status;
}

/* Of another instance: results at slots[0 ..], then the parameters. */
static zc_status call_function(zc_instance *caller, const M3Function *function, uint64_t *slots, zc_error *error)
{
    zc_instance *callee = zc_instance_of(function);
    uint32_t index = (uint32_t)(function - function->module->functions);
    const zc_module_info *info = callee->module->info;
    if (callee->ended) {
        const zc_name name = info->funcs[index].name;
        return zc_fail(error, ZC_CLOSED, "the table's function %u%s%.*s%s is of an instance that is closed", index,
                       name.size ? " \"" : "", ZC_NAME(name), name.size ? "\"" : "");
    }
    if (caller->owner.call) {
        return caller->owner.call(caller->owner.context, callee->owner.context, index, slots, error);
    }
    return call_directly(callee, index, &info->types[info->funcs[index].type_index], slots, error);
}

/* The same into another instance, for a function that lies in a table. */
static const void *call_other(IM3Runtime runtime, IM3Function function, uint64_t *slots)
{
    zc_instance *instance = runtime->userdata;
    M3MemoryHeader *header = instance->executor->header;
    call_state *call = zc_current(instance);
    void *stack = runtime->stack;
    settle(instance, call, header);
    runtime->stack = slots + function->funcType->numRets + function->funcType->numArgs;
    zc_status status = call_function(instance, function, slots, instance->host_error);
    runtime->stack = stack;
    call->failed_inside = status != ZC_OK;
    start_slice(instance, call, header, call->slice);
    return status == ZC_OK ? m3Err_none : host_failed;
}

static void keep_trace(zc_instance *instance)
{
    IM3Runtime runtime = instance->runtime;
    uint64_t kept = runtime->numTrace < d_m3MaxTrace ? runtime->numTrace : d_m3MaxTrace;
    instance->trace_count = runtime->numTrace;
    for (uint64_t i = 0; i < kept; i++) {
        instance->trace[i] = (uint32_t)(runtime->trace[i] - instance->engine_module->functions);
    }
    runtime->numTrace = 0;
}

uint64_t *zc_instance_frame(zc_instance *instance, uint32_t function, zc_error *error)
{
    const zc_module_info *info = instance->module->info;
    const zc_func_type *type = &info->types[info->funcs[function].type_index];
    uintptr_t owner = atomic_load_explicit(&instance->executor->owner, memory_order_relaxed);
    if (owner && owner != zc_thread_mark()) {
        (void)refuse(owner, error);
        return NULL;
    }
    if (instance->executor->ticking) {
        (void)zc_fail(error, ZC_CONCURRENT,
                      "the instance is in the middle of a call: it can be called again from "
                      "its host functions, not from a signal handler");
        return NULL;
    }
    if (!atomic_load_explicit(&instance->stack, memory_order_acquire) && prepare_calls(instance, error) != ZC_OK) {
        return NULL;
    }
    /* The engine moves runtime->stack up while a host function runs, so that calls nest. */
    uint8_t *frame = instance->runtime->stack, *end = stack_end(instance);
    uint64_t needed = ((uint64_t)type->param_count + type->result_count + 1) * sizeof(uint64_t);
    if (frame > end || needed > (uint64_t)(end - frame)) {
        (void)zc_trap(error, ZC_TRAP_STACK_OVERFLOW);
        return NULL;
    }
    return (uint64_t *)(void *)frame;
}

/* The name of what was called, for traces: an export's, for that is what callers say, else the name section's. */
static zc_name called_name(zc_instance *instance, uint32_t function)
{
    const zc_module_info *info = instance->module->info;
    if (!instance->traced_name.bytes || instance->traced_function != function) {
        instance->traced_function = function;
        instance->traced_name = info->funcs[function].name;
        for (uint32_t i = 0; i < info->export_count; i++) {
            if (info->exports[i].kind == ZC_EXTERN_FUNC && info->exports[i].index == function) {
                instance->traced_name = info->exports[i].name;
                break;
            }
        }
    }
    return instance->traced_name;
}

/* Out of line, since a small call is its cost: an event has 180 bytes. */
static __attribute__((noinline, cold)) void trace_call(zc_instance *instance, uint32_t function, int64_t start,
                                                       zc_status status, const zc_error *error)
{
    zc_trace_event event = {.kind = ZC_TRACE_CALL, .start = start, .end = zc_clock_ns(), .id = instance->number};
    zc_name name = called_name(instance, function);
    zc_trace_add_text(&event, name.bytes, name.size);
    if (status != ZC_OK) {
        event.ended = status == ZC_TRAP && error ? zc_trap_name(error->kind) : zc_status_name(status);
    }
    (void)zc_trace_push(&event);
}

zc_status zc_instance_call(zc_instance *instance, uint32_t function, uint64_t *frame, const zc_call_hooks *hooks,
                           zc_error *error)
{
    IM3Function target = &instance->engine_module->functions[function];
    int64_t traced = zc_trace_begin();
    call_state call;
    zc_status status = enter(instance, &call, hooks, error);
    if (status != ZC_OK) {
        return status;
    }
    zc_error *outer_error = instance->host_error;
    instance->host_error = error;
    M3Result result = target->compiled ? m3Err_none : CompileFunction(target);
    if (!result) {
        pc_t pc = target->compiled;
        result = ((IM3Operation)(*pc))(pc + 1, (m3stack_t)(void *)frame, instance->executor->header, 0, 0.);
    }
    instance->host_error = outer_error;
    if (result) {
        status = translate(instance, result, error);
        keep_trace(instance);
        if (status == ZC_HOST && !call.failed_inside) { /* looking costs more with every call below */
            error->kind = zc_must_end(&call, call.scope);
        }
    }
    if (traced && !call.outer) {
        trace_call(instance, function, traced, status, error);
    }
    leave(instance, &call);
    return status;
}

zc_status zc_instance_start(zc_instance *instance, const zc_call_hooks *hooks, zc_error *error)
{
    const zc_module_info *info = instance->module->info;
    if (!info->has_start) {
        return ZC_OK;
    }
    uint64_t *frame = zc_instance_frame(instance, info->start, error);
    return frame ? zc_instance_call(instance, info->start, frame, hooks, error) : error->code;
}

zc_status zc_instance_pause(zc_instance *instance, zc_error *error)
{
    call_state *call = zc_current(instance);
    if (!call) {
        return ZC_OK;
    }
    zc_trap_kind kind = zc_must_end(call, call->scope);
    return kind == ZC_TRAP_NONE ? give_way(instance, call, error) : zc_trap(error, kind);
}

uint64_t zc_instance_time_left(const zc_instance *instance)
{
    uint64_t ends_at = zc_instance_ends_at(instance);
    uint64_t now = ends_at == ZC_NO_LIMIT ? 0 : (uint64_t)zc_clock_ns();
    return ends_at == ZC_NO_LIMIT ? ZC_NO_LIMIT : now < ends_at ? ends_at - now : 0;
}

uint64_t zc_instance_ends_at(const zc_instance *instance)
{
    const call_state *call = zc_current(instance);
    return call ? call->ends_at : ZC_NO_LIMIT;
}

bool zc_instance_running(const zc_instance *instance)
{
    return atomic_load_explicit(&instance->running, memory_order_acquire) != 0;
}

bool zc_instance_interrupt(zc_instance *instance)
{
    uint64_t call = atomic_load_explicit(&instance->running, memory_order_acquire);
    uint64_t last = atomic_load_explicit(&instance->interrupted, memory_order_relaxed);
    /* When the call has ended meanwhile, nobody looks for its number any more. A thread that comes late must not undo what
     * another one asked of a later call. */
    while (last < call && !atomic_compare_exchange_weak_explicit(&instance->interrupted, &last, call,
                                                                 memory_order_release, memory_order_relaxed)) {
    }
    return call != 0;
}

uint64_t zc_instance_fuel_used(const zc_instance *instance)
{
    return atomic_load_explicit(&instance->fuel_used, memory_order_relaxed);
}

void zc_instance_set_fuel(zc_instance *instance, uint64_t fuel)
{
    uint64_t used = zc_instance_fuel_used(instance);
    atomic_store_explicit(&instance->fuel_limit, fuel >= ZC_NO_LIMIT - used ? ZC_NO_LIMIT : used + fuel,
                          memory_order_relaxed);
}

uint64_t zc_instance_fuel(const zc_instance *instance)
{
    uint64_t limit = atomic_load_explicit(&instance->fuel_limit, memory_order_relaxed);
    uint64_t used = zc_instance_fuel_used(instance);
    return limit == ZC_NO_LIMIT ? ZC_NO_LIMIT : limit > used ? limit - used : 0;
}

uint64_t zc_instance_deadline(const zc_instance *instance)
{
    return instance->given_ns;
}

zc_memory *zc_instance_memory(const zc_instance *instance)
{
    return instance->memory;
}

zc_global *zc_instance_global(const zc_instance *instance, uint32_t index)
{
    return instance->globals[index];
}

zc_table *zc_instance_table(const zc_instance *instance)
{
    return instance->table;
}

void zc_instance_set_owner(zc_instance *instance, const zc_guest_owner *owner)
{
    instance->owner = *owner;
}

void zc_instance_end(zc_instance *instance)
{
    instance->ended = true;
}

void *zc_instance_context(const zc_instance *instance)
{
    return instance->owner.context;
}

uint64_t zc_instance_trace(const zc_instance *instance, uint32_t *functions, size_t capacity)
{
    for (uint64_t i = 0; i < instance->trace_count && i < d_m3MaxTrace && i < capacity; i++) {
        functions[i] = instance->trace[i];
    }
    return instance->trace_count;
}

/* --- creation --- */

static zc_status check_memory(zc_instance *instance, const zc_import *import, zc_memory *memory, zc_error *error)
{
    const zc_limits_type *wanted = &instance->module->info->memory;
    bool declared;
    uint32_t pages = zc_memory_pages(memory), maximum = zc_memory_maximum(memory, &declared);
    if (pages < wanted->minimum) {
        return zc_fail(error, ZC_LINK, "import %.*s.%.*s: the memory has %u pages, at least %u are needed",
                       ZC_NAME(import->module), ZC_NAME(import->field), pages, wanted->minimum);
    }
    if (wanted->has_maximum && (!declared || maximum > wanted->maximum)) {
        return zc_fail(error, ZC_LINK, "import %.*s.%.*s: the memory's maximum is %u pages%s, at most %u are allowed",
                       ZC_NAME(import->module), ZC_NAME(import->field), maximum, declared ? "" : " (none declared)",
                       wanted->maximum);
    }
    instance->memory = zc_memory_retain(memory);
    return ZC_OK;
}

static zc_status check_global(zc_instance *instance, const zc_import *import, zc_global *global, zc_error *error)
{
    const zc_global_type *wanted = &instance->module->info->globals[import->index];
    if (global->type.value_type != wanted->value_type || global->type.is_mutable != wanted->is_mutable) {
        return zc_fail(error, ZC_LINK, "import %.*s.%.*s: the global is %s%s, the module needs %s%s",
                       ZC_NAME(import->module), ZC_NAME(import->field), global->type.is_mutable ? "mutable " : "",
                       zc_value_type_name(global->type.value_type), wanted->is_mutable ? "mutable " : "",
                       zc_value_type_name(wanted->value_type));
    }
    instance->globals[import->index] = zc_global_retain(global);
    return ZC_OK;
}

static zc_status take_imports(zc_instance *instance, const zc_import_value *imports, zc_error *error)
{
    const zc_module_info *info = instance->module->info;
    for (uint32_t i = 0; i < info->import_count; i++) {
        const zc_import *import = &info->imports[i];
        const zc_import_value *value = &imports[i];
        zc_status status = ZC_OK;
        if (value->kind != import->kind) {
            return zc_fail(error, ZC_LINK, "import %.*s.%.*s is of another kind", ZC_NAME(import->module),
                           ZC_NAME(import->field));
        }
        if (import->kind == ZC_EXTERN_MEMORY) {
            status = check_memory(instance, import, value->memory, error);
        } else if (import->kind == ZC_EXTERN_GLOBAL) {
            status = check_global(instance, import, value->global, error);
        } else if (import->kind == ZC_EXTERN_TABLE) {
            status = zc_table_import(instance, import, value->table, error);
        } else {
            const zc_func_type *type = &info->types[info->funcs[import->index].type_index];
            instance->linked[import->index] = (zc_linked_function){.instance = instance,
                                                                   .function = value->function,
                                                                   .context = value->context,
                                                                   .slots = type->param_count + type->result_count};
        }
        if (status != ZC_OK) {
            return status;
        }
    }
    return ZC_OK;
}

/* `region`: see zc_instance_make. */
static zc_status make_memory(zc_instance *instance, zc_region *region, zc_error *error)
{
    const zc_module_info *info = instance->module->info;
    uint64_t limit = instance->limits.memory;
    if (info->has_memory && !instance->memory) {
        zc_status status = region ? zc_memory_over(&info->memory, limit, region, &instance->memory, error)
                                  : zc_memory_new(&info->memory, limit, &instance->memory, error);
        if (status != ZC_OK) {
            return status;
        }
    } else {
        zc_region_release(region);
    }
    if (instance->memory) {
        instance->executor = &instance->memory->executor;
    } else {
        instance->own_executor.header = &instance->own_header;
        instance->executor = &instance->own_executor;
    }
    instance->runtime->memory.mallocated = instance->executor->header;
    return ZC_OK;
}

/* Cells for all globals, and the table: the engine takes both from its owner. */
static zc_status make_globals_and_table(zc_instance *instance, zc_error *error)
{
    const zc_module_info *info = instance->module->info;
    for (uint32_t i = 0; i < info->export_count; i++) {
        uint32_t index = info->exports[i].index;
        if (info->exports[i].kind == ZC_EXTERN_GLOBAL && !instance->globals[index]) {
            zc_status status = zc_global_new(info->globals[index], 0, &instance->globals[index], error);
            if (status != ZC_OK) {
                return status;
            }
        }
    }
    for (uint32_t i = 0; i < info->global_count; i++) {
        instance->engine_module->globals[i].cell =
            instance->globals[i] ? &instance->globals[i]->cell : &instance->cells[i];
    }
    zc_status status = zc_table_make_own(instance, error);
    instance->engine_module->table = instance->table ? &instance->table->engine : NULL;
    return status;
}

/* The engine's messages for what the specification calls a trap during instantiation. */
static zc_status translate_load(zc_instance *instance, M3Result result, zc_error *error)
{
    if (result && strcmp(result, "data segment out of bounds") == 0) {
        return zc_trap(error, ZC_TRAP_MEMORY_OUT_OF_BOUNDS);
    }
    if (result && strcmp(result, "element segment out of bounds") == 0) {
        return table_out_of_bounds(error);
    }
    return translate(instance, result, error);
}

static zc_status load(zc_instance *instance, zc_error *error)
{
    const zc_module *module = instance->module;
    M3Result result = module->refused ? module->refused : Module_Clone(module->parsed, &instance->engine_module);
    zc_status status = translate(instance, result, error);
    if (status != ZC_OK) {
        return status;
    }
    status = make_globals_and_table(instance, error);
    if (status == ZC_OK) {
        status = translate(instance, m3_LoadModule(instance->runtime, instance->engine_module), error);
    }
    if (status != ZC_OK) {
        m3_FreeModule(instance->engine_module);
        return status;
    }
    /* From here on the runtime owns the engine's module. */
    for (uint32_t i = 0; i < module->info->imported_func_count && status == ZC_OK; i++) {
        status = translate(instance,
                           LinkRawFunction(instance->engine_module, &instance->engine_module->functions[i], NULL,
                                           (const void *)(uintptr_t)call_host, &instance->linked[i]),
                           error);
    }
    return status;
}

zc_status zc_instance_make(zc_module *module, const zc_import_value *imports, const zc_limits *limits,
                           zc_region *region, zc_instance **out, zc_error *error)
{
    const zc_module_info *info = module->info;
    zc_instance *instance = zc_calloc(1, sizeof *instance);
    if (!instance) {
        zc_region_release(region);
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate an instance");
    }
    atomic_init(&instance->references, 1);
    instance->module = zc_module_retain(module);
    instance->limits = *limits;
    instance->number = zc_trace_number(&numbers);
    instance->given_ns = limits->deadline_ns;
    atomic_init(&instance->fuel_limit, limits->fuel);
    instance->linked = zc_calloc(info->imported_func_count, sizeof *instance->linked);
    instance->globals = zc_calloc(info->global_count, sizeof *instance->globals);
    instance->cells = zc_calloc(info->global_count, sizeof *instance->cells);
    instance->runtime = m3_NewRuntime(module->environment, (uint32_t)limits->stack_bytes, instance);
    zc_status status = ZC_OK;
    if (!instance->linked || !instance->globals || !instance->cells || !instance->runtime) {
        status = zc_fail(error, ZC_NO_MEMORY, "cannot allocate an instance");
    } else {
        instance->runtime->growMemory = grow_memory;
        instance->runtime->refuel = refuel;
        instance->runtime->pauseCompiler = pause_compiler;
        instance->runtime->setElement = zc_table_set_element;
        instance->runtime->moveElements = zc_table_move_elements;
        instance->runtime->callOther = call_other;
        instance->runtime->maxCodeBytes = LEAST_CODE + CODE_PER_BYTE * (uint64_t)module->size;
        status = take_imports(instance, imports, error);
    }
    if (status == ZC_OK) {
        status = make_memory(instance, region, error);
    } else {
        zc_region_release(region);
    }
    if (status == ZC_OK) {
        status = load(instance, error);
    }
    if (status != ZC_OK) {
        zc_instance_free(instance);
        return status;
    }
    *out = instance;
    return ZC_OK;
}

zc_status zc_instance_link(zc_module *module, const zc_import_value *imports, const zc_limits *limits,
                           zc_instance **out, zc_error *error)
{
    return zc_instance_make(module, imports, limits, NULL, out, error);
}

zc_status zc_instance_initialize(zc_instance *instance, zc_error *error)
{
    const zc_module_info *info = instance->module->info;
    zc_table_hold hold = {0};
    zc_status status = instance->shared_table ? zc_table_own(instance->shared_table, &hold, error) : ZC_OK;
    if (status != ZC_OK) {
        return status;
    }
    if (instance->memory && info->data_segment_count > 0) {
        zc_memory_publish(instance->memory);
    }
    status = translate_load(instance, Module_InitSegments(instance->engine_module), error);
    if (hold.mark) {
        zc_table_disown(hold);
    }
    if (status == ZC_OK) {
        zc_copies_add(ZC_COPY_DATA_SEGMENTS, info->data_bytes);
    }
    return status;
}

zc_status zc_instance_new(zc_module *module, const zc_import_value *imports, const zc_limits *limits, zc_instance **out,
                          zc_error *error)
{
    zc_instance *instance;
    zc_status status = zc_instance_link(module, imports, limits, &instance, error);
    if (status != ZC_OK) {
        return status;
    }
    status = zc_instance_initialize(instance, error);
    if (status != ZC_OK) {
        zc_instance_free(instance);
        return status;
    }
    *out = instance;
    return ZC_OK;
}

void zc_instance_free(zc_instance *instance)
{
    if (!instance) {
        return;
    }
    zc_profile_forget(instance);
    zc_instance_end(instance);
    zc_table_leave(instance);
    uint8_t *stack = atomic_load_explicit(&instance->stack, memory_order_relaxed);
    if (stack) {
        zc_mapping_free(stack, stack_size(instance), stack_size(instance));
    }
    for (uint32_t i = 0; instance->globals && i < instance->module->info->global_count; i++) {
        zc_global_release(instance->globals[i]);
    }
    zc_free(instance->globals);
    zc_free(instance->cells);
    zc_free(instance->linked);
    zc_memory_release(instance->memory);
    if (instance->runtime) { /* tables may keep the rest */
        FreeCodePages(&instance->runtime->pagesOpen);
        FreeCodePages(&instance->runtime->pagesFull);
    }
    zc_instance_release_rest(instance);
}
