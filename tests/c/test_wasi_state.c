/* test_wasi_state: which descriptor is what, saved and loaded into a context with other grants: numbers, rights and flags
 * come back, never more than is granted; what cannot be is refused, and nothing has changed then; hostile bytes of it
 * do no harm.
 *
 *     test_wasi_state FOLDER ROUNDS        prints "ok"
 *
 * Built by tests/test_wasi_state.py from this file, base, region, validate, guest, wasi and wasm3.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wasi/zc_wasi_internal.h"

#include "check.h"
#include "counted_alloc.h"

static zc_error error;
static int folder; /* stands for every directory of the host */
static char contexts[3];

static zc_wasi *make(const char *const *directories, uint32_t count, bool writable)
{
    zc_wasi_directory granted[4];
    zc_wasi_options options = {.directories = granted, .directory_count = count};
    zc_wasi *wasi;
    for (uint32_t i = 0; i < 3; i++) {
        options.streams[i] = (zc_wasi_stream){.descriptor = -1, .context = &contexts[i]};
    }
    for (uint32_t i = 0; i < count; i++) {
        granted[i] = (zc_wasi_directory){.name = directories[i], .descriptor = folder, .writable = writable};
    }
    CHECK(zc_wasi_new(&options, &wasi, &error) == ZC_OK);
    return wasi;
}

static const char *const names[] = {"/data", "/", "/tmp"};
static const char *const otherwise[] = {"/more", "/tmp", "/", "/data"};

/* A function of WASI that needs no memory and does not wait. */
static zc_wasi_errno call(zc_wasi *wasi, zc_wasi_errno (*function)(zc_wasi_call *), uint64_t a, uint64_t b, uint64_t c)
{
    const uint64_t slots[] = {a, b, c};
    return function(&(zc_wasi_call){.wasi = wasi, .slots = slots});
}

static zc_writer save(const zc_wasi *wasi)
{
    zc_writer out = {0};
    CHECK(zc_wasi_save(wasi, &out, &error) == ZC_OK);
    return out;
}

static zc_status load(zc_wasi *wasi, const zc_writer *state)
{
    zc_reader reader = {.at = state->bytes, .end = state->bytes + state->size};
    zc_status status = zc_wasi_load(wasi, &reader, &error);
    CHECK(status != ZC_OK || zc_reader_left(&reader) == 0);
    return status;
}

