// attention and attention_paged of many rows over a cache of float16, on matrix units (csrc/kernel/zc_kernel_tiles.c
// decides). Before it come the buffers, and what attention.glsl says of rows and keys.
//
// A query is a row of a head. A subgroup has TILE queries of the heads that share keys, and goes over these in tiles of
// KEYS, which its workgroup has in shared memory: scores, weights, and sums of values, rescaled whenever a greater score
// turns up. Products are those of float16 with float32 sums. Keys and values are float16 as they are; a query is scaled
// by a power of two and is the sum of two float16, so that its scores are as good as float32's; weights are rounded.
//
// What matrices have goes through shared memory, because nobody knows which invocation has which element: scores out,
// weights back, and what sums are rescaled by.
//
// A value that is not finite makes rows NaN that see it, and is 0 for the others.

#include "common.glsl"
#include "halves.glsl"

#include "activation.glsl"

layout(constant_id = 0) const uint variant = 0u;
#include "attention_span.glsl"

#define KEYS (2u * TILE)
#define SUBGROUPS (WORKGROUP / LANES)
const uint matrix_shape = variant / ZC_CACHE_TYPES % ZC_ATTENTION_SHAPES - ZC_ATTENTION_MATRIX_SHAPE;
const uint PARTS = (matrix_shape % 16u + 1u) * 16u / TILE; // matrices side by side in a head
const uint TEAMS = SUBGROUPS >> matrix_shape / 16u; // subgroups with queries; the others only load
const uint COLUMNS = PARTS * TILE;

#define LANES_OF_ROW (LANES / TILE)
#define MOST_PARTS (ZC_ATTENTION_MAX_HEAD / TILE)
#define SCORE_LD (KEYS + 4u)             // words; against conflicts of banks, as all that follow
#define WEIGHT_LD (KEYS / 2u + 4u)       // words, of two weights each
#define AT_FACTORS (TILE * WEIGHT_LD)    // behind the weights
#define QUERY_LD (TILE / 2u + 4u)        // words
#define AT_LOW (TILE * QUERY_LD)
#define RESULT_LD (TILE + 4u)
#define OWN (TILE * SCORE_LD)            // words of a subgroup
#define OCTETS (COLUMNS / 8u)            // of a key in shared memory
#define TILE_LD (OCTETS + 1u)            // vectors
#define MOST_VECTORS (2u * KEYS * (128u / 8u + 1u))
#define EACH ((KEYS * OCTETS + WORKGROUP - 1u) / WORKGROUP) // vectors that an invocation loads of a tile
#define MOST_EACH 4u
const bool both = COLUMNS <= 128u;       // keys and values have a place of their own
const uint at_values = both ? KEYS * TILE_LD : 0u;

shared uvec4 tiles[MOST_VECTORS];
shared uint own[SUBGROUPS * OWN];
shared uint unusable[KEYS]; // of the values: not finite

#define MATRIX(T, USE) coopmat<T, gl_ScopeSubgroup, TILE, TILE, gl_MatrixUse##USE>
#define EACH_MATRIX(d) [[unroll]] for (uint d = 0u; d < PARTS; d++)

// Octet o of a key or a value, at element `element` of the cache; what is behind the head's end is 0.
#define OCTET(name, one, four, start, ld)                                                          \
    uvec4 name(uint element, uint o)                                                               \
    {                                                                                              \
        uint at = (start) + element / 2u + 4u * o;                                                 \
        if ((((start) | (ld) / 2u | push.head_size / 2u) & 3u) == 0u) {                            \
            return four[at / 4u];                                                                  \
        }                                                                                          \
        uvec4 words = uvec4(one[at], one[at + 1u], 0u, 0u);                                        \
        if (8u * o + 4u < push.head_size) {                                                        \
            words.z = one[at + 2u];                                                                \
            words.w = one[at + 3u];                                                                \
        }                                                                                          \
        return words;                                                                              \
    }
OCTET(key_octet, k1, k4, push.offset.y, push.ldk)
OCTET(value_octet, v1, v4, push.offset.z, push.ldv)

