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

#define ROW_VECTOR vec4
#define ROW_SCALAR_AT(index) x1[index]
#define ROW_VECTOR_AT(index) x4[index]
#define ROW_NEUTRAL 0.0
#include "rows.glsl"

void main()
{
    form_teams();
    for (uint r = team; r < push.rows; r += teams) {
        Row row = row_at(push.offset.x + r * push.ldx, push.cols);
        Sum sum = Sum(vec4(0.0), vec4(0.0));
#define TAKE(v) add_to(sum, v);
        EACH_BLOCK(row, TAKE)
        float total = team_sum(sum);
        if (lane == 0u) {
            out1[push.offset.y + r] = total;
        }
    }
}
