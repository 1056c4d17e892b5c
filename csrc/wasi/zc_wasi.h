/* zc_wasi: WASI preview 1, the system interface that ordinary compilers' programs import.
 *
 * One zc_wasi belongs to one instance and holds what that instance was granted: arguments, environment, three
 * standard streams, and directories under names of the guest's world. What was not granted is not there: no
 * files, no network, an empty environment. The functions never follow a path out of a granted directory, check
 * each pointer once against the memory's present size and each descriptor against its rights, and answer with
 * the errno values of WASI. Waiting honours the instance's deadline and interrupt (zc_instance_pause).
 *
 * Ownership: zc_wasi_new copies the options' strings and duplicates their descriptors; the contexts of stream
 * functions are borrowed and must outlive it. Free it after the instance. Threads: those of the instance, one
 * at a time. The module name wasi_unstable (preview 0), which older files import, is served as well.
 */
#ifndef ZC_WASI_H
#define ZC_WASI_H

#include "base/zc_bytes.h"
#include "guest/zc_guest.h"

typedef struct zc_wasi zc_wasi;

/* *done of a stream's function that can do nothing just now: it is called again a little later. */
#define ZC_WASI_LATER SIZE_MAX

/* What a standard stream is. With neither a descriptor nor a function: reads find the end, writes vanish. */
typedef struct zc_wasi_stream {
    int descriptor; /* of the host, or -1 */
    /* Without a descriptor these, when set. *done: how many bytes, at most `size`; 0 read is the end. A failure ends
     * the guest's call. They may run the instance's exports.
     * With a descriptor that the host's program reads or writes through a buffer of its own, too: `read` gives what
     * that has read ahead, 0 for nothing, before the descriptor is read; `write`, called with no bytes, makes it write
     * what it holds back; and `settle` is called after the descriptor was used. */
    zc_status (*read)(void *context, uint8_t *bytes, size_t size, size_t *done, zc_error *error);
    zc_status (*write)(void *context, const uint8_t *bytes, size_t size, size_t *done, zc_error *error);
    zc_status (*settle)(void *context, zc_error *error);
    void *context;
} zc_wasi_stream;

typedef struct zc_wasi_directory {
    const char *name; /* in the guest */
    int descriptor; /* of a directory of the host */
    bool writable;
} zc_wasi_directory;

typedef struct zc_wasi_options {
    const char *const *args;
    uint32_t arg_count;
    const char *const *env; /* "NAME=value" */
    uint32_t env_count;
    zc_wasi_stream streams[3];
    const zc_wasi_directory *directories;
    uint32_t directory_count;
} zc_wasi_options;

/* Descriptors that a guest may have at once: streams, granted directories, and what it opens. */
#define ZC_WASI_MAX_FILES 256u

zc_status zc_wasi_new(const zc_wasi_options *options, zc_wasi **out, zc_error *error);
void zc_wasi_free(zc_wasi *wasi); /* NULL is fine */
/* The instance whose imports were taken from here, before it runs. */
void zc_wasi_bind(zc_wasi *wasi, zc_instance *instance);

/* Whether imports of this module name are WASI's. */
bool zc_wasi_is_module(zc_name module);
/* Fill *out for the import of a function of `type`; ZC_LINK when there is none of that name and type. */
zc_status zc_wasi_import(zc_wasi *wasi, const zc_import *import, const zc_func_type *type, zc_import_value *out,
                         zc_error *error);

/* --- snapshots and forks (zc_wasi_state.c); none of it while the guest runs --- */

/* Append what each descriptor is: a stream by its number, a granted directory by its name; with rights and flags. An
 * open file, or a directory that the guest opened, is ZC_UNSUPPORTED. */
zc_status zc_wasi_save(const zc_wasi *wasi, zc_writer *out, zc_error *error);
/* The opposite, into a new one: descriptors get their numbers back, and of their rights those that are granted now. A
 * directory that is not granted now, and bytes that say what cannot be, are ZC_SNAPSHOT, and nothing has changed. */
zc_status zc_wasi_load(zc_wasi *wasi, zc_reader *state, zc_error *error);

#endif
