/* zc_abi_state: a guest's side of the import module "zcwasm" as bytes, for snapshots and forks.
 *
 * In the bytes: the kernels by name, since guests keep their numbers; outputs; the tables of handles, entry for
 * entry, so that a handle in the guest's memory means the same afterwards: scratch with its contents, sequences and the
 * batch as what the guest recorded (zc_abi_tape.c), submissions as how they ended; the text of the last failure.
 * Saved without the device's state, the tables hold freed entries only: handles from before name nothing, also when the
 * guest makes new ones. Tensors are numbers of the weights' file, whose digest is compared elsewhere, as are inputs.
 *
 * Loading believes nothing: numbers are checked against limits and against the bytes that are there before anything is
 * allocated for them. It moves bytes and allocates, but runs nothing.
 *
 * See zc_abi.h for ownership and threads.
 */
#include <string.h>

#include "base/zc_alloc.h"
#include "base/zc_clock.h"
#include "imports/zc_abi_internal.h"
#include "validate/zc_wasm_reader.h"

#define VERSION 1u

/* Scratch goes in pieces, of which chunks of zeros are left out. */
#define CHUNK ((uint64_t)65536)
#define PIECE (64 * CHUNK)

/* --- no work in flight --- */

/* A submission behind all that was submitted so far, or NULL when the device has nothing to do. */
static zc_status mark(zc_abi *abi, zc_error *error)
{
    zc_batch *batch;
    zc_submission_release(abi->marker);
    abi->marker = NULL;
    abi->marker_at = abi->begun;
    if (!zc_device_busy(abi->device)) {
        return ZC_OK;
    }
    zc_status status = zc_batch_new(abi->device, &batch, error);
    if (status == ZC_OK) {
        status = zc_batch_submit(batch, &abi->marker, error);
        zc_batch_free(batch);
    }
    return status;
}

static int64_t left_until(int64_t deadline)
{
    int64_t left = deadline - zc_clock_ns();
    return deadline == INT64_MAX ? -1 : left > 0 ? left : 0;
}

zc_status zc_abi_settle(zc_abi *abi, int64_t timeout_ns, zc_error *error)
{
    int64_t now = zc_clock_ns();
    int64_t deadline = timeout_ns < 0 || timeout_ns > INT64_MAX - now ? INT64_MAX : now + timeout_ns;
    if (abi->device && (!abi->marker || abi->marker_at != abi->begun)) {
        zc_status status = mark(abi, error);
        if (status != ZC_OK) {
            return status;
        }
    }
    /* How work ended is the guest's affair, not this one's. */
    if (abi->marker) {
        if (zc_submission_wait(abi->marker, left_until(deadline), error) == ZC_TIMEOUT) {
            return ZC_TIMEOUT; /* the same one is waited for next time */
        }
        zc_submission_release(abi->marker);
        abi->marker = NULL;
    }
    for (uint32_t i = 0; i < abi->submissions.count; i++) {
        zc_submission *submission = abi->submissions.entries[i].submission;
        if (submission && zc_submission_wait(submission, left_until(deadline), error) == ZC_TIMEOUT) {
            return ZC_TIMEOUT;
        }
    }
    return ZC_OK;
}

/* --- kernels --- */

static void save_kernels(zc_writer *out)
{
    zc_put_u32(out, ZC_KERNEL_COUNT);
    for (unsigned i = 0; i < ZC_KERNEL_COUNT; i++) {
        const zc_kernel *kernel = zc_kernel_get((zc_kernel_id)i);
        zc_put_string(out, kernel->name, (uint32_t)strlen(kernel->name));
        zc_put_u8(out, kernel->binding_count);
        zc_put_u32(out, kernel->params_size);
    }
}

static zc_status load_kernels(zc_reader *state, zc_error *error)
{
    uint32_t count = zc_take_u32(state), size;
    if (count > ZC_KERNEL_COUNT) {
        return zc_fail(error, ZC_SNAPSHOT, "the snapshot knows %u kernels, this version %u", count, ZC_KERNEL_COUNT);
    }
    for (unsigned i = 0; i < count && !state->failed; i++) {
        const zc_kernel *kernel = zc_kernel_get((zc_kernel_id)i);
        const char *name = (const char *)zc_take_string(state, &size);
        uint8_t bindings = zc_take_u8(state);
        uint32_t params_size = zc_take_u32(state);
        if (!state->failed && (size != strlen(kernel->name) || memcmp(name, kernel->name, size) != 0 ||
                               bindings != kernel->binding_count || params_size != kernel->params_size)) {
            return zc_fail(error, ZC_SNAPSHOT, "kernel %u is '%.*s' in the snapshot, another one than '%s' here", i,
                           (int)(size < 100 ? size : 100), name, kernel->name);
        }
    }
    return ZC_OK;
}

