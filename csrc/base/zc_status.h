/* zc_status: how every core function reports failure.
 *
 * A core function returns a zc_status and, when it is not ZC_OK, fills the caller's zc_error with one
 * sentence that carries the numbers (offset, length, limit). Core code never aborts, prints or raises;
 * csrc/py/py_error.c is the one place that turns a zc_error into a Python exception.
 *
 * A zc_error belongs to the caller, usually on its stack. It holds no pointers. No function here locks.
 */
#ifndef ZC_STATUS_H
#define ZC_STATUS_H

#include <stdarg.h>
#include <stdint.h>

/* code, what it means. py_error.c maps each to an exception type. */
#define ZC_STATUS_LIST(X)                                                                 \
    X(ZC_OK, "success")                                                                   \
    X(ZC_NO_MEMORY, "the machine cannot allocate or reserve that much")                   \
    X(ZC_BAD_VALUE, "an argument has a value that is not allowed")                        \
    X(ZC_OVERFLOW, "a number does not fit where it must go")                              \
    X(ZC_OUT_OF_BOUNDS, "a range does not lie inside the memory it names")                \
    X(ZC_MALFORMED, "the bytes are not a WebAssembly module")                             \
    X(ZC_INVALID, "the module breaks a validation rule")                                  \
    X(ZC_UNSUPPORTED, "the module is valid but uses a feature outside the supported set") \
    X(ZC_LINK, "an import is missing or of another type")                                 \
    X(ZC_TRAP, "the guest trapped")                                                       \
    X(ZC_DEVICE, "the device reported an error")                                          \
    X(ZC_MODEL, "the model file is damaged, hostile or of a kind that is not supported")  \
    X(ZC_SNAPSHOT, "the snapshot cannot be written or read")                              \
    X(ZC_BUSY, "still in use: a view, a submission or a call holds it")                   \
    X(ZC_CLOSED, "used after close")                                                      \
    X(ZC_CONCURRENT, "used from two threads at once")                                     \
    X(ZC_TIMEOUT, "the wait timed out")                                                   \
    X(ZC_LIMIT, "more than a limit of the host allows")                                   \
    X(ZC_CANCELLED, "the work was cancelled before its end")                              \
    X(ZC_EXIT, "the guest ended its program; the error's kind is the exit code")          \
    X(ZC_HOST, "a host function failed; its own error is kept by the host")

typedef enum zc_status {
#define X(code, text) code,
    ZC_STATUS_LIST(X)
#undef X
} zc_status;

#define ZC_NO_OFFSET UINT64_MAX

typedef struct zc_error {
    zc_status code;
    uint32_t kind;   /* with ZC_TRAP a zc_trap_kind, with ZC_EXIT the exit code, else 0 (or a layer's own) */
    uint64_t offset; /* byte of the module that is wrong, or ZC_NO_OFFSET */
    char message[496];
} zc_error;

#if defined(__GNUC__)
#define ZC_PRINTF(at, first) __attribute__((format(printf, at, first)))
#else
#define ZC_PRINTF(at, first)
#endif

/* What %llu takes, for the numbers in messages; uint64_t is another type on some systems. */
typedef unsigned long long ull;

/* Fill `error` (may be NULL) and return `code`, so that a failure is one line: return zc_fail(...). */
zc_status zc_fail(zc_error *error, zc_status code, const char *format, ...) ZC_PRINTF(3, 4);
/* The same, with the module byte offset at which it was noticed. */
zc_status zc_fail_at(zc_error *error, zc_status code, uint64_t offset, const char *format, ...) ZC_PRINTF(4, 5);

/* "ZC_TRAP" for ZC_TRAP; a constant string. */
const char *zc_status_name(zc_status code);

#endif
