// Shared by every kernel: the workgroup, and what IEEE says where a GPU's compiler may not.
//
// Conventions (README.md): binding i of csrc/zc_kernel.def is `binding = i + 1` of set 0; a range starts
// `push.offset[i]` elements after what is bound, and what is bound starts at a multiple of 16 bytes. A buffer
// is declared twice, as scalars and as vectors of four: vectors where the address allows, scalars elsewhere.
#ifndef ZC_COMMON_GLSL
#define ZC_COMMON_GLSL

#define WORKGROUP 256u // the number in csrc/zc_kernel.def
layout(local_size_x = 256) in;

// By bits, because a compiler with relaxed arithmetic assumes that there is no NaN and no infinity.
const uint INFINITY_BITS = 0x7f800000u;
const uint NAN_BITS = 0x7fc00000u;

bool finite(float x)
{
    return (floatBitsToUint(x) & INFINITY_BITS) != INFINITY_BITS;
}

#endif
