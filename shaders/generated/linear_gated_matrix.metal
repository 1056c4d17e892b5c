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
constant bool _339 = (type == 0u);
constant bool _347 = (type == 1u);
constant bool _355 = (type == 2u);
constant bool _363 = (type == 3u);
constant bool _373 = (type == 4u);
constant bool _383 = (type == 5u);
constant bool _393 = (type == 6u);
constant bool _403 = (type == 7u);
constant bool _412 = (type == 8u);
constant bool _421 = (type == 9u);
constant bool _430 = (type == 10u);
constant bool _439 = (type == 11u);
constant bool _448 = (type == 12u);
constant bool _458 = (type == 13u);
constant bool _467 = (type == 14u);
constant bool _477 = (type == 15u);
constant bool _487 = (type == 16u);

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

constant uint _726 = (variant / 17u);
constant uint input_ = (_726 % 2u);
constant bool normed = (input_ == 1u);

struct Y4
{
    float4 y4[1];
};

struct Y1
{
    float y1[1];
};

constant bool _855 = (type == 5u);
constant bool _864 = (type == 6u);

struct Work4
{
    uint4 work4[1];
};

constant bool _1045 = (type == 5u);
constant bool _1046 = (type == 6u);
constant bool _1047 = (_1045 || _1046);
constant bool _1082 = (type == 5u);
constant uint blocks = _1082 ? 4u : 2u;
constant uint _1088 = (32u / blocks);
constant uint _1110 = (8u * blocks);
constant uint _1115 = (8u * blocks);
constant bool _1130 = (type == 5u);

struct Work1
{
    float work1[1];
};

