#pragma clang diagnostic ignored "-Wmissing-prototypes"

#include <metal_stdlib>
#include <simd/simd.h>
#include <metal_simdgroup_matrix>

using namespace metal;

struct Window
{
    uint4 a;
    uint4 b;
};

struct Sixteen
{
    Window numbers;
    Window more;
    uint3 scales;
    uint scale;
};

struct Second1
{
    uint second1[1];
};

struct Weights1
{
    uint weights1[1];
};

constant uint variant_tmp [[function_constant(0)]];
constant uint variant = is_function_constant_defined(variant_tmp) ? variant_tmp : 0u;
constant uint type = (variant % 17u);
constant bool _402 = (type == 0u);
constant bool _410 = (type == 1u);
constant bool _418 = (type == 2u);
constant bool _426 = (type == 3u);
constant bool _436 = (type == 4u);
constant bool _446 = (type == 5u);
constant bool _456 = (type == 6u);
constant bool _466 = (type == 7u);
constant bool _475 = (type == 8u);
constant bool _484 = (type == 9u);
constant bool _493 = (type == 10u);
constant bool _502 = (type == 11u);
constant bool _511 = (type == 12u);
constant bool _521 = (type == 13u);
constant bool _530 = (type == 14u);
constant bool _540 = (type == 15u);
constant bool _550 = (type == 16u);

struct X4
{
    float4 x4[1];
};

struct X1
{
    float x1[1];
};

struct Push
{
    uint4 offset;
    uint4 offset2;
    uint4 first;
    uint4 groups;
    uint gate_type;
    uint up_type;
    uint rows;
    uint n;
    uint k;
    uint ldx;
    uint ldy;
    uint flags;
    float eps;
};

struct Norm4
{
    float4 norm4[1];
};

struct Norm1
{
    float norm1[1];
};

constant uint _1089 = (variant / 17u);
constant uint input_ = (_1089 % 2u);
constant bool normed = (input_ == 1u);

struct Y4
{
    float4 y4[1];
};

struct Y1
{
    float y1[1];
};

constant bool _1215 = (type == 5u);
constant bool _1216 = (type == 9u);
constant bool minima_of_32 = (_1215 || _1216);
constant bool _1226 = (type == 6u);
constant bool _1227 = (type == 12u);
constant bool minima_in_pairs = (_1226 || _1227);
constant bool _1229 = (minima_of_32 || minima_in_pairs);
constant bool minima_of_16 = (type == 10u);
constant bool minima_of_any = (_1229 || minima_of_16);

struct Work4
{
    uint4 work4[1];
};

constant uint QUADS_OF_SUM = minima_of_16 ? 4u : 8u;
constant uint _1446 = minima_in_pairs ? 2u : 4u;
constant uint QUADS_OF_SUMS = (QUADS_OF_SUM * _1446);
constant uint _1452 = (256u / QUADS_OF_SUMS);

struct Work1
{
    float work1[1];
};

