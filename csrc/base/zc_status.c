/* zc_status: see zc_status.h. */
#include "base/zc_status.h"

#include <stdio.h>

static void fill(zc_error *error, zc_status code, uint64_t offset, const char *format, va_list arguments)
{
    if (!error) {
        return;
    }
    error->code = code;
    error->kind = 0;
    error->offset = offset;
    (void)vsnprintf(error->message, sizeof error->message, format, arguments);
}

zc_status zc_fail(zc_error *error, zc_status code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(error, code, ZC_NO_OFFSET, format, arguments);
    va_end(arguments);
    return code;
}

zc_status zc_fail_at(zc_error *error, zc_status code, uint64_t offset, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(error, code, offset, format, arguments);
    va_end(arguments);
    return code;
}

const char *zc_status_name(zc_status code)
{
    switch (code) {
#define X(code, text) \
    case code:        \
        return #code;
        ZC_STATUS_LIST(X)
#undef X
    }
    return "ZC_UNKNOWN";
}
