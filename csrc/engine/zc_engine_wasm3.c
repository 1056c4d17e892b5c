/* zc_engine_wasm3: see zc_engine_wasm3.h.
 *
 * One engine runtime per instance, and a clone of the engine's module, which was parsed once. The engine's
 * memory header lies in the region's header page, directly before the linear memory; whoever enters fills it
 * with the limits of its own call and restores what it found, so that calls nest and instances can share a
 * memory. The engine charges opcodes to a slice of fuel; when the slice is used up, `refuel` looks at
 * everything that can stop a guest: fuel, deadline, interrupt, and the host's tick.
 */
#include "engine/zc_engine_wasm3.h"

#include <string.h>

#include "base/zc_alloc.h"
#include "base/zc_clock.h"
#include "engine/zc_engine_wasm3_internal.h"
#include "guest/zc_guest_profile.h"

_Static_assert(sizeof(M3MemoryHeader) % 16 == 0 && sizeof(M3MemoryHeader) <= ZC_REGION_HEADER,
               "the engine's header must end exactly at the memory's base");
_Static_assert(sizeof(M3MemoryHeader) - offsetof(M3MemoryHeader, length) == ZC_MEMORY_LENGTH,
               "the engine's length of a memory is where it is published");
_Static_assert(d_m3MaxTrace == ZC_MOST_TRACE, "what the engine keeps of a trap is kept");

/* Of m3_bind.c, which declares it nowhere. */
M3Result LinkRawFunction(IM3Module module, IM3Function function, ccstr_t signature, const void *call,
                         const void *userdata);

/* Opcodes between two looks at the limits: about 10 microseconds first, so that short calls never pay for
 * one, then about a millisecond. */
#define FIRST_SLICE 10000
#define SLICE 250000

#define COMPILER_TICK_NS 1000000u

/* Bytes of compiled code that an instance may have: at least, and per byte of its module. Ordinary modules
 * need 10 to 20 bytes per byte; crafted ones could need thousands. */
#define LEAST_CODE ((uint64_t)16 << 20)
#define CODE_PER_BYTE 64

/* What was made of a module. */
typedef struct wasm3_code {
    IM3Environment environment; /* its types; nobody changes them once it is parsed */
    IM3Module parsed;           /* what the instances' modules are cloned from; never loaded itself */
    M3Result refused;           /* why there is none, or NULL */
} wasm3_code;

typedef zc_call_state call_state;

static const char host_failed[] = "host function failed";
static const char guest_stopped[] = "stopped by a limit";

static inline zc_wasm3_instance *of(zc_instance *instance)
{
    return zc_wasm3_of(instance);
}

static inline const zc_wasm3_instance *of_const(const zc_instance *instance)
{
    return (const zc_wasm3_instance *)(const void *)instance;
}

/* --- what the engine reports --- */

/* When it is neither a trap nor the host's failure. */
static zc_status failed(M3Result result, zc_error *error)
{
    if (result == m3Err_mallocFailed || result == m3Err_mallocFailedCodePage) {
        return zc_fail(error, ZC_NO_MEMORY, "the engine cannot allocate memory");
    }
    return zc_fail(error, ZC_UNSUPPORTED, "the engine cannot compile a function of this module: %s", result);
}

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
static zc_status translate(const zc_wasm3_instance *own, M3Result result, zc_error *error)
{
    if (!result) {
        return ZC_OK;
    }
    if (result == host_failed) {
        return error->code; /* filled by the host function or the tick */
    }
    if (result == guest_stopped) {
        return zc_trap(error, own->stopped);
    }
    if (result == m3Err_trapOutOfBoundsTableAccess) {
        return table_out_of_bounds(error);
    }
    zc_trap_kind kind = trap_kind(result);
    if (kind != ZC_TRAP_NONE) {
        return zc_trap(error, kind);
    }
    return failed(result, error);
}

/* --- modules --- */

static void free_code(void *code)
{
    wasm3_code *own = code;
    m3_FreeModule(own->parsed);
    m3_FreeEnvironment(own->environment);
    zc_free(own);
}

