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
constant bool _424 = (type == 0u);
constant bool _432 = (type == 1u);
constant bool _440 = (type == 2u);
constant bool _448 = (type == 3u);
constant bool _458 = (type == 4u);
constant bool _468 = (type == 5u);
constant bool _478 = (type == 6u);
constant bool _488 = (type == 7u);
constant bool _497 = (type == 8u);
constant bool _506 = (type == 9u);
constant bool _515 = (type == 10u);
constant bool _524 = (type == 11u);
constant bool _533 = (type == 12u);
constant bool _543 = (type == 13u);
constant bool _552 = (type == 14u);
constant bool _562 = (type == 15u);
constant bool _572 = (type == 16u);

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

constant uint _1161 = (variant / 17u);
constant uint input_ = (_1161 % 2u);
constant bool normed = (input_ == 1u);

struct Y4
{
    float4 y4[1];
};

struct Y1
{
    float y1[1];
};

constant bool _1287 = (type == 5u);
constant bool _1288 = (type == 9u);
constant bool minima_of_32 = (_1287 || _1288);
constant bool _1298 = (type == 6u);
constant bool _1299 = (type == 12u);
constant bool minima_in_pairs = (_1298 || _1299);
constant bool _1301 = (minima_of_32 || minima_in_pairs);
constant bool minima_of_16 = (type == 10u);
constant bool minima_of_any = (_1301 || minima_of_16);

struct Work4
{
    uint4 work4[1];
};

constant uint QUADS_OF_SUM = minima_of_16 ? 4u : 8u;
constant uint _1518 = minima_in_pairs ? 2u : 4u;
constant uint QUADS_OF_SUMS = (QUADS_OF_SUM * _1518);
constant uint _1524 = (256u / QUADS_OF_SUMS);

struct Work1
{
    float work1[1];
};