constant uint _1765 = (256u / QUADS_OF_SUMS);
constant bool _1951 = (type == 6u);
constant bool _1952 = (type == 7u);
constant bool _1953 = (_1951 || _1952);
constant bool _1954 = (type == 12u);
constant bool _1955 = (_1953 || _1954);
constant bool _1956 = (type == 10u);
constant bool _1957 = (_1955 || _1956);
constant bool _1958 = (type == 11u);
constant bool _1959 = (_1957 || _1958);
constant bool _1960 = (type == 14u);
constant bool blocks_of_256 = (_1959 || _1960);
constant bool _1970 = (type == 3u);
constant bool _1971 = (type == 15u);
constant bool _1972 = (_1970 || _1971);
constant bool _1973 = (type == 4u);
constant bool _1974 = (type == 13u);
constant bool _1975 = (_1973 || _1974);
constant bool _1976 = (type == 5u);
constant bool _1977 = (type == 8u);
constant bool _1978 = (type == 9u);
constant bool _1979 = (type == 6u);
constant bool _1980 = (type == 12u);
constant bool _1981 = (type == 10u);
constant bool _1982 = (type == 11u);
constant bool _1983 = (type == 14u);
constant uint _1984 = _1983 ? 68u : 105u;
constant uint _1985 = _1982 ? 55u : _1984;
constant uint _1986 = _1981 ? 42u : _1985;
constant uint _1987 = _1980 ? 88u : _1986;
constant uint _1988 = _1979 ? 72u : _1987;
constant uint _1989 = _1978 ? 12u : _1988;
constant uint _1990 = _1977 ? 11u : _1989;
constant uint _1991 = _1976 ? 10u : _1990;
constant uint _1992 = _1975 ? 9u : _1991;
constant uint BLOCK_HALVES = _1972 ? 17u : _1992;
constant bool _2008 = (type == 3u);
constant bool _2018 = (type == 4u);
constant bool _2019 = (type == 13u);
constant bool _2020 = (_2018 || _2019);
constant bool _2030 = (type == 8u);
constant bool _2040 = (type == 9u);
constant bool _2050 = (type == 10u);
constant bool _2063 = (type == 11u);
constant bool _2076 = (type == 14u);
constant bool _2116 = (type == 1u);
constant bool _2193 = (type == 16u);
constant bool _2256 = (type == 3u);
constant bool _2257 = (type == 4u);
constant bool _2258 = (_2256 || _2257);
constant bool _2259 = (type == 13u);
constant bool _2260 = (_2258 || _2259);
constant bool _2276 = (type == 5u);
constant bool _2285 = (type == 15u);
constant bool _2298 = (type == 8u);
constant bool _2299 = (type == 9u);
constant bool _2300 = (_2298 || _2299);
constant bool _2329 = (type == 14u);
constant bool _2363 = (type == 6u);
constant bool _2364 = (type == 12u);
constant bool _2365 = (_2363 || _2364);
constant bool _2373 = (type == 12u);
constant uint _2374 = _2373 ? 12u : 4u;
constant bool _2407 = (type == 12u);
constant bool _2455 = (type == 10u);
constant bool _2502 = (type == 11u);
constant bool _2617 = (type == 3u);
constant bool _2618 = (type == 4u);
constant bool _2619 = (_2617 || _2618);
constant bool _2620 = (type == 13u);
constant bool _2621 = (_2619 || _2620);
constant bool _2665 = (type == 3u);
constant bool _2674 = (type == 13u);
constant bool _2709 = (type == 5u);
constant bool _2752 = (type == 8u);
constant bool _2753 = (type == 9u);
constant bool _2754 = (_2752 || _2753);
constant bool _2772 = (type == 9u);
constant bool _2794 = (type == 8u);
constant bool _2845 = (type == 14u);
constant bool _2874 = (type == 15u);
constant bool _2941 = (type == 6u);
constant bool _2954 = (type == 12u);
constant bool _3016 = (type == 10u);
constant bool _3027 = (type == 11u);
constant bool _3092 = (type == 4u);
constant bool _3093 = (type == 5u);
constant bool _3094 = (_3092 || _3093);
constant bool _3095 = (type == 8u);
constant bool _3096 = (_3094 || _3095);
constant bool _3097 = (type == 9u);
constant bool _3098 = (_3096 || _3097);
constant bool _3099 = (type == 13u);
constant bool _3100 = (_3098 || _3099);
constant bool _3101 = (type == 14u);
constant bool _3102 = (_3100 || _3101);
constant bool _3103 = (type == 15u);
constant bool halves_in_nibbles = (_3102 || _3103);
constant bool _3121 = (type == 3u);
constant bool _3122 = (type == 13u);
constant bool _3123 = (_3121 || _3122);
constant bool _3124 = (type == 14u);
constant bool _3125 = (_3123 || _3124);
constant bool _3127 = (type == 4u);
constant bool _3129 = (type == 7u);
constant bool _3131 = (type == 8u);
constant bool _3132 = (type == 15u);
constant bool _3133 = (_3131 || _3132);
constant bool _3135 = (type == 11u);
constant float _3138 = _3135 ? 1028.0 : 1024.0;
constant float _3139 = _3133 ? 1040.0 : _3138;
constant float _3140 = _3129 ? 1056.0 : _3139;
constant float _3141 = _3127 ? 1032.0 : _3140;
constant float _3142 = _3125 ? 1152.0 : _3141;
constant bool _3264 = (type == 1u);
constant bool _3353 = (type == 16u);
constant bool _3446 = (type == 3u);
constant bool _3447 = (type == 4u);
constant bool _3448 = (_3446 || _3447);
constant bool _3449 = (type == 13u);
constant bool _3450 = (_3448 || _3449);
constant bool _3477 = (type == 5u);
constant bool _3497 = (type == 8u);
constant bool _3498 = (type == 9u);
constant bool _3499 = (_3497 || _3498);
constant bool _3513 = (type == 15u);
constant bool _3540 = (type == 14u);
constant bool _3552 = (type == 6u);
constant bool _3553 = (type == 12u);
constant bool _3554 = (_3552 || _3553);
constant bool _3578 = (type == 10u);
constant bool _3610 = (type == 11u);
constant bool _4260 = (type == 1u);
constant bool _4261 = (type == 16u);
constant bool _4262 = (_4260 || _4261);
constant bool _4329 = (type == 1u);
constant bool _4330 = (type == 16u);
constant bool _4331 = (_4329 || _4330);
constant bool _4332 = (!_4331);
constant bool _4337 = (type == 7u);
constant bool _4338 = (type == 10u);
constant bool _4339 = (_4337 || _4338);
constant bool _4340 = (type == 11u);
constant bool _4341 = (_4339 || _4340);
constant uint SCALES = _4341 ? 2u : 1u;
constant bool _4343 = (SCALES == 2u);
constant uint PART_STEPS = (4u / SCALES);
constant bool _4454 = (type == 1u);
constant bool _4455 = (type == 16u);
constant bool _4456 = (_4454 || _4455);
constant bool _4457 = (!_4456);
constant bool _4567 = (type == 1u);
constant bool _4568 = (type == 16u);
constant bool _4569 = (_4567 || _4568);
constant bool _4611 = (type == 1u);
constant bool _4612 = (type == 16u);
constant bool _4613 = (_4611 || _4612);
constant bool _4614 = (!_4613);
constant bool _4643 = (SCALES == 2u);
constant uint way = (variant / 102u);
constant bool _4941 = (way == 8u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

struct Weights4
{
    uint4 weights4[1];
};

struct Second4
{
    uint4 second4[1];
};

constant float _1466[4] = { 0.0, 0.0, 0.0, 0.0 };

static inline __attribute__((always_inline))
uint ceil_div(thread const uint& a, thread const uint& b)
{
    return (a / b) + uint((a % b) != 0u);
}

static inline __attribute__((always_inline))
uint slices_of_k(constant Push& push)
{
    uint param = push.k;
    uint param_1 = 32u;
    return ceil_div(param, param_1);
}

static inline __attribute__((always_inline))
float4 x_at(thread const uint& i, thread const uint& count, const device X4& _930, const device X1& _942)
{
    if (((i & 3u) == 0u) && (count >= 4u))
    {
        return _930.x4[i / 4u];
    }
    float4 v = float4(0.0);
    v.x = _942.x1[i];
    if (count > 1u)
    {
        v.y = _942.x1[i + 1u];
    }
    if (count > 2u)
    {
        v.z = _942.x1[i + 2u];
    }
    if (count > 3u)
    {
        v.w = _942.x1[i + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
float4 norm_at(thread const uint& i, constant Push& push, const device Norm4& _1010, const device Norm1& _1019)
{
    uint at = push.offset.w + i;
    uint last = (push.offset.w + push.k) - 1u;
    bool _997 = (at & 3u) == 0u;
    bool _1004;
    if (_997)
    {
        _1004 = (at + 3u) <= last;
    }
    else
    {
        _1004 = _997;
    }
    if (_1004)
    {
        return _1010.norm4[at / 4u];
    }
    return float4(_1019.norm1[min(at, last)], _1019.norm1[min((at + 1u), last)], _1019.norm1[min((at + 2u), last)], _1019.norm1[min((at + 3u), last)]);
}

static inline __attribute__((always_inline))
float silu(thread const float& x)
{
    return x / (1.0 + exp(-x));
}

static inline __attribute__((always_inline))
float4 input_of(thread const float4& x, thread const float4& up, thread const float4& factor, thread float& squares)
{
    if (false)
    {
        float param = x.x;
        float param_1 = x.y;
        float param_2 = x.z;
        float param_3 = x.w;
        return float4(silu(param), silu(param_1), silu(param_2), silu(param_3)) * up;
    }
    if (normed)
    {
        squares += dot(x, x);
        return x * factor;
    }
    return x;
}

static inline __attribute__((always_inline))
float4 input_quad(thread const uint& r, thread const uint& q, thread float& squares, const device X4& _930, const device X1& _942, constant Push& push, const device Norm4& _1010, const device Norm1& _1019)
{
    if ((4u * q) >= push.k)
    {
        return float4(0.0);
    }
    uint at = (push.offset.x + (r * push.ldx)) + (4u * q);
    uint count = push.k - (4u * q);
    float4 _1335;
    if (false)
    {
        uint param = at + push.k;
        uint param_1 = count;
        _1335 = x_at(param, param_1, _930, _942);
    }
    else
    {
        _1335 = float4(0.0);
    }
    float4 up = _1335;
    float4 _1349;
    if (normed)
    {
        uint param_2 = 4u * q;
        _1349 = norm_at(param_2, push, _1010, _1019);
    }
    else
    {
        _1349 = float4(1.0);
    }
    float4 factor = _1349;
    uint param_3 = at;
    uint param_4 = count;
    float4 param_5 = x_at(param_3, param_4, _930, _942);
    float4 param_6 = up;
    float4 param_7 = factor;
    float param_8 = squares;
    float4 _1371 = input_of(param_5, param_6, param_7, param_8);
    squares = param_8;
    return _1371;
}

static inline __attribute__((always_inline))
uint group_max_bits(thread uint& bits, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, threadgroup uint4 (&pool)[576])
{
    bits = simd_max(bits);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _1278 = simd_is_first();
    if (_1278)
    {
        ((threadgroup uint*)&pool[gl_SubgroupID])[0u] = bits;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (uint i = 0u; i < gl_NumSubgroups; i++)
    {
        bits = max(bits, ((threadgroup uint*)&pool[i])[0u]);
    }
    return bits;
}

static inline __attribute__((always_inline))
float group_sum(thread float& value, threadgroup float (&group_partial)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups)
{
    value = simd_sum(value);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _301 = simd_is_first();
    if (_301)
    {
        group_partial[gl_SubgroupID] = value;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    float sum = 0.0;
    for (uint i = 0u; i < gl_NumSubgroups; i++)
    {
        sum += group_partial[i];
    }
    return sum;
}

static inline __attribute__((always_inline))
float norm_scale(thread const float& squares, constant Push& push)
{
    float _1049;
    if (push.k != 0u)
    {
        _1049 = rsqrt((squares / float(push.k)) + push.eps);
    }
    else
    {
        _1049 = 0.0;
    }
    return _1049;
}

static inline __attribute__((always_inline))
uint slices_of_minima(constant Push& push)
{
    uint _1218;
    if (minima_of_32)
    {
        uint param = slices_of_k(push);
        uint param_1 = 32u;
        _1218 = ceil_div(param, param_1);
    }
    else
    {
        uint _1232;
        if (minima_of_any)
        {
            uint param_2 = push.k;
            uint param_3 = 512u;
            _1232 = ceil_div(param_2, param_3);
        }
        else
        {
            _1232 = 0u;
        }
        _1218 = _1232;
    }
    return _1218;
}

static inline __attribute__((always_inline))
uint slices(constant Push& push)
{
    return slices_of_k(push) + slices_of_minima(push);
}

static inline __attribute__((always_inline))
uint row_start(thread const uint& r, constant Push& push)
{
    uint param = push.rows;
    uint param_1 = 4u;
    return (ceil_div(param, param_1) + (((r / 64u) * slices(push)) * 512u)) + ((r % 64u) * 8u);
}

static inline __attribute__((always_inline))
void put_halves(thread const uint& at, thread const uint& q, thread const float4& v, device Work4& _1378)
{
    _1378.work4[(at + ((q / 8u) * 512u)) + (q & 7u)] = as_type<uint4>(v);
}

static inline __attribute__((always_inline))
void put_quads(thread const uint& start, thread const uint& minima, thread const uint& base, thread const uint& quads, thread const float4& v, constant Push& push, threadgroup uint4 (&pool)[576], device Work4& _1378, thread uint3& gl_LocalInvocationID)
{
    uint me = gl_LocalInvocationID.x;
    if ((base + me) < quads)
    {
        uint param = start;
        uint param_1 = base + me;
        float4 param_2 = v;
        put_halves(param, param_1, param_2, _1378);
    }
    if (minima_of_any)
    {
        uint turn = base & 256u;
        float _1425;
        if ((base + me) < quads)
        {
            _1425 = ((v.x + v.y) + v.z) + v.w;
        }
        else
        {
            _1425 = 0.0;
        }
        ((threadgroup uint*)&pool[turn + me])[0u] = as_type<uint>(_1425);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        uint m = (base / QUADS_OF_SUMS) + me;
        bool _1453 = me < _1452;
        bool _1460;
        if (_1453)
        {
            _1460 = m < (slices_of_minima(push) * 8u);
        }
        else
        {
            _1460 = _1453;
        }
        if (_1460)
        {
            float sums[4] = { 0.0, 0.0, 0.0, 0.0 };
            for (uint i = 0u; i < QUADS_OF_SUMS; i++)
            {
                uint _1476 = i / QUADS_OF_SUM;
                sums[_1476] += as_type<float>(((threadgroup uint*)&pool[(turn + (QUADS_OF_SUMS * me)) + i])[0u]);
            }
            float4 _1492;
            if (minima_in_pairs)
            {
                _1492 = float4(sums[0], sums[0], sums[1], sums[1]);
            }
            else
            {
                _1492 = float4(sums[0], sums[1], sums[2], sums[3]);
            }
            uint param_3 = minima;
            uint param_4 = m;
            float4 param_5 = _1492;
            put_halves(param_3, param_4, param_5, _1378);
        }
    }
}

static inline __attribute__((always_inline))
void input_rows(threadgroup float (&group_partial)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, const device X4& _930, const device X1& _942, constant Push& push, const device Norm4& _1010, const device Norm1& _1019, threadgroup uint4 (&pool)[576], device Work4& _1378, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1674)
{
    uint me = gl_LocalInvocationID.x;
    uint quads = slices_of_k(push) * 8u;
    uint3 _1536 = push.first.xyz + gl_WorkGroupID;
    uint _1537 = _1536.x;
    float4 kept[4];
    float _1640;
    for (uint r = _1537; r < push.rows; r += push.groups.x)
    {
        float squares = 0.0;
        float unused = 0.0;
        uint bits = 0u;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param = r;
            uint param_1 = (i * 256u) + me;
            float param_2 = squares;
            float4 _1571 = input_quad(param, param_1, param_2, _930, _942, push, _1010, _1019);
            squares = param_2;
            kept[i] = _1571;
            uint4 v = as_type<uint4>(kept[i]) & uint4(2147483647u);
            bits = max(bits, max(max(v.x, v.y), max(v.z, v.w)));
        }
        uint _1600 = 1024u + me;
        for (uint q = _1600; q < quads; q += 256u)
        {
            uint param_3 = r;
            uint param_4 = q;
            float param_5 = squares;
            float4 _1616 = input_quad(param_3, param_4, param_5, _930, _942, push, _1010, _1019);
            squares = param_5;
            uint4 v_1 = as_type<uint4>(_1616) & uint4(2147483647u);
            bits = max(bits, max(max(v_1.x, v_1.y), max(v_1.z, v_1.w)));
        }
        uint param_6 = bits;
        uint _1638 = group_max_bits(param_6, gl_SubgroupID, gl_NumSubgroups, pool);
        bits = _1638;
        if (normed)
        {
            float param_7 = squares;
            float _1645 = group_sum(param_7, group_partial, gl_SubgroupID, gl_NumSubgroups);
            float param_8 = _1645;
            _1640 = norm_scale(param_8, push);
        }
        else
        {
            _1640 = 1.0;
        }
        float factor = _1640;
        int power = clamp(136 - int(bits >> 23u), -118, 100);
        float scale = as_type<float>(uint(127 + power) << 23u);
        if (me == 0u)
        {
            _1674.work1[r] = factor * as_type<float>(uint(127 - power) << 23u);
        }
        uint param_9 = r;
        uint start = row_start(param_9, push);
        uint minima = start + (slices_of_k(push) * 512u);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        _Pragma("clang loop unroll(full)")
        for (uint i_1 = 0u; i_1 < 4u; i_1++)
        {
            if ((i_1 * 256u) < quads)
            {
                uint param_10 = start;
                uint param_11 = minima;
                uint param_12 = i_1 * 256u;
                uint param_13 = quads;
                float4 param_14 = kept[i_1] * scale;
                put_quads(param_10, param_11, param_12, param_13, param_14, push, pool, _1378, gl_LocalInvocationID);
            }
        }
        for (uint base = 1024u; base < quads; base += 256u)
        {
            uint param_15 = r;
            uint param_16 = base + me;
            float param_17 = unused;
            float4 _1743 = input_quad(param_15, param_16, param_17, _930, _942, push, _1010, _1019);
            unused = param_17;
            uint param_18 = start;
            uint param_19 = minima;
            uint param_20 = base;
            uint param_21 = quads;
            float4 param_22 = _1743 * scale;
            put_quads(param_18, param_19, param_20, param_21, param_22, push, pool, _1378, gl_LocalInvocationID);
        }
        if (minima_of_any)
        {
            uint param_23 = quads;
            uint param_24 = 256u;
            uint covered = ceil_div(param_23, param_24) * _1765;
            uint _1770 = covered + me;
            for (uint m = _1770; m < (slices_of_minima(push) * 8u); m += 256u)
            {
                uint param_25 = minima;
                uint param_26 = m;
                float4 param_27 = float4(0.0);
                put_halves(param_25, param_26, param_27, _1378);
            }
        }
    }
}

static inline __attribute__((always_inline))
float2 elements_of(thread const simdgroup_float8x8& m)
{
    simdgroup_float8x8 of = m;
    return float2(of.thread_elements()[0], of.thread_elements()[1]);
}

static inline __attribute__((always_inline))
void find_columns(threadgroup uint4 (&pool)[576], thread uint3& gl_LocalInvocationID, thread uint2& columns)
{
    uint me = gl_LocalInvocationID.x;
    if (me < 16u)
    {
        pool[me] = as_type<uint4>(float4(0.0, 1.0, 2.0, 3.0) + float4(4.0 * float(me & 1u)));
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    simdgroup_float8x8 _4386;
    simdgroup_load(_4386, reinterpret_cast<threadgroup float*>(&pool[0u]), (2u) * 4u);
    simdgroup_float8x8 tempArg = _4386;
    simdgroup_float8x8 numbers = tempArg;
    simdgroup_float8x8 param = numbers;
    columns = uint2(elements_of(param));
}

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    uint _403;
    if (_402)
    {
        _403 = (k / 1u) * 2u;
    }
    else
    {
        uint _411;
        if (_410)
        {
            _411 = (k / 1u) * 1u;
        }
        else
        {
            uint _419;
            if (_418)
            {
                _419 = (k / 1u) * 1u;
            }
            else
            {
                uint _427;
                if (_426)
                {
                    _427 = (k / 32u) * 17u;
                }
                else
                {
                    uint _437;
                    if (_436)
                    {
                        _437 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _447;
                        if (_446)
                        {
                            _447 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _457;
                            if (_456)
                            {
                                _457 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _467;
                                if (_466)
                                {
                                    _467 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    uint _476;
                                    if (_475)
                                    {
                                        _476 = (k / 32u) * 11u;
                                    }
                                    else
                                    {
                                        uint _485;
                                        if (_484)
                                        {
                                            _485 = (k / 32u) * 12u;
                                        }
                                        else
                                        {
                                            uint _494;
                                            if (_493)
                                            {
                                                _494 = (k / 256u) * 42u;
                                            }
                                            else
                                            {
                                                uint _503;
                                                if (_502)
                                                {
                                                    _503 = (k / 256u) * 55u;
                                                }
                                                else
                                                {
                                                    uint _512;
                                                    if (_511)
                                                    {
                                                        _512 = (k / 256u) * 88u;
                                                    }
                                                    else
                                                    {
                                                        uint _522;
                                                        if (_521)
                                                        {
                                                            _522 = (k / 32u) * 9u;
                                                        }
                                                        else
                                                        {
                                                            uint _531;
                                                            if (_530)
                                                            {
                                                                _531 = (k / 256u) * 68u;
                                                            }
                                                            else
                                                            {
                                                                uint _541;
                                                                if (_540)
                                                                {
                                                                    _541 = (k / 64u) * 17u;
                                                                }
                                                                else
                                                                {
                                                                    uint _551;
                                                                    if (_550)
                                                                    {
                                                                        _551 = (k / 2u) * 1u;
                                                                    }
                                                                    else
                                                                    {
                                                                        _551 = 0u;
                                                                    }
                                                                    _541 = _551;
                                                                }
                                                                _531 = _541;
                                                            }
                                                            _522 = _531;
                                                        }
                                                        _512 = _522;
                                                    }
                                                    _503 = _512;
                                                }
                                                _494 = _503;
                                            }
                                            _485 = _494;
                                        }
                                        _476 = _485;
                                    }
                                    _467 = _476;
                                }
                                _457 = _467;
                            }
                            _447 = _457;
                        }
                        _437 = _447;
                    }
                    _427 = _437;
                }
                _419 = _427;
            }
            _411 = _419;
        }
        _403 = _411;
    }
    return _403;
}

static inline __attribute__((always_inline))
void find_rows(thread const uint& first_r, thread const uint& first_j, thread bool& second, constant Push& push, thread uint3& gl_LocalInvocationID, thread uint (&start_x)[2], thread uint (&start_w)[1])
{
    uint me = gl_LocalInvocationID.x;
    uint param = push.k;
    uint halves = row_halves(param);
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 2u; i++)
    {
        uint t = (i * 256u) + me;
        uint param_1 = min((first_r + (t / 8u)), (push.rows - 1u));
        start_x[i] = row_start(param_1, push) + (t % 8u);
    }
    uint _4074;
    _Pragma("clang loop unroll(full)")
    for (uint i_1 = 0u; i_1 < 1u; i_1++)
    {
        uint column = ((i_1 * 256u) + me) / 2u;
        second = column >= 64u;
        if (second)
        {
            _4074 = push.offset.z;
        }
        else
        {
            _4074 = push.offset.y;
        }
        start_w[i_1] = (2u * _4074) + (min((first_j + (column % 64u)), (push.n - 1u)) * halves);
    }
}

static inline __attribute__((always_inline))
uint block_at(thread const uint& row, thread const uint& s)
{
    uint _1962;
    if (blocks_of_256)
    {
        _1962 = s / 8u;
    }
    else
    {
        _1962 = s;
    }
    return row + (_1962 * BLOCK_HALVES);
}

static inline __attribute__((always_inline))
uint4 four_words(thread const uint& at, thread bool& second, const device Second1& _383, const device Weights1& _393)
{
    if (second)
    {
        return uint4(*(const device packed_uint4*)&_383.second1[at]);
    }
    return uint4(*(const device packed_uint4*)&_393.weights1[at]);
}

static inline __attribute__((always_inline))
uint weight_word(thread const uint& i, thread bool& second, const device Second1& _383, const device Weights1& _393)
{
    if (second)
    {
        return _383.second1[i];
    }
    return _393.weights1[i];
}

static inline __attribute__((always_inline))
uint numbers_at(thread const uint& row, thread const uint& s, thread const uint& p)
{
    uint param = row;
    uint param_1 = s;
    uint block = block_at(param, param_1);
    uint half_ = (s / 4u) & 1u;
    uint _2009;
    if (_2008)
    {
        _2009 = (block + 1u) + (8u * p);
    }
    else
    {
        uint _2021;
        if (_2020)
        {
            _2021 = (block + 1u) + (4u * p);
        }
        else
        {
            uint _2031;
            if (_2030)
            {
                _2031 = (block + 3u) + (4u * p);
            }
            else
            {
                uint _2041;
                if (_2040)
                {
                    _2041 = (block + 4u) + (4u * p);
                }
                else
                {
                    uint _2051;
                    if (_2050)
                    {
                        _2051 = ((block + 8u) + (16u * half_)) + (8u * p);
                    }
                    else
                    {
                        uint _2064;
                        if (_2063)
                        {
                            _2064 = ((block + 16u) + (16u * half_)) + (8u * p);
                        }
                        else
                        {
                            uint _2077;
                            if (_2076)
                            {
                                _2077 = ((block + 4u) + (8u * (s & 7u))) + (4u * p);
                            }
                            else
                            {
                                _2077 = ((block + (32u * half_)) + (16u * (s & 1u))) + (8u * p);
                            }
                            _2064 = _2077;
                        }
                        _2051 = _2064;
                    }
                    _2041 = _2051;
                }
                _2031 = _2041;
            }
            _2021 = _2031;
        }
        _2009 = _2021;
    }
    return _2009;
}

static inline __attribute__((always_inline))
Window window_at(thread const uint& at, thread bool& second, const device Second1& _383, const device Weights1& _393, constant Push& push)
{
    uint _1832;
    if (second)
    {
        _1832 = push.offset.z;
    }
    else
    {
        _1832 = push.offset.y;
    }
    uint param = push.k;
    uint end = _1832 + (((push.n * row_halves(param)) + 1u) / 2u);
    Window w = Window{ uint4(0u), uint4(0u) };
    if ((at + 5u) <= end)
    {
        uint param_1 = at;
        w.a = four_words(param_1, second, _383, _393);
        uint param_2 = at + 4u;
        w.b.x = weight_word(param_2, second, _383, _393);
    }
    else
    {
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_3 = min((at + i), (end - 1u));
            w.a[i] = weight_word(param_3, second, _383, _393);
        }
        uint param_4 = min((at + 4u), (end - 1u));
        w.b.x = weight_word(param_4, second, _383, _393);
    }
    return w;
}

static inline __attribute__((always_inline))
void load_part(thread Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, thread bool& second, const device Second1& _383, const device Weights1& _393, constant Push& push)
{
    uint param = row;
    uint param_1 = s;
    uint block = block_at(param, param_1);
    if (_2116)
    {
        uint last = ((row + push.k) - 1u) / 2u;
        uint at = ((row + (32u * s)) + (16u * p)) / 2u;
        if ((at + 8u) <= last)
        {
            uint param_2 = at;
            uint param_3 = at + 4u;
            v.numbers = Window{ four_words(param_2, second, _383, _393), four_words(param_3, second, _383, _393) };
            uint param_4 = at + 8u;
            v.scale = weight_word(param_4, second, _383, _393);
            return;
        }
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_5 = min((at + i), last);
            v.numbers.a[i] = weight_word(param_5, second, _383, _393);
            uint param_6 = min(((at + 4u) + i), last);
            v.numbers.b[i] = weight_word(param_6, second, _383, _393);
        }
        uint param_7 = min((at + 8u), last);
        v.scale = weight_word(param_7, second, _383, _393);
    }
    else
    {
        if (_2193)
        {
            uint last_1 = (row + ((push.k - 1u) / 2u)) / 2u;
            uint at_1 = ((row + (16u * s)) + (8u * p)) / 2u;
            if ((at_1 + 4u) <= last_1)
            {
                uint param_8 = at_1;
                v.numbers.a = four_words(param_8, second, _383, _393);
                uint param_9 = at_1 + 4u;
                v.scale = weight_word(param_9, second, _383, _393);
                return;
            }
            _Pragma("clang loop unroll(full)")
            for (uint i_1 = 0u; i_1 < 4u; i_1++)
            {
                uint param_10 = min((at_1 + i_1), last_1);
                v.numbers.a[i_1] = weight_word(param_10, second, _383, _393);
            }
            uint param_11 = min((at_1 + 4u), last_1);
            v.scale = weight_word(param_11, second, _383, _393);
        }
        else
        {
            if (_2260)
            {
                uint param_12 = row;
                uint param_13 = s;
                uint param_14 = p;
                uint param_15 = (numbers_at(param_12, param_13, param_14) - 1u) / 2u;
                v.numbers = window_at(param_15, second, _383, _393, push);
            }
            else
            {
                if (_2276)
                {
                    uint param_16 = block / 2u;
                    v.numbers = window_at(param_16, second, _383, _393, push);
                }
                else
                {
                    if (_2285)
                    {
                        uint param_17 = ((2u * row) + (17u * s)) / 4u;
                        v.numbers = window_at(param_17, second, _383, _393, push);
                    }
                    else
                    {
                        if (_2300)
                        {
                            uint param_18 = row;
                            uint param_19 = s;
                            uint param_20 = p;
                            uint param_21 = numbers_at(param_18, param_19, param_20) / 2u;
                            v.numbers = window_at(param_21, second, _383, _393, push);
                            uint param_22 = block / 2u;
                            uint param_23 = (block / 2u) + 1u;
                            uint2 _2323 = uint2(weight_word(param_22, second, _383, _393), weight_word(param_23, second, _383, _393));
                            v.scales.x = _2323.x;
                            v.scales.y = _2323.y;
                        }
                        else
                        {
                            if (_2329)
                            {
                                uint param_24 = row;
                                uint param_25 = s;
                                uint param_26 = p;
                                uint param_27 = numbers_at(param_24, param_25, param_26) / 2u;
                                v.numbers = window_at(param_27, second, _383, _393, push);
                                if ((s & 7u) == 0u)
                                {
                                    uint param_28 = block / 2u;
                                    uint param_29 = (block / 2u) + 1u;
                                    uint2 _2357 = uint2(weight_word(param_28, second, _383, _393), weight_word(param_29, second, _383, _393));
                                    v.scales.x = _2357.x;
                                    v.scales.y = _2357.y;
                                }
                            }
                            else
                            {
                                if (_2365)
                                {
                                    uint at_2 = block / 2u;
                                    uint numbers = ((at_2 + _2374) + (((s & 7u) / 2u) * 8u)) + (4u * p);
                                    uint _2387;
                                    if (second)
                                    {
                                        _2387 = push.offset.z;
                                    }
                                    else
                                    {
                                        _2387 = push.offset.y;
                                    }
                                    bool whole = (_2387 & 3u) == 0u;
                                    if ((s & 7u) == 0u)
                                    {
                                        uint param_30 = at_2;
                                        v.more.a = four_words(param_30, second, _383, _393);
                                    }
                                    if (_2407)
                                    {
                                        if ((s & 1u) == 0u)
                                        {
                                            uint param_31 = (at_2 + 4u) + (4u * p);
                                            uint4 high = (four_words(param_31, second, _383, _393) >> uint4(s & 7u)) & uint4(50529027u);
                                            v.scale = ((high.x | (high.y << 2u)) | (high.z << 4u)) | (high.w << 6u);
                                        }
                                    }
                                    if ((s & 1u) == 0u)
                                    {
                                        uint param_32 = numbers;
                                        v.numbers.a = four_words(param_32, second, _383, _393);
                                    }
                                }
                                else
                                {
                                    if (_2455)
                                    {
                                        if ((s & 3u) == 0u)
                                        {
                                            uint scales = (block / 2u) + (2u * ((s / 4u) & 1u));
                                            uint param_33 = row;
                                            uint param_34 = s;
                                            uint param_35 = p;
                                            uint param_36 = numbers_at(param_33, param_34, param_35) / 2u;
                                            v.numbers = window_at(param_36, second, _383, _393, push);
                                            uint param_37 = scales;
                                            uint param_38 = scales + 1u;
                                            uint2 _2489 = uint2(weight_word(param_37, second, _383, _393), weight_word(param_38, second, _383, _393));
                                            v.scales.x = _2489.x;
                                            v.scales.y = _2489.y;
                                            uint param_39 = (block / 2u) + 20u;
                                            v.scale = weight_word(param_39, second, _383, _393);
                                        }
                                    }
                                    else
                                    {
                                        if (_2502)
                                        {
                                            if ((s & 3u) == 0u)
                                            {
                                                uint param_40 = row;
                                                uint param_41 = s;
                                                uint param_42 = p;
                                                uint param_43 = numbers_at(param_40, param_41, param_42) / 2u;
                                                v.numbers = window_at(param_43, second, _383, _393, push);
                                            }
                                            if ((s & 7u) == 0u)
                                            {
                                                uint scales_1 = (block / 2u) + 24u;
                                                uint param_44 = (block + (8u * p)) / 2u;
                                                v.more = window_at(param_44, second, _383, _393, push);
                                                uint param_45 = scales_1;
                                                uint param_46 = scales_1 + 1u;
                                                uint param_47 = scales_1 + 2u;
                                                v.scales = uint3(weight_word(param_45, second, _383, _393), weight_word(param_46, second, _383, _393), weight_word(param_47, second, _383, _393));
                                                uint param_48 = scales_1 + 3u;
                                                v.scale = weight_word(param_48, second, _383, _393);
                                            }
                                        }
                                        else
                                        {
                                            uint half_ = (s / 4u) & 1u;
                                            uint scales_2 = ((block + 96u) + (4u * half_)) / 2u;
                                            uint param_49 = row;
                                            uint param_50 = s;
                                            uint param_51 = p;
                                            uint param_52 = numbers_at(param_49, param_50, param_51) / 2u;
                                            v.numbers = window_at(param_52, second, _383, _393, push);
                                            if ((s & 3u) == 0u)
                                            {
                                                uint param_53 = (((block + 64u) + (16u * half_)) + (8u * p)) / 2u;
                                                v.more = window_at(param_53, second, _383, _393, push);
                                                uint param_54 = scales_2;
                                                uint param_55 = scales_2 + 1u;
                                                uint param_56 = scales_2 + 2u;
                                                v.scales = uint3(weight_word(param_54, second, _383, _393), weight_word(param_55, second, _383, _393), weight_word(param_56, second, _383, _393));
                                                uint param_57 = (block / 2u) + 52u;
                                                v.scale = weight_word(param_57, second, _383, _393);
                                            }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
Sixteen load_minima(thread const uint& row, thread const uint& s, thread const uint& p, thread bool& second, const device Second1& _383, const device Weights1& _393, constant Push& push)
{
    Sixteen v;
    v.numbers = Window{ uint4(0u), uint4(0u) };
    v.more = Window{ uint4(0u), uint4(0u) };
    v.scales = uint3(0u);
    v.scale = 0u;
    if (minima_of_32)
    {
        uint blocks = slices_of_k(push);
        uint _3752;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 16u; i++)
        {
            uint block = ((32u * s) + (16u * p)) + i;
            if (block < blocks)
            {
                uint param = (row + (BLOCK_HALVES * block)) / 2u;
                _3752 = weight_word(param, second, _383, _393) >> 16u;
            }
            else
            {
                _3752 = 0u;
            }
            uint minimum = _3752;
            if (i < 8u)
            {
                uint _3770 = i / 2u;
                v.numbers.a[_3770] |= (minimum << (16u * (i & 1u)));
            }
            else
            {
                uint _3783 = (i / 2u) - 4u;
                v.numbers.b[_3783] |= (minimum << (16u * (i & 1u)));
            }
        }
    }
    else
    {
        if (minima_of_any)
        {
            uint blocks_1 = push.k / 256u;
            uint mine = (2u * s) + p;
            uint other = ((2u * s) + 1u) - p;
            uint at = (row + (BLOCK_HALVES * mine)) / 2u;
            if (mine < blocks_1)
            {
                uint param_1 = at;
                uint param_2 = at + 1u;
                uint param_3 = at + 2u;
                uint param_4 = at + 3u;
                v.more.a = uint4(weight_word(param_1, second, _383, _393), weight_word(param_2, second, _383, _393), weight_word(param_3, second, _383, _393), weight_word(param_4, second, _383, _393));
            }
            if (minima_of_16)
            {
                uint _3846;
                if (mine < blocks_1)
                {
                    uint param_5 = at + 20u;
                    _3846 = weight_word(param_5, second, _383, _393);
                }
                else
                {
                    _3846 = 0u;
                }
                v.scale = _3846;
            }
            else
            {
                uint _3860;
                if (other < blocks_1)
                {
                    uint param_6 = (row + (BLOCK_HALVES * other)) / 2u;
                    _3860 = weight_word(param_6, second, _383, _393);
                }
                else
                {
                    _3860 = 0u;
                }
                v.scale = _3860;
            }
        }
    }
    return v;
}

static inline __attribute__((always_inline))
void load_slice(thread const uint& s, thread const uint& slices_k, thread bool& second, const device Second1& _383, const device Weights1& _393, constant Push& push, device Work4& _1378, thread uint3& gl_LocalInvocationID, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1])
{
    uint p = gl_LocalInvocationID.x & 1u;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 2u; i++)
    {
        next_x[i] = _1378.work4[start_x[i] + (s * 512u)];
    }
    _Pragma("clang loop unroll(full)")
    for (uint i_1 = 0u; i_1 < 1u; i_1++)
    {
        second = (((i_1 * 256u) + gl_LocalInvocationID.x) / 2u) >= 64u;
        if (s < slices_k)
        {
            Sixteen param = next_w[i_1];
            uint param_1 = start_w[i_1];
            uint param_2 = s;
            uint param_3 = p;
            load_part(param, param_1, param_2, param_3, second, _383, _393, push);
            next_w[i_1] = param;
        }
        else
        {
            uint param_4 = start_w[i_1];
            uint param_5 = s - slices_k;
            uint param_6 = p;
            next_w[i_1] = load_minima(param_4, param_5, param_6, second, _383, _393, push);
        }
    }
}

static inline __attribute__((always_inline))
uint4 shifted(thread const uint& h, thread const uint4& v, thread const uint& next)
{
    uint4 _1910;
    if ((h & 1u) != 0u)
    {
        _1910 = (v >> uint4(16u)) | (uint4(v.yzw, next) << uint4(16u));
    }
    else
    {
        _1910 = v;
    }
    return _1910;
}

static inline __attribute__((always_inline))
uint2 halves_of_f8(thread uint& word, thread const uint& left)
{
    uint _3184;
    if (left > 3u)
    {
        _3184 = word;
    }
    else
    {
        uint _3191;
        if (left > 1u)
        {
            _3191 = word & 65535u;
        }
        else
        {
            _3191 = 0u;
        }
        _3184 = _3191;
    }
    word = _3184;
    float2 p = float2(as_type<half2>(((word << 7u) & 1065369472u) | ((word << 8u) & 2147516416u))) * 256.0;
    float2 q = float2(as_type<half2>(((word >> 1u) & 1065369472u) | (word & 2147516416u))) * 256.0;
    bool none = (((word & 2139062143u) + 16843009u) & 2155905152u) != 0u;
    uint2 _3230;
    if (none)
    {
        _3230 = uint2(2113961472u);
    }
    else
    {
        _3230 = uint2(as_type<uint>(half2(float2(p.x, q.x))), as_type<uint>(half2(float2(p.y, q.y))));
    }
    return _3230;
}

static inline __attribute__((always_inline))
uint4 words_of(thread const Window& w, thread const uint& at, thread uint& next)
{
    next = w.b.x;
    return w.a;
}

static inline __attribute__((always_inline))
uint4 iq4_numbers(thread const uint4& codes)
{
    uint4 a = ((codes >> uint4(0u)) & uint4(16843009u)) * uint4(255u);
    uint4 b = ((codes >> uint4(1u)) & uint4(16843009u)) * uint4(255u);
    uint4 c = ((codes >> uint4(2u)) & uint4(16843009u)) * uint4(255u);
    uint4 d = ((codes >> uint4(3u)) & uint4(16843009u)) * uint4(255u);
    uint4 n0 = uint4(16843009u) ^ (uint4(421075225u) & a);
    uint4 n1 = uint4(757935405u) ^ (uint4(303174162u) & a);
    uint4 n2 = uint4(1330597711u) ^ (uint4(303174162u) & a);
    uint4 n3 = uint4(1785358954u) ^ (uint4(471604252u) & a);
    uint4 n4 = uint4(2172748161u) ^ (uint4(202116108u) & a);
    uint4 n5 = uint4(2576980377u) ^ (uint4(1061109567u) & a);
    uint4 n6 = uint4(3048584629u) ^ (uint4(1886417008u) & a);
    uint4 n7 = uint4(3654932953u) ^ (uint4(673720360u) & a);
    n0 ^= ((n0 ^ n1) & b);
    n2 ^= ((n2 ^ n3) & b);
    n4 ^= ((n4 ^ n5) & b);
    n6 ^= ((n6 ^ n7) & b);
    n0 ^= ((n0 ^ n2) & c);
    n4 ^= ((n4 ^ n6) & c);
    return n0 ^ ((n0 ^ n4) & d);
}

static inline __attribute__((always_inline))
uint4 words_from(thread const Window& w, thread const uint& h)
{
    Window param = w;
    uint param_1 = h / 2u;
    uint param_2;
    uint4 _1939 = words_of(param, param_1, param_2);
    uint next = param_2;
    uint4 v = _1939;
    uint param_3 = h;
    uint4 param_4 = v;
    uint param_5 = next;
    return shifted(param_3, param_4, param_5);
}

static inline __attribute__((always_inline))
uint word_of(thread const uint& h, thread const uint& low, thread const uint& high)
{
    uint _580;
    if ((h & 1u) != 0u)
    {
        _580 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _580 = low;
    }
    return _580;
}

static inline __attribute__((always_inline))
uint fifth_bits(thread const uint& bits)
{
    return (((bits & 15u) * 2113665u) << 4u) & 269488144u;
}

static inline __attribute__((always_inline))
uint4 fp4_numbers(thread const uint4& codes)
{
    uint4 size = codes & uint4(117901063u);
    uint4 more = codes & (((codes >> uint4(2u)) & uint4(16843009u)) * uint4(3u));
    size += (more + ((more & (more >> uint4(1u))) << uint4(1u)));
    return (uint4(269488144u) + size) - ((size & (((codes >> uint4(3u)) & uint4(16843009u)) * uint4(255u))) << uint4(1u));
}

static inline __attribute__((always_inline))
uint4 bytes_of(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p)
{
    if (_2621)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = p;
        uint h = numbers_at(param, param_1, param_2);
        Window param_3 = v.numbers;
        uint param_4 = (h - 1u) / 2u;
        uint param_5;
        uint4 _2642 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint4 words = _2642;
        uint4 _2647;
        if ((h & 1u) != 0u)
        {
            uint param_6 = 1u;
            uint4 param_7 = words;
            uint param_8 = next;
            _2647 = shifted(param_6, param_7, param_8);
        }
        else
        {
            _2647 = uint4(words.yzw, next);
        }
        words = _2647;
        uint4 _2666;
        if (_2665)
        {
            _2666 = words ^ uint4(2155905152u);
        }
        else
        {
            uint4 _2675;
            if (_2674)
            {
                uint4 param_9 = uint4(words.xy, words.xy >> uint2(4u));
                _2675 = iq4_numbers(param_9);
            }
            else
            {
                _2675 = uint4(words.xy, words.xy >> uint2(4u)) & uint4(252645135u);
            }
            _2666 = _2675;
        }
        return _2666;
    }
    if (_2709)
    {
        Window param_10 = v.numbers;
        uint param_11 = (row / 2u) + (5u * s);
        uint param_12;
        uint4 _2724 = words_of(param_10, param_11, param_12);
        uint next_1 = param_12;
        uint4 words_1 = _2724;
        uint2 _2729;
        if (p == 0u)
        {
            _2729 = words_1.yz;
        }
        else
        {
            _2729 = uint2(words_1.w, next_1);
        }
        uint2 two = _2729;
        return uint4(two, two >> uint2(4u)) & uint4(252645135u);
    }
    if (_2754)
    {
        uint param_13 = row;
        uint param_14 = s;
        uint param_15 = p;
        Window param_16 = v.numbers;
        uint param_17 = numbers_at(param_13, param_14, param_15);
        uint2 two_1 = words_from(param_16, param_17).xy;
        uint _2773;
        if (_2772)
        {
            _2773 = v.scales.y;
        }
        else
        {
            uint param_18 = row;
            uint param_19 = s;
            uint param_20 = block_at(param_18, param_19) + 1u;
            uint param_21 = v.scales.x;
            uint param_22 = v.scales.y;
            _2773 = word_of(param_20, param_21, param_22);
        }
        uint high = _2773;
        bool _2804;
        if (_2794)
        {
            uint param_23 = row;
            uint param_24 = s;
            _2804 = (block_at(param_23, param_24) & 1u) != 0u;
        }
        else
        {
            _2804 = _2794;
        }
        uint _2805;
        if (_2804)
        {
            _2805 = v.scales.y;
        }
        else
        {
            _2805 = high;
        }
        high = _2805 >> (8u * p);
        uint param_25 = high;
        uint param_26 = high >> 4u;
        uint param_27 = high >> 16u;
        uint param_28 = high >> 20u;
        return (uint4(two_1, two_1 >> uint2(4u)) & uint4(252645135u)) | uint4(fifth_bits(param_25), fifth_bits(param_26), fifth_bits(param_27), fifth_bits(param_28));
    }
    if (_2845)
    {
        uint param_29 = row;
        uint param_30 = s;
        uint param_31 = p;
        Window param_32 = v.numbers;
        uint param_33 = numbers_at(param_29, param_30, param_31);
        uint2 two_2 = words_from(param_32, param_33).xy;
        uint4 param_34 = uint4(two_2, two_2 >> uint2(4u));
        return iq4_numbers(param_34);
    }
    if (_2874)
    {
        uint at = (2u * row) + (17u * s);
        uint shift = 8u * (at & 3u);
        Window param_35 = v.numbers;
        uint param_36 = at / 4u;
        uint param_37;
        uint4 _2896 = words_of(param_35, param_36, param_37);
        uint next_2 = param_37;
        uint4 words_2 = _2896;
        uint3 _2901;
        if (p == 0u)
        {
            _2901 = words_2.xyz;
        }
        else
        {
            _2901 = uint3(words_2.z, words_2.w, next_2);
        }
        uint3 three = _2901;
        uint2 two_3 = ((three.xy >> uint2(shift)) >> uint2(8u)) | (three.yz << uint2(24u - shift));
        uint4 param_38 = uint4(two_3, two_3 >> uint2(4u));
        return fp4_numbers(param_38);
    }
    if (_2941)
    {
        return (v.numbers.a >> uint4(4u * (s & 1u))) & uint4(252645135u);
    }
    if (_2954)
    {
        uint4 high_1 = uint4(v.scale, v.scale >> 2u, v.scale >> 4u, v.scale >> 6u) >> uint4(s & 1u);
        return ((v.numbers.a >> uint4(4u * (s & 1u))) & uint4(252645135u)) | ((high_1 & uint4(16843009u)) << uint4(4u));
    }
    uint param_39 = row;
    uint param_40 = s;
    uint param_41 = p;
    Window param_42 = v.numbers;
    uint param_43 = numbers_at(param_39, param_40, param_41);
    uint4 low = words_from(param_42, param_43);
    uint param_44 = row;
    uint param_45 = s;
    uint block = block_at(param_44, param_45);
    uint half_ = (s / 4u) & 1u;
    uint stripe = s & 3u;
    if (_3016)
    {
        return (low >> uint4(2u * stripe)) & uint4(50529027u);
    }
    if (_3027)
    {
        Window param_46 = v.more;
        uint param_47 = block + (8u * p);
        uint4 high_2 = (words_from(param_46, param_47) >> uint4(s & 7u)) & uint4(16843009u);
        return ((low >> uint4(2u * stripe)) & uint4(50529027u)) | (high_2 << uint4(2u));
    }
    Window param_48 = v.more;
    uint param_49 = ((block + 64u) + (16u * half_)) + (8u * p);
    uint4 high_3 = (words_from(param_48, param_49) >> uint4(2u * stripe)) & uint4(50529027u);
    return ((low >> uint4(2u * (stripe & 2u))) & uint4(252645135u)) | (high_3 << uint4(4u));
}

static inline __attribute__((always_inline))
uint2 halves_of(thread const uint& bytes)
{
    float zero = _3142;
    uint low = (bytes & 255u) | ((bytes & 65280u) << 8u);
    uint high = ((bytes >> 16u) & 255u) | ((bytes & 4278190080u) >> 8u);
    return uint2(as_type<uint>(as_type<half2>(low | 1677747200u) - half2(half(zero))), as_type<uint>(as_type<half2>(high | 1677747200u) - half2(half(zero))));
}

static inline __attribute__((always_inline))
void decode_part(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, thread uint4& first, thread uint4& second_, constant Push& push)
{
    uint left = push.k - min(push.k, ((32u * s) + (16u * p)));
    if (_3264)
    {
        uint param = row;
        uint4 param_1 = v.numbers.a;
        uint param_2 = v.numbers.b.x;
        first = shifted(param, param_1, param_2);
        uint param_3 = row;
        uint4 param_4 = v.numbers.b;
        uint param_5 = v.scale;
        second_ = shifted(param_3, param_4, param_5);
        uint _3299;
        uint _3310;
        uint _3327;
        uint _3339;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            if (left > ((2u * i) + 1u))
            {
                _3299 = first[i];
            }
            else
            {
                if (left > (2u * i))
                {
                    _3310 = first[i] & 65535u;
                }
                else
                {
                    _3310 = 0u;
                }
                _3299 = _3310;
            }
            first[i] = _3299;
            if (left > ((2u * i) + 9u))
            {
                _3327 = second_[i];
            }
            else
            {
                if (left > ((2u * i) + 8u))
                {
                    _3339 = second_[i] & 65535u;
                }
                else
                {
                    _3339 = 0u;
                }
                _3327 = _3339;
            }
            second_[i] = _3327;
        }
        return;
    }
    if (_3353)
    {
        uint param_6 = row;
        uint4 param_7 = v.numbers.a;
        uint param_8 = v.scale;
        uint4 words = shifted(param_6, param_7, param_8);
        uint param_9 = words.x;
        uint param_10 = left;
        uint2 _3371 = halves_of_f8(param_9, param_10);
        uint param_11 = words.y;
        uint param_12 = left - min(left, 4u);
        uint2 _3380 = halves_of_f8(param_11, param_12);
        first = uint4(_3371, _3380);
        uint param_13 = words.z;
        uint param_14 = left - min(left, 8u);
        uint2 _3394 = halves_of_f8(param_13, param_14);
        uint param_15 = words.w;
        uint param_16 = left - min(left, 12u);
        uint2 _3403 = halves_of_f8(param_15, param_16);
        second_ = uint4(_3394, _3403);
        return;
    }
    Sixteen param_17 = v;
    uint param_18 = row;
    uint param_19 = s;
    uint param_20 = p;
    uint4 bytes = bytes_of(param_17, param_18, param_19, param_20);
    uint param_21 = bytes.x;
    uint param_22 = bytes.y;
    first = uint4(halves_of(param_21), halves_of(param_22));
    uint param_23 = bytes.z;
    uint param_24 = bytes.w;
    second_ = uint4(halves_of(param_23), halves_of(param_24));
}

static inline __attribute__((always_inline))
float float_of(thread const uint& h, thread const uint& word)
{
    return float2(as_type<half2>(word >> (16u * (h & 1u)))).x;
}

static inline __attribute__((always_inline))
float e8m0(thread uint& exponent)
{
    exponent &= 255u;
    uint _868;
    if (exponent < 2u)
    {
        _868 = 2097152u << exponent;
    }
    else
    {
        _868 = (exponent - 1u) << 23u;
    }
    return as_type<float>(_868);
}

static inline __attribute__((always_inline))
float iq4_xs_scale(thread const uint2& head, thread const uint& i)
{
    uint number = ((head.y >> (4u * i)) & 15u) | (((head.x >> (16u + (2u * i))) & 3u) << 4u);
    return float2(as_type<half2>(head.x)).x * float(int(number) - 32);
}

static inline __attribute__((always_inline))
float2 scale_of(thread const uint3& scales, thread const uint& i)
{
    uint shift = 8u * (i & 3u);
    uint a = scales.x >> shift;
    uint b = scales.y >> shift;
    uint c = scales.z >> shift;
    float2 _642;
    if (i < 4u)
    {
        _642 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _642 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _642;
}

static inline __attribute__((always_inline))
float part_scale(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p)
{
    if (_3450)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = 0u;
        uint h = numbers_at(param, param_1, param_2) - 1u;
        Window param_3 = v.numbers;
        uint param_4 = h / 2u;
        uint param_5;
        uint4 _3469 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint param_6 = h;
        uint param_7 = _3469.x;
        return float_of(param_6, param_7);
    }
    if (_3477)
    {
        Window param_8 = v.numbers;
        uint param_9 = (row / 2u) + (5u * s);
        uint param_10;
        uint4 _3491 = words_of(param_8, param_9, param_10);
        uint next_1 = param_10;
        return float2(as_type<half2>(_3491.x)).x;
    }
    if (_3499)
    {
        uint param_11 = row;
        uint param_12 = s;
        uint param_13 = block_at(param_11, param_12);
        uint param_14 = v.scales.x;
        return float_of(param_13, param_14);
    }
    if (_3513)
    {
        uint at = (2u * row) + (17u * s);
        Window param_15 = v.numbers;
        uint param_16 = at / 4u;
        uint param_17;
        uint4 _3530 = words_of(param_15, param_16, param_17);
        uint next_2 = param_17;
        uint param_18 = _3530.x >> (8u * (at & 3u));
        float _3538 = e8m0(param_18);
        return _3538;
    }
    if (_3540)
    {
        uint2 param_19 = v.scales.xy;
        uint param_20 = s & 7u;
        return iq4_xs_scale(param_19, param_20);
    }
    if (_3554)
    {
        uint3 param_21 = v.more.a.yzw;
        uint param_22 = s & 7u;
        return float2(as_type<half2>(v.more.a.x)).x * scale_of(param_21, param_22).x;
    }
    uint param_23 = row;
    uint param_24 = s;
    uint block = block_at(param_23, param_24);
    if (_3578)
    {
        uint _3585;
        if ((s & 2u) != 0u)
        {
            _3585 = v.scales.y;
        }
        else
        {
            _3585 = v.scales.x;
        }
        uint word = _3585;
        return float2(as_type<half2>(v.scale)).x * float((word >> ((16u * (s & 1u)) + (8u * p))) & 15u);
    }
    if (_3610)
    {
        uint3 words = v.scales;
        if ((block & 1u) != 0u)
        {
            words = (words >> uint3(16u)) | (uint3(words.y, words.z, v.scale) << uint3(16u));
        }
        uint i = (2u * (s & 7u)) + p;
        uint shift = 8u * (i & 3u);
        uint _3648;
        if ((i & 4u) != 0u)
        {
            _3648 = words.y;
        }
        else
        {
            _3648 = words.x;
        }
        uint low = (_3648 >> (shift + (4u * (i / 8u)))) & 15u;
        uint high = (words.z >> (shift + (2u * (i / 4u)))) & 3u;
        uint param_25 = block;
        uint param_26 = v.scale;
        return float_of(param_25, param_26) * float(int(low | (high << 4u)) - 32);
    }
    uint h_1 = (block & 1u) + (s & 3u);
    int number = int((v.scales[h_1 / 2u] >> ((16u * (h_1 & 1u)) + (8u * p))) << 24u) >> 24;
    uint param_27 = block;
    uint param_28 = v.scale;
    return float_of(param_27, param_28) * float(number);
}

static inline __attribute__((always_inline))
uint octet_of(thread const uint& p, thread const uint& i)
{
    uint _3105;
    if (halves_in_nibbles)
    {
        _3105 = p + (2u * i);
    }
    else
    {
        _3105 = (2u * p) + i;
    }
    return _3105;
}

static inline __attribute__((always_inline))
float4 unsigned_bytes(thread const uint& word)
{
    return float4(float(word & 255u), float((word >> 8u) & 255u), float((word >> 16u) & 255u), float(word >> 24u));
}

static inline __attribute__((always_inline))
uint2 halves_of_minima(thread const uint& bytes)
{
    uint param = (bytes >> 4u) & 252645135u;
    float4 v = -unsigned_bytes(param);
    return uint2(as_type<uint>(half2(v.xy)), as_type<uint>(half2(v.zw)));
}

static inline __attribute__((always_inline))
float minima_scale(thread const Sixteen& v)
{
    float mine = float2(as_type<half2>(v.scale)).y;
    float _3881;
    if (minima_in_pairs)
    {
        _3881 = fast::max(abs(float2(as_type<half2>(v.more.a.x)).y), abs(mine));
    }
    else
    {
        _3881 = minima_of_16 ? mine : 1.0;
    }
    return _3881;
}

static inline __attribute__((always_inline))
float upper(thread const float& v)
{
    return as_type<float>(as_type<uint>(v) & 4294959104u);
}

static inline __attribute__((always_inline))
void decode_minima(thread const Sixteen& v, thread uint4& first, thread uint4& second_)
{
    first = v.numbers.a;
    second_ = v.numbers.b;
    if (minima_of_16)
    {
        uint param = v.more.a.x;
        uint param_1 = v.more.a.y;
        first = uint4(halves_of_minima(param), halves_of_minima(param_1));
        uint param_2 = v.more.a.z;
        uint param_3 = v.more.a.w;
        second_ = uint4(halves_of_minima(param_2), halves_of_minima(param_3));
    }
    if (minima_in_pairs)
    {
        Sixteen param_4 = v;
        float most = minima_scale(param_4);
        float _3955;
        if (most > 0.0)
        {
            _3955 = (-float2(as_type<half2>(v.more.a.x)).y) / most;
        }
        else
        {
            _3955 = 0.0;
        }
        float ratio = _3955;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 8u; i++)
        {
            uint3 param_5 = v.more.a.yzw;
            uint param_6 = i;
            float minimum = ratio * scale_of(param_5, param_6).y;
            float param_7 = minimum;
            float high = upper(param_7);
            uint both = as_type<uint>(half2(float2(high, minimum - high)));
            if (i < 4u)
            {
                first[i] = both;
            }
            else
            {
                second_[i - 4u] = both;
            }
        }
    }
}

static inline __attribute__((always_inline))
void put_slice(thread const uint& s, thread const uint& slices_k, constant Push& push, threadgroup uint4 (&pool)[576], thread uint3& gl_LocalInvocationID, thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1], threadgroup uint4 (&tile_w)[640], threadgroup float (&tile_scales)[256])
{
    uint me = gl_LocalInvocationID.x;
    uint p = me & 1u;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 2u; i++)
    {
        uint t = (i * 256u) + me;
        pool[((t / 8u) * 9u) + (t % 8u)] = next_x[i];
    }
    uint4 first;
    uint4 second_;
    uint4 param_4;
    uint4 param_5;
    float scale;
    float _4263;
    uint4 param_15;
    uint4 param_16;
    _Pragma("clang loop unroll(full)")
    for (uint i_1 = 0u; i_1 < 1u; i_1++)
    {
        uint t_1 = (i_1 * 256u) + me;
        uint line = (t_1 / 2u) * 5u;
        if (t_1 >= 256u)
        {
            break;
        }
        if (s < slices_k)
        {
            Sixteen param = next_w[i_1];
            uint param_1 = start_w[i_1];
            uint param_2 = s;
            uint param_3 = p;
            decode_part(param, param_1, param_2, param_3, param_4, param_5, push);
            first = param_4;
            second_ = param_5;
            if (_4262)
            {
                _4263 = 1.0;
            }
            else
            {
                Sixteen param_6 = next_w[i_1];
                uint param_7 = start_w[i_1];
                uint param_8 = s;
                uint param_9 = p;
                _4263 = part_scale(param_6, param_7, param_8, param_9);
            }
            scale = _4263;
            uint param_10 = p;
            uint param_11 = 0u;
            tile_w[line + octet_of(param_10, param_11)] = first;
            uint param_12 = p;
            uint param_13 = 1u;
            tile_w[line + octet_of(param_12, param_13)] = second_;
        }
        else
        {
            Sixteen param_14 = next_w[i_1];
            decode_minima(param_14, param_15, param_16);
            first = param_15;
            second_ = param_16;
            Sixteen param_17 = next_w[i_1];
            scale = minima_scale(param_17);
            tile_w[line + (2u * p)] = first;
            tile_w[(line + (2u * p)) + 1u] = second_;
        }
        bool _4345;
        if (_4332)
        {
            _4345 = (p == 0u) || _4343;
        }
        else
        {
            _4345 = _4332;
        }
        if (_4345)
        {
            tile_scales[((p % SCALES) * 128u) + (t_1 / 2u)] = scale;
        }
    }
}

static inline __attribute__((always_inline))
void add_scaled(thread simdgroup_float8x8& sum, thread const simdgroup_float8x8& block, thread const float2& scale)
{
    simdgroup_float8x8 more = block;
    sum.thread_elements()[0] += more.thread_elements()[0] * scale.x;
    sum.thread_elements()[1] += more.thread_elements()[1] * scale.y;
}

static inline __attribute__((always_inline))
void multiply_part(thread const uint& down, thread const uint& right, thread const uint& e, threadgroup uint4 (&pool)[576], threadgroup uint4 (&tile_w)[640], threadgroup float (&tile_scales)[256], thread uint2& columns, thread simdgroup_float8x8 (&sums)[16])
{
    simdgroup_half8x8 b[16];
    float2 scales[4];
    _Pragma("clang loop unroll(full)")
    for (uint j = 0u; j < 4u; j++)
    {
        _Pragma("clang loop unroll(full)")
        for (uint t = 0u; t < 4u; t++)
        {
            if (t < PART_STEPS)
            {
                simdgroup_half8x8 _4442;
                simdgroup_load(_4442, reinterpret_cast<threadgroup half*>(&tile_w[((right + (j * 8u)) * 5u) + (((e * PART_STEPS) + t) * 1u)]), (5u) * 8u, ulong2(0), true);
                simdgroup_half8x8 tempArg = _4442;
                b[(j * 4u) + t] = tempArg;
            }
        }
        if (_4457)
        {
            uint at = ((e * 128u) + right) + (j * 8u);
            scales[j] = float2(tile_scales[at + columns.x], tile_scales[at + columns.y]);
        }
    }
    simdgroup_float8x8 a[4];
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 4u; i++)
    {
        _Pragma("clang loop unroll(full)")
        for (uint t_1 = 0u; t_1 < 4u; t_1++)
        {
            if (t_1 < PART_STEPS)
            {
                simdgroup_float8x8 _4536;
                simdgroup_load(_4536, reinterpret_cast<threadgroup float*>(&pool[((down + (i * 8u)) * 9u) + ((((e * PART_STEPS) + t_1) * 2u) * 1u)]), (9u) * 4u);
                simdgroup_float8x8 tempArg_1 = _4536;
                a[t_1] = tempArg_1;
            }
        }
        _Pragma("clang loop unroll(full)")
        for (uint j_1 = 0u; j_1 < 4u; j_1++)
        {
            simdgroup_float8x8 block = simdgroup_float8x8(0.0);
            _Pragma("clang loop unroll(full)")
            for (uint t_2 = 0u; t_2 < 4u; t_2++)
            {
                if (t_2 < PART_STEPS)
                {
                    if (_4569)
                    {
                        simdgroup_float8x8 _4595;
                        simdgroup_multiply_accumulate(_4595, a[t_2], b[(j_1 * 4u) + t_2], sums[(i * 4u) + j_1]);
                        sums[(i * 4u) + j_1] = _4595;
                    }
                    else
                    {
                        simdgroup_float8x8 _4608;
                        simdgroup_multiply_accumulate(_4608, a[t_2], b[(j_1 * 4u) + t_2], block);
                        block = _4608;
                    }
                }
            }
            if (_4614)
            {
                uint _4620 = (i * 4u) + j_1;
                simdgroup_float8x8 param = sums[_4620];
                simdgroup_float8x8 param_1 = block;
                float2 param_2 = scales[j_1];
                add_scaled(param, param_1, param_2);
                sums[_4620] = param;
            }
        }
    }
}

static inline __attribute__((always_inline))
void multiply_slice(thread const uint& down, thread const uint& right, threadgroup uint4 (&pool)[576], threadgroup uint4 (&tile_w)[640], threadgroup float (&tile_scales)[256], thread uint2& columns, thread simdgroup_float8x8 (&sums)[16])
{
    uint param = down;
    uint param_1 = right;
    uint param_2 = 0u;
    multiply_part(param, param_1, param_2, pool, tile_w, tile_scales, columns, sums);
    if (_4643)
    {
        uint param_3 = down;
        uint param_4 = right;
        uint param_5 = 1u;
        multiply_part(param_3, param_4, param_5, pool, tile_w, tile_scales, columns, sums);
    }
}

static inline __attribute__((always_inline))
float gelu_tanh(thread const float& x)
{
    return x / (1.0 + exp((-1.5957691669464111328125) * (x + (((0.0447149984538555145263671875 * x) * x) * x))));
}

static inline __attribute__((always_inline))
float gate_of(thread const float& x, constant Push& push)
{
    float _1111;
    if ((push.flags & 64u) != 0u)
    {
        float param = x;
        _1111 = gelu_tanh(param);
    }
    else
    {
        float param_1 = x;
        _1111 = silu(param_1);
    }
    return _1111;
}

static inline __attribute__((always_inline))
void finish_gated(thread const uint& r, thread const uint& j, thread const float4& gate, thread const float4& up, constant Push& push, device Y4& _1172, device Y1& _1198)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    float param = gate.x;
    float param_1 = gate.y;
    float param_2 = gate.z;
    float param_3 = gate.w;
    float4 v = float4(gate_of(param, push), gate_of(param_1, push), gate_of(param_2, push), gate_of(param_3, push)) * up;
    bool _1157 = (to & 3u) == 0u;
    bool _1166;
    if (_1157)
    {
        _1166 = (j + 4u) <= push.n;
    }
    else
    {
        _1166 = _1157;
    }
    if (_1166)
    {
        _1172.y4[to / 4u] = v;
        return;
    }
    uint e = 0u;
    _Pragma("clang loop unroll(disable)")
    for (;;)
    {
        bool _1185 = e < 4u;
        bool _1194;
        if (_1185)
        {
            _1194 = (j + e) < push.n;
        }
        else
        {
            _1194 = _1185;
        }
        if (_1194)
        {
            _1198.y1[to + e] = v[e];
            e++;
            continue;
        }
        else
        {
            break;
        }
    }
}

static inline __attribute__((always_inline))
void finish_tile(thread const uint& first_r, thread const uint& first_j, thread const uint& first_c, thread uint& gl_SubgroupID, constant Push& push, device Y4& _1172, device Y1& _1198, threadgroup uint4 (&pool)[576], device Work1& _1674, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
{
    uint base = (gl_SubgroupID * 8u) * 8u;
    uint lane = gl_SubgroupInvocationID;
    uint _4699;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 4u; i++)
    {
        _Pragma("clang loop unroll(full)")
        for (uint j = 0u; j < 4u; j++)
        {
            simdgroup_store(sums[(i * 4u) + j], reinterpret_cast<threadgroup float*>(&pool[base + ((j * 8u) / 4u)]), (8u) * 4u);
        }
        bool up = first_c >= 64u;
        if (up)
        {
            _4699 = base - 256u;
        }
        else
        {
            _4699 = base;
        }
        uint gate = _4699;
        uint other = gate + 256u;
        threadgroup_barrier(mem_flags::mem_threadgroup);
        uint _4714 = lane + (up ? 32u : 0u);
        _Pragma("clang loop unroll(disable)")
        for (uint t = _4714; t < 64u; t += 64u)
        {
            uint r = (first_r + (i * 8u)) + (t / 8u);
            uint j_1 = (first_j + (first_c % 64u)) + (4u * (t % 8u));
            bool _4742 = r < push.rows;
            bool _4749;
            if (_4742)
            {
                _4749 = j_1 < push.n;
            }
            else
            {
                _4749 = _4742;
            }
            if (_4749)
            {
                float factor = _1674.work1[r];
                float4 v = as_type<float4>(pool[gate + t]) * factor;
                float4 w = as_type<float4>(pool[other + t]) * factor;
                uint param = r;
                uint param_1 = j_1;
                float4 param_2 = v;
                float4 param_3 = w;
                finish_gated(param, param_1, param_2, param_3, push, _1172, _1198);
            }
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
    }
}

static inline __attribute__((always_inline))
void matrix_tiles(thread bool& second, thread uint& gl_SubgroupID, const device Second1& _383, const device Weights1& _393, constant Push& push, device Y4& _1172, device Y1& _1198, threadgroup uint4 (&pool)[576], device Work4& _1378, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1674, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1], threadgroup uint4 (&tile_w)[640], threadgroup float (&tile_scales)[256], thread uint2& columns, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
{
    uint down = (gl_SubgroupID % 2u) * 32u;
    uint right = (gl_SubgroupID / 2u) * 32u;
    uint count = slices(push);
    uint slices_k = slices_of_k(push);
    find_columns(pool, gl_LocalInvocationID, columns);
    uint tile_j = (push.first.xyz + gl_WorkGroupID).y;
    for (;;)
    {
        uint param = push.n;
        uint param_1 = 64u;
        uint _4817 = ceil_div(param, param_1);
        if (tile_j < _4817)
        {
            uint tile_r = (push.first.xyz + gl_WorkGroupID).x;
            for (;;)
            {
                uint param_2 = push.rows;
                uint param_3 = 64u;
                uint _4836 = ceil_div(param_2, param_3);
                if (tile_r < _4836)
                {
                    uint param_4 = tile_r * 64u;
                    uint param_5 = tile_j * 64u;
                    find_rows(param_4, param_5, second, push, gl_LocalInvocationID, start_x, start_w);
                    _Pragma("clang loop unroll(full)")
                    for (uint i = 0u; i < 16u; i++)
                    {
                        sums[i] = simdgroup_float8x8(0.0);
                    }
                    uint first = 0u;
                    uint end = count;
                    uint param_6 = min(first, (count - 1u));
                    uint param_7 = slices_k;
                    load_slice(param_6, param_7, second, _383, _393, push, _1378, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    uint param_8 = min(first, (count - 1u));
                    uint param_9 = slices_k;
                    put_slice(param_8, param_9, push, pool, gl_LocalInvocationID, start_w, next_x, next_w, tile_w, tile_scales);
                    uint param_10 = min((first + 1u), (count - 1u));
                    uint param_11 = slices_k;
                    load_slice(param_10, param_11, second, _383, _393, push, _1378, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    for (uint s = first; s < end; s++)
                    {
                        uint param_12 = down;
                        uint param_13 = right;
                        multiply_slice(param_12, param_13, pool, tile_w, tile_scales, columns, sums);
                        threadgroup_barrier(mem_flags::mem_threadgroup);
                        uint param_14 = min((s + 1u), (count - 1u));
                        uint param_15 = slices_k;
                        put_slice(param_14, param_15, push, pool, gl_LocalInvocationID, start_w, next_x, next_w, tile_w, tile_scales);
                        uint param_16 = min((s + 2u), (count - 1u));
                        uint param_17 = slices_k;
                        load_slice(param_16, param_17, second, _383, _393, push, _1378, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                        threadgroup_barrier(mem_flags::mem_threadgroup);
                    }
                    uint param_18 = (tile_r * 64u) + down;
                    uint param_19 = tile_j * 64u;
                    uint param_20 = right;
                    finish_tile(param_18, param_19, param_20, gl_SubgroupID, push, _1172, _1198, pool, _1674, sums, gl_SubgroupInvocationID);
                    tile_r += push.groups.x;
                    continue;
                }
                else
                {
                    break;
                }
            }
            tile_j += push.groups.y;
            continue;
        }
        else
        {
            break;
        }
    }
}

kernel void zc_linear_gated_matrix(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device Weights1& _393 [[buffer(2)]], const device Second1& _383 [[buffer(3)]], const device void* spvBufferAliasSet0Binding4 [[buffer(4)]], device void* spvBufferAliasSet0Binding5 [[buffer(5)]], device void* spvBufferAliasSet0Binding6 [[buffer(6)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]])
{
    const device auto& _930 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& _1010 = *(const device Norm4*)spvBufferAliasSet0Binding4;
    device auto& _1172 = *(device Y4*)spvBufferAliasSet0Binding5;
    device auto& _1378 = *(device Work4*)spvBufferAliasSet0Binding6;
    const device auto& _942 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& _1019 = *(const device Norm1*)spvBufferAliasSet0Binding4;
    device auto& _1198 = *(device Y1*)spvBufferAliasSet0Binding5;
    device auto& _1674 = *(device Work1*)spvBufferAliasSet0Binding6;
    threadgroup float group_partial[256];
    threadgroup uint4 pool[576];
    threadgroup uint4 tile_w[640];
    threadgroup float tile_scales[256];
    bool second = false;
    uint start_x[2];
    uint start_w[1];
    uint4 next_x[2];
    Sixteen next_w[1];
    uint2 columns;
    simdgroup_float8x8 sums[16];
    if (_4941)
    {
        input_rows(group_partial, gl_SubgroupID, gl_NumSubgroups, _930, _942, push, _1010, _1019, pool, _1378, gl_LocalInvocationID, gl_WorkGroupID, _1674);
    }
    else
    {
        matrix_tiles(second, gl_SubgroupID, _383, _393, push, _1172, _1198, pool, _1378, gl_LocalInvocationID, gl_WorkGroupID, _1674, start_x, start_w, next_x, next_w, tile_w, tile_scales, columns, sums, gl_SubgroupInvocationID);
    }
}

