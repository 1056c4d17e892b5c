#version 450
#extension GL_GOOGLE_include_directive : require
// mask: x[r][i] = -inf where bit i % 32 of word i / 32 of mask[r] is 0. An invocation has an element: those of a word
// lie side by side, and what is masked is stored only, not loaded.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 first, groups;
    uint rows, cols;
    uint ldx, ldmask;
}
push;

layout(set = 0, binding = 1, std430) readonly buffer Mask1 { uint mask1[]; };
layout(set = 0, binding = 2, std430) buffer X1 { uint x1[]; };

#include "common.glsl"

void main()
{
    for (uint r = WORKGROUP_ID.y; r < push.rows; r += WORKGROUPS.y) {
        uint mask = push.offset.x + r * push.ldmask, x = push.offset.y + r * push.ldx;
        for (uint i = INVOCATION_X; i < push.cols; i += WORKGROUPS.x * WORKGROUP) {
            if ((mask1[mask + i / 32u] >> (i & 31u) & 1u) == 0u) {
                x1[x + i] = 0x80000000u | INFINITY_BITS;
            }
        }
    }
}
