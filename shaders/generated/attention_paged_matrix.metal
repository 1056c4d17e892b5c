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

struct Spans1
{
    uint spans1[1];
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
    uint page;
    uint table_words;
    uint context;
    uint shared_;
    uint kv_type;
    float scale;
    uint window;
};

struct Tables1
{
    uint tables1[1];
};

constant uint variant_tmp [[function_constant(0)]];
constant uint variant = is_function_constant_defined(variant_tmp) ? variant_tmp : 0u;
constant uint extras = (variant / 339u);
constant uint _286 = (extras & 1u);
constant bool capped = (_286 != 0u);
constant uint _306 = (extras & 2u);
constant bool with_sinks = (_306 != 0u);
constant bool _308 = (!with_sinks);

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

constant uint _503 = (variant / 3u);
constant uint _505 = (_503 % 113u);
constant uint matrix_shape = (_505 - 65u);
constant uint _508 = (matrix_shape % 16u);
constant uint _509 = (matrix_shape % 16u);
constant bool _510 = (_509 < 8u);
constant uint SHARES = _510 ? 1u : 2u;
constant uint _512 = (_508 / SHARES);
constant uint _513 = (_512 + 1u);
constant uint PARTS = (_513 * 2u);
constant uint _515 = (PARTS * SHARES);
constant uint COLUMNS = (_515 * 8u);
constant uint _517 = (COLUMNS / 8u);
constant uint _518 = (16u * _517);
constant uint _520 = (_518 + 256u);
constant uint _521 = (_520 - 1u);
constant uint _522 = (_521 / 256u);
constant uint _537 = (COLUMNS / 8u);
constant uint _538 = (16u * _537);
constant uint _547 = (COLUMNS / 8u);
constant uint _549 = (COLUMNS / 8u);
constant uint _550 = (_549 + 1u);
constant uint _553 = (COLUMNS / 8u);
constant uint _576 = (COLUMNS / 8u);
constant uint _577 = (16u * _576);
constant uint _578 = (_577 + 256u);
constant uint _579 = (_578 - 1u);
constant uint _580 = (_579 / 256u);
constant uint _591 = (COLUMNS / 8u);
constant uint _592 = (16u * _591);
constant uint _630 = (COLUMNS / 8u);
constant bool both = (COLUMNS <= 128u);
constant uint _636 = (COLUMNS / 8u);
constant uint _637 = (_636 + 1u);
constant uint _638 = (16u * _637);
constant uint at_values = both ? _638 : 0u;
constant uint _641 = (COLUMNS / 8u);
constant uint _643 = (COLUMNS / 8u);
constant uint _644 = (_643 + 1u);
constant uint _648 = (COLUMNS / 8u);
constant uint _740 = (8u / SHARES);
constant uint _741 = (matrix_shape / 16u);
constant uint TEAMS = (_740 >> _741);

struct Q1
{
    float q1[1];
};

