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

struct Push
{
    uint4 offset;
    uint4 offset2;
    uint4 first;
    uint4 groups;
    uint type_;
    uint rows;
    uint n;
    uint k;
    uint ldx;
    uint ldy;
    uint flags;
    float eps;
};

struct Bias1
{
    float bias1[1];
};

struct Y1
{
    float y1[1];
};

struct Y4
{
    float4 y4[1];
};

struct Weights1
{
    uint weights1[1];
};

constant uint variant_tmp [[function_constant(0)]];
constant uint variant = is_function_constant_defined(variant_tmp) ? variant_tmp : 0u;
constant uint type = (variant % 17u);
constant bool _709 = (type == 0u);
constant bool _717 = (type == 1u);
constant bool _725 = (type == 2u);
constant bool _733 = (type == 3u);
constant bool _742 = (type == 4u);
constant bool _752 = (type == 5u);
constant bool _762 = (type == 6u);
constant bool _772 = (type == 7u);
constant bool _781 = (type == 8u);
constant bool _790 = (type == 9u);
constant bool _799 = (type == 10u);
constant bool _808 = (type == 11u);
constant bool _817 = (type == 12u);
constant bool _827 = (type == 13u);
constant bool _836 = (type == 14u);
constant bool _846 = (type == 15u);
constant bool _854 = (type == 16u);

struct X4
{
    float4 x4[1];
};

struct X1
{
    float x1[1];
};

struct Norm4
{
    float4 norm4[1];
};

struct Norm1
{
    float norm1[1];
};

constant uint _1382 = (variant / 17u);
constant uint input_ = (_1382 % 3u);
constant bool gated = (input_ == 2u);
constant bool normed = (input_ == 1u);
constant bool _1429 = (type == 5u);
constant bool _1430 = (type == 9u);
constant bool minima_of_32 = (_1429 || _1430);
constant bool _1440 = (type == 6u);
constant bool _1441 = (type == 12u);
constant bool minima_in_pairs = (_1440 || _1441);
constant bool _1443 = (minima_of_32 || minima_in_pairs);
constant bool minima_of_16 = (type == 10u);
constant bool minima_of_any = (_1443 || minima_of_16);

struct Work4
{
    uint4 work4[1];
};

constant uint QUADS_OF_SUM = minima_of_16 ? 4u : 8u;
constant uint _1660 = minima_in_pairs ? 2u : 4u;
constant uint QUADS_OF_SUMS = (QUADS_OF_SUM * _1660);
constant uint _1666 = (256u / QUADS_OF_SUMS);

struct Work1
{
    float work1[1];
};

