// attention and attention_paged of many rows over a cache of float16, on matrix units
// (csrc/kernel/zc_kernel_tiles_attention.c decides). Before it come the buffers, and what attention.glsl says of rows and
// keys.
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
//
// In MSL (ZC_MSL) queries and weights are float32, since products of these with float16 matrices cost Apple's GPUs no more:
// one product in place of two, and no weight is rounded. Of heads with more than 128 elements two subgroups share the
// queries, half of the elements each: a thread has registers for no more.

#include "common.glsl"
#include "halves.glsl"

#include "activation.glsl"

layout(constant_id = 0) const uint variant = 0u;
#include "attention_span.glsl"

#define KEYS (2u * TILE)
#define SUBGROUPS (WORKGROUP / LANES)
const uint matrix_shape = variant / ZC_CACHE_TYPES % ZC_ATTENTION_SHAPES - ZC_ATTENTION_MATRIX_SHAPE;
#ifdef ZC_MSL
const uint SHARES = matrix_shape % 16u < 8u ? 1u : 2u; // subgroups that have the same queries
const uint PARTS = (matrix_shape % 16u / SHARES + 1u) * 2u; // matrices side by side in what one has of a head
const uint TEAMS = SUBGROUPS / SHARES >> matrix_shape / 16u; // with queries; the other subgroups only load
const uint COLUMNS = PARTS * SHARES * TILE;
#else
const uint PARTS = (matrix_shape % 16u + 1u) * 16u / TILE; // matrices side by side in a head
const uint TEAMS = SUBGROUPS >> matrix_shape / 16u; // subgroups with queries; the others only load
const uint COLUMNS = PARTS * TILE;
#endif

#define LANES_OF_ROW (LANES / TILE)
#define SCORE_LD (KEYS + 4u)             // words; against conflicts of banks, as all that follow
#ifdef ZC_MSL
#define MOST_PARTS 16u
#define AT_WEIGHTS (TILE * SCORE_LD)     // whose rows are as long; the other share reads the scores meanwhile
#define AT_RESULT AT_WEIGHTS
#define AT_FACTORS (2u * AT_WEIGHTS)
#define QUERY_LD (TILE + 4u)             // words
#define OWN (AT_FACTORS + TILE)          // words of a subgroup
#define MOST_EACH 2u
#else
#define MOST_PARTS (ZC_ATTENTION_MAX_HEAD / TILE)
#define WEIGHT_LD (KEYS / 2u + 4u)       // words, of two weights each
#define AT_FACTORS (TILE * WEIGHT_LD)    // behind the weights
#define QUERY_LD (TILE / 2u + 4u)        // words
#define AT_LOW (TILE * QUERY_LD)
#define AT_RESULT 0u
#define OWN (TILE * SCORE_LD)            // words of a subgroup
#define MOST_EACH 4u
#endif
#define RESULT_LD (RESULTS * TILE + 4u)
#define OCTETS (COLUMNS / 8u)            // of a key in shared memory
#define TILE_LD (OCTETS + 1u)            // vectors
#define MOST_VECTORS (2u * KEYS * (128u / 8u + 1u))
#define EACH ((KEYS * OCTETS + WORKGROUP - 1u) / WORKGROUP) // vectors that an invocation loads of a tile
const bool both = COLUMNS <= 128u;       // keys and values have a place of their own
const uint at_values = both ? KEYS * TILE_LD : 0u;

shared uvec4 tiles[MOST_VECTORS];
shared uint own[SUBGROUPS * OWN];
shared uint unusable[KEYS]; // of the values: not finite

#define MATRIX(T, USE) coopmat<T, gl_ScopeSubgroup, TILE, TILE, gl_MatrixUse##USE>
#define SUMS MATRIX(float, Accumulator)
#ifdef ZC_MSL
#include "elements.glsl"
// Loops of a constant length, for arrays stay in memory otherwise.
#define EACH_MATRIX(d) [[unroll]] for (uint d = 0u; d < MOST_PARTS; d++) if (d < PARTS)
#define EACH_VECTOR(i) [[unroll]] for (uint i = 0u; i < MOST_EACH; i++) if (i < EACH)
#define TEAM (gl_SubgroupID / SHARES)
#define PART_OF_HEAD(d) (gl_SubgroupID % SHARES * PARTS + d)
// Two matrices of the result at a time, so that an invocation has four neighbours.
#define RESULTS 2u
#define EACH_RESULT(d) [[unroll]] for (uint d = 0u; d < MOST_PARTS; d += 2u) if (d < PARTS)
#else
#define EACH_MATRIX(d) [[unroll]] for (uint d = 0u; d < PARTS; d++)
#define EACH_VECTOR(i) [[unroll]] for (uint i = 0u; i < EACH; i++)
#define TEAM gl_SubgroupID
#define PART_OF_HEAD(d) d
#define RESULTS 1u
#define EACH_RESULT EACH_MATRIX
#endif

