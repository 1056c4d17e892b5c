// matrix_tiles(): BM x BN elements of y for a workgroup, BM / GRID_M x BN / GRID_N for each of its subgroups.
//
// A slice of DEPTH columns at a time: the pairs of float16 of x from the workspace, and weights, in shared memory; while
// it is multiplied the next is on its way, as it lies in memory. A block's sums are made of nothing, scaled, and added
// to the sums of the tile.

#define MATRIX(T, USE) coopmat<T, gl_ScopeSubgroup, TILE, TILE, gl_MatrixUse##USE>
#define SUMS MATRIX(float, Accumulator)
#define STEPS (DEPTH / TILE)        // products along a slice
#define STEP_VECTORS (TILE * 2 / 16) // of a row, in shared memory

const uint PER_X = BM * SLICE / WORKGROUP; // vectors of an invocation
const uint PER_W = (BN * 2u + WORKGROUP - 1u) / WORKGROUP; // parts of 16 weights

// Of two matrices a tile has as many columns each, side by side.
#ifdef TWO_MATRICES
#define COLUMNS (BN / 2u)
#define CHOOSE(column) second = (column) >= COLUMNS
#else
#define COLUMNS BN
#define CHOOSE(column)
#endif

// Of what an invocation loads for a slice: where rows start, and what it has loaded.
uint start_x[PER_X], start_w[PER_W];
uvec4 next_x[PER_X];
Sixteen next_w[PER_W];

// Rows beyond the last are the last: their sums go nowhere.
void find_rows(uint first_r, uint first_j)
{
    uint me = gl_LocalInvocationID.x, halves = row_halves(push.k);
    [[unroll]] for (uint i = 0u; i < PER_X; i++) {
        uint t = i * WORKGROUP + me;
        start_x[i] = row_start(min(first_r + t / SLICE, push.rows - 1u)) + t % SLICE;
    }
    [[unroll]] for (uint i = 0u; i < PER_W; i++) {
        uint column = (i * WORKGROUP + me) / 2u;
        CHOOSE(column);
        start_w[i] = 2u * WEIGHTS_START + min(first_j + column % COLUMNS, push.n - 1u) * halves;
    }
}

void load_slice(uint s, uint slices_k)
{
    uint p = gl_LocalInvocationID.x & 1u;
    [[unroll]] for (uint i = 0u; i < PER_X; i++) {
        next_x[i] = work4[start_x[i] + s * NEXT_SLICE];
    }
    [[unroll]] for (uint i = 0u; i < PER_W; i++) {
        CHOOSE((i * WORKGROUP + gl_LocalInvocationID.x) / 2u);
        if (s < slices_k) {
            load_part(next_w[i], start_w[i], s, p);
        } else {
            next_w[i] = load_minima(start_w[i], s - slices_k, p);
        }
    }
}

void put_slice(uint s, uint slices_k)
{
    uint me = gl_LocalInvocationID.x, p = me & 1u;
    [[unroll]] for (uint i = 0u; i < PER_X; i++) {
        uint t = i * WORKGROUP + me;
        pool[t / SLICE * LINE_X + t % SLICE] = next_x[i];
    }
    [[unroll]] for (uint i = 0u; i < PER_W; i++) {
        uint t = i * WORKGROUP + me, line = t / 2u * LINE_W;
        if (t >= 2u * BN) {
            break; // of few columns some invocations have none
        }
        uvec4 first, second_;
        float scale;
        if (s < slices_k) {
            decode_part(next_w[i], start_w[i], s, p, first, second_);
            scale = UNSCALED ? 1.0 : part_scale(next_w[i], start_w[i], s, p);
            tile_w[line + octet_of(p, 0u)] = first;
            tile_w[line + octet_of(p, 1u)] = second_;
        } else {
            decode_minima(next_w[i], first, second_);
            scale = minima_scale(next_w[i]);
            tile_w[line + 2u * p] = first;
            tile_w[line + 2u * p + 1u] = second_;
        }
        if (!UNSCALED && (p == 0u || SCALES == 2u)) {
            tile_scales[p % SCALES * BN + t / 2u] = scale;
        }
    }
}

SUMS sums[FM * FN];

#ifdef ZC_MSL

#include "elements.glsl"

// Of the products along a part: loops of a constant length, for arrays stay in memory otherwise.
const uint PART_STEPS = STEPS / SCALES;
#define EACH_STEP(t) [[unroll]] for (uint t = 0u; t < STEPS; t++) if (t < PART_STEPS)

