/* zc_guest_trap: traps by kind: their names in the Python API, and the specification's messages. */
#include "guest/zc_guest_internal.h"

static const struct {
    const char *name;
    const char *message;
} traps[] = {[ZC_TRAP_NONE] = {"none", ""},
#define X(code, name, message) [ZC_TRAP_##code] = {name, message},
             ZC_TRAP_LIST(X)
#undef X
};

const char *zc_trap_name(uint32_t kind)
{
    return kind < sizeof traps / sizeof *traps ? traps[kind].name : "unknown";
}

zc_status zc_trap(zc_error *error, zc_trap_kind kind)
{
    (void)zc_fail(error, ZC_TRAP, "%s", traps[kind].message);
    if (error) {
        error->kind = kind;
    }
    return ZC_TRAP;
}
