/* zc_guest_call: calls of instances: whose turn it is, what ends them, and what the books say; the engine runs them.
 *
 * A call is entered, run by the engine, and left, in this order on one native stack, so that calls nest: within the engine
 * there may be host functions that call again. Whatever of the host's runs in the middle of a call stands between the
 * engine's `settle` and `resume`.
 *
 * See zc_guest.h for ownership and threads.
 */
#include <string.h>

#include "base/zc_clock.h"
#include "base/zc_trace.h"
#include "guest/zc_guest_internal.h"
#include "region/zc_mapping.h"

typedef zc_call_state call_state;

/* --- whose turn it is --- */

static zc_status refuse(uintptr_t owner, zc_error *error)
{
    return zc_fail(error, ZC_CONCURRENT, "%s",
                   owner == ZC_HELD ? "the instance is held: a snapshot or a fork is being made of it"
                                    : "the instance is running on another thread");
}

static zc_status take(zc_executor *executor, uintptr_t *found, zc_error *error)
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

static void put_back(zc_executor *executor, uintptr_t found)
{
    atomic_store_explicit(&executor->owner, found, memory_order_release);
}

/* --- limits while running --- */

/* The one place where the host's code runs between two states of the engine: in the middle of a guest's function, of
 * a function being compiled, of a host function that waits. Whatever it does, no call begins over this memory (see
 * zc_instance_frame); the books are settled around it, since it may read and set the fuel. What it calls, a signal handler
 * another guest, is no part of this call. */
static zc_status give_way(zc_instance *instance, call_state *call, zc_error *error)
{
    if (!call->hooks) {
        return ZC_OK;
    }
    const zc_hidden hidden = {zc_this_thread.scope, zc_this_thread.call};
    zc_this_thread.scope = NULL;
    zc_this_thread.call = NULL;
    instance->executor->ticking = true;
    zc_status status = call->hooks->tick(call->hooks->context, error);
    instance->executor->ticking = false;
    zc_this_thread.scope = hidden.scope;
    zc_this_thread.call = hidden.call;
    return status;
}

zc_status zc_instance_look(zc_instance *instance, zc_call_state *call, zc_trap_kind *kind)
{
    *kind = zc_must_end(call, call->scope);
    return *kind == ZC_TRAP_NONE ? give_way(instance, call, instance->host_error) : ZC_TRAP;
}

zc_status zc_instance_pause(zc_instance *instance, zc_error *error)
{
    call_state *call = zc_current(instance);
    if (!call) {
        return ZC_OK;
    }
    zc_trap_kind kind = zc_must_end(call, call->scope);
    if (kind != ZC_TRAP_NONE) {
        return zc_trap(error, kind);
    }
    instance->engine->settle(instance, call);
    zc_status status = give_way(instance, call, error);
    instance->engine->resume(instance, call);
    return status;
}

/* --- entering and leaving --- */

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

/* Undone by leave. */
static zc_status enter(zc_instance *instance, call_state *call, const zc_call_hooks *hooks, zc_error *error)
{
    uintptr_t found;
    zc_status status = take(instance->executor, &found, error);
    if (status == ZC_OK && zc_this_thread.scope && (status = check_scope(instance, error)) != ZC_OK) {
        put_back(instance->executor, found);
    }
    if (status != ZC_OK) {
        return status;
    }
    call->table.mark = NULL;
    call->failed_inside = false;
    if (__builtin_expect(instance->shared_table != NULL, false) &&
        (status = zc_table_own(instance->shared_table, &call->table, error)) != ZC_OK) {
        put_back(instance->executor, found);
        return status;
    }
    call->outer = zc_current(instance);
    call->below = zc_this_thread.call;
    call->scope = zc_this_thread.scope;
    call->instance = instance;
    call->saved_owner = found;
    call->hooks = hooks;
    set_deadline(instance, call);
    atomic_store_explicit(&instance->call, call, memory_order_relaxed);
    zc_this_thread.call = call;
    if (!call->outer) {
        atomic_store_explicit(&instance->running, ++instance->calls, memory_order_release);
    }
    return ZC_OK;
}

static void leave(zc_instance *instance, call_state *call)
{
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
    put_back(instance->executor, call->saved_owner);
}

static uint64_t stack_size(const zc_instance *instance)
{
    return (instance->limits.stack_bytes + ZC_REGION_ALIGNMENT - 1) & ~(uint64_t)(ZC_REGION_ALIGNMENT - 1);
}

