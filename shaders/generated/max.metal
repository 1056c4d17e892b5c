#pragma clang diagnostic ignored "-Wmissing-prototypes"

#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

struct Row
{
    uint start;
    uint skip;
    uint count;
    uint blocks;
};

struct X4
{
    uint4 x4[1];
};

struct X1
{
    uint x1[1];
};

constant uint way_tmp [[function_constant(0)]];
constant uint way = is_function_constant_defined(way_tmp) ? way_tmp : 0u;
constant bool _322 = (way == 0u);

struct Push
{
    uint4 offset;
    uint4 first;
    uint4 groups;
    uint rows;
    uint cols;
    uint ldx;
    uint ldout;
};

constant bool _354 = (way == 1u);
constant bool _397 = (way == 0u);
constant bool _404 = (way >= 2u);

struct Workspace
{
    uint keys[1];
};

constant bool _645 = (way == 3u);
constant bool _712 = (way == 4u);

struct Out1
{
    uint out1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
void form_teams(thread uint& lane, thread uint& lanes, thread uint& team, constant Push& push, thread uint3& gl_WorkGroupID, thread uint3& gl_LocalInvocationID, thread uint& teams, thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID)
{
    if (_322)
    {
        lane = 0u;
        lanes = 1u;
        team = ((push.first.xyz + gl_WorkGroupID).x * 256u) + gl_LocalInvocationID.x;
        teams = push.groups.x * 256u;
    }
    else
    {
        if (_354)
        {
            lane = simd_prefix_exclusive_sum(1u);
            lanes = simd_sum(1u);
            team = ((push.first.xyz + gl_WorkGroupID).x * gl_NumSubgroups) + gl_SubgroupID;
            teams = push.groups.x * gl_NumSubgroups;
        }
        else
        {
            lane = gl_LocalInvocationID.x;
            lanes = 256u;
            team = (push.first.xyz + gl_WorkGroupID).x;
            teams = push.groups.x;
        }
    }
}

static inline __attribute__((always_inline))
Row row_at(thread const uint& first, thread const uint& count)
{
    uint skip = first & 3u;
    uint _96;
    if (count == 0u)
    {
        _96 = 0u;
    }
    else
    {
        _96 = ((skip + count) + 3u) / 4u;
    }
    return Row{ first / 4u, skip, count, _96 };
}

static inline __attribute__((always_inline))
uint shares_of(thread const uint& cols)
{
    return min((((cols - 1u) / 1024u) + 1u), 256u);
}

static inline __attribute__((always_inline))
uint first_block(thread const Row& row, thread const uint& share, thread const uint& shares)
{
    return min((share * (((row.blocks + shares) - 1u) / shares)), row.blocks);
}

static inline __attribute__((always_inline))
uint elements_before(thread const Row& row, thread const uint& i)
{
    uint _153;
    if (i == 0u)
    {
        _153 = 0u;
    }
    else
    {
        _153 = min(((4u * i) - row.skip), row.count);
    }
    return _153;
}

static inline __attribute__((always_inline))
Row share_of(thread const Row& row, thread const uint& share, thread const uint& shares)
{
    Row param = row;
    uint param_1 = share;
    uint param_2 = shares;
    uint from = first_block(param, param_1, param_2);
    Row param_3 = row;
    uint param_4 = share + 1u;
    uint param_5 = shares;
    uint to = first_block(param_3, param_4, param_5);
    Row param_6 = row;
    uint param_7 = to;
    Row param_8 = row;
    uint param_9 = from;
    uint count = elements_before(param_6, param_7) - elements_before(param_8, param_9);
    uint _219;
    if (from == 0u)
    {
        _219 = row.skip;
    }
    else
    {
        _219 = 0u;
    }
    return Row{ row.start + from, _219, count, to - from };
}

static inline __attribute__((always_inline))
bool inside(thread const Row& row, thread const uint& i, thread const uint& e)
{
    return (((4u * i) + e) - row.skip) < row.count;
}

static inline __attribute__((always_inline))
bool whole(thread const Row& row, thread const uint& i)
{
    Row param = row;
    uint param_1 = i;
    uint param_2 = 0u;
    bool _129 = inside(param, param_1, param_2);
    bool _138;
    if (_129)
    {
        Row param_3 = row;
        uint param_4 = i;
        uint param_5 = 3u;
        _138 = inside(param_3, param_4, param_5);
    }
    else
    {
        _138 = _129;
    }
    return _138;
}

static inline __attribute__((always_inline))
uint4 block(thread const Row& row, thread const uint& i, const device X4& v_243, const device X1& v_272)
{
    Row param = row;
    uint param_1 = i;
    if (whole(param, param_1))
    {
        return v_243.x4[row.start + i];
    }
    uint4 v = uint4(4286578688u);
    uint index = 4u * (row.start + i);
    Row param_2 = row;
    uint param_3 = i;
    uint param_4 = 0u;
    if (inside(param_2, param_3, param_4))
    {
        v.x = v_272.x1[index];
    }
    Row param_5 = row;
    uint param_6 = i;
    uint param_7 = 1u;
    if (inside(param_5, param_6, param_7))
    {
        v.y = v_272.x1[index + 1u];
    }
    Row param_8 = row;
    uint param_9 = i;
    uint param_10 = 2u;
    if (inside(param_8, param_9, param_10))
    {
        v.z = v_272.x1[index + 2u];
    }
    Row param_11 = row;
    uint param_12 = i;
    uint param_13 = 3u;
    if (inside(param_11, param_12, param_13))
    {
        v.w = v_272.x1[index + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
uint4 order_of(thread const uint4& bits)
{
    uint4 key = bits ^ (uint4(int4(bits) >> int4(31)) | uint4(2147483648u));
    bool4 nan = (bits & uint4(2147483647u)) > uint4(2139095040u);
    return select(key, uint4(4294967295u), nan);
}

static inline __attribute__((always_inline))
uint greatest(thread const uint4& v)
{
    return max(max(v.x, v.y), max(v.z, v.w));
}

static inline __attribute__((always_inline))
void share(thread const uint2& value, thread uint& gl_SubgroupID, threadgroup uint2 (&partial)[256])
{
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _387 = simd_is_first();
    if (_387)
    {
        partial[gl_SubgroupID] = value;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
uint team_max(thread uint& value, thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID, threadgroup uint2 (&partial)[256])
{
    if (_397)
    {
        return value;
    }
    value = simd_max(value);
    if (_404)
    {
        uint2 param = uint2(value, 0u);
        share(param, gl_SubgroupID, partial);
        for (uint i = 0u; i < gl_NumSubgroups; i++)
        {
            value = max(value, ((threadgroup uint*)&partial[i])[0u]);
        }
    }
    return value;
}

static inline __attribute__((always_inline))
uint key_of(thread const Row& row, const device X4& v_243, const device X1& v_272, thread uint& lane, thread uint& lanes, thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID, threadgroup uint2 (&partial)[256])
{
    uint4 best = uint4(8388607u);
    uint i = lane;
    if (i < row.blocks)
    {
        Row param = row;
        uint param_1 = i;
        uint4 param_2 = block(param, param_1, v_243, v_272);
        best = max(best, order_of(param_2));
    }
    i += lanes;
    for (; ((i + (3u * lanes)) + 1u) < row.blocks; i += (4u * lanes))
    {
        uint4 v0 = v_243.x4[row.start + i];
        uint4 v1 = v_243.x4[(row.start + i) + lanes];
        uint4 v2 = v_243.x4[(row.start + i) + (2u * lanes)];
        uint4 v3 = v_243.x4[(row.start + i) + (3u * lanes)];
        uint4 param_3 = v0;
        best = max(best, order_of(param_3));
        uint4 param_4 = v1;
        best = max(best, order_of(param_4));
        uint4 param_5 = v2;
        best = max(best, order_of(param_5));
        uint4 param_6 = v3;
        best = max(best, order_of(param_6));
    }
    for (; i < row.blocks; i += lanes)
    {
        Row param_7 = row;
        uint param_8 = i;
        uint4 param_9 = block(param_7, param_8, v_243, v_272);
        best = max(best, order_of(param_9));
    }
    uint4 param_10 = best;
    uint param_11 = greatest(param_10);
    uint _615 = team_max(param_11, gl_NumSubgroups, gl_SubgroupID, partial);
    return _615;
}

static inline __attribute__((always_inline))
uint join(thread const uint& r, thread uint& lane, constant Push& push, thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID, threadgroup uint2 (&partial)[256], device Workspace& v_631)
{
    uint param = push.cols;
    uint _625;
    if (lane < shares_of(param))
    {
        _625 = v_631.keys[(r * 256u) + lane];
    }
    else
    {
        _625 = 8388607u;
    }
    uint param_1 = _625;
    uint _641 = team_max(param_1, gl_NumSubgroups, gl_SubgroupID, partial);
    return _641;
}

static inline __attribute__((always_inline))
uint bits_of_order(thread const uint& key)
{
    if (key == 4294967295u)
    {
        return 2143289344u;
    }
    uint _470;
    if ((key & 2147483648u) != 0u)
    {
        _470 = key ^ 2147483648u;
    }
    else
    {
        _470 = ~key;
    }
    return _470;
}

kernel void zc_max(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], device Out1& _742 [[buffer(2)]], device Workspace& v_631 [[buffer(3)]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]])
{
    const device auto& v_243 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& v_272 = *(const device X1*)spvBufferAliasSet0Binding1;
    threadgroup uint2 partial[256];
    uint lane;
    uint lanes;
    uint team;
    uint teams;
    form_teams(lane, lanes, team, push, gl_WorkGroupID, gl_LocalInvocationID, teams, gl_NumSubgroups, gl_SubgroupID);
    if (_645)
    {
        uint r = (push.first.xyz + gl_WorkGroupID).y;
        uint share_1 = (push.first.xyz + gl_WorkGroupID).x;
        uint param = push.offset.x + (r * push.ldx);
        uint param_1 = push.cols;
        Row row = row_at(param, param_1);
        uint param_2 = push.cols;
        Row param_3 = row;
        uint param_4 = share_1;
        uint param_5 = shares_of(param_2);
        Row param_6 = share_of(param_3, param_4, param_5);
        uint _688 = key_of(param_6, v_243, v_272, lane, lanes, gl_NumSubgroups, gl_SubgroupID, partial);
        uint key = _688;
        if (lane == 0u)
        {
            v_631.keys[(r * 256u) + share_1] = key;
        }
        return;
    }
    uint _713;
    for (uint r_1 = team; r_1 < push.rows; r_1 += teams)
    {
        if (_712)
        {
            uint param_7 = r_1;
            uint _718 = join(param_7, lane, push, gl_NumSubgroups, gl_SubgroupID, partial, v_631);
            _713 = _718;
        }
        else
        {
            uint param_8 = push.offset.x + (r_1 * push.ldx);
            uint param_9 = push.cols;
            Row param_10 = row_at(param_8, param_9);
            uint _733 = key_of(param_10, v_243, v_272, lane, lanes, gl_NumSubgroups, gl_SubgroupID, partial);
            _713 = _733;
        }
        uint key_1 = _713;
        if (lane == 0u)
        {
            uint param_11 = key_1;
            _742.out1[push.offset.y + r_1] = bits_of_order(param_11);
        }
    }
}

