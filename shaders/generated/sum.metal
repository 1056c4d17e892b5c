#pragma clang diagnostic ignored "-Wmissing-prototypes"

#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

template<typename T>
[[clang::optnone]] T spvFAdd(T l, T r)
{
    return fma(T(1), l, r);
}

template<typename T>
[[clang::optnone]] T spvFSub(T l, T r)
{
    return fma(T(-1), r, l);
}

struct Row
{
    uint start;
    uint skip;
    uint count;
    uint blocks;
};

struct Sum
{
    float4 value;
    float4 lost;
};

struct X4
{
    float4 x4[1];
};

struct X1
{
    float x1[1];
};

constant uint way_tmp [[function_constant(0)]];
constant uint way = is_function_constant_defined(way_tmp) ? way_tmp : 0u;
constant bool _333 = (way == 0u);

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

constant bool _366 = (way == 1u);
constant bool _484 = (way != 0u);
constant bool _491 = (way >= 2u);

struct Workspace
{
    float sums[1];
};

constant bool _705 = (way == 3u);
constant bool _772 = (way == 4u);

struct Out1
{
    float out1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
void form_teams(thread uint& lane, thread uint& lanes, thread uint& team, constant Push& push, thread uint3& gl_WorkGroupID, thread uint3& gl_LocalInvocationID, thread uint& teams, thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID)
{
    if (_333)
    {
        lane = 0u;
        lanes = 1u;
        team = ((push.first.xyz + gl_WorkGroupID).x * 256u) + gl_LocalInvocationID.x;
        teams = push.groups.x * 256u;
    }
    else
    {
        if (_366)
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
    uint _107;
    if (count == 0u)
    {
        _107 = 0u;
    }
    else
    {
        _107 = ((skip + count) + 3u) / 4u;
    }
    return Row{ first / 4u, skip, count, _107 };
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
    uint _164;
    if (i == 0u)
    {
        _164 = 0u;
    }
    else
    {
        _164 = min(((4u * i) - row.skip), row.count);
    }
    return _164;
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
    uint _230;
    if (from == 0u)
    {
        _230 = row.skip;
    }
    else
    {
        _230 = 0u;
    }
    return Row{ row.start + from, _230, count, to - from };
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
    bool _140 = inside(param, param_1, param_2);
    bool _149;
    if (_140)
    {
        Row param_3 = row;
        uint param_4 = i;
        uint param_5 = 3u;
        _149 = inside(param_3, param_4, param_5);
    }
    else
    {
        _149 = _140;
    }
    return _149;
}

static inline __attribute__((always_inline))
float4 block(thread const Row& row, thread const uint& i, const device X4& v_254, const device X1& v_283)
{
    Row param = row;
    uint param_1 = i;
    if (whole(param, param_1))
    {
        return v_254.x4[row.start + i];
    }
    float4 v = float4(0.0);
    uint index = 4u * (row.start + i);
    Row param_2 = row;
    uint param_3 = i;
    uint param_4 = 0u;
    if (inside(param_2, param_3, param_4))
    {
        v.x = v_283.x1[index];
    }
    Row param_5 = row;
    uint param_6 = i;
    uint param_7 = 1u;
    if (inside(param_5, param_6, param_7))
    {
        v.y = v_283.x1[index + 1u];
    }
    Row param_8 = row;
    uint param_9 = i;
    uint param_10 = 2u;
    if (inside(param_8, param_9, param_10))
    {
        v.z = v_283.x1[index + 2u];
    }
    Row param_11 = row;
    uint param_12 = i;
    uint param_13 = 3u;
    if (inside(param_11, param_12, param_13))
    {
        v.w = v_283.x1[index + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
void add_to(thread Sum& sum, thread const float4& v)
{
    float4 value = spvFAdd(sum.value, v);
    float4 other = spvFSub(value, sum.value);
    float4 lost = spvFAdd(spvFSub(sum.value, spvFSub(value, other)), spvFSub(v, other));
    sum.value = value;
    sum.lost += lost;
}

static inline __attribute__((always_inline))
void share(thread const uint2& value, thread uint& gl_SubgroupID, threadgroup uint2 (&partial)[256])
{
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _399 = simd_is_first();
    if (_399)
    {
        partial[gl_SubgroupID] = value;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
bool finite(thread const float& x)
{
    return (as_type<uint>(x) & 2139095040u) != 2139095040u;
}

static inline __attribute__((always_inline))
float team_sum(thread const Sum& sum, thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID, threadgroup uint2 (&partial)[256])
{
    Sum scalar = Sum{ float4(sum.value.x, 0.0, 0.0, 0.0), float4(sum.lost.x, 0.0, 0.0, 0.0) };
    Sum param = scalar;
    float4 param_1 = float4(sum.value.y, 0.0, 0.0, 0.0);
    add_to(param, param_1);
    scalar = param;
    Sum param_2 = scalar;
    float4 param_3 = float4(sum.value.z, 0.0, 0.0, 0.0);
    add_to(param_2, param_3);
    scalar = param_2;
    Sum param_4 = scalar;
    float4 param_5 = float4(sum.value.w, 0.0, 0.0, 0.0);
    add_to(param_4, param_5);
    scalar = param_4;
    float value = scalar.value.x;
    float lost = ((scalar.lost.x + sum.lost.y) + sum.lost.z) + sum.lost.w;
    if (_484)
    {
        value = simd_sum(value);
        lost = simd_sum(lost);
    }
    if (_491)
    {
        uint2 param_6 = as_type<uint2>(float2(value, lost));
        share(param_6, gl_SubgroupID, partial);
        Sum total = Sum{ float4(0.0), float4(0.0) };
        for (uint i = 0u; i < gl_NumSubgroups; i++)
        {
            float2 part = as_type<float2>(partial[i]);
            Sum param_7 = total;
            float4 param_8 = float4(part.x, 0.0, 0.0, 0.0);
            add_to(param_7, param_8);
            total = param_7;
            total.lost.x += part.y;
        }
        value = total.value.x;
        lost = total.lost.x;
    }
    float param_9 = value;
    float _541;
    if (finite(param_9))
    {
        _541 = value + lost;
    }
    else
    {
        _541 = value;
    }
    return _541;
}

static inline __attribute__((always_inline))
float sum_of(thread const Row& row, const device X4& v_254, const device X1& v_283, thread uint& lane, thread uint& lanes, thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID, threadgroup uint2 (&partial)[256])
{
    Sum sum = Sum{ float4(0.0), float4(0.0) };
    uint i = lane;
    if (i < row.blocks)
    {
        Row param = row;
        uint param_1 = i;
        Sum param_2 = sum;
        float4 param_3 = block(param, param_1, v_254, v_283);
        add_to(param_2, param_3);
        sum = param_2;
    }
    i += lanes;
    for (; ((i + (3u * lanes)) + 1u) < row.blocks; i += (4u * lanes))
    {
        float4 v0 = v_254.x4[row.start + i];
        float4 v1 = v_254.x4[(row.start + i) + lanes];
        float4 v2 = v_254.x4[(row.start + i) + (2u * lanes)];
        float4 v3 = v_254.x4[(row.start + i) + (3u * lanes)];
        Sum param_4 = sum;
        float4 param_5 = v0;
        add_to(param_4, param_5);
        sum = param_4;
        Sum param_6 = sum;
        float4 param_7 = v1;
        add_to(param_6, param_7);
        sum = param_6;
        Sum param_8 = sum;
        float4 param_9 = v2;
        add_to(param_8, param_9);
        sum = param_8;
        Sum param_10 = sum;
        float4 param_11 = v3;
        add_to(param_10, param_11);
        sum = param_10;
    }
    for (; i < row.blocks; i += lanes)
    {
        Row param_12 = row;
        uint param_13 = i;
        Sum param_14 = sum;
        float4 param_15 = block(param_12, param_13, v_254, v_283);
        add_to(param_14, param_15);
        sum = param_14;
    }
    Sum param_16 = sum;
    float _675 = team_sum(param_16, gl_NumSubgroups, gl_SubgroupID, partial);
    return _675;
}

static inline __attribute__((always_inline))
float join(thread const uint& r, thread uint& lane, constant Push& push, thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID, threadgroup uint2 (&partial)[256], device Workspace& v_691)
{
    Sum sum = Sum{ float4(0.0), float4(0.0) };
    uint param = push.cols;
    if (lane < shares_of(param))
    {
        sum.value.x = v_691.sums[(r * 256u) + lane];
    }
    Sum param_1 = sum;
    float _701 = team_sum(param_1, gl_NumSubgroups, gl_SubgroupID, partial);
    return _701;
}

kernel void zc_sum(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], device Out1& _802 [[buffer(2)]], device Workspace& v_691 [[buffer(3)]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]])
{
    const device auto& v_254 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& v_283 = *(const device X1*)spvBufferAliasSet0Binding1;
    threadgroup uint2 partial[256];
    uint lane;
    uint lanes;
    uint team;
    uint teams;
    form_teams(lane, lanes, team, push, gl_WorkGroupID, gl_LocalInvocationID, teams, gl_NumSubgroups, gl_SubgroupID);
    if (_705)
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
        float _748 = sum_of(param_6, v_254, v_283, lane, lanes, gl_NumSubgroups, gl_SubgroupID, partial);
        float total = _748;
        if (lane == 0u)
        {
            v_691.sums[(r * 256u) + share_1] = total;
        }
        return;
    }
    float _773;
    for (uint r_1 = team; r_1 < push.rows; r_1 += teams)
    {
        if (_772)
        {
            uint param_7 = r_1;
            float _778 = join(param_7, lane, push, gl_NumSubgroups, gl_SubgroupID, partial, v_691);
            _773 = _778;
        }
        else
        {
            uint param_8 = push.offset.x + (r_1 * push.ldx);
            uint param_9 = push.cols;
            Row param_10 = row_at(param_8, param_9);
            float _793 = sum_of(param_10, v_254, v_283, lane, lanes, gl_NumSubgroups, gl_SubgroupID, partial);
            _773 = _793;
        }
        float total_1 = _773;
        if (lane == 0u)
        {
            _802.out1[push.offset.y + r_1] = total_1;
        }
    }
}

