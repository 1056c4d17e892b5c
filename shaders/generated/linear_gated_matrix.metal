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
constant bool _362 = (type == 0u);
constant bool _370 = (type == 1u);
constant bool _378 = (type == 2u);
constant bool _386 = (type == 3u);
constant bool _396 = (type == 4u);
constant bool _406 = (type == 5u);
constant bool _416 = (type == 6u);
constant bool _426 = (type == 7u);
constant bool _435 = (type == 8u);
constant bool _444 = (type == 9u);
constant bool _453 = (type == 10u);
constant bool _462 = (type == 11u);
constant bool _471 = (type == 12u);
constant bool _481 = (type == 13u);
constant bool _490 = (type == 14u);
constant bool _500 = (type == 15u);
constant bool _510 = (type == 16u);

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

constant uint _770 = (variant / 17u);
constant uint input_ = (_770 % 2u);
constant bool normed = (input_ == 1u);

struct Y4
{
    float4 y4[1];
};

struct Y1
{
    float y1[1];
};

constant bool _896 = (type == 5u);
constant bool _905 = (type == 6u);

struct Work4
{
    uint4 work4[1];
};

constant bool _1086 = (type == 5u);
constant bool _1087 = (type == 6u);
constant bool _1088 = (_1086 || _1087);
constant bool _1123 = (type == 5u);
constant uint blocks = _1123 ? 4u : 2u;
constant uint _1129 = (32u / blocks);
constant uint _1151 = (8u * blocks);
constant uint _1156 = (8u * blocks);
constant bool _1171 = (type == 5u);

struct Work1
{
    float work1[1];
};