constant uint _1979 = (256u / QUADS_OF_SUMS);
constant bool _2137 = (type == 6u);
constant bool _2138 = (type == 7u);
constant bool _2139 = (_2137 || _2138);
constant bool _2140 = (type == 12u);
constant bool _2141 = (_2139 || _2140);
constant bool _2142 = (type == 10u);
constant bool _2143 = (_2141 || _2142);
constant bool _2144 = (type == 11u);
constant bool _2145 = (_2143 || _2144);
constant bool _2146 = (type == 14u);
constant bool blocks_of_256 = (_2145 || _2146);
constant bool _2156 = (type == 3u);
constant bool _2157 = (type == 15u);
constant bool _2158 = (_2156 || _2157);
constant bool _2159 = (type == 4u);
constant bool _2160 = (type == 13u);
constant bool _2161 = (_2159 || _2160);
constant bool _2162 = (type == 5u);
constant bool _2163 = (type == 8u);
constant bool _2164 = (type == 9u);
constant bool _2165 = (type == 6u);
constant bool _2166 = (type == 12u);
constant bool _2167 = (type == 10u);
constant bool _2168 = (type == 11u);
constant bool _2169 = (type == 14u);
constant uint _2170 = _2169 ? 68u : 105u;
constant uint _2171 = _2168 ? 55u : _2170;
constant uint _2172 = _2167 ? 42u : _2171;
constant uint _2173 = _2166 ? 88u : _2172;
constant uint _2174 = _2165 ? 72u : _2173;
constant uint _2175 = _2164 ? 12u : _2174;
constant uint _2176 = _2163 ? 11u : _2175;
constant uint _2177 = _2162 ? 10u : _2176;
constant uint _2178 = _2161 ? 9u : _2177;
constant uint BLOCK_HALVES = _2158 ? 17u : _2178;
constant bool _2194 = (type == 3u);
constant bool _2204 = (type == 4u);
constant bool _2205 = (type == 13u);
constant bool _2206 = (_2204 || _2205);
constant bool _2216 = (type == 8u);
constant bool _2226 = (type == 9u);
constant bool _2236 = (type == 10u);
constant bool _2249 = (type == 11u);
constant bool _2262 = (type == 14u);
constant bool _2302 = (type == 1u);
constant bool _2379 = (type == 16u);
constant bool _2442 = (type == 3u);
constant bool _2443 = (type == 4u);
constant bool _2444 = (_2442 || _2443);
constant bool _2445 = (type == 13u);
constant bool _2446 = (_2444 || _2445);
constant bool _2462 = (type == 5u);
constant bool _2471 = (type == 15u);
constant bool _2484 = (type == 8u);
constant bool _2485 = (type == 9u);
constant bool _2486 = (_2484 || _2485);
constant bool _2515 = (type == 14u);
constant bool _2549 = (type == 6u);
constant bool _2550 = (type == 12u);
constant bool _2551 = (_2549 || _2550);
constant bool _2559 = (type == 12u);
constant uint _2560 = _2559 ? 12u : 4u;
constant bool _2585 = (type == 12u);
constant bool _2633 = (type == 10u);
constant bool _2680 = (type == 11u);
constant bool _2795 = (type == 3u);
constant bool _2796 = (type == 4u);
constant bool _2797 = (_2795 || _2796);
constant bool _2798 = (type == 13u);
constant bool _2799 = (_2797 || _2798);
constant bool _2843 = (type == 3u);
constant bool _2852 = (type == 13u);
constant bool _2887 = (type == 5u);
constant bool _2930 = (type == 8u);
constant bool _2931 = (type == 9u);
constant bool _2932 = (_2930 || _2931);
constant bool _2950 = (type == 9u);
constant bool _2972 = (type == 8u);
constant bool _3023 = (type == 14u);
constant bool _3052 = (type == 15u);
constant bool _3121 = (type == 6u);
constant bool _3134 = (type == 12u);
constant bool _3196 = (type == 10u);
constant bool _3207 = (type == 11u);
constant bool _3272 = (type == 4u);
constant bool _3273 = (type == 5u);
constant bool _3274 = (_3272 || _3273);
constant bool _3275 = (type == 8u);
constant bool _3276 = (_3274 || _3275);
constant bool _3277 = (type == 9u);
constant bool _3278 = (_3276 || _3277);
constant bool _3279 = (type == 13u);
constant bool _3280 = (_3278 || _3279);
constant bool _3281 = (type == 14u);
constant bool _3282 = (_3280 || _3281);
constant bool _3283 = (type == 15u);
constant bool halves_in_nibbles = (_3282 || _3283);
constant bool _3301 = (type == 3u);
constant bool _3302 = (type == 13u);
constant bool _3303 = (_3301 || _3302);
constant bool _3304 = (type == 14u);
constant bool _3305 = (_3303 || _3304);
constant bool _3307 = (type == 4u);
constant bool _3309 = (type == 7u);
constant bool _3311 = (type == 8u);
constant bool _3312 = (type == 15u);
constant bool _3313 = (_3311 || _3312);
constant bool _3315 = (type == 11u);
constant float _3318 = _3315 ? 1028.0 : 1024.0;
constant float _3319 = _3313 ? 1040.0 : _3318;
constant float _3320 = _3309 ? 1056.0 : _3319;
constant float _3321 = _3307 ? 1032.0 : _3320;
constant float _3322 = _3305 ? 1152.0 : _3321;
constant bool _3444 = (type == 1u);
constant bool _3533 = (type == 16u);
constant bool _3626 = (type == 3u);
constant bool _3627 = (type == 4u);
constant bool _3628 = (_3626 || _3627);
constant bool _3629 = (type == 13u);
constant bool _3630 = (_3628 || _3629);
constant bool _3657 = (type == 5u);
constant bool _3677 = (type == 8u);
constant bool _3678 = (type == 9u);
constant bool _3679 = (_3677 || _3678);
constant bool _3693 = (type == 15u);
constant bool _3722 = (type == 14u);
constant bool _3734 = (type == 6u);
constant bool _3735 = (type == 12u);
constant bool _3736 = (_3734 || _3735);
constant bool _3760 = (type == 10u);
constant bool _3792 = (type == 11u);
constant bool _4426 = (type == 1u);
constant bool _4427 = (type == 16u);
constant bool _4428 = (_4426 || _4427);
constant bool _4495 = (type == 1u);
constant bool _4496 = (type == 16u);
constant bool _4497 = (_4495 || _4496);
constant bool _4498 = (!_4497);
constant bool _4503 = (type == 7u);
constant bool _4504 = (type == 10u);
constant bool _4505 = (_4503 || _4504);
constant bool _4506 = (type == 11u);
constant bool _4507 = (_4505 || _4506);
constant uint SCALES = _4507 ? 2u : 1u;
constant bool _4509 = (SCALES == 2u);
constant uint PART_STEPS = (4u / SCALES);
constant bool _4619 = (type == 1u);
constant bool _4620 = (type == 16u);
constant bool _4621 = (_4619 || _4620);
constant bool _4622 = (!_4621);
constant bool _4732 = (type == 1u);
constant bool _4733 = (type == 16u);
constant bool _4734 = (_4732 || _4733);
constant bool _4776 = (type == 1u);
constant bool _4777 = (type == 16u);
constant bool _4778 = (_4776 || _4777);
constant bool _4779 = (!_4778);
constant bool _4808 = (SCALES == 2u);
constant uint way = (variant / 51u);
constant bool _5074 = (way == 8u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

struct Weights4
{
    uint4 weights4[1];
};

constant float _1680[4] = { 0.0, 0.0, 0.0, 0.0 };

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
float4 x_at(thread const uint& i, thread const uint& count, const device X4& _1251, const device X1& _1262)
{
    if (((i & 3u) == 0u) && (count >= 4u))
    {
        return _1251.x4[i / 4u];
    }
    float4 v = float4(0.0);
    v.x = _1262.x1[i];
    if (count > 1u)
    {
        v.y = _1262.x1[i + 1u];
    }
    if (count > 2u)
    {
        v.z = _1262.x1[i + 2u];
    }
    if (count > 3u)
    {
        v.w = _1262.x1[i + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
float4 norm_at(thread const uint& i, constant Push& push, const device Norm4& _1325, const device Norm1& _1334)
{
    uint at = push.offset.w + i;
    uint last = (push.offset.w + push.k) - 1u;
    bool _1312 = (at & 3u) == 0u;
    bool _1319;
    if (_1312)
    {
        _1319 = (at + 3u) <= last;
    }
    else
    {
        _1319 = _1312;
    }
    if (_1319)
    {
        return _1325.norm4[at / 4u];
    }
    return float4(_1334.norm1[min(at, last)], _1334.norm1[min((at + 1u), last)], _1334.norm1[min((at + 2u), last)], _1334.norm1[min((at + 3u), last)]);
}

static inline __attribute__((always_inline))
float silu(thread const float& x)
{
    return x / (1.0 + exp(-x));
}

static inline __attribute__((always_inline))
float4 input_of(thread const float4& x, thread const float4& up, thread const float4& factor, thread float& squares)
{
    if (gated)
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
float4 input_quad(thread const uint& r, thread const uint& q, thread float& squares, constant Push& push, const device X4& _1251, const device X1& _1262, const device Norm4& _1325, const device Norm1& _1334)
{
    if ((4u * q) >= push.k)
    {
        return float4(0.0);
    }
    uint at = (push.offset.x + (r * push.ldx)) + (4u * q);
    uint count = push.k - (4u * q);
    float4 _1549;
    if (gated)
    {
        uint param = at + push.k;
        uint param_1 = count;
        _1549 = x_at(param, param_1, _1251, _1262);
    }
    else
    {
        _1549 = float4(0.0);
    }
    float4 up = _1549;
    float4 _1563;
    if (normed)
    {
        uint param_2 = 4u * q;
        _1563 = norm_at(param_2, push, _1325, _1334);
    }
    else
    {
        _1563 = float4(1.0);
    }
    float4 factor = _1563;
    uint param_3 = at;
    uint param_4 = count;
    float4 param_5 = x_at(param_3, param_4, _1251, _1262);
    float4 param_6 = up;
    float4 param_7 = factor;
    float param_8 = squares;
    float4 _1585 = input_of(param_5, param_6, param_7, param_8);
    squares = param_8;
    return _1585;
}

static inline __attribute__((always_inline))
uint group_max_bits(thread uint& bits, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, threadgroup uint4 (&pool)[576])
{
    bits = simd_max(bits);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _1492 = simd_is_first();
    if (_1492)
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
    bool _314 = simd_is_first();
    if (_314)
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
    float _1364;
    if (push.k != 0u)
    {
        _1364 = rsqrt((squares / float(push.k)) + push.eps);
    }
    else
    {
        _1364 = 0.0;
    }
    return _1364;
}

static inline __attribute__((always_inline))
uint slices_of_minima(constant Push& push)
{
    uint _1432;
    if (minima_of_32)
    {
        uint param = slices_of_k(push);
        uint param_1 = 32u;
        _1432 = ceil_div(param, param_1);
    }
    else
    {
        uint _1446;
        if (minima_of_any)
        {
            uint param_2 = push.k;
            uint param_3 = 512u;
            _1446 = ceil_div(param_2, param_3);
        }
        else
        {
            _1446 = 0u;
        }
        _1432 = _1446;
    }
    return _1432;
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
void put_halves(thread const uint& at, thread const uint& q, thread const float4& v, device Work4& _1592)
{
    _1592.work4[(at + ((q / 8u) * 512u)) + (q & 7u)] = as_type<uint4>(v);
}

static inline __attribute__((always_inline))
void put_quads(thread const uint& start, thread const uint& minima, thread const uint& base, thread const uint& quads, thread const float4& v, constant Push& push, threadgroup uint4 (&pool)[576], device Work4& _1592, thread uint3& gl_LocalInvocationID)
{
    uint me = gl_LocalInvocationID.x;
    if ((base + me) < quads)
    {
        uint param = start;
        uint param_1 = base + me;
        float4 param_2 = v;
        put_halves(param, param_1, param_2, _1592);
    }
    if (minima_of_any)
    {
        uint turn = base & 256u;
        float _1639;
        if ((base + me) < quads)
        {
            _1639 = ((v.x + v.y) + v.z) + v.w;
        }
        else
        {
            _1639 = 0.0;
        }
        ((threadgroup uint*)&pool[turn + me])[0u] = as_type<uint>(_1639);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        uint m = (base / QUADS_OF_SUMS) + me;
        bool _1667 = me < _1666;
        bool _1674;
        if (_1667)
        {
            _1674 = m < (slices_of_minima(push) * 8u);
        }
        else
        {
            _1674 = _1667;
        }
        if (_1674)
        {
            float sums[4] = { 0.0, 0.0, 0.0, 0.0 };
            for (uint i = 0u; i < QUADS_OF_SUMS; i++)
            {
                uint _1690 = i / QUADS_OF_SUM;
                sums[_1690] += as_type<float>(((threadgroup uint*)&pool[(turn + (QUADS_OF_SUMS * me)) + i])[0u]);
            }
            float4 _1706;
            if (minima_in_pairs)
            {
                _1706 = float4(sums[0], sums[0], sums[1], sums[1]);
            }
            else
            {
                _1706 = float4(sums[0], sums[1], sums[2], sums[3]);
            }
            uint param_3 = minima;
            uint param_4 = m;
            float4 param_5 = _1706;
            put_halves(param_3, param_4, param_5, _1592);
        }
    }
}

static inline __attribute__((always_inline))
void input_rows(threadgroup float (&group_partial)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, constant Push& push, const device X4& _1251, const device X1& _1262, const device Norm4& _1325, const device Norm1& _1334, threadgroup uint4 (&pool)[576], device Work4& _1592, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1888)
{
    uint me = gl_LocalInvocationID.x;
    uint quads = slices_of_k(push) * 8u;
    uint3 _1750 = push.first.xyz + gl_WorkGroupID;
    uint _1751 = _1750.x;
    float4 kept[4];
    float _1854;
    for (uint r = _1751; r < push.rows; r += push.groups.x)
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
            float4 _1785 = input_quad(param, param_1, param_2, push, _1251, _1262, _1325, _1334);
            squares = param_2;
            kept[i] = _1785;
            uint4 v = as_type<uint4>(kept[i]) & uint4(2147483647u);
            bits = max(bits, max(max(v.x, v.y), max(v.z, v.w)));
        }
        uint _1814 = 1024u + me;
        for (uint q = _1814; q < quads; q += 256u)
        {
            uint param_3 = r;
            uint param_4 = q;
            float param_5 = squares;
            float4 _1830 = input_quad(param_3, param_4, param_5, push, _1251, _1262, _1325, _1334);
            squares = param_5;
            uint4 v_1 = as_type<uint4>(_1830) & uint4(2147483647u);
            bits = max(bits, max(max(v_1.x, v_1.y), max(v_1.z, v_1.w)));
        }
        uint param_6 = bits;
        uint _1852 = group_max_bits(param_6, gl_SubgroupID, gl_NumSubgroups, pool);
        bits = _1852;
        if (normed)
        {
            float param_7 = squares;
            float _1859 = group_sum(param_7, group_partial, gl_SubgroupID, gl_NumSubgroups);
            float param_8 = _1859;
            _1854 = norm_scale(param_8, push);
        }
        else
        {
            _1854 = 1.0;
        }
        float factor = _1854;
        int power = clamp(136 - int(bits >> 23u), -118, 100);
        float scale = as_type<float>(uint(127 + power) << 23u);
        if (me == 0u)
        {
            _1888.work1[r] = factor * as_type<float>(uint(127 - power) << 23u);
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
                put_quads(param_10, param_11, param_12, param_13, param_14, push, pool, _1592, gl_LocalInvocationID);
            }
        }
        for (uint base = 1024u; base < quads; base += 256u)
        {
            uint param_15 = r;
            uint param_16 = base + me;
            float param_17 = unused;
            float4 _1957 = input_quad(param_15, param_16, param_17, push, _1251, _1262, _1325, _1334);
            unused = param_17;
            uint param_18 = start;
            uint param_19 = minima;
            uint param_20 = base;
            uint param_21 = quads;
            float4 param_22 = _1957 * scale;
            put_quads(param_18, param_19, param_20, param_21, param_22, push, pool, _1592, gl_LocalInvocationID);
        }
        if (minima_of_any)
        {
            uint param_23 = quads;
            uint param_24 = 256u;
            uint covered = ceil_div(param_23, param_24) * _1979;
            uint _1984 = covered + me;
            for (uint m = _1984; m < (slices_of_minima(push) * 8u); m += 256u)
            {
                uint param_25 = minima;
                uint param_26 = m;
                float4 param_27 = float4(0.0);
                put_halves(param_25, param_26, param_27, _1592);
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
    simdgroup_float8x8 _4551;
    simdgroup_load(_4551, reinterpret_cast<threadgroup float*>(&pool[0u]), (2u) * 4u);
    simdgroup_float8x8 tempArg = _4551;
    simdgroup_float8x8 numbers = tempArg;
    simdgroup_float8x8 param = numbers;
    columns = uint2(elements_of(param));
}

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    uint _710;
    if (_709)
    {
        _710 = (k / 1u) * 2u;
    }
    else
    {
        uint _718;
        if (_717)
        {
            _718 = (k / 1u) * 1u;
        }
        else
        {
            uint _726;
            if (_725)
            {
                _726 = (k / 1u) * 1u;
            }
            else
            {
                uint _734;
                if (_733)
                {
                    _734 = (k / 32u) * 17u;
                }
                else
                {
                    uint _743;
                    if (_742)
                    {
                        _743 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _753;
                        if (_752)
                        {
                            _753 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _763;
                            if (_762)
                            {
                                _763 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _773;
                                if (_772)
                                {
                                    _773 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    uint _782;
                                    if (_781)
                                    {
                                        _782 = (k / 32u) * 11u;
                                    }
                                    else
                                    {
                                        uint _791;
                                        if (_790)
                                        {
                                            _791 = (k / 32u) * 12u;
                                        }
                                        else
                                        {
                                            uint _800;
                                            if (_799)
                                            {
                                                _800 = (k / 256u) * 42u;
                                            }
                                            else
                                            {
                                                uint _809;
                                                if (_808)
                                                {
                                                    _809 = (k / 256u) * 55u;
                                                }
                                                else
                                                {
                                                    uint _818;
                                                    if (_817)
                                                    {
                                                        _818 = (k / 256u) * 88u;
                                                    }
                                                    else
                                                    {
                                                        uint _828;
                                                        if (_827)
                                                        {
                                                            _828 = (k / 32u) * 9u;
                                                        }
                                                        else
                                                        {
                                                            uint _837;
                                                            if (_836)
                                                            {
                                                                _837 = (k / 256u) * 68u;
                                                            }
                                                            else
                                                            {
                                                                uint _847;
                                                                if (_846)
                                                                {
                                                                    _847 = (k / 64u) * 17u;
                                                                }
                                                                else
                                                                {
                                                                    uint _855;
                                                                    if (_854)
                                                                    {
                                                                        _855 = (k / 2u) * 1u;
                                                                    }
                                                                    else
                                                                    {
                                                                        _855 = 0u;
                                                                    }
                                                                    _847 = _855;
                                                                }
                                                                _837 = _847;
                                                            }
                                                            _828 = _837;
                                                        }
                                                        _818 = _828;
                                                    }
                                                    _809 = _818;
                                                }
                                                _800 = _809;
                                            }
                                            _791 = _800;
                                        }
                                        _782 = _791;
                                    }
                                    _773 = _782;
                                }
                                _763 = _773;
                            }
                            _753 = _763;
                        }
                        _743 = _753;
                    }
                    _734 = _743;
                }
                _726 = _734;
            }
            _718 = _726;
        }
        _710 = _718;
    }
    return _710;
}

static inline __attribute__((always_inline))
void find_rows(thread const uint& first_r, thread const uint& first_j, constant Push& push, thread uint3& gl_LocalInvocationID, thread uint (&start_x)[2], thread uint (&start_w)[1])
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
    _Pragma("clang loop unroll(full)")
    for (uint i_1 = 0u; i_1 < 1u; i_1++)
    {
        uint column = ((i_1 * 256u) + me) / 2u;
        start_w[i_1] = (2u * push.offset.y) + (min((first_j + (column % 128u)), (push.n - 1u)) * halves);
    }
}

static inline __attribute__((always_inline))
uint block_at(thread const uint& row, thread const uint& s)
{
    uint _2148;
    if (blocks_of_256)
    {
        _2148 = s / 8u;
    }
    else
    {
        _2148 = s;
    }
    return row + (_2148 * BLOCK_HALVES);
}

static inline __attribute__((always_inline))
uint4 four_words(thread const uint& at, const device Weights1& _699)
{
    return uint4(*(const device packed_uint4*)&_699.weights1[at]);
}

static inline __attribute__((always_inline))
uint weight_word(thread const uint& i, const device Weights1& _699)
{
    return _699.weights1[i];
}

static inline __attribute__((always_inline))
uint numbers_at(thread const uint& row, thread const uint& s, thread const uint& p)
{
    uint param = row;
    uint param_1 = s;
    uint block = block_at(param, param_1);
    uint half_ = (s / 4u) & 1u;
    uint _2195;
    if (_2194)
    {
        _2195 = (block + 1u) + (8u * p);
    }
    else
    {
        uint _2207;
        if (_2206)
        {
            _2207 = (block + 1u) + (4u * p);
        }
        else
        {
            uint _2217;
            if (_2216)
            {
                _2217 = (block + 3u) + (4u * p);
            }
            else
            {
                uint _2227;
                if (_2226)
                {
                    _2227 = (block + 4u) + (4u * p);
                }
                else
                {
                    uint _2237;
                    if (_2236)
                    {
                        _2237 = ((block + 8u) + (16u * half_)) + (8u * p);
                    }
                    else
                    {
                        uint _2250;
                        if (_2249)
                        {
                            _2250 = ((block + 16u) + (16u * half_)) + (8u * p);
                        }
                        else
                        {
                            uint _2263;
                            if (_2262)
                            {
                                _2263 = ((block + 4u) + (8u * (s & 7u))) + (4u * p);
                            }
                            else
                            {
                                _2263 = ((block + (32u * half_)) + (16u * (s & 1u))) + (8u * p);
                            }
                            _2250 = _2263;
                        }
                        _2237 = _2250;
                    }
                    _2227 = _2237;
                }
                _2217 = _2227;
            }
            _2207 = _2217;
        }
        _2195 = _2207;
    }
    return _2195;
}

static inline __attribute__((always_inline))
Window window_at(thread const uint& at, constant Push& push, const device Weights1& _699)
{
    uint param = push.k;
    uint end = push.offset.y + (((push.n * row_halves(param)) + 1u) / 2u);
    Window w = Window{ uint4(0u), uint4(0u) };
    if ((at + 5u) <= end)
    {
        uint param_1 = at;
        w.a = four_words(param_1, _699);
        uint param_2 = at + 4u;
        w.b.x = weight_word(param_2, _699);
    }
    else
    {
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_3 = min((at + i), (end - 1u));
            w.a[i] = weight_word(param_3, _699);
        }
        uint param_4 = min((at + 4u), (end - 1u));
        w.b.x = weight_word(param_4, _699);
    }
    return w;
}

static inline __attribute__((always_inline))
uint mxfp4_at(thread const uint& row, thread const uint& b)
{
    return row + ((17u * b) / 2u);
}

static inline __attribute__((always_inline))
void load_part(thread Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, constant Push& push, const device Weights1& _699)
{
    uint param = row;
    uint param_1 = s;
    uint block = block_at(param, param_1);
    if (_2302)
    {
        uint last = ((row + push.k) - 1u) / 2u;
        uint at = ((row + (32u * s)) + (16u * p)) / 2u;
        if ((at + 8u) <= last)
        {
            uint param_2 = at;
            uint param_3 = at + 4u;
            v.numbers = Window{ four_words(param_2, _699), four_words(param_3, _699) };
            uint param_4 = at + 8u;
            v.scale = weight_word(param_4, _699);
            return;
        }
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_5 = min((at + i), last);
            v.numbers.a[i] = weight_word(param_5, _699);
            uint param_6 = min(((at + 4u) + i), last);
            v.numbers.b[i] = weight_word(param_6, _699);
        }
        uint param_7 = min((at + 8u), last);
        v.scale = weight_word(param_7, _699);
    }
    else
    {
        if (_2379)
        {
            uint last_1 = (row + ((push.k - 1u) / 2u)) / 2u;
            uint at_1 = ((row + (16u * s)) + (8u * p)) / 2u;
            if ((at_1 + 4u) <= last_1)
            {
                uint param_8 = at_1;
                v.numbers.a = four_words(param_8, _699);
                uint param_9 = at_1 + 4u;
                v.scale = weight_word(param_9, _699);
                return;
            }
            _Pragma("clang loop unroll(full)")
            for (uint i_1 = 0u; i_1 < 4u; i_1++)
            {
                uint param_10 = min((at_1 + i_1), last_1);
                v.numbers.a[i_1] = weight_word(param_10, _699);
            }
            uint param_11 = min((at_1 + 4u), last_1);
            v.scale = weight_word(param_11, _699);
        }
        else
        {
            if (_2446)
            {
                uint param_12 = row;
                uint param_13 = s;
                uint param_14 = p;
                uint param_15 = (numbers_at(param_12, param_13, param_14) - 1u) / 2u;
                v.numbers = window_at(param_15, push, _699);
            }
            else
            {
                if (_2462)
                {
                    uint param_16 = block / 2u;
                    v.numbers = window_at(param_16, push, _699);
                }
                else
                {
                    if (_2471)
                    {
                        uint param_17 = row;
                        uint param_18 = s;
                        uint param_19 = mxfp4_at(param_17, param_18) / 2u;
                        v.numbers = window_at(param_19, push, _699);
                    }
                    else
                    {
                        if (_2486)
                        {
                            uint param_20 = row;
                            uint param_21 = s;
                            uint param_22 = p;
                            uint param_23 = numbers_at(param_20, param_21, param_22) / 2u;
                            v.numbers = window_at(param_23, push, _699);
                            uint param_24 = block / 2u;
                            uint param_25 = (block / 2u) + 1u;
                            uint2 _2509 = uint2(weight_word(param_24, _699), weight_word(param_25, _699));
                            v.scales.x = _2509.x;
                            v.scales.y = _2509.y;
                        }
                        else
                        {
                            if (_2515)
                            {
                                uint param_26 = row;
                                uint param_27 = s;
                                uint param_28 = p;
                                uint param_29 = numbers_at(param_26, param_27, param_28) / 2u;
                                v.numbers = window_at(param_29, push, _699);
                                if ((s & 7u) == 0u)
                                {
                                    uint param_30 = block / 2u;
                                    uint param_31 = (block / 2u) + 1u;
                                    uint2 _2543 = uint2(weight_word(param_30, _699), weight_word(param_31, _699));
                                    v.scales.x = _2543.x;
                                    v.scales.y = _2543.y;
                                }
                            }
                            else
                            {
                                if (_2551)
                                {
                                    uint at_2 = block / 2u;
                                    uint numbers = ((at_2 + _2560) + (((s & 7u) / 2u) * 8u)) + (4u * p);
                                    bool whole = (push.offset.y & 3u) == 0u;
                                    if ((s & 7u) == 0u)
                                    {
                                        uint param_32 = at_2;
                                        v.more.a = four_words(param_32, _699);
                                    }
                                    if (_2585)
                                    {
                                        if ((s & 1u) == 0u)
                                        {
                                            uint param_33 = (at_2 + 4u) + (4u * p);
                                            uint4 high = (four_words(param_33, _699) >> uint4(s & 7u)) & uint4(50529027u);
                                            v.scale = ((high.x | (high.y << 2u)) | (high.z << 4u)) | (high.w << 6u);
                                        }
                                    }
                                    if ((s & 1u) == 0u)
                                    {
                                        uint param_34 = numbers;
                                        v.numbers.a = four_words(param_34, _699);
                                    }
                                }
                                else
                                {
                                    if (_2633)
                                    {
                                        if ((s & 3u) == 0u)
                                        {
                                            uint scales = (block / 2u) + (2u * ((s / 4u) & 1u));
                                            uint param_35 = row;
                                            uint param_36 = s;
                                            uint param_37 = p;
                                            uint param_38 = numbers_at(param_35, param_36, param_37) / 2u;
                                            v.numbers = window_at(param_38, push, _699);
                                            uint param_39 = scales;
                                            uint param_40 = scales + 1u;
                                            uint2 _2667 = uint2(weight_word(param_39, _699), weight_word(param_40, _699));
                                            v.scales.x = _2667.x;
                                            v.scales.y = _2667.y;
                                            uint param_41 = (block / 2u) + 20u;
                                            v.scale = weight_word(param_41, _699);
                                        }
                                    }
                                    else
                                    {
                                        if (_2680)
                                        {
                                            if ((s & 3u) == 0u)
                                            {
                                                uint param_42 = row;
                                                uint param_43 = s;
                                                uint param_44 = p;
                                                uint param_45 = numbers_at(param_42, param_43, param_44) / 2u;
                                                v.numbers = window_at(param_45, push, _699);
                                            }
                                            if ((s & 7u) == 0u)
                                            {
                                                uint scales_1 = (block / 2u) + 24u;
                                                uint param_46 = (block + (8u * p)) / 2u;
                                                v.more = window_at(param_46, push, _699);
                                                uint param_47 = scales_1;
                                                uint param_48 = scales_1 + 1u;
                                                uint param_49 = scales_1 + 2u;
                                                v.scales = uint3(weight_word(param_47, _699), weight_word(param_48, _699), weight_word(param_49, _699));
                                                uint param_50 = scales_1 + 3u;
                                                v.scale = weight_word(param_50, _699);
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
                                            v.numbers = window_at(param_54, push, _699);
                                            if ((s & 3u) == 0u)
                                            {
                                                uint param_55 = (((block + 64u) + (16u * half_)) + (8u * p)) / 2u;
                                                v.more = window_at(param_55, push, _699);
                                                uint param_56 = scales_2;
                                                uint param_57 = scales_2 + 1u;
                                                uint param_58 = scales_2 + 2u;
                                                v.scales = uint3(weight_word(param_56, _699), weight_word(param_57, _699), weight_word(param_58, _699));
                                                uint param_59 = (block / 2u) + 52u;
                                                v.scale = weight_word(param_59, _699);
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
Sixteen load_minima(thread const uint& row, thread const uint& s, thread const uint& p, constant Push& push, const device Weights1& _699)
{
    Sixteen v;
    v.numbers = Window{ uint4(0u), uint4(0u) };
    v.more = Window{ uint4(0u), uint4(0u) };
    v.scales = uint3(0u);
    v.scale = 0u;
    if (minima_of_32)
    {
        uint blocks = slices_of_k(push);
        uint _3934;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 16u; i++)
        {
            uint block = ((32u * s) + (16u * p)) + i;
            if (block < blocks)
            {
                uint param = (row + (BLOCK_HALVES * block)) / 2u;
                _3934 = weight_word(param, _699) >> 16u;
            }
            else
            {
                _3934 = 0u;
            }
            uint minimum = _3934;
            if (i < 8u)
            {
                uint _3952 = i / 2u;
                v.numbers.a[_3952] |= (minimum << (16u * (i & 1u)));
            }
            else
            {
                uint _3965 = (i / 2u) - 4u;
                v.numbers.b[_3965] |= (minimum << (16u * (i & 1u)));
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
                v.more.a = uint4(weight_word(param_1, _699), weight_word(param_2, _699), weight_word(param_3, _699), weight_word(param_4, _699));
            }
            if (minima_of_16)
            {
                uint _4028;
                if (mine < blocks_1)
                {
                    uint param_5 = at + 20u;
                    _4028 = weight_word(param_5, _699);
                }
                else
                {
                    _4028 = 0u;
                }
                v.scale = _4028;
            }
            else
            {
                uint _4042;
                if (other < blocks_1)
                {
                    uint param_6 = (row + (BLOCK_HALVES * other)) / 2u;
                    _4042 = weight_word(param_6, _699);
                }
                else
                {
                    _4042 = 0u;
                }
                v.scale = _4042;
            }
        }
    }
    return v;
}

static inline __attribute__((always_inline))
void load_slice(thread const uint& s, thread const uint& slices_k, constant Push& push, const device Weights1& _699, device Work4& _1592, thread uint3& gl_LocalInvocationID, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1])
{
    uint p = gl_LocalInvocationID.x & 1u;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 2u; i++)
    {
        next_x[i] = _1592.work4[start_x[i] + (s * 512u)];
    }
    _Pragma("clang loop unroll(full)")
    for (uint i_1 = 0u; i_1 < 1u; i_1++)
    {
        if (s < slices_k)
        {
            Sixteen param = next_w[i_1];
            uint param_1 = start_w[i_1];
            uint param_2 = s;
            uint param_3 = p;
            load_part(param, param_1, param_2, param_3, push, _699);
            next_w[i_1] = param;
        }
        else
        {
            uint param_4 = start_w[i_1];
            uint param_5 = s - slices_k;
            uint param_6 = p;
            next_w[i_1] = load_minima(param_4, param_5, param_6, push, _699);
        }
    }
}

static inline __attribute__((always_inline))
uint4 shifted(thread const uint& h, thread const uint4& v, thread const uint& next)
{
    uint4 _2096;
    if ((h & 1u) != 0u)
    {
        _2096 = (v >> uint4(16u)) | (uint4(v.yzw, next) << uint4(16u));
    }
    else
    {
        _2096 = v;
    }
    return _2096;
}

static inline __attribute__((always_inline))
uint2 halves_of_f8(thread uint& word, thread const uint& left)
{
    uint _3364;
    if (left > 3u)
    {
        _3364 = word;
    }
    else
    {
        uint _3371;
        if (left > 1u)
        {
            _3371 = word & 65535u;
        }
        else
        {
            _3371 = 0u;
        }
        _3364 = _3371;
    }
    word = _3364;
    float2 p = float2(as_type<half2>(((word << 7u) & 1065369472u) | ((word << 8u) & 2147516416u))) * 256.0;
    float2 q = float2(as_type<half2>(((word >> 1u) & 1065369472u) | (word & 2147516416u))) * 256.0;
    bool none = (((word & 2139062143u) + 16843009u) & 2155905152u) != 0u;
    uint2 _3410;
    if (none)
    {
        _3410 = uint2(2113961472u);
    }
    else
    {
        _3410 = uint2(as_type<uint>(half2(float2(p.x, q.x))), as_type<uint>(half2(float2(p.y, q.y))));
    }
    return _3410;
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
    uint4 _2125 = words_of(param, param_1, param_2);
    uint next = param_2;
    uint4 v = _2125;
    uint param_3 = h;
    uint4 param_4 = v;
    uint param_5 = next;
    return shifted(param_3, param_4, param_5);
}

static inline __attribute__((always_inline))
uint word_of(thread const uint& h, thread const uint& low, thread const uint& high)
{
    uint _884;
    if ((h & 1u) != 0u)
    {
        _884 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _884 = low;
    }
    return _884;
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
    if (_2799)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = p;
        uint h = numbers_at(param, param_1, param_2);
        Window param_3 = v.numbers;
        uint param_4 = (h - 1u) / 2u;
        uint param_5;
        uint4 _2820 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint4 words = _2820;
        uint4 _2825;
        if ((h & 1u) != 0u)
        {
            uint param_6 = 1u;
            uint4 param_7 = words;
            uint param_8 = next;
            _2825 = shifted(param_6, param_7, param_8);
        }
        else
        {
            _2825 = uint4(words.yzw, next);
        }
        words = _2825;
        uint4 _2844;
        if (_2843)
        {
            _2844 = words ^ uint4(2155905152u);
        }
        else
        {
            uint4 _2853;
            if (_2852)
            {
                uint4 param_9 = uint4(words.xy, words.xy >> uint2(4u));
                _2853 = iq4_numbers(param_9);
            }
            else
            {
                _2853 = uint4(words.xy, words.xy >> uint2(4u)) & uint4(252645135u);
            }
            _2844 = _2853;
        }
        return _2844;
    }
    if (_2887)
    {
        Window param_10 = v.numbers;
        uint param_11 = (row / 2u) + (5u * s);
        uint param_12;
        uint4 _2902 = words_of(param_10, param_11, param_12);
        uint next_1 = param_12;
        uint4 words_1 = _2902;
        uint2 _2907;
        if (p == 0u)
        {
            _2907 = words_1.yz;
        }
        else
        {
            _2907 = uint2(words_1.w, next_1);
        }
        uint2 two = _2907;
        return uint4(two, two >> uint2(4u)) & uint4(252645135u);
    }
    if (_2932)
    {
        uint param_13 = row;
        uint param_14 = s;
        uint param_15 = p;
        Window param_16 = v.numbers;
        uint param_17 = numbers_at(param_13, param_14, param_15);
        uint2 two_1 = words_from(param_16, param_17).xy;
        uint _2951;
        if (_2950)
        {
            _2951 = v.scales.y;
        }
        else
        {
            uint param_18 = row;
            uint param_19 = s;
            uint param_20 = block_at(param_18, param_19) + 1u;
            uint param_21 = v.scales.x;
            uint param_22 = v.scales.y;
            _2951 = word_of(param_20, param_21, param_22);
        }
        uint high = _2951;
        bool _2982;
        if (_2972)
        {
            uint param_23 = row;
            uint param_24 = s;
            _2982 = (block_at(param_23, param_24) & 1u) != 0u;
        }
        else
        {
            _2982 = _2972;
        }
        uint _2983;
        if (_2982)
        {
            _2983 = v.scales.y;
        }
        else
        {
            _2983 = high;
        }
        high = _2983 >> (8u * p);
        uint param_25 = high;
        uint param_26 = high >> 4u;
        uint param_27 = high >> 16u;
        uint param_28 = high >> 20u;
        return (uint4(two_1, two_1 >> uint2(4u)) & uint4(252645135u)) | uint4(fifth_bits(param_25), fifth_bits(param_26), fifth_bits(param_27), fifth_bits(param_28));
    }
    if (_3023)
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
    if (_3052)
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
        uint4 _3076 = words_of(param_39, param_40, param_41);
        uint next_2 = param_41;
        uint4 words_2 = _3076;
        uint3 _3081;
        if (p == 0u)
        {
            _3081 = words_2.xyz;
        }
        else
        {
            _3081 = uint3(words_2.z, words_2.w, next_2);
        }
        uint3 three = _3081;
        uint2 two_3 = ((three.xy >> uint2(shift)) >> uint2(8u)) | (three.yz << uint2(24u - shift));
        uint4 param_42 = uint4(two_3, two_3 >> uint2(4u));
        return fp4_numbers(param_42);
    }
    if (_3121)
    {
        return (v.numbers.a >> uint4(4u * (s & 1u))) & uint4(252645135u);
    }
    if (_3134)
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
    if (_3196)
    {
        return (low >> uint4(2u * stripe)) & uint4(50529027u);
    }
    if (_3207)
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
    float zero = _3322;
    uint low = (bytes & 255u) | ((bytes & 65280u) << 8u);
    uint high = ((bytes >> 16u) & 255u) | ((bytes & 4278190080u) >> 8u);
    return uint2(as_type<uint>(as_type<half2>(low | 1677747200u) - half2(half(zero))), as_type<uint>(as_type<half2>(high | 1677747200u) - half2(half(zero))));
}

static inline __attribute__((always_inline))
void decode_part(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, thread uint4& first, thread uint4& second_, constant Push& push)
{
    uint left = push.k - min(push.k, ((32u * s) + (16u * p)));
    if (_3444)
    {
        uint param = row;
        uint4 param_1 = v.numbers.a;
        uint param_2 = v.numbers.b.x;
        first = shifted(param, param_1, param_2);
        uint param_3 = row;
        uint4 param_4 = v.numbers.b;
        uint param_5 = v.scale;
        second_ = shifted(param_3, param_4, param_5);
        uint _3479;
        uint _3490;
        uint _3507;
        uint _3519;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            if (left > ((2u * i) + 1u))
            {
                _3479 = first[i];
            }
            else
            {
                if (left > (2u * i))
                {
                    _3490 = first[i] & 65535u;
                }
                else
                {
                    _3490 = 0u;
                }
                _3479 = _3490;
            }
            first[i] = _3479;
            if (left > ((2u * i) + 9u))
            {
                _3507 = second_[i];
            }
            else
            {
                if (left > ((2u * i) + 8u))
                {
                    _3519 = second_[i] & 65535u;
                }
                else
                {
                    _3519 = 0u;
                }
                _3507 = _3519;
            }
            second_[i] = _3507;
        }
        return;
    }
    if (_3533)
    {
        uint param_6 = row;
        uint4 param_7 = v.numbers.a;
        uint param_8 = v.scale;
        uint4 words = shifted(param_6, param_7, param_8);
        uint param_9 = words.x;
        uint param_10 = left;
        uint2 _3551 = halves_of_f8(param_9, param_10);
        uint param_11 = words.y;
        uint param_12 = left - min(left, 4u);
        uint2 _3560 = halves_of_f8(param_11, param_12);
        first = uint4(_3551, _3560);
        uint param_13 = words.z;
        uint param_14 = left - min(left, 8u);
        uint2 _3574 = halves_of_f8(param_13, param_14);
        uint param_15 = words.w;
        uint param_16 = left - min(left, 12u);
        uint2 _3583 = halves_of_f8(param_15, param_16);
        second_ = uint4(_3574, _3583);
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
    uint _1172;
    if (exponent < 2u)
    {
        _1172 = 2097152u << exponent;
    }
    else
    {
        _1172 = (exponent - 1u) << 23u;
    }
    return as_type<float>(_1172);
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
    float2 _946;
    if (i < 4u)
    {
        _946 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _946 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _946;
}

static inline __attribute__((always_inline))
float part_scale(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p)
{
    if (_3630)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = 0u;
        uint h = numbers_at(param, param_1, param_2) - 1u;
        Window param_3 = v.numbers;
        uint param_4 = h / 2u;
        uint param_5;
        uint4 _3649 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint param_6 = h;
        uint param_7 = _3649.x;
        return float_of(param_6, param_7);
    }
    if (_3657)
    {
        Window param_8 = v.numbers;
        uint param_9 = (row / 2u) + (5u * s);
        uint param_10;
        uint4 _3671 = words_of(param_8, param_9, param_10);
        uint next_1 = param_10;
        return float2(as_type<half2>(_3671.x)).x;
    }
    if (_3679)
    {
        uint param_11 = row;
        uint param_12 = s;
        uint param_13 = block_at(param_11, param_12);
        uint param_14 = v.scales.x;
        return float_of(param_13, param_14);
    }
    if (_3693)
    {
        uint param_15 = row;
        uint param_16 = s;
        uint h_1 = mxfp4_at(param_15, param_16);
        Window param_17 = v.numbers;
        uint param_18 = h_1 / 2u;
        uint param_19;
        uint4 _3710 = words_of(param_17, param_18, param_19);
        uint next_2 = param_19;
        uint param_20 = h_1;
        uint param_21 = s;
        uint param_22 = _3710.x >> mxfp4_bit(param_20, param_21);
        float _3720 = e8m0(param_22);
        return _3720;
    }
    if (_3722)
    {
        uint2 param_23 = v.scales.xy;
        uint param_24 = s & 7u;
        return iq4_xs_scale(param_23, param_24);
    }
    if (_3736)
    {
        uint3 param_25 = v.more.a.yzw;
        uint param_26 = s & 7u;
        return float2(as_type<half2>(v.more.a.x)).x * scale_of(param_25, param_26).x;
    }
    uint param_27 = row;
    uint param_28 = s;
    uint block = block_at(param_27, param_28);
    if (_3760)
    {
        uint _3767;
        if ((s & 2u) != 0u)
        {
            _3767 = v.scales.y;
        }
        else
        {
            _3767 = v.scales.x;
        }
        uint word = _3767;
        return float2(as_type<half2>(v.scale)).x * float((word >> ((16u * (s & 1u)) + (8u * p))) & 15u);
    }
    if (_3792)
    {
        uint3 words = v.scales;
        if ((block & 1u) != 0u)
        {
            words = (words >> uint3(16u)) | (uint3(words.y, words.z, v.scale) << uint3(16u));
        }
        uint i = (2u * (s & 7u)) + p;
        uint shift = 8u * (i & 3u);
        uint _3830;
        if ((i & 4u) != 0u)
        {
            _3830 = words.y;
        }
        else
        {
            _3830 = words.x;
        }
        uint low = (_3830 >> (shift + (4u * (i / 8u)))) & 15u;
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
    uint _3285;
    if (halves_in_nibbles)
    {
        _3285 = p + (2u * i);
    }
    else
    {
        _3285 = (2u * p) + i;
    }
    return _3285;
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
    float _4063;
    if (minima_in_pairs)
    {
        _4063 = fast::max(abs(float2(as_type<half2>(v.more.a.x)).y), abs(mine));
    }
    else
    {
        _4063 = minima_of_16 ? mine : 1.0;
    }
    return _4063;
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
        float _4137;
        if (most > 0.0)
        {
            _4137 = (-float2(as_type<half2>(v.more.a.x)).y) / most;
        }
        else
        {
            _4137 = 0.0;
        }
        float ratio = _4137;
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
    float _4429;
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
            if (_4428)
            {
                _4429 = 1.0;
            }
            else
            {
                Sixteen param_6 = next_w[i_1];
                uint param_7 = start_w[i_1];
                uint param_8 = s;
                uint param_9 = p;
                _4429 = part_scale(param_6, param_7, param_8, param_9);
            }
            scale = _4429;
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
        bool _4511;
        if (_4498)
        {
            _4511 = (p == 0u) || _4509;
        }
        else
        {
            _4511 = _4498;
        }
        if (_4511)
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
                simdgroup_half8x8 _4607;
                simdgroup_load(_4607, reinterpret_cast<threadgroup half*>(&tile_w[((right + (j * 8u)) * 5u) + (((e * PART_STEPS) + t) * 1u)]), (5u) * 8u, ulong2(0), true);
                simdgroup_half8x8 tempArg = _4607;
                b[(j * 4u) + t] = tempArg;
            }
        }
        if (_4622)
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
                simdgroup_float8x8 _4701;
                simdgroup_load(_4701, reinterpret_cast<threadgroup float*>(&pool[((down + (i * 8u)) * 9u) + ((((e * PART_STEPS) + t_1) * 2u) * 1u)]), (9u) * 4u);
                simdgroup_float8x8 tempArg_1 = _4701;
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
                    if (_4734)
                    {
                        simdgroup_float8x8 _4760;
                        simdgroup_multiply_accumulate(_4760, a[t_2], b[(j_1 * 4u) + t_2], sums[(i * 4u) + j_1]);
                        sums[(i * 4u) + j_1] = _4760;
                    }
                    else
                    {
                        simdgroup_float8x8 _4773;
                        simdgroup_multiply_accumulate(_4773, a[t_2], b[(j_1 * 4u) + t_2], block);
                        block = _4773;
                    }
                }
            }
            if (_4779)
            {
                uint _4785 = (i * 4u) + j_1;
                simdgroup_float8x8 param = sums[_4785];
                simdgroup_float8x8 param_1 = block;
                float2 param_2 = scales[j_1];
                add_scaled(param, param_1, param_2);
                sums[_4785] = param;
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
    if (_4808)
    {
        uint param_3 = down;
        uint param_4 = right;
        uint param_5 = 1u;
        multiply_part(param_3, param_4, param_5, pool, tile_w, tile_scales, columns, sums);
    }
}

static inline __attribute__((always_inline))
bool has(thread const uint& flag, constant Push& push)
{
    return (push.flags & flag) != 0u;
}

static inline __attribute__((always_inline))
float gelu_erf(thread const float& x)
{
    float y = x * 0.707106769084930419921875;
    float z = fast::min(y * y, 16.0);
    float p = -2.7261423674040941023122286424041e-10;
    p = (p * z) + 2.7706814620387376635335385799408e-08;
    p = (p * z) - 2.101023937939316965639591217041e-06;
    p = (p * z) - 5.6925062381196767091751098632812e-05;
    p = (p * z) - 0.0007349906372837722301483154296875;
    p = (p * z) - 0.0029545999132096767425537109375;
    p = (p * z) - 0.016096033155918121337890625;
    float q = -1.4566071513399947434663772583008e-05;
    q = (q * z) - 0.00021337404905352741479873657226562;
    q = (q * z) - 0.00168282701633870601654052734375;
    q = (q * z) - 0.0073733292520046234130859375;
    q = (q * z) - 0.014264739118516445159912109375;
    float _442;
    if (abs(y) > 3.900000095367431640625)
    {
        _442 = sign(y);
    }
    else
    {
        _442 = (y * p) / q;
    }
    float erf = _442;
    return (0.5 * x) * (1.0 + erf);
}

static inline __attribute__((always_inline))
float gelu_tanh(thread const float& x)
{
    return x / (1.0 + exp((-1.5957691669464111328125) * (x + (((0.0447149984538555145263671875 * x) * x) * x))));
}

static inline __attribute__((always_inline))
void finish(thread const uint& r, thread const uint& j, thread float& sum, constant Push& push, const device Bias1& _509, device Y1& _543)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    uint param = 2u;
    if (has(param, push))
    {
        sum += _509.bias1[push.offset.z + j];
    }
    uint param_1 = 16u;
    if (has(param_1, push))
    {
        float param_2 = sum;
        sum = gelu_erf(param_2);
    }
    uint param_3 = 64u;
    if (has(param_3, push))
    {
        float param_4 = sum;
        sum = gelu_tanh(param_4);
    }
    uint param_5 = 1u;
    if (has(param_5, push))
    {
        sum += _543.y1[to];
    }
    _543.y1[to] = sum;
}

static inline __attribute__((always_inline))
void finish_quad(thread const uint& r, thread const uint& j, thread float4& sums, constant Push& push, const device Bias1& _509, device Y1& _543, device Y4& _653)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    bool _564 = (to & 3u) == 0u;
    bool _574;
    if (_564)
    {
        _574 = (j + 4u) <= push.n;
    }
    else
    {
        _574 = _564;
    }
    if (_574)
    {
        uint param = 2u;
        if (has(param, push))
        {
            uint at = push.offset.z + j;
            sums += float4(*(const device packed_float4*)&_509.bias1[at]);
        }
        uint param_1 = 16u;
        if (has(param_1, push))
        {
            float param_2 = sums.x;
            float param_3 = sums.y;
            float param_4 = sums.z;
            float param_5 = sums.w;
            sums = float4(gelu_erf(param_2), gelu_erf(param_3), gelu_erf(param_4), gelu_erf(param_5));
        }
        uint param_6 = 64u;
        if (has(param_6, push))
        {
            float param_7 = sums.x;
            float param_8 = sums.y;
            float param_9 = sums.z;
            float param_10 = sums.w;
            sums = float4(gelu_tanh(param_7), gelu_tanh(param_8), gelu_tanh(param_9), gelu_tanh(param_10));
        }
        uint param_11 = 1u;
        if (has(param_11, push))
        {
            sums += _653.y4[to / 4u];
        }
        _653.y4[to / 4u] = sums;
        return;
    }
    uint e = 0u;
    _Pragma("clang loop unroll(disable)")
    for (;;)
    {
        bool _673 = e < 4u;
        bool _682;
        if (_673)
        {
            _682 = (j + e) < push.n;
        }
        else
        {
            _682 = _673;
        }
        if (_682)
        {
            uint param_12 = r;
            uint param_13 = j + e;
            float param_14 = sums[e];
            finish(param_12, param_13, param_14, push, _509, _543);
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
void finish_tile(thread const uint& first_r, thread const uint& first_j, thread const uint& first_c, thread uint& gl_SubgroupID, constant Push& push, const device Bias1& _509, device Y1& _543, device Y4& _653, threadgroup uint4 (&pool)[576], device Work1& _1888, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
{
    uint base = (gl_SubgroupID * 8u) * 8u;
    uint lane = gl_SubgroupInvocationID;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 4u; i++)
    {
        _Pragma("clang loop unroll(full)")
        for (uint j = 0u; j < 4u; j++)
        {
            simdgroup_store(sums[(i * 4u) + j], reinterpret_cast<threadgroup float*>(&pool[base + ((j * 8u) / 4u)]), (8u) * 4u);
        }
        simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
        _Pragma("clang loop unroll(disable)")
        for (uint t = lane; t < 64u; t += 32u)
        {
            uint r = (first_r + (i * 8u)) + (t / 8u);
            uint j_1 = (first_j + first_c) + (4u * (t % 8u));
            bool _4888 = r < push.rows;
            bool _4895;
            if (_4888)
            {
                _4895 = j_1 < push.n;
            }
            else
            {
                _4895 = _4888;
            }
            if (_4895)
            {
                float4 v = as_type<float4>(pool[base + t]) * _1888.work1[r];
                uint param = r;
                uint param_1 = j_1;
                float4 param_2 = v;
                finish_quad(param, param_1, param_2, push, _509, _543, _653);
            }
        }
        simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
    }
}

static inline __attribute__((always_inline))
void matrix_tiles(thread uint& gl_SubgroupID, constant Push& push, const device Bias1& _509, device Y1& _543, device Y4& _653, const device Weights1& _699, threadgroup uint4 (&pool)[576], device Work4& _1592, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1888, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1], threadgroup uint4 (&tile_w)[640], threadgroup float (&tile_scales)[256], thread uint2& columns, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
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
        uint param_1 = 128u;
        uint _4950 = ceil_div(param, param_1);
        if (tile_j < _4950)
        {
            uint tile_r = (push.first.xyz + gl_WorkGroupID).x;
            for (;;)
            {
                uint param_2 = push.rows;
                uint param_3 = 64u;
                uint _4969 = ceil_div(param_2, param_3);
                if (tile_r < _4969)
                {
                    uint param_4 = tile_r * 64u;
                    uint param_5 = tile_j * 128u;
                    find_rows(param_4, param_5, push, gl_LocalInvocationID, start_x, start_w);
                    _Pragma("clang loop unroll(full)")
                    for (uint i = 0u; i < 16u; i++)
                    {
                        sums[i] = simdgroup_float8x8(0.0);
                    }
                    uint first = 0u;
                    uint end = count;
                    uint param_6 = min(first, (count - 1u));
                    uint param_7 = slices_k;
                    load_slice(param_6, param_7, push, _699, _1592, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    uint param_8 = min(first, (count - 1u));
                    uint param_9 = slices_k;
                    put_slice(param_8, param_9, push, pool, gl_LocalInvocationID, start_w, next_x, next_w, tile_w, tile_scales);
                    uint param_10 = min((first + 1u), (count - 1u));
                    uint param_11 = slices_k;
                    load_slice(param_10, param_11, push, _699, _1592, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
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
                        load_slice(param_16, param_17, push, _699, _1592, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                        threadgroup_barrier(mem_flags::mem_threadgroup);
                    }
                    uint param_18 = (tile_r * 64u) + down;
                    uint param_19 = tile_j * 128u;
                    uint param_20 = right;
                    finish_tile(param_18, param_19, param_20, gl_SubgroupID, push, _509, _543, _653, pool, _1888, sums, gl_SubgroupInvocationID);
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

kernel void zc_linear_matrix(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device Weights1& _699 [[buffer(2)]], const device Bias1& _509 [[buffer(3)]], const device void* spvBufferAliasSet0Binding4 [[buffer(4)]], device void* spvBufferAliasSet0Binding5 [[buffer(5)]], device void* spvBufferAliasSet0Binding6 [[buffer(6)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]])
{
    const device auto& _1251 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& _1325 = *(const device Norm4*)spvBufferAliasSet0Binding4;
    device auto& _543 = *(device Y1*)spvBufferAliasSet0Binding5;
    device auto& _1592 = *(device Work4*)spvBufferAliasSet0Binding6;
    device auto& _653 = *(device Y4*)spvBufferAliasSet0Binding5;
    const device auto& _1262 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& _1334 = *(const device Norm1*)spvBufferAliasSet0Binding4;
    device auto& _1888 = *(device Work1*)spvBufferAliasSet0Binding6;
    threadgroup float group_partial[256];
    threadgroup uint4 pool[576];
    threadgroup uint4 tile_w[640];
    threadgroup float tile_scales[256];
    uint start_x[2];
    uint start_w[1];
    uint4 next_x[2];
    Sixteen next_w[1];
    uint2 columns;
    simdgroup_float8x8 sums[16];
    if (_5074)
    {
        input_rows(group_partial, gl_SubgroupID, gl_NumSubgroups, push, _1251, _1262, _1325, _1334, pool, _1592, gl_LocalInvocationID, gl_WorkGroupID, _1888);
    }
    else
    {
        matrix_tiles(gl_SubgroupID, push, _509, _543, _653, _699, pool, _1592, gl_LocalInvocationID, gl_WorkGroupID, _1888, start_x, start_w, next_x, next_w, tile_w, tile_scales, columns, sums, gl_SubgroupInvocationID);
    }
}

