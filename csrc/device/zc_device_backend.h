/* zc_device_backend: what a device backend (cpu, vulkan, metal) implements and what it is given.
 *
 * A backend knows pointers and lengths: not regions, guests or Python. zc_dispatch.c has checked every
 * command before a backend sees it: kernel and parameters agree, each binding lies inside its buffer, is
 * aligned to its element size and exactly as long as the kernel needs, and written bindings overlap nothing
 * (or are the very same range as an input where the kernel may run in place). The generic layer also finds
 * which commands conflict, caches buffers per region, and owns submissions.
 *
 * Ownership: what `open` and `buffer_from_host` return belongs to the generic layer, which hands it to
 * `close` and `buffer_release` exactly once, when no work that uses it is in flight. A zc_device_piece is
 * the backend's from `submit` until the backend calls zc_device_piece_done.
 * Threads: every function may be called from any thread, several at once; `close` is called last, possibly
 * on the thread that called zc_device_piece_done (a backend that joins its own thread must look).
 */
#ifndef ZC_DEVICE_BACKEND_H
#define ZC_DEVICE_BACKEND_H

#include <pthread.h>
#include <stdatomic.h>

#include "device/zc_device.h"

typedef struct zc_device_binding {
    void *buffer;    /* from buffer_from_host; without that slot the host address itself; NULL when empty */
    uint64_t offset; /* any multiple of the element size: the device's own alignment is the backend's task */
    uint64_t length; /* bytes that the kernel reads or writes from there */
} zc_device_binding;

typedef struct zc_device_command {
    const zc_kernel *kernel;
    bool barrier; /* must see the writes of, or not overtake, a command since the last barrier */
    zc_device_binding bindings[ZC_KERNEL_MAX_BINDINGS];
    uint32_t params[ZC_KERNEL_MAX_PARAMS / 4]; /* the kernel's own struct */
} zc_device_command;

/* A part of a dispatch: some of a stage's workgroups, a box of them. No groups in it: all there are, of all stages. */
typedef struct zc_device_part {
    uint32_t stage;
    uint32_t first[3], groups[3];
} zc_device_part;

/* What a backend is given of a submission at a time: all of it, some of its commands, or a part of one. */
typedef struct zc_device_piece {
    struct zc_device_piece *next; /* free for the backend's use */
    const zc_device_command *commands;
    size_t count; /* may be 0: the piece still completes in its turn */
    const _Atomic bool *cancelled; /* set: nobody wants the rest of it, see zc_device_backend.cancels */
    void *prepared; /* what `prepare` made of these commands, or NULL */
    zc_device_part part; /* of the only command, what is to run; a backend that cancels gets no parts */
} zc_device_piece;

