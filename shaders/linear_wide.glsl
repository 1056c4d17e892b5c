// wide_rows(): one row of x at a time, for Q8_0 with many rows of w, such as a vocabulary.
//
// Two blocks of Q8_0 are 17 words, each of which has weights of one block only, and perhaps a scale. An invocation
// has the same words of WIDE_ROWS rows, and keeps what x is there, 0 for a scale's bytes. So 32 invocations read
// a row's words side by side, and shared memory is read once for all rows.

#define WIDE_LANES 32u
#define WIDE_LINES ZC_LINEAR_WIDE_LINES
#define WIDE_ROWS (WIDE_LINES / (WORKGROUP / WIDE_LANES))
#define WIDE_WORDS 5u // of a row that an invocation has at once
#define PAIR ZC_LINEAR_WIDE_K // elements of two blocks

// Element e of the chunk that is in shared memory.
float shared_element(uint e)
{
    return pool[e / 4u + e / 32u][e & 3u];
}

void wide_rows()
{
    uint me = gl_LocalInvocationID.x, lane = me % WIDE_LANES, team = me / WIDE_LANES;
    uint row_words = push.k / PAIR * 17u;
    for (uint r = WORKGROUP_ID.y; r < push.rows; r += WORKGROUPS.y) {
        uint x = push.offset.x + r * push.ldx;
        for (uint tile = WORKGROUP_ID.x; tile * WIDE_LINES < push.n; tile += WORKGROUPS.x) {
            uint first = tile * WIDE_LINES + team * WIDE_ROWS;
            float sums[WIDE_ROWS], squares = 0.0;
            [[unroll]] for (uint y = 0u; y < WIDE_ROWS; y++) {
                sums[y] = 0.0;
            }
            for (uint base = 0u; base < push.k; base += CHUNK) {
                uint count = min(push.k - base, CHUNK), words = count / PAIR * 17u;
                barrier(); // what was shared before has been read
                put_chunk(x, base, count, squares);
                if (normed && base + CHUNK >= push.k) {
                    share_squares(squares);
                }
                barrier();
                for (uint from = 0u; from < words; from += WIDE_LANES * WIDE_WORDS) {
                    vec4 v[WIDE_WORDS];
                    uint word[WIDE_WORDS], scale[WIDE_WORDS], shift[WIDE_WORDS];
                    [[unroll]] for (uint i = 0u; i < WIDE_WORDS; i++) {
                        uint at = from + lane + WIDE_LANES * i, pair = at / 17u, in_pair = at % 17u;
                        bool second = in_pair > 8u;
                        uint quant = second ? 4u * in_pair - 36u : 4u * in_pair - 2u; // the word's first
                        [[unroll]] for (uint e = 0u; e < 4u; e++) {
                            bool there = at < words && quant + e < 32u;
                            v[i][e] = there ? shared_element(PAIR * pair + (second ? 32u : 0u) + quant + e) : 0.0;
                        }
                        at = min(at, words - 1u);
                        word[i] = base / PAIR * 17u + at;
                        scale[i] = base / PAIR * 17u + at / 17u * 17u + (at % 17u > 8u ? 8u : 0u);
                        shift[i] = at % 17u > 8u ? 16u : 0u;
                    }
                    [[unroll]] for (uint y = 0u; y < WIDE_ROWS; y++) {
                        uint row = WEIGHTS_START + min(first + y, push.n - 1u) * row_words;
                        [[unroll]] for (uint i = 0u; i < WIDE_WORDS; i++) {
                            uint quants = weight_word(row + word[i]), scales = weight_word(row + scale[i]);
                            sums[y] += unpackHalf2x16(scales >> shift[i]).x * dot(signed_bytes(quants), v[i]);
                        }
                    }
                }
            }
            barrier(); // the chunk has been read
            [[unroll]] for (uint y = 0u; y < WIDE_ROWS; y++) {
                pool[(team * WIDE_ROWS + y) * 9u + lane / 4u][lane & 3u] = sums[y];
            }
            barrier();
            if (me < WIDE_LINES && tile * WIDE_LINES + me < push.n) {
                vec4 sum = vec4(0.0);
                [[unroll]] for (uint i = 0u; i < WIDE_LANES / 4u; i++) {
                    sum += pool[me * 9u + i];
                }
                float scale = normed ? norm_scale(shared_squares()) : 1.0;
                finish(r, tile * WIDE_LINES + me, scale * ((sum.x + sum.y) + (sum.z + sum.w)));
            }
        }
    }
}
