#version 450
#extension GL_GOOGLE_include_directive : require
// norm_add: x[r] / sqrt(mean(x[r]^2) + eps) * weight is added to out row r, a workgroup for each row.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 first, groups;
    uint rows, cols;
    uint ldx, ldout;
    float eps;
}
push;

layout(set = 0, binding = 1, std430) readonly buffer X1 { float x1[]; };
layout(set = 0, binding = 2, std430) readonly buffer Weight1 { float weight1[]; };
layout(set = 0, binding = 3, std430) buffer Out1 { float out1[]; };

#include "group.glsl"

void main()
{
    uint me = gl_LocalInvocationID.x;
    for (uint r = WORKGROUP_ID.x; r < push.rows; r += WORKGROUPS.x) {
        uint x = push.offset.x + r * push.ldx, to = push.offset.z + r * push.ldout;
        float squares = 0.0;
        for (uint c = me; c < push.cols; c += WORKGROUP) {
            squares += x1[x + c] * x1[x + c];
        }
        float scale = inversesqrt(group_sum(squares) / float(push.cols) + push.eps);
        for (uint c = me; c < push.cols; c += WORKGROUP) {
            out1[to + c] += x1[x + c] * scale * weight1[push.offset.y + c];
        }
    }
}
