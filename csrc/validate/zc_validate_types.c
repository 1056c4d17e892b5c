/* zc_validate_types: value types: those of every module, and which feature others belong to.
 *
 * Ownership and threads: zc_validate_internal.h.
 */
#include "validate/zc_validate_internal.h"

zc_feature zc_later_value_type(uint8_t byte)
{
    switch (byte) {
    case 0x7b:
        return ZC_FEATURE_SIMD;
    case 0x70:
        return ZC_FEATURE_REFERENCE_TYPES;
    case 0x6f:
        return ZC_FEATURE_REFERENCE_TYPES;
    case 0x69:
    case 0x74:
        return ZC_FEATURE_EXCEPTIONS;
    case 0x68:
    case 0x75:
        return ZC_FEATURE_STACK_SWITCHING;
    case 0x63:
    case 0x64:
        return ZC_FEATURE_FUNCTION_REFERENCES;
    case 0x65:
        return ZC_FEATURE_THREADS;
    case 0x6a:
    case 0x6b:
    case 0x6c:
    case 0x6d:
    case 0x6e:
    case 0x71:
    case 0x72:
    case 0x73:
        return ZC_FEATURE_GC;
    default:
        return ZC_FEATURE_NONE;
    }
}

const char *zc_value_type_name(uint8_t type)
{
    switch (type) {
    case ZC_I32:
        return "i32";
    case ZC_I64:
        return "i64";
    case ZC_F32:
        return "f32";
    case ZC_F64:
        return "f64";
    case ZC_V128:
        return "v128";
    case ZC_FUNCREF:
        return "funcref";
    case ZC_EXTERNREF:
        return "externref";
    case ZC_EXNREF:
        return "exnref";
    default:
        return "any type";
    }
}

zc_status zc_read_value_type(zc_wasm_reader *reader, uint8_t *type, const char *what)
{
    const uint64_t start = zc_wasm_reader_offset(reader);
    ZC_TRY(zc_read_byte(reader, type, what));
    if (zc_is_value_type(*type)) {
        return ZC_OK;
    }
    const zc_feature feature = zc_later_value_type(*type);
    if ((*type == ZC_V128 || *type == ZC_FUNCREF || *type == ZC_EXTERNREF || *type == ZC_EXNREF) &&
        zc_accepts(reader, feature)) {
        return ZC_OK;
    }
    if (feature) {
        return zc_fail_unsupported(reader->error, start, feature, "%s", what);
    }
    return zc_fail_at(reader->error, ZC_MALFORMED, start, "%s: 0x%02x is not a value type", what, *type);
}
