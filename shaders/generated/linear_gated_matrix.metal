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

struct Second4
{
    uint4 second4[1];
};

struct Weights4
{
    uint4 weights4[1];
};

constant uint variant_tmp [[function_constant(0)]];
constant uint variant = is_function_constant_defined(variant_tmp) ? variant_tmp : 0u;
constant uint type = (variant % 8u);
constant bool _354 = (type == 0u);
constant bool _362 = (type == 1u);
constant bool _370 = (type == 2u);
constant bool _378 = (type == 3u);
constant bool _389 = (type == 4u);
constant bool _399 = (type == 5u);
constant bool _409 = (type == 6u);
constant bool _419 = (type == 7u);

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

constant uint _652 = (variant / 8u);
constant uint input_ = (_652 % 2u);
constant bool normed = (input_ == 1u);

struct Y4
{
    float4 y4[1];
};

struct Y1
{
    float y1[1];
};

constant bool _781 = (type == 5u);
constant bool _790 = (type == 6u);

struct Work4
{
    uint4 work4[1];
};

constant bool _971 = (type == 5u);
constant bool _972 = (type == 6u);
constant bool _973 = (_971 || _972);
constant bool _1008 = (type == 5u);
constant uint blocks = _1008 ? 4u : 2u;
constant uint _1014 = (32u / blocks);
constant uint _1036 = (8u * blocks);
constant uint _1041 = (8u * blocks);
constant bool _1056 = (type == 5u);

struct Work1
{
    float work1[1];
};

