// attend_tile(...): 16 rows of one head at once.
//
// In shared memory: 64 elements of 16 rows of q, the same of 32 keys or values, and the scores and weights of these.
// Heads of more elements go in PARTS of 64. Each invocation makes two scores of a row, and keeps a quad of each part of
// the row's result; 16 of them, side by side, have a row. A weight of 0 does not touch its value, which may be one
// that no span of the row names.

#define ROWS ZC_ATTENTION_TILE_ROWS
#define TILE_KEYS 32u
#define QUADS (ZC_ATTENTION_TILE_PART / 4u) // of a part of a row
#define MOST_PARTS (ZC_ATTENTION_MAX_HEAD / ZC_ATTENTION_TILE_PART)
#define AT_KEYS 256u       // in the pool, after q
#define AT_SCORES 768u
#define AT_WEIGHTS 896u

const uint PARTS = shape + 1u;
#define EACH_PART(c) [[unroll]] for (uint c = 0u; c < PARTS; c++)

// The quad of a cache at a row and a column, a multiple of 4: its words, so that loads need not be waited for at once. Of
// bytes the second word has their scale, in the half that the third one says.
#define QUAD(name, one, two, four, start, ld)                                                                \
    uvec4 name(uint place, uint column)                                                                      \
    {                                                                                                        \
        if (kv_type == ZC_CACHE_Q8_0) {                                                                      \
            uint row = (start) + place * ((ld) / 64u * 17u);                                                 \
            return uvec4(one[row + column / 4u], one[row + (ld) / 4u + column / 64u], column >> 1 & 16u, 0u); \
        }                                                                                                    \
        uint index = place * (ld) + column;                                                                  \
        if (kv_type == ZC_CACHE_F16) {                                                                       \
            uint at = (start) + index / 2u;                                                                  \
            if ((((start) | (ld) / 2u) & 1u) == 0u) {                                                        \
                uvec2 pair = two[at / 2u];                                                                   \
                return uvec4(pair.x, pair.y, 0u, 0u);                                                        \
            }                                                                                                \
            return uvec4(one[at], one[at + 1u], 0u, 0u);                                                     \
        }                                                                                                    \
        uint at = (start) + index;                                                                           \
        if ((((start) | (ld)) & 3u) == 0u) {                                                                 \
            return four[at / 4u];                                                                            \
        }                                                                                                    \
        return uvec4(one[at], one[at + 1u], one[at + 2u], one[at + 3u]);                                     \
    }
QUAD(key_quad, k1, k2, k4, push.offset.y, push.ldk)
QUAD(value_quad, v1, v2, v4, push.offset.z, push.ldv)

vec4 floats(uvec4 words)
{
    if (kv_type == ZC_CACHE_Q8_0) {
        return unpackHalf2x16(words.y >> words.z).x * signed_bytes(words.x);
    }
    return kv_type == ZC_CACHE_F16 ? vec4(unpackHalf2x16(words.x), unpackHalf2x16(words.y)) : uintBitsToFloat(words);
}

// Quad `lane` of part c of keys `row` and `row` + 16, or of their values, on its way.
#define LOAD_TILE(quad, c)                                                  \
    [[unroll]] for (uint i = 0u; i < 2u; i++) {                             \
        uint key = base + row + 16u * i;                                    \
        loaded[i] = uvec4(0u);                                              \
        if (key < last && lane + QUADS * (c) < quads) {                     \
            loaded[i] = quad(FOUND(i, key), kv + 4u * (lane + QUADS * (c)));    \
        }                                                                   \
    }

#define SHARE_TILE                                                              \
    [[unroll]] for (uint i = 0u; i < 2u; i++) {                                 \
        uint key = row + 16u * i;                                               \
        pool[AT_KEYS + key * QUADS + (lane ^ key & 15u)] = floats(loaded[i]);   \
    }

