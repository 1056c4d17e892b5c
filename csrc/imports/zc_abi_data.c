/* zc_abi_data: tensors, inputs, outputs, log, clock and error text of the import module "zcwasm".
 *
 * See zc_abi.h for ownership and threads. Handlers read their arguments by the names in zc_abi.def; the result goes
 * to slots[0].
 */
#include <string.h>

#include "imports/zc_abi_internal.h"
#include "base/zc_alloc.h"
#include "base/zc_clock.h"
#include "base/zc_copies.h"
#include "validate/zc_wasm_reader.h"

static zc_status answer64(uint64_t *slots, int64_t value)
{
    slots[0] = (uint64_t)value;
    return ZC_OK;
}

zc_status zc_abi_call_abi_version(void *context, uint64_t *slots, zc_error *error)
{
    (void)context;
    (void)error;
    return zc_abi_answer(slots, ZCG_ABI_VERSION);
}

zc_status zc_abi_call_error_text(void *context, uint64_t *slots, zc_error *error)
{
    (void)error;
    zc_abi *abi = context;
    const zc_abi_args_error_text call = zc_abi_args_of_error_text(slots);
    char text[sizeof abi->error.message]; /* the failure of this call would replace it */
    memcpy(text, abi->error.message, sizeof text);
    uint8_t *out = zc_abi_memory(abi, call.out, call.size);
    if (!out) {
        return zc_abi_answer(slots, -ZCG_EFAULT);
    }
    size_t length = strlen(text);
    memcpy(out, text, length < call.size ? length : call.size);
    return zc_abi_answer(slots, (int32_t)length);
}

/* --- tensors --- */

zc_status zc_abi_call_tensor(void *context, uint64_t *slots, zc_error *error)
{
    (void)error;
    zc_abi *abi = context;
    const zc_abi_args_tensor call = zc_abi_args_of_tensor(slots);
    char name[ZC_ABI_MAX_NAME];
    int32_t failure;
    if (!zc_abi_name(abi, call.name, call.name_size, name, &failure)) {
        return zc_abi_answer(slots, failure);
    }
    uint32_t index = zc_weights_find(abi->weights, name, call.name_size);
    if (index == UINT32_MAX || index >> ZC_ABI_KIND_SHIFT) {
        return zc_abi_answer(slots,
                             zc_abi_fail(abi, ZCG_ENOENT, "there is no tensor \"%.*s\"", (int)call.name_size, name));
    }
    return zc_abi_answer(slots, (int32_t)((uint32_t)ZC_ABI_TENSOR << ZC_ABI_KIND_SHIFT | index));
}

zc_status zc_abi_call_tensor_info(void *context, uint64_t *slots, zc_error *error)
{
    (void)error;
    zc_abi *abi = context;
    const zc_abi_args_tensor_info call = zc_abi_args_of_tensor_info(slots);
    uint32_t bits = call.tensor, index = bits & ~(UINT32_MAX << ZC_ABI_KIND_SHIFT);
    if (bits >> ZC_ABI_KIND_SHIFT != ZC_ABI_TENSOR || index >= zc_weights_count(abi->weights)) {
        return zc_abi_answer(slots, zc_abi_fail(abi, ZCG_EBADF, "%d is no tensor handle", (int32_t)bits));
    }
    zcg_tensor_info info = {0};
    uint8_t *out = zc_abi_memory(abi, call.out, sizeof info);
    if (!out) {
        return zc_abi_answer(slots, -ZCG_EFAULT);
    }
    const zc_tensor *tensor = zc_weights_get(abi->weights, index);
    info.type = tensor->type;
    info.ndim = tensor->ndim;
    info.bytes = tensor->bytes;
    for (unsigned i = 0; i < 4; i++) {
        info.shape[i] = i < tensor->ndim ? tensor->shape[i] : 1;
    }
    memcpy(out, &info, sizeof info);
    return zc_abi_answer(slots, 0);
}

