/* test_wasmtime: the loader of libwasmtime with its self-test, compiling, and what a fork does to them.
 *
 * Built by tests/test_wasmtime_core.py from this file and base, region, validate and engine/. Arguments: the library, its
 * version. Prints the first failure and exits with 1. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/zc_alloc.h"
#include "engine/zc_wasmtime.h"

static _Thread_local zc_error error;
#include "check.h"

/* (module (func (export "f") (result i32) i32.const 7)) */
static const uint8_t small[] = {0, 'a', 's', 'm', 1, 0, 0,   0, 1, 5,  1, 0x60, 0, 1, 0x7f, 3, 2,
                                1, 0,   7,   5,   1, 1, 'f', 0, 0, 10, 6, 1,    4, 0, 0x41, 7, 11};

static uint8_t *large; /* a module of many functions, which takes some hundred milliseconds to compile */
static size_t large_size;

static void put_u32(zc_writer *out, uint32_t value)
{
    for (; value >= 0x80; value >>= 7) {
        zc_put_u8(out, (uint8_t)(value | 0x80));
    }
    zc_put_u8(out, (uint8_t)value);
}

static void make_large(void)
{
    enum { FUNCTIONS = 500, STEPS = 400 };
    zc_writer body = {0}, out = {0};
    zc_put_u8(&body, 0);
    for (int i = 0; i < STEPS; i++) { /* x = x * x + 7, as i32 of the parameter */
        zc_put(&body, "\x20\x00\x20\x00\x6c\x41\x07\x6a\x21\x00", 10);
    }
    zc_put(&body, "\x20\x00\x0b", 3);
    zc_put(&out, "\0asm\1\0\0\0\1\6\1\x60\1\x7f\1\x7f", 16);
    zc_put_u8(&out, 3);
    put_u32(&out, FUNCTIONS + 2);
    put_u32(&out, FUNCTIONS);
    for (int i = 0; i < FUNCTIONS; i++) {
        zc_put_u8(&out, 0);
    }
    zc_writer code = {0};
    put_u32(&code, FUNCTIONS);
    for (int i = 0; i < FUNCTIONS; i++) {
        put_u32(&code, (uint32_t)body.size);
        zc_put(&code, body.bytes, body.size);
    }
    zc_put_u8(&out, 10);
    put_u32(&out, (uint32_t)code.size);
    zc_put(&out, code.bytes, code.size);
    zc_writer_free(&body);
    zc_writer_free(&code);
    CHECK(!out.failed);
    large = out.bytes;
    large_size = out.size;
}

static _Atomic bool compiling;

static void *compile_large(void *unused)
{
    wasmtime_module_t *module;
    (void)unused;
    CHECK(zc_wasmtime_compile(ZC_WASMTIME_PLAIN, large, large_size, &module, &error) == ZC_OK);
    zc_wt.wasmtime_module_delete(module);
    compiling = false;
    return NULL;
}

static int child_status(int (*body)(void))
{
    int code;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        _exit(body());
    }
    CHECK(waitpid(child, &code, 0) == child);
    return WIFEXITED(code) ? WEXITSTATUS(code) : 100;
}

static int compiles(void)
{
    wasmtime_module_t *module = NULL;
    (void)alarm(30);
    if (zc_wasmtime_compile(ZC_WASMTIME_FUEL, small, sizeof small, &module, &error) != ZC_OK) {
        return error.code == ZC_UNSUPPORTED && strstr(error.message, "forked") ? 3 : 4;
    }
    zc_wt.wasmtime_module_delete(module);
    return 0;
}

static void test_code(void)
{
    wasmtime_module_t *module, *again;
    zc_writer code = {0};
    CHECK(zc_wasmtime_validate(small, sizeof small, &error) == ZC_OK);
    CHECK(zc_wasmtime_validate(small, sizeof small - 1, &error) == ZC_INVALID);
    CHECK(zc_wasmtime_compile(ZC_WASMTIME_PLAIN, small, sizeof small - 1, &module, &error) == ZC_INVALID);
    CHECK(!strchr(error.message, '\n') && module == NULL);
    CHECK(zc_wasmtime_compile(ZC_WASMTIME_PLAIN, small, sizeof small, &module, &error) == ZC_OK);
    CHECK(zc_wasmtime_serialize(module, &code, &error) == ZC_OK);
    CHECK(zc_wasmtime_deserialize(ZC_WASMTIME_PLAIN, code.bytes, code.size, &again, &error) == ZC_OK);
    zc_wt.wasmtime_module_delete(again);
    zc_wt.wasmtime_module_delete(module);
    /* Code of the other engine is refused, and bytes that are no code. */
    CHECK(zc_wasmtime_deserialize(ZC_WASMTIME_FUEL, code.bytes, code.size, &again, &error) == ZC_UNSUPPORTED);
    CHECK(zc_wasmtime_deserialize(ZC_WASMTIME_PLAIN, small, sizeof small, &again, &error) == ZC_UNSUPPORTED);
    CHECK(zc_wasmtime_deserialize(ZC_WASMTIME_PLAIN, code.bytes, 0, &again, &error) == ZC_UNSUPPORTED);
    zc_writer_free(&code);
}

int main(int argc, char **argv)
{
    pthread_t thread;
    if (argc != 3) {
        return 2;
    }
    CHECK(zc_wasmtime_ready(&error) == ZC_UNSUPPORTED && zc_wasmtime_version()[0] == 0);
    zc_wasmtime_advance(); /* nothing to do yet */
    if (zc_wasmtime_load(argv[1], argv[2], &error) != ZC_OK) {
        printf("refused: %s\n", error.message);
        memset(&error, 0, sizeof error);
        CHECK(zc_wasmtime_load("elsewhere", "1", &error) == ZC_UNSUPPORTED &&
              error.message[0]); /* once for a process */
        CHECK(zc_wasmtime_ready(&error) == ZC_UNSUPPORTED);
        return 0;
    }
    CHECK(zc_wasmtime_load("elsewhere", "1", &error) == ZC_OK && !strcmp(zc_wasmtime_version(), argv[2]));
    zc_wasmtime_advance();
    test_code();
    CHECK(child_status(compiles) == 0);
    make_large();
    int found = 0;
    for (int i = 0; i < 10 && found == 0; i++) { /* this thread may be late, and find that the other one is done */
        compiling = true;
        CHECK(pthread_create(&thread, NULL, compile_large, NULL) == 0);
        while (compiling && found == 0) { /* or early, before it is inside */
            found = child_status(compiles);
        }
        CHECK(pthread_join(thread, NULL) == 0);
    }
    CHECK(found == 3);
    CHECK(child_status(compiles) == 0);
    zc_free(large);
    puts("ok");
    return 0;
}
