#version 450
#extension GL_GOOGLE_include_directive : require
// pool: out[s] = the mean of some rows of x, perhaps divided by its length. A workgroup for each s. For the
// length each mean is computed twice, because out is not read.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 first, groups;
    uint rows, cols;
    uint capacity;
    uint ldx, ldout;
    uint flags;
}
push;

layout(set = 0, binding = 1, std430) readonly buffer X1 { float x1[]; };
layout(set = 0, binding = 2, std430) readonly buffer Spans1 { uint spans1[]; };
layout(set = 0, binding = 3, std430) writeonly buffer Out1 { float out1[]; };

#include "group.glsl"

float mean(uint begin, uint end, uint c)
{
    float sum = 0.0;
    for (uint row = begin; row < end; row++) {
        sum += x1[push.offset.x + row * push.ldx + c];
    }
    return end > begin ? sum / float(end - begin) : 0.0;
}

void main()
{
    uint me = gl_LocalInvocationID.x;
    for (uint s = WORKGROUP_ID.x; s < push.rows; s += WORKGROUPS.x) {
        uint begin = min(spans1[push.offset.y + 2u * s], push.capacity);
        uint end = min(spans1[push.offset.y + 2u * s + 1u], push.capacity);
        float scale = 1.0;
        if ((push.flags & ZC_POOL_NORMALIZE) != 0u) {
            float squares = 0.0;
            for (uint c = me; c < push.cols; c += WORKGROUP) {
                float value = mean(begin, end, c);
                squares += value * value;
            }
            squares = group_sum(squares);
            scale = squares > 0.0 ? inversesqrt(squares) : 0.0;
        }
        for (uint c = me; c < push.cols; c += WORKGROUP) {
            out1[push.offset.z + s * push.ldout + c] = mean(begin, end, c) * scale;
        }
    }
}