/* --- inputs and outputs --- */

static zc_abi_bytes *find(zc_abi_bytes *all, size_t count, const char *name, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        if (all[i].name_size == size && memcmp(all[i].name, name, size) == 0) {
            return &all[i];
        }
    }
    return NULL;
}

/* A new one at the end of the array, or NULL. */
static zc_abi_bytes *append(zc_abi_bytes **all, size_t *count, const char *name, size_t size)
{
    zc_abi_bytes *larger = zc_realloc(*all, (*count + 1) * sizeof *larger);
    if (!larger) {
        return NULL;
    }
    *all = larger;
    zc_abi_bytes *added = &larger[(*count)++];
    *added = (zc_abi_bytes){.name_size = size};
    memcpy(added->name, name, size);
    return added;
}

zc_status zc_abi_add_input(zc_abi *abi, const char *name, size_t name_size, const void *bytes, uint64_t size,
                           zc_error *error)
{
    if (name_size > ZC_ABI_MAX_NAME) {
        return zc_fail(error, ZC_BAD_VALUE, "an input's name has %zu bytes, at most %u are allowed", name_size,
                       ZC_ABI_MAX_NAME);
    }
    zc_abi_bytes *input = append(&abi->inputs, &abi->input_count, name, name_size);
    if (!input) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate an input's bookkeeping");
    }
    input->bytes = (uint8_t *)bytes;
    input->size = size;
    return ZC_OK;
}

void zc_abi_clear_inputs(zc_abi *abi)
{
    abi->input_count = 0;
}

bool zc_abi_output(const zc_abi *abi, size_t index, const char **name, size_t *name_size, const void **bytes,
                   uint64_t *size)
{
    if (index >= abi->output_count) {
        return false;
    }
    *name = abi->outputs[index].name;
    *name_size = abi->outputs[index].name_size;
    *bytes = abi->outputs[index].bytes;
    *size = abi->outputs[index].size;
    return true;
}

static const zc_abi_bytes *input_of(zc_abi *abi, uint32_t pointer, uint32_t size, int64_t *failure)
{
    char name[ZC_ABI_MAX_NAME];
    int32_t code;
    if (!zc_abi_name(abi, pointer, size, name, &code)) {
        *failure = code;
        return NULL;
    }
    const zc_abi_bytes *input = find(abi->inputs, abi->input_count, name, size);
    if (!input) {
        *failure = zc_abi_fail(abi, ZCG_ENOENT, "there is no input \"%.*s\"", (int)size, name);
    }
    return input;
}

zc_status zc_abi_call_input_size(void *context, uint64_t *slots, zc_error *error)
{
    (void)error;
    const zc_abi_args_input_size call = zc_abi_args_of_input_size(slots);
    int64_t failure;
    const zc_abi_bytes *input = input_of(context, call.name, call.name_size, &failure);
    return answer64(slots, input ? (int64_t)input->size : failure);
}

zc_status zc_abi_call_input_read(void *context, uint64_t *slots, zc_error *error)
{
    (void)error;
    zc_abi *abi = context;
    const zc_abi_args_input_read call = zc_abi_args_of_input_read(slots);
    int64_t failure;
    uint64_t offset = call.offset, size = call.size;
    const zc_abi_bytes *input = input_of(abi, call.name, call.name_size, &failure);
    if (!input) {
        return answer64(slots, failure);
    }
    uint8_t *out = zc_abi_memory(abi, call.out, size);
    if (!out) {
        return answer64(slots, -ZCG_EFAULT);
    }
    uint64_t left = offset < input->size ? input->size - offset : 0;
    size = size < left ? size : left;
    if (size) {
        zc_region_expect_writes(out, size);
        memcpy(out, input->bytes + offset, size);
        zc_copies_add(ZC_COPY_INPUTS, size);
    }
    return answer64(slots, (int64_t)size);
}

