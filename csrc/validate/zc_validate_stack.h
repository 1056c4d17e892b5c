/* zc_validate_stack: the two stacks of the function body checker, operands and control frames.
 *
 * Operand types are one byte each; 0 is the unknown type that a polymorphic stack yields behind an
 * unconditional branch. Blocks, calls and branches move whole vectors of types at once, eight in a step,
 * because a hostile body can name a type of a thousand parameters with every two bytes. The checker owns its
 * buffers, on the heap, and reuses them from body to body; zc_validate.c makes and frees it. One thread. No
 * instruction is known here.
 */
#ifndef ZC_VALIDATE_STACK_H
#define ZC_VALIDATE_STACK_H

#include "validate/zc_validate_internal.h"

enum { ZC_UNKNOWN = 0 };
enum { ZC_OP_LOOP = 0x03 }; /* the one block whose label is at its start */
enum { ZC_BLOCK_EMPTY = 0x40 };
#define ZC_BLOCK_BYTE 0xffffff00u

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

struct zc_code_checker {
    const zc_module_info *info;
    zc_wasm_reader reader; /* over the body now being checked */
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
    bool drops_segments, changes_tables; /* any body so far */
    uint32_t local_count;                /* parameters included */
    uint8_t flat_locals[ZC_FLAT_LOCALS]; /* types of the first locals, so that runs are rarely searched */
};

void zc_code_checker_init(zc_code_checker *checker, const zc_module_info *info);
void zc_code_checker_free(zc_code_checker *checker);

/* Fails at the instruction now being checked. */
#define ZC_CODE_FAIL(checker, code, ...) \
    zc_fail_at((checker)->reader.error, code, (uint64_t)((checker)->instruction - (checker)->reader.base), __VA_ARGS__)

const char *zc_code_instruction_name(const zc_code_checker *checker); /* of that instruction */
zc_status zc_code_mismatch(const zc_code_checker *checker, uint8_t wanted, uint8_t found);

/* Makes room in a buffer of the checker for `needed` items. */
zc_status zc_code_grow(zc_code_checker *checker, void **items, uint32_t *capacity, uint32_t needed, size_t item_size);
/* Makes room for `count` more operands. */
zc_status zc_code_reserve(zc_code_checker *checker, uint32_t count);

zc_status zc_code_pop_any(zc_code_checker *checker, uint8_t *type);
zc_status zc_code_pop_slow(zc_code_checker *checker, uint8_t wanted);
/* Vectors: the last type is on top. Peeking checks without taking. */
zc_status zc_code_peek_types(const zc_code_checker *checker, const uint8_t *types, uint32_t count);
zc_status zc_code_pop_types(zc_code_checker *checker, const uint8_t *types, uint32_t count);
zc_status zc_code_push_types(zc_code_checker *checker, const uint8_t *types, uint32_t count);

zc_func_type zc_code_signature(const zc_code_checker *checker, uint32_t block_type);
/* What a branch to the frame carries: a loop's parameters, anything else's results. */
void zc_code_label(const zc_code_checker *checker, const zc_control_frame *frame, const uint8_t **types,
                   uint32_t *count);
zc_status zc_code_push_frame(zc_code_checker *checker, uint8_t opcode, uint32_t block_type);
/* The rest of the innermost block cannot run: forget its operands. */
void zc_code_set_unreachable(zc_code_checker *checker);

static inline bool zc_code_is_unreachable(const zc_code_checker *checker)
{
    return checker->frames[checker->depth - 1].unreachable;
}

static inline void zc_code_push(zc_code_checker *checker, uint8_t type)
{
    /* The loop keeps room for one operand before every instruction. */
    checker->stack[checker->height++] = type;
}

static inline zc_status zc_code_pop(zc_code_checker *checker, uint8_t wanted)
{
    if (ZC_LIKELY(checker->height > checker->floor && checker->stack[checker->height - 1] == wanted)) {
        checker->height--;
        return ZC_OK;
    }
    return zc_code_pop_slow(checker, wanted);
}

#endif