#define LOAD_TILE(loaded, octet, ld)                                                      \
    [[unroll]] for (uint i = 0u; i < EACH; i++) {                                         \
        uint at = gl_LocalInvocationID.x + WORKGROUP * i, key = base + at / OCTETS;       \
        loaded[i] = uvec4(0u);                                                            \
        if (at < KEYS * OCTETS && key < last && 8u * (at % OCTETS) < push.head_size) {    \
            loaded[i] = octet(PLACE(key) * (ld) + kv, at % OCTETS);                       \
        }                                                                                 \
    }

void put_keys(uvec4 loaded[MOST_EACH])
{
    [[unroll]] for (uint i = 0u; i < EACH; i++) {
        uint at = gl_LocalInvocationID.x + WORKGROUP * i;
        if (at < KEYS * OCTETS) {
            tiles[at / OCTETS * TILE_LD + at % OCTETS] = loaded[i];
        }
    }
}

void put_values(uvec4 loaded[MOST_EACH])
{
    [[unroll]] for (uint i = 0u; i < EACH; i++) {
        uint at = gl_LocalInvocationID.x + WORKGROUP * i;
        if (at < KEYS * OCTETS) {
            uvec4 exponents = (loaded[i] & 0x7c007c00u) + 0x04000400u; // 0x8000 in a half that is not finite
            if (((exponents.x | exponents.y | exponents.z | exponents.w) & 0x80008000u) != 0u) {
                loaded[i] = uvec4(0u);
                unusable[at / OCTETS] = 1u;
            }
            tiles[at_values + at / OCTETS * TILE_LD + at % OCTETS] = loaded[i];
        }
    }
}

// What a lane knows of its query.
struct Query
{
    uint row, head; // row: push.rows where there is none
    uint begin, end;
    float factor;   // of its scores
};

Query find_query(uint number, uint group, uint kv_head)
{
    Query query = Query(number / group, kv_head * group + number % group, 0u, 0u, 0.0);
    if (query.row < push.rows) {
        uvec2 span = span_of(query.row);
        query.begin = span.x;
        query.end = span.y;
    } else {
        query.row = push.rows;
    }
    if (query.begin >= query.end) {
        query.begin = CONTEXT;
        query.end = 0u;
    }
    return query;
}