constant uint _1033 = (COLUMNS / 8u);
constant uint _1034 = (16u * _1033);
constant uint _1035 = (_1034 + 256u);
constant uint _1036 = (_1035 - 1u);
constant uint _1037 = (_1036 / 256u);
constant uint _1050 = (COLUMNS / 8u);
constant uint _1056 = (COLUMNS / 8u);
constant uint _1057 = (16u * _1056);
constant uint _1066 = (COLUMNS / 8u);
constant uint _1087 = (COLUMNS / 8u);
constant uint _1104 = (COLUMNS / 8u);
constant uint _1105 = (16u * _1104);
constant uint _1106 = (_1105 + 256u);
constant uint _1107 = (_1106 - 1u);
constant uint _1108 = (_1107 / 256u);
constant uint _1121 = (COLUMNS / 8u);
constant uint _1127 = (COLUMNS / 8u);
constant uint _1128 = (16u * _1127);
constant uint _1137 = (COLUMNS / 8u);
constant uint _1158 = (COLUMNS / 8u);
constant uint _1197 = (COLUMNS / 8u);
constant uint _1198 = (16u * _1197);
constant uint _1199 = (_1198 + 256u);
constant uint _1200 = (_1199 - 1u);
constant uint _1201 = (_1200 / 256u);
constant uint _1214 = (COLUMNS / 8u);
constant uint _1220 = (COLUMNS / 8u);
constant uint _1221 = (16u * _1220);
constant uint _1230 = (COLUMNS / 8u);
constant uint _1251 = (COLUMNS / 8u);
constant uint _1270 = (COLUMNS / 8u);
constant uint _1271 = (16u * _1270);
constant uint _1272 = (_1271 + 256u);
constant uint _1273 = (_1272 - 1u);
constant uint _1274 = (_1273 / 256u);
constant uint _1287 = (COLUMNS / 8u);
constant uint _1293 = (COLUMNS / 8u);
constant uint _1294 = (16u * _1293);
constant uint _1303 = (COLUMNS / 8u);
constant uint _1324 = (COLUMNS / 8u);
constant uint _1378 = (COLUMNS / 8u);
constant uint _1379 = (_1378 + 1u);
constant uint _1391 = (COLUMNS / 8u);
constant uint _1392 = (_1391 + 1u);
constant uint _1401 = (COLUMNS / 8u);
constant uint _1402 = (_1401 + 1u);
constant bool _1427 = (!both);
constant uint _1440 = (COLUMNS / 8u);
constant uint _1441 = (16u * _1440);
constant uint _1442 = (_1441 + 256u);
constant uint _1443 = (_1442 - 1u);
constant uint _1444 = (_1443 / 256u);
constant uint _1457 = (COLUMNS / 8u);
constant uint _1463 = (COLUMNS / 8u);
constant uint _1464 = (16u * _1463);
constant uint _1473 = (COLUMNS / 8u);
constant uint _1494 = (COLUMNS / 8u);
constant bool _1558 = (SHARES == 2u);
constant uint _1855 = (COLUMNS / 8u);
constant uint _1856 = (_1855 + 1u);
constant uint _1869 = (COLUMNS / 8u);
constant uint _1870 = (_1869 + 1u);
constant uint _1880 = (COLUMNS / 8u);
constant uint _1881 = (_1880 + 1u);

struct Out4
{
    float4 out4[1];
};

struct Out1
{
    float out1[1];
};

