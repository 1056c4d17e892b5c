#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
// attention: for each row and head, over a span of the cache: softmax(scale * q k) v, in one pass (the sums are
// rescaled whenever a greater score turns up).
//
// A workgroup for each row and head (attention_row.glsl), or for each 16 rows and head (attention_tile.glsl); which
// depends on the parameters only and is decided in csrc/kernel/zc_kernel_tiles.c.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 offset2;
    uvec4 first, groups;
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
layout(set = 0, binding = 5, std430) writeonly buffer Out4 { vec4 out4[]; };

#include "common.glsl"

// zc_kernel_plan_make: the cache's type, which way, and how many quads of a head an invocation has at most.
layout(constant_id = 0) const uint variant = 0u;
const uint kv_type = variant % 2u;
const uint way = variant / 2u % 2u;
const uint PARTS = variant / 4u + 1u;

const float LOWEST = -3.0e38; // below every score that is a number

// The quad of a cache at element `index`, counted from the binding's start, a multiple of 4: its words, so that
// loads need not be waited for at once.
#define QUAD(name, one, two, four, start, ld)                                                                \
    uvec4 name(uint index)                                                                                   \
    {                                                                                                        \
        if (kv_type == ZC_CACHE_F16) {                                                                          \
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
    return kv_type == ZC_CACHE_F16 ? vec4(unpackHalf2x16(words.x), unpackHalf2x16(words.y)) : uintBitsToFloat(words);
}

shared vec4 pool[1024]; // 16 KiB, of which each way has its own use

#include "attention_row.glsl"
#include "attention_tile.glsl"

void main()
{
    if (way == ZC_ATTENTION_TILE_WAY) {
        for (uint tile = WORKGROUP_ID.y; tile * ROWS < push.rows; tile += WORKGROUPS.y) {
            for (uint head = WORKGROUP_ID.x; head < push.heads; head += WORKGROUPS.x) {
                attend_tile(tile, head);
            }
        }
        return;
    }
    for (uint r = WORKGROUP_ID.y; r < push.rows; r += WORKGROUPS.y) {
        for (uint head = WORKGROUP_ID.x; head < push.heads; head += WORKGROUPS.x) {
            attend(r, head);
        }
    }
}
