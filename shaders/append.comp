#version 450
#extension GL_GOOGLE_include_directive : require
// append: row positions[r] of a cache = x[r]: an invocation for each word, or for two blocks of bytes.

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
#include "bytes.glsl"

void put_word(uint at, uint word)
{
    out1[push.offset.z + at] = word;
}

// An invocation for each 64 elements of row r.
void put_bytes(uint r)
{
    uint x = push.offset.x + r * push.ldx;
    uint row = min(positions1[push.offset.y + r], push.capacity - 1u) * (push.ldout / 64u * 17u);
#define FOUR(c) vec4(x1[x + c], x1[x + c + 1u], x1[x + c + 2u], x1[x + c + 3u])
    for (uint i = INVOCATION_X; i < push.cols / 64u; i += WORKGROUPS.x * WORKGROUP) {
        PUT_BLOCKS(row, push.ldout, 64u * i)
    }
}

void main()
{
    bool narrow = push.out_type == ZC_CACHE_F16;
    uint words = narrow ? push.cols / 2u : push.cols;
    for (uint r = WORKGROUP_ID.y; r < push.rows; r += WORKGROUPS.y) {
        if (push.out_type == ZC_CACHE_Q8_0) {
            put_bytes(r);
            continue;
        }
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
