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
constant bool _661 = (type == 0u);
constant bool _669 = (type == 1u);
constant bool _677 = (type == 2u);
constant bool _685 = (type == 3u);
constant bool _694 = (type == 4u);
constant bool _704 = (type == 5u);
constant bool _714 = (type == 6u);
constant bool _724 = (type == 7u);
constant bool _733 = (type == 8u);
constant bool _742 = (type == 9u);
constant bool _751 = (type == 10u);
constant bool _760 = (type == 11u);
constant bool _769 = (type == 12u);
constant bool _779 = (type == 13u);
constant bool _788 = (type == 14u);
constant bool _798 = (type == 15u);
constant bool _806 = (type == 16u);

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

constant uint _1038 = (variant / 17u);
constant uint input_ = (_1038 % 3u);
constant bool gated = (input_ == 2u);
constant bool normed = (input_ == 1u);
constant bool _1085 = (type == 5u);
constant bool _1094 = (type == 6u);

struct Work4
{
    uint4 work4[1];
};

constant bool _1275 = (type == 5u);
constant bool _1276 = (type == 6u);
constant bool _1277 = (_1275 || _1276);
constant bool _1312 = (type == 5u);
constant uint blocks = _1312 ? 4u : 2u;
constant uint _1318 = (32u / blocks);
constant uint _1340 = (8u * blocks);
constant uint _1345 = (8u * blocks);
constant bool _1360 = (type == 5u);

struct Work1
{
    float work1[1];
};

