/* zc_weight_type: see the header. */
#include "kernel/zc_weight_type.h"

#include <stddef.h>

#define CPU_FLOAT false
#define CPU_INTEGER true

static const zc_weight_type_info types[ZC_WEIGHT_TYPE_COUNT] = {
#define ZC_WEIGHT_TYPE(type, elements, bytes, number, cpu) \
    [ZC_WEIGHT_##type] = {                                 \
        .name = #type, .block = (elements), .block_bytes = (bytes), .gguf = (number), .integer = CPU_##cpu},
#include "kernel/zc_weight_type.def"
#undef ZC_WEIGHT_TYPE
};

/* Guests read the numbers from the enum in zcwasm_kernels.h, which is a plain list: it must be the table's. */
enum {
#define ZC_WEIGHT_TYPE(type, elements, bytes, number, cpu) ROW_##type,
#include "kernel/zc_weight_type.def"
#undef ZC_WEIGHT_TYPE
    ROWS
};

_Static_assert((int)ROWS == (int)ZC_WEIGHT_TYPE_COUNT, "zcwasm_kernels.h and zc_weight_type.def list the same types");

#define ZC_WEIGHT_TYPE(type, elements, bytes, number, cpu)                                                             \
    _Static_assert((int)ROW_##type == (int)ZC_WEIGHT_##type, #type " stands elsewhere in the enum");                   \
    _Static_assert((elements) > 0 && (bytes) % 2 == 0, #type " has blocks of whole elements and of words of 16 bits"); \
    _Static_assert(!CPU_##cpu || (elements) % 32 == 0, #type " has no blocks of fixed point");
#include "kernel/zc_weight_type.def"
#undef ZC_WEIGHT_TYPE

const zc_weight_type_info *zc_weight_type_get(uint32_t type)
{
    return type < ZC_WEIGHT_TYPE_COUNT ? &types[type] : NULL;
}
