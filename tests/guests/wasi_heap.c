/* What tests/test_guest_memory.py calls: a library with a C library's allocator, and functions over what it gives. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT(name) __attribute__((export_name(#name)))

EXPORT(malloc) void *heap_malloc(size_t size)
{
    return malloc(size);
}

EXPORT(free) void heap_free(void *pointer)
{
    free(pointer);
}

EXPORT(total) float total(const float *x, int count)
{
    float sum = 0;
    for (int i = 0; i < count; i++) {
        sum += x[i];
    }
    return sum;
}

EXPORT(length) int length(const char *text)
{
    return (int)strlen(text);
}

/* A text of the guest's own, which the host frees. */
EXPORT(shout) char *shout(const char *text)
{
    char *copy = strdup(text);
    for (char *at = copy; copy && *at; at++) {
        *at = (char)toupper((unsigned char)*at);
    }
    return copy;
}

struct particle {
    float place[3];
    uint8_t kind;
    double mass;
};

EXPORT(heaviest) int heaviest(const struct particle *all, int count)
{
    int best = -1;
    for (int i = 0; i < count; i++) {
        if (best < 0 || all[i].mass > all[best].mass) {
            best = i;
        }
    }
    return best;
}

int main(void)
{
    return 0;
}
