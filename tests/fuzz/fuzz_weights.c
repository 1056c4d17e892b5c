/* fuzz_weights: a libFuzzer entry point over what model files may say of their tensors. Whatever names, types, shapes,
 * files and offsets zc_weights_add is given, it refuses them with ZC_MODEL or the tensor's bytes lie inside the file; and
 * what was added is found by its name. There are two files, and bytes that were made. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "weights/zc_weights.h"

#define FILE_SIZE 65539u
#define SECOND_SIZE 32771u
#define MADE_SIZE 259u
#define FILES 3u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static int make_file(off_t size)
{
    FILE *file = tmpfile();
    require(file && ftruncate(fileno(file), size) == 0);
    return fileno(file);
}

static void take(const uint8_t **data, size_t *size, void *out, size_t count)
{
    size_t have = count < *size ? count : *size;
    memset(out, 0, count);
    memcpy(out, *data, have);
    *data += have;
    *size -= have;
}

/* Near what is interesting: 0, a block, the file's size, powers of two; or anything. */
static uint64_t take_number(const uint8_t **data, size_t *size)
{
    static const uint64_t anchors[] = {0, 32, 256, FILE_SIZE, UINT64_C(1) << 32, UINT64_C(1) << 61, 0};
    uint8_t choice;
    int8_t near;
    uint64_t any;
    take(data, size, &choice, 1);
    if (choice % 8 == 7) {
        take(data, size, &any, sizeof any);
        return any;
    }
    take(data, size, &near, sizeof near);
    return anchors[choice % 8 % 7] + (uint64_t)(int64_t)(choice & 8 ? near : near * 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t sizes[FILES] = {FILE_SIZE, SECOND_SIZE, MADE_SIZE};
    static int file = -1, second = -1;
    zc_error error;
    zc_weights *weights;
    zc_region *made;
    if (file < 0) {
        file = make_file(FILE_SIZE);
        second = make_file(SECOND_SIZE);
    }
    require(zc_weights_open(file, &weights, &error) == ZC_OK);
    require(zc_weights_map(weights, second, &error) == ZC_OK);
    require(zc_weights_make(weights, MADE_SIZE, &made, &error) == ZC_OK);
    require(zc_weights_seal(weights, ZC_COPY_WEIGHTS_MADE, &error) == ZC_OK);
    while (size) {
        uint8_t header[3];
        char name[16];
        uint64_t shape[ZC_TENSOR_MAX_DIMS];
        take(&data, &size, header, sizeof header);
        size_t name_size = header[0] % sizeof name;
        take(&data, &size, name, name_size);
        uint32_t ndim = header[1] < 240 ? 1 + header[1] % ZC_TENSOR_MAX_DIMS : (uint32_t)header[1] * 0x01010101u;
        for (int i = 0; i < ZC_TENSOR_MAX_DIMS; i++) {
            shape[i] = take_number(&data, &size);
        }
        uint64_t offset = take_number(&data, &size);
        uint32_t number = header[0] / 16 % (FILES + 1);
        uint32_t before = zc_weights_count(weights), known = zc_weights_find(weights, name, name_size);
        zc_status status = zc_weights_add(weights, name, name_size, header[2] % (ZC_WEIGHT_TYPE_COUNT + 1), ndim, shape,
                                          number, offset, &error);
        if (status != ZC_OK) {
            require(status == ZC_MODEL && error.code == status && error.message[0] && error.offset == offset);
            require(zc_weights_count(weights) == before && zc_weights_find(weights, name, name_size) == known);
            continue;
        }
        require(known == UINT32_MAX && zc_weights_find(weights, name, name_size) == before);
        const zc_tensor *tensor = zc_weights_get(weights, before);
        const uint8_t *bytes = zc_region_base(zc_weights_region(weights, number)) + tensor->offset;
        require(number < FILES && tensor->file == number);
        require(tensor->offset == offset && offset % 4 == 0 && offset <= sizes[number]);
        require(tensor->bytes <= sizes[number] - offset);
        /* Elements are less than four times as many as bytes: Q2_K's 2.6 bits are the least. */
        uint64_t elements = 1;
        for (uint32_t i = 0; i < ndim; i++) {
            require(tensor->shape[i] == shape[i] &&
                    !__builtin_mul_overflow(elements, shape[i] ? shape[i] : 1, &elements));
        }
        require(tensor->bytes == 0 || elements < 4 * tensor->bytes);
        volatile uint8_t last = tensor->bytes ? bytes[0] + bytes[tensor->bytes - 1] : 0;
        (void)last;
    }
    zc_weights_release(weights);
    return 0;
}
