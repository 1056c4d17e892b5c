/* snapshot_repair: makes the checksums of a snapshot's bytes right, wherever they lie after what the bytes say, so that
 * what was changed reaches the checks behind them. Trusts nothing: what does not fit is left as it is. */
#ifndef SNAPSHOT_REPAIR_H
#define SNAPSHOT_REPAIR_H

#include <string.h>

#include "base/zc_crc32c.h"
#include "snapshot/zc_snapshot_internal.h"

static uint64_t repair_number(const uint8_t *bytes, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++) {
        value |= (uint64_t)bytes[i] << (8 * i);
    }
    return value;
}

static void repair_put(uint8_t *bytes, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(value >> (8 * i));
    }
}

static void repair_pages(uint8_t *bytes, uint64_t size, uint64_t index, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *entry = bytes + index + (uint64_t)i * ZC_SNAPSHOT_ENTRY_SIZE;
        uint32_t mask = (uint32_t)repair_number(entry + 4, 2), how = (uint32_t)repair_number(entry + 6, 2);
        uint64_t offset = repair_number(entry + 8, 8), stored = repair_number(entry + 16, 4);
        bool slot = how == ZC_SNAPSHOT_IN_SLOT;
        if (offset > size || (slot ? ZC_SNAPSHOT_PAGE : stored) > size - offset) {
            continue;
        }
        repair_put(entry + 20, slot ? zc_snapshot_crc_of_blocks(bytes + offset, mask)
                                    : zc_crc32c(0, bytes + offset, (size_t)stored));
    }
}

static void repair_snapshot(uint8_t *bytes, uint64_t size)
{
    if (size < ZC_SNAPSHOT_HEADER_SIZE + ZC_SNAPSHOT_FOOTER_SIZE) {
        return;
    }
    repair_put(bytes + ZC_SNAPSHOT_HEADER_SIZE - 4, zc_crc32c(0, bytes, ZC_SNAPSHOT_HEADER_SIZE - 4));
    uint64_t at = ZC_SNAPSHOT_HEADER_SIZE, sections = repair_number(bytes + 12, 4);
    for (uint64_t i = 0; i < sections && size - at >= ZC_SNAPSHOT_SECTION_SIZE; i++) {
        uint8_t *header = bytes + at;
        uint64_t left = size - at - ZC_SNAPSHOT_SECTION_SIZE, name = repair_number(header + 4, 4);
        uint64_t body = repair_number(header + 8, 8);
        if (name <= left && body <= left - name) {
            repair_put(header + 16, zc_crc32c(0, header + ZC_SNAPSHOT_SECTION_SIZE, (size_t)(name + body)));
        }
        repair_put(header + 20, zc_crc32c(0, header, 20));
        if (name > left || body > left - name) {
            break;
        }
        at += ZC_SNAPSHOT_SECTION_SIZE + name + body;
    }
    uint8_t *footer = bytes + size - ZC_SNAPSHOT_FOOTER_SIZE;
    uint64_t index = repair_number(footer, 8), count = repair_number(footer + 8, 4);
    uint64_t before = size - ZC_SNAPSHOT_FOOTER_SIZE;
    if (index <= before && count <= (before - index) / ZC_SNAPSHOT_ENTRY_SIZE) {
        repair_pages(bytes, size, index, (uint32_t)count);
        repair_put(footer + 12, zc_crc32c(0, bytes + index, (size_t)count * ZC_SNAPSHOT_ENTRY_SIZE));
    }
    repair_put(footer + 24, zc_crc32c(0, footer, 24));
}

#endif
