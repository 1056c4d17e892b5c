/* zc_validate_wide: what only modules have that an engine of its own validation runs: longer constant expressions, and which
 * features the instructions of a function need.
 *
 * Instructions are passed over, not checked: where bytes are no instruction, or end too early, the rest of the body is left to
 * the engine, which refuses the module. Time is a constant for each byte, memory none.
 * Ownership and threads: zc_validate_internal.h.
 */
#include "validate/zc_validate_internal.h"

/* ---- what follows an instruction's byte ---- */

typedef enum immediate {
    NOTHING,
    INDEX, /* of a local, function, label, type, tag ... */
    TWO_INDICES,
    TYPE_OF_BLOCK,
    TYPES, /* of select */
    LABELS, /* of br_table */
    CATCHES, /* of try_table, behind the block's type */
    MEMORY, /* alignment and offset, perhaps a memory's index */
    MEMORY_LANE,
    SIGNED_32,
    SIGNED_64,
    BYTE,
    BYTES_4,
    BYTES_8,
    BYTES_16,
    HEAP_TYPE,
    UNKNOWN,
} immediate;

#define MEMORY_HAS_INDEX 64u

enum {
    OP_END = 0x0b,
    OP_GLOBAL_GET = 0x23,
    OP_REF_FUNC = 0xd2,
    OP_PREFIX_GC = 0xfb,
    OP_PREFIX_FC = 0xfc,
    OP_PREFIX_SIMD = 0xfd,
    OP_PREFIX_THREADS = 0xfe,
};

static immediate immediate_of(uint8_t opcode)
{
    if (opcode >= 0x28 && opcode <= 0x3e) {
        return MEMORY;
    }
    if (opcode >= 0x45 && opcode <= 0xc4) {
        return NOTHING;
    }
    if (opcode >= 0x20 && opcode <= 0x26) {
        return INDEX;
    }
    switch (opcode) {
    case 0x00: /* unreachable */
    case 0x01: /* nop */
    case 0x05: /* else */
    case 0x0a: /* throw_ref */
    case OP_END:
    case 0x0f: /* return */
    case 0x1a: /* drop */
    case 0x1b: /* select */
    case 0xd1: /* ref.is_null */
        return NOTHING;
    case 0x02: /* block */
    case 0x03: /* loop */
    case 0x04: /* if */
        return TYPE_OF_BLOCK;
    case 0x08: /* throw */
    case 0x0c: /* br */
    case 0x0d: /* br_if */
    case 0x10: /* call */
    case 0x12: /* return_call */
    case 0x3f: /* memory.size */
    case 0x40: /* memory.grow */
    case OP_REF_FUNC:
        return INDEX;
    case 0x11: /* call_indirect */
    case 0x13: /* return_call_indirect */
        return TWO_INDICES;
    case 0x0e:
        return LABELS;
    case 0x1c: /* select with types */
        return TYPES;
    case 0x1f: /* try_table */
        return CATCHES;
    case 0x41:
        return SIGNED_32;
    case 0x42:
        return SIGNED_64;
    case 0x43:
        return BYTES_4;
    case 0x44:
        return BYTES_8;
    case 0xd0: /* ref.null */
        return HEAP_TYPE;
    default:
        return UNKNOWN;
    }
}

static immediate immediate_of_fc(uint32_t number)
{
    switch (number) {
    case 8: /* memory.init */
    case 10: /* memory.copy */
    case 12: /* table.init */
    case 14: /* table.copy */
        return TWO_INDICES;
    case 9: /* data.drop */
    case 11: /* memory.fill */
    case 13: /* elem.drop */
    case 15: /* table.grow */
    case 16: /* table.size */
    case 17: /* table.fill */
        return INDEX;
    default:
        return number < 8 ? NOTHING : UNKNOWN;
    }
}

static immediate immediate_of_simd(uint32_t number)
{
    if (number <= 11 || number == 92 || number == 93) { /* loads and stores of vectors */
        return MEMORY;
    }
    if (number == 12 || number == 13) { /* v128.const, i8x16.shuffle */
        return BYTES_16;
    }
    if (number >= 21 && number <= 34) { /* lanes taken out and put in */
        return BYTE;
    }
    return number >= 84 && number <= 91 ? MEMORY_LANE : NOTHING;
}