/* What only instances that are called need, so that idle ones take up less: the value stack, and what the engine has
 * besides. */
static __attribute__((noinline, cold)) zc_status prepare_calls(zc_instance *instance, zc_error *error)
{
    uintptr_t found;
    zc_status status = take(instance->executor, &found, error);
    if (status != ZC_OK) {
        return status;
    }
    if (!atomic_load_explicit(&instance->stack, memory_order_relaxed)) {
        uint8_t *stack;
        int code = zc_mapping_new(stack_size(instance), stack_size(instance), &stack);
        if (code == 0) {
            instance->engine->prepare_calls(instance, stack);
            atomic_store_explicit(&instance->stack, stack, memory_order_release);
        } else {
            status = zc_fail(error, ZC_NO_MEMORY, "cannot allocate a value stack of %llu bytes: %s",
                             (ull)stack_size(instance), strerror(code));
        }
    }
    put_back(instance->executor, found);
    return status;
}

void zc_instance_free_stack(zc_instance *instance)
{
    uint8_t *stack = atomic_load_explicit(&instance->stack, memory_order_relaxed);
    if (stack) {
        zc_mapping_free(stack, stack_size(instance), stack_size(instance));
    }
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
    return instance->engine->frame(instance, (uint64_t)type->param_count + type->result_count, error);
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
    int64_t traced = zc_trace_begin();
    call_state call;
    zc_status status = enter(instance, &call, hooks, error);
    if (status != ZC_OK) {
        return status;
    }
    zc_error *outer_error = instance->host_error;
    instance->host_error = error;
    status = instance->engine->run(instance, &call, function, frame, error);
    instance->host_error = outer_error;
    if (status == ZC_HOST && !call.failed_inside) { /* looking costs more with every call below */
        error->kind = zc_must_end(&call, call.scope);
    }
    if (traced && !call.outer) {
        trace_call(instance, function, traced, status, error);
    }
    leave(instance, &call);
    return status;
}

static zc_status call_directly(zc_instance *callee, uint32_t function, uint64_t *slots, zc_error *error)
{
    const zc_module_info *info = callee->module->info;
    const zc_func_type *type = &info->types[info->funcs[function].type_index];
    uint64_t *frame = zc_instance_frame(callee, function, error);
    if (!frame) {
        return error->code;
    }
    memcpy(frame + type->result_count, slots + type->result_count, type->param_count * sizeof *slots);
    zc_status status = zc_instance_call(callee, function, frame, NULL, error);
    if (status == ZC_OK) {
        memcpy(slots, frame, type->result_count * sizeof *slots);
    }
    return status;
}

static zc_status call_element(zc_instance *caller, zc_instance *callee, uint32_t function, uint64_t *slots,
                              zc_error *error)
{
    if (callee->ended) {
        const zc_name name = callee->module->info->funcs[function].name;
        return zc_fail(error, ZC_CLOSED, "the table's function %u%s%.*s%s is of an instance that is closed", function,
                       name.size ? " \"" : "", ZC_NAME(name), name.size ? "\"" : "");
    }
    if (caller->owner.call) {
        return caller->owner.call(caller->owner.context, callee->owner.context, function, slots, error);
    }
    return call_directly(callee, function, slots, error);
}

zc_status zc_instance_call_other(zc_instance *caller, zc_instance *callee, uint32_t function, uint64_t *slots,
                                 zc_error *error)
{
    zc_status status = call_element(caller, callee, function, slots, error);
    zc_current(caller)->failed_inside = status != ZC_OK;
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

bool zc_instance_counts_fuel(const zc_instance *instance)
{
    return instance->engine->counts_fuel;
}

bool zc_instance_takes_fuel(const zc_instance *instance)
{
    return !instance->engine->takes_fuel || instance->engine->takes_fuel(instance);
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
    return zc_own_fuel(instance);
}

uint64_t zc_instance_deadline(const zc_instance *instance)
{
    return instance->given_ns;
}

uint64_t zc_instance_trace(const zc_instance *instance, uint32_t *functions, size_t capacity)
{
    for (uint64_t i = 0; i < instance->trace_count && i < ZC_MOST_TRACE && i < capacity; i++) {
        functions[i] = instance->trace[i];
    }
    return instance->trace_count;
}
