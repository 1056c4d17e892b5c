/* zc_guest_scope: scopes, and what else than its fuel ends a call: interrupts, cancelled scopes, deadlines.
 *
 * A thread's scopes and its calls in progress are two lists on its native stack, whose heads are in thread-local storage.
 * Only the thread itself walks them. What other threads change is a scope's flag, and the number of the call that an
 * instance is interrupted in: both name what is to end, so that neither can reach anything that comes later.
 */
#include "base/zc_clock.h"
#include "guest/zc_guest_internal.h"

void zc_scope_enter(zc_scope *scope, const _Atomic bool *cancelled, uint64_t deadline_ns, uint64_t fuel)
{
    *scope = (zc_scope){.outer = zc_this_thread.scope,
                        .cancelled = cancelled,
                        .ends_at = ZC_NO_LIMIT,
                        .deadline_ns = deadline_ns,
                        .fuel = fuel};
    if (deadline_ns != ZC_NO_LIMIT) {
        scope->ends_at = (uint64_t)zc_clock_ns() + deadline_ns;
    }
    zc_this_thread.scope = scope;
}

void zc_scope_leave(zc_scope *scope)
{
    zc_this_thread.scope = scope->outer;
}

zc_hidden zc_scope_hide(void)
{
    zc_hidden hidden = {zc_this_thread.scope, zc_this_thread.call};
    zc_this_thread.scope = NULL;
    zc_this_thread.call = NULL;
    zc_this_thread.apart++;
    return hidden;
}

void zc_scope_show(zc_hidden hidden)
{
    zc_this_thread.apart--;
    zc_this_thread.scope = hidden.scope;
    zc_this_thread.call = hidden.call;
}

static bool interrupted(const zc_instance *instance)
{
    return atomic_load_explicit(&instance->interrupted, memory_order_acquire) ==
           atomic_load_explicit(&instance->running, memory_order_relaxed);
}

zc_trap_kind zc_must_end(const zc_call_state *call, const zc_scope *scope)
{
    uint64_t ends_at = call ? call->ends_at : ZC_NO_LIMIT;
    for (; scope; scope = scope->outer) {
        if (scope->cancelled && atomic_load_explicit(scope->cancelled, memory_order_acquire)) {
            return ZC_TRAP_INTERRUPTED;
        }
        ends_at = scope->ends_at < ends_at ? scope->ends_at : ends_at;
    }
    for (; call; call = call->below) {
        if (interrupted(call->instance)) {
            return ZC_TRAP_INTERRUPTED;
        }
    }
    return ends_at != ZC_NO_LIMIT && (uint64_t)zc_clock_ns() >= ends_at ? ZC_TRAP_DEADLINE : ZC_TRAP_NONE;
}

zc_status zc_scope_check(zc_error *error)
{
    zc_trap_kind kind = zc_must_end(zc_this_thread.call, zc_this_thread.scope);
    return kind == ZC_TRAP_NONE ? ZC_OK : zc_trap(error, kind);
}
