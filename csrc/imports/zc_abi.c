/* zc_abi: see zc_abi.h. Lifetime, and linking by the one table. */
#if !defined(__APPLE__)
#define _GNU_SOURCE
#endif
#include <stdio.h>
#include <string.h>

#include "imports/zc_abi_internal.h"
#include "base/zc_alloc.h"

enum { NONE, DEVICE, WEIGHTS, INPUTS };

static const struct {
    const char *name, *params, *result;
    int grant;
    zc_host_function function;
} imports[] = {
#define ARG(type, name) #type
#define ZC_ABI(import, function, result, grant, args) {#import, "" args, #result, grant, zc_abi_call_##import},
#include "imports/zc_abi.def"
#undef ZC_ABI
#undef ARG
};

static const char *const grants[] = {"", "device", "weights", "inputs"};

/* --- lifetime --- */

zc_status zc_abi_new(zc_device *device, zc_weights *weights, const zc_abi_host *host, const zc_abi_limits *limits,
                     zc_abi **out, zc_error *error)
{
    zc_abi *abi = zc_calloc(1, sizeof *abi);
    if (!abi) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate an instance's imports");
    }
    abi->device = device ? zc_device_retain(device) : NULL;
    abi->weights = weights ? zc_weights_retain(weights) : NULL;
    abi->host = *host;
    abi->limits = *limits;
    abi->owner = (zc_owner){.id = zc_owner_id(), .most_work = limits->dispatch_work, .deadline = ZC_NO_DEADLINE};
    abi->sequences = (zc_abi_table){.kind = ZC_ABI_SEQUENCE, .limit = ZC_ABI_MAX_SEQUENCES};
    abi->submissions = (zc_abi_table){.kind = ZC_ABI_SUBMISSION, .limit = ZC_ABI_MAX_SUBMISSIONS};
    abi->scratches = (zc_abi_table){.kind = ZC_ABI_SCRATCH, .limit = ZC_ABI_MAX_SCRATCHES};
    *out = abi;
    return ZC_OK;
}

static void free_table(zc_abi_table *table)
{
    for (uint32_t i = 0; i < table->count; i++) {
        zc_abi_remove(table, &table->entries[i]);
    }
    zc_free(table->entries);
}

void zc_abi_free(zc_abi *abi)
{
    if (!abi) {
        return;
    }
    free_table(&abi->submissions);
    free_table(&abi->sequences);
    zc_abi_tape_free(&abi->tape);
    zc_submission_release(abi->marker);
    free_table(&abi->scratches);
    for (size_t i = 0; i < abi->output_count; i++) {
        zc_free(abi->outputs[i].bytes);
    }
    zc_free(abi->outputs);
    zc_free(abi->inputs);
    zc_weights_release(abi->weights);
    zc_device_release(abi->device);
    zc_free(abi);
}

void zc_abi_attach(zc_abi *abi, zc_instance *instance)
{
    abi->instance = instance;
}

void zc_abi_ended(zc_abi *abi, zc_status status, const zc_error *error, bool signalled)
{
    uint64_t limit = zc_instance_deadline(abi->instance);
    uint32_t kind = status == ZC_TRAP || status == ZC_HOST ? error->kind : ZC_TRAP_NONE;
    char why[100];
    if (signalled) {
        (void)snprintf(why, sizeof why, "cancelled: a signal ended the call that submitted it");
    } else if (kind == ZC_TRAP_DEADLINE) {
        (void)snprintf(why, sizeof why, "cancelled: the call that submitted it passed its deadline of %.3f s",
                       limit == ZC_NO_LIMIT ? 0 : (double)limit / 1e9);
    } else if (kind == ZC_TRAP_INTERRUPTED) {
        (void)snprintf(why, sizeof why, "cancelled: the host interrupted the call that submitted it");
    } else {
        return;
    }
    zc_device_cancel(abi->owner.id, why);
}

static uint64_t idle_pins(const zc_abi_tape *tape, const zc_region *region)
{
    if (tape->batch) {
        return zc_batch_pins(tape->batch, region);
    }
    return tape->sequence && !zc_sequence_in_flight(tape->sequence) ? zc_sequence_pins(tape->sequence, region) : 0;
}

uint64_t zc_abi_idle_pins(const zc_abi *abi, const zc_region *region)
{
    uint64_t pins = idle_pins(&abi->tape, region);
    for (uint32_t i = 0; i < abi->sequences.count; i++) {
        pins += idle_pins(&abi->sequences.entries[i].tape, region);
    }
    return pins;
}

/* --- linking --- */

static bool same_types(const char *types, const uint8_t *given, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!types[i] || (types[i] == 'i' ? ZC_I32 : ZC_I64) != given[i]) {
            return false;
        }
    }
    return !types[count];
}

/* "(i32, i64) -> (i32)" */
static void spell(char *out, size_t size, const char *params, const char *result)
{
    size_t used = (size_t)snprintf(out, size, "(");
    for (const char *at = params; *at && used < size; at++) {
        used += (size_t)snprintf(out + used, size - used, "%s%s", at == params ? "" : ", ", *at == 'i' ? "i32" : "i64");
    }
    if (used < size) {
        (void)snprintf(out + used, size - used, ") -> (%s)", *result == 'i' ? "i32" : "i64");
    }
}

zc_status zc_abi_link(zc_abi *abi, zc_name field, const zc_func_type *type, zc_import_value *out, zc_error *error)
{
    for (size_t i = 0; i < sizeof imports / sizeof *imports; i++) {
        if (strlen(imports[i].name) != field.size || memcmp(imports[i].name, field.bytes, field.size) != 0) {
            continue;
        }
        if (!same_types(imports[i].params, type->params, type->param_count) ||
            !same_types(imports[i].result, type->results, type->result_count)) {
            char wanted[80];
            spell(wanted, sizeof wanted, imports[i].params, imports[i].result);
            return zc_fail(error, ZC_LINK, "import 'zcwasm'.'%s' is %s, the module declares another type",
                           imports[i].name, wanted);
        }
        const bool granted[] = {true, abi->device != NULL, abi->weights != NULL, abi->host.inputs};
        if (!granted[imports[i].grant]) {
            return zc_fail(error, ZC_LINK, "import 'zcwasm'.'%s' is not granted: the guest needs %s=", imports[i].name,
                           grants[imports[i].grant]);
        }
        *out = (zc_import_value){.kind = ZC_EXTERN_FUNC, .function = imports[i].function, .context = abi};
        return ZC_OK;
    }
    return zc_fail(error, ZC_LINK, "import 'zcwasm'.'%.*s' is missing: version %d of this module has no such function",
                   (int)(field.size < 100 ? field.size : 100), (const char *)field.bytes, ZCG_ABI_VERSION);
}
