/* core.c: what compilers make of plain C without a library; tests/toolchains.py builds and calls it. Calls through
 * pointers, variadic functions, structs by value, 64-bit and floating-point arithmetic, conversions that saturate
 * where the compiler's default has them, copies and fills, switches, recursion, globals that point to each other. */
#include <stdarg.h>
#include <stddef.h>

#define EXPORT(name) __attribute__((export_name(#name)))

typedef unsigned long long u64;
typedef long long i64;
typedef int (*operation)(int, int);

void *memcpy(void *to, const void *from, size_t size)
{
    char *out = to;
    const char *in = from;
    for (size_t i = 0; i < size; i++) {
        out[i] = in[i];
    }
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    char *out = to;
    for (size_t i = 0; i < size; i++) {
        out[i] = (char)byte;
    }
    return to;
}

static int add(int a, int b)
{
    return a + b;
}
static int subtract(int a, int b)
{
    return a - b;
}
static int multiply(int a, int b)
{
    return a * b;
}
static int divide(int a, int b)
{
    return b ? a / b : 0;
}

static operation volatile table[] = {add, subtract, multiply, divide};

EXPORT(call) int call(unsigned which, int a, int b)
{
    return table[which % 4](a, b);
}

static double sum(int count, ...)
{
    va_list arguments;
    double total = 0;
    va_start(arguments, count);
    for (int i = 0; i < count; i++) {
        total += i % 2 ? (double)va_arg(arguments, i64) : va_arg(arguments, double);
    }
    va_end(arguments);
    return total;
}

EXPORT(variadic) double variadic(void)
{
    return sum(5, 1.5, (i64)1 << 40, 2.25, (i64)-7, 0.125);
}

struct record {
    i64 key;
    double values[6];
    struct record *next;
    char name[40];
};

static struct record first, second = {2, {1, 2, 3, 4, 5, 6}, &first, "second"};
static struct record first = {1, {6, 5, 4, 3, 2, 1}, &second, "first"};

static struct record mix(struct record a, struct record b)
{
    for (int i = 0; i < 6; i++) {
        a.values[i] = a.values[i] * b.values[5 - i] + (double)b.key;
    }
    a.key += b.next->next->key;
    return a;
}

EXPORT(records) double records(void)
{
    struct record copy = first, empty = {0};
    struct record result = mix(copy, second);
    double total = (double)result.key + empty.values[3];
    for (int i = 0; i < 6; i++) {
        total = total * 1.25 + result.values[i];
    }
    for (const char *at = result.next->name; *at; at++) {
        total += *at;
    }
    return total;
}

/* Within the range of their type: outside of it C says nothing. */
EXPORT(convert) i64 convert(double x, float y)
{
    return (i64)x + (i64)(int)y + (i64)(unsigned)y + (i64)(u64)x + (signed char)(int)y + (short)(int)x;
}

EXPORT(mixed) u64 mixed(u64 seed)
{
    u64 state = seed;
    for (int i = 0; i < 1000; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state = (state << 17 | state >> 47) + (u64)__builtin_popcountll(state) * (u64)__builtin_clzll(state | 1);
        switch (state % 7) {
        case 0:
            state += 3;
            break;
        case 1:
            state *= 5;
            break;
        case 2:
            state -= state / 3;
            break;
        case 3:
            state = ~state;
            break;
        case 4:
            state ^= (u64)(i64)(signed char)state;
            break;
        case 5:
            state = state % 1000003 * 1000003 + 1;
            break;
        default:
            break;
        }
    }
    return state;
}

static unsigned ackermann(unsigned m, unsigned n)
{
    return !m ? n + 1 : !n ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

EXPORT(recursion) unsigned recursion(void)
{
    return ackermann(2, 9);
}

EXPORT(grow) int grow(int pages)
{
    size_t before = __builtin_wasm_memory_size(0);
    size_t at = __builtin_wasm_memory_grow(0, (size_t)pages);
    char *page = (char *)(at * 65536);
    memset(page, 7, 65536 * (size_t)pages);
    return at == before && __builtin_wasm_memory_size(0) == before + (size_t)pages && page[65535] == 7;
}
