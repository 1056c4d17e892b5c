/* zc_validate_stack: see zc_validate_stack.h. */
#include "validate/zc_validate_stack.h"

#include <string.h>

#include "base/zc_alloc.h"

void zc_code_checker_init(zc_code_checker *checker, const zc_module_info *info)
{
    memset(checker, 0, sizeof *checker);
    checker->info = info;
}

void zc_code_checker_free(zc_code_checker *checker)
{
    zc_free(checker->stack);
    zc_free(checker->frames);
    zc_free(checker->runs);
}

const char *zc_code_instruction_name(const zc_code_checker *checker)
{
    const uint8_t *at = checker->instruction;
    const uint8_t *end = checker->reader.end;
    if (at == end) {
        return "function";
    }
    if (*at == 0xfc && end - at >= 2 && at[1] < ZC_FC_COUNT) {
        return zc_fc_instruction_name(at[1]);
    }
    const char *name = zc_instruction_name(*at);
    return name ? name : "instruction";
}

zc_status zc_code_mismatch(const zc_code_checker *checker, uint8_t wanted, uint8_t found)
{
    return ZC_CODE_FAIL(checker, ZC_INVALID, "type mismatch: %s needs %s, found %s", zc_code_instruction_name(checker),
                        zc_value_type_name(wanted), zc_value_type_name(found));
}

static zc_status fail_underflow(const zc_code_checker *checker, uint32_t wanted, uint32_t present)
{
    return ZC_CODE_FAIL(checker, ZC_INVALID, "type mismatch: %s needs %u operand%s, the block's stack holds %u",
                        zc_code_instruction_name(checker), wanted, wanted == 1 ? "" : "s", present);
}

/* ---- buffers ---- */

/* Doubles, so that what is held stays below twice what the module made necessary. */
zc_status zc_code_grow(zc_code_checker *checker, void **items, uint32_t *capacity, uint32_t needed, size_t item_size)
{
    uint32_t wanted = *capacity ? *capacity : 64;
    while (wanted < needed) {
        wanted *= 2;
    }
    void *moved = zc_realloc(*items, wanted * item_size);
    if (!moved) {
        return zc_fail(checker->reader.error, ZC_NO_MEMORY, "no memory for %zu bytes to check a function",
                       wanted * item_size);
    }
    *items = moved;
    *capacity = wanted;
    return ZC_OK;
}

zc_status zc_code_reserve(zc_code_checker *checker, uint32_t count)
{
    const uint32_t needed = checker->height + count; /* both are below 2^31 */
    if (needed <= checker->stack_capacity) {
        return ZC_OK;
    }
    if (needed > ZC_LIMIT_OPERANDS) {
        return ZC_CODE_FAIL(checker, ZC_INVALID, "implementation limit: operand stack of more than %u values",
                            ZC_LIMIT_OPERANDS);
    }
    void *stack = checker->stack;
    ZC_TRY(zc_code_grow(checker, &stack, &checker->stack_capacity, needed, 1));
    checker->stack = stack;
    return ZC_OK;
}

/* ---- the operand stack ---- */

zc_status zc_code_pop_any(zc_code_checker *checker, uint8_t *type)
{
    if (checker->height > checker->floor) {
        *type = checker->stack[--checker->height];
        return ZC_OK;
    }
    *type = ZC_UNKNOWN;
    return zc_code_is_unreachable(checker) ? ZC_OK : fail_underflow(checker, 1, 0);
}

zc_status zc_code_pop_slow(zc_code_checker *checker, uint8_t wanted)
{
    uint8_t found = ZC_UNKNOWN;
    ZC_TRY(zc_code_pop_any(checker, &found));
    return found == wanted || found == ZC_UNKNOWN ? ZC_OK : zc_code_mismatch(checker, wanted, found);
}

/* Whether `found` equals `wanted` wherever it is not ZC_UNKNOWN. Types are below 0x80, so adding 0x7f to a
 * byte sets its top bit exactly when it is not 0. */
