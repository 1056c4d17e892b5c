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
constant bool _674 = (type == 0u);
constant bool _682 = (type == 1u);
constant bool _690 = (type == 2u);
constant bool _698 = (type == 3u);
constant bool _707 = (type == 4u);
constant bool _717 = (type == 5u);
constant bool _727 = (type == 6u);
constant bool _737 = (type == 7u);
constant bool _746 = (type == 8u);
constant bool _755 = (type == 9u);
constant bool _764 = (type == 10u);
constant bool _773 = (type == 11u);
constant bool _782 = (type == 12u);
constant bool _792 = (type == 13u);
constant bool _801 = (type == 14u);
constant bool _811 = (type == 15u);
constant bool _820 = (type == 16u);

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

constant uint _1360 = (variant / 17u);
constant uint input_ = (_1360 % 3u);
constant bool gated = (input_ == 2u);
constant bool normed = (input_ == 1u);
constant bool _1428 = (type == 5u);
constant bool _1429 = (type == 9u);
constant bool minima_of_32 = (_1428 || _1429);
constant bool _1439 = (type == 6u);
constant bool _1440 = (type == 12u);
constant bool minima_in_pairs = (_1439 || _1440);
constant bool _1442 = (minima_of_32 || minima_in_pairs);
constant bool minima_of_16 = (type == 10u);
constant bool minima_of_any = (_1442 || minima_of_16);

struct Work4
{
    uint4 work4[1];
};

constant uint QUADS_OF_SUM = minima_of_16 ? 4u : 8u;
constant uint _1659 = minima_in_pairs ? 2u : 4u;
constant uint QUADS_OF_SUMS = (QUADS_OF_SUM * _1659);
constant uint _1665 = (256u / QUADS_OF_SUMS);

struct Work1
{
    float work1[1];
};

