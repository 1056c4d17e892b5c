/* zc_validate_features: refusing a later feature by its name, and the advice that such an error ends with.
 *
 * The advice comes from the one table, zc_validate_features.def. It is put at the end of the message when
 * everything else is there, the function's name among it; until then zc_error.kind keeps which feature it is.
 * Ownership and threads: zc_validate_internal.h.
 */
#include "validate/zc_validate_internal.h"

#include <stdio.h>
#include <string.h>

typedef struct feature_text {
    const char *name;
    bool compiled;
    const char *without;
} feature_text;

#define NONE false
#define COMPILED true

static const feature_text features[] = {
    [ZC_FEATURE_NONE] = {"", NONE, ""},
#define ZC_FEATURE(id, name, engine, without) [ZC_FEATURE_##id] = {name, engine, without},
#include "validate/zc_validate_features.def"
};

const char *zc_feature_name(unsigned feature)
{
    return feature < sizeof features / sizeof features[0] ? features[feature].name : NULL;
}

bool zc_feature_is_compiled(unsigned feature)
{
    return features[feature].compiled;
}

bool zc_accepts(const zc_wasm_reader *reader, zc_feature feature)
{
    if (!reader->needs || !features[feature].compiled) {
        return false;
    }
    *reader->needs |= UINT64_C(1) << feature;
    return true;
}

zc_status zc_fail_unsupported(zc_error *error, uint64_t offset, zc_feature feature, const char *format, ...)
{
    char what[160];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    const zc_status status =
        zc_fail_at(error, ZC_UNSUPPORTED, offset, "%s needs an unsupported feature: %s", what, features[feature].name);
    if (error) { /* none where a name section is looked at */
        error->kind = (uint32_t)feature;
    }
    return status;
}

void zc_advise_on_feature(zc_error *error)
{
    const size_t used = strlen(error->message);
    const feature_text *feature = &features[error->kind];
    if (error->kind != ZC_FEATURE_NONE) {
        (void)snprintf(error->message + used, sizeof error->message - used, " (without it: %s%s)", feature->without,
                       feature->compiled ? "; or the engine wasmtime, which has it: pip install 'zcwasm[jit]'" : "");
    }
    error->kind = 0;
}