/* A module that the engine cannot take is refused when it is to be instantiated. */
static zc_status parse(const zc_module *module, wasm3_code *code, zc_error *error)
{
    code->environment = m3_NewEnvironment(module->info->type_count);
    if (!code->environment) {
        return failed(m3Err_mallocFailed, error);
    }
    M3Result result = m3_ParseModule(code->environment, &code->parsed, module->bytes, (uint32_t)module->size);
    if (result == m3Err_mallocFailed) {
        return failed(result, error);
    }
    code->refused = result;
    return ZC_OK;
}

static zc_status compile(const zc_module *module, void **out, zc_error *error)
{
    wasm3_code *code = zc_calloc(1, sizeof *code);
    if (!code) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a module");
    }
    zc_status status = parse(module, code, error);
    if (status != ZC_OK) {
        free_code(code);
        return status;
    }
    *out = code;
    return ZC_OK;
}

/* --- limits while running --- */

/* Move what the running slice has used from the header to the books. */
static inline void settle(zc_instance *instance, call_state *call)
{
    const M3MemoryHeader *header = of(instance)->header;
    zc_charge(instance, call, (uint64_t)(call->slice - header->fuel));
    call->slice = header->fuel;
}

static inline void start_slice(zc_instance *instance, call_state *call, int64_t length)
{
    uint64_t left = zc_fuel_left(instance, call);
    if ((uint64_t)length > left) {
        length = (int64_t)left;
    }
    of(instance)->header->fuel = length;
    call->slice = length;
}

/* What is left of the slice stays, so that a loop around a host call is not endless. */
static void resume(zc_instance *instance, call_state *call)
{
    start_slice(instance, call, call->slice);
}

static const char *stop(zc_instance *instance, zc_trap_kind kind)
{
    of(instance)->stopped = kind;
    return guest_stopped;
}

/* Where a profile begins and ends takes effect. */
static inline void follow_profile(zc_instance *instance)
{
    if (__builtin_expect(atomic_load_explicit(&instance->profile_wanted, memory_order_relaxed) != instance->profiled,
                         false)) {
        zc_wasm3_switch_profile(instance);
    }
}

/* Why the call must end, or NULL. */
static M3Result look(zc_instance *instance, call_state *call)
{
    zc_trap_kind kind;
    zc_status status = zc_instance_look(instance, call, &kind);
    return status == ZC_OK ? m3Err_none : kind != ZC_TRAP_NONE ? stop(instance, kind) : host_failed;
}

