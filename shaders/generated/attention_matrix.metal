#pragma clang diagnostic ignored "-Wmissing-prototypes"

#include <metal_stdlib>
#include <simd/simd.h>
#include <metal_simdgroup_matrix>

using namespace metal;

template<typename T>
inline T spvSubgroupShuffleXor(T value, ushort mask)
{
    return simd_shuffle_xor(value, mask);
}

template<>
inline bool spvSubgroupShuffleXor(bool value, ushort mask)
{
    return !!simd_shuffle_xor((ushort)value, mask);
}

template<uint N>
inline vec<bool, N> spvSubgroupShuffleXor(vec<bool, N> value, ushort mask)
{
    return (vec<bool, N>)simd_shuffle_xor((vec<ushort, N>)value, mask);
}

struct Query
{
    uint row;
    uint head;
    uint begin;
    uint end;
    float factor;
};

struct Push
{
    uint4 offset;
    uint4 offset2;
    uint4 first;
    uint4 groups;
    uint rows;
    uint heads;
    uint kv_heads;
    uint head_size;
    uint ldq;
    uint ldk;
    uint ldv;
    uint ldout;
    uint capacity;
    uint kv_type;
    float scale;
    uint window;
    float softcap;
    uint sinks;
};

struct Spans1
{
    uint spans1[1];
};

constant uint variant_tmp [[function_constant(0)]];
constant uint variant = is_function_constant_defined(variant_tmp) ? variant_tmp : 0u;
constant uint extras = (variant / 339u);
constant uint _204 = (extras & 1u);
constant bool capped = (_204 != 0u);
constant uint _223 = (extras & 2u);
constant bool with_sinks = (_223 != 0u);
constant bool _225 = (!with_sinks);

struct Sinks1
{
    float sinks1[1];
};

struct K4
{
    uint4 k4[1];
};

struct K1
{
    uint k1[1];
};

struct V4
{
    uint4 v4[1];
};

struct V1
{
    uint v1[1];
};

constant uint _423 = (variant / 3u);
constant uint _425 = (_423 % 113u);
constant uint matrix_shape = (_425 - 65u);
constant uint _428 = (matrix_shape % 16u);
constant uint _429 = (matrix_shape % 16u);
constant bool _430 = (_429 < 8u);
constant uint SHARES = _430 ? 1u : 2u;
constant uint _432 = (_428 / SHARES);
constant uint _433 = (_432 + 1u);
constant uint PARTS = (_433 * 2u);
constant uint _435 = (PARTS * SHARES);
constant uint COLUMNS = (_435 * 8u);
constant uint _437 = (COLUMNS / 8u);
constant uint _438 = (16u * _437);
constant uint _440 = (_438 + 256u);
constant uint _441 = (_440 - 1u);
constant uint _442 = (_441 / 256u);
constant uint _457 = (COLUMNS / 8u);
constant uint _458 = (16u * _457);
constant uint _467 = (COLUMNS / 8u);
constant uint _469 = (COLUMNS / 8u);
constant uint _470 = (_469 + 1u);
constant uint _473 = (COLUMNS / 8u);
constant uint _496 = (COLUMNS / 8u);
constant uint _497 = (16u * _496);
constant uint _498 = (_497 + 256u);
constant uint _499 = (_498 - 1u);
constant uint _500 = (_499 / 256u);
constant uint _511 = (COLUMNS / 8u);
constant uint _512 = (16u * _511);
constant uint _550 = (COLUMNS / 8u);
constant bool both = (COLUMNS <= 128u);
constant uint _556 = (COLUMNS / 8u);
constant uint _557 = (_556 + 1u);
constant uint _558 = (16u * _557);
constant uint at_values = both ? _558 : 0u;
constant uint _561 = (COLUMNS / 8u);
constant uint _563 = (COLUMNS / 8u);
constant uint _564 = (_563 + 1u);
constant uint _568 = (COLUMNS / 8u);
constant uint _662 = (8u / SHARES);
constant uint _663 = (matrix_shape / 16u);
constant uint TEAMS = (_662 >> _663);

struct Q1
{
    float q1[1];
};