void attend_queries(uint tile, uint kv_head)
{
    uint me = gl_LocalInvocationID.x, lane = gl_SubgroupInvocationID, mine = gl_SubgroupID * OWN;
    uint i_row = lane / LANES_OF_ROW, part = lane % LANES_OF_ROW;
    uint group = push.heads / push.kv_heads, kv = kv_head * push.head_size;
    Query query = find_query((tile * TEAMS + gl_SubgroupID) * TILE + i_row, group, kv_head);
    if (gl_SubgroupID >= TEAMS) {
        query.row = push.rows;
        query.begin = CONTEXT;
        query.end = 0u;
    }
    bool is_query = query.row < push.rows;
    FIND_TABLE(0u)
    uint q = push.offset.x + query.row * push.ldq + query.head * push.head_size;

    // The first and the last key of the subgroup, and of the workgroup.
    uint own_first = subgroupMin(query.begin), own_last = subgroupMax(query.end);
    barrier(); // what was shared before has been read
    if (subgroupElect()) {
        own[mine] = own_first;
        own[mine + 1u] = own_last;
    }
    barrier();
    uint first = CONTEXT, last = 0u;
    for (uint i = 0u; i < SUBGROUPS; i++) {
        first = min(first, own[i * OWN]);
        last = max(last, own[i * OWN + 1u]);
    }
    barrier();

    // The queries as matrices.
    float largest = 0.0;
    bool finite_ = true;
    for (uint e = part; e < push.head_size && is_query; e += LANES_OF_ROW) {
        float x = q1[q + e];
        largest = max(largest, abs(x));
        finite_ = finite_ && finite(x);
    }
    [[unroll]] for (uint step = LANES_OF_ROW / 2u; step > 0u; step /= 2u) {
        largest = max(largest, subgroupShuffleXor(largest, step));
        finite_ = finite_ && subgroupShuffleXor(finite_ ? 1u : 0u, step) == 1u;
    }
    uint power = min(floatBitsToUint(largest) & INFINITY_BITS, 0x7e000000u);
    float shrink_query = 256.0 * uintBitsToFloat(0x7f000000u - power);
    query.factor = finite_ ? uintBitsToFloat(power) / 256.0 * (capped ? scale_of_scores() : push.scale * LOG2_E) : uintBitsToFloat(NAN_BITS);
    MATRIX(float16_t, A) high[MOST_PARTS], low[MOST_PARTS];
    MATRIX(float, Accumulator) sums[MOST_PARTS];
    EACH_MATRIX(d) {
        [[unroll]] for (uint i = 0u; i < TILE / 2u / LANES_OF_ROW; i++) {
            uint pair = part + LANES_OF_ROW * i, e = d * TILE + 2u * pair;
            vec2 x = vec2(0.0);
            if (is_query && e < push.head_size) {
                x = shrink_query * vec2(q1[q + e], q1[q + e + 1u]);
            }
            own[mine + i_row * QUERY_LD + pair] = packHalf2x16(upper(x));
            own[mine + AT_LOW + i_row * QUERY_LD + pair] = packHalf2x16(x - upper(x));
        }
        subgroupBarrier();
        coopMatLoad(high[d], own, mine, QUERY_LD, gl_CooperativeMatrixLayoutRowMajor);
        coopMatLoad(low[d], own, mine + AT_LOW, QUERY_LD, gl_CooperativeMatrixLayoutRowMajor);
        subgroupBarrier();
        sums[d] = MATRIX(float, Accumulator)(0.0);
    }

    float top = LOWEST, total = 0.0; // total: of this lane's keys
    uvec4 keys[MOST_EACH], values[MOST_EACH];
    uint base = first;
    LOAD_TILE(keys, key_octet, push.ldk)
    LOAD_TILE(values, value_octet, push.ldv)
    while (base < last) {
        uint here = base;
        barrier(); // the tile before has been used
        put_keys(keys);
        if (me < KEYS) {
            unusable[me] = 0u;
        }
        barrier();
        if (both) {
            put_values(values);
            barrier();
        }
        base += KEYS;
        LOAD_TILE(keys, key_octet, push.ldk)
        if (both) {
            LOAD_TILE(values, value_octet, push.ldv)
        }
        // A software driver takes every subgroup's barrier for the workgroup's: there all have as many.
        bool seen = LANES == 8 || here < own_last && here + KEYS > own_first;
        if (seen) {
            [[unroll]] for (uint k = 0u; k < KEYS / TILE; k++) {
                MATRIX(float, Accumulator) scores = MATRIX(float, Accumulator)(0.0);
                EACH_MATRIX(d) {
                    MATRIX(float16_t, B) b;
                    coopMatLoad(b, tiles, k * TILE * TILE_LD + d * (TILE / 8u), TILE_LD,
                                gl_CooperativeMatrixLayoutColumnMajor);
                    scores = coopMatMulAdd(high[d], b, scores);
                    scores = coopMatMulAdd(low[d], b, scores);
                }
                coopMatStore(scores, own, mine + k * TILE, SCORE_LD, gl_CooperativeMatrixLayoutRowMajor);
            }
        }
        if (!both) {
            barrier(); // the keys have been used
            put_values(values);
            barrier();
            LOAD_TILE(values, value_octet, push.ldv)
        }
        if (seen) {
            subgroupBarrier();
            float score[KEYS / LANES_OF_ROW], next = top;
            [[unroll]] for (uint i = 0u; i < KEYS / LANES_OF_ROW; i++) {
                uint column = 2u * (part + LANES_OF_ROW * (i / 2u)) + i % 2u, key = here + column;
                score[i] = LOWEST;
                if (key >= query.begin && key < query.end) {
                    score[i] = query.factor * uintBitsToFloat(own[mine + i_row * SCORE_LD + column]);
                    score[i] = capped ? LOG2_E * CAPPED(score[i]) : score[i];
                    score[i] = unusable[column] != 0u ? uintBitsToFloat(NAN_BITS) : score[i];
                    next = max(next, score[i]);
                }
            }
            [[unroll]] for (uint step = LANES_OF_ROW / 2u; step > 0u; step /= 2u) {
                next = max(next, subgroupShuffleXor(next, step));
            }
            float factor = exp2(top - next);
            top = next;
            total *= factor;
            subgroupBarrier(); // the scores have been read
            [[unroll]] for (uint i = 0u; i < KEYS / LANES_OF_ROW; i += 2u) {
                uint column = 2u * (part + LANES_OF_ROW * (i / 2u)), key = here + column;
                vec2 weight = vec2(key >= query.begin && key < query.end ? exp2(score[i] - top) : 0.0,
                                   key + 1u >= query.begin && key + 1u < query.end ? exp2(score[i + 1u] - top) : 0.0);
                uint words = packHalf2x16(weight);
                weight = unpackHalf2x16(words);
                total += weight.x + weight.y;
                own[mine + i_row * WEIGHT_LD + column / 2u] = words;
            }
            bool grown = subgroupMax(factor != 1.0 ? 1u : 0u) != 0u;
            if (grown) {
                [[unroll]] for (uint i = 0u; i < TILE / LANES_OF_ROW; i++) {
                    own[mine + AT_FACTORS + i_row * TILE + part + LANES_OF_ROW * i] = floatBitsToUint(factor);
                }
            }
            subgroupBarrier();
            if (grown) {
                MATRIX(float, Accumulator) factors;
                coopMatLoad(factors, own, mine + AT_FACTORS, TILE, gl_CooperativeMatrixLayoutRowMajor);
                EACH_MATRIX(d) {
                    sums[d] = sums[d] * factors;
                }
            }
            [[unroll]] for (uint k = 0u; k < KEYS / TILE; k++) {
                MATRIX(float16_t, A) a;
                coopMatLoad(a, own, mine + k * (TILE / 2u), WEIGHT_LD, gl_CooperativeMatrixLayoutRowMajor);
                EACH_MATRIX(d) {
                    MATRIX(float16_t, B) b;
                    coopMatLoad(b, tiles, at_values + k * TILE * TILE_LD + d * (TILE / 8u), TILE_LD,
                                gl_CooperativeMatrixLayoutRowMajor);
                    sums[d] = coopMatMulAdd(a, b, sums[d]);
                }
            }
        }
    }

    [[unroll]] for (uint step = LANES_OF_ROW / 2u; step > 0u; step /= 2u) {
        total += subgroupShuffleXor(total, step);
    }
    float scale = query.end > query.begin ? 1.0 / with_sink(total, top, query.head) : 0.0;
    EACH_MATRIX(d) {
        subgroupBarrier(); // what was there has been read
        coopMatStore(sums[d], own, mine, RESULT_LD, gl_CooperativeMatrixLayoutRowMajor);
        subgroupBarrier();
        [[unroll]] for (uint i = 0u; i < TILE / 4u / LANES_OF_ROW; i++) {
            uint quad = part + LANES_OF_ROW * i, e = d * TILE + 4u * quad;
            uint at = mine + i_row * RESULT_LD + 4u * quad;
            vec4 result = scale * uintBitsToFloat(uvec4(own[at], own[at + 1u], own[at + 2u], own[at + 3u]));
            uint to = OUT_START + query.row * push.ldout + query.head * push.head_size + e;
            if (is_query && e < push.head_size) {
                result = query.end > query.begin ? result : vec4(0.0);
                if ((to & 3u) == 0u) {
                    out4[to / 4u] = result;
                } else {
                    out1[to] = result.x;
                    out1[to + 1u] = result.y;
                    out1[to + 2u] = result.z;
                    out1[to + 3u] = result.w;
                }
            }
        }
    }
    barrier(); // what is shared has been read
}

void main()
{
    uint queries = push.rows * (push.heads / push.kv_heads), tiles_ = (queries - 1u) / (TEAMS * TILE) + 1u;
    for (uint tile = WORKGROUP_ID.y; tile < tiles_; tile += WORKGROUPS.y) {
        for (uint kv_head = WORKGROUP_ID.x; kv_head < push.kv_heads; kv_head += WORKGROUPS.x) {
            attend_queries(tiles_ - 1u - tile, kv_head); // the longest first, where rows see those before them
        }
    }
}
