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
constant bool _405 = (type == 0u);
constant bool _413 = (type == 1u);
constant bool _421 = (type == 2u);
constant bool _429 = (type == 3u);
constant bool _439 = (type == 4u);
constant bool _449 = (type == 5u);
constant bool _459 = (type == 6u);
constant bool _469 = (type == 7u);
constant bool _478 = (type == 8u);
constant bool _487 = (type == 9u);
constant bool _496 = (type == 10u);
constant bool _505 = (type == 11u);
constant bool _514 = (type == 12u);
constant bool _524 = (type == 13u);
constant bool _533 = (type == 14u);
constant bool _543 = (type == 15u);
constant bool _553 = (type == 16u);

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

constant uint _1151 = (variant / 17u);
constant uint input_ = (_1151 % 2u);
constant bool normed = (input_ == 1u);

struct Y4
{
    float4 y4[1];
};

struct Y1
{
    float y1[1];
};

constant bool _1277 = (type == 5u);
constant bool _1278 = (type == 9u);
constant bool minima_of_32 = (_1277 || _1278);
constant bool _1288 = (type == 6u);
constant bool _1289 = (type == 12u);
constant bool minima_in_pairs = (_1288 || _1289);
constant bool _1291 = (minima_of_32 || minima_in_pairs);
constant bool minima_of_16 = (type == 10u);
constant bool minima_of_any = (_1291 || minima_of_16);

struct Work4
{
    uint4 work4[1];
};

constant uint QUADS_OF_SUM = minima_of_16 ? 4u : 8u;
constant uint _1508 = minima_in_pairs ? 2u : 4u;
constant uint QUADS_OF_SUMS = (QUADS_OF_SUM * _1508);
constant uint _1514 = (256u / QUADS_OF_SUMS);

struct Work1
{
    float work1[1];
};

