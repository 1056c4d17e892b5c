#version 450
#extension GL_GOOGLE_include_directive : require
// append: row positions[r] of a cache = x[r], as float32 or float16: an invocation for each word.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 first, groups;
    uint rows, cols;
    uint ldx, ldout;
    uint capacity;
    uint out_type;
}
push;

layout(set = 0, binding = 1, std430) readonly buffer X1 { float x1[]; };
layout(set = 0, binding = 2, std430) readonly buffer Positions1 { uint positions1[]; };
layout(set = 0, binding = 3, std430) writeonly buffer Out1 { uint out1[]; };

#include "common.glsl"

void main()
{
    bool narrow = push.out_type == ZC_CACHE_F16;
    uint words = narrow ? push.cols / 2u : push.cols;
    for (uint r = WORKGROUP_ID.y; r < push.rows; r += WORKGROUPS.y) {
        uint x = push.offset.x + r * push.ldx;
        uint row = min(positions1[push.offset.y + r], push.capacity - 1u) * push.ldout;
        for (uint i = INVOCATION_X; i < words; i += WORKGROUPS.x * WORKGROUP) {
            if (narrow) {
                out1[push.offset.z + row / 2u + i] = packHalf2x16(vec2(x1[x + 2u * i], x1[x + 2u * i + 1u]));
            } else {
                out1[push.offset.z + row + i] = floatBitsToUint(x1[x + i]);
            }
        }
    }
}
