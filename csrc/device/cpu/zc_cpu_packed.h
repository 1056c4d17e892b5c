/* zc_cpu_packed: weights laid out anew, for products in fixed point.
 *
 * In the file a row's blocks lie one after the other, so its sums end up in the lanes of a vector and are added there,
 * and each block of each row is scaled on its own. Here ZC_PACKED_ROWS rows lie side by side, four elements of each after
 * four of the next, so that a lane is a row: a vector operation serves that many rows, and memory is read in one
 * stream, in pages as large as the system has. Bits of weights stay those of the file, so no product changes but for the
 * order in which floats are added; types that are float32 elsewhere (FLOAT in zc_weight_type.def) are fixed point here.
 * Some rows of x at once meet each block of weights while it is in registers, in the same order, so that a row's
 * results do not depend on how many go with it.
 *
 * A group of rows is a sequence of units of its columns (zc_cpu_packed_layout.h): of two blocks of 32 elements, of an odd
 * number of which the last is zeros, or of one block of 256. Rows past the last are zeros. The copy belongs to the
 * region that the weights lie in (zc_device_pack), so that whoever may read the weights may read it, and goes with it.
 *
 * Threads: any. After fork the child has the copies that were complete.
 */
#ifndef ZC_CPU_PACKED_H
#define ZC_CPU_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/zc_device_backend.h"

/* What dots_packed and rows_packed take of a matrix. */
typedef struct zc_packed_rows {
    const uint8_t *groups;
    size_t group_bytes;
} zc_packed_rows;

/* The rows from `weights` on, n of k columns, if they were laid out anew and begin with a group. */
bool zc_cpu_packed_find(const void *weights, uint32_t type, size_t n, size_t k, zc_packed_rows *out);

/* The backend's functions of the same name; `threads` as for zc_cpu_run. */
zc_status zc_cpu_pack(const zc_device_matrix *matrices, size_t count, unsigned threads,
                      const zc_device_progress *progress, void **packed, zc_error *error);
void zc_cpu_packed_release(void *packed);

#endif