/* --- outputs --- */

static void save_outputs(const zc_abi *abi, zc_writer *out)
{
    zc_put_u32(out, (uint32_t)abi->output_count);
    for (size_t i = 0; i < abi->output_count; i++) {
        const zc_abi_bytes *output = &abi->outputs[i];
        zc_put_string(out, output->name, (uint32_t)output->name_size);
        zc_put_u64(out, output->size);
        zc_put(out, output->bytes, output->size);
    }
    zc_copies_add(ZC_COPY_SNAPSHOT, abi->output_bytes);
}

static zc_status load_outputs(zc_abi *abi, zc_reader *state, zc_error *error)
{
    uint32_t count = zc_take_u32(state), name_size;
    if (count > ZC_ABI_MAX_OUTPUTS) {
        return zc_fail(error, ZC_SNAPSHOT, "the snapshot holds %u outputs, at most %u are allowed", count,
                       ZC_ABI_MAX_OUTPUTS);
    }
    for (uint32_t i = 0; i < count && !state->failed; i++) {
        const char *name = (const char *)zc_take_string(state, &name_size);
        uint64_t size = zc_take_u64(state);
        const uint8_t *bytes = zc_take(state, size);
        if (!bytes) {
            break;
        }
        if (name_size > ZC_ABI_MAX_NAME || !zc_is_utf8((const uint8_t *)name, name_size) ||
            zc_abi_output_named(abi, name, name_size)) {
            return zc_fail(error, ZC_SNAPSHOT, "the name of the snapshot's output %u is not one, or there twice", i);
        }
        if (size > abi->limits.outputs - abi->output_bytes) {
            return zc_fail(error, ZC_SNAPSHOT, "the snapshot's outputs have more than %llu bytes, the limit here",
                           (ull)abi->limits.outputs);
        }
        if (!zc_abi_put_output(abi, name, name_size, bytes, size)) {
            return zc_fail(error, ZC_NO_MEMORY, "cannot allocate an output of %llu bytes", (ull)size);
        }
    }
    zc_copies_add(ZC_COPY_SNAPSHOT, abi->output_bytes);
    return ZC_OK;
}

/* --- scratch --- */

