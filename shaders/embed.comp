#version 450
#extension GL_GOOGLE_include_directive : require
// embed: out[r] = row ids[r] of a table of weights, or added to it: an invocation for each four elements.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 first, groups;
    uint type_;
    uint rows, dim, vocab;
    uint ldout;
    uint flags;
}
push;

layout(set = 0, binding = 1, std430) readonly buffer Ids1 { uint ids1[]; };
layout(set = 0, binding = 3, std430) buffer Out1 { float out1[]; };
layout(set = 0, binding = 3, std430) buffer Out4 { vec4 out4[]; };

#include "common.glsl"
layout(constant_id = 0) const uint type = 0u; // zc_kernel_plan_make
#include "weights.glsl"

void main()
{
    uint quads = push.dim / 4u + ((push.dim & 3u) != 0u ? 1u : 0u);
    for (uint r = WORKGROUP_ID.y; r < push.rows; r += WORKGROUPS.y) {
        uint id = min(ids1[push.offset.x + r], push.vocab - 1u);
        uint row = 2u * push.offset.y + id * row_halves(push.dim);
        for (uint q = INVOCATION_X; q < quads; q += WORKGROUPS.x * WORKGROUP) {
            vec4 v = quad(row, push.dim, q);
            uint to = push.offset.z + r * push.ldout + 4u * q;
            bool add = (push.flags & ZC_EMBED_ADD) != 0u;
            if ((to & 3u) == 0u && 4u * q + 4u <= push.dim) {
                out4[to / 4u] = add ? out4[to / 4u] + v : v;
                continue;
            }
            for (uint e = 0u; e < min(push.dim - 4u * q, 4u); e++) {
                out1[to + e] = add ? out1[to + e] + v[e] : v[e];
            }
        }
    }
}
