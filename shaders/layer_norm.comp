#version 450
#extension GL_GOOGLE_include_directive : require
// layer_norm: out row r = (x[r] - mean) / sqrt(variance + eps) * weight + bias, a workgroup for each row. The
// variance is that of the differences from the mean. out may be the very range of x: an element is last read
// by the invocation that writes it, before it does.

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
layout(set = 0, binding = 3, std430) readonly buffer Bias1 { float bias1[]; };
layout(set = 0, binding = 4, std430) writeonly buffer Out1 { float out1[]; };

#include "group.glsl"

void main()
{
    uint me = gl_LocalInvocationID.x;
    for (uint r = WORKGROUP_ID.x; r < push.rows; r += WORKGROUPS.x) {
        uint x = push.offset.x + r * push.ldx, to = push.offset.w + r * push.ldout;
        float sum = 0.0;
        for (uint c = me; c < push.cols; c += WORKGROUP) {
            sum += x1[x + c];
        }
        float mean = group_sum(sum) / float(push.cols);
        float squares = 0.0;
        for (uint c = me; c < push.cols; c += WORKGROUP) {
            float difference = x1[x + c] - mean;
            squares += difference * difference;
        }
        float scale = inversesqrt(group_sum(squares) / float(push.cols) + push.eps);
        for (uint c = me; c < push.cols; c += WORKGROUP) {
            out1[to + c] = (x1[x + c] - mean) * scale * weight1[push.offset.y + c] + bias1[push.offset.z + c];
        }
    }
}
