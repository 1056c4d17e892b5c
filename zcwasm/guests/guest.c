/* guest.c: see guest.h. */
#include "guest.h"

/* --- what a compiler may call --- */

__attribute__((no_builtin("memcpy"))) void *memcpy(void *to, const void *from, unsigned long size)
{
    for (unsigned long i = 0; i < size; i++)
        ((char *)to)[i] = ((const char *)from)[i];
    return to;
}

__attribute__((no_builtin("memset"))) void *memset(void *to, int value, unsigned long size)
{
    for (unsigned long i = 0; i < size; i++)
        ((char *)to)[i] = (char)value;
    return to;
}

/* --- errors --- */

void say(const char *text)
{
    const guest_error *e = &error_of_guest;
    while (*text && *e->size < e->room)
        e->text[(*e->size)++] = *text++;
}

void say_number(u64 value)
{
    char digits[21];
    u32 at = sizeof digits - 1;
    digits[at] = 0;
    do
        digits[--at] = (char)('0' + value % 10);
    while (value /= 10);
    say(digits + at);
}

int32_t fail(zcg_errno code, const char *text)
{
    *error_of_guest.size = 0;
    say(text);
    return -(int32_t)code;
}

void say_host(void)
{
    say(": ");
    const guest_error *e = &error_of_guest;
    u32 room = e->room - *e->size;
    int32_t length = zcg_error_text(e->text + *e->size, room); /* of all of it, also where it does not fit */
    *e->size += length < 0 ? 0 : (u32)length < room ? (u32)length : room;
}

int32_t fail_host(int32_t code, const char *doing)
{
    fail(0, doing);
    say_host();
    return code;
}

/* --- memory --- */

extern unsigned char __heap_base; /* where the linker's own data end */
u64 heap_end;

void start_heap(void)
{
    heap_end = (unsigned long)&__heap_base;
}

u32 allocate(u64 bytes)
{
    u64 start = (heap_end + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    u64 have = (u64)__builtin_wasm_memory_size(0) * PAGE;
    if (heap_end == 0 || bytes > (u64)65536 * PAGE - start) {
        heap_end = 0;
        return 0;
    }
    u64 end = start + bytes;
    if (end > have &&
        __builtin_wasm_memory_grow(0, (unsigned long)((end - have + PAGE - 1) / PAGE)) == (unsigned long)-1) {
        heap_end = 0; /* whatever is asked for now fails too: one check at the end is enough */
        return 0;
    }
    heap_end = end;
    return (u32)start;
}

/* --- tensors --- */

int32_t get_info(zcg_handle handle, const char *name, u32 matrices, u32 rows, u32 cols, zcg_tensor_info *info)
{
    const u32 wanted[] = {matrices, rows, cols}, first = matrices ? 0 : rows ? 1 : 2;
    int32_t code = zcg_tensor_get_info(handle, info);
    if (code < 0)
        return fail_host(code, name);
    int same = info->ndim == 3 - first;
    for (u32 i = first; i < 3 && same; i++)
        same = info->shape[i - first] == wanted[i];
    if (same)
        return 0;
    fail(ZCG_EINVAL, "tensor ");
    say(name);
    say(" has shape (");
    for (u32 i = 0; i < info->ndim && i < 4; i++) {
        say(i ? ", " : "");
        say_number(info->shape[i]);
    }
    say("), the model's numbers ask for (");
    for (u32 i = first; i < 3; i++) {
        say(i > first ? ", " : "");
        say_number(wanted[i]);
    }
    say(")");
    return -ZCG_EINVAL;
}
