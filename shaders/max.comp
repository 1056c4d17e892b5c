#version 450
#extension GL_GOOGLE_include_directive : require
// max: out[r] = the greatest element of row r, NaN if there is one, -inf for an empty row. Exact: elements
// are compared by their bits, so that no device's habits with NaN or denormals matter. +0 is above -0.

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

#define ROW_VECTOR uvec4
#define ROW_SCALAR_AT(index) x1[index]
#define ROW_VECTOR_AT(index) x4[index]
#define ROW_NEUTRAL 0xff800000u // -inf
#include "rows.glsl"

void main()
{
    form_teams();
    for (uint r = team; r < push.rows; r += teams) {
        Row row = row_at(push.offset.x + r * push.ldx, push.cols);
        uvec4 best = uvec4(ORDER_OF_MINUS_INFINITY);
#define TAKE(v) best = max(best, order_of(v));
        EACH_BLOCK(row, TAKE)
        uint key = team_max(greatest(best));
        if (lane == 0u) {
            out1[push.offset.y + r] = bits_of_order(key);
        }
    }
}
