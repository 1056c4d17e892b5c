#pragma clang diagnostic ignored "-Wmissing-prototypes"
#pragma clang diagnostic ignored "-Wmissing-braces"

#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

template<typename T, size_t Num>
struct spvUnsafeArray
{
    T elements[Num ? Num : 1];
    
    thread T& operator [] (size_t pos) thread
    {
        return elements[pos];
    }
    constexpr const thread T& operator [] (size_t pos) const thread
    {
        return elements[pos];
    }
    
    device T& operator [] (size_t pos) device
    {
        return elements[pos];
    }
    constexpr const device T& operator [] (size_t pos) const device
    {
        return elements[pos];
    }
    
    constexpr const constant T& operator [] (size_t pos) const constant
    {
        return elements[pos];
    }
    
    threadgroup T& operator [] (size_t pos) threadgroup
    {
        return elements[pos];
    }
    constexpr const threadgroup T& operator [] (size_t pos) const threadgroup
    {
        return elements[pos];
    }
};

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
constant uint _344 = (extras & 1u);
constant bool capped = (_344 != 0u);
constant uint _364 = (extras & 2u);
constant bool with_sinks = (_364 != 0u);
constant bool _366 = (!with_sinks);

struct Sinks1
{
    float sinks1[1];
};

struct Out4
{
    float4 out4[1];
};

struct Out1
{
    float out1[1];
};

constant uint kv_type = (variant % 3u);
constant bool _467 = (kv_type == 2u);

struct K1
{
    uint k1[1];
};

constant bool _515 = (kv_type == 1u);

struct K2
{
    uint2 k2[1];
};

struct K4
{
    uint4 k4[1];
};

constant bool _602 = (kv_type == 2u);

struct V1
{
    uint v1[1];
};

constant bool _648 = (kv_type == 1u);

struct V2
{
    uint2 v2[1];
};

struct V4
{
    uint4 v4[1];
};

constant bool _732 = (kv_type == 2u);
constant bool _749 = (kv_type == 1u);
constant uint _903 = (variant / 3u);
constant uint shape = (_903 % 113u);
constant uint PARTS = (shape + 1u);

struct Q1
{
    float q1[1];
};

constant bool _1077 = (PARTS > 1u);
constant bool _1756 = (kv_type == 1u);
constant bool _1812 = (kv_type == 1u);
constant uint split_shape = (shape - 5u);
constant uint _1847 = (split_shape / 5u);
constant uint _1848 = (_1847 % 4u);
constant uint OCTETS = (4u << _1848);
constant uint _1850 = (split_shape % 5u);
constant uint WIDTH = (4u << _1850);
constant bool _1852 = (OCTETS < WIDTH);
constant uint LANES = _1852 ? OCTETS : WIDTH;
constant uint _1854 = (LANES / 2u);
constant uint _1856 = (split_shape / 20u);
constant uint HEADS = (1u << _1856);
constant bool _1858 = (HEADS == 4u);
constant bool _1921 = (HEADS >= 2u);
constant uint _1956 = (LANES / HEADS);
constant uint _1957 = (_1956 / 2u);
constant uint _2045 = (HEADS * 2u);
constant uint UNIT_QUADS = (_2045 * OCTETS);
constant uint _2047 = (4u * UNIT_QUADS);
constant uint _2048 = (_2047 + 256u);
constant uint _2049 = (_2048 - 1u);
constant uint QUERIES_EACH = (_2049 / 256u);
constant uint _2059 = (8u * OCTETS);
constant uint _2063 = (8u * OCTETS);

struct Workspace4
{
    float4 workspace4[1];
};