constant uint _1836 = (256u / QUADS_OF_SUMS);
constant bool _2022 = (type == 6u);
constant bool _2023 = (type == 7u);
constant bool _2024 = (_2022 || _2023);
constant bool _2025 = (type == 12u);
constant bool _2026 = (_2024 || _2025);
constant bool _2027 = (type == 10u);
constant bool _2028 = (_2026 || _2027);
constant bool _2029 = (type == 11u);
constant bool _2030 = (_2028 || _2029);
constant bool _2031 = (type == 14u);
constant bool blocks_of_256 = (_2030 || _2031);
constant bool _2041 = (type == 3u);
constant bool _2042 = (type == 15u);
constant bool _2043 = (_2041 || _2042);
constant bool _2044 = (type == 4u);
constant bool _2045 = (type == 13u);
constant bool _2046 = (_2044 || _2045);
constant bool _2047 = (type == 5u);
constant bool _2048 = (type == 8u);
constant bool _2049 = (type == 9u);
constant bool _2050 = (type == 6u);
constant bool _2051 = (type == 12u);
constant bool _2052 = (type == 10u);
constant bool _2053 = (type == 11u);
constant bool _2054 = (type == 14u);
constant uint _2055 = _2054 ? 68u : 105u;
constant uint _2056 = _2053 ? 55u : _2055;
constant uint _2057 = _2052 ? 42u : _2056;
constant uint _2058 = _2051 ? 88u : _2057;
constant uint _2059 = _2050 ? 72u : _2058;
constant uint _2060 = _2049 ? 12u : _2059;
constant uint _2061 = _2048 ? 11u : _2060;
constant uint _2062 = _2047 ? 10u : _2061;
constant uint _2063 = _2046 ? 9u : _2062;
constant uint BLOCK_HALVES = _2043 ? 17u : _2063;
constant bool _2079 = (type == 3u);
constant bool _2089 = (type == 4u);
constant bool _2090 = (type == 13u);
constant bool _2091 = (_2089 || _2090);
constant bool _2101 = (type == 8u);
constant bool _2111 = (type == 9u);
constant bool _2121 = (type == 10u);
constant bool _2134 = (type == 11u);
constant bool _2147 = (type == 14u);
constant bool _2187 = (type == 1u);
constant bool _2264 = (type == 16u);
constant bool _2327 = (type == 3u);
constant bool _2328 = (type == 4u);
constant bool _2329 = (_2327 || _2328);
constant bool _2330 = (type == 13u);
constant bool _2331 = (_2329 || _2330);
constant bool _2347 = (type == 5u);
constant bool _2356 = (type == 15u);
constant bool _2369 = (type == 8u);
constant bool _2370 = (type == 9u);
constant bool _2371 = (_2369 || _2370);
constant bool _2400 = (type == 14u);
constant bool _2434 = (type == 6u);
constant bool _2435 = (type == 12u);
constant bool _2436 = (_2434 || _2435);
constant bool _2444 = (type == 12u);
constant uint _2445 = _2444 ? 12u : 4u;
constant bool _2478 = (type == 12u);
constant bool _2499 = (type == 10u);
constant bool _2546 = (type == 11u);
constant bool _2683 = (type == 3u);
constant bool _2684 = (type == 4u);
constant bool _2685 = (_2683 || _2684);
constant bool _2686 = (type == 13u);
constant bool _2687 = (_2685 || _2686);
constant bool _2731 = (type == 3u);
constant bool _2739 = (type == 13u);
constant bool _2774 = (type == 5u);
constant bool _2817 = (type == 8u);
constant bool _2818 = (type == 9u);
constant bool _2819 = (_2817 || _2818);
constant bool _2837 = (type == 9u);
constant bool _2859 = (type == 8u);
constant bool _2910 = (type == 14u);
constant bool _2939 = (type == 15u);
constant bool _3014 = (type == 6u);
constant bool _3027 = (type == 12u);
constant bool _3077 = (type == 10u);
constant bool _3089 = (type == 11u);
constant bool _3154 = (type == 4u);
constant bool _3155 = (type == 5u);
constant bool _3156 = (_3154 || _3155);
constant bool _3157 = (type == 8u);
constant bool _3158 = (_3156 || _3157);
constant bool _3159 = (type == 9u);
constant bool _3160 = (_3158 || _3159);
constant bool _3161 = (type == 13u);
constant bool _3162 = (_3160 || _3161);
constant bool _3163 = (type == 14u);
constant bool _3164 = (_3162 || _3163);
constant bool _3165 = (type == 15u);
constant bool halves_in_nibbles = (_3164 || _3165);
constant bool _3183 = (type == 3u);
constant bool _3184 = (type == 13u);
constant bool _3185 = (_3183 || _3184);
constant bool _3186 = (type == 14u);
constant bool _3187 = (_3185 || _3186);
constant bool _3189 = (type == 4u);
constant bool _3191 = (type == 7u);
constant bool _3193 = (type == 8u);
constant bool _3194 = (type == 15u);
constant bool _3195 = (_3193 || _3194);
constant bool _3197 = (type == 11u);
constant float _3200 = _3197 ? 1028.0 : 1024.0;
constant float _3201 = _3195 ? 1040.0 : _3200;
constant float _3202 = _3191 ? 1056.0 : _3201;
constant float _3203 = _3189 ? 1032.0 : _3202;
constant float _3204 = _3187 ? 1152.0 : _3203;
constant bool _3286 = (type == 1u);
constant bool _3375 = (type == 16u);
constant bool _3468 = (type == 3u);
constant bool _3469 = (type == 4u);
constant bool _3470 = (_3468 || _3469);
constant bool _3471 = (type == 13u);
constant bool _3472 = (_3470 || _3471);
constant bool _3499 = (type == 5u);
constant bool _3519 = (type == 8u);
constant bool _3520 = (type == 9u);
constant bool _3521 = (_3519 || _3520);
constant bool _3535 = (type == 15u);
constant bool _3562 = (type == 14u);
constant bool _3574 = (type == 6u);
constant bool _3575 = (type == 12u);
constant bool _3576 = (_3574 || _3575);
constant bool _3600 = (type == 10u);
constant bool _3632 = (type == 11u);
constant bool _4282 = (type == 1u);
constant bool _4283 = (type == 16u);
constant bool _4284 = (_4282 || _4283);
constant bool _4351 = (type == 1u);
constant bool _4352 = (type == 16u);
constant bool _4353 = (_4351 || _4352);
constant bool _4354 = (!_4353);
constant bool _4359 = (type == 7u);
constant bool _4360 = (type == 10u);
constant bool _4361 = (_4359 || _4360);
constant bool _4362 = (type == 11u);
constant bool _4363 = (_4361 || _4362);
constant uint SCALES = _4363 ? 2u : 1u;
constant bool _4365 = (SCALES == 2u);
constant uint PART_STEPS = (4u / SCALES);
constant bool _4475 = (type == 1u);
constant bool _4476 = (type == 16u);
constant bool _4477 = (_4475 || _4476);
constant bool _4478 = (!_4477);
constant bool _4588 = (type == 1u);
constant bool _4589 = (type == 16u);
constant bool _4590 = (_4588 || _4589);
constant bool _4632 = (type == 1u);
constant bool _4633 = (type == 16u);
constant bool _4634 = (_4632 || _4633);
constant bool _4635 = (!_4634);
constant bool _4664 = (SCALES == 2u);
constant uint way = (variant / 102u);
constant bool _4962 = (way == 8u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

struct Weights4
{
    uint4 weights4[1];
};

struct Second4
{
    uint4 second4[1];
};

constant float _1538[4] = { 0.0, 0.0, 0.0, 0.0 };

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
float4 x_at(thread const uint& i, thread const uint& count, const device X4& _1002, const device X1& _1014)
{
    if (((i & 3u) == 0u) && (count >= 4u))
    {
        return _1002.x4[i / 4u];
    }
    float4 v = float4(0.0);
    v.x = _1014.x1[i];
    if (count > 1u)
    {
        v.y = _1014.x1[i + 1u];
    }
    if (count > 2u)
    {
        v.z = _1014.x1[i + 2u];
    }
    if (count > 3u)
    {
        v.w = _1014.x1[i + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
float4 norm_at(thread const uint& i, constant Push& push, const device Norm4& _1082, const device Norm1& _1091)
{
    uint at = push.offset.w + i;
    uint last = (push.offset.w + push.k) - 1u;
    bool _1069 = (at & 3u) == 0u;
    bool _1076;
    if (_1069)
    {
        _1076 = (at + 3u) <= last;
    }
    else
    {
        _1076 = _1069;
    }
    if (_1076)
    {
        return _1082.norm4[at / 4u];
    }
    return float4(_1091.norm1[min(at, last)], _1091.norm1[min((at + 1u), last)], _1091.norm1[min((at + 2u), last)], _1091.norm1[min((at + 3u), last)]);
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
float4 input_quad(thread const uint& r, thread const uint& q, thread float& squares, const device X4& _1002, const device X1& _1014, constant Push& push, const device Norm4& _1082, const device Norm1& _1091)
{
    if ((4u * q) >= push.k)
    {
        return float4(0.0);
    }
    uint at = (push.offset.x + (r * push.ldx)) + (4u * q);
    uint count = push.k - (4u * q);
    float4 _1407;
    if (false)
    {
        uint param = at + push.k;
        uint param_1 = count;
        _1407 = x_at(param, param_1, _1002, _1014);
    }
    else
    {
        _1407 = float4(0.0);
    }
    float4 up = _1407;
    float4 _1421;
    if (normed)
    {
        uint param_2 = 4u * q;
        _1421 = norm_at(param_2, push, _1082, _1091);
    }
    else
    {
        _1421 = float4(1.0);
    }
    float4 factor = _1421;
    uint param_3 = at;
    uint param_4 = count;
    float4 param_5 = x_at(param_3, param_4, _1002, _1014);
    float4 param_6 = up;
    float4 param_7 = factor;
    float param_8 = squares;
    float4 _1443 = input_of(param_5, param_6, param_7, param_8);
    squares = param_8;
    return _1443;
}

static inline __attribute__((always_inline))
uint group_max_bits(thread uint& bits, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, threadgroup uint4 (&pool)[576])
{
    bits = simd_max(bits);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _1350 = simd_is_first();
    if (_1350)
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
    bool _324 = simd_is_first();
    if (_324)
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
    float _1121;
    if (push.k != 0u)
    {
        _1121 = rsqrt((squares / float(push.k)) + push.eps);
    }
    else
    {
        _1121 = 0.0;
    }
    return _1121;
}

static inline __attribute__((always_inline))
uint slices_of_minima(constant Push& push)
{
    uint _1290;
    if (minima_of_32)
    {
        uint param = slices_of_k(push);
        uint param_1 = 32u;
        _1290 = ceil_div(param, param_1);
    }
    else
    {
        uint _1304;
        if (minima_of_any)
        {
            uint param_2 = push.k;
            uint param_3 = 512u;
            _1304 = ceil_div(param_2, param_3);
        }
        else
        {
            _1304 = 0u;
        }
        _1290 = _1304;
    }
    return _1290;
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
void put_halves(thread const uint& at, thread const uint& q, thread const float4& v, device Work4& _1450)
{
    _1450.work4[(at + ((q / 8u) * 512u)) + (q & 7u)] = as_type<uint4>(v);
}

static inline __attribute__((always_inline))
void put_quads(thread const uint& start, thread const uint& minima, thread const uint& base, thread const uint& quads, thread const float4& v, constant Push& push, threadgroup uint4 (&pool)[576], device Work4& _1450, thread uint3& gl_LocalInvocationID)
{
    uint me = gl_LocalInvocationID.x;
    if ((base + me) < quads)
    {
        uint param = start;
        uint param_1 = base + me;
        float4 param_2 = v;
        put_halves(param, param_1, param_2, _1450);
    }
    if (minima_of_any)
    {
        uint turn = base & 256u;
        float _1497;
        if ((base + me) < quads)
        {
            _1497 = ((v.x + v.y) + v.z) + v.w;
        }
        else
        {
            _1497 = 0.0;
        }
        ((threadgroup uint*)&pool[turn + me])[0u] = as_type<uint>(_1497);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        uint m = (base / QUADS_OF_SUMS) + me;
        bool _1525 = me < _1524;
        bool _1532;
        if (_1525)
        {
            _1532 = m < (slices_of_minima(push) * 8u);
        }
        else
        {
            _1532 = _1525;
        }
        if (_1532)
        {
            float sums[4] = { 0.0, 0.0, 0.0, 0.0 };
            for (uint i = 0u; i < QUADS_OF_SUMS; i++)
            {
                uint _1548 = i / QUADS_OF_SUM;
                sums[_1548] += as_type<float>(((threadgroup uint*)&pool[(turn + (QUADS_OF_SUMS * me)) + i])[0u]);
            }
            float4 _1564;
            if (minima_in_pairs)
            {
                _1564 = float4(sums[0], sums[0], sums[1], sums[1]);
            }
            else
            {
                _1564 = float4(sums[0], sums[1], sums[2], sums[3]);
            }
            uint param_3 = minima;
            uint param_4 = m;
            float4 param_5 = _1564;
            put_halves(param_3, param_4, param_5, _1450);
        }
    }
}

static inline __attribute__((always_inline))
void input_rows(threadgroup float (&group_partial)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, const device X4& _1002, const device X1& _1014, constant Push& push, const device Norm4& _1082, const device Norm1& _1091, threadgroup uint4 (&pool)[576], device Work4& _1450, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1745)
{
    uint me = gl_LocalInvocationID.x;
    uint quads = slices_of_k(push) * 8u;
    uint3 _1608 = push.first.xyz + gl_WorkGroupID;
    uint _1609 = _1608.x;
    float4 kept[4];
    float _1712;
    for (uint r = _1609; r < push.rows; r += push.groups.x)
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
            float4 _1643 = input_quad(param, param_1, param_2, _1002, _1014, push, _1082, _1091);
            squares = param_2;
            kept[i] = _1643;
            uint4 v = as_type<uint4>(kept[i]) & uint4(2147483647u);
            bits = max(bits, max(max(v.x, v.y), max(v.z, v.w)));
        }
        uint _1672 = 1024u + me;
        for (uint q = _1672; q < quads; q += 256u)
        {
            uint param_3 = r;
            uint param_4 = q;
            float param_5 = squares;
            float4 _1688 = input_quad(param_3, param_4, param_5, _1002, _1014, push, _1082, _1091);
            squares = param_5;
            uint4 v_1 = as_type<uint4>(_1688) & uint4(2147483647u);
            bits = max(bits, max(max(v_1.x, v_1.y), max(v_1.z, v_1.w)));
        }
        uint param_6 = bits;
        uint _1710 = group_max_bits(param_6, gl_SubgroupID, gl_NumSubgroups, pool);
        bits = _1710;
        if (normed)
        {
            float param_7 = squares;
            float _1717 = group_sum(param_7, group_partial, gl_SubgroupID, gl_NumSubgroups);
            float param_8 = _1717;
            _1712 = norm_scale(param_8, push);
        }
        else
        {
            _1712 = 1.0;
        }
        float factor = _1712;
        int power = clamp(136 - int(bits >> 23u), -118, 100);
        float scale = as_type<float>(uint(127 + power) << 23u);
        if (me == 0u)
        {
            _1745.work1[r] = factor * as_type<float>(uint(127 - power) << 23u);
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
                put_quads(param_10, param_11, param_12, param_13, param_14, push, pool, _1450, gl_LocalInvocationID);
            }
        }
        for (uint base = 1024u; base < quads; base += 256u)
        {
            uint param_15 = r;
            uint param_16 = base + me;
            float param_17 = unused;
            float4 _1814 = input_quad(param_15, param_16, param_17, _1002, _1014, push, _1082, _1091);
            unused = param_17;
            uint param_18 = start;
            uint param_19 = minima;
            uint param_20 = base;
            uint param_21 = quads;
            float4 param_22 = _1814 * scale;
            put_quads(param_18, param_19, param_20, param_21, param_22, push, pool, _1450, gl_LocalInvocationID);
        }
        if (minima_of_any)
        {
            uint param_23 = quads;
            uint param_24 = 256u;
            uint covered = ceil_div(param_23, param_24) * _1836;
            uint _1841 = covered + me;
            for (uint m = _1841; m < (slices_of_minima(push) * 8u); m += 256u)
            {
                uint param_25 = minima;
                uint param_26 = m;
                float4 param_27 = float4(0.0);
                put_halves(param_25, param_26, param_27, _1450);
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
    simdgroup_float8x8 _4407;
    simdgroup_load(_4407, reinterpret_cast<threadgroup float*>(&pool[0u]), (2u) * 4u);
    simdgroup_float8x8 tempArg = _4407;
    simdgroup_float8x8 numbers = tempArg;
    simdgroup_float8x8 param = numbers;
    columns = uint2(elements_of(param));
}

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    uint _425;
    if (_424)
    {
        _425 = (k / 1u) * 2u;
    }
    else
    {
        uint _433;
        if (_432)
        {
            _433 = (k / 1u) * 1u;
        }
        else
        {
            uint _441;
            if (_440)
            {
                _441 = (k / 1u) * 1u;
            }
            else
            {
                uint _449;
                if (_448)
                {
                    _449 = (k / 32u) * 17u;
                }
                else
                {
                    uint _459;
                    if (_458)
                    {
                        _459 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _469;
                        if (_468)
                        {
                            _469 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _479;
                            if (_478)
                            {
                                _479 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _489;
                                if (_488)
                                {
                                    _489 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    uint _498;
                                    if (_497)
                                    {
                                        _498 = (k / 32u) * 11u;
                                    }
                                    else
                                    {
                                        uint _507;
                                        if (_506)
                                        {
                                            _507 = (k / 32u) * 12u;
                                        }
                                        else
                                        {
                                            uint _516;
                                            if (_515)
                                            {
                                                _516 = (k / 256u) * 42u;
                                            }
                                            else
                                            {
                                                uint _525;
                                                if (_524)
                                                {
                                                    _525 = (k / 256u) * 55u;
                                                }
                                                else
                                                {
                                                    uint _534;
                                                    if (_533)
                                                    {
                                                        _534 = (k / 256u) * 88u;
                                                    }
                                                    else
                                                    {
                                                        uint _544;
                                                        if (_543)
                                                        {
                                                            _544 = (k / 32u) * 9u;
                                                        }
                                                        else
                                                        {
                                                            uint _553;
                                                            if (_552)
                                                            {
                                                                _553 = (k / 256u) * 68u;
                                                            }
                                                            else
                                                            {
                                                                uint _563;
                                                                if (_562)
                                                                {
                                                                    _563 = (k / 64u) * 17u;
                                                                }
                                                                else
                                                                {
                                                                    uint _573;
                                                                    if (_572)
                                                                    {
                                                                        _573 = (k / 2u) * 1u;
                                                                    }
                                                                    else
                                                                    {
                                                                        _573 = 0u;
                                                                    }
                                                                    _563 = _573;
                                                                }
                                                                _553 = _563;
                                                            }
                                                            _544 = _553;
                                                        }
                                                        _534 = _544;
                                                    }
                                                    _525 = _534;
                                                }
                                                _516 = _525;
                                            }
                                            _507 = _516;
                                        }
                                        _498 = _507;
                                    }
                                    _489 = _498;
                                }
                                _479 = _489;
                            }
                            _469 = _479;
                        }
                        _459 = _469;
                    }
                    _449 = _459;
                }
                _441 = _449;
            }
            _433 = _441;
        }
        _425 = _433;
    }
    return _425;
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
    uint _4096;
    _Pragma("clang loop unroll(full)")
    for (uint i_1 = 0u; i_1 < 1u; i_1++)
    {
        uint column = ((i_1 * 256u) + me) / 2u;
        second = column >= 64u;
        if (second)
        {
            _4096 = push.offset.z;
        }
        else
        {
            _4096 = push.offset.y;
        }
        start_w[i_1] = (2u * _4096) + (min((first_j + (column % 64u)), (push.n - 1u)) * halves);
    }
}

static inline __attribute__((always_inline))
uint block_at(thread const uint& row, thread const uint& s)
{
    uint _2033;
    if (blocks_of_256)
    {
        _2033 = s / 8u;
    }
    else
    {
        _2033 = s;
    }
    return row + (_2033 * BLOCK_HALVES);
}

static inline __attribute__((always_inline))
uint4 four_words(thread const uint& at, thread bool& second, const device Second1& _405, const device Weights1& _415)
{
    if (second)
    {
        return uint4(*(const device packed_uint4*)&_405.second1[at]);
    }
    return uint4(*(const device packed_uint4*)&_415.weights1[at]);
}

static inline __attribute__((always_inline))
uint weight_word(thread const uint& i, thread bool& second, const device Second1& _405, const device Weights1& _415)
{
    if (second)
    {
        return _405.second1[i];
    }
    return _415.weights1[i];
}

static inline __attribute__((always_inline))
uint numbers_at(thread const uint& row, thread const uint& s, thread const uint& p)
{
    uint param = row;
    uint param_1 = s;
    uint block = block_at(param, param_1);
    uint half_ = (s / 4u) & 1u;
    uint _2080;
    if (_2079)
    {
        _2080 = (block + 1u) + (8u * p);
    }
    else
    {
        uint _2092;
        if (_2091)
        {
            _2092 = (block + 1u) + (4u * p);
        }
        else
        {
            uint _2102;
            if (_2101)
            {
                _2102 = (block + 3u) + (4u * p);
            }
            else
            {
                uint _2112;
                if (_2111)
                {
                    _2112 = (block + 4u) + (4u * p);
                }
                else
                {
                    uint _2122;
                    if (_2121)
                    {
                        _2122 = ((block + 8u) + (16u * half_)) + (8u * p);
                    }
                    else
                    {
                        uint _2135;
                        if (_2134)
                        {
                            _2135 = ((block + 16u) + (16u * half_)) + (8u * p);
                        }
                        else
                        {
                            uint _2148;
                            if (_2147)
                            {
                                _2148 = ((block + 4u) + (8u * (s & 7u))) + (4u * p);
                            }
                            else
                            {
                                _2148 = ((block + (32u * half_)) + (16u * (s & 1u))) + (8u * p);
                            }
                            _2135 = _2148;
                        }
                        _2122 = _2135;
                    }
                    _2112 = _2122;
                }
                _2102 = _2112;
            }
            _2092 = _2102;
        }
        _2080 = _2092;
    }
    return _2080;
}

static inline __attribute__((always_inline))
Window window_at(thread const uint& at, thread bool& second, const device Second1& _405, const device Weights1& _415, constant Push& push)
{
    uint _1903;
    if (second)
    {
        _1903 = push.offset.z;
    }
    else
    {
        _1903 = push.offset.y;
    }
    uint param = push.k;
    uint end = _1903 + (((push.n * row_halves(param)) + 1u) / 2u);
    Window w = Window{ uint4(0u), uint4(0u) };
    if ((at + 5u) <= end)
    {
        uint param_1 = at;
        w.a = four_words(param_1, second, _405, _415);
        uint param_2 = at + 4u;
        w.b.x = weight_word(param_2, second, _405, _415);
    }
    else
    {
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_3 = min((at + i), (end - 1u));
            w.a[i] = weight_word(param_3, second, _405, _415);
        }
        uint param_4 = min((at + 4u), (end - 1u));
        w.b.x = weight_word(param_4, second, _405, _415);
    }
    return w;
}

static inline __attribute__((always_inline))
void load_part(thread Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, thread bool& second, const device Second1& _405, const device Weights1& _415, constant Push& push)
{
    uint param = row;
    uint param_1 = s;
    uint block = block_at(param, param_1);
    if (_2187)
    {
        uint last = ((row + push.k) - 1u) / 2u;
        uint at = ((row + (32u * s)) + (16u * p)) / 2u;
        if ((at + 8u) <= last)
        {
            uint param_2 = at;
            uint param_3 = at + 4u;
            v.numbers = Window{ four_words(param_2, second, _405, _415), four_words(param_3, second, _405, _415) };
            uint param_4 = at + 8u;
            v.scale = weight_word(param_4, second, _405, _415);
            return;
        }
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_5 = min((at + i), last);
            v.numbers.a[i] = weight_word(param_5, second, _405, _415);
            uint param_6 = min(((at + 4u) + i), last);
            v.numbers.b[i] = weight_word(param_6, second, _405, _415);
        }
        uint param_7 = min((at + 8u), last);
        v.scale = weight_word(param_7, second, _405, _415);
    }
    else
    {
        if (_2264)
        {
            uint last_1 = (row + ((push.k - 1u) / 2u)) / 2u;
            uint at_1 = ((row + (16u * s)) + (8u * p)) / 2u;
            if ((at_1 + 4u) <= last_1)
            {
                uint param_8 = at_1;
                v.numbers.a = four_words(param_8, second, _405, _415);
                uint param_9 = at_1 + 4u;
                v.scale = weight_word(param_9, second, _405, _415);
                return;
            }
            _Pragma("clang loop unroll(full)")
            for (uint i_1 = 0u; i_1 < 4u; i_1++)
            {
                uint param_10 = min((at_1 + i_1), last_1);
                v.numbers.a[i_1] = weight_word(param_10, second, _405, _415);
            }
            uint param_11 = min((at_1 + 4u), last_1);
            v.scale = weight_word(param_11, second, _405, _415);
        }
        else
        {
            if (_2331)
            {
                uint param_12 = row;
                uint param_13 = s;
                uint param_14 = p;
                uint param_15 = (numbers_at(param_12, param_13, param_14) - 1u) / 2u;
                v.numbers = window_at(param_15, second, _405, _415, push);
            }
            else
            {
                if (_2347)
                {
                    uint param_16 = block / 2u;
                    v.numbers = window_at(param_16, second, _405, _415, push);
                }
                else
                {
                    if (_2356)
                    {
                        uint param_17 = ((2u * row) + (17u * s)) / 4u;
                        v.numbers = window_at(param_17, second, _405, _415, push);
                    }
                    else
                    {
                        if (_2371)
                        {
                            uint param_18 = row;
                            uint param_19 = s;
                            uint param_20 = p;
                            uint param_21 = numbers_at(param_18, param_19, param_20) / 2u;
                            v.numbers = window_at(param_21, second, _405, _415, push);
                            uint param_22 = block / 2u;
                            uint param_23 = (block / 2u) + 1u;
                            uint2 _2394 = uint2(weight_word(param_22, second, _405, _415), weight_word(param_23, second, _405, _415));
                            v.scales.x = _2394.x;
                            v.scales.y = _2394.y;
                        }
                        else
                        {
                            if (_2400)
                            {
                                uint param_24 = row;
                                uint param_25 = s;
                                uint param_26 = p;
                                uint param_27 = numbers_at(param_24, param_25, param_26) / 2u;
                                v.numbers = window_at(param_27, second, _405, _415, push);
                                if ((s & 7u) == 0u)
                                {
                                    uint param_28 = block / 2u;
                                    uint param_29 = (block / 2u) + 1u;
                                    uint2 _2428 = uint2(weight_word(param_28, second, _405, _415), weight_word(param_29, second, _405, _415));
                                    v.scales.x = _2428.x;
                                    v.scales.y = _2428.y;
                                }
                            }
                            else
                            {
                                if (_2436)
                                {
                                    uint at_2 = block / 2u;
                                    uint numbers = ((at_2 + _2445) + (((s & 7u) / 2u) * 8u)) + (4u * p);
                                    uint _2458;
                                    if (second)
                                    {
                                        _2458 = push.offset.z;
                                    }
                                    else
                                    {
                                        _2458 = push.offset.y;
                                    }
                                    bool whole = (_2458 & 3u) == 0u;
                                    if ((s & 7u) == 0u)
                                    {
                                        uint param_30 = at_2;
                                        v.more.a = four_words(param_30, second, _405, _415);
                                        if (_2478)
                                        {
                                            uint param_31 = (at_2 + 4u) + (4u * p);
                                            v.more.b = four_words(param_31, second, _405, _415);
                                        }
                                    }
                                    if ((s & 1u) == 0u)
                                    {
                                        uint param_32 = numbers;
                                        v.numbers.a = four_words(param_32, second, _405, _415);
                                    }
                                }
                                else
                                {
                                    if (_2499)
                                    {
                                        if ((s & 3u) == 0u)
                                        {
                                            uint scales = (block / 2u) + (2u * ((s / 4u) & 1u));
                                            uint param_33 = row;
                                            uint param_34 = s;
                                            uint param_35 = p;
                                            uint param_36 = numbers_at(param_33, param_34, param_35) / 2u;
                                            v.numbers = window_at(param_36, second, _405, _415, push);
                                            uint param_37 = scales;
                                            uint param_38 = scales + 1u;
                                            uint2 _2533 = uint2(weight_word(param_37, second, _405, _415), weight_word(param_38, second, _405, _415));
                                            v.scales.x = _2533.x;
                                            v.scales.y = _2533.y;
                                            uint param_39 = (block / 2u) + 20u;
                                            v.scale = weight_word(param_39, second, _405, _415);
                                        }
                                    }
                                    else
                                    {
                                        if (_2546)
                                        {
                                            if ((s & 3u) == 0u)
                                            {
                                                uint param_40 = row;
                                                uint param_41 = s;
                                                uint param_42 = p;
                                                uint param_43 = numbers_at(param_40, param_41, param_42) / 2u;
                                                v.numbers = window_at(param_43, second, _405, _415, push);
                                            }
                                            if ((s & 7u) == 0u)
                                            {
                                                uint scales_1 = (block / 2u) + 24u;
                                                uint param_44 = (block + (8u * p)) / 2u;
                                                v.more = window_at(param_44, second, _405, _415, push);
                                                uint param_45 = scales_1;
                                                uint param_46 = scales_1 + 1u;
                                                uint param_47 = scales_1 + 2u;
                                                v.scales = uint3(weight_word(param_45, second, _405, _415), weight_word(param_46, second, _405, _415), weight_word(param_47, second, _405, _415));
                                                uint param_48 = scales_1 + 3u;
                                                v.scale = weight_word(param_48, second, _405, _415);
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
                                            v.numbers = window_at(param_52, second, _405, _415, push);
                                            if ((s & 3u) == 0u)
                                            {
                                                uint param_53 = (((block + 64u) + (16u * half_)) + (8u * p)) / 2u;
                                                v.more = window_at(param_53, second, _405, _415, push);
                                                uint param_54 = scales_2;
                                                uint param_55 = scales_2 + 1u;
                                                uint param_56 = scales_2 + 2u;
                                                v.scales = uint3(weight_word(param_54, second, _405, _415), weight_word(param_55, second, _405, _415), weight_word(param_56, second, _405, _415));
                                                uint param_57 = (block / 2u) + 52u;
                                                v.scale = weight_word(param_57, second, _405, _415);
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
Sixteen load_minima(thread const uint& row, thread const uint& s, thread const uint& p, thread bool& second, const device Second1& _405, const device Weights1& _415, constant Push& push)
{
    Sixteen v;
    v.numbers = Window{ uint4(0u), uint4(0u) };
    v.more = Window{ uint4(0u), uint4(0u) };
    v.scales = uint3(0u);
    v.scale = 0u;
    if (minima_of_32)
    {
        uint blocks = slices_of_k(push);
        uint _3774;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 16u; i++)
        {
            uint block = ((32u * s) + (16u * p)) + i;
            if (block < blocks)
            {
                uint param = (row + (BLOCK_HALVES * block)) / 2u;
                _3774 = weight_word(param, second, _405, _415) >> 16u;
            }
            else
            {
                _3774 = 0u;
            }
            uint minimum = _3774;
            if (i < 8u)
            {
                uint _3792 = i / 2u;
                v.numbers.a[_3792] |= (minimum << (16u * (i & 1u)));
            }
            else
            {
                uint _3805 = (i / 2u) - 4u;
                v.numbers.b[_3805] |= (minimum << (16u * (i & 1u)));
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
                v.more.a = uint4(weight_word(param_1, second, _405, _415), weight_word(param_2, second, _405, _415), weight_word(param_3, second, _405, _415), weight_word(param_4, second, _405, _415));
            }
            if (minima_of_16)
            {
                uint _3868;
                if (mine < blocks_1)
                {
                    uint param_5 = at + 20u;
                    _3868 = weight_word(param_5, second, _405, _415);
                }
                else
                {
                    _3868 = 0u;
                }
                v.scale = _3868;
            }
            else
            {
                uint _3882;
                if (other < blocks_1)
                {
                    uint param_6 = (row + (BLOCK_HALVES * other)) / 2u;
                    _3882 = weight_word(param_6, second, _405, _415);
                }
                else
                {
                    _3882 = 0u;
                }
                v.scale = _3882;
            }
        }
    }
    return v;
}

static inline __attribute__((always_inline))
void load_slice(thread const uint& s, thread const uint& slices_k, thread bool& second, const device Second1& _405, const device Weights1& _415, constant Push& push, device Work4& _1450, thread uint3& gl_LocalInvocationID, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1])
{
    uint p = gl_LocalInvocationID.x & 1u;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 2u; i++)
    {
        next_x[i] = _1450.work4[start_x[i] + (s * 512u)];
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
            load_part(param, param_1, param_2, param_3, second, _405, _415, push);
            next_w[i_1] = param;
        }
        else
        {
            uint param_4 = start_w[i_1];
            uint param_5 = s - slices_k;
            uint param_6 = p;
            next_w[i_1] = load_minima(param_4, param_5, param_6, second, _405, _415, push);
        }
    }
}

static inline __attribute__((always_inline))
uint4 shifted(thread const uint& h, thread const uint4& v, thread const uint& next)
{
    uint4 _1981;
    if ((h & 1u) != 0u)
    {
        _1981 = (v >> uint4(16u)) | (uint4(v.yzw, next) << uint4(16u));
    }
    else
    {
        _1981 = v;
    }
    return _1981;
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
    uint _3247;
    if (left > 3u)
    {
        _3247 = word;
    }
    else
    {
        uint _3254;
        if (left > 1u)
        {
            _3254 = word & 65535u;
        }
        else
        {
            _3254 = 0u;
        }
        _3247 = _3254;
    }
    uint param = _3247;
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
    uint4 _2010 = words_of(param, param_1, param_2);
    uint next = param_2;
    uint4 v = _2010;
    uint param_3 = h;
    uint4 param_4 = v;
    uint param_5 = next;
    return shifted(param_3, param_4, param_5);
}

static inline __attribute__((always_inline))
uint word_of(thread const uint& h, thread const uint& low, thread const uint& high)
{
    uint _602;
    if ((h & 1u) != 0u)
    {
        _602 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _602 = low;
    }
    return _602;
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
    if (_2687)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = p;
        uint h = numbers_at(param, param_1, param_2);
        Window param_3 = v.numbers;
        uint param_4 = (h - 1u) / 2u;
        uint param_5;
        uint4 _2708 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint4 words = _2708;
        uint4 _2713;
        if ((h & 1u) != 0u)
        {
            uint param_6 = 1u;
            uint4 param_7 = words;
            uint param_8 = next;
            _2713 = shifted(param_6, param_7, param_8);
        }
        else
        {
            _2713 = uint4(words.yzw, next);
        }
        words = _2713;
        uint4 _2732;
        if (_2731)
        {
            _2732 = words ^ uint4(2155905152u);
        }
        else
        {
            uint4 _2740;
            if (_2739)
            {
                uint4 param_9 = uint4(words.xy, words.xy >> uint2(4u));
                _2740 = iq4_words(param_9);
            }
            else
            {
                _2740 = uint4(words.xy, words.xy >> uint2(4u)) & uint4(252645135u);
            }
            _2732 = _2740;
        }
        return _2732;
    }
    if (_2774)
    {
        Window param_10 = v.numbers;
        uint param_11 = (row / 2u) + (5u * s);
        uint param_12;
        uint4 _2789 = words_of(param_10, param_11, param_12);
        uint next_1 = param_12;
        uint4 words_1 = _2789;
        uint2 _2794;
        if (p == 0u)
        {
            _2794 = words_1.yz;
        }
        else
        {
            _2794 = uint2(words_1.w, next_1);
        }
        uint2 two = _2794;
        return uint4(two, two >> uint2(4u)) & uint4(252645135u);
    }
    if (_2819)
    {
        uint param_13 = row;
        uint param_14 = s;
        uint param_15 = p;
        Window param_16 = v.numbers;
        uint param_17 = numbers_at(param_13, param_14, param_15);
        uint2 two_1 = words_from(param_16, param_17).xy;
        uint _2838;
        if (_2837)
        {
            _2838 = v.scales.y;
        }
        else
        {
            uint param_18 = row;
            uint param_19 = s;
            uint param_20 = block_at(param_18, param_19) + 1u;
            uint param_21 = v.scales.x;
            uint param_22 = v.scales.y;
            _2838 = word_of(param_20, param_21, param_22);
        }
        uint high = _2838;
        bool _2869;
        if (_2859)
        {
            uint param_23 = row;
            uint param_24 = s;
            _2869 = (block_at(param_23, param_24) & 1u) != 0u;
        }
        else
        {
            _2869 = _2859;
        }
        uint _2870;
        if (_2869)
        {
            _2870 = v.scales.y;
        }
        else
        {
            _2870 = high;
        }
        high = _2870 >> (8u * p);
        uint param_25 = high;
        uint param_26 = high >> 4u;
        uint param_27 = high >> 16u;
        uint param_28 = high >> 20u;
        return (uint4(two_1, two_1 >> uint2(4u)) & uint4(252645135u)) | uint4(fifth_bits(param_25), fifth_bits(param_26), fifth_bits(param_27), fifth_bits(param_28));
    }
    if (_2910)
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
    if (_2939)
    {
        uint at = (2u * row) + (17u * s);
        uint shift = 8u * (at & 3u);
        Window param_35 = v.numbers;
        uint param_36 = at / 4u;
        uint param_37;
        uint4 _2961 = words_of(param_35, param_36, param_37);
        uint next_2 = param_37;
        uint4 words_2 = _2961;
        uint3 _2966;
        if (p == 0u)
        {
            _2966 = words_2.xyz;
        }
        else
        {
            _2966 = uint3(words_2.z, words_2.w, next_2);
        }
        uint3 three = _2966;
        uint2 two_3 = ((three.xy >> uint2(shift)) >> uint2(8u)) | (three.yz << uint2(24u - shift));
        uint param_38 = two_3.x;
        uint param_39 = two_3.y;
        uint param_40 = two_3.x >> 4u;
        uint param_41 = two_3.y >> 4u;
        return uint4(fp4_bytes(param_38), fp4_bytes(param_39), fp4_bytes(param_40), fp4_bytes(param_41));
    }
    if (_3014)
    {
        return (v.numbers.a >> uint4(4u * (s & 1u))) & uint4(252645135u);
    }
    if (_3027)
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
    if (_3077)
    {
        return (low >> uint4(2u * stripe)) & uint4(50529027u);
    }
    if (_3089)
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
    float zero = _3204;
    uint low = (bytes & 255u) | ((bytes & 65280u) << 8u);
    uint high = ((bytes >> 16u) & 255u) | ((bytes & 4278190080u) >> 8u);
    return uint2(as_type<uint>(as_type<half2>(low | 1677747200u) - half2(half(zero))), as_type<uint>(as_type<half2>(high | 1677747200u) - half2(half(zero))));
}

static inline __attribute__((always_inline))
void decode_part(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, thread uint4& first, thread uint4& second_, constant Push& push)
{
    uint left = push.k - min(push.k, ((32u * s) + (16u * p)));
    if (_3286)
    {
        uint param = row;
        uint4 param_1 = v.numbers.a;
        uint param_2 = v.numbers.b.x;
        first = shifted(param, param_1, param_2);
        uint param_3 = row;
        uint4 param_4 = v.numbers.b;
        uint param_5 = v.scale;
        second_ = shifted(param_3, param_4, param_5);
        uint _3321;
        uint _3332;
        uint _3349;
        uint _3361;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            if (left > ((2u * i) + 1u))
            {
                _3321 = first[i];
            }
            else
            {
                if (left > (2u * i))
                {
                    _3332 = first[i] & 65535u;
                }
                else
                {
                    _3332 = 0u;
                }
                _3321 = _3332;
            }
            first[i] = _3321;
            if (left > ((2u * i) + 9u))
            {
                _3349 = second_[i];
            }
            else
            {
                if (left > ((2u * i) + 8u))
                {
                    _3361 = second_[i] & 65535u;
                }
                else
                {
                    _3361 = 0u;
                }
                _3349 = _3361;
            }
            second_[i] = _3349;
        }
        return;
    }
    if (_3375)
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
    uint _881;
    if (exponent < 2u)
    {
        _881 = 2097152u << exponent;
    }
    else
    {
        _881 = (exponent - 1u) << 23u;
    }
    return as_type<float>(_881);
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
    float2 _664;
    if (i < 4u)
    {
        _664 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _664 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _664;
}

static inline __attribute__((always_inline))
float part_scale(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p)
{
    if (_3472)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = 0u;
        uint h = numbers_at(param, param_1, param_2) - 1u;
        Window param_3 = v.numbers;
        uint param_4 = h / 2u;
        uint param_5;
        uint4 _3491 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint param_6 = h;
        uint param_7 = _3491.x;
        return float_of(param_6, param_7);
    }
    if (_3499)
    {
        Window param_8 = v.numbers;
        uint param_9 = (row / 2u) + (5u * s);
        uint param_10;
        uint4 _3513 = words_of(param_8, param_9, param_10);
        uint next_1 = param_10;
        return float2(as_type<half2>(_3513.x)).x;
    }
    if (_3521)
    {
        uint param_11 = row;
        uint param_12 = s;
        uint param_13 = block_at(param_11, param_12);
        uint param_14 = v.scales.x;
        return float_of(param_13, param_14);
    }
    if (_3535)
    {
        uint at = (2u * row) + (17u * s);
        Window param_15 = v.numbers;
        uint param_16 = at / 4u;
        uint param_17;
        uint4 _3552 = words_of(param_15, param_16, param_17);
        uint next_2 = param_17;
        uint param_18 = _3552.x >> (8u * (at & 3u));
        float _3560 = e8m0(param_18);
        return _3560;
    }
    if (_3562)
    {
        uint2 param_19 = v.scales.xy;
        uint param_20 = s & 7u;
        return iq4_xs_scale(param_19, param_20);
    }
    if (_3576)
    {
        uint3 param_21 = v.more.a.yzw;
        uint param_22 = s & 7u;
        return float2(as_type<half2>(v.more.a.x)).x * scale_of(param_21, param_22).x;
    }
    uint param_23 = row;
    uint param_24 = s;
    uint block = block_at(param_23, param_24);
    if (_3600)
    {
        uint _3607;
        if ((s & 2u) != 0u)
        {
            _3607 = v.scales.y;
        }
        else
        {
            _3607 = v.scales.x;
        }
        uint word = _3607;
        return float2(as_type<half2>(v.scale)).x * float((word >> ((16u * (s & 1u)) + (8u * p))) & 15u);
    }
    if (_3632)
    {
        uint3 words = v.scales;
        if ((block & 1u) != 0u)
        {
            words = (words >> uint3(16u)) | (uint3(words.y, words.z, v.scale) << uint3(16u));
        }
        uint i = (2u * (s & 7u)) + p;
        uint shift = 8u * (i & 3u);
        uint _3670;
        if ((i & 4u) != 0u)
        {
            _3670 = words.y;
        }
        else
        {
            _3670 = words.x;
        }
        uint low = (_3670 >> (shift + (4u * (i / 8u)))) & 15u;
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
    uint _3167;
    if (halves_in_nibbles)
    {
        _3167 = p + (2u * i);
    }
    else
    {
        _3167 = (2u * p) + i;
    }
    return _3167;
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
    float _3903;
    if (minima_in_pairs)
    {
        _3903 = fast::max(abs(float2(as_type<half2>(v.more.a.x)).y), abs(mine));
    }
    else
    {
        _3903 = minima_of_16 ? mine : 1.0;
    }
    return _3903;
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
        float _3977;
        if (most > 0.0)
        {
            _3977 = (-float2(as_type<half2>(v.more.a.x)).y) / most;
        }
        else
        {
            _3977 = 0.0;
        }
        float ratio = _3977;
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
    float _4285;
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
            if (_4284)
            {
                _4285 = 1.0;
            }
            else
            {
                Sixteen param_6 = next_w[i_1];
                uint param_7 = start_w[i_1];
                uint param_8 = s;
                uint param_9 = p;
                _4285 = part_scale(param_6, param_7, param_8, param_9);
            }
            scale = _4285;
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
        bool _4367;
        if (_4354)
        {
            _4367 = (p == 0u) || _4365;
        }
        else
        {
            _4367 = _4354;
        }
        if (_4367)
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
                simdgroup_half8x8 _4463;
                simdgroup_load(_4463, reinterpret_cast<threadgroup half*>(&tile_w[((right + (j * 8u)) * 5u) + (((e * PART_STEPS) + t) * 1u)]), (5u) * 8u, ulong2(0), true);
                simdgroup_half8x8 tempArg = _4463;
                b[(j * 4u) + t] = tempArg;
            }
        }
        if (_4478)
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
                simdgroup_float8x8 _4557;
                simdgroup_load(_4557, reinterpret_cast<threadgroup float*>(&pool[((down + (i * 8u)) * 9u) + ((((e * PART_STEPS) + t_1) * 2u) * 1u)]), (9u) * 4u);
                simdgroup_float8x8 tempArg_1 = _4557;
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
                    if (_4590)
                    {
                        simdgroup_float8x8 _4616;
                        simdgroup_multiply_accumulate(_4616, a[t_2], b[(j_1 * 4u) + t_2], sums[(i * 4u) + j_1]);
                        sums[(i * 4u) + j_1] = _4616;
                    }
                    else
                    {
                        simdgroup_float8x8 _4629;
                        simdgroup_multiply_accumulate(_4629, a[t_2], b[(j_1 * 4u) + t_2], block);
                        block = _4629;
                    }
                }
            }
            if (_4635)
            {
                uint _4641 = (i * 4u) + j_1;
                simdgroup_float8x8 param = sums[_4641];
                simdgroup_float8x8 param_1 = block;
                float2 param_2 = scales[j_1];
                add_scaled(param, param_1, param_2);
                sums[_4641] = param;
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
    if (_4664)
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
    float _1183;
    if ((push.flags & 64u) != 0u)
    {
        float param = x;
        _1183 = gelu_tanh(param);
    }
    else
    {
        float param_1 = x;
        _1183 = silu(param_1);
    }
    return _1183;
}

static inline __attribute__((always_inline))
void finish_gated(thread const uint& r, thread const uint& j, thread const float4& gate, thread const float4& up, constant Push& push, device Y4& _1244, device Y1& _1270)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    float param = gate.x;
    float param_1 = gate.y;
    float param_2 = gate.z;
    float param_3 = gate.w;
    float4 v = float4(gate_of(param, push), gate_of(param_1, push), gate_of(param_2, push), gate_of(param_3, push)) * up;
    bool _1229 = (to & 3u) == 0u;
    bool _1238;
    if (_1229)
    {
        _1238 = (j + 4u) <= push.n;
    }
    else
    {
        _1238 = _1229;
    }
    if (_1238)
    {
        _1244.y4[to / 4u] = v;
        return;
    }
    uint e = 0u;
    _Pragma("clang loop unroll(disable)")
    for (;;)
    {
        bool _1257 = e < 4u;
        bool _1266;
        if (_1257)
        {
            _1266 = (j + e) < push.n;
        }
        else
        {
            _1266 = _1257;
        }
        if (_1266)
        {
            _1270.y1[to + e] = v[e];
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
void finish_tile(thread const uint& first_r, thread const uint& first_j, thread const uint& first_c, thread uint& gl_SubgroupID, constant Push& push, device Y4& _1244, device Y1& _1270, threadgroup uint4 (&pool)[576], device Work1& _1745, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
{
    uint base = (gl_SubgroupID * 8u) * 8u;
    uint lane = gl_SubgroupInvocationID;
    uint _4720;
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
            _4720 = base - 256u;
        }
        else
        {
            _4720 = base;
        }
        uint gate = _4720;
        uint other = gate + 256u;
        threadgroup_barrier(mem_flags::mem_threadgroup);
        uint _4735 = lane + (up ? 32u : 0u);
        _Pragma("clang loop unroll(disable)")
        for (uint t = _4735; t < 64u; t += 64u)
        {
            uint r = (first_r + (i * 8u)) + (t / 8u);
            uint j_1 = (first_j + (first_c % 64u)) + (4u * (t % 8u));
            bool _4763 = r < push.rows;
            bool _4770;
            if (_4763)
            {
                _4770 = j_1 < push.n;
            }
            else
            {
                _4770 = _4763;
            }
            if (_4770)
            {
                float factor = _1745.work1[r];
                float4 v = as_type<float4>(pool[gate + t]) * factor;
                float4 w = as_type<float4>(pool[other + t]) * factor;
                uint param = r;
                uint param_1 = j_1;
                float4 param_2 = v;
                float4 param_3 = w;
                finish_gated(param, param_1, param_2, param_3, push, _1244, _1270);
            }
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
    }
}

static inline __attribute__((always_inline))
void matrix_tiles(thread bool& second, thread uint& gl_SubgroupID, const device Second1& _405, const device Weights1& _415, constant Push& push, device Y4& _1244, device Y1& _1270, threadgroup uint4 (&pool)[576], device Work4& _1450, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1745, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1], threadgroup uint4 (&tile_w)[640], threadgroup float (&tile_scales)[256], thread uint2& columns, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
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
        uint _4838 = ceil_div(param, param_1);
        if (tile_j < _4838)
        {
            uint tile_r = (push.first.xyz + gl_WorkGroupID).x;
            for (;;)
            {
                uint param_2 = push.rows;
                uint param_3 = 64u;
                uint _4857 = ceil_div(param_2, param_3);
                if (tile_r < _4857)
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
                    load_slice(param_6, param_7, second, _405, _415, push, _1450, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    uint param_8 = min(first, (count - 1u));
                    uint param_9 = slices_k;
                    put_slice(param_8, param_9, push, pool, gl_LocalInvocationID, start_w, next_x, next_w, tile_w, tile_scales);
                    uint param_10 = min((first + 1u), (count - 1u));
                    uint param_11 = slices_k;
                    load_slice(param_10, param_11, second, _405, _415, push, _1450, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
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
                        load_slice(param_16, param_17, second, _405, _415, push, _1450, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                        threadgroup_barrier(mem_flags::mem_threadgroup);
                    }
                    uint param_18 = (tile_r * 64u) + down;
                    uint param_19 = tile_j * 64u;
                    uint param_20 = right;
                    finish_tile(param_18, param_19, param_20, gl_SubgroupID, push, _1244, _1270, pool, _1745, sums, gl_SubgroupInvocationID);
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

kernel void zc_linear_gated_matrix(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device Weights1& _415 [[buffer(2)]], const device Second1& _405 [[buffer(3)]], const device void* spvBufferAliasSet0Binding4 [[buffer(4)]], device void* spvBufferAliasSet0Binding5 [[buffer(5)]], device void* spvBufferAliasSet0Binding6 [[buffer(6)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]])
{
    const device auto& _1002 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& _1082 = *(const device Norm4*)spvBufferAliasSet0Binding4;
    device auto& _1244 = *(device Y4*)spvBufferAliasSet0Binding5;
    device auto& _1450 = *(device Work4*)spvBufferAliasSet0Binding6;
    const device auto& _1014 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& _1091 = *(const device Norm1*)spvBufferAliasSet0Binding4;
    device auto& _1270 = *(device Y1*)spvBufferAliasSet0Binding5;
    device auto& _1745 = *(device Work1*)spvBufferAliasSet0Binding6;
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
    if (_4962)
    {
        input_rows(group_partial, gl_SubgroupID, gl_NumSubgroups, _1002, _1014, push, _1082, _1091, pool, _1450, gl_LocalInvocationID, gl_WorkGroupID, _1745);
    }
    else
    {
        matrix_tiles(second, gl_SubgroupID, _405, _415, push, _1244, _1270, pool, _1450, gl_LocalInvocationID, gl_WorkGroupID, _1745, start_x, start_w, next_x, next_w, tile_w, tile_scales, columns, sums, gl_SubgroupInvocationID);
    }
}

