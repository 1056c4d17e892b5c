#version 450
#extension GL_GOOGLE_include_directive : require
// argmax: out[r] = the index of the greatest element of row r, the lowest among equals; a NaN is above
// everything.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 first, groups;
    uint rows, cols;
    uint ldx, ldout;
}
push;

layout(set = 0, binding = 1, std430) readonly buffer X1 { uint x1[]; };
layout(set = 0, binding = 1, std430) readonly buffer X4 { uvec4 x4[]; };
layout(set = 0, binding = 2, std430) writeonly buffer Out1 { uint out1[]; };
layout(set = 0, binding = 3, std430) buffer Workspace { uvec2 found[]; };

#include "greatest.glsl"

void main()
{
    if (way == ZC_SELECT_SHARES_WAY) {
        find_in_share(WORKGROUP_ID.y, WORKGROUP_ID.x);
        return;
    }
    for (uint r = WORKGROUP_ID.x; r < push.rows; r += WORKGROUPS.x) {
        uint index = greatest_of_row(r);
        if (gl_LocalInvocationID.x == 0u) {
            out1[push.offset.y + r] = index;
        }
    }
}
