/* zc_abi: the import module "zcwasm" that guests are offered (zcwasm/include/zcwasm.h): where guest and device meet.
 *
 * One zc_abi per instance: what it was granted, its handles, its batch, its outputs. Every import is a native
 * zc_host_function; no interpreter lock is involved but the host's own where it logs. Guests are hostile: each
 * descriptor is copied once, checked in 64-bit arithmetic against the memory's size of that moment, and never read
 * again. What a guest does wrong is an errno for it; only the end of the whole call (deadline, interrupt, a
 * signal's exception) and a failing log travel on as failures.
 *
 * What a call submits ends with the call's deadline: at that time it is cancelled, whether the call waits for it, goes on
 * or has returned.
 *
 * Ownership: the zc_abi retains device and weights and owns what handles stand for. Work in flight keeps alive
 * what it uses, so the zc_abi may be freed at any time the guest does not run. Inputs are borrowed from the host.
 * Threads: the one that runs the guest.
 */
#ifndef ZC_ABI_H
#define ZC_ABI_H

#include "base/zc_bytes.h"
#include "device/zc_device.h"
#include "guest/zc_guest.h"
#include "weights/zc_weights.h"

#define ZC_ABI_MODULE "zcwasm"

typedef struct zc_abi zc_abi;

typedef struct zc_abi_limits {
    uint64_t scratch;       /* bytes of scratch memory at a time */
    uint64_t outputs;       /* bytes of all outputs */
    uint64_t dispatch_work; /* of one dispatch, as zc_kernel.work counts */
} zc_abi_limits;

#define ZC_ABI_DEFAULT_SCRATCH ((uint64_t)1 << 30)
#define ZC_ABI_DEFAULT_OUTPUTS ((uint64_t)64 << 20)

/* Fixed limits of an instance. */
#define ZC_ABI_MAX_RECORDED (1u << 18) /* dispatches in its batch, its sequences and what it has not waited for */
#define ZC_ABI_MAX_SUBMISSIONS 256u /* not waited for */
#define ZC_ABI_MAX_SEQUENCES 4096u
#define ZC_ABI_MAX_SCRATCHES 4096u
#define ZC_ABI_MAX_OUTPUTS 1024u
#define ZC_ABI_MAX_NAME 255u /* bytes */
#define ZC_ABI_MAX_LOG 65536u /* bytes of one message */

typedef struct zc_abi_host {
    void *context;
    /* `level`: ZCG_LOG_DEBUG 0 to ZCG_LOG_ERROR 3. NULL drops what guests log. A failure ends the guest's call. */
    zc_status (*log)(void *context, int level, const char *text, size_t size, zc_error *error);
    bool inputs; /* granted, even if there are none */
} zc_abi_host;

/* device and weights: NULL where not granted. Weights must have been loaded for the device. */
zc_status zc_abi_new(zc_device *device, zc_weights *weights, const zc_abi_host *host, const zc_abi_limits *limits,
                     zc_abi **out, zc_error *error);
void zc_abi_free(zc_abi *abi); /* NULL is fine */

/* An input: `bytes` stay the host's, which keeps them until zc_abi_clear_inputs or zc_abi_free. */
zc_status zc_abi_add_input(zc_abi *abi, const char *name, size_t name_size, const void *bytes, uint64_t size,
                           zc_error *error);
void zc_abi_clear_inputs(zc_abi *abi);

/* The value of import "zcwasm".field; ZC_LINK when there is none, of another type, or not granted. */
zc_status zc_abi_link(zc_abi *abi, zc_name field, const zc_func_type *type, zc_import_value *out, zc_error *error);
/* Once linked, before the guest runs. */
void zc_abi_attach(zc_abi *abi, zc_instance *instance);

/* A call of the guest's has failed like this. When its deadline, an interrupt or (signalled) a signal's exception ended it,
 * what the guest has on the device is cancelled; any other trap leaves it running. */
void zc_abi_ended(zc_abi *abi, zc_status status, const zc_error *error, bool signalled);

/* Outputs, in the order of their first writing, names in UTF-8; false beyond the last. Not while the guest runs. */
bool zc_abi_output(const zc_abi *abi, size_t index, const char **name, size_t *name_size, const void **bytes,
                   uint64_t *size);
/* --- snapshots and forks (zc_abi_state.c); none of it while the guest runs --- */

/* Wait until all that the guest submitted has ended, at most timeout_ns (negative: no limit), else ZC_TIMEOUT. */
zc_status zc_abi_settle(zc_abi *abi, int64_t timeout_ns, zc_error *error);
/* Append what the guest has here: outputs, the text of its last failure, the names of the kernels that its handles
 * number, and with `device_state` its handles as they are, so that they stay valid: scratch with its contents,
 * sequences, submissions, the batch that it records. Without it none of these is written, and the handles name nothing
 * afterwards. Work in flight is ZC_BUSY. */
zc_status zc_abi_save(zc_abi *abi, bool device_state, zc_writer *out, zc_error *error);
/* The opposite, into a new one that was attached, with the same grants and its memory as it was; the device may be of
 * another kind. Nothing of the bytes is believed: what is wrong with them is ZC_SNAPSHOT, what the limits do not allow,
 * too. After a failure only zc_abi_free is of use. What the guest had recorded is recorded anew when it is first
 * used. */
zc_status zc_abi_load(zc_abi *abi, zc_reader *state, zc_error *error);

/* Pins of the region by batches and sequences that are not in flight: they go with the instance. */
uint64_t zc_abi_idle_pins(const zc_abi *abi, const zc_region *region);

#endif
