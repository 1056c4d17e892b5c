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
constant bool _205 = (way == 0u);

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

constant bool _238 = (way == 1u);
constant bool _281 = (way == 0u);
constant bool _288 = (way == 2u);

struct Out1
{
    uint out1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
void form_teams(thread uint& lane, thread uint& lanes, thread uint& team, constant Push& push, thread uint3& gl_WorkGroupID, thread uint3& gl_LocalInvocationID, thread uint& teams, thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID)
{
    if (_205)
    {
        lane = 0u;
        lanes = 1u;
        team = ((push.first.xyz + gl_WorkGroupID).x * 256u) + gl_LocalInvocationID.x;
        teams = push.groups.x * 256u;
    }
    else
    {
        if (_238)
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
    uint _69;
    if (count == 0u)
    {
        _69 = 0u;
    }
    else
    {
        _69 = ((skip + count) + 3u) / 4u;
    }
    return Row{ first / 4u, skip, count, _69 };
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
    bool _102 = inside(param, param_1, param_2);
    bool _111;
    if (_102)
    {
        Row param_3 = row;
        uint param_4 = i;
        uint param_5 = 3u;
        _111 = inside(param_3, param_4, param_5);
    }
    else
    {
        _111 = _102;
    }
    return _111;
}

static inline __attribute__((always_inline))
uint4 block(thread const Row& row, thread const uint& i, const device X4& v_124, const device X1& v_154)
{
    Row param = row;
    uint param_1 = i;
    if (whole(param, param_1))
    {
        return v_124.x4[row.start + i];
    }
    uint4 v = uint4(4286578688u);
    uint index = 4u * (row.start + i);
    Row param_2 = row;
    uint param_3 = i;
    uint param_4 = 0u;
    if (inside(param_2, param_3, param_4))
    {
        v.x = v_154.x1[index];
    }
    Row param_5 = row;
    uint param_6 = i;
    uint param_7 = 1u;
    if (inside(param_5, param_6, param_7))
    {
        v.y = v_154.x1[index + 1u];
    }
    Row param_8 = row;
    uint param_9 = i;
    uint param_10 = 2u;
    if (inside(param_8, param_9, param_10))
    {
        v.z = v_154.x1[index + 2u];
    }
    Row param_11 = row;
    uint param_12 = i;
    uint param_13 = 3u;
    if (inside(param_11, param_12, param_13))
    {
        v.w = v_154.x1[index + 3u];
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
    bool _271 = simd_is_first();
    if (_271)
    {
        partial[gl_SubgroupID] = value;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
uint team_max(thread uint& value, thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID, threadgroup uint2 (&partial)[256])
{
    if (_281)
    {
        return value;
    }
    value = simd_max(value);
    if (_288)
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
uint bits_of_order(thread const uint& key)
{
    if (key == 4294967295u)
    {
        return 2143289344u;
    }
    uint _354;
    if ((key & 2147483648u) != 0u)
    {
        _354 = key ^ 2147483648u;
    }
    else
    {
        _354 = ~key;
    }
    return _354;
}

kernel void zc_max(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], device Out1& _536 [[buffer(2)]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]])
{
    const device auto& v_124 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& v_154 = *(const device X1*)spvBufferAliasSet0Binding1;
    threadgroup uint2 partial[256];
    uint lane;
    uint lanes;
    uint team;
    uint teams;
    form_teams(lane, lanes, team, push, gl_WorkGroupID, gl_LocalInvocationID, teams, gl_NumSubgroups, gl_SubgroupID);
    for (uint r = team; r < push.rows; r += teams)
    {
        uint param = push.offset.x + (r * push.ldx);
        uint param_1 = push.cols;
        Row row = row_at(param, param_1);
        uint4 best = uint4(8388607u);
        uint i = lane;
        if (i < row.blocks)
        {
            Row param_2 = row;
            uint param_3 = i;
            uint4 param_4 = block(param_2, param_3, v_124, v_154);
            best = max(best, order_of(param_4));
        }
        i += lanes;
        for (; ((i + (3u * lanes)) + 1u) < row.blocks; i += (4u * lanes))
        {
            uint4 v0 = v_124.x4[row.start + i];
            uint4 v1 = v_124.x4[(row.start + i) + lanes];
            uint4 v2 = v_124.x4[(row.start + i) + (2u * lanes)];
            uint4 v3 = v_124.x4[(row.start + i) + (3u * lanes)];
            uint4 param_5 = v0;
            best = max(best, order_of(param_5));
            uint4 param_6 = v1;
            best = max(best, order_of(param_6));
            uint4 param_7 = v2;
            best = max(best, order_of(param_7));
            uint4 param_8 = v3;
            best = max(best, order_of(param_8));
        }
        for (; i < row.blocks; i += lanes)
        {
            Row param_9 = row;
            uint param_10 = i;
            uint4 param_11 = block(param_9, param_10, v_124, v_154);
            best = max(best, order_of(param_11));
        }
        uint4 param_12 = best;
        uint param_13 = greatest(param_12);
        uint _528 = team_max(param_13, gl_NumSubgroups, gl_SubgroupID, partial);
        uint key = _528;
        if (lane == 0u)
        {
            uint param_14 = key;
            _536.out1[push.offset.y + r] = bits_of_order(param_14);
        }
    }
}