constant bool _1439 = (type == 5u);
constant bool _1440 = (type == 6u);
constant bool _1441 = (_1439 || _1440);
constant bool _1450 = (type == 5u);
constant uint _1451 = _1450 ? 4u : 2u;
constant bool _1636 = (type == 3u);
constant bool _1649 = (type == 4u);
constant bool _1683 = (type == 1u);
constant bool _1760 = (type == 3u);
constant bool _1761 = (type == 4u);
constant bool _1762 = (_1760 || _1761);
constant bool _1778 = (type == 5u);
constant bool _1790 = (type == 6u);
constant bool _1911 = (type == 3u);
constant bool _1912 = (type == 4u);
constant bool _1913 = (_1911 || _1912);
constant bool _1957 = (type == 3u);
constant bool _1982 = (type == 5u);
constant bool _2026 = (type == 6u);
constant bool _2100 = (type == 4u);
constant bool _2101 = (type == 5u);
constant bool _2102 = (_2100 || _2101);
constant bool _2119 = (type == 3u);
constant bool _2121 = (type == 4u);
constant bool _2123 = (type == 7u);
constant float _2126 = _2123 ? 1056.0 : 1024.0;
constant float _2127 = _2121 ? 1032.0 : _2126;
constant float _2128 = _2119 ? 1152.0 : _2127;
constant bool _2169 = (type == 1u);
constant bool _2307 = (type == 3u);
constant bool _2308 = (type == 4u);
constant bool _2309 = (_2307 || _2308);
constant bool _2336 = (type == 5u);
constant bool _2356 = (type == 6u);
constant bool _2420 = (type == 5u);
constant bool _2489 = (type == 6u);
constant bool _2554 = (type == 6u);
constant bool _2577 = (type == 6u);
constant bool _2892 = (type == 1u);
constant bool _2959 = (type == 1u);
constant bool _2960 = (!_2959);
constant bool _2965 = (type == 7u);
constant uint SCALES = _2965 ? 2u : 1u;
constant bool _2967 = (SCALES == 2u);
constant uint PART_STEPS = (4u / SCALES);
constant bool _3078 = (type == 1u);
constant bool _3079 = (!_3078);
constant bool _3189 = (type == 1u);
constant bool _3231 = (type == 1u);
constant bool _3232 = (!_3231);
constant bool _3261 = (SCALES == 2u);
constant uint way = (variant / 102u);
constant bool _3559 = (way == 8u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

struct Weights4
{
    uint4 weights4[1];
};

struct Second4
{
    uint4 second4[1];
};

constant float _1143[4] = { 0.0, 0.0, 0.0, 0.0 };

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
float4 x_at(thread const uint& i, thread const uint& count, const device X4& _611, const device X1& _623)
{
    if (((i & 3u) == 0u) && (count >= 4u))
    {
        return _611.x4[i / 4u];
    }
    float4 v = float4(0.0);
    v.x = _623.x1[i];
    if (count > 1u)
    {
        v.y = _623.x1[i + 1u];
    }
    if (count > 2u)
    {
        v.z = _623.x1[i + 2u];
    }
    if (count > 3u)
    {
        v.w = _623.x1[i + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
float4 norm_at(thread const uint& i, constant Push& push, const device Norm4& _691, const device Norm1& _700)
{
    uint at = push.offset.w + i;
    uint last = (push.offset.w + push.k) - 1u;
    bool _678 = (at & 3u) == 0u;
    bool _685;
    if (_678)
    {
        _685 = (at + 3u) <= last;
    }
    else
    {
        _685 = _678;
    }
    if (_685)
    {
        return _691.norm4[at / 4u];
    }
    return float4(_700.norm1[min(at, last)], _700.norm1[min((at + 1u), last)], _700.norm1[min((at + 2u), last)], _700.norm1[min((at + 3u), last)]);
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
float4 input_quad(thread const uint& r, thread const uint& q, thread float& squares, const device X4& _611, const device X1& _623, constant Push& push, const device Norm4& _691, const device Norm1& _700)
{
    if ((4u * q) >= push.k)
    {
        return float4(0.0);
    }
    uint at = (push.offset.x + (r * push.ldx)) + (4u * q);
    uint count = push.k - (4u * q);
    float4 _1009;
    if (false)
    {
        uint param = at + push.k;
        uint param_1 = count;
        _1009 = x_at(param, param_1, _611, _623);
    }
    else
    {
        _1009 = float4(0.0);
    }
    float4 up = _1009;
    float4 _1023;
    if (normed)
    {
        uint param_2 = 4u * q;
        _1023 = norm_at(param_2, push, _691, _700);
    }
    else
    {
        _1023 = float4(1.0);
    }
    float4 factor = _1023;
    uint param_3 = at;
    uint param_4 = count;
    float4 param_5 = x_at(param_3, param_4, _611, _623);
    float4 param_6 = up;
    float4 param_7 = factor;
    float param_8 = squares;
    float4 _1045 = input_of(param_5, param_6, param_7, param_8);
    squares = param_8;
    return _1045;
}

static inline __attribute__((always_inline))
uint group_max_bits(thread uint& bits, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, threadgroup uint4 (&pool)[576])
{
    bits = simd_max(bits);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _952 = simd_is_first();
    if (_952)
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
    bool _261 = simd_is_first();
    if (_261)
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
    float _730;
    if (push.k != 0u)
    {
        _730 = rsqrt((squares / float(push.k)) + push.eps);
    }
    else
    {
        _730 = 0.0;
    }
    return _730;
}

static inline __attribute__((always_inline))
uint slices_of_minima(constant Push& push)
{
    uint _897;
    if (_896)
    {
        uint param = slices_of_k(push);
        uint param_1 = 32u;
        _897 = ceil_div(param, param_1);
    }
    else
    {
        uint _906;
        if (_905)
        {
            uint param_2 = push.k;
            uint param_3 = 512u;
            _906 = ceil_div(param_2, param_3);
        }
        else
        {
            _906 = 0u;
        }
        _897 = _906;
    }
    return _897;
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
void put_halves(thread const uint& at, thread const uint& q, thread const float4& v, device Work4& _1052)
{
    _1052.work4[(at + ((q / 8u) * 512u)) + (q & 7u)] = as_type<uint4>(v);
}

static inline __attribute__((always_inline))
void put_quads(thread const uint& start, thread const uint& minima, thread const uint& base, thread const uint& quads, thread const float4& v, constant Push& push, threadgroup uint4 (&pool)[576], device Work4& _1052, thread uint3& gl_LocalInvocationID)
{
    uint me = gl_LocalInvocationID.x;
    if ((base + me) < quads)
    {
        uint param = start;
        uint param_1 = base + me;
        float4 param_2 = v;
        put_halves(param, param_1, param_2, _1052);
    }
    if (_1088)
    {
        uint turn = base & 256u;
        float _1102;
        if ((base + me) < quads)
        {
            _1102 = ((v.x + v.y) + v.z) + v.w;
        }
        else
        {
            _1102 = 0.0;
        }
        ((threadgroup uint*)&pool[turn + me])[0u] = as_type<uint>(_1102);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        uint m = ((base / 8u) / blocks) + me;
        bool _1130 = me < _1129;
        bool _1137;
        if (_1130)
        {
            _1137 = m < (slices_of_minima(push) * 8u);
        }
        else
        {
            _1137 = _1130;
        }
        if (_1137)
        {
            float sums[4] = { 0.0, 0.0, 0.0, 0.0 };
            for (uint i = 0u; i < _1151; i++)
            {
                uint _1154 = i / 8u;
                sums[_1154] += as_type<float>(((threadgroup uint*)&pool[(turn + (_1156 * me)) + i])[0u]);
            }
            float4 _1172;
            if (_1171)
            {
                _1172 = float4(sums[0], sums[1], sums[2], sums[3]);
            }
            else
            {
                _1172 = float4(sums[0], sums[0], sums[1], sums[1]);
            }
            uint param_3 = minima;
            uint param_4 = m;
            float4 param_5 = _1172;
            put_halves(param_3, param_4, param_5, _1052);
        }
    }
}

static inline __attribute__((always_inline))
void input_rows(threadgroup float (&group_partial)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, const device X4& _611, const device X1& _623, constant Push& push, const device Norm4& _691, const device Norm1& _700, threadgroup uint4 (&pool)[576], device Work4& _1052, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1355)
{
    uint me = gl_LocalInvocationID.x;
    uint quads = slices_of_k(push) * 8u;
    uint3 _1216 = push.first.xyz + gl_WorkGroupID;
    uint _1217 = _1216.x;
    float4 kept[4];
    float _1320;
    for (uint r = _1217; r < push.rows; r += push.groups.x)
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
            float4 _1251 = input_quad(param, param_1, param_2, _611, _623, push, _691, _700);
            squares = param_2;
            kept[i] = _1251;
            uint4 v = as_type<uint4>(kept[i]) & uint4(2147483647u);
            bits = max(bits, max(max(v.x, v.y), max(v.z, v.w)));
        }
        uint _1280 = 1024u + me;
        for (uint q = _1280; q < quads; q += 256u)
        {
            uint param_3 = r;
            uint param_4 = q;
            float param_5 = squares;
            float4 _1296 = input_quad(param_3, param_4, param_5, _611, _623, push, _691, _700);
            squares = param_5;
            uint4 v_1 = as_type<uint4>(_1296) & uint4(2147483647u);
            bits = max(bits, max(max(v_1.x, v_1.y), max(v_1.z, v_1.w)));
        }
        uint param_6 = bits;
        uint _1318 = group_max_bits(param_6, gl_SubgroupID, gl_NumSubgroups, pool);
        bits = _1318;
        if (normed)
        {
            float param_7 = squares;
            float _1325 = group_sum(param_7, group_partial, gl_SubgroupID, gl_NumSubgroups);
            float param_8 = _1325;
            _1320 = norm_scale(param_8, push);
        }
        else
        {
            _1320 = 1.0;
        }
        float factor = _1320;
        int power = clamp(136 - int(bits >> 23u), -118, 100);
        float scale = as_type<float>(uint(127 + power) << 23u);
        if (me == 0u)
        {
            _1355.work1[r] = factor * as_type<float>(uint(127 - power) << 23u);
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
                put_quads(param_10, param_11, param_12, param_13, param_14, push, pool, _1052, gl_LocalInvocationID);
            }
        }
        for (uint base = 1024u; base < quads; base += 256u)
        {
            uint param_15 = r;
            uint param_16 = base + me;
            float param_17 = unused;
            float4 _1424 = input_quad(param_15, param_16, param_17, _611, _623, push, _691, _700);
            unused = param_17;
            uint param_18 = start;
            uint param_19 = minima;
            uint param_20 = base;
            uint param_21 = quads;
            float4 param_22 = _1424 * scale;
            put_quads(param_18, param_19, param_20, param_21, param_22, push, pool, _1052, gl_LocalInvocationID);
        }
        if (_1441)
        {
            uint param_23 = quads;
            uint param_24 = 256u;
            uint covered = (ceil_div(param_23, param_24) * 32u) / _1451;
            uint _1456 = covered + me;
            for (uint m = _1456; m < (slices_of_minima(push) * 8u); m += 256u)
            {
                uint param_25 = minima;
                uint param_26 = m;
                float4 param_27 = float4(0.0);
                put_halves(param_25, param_26, param_27, _1052);
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
    simdgroup_float8x8 _3010;
    simdgroup_load(_3010, reinterpret_cast<threadgroup float*>(&pool[0u]), (2u) * 4u);
    simdgroup_float8x8 tempArg = _3010;
    simdgroup_float8x8 numbers = tempArg;
    simdgroup_float8x8 param = numbers;
    columns = uint2(elements_of(param));
}

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    uint _363;
    if (_362)
    {
        _363 = (k / 1u) * 2u;
    }
    else
    {
        uint _371;
        if (_370)
        {
            _371 = (k / 1u) * 1u;
        }
        else
        {
            uint _379;
            if (_378)
            {
                _379 = (k / 1u) * 1u;
            }
            else
            {
                uint _387;
                if (_386)
                {
                    _387 = (k / 32u) * 17u;
                }
                else
                {
                    uint _397;
                    if (_396)
                    {
                        _397 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _407;
                        if (_406)
                        {
                            _407 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _417;
                            if (_416)
                            {
                                _417 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _427;
                                if (_426)
                                {
                                    _427 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    uint _436;
                                    if (_435)
                                    {
                                        _436 = (k / 32u) * 11u;
                                    }
                                    else
                                    {
                                        uint _445;
                                        if (_444)
                                        {
                                            _445 = (k / 32u) * 12u;
                                        }
                                        else
                                        {
                                            uint _454;
                                            if (_453)
                                            {
                                                _454 = (k / 256u) * 42u;
                                            }
                                            else
                                            {
                                                uint _463;
                                                if (_462)
                                                {
                                                    _463 = (k / 256u) * 55u;
                                                }
                                                else
                                                {
                                                    uint _472;
                                                    if (_471)
                                                    {
                                                        _472 = (k / 256u) * 88u;
                                                    }
                                                    else
                                                    {
                                                        uint _482;
                                                        if (_481)
                                                        {
                                                            _482 = (k / 32u) * 9u;
                                                        }
                                                        else
                                                        {
                                                            uint _491;
                                                            if (_490)
                                                            {
                                                                _491 = (k / 256u) * 68u;
                                                            }
                                                            else
                                                            {
                                                                uint _501;
                                                                if (_500)
                                                                {
                                                                    _501 = (k / 64u) * 17u;
                                                                }
                                                                else
                                                                {
                                                                    uint _511;
                                                                    if (_510)
                                                                    {
                                                                        _511 = (k / 2u) * 1u;
                                                                    }
                                                                    else
                                                                    {
                                                                        _511 = 0u;
                                                                    }
                                                                    _501 = _511;
                                                                }
                                                                _491 = _501;
                                                            }
                                                            _482 = _491;
                                                        }
                                                        _472 = _482;
                                                    }
                                                    _463 = _472;
                                                }
                                                _454 = _463;
                                            }
                                            _445 = _454;
                                        }
                                        _436 = _445;
                                    }
                                    _427 = _436;
                                }
                                _417 = _427;
                            }
                            _407 = _417;
                        }
                        _397 = _407;
                    }
                    _387 = _397;
                }
                _379 = _387;
            }
            _371 = _379;
        }
        _363 = _371;
    }
    return _363;
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
    uint _2706;
    _Pragma("clang loop unroll(full)")
    for (uint i_1 = 0u; i_1 < 1u; i_1++)
    {
        uint column = ((i_1 * 256u) + me) / 2u;
        second = column >= 64u;
        if (second)
        {
            _2706 = push.offset.z;
        }
        else
        {
            _2706 = push.offset.y;
        }
        start_w[i_1] = (2u * _2706) + (min((first_j + (column % 64u)), (push.n - 1u)) * halves);
    }
}

static inline __attribute__((always_inline))
uint4 four_words(thread const uint& at, thread bool& second, const device Second1& _343, const device Weights1& _353)
{
    if (second)
    {
        return uint4(*(const device packed_uint4*)&_343.second1[at]);
    }
    return uint4(*(const device packed_uint4*)&_353.weights1[at]);
}

static inline __attribute__((always_inline))
uint weight_word(thread const uint& i, thread bool& second, const device Second1& _343, const device Weights1& _353)
{
    if (second)
    {
        return _343.second1[i];
    }
    return _353.weights1[i];
}

static inline __attribute__((always_inline))
uint numbers_at(thread const uint& row, thread const uint& s, thread const uint& p)
{
    uint _1637;
    if (_1636)
    {
        _1637 = ((row + (17u * s)) + 1u) + (8u * p);
    }
    else
    {
        uint _1650;
        if (_1649)
        {
            _1650 = ((row + (9u * s)) + 1u) + (4u * p);
        }
        else
        {
            _1650 = (((row + ((s / 8u) * 105u)) + (32u * ((s / 4u) & 1u))) + (16u * (s & 1u))) + (8u * p);
        }
        _1637 = _1650;
    }
    return _1637;
}

static inline __attribute__((always_inline))
Window window_at(thread const uint& at, thread bool& second, const device Second1& _343, const device Weights1& _353, constant Push& push)
{
    uint _1518;
    if (second)
    {
        _1518 = push.offset.z;
    }
    else
    {
        _1518 = push.offset.y;
    }
    uint param = push.k;
    uint end = _1518 + (((push.n * row_halves(param)) + 1u) / 2u);
    Window w = Window{ uint4(0u), uint4(0u) };
    if ((at + 5u) <= end)
    {
        uint param_1 = at;
        w.a = four_words(param_1, second, _343, _353);
        uint param_2 = at + 4u;
        w.b.x = weight_word(param_2, second, _343, _353);
    }
    else
    {
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_3 = min((at + i), (end - 1u));
            w.a[i] = weight_word(param_3, second, _343, _353);
        }
        uint param_4 = min((at + 4u), (end - 1u));
        w.b.x = weight_word(param_4, second, _343, _353);
    }
    return w;
}

static inline __attribute__((always_inline))
void load_part(thread Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, thread bool& second, const device Second1& _343, const device Weights1& _353, constant Push& push)
{
    if (_1683)
    {
        uint last = ((row + push.k) - 1u) / 2u;
        uint at = ((row + (32u * s)) + (16u * p)) / 2u;
        if ((at + 8u) <= last)
        {
            uint param = at;
            uint param_1 = at + 4u;
            v.numbers = Window{ four_words(param, second, _343, _353), four_words(param_1, second, _343, _353) };
            uint param_2 = at + 8u;
            v.scale = weight_word(param_2, second, _343, _353);
            return;
        }
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_3 = min((at + i), last);
            v.numbers.a[i] = weight_word(param_3, second, _343, _353);
            uint param_4 = min(((at + 4u) + i), last);
            v.numbers.b[i] = weight_word(param_4, second, _343, _353);
        }
        uint param_5 = min((at + 8u), last);
        v.scale = weight_word(param_5, second, _343, _353);
    }
    else
    {
        if (_1762)
        {
            uint param_6 = row;
            uint param_7 = s;
            uint param_8 = p;
            uint param_9 = (numbers_at(param_6, param_7, param_8) - 1u) / 2u;
            v.numbers = window_at(param_9, second, _343, _353, push);
        }
        else
        {
            if (_1778)
            {
                uint param_10 = (row / 2u) + (5u * s);
                v.numbers = window_at(param_10, second, _343, _353, push);
            }
            else
            {
                if (_1790)
                {
                    uint at_1 = (row / 2u) + ((s / 8u) * 36u);
                    uint numbers = ((at_1 + 4u) + (((s & 7u) / 2u) * 8u)) + (4u * p);
                    uint _1815;
                    if (second)
                    {
                        _1815 = push.offset.z;
                    }
                    else
                    {
                        _1815 = push.offset.y;
                    }
                    bool whole = (_1815 & 3u) == 0u;
                    if ((s & 7u) == 0u)
                    {
                        uint param_11 = at_1;
                        v.more.a = four_words(param_11, second, _343, _353);
                    }
                    if ((s & 1u) == 0u)
                    {
                        uint param_12 = numbers;
                        v.numbers.a = four_words(param_12, second, _343, _353);
                    }
                }
                else
                {
                    uint block = row + ((s / 8u) * 105u);
                    uint half_ = (s / 4u) & 1u;
                    uint scales = ((block + 96u) + (4u * half_)) / 2u;
                    uint param_13 = row;
                    uint param_14 = s;
                    uint param_15 = p;
                    uint param_16 = numbers_at(param_13, param_14, param_15) / 2u;
                    v.numbers = window_at(param_16, second, _343, _353, push);
                    if ((s & 3u) == 0u)
                    {
                        uint param_17 = (((block + 64u) + (16u * half_)) + (8u * p)) / 2u;
                        v.more = window_at(param_17, second, _343, _353, push);
                        uint param_18 = scales;
                        uint param_19 = scales + 1u;
                        uint param_20 = scales + 2u;
                        v.scales = uint3(weight_word(param_18, second, _343, _353), weight_word(param_19, second, _343, _353), weight_word(param_20, second, _343, _353));
                        uint param_21 = (block / 2u) + 52u;
                        v.scale = weight_word(param_21, second, _343, _353);
                    }
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
Sixteen load_minima(thread const uint& row, thread const uint& s, thread const uint& p, thread bool& second, const device Second1& _343, const device Weights1& _353, constant Push& push)
{
    Sixteen v;
    v.numbers = Window{ uint4(0u), uint4(0u) };
    v.more = Window{ uint4(0u), uint4(0u) };
    v.scales = uint3(0u);
    v.scale = 0u;
    if (_2420)
    {
        uint blocks_1 = slices_of_k(push);
        uint _2445;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 16u; i++)
        {
            uint block = ((32u * s) + (16u * p)) + i;
            if (block < blocks_1)
            {
                uint param = (row / 2u) + (5u * block);
                _2445 = weight_word(param, second, _343, _353) >> 16u;
            }
            else
            {
                _2445 = 0u;
            }
            uint minimum = _2445;
            if (i < 8u)
            {
                uint _2463 = i / 2u;
                v.numbers.a[_2463] |= (minimum << (16u * (i & 1u)));
            }
            else
            {
                uint _2476 = (i / 2u) - 4u;
                v.numbers.b[_2476] |= (minimum << (16u * (i & 1u)));
            }
        }
    }
    else
    {
        if (_2489)
        {
            uint blocks_2 = push.k / 256u;
            uint mine = (2u * s) + p;
            uint other = ((2u * s) + 1u) - p;
            if (mine < blocks_2)
            {
                uint at = (row / 2u) + (36u * mine);
                uint param_1 = at;
                uint param_2 = at + 1u;
                uint param_3 = at + 2u;
                uint param_4 = at + 3u;
                v.more.a = uint4(weight_word(param_1, second, _343, _353), weight_word(param_2, second, _343, _353), weight_word(param_3, second, _343, _353), weight_word(param_4, second, _343, _353));
            }
            uint _2538;
            if (other < blocks_2)
            {
                uint param_5 = (row / 2u) + (36u * other);
                _2538 = weight_word(param_5, second, _343, _353);
            }
            else
            {
                _2538 = 0u;
            }
            v.scale = _2538;
        }
    }
    return v;
}

static inline __attribute__((always_inline))
void load_slice(thread const uint& s, thread const uint& slices_k, thread bool& second, const device Second1& _343, const device Weights1& _353, constant Push& push, device Work4& _1052, thread uint3& gl_LocalInvocationID, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1])
{
    uint p = gl_LocalInvocationID.x & 1u;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 2u; i++)
    {
        next_x[i] = _1052.work4[start_x[i] + (s * 512u)];
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
            load_part(param, param_1, param_2, param_3, second, _343, _353, push);
            next_w[i_1] = param;
        }
        else
        {
            uint param_4 = start_w[i_1];
            uint param_5 = s - slices_k;
            uint param_6 = p;
            next_w[i_1] = load_minima(param_4, param_5, param_6, second, _343, _353, push);
        }
    }
}

static inline __attribute__((always_inline))
uint4 shifted(thread const uint& h, thread const uint4& v, thread const uint& next)
{
    uint4 _1596;
    if ((h & 1u) != 0u)
    {
        _1596 = (v >> uint4(16u)) | (uint4(v.yzw, next) << uint4(16u));
    }
    else
    {
        _1596 = v;
    }
    return _1596;
}

static inline __attribute__((always_inline))
uint4 words_of(thread const Window& w, thread const uint& at, thread uint& next)
{
    next = w.b.x;
    return w.a;
}

static inline __attribute__((always_inline))
uint4 words_from(thread const Window& w, thread const uint& h)
{
    Window param = w;
    uint param_1 = h / 2u;
    uint param_2;
    uint4 _1625 = words_of(param, param_1, param_2);
    uint next = param_2;
    uint4 v = _1625;
    uint param_3 = h;
    uint4 param_4 = v;
    uint param_5 = next;
    return shifted(param_3, param_4, param_5);
}

static inline __attribute__((always_inline))
uint4 bytes_of(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p)
{
    if (_1913)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = p;
        uint h = numbers_at(param, param_1, param_2);
        Window param_3 = v.numbers;
        uint param_4 = (h - 1u) / 2u;
        uint param_5;
        uint4 _1934 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint4 words = _1934;
        uint4 _1939;
        if ((h & 1u) != 0u)
        {
            uint param_6 = 1u;
            uint4 param_7 = words;
            uint param_8 = next;
            _1939 = shifted(param_6, param_7, param_8);
        }
        else
        {
            _1939 = uint4(words.yzw, next);
        }
        words = _1939;
        uint4 _1958;
        if (_1957)
        {
            _1958 = words ^ uint4(2155905152u);
        }
        else
        {
            _1958 = uint4(words.xy, words.xy >> uint2(4u)) & uint4(252645135u);
        }
        return _1958;
    }
    if (_1982)
    {
        Window param_9 = v.numbers;
        uint param_10 = (row / 2u) + (5u * s);
        uint param_11;
        uint4 _1997 = words_of(param_9, param_10, param_11);
        uint next_1 = param_11;
        uint4 words_1 = _1997;
        uint2 _2003;
        if (p == 0u)
        {
            _2003 = words_1.yz;
        }
        else
        {
            _2003 = uint2(words_1.w, next_1);
        }
        uint2 two = _2003;
        return uint4(two, two >> uint2(4u)) & uint4(252645135u);
    }
    if (_2026)
    {
        return (v.numbers.a >> uint4(4u * (s & 1u))) & uint4(252645135u);
    }
    uint block = row + ((s / 8u) * 105u);
    uint half_ = (s / 4u) & 1u;
    uint stripe = s & 3u;
    uint param_12 = row;
    uint param_13 = s;
    uint param_14 = p;
    Window param_15 = v.numbers;
    uint param_16 = numbers_at(param_12, param_13, param_14);
    uint4 low = (words_from(param_15, param_16) >> uint4(2u * (stripe & 2u))) & uint4(252645135u);
    Window param_17 = v.more;
    uint param_18 = ((block + 64u) + (16u * half_)) + (8u * p);
    uint4 high = (words_from(param_17, param_18) >> uint4(2u * stripe)) & uint4(50529027u);
    return low | (high << uint4(4u));
}

static inline __attribute__((always_inline))
uint2 halves_of(thread const uint& bytes)
{
    float zero = _2128;
    uint low = (bytes & 255u) | ((bytes & 65280u) << 8u);
    uint high = ((bytes >> 16u) & 255u) | ((bytes & 4278190080u) >> 8u);
    return uint2(as_type<uint>(as_type<half2>(low | 1677747200u) - half2(half(zero))), as_type<uint>(as_type<half2>(high | 1677747200u) - half2(half(zero))));
}

static inline __attribute__((always_inline))
void decode_part(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, thread uint4& first, thread uint4& second_, constant Push& push)
{
    if (_2169)
    {
        uint left = push.k - min(push.k, ((32u * s) + (16u * p)));
        uint param = row;
        uint4 param_1 = v.numbers.a;
        uint param_2 = v.numbers.b.x;
        first = shifted(param, param_1, param_2);
        uint param_3 = row;
        uint4 param_4 = v.numbers.b;
        uint param_5 = v.scale;
        second_ = shifted(param_3, param_4, param_5);
        uint _2216;
        uint _2227;
        uint _2245;
        uint _2257;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            if (left > ((2u * i) + 1u))
            {
                _2216 = first[i];
            }
            else
            {
                if (left > (2u * i))
                {
                    _2227 = first[i] & 65535u;
                }
                else
                {
                    _2227 = 0u;
                }
                _2216 = _2227;
            }
            first[i] = _2216;
            if (left > ((2u * i) + 9u))
            {
                _2245 = second_[i];
            }
            else
            {
                if (left > ((2u * i) + 8u))
                {
                    _2257 = second_[i] & 65535u;
                }
                else
                {
                    _2257 = 0u;
                }
                _2245 = _2257;
            }
            second_[i] = _2245;
        }
        return;
    }
    Sixteen param_6 = v;
    uint param_7 = row;
    uint param_8 = s;
    uint param_9 = p;
    uint4 bytes = bytes_of(param_6, param_7, param_8, param_9);
    uint param_10 = bytes.x;
    uint param_11 = bytes.y;
    first = uint4(halves_of(param_10), halves_of(param_11));
    uint param_12 = bytes.z;
    uint param_13 = bytes.w;
    second_ = uint4(halves_of(param_12), halves_of(param_13));
}

static inline __attribute__((always_inline))
float float_of(thread const uint& h, thread const uint& word)
{
    return float2(as_type<half2>(word >> (16u * (h & 1u)))).x;
}

static inline __attribute__((always_inline))
float2 scale_of(thread const uint3& scales, thread const uint& i)
{
    uint shift = 8u * (i & 3u);
    uint a = scales.x >> shift;
    uint b = scales.y >> shift;
    uint c = scales.z >> shift;
    float2 _567;
    if (i < 4u)
    {
        _567 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _567 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _567;
}

static inline __attribute__((always_inline))
float part_scale(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p)
{
    if (_2309)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = 0u;
        uint h = numbers_at(param, param_1, param_2) - 1u;
        Window param_3 = v.numbers;
        uint param_4 = h / 2u;
        uint param_5;
        uint4 _2328 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint param_6 = h;
        uint param_7 = _2328.x;
        return float_of(param_6, param_7);
    }
    if (_2336)
    {
        Window param_8 = v.numbers;
        uint param_9 = (row / 2u) + (5u * s);
        uint param_10;
        uint4 _2350 = words_of(param_8, param_9, param_10);
        uint next_1 = param_10;
        return float2(as_type<half2>(_2350.x)).x;
    }
    if (_2356)
    {
        uint3 param_11 = v.more.a.yzw;
        uint param_12 = s & 7u;
        return float2(as_type<half2>(v.more.a.x)).x * scale_of(param_11, param_12).x;
    }
    uint block = row + ((s / 8u) * 105u);
    uint h_1 = (block & 1u) + (s & 3u);
    int number = int((v.scales[h_1 / 2u] >> ((16u * (h_1 & 1u)) + (8u * p))) << 24u) >> 24;
    uint param_13 = block;
    uint param_14 = v.scale;
    return float_of(param_13, param_14) * float(number);
}

static inline __attribute__((always_inline))
uint octet_of(thread const uint& p, thread const uint& i)
{
    uint _2103;
    if (_2102)
    {
        _2103 = p + (2u * i);
    }
    else
    {
        _2103 = (2u * p) + i;
    }
    return _2103;
}

static inline __attribute__((always_inline))
float minima_scale(thread const Sixteen& v)
{
    float _2555;
    if (_2554)
    {
        _2555 = fast::max(abs(float2(as_type<half2>(v.more.a.x)).y), abs(float2(as_type<half2>(v.scale)).y));
    }
    else
    {
        _2555 = 1.0;
    }
    return _2555;
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
    if (_2577)
    {
        Sixteen param = v;
        float most = minima_scale(param);
        float _2587;
        if (most > 0.0)
        {
            _2587 = (-float2(as_type<half2>(v.more.a.x)).y) / most;
        }
        else
        {
            _2587 = 0.0;
        }
        float ratio = _2587;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 8u; i++)
        {
            uint3 param_1 = v.more.a.yzw;
            uint param_2 = i;
            float minimum = ratio * scale_of(param_1, param_2).y;
            float param_3 = minimum;
            float high = upper(param_3);
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
    float _2893;
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
            if (_2892)
            {
                _2893 = 1.0;
            }
            else
            {
                Sixteen param_6 = next_w[i_1];
                uint param_7 = start_w[i_1];
                uint param_8 = s;
                uint param_9 = p;
                _2893 = part_scale(param_6, param_7, param_8, param_9);
            }
            scale = _2893;
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
        bool _2969;
        if (_2960)
        {
            _2969 = (p == 0u) || _2967;
        }
        else
        {
            _2969 = _2960;
        }
        if (_2969)
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
                simdgroup_half8x8 _3066;
                simdgroup_load(_3066, reinterpret_cast<threadgroup half*>(&tile_w[((right + (j * 8u)) * 5u) + (((e * PART_STEPS) + t) * 1u)]), (5u) * 8u, ulong2(0), true);
                simdgroup_half8x8 tempArg = _3066;
                b[(j * 4u) + t] = tempArg;
            }
        }
        if (_3079)
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
                simdgroup_float8x8 _3158;
                simdgroup_load(_3158, reinterpret_cast<threadgroup float*>(&pool[((down + (i * 8u)) * 9u) + ((((e * PART_STEPS) + t_1) * 2u) * 1u)]), (9u) * 4u);
                simdgroup_float8x8 tempArg_1 = _3158;
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
                    if (_3189)
                    {
                        simdgroup_float8x8 _3215;
                        simdgroup_multiply_accumulate(_3215, a[t_2], b[(j_1 * 4u) + t_2], sums[(i * 4u) + j_1]);
                        sums[(i * 4u) + j_1] = _3215;
                    }
                    else
                    {
                        simdgroup_float8x8 _3228;
                        simdgroup_multiply_accumulate(_3228, a[t_2], b[(j_1 * 4u) + t_2], block);
                        block = _3228;
                    }
                }
            }
            if (_3232)
            {
                uint _3238 = (i * 4u) + j_1;
                simdgroup_float8x8 param = sums[_3238];
                simdgroup_float8x8 param_1 = block;
                float2 param_2 = scales[j_1];
                add_scaled(param, param_1, param_2);
                sums[_3238] = param;
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
    if (_3261)
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
    float _792;
    if ((push.flags & 64u) != 0u)
    {
        float param = x;
        _792 = gelu_tanh(param);
    }
    else
    {
        float param_1 = x;
        _792 = silu(param_1);
    }
    return _792;
}

