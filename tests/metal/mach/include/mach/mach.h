/* Stands for the few declarations of Apple's <mach/mach.h> that csrc/region/zc_region_mach.c uses, with their values;
 * buildtools/metal.py cross compiles the same source with Apple's own. What they do is in ../../mach.c. */
#ifndef FAKE_MACH_H
#define FAKE_MACH_H

#include <stdint.h>

typedef int kern_return_t;
typedef int boolean_t;
typedef int vm_prot_t;
typedef unsigned vm_inherit_t;
typedef uintptr_t vm_address_t, vm_size_t, vm_offset_t;
typedef uint64_t memory_object_size_t, memory_object_offset_t;
typedef unsigned mach_port_t;
typedef mach_port_t vm_map_t, ipc_space_t, mem_entry_name_port_t;

#define TRUE 1
#define FALSE 0
#define MACH_PORT_NULL 0

#define KERN_SUCCESS 0
#define KERN_INVALID_ADDRESS 1
#define KERN_NO_SPACE 3
#define KERN_INVALID_ARGUMENT 4
#define KERN_RESOURCE_SHORTAGE 6
#define KERN_INVALID_NAME 15

#define VM_PROT_NONE 0
#define VM_PROT_READ 1
#define VM_PROT_WRITE 2
#define VM_FLAGS_FIXED 0
#define VM_FLAGS_ANYWHERE 1
#define VM_FLAGS_OVERWRITE 0x4000
#define VM_INHERIT_DEFAULT 1
#define MAP_MEM_VM_COPY 0x200000

mach_port_t mach_task_self(void);
kern_return_t vm_allocate(vm_map_t task, vm_address_t *address, vm_size_t size, int flags);
kern_return_t vm_deallocate(vm_map_t task, vm_address_t address, vm_size_t size);
kern_return_t vm_protect(vm_map_t task, vm_address_t address, vm_size_t size, boolean_t maximum, vm_prot_t protection);
kern_return_t mach_make_memory_entry_64(vm_map_t task, memory_object_size_t *size, memory_object_offset_t offset,
                                        vm_prot_t permission, mach_port_t *handle, mem_entry_name_port_t parent);
kern_return_t vm_map(vm_map_t task, vm_address_t *address, vm_size_t size, vm_address_t mask, int flags,
                     mem_entry_name_port_t object, vm_offset_t offset, boolean_t copy, vm_prot_t current,
                     vm_prot_t maximum, vm_inherit_t inheritance);
kern_return_t mach_port_deallocate(ipc_space_t task, mach_port_t name);

#endif
