/* zc_validate_code: the type checker for function bodies.
 *
 * The algorithm of the specification's appendix over the two stacks of zc_validate_stack.h: one pass, no
 * recursion. The instructions and their plain signatures come from zc_opcodes.def; blocks, branches, calls,
 * variables and memory have their rules here. The module's bytes and the zc_module_info are the caller's. One
 * thread. It resolves no names and knows nothing of sections.
 */
#include "validate/zc_validate_stack.h"

#include <string.h>

enum { OP_IF = 0x04, OP_ELSE = 0x05, FRAME_FUNCTION = 0xff };

typedef enum instruction_class {
    CLASS_ILLEGAL = 0, /* must be 0: bytes without a line in the table */
    CLASS_LATER,
    CLASS_UNARY,
    CLASS_BINARY,
    CLASS_LOAD,
    CLASS_STORE,
    CLASS_CONST_I32,
    CLASS_CONST_I64,
    CLASS_CONST_F32,
    CLASS_CONST_F64,
    CLASS_UNREACHABLE,
    CLASS_NOP,
    CLASS_BLOCK,
    CLASS_LOOP,
    CLASS_IF,
    CLASS_ELSE,
    CLASS_END,
    CLASS_BR,
    CLASS_BR_IF,
    CLASS_BR_TABLE,
    CLASS_RETURN,
    CLASS_CALL,
    CLASS_CALL_INDIRECT,
    CLASS_DROP,
    CLASS_SELECT,
    CLASS_LOCAL_GET,
    CLASS_LOCAL_SET,
    CLASS_LOCAL_TEE,
    CLASS_GLOBAL_GET,
    CLASS_GLOBAL_SET,
    CLASS_MEMORY_SIZE,
    CLASS_MEMORY_GROW,
    CLASS_MEMORY_COPY,
    CLASS_MEMORY_FILL,
    CLASS_MEMORY_INIT,
    CLASS_DATA_DROP,
    CLASS_TABLE_INIT,
    CLASS_ELEM_DROP,
    CLASS_TABLE_COPY,
    CLASS_PREFIX_FC,
} instruction_class;

enum { TYPE_NONE = ZC_UNKNOWN, TYPE_I32 = ZC_I32, TYPE_I64 = ZC_I64, TYPE_F32 = ZC_F32, TYPE_F64 = ZC_F64 };

typedef struct instruction {
    uint8_t class;
    uint8_t operand1;
    uint8_t operand2;
    uint8_t result;
    uint8_t align;
} instruction;