static bool all_zero(const uint8_t *bytes, uint64_t size)
{
    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

static uint64_t at_most(uint64_t size, uint64_t limit)
{
    return size < limit ? size : limit;
}

/* For each piece, which of its chunks follow, and these. */
static zc_status save_scratch(zc_abi *abi, const zc_abi_entry *entry, uint8_t *piece, zc_writer *out, zc_error *error)
{
    zc_put_u64(out, entry->size);
    for (uint64_t at = 0; at < entry->size && !out->failed; at += PIECE) {
        uint64_t size = at_most(entry->size - at, PIECE), mask = 0;
        zc_status status = zc_device_download_as(abi->device, entry->region, at, piece, size, ZC_COPY_SNAPSHOT, error);
        if (status != ZC_OK) {
            return status;
        }
        for (uint64_t i = 0; i * CHUNK < size; i++) {
            mask |= (uint64_t)!all_zero(piece + i * CHUNK, at_most(size - i * CHUNK, CHUNK)) << i;
        }
        zc_put_u64(out, mask);
        for (uint64_t i = 0; i * CHUNK < size; i++) {
            if (mask >> i & 1) {
                zc_put(out, piece + i * CHUNK, at_most(size - i * CHUNK, CHUNK));
            }
        }
    }
    return ZC_OK;
}

/* A piece of new scratch. Where it is the device's own it holds anything, and zeros are moved, too. */
static zc_status load_piece(zc_abi *abi, const zc_abi_entry *entry, uint64_t at, zc_reader *state, uint8_t *piece,
                            zc_error *error)
{
    uint64_t size = at_most(entry->size - at, PIECE), mask = zc_take_u64(state);
    bool apart = zc_device_is_apart(abi->device);
    zc_status status = ZC_OK;
    for (uint64_t i = 0; i * CHUNK < size && status == ZC_OK; i++, mask >>= 1) {
        uint64_t length = at_most(size - i * CHUNK, CHUNK);
        const uint8_t *bytes = mask & 1 ? zc_take(state, length) : NULL;
        if (apart && bytes) {
            memcpy(piece + i * CHUNK, bytes, length);
        } else if (apart) {
            memset(piece + i * CHUNK, 0, length);
        } else if (bytes) {
            status =
                zc_device_upload_as(abi->device, entry->region, at + i * CHUNK, bytes, length, ZC_COPY_SNAPSHOT, error);
        }
    }
    if (status == ZC_OK && mask) {
        return zc_fail(error, ZC_SNAPSHOT, "the snapshot's scratch memory has more than its %llu bytes",
                       (ull)entry->size);
    }
    if (status == ZC_OK && apart && !state->failed) {
        status = zc_device_upload_as(abi->device, entry->region, at, piece, size, ZC_COPY_SNAPSHOT, error);
    }
    return status;
}

static zc_status load_scratch(zc_abi *abi, zc_abi_entry *entry, zc_reader *state, uint8_t *piece, zc_error *error)
{
    uint64_t size = zc_take_u64(state), left = abi->limits.scratch - abi->scratch_bytes;
    if (size > left) {
        return zc_fail(error, ZC_SNAPSHOT, "the snapshot holds %llu bytes of scratch, the limit of %llu leaves %llu",
                       (ull)size, (ull)abi->limits.scratch, (ull)left);
    }
    if (size / PIECE > zc_reader_left(state) / 8) {
        state->failed = true;
        return ZC_OK;
    }
    zc_status status = zc_device_scratch(abi->device, size, &entry->region, error);
    if (status != ZC_OK) {
        return status;
    }
    entry->size = size;
    abi->scratch_bytes += size;
    for (uint64_t at = 0; at < size && status == ZC_OK && !state->failed; at += PIECE) {
        status = load_piece(abi, entry, at, state, piece, error);
    }
    return status;
}

/* --- submissions --- */

static zc_status save_submission(const zc_abi_entry *entry, zc_writer *out, zc_error *error)
{
    zc_abi_end end = {0};
    zc_error why = {0};
    if (entry->end) {
        end = *entry->end;
    } else if (!zc_submission_done(entry->submission)) {
        return zc_fail(error, ZC_BUSY, "the guest has work in flight");
    } else {
        zc_status status = zc_submission_wait(entry->submission, 0, &why);
        end.code = status == ZC_OK ? 0 : (int32_t)zc_abi_errno(status);
        memcpy(end.text, why.message, sizeof end.text);
    }
    zc_put_u64(out, entry->size);
    zc_put_u32(out, (uint32_t)end.code);
    zc_put_string(out, end.text, (uint32_t)strlen(end.text));
    return ZC_OK;
}

/* A text of a failure; it ends with a zero. */
static zc_status load_text(zc_reader *state, char text[sizeof((zc_error *)0)->message], zc_error *error)
{
    uint32_t size;
    const uint8_t *bytes = zc_take_string(state, &size);
    if (size >= sizeof((zc_error *)0)->message || (size && memchr(bytes, 0, size))) {
        return zc_fail(error, ZC_SNAPSHOT, "the text of a failure has %u bytes in the snapshot", size);
    }
    memset(text, 0, sizeof((zc_error *)0)->message);
    if (size) {
        memcpy(text, bytes, size);
    }
    return ZC_OK;
}

static bool is_errno(uint32_t code)
{
    switch (code) {
    case 0:
#define X(name, number, meaning) case number:
        ZCG_ERRNO_LIST(X)
#undef X
        return true;
    default:
        return false;
    }
}

static zc_status load_submission(zc_abi *abi, zc_abi_entry *entry, zc_reader *state, zc_error *error)
{
    uint64_t size = zc_take_u64(state);
    uint32_t code = zc_take_u32(state);
    if (size > ZC_ABI_MAX_RECORDED - abi->recorded || !is_errno(code)) {
        return zc_fail(error, ZC_SNAPSHOT, "a submission of %llu dispatches that ended with %u cannot be", (ull)size,
                       code);
    }
    entry->size = size;
    abi->recorded += size;
    entry->end = zc_calloc(1, sizeof *entry->end);
    if (!entry->end) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a submission's end");
    }
    entry->end->code = (int32_t)code;
    return load_text(state, entry->end->text, error);
}