const zc_abi_bytes *zc_abi_output_named(const zc_abi *abi, const char *name, size_t size)
{
    return find(abi->outputs, abi->output_count, name, size);
}

bool zc_abi_put_output(zc_abi *abi, const char *name, size_t name_size, const void *from, uint64_t size)
{
    zc_abi_bytes *output = find(abi->outputs, abi->output_count, name, name_size);
    uint8_t *bytes = zc_malloc(size);
    if (bytes && !output) {
        output = append(&abi->outputs, &abi->output_count, name, name_size);
    }
    if (!bytes || !output) {
        zc_free(bytes);
        return false;
    }
    memcpy(bytes, from, size);
    zc_free(output->bytes);
    abi->output_bytes += size - output->size;
    output->bytes = bytes;
    output->size = size;
    return true;
}

zc_status zc_abi_call_output_write(void *context, uint64_t *slots, zc_error *error)
{
    (void)error;
    zc_abi *abi = context;
    const zc_abi_args_output_write call = zc_abi_args_of_output_write(slots);
    char name[ZC_ABI_MAX_NAME];
    uint32_t name_size = call.name_size;
    uint64_t size = call.size;
    int32_t failure;
    if (!zc_abi_name(abi, call.name, name_size, name, &failure)) {
        return zc_abi_answer(slots, failure);
    }
    if (!zc_is_utf8((const uint8_t *)name, name_size)) {
        return zc_abi_answer(slots, zc_abi_fail(abi, ZCG_EINVAL, "an output's name is not UTF-8"));
    }
    const uint8_t *from = zc_abi_memory(abi, call.bytes, size);
    if (!from) {
        return zc_abi_answer(slots, -ZCG_EFAULT);
    }
    const zc_abi_bytes *output = zc_abi_output_named(abi, name, name_size);
    uint64_t others = abi->output_bytes - (output ? output->size : 0);
    if (size > abi->limits.outputs - others || (!output && abi->output_count == ZC_ABI_MAX_OUTPUTS)) {
        return zc_abi_answer(slots, zc_abi_fail(abi, ZCG_ENOMEM,
                                                "%llu bytes more: outputs are limited to %llu bytes in %u names",
                                                (ull)size, (ull)abi->limits.outputs, ZC_ABI_MAX_OUTPUTS));
    }
    if (!zc_abi_put_output(abi, name, name_size, from, size)) {
        return zc_abi_answer(slots, zc_abi_fail(abi, ZCG_ENOMEM, "cannot allocate an output of %llu bytes", (ull)size));
    }
    zc_copies_add(ZC_COPY_OUTPUTS, size);
    return zc_abi_answer(slots, 0);
}

/* --- log and clock --- */

zc_status zc_abi_call_log(void *context, uint64_t *slots, zc_error *error)
{
    zc_abi *abi = context;
    const zc_abi_args_log call = zc_abi_args_of_log(slots);
    uint32_t level = call.level, size = call.size;
    const uint8_t *text = zc_abi_memory(abi, call.text, size);
    if (!text) {
        return zc_abi_answer(slots, -ZCG_EFAULT);
    }
    if (level > ZCG_LOG_ERROR || size > ZC_ABI_MAX_LOG) {
        return zc_abi_answer(slots,
                             zc_abi_fail(abi, ZCG_EINVAL, "level %u (0 to %d) with a text of %u bytes (at most %u)",
                                         level, ZCG_LOG_ERROR, size, ZC_ABI_MAX_LOG));
    }
    zc_status status = ZC_OK;
    if (abi->host.log) {
        status = abi->host.log(abi->host.context, (int)level, (const char *)text, size, error);
    }
    (void)zc_abi_answer(slots, 0);
    return status;
}

zc_status zc_abi_call_clock(void *context, uint64_t *slots, zc_error *error)
{
    (void)context;
    (void)error;
    return answer64(slots, zc_clock_ns());
}
