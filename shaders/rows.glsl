// Rows of a matrix: who works on which row, and reading a row in blocks of four elements.
//
// The including kernel declares `push` (zc_rows_params) and the row's buffers, defines
//   ROW_VECTOR               vec4 or uvec4
//   ROW_SCALAR_AT(index)     the element at an index of the buffer
//   ROW_VECTOR_AT(index)     the four elements at 4 * index
//   ROW_NEUTRAL              what elements before and after the row count as
// and includes this file; then block(row, i) is the i-th aligned block of a row.
//
// A team works on a row: one invocation where rows are tiny, a subgroup where there are many short ones, else
// the workgroup. `lane` and `lanes` number the team's members whatever the subgroup's width is and whichever of
// its lanes exist. Of few long rows, workgroups have shares (shares_of, share_of), in two stages: the kernel says what
// passes between them by its workspace. Which team it is depends on the parameters only (csrc/kernel/zc_kernel_tiles.c), so the same
// inputs give the same bits on the same device.

#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require

#include "common.glsl"

layout(constant_id = 0) const uint way = 0u; // zc_kernel_plan_make

struct Row
{
    uint start;  // of the row's first block, an index of vectors
    uint skip;   // elements of the first block that lie before the row
    uint count;  // elements of the row
    uint blocks;
};

Row row_at(uint first, uint count)
{
    uint skip = first & 3u;
    return Row(first / 4u, skip, count, count == 0u ? 0u : (skip + count + 3u) / 4u);
}

// Whether element e of block i lies in the row: what lies before it wraps around to a huge number.
bool inside(Row row, uint i, uint e)
{
    return 4u * i + e - row.skip < row.count;
}

bool whole(Row row, uint i)
{
    return inside(row, i, 0u) && inside(row, i, 3u);
}

uint shares_of(uint cols)
{
    return min((cols - 1u) / ZC_ROWS_SHARE + 1u, ZC_ROWS_MAX_SHARES);
}

// Elements of a row before a block.
uint elements_before(Row row, uint i)
{
    return i == 0u ? 0u : min(4u * i - row.skip, row.count);
}

// The first block of a share.
uint first_block(Row row, uint share, uint shares)
{
    return min(share * ((row.blocks + shares - 1u) / shares), row.blocks);
}

// Some blocks of a row as a row; none may be left for the last shares.
Row share_of(Row row, uint share, uint shares)
{
    uint from = first_block(row, share, shares), to = first_block(row, share + 1u, shares);
    uint count = elements_before(row, to) - elements_before(row, from);
    return Row(row.start + from, from == 0u ? row.skip : 0u, count, to - from);
}

ROW_VECTOR block(Row row, uint i)
{
    if (whole(row, i)) {
        return ROW_VECTOR_AT(row.start + i);
    }
    ROW_VECTOR v = ROW_VECTOR(ROW_NEUTRAL);
    uint index = 4u * (row.start + i);
    if (inside(row, i, 0u)) {
        v.x = ROW_SCALAR_AT(index);
    }
    if (inside(row, i, 1u)) {
        v.y = ROW_SCALAR_AT(index + 1u);
    }
    if (inside(row, i, 2u)) {
        v.z = ROW_SCALAR_AT(index + 2u);
    }
    if (inside(row, i, 3u)) {
        v.w = ROW_SCALAR_AT(index + 3u);
    }
    return v;
}

// The parts of a row's blocks that this lane has, TAKE(v) for each v; four loads in flight where the row
// is long. Block 0 comes first, so that afterwards only the last one can be partial.
#define EACH_BLOCK(row, TAKE)                                                      \
    {                                                                              \
        uint i = lane;                                                             \
        if (i < row.blocks) {                                                      \
            TAKE(block(row, i))                                                    \
        }                                                                          \
        for (i += lanes; i + 3u * lanes + 1u < row.blocks; i += 4u * lanes) {      \
            ROW_VECTOR v0 = ROW_VECTOR_AT(row.start + i);                          \
            ROW_VECTOR v1 = ROW_VECTOR_AT(row.start + i + lanes);                  \
            ROW_VECTOR v2 = ROW_VECTOR_AT(row.start + i + 2u * lanes);             \
            ROW_VECTOR v3 = ROW_VECTOR_AT(row.start + i + 3u * lanes);             \
            TAKE(v0)                                                               \
            TAKE(v1)                                                               \
            TAKE(v2)                                                               \
            TAKE(v3)                                                               \
        }                                                                          \
        for (; i < row.blocks; i += lanes) {                                       \
            TAKE(block(row, i))                                                    \
        }                                                                          \
    }

