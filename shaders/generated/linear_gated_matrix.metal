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
constant bool _410 = (type == 0u);
constant bool _418 = (type == 1u);
constant bool _426 = (type == 2u);
constant bool _434 = (type == 3u);
constant bool _444 = (type == 4u);
constant bool _454 = (type == 5u);
constant bool _464 = (type == 6u);
constant bool _474 = (type == 7u);
constant bool _483 = (type == 8u);
constant bool _492 = (type == 9u);
constant bool _501 = (type == 10u);
constant bool _510 = (type == 11u);
constant bool _519 = (type == 12u);
constant bool _529 = (type == 13u);
constant bool _538 = (type == 14u);
constant bool _548 = (type == 15u);
constant bool _558 = (type == 16u);

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

constant uint _1114 = (variant / 17u);
constant uint input_ = (_1114 % 2u);
constant bool normed = (input_ == 1u);

struct Y4
{
    float4 y4[1];
};

struct Y1
{
    float y1[1];
};

constant bool _1240 = (type == 5u);
constant bool _1241 = (type == 9u);
constant bool minima_of_32 = (_1240 || _1241);
constant bool _1251 = (type == 6u);
constant bool _1252 = (type == 12u);
constant bool minima_in_pairs = (_1251 || _1252);
constant bool _1254 = (minima_of_32 || minima_in_pairs);
constant bool minima_of_16 = (type == 10u);
constant bool minima_of_any = (_1254 || minima_of_16);

struct Work4
{
    uint4 work4[1];
};

constant uint QUADS_OF_SUM = minima_of_16 ? 4u : 8u;
constant uint _1471 = minima_in_pairs ? 2u : 4u;
constant uint QUADS_OF_SUMS = (QUADS_OF_SUM * _1471);
constant uint _1477 = (256u / QUADS_OF_SUMS);

struct Work1
{
    float work1[1];
};

