// PRODUCT(): tiles of TILE x TILE elements of c, TILE being 64 or 128 (an invocation has 4 x 4 sums of each 64 x 64). Included once for each.
//
// A slice is DEPTH columns of op(a) and rows of op(b), both kept as DEPTH lines of TILE elements. Half of the
// invocations load the slice of a, half that of b, each a block of 4 x 4, so that global and shared memory
// both see vectors, whichever way the matrix lies. While a slice is multiplied the next is on its way.
// Beyond the matrices' edges there are zeros. Each invocation keeps one or four
// blocks of 4 x 4 sums, a matrix each, whose columns are rows of c.
//
// With ZC_MATMUL_MATRICES (matmul_matrix.comp) sums are a subgroup's: matrices of 8 x 8 of TILE / 2 rows and TILE / 4 columns
// of the tile, which go out through what slices were in, because nobody knows which invocation has which element.

#define DEPTH uint(2048 / TILE)
#define VECTORS uint(TILE / 4)  // in a line of a slice
#ifdef ZC_MATMUL_MATRICES
#define LINE (VECTORS + 1u)
#define TWIST(p) 0u
#define DOWN uint(TILE / 16)    // matrices of a subgroup
#define RIGHT uint(TILE / 32)
#else
#define LINE VECTORS
#define TWIST(p) ((p) / 4u * (32u / DEPTH)) // exclusive-or of a vector's place, against conflicts of banks
#define SPAN 16u             // vectors in 64 elements: how far an invocation's parts are apart
#endif

// 4 x 4 elements of op(matrix), lines p..p+3 along k, elements i..i+3 of the tile's direction in each; p_end
// and i_end are the matrix' ends.
#define LOAD(name, scalars, four, base, ld, along_k, by_vectors, i, i_end, p, p_end)         \
    void name(uint base, uint ld, bool along_k, bool by_vectors, uint i, uint i_end, uint p, \
              uint p_end, out mat4 lines)                                                    \
    {                                                                                        \
        bool all = i + 4u <= i_end && p + 4u <= p_end;                                       \
        if (all && by_vectors && along_k) {                                                  \
            uint index = (base + i * ld + p) / 4u, step = ld / 4u;                           \
            vec4 r0 = four[index], r1 = four[index + step];                                  \
            vec4 r2 = four[index + 2u * step], r3 = four[index + 3u * step];                 \
            lines[0] = vec4(r0.x, r1.x, r2.x, r3.x);                                         \
            lines[1] = vec4(r0.y, r1.y, r2.y, r3.y);                                         \
            lines[2] = vec4(r0.z, r1.z, r2.z, r3.z);                                         \
            lines[3] = vec4(r0.w, r1.w, r2.w, r3.w);                                         \
        } else if (all && by_vectors) {                                                      \
            uint index = (base + p * ld + i) / 4u, step = ld / 4u;                           \
            lines[0] = four[index];                                                          \
            lines[1] = four[index + step];                                                   \
            lines[2] = four[index + 2u * step];                                              \
            lines[3] = four[index + 3u * step];                                              \
        } else {                                                                             \
            uint step_i = along_k ? ld : 1u, step_p = along_k ? 1u : ld;                     \
            uint corner = base + i * step_i + p * step_p;                                    \
            for (uint y = 0u; y < 4u; y++) {                                                 \
                vec4 line = vec4(0.0);                                                       \
                uint index = corner + y * step_p;                                            \
                if (p + y < p_end) {                                                         \
                    if (i < i_end) {                                                         \
                        line.x = scalars[index];                                             \
                    }                                                                        \
                    if (i + 1u < i_end) {                                                    \
                        line.y = scalars[index + step_i];                                    \
                    }                                                                        \
                    if (i + 2u < i_end) {                                                    \
                        line.z = scalars[index + 2u * step_i];                               \
                    }                                                                        \
                    if (i + 3u < i_end) {                                                    \
                        line.w = scalars[index + 3u * step_i];                               \
                    }                                                                        \
                }                                                                            \
                lines[y] = line;                                                             \
            }                                                                                \
        }                                                                                    \
    }
#define MULTIPLY(block, a, b) \
    block[0] += a.x * b;      \
    block[1] += a.y * b;      \
    block[2] += a.z * b;      \
    block[3] += a.w * b;

#ifndef ZC_MATMUL_LOADS
#define ZC_MATMUL_LOADS
LOAD(load_a, a1, a4, base, ld, along_k, by_vectors, i, i_end, p, p_end)
LOAD(load_b, b1, b4, base, ld, along_k, by_vectors, i, i_end, p, p_end)
#endif
#undef LOAD

