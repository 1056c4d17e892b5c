#version 450
#extension GL_GOOGLE_include_directive : require
// append: row positions[r] of a cache = x[r], as float32 or float16: an invocation for each two elements.

layout(push_constant) uniform Push
{
    uvec4 offset;
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
#include "cache.glsl"

void main()
{
    uint pairs = push.cols / 2u + (push.cols & 1u);
    for (uint r = gl_WorkGroupID.y; r < push.rows; r += gl_NumWorkGroups.y) {
        uint x = push.offset.x + r * push.ldx;
        uint row = min(positions1[push.offset.y + r], push.capacity - 1u);
        for (uint i = gl_GlobalInvocationID.x; i < pairs; i += gl_NumWorkGroups.x * WORKGROUP) {
            uint c = 2u * i, index = row * push.ldout + c;
            if (push.out_type == CACHE_F16) {
                out1[push.offset.z + index / 2u] = packHalf2x16(vec2(x1[x + c], x1[x + c + 1u]));
                continue;
            }
            out1[push.offset.z + index] = floatBitsToUint(x1[x + c]);
            if (c + 1u < push.cols) {
                out1[push.offset.z + index + 1u] = floatBitsToUint(x1[x + c + 1u]);
            }
        }
    }
}
