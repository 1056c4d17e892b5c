#version 450
#extension GL_GOOGLE_include_directive : require
// swiglu: out[r] = silu(gate[r]) * up[r]. out may be the very range of an input: an element is read and
// written by one invocation.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 first, groups;
    uint rows, cols;
    uint ldgate, ldup, ldout;
}
push;

layout(set = 0, binding = 1, std430) readonly buffer Gate1 { float gate1[]; };
layout(set = 0, binding = 2, std430) readonly buffer Up1 { float up1[]; };
layout(set = 0, binding = 3, std430) writeonly buffer Out1 { float out1[]; };

#include "common.glsl"
#include "activation.glsl"

void main()
{
    for (uint r = WORKGROUP_ID.y; r < push.rows; r += WORKGROUPS.y) {
        for (uint c = INVOCATION_X; c < push.cols; c += WORKGROUPS.x * WORKGROUP) {
            out1[push.offset.z + r * push.ldout + c] =
                silu(gate1[push.offset.x + r * push.ldgate + c]) * up1[push.offset.y + r * push.ldup + c];
        }
    }
}