constant uint _952 = (COLUMNS / 8u);
constant uint _953 = (16u * _952);
constant uint _954 = (_953 + 256u);
constant uint _955 = (_954 - 1u);
constant uint _956 = (_955 / 256u);
constant uint _969 = (COLUMNS / 8u);
constant uint _975 = (COLUMNS / 8u);
constant uint _976 = (16u * _975);
constant uint _985 = (COLUMNS / 8u);
constant uint _1002 = (COLUMNS / 8u);
constant uint _1019 = (COLUMNS / 8u);
constant uint _1020 = (16u * _1019);
constant uint _1021 = (_1020 + 256u);
constant uint _1022 = (_1021 - 1u);
constant uint _1023 = (_1022 / 256u);
constant uint _1036 = (COLUMNS / 8u);
constant uint _1042 = (COLUMNS / 8u);
constant uint _1043 = (16u * _1042);
constant uint _1052 = (COLUMNS / 8u);
constant uint _1069 = (COLUMNS / 8u);
constant uint _1108 = (COLUMNS / 8u);
constant uint _1109 = (16u * _1108);
constant uint _1110 = (_1109 + 256u);
constant uint _1111 = (_1110 - 1u);
constant uint _1112 = (_1111 / 256u);
constant uint _1125 = (COLUMNS / 8u);
constant uint _1131 = (COLUMNS / 8u);
constant uint _1132 = (16u * _1131);
constant uint _1141 = (COLUMNS / 8u);
constant uint _1158 = (COLUMNS / 8u);
constant uint _1177 = (COLUMNS / 8u);
constant uint _1178 = (16u * _1177);
constant uint _1179 = (_1178 + 256u);
constant uint _1180 = (_1179 - 1u);
constant uint _1181 = (_1180 / 256u);
constant uint _1194 = (COLUMNS / 8u);
constant uint _1200 = (COLUMNS / 8u);
constant uint _1201 = (16u * _1200);
constant uint _1210 = (COLUMNS / 8u);
constant uint _1227 = (COLUMNS / 8u);
constant uint _1281 = (COLUMNS / 8u);
constant uint _1282 = (_1281 + 1u);
constant uint _1294 = (COLUMNS / 8u);
constant uint _1295 = (_1294 + 1u);
constant uint _1304 = (COLUMNS / 8u);
constant uint _1305 = (_1304 + 1u);
constant bool _1330 = (!both);
constant uint _1343 = (COLUMNS / 8u);
constant uint _1344 = (16u * _1343);
constant uint _1345 = (_1344 + 256u);
constant uint _1346 = (_1345 - 1u);
constant uint _1347 = (_1346 / 256u);
constant uint _1360 = (COLUMNS / 8u);
constant uint _1366 = (COLUMNS / 8u);
constant uint _1367 = (16u * _1366);
constant uint _1376 = (COLUMNS / 8u);
constant uint _1393 = (COLUMNS / 8u);
constant bool _1457 = (SHARES == 2u);
constant uint _1753 = (COLUMNS / 8u);
constant uint _1754 = (_1753 + 1u);
constant uint _1767 = (COLUMNS / 8u);
constant uint _1768 = (_1767 + 1u);
constant uint _1778 = (COLUMNS / 8u);
constant uint _1779 = (_1778 + 1u);

struct Out4
{
    float4 out4[1];
};

struct Out1
{
    float out1[1];
};

constant uint _2007 = (TEAMS * 8u);