constant bool _1324 = (type == 5u);
constant bool _1325 = (type == 6u);
constant bool _1326 = (_1324 || _1325);
constant bool _1335 = (type == 5u);
constant uint _1336 = _1335 ? 4u : 2u;
constant bool _1554 = (type == 3u);
constant bool _1567 = (type == 4u);
constant bool _1601 = (type == 1u);
constant bool _1657 = (type == 3u);
constant bool _1658 = (type == 4u);
constant bool _1659 = (_1657 || _1658);
constant bool _1675 = (type == 5u);
constant bool _1687 = (type == 6u);
constant bool _1853 = (type == 3u);
constant bool _1854 = (type == 4u);
constant bool _1855 = (_1853 || _1854);
constant bool _1899 = (type == 3u);
constant bool _1924 = (type == 5u);
constant bool _1967 = (type == 6u);
constant bool _2041 = (type == 4u);
constant bool _2042 = (type == 5u);
constant bool _2043 = (_2041 || _2042);
constant bool _2060 = (type == 3u);
constant bool _2062 = (type == 4u);
constant bool _2064 = (type == 7u);
constant float _2067 = _2064 ? 1056.0 : 1024.0;
constant float _2068 = _2062 ? 1032.0 : _2067;
constant float _2069 = _2060 ? 1152.0 : _2068;
constant bool _2110 = (type == 1u);
constant bool _2248 = (type == 3u);
constant bool _2249 = (type == 4u);
constant bool _2250 = (_2248 || _2249);
constant bool _2277 = (type == 5u);
constant bool _2297 = (type == 6u);
constant bool _2363 = (type == 5u);
constant bool _2432 = (type == 6u);
constant bool _2497 = (type == 6u);
constant bool _2520 = (type == 6u);
constant bool _2835 = (type == 1u);
constant bool _2902 = (type == 1u);
constant bool _2903 = (!_2902);
constant bool _2908 = (type == 7u);
constant uint SCALES = _2908 ? 2u : 1u;
constant bool _2910 = (SCALES == 2u);
constant bool _3010 = (type == 1u);
constant bool _3011 = (!_3010);
constant bool _3124 = (type == 1u);
constant bool _3189 = (SCALES == 2u);
constant uint way = (variant / 48u);
constant bool _3492 = (way == 8u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

constant float _1028[4] = { 0.0, 0.0, 0.0, 0.0 };

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
float4 x_at(thread const uint& i, thread const uint& count, const device X4& _514, const device X1& _526)
{
    if (((i & 3u) == 0u) && (count >= 4u))
    {
        return _514.x4[i / 4u];
    }
    float4 v = float4(0.0);
    v.x = _526.x1[i];
    if (count > 1u)
    {
        v.y = _526.x1[i + 1u];
    }
    if (count > 2u)
    {
        v.z = _526.x1[i + 2u];
    }
    if (count > 3u)
    {
        v.w = _526.x1[i + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
float4 norm_at(thread const uint& i, constant Push& push, const device Norm4& _594, const device Norm1& _603)
{
    uint at = push.offset.w + i;
    uint last = (push.offset.w + push.k) - 1u;
    bool _581 = (at & 3u) == 0u;
    bool _588;
    if (_581)
    {
        _588 = (at + 3u) <= last;
    }
    else
    {
        _588 = _581;
    }
    if (_588)
    {
        return _594.norm4[at / 4u];
    }
    return float4(_603.norm1[min(at, last)], _603.norm1[min((at + 1u), last)], _603.norm1[min((at + 2u), last)], _603.norm1[min((at + 3u), last)]);
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
float4 input_quad(thread const uint& r, thread const uint& q, thread float& squares, const device X4& _514, const device X1& _526, constant Push& push, const device Norm4& _594, const device Norm1& _603)
{
    if ((4u * q) >= push.k)
    {
        return float4(0.0);
    }
    uint at = (push.offset.x + (r * push.ldx)) + (4u * q);
    uint count = push.k - (4u * q);
    float4 _895;
    if (false)
    {
        uint param = at + push.k;
        uint param_1 = count;
        _895 = x_at(param, param_1, _514, _526);
    }
    else
    {
        _895 = float4(0.0);
    }
    float4 up = _895;
    float4 _909;
    if (normed)
    {
        uint param_2 = 4u * q;
        _909 = norm_at(param_2, push, _594, _603);
    }
    else
    {
        _909 = float4(1.0);
    }
    float4 factor = _909;
    uint param_3 = at;
    uint param_4 = count;
    float4 param_5 = x_at(param_3, param_4, _514, _526);
    float4 param_6 = up;
    float4 param_7 = factor;
    float param_8 = squares;
    float4 _931 = input_of(param_5, param_6, param_7, param_8);
    squares = param_8;
    return _931;
}

static inline __attribute__((always_inline))
uint group_max_bits(thread uint& bits, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, threadgroup uint4 (&pool)[576])
{
    bits = simd_max(bits);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _838 = simd_is_first();
    if (_838)
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
    bool _250 = simd_is_first();
    if (_250)
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
    float _672;
    if (push.k != 0u)
    {
        _672 = rsqrt((squares / float(push.k)) + push.eps);
    }
    else
    {
        _672 = 0.0;
    }
    return _672;
}

static inline __attribute__((always_inline))
uint slices_of_minima(constant Push& push)
{
    uint _782;
    if (_781)
    {
        uint param = slices_of_k(push);
        uint param_1 = 32u;
        _782 = ceil_div(param, param_1);
    }
    else
    {
        uint _791;
        if (_790)
        {
            uint param_2 = push.k;
            uint param_3 = 512u;
            _791 = ceil_div(param_2, param_3);
        }
        else
        {
            _791 = 0u;
        }
        _782 = _791;
    }
    return _782;
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
void put_halves(thread const uint& at, thread const uint& q, thread const float4& v, device Work4& _938)
{
    _938.work4[(at + ((q / 8u) * 512u)) + (q & 7u)] = as_type<uint4>(v);
}

static inline __attribute__((always_inline))
void put_quads(thread const uint& start, thread const uint& minima, thread const uint& base, thread const uint& quads, thread const float4& v, constant Push& push, threadgroup uint4 (&pool)[576], device Work4& _938, thread uint3& gl_LocalInvocationID)
{
    uint me = gl_LocalInvocationID.x;
    if ((base + me) < quads)
    {
        uint param = start;
        uint param_1 = base + me;
        float4 param_2 = v;
        put_halves(param, param_1, param_2, _938);
    }
    if (_973)
    {
        uint turn = base & 256u;
        float _987;
        if ((base + me) < quads)
        {
            _987 = ((v.x + v.y) + v.z) + v.w;
        }
        else
        {
            _987 = 0.0;
        }
        ((threadgroup uint*)&pool[turn + me])[0u] = as_type<uint>(_987);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        uint m = ((base / 8u) / blocks) + me;
        bool _1015 = me < _1014;
        bool _1022;
        if (_1015)
        {
            _1022 = m < (slices_of_minima(push) * 8u);
        }
        else
        {
            _1022 = _1015;
        }
        if (_1022)
        {
            float sums[4] = { 0.0, 0.0, 0.0, 0.0 };
            for (uint i = 0u; i < _1036; i++)
            {
                uint _1039 = i / 8u;
                sums[_1039] += as_type<float>(((threadgroup uint*)&pool[(turn + (_1041 * me)) + i])[0u]);
            }
            float4 _1057;
            if (_1056)
            {
                _1057 = float4(sums[0], sums[1], sums[2], sums[3]);
            }
            else
            {
                _1057 = float4(sums[0], sums[0], sums[1], sums[1]);
            }
            uint param_3 = minima;
            uint param_4 = m;
            float4 param_5 = _1057;
            put_halves(param_3, param_4, param_5, _938);
        }
    }
}

static inline __attribute__((always_inline))
void input_rows(threadgroup float (&group_partial)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, const device X4& _514, const device X1& _526, constant Push& push, const device Norm4& _594, const device Norm1& _603, threadgroup uint4 (&pool)[576], device Work4& _938, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1240)
{
    uint me = gl_LocalInvocationID.x;
    uint quads = slices_of_k(push) * 8u;
    uint3 _1101 = push.first.xyz + gl_WorkGroupID;
    uint _1102 = _1101.x;
    float4 kept[4];
    float _1205;
    for (uint r = _1102; r < push.rows; r += push.groups.x)
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
            float4 _1136 = input_quad(param, param_1, param_2, _514, _526, push, _594, _603);
            squares = param_2;
            kept[i] = _1136;
            uint4 v = as_type<uint4>(kept[i]) & uint4(2147483647u);
            bits = max(bits, max(max(v.x, v.y), max(v.z, v.w)));
        }
        uint _1165 = 1024u + me;
        for (uint q = _1165; q < quads; q += 256u)
        {
            uint param_3 = r;
            uint param_4 = q;
            float param_5 = squares;
            float4 _1181 = input_quad(param_3, param_4, param_5, _514, _526, push, _594, _603);
            squares = param_5;
            uint4 v_1 = as_type<uint4>(_1181) & uint4(2147483647u);
            bits = max(bits, max(max(v_1.x, v_1.y), max(v_1.z, v_1.w)));
        }
        uint param_6 = bits;
        uint _1203 = group_max_bits(param_6, gl_SubgroupID, gl_NumSubgroups, pool);
        bits = _1203;
        if (normed)
        {
            float param_7 = squares;
            float _1210 = group_sum(param_7, group_partial, gl_SubgroupID, gl_NumSubgroups);
            float param_8 = _1210;
            _1205 = norm_scale(param_8, push);
        }
        else
        {
            _1205 = 1.0;
        }
        float factor = _1205;
        int power = clamp(136 - int(bits >> 23u), -118, 100);
        float scale = as_type<float>(uint(127 + power) << 23u);
        if (me == 0u)
        {
            _1240.work1[r] = factor * as_type<float>(uint(127 - power) << 23u);
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
                put_quads(param_10, param_11, param_12, param_13, param_14, push, pool, _938, gl_LocalInvocationID);
            }
        }
        for (uint base = 1024u; base < quads; base += 256u)
        {
            uint param_15 = r;
            uint param_16 = base + me;
            float param_17 = unused;
            float4 _1309 = input_quad(param_15, param_16, param_17, _514, _526, push, _594, _603);
            unused = param_17;
            uint param_18 = start;
            uint param_19 = minima;
            uint param_20 = base;
            uint param_21 = quads;
            float4 param_22 = _1309 * scale;
            put_quads(param_18, param_19, param_20, param_21, param_22, push, pool, _938, gl_LocalInvocationID);
        }
        if (_1326)
        {
            uint param_23 = quads;
            uint param_24 = 256u;
            uint covered = (ceil_div(param_23, param_24) * 32u) / _1336;
            uint _1341 = covered + me;
            for (uint m = _1341; m < (slices_of_minima(push) * 8u); m += 256u)
            {
                uint param_25 = minima;
                uint param_26 = m;
                float4 param_27 = float4(0.0);
                put_halves(param_25, param_26, param_27, _938);
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
    simdgroup_float8x8 _2953;
    simdgroup_load(_2953, reinterpret_cast<threadgroup float*>(&pool[0u]), (2u) * 4u);
    simdgroup_float8x8 tempArg = _2953;
    simdgroup_float8x8 numbers = tempArg;
    simdgroup_float8x8 param = numbers;
    columns = uint2(elements_of(param));
}

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    uint _355;
    if (_354)
    {
        _355 = (k / 1u) * 2u;
    }
    else
    {
        uint _363;
        if (_362)
        {
            _363 = (k / 1u) * 1u;
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
                    _379 = (k / 32u) * 17u;
                }
                else
                {
                    uint _390;
                    if (_389)
                    {
                        _390 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _400;
                        if (_399)
                        {
                            _400 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _410;
                            if (_409)
                            {
                                _410 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _420;
                                if (_419)
                                {
                                    _420 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    _420 = 0u;
                                }
                                _410 = _420;
                            }
                            _400 = _410;
                        }
                        _390 = _400;
                    }
                    _379 = _390;
                }
                _371 = _379;
            }
            _363 = _371;
        }
        _355 = _363;
    }
    return _355;
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
    uint _2649;
    _Pragma("clang loop unroll(full)")
    for (uint i_1 = 0u; i_1 < 1u; i_1++)
    {
        uint column = ((i_1 * 256u) + me) / 2u;
        second = column >= 64u;
        if (second)
        {
            _2649 = push.offset.z;
        }
        else
        {
            _2649 = push.offset.y;
        }
        start_w[i_1] = (2u * _2649) + (min((first_j + (column % 64u)), (push.n - 1u)) * halves);
    }
}

static inline __attribute__((always_inline))
uint weight_word(thread const uint& i, thread bool& second, const device Second1& _315, const device Weights1& _325)
{
    if (second)
    {
        return _315.second1[i];
    }
    return _325.weights1[i];
}

static inline __attribute__((always_inline))
uint numbers_at(thread const uint& row, thread const uint& s, thread const uint& p)
{
    uint _1555;
    if (_1554)
    {
        _1555 = ((row + (17u * s)) + 1u) + (8u * p);
    }
    else
    {
        uint _1568;
        if (_1567)
        {
            _1568 = ((row + (9u * s)) + 1u) + (4u * p);
        }
        else
        {
            _1568 = (((row + ((s / 8u) * 105u)) + (32u * ((s / 4u) & 1u))) + (16u * (s & 1u))) + (8u * p);
        }
        _1555 = _1568;
    }
    return _1555;
}

static inline __attribute__((always_inline))
uint4 weight_words(thread const uint& i, thread bool& second, const device Second4& _337, const device Weights4& _346)
{
    if (second)
    {
        return _337.second4[i];
    }
    return _346.weights4[i];
}

static inline __attribute__((always_inline))
Window window_at(thread const uint& at, thread bool& second, const device Second1& _315, const device Weights1& _325, const device Second4& _337, const device Weights4& _346, constant Push& push)
{
    uint v = at / 4u;
    uint _1368;
    if (second)
    {
        _1368 = push.offset.z;
    }
    else
    {
        _1368 = push.offset.y;
    }
    uint param = push.k;
    uint end = _1368 + (((push.n * row_halves(param)) + 1u) / 2u);
    Window w;
    if (((4u * v) + 8u) <= end)
    {
        uint param_1 = v;
        w.a = weight_words(param_1, second, _337, _346);
        uint param_2 = v + 1u;
        w.b = weight_words(param_2, second, _337, _346);
    }
    else
    {
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_3 = min(((4u * v) + i), (end - 1u));
            w.a[i] = weight_word(param_3, second, _315, _325);
            uint param_4 = min((((4u * v) + 4u) + i), (end - 1u));
            w.b[i] = weight_word(param_4, second, _315, _325);
        }
    }
    return w;
}

static inline __attribute__((always_inline))
void load_part(thread Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, thread bool& second, const device Second1& _315, const device Weights1& _325, const device Second4& _337, const device Weights4& _346, constant Push& push)
{
    if (_1601)
    {
        uint last = ((row + push.k) - 1u) / 2u;
        uint at = ((row + (32u * s)) + (16u * p)) / 2u;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param = min((at + i), last);
            v.numbers.a[i] = weight_word(param, second, _315, _325);
            uint param_1 = min(((at + 4u) + i), last);
            v.numbers.b[i] = weight_word(param_1, second, _315, _325);
        }
        uint param_2 = min((at + 8u), last);
        v.scale = weight_word(param_2, second, _315, _325);
    }
    else
    {
        if (_1659)
        {
            uint param_3 = row;
            uint param_4 = s;
            uint param_5 = p;
            uint param_6 = (numbers_at(param_3, param_4, param_5) - 1u) / 2u;
            v.numbers = window_at(param_6, second, _315, _325, _337, _346, push);
        }
        else
        {
            if (_1675)
            {
                uint param_7 = (row / 2u) + (5u * s);
                v.numbers = window_at(param_7, second, _315, _325, _337, _346, push);
            }
            else
            {
                if (_1687)
                {
                    uint at_1 = (row / 2u) + ((s / 8u) * 36u);
                    uint numbers = ((at_1 + 4u) + (((s & 7u) / 2u) * 8u)) + (4u * p);
                    uint _1711;
                    if (second)
                    {
                        _1711 = push.offset.z;
                    }
                    else
                    {
                        _1711 = push.offset.y;
                    }
                    bool whole = (_1711 & 3u) == 0u;
                    if ((s & 7u) == 0u)
                    {
                        uint4 _1728;
                        if (whole)
                        {
                            uint param_8 = at_1 / 4u;
                            _1728 = weight_words(param_8, second, _337, _346);
                        }
                        else
                        {
                            uint param_9 = at_1;
                            uint param_10 = at_1 + 1u;
                            uint param_11 = at_1 + 2u;
                            uint param_12 = at_1 + 3u;
                            _1728 = uint4(weight_word(param_9, second, _315, _325), weight_word(param_10, second, _315, _325), weight_word(param_11, second, _315, _325), weight_word(param_12, second, _315, _325));
                        }
                        v.more.a = _1728;
                    }
                    if ((s & 1u) == 0u)
                    {
                        uint4 _1760;
                        if (whole)
                        {
                            uint param_13 = numbers / 4u;
                            _1760 = weight_words(param_13, second, _337, _346);
                        }
                        else
                        {
                            uint param_14 = numbers;
                            uint param_15 = numbers + 1u;
                            uint param_16 = numbers + 2u;
                            uint param_17 = numbers + 3u;
                            _1760 = uint4(weight_word(param_14, second, _315, _325), weight_word(param_15, second, _315, _325), weight_word(param_16, second, _315, _325), weight_word(param_17, second, _315, _325));
                        }
                        v.numbers.a = _1760;
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
                    v.numbers = window_at(param_21, second, _315, _325, _337, _346, push);
                    if ((s & 3u) == 0u)
                    {
                        uint param_22 = (((block + 64u) + (16u * half_)) + (8u * p)) / 2u;
                        v.more = window_at(param_22, second, _315, _325, _337, _346, push);
                        uint param_23 = scales;
                        uint param_24 = scales + 1u;
                        uint param_25 = scales + 2u;
                        v.scales = uint3(weight_word(param_23, second, _315, _325), weight_word(param_24, second, _315, _325), weight_word(param_25, second, _315, _325));
                        uint param_26 = (block / 2u) + 52u;
                        v.scale = weight_word(param_26, second, _315, _325);
                    }
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
Sixteen load_minima(thread const uint& row, thread const uint& s, thread const uint& p, thread bool& second, const device Second1& _315, const device Weights1& _325, constant Push& push)
{
    Sixteen v;
    v.numbers = Window{ uint4(0u), uint4(0u) };
    v.more = Window{ uint4(0u), uint4(0u) };
    v.scales = uint3(0u);
    v.scale = 0u;
    if (_2363)
    {
        uint blocks_1 = slices_of_k(push);
        uint _2388;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 16u; i++)
        {
            uint block = ((32u * s) + (16u * p)) + i;
            if (block < blocks_1)
            {
                uint param = (row / 2u) + (5u * block);
                _2388 = weight_word(param, second, _315, _325) >> 16u;
            }
            else
            {
                _2388 = 0u;
            }
            uint minimum = _2388;
            if (i < 8u)
            {
                uint _2406 = i / 2u;
                v.numbers.a[_2406] |= (minimum << (16u * (i & 1u)));
            }
            else
            {
                uint _2419 = (i / 2u) - 4u;
                v.numbers.b[_2419] |= (minimum << (16u * (i & 1u)));
            }
        }
    }
    else
    {
        if (_2432)
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
                v.more.a = uint4(weight_word(param_1, second, _315, _325), weight_word(param_2, second, _315, _325), weight_word(param_3, second, _315, _325), weight_word(param_4, second, _315, _325));
            }
            uint _2481;
            if (other < blocks_2)
            {
                uint param_5 = (row / 2u) + (36u * other);
                _2481 = weight_word(param_5, second, _315, _325);
            }
            else
            {
                _2481 = 0u;
            }
            v.scale = _2481;
        }
    }
    return v;
}

static inline __attribute__((always_inline))
void load_slice(thread const uint& s, thread const uint& slices_k, thread bool& second, const device Second1& _315, const device Weights1& _325, const device Second4& _337, const device Weights4& _346, constant Push& push, device Work4& _938, thread uint3& gl_LocalInvocationID, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1])
{
    uint p = gl_LocalInvocationID.x & 1u;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 2u; i++)
    {
        next_x[i] = _938.work4[start_x[i] + (s * 512u)];
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
            load_part(param, param_1, param_2, param_3, second, _315, _325, _337, _346, push);
            next_w[i_1] = param;
        }
        else
        {
            uint param_4 = start_w[i_1];
            uint param_5 = s - slices_k;
            uint param_6 = p;
            next_w[i_1] = load_minima(param_4, param_5, param_6, second, _315, _325, push);
        }
    }
}

static inline __attribute__((always_inline))
uint4 shifted(thread const uint& h, thread const uint4& v, thread const uint& next)
{
    uint4 _1514;
    if ((h & 1u) != 0u)
    {
        _1514 = (v >> uint4(16u)) | (uint4(v.yzw, next) << uint4(16u));
    }
    else
    {
        _1514 = v;
    }
    return _1514;
}

static inline __attribute__((always_inline))
uint4 words_of(thread const Window& w, thread const uint& at, thread uint& next)
{
    bool two = (at & 2u) != 0u;
    bool one = (at & 1u) != 0u;
    uint4 _1452;
    if (two)
    {
        _1452 = uint4(w.a.zw, w.b.xy);
    }
    else
    {
        _1452 = w.a;
    }
    uint4 a = _1452;
    uint2 _1473;
    if (two)
    {
        _1473 = w.b.zw;
    }
    else
    {
        _1473 = w.b.xy;
    }
    uint2 b = _1473;
    uint _1485;
    if (one)
    {
        _1485 = b.y;
    }
    else
    {
        _1485 = b.x;
    }
    next = _1485;
    uint4 _1495;
    if (one)
    {
        _1495 = uint4(a.yzw, b.x);
    }
    else
    {
        _1495 = a;
    }
    return _1495;
}

static inline __attribute__((always_inline))
uint4 words_from(thread const Window& w, thread const uint& h)
{
    Window param = w;
    uint param_1 = h / 2u;
    uint param_2;
    uint4 _1543 = words_of(param, param_1, param_2);
    uint next = param_2;
    uint4 v = _1543;
    uint param_3 = h;
    uint4 param_4 = v;
    uint param_5 = next;
    return shifted(param_3, param_4, param_5);
}

static inline __attribute__((always_inline))
uint4 bytes_of(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p)
{
    if (_1855)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = p;
        uint h = numbers_at(param, param_1, param_2);
        Window param_3 = v.numbers;
        uint param_4 = (h - 1u) / 2u;
        uint param_5;
        uint4 _1876 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint4 words = _1876;
        uint4 _1881;
        if ((h & 1u) != 0u)
        {
            uint param_6 = 1u;
            uint4 param_7 = words;
            uint param_8 = next;
            _1881 = shifted(param_6, param_7, param_8);
        }
        else
        {
            _1881 = uint4(words.yzw, next);
        }
        words = _1881;
        uint4 _1900;
        if (_1899)
        {
            _1900 = words ^ uint4(2155905152u);
        }
        else
        {
            _1900 = uint4(words.xy, words.xy >> uint2(4u)) & uint4(252645135u);
        }
        return _1900;
    }
    if (_1924)
    {
        Window param_9 = v.numbers;
        uint param_10 = (row / 2u) + (5u * s);
        uint param_11;
        uint4 _1939 = words_of(param_9, param_10, param_11);
        uint next_1 = param_11;
        uint4 words_1 = _1939;
        uint2 _1944;
        if (p == 0u)
        {
            _1944 = words_1.yz;
        }
        else
        {
            _1944 = uint2(words_1.w, next_1);
        }
        uint2 two = _1944;
        return uint4(two, two >> uint2(4u)) & uint4(252645135u);
    }
    if (_1967)
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
    float zero = _2069;
    uint low = (bytes & 255u) | ((bytes & 65280u) << 8u);
    uint high = ((bytes >> 16u) & 255u) | ((bytes & 4278190080u) >> 8u);
    return uint2(as_type<uint>(as_type<half2>(low | 1677747200u) - half2(half(zero))), as_type<uint>(as_type<half2>(high | 1677747200u) - half2(half(zero))));
}

