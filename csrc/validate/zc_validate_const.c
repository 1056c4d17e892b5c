/* zc_validate_const: constant expressions.
 *
 * A constant expression of the supported set is one instruction and `end`: a constant, or global.get of an
 * imported immutable global. Longer ones are followed far enough to tell a later feature from a mistake.
 * Ownership and threads: zc_validate_internal.h. Nothing is evaluated here.
 */
#include "validate/zc_validate_internal.h"

enum { OP_END = 0x0b, OP_GLOBAL_GET = 0x23, OP_I32_CONST = 0x41, OP_I64_CONST, OP_F32_CONST, OP_F64_CONST };

static bool is_extended_const(uint8_t opcode)
{
    return (opcode >= 0x6a && opcode <= 0x6c) || (opcode >= 0x7c && opcode <= 0x7e);
}

static zc_status check_global(zc_wasm_reader *reader, const zc_module_info *info, uint8_t *type, const char *what)
{
    const uint64_t start = zc_wasm_reader_offset(reader);
    uint32_t index = 0;
    ZC_TRY(zc_read_u32(reader, &index, "global index"));
    if (index >= info->global_count) {
        return zc_fail_at(reader->error, ZC_INVALID, start, "%s: unknown global %u, %u are defined before it", what,
                          index, info->global_count);
    }
    if (info->globals[index].is_mutable) {
        return zc_fail_at(reader->error, ZC_INVALID, start, "%s: constant expression required, global %u is mutable",
                          what, index);
    }
    if (index >= info->imported_global_count) {
        return zc_fail_unsupported(reader->error, start, ZC_FEATURE_EXTENDED_CONST,
                                   "%s: global.get %u, which is not imported,", what, index);
    }
    *type = info->globals[index].value_type;
    return ZC_OK;
}

zc_status zc_check_const_expr(zc_wasm_reader *reader, zc_module_info *info, uint8_t type, const char *what)
{
    uint8_t found = 0;
    uint64_t values = 0;
    if (reader->needs) {
        return zc_skip_const_expr(reader, info, what);
    }
    for (;;) {
        const uint64_t start = zc_wasm_reader_offset(reader);
        uint8_t opcode = 0;
        ZC_TRY(zc_read_byte(reader, &opcode, what));
        switch (opcode) {
        case OP_END:
            if (values != 1) {
                return zc_fail_at(reader->error, ZC_INVALID, start,
                                  "%s: type mismatch: it must leave one %s, not %llu values", what,
                                  zc_value_type_name(type), (ull)values);
            }
            if (found != type) {
                return zc_fail_at(reader->error, ZC_INVALID, start, "%s: type mismatch: it must be %s, it is %s", what,
                                  zc_value_type_name(type), zc_value_type_name(found));
            }
            return ZC_OK;
        case OP_I32_CONST:
            ZC_TRY(zc_skip_signed(reader, 32, "i32 constant"));
            found = ZC_I32;
            break;
        case OP_I64_CONST:
            ZC_TRY(zc_skip_signed(reader, 64, "i64 constant"));
            found = ZC_I64;
            break;
        case OP_F32_CONST:
            ZC_TRY(zc_skip_bytes(reader, 4, "f32 constant"));
            found = ZC_F32;
            break;
        case OP_F64_CONST:
            ZC_TRY(zc_skip_bytes(reader, 8, "f64 constant"));
            found = ZC_F64;
            break;
        case OP_GLOBAL_GET:
            ZC_TRY(check_global(reader, info, &found, what));
            break;
        default: {
            const char *name = zc_instruction_name(opcode);
            const zc_feature feature =
                is_extended_const(opcode) && values >= 2 ? ZC_FEATURE_EXTENDED_CONST : zc_instruction_feature(opcode);
            if (feature) {
                return zc_fail_unsupported(reader->error, start, feature, "%s: %s", what, name);
            }
            if (name) {
                return zc_fail_at(reader->error, ZC_INVALID, start, "%s: constant expression required, found %s", what,
                                  name);
            }
            return zc_fail_at(reader->error, ZC_MALFORMED, start, "%s: illegal opcode 0x%02x", what, opcode);
        }
        }
        values++;
    }
}