struct Workspace1
{
    float workspace1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
uint2 span_of(thread const uint& r, constant Push& push, const device Spans1& _159)
{
    uint at = push.offset.w + (2u * r);
    uint end = min(_159.spans1[at + 1u], push.capacity);
    uint _183;
    if (push.window != 0u)
    {
        _183 = min(push.window, push.capacity);
    }
    else
    {
        _183 = push.capacity;
    }
    return uint2(end - min((end - min(_159.spans1[at], end)), _183), end);
}

static inline __attribute__((always_inline))
Query find_query(thread const uint& number, thread const uint& group, thread const uint& kv_head, constant Push& push, const device Spans1& _159)
{
    Query query = Query{ number / group, (kv_head * group) + (number % group), 0u, 0u, 0.0 };
    if (query.row < push.rows)
    {
        uint param = query.row;
        uint2 span = span_of(param, push, _159);
        query.begin = span.x;
        query.end = span.y;
    }
    else
    {
        query.row = push.rows;
    }
    if (query.begin >= query.end)
    {
        query.begin = push.capacity;
        query.end = 0u;
    }
    return query;
}

static inline __attribute__((always_inline))
bool finite(thread const float& x)
{
    return (as_type<uint>(x) & 2139095040u) != 2139095040u;
}

static inline __attribute__((always_inline))
float scale_of_scores(constant Push& push)
{
    float _206;
    if (capped)
    {
        _206 = push.scale / push.softcap;
    }
    else
    {
        _206 = push.scale;
    }
    return _206;
}

static inline __attribute__((always_inline))
float2 elements_of(thread const simdgroup_float8x8& m)
{
    simdgroup_float8x8 of = m;
    return float2(of.thread_elements()[0], of.thread_elements()[1]);
}

static inline __attribute__((always_inline))
uint4 key_octet(thread const uint& element, thread const uint& o, constant Push& push, const device K4& _304, const device K1& _316)
{
    uint at = (push.offset.y + (element / 2u)) + (4u * o);
    if ((((push.offset.y | (push.ldk / 2u)) | (push.head_size / 2u)) & 3u) == 0u)
    {
        return _304.k4[at / 4u];
    }
    uint4 words = uint4(_316.k1[at], _316.k1[at + 1u], 0u, 0u);
    if (((8u * o) + 4u) < push.head_size)
    {
        words.z = _316.k1[at + 2u];
        words.w = _316.k1[at + 3u];
    }
    return words;
}

static inline __attribute__((always_inline))
uint4 value_octet(thread const uint& element, thread const uint& o, constant Push& push, const device V4& _373, const device V1& _383)
{
    uint at = (push.offset.z + (element / 2u)) + (4u * o);
    if ((((push.offset.z | (push.ldv / 2u)) | (push.head_size / 2u)) & 3u) == 0u)
    {
        return _373.v4[at / 4u];
    }
    uint4 words = uint4(_383.v1[at], _383.v1[at + 1u], 0u, 0u);
    if (((8u * o) + 4u) < push.head_size)
    {
        words.z = _383.v1[at + 2u];
        words.w = _383.v1[at + 3u];
    }
    return words;
}

static inline __attribute__((always_inline))
void put_keys(thread uint3& gl_LocalInvocationID, threadgroup uint4 (&tiles)[544], thread uint4 (&keys)[2])
{
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 2u; i++)
    {
        if (i < _442)
        {
            uint at = gl_LocalInvocationID.x + (256u * i);
            if (at < _458)
            {
                tiles[((at / _467) * _470) + (at % _473)] = keys[i];
            }
        }
    }
}

static inline __attribute__((always_inline))
void put_values(thread uint3& gl_LocalInvocationID, threadgroup uint4 (&tiles)[544], thread uint4 (&values)[2], threadgroup uint (&unusable)[16])
{
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 2u; i++)
    {
        if (i < _500)
        {
            uint at = gl_LocalInvocationID.x + (256u * i);
            if (at < _512)
            {
                uint4 exponents = (values[i] & uint4(2080406528u)) + uint4(67109888u);
                if (((((exponents.x | exponents.y) | exponents.z) | exponents.w) & 2147516416u) != 0u)
                {
                    values[i] = uint4(0u);
                    unusable[at / _550] = 1u;
                }
                tiles[(at_values + ((at / _561) * _564)) + (at % _568)] = values[i];
            }
        }
    }
}

static inline __attribute__((always_inline))
float tanh_of(thread const float& x)
{
    float size = abs(x);
    float e = exp((-2.0) * size);
    float z = x * x;
    float series = (((((0.021869488060474395751953125 * z) - 0.0539682544767856597900390625) * z) + 0.13333334028720855712890625) * z) - 0.3333333432674407958984375;
    float large = (1.0 - e) / (1.0 + e);
    float _118;
    if (size < 0.25)
    {
        _118 = x + ((x * z) * series);
    }
    else
    {
        float _132;
        if (x < 0.0)
        {
            _132 = -large;
        }
        else
        {
            _132 = large;
        }
        _118 = _132;
    }
    return _118;
}

static inline __attribute__((always_inline))
void scale_elements(thread simdgroup_float8x8& m, thread const float2& scale)
{
    m.thread_elements()[0] *= scale.x;
    m.thread_elements()[1] *= scale.y;
}

