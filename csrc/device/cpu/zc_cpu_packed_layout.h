/* zc_cpu_packed_layout: how weights lie that were laid out anew (zc_cpu_packed.h), and the way there from the file's layout.
 *
 * A group of ZC_PACKED_ROWS rows is a sequence of units of its columns: of two blocks of 32 elements, or of one block of
 * 256. In a unit each thing is a number for each row, so that a vector has that of all rows. Bits stay those of the
 * file, but for bytes, to which 128 is added, and exponents, which become floats of 16 bits. Pure functions: any
 * thread, no ownership.
 */
#ifndef ZC_CPU_PACKED_LAYOUT_H
#define ZC_CPU_PACKED_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#define ZC_PACKED_ROWS 16u

/* Where things lie in a unit. q has for each 32 elements vectors of four bytes for each row: */
typedef uint8_t zc_packed_bytes[ZC_PACKED_ROWS][4];
/*   4 bits   4 vectors: q[i] has elements 4 * i + 0 to 3 in its low nibbles, those 16 later in its high ones
 *   5 bits   the lower four so; then one with the upper bits, that of element 4 * i + b is bit i of byte b
 *   6 bits   the lower four so; then two, for each half, with two bits of element 4 * i + b in bits 2 * i of byte b
 *   2 bits   2 vectors: those of 16 elements as the upper ones of 6 bits
 *   3 bits   the lower two so; then the upper bits as of 5 bits
 *   8 bits   8 vectors: q[i] has elements 4 * i + 0 to 3, plus 128 */

typedef struct zc_packed_q4_0 { /* and IQ4_NL */
    uint16_t d[2][16];
    zc_packed_bytes q[2][4];
} zc_packed_q4_0;

typedef struct zc_packed_q4_1 {
    uint16_t d[2][16], m[2][16];
    zc_packed_bytes q[2][4];
} zc_packed_q4_1;

typedef struct zc_packed_q8_0 {
    uint16_t d[2][16];
    zc_packed_bytes q[2][8];
} zc_packed_q8_0;

typedef struct zc_packed_q5_0 {
    uint16_t d[2][16];
    zc_packed_bytes q[2][5];
} zc_packed_q5_0;

typedef struct zc_packed_q5_1 {
    uint16_t d[2][16], m[2][16];
    zc_packed_bytes q[2][5];
} zc_packed_q5_1;

typedef struct zc_packed_mxfp4 {
    uint16_t d[2][16]; /* the upper halves of float32 */
    zc_packed_bytes q[2][4];
} zc_packed_mxfp4;

typedef struct zc_packed_q4_k {
    uint16_t d[16], m[16];
    uint8_t scale[8][16], min[8][16];
    zc_packed_bytes q[8][4];
} zc_packed_q4_k;

typedef struct zc_packed_q5_k {
    uint16_t d[16], m[16];
    uint8_t scale[8][16], min[8][16];
    zc_packed_bytes q[8][5];
} zc_packed_q5_k;

typedef struct zc_packed_q6_k {
    uint16_t d[16], none[16];
    int8_t scale[16][16]; /* of halves of blocks of 32 */
    zc_packed_bytes q[8][6];
} zc_packed_q6_k;

typedef struct zc_packed_q3_k {
    uint16_t d[16], none[16];
    int8_t scale[16][16]; /* as in q6_k */
    zc_packed_bytes q[8][3];
} zc_packed_q3_k;

typedef struct zc_packed_q2_k {
    uint16_t d[16], m[16];
    uint8_t scales[16][16]; /* of halves: the scale, the minimum in the upper four bits */
    zc_packed_bytes q[8][2];
} zc_packed_q2_k;

typedef struct zc_packed_iq4_xs {
    uint16_t d[16], none[16];
    int8_t scale[8][16];
    zc_packed_bytes q[8][4];
} zc_packed_iq4_xs;

typedef struct zc_packed_unit {
    uint32_t blocks; /* of 32 elements, 0: the type is not packed */
    uint32_t bytes;
    uint32_t gap; /* bytes that no row fills */
} zc_packed_unit;

zc_packed_unit zc_packed_unit_of(uint32_t type);

/* Row `row` of a unit from its first `blocks` blocks of 32 elements, for a type that is packed. */
void zc_packed_put_row(uint32_t type, void *unit, size_t row, const void *from, size_t blocks);

#endif
