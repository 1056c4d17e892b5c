// tiles(): many rows of x at once, 64 x 64 elements of y for a workgroup.
//
// As shaders/matmul_tile.glsl, with f(x) for the one and weights for the other: slices of DEPTH columns, as DEPTH
// lines of 64 elements, in shared memory; half of the invocations make the slice of x, half that of w, each four
// quads, 4 x 4 elements. While a slice is multiplied the next is on its way, as it lies in memory. Each invocation
// keeps 4 x 4 sums, a matrix whose columns are rows of y.

#define TILE ZC_LINEAR_TILE
#define DEPTH 32u
#define LINE (TILE / 4u) // vectors of a line
#define SLICE_W 512u     // in the pool: after the slice of x

// Where line p has vector v; neither storing nor reading meets conflicts of banks.
uint slice_at(uint p, uint v)
{
    return p * LINE + (v ^ p / 4u * 2u & 15u);
}

mat4 transposed(vec4 a, vec4 b, vec4 c, vec4 d)
{
    return mat4(vec4(a.x, b.x, c.x, d.x), vec4(a.y, b.y, c.y, d.y), vec4(a.z, b.z, c.z, d.z),
                vec4(a.w, b.w, c.w, d.w));
}

void tiles()
{
    uint me = gl_LocalInvocationID.x, number = me & 127u;
    bool loads_x = me < 128u;
    uint load_i = number / (DEPTH / 4u), load_q = number % (DEPTH / 4u); // of 4 rows, which quad of the slice
    uint slices = ceil_div(push.k, DEPTH), halves = row_halves(push.k);
    uint row = me / 16u, col = me % 16u;
    uint tiles_r = ceil_div(push.rows, TILE), tiles_j = ceil_div(push.n, TILE);
    for (uint tile_r = WORKGROUP_ID.y; tile_r < tiles_r; tile_r += WORKGROUPS.y) {
        for (uint tile_j = WORKGROUP_ID.x; tile_j < tiles_j; tile_j += WORKGROUPS.x) {
            uint first = (loads_x ? tile_r : tile_j) * TILE + 4u * load_i; // of the four rows that it loads
            vec4 squares = vec4(0.0);
            mat4 sums = mat4(0.0);
            vec4 v[4], up[4], factor = vec4(1.0); // of x
            Raw raw[4];                           // of w
            for (uint s = 0u; s <= slices; s++) {
                if (s > 0u) {
                    uint q = (s - 1u) * (DEPTH / 4u) + load_q;
                    [[unroll]] for (uint y = 0u; y < 4u; y++) {
                        if (loads_x) {
                            v[y] = input_of(v[y], up[y], factor, squares[y]);
                        } else {
                            bool there = first + y < push.n && 4u * q < push.k;
                            v[y] = there ? decode_quad(raw[y], 2u * WEIGHTS_START + (first + y) * halves, push.k, q)
                                         : vec4(0.0);
                        }
                    }
                    mat4 lines = transposed(v[0], v[1], v[2], v[3]);
                    barrier(); // the slice before has been multiplied
                    [[unroll]] for (uint y = 0u; y < 4u; y++) {
                        pool[(loads_x ? 0u : SLICE_W) + slice_at(4u * load_q + y, load_i)] = lines[y];
                    }
                    barrier();
                }
                if (s < slices) {
                    uint q = s * (DEPTH / 4u) + load_q;
                    if (loads_x) {
                        factor = normed ? norm_at(4u * q) : vec4(1.0);
                    }
                    [[unroll]] for (uint y = 0u; y < 4u; y++) {
                        uint i = first + y;
                        if (loads_x) {
                            v[y] = vec4(0.0);
                            up[y] = vec4(0.0);
                            if (i < push.rows && 4u * q < push.k) {
                                uint at = push.offset.x + i * push.ldx + 4u * q;
                                v[y] = x_at(at, push.k - 4u * q);
                                if (gated) {
                                    up[y] = x_at(at + push.k, push.k - 4u * q);
                                }
                            }
                        } else if (i < push.n && 4u * q < push.k) {
                            raw[y] = load_quad(2u * WEIGHTS_START + i * halves, push.k, q);
                        }
                    }
                }
                if (s > 0u) {
                    [[unroll]] for (uint p = 0u; p < DEPTH; p++) {
                        vec4 a = pool[slice_at(p, row)], b = pool[SLICE_W + slice_at(p, col)];
                        sums[0] += a.x * b;
                        sums[1] += a.y * b;
                        sums[2] += a.z * b;
                        sums[3] += a.w * b;
                    }
                }
            }
            vec4 scale = vec4(1.0);
            if (normed) {
                barrier(); // the last slice has been multiplied
                if (loads_x) {
                    pool[load_i * (DEPTH / 4u) + load_q] = squares;
                }
                barrier();
                vec4 sum = vec4(0.0);
                [[unroll]] for (uint i = 0u; i < DEPTH / 4u; i++) {
                    sum += pool[row * (DEPTH / 4u) + i];
                }
                scale = vec4(norm_scale(sum.x), norm_scale(sum.y), norm_scale(sum.z), norm_scale(sum.w));
                barrier(); // they have been read
            }
            [[unroll]] for (uint y = 0u; y < 4u; y++) {
                uint i = tile_r * TILE + 4u * row + y;
                if (i < push.rows) {
                    finish_quad(i, tile_j * TILE + 4u * col, scale[y] * sums[y]);
                }
            }
        }
    }
}