void PRODUCT()
{
    uint me = gl_LocalInvocationID.x;
    bool a_by_vectors = vectors(push.offset.x, push.lda, push.stride_a);
    bool b_by_vectors = vectors(push.offset.y, push.ldb, push.stride_b);
    bool c_by_vectors = vectors(push.offset.z, push.ldc, push.stride_c);
    bool a_along_k = push.transpose_a == 0u, b_along_k = push.transpose_b != 0u;

    // The block of a slice that this invocation loads: neighbours along the direction in which memory runs.
    bool loads_a = me < 128u;
    bool along_k = loads_a ? a_along_k : b_along_k;
    uint number = me & 127u;
    uint load_i = 4u * (along_k ? number / (DEPTH / 4u) : number % VECTORS);
    uint load_p = 4u * (along_k ? number % (DEPTH / 4u) : number / VECTORS);
    uint keep = load_p * LINE + (load_i / 4u ^ TWIST(load_p));
#ifdef ZC_MATMUL_MATRICES
    // Where its subgroup's sums are.
    uint down = gl_SubgroupID / 4u * (TILE / 2u), right = gl_SubgroupID % 4u * (TILE / 4u);
#else
    // Where its sums are: rows 4 * (me / 16) + 64 * part, columns 4 * (me % 16) + 64 * part.
    uint row = me / 16u, col = me % 16u;
#endif

    uint tiles_m = ceil_div(push.m, TILE), tiles_n = ceil_div(push.n, TILE);
    uint slices = ceil_div(push.k, DEPTH);
    for (uint g = WORKGROUP_ID.z; g < push.batch; g += WORKGROUPS.z) {
        uint a_base = push.offset.x + g * push.stride_a;
        uint b_base = push.offset.y + g * push.stride_b;
        uint c_base = push.offset.z + g * push.stride_c;
        for (uint tile_m = WORKGROUP_ID.y; tile_m < tiles_m; tile_m += WORKGROUPS.y) {
            for (uint tile_n = WORKGROUP_ID.x; tile_n < tiles_n; tile_n += WORKGROUPS.x) {
#ifdef ZC_MATMUL_MATRICES
                MATRIX(Accumulator) sums[DOWN * RIGHT];
                [[unroll]] for (uint i = 0u; i < DOWN * RIGHT; i++) {
                    sums[i] = MATRIX(Accumulator)(0.0);
                }
#else
                mat4 sums = mat4(0.0);
#endif
#if TILE == 128 && !defined(ZC_MATMUL_MATRICES)
                mat4 right = mat4(0.0), below = mat4(0.0), corner = mat4(0.0);
#endif
                mat4 lines; // four lines of the block
                for (uint s = 0u; s <= slices; s++) {
                    if (s > 0u) {
                        barrier(); // the slice before has been multiplied
                        for (uint y = 0u; y < 4u; y++) {
                            if (loads_a) {
                                slice_a[keep + y * LINE] = lines[y];
                            } else {
                                slice_b[keep + y * LINE] = lines[y];
                            }
                        }
                        barrier();
                    }
                    if (s < slices) {
                        uint p = s * DEPTH + load_p;
                        if (loads_a) {
                            load_a(a_base, push.lda, a_along_k, a_by_vectors, tile_m * TILE + load_i, push.m, p,
                                   push.k, lines);
                        } else {
                            load_b(b_base, push.ldb, b_along_k, b_by_vectors, tile_n * TILE + load_i, push.n, p,
                                   push.k, lines);
                        }
                    }
#ifdef ZC_MATMUL_MATRICES
                    if (s > 0u) {
                        [[unroll]] for (uint p = 0u; p < DEPTH; p += 8u) {
                            MATRIX(B) b[RIGHT];
                            [[unroll]] for (uint j = 0u; j < RIGHT; j++) {
                                coopMatLoad(b[j], slice_b, p * LINE + right / 4u + 2u * j, LINE,
                                            gl_CooperativeMatrixLayoutRowMajor);
                            }
                            [[unroll]] for (uint i = 0u; i < DOWN; i++) {
                                MATRIX(A) a;
                                coopMatLoad(a, slice_a, p * LINE + down / 4u + 2u * i, LINE,
                                            gl_CooperativeMatrixLayoutColumnMajor);
                                [[unroll]] for (uint j = 0u; j < RIGHT; j++) {
                                    sums[i * RIGHT + j] = coopMatMulAdd(a, b[j], sums[i * RIGHT + j]);
                                }
                            }
                        }
                    }
                }
                barrier(); // the last slice has been multiplied
                uint base = gl_SubgroupID * (16u * RIGHT), lane = gl_SubgroupInvocationID;
                [[unroll]] for (uint i = 0u; i < DOWN; i++) {
                    [[unroll]] for (uint j = 0u; j < RIGHT; j++) {
                        coopMatStore(sums[i * RIGHT + j], slice_a, base + 2u * j, 2u * RIGHT,
                                     gl_CooperativeMatrixLayoutRowMajor);
                    }
                    subgroupBarrier();
                    [[dont_unroll]] for (uint t = lane; t < 16u * RIGHT; t += LANES) {
                        uint r = tile_m * TILE + down + 8u * i + t / (2u * RIGHT);
                        uint j = tile_n * TILE + right + 4u * (t % (2u * RIGHT));
                        if (r < push.m && j < push.n) {
                            put(c_base, r, j, push.n - j, c_by_vectors, slice_a[base + t]);
                        }
                    }
                    subgroupBarrier();
                }
#else
                    if (s > 0u) {
                        [[unroll]] for (uint p = 0u; p < DEPTH; p++) {
                            uint a_at = p * VECTORS + (row ^ TWIST(p)), b_at = p * VECTORS + (col ^ TWIST(p));
                            vec4 a = slice_a[a_at], b = slice_b[b_at];
                            MULTIPLY(sums, a, b)
#if TILE == 128
                            vec4 a_below = slice_a[a_at + SPAN];
                            vec4 b_right = slice_b[b_at + SPAN];
                            MULTIPLY(right, a, b_right)
                            MULTIPLY(below, a_below, b)
                            MULTIPLY(corner, a_below, b_right)
#endif
                        }
                    }
                }
                uint i = tile_m * TILE + 4u * row, j = tile_n * TILE + 4u * col;
                put_block(c_base, i, j, c_by_vectors, sums);
#if TILE == 128
                put_block(c_base, i, j + 64u, c_by_vectors, right);
                put_block(c_base, i + 64u, j, c_by_vectors, below);
                put_block(c_base, i + 64u, j + 64u, c_by_vectors, corner);
#endif
#endif
            }
        }
    }
}

#undef MULTIPLY
#undef DEPTH
#undef VECTORS
#undef LINE
#undef TWIST
#undef SPAN
#undef DOWN
#undef RIGHT