constant uint _1827 = (256u / QUADS_OF_SUMS);
constant bool _2013 = (type == 6u);
constant bool _2014 = (type == 7u);
constant bool _2015 = (_2013 || _2014);
constant bool _2016 = (type == 12u);
constant bool _2017 = (_2015 || _2016);
constant bool _2018 = (type == 10u);
constant bool _2019 = (_2017 || _2018);
constant bool _2020 = (type == 11u);
constant bool _2021 = (_2019 || _2020);
constant bool _2022 = (type == 14u);
constant bool blocks_of_256 = (_2021 || _2022);
constant bool _2032 = (type == 3u);
constant bool _2033 = (type == 15u);
constant bool _2034 = (_2032 || _2033);
constant bool _2035 = (type == 4u);
constant bool _2036 = (type == 13u);
constant bool _2037 = (_2035 || _2036);
constant bool _2038 = (type == 5u);
constant bool _2039 = (type == 8u);
constant bool _2040 = (type == 9u);
constant bool _2041 = (type == 6u);
constant bool _2042 = (type == 12u);
constant bool _2043 = (type == 10u);
constant bool _2044 = (type == 11u);
constant bool _2045 = (type == 14u);
constant uint _2046 = _2045 ? 68u : 105u;
constant uint _2047 = _2044 ? 55u : _2046;
constant uint _2048 = _2043 ? 42u : _2047;
constant uint _2049 = _2042 ? 88u : _2048;
constant uint _2050 = _2041 ? 72u : _2049;
constant uint _2051 = _2040 ? 12u : _2050;
constant uint _2052 = _2039 ? 11u : _2051;
constant uint _2053 = _2038 ? 10u : _2052;
constant uint _2054 = _2037 ? 9u : _2053;
constant uint BLOCK_HALVES = _2034 ? 17u : _2054;
constant bool _2070 = (type == 3u);
constant bool _2080 = (type == 4u);
constant bool _2081 = (type == 13u);
constant bool _2082 = (_2080 || _2081);
constant bool _2092 = (type == 8u);
constant bool _2102 = (type == 9u);
constant bool _2112 = (type == 10u);
constant bool _2125 = (type == 11u);
constant bool _2138 = (type == 14u);
constant bool _2178 = (type == 1u);
constant bool _2255 = (type == 16u);
constant bool _2318 = (type == 3u);
constant bool _2319 = (type == 4u);
constant bool _2320 = (_2318 || _2319);
constant bool _2321 = (type == 13u);
constant bool _2322 = (_2320 || _2321);
constant bool _2338 = (type == 5u);
constant bool _2347 = (type == 15u);
constant bool _2360 = (type == 8u);
constant bool _2361 = (type == 9u);
constant bool _2362 = (_2360 || _2361);
constant bool _2391 = (type == 14u);
constant bool _2425 = (type == 6u);
constant bool _2426 = (type == 12u);
constant bool _2427 = (_2425 || _2426);
constant bool _2435 = (type == 12u);
constant uint _2436 = _2435 ? 12u : 4u;
constant bool _2469 = (type == 12u);
constant bool _2490 = (type == 10u);
constant bool _2537 = (type == 11u);
constant bool _2652 = (type == 3u);
constant bool _2653 = (type == 4u);
constant bool _2654 = (_2652 || _2653);
constant bool _2655 = (type == 13u);
constant bool _2656 = (_2654 || _2655);
constant bool _2700 = (type == 3u);
constant bool _2709 = (type == 13u);
constant bool _2744 = (type == 5u);
constant bool _2787 = (type == 8u);
constant bool _2788 = (type == 9u);
constant bool _2789 = (_2787 || _2788);
constant bool _2807 = (type == 9u);
constant bool _2829 = (type == 8u);
constant bool _2880 = (type == 14u);
constant bool _2909 = (type == 15u);
constant bool _2976 = (type == 6u);
constant bool _2989 = (type == 12u);
constant bool _3039 = (type == 10u);
constant bool _3051 = (type == 11u);
constant bool _3116 = (type == 4u);
constant bool _3117 = (type == 5u);
constant bool _3118 = (_3116 || _3117);
constant bool _3119 = (type == 8u);
constant bool _3120 = (_3118 || _3119);
constant bool _3121 = (type == 9u);
constant bool _3122 = (_3120 || _3121);
constant bool _3123 = (type == 13u);
constant bool _3124 = (_3122 || _3123);
constant bool _3125 = (type == 14u);
constant bool _3126 = (_3124 || _3125);
constant bool _3127 = (type == 15u);
constant bool halves_in_nibbles = (_3126 || _3127);
constant bool _3145 = (type == 3u);
constant bool _3146 = (type == 13u);
constant bool _3147 = (_3145 || _3146);
constant bool _3148 = (type == 14u);
constant bool _3149 = (_3147 || _3148);
constant bool _3151 = (type == 4u);
constant bool _3153 = (type == 7u);
constant bool _3155 = (type == 8u);
constant bool _3156 = (type == 15u);
constant bool _3157 = (_3155 || _3156);
constant bool _3159 = (type == 11u);
constant float _3162 = _3159 ? 1028.0 : 1024.0;
constant float _3163 = _3157 ? 1040.0 : _3162;
constant float _3164 = _3153 ? 1056.0 : _3163;
constant float _3165 = _3151 ? 1032.0 : _3164;
constant float _3166 = _3149 ? 1152.0 : _3165;
constant bool _3248 = (type == 1u);
constant bool _3337 = (type == 16u);
constant bool _3430 = (type == 3u);
constant bool _3431 = (type == 4u);
constant bool _3432 = (_3430 || _3431);
constant bool _3433 = (type == 13u);
constant bool _3434 = (_3432 || _3433);
constant bool _3461 = (type == 5u);
constant bool _3481 = (type == 8u);
constant bool _3482 = (type == 9u);
constant bool _3483 = (_3481 || _3482);
constant bool _3497 = (type == 15u);
constant bool _3524 = (type == 14u);
constant bool _3536 = (type == 6u);
constant bool _3537 = (type == 12u);
constant bool _3538 = (_3536 || _3537);
constant bool _3562 = (type == 10u);
constant bool _3594 = (type == 11u);
constant bool _4244 = (type == 1u);
constant bool _4245 = (type == 16u);
constant bool _4246 = (_4244 || _4245);
constant bool _4313 = (type == 1u);
constant bool _4314 = (type == 16u);
constant bool _4315 = (_4313 || _4314);
constant bool _4316 = (!_4315);
constant bool _4321 = (type == 7u);
constant bool _4322 = (type == 10u);
constant bool _4323 = (_4321 || _4322);
constant bool _4324 = (type == 11u);
constant bool _4325 = (_4323 || _4324);
constant uint SCALES = _4325 ? 2u : 1u;
constant bool _4327 = (SCALES == 2u);
constant uint PART_STEPS = (4u / SCALES);
constant bool _4437 = (type == 1u);
constant bool _4438 = (type == 16u);
constant bool _4439 = (_4437 || _4438);
constant bool _4440 = (!_4439);
constant bool _4550 = (type == 1u);
constant bool _4551 = (type == 16u);
constant bool _4552 = (_4550 || _4551);
constant bool _4594 = (type == 1u);
constant bool _4595 = (type == 16u);
constant bool _4596 = (_4594 || _4595);
constant bool _4597 = (!_4596);
constant bool _4626 = (SCALES == 2u);
constant uint way = (variant / 102u);
constant bool _4924 = (way == 8u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

struct Weights4
{
    uint4 weights4[1];
};

struct Second4
{
    uint4 second4[1];
};

constant float _1528[4] = { 0.0, 0.0, 0.0, 0.0 };

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
float4 x_at(thread const uint& i, thread const uint& count, const device X4& _992, const device X1& _1004)
{
    if (((i & 3u) == 0u) && (count >= 4u))
    {
        return _992.x4[i / 4u];
    }
    float4 v = float4(0.0);
    v.x = _1004.x1[i];
    if (count > 1u)
    {
        v.y = _1004.x1[i + 1u];
    }
    if (count > 2u)
    {
        v.z = _1004.x1[i + 2u];
    }
    if (count > 3u)
    {
        v.w = _1004.x1[i + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
float4 norm_at(thread const uint& i, constant Push& push, const device Norm4& _1072, const device Norm1& _1081)
{
    uint at = push.offset.w + i;
    uint last = (push.offset.w + push.k) - 1u;
    bool _1059 = (at & 3u) == 0u;
    bool _1066;
    if (_1059)
    {
        _1066 = (at + 3u) <= last;
    }
    else
    {
        _1066 = _1059;
    }
    if (_1066)
    {
        return _1072.norm4[at / 4u];
    }
    return float4(_1081.norm1[min(at, last)], _1081.norm1[min((at + 1u), last)], _1081.norm1[min((at + 2u), last)], _1081.norm1[min((at + 3u), last)]);
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
float4 input_quad(thread const uint& r, thread const uint& q, thread float& squares, const device X4& _992, const device X1& _1004, constant Push& push, const device Norm4& _1072, const device Norm1& _1081)
{
    if ((4u * q) >= push.k)
    {
        return float4(0.0);
    }
    uint at = (push.offset.x + (r * push.ldx)) + (4u * q);
    uint count = push.k - (4u * q);
    float4 _1397;
    if (false)
    {
        uint param = at + push.k;
        uint param_1 = count;
        _1397 = x_at(param, param_1, _992, _1004);
    }
    else
    {
        _1397 = float4(0.0);
    }
    float4 up = _1397;
    float4 _1411;
    if (normed)
    {
        uint param_2 = 4u * q;
        _1411 = norm_at(param_2, push, _1072, _1081);
    }
    else
    {
        _1411 = float4(1.0);
    }
    float4 factor = _1411;
    uint param_3 = at;
    uint param_4 = count;
    float4 param_5 = x_at(param_3, param_4, _992, _1004);
    float4 param_6 = up;
    float4 param_7 = factor;
    float param_8 = squares;
    float4 _1433 = input_of(param_5, param_6, param_7, param_8);
    squares = param_8;
    return _1433;
}

static inline __attribute__((always_inline))
uint group_max_bits(thread uint& bits, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, threadgroup uint4 (&pool)[576])
{
    bits = simd_max(bits);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _1340 = simd_is_first();
    if (_1340)
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
    bool _304 = simd_is_first();
    if (_304)
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
    float _1111;
    if (push.k != 0u)
    {
        _1111 = rsqrt((squares / float(push.k)) + push.eps);
    }
    else
    {
        _1111 = 0.0;
    }
    return _1111;
}

static inline __attribute__((always_inline))
uint slices_of_minima(constant Push& push)
{
    uint _1280;
    if (minima_of_32)
    {
        uint param = slices_of_k(push);
        uint param_1 = 32u;
        _1280 = ceil_div(param, param_1);
    }
    else
    {
        uint _1294;
        if (minima_of_any)
        {
            uint param_2 = push.k;
            uint param_3 = 512u;
            _1294 = ceil_div(param_2, param_3);
        }
        else
        {
            _1294 = 0u;
        }
        _1280 = _1294;
    }
    return _1280;
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
void put_halves(thread const uint& at, thread const uint& q, thread const float4& v, device Work4& _1440)
{
    _1440.work4[(at + ((q / 8u) * 512u)) + (q & 7u)] = as_type<uint4>(v);
}

static inline __attribute__((always_inline))
void put_quads(thread const uint& start, thread const uint& minima, thread const uint& base, thread const uint& quads, thread const float4& v, constant Push& push, threadgroup uint4 (&pool)[576], device Work4& _1440, thread uint3& gl_LocalInvocationID)
{
    uint me = gl_LocalInvocationID.x;
    if ((base + me) < quads)
    {
        uint param = start;
        uint param_1 = base + me;
        float4 param_2 = v;
        put_halves(param, param_1, param_2, _1440);
    }
    if (minima_of_any)
    {
        uint turn = base & 256u;
        float _1487;
        if ((base + me) < quads)
        {
            _1487 = ((v.x + v.y) + v.z) + v.w;
        }
        else
        {
            _1487 = 0.0;
        }
        ((threadgroup uint*)&pool[turn + me])[0u] = as_type<uint>(_1487);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        uint m = (base / QUADS_OF_SUMS) + me;
        bool _1515 = me < _1514;
        bool _1522;
        if (_1515)
        {
            _1522 = m < (slices_of_minima(push) * 8u);
        }
        else
        {
            _1522 = _1515;
        }
        if (_1522)
        {
            float sums[4] = { 0.0, 0.0, 0.0, 0.0 };
            for (uint i = 0u; i < QUADS_OF_SUMS; i++)
            {
                uint _1538 = i / QUADS_OF_SUM;
                sums[_1538] += as_type<float>(((threadgroup uint*)&pool[(turn + (QUADS_OF_SUMS * me)) + i])[0u]);
            }
            float4 _1554;
            if (minima_in_pairs)
            {
                _1554 = float4(sums[0], sums[0], sums[1], sums[1]);
            }
            else
            {
                _1554 = float4(sums[0], sums[1], sums[2], sums[3]);
            }
            uint param_3 = minima;
            uint param_4 = m;
            float4 param_5 = _1554;
            put_halves(param_3, param_4, param_5, _1440);
        }
    }
}

static inline __attribute__((always_inline))
void input_rows(threadgroup float (&group_partial)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, const device X4& _992, const device X1& _1004, constant Push& push, const device Norm4& _1072, const device Norm1& _1081, threadgroup uint4 (&pool)[576], device Work4& _1440, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1736)
{
    uint me = gl_LocalInvocationID.x;
    uint quads = slices_of_k(push) * 8u;
    uint3 _1598 = push.first.xyz + gl_WorkGroupID;
    uint _1599 = _1598.x;
    float4 kept[4];
    float _1702;
    for (uint r = _1599; r < push.rows; r += push.groups.x)
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
            float4 _1633 = input_quad(param, param_1, param_2, _992, _1004, push, _1072, _1081);
            squares = param_2;
            kept[i] = _1633;
            uint4 v = as_type<uint4>(kept[i]) & uint4(2147483647u);
            bits = max(bits, max(max(v.x, v.y), max(v.z, v.w)));
        }
        uint _1662 = 1024u + me;
        for (uint q = _1662; q < quads; q += 256u)
        {
            uint param_3 = r;
            uint param_4 = q;
            float param_5 = squares;
            float4 _1678 = input_quad(param_3, param_4, param_5, _992, _1004, push, _1072, _1081);
            squares = param_5;
            uint4 v_1 = as_type<uint4>(_1678) & uint4(2147483647u);
            bits = max(bits, max(max(v_1.x, v_1.y), max(v_1.z, v_1.w)));
        }
        uint param_6 = bits;
        uint _1700 = group_max_bits(param_6, gl_SubgroupID, gl_NumSubgroups, pool);
        bits = _1700;
        if (normed)
        {
            float param_7 = squares;
            float _1707 = group_sum(param_7, group_partial, gl_SubgroupID, gl_NumSubgroups);
            float param_8 = _1707;
            _1702 = norm_scale(param_8, push);
        }
        else
        {
            _1702 = 1.0;
        }
        float factor = _1702;
        int power = clamp(136 - int(bits >> 23u), -118, 100);
        float scale = as_type<float>(uint(127 + power) << 23u);
        if (me == 0u)
        {
            _1736.work1[r] = factor * as_type<float>(uint(127 - power) << 23u);
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
                put_quads(param_10, param_11, param_12, param_13, param_14, push, pool, _1440, gl_LocalInvocationID);
            }
        }
        for (uint base = 1024u; base < quads; base += 256u)
        {
            uint param_15 = r;
            uint param_16 = base + me;
            float param_17 = unused;
            float4 _1805 = input_quad(param_15, param_16, param_17, _992, _1004, push, _1072, _1081);
            unused = param_17;
            uint param_18 = start;
            uint param_19 = minima;
            uint param_20 = base;
            uint param_21 = quads;
            float4 param_22 = _1805 * scale;
            put_quads(param_18, param_19, param_20, param_21, param_22, push, pool, _1440, gl_LocalInvocationID);
        }
        if (minima_of_any)
        {
            uint param_23 = quads;
            uint param_24 = 256u;
            uint covered = ceil_div(param_23, param_24) * _1827;
            uint _1832 = covered + me;
            for (uint m = _1832; m < (slices_of_minima(push) * 8u); m += 256u)
            {
                uint param_25 = minima;
                uint param_26 = m;
                float4 param_27 = float4(0.0);
                put_halves(param_25, param_26, param_27, _1440);
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
    simdgroup_float8x8 _4369;
    simdgroup_load(_4369, reinterpret_cast<threadgroup float*>(&pool[0u]), (2u) * 4u);
    simdgroup_float8x8 tempArg = _4369;
    simdgroup_float8x8 numbers = tempArg;
    simdgroup_float8x8 param = numbers;
    columns = uint2(elements_of(param));
}

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    uint _406;
    if (_405)
    {
        _406 = (k / 1u) * 2u;
    }
    else
    {
        uint _414;
        if (_413)
        {
            _414 = (k / 1u) * 1u;
        }
        else
        {
            uint _422;
            if (_421)
            {
                _422 = (k / 1u) * 1u;
            }
            else
            {
                uint _430;
                if (_429)
                {
                    _430 = (k / 32u) * 17u;
                }
                else
                {
                    uint _440;
                    if (_439)
                    {
                        _440 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _450;
                        if (_449)
                        {
                            _450 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _460;
                            if (_459)
                            {
                                _460 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _470;
                                if (_469)
                                {
                                    _470 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    uint _479;
                                    if (_478)
                                    {
                                        _479 = (k / 32u) * 11u;
                                    }
                                    else
                                    {
                                        uint _488;
                                        if (_487)
                                        {
                                            _488 = (k / 32u) * 12u;
                                        }
                                        else
                                        {
                                            uint _497;
                                            if (_496)
                                            {
                                                _497 = (k / 256u) * 42u;
                                            }
                                            else
                                            {
                                                uint _506;
                                                if (_505)
                                                {
                                                    _506 = (k / 256u) * 55u;
                                                }
                                                else
                                                {
                                                    uint _515;
                                                    if (_514)
                                                    {
                                                        _515 = (k / 256u) * 88u;
                                                    }
                                                    else
                                                    {
                                                        uint _525;
                                                        if (_524)
                                                        {
                                                            _525 = (k / 32u) * 9u;
                                                        }
                                                        else
                                                        {
                                                            uint _534;
                                                            if (_533)
                                                            {
                                                                _534 = (k / 256u) * 68u;
                                                            }
                                                            else
                                                            {
                                                                uint _544;
                                                                if (_543)
                                                                {
                                                                    _544 = (k / 64u) * 17u;
                                                                }
                                                                else
                                                                {
                                                                    uint _554;
                                                                    if (_553)
                                                                    {
                                                                        _554 = (k / 2u) * 1u;
                                                                    }
                                                                    else
                                                                    {
                                                                        _554 = 0u;
                                                                    }
                                                                    _544 = _554;
                                                                }
                                                                _534 = _544;
                                                            }
                                                            _525 = _534;
                                                        }
                                                        _515 = _525;
                                                    }
                                                    _506 = _515;
                                                }
                                                _497 = _506;
                                            }
                                            _488 = _497;
                                        }
                                        _479 = _488;
                                    }
                                    _470 = _479;
                                }
                                _460 = _470;
                            }
                            _450 = _460;
                        }
                        _440 = _450;
                    }
                    _430 = _440;
                }
                _422 = _430;
            }
            _414 = _422;
        }
        _406 = _414;
    }
    return _406;
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
    uint _4058;
    _Pragma("clang loop unroll(full)")
    for (uint i_1 = 0u; i_1 < 1u; i_1++)
    {
        uint column = ((i_1 * 256u) + me) / 2u;
        second = column >= 64u;
        if (second)
        {
            _4058 = push.offset.z;
        }
        else
        {
            _4058 = push.offset.y;
        }
        start_w[i_1] = (2u * _4058) + (min((first_j + (column % 64u)), (push.n - 1u)) * halves);
    }
}

static inline __attribute__((always_inline))
uint block_at(thread const uint& row, thread const uint& s)
{
    uint _2024;
    if (blocks_of_256)
    {
        _2024 = s / 8u;
    }
    else
    {
        _2024 = s;
    }
    return row + (_2024 * BLOCK_HALVES);
}

static inline __attribute__((always_inline))
uint4 four_words(thread const uint& at, thread bool& second, const device Second1& _386, const device Weights1& _396)
{
    if (second)
    {
        return uint4(*(const device packed_uint4*)&_386.second1[at]);
    }
    return uint4(*(const device packed_uint4*)&_396.weights1[at]);
}

static inline __attribute__((always_inline))
uint weight_word(thread const uint& i, thread bool& second, const device Second1& _386, const device Weights1& _396)
{
    if (second)
    {
        return _386.second1[i];
    }
    return _396.weights1[i];
}

static inline __attribute__((always_inline))
uint numbers_at(thread const uint& row, thread const uint& s, thread const uint& p)
{
    uint param = row;
    uint param_1 = s;
    uint block = block_at(param, param_1);
    uint half_ = (s / 4u) & 1u;
    uint _2071;
    if (_2070)
    {
        _2071 = (block + 1u) + (8u * p);
    }
    else
    {
        uint _2083;
        if (_2082)
        {
            _2083 = (block + 1u) + (4u * p);
        }
        else
        {
            uint _2093;
            if (_2092)
            {
                _2093 = (block + 3u) + (4u * p);
            }
            else
            {
                uint _2103;
                if (_2102)
                {
                    _2103 = (block + 4u) + (4u * p);
                }
                else
                {
                    uint _2113;
                    if (_2112)
                    {
                        _2113 = ((block + 8u) + (16u * half_)) + (8u * p);
                    }
                    else
                    {
                        uint _2126;
                        if (_2125)
                        {
                            _2126 = ((block + 16u) + (16u * half_)) + (8u * p);
                        }
                        else
                        {
                            uint _2139;
                            if (_2138)
                            {
                                _2139 = ((block + 4u) + (8u * (s & 7u))) + (4u * p);
                            }
                            else
                            {
                                _2139 = ((block + (32u * half_)) + (16u * (s & 1u))) + (8u * p);
                            }
                            _2126 = _2139;
                        }
                        _2113 = _2126;
                    }
                    _2103 = _2113;
                }
                _2093 = _2103;
            }
            _2083 = _2093;
        }
        _2071 = _2083;
    }
    return _2071;
}

static inline __attribute__((always_inline))
Window window_at(thread const uint& at, thread bool& second, const device Second1& _386, const device Weights1& _396, constant Push& push)
{
    uint _1894;
    if (second)
    {
        _1894 = push.offset.z;
    }
    else
    {
        _1894 = push.offset.y;
    }
    uint param = push.k;
    uint end = _1894 + (((push.n * row_halves(param)) + 1u) / 2u);
    Window w = Window{ uint4(0u), uint4(0u) };
    if ((at + 5u) <= end)
    {
        uint param_1 = at;
        w.a = four_words(param_1, second, _386, _396);
        uint param_2 = at + 4u;
        w.b.x = weight_word(param_2, second, _386, _396);
    }
    else
    {
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_3 = min((at + i), (end - 1u));
            w.a[i] = weight_word(param_3, second, _386, _396);
        }
        uint param_4 = min((at + 4u), (end - 1u));
        w.b.x = weight_word(param_4, second, _386, _396);
    }
    return w;
}

static inline __attribute__((always_inline))
void load_part(thread Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, thread bool& second, const device Second1& _386, const device Weights1& _396, constant Push& push)
{
    uint param = row;
    uint param_1 = s;
    uint block = block_at(param, param_1);
    if (_2178)
    {
        uint last = ((row + push.k) - 1u) / 2u;
        uint at = ((row + (32u * s)) + (16u * p)) / 2u;
        if ((at + 8u) <= last)
        {
            uint param_2 = at;
            uint param_3 = at + 4u;
            v.numbers = Window{ four_words(param_2, second, _386, _396), four_words(param_3, second, _386, _396) };
            uint param_4 = at + 8u;
            v.scale = weight_word(param_4, second, _386, _396);
            return;
        }
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_5 = min((at + i), last);
            v.numbers.a[i] = weight_word(param_5, second, _386, _396);
            uint param_6 = min(((at + 4u) + i), last);
            v.numbers.b[i] = weight_word(param_6, second, _386, _396);
        }
        uint param_7 = min((at + 8u), last);
        v.scale = weight_word(param_7, second, _386, _396);
    }
    else
    {
        if (_2255)
        {
            uint last_1 = (row + ((push.k - 1u) / 2u)) / 2u;
            uint at_1 = ((row + (16u * s)) + (8u * p)) / 2u;
            if ((at_1 + 4u) <= last_1)
            {
                uint param_8 = at_1;
                v.numbers.a = four_words(param_8, second, _386, _396);
                uint param_9 = at_1 + 4u;
                v.scale = weight_word(param_9, second, _386, _396);
                return;
            }
            _Pragma("clang loop unroll(full)")
            for (uint i_1 = 0u; i_1 < 4u; i_1++)
            {
                uint param_10 = min((at_1 + i_1), last_1);
                v.numbers.a[i_1] = weight_word(param_10, second, _386, _396);
            }
            uint param_11 = min((at_1 + 4u), last_1);
            v.scale = weight_word(param_11, second, _386, _396);
        }
        else
        {
            if (_2322)
            {
                uint param_12 = row;
                uint param_13 = s;
                uint param_14 = p;
                uint param_15 = (numbers_at(param_12, param_13, param_14) - 1u) / 2u;
                v.numbers = window_at(param_15, second, _386, _396, push);
            }
            else
            {
                if (_2338)
                {
                    uint param_16 = block / 2u;
                    v.numbers = window_at(param_16, second, _386, _396, push);
                }
                else
                {
                    if (_2347)
                    {
                        uint param_17 = ((2u * row) + (17u * s)) / 4u;
                        v.numbers = window_at(param_17, second, _386, _396, push);
                    }
                    else
                    {
                        if (_2362)
                        {
                            uint param_18 = row;
                            uint param_19 = s;
                            uint param_20 = p;
                            uint param_21 = numbers_at(param_18, param_19, param_20) / 2u;
                            v.numbers = window_at(param_21, second, _386, _396, push);
                            uint param_22 = block / 2u;
                            uint param_23 = (block / 2u) + 1u;
                            uint2 _2385 = uint2(weight_word(param_22, second, _386, _396), weight_word(param_23, second, _386, _396));
                            v.scales.x = _2385.x;
                            v.scales.y = _2385.y;
                        }
                        else
                        {
                            if (_2391)
                            {
                                uint param_24 = row;
                                uint param_25 = s;
                                uint param_26 = p;
                                uint param_27 = numbers_at(param_24, param_25, param_26) / 2u;
                                v.numbers = window_at(param_27, second, _386, _396, push);
                                if ((s & 7u) == 0u)
                                {
                                    uint param_28 = block / 2u;
                                    uint param_29 = (block / 2u) + 1u;
                                    uint2 _2419 = uint2(weight_word(param_28, second, _386, _396), weight_word(param_29, second, _386, _396));
                                    v.scales.x = _2419.x;
                                    v.scales.y = _2419.y;
                                }
                            }
                            else
                            {
                                if (_2427)
                                {
                                    uint at_2 = block / 2u;
                                    uint numbers = ((at_2 + _2436) + (((s & 7u) / 2u) * 8u)) + (4u * p);
                                    uint _2449;
                                    if (second)
                                    {
                                        _2449 = push.offset.z;
                                    }
                                    else
                                    {
                                        _2449 = push.offset.y;
                                    }
                                    bool whole = (_2449 & 3u) == 0u;
                                    if ((s & 7u) == 0u)
                                    {
                                        uint param_30 = at_2;
                                        v.more.a = four_words(param_30, second, _386, _396);
                                        if (_2469)
                                        {
                                            uint param_31 = (at_2 + 4u) + (4u * p);
                                            v.more.b = four_words(param_31, second, _386, _396);
                                        }
                                    }
                                    if ((s & 1u) == 0u)
                                    {
                                        uint param_32 = numbers;
                                        v.numbers.a = four_words(param_32, second, _386, _396);
                                    }
                                }
                                else
                                {
                                    if (_2490)
                                    {
                                        if ((s & 3u) == 0u)
                                        {
                                            uint scales = (block / 2u) + (2u * ((s / 4u) & 1u));
                                            uint param_33 = row;
                                            uint param_34 = s;
                                            uint param_35 = p;
                                            uint param_36 = numbers_at(param_33, param_34, param_35) / 2u;
                                            v.numbers = window_at(param_36, second, _386, _396, push);
                                            uint param_37 = scales;
                                            uint param_38 = scales + 1u;
                                            uint2 _2524 = uint2(weight_word(param_37, second, _386, _396), weight_word(param_38, second, _386, _396));
                                            v.scales.x = _2524.x;
                                            v.scales.y = _2524.y;
                                            uint param_39 = (block / 2u) + 20u;
                                            v.scale = weight_word(param_39, second, _386, _396);
                                        }
                                    }
                                    else
                                    {
                                        if (_2537)
                                        {
                                            if ((s & 3u) == 0u)
                                            {
                                                uint param_40 = row;
                                                uint param_41 = s;
                                                uint param_42 = p;
                                                uint param_43 = numbers_at(param_40, param_41, param_42) / 2u;
                                                v.numbers = window_at(param_43, second, _386, _396, push);
                                            }
                                            if ((s & 7u) == 0u)
                                            {
                                                uint scales_1 = (block / 2u) + 24u;
                                                uint param_44 = (block + (8u * p)) / 2u;
                                                v.more = window_at(param_44, second, _386, _396, push);
                                                uint param_45 = scales_1;
                                                uint param_46 = scales_1 + 1u;
                                                uint param_47 = scales_1 + 2u;
                                                v.scales = uint3(weight_word(param_45, second, _386, _396), weight_word(param_46, second, _386, _396), weight_word(param_47, second, _386, _396));
                                                uint param_48 = scales_1 + 3u;
                                                v.scale = weight_word(param_48, second, _386, _396);
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
                                            v.numbers = window_at(param_52, second, _386, _396, push);
                                            if ((s & 3u) == 0u)
                                            {
                                                uint param_53 = (((block + 64u) + (16u * half_)) + (8u * p)) / 2u;
                                                v.more = window_at(param_53, second, _386, _396, push);
                                                uint param_54 = scales_2;
                                                uint param_55 = scales_2 + 1u;
                                                uint param_56 = scales_2 + 2u;
                                                v.scales = uint3(weight_word(param_54, second, _386, _396), weight_word(param_55, second, _386, _396), weight_word(param_56, second, _386, _396));
                                                uint param_57 = (block / 2u) + 52u;
                                                v.scale = weight_word(param_57, second, _386, _396);
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
Sixteen load_minima(thread const uint& row, thread const uint& s, thread const uint& p, thread bool& second, const device Second1& _386, const device Weights1& _396, constant Push& push)
{
    Sixteen v;
    v.numbers = Window{ uint4(0u), uint4(0u) };
    v.more = Window{ uint4(0u), uint4(0u) };
    v.scales = uint3(0u);
    v.scale = 0u;
    if (minima_of_32)
    {
        uint blocks = slices_of_k(push);
        uint _3736;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 16u; i++)
        {
            uint block = ((32u * s) + (16u * p)) + i;
            if (block < blocks)
            {
                uint param = (row + (BLOCK_HALVES * block)) / 2u;
                _3736 = weight_word(param, second, _386, _396) >> 16u;
            }
            else
            {
                _3736 = 0u;
            }
            uint minimum = _3736;
            if (i < 8u)
            {
                uint _3754 = i / 2u;
                v.numbers.a[_3754] |= (minimum << (16u * (i & 1u)));
            }
            else
            {
                uint _3767 = (i / 2u) - 4u;
                v.numbers.b[_3767] |= (minimum << (16u * (i & 1u)));
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
                v.more.a = uint4(weight_word(param_1, second, _386, _396), weight_word(param_2, second, _386, _396), weight_word(param_3, second, _386, _396), weight_word(param_4, second, _386, _396));
            }
            if (minima_of_16)
            {
                uint _3830;
                if (mine < blocks_1)
                {
                    uint param_5 = at + 20u;
                    _3830 = weight_word(param_5, second, _386, _396);
                }
                else
                {
                    _3830 = 0u;
                }
                v.scale = _3830;
            }
            else
            {
                uint _3844;
                if (other < blocks_1)
                {
                    uint param_6 = (row + (BLOCK_HALVES * other)) / 2u;
                    _3844 = weight_word(param_6, second, _386, _396);
                }
                else
                {
                    _3844 = 0u;
                }
                v.scale = _3844;
            }
        }
    }
    return v;
}

static inline __attribute__((always_inline))
void load_slice(thread const uint& s, thread const uint& slices_k, thread bool& second, const device Second1& _386, const device Weights1& _396, constant Push& push, device Work4& _1440, thread uint3& gl_LocalInvocationID, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1])
{
    uint p = gl_LocalInvocationID.x & 1u;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 2u; i++)
    {
        next_x[i] = _1440.work4[start_x[i] + (s * 512u)];
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
            load_part(param, param_1, param_2, param_3, second, _386, _396, push);
            next_w[i_1] = param;
        }
        else
        {
            uint param_4 = start_w[i_1];
            uint param_5 = s - slices_k;
            uint param_6 = p;
            next_w[i_1] = load_minima(param_4, param_5, param_6, second, _386, _396, push);
        }
    }
}

static inline __attribute__((always_inline))
uint4 shifted(thread const uint& h, thread const uint4& v, thread const uint& next)
{
    uint4 _1972;
    if ((h & 1u) != 0u)
    {
        _1972 = (v >> uint4(16u)) | (uint4(v.yzw, next) << uint4(16u));
    }
    else
    {
        _1972 = v;
    }
    return _1972;
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
    uint _3209;
    if (left > 3u)
    {
        _3209 = word;
    }
    else
    {
        uint _3216;
        if (left > 1u)
        {
            _3216 = word & 65535u;
        }
        else
        {
            _3216 = 0u;
        }
        _3209 = _3216;
    }
    uint param = _3209;
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
    uint4 _2001 = words_of(param, param_1, param_2);
    uint next = param_2;
    uint4 v = _2001;
    uint param_3 = h;
    uint4 param_4 = v;
    uint param_5 = next;
    return shifted(param_3, param_4, param_5);
}

static inline __attribute__((always_inline))
uint word_of(thread const uint& h, thread const uint& low, thread const uint& high)
{
    uint _583;
    if ((h & 1u) != 0u)
    {
        _583 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _583 = low;
    }
    return _583;
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
    if (_2656)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = p;
        uint h = numbers_at(param, param_1, param_2);
        Window param_3 = v.numbers;
        uint param_4 = (h - 1u) / 2u;
        uint param_5;
        uint4 _2677 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint4 words = _2677;
        uint4 _2682;
        if ((h & 1u) != 0u)
        {
            uint param_6 = 1u;
            uint4 param_7 = words;
            uint param_8 = next;
            _2682 = shifted(param_6, param_7, param_8);
        }
        else
        {
            _2682 = uint4(words.yzw, next);
        }
        words = _2682;
        uint4 _2701;
        if (_2700)
        {
            _2701 = words ^ uint4(2155905152u);
        }
        else
        {
            uint4 _2710;
            if (_2709)
            {
                uint4 param_9 = uint4(words.xy, words.xy >> uint2(4u));
                _2710 = iq4_numbers(param_9);
            }
            else
            {
                _2710 = uint4(words.xy, words.xy >> uint2(4u)) & uint4(252645135u);
            }
            _2701 = _2710;
        }
        return _2701;
    }
    if (_2744)
    {
        Window param_10 = v.numbers;
        uint param_11 = (row / 2u) + (5u * s);
        uint param_12;
        uint4 _2759 = words_of(param_10, param_11, param_12);
        uint next_1 = param_12;
        uint4 words_1 = _2759;
        uint2 _2764;
        if (p == 0u)
        {
            _2764 = words_1.yz;
        }
        else
        {
            _2764 = uint2(words_1.w, next_1);
        }
        uint2 two = _2764;
        return uint4(two, two >> uint2(4u)) & uint4(252645135u);
    }
    if (_2789)
    {
        uint param_13 = row;
        uint param_14 = s;
        uint param_15 = p;
        Window param_16 = v.numbers;
        uint param_17 = numbers_at(param_13, param_14, param_15);
        uint2 two_1 = words_from(param_16, param_17).xy;
        uint _2808;
        if (_2807)
        {
            _2808 = v.scales.y;
        }
        else
        {
            uint param_18 = row;
            uint param_19 = s;
            uint param_20 = block_at(param_18, param_19) + 1u;
            uint param_21 = v.scales.x;
            uint param_22 = v.scales.y;
            _2808 = word_of(param_20, param_21, param_22);
        }
        uint high = _2808;
        bool _2839;
        if (_2829)
        {
            uint param_23 = row;
            uint param_24 = s;
            _2839 = (block_at(param_23, param_24) & 1u) != 0u;
        }
        else
        {
            _2839 = _2829;
        }
        uint _2840;
        if (_2839)
        {
            _2840 = v.scales.y;
        }
        else
        {
            _2840 = high;
        }
        high = _2840 >> (8u * p);
        uint param_25 = high;
        uint param_26 = high >> 4u;
        uint param_27 = high >> 16u;
        uint param_28 = high >> 20u;
        return (uint4(two_1, two_1 >> uint2(4u)) & uint4(252645135u)) | uint4(fifth_bits(param_25), fifth_bits(param_26), fifth_bits(param_27), fifth_bits(param_28));
    }
    if (_2880)
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
    if (_2909)
    {
        uint at = (2u * row) + (17u * s);
        uint shift = 8u * (at & 3u);
        Window param_35 = v.numbers;
        uint param_36 = at / 4u;
        uint param_37;
        uint4 _2931 = words_of(param_35, param_36, param_37);
        uint next_2 = param_37;
        uint4 words_2 = _2931;
        uint3 _2936;
        if (p == 0u)
        {
            _2936 = words_2.xyz;
        }
        else
        {
            _2936 = uint3(words_2.z, words_2.w, next_2);
        }
        uint3 three = _2936;
        uint2 two_3 = ((three.xy >> uint2(shift)) >> uint2(8u)) | (three.yz << uint2(24u - shift));
        uint4 param_38 = uint4(two_3, two_3 >> uint2(4u));
        return fp4_numbers(param_38);
    }
    if (_2976)
    {
        return (v.numbers.a >> uint4(4u * (s & 1u))) & uint4(252645135u);
    }
    if (_2989)
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
    if (_3039)
    {
        return (low >> uint4(2u * stripe)) & uint4(50529027u);
    }
    if (_3051)
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
    float zero = _3166;
    uint low = (bytes & 255u) | ((bytes & 65280u) << 8u);
    uint high = ((bytes >> 16u) & 255u) | ((bytes & 4278190080u) >> 8u);
    return uint2(as_type<uint>(as_type<half2>(low | 1677747200u) - half2(half(zero))), as_type<uint>(as_type<half2>(high | 1677747200u) - half2(half(zero))));
}

static inline __attribute__((always_inline))
void decode_part(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, thread uint4& first, thread uint4& second_, constant Push& push)
{
    uint left = push.k - min(push.k, ((32u * s) + (16u * p)));
    if (_3248)
    {
        uint param = row;
        uint4 param_1 = v.numbers.a;
        uint param_2 = v.numbers.b.x;
        first = shifted(param, param_1, param_2);
        uint param_3 = row;
        uint4 param_4 = v.numbers.b;
        uint param_5 = v.scale;
        second_ = shifted(param_3, param_4, param_5);
        uint _3283;
        uint _3294;
        uint _3311;
        uint _3323;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            if (left > ((2u * i) + 1u))
            {
                _3283 = first[i];
            }
            else
            {
                if (left > (2u * i))
                {
                    _3294 = first[i] & 65535u;
                }
                else
                {
                    _3294 = 0u;
                }
                _3283 = _3294;
            }
            first[i] = _3283;
            if (left > ((2u * i) + 9u))
            {
                _3311 = second_[i];
            }
            else
            {
                if (left > ((2u * i) + 8u))
                {
                    _3323 = second_[i] & 65535u;
                }
                else
                {
                    _3323 = 0u;
                }
                _3311 = _3323;
            }
            second_[i] = _3311;
        }
        return;
    }
    if (_3337)
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
    uint _871;
    if (exponent < 2u)
    {
        _871 = 2097152u << exponent;
    }
    else
    {
        _871 = (exponent - 1u) << 23u;
    }
    return as_type<float>(_871);
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
    float2 _645;
    if (i < 4u)
    {
        _645 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _645 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _645;
}

static inline __attribute__((always_inline))
float part_scale(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p)
{
    if (_3434)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = 0u;
        uint h = numbers_at(param, param_1, param_2) - 1u;
        Window param_3 = v.numbers;
        uint param_4 = h / 2u;
        uint param_5;
        uint4 _3453 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint param_6 = h;
        uint param_7 = _3453.x;
        return float_of(param_6, param_7);
    }
    if (_3461)
    {
        Window param_8 = v.numbers;
        uint param_9 = (row / 2u) + (5u * s);
        uint param_10;
        uint4 _3475 = words_of(param_8, param_9, param_10);
        uint next_1 = param_10;
        return float2(as_type<half2>(_3475.x)).x;
    }
    if (_3483)
    {
        uint param_11 = row;
        uint param_12 = s;
        uint param_13 = block_at(param_11, param_12);
        uint param_14 = v.scales.x;
        return float_of(param_13, param_14);
    }
    if (_3497)
    {
        uint at = (2u * row) + (17u * s);
        Window param_15 = v.numbers;
        uint param_16 = at / 4u;
        uint param_17;
        uint4 _3514 = words_of(param_15, param_16, param_17);
        uint next_2 = param_17;
        uint param_18 = _3514.x >> (8u * (at & 3u));
        float _3522 = e8m0(param_18);
        return _3522;
    }
    if (_3524)
    {
        uint2 param_19 = v.scales.xy;
        uint param_20 = s & 7u;
        return iq4_xs_scale(param_19, param_20);
    }
    if (_3538)
    {
        uint3 param_21 = v.more.a.yzw;
        uint param_22 = s & 7u;
        return float2(as_type<half2>(v.more.a.x)).x * scale_of(param_21, param_22).x;
    }
    uint param_23 = row;
    uint param_24 = s;
    uint block = block_at(param_23, param_24);
    if (_3562)
    {
        uint _3569;
        if ((s & 2u) != 0u)
        {
            _3569 = v.scales.y;
        }
        else
        {
            _3569 = v.scales.x;
        }
        uint word = _3569;
        return float2(as_type<half2>(v.scale)).x * float((word >> ((16u * (s & 1u)) + (8u * p))) & 15u);
    }
    if (_3594)
    {
        uint3 words = v.scales;
        if ((block & 1u) != 0u)
        {
            words = (words >> uint3(16u)) | (uint3(words.y, words.z, v.scale) << uint3(16u));
        }
        uint i = (2u * (s & 7u)) + p;
        uint shift = 8u * (i & 3u);
        uint _3632;
        if ((i & 4u) != 0u)
        {
            _3632 = words.y;
        }
        else
        {
            _3632 = words.x;
        }
        uint low = (_3632 >> (shift + (4u * (i / 8u)))) & 15u;
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
    uint _3129;
    if (halves_in_nibbles)
    {
        _3129 = p + (2u * i);
    }
    else
    {
        _3129 = (2u * p) + i;
    }
    return _3129;
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
    float _3865;
    if (minima_in_pairs)
    {
        _3865 = fast::max(abs(float2(as_type<half2>(v.more.a.x)).y), abs(mine));
    }
    else
    {
        _3865 = minima_of_16 ? mine : 1.0;
    }
    return _3865;
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
        float _3939;
        if (most > 0.0)
        {
            _3939 = (-float2(as_type<half2>(v.more.a.x)).y) / most;
        }
        else
        {
            _3939 = 0.0;
        }
        float ratio = _3939;
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
    float _4247;
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
            if (_4246)
            {
                _4247 = 1.0;
            }
            else
            {
                Sixteen param_6 = next_w[i_1];
                uint param_7 = start_w[i_1];
                uint param_8 = s;
                uint param_9 = p;
                _4247 = part_scale(param_6, param_7, param_8, param_9);
            }
            scale = _4247;
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
        bool _4329;
        if (_4316)
        {
            _4329 = (p == 0u) || _4327;
        }
        else
        {
            _4329 = _4316;
        }
        if (_4329)
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
                simdgroup_half8x8 _4425;
                simdgroup_load(_4425, reinterpret_cast<threadgroup half*>(&tile_w[((right + (j * 8u)) * 5u) + (((e * PART_STEPS) + t) * 1u)]), (5u) * 8u, ulong2(0), true);
                simdgroup_half8x8 tempArg = _4425;
                b[(j * 4u) + t] = tempArg;
            }
        }
        if (_4440)
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
                simdgroup_float8x8 _4519;
                simdgroup_load(_4519, reinterpret_cast<threadgroup float*>(&pool[((down + (i * 8u)) * 9u) + ((((e * PART_STEPS) + t_1) * 2u) * 1u)]), (9u) * 4u);
                simdgroup_float8x8 tempArg_1 = _4519;
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
                    if (_4552)
                    {
                        simdgroup_float8x8 _4578;
                        simdgroup_multiply_accumulate(_4578, a[t_2], b[(j_1 * 4u) + t_2], sums[(i * 4u) + j_1]);
                        sums[(i * 4u) + j_1] = _4578;
                    }
                    else
                    {
                        simdgroup_float8x8 _4591;
                        simdgroup_multiply_accumulate(_4591, a[t_2], b[(j_1 * 4u) + t_2], block);
                        block = _4591;
                    }
                }
            }
            if (_4597)
            {
                uint _4603 = (i * 4u) + j_1;
                simdgroup_float8x8 param = sums[_4603];
                simdgroup_float8x8 param_1 = block;
                float2 param_2 = scales[j_1];
                add_scaled(param, param_1, param_2);
                sums[_4603] = param;
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
    if (_4626)
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
    float _1173;
    if ((push.flags & 64u) != 0u)
    {
        float param = x;
        _1173 = gelu_tanh(param);
    }
    else
    {
        float param_1 = x;
        _1173 = silu(param_1);
    }
    return _1173;
}

static inline __attribute__((always_inline))
void finish_gated(thread const uint& r, thread const uint& j, thread const float4& gate, thread const float4& up, constant Push& push, device Y4& _1234, device Y1& _1260)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    float param = gate.x;
    float param_1 = gate.y;
    float param_2 = gate.z;
    float param_3 = gate.w;
    float4 v = float4(gate_of(param, push), gate_of(param_1, push), gate_of(param_2, push), gate_of(param_3, push)) * up;
    bool _1219 = (to & 3u) == 0u;
    bool _1228;
    if (_1219)
    {
        _1228 = (j + 4u) <= push.n;
    }
    else
    {
        _1228 = _1219;
    }
    if (_1228)
    {
        _1234.y4[to / 4u] = v;
        return;
    }
    uint e = 0u;
    _Pragma("clang loop unroll(disable)")
    for (;;)
    {
        bool _1247 = e < 4u;
        bool _1256;
        if (_1247)
        {
            _1256 = (j + e) < push.n;
        }
        else
        {
            _1256 = _1247;
        }
        if (_1256)
        {
            _1260.y1[to + e] = v[e];
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
void finish_tile(thread const uint& first_r, thread const uint& first_j, thread const uint& first_c, thread uint& gl_SubgroupID, constant Push& push, device Y4& _1234, device Y1& _1260, threadgroup uint4 (&pool)[576], device Work1& _1736, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
{
    uint base = (gl_SubgroupID * 8u) * 8u;
    uint lane = gl_SubgroupInvocationID;
    uint _4682;
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
            _4682 = base - 256u;
        }
        else
        {
            _4682 = base;
        }
        uint gate = _4682;
        uint other = gate + 256u;
        threadgroup_barrier(mem_flags::mem_threadgroup);
        uint _4697 = lane + (up ? 32u : 0u);
        _Pragma("clang loop unroll(disable)")
        for (uint t = _4697; t < 64u; t += 64u)
        {
            uint r = (first_r + (i * 8u)) + (t / 8u);
            uint j_1 = (first_j + (first_c % 64u)) + (4u * (t % 8u));
            bool _4725 = r < push.rows;
            bool _4732;
            if (_4725)
            {
                _4732 = j_1 < push.n;
            }
            else
            {
                _4732 = _4725;
            }
            if (_4732)
            {
                float factor = _1736.work1[r];
                float4 v = as_type<float4>(pool[gate + t]) * factor;
                float4 w = as_type<float4>(pool[other + t]) * factor;
                uint param = r;
                uint param_1 = j_1;
                float4 param_2 = v;
                float4 param_3 = w;
                finish_gated(param, param_1, param_2, param_3, push, _1234, _1260);
            }
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
    }
}

static inline __attribute__((always_inline))
void matrix_tiles(thread bool& second, thread uint& gl_SubgroupID, const device Second1& _386, const device Weights1& _396, constant Push& push, device Y4& _1234, device Y1& _1260, threadgroup uint4 (&pool)[576], device Work4& _1440, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1736, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1], threadgroup uint4 (&tile_w)[640], threadgroup float (&tile_scales)[256], thread uint2& columns, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
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
        uint _4800 = ceil_div(param, param_1);
        if (tile_j < _4800)
        {
            uint tile_r = (push.first.xyz + gl_WorkGroupID).x;
            for (;;)
            {
                uint param_2 = push.rows;
                uint param_3 = 64u;
                uint _4819 = ceil_div(param_2, param_3);
                if (tile_r < _4819)
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
                    load_slice(param_6, param_7, second, _386, _396, push, _1440, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    uint param_8 = min(first, (count - 1u));
                    uint param_9 = slices_k;
                    put_slice(param_8, param_9, push, pool, gl_LocalInvocationID, start_w, next_x, next_w, tile_w, tile_scales);
                    uint param_10 = min((first + 1u), (count - 1u));
                    uint param_11 = slices_k;
                    load_slice(param_10, param_11, second, _386, _396, push, _1440, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
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
                        load_slice(param_16, param_17, second, _386, _396, push, _1440, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                        threadgroup_barrier(mem_flags::mem_threadgroup);
                    }
                    uint param_18 = (tile_r * 64u) + down;
                    uint param_19 = tile_j * 64u;
                    uint param_20 = right;
                    finish_tile(param_18, param_19, param_20, gl_SubgroupID, push, _1234, _1260, pool, _1736, sums, gl_SubgroupInvocationID);
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

kernel void zc_linear_gated_matrix(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device Weights1& _396 [[buffer(2)]], const device Second1& _386 [[buffer(3)]], const device void* spvBufferAliasSet0Binding4 [[buffer(4)]], device void* spvBufferAliasSet0Binding5 [[buffer(5)]], device void* spvBufferAliasSet0Binding6 [[buffer(6)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]])
{
    const device auto& _992 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& _1072 = *(const device Norm4*)spvBufferAliasSet0Binding4;
    device auto& _1234 = *(device Y4*)spvBufferAliasSet0Binding5;
    device auto& _1440 = *(device Work4*)spvBufferAliasSet0Binding6;
    const device auto& _1004 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& _1081 = *(const device Norm1*)spvBufferAliasSet0Binding4;
    device auto& _1260 = *(device Y1*)spvBufferAliasSet0Binding5;
    device auto& _1736 = *(device Work1*)spvBufferAliasSet0Binding6;
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
    if (_4924)
    {
        input_rows(group_partial, gl_SubgroupID, gl_NumSubgroups, _992, _1004, push, _1072, _1081, pool, _1440, gl_LocalInvocationID, gl_WorkGroupID, _1736);
    }
    else
    {
        matrix_tiles(second, gl_SubgroupID, _386, _396, push, _1234, _1260, pool, _1440, gl_LocalInvocationID, gl_WorkGroupID, _1736, start_x, start_w, next_x, next_w, tile_w, tile_scales, columns, sums, gl_SubgroupInvocationID);
    }
}

