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
constant bool _704 = (type == 0u);
constant bool _712 = (type == 1u);
constant bool _720 = (type == 2u);
constant bool _728 = (type == 3u);
constant bool _737 = (type == 4u);
constant bool _747 = (type == 5u);
constant bool _757 = (type == 6u);
constant bool _767 = (type == 7u);
constant bool _776 = (type == 8u);
constant bool _785 = (type == 9u);
constant bool _794 = (type == 10u);
constant bool _803 = (type == 11u);
constant bool _812 = (type == 12u);
constant bool _822 = (type == 13u);
constant bool _831 = (type == 14u);
constant bool _841 = (type == 15u);
constant bool _849 = (type == 16u);

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

constant uint _1419 = (variant / 17u);
constant uint input_ = (_1419 % 3u);
constant bool gated = (input_ == 2u);
constant bool normed = (input_ == 1u);
constant bool _1466 = (type == 5u);
constant bool _1467 = (type == 9u);
constant bool minima_of_32 = (_1466 || _1467);
constant bool _1477 = (type == 6u);
constant bool _1478 = (type == 12u);
constant bool minima_in_pairs = (_1477 || _1478);
constant bool _1480 = (minima_of_32 || minima_in_pairs);
constant bool minima_of_16 = (type == 10u);
constant bool minima_of_any = (_1480 || minima_of_16);

struct Work4
{
    uint4 work4[1];
};

constant uint QUADS_OF_SUM = minima_of_16 ? 4u : 8u;
constant uint _1697 = minima_in_pairs ? 2u : 4u;
constant uint QUADS_OF_SUMS = (QUADS_OF_SUM * _1697);
constant uint _1703 = (256u / QUADS_OF_SUMS);

struct Work1
{
    float work1[1];
};

