// attend_split(...): a part of the keys of one row, for up to four heads that share them.
//
// The subgroups of a workgroup share out the keys, and each goes in tiles of as many keys as it has invocations, WIDTH.
// First LANES neighbours have a key, eight elements each, and add up its scores for all heads, which go to shared
// memory. There each invocation has a key and makes weights of its scores. Then LANES_OF_VALUE neighbours have a
// value, four elements each, for sums of all heads. So every key and every value is read once. A subgroup keeps
// maxima, totals and sums of its own; they meet in the end.
//
// What comes out for (split, row, head) is a record in the workspace: one vector (maximum, total, how many splits have
// keys), then the sums, which join(...) reads. A split without keys writes the vector, too: what lay there is
// another's. Where all keys are in one split, it writes the result itself.
//
// Scores are in powers of two: log2(e) is in the scale. The code is short rather than unrolled: for few keys most of the
// time goes into fetching it.

const uint split_shape = shape - ZC_ATTENTION_SPLIT_SHAPE;
const uint WIDTH = 4u << split_shape % 5u; // the subgroups'
const uint OCTETS = 4u << split_shape / 5u % 4u; // eight elements each, of a head at most
const uint HEADS = 1u << split_shape / 20u;
const uint LANES = OCTETS < WIDTH ? OCTETS : WIDTH;
const uint LINES = WIDTH / LANES; // keys that a subgroup reads at once
const uint OCTETS_EACH = OCTETS / LANES;
const uint LANES_OF_VALUE = 2u * OCTETS < WIDTH ? 2u * OCTETS : WIDTH;
const uint LINES_OF_VALUES = WIDTH / LANES_OF_VALUE;
const uint QUADS_EACH = 2u * OCTETS / LANES_OF_VALUE;
const uint UNITS = WORKGROUP / LANES_OF_VALUE; // invocations with sums of their own
const uint UNIT_QUADS = HEADS * 2u * OCTETS;
const uint QUERIES_EACH = (4u * UNIT_QUADS + WORKGROUP - 1u) / WORKGROUP; // elements of q that an invocation loads

#define MOST_HEADS ZC_ATTENTION_SPLIT_HEADS
#define MOST_OCTETS 2u // of an invocation
#define AT_SCORES_OF_SPLIT 256u // in the pool, after q
// Rounds of keys on their way at once, and of values. Apple's GPUs have 128 registers for an invocation, and more subgroups
// at a time the fewer of them are used (buildtools/metal_count.py counts).
#ifdef ZC_MSL
#define KU 1u
#define VU 2u
#define TEAM_HEADS HEADS // of a head's team at most: two where heads are large, as the plan has it
#else
#define KU 2u
#define VU 4u
#define TEAM_HEADS MOST_HEADS
#endif

#define EACH_HEAD(h) [[unroll]] for (uint h = 0u; h < HEADS; h++)
#define EACH_OCTET(c) [[unroll]] for (uint c = 0u; c < OCTETS_EACH; c++)

// Octet o of a key, which lies in row `place`: its words. What is behind the head's end is 0.
void key_octet(uint place, uint kv, uint o, bool there, out uvec4 a, out uvec4 b)
{
    uint element = place * push.ldk + kv + 8u * o;
    a = b = uvec4(0u);
    if (!there) {
        return;
    }
    if (kv_type == ZC_CACHE_F16 && ((push.offset.y | push.ldk / 2u | push.head_size / 2u) & 3u) == 0u) {
        a = k4[(push.offset.y + element / 2u) / 4u];
        return;
    }
    uvec4 second = 8u * o + 4u < push.head_size ? key_quad(place, kv + 8u * o + 4u) : uvec4(0u);
    a = key_quad(place, kv + 8u * o);
    if (kv_type == ZC_CACHE_F16) {
        a = uvec4(a.x, a.y, second.x, second.y);
    } else {
        b = second;
    }
}

// VU rounds of values from `base` on, counted from the tile's first.
#define LOAD_VALUES(base)                                                                                  \
    [[unroll]] for (uint i = 0u; i < VU; i++) {                                                            \
        uint key = (base) + LINES_OF_VALUES * i;                                                           \
        [[unroll]] for (uint c = 0u; c < QUADS_EACH; c++) {                                                \
            uint quad = lane_of_value + LANES_OF_VALUE * c;                                                \
            words[i * QUADS_EACH + c] = uvec4(0u);                                                         \
            if (key < here && quad < quads) {                                                              \
                words[i * QUADS_EACH + c] = value_quad(PLACE(first + key), kv + 4u * quad);                     \
            }                                                                                              \
        }                                                                                                  \
    }