static unsigned open_descriptors(void)
{
    unsigned count = 0;
    for (int fd = 0; fd < 1024; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

/* A guest that has moved, closed and restricted what it got. */
static zc_wasi *used(void)
{
    zc_wasi *wasi = make(names, 3, true);
    CHECK(call(wasi, zc_wasi_fd_renumber, 1, 3, 0) == W_SUCCESS); /* stdout in the place of /data */
    CHECK(call(wasi, zc_wasi_fd_renumber, 5, 0, 0) == W_SUCCESS); /* /tmp in that of stdin */
    CHECK(call(wasi, zc_wasi_fd_fdstat_set_rights, 4, R_PATH_OPEN | R_FD_READDIR, R_FD_READ) == W_SUCCESS);
    CHECK(call(wasi, zc_wasi_fd_fdstat_set_flags, 3, FLAG_NONBLOCK, 0) == W_SUCCESS);
    return wasi;
}

static void test_descriptors_come_back(void)
{
    unsigned open_before = open_descriptors();
    zc_wasi *wasi = used(), *other = make(otherwise, 4, true);
    zc_writer state = save(wasi), again;
    CHECK(load(other, &state) == ZC_OK);
    again = save(other);
    CHECK(again.size == state.size && memcmp(again.bytes, state.bytes, state.size) == 0);
    zc_wasi_file *files = other->files;
    CHECK(files[0].kind == KIND_DIRECTORY && strcmp(files[0].name, "/tmp") == 0 && files[0].host >= 0);
    CHECK(files[1].kind == KIND_FREE && files[5].kind == KIND_FREE && files[6].kind == KIND_FREE);
    CHECK(files[2].kind == KIND_STREAM && files[2].stream.context == &contexts[2]);
    CHECK(files[3].kind == KIND_STREAM && files[3].stream.context == &contexts[1] && files[3].flags == FLAG_NONBLOCK);
    CHECK(files[4].kind == KIND_DIRECTORY && strcmp(files[4].name, "/") == 0);
    CHECK(files[4].rights == (R_PATH_OPEN | R_FD_READDIR) && files[4].inheriting == R_FD_READ);
    zc_wasi_free(other);
    /* Granted for reading only, the rights to write are gone. */
    other = make(otherwise, 4, false);
    CHECK(load(other, &state) == ZC_OK);
    CHECK(other->files[0].rights == R_DIRECTORY_READ && other->files[4].rights == (R_PATH_OPEN | R_FD_READDIR));
    CHECK((other->files[0].inheriting & R_FILE_WRITE & ~R_FILE_READ) == 0 && wasi->files[0].rights != R_DIRECTORY_READ);
    zc_wasi_free(other);
    zc_wasi_free(wasi);
    zc_writer_free(&state);
    zc_writer_free(&again);
    CHECK(open_descriptors() == open_before);
}

static void test_what_is_refused(void)
{
    zc_wasi *wasi = used(), *other = make(names, 2, true); /* no /tmp */
    zc_writer state = save(wasi), out = {0}, before = save(other), after;
    CHECK_FAILS(load(other, &state), ZC_SNAPSHOT, "directory '/tmp' is not granted");
    after = save(other);
    CHECK(after.size == before.size && memcmp(after.bytes, before.bytes, after.size) == 0);
    wasi->files[9] = (zc_wasi_file){.kind = KIND_FILE, .host = -1};
    CHECK_FAILS(zc_wasi_save(wasi, &out, &error), ZC_UNSUPPORTED, "descriptor 9 is an open file");
    wasi->files[9].kind = KIND_DIRECTORY;
    CHECK_FAILS(zc_wasi_save(wasi, &out, &error), ZC_UNSUPPORTED, "descriptor 9 is an open directory");
    CHECK(call(wasi, zc_wasi_fd_close, 9, 0, 0) == W_SUCCESS);
    CHECK(zc_wasi_save(wasi, &out, &error) == ZC_OK);
    zc_wasi_free(wasi);
    zc_wasi_free(other);
    zc_writer_free(&state);
    zc_writer_free(&out);
    zc_writer_free(&before);
    zc_writer_free(&after);
}

static void test_allocations(void)
{
    zc_wasi *wasi = used();
    zc_writer state = save(wasi), out = {0};
    countdown = 0;
    CHECK_FAILS(zc_wasi_save(wasi, &out, &error), ZC_NO_MEMORY, "descriptors");
    zc_wasi *other = make(names, 3, true);
    countdown = 0;
    CHECK_FAILS(load(other, &state), ZC_NO_MEMORY, "descriptors");
    CHECK(load(other, &state) == ZC_OK);
    zc_wasi_free(other);
    zc_wasi_free(wasi);
    zc_writer_free(&state);
    zc_writer_free(&out);
}

/* --- hostile bytes --- */

static unsigned loaded, refused;

static void try_bytes(const uint8_t *bytes, size_t size)
{
    uint8_t *exact = malloc(size ? size : 1); /* so that what is read behind them is noticed */
    zc_wasi *wasi = make(names, 3, false);
    CHECK(exact);
    memcpy(exact, bytes, size);
    zc_reader reader = {.at = exact, .end = exact + size};
    zc_status status = zc_wasi_load(wasi, &reader, &error);
    free(exact);
    CHECK(status == ZC_OK || status == ZC_SNAPSHOT);
    *(status == ZC_OK ? &loaded : &refused) += 1;
    unsigned count[KIND_DIRECTORY + 1] = {0};
    for (uint32_t fd = 0; fd < ZC_WASI_MAX_FILES; fd++) {
        const zc_wasi_file *file = &wasi->files[fd];
        count[file->kind]++;
        if (file->kind == KIND_STREAM) {
            CHECK(file->stream.context == &contexts[file->number]);
            CHECK(!(file->rights & (file->number ? R_FD_READ : R_FD_WRITE)) && !file->inheriting);
        } else if (file->kind == KIND_DIRECTORY) {
            CHECK(!(file->rights & ~(uint64_t)R_DIRECTORY_READ) && file->name && file->host >= 0);
            CHECK(!(file->inheriting & ~(uint64_t)(R_DIRECTORY_READ | R_FILE_READ)));
        }
        CHECK(file->flags < 32);
    }
    CHECK(count[KIND_FILE] == 0 && count[KIND_STREAM] <= 3 && count[KIND_DIRECTORY] <= 3);
    zc_writer out = save(wasi);
    zc_writer_free(&out);
    zc_wasi_free(wasi);
}

static uint32_t random_number(void)
{
    static uint64_t state = 1;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33);
}

static void test_hostile(unsigned rounds)
{
    zc_wasi *wasi = used();
    zc_writer state = save(wasi);
    uint8_t *bytes = malloc(state.size);
    unsigned open_before = open_descriptors();
    CHECK(bytes);
    memcpy(bytes, state.bytes, state.size);
    for (size_t i = 0; i < state.size; i++) {
        try_bytes(bytes, i);
        CHECK(loaded == 0);
    }
    for (size_t i = 0; i < state.size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes[i] ^= (uint8_t)(1u << bit);
            try_bytes(bytes, state.size);
            bytes[i] ^= (uint8_t)(1u << bit);
        }
    }
    for (unsigned round = 0; round < rounds; round++) {
        for (unsigned i = random_number() % 3; i < 3; i++) {
            const uint32_t number = random_number() % 4 ? random_number() % 8 : random_number() * 2;
            size_t where = 4 + random_number() % (state.size - 4), size = random_number() % 5;
            memcpy(bytes + where, &number, size < state.size - where ? size : state.size - where);
        }
        try_bytes(bytes, state.size);
        memcpy(bytes, state.bytes, state.size);
    }
    CHECK(loaded > 100 && refused > 100 && open_descriptors() == open_before);
    free(bytes);
    zc_writer_free(&state);
    zc_wasi_free(wasi);
}

int main(int count, char **arguments)
{
    CHECK(count == 3);
    folder = open(arguments[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(folder >= 0);
    test_descriptors_come_back();
    test_what_is_refused();
    test_allocations();
    test_hostile((unsigned)atoi(arguments[2]));
    CHECK(blocks == 0);
    (void)close(folder);
    puts("ok");
    return 0;
}
