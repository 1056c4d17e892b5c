#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require
// attention: for each row and head, over a span of the cache: softmax(scale * q k) v, in one pass (the sums are
// rescaled whenever a greater score turns up).
//
// Few rows: a workgroup for each part of the keys of a row, with all heads that share them, then one for each row and
// head, which joins the parts (attention_split.glsl). More: a workgroup for each 16 rows and head (attention_tile.glsl).
// Which depends on the parameters only and is decided in csrc/kernel/zc_kernel_tiles.c.

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
layout(set = 0, binding = 1, std430) readonly buffer Q4 { vec4 q4[]; };
layout(set = 0, binding = 2, std430) readonly buffer K1 { uint k1[]; };
layout(set = 0, binding = 2, std430) readonly buffer K2 { uvec2 k2[]; };
layout(set = 0, binding = 2, std430) readonly buffer K4 { uvec4 k4[]; };
layout(set = 0, binding = 3, std430) readonly buffer V1 { uint v1[]; };
layout(set = 0, binding = 3, std430) readonly buffer V2 { uvec2 v2[]; };
layout(set = 0, binding = 3, std430) readonly buffer V4 { uvec4 v4[]; };
layout(set = 0, binding = 4, std430) readonly buffer Spans1 { uint spans1[]; };
layout(set = 0, binding = 5, std430) writeonly buffer Out1 { float out1[]; };
layout(set = 0, binding = 5, std430) writeonly buffer Out4 { vec4 out4[]; };
layout(set = 0, binding = 6, std430) buffer Workspace4 { vec4 workspace4[]; };

#include "common.glsl"

// The cache's type, and what is to be done: ZC_ATTENTION_..._SHAPE.
layout(constant_id = 0) const uint variant = 0u;
const uint kv_type = variant % 2u;
const uint shape = variant / 2u;

const float LOWEST = -3.0e38; // below every score that is a number

shared vec4 pool[1024]; // 16 KiB, of which each way has its own use

void put_quad(uint r, uint head, uint quad, vec4 result)
{
    uint to = push.offset2.x + r * push.ldout + head * push.head_size + 4u * quad;
    if ((to & 3u) == 0u) {
        out4[to / 4u] = result;
    } else {
        out1[to] = result.x;
        out1[to + 1u] = result.y;
        out1[to + 2u] = result.z;
        out1[to + 3u] = result.w;
    }
}

#include "attention_tile.glsl"
#include "attention_split.glsl"

void main()
{
    if (shape >= ZC_ATTENTION_SPLIT_SHAPE) {
        uint teams = (push.heads / push.kv_heads + TEAM_HEADS - 1u) / TEAM_HEADS * push.kv_heads;
        for (uint r = WORKGROUP_ID.y; r < push.rows; r += WORKGROUPS.y) {
            for (uint team = WORKGROUP_ID.x; team < teams; team += WORKGROUPS.x) {
                attend_split(WORKGROUP_ID.z, WORKGROUPS.z, r, team);
            }
        }
        return;
    }
    bool joins = shape == ZC_ATTENTION_JOIN_SHAPE;
    uint tiles = joins ? push.rows : (push.rows - 1u) / ROWS + 1u;
    for (uint tile = WORKGROUP_ID.y; tile < tiles; tile += WORKGROUPS.y) {
        for (uint head = WORKGROUP_ID.x; head < push.heads; head += WORKGROUPS.x) {
            if (joins) {
                join(tile, head);
            } else {
                attend_tile(tile, head);
            }
        }
    }
}