// The record of a split, a row and a head, in vectors of the workspace.
uint record_at(uint split, uint r, uint head)
{
    return ((split * push.rows + r) * push.heads + head) * (push.head_size / 4u + 1u);
}

// A key's scores, of which each of its invocations has a part: added up so that each has one head's in the end.
float add_scores(float score[MOST_HEADS], uint lane)
{
    uint step = LANES / 2u;
    if (HEADS == 4u) {
        bool upper = (lane & step) != 0u;
        float other0 = subgroupShuffleXor(upper ? score[0] : score[2], step);
        float other1 = subgroupShuffleXor(upper ? score[1] : score[3], step);
        score[0] = (upper ? score[2] : score[0]) + other0;
        score[1] = (upper ? score[3] : score[1]) + other1;
        step /= 2u;
    }
    if (HEADS >= 2u) {
        bool upper = (lane & step) != 0u;
        float other = subgroupShuffleXor(upper ? score[0] : score[1], step);
        score[0] = (upper ? score[1] : score[0]) + other;
    }
    [[unroll]] for (uint rest = LANES / HEADS / 2u; rest > 0u; rest /= 2u) {
        score[0] += subgroupShuffleXor(score[0], rest);
    }
    return score[0];
}

void attend_split(uint split, uint splits, uint r, uint team)
{
    uint group = push.heads / push.kv_heads, teams = (group + TEAM_HEADS - 1u) / TEAM_HEADS;
    uint share = (group + teams - 1u) / teams, first_head = team % teams * share;
    uint heads = min(share, group - min(first_head, group)); // of this workgroup
    first_head += team / teams * group;
    uint quads = push.head_size / 4u, kv = team / teams * push.head_size;
    uint me = gl_LocalInvocationID.x, sub = gl_SubgroupID, mine = gl_SubgroupInvocationID;

    // Loads of q do not wait for those of the span.
    float queries[4];
    [[unroll]] for (uint i = 0u; i < QUERIES_EACH; i++) {
        uint at = me + WORKGROUP * i, h = at / (8u * OCTETS), e = at % (8u * OCTETS);
        queries[i] = 0.0;
        if (h < heads && e < push.head_size) {
            queries[i] = q1[push.offset.x + r * push.ldq + (first_head + h) * push.head_size + e];
        }
    }
    uvec2 span = span_of(r);
    uint begin = span.x, end = span.y, count = end - begin;
    uint each = max(ZC_ATTENTION_SPLIT_KEYS, KEYS_OF_SPLIT(count, splits));
    uint used = (count + each - 1u) / each; // splits that have keys
    if (split >= max(used, 1u)) {
        if (me < heads) {
            workspace4[record_at(split, r, first_head + me)] = vec4(LOWEST, 0.0, 0.0, 0.0);
        }
        return;
    }
    FIND_TABLE(r)
    // This subgroup's keys.
    uint from = begin + split * each, to = min(from + each, end);
    uint few = ((to - from + WORKGROUP / WIDTH - 1u) / (WORKGROUP / WIDTH) + LINES - 1u) / LINES * LINES;
    from = min(from + sub * few, to);
    to = min(from + few, to);

    [[unroll]] for (uint i = 0u; i < QUERIES_EACH; i++) {
        uint at = me + WORKGROUP * i;
        if (at < 4u * UNIT_QUADS) {
            pool[at / 4u][at & 3u] = (capped ? scale_of_scores() : push.scale * LOG2_E) * queries[i];
        }
    }
    barrier();
    uint lane = mine % LANES, line = mine / LANES;
    uint lane_of_value = mine % LANES_OF_VALUE, line_of_values = mine / LANES_OF_VALUE;
    vec4 query[2u * MOST_HEADS * MOST_OCTETS], sums[2u * MOST_HEADS * MOST_OCTETS];
    EACH_HEAD(h) {
        EACH_OCTET(c) {
            query[2u * (h * OCTETS_EACH + c)] = pool[h * 2u * OCTETS + 2u * (lane + LANES * c)];
            query[2u * (h * OCTETS_EACH + c) + 1u] = pool[h * 2u * OCTETS + 2u * (lane + LANES * c) + 1u];
        }
        [[unroll]] for (uint c = 0u; c < QUADS_EACH; c++) {
            sums[h * QUADS_EACH + c] = vec4(0.0);
        }
    }
    vec4 tops = vec4(LOWEST), totals = vec4(0.0);
    uint scores = AT_SCORES_OF_SPLIT + sub * WIDTH;

    // All subgroups have as many tiles, because a software driver takes a subgroup's barrier for the workgroup's.
    for (uint tile = 0u; tile < few; tile += WIDTH) {
        uint first = from + tile, here = first < to ? min(WIDTH, to - first) : 0u;
        uvec4 words[2u * MOST_OCTETS * VU];
        LOAD_VALUES(line_of_values) // on their way while there are scores to make
        subgroupBarrier(); // the weights before have been read
        for (uint base = 0u; base < here; base += LINES * KU) {
            uvec4 a[MOST_OCTETS * KU], b[MOST_OCTETS * KU];
            [[unroll]] for (uint i = 0u; i < KU; i++) {
                uint key = base + line + LINES * i;
                EACH_OCTET(c) {
                    bool there = key < here && 2u * (lane + LANES * c) < quads;
                    key_octet(PLACE(first + key), kv, lane + LANES * c, there, a[i * OCTETS_EACH + c],
                              b[i * OCTETS_EACH + c]);
                }
            }
            [[unroll]] for (uint i = 0u; i < KU; i++) {
                float score[MOST_HEADS];
                EACH_HEAD(h) {
                    score[h] = 0.0;
                }
                EACH_OCTET(c) {
                    uvec4 octet = a[i * OCTETS_EACH + c];
                    vec4 x = floats(octet);
                    vec4 y = floats(kv_type == ZC_CACHE_F16 ? octet.zwzw : b[i * OCTETS_EACH + c]);
                    EACH_HEAD(h) {
                        score[h] += dot(query[2u * (h * OCTETS_EACH + c)], x) +
                                    dot(query[2u * (h * OCTETS_EACH + c) + 1u], y);
                    }
                }
                float sum = add_scores(score, lane);
                uint key = base + line + LINES * i;
                if (key < here && lane % (LANES / HEADS) == 0u) {
                    pool[scores + key][lane / (LANES / HEADS)] = sum;
                }
            }
        }
        subgroupBarrier();
        vec4 weights = pool[scores + mine];
        EACH_HEAD(h) {
            weights[h] = capped ? LOG2_E * CAPPED(weights[h]) : weights[h];
            float score = mine < here ? weights[h] : LOWEST;
            float next = max(tops[h], subgroupMax(score)), shrink = exp2(tops[h] - next);
            tops[h] = next;
            totals[h] *= shrink;
            [[unroll]] for (uint c = 0u; c < QUADS_EACH; c++) {
                sums[h * QUADS_EACH + c] *= shrink;
            }
            weights[h] = mine < here ? exp2(score - next) : 0.0;
        }
        pool[scores + mine] = weights;
        subgroupBarrier();
        for (uint base = line_of_values; base < here; base += LINES_OF_VALUES * VU) {
            [[unroll]] for (uint i = 0u; i < VU; i++) {
                uint key = base + LINES_OF_VALUES * i;
                vec4 weight = key < here ? pool[scores + key] : vec4(0.0);
                totals += weight;
                [[unroll]] for (uint c = 0u; c < QUADS_EACH; c++) {
                    vec4 value = floats(words[i * QUADS_EACH + c]);
                    EACH_HEAD(h) {
                        sums[h * QUADS_EACH + c] += weight[h] * value;
                    }
                }
            }
            LOAD_VALUES(base + LINES_OF_VALUES * VU)
        }
    }

    // What the units have: maxima and totals, then sums, made comparable.
    uint unit = sub * LINES_OF_VALUES + line_of_values;
    barrier(); // what was shared before has been read
    if (lane_of_value == 0u) {
        pool[2u * unit] = tops;
        pool[2u * unit + 1u] = totals;
    }
    barrier();
    uint h = me / (2u * OCTETS), quad = me % (2u * OCTETS); // what this invocation adds up in the end
    float top[MOST_HEADS], total = 0.0;
    EACH_HEAD(i) {
        top[i] = LOWEST;
    }
    [[dont_unroll]] for (uint some = 0u; some < UNITS; some += 4u) {
        [[unroll]] for (uint i = 0u; i < 4u; i++) {
            vec4 other = pool[2u * (some + i)];
            EACH_HEAD(j) {
                top[j] = max(top[j], other[j]);
            }
        }
    }
    float mine_top = LOWEST;
    vec4 sum = vec4(0.0);
    EACH_HEAD(i) {
        mine_top = i == h ? top[i] : mine_top;
    }
    [[dont_unroll]] for (uint some = 0u; some < UNITS; some += 4u) {
        [[unroll]] for (uint i = 0u; i < 4u; i++) {
            uint at = 2u * (some + i);
            total += pool[at + 1u][h % 4u] * exp2(pool[at][h % 4u] - mine_top);
        }
    }
    const uint fit = min(UNITS, 1024u / UNIT_QUADS); // units in shared memory
    for (uint base = 0u; base < UNITS; base += fit) {
        barrier(); // what was shared before has been read
        if (unit - base < fit) {
            EACH_HEAD(i) {
                float shrink = exp2(tops[i] - top[i]);
                [[unroll]] for (uint c = 0u; c < QUADS_EACH; c++) {
                    pool[(unit - base) * UNIT_QUADS + i * 2u * OCTETS + lane_of_value + LANES_OF_VALUE * c] =
                        shrink * sums[i * QUADS_EACH + c];
                }
            }
        }
        barrier();
        [[dont_unroll]] for (uint some = 0u; some < fit && me < UNIT_QUADS; some += 4u) {
            [[unroll]] for (uint i = 0u; i < 4u; i++) {
                sum += pool[(some + i) * UNIT_QUADS + me];
            }
        }
    }
    if (h < heads && quad < quads) {
        uint at = record_at(split, r, first_head + h);
        if (used > 1u) {
            workspace4[at + 1u + quad] = sum;
        } else {
            put_quad(r, first_head + h, quad, count > 0u ? sum / with_sink(total, mine_top, first_head + h) : vec4(0.0));
        }
        if (splits > 1u && quad == 0u) {
            workspace4[at] = vec4(mine_top, total, float(used), 0.0);
        }
    }
    barrier(); // what is shared has been read
}