constant uint _1790 = (256u / QUADS_OF_SUMS);
constant bool _1976 = (type == 6u);
constant bool _1977 = (type == 7u);
constant bool _1978 = (_1976 || _1977);
constant bool _1979 = (type == 12u);
constant bool _1980 = (_1978 || _1979);
constant bool _1981 = (type == 10u);
constant bool _1982 = (_1980 || _1981);
constant bool _1983 = (type == 11u);
constant bool _1984 = (_1982 || _1983);
constant bool _1985 = (type == 14u);
constant bool blocks_of_256 = (_1984 || _1985);
constant bool _1995 = (type == 3u);
constant bool _1996 = (type == 15u);
constant bool _1997 = (_1995 || _1996);
constant bool _1998 = (type == 4u);
constant bool _1999 = (type == 13u);
constant bool _2000 = (_1998 || _1999);
constant bool _2001 = (type == 5u);
constant bool _2002 = (type == 8u);
constant bool _2003 = (type == 9u);
constant bool _2004 = (type == 6u);
constant bool _2005 = (type == 12u);
constant bool _2006 = (type == 10u);
constant bool _2007 = (type == 11u);
constant bool _2008 = (type == 14u);
constant uint _2009 = _2008 ? 68u : 105u;
constant uint _2010 = _2007 ? 55u : _2009;
constant uint _2011 = _2006 ? 42u : _2010;
constant uint _2012 = _2005 ? 88u : _2011;
constant uint _2013 = _2004 ? 72u : _2012;
constant uint _2014 = _2003 ? 12u : _2013;
constant uint _2015 = _2002 ? 11u : _2014;
constant uint _2016 = _2001 ? 10u : _2015;
constant uint _2017 = _2000 ? 9u : _2016;
constant uint BLOCK_HALVES = _1997 ? 17u : _2017;
constant bool _2033 = (type == 3u);
constant bool _2043 = (type == 4u);
constant bool _2044 = (type == 13u);
constant bool _2045 = (_2043 || _2044);
constant bool _2055 = (type == 8u);
constant bool _2065 = (type == 9u);
constant bool _2075 = (type == 10u);
constant bool _2088 = (type == 11u);
constant bool _2101 = (type == 14u);
constant bool _2141 = (type == 1u);
constant bool _2218 = (type == 16u);
constant bool _2281 = (type == 3u);
constant bool _2282 = (type == 4u);
constant bool _2283 = (_2281 || _2282);
constant bool _2284 = (type == 13u);
constant bool _2285 = (_2283 || _2284);
constant bool _2301 = (type == 5u);
constant bool _2310 = (type == 15u);
constant bool _2323 = (type == 8u);
constant bool _2324 = (type == 9u);
constant bool _2325 = (_2323 || _2324);
constant bool _2354 = (type == 14u);
constant bool _2388 = (type == 6u);
constant bool _2389 = (type == 12u);
constant bool _2390 = (_2388 || _2389);
constant bool _2398 = (type == 12u);
constant uint _2399 = _2398 ? 12u : 4u;
constant bool _2432 = (type == 12u);
constant bool _2480 = (type == 10u);
constant bool _2527 = (type == 11u);
constant bool _2642 = (type == 3u);
constant bool _2643 = (type == 4u);
constant bool _2644 = (_2642 || _2643);
constant bool _2645 = (type == 13u);
constant bool _2646 = (_2644 || _2645);
constant bool _2690 = (type == 3u);
constant bool _2699 = (type == 13u);
constant bool _2734 = (type == 5u);
constant bool _2777 = (type == 8u);
constant bool _2778 = (type == 9u);
constant bool _2779 = (_2777 || _2778);
constant bool _2797 = (type == 9u);
constant bool _2819 = (type == 8u);
constant bool _2870 = (type == 14u);
constant bool _2899 = (type == 15u);
constant bool _2968 = (type == 6u);
constant bool _2981 = (type == 12u);
constant bool _3043 = (type == 10u);
constant bool _3054 = (type == 11u);
constant bool _3119 = (type == 4u);
constant bool _3120 = (type == 5u);
constant bool _3121 = (_3119 || _3120);
constant bool _3122 = (type == 8u);
constant bool _3123 = (_3121 || _3122);
constant bool _3124 = (type == 9u);
constant bool _3125 = (_3123 || _3124);
constant bool _3126 = (type == 13u);
constant bool _3127 = (_3125 || _3126);
constant bool _3128 = (type == 14u);
constant bool _3129 = (_3127 || _3128);
constant bool _3130 = (type == 15u);
constant bool halves_in_nibbles = (_3129 || _3130);
constant bool _3148 = (type == 3u);
constant bool _3149 = (type == 13u);
constant bool _3150 = (_3148 || _3149);
constant bool _3151 = (type == 14u);
constant bool _3152 = (_3150 || _3151);
constant bool _3154 = (type == 4u);
constant bool _3156 = (type == 7u);
constant bool _3158 = (type == 8u);
constant bool _3159 = (type == 15u);
constant bool _3160 = (_3158 || _3159);
constant bool _3162 = (type == 11u);
constant float _3165 = _3162 ? 1028.0 : 1024.0;
constant float _3166 = _3160 ? 1040.0 : _3165;
constant float _3167 = _3156 ? 1056.0 : _3166;
constant float _3168 = _3154 ? 1032.0 : _3167;
constant float _3169 = _3152 ? 1152.0 : _3168;
constant bool _3291 = (type == 1u);
constant bool _3380 = (type == 16u);
constant bool _3473 = (type == 3u);
constant bool _3474 = (type == 4u);
constant bool _3475 = (_3473 || _3474);
constant bool _3476 = (type == 13u);
constant bool _3477 = (_3475 || _3476);
constant bool _3504 = (type == 5u);
constant bool _3524 = (type == 8u);
constant bool _3525 = (type == 9u);
constant bool _3526 = (_3524 || _3525);
constant bool _3540 = (type == 15u);
constant bool _3569 = (type == 14u);
constant bool _3581 = (type == 6u);
constant bool _3582 = (type == 12u);
constant bool _3583 = (_3581 || _3582);
constant bool _3607 = (type == 10u);
constant bool _3639 = (type == 11u);
constant bool _4289 = (type == 1u);
constant bool _4290 = (type == 16u);
constant bool _4291 = (_4289 || _4290);
constant bool _4358 = (type == 1u);
constant bool _4359 = (type == 16u);
constant bool _4360 = (_4358 || _4359);
constant bool _4361 = (!_4360);
constant bool _4366 = (type == 7u);
constant bool _4367 = (type == 10u);
constant bool _4368 = (_4366 || _4367);
constant bool _4369 = (type == 11u);
constant bool _4370 = (_4368 || _4369);
constant uint SCALES = _4370 ? 2u : 1u;
constant bool _4372 = (SCALES == 2u);
constant uint PART_STEPS = (4u / SCALES);
constant bool _4483 = (type == 1u);
constant bool _4484 = (type == 16u);
constant bool _4485 = (_4483 || _4484);
constant bool _4486 = (!_4485);
constant bool _4596 = (type == 1u);
constant bool _4597 = (type == 16u);
constant bool _4598 = (_4596 || _4597);
constant bool _4640 = (type == 1u);
constant bool _4641 = (type == 16u);
constant bool _4642 = (_4640 || _4641);
constant bool _4643 = (!_4642);
constant bool _4672 = (SCALES == 2u);
constant uint way = (variant / 102u);
constant bool _4970 = (way == 8u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

struct Weights4
{
    uint4 weights4[1];
};

struct Second4
{
    uint4 second4[1];
};

constant float _1491[4] = { 0.0, 0.0, 0.0, 0.0 };

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
float4 x_at(thread const uint& i, thread const uint& count, const device X4& _955, const device X1& _967)
{
    if (((i & 3u) == 0u) && (count >= 4u))
    {
        return _955.x4[i / 4u];
    }
    float4 v = float4(0.0);
    v.x = _967.x1[i];
    if (count > 1u)
    {
        v.y = _967.x1[i + 1u];
    }
    if (count > 2u)
    {
        v.z = _967.x1[i + 2u];
    }
    if (count > 3u)
    {
        v.w = _967.x1[i + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
float4 norm_at(thread const uint& i, constant Push& push, const device Norm4& _1035, const device Norm1& _1044)
{
    uint at = push.offset.w + i;
    uint last = (push.offset.w + push.k) - 1u;
    bool _1022 = (at & 3u) == 0u;
    bool _1029;
    if (_1022)
    {
        _1029 = (at + 3u) <= last;
    }
    else
    {
        _1029 = _1022;
    }
    if (_1029)
    {
        return _1035.norm4[at / 4u];
    }
    return float4(_1044.norm1[min(at, last)], _1044.norm1[min((at + 1u), last)], _1044.norm1[min((at + 2u), last)], _1044.norm1[min((at + 3u), last)]);
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
float4 input_quad(thread const uint& r, thread const uint& q, thread float& squares, const device X4& _955, const device X1& _967, constant Push& push, const device Norm4& _1035, const device Norm1& _1044)
{
    if ((4u * q) >= push.k)
    {
        return float4(0.0);
    }
    uint at = (push.offset.x + (r * push.ldx)) + (4u * q);
    uint count = push.k - (4u * q);
    float4 _1360;
    if (false)
    {
        uint param = at + push.k;
        uint param_1 = count;
        _1360 = x_at(param, param_1, _955, _967);
    }
    else
    {
        _1360 = float4(0.0);
    }
    float4 up = _1360;
    float4 _1374;
    if (normed)
    {
        uint param_2 = 4u * q;
        _1374 = norm_at(param_2, push, _1035, _1044);
    }
    else
    {
        _1374 = float4(1.0);
    }
    float4 factor = _1374;
    uint param_3 = at;
    uint param_4 = count;
    float4 param_5 = x_at(param_3, param_4, _955, _967);
    float4 param_6 = up;
    float4 param_7 = factor;
    float param_8 = squares;
    float4 _1396 = input_of(param_5, param_6, param_7, param_8);
    squares = param_8;
    return _1396;
}

static inline __attribute__((always_inline))
uint group_max_bits(thread uint& bits, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, threadgroup uint4 (&pool)[576])
{
    bits = simd_max(bits);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _1303 = simd_is_first();
    if (_1303)
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
    bool _309 = simd_is_first();
    if (_309)
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
    float _1074;
    if (push.k != 0u)
    {
        _1074 = rsqrt((squares / float(push.k)) + push.eps);
    }
    else
    {
        _1074 = 0.0;
    }
    return _1074;
}

static inline __attribute__((always_inline))
uint slices_of_minima(constant Push& push)
{
    uint _1243;
    if (minima_of_32)
    {
        uint param = slices_of_k(push);
        uint param_1 = 32u;
        _1243 = ceil_div(param, param_1);
    }
    else
    {
        uint _1257;
        if (minima_of_any)
        {
            uint param_2 = push.k;
            uint param_3 = 512u;
            _1257 = ceil_div(param_2, param_3);
        }
        else
        {
            _1257 = 0u;
        }
        _1243 = _1257;
    }
    return _1243;
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
void put_halves(thread const uint& at, thread const uint& q, thread const float4& v, device Work4& _1403)
{
    _1403.work4[(at + ((q / 8u) * 512u)) + (q & 7u)] = as_type<uint4>(v);
}

static inline __attribute__((always_inline))
void put_quads(thread const uint& start, thread const uint& minima, thread const uint& base, thread const uint& quads, thread const float4& v, constant Push& push, threadgroup uint4 (&pool)[576], device Work4& _1403, thread uint3& gl_LocalInvocationID)
{
    uint me = gl_LocalInvocationID.x;
    if ((base + me) < quads)
    {
        uint param = start;
        uint param_1 = base + me;
        float4 param_2 = v;
        put_halves(param, param_1, param_2, _1403);
    }
    if (minima_of_any)
    {
        uint turn = base & 256u;
        float _1450;
        if ((base + me) < quads)
        {
            _1450 = ((v.x + v.y) + v.z) + v.w;
        }
        else
        {
            _1450 = 0.0;
        }
        ((threadgroup uint*)&pool[turn + me])[0u] = as_type<uint>(_1450);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        uint m = (base / QUADS_OF_SUMS) + me;
        bool _1478 = me < _1477;
        bool _1485;
        if (_1478)
        {
            _1485 = m < (slices_of_minima(push) * 8u);
        }
        else
        {
            _1485 = _1478;
        }
        if (_1485)
        {
            float sums[4] = { 0.0, 0.0, 0.0, 0.0 };
            for (uint i = 0u; i < QUADS_OF_SUMS; i++)
            {
                uint _1501 = i / QUADS_OF_SUM;
                sums[_1501] += as_type<float>(((threadgroup uint*)&pool[(turn + (QUADS_OF_SUMS * me)) + i])[0u]);
            }
            float4 _1517;
            if (minima_in_pairs)
            {
                _1517 = float4(sums[0], sums[0], sums[1], sums[1]);
            }
            else
            {
                _1517 = float4(sums[0], sums[1], sums[2], sums[3]);
            }
            uint param_3 = minima;
            uint param_4 = m;
            float4 param_5 = _1517;
            put_halves(param_3, param_4, param_5, _1403);
        }
    }
}

static inline __attribute__((always_inline))
void input_rows(threadgroup float (&group_partial)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, const device X4& _955, const device X1& _967, constant Push& push, const device Norm4& _1035, const device Norm1& _1044, threadgroup uint4 (&pool)[576], device Work4& _1403, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1699)
{
    uint me = gl_LocalInvocationID.x;
    uint quads = slices_of_k(push) * 8u;
    uint3 _1561 = push.first.xyz + gl_WorkGroupID;
    uint _1562 = _1561.x;
    float4 kept[4];
    float _1665;
    for (uint r = _1562; r < push.rows; r += push.groups.x)
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
            float4 _1596 = input_quad(param, param_1, param_2, _955, _967, push, _1035, _1044);
            squares = param_2;
            kept[i] = _1596;
            uint4 v = as_type<uint4>(kept[i]) & uint4(2147483647u);
            bits = max(bits, max(max(v.x, v.y), max(v.z, v.w)));
        }
        uint _1625 = 1024u + me;
        for (uint q = _1625; q < quads; q += 256u)
        {
            uint param_3 = r;
            uint param_4 = q;
            float param_5 = squares;
            float4 _1641 = input_quad(param_3, param_4, param_5, _955, _967, push, _1035, _1044);
            squares = param_5;
            uint4 v_1 = as_type<uint4>(_1641) & uint4(2147483647u);
            bits = max(bits, max(max(v_1.x, v_1.y), max(v_1.z, v_1.w)));
        }
        uint param_6 = bits;
        uint _1663 = group_max_bits(param_6, gl_SubgroupID, gl_NumSubgroups, pool);
        bits = _1663;
        if (normed)
        {
            float param_7 = squares;
            float _1670 = group_sum(param_7, group_partial, gl_SubgroupID, gl_NumSubgroups);
            float param_8 = _1670;
            _1665 = norm_scale(param_8, push);
        }
        else
        {
            _1665 = 1.0;
        }
        float factor = _1665;
        int power = clamp(136 - int(bits >> 23u), -118, 100);
        float scale = as_type<float>(uint(127 + power) << 23u);
        if (me == 0u)
        {
            _1699.work1[r] = factor * as_type<float>(uint(127 - power) << 23u);
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
                put_quads(param_10, param_11, param_12, param_13, param_14, push, pool, _1403, gl_LocalInvocationID);
            }
        }
        for (uint base = 1024u; base < quads; base += 256u)
        {
            uint param_15 = r;
            uint param_16 = base + me;
            float param_17 = unused;
            float4 _1768 = input_quad(param_15, param_16, param_17, _955, _967, push, _1035, _1044);
            unused = param_17;
            uint param_18 = start;
            uint param_19 = minima;
            uint param_20 = base;
            uint param_21 = quads;
            float4 param_22 = _1768 * scale;
            put_quads(param_18, param_19, param_20, param_21, param_22, push, pool, _1403, gl_LocalInvocationID);
        }
        if (minima_of_any)
        {
            uint param_23 = quads;
            uint param_24 = 256u;
            uint covered = ceil_div(param_23, param_24) * _1790;
            uint _1795 = covered + me;
            for (uint m = _1795; m < (slices_of_minima(push) * 8u); m += 256u)
            {
                uint param_25 = minima;
                uint param_26 = m;
                float4 param_27 = float4(0.0);
                put_halves(param_25, param_26, param_27, _1403);
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
    simdgroup_float8x8 _4415;
    simdgroup_load(_4415, reinterpret_cast<threadgroup float*>(&pool[0u]), (2u) * 4u);
    simdgroup_float8x8 tempArg = _4415;
    simdgroup_float8x8 numbers = tempArg;
    simdgroup_float8x8 param = numbers;
    columns = uint2(elements_of(param));
}

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    uint _411;
    if (_410)
    {
        _411 = (k / 1u) * 2u;
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
                _427 = (k / 1u) * 1u;
            }
            else
            {
                uint _435;
                if (_434)
                {
                    _435 = (k / 32u) * 17u;
                }
                else
                {
                    uint _445;
                    if (_444)
                    {
                        _445 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _455;
                        if (_454)
                        {
                            _455 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _465;
                            if (_464)
                            {
                                _465 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _475;
                                if (_474)
                                {
                                    _475 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    uint _484;
                                    if (_483)
                                    {
                                        _484 = (k / 32u) * 11u;
                                    }
                                    else
                                    {
                                        uint _493;
                                        if (_492)
                                        {
                                            _493 = (k / 32u) * 12u;
                                        }
                                        else
                                        {
                                            uint _502;
                                            if (_501)
                                            {
                                                _502 = (k / 256u) * 42u;
                                            }
                                            else
                                            {
                                                uint _511;
                                                if (_510)
                                                {
                                                    _511 = (k / 256u) * 55u;
                                                }
                                                else
                                                {
                                                    uint _520;
                                                    if (_519)
                                                    {
                                                        _520 = (k / 256u) * 88u;
                                                    }
                                                    else
                                                    {
                                                        uint _530;
                                                        if (_529)
                                                        {
                                                            _530 = (k / 32u) * 9u;
                                                        }
                                                        else
                                                        {
                                                            uint _539;
                                                            if (_538)
                                                            {
                                                                _539 = (k / 256u) * 68u;
                                                            }
                                                            else
                                                            {
                                                                uint _549;
                                                                if (_548)
                                                                {
                                                                    _549 = (k / 64u) * 17u;
                                                                }
                                                                else
                                                                {
                                                                    uint _559;
                                                                    if (_558)
                                                                    {
                                                                        _559 = (k / 2u) * 1u;
                                                                    }
                                                                    else
                                                                    {
                                                                        _559 = 0u;
                                                                    }
                                                                    _549 = _559;
                                                                }
                                                                _539 = _549;
                                                            }
                                                            _530 = _539;
                                                        }
                                                        _520 = _530;
                                                    }
                                                    _511 = _520;
                                                }
                                                _502 = _511;
                                            }
                                            _493 = _502;
                                        }
                                        _484 = _493;
                                    }
                                    _475 = _484;
                                }
                                _465 = _475;
                            }
                            _455 = _465;
                        }
                        _445 = _455;
                    }
                    _435 = _445;
                }
                _427 = _435;
            }
            _419 = _427;
        }
        _411 = _419;
    }
    return _411;
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
    uint _4103;
    _Pragma("clang loop unroll(full)")
    for (uint i_1 = 0u; i_1 < 1u; i_1++)
    {
        uint column = ((i_1 * 256u) + me) / 2u;
        second = column >= 64u;
        if (second)
        {
            _4103 = push.offset.z;
        }
        else
        {
            _4103 = push.offset.y;
        }
        start_w[i_1] = (2u * _4103) + (min((first_j + (column % 64u)), (push.n - 1u)) * halves);
    }
}

static inline __attribute__((always_inline))
uint block_at(thread const uint& row, thread const uint& s)
{
    uint _1987;
    if (blocks_of_256)
    {
        _1987 = s / 8u;
    }
    else
    {
        _1987 = s;
    }
    return row + (_1987 * BLOCK_HALVES);
}

static inline __attribute__((always_inline))
uint4 four_words(thread const uint& at, thread bool& second, const device Second1& _391, const device Weights1& _401)
{
    if (second)
    {
        return uint4(*(const device packed_uint4*)&_391.second1[at]);
    }
    return uint4(*(const device packed_uint4*)&_401.weights1[at]);
}

static inline __attribute__((always_inline))
uint weight_word(thread const uint& i, thread bool& second, const device Second1& _391, const device Weights1& _401)
{
    if (second)
    {
        return _391.second1[i];
    }
    return _401.weights1[i];
}

static inline __attribute__((always_inline))
uint numbers_at(thread const uint& row, thread const uint& s, thread const uint& p)
{
    uint param = row;
    uint param_1 = s;
    uint block = block_at(param, param_1);
    uint half_ = (s / 4u) & 1u;
    uint _2034;
    if (_2033)
    {
        _2034 = (block + 1u) + (8u * p);
    }
    else
    {
        uint _2046;
        if (_2045)
        {
            _2046 = (block + 1u) + (4u * p);
        }
        else
        {
            uint _2056;
            if (_2055)
            {
                _2056 = (block + 3u) + (4u * p);
            }
            else
            {
                uint _2066;
                if (_2065)
                {
                    _2066 = (block + 4u) + (4u * p);
                }
                else
                {
                    uint _2076;
                    if (_2075)
                    {
                        _2076 = ((block + 8u) + (16u * half_)) + (8u * p);
                    }
                    else
                    {
                        uint _2089;
                        if (_2088)
                        {
                            _2089 = ((block + 16u) + (16u * half_)) + (8u * p);
                        }
                        else
                        {
                            uint _2102;
                            if (_2101)
                            {
                                _2102 = ((block + 4u) + (8u * (s & 7u))) + (4u * p);
                            }
                            else
                            {
                                _2102 = ((block + (32u * half_)) + (16u * (s & 1u))) + (8u * p);
                            }
                            _2089 = _2102;
                        }
                        _2076 = _2089;
                    }
                    _2066 = _2076;
                }
                _2056 = _2066;
            }
            _2046 = _2056;
        }
        _2034 = _2046;
    }
    return _2034;
}

static inline __attribute__((always_inline))
Window window_at(thread const uint& at, thread bool& second, const device Second1& _391, const device Weights1& _401, constant Push& push)
{
    uint _1857;
    if (second)
    {
        _1857 = push.offset.z;
    }
    else
    {
        _1857 = push.offset.y;
    }
    uint param = push.k;
    uint end = _1857 + (((push.n * row_halves(param)) + 1u) / 2u);
    Window w = Window{ uint4(0u), uint4(0u) };
    if ((at + 5u) <= end)
    {
        uint param_1 = at;
        w.a = four_words(param_1, second, _391, _401);
        uint param_2 = at + 4u;
        w.b.x = weight_word(param_2, second, _391, _401);
    }
    else
    {
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_3 = min((at + i), (end - 1u));
            w.a[i] = weight_word(param_3, second, _391, _401);
        }
        uint param_4 = min((at + 4u), (end - 1u));
        w.b.x = weight_word(param_4, second, _391, _401);
    }
    return w;
}

static inline __attribute__((always_inline))
uint mxfp4_at(thread const uint& row, thread const uint& b)
{
    return row + ((17u * b) / 2u);
}

static inline __attribute__((always_inline))
void load_part(thread Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, thread bool& second, const device Second1& _391, const device Weights1& _401, constant Push& push)
{
    uint param = row;
    uint param_1 = s;
    uint block = block_at(param, param_1);
    if (_2141)
    {
        uint last = ((row + push.k) - 1u) / 2u;
        uint at = ((row + (32u * s)) + (16u * p)) / 2u;
        if ((at + 8u) <= last)
        {
            uint param_2 = at;
            uint param_3 = at + 4u;
            v.numbers = Window{ four_words(param_2, second, _391, _401), four_words(param_3, second, _391, _401) };
            uint param_4 = at + 8u;
            v.scale = weight_word(param_4, second, _391, _401);
            return;
        }
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_5 = min((at + i), last);
            v.numbers.a[i] = weight_word(param_5, second, _391, _401);
            uint param_6 = min(((at + 4u) + i), last);
            v.numbers.b[i] = weight_word(param_6, second, _391, _401);
        }
        uint param_7 = min((at + 8u), last);
        v.scale = weight_word(param_7, second, _391, _401);
    }
    else
    {
        if (_2218)
        {
            uint last_1 = (row + ((push.k - 1u) / 2u)) / 2u;
            uint at_1 = ((row + (16u * s)) + (8u * p)) / 2u;
            if ((at_1 + 4u) <= last_1)
            {
                uint param_8 = at_1;
                v.numbers.a = four_words(param_8, second, _391, _401);
                uint param_9 = at_1 + 4u;
                v.scale = weight_word(param_9, second, _391, _401);
                return;
            }
            _Pragma("clang loop unroll(full)")
            for (uint i_1 = 0u; i_1 < 4u; i_1++)
            {
                uint param_10 = min((at_1 + i_1), last_1);
                v.numbers.a[i_1] = weight_word(param_10, second, _391, _401);
            }
            uint param_11 = min((at_1 + 4u), last_1);
            v.scale = weight_word(param_11, second, _391, _401);
        }
        else
        {
            if (_2285)
            {
                uint param_12 = row;
                uint param_13 = s;
                uint param_14 = p;
                uint param_15 = (numbers_at(param_12, param_13, param_14) - 1u) / 2u;
                v.numbers = window_at(param_15, second, _391, _401, push);
            }
            else
            {
                if (_2301)
                {
                    uint param_16 = block / 2u;
                    v.numbers = window_at(param_16, second, _391, _401, push);
                }
                else
                {
                    if (_2310)
                    {
                        uint param_17 = row;
                        uint param_18 = s;
                        uint param_19 = mxfp4_at(param_17, param_18) / 2u;
                        v.numbers = window_at(param_19, second, _391, _401, push);
                    }
                    else
                    {
                        if (_2325)
                        {
                            uint param_20 = row;
                            uint param_21 = s;
                            uint param_22 = p;
                            uint param_23 = numbers_at(param_20, param_21, param_22) / 2u;
                            v.numbers = window_at(param_23, second, _391, _401, push);
                            uint param_24 = block / 2u;
                            uint param_25 = (block / 2u) + 1u;
                            uint2 _2348 = uint2(weight_word(param_24, second, _391, _401), weight_word(param_25, second, _391, _401));
                            v.scales.x = _2348.x;
                            v.scales.y = _2348.y;
                        }
                        else
                        {
                            if (_2354)
                            {
                                uint param_26 = row;
                                uint param_27 = s;
                                uint param_28 = p;
                                uint param_29 = numbers_at(param_26, param_27, param_28) / 2u;
                                v.numbers = window_at(param_29, second, _391, _401, push);
                                if ((s & 7u) == 0u)
                                {
                                    uint param_30 = block / 2u;
                                    uint param_31 = (block / 2u) + 1u;
                                    uint2 _2382 = uint2(weight_word(param_30, second, _391, _401), weight_word(param_31, second, _391, _401));
                                    v.scales.x = _2382.x;
                                    v.scales.y = _2382.y;
                                }
                            }
                            else
                            {
                                if (_2390)
                                {
                                    uint at_2 = block / 2u;
                                    uint numbers = ((at_2 + _2399) + (((s & 7u) / 2u) * 8u)) + (4u * p);
                                    uint _2412;
                                    if (second)
                                    {
                                        _2412 = push.offset.z;
                                    }
                                    else
                                    {
                                        _2412 = push.offset.y;
                                    }
                                    bool whole = (_2412 & 3u) == 0u;
                                    if ((s & 7u) == 0u)
                                    {
                                        uint param_32 = at_2;
                                        v.more.a = four_words(param_32, second, _391, _401);
                                    }
                                    if (_2432)
                                    {
                                        if ((s & 1u) == 0u)
                                        {
                                            uint param_33 = (at_2 + 4u) + (4u * p);
                                            uint4 high = (four_words(param_33, second, _391, _401) >> uint4(s & 7u)) & uint4(50529027u);
                                            v.scale = ((high.x | (high.y << 2u)) | (high.z << 4u)) | (high.w << 6u);
                                        }
                                    }
                                    if ((s & 1u) == 0u)
                                    {
                                        uint param_34 = numbers;
                                        v.numbers.a = four_words(param_34, second, _391, _401);
                                    }
                                }
                                else
                                {
                                    if (_2480)
                                    {
                                        if ((s & 3u) == 0u)
                                        {
                                            uint scales = (block / 2u) + (2u * ((s / 4u) & 1u));
                                            uint param_35 = row;
                                            uint param_36 = s;
                                            uint param_37 = p;
                                            uint param_38 = numbers_at(param_35, param_36, param_37) / 2u;
                                            v.numbers = window_at(param_38, second, _391, _401, push);
                                            uint param_39 = scales;
                                            uint param_40 = scales + 1u;
                                            uint2 _2514 = uint2(weight_word(param_39, second, _391, _401), weight_word(param_40, second, _391, _401));
                                            v.scales.x = _2514.x;
                                            v.scales.y = _2514.y;
                                            uint param_41 = (block / 2u) + 20u;
                                            v.scale = weight_word(param_41, second, _391, _401);
                                        }
                                    }
                                    else
                                    {
                                        if (_2527)
                                        {
                                            if ((s & 3u) == 0u)
                                            {
                                                uint param_42 = row;
                                                uint param_43 = s;
                                                uint param_44 = p;
                                                uint param_45 = numbers_at(param_42, param_43, param_44) / 2u;
                                                v.numbers = window_at(param_45, second, _391, _401, push);
                                            }
                                            if ((s & 7u) == 0u)
                                            {
                                                uint scales_1 = (block / 2u) + 24u;
                                                uint param_46 = (block + (8u * p)) / 2u;
                                                v.more = window_at(param_46, second, _391, _401, push);
                                                uint param_47 = scales_1;
                                                uint param_48 = scales_1 + 1u;
                                                uint param_49 = scales_1 + 2u;
                                                v.scales = uint3(weight_word(param_47, second, _391, _401), weight_word(param_48, second, _391, _401), weight_word(param_49, second, _391, _401));
                                                uint param_50 = scales_1 + 3u;
                                                v.scale = weight_word(param_50, second, _391, _401);
                                            }
                                        }
                                        else
                                        {
                                            uint half_ = (s / 4u) & 1u;
                                            uint scales_2 = ((block + 96u) + (4u * half_)) / 2u;
                                            uint param_51 = row;
                                            uint param_52 = s;
                                            uint param_53 = p;
                                            uint param_54 = numbers_at(param_51, param_52, param_53) / 2u;
                                            v.numbers = window_at(param_54, second, _391, _401, push);
                                            if ((s & 3u) == 0u)
                                            {
                                                uint param_55 = (((block + 64u) + (16u * half_)) + (8u * p)) / 2u;
                                                v.more = window_at(param_55, second, _391, _401, push);
                                                uint param_56 = scales_2;
                                                uint param_57 = scales_2 + 1u;
                                                uint param_58 = scales_2 + 2u;
                                                v.scales = uint3(weight_word(param_56, second, _391, _401), weight_word(param_57, second, _391, _401), weight_word(param_58, second, _391, _401));
                                                uint param_59 = (block / 2u) + 52u;
                                                v.scale = weight_word(param_59, second, _391, _401);
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
Sixteen load_minima(thread const uint& row, thread const uint& s, thread const uint& p, thread bool& second, const device Second1& _391, const device Weights1& _401, constant Push& push)
{
    Sixteen v;
    v.numbers = Window{ uint4(0u), uint4(0u) };
    v.more = Window{ uint4(0u), uint4(0u) };
    v.scales = uint3(0u);
    v.scale = 0u;
    if (minima_of_32)
    {
        uint blocks = slices_of_k(push);
        uint _3781;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 16u; i++)
        {
            uint block = ((32u * s) + (16u * p)) + i;
            if (block < blocks)
            {
                uint param = (row + (BLOCK_HALVES * block)) / 2u;
                _3781 = weight_word(param, second, _391, _401) >> 16u;
            }
            else
            {
                _3781 = 0u;
            }
            uint minimum = _3781;
            if (i < 8u)
            {
                uint _3799 = i / 2u;
                v.numbers.a[_3799] |= (minimum << (16u * (i & 1u)));
            }
            else
            {
                uint _3812 = (i / 2u) - 4u;
                v.numbers.b[_3812] |= (minimum << (16u * (i & 1u)));
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
                v.more.a = uint4(weight_word(param_1, second, _391, _401), weight_word(param_2, second, _391, _401), weight_word(param_3, second, _391, _401), weight_word(param_4, second, _391, _401));
            }
            if (minima_of_16)
            {
                uint _3875;
                if (mine < blocks_1)
                {
                    uint param_5 = at + 20u;
                    _3875 = weight_word(param_5, second, _391, _401);
                }
                else
                {
                    _3875 = 0u;
                }
                v.scale = _3875;
            }
            else
            {
                uint _3889;
                if (other < blocks_1)
                {
                    uint param_6 = (row + (BLOCK_HALVES * other)) / 2u;
                    _3889 = weight_word(param_6, second, _391, _401);
                }
                else
                {
                    _3889 = 0u;
                }
                v.scale = _3889;
            }
        }
    }
    return v;
}

static inline __attribute__((always_inline))
void load_slice(thread const uint& s, thread const uint& slices_k, thread bool& second, const device Second1& _391, const device Weights1& _401, constant Push& push, device Work4& _1403, thread uint3& gl_LocalInvocationID, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1])
{
    uint p = gl_LocalInvocationID.x & 1u;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 2u; i++)
    {
        next_x[i] = _1403.work4[start_x[i] + (s * 512u)];
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
            load_part(param, param_1, param_2, param_3, second, _391, _401, push);
            next_w[i_1] = param;
        }
        else
        {
            uint param_4 = start_w[i_1];
            uint param_5 = s - slices_k;
            uint param_6 = p;
            next_w[i_1] = load_minima(param_4, param_5, param_6, second, _391, _401, push);
        }
    }
}

static inline __attribute__((always_inline))
uint4 shifted(thread const uint& h, thread const uint4& v, thread const uint& next)
{
    uint4 _1935;
    if ((h & 1u) != 0u)
    {
        _1935 = (v >> uint4(16u)) | (uint4(v.yzw, next) << uint4(16u));
    }
    else
    {
        _1935 = v;
    }
    return _1935;
}

static inline __attribute__((always_inline))
uint2 halves_of_f8(thread uint& word, thread const uint& left)
{
    uint _3211;
    if (left > 3u)
    {
        _3211 = word;
    }
    else
    {
        uint _3218;
        if (left > 1u)
        {
            _3218 = word & 65535u;
        }
        else
        {
            _3218 = 0u;
        }
        _3211 = _3218;
    }
    word = _3211;
    float2 p = float2(as_type<half2>(((word << 7u) & 1065369472u) | ((word << 8u) & 2147516416u))) * 256.0;
    float2 q = float2(as_type<half2>(((word >> 1u) & 1065369472u) | (word & 2147516416u))) * 256.0;
    bool none = (((word & 2139062143u) + 16843009u) & 2155905152u) != 0u;
    uint2 _3257;
    if (none)
    {
        _3257 = uint2(2113961472u);
    }
    else
    {
        _3257 = uint2(as_type<uint>(half2(float2(p.x, q.x))), as_type<uint>(half2(float2(p.y, q.y))));
    }
    return _3257;
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
    uint4 _1964 = words_of(param, param_1, param_2);
    uint next = param_2;
    uint4 v = _1964;
    uint param_3 = h;
    uint4 param_4 = v;
    uint param_5 = next;
    return shifted(param_3, param_4, param_5);
}

static inline __attribute__((always_inline))
uint word_of(thread const uint& h, thread const uint& low, thread const uint& high)
{
    uint _588;
    if ((h & 1u) != 0u)
    {
        _588 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _588 = low;
    }
    return _588;
}

static inline __attribute__((always_inline))
uint fifth_bits(thread const uint& bits)
{
    return (((bits & 15u) * 2113665u) << 4u) & 269488144u;
}

static inline __attribute__((always_inline))
uint mxfp4_bit(thread const uint& h, thread const uint& b)
{
    return ((16u * h) + (8u * (b & 1u))) & 31u;
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
            uint4 _2700;
            if (_2699)
            {
                uint4 param_9 = uint4(words.xy, words.xy >> uint2(4u));
                _2700 = iq4_numbers(param_9);
            }
            else
            {
                _2700 = uint4(words.xy, words.xy >> uint2(4u)) & uint4(252645135u);
            }
            _2691 = _2700;
        }
        return _2691;
    }
    if (_2734)
    {
        Window param_10 = v.numbers;
        uint param_11 = (row / 2u) + (5u * s);
        uint param_12;
        uint4 _2749 = words_of(param_10, param_11, param_12);
        uint next_1 = param_12;
        uint4 words_1 = _2749;
        uint2 _2754;
        if (p == 0u)
        {
            _2754 = words_1.yz;
        }
        else
        {
            _2754 = uint2(words_1.w, next_1);
        }
        uint2 two = _2754;
        return uint4(two, two >> uint2(4u)) & uint4(252645135u);
    }
    if (_2779)
    {
        uint param_13 = row;
        uint param_14 = s;
        uint param_15 = p;
        Window param_16 = v.numbers;
        uint param_17 = numbers_at(param_13, param_14, param_15);
        uint2 two_1 = words_from(param_16, param_17).xy;
        uint _2798;
        if (_2797)
        {
            _2798 = v.scales.y;
        }
        else
        {
            uint param_18 = row;
            uint param_19 = s;
            uint param_20 = block_at(param_18, param_19) + 1u;
            uint param_21 = v.scales.x;
            uint param_22 = v.scales.y;
            _2798 = word_of(param_20, param_21, param_22);
        }
        uint high = _2798;
        bool _2829;
        if (_2819)
        {
            uint param_23 = row;
            uint param_24 = s;
            _2829 = (block_at(param_23, param_24) & 1u) != 0u;
        }
        else
        {
            _2829 = _2819;
        }
        uint _2830;
        if (_2829)
        {
            _2830 = v.scales.y;
        }
        else
        {
            _2830 = high;
        }
        high = _2830 >> (8u * p);
        uint param_25 = high;
        uint param_26 = high >> 4u;
        uint param_27 = high >> 16u;
        uint param_28 = high >> 20u;
        return (uint4(two_1, two_1 >> uint2(4u)) & uint4(252645135u)) | uint4(fifth_bits(param_25), fifth_bits(param_26), fifth_bits(param_27), fifth_bits(param_28));
    }
    if (_2870)
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
    if (_2899)
    {
        uint param_35 = row;
        uint param_36 = s;
        uint h_1 = mxfp4_at(param_35, param_36);
        uint param_37 = h_1;
        uint param_38 = s;
        uint shift = mxfp4_bit(param_37, param_38);
        Window param_39 = v.numbers;
        uint param_40 = h_1 / 2u;
        uint param_41;
        uint4 _2923 = words_of(param_39, param_40, param_41);
        uint next_2 = param_41;
        uint4 words_2 = _2923;
        uint3 _2928;
        if (p == 0u)
        {
            _2928 = words_2.xyz;
        }
        else
        {
            _2928 = uint3(words_2.z, words_2.w, next_2);
        }
        uint3 three = _2928;
        uint2 two_3 = ((three.xy >> uint2(shift)) >> uint2(8u)) | (three.yz << uint2(24u - shift));
        uint4 param_42 = uint4(two_3, two_3 >> uint2(4u));
        return fp4_numbers(param_42);
    }
    if (_2968)
    {
        return (v.numbers.a >> uint4(4u * (s & 1u))) & uint4(252645135u);
    }
    if (_2981)
    {
        uint4 high_1 = uint4(v.scale, v.scale >> 2u, v.scale >> 4u, v.scale >> 6u) >> uint4(s & 1u);
        return ((v.numbers.a >> uint4(4u * (s & 1u))) & uint4(252645135u)) | ((high_1 & uint4(16843009u)) << uint4(4u));
    }
    uint param_43 = row;
    uint param_44 = s;
    uint param_45 = p;
    Window param_46 = v.numbers;
    uint param_47 = numbers_at(param_43, param_44, param_45);
    uint4 low = words_from(param_46, param_47);
    uint param_48 = row;
    uint param_49 = s;
    uint block = block_at(param_48, param_49);
    uint half_ = (s / 4u) & 1u;
    uint stripe = s & 3u;
    if (_3043)
    {
        return (low >> uint4(2u * stripe)) & uint4(50529027u);
    }
    if (_3054)
    {
        Window param_50 = v.more;
        uint param_51 = block + (8u * p);
        uint4 high_2 = (words_from(param_50, param_51) >> uint4(s & 7u)) & uint4(16843009u);
        return ((low >> uint4(2u * stripe)) & uint4(50529027u)) | (high_2 << uint4(2u));
    }
    Window param_52 = v.more;
    uint param_53 = ((block + 64u) + (16u * half_)) + (8u * p);
    uint4 high_3 = (words_from(param_52, param_53) >> uint4(2u * stripe)) & uint4(50529027u);
    return ((low >> uint4(2u * (stripe & 2u))) & uint4(252645135u)) | (high_3 << uint4(4u));
}

static inline __attribute__((always_inline))
uint2 halves_of(thread const uint& bytes)
{
    float zero = _3169;
    uint low = (bytes & 255u) | ((bytes & 65280u) << 8u);
    uint high = ((bytes >> 16u) & 255u) | ((bytes & 4278190080u) >> 8u);
    return uint2(as_type<uint>(as_type<half2>(low | 1677747200u) - half2(half(zero))), as_type<uint>(as_type<half2>(high | 1677747200u) - half2(half(zero))));
}

static inline __attribute__((always_inline))
void decode_part(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, thread uint4& first, thread uint4& second_, constant Push& push)
{
    uint left = push.k - min(push.k, ((32u * s) + (16u * p)));
    if (_3291)
    {
        uint param = row;
        uint4 param_1 = v.numbers.a;
        uint param_2 = v.numbers.b.x;
        first = shifted(param, param_1, param_2);
        uint param_3 = row;
        uint4 param_4 = v.numbers.b;
        uint param_5 = v.scale;
        second_ = shifted(param_3, param_4, param_5);
        uint _3326;
        uint _3337;
        uint _3354;
        uint _3366;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            if (left > ((2u * i) + 1u))
            {
                _3326 = first[i];
            }
            else
            {
                if (left > (2u * i))
                {
                    _3337 = first[i] & 65535u;
                }
                else
                {
                    _3337 = 0u;
                }
                _3326 = _3337;
            }
            first[i] = _3326;
            if (left > ((2u * i) + 9u))
            {
                _3354 = second_[i];
            }
            else
            {
                if (left > ((2u * i) + 8u))
                {
                    _3366 = second_[i] & 65535u;
                }
                else
                {
                    _3366 = 0u;
                }
                _3354 = _3366;
            }
            second_[i] = _3354;
        }
        return;
    }
    if (_3380)
    {
        uint param_6 = row;
        uint4 param_7 = v.numbers.a;
        uint param_8 = v.scale;
        uint4 words = shifted(param_6, param_7, param_8);
        uint param_9 = words.x;
        uint param_10 = left;
        uint2 _3398 = halves_of_f8(param_9, param_10);
        uint param_11 = words.y;
        uint param_12 = left - min(left, 4u);
        uint2 _3407 = halves_of_f8(param_11, param_12);
        first = uint4(_3398, _3407);
        uint param_13 = words.z;
        uint param_14 = left - min(left, 8u);
        uint2 _3421 = halves_of_f8(param_13, param_14);
        uint param_15 = words.w;
        uint param_16 = left - min(left, 12u);
        uint2 _3430 = halves_of_f8(param_15, param_16);
        second_ = uint4(_3421, _3430);
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
    uint _876;
    if (exponent < 2u)
    {
        _876 = 2097152u << exponent;
    }
    else
    {
        _876 = (exponent - 1u) << 23u;
    }
    return as_type<float>(_876);
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
    float2 _650;
    if (i < 4u)
    {
        _650 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _650 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _650;
}

static inline __attribute__((always_inline))
float part_scale(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p)
{
    if (_3477)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = 0u;
        uint h = numbers_at(param, param_1, param_2) - 1u;
        Window param_3 = v.numbers;
        uint param_4 = h / 2u;
        uint param_5;
        uint4 _3496 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint param_6 = h;
        uint param_7 = _3496.x;
        return float_of(param_6, param_7);
    }
    if (_3504)
    {
        Window param_8 = v.numbers;
        uint param_9 = (row / 2u) + (5u * s);
        uint param_10;
        uint4 _3518 = words_of(param_8, param_9, param_10);
        uint next_1 = param_10;
        return float2(as_type<half2>(_3518.x)).x;
    }
    if (_3526)
    {
        uint param_11 = row;
        uint param_12 = s;
        uint param_13 = block_at(param_11, param_12);
        uint param_14 = v.scales.x;
        return float_of(param_13, param_14);
    }
    if (_3540)
    {
        uint param_15 = row;
        uint param_16 = s;
        uint h_1 = mxfp4_at(param_15, param_16);
        Window param_17 = v.numbers;
        uint param_18 = h_1 / 2u;
        uint param_19;
        uint4 _3557 = words_of(param_17, param_18, param_19);
        uint next_2 = param_19;
        uint param_20 = h_1;
        uint param_21 = s;
        uint param_22 = _3557.x >> mxfp4_bit(param_20, param_21);
        float _3567 = e8m0(param_22);
        return _3567;
    }
    if (_3569)
    {
        uint2 param_23 = v.scales.xy;
        uint param_24 = s & 7u;
        return iq4_xs_scale(param_23, param_24);
    }
    if (_3583)
    {
        uint3 param_25 = v.more.a.yzw;
        uint param_26 = s & 7u;
        return float2(as_type<half2>(v.more.a.x)).x * scale_of(param_25, param_26).x;
    }
    uint param_27 = row;
    uint param_28 = s;
    uint block = block_at(param_27, param_28);
    if (_3607)
    {
        uint _3614;
        if ((s & 2u) != 0u)
        {
            _3614 = v.scales.y;
        }
        else
        {
            _3614 = v.scales.x;
        }
        uint word = _3614;
        return float2(as_type<half2>(v.scale)).x * float((word >> ((16u * (s & 1u)) + (8u * p))) & 15u);
    }
    if (_3639)
    {
        uint3 words = v.scales;
        if ((block & 1u) != 0u)
        {
            words = (words >> uint3(16u)) | (uint3(words.y, words.z, v.scale) << uint3(16u));
        }
        uint i = (2u * (s & 7u)) + p;
        uint shift = 8u * (i & 3u);
        uint _3677;
        if ((i & 4u) != 0u)
        {
            _3677 = words.y;
        }
        else
        {
            _3677 = words.x;
        }
        uint low = (_3677 >> (shift + (4u * (i / 8u)))) & 15u;
        uint high = (words.z >> (shift + (2u * (i / 4u)))) & 3u;
        uint param_29 = block;
        uint param_30 = v.scale;
        return float_of(param_29, param_30) * float(int(low | (high << 4u)) - 32);
    }
    uint h_2 = (block & 1u) + (s & 3u);
    int number = int((v.scales[h_2 / 2u] >> ((16u * (h_2 & 1u)) + (8u * p))) << 24u) >> 24;
    uint param_31 = block;
    uint param_32 = v.scale;
    return float_of(param_31, param_32) * float(number);
}

static inline __attribute__((always_inline))
uint octet_of(thread const uint& p, thread const uint& i)
{
    uint _3132;
    if (halves_in_nibbles)
    {
        _3132 = p + (2u * i);
    }
    else
    {
        _3132 = (2u * p) + i;
    }
    return _3132;
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
    float _3910;
    if (minima_in_pairs)
    {
        _3910 = fast::max(abs(float2(as_type<half2>(v.more.a.x)).y), abs(mine));
    }
    else
    {
        _3910 = minima_of_16 ? mine : 1.0;
    }
    return _3910;
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
        float _3984;
        if (most > 0.0)
        {
            _3984 = (-float2(as_type<half2>(v.more.a.x)).y) / most;
        }
        else
        {
            _3984 = 0.0;
        }
        float ratio = _3984;
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
    float _4292;
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
            if (_4291)
            {
                _4292 = 1.0;
            }
            else
            {
                Sixteen param_6 = next_w[i_1];
                uint param_7 = start_w[i_1];
                uint param_8 = s;
                uint param_9 = p;
                _4292 = part_scale(param_6, param_7, param_8, param_9);
            }
            scale = _4292;
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
        bool _4374;
        if (_4361)
        {
            _4374 = (p == 0u) || _4372;
        }
        else
        {
            _4374 = _4361;
        }
        if (_4374)
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
                simdgroup_half8x8 _4471;
                simdgroup_load(_4471, reinterpret_cast<threadgroup half*>(&tile_w[((right + (j * 8u)) * 5u) + (((e * PART_STEPS) + t) * 1u)]), (5u) * 8u, ulong2(0), true);
                simdgroup_half8x8 tempArg = _4471;
                b[(j * 4u) + t] = tempArg;
            }
        }
        if (_4486)
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
                simdgroup_float8x8 _4565;
                simdgroup_load(_4565, reinterpret_cast<threadgroup float*>(&pool[((down + (i * 8u)) * 9u) + ((((e * PART_STEPS) + t_1) * 2u) * 1u)]), (9u) * 4u);
                simdgroup_float8x8 tempArg_1 = _4565;
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
                    if (_4598)
                    {
                        simdgroup_float8x8 _4624;
                        simdgroup_multiply_accumulate(_4624, a[t_2], b[(j_1 * 4u) + t_2], sums[(i * 4u) + j_1]);
                        sums[(i * 4u) + j_1] = _4624;
                    }
                    else
                    {
                        simdgroup_float8x8 _4637;
                        simdgroup_multiply_accumulate(_4637, a[t_2], b[(j_1 * 4u) + t_2], block);
                        block = _4637;
                    }
                }
            }
            if (_4643)
            {
                uint _4649 = (i * 4u) + j_1;
                simdgroup_float8x8 param = sums[_4649];
                simdgroup_float8x8 param_1 = block;
                float2 param_2 = scales[j_1];
                add_scaled(param, param_1, param_2);
                sums[_4649] = param;
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
    if (_4672)
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
    float _1136;
    if ((push.flags & 64u) != 0u)
    {
        float param = x;
        _1136 = gelu_tanh(param);
    }
    else
    {
        float param_1 = x;
        _1136 = silu(param_1);
    }
    return _1136;
}

static inline __attribute__((always_inline))
void finish_gated(thread const uint& r, thread const uint& j, thread const float4& gate, thread const float4& up, constant Push& push, device Y4& _1197, device Y1& _1223)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    float param = gate.x;
    float param_1 = gate.y;
    float param_2 = gate.z;
    float param_3 = gate.w;
    float4 v = float4(gate_of(param, push), gate_of(param_1, push), gate_of(param_2, push), gate_of(param_3, push)) * up;
    bool _1182 = (to & 3u) == 0u;
    bool _1191;
    if (_1182)
    {
        _1191 = (j + 4u) <= push.n;
    }
    else
    {
        _1191 = _1182;
    }
    if (_1191)
    {
        _1197.y4[to / 4u] = v;
        return;
    }
    uint e = 0u;
    _Pragma("clang loop unroll(disable)")
    for (;;)
    {
        bool _1210 = e < 4u;
        bool _1219;
        if (_1210)
        {
            _1219 = (j + e) < push.n;
        }
        else
        {
            _1219 = _1210;
        }
        if (_1219)
        {
            _1223.y1[to + e] = v[e];
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
void finish_tile(thread const uint& first_r, thread const uint& first_j, thread const uint& first_c, thread uint& gl_SubgroupID, constant Push& push, device Y4& _1197, device Y1& _1223, threadgroup uint4 (&pool)[576], device Work1& _1699, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
{
    uint base = (gl_SubgroupID * 8u) * 8u;
    uint lane = gl_SubgroupInvocationID;
    uint _4728;
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
            _4728 = base - 256u;
        }
        else
        {
            _4728 = base;
        }
        uint gate = _4728;
        uint other = gate + 256u;
        threadgroup_barrier(mem_flags::mem_threadgroup);
        uint _4743 = lane + (up ? 32u : 0u);
        _Pragma("clang loop unroll(disable)")
        for (uint t = _4743; t < 64u; t += 64u)
        {
            uint r = (first_r + (i * 8u)) + (t / 8u);
            uint j_1 = (first_j + (first_c % 64u)) + (4u * (t % 8u));
            bool _4771 = r < push.rows;
            bool _4778;
            if (_4771)
            {
                _4778 = j_1 < push.n;
            }
            else
            {
                _4778 = _4771;
            }
            if (_4778)
            {
                float factor = _1699.work1[r];
                float4 v = as_type<float4>(pool[gate + t]) * factor;
                float4 w = as_type<float4>(pool[other + t]) * factor;
                uint param = r;
                uint param_1 = j_1;
                float4 param_2 = v;
                float4 param_3 = w;
                finish_gated(param, param_1, param_2, param_3, push, _1197, _1223);
            }
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
    }
}

static inline __attribute__((always_inline))
void matrix_tiles(thread bool& second, thread uint& gl_SubgroupID, const device Second1& _391, const device Weights1& _401, constant Push& push, device Y4& _1197, device Y1& _1223, threadgroup uint4 (&pool)[576], device Work4& _1403, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1699, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1], threadgroup uint4 (&tile_w)[640], threadgroup float (&tile_scales)[256], thread uint2& columns, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
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
        uint _4846 = ceil_div(param, param_1);
        if (tile_j < _4846)
        {
            uint tile_r = (push.first.xyz + gl_WorkGroupID).x;
            for (;;)
            {
                uint param_2 = push.rows;
                uint param_3 = 64u;
                uint _4865 = ceil_div(param_2, param_3);
                if (tile_r < _4865)
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
                    load_slice(param_6, param_7, second, _391, _401, push, _1403, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    uint param_8 = min(first, (count - 1u));
                    uint param_9 = slices_k;
                    put_slice(param_8, param_9, push, pool, gl_LocalInvocationID, start_w, next_x, next_w, tile_w, tile_scales);
                    uint param_10 = min((first + 1u), (count - 1u));
                    uint param_11 = slices_k;
                    load_slice(param_10, param_11, second, _391, _401, push, _1403, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
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
                        load_slice(param_16, param_17, second, _391, _401, push, _1403, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                        threadgroup_barrier(mem_flags::mem_threadgroup);
                    }
                    uint param_18 = (tile_r * 64u) + down;
                    uint param_19 = tile_j * 64u;
                    uint param_20 = right;
                    finish_tile(param_18, param_19, param_20, gl_SubgroupID, push, _1197, _1223, pool, _1699, sums, gl_SubgroupInvocationID);
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

kernel void zc_linear_gated_matrix(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device Weights1& _401 [[buffer(2)]], const device Second1& _391 [[buffer(3)]], const device void* spvBufferAliasSet0Binding4 [[buffer(4)]], device void* spvBufferAliasSet0Binding5 [[buffer(5)]], device void* spvBufferAliasSet0Binding6 [[buffer(6)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]])
{
    const device auto& _955 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& _1035 = *(const device Norm4*)spvBufferAliasSet0Binding4;
    device auto& _1197 = *(device Y4*)spvBufferAliasSet0Binding5;
    device auto& _1403 = *(device Work4*)spvBufferAliasSet0Binding6;
    const device auto& _967 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& _1044 = *(const device Norm1*)spvBufferAliasSet0Binding4;
    device auto& _1223 = *(device Y1*)spvBufferAliasSet0Binding5;
    device auto& _1699 = *(device Work1*)spvBufferAliasSet0Binding6;
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
    if (_4970)
    {
        input_rows(group_partial, gl_SubgroupID, gl_NumSubgroups, _955, _967, push, _1035, _1044, pool, _1403, gl_LocalInvocationID, gl_WorkGroupID, _1699);
    }
    else
    {
        matrix_tiles(second, gl_SubgroupID, _391, _401, push, _1197, _1223, pool, _1403, gl_LocalInvocationID, gl_WorkGroupID, _1699, start_x, start_w, next_x, next_w, tile_w, tile_scales, columns, sums, gl_SubgroupInvocationID);
    }
}