static inline __attribute__((always_inline))
void finish_gated(thread const uint& r, thread const uint& j, thread const float4& gate, thread const float4& up, constant Push& push, device Y4& _853, device Y1& _879)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    float param = gate.x;
    float param_1 = gate.y;
    float param_2 = gate.z;
    float param_3 = gate.w;
    float4 v = float4(gate_of(param, push), gate_of(param_1, push), gate_of(param_2, push), gate_of(param_3, push)) * up;
    bool _838 = (to & 3u) == 0u;
    bool _847;
    if (_838)
    {
        _847 = (j + 4u) <= push.n;
    }
    else
    {
        _847 = _838;
    }
    if (_847)
    {
        _853.y4[to / 4u] = v;
        return;
    }
    uint e = 0u;
    _Pragma("clang loop unroll(disable)")
    for (;;)
    {
        bool _866 = e < 4u;
        bool _875;
        if (_866)
        {
            _875 = (j + e) < push.n;
        }
        else
        {
            _875 = _866;
        }
        if (_875)
        {
            _879.y1[to + e] = v[e];
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
void finish_tile(thread const uint& first_r, thread const uint& first_j, thread const uint& first_c, thread uint& gl_SubgroupID, constant Push& push, device Y4& _853, device Y1& _879, threadgroup uint4 (&pool)[576], device Work1& _1355, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
{
    uint base = (gl_SubgroupID * 8u) * 8u;
    uint lane = gl_SubgroupInvocationID;
    uint _3317;
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
            _3317 = base - 256u;
        }
        else
        {
            _3317 = base;
        }
        uint gate = _3317;
        uint other = gate + 256u;
        threadgroup_barrier(mem_flags::mem_threadgroup);
        uint _3332 = lane + (up ? 32u : 0u);
        _Pragma("clang loop unroll(disable)")
        for (uint t = _3332; t < 64u; t += 64u)
        {
            uint r = (first_r + (i * 8u)) + (t / 8u);
            uint j_1 = (first_j + (first_c % 64u)) + (4u * (t % 8u));
            bool _3360 = r < push.rows;
            bool _3367;
            if (_3360)
            {
                _3367 = j_1 < push.n;
            }
            else
            {
                _3367 = _3360;
            }
            if (_3367)
            {
                float factor = _1355.work1[r];
                float4 v = as_type<float4>(pool[gate + t]) * factor;
                float4 w = as_type<float4>(pool[other + t]) * factor;
                uint param = r;
                uint param_1 = j_1;
                float4 param_2 = v;
                float4 param_3 = w;
                finish_gated(param, param_1, param_2, param_3, push, _853, _879);
            }
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
    }
}

static inline __attribute__((always_inline))
void matrix_tiles(thread bool& second, thread uint& gl_SubgroupID, const device Second1& _343, const device Weights1& _353, constant Push& push, device Y4& _853, device Y1& _879, threadgroup uint4 (&pool)[576], device Work4& _1052, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1355, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1], threadgroup uint4 (&tile_w)[640], threadgroup float (&tile_scales)[256], thread uint2& columns, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
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
        uint _3435 = ceil_div(param, param_1);
        if (tile_j < _3435)
        {
            uint tile_r = (push.first.xyz + gl_WorkGroupID).x;
            for (;;)
            {
                uint param_2 = push.rows;
                uint param_3 = 64u;
                uint _3454 = ceil_div(param_2, param_3);
                if (tile_r < _3454)
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
                    load_slice(param_6, param_7, second, _343, _353, push, _1052, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    uint param_8 = min(first, (count - 1u));
                    uint param_9 = slices_k;
                    put_slice(param_8, param_9, push, pool, gl_LocalInvocationID, start_w, next_x, next_w, tile_w, tile_scales);
                    uint param_10 = min((first + 1u), (count - 1u));
                    uint param_11 = slices_k;
                    load_slice(param_10, param_11, second, _343, _353, push, _1052, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
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
                        load_slice(param_16, param_17, second, _343, _353, push, _1052, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                        threadgroup_barrier(mem_flags::mem_threadgroup);
                    }
                    uint param_18 = (tile_r * 64u) + down;
                    uint param_19 = tile_j * 64u;
                    uint param_20 = right;
                    finish_tile(param_18, param_19, param_20, gl_SubgroupID, push, _853, _879, pool, _1355, sums, gl_SubgroupInvocationID);
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

kernel void zc_linear_gated_matrix(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device Weights1& _353 [[buffer(2)]], const device Second1& _343 [[buffer(3)]], const device void* spvBufferAliasSet0Binding4 [[buffer(4)]], device void* spvBufferAliasSet0Binding5 [[buffer(5)]], device void* spvBufferAliasSet0Binding6 [[buffer(6)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]])
{
    const device auto& _611 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& _691 = *(const device Norm4*)spvBufferAliasSet0Binding4;
    device auto& _853 = *(device Y4*)spvBufferAliasSet0Binding5;
    device auto& _1052 = *(device Work4*)spvBufferAliasSet0Binding6;
    const device auto& _623 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& _700 = *(const device Norm1*)spvBufferAliasSet0Binding4;
    device auto& _879 = *(device Y1*)spvBufferAliasSet0Binding5;
    device auto& _1355 = *(device Work1*)spvBufferAliasSet0Binding6;
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
    if (_3559)
    {
        input_rows(group_partial, gl_SubgroupID, gl_NumSubgroups, _611, _623, push, _691, _700, pool, _1052, gl_LocalInvocationID, gl_WorkGroupID, _1355);
    }
    else
    {
        matrix_tiles(second, gl_SubgroupID, _343, _353, push, _853, _879, pool, _1052, gl_LocalInvocationID, gl_WorkGroupID, _1355, start_x, start_w, next_x, next_w, tile_w, tile_scales, columns, sums, gl_SubgroupInvocationID);
    }
}

