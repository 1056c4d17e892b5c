// VECTOR_PRODUCT(...): c is a vector of `count` elements: a matrix' lines times a vector of k elements.
//
// Line j of the matrix is what belongs to element j of c. Where a line's elements are neighbours in memory
// (the way along k), a subgroup takes a line at a time; else neighbouring lines go to neighbouring invocations, 16 of
// them for a workgroup, k in 16 parts. Included twice: for vector times matrix (matrix b) and for matrix
// times vector (matrix a); MATRIX1, MATRIX4 and VECTOR1 are the buffers.

void VECTOR_PRODUCT(uint count, uint matrix, uint ld, uint vector, uint step, uint c_base, uint c_step)
{
    if (way == ZC_MATMUL_ALONG_WAY) {
        uint lane = subgroupExclusiveAdd(1u), lanes = subgroupAdd(1u);
        bool by_vectors = ((matrix | ld) & 3u) == 0u || (matrix & 3u) == 0u && count == 1u;
        uint fours = by_vectors ? push.k / 4u : 0u;
        uint first = WORKGROUP_ID.x * gl_NumSubgroups + gl_SubgroupID;
        for (uint j = first; j < count; j += WORKGROUPS.x * gl_NumSubgroups) {
            uint line = matrix + j * ld;
            vec4 sums = vec4(0.0);
            for (uint i = lane; i < fours; i += lanes) {
                uint v = vector + 4u * i * step;
                sums += MATRIX4[line / 4u + i] *
                        vec4(VECTOR1[v], VECTOR1[v + step], VECTOR1[v + 2u * step], VECTOR1[v + 3u * step]);
            }
            float sum = (sums.x + sums.y) + (sums.z + sums.w);
            for (uint p = 4u * fours + lane; p < push.k; p += lanes) {
                sum += MATRIX1[line + p] * VECTOR1[vector + p * step];
            }
            sum = subgroupAdd(sum);
            if (lane == 0u) {
                put(c_base + j * c_step, 0u, 0u, 1u, false, vec4(sum));
            }
        }
    } else {
        uint me = gl_LocalInvocationID.x, part = me / ZC_MATMUL_LINES;
        uint tiles = ceil_div(count, ZC_MATMUL_LINES);
        for (uint tile = WORKGROUP_ID.x; tile < tiles; tile += WORKGROUPS.x) {
            uint j = tile * ZC_MATMUL_LINES + me % ZC_MATMUL_LINES;
            float sum = 0.0;
            if (j < count) {
                for (uint p = part; p < push.k; p += WORKGROUP / ZC_MATMUL_LINES) {
                    sum += MATRIX1[matrix + p * ld + j] * VECTOR1[vector + p * step];
                }
            }
            barrier(); // what was shared before has been read
            slice_a[me] = vec4(sum);
            barrier();
            if (part == 0u && j < count) {
                for (uint other = 1u; other < WORKGROUP / ZC_MATMUL_LINES; other++) {
                    sum += slice_a[me + ZC_MATMUL_LINES * other].x;
                }
                put(c_base + j * c_step, 0u, 0u, 1u, false, vec4(sum));
            }
        }
    }
}
