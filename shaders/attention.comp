#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
// attention: for each row and head, over a span of the cache: softmax(scale * q k) v, in one pass (the sums are
// rescaled whenever a greater score turns up). A workgroup for each row and head.
//
// KEYS keys at a time. 16 invocations share a key, each having every 16th quad of its elements, up to four; so a
// workgroup reads 16 keys at once. Scores are added through shared memory, one invocation for each key.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 offset2;
    uint rows, heads, kv_heads, head_size;
    uint ldq, ldk, ldv, ldout;
    uint capacity;
    uint kv_type;
    float scale;
}
push;

layout(set = 0, binding = 1, std430) readonly buffer Q1 { float q1[]; };
layout(set = 0, binding = 2, std430) readonly buffer K1 { uint k1[]; };
layout(set = 0, binding = 2, std430) readonly buffer K2 { uvec2 k2[]; };
layout(set = 0, binding = 2, std430) readonly buffer K4 { uvec4 k4[]; };
layout(set = 0, binding = 3, std430) readonly buffer V1 { uint v1[]; };
layout(set = 0, binding = 3, std430) readonly buffer V2 { uvec2 v2[]; };
layout(set = 0, binding = 3, std430) readonly buffer V4 { uvec4 v4[]; };
layout(set = 0, binding = 4, std430) readonly buffer Spans1 { uint spans1[]; };
layout(set = 0, binding = 5, std430) writeonly buffer Out1 { float out1[]; };

#include "group.glsl"
#include "cache.glsl"

#define LANES 16u                   // of a key
#define LINES (WORKGROUP / LANES)   // keys that are read at once
#define ROUNDS 8u
#define KEYS (LINES * ROUNDS)
#define PARTS 4u                    // quads of a head that an invocation has at most
#define STRIDE (LANES / 4u + 1u)    // of a key's partial scores, in vectors: against conflicts of banks

const float LOWEST = -3.0e38; // below every score that is a number

// The quad of a cache at element `index`, counted from the binding's start, a multiple of 4.
#define QUAD(name, one, two, four, start, ld)                                                                \
    vec4 name(uint index)                                                                                    \
    {                                                                                                        \
        if (push.kv_type == CACHE_F16) {                                                                     \
            uint at = (start) + index / 2u;                                                                  \
            uvec2 pairs;                                                                                     \
            if ((((start) | (ld) / 2u) & 1u) == 0u) {                                                        \
                pairs = two[at / 2u];                                                                        \
            } else {                                                                                         \
                pairs = uvec2(one[at], one[at + 1u]);                                                        \
            }                                                                                                \
            return vec4(unpackHalf2x16(pairs.x), unpackHalf2x16(pairs.y));                                   \
        }                                                                                                    \
        uint at = (start) + index;                                                                           \
        if ((((start) | (ld)) & 3u) == 0u) {                                                                 \
            return uintBitsToFloat(four[at / 4u]);                                                           \
        }                                                                                                    \
        return uintBitsToFloat(uvec4(one[at], one[at + 1u], one[at + 2u], one[at + 3u]));                    \
    }
QUAD(key_quad, k1, k2, k4, push.offset.y, push.ldk)
QUAD(value_quad, v1, v2, v4, push.offset.z, push.ldv)

shared vec4 scores[KEYS * STRIDE]; // partial ones; in the end sums of values
shared float weights[KEYS];

float group_max(float value)
{
    value = subgroupMax(value);
    barrier(); // what was shared before has been read
    if (subgroupElect()) {
        group_partial[gl_SubgroupID] = value;
    }
    barrier();
    for (uint i = 0u; i < gl_NumSubgroups; i++) {
        value = max(value, group_partial[i]);
    }
    return value;
}

void attend(uint r, uint head)
{
    uint me = gl_LocalInvocationID.x, lane = me % LANES, line = me / LANES;
    uint quads = push.head_size / 4u, kv = head / (push.heads / push.kv_heads) * push.head_size;
    uint begin = min(spans1[push.offset.w + 2u * r], push.capacity);
    uint end = min(spans1[push.offset.w + 2u * r + 1u], push.capacity);
    vec4 query[PARTS], sums[PARTS];
    [[unroll]] for (uint c = 0u; c < PARTS; c++) {
        query[c] = vec4(0.0);
        sums[c] = vec4(0.0);
        if (lane + LANES * c < quads) {
            uint at = push.offset.x + r * push.ldq + head * push.head_size + 4u * (lane + LANES * c);
            query[c] = push.scale * vec4(q1[at], q1[at + 1u], q1[at + 2u], q1[at + 3u]);
        }
    }
    float highest = LOWEST, total = 0.0; // total: of the keys whose score this invocation adds
    for (uint first = begin; first < end; first += KEYS) {
        [[unroll]] for (uint i = 0u; i < ROUNDS; i++) {
            uint key = first + line + LINES * i;
            float score = 0.0;
            if (key < end) {
                [[unroll]] for (uint c = 0u; c < PARTS; c++) {
                    if (lane + LANES * c < quads) {
                        score += dot(query[c], key_quad(key * push.ldk + kv + 4u * (lane + LANES * c)));
                    }
                }
            }
            scores[(line + LINES * i) * STRIDE + lane / 4u][lane & 3u] = score;
        }
        barrier();
        float score = LOWEST;
        if (me < KEYS && first + me < end) {
            vec4 sum = scores[me * STRIDE];
            [[unroll]] for (uint i = 1u; i < LANES / 4u; i++) {
                sum += scores[me * STRIDE + i];
            }
            score = (sum.x + sum.y) + (sum.z + sum.w);
        }
        float next = max(highest, group_max(score));
        float shrink = exp(highest - next);
        highest = next;
        if (me < KEYS) {
            float weight = first + me < end ? exp(score - highest) : 0.0;
            weights[me] = weight;
            total = total * shrink + weight;
        }
        barrier();
        [[unroll]] for (uint c = 0u; c < PARTS; c++) {
            sums[c] *= shrink;
        }
        [[unroll]] for (uint i = 0u; i < ROUNDS; i++) {
            uint key = first + line + LINES * i;
            if (key < end) {
                float weight = weights[line + LINES * i];
                [[unroll]] for (uint c = 0u; c < PARTS; c++) {
                    if (lane + LANES * c < quads) {
                        sums[c] += weight * value_quad(key * push.ldv + kv + 4u * (lane + LANES * c));
                    }
                }
            }
        }
    }
    total = group_sum(total);
    float scale = end > begin ? 1.0 / total : 0.0;
    for (uint c = 0u; LANES * c < quads; c++) {
        barrier(); // what was shared before has been read
        scores[line * LANES + lane] = sums[c];
        barrier();
        if (me < LANES && me + LANES * c < quads) {
            vec4 sum = scores[me];
            for (uint other = 1u; other < LINES; other++) {
                sum += scores[other * LANES + me];
            }
            sum *= scale;
            uint to = push.offset2.x + r * push.ldout + head * push.head_size + 4u * (me + LANES * c);
            out1[to] = sum.x;
            out1[to + 1u] = sum.y;
            out1[to + 2u] = sum.z;
            out1[to + 3u] = sum.w;
        }
    }
    barrier(); // what is shared has been read
}

void main()
{
    for (uint r = gl_WorkGroupID.y; r < push.rows; r += gl_NumWorkGroups.y) {
        for (uint head = gl_WorkGroupID.x; head < push.heads; head += gl_NumWorkGroups.x) {
            attend(r, head);
        }
    }
}