static const instruction instructions[256] = {
#define ZC_OP(byte, name, class, operand1, operand2, result, align) \
    [byte] = {CLASS_##class, TYPE_##operand1, TYPE_##operand2, TYPE_##result, align},
#define ZC_OP_LATER(byte, name, feature) [byte] = {CLASS_LATER, 0, 0, 0, 0},
#include "validate/zc_opcodes.def"
};

static const instruction fc_instructions[ZC_FC_COUNT] = {
#define ZC_OP_FC(number, name, class, operand1, operand2, result) \
    [number] = {CLASS_##class, TYPE_##operand1, TYPE_##operand2, TYPE_##result, 0},
#define ZC_OP_FC_LATER(number, name, feature) [number] = {CLASS_LATER, 0, 0, 0, 0},
#include "validate/zc_opcodes.def"
};

/* ---- errors ---- */

static zc_status fail_unsupported(const zc_code_checker *checker, const char *what, zc_feature feature)
{
    const uint64_t offset = (uint64_t)(checker->instruction - checker->reader.base);
    return zc_fail_unsupported(checker->reader.error, offset, feature, "%s", what);
}

static zc_status read_block_type(zc_code_checker *checker, uint32_t *block_type)
{
    zc_wasm_reader *reader = &checker->reader;
    if (reader->at == reader->end) {
        return zc_read_truncated(reader, "block type");
    }
    const uint8_t byte = *reader->at;
    if (byte == ZC_BLOCK_EMPTY || zc_is_value_type(byte)) {
        reader->at++;
        *block_type = ZC_BLOCK_BYTE | byte;
        return ZC_OK;
    }
    if (byte >= 0x40 && byte < 0x80) {
        const zc_feature feature = zc_later_value_type(byte);
        if (feature) {
            return fail_unsupported(checker, "block type", feature);
        }
        return ZC_CODE_FAIL(checker, ZC_MALFORMED, "malformed block type 0x%02x", byte);
    }
    /* A signed 33-bit integer that must not be negative. Read unsigned, it has the sign of its last byte. */
    ZC_TRY(zc_read_u32(reader, block_type, "block type"));
    const ptrdiff_t size = reader->at - checker->instruction - 1;
    if (size < 5 && reader->at[-1] >= 0x40) {
        return ZC_CODE_FAIL(checker, ZC_MALFORMED, "malformed block type: negative type index");
    }
    if (*block_type >= checker->info->type_count) {
        return ZC_CODE_FAIL(checker, ZC_INVALID, "block type: unknown type %u of %u", *block_type,
                            checker->info->type_count);
    }
    return ZC_OK;
}

static zc_status check_block(zc_code_checker *checker, uint8_t opcode)
{
    uint32_t block_type = 0;
    ZC_TRY(read_block_type(checker, &block_type));
    if (opcode == OP_IF) {
        ZC_TRY(zc_code_pop(checker, ZC_I32));
    }
    const zc_func_type signature = zc_code_signature(checker, block_type);
    ZC_TRY(zc_code_pop_types(checker, signature.params, signature.param_count));
    ZC_TRY(zc_code_push_frame(checker, opcode, block_type));
    return zc_code_push_types(checker, signature.params, signature.param_count);
}

static zc_status check_results(zc_code_checker *checker, const zc_func_type *signature)
{
    ZC_TRY(zc_code_pop_types(checker, signature->results, signature->result_count));
    if (checker->height != checker->floor) {
        return ZC_CODE_FAIL(checker, ZC_INVALID, "type mismatch: %u value%s left on the stack at the end of a block",
                            checker->height - checker->floor, checker->height - checker->floor == 1 ? "" : "s");
    }
    return ZC_OK;
}

static zc_status check_else(zc_code_checker *checker)
{
    zc_control_frame *frame = &checker->frames[checker->depth - 1];
    if (frame->opcode != OP_IF) {
        return ZC_CODE_FAIL(checker, ZC_MALFORMED, "else without if");
    }
    const zc_func_type signature = zc_code_signature(checker, frame->block_type);
    ZC_TRY(check_results(checker, &signature));
    frame->opcode = OP_ELSE;
    frame->unreachable = false;
    return zc_code_push_types(checker, signature.params, signature.param_count);
}

static zc_status check_end(zc_code_checker *checker)
{
    const zc_control_frame *frame = &checker->frames[checker->depth - 1];
    const zc_func_type signature = zc_code_signature(checker, frame->block_type);
    ZC_TRY(check_results(checker, &signature));
    if (frame->opcode == OP_IF && (signature.param_count != signature.result_count ||
                                   memcmp(signature.params, signature.results, signature.param_count) != 0)) {
        return ZC_CODE_FAIL(checker, ZC_INVALID, "type mismatch: if without else must leave the types it takes");
    }
    checker->depth--;
    if (checker->depth == 0) {
        return ZC_OK;
    }
    checker->floor = checker->frames[checker->depth - 1].height;
    return zc_code_push_types(checker, signature.results, signature.result_count);
}

static zc_status read_label(zc_code_checker *checker, const zc_control_frame **frame)
{
    uint32_t label = 0;
    ZC_TRY(zc_read_u32(&checker->reader, &label, "label"));
    if (label >= checker->depth) {
        return ZC_CODE_FAIL(checker, ZC_INVALID, "unknown label %u, %u blocks are open", label, checker->depth);
    }
    *frame = &checker->frames[checker->depth - 1 - label];
    return ZC_OK;
}

static zc_status check_br_table(zc_code_checker *checker)
{
    uint32_t count = 0;
    ZC_TRY(zc_read_count(&checker->reader, &count, 1, "br_table count"));
    if (count > ZC_LIMIT_BR_TABLE) {
        return ZC_CODE_FAIL(checker, ZC_INVALID, "implementation limit: br_table of %u labels, at most %u", count,
                            ZC_LIMIT_BR_TABLE);
    }
    ZC_TRY(zc_code_pop(checker, ZC_I32));
    const uint8_t *last_types = NULL;
    uint32_t arity = 0;
    for (uint32_t i = 0; i <= count; i++) { /* the default label comes last */
        const zc_control_frame *frame = NULL;
        const uint8_t *types = NULL;
        uint32_t label_arity = 0;
        ZC_TRY(read_label(checker, &frame));
        zc_code_label(checker, frame, &types, &label_arity);
        if (i == 0) {
            arity = label_arity;
        } else if (label_arity != arity) {
            return ZC_CODE_FAIL(checker, ZC_INVALID,
                                "type mismatch: br_table label %u carries %u values, the others %u", i, label_arity,
                                arity);
        }
        if (types != last_types) { /* tables mostly repeat one type */
            ZC_TRY(zc_code_peek_types(checker, types, label_arity));
            last_types = types;
        }
    }
    zc_code_set_unreachable(checker);
    return ZC_OK;
}

/* ---- calls, variables, memory ---- */

static zc_status apply_signature(zc_code_checker *checker, const zc_func_type *signature)
{
    ZC_TRY(zc_code_pop_types(checker, signature->params, signature->param_count));
    return zc_code_push_types(checker, signature->results, signature->result_count);
}

static zc_status check_call(zc_code_checker *checker)
{
    uint32_t index = 0;
    ZC_TRY(zc_read_u32(&checker->reader, &index, "function index"));
    if (index >= checker->info->func_count) {
        return ZC_CODE_FAIL(checker, ZC_INVALID, "call: unknown function %u of %u", index, checker->info->func_count);
    }
    return apply_signature(checker, &checker->info->types[checker->info->funcs[index].type_index]);
}

/* The index of a memory or table where there can be only one. WebAssembly 1.0 had a zero byte in its place;
 * any spelling of zero is right since, and linkers write five bytes where they may have to change the index. */
static zc_status read_zero_index(zc_code_checker *checker, const char *space)
{
    uint32_t index = 0;
    ZC_TRY(zc_read_u32(&checker->reader, &index, "memory or table index"));
    if (index != 0) {
        return ZC_CODE_FAIL(checker, ZC_INVALID, "%s: unknown %s %u", zc_code_instruction_name(checker), space, index);
    }
    return ZC_OK;
}

static zc_status read_table_index(zc_code_checker *checker)
{
    ZC_TRY(read_zero_index(checker, "table"));
    if (!checker->info->has_table) {
        return ZC_CODE_FAIL(checker, ZC_INVALID, "%s: unknown table 0, the module has none",
                            zc_code_instruction_name(checker));
    }
    return ZC_OK;
}

static zc_status check_call_indirect(zc_code_checker *checker)
{
    uint32_t index = 0;
    ZC_TRY(zc_read_u32(&checker->reader, &index, "type index"));
    ZC_TRY(read_table_index(checker));
    if (index >= checker->info->type_count) {
        return ZC_CODE_FAIL(checker, ZC_INVALID, "call_indirect: unknown type %u of %u", index,
                            checker->info->type_count);
    }
    ZC_TRY(zc_code_pop(checker, ZC_I32));
    return apply_signature(checker, &checker->info->types[index]);
}

static zc_status need_memory(const zc_code_checker *checker)
{
    if (!checker->info->has_memory) {
        return ZC_CODE_FAIL(checker, ZC_INVALID, "%s: unknown memory 0, the module has none",
                            zc_code_instruction_name(checker));
    }
    return ZC_OK;
}

static zc_status read_memory_index(zc_code_checker *checker)
{
    ZC_TRY(read_zero_index(checker, "memory"));
    return need_memory(checker);
}

#define MEMARG_HAS_INDEX 0x40u /* in the alignment: the index of the memory follows */

static zc_status check_memarg(zc_code_checker *checker, uint8_t natural)
{
    uint32_t align = 0;
    uint32_t offset = 0;
    ZC_TRY(zc_read_u32(&checker->reader, &align, "alignment"));
    if (!ZC_LIKELY(align <= natural)) {
        if (align & MEMARG_HAS_INDEX) {
            align &= ~MEMARG_HAS_INDEX;
            ZC_TRY(read_zero_index(checker, "memory"));
        }
        if (align >= 32) {
            return ZC_CODE_FAIL(checker, ZC_MALFORMED, "%s: malformed alignment 2^%u",
                                zc_code_instruction_name(checker), align);
        }
    }
    if (!ZC_LIKELY(align <= natural)) {
        return ZC_CODE_FAIL(checker, ZC_INVALID, "%s: alignment 2^%u must not be larger than natural 2^%u",
                            zc_code_instruction_name(checker), align, natural);
    }
    ZC_TRY(zc_read_u32(&checker->reader, &offset, "memory offset"));
    return need_memory(checker);
}

static uint8_t local_type_slow(const zc_code_checker *checker, uint32_t index)
{
    if (index < checker->type->param_count) {
        return checker->type->params[index];
    }
    uint32_t low = 0, high = checker->run_count - 1;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (index < checker->runs[middle].end) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return checker->runs[low].type;
}

static inline zc_status read_local(zc_code_checker *checker, uint8_t *type)
{
    uint32_t index = 0;
    ZC_TRY(zc_read_u32(&checker->reader, &index, "local index"));
    if (!ZC_LIKELY(index < checker->local_count)) {
        return ZC_CODE_FAIL(checker, ZC_INVALID, "%s: unknown local %u of %u", zc_code_instruction_name(checker), index,
                            checker->local_count);
    }
    *type = ZC_LIKELY(index < ZC_FLAT_LOCALS) ? checker->flat_locals[index] : local_type_slow(checker, index);
    return ZC_OK;
}

static zc_status read_global(zc_code_checker *checker, const zc_global_type **global)
{
    uint32_t index = 0;
    ZC_TRY(zc_read_u32(&checker->reader, &index, "global index"));
    if (index >= checker->info->global_count) {
        return ZC_CODE_FAIL(checker, ZC_INVALID, "%s: unknown global %u of %u", zc_code_instruction_name(checker),
                            index, checker->info->global_count);
    }
    *global = &checker->info->globals[index];
    return ZC_OK;
}

static zc_status check_select(zc_code_checker *checker)
{
    uint8_t second = ZC_UNKNOWN;
    uint8_t first = ZC_UNKNOWN;
    ZC_TRY(zc_code_pop(checker, ZC_I32));
    ZC_TRY(zc_code_pop_any(checker, &second));
    ZC_TRY(zc_code_pop_any(checker, &first));
    if (first != second && first != ZC_UNKNOWN && second != ZC_UNKNOWN) {
        return zc_code_mismatch(checker, first, second);
    }
    zc_code_push(checker, first != ZC_UNKNOWN ? first : second);
    return ZC_OK;
}

/* The data section comes behind the code: without its count nobody knows here how many segments there are. */
static zc_status read_data_index(zc_code_checker *checker)
{
    uint32_t index = 0;
    ZC_TRY(zc_read_u32(&checker->reader, &index, "data segment index"));
    if (!checker->info->has_data_count) {
        return ZC_CODE_FAIL(checker, ZC_MALFORMED, "%s: data count section required",
                            zc_code_instruction_name(checker));
    }
    if (index >= checker->info->data_count) {
        return ZC_CODE_FAIL(checker, ZC_INVALID, "%s: unknown data segment %u of %u", zc_code_instruction_name(checker),
                            index, checker->info->data_count);
    }
    return ZC_OK;
}

static zc_status read_element_index(zc_code_checker *checker)
{
    uint32_t index = 0;
    ZC_TRY(zc_read_u32(&checker->reader, &index, "element segment index"));
    if (index >= checker->info->element_segment_count) {
        return ZC_CODE_FAIL(checker, ZC_INVALID, "%s: unknown elem segment %u of %u", zc_code_instruction_name(checker),
                            index, checker->info->element_segment_count);
    }
    return ZC_OK;
}

static zc_status check_fc(zc_code_checker *checker)
{
    uint32_t number = 0;
    ZC_TRY(zc_read_u32(&checker->reader, &number, "instruction number"));
    if (number >= ZC_FC_COUNT) {
        return ZC_CODE_FAIL(checker, ZC_MALFORMED, "illegal opcode 0xfc %u", number);
    }
    const instruction *op = &fc_instructions[number];
    switch (op->class) {
    case CLASS_UNARY:
        ZC_TRY(zc_code_pop(checker, op->operand1));
        zc_code_push(checker, op->result);
        return ZC_OK;
    case CLASS_MEMORY_COPY:
        ZC_TRY(read_memory_index(checker));
        ZC_TRY(read_memory_index(checker));
        break;
    case CLASS_MEMORY_FILL:
        ZC_TRY(read_memory_index(checker));
        break;
    case CLASS_MEMORY_INIT:
        ZC_TRY(read_data_index(checker));
        ZC_TRY(read_memory_index(checker));
        break;
    case CLASS_TABLE_INIT:
        checker->changes_tables = true;
        ZC_TRY(read_element_index(checker));
        ZC_TRY(read_table_index(checker));
        break;
    case CLASS_TABLE_COPY:
        checker->changes_tables = true;
        ZC_TRY(read_table_index(checker));
        ZC_TRY(read_table_index(checker));
        break;
    case CLASS_DATA_DROP:
        checker->drops_segments = true;
        return read_data_index(checker);
    case CLASS_ELEM_DROP:
        checker->drops_segments = true;
        return read_element_index(checker);
    default:
        return fail_unsupported(checker, zc_fc_instruction_name(number), zc_fc_instruction_feature(number));
    }
    ZC_TRY(zc_code_pop(checker, ZC_I32));
    ZC_TRY(zc_code_pop(checker, ZC_I32));
    return zc_code_pop(checker, ZC_I32);
}

/* ---- a body ---- */

static zc_status read_locals(zc_code_checker *checker)
{
    zc_wasm_reader *reader = &checker->reader;
    uint32_t groups = 0;
    uint64_t total = checker->type->param_count;
    uint32_t flat = total < ZC_FLAT_LOCALS ? (uint32_t)total : ZC_FLAT_LOCALS;
    memcpy(checker->flat_locals, checker->type->params, flat);
    checker->run_count = 0;
    ZC_TRY(zc_read_count(reader, &groups, 2, "count of local groups"));
    for (uint32_t i = 0; i < groups; i++) {
        const uint64_t start = zc_wasm_reader_offset(reader);
        uint32_t count = 0;
        uint8_t type = 0;
        ZC_TRY(zc_read_u32(reader, &count, "count of locals"));
        ZC_TRY(zc_read_value_type(reader, &type, "local type"));
        total += count;
        if (total > UINT32_MAX) {
            return zc_fail_at(reader->error, ZC_MALFORMED, start, "too many locals: %llu", (ull)total);
        }
        if (total > ZC_LIMIT_LOCALS) {
            return zc_fail_at(reader->error, ZC_INVALID, start,
                              "implementation limit: too many locals: %llu, at most %u", (ull)total, ZC_LIMIT_LOCALS);
        }
        if (count == 0) {
            continue; /* so runs stay as few as locals */
        }
        if (checker->run_count == checker->run_capacity) {
            void *runs = checker->runs;
            ZC_TRY(zc_code_grow(checker, &runs, &checker->run_capacity, checker->run_count + 1, sizeof *checker->runs));
            checker->runs = runs;
        }
        checker->runs[checker->run_count++] = (zc_local_run){(uint32_t)total, type};
        const uint32_t flat_end = total < ZC_FLAT_LOCALS ? (uint32_t)total : ZC_FLAT_LOCALS;
        if (flat_end > flat) {
            memset(checker->flat_locals + flat, type, flat_end - flat);
            flat = flat_end;
        }
    }
    checker->local_count = (uint32_t)total;
    return ZC_OK;
}

static zc_status check_instructions(zc_code_checker *checker)
{
    zc_wasm_reader *reader = &checker->reader;
    while (checker->depth) {
        checker->instruction = reader->at;
        if (!ZC_LIKELY(reader->at < reader->end)) {
            return ZC_CODE_FAIL(checker, ZC_MALFORMED, "unexpected end of the function body: %u blocks lack their end",
                                checker->depth);
        }
        if (!ZC_LIKELY(checker->height < checker->stack_capacity)) {
            ZC_TRY(zc_code_reserve(checker, 1));
        }
        const uint8_t opcode = *reader->at++;
        const instruction *op = &instructions[opcode];
        const zc_control_frame *frame = NULL;
        const zc_global_type *global = NULL;
        const uint8_t *types = NULL;
        uint32_t count = 0;
        uint8_t type = ZC_UNKNOWN;
        switch ((instruction_class)op->class) {
        case CLASS_ILLEGAL:
            return ZC_CODE_FAIL(checker, ZC_MALFORMED, "illegal opcode 0x%02x", opcode);
        case CLASS_LATER:
            return fail_unsupported(checker, zc_instruction_name(opcode), zc_instruction_feature(opcode));
        case CLASS_UNARY:
            ZC_TRY(zc_code_pop(checker, op->operand1));
            zc_code_push(checker, op->result);
            break;
        case CLASS_BINARY:
            ZC_TRY(zc_code_pop(checker, op->operand2));
            ZC_TRY(zc_code_pop(checker, op->operand1));
            zc_code_push(checker, op->result);
            break;
        case CLASS_LOAD:
            ZC_TRY(check_memarg(checker, op->align));
            ZC_TRY(zc_code_pop(checker, op->operand1));
            zc_code_push(checker, op->result);
            break;
        case CLASS_STORE:
            ZC_TRY(check_memarg(checker, op->align));
            ZC_TRY(zc_code_pop(checker, op->operand2));
            ZC_TRY(zc_code_pop(checker, op->operand1));
            break;
        case CLASS_CONST_I32:
            ZC_TRY(zc_skip_signed(reader, 32, "i32 constant"));
            zc_code_push(checker, ZC_I32);
            break;
        case CLASS_CONST_I64:
            ZC_TRY(zc_skip_signed(reader, 64, "i64 constant"));
            zc_code_push(checker, ZC_I64);
            break;
        case CLASS_CONST_F32:
            ZC_TRY(zc_skip_bytes(reader, 4, "f32 constant"));
            zc_code_push(checker, ZC_F32);
            break;
        case CLASS_CONST_F64:
            ZC_TRY(zc_skip_bytes(reader, 8, "f64 constant"));
            zc_code_push(checker, ZC_F64);
            break;
        case CLASS_UNREACHABLE:
            zc_code_set_unreachable(checker);
            break;
        case CLASS_NOP:
            break;
        case CLASS_BLOCK:
        case CLASS_LOOP:
        case CLASS_IF:
            ZC_TRY(check_block(checker, opcode));
            break;
        case CLASS_ELSE:
            ZC_TRY(check_else(checker));
            break;
        case CLASS_END:
            ZC_TRY(check_end(checker));
            break;
        case CLASS_BR:
            ZC_TRY(read_label(checker, &frame));
            zc_code_label(checker, frame, &types, &count);
            ZC_TRY(zc_code_pop_types(checker, types, count));
            zc_code_set_unreachable(checker);
            break;
        case CLASS_BR_IF:
            ZC_TRY(read_label(checker, &frame));
            ZC_TRY(zc_code_pop(checker, ZC_I32));
            zc_code_label(checker, frame, &types, &count);
            ZC_TRY(zc_code_pop_types(checker, types, count));
            ZC_TRY(zc_code_push_types(checker, types, count));
            break;
        case CLASS_BR_TABLE:
            ZC_TRY(check_br_table(checker));
            break;
        case CLASS_RETURN:
            ZC_TRY(zc_code_pop_types(checker, checker->type->results, checker->type->result_count));
            zc_code_set_unreachable(checker);
            break;
        case CLASS_CALL:
            ZC_TRY(check_call(checker));
            break;
        case CLASS_CALL_INDIRECT:
            ZC_TRY(check_call_indirect(checker));
            break;
        case CLASS_DROP:
            ZC_TRY(zc_code_pop_any(checker, &type));
            break;
        case CLASS_SELECT:
            ZC_TRY(check_select(checker));
            break;
        case CLASS_LOCAL_GET:
            ZC_TRY(read_local(checker, &type));
            zc_code_push(checker, type);
            break;
        case CLASS_LOCAL_SET:
            ZC_TRY(read_local(checker, &type));
            ZC_TRY(zc_code_pop(checker, type));
            break;
        case CLASS_LOCAL_TEE:
            ZC_TRY(read_local(checker, &type));
            ZC_TRY(zc_code_pop(checker, type));
            zc_code_push(checker, type);
            break;
        case CLASS_GLOBAL_GET:
            ZC_TRY(read_global(checker, &global));
            zc_code_push(checker, global->value_type);
            break;
        case CLASS_GLOBAL_SET:
            ZC_TRY(read_global(checker, &global));
            if (!global->is_mutable) {
                return ZC_CODE_FAIL(checker, ZC_INVALID, "global.set: the global is immutable");
            }
            ZC_TRY(zc_code_pop(checker, global->value_type));
            break;
        case CLASS_MEMORY_SIZE:
            ZC_TRY(read_memory_index(checker));
            zc_code_push(checker, ZC_I32);
            break;
        case CLASS_MEMORY_GROW:
            ZC_TRY(read_memory_index(checker));
            ZC_TRY(zc_code_pop(checker, ZC_I32));
            zc_code_push(checker, ZC_I32);
            break;
        case CLASS_PREFIX_FC:
            ZC_TRY(check_fc(checker));
            break;
        case CLASS_MEMORY_COPY:
        case CLASS_MEMORY_FILL:
        case CLASS_MEMORY_INIT:
        case CLASS_DATA_DROP:
        case CLASS_TABLE_INIT:
        case CLASS_ELEM_DROP:
        case CLASS_TABLE_COPY:
            break; /* behind the prefix only: check_fc */
        }
    }
    return ZC_OK;
}

zc_status zc_check_body(zc_code_checker *checker, zc_wasm_reader body, uint32_t type_index)
{
    checker->reader = body;
    checker->type = &checker->info->types[type_index];
    checker->instruction = body.at;
    checker->height = 0;
    checker->depth = 0;
    ZC_TRY(read_locals(checker));
    ZC_TRY(zc_code_reserve(checker, 1));
    ZC_TRY(zc_code_push_frame(checker, FRAME_FUNCTION, type_index));
    ZC_TRY(check_instructions(checker));
    if (checker->reader.at != checker->reader.end) {
        return zc_fail_at(body.error, ZC_MALFORMED, zc_wasm_reader_offset(&checker->reader),
                          "%zu bytes after the end of the function", zc_wasm_reader_left(&checker->reader));
    }
    return ZC_OK;
}