uint lane, lanes; // of the team
uint team, teams;

void form_teams()
{
    if (way == ZC_ROWS_INVOCATION_WAY) {
        lane = 0u;
        lanes = 1u;
        team = INVOCATION_X;
        teams = WORKGROUPS.x * WORKGROUP;
    } else if (way == ZC_ROWS_SUBGROUP_WAY) {
        lane = subgroupExclusiveAdd(1u);
        lanes = subgroupAdd(1u);
        team = WORKGROUP_ID.x * gl_NumSubgroups + gl_SubgroupID;
        teams = WORKGROUPS.x * gl_NumSubgroups;
    } else {
        lane = gl_LocalInvocationID.x;
        lanes = WORKGROUP;
        team = WORKGROUP_ID.x;
        teams = WORKGROUPS.x;
    }
}

shared uvec2 partial[WORKGROUP]; // one of each subgroup, however narrow they are

// The subgroups' values, of which every invocation takes all in their order.
void share(uvec2 value)
{
    barrier(); // what was shared before has been read
    if (subgroupElect()) {
        partial[gl_SubgroupID] = value;
    }
    barrier();
}

uint team_max(uint value)
{
    if (way == ZC_ROWS_INVOCATION_WAY) {
        return value;
    }
    value = subgroupMax(value);
    if (way >= ZC_ROWS_WORKGROUP_WAY) {
        share(uvec2(value, 0u));
        for (uint i = 0u; i < gl_NumSubgroups; i++) {
            value = max(value, partial[i].x);
        }
    }
    return value;
}

// ---- Order: an unsigned number for each float, increasing with it; NaN is the greatest.

uvec4 order_of(uvec4 bits)
{
    uvec4 key = bits ^ (uvec4(ivec4(bits) >> 31) | 0x80000000u);
    bvec4 nan = greaterThan(bits & 0x7fffffffu, uvec4(INFINITY_BITS));
    return mix(key, uvec4(0xffffffffu), nan);
}

const uint ORDER_OF_MINUS_INFINITY = 0x007fffffu;
const uint ORDER_OF_INFINITY = 0xff800000u;

uint bits_of_order(uint key)
{
    if (key == 0xffffffffu) {
        return NAN_BITS;
    }
    return (key & 0x80000000u) != 0u ? key ^ 0x80000000u : ~key;
}

uint greatest(uvec4 v)
{
    return max(max(v.x, v.y), max(v.z, v.w));
}

// ---- Sums, with what rounding took from them. Infinities and NaN are in `value` as in a plain sum.

struct Sum
{
    vec4 value;
    vec4 lost;
};

void add_to(inout Sum sum, vec4 v)
{
    precise vec4 value = sum.value + v;
    precise vec4 other = value - sum.value;
    precise vec4 lost = (sum.value - (value - other)) + (v - other);
    sum.value = value;
    sum.lost += lost;
}

float team_sum(Sum sum)
{
    Sum scalar = Sum(vec4(sum.value.x, 0.0, 0.0, 0.0), vec4(sum.lost.x, 0.0, 0.0, 0.0));
    add_to(scalar, vec4(sum.value.y, 0.0, 0.0, 0.0));
    add_to(scalar, vec4(sum.value.z, 0.0, 0.0, 0.0));
    add_to(scalar, vec4(sum.value.w, 0.0, 0.0, 0.0));
    float value = scalar.value.x;
    float lost = scalar.lost.x + sum.lost.y + sum.lost.z + sum.lost.w;
    if (way != ZC_ROWS_INVOCATION_WAY) {
        value = subgroupAdd(value);
        lost = subgroupAdd(lost);
    }
    if (way >= ZC_ROWS_WORKGROUP_WAY) {
        share(floatBitsToUint(vec2(value, lost)));
        Sum total = Sum(vec4(0.0), vec4(0.0));
        for (uint i = 0u; i < gl_NumSubgroups; i++) {
            vec2 part = uintBitsToFloat(partial[i]);
            add_to(total, vec4(part.x, 0.0, 0.0, 0.0));
            total.lost.x += part.y;
        }
        value = total.value.x;
        lost = total.lost.x;
    }
    return finite(value) ? value + lost : value;
}
