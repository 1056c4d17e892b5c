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
constant bool _239 = (way == 0u);

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

constant bool _272 = (way == 1u);
constant bool _315 = (way == 0u);
constant bool _322 = (way == 2u);
constant bool _487 = (way != 0u);
constant bool _494 = (way == 2u);

struct Out4
{
    float4 out4[1];
};

struct Out1
{
    float out1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
void form_teams(thread uint& lane, thread uint& lanes, thread uint& team, constant Push& push, thread uint3& gl_WorkGroupID, thread uint3& gl_LocalInvocationID, thread uint& teams, thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID)
{
    if (_239)
    {
        lane = 0u;
        lanes = 1u;
        team = ((push.first.xyz + gl_WorkGroupID).x * 256u) + gl_LocalInvocationID.x;
        teams = push.groups.x * 256u;
    }
    else
    {
        if (_272)
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
    uint _102;
    if (count == 0u)
    {
        _102 = 0u;
    }
    else
    {
        _102 = ((skip + count) + 3u) / 4u;
    }
    return Row{ first / 4u, skip, count, _102 };
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
    bool _135 = inside(param, param_1, param_2);
    bool _144;
    if (_135)
    {
        Row param_3 = row;
        uint param_4 = i;
        uint param_5 = 3u;
        _144 = inside(param_3, param_4, param_5);
    }
    else
    {
        _144 = _135;
    }
    return _144;
}

static inline __attribute__((always_inline))
float4 block(thread const Row& row, thread const uint& i, const device X4& v_157, const device X1& v_188)
{
    Row param = row;
    uint param_1 = i;
    if (whole(param, param_1))
    {
        return v_157.x4[row.start + i];
    }
    float4 v = float4(as_type<float>(4286578688u));
    uint index = 4u * (row.start + i);
    Row param_2 = row;
    uint param_3 = i;
    uint param_4 = 0u;
    if (inside(param_2, param_3, param_4))
    {
        v.x = v_188.x1[index];
    }
    Row param_5 = row;
    uint param_6 = i;
    uint param_7 = 1u;
    if (inside(param_5, param_6, param_7))
    {
        v.y = v_188.x1[index + 1u];
    }
    Row param_8 = row;
    uint param_9 = i;
    uint param_10 = 2u;
    if (inside(param_8, param_9, param_10))
    {
        v.z = v_188.x1[index + 2u];
    }
    Row param_11 = row;
    uint param_12 = i;
    uint param_13 = 3u;
    if (inside(param_11, param_12, param_13))
    {
        v.w = v_188.x1[index + 3u];
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
    bool _305 = simd_is_first();
    if (_305)
    {
        partial[gl_SubgroupID] = value;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
uint team_max(thread uint& value, thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID, threadgroup uint2 (&partial)[256])
{
    if (_315)
    {
        return value;
    }
    value = simd_max(value);
    if (_322)
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
    uint _387;
    if ((key & 2147483648u) != 0u)
    {
        _387 = key ^ 2147483648u;
    }
    else
    {
        _387 = ~key;
    }
    return _387;
}

static inline __attribute__((always_inline))
bool finite(thread const float& x)
{
    return (as_type<uint>(x) & 2139095040u) != 2139095040u;
}

static inline __attribute__((always_inline))
void put(thread const uint& first, thread const Row& row, thread const uint& i, thread const float4& v, device Out4& v_575, device Out1& v_602)
{
    bool _561 = ((first ^ row.skip) & 3u) == 0u;
    bool _569;
    if (_561)
    {
        Row param = row;
        uint param_1 = i;
        _569 = whole(param, param_1);
    }
    else
    {
        _569 = _561;
    }
    if (_569)
    {
        v_575.out4[(first / 4u) + i] = v;
        return;
    }
    uint index = (first - row.skip) + (4u * i);
    Row param_2 = row;
    uint param_3 = i;
    uint param_4 = 0u;
    if (inside(param_2, param_3, param_4))
    {
        v_602.out1[index] = v.x;
    }
    Row param_5 = row;
    uint param_6 = i;
    uint param_7 = 1u;
    if (inside(param_5, param_6, param_7))
    {
        v_602.out1[index + 1u] = v.y;
    }
    Row param_8 = row;
    uint param_9 = i;
    uint param_10 = 2u;
    if (inside(param_8, param_9, param_10))
    {
        v_602.out1[index + 2u] = v.z;
    }
    Row param_11 = row;
    uint param_12 = i;
    uint param_13 = 3u;
    if (inside(param_11, param_12, param_13))
    {
        v_602.out1[index + 3u] = v.w;
    }
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
    if (_487)
    {
        value = simd_sum(value);
        lost = simd_sum(lost);
    }
    if (_494)
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
    float _545;
    if (finite(param_9))
    {
        _545 = value + lost;
    }
    else
    {
        _545 = value;
    }
    return _545;
}

kernel void zc_softmax(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], device void* spvBufferAliasSet0Binding2 [[buffer(2)]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]])
{
    const device auto& v_157 = *(const device X4*)spvBufferAliasSet0Binding1;
    device auto& v_575 = *(device Out4*)spvBufferAliasSet0Binding2;
    const device auto& v_188 = *(const device X1*)spvBufferAliasSet0Binding1;
    device auto& v_602 = *(device Out1*)spvBufferAliasSet0Binding2;
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
        uint first = push.offset.y + (r * push.ldout);
        uint4 best = uint4(8388607u);
        uint i = lane;
        if (i < row.blocks)
        {
            Row param_2 = row;
            uint param_3 = i;
            uint4 param_4 = as_type<uint4>(block(param_2, param_3, v_157, v_188));
            best = max(best, order_of(param_4));
        }
        i += lanes;
        for (; ((i + (3u * lanes)) + 1u) < row.blocks; i += (4u * lanes))
        {
            float4 v0 = v_157.x4[row.start + i];
            float4 v1 = v_157.x4[(row.start + i) + lanes];
            float4 v2 = v_157.x4[(row.start + i) + (2u * lanes)];
            float4 v3 = v_157.x4[(row.start + i) + (3u * lanes)];
            uint4 param_5 = as_type<uint4>(v0);
            best = max(best, order_of(param_5));
            uint4 param_6 = as_type<uint4>(v1);
            best = max(best, order_of(param_6));
            uint4 param_7 = as_type<uint4>(v2);
            best = max(best, order_of(param_7));
            uint4 param_8 = as_type<uint4>(v3);
            best = max(best, order_of(param_8));
        }
        for (; i < row.blocks; i += lanes)
        {
            Row param_9 = row;
            uint param_10 = i;
            uint4 param_11 = as_type<uint4>(block(param_9, param_10, v_157, v_188));
            best = max(best, order_of(param_11));
        }
        uint4 param_12 = best;
        uint param_13 = greatest(param_12);
        uint _811 = team_max(param_13, gl_NumSubgroups, gl_SubgroupID, partial);
        uint param_14 = _811;
        float highest = as_type<float>(bits_of_order(param_14));
        float param_15 = highest;
        if (!finite(param_15))
        {
            float4 nan = as_type<float4>(uint4(2143289344u));
            for (uint i_1 = lane; i_1 < row.blocks; i_1 += lanes)
            {
                uint param_16 = first;
                Row param_17 = row;
                uint param_18 = i_1;
                float4 param_19 = nan;
                put(param_16, param_17, param_18, param_19, v_575, v_602);
            }
            continue;
        }
        Sum sum = Sum{ float4(0.0), float4(0.0) };
        uint i_2 = lane;
        if (i_2 < row.blocks)
        {
            Row param_20 = row;
            uint param_21 = i_2;
            Sum param_22 = sum;
            float4 param_23 = exp(block(param_20, param_21, v_157, v_188) - float4(highest));
            add_to(param_22, param_23);
            sum = param_22;
        }
        i_2 += lanes;
        for (; ((i_2 + (3u * lanes)) + 1u) < row.blocks; i_2 += (4u * lanes))
        {
            float4 v0_1 = v_157.x4[row.start + i_2];
            float4 v1_1 = v_157.x4[(row.start + i_2) + lanes];
            float4 v2_1 = v_157.x4[(row.start + i_2) + (2u * lanes)];
            float4 v3_1 = v_157.x4[(row.start + i_2) + (3u * lanes)];
            Sum param_24 = sum;
            float4 param_25 = exp(v0_1 - float4(highest));
            add_to(param_24, param_25);
            sum = param_24;
            Sum param_26 = sum;
            float4 param_27 = exp(v1_1 - float4(highest));
            add_to(param_26, param_27);
            sum = param_26;
            Sum param_28 = sum;
            float4 param_29 = exp(v2_1 - float4(highest));
            add_to(param_28, param_29);
            sum = param_28;
            Sum param_30 = sum;
            float4 param_31 = exp(v3_1 - float4(highest));
            add_to(param_30, param_31);
            sum = param_30;
        }
        for (; i_2 < row.blocks; i_2 += lanes)
        {
            Row param_32 = row;
            uint param_33 = i_2;
            Sum param_34 = sum;
            float4 param_35 = exp(block(param_32, param_33, v_157, v_188) - float4(highest));
            add_to(param_34, param_35);
            sum = param_34;
        }
        Sum param_36 = sum;
        float _997 = team_sum(param_36, gl_NumSubgroups, gl_SubgroupID, partial);
        float scale = 1.0 / _997;
        for (uint i_3 = lane; i_3 < row.blocks; i_3 += lanes)
        {
            Row param_37 = row;
            uint param_38 = i_3;
            uint param_39 = first;
            Row param_40 = row;
            uint param_41 = i_3;
            float4 param_42 = exp(block(param_37, param_38, v_157, v_188) - float4(highest)) * scale;
            put(param_39, param_40, param_41, param_42, v_575, v_602);
        }
    }
}

