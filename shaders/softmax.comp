#version 450
#extension GL_GOOGLE_include_directive : require
// softmax: out row r = exp(x - max(x)) / sum(exp(x - max(x))) of row r of x. A row with a NaN or with +inf,
// and one of nothing but -inf, becomes NaN. out may be the very range of x: it is never read, and an element
// is last read by the invocation that writes it, before it does.

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
layout(set = 0, binding = 2, std430) writeonly buffer Out4 { vec4 out4[]; };

// Of each share: the order of its greatest, and the sum of exp(x - greatest).
layout(set = 0, binding = 3, std430) buffer Workspace { uvec2 made[]; };

#define ROW_VECTOR vec4
#define ROW_SCALAR_AT(index) x1[index]
#define ROW_VECTOR_AT(index) x4[index]
#define ROW_NEUTRAL uintBitsToFloat(0xff800000u) // -inf
#include "rows.glsl"

// Block i of a row that starts at element `first` of out; the blocks are those of x's row.
void put(uint first, Row row, uint i, vec4 v)
{
    if (((first ^ row.skip) & 3u) == 0u && whole(row, i)) {
        out4[first / 4u + i] = v;
        return;
    }
    uint index = first - row.skip + 4u * i;
    if (inside(row, i, 0u)) {
        out1[index] = v.x;
    }
    if (inside(row, i, 1u)) {
        out1[index + 1u] = v.y;
    }
    if (inside(row, i, 2u)) {
        out1[index + 2u] = v.z;
    }
    if (inside(row, i, 3u)) {
        out1[index + 3u] = v.w;
    }
}

uint key_of(Row row)
{
    uvec4 best = uvec4(ORDER_OF_MINUS_INFINITY);
#define TAKE_MAX(v) best = max(best, order_of(floatBitsToUint(v)));
    EACH_BLOCK(row, TAKE_MAX)
    return team_max(greatest(best));
}

float sum_of(Row row, float highest)
{
    Sum sum = Sum(vec4(0.0), vec4(0.0));
#define TAKE_SUM(v) add_to(sum, exp(v - highest));
    EACH_BLOCK(row, TAKE_SUM)
    return team_sum(sum);
}

// Row r's part that starts at element `first` of out.
void write(uint first, Row row, float highest, float scale)
{
    for (uint i = lane; i < row.blocks; i += lanes) {
        put(first, row, i, exp(block(row, i) - highest) * scale);
    }
}

void write_nan(uint first, Row row)
{
    vec4 nan = uintBitsToFloat(uvec4(NAN_BITS));
    for (uint i = lane; i < row.blocks; i += lanes) {
        put(first, row, i, nan);
    }
}

void first_stage(uint r, uint share)
{
    Row row = share_of(row_at(push.offset.x + r * push.ldx, push.cols), share, shares_of(push.cols));
    uint key = key_of(row);
    float highest = uintBitsToFloat(bits_of_order(key)), sum = 0.0;
    if (finite(highest)) {
        sum = sum_of(row, highest);
    }
    if (lane == 0u) {
        made[r * ZC_ROWS_MAX_SHARES + share] = uvec2(key, floatBitsToUint(sum));
    }
}

void second_stage(uint r, uint share)
{
    uint shares = shares_of(push.cols);
    Row row = row_at(push.offset.x + r * push.ldx, push.cols), part = share_of(row, share, shares);
    uint first = push.offset.y + r * push.ldout + elements_before(row, first_block(row, share, shares));
    uvec2 mine = lane < shares ? made[r * ZC_ROWS_MAX_SHARES + lane] : uvec2(ORDER_OF_MINUS_INFINITY, 0u);
    float highest = uintBitsToFloat(bits_of_order(team_max(mine.x)));
    if (!finite(highest)) {
        write_nan(first, part);
        return;
    }
    Sum sum = Sum(vec4(0.0), vec4(0.0));
    if (mine.x > ORDER_OF_MINUS_INFINITY) {
        sum.value.x = uintBitsToFloat(mine.y) * exp(uintBitsToFloat(bits_of_order(mine.x)) - highest);
    }
    write(first, part, highest, 1.0 / team_sum(sum));
}

void main()
{
    form_teams();
    if (way == ZC_ROWS_SHARES_WAY) {
        first_stage(WORKGROUP_ID.y, WORKGROUP_ID.x);
        return;
    }
    if (way == ZC_ROWS_JOIN_WAY) {
        second_stage(WORKGROUP_ID.y, WORKGROUP_ID.x);
        return;
    }
    for (uint r = team; r < push.rows; r += teams) {
        Row row = row_at(push.offset.x + r * push.ldx, push.cols);
        uint first = push.offset.y + r * push.ldout;
        float highest = uintBitsToFloat(bits_of_order(key_of(row)));
        if (!finite(highest)) {
            write_nan(first, row);
            continue;
        }
        write(first, row, highest, 1.0 / sum_of(row, highest));
    }
}
