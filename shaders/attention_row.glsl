// attend(...): one row of one head.
//
// LANES invocations share a key, each having every eighth quad of its elements, up to PARTS; they are a line, and
// a workgroup reads LINES keys at once, ROUNDS times before it looks at them. The loads of the next KEYS keys are on
// their way meanwhile. A line's scores are added through shared memory by all of its lanes; it keeps a maximum
// and sums of its own, and the lines meet only in the end.

#define LANES (ZC_ATTENTION_PART / 4u) // of a key
#define LINES (WORKGROUP / LANES)      // keys that are read at once
#define ROUNDS 4u
#define KEYS (LINES * ROUNDS)
#define MOST_PARTS (ZC_ATTENTION_MAX_HEAD / ZC_ATTENTION_PART)
#define STRIDE (LANES / 4u + 1u)       // of a key's partial scores, in vectors: against conflicts of banks


#define EACH_PART(c) [[unroll]] for (uint c = 0u; c < PARTS; c++)

#define LOAD(loaded, quad, first, ld)                                                          \
    [[unroll]] for (uint i = 0u; i < ROUNDS; i++) {                                            \
        uint key = (first) + line + LINES * i;                                                 \
        EACH_PART(c) {                                                                         \
            uvec4 words = uvec4(0u);                                                           \
            if (key < end && lane + LANES * c < quads) {                                       \
                words = quad(key * (ld) + kv + 4u * (lane + LANES * c));                       \
            }                                                                                  \
            loaded[i * PARTS + c] = words;                                                \
        }                                                                                      \
    }

void attend(uint r, uint head)
{
    uint me = gl_LocalInvocationID.x, lane = me % LANES, line = me / LANES;
    uint quads = push.head_size / 4u, kv = head / (push.heads / push.kv_heads) * push.head_size;
    uint begin = min(spans1[push.offset.w + 2u * r], push.capacity);
    uint end = min(spans1[push.offset.w + 2u * r + 1u], push.capacity);
    vec4 query[MOST_PARTS], sums[MOST_PARTS];
    uvec4 keys[ROUNDS * MOST_PARTS], values[ROUNDS * MOST_PARTS];
    LOAD(keys, key_quad, begin, push.ldk)
    LOAD(values, value_quad, begin, push.ldv)
    EACH_PART(c) {
        query[c] = vec4(0.0);
        sums[c] = vec4(0.0);
        if (lane + LANES * c < quads) {
            uint at = push.offset.x + r * push.ldq + head * push.head_size + 4u * (lane + LANES * c);
            query[c] = push.scale * vec4(q1[at], q1[at + 1u], q1[at + 2u], q1[at + 3u]);
        }
    }
    float highest = LOWEST, total = 0.0; // of the line
    for (uint first = begin; first < end; first += KEYS) {
        barrier(); // the scores before have been read
        [[unroll]] for (uint i = 0u; i < ROUNDS; i++) {
            float score = 0.0;
            EACH_PART(c) {
                score += dot(query[c], floats(keys[i * PARTS + c]));
            }
            pool[(line + LINES * i) * STRIDE + lane / 4u][lane & 3u] = score;
        }
        barrier();
        if (first + KEYS < end) {
            LOAD(keys, key_quad, first + KEYS, push.ldk)
        }
        float score[ROUNDS], next = highest;
        [[unroll]] for (uint i = 0u; i < ROUNDS; i++) {
            vec4 s = pool[(line + LINES * i) * STRIDE] + pool[(line + LINES * i) * STRIDE + 1u];
            score[i] = (s.x + s.y) + (s.z + s.w);
            next = first + line + LINES * i < end ? max(next, score[i]) : next;
        }
        float shrink = exp(highest - next);
        highest = next;
        total *= shrink;
        EACH_PART(c) {
            sums[c] *= shrink;
        }
        [[unroll]] for (uint i = 0u; i < ROUNDS; i++) {
            if (first + line + LINES * i < end) {
                float weight = exp(score[i] - highest);
                total += weight;
                EACH_PART(c) {
                    sums[c] += weight * floats(values[i * PARTS + c]);
                }
            }
        }
        if (first + KEYS < end) {
            LOAD(values, value_quad, first + KEYS, push.ldv)
        }
    }

    // What the lines have: maxima and totals, then sums, made comparable.
    barrier();
    if (lane == 0u) {
        pool[line / 4u][line & 3u] = highest;
    }
    barrier();
    float top = LOWEST;
    [[unroll]] for (uint i = 0u; i < LINES / 4u; i++) {
        vec4 h = pool[i];
        top = max(top, max(max(h.x, h.y), max(h.z, h.w)));
    }
    float shrink = line < end - min(begin, end) ? exp(highest - top) : 0.0; // a line without keys has nothing
    barrier();
    if (lane == 0u) {
        pool[line / 4u][line & 3u] = total * shrink;
    }
    barrier();
    float all = 0.0;
    [[unroll]] for (uint i = 0u; i < LINES / 4u; i++) {
        vec4 t = pool[i];
        all += (t.x + t.y) + (t.z + t.w);
    }
    float scale = end > begin ? 1.0 / all : 0.0;
    EACH_PART(c) {
        barrier(); // what was shared before has been read
        pool[line * LANES + lane] = shrink * sums[c];
        barrier();
        uint e = 4u * LANES * c + me; // an element for each of the first invocations
        if (me < 4u * LANES && e < push.head_size) {
            float sum = 0.0;
            [[unroll]] for (uint i = 0u; i < LINES; i++) {
                sum += pool[i * LANES + me / 4u][me & 3u];
            }
            out1[push.offset2.x + r * push.ldout + head * push.head_size + e] = sum * scale;
        }
    }
    barrier(); // what is shared has been read
}
