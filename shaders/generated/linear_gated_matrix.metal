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
constant bool _401 = (type == 0u);
constant bool _409 = (type == 1u);
constant bool _417 = (type == 2u);
constant bool _425 = (type == 3u);
constant bool _435 = (type == 4u);
constant bool _445 = (type == 5u);
constant bool _455 = (type == 6u);
constant bool _465 = (type == 7u);
constant bool _474 = (type == 8u);
constant bool _483 = (type == 9u);
constant bool _492 = (type == 10u);
constant bool _501 = (type == 11u);
constant bool _510 = (type == 12u);
constant bool _520 = (type == 13u);
constant bool _529 = (type == 14u);
constant bool _539 = (type == 15u);
constant bool _549 = (type == 16u);

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

constant uint _1117 = (variant / 17u);
constant uint input_ = (_1117 % 2u);
constant bool normed = (input_ == 1u);

struct Y4
{
    float4 y4[1];
};

struct Y1
{
    float y1[1];
};

constant bool _1246 = (type == 5u);
constant bool _1247 = (type == 9u);
constant bool minima_of_32 = (_1246 || _1247);
constant bool _1257 = (type == 6u);
constant bool _1258 = (type == 12u);
constant bool minima_in_pairs = (_1257 || _1258);
constant bool _1260 = (minima_of_32 || minima_in_pairs);
constant bool minima_of_16 = (type == 10u);
constant bool minima_of_any = (_1260 || minima_of_16);

struct Work4
{
    uint4 work4[1];
};

constant uint QUADS_OF_SUM = minima_of_16 ? 4u : 8u;
constant uint _1477 = minima_in_pairs ? 2u : 4u;
constant uint QUADS_OF_SUMS = (QUADS_OF_SUM * _1477);
constant uint _1483 = (256u / QUADS_OF_SUMS);

struct Work1
{
    float work1[1];
};