uvec2 columns; // of these elements: Metal's specification does not say which they are, so a matrix is asked

void find_columns()
{
    uint me = gl_LocalInvocationID.x;
    if (me < 16u) {
        pool[me] = floatBitsToUint(vec4(0.0, 1.0, 2.0, 3.0) + 4.0 * float(me & 1u));
    }
    barrier();
    SUMS numbers;
    coopMatLoad(numbers, pool, 0u, 2u, gl_CooperativeMatrixLayoutRowMajor);
    columns = uvec2(elements_of(numbers));
}

// Part e of the slice: the columns of a block, which have one scale.
void multiply_part(uint down, uint right, uint e)
{
    MATRIX(float16_t, B) b[FN * STEPS];
    vec2 scales[FN];
    [[unroll]] for (uint j = 0u; j < FN; j++) {
        EACH_STEP(t) {
            coopMatLoad(b[j * STEPS + t], tile_w,
                        (right + j * TILE) * LINE_W + (e * PART_STEPS + t) * STEP_VECTORS, LINE_W,
                        gl_CooperativeMatrixLayoutColumnMajor);
        }
        if (!UNSCALED) {
            uint at = e * BN + right + j * TILE;
            scales[j] = vec2(tile_scales[at + columns.x], tile_scales[at + columns.y]);
        }
    }
    [[unroll]] for (uint i = 0u; i < FM; i++) {
        MATRIX(float, A) a[STEPS];
        EACH_STEP(t) {
            coopMatLoad(a[t], pool, (down + i * TILE) * LINE_X + (e * PART_STEPS + t) * 2u * STEP_VECTORS, LINE_X,
                        gl_CooperativeMatrixLayoutRowMajor);
        }
        [[unroll]] for (uint j = 0u; j < FN; j++) {
            SUMS block = SUMS(0.0);
            EACH_STEP(t) {
                if (UNSCALED) {
                    sums[i * FN + j] = coopMatMulAdd(a[t], b[j * STEPS + t], sums[i * FN + j]);
                } else {
                    block = coopMatMulAdd(a[t], b[j * STEPS + t], block);
                }
            }
            if (!UNSCALED) {
                add_scaled(sums[i * FN + j], block, scales[j]);
            }
        }
    }
}

void multiply_slice(uint down, uint right)
{
    multiply_part(down, right, 0u);
    if (SCALES == 2u) {
        multiply_part(down, right, 1u);
    }
}

#else

void multiply_slice(uint down, uint right)
{
    MATRIX(float16_t, B) b[FN * STEPS];
    SUMS scales[FN * SCALES];
    [[unroll]] for (uint j = 0u; j < FN; j++) {
        [[unroll]] for (uint t = 0u; t < STEPS; t++) {
            coopMatLoad(b[j * STEPS + t], tile_w, (right + j * TILE) * LINE_W + t * STEP_VECTORS, LINE_W,
                        gl_CooperativeMatrixLayoutColumnMajor);
        }
        if (!UNSCALED) {
            [[unroll]] for (uint e = 0u; e < SCALES; e++) {
                coopMatLoad(scales[j * SCALES + e], tile_scales, e * BN + right + j * TILE, 0u,
                            gl_CooperativeMatrixLayoutRowMajor); // the same row again and again
            }
        }
    }
    [[unroll]] for (uint i = 0u; i < FM; i++) {
        MATRIX(float16_t, A) high[STEPS], low[STEPS];
        [[unroll]] for (uint t = 0u; t < STEPS; t++) {
            uint at = (down + i * TILE) * LINE_X + t * STEP_VECTORS;
            coopMatLoad(high[t], pool, at, LINE_X, gl_CooperativeMatrixLayoutRowMajor);
            coopMatLoad(low[t], pool, at + SLICE / 2u, LINE_X, gl_CooperativeMatrixLayoutRowMajor);
        }
        [[unroll]] for (uint j = 0u; j < FN; j++) {
            if (UNSCALED) {
                [[unroll]] for (uint t = 0u; t < STEPS; t++) {
                    sums[i * FN + j] = coopMatMulAdd(low[t], b[j * STEPS + t], sums[i * FN + j]);
                    sums[i * FN + j] = coopMatMulAdd(high[t], b[j * STEPS + t], sums[i * FN + j]);
                }
            } else {
                [[unroll]] for (uint e = 0u; e < SCALES; e++) {
                    SUMS block = SUMS(0.0);
                    [[unroll]] for (uint t = e * STEPS / SCALES; t < (e + 1u) * STEPS / SCALES; t++) {
                        block = coopMatMulAdd(low[t], b[j * STEPS + t], block);
                        block = coopMatMulAdd(high[t], b[j * STEPS + t], block);
                    }
                    sums[i * FN + j] += block * scales[j * SCALES + e];
                }
            }
        }
    }
}