void attend_tile(uint tile, uint head)
{
    uint me = gl_LocalInvocationID.x, row = me / 16u, lane = me % 16u;
    uint r = ROW_OF_TILE(tile, row);
    uint quads = push.head_size / 4u, kv = head / (push.heads / push.kv_heads) * push.head_size;
    uint begin = 0u, end = 0u, first = CONTEXT, last = 0u; // of this row, of all rows
    for (uint i = 0u; i < min(ROWS_OF_TILE, push.rows - tile * ROWS_OF_TILE); i++) {
        uvec2 span = span_of(tile * ROWS_OF_TILE + i);
        if (span.x < span.y) {
            first = min(first, span.x);
            last = max(last, span.y);
            if (i == row) {
                begin = span.x;
                end = span.y;
            }
        }
    }
    FIND_TABLE(tile * ROWS_OF_TILE)
    vec4 query[MOST_PARTS], sums[MOST_PARTS];
    EACH_PART(c) {
        query[c] = vec4(0.0);
        sums[c] = vec4(0.0);
        if (r < push.rows && lane + QUADS * c < quads) {
            uint at = push.offset.x + r * push.ldq + head * push.head_size + 4u * (lane + QUADS * c);
            query[c] = scale_of_scores() * vec4(q1[at], q1[at + 1u], q1[at + 2u], q1[at + 3u]);
        }
    }
    float highest = LOWEST, total = 0.0; // total: of the keys whose scores this invocation makes
    for (uint base = first; base < last; base += TILE_KEYS) {
        uvec4 loaded[2];
        vec4 products[2] = vec4[](vec4(0.0), vec4(0.0));
        FIND_PLACES
        LOAD_TILE(key_quad, 0u)
        EACH_PART(c) {
            barrier(); // what was shared before has been used
            if (PARTS > 1u || base == first) {
                pool[row * QUADS + (lane ^ row)] = query[c];
            }
            SHARE_TILE
            barrier();
            if (c + 1u < PARTS) { // on their way while scores are made
                LOAD_TILE(key_quad, c + 1u)
            } else {
                LOAD_TILE(value_quad, 0u)
            }
            [[unroll]] for (uint d = 0u; d < QUADS; d++) {
                vec4 q = pool[row * QUADS + (d ^ row)];
                products[0] += q * pool[AT_KEYS + lane * QUADS + (d ^ lane)];
                products[1] += q * pool[AT_KEYS + (lane + 16u) * QUADS + (d ^ lane)];
            }
        }
        vec2 score;
        [[unroll]] for (uint i = 0u; i < 2u; i++) {
            uint key = base + lane + 16u * i;
            vec4 p = products[i];
            score[i] = key >= begin && key < end ? CAPPED((p.x + p.y) + (p.z + p.w)) : LOWEST;
            uint place = row * TILE_KEYS + lane + 16u * i;
            pool[AT_SCORES + place / 4u][place & 3u] = score[i];
        }
        barrier();
        float next = highest;
        [[unroll]] for (uint i = 0u; i < TILE_KEYS / 4u; i++) {
            vec4 s = pool[AT_SCORES + row * (TILE_KEYS / 4u) + i];
            next = max(next, max(max(s.x, s.y), max(s.z, s.w)));
        }
        float shrink = exp(highest - next);
        highest = next;
        total *= shrink;
        EACH_PART(c) {
            sums[c] *= shrink;
        }
        [[unroll]] for (uint i = 0u; i < 2u; i++) {
            uint key = base + lane + 16u * i;
            float weight = key >= begin && key < end ? exp(score[i] - highest) : 0.0;
            total += weight;
            uint place = row * TILE_KEYS + lane + 16u * i;
            pool[AT_WEIGHTS + place / 4u][place & 3u] = weight;
        }
        EACH_PART(c) {
            if (c > 0u) {
                barrier(); // the values before have been used
            }
            SHARE_TILE
            barrier();
            if (c + 1u < PARTS) {
                LOAD_TILE(value_quad, c + 1u)
            }
            [[unroll]] for (uint i = 0u; i < TILE_KEYS; i += 4u) {
                vec4 weight = pool[AT_WEIGHTS + (row * TILE_KEYS + i) / 4u];
                [[unroll]] for (uint e = 0u; e < 4u; e++) {
                    if (weight[e] != 0.0) {
                        sums[c] += weight[e] * pool[AT_KEYS + (i + e) * QUADS + (lane ^ i + e & 15u)];
                    }
                }
            }
        }
    }
    barrier(); // q, and what was shared last, have been read
    pool[AT_SCORES + me / 4u][me & 3u] = total;
    barrier();
    vec4 t = vec4(0.0);
    [[unroll]] for (uint i = 0u; i < 4u; i++) {
        t += pool[AT_SCORES + row * 4u + i];
    }
    float all = with_sink((t.x + t.y) + (t.z + t.w), LOG2_E * highest, head);
    EACH_PART(c) {
        if (r < push.rows && lane + QUADS * c < quads) {
            vec4 result = end > begin ? sums[c] / all : vec4(0.0);
            put_quad(r, head, lane + QUADS * c, result);
        }
    }
    barrier(); // what is shared has been read
}
