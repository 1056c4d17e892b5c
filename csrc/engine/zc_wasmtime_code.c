/* zc_wasmtime_code: see zc_wasmtime_code.h. */
#include "engine/zc_wasmtime_code.h"

#include "base/zc_alloc.h"
#include "engine/zc_wasm_rewrite.h"

static zc_status new_code(const zc_module *module, zc_wasmtime_variant variant, zc_wasmtime_code **out, zc_error *error)
{
    zc_wasmtime_code *code = zc_calloc(1, sizeof *code);
    if (!code) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a module's code");
    }
    code->variant = variant;
    zc_status status = zc_private_salt(zc_module_get_info(module), &code->salt, error);
    if (status != ZC_OK) {
        zc_free(code);
        return status;
    }
    *out = code;
    return ZC_OK;
}

static zc_status finish(zc_wasmtime_code *code, zc_status status, void **out)
{
    if (status != ZC_OK) {
        zc_free(code);
        code = NULL;
    }
    *out = code;
    return status;
}

zc_status zc_wasmtime_code_compile(const zc_module *module, zc_wasmtime_variant variant, void **out, zc_error *error)
{
    zc_wasmtime_code *code;
    zc_writer rewritten = {0};
    *out = NULL;
    zc_status status = new_code(module, variant, &code, error);
    if (status != ZC_OK) {
        return status;
    }
    status = zc_wasm_rewrite(zc_module_bytes(module), zc_module_size(module), zc_module_get_info(module), false,
                             &rewritten, error);
    if (status == ZC_OK) {
        status = zc_wasmtime_compile(variant, rewritten.bytes, rewritten.size, &code->module, error);
    }
    zc_writer_free(&rewritten);
    return finish(code, status, out);
}

zc_status zc_wasmtime_code_load(const zc_module *module, zc_wasmtime_variant variant, const uint8_t *bytes, size_t size,
                                void **out, zc_error *error)
{
    zc_wasmtime_code *code;
    *out = NULL;
    zc_status status = new_code(module, variant, &code, error);
    if (status != ZC_OK) {
        return status;
    }
    return finish(code, zc_wasmtime_deserialize(variant, bytes, size, &code->module, error), out);
}

zc_status zc_wasmtime_code_serialize(const void *code, zc_writer *out, zc_error *error)
{
    return zc_wasmtime_serialize(((const zc_wasmtime_code *)code)->module, out, error);
}

void zc_wasmtime_code_free(void *code)
{
    if (code) {
        zc_wt.wasmtime_module_delete(((zc_wasmtime_code *)code)->module);
        zc_free(code);
    }
}
