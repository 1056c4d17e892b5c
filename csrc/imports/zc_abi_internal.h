/* zc_abi_internal: what the zc_abi*.c files share: the state of one instance, handles, and errnos.
 *
 *   zc_abi.c         lifetime, linking
 *   zc_abi_guest.c   handles, guest memory, errors
 *   zc_abi_tape.c    dispatches as guests describe them: recorded, kept, and recorded anew
 *   zc_abi_device.c  kernels, batches, submissions, sequences, scratch
 *   zc_abi_data.c    tensors, inputs, outputs, log, clock
 *   zc_abi_state.c   all of it as bytes, for snapshots and forks
 */
#ifndef ZC_ABI_INTERNAL_H
#define ZC_ABI_INTERNAL_H

#include "zcwasm.h" /* the guests' header: layouts and numbers; functions are not called here */
#include "imports/zc_abi.h"

/* A handle: kind, generation of its slot, slot. Those of kernels and tensors are indices without a generation. */
typedef enum zc_abi_kind {
    ZC_ABI_KERNEL = 1,
    ZC_ABI_TENSOR,
    ZC_ABI_SCRATCH,
    ZC_ABI_SEQUENCE,
    ZC_ABI_SUBMISSION,
} zc_abi_kind;

#define ZC_ABI_KIND_SHIFT 28
#define ZC_ABI_GENERATION_SHIFT 16
#define ZC_ABI_GENERATIONS 0xfffu
#define ZC_ABI_INDICES 0xffffu

/* What a guest has recorded: a batch, which sealing makes a sequence, and one record for each of its dispatches, as the
 * guest described it: the kernel's id, the zcg_ranges, the parameters as they were then. One that was restored
 * sleeps: it has its records only, and batch or sequence are made of them at its first use. */
typedef struct zc_abi_tape {
    zc_batch *batch;
    zc_sequence *sequence;
    bool sealed;
    uint32_t count; /* dispatches */
    uint8_t *records;
    size_t size, capacity; /* of records, in bytes */
} zc_abi_tape;

/* How a submission that a restored guest has not waited for has ended: 0 or an errno, and the error's text. */
typedef struct zc_abi_end {
    int32_t code;
    char text[sizeof((zc_error *)0)->message];
} zc_abi_end;

typedef struct zc_abi_entry {
    uint16_t generation;
    bool used;
    uint32_t next_free; /* plus one */
    zc_abi_tape tape;   /* sequence */
    zc_submission *submission;
    zc_abi_end *end;   /* submission: instead of the former */
    zc_region *region; /* scratch */
    uint64_t named;    /* scratch: how often by tapes that sleep, whose sequences will pin it */
    uint64_t size;     /* scratch: as asked for; submission: dispatches */
} zc_abi_entry;

typedef struct zc_abi_table {
    zc_abi_kind kind;
    uint32_t limit, capacity, count;
    uint32_t first_free; /* plus one */
    zc_abi_entry *entries;
} zc_abi_table;

typedef struct zc_abi_bytes {
    char name[ZC_ABI_MAX_NAME];
    size_t name_size;
    uint8_t *bytes; /* of an input: borrowed and only read */
    uint64_t size;
} zc_abi_bytes;

struct zc_abi {
    zc_instance *instance; /* NULL before zc_abi_attach */
    zc_device *device;
    zc_weights *weights;
    zc_abi_host host;
    zc_abi_limits limits;
    zc_owner owner; /* of what it submits */
    zc_abi_tape tape; /* sequence 0; its batch is made at first use */
    zc_abi_table sequences, submissions, scratches;
    uint64_t recorded, scratch_bytes, output_bytes; /* against the limits */
    zc_abi_bytes *inputs, *outputs;
    size_t input_count, output_count;
    int64_t next_pause; /* by zc_clock_ns */
    uint64_t begun;     /* how often it may have given the device work */
    zc_submission *marker; /* of zc_abi_settle: comes after all work of the first marker_at times; or NULL */
    uint64_t marker_at;
    zc_error error;     /* the guest's last failure */
};

/* The guest's bytes [pointer, pointer + size), or NULL with -ZCG_EFAULT recorded; never NULL for size 0. They may
 * change at any time: copy. */
