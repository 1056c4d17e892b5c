#version 450
#extension GL_GOOGLE_include_directive : require
// adjust: x[index] = (x[index] / penalty where that is positive, else x[index] * penalty) + add, for each entry of the
// list. An entry has four words: index, penalty, add, and one that is not read; the first one says in its first word how
// many follow.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 first, groups;
    uint entries;
    uint count;
}
push;

layout(set = 0, binding = 1, std430) readonly buffer Entries1 { uint entries1[]; };
layout(set = 0, binding = 2, std430) buffer X1 { float x1[]; };

#include "common.glsl"

void main()
{
    uint entries = min(entries1[push.offset.x], push.entries);
    for (uint i = INVOCATION_X; i < entries; i += WORKGROUPS.x * WORKGROUP) {
        uint entry = push.offset.x + 4u * (i + 1u);
        uint at = push.offset.y + min(entries1[entry], push.count - 1u);
        float penalty = uintBitsToFloat(entries1[entry + 1u]), add = uintBitsToFloat(entries1[entry + 2u]);
        float x = x1[at];
        x1[at] = (x > 0.0 ? x / penalty : x * penalty) + add;
    }
}
