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

struct Weights4
{
    uint4 weights4[1];
};

constant uint variant_tmp [[function_constant(0)]];
constant uint variant = is_function_constant_defined(variant_tmp) ? variant_tmp : 0u;
constant uint type = (variant % 8u);
constant bool _616 = (type == 0u);
constant bool _624 = (type == 1u);
constant bool _632 = (type == 2u);
constant bool _640 = (type == 3u);
constant bool _650 = (type == 4u);
constant bool _660 = (type == 5u);
constant bool _670 = (type == 6u);
constant bool _680 = (type == 7u);

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

constant uint _884 = (variant / 8u);
constant uint input_ = (_884 % 3u);
constant bool gated = (input_ == 2u);
constant bool normed = (input_ == 1u);
constant bool _952 = (type == 5u);
constant bool _961 = (type == 6u);

struct Work4
{
    uint4 work4[1];
};

constant bool _1142 = (type == 5u);
constant bool _1143 = (type == 6u);
constant bool _1144 = (_1142 || _1143);
constant bool _1179 = (type == 5u);
constant uint blocks = _1179 ? 4u : 2u;
constant uint _1185 = (32u / blocks);
constant uint _1207 = (8u * blocks);
constant uint _1212 = (8u * blocks);
constant bool _1227 = (type == 5u);

struct Work1
{
    float work1[1];
};