constant bool _1398 = (type == 5u);
constant bool _1399 = (type == 6u);
constant bool _1400 = (_1398 || _1399);
constant bool _1409 = (type == 5u);
constant uint _1410 = _1409 ? 4u : 2u;
constant bool _1595 = (type == 3u);
constant bool _1608 = (type == 4u);
constant bool _1642 = (type == 1u);
constant bool _1719 = (type == 3u);
constant bool _1720 = (type == 4u);
constant bool _1721 = (_1719 || _1720);
constant bool _1737 = (type == 5u);
constant bool _1749 = (type == 6u);
constant bool _1870 = (type == 3u);
constant bool _1871 = (type == 4u);
constant bool _1872 = (_1870 || _1871);
constant bool _1916 = (type == 3u);
constant bool _1941 = (type == 5u);
constant bool _1985 = (type == 6u);
constant bool _2059 = (type == 4u);
constant bool _2060 = (type == 5u);
constant bool _2061 = (_2059 || _2060);
constant bool _2078 = (type == 3u);
constant bool _2080 = (type == 4u);
constant bool _2082 = (type == 7u);
constant float _2085 = _2082 ? 1056.0 : 1024.0;
constant float _2086 = _2080 ? 1032.0 : _2085;
constant float _2087 = _2078 ? 1152.0 : _2086;
constant bool _2128 = (type == 1u);
constant bool _2266 = (type == 3u);
constant bool _2267 = (type == 4u);
constant bool _2268 = (_2266 || _2267);
constant bool _2295 = (type == 5u);
constant bool _2315 = (type == 6u);
constant bool _2379 = (type == 5u);
constant bool _2448 = (type == 6u);
constant bool _2513 = (type == 6u);
constant bool _2536 = (type == 6u);
constant bool _2851 = (type == 1u);
constant bool _2918 = (type == 1u);
constant bool _2919 = (!_2918);
constant bool _2924 = (type == 7u);
constant uint SCALES = _2924 ? 2u : 1u;
constant bool _2926 = (SCALES == 2u);
constant uint PART_STEPS = (4u / SCALES);
constant bool _3037 = (type == 1u);
constant bool _3038 = (!_3037);
constant bool _3148 = (type == 1u);
constant bool _3190 = (type == 1u);
constant bool _3191 = (!_3190);
constant bool _3220 = (SCALES == 2u);
constant uint way = (variant / 102u);
constant bool _3518 = (way == 8u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

struct Weights4
{
    uint4 weights4[1];
};

struct Second4
{
    uint4 second4[1];
};

constant float _1102[4] = { 0.0, 0.0, 0.0, 0.0 };

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
float4 x_at(thread const uint& i, thread const uint& count, const device X4& _588, const device X1& _600)
{
    if (((i & 3u) == 0u) && (count >= 4u))
    {
        return _588.x4[i / 4u];
    }
    float4 v = float4(0.0);
    v.x = _600.x1[i];
    if (count > 1u)
    {
        v.y = _600.x1[i + 1u];
    }
    if (count > 2u)
    {
        v.z = _600.x1[i + 2u];
    }
    if (count > 3u)
    {
        v.w = _600.x1[i + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
float4 norm_at(thread const uint& i, constant Push& push, const device Norm4& _668, const device Norm1& _677)
{
    uint at = push.offset.w + i;
    uint last = (push.offset.w + push.k) - 1u;
    bool _655 = (at & 3u) == 0u;
    bool _662;
    if (_655)
    {
        _662 = (at + 3u) <= last;
    }
    else
    {
        _662 = _655;
    }
    if (_662)
    {
        return _668.norm4[at / 4u];
    }
    return float4(_677.norm1[min(at, last)], _677.norm1[min((at + 1u), last)], _677.norm1[min((at + 2u), last)], _677.norm1[min((at + 3u), last)]);
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
float4 input_quad(thread const uint& r, thread const uint& q, thread float& squares, const device X4& _588, const device X1& _600, constant Push& push, const device Norm4& _668, const device Norm1& _677)
{
    if ((4u * q) >= push.k)
    {
        return float4(0.0);
    }
    uint at = (push.offset.x + (r * push.ldx)) + (4u * q);
    uint count = push.k - (4u * q);
    float4 _968;
    if (false)
    {
        uint param = at + push.k;
        uint param_1 = count;
        _968 = x_at(param, param_1, _588, _600);
    }
    else
    {
        _968 = float4(0.0);
    }
    float4 up = _968;
    float4 _982;
    if (normed)
    {
        uint param_2 = 4u * q;
        _982 = norm_at(param_2, push, _668, _677);
    }
    else
    {
        _982 = float4(1.0);
    }
    float4 factor = _982;
    uint param_3 = at;
    uint param_4 = count;
    float4 param_5 = x_at(param_3, param_4, _588, _600);
    float4 param_6 = up;
    float4 param_7 = factor;
    float param_8 = squares;
    float4 _1004 = input_of(param_5, param_6, param_7, param_8);
    squares = param_8;
    return _1004;
}

static inline __attribute__((always_inline))
uint group_max_bits(thread uint& bits, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, threadgroup uint4 (&pool)[576])
{
    bits = simd_max(bits);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _911 = simd_is_first();
    if (_911)
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
    bool _255 = simd_is_first();
    if (_255)
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
    float _746;
    if (push.k != 0u)
    {
        _746 = rsqrt((squares / float(push.k)) + push.eps);
    }
    else
    {
        _746 = 0.0;
    }
    return _746;
}

static inline __attribute__((always_inline))
uint slices_of_minima(constant Push& push)
{
    uint _856;
    if (_855)
    {
        uint param = slices_of_k(push);
        uint param_1 = 32u;
        _856 = ceil_div(param, param_1);
    }
    else
    {
        uint _865;
        if (_864)
        {
            uint param_2 = push.k;
            uint param_3 = 512u;
            _865 = ceil_div(param_2, param_3);
        }
        else
        {
            _865 = 0u;
        }
        _856 = _865;
    }
    return _856;
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
void put_halves(thread const uint& at, thread const uint& q, thread const float4& v, device Work4& _1011)
{
    _1011.work4[(at + ((q / 8u) * 512u)) + (q & 7u)] = as_type<uint4>(v);
}

static inline __attribute__((always_inline))
void put_quads(thread const uint& start, thread const uint& minima, thread const uint& base, thread const uint& quads, thread const float4& v, constant Push& push, threadgroup uint4 (&pool)[576], device Work4& _1011, thread uint3& gl_LocalInvocationID)
{
    uint me = gl_LocalInvocationID.x;
    if ((base + me) < quads)
    {
        uint param = start;
        uint param_1 = base + me;
        float4 param_2 = v;
        put_halves(param, param_1, param_2, _1011);
    }
    if (_1047)
    {
        uint turn = base & 256u;
        float _1061;
        if ((base + me) < quads)
        {
            _1061 = ((v.x + v.y) + v.z) + v.w;
        }
        else
        {
            _1061 = 0.0;
        }
        ((threadgroup uint*)&pool[turn + me])[0u] = as_type<uint>(_1061);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        uint m = ((base / 8u) / blocks) + me;
        bool _1089 = me < _1088;
        bool _1096;
        if (_1089)
        {
            _1096 = m < (slices_of_minima(push) * 8u);
        }
        else
        {
            _1096 = _1089;
        }
        if (_1096)
        {
            float sums[4] = { 0.0, 0.0, 0.0, 0.0 };
            for (uint i = 0u; i < _1110; i++)
            {
                uint _1113 = i / 8u;
                sums[_1113] += as_type<float>(((threadgroup uint*)&pool[(turn + (_1115 * me)) + i])[0u]);
            }
            float4 _1131;
            if (_1130)
            {
                _1131 = float4(sums[0], sums[1], sums[2], sums[3]);
            }
            else
            {
                _1131 = float4(sums[0], sums[0], sums[1], sums[1]);
            }
            uint param_3 = minima;
            uint param_4 = m;
            float4 param_5 = _1131;
            put_halves(param_3, param_4, param_5, _1011);
        }
    }
}

static inline __attribute__((always_inline))
void input_rows(threadgroup float (&group_partial)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, const device X4& _588, const device X1& _600, constant Push& push, const device Norm4& _668, const device Norm1& _677, threadgroup uint4 (&pool)[576], device Work4& _1011, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1314)
{
    uint me = gl_LocalInvocationID.x;
    uint quads = slices_of_k(push) * 8u;
    uint3 _1175 = push.first.xyz + gl_WorkGroupID;
    uint _1176 = _1175.x;
    float4 kept[4];
    float _1279;
    for (uint r = _1176; r < push.rows; r += push.groups.x)
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
            float4 _1210 = input_quad(param, param_1, param_2, _588, _600, push, _668, _677);
            squares = param_2;
            kept[i] = _1210;
            uint4 v = as_type<uint4>(kept[i]) & uint4(2147483647u);
            bits = max(bits, max(max(v.x, v.y), max(v.z, v.w)));
        }
        uint _1239 = 1024u + me;
        for (uint q = _1239; q < quads; q += 256u)
        {
            uint param_3 = r;
            uint param_4 = q;
            float param_5 = squares;
            float4 _1255 = input_quad(param_3, param_4, param_5, _588, _600, push, _668, _677);
            squares = param_5;
            uint4 v_1 = as_type<uint4>(_1255) & uint4(2147483647u);
            bits = max(bits, max(max(v_1.x, v_1.y), max(v_1.z, v_1.w)));
        }
        uint param_6 = bits;
        uint _1277 = group_max_bits(param_6, gl_SubgroupID, gl_NumSubgroups, pool);
        bits = _1277;
        if (normed)
        {
            float param_7 = squares;
            float _1284 = group_sum(param_7, group_partial, gl_SubgroupID, gl_NumSubgroups);
            float param_8 = _1284;
            _1279 = norm_scale(param_8, push);
        }
        else
        {
            _1279 = 1.0;
        }
        float factor = _1279;
        int power = clamp(136 - int(bits >> 23u), -118, 100);
        float scale = as_type<float>(uint(127 + power) << 23u);
        if (me == 0u)
        {
            _1314.work1[r] = factor * as_type<float>(uint(127 - power) << 23u);
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
                put_quads(param_10, param_11, param_12, param_13, param_14, push, pool, _1011, gl_LocalInvocationID);
            }
        }
        for (uint base = 1024u; base < quads; base += 256u)
        {
            uint param_15 = r;
            uint param_16 = base + me;
            float param_17 = unused;
            float4 _1383 = input_quad(param_15, param_16, param_17, _588, _600, push, _668, _677);
            unused = param_17;
            uint param_18 = start;
            uint param_19 = minima;
            uint param_20 = base;
            uint param_21 = quads;
            float4 param_22 = _1383 * scale;
            put_quads(param_18, param_19, param_20, param_21, param_22, push, pool, _1011, gl_LocalInvocationID);
        }
        if (_1400)
        {
            uint param_23 = quads;
            uint param_24 = 256u;
            uint covered = (ceil_div(param_23, param_24) * 32u) / _1410;
            uint _1415 = covered + me;
            for (uint m = _1415; m < (slices_of_minima(push) * 8u); m += 256u)
            {
                uint param_25 = minima;
                uint param_26 = m;
                float4 param_27 = float4(0.0);
                put_halves(param_25, param_26, param_27, _1011);
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
    simdgroup_float8x8 _2969;
    simdgroup_load(_2969, reinterpret_cast<threadgroup float*>(&pool[0u]), (2u) * 4u);
    simdgroup_float8x8 tempArg = _2969;
    simdgroup_float8x8 numbers = tempArg;
    simdgroup_float8x8 param = numbers;
    columns = uint2(elements_of(param));
}

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    uint _340;
    if (_339)
    {
        _340 = (k / 1u) * 2u;
    }
    else
    {
        uint _348;
        if (_347)
        {
            _348 = (k / 1u) * 1u;
        }
        else
        {
            uint _356;
            if (_355)
            {
                _356 = (k / 1u) * 1u;
            }
            else
            {
                uint _364;
                if (_363)
                {
                    _364 = (k / 32u) * 17u;
                }
                else
                {
                    uint _374;
                    if (_373)
                    {
                        _374 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _384;
                        if (_383)
                        {
                            _384 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _394;
                            if (_393)
                            {
                                _394 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _404;
                                if (_403)
                                {
                                    _404 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    uint _413;
                                    if (_412)
                                    {
                                        _413 = (k / 32u) * 11u;
                                    }
                                    else
                                    {
                                        uint _422;
                                        if (_421)
                                        {
                                            _422 = (k / 32u) * 12u;
                                        }
                                        else
                                        {
                                            uint _431;
                                            if (_430)
                                            {
                                                _431 = (k / 256u) * 42u;
                                            }
                                            else
                                            {
                                                uint _440;
                                                if (_439)
                                                {
                                                    _440 = (k / 256u) * 55u;
                                                }
                                                else
                                                {
                                                    uint _449;
                                                    if (_448)
                                                    {
                                                        _449 = (k / 256u) * 88u;
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
                                                            uint _468;
                                                            if (_467)
                                                            {
                                                                _468 = (k / 256u) * 68u;
                                                            }
                                                            else
                                                            {
                                                                uint _478;
                                                                if (_477)
                                                                {
                                                                    _478 = (k / 64u) * 17u;
                                                                }
                                                                else
                                                                {
                                                                    uint _488;
                                                                    if (_487)
                                                                    {
                                                                        _488 = (k / 2u) * 1u;
                                                                    }
                                                                    else
                                                                    {
                                                                        _488 = 0u;
                                                                    }
                                                                    _478 = _488;
                                                                }
                                                                _468 = _478;
                                                            }
                                                            _459 = _468;
                                                        }
                                                        _449 = _459;
                                                    }
                                                    _440 = _449;
                                                }
                                                _431 = _440;
                                            }
                                            _422 = _431;
                                        }
                                        _413 = _422;
                                    }
                                    _404 = _413;
                                }
                                _394 = _404;
                            }
                            _384 = _394;
                        }
                        _374 = _384;
                    }
                    _364 = _374;
                }
                _356 = _364;
            }
            _348 = _356;
        }
        _340 = _348;
    }
    return _340;
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
    uint _2665;
    _Pragma("clang loop unroll(full)")
    for (uint i_1 = 0u; i_1 < 1u; i_1++)
    {
        uint column = ((i_1 * 256u) + me) / 2u;
        second = column >= 64u;
        if (second)
        {
            _2665 = push.offset.z;
        }
        else
        {
            _2665 = push.offset.y;
        }
        start_w[i_1] = (2u * _2665) + (min((first_j + (column % 64u)), (push.n - 1u)) * halves);
    }
}

static inline __attribute__((always_inline))
uint4 four_words(thread const uint& at, thread bool& second, const device Second1& _320, const device Weights1& _330)
{
    if (second)
    {
        return uint4(*(const device packed_uint4*)&_320.second1[at]);
    }
    return uint4(*(const device packed_uint4*)&_330.weights1[at]);
}

static inline __attribute__((always_inline))
uint weight_word(thread const uint& i, thread bool& second, const device Second1& _320, const device Weights1& _330)
{
    if (second)
    {
        return _320.second1[i];
    }
    return _330.weights1[i];
}

static inline __attribute__((always_inline))
uint numbers_at(thread const uint& row, thread const uint& s, thread const uint& p)
{
    uint _1596;
    if (_1595)
    {
        _1596 = ((row + (17u * s)) + 1u) + (8u * p);
    }
    else
    {
        uint _1609;
        if (_1608)
        {
            _1609 = ((row + (9u * s)) + 1u) + (4u * p);
        }
        else
        {
            _1609 = (((row + ((s / 8u) * 105u)) + (32u * ((s / 4u) & 1u))) + (16u * (s & 1u))) + (8u * p);
        }
        _1596 = _1609;
    }
    return _1596;
}

static inline __attribute__((always_inline))
Window window_at(thread const uint& at, thread bool& second, const device Second1& _320, const device Weights1& _330, constant Push& push)
{
    uint _1477;
    if (second)
    {
        _1477 = push.offset.z;
    }
    else
    {
        _1477 = push.offset.y;
    }
    uint param = push.k;
    uint end = _1477 + (((push.n * row_halves(param)) + 1u) / 2u);
    Window w = Window{ uint4(0u), uint4(0u) };
    if ((at + 5u) <= end)
    {
        uint param_1 = at;
        w.a = four_words(param_1, second, _320, _330);
        uint param_2 = at + 4u;
        w.b.x = weight_word(param_2, second, _320, _330);
    }
    else
    {
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_3 = min((at + i), (end - 1u));
            w.a[i] = weight_word(param_3, second, _320, _330);
        }
        uint param_4 = min((at + 4u), (end - 1u));
        w.b.x = weight_word(param_4, second, _320, _330);
    }
    return w;
}

static inline __attribute__((always_inline))
void load_part(thread Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, thread bool& second, const device Second1& _320, const device Weights1& _330, constant Push& push)
{
    if (_1642)
    {
        uint last = ((row + push.k) - 1u) / 2u;
        uint at = ((row + (32u * s)) + (16u * p)) / 2u;
        if ((at + 8u) <= last)
        {
            uint param = at;
            uint param_1 = at + 4u;
            v.numbers = Window{ four_words(param, second, _320, _330), four_words(param_1, second, _320, _330) };
            uint param_2 = at + 8u;
            v.scale = weight_word(param_2, second, _320, _330);
            return;
        }
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_3 = min((at + i), last);
            v.numbers.a[i] = weight_word(param_3, second, _320, _330);
            uint param_4 = min(((at + 4u) + i), last);
            v.numbers.b[i] = weight_word(param_4, second, _320, _330);
        }
        uint param_5 = min((at + 8u), last);
        v.scale = weight_word(param_5, second, _320, _330);
    }
    else
    {
        if (_1721)
        {
            uint param_6 = row;
            uint param_7 = s;
            uint param_8 = p;
            uint param_9 = (numbers_at(param_6, param_7, param_8) - 1u) / 2u;
            v.numbers = window_at(param_9, second, _320, _330, push);
        }
        else
        {
            if (_1737)
            {
                uint param_10 = (row / 2u) + (5u * s);
                v.numbers = window_at(param_10, second, _320, _330, push);
            }
            else
            {
                if (_1749)
                {
                    uint at_1 = (row / 2u) + ((s / 8u) * 36u);
                    uint numbers = ((at_1 + 4u) + (((s & 7u) / 2u) * 8u)) + (4u * p);
                    uint _1774;
                    if (second)
                    {
                        _1774 = push.offset.z;
                    }
                    else
                    {
                        _1774 = push.offset.y;
                    }
                    bool whole = (_1774 & 3u) == 0u;
                    if ((s & 7u) == 0u)
                    {
                        uint param_11 = at_1;
                        v.more.a = four_words(param_11, second, _320, _330);
                    }
                    if ((s & 1u) == 0u)
                    {
                        uint param_12 = numbers;
                        v.numbers.a = four_words(param_12, second, _320, _330);
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
                    v.numbers = window_at(param_16, second, _320, _330, push);
                    if ((s & 3u) == 0u)
                    {
                        uint param_17 = (((block + 64u) + (16u * half_)) + (8u * p)) / 2u;
                        v.more = window_at(param_17, second, _320, _330, push);
                        uint param_18 = scales;
                        uint param_19 = scales + 1u;
                        uint param_20 = scales + 2u;
                        v.scales = uint3(weight_word(param_18, second, _320, _330), weight_word(param_19, second, _320, _330), weight_word(param_20, second, _320, _330));
                        uint param_21 = (block / 2u) + 52u;
                        v.scale = weight_word(param_21, second, _320, _330);
                    }
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
Sixteen load_minima(thread const uint& row, thread const uint& s, thread const uint& p, thread bool& second, const device Second1& _320, const device Weights1& _330, constant Push& push)
{
    Sixteen v;
    v.numbers = Window{ uint4(0u), uint4(0u) };
    v.more = Window{ uint4(0u), uint4(0u) };
    v.scales = uint3(0u);
    v.scale = 0u;
    if (_2379)
    {
        uint blocks_1 = slices_of_k(push);
        uint _2404;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 16u; i++)
        {
            uint block = ((32u * s) + (16u * p)) + i;
            if (block < blocks_1)
            {
                uint param = (row / 2u) + (5u * block);
                _2404 = weight_word(param, second, _320, _330) >> 16u;
            }
            else
            {
                _2404 = 0u;
            }
            uint minimum = _2404;
            if (i < 8u)
            {
                uint _2422 = i / 2u;
                v.numbers.a[_2422] |= (minimum << (16u * (i & 1u)));
            }
            else
            {
                uint _2435 = (i / 2u) - 4u;
                v.numbers.b[_2435] |= (minimum << (16u * (i & 1u)));
            }
        }
    }
    else
    {
        if (_2448)
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
                v.more.a = uint4(weight_word(param_1, second, _320, _330), weight_word(param_2, second, _320, _330), weight_word(param_3, second, _320, _330), weight_word(param_4, second, _320, _330));
            }
            uint _2497;
            if (other < blocks_2)
            {
                uint param_5 = (row / 2u) + (36u * other);
                _2497 = weight_word(param_5, second, _320, _330);
            }
            else
            {
                _2497 = 0u;
            }
            v.scale = _2497;
        }
    }
    return v;
}

static inline __attribute__((always_inline))
void load_slice(thread const uint& s, thread const uint& slices_k, thread bool& second, const device Second1& _320, const device Weights1& _330, constant Push& push, device Work4& _1011, thread uint3& gl_LocalInvocationID, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1])
{
    uint p = gl_LocalInvocationID.x & 1u;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 2u; i++)
    {
        next_x[i] = _1011.work4[start_x[i] + (s * 512u)];
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
            load_part(param, param_1, param_2, param_3, second, _320, _330, push);
            next_w[i_1] = param;
        }
        else
        {
            uint param_4 = start_w[i_1];
            uint param_5 = s - slices_k;
            uint param_6 = p;
            next_w[i_1] = load_minima(param_4, param_5, param_6, second, _320, _330, push);
        }
    }
}

static inline __attribute__((always_inline))
uint4 shifted(thread const uint& h, thread const uint4& v, thread const uint& next)
{
    uint4 _1555;
    if ((h & 1u) != 0u)
    {
        _1555 = (v >> uint4(16u)) | (uint4(v.yzw, next) << uint4(16u));
    }
    else
    {
        _1555 = v;
    }
    return _1555;
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
    uint4 _1584 = words_of(param, param_1, param_2);
    uint next = param_2;
    uint4 v = _1584;
    uint param_3 = h;
    uint4 param_4 = v;
    uint param_5 = next;
    return shifted(param_3, param_4, param_5);
}

static inline __attribute__((always_inline))
uint4 bytes_of(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p)
{
    if (_1872)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = p;
        uint h = numbers_at(param, param_1, param_2);
        Window param_3 = v.numbers;
        uint param_4 = (h - 1u) / 2u;
        uint param_5;
        uint4 _1893 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint4 words = _1893;
        uint4 _1898;
        if ((h & 1u) != 0u)
        {
            uint param_6 = 1u;
            uint4 param_7 = words;
            uint param_8 = next;
            _1898 = shifted(param_6, param_7, param_8);
        }
        else
        {
            _1898 = uint4(words.yzw, next);
        }
        words = _1898;
        uint4 _1917;
        if (_1916)
        {
            _1917 = words ^ uint4(2155905152u);
        }
        else
        {
            _1917 = uint4(words.xy, words.xy >> uint2(4u)) & uint4(252645135u);
        }
        return _1917;
    }
    if (_1941)
    {
        Window param_9 = v.numbers;
        uint param_10 = (row / 2u) + (5u * s);
        uint param_11;
        uint4 _1956 = words_of(param_9, param_10, param_11);
        uint next_1 = param_11;
        uint4 words_1 = _1956;
        uint2 _1962;
        if (p == 0u)
        {
            _1962 = words_1.yz;
        }
        else
        {
            _1962 = uint2(words_1.w, next_1);
        }
        uint2 two = _1962;
        return uint4(two, two >> uint2(4u)) & uint4(252645135u);
    }
    if (_1985)
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
    float zero = _2087;
    uint low = (bytes & 255u) | ((bytes & 65280u) << 8u);
    uint high = ((bytes >> 16u) & 255u) | ((bytes & 4278190080u) >> 8u);
    return uint2(as_type<uint>(as_type<half2>(low | 1677747200u) - half2(half(zero))), as_type<uint>(as_type<half2>(high | 1677747200u) - half2(half(zero))));
}

static inline __attribute__((always_inline))
void decode_part(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, thread uint4& first, thread uint4& second_, constant Push& push)
{
    if (_2128)
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
        uint _2175;
        uint _2186;
        uint _2204;
        uint _2216;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            if (left > ((2u * i) + 1u))
            {
                _2175 = first[i];
            }
            else
            {
                if (left > (2u * i))
                {
                    _2186 = first[i] & 65535u;
                }
                else
                {
                    _2186 = 0u;
                }
                _2175 = _2186;
            }
            first[i] = _2175;
            if (left > ((2u * i) + 9u))
            {
                _2204 = second_[i];
            }
            else
            {
                if (left > ((2u * i) + 8u))
                {
                    _2216 = second_[i] & 65535u;
                }
                else
                {
                    _2216 = 0u;
                }
                _2204 = _2216;
            }
            second_[i] = _2204;
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
    float2 _544;
    if (i < 4u)
    {
        _544 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _544 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _544;
}

static inline __attribute__((always_inline))
float part_scale(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p)
{
    if (_2268)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = 0u;
        uint h = numbers_at(param, param_1, param_2) - 1u;
        Window param_3 = v.numbers;
        uint param_4 = h / 2u;
        uint param_5;
        uint4 _2287 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint param_6 = h;
        uint param_7 = _2287.x;
        return float_of(param_6, param_7);
    }
    if (_2295)
    {
        Window param_8 = v.numbers;
        uint param_9 = (row / 2u) + (5u * s);
        uint param_10;
        uint4 _2309 = words_of(param_8, param_9, param_10);
        uint next_1 = param_10;
        return float2(as_type<half2>(_2309.x)).x;
    }
    if (_2315)
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
    uint _2062;
    if (_2061)
    {
        _2062 = p + (2u * i);
    }
    else
    {
        _2062 = (2u * p) + i;
    }
    return _2062;
}

static inline __attribute__((always_inline))
float minima_scale(thread const Sixteen& v)
{
    float _2514;
    if (_2513)
    {
        _2514 = fast::max(abs(float2(as_type<half2>(v.more.a.x)).y), abs(float2(as_type<half2>(v.scale)).y));
    }
    else
    {
        _2514 = 1.0;
    }
    return _2514;
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
    if (_2536)
    {
        Sixteen param = v;
        float most = minima_scale(param);
        float _2546;
        if (most > 0.0)
        {
            _2546 = (-float2(as_type<half2>(v.more.a.x)).y) / most;
        }
        else
        {
            _2546 = 0.0;
        }
        float ratio = _2546;
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
    float _2852;
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
            if (_2851)
            {
                _2852 = 1.0;
            }
            else
            {
                Sixteen param_6 = next_w[i_1];
                uint param_7 = start_w[i_1];
                uint param_8 = s;
                uint param_9 = p;
                _2852 = part_scale(param_6, param_7, param_8, param_9);
            }
            scale = _2852;
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
        bool _2928;
        if (_2919)
        {
            _2928 = (p == 0u) || _2926;
        }
        else
        {
            _2928 = _2919;
        }
        if (_2928)
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
                simdgroup_half8x8 _3025;
                simdgroup_load(_3025, reinterpret_cast<threadgroup half*>(&tile_w[((right + (j * 8u)) * 5u) + (((e * PART_STEPS) + t) * 1u)]), (5u) * 8u, ulong2(0), true);
                simdgroup_half8x8 tempArg = _3025;
                b[(j * 4u) + t] = tempArg;
            }
        }
        if (_3038)
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
                simdgroup_float8x8 _3117;
                simdgroup_load(_3117, reinterpret_cast<threadgroup float*>(&pool[((down + (i * 8u)) * 9u) + ((((e * PART_STEPS) + t_1) * 2u) * 1u)]), (9u) * 4u);
                simdgroup_float8x8 tempArg_1 = _3117;
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
                    if (_3148)
                    {
                        simdgroup_float8x8 _3174;
                        simdgroup_multiply_accumulate(_3174, a[t_2], b[(j_1 * 4u) + t_2], sums[(i * 4u) + j_1]);
                        sums[(i * 4u) + j_1] = _3174;
                    }
                    else
                    {
                        simdgroup_float8x8 _3187;
                        simdgroup_multiply_accumulate(_3187, a[t_2], b[(j_1 * 4u) + t_2], block);
                        block = _3187;
                    }
                }
            }
            if (_3191)
            {
                uint _3197 = (i * 4u) + j_1;
                simdgroup_float8x8 param = sums[_3197];
                simdgroup_float8x8 param_1 = block;
                float2 param_2 = scales[j_1];
                add_scaled(param, param_1, param_2);
                sums[_3197] = param;
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
    if (_3220)
    {
        uint param_3 = down;
        uint param_4 = right;
        uint param_5 = 1u;
        multiply_part(param_3, param_4, param_5, pool, tile_w, tile_scales, columns, sums);
    }
}