static bool types_match(const uint8_t *found, const uint8_t *wanted, size_t count)
{
    const uint64_t sevens = 0x7f7f7f7f7f7f7f7fu;
    uint64_t wrong = 0;
    for (; count >= 8; count -= 8, found += 8, wanted += 8) {
        uint64_t f, w;
        memcpy(&f, found, 8);
        memcpy(&w, wanted, 8);
        const uint64_t known = (((f + sevens) & ~sevens) >> 7) * 0xff;
        wrong |= (f ^ w) & known;
    }
    for (; count; count--, found++, wanted++) {
        wrong |= *found != ZC_UNKNOWN && *found != *wanted;
    }
    return wrong == 0;
}

/* Checks that the top of the stack has these types, the last on top, without taking them. */
zc_status zc_code_peek_types(const zc_code_checker *checker, const uint8_t *types, uint32_t count)
{
    const uint32_t present = checker->height - checker->floor;
    uint32_t real = count;
    if (present < count) {
        if (!zc_code_is_unreachable(checker)) {
            return fail_underflow(checker, count, present);
        }
        real = present;
    }
    const uint8_t *found = checker->stack + (checker->height - real);
    types += count - real;
    if (types_match(found, types, real)) {
        return ZC_OK;
    }
    uint32_t i = real - 1;
    while (found[i] == ZC_UNKNOWN || found[i] == types[i]) {
        i--;
    }
    return zc_code_mismatch(checker, types[i], found[i]);
}

zc_status zc_code_pop_types(zc_code_checker *checker, const uint8_t *types, uint32_t count)
{
    if (count == 0) {
        return ZC_OK;
    }
    ZC_TRY(zc_code_peek_types(checker, types, count));
    const uint32_t present = checker->height - checker->floor;
    checker->height -= present < count ? present : count;
    return ZC_OK;
}

zc_status zc_code_push_types(zc_code_checker *checker, const uint8_t *types, uint32_t count)
{
    if (count == 0) {
        return ZC_OK;
    }
    ZC_TRY(zc_code_reserve(checker, count));
    memcpy(checker->stack + checker->height, types, count);
    checker->height += count;
    return ZC_OK;
}

/* ---- the control stack ---- */

zc_func_type zc_code_signature(const zc_code_checker *checker, uint32_t block_type)
{
    static const uint8_t singles[] = {ZC_F64, ZC_F32, ZC_I64, ZC_I32};
    if (block_type < ZC_BLOCK_BYTE) {
        return checker->info->types[block_type];
    }
    const uint8_t byte = (uint8_t)block_type;
    zc_func_type signature = {singles, singles, 0, 0};
    if (byte != ZC_BLOCK_EMPTY) {
        signature.results = singles + (byte - ZC_F64);
        signature.result_count = 1;
    }
    return signature;
}

void zc_code_label(const zc_code_checker *checker, const zc_control_frame *frame, const uint8_t **types,
                   uint32_t *count)
{
    const zc_func_type signature = zc_code_signature(checker, frame->block_type);
    *types = frame->opcode == ZC_OP_LOOP ? signature.params : signature.results;
    *count = frame->opcode == ZC_OP_LOOP ? signature.param_count : signature.result_count;
}

zc_status zc_code_push_frame(zc_code_checker *checker, uint8_t opcode, uint32_t block_type)
{
    if (checker->depth == checker->frame_capacity) {
        void *frames = checker->frames;
        ZC_TRY(zc_code_grow(checker, &frames, &checker->frame_capacity, checker->depth + 1, sizeof *checker->frames));
        checker->frames = frames;
    }
    checker->frames[checker->depth++] = (zc_control_frame){checker->height, block_type, opcode, false};
    checker->floor = checker->height;
    return ZC_OK;
}

void zc_code_set_unreachable(zc_code_checker *checker)
{
    checker->height = checker->floor;
    checker->frames[checker->depth - 1].unreachable = true;
}
