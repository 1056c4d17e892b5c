/* zc_wasm_reader: a bounds-checked cursor over untrusted bytes, with the primitives of the binary format.
 *
 * A reader is three pointers into bytes the caller owns, and the place for an error. Every read either
 * succeeds and advances, or fails with ZC_MALFORMED at the byte that is wrong; nothing is read at or past
 * `end`. `what` names the thing being read, for the message. One-byte LEB128 integers are read inline because
 * they are nearly all there is in real code; the rest is in zc_wasm_reader.c. Threads: no shared state.
 * It knows nothing of sections, types or instructions.
 */
#ifndef ZC_WASM_READER_H
#define ZC_WASM_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/zc_status.h"
#include "validate/zc_validate.h"

#if defined(__GNUC__)
#define ZC_LIKELY(condition) __builtin_expect(!!(condition), 1)
#else
#define ZC_LIKELY(condition) (condition)
#endif

/* Leave the current function with the status of `expression` unless it is ZC_OK. */
#define ZC_TRY(expression)               \
    do {                                 \
        zc_status try_ = (expression);   \
        if (!ZC_LIKELY(try_ == ZC_OK)) { \
            return try_;                 \
        }                                \
    } while (0)

typedef struct zc_wasm_reader {
    const uint8_t *base; /* of the module: offsets in errors count from here */
    const uint8_t *at;
    const uint8_t *end; /* of what may be read: the module, a section or a function body */
    zc_error *error;
    uint64_t *needs; /* wide: bits of the features that were found; NULL where none is let through */
} zc_wasm_reader;

static inline uint64_t zc_wasm_reader_offset(const zc_wasm_reader *reader)
{
    return (uint64_t)(reader->at - reader->base);
}

static inline size_t zc_wasm_reader_left(const zc_wasm_reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

zc_status zc_read_truncated(const zc_wasm_reader *reader, const char *what);
zc_status zc_read_u32_slow(zc_wasm_reader *reader, uint32_t *value, const char *what);
zc_status zc_skip_signed_slow(zc_wasm_reader *reader, unsigned bits, const char *what);

static inline zc_status zc_read_byte(zc_wasm_reader *reader, uint8_t *value, const char *what)
{
    if (!ZC_LIKELY(reader->at < reader->end)) {
        return zc_read_truncated(reader, what);
    }
    *value = *reader->at++;
    return ZC_OK;
}

static inline zc_status zc_read_u32(zc_wasm_reader *reader, uint32_t *value, const char *what)
{
    if (ZC_LIKELY(reader->at < reader->end && *reader->at < 0x80)) {
        *value = *reader->at++;
        return ZC_OK;
    }
    return zc_read_u32_slow(reader, value, what);
}

/* A signed LEB128 constant of 32 or 64 bits: checked and passed over. */
static inline zc_status zc_skip_signed(zc_wasm_reader *reader, unsigned bits, const char *what)
{
    if (ZC_LIKELY(reader->at < reader->end && *reader->at < 0x80)) {
        reader->at++;
        return ZC_OK;
    }
    return zc_skip_signed_slow(reader, bits, what);
}

static inline zc_status zc_skip_bytes(zc_wasm_reader *reader, size_t count, const char *what)
{
    if (!ZC_LIKELY(count <= zc_wasm_reader_left(reader))) {
        return zc_read_truncated(reader, what);
    }
    reader->at += count;
    return ZC_OK;
}

/* A count of items that take at least `bytes_each` bytes each: more than can fit in what is left is refused
 * here, so that whatever is allocated for them is bounded by the input. */
zc_status zc_read_count(zc_wasm_reader *reader, uint32_t *count, size_t bytes_each, const char *what);
/* ZC_INVALID: a module may have `limit` of them. */
zc_status zc_fail_limit(const zc_wasm_reader *reader, uint64_t offset, const char *what, uint64_t value,
                        uint64_t limit);
/* A count likewise, of which there are `before` already and may be `limit` in all. */
zc_status zc_read_limited_count(zc_wasm_reader *reader, uint32_t *count, size_t bytes_each, uint64_t before,
                                uint64_t limit, const char *what);
/* A length-prefixed name, checked to be UTF-8; it points into the module. */
zc_status zc_read_name(zc_wasm_reader *reader, zc_name *name, const char *what);
/* Opens the next `size` bytes as a reader of their own and passes over them. */
zc_status zc_read_window(zc_wasm_reader *reader, uint32_t size, zc_wasm_reader *window, const char *what);

bool zc_is_utf8(const uint8_t *bytes, size_t size);

#endif
