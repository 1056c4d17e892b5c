#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require
// attention_paged: over a cache in pages, which a table for each row of q names.

#include "attention_pages.glsl"

layout(set = 0, binding = 1, std430) readonly buffer Q1 { float q1[]; };
layout(set = 0, binding = 1, std430) readonly buffer Q4 { vec4 q4[]; };
layout(set = 0, binding = 2, std430) readonly buffer K1 { uint k1[]; };
layout(set = 0, binding = 2, std430) readonly buffer K2 { uvec2 k2[]; };
layout(set = 0, binding = 2, std430) readonly buffer K4 { uvec4 k4[]; };
layout(set = 0, binding = 3, std430) readonly buffer V1 { uint v1[]; };
layout(set = 0, binding = 3, std430) readonly buffer V2 { uvec2 v2[]; };
layout(set = 0, binding = 3, std430) readonly buffer V4 { uvec4 v4[]; };
layout(set = 0, binding = 7, std430) writeonly buffer Out1 { float out1[]; };
layout(set = 0, binding = 7, std430) writeonly buffer Out4 { vec4 out4[]; };
layout(set = 0, binding = 8, std430) buffer Workspace4 { vec4 workspace4[]; };

// Rows of sequences of their own share nothing.
#define ROWS_OF_TILE (push.shared_ != 0u ? ROWS : 1u)
#define ROW_OF_TILE(tile, row) (row < ROWS_OF_TILE ? tile * ROWS_OF_TILE + row : push.rows)
// Keys and values, and all parts of them, have the same places.
#define FIND_PLACES                                     \
    uint places[2];                                     \
    [[unroll]] for (uint i = 0u; i < 2u; i++) {         \
        places[i] = place(table, base + row + 16u * i); \
    }
#define FOUND(i, key) places[i]
#define KEYS_OF_SPLIT(count, splits) keys_of_split(count, splits, teams * push.kv_heads)

uint keys_of_split(uint count, uint splits, uint teams);

#include "attention.glsl"

// There are so many splits for one of two reasons. Where they make a GPU busy, a row has some of all its keys in each. Where
// they are for sequences that are longer than others, a split has as many keys as there can be at most; of a shorter
// sequence some are empty, for what small splits have in common would be done for each.
uint keys_of_split(uint count, uint splits, uint teams)
{
    uint busy = clamp(ZC_ATTENTION_SPLIT_GROUPS / max(teams * push.rows, 1u), 1u, splits);
    return min((count + busy - 1u) / busy, (KEYS_OF_ROW + splits - 1u) / splits);
}