constant uint _2182 = (256u / WIDTH);
constant uint _2185 = (256u / WIDTH);
constant uint LINES = (WIDTH / LANES);
constant uint _2218 = (4u * UNIT_QUADS);
constant uint _2250 = (2u * OCTETS);
constant bool _2251 = (_2250 < WIDTH);
constant uint _2252 = (2u * OCTETS);
constant uint LANES_OF_VALUE = _2251 ? _2252 : WIDTH;
constant uint OCTETS_EACH = (OCTETS / LANES);
constant uint _2323 = (2u * OCTETS);
constant uint QUADS_EACH = (_2323 / LANES_OF_VALUE);
constant uint LINES_OF_VALUES = (WIDTH / LANES_OF_VALUE);
constant bool _2562 = (kv_type == 1u);
constant uint _2634 = (LANES / HEADS);
constant uint _2644 = (LANES / HEADS);
constant uint _2650 = (LINES * 1u);
constant uint _2864 = (LINES_OF_VALUES * 2u);
constant uint _2919 = (LINES_OF_VALUES * 2u);
constant uint _2944 = (2u * OCTETS);
constant uint _2948 = (2u * OCTETS);
constant uint UNITS = (256u / LANES_OF_VALUE);
constant uint _3078 = (1024u / UNIT_QUADS);
constant bool _3513 = (shape >= 5u);
constant bool _3586 = (shape == 4u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

struct Q4
{
    float4 q4[1];
};

constant spvUnsafeArray<float4, 2> _994 = spvUnsafeArray<float4, 2>({ float4(0.0), float4(0.0) });

static inline __attribute__((always_inline))
uint2 span_of(thread const uint& r, const device Spans1& v_125, constant Push& push)
{
    uint at = push.offset.w + (3u * r);
    uint end = min(v_125.spans1[at + 1u], push.context);
    uint _323;
    if (push.window != 0u)
    {
        _323 = min(push.window, push.context);
    }
    else
    {
        _323 = push.context;
    }
    return uint2(end - min((end - min(v_125.spans1[at], end)), _323), end);
}

static inline __attribute__((always_inline))
uint keys_of_split(thread const uint& count, thread const uint& splits, thread const uint& teams, constant Push& push)
{
    uint busy = clamp(264u / max((teams * push.rows), 1u), 1u, splits);
    uint _3676;
    if (push.window != 0u)
    {
        _3676 = min(push.window, push.context);
    }
    else
    {
        _3676 = push.context;
    }
    return min((((count + busy) - 1u) / busy), (((_3676 + splits) - 1u) / splits));
}

static inline __attribute__((always_inline))
uint record_at(thread const uint& split, thread const uint& r, thread const uint& head, constant Push& push)
{
    return ((((split * push.rows) + r) * push.heads) + head) * ((push.head_size / 4u) + 1u);
}

static inline __attribute__((always_inline))
uint table_of(thread const uint& r, const device Spans1& v_125, constant Push& push)
{
    return min(v_125.spans1[(push.offset.w + (3u * ((push.shared_ != 0u) ? 0u : r))) + 2u], (push.table_words - 1u));
}

static inline __attribute__((always_inline))
float scale_of_scores(constant Push& push)
{
    float _346;
    if (capped)
    {
        _346 = push.scale / as_type<float>(push.first.w);
    }
    else
    {
        _346 = push.scale;
    }
    return _346;
}

static inline __attribute__((always_inline))
uint place(thread const uint& table, thread const uint& key, constant Push& push, const device Tables1& v_183)
{
    uint shift = (4u + (push.page >> uint(5))) - (push.page >> uint(7));
    uint word = min((table + (key >> shift)), (push.table_words - 1u));
    uint page = min(v_183.tables1[push.offset2.x + word], ((push.capacity >> shift) - 1u));
    return (page << shift) + (key & (push.page - 1u));
}

static inline __attribute__((always_inline))
uint4 value_quad(thread const uint& place_1, thread const uint& column, constant Push& push, const device V1& v_619, const device V2& v_671, const device V4& v_708)
{
    if (_602)
    {
        uint row = push.offset.z + (place_1 * ((push.ldv / 64u) * 17u));
        return uint4(v_619.v1[row + (column / 4u)], v_619.v1[(row + (push.ldv / 4u)) + (column / 64u)], (column >> uint(1)) & 16u, 0u);
    }
    uint index = (place_1 * push.ldv) + column;
    if (_648)
    {
        uint at = push.offset.z + (index / 2u);
        if (((push.offset.z | (push.ldv / 2u)) & 1u) == 0u)
        {
            uint2 pair = v_671.v2[at / 2u];
            return uint4(pair.x, pair.y, 0u, 0u);
        }
        return uint4(v_619.v1[at], v_619.v1[at + 1u], 0u, 0u);
    }
    uint at_1 = push.offset.z + index;
    if (((push.offset.z | push.ldv) & 3u) == 0u)
    {
        return v_708.v4[at_1 / 4u];
    }
    return uint4(*(const device packed_uint4*)&v_619.v1[at_1]);
}

static inline __attribute__((always_inline))
uint4 key_quad(thread const uint& place_1, thread const uint& column, constant Push& push, const device K1& v_486, const device K2& v_539, const device K4& v_577)
{
    if (_467)
    {
        uint row = push.offset.y + (place_1 * ((push.ldk / 64u) * 17u));
        return uint4(v_486.k1[row + (column / 4u)], v_486.k1[(row + (push.ldk / 4u)) + (column / 64u)], (column >> uint(1)) & 16u, 0u);
    }
    uint index = (place_1 * push.ldk) + column;
    if (_515)
    {
        uint at = push.offset.y + (index / 2u);
        if (((push.offset.y | (push.ldk / 2u)) & 1u) == 0u)
        {
            uint2 pair = v_539.k2[at / 2u];
            return uint4(pair.x, pair.y, 0u, 0u);
        }
        return uint4(v_486.k1[at], v_486.k1[at + 1u], 0u, 0u);
    }
    uint at_1 = push.offset.y + index;
    if (((push.offset.y | push.ldk) & 3u) == 0u)
    {
        return v_577.k4[at_1 / 4u];
    }
    return uint4(*(const device packed_uint4*)&v_486.k1[at_1]);
}

static inline __attribute__((always_inline))
void key_octet(thread const uint& place_1, thread const uint& kv, thread const uint& o, thread const bool& there, thread uint4& a, thread uint4& b, constant Push& push, const device K1& v_486, const device K2& v_539, const device K4& v_577)
{
    uint element = ((place_1 * push.ldk) + kv) + (8u * o);
    b = uint4(0u);
    a = uint4(0u);
    if (!there)
    {
        return;
    }
    bool _1771;
    if (_1756)
    {
        _1771 = (((push.offset.y | (push.ldk / 2u)) | (push.head_size / 2u)) & 3u) == 0u;
    }
    else
    {
        _1771 = _1756;
    }
    if (_1771)
    {
        a = v_577.k4[(push.offset.y + (element / 2u)) / 4u];
        return;
    }
    uint4 _1790;
    if (((8u * o) + 4u) < push.head_size)
    {
        uint param = place_1;
        uint param_1 = (kv + (8u * o)) + 4u;
        _1790 = key_quad(param, param_1, push, v_486, v_539, v_577);
    }
    else
    {
        _1790 = uint4(0u);
    }
    uint4 second = _1790;
    uint param_2 = place_1;
    uint param_3 = kv + (8u * o);
    a = key_quad(param_2, param_3, push, v_486, v_539, v_577);
    if (_1812)
    {
        a = uint4(a.x, a.y, second.x, second.y);
    }
    else
    {
        b = second;
    }
}

static inline __attribute__((always_inline))
float4 signed_bytes(thread const uint& word)
{
    return float4(float(int(word << 24u) >> 24), float(int(word << 16u) >> 24), float(int(word << 8u) >> 24), float(int(word) >> 24));
}

static inline __attribute__((always_inline))
float4 floats(thread const uint4& words)
{
    if (_732)
    {
        uint param = words.x;
        return signed_bytes(param) * float2(as_type<half2>(words.y >> words.z)).x;
    }
    float4 _750;
    if (_749)
    {
        _750 = float4(float2(as_type<half2>(words.x)), float2(as_type<half2>(words.y)));
    }
    else
    {
        _750 = as_type<float4>(words);
    }
    return _750;
}

static inline __attribute__((always_inline))
float add_scores(thread spvUnsafeArray<float, 4>& score, thread const uint& lane)
{
    uint _step = _1854;
    if (_1858)
    {
        bool upper = (lane & _step) != 0u;
        float _1868;
        if (upper)
        {
            _1868 = score[0];
        }
        else
        {
            _1868 = score[2];
        }
        float other0 = spvSubgroupShuffleXor(_1868, _step);
        float _1881;
        if (upper)
        {
            _1881 = score[1];
        }
        else
        {
            _1881 = score[3];
        }
        float other1 = spvSubgroupShuffleXor(_1881, _step);
        float _1894;
        if (upper)
        {
            _1894 = score[2];
        }
        else
        {
            _1894 = score[0];
        }
        score[0] = _1894 + other0;
        float _1907;
        if (upper)
        {
            _1907 = score[3];
        }
        else
        {
            _1907 = score[1];
        }
        score[1] = _1907 + other1;
        _step /= 2u;
    }
    if (_1921)
    {
        bool upper_1 = (lane & _step) != 0u;
        float _1931;
        if (upper_1)
        {
            _1931 = score[0];
        }
        else
        {
            _1931 = score[1];
        }
        float other = spvSubgroupShuffleXor(_1931, _step);
        float _1943;
        if (upper_1)
        {
            _1943 = score[1];
        }
        else
        {
            _1943 = score[0];
        }
        score[0] = _1943 + other;
    }
    _Pragma("clang loop unroll(full)")
    for (uint rest = _1957; rest > 0u; rest /= 2u)
    {
        score[0] += spvSubgroupShuffleXor(score[0], rest);
    }
    return score[0];
}

static inline __attribute__((always_inline))
float tanh_of(thread const float& x)
{
    float size = abs(x);
    float e = exp((-2.0) * size);
    float z = x * x;
    float series = (((((0.021869488060474395751953125 * z) - 0.0539682544767856597900390625) * z) + 0.13333334028720855712890625) * z) - 0.3333333432674407958984375;
    float large = (1.0 - e) / (1.0 + e);
    float _271;
    if (size < 0.25)
    {
        _271 = x + ((x * z) * series);
    }
    else
    {
        float _285;
        if (x < 0.0)
        {
            _285 = -large;
        }
        else
        {
            _285 = large;
        }
        _271 = _285;
    }
    return _271;
}

static inline __attribute__((always_inline))
bool finite(thread const float& x)
{
    return (as_type<uint>(x) & 2139095040u) != 2139095040u;
}

static inline __attribute__((always_inline))
float with_sink(thread const float& total, thread const float& top, thread const uint& head, constant Push& push, const device Sinks1& v_375)
{
    if (_366)
    {
        return total;
    }
    float sink = v_375.sinks1[push.offset2.y + head];
    if (as_type<uint>(sink) == 4286578688u)
    {
        return total;
    }
    float param = sink;
    float _394;
    if (finite(param))
    {
        _394 = total + exp2((1.44269502162933349609375 * sink) - top);
    }
    else
    {
        _394 = as_type<float>(2143289344u);
    }
    return _394;
}

static inline __attribute__((always_inline))
void put_quad(thread const uint& r, thread const uint& head, thread const uint& quad, thread const float4& result, constant Push& push, device Out4& v_436, device Out1& v_446)
{
    uint to = ((push.offset2.z + (r * push.ldout)) + (head * push.head_size)) + (4u * quad);
    if ((to & 3u) == 0u)
    {
        v_436.out4[to / 4u] = result;
    }
    else
    {
        v_446.out1[to] = result.x;
        v_446.out1[to + 1u] = result.y;
        v_446.out1[to + 2u] = result.z;
        v_446.out1[to + 3u] = result.w;
    }
}

static inline __attribute__((always_inline))
void attend_split(thread const uint& split, thread const uint& splits, thread const uint& r, thread const uint& team, const device Spans1& v_125, constant Push& push, const device Tables1& v_183, const device Sinks1& v_375, device Out4& v_436, device Out1& v_446, const device K1& v_486, const device K2& v_539, const device K4& v_577, const device V1& v_619, const device V2& v_671, const device V4& v_708, thread uint3& gl_LocalInvocationID, const device Q1& v_957, threadgroup float4 (&pool)[1024], thread uint& gl_SubgroupID, thread uint& gl_SubgroupInvocationID, device Workspace4& v_2149)
{
    uint group = push.heads / push.kv_heads;
    uint teams = ((group + HEADS) - 1u) / HEADS;
    uint share = ((group + teams) - 1u) / teams;
    uint first_head = (team % teams) * share;
    uint heads = min(share, (group - min(first_head, group)));
    first_head += ((team / teams) * group);
    uint quads = push.head_size / 4u;
    uint kv = (team / teams) * push.head_size;
    uint me = gl_LocalInvocationID.x;
    uint sub = gl_SubgroupID;
    uint mine = gl_SubgroupInvocationID;
    spvUnsafeArray<float, 4> queries;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < QUERIES_EACH; i++)
    {
        uint at = me + (256u * i);
        uint h = at / _2059;
        uint e = at % _2063;
        queries[i] = 0.0;
        bool _2070 = h < heads;
        bool _2077;
        if (_2070)
        {
            _2077 = e < push.head_size;
        }
        else
        {
            _2077 = _2070;
        }
        if (_2077)
        {
            queries[i] = v_957.q1[((push.offset.x + (r * push.ldq)) + ((first_head + h) * push.head_size)) + e];
        }
    }
    uint param = r;
    uint2 span = span_of(param, v_125, push);
    uint begin = span.x;
    uint end = span.y;
    uint count = end - begin;
    uint param_1 = count;
    uint param_2 = splits;
    uint param_3 = teams * push.kv_heads;
    uint each = max(64u, keys_of_split(param_1, param_2, param_3, push));
    uint used = ((count + each) - 1u) / each;
    if (split >= max(used, 1u))
    {
        if (me < heads)
        {
            uint param_4 = split;
            uint param_5 = r;
            uint param_6 = first_head + me;
            v_2149.workspace4[record_at(param_4, param_5, param_6, push)] = float4(-3.0000000054977557577780399428115e+38, 0.0, 0.0, 0.0);
        }
        return;
    }
    uint param_7 = r;
    uint table = table_of(param_7, v_125, push);
    uint from = begin + (split * each);
    uint to = min((from + each), end);
    uint few = (((((((to - from) + _2182) - 1u) / _2185) + LINES) - 1u) / LINES) * LINES;
    from = min((from + (sub * few)), to);
    to = min((from + few), to);
    float _2226;
    _Pragma("clang loop unroll(full)")
    for (uint i_1 = 0u; i_1 < QUERIES_EACH; i_1++)
    {
        uint at_1 = me + (256u * i_1);
        if (at_1 < _2218)
        {
            if (capped)
            {
                _2226 = scale_of_scores(push);
            }
            else
            {
                _2226 = push.scale * 1.44269502162933349609375;
            }
            ((threadgroup float*)&pool[at_1 / 4u])[at_1 & 3u] = _2226 * queries[i_1];
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    uint lane = mine % LANES;
    uint line = mine / LANES;
    uint lane_of_value = mine % LANES_OF_VALUE;
    uint line_of_values = mine / LANES_OF_VALUE;
    spvUnsafeArray<float4, 16> query;
    spvUnsafeArray<float4, 16> sums;
    _Pragma("clang loop unroll(full)")
    for (uint h_1 = 0u; h_1 < HEADS; h_1++)
    {
        _Pragma("clang loop unroll(full)")
        for (uint c = 0u; c < OCTETS_EACH; c++)
        {
            query[2u * ((h_1 * OCTETS_EACH) + c)] = pool[((h_1 * 2u) * OCTETS) + (2u * (lane + (LANES * c)))];
            query[(2u * ((h_1 * OCTETS_EACH) + c)) + 1u] = pool[(((h_1 * 2u) * OCTETS) + (2u * (lane + (LANES * c)))) + 1u];
        }
        _Pragma("clang loop unroll(full)")
        for (uint c_1 = 0u; c_1 < QUADS_EACH; c_1++)
        {
            sums[(h_1 * QUADS_EACH) + c_1] = float4(0.0);
        }
    }
    float4 tops = float4(-3.0000000054977557577780399428115e+38);
    float4 totals = float4(0.0);
    uint scores = 256u + (sub * WIDTH);
    uint _2360;
    spvUnsafeArray<uint4, 8> words;
    spvUnsafeArray<uint4, 2> a;
    spvUnsafeArray<uint4, 2> b;
    uint4 param_18;
    uint4 param_19;
    spvUnsafeArray<float, 4> score;
    uint4 _2563;
    float _2668;
    float _2671;
    float _2699;
    float _2753;
    float4 _2797;
    for (uint tile = 0u; tile < few; tile += WIDTH)
    {
        uint first = from + tile;
        if (first < to)
        {
            _2360 = min(WIDTH, (to - first));
        }
        else
        {
            _2360 = 0u;
        }
        uint here = _2360;
        _Pragma("clang loop unroll(full)")
        for (uint i_2 = 0u; i_2 < 2u; i_2++)
        {
            uint key = line_of_values + (LINES_OF_VALUES * i_2);
            _Pragma("clang loop unroll(full)")
            for (uint c_2 = 0u; c_2 < QUADS_EACH; c_2++)
            {
                uint quad = lane_of_value + (LANES_OF_VALUE * c_2);
                words[(i_2 * QUADS_EACH) + c_2] = uint4(0u);
                if ((key < here) && (quad < quads))
                {
                    uint param_8 = table;
                    uint param_9 = first + key;
                    uint param_10 = place(param_8, param_9, push, v_183);
                    uint param_11 = kv + (4u * quad);
                    words[(i_2 * QUADS_EACH) + c_2] = value_quad(param_10, param_11, push, v_619, v_671, v_708);
                }
            }
        }
        simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
        for (uint base = 0u; base < here; base += _2650)
        {
            _Pragma("clang loop unroll(full)")
            for (uint i_3 = 0u; i_3 < 1u; i_3++)
            {
                uint key_1 = (base + line) + (LINES * i_3);
                _Pragma("clang loop unroll(full)")
                for (uint c_3 = 0u; c_3 < OCTETS_EACH; c_3++)
                {
                    bool _2472 = key_1 < here;
                    bool _2482;
                    if (_2472)
                    {
                        _2482 = (2u * (lane + (LANES * c_3))) < quads;
                    }
                    else
                    {
                        _2482 = _2472;
                    }
                    bool there = _2482;
                    uint param_12 = table;
                    uint param_13 = first + key_1;
                    uint param_14 = place(param_12, param_13, push, v_183);
                    uint param_15 = kv;
                    uint param_16 = lane + (LANES * c_3);
                    bool param_17 = there;
                    key_octet(param_14, param_15, param_16, param_17, param_18, param_19, push, v_486, v_539, v_577);
                    a[(i_3 * OCTETS_EACH) + c_3] = param_18;
                    b[(i_3 * OCTETS_EACH) + c_3] = param_19;
                }
            }
            _Pragma("clang loop unroll(full)")
            for (uint i_4 = 0u; i_4 < 1u; i_4++)
            {
                _Pragma("clang loop unroll(full)")
                for (uint h_2 = 0u; h_2 < HEADS; h_2++)
                {
                    score[h_2] = 0.0;
                }
                _Pragma("clang loop unroll(full)")
                for (uint c_4 = 0u; c_4 < OCTETS_EACH; c_4++)
                {
                    uint4 octet = a[(i_4 * OCTETS_EACH) + c_4];
                    uint4 param_20 = octet;
                    float4 x = floats(param_20);
                    if (_2562)
                    {
                        _2563 = octet.zwzw;
                    }
                    else
                    {
                        _2563 = b[(i_4 * OCTETS_EACH) + c_4];
                    }
                    uint4 param_21 = _2563;
                    float4 y = floats(param_21);
                    _Pragma("clang loop unroll(full)")
                    for (uint h_3 = 0u; h_3 < HEADS; h_3++)
                    {
                        score[h_3] += (dot(query[2u * ((h_3 * OCTETS_EACH) + c_4)], x) + dot(query[(2u * ((h_3 * OCTETS_EACH) + c_4)) + 1u], y));
                    }
                }
                spvUnsafeArray<float, 4> param_22;
                param_22 = score;
                uint param_23 = lane;
                float _2620 = add_scores(param_22, param_23);
                float sum = _2620;
                uint key_2 = (base + line) + (LINES * i_4);
                bool _2630 = key_2 < here;
                bool _2637;
                if (_2630)
                {
                    _2637 = (lane % _2634) == 0u;
                }
                else
                {
                    _2637 = _2630;
                }
                if (_2637)
                {
                    ((threadgroup float*)&pool[scores + key_2])[lane / _2644] = sum;
                }
            }
        }
        simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
        float4 weights = pool[scores + mine];
        _Pragma("clang loop unroll(full)")
        for (uint h_4 = 0u; h_4 < HEADS; h_4++)
        {
            if (capped)
            {
                if (capped)
                {
                    float param_24 = weights[h_4];
                    _2671 = as_type<float>(push.first.w) * tanh_of(param_24);
                }
                else
                {
                    _2671 = weights[h_4];
                }
                _2668 = 1.44269502162933349609375 * _2671;
            }
            else
            {
                _2668 = weights[h_4];
            }
            weights[h_4] = _2668;
            if (mine < here)
            {
                _2699 = weights[h_4];
            }
            else
            {
                _2699 = -3.0000000054977557577780399428115e+38;
            }
            float score_1 = _2699;
            float next = fast::max(tops[h_4], simd_max(score_1));
            float shrink = exp2(tops[h_4] - next);
            tops[h_4] = next;
            totals[h_4] *= shrink;
            _Pragma("clang loop unroll(full)")
            for (uint c_5 = 0u; c_5 < QUADS_EACH; c_5++)
            {
                uint _2741 = (h_4 * QUADS_EACH) + c_5;
                sums[_2741] *= shrink;
            }
            if (mine < here)
            {
                _2753 = exp2(score_1 - next);
            }
            else
            {
                _2753 = 0.0;
            }
            weights[h_4] = _2753;
        }
        pool[scores + mine] = weights;
        simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
        for (uint base_1 = line_of_values; base_1 < here; base_1 += _2919)
        {
            _Pragma("clang loop unroll(full)")
            for (uint i_5 = 0u; i_5 < 2u; i_5++)
            {
                uint key_3 = base_1 + (LINES_OF_VALUES * i_5);
                if (key_3 < here)
                {
                    _2797 = pool[scores + key_3];
                }
                else
                {
                    _2797 = float4(0.0);
                }
                float4 weight = _2797;
                totals += weight;
                _Pragma("clang loop unroll(full)")
                for (uint c_6 = 0u; c_6 < QUADS_EACH; c_6++)
                {
                    uint4 param_25 = words[(i_5 * QUADS_EACH) + c_6];
                    float4 value = floats(param_25);
                    _Pragma("clang loop unroll(full)")
                    for (uint h_5 = 0u; h_5 < HEADS; h_5++)
                    {
                        uint _2838 = (h_5 * QUADS_EACH) + c_6;
                        sums[_2838] += (value * weight[h_5]);
                    }
                }
            }
            _Pragma("clang loop unroll(full)")
            for (uint i_6 = 0u; i_6 < 2u; i_6++)
            {
                uint key_4 = (base_1 + _2864) + (LINES_OF_VALUES * i_6);
                _Pragma("clang loop unroll(full)")
                for (uint c_7 = 0u; c_7 < QUADS_EACH; c_7++)
                {
                    uint quad_1 = lane_of_value + (LANES_OF_VALUE * c_7);
                    words[(i_6 * QUADS_EACH) + c_7] = uint4(0u);
                    if ((key_4 < here) && (quad_1 < quads))
                    {
                        uint param_26 = table;
                        uint param_27 = first + key_4;
                        uint param_28 = place(param_26, param_27, push, v_183);
                        uint param_29 = kv + (4u * quad_1);
                        words[(i_6 * QUADS_EACH) + c_7] = value_quad(param_28, param_29, push, v_619, v_671, v_708);
                    }
                }
            }
        }
    }
    uint unit = (sub * LINES_OF_VALUES) + line_of_values;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (lane_of_value == 0u)
    {
        pool[2u * unit] = tops;
        pool[(2u * unit) + 1u] = totals;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    uint h_6 = me / _2944;
    uint quad_2 = me % _2948;
    float total = 0.0;
    spvUnsafeArray<float, 4> top;
    _Pragma("clang loop unroll(full)")
    for (uint i_7 = 0u; i_7 < HEADS; i_7++)
    {
        top[i_7] = -3.0000000054977557577780399428115e+38;
    }
    _Pragma("clang loop unroll(disable)")
    for (uint some = 0u; some < UNITS; some += 4u)
    {
        _Pragma("clang loop unroll(full)")
        for (uint i_8 = 0u; i_8 < 4u; i_8++)
        {
            float4 other = pool[2u * (some + i_8)];
            _Pragma("clang loop unroll(full)")
            for (uint j = 0u; j < HEADS; j++)
            {
                top[j] = fast::max(top[j], other[j]);
            }
        }
    }
    float mine_top = -3.0000000054977557577780399428115e+38;
    float4 sum_1 = float4(0.0);
    float _3024;
    _Pragma("clang loop unroll(full)")
    for (uint i_9 = 0u; i_9 < HEADS; i_9++)
    {
        if (i_9 == h_6)
        {
            _3024 = top[i_9];
        }
        else
        {
            _3024 = mine_top;
        }
        mine_top = _3024;
    }
    _Pragma("clang loop unroll(disable)")
    for (uint some_1 = 0u; some_1 < UNITS; some_1 += 4u)
    {
        _Pragma("clang loop unroll(full)")
        for (uint i_10 = 0u; i_10 < 4u; i_10++)
        {
            uint at_2 = 2u * (some_1 + i_10);
            total += (((threadgroup float*)&pool[at_2 + 1u])[h_6 % 4u] * exp2(((threadgroup float*)&pool[at_2])[h_6 % 4u] - mine_top));
        }
    }
    uint _3079 = min(UNITS, _3078);
    for (uint fit = _3079, base_2 = 0u; base_2 < UNITS; base_2 += fit)
    {
        threadgroup_barrier(mem_flags::mem_threadgroup);
        if ((unit - base_2) < fit)
        {
            _Pragma("clang loop unroll(full)")
            for (uint i_11 = 0u; i_11 < HEADS; i_11++)
            {
                float shrink_1 = exp2(tops[i_11] - top[i_11]);
                _Pragma("clang loop unroll(full)")
                for (uint c_8 = 0u; c_8 < QUADS_EACH; c_8++)
                {
                    pool[((((unit - base_2) * UNIT_QUADS) + ((i_11 * 2u) * OCTETS)) + lane_of_value) + (LANES_OF_VALUE * c_8)] = sums[(i_11 * QUADS_EACH) + c_8] * shrink_1;
                }
            }
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
        _Pragma("clang loop unroll(disable)")
        for (uint some_2 = 0u; (some_2 < fit) && (me < UNIT_QUADS); some_2 += 4u)
        {
            _Pragma("clang loop unroll(full)")
            for (uint i_12 = 0u; i_12 < 4u; i_12++)
            {
                sum_1 += pool[((some_2 + i_12) * UNIT_QUADS) + me];
            }
        }
    }
    if ((h_6 < heads) && (quad_2 < quads))
    {
        uint param_30 = split;
        uint param_31 = r;
        uint param_32 = first_head + h_6;
        uint at_3 = record_at(param_30, param_31, param_32, push);
        if (used > 1u)
        {
            v_2149.workspace4[(at_3 + 1u) + quad_2] = sum_1;
        }
        else
        {
            float4 _3218;
            if (count > 0u)
            {
                float param_33 = total;
                float param_34 = mine_top;
                uint param_35 = first_head + h_6;
                _3218 = sum_1 / float4(with_sink(param_33, param_34, param_35, push, v_375));
            }
            else
            {
                _3218 = float4(0.0);
            }
            uint param_36 = r;
            uint param_37 = first_head + h_6;
            uint param_38 = quad_2;
            float4 param_39 = _3218;
            put_quad(param_36, param_37, param_38, param_39, push, v_436, v_446);
        }
        if ((splits > 1u) && (quad_2 == 0u))
        {
            v_2149.workspace4[at_3] = float4(mine_top, total, float(used), 0.0);
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
void join(thread const uint& r, thread const uint& head, constant Push& push, const device Sinks1& v_375, device Out4& v_436, device Out1& v_446, thread uint3& gl_LocalInvocationID, threadgroup float4 (&pool)[1024], thread uint& gl_SubgroupID, device Workspace4& v_2149, thread uint& gl_NumSubgroups)
{
    uint me = gl_LocalInvocationID.x;
    uint quads = push.head_size / 4u;
    uint param = 0u;
    uint param_1 = r;
    uint param_2 = head;
    uint used = uint(((device float*)&v_2149.workspace4[record_at(param, param_1, param_2, push)])[2u]);
    if (used <= 1u)
    {
        return;
    }
    float4 _3282;
    if (me < used)
    {
        uint param_3 = me;
        uint param_4 = r;
        uint param_5 = head;
        _3282 = v_2149.workspace4[record_at(param_3, param_4, param_5, push)];
    }
    else
    {
        _3282 = float4(-3.0000000054977557577780399428115e+38, 0.0, 0.0, 0.0);
    }
    float4 mine = _3282;
    float top = simd_max(mine.x);
    pool[me] = mine;
    bool _3303 = simd_is_first();
    if (_3303)
    {
        ((threadgroup float*)&pool[256u + gl_SubgroupID])[0u] = top;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (uint i = 0u; i < gl_NumSubgroups; i++)
    {
        top = fast::max(top, ((threadgroup float*)&pool[256u + i])[0u]);
    }
    uint teams = 256u / quads;
    uint team = me / quads;
    uint quad = me % quads;
    float4 sum = float4(0.0);
    float total = 0.0;
    spvUnsafeArray<float4, 4> sums;
    float4 _3372;
    float4 _3430;
    for (uint first = team; (team < teams) && (first < used); first += (4u * teams))
    {
        _Pragma("clang loop unroll(full)")
        for (uint i_1 = 0u; i_1 < 4u; i_1++)
        {
            if ((first + (teams * i_1)) < used)
            {
                uint param_6 = first + (teams * i_1);
                uint param_7 = r;
                uint param_8 = head;
                _3372 = v_2149.workspace4[(record_at(param_6, param_7, param_8, push) + 1u) + quad];
            }
            else
            {
                _3372 = float4(0.0);
            }
            sums[i_1] = _3372;
        }
        _Pragma("clang loop unroll(full)")
        for (uint i_2 = 0u; i_2 < 4u; i_2++)
        {
            if ((first + (teams * i_2)) < used)
            {
                float4 other = pool[first + (teams * i_2)];
                float weight = exp2(other.x - top);
                if (other.y != 0.0)
                {
                    _3430 = sums[i_2] * weight;
                }
                else
                {
                    _3430 = float4(0.0);
                }
                sum += _3430;
                total += (weight * other.y);
            }
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    pool[me] = sum;
    ((threadgroup float*)&pool[256u + me])[0u] = total;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (team == 0u)
    {
        for (uint i_3 = 1u; i_3 < teams; i_3++)
        {
            sum += pool[(i_3 * quads) + quad];
            total += ((threadgroup float*)&pool[(256u + (i_3 * quads)) + quad])[0u];
        }
        float param_9 = total;
        float param_10 = top;
        uint param_11 = head;
        uint param_12 = r;
        uint param_13 = head;
        uint param_14 = quad;
        float4 param_15 = sum / float4(with_sink(param_9, param_10, param_11, push, v_375));
        put_quad(param_12, param_13, param_14, param_15, push, v_436, v_446);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
void attend_tile(thread const uint& tile, thread const uint& head, const device Spans1& v_125, constant Push& push, const device Tables1& v_183, const device Sinks1& v_375, device Out4& v_436, device Out1& v_446, const device K1& v_486, const device K2& v_539, const device K4& v_577, const device V1& v_619, const device V2& v_671, const device V4& v_708, thread uint3& gl_LocalInvocationID, const device Q1& v_957, threadgroup float4 (&pool)[1024])
{
    uint me = gl_LocalInvocationID.x;
    uint row = me / 16u;
    uint lane = me % 16u;
    uint _790;
    if (row < ((push.shared_ != 0u) ? 16u : 1u))
    {
        _790 = (tile * ((push.shared_ != 0u) ? 16u : 1u)) + row;
    }
    else
    {
        _790 = push.rows;
    }
    uint r = _790;
    uint quads = push.head_size / 4u;
    uint kv = (head / (push.heads / push.kv_heads)) * push.head_size;
    uint begin = 0u;
    uint end = 0u;
    uint first = push.context;
    uint last = 0u;
    for (uint i = 0u; i < min(((push.shared_ != 0u) ? 16u : 1u), (push.rows - (tile * ((push.shared_ != 0u) ? 16u : 1u)))); i++)
    {
        uint param = (tile * ((push.shared_ != 0u) ? 16u : 1u)) + i;
        uint2 span = span_of(param, v_125, push);
        if (span.x < span.y)
        {
            first = min(first, span.x);
            last = max(last, span.y);
            if (i == row)
            {
                begin = span.x;
                end = span.y;
            }
        }
    }
    uint param_1 = tile * ((push.shared_ != 0u) ? 16u : 1u);
    uint table = table_of(param_1, v_125, push);
    spvUnsafeArray<float4, 4> query;
    spvUnsafeArray<float4, 4> sums;
    _Pragma("clang loop unroll(full)")
    for (uint c = 0u; c < PARTS; c++)
    {
        query[c] = float4(0.0);
        sums[c] = float4(0.0);
        bool _920 = r < push.rows;
        bool _929;
        if (_920)
        {
            _929 = (lane + (16u * c)) < quads;
        }
        else
        {
            _929 = _920;
        }
        if (_929)
        {
            uint at = ((push.offset.x + (r * push.ldq)) + (head * push.head_size)) + (4u * (lane + (16u * c)));
            query[c] = float4(*(const device packed_float4*)&v_957.q1[at]) * scale_of_scores(push);
        }
    }
    float highest = -3.0000000054977557577780399428115e+38;
    float total = 0.0;
    spvUnsafeArray<uint, 2> places;
    spvUnsafeArray<uint4, 2> loaded;
    float2 score;
    float _1311;
    float _1314;
    float _1453;
    for (uint base = first; base < last; base += 32u)
    {
        spvUnsafeArray<float4, 2> products = spvUnsafeArray<float4, 2>({ float4(0.0), float4(0.0) });
        _Pragma("clang loop unroll(full)")
        for (uint i_1 = 0u; i_1 < 2u; i_1++)
        {
            uint param_2 = table;
            uint param_3 = (base + row) + (16u * i_1);
            places[i_1] = place(param_2, param_3, push, v_183);
        }
        _Pragma("clang loop unroll(full)")
        for (uint i_2 = 0u; i_2 < 2u; i_2++)
        {
            uint key = (base + row) + (16u * i_2);
            loaded[i_2] = uint4(0u);
            bool _1043 = key < last;
            bool _1050;
            if (_1043)
            {
                _1050 = (lane + 0u) < quads;
            }
            else
            {
                _1050 = _1043;
            }
            if (_1050)
            {
                uint param_4 = places[i_2];
                uint param_5 = kv + (4u * (lane + 0u));
                loaded[i_2] = key_quad(param_4, param_5, push, v_486, v_539, v_577);
            }
        }
        _Pragma("clang loop unroll(full)")
        for (uint c_1 = 0u; c_1 < PARTS; c_1++)
        {
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if (_1077 || (base == first))
            {
                pool[(row * 16u) + (lane ^ row)] = query[c_1];
            }
            _Pragma("clang loop unroll(full)")
            for (uint i_3 = 0u; i_3 < 2u; i_3++)
            {
                uint key_1 = row + (16u * i_3);
                uint4 param_6 = loaded[i_3];
                pool[(256u + (key_1 * 16u)) + (lane ^ (key_1 & 15u))] = floats(param_6);
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if ((c_1 + 1u) < PARTS)
            {
                _Pragma("clang loop unroll(full)")
                for (uint i_4 = 0u; i_4 < 2u; i_4++)
                {
                    uint key_2 = (base + row) + (16u * i_4);
                    loaded[i_4] = uint4(0u);
                    bool _1154 = key_2 < last;
                    bool _1164;
                    if (_1154)
                    {
                        _1164 = (lane + (16u * (c_1 + 1u))) < quads;
                    }
                    else
                    {
                        _1164 = _1154;
                    }
                    if (_1164)
                    {
                        uint param_7 = places[i_4];
                        uint param_8 = kv + (4u * (lane + (16u * (c_1 + 1u))));
                        loaded[i_4] = key_quad(param_7, param_8, push, v_486, v_539, v_577);
                    }
                }
            }
            else
            {
                _Pragma("clang loop unroll(full)")
                for (uint i_5 = 0u; i_5 < 2u; i_5++)
                {
                    uint key_3 = (base + row) + (16u * i_5);
                    loaded[i_5] = uint4(0u);
                    bool _1205 = key_3 < last;
                    bool _1212;
                    if (_1205)
                    {
                        _1212 = (lane + 0u) < quads;
                    }
                    else
                    {
                        _1212 = _1205;
                    }
                    if (_1212)
                    {
                        uint param_9 = places[i_5];
                        uint param_10 = kv + (4u * (lane + 0u));
                        loaded[i_5] = value_quad(param_9, param_10, push, v_619, v_671, v_708);
                    }
                }
            }
            _Pragma("clang loop unroll(full)")
            for (uint d = 0u; d < 16u; d++)
            {
                float4 q = pool[(row * 16u) + (d ^ row)];
                products[0] += (q * pool[(256u + (lane * 16u)) + (d ^ lane)]);
                products[1] += (q * pool[(256u + ((lane + 16u) * 16u)) + (d ^ lane)]);
            }
        }
        _Pragma("clang loop unroll(full)")
        for (uint i_6 = 0u; i_6 < 2u; i_6++)
        {
            uint key_4 = (base + lane) + (16u * i_6);
            float4 p = products[i_6];
            if ((key_4 >= begin) && (key_4 < end))
            {
                if (capped)
                {
                    float param_11 = (p.x + p.y) + (p.z + p.w);
                    _1314 = as_type<float>(push.first.w) * tanh_of(param_11);
                }
                else
                {
                    _1314 = (p.x + p.y) + (p.z + p.w);
                }
                _1311 = _1314;
            }
            else
            {
                _1311 = -3.0000000054977557577780399428115e+38;
            }
            score[i_6] = _1311;
            uint place_1 = ((row * 32u) + lane) + (16u * i_6);
            ((threadgroup float*)&pool[768u + (place_1 / 4u)])[place_1 & 3u] = score[i_6];
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
        float next = highest;
        _Pragma("clang loop unroll(full)")
        for (uint i_7 = 0u; i_7 < 8u; i_7++)
        {
            float4 s = pool[(768u + (row * 8u)) + i_7];
            next = fast::max(next, fast::max(fast::max(s.x, s.y), fast::max(s.z, s.w)));
        }
        float shrink = exp(highest - next);
        highest = next;
        total *= shrink;
        _Pragma("clang loop unroll(full)")
        for (uint c_2 = 0u; c_2 < PARTS; c_2++)
        {
            sums[c_2] *= shrink;
        }
        _Pragma("clang loop unroll(full)")
        for (uint i_8 = 0u; i_8 < 2u; i_8++)
        {
            uint key_5 = (base + lane) + (16u * i_8);
            if ((key_5 >= begin) && (key_5 < end))
            {
                _1453 = exp(score[i_8] - highest);
            }
            else
            {
                _1453 = 0.0;
            }
            float weight = _1453;
            total += weight;
            uint place_2 = ((row * 32u) + lane) + (16u * i_8);
            ((threadgroup float*)&pool[896u + (place_2 / 4u)])[place_2 & 3u] = weight;
        }
        _Pragma("clang loop unroll(full)")
        for (uint c_3 = 0u; c_3 < PARTS; c_3++)
        {
            if (c_3 > 0u)
            {
                threadgroup_barrier(mem_flags::mem_threadgroup);
            }
            _Pragma("clang loop unroll(full)")
            for (uint i_9 = 0u; i_9 < 2u; i_9++)
            {
                uint key_6 = row + (16u * i_9);
                uint4 param_12 = loaded[i_9];
                pool[(256u + (key_6 * 16u)) + (lane ^ (key_6 & 15u))] = floats(param_12);
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if ((c_3 + 1u) < PARTS)
            {
                _Pragma("clang loop unroll(full)")
                for (uint i_10 = 0u; i_10 < 2u; i_10++)
                {
                    uint key_7 = (base + row) + (16u * i_10);
                    loaded[i_10] = uint4(0u);
                    bool _1550 = key_7 < last;
                    bool _1560;
                    if (_1550)
                    {
                        _1560 = (lane + (16u * (c_3 + 1u))) < quads;
                    }
                    else
                    {
                        _1560 = _1550;
                    }
                    if (_1560)
                    {
                        uint param_13 = places[i_10];
                        uint param_14 = kv + (4u * (lane + (16u * (c_3 + 1u))));
                        loaded[i_10] = value_quad(param_13, param_14, push, v_619, v_671, v_708);
                    }
                }
            }
            _Pragma("clang loop unroll(full)")
            for (uint i_11 = 0u; i_11 < 32u; i_11 += 4u)
            {
                float4 weight_1 = pool[896u + (((row * 32u) + i_11) / 4u)];
                _Pragma("clang loop unroll(full)")
                for (uint e = 0u; e < 4u; e++)
                {
                    if (weight_1[e] != 0.0)
                    {
                        sums[c_3] += (pool[(256u + ((i_11 + e) * 16u)) + (lane ^ ((i_11 + e) & 15u))] * weight_1[e]);
                    }
                }
            }
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    ((threadgroup float*)&pool[768u + (me / 4u)])[me & 3u] = total;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    float4 t = float4(0.0);
    _Pragma("clang loop unroll(full)")
    for (uint i_12 = 0u; i_12 < 4u; i_12++)
    {
        t += pool[(768u + (row * 4u)) + i_12];
    }
    float param_15 = (t.x + t.y) + (t.z + t.w);
    float param_16 = 1.44269502162933349609375 * highest;
    uint param_17 = head;
    float _all = with_sink(param_15, param_16, param_17, push, v_375);
    float4 _1716;
    _Pragma("clang loop unroll(full)")
    for (uint c_4 = 0u; c_4 < PARTS; c_4++)
    {
        bool _1700 = r < push.rows;
        bool _1709;
        if (_1700)
        {
            _1709 = (lane + (16u * c_4)) < quads;
        }
        else
        {
            _1709 = _1700;
        }
        if (_1709)
        {
            if (end > begin)
            {
                _1716 = sums[c_4] / float4(_all);
            }
            else
            {
                _1716 = float4(0.0);
            }
            float4 result = _1716;
            uint param_18 = r;
            uint param_19 = head;
            uint param_20 = lane + (16u * c_4);
            float4 param_21 = result;
            put_quad(param_18, param_19, param_20, param_21, push, v_436, v_446);
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

kernel void zc_attention_paged(constant Push& push [[buffer(0)]], const device Q1& v_957 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], const device void* spvBufferAliasSet0Binding3 [[buffer(3)]], const device Spans1& v_125 [[buffer(4)]], const device Tables1& v_183 [[buffer(5)]], const device Sinks1& v_375 [[buffer(6)]], device void* spvBufferAliasSet0Binding7 [[buffer(7)]], device Workspace4& v_2149 [[buffer(8)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& v_486 = *(const device K1*)spvBufferAliasSet0Binding2;
    const device auto& v_619 = *(const device V1*)spvBufferAliasSet0Binding3;
    device auto& v_436 = *(device Out4*)spvBufferAliasSet0Binding7;
    device auto& v_446 = *(device Out1*)spvBufferAliasSet0Binding7;
    const device auto& v_539 = *(const device K2*)spvBufferAliasSet0Binding2;
    const device auto& v_577 = *(const device K4*)spvBufferAliasSet0Binding2;
    const device auto& v_671 = *(const device V2*)spvBufferAliasSet0Binding3;
    const device auto& v_708 = *(const device V4*)spvBufferAliasSet0Binding3;
    threadgroup float4 pool[1024];
    if (_3513)
    {
        uint teams = ((((push.heads / push.kv_heads) + HEADS) - 1u) / HEADS) * push.kv_heads;
        uint3 _3535 = push.first.xyz + gl_WorkGroupID;
        uint _3536 = _3535.y;
        for (uint r = _3536; r < push.rows; r += push.groups.y)
        {
            uint3 _3551 = push.first.xyz + gl_WorkGroupID;
            uint _3552 = _3551.x;
            for (uint team = _3552; team < teams; team += push.groups.x)
            {
                uint param = (push.first.xyz + gl_WorkGroupID).z;
                uint param_1 = push.groups.z;
                uint param_2 = r;
                uint param_3 = team;
                attend_split(param, param_1, param_2, param_3, v_125, push, v_183, v_375, v_436, v_446, v_486, v_539, v_577, v_619, v_671, v_708, gl_LocalInvocationID, v_957, pool, gl_SubgroupID, gl_SubgroupInvocationID, v_2149);
            }
        }
        return;
    }
    bool joins = _3586;
    uint _3589;
    if (joins)
    {
        _3589 = push.rows;
    }
    else
    {
        _3589 = ((push.rows - 1u) / ((push.shared_ != 0u) ? 16u : 1u)) + 1u;
    }
    uint tiles = _3589;
    uint3 _3610 = push.first.xyz + gl_WorkGroupID;
    uint _3611 = _3610.y;
    for (uint tile = _3611; tile < tiles; tile += push.groups.y)
    {
        uint3 _3625 = push.first.xyz + gl_WorkGroupID;
        uint _3626 = _3625.x;
        for (uint head = _3626; head < push.heads; head += push.groups.x)
        {
            if (joins)
            {
                uint param_4 = tile;
                uint param_5 = head;
                join(param_4, param_5, push, v_375, v_436, v_446, gl_LocalInvocationID, pool, gl_SubgroupID, v_2149, gl_NumSubgroups);
            }
            else
            {
                uint param_6 = tile;
                uint param_7 = head;
                attend_tile(param_6, param_7, v_125, push, v_183, v_375, v_436, v_446, v_486, v_539, v_577, v_619, v_671, v_708, gl_LocalInvocationID, v_957, pool);
            }
        }
    }
}