static inline __attribute__((always_inline))
void decode_part(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, thread uint4& first, thread uint4& second_, constant Push& push)
{
    if (_2110)
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
        uint _2157;
        uint _2168;
        uint _2186;
        uint _2198;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            if (left > ((2u * i) + 1u))
            {
                _2157 = first[i];
            }
            else
            {
                if (left > (2u * i))
                {
                    _2168 = first[i] & 65535u;
                }
                else
                {
                    _2168 = 0u;
                }
                _2157 = _2168;
            }
            first[i] = _2157;
            if (left > ((2u * i) + 9u))
            {
                _2186 = second_[i];
            }
            else
            {
                if (left > ((2u * i) + 8u))
                {
                    _2198 = second_[i] & 65535u;
                }
                else
                {
                    _2198 = 0u;
                }
                _2186 = _2198;
            }
            second_[i] = _2186;
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
    float2 _469;
    if (i < 4u)
    {
        _469 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _469 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _469;
}

static inline __attribute__((always_inline))
float part_scale(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p)
{
    if (_2250)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = 0u;
        uint h = numbers_at(param, param_1, param_2) - 1u;
        Window param_3 = v.numbers;
        uint param_4 = h / 2u;
        uint param_5;
        uint4 _2269 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint param_6 = h;
        uint param_7 = _2269.x;
        return float_of(param_6, param_7);
    }
    if (_2277)
    {
        Window param_8 = v.numbers;
        uint param_9 = (row / 2u) + (5u * s);
        uint param_10;
        uint4 _2291 = words_of(param_8, param_9, param_10);
        uint next_1 = param_10;
        return float2(as_type<half2>(_2291.x)).x;
    }
    if (_2297)
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
    uint _2044;
    if (_2043)
    {
        _2044 = p + (2u * i);
    }
    else
    {
        _2044 = (2u * p) + i;
    }
    return _2044;
}