constant uint _2016 = (256u / QUADS_OF_SUMS);
constant bool _2174 = (type == 6u);
constant bool _2175 = (type == 7u);
constant bool _2176 = (_2174 || _2175);
constant bool _2177 = (type == 12u);
constant bool _2178 = (_2176 || _2177);
constant bool _2179 = (type == 10u);
constant bool _2180 = (_2178 || _2179);
constant bool _2181 = (type == 11u);
constant bool _2182 = (_2180 || _2181);
constant bool _2183 = (type == 14u);
constant bool blocks_of_256 = (_2182 || _2183);
constant bool _2193 = (type == 3u);
constant bool _2194 = (type == 15u);
constant bool _2195 = (_2193 || _2194);
constant bool _2196 = (type == 4u);
constant bool _2197 = (type == 13u);
constant bool _2198 = (_2196 || _2197);
constant bool _2199 = (type == 5u);
constant bool _2200 = (type == 8u);
constant bool _2201 = (type == 9u);
constant bool _2202 = (type == 6u);
constant bool _2203 = (type == 12u);
constant bool _2204 = (type == 10u);
constant bool _2205 = (type == 11u);
constant bool _2206 = (type == 14u);
constant uint _2207 = _2206 ? 68u : 105u;
constant uint _2208 = _2205 ? 55u : _2207;
constant uint _2209 = _2204 ? 42u : _2208;
constant uint _2210 = _2203 ? 88u : _2209;
constant uint _2211 = _2202 ? 72u : _2210;
constant uint _2212 = _2201 ? 12u : _2211;
constant uint _2213 = _2200 ? 11u : _2212;
constant uint _2214 = _2199 ? 10u : _2213;
constant uint _2215 = _2198 ? 9u : _2214;
constant uint BLOCK_HALVES = _2195 ? 17u : _2215;
constant bool _2231 = (type == 3u);
constant bool _2241 = (type == 4u);
constant bool _2242 = (type == 13u);
constant bool _2243 = (_2241 || _2242);
constant bool _2253 = (type == 8u);
constant bool _2263 = (type == 9u);
constant bool _2273 = (type == 10u);
constant bool _2286 = (type == 11u);
constant bool _2299 = (type == 14u);
constant bool _2339 = (type == 1u);
constant bool _2416 = (type == 16u);
constant bool _2479 = (type == 3u);
constant bool _2480 = (type == 4u);
constant bool _2481 = (_2479 || _2480);
constant bool _2482 = (type == 13u);
constant bool _2483 = (_2481 || _2482);
constant bool _2499 = (type == 5u);
constant bool _2508 = (type == 15u);
constant bool _2521 = (type == 8u);
constant bool _2522 = (type == 9u);
constant bool _2523 = (_2521 || _2522);
constant bool _2552 = (type == 14u);
constant bool _2586 = (type == 6u);
constant bool _2587 = (type == 12u);
constant bool _2588 = (_2586 || _2587);
constant bool _2596 = (type == 12u);
constant uint _2597 = _2596 ? 12u : 4u;
constant bool _2622 = (type == 12u);
constant bool _2643 = (type == 10u);
constant bool _2690 = (type == 11u);
constant bool _2805 = (type == 3u);
constant bool _2806 = (type == 4u);
constant bool _2807 = (_2805 || _2806);
constant bool _2808 = (type == 13u);
constant bool _2809 = (_2807 || _2808);
constant bool _2853 = (type == 3u);
constant bool _2862 = (type == 13u);
constant bool _2897 = (type == 5u);
constant bool _2940 = (type == 8u);
constant bool _2941 = (type == 9u);
constant bool _2942 = (_2940 || _2941);
constant bool _2960 = (type == 9u);
constant bool _2982 = (type == 8u);
constant bool _3033 = (type == 14u);
constant bool _3062 = (type == 15u);
constant bool _3129 = (type == 6u);
constant bool _3142 = (type == 12u);
constant bool _3192 = (type == 10u);
constant bool _3204 = (type == 11u);
constant bool _3269 = (type == 4u);
constant bool _3270 = (type == 5u);
constant bool _3271 = (_3269 || _3270);
constant bool _3272 = (type == 8u);
constant bool _3273 = (_3271 || _3272);
constant bool _3274 = (type == 9u);
constant bool _3275 = (_3273 || _3274);
constant bool _3276 = (type == 13u);
constant bool _3277 = (_3275 || _3276);
constant bool _3278 = (type == 14u);
constant bool _3279 = (_3277 || _3278);
constant bool _3280 = (type == 15u);
constant bool halves_in_nibbles = (_3279 || _3280);
constant bool _3298 = (type == 3u);
constant bool _3299 = (type == 13u);
constant bool _3300 = (_3298 || _3299);
constant bool _3301 = (type == 14u);
constant bool _3302 = (_3300 || _3301);
constant bool _3304 = (type == 4u);
constant bool _3306 = (type == 7u);
constant bool _3308 = (type == 8u);
constant bool _3309 = (type == 15u);
constant bool _3310 = (_3308 || _3309);
constant bool _3312 = (type == 11u);
constant float _3315 = _3312 ? 1028.0 : 1024.0;
constant float _3316 = _3310 ? 1040.0 : _3315;
constant float _3317 = _3306 ? 1056.0 : _3316;
constant float _3318 = _3304 ? 1032.0 : _3317;
constant float _3319 = _3302 ? 1152.0 : _3318;
constant bool _3401 = (type == 1u);
constant bool _3490 = (type == 16u);
constant bool _3583 = (type == 3u);
constant bool _3584 = (type == 4u);
constant bool _3585 = (_3583 || _3584);
constant bool _3586 = (type == 13u);
constant bool _3587 = (_3585 || _3586);
constant bool _3614 = (type == 5u);
constant bool _3634 = (type == 8u);
constant bool _3635 = (type == 9u);
constant bool _3636 = (_3634 || _3635);
constant bool _3650 = (type == 15u);
constant bool _3677 = (type == 14u);
constant bool _3689 = (type == 6u);
constant bool _3690 = (type == 12u);
constant bool _3691 = (_3689 || _3690);
constant bool _3715 = (type == 10u);
constant bool _3747 = (type == 11u);
constant bool _4381 = (type == 1u);
constant bool _4382 = (type == 16u);
constant bool _4383 = (_4381 || _4382);
constant bool _4450 = (type == 1u);
constant bool _4451 = (type == 16u);
constant bool _4452 = (_4450 || _4451);
constant bool _4453 = (!_4452);
constant bool _4458 = (type == 7u);
constant bool _4459 = (type == 10u);
constant bool _4460 = (_4458 || _4459);
constant bool _4461 = (type == 11u);
constant bool _4462 = (_4460 || _4461);
constant uint SCALES = _4462 ? 2u : 1u;
constant bool _4464 = (SCALES == 2u);
constant uint PART_STEPS = (4u / SCALES);
constant bool _4573 = (type == 1u);
constant bool _4574 = (type == 16u);
constant bool _4575 = (_4573 || _4574);
constant bool _4576 = (!_4575);
constant bool _4686 = (type == 1u);
constant bool _4687 = (type == 16u);
constant bool _4688 = (_4686 || _4687);
constant bool _4730 = (type == 1u);
constant bool _4731 = (type == 16u);
constant bool _4732 = (_4730 || _4731);
constant bool _4733 = (!_4732);
constant bool _4762 = (SCALES == 2u);
constant uint way = (variant / 51u);
constant bool _5028 = (way == 8u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

struct Weights4
{
    uint4 weights4[1];
};

constant float _1717[4] = { 0.0, 0.0, 0.0, 0.0 };

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
float4 x_at(thread const uint& i, thread const uint& count, const device X4& _1288, const device X1& _1299)
{
    if (((i & 3u) == 0u) && (count >= 4u))
    {
        return _1288.x4[i / 4u];
    }
    float4 v = float4(0.0);
    v.x = _1299.x1[i];
    if (count > 1u)
    {
        v.y = _1299.x1[i + 1u];
    }
    if (count > 2u)
    {
        v.z = _1299.x1[i + 2u];
    }
    if (count > 3u)
    {
        v.w = _1299.x1[i + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
float4 norm_at(thread const uint& i, constant Push& push, const device Norm4& _1362, const device Norm1& _1371)
{
    uint at = push.offset.w + i;
    uint last = (push.offset.w + push.k) - 1u;
    bool _1349 = (at & 3u) == 0u;
    bool _1356;
    if (_1349)
    {
        _1356 = (at + 3u) <= last;
    }
    else
    {
        _1356 = _1349;
    }
    if (_1356)
    {
        return _1362.norm4[at / 4u];
    }
    return float4(_1371.norm1[min(at, last)], _1371.norm1[min((at + 1u), last)], _1371.norm1[min((at + 2u), last)], _1371.norm1[min((at + 3u), last)]);
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
float4 input_quad(thread const uint& r, thread const uint& q, thread float& squares, constant Push& push, const device X4& _1288, const device X1& _1299, const device Norm4& _1362, const device Norm1& _1371)
{
    if ((4u * q) >= push.k)
    {
        return float4(0.0);
    }
    uint at = (push.offset.x + (r * push.ldx)) + (4u * q);
    uint count = push.k - (4u * q);
    float4 _1586;
    if (gated)
    {
        uint param = at + push.k;
        uint param_1 = count;
        _1586 = x_at(param, param_1, _1288, _1299);
    }
    else
    {
        _1586 = float4(0.0);
    }
    float4 up = _1586;
    float4 _1600;
    if (normed)
    {
        uint param_2 = 4u * q;
        _1600 = norm_at(param_2, push, _1362, _1371);
    }
    else
    {
        _1600 = float4(1.0);
    }
    float4 factor = _1600;
    uint param_3 = at;
    uint param_4 = count;
    float4 param_5 = x_at(param_3, param_4, _1288, _1299);
    float4 param_6 = up;
    float4 param_7 = factor;
    float param_8 = squares;
    float4 _1622 = input_of(param_5, param_6, param_7, param_8);
    squares = param_8;
    return _1622;
}

static inline __attribute__((always_inline))
uint group_max_bits(thread uint& bits, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, threadgroup uint4 (&pool)[576])
{
    bits = simd_max(bits);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _1529 = simd_is_first();
    if (_1529)
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
    float _1401;
    if (push.k != 0u)
    {
        _1401 = rsqrt((squares / float(push.k)) + push.eps);
    }
    else
    {
        _1401 = 0.0;
    }
    return _1401;
}

static inline __attribute__((always_inline))
uint slices_of_minima(constant Push& push)
{
    uint _1469;
    if (minima_of_32)
    {
        uint param = slices_of_k(push);
        uint param_1 = 32u;
        _1469 = ceil_div(param, param_1);
    }
    else
    {
        uint _1483;
        if (minima_of_any)
        {
            uint param_2 = push.k;
            uint param_3 = 512u;
            _1483 = ceil_div(param_2, param_3);
        }
        else
        {
            _1483 = 0u;
        }
        _1469 = _1483;
    }
    return _1469;
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
void put_halves(thread const uint& at, thread const uint& q, thread const float4& v, device Work4& _1629)
{
    _1629.work4[(at + ((q / 8u) * 512u)) + (q & 7u)] = as_type<uint4>(v);
}

static inline __attribute__((always_inline))
void put_quads(thread const uint& start, thread const uint& minima, thread const uint& base, thread const uint& quads, thread const float4& v, constant Push& push, threadgroup uint4 (&pool)[576], device Work4& _1629, thread uint3& gl_LocalInvocationID)
{
    uint me = gl_LocalInvocationID.x;
    if ((base + me) < quads)
    {
        uint param = start;
        uint param_1 = base + me;
        float4 param_2 = v;
        put_halves(param, param_1, param_2, _1629);
    }
    if (minima_of_any)
    {
        uint turn = base & 256u;
        float _1676;
        if ((base + me) < quads)
        {
            _1676 = ((v.x + v.y) + v.z) + v.w;
        }
        else
        {
            _1676 = 0.0;
        }
        ((threadgroup uint*)&pool[turn + me])[0u] = as_type<uint>(_1676);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        uint m = (base / QUADS_OF_SUMS) + me;
        bool _1704 = me < _1703;
        bool _1711;
        if (_1704)
        {
            _1711 = m < (slices_of_minima(push) * 8u);
        }
        else
        {
            _1711 = _1704;
        }
        if (_1711)
        {
            float sums[4] = { 0.0, 0.0, 0.0, 0.0 };
            for (uint i = 0u; i < QUADS_OF_SUMS; i++)
            {
                uint _1727 = i / QUADS_OF_SUM;
                sums[_1727] += as_type<float>(((threadgroup uint*)&pool[(turn + (QUADS_OF_SUMS * me)) + i])[0u]);
            }
            float4 _1743;
            if (minima_in_pairs)
            {
                _1743 = float4(sums[0], sums[0], sums[1], sums[1]);
            }
            else
            {
                _1743 = float4(sums[0], sums[1], sums[2], sums[3]);
            }
            uint param_3 = minima;
            uint param_4 = m;
            float4 param_5 = _1743;
            put_halves(param_3, param_4, param_5, _1629);
        }
    }
}

static inline __attribute__((always_inline))
void input_rows(threadgroup float (&group_partial)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, constant Push& push, const device X4& _1288, const device X1& _1299, const device Norm4& _1362, const device Norm1& _1371, threadgroup uint4 (&pool)[576], device Work4& _1629, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1925)
{
    uint me = gl_LocalInvocationID.x;
    uint quads = slices_of_k(push) * 8u;
    uint3 _1787 = push.first.xyz + gl_WorkGroupID;
    uint _1788 = _1787.x;
    float4 kept[4];
    float _1891;
    for (uint r = _1788; r < push.rows; r += push.groups.x)
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
            float4 _1822 = input_quad(param, param_1, param_2, push, _1288, _1299, _1362, _1371);
            squares = param_2;
            kept[i] = _1822;
            uint4 v = as_type<uint4>(kept[i]) & uint4(2147483647u);
            bits = max(bits, max(max(v.x, v.y), max(v.z, v.w)));
        }
        uint _1851 = 1024u + me;
        for (uint q = _1851; q < quads; q += 256u)
        {
            uint param_3 = r;
            uint param_4 = q;
            float param_5 = squares;
            float4 _1867 = input_quad(param_3, param_4, param_5, push, _1288, _1299, _1362, _1371);
            squares = param_5;
            uint4 v_1 = as_type<uint4>(_1867) & uint4(2147483647u);
            bits = max(bits, max(max(v_1.x, v_1.y), max(v_1.z, v_1.w)));
        }
        uint param_6 = bits;
        uint _1889 = group_max_bits(param_6, gl_SubgroupID, gl_NumSubgroups, pool);
        bits = _1889;
        if (normed)
        {
            float param_7 = squares;
            float _1896 = group_sum(param_7, group_partial, gl_SubgroupID, gl_NumSubgroups);
            float param_8 = _1896;
            _1891 = norm_scale(param_8, push);
        }
        else
        {
            _1891 = 1.0;
        }
        float factor = _1891;
        int power = clamp(136 - int(bits >> 23u), -118, 100);
        float scale = as_type<float>(uint(127 + power) << 23u);
        if (me == 0u)
        {
            _1925.work1[r] = factor * as_type<float>(uint(127 - power) << 23u);
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
                put_quads(param_10, param_11, param_12, param_13, param_14, push, pool, _1629, gl_LocalInvocationID);
            }
        }
        for (uint base = 1024u; base < quads; base += 256u)
        {
            uint param_15 = r;
            uint param_16 = base + me;
            float param_17 = unused;
            float4 _1994 = input_quad(param_15, param_16, param_17, push, _1288, _1299, _1362, _1371);
            unused = param_17;
            uint param_18 = start;
            uint param_19 = minima;
            uint param_20 = base;
            uint param_21 = quads;
            float4 param_22 = _1994 * scale;
            put_quads(param_18, param_19, param_20, param_21, param_22, push, pool, _1629, gl_LocalInvocationID);
        }
        if (minima_of_any)
        {
            uint param_23 = quads;
            uint param_24 = 256u;
            uint covered = ceil_div(param_23, param_24) * _2016;
            uint _2021 = covered + me;
            for (uint m = _2021; m < (slices_of_minima(push) * 8u); m += 256u)
            {
                uint param_25 = minima;
                uint param_26 = m;
                float4 param_27 = float4(0.0);
                put_halves(param_25, param_26, param_27, _1629);
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
    simdgroup_float8x8 _4505;
    simdgroup_load(_4505, reinterpret_cast<threadgroup float*>(&pool[0u]), (2u) * 4u);
    simdgroup_float8x8 tempArg = _4505;
    simdgroup_float8x8 numbers = tempArg;
    simdgroup_float8x8 param = numbers;
    columns = uint2(elements_of(param));
}

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    uint _705;
    if (_704)
    {
        _705 = (k / 1u) * 2u;
    }
    else
    {
        uint _713;
        if (_712)
        {
            _713 = (k / 1u) * 1u;
        }
        else
        {
            uint _721;
            if (_720)
            {
                _721 = (k / 1u) * 1u;
            }
            else
            {
                uint _729;
                if (_728)
                {
                    _729 = (k / 32u) * 17u;
                }
                else
                {
                    uint _738;
                    if (_737)
                    {
                        _738 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _748;
                        if (_747)
                        {
                            _748 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _758;
                            if (_757)
                            {
                                _758 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _768;
                                if (_767)
                                {
                                    _768 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    uint _777;
                                    if (_776)
                                    {
                                        _777 = (k / 32u) * 11u;
                                    }
                                    else
                                    {
                                        uint _786;
                                        if (_785)
                                        {
                                            _786 = (k / 32u) * 12u;
                                        }
                                        else
                                        {
                                            uint _795;
                                            if (_794)
                                            {
                                                _795 = (k / 256u) * 42u;
                                            }
                                            else
                                            {
                                                uint _804;
                                                if (_803)
                                                {
                                                    _804 = (k / 256u) * 55u;
                                                }
                                                else
                                                {
                                                    uint _813;
                                                    if (_812)
                                                    {
                                                        _813 = (k / 256u) * 88u;
                                                    }
                                                    else
                                                    {
                                                        uint _823;
                                                        if (_822)
                                                        {
                                                            _823 = (k / 32u) * 9u;
                                                        }
                                                        else
                                                        {
                                                            uint _832;
                                                            if (_831)
                                                            {
                                                                _832 = (k / 256u) * 68u;
                                                            }
                                                            else
                                                            {
                                                                uint _842;
                                                                if (_841)
                                                                {
                                                                    _842 = (k / 64u) * 17u;
                                                                }
                                                                else
                                                                {
                                                                    uint _850;
                                                                    if (_849)
                                                                    {
                                                                        _850 = (k / 2u) * 1u;
                                                                    }
                                                                    else
                                                                    {
                                                                        _850 = 0u;
                                                                    }
                                                                    _842 = _850;
                                                                }
                                                                _832 = _842;
                                                            }
                                                            _823 = _832;
                                                        }
                                                        _813 = _823;
                                                    }
                                                    _804 = _813;
                                                }
                                                _795 = _804;
                                            }
                                            _786 = _795;
                                        }
                                        _777 = _786;
                                    }
                                    _768 = _777;
                                }
                                _758 = _768;
                            }
                            _748 = _758;
                        }
                        _738 = _748;
                    }
                    _729 = _738;
                }
                _721 = _729;
            }
            _713 = _721;
        }
        _705 = _713;
    }
    return _705;
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
    uint _2185;
    if (blocks_of_256)
    {
        _2185 = s / 8u;
    }
    else
    {
        _2185 = s;
    }
    return row + (_2185 * BLOCK_HALVES);
}

static inline __attribute__((always_inline))
uint4 four_words(thread const uint& at, const device Weights1& _694)
{
    return uint4(*(const device packed_uint4*)&_694.weights1[at]);
}

static inline __attribute__((always_inline))
uint weight_word(thread const uint& i, const device Weights1& _694)
{
    return _694.weights1[i];
}

static inline __attribute__((always_inline))
uint numbers_at(thread const uint& row, thread const uint& s, thread const uint& p)
{
    uint param = row;
    uint param_1 = s;
    uint block = block_at(param, param_1);
    uint half_ = (s / 4u) & 1u;
    uint _2232;
    if (_2231)
    {
        _2232 = (block + 1u) + (8u * p);
    }
    else
    {
        uint _2244;
        if (_2243)
        {
            _2244 = (block + 1u) + (4u * p);
        }
        else
        {
            uint _2254;
            if (_2253)
            {
                _2254 = (block + 3u) + (4u * p);
            }
            else
            {
                uint _2264;
                if (_2263)
                {
                    _2264 = (block + 4u) + (4u * p);
                }
                else
                {
                    uint _2274;
                    if (_2273)
                    {
                        _2274 = ((block + 8u) + (16u * half_)) + (8u * p);
                    }
                    else
                    {
                        uint _2287;
                        if (_2286)
                        {
                            _2287 = ((block + 16u) + (16u * half_)) + (8u * p);
                        }
                        else
                        {
                            uint _2300;
                            if (_2299)
                            {
                                _2300 = ((block + 4u) + (8u * (s & 7u))) + (4u * p);
                            }
                            else
                            {
                                _2300 = ((block + (32u * half_)) + (16u * (s & 1u))) + (8u * p);
                            }
                            _2287 = _2300;
                        }
                        _2274 = _2287;
                    }
                    _2264 = _2274;
                }
                _2254 = _2264;
            }
            _2244 = _2254;
        }
        _2232 = _2244;
    }
    return _2232;
}

static inline __attribute__((always_inline))
Window window_at(thread const uint& at, constant Push& push, const device Weights1& _694)
{
    uint param = push.k;
    uint end = push.offset.y + (((push.n * row_halves(param)) + 1u) / 2u);
    Window w = Window{ uint4(0u), uint4(0u) };
    if ((at + 5u) <= end)
    {
        uint param_1 = at;
        w.a = four_words(param_1, _694);
        uint param_2 = at + 4u;
        w.b.x = weight_word(param_2, _694);
    }
    else
    {
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_3 = min((at + i), (end - 1u));
            w.a[i] = weight_word(param_3, _694);
        }
        uint param_4 = min((at + 4u), (end - 1u));
        w.b.x = weight_word(param_4, _694);
    }
    return w;
}

static inline __attribute__((always_inline))
void load_part(thread Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, constant Push& push, const device Weights1& _694)
{
    uint param = row;
    uint param_1 = s;
    uint block = block_at(param, param_1);
    if (_2339)
    {
        uint last = ((row + push.k) - 1u) / 2u;
        uint at = ((row + (32u * s)) + (16u * p)) / 2u;
        if ((at + 8u) <= last)
        {
            uint param_2 = at;
            uint param_3 = at + 4u;
            v.numbers = Window{ four_words(param_2, _694), four_words(param_3, _694) };
            uint param_4 = at + 8u;
            v.scale = weight_word(param_4, _694);
            return;
        }
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_5 = min((at + i), last);
            v.numbers.a[i] = weight_word(param_5, _694);
            uint param_6 = min(((at + 4u) + i), last);
            v.numbers.b[i] = weight_word(param_6, _694);
        }
        uint param_7 = min((at + 8u), last);
        v.scale = weight_word(param_7, _694);
    }
    else
    {
        if (_2416)
        {
            uint last_1 = (row + ((push.k - 1u) / 2u)) / 2u;
            uint at_1 = ((row + (16u * s)) + (8u * p)) / 2u;
            if ((at_1 + 4u) <= last_1)
            {
                uint param_8 = at_1;
                v.numbers.a = four_words(param_8, _694);
                uint param_9 = at_1 + 4u;
                v.scale = weight_word(param_9, _694);
                return;
            }
            _Pragma("clang loop unroll(full)")
            for (uint i_1 = 0u; i_1 < 4u; i_1++)
            {
                uint param_10 = min((at_1 + i_1), last_1);
                v.numbers.a[i_1] = weight_word(param_10, _694);
            }
            uint param_11 = min((at_1 + 4u), last_1);
            v.scale = weight_word(param_11, _694);
        }
        else
        {
            if (_2483)
            {
                uint param_12 = row;
                uint param_13 = s;
                uint param_14 = p;
                uint param_15 = (numbers_at(param_12, param_13, param_14) - 1u) / 2u;
                v.numbers = window_at(param_15, push, _694);
            }
            else
            {
                if (_2499)
                {
                    uint param_16 = block / 2u;
                    v.numbers = window_at(param_16, push, _694);
                }
                else
                {
                    if (_2508)
                    {
                        uint param_17 = ((2u * row) + (17u * s)) / 4u;
                        v.numbers = window_at(param_17, push, _694);
                    }
                    else
                    {
                        if (_2523)
                        {
                            uint param_18 = row;
                            uint param_19 = s;
                            uint param_20 = p;
                            uint param_21 = numbers_at(param_18, param_19, param_20) / 2u;
                            v.numbers = window_at(param_21, push, _694);
                            uint param_22 = block / 2u;
                            uint param_23 = (block / 2u) + 1u;
                            uint2 _2546 = uint2(weight_word(param_22, _694), weight_word(param_23, _694));
                            v.scales.x = _2546.x;
                            v.scales.y = _2546.y;
                        }
                        else
                        {
                            if (_2552)
                            {
                                uint param_24 = row;
                                uint param_25 = s;
                                uint param_26 = p;
                                uint param_27 = numbers_at(param_24, param_25, param_26) / 2u;
                                v.numbers = window_at(param_27, push, _694);
                                if ((s & 7u) == 0u)
                                {
                                    uint param_28 = block / 2u;
                                    uint param_29 = (block / 2u) + 1u;
                                    uint2 _2580 = uint2(weight_word(param_28, _694), weight_word(param_29, _694));
                                    v.scales.x = _2580.x;
                                    v.scales.y = _2580.y;
                                }
                            }
                            else
                            {
                                if (_2588)
                                {
                                    uint at_2 = block / 2u;
                                    uint numbers = ((at_2 + _2597) + (((s & 7u) / 2u) * 8u)) + (4u * p);
                                    bool whole = (push.offset.y & 3u) == 0u;
                                    if ((s & 7u) == 0u)
                                    {
                                        uint param_30 = at_2;
                                        v.more.a = four_words(param_30, _694);
                                        if (_2622)
                                        {
                                            uint param_31 = (at_2 + 4u) + (4u * p);
                                            v.more.b = four_words(param_31, _694);
                                        }
                                    }
                                    if ((s & 1u) == 0u)
                                    {
                                        uint param_32 = numbers;
                                        v.numbers.a = four_words(param_32, _694);
                                    }
                                }
                                else
                                {
                                    if (_2643)
                                    {
                                        if ((s & 3u) == 0u)
                                        {
                                            uint scales = (block / 2u) + (2u * ((s / 4u) & 1u));
                                            uint param_33 = row;
                                            uint param_34 = s;
                                            uint param_35 = p;
                                            uint param_36 = numbers_at(param_33, param_34, param_35) / 2u;
                                            v.numbers = window_at(param_36, push, _694);
                                            uint param_37 = scales;
                                            uint param_38 = scales + 1u;
                                            uint2 _2677 = uint2(weight_word(param_37, _694), weight_word(param_38, _694));
                                            v.scales.x = _2677.x;
                                            v.scales.y = _2677.y;
                                            uint param_39 = (block / 2u) + 20u;
                                            v.scale = weight_word(param_39, _694);
                                        }
                                    }
                                    else
                                    {
                                        if (_2690)
                                        {
                                            if ((s & 3u) == 0u)
                                            {
                                                uint param_40 = row;
                                                uint param_41 = s;
                                                uint param_42 = p;
                                                uint param_43 = numbers_at(param_40, param_41, param_42) / 2u;
                                                v.numbers = window_at(param_43, push, _694);
                                            }
                                            if ((s & 7u) == 0u)
                                            {
                                                uint scales_1 = (block / 2u) + 24u;
                                                uint param_44 = (block + (8u * p)) / 2u;
                                                v.more = window_at(param_44, push, _694);
                                                uint param_45 = scales_1;
                                                uint param_46 = scales_1 + 1u;
                                                uint param_47 = scales_1 + 2u;
                                                v.scales = uint3(weight_word(param_45, _694), weight_word(param_46, _694), weight_word(param_47, _694));
                                                uint param_48 = scales_1 + 3u;
                                                v.scale = weight_word(param_48, _694);
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
                                            v.numbers = window_at(param_52, push, _694);
                                            if ((s & 3u) == 0u)
                                            {
                                                uint param_53 = (((block + 64u) + (16u * half_)) + (8u * p)) / 2u;
                                                v.more = window_at(param_53, push, _694);
                                                uint param_54 = scales_2;
                                                uint param_55 = scales_2 + 1u;
                                                uint param_56 = scales_2 + 2u;
                                                v.scales = uint3(weight_word(param_54, _694), weight_word(param_55, _694), weight_word(param_56, _694));
                                                uint param_57 = (block / 2u) + 52u;
                                                v.scale = weight_word(param_57, _694);
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
Sixteen load_minima(thread const uint& row, thread const uint& s, thread const uint& p, constant Push& push, const device Weights1& _694)
{
    Sixteen v;
    v.numbers = Window{ uint4(0u), uint4(0u) };
    v.more = Window{ uint4(0u), uint4(0u) };
    v.scales = uint3(0u);
    v.scale = 0u;
    if (minima_of_32)
    {
        uint blocks = slices_of_k(push);
        uint _3889;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 16u; i++)
        {
            uint block = ((32u * s) + (16u * p)) + i;
            if (block < blocks)
            {
                uint param = (row + (BLOCK_HALVES * block)) / 2u;
                _3889 = weight_word(param, _694) >> 16u;
            }
            else
            {
                _3889 = 0u;
            }
            uint minimum = _3889;
            if (i < 8u)
            {
                uint _3907 = i / 2u;
                v.numbers.a[_3907] |= (minimum << (16u * (i & 1u)));
            }
            else
            {
                uint _3920 = (i / 2u) - 4u;
                v.numbers.b[_3920] |= (minimum << (16u * (i & 1u)));
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
                v.more.a = uint4(weight_word(param_1, _694), weight_word(param_2, _694), weight_word(param_3, _694), weight_word(param_4, _694));
            }
            if (minima_of_16)
            {
                uint _3983;
                if (mine < blocks_1)
                {
                    uint param_5 = at + 20u;
                    _3983 = weight_word(param_5, _694);
                }
                else
                {
                    _3983 = 0u;
                }
                v.scale = _3983;
            }
            else
            {
                uint _3997;
                if (other < blocks_1)
                {
                    uint param_6 = (row + (BLOCK_HALVES * other)) / 2u;
                    _3997 = weight_word(param_6, _694);
                }
                else
                {
                    _3997 = 0u;
                }
                v.scale = _3997;
            }
        }
    }
    return v;
}

static inline __attribute__((always_inline))
void load_slice(thread const uint& s, thread const uint& slices_k, constant Push& push, const device Weights1& _694, device Work4& _1629, thread uint3& gl_LocalInvocationID, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1])
{
    uint p = gl_LocalInvocationID.x & 1u;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 2u; i++)
    {
        next_x[i] = _1629.work4[start_x[i] + (s * 512u)];
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
            load_part(param, param_1, param_2, param_3, push, _694);
            next_w[i_1] = param;
        }
        else
        {
            uint param_4 = start_w[i_1];
            uint param_5 = s - slices_k;
            uint param_6 = p;
            next_w[i_1] = load_minima(param_4, param_5, param_6, push, _694);
        }
    }
}

static inline __attribute__((always_inline))
uint4 shifted(thread const uint& h, thread const uint4& v, thread const uint& next)
{
    uint4 _2133;
    if ((h & 1u) != 0u)
    {
        _2133 = (v >> uint4(16u)) | (uint4(v.yzw, next) << uint4(16u));
    }
    else
    {
        _2133 = v;
    }
    return _2133;
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
    uint _3362;
    if (left > 3u)
    {
        _3362 = word;
    }
    else
    {
        uint _3369;
        if (left > 1u)
        {
            _3369 = word & 65535u;
        }
        else
        {
            _3369 = 0u;
        }
        _3362 = _3369;
    }
    uint param = _3362;
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
    uint4 _2162 = words_of(param, param_1, param_2);
    uint next = param_2;
    uint4 v = _2162;
    uint param_3 = h;
    uint4 param_4 = v;
    uint param_5 = next;
    return shifted(param_3, param_4, param_5);
}

static inline __attribute__((always_inline))
uint word_of(thread const uint& h, thread const uint& low, thread const uint& high)
{
    uint _879;
    if ((h & 1u) != 0u)
    {
        _879 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _879 = low;
    }
    return _879;
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
    if (_2809)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = p;
        uint h = numbers_at(param, param_1, param_2);
        Window param_3 = v.numbers;
        uint param_4 = (h - 1u) / 2u;
        uint param_5;
        uint4 _2830 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint4 words = _2830;
        uint4 _2835;
        if ((h & 1u) != 0u)
        {
            uint param_6 = 1u;
            uint4 param_7 = words;
            uint param_8 = next;
            _2835 = shifted(param_6, param_7, param_8);
        }
        else
        {
            _2835 = uint4(words.yzw, next);
        }
        words = _2835;
        uint4 _2854;
        if (_2853)
        {
            _2854 = words ^ uint4(2155905152u);
        }
        else
        {
            uint4 _2863;
            if (_2862)
            {
                uint4 param_9 = uint4(words.xy, words.xy >> uint2(4u));
                _2863 = iq4_numbers(param_9);
            }
            else
            {
                _2863 = uint4(words.xy, words.xy >> uint2(4u)) & uint4(252645135u);
            }
            _2854 = _2863;
        }
        return _2854;
    }
    if (_2897)
    {
        Window param_10 = v.numbers;
        uint param_11 = (row / 2u) + (5u * s);
        uint param_12;
        uint4 _2912 = words_of(param_10, param_11, param_12);
        uint next_1 = param_12;
        uint4 words_1 = _2912;
        uint2 _2917;
        if (p == 0u)
        {
            _2917 = words_1.yz;
        }
        else
        {
            _2917 = uint2(words_1.w, next_1);
        }
        uint2 two = _2917;
        return uint4(two, two >> uint2(4u)) & uint4(252645135u);
    }
    if (_2942)
    {
        uint param_13 = row;
        uint param_14 = s;
        uint param_15 = p;
        Window param_16 = v.numbers;
        uint param_17 = numbers_at(param_13, param_14, param_15);
        uint2 two_1 = words_from(param_16, param_17).xy;
        uint _2961;
        if (_2960)
        {
            _2961 = v.scales.y;
        }
        else
        {
            uint param_18 = row;
            uint param_19 = s;
            uint param_20 = block_at(param_18, param_19) + 1u;
            uint param_21 = v.scales.x;
            uint param_22 = v.scales.y;
            _2961 = word_of(param_20, param_21, param_22);
        }
        uint high = _2961;
        bool _2992;
        if (_2982)
        {
            uint param_23 = row;
            uint param_24 = s;
            _2992 = (block_at(param_23, param_24) & 1u) != 0u;
        }
        else
        {
            _2992 = _2982;
        }
        uint _2993;
        if (_2992)
        {
            _2993 = v.scales.y;
        }
        else
        {
            _2993 = high;
        }
        high = _2993 >> (8u * p);
        uint param_25 = high;
        uint param_26 = high >> 4u;
        uint param_27 = high >> 16u;
        uint param_28 = high >> 20u;
        return (uint4(two_1, two_1 >> uint2(4u)) & uint4(252645135u)) | uint4(fifth_bits(param_25), fifth_bits(param_26), fifth_bits(param_27), fifth_bits(param_28));
    }
    if (_3033)
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
    if (_3062)
    {
        uint at = (2u * row) + (17u * s);
        uint shift = 8u * (at & 3u);
        Window param_35 = v.numbers;
        uint param_36 = at / 4u;
        uint param_37;
        uint4 _3084 = words_of(param_35, param_36, param_37);
        uint next_2 = param_37;
        uint4 words_2 = _3084;
        uint3 _3089;
        if (p == 0u)
        {
            _3089 = words_2.xyz;
        }
        else
        {
            _3089 = uint3(words_2.z, words_2.w, next_2);
        }
        uint3 three = _3089;
        uint2 two_3 = ((three.xy >> uint2(shift)) >> uint2(8u)) | (three.yz << uint2(24u - shift));
        uint4 param_38 = uint4(two_3, two_3 >> uint2(4u));
        return fp4_numbers(param_38);
    }
    if (_3129)
    {
        return (v.numbers.a >> uint4(4u * (s & 1u))) & uint4(252645135u);
    }
    if (_3142)
    {
        return ((v.numbers.a >> uint4(4u * (s & 1u))) & uint4(252645135u)) | (((v.more.b >> uint4(s & 7u)) & uint4(16843009u)) << uint4(4u));
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
    if (_3192)
    {
        return (low >> uint4(2u * stripe)) & uint4(50529027u);
    }
    if (_3204)
    {
        Window param_46 = v.more;
        uint param_47 = block + (8u * p);
        uint4 high_1 = (words_from(param_46, param_47) >> uint4(s & 7u)) & uint4(16843009u);
        return ((low >> uint4(2u * stripe)) & uint4(50529027u)) | (high_1 << uint4(2u));
    }
    Window param_48 = v.more;
    uint param_49 = ((block + 64u) + (16u * half_)) + (8u * p);
    uint4 high_2 = (words_from(param_48, param_49) >> uint4(2u * stripe)) & uint4(50529027u);
    return ((low >> uint4(2u * (stripe & 2u))) & uint4(252645135u)) | (high_2 << uint4(4u));
}

static inline __attribute__((always_inline))
uint2 halves_of(thread const uint& bytes)
{
    float zero = _3319;
    uint low = (bytes & 255u) | ((bytes & 65280u) << 8u);
    uint high = ((bytes >> 16u) & 255u) | ((bytes & 4278190080u) >> 8u);
    return uint2(as_type<uint>(as_type<half2>(low | 1677747200u) - half2(half(zero))), as_type<uint>(as_type<half2>(high | 1677747200u) - half2(half(zero))));
}

static inline __attribute__((always_inline))
void decode_part(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, thread uint4& first, thread uint4& second_, constant Push& push)
{
    uint left = push.k - min(push.k, ((32u * s) + (16u * p)));
    if (_3401)
    {
        uint param = row;
        uint4 param_1 = v.numbers.a;
        uint param_2 = v.numbers.b.x;
        first = shifted(param, param_1, param_2);
        uint param_3 = row;
        uint4 param_4 = v.numbers.b;
        uint param_5 = v.scale;
        second_ = shifted(param_3, param_4, param_5);
        uint _3436;
        uint _3447;
        uint _3464;
        uint _3476;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            if (left > ((2u * i) + 1u))
            {
                _3436 = first[i];
            }
            else
            {
                if (left > (2u * i))
                {
                    _3447 = first[i] & 65535u;
                }
                else
                {
                    _3447 = 0u;
                }
                _3436 = _3447;
            }
            first[i] = _3436;
            if (left > ((2u * i) + 9u))
            {
                _3464 = second_[i];
            }
            else
            {
                if (left > ((2u * i) + 8u))
                {
                    _3476 = second_[i] & 65535u;
                }
                else
                {
                    _3476 = 0u;
                }
                _3464 = _3476;
            }
            second_[i] = _3464;
        }
        return;
    }
    if (_3490)
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
    uint _1167;
    if (exponent < 2u)
    {
        _1167 = 2097152u << exponent;
    }
    else
    {
        _1167 = (exponent - 1u) << 23u;
    }
    return as_type<float>(_1167);
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
    float2 _941;
    if (i < 4u)
    {
        _941 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _941 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _941;
}

static inline __attribute__((always_inline))
float part_scale(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p)
{
    if (_3587)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = 0u;
        uint h = numbers_at(param, param_1, param_2) - 1u;
        Window param_3 = v.numbers;
        uint param_4 = h / 2u;
        uint param_5;
        uint4 _3606 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint param_6 = h;
        uint param_7 = _3606.x;
        return float_of(param_6, param_7);
    }
    if (_3614)
    {
        Window param_8 = v.numbers;
        uint param_9 = (row / 2u) + (5u * s);
        uint param_10;
        uint4 _3628 = words_of(param_8, param_9, param_10);
        uint next_1 = param_10;
        return float2(as_type<half2>(_3628.x)).x;
    }
    if (_3636)
    {
        uint param_11 = row;
        uint param_12 = s;
        uint param_13 = block_at(param_11, param_12);
        uint param_14 = v.scales.x;
        return float_of(param_13, param_14);
    }
    if (_3650)
    {
        uint at = (2u * row) + (17u * s);
        Window param_15 = v.numbers;
        uint param_16 = at / 4u;
        uint param_17;
        uint4 _3667 = words_of(param_15, param_16, param_17);
        uint next_2 = param_17;
        uint param_18 = _3667.x >> (8u * (at & 3u));
        float _3675 = e8m0(param_18);
        return _3675;
    }
    if (_3677)
    {
        uint2 param_19 = v.scales.xy;
        uint param_20 = s & 7u;
        return iq4_xs_scale(param_19, param_20);
    }
    if (_3691)
    {
        uint3 param_21 = v.more.a.yzw;
        uint param_22 = s & 7u;
        return float2(as_type<half2>(v.more.a.x)).x * scale_of(param_21, param_22).x;
    }
    uint param_23 = row;
    uint param_24 = s;
    uint block = block_at(param_23, param_24);
    if (_3715)
    {
        uint _3722;
        if ((s & 2u) != 0u)
        {
            _3722 = v.scales.y;
        }
        else
        {
            _3722 = v.scales.x;
        }
        uint word = _3722;
        return float2(as_type<half2>(v.scale)).x * float((word >> ((16u * (s & 1u)) + (8u * p))) & 15u);
    }
    if (_3747)
    {
        uint3 words = v.scales;
        if ((block & 1u) != 0u)
        {
            words = (words >> uint3(16u)) | (uint3(words.y, words.z, v.scale) << uint3(16u));
        }
        uint i = (2u * (s & 7u)) + p;
        uint shift = 8u * (i & 3u);
        uint _3785;
        if ((i & 4u) != 0u)
        {
            _3785 = words.y;
        }
        else
        {
            _3785 = words.x;
        }
        uint low = (_3785 >> (shift + (4u * (i / 8u)))) & 15u;
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
    uint _3282;
    if (halves_in_nibbles)
    {
        _3282 = p + (2u * i);
    }
    else
    {
        _3282 = (2u * p) + i;
    }
    return _3282;
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
    float _4018;
    if (minima_in_pairs)
    {
        _4018 = fast::max(abs(float2(as_type<half2>(v.more.a.x)).y), abs(mine));
    }
    else
    {
        _4018 = minima_of_16 ? mine : 1.0;
    }
    return _4018;
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
        float _4092;
        if (most > 0.0)
        {
            _4092 = (-float2(as_type<half2>(v.more.a.x)).y) / most;
        }
        else
        {
            _4092 = 0.0;
        }
        float ratio = _4092;
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
    float _4384;
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
            if (_4383)
            {
                _4384 = 1.0;
            }
            else
            {
                Sixteen param_6 = next_w[i_1];
                uint param_7 = start_w[i_1];
                uint param_8 = s;
                uint param_9 = p;
                _4384 = part_scale(param_6, param_7, param_8, param_9);
            }
            scale = _4384;
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
        bool _4466;
        if (_4453)
        {
            _4466 = (p == 0u) || _4464;
        }
        else
        {
            _4466 = _4453;
        }
        if (_4466)
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
                simdgroup_half8x8 _4561;
                simdgroup_load(_4561, reinterpret_cast<threadgroup half*>(&tile_w[((right + (j * 8u)) * 5u) + (((e * PART_STEPS) + t) * 1u)]), (5u) * 8u, ulong2(0), true);
                simdgroup_half8x8 tempArg = _4561;
                b[(j * 4u) + t] = tempArg;
            }
        }
        if (_4576)
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
                simdgroup_float8x8 _4655;
                simdgroup_load(_4655, reinterpret_cast<threadgroup float*>(&pool[((down + (i * 8u)) * 9u) + ((((e * PART_STEPS) + t_1) * 2u) * 1u)]), (9u) * 4u);
                simdgroup_float8x8 tempArg_1 = _4655;
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
                    if (_4688)
                    {
                        simdgroup_float8x8 _4714;
                        simdgroup_multiply_accumulate(_4714, a[t_2], b[(j_1 * 4u) + t_2], sums[(i * 4u) + j_1]);
                        sums[(i * 4u) + j_1] = _4714;
                    }
                    else
                    {
                        simdgroup_float8x8 _4727;
                        simdgroup_multiply_accumulate(_4727, a[t_2], b[(j_1 * 4u) + t_2], block);
                        block = _4727;
                    }
                }
            }
            if (_4733)
            {
                uint _4739 = (i * 4u) + j_1;
                simdgroup_float8x8 param = sums[_4739];
                simdgroup_float8x8 param_1 = block;
                float2 param_2 = scales[j_1];
                add_scaled(param, param_1, param_2);
                sums[_4739] = param;
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
    if (_4762)
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
    float _437;
    if (abs(y) > 3.900000095367431640625)
    {
        _437 = sign(y);
    }
    else
    {
        _437 = (y * p) / q;
    }
    float erf = _437;
    return (0.5 * x) * (1.0 + erf);
}

static inline __attribute__((always_inline))
float gelu_tanh(thread const float& x)
{
    return x / (1.0 + exp((-1.5957691669464111328125) * (x + (((0.0447149984538555145263671875 * x) * x) * x))));
}

static inline __attribute__((always_inline))
void finish(thread const uint& r, thread const uint& j, thread float& sum, constant Push& push, const device Bias1& _504, device Y1& _538)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    uint param = 2u;
    if (has(param, push))
    {
        sum += _504.bias1[push.offset.z + j];
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
        sum += _538.y1[to];
    }
    _538.y1[to] = sum;
}

static inline __attribute__((always_inline))
void finish_quad(thread const uint& r, thread const uint& j, thread float4& sums, constant Push& push, const device Bias1& _504, device Y1& _538, device Y4& _648)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    bool _559 = (to & 3u) == 0u;
    bool _569;
    if (_559)
    {
        _569 = (j + 4u) <= push.n;
    }
    else
    {
        _569 = _559;
    }
    if (_569)
    {
        uint param = 2u;
        if (has(param, push))
        {
            uint at = push.offset.z + j;
            sums += float4(*(const device packed_float4*)&_504.bias1[at]);
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
            sums += _648.y4[to / 4u];
        }
        _648.y4[to / 4u] = sums;
        return;
    }
    uint e = 0u;
    _Pragma("clang loop unroll(disable)")
    for (;;)
    {
        bool _668 = e < 4u;
        bool _677;
        if (_668)
        {
            _677 = (j + e) < push.n;
        }
        else
        {
            _677 = _668;
        }
        if (_677)
        {
            uint param_12 = r;
            uint param_13 = j + e;
            float param_14 = sums[e];
            finish(param_12, param_13, param_14, push, _504, _538);
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
void finish_tile(thread const uint& first_r, thread const uint& first_j, thread const uint& first_c, thread uint& gl_SubgroupID, constant Push& push, const device Bias1& _504, device Y1& _538, device Y4& _648, threadgroup uint4 (&pool)[576], device Work1& _1925, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
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
            bool _4842 = r < push.rows;
            bool _4849;
            if (_4842)
            {
                _4849 = j_1 < push.n;
            }
            else
            {
                _4849 = _4842;
            }
            if (_4849)
            {
                float4 v = as_type<float4>(pool[base + t]) * _1925.work1[r];
                uint param = r;
                uint param_1 = j_1;
                float4 param_2 = v;
                finish_quad(param, param_1, param_2, push, _504, _538, _648);
            }
        }
        simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
    }
}

static inline __attribute__((always_inline))
void matrix_tiles(thread uint& gl_SubgroupID, constant Push& push, const device Bias1& _504, device Y1& _538, device Y4& _648, const device Weights1& _694, threadgroup uint4 (&pool)[576], device Work4& _1629, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1925, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1], threadgroup uint4 (&tile_w)[640], threadgroup float (&tile_scales)[256], thread uint2& columns, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
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
        uint _4904 = ceil_div(param, param_1);
        if (tile_j < _4904)
        {
            uint tile_r = (push.first.xyz + gl_WorkGroupID).x;
            for (;;)
            {
                uint param_2 = push.rows;
                uint param_3 = 64u;
                uint _4923 = ceil_div(param_2, param_3);
                if (tile_r < _4923)
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
                    load_slice(param_6, param_7, push, _694, _1629, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    uint param_8 = min(first, (count - 1u));
                    uint param_9 = slices_k;
                    put_slice(param_8, param_9, push, pool, gl_LocalInvocationID, start_w, next_x, next_w, tile_w, tile_scales);
                    uint param_10 = min((first + 1u), (count - 1u));
                    uint param_11 = slices_k;
                    load_slice(param_10, param_11, push, _694, _1629, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
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
                        load_slice(param_16, param_17, push, _694, _1629, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                        threadgroup_barrier(mem_flags::mem_threadgroup);
                    }
                    uint param_18 = (tile_r * 64u) + down;
                    uint param_19 = tile_j * 128u;
                    uint param_20 = right;
                    finish_tile(param_18, param_19, param_20, gl_SubgroupID, push, _504, _538, _648, pool, _1925, sums, gl_SubgroupInvocationID);
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

kernel void zc_linear_matrix(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device Weights1& _694 [[buffer(2)]], const device Bias1& _504 [[buffer(3)]], const device void* spvBufferAliasSet0Binding4 [[buffer(4)]], device void* spvBufferAliasSet0Binding5 [[buffer(5)]], device void* spvBufferAliasSet0Binding6 [[buffer(6)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]])
{
    const device auto& _1288 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& _1362 = *(const device Norm4*)spvBufferAliasSet0Binding4;
    device auto& _538 = *(device Y1*)spvBufferAliasSet0Binding5;
    device auto& _1629 = *(device Work4*)spvBufferAliasSet0Binding6;
    device auto& _648 = *(device Y4*)spvBufferAliasSet0Binding5;
    const device auto& _1299 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& _1371 = *(const device Norm1*)spvBufferAliasSet0Binding4;
    device auto& _1925 = *(device Work1*)spvBufferAliasSet0Binding6;
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
    if (_5028)
    {
        input_rows(group_partial, gl_SubgroupID, gl_NumSubgroups, push, _1288, _1299, _1362, _1371, pool, _1629, gl_LocalInvocationID, gl_WorkGroupID, _1925);
    }
    else
    {
        matrix_tiles(gl_SubgroupID, push, _504, _538, _648, _694, pool, _1629, gl_LocalInvocationID, gl_WorkGroupID, _1925, start_x, start_w, next_x, next_w, tile_w, tile_scales, columns, sums, gl_SubgroupInvocationID);
    }
}