constant bool _1495 = (type == 5u);
constant bool _1496 = (type == 6u);
constant bool _1497 = (_1495 || _1496);
constant bool _1506 = (type == 5u);
constant uint _1507 = _1506 ? 4u : 2u;
constant bool _1717 = (type == 3u);
constant bool _1730 = (type == 4u);
constant bool _1764 = (type == 1u);
constant bool _1820 = (type == 3u);
constant bool _1821 = (type == 4u);
constant bool _1822 = (_1820 || _1821);
constant bool _1838 = (type == 5u);
constant bool _1850 = (type == 6u);
constant bool _2008 = (type == 3u);
constant bool _2009 = (type == 4u);
constant bool _2010 = (_2008 || _2009);
constant bool _2054 = (type == 3u);
constant bool _2079 = (type == 5u);
constant bool _2122 = (type == 6u);
constant bool _2196 = (type == 4u);
constant bool _2197 = (type == 5u);
constant bool _2198 = (_2196 || _2197);
constant bool _2215 = (type == 3u);
constant bool _2217 = (type == 4u);
constant bool _2219 = (type == 7u);
constant float _2222 = _2219 ? 1056.0 : 1024.0;
constant float _2223 = _2217 ? 1032.0 : _2222;
constant float _2224 = _2215 ? 1152.0 : _2223;
constant bool _2265 = (type == 1u);
constant bool _2403 = (type == 3u);
constant bool _2404 = (type == 4u);
constant bool _2405 = (_2403 || _2404);
constant bool _2432 = (type == 5u);
constant bool _2452 = (type == 6u);
constant bool _2518 = (type == 5u);
constant bool _2587 = (type == 6u);
constant bool _2652 = (type == 6u);
constant bool _2675 = (type == 6u);
constant bool _2974 = (type == 1u);
constant bool _3041 = (type == 1u);
constant bool _3042 = (!_3041);
constant bool _3047 = (type == 7u);
constant uint SCALES = _3047 ? 2u : 1u;
constant bool _3049 = (SCALES == 2u);
constant bool _3148 = (type == 1u);
constant bool _3149 = (!_3148);
constant bool _3262 = (type == 1u);
constant bool _3327 = (SCALES == 2u);
constant uint way = (variant / 24u);
constant bool _3599 = (way == 8u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

constant float _1199[4] = { 0.0, 0.0, 0.0, 0.0 };

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
float4 x_at(thread const uint& i, thread const uint& count, const device X4& _774, const device X1& _785)
{
    if (((i & 3u) == 0u) && (count >= 4u))
    {
        return _774.x4[i / 4u];
    }
    float4 v = float4(0.0);
    v.x = _785.x1[i];
    if (count > 1u)
    {
        v.y = _785.x1[i + 1u];
    }
    if (count > 2u)
    {
        v.z = _785.x1[i + 2u];
    }
    if (count > 3u)
    {
        v.w = _785.x1[i + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
float4 norm_at(thread const uint& i, constant Push& push, const device Norm4& _848, const device Norm1& _857)
{
    uint at = push.offset.w + i;
    uint last = (push.offset.w + push.k) - 1u;
    bool _835 = (at & 3u) == 0u;
    bool _842;
    if (_835)
    {
        _842 = (at + 3u) <= last;
    }
    else
    {
        _842 = _835;
    }
    if (_842)
    {
        return _848.norm4[at / 4u];
    }
    return float4(_857.norm1[min(at, last)], _857.norm1[min((at + 1u), last)], _857.norm1[min((at + 2u), last)], _857.norm1[min((at + 3u), last)]);
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
float4 input_quad(thread const uint& r, thread const uint& q, thread float& squares, constant Push& push, const device X4& _774, const device X1& _785, const device Norm4& _848, const device Norm1& _857)
{
    if ((4u * q) >= push.k)
    {
        return float4(0.0);
    }
    uint at = (push.offset.x + (r * push.ldx)) + (4u * q);
    uint count = push.k - (4u * q);
    float4 _1066;
    if (gated)
    {
        uint param = at + push.k;
        uint param_1 = count;
        _1066 = x_at(param, param_1, _774, _785);
    }
    else
    {
        _1066 = float4(0.0);
    }
    float4 up = _1066;
    float4 _1080;
    if (normed)
    {
        uint param_2 = 4u * q;
        _1080 = norm_at(param_2, push, _848, _857);
    }
    else
    {
        _1080 = float4(1.0);
    }
    float4 factor = _1080;
    uint param_3 = at;
    uint param_4 = count;
    float4 param_5 = x_at(param_3, param_4, _774, _785);
    float4 param_6 = up;
    float4 param_7 = factor;
    float param_8 = squares;
    float4 _1102 = input_of(param_5, param_6, param_7, param_8);
    squares = param_8;
    return _1102;
}

static inline __attribute__((always_inline))
uint group_max_bits(thread uint& bits, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, threadgroup uint4 (&pool)[576])
{
    bits = simd_max(bits);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _1009 = simd_is_first();
    if (_1009)
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
    bool _258 = simd_is_first();
    if (_258)
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
    float _927;
    if (push.k != 0u)
    {
        _927 = rsqrt((squares / float(push.k)) + push.eps);
    }
    else
    {
        _927 = 0.0;
    }
    return _927;
}

static inline __attribute__((always_inline))
uint slices_of_minima(constant Push& push)
{
    uint _953;
    if (_952)
    {
        uint param = slices_of_k(push);
        uint param_1 = 32u;
        _953 = ceil_div(param, param_1);
    }
    else
    {
        uint _962;
        if (_961)
        {
            uint param_2 = push.k;
            uint param_3 = 512u;
            _962 = ceil_div(param_2, param_3);
        }
        else
        {
            _962 = 0u;
        }
        _953 = _962;
    }
    return _953;
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
void put_halves(thread const uint& at, thread const uint& q, thread const float4& v, device Work4& _1109)
{
    _1109.work4[(at + ((q / 8u) * 512u)) + (q & 7u)] = as_type<uint4>(v);
}

static inline __attribute__((always_inline))
void put_quads(thread const uint& start, thread const uint& minima, thread const uint& base, thread const uint& quads, thread const float4& v, constant Push& push, threadgroup uint4 (&pool)[576], device Work4& _1109, thread uint3& gl_LocalInvocationID)
{
    uint me = gl_LocalInvocationID.x;
    if ((base + me) < quads)
    {
        uint param = start;
        uint param_1 = base + me;
        float4 param_2 = v;
        put_halves(param, param_1, param_2, _1109);
    }
    if (_1144)
    {
        uint turn = base & 256u;
        float _1158;
        if ((base + me) < quads)
        {
            _1158 = ((v.x + v.y) + v.z) + v.w;
        }
        else
        {
            _1158 = 0.0;
        }
        ((threadgroup uint*)&pool[turn + me])[0u] = as_type<uint>(_1158);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        uint m = ((base / 8u) / blocks) + me;
        bool _1186 = me < _1185;
        bool _1193;
        if (_1186)
        {
            _1193 = m < (slices_of_minima(push) * 8u);
        }
        else
        {
            _1193 = _1186;
        }
        if (_1193)
        {
            float sums[4] = { 0.0, 0.0, 0.0, 0.0 };
            for (uint i = 0u; i < _1207; i++)
            {
                uint _1210 = i / 8u;
                sums[_1210] += as_type<float>(((threadgroup uint*)&pool[(turn + (_1212 * me)) + i])[0u]);
            }
            float4 _1228;
            if (_1227)
            {
                _1228 = float4(sums[0], sums[1], sums[2], sums[3]);
            }
            else
            {
                _1228 = float4(sums[0], sums[0], sums[1], sums[1]);
            }
            uint param_3 = minima;
            uint param_4 = m;
            float4 param_5 = _1228;
            put_halves(param_3, param_4, param_5, _1109);
        }
    }
}

static inline __attribute__((always_inline))
void input_rows(threadgroup float (&group_partial)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, constant Push& push, const device X4& _774, const device X1& _785, const device Norm4& _848, const device Norm1& _857, threadgroup uint4 (&pool)[576], device Work4& _1109, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1411)
{
    uint me = gl_LocalInvocationID.x;
    uint quads = slices_of_k(push) * 8u;
    uint3 _1272 = push.first.xyz + gl_WorkGroupID;
    uint _1273 = _1272.x;
    float4 kept[4];
    float _1376;
    for (uint r = _1273; r < push.rows; r += push.groups.x)
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
            float4 _1307 = input_quad(param, param_1, param_2, push, _774, _785, _848, _857);
            squares = param_2;
            kept[i] = _1307;
            uint4 v = as_type<uint4>(kept[i]) & uint4(2147483647u);
            bits = max(bits, max(max(v.x, v.y), max(v.z, v.w)));
        }
        uint _1336 = 1024u + me;
        for (uint q = _1336; q < quads; q += 256u)
        {
            uint param_3 = r;
            uint param_4 = q;
            float param_5 = squares;
            float4 _1352 = input_quad(param_3, param_4, param_5, push, _774, _785, _848, _857);
            squares = param_5;
            uint4 v_1 = as_type<uint4>(_1352) & uint4(2147483647u);
            bits = max(bits, max(max(v_1.x, v_1.y), max(v_1.z, v_1.w)));
        }
        uint param_6 = bits;
        uint _1374 = group_max_bits(param_6, gl_SubgroupID, gl_NumSubgroups, pool);
        bits = _1374;
        if (normed)
        {
            float param_7 = squares;
            float _1381 = group_sum(param_7, group_partial, gl_SubgroupID, gl_NumSubgroups);
            float param_8 = _1381;
            _1376 = norm_scale(param_8, push);
        }
        else
        {
            _1376 = 1.0;
        }
        float factor = _1376;
        int power = clamp(136 - int(bits >> 23u), -118, 100);
        float scale = as_type<float>(uint(127 + power) << 23u);
        if (me == 0u)
        {
            _1411.work1[r] = factor * as_type<float>(uint(127 - power) << 23u);
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
                put_quads(param_10, param_11, param_12, param_13, param_14, push, pool, _1109, gl_LocalInvocationID);
            }
        }
        for (uint base = 1024u; base < quads; base += 256u)
        {
            uint param_15 = r;
            uint param_16 = base + me;
            float param_17 = unused;
            float4 _1480 = input_quad(param_15, param_16, param_17, push, _774, _785, _848, _857);
            unused = param_17;
            uint param_18 = start;
            uint param_19 = minima;
            uint param_20 = base;
            uint param_21 = quads;
            float4 param_22 = _1480 * scale;
            put_quads(param_18, param_19, param_20, param_21, param_22, push, pool, _1109, gl_LocalInvocationID);
        }
        if (_1497)
        {
            uint param_23 = quads;
            uint param_24 = 256u;
            uint covered = (ceil_div(param_23, param_24) * 32u) / _1507;
            uint _1512 = covered + me;
            for (uint m = _1512; m < (slices_of_minima(push) * 8u); m += 256u)
            {
                uint param_25 = minima;
                uint param_26 = m;
                float4 param_27 = float4(0.0);
                put_halves(param_25, param_26, param_27, _1109);
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
    simdgroup_float8x8 _3091;
    simdgroup_load(_3091, reinterpret_cast<threadgroup float*>(&pool[0u]), (2u) * 4u);
    simdgroup_float8x8 tempArg = _3091;
    simdgroup_float8x8 numbers = tempArg;
    simdgroup_float8x8 param = numbers;
    columns = uint2(elements_of(param));
}

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    uint _617;
    if (_616)
    {
        _617 = (k / 1u) * 2u;
    }
    else
    {
        uint _625;
        if (_624)
        {
            _625 = (k / 1u) * 1u;
        }
        else
        {
            uint _633;
            if (_632)
            {
                _633 = (k / 1u) * 1u;
            }
            else
            {
                uint _641;
                if (_640)
                {
                    _641 = (k / 32u) * 17u;
                }
                else
                {
                    uint _651;
                    if (_650)
                    {
                        _651 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _661;
                        if (_660)
                        {
                            _661 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _671;
                            if (_670)
                            {
                                _671 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _681;
                                if (_680)
                                {
                                    _681 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    _681 = 0u;
                                }
                                _671 = _681;
                            }
                            _661 = _671;
                        }
                        _651 = _661;
                    }
                    _641 = _651;
                }
                _633 = _641;
            }
            _625 = _633;
        }
        _617 = _625;
    }
    return _617;
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
uint weight_word(thread const uint& i, const device Weights1& _597)
{
    return _597.weights1[i];
}

static inline __attribute__((always_inline))
uint numbers_at(thread const uint& row, thread const uint& s, thread const uint& p)
{
    uint _1718;
    if (_1717)
    {
        _1718 = ((row + (17u * s)) + 1u) + (8u * p);
    }
    else
    {
        uint _1731;
        if (_1730)
        {
            _1731 = ((row + (9u * s)) + 1u) + (4u * p);
        }
        else
        {
            _1731 = (((row + ((s / 8u) * 105u)) + (32u * ((s / 4u) & 1u))) + (16u * (s & 1u))) + (8u * p);
        }
        _1718 = _1731;
    }
    return _1718;
}

static inline __attribute__((always_inline))
uint4 weight_words(thread const uint& i, const device Weights4& _607)
{
    return _607.weights4[i];
}

static inline __attribute__((always_inline))
Window window_at(thread const uint& at, constant Push& push, const device Weights1& _597, const device Weights4& _607)
{
    uint v = at / 4u;
    uint param = push.k;
    uint end = push.offset.y + (((push.n * row_halves(param)) + 1u) / 2u);
    Window w;
    if (((4u * v) + 8u) <= end)
    {
        uint param_1 = v;
        w.a = weight_words(param_1, _607);
        uint param_2 = v + 1u;
        w.b = weight_words(param_2, _607);
    }
    else
    {
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_3 = min(((4u * v) + i), (end - 1u));
            w.a[i] = weight_word(param_3, _597);
            uint param_4 = min((((4u * v) + 4u) + i), (end - 1u));
            w.b[i] = weight_word(param_4, _597);
        }
    }
    return w;
}

static inline __attribute__((always_inline))
void load_part(thread Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, constant Push& push, const device Weights1& _597, const device Weights4& _607)
{
    if (_1764)
    {
        uint last = ((row + push.k) - 1u) / 2u;
        uint at = ((row + (32u * s)) + (16u * p)) / 2u;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param = min((at + i), last);
            v.numbers.a[i] = weight_word(param, _597);
            uint param_1 = min(((at + 4u) + i), last);
            v.numbers.b[i] = weight_word(param_1, _597);
        }
        uint param_2 = min((at + 8u), last);
        v.scale = weight_word(param_2, _597);
    }
    else
    {
        if (_1822)
        {
            uint param_3 = row;
            uint param_4 = s;
            uint param_5 = p;
            uint param_6 = (numbers_at(param_3, param_4, param_5) - 1u) / 2u;
            v.numbers = window_at(param_6, push, _597, _607);
        }
        else
        {
            if (_1838)
            {
                uint param_7 = (row / 2u) + (5u * s);
                v.numbers = window_at(param_7, push, _597, _607);
            }
            else
            {
                if (_1850)
                {
                    uint at_1 = (row / 2u) + ((s / 8u) * 36u);
                    uint numbers = ((at_1 + 4u) + (((s & 7u) / 2u) * 8u)) + (4u * p);
                    bool whole = (push.offset.y & 3u) == 0u;
                    if ((s & 7u) == 0u)
                    {
                        uint4 _1883;
                        if (whole)
                        {
                            uint param_8 = at_1 / 4u;
                            _1883 = weight_words(param_8, _607);
                        }
                        else
                        {
                            uint param_9 = at_1;
                            uint param_10 = at_1 + 1u;
                            uint param_11 = at_1 + 2u;
                            uint param_12 = at_1 + 3u;
                            _1883 = uint4(weight_word(param_9, _597), weight_word(param_10, _597), weight_word(param_11, _597), weight_word(param_12, _597));
                        }
                        v.more.a = _1883;
                    }
                    if ((s & 1u) == 0u)
                    {
                        uint4 _1915;
                        if (whole)
                        {
                            uint param_13 = numbers / 4u;
                            _1915 = weight_words(param_13, _607);
                        }
                        else
                        {
                            uint param_14 = numbers;
                            uint param_15 = numbers + 1u;
                            uint param_16 = numbers + 2u;
                            uint param_17 = numbers + 3u;
                            _1915 = uint4(weight_word(param_14, _597), weight_word(param_15, _597), weight_word(param_16, _597), weight_word(param_17, _597));
                        }
                        v.numbers.a = _1915;
                    }
                }
                else
                {
                    uint block = row + ((s / 8u) * 105u);
                    uint half_ = (s / 4u) & 1u;
                    uint scales = ((block + 96u) + (4u * half_)) / 2u;
                    uint param_18 = row;
                    uint param_19 = s;
                    uint param_20 = p;
                    uint param_21 = numbers_at(param_18, param_19, param_20) / 2u;
                    v.numbers = window_at(param_21, push, _597, _607);
                    if ((s & 3u) == 0u)
                    {
                        uint param_22 = (((block + 64u) + (16u * half_)) + (8u * p)) / 2u;
                        v.more = window_at(param_22, push, _597, _607);
                        uint param_23 = scales;
                        uint param_24 = scales + 1u;
                        uint param_25 = scales + 2u;
                        v.scales = uint3(weight_word(param_23, _597), weight_word(param_24, _597), weight_word(param_25, _597));
                        uint param_26 = (block / 2u) + 52u;
                        v.scale = weight_word(param_26, _597);
                    }
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
Sixteen load_minima(thread const uint& row, thread const uint& s, thread const uint& p, constant Push& push, const device Weights1& _597)
{
    Sixteen v;
    v.numbers = Window{ uint4(0u), uint4(0u) };
    v.more = Window{ uint4(0u), uint4(0u) };
    v.scales = uint3(0u);
    v.scale = 0u;
    if (_2518)
    {
        uint blocks_1 = slices_of_k(push);
        uint _2543;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 16u; i++)
        {
            uint block = ((32u * s) + (16u * p)) + i;
            if (block < blocks_1)
            {
                uint param = (row / 2u) + (5u * block);
                _2543 = weight_word(param, _597) >> 16u;
            }
            else
            {
                _2543 = 0u;
            }
            uint minimum = _2543;
            if (i < 8u)
            {
                uint _2561 = i / 2u;
                v.numbers.a[_2561] |= (minimum << (16u * (i & 1u)));
            }
            else
            {
                uint _2574 = (i / 2u) - 4u;
                v.numbers.b[_2574] |= (minimum << (16u * (i & 1u)));
            }
        }
    }
    else
    {
        if (_2587)
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
                v.more.a = uint4(weight_word(param_1, _597), weight_word(param_2, _597), weight_word(param_3, _597), weight_word(param_4, _597));
            }
            uint _2636;
            if (other < blocks_2)
            {
                uint param_5 = (row / 2u) + (36u * other);
                _2636 = weight_word(param_5, _597);
            }
            else
            {
                _2636 = 0u;
            }
            v.scale = _2636;
        }
    }
    return v;
}

static inline __attribute__((always_inline))
void load_slice(thread const uint& s, thread const uint& slices_k, constant Push& push, const device Weights1& _597, const device Weights4& _607, device Work4& _1109, thread uint3& gl_LocalInvocationID, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1])
{
    uint p = gl_LocalInvocationID.x & 1u;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 2u; i++)
    {
        next_x[i] = _1109.work4[start_x[i] + (s * 512u)];
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
            load_part(param, param_1, param_2, param_3, push, _597, _607);
            next_w[i_1] = param;
        }
        else
        {
            uint param_4 = start_w[i_1];
            uint param_5 = s - slices_k;
            uint param_6 = p;
            next_w[i_1] = load_minima(param_4, param_5, param_6, push, _597);
        }
    }
}

static inline __attribute__((always_inline))
uint4 shifted(thread const uint& h, thread const uint4& v, thread const uint& next)
{
    uint4 _1677;
    if ((h & 1u) != 0u)
    {
        _1677 = (v >> uint4(16u)) | (uint4(v.yzw, next) << uint4(16u));
    }
    else
    {
        _1677 = v;
    }
    return _1677;
}

static inline __attribute__((always_inline))
uint4 words_of(thread const Window& w, thread const uint& at, thread uint& next)
{
    bool two = (at & 2u) != 0u;
    bool one = (at & 1u) != 0u;
    uint4 _1615;
    if (two)
    {
        _1615 = uint4(w.a.zw, w.b.xy);
    }
    else
    {
        _1615 = w.a;
    }
    uint4 a = _1615;
    uint2 _1636;
    if (two)
    {
        _1636 = w.b.zw;
    }
    else
    {
        _1636 = w.b.xy;
    }
    uint2 b = _1636;
    uint _1648;
    if (one)
    {
        _1648 = b.y;
    }
    else
    {
        _1648 = b.x;
    }
    next = _1648;
    uint4 _1658;
    if (one)
    {
        _1658 = uint4(a.yzw, b.x);
    }
    else
    {
        _1658 = a;
    }
    return _1658;
}

static inline __attribute__((always_inline))
uint4 words_from(thread const Window& w, thread const uint& h)
{
    Window param = w;
    uint param_1 = h / 2u;
    uint param_2;
    uint4 _1706 = words_of(param, param_1, param_2);
    uint next = param_2;
    uint4 v = _1706;
    uint param_3 = h;
    uint4 param_4 = v;
    uint param_5 = next;
    return shifted(param_3, param_4, param_5);
}

static inline __attribute__((always_inline))
uint4 bytes_of(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p)
{
    if (_2010)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = p;
        uint h = numbers_at(param, param_1, param_2);
        Window param_3 = v.numbers;
        uint param_4 = (h - 1u) / 2u;
        uint param_5;
        uint4 _2031 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint4 words = _2031;
        uint4 _2036;
        if ((h & 1u) != 0u)
        {
            uint param_6 = 1u;
            uint4 param_7 = words;
            uint param_8 = next;
            _2036 = shifted(param_6, param_7, param_8);
        }
        else
        {
            _2036 = uint4(words.yzw, next);
        }
        words = _2036;
        uint4 _2055;
        if (_2054)
        {
            _2055 = words ^ uint4(2155905152u);
        }
        else
        {
            _2055 = uint4(words.xy, words.xy >> uint2(4u)) & uint4(252645135u);
        }
        return _2055;
    }
    if (_2079)
    {
        Window param_9 = v.numbers;
        uint param_10 = (row / 2u) + (5u * s);
        uint param_11;
        uint4 _2094 = words_of(param_9, param_10, param_11);
        uint next_1 = param_11;
        uint4 words_1 = _2094;
        uint2 _2099;
        if (p == 0u)
        {
            _2099 = words_1.yz;
        }
        else
        {
            _2099 = uint2(words_1.w, next_1);
        }
        uint2 two = _2099;
        return uint4(two, two >> uint2(4u)) & uint4(252645135u);
    }
    if (_2122)
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
    float zero = _2224;
    uint low = (bytes & 255u) | ((bytes & 65280u) << 8u);
    uint high = ((bytes >> 16u) & 255u) | ((bytes & 4278190080u) >> 8u);
    return uint2(as_type<uint>(as_type<half2>(low | 1677747200u) - half2(half(zero))), as_type<uint>(as_type<half2>(high | 1677747200u) - half2(half(zero))));
}

static inline __attribute__((always_inline))
void decode_part(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, thread uint4& first, thread uint4& second_, constant Push& push)
{
    if (_2265)
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
        uint _2312;
        uint _2323;
        uint _2341;
        uint _2353;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            if (left > ((2u * i) + 1u))
            {
                _2312 = first[i];
            }
            else
            {
                if (left > (2u * i))
                {
                    _2323 = first[i] & 65535u;
                }
                else
                {
                    _2323 = 0u;
                }
                _2312 = _2323;
            }
            first[i] = _2312;
            if (left > ((2u * i) + 9u))
            {
                _2341 = second_[i];
            }
            else
            {
                if (left > ((2u * i) + 8u))
                {
                    _2353 = second_[i] & 65535u;
                }
                else
                {
                    _2353 = 0u;
                }
                _2341 = _2353;
            }
            second_[i] = _2341;
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
    float2 _729;
    if (i < 4u)
    {
        _729 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _729 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _729;
}

static inline __attribute__((always_inline))
float part_scale(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p)
{
    if (_2405)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = 0u;
        uint h = numbers_at(param, param_1, param_2) - 1u;
        Window param_3 = v.numbers;
        uint param_4 = h / 2u;
        uint param_5;
        uint4 _2424 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint param_6 = h;
        uint param_7 = _2424.x;
        return float_of(param_6, param_7);
    }
    if (_2432)
    {
        Window param_8 = v.numbers;
        uint param_9 = (row / 2u) + (5u * s);
        uint param_10;
        uint4 _2446 = words_of(param_8, param_9, param_10);
        uint next_1 = param_10;
        return float2(as_type<half2>(_2446.x)).x;
    }
    if (_2452)
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
    uint _2199;
    if (_2198)
    {
        _2199 = p + (2u * i);
    }
    else
    {
        _2199 = (2u * p) + i;
    }
    return _2199;
}

static inline __attribute__((always_inline))
float minima_scale(thread const Sixteen& v)
{
    float _2653;
    if (_2652)
    {
        _2653 = fast::max(abs(float2(as_type<half2>(v.more.a.x)).y), abs(float2(as_type<half2>(v.scale)).y));
    }
    else
    {
        _2653 = 1.0;
    }
    return _2653;
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
    if (_2675)
    {
        Sixteen param = v;
        float most = minima_scale(param);
        float _2685;
        if (most > 0.0)
        {
            _2685 = (-float2(as_type<half2>(v.more.a.x)).y) / most;
        }
        else
        {
            _2685 = 0.0;
        }
        float ratio = _2685;
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
    float _2975;
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
            if (_2974)
            {
                _2975 = 1.0;
            }
            else
            {
                Sixteen param_6 = next_w[i_1];
                uint param_7 = start_w[i_1];
                uint param_8 = s;
                uint param_9 = p;
                _2975 = part_scale(param_6, param_7, param_8, param_9);
            }
            scale = _2975;
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
        bool _3051;
        if (_3042)
        {
            _3051 = (p == 0u) || _3049;
        }
        else
        {
            _3051 = _3042;
        }
        if (_3051)
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
void multiply_slice(thread const uint& down, thread const uint& right, threadgroup uint4 (&pool)[576], threadgroup uint4 (&tile_w)[640], threadgroup float (&tile_scales)[256], thread uint2& columns, thread simdgroup_float8x8 (&sums)[16])
{
    simdgroup_half8x8 b[16];
    float2 scales[8];
    _Pragma("clang loop unroll(full)")
    for (uint j = 0u; j < 4u; j++)
    {
        _Pragma("clang loop unroll(full)")
        for (uint t = 0u; t < 4u; t++)
        {
            simdgroup_half8x8 _3136;
            simdgroup_load(_3136, reinterpret_cast<threadgroup half*>(&tile_w[((right + (j * 8u)) * 5u) + (t * 1u)]), (5u) * 8u, ulong2(0), true);
            simdgroup_half8x8 tempArg = _3136;
            b[(j * 4u) + t] = tempArg;
        }
        if (_3149)
        {
            _Pragma("clang loop unroll(full)")
            for (uint e = 0u; e < 2u; e++)
            {
                if (e < SCALES)
                {
                    uint at = ((e * 128u) + right) + (j * 8u);
                    scales[(j * 2u) + e] = float2(tile_scales[at + columns.x], tile_scales[at + columns.y]);
                }
            }
        }
    }
    simdgroup_float8x8 a[4];
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 4u; i++)
    {
        _Pragma("clang loop unroll(full)")
        for (uint t_1 = 0u; t_1 < 4u; t_1++)
        {
            simdgroup_float8x8 _3235;
            simdgroup_load(_3235, reinterpret_cast<threadgroup float*>(&pool[((down + (i * 8u)) * 9u) + ((t_1 * 2u) * 1u)]), (9u) * 4u);
            simdgroup_float8x8 tempArg_1 = _3235;
            a[t_1] = tempArg_1;
        }
        _Pragma("clang loop unroll(full)")
        for (uint j_1 = 0u; j_1 < 4u; j_1++)
        {
            simdgroup_float8x8 block = simdgroup_float8x8(0.0);
            _Pragma("clang loop unroll(full)")
            for (uint t_2 = 0u; t_2 < 4u; t_2++)
            {
                if (_3262)
                {
                    simdgroup_float8x8 _3288;
                    simdgroup_multiply_accumulate(_3288, a[t_2], b[(j_1 * 4u) + t_2], sums[(i * 4u) + j_1]);
                    sums[(i * 4u) + j_1] = _3288;
                }
                else
                {
                    simdgroup_float8x8 _3301;
                    simdgroup_multiply_accumulate(_3301, a[t_2], b[(j_1 * 4u) + t_2], block);
                    block = _3301;
                    if ((t_2 + 1u) == 4u)
                    {
                        uint _3310 = (i * 4u) + j_1;
                        simdgroup_float8x8 param = sums[_3310];
                        simdgroup_float8x8 param_1 = block;
                        float2 param_2 = scales[((j_1 * 2u) + SCALES) - 1u];
                        add_scaled(param, param_1, param_2);
                        sums[_3310] = param;
                    }
                    else
                    {
                        bool _3333;
                        if (_3327)
                        {
                            _3333 = (t_2 + 1u) == 2u;
                        }
                        else
                        {
                            _3333 = _3327;
                        }
                        if (_3333)
                        {
                            uint _3339 = (i * 4u) + j_1;
                            simdgroup_float8x8 param_3 = sums[_3339];
                            simdgroup_float8x8 param_4 = block;
                            float2 param_5 = scales[j_1 * 2u];
                            add_scaled(param_3, param_4, param_5);
                            sums[_3339] = param_3;
                            block = simdgroup_float8x8(0.0);
                        }
                    }
                }
            }
        }
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
    float _386;
    if (abs(y) > 3.900000095367431640625)
    {
        _386 = sign(y);
    }
    else
    {
        _386 = (y * p) / q;
    }
    float erf = _386;
    return (0.5 * x) * (1.0 + erf);
}

static inline __attribute__((always_inline))
void finish(thread const uint& r, thread const uint& j, thread float& sum, constant Push& push, const device Bias1& _436, device Y1& _462)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    uint param = 2u;
    if (has(param, push))
    {
        sum += _436.bias1[push.offset.z + j];
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
        sum += _462.y1[to];
    }
    _462.y1[to] = sum;
}

static inline __attribute__((always_inline))
void finish_quad(thread const uint& r, thread const uint& j, thread float4& sums, constant Push& push, const device Bias1& _436, device Y1& _462, device Y4& _551)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    bool _483 = (to & 3u) == 0u;
    bool _493;
    if (_483)
    {
        _493 = (j + 4u) <= push.n;
    }
    else
    {
        _493 = _483;
    }
    if (_493)
    {
        uint param = 2u;
        if (has(param, push))
        {
            uint at = push.offset.z + j;
            sums += float4(*(const device packed_float4*)&_436.bias1[at]);
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
            sums += _551.y4[to / 4u];
        }
        _551.y4[to / 4u] = sums;
        return;
    }
    uint e = 0u;
    _Pragma("clang loop unroll(disable)")
    for (;;)
    {
        bool _571 = e < 4u;
        bool _580;
        if (_571)
        {
            _580 = (j + e) < push.n;
        }
        else
        {
            _580 = _571;
        }
        if (_580)
        {
            uint param_7 = r;
            uint param_8 = j + e;
            float param_9 = sums[e];
            finish(param_7, param_8, param_9, push, _436, _462);
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
void finish_tile(thread const uint& first_r, thread const uint& first_j, thread const uint& first_c, thread uint& gl_SubgroupID, constant Push& push, const device Bias1& _436, device Y1& _462, device Y4& _551, threadgroup uint4 (&pool)[576], device Work1& _1411, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
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
            bool _3430 = r < push.rows;
            bool _3437;
            if (_3430)
            {
                _3437 = j_1 < push.n;
            }
            else
            {
                _3437 = _3430;
            }
            if (_3437)
            {
                uint param = r;
                uint param_1 = j_1;
                float4 param_2 = as_type<float4>(pool[base + t]) * _1411.work1[r];
                finish_quad(param, param_1, param_2, push, _436, _462, _551);
            }
        }
        simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
    }
}

static inline __attribute__((always_inline))
void matrix_tiles(thread uint& gl_SubgroupID, constant Push& push, const device Bias1& _436, device Y1& _462, device Y4& _551, const device Weights1& _597, const device Weights4& _607, threadgroup uint4 (&pool)[576], device Work4& _1109, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1411, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1], threadgroup uint4 (&tile_w)[640], threadgroup float (&tile_scales)[256], thread uint2& columns, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
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
        uint _3490 = ceil_div(param, param_1);
        if (tile_j < _3490)
        {
            uint tile_r = (push.first.xyz + gl_WorkGroupID).x;
            for (;;)
            {
                uint param_2 = push.rows;
                uint param_3 = 64u;
                uint _3509 = ceil_div(param_2, param_3);
                if (tile_r < _3509)
                {
                    uint param_4 = tile_r * 64u;
                    uint param_5 = tile_j * 128u;
                    find_rows(param_4, param_5, push, gl_LocalInvocationID, start_x, start_w);
                    _Pragma("clang loop unroll(full)")
                    for (uint i = 0u; i < 16u; i++)
                    {
                        sums[i] = simdgroup_float8x8(0.0);
                    }
                    uint param_6 = 0u;
                    uint param_7 = slices_k;
                    load_slice(param_6, param_7, push, _597, _607, _1109, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    uint param_8 = 0u;
                    uint param_9 = slices_k;
                    put_slice(param_8, param_9, push, pool, gl_LocalInvocationID, start_w, next_x, next_w, tile_w, tile_scales);
                    uint param_10 = min(1u, (count - 1u));
                    uint param_11 = slices_k;
                    load_slice(param_10, param_11, push, _597, _607, _1109, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    for (uint s = 0u; s < count; s++)
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
                        load_slice(param_16, param_17, push, _597, _607, _1109, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                        threadgroup_barrier(mem_flags::mem_threadgroup);
                    }
                    uint param_18 = (tile_r * 64u) + down;
                    uint param_19 = tile_j * 128u;
                    uint param_20 = right;
                    finish_tile(param_18, param_19, param_20, gl_SubgroupID, push, _436, _462, _551, pool, _1411, sums, gl_SubgroupInvocationID);
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

kernel void zc_linear_matrix(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], const device Bias1& _436 [[buffer(3)]], const device void* spvBufferAliasSet0Binding4 [[buffer(4)]], device void* spvBufferAliasSet0Binding5 [[buffer(5)]], device void* spvBufferAliasSet0Binding6 [[buffer(6)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]])
{
    const device auto& _774 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& _597 = *(const device Weights1*)spvBufferAliasSet0Binding2;
    const device auto& _848 = *(const device Norm4*)spvBufferAliasSet0Binding4;
    device auto& _462 = *(device Y1*)spvBufferAliasSet0Binding5;
    device auto& _1109 = *(device Work4*)spvBufferAliasSet0Binding6;
    device auto& _551 = *(device Y4*)spvBufferAliasSet0Binding5;
    const device auto& _607 = *(const device Weights4*)spvBufferAliasSet0Binding2;
    const device auto& _785 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& _857 = *(const device Norm1*)spvBufferAliasSet0Binding4;
    device auto& _1411 = *(device Work1*)spvBufferAliasSet0Binding6;
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
    if (_3599)
    {
        input_rows(group_partial, gl_SubgroupID, gl_NumSubgroups, push, _774, _785, _848, _857, pool, _1109, gl_LocalInvocationID, gl_WorkGroupID, _1411);
    }
    else
    {
        matrix_tiles(gl_SubgroupID, push, _436, _462, _551, _597, _607, pool, _1109, gl_LocalInvocationID, gl_WorkGroupID, _1411, start_x, start_w, next_x, next_w, tile_w, tile_scales, columns, sums, gl_SubgroupInvocationID);
    }
}