static inline __attribute__((always_inline))
void finish_gated(thread const uint& r, thread const uint& j, thread const float4& gate, thread const float4& up, constant Push& push, device Y4& _812, device Y1& _838)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    float param = gate.x;
    float param_1 = gate.y;
    float param_2 = gate.z;
    float param_3 = gate.w;
    float4 v = float4(silu(param), silu(param_1), silu(param_2), silu(param_3)) * up;
    bool _797 = (to & 3u) == 0u;
    bool _806;
    if (_797)
    {
        _806 = (j + 4u) <= push.n;
    }
    else
    {
        _806 = _797;
    }
    if (_806)
    {
        _812.y4[to / 4u] = v;
        return;
    }
    uint e = 0u;
    _Pragma("clang loop unroll(disable)")
    for (;;)
    {
        bool _825 = e < 4u;
        bool _834;
        if (_825)
        {
            _834 = (j + e) < push.n;
        }
        else
        {
            _834 = _825;
        }
        if (_834)
        {
            _838.y1[to + e] = v[e];
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
void finish_tile(thread const uint& first_r, thread const uint& first_j, thread const uint& first_c, thread uint& gl_SubgroupID, constant Push& push, device Y4& _812, device Y1& _838, threadgroup uint4 (&pool)[576], device Work1& _1314, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
{
    uint base = (gl_SubgroupID * 8u) * 8u;
    uint lane = gl_SubgroupInvocationID;
    uint _3276;
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
            _3276 = base - 256u;
        }
        else
        {
            _3276 = base;
        }
        uint gate = _3276;
        uint other = gate + 256u;
        threadgroup_barrier(mem_flags::mem_threadgroup);
        uint _3291 = lane + (up ? 32u : 0u);
        _Pragma("clang loop unroll(disable)")
        for (uint t = _3291; t < 64u; t += 64u)
        {
            uint r = (first_r + (i * 8u)) + (t / 8u);
            uint j_1 = (first_j + (first_c % 64u)) + (4u * (t % 8u));
            bool _3319 = r < push.rows;
            bool _3326;
            if (_3319)
            {
                _3326 = j_1 < push.n;
            }
            else
            {
                _3326 = _3319;
            }
            if (_3326)
            {
                float factor = _1314.work1[r];
                float4 v = as_type<float4>(pool[gate + t]) * factor;
                float4 w = as_type<float4>(pool[other + t]) * factor;
                uint param = r;
                uint param_1 = j_1;
                float4 param_2 = v;
                float4 param_3 = w;
                finish_gated(param, param_1, param_2, param_3, push, _812, _838);
            }
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
    }
}

static inline __attribute__((always_inline))
void matrix_tiles(thread bool& second, thread uint& gl_SubgroupID, const device Second1& _320, const device Weights1& _330, constant Push& push, device Y4& _812, device Y1& _838, threadgroup uint4 (&pool)[576], device Work4& _1011, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1314, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1], threadgroup uint4 (&tile_w)[640], threadgroup float (&tile_scales)[256], thread uint2& columns, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
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
        uint _3394 = ceil_div(param, param_1);
        if (tile_j < _3394)
        {
            uint tile_r = (push.first.xyz + gl_WorkGroupID).x;
            for (;;)
            {
                uint param_2 = push.rows;
                uint param_3 = 64u;
                uint _3413 = ceil_div(param_2, param_3);
                if (tile_r < _3413)
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
                    load_slice(param_6, param_7, second, _320, _330, push, _1011, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    uint param_8 = min(first, (count - 1u));
                    uint param_9 = slices_k;
                    put_slice(param_8, param_9, push, pool, gl_LocalInvocationID, start_w, next_x, next_w, tile_w, tile_scales);
                    uint param_10 = min((first + 1u), (count - 1u));
                    uint param_11 = slices_k;
                    load_slice(param_10, param_11, second, _320, _330, push, _1011, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
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
                        load_slice(param_16, param_17, second, _320, _330, push, _1011, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                        threadgroup_barrier(mem_flags::mem_threadgroup);
                    }
                    uint param_18 = (tile_r * 64u) + down;
                    uint param_19 = tile_j * 64u;
                    uint param_20 = right;
                    finish_tile(param_18, param_19, param_20, gl_SubgroupID, push, _812, _838, pool, _1314, sums, gl_SubgroupInvocationID);
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

kernel void zc_linear_gated_matrix(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device Weights1& _330 [[buffer(2)]], const device Second1& _320 [[buffer(3)]], const device void* spvBufferAliasSet0Binding4 [[buffer(4)]], device void* spvBufferAliasSet0Binding5 [[buffer(5)]], device void* spvBufferAliasSet0Binding6 [[buffer(6)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]])
{
    const device auto& _588 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& _668 = *(const device Norm4*)spvBufferAliasSet0Binding4;
    device auto& _812 = *(device Y4*)spvBufferAliasSet0Binding5;
    device auto& _1011 = *(device Work4*)spvBufferAliasSet0Binding6;
    const device auto& _600 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& _677 = *(const device Norm1*)spvBufferAliasSet0Binding4;
    device auto& _838 = *(device Y1*)spvBufferAliasSet0Binding5;
    device auto& _1314 = *(device Work1*)spvBufferAliasSet0Binding6;
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
    if (_3518)
    {
        input_rows(group_partial, gl_SubgroupID, gl_NumSubgroups, _588, _600, push, _668, _677, pool, _1011, gl_LocalInvocationID, gl_WorkGroupID, _1314);
    }
    else
    {
        matrix_tiles(second, gl_SubgroupID, _320, _330, push, _812, _838, pool, _1011, gl_LocalInvocationID, gl_WorkGroupID, _1314, start_x, start_w, next_x, next_w, tile_w, tile_scales, columns, sums, gl_SubgroupInvocationID);
    }
}