/* --- tables of handles --- */

static zc_status save_entry(zc_abi *abi, zc_abi_kind kind, zc_abi_entry *entry, uint8_t *piece, zc_writer *out,
                            zc_error *error)
{
    if (kind == ZC_ABI_SCRATCH) {
        return save_scratch(abi, entry, piece, out, error);
    }
    if (kind == ZC_ABI_SUBMISSION) {
        return save_submission(entry, out, error);
    }
    if (entry->tape.sequence && zc_sequence_in_flight(entry->tape.sequence)) {
        return zc_fail(error, ZC_BUSY, "the guest has a sequence in flight");
    }
    zc_abi_tape_save(&entry->tape, out);
    return ZC_OK;
}

/* Of each entry its generation, whether it is used, the next free one, and what it is. */
static zc_status save_table(zc_abi *abi, zc_abi_table *table, uint8_t *piece, zc_writer *out, zc_error *error)
{
    zc_status status = ZC_OK;
    zc_put_u32(out, table->count);
    zc_put_u32(out, table->first_free);
    for (uint32_t i = 0; i < table->count && status == ZC_OK; i++) {
        zc_abi_entry *entry = &table->entries[i];
        zc_put_u32(out, entry->generation);
        zc_put_u8(out, entry->used);
        if (entry->used) {
            status = save_entry(abi, table->kind, entry, piece, out, error);
        } else {
            zc_put_u32(out, entry->next_free);
        }
    }
    return status;
}

/* The same, as if the guest had freed all of them. */
static void save_freed(const zc_abi_table *table, zc_writer *out)
{
    zc_put_u32(out, table->count);
    zc_put_u32(out, table->count ? 1 : 0);
    for (uint32_t i = 0; i < table->count; i++) {
        zc_put_u32(out, (table->entries[i].generation + (uint32_t)table->entries[i].used) & ZC_ABI_GENERATIONS);
        zc_put_u8(out, 0);
        zc_put_u32(out, i + 1 < table->count ? i + 2 : 0);
    }
}

static zc_status load_entry(zc_abi *abi, zc_abi_kind kind, zc_abi_entry *entry, zc_reader *state, uint8_t *piece,
                            zc_error *error)
{
    if (!abi->device) {
        return zc_fail(error, ZC_SNAPSHOT, "the snapshot holds what the guest had on a device, and none is granted");
    }
    return kind == ZC_ABI_SCRATCH      ? load_scratch(abi, entry, state, piece, error)
           : kind == ZC_ABI_SUBMISSION ? load_submission(abi, entry, state, error)
                                       : zc_abi_tape_load(abi, &entry->tape, state, error);
}

/* A chain of all entries that are not used, each once: one of just so many that are not, and then the end. */
static bool free_list_holds(const zc_abi_table *table, uint32_t unused)
{
    uint32_t next = table->first_free;
    for (; unused && next && next <= table->count && !table->entries[next - 1].used; unused--) {
        next = table->entries[next - 1].next_free;
    }
    return unused == 0 && next == 0;
}

static zc_status load_table(zc_abi *abi, zc_abi_table *table, zc_reader *state, uint8_t *piece, zc_error *error)
{
    uint32_t count = zc_take_u32(state), unused = 0;
    zc_status status = ZC_OK;
    if (count > table->limit) {
        return zc_fail(error, ZC_SNAPSHOT, "a table of %u handles in the snapshot, at most %u are allowed", count,
                       table->limit);
    }
    table->first_free = zc_take_u32(state);
    if (count) {
        table->entries = zc_calloc(count, sizeof *table->entries);
        if (!table->entries) {
            return zc_fail(error, ZC_NO_MEMORY, "cannot allocate %u handles", count);
        }
        table->capacity = count;
    }
    while (table->count < count && status == ZC_OK && !state->failed) {
        zc_abi_entry *entry = &table->entries[table->count++];
        uint32_t generation = zc_take_u32(state);
        uint8_t used = zc_take_u8(state);
        if (generation > ZC_ABI_GENERATIONS || used > 1) {
            return zc_fail(error, ZC_SNAPSHOT, "a handle of generation %u in the snapshot", generation);
        }
        entry->generation = (uint16_t)generation;
        entry->used = used;
        if (used) {
            status = load_entry(abi, table->kind, entry, state, piece, error);
        } else {
            entry->next_free = zc_take_u32(state);
            unused++;
        }
    }
    if (status == ZC_OK && !state->failed && !free_list_holds(table, unused)) {
        return zc_fail(error, ZC_SNAPSHOT, "the free handles among %u in the snapshot contradict each other", count);
    }
    return status;
}

