#version 450
#extension GL_GOOGLE_include_directive : require
// rope: each head of x[r] turned by the angles of positions[r], of which the table has cosine and sine; to
// out[r], or to a cache's row. out may be the very range of x, as float32: an invocation reads a pair, then
// writes it. As float16 an invocation makes one word, two elements that lie side by side.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 first, groups;
    uint rows, heads, head_size, rotated;
    uint ldx, ldout;
    uint table_rows;
    uint capacity;
    uint layout_;
    uint out_type;
}
push;

layout(set = 0, binding = 1, std430) readonly buffer X1 { float x1[]; };
layout(set = 0, binding = 2, std430) readonly buffer Positions1 { uint positions1[]; };
layout(set = 0, binding = 3, std430) readonly buffer Table1 { float table1[]; };
layout(set = 0, binding = 4, std430) writeonly buffer Out1 { uint out1[]; };
layout(set = 0, binding = 4, std430) writeonly buffer Out2 { uvec2 out2[]; };

#include "common.glsl"

// Where the elements of pair i lie in a head.
uvec2 places(uint i)
{
    return push.layout_ == ZC_ROPE_HALVES ? uvec2(i, i + push.rotated / 2u) : uvec2(2u * i, 2u * i + 1u);
}

vec2 rotate(uint head, uint angles, uint i)
{
    uvec2 at = places(i);
    float a = x1[head + at.x], b = x1[head + at.y];
    float c = table1[angles + 2u * i], s = table1[angles + 2u * i + 1u];
    return vec2(a * c - b * s, a * s + b * c);
}

// Element e of the turned head.
float element(uint head, uint angles, uint e)
{
    if (e >= push.rotated) {
        return x1[head + e];
    }
    uint half_ = push.rotated / 2u;
    uint i = push.layout_ == ZC_ROPE_HALVES ? (e < half_ ? e : e - half_) : e / 2u;
    vec2 pair = rotate(head, angles, i);
    return places(i).x == e ? pair.x : pair.y;
}

void main()
{
    uint pairs = push.head_size / 2u + (push.head_size & 1u), items = push.heads * pairs;
    for (uint r = WORKGROUP_ID.y; r < push.rows; r += WORKGROUPS.y) {
        uint position = positions1[push.offset.y + r];
        uint angles = push.offset.z + min(position, push.table_rows - 1u) * push.rotated;
        uint row = push.capacity != 0u ? min(position, push.capacity - 1u) : r;
        for (uint item = INVOCATION_X; item < items; item += WORKGROUPS.x * WORKGROUP) {
            uint h = item / pairs, i = item % pairs;
            uint head = push.offset.x + r * push.ldx + h * push.head_size;
            uint to = row * push.ldout + h * push.head_size;
            if (push.out_type == ZC_CACHE_F16) {
                out1[push.offset.w + to / 2u + i] =
                    packHalf2x16(vec2(element(head, angles, 2u * i), element(head, angles, 2u * i + 1u)));
            } else if (2u * i < push.rotated) {
                uvec2 at = places(i);
                vec2 pair = rotate(head, angles, i);
                uint first = push.offset.w + to + at.x;
                if (push.layout_ != ZC_ROPE_HALVES && (first & 1u) == 0u) { // by one store: host memory is behind a bus
                    out2[first / 2u] = floatBitsToUint(pair);
                } else {
                    out1[first] = floatBitsToUint(pair.x);
                    out1[push.offset.w + to + at.y] = floatBitsToUint(pair.y);
                }
            } else {
                for (uint e = 2u * i; e < min(2u * i + 2u, push.head_size); e++) {
                    out1[push.offset.w + to + e] = floatBitsToUint(x1[head + e]);
                }
            }
        }
    }
}
