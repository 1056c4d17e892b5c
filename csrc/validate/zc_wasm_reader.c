/* zc_validate_reader: the slow paths of zc_wasm_reader.h: long LEB128 integers, counts, names, UTF-8.
 * Ownership and threads: see there. */
#include "validate/zc_wasm_reader.h"

#include <string.h>

zc_status zc_read_truncated(const zc_wasm_reader *reader, const char *what)
{
    return zc_fail_at(reader->error, ZC_MALFORMED, zc_wasm_reader_offset(reader),
                      "unexpected end: %s does not fit in the %zu bytes left", what, zc_wasm_reader_left(reader));
}

/* The specification allows ceil(bits / 7) bytes and wants the bits that do not fit to be zero, or copies of
 * the sign. */
static zc_status read_leb(zc_wasm_reader *reader, unsigned bits, bool is_signed, uint64_t *value, const char *what)
{
    const uint64_t start = zc_wasm_reader_offset(reader);
    uint64_t result = 0;
    for (unsigned shift = 0;; shift += 7) {
        if (reader->at == reader->end) {
            return zc_read_truncated(reader, what);
        }
        const uint8_t byte = *reader->at++;
        const unsigned payload = byte & 0x7fu;
        result |= (uint64_t)payload << shift;
        if (shift + 7 < bits) {
            if (byte & 0x80) {
                continue;
            }
            break;
        }
        if (byte & 0x80) {
            return zc_fail_at(reader->error, ZC_MALFORMED, start,
                              "%s: integer representation too long (more than %u bytes for %u bits)", what,
                              shift / 7 + 1, bits);
        }
        const unsigned used = bits - shift;
        const unsigned spare = is_signed ? payload >> (used - 1) : payload >> used;
        const unsigned all_ones = is_signed ? 0x7fu >> (used - 1) : 0;
        if (spare != 0 && spare != all_ones) {
            return zc_fail_at(reader->error, ZC_MALFORMED, start, "%s: integer too large for %u bits", what, bits);
        }
        break;
    }
    *value = result;
    return ZC_OK;
}

zc_status zc_read_u32_slow(zc_wasm_reader *reader, uint32_t *value, const char *what)
{
    uint64_t wide = 0;
    ZC_TRY(read_leb(reader, 32, false, &wide, what));
    *value = (uint32_t)wide;
    return ZC_OK;
}

zc_status zc_skip_signed_slow(zc_wasm_reader *reader, unsigned bits, const char *what)
{
    uint64_t ignored = 0;
    return read_leb(reader, bits, true, &ignored, what);
}

zc_status zc_read_count(zc_wasm_reader *reader, uint32_t *count, size_t bytes_each, const char *what)
{
    const uint64_t start = zc_wasm_reader_offset(reader);
    ZC_TRY(zc_read_u32(reader, count, what));
    if ((uint64_t)*count * bytes_each > zc_wasm_reader_left(reader)) {
        return zc_fail_at(reader->error, ZC_MALFORMED, start,
                          "unexpected end: %s of %u needs at least %llu bytes, %zu are left", what, *count,
                          (ull)*count * bytes_each, zc_wasm_reader_left(reader));
    }
    return ZC_OK;
}

zc_status zc_fail_limit(const zc_wasm_reader *reader, uint64_t offset, const char *what, uint64_t value, uint64_t limit)
{
    return zc_fail_at(reader->error, ZC_INVALID, offset, "implementation limit: %s %llu, at most %llu", what,
                      (ull)value, (ull)limit);
}

zc_status zc_read_limited_count(zc_wasm_reader *reader, uint32_t *count, size_t bytes_each, uint64_t before,
                                uint64_t limit, const char *what)
{
    const uint64_t start = zc_wasm_reader_offset(reader);
    ZC_TRY(zc_read_count(reader, count, bytes_each, what));
    if (before + *count > limit) {
        return zc_fail_limit(reader, start, what, before + *count, limit);
    }
    return ZC_OK;
}

zc_status zc_read_window(zc_wasm_reader *reader, uint32_t size, zc_wasm_reader *window, const char *what)
{
    if (size > zc_wasm_reader_left(reader)) {
        return zc_fail_at(reader->error, ZC_MALFORMED, zc_wasm_reader_offset(reader),
                          "unexpected end: %s of %u bytes, %zu are left", what, size, zc_wasm_reader_left(reader));
    }
    *window = *reader;
    window->end = reader->at + size;
    reader->at = window->end;
    return ZC_OK;
}

/* Accepts exactly the well-formed sequences of Unicode's table 3-7: no overlong forms, no surrogates, nothing
 * above U+10FFFF. */
bool zc_is_utf8(const uint8_t *bytes, size_t size)
{
    size_t at = 0;
    while (at < size) {
        if (size - at >= 8) {
            uint64_t word;
            memcpy(&word, bytes + at, sizeof word);
            if ((word & 0x8080808080808080u) == 0) {
                at += 8;
                continue;
            }
        }
        const uint8_t lead = bytes[at++];
        if (lead < 0x80) {
            continue;
        }
        uint8_t low = 0x80, high = 0xbf; /* of the first continuation byte */
        unsigned more;
        if (lead >= 0xc2 && lead <= 0xdf) {
            more = 1;
        } else if (lead >= 0xe0 && lead <= 0xef) {
            more = 2;
            if (lead == 0xe0) {
                low = 0xa0;
            } else if (lead == 0xed) {
                high = 0x9f;
            }
        } else if (lead >= 0xf0 && lead <= 0xf4) {
            more = 3;
            if (lead == 0xf0) {
                low = 0x90;
            } else if (lead == 0xf4) {
                high = 0x8f;
            }
        } else {
            return false;
        }
        if (size - at < more || bytes[at] < low || bytes[at] > high) {
            return false;
        }
        for (unsigned i = 1; i < more; i++) {
            if ((bytes[at + i] & 0xc0) != 0x80) {
                return false;
            }
        }
        at += more;
    }
    return true;
}

zc_status zc_read_name(zc_wasm_reader *reader, zc_name *name, const char *what)
{
    uint32_t size = 0;
    ZC_TRY(zc_read_count(reader, &size, 1, what));
    if (!zc_is_utf8(reader->at, size)) {
        return zc_fail_at(reader->error, ZC_MALFORMED, zc_wasm_reader_offset(reader), "%s is not valid UTF-8", what);
    }
    name->bytes = reader->at;
    name->size = size;
    reader->at += size;
    return ZC_OK;
}
