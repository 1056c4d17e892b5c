/* zc_bytes: see zc_bytes.h. */
#include "base/zc_bytes.h"

#include <string.h>

#include "base/zc_alloc.h"

/* --- writing --- */

static uint8_t *room(zc_writer *writer, size_t size)
{
    if (!writer->failed && size > writer->capacity - writer->size) {
        size_t capacity = writer->capacity ? writer->capacity : 256;
        while (capacity < SIZE_MAX / 2 && size > capacity - writer->size) {
            capacity *= 2;
        }
        uint8_t *larger = size > capacity - writer->size ? NULL : zc_realloc(writer->bytes, capacity);
        if (larger) {
            writer->bytes = larger;
            writer->capacity = capacity;
        } else {
            writer->failed = true;
        }
    }
    if (writer->failed) {
        return NULL;
    }
    uint8_t *at = writer->bytes + writer->size;
    writer->size += size;
    return at;
}

void zc_put(zc_writer *writer, const void *bytes, size_t size)
{
    uint8_t *at = size ? room(writer, size) : NULL;
    if (at) {
        memcpy(at, bytes, size);
    }
}

static void put_number(zc_writer *writer, uint64_t value, unsigned size)
{
    uint8_t *at = room(writer, size);
    for (unsigned i = 0; at && i < size; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

void zc_put_u8(zc_writer *writer, uint8_t value)
{
    put_number(writer, value, 1);
}

void zc_put_u32(zc_writer *writer, uint32_t value)
{
    put_number(writer, value, 4);
}

void zc_put_u64(zc_writer *writer, uint64_t value)
{
    put_number(writer, value, 8);
}

void zc_put_string(zc_writer *writer, const void *bytes, uint32_t size)
{
    zc_put_u32(writer, size);
    zc_put(writer, bytes, size);
}

void zc_writer_free(zc_writer *writer)
{
    zc_free(writer->bytes);
    *writer = (zc_writer){0};
}

/* --- reading --- */

uint64_t zc_reader_left(const zc_reader *reader)
{
    return reader->failed ? 0 : (uint64_t)(reader->end - reader->at);
}

const uint8_t *zc_take(zc_reader *reader, uint64_t size)
{
    if (size > zc_reader_left(reader)) {
        reader->failed = true;
    }
    if (reader->failed) {
        return NULL;
    }
    const uint8_t *at = reader->at;
    reader->at += size;
    return at;
}

static uint64_t take_number(zc_reader *reader, unsigned size)
{
    const uint8_t *at = zc_take(reader, size);
    uint64_t value = 0;
    for (unsigned i = 0; at && i < size; i++) {
        value |= (uint64_t)at[i] << (8 * i);
    }
    return value;
}

uint8_t zc_take_u8(zc_reader *reader)
{
    return (uint8_t)take_number(reader, 1);
}

uint32_t zc_take_u32(zc_reader *reader)
{
    return (uint32_t)take_number(reader, 4);
}

uint64_t zc_take_u64(zc_reader *reader)
{
    return take_number(reader, 8);
}

const uint8_t *zc_take_string(zc_reader *reader, uint32_t *size)
{
    *size = zc_take_u32(reader);
    const uint8_t *at = zc_take(reader, *size);
    if (!at) {
        *size = 0;
    }
    return at;
}