uint8_t *zc_abi_memory(zc_abi *abi, uint64_t pointer, uint64_t size);
/* A name, copied; false with the failure recorded. */
bool zc_abi_name(zc_abi *abi, uint64_t pointer, uint64_t size, char out[ZC_ABI_MAX_NAME], int32_t *failure);

/* Return a number, a handle or -errno to the guest. */
static inline zc_status zc_abi_answer(uint64_t *slots, int32_t value)
{
    slots[0] = (uint32_t)value;
    return ZC_OK;
}

/* Record a failure: its text, and -code to be returned to the guest. */
int32_t zc_abi_fail(zc_abi *abi, zcg_errno code, const char *format, ...) ZC_PRINTF(3, 4);
/* The same for a status whose error is in abi->error; where it must end the whole call, the status is returned and
 * the error handed on, else ZC_OK, with the errno in *result. */
zc_status zc_abi_failed(zc_abi *abi, zc_status status, uint64_t *result, zc_error *error);

zcg_errno zc_abi_errno(zc_status status);

/* A new entry's handle, or an errno. */
int32_t zc_abi_add(zc_abi *abi, zc_abi_table *table, zc_abi_entry **out);
zc_abi_entry *zc_abi_find(zc_abi *abi, zc_abi_table *table, uint64_t handle); /* NULL: -ZCG_EBADF recorded */
void zc_abi_remove(zc_abi_table *table, zc_abi_entry *entry);
void zc_abi_tape_free(zc_abi_tape *tape); /* what it holds, without a look at the rest of the guest's state */

/* --- zc_abi_data.c --- */

const zc_abi_bytes *zc_abi_output_named(const zc_abi *abi, const char *name, size_t size); /* NULL: none */
/* Make or replace an output; the limits have been checked. False: no memory, and nothing has changed. */
bool zc_abi_put_output(zc_abi *abi, const char *name, size_t name_size, const void *from, uint64_t size);

/* --- zc_abi_tape.c --- */

/* Make batch or sequence where there is none yet; 0 or an errno. ZC_TRAP or ZC_HOST: the whole call must end. */
zc_status zc_abi_wake(zc_abi *abi, zc_abi_tape *tape, int32_t *failure);
/* What was recorded is a sequence from now on. */
zc_status zc_abi_seal(zc_abi_tape *tape, zc_error *error);
void zc_abi_empty(zc_abi_tape *tape); /* its batch has been submitted, and is empty */
/* The guest wants none of it any more. */
void zc_abi_tape_forget(zc_abi *abi, zc_abi_tape *tape);
void zc_abi_tape_save(zc_abi_tape *tape, zc_writer *out);
/* Once the scratches are there; counts its dispatches, which may be too many. */
zc_status zc_abi_tape_load(zc_abi *abi, zc_abi_tape *tape, zc_reader *state, zc_error *error);

/* --- what the table makes of each function --- */

typedef uint32_t zc_abi_i;
typedef uint64_t zc_abi_I;

/* zc_abi_args_NAME: its arguments. */
#define ARG(type, name) zc_abi_##type name;
#define ZC_ABI(import, function, result, grant, args) \
    typedef struct zc_abi_args_##import {             \
        const uint64_t *slot; /* behind the last */   \
        args                                          \
    } zc_abi_args_##import;
#include "imports/zc_abi.def"
#undef ZC_ABI
#undef ARG

/* zc_abi_args_of_NAME: the same from a call's slots, of which the first is for the result. */
#define ARG(type, name) args_.name = (zc_abi_##type)(*args_.slot++);
#define ZC_ABI(import, function, result, grant, args)                                 \
    static inline zc_abi_args_##import zc_abi_args_of_##import(const uint64_t *slots) \
    {                                                                                 \
        zc_abi_args_##import args_ = {.slot = slots + 1};                             \
        args return args_;                                                            \
    }
#include "imports/zc_abi.def"
#undef ZC_ABI
#undef ARG

/* zc_abi_call_NAME: the handler. */
#define ZC_ABI(import, function, result, grant, args) \
    zc_status zc_abi_call_##import(void *context, uint64_t *slots, zc_error *error);
#include "imports/zc_abi.def"
#undef ZC_ABI

#endif
