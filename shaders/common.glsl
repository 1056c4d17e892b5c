// Shared by every kernel: the workgroup, and what IEEE says where a GPU's compiler may not.
//
// Conventions (README.md): binding i of csrc/kernel/zc_kernel.def is `binding = i + 1` of set 0; a range starts
// `push.offset[i]` elements after what is bound, and what is bound starts at a multiple of 16 bytes. A buffer
// is declared twice, as scalars and as vectors of four: vectors where the address allows, scalars elsewhere.
// ZC_... are numbers that C has, too: csrc/kernel/zc_shader_numbers.h, and those of zcwasm_kernels.h, in kernels.glsl.
#ifndef ZC_COMMON_GLSL
#define ZC_COMMON_GLSL

#include "kernel/zc_shader_numbers.h"
#include "kernels.glsl"

#define WORKGROUP uint(ZC_WORKGROUP)
layout(local_size_x = ZC_WORKGROUP) in;

// Which of the dispatch's workgroups this is, and how many there are. Not gl_WorkGroupID and gl_NumWorkGroups: a driver
// may be given a dispatch in pieces (csrc/device/zc_pace.c).
#define WORKGROUP_ID (push.first.xyz + gl_WorkGroupID)
#define WORKGROUPS push.groups
#define INVOCATION_X (WORKGROUP_ID.x * WORKGROUP + gl_LocalInvocationID.x)

// By bits, because a compiler with relaxed arithmetic assumes that there is no NaN and no infinity.
const uint INFINITY_BITS = 0x7f800000u;
const uint NAN_BITS = 0x7fc00000u;

bool finite(float x)
{
    return (floatBitsToUint(x) & INFINITY_BITS) != INFINITY_BITS;
}

#endif