// What an invocation has loaded of the next tile. In MSL not handed over, for spirv-cross would copy it in memory.
#ifdef ZC_MSL
uvec4 keys[MOST_EACH], values[MOST_EACH];
#define LOADED(name)
#define GIVEN(name)
#else
#define LOADED(name) uvec4 name[MOST_EACH]
#define GIVEN(name) name
#endif

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
    EACH_VECTOR(i) {                                                                      \
        uint at = gl_LocalInvocationID.x + WORKGROUP * i, key = base + at / OCTETS;       \
        loaded[i] = uvec4(0u);                                                            \
        if (at < KEYS * OCTETS && key < last && 8u * (at % OCTETS) < push.head_size) {    \
            loaded[i] = octet(PLACE(key) * (ld) + kv, at % OCTETS);                       \
        }                                                                                 \
    }

void put_keys(LOADED(keys))
{
    EACH_VECTOR(i) {
        uint at = gl_LocalInvocationID.x + WORKGROUP * i;
        if (at < KEYS * OCTETS) {
            tiles[at / OCTETS * TILE_LD + at % OCTETS] = keys[i];
        }
    }
}

void put_values(LOADED(values))
{
    EACH_VECTOR(i) {
        uint at = gl_LocalInvocationID.x + WORKGROUP * i;
        if (at < KEYS * OCTETS) {
            uvec4 exponents = (values[i] & 0x7c007c00u) + 0x04000400u; // 0x8000 in a half that is not finite
            if (((exponents.x | exponents.y | exponents.z | exponents.w) & 0x80008000u) != 0u) {
                values[i] = uvec4(0u);
                unusable[at / OCTETS] = 1u;
            }
            tiles[at_values + at / OCTETS * TILE_LD + at % OCTETS] = values[i];
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
    Query query = find_query((tile * TEAMS + TEAM) * TILE + i_row, group, kv_head);
    if (TEAM >= TEAMS) {
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
#ifdef ZC_MSL
    bool finite_ = true;
    for (uint e = part; e < push.head_size && is_query; e += LANES_OF_ROW) {
        finite_ = finite_ && finite(q1[q + e]);
    }
    [[unroll]] for (uint step = LANES_OF_ROW / 2u; step > 0u; step /= 2u) {
        finite_ = subgroupShuffleXor(finite_ ? 1u : 0u, step) == 1u && finite_; // all lanes ask
    }
    query.factor = finite_ ? (capped ? scale_of_scores() : push.scale * LOG2_E) : uintBitsToFloat(NAN_BITS);
    uint cell = mine + i_row * QUERY_LD + 2u * part;
    MATRIX(float, A) queries[MOST_PARTS];
    SUMS sums[MOST_PARTS];
    EACH_MATRIX(d) {
        uint e = PART_OF_HEAD(d) * TILE + 2u * part;
        bool there = is_query && e < push.head_size;
        own[cell] = floatBitsToUint(there ? q1[q + e] : 0.0);
        own[cell + 1u] = floatBitsToUint(there ? q1[q + e + 1u] : 0.0);
        subgroupBarrier();
        coopMatLoad(queries[d], own, mine, QUERY_LD, gl_CooperativeMatrixLayoutRowMajor);
        subgroupBarrier();
        sums[d] = SUMS(0.0);
    }
    // Which rows this invocation's elements of a matrix are of: Metal's specification does not say, so one is asked.
    own[cell] = own[cell + 1u] = floatBitsToUint(float(i_row));
    subgroupBarrier();
    SUMS numbers;
    coopMatLoad(numbers, own, mine, QUERY_LD, gl_CooperativeMatrixLayoutRowMajor);
    uvec2 rows = uvec2(elements_of(numbers));
#else
    float largest = 0.0;
    bool finite_ = true;
    for (uint e = part; e < push.head_size && is_query; e += LANES_OF_ROW) {
        float x = q1[q + e];
        largest = max(largest, abs(x));
        finite_ = finite_ && finite(x);
    }
    [[unroll]] for (uint step = LANES_OF_ROW / 2u; step > 0u; step /= 2u) {
        largest = max(largest, subgroupShuffleXor(largest, step));
        finite_ = subgroupShuffleXor(finite_ ? 1u : 0u, step) == 1u && finite_; // all lanes ask
    }
    uint power = min(floatBitsToUint(largest) & INFINITY_BITS, 0x7e000000u);
    float shrink_query = 256.0 * uintBitsToFloat(0x7f000000u - power);
    query.factor = finite_ ? uintBitsToFloat(power) / 256.0 * (capped ? scale_of_scores() : push.scale * LOG2_E) : uintBitsToFloat(NAN_BITS);
    MATRIX(float16_t, A) high[MOST_PARTS], low[MOST_PARTS];
    SUMS sums[MOST_PARTS];
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
        sums[d] = SUMS(0.0);
    }
#endif

    float top = LOWEST, total = 0.0; // total: of this lane's keys
#ifndef ZC_MSL
    uvec4 keys[MOST_EACH], values[MOST_EACH];
#endif
    uint base = first;
    LOAD_TILE(keys, key_octet, push.ldk)
    LOAD_TILE(values, value_octet, push.ldv)
    while (base < last) {
        uint here = base;
        barrier(); // the tile before has been used
        put_keys(GIVEN(keys));
        if (me < KEYS) {
            unusable[me] = 0u;
        }
        barrier();
        if (both) {
            put_values(GIVEN(values));
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
                SUMS scores = SUMS(0.0);
                EACH_MATRIX(d) {
                    MATRIX(float16_t, B) b;
                    coopMatLoad(b, tiles, k * TILE * TILE_LD + PART_OF_HEAD(d) * (TILE / 8u), TILE_LD,
                                gl_CooperativeMatrixLayoutColumnMajor);
#ifdef ZC_MSL
                    scores = coopMatMulAdd(queries[d], b, scores);
#else
                    scores = coopMatMulAdd(high[d], b, scores);
                    scores = coopMatMulAdd(low[d], b, scores);
#endif
                }
                coopMatStore(scores, own, mine + k * TILE, SCORE_LD, gl_CooperativeMatrixLayoutRowMajor);
            }
        }
        if (!both) {
            barrier(); // the keys have been used
            put_values(GIVEN(values));
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
#ifdef ZC_MSL
                    score[i] = uintBitsToFloat(own[mine + i_row * SCORE_LD + column]);
                    if (SHARES == 2u) { // each has its elements' part of it
                        score[i] += uintBitsToFloat(own[(gl_SubgroupID ^ 1u) * OWN + i_row * SCORE_LD + column]);
                    }
                    score[i] *= query.factor;
#else
                    score[i] = query.factor * uintBitsToFloat(own[mine + i_row * SCORE_LD + column]);
#endif
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
#ifndef ZC_MSL
            subgroupBarrier(); // the scores have been read
#endif
            [[unroll]] for (uint i = 0u; i < KEYS / LANES_OF_ROW; i += 2u) {
                uint column = 2u * (part + LANES_OF_ROW * (i / 2u)), key = here + column;
                vec2 weight = vec2(key >= query.begin && key < query.end ? exp2(score[i] - top) : 0.0,
                                   key + 1u >= query.begin && key + 1u < query.end ? exp2(score[i + 1u] - top) : 0.0);
#ifdef ZC_MSL
                uint to = mine + AT_WEIGHTS + i_row * SCORE_LD + column;
                own[to] = floatBitsToUint(weight.x);
                own[to + 1u] = floatBitsToUint(weight.y);
                total += weight.x + weight.y;
#else
                uint words = packHalf2x16(weight);
                weight = unpackHalf2x16(words);
                total += weight.x + weight.y;
                own[mine + i_row * WEIGHT_LD + column / 2u] = words;
#endif
            }
            bool grown = subgroupMax(factor != 1.0 ? 1u : 0u) != 0u;
#ifdef ZC_MSL
            if (part == 0u) {
                own[mine + AT_FACTORS + i_row] = floatBitsToUint(factor);
            }
            subgroupBarrier();
            if (grown) {
                uint at = mine + AT_FACTORS;
                vec2 factors = uintBitsToFloat(uvec2(own[at + rows.x], own[at + rows.y]));
                EACH_MATRIX(d) {
                    scale_elements(sums[d], factors);
                }
            }
#else
            if (grown) {
                [[unroll]] for (uint i = 0u; i < TILE / LANES_OF_ROW; i++) {
                    own[mine + AT_FACTORS + i_row * TILE + part + LANES_OF_ROW * i] = floatBitsToUint(factor);
                }
            }
            subgroupBarrier();
            if (grown) {
                SUMS factors;
                coopMatLoad(factors, own, mine + AT_FACTORS, TILE, gl_CooperativeMatrixLayoutRowMajor);
                EACH_MATRIX(d) {
                    sums[d] = sums[d] * factors;
                }
            }
#endif
            [[unroll]] for (uint k = 0u; k < KEYS / TILE; k++) {
#ifdef ZC_MSL
                MATRIX(float, A) a;
                coopMatLoad(a, own, mine + AT_WEIGHTS + k * TILE, SCORE_LD, gl_CooperativeMatrixLayoutRowMajor);
#else
                MATRIX(float16_t, A) a;
                coopMatLoad(a, own, mine + k * (TILE / 2u), WEIGHT_LD, gl_CooperativeMatrixLayoutRowMajor);
#endif
                EACH_MATRIX(d) {
                    MATRIX(float16_t, B) b;
                    coopMatLoad(b, tiles, at_values + k * TILE * TILE_LD + PART_OF_HEAD(d) * (TILE / 8u), TILE_LD,
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
    EACH_RESULT(d) {
        subgroupBarrier(); // what was there has been read
        coopMatStore(sums[d], own, mine + AT_RESULT, RESULT_LD, gl_CooperativeMatrixLayoutRowMajor);
#ifdef ZC_MSL
        coopMatStore(sums[d + 1u], own, mine + AT_RESULT + TILE, RESULT_LD, gl_CooperativeMatrixLayoutRowMajor);
#endif
        subgroupBarrier();
        [[unroll]] for (uint i = 0u; i < RESULTS * TILE / 4u / LANES_OF_ROW; i++) {
            uint quad = part + LANES_OF_ROW * i, e = PART_OF_HEAD(d) * TILE + 4u * quad;
            uint at = mine + AT_RESULT + i_row * RESULT_LD + 4u * quad;
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