constant uint _1977 = (256u / QUADS_OF_SUMS);
constant bool _2135 = (type == 6u);
constant bool _2136 = (type == 7u);
constant bool _2137 = (_2135 || _2136);
constant bool _2138 = (type == 12u);
constant bool _2139 = (_2137 || _2138);
constant bool _2140 = (type == 10u);
constant bool _2141 = (_2139 || _2140);
constant bool _2142 = (type == 11u);
constant bool _2143 = (_2141 || _2142);
constant bool _2144 = (type == 14u);
constant bool blocks_of_256 = (_2143 || _2144);
constant bool _2154 = (type == 3u);
constant bool _2155 = (type == 15u);
constant bool _2156 = (_2154 || _2155);
constant bool _2157 = (type == 4u);
constant bool _2158 = (type == 13u);
constant bool _2159 = (_2157 || _2158);
constant bool _2160 = (type == 5u);
constant bool _2161 = (type == 8u);
constant bool _2162 = (type == 9u);
constant bool _2163 = (type == 6u);
constant bool _2164 = (type == 12u);
constant bool _2165 = (type == 10u);
constant bool _2166 = (type == 11u);
constant bool _2167 = (type == 14u);
constant uint _2168 = _2167 ? 68u : 105u;
constant uint _2169 = _2166 ? 55u : _2168;
constant uint _2170 = _2165 ? 42u : _2169;
constant uint _2171 = _2164 ? 88u : _2170;
constant uint _2172 = _2163 ? 72u : _2171;
constant uint _2173 = _2162 ? 12u : _2172;
constant uint _2174 = _2161 ? 11u : _2173;
constant uint _2175 = _2160 ? 10u : _2174;
constant uint _2176 = _2159 ? 9u : _2175;
constant uint BLOCK_HALVES = _2156 ? 17u : _2176;
constant bool _2192 = (type == 3u);
constant bool _2202 = (type == 4u);
constant bool _2203 = (type == 13u);
constant bool _2204 = (_2202 || _2203);
constant bool _2214 = (type == 8u);
constant bool _2224 = (type == 9u);
constant bool _2234 = (type == 10u);
constant bool _2247 = (type == 11u);
constant bool _2260 = (type == 14u);
constant bool _2300 = (type == 1u);
constant bool _2377 = (type == 16u);
constant bool _2440 = (type == 3u);
constant bool _2441 = (type == 4u);
constant bool _2442 = (_2440 || _2441);
constant bool _2443 = (type == 13u);
constant bool _2444 = (_2442 || _2443);
constant bool _2460 = (type == 5u);
constant bool _2469 = (type == 15u);
constant bool _2482 = (type == 8u);
constant bool _2483 = (type == 9u);
constant bool _2484 = (_2482 || _2483);
constant bool _2513 = (type == 14u);
constant bool _2547 = (type == 6u);
constant bool _2548 = (type == 12u);
constant bool _2549 = (_2547 || _2548);
constant bool _2557 = (type == 12u);
constant uint _2558 = _2557 ? 12u : 4u;
constant bool _2583 = (type == 12u);
constant bool _2604 = (type == 10u);
constant bool _2651 = (type == 11u);
constant bool _2788 = (type == 3u);
constant bool _2789 = (type == 4u);
constant bool _2790 = (_2788 || _2789);
constant bool _2791 = (type == 13u);
constant bool _2792 = (_2790 || _2791);
constant bool _2836 = (type == 3u);
constant bool _2844 = (type == 13u);
constant bool _2879 = (type == 5u);
constant bool _2922 = (type == 8u);
constant bool _2923 = (type == 9u);
constant bool _2924 = (_2922 || _2923);
constant bool _2942 = (type == 9u);
constant bool _2964 = (type == 8u);
constant bool _3015 = (type == 14u);
constant bool _3044 = (type == 15u);
constant bool _3119 = (type == 6u);
constant bool _3132 = (type == 12u);
constant bool _3182 = (type == 10u);
constant bool _3194 = (type == 11u);
constant bool _3259 = (type == 4u);
constant bool _3260 = (type == 5u);
constant bool _3261 = (_3259 || _3260);
constant bool _3262 = (type == 8u);
constant bool _3263 = (_3261 || _3262);
constant bool _3264 = (type == 9u);
constant bool _3265 = (_3263 || _3264);
constant bool _3266 = (type == 13u);
constant bool _3267 = (_3265 || _3266);
constant bool _3268 = (type == 14u);
constant bool _3269 = (_3267 || _3268);
constant bool _3270 = (type == 15u);
constant bool halves_in_nibbles = (_3269 || _3270);
constant bool _3288 = (type == 3u);
constant bool _3289 = (type == 13u);
constant bool _3290 = (_3288 || _3289);
constant bool _3291 = (type == 14u);
constant bool _3292 = (_3290 || _3291);
constant bool _3294 = (type == 4u);
constant bool _3296 = (type == 7u);
constant bool _3298 = (type == 8u);
constant bool _3299 = (type == 15u);
constant bool _3300 = (_3298 || _3299);
constant bool _3302 = (type == 11u);
constant float _3305 = _3302 ? 1028.0 : 1024.0;
constant float _3306 = _3300 ? 1040.0 : _3305;
constant float _3307 = _3296 ? 1056.0 : _3306;
constant float _3308 = _3294 ? 1032.0 : _3307;
constant float _3309 = _3292 ? 1152.0 : _3308;
constant bool _3391 = (type == 1u);
constant bool _3480 = (type == 16u);
constant bool _3573 = (type == 3u);
constant bool _3574 = (type == 4u);
constant bool _3575 = (_3573 || _3574);
constant bool _3576 = (type == 13u);
constant bool _3577 = (_3575 || _3576);
constant bool _3604 = (type == 5u);
constant bool _3624 = (type == 8u);
constant bool _3625 = (type == 9u);
constant bool _3626 = (_3624 || _3625);
constant bool _3640 = (type == 15u);
constant bool _3667 = (type == 14u);
constant bool _3679 = (type == 6u);
constant bool _3680 = (type == 12u);
constant bool _3681 = (_3679 || _3680);
constant bool _3705 = (type == 10u);
constant bool _3737 = (type == 11u);
constant bool _4371 = (type == 1u);
constant bool _4372 = (type == 16u);
constant bool _4373 = (_4371 || _4372);
constant bool _4440 = (type == 1u);
constant bool _4441 = (type == 16u);
constant bool _4442 = (_4440 || _4441);
constant bool _4443 = (!_4442);
constant bool _4448 = (type == 7u);
constant bool _4449 = (type == 10u);
constant bool _4450 = (_4448 || _4449);
constant bool _4451 = (type == 11u);
constant bool _4452 = (_4450 || _4451);
constant uint SCALES = _4452 ? 2u : 1u;
constant bool _4454 = (SCALES == 2u);
constant uint PART_STEPS = (4u / SCALES);
constant bool _4563 = (type == 1u);
constant bool _4564 = (type == 16u);
constant bool _4565 = (_4563 || _4564);
constant bool _4566 = (!_4565);
constant bool _4676 = (type == 1u);
constant bool _4677 = (type == 16u);
constant bool _4678 = (_4676 || _4677);
constant bool _4720 = (type == 1u);
constant bool _4721 = (type == 16u);
constant bool _4722 = (_4720 || _4721);
constant bool _4723 = (!_4722);
constant bool _4752 = (SCALES == 2u);
constant uint way = (variant / 51u);
constant bool _5018 = (way == 8u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

struct Weights4
{
    uint4 weights4[1];
};

constant float _1679[4] = { 0.0, 0.0, 0.0, 0.0 };

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
float4 x_at(thread const uint& i, thread const uint& count, const device X4& _1250, const device X1& _1261)
{
    if (((i & 3u) == 0u) && (count >= 4u))
    {
        return _1250.x4[i / 4u];
    }
    float4 v = float4(0.0);
    v.x = _1261.x1[i];
    if (count > 1u)
    {
        v.y = _1261.x1[i + 1u];
    }
    if (count > 2u)
    {
        v.z = _1261.x1[i + 2u];
    }
    if (count > 3u)
    {
        v.w = _1261.x1[i + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
float4 norm_at(thread const uint& i, constant Push& push, const device Norm4& _1324, const device Norm1& _1333)
{
    uint at = push.offset.w + i;
    uint last = (push.offset.w + push.k) - 1u;
    bool _1311 = (at & 3u) == 0u;
    bool _1318;
    if (_1311)
    {
        _1318 = (at + 3u) <= last;
    }
    else
    {
        _1318 = _1311;
    }
    if (_1318)
    {
        return _1324.norm4[at / 4u];
    }
    return float4(_1333.norm1[min(at, last)], _1333.norm1[min((at + 1u), last)], _1333.norm1[min((at + 2u), last)], _1333.norm1[min((at + 3u), last)]);
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
float4 input_quad(thread const uint& r, thread const uint& q, thread float& squares, constant Push& push, const device X4& _1250, const device X1& _1261, const device Norm4& _1324, const device Norm1& _1333)
{
    if ((4u * q) >= push.k)
    {
        return float4(0.0);
    }
    uint at = (push.offset.x + (r * push.ldx)) + (4u * q);
    uint count = push.k - (4u * q);
    float4 _1548;
    if (gated)
    {
        uint param = at + push.k;
        uint param_1 = count;
        _1548 = x_at(param, param_1, _1250, _1261);
    }
    else
    {
        _1548 = float4(0.0);
    }
    float4 up = _1548;
    float4 _1562;
    if (normed)
    {
        uint param_2 = 4u * q;
        _1562 = norm_at(param_2, push, _1324, _1333);
    }
    else
    {
        _1562 = float4(1.0);
    }
    float4 factor = _1562;
    uint param_3 = at;
    uint param_4 = count;
    float4 param_5 = x_at(param_3, param_4, _1250, _1261);
    float4 param_6 = up;
    float4 param_7 = factor;
    float param_8 = squares;
    float4 _1584 = input_of(param_5, param_6, param_7, param_8);
    squares = param_8;
    return _1584;
}

static inline __attribute__((always_inline))
uint group_max_bits(thread uint& bits, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, threadgroup uint4 (&pool)[576])
{
    bits = simd_max(bits);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _1491 = simd_is_first();
    if (_1491)
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
    bool _326 = simd_is_first();
    if (_326)
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
    float _1403;
    if (push.k != 0u)
    {
        _1403 = rsqrt((squares / float(push.k)) + push.eps);
    }
    else
    {
        _1403 = 0.0;
    }
    return _1403;
}

static inline __attribute__((always_inline))
uint slices_of_minima(constant Push& push)
{
    uint _1431;
    if (minima_of_32)
    {
        uint param = slices_of_k(push);
        uint param_1 = 32u;
        _1431 = ceil_div(param, param_1);
    }
    else
    {
        uint _1445;
        if (minima_of_any)
        {
            uint param_2 = push.k;
            uint param_3 = 512u;
            _1445 = ceil_div(param_2, param_3);
        }
        else
        {
            _1445 = 0u;
        }
        _1431 = _1445;
    }
    return _1431;
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
void put_halves(thread const uint& at, thread const uint& q, thread const float4& v, device Work4& _1591)
{
    _1591.work4[(at + ((q / 8u) * 512u)) + (q & 7u)] = as_type<uint4>(v);
}

static inline __attribute__((always_inline))
void put_quads(thread const uint& start, thread const uint& minima, thread const uint& base, thread const uint& quads, thread const float4& v, constant Push& push, threadgroup uint4 (&pool)[576], device Work4& _1591, thread uint3& gl_LocalInvocationID)
{
    uint me = gl_LocalInvocationID.x;
    if ((base + me) < quads)
    {
        uint param = start;
        uint param_1 = base + me;
        float4 param_2 = v;
        put_halves(param, param_1, param_2, _1591);
    }
    if (minima_of_any)
    {
        uint turn = base & 256u;
        float _1638;
        if ((base + me) < quads)
        {
            _1638 = ((v.x + v.y) + v.z) + v.w;
        }
        else
        {
            _1638 = 0.0;
        }
        ((threadgroup uint*)&pool[turn + me])[0u] = as_type<uint>(_1638);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        uint m = (base / QUADS_OF_SUMS) + me;
        bool _1666 = me < _1665;
        bool _1673;
        if (_1666)
        {
            _1673 = m < (slices_of_minima(push) * 8u);
        }
        else
        {
            _1673 = _1666;
        }
        if (_1673)
        {
            float sums[4] = { 0.0, 0.0, 0.0, 0.0 };
            for (uint i = 0u; i < QUADS_OF_SUMS; i++)
            {
                uint _1689 = i / QUADS_OF_SUM;
                sums[_1689] += as_type<float>(((threadgroup uint*)&pool[(turn + (QUADS_OF_SUMS * me)) + i])[0u]);
            }
            float4 _1705;
            if (minima_in_pairs)
            {
                _1705 = float4(sums[0], sums[0], sums[1], sums[1]);
            }
            else
            {
                _1705 = float4(sums[0], sums[1], sums[2], sums[3]);
            }
            uint param_3 = minima;
            uint param_4 = m;
            float4 param_5 = _1705;
            put_halves(param_3, param_4, param_5, _1591);
        }
    }
}

static inline __attribute__((always_inline))
void input_rows(threadgroup float (&group_partial)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, constant Push& push, const device X4& _1250, const device X1& _1261, const device Norm4& _1324, const device Norm1& _1333, threadgroup uint4 (&pool)[576], device Work4& _1591, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1886)
{
    uint me = gl_LocalInvocationID.x;
    uint quads = slices_of_k(push) * 8u;
    uint3 _1749 = push.first.xyz + gl_WorkGroupID;
    uint _1750 = _1749.x;
    float4 kept[4];
    float _1853;
    for (uint r = _1750; r < push.rows; r += push.groups.x)
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
            float4 _1784 = input_quad(param, param_1, param_2, push, _1250, _1261, _1324, _1333);
            squares = param_2;
            kept[i] = _1784;
            uint4 v = as_type<uint4>(kept[i]) & uint4(2147483647u);
            bits = max(bits, max(max(v.x, v.y), max(v.z, v.w)));
        }
        uint _1813 = 1024u + me;
        for (uint q = _1813; q < quads; q += 256u)
        {
            uint param_3 = r;
            uint param_4 = q;
            float param_5 = squares;
            float4 _1829 = input_quad(param_3, param_4, param_5, push, _1250, _1261, _1324, _1333);
            squares = param_5;
            uint4 v_1 = as_type<uint4>(_1829) & uint4(2147483647u);
            bits = max(bits, max(max(v_1.x, v_1.y), max(v_1.z, v_1.w)));
        }
        uint param_6 = bits;
        uint _1851 = group_max_bits(param_6, gl_SubgroupID, gl_NumSubgroups, pool);
        bits = _1851;
        if (normed)
        {
            float param_7 = squares;
            float _1858 = group_sum(param_7, group_partial, gl_SubgroupID, gl_NumSubgroups);
            float param_8 = _1858;
            _1853 = norm_scale(param_8, push);
        }
        else
        {
            _1853 = 1.0;
        }
        float factor = _1853;
        int power = clamp(136 - int(bits >> 23u), -118, 100);
        float scale = as_type<float>(uint(127 + power) << 23u);
        if (me == 0u)
        {
            _1886.work1[r] = factor * as_type<float>(uint(127 - power) << 23u);
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
                put_quads(param_10, param_11, param_12, param_13, param_14, push, pool, _1591, gl_LocalInvocationID);
            }
        }
        for (uint base = 1024u; base < quads; base += 256u)
        {
            uint param_15 = r;
            uint param_16 = base + me;
            float param_17 = unused;
            float4 _1955 = input_quad(param_15, param_16, param_17, push, _1250, _1261, _1324, _1333);
            unused = param_17;
            uint param_18 = start;
            uint param_19 = minima;
            uint param_20 = base;
            uint param_21 = quads;
            float4 param_22 = _1955 * scale;
            put_quads(param_18, param_19, param_20, param_21, param_22, push, pool, _1591, gl_LocalInvocationID);
        }
        if (minima_of_any)
        {
            uint param_23 = quads;
            uint param_24 = 256u;
            uint covered = ceil_div(param_23, param_24) * _1977;
            uint _1982 = covered + me;
            for (uint m = _1982; m < (slices_of_minima(push) * 8u); m += 256u)
            {
                uint param_25 = minima;
                uint param_26 = m;
                float4 param_27 = float4(0.0);
                put_halves(param_25, param_26, param_27, _1591);
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
    simdgroup_float8x8 _4495;
    simdgroup_load(_4495, reinterpret_cast<threadgroup float*>(&pool[0u]), (2u) * 4u);
    simdgroup_float8x8 tempArg = _4495;
    simdgroup_float8x8 numbers = tempArg;
    simdgroup_float8x8 param = numbers;
    columns = uint2(elements_of(param));
}

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    uint _675;
    if (_674)
    {
        _675 = (k / 1u) * 2u;
    }
    else
    {
        uint _683;
        if (_682)
        {
            _683 = (k / 1u) * 1u;
        }
        else
        {
            uint _691;
            if (_690)
            {
                _691 = (k / 1u) * 1u;
            }
            else
            {
                uint _699;
                if (_698)
                {
                    _699 = (k / 32u) * 17u;
                }
                else
                {
                    uint _708;
                    if (_707)
                    {
                        _708 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _718;
                        if (_717)
                        {
                            _718 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _728;
                            if (_727)
                            {
                                _728 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _738;
                                if (_737)
                                {
                                    _738 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    uint _747;
                                    if (_746)
                                    {
                                        _747 = (k / 32u) * 11u;
                                    }
                                    else
                                    {
                                        uint _756;
                                        if (_755)
                                        {
                                            _756 = (k / 32u) * 12u;
                                        }
                                        else
                                        {
                                            uint _765;
                                            if (_764)
                                            {
                                                _765 = (k / 256u) * 42u;
                                            }
                                            else
                                            {
                                                uint _774;
                                                if (_773)
                                                {
                                                    _774 = (k / 256u) * 55u;
                                                }
                                                else
                                                {
                                                    uint _783;
                                                    if (_782)
                                                    {
                                                        _783 = (k / 256u) * 88u;
                                                    }
                                                    else
                                                    {
                                                        uint _793;
                                                        if (_792)
                                                        {
                                                            _793 = (k / 32u) * 9u;
                                                        }
                                                        else
                                                        {
                                                            uint _802;
                                                            if (_801)
                                                            {
                                                                _802 = (k / 256u) * 68u;
                                                            }
                                                            else
                                                            {
                                                                uint _812;
                                                                if (_811)
                                                                {
                                                                    _812 = (k / 64u) * 17u;
                                                                }
                                                                else
                                                                {
                                                                    uint _821;
                                                                    if (_820)
                                                                    {
                                                                        _821 = (k / 2u) * 1u;
                                                                    }
                                                                    else
                                                                    {
                                                                        _821 = 0u;
                                                                    }
                                                                    _812 = _821;
                                                                }
                                                                _802 = _812;
                                                            }
                                                            _793 = _802;
                                                        }
                                                        _783 = _793;
                                                    }
                                                    _774 = _783;
                                                }
                                                _765 = _774;
                                            }
                                            _756 = _765;
                                        }
                                        _747 = _756;
                                    }
                                    _738 = _747;
                                }
                                _728 = _738;
                            }
                            _718 = _728;
                        }
                        _708 = _718;
                    }
                    _699 = _708;
                }
                _691 = _699;
            }
            _683 = _691;
        }
        _675 = _683;
    }
    return _675;
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
    uint _2146;
    if (blocks_of_256)
    {
        _2146 = s / 8u;
    }
    else
    {
        _2146 = s;
    }
    return row + (_2146 * BLOCK_HALVES);
}

static inline __attribute__((always_inline))
uint4 four_words(thread const uint& at, const device Weights1& _664)
{
    return uint4(*(const device packed_uint4*)&_664.weights1[at]);
}

static inline __attribute__((always_inline))
uint weight_word(thread const uint& i, const device Weights1& _664)
{
    return _664.weights1[i];
}

static inline __attribute__((always_inline))
uint numbers_at(thread const uint& row, thread const uint& s, thread const uint& p)
{
    uint param = row;
    uint param_1 = s;
    uint block = block_at(param, param_1);
    uint half_ = (s / 4u) & 1u;
    uint _2193;
    if (_2192)
    {
        _2193 = (block + 1u) + (8u * p);
    }
    else
    {
        uint _2205;
        if (_2204)
        {
            _2205 = (block + 1u) + (4u * p);
        }
        else
        {
            uint _2215;
            if (_2214)
            {
                _2215 = (block + 3u) + (4u * p);
            }
            else
            {
                uint _2225;
                if (_2224)
                {
                    _2225 = (block + 4u) + (4u * p);
                }
                else
                {
                    uint _2235;
                    if (_2234)
                    {
                        _2235 = ((block + 8u) + (16u * half_)) + (8u * p);
                    }
                    else
                    {
                        uint _2248;
                        if (_2247)
                        {
                            _2248 = ((block + 16u) + (16u * half_)) + (8u * p);
                        }
                        else
                        {
                            uint _2261;
                            if (_2260)
                            {
                                _2261 = ((block + 4u) + (8u * (s & 7u))) + (4u * p);
                            }
                            else
                            {
                                _2261 = ((block + (32u * half_)) + (16u * (s & 1u))) + (8u * p);
                            }
                            _2248 = _2261;
                        }
                        _2235 = _2248;
                    }
                    _2225 = _2235;
                }
                _2215 = _2225;
            }
            _2205 = _2215;
        }
        _2193 = _2205;
    }
    return _2193;
}

static inline __attribute__((always_inline))
Window window_at(thread const uint& at, constant Push& push, const device Weights1& _664)
{
    uint param = push.k;
    uint end = push.offset.y + (((push.n * row_halves(param)) + 1u) / 2u);
    Window w = Window{ uint4(0u), uint4(0u) };
    if ((at + 5u) <= end)
    {
        uint param_1 = at;
        w.a = four_words(param_1, _664);
        uint param_2 = at + 4u;
        w.b.x = weight_word(param_2, _664);
    }
    else
    {
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_3 = min((at + i), (end - 1u));
            w.a[i] = weight_word(param_3, _664);
        }
        uint param_4 = min((at + 4u), (end - 1u));
        w.b.x = weight_word(param_4, _664);
    }
    return w;
}

static inline __attribute__((always_inline))
void load_part(thread Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, constant Push& push, const device Weights1& _664)
{
    uint param = row;
    uint param_1 = s;
    uint block = block_at(param, param_1);
    if (_2300)
    {
        uint last = ((row + push.k) - 1u) / 2u;
        uint at = ((row + (32u * s)) + (16u * p)) / 2u;
        if ((at + 8u) <= last)
        {
            uint param_2 = at;
            uint param_3 = at + 4u;
            v.numbers = Window{ four_words(param_2, _664), four_words(param_3, _664) };
            uint param_4 = at + 8u;
            v.scale = weight_word(param_4, _664);
            return;
        }
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_5 = min((at + i), last);
            v.numbers.a[i] = weight_word(param_5, _664);
            uint param_6 = min(((at + 4u) + i), last);
            v.numbers.b[i] = weight_word(param_6, _664);
        }
        uint param_7 = min((at + 8u), last);
        v.scale = weight_word(param_7, _664);
    }
    else
    {
        if (_2377)
        {
            uint last_1 = (row + ((push.k - 1u) / 2u)) / 2u;
            uint at_1 = ((row + (16u * s)) + (8u * p)) / 2u;
            if ((at_1 + 4u) <= last_1)
            {
                uint param_8 = at_1;
                v.numbers.a = four_words(param_8, _664);
                uint param_9 = at_1 + 4u;
                v.scale = weight_word(param_9, _664);
                return;
            }
            _Pragma("clang loop unroll(full)")
            for (uint i_1 = 0u; i_1 < 4u; i_1++)
            {
                uint param_10 = min((at_1 + i_1), last_1);
                v.numbers.a[i_1] = weight_word(param_10, _664);
            }
            uint param_11 = min((at_1 + 4u), last_1);
            v.scale = weight_word(param_11, _664);
        }
        else
        {
            if (_2444)
            {
                uint param_12 = row;
                uint param_13 = s;
                uint param_14 = p;
                uint param_15 = (numbers_at(param_12, param_13, param_14) - 1u) / 2u;
                v.numbers = window_at(param_15, push, _664);
            }
            else
            {
                if (_2460)
                {
                    uint param_16 = block / 2u;
                    v.numbers = window_at(param_16, push, _664);
                }
                else
                {
                    if (_2469)
                    {
                        uint param_17 = ((2u * row) + (17u * s)) / 4u;
                        v.numbers = window_at(param_17, push, _664);
                    }
                    else
                    {
                        if (_2484)
                        {
                            uint param_18 = row;
                            uint param_19 = s;
                            uint param_20 = p;
                            uint param_21 = numbers_at(param_18, param_19, param_20) / 2u;
                            v.numbers = window_at(param_21, push, _664);
                            uint param_22 = block / 2u;
                            uint param_23 = (block / 2u) + 1u;
                            uint2 _2507 = uint2(weight_word(param_22, _664), weight_word(param_23, _664));
                            v.scales.x = _2507.x;
                            v.scales.y = _2507.y;
                        }
                        else
                        {
                            if (_2513)
                            {
                                uint param_24 = row;
                                uint param_25 = s;
                                uint param_26 = p;
                                uint param_27 = numbers_at(param_24, param_25, param_26) / 2u;
                                v.numbers = window_at(param_27, push, _664);
                                if ((s & 7u) == 0u)
                                {
                                    uint param_28 = block / 2u;
                                    uint param_29 = (block / 2u) + 1u;
                                    uint2 _2541 = uint2(weight_word(param_28, _664), weight_word(param_29, _664));
                                    v.scales.x = _2541.x;
                                    v.scales.y = _2541.y;
                                }
                            }
                            else
                            {
                                if (_2549)
                                {
                                    uint at_2 = block / 2u;
                                    uint numbers = ((at_2 + _2558) + (((s & 7u) / 2u) * 8u)) + (4u * p);
                                    bool whole = (push.offset.y & 3u) == 0u;
                                    if ((s & 7u) == 0u)
                                    {
                                        uint param_30 = at_2;
                                        v.more.a = four_words(param_30, _664);
                                        if (_2583)
                                        {
                                            uint param_31 = (at_2 + 4u) + (4u * p);
                                            v.more.b = four_words(param_31, _664);
                                        }
                                    }
                                    if ((s & 1u) == 0u)
                                    {
                                        uint param_32 = numbers;
                                        v.numbers.a = four_words(param_32, _664);
                                    }
                                }
                                else
                                {
                                    if (_2604)
                                    {
                                        if ((s & 3u) == 0u)
                                        {
                                            uint scales = (block / 2u) + (2u * ((s / 4u) & 1u));
                                            uint param_33 = row;
                                            uint param_34 = s;
                                            uint param_35 = p;
                                            uint param_36 = numbers_at(param_33, param_34, param_35) / 2u;
                                            v.numbers = window_at(param_36, push, _664);
                                            uint param_37 = scales;
                                            uint param_38 = scales + 1u;
                                            uint2 _2638 = uint2(weight_word(param_37, _664), weight_word(param_38, _664));
                                            v.scales.x = _2638.x;
                                            v.scales.y = _2638.y;
                                            uint param_39 = (block / 2u) + 20u;
                                            v.scale = weight_word(param_39, _664);
                                        }
                                    }
                                    else
                                    {
                                        if (_2651)
                                        {
                                            if ((s & 3u) == 0u)
                                            {
                                                uint param_40 = row;
                                                uint param_41 = s;
                                                uint param_42 = p;
                                                uint param_43 = numbers_at(param_40, param_41, param_42) / 2u;
                                                v.numbers = window_at(param_43, push, _664);
                                            }
                                            if ((s & 7u) == 0u)
                                            {
                                                uint scales_1 = (block / 2u) + 24u;
                                                uint param_44 = (block + (8u * p)) / 2u;
                                                v.more = window_at(param_44, push, _664);
                                                uint param_45 = scales_1;
                                                uint param_46 = scales_1 + 1u;
                                                uint param_47 = scales_1 + 2u;
                                                v.scales = uint3(weight_word(param_45, _664), weight_word(param_46, _664), weight_word(param_47, _664));
                                                uint param_48 = scales_1 + 3u;
                                                v.scale = weight_word(param_48, _664);
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
                                            v.numbers = window_at(param_52, push, _664);
                                            if ((s & 3u) == 0u)
                                            {
                                                uint param_53 = (((block + 64u) + (16u * half_)) + (8u * p)) / 2u;
                                                v.more = window_at(param_53, push, _664);
                                                uint param_54 = scales_2;
                                                uint param_55 = scales_2 + 1u;
                                                uint param_56 = scales_2 + 2u;
                                                v.scales = uint3(weight_word(param_54, _664), weight_word(param_55, _664), weight_word(param_56, _664));
                                                uint param_57 = (block / 2u) + 52u;
                                                v.scale = weight_word(param_57, _664);
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
Sixteen load_minima(thread const uint& row, thread const uint& s, thread const uint& p, constant Push& push, const device Weights1& _664)
{
    Sixteen v;
    v.numbers = Window{ uint4(0u), uint4(0u) };
    v.more = Window{ uint4(0u), uint4(0u) };
    v.scales = uint3(0u);
    v.scale = 0u;
    if (minima_of_32)
    {
        uint blocks = slices_of_k(push);
        uint _3879;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 16u; i++)
        {
            uint block = ((32u * s) + (16u * p)) + i;
            if (block < blocks)
            {
                uint param = (row + (BLOCK_HALVES * block)) / 2u;
                _3879 = weight_word(param, _664) >> 16u;
            }
            else
            {
                _3879 = 0u;
            }
            uint minimum = _3879;
            if (i < 8u)
            {
                uint _3897 = i / 2u;
                v.numbers.a[_3897] |= (minimum << (16u * (i & 1u)));
            }
            else
            {
                uint _3910 = (i / 2u) - 4u;
                v.numbers.b[_3910] |= (minimum << (16u * (i & 1u)));
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
                v.more.a = uint4(weight_word(param_1, _664), weight_word(param_2, _664), weight_word(param_3, _664), weight_word(param_4, _664));
            }
            if (minima_of_16)
            {
                uint _3973;
                if (mine < blocks_1)
                {
                    uint param_5 = at + 20u;
                    _3973 = weight_word(param_5, _664);
                }
                else
                {
                    _3973 = 0u;
                }
                v.scale = _3973;
            }
            else
            {
                uint _3987;
                if (other < blocks_1)
                {
                    uint param_6 = (row + (BLOCK_HALVES * other)) / 2u;
                    _3987 = weight_word(param_6, _664);
                }
                else
                {
                    _3987 = 0u;
                }
                v.scale = _3987;
            }
        }
    }
    return v;
}

static inline __attribute__((always_inline))
void load_slice(thread const uint& s, thread const uint& slices_k, constant Push& push, const device Weights1& _664, device Work4& _1591, thread uint3& gl_LocalInvocationID, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1])
{
    uint p = gl_LocalInvocationID.x & 1u;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 2u; i++)
    {
        next_x[i] = _1591.work4[start_x[i] + (s * 512u)];
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
            load_part(param, param_1, param_2, param_3, push, _664);
            next_w[i_1] = param;
        }
        else
        {
            uint param_4 = start_w[i_1];
            uint param_5 = s - slices_k;
            uint param_6 = p;
            next_w[i_1] = load_minima(param_4, param_5, param_6, push, _664);
        }
    }
}

static inline __attribute__((always_inline))
uint4 shifted(thread const uint& h, thread const uint4& v, thread const uint& next)
{
    uint4 _2094;
    if ((h & 1u) != 0u)
    {
        _2094 = (v >> uint4(16u)) | (uint4(v.yzw, next) << uint4(16u));
    }
    else
    {
        _2094 = v;
    }
    return _2094;
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
    uint _3352;
    if (left > 3u)
    {
        _3352 = word;
    }
    else
    {
        uint _3359;
        if (left > 1u)
        {
            _3359 = word & 65535u;
        }
        else
        {
            _3359 = 0u;
        }
        _3352 = _3359;
    }
    uint param = _3352;
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
    uint4 _2123 = words_of(param, param_1, param_2);
    uint next = param_2;
    uint4 v = _2123;
    uint param_3 = h;
    uint4 param_4 = v;
    uint param_5 = next;
    return shifted(param_3, param_4, param_5);
}

static inline __attribute__((always_inline))
uint word_of(thread const uint& h, thread const uint& low, thread const uint& high)
{
    uint _850;
    if ((h & 1u) != 0u)
    {
        _850 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _850 = low;
    }
    return _850;
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
    if (_2792)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = p;
        uint h = numbers_at(param, param_1, param_2);
        Window param_3 = v.numbers;
        uint param_4 = (h - 1u) / 2u;
        uint param_5;
        uint4 _2813 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint4 words = _2813;
        uint4 _2818;
        if ((h & 1u) != 0u)
        {
            uint param_6 = 1u;
            uint4 param_7 = words;
            uint param_8 = next;
            _2818 = shifted(param_6, param_7, param_8);
        }
        else
        {
            _2818 = uint4(words.yzw, next);
        }
        words = _2818;
        uint4 _2837;
        if (_2836)
        {
            _2837 = words ^ uint4(2155905152u);
        }
        else
        {
            uint4 _2845;
            if (_2844)
            {
                uint4 param_9 = uint4(words.xy, words.xy >> uint2(4u));
                _2845 = iq4_words(param_9);
            }
            else
            {
                _2845 = uint4(words.xy, words.xy >> uint2(4u)) & uint4(252645135u);
            }
            _2837 = _2845;
        }
        return _2837;
    }
    if (_2879)
    {
        Window param_10 = v.numbers;
        uint param_11 = (row / 2u) + (5u * s);
        uint param_12;
        uint4 _2894 = words_of(param_10, param_11, param_12);
        uint next_1 = param_12;
        uint4 words_1 = _2894;
        uint2 _2899;
        if (p == 0u)
        {
            _2899 = words_1.yz;
        }
        else
        {
            _2899 = uint2(words_1.w, next_1);
        }
        uint2 two = _2899;
        return uint4(two, two >> uint2(4u)) & uint4(252645135u);
    }
    if (_2924)
    {
        uint param_13 = row;
        uint param_14 = s;
        uint param_15 = p;
        Window param_16 = v.numbers;
        uint param_17 = numbers_at(param_13, param_14, param_15);
        uint2 two_1 = words_from(param_16, param_17).xy;
        uint _2943;
        if (_2942)
        {
            _2943 = v.scales.y;
        }
        else
        {
            uint param_18 = row;
            uint param_19 = s;
            uint param_20 = block_at(param_18, param_19) + 1u;
            uint param_21 = v.scales.x;
            uint param_22 = v.scales.y;
            _2943 = word_of(param_20, param_21, param_22);
        }
        uint high = _2943;
        bool _2974;
        if (_2964)
        {
            uint param_23 = row;
            uint param_24 = s;
            _2974 = (block_at(param_23, param_24) & 1u) != 0u;
        }
        else
        {
            _2974 = _2964;
        }
        uint _2975;
        if (_2974)
        {
            _2975 = v.scales.y;
        }
        else
        {
            _2975 = high;
        }
        high = _2975 >> (8u * p);
        uint param_25 = high;
        uint param_26 = high >> 4u;
        uint param_27 = high >> 16u;
        uint param_28 = high >> 20u;
        return (uint4(two_1, two_1 >> uint2(4u)) & uint4(252645135u)) | uint4(fifth_bits(param_25), fifth_bits(param_26), fifth_bits(param_27), fifth_bits(param_28));
    }
    if (_3015)
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
    if (_3044)
    {
        uint at = (2u * row) + (17u * s);
        uint shift = 8u * (at & 3u);
        Window param_35 = v.numbers;
        uint param_36 = at / 4u;
        uint param_37;
        uint4 _3066 = words_of(param_35, param_36, param_37);
        uint next_2 = param_37;
        uint4 words_2 = _3066;
        uint3 _3071;
        if (p == 0u)
        {
            _3071 = words_2.xyz;
        }
        else
        {
            _3071 = uint3(words_2.z, words_2.w, next_2);
        }
        uint3 three = _3071;
        uint2 two_3 = ((three.xy >> uint2(shift)) >> uint2(8u)) | (three.yz << uint2(24u - shift));
        uint param_38 = two_3.x;
        uint param_39 = two_3.y;
        uint param_40 = two_3.x >> 4u;
        uint param_41 = two_3.y >> 4u;
        return uint4(fp4_bytes(param_38), fp4_bytes(param_39), fp4_bytes(param_40), fp4_bytes(param_41));
    }
    if (_3119)
    {
        return (v.numbers.a >> uint4(4u * (s & 1u))) & uint4(252645135u);
    }
    if (_3132)
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
    if (_3182)
    {
        return (low >> uint4(2u * stripe)) & uint4(50529027u);
    }
    if (_3194)
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
    float zero = _3309;
    uint low = (bytes & 255u) | ((bytes & 65280u) << 8u);
    uint high = ((bytes >> 16u) & 255u) | ((bytes & 4278190080u) >> 8u);
    return uint2(as_type<uint>(as_type<half2>(low | 1677747200u) - half2(half(zero))), as_type<uint>(as_type<half2>(high | 1677747200u) - half2(half(zero))));
}

static inline __attribute__((always_inline))
void decode_part(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, thread uint4& first, thread uint4& second_, constant Push& push)
{
    uint left = push.k - min(push.k, ((32u * s) + (16u * p)));
    if (_3391)
    {
        uint param = row;
        uint4 param_1 = v.numbers.a;
        uint param_2 = v.numbers.b.x;
        first = shifted(param, param_1, param_2);
        uint param_3 = row;
        uint4 param_4 = v.numbers.b;
        uint param_5 = v.scale;
        second_ = shifted(param_3, param_4, param_5);
        uint _3426;
        uint _3437;
        uint _3454;
        uint _3466;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            if (left > ((2u * i) + 1u))
            {
                _3426 = first[i];
            }
            else
            {
                if (left > (2u * i))
                {
                    _3437 = first[i] & 65535u;
                }
                else
                {
                    _3437 = 0u;
                }
                _3426 = _3437;
            }
            first[i] = _3426;
            if (left > ((2u * i) + 9u))
            {
                _3454 = second_[i];
            }
            else
            {
                if (left > ((2u * i) + 8u))
                {
                    _3466 = second_[i] & 65535u;
                }
                else
                {
                    _3466 = 0u;
                }
                _3454 = _3466;
            }
            second_[i] = _3454;
        }
        return;
    }
    if (_3480)
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
    uint _1129;
    if (exponent < 2u)
    {
        _1129 = 2097152u << exponent;
    }
    else
    {
        _1129 = (exponent - 1u) << 23u;
    }
    return as_type<float>(_1129);
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
    float2 _912;
    if (i < 4u)
    {
        _912 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _912 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _912;
}

static inline __attribute__((always_inline))
float part_scale(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p)
{
    if (_3577)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = 0u;
        uint h = numbers_at(param, param_1, param_2) - 1u;
        Window param_3 = v.numbers;
        uint param_4 = h / 2u;
        uint param_5;
        uint4 _3596 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint param_6 = h;
        uint param_7 = _3596.x;
        return float_of(param_6, param_7);
    }
    if (_3604)
    {
        Window param_8 = v.numbers;
        uint param_9 = (row / 2u) + (5u * s);
        uint param_10;
        uint4 _3618 = words_of(param_8, param_9, param_10);
        uint next_1 = param_10;
        return float2(as_type<half2>(_3618.x)).x;
    }
    if (_3626)
    {
        uint param_11 = row;
        uint param_12 = s;
        uint param_13 = block_at(param_11, param_12);
        uint param_14 = v.scales.x;
        return float_of(param_13, param_14);
    }
    if (_3640)
    {
        uint at = (2u * row) + (17u * s);
        Window param_15 = v.numbers;
        uint param_16 = at / 4u;
        uint param_17;
        uint4 _3657 = words_of(param_15, param_16, param_17);
        uint next_2 = param_17;
        uint param_18 = _3657.x >> (8u * (at & 3u));
        float _3665 = e8m0(param_18);
        return _3665;
    }
    if (_3667)
    {
        uint2 param_19 = v.scales.xy;
        uint param_20 = s & 7u;
        return iq4_xs_scale(param_19, param_20);
    }
    if (_3681)
    {
        uint3 param_21 = v.more.a.yzw;
        uint param_22 = s & 7u;
        return float2(as_type<half2>(v.more.a.x)).x * scale_of(param_21, param_22).x;
    }
    uint param_23 = row;
    uint param_24 = s;
    uint block = block_at(param_23, param_24);
    if (_3705)
    {
        uint _3712;
        if ((s & 2u) != 0u)
        {
            _3712 = v.scales.y;
        }
        else
        {
            _3712 = v.scales.x;
        }
        uint word = _3712;
        return float2(as_type<half2>(v.scale)).x * float((word >> ((16u * (s & 1u)) + (8u * p))) & 15u);
    }
    if (_3737)
    {
        uint3 words = v.scales;
        if ((block & 1u) != 0u)
        {
            words = (words >> uint3(16u)) | (uint3(words.yz, v.scale) << uint3(16u));
        }
        uint i = (2u * (s & 7u)) + p;
        uint shift = 8u * (i & 3u);
        uint _3775;
        if ((i & 4u) != 0u)
        {
            _3775 = words.y;
        }
        else
        {
            _3775 = words.x;
        }
        uint low = (_3775 >> (shift + (4u * (i / 8u)))) & 15u;
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
    uint _3272;
    if (halves_in_nibbles)
    {
        _3272 = p + (2u * i);
    }
    else
    {
        _3272 = (2u * p) + i;
    }
    return _3272;
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
    float _4008;
    if (minima_in_pairs)
    {
        _4008 = fast::max(abs(float2(as_type<half2>(v.more.a.x)).y), abs(mine));
    }
    else
    {
        _4008 = minima_of_16 ? mine : 1.0;
    }
    return _4008;
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
        float _4082;
        if (most > 0.0)
        {
            _4082 = (-float2(as_type<half2>(v.more.a.x)).y) / most;
        }
        else
        {
            _4082 = 0.0;
        }
        float ratio = _4082;
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
    float _4374;
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
            if (_4373)
            {
                _4374 = 1.0;
            }
            else
            {
                Sixteen param_6 = next_w[i_1];
                uint param_7 = start_w[i_1];
                uint param_8 = s;
                uint param_9 = p;
                _4374 = part_scale(param_6, param_7, param_8, param_9);
            }
            scale = _4374;
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
        bool _4456;
        if (_4443)
        {
            _4456 = (p == 0u) || _4454;
        }
        else
        {
            _4456 = _4443;
        }
        if (_4456)
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
                simdgroup_half8x8 _4551;
                simdgroup_load(_4551, reinterpret_cast<threadgroup half*>(&tile_w[((right + (j * 8u)) * 5u) + (((e * PART_STEPS) + t) * 1u)]), (5u) * 8u, ulong2(0), true);
                simdgroup_half8x8 tempArg = _4551;
                b[(j * 4u) + t] = tempArg;
            }
        }
        if (_4566)
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
                simdgroup_float8x8 _4645;
                simdgroup_load(_4645, reinterpret_cast<threadgroup float*>(&pool[((down + (i * 8u)) * 9u) + ((((e * PART_STEPS) + t_1) * 2u) * 1u)]), (9u) * 4u);
                simdgroup_float8x8 tempArg_1 = _4645;
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
                    if (_4678)
                    {
                        simdgroup_float8x8 _4704;
                        simdgroup_multiply_accumulate(_4704, a[t_2], b[(j_1 * 4u) + t_2], sums[(i * 4u) + j_1]);
                        sums[(i * 4u) + j_1] = _4704;
                    }
                    else
                    {
                        simdgroup_float8x8 _4717;
                        simdgroup_multiply_accumulate(_4717, a[t_2], b[(j_1 * 4u) + t_2], block);
                        block = _4717;
                    }
                }
            }
            if (_4723)
            {
                uint _4729 = (i * 4u) + j_1;
                simdgroup_float8x8 param = sums[_4729];
                simdgroup_float8x8 param_1 = block;
                float2 param_2 = scales[j_1];
                add_scaled(param, param_1, param_2);
                sums[_4729] = param;
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
    if (_4752)
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
    float _453;
    if (abs(y) > 3.900000095367431640625)
    {
        _453 = sign(y);
    }
    else
    {
        _453 = (y * p) / q;
    }
    float erf = _453;
    return (0.5 * x) * (1.0 + erf);
}

static inline __attribute__((always_inline))
void finish(thread const uint& r, thread const uint& j, thread float& sum, constant Push& push, const device Bias1& _503, device Y1& _529)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    uint param = 2u;
    if (has(param, push))
    {
        sum += _503.bias1[push.offset.z + j];
    }
    uint param_1 = 16u;
    if (has(param_1, push))
    {
        float param_2 = sum;
        sum = gelu_erf(param_2);
    }
    uint param_3 = 1u;
    if (has(param_3, push))
    {
        sum += _529.y1[to];
    }
    _529.y1[to] = sum;
}

static inline __attribute__((always_inline))
void finish_quad(thread const uint& r, thread const uint& j, thread float4& sums, constant Push& push, const device Bias1& _503, device Y1& _529, device Y4& _618)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    bool _550 = (to & 3u) == 0u;
    bool _560;
    if (_550)
    {
        _560 = (j + 4u) <= push.n;
    }
    else
    {
        _560 = _550;
    }
    if (_560)
    {
        uint param = 2u;
        if (has(param, push))
        {
            uint at = push.offset.z + j;
            sums += float4(*(const device packed_float4*)&_503.bias1[at]);
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
        uint param_6 = 1u;
        if (has(param_6, push))
        {
            sums += _618.y4[to / 4u];
        }
        _618.y4[to / 4u] = sums;
        return;
    }
    uint e = 0u;
    _Pragma("clang loop unroll(disable)")
    for (;;)
    {
        bool _638 = e < 4u;
        bool _647;
        if (_638)
        {
            _647 = (j + e) < push.n;
        }
        else
        {
            _647 = _638;
        }
        if (_647)
        {
            uint param_7 = r;
            uint param_8 = j + e;
            float param_9 = sums[e];
            finish(param_7, param_8, param_9, push, _503, _529);
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
void finish_tile(thread const uint& first_r, thread const uint& first_j, thread const uint& first_c, thread uint& gl_SubgroupID, constant Push& push, const device Bias1& _503, device Y1& _529, device Y4& _618, threadgroup uint4 (&pool)[576], device Work1& _1886, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
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
            bool _4832 = r < push.rows;
            bool _4839;
            if (_4832)
            {
                _4839 = j_1 < push.n;
            }
            else
            {
                _4839 = _4832;
            }
            if (_4839)
            {
                float4 v = as_type<float4>(pool[base + t]) * _1886.work1[r];
                uint param = r;
                uint param_1 = j_1;
                float4 param_2 = v;
                finish_quad(param, param_1, param_2, push, _503, _529, _618);
            }
        }
        simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
    }
}

static inline __attribute__((always_inline))
void matrix_tiles(thread uint& gl_SubgroupID, constant Push& push, const device Bias1& _503, device Y1& _529, device Y4& _618, const device Weights1& _664, threadgroup uint4 (&pool)[576], device Work4& _1591, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1886, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1], threadgroup uint4 (&tile_w)[640], threadgroup float (&tile_scales)[256], thread uint2& columns, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
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
        uint _4894 = ceil_div(param, param_1);
        if (tile_j < _4894)
        {
            uint tile_r = (push.first.xyz + gl_WorkGroupID).x;
            for (;;)
            {
                uint param_2 = push.rows;
                uint param_3 = 64u;
                uint _4913 = ceil_div(param_2, param_3);
                if (tile_r < _4913)
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
                    load_slice(param_6, param_7, push, _664, _1591, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    uint param_8 = min(first, (count - 1u));
                    uint param_9 = slices_k;
                    put_slice(param_8, param_9, push, pool, gl_LocalInvocationID, start_w, next_x, next_w, tile_w, tile_scales);
                    uint param_10 = min((first + 1u), (count - 1u));
                    uint param_11 = slices_k;
                    load_slice(param_10, param_11, push, _664, _1591, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
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
                        load_slice(param_16, param_17, push, _664, _1591, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                        threadgroup_barrier(mem_flags::mem_threadgroup);
                    }
                    uint param_18 = (tile_r * 64u) + down;
                    uint param_19 = tile_j * 128u;
                    uint param_20 = right;
                    finish_tile(param_18, param_19, param_20, gl_SubgroupID, push, _503, _529, _618, pool, _1886, sums, gl_SubgroupInvocationID);
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

kernel void zc_linear_matrix(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device Weights1& _664 [[buffer(2)]], const device Bias1& _503 [[buffer(3)]], const device void* spvBufferAliasSet0Binding4 [[buffer(4)]], device void* spvBufferAliasSet0Binding5 [[buffer(5)]], device void* spvBufferAliasSet0Binding6 [[buffer(6)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]])
{
    const device auto& _1250 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& _1324 = *(const device Norm4*)spvBufferAliasSet0Binding4;
    device auto& _529 = *(device Y1*)spvBufferAliasSet0Binding5;
    device auto& _1591 = *(device Work4*)spvBufferAliasSet0Binding6;
    device auto& _618 = *(device Y4*)spvBufferAliasSet0Binding5;
    const device auto& _1261 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& _1333 = *(const device Norm1*)spvBufferAliasSet0Binding4;
    device auto& _1886 = *(device Work1*)spvBufferAliasSet0Binding6;
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
    if (_5018)
    {
        input_rows(group_partial, gl_SubgroupID, gl_NumSubgroups, push, _1250, _1261, _1324, _1333, pool, _1591, gl_LocalInvocationID, gl_WorkGroupID, _1886);
    }
    else
    {
        matrix_tiles(gl_SubgroupID, push, _503, _529, _618, _664, pool, _1591, gl_LocalInvocationID, gl_WorkGroupID, _1886, start_x, start_w, next_x, next_w, tile_w, tile_scales, columns, sums, gl_SubgroupInvocationID);
    }
}

