/* zc_engine_wasmtime_code: what is made of a module for wasmtime, and how it is kept. See zc_engine_wasmtime.h. */
#include "base/zc_alloc.h"
#include "engine/zc_engine_wasmtime_internal.h"
#include "engine/zc_wasm_rewrite.h"

/* --- types --- */

bool zc_wasmtime_number(uint8_t value_type)
{
    return value_type == ZC_I32 || value_type == ZC_I64 || value_type == ZC_F32 || value_type == ZC_F64;
}

bool zc_wasmtime_numbers(const zc_func_type *type)
{
    bool numbers = true;
    for (uint32_t i = 0; i < type->param_count; i++) {
        numbers = numbers && zc_wasmtime_number(type->params[i]);
    }
    for (uint32_t i = 0; i < type->result_count; i++) {
        numbers = numbers && zc_wasmtime_number(type->results[i]);
    }
    return numbers;
}

/* --- traps --- */

zc_status zc_wasmtime_table_trap(zc_error *error)
{
    (void)zc_fail(error, ZC_TRAP, "out of bounds table access");
    if (error) {
        error->kind = ZC_TRAP_TABLE_OUT_OF_BOUNDS;
    }
    return ZC_TRAP;
}

/* --- code --- */

void zc_wasmtime_code_free(void *code)
{
    zc_wasmtime_code *own = code;
    if (own) {
        if (own->module) {
            zc_wt.wasmtime_module_delete(own->module);
        }
        if (own->stub) {
            zc_wt.wasmtime_module_delete(own->stub);
        }
        zc_free(atomic_load_explicit(&own->functions, memory_order_relaxed));
        zc_free(own);
    }
}

/* (module (memory (export "") 0 maximum)). Its minimum says nothing: the memory is there, and its size is what it is. */
static zc_status make_stub(zc_wasmtime_variant variant, const zc_limits_type *type, wasmtime_module_t **out,
                           zc_error *error)
{
    uint8_t bytes[32] = {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, /* memories: */ 0x05};
    size_t size = 10, start = 10;
    bytes[size++] = 1;
    bytes[size++] = type->has_maximum ? 1 : 0;
    bytes[size++] = 0;
    for (uint32_t left = type->maximum; type->has_maximum;) {
        const bool last = left < 0x80;
        bytes[size++] = (uint8_t)(last ? left : left | 0x80);
        if (last) {
            break;
        }
        left >>= 7;
    }
    bytes[start - 1] = (uint8_t)(size - start);
    static const uint8_t exports[] = {0x07, 0x04, 0x01, 0x00, 0x02, 0x00};
    for (size_t i = 0; i < sizeof exports; i++) {
        bytes[size++] = exports[i];
    }
    return zc_wasmtime_compile(variant, bytes, size, out, error);
}

/* (module (table 0 externref)): makes the library make the store's heap. */
static zc_status make_heap_stub(zc_wasmtime_variant variant, wasmtime_module_t **out, zc_error *error)
{
    static const uint8_t bytes[] = {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x04, 0x04, 0x01, 0x6f, 0x00, 0x00};
    return zc_wasmtime_compile(variant, bytes, sizeof bytes, out, error);
}

zc_status zc_wasmtime_code_around(zc_wasmtime_variant variant, const zc_module *module, wasmtime_module_t *compiled,
                                  void **out, zc_error *error)
{
    const zc_module_info *info = module->info;
    zc_wasmtime_code *code = zc_calloc(1, sizeof *code);
    if (!code) {
        zc_wt.wasmtime_module_delete(compiled);
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a module's code");
    }
    code->module = compiled;
    zc_status status = zc_private_salt(info, &code->salt, error);
    if (status == ZC_OK && info->memory_imported) {
        status = make_stub(variant, &info->memory, &code->stub, error);
    } else if (status == ZC_OK && info->has_memory && info->memory.minimum == 0 && info->needs) {
        status = make_heap_stub(variant, &code->stub, error);
    }
    if (status != ZC_OK) {
        zc_wasmtime_code_free(code);
        return status;
    }
    *out = code;
    return ZC_OK;
}

zc_status zc_engine_wasmtime_binary(const zc_module *module, zc_writer *out, zc_error *error)
{
    return zc_wasm_rewrite(module->bytes, module->size, module->info, false, out, error);
}

zc_status zc_wasmtime_code_new(zc_wasmtime_variant variant, const zc_module *module, void **out, zc_error *error)
{
    zc_writer binary = {0};
    wasmtime_module_t *compiled = NULL;
    zc_status status = zc_wasmtime_ready(error);
    if (status == ZC_OK) {
        status = zc_engine_wasmtime_binary(module, &binary, error);
    }
    if (status == ZC_OK) {
        status = zc_wasmtime_compile(variant, binary.bytes, binary.size, &compiled, error);
    }
    zc_writer_free(&binary);
    return status == ZC_OK ? zc_wasmtime_code_around(variant, module, compiled, out, error) : status;
}