#endif

#ifdef ZC_MSL
#define FINISH(r, j, finish, v, w) finish
#define FIRST_SLICE(count) 0u
#define END_SLICE(count) (count)
#else
#include "linear_matrix_join.glsl"
#endif

// Through shared memory, for what an invocation has of a matrix is not known: matrices side by side.
void finish_tile(uint first_r, uint first_j, uint first_c)
{
    const uint line = FN * TILE / 4u;
    uint base = gl_SubgroupID * TILE * line, lane = gl_SubgroupInvocationID;
    [[unroll]] for (uint i = 0u; i < FM; i++) {
        [[unroll]] for (uint j = 0u; j < FN; j++) {
            coopMatStore(sums[i * FN + j], pool, base + j * TILE / 4u, line, gl_CooperativeMatrixLayoutRowMajor);
        }
#ifdef TWO_MATRICES
        // The subgroups that have a gate and what it is for share the work.
        bool up = first_c >= COLUMNS;
        uint gate = up ? base - GRID_M * GRID_N / 2u * TILE * line : base, other = gate + GRID_M * GRID_N / 2u * TILE * line;
        barrier();
        [[dont_unroll]] for (uint t = lane + (up ? LANES : 0u); t < TILE * line; t += 2u * LANES) {
            uint r = first_r + i * TILE + t / line, j = first_j + first_c % COLUMNS + 4u * (t % line);
            if (r < push.rows && j < push.n) {
                float factor = work1[r];
                vec4 v = factor * uintBitsToFloat(pool[gate + t]), w = factor * uintBitsToFloat(pool[other + t]);
                FINISH(r, j, finish_gated(r, j, v, w), v, w);
            }
        }
        barrier();
#else
        subgroupBarrier();
        [[dont_unroll]] for (uint t = lane; t < TILE * line; t += LANES) {
            uint r = first_r + i * TILE + t / line, j = first_j + first_c + 4u * (t % line);
            if (r < push.rows && j < push.n) {
                vec4 v = work1[r] * uintBitsToFloat(pool[base + t]);
                FINISH(r, j, finish_quad(r, j, v), v, v);
            }
        }
        subgroupBarrier();
#endif
    }
}

void matrix_tiles()
{
    uint down = gl_SubgroupID % GRID_M * (BM / GRID_M), right = gl_SubgroupID / GRID_M * (BN / GRID_N);
    uint count = slices(), slices_k = slices_of_k();
#ifdef ZC_MSL
    find_columns();
#endif
    for (uint tile_j = WORKGROUP_ID.y; tile_j < ceil_div(push.n, COLUMNS); tile_j += WORKGROUPS.y) {
        for (uint tile_r = WORKGROUP_ID.x; tile_r < ceil_div(push.rows, BM); tile_r += WORKGROUPS.x) {
            find_rows(tile_r * BM, tile_j * COLUMNS);
            [[unroll]] for (uint i = 0u; i < FM * FN; i++) {
                sums[i] = SUMS(0.0);
            }
            // What is loaded is put after the next multiplication. The last slice is loaded again, for nothing.
            uint first = FIRST_SLICE(count), end = END_SLICE(count); // of this workgroup
            load_slice(min(first, count - 1u), slices_k);
            barrier(); // the tile before has been finished
            put_slice(min(first, count - 1u), slices_k);
            load_slice(min(first + 1u, count - 1u), slices_k);
            barrier();
            for (uint s = first; s < end; s++) {
                multiply_slice(down, right);
                barrier(); // the slice has been multiplied
                put_slice(min(s + 1u, count - 1u), slices_k);
                load_slice(min(s + 2u, count - 1u), slices_k);
                barrier();
            }
            finish_tile(tile_r * BM + down, tile_j * COLUMNS, right);
        }
    }
}
