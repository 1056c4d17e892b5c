/* zc_validate_internal: what the files of the validator share, and nobody else includes.
 *
 * zc_validate.c reads sections and owns the zc_module_info until it is handed out; zc_validate_code.c checks
 * one function body at a time with buffers it reuses; zc_validate_const.c checks constant expressions;
 * zc_validate_names.c knows the name section and puts function names into errors. All of them work on one
 * thread for the length of one call of zc_validate and keep nothing afterwards.
 *
 * The limits below are implementation limits, close to those the JavaScript API sets for engines. Together
 * with the rule that a declared count must fit in the bytes that are left, they bound memory by a constant
 * times the input and time by a constant for each byte.
 */
#ifndef ZC_VALIDATE_INTERNAL_H
#define ZC_VALIDATE_INTERNAL_H

#include "zc_validate.h"
#include "zc_wasm_reader.h"

#define ZC_LIMIT_MODULE_BYTES 1073741824u
#define ZC_LIMIT_TYPES 1000000u
#define ZC_LIMIT_FUNCS 1000000u
#define ZC_LIMIT_IMPORTS 1000000u
#define ZC_LIMIT_EXPORTS 1000000u
#define ZC_LIMIT_GLOBALS 1000000u
#define ZC_LIMIT_ELEMENT_SEGMENTS 10000000u
#define ZC_LIMIT_DATA_SEGMENTS 100000u
#define ZC_LIMIT_PARAMS 1000u
#define ZC_LIMIT_RESULTS 1000u
#define ZC_LIMIT_BODY_BYTES 7654321u
#define ZC_LIMIT_LOCALS 50000u
#define ZC_LIMIT_BR_TABLE 65520u
/* A call of two bytes can push 1,000 results, so without this the operand stack could be 500 times the body. */
#define ZC_LIMIT_OPERANDS 1000000u

/* ---- types (zc_validate_const.c) ---- */

/* The feature a value type byte belongs to, or NULL when it is none in any version. */
const char *zc_later_value_type(uint8_t byte);
const char *zc_value_type_name(uint8_t type);
static inline bool zc_is_value_type(uint8_t byte)
{
    return byte >= ZC_F64 && byte <= ZC_I32;
}
/* One of the four numeric types; a type of a later feature is ZC_UNSUPPORTED by name. */
zc_status zc_read_value_type(zc_reader *reader, uint8_t *type, const char *what);

/* A constant expression of type `type`, through its `end`. */
zc_status zc_check_const_expr(zc_reader *reader, const zc_module_info *info, uint8_t type, const char *what);

/* ---- function bodies (zc_validate_code.c) ---- */

typedef struct zc_control_frame {
    uint32_t height;     /* of the operand stack below the block's parameters */
    uint32_t block_type; /* a type index, or ZC_BLOCK_BYTE | value type or 0x40 */
    uint8_t opcode;
    bool unreachable; /* the rest of the block cannot run: its stack is polymorphic */
} zc_control_frame;

typedef struct zc_local_run { /* consecutive locals of one type, as the module declares them */
    uint32_t end;             /* index of the first local behind the run */
    uint8_t type;
} zc_local_run;

#define ZC_FLAT_LOCALS 256u

typedef struct zc_code_checker {
    const zc_module_info *info;
    zc_reader reader; /* over the body now being checked */
    const zc_func_type *type;
    const uint8_t *instruction; /* first byte of the instruction now being checked */
    uint8_t *stack;             /* operand types; 0 stands for "any type", met in unreachable code only */
    uint32_t height;
    uint32_t floor; /* the innermost frame's height */
    uint32_t stack_capacity;
    zc_control_frame *frames;
    uint32_t depth;
    uint32_t frame_capacity;
    zc_local_run *runs;
    uint32_t run_count;
    uint32_t run_capacity;
    uint32_t local_count;              /* parameters included */
    uint8_t flat_locals[ZC_FLAT_LOCALS]; /* types of the first locals, so that runs are rarely searched */
} zc_code_checker;

void zc_code_checker_init(zc_code_checker *checker, const zc_module_info *info);
void zc_code_checker_free(zc_code_checker *checker);
/* Checks one body: its locals and instructions, exactly to the end of `body`. */
zc_status zc_check_body(zc_code_checker *checker, zc_reader body, uint32_t type_index);

/* The name and the feature of an instruction byte; either may be NULL. For constant expressions. */
const char *zc_instruction_name(uint8_t opcode);
const char *zc_instruction_feature(uint8_t opcode);

/* ---- names (zc_validate_names.c) ---- */

/* Writes `name` between quotes, in ASCII, escaped and shortened; `size` >= 80 always suffices. */
const char *zc_quote_name(char *buffer, size_t size, zc_name name);
/* Gives functions the names found in the contents of a name section; none at all when it is damaged. */
void zc_apply_names(const uint8_t *module, zc_name section, zc_module_info *info);
/* Ends error->message with ` in function 3 "fill"`, by the name section or else an export. */
void zc_blame_function(zc_error *error, const uint8_t *module, size_t size, const zc_module_info *info, uint32_t func);

#endif
