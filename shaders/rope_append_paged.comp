#version 450
#extension GL_GOOGLE_include_directive : require
// rope_append_paged: rope_append, but that places name the rows of the cache, which is in pages.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 offset2;
    uvec4 first, groups;
    uint rows, q_rows;
    uint heads, kv_heads, head_size, rotated;
    uint ldq, ldk, ldv, ldout;
    uint table_rows;
    uint capacity;
    uint layout_;
    uint out_type;
    uint mirrored;
}
push;

layout(set = 0, binding = 1, std430) buffer Q1 { float q1[]; };
layout(set = 0, binding = 2, std430) readonly buffer K1 { float k1[]; };
layout(set = 0, binding = 3, std430) readonly buffer V1 { float v1[]; };
layout(set = 0, binding = 4, std430) readonly buffer Positions1 { uint positions1[]; };
layout(set = 0, binding = 5, std430) readonly buffer Table1 { float table1[]; };
layout(set = 0, binding = 6, std430) readonly buffer Places1 { uint places1[]; };
layout(set = 0, binding = 7, std430) writeonly buffer Cache1 { uint cache1[]; };
layout(set = 0, binding = 7, std430) writeonly buffer Cache2 { uvec2 cache2[]; };
layout(set = 0, binding = 8, std430) writeonly buffer Mirror1 { uint mirror1[]; };
layout(set = 0, binding = 8, std430) writeonly buffer Mirror2 { uvec2 mirror2[]; };

#define CACHE_START push.offset2.z
#define MIRROR_START push.offset2.w
#define PLACE(r, position) places1[push.offset2.y + r]

#include "rope_append.glsl"
