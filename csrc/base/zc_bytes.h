/* zc_bytes: numbers and byte strings one after the other, little-endian, as snapshots keep them.
 *
 * A writer grows its buffer; a reader walks through bytes from outside and never past their end. Both remember that
 * something failed: a writer that memory could not be had, a reader that bytes are missing or a rule was broken. So
 * whoever uses them looks once, at the end. What a failed reader gives is 0.
 *
 * Ownership: the writer's buffer is its user's, who frees it; a reader borrows. Threads: one at a time.
 */
#ifndef ZC_BYTES_H
#define ZC_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct zc_writer { /* zeros: empty */
    uint8_t *bytes;
    size_t size, capacity;
    bool failed; /* no memory: what was put since is missing */
} zc_writer;

void zc_put(zc_writer *writer, const void *bytes, size_t size);
void zc_put_u8(zc_writer *writer, uint8_t value);
void zc_put_u32(zc_writer *writer, uint32_t value);
void zc_put_u64(zc_writer *writer, uint64_t value);
/* A u32 of how many, then the bytes. */
void zc_put_string(zc_writer *writer, const void *bytes, uint32_t size);
void zc_writer_free(zc_writer *writer); /* and empty it */

typedef struct zc_reader {
    const uint8_t *at, *end;
    bool failed;
} zc_reader;

/* The next `size` bytes, where they lie; NULL and failed when there are fewer. */
const uint8_t *zc_take(zc_reader *reader, uint64_t size);
uint8_t zc_take_u8(zc_reader *reader);
uint32_t zc_take_u32(zc_reader *reader);
uint64_t zc_take_u64(zc_reader *reader);
const uint8_t *zc_take_string(zc_reader *reader, uint32_t *size);
/* How many are left, so that a count from outside can be compared with what there is before it is believed. */
uint64_t zc_reader_left(const zc_reader *reader);

#endif
