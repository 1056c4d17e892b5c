/* zc_opcodes: the instructions' names and the features that they need, from zc_opcodes.def. For errors only, so kept out of
 * the table that the checker's loop reads. Constant data.
 */
#include "validate/zc_validate_internal.h"

typedef struct instruction_text {
    const char *name;
    zc_feature feature;
} instruction_text;

static const instruction_text texts[256] = {
#define ZC_OP(byte, name, class, operand1, operand2, result, align) [byte] = {name, ZC_FEATURE_NONE},
#define ZC_OP_LATER(byte, name, feature) [byte] = {name, ZC_FEATURE_##feature},
#include "validate/zc_opcodes.def"
};

static const instruction_text fc_texts[ZC_FC_COUNT] = {
#define ZC_OP_FC(number, name, class, operand1, operand2, result) [number] = {name, ZC_FEATURE_NONE},
#define ZC_OP_FC_LATER(number, name, feature) [number] = {name, ZC_FEATURE_##feature},
#include "validate/zc_opcodes.def"
};

const char *zc_instruction_name(uint8_t opcode)
{
    return texts[opcode].name;
}

zc_feature zc_instruction_feature(uint8_t opcode)
{
    return texts[opcode].feature;
}

const char *zc_fc_instruction_name(uint32_t number)
{
    return fc_texts[number].name;
}

zc_feature zc_fc_instruction_feature(uint32_t number)
{
    return fc_texts[number].feature;
}
