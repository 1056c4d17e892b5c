/* zc_validate_internal: what the files of the validator share, and nobody else includes.
 *
 * zc_validate.c reads sections and owns the zc_module_info until it is handed out; zc_validate_code.c checks
 * one function body at a time on the stacks of zc_validate_stack.c; zc_validate_types.c reads the types of
 * values, tables, memories and globals, zc_validate_const.c checks constant expressions, zc_validate_segments.c
 * segments, zc_validate_exports.c exports; zc_validate_wide.c passes over code that another engine validates; zc_validate_names.c knows the name
 * section and puts function names into errors, zc_validate_features.c the names of later features. All of them work on
 * one thread for the length of one call of zc_validate and keep nothing afterwards.
 *
 * The limits below are implementation limits, close to those the JavaScript API sets for engines. Together
 * with the rule that a declared count must fit in the bytes that are left, they bound memory by a constant
 * times the input and time by a constant for each byte.
 */
#ifndef ZC_VALIDATE_INTERNAL_H
#define ZC_VALIDATE_INTERNAL_H

#include "validate/zc_validate.h"
#include "validate/zc_wasm_reader.h"

#define ZC_LIMIT_MODULE_BYTES 1073741824u
#define ZC_LIMIT_TYPES 1000000u
#define ZC_LIMIT_FUNCS 1000000u
#define ZC_LIMIT_IMPORTS 1000000u
#define ZC_LIMIT_EXPORTS 1000000u
#define ZC_LIMIT_GLOBALS 1000000u
#define ZC_LIMIT_TABLES 100u
#define ZC_LIMIT_TAGS 1000000u
#define ZC_LIMIT_ELEMENT_SEGMENTS 10000000u
#define ZC_LIMIT_DATA_SEGMENTS 100000u
#define ZC_LIMIT_PARAMS 1000u
#define ZC_LIMIT_RESULTS 1000u
#define ZC_LIMIT_BODY_BYTES 7654321u
#define ZC_LIMIT_LOCALS 50000u
#define ZC_LIMIT_BR_TABLE 65520u
/* A call of two bytes can push 1,000 results: without this the operand stack could be 500 times the body. */
#define ZC_LIMIT_OPERANDS 1048576u

/* ---- later features (zc_validate_features.c) ---- */

typedef enum zc_feature {
    ZC_FEATURE_NONE = 0,
#define ZC_FEATURE(id, name, engine, without) ZC_FEATURE_##id,
#include "validate/zc_validate_features.def"
} zc_feature;

/* Whether what is read may need the feature; it is noted then. */
bool zc_accepts(const zc_wasm_reader *reader, zc_feature feature);
/* ZC_UNSUPPORTED: what the format gives "needs an unsupported feature: NAME". */
zc_status zc_fail_unsupported(zc_error *error, uint64_t offset, zc_feature feature, const char *format, ...)
    ZC_PRINTF(4, 5);
/* Ends the message of such an error with the flags that avoid the feature. */
void zc_advise_on_feature(zc_error *error);

/* ---- types (zc_validate_types.c) ---- */

/* The feature a value type byte belongs to, or none when it is no type in any version. */
zc_feature zc_later_value_type(uint8_t byte);
static inline bool zc_is_value_type(uint8_t byte)
{
    return byte >= ZC_F64 && byte <= ZC_I32;
}
/* One of the four numeric types; a type of a later feature is ZC_UNSUPPORTED by name. */
zc_status zc_read_value_type(zc_wasm_reader *reader, uint8_t *type, const char *what);
/* ZC_INVALID, with the value and the limit that it is above. */
zc_status zc_fail_limit(const zc_wasm_reader *reader, uint64_t offset, const char *what, uint64_t value,
                        uint64_t limit);
/* The types of imports and definitions. A table's and the memory's are noted in `info`, which owns them. */
zc_status zc_read_type_index(zc_wasm_reader *reader, const zc_module_info *info, uint32_t *index);
zc_status zc_read_table_type(zc_wasm_reader *reader, zc_module_info *info);
zc_status zc_read_memory_type(zc_wasm_reader *reader, zc_module_info *info);
zc_status zc_read_global_type(zc_wasm_reader *reader, zc_global_type *type);

/* ---- constant expressions (zc_validate_const.c) ---- */

/* A constant expression of type `type`, through its `end`. */
zc_status zc_check_const_expr(zc_wasm_reader *reader, zc_module_info *info, uint8_t type, const char *what);

/* ---- wide modules (zc_validate_wide.c) ---- */

/* Passes over a constant expression, whatever it computes, and notes the functions that it references. */
zc_status zc_skip_const_expr(zc_wasm_reader *reader, zc_module_info *info, const char *what);
/* Notes the features that the instructions of a body need, and whether it drops segments; ZC_UNSUPPORTED for features that no
 * engine has. Of what is no valid code it says nothing. */
zc_status zc_note_features(zc_wasm_reader body, zc_module_info *info);

/* ---- segments (zc_validate_segments.c) ---- */

zc_status zc_read_elements(zc_wasm_reader *reader, zc_module_info *info);
zc_status zc_read_data(zc_wasm_reader *reader, zc_module_info *info);

/* A count of items, of which there are `before` already and may be `limit`; see zc_read_count. */
zc_status zc_read_limited_count(zc_wasm_reader *reader, uint32_t *count, size_t bytes_each, uint64_t before,
                                uint64_t limit, const char *what);

/* ---- exports (zc_validate_exports.c) ---- */

/* The whole section; `module` is where the module's bytes begin. Names differ, or it is ZC_INVALID. */
zc_status zc_read_exports(zc_wasm_reader *reader, const uint8_t *module, zc_module_info *info);

/* ---- names of instructions, for errors (zc_opcodes.c) ---- */

/* The name of an instruction byte or NULL, and the feature that it needs or none; the same for the number after the
 * byte 0xfc. */
#define ZC_FC_COUNT 23u
const char *zc_instruction_name(uint8_t opcode);
zc_feature zc_instruction_feature(uint8_t opcode);
const char *zc_fc_instruction_name(uint32_t number); /* below ZC_FC_COUNT */
zc_feature zc_fc_instruction_feature(uint32_t number);

/* ---- function bodies (zc_validate_code.c) ---- */

typedef struct zc_code_checker zc_code_checker;

/* Checks one body: its locals and instructions, exactly to the end of `body`. */
zc_status zc_check_body(zc_code_checker *checker, zc_wasm_reader body, uint32_t type_index);

/* ---- names (zc_validate_names.c) ---- */

/* Writes `name` between quotes, in ASCII, escaped and shortened; `size` >= 80 always suffices. */
const char *zc_quote_name(char *buffer, size_t size, zc_name name);
/* Gives functions the names found in the contents of a name section; none at all when it is damaged. */
void zc_apply_names(const uint8_t *module, zc_name section, zc_module_info *info);
/* Ends error->message with ` in function 3 "fill"`, by the name section or else an export. */
void zc_blame_function(zc_error *error, const uint8_t *module, size_t size, const zc_module_info *info, uint32_t func);

#endif