typedef struct zc_device_backend {
    const char *kind;
    /* Fill `info` (zeroed, kind set) with what `open` would give; available and reason tell. */
    void (*probe)(zc_device_info *info);
    /* Optional, instead of probe where there may be several devices: fill up to `capacity` entries, best
     * first, each with kind and index; returns how many there are, at least one. */
    size_t (*list)(zc_device_info *out, size_t capacity);
    /* `info` holds what probe or list gave and may be refined; info->index says which one. */
    zc_status (*open)(const zc_device_options *options, zc_device_info *info, void **self, zc_error *error);
    void (*close)(void *self);

    /* Optional pair: a device's view of host memory, `address` and `size` multiples of
     * ZC_REGION_ALIGNMENT; read_only: weights, of a mapped file or made. `device_address` is where the device
     * sees the first byte. */
    zc_status (*buffer_from_host)(void *self, void *address, uint64_t size, bool read_only, void **buffer,
                                  void **device_address, zc_error *error);
    void (*buffer_release)(void *self, void *buffer);
    /* Optional pair: memory of the device's own, released as other buffers are, and copies between it and
     * the host, after all that was submitted before. Not used where memory is unified. */
    zc_status (*buffer_local)(void *self, uint64_t size, void **buffer, zc_error *error);
    zc_status (*buffer_copy)(void *self, void *buffer, uint64_t offset, void *host, uint64_t size, bool to_device,
                             zc_error *error);
    /* Optional, beside that pair: copies from a view of host memory into memory of the device's own, as buffer_copy. */
    zc_status (*buffer_move)(void *self, void *from, uint64_t from_offset, void *to, uint64_t to_offset, uint64_t size,
                             zc_error *error);

    /* Optional pair: the driver's own handle of a buffer over host memory, for other libraries that use the driver in this
     * process; `address` and `size` as of buffer_from_host. Released on any thread, by whoever used it last. */
    zc_status (*share)(void *self, void *address, uint64_t size, void **handle, zc_error *error);
    void (*share_release)(void *self, void *handle);

    /* Optional pair: lay matrices of weights out anew in host memory, for products that come later (`address` and all
     * else of their dispatches stay as they are). `*packed`: what was made, or NULL where nothing was; it is released when
     * nothing uses the weights any more, on any thread. */
    zc_status (*pack)(void *self, const zc_device_matrix *matrices, size_t count, const zc_device_progress *progress,
                      void **packed, zc_error *error);
    void (*packed_release)(void *packed);

    /* Optional pair: a user's kernel; `source` has SPIR-V, aligned, or MSL or both. `*compiled` is not NULL and
     * becomes zc_kernel.compiled. */
    zc_status (*compile)(void *self, const zc_kernel_source *source, void **compiled, zc_error *error);
    void (*compiled_release)(void *self, void *compiled);
    /* Runs kernels over rows (zc_kernel.over_rows), whose zc_kernel.compiled is a zc_row_code; it is not asked to compile
     * them. */
    bool runs_rows;
    /* Commands run one after the other, so that barriers are not looked for. */
    bool in_order;
    /* It looks at zc_device_piece.cancelled, ends such a piece within milliseconds, also in the middle of a command, and
     * reports it done with ZC_CANCELLED. Others get guests' work in pieces (zc_pace.c). */
    bool cancels;
    /* The system ends what a driver was given and takes long: the host's work is given in pieces, too. */
    bool watched;
    /* Optional: this device refuses work for ever; whoever opens the kind gets another. */
    bool (*lost)(void *self);
    /* Elementwise kernels may have bindings longer than max_buffer: the backend cuts them. */
    bool splits_elementwise;

    /* Optional: one command to its end on the calling thread, after all that was submitted before.
     * Without it the generic layer submits and waits. */
    zc_status (*run)(void *self, const zc_device_command *command, zc_error *error);
    /* Optional: commands to their end on the calling thread, at once: nothing is in flight. Calls `pause` (not
     * NULL) after each command, and stops when that fails. Without it the generic layer submits and waits. */
    zc_status (*run_all)(void *self, const zc_device_command *commands, size_t count, zc_pause_function pause,
                         void *context, zc_error *error);
    /* Optional pair, for sequences: what makes submitting these commands again cheaper. It is given along with
     * them (zc_device_piece.prepared), also several times at once, and released when it is not in flight. */
    zc_status (*prepare)(void *self, const zc_device_command *commands, size_t count, void **prepared, zc_error *error);
    void (*prepared_release)(void *self, void *prepared);
    /* Optional: work is queued or in flight, so that `run` would have to wait for it. */
    bool (*busy)(void *self);
    /* Devices go on working in the child of a fork, where the backend forgets all queued work (ZC_FORK_HANDLERS;
     * it is finished as lost). Other devices the generic layer refuses in the child. */
    bool survives_fork;
    /* In the child nothing of the kind can be opened either: the driver must not be called there. */
    bool not_in_child;
    /* Queue a piece; pieces run in this order. On failure it stays the caller's. */
    zc_status (*submit)(void *self, zc_device_piece *piece, zc_error *error);
    /* Optional: submit, and do or wait for this piece on the calling thread, which saves waking others. Calls `pause` (not
     * NULL) every few milliseconds or between commands; when that fails, returns its status, and the piece goes on like
     * any other or ends cancelled. *submitted false: submitting failed, and the piece is still the caller's. ZC_OK: it is
     * submitted, and most often done. */
    zc_status (*submit_and_wait)(void *self, zc_device_piece *piece, zc_pause_function pause, void *context,
                                 bool *submitted, zc_error *error);
    /* Optional: see zc_device_validation. */
    int64_t (*validation)(char *out, size_t size);
} zc_device_backend;

/* The piece is finished: `seconds` is the time that the device spent on it, `error` says why when `status` is
 * not ZC_OK. Any thread; the last call for this piece, which may free it and close the device. */
void zc_device_piece_done(zc_device_piece *piece, zc_status status, double seconds, const zc_error *error);

/* What a backend's own thread still does when `close` has returned, with its driver: begun (by then), and over. The end of
 * the process waits for it, since a driver that is taken down meanwhile crashes. */
void zc_device_ending(bool begun);

/* Put behind the offsets of the bindings what a shader is pushed besides (shaders/README.md): of its workgroups, and the
 * parameters. `groups` are those of the whole stage, and become those to dispatch. Returns the words in all. */
uint32_t zc_device_push(const zc_device_command *command, const zc_device_part *part, uint32_t groups[3],
                        uint32_t push[ZC_KERNEL_PUSH_WORDS]);

/* A thread of a backend's own. It blocks all signals: they are for the host program's threads. */
zc_status zc_device_start_thread(pthread_t *out, void *(*main)(void *), void *argument, zc_error *error);

/* One per backend; an absent one is a stub that says why in `reason`. */
extern const zc_device_backend zc_device_metal, zc_device_vulkan, zc_device_cpu;

#endif
