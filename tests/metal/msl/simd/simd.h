/* simd/simd.h for checks on Linux: metal_stdlib has what is used of it. */