constant bool _1628 = (type == 5u);
constant bool _1629 = (type == 6u);
constant bool _1630 = (_1628 || _1629);
constant bool _1639 = (type == 5u);
constant uint _1640 = _1639 ? 4u : 2u;
constant bool _1797 = (type == 3u);
constant bool _1810 = (type == 4u);
constant bool _1844 = (type == 1u);
constant bool _1921 = (type == 3u);
constant bool _1922 = (type == 4u);
constant bool _1923 = (_1921 || _1922);
constant bool _1939 = (type == 5u);
constant bool _1951 = (type == 6u);
constant bool _2064 = (type == 3u);
constant bool _2065 = (type == 4u);
constant bool _2066 = (_2064 || _2065);
constant bool _2110 = (type == 3u);
constant bool _2135 = (type == 5u);
constant bool _2179 = (type == 6u);
constant bool _2253 = (type == 4u);
constant bool _2254 = (type == 5u);
constant bool _2255 = (_2253 || _2254);
constant bool _2272 = (type == 3u);
constant bool _2274 = (type == 4u);
constant bool _2276 = (type == 7u);
constant float _2279 = _2276 ? 1056.0 : 1024.0;
constant float _2280 = _2274 ? 1032.0 : _2279;
constant float _2281 = _2272 ? 1152.0 : _2280;
constant bool _2322 = (type == 1u);
constant bool _2460 = (type == 3u);
constant bool _2461 = (type == 4u);
constant bool _2462 = (_2460 || _2461);
constant bool _2489 = (type == 5u);
constant bool _2509 = (type == 6u);
constant bool _2573 = (type == 5u);
constant bool _2642 = (type == 6u);
constant bool _2707 = (type == 6u);
constant bool _2730 = (type == 6u);
constant bool _3029 = (type == 1u);
constant bool _3096 = (type == 1u);
constant bool _3097 = (!_3096);
constant bool _3102 = (type == 7u);
constant uint SCALES = _3102 ? 2u : 1u;
constant bool _3104 = (SCALES == 2u);
constant uint PART_STEPS = (4u / SCALES);
constant bool _3214 = (type == 1u);
constant bool _3215 = (!_3214);
constant bool _3325 = (type == 1u);
constant bool _3367 = (type == 1u);
constant bool _3368 = (!_3367);
constant bool _3397 = (SCALES == 2u);
constant uint way = (variant / 51u);
constant bool _3663 = (way == 8u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

struct Weights4
{
    uint4 weights4[1];
};

constant float _1332[4] = { 0.0, 0.0, 0.0, 0.0 };

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
float4 x_at(thread const uint& i, thread const uint& count, const device X4& _907, const device X1& _918)
{
    if (((i & 3u) == 0u) && (count >= 4u))
    {
        return _907.x4[i / 4u];
    }
    float4 v = float4(0.0);
    v.x = _918.x1[i];
    if (count > 1u)
    {
        v.y = _918.x1[i + 1u];
    }
    if (count > 2u)
    {
        v.z = _918.x1[i + 2u];
    }
    if (count > 3u)
    {
        v.w = _918.x1[i + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
float4 norm_at(thread const uint& i, constant Push& push, const device Norm4& _981, const device Norm1& _990)
{
    uint at = push.offset.w + i;
    uint last = (push.offset.w + push.k) - 1u;
    bool _968 = (at & 3u) == 0u;
    bool _975;
    if (_968)
    {
        _975 = (at + 3u) <= last;
    }
    else
    {
        _975 = _968;
    }
    if (_975)
    {
        return _981.norm4[at / 4u];
    }
    return float4(_990.norm1[min(at, last)], _990.norm1[min((at + 1u), last)], _990.norm1[min((at + 2u), last)], _990.norm1[min((at + 3u), last)]);
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
float4 input_quad(thread const uint& r, thread const uint& q, thread float& squares, constant Push& push, const device X4& _907, const device X1& _918, const device Norm4& _981, const device Norm1& _990)
{
    if ((4u * q) >= push.k)
    {
        return float4(0.0);
    }
    uint at = (push.offset.x + (r * push.ldx)) + (4u * q);
    uint count = push.k - (4u * q);
    float4 _1198;
    if (gated)
    {
        uint param = at + push.k;
        uint param_1 = count;
        _1198 = x_at(param, param_1, _907, _918);
    }
    else
    {
        _1198 = float4(0.0);
    }
    float4 up = _1198;
    float4 _1212;
    if (normed)
    {
        uint param_2 = 4u * q;
        _1212 = norm_at(param_2, push, _981, _990);
    }
    else
    {
        _1212 = float4(1.0);
    }
    float4 factor = _1212;
    uint param_3 = at;
    uint param_4 = count;
    float4 param_5 = x_at(param_3, param_4, _907, _918);
    float4 param_6 = up;
    float4 param_7 = factor;
    float param_8 = squares;
    float4 _1234 = input_of(param_5, param_6, param_7, param_8);
    squares = param_8;
    return _1234;
}

static inline __attribute__((always_inline))
uint group_max_bits(thread uint& bits, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, threadgroup uint4 (&pool)[576])
{
    bits = simd_max(bits);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _1141 = simd_is_first();
    if (_1141)
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
    bool _266 = simd_is_first();
    if (_266)
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
    float _1020;
    if (push.k != 0u)
    {
        _1020 = rsqrt((squares / float(push.k)) + push.eps);
    }
    else
    {
        _1020 = 0.0;
    }
    return _1020;
}

static inline __attribute__((always_inline))
uint slices_of_minima(constant Push& push)
{
    uint _1086;
    if (_1085)
    {
        uint param = slices_of_k(push);
        uint param_1 = 32u;
        _1086 = ceil_div(param, param_1);
    }
    else
    {
        uint _1095;
        if (_1094)
        {
            uint param_2 = push.k;
            uint param_3 = 512u;
            _1095 = ceil_div(param_2, param_3);
        }
        else
        {
            _1095 = 0u;
        }
        _1086 = _1095;
    }
    return _1086;
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
void put_halves(thread const uint& at, thread const uint& q, thread const float4& v, device Work4& _1241)
{
    _1241.work4[(at + ((q / 8u) * 512u)) + (q & 7u)] = as_type<uint4>(v);
}

static inline __attribute__((always_inline))
void put_quads(thread const uint& start, thread const uint& minima, thread const uint& base, thread const uint& quads, thread const float4& v, constant Push& push, threadgroup uint4 (&pool)[576], device Work4& _1241, thread uint3& gl_LocalInvocationID)
{
    uint me = gl_LocalInvocationID.x;
    if ((base + me) < quads)
    {
        uint param = start;
        uint param_1 = base + me;
        float4 param_2 = v;
        put_halves(param, param_1, param_2, _1241);
    }
    if (_1277)
    {
        uint turn = base & 256u;
        float _1291;
        if ((base + me) < quads)
        {
            _1291 = ((v.x + v.y) + v.z) + v.w;
        }
        else
        {
            _1291 = 0.0;
        }
        ((threadgroup uint*)&pool[turn + me])[0u] = as_type<uint>(_1291);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        uint m = ((base / 8u) / blocks) + me;
        bool _1319 = me < _1318;
        bool _1326;
        if (_1319)
        {
            _1326 = m < (slices_of_minima(push) * 8u);
        }
        else
        {
            _1326 = _1319;
        }
        if (_1326)
        {
            float sums[4] = { 0.0, 0.0, 0.0, 0.0 };
            for (uint i = 0u; i < _1340; i++)
            {
                uint _1343 = i / 8u;
                sums[_1343] += as_type<float>(((threadgroup uint*)&pool[(turn + (_1345 * me)) + i])[0u]);
            }
            float4 _1361;
            if (_1360)
            {
                _1361 = float4(sums[0], sums[1], sums[2], sums[3]);
            }
            else
            {
                _1361 = float4(sums[0], sums[0], sums[1], sums[1]);
            }
            uint param_3 = minima;
            uint param_4 = m;
            float4 param_5 = _1361;
            put_halves(param_3, param_4, param_5, _1241);
        }
    }
}

static inline __attribute__((always_inline))
void input_rows(threadgroup float (&group_partial)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, constant Push& push, const device X4& _907, const device X1& _918, const device Norm4& _981, const device Norm1& _990, threadgroup uint4 (&pool)[576], device Work4& _1241, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1544)
{
    uint me = gl_LocalInvocationID.x;
    uint quads = slices_of_k(push) * 8u;
    uint3 _1405 = push.first.xyz + gl_WorkGroupID;
    uint _1406 = _1405.x;
    float4 kept[4];
    float _1509;
    for (uint r = _1406; r < push.rows; r += push.groups.x)
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
            float4 _1440 = input_quad(param, param_1, param_2, push, _907, _918, _981, _990);
            squares = param_2;
            kept[i] = _1440;
            uint4 v = as_type<uint4>(kept[i]) & uint4(2147483647u);
            bits = max(bits, max(max(v.x, v.y), max(v.z, v.w)));
        }
        uint _1469 = 1024u + me;
        for (uint q = _1469; q < quads; q += 256u)
        {
            uint param_3 = r;
            uint param_4 = q;
            float param_5 = squares;
            float4 _1485 = input_quad(param_3, param_4, param_5, push, _907, _918, _981, _990);
            squares = param_5;
            uint4 v_1 = as_type<uint4>(_1485) & uint4(2147483647u);
            bits = max(bits, max(max(v_1.x, v_1.y), max(v_1.z, v_1.w)));
        }
        uint param_6 = bits;
        uint _1507 = group_max_bits(param_6, gl_SubgroupID, gl_NumSubgroups, pool);
        bits = _1507;
        if (normed)
        {
            float param_7 = squares;
            float _1514 = group_sum(param_7, group_partial, gl_SubgroupID, gl_NumSubgroups);
            float param_8 = _1514;
            _1509 = norm_scale(param_8, push);
        }
        else
        {
            _1509 = 1.0;
        }
        float factor = _1509;
        int power = clamp(136 - int(bits >> 23u), -118, 100);
        float scale = as_type<float>(uint(127 + power) << 23u);
        if (me == 0u)
        {
            _1544.work1[r] = factor * as_type<float>(uint(127 - power) << 23u);
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
                put_quads(param_10, param_11, param_12, param_13, param_14, push, pool, _1241, gl_LocalInvocationID);
            }
        }
        for (uint base = 1024u; base < quads; base += 256u)
        {
            uint param_15 = r;
            uint param_16 = base + me;
            float param_17 = unused;
            float4 _1613 = input_quad(param_15, param_16, param_17, push, _907, _918, _981, _990);
            unused = param_17;
            uint param_18 = start;
            uint param_19 = minima;
            uint param_20 = base;
            uint param_21 = quads;
            float4 param_22 = _1613 * scale;
            put_quads(param_18, param_19, param_20, param_21, param_22, push, pool, _1241, gl_LocalInvocationID);
        }
        if (_1630)
        {
            uint param_23 = quads;
            uint param_24 = 256u;
            uint covered = (ceil_div(param_23, param_24) * 32u) / _1640;
            uint _1645 = covered + me;
            for (uint m = _1645; m < (slices_of_minima(push) * 8u); m += 256u)
            {
                uint param_25 = minima;
                uint param_26 = m;
                float4 param_27 = float4(0.0);
                put_halves(param_25, param_26, param_27, _1241);
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
    simdgroup_float8x8 _3146;
    simdgroup_load(_3146, reinterpret_cast<threadgroup float*>(&pool[0u]), (2u) * 4u);
    simdgroup_float8x8 tempArg = _3146;
    simdgroup_float8x8 numbers = tempArg;
    simdgroup_float8x8 param = numbers;
    columns = uint2(elements_of(param));
}

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    uint _662;
    if (_661)
    {
        _662 = (k / 1u) * 2u;
    }
    else
    {
        uint _670;
        if (_669)
        {
            _670 = (k / 1u) * 1u;
        }
        else
        {
            uint _678;
            if (_677)
            {
                _678 = (k / 1u) * 1u;
            }
            else
            {
                uint _686;
                if (_685)
                {
                    _686 = (k / 32u) * 17u;
                }
                else
                {
                    uint _695;
                    if (_694)
                    {
                        _695 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _705;
                        if (_704)
                        {
                            _705 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _715;
                            if (_714)
                            {
                                _715 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _725;
                                if (_724)
                                {
                                    _725 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    uint _734;
                                    if (_733)
                                    {
                                        _734 = (k / 32u) * 11u;
                                    }
                                    else
                                    {
                                        uint _743;
                                        if (_742)
                                        {
                                            _743 = (k / 32u) * 12u;
                                        }
                                        else
                                        {
                                            uint _752;
                                            if (_751)
                                            {
                                                _752 = (k / 256u) * 42u;
                                            }
                                            else
                                            {
                                                uint _761;
                                                if (_760)
                                                {
                                                    _761 = (k / 256u) * 55u;
                                                }
                                                else
                                                {
                                                    uint _770;
                                                    if (_769)
                                                    {
                                                        _770 = (k / 256u) * 88u;
                                                    }
                                                    else
                                                    {
                                                        uint _780;
                                                        if (_779)
                                                        {
                                                            _780 = (k / 32u) * 9u;
                                                        }
                                                        else
                                                        {
                                                            uint _789;
                                                            if (_788)
                                                            {
                                                                _789 = (k / 256u) * 68u;
                                                            }
                                                            else
                                                            {
                                                                uint _799;
                                                                if (_798)
                                                                {
                                                                    _799 = (k / 64u) * 17u;
                                                                }
                                                                else
                                                                {
                                                                    uint _807;
                                                                    if (_806)
                                                                    {
                                                                        _807 = (k / 2u) * 1u;
                                                                    }
                                                                    else
                                                                    {
                                                                        _807 = 0u;
                                                                    }
                                                                    _799 = _807;
                                                                }
                                                                _789 = _799;
                                                            }
                                                            _780 = _789;
                                                        }
                                                        _770 = _780;
                                                    }
                                                    _761 = _770;
                                                }
                                                _752 = _761;
                                            }
                                            _743 = _752;
                                        }
                                        _734 = _743;
                                    }
                                    _725 = _734;
                                }
                                _715 = _725;
                            }
                            _705 = _715;
                        }
                        _695 = _705;
                    }
                    _686 = _695;
                }
                _678 = _686;
            }
            _670 = _678;
        }
        _662 = _670;
    }
    return _662;
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
uint4 four_words(thread const uint& at, const device Weights1& _651)
{
    return uint4(*(const device packed_uint4*)&_651.weights1[at]);
}

static inline __attribute__((always_inline))
uint weight_word(thread const uint& i, const device Weights1& _651)
{
    return _651.weights1[i];
}

static inline __attribute__((always_inline))
uint numbers_at(thread const uint& row, thread const uint& s, thread const uint& p)
{
    uint _1798;
    if (_1797)
    {
        _1798 = ((row + (17u * s)) + 1u) + (8u * p);
    }
    else
    {
        uint _1811;
        if (_1810)
        {
            _1811 = ((row + (9u * s)) + 1u) + (4u * p);
        }
        else
        {
            _1811 = (((row + ((s / 8u) * 105u)) + (32u * ((s / 4u) & 1u))) + (16u * (s & 1u))) + (8u * p);
        }
        _1798 = _1811;
    }
    return _1798;
}

static inline __attribute__((always_inline))
Window window_at(thread const uint& at, constant Push& push, const device Weights1& _651)
{
    uint param = push.k;
    uint end = push.offset.y + (((push.n * row_halves(param)) + 1u) / 2u);
    Window w = Window{ uint4(0u), uint4(0u) };
    if ((at + 5u) <= end)
    {
        uint param_1 = at;
        w.a = four_words(param_1, _651);
        uint param_2 = at + 4u;
        w.b.x = weight_word(param_2, _651);
    }
    else
    {
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_3 = min((at + i), (end - 1u));
            w.a[i] = weight_word(param_3, _651);
        }
        uint param_4 = min((at + 4u), (end - 1u));
        w.b.x = weight_word(param_4, _651);
    }
    return w;
}

static inline __attribute__((always_inline))
void load_part(thread Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, constant Push& push, const device Weights1& _651)
{
    if (_1844)
    {
        uint last = ((row + push.k) - 1u) / 2u;
        uint at = ((row + (32u * s)) + (16u * p)) / 2u;
        if ((at + 8u) <= last)
        {
            uint param = at;
            uint param_1 = at + 4u;
            v.numbers = Window{ four_words(param, _651), four_words(param_1, _651) };
            uint param_2 = at + 8u;
            v.scale = weight_word(param_2, _651);
            return;
        }
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint param_3 = min((at + i), last);
            v.numbers.a[i] = weight_word(param_3, _651);
            uint param_4 = min(((at + 4u) + i), last);
            v.numbers.b[i] = weight_word(param_4, _651);
        }
        uint param_5 = min((at + 8u), last);
        v.scale = weight_word(param_5, _651);
    }
    else
    {
        if (_1923)
        {
            uint param_6 = row;
            uint param_7 = s;
            uint param_8 = p;
            uint param_9 = (numbers_at(param_6, param_7, param_8) - 1u) / 2u;
            v.numbers = window_at(param_9, push, _651);
        }
        else
        {
            if (_1939)
            {
                uint param_10 = (row / 2u) + (5u * s);
                v.numbers = window_at(param_10, push, _651);
            }
            else
            {
                if (_1951)
                {
                    uint at_1 = (row / 2u) + ((s / 8u) * 36u);
                    uint numbers = ((at_1 + 4u) + (((s & 7u) / 2u) * 8u)) + (4u * p);
                    bool whole = (push.offset.y & 3u) == 0u;
                    if ((s & 7u) == 0u)
                    {
                        uint param_11 = at_1;
                        v.more.a = four_words(param_11, _651);
                    }
                    if ((s & 1u) == 0u)
                    {
                        uint param_12 = numbers;
                        v.numbers.a = four_words(param_12, _651);
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
                    v.numbers = window_at(param_16, push, _651);
                    if ((s & 3u) == 0u)
                    {
                        uint param_17 = (((block + 64u) + (16u * half_)) + (8u * p)) / 2u;
                        v.more = window_at(param_17, push, _651);
                        uint param_18 = scales;
                        uint param_19 = scales + 1u;
                        uint param_20 = scales + 2u;
                        v.scales = uint3(weight_word(param_18, _651), weight_word(param_19, _651), weight_word(param_20, _651));
                        uint param_21 = (block / 2u) + 52u;
                        v.scale = weight_word(param_21, _651);
                    }
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
Sixteen load_minima(thread const uint& row, thread const uint& s, thread const uint& p, constant Push& push, const device Weights1& _651)
{
    Sixteen v;
    v.numbers = Window{ uint4(0u), uint4(0u) };
    v.more = Window{ uint4(0u), uint4(0u) };
    v.scales = uint3(0u);
    v.scale = 0u;
    if (_2573)
    {
        uint blocks_1 = slices_of_k(push);
        uint _2598;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 16u; i++)
        {
            uint block = ((32u * s) + (16u * p)) + i;
            if (block < blocks_1)
            {
                uint param = (row / 2u) + (5u * block);
                _2598 = weight_word(param, _651) >> 16u;
            }
            else
            {
                _2598 = 0u;
            }
            uint minimum = _2598;
            if (i < 8u)
            {
                uint _2616 = i / 2u;
                v.numbers.a[_2616] |= (minimum << (16u * (i & 1u)));
            }
            else
            {
                uint _2629 = (i / 2u) - 4u;
                v.numbers.b[_2629] |= (minimum << (16u * (i & 1u)));
            }
        }
    }
    else
    {
        if (_2642)
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
                v.more.a = uint4(weight_word(param_1, _651), weight_word(param_2, _651), weight_word(param_3, _651), weight_word(param_4, _651));
            }
            uint _2691;
            if (other < blocks_2)
            {
                uint param_5 = (row / 2u) + (36u * other);
                _2691 = weight_word(param_5, _651);
            }
            else
            {
                _2691 = 0u;
            }
            v.scale = _2691;
        }
    }
    return v;
}

static inline __attribute__((always_inline))
void load_slice(thread const uint& s, thread const uint& slices_k, constant Push& push, const device Weights1& _651, device Work4& _1241, thread uint3& gl_LocalInvocationID, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1])
{
    uint p = gl_LocalInvocationID.x & 1u;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 2u; i++)
    {
        next_x[i] = _1241.work4[start_x[i] + (s * 512u)];
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
            load_part(param, param_1, param_2, param_3, push, _651);
            next_w[i_1] = param;
        }
        else
        {
            uint param_4 = start_w[i_1];
            uint param_5 = s - slices_k;
            uint param_6 = p;
            next_w[i_1] = load_minima(param_4, param_5, param_6, push, _651);
        }
    }
}

static inline __attribute__((always_inline))
uint4 shifted(thread const uint& h, thread const uint4& v, thread const uint& next)
{
    uint4 _1757;
    if ((h & 1u) != 0u)
    {
        _1757 = (v >> uint4(16u)) | (uint4(v.yzw, next) << uint4(16u));
    }
    else
    {
        _1757 = v;
    }
    return _1757;
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
    uint4 _1786 = words_of(param, param_1, param_2);
    uint next = param_2;
    uint4 v = _1786;
    uint param_3 = h;
    uint4 param_4 = v;
    uint param_5 = next;
    return shifted(param_3, param_4, param_5);
}

static inline __attribute__((always_inline))
uint4 bytes_of(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p)
{
    if (_2066)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = p;
        uint h = numbers_at(param, param_1, param_2);
        Window param_3 = v.numbers;
        uint param_4 = (h - 1u) / 2u;
        uint param_5;
        uint4 _2087 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint4 words = _2087;
        uint4 _2092;
        if ((h & 1u) != 0u)
        {
            uint param_6 = 1u;
            uint4 param_7 = words;
            uint param_8 = next;
            _2092 = shifted(param_6, param_7, param_8);
        }
        else
        {
            _2092 = uint4(words.yzw, next);
        }
        words = _2092;
        uint4 _2111;
        if (_2110)
        {
            _2111 = words ^ uint4(2155905152u);
        }
        else
        {
            _2111 = uint4(words.xy, words.xy >> uint2(4u)) & uint4(252645135u);
        }
        return _2111;
    }
    if (_2135)
    {
        Window param_9 = v.numbers;
        uint param_10 = (row / 2u) + (5u * s);
        uint param_11;
        uint4 _2150 = words_of(param_9, param_10, param_11);
        uint next_1 = param_11;
        uint4 words_1 = _2150;
        uint2 _2156;
        if (p == 0u)
        {
            _2156 = words_1.yz;
        }
        else
        {
            _2156 = uint2(words_1.w, next_1);
        }
        uint2 two = _2156;
        return uint4(two, two >> uint2(4u)) & uint4(252645135u);
    }
    if (_2179)
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
    float zero = _2281;
    uint low = (bytes & 255u) | ((bytes & 65280u) << 8u);
    uint high = ((bytes >> 16u) & 255u) | ((bytes & 4278190080u) >> 8u);
    return uint2(as_type<uint>(as_type<half2>(low | 1677747200u) - half2(half(zero))), as_type<uint>(as_type<half2>(high | 1677747200u) - half2(half(zero))));
}

static inline __attribute__((always_inline))
void decode_part(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p, thread uint4& first, thread uint4& second_, constant Push& push)
{
    if (_2322)
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
        uint _2369;
        uint _2380;
        uint _2398;
        uint _2410;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            if (left > ((2u * i) + 1u))
            {
                _2369 = first[i];
            }
            else
            {
                if (left > (2u * i))
                {
                    _2380 = first[i] & 65535u;
                }
                else
                {
                    _2380 = 0u;
                }
                _2369 = _2380;
            }
            first[i] = _2369;
            if (left > ((2u * i) + 9u))
            {
                _2398 = second_[i];
            }
            else
            {
                if (left > ((2u * i) + 8u))
                {
                    _2410 = second_[i] & 65535u;
                }
                else
                {
                    _2410 = 0u;
                }
                _2398 = _2410;
            }
            second_[i] = _2398;
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
    float2 _863;
    if (i < 4u)
    {
        _863 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _863 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _863;
}

static inline __attribute__((always_inline))
float part_scale(thread const Sixteen& v, thread const uint& row, thread const uint& s, thread const uint& p)
{
    if (_2462)
    {
        uint param = row;
        uint param_1 = s;
        uint param_2 = 0u;
        uint h = numbers_at(param, param_1, param_2) - 1u;
        Window param_3 = v.numbers;
        uint param_4 = h / 2u;
        uint param_5;
        uint4 _2481 = words_of(param_3, param_4, param_5);
        uint next = param_5;
        uint param_6 = h;
        uint param_7 = _2481.x;
        return float_of(param_6, param_7);
    }
    if (_2489)
    {
        Window param_8 = v.numbers;
        uint param_9 = (row / 2u) + (5u * s);
        uint param_10;
        uint4 _2503 = words_of(param_8, param_9, param_10);
        uint next_1 = param_10;
        return float2(as_type<half2>(_2503.x)).x;
    }
    if (_2509)
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
    uint _2256;
    if (_2255)
    {
        _2256 = p + (2u * i);
    }
    else
    {
        _2256 = (2u * p) + i;
    }
    return _2256;
}

static inline __attribute__((always_inline))
float minima_scale(thread const Sixteen& v)
{
    float _2708;
    if (_2707)
    {
        _2708 = fast::max(abs(float2(as_type<half2>(v.more.a.x)).y), abs(float2(as_type<half2>(v.scale)).y));
    }
    else
    {
        _2708 = 1.0;
    }
    return _2708;
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
    if (_2730)
    {
        Sixteen param = v;
        float most = minima_scale(param);
        float _2740;
        if (most > 0.0)
        {
            _2740 = (-float2(as_type<half2>(v.more.a.x)).y) / most;
        }
        else
        {
            _2740 = 0.0;
        }
        float ratio = _2740;
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
    float _3030;
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
            if (_3029)
            {
                _3030 = 1.0;
            }
            else
            {
                Sixteen param_6 = next_w[i_1];
                uint param_7 = start_w[i_1];
                uint param_8 = s;
                uint param_9 = p;
                _3030 = part_scale(param_6, param_7, param_8, param_9);
            }
            scale = _3030;
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
        bool _3106;
        if (_3097)
        {
            _3106 = (p == 0u) || _3104;
        }
        else
        {
            _3106 = _3097;
        }
        if (_3106)
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
                simdgroup_half8x8 _3202;
                simdgroup_load(_3202, reinterpret_cast<threadgroup half*>(&tile_w[((right + (j * 8u)) * 5u) + (((e * PART_STEPS) + t) * 1u)]), (5u) * 8u, ulong2(0), true);
                simdgroup_half8x8 tempArg = _3202;
                b[(j * 4u) + t] = tempArg;
            }
        }
        if (_3215)
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
                simdgroup_float8x8 _3294;
                simdgroup_load(_3294, reinterpret_cast<threadgroup float*>(&pool[((down + (i * 8u)) * 9u) + ((((e * PART_STEPS) + t_1) * 2u) * 1u)]), (9u) * 4u);
                simdgroup_float8x8 tempArg_1 = _3294;
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
                    if (_3325)
                    {
                        simdgroup_float8x8 _3351;
                        simdgroup_multiply_accumulate(_3351, a[t_2], b[(j_1 * 4u) + t_2], sums[(i * 4u) + j_1]);
                        sums[(i * 4u) + j_1] = _3351;
                    }
                    else
                    {
                        simdgroup_float8x8 _3364;
                        simdgroup_multiply_accumulate(_3364, a[t_2], b[(j_1 * 4u) + t_2], block);
                        block = _3364;
                    }
                }
            }
            if (_3368)
            {
                uint _3374 = (i * 4u) + j_1;
                simdgroup_float8x8 param = sums[_3374];
                simdgroup_float8x8 param_1 = block;
                float2 param_2 = scales[j_1];
                add_scaled(param, param_1, param_2);
                sums[_3374] = param;
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
    if (_3397)
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
    float _394;
    if (abs(y) > 3.900000095367431640625)
    {
        _394 = sign(y);
    }
    else
    {
        _394 = (y * p) / q;
    }
    float erf = _394;
    return (0.5 * x) * (1.0 + erf);
}

static inline __attribute__((always_inline))
float gelu_tanh(thread const float& x)
{
    return x / (1.0 + exp((-1.5957691669464111328125) * (x + (((0.0447149984538555145263671875 * x) * x) * x))));
}

static inline __attribute__((always_inline))
void finish(thread const uint& r, thread const uint& j, thread float& sum, constant Push& push, const device Bias1& _461, device Y1& _495)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    uint param = 2u;
    if (has(param, push))
    {
        sum += _461.bias1[push.offset.z + j];
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
        sum += _495.y1[to];
    }
    _495.y1[to] = sum;
}

static inline __attribute__((always_inline))
void finish_quad(thread const uint& r, thread const uint& j, thread float4& sums, constant Push& push, const device Bias1& _461, device Y1& _495, device Y4& _605)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    bool _516 = (to & 3u) == 0u;
    bool _526;
    if (_516)
    {
        _526 = (j + 4u) <= push.n;
    }
    else
    {
        _526 = _516;
    }
    if (_526)
    {
        uint param = 2u;
        if (has(param, push))
        {
            uint at = push.offset.z + j;
            sums += float4(*(const device packed_float4*)&_461.bias1[at]);
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
            sums += _605.y4[to / 4u];
        }
        _605.y4[to / 4u] = sums;
        return;
    }
    uint e = 0u;
    _Pragma("clang loop unroll(disable)")
    for (;;)
    {
        bool _625 = e < 4u;
        bool _634;
        if (_625)
        {
            _634 = (j + e) < push.n;
        }
        else
        {
            _634 = _625;
        }
        if (_634)
        {
            uint param_12 = r;
            uint param_13 = j + e;
            float param_14 = sums[e];
            finish(param_12, param_13, param_14, push, _461, _495);
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
void finish_tile(thread const uint& first_r, thread const uint& first_j, thread const uint& first_c, thread uint& gl_SubgroupID, constant Push& push, const device Bias1& _461, device Y1& _495, device Y4& _605, threadgroup uint4 (&pool)[576], device Work1& _1544, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
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
            bool _3477 = r < push.rows;
            bool _3484;
            if (_3477)
            {
                _3484 = j_1 < push.n;
            }
            else
            {
                _3484 = _3477;
            }
            if (_3484)
            {
                float4 v = as_type<float4>(pool[base + t]) * _1544.work1[r];
                uint param = r;
                uint param_1 = j_1;
                float4 param_2 = v;
                finish_quad(param, param_1, param_2, push, _461, _495, _605);
            }
        }
        simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
    }
}

static inline __attribute__((always_inline))
void matrix_tiles(thread uint& gl_SubgroupID, constant Push& push, const device Bias1& _461, device Y1& _495, device Y4& _605, const device Weights1& _651, threadgroup uint4 (&pool)[576], device Work4& _1241, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, device Work1& _1544, thread uint (&start_x)[2], thread uint (&start_w)[1], thread uint4 (&next_x)[2], thread Sixteen (&next_w)[1], threadgroup uint4 (&tile_w)[640], threadgroup float (&tile_scales)[256], thread uint2& columns, thread simdgroup_float8x8 (&sums)[16], thread uint& gl_SubgroupInvocationID)
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
        uint _3539 = ceil_div(param, param_1);
        if (tile_j < _3539)
        {
            uint tile_r = (push.first.xyz + gl_WorkGroupID).x;
            for (;;)
            {
                uint param_2 = push.rows;
                uint param_3 = 64u;
                uint _3558 = ceil_div(param_2, param_3);
                if (tile_r < _3558)
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
                    load_slice(param_6, param_7, push, _651, _1241, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    uint param_8 = min(first, (count - 1u));
                    uint param_9 = slices_k;
                    put_slice(param_8, param_9, push, pool, gl_LocalInvocationID, start_w, next_x, next_w, tile_w, tile_scales);
                    uint param_10 = min((first + 1u), (count - 1u));
                    uint param_11 = slices_k;
                    load_slice(param_10, param_11, push, _651, _1241, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
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
                        load_slice(param_16, param_17, push, _651, _1241, gl_LocalInvocationID, start_x, start_w, next_x, next_w);
                        threadgroup_barrier(mem_flags::mem_threadgroup);
                    }
                    uint param_18 = (tile_r * 64u) + down;
                    uint param_19 = tile_j * 128u;
                    uint param_20 = right;
                    finish_tile(param_18, param_19, param_20, gl_SubgroupID, push, _461, _495, _605, pool, _1544, sums, gl_SubgroupInvocationID);
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

kernel void zc_linear_matrix(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device Weights1& _651 [[buffer(2)]], const device Bias1& _461 [[buffer(3)]], const device void* spvBufferAliasSet0Binding4 [[buffer(4)]], device void* spvBufferAliasSet0Binding5 [[buffer(5)]], device void* spvBufferAliasSet0Binding6 [[buffer(6)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]])
{
    const device auto& _907 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& _981 = *(const device Norm4*)spvBufferAliasSet0Binding4;
    device auto& _495 = *(device Y1*)spvBufferAliasSet0Binding5;
    device auto& _1241 = *(device Work4*)spvBufferAliasSet0Binding6;
    device auto& _605 = *(device Y4*)spvBufferAliasSet0Binding5;
    const device auto& _918 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& _990 = *(const device Norm1*)spvBufferAliasSet0Binding4;
    device auto& _1544 = *(device Work1*)spvBufferAliasSet0Binding6;
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
    if (_3663)
    {
        input_rows(group_partial, gl_SubgroupID, gl_NumSubgroups, push, _907, _918, _981, _990, pool, _1241, gl_LocalInvocationID, gl_WorkGroupID, _1544);
    }
    else
    {
        matrix_tiles(gl_SubgroupID, push, _461, _495, _605, _651, pool, _1241, gl_LocalInvocationID, gl_WorkGroupID, _1544, start_x, start_w, next_x, next_w, tile_w, tile_scales, columns, sums, gl_SubgroupInvocationID);
    }
}

