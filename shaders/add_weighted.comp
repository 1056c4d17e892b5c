#version 450
#extension GL_GOOGLE_include_directive : require
// add_weighted: out[r] += sum over s of weights[r][s] * x[r * slots + s].

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 first, groups;
    uint rows, cols, slots;
    uint ldx, ldout;
}
push;

layout(set = 0, binding = 1, std430) readonly buffer X1 { float x1[]; };
layout(set = 0, binding = 2, std430) readonly buffer Weights1 { float weights1[]; };
layout(set = 0, binding = 3, std430) buffer Out1 { float out1[]; };

#include "common.glsl"

void main()
{
    for (uint r = WORKGROUP_ID.y; r < push.rows; r += WORKGROUPS.y) {
        for (uint c = INVOCATION_X; c < push.cols; c += WORKGROUPS.x * WORKGROUP) {
            uint to = push.offset.z + r * push.ldout + c;
            float sum = out1[to];
            for (uint s = r * push.slots; s < (r + 1u) * push.slots; s++) {
                sum += weights1[push.offset.y + s] * x1[push.offset.x + s * push.ldx + c];
            }
            out1[to] = sum;
        }
    }
}
