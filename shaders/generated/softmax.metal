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
constant bool _379 = (way == 0u);

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

constant bool _411 = (way == 1u);
constant bool _454 = (way == 0u);
constant bool _461 = (way >= 2u);
constant bool _626 = (way != 0u);
constant bool _633 = (way >= 2u);

struct Out4
{
    float4 out4[1];
};

struct Out1
{
    float out1[1];
};

struct Workspace
{
    uint2 made[1];
};

constant bool _1302 = (way == 3u);
constant bool _1321 = (way == 4u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
void form_teams(thread uint& lane, thread uint& lanes, thread uint& team, constant Push& push, thread uint3& gl_WorkGroupID, thread uint3& gl_LocalInvocationID, thread uint& teams, thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID)
{
    if (_379)
    {
        lane = 0u;
        lanes = 1u;
        team = ((push.first.xyz + gl_WorkGroupID).x * 256u) + gl_LocalInvocationID.x;
        teams = push.groups.x * 256u;
    }
    else
    {
        if (_411)
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
    uint _152;
    if (count == 0u)
    {
        _152 = 0u;
    }
    else
    {
        _152 = ((skip + count) + 3u) / 4u;
    }
    return Row{ first / 4u, skip, count, _152 };
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
    uint _209;
    if (i == 0u)
    {
        _209 = 0u;
    }
    else
    {
        _209 = min(((4u * i) - row.skip), row.count);
    }
    return _209;
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
    uint _275;
    if (from == 0u)
    {
        _275 = row.skip;
    }
    else
    {
        _275 = 0u;
    }
    return Row{ row.start + from, _275, count, to - from };
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
    bool _185 = inside(param, param_1, param_2);
    bool _194;
    if (_185)
    {
        Row param_3 = row;
        uint param_4 = i;
        uint param_5 = 3u;
        _194 = inside(param_3, param_4, param_5);
    }
    else
    {
        _194 = _185;
    }
    return _194;
}

static inline __attribute__((always_inline))
float4 block(thread const Row& row, thread const uint& i, const device X4& v_299, const device X1& v_329)
{
    Row param = row;
    uint param_1 = i;
    if (whole(param, param_1))
    {
        return v_299.x4[row.start + i];
    }
    float4 v = float4(as_type<float>(4286578688u));
    uint index = 4u * (row.start + i);
    Row param_2 = row;
    uint param_3 = i;
    uint param_4 = 0u;
    if (inside(param_2, param_3, param_4))
    {
        v.x = v_329.x1[index];
    }
    Row param_5 = row;
    uint param_6 = i;
    uint param_7 = 1u;
    if (inside(param_5, param_6, param_7))
    {
        v.y = v_329.x1[index + 1u];
    }
    Row param_8 = row;
    uint param_9 = i;
    uint param_10 = 2u;
    if (inside(param_8, param_9, param_10))
    {
        v.z = v_329.x1[index + 2u];
    }
    Row param_11 = row;
    uint param_12 = i;
    uint param_13 = 3u;
    if (inside(param_11, param_12, param_13))
    {
        v.w = v_329.x1[index + 3u];
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
    bool _444 = simd_is_first();
    if (_444)
    {
        partial[gl_SubgroupID] = value;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
uint team_max(thread uint& value, thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID, threadgroup uint2 (&partial)[256])
{
    if (_454)
    {
        return value;
    }
    value = simd_max(value);
    if (_461)
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
uint key_of(thread const Row& row, const device X4& v_299, const device X1& v_329, thread uint& lane, thread uint& lanes, thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID, threadgroup uint2 (&partial)[256])
{
    uint4 best = uint4(8388607u);
    uint i = lane;
    if (i < row.blocks)
    {
        Row param = row;
        uint param_1 = i;
        uint4 param_2 = as_type<uint4>(block(param, param_1, v_299, v_329));
        best = max(best, order_of(param_2));
    }
    i += lanes;
    for (; ((i + (3u * lanes)) + 1u) < row.blocks; i += (4u * lanes))
    {
        float4 v0 = v_299.x4[row.start + i];
        float4 v1 = v_299.x4[(row.start + i) + lanes];
        float4 v2 = v_299.x4[(row.start + i) + (2u * lanes)];
        float4 v3 = v_299.x4[(row.start + i) + (3u * lanes)];
        uint4 param_3 = as_type<uint4>(v0);
        best = max(best, order_of(param_3));
        uint4 param_4 = as_type<uint4>(v1);
        best = max(best, order_of(param_4));
        uint4 param_5 = as_type<uint4>(v2);
        best = max(best, order_of(param_5));
        uint4 param_6 = as_type<uint4>(v3);
        best = max(best, order_of(param_6));
    }
    for (; i < row.blocks; i += lanes)
    {
        Row param_7 = row;
        uint param_8 = i;
        uint4 param_9 = as_type<uint4>(block(param_7, param_8, v_299, v_329));
        best = max(best, order_of(param_9));
    }
    uint4 param_10 = best;
    uint param_11 = greatest(param_10);
    uint _912 = team_max(param_11, gl_NumSubgroups, gl_SubgroupID, partial);
    return _912;
}

static inline __attribute__((always_inline))
uint bits_of_order(thread const uint& key)
{
    if (key == 4294967295u)
    {
        return 2143289344u;
    }
    uint _526;
    if ((key & 2147483648u) != 0u)
    {
        _526 = key ^ 2147483648u;
    }
    else
    {
        _526 = ~key;
    }
    return _526;
}

static inline __attribute__((always_inline))
bool finite(thread const float& x)
{
    return (as_type<uint>(x) & 2139095040u) != 2139095040u;
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
    if (_626)
    {
        value = simd_sum(value);
        lost = simd_sum(lost);
    }
    if (_633)
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
    float _684;
    if (finite(param_9))
    {
        _684 = value + lost;
    }
    else
    {
        _684 = value;
    }
    return _684;
}

static inline __attribute__((always_inline))
float sum_of(thread const Row& row, thread const float& highest, const device X4& v_299, const device X1& v_329, thread uint& lane, thread uint& lanes, thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID, threadgroup uint2 (&partial)[256])
{
    Sum sum = Sum{ float4(0.0), float4(0.0) };
    uint i = lane;
    if (i < row.blocks)
    {
        Row param = row;
        uint param_1 = i;
        Sum param_2 = sum;
        float4 param_3 = exp(block(param, param_1, v_299, v_329) - float4(highest));
        add_to(param_2, param_3);
        sum = param_2;
    }
    i += lanes;
    for (; ((i + (3u * lanes)) + 1u) < row.blocks; i += (4u * lanes))
    {
        float4 v0 = v_299.x4[row.start + i];
        float4 v1 = v_299.x4[(row.start + i) + lanes];
        float4 v2 = v_299.x4[(row.start + i) + (2u * lanes)];
        float4 v3 = v_299.x4[(row.start + i) + (3u * lanes)];
        Sum param_4 = sum;
        float4 param_5 = exp(v0 - float4(highest));
        add_to(param_4, param_5);
        sum = param_4;
        Sum param_6 = sum;
        float4 param_7 = exp(v1 - float4(highest));
        add_to(param_6, param_7);
        sum = param_6;
        Sum param_8 = sum;
        float4 param_9 = exp(v2 - float4(highest));
        add_to(param_8, param_9);
        sum = param_8;
        Sum param_10 = sum;
        float4 param_11 = exp(v3 - float4(highest));
        add_to(param_10, param_11);
        sum = param_10;
    }
    for (; i < row.blocks; i += lanes)
    {
        Row param_12 = row;
        uint param_13 = i;
        Sum param_14 = sum;
        float4 param_15 = exp(block(param_12, param_13, v_299, v_329) - float4(highest));
        add_to(param_14, param_15);
        sum = param_14;
    }
    Sum param_16 = sum;
    float _1062 = team_sum(param_16, gl_NumSubgroups, gl_SubgroupID, partial);
    return _1062;
}

static inline __attribute__((always_inline))
void first_stage(thread const uint& r, thread const uint& share_1, const device X4& v_299, const device X1& v_329, thread uint& lane, thread uint& lanes, constant Push& push, thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID, threadgroup uint2 (&partial)[256], device Workspace& v_1175)
{
    uint param = push.offset.x + (r * push.ldx);
    uint param_1 = push.cols;
    uint param_2 = push.cols;
    Row param_3 = row_at(param, param_1);
    uint param_4 = share_1;
    uint param_5 = shares_of(param_2);
    Row row = share_of(param_3, param_4, param_5);
    Row param_6 = row;
    uint _1151 = key_of(param_6, v_299, v_329, lane, lanes, gl_NumSubgroups, gl_SubgroupID, partial);
    uint key = _1151;
    uint param_7 = key;
    float highest = as_type<float>(bits_of_order(param_7));
    float sum = 0.0;
    float param_8 = highest;
    if (finite(param_8))
    {
        Row param_9 = row;
        float param_10 = highest;
        float _1167 = sum_of(param_9, param_10, v_299, v_329, lane, lanes, gl_NumSubgroups, gl_SubgroupID, partial);
        sum = _1167;
    }
    if (lane == 0u)
    {
        v_1175.made[(r * 256u) + share_1] = uint2(key, as_type<uint>(sum));
    }
}

static inline __attribute__((always_inline))
void put(thread const uint& first, thread const Row& row, thread const uint& i, thread const float4& v, device Out4& v_714, device Out1& v_741)
{
    bool _700 = ((first ^ row.skip) & 3u) == 0u;
    bool _708;
    if (_700)
    {
        Row param = row;
        uint param_1 = i;
        _708 = whole(param, param_1);
    }
    else
    {
        _708 = _700;
    }
    if (_708)
    {
        v_714.out4[(first / 4u) + i] = v;
        return;
    }
    uint index = (first - row.skip) + (4u * i);
    Row param_2 = row;
    uint param_3 = i;
    uint param_4 = 0u;
    if (inside(param_2, param_3, param_4))
    {
        v_741.out1[index] = v.x;
    }
    Row param_5 = row;
    uint param_6 = i;
    uint param_7 = 1u;
    if (inside(param_5, param_6, param_7))
    {
        v_741.out1[index + 1u] = v.y;
    }
    Row param_8 = row;
    uint param_9 = i;
    uint param_10 = 2u;
    if (inside(param_8, param_9, param_10))
    {
        v_741.out1[index + 2u] = v.z;
    }
    Row param_11 = row;
    uint param_12 = i;
    uint param_13 = 3u;
    if (inside(param_11, param_12, param_13))
    {
        v_741.out1[index + 3u] = v.w;
    }
}

static inline __attribute__((always_inline))
void write_nan(thread const uint& first, thread const Row& row, thread uint& lane, thread uint& lanes, device Out4& v_714, device Out1& v_741)
{
    float4 nan = as_type<float4>(uint4(2143289344u));
    for (uint i = lane; i < row.blocks; i += lanes)
    {
        uint param = first;
        Row param_1 = row;
        uint param_2 = i;
        float4 param_3 = nan;
        put(param, param_1, param_2, param_3, v_714, v_741);
    }
}

static inline __attribute__((always_inline))
void write(thread const uint& first, thread const Row& row, thread const float& highest, thread const float& scale, const device X4& v_299, const device X1& v_329, thread uint& lane, thread uint& lanes, device Out4& v_714, device Out1& v_741)
{
    for (uint i = lane; i < row.blocks; i += lanes)
    {
        Row param = row;
        uint param_1 = i;
        uint param_2 = first;
        Row param_3 = row;
        uint param_4 = i;
        float4 param_5 = exp(block(param, param_1, v_299, v_329) - float4(highest)) * scale;
        put(param_2, param_3, param_4, param_5, v_714, v_741);
    }
}

static inline __attribute__((always_inline))
void second_stage(thread const uint& r, thread const uint& share_1, const device X4& v_299, const device X1& v_329, thread uint& lane, thread uint& lanes, constant Push& push, thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID, threadgroup uint2 (&partial)[256], device Out4& v_714, device Out1& v_741, device Workspace& v_1175)
{
    uint param = push.cols;
    uint shares = shares_of(param);
    uint param_1 = push.offset.x + (r * push.ldx);
    uint param_2 = push.cols;
    Row row = row_at(param_1, param_2);
    Row param_3 = row;
    uint param_4 = share_1;
    uint param_5 = shares;
    Row part = share_of(param_3, param_4, param_5);
    Row param_6 = row;
    uint param_7 = share_1;
    uint param_8 = shares;
    Row param_9 = row;
    uint param_10 = first_block(param_6, param_7, param_8);
    uint first = (push.offset.y + (r * push.ldout)) + elements_before(param_9, param_10);
    uint2 _1237;
    if (lane < shares)
    {
        _1237 = v_1175.made[(r * 256u) + lane];
    }
    else
    {
        _1237 = uint2(8388607u, 0u);
    }
    uint2 mine = _1237;
    uint param_11 = mine.x;
    uint _1253 = team_max(param_11, gl_NumSubgroups, gl_SubgroupID, partial);
    uint param_12 = _1253;
    float highest = as_type<float>(bits_of_order(param_12));
    float param_13 = highest;
    if (!finite(param_13))
    {
        uint param_14 = first;
        Row param_15 = part;
        write_nan(param_14, param_15, lane, lanes, v_714, v_741);
        return;
    }
    Sum sum = Sum{ float4(0.0), float4(0.0) };
    if (mine.x > 8388607u)
    {
        uint param_16 = mine.x;
        sum.value.x = as_type<float>(mine.y) * exp(as_type<float>(bits_of_order(param_16)) - highest);
    }
    Sum param_17 = sum;
    float _1291 = team_sum(param_17, gl_NumSubgroups, gl_SubgroupID, partial);
    uint param_18 = first;
    Row param_19 = part;
    float param_20 = highest;
    float param_21 = 1.0 / _1291;
    write(param_18, param_19, param_20, param_21, v_299, v_329, lane, lanes, v_714, v_741);
}

kernel void zc_softmax(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], device void* spvBufferAliasSet0Binding2 [[buffer(2)]], device Workspace& v_1175 [[buffer(3)]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]])
{
    const device auto& v_299 = *(const device X4*)spvBufferAliasSet0Binding1;
    device auto& v_714 = *(device Out4*)spvBufferAliasSet0Binding2;
    const device auto& v_329 = *(const device X1*)spvBufferAliasSet0Binding1;
    device auto& v_741 = *(device Out1*)spvBufferAliasSet0Binding2;
    threadgroup uint2 partial[256];
    uint lane;
    uint lanes;
    uint team;
    uint teams;
    form_teams(lane, lanes, team, push, gl_WorkGroupID, gl_LocalInvocationID, teams, gl_NumSubgroups, gl_SubgroupID);
    if (_1302)
    {
        uint param = (push.first.xyz + gl_WorkGroupID).y;
        uint param_1 = (push.first.xyz + gl_WorkGroupID).x;
        first_stage(param, param_1, v_299, v_329, lane, lanes, push, gl_NumSubgroups, gl_SubgroupID, partial, v_1175);
        return;
    }
    if (_1321)
    {
        uint param_2 = (push.first.xyz + gl_WorkGroupID).y;
        uint param_3 = (push.first.xyz + gl_WorkGroupID).x;
        second_stage(param_2, param_3, v_299, v_329, lane, lanes, push, gl_NumSubgroups, gl_SubgroupID, partial, v_714, v_741, v_1175);
        return;
    }
    for (uint r = team; r < push.rows; r += teams)
    {
        uint param_4 = push.offset.x + (r * push.ldx);
        uint param_5 = push.cols;
        Row row = row_at(param_4, param_5);
        uint first = push.offset.y + (r * push.ldout);
        Row param_6 = row;
        uint _1375 = key_of(param_6, v_299, v_329, lane, lanes, gl_NumSubgroups, gl_SubgroupID, partial);
        uint param_7 = _1375;
        float highest = as_type<float>(bits_of_order(param_7));
        float param_8 = highest;
        if (!finite(param_8))
        {
            uint param_9 = first;
            Row param_10 = row;
            write_nan(param_9, param_10, lane, lanes, v_714, v_741);
            continue;
        }
        Row param_11 = row;
        float param_12 = highest;
        float _1395 = sum_of(param_11, param_12, v_299, v_329, lane, lanes, gl_NumSubgroups, gl_SubgroupID, partial);
        uint param_13 = first;
        Row param_14 = row;
        float param_15 = highest;
        float param_16 = 1.0 / _1395;
        write(param_13, param_14, param_15, param_16, v_299, v_329, lane, lanes, v_714, v_741);
    }
}

