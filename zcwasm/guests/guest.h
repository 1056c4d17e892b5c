/* guest.h: what the guests of this folder share: sentences about errors, a heap that only grows, the check of a
 * tensor's shape, memcpy and memset. */
#ifndef GUEST_H
#define GUEST_H

#include <stdint.h>

#include <zcwasm.h>

#define EXPORT(name) __attribute__((export_name(#name))) name

typedef uint32_t u32;
typedef uint64_t u64;

/* A compiler may call these on its own. */
void *memcpy(void *to, const void *from, unsigned long size);
void *memset(void *to, int value, unsigned long size);

/* --- calls --- */

/* What the host calls: static int32_t CALL(name)(...) is the function, and ENTRY(name, parameters, arguments) exports it.
 * A call that is interrupted leaves the stack as deep as it was then. So each call from outside begins at the stack's
 * top, in a function that has nothing there. */
#define CALL(name) __attribute__((noinline)) call_##name
#define ENTRY(name, parameters, arguments) \
    int32_t EXPORT(name) parameters        \
    {                                      \
        empty_stack();                     \
        return call_##name arguments;      \
    }

__asm__(".globaltype __stack_pointer, i32\n");
extern unsigned char __stack_high; /* the linker's */

static inline void empty_stack(void)
{
    __asm__ volatile("local.get %0\n\tglobal.set __stack_pointer" : : "r"(&__stack_high));
}

/* --- errors --- */

/* Where sentences go: each guest defines it. */
typedef struct guest_error {
    u32 *size;
    char *text;
    u32 room;
} guest_error;

extern const guest_error error_of_guest;

/* Begin a sentence; returns -code. */
int32_t fail(zcg_errno code, const char *text);
/* A function of zcwasm.h failed: a sentence of `doing` and the host's text. Returns code. */
int32_t fail_host(int32_t code, const char *doing);
/* Go on with the sentence; with the host's text about its last refusal. */
void say(const char *text);
void say_host(void);
void say_number(u64 value);

/* --- memory --- */

enum { ALIGNMENT = 64, PAGE = 65536 };

extern u64 heap_end; /* 0: something did not fit, and nothing does any more */

void start_heap(void);
/* A pointer to zeros that stay allocated, or 0. Pages that nobody touches take no room. */
u32 allocate(u64 bytes);

static inline void *at(u32 pointer)
{
    return (void *)(unsigned long)pointer;
}

/* --- tensors --- */

/* What the host says of a tensor, which must be so many matrices of rows by cols, one of them when `matrices` is 0, or a
 * vector of cols when rows is 0, too. */
int32_t get_info(zcg_handle handle, const char *name, u32 matrices, u32 rows, u32 cols, zcg_tensor_info *info);

#endif
