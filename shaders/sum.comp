#version 450
#extension GL_GOOGLE_include_directive : require
// sum: out[r] = the sum of row r, compensated: the error is at most 8 * 2^-24 * sum(|x|).

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 first, groups;
    uint rows, cols;
    uint ldx, ldout;
}
push;

layout(set = 0, binding = 1, std430) readonly buffer X1 { float x1[]; };
layout(set = 0, binding = 1, std430) readonly buffer X4 { vec4 x4[]; };
layout(set = 0, binding = 2, std430) writeonly buffer Out1 { float out1[]; };

layout(set = 0, binding = 3, std430) buffer Workspace { float sums[]; }; // of each share

#define ROW_VECTOR vec4
#define ROW_SCALAR_AT(index) x1[index]
#define ROW_VECTOR_AT(index) x4[index]
#define ROW_NEUTRAL 0.0
#include "rows.glsl"

// In every lane of the team.
float sum_of(Row row)
{
    Sum sum = Sum(vec4(0.0), vec4(0.0));
#define TAKE(v) add_to(sum, v);
    EACH_BLOCK(row, TAKE)
    return team_sum(sum);
}

float join(uint r)
{
    Sum sum = Sum(vec4(0.0), vec4(0.0));
    if (lane < shares_of(push.cols)) {
        sum.value.x = sums[r * ZC_ROWS_MAX_SHARES + lane];
    }
    return team_sum(sum);
}

void main()
{
    form_teams();
    if (way == ZC_ROWS_SHARES_WAY) {
        uint r = WORKGROUP_ID.y, share = WORKGROUP_ID.x;
        Row row = row_at(push.offset.x + r * push.ldx, push.cols);
        float total = sum_of(share_of(row, share, shares_of(push.cols)));
        if (lane == 0u) {
            sums[r * ZC_ROWS_MAX_SHARES + share] = total;
        }
        return;
    }
    for (uint r = team; r < push.rows; r += teams) {
        float total = way == ZC_ROWS_JOIN_WAY ? join(r) : sum_of(row_at(push.offset.x + r * push.ldx, push.cols));
        if (lane == 0u) {
            out1[push.offset.y + r] = total;
        }
    }
}
