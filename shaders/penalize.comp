#version 450
#extension GL_GOOGLE_include_directive : require
// penalize: x[id] = x[id] / penalty where that is positive, else x[id] * penalty, for each id of the list.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 first, groups;
    uint cols;
    uint capacity;
    float penalty;
}
push;

layout(set = 0, binding = 1, std430) readonly buffer Ids1 { uint ids1[]; };
layout(set = 0, binding = 2, std430) buffer X1 { float x1[]; };

#include "common.glsl"

void main()
{
    uint count = min(ids1[push.offset.x], push.capacity);
    for (uint i = INVOCATION_X; i < count; i += WORKGROUPS.x * WORKGROUP) {
        uint at = push.offset.y + min(ids1[push.offset.x + 1u + i], push.cols - 1u);
        float x = x1[at];
        x1[at] = x > 0.0 ? x / push.penalty : x * push.penalty;
    }
}