/* ---- passing over it ---- */

static zc_status skip_index(zc_wasm_reader *reader)
{
    uint32_t ignored = 0;
    return zc_read_u32(reader, &ignored, "index");
}

static zc_status skip_indices(zc_wasm_reader *reader)
{
    uint32_t count = 0;
    ZC_TRY(zc_read_count(reader, &count, 1, "count"));
    for (uint32_t i = 0; i < count; i++) {
        ZC_TRY(skip_index(reader));
    }
    return skip_index(reader);
}

static zc_status skip_catches(zc_wasm_reader *reader)
{
    uint32_t count = 0;
    ZC_TRY(zc_skip_signed(reader, 33, "block type"));
    ZC_TRY(zc_read_count(reader, &count, 2, "count of catches"));
    for (uint32_t i = 0; i < count; i++) {
        uint8_t kind = 0;
        ZC_TRY(zc_read_byte(reader, &kind, "catch"));
        if (kind < 2) { /* names a tag */
            ZC_TRY(skip_index(reader));
        }
        ZC_TRY(skip_index(reader));
    }
    return ZC_OK;
}

static zc_status skip_types(zc_wasm_reader *reader)
{
    uint32_t count = 0;
    ZC_TRY(zc_read_count(reader, &count, 1, "count of types"));
    return zc_skip_bytes(reader, count, "types");
}

static zc_status skip_memory(zc_wasm_reader *reader)
{
    uint32_t alignment = 0;
    ZC_TRY(zc_read_u32(reader, &alignment, "alignment"));
    if (alignment & MEMORY_HAS_INDEX) {
        ZC_TRY(skip_index(reader));
    }
    return skip_index(reader);
}

static zc_status skip_immediate(zc_wasm_reader *reader, immediate kind)
{
    switch (kind) {
    case NOTHING:
        return ZC_OK;
    case INDEX:
        return skip_index(reader);
    case TWO_INDICES:
        ZC_TRY(skip_index(reader));
        return skip_index(reader);
    case TYPE_OF_BLOCK:
        return zc_skip_signed(reader, 33, "block type");
    case TYPES:
        return skip_types(reader);
    case LABELS:
        return skip_indices(reader);
    case CATCHES:
        return skip_catches(reader);
    case MEMORY:
        return skip_memory(reader);
    case MEMORY_LANE:
        ZC_TRY(skip_memory(reader));
        return zc_skip_bytes(reader, 1, "lane");
    case SIGNED_32:
        return zc_skip_signed(reader, 32, "i32 constant");
    case SIGNED_64:
        return zc_skip_signed(reader, 64, "i64 constant");
    case BYTE:
        return zc_skip_bytes(reader, 1, "byte");
    case BYTES_4:
        return zc_skip_bytes(reader, 4, "f32 constant");
    case BYTES_8:
        return zc_skip_bytes(reader, 8, "f64 constant");
    case BYTES_16:
        return zc_skip_bytes(reader, 16, "v128 constant");
    case HEAP_TYPE:
        return zc_skip_signed(reader, 33, "heap type");
    default:
        return zc_fail_at(reader->error, ZC_MALFORMED, zc_wasm_reader_offset(reader), "unknown instruction");
    }
}

/* ---- instructions ---- */

/* Passes over one, and gives the feature that it needs, and its number where a prefix has several. */
static zc_status read_instruction(zc_wasm_reader *reader, uint8_t *opcode, uint32_t *second, zc_feature *feature)
{
    uint32_t number = 0;
    *second = 0;
    ZC_TRY(zc_read_byte(reader, opcode, "instruction"));
    *feature = zc_instruction_feature(*opcode);
    switch (*opcode) {
    case OP_PREFIX_FC:
        ZC_TRY(zc_read_u32(reader, &number, "instruction"));
        *second = number;
        *feature = number < ZC_FC_COUNT ? zc_fc_instruction_feature(number) : ZC_FEATURE_NONE;
        return skip_immediate(reader, immediate_of_fc(number));
    case OP_PREFIX_SIMD:
        ZC_TRY(zc_read_u32(reader, &number, "instruction"));
        return skip_immediate(reader, immediate_of_simd(number));
    case OP_PREFIX_THREADS:
    case OP_PREFIX_GC:
        return ZC_OK; /* no engine has it: what follows does not matter */
    default:
        return skip_immediate(reader, immediate_of(*opcode));
    }
}

