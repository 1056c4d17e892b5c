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
    const char *without;
} feature_text;

static const feature_text features[] = {
    [ZC_FEATURE_NONE] = {"", ""},
#define ZC_FEATURE(id, name, without) [ZC_FEATURE_##id] = {name, without},
#include "validate/zc_validate_features.def"
};

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
    (void)snprintf(error->message + used, sizeof error->message - used, " (without it: %s)",
                   features[error->kind].without);
    error->kind = 0;
}