constant uint _1795 = (256u / QUADS_OF_SUMS);
constant bool _1981 = (type == 6u);
constant bool _1982 = (type == 7u);
constant bool _1983 = (_1981 || _1982);
constant bool _1984 = (type == 12u);
constant bool _1985 = (_1983 || _1984);
constant bool _1986 = (type == 10u);
constant bool _1987 = (_1985 || _1986);
constant bool _1988 = (type == 11u);
constant bool _1989 = (_1987 || _1988);
constant bool _1990 = (type == 14u);
constant bool blocks_of_256 = (_1989 || _1990);
constant bool _2000 = (type == 3u);
constant bool _2001 = (type == 15u);
constant bool _2002 = (_2000 || _2001);
constant bool _2003 = (type == 4u);
constant bool _2004 = (type == 13u);
constant bool _2005 = (_2003 || _2004);
constant bool _2006 = (type == 5u);
constant bool _2007 = (type == 8u);
constant bool _2008 = (type == 9u);
constant bool _2009 = (type == 6u);
constant bool _2010 = (type == 12u);
constant bool _2011 = (type == 10u);
constant bool _2012 = (type == 11u);
constant bool _2013 = (type == 14u);
constant uint _2014 = _2013 ? 68u : 105u;
constant uint _2015 = _2012 ? 55u : _2014;
constant uint _2016 = _2011 ? 42u : _2015;
constant uint _2017 = _2010 ? 88u : _2016;
constant uint _2018 = _2009 ? 72u : _2017;
constant uint _2019 = _2008 ? 12u : _2018;
constant uint _2020 = _2007 ? 11u : _2019;
constant uint _2021 = _2006 ? 10u : _2020;
constant uint _2022 = _2005 ? 9u : _2021;
constant uint BLOCK_HALVES = _2002 ? 17u : _2022;
constant bool _2038 = (type == 3u);
constant bool _2048 = (type == 4u);
constant bool _2049 = (type == 13u);
constant bool _2050 = (_2048 || _2049);
constant bool _2060 = (type == 8u);
constant bool _2070 = (type == 9u);
constant bool _2080 = (type == 10u);
constant bool _2093 = (type == 11u);
constant bool _2106 = (type == 14u);
constant bool _2146 = (type == 1u);
constant bool _2223 = (type == 16u);
constant bool _2286 = (type == 3u);
constant bool _2287 = (type == 4u);
constant bool _2288 = (_2286 || _2287);
constant bool _2289 = (type == 13u);
constant bool _2290 = (_2288 || _2289);
constant bool _2306 = (type == 5u);
constant bool _2315 = (type == 15u);
constant bool _2328 = (type == 8u);
constant bool _2329 = (type == 9u);
constant bool _2330 = (_2328 || _2329);
constant bool _2359 = (type == 14u);
constant bool _2393 = (type == 6u);
constant bool _2394 = (type == 12u);
constant bool _2395 = (_2393 || _2394);
constant bool _2403 = (type == 12u);
constant uint _2404 = _2403 ? 12u : 4u;
constant bool _2437 = (type == 12u);
constant bool _2458 = (type == 10u);
constant bool _2505 = (type == 11u);
constant bool _2642 = (type == 3u);
constant bool _2643 = (type == 4u);
constant bool _2644 = (_2642 || _2643);
constant bool _2645 = (type == 13u);
constant bool _2646 = (_2644 || _2645);
constant bool _2690 = (type == 3u);
constant bool _2698 = (type == 13u);
constant bool _2733 = (type == 5u);
constant bool _2776 = (type == 8u);
constant bool _2777 = (type == 9u);
constant bool _2778 = (_2776 || _2777);
constant bool _2796 = (type == 9u);
constant bool _2818 = (type == 8u);
constant bool _2869 = (type == 14u);
constant bool _2898 = (type == 15u);
constant bool _2973 = (type == 6u);
constant bool _2986 = (type == 12u);
constant bool _3036 = (type == 10u);
constant bool _3048 = (type == 11u);
constant bool _3113 = (type == 4u);
constant bool _3114 = (type == 5u);
constant bool _3115 = (_3113 || _3114);
constant bool _3116 = (type == 8u);
constant bool _3117 = (_3115 || _3116);
constant bool _3118 = (type == 9u);
constant bool _3119 = (_3117 || _3118);
constant bool _3120 = (type == 13u);
constant bool _3121 = (_3119 || _3120);
constant bool _3122 = (type == 14u);
constant bool _3123 = (_3121 || _3122);
constant bool _3124 = (type == 15u);
constant bool halves_in_nibbles = (_3123 || _3124);
constant bool _3142 = (type == 3u);
constant bool _3143 = (type == 13u);
constant bool _3144 = (_3142 || _3143);
constant bool _3145 = (type == 14u);
constant bool _3146 = (_3144 || _3145);
constant bool _3148 = (type == 4u);
constant bool _3150 = (type == 7u);
constant bool _3152 = (type == 8u);
constant bool _3153 = (type == 15u);
constant bool _3154 = (_3152 || _3153);
constant bool _3156 = (type == 11u);
constant float _3159 = _3156 ? 1028.0 : 1024.0;
constant float _3160 = _3154 ? 1040.0 : _3159;
constant float _3161 = _3150 ? 1056.0 : _3160;
constant float _3162 = _3148 ? 1032.0 : _3161;
constant float _3163 = _3146 ? 1152.0 : _3162;
constant bool _3245 = (type == 1u);
constant bool _3334 = (type == 16u);
constant bool _3427 = (type == 3u);
constant bool _3428 = (type == 4u);
constant bool _3429 = (_3427 || _3428);
constant bool _3430 = (type == 13u);
constant bool _3431 = (_3429 || _3430);
constant bool _3458 = (type == 5u);
constant bool _3478 = (type == 8u);
constant bool _3479 = (type == 9u);
constant bool _3480 = (_3478 || _3479);
constant bool _3494 = (type == 15u);
constant bool _3521 = (type == 14u);
constant bool _3533 = (type == 6u);
constant bool _3534 = (type == 12u);
constant bool _3535 = (_3533 || _3534);
constant bool _3559 = (type == 10u);
constant bool _3591 = (type == 11u);
constant bool _4241 = (type == 1u);
constant bool _4242 = (type == 16u);
constant bool _4243 = (_4241 || _4242);
constant bool _4310 = (type == 1u);
constant bool _4311 = (type == 16u);
constant bool _4312 = (_4310 || _4311);
constant bool _4313 = (!_4312);
constant bool _4318 = (type == 7u);
constant bool _4319 = (type == 10u);
constant bool _4320 = (_4318 || _4319);
constant bool _4321 = (type == 11u);
constant bool _4322 = (_4320 || _4321);
constant uint SCALES = _4322 ? 2u : 1u;
constant bool _4324 = (SCALES == 2u);
constant uint PART_STEPS = (4u / SCALES);
constant bool _4434 = (type == 1u);
constant bool _4435 = (type == 16u);
constant bool _4436 = (_4434 || _4435);
constant bool _4437 = (!_4436);
constant bool _4547 = (type == 1u);
constant bool _4548 = (type == 16u);
constant bool _4549 = (_4547 || _4548);
constant bool _4591 = (type == 1u);
constant bool _4592 = (type == 16u);
constant bool _4593 = (_4591 || _4592);
constant bool _4594 = (!_4593);
constant bool _4623 = (SCALES == 2u);
constant uint way = (variant / 102u);
constant bool _4921 = (way == 8u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

struct Weights4
{
    uint4 weights4[1];
};

struct Second4
{
    uint4 second4[1];
};

constant float _1497[4] = { 0.0, 0.0, 0.0, 0.0 };

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
float4 x_at(thread const uint& i, thread const uint& count, const device X4& _979, const device X1& _991)
{
    if (((i & 3u) == 0u) && (count >= 4u))
    {
        return _979.x4[i / 4u];
    }
    float4 v = float4(0.0);
    v.x = _991.x1[i];
    if (count > 1u)
    {
        v.y = _991.x1[i + 1u];
    }
    if (count > 2u)
    {
        v.z = _991.x1[i + 2u];
    }
    if (count > 3u)
    {
        v.w = _991.x1[i + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
float4 norm_at(thread const uint& i, constant Push& push, const device Norm4& _1059, const device Norm1& _1068)
{
    uint at = push.offset.w + i;
    uint last = (push.offset.w + push.k) - 1u;
    bool _1046 = (at & 3u) == 0u;
    bool _1053;
    if (_1046)
    {
        _1053 = (at + 3u) <= last;
    }
    else
    {
        _1053 = _1046;
    }
    if (_1053)
    {
        return _1059.norm4[at / 4u];
    }
    return float4(_1068.norm1[min(at, last)], _1068.norm1[min((at + 1u), last)], _1068.norm1[min((at + 2u), last)], _1068.norm1[min((at + 3u), last)]);
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
float4 input_quad(thread const uint& r, thread const uint& q, thread float& squares, const device X4& _979, const device X1& _991, constant Push& push, const device Norm4& _1059, const device Norm1& _1068)
{
    if ((4u * q) >= push.k)
    {
        return float4(0.0);
    }
    uint at = (push.offset.x + (r * push.ldx)) + (4u * q);
    uint count = push.k - (4u * q);
    float4 _1366;
    if (false)
    {
        uint param = at + push.k;
        uint param_1 = count;
        _1366 = x_at(param, param_1, _979, _991);
    }
    else
    {
        _1366 = float4(0.0);
    }
    float4 up = _1366;
    float4 _1380;
    if (normed)
    {
        uint param_2 = 4u * q;
        _1380 = norm_at(param_2, push, _1059, _1068);
    }
    else
    {
        _1380 = float4(1.0);
    }
    float4 factor = _1380;
    uint param_3 = at;
    uint param_4 = count;
    float4 param_5 = x_at(param_3, param_4, _979, _991);
    float4 param_6 = up;
    float4 param_7 = factor;
    float param_8 = squares;
    float4 _1402 = input_of(param_5, param_6, param_7, param_8);
    squares = param_8;
    return _1402;
}

static inline __attribute__((always_inline))
uint group_max_bits(thread uint& bits, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, threadgroup uint4 (&pool)[576])
{
    bits = simd_max(bits);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _1309 = simd_is_first();
    if (_1309)
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
    bool _318 = simd_is_first();
    if (_318)
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
    float _1137;
    if (push.k != 0u)
    {
        _1137 = rsqrt((squares / float(push.k)) + push.eps);
    }
    else
    {
        _1137 = 0.0;
    }
    return _1137;
}

static inline __attribute__((always_inline))
uint slices_of_minima(constant Push& push)
{
    uint _1249;
    if (minima_of_32)
    {
        uint param = slices_of_k(push);
        uint param_1 = 32u;
        _1249 = ceil_div(param, param_1);
    }
    else
    {
        uint _1263;
        if (minima_of_any)
        {
            uint param_2 = push.k;
            uint param_3 = 512u;
            _1263 = ceil_div(param_2, param_3);
        }
        else
        {
            _1263 = 0u;
        }
        _1249 = _1263;
    }
    return _1249;
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
void put_halves(thread const uint& at, thread const uint& q, thread const float4& v, device Work4& _1409)
{
    _1409.work4[(at + ((q / 8u) * 512u)) + (q & 7u)] = as_type<uint4>(v);
}

static inline __attribute__((always_inline))
void put_quads(thread const uint& start, thread const uint& minima, thread const uint& base, thread const uint& quads, thread const float4& v, constant Push& push, threadgroup uint4 (&pool)[576], device Work4& _1409, thread uint3& gl_LocalInvocationID)
{
    uint me = gl_LocalInvocationID.x;
    if ((base + me) < quads)
    {
        uint param = start;
        uint param_1 = base + me;
        float4 param_2 = v;
        put_halves(param, param_1, param_2, _1409);
    }
    if (minima_of_any)
    {
        uint turn = base & 256u;
        float _1456;
        if ((base + me) < quads)
        {
            _1456 = ((v.x + v.y) + v.z) + v.w;
        }
        else
        {
            _1456 = 0.0;
        }
        ((threadgroup uint*)&pool[turn + me])[0u] = as_type<uint>(_1456);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        uint m = (base / QUADS_OF_SUMS) + me;
        bool _1484 = me < _1483;
        bool _1491;
        if (_1484)
        {
            _1491 = m < (slices_of_minima(push) * 8u);
        }
        else
        {
            _1491 = _1484;
        }
        if (_1491)
        {
            float sums[4] = { 0.0, 0.0, 0.0, 0.0 };
            for (uint i = 0u; i < QUADS_OF_SUMS; i++)
            {
                uint _1507 = i / QUADS_OF_SUM;
                sums[_1507] += as_type<float>(((threadgroup uint*)&pool[(turn + (QUADS_OF_SUMS * me)) + i])[0u]);
            }
            float4 _1523;
            if (minima_in_pairs)
            {
                _1523 = float4(sums[0], sums[0], sums[1], sums[1]);
            }
            else
            {
                _1523 = float4(sums[0], sums[1], sums[2], sums[3]);
            }
            uint param_3 = minima;
            uint param_4 = m;
            float4 param_5 = _1523;
            put_halves(param_3, param_4, param_5, _1409);
        }
    }
}

static inline __attribute__((always_inline))
void input_rows(threadgroup float (&group_partial)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, const device X4& _979, const device X1& _991, constant Push& push, const device Norm4& _1059, const device Norm1& _1068, threadgroup uint4 (&pool)[576], device Work4& _1409, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1704)
{
    uint me = gl_LocalInvocationID.x;
    uint quads = slices_of_k(push) * 8u;
    uint3 _1567 = push.first.xyz + gl_WorkGroupID;
    uint _1568 = _1567.x;
    float4 kept[4];
    float _1671;
    for (uint r = _1568; r < push.rows; r += push.groups.x)
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
            float4 _1602 = input_quad(param, param_1, param_2, _979, _991, push, _1059, _1068);
            squares = param_2;
            kept[i] = _1602;
            uint4 v = as_type<uint4>(kept[i]) & uint4(2147483647u);
            bits = max(bits, max(max(v.x, v.y), max(v.z, v.w)));
        }
        uint _1631 = 1024u + me;
        for (uint q = _1631; q < quads; q += 256u)
        {
            uint param_3 = r;
            uint param_4 = q;
            float param_5 = squares;
            float4 _1647 = input_quad(param_3, param_4, param_5, _979, _991, push, _1059, _1068);
            squares = param_5;
            uint4 v_1 = as_type<uint4>(_1647) & uint4(2147483647u);
            bits = max(bits, max(max(v_1.x, v_1.y), max(v_1.z, v_1.w)));
        }
        uint param_6 = bits;
        uint _1669 = group_max_bits(param_6, gl_SubgroupID, gl_NumSubgroups, pool);
        bits = _1669;
        if (normed)
        {
            float param_7 = squares;
            float _1676 = group_sum(param_7, group_partial, gl_SubgroupID, gl_NumSubgroups);
            float param_8 = _1676;
            _1671 = norm_scale(param_8, push);
        }
        else
        {
            _1671 = 1.0;
        }
        float factor = _1671;
        int power = clamp(136 - int(bits >> 23u), -118, 100);
        float scale = as_type<float>(uint(127 + power) << 23u);
        if (me == 0u)
        {
            _1704.work1[r] = factor * as_type<float>(uint(127 - power) << 23u);
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
                put_quads(param_10, param_11, param_12, param_13, param_14, push, pool, _1409, gl_LocalInvocationID);
            }
        }
        for (uint base = 1024u; base < quads; base += 256u)
        {
            uint param_15 = r;
            uint param_16 = base + me;
            float param_17 = unused;
            float4 _1773 = input_quad(param_15, param_16, param_17, _979, _991, push, _1059, _1068);
            unused = param_17;
            uint param_18 = start;
            uint param_19 = minima;
            uint param_20 = base;
            uint param_21 = quads;
            float4 param_22 = _1773 * scale;
            put_quads(param_18, param_19, param_20, param_21, param_22, push, pool, _1409, gl_LocalInvocationID);
        }
        if (minima_of_any)
        {
            uint param_23 = quads;
            uint param_24 = 256u;
            uint covered = ceil_div(param_23, param_24) * _1795;
            uint _1800 = covered + me;
            for (uint m = _1800; m < (slices_of_minima(push) * 8u); m += 256u)
            {
                uint param_25 = minima;
                uint param_26 = m;
                float4 param_27 = float4(0.0);
                put_halves(param_25, param_26, param_27, _1409);
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
    simdgroup_float8x8 _4366;
    simdgroup_load(_4366, reinterpret_cast<threadgroup float*>(&pool[0u]), (2u) * 4u);
    simdgroup_float8x8 tempArg = _4366;
    simdgroup_float8x8 numbers = tempArg;
    simdgroup_float8x8 param = numbers;
    columns = uint2(elements_of(param));
}

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    uint _402;
    if (_401)
    {
        _402 = (k / 1u) * 2u;
    }
    else
    {
        uint _410;
        if (_409)
        {
            _410 = (k / 1u) * 1u;
        }
        else
        {
            uint _418;
            if (_417)
            {
                _418 = (k / 1u) * 1u;
            }
            else
            {
                uint _426;
                if (_425)
                {
                    _426 = (k / 32u) * 17u;
                }
                else
                {
                    uint _436;
                    if (_435)
                    {
                        _436 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _446;
                        if (_445)
                        {
                            _446 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _456;
                            if (_455)
                            {
                                _456 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _466;
                                if (_465)
                                {
                                    _466 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    uint _475;
                                    if (_474)
                                    {
                                        _475 = (k / 32u) * 11u;
                                    }
                                    else
                                    {
                                        uint _484;
                                        if (_483)
                                        {
                                            _484 = (k / 32u) * 12u;
                                        }
                                        else
                                        {
                                            uint _493;
                                            if (_492)
                                            {
                                                _493 = (k / 256u) * 42u;
                                            }
                                            else
                                            {
                                                uint _502;
                                                if (_501)
                                                {
                                                    _502 = (k / 256u) * 55u;
                                                }
                                                else
                                                {
                                                    uint _511;
                                                    if (_510)
                                                    {
                                                        _511 = (k / 256u) * 88u;
                                                    }
                                                    else
                                                    {
                                                        uint _521;
                                                        if (_520)
                                                        {
                                                            _521 = (k / 32u) * 9u;
                                                        }
                                                        else
                                                        {
                                                            uint _530;
                                                            if (_529)
                                                            {
                                                                _530 = (k / 256u) * 68u;
                                                            }
                                                            else
                                                            {
                                                                uint _540;
                                                                if (_539)
                                                                {
                                                                    _540 = (k / 64u) * 17u;
                                                                }
                                                                else
                                                                {
                                                                    uint _550;
                                                                    if (_549)
                                                                    {
                                                                        _550 = (k / 2u) * 1u;
                                                                    }
                                                                    else
                                                                    {
                                                                        _550 = 0u;
                                                                    }
                                                                    _540 = _550;
                                                                }
                                                                _530 = _540;
                                                            }
                                                            _521 = _530;
                                                        }
                                                        _511 = _521;
                                                    }
                                                    _502 = _511;
                                                }
                                                _493 = _502;
                                            }
                                            _484 = _493;
                                        }
                                        _475 = _484;
                                    }
                                    _466 = _475;
                                }
                                _456 = _466;
                            }
                            _446 = _456;
                        }
                        _436 = _446;
                    }
                    _426 = _436;
                }
                _418 = _426;
            }
            _410 = _418;
        }
        _402 = _410;
    }
    return _402;
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
    uint _4055;
    _Pragma("clang loop unroll(full)")
    for (uint i_1 = 0u; i_1 < 1u; i_1++)
    {
        uint column = ((i_1 * 256u) + me) / 2u;
        second = column >= 64u;
        if (second)
        {
            _4055 = push.offset.z;
        }
        else
        {
            _4055 = push.offset.y;
        }
        start_w[i_1] = (2u * _4055) + (min((first_j + (column % 64u)), (push.n - 1u)) * halves);
    }
}

static inline __attribute__((always_inline))
uint block_at(thread const uint& row, thread const uint& s)
{
    uint _1992;
    if (blocks_of_256)
    {
        _1992 = s / 8u;
    }
    else
    {
        _1992 = s;
    }
    return row + (_1992 * BLOCK_HALVES);
}

static inline __attribute__((always_inline))
uint4 four_words(thread const uint& at, thread bool& second, const device Second1& _382, const device Weights1& _392)
{
    if (second)
    {
        return uint4(*(const device packed_uint4*)&_382.second1[at]);
    }
    return uint4(*(const device packed_uint4*)&_392.weights1[at]);
}

static inline __attribute__((always_inline))
uint weight_word(thread const uint& i, thread bool& second, const device Second1& _382, const device Weights1& _392)
{
    if (second)
    {
        return _382.second1[i];
    }
    return _392.weights1[i];
}

static inline __attribute__((always_inline))
uint numbers_at(thread const uint& row, thread const uint& s, thread const uint& p)
{
    uint param = row;
    uint param_1 = s;
    uint block = block_at(param, param_1);
    uint half_ = (s / 4u) & 1u;
    uint _2039;
    if (_2038)
    {
        _2039 = (block + 1u) + (8u * p);
    }
    else
    {
        uint _2051;
        if (_2050)
        {
            _2051 = (block + 1u) + (4u * p);
        }
        else
        {
            uint _2061;
            if (_2060)
            {
                _2061 = (block + 3u) + (4u * p);
            }
            else
            {
                uint _2071;
                if (_2070)
                {
                    _2071 = (block + 4u) + (4u * p);
                }
                else
                {
                    uint _2081;
                    if (_2080)
                    {
                        _2081 = ((block + 8u) + (16u * half_)) + (8u * p);
                    }
                    else
                    {
                        uint _2094;
                        if (_2093)
                        {
                            _2094 = ((block + 16u) + (16u * half_)) + (8u * p);
                        }
                        else
                        {
                            uint _2107;
                            if (_2106)
                            {
                                _2107 = ((block + 4u) + (8u * (s & 7u))) + (4u * p);
                            }
                            else
                            {
                                _2107 = ((block + (32u * half_)) + (16u * (s & 1u))) + (8u * p);
                            }
                            _2094 = _2107;
                        }
                        _2081 = _2094;
                    }
                    _2071 = _2081;
                }
                _2061 = _2071;
            }
            _2051 = _2061;
        }
        _2039 = _2051;
    }
    return _2039;
}

static inline __attribute__((always_inline))
Window window_at(thread const uint& at, thread bool& second, const device Second1& _382, const device Weights1& _392, constant Push& push)
{
    uint _1862;
    if (second)
    {
        _1862 = push.offset.z;
    }
    else
    {
        _1862 = push.offset.y;
    }
    uint param = push.k;
    uint end = _1862 + (((push.n * row_halves(param)) + 1u) / 2u);
    Window w = Window{ uint4(0u), uint4(0u) };
    if ((at + 5u) <= end)
    {
        uint param_1 = at;
        w.a = four_words(param_1, second, _382, _392);
        uint param_2 = at + 4u;
        w.b.x = weight_word(param_2, second, _382, _392);
    }
    else
    {
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_3 = min((at + i), (end - 1u));
            w.a[i] = weight_word(param_3, second, _382, _392);
        }
        uint param_4 = min((at + 4u), (end - 1u));
        w.b.x = weight_word(param_4, second, _382, _392);
    }
    return w;
}

static inline __attribute__((always_inline))
void load_part(thread Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, thread bool& second, const device Second1& _382, const device Weights1& _392, constant Push& push)
{
    uint param = row;
    uint param_1 = s;
    uint block = block_at(param, param_1);
    if (_2146)
    {
        uint last = ((row + push.k) - 1u) / 2u;
        uint at = ((row + (32u * s)) + (16u * p)) / 2u;
        if ((at + 8u) <= last)
        {
            uint param_2 = at;
            uint param_3 = at + 4u;
            v.numbers = Window{ four_words(param_2, second, _382, _392), four_words(param_3, second, _382, _392) };
            uint param_4 = at + 8u;
            v.scale = weight_word(param_4, second, _382, _392);
            return;
        }
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_5 = min((at + i), last);
            v.numbers.a[i] = weight_word(param_5, second, _382, _392);
            uint param_6 = min(((at + 4u) + i), last);
            v.numbers.b[i] = weight_word(param_6, second, _382, _392);
        }
        uint param_7 = min((at + 8u), last);
        v.scale = weight_word(param_7, second, _382, _392);
    }
    else
    {
        if (_2223)
        {
            uint last_1 = (row + ((push.k - 1u) / 2u)) / 2u;
            uint at_1 = ((row + (16u * s)) + (8u * p)) / 2u;
            if ((at_1 + 4u) <= last_1)
            {
                uint param_8 = at_1;
                v.numbers.a = four_words(param_8, second, _382, _392);
                uint param_9 = at_1 + 4u;
                v.scale = weight_word(param_9, second, _382, _392);
                return;
            }
            _Pragma("clang loop unroll(full)")
            for (uint i_1 = 0u; i_1 < 4u; i_1++)
            {
                uint param_10 = min((at_1 + i_1), last_1);
                v.numbers.a[i_1] = weight_word(param_10, second, _382, _392);
            }
            uint param_11 = min((at_1 + 4u), last_1);
            v.scale = weight_word(param_11, second, _382, _392);
        }
        else
        {
            if (_2290)
            {
                uint param_12 = row;
                uint param_13 = s;
                uint param_14 = p;
                uint param_15 = (numbers_at(param_12, param_13, param_14) - 1u) / 2u;
                v.numbers = window_at(param_15, second, _382, _392, push);
            }
            else
            {
                if (_2306)
                {
                    uint param_16 = block / 2u;
                    v.numbers = window_at(param_16, second, _382, _392, push);
                }
                else
                {
                    if (_2315)
                    {
                        uint param_17 = ((2u * row) + (17u * s)) / 4u;
                        v.numbers = window_at(param_17, second, _382, _392, push);
                    }
                    else
                    {
                        if (_2330)
                        {
                            uint param_18 = row;
                            uint param_19 = s;
                            uint param_20 = p;
                            uint param_21 = numbers_at(param_18, param_19, param_20) / 2u;
                            v.numbers = window_at(param_21, second, _382, _392, push);
                            uint param_22 = block / 2u;
                            uint param_23 = (block / 2u) + 1u;
                            uint2 _2353 = uint2(weight_word(param_22, second, _382, _392), weight_word(param_23, second, _382, _392));
                            v.scales.x = _2353.x;
                            v.scales.y = _2353.y;
                        }
                        else
                        {
                            if (_2359)
                            {
                                uint param_24 = row;
                                uint param_25 = s;
                                uint param_26 = p;
                                uint param_27 = numbers_at(param_24, param_25, param_26) / 2u;
                                v.numbers = window_at(param_27, second, _382, _392, push);
                                if ((s & 7u) == 0u)
                                {
                                    uint param_28 = block / 2u;
                                    uint param_29 = (block / 2u) + 1u;
                                    uint2 _2387 = uint2(weight_word(param_28, second, _382, _392), weight_word(param_29, second, _382, _392));
                                    v.scales.x = _2387.x;
                                    v.scales.y = _2387.y;
                                }
                            }
                            else
                            {
                                if (_2395)
                                {
                                    uint at_2 = block / 2u;
                                    uint numbers = ((at_2 + _2404) + (((s & 7u) / 2u) * 8u)) + (4u * p);
                                    uint _2417;
                                    if (second)
                                    {
                                        _2417 = push.offset.z;
                                    }
                                    else
                                    {
                                        _2417 = push.offset.y;
                                    }
                                    bool whole = (_2417 & 3u) == 0u;
                                    if ((s & 7u) == 0u)
                                    {
                                        uint param_30 = at_2;
                                        v.more.a = four_words(param_30, second, _382, _392);
                                        if (_2437)
                                        {
                                            uint param_31 = (at_2 + 4u) + (4u * p);
                                            v.more.b = four_words(param_31, second, _382, _392);
                                        }
                                    }
                                    if ((s & 1u) == 0u)
                                    {
                                        uint param_32 = numbers;
                                        v.numbers.a = four_words(param_32, second, _382, _392);
                                    }
                                }
                                else
                                {
                                    if (_2458)
                                    {
                                        if ((s & 3u) == 0u)
                                        {
                                            uint scales = (block / 2u) + (2u * ((s / 4u) & 1u));
                                            uint param_33 = row;
                                            uint param_34 = s;
                                            uint param_35 = p;
                                            uint param_36 = numbers_at(param_33, param_34, param_35) / 2u;
                                            v.numbers = window_at(param_36, second, _382, _392, push);
                                            uint param_37 = scales;
                                            uint param_38 = scales + 1u;
                                            uint2 _2492 = uint2(weight_word(param_37, second, _382, _392), weight_word(param_38, second, _382, _392));
                                            v.scales.x = _2492.x;
                                            v.scales.y = _2492.y;
                                            uint param_39 = (block / 2u) + 20u;
                                            v.scale = weight_word(param_39, second, _382, _392);
                                        }
                                    }
                                    else
                                    {
                                        if (_2505)
                                        {
                                            if ((s & 3u) == 0u)
                                            {
                                                uint param_40 = row;
                                                uint param_41 = s;
                                                uint param_42 = p;
                                                uint param_43 = numbers_at(param_40, param_41, param_42) / 2u;
                                                v.numbers = window_at(param_43, second, _382, _392, push);
                                            }
                                            if ((s & 7u) == 0u)
                                            {
                                                uint scales_1 = (block / 2u) + 24u;
                                                uint param_44 = (block + (8u * p)) / 2u;
                                                v.more = window_at(param_44, second, _382, _392, push);
                                                uint param_45 = scales_1;
                                                uint param_46 = scales_1 + 1u;
                                                uint param_47 = scales_1 + 2u;
                                                v.scales = uint3(weight_word(param_45, second, _382, _392), weight_word(param_46, second, _382, _392), weight_word(param_47, second, _382, _392));
                                                uint param_48 = scales_1 + 3u;
                                                v.scale = weight_word(param_48, second, _382, _392);
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
                                            v.numbers = window_at(param_52, second, _382, _392, push);
                                            if ((s & 3u) == 0u)
                                            {
                                                uint param_53 = (((block + 64u) + (16u * half_)) + (8u * p)) / 2u;
                                                v.more = window_at(param_53, second, _382, _392, push);
                                                uint param_54 = scales_2;
                                                uint param_55 = scales_2 + 1u;
                                                uint param_56 = scales_2 + 2u;
                                                v.scales = uint3(weight_word(param_54, second, _382, _392), weight_word(param_55, second, _382, _392), weight_word(param_56, second, _382, _392));
                                                uint param_57 = (block / 2u) + 52u;
                                                v.scale = weight_word(param_57, second, _382, _392);
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
Sixteen load_minima(thread const uint& row, thread const uint& s, thread const uint& p, thread bool& second, const device Second1& _382, const device Weights1& _392, constant Push& push)
{
    Sixteen v;
    v.numbers = Window{ uint4(0u), uint4(0u) };
    v.more = Window{ uint4(0u), uint4(0u) };
    v.scales = uint3(0u);
    v.scale = 0u;
    if (minima_of_32)
    {
        uint blocks = slices_of_k(push);
        uint _3733;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 16u; i++)
        {
            uint block = ((32u * s) + (16u * p)) + i;
            if (block < blocks)
            {
                uint param = (row + (BLOCK_HALVES * block)) / 2u;
                _3733 = weight_word(param, second, _382, _392) >> 16u;
            }
            else
            {
                _3733 = 0u;
            }
            uint minimum = _3733;
            if (i < 8u)
            {
                uint _3751 = i / 2u;
                v.numbers.a[_3751] |= (minimum << (16u * (i & 1u)));
            }
            else
            {
                uint _3764 = (i / 2u) - 4u;
                v.numbers.b[_3764] |= (minimum << (16u * (i & 1u)));
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
                v.more.a = uint4(weight_word(param_1, second, _382, _392), weight_word(param_2, second, _382, _392), weight_word(param_3, second, _382, _392), weight_word(param_4, second, _382, _392));
            }
            if (minima_of_16)
            {
                uint _3827;
                if (mine < blocks_1)
                {
                    uint param_5 = at + 20u;
                    _3827 = weight_word(param_5, second, _382, _392);
                }
                else
                {
                    _3827 = 0u;
                }
                v.scale = _3827;
            }
            else
            {
                uint _3841;
                if (other < blocks_1)
                {
                    uint param_6 = (row + (BLOCK_HALVES * other)) / 2u;
                    _3841 = weight_word(param_6, second, _382, _392);
                }
                else
                {
                    _3841 = 0u;
                }
                v.scale = _3841;
            }
        }
    }
    return v;
}

static inline __attribute__((always_inline))
void load_slice(thread const uint& s, thread const uint& slices_k, thread bool& second, const device Second1& _382, const device Weights1& _392, constant Push& push, device Work4& _1409, thread uint3& gl_LocalInvocationID, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1])
{
    uint p = gl_LocalInvocationID.x & 1u;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 2u; i++)
    {
        next_x[i] = _1409.work4[start_x[i] + (s * 512u)];
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
            load_part(param, param_1, param_2, param_3, second, _382, _392, push);
            next_w[i_1] = param;
        }
        else
        {
            uint param_4 = start_w[i_1];
            uint param_5 = s - slices_k;
            uint param_6 = p;
            next_w[i_1] = load_minima(param_4, param_5, param_6, second, _382, _392, push);
        }
    }
}

static inline __attribute__((always_inline))
uint4 shifted(thread const uint& h, thread const uint4& v, thread const uint& next)
{
    uint4 _1940;
    if ((h & 1u) != 0u)
    {
        _1940 = (v >> uint4(16u)) | (uint4(v.yzw, next) << uint4(16u));
    }
    else
    {
        _1940 = v;
    }
    return _1940;
}

static inline __attribute__((always_inline))
float4 f8_e4m3(thread const uint& word)
{
    float2 a = float2(as_type<half2>(((word << 7u) & 1065369472u) + 536879104u));
    float2 b = float2(as_type<half2>(((word >> 1u) & 1065369472u) + 536879104u));
    float4 v = float4(a.x, b.x, a.y, b.y);
    v = fast::min(v, (v * 2.0) - float4(0.015625));
    v = select(v, float4(as_type<float>(2143289344u)), v > float4(464.0));
    return as_type<float4>(as_type<uint4>(v) | (uint4(word << 24u, word << 16u, word << 8u, word) & uint4(2147483648u)));
}

static inline __attribute__((always_inline))
uint2 halves_of_f8(thread const uint& word, thread const uint& left)
{
    uint _3206;
    if (left > 3u)
    {
        _3206 = word;
    }
    else
    {
        uint _3213;
        if (left > 1u)
        {
            _3213 = word & 65535u;
        }
        else
        {
            _3213 = 0u;
        }
        _3206 = _3213;
    }
    uint param = _3206;
    float4 v = f8_e4m3(param);
    return uint2(as_type<uint>(half2(v.xy)), as_type<uint>(half2(v.zw)));
}

static inline __attribute__((always_inline))
uint4 words_of(thread const Window& w, thread const uint& at, thread uint& next)
{
    next = w.b.x;
    return w.a;
}

static inline __attribute__((always_inline))
uint bytes_with(thread const uint& codes, thread const uint& bit)
{
    return ((codes >> bit) & 16843009u) * 255u;
}

static inline __attribute__((always_inline))
uint choose(thread const uint& where_, thread const uint& yes, thread const uint& no)
{
    return no ^ ((no ^ yes) & where_);
}

static inline __attribute__((always_inline))
uint either(thread const uint& where_, thread const int& yes, thread const int& no)
{
    uint param = where_;
    uint param_1 = uint(yes & 255) * 16843009u;
    uint param_2 = uint(no & 255) * 16843009u;
    return choose(param, param_1, param_2);
}

static inline __attribute__((always_inline))
uint iq4_bytes(thread const uint& codes)
{
    uint param = codes;
    uint param_1 = 0u;
    uint a = bytes_with(param, param_1);
    uint param_2 = codes;
    uint param_3 = 1u;
    uint b = bytes_with(param_2, param_3);
    uint param_4 = codes;
    uint param_5 = 2u;
    uint c = bytes_with(param_4, param_5);
    uint param_6 = a;
    int param_7 = -10;
    int param_8 = -22;
    uint param_9 = a;
    int param_10 = -35;
    int param_11 = -49;
    uint param_12 = b;
    uint param_13 = either(param_6, param_7, param_8);
    uint param_14 = either(param_9, param_10, param_11);
    uint param_15 = a;
    int param_16 = -65;
    int param_17 = -83;
    uint param_18 = a;
    int param_19 = -104;
    int param_20 = -127;
    uint param_21 = b;
    uint param_22 = either(param_15, param_16, param_17);
    uint param_23 = either(param_18, param_19, param_20);
    uint param_24 = c;
    uint param_25 = choose(param_12, param_13, param_14);
    uint param_26 = choose(param_21, param_22, param_23);
    uint low = choose(param_24, param_25, param_26);
    uint param_27 = a;
    int param_28 = 113;
    int param_29 = 89;
    uint param_30 = a;
    int param_31 = 69;
    int param_32 = 53;
    uint param_33 = b;
    uint param_34 = either(param_27, param_28, param_29);
    uint param_35 = either(param_30, param_31, param_32);
    uint param_36 = a;
    int param_37 = 38;
    int param_38 = 25;
    uint param_39 = a;
    int param_40 = 13;
    int param_41 = 1;
    uint param_42 = b;
    uint param_43 = either(param_36, param_37, param_38);
    uint param_44 = either(param_39, param_40, param_41);
    uint param_45 = c;
    uint param_46 = choose(param_33, param_34, param_35);
    uint param_47 = choose(param_42, param_43, param_44);
    uint high = choose(param_45, param_46, param_47);
    uint param_48 = codes;
    uint param_49 = 3u;
    uint param_50 = bytes_with(param_48, param_49);
    uint param_51 = high;
    uint param_52 = low;
    return choose(param_50, param_51, param_52);
}

static inline __attribute__((always_inline))
uint4 iq4_words(thread const uint4& codes)
{
    uint param = codes.x;
    uint param_1 = codes.y;
    uint param_2 = codes.z;
    uint param_3 = codes.w;
    return uint4(iq4_bytes(param), iq4_bytes(param_1), iq4_bytes(param_2), iq4_bytes(param_3)) ^ uint4(2155905152u);
}

static inline __attribute__((always_inline))
uint4 words_from(thread const Window& w, thread const uint& h)
{
    Window param = w;
    uint param_1 = h / 2u;
    uint param_2;
    uint4 _1969 = words_of(param, param_1, param_2);
    uint next = param_2;
    uint4 v = _1969;
    uint param_3 = h;
    uint4 param_4 = v;
    uint param_5 = next;
    return shifted(param_3, param_4, param_5);
}

static inline __attribute__((always_inline))
uint word_of(thread const uint& h, thread const uint& low, thread const uint& high)
{
    uint _579;
    if ((h & 1u) != 0u)
    {
        _579 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _579 = low;
    }
    return _579;
}

static inline __attribute__((always_inline))
uint fifth_bits(thread const uint& bits)
{
    return (((bits & 15u) * 2113665u) << 4u) & 269488144u;
}

static inline __attribute__((always_inline))
uint fp4_bytes(thread const uint& codes)
{
    uint size = codes & 117901063u;
    uint more = codes & (((codes >> 2u) & 16843009u) * 3u);
    size += (more + ((more & (more >> 1u)) << 1u));
    uint param = codes;
    uint param_1 = 3u;
    return (269488144u + size) - ((size & bytes_with(param, param_1)) << 1u);
}

static inline __attribute__((always_inline))
uint4 bytes_of(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p)
{
    if (_2646)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = p;
        uint h = numbers_at(param, param_1, param_2);
        Window param_3 = v.numbers;
        uint param_4 = (h - 1u) / 2u;
        uint param_5;
        uint4 _2667 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint4 words = _2667;
        uint4 _2672;
        if ((h & 1u) != 0u)
        {
            uint param_6 = 1u;
            uint4 param_7 = words;
            uint param_8 = next;
            _2672 = shifted(param_6, param_7, param_8);
        }
        else
        {
            _2672 = uint4(words.yzw, next);
        }
        words = _2672;
        uint4 _2691;
        if (_2690)
        {
            _2691 = words ^ uint4(2155905152u);
        }
        else
        {
            uint4 _2699;
            if (_2698)
            {
                uint4 param_9 = uint4(words.xy, words.xy >> uint2(4u));
                _2699 = iq4_words(param_9);
            }
            else
            {
                _2699 = uint4(words.xy, words.xy >> uint2(4u)) & uint4(252645135u);
            }
            _2691 = _2699;
        }
        return _2691;
    }
    if (_2733)
    {
        Window param_10 = v.numbers;
        uint param_11 = (row / 2u) + (5u * s);
        uint param_12;
        uint4 _2748 = words_of(param_10, param_11, param_12);
        uint next_1 = param_12;
        uint4 words_1 = _2748;
        uint2 _2753;
        if (p == 0u)
        {
            _2753 = words_1.yz;
        }
        else
        {
            _2753 = uint2(words_1.w, next_1);
        }
        uint2 two = _2753;
        return uint4(two, two >> uint2(4u)) & uint4(252645135u);
    }
    if (_2778)
    {
        uint param_13 = row;
        uint param_14 = s;
        uint param_15 = p;
        Window param_16 = v.numbers;
        uint param_17 = numbers_at(param_13, param_14, param_15);
        uint2 two_1 = words_from(param_16, param_17).xy;
        uint _2797;
        if (_2796)
        {
            _2797 = v.scales.y;
        }
        else
        {
            uint param_18 = row;
            uint param_19 = s;
            uint param_20 = block_at(param_18, param_19) + 1u;
            uint param_21 = v.scales.x;
            uint param_22 = v.scales.y;
            _2797 = word_of(param_20, param_21, param_22);
        }
        uint high = _2797;
        bool _2828;
        if (_2818)
        {
            uint param_23 = row;
            uint param_24 = s;
            _2828 = (block_at(param_23, param_24) & 1u) != 0u;
        }
        else
        {
            _2828 = _2818;
        }
        uint _2829;
        if (_2828)
        {
            _2829 = v.scales.y;
        }
        else
        {
            _2829 = high;
        }
        high = _2829 >> (8u * p);
        uint param_25 = high;
        uint param_26 = high >> 4u;
        uint param_27 = high >> 16u;
        uint param_28 = high >> 20u;
        return (uint4(two_1, two_1 >> uint2(4u)) & uint4(252645135u)) | uint4(fifth_bits(param_25), fifth_bits(param_26), fifth_bits(param_27), fifth_bits(param_28));
    }
    if (_2869)
    {
        uint param_29 = row;
        uint param_30 = s;
        uint param_31 = p;
        Window param_32 = v.numbers;
        uint param_33 = numbers_at(param_29, param_30, param_31);
        uint2 two_2 = words_from(param_32, param_33).xy;
        uint4 param_34 = uint4(two_2, two_2 >> uint2(4u));
        return iq4_words(param_34);
    }
    if (_2898)
    {
        uint at = (2u * row) + (17u * s);
        uint shift = 8u * (at & 3u);
        Window param_35 = v.numbers;
        uint param_36 = at / 4u;
        uint param_37;
        uint4 _2920 = words_of(param_35, param_36, param_37);
        uint next_2 = param_37;
        uint4 words_2 = _2920;
        uint3 _2925;
        if (p == 0u)
        {
            _2925 = words_2.xyz;
        }
        else
        {
            _2925 = uint3(words_2.z, words_2.w, next_2);
        }
        uint3 three = _2925;
        uint2 two_3 = ((three.xy >> uint2(shift)) >> uint2(8u)) | (three.yz << uint2(24u - shift));
        uint param_38 = two_3.x;
        uint param_39 = two_3.y;
        uint param_40 = two_3.x >> 4u;
        uint param_41 = two_3.y >> 4u;
        return uint4(fp4_bytes(param_38), fp4_bytes(param_39), fp4_bytes(param_40), fp4_bytes(param_41));
    }
    if (_2973)
    {
        return (v.numbers.a >> uint4(4u * (s & 1u))) & uint4(252645135u);
    }
    if (_2986)
    {
        return ((v.numbers.a >> uint4(4u * (s & 1u))) & uint4(252645135u)) | (((v.more.b >> uint4(s & 7u)) & uint4(16843009u)) << uint4(4u));
    }
    uint param_42 = row;
    uint param_43 = s;
    uint param_44 = p;
    Window param_45 = v.numbers;
    uint param_46 = numbers_at(param_42, param_43, param_44);
    uint4 low = words_from(param_45, param_46);
    uint param_47 = row;
    uint param_48 = s;
    uint block = block_at(param_47, param_48);
    uint half_ = (s / 4u) & 1u;
    uint stripe = s & 3u;
    if (_3036)
    {
        return (low >> uint4(2u * stripe)) & uint4(50529027u);
    }
    if (_3048)
    {
        Window param_49 = v.more;
        uint param_50 = block + (8u * p);
        uint4 high_1 = (words_from(param_49, param_50) >> uint4(s & 7u)) & uint4(16843009u);
        return ((low >> uint4(2u * stripe)) & uint4(50529027u)) | (high_1 << uint4(2u));
    }
    Window param_51 = v.more;
    uint param_52 = ((block + 64u) + (16u * half_)) + (8u * p);
    uint4 high_2 = (words_from(param_51, param_52) >> uint4(2u * stripe)) & uint4(50529027u);
    return ((low >> uint4(2u * (stripe & 2u))) & uint4(252645135u)) | (high_2 << uint4(4u));
}

static inline __attribute__((always_inline))
uint2 halves_of(thread const uint& bytes)
{
    float zero = _3163;
    uint low = (bytes & 255u) | ((bytes & 65280u) << 8u);
    uint high = ((bytes >> 16u) & 255u) | ((bytes & 4278190080u) >> 8u);
    return uint2(as_type<uint>(as_type<half2>(low | 1677747200u) - half2(half(zero))), as_type<uint>(as_type<half2>(high | 1677747200u) - half2(half(zero))));
}

static inline __attribute__((always_inline))
void decode_part(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, thread uint4& first, thread uint4& second_, constant Push& push)
{
    uint left = push.k - min(push.k, ((32u * s) + (16u * p)));
    if (_3245)
    {
        uint param = row;
        uint4 param_1 = v.numbers.a;
        uint param_2 = v.numbers.b.x;
        first = shifted(param, param_1, param_2);
        uint param_3 = row;
        uint4 param_4 = v.numbers.b;
        uint param_5 = v.scale;
        second_ = shifted(param_3, param_4, param_5);
        uint _3280;
        uint _3291;
        uint _3308;
        uint _3320;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            if (left > ((2u * i) + 1u))
            {
                _3280 = first[i];
            }
            else
            {
                if (left > (2u * i))
                {
                    _3291 = first[i] & 65535u;
                }
                else
                {
                    _3291 = 0u;
                }
                _3280 = _3291;
            }
            first[i] = _3280;
            if (left > ((2u * i) + 9u))
            {
                _3308 = second_[i];
            }
            else
            {
                if (left > ((2u * i) + 8u))
                {
                    _3320 = second_[i] & 65535u;
                }
                else
                {
                    _3320 = 0u;
                }
                _3308 = _3320;
            }
            second_[i] = _3308;
        }
        return;
    }
    if (_3334)
    {
        uint param_6 = row;
        uint4 param_7 = v.numbers.a;
        uint param_8 = v.scale;
        uint4 words = shifted(param_6, param_7, param_8);
        uint param_9 = words.x;
        uint param_10 = left;
        uint param_11 = words.y;
        uint param_12 = left - min(left, 4u);
        first = uint4(halves_of_f8(param_9, param_10), halves_of_f8(param_11, param_12));
        uint param_13 = words.z;
        uint param_14 = left - min(left, 8u);
        uint param_15 = words.w;
        uint param_16 = left - min(left, 12u);
        second_ = uint4(halves_of_f8(param_13, param_14), halves_of_f8(param_15, param_16));
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
    uint _858;
    if (exponent < 2u)
    {
        _858 = 2097152u << exponent;
    }
    else
    {
        _858 = (exponent - 1u) << 23u;
    }
    return as_type<float>(_858);
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
    float2 _641;
    if (i < 4u)
    {
        _641 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _641 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _641;
}

static inline __attribute__((always_inline))
float part_scale(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p)
{
    if (_3431)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = 0u;
        uint h = numbers_at(param, param_1, param_2) - 1u;
        Window param_3 = v.numbers;
        uint param_4 = h / 2u;
        uint param_5;
        uint4 _3450 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint param_6 = h;
        uint param_7 = _3450.x;
        return float_of(param_6, param_7);
    }
    if (_3458)
    {
        Window param_8 = v.numbers;
        uint param_9 = (row / 2u) + (5u * s);
        uint param_10;
        uint4 _3472 = words_of(param_8, param_9, param_10);
        uint next_1 = param_10;
        return float2(as_type<half2>(_3472.x)).x;
    }
    if (_3480)
    {
        uint param_11 = row;
        uint param_12 = s;
        uint param_13 = block_at(param_11, param_12);
        uint param_14 = v.scales.x;
        return float_of(param_13, param_14);
    }
    if (_3494)
    {
        uint at = (2u * row) + (17u * s);
        Window param_15 = v.numbers;
        uint param_16 = at / 4u;
        uint param_17;
        uint4 _3511 = words_of(param_15, param_16, param_17);
        uint next_2 = param_17;
        uint param_18 = _3511.x >> (8u * (at & 3u));
        float _3519 = e8m0(param_18);
        return _3519;
    }
    if (_3521)
    {
        uint2 param_19 = v.scales.xy;
        uint param_20 = s & 7u;
        return iq4_xs_scale(param_19, param_20);
    }
    if (_3535)
    {
        uint3 param_21 = v.more.a.yzw;
        uint param_22 = s & 7u;
        return float2(as_type<half2>(v.more.a.x)).x * scale_of(param_21, param_22).x;
    }
    uint param_23 = row;
    uint param_24 = s;
    uint block = block_at(param_23, param_24);
    if (_3559)
    {
        uint _3566;
        if ((s & 2u) != 0u)
        {
            _3566 = v.scales.y;
        }
        else
        {
            _3566 = v.scales.x;
        }
        uint word = _3566;
        return float2(as_type<half2>(v.scale)).x * float((word >> ((16u * (s & 1u)) + (8u * p))) & 15u);
    }
    if (_3591)
    {
        uint3 words = v.scales;
        if ((block & 1u) != 0u)
        {
            words = (words >> uint3(16u)) | (uint3(words.yz, v.scale) << uint3(16u));
        }
        uint i = (2u * (s & 7u)) + p;
        uint shift = 8u * (i & 3u);
        uint _3629;
        if ((i & 4u) != 0u)
        {
            _3629 = words.y;
        }
        else
        {
            _3629 = words.x;
        }
        uint low = (_3629 >> (shift + (4u * (i / 8u)))) & 15u;
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
    uint _3126;
    if (halves_in_nibbles)
    {
        _3126 = p + (2u * i);
    }
    else
    {
        _3126 = (2u * p) + i;
    }
    return _3126;
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
    float _3862;
    if (minima_in_pairs)
    {
        _3862 = fast::max(abs(float2(as_type<half2>(v.more.a.x)).y), abs(mine));
    }
    else
    {
        _3862 = minima_of_16 ? mine : 1.0;
    }
    return _3862;
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
        float _3936;
        if (most > 0.0)
        {
            _3936 = (-float2(as_type<half2>(v.more.a.x)).y) / most;
        }
        else
        {
            _3936 = 0.0;
        }
        float ratio = _3936;
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
    float _4244;
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
            if (_4243)
            {
                _4244 = 1.0;
            }
            else
            {
                Sixteen param_6 = next_w[i_1];
                uint param_7 = start_w[i_1];
                uint param_8 = s;
                uint param_9 = p;
                _4244 = part_scale(param_6, param_7, param_8, param_9);
            }
            scale = _4244;
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
        bool _4326;
        if (_4313)
        {
            _4326 = (p == 0u) || _4324;
        }
        else
        {
            _4326 = _4313;
        }
        if (_4326)
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
                simdgroup_half8x8 _4422;
                simdgroup_load(_4422, reinterpret_cast<threadgroup half*>(&tile_w[((right + (j * 8u)) * 5u) + (((e * PART_STEPS) + t) * 1u)]), (5u) * 8u, ulong2(0), true);
                simdgroup_half8x8 tempArg = _4422;
                b[(j * 4u) + t] = tempArg;
            }
        }
        if (_4437)
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
                simdgroup_float8x8 _4516;
                simdgroup_load(_4516, reinterpret_cast<threadgroup float*>(&pool[((down + (i * 8u)) * 9u) + ((((e * PART_STEPS) + t_1) * 2u) * 1u)]), (9u) * 4u);
                simdgroup_float8x8 tempArg_1 = _4516;
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
                    if (_4549)
                    {
                        simdgroup_float8x8 _4575;
                        simdgroup_multiply_accumulate(_4575, a[t_2], b[(j_1 * 4u) + t_2], sums[(i * 4u) + j_1]);
                        sums[(i * 4u) + j_1] = _4575;
                    }
                    else
                    {
                        simdgroup_float8x8 _4588;
                        simdgroup_multiply_accumulate(_4588, a[t_2], b[(j_1 * 4u) + t_2], block);
                        block = _4588;
                    }
                }
            }
            if (_4594)
            {
                uint _4600 = (i * 4u) + j_1;
                simdgroup_float8x8 param = sums[_4600];
                simdgroup_float8x8 param_1 = block;
                float2 param_2 = scales[j_1];
                add_scaled(param, param_1, param_2);
                sums[_4600] = param;
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
    if (_4623)
    {
        uint param_3 = down;
        uint param_4 = right;
        uint param_5 = 1u;
        multiply_part(param_3, param_4, param_5, pool, tile_w, tile_scales, columns, sums);
    }
}

static inline __attribute__((always_inline))
void finish_gated(thread const uint& r, thread const uint& j, thread const float4& gate, thread const float4& up, constant Push& push, device Y4& _1203, device Y1& _1229)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    float param = gate.x;
    float param_1 = gate.y;
    float param_2 = gate.z;
    float param_3 = gate.w;
    float4 v = float4(silu(param), silu(param_1), silu(param_2), silu(param_3)) * up;
    bool _1188 = (to & 3u) == 0u;
    bool _1197;
    if (_1188)
    {
        _1197 = (j + 4u) <= push.n;
    }
    else
    {
        _1197 = _1188;
    }
    if (_1197)
    {
        _1203.y4[to / 4u] = v;
        return;
    }
    uint e = 0u;
    _Pragma("clang loop unroll(disable)")
    for (;;)
    {
        bool _1216 = e < 4u;
        bool _1225;
        if (_1216)
        {
            _1225 = (j + e) < push.n;
        }
        else
        {
            _1225 = _1216;
        }
        if (_1225)
        {
            _1229.y1[to + e] = v[e];
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
void finish_tile(thread const uint& first_r, thread const uint& first_j, thread const uint& first_c, thread uint& gl_SubgroupID, constant Push& push, device Y4& _1203, device Y1& _1229, threadgroup uint4 (&pool)[576], device Work1& _1704, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
{
    uint base = (gl_SubgroupID * 8u) * 8u;
    uint lane = gl_SubgroupInvocationID;
    uint _4679;
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
            _4679 = base - 256u;
        }
        else
        {
            _4679 = base;
        }
        uint gate = _4679;
        uint other = gate + 256u;
        threadgroup_barrier(mem_flags::mem_threadgroup);
        uint _4694 = lane + (up ? 32u : 0u);
        _Pragma("clang loop unroll(disable)")
        for (uint t = _4694; t < 64u; t += 64u)
        {
            uint r = (first_r + (i * 8u)) + (t / 8u);
            uint j_1 = (first_j + (first_c % 64u)) + (4u * (t % 8u));
            bool _4722 = r < push.rows;
            bool _4729;
            if (_4722)
            {
                _4729 = j_1 < push.n;
            }
            else
            {
                _4729 = _4722;
            }
            if (_4729)
            {
                float factor = _1704.work1[r];
                float4 v = as_type<float4>(pool[gate + t]) * factor;
                float4 w = as_type<float4>(pool[other + t]) * factor;
                uint param = r;
                uint param_1 = j_1;
                float4 param_2 = v;
                float4 param_3 = w;
                finish_gated(param, param_1, param_2, param_3, push, _1203, _1229);
            }
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
    }
}

static inline __attribute__((always_inline))
void matrix_tiles(thread bool& second, thread uint& gl_SubgroupID, const device Second1& _382, const device Weights1& _392, constant Push& push, device Y4& _1203, device Y1& _1229, threadgroup uint4 (&pool)[576], device Work4& _1409, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1704, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1], threadgroup uint4 (&tile_w)[640], threadgroup float (&tile_scales)[256], thread uint2& columns, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
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
        uint _4797 = ceil_div(param, param_1);
        if (tile_j < _4797)
        {
            uint tile_r = (push.first.xyz + gl_WorkGroupID).x;
            for (;;)
            {
                uint param_2 = push.rows;
                uint param_3 = 64u;
                uint _4816 = ceil_div(param_2, param_3);
                if (tile_r < _4816)
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
                    load_slice(param_6, param_7, second, _382, _392, push, _1409, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    uint param_8 = min(first, (count - 1u));
                    uint param_9 = slices_k;
                    put_slice(param_8, param_9, push, pool, gl_LocalInvocationID, start_w, next_x, next_w, tile_w, tile_scales);
                    uint param_10 = min((first + 1u), (count - 1u));
                    uint param_11 = slices_k;
                    load_slice(param_10, param_11, second, _382, _392, push, _1409, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
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
                        load_slice(param_16, param_17, second, _382, _392, push, _1409, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                        threadgroup_barrier(mem_flags::mem_threadgroup);
                    }
                    uint param_18 = (tile_r * 64u) + down;
                    uint param_19 = tile_j * 64u;
                    uint param_20 = right;
                    finish_tile(param_18, param_19, param_20, gl_SubgroupID, push, _1203, _1229, pool, _1704, sums, gl_SubgroupInvocationID);
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

kernel void zc_linear_gated_matrix(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device Weights1& _392 [[buffer(2)]], const device Second1& _382 [[buffer(3)]], const device void* spvBufferAliasSet0Binding4 [[buffer(4)]], device void* spvBufferAliasSet0Binding5 [[buffer(5)]], device void* spvBufferAliasSet0Binding6 [[buffer(6)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]])
{
    const device auto& _979 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& _1059 = *(const device Norm4*)spvBufferAliasSet0Binding4;
    device auto& _1203 = *(device Y4*)spvBufferAliasSet0Binding5;
    device auto& _1409 = *(device Work4*)spvBufferAliasSet0Binding6;
    const device auto& _991 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& _1068 = *(const device Norm1*)spvBufferAliasSet0Binding4;
    device auto& _1229 = *(device Y1*)spvBufferAliasSet0Binding5;
    device auto& _1704 = *(device Work1*)spvBufferAliasSet0Binding6;
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
    if (_4921)
    {
        input_rows(group_partial, gl_SubgroupID, gl_NumSubgroups, _979, _991, push, _1059, _1068, pool, _1409, gl_LocalInvocationID, gl_WorkGroupID, _1704);
    }
    else
    {
        matrix_tiles(second, gl_SubgroupID, _382, _392, push, _1203, _1229, pool, _1409, gl_LocalInvocationID, gl_WorkGroupID, _1704, start_x, start_w, next_x, next_w, tile_w, tile_scales, columns, sums, gl_SubgroupInvocationID);
    }
}