/* --- all of it --- */

static zc_status save_device_state(zc_abi *abi, zc_writer *out, zc_error *error)
{
    uint8_t *piece = abi->scratches.count ? zc_malloc(PIECE) : NULL;
    if (abi->scratches.count && !piece) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate %llu bytes to save scratch memory", (ull)PIECE);
    }
    zc_status status = save_table(abi, &abi->scratches, piece, out, error);
    zc_free(piece);
    if (status == ZC_OK) {
        status = save_table(abi, &abi->sequences, NULL, out, error);
    }
    if (status == ZC_OK) {
        status = save_table(abi, &abi->submissions, NULL, out, error);
    }
    zc_abi_tape_save(&abi->tape, out);
    return status;
}

zc_status zc_abi_save(zc_abi *abi, bool device_state, zc_writer *out, zc_error *error)
{
    static const zc_abi_tape nothing;
    zc_status status = ZC_OK;
    zc_put_u32(out, VERSION);
    save_kernels(out);
    save_outputs(abi, out);
    if (device_state) {
        status = save_device_state(abi, out, error);
    } else {
        zc_abi_tape empty = nothing;
        save_freed(&abi->scratches, out);
        save_freed(&abi->sequences, out);
        save_freed(&abi->submissions, out);
        zc_abi_tape_save(&empty, out);
    }
    zc_put_string(out, abi->error.message, (uint32_t)strlen(abi->error.message));
    if (status == ZC_OK && out->failed) {
        status = zc_fail(error, ZC_NO_MEMORY, "cannot allocate more than %zu bytes for a snapshot of the imports",
                         out->size);
    }
    return status;
}

static zc_status load_device_state(zc_abi *abi, zc_reader *state, zc_error *error)
{
    uint8_t *piece = abi->device && zc_device_is_apart(abi->device) ? zc_malloc(PIECE) : NULL;
    if (abi->device && zc_device_is_apart(abi->device) && !piece) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate %llu bytes to restore scratch memory", (ull)PIECE);
    }
    zc_status status = load_table(abi, &abi->scratches, state, piece, error);
    zc_free(piece);
    if (status == ZC_OK) {
        status = load_table(abi, &abi->sequences, state, NULL, error);
    }
    if (status == ZC_OK) {
        status = load_table(abi, &abi->submissions, state, NULL, error);
    }
    return status == ZC_OK ? zc_abi_tape_load(abi, &abi->tape, state, error) : status;
}

zc_status zc_abi_load(zc_abi *abi, zc_reader *state, zc_error *error)
{
    if (abi->scratches.count || abi->sequences.count || abi->submissions.count || abi->output_count ||
        abi->tape.batch) {
        return zc_fail(error, ZC_BAD_VALUE, "only imports that no guest has used yet can be restored");
    }
    uint32_t version = zc_take_u32(state);
    if (version != VERSION) {
        return zc_fail(error, ZC_SNAPSHOT, "the imports are of version %u in the snapshot, this is version %u", version,
                       VERSION);
    }
    zc_status status = load_kernels(state, error);
    if (status == ZC_OK) {
        status = load_outputs(abi, state, error);
    }
    if (status == ZC_OK) {
        status = load_device_state(abi, state, error);
    }
    if (status == ZC_OK) {
        status = load_text(state, abi->error.message, error);
    }
    if (status == ZC_OK && state->failed) {
        status = zc_fail(error, ZC_SNAPSHOT, "the snapshot's part about the imports is cut off");
    }
    return status;
}