static inline __attribute__((always_inline))
float minima_scale(thread const Sixteen& v)
{
    float _2498;
    if (_2497)
    {
        _2498 = fast::max(abs(float2(as_type<half2>(v.more.a.x)).y), abs(float2(as_type<half2>(v.scale)).y));
    }
    else
    {
        _2498 = 1.0;
    }
    return _2498;
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
    if (_2520)
    {
        Sixteen param = v;
        float most = minima_scale(param);
        float _2530;
        if (most > 0.0)
        {
            _2530 = (-float2(as_type<half2>(v.more.a.x)).y) / most;
        }
        else
        {
            _2530 = 0.0;
        }
        float ratio = _2530;
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
    float _2836;
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
            if (_2835)
            {
                _2836 = 1.0;
            }
            else
            {
                Sixteen param_6 = next_w[i_1];
                uint param_7 = start_w[i_1];
                uint param_8 = s;
                uint param_9 = p;
                _2836 = part_scale(param_6, param_7, param_8, param_9);
            }
            scale = _2836;
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
        bool _2912;
        if (_2903)
        {
            _2912 = (p == 0u) || _2910;
        }
        else
        {
            _2912 = _2903;
        }
        if (_2912)
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
            simdgroup_half8x8 _2998;
            simdgroup_load(_2998, reinterpret_cast<threadgroup half*>(&tile_w[((right + (j * 8u)) * 5u) + (t * 1u)]), (5u) * 8u, ulong2(0), true);
            simdgroup_half8x8 tempArg = _2998;
            b[(j * 4u) + t] = tempArg;
        }
        if (_3011)
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
            simdgroup_float8x8 _3097;
            simdgroup_load(_3097, reinterpret_cast<threadgroup float*>(&pool[((down + (i * 8u)) * 9u) + ((t_1 * 2u) * 1u)]), (9u) * 4u);
            simdgroup_float8x8 tempArg_1 = _3097;
            a[t_1] = tempArg_1;
        }
        _Pragma("clang loop unroll(full)")
        for (uint j_1 = 0u; j_1 < 4u; j_1++)
        {
            simdgroup_float8x8 block = simdgroup_float8x8(0.0);
            _Pragma("clang loop unroll(full)")
            for (uint t_2 = 0u; t_2 < 4u; t_2++)
            {
                if (_3124)
                {
                    simdgroup_float8x8 _3150;
                    simdgroup_multiply_accumulate(_3150, a[t_2], b[(j_1 * 4u) + t_2], sums[(i * 4u) + j_1]);
                    sums[(i * 4u) + j_1] = _3150;
                }
                else
                {
                    simdgroup_float8x8 _3163;
                    simdgroup_multiply_accumulate(_3163, a[t_2], b[(j_1 * 4u) + t_2], block);
                    block = _3163;
                    if ((t_2 + 1u) == 4u)
                    {
                        uint _3172 = (i * 4u) + j_1;
                        simdgroup_float8x8 param = sums[_3172];
                        simdgroup_float8x8 param_1 = block;
                        float2 param_2 = scales[((j_1 * 2u) + SCALES) - 1u];
                        add_scaled(param, param_1, param_2);
                        sums[_3172] = param;
                    }
                    else
                    {
                        bool _3195;
                        if (_3189)
                        {
                            _3195 = (t_2 + 1u) == 2u;
                        }
                        else
                        {
                            _3195 = _3189;
                        }
                        if (_3195)
                        {
                            uint _3201 = (i * 4u) + j_1;
                            simdgroup_float8x8 param_3 = sums[_3201];
                            simdgroup_float8x8 param_4 = block;
                            float2 param_5 = scales[j_1 * 2u];
                            add_scaled(param_3, param_4, param_5);
                            sums[_3201] = param_3;
                            block = simdgroup_float8x8(0.0);
                        }
                    }
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
void finish_gated(thread const uint& r, thread const uint& j, thread const float4& gate, thread const float4& up, constant Push& push, device Y4& _738, device Y1& _764)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    float param = gate.x;
    float param_1 = gate.y;
    float param_2 = gate.z;
    float param_3 = gate.w;
    float4 v = float4(silu(param), silu(param_1), silu(param_2), silu(param_3)) * up;
    bool _723 = (to & 3u) == 0u;
    bool _732;
    if (_723)
    {
        _732 = (j + 4u) <= push.n;
    }
    else
    {
        _732 = _723;
    }
    if (_732)
    {
        _738.y4[to / 4u] = v;
        return;
    }
    uint e = 0u;
    _Pragma("clang loop unroll(disable)")
    for (;;)
    {
        bool _751 = e < 4u;
        bool _760;
        if (_751)
        {
            _760 = (j + e) < push.n;
        }
        else
        {
            _760 = _751;
        }
        if (_760)
        {
            _764.y1[to + e] = v[e];
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
void finish_tile(thread const uint& first_r, thread const uint& first_j, thread const uint& first_c, thread uint& gl_SubgroupID, constant Push& push, device Y4& _738, device Y1& _764, threadgroup uint4 (&pool)[576], device Work1& _1240, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
{
    uint base = (gl_SubgroupID * 8u) * 8u;
    uint lane = gl_SubgroupInvocationID;
    uint _3268;
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
            _3268 = base - 256u;
        }
        else
        {
            _3268 = base;
        }
        uint gate = _3268;
        uint other = gate + 256u;
        threadgroup_barrier(mem_flags::mem_threadgroup);
        uint _3283 = lane + (up ? 32u : 0u);
        _Pragma("clang loop unroll(disable)")
        for (uint t = _3283; t < 64u; t += 64u)
        {
            uint r = (first_r + (i * 8u)) + (t / 8u);
            uint j_1 = (first_j + (first_c % 64u)) + (4u * (t % 8u));
            bool _3311 = r < push.rows;
            bool _3318;
            if (_3311)
            {
                _3318 = j_1 < push.n;
            }
            else
            {
                _3318 = _3311;
            }
            if (_3318)
            {
                float factor = _1240.work1[r];
                uint param = r;
                uint param_1 = j_1;
                float4 param_2 = as_type<float4>(pool[gate + t]) * factor;
                float4 param_3 = as_type<float4>(pool[other + t]) * factor;
                finish_gated(param, param_1, param_2, param_3, push, _738, _764);
            }
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
    }
}

static inline __attribute__((always_inline))
void matrix_tiles(thread bool& second, thread uint& gl_SubgroupID, const device Second1& _315, const device Weights1& _325, const device Second4& _337, const device Weights4& _346, constant Push& push, device Y4& _738, device Y1& _764, threadgroup uint4 (&pool)[576], device Work4& _938, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1240, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1], threadgroup uint4 (&tile_w)[640], threadgroup float (&tile_scales)[256], thread uint2& columns, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
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
        uint _3382 = ceil_div(param, param_1);
        if (tile_j < _3382)
        {
            uint tile_r = (push.first.xyz + gl_WorkGroupID).x;
            for (;;)
            {
                uint param_2 = push.rows;
                uint param_3 = 64u;
                uint _3401 = ceil_div(param_2, param_3);
                if (tile_r < _3401)
                {
                    uint param_4 = tile_r * 64u;
                    uint param_5 = tile_j * 64u;
                    find_rows(param_4, param_5, second, push, gl_LocalInvocationID, start_x, start_w);
                    _Pragma("clang loop unroll(full)")
                    for (uint i = 0u; i < 16u; i++)
                    {
                        sums[i] = simdgroup_float8x8(0.0);
                    }
                    uint param_6 = 0u;
                    uint param_7 = slices_k;
                    load_slice(param_6, param_7, second, _315, _325, _337, _346, push, _938, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    uint param_8 = 0u;
                    uint param_9 = slices_k;
                    put_slice(param_8, param_9, push, pool, gl_LocalInvocationID, start_w, next_x, next_w, tile_w, tile_scales);
                    uint param_10 = min(1u, (count - 1u));
                    uint param_11 = slices_k;
                    load_slice(param_10, param_11, second, _315, _325, _337, _346, push, _938, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
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
                        load_slice(param_16, param_17, second, _315, _325, _337, _346, push, _938, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                        threadgroup_barrier(mem_flags::mem_threadgroup);
                    }
                    uint param_18 = (tile_r * 64u) + down;
                    uint param_19 = tile_j * 64u;
                    uint param_20 = right;
                    finish_tile(param_18, param_19, param_20, gl_SubgroupID, push, _738, _764, pool, _1240, sums, gl_SubgroupInvocationID);
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

kernel void zc_linear_gated_matrix(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], const device void* spvBufferAliasSet0Binding3 [[buffer(3)]], const device void* spvBufferAliasSet0Binding4 [[buffer(4)]], device void* spvBufferAliasSet0Binding5 [[buffer(5)]], device void* spvBufferAliasSet0Binding6 [[buffer(6)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]])
{
    const device auto& _514 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& _325 = *(const device Weights1*)spvBufferAliasSet0Binding2;
    const device auto& _315 = *(const device Second1*)spvBufferAliasSet0Binding3;
    const device auto& _594 = *(const device Norm4*)spvBufferAliasSet0Binding4;
    device auto& _738 = *(device Y4*)spvBufferAliasSet0Binding5;
    device auto& _938 = *(device Work4*)spvBufferAliasSet0Binding6;
    const device auto& _337 = *(const device Second4*)spvBufferAliasSet0Binding3;
    const device auto& _346 = *(const device Weights4*)spvBufferAliasSet0Binding2;
    const device auto& _526 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& _603 = *(const device Norm1*)spvBufferAliasSet0Binding4;
    device auto& _764 = *(device Y1*)spvBufferAliasSet0Binding5;
    device auto& _1240 = *(device Work1*)spvBufferAliasSet0Binding6;
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
    if (_3492)
    {
        input_rows(group_partial, gl_SubgroupID, gl_NumSubgroups, _514, _526, push, _594, _603, pool, _938, gl_LocalInvocationID, gl_WorkGroupID, _1240);
    }
    else
    {
        matrix_tiles(second, gl_SubgroupID, _315, _325, _337, _346, push, _738, _764, pool, _938, gl_LocalInvocationID, gl_WorkGroupID, _1240, start_x, start_w, next_x, next_w, tile_w, tile_scales, columns, sums, gl_SubgroupInvocationID);
    }
}

