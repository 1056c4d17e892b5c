// attend_tile(...): 16 rows of one head at once, for heads of up to 64 elements.
//
// In shared memory: 16 rows of q, 32 keys or their values, and the scores and weights of these. Each invocation
// makes two scores of a row, and keeps a quad of the row's result; 16 of them, side by side, have a row. A weight
// of 0 does not touch its value, which may be one that no span of the row names.

#define ROWS ZC_ATTENTION_TILE_ROWS
#define TILE_KEYS 32u
#define QUADS (ZC_ATTENTION_TILE_HEAD / 4u) // of a row of q or of a key
#define AT_KEYS 256u       // in the pool, after q
#define AT_SCORES 768u
#define AT_WEIGHTS 896u

void attend_tile(uint tile, uint head)
{
    uint me = gl_LocalInvocationID.x, row = me / 16u, lane = me % 16u;
    uint r = tile * ROWS + row;
    uint quads = push.head_size / 4u, kv = head / (push.heads / push.kv_heads) * push.head_size;
    uint begin = 0u, end = 0u, first = push.capacity, last = 0u; // of this row, of all rows
    for (uint i = 0u; i < min(ROWS, push.rows - tile * ROWS); i++) {
        uint at = push.offset.w + 2u * (tile * ROWS + i);
        uint from = min(spans1[at], push.capacity), to = min(spans1[at + 1u], push.capacity);
        if (from < to) {
            first = min(first, from);
            last = max(last, to);
            if (i == row) {
                begin = from;
                end = to;
            }
        }
    }
    vec4 query = vec4(0.0);
    if (r < push.rows && lane < quads) {
        uint at = push.offset.x + r * push.ldq + head * push.head_size + 4u * lane;
        query = push.scale * vec4(q1[at], q1[at + 1u], q1[at + 2u], q1[at + 3u]);
    }
    pool[row * QUADS + (lane ^ row)] = query;
    vec4 sums = vec4(0.0);
    float highest = LOWEST, total = 0.0; // total: of the keys whose scores this invocation makes
    for (uint base = first; base < last; base += TILE_KEYS) {
        uvec4 loaded[2];
        [[unroll]] for (uint i = 0u; i < 2u; i++) { // quad `lane` of keys `row` and `row` + 16
            uint key = base + row + 16u * i;
            loaded[i] = uvec4(0u);
            if (key < last && lane < quads) {
                loaded[i] = key_quad(key * push.ldk + kv + 4u * lane);
            }
        }
        barrier(); // the values before have been used
        [[unroll]] for (uint i = 0u; i < 2u; i++) {
            uint key = row + 16u * i;
            pool[AT_KEYS + key * QUADS + (lane ^ key & 15u)] = floats(loaded[i]);
        }
        barrier();
        [[unroll]] for (uint i = 0u; i < 2u; i++) { // on their way while scores are made
            uint key = base + row + 16u * i;
            if (key < last && lane < quads) {
                loaded[i] = value_quad(key * push.ldv + kv + 4u * lane);
            }
        }
        vec4 products[2] = vec4[](vec4(0.0), vec4(0.0));
        [[unroll]] for (uint d = 0u; d < QUADS; d++) {
            vec4 q = pool[row * QUADS + (d ^ row)];
            products[0] += q * pool[AT_KEYS + lane * QUADS + (d ^ lane)];
            products[1] += q * pool[AT_KEYS + (lane + 16u) * QUADS + (d ^ lane)];
        }
        vec2 score;
        [[unroll]] for (uint i = 0u; i < 2u; i++) {
            uint key = base + lane + 16u * i;
            vec4 p = products[i];
            score[i] = key >= begin && key < end ? (p.x + p.y) + (p.z + p.w) : LOWEST;
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
        sums *= shrink;
        [[unroll]] for (uint i = 0u; i < 2u; i++) {
            uint key = base + lane + 16u * i;
            float weight = key >= begin && key < end ? exp(score[i] - highest) : 0.0;
            total += weight;
            uint place = row * TILE_KEYS + lane + 16u * i;
            pool[AT_WEIGHTS + place / 4u][place & 3u] = weight;
            uint other = row + 16u * i; // the value that it loaded
            pool[AT_KEYS + other * QUADS + (lane ^ other & 15u)] = floats(loaded[i]);
        }
        barrier();
        [[unroll]] for (uint i = 0u; i < TILE_KEYS; i += 4u) {
            vec4 weight = pool[AT_WEIGHTS + (row * TILE_KEYS + i) / 4u];
            [[unroll]] for (uint e = 0u; e < 4u; e++) {
                if (weight[e] != 0.0) {
                    sums += weight[e] * pool[AT_KEYS + (i + e) * QUADS + (lane ^ i + e & 15u)];
                }
            }
        }
    }
    barrier(); // q, and what was shared last, have been read
    pool[AT_SCORES + me / 4u][me & 3u] = total;
    barrier();
    if (r < push.rows && lane < quads) {
        vec4 t = vec4(0.0);
        [[unroll]] for (uint i = 0u; i < 4u; i++) {
            t += pool[AT_SCORES + row * 4u + i];
        }
        vec4 result = end > begin ? sums / ((t.x + t.y) + (t.z + t.w)) : vec4(0.0);
        uint to = push.offset2.x + r * push.ldout + head * push.head_size + 4u * lane;
        if ((to & 3u) == 0u) {
            out4[to / 4u] = result;
        } else {
            out1[to] = result.x;
            out1[to + 1u] = result.y;
            out1[to + 2u] = result.z;
            out1[to + 3u] = result.w;
        }
    }
    barrier(); // what is shared has been read
}