static inline __attribute__((always_inline))
float with_sink(thread const float& total, thread const float& top, thread const uint& head, constant Push& push, const device Sinks1& _234)
{
    if (_225)
    {
        return total;
    }
    float sink = _234.sinks1[push.offset2.x + head];
    if (as_type<uint>(sink) == 4286578688u)
    {
        return total;
    }
    float param = sink;
    float _254;
    if (finite(param))
    {
        _254 = total + exp2((1.44269502162933349609375 * sink) - top);
    }
    else
    {
        _254 = as_type<float>(2143289344u);
    }
    return _254;
}

static inline __attribute__((always_inline))
void attend_queries(thread const uint& tile, thread const uint& kv_head, constant Push& push, const device Spans1& _159, const device Sinks1& _234, const device K4& _304, const device K1& _316, const device V4& _373, const device V1& _383, thread uint3& gl_LocalInvocationID, threadgroup uint4 (&tiles)[544], thread uint4 (&keys)[2], thread uint4 (&values)[2], threadgroup uint (&unusable)[16], thread uint& gl_SubgroupInvocationID, thread uint& gl_SubgroupID, threadgroup uint (&own)[2624], const device Q1& _784, device Out4& _1961, device Out1& _1971)
{
    uint me = gl_LocalInvocationID.x;
    uint lane = gl_SubgroupInvocationID;
    uint mine = gl_SubgroupID * 328u;
    uint i_row = lane / 4u;
    uint part = lane % 4u;
    uint group = push.heads / push.kv_heads;
    uint kv = kv_head * push.head_size;
    uint param = (((tile * TEAMS) + (gl_SubgroupID / SHARES)) * 8u) + i_row;
    uint param_1 = group;
    uint param_2 = kv_head;
    Query query = find_query(param, param_1, param_2, push, _159);
    if ((gl_SubgroupID / SHARES) >= TEAMS)
    {
        query.row = push.rows;
        query.begin = push.capacity;
        query.end = 0u;
    }
    bool is_query = query.row < push.rows;
    uint q = (push.offset.x + (query.row * push.ldq)) + (query.head * push.head_size);
    uint own_first = simd_min(query.begin);
    uint own_last = simd_max(query.end);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _722 = simd_is_first();
    if (_722)
    {
        own[mine] = own_first;
        own[mine + 1u] = own_last;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    uint first = push.capacity;
    uint last = 0u;
    for (uint i = 0u; i < 8u; i++)
    {
        first = min(first, own[i * 328u]);
        last = max(last, own[(i * 328u) + 1u]);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool finite_ = true;
    for (uint e = part; (e < push.head_size) && is_query; e += 4u)
    {
        bool _792;
        if (finite_)
        {
            float param_3 = _784.q1[q + e];
            _792 = finite(param_3);
        }
        else
        {
            _792 = finite_;
        }
        finite_ = _792;
    }
    _Pragma("clang loop unroll(full)")
    for (uint _step = 2u; _step > 0u; _step /= 2u)
    {
        finite_ = (spvSubgroupShuffleXor(uint(finite_), _step) == 1u) && finite_;
    }
    float _813;
    if (finite_)
    {
        float _816;
        if (capped)
        {
            _816 = scale_of_scores(push);
        }
        else
        {
            _816 = push.scale * 1.44269502162933349609375;
        }
        _813 = _816;
    }
    else
    {
        _813 = as_type<float>(2143289344u);
    }
    query.factor = _813;
    uint cell = (mine + (i_row * 12u)) + (2u * part);
    float _871;
    float _886;
    simdgroup_float8x8 queries[16];
    simdgroup_float8x8 sums[16];
    _Pragma("clang loop unroll(full)")
    for (uint d = 0u; d < 16u; d++)
    {
        if (d < PARTS)
        {
            uint e_1 = ((((gl_SubgroupID % SHARES) * PARTS) + d) * 8u) + (2u * part);
            bool _868;
            if (is_query)
            {
                _868 = e_1 < push.head_size;
            }
            else
            {
                _868 = is_query;
            }
            bool there = _868;
            if (there)
            {
                _871 = _784.q1[q + e_1];
            }
            else
            {
                _871 = 0.0;
            }
            own[cell] = as_type<uint>(_871);
            if (there)
            {
                _886 = _784.q1[(q + e_1) + 1u];
            }
            else
            {
                _886 = 0.0;
            }
            own[cell + 1u] = as_type<uint>(_886);
            simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
            simdgroup_float8x8 _905;
            simdgroup_load(_905, reinterpret_cast<threadgroup float*>(&own[mine]), 12u);
            simdgroup_float8x8 tempArg = _905;
            queries[d] = tempArg;
            simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
            sums[d] = simdgroup_float8x8(0.0);
        }
    }
    uint _924 = as_type<uint>(float(i_row));
    own[cell + 1u] = _924;
    own[cell] = _924;
    simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
    simdgroup_float8x8 _930;
    simdgroup_load(_930, reinterpret_cast<threadgroup float*>(&own[mine]), 12u);
    simdgroup_float8x8 tempArg_1 = _930;
    simdgroup_float8x8 numbers = tempArg_1;
    simdgroup_float8x8 param_4 = numbers;
    uint2 rows = uint2(elements_of(param_4));
    float top = -3.0000000054977557577780399428115e+38;
    float total = 0.0;
    uint base = first;
    _Pragma("clang loop unroll(full)")
    for (uint i_1 = 0u; i_1 < 2u; i_1++)
    {
        if (i_1 < _956)
        {
            uint at = gl_LocalInvocationID.x + (256u * i_1);
            uint key = base + (at / _969);
            keys[i_1] = uint4(0u);
            bool _981 = (at < _976) && (key < last);
            bool _991;
            if (_981)
            {
                _991 = (8u * (at % _985)) < push.head_size;
            }
            else
            {
                _991 = _981;
            }
            if (_991)
            {
                uint param_5 = (key * push.ldk) + kv;
                uint param_6 = at % _1002;
                keys[i_1] = key_octet(param_5, param_6, push, _304, _316);
            }
        }
    }
    _Pragma("clang loop unroll(full)")
    for (uint i_2 = 0u; i_2 < 2u; i_2++)
    {
        if (i_2 < _1023)
        {
            uint at_1 = gl_LocalInvocationID.x + (256u * i_2);
            uint key_1 = base + (at_1 / _1036);
            values[i_2] = uint4(0u);
            bool _1048 = (at_1 < _1043) && (key_1 < last);
            bool _1058;
            if (_1048)
            {
                _1058 = (8u * (at_1 % _1052)) < push.head_size;
            }
            else
            {
                _1058 = _1048;
            }
            if (_1058)
            {
                uint param_7 = (key_1 * push.ldv) + kv;
                uint param_8 = at_1 % _1069;
                values[i_2] = value_octet(param_7, param_8, push, _373, _383);
            }
        }
    }
    float score[4];
    float _1484;
    float _1487;
    float _1515;
    float _1587;
    float _1611;
    while (base < last)
    {
        uint here = base;
        threadgroup_barrier(mem_flags::mem_threadgroup);
        put_keys(gl_LocalInvocationID, tiles, keys);
        if (me < 16u)
        {
            unusable[me] = 0u;
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
        if (both)
        {
            put_values(gl_LocalInvocationID, tiles, values, unusable);
            threadgroup_barrier(mem_flags::mem_threadgroup);
        }
        base += 16u;
        _Pragma("clang loop unroll(full)")
        for (uint i_3 = 0u; i_3 < 2u; i_3++)
        {
            if (i_3 < _1112)
            {
                uint at_2 = gl_LocalInvocationID.x + (256u * i_3);
                uint key_2 = base + (at_2 / _1125);
                keys[i_3] = uint4(0u);
                bool _1137 = (at_2 < _1132) && (key_2 < last);
                bool _1147;
                if (_1137)
                {
                    _1147 = (8u * (at_2 % _1141)) < push.head_size;
                }
                else
                {
                    _1147 = _1137;
                }
                if (_1147)
                {
                    uint param_9 = (key_2 * push.ldk) + kv;
                    uint param_10 = at_2 % _1158;
                    keys[i_3] = key_octet(param_9, param_10, push, _304, _316);
                }
            }
        }
        if (both)
        {
            _Pragma("clang loop unroll(full)")
            for (uint i_4 = 0u; i_4 < 2u; i_4++)
            {
                if (i_4 < _1181)
                {
                    uint at_3 = gl_LocalInvocationID.x + (256u * i_4);
                    uint key_3 = base + (at_3 / _1194);
                    values[i_4] = uint4(0u);
                    bool _1206 = (at_3 < _1201) && (key_3 < last);
                    bool _1216;
                    if (_1206)
                    {
                        _1216 = (8u * (at_3 % _1210)) < push.head_size;
                    }
                    else
                    {
                        _1216 = _1206;
                    }
                    if (_1216)
                    {
                        uint param_11 = (key_3 * push.ldv) + kv;
                        uint param_12 = at_3 % _1227;
                        values[i_4] = value_octet(param_11, param_12, push, _373, _383);
                    }
                }
            }
        }
        bool _1250;
        if (!false)
        {
            bool _1242 = here < own_last;
            bool _1249;
            if (_1242)
            {
                _1249 = (here + 16u) > own_first;
            }
            else
            {
                _1249 = _1242;
            }
            _1250 = _1249;
        }
        else
        {
            _1250 = false;
        }
        bool seen = _1250;
        if (seen)
        {
            _Pragma("clang loop unroll(full)")
            for (uint k = 0u; k < 2u; k++)
            {
                simdgroup_float8x8 scores = simdgroup_float8x8(0.0);
                _Pragma("clang loop unroll(full)")
                for (uint d_1 = 0u; d_1 < 16u; d_1++)
                {
                    if (d_1 < PARTS)
                    {
                        simdgroup_half8x8 _1306;
                        simdgroup_load(_1306, reinterpret_cast<threadgroup half*>(&tiles[((k * 8u) * _1282) + ((((gl_SubgroupID % SHARES) * PARTS) + d_1) * 1u)]), (_1305) * 8u, ulong2(0), true);
                        simdgroup_half8x8 tempArg_2 = _1306;
                        simdgroup_half8x8 b = tempArg_2;
                        simdgroup_float8x8 _1314;
                        simdgroup_multiply_accumulate(_1314, queries[d_1], b, scores);
                        scores = _1314;
                    }
                }
                simdgroup_store(scores, reinterpret_cast<threadgroup float*>(&own[mine + (k * 8u)]), 20u);
            }
        }
        if (_1330)
        {
            threadgroup_barrier(mem_flags::mem_threadgroup);
            put_values(gl_LocalInvocationID, tiles, values, unusable);
            threadgroup_barrier(mem_flags::mem_threadgroup);
            _Pragma("clang loop unroll(full)")
            for (uint i_5 = 0u; i_5 < 2u; i_5++)
            {
                if (i_5 < _1347)
                {
                    uint at_4 = gl_LocalInvocationID.x + (256u * i_5);
                    uint key_4 = base + (at_4 / _1360);
                    values[i_5] = uint4(0u);
                    bool _1372 = (at_4 < _1367) && (key_4 < last);
                    bool _1382;
                    if (_1372)
                    {
                        _1382 = (8u * (at_4 % _1376)) < push.head_size;
                    }
                    else
                    {
                        _1382 = _1372;
                    }
                    if (_1382)
                    {
                        uint param_13 = (key_4 * push.ldv) + kv;
                        uint param_14 = at_4 % _1393;
                        values[i_5] = value_octet(param_13, param_14, push, _373, _383);
                    }
                }
            }
        }
        if (seen)
        {
            simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
            float next = top;
            _Pragma("clang loop unroll(full)")
            for (uint i_6 = 0u; i_6 < 4u; i_6++)
            {
                uint column = (2u * (part + (4u * (i_6 / 2u)))) + (i_6 % 2u);
                uint key_5 = here + column;
                score[i_6] = -3.0000000054977557577780399428115e+38;
                bool _1436 = key_5 >= query.begin;
                bool _1443;
                if (_1436)
                {
                    _1443 = key_5 < query.end;
                }
                else
                {
                    _1443 = _1436;
                }
                if (_1443)
                {
                    score[i_6] = as_type<float>(own[(mine + (i_row * 20u)) + column]);
                    if (_1457)
                    {
                        score[i_6] += as_type<float>(own[(((gl_SubgroupID ^ 1u) * 328u) + (i_row * 20u)) + column]);
                    }
                    score[i_6] *= query.factor;
                    if (capped)
                    {
                        if (capped)
                        {
                            float param_15 = score[i_6];
                            _1487 = push.softcap * tanh_of(param_15);
                        }
                        else
                        {
                            _1487 = score[i_6];
                        }
                        _1484 = 1.44269502162933349609375 * _1487;
                    }
                    else
                    {
                        _1484 = score[i_6];
                    }
                    score[i_6] = _1484;
                    if (unusable[column] != 0u)
                    {
                        _1515 = as_type<float>(2143289344u);
                    }
                    else
                    {
                        _1515 = score[i_6];
                    }
                    score[i_6] = _1515;
                    next = fast::max(next, score[i_6]);
                }
            }
            _Pragma("clang loop unroll(full)")
            for (uint _step_1 = 2u; _step_1 > 0u; _step_1 /= 2u)
            {
                next = fast::max(next, spvSubgroupShuffleXor(next, _step_1));
            }
            float factor = exp2(top - next);
            top = next;
            total *= factor;
            _Pragma("clang loop unroll(full)")
            for (uint i_7 = 0u; i_7 < 4u; i_7 += 2u)
            {
                uint column_1 = 2u * (part + (4u * (i_7 / 2u)));
                uint key_6 = here + column_1;
                bool _1579 = key_6 >= query.begin;
                bool _1586;
                if (_1579)
                {
                    _1586 = key_6 < query.end;
                }
                else
                {
                    _1586 = _1579;
                }
                if (_1586)
                {
                    _1587 = exp2(score[i_7] - top);
                }
                else
                {
                    _1587 = 0.0;
                }
                bool _1602 = (key_6 + 1u) >= query.begin;
                bool _1610;
                if (_1602)
                {
                    _1610 = (key_6 + 1u) < query.end;
                }
                else
                {
                    _1610 = _1602;
                }
                if (_1610)
                {
                    _1611 = exp2(score[i_7 + 1u] - top);
                }
                else
                {
                    _1611 = 0.0;
                }
                float2 weight = float2(_1587, _1611);
                uint to = ((mine + 160u) + (i_row * 20u)) + column_1;
                own[to] = as_type<uint>(weight.x);
                own[to + 1u] = as_type<uint>(weight.y);
                total += (weight.x + weight.y);
            }
            bool grown = simd_max(uint(factor != 1.0)) != 0u;
            if (part == 0u)
            {
                own[(mine + 320u) + i_row] = as_type<uint>(factor);
            }
            simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
            if (grown)
            {
                uint at_5 = mine + 320u;
                float2 factors = as_type<float2>(uint2(own[at_5 + rows.x], own[at_5 + rows.y]));
                _Pragma("clang loop unroll(full)")
                for (uint d_2 = 0u; d_2 < 16u; d_2++)
                {
                    if (d_2 < PARTS)
                    {
                        simdgroup_float8x8 param_16 = sums[d_2];
                        float2 param_17 = factors;
                        scale_elements(param_16, param_17);
                        sums[d_2] = param_16;
                    }
                }
            }
            _Pragma("clang loop unroll(full)")
            for (uint k_1 = 0u; k_1 < 2u; k_1++)
            {
                simdgroup_float8x8 _1735;
                simdgroup_load(_1735, reinterpret_cast<threadgroup float*>(&own[(mine + 160u) + (k_1 * 8u)]), 20u);
                simdgroup_float8x8 tempArg_3 = _1735;
                simdgroup_float8x8 a = tempArg_3;
                _Pragma("clang loop unroll(full)")
                for (uint d_3 = 0u; d_3 < 16u; d_3++)
                {
                    if (d_3 < PARTS)
                    {
                        simdgroup_half8x8 _1780;
                        simdgroup_load(_1780, reinterpret_cast<threadgroup half*>(&tiles[(at_values + ((k_1 * 8u) * _1754)) + ((((gl_SubgroupID % SHARES) * PARTS) + d_3) * 1u)]), (_1779) * 8u);
                        simdgroup_half8x8 tempArg_4 = _1780;
                        simdgroup_half8x8 b_1 = tempArg_4;
                        simdgroup_float8x8 _1789;
                        simdgroup_multiply_accumulate(_1789, a, b_1, sums[d_3]);
                        sums[d_3] = _1789;
                    }
                }
            }
        }
    }
    _Pragma("clang loop unroll(full)")
    for (uint _step_2 = 2u; _step_2 > 0u; _step_2 /= 2u)
    {
        total += spvSubgroupShuffleXor(total, _step_2);
    }
    float _1816;
    if (query.end > query.begin)
    {
        float param_18 = total;
        float param_19 = top;
        uint param_20 = query.head;
        _1816 = 1.0 / with_sink(param_18, param_19, param_20, push, _234);
    }
    else
    {
        _1816 = 0.0;
    }
    float scale = _1816;
    _Pragma("clang loop unroll(full)")
    for (uint d_4 = 0u; d_4 < 16u; d_4 += 2u)
    {
        if (d_4 < PARTS)
        {
            simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
            simdgroup_store(sums[d_4], reinterpret_cast<threadgroup float*>(&own[mine + 160u]), 20u);
            simdgroup_store(sums[d_4 + 1u], reinterpret_cast<threadgroup float*>(&own[(mine + 160u) + 8u]), 20u);
            simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
            _Pragma("clang loop unroll(full)")
            for (uint i_8 = 0u; i_8 < 1u; i_8++)
            {
                uint quad = part + (4u * i_8);
                uint e_2 = ((((gl_SubgroupID % SHARES) * PARTS) + d_4) * 8u) + (4u * quad);
                uint at_6 = ((mine + 160u) + (i_row * 20u)) + (4u * quad);
                float4 result = as_type<float4>(uint4(own[at_6], own[at_6 + 1u], own[at_6 + 2u], own[at_6 + 3u])) * scale;
                uint to_1 = ((push.offset2.y + (query.row * push.ldout)) + (query.head * push.head_size)) + e_2;
                bool _1940;
                if (is_query)
                {
                    _1940 = e_2 < push.head_size;
                }
                else
                {
                    _1940 = is_query;
                }
                if (_1940)
                {
                    result = select(float4(0.0), result, bool4(query.end > query.begin));
                    if ((to_1 & 3u) == 0u)
                    {
                        _1961.out4[to_1 / 4u] = result;
                    }
                    else
                    {
                        _1971.out1[to_1] = result.x;
                        _1971.out1[to_1 + 1u] = result.y;
                        _1971.out1[to_1 + 2u] = result.z;
                        _1971.out1[to_1 + 3u] = result.w;
                    }
                }
            }
        }
    }
}

kernel void zc_attention_matrix(constant Push& push [[buffer(0)]], const device Q1& _784 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], const device void* spvBufferAliasSet0Binding3 [[buffer(3)]], const device Spans1& _159 [[buffer(4)]], const device Sinks1& _234 [[buffer(5)]], device void* spvBufferAliasSet0Binding6 [[buffer(6)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& _304 = *(const device K4*)spvBufferAliasSet0Binding2;
    const device auto& _373 = *(const device V4*)spvBufferAliasSet0Binding3;
    device auto& _1961 = *(device Out4*)spvBufferAliasSet0Binding6;
    const device auto& _316 = *(const device K1*)spvBufferAliasSet0Binding2;
    const device auto& _383 = *(const device V1*)spvBufferAliasSet0Binding3;
    device auto& _1971 = *(device Out1*)spvBufferAliasSet0Binding6;
    threadgroup uint4 tiles[544];
    threadgroup uint unusable[16];
    threadgroup uint own[2624];
    uint queries = push.rows * (push.heads / push.kv_heads);
    uint tiles_ = ((queries - 1u) / _2007) + 1u;
    uint3 _2017 = push.first.xyz + gl_WorkGroupID;
    uint _2018 = _2017.y;
    uint4 keys[2];
    uint4 values[2];
    for (uint tile = _2018; tile < tiles_; tile += push.groups.y)
    {
        uint3 _2032 = push.first.xyz + gl_WorkGroupID;
        uint _2033 = _2032.x;
        for (uint kv_head = _2033; kv_head < push.kv_heads; kv_head += push.groups.x)
        {
            uint param = (tiles_ - 1u) - tile;
            uint param_1 = kv_head;
            attend_queries(param, param_1, push, _159, _234, _304, _316, _373, _383, gl_LocalInvocationID, tiles, keys, values, unusable, gl_SubgroupInvocationID, gl_SubgroupID, own, _784, _1961, _1971);
        }
    }
}