static zc_status skip_locals(zc_wasm_reader *reader)
{
    uint32_t count = 0;
    ZC_TRY(zc_read_count(reader, &count, 2, "count of locals"));
    for (uint32_t i = 0; i < count; i++) {
        uint8_t type = 0;
        ZC_TRY(skip_index(reader));
        ZC_TRY(zc_read_value_type(reader, &type, "type of locals"));
    }
    return ZC_OK;
}

static bool drops_segment(uint8_t opcode, uint32_t second)
{
    enum { DATA_DROP = 9, ELEM_DROP = 13 };
    return opcode == OP_PREFIX_FC && (second == DATA_DROP || second == ELEM_DROP);
}

static bool changes_table(uint8_t opcode, uint32_t second)
{
    enum { TABLE_SET = 0x26, TABLE_INIT = 12, TABLE_COPY = 14, TABLE_GROW = 15, TABLE_FILL = 17 };
    return opcode == TABLE_SET || (opcode == OP_PREFIX_FC && (second == TABLE_INIT || second == TABLE_COPY ||
                                                              second == TABLE_GROW || second == TABLE_FILL));
}

zc_status zc_note_features(zc_wasm_reader body, zc_module_info *info)
{
    zc_error unread;
    zc_error *error = body.error;
    body.error = &unread;
    zc_status status = skip_locals(&body);
    while (status == ZC_OK && zc_wasm_reader_left(&body)) {
        const uint64_t start = zc_wasm_reader_offset(&body);
        uint8_t opcode = 0;
        uint32_t second = 0;
        zc_feature feature = ZC_FEATURE_NONE;
        status = read_instruction(&body, &opcode, &second, &feature);
        if (feature && !zc_accepts(&body, feature)) {
            return zc_fail_unsupported(error, start, feature, "an instruction");
        }
        info->drops_segments = info->drops_segments || drops_segment(opcode, second);
        info->changes_tables = info->changes_tables || changes_table(opcode, second);
    }
    info->drops_segments = info->drops_segments || status != ZC_OK;
    info->changes_tables = info->changes_tables || status != ZC_OK;
    if (status == ZC_UNSUPPORTED) { /* of the type of locals */
        *error = unread;
        return status;
    }
    return ZC_OK;
}

zc_status zc_skip_const_expr(zc_wasm_reader *reader, zc_module_info *info, const char *what)
{
    uint64_t values = 0;
    for (;;) {
        const uint64_t start = zc_wasm_reader_offset(reader);
        uint8_t opcode = 0;
        uint32_t index = 0;
        zc_feature feature = ZC_FEATURE_NONE;
        const uint8_t *const at = reader->at;
        ZC_TRY(read_instruction(reader, &opcode, &index, &feature));
        if (feature && !zc_accepts(reader, feature)) {
            return zc_fail_unsupported(reader->error, start, feature, "%s", what);
        }
        if (opcode == OP_END) {
            return ZC_OK;
        }
        if (opcode == OP_GLOBAL_GET || opcode == OP_REF_FUNC) {
            zc_wasm_reader again = *reader;
            again.at = at + 1;
            ZC_TRY(zc_read_u32(&again, &index, "index"));
        }
        if (opcode == OP_REF_FUNC && index < info->func_count) {
            info->funcs[index].is_referenced = true;
        }
        if (opcode == OP_GLOBAL_GET) {
            if (index >= info->imported_global_count && index < info->global_count &&
                !info->globals[index].is_mutable) {
                return zc_fail_unsupported(reader->error, start, ZC_FEATURE_GC,
                                           "%s: global.get %u, which is not imported,", what, index);
            }
        }
        if (++values > 1) {
            (void)zc_accepts(reader, ZC_FEATURE_EXTENDED_CONST);
        }
    }
}
