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

layout(set = 0, binding = 3, std430) buffer Workspace { uint keys[]; }; // the greatest order of each share

#define ROW_VECTOR uvec4
#define ROW_SCALAR_AT(index) x1[index]
#define ROW_VECTOR_AT(index) x4[index]
#define ROW_NEUTRAL 0xff800000u // -inf
#include "rows.glsl"

// In every lane of the team.
uint key_of(Row row)
{
    uvec4 best = uvec4(ORDER_OF_MINUS_INFINITY);
#define TAKE(v) best = max(best, order_of(v));
    EACH_BLOCK(row, TAKE)
    return team_max(greatest(best));
}

uint join(uint r)
{
    return team_max(lane < shares_of(push.cols) ? keys[r * ZC_ROWS_MAX_SHARES + lane] : ORDER_OF_MINUS_INFINITY);
}

void main()
{
    form_teams();
    if (way == ZC_ROWS_SHARES_WAY) {
        uint r = WORKGROUP_ID.y, share = WORKGROUP_ID.x;
        Row row = row_at(push.offset.x + r * push.ldx, push.cols);
        uint key = key_of(share_of(row, share, shares_of(push.cols)));
        if (lane == 0u) {
            keys[r * ZC_ROWS_MAX_SHARES + share] = key;
        }
        return;
    }
    for (uint r = team; r < push.rows; r += teams) {
        uint key = way == ZC_ROWS_JOIN_WAY ? join(r) : key_of(row_at(push.offset.x + r * push.ldx, push.cols));
        if (lane == 0u) {
            out1[push.offset.y + r] = bits_of_order(key);
        }
    }
}
