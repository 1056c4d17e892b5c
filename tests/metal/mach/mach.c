/* A fake of what csrc/region/zc_region_mach.c asks of macOS, over Linux's memory: so that its code runs, and is held to
 * the rules of the system's documentation and source. Simulated: it says nothing of what macOS costs or shares.
 *
 * A memory entry is a memfd with a copy of the bytes; its name is none of a file. A call that breaks a rule ends the
 * program: whoever makes one has a flaw, and would get an error, or worse, there. */
#define _GNU_SOURCE
#include "mach.h"

#include <mach/mach.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define TASK 0x103u
#define FIRST_NAME 0x1003u
#define ENTRIES 4096

static struct {
    int file; /* 0: no entry of this name */
    memory_object_size_t size;
} entries[ENTRIES];

unsigned fake_mach_entries;
bool fake_mach_fails;

static void rule(bool kept, const char *text)
{
    if (!kept) {
        fprintf(stderr, "mach: %s\n", text);
        abort();
    }
}

static int protection_of(vm_prot_t protection)
{
    return (protection & VM_PROT_READ ? PROT_READ : 0) | (protection & VM_PROT_WRITE ? PROT_WRITE : 0);
}

static uintptr_t page(void)
{
    return (uintptr_t)sysconf(_SC_PAGESIZE);
}

mach_port_t mach_task_self(void)
{
    return TASK;
}

kern_return_t vm_allocate(vm_map_t task, vm_address_t *address, vm_size_t size, int flags)
{
    rule(task == TASK && flags == VM_FLAGS_ANYWHERE, "vm_allocate: task and flags");
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    *address = (vm_address_t)memory;
    return memory == MAP_FAILED ? KERN_NO_SPACE : KERN_SUCCESS;
}

kern_return_t vm_deallocate(vm_map_t task, vm_address_t address, vm_size_t size)
{
    rule(task == TASK && address % page() == 0, "vm_deallocate: a task and a page");
    return munmap((void *)address, size) == 0 ? KERN_SUCCESS : KERN_INVALID_ADDRESS;
}

kern_return_t vm_protect(vm_map_t task, vm_address_t address, vm_size_t size, boolean_t maximum, vm_prot_t protection)
{
    rule(task == TASK && !maximum && address % page() == 0, "vm_protect: a task and a page");
    return mprotect((void *)address, size, protection_of(protection)) == 0 ? KERN_SUCCESS : KERN_INVALID_ADDRESS;
}

kern_return_t mach_make_memory_entry_64(vm_map_t task, memory_object_size_t *size, memory_object_offset_t offset,
                                        vm_prot_t permission, mach_port_t *handle, mem_entry_name_port_t parent)
{
    rule(task == TASK && parent == MACH_PORT_NULL, "mach_make_memory_entry_64: a task and no parent");
    rule(permission == (VM_PROT_READ | VM_PROT_WRITE | MAP_MEM_VM_COPY), "mach_make_memory_entry_64: a copy");
    rule(*size && *size % page() == 0 && offset % page() == 0, "mach_make_memory_entry_64: whole pages");
    unsigned free_one = 0;
    while (free_one < ENTRIES && entries[free_one].file) {
        free_one++;
    }
    if (fake_mach_fails || free_one == ENTRIES) {
        return KERN_RESOURCE_SHORTAGE;
    }
    int file = memfd_create("fake memory entry", MFD_CLOEXEC);
    rule(file > 0 && ftruncate(file, (off_t)*size) == 0, "a file for the entry");
    for (uint64_t at = 0; at < *size;) { /* EFAULT where the range is not readable */
        ssize_t written = pwrite(file, (const void *)(uintptr_t)(offset + at), *size - at, (off_t)at);
        if (written <= 0) {
            (void)close(file);
            return KERN_INVALID_ADDRESS;
        }
        at += (uint64_t)written;
    }
    entries[free_one].file = file;
    entries[free_one].size = *size;
    fake_mach_entries++;
    *handle = FIRST_NAME + free_one;
    return KERN_SUCCESS;
}

kern_return_t vm_map(vm_map_t task, vm_address_t *address, vm_size_t size, vm_address_t mask, int flags,
                     mem_entry_name_port_t object, vm_offset_t offset, boolean_t copy, vm_prot_t current,
                     vm_prot_t maximum, vm_inherit_t inheritance)
{
    rule(task == TASK && mask == 0 && flags == (VM_FLAGS_FIXED | VM_FLAGS_OVERWRITE), "vm_map: over what is there");
    rule(current == (VM_PROT_READ | VM_PROT_WRITE) && maximum == current && inheritance == VM_INHERIT_DEFAULT,
         "vm_map: protections");
    unsigned entry = object - FIRST_NAME;
    if (entry >= ENTRIES || !entries[entry].file) {
        return KERN_INVALID_NAME;
    }
    if (offset != 0 || size != entries[entry].size) { /* an entry that is a copy, at a fixed address */
        return KERN_INVALID_ARGUMENT;
    }
    rule(copy, "vm_map: what is written goes to the others");
    void *shown = mmap((void *)*address, size, protection_of(current), MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE,
                       entries[entry].file, 0);
    return shown == (void *)*address ? KERN_SUCCESS : KERN_NO_SPACE;
}

kern_return_t mach_port_deallocate(ipc_space_t task, mach_port_t name)
{
    unsigned entry = name - FIRST_NAME;
    rule(task == TASK && entry < ENTRIES && entries[entry].file, "mach_port_deallocate: a name that is known");
    (void)close(entries[entry].file);
    entries[entry].file = 0;
    fake_mach_entries--;
    return KERN_SUCCESS;
}