/* The engine's header->fuel fell below zero. */
static M3Result refuel(IM3Runtime runtime, M3MemoryHeader *header)
{
    (void)header;
    zc_instance *instance = runtime->userdata;
    call_state *call = zc_current(instance);
    settle(instance, call);
    if (zc_out_of_fuel(instance, call)) {
        return stop(instance, ZC_TRAP_OUT_OF_FUEL);
    }
    M3Result result = look(instance, call);
    if (!result) {
        follow_profile(instance);
        start_slice(instance, call, SLICE);
    }
    return result;
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
    if (call->ticked == 0) {
        call->ticked = now;
    } else if (now - call->ticked > COMPILER_TICK_NS) {
        call->ticked = now;
        settle(instance, call);
        M3Result result = look(instance, call);
        resume(instance, call);
        return result;
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

/* --- calls --- */

static void prepare_calls(zc_instance *instance, uint8_t *stack)
{
    if (instance->memory) {
        zc_memory_publish(instance->memory);
    }
    of(instance)->runtime->stack = stack;
}

static uint64_t *frame(zc_instance *instance, uint64_t slots, zc_error *error)
{
    zc_wasm3_instance *own = of(instance);
    /* The engine moves runtime->stack up while a host function runs, so that calls nest. */
    uint8_t *place = own->runtime->stack, *end = zc_stack_end(instance);
    uint64_t needed = (slots + 1) * sizeof(uint64_t);
    if (place > end || needed > (uint64_t)(end - place)) {
        (void)zc_trap(error, ZC_TRAP_STACK_OVERFLOW);
        return NULL;
    }
    return (uint64_t *)(void *)place;
}

/* Trampoline from the engine to a host function. The books are settled around it, since calls nested in it
 * use fuel too. */
static const void *call_host(IM3Runtime runtime, IM3ImportContext import, uint64_t *slots, void *memory)
{
    (void)memory;
    zc_linked_function *linked = import->userdata;
    zc_instance *instance = linked->instance;
    call_state *call = zc_current(instance);
    settle(instance, call);
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
    resume(instance, call);
    return status == ZC_OK ? m3Err_none : host_failed;
}

/* The same into another instance, for a function that was found in a table. */
static const void *call_other(IM3Runtime runtime, IM3Function function, uint64_t *slots)
{
    zc_instance *instance = runtime->userdata;
    call_state *call = zc_current(instance);
    void *stack = runtime->stack;
    settle(instance, call);
    runtime->stack = slots + function->funcType->numRets + function->funcType->numArgs;
    uint32_t index = (uint32_t)(function - function->module->functions);
    zc_status status =
        zc_instance_call_other(instance, function->module->runtime->userdata, index, slots, instance->host_error);
    runtime->stack = stack;
    resume(instance, call);
    return status == ZC_OK ? m3Err_none : host_failed;
}

static void keep_trace(zc_wasm3_instance *own)
{
    IM3Runtime runtime = own->runtime;
    uint64_t kept = runtime->numTrace < d_m3MaxTrace ? runtime->numTrace : d_m3MaxTrace;
    own->base.trace_count = runtime->numTrace;
    for (uint64_t i = 0; i < kept; i++) {
        own->base.trace[i] = (uint32_t)(runtime->trace[i] - own->module->functions);
    }
    runtime->numTrace = 0;
}

static zc_status run(zc_instance *instance, call_state *call, uint32_t function, uint64_t *slots, zc_error *error)
{
    zc_wasm3_instance *own = of(instance);
    M3MemoryHeader *header = own->header;
    const M3MemoryHeader saved = *header;
    call->ticked = 0;
    if (!call->outer) {
        header->depth = instance->limits.call_depth;
    }
    header->runtime = own->runtime;
    header->maxStack = (m3slot_t *)zc_stack_end(instance);
    header->nativeStackLimit = zc_native_stack_limit();
    own->runtime->nativeStackLimit = header->nativeStackLimit;
    start_slice(instance, call, FIRST_SLICE);
    own->runtime->numTrace = 0;
    follow_profile(instance);
    IM3Function target = &own->module->functions[function];
    M3Result result = target->compiled ? m3Err_none : CompileFunction(target);
    if (!result) {
        pc_t pc = target->compiled;
        result = ((IM3Operation)(*pc))(pc + 1, (m3stack_t)(void *)slots, header, 0, 0.);
    }
    zc_status status = ZC_OK;
    if (result) {
        status = translate(own, result, error);
        keep_trace(own);
    }
    settle(instance, call);
    /* All but the length goes back: growth is not undone, and other threads may be growing the memory right now. */
    header->runtime = saved.runtime;
    header->maxStack = saved.maxStack;
    header->nativeStackLimit = saved.nativeStackLimit;
    header->fuel = saved.fuel;
    header->depth = saved.depth;
    return status;
}

/* --- creation --- */

/* The cells of all globals, and the table: the engine takes both from its owner. */
static void give_globals_and_table(zc_instance *instance)
{
    const zc_module_info *info = instance->module->info;
    zc_wasm3_instance *own = of(instance);
    for (uint32_t i = 0; i < info->global_count; i++) {
        own->module->globals[i].cell = instance->globals[i] ? &instance->globals[i]->cell : &own->cells[i];
    }
    own->module->table = instance->table ? zc_wasm3_elements(instance->table) : NULL;
}

/* The engine's messages for what the specification calls a trap during instantiation. */
static zc_status translate_load(const zc_wasm3_instance *own, M3Result result, zc_error *error)
{
    if (result && strcmp(result, "data segment out of bounds") == 0) {
        return zc_trap(error, ZC_TRAP_MEMORY_OUT_OF_BOUNDS);
    }
    if (result && strcmp(result, "element segment out of bounds") == 0) {
        return table_out_of_bounds(error);
    }
    return translate(own, result, error);
}

static zc_status load(zc_instance *instance, zc_error *error)
{
    const zc_module_info *info = instance->module->info;
    const wasm3_code *code = instance->code;
    zc_wasm3_instance *own = of(instance);
    M3Result result = code->refused ? code->refused : Module_Clone(code->parsed, &own->module);
    zc_status status = translate(own, result, error);
    if (status != ZC_OK) {
        return status;
    }
    give_globals_and_table(instance);
    status = translate(own, m3_LoadModule(own->runtime, own->module), error);
    if (status != ZC_OK) {
        m3_FreeModule(own->module);
        return status;
    }
    /* From here on the runtime owns the engine's module. */
    for (uint32_t i = 0; i < info->imported_func_count && status == ZC_OK; i++) {
        status = translate(own,
                           LinkRawFunction(own->module, &own->module->functions[i], NULL,
                                           (const void *)(uintptr_t)call_host, &instance->linked[i]),
                           error);
    }
    return status;
}

static zc_status create(zc_instance *instance, zc_error *error)
{
    const wasm3_code *code = instance->code;
    zc_wasm3_instance *own = of(instance);
    own->cells = zc_calloc(instance->module->info->global_count, sizeof *own->cells);
    own->runtime = m3_NewRuntime(code->environment, (uint32_t)instance->limits.stack_bytes, instance);
    if (!own->cells || !own->runtime) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate an instance");
    }
    own->runtime->growMemory = grow_memory;
    own->runtime->refuel = refuel;
    own->runtime->pauseCompiler = pause_compiler;
    own->runtime->setElement = zc_wasm3_put_element;
    own->runtime->moveElements = zc_wasm3_move_elements;
    own->runtime->callOther = call_other;
    own->runtime->maxCodeBytes = LEAST_CODE + CODE_PER_BYTE * (uint64_t)instance->module->size;
    own->header =
        instance->memory ? (M3MemoryHeader *)(void *)zc_region_base(instance->memory->region) - 1 : &own->own_header;
    own->runtime->memory.mallocated = own->header;
    return load(instance, error);
}

static zc_status initialize(zc_instance *instance, zc_error *error)
{
    zc_wasm3_instance *own = of(instance);
    if (instance->memory && instance->module->info->data_segment_count > 0) {
        zc_memory_publish(instance->memory);
    }
    return translate_load(own, Module_InitSegments(own->module), error);
}

static void destroy(zc_instance *instance)
{
    zc_wasm3_instance *own = of(instance);
    zc_free(own->cells);
    if (own->runtime) { /* elements of tables are its functions */
        FreeCodePages(&own->runtime->pagesOpen);
        FreeCodePages(&own->runtime->pagesFull);
    }
}

static void destroy_rest(zc_instance *instance)
{
    m3_FreeRuntime(of(instance)->runtime);
}

/* --- between calls --- */

static uint64_t get_global(const zc_instance *instance, uint32_t index)
{
    uint64_t bits;
    memcpy(&bits, of_const(instance)->module->globals[index].cell, sizeof bits);
    return zc_slot_bits(instance->module->info->globals[index].value_type, bits);
}

static void set_global(zc_instance *instance, uint32_t index, uint64_t bits)
{
    memcpy(of(instance)->module->globals[index].cell, &bits, sizeof bits);
}

static uint8_t *dropped_segments(const zc_instance *instance)
{
    return of_const(instance)->module->droppedSegments;
}

const zc_engine zc_engine_wasm3 = {.name = "wasm3",
                                   .fuel_unit = "opcodes",
                                   .counts_fuel = true,
                                   .instance_size = sizeof(zc_wasm3_instance),
                                   .compile = compile,
                                   .free_code = free_code,
                                   .create = create,
                                   .initialize = initialize,
                                   .destroy = destroy,
                                   .destroy_rest = destroy_rest,
                                   .prepare_calls = prepare_calls,
                                   .frame = frame,
                                   .run = run,
                                   .settle = settle,
                                   .resume = resume,
                                   .switch_profile = zc_wasm3_switch_profile,
                                   .table_bytes = sizeof(zc_wasm3_table),
                                   .resize_table = zc_wasm3_resize_table,
                                   .free_table = zc_wasm3_free_table,
                                   .get_element = zc_wasm3_get_element,
                                   .set_element = zc_wasm3_set_element,
                                   .get_global = get_global,
                                   .set_global = set_global,
                                   .dropped_segments = dropped_segments};