// join(...): the splits of one row and head. A team of invocations, one for each quad, for some of the splits.
void join(uint r, uint head)
{
    uint me = gl_LocalInvocationID.x, quads = push.head_size / 4u;
    uint used = uint(workspace4[record_at(0u, r, head)].z);
    if (used <= 1u) {
        return;
    }
    // An invocation for each split; ZC_ATTENTION_MAX_SPLITS are not more than these.
    vec4 mine = me < used ? workspace4[record_at(me, r, head)] : vec4(LOWEST, 0.0, 0.0, 0.0);
    float top = subgroupMax(mine.x);
    pool[me] = mine;
    if (subgroupElect()) {
        pool[WORKGROUP + gl_SubgroupID].x = top;
    }
    barrier();
    for (uint i = 0u; i < gl_NumSubgroups; i++) {
        top = max(top, pool[WORKGROUP + i].x);
    }
    uint teams = WORKGROUP / quads, team = me / quads, quad = me % quads;
    vec4 sum = vec4(0.0);
    float total = 0.0;
    for (uint first = team; team < teams && first < used; first += 4u * teams) {
        vec4 sums[4];
        [[unroll]] for (uint i = 0u; i < 4u; i++) {
            sums[i] = first + teams * i < used ? workspace4[record_at(first + teams * i, r, head) + 1u + quad] : vec4(0.0);
        }
        [[unroll]] for (uint i = 0u; i < 4u; i++) {
            if (first + teams * i < used) {
                vec4 other = pool[first + teams * i];
                float weight = exp2(other.x - top);
                sum += other.y != 0.0 ? weight * sums[i] : vec4(0.0); // else it has no sums
                total += weight * other.y;
            }
        }
    }
    barrier(); // what was shared has been read
    pool[me] = sum;
    pool[WORKGROUP + me].x = total;
    barrier();
    if (team == 0u) {
        for (uint i = 1u; i < teams; i++) {
            sum += pool[i * quads + quad];
            total += pool[WORKGROUP + i * quads + quad].x;
        }
        put_quad(r, head, quad, sum / with_sink(total, top, head));
    }
    barrier(); // what is shared has been read
}