constant uint _2109 = (TEAMS * 8u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

struct Workspace1
{
    float workspace1[1];
};

static inline __attribute__((always_inline))
uint2 span_of(thread const uint& r, const device Spans1& _94, constant Push& push)
{
    uint at = push.offset.w + (3u * r);
    uint end = min(_94.spans1[at + 1u], push.context);
    uint _265;
    if (push.window != 0u)
    {
        _265 = min(push.window, push.context);
    }
    else
    {
        _265 = push.context;
    }
    return uint2(end - min((end - min(_94.spans1[at], end)), _265), end);
}

static inline __attribute__((always_inline))
Query find_query(thread const uint& number, thread const uint& group, thread const uint& kv_head, const device Spans1& _94, constant Push& push)
{
    Query query = Query{ number / group, (kv_head * group) + (number % group), 0u, 0u, 0.0 };
    if (query.row < push.rows)
    {
        uint param = query.row;
        uint2 span = span_of(param, _94, push);
        query.begin = span.x;
        query.end = span.y;
    }
    else
    {
        query.row = push.rows;
    }
    if (query.begin >= query.end)
    {
        query.begin = push.context;
        query.end = 0u;
    }
    return query;
}

static inline __attribute__((always_inline))
uint table_of(thread const uint& r, const device Spans1& _94, constant Push& push)
{
    return min(_94.spans1[(push.offset.w + (3u * ((push.shared_ != 0u) ? 0u : r))) + 2u], (push.table_words - 1u));
}

static inline __attribute__((always_inline))
bool finite(thread const float& x)
{
    return (as_type<uint>(x) & 2139095040u) != 2139095040u;
}

static inline __attribute__((always_inline))
float scale_of_scores(constant Push& push)
{
    float _288;
    if (capped)
    {
        _288 = push.scale / as_type<float>(push.first.w);
    }
    else
    {
        _288 = push.scale;
    }
    return _288;
}

static inline __attribute__((always_inline))
float2 elements_of(thread const simdgroup_float8x8& m)
{
    simdgroup_float8x8 of = m;
    return float2(of.thread_elements()[0], of.thread_elements()[1]);
}

static inline __attribute__((always_inline))
uint place(thread const uint& table, thread const uint& key, constant Push& push, const device Tables1& _151)
{
    uint shift = (4u + (push.page >> uint(5))) - (push.page >> uint(7));
    uint word = min((table + (key >> shift)), (push.table_words - 1u));
    uint page = min(_151.tables1[push.offset2.x + word], ((push.capacity >> shift) - 1u));
    return (page << shift) + (key & (push.page - 1u));
}

static inline __attribute__((always_inline))
uint4 key_octet(thread const uint& element, thread const uint& o, constant Push& push, const device K4& _384, const device K1& _396)
{
    uint at = (push.offset.y + (element / 2u)) + (4u * o);
    if ((((push.offset.y | (push.ldk / 2u)) | (push.head_size / 2u)) & 3u) == 0u)
    {
        return _384.k4[at / 4u];
    }
    uint4 words = uint4(_396.k1[at], _396.k1[at + 1u], 0u, 0u);
    if (((8u * o) + 4u) < push.head_size)
    {
        words.z = _396.k1[at + 2u];
        words.w = _396.k1[at + 3u];
    }
    return words;
}

static inline __attribute__((always_inline))
uint4 value_octet(thread const uint& element, thread const uint& o, constant Push& push, const device V4& _453, const device V1& _463)
{
    uint at = (push.offset.z + (element / 2u)) + (4u * o);
    if ((((push.offset.z | (push.ldv / 2u)) | (push.head_size / 2u)) & 3u) == 0u)
    {
        return _453.v4[at / 4u];
    }
    uint4 words = uint4(_463.v1[at], _463.v1[at + 1u], 0u, 0u);
    if (((8u * o) + 4u) < push.head_size)
    {
        words.z = _463.v1[at + 2u];
        words.w = _463.v1[at + 3u];
    }
    return words;
}

static inline __attribute__((always_inline))
void put_keys(thread uint3& gl_LocalInvocationID, threadgroup uint4 (&tiles)[544], thread uint4 (&keys)[2])
{
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 2u; i++)
    {
        if (i < _522)
        {
            uint at = gl_LocalInvocationID.x + (256u * i);
            if (at < _538)
            {
                tiles[((at / _547) * _550) + (at % _553)] = keys[i];
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
        if (i < _580)
        {
            uint at = gl_LocalInvocationID.x + (256u * i);
            if (at < _592)
            {
                uint4 exponents = (values[i] & uint4(2080406528u)) + uint4(67109888u);
                if (((((exponents.x | exponents.y) | exponents.z) | exponents.w) & 2147516416u) != 0u)
                {
                    values[i] = uint4(0u);
                    unusable[at / _630] = 1u;
                }
                tiles[(at_values + ((at / _641) * _644)) + (at % _648)] = values[i];
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
    float _213;
    if (size < 0.25)
    {
        _213 = x + ((x * z) * series);
    }
    else
    {
        float _227;
        if (x < 0.0)
        {
            _227 = -large;
        }
        else
        {
            _227 = large;
        }
        _213 = _227;
    }
    return _213;
}

static inline __attribute__((always_inline))
void scale_elements(thread simdgroup_float8x8& m, thread const float2& scale)
{
    m.thread_elements()[0] *= scale.x;
    m.thread_elements()[1] *= scale.y;
}

static inline __attribute__((always_inline))
float with_sink(thread const float& total, thread const float& top, thread const uint& head, constant Push& push, const device Sinks1& _317)
{
    if (_308)
    {
        return total;
    }
    float sink = _317.sinks1[push.offset2.y + head];
    if (as_type<uint>(sink) == 4286578688u)
    {
        return total;
    }
    float param = sink;
    float _336;
    if (finite(param))
    {
        _336 = total + exp2((1.44269502162933349609375 * sink) - top);
    }
    else
    {
        _336 = as_type<float>(2143289344u);
    }
    return _336;
}

static inline __attribute__((always_inline))
void attend_queries(thread const uint& tile, thread const uint& kv_head, const device Spans1& _94, constant Push& push, const device Tables1& _151, const device Sinks1& _317, const device K4& _384, const device K1& _396, const device V4& _453, const device V1& _463, thread uint3& gl_LocalInvocationID, threadgroup uint4 (&tiles)[544], thread uint4 (&keys)[2], thread uint4 (&values)[2], threadgroup uint (&unusable)[16], thread uint& gl_SubgroupInvocationID, thread uint& gl_SubgroupID, threadgroup uint (&own)[2624], const device Q1& _865, device Out4& _2063, device Out1& _2073)
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
    Query query = find_query(param, param_1, param_2, _94, push);
    if ((gl_SubgroupID / SHARES) >= TEAMS)
    {
        query.row = push.rows;
        query.begin = push.context;
        query.end = 0u;
    }
    bool is_query = query.row < push.rows;
    uint param_3 = 0u;
    uint table = table_of(param_3, _94, push);
    uint q = (push.offset.x + (query.row * push.ldq)) + (query.head * push.head_size);
    uint own_first = simd_min(query.begin);
    uint own_last = simd_max(query.end);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _803 = simd_is_first();
    if (_803)
    {
        own[mine] = own_first;
        own[mine + 1u] = own_last;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    uint first = push.context;
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
        bool _873;
        if (finite_)
        {
            float param_4 = _865.q1[q + e];
            _873 = finite(param_4);
        }
        else
        {
            _873 = finite_;
        }
        finite_ = _873;
    }
    _Pragma("clang loop unroll(full)")
    for (uint _step = 2u; _step > 0u; _step /= 2u)
    {
        finite_ = (spvSubgroupShuffleXor(uint(finite_), _step) == 1u) && finite_;
    }
    float _894;
    if (finite_)
    {
        float _897;
        if (capped)
        {
            _897 = scale_of_scores(push);
        }
        else
        {
            _897 = push.scale * 1.44269502162933349609375;
        }
        _894 = _897;
    }
    else
    {
        _894 = as_type<float>(2143289344u);
    }
    query.factor = _894;
    uint cell = (mine + (i_row * 12u)) + (2u * part);
    float _952;
    float _967;
    simdgroup_float8x8 queries[16];
    simdgroup_float8x8 sums[16];
    _Pragma("clang loop unroll(full)")
    for (uint d = 0u; d < 16u; d++)
    {
        if (d < PARTS)
        {
            uint e_1 = ((((gl_SubgroupID % SHARES) * PARTS) + d) * 8u) + (2u * part);
            bool _949;
            if (is_query)
            {
                _949 = e_1 < push.head_size;
            }
            else
            {
                _949 = is_query;
            }
            bool there = _949;
            if (there)
            {
                _952 = _865.q1[q + e_1];
            }
            else
            {
                _952 = 0.0;
            }
            own[cell] = as_type<uint>(_952);
            if (there)
            {
                _967 = _865.q1[(q + e_1) + 1u];
            }
            else
            {
                _967 = 0.0;
            }
            own[cell + 1u] = as_type<uint>(_967);
            simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
            simdgroup_float8x8 _986;
            simdgroup_load(_986, reinterpret_cast<threadgroup float*>(&own[mine]), 12u);
            simdgroup_float8x8 tempArg = _986;
            queries[d] = tempArg;
            simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
            sums[d] = simdgroup_float8x8(0.0);
        }
    }
    uint _1005 = as_type<uint>(float(i_row));
    own[cell + 1u] = _1005;
    own[cell] = _1005;
    simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
    simdgroup_float8x8 _1011;
    simdgroup_load(_1011, reinterpret_cast<threadgroup float*>(&own[mine]), 12u);
    simdgroup_float8x8 tempArg_1 = _1011;
    simdgroup_float8x8 numbers = tempArg_1;
    simdgroup_float8x8 param_5 = numbers;
    uint2 rows = uint2(elements_of(param_5));
    float top = -3.0000000054977557577780399428115e+38;
    float total = 0.0;
    uint base = first;
    _Pragma("clang loop unroll(full)")
    for (uint i_1 = 0u; i_1 < 2u; i_1++)
    {
        if (i_1 < _1037)
        {
            uint at = gl_LocalInvocationID.x + (256u * i_1);
            uint key = base + (at / _1050);
            keys[i_1] = uint4(0u);
            bool _1062 = (at < _1057) && (key < last);
            bool _1072;
            if (_1062)
            {
                _1072 = (8u * (at % _1066)) < push.head_size;
            }
            else
            {
                _1072 = _1062;
            }
            if (_1072)
            {
                uint param_6 = table;
                uint param_7 = key;
                uint param_8 = (place(param_6, param_7, push, _151) * push.ldk) + kv;
                uint param_9 = at % _1087;
                keys[i_1] = key_octet(param_8, param_9, push, _384, _396);
            }
        }
    }
    _Pragma("clang loop unroll(full)")
    for (uint i_2 = 0u; i_2 < 2u; i_2++)
    {
        if (i_2 < _1108)
        {
            uint at_1 = gl_LocalInvocationID.x + (256u * i_2);
            uint key_1 = base + (at_1 / _1121);
            values[i_2] = uint4(0u);
            bool _1133 = (at_1 < _1128) && (key_1 < last);
            bool _1143;
            if (_1133)
            {
                _1143 = (8u * (at_1 % _1137)) < push.head_size;
            }
            else
            {
                _1143 = _1133;
            }
            if (_1143)
            {
                uint param_10 = table;
                uint param_11 = key_1;
                uint param_12 = (place(param_10, param_11, push, _151) * push.ldv) + kv;
                uint param_13 = at_1 % _1158;
                values[i_2] = value_octet(param_12, param_13, push, _453, _463);
            }
        }
    }
    float score[4];
    float _1585;
    float _1588;
    float _1617;
    float _1689;
    float _1713;
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
            if (i_3 < _1201)
            {
                uint at_2 = gl_LocalInvocationID.x + (256u * i_3);
                uint key_2 = base + (at_2 / _1214);
                keys[i_3] = uint4(0u);
                bool _1226 = (at_2 < _1221) && (key_2 < last);
                bool _1236;
                if (_1226)
                {
                    _1236 = (8u * (at_2 % _1230)) < push.head_size;
                }
                else
                {
                    _1236 = _1226;
                }
                if (_1236)
                {
                    uint param_14 = table;
                    uint param_15 = key_2;
                    uint param_16 = (place(param_14, param_15, push, _151) * push.ldk) + kv;
                    uint param_17 = at_2 % _1251;
                    keys[i_3] = key_octet(param_16, param_17, push, _384, _396);
                }
            }
        }
        if (both)
        {
            _Pragma("clang loop unroll(full)")
            for (uint i_4 = 0u; i_4 < 2u; i_4++)
            {
                if (i_4 < _1274)
                {
                    uint at_3 = gl_LocalInvocationID.x + (256u * i_4);
                    uint key_3 = base + (at_3 / _1287);
                    values[i_4] = uint4(0u);
                    bool _1299 = (at_3 < _1294) && (key_3 < last);
                    bool _1309;
                    if (_1299)
                    {
                        _1309 = (8u * (at_3 % _1303)) < push.head_size;
                    }
                    else
                    {
                        _1309 = _1299;
                    }
                    if (_1309)
                    {
                        uint param_18 = table;
                        uint param_19 = key_3;
                        uint param_20 = (place(param_18, param_19, push, _151) * push.ldv) + kv;
                        uint param_21 = at_3 % _1324;
                        values[i_4] = value_octet(param_20, param_21, push, _453, _463);
                    }
                }
            }
        }
        bool _1347;
        if (!false)
        {
            bool _1339 = here < own_last;
            bool _1346;
            if (_1339)
            {
                _1346 = (here + 16u) > own_first;
            }
            else
            {
                _1346 = _1339;
            }
            _1347 = _1346;
        }
        else
        {
            _1347 = false;
        }
        bool seen = _1347;
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
                        simdgroup_half8x8 _1403;
                        simdgroup_load(_1403, reinterpret_cast<threadgroup half*>(&tiles[((k * 8u) * _1379) + ((((gl_SubgroupID % SHARES) * PARTS) + d_1) * 1u)]), (_1402) * 8u, ulong2(0), true);
                        simdgroup_half8x8 tempArg_2 = _1403;
                        simdgroup_half8x8 b = tempArg_2;
                        simdgroup_float8x8 _1411;
                        simdgroup_multiply_accumulate(_1411, queries[d_1], b, scores);
                        scores = _1411;
                    }
                }
                simdgroup_store(scores, reinterpret_cast<threadgroup float*>(&own[mine + (k * 8u)]), 20u);
            }
        }
        if (_1427)
        {
            threadgroup_barrier(mem_flags::mem_threadgroup);
            put_values(gl_LocalInvocationID, tiles, values, unusable);
            threadgroup_barrier(mem_flags::mem_threadgroup);
            _Pragma("clang loop unroll(full)")
            for (uint i_5 = 0u; i_5 < 2u; i_5++)
            {
                if (i_5 < _1444)
                {
                    uint at_4 = gl_LocalInvocationID.x + (256u * i_5);
                    uint key_4 = base + (at_4 / _1457);
                    values[i_5] = uint4(0u);
                    bool _1469 = (at_4 < _1464) && (key_4 < last);
                    bool _1479;
                    if (_1469)
                    {
                        _1479 = (8u * (at_4 % _1473)) < push.head_size;
                    }
                    else
                    {
                        _1479 = _1469;
                    }
                    if (_1479)
                    {
                        uint param_22 = table;
                        uint param_23 = key_4;
                        uint param_24 = (place(param_22, param_23, push, _151) * push.ldv) + kv;
                        uint param_25 = at_4 % _1494;
                        values[i_5] = value_octet(param_24, param_25, push, _453, _463);
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
                bool _1537 = key_5 >= query.begin;
                bool _1544;
                if (_1537)
                {
                    _1544 = key_5 < query.end;
                }
                else
                {
                    _1544 = _1537;
                }
                if (_1544)
                {
                    score[i_6] = as_type<float>(own[(mine + (i_row * 20u)) + column]);
                    if (_1558)
                    {
                        score[i_6] += as_type<float>(own[(((gl_SubgroupID ^ 1u) * 328u) + (i_row * 20u)) + column]);
                    }
                    score[i_6] *= query.factor;
                    if (capped)
                    {
                        if (capped)
                        {
                            float param_26 = score[i_6];
                            _1588 = as_type<float>(push.first.w) * tanh_of(param_26);
                        }
                        else
                        {
                            _1588 = score[i_6];
                        }
                        _1585 = 1.44269502162933349609375 * _1588;
                    }
                    else
                    {
                        _1585 = score[i_6];
                    }
                    score[i_6] = _1585;
                    if (unusable[column] != 0u)
                    {
                        _1617 = as_type<float>(2143289344u);
                    }
                    else
                    {
                        _1617 = score[i_6];
                    }
                    score[i_6] = _1617;
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
                bool _1681 = key_6 >= query.begin;
                bool _1688;
                if (_1681)
                {
                    _1688 = key_6 < query.end;
                }
                else
                {
                    _1688 = _1681;
                }
                if (_1688)
                {
                    _1689 = exp2(score[i_7] - top);
                }
                else
                {
                    _1689 = 0.0;
                }
                bool _1704 = (key_6 + 1u) >= query.begin;
                bool _1712;
                if (_1704)
                {
                    _1712 = (key_6 + 1u) < query.end;
                }
                else
                {
                    _1712 = _1704;
                }
                if (_1712)
                {
                    _1713 = exp2(score[i_7 + 1u] - top);
                }
                else
                {
                    _1713 = 0.0;
                }
                float2 weight = float2(_1689, _1713);
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
                        simdgroup_float8x8 param_27 = sums[d_2];
                        float2 param_28 = factors;
                        scale_elements(param_27, param_28);
                        sums[d_2] = param_27;
                    }
                }
            }
            _Pragma("clang loop unroll(full)")
            for (uint k_1 = 0u; k_1 < 2u; k_1++)
            {
                simdgroup_float8x8 _1837;
                simdgroup_load(_1837, reinterpret_cast<threadgroup float*>(&own[(mine + 160u) + (k_1 * 8u)]), 20u);
                simdgroup_float8x8 tempArg_3 = _1837;
                simdgroup_float8x8 a = tempArg_3;
                _Pragma("clang loop unroll(full)")
                for (uint d_3 = 0u; d_3 < 16u; d_3++)
                {
                    if (d_3 < PARTS)
                    {
                        simdgroup_half8x8 _1882;
                        simdgroup_load(_1882, reinterpret_cast<threadgroup half*>(&tiles[(at_values + ((k_1 * 8u) * _1856)) + ((((gl_SubgroupID % SHARES) * PARTS) + d_3) * 1u)]), (_1881) * 8u);
                        simdgroup_half8x8 tempArg_4 = _1882;
                        simdgroup_half8x8 b_1 = tempArg_4;
                        simdgroup_float8x8 _1891;
                        simdgroup_multiply_accumulate(_1891, a, b_1, sums[d_3]);
                        sums[d_3] = _1891;
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
    float _1918;
    if (query.end > query.begin)
    {
        float param_29 = total;
        float param_30 = top;
        uint param_31 = query.head;
        _1918 = 1.0 / with_sink(param_29, param_30, param_31, push, _317);
    }
    else
    {
        _1918 = 0.0;
    }
    float scale = _1918;
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
                uint to_1 = ((push.offset2.z + (query.row * push.ldout)) + (query.head * push.head_size)) + e_2;
                bool _2042;
                if (is_query)
                {
                    _2042 = e_2 < push.head_size;
                }
                else
                {
                    _2042 = is_query;
                }
                if (_2042)
                {
                    result = select(float4(0.0), result, bool4(query.end > query.begin));
                    if ((to_1 & 3u) == 0u)
                    {
                        _2063.out4[to_1 / 4u] = result;
                    }
                    else
                    {
                        _2073.out1[to_1] = result.x;
                        _2073.out1[to_1 + 1u] = result.y;
                        _2073.out1[to_1 + 2u] = result.z;
                        _2073.out1[to_1 + 3u] = result.w;
                    }
                }
            }
        }
    }
}

kernel void zc_attention_paged_matrix(constant Push& push [[buffer(0)]], const device Q1& _865 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], const device void* spvBufferAliasSet0Binding3 [[buffer(3)]], const device Spans1& _94 [[buffer(4)]], const device Tables1& _151 [[buffer(5)]], const device Sinks1& _317 [[buffer(6)]], device void* spvBufferAliasSet0Binding7 [[buffer(7)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& _384 = *(const device K4*)spvBufferAliasSet0Binding2;
    const device auto& _453 = *(const device V4*)spvBufferAliasSet0Binding3;
    device auto& _2063 = *(device Out4*)spvBufferAliasSet0Binding7;
    const device auto& _396 = *(const device K1*)spvBufferAliasSet0Binding2;
    const device auto& _463 = *(const device V1*)spvBufferAliasSet0Binding3;
    device auto& _2073 = *(device Out1*)spvBufferAliasSet0Binding7;
    threadgroup uint4 tiles[544];
    threadgroup uint unusable[16];
    threadgroup uint own[2624];
    uint queries = push.rows * (push.heads / push.kv_heads);
    uint tiles_ = ((queries - 1u) / _2109) + 1u;
    uint3 _2119 = push.first.xyz + gl_WorkGroupID;
    uint _2120 = _2119.y;
    uint4 keys[2];
    uint4 values[2];
    for (uint tile = _2120; tile < tiles_; tile += push.groups.y)
    {
        uint3 _2134 = push.first.xyz + gl_WorkGroupID;
        uint _2135 = _2134.x;
        for (uint kv_head = _2135; kv_head < push.kv_heads; kv_head += push.groups.x)
        {
            uint param = (tiles_ - 1u) - tile;
            uint param_1 = kv_head;
            attend_queries(param, param_1, _94, push, _151, _317, _384, _396, _453, _463, gl_LocalInvocationID, tiles, keys, values, unusable, gl_SubgroupInvocationID, gl_SubgroupID, own, _865, _2063, _2073);
        }
    }
}

