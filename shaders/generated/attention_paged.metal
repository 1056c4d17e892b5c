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
};

struct Tables1
{
    uint tables1[1];
};

struct Out4
{
    float4 out4[1];
};

struct Out1
{
    float out1[1];
};

constant uint variant_tmp [[function_constant(0)]];
constant uint variant = is_function_constant_defined(variant_tmp) ? variant_tmp : 0u;
constant uint kv_type = (variant % 2u);
constant bool _260 = (kv_type == 1u);

struct K2
{
    uint2 k2[1];
};

struct K1
{
    uint k1[1];
};

struct K4
{
    uint4 k4[1];
};

constant bool _353 = (kv_type == 1u);

struct V2
{
    uint2 v2[1];
};

struct V1
{
    uint v1[1];
};

struct V4
{
    uint4 v4[1];
};

constant bool _442 = (kv_type == 1u);
constant uint shape = (variant / 2u);
constant uint PARTS = (shape + 1u);

struct Q1
{
    float q1[1];
};

constant bool _786 = (PARTS > 1u);
constant bool _1444 = (kv_type == 1u);
constant bool _1490 = (kv_type == 1u);
constant uint split_shape = (shape - 5u);
constant uint _1525 = (split_shape / 5u);
constant uint _1526 = (_1525 % 4u);
constant uint OCTETS = (4u << _1526);
constant uint _1528 = (split_shape % 5u);
constant uint WIDTH = (4u << _1528);
constant bool _1530 = (OCTETS < WIDTH);
constant uint LANES = _1530 ? OCTETS : WIDTH;
constant uint _1532 = (LANES / 2u);
constant uint _1534 = (split_shape / 20u);
constant uint HEADS = (1u << _1534);
constant bool _1536 = (HEADS == 4u);
constant bool _1600 = (HEADS >= 2u);
constant uint _1635 = (LANES / HEADS);
constant uint _1636 = (_1635 / 2u);
constant uint _1724 = (HEADS * 2u);
constant uint UNIT_QUADS = (_1724 * OCTETS);
constant uint _1726 = (4u * UNIT_QUADS);
constant uint _1727 = (_1726 + 256u);
constant uint _1728 = (_1727 - 1u);
constant uint QUERIES_EACH = (_1728 / 256u);
constant uint _1738 = (8u * OCTETS);
constant uint _1742 = (8u * OCTETS);

struct Workspace4
{
    float4 workspace4[1];
};

constant uint _1874 = (256u / WIDTH);
constant uint _1877 = (256u / WIDTH);
constant uint LINES = (WIDTH / LANES);
constant uint _1910 = (4u * UNIT_QUADS);
constant uint _1937 = (2u * OCTETS);
constant bool _1938 = (_1937 < WIDTH);
constant uint _1939 = (2u * OCTETS);
constant uint LANES_OF_VALUE = _1938 ? _1939 : WIDTH;
constant uint OCTETS_EACH = (OCTETS / LANES);
constant uint _2010 = (2u * OCTETS);
constant uint QUADS_EACH = (_2010 / LANES_OF_VALUE);
constant uint LINES_OF_VALUES = (WIDTH / LANES_OF_VALUE);
constant bool _2252 = (kv_type == 1u);
constant uint _2324 = (LANES / HEADS);
constant uint _2334 = (LANES / HEADS);
constant uint _2340 = (LINES * 1u);
constant uint _2526 = (LINES_OF_VALUES * 2u);
constant uint _2584 = (LINES_OF_VALUES * 2u);
constant uint _2609 = (2u * OCTETS);
constant uint _2613 = (2u * OCTETS);
constant uint UNITS = (256u / LANES_OF_VALUE);
constant uint _2743 = (1024u / UNIT_QUADS);
constant bool _3164 = (shape >= 5u);
constant bool _3237 = (shape == 4u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

struct Q4
{
    float4 q4[1];
};

constant spvUnsafeArray<float4, 2> _701 = spvUnsafeArray<float4, 2>({ float4(0.0), float4(0.0) });

static inline __attribute__((always_inline))
uint keys_of_split(thread const uint& count, thread const uint& splits, thread const uint& teams, constant Push& push)
{
    uint busy = clamp(264u / max((teams * push.rows), 1u), 1u, splits);
    return min((((count + busy) - 1u) / busy), (((push.context + splits) - 1u) / splits));
}

static inline __attribute__((always_inline))
uint record_at(thread const uint& split, thread const uint& r, thread const uint& head, constant Push& push)
{
    return ((((split * push.rows) + r) * push.heads) + head) * ((push.head_size / 4u) + 1u);
}

static inline __attribute__((always_inline))
uint table_of(thread const uint& r, const device Spans1& v_89, constant Push& push)
{
    return min(v_89.spans1[(push.offset.w + (3u * ((push.shared_ != 0u) ? 0u : r))) + 2u], (push.table_words - 1u));
}

static inline __attribute__((always_inline))
uint place(thread const uint& table, thread const uint& key, constant Push& push, const device Tables1& v_147)
{
    uint shift = (4u + (push.page >> uint(5))) - (push.page >> uint(7));
    uint word = min((table + (key >> shift)), (push.table_words - 1u));
    uint page = min(v_147.tables1[push.offset2.x + word], ((push.capacity >> shift) - 1u));
    return (page << shift) + (key & (push.page - 1u));
}

static inline __attribute__((always_inline))
uint4 value_quad(thread const uint& index, constant Push& push, const device V2& v_377, const device V1& v_391, const device V4& v_418)
{
    if (_353)
    {
        uint at = push.offset.z + (index / 2u);
        if (((push.offset.z | (push.ldv / 2u)) & 1u) == 0u)
        {
            uint2 pair = v_377.v2[at / 2u];
            return uint4(pair.x, pair.y, 0u, 0u);
        }
        return uint4(v_391.v1[at], v_391.v1[at + 1u], 0u, 0u);
    }
    uint at_1 = push.offset.z + index;
    if (((push.offset.z | push.ldv) & 3u) == 0u)
    {
        return v_418.v4[at_1 / 4u];
    }
    return uint4(*(const device packed_uint4*)&v_391.v1[at_1]);
}

static inline __attribute__((always_inline))
uint4 key_quad(thread const uint& index, constant Push& push, const device K2& v_286, const device K1& v_301, const device K4& v_328)
{
    if (_260)
    {
        uint at = push.offset.y + (index / 2u);
        if (((push.offset.y | (push.ldk / 2u)) & 1u) == 0u)
        {
            uint2 pair = v_286.k2[at / 2u];
            return uint4(pair.x, pair.y, 0u, 0u);
        }
        return uint4(v_301.k1[at], v_301.k1[at + 1u], 0u, 0u);
    }
    uint at_1 = push.offset.y + index;
    if (((push.offset.y | push.ldk) & 3u) == 0u)
    {
        return v_328.k4[at_1 / 4u];
    }
    return uint4(*(const device packed_uint4*)&v_301.k1[at_1]);
}

static inline __attribute__((always_inline))
void key_octet(thread const uint& place_1, thread const uint& kv, thread const uint& o, thread const bool& there, thread uint4& a, thread uint4& b, constant Push& push, const device K2& v_286, const device K1& v_301, const device K4& v_328)
{
    uint element = ((place_1 * push.ldk) + kv) + (8u * o);
    b = uint4(0u);
    a = uint4(0u);
    if (!there)
    {
        return;
    }
    bool _1459;
    if (_1444)
    {
        _1459 = (((push.offset.y | (push.ldk / 2u)) | (push.head_size / 2u)) & 3u) == 0u;
    }
    else
    {
        _1459 = _1444;
    }
    if (_1459)
    {
        a = v_328.k4[(push.offset.y + (element / 2u)) / 4u];
        return;
    }
    uint4 _1478;
    if (((8u * o) + 4u) < push.head_size)
    {
        uint param = element + 4u;
        _1478 = key_quad(param, push, v_286, v_301, v_328);
    }
    else
    {
        _1478 = uint4(0u);
    }
    uint4 second = _1478;
    uint param_1 = element;
    a = key_quad(param_1, push, v_286, v_301, v_328);
    if (_1490)
    {
        a = uint4(a.x, a.y, second.x, second.y);
    }
    else
    {
        b = second;
    }
}

static inline __attribute__((always_inline))
float4 floats(thread const uint4& words)
{
    float4 _443;
    if (_442)
    {
        _443 = float4(float2(as_type<half2>(words.x)), float2(as_type<half2>(words.y)));
    }
    else
    {
        _443 = as_type<float4>(words);
    }
    return _443;
}

static inline __attribute__((always_inline))
float add_scores(thread spvUnsafeArray<float, 4>& score, thread const uint& lane)
{
    uint _step = _1532;
    if (_1536)
    {
        bool upper = (lane & _step) != 0u;
        float _1546;
        if (upper)
        {
            _1546 = score[0];
        }
        else
        {
            _1546 = score[2];
        }
        float other0 = spvSubgroupShuffleXor(_1546, _step);
        float _1560;
        if (upper)
        {
            _1560 = score[1];
        }
        else
        {
            _1560 = score[3];
        }
        float other1 = spvSubgroupShuffleXor(_1560, _step);
        float _1573;
        if (upper)
        {
            _1573 = score[2];
        }
        else
        {
            _1573 = score[0];
        }
        score[0] = _1573 + other0;
        float _1586;
        if (upper)
        {
            _1586 = score[3];
        }
        else
        {
            _1586 = score[1];
        }
        score[1] = _1586 + other1;
        _step /= 2u;
    }
    if (_1600)
    {
        bool upper_1 = (lane & _step) != 0u;
        float _1610;
        if (upper_1)
        {
            _1610 = score[0];
        }
        else
        {
            _1610 = score[1];
        }
        float other = spvSubgroupShuffleXor(_1610, _step);
        float _1622;
        if (upper_1)
        {
            _1622 = score[1];
        }
        else
        {
            _1622 = score[0];
        }
        score[0] = _1622 + other;
    }
    _Pragma("clang loop unroll(full)")
    for (uint rest = _1636; rest > 0u; rest /= 2u)
    {
        score[0] += spvSubgroupShuffleXor(score[0], rest);
    }
    return score[0];
}

static inline __attribute__((always_inline))
void put_quad(thread const uint& r, thread const uint& head, thread const uint& quad, thread const float4& result, constant Push& push, device Out4& v_226, device Out1& v_236)
{
    uint to = ((push.offset2.y + (r * push.ldout)) + (head * push.head_size)) + (4u * quad);
    if ((to & 3u) == 0u)
    {
        v_226.out4[to / 4u] = result;
    }
    else
    {
        v_236.out1[to] = result.x;
        v_236.out1[to + 1u] = result.y;
        v_236.out1[to + 2u] = result.z;
        v_236.out1[to + 3u] = result.w;
    }
}

static inline __attribute__((always_inline))
void attend_split(thread const uint& split, thread const uint& splits, thread const uint& r, thread const uint& team, const device Spans1& v_89, constant Push& push, const device Tables1& v_147, device Out4& v_226, device Out1& v_236, const device K2& v_286, const device K1& v_301, const device K4& v_328, const device V2& v_377, const device V1& v_391, const device V4& v_418, thread uint3& gl_LocalInvocationID, const device Q1& v_664, threadgroup float4 (&pool)[1024], thread uint& gl_SubgroupID, thread uint& gl_SubgroupInvocationID, device Workspace4& v_1841)
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
        uint h = at / _1738;
        uint e = at % _1742;
        queries[i] = 0.0;
        bool _1749 = h < heads;
        bool _1756;
        if (_1749)
        {
            _1756 = e < push.head_size;
        }
        else
        {
            _1756 = _1749;
        }
        if (_1756)
        {
            queries[i] = v_664.q1[((push.offset.x + (r * push.ldq)) + ((first_head + h) * push.head_size)) + e];
        }
    }
    uint end = min(v_89.spans1[(push.offset.w + (3u * r)) + 1u], push.context);
    uint begin = min(v_89.spans1[push.offset.w + (3u * r)], end);
    uint count = end - begin;
    uint param = count;
    uint param_1 = splits;
    uint param_2 = teams * push.kv_heads;
    uint each = max(64u, keys_of_split(param, param_1, param_2, push));
    uint used = ((count + each) - 1u) / each;
    if (split >= max(used, 1u))
    {
        if (me < heads)
        {
            uint param_3 = split;
            uint param_4 = r;
            uint param_5 = first_head + me;
            v_1841.workspace4[record_at(param_3, param_4, param_5, push)] = float4(-3.0000000054977557577780399428115e+38, 0.0, 0.0, 0.0);
        }
        return;
    }
    uint param_6 = r;
    uint table = table_of(param_6, v_89, push);
    uint from = begin + (split * each);
    uint to = min((from + each), end);
    uint few = (((((((to - from) + _1874) - 1u) / _1877) + LINES) - 1u) / LINES) * LINES;
    from = min((from + (sub * few)), to);
    to = min((from + few), to);
    _Pragma("clang loop unroll(full)")
    for (uint i_1 = 0u; i_1 < QUERIES_EACH; i_1++)
    {
        uint at_1 = me + (256u * i_1);
        if (at_1 < _1910)
        {
            ((threadgroup float*)&pool[at_1 / 4u])[at_1 & 3u] = (push.scale * 1.44269502162933349609375) * queries[i_1];
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
    uint _2047;
    spvUnsafeArray<uint4, 8> words;
    spvUnsafeArray<uint4, 2> a;
    spvUnsafeArray<uint4, 2> b;
    uint4 param_16;
    uint4 param_17;
    spvUnsafeArray<float, 4> score;
    uint4 _2253;
    float _2361;
    float _2415;
    float4 _2459;
    for (uint tile = 0u; tile < few; tile += WIDTH)
    {
        uint first = from + tile;
        if (first < to)
        {
            _2047 = min(WIDTH, (to - first));
        }
        else
        {
            _2047 = 0u;
        }
        uint here = _2047;
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
                    uint param_7 = table;
                    uint param_8 = first + key;
                    uint param_9 = ((place(param_7, param_8, push, v_147) * push.ldv) + kv) + (4u * quad);
                    words[(i_2 * QUADS_EACH) + c_2] = value_quad(param_9, push, v_377, v_391, v_418);
                }
            }
        }
        simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
        for (uint base = 0u; base < here; base += _2340)
        {
            _Pragma("clang loop unroll(full)")
            for (uint i_3 = 0u; i_3 < 1u; i_3++)
            {
                uint key_1 = (base + line) + (LINES * i_3);
                _Pragma("clang loop unroll(full)")
                for (uint c_3 = 0u; c_3 < OCTETS_EACH; c_3++)
                {
                    bool _2162 = key_1 < here;
                    bool _2172;
                    if (_2162)
                    {
                        _2172 = (2u * (lane + (LANES * c_3))) < quads;
                    }
                    else
                    {
                        _2172 = _2162;
                    }
                    bool there = _2172;
                    uint param_10 = table;
                    uint param_11 = first + key_1;
                    uint param_12 = place(param_10, param_11, push, v_147);
                    uint param_13 = kv;
                    uint param_14 = lane + (LANES * c_3);
                    bool param_15 = there;
                    key_octet(param_12, param_13, param_14, param_15, param_16, param_17, push, v_286, v_301, v_328);
                    a[(i_3 * OCTETS_EACH) + c_3] = param_16;
                    b[(i_3 * OCTETS_EACH) + c_3] = param_17;
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
                    uint4 param_18 = octet;
                    float4 x = floats(param_18);
                    if (_2252)
                    {
                        _2253 = octet.zwzw;
                    }
                    else
                    {
                        _2253 = b[(i_4 * OCTETS_EACH) + c_4];
                    }
                    uint4 param_19 = _2253;
                    float4 y = floats(param_19);
                    _Pragma("clang loop unroll(full)")
                    for (uint h_3 = 0u; h_3 < HEADS; h_3++)
                    {
                        score[h_3] += (dot(query[2u * ((h_3 * OCTETS_EACH) + c_4)], x) + dot(query[(2u * ((h_3 * OCTETS_EACH) + c_4)) + 1u], y));
                    }
                }
                spvUnsafeArray<float, 4> param_20;
                param_20 = score;
                uint param_21 = lane;
                float _2310 = add_scores(param_20, param_21);
                float sum = _2310;
                uint key_2 = (base + line) + (LINES * i_4);
                bool _2320 = key_2 < here;
                bool _2327;
                if (_2320)
                {
                    _2327 = (lane % _2324) == 0u;
                }
                else
                {
                    _2327 = _2320;
                }
                if (_2327)
                {
                    ((threadgroup float*)&pool[scores + key_2])[lane / _2334] = sum;
                }
            }
        }
        simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
        float4 weights = pool[scores + mine];
        _Pragma("clang loop unroll(full)")
        for (uint h_4 = 0u; h_4 < HEADS; h_4++)
        {
            if (mine < here)
            {
                _2361 = weights[h_4];
            }
            else
            {
                _2361 = -3.0000000054977557577780399428115e+38;
            }
            float score_1 = _2361;
            float next = fast::max(tops[h_4], simd_max(score_1));
            float shrink = exp2(tops[h_4] - next);
            tops[h_4] = next;
            totals[h_4] *= shrink;
            _Pragma("clang loop unroll(full)")
            for (uint c_5 = 0u; c_5 < QUADS_EACH; c_5++)
            {
                uint _2403 = (h_4 * QUADS_EACH) + c_5;
                sums[_2403] *= shrink;
            }
            if (mine < here)
            {
                _2415 = exp2(score_1 - next);
            }
            else
            {
                _2415 = 0.0;
            }
            weights[h_4] = _2415;
        }
        pool[scores + mine] = weights;
        simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
        for (uint base_1 = line_of_values; base_1 < here; base_1 += _2584)
        {
            _Pragma("clang loop unroll(full)")
            for (uint i_5 = 0u; i_5 < 2u; i_5++)
            {
                uint key_3 = base_1 + (LINES_OF_VALUES * i_5);
                if (key_3 < here)
                {
                    _2459 = pool[scores + key_3];
                }
                else
                {
                    _2459 = float4(0.0);
                }
                float4 weight = _2459;
                totals += weight;
                _Pragma("clang loop unroll(full)")
                for (uint c_6 = 0u; c_6 < QUADS_EACH; c_6++)
                {
                    uint4 param_22 = words[(i_5 * QUADS_EACH) + c_6];
                    float4 value = floats(param_22);
                    _Pragma("clang loop unroll(full)")
                    for (uint h_5 = 0u; h_5 < HEADS; h_5++)
                    {
                        uint _2500 = (h_5 * QUADS_EACH) + c_6;
                        sums[_2500] += (value * weight[h_5]);
                    }
                }
            }
            _Pragma("clang loop unroll(full)")
            for (uint i_6 = 0u; i_6 < 2u; i_6++)
            {
                uint key_4 = (base_1 + _2526) + (LINES_OF_VALUES * i_6);
                _Pragma("clang loop unroll(full)")
                for (uint c_7 = 0u; c_7 < QUADS_EACH; c_7++)
                {
                    uint quad_1 = lane_of_value + (LANES_OF_VALUE * c_7);
                    words[(i_6 * QUADS_EACH) + c_7] = uint4(0u);
                    if ((key_4 < here) && (quad_1 < quads))
                    {
                        uint param_23 = table;
                        uint param_24 = first + key_4;
                        uint param_25 = ((place(param_23, param_24, push, v_147) * push.ldv) + kv) + (4u * quad_1);
                        words[(i_6 * QUADS_EACH) + c_7] = value_quad(param_25, push, v_377, v_391, v_418);
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
    uint h_6 = me / _2609;
    uint quad_2 = me % _2613;
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
    float _2689;
    _Pragma("clang loop unroll(full)")
    for (uint i_9 = 0u; i_9 < HEADS; i_9++)
    {
        if (i_9 == h_6)
        {
            _2689 = top[i_9];
        }
        else
        {
            _2689 = mine_top;
        }
        mine_top = _2689;
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
    uint _2744 = min(UNITS, _2743);
    for (uint fit = _2744, base_2 = 0u; base_2 < UNITS; base_2 += fit)
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
        uint param_26 = split;
        uint param_27 = r;
        uint param_28 = first_head + h_6;
        uint at_3 = record_at(param_26, param_27, param_28, push);
        if (used > 1u)
        {
            v_1841.workspace4[(at_3 + 1u) + quad_2] = sum_1;
        }
        else
        {
            float4 _2883;
            if (count > 0u)
            {
                _2883 = sum_1 / float4(total);
            }
            else
            {
                _2883 = float4(0.0);
            }
            uint param_29 = r;
            uint param_30 = first_head + h_6;
            uint param_31 = quad_2;
            float4 param_32 = _2883;
            put_quad(param_29, param_30, param_31, param_32, push, v_226, v_236);
        }
        if ((splits > 1u) && (quad_2 == 0u))
        {
            v_1841.workspace4[at_3] = float4(mine_top, total, float(used), 0.0);
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
void join(thread const uint& r, thread const uint& head, constant Push& push, device Out4& v_226, device Out1& v_236, thread uint3& gl_LocalInvocationID, threadgroup float4 (&pool)[1024], thread uint& gl_SubgroupID, device Workspace4& v_1841, thread uint& gl_NumSubgroups)
{
    uint me = gl_LocalInvocationID.x;
    uint quads = push.head_size / 4u;
    uint param = 0u;
    uint param_1 = r;
    uint param_2 = head;
    uint used = uint(((device float*)&v_1841.workspace4[record_at(param, param_1, param_2, push)])[2u]);
    if (used <= 1u)
    {
        return;
    }
    float4 _2939;
    if (me < used)
    {
        uint param_3 = me;
        uint param_4 = r;
        uint param_5 = head;
        _2939 = v_1841.workspace4[record_at(param_3, param_4, param_5, push)];
    }
    else
    {
        _2939 = float4(-3.0000000054977557577780399428115e+38, 0.0, 0.0, 0.0);
    }
    float4 mine = _2939;
    float top = simd_max(mine.x);
    pool[me] = mine;
    bool _2960 = simd_is_first();
    if (_2960)
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
    float4 _3029;
    float4 _3087;
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
                _3029 = v_1841.workspace4[(record_at(param_6, param_7, param_8, push) + 1u) + quad];
            }
            else
            {
                _3029 = float4(0.0);
            }
            sums[i_1] = _3029;
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
                    _3087 = sums[i_2] * weight;
                }
                else
                {
                    _3087 = float4(0.0);
                }
                sum += _3087;
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
        uint param_9 = r;
        uint param_10 = head;
        uint param_11 = quad;
        float4 param_12 = sum / float4(total);
        put_quad(param_9, param_10, param_11, param_12, push, v_226, v_236);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
void attend_tile(thread const uint& tile, thread const uint& head, const device Spans1& v_89, constant Push& push, const device Tables1& v_147, device Out4& v_226, device Out1& v_236, const device K2& v_286, const device K1& v_301, const device K4& v_328, const device V2& v_377, const device V1& v_391, const device V4& v_418, thread uint3& gl_LocalInvocationID, const device Q1& v_664, threadgroup float4 (&pool)[1024])
{
    uint me = gl_LocalInvocationID.x;
    uint row = me / 16u;
    uint lane = me % 16u;
    uint _485;
    if (row < ((push.shared_ != 0u) ? 16u : 1u))
    {
        _485 = (tile * ((push.shared_ != 0u) ? 16u : 1u)) + row;
    }
    else
    {
        _485 = push.rows;
    }
    uint r = _485;
    uint quads = push.head_size / 4u;
    uint kv = (head / (push.heads / push.kv_heads)) * push.head_size;
    uint begin = 0u;
    uint end = 0u;
    uint first = push.context;
    uint last = 0u;
    for (uint i = 0u; i < min(((push.shared_ != 0u) ? 16u : 1u), (push.rows - (tile * ((push.shared_ != 0u) ? 16u : 1u)))); i++)
    {
        uint at = push.offset.w + (3u * ((tile * ((push.shared_ != 0u) ? 16u : 1u)) + i));
        uint from = min(v_89.spans1[at], push.context);
        uint to = min(v_89.spans1[at + 1u], push.context);
        if (from < to)
        {
            first = min(first, from);
            last = max(last, to);
            if (i == row)
            {
                begin = from;
                end = to;
            }
        }
    }
    uint param = tile * ((push.shared_ != 0u) ? 16u : 1u);
    uint table = table_of(param, v_89, push);
    spvUnsafeArray<float4, 4> query;
    spvUnsafeArray<float4, 4> sums;
    _Pragma("clang loop unroll(full)")
    for (uint c = 0u; c < PARTS; c++)
    {
        query[c] = float4(0.0);
        sums[c] = float4(0.0);
        bool _624 = r < push.rows;
        bool _633;
        if (_624)
        {
            _633 = (lane + (16u * c)) < quads;
        }
        else
        {
            _633 = _624;
        }
        if (_633)
        {
            uint at_1 = ((push.offset.x + (r * push.ldq)) + (head * push.head_size)) + (4u * (lane + (16u * c)));
            query[c] = float4(*(const device packed_float4*)&v_664.q1[at_1]) * push.scale;
        }
    }
    float highest = -3.0000000054977557577780399428115e+38;
    float total = 0.0;
    spvUnsafeArray<uint, 2> places;
    spvUnsafeArray<uint4, 2> loaded;
    float2 score;
    float _1026;
    float _1147;
    for (uint base = first; base < last; base += 32u)
    {
        spvUnsafeArray<float4, 2> products = spvUnsafeArray<float4, 2>({ float4(0.0), float4(0.0) });
        _Pragma("clang loop unroll(full)")
        for (uint i_1 = 0u; i_1 < 2u; i_1++)
        {
            uint param_1 = table;
            uint param_2 = (base + row) + (16u * i_1);
            places[i_1] = place(param_1, param_2, push, v_147);
        }
        _Pragma("clang loop unroll(full)")
        for (uint i_2 = 0u; i_2 < 2u; i_2++)
        {
            uint key = (base + row) + (16u * i_2);
            loaded[i_2] = uint4(0u);
            bool _750 = key < last;
            bool _757;
            if (_750)
            {
                _757 = (lane + 0u) < quads;
            }
            else
            {
                _757 = _750;
            }
            if (_757)
            {
                uint param_3 = ((places[i_2] * push.ldk) + kv) + (4u * (lane + 0u));
                loaded[i_2] = key_quad(param_3, push, v_286, v_301, v_328);
            }
        }
        _Pragma("clang loop unroll(full)")
        for (uint c_1 = 0u; c_1 < PARTS; c_1++)
        {
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if (_786 || (base == first))
            {
                pool[(row * 16u) + (lane ^ row)] = query[c_1];
            }
            _Pragma("clang loop unroll(full)")
            for (uint i_3 = 0u; i_3 < 2u; i_3++)
            {
                uint key_1 = row + (16u * i_3);
                uint4 param_4 = loaded[i_3];
                pool[(256u + (key_1 * 16u)) + (lane ^ (key_1 & 15u))] = floats(param_4);
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if ((c_1 + 1u) < PARTS)
            {
                _Pragma("clang loop unroll(full)")
                for (uint i_4 = 0u; i_4 < 2u; i_4++)
                {
                    uint key_2 = (base + row) + (16u * i_4);
                    loaded[i_4] = uint4(0u);
                    bool _863 = key_2 < last;
                    bool _873;
                    if (_863)
                    {
                        _873 = (lane + (16u * (c_1 + 1u))) < quads;
                    }
                    else
                    {
                        _873 = _863;
                    }
                    if (_873)
                    {
                        uint param_5 = ((places[i_4] * push.ldk) + kv) + (4u * (lane + (16u * (c_1 + 1u))));
                        loaded[i_4] = key_quad(param_5, push, v_286, v_301, v_328);
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
                    bool _917 = key_3 < last;
                    bool _924;
                    if (_917)
                    {
                        _924 = (lane + 0u) < quads;
                    }
                    else
                    {
                        _924 = _917;
                    }
                    if (_924)
                    {
                        uint param_6 = ((places[i_5] * push.ldv) + kv) + (4u * (lane + 0u));
                        loaded[i_5] = value_quad(param_6, push, v_377, v_391, v_418);
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
                _1026 = (p.x + p.y) + (p.z + p.w);
            }
            else
            {
                _1026 = -3.0000000054977557577780399428115e+38;
            }
            score[i_6] = _1026;
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
                _1147 = exp(score[i_8] - highest);
            }
            else
            {
                _1147 = 0.0;
            }
            float weight = _1147;
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
                uint4 param_7 = loaded[i_9];
                pool[(256u + (key_6 * 16u)) + (lane ^ (key_6 & 15u))] = floats(param_7);
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if ((c_3 + 1u) < PARTS)
            {
                _Pragma("clang loop unroll(full)")
                for (uint i_10 = 0u; i_10 < 2u; i_10++)
                {
                    uint key_7 = (base + row) + (16u * i_10);
                    loaded[i_10] = uint4(0u);
                    bool _1244 = key_7 < last;
                    bool _1254;
                    if (_1244)
                    {
                        _1254 = (lane + (16u * (c_3 + 1u))) < quads;
                    }
                    else
                    {
                        _1254 = _1244;
                    }
                    if (_1254)
                    {
                        uint param_8 = ((places[i_10] * push.ldv) + kv) + (4u * (lane + (16u * (c_3 + 1u))));
                        loaded[i_10] = value_quad(param_8, push, v_377, v_391, v_418);
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
    float4 _1394;
    _Pragma("clang loop unroll(full)")
    for (uint c_4 = 0u; c_4 < PARTS; c_4++)
    {
        bool _1378 = r < push.rows;
        bool _1387;
        if (_1378)
        {
            _1387 = (lane + (16u * c_4)) < quads;
        }
        else
        {
            _1387 = _1378;
        }
        if (_1387)
        {
            if (end > begin)
            {
                _1394 = sums[c_4] / float4((t.x + t.y) + (t.z + t.w));
            }
            else
            {
                _1394 = float4(0.0);
            }
            float4 result = _1394;
            uint param_9 = r;
            uint param_10 = head;
            uint param_11 = lane + (16u * c_4);
            float4 param_12 = result;
            put_quad(param_9, param_10, param_11, param_12, push, v_226, v_236);
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

kernel void zc_attention_paged(constant Push& push [[buffer(0)]], const device Q1& v_664 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], const device void* spvBufferAliasSet0Binding3 [[buffer(3)]], const device Spans1& v_89 [[buffer(4)]], const device Tables1& v_147 [[buffer(5)]], device void* spvBufferAliasSet0Binding6 [[buffer(6)]], device Workspace4& v_1841 [[buffer(7)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& v_286 = *(const device K2*)spvBufferAliasSet0Binding2;
    const device auto& v_377 = *(const device V2*)spvBufferAliasSet0Binding3;
    device auto& v_226 = *(device Out4*)spvBufferAliasSet0Binding6;
    device auto& v_236 = *(device Out1*)spvBufferAliasSet0Binding6;
    const device auto& v_301 = *(const device K1*)spvBufferAliasSet0Binding2;
    const device auto& v_328 = *(const device K4*)spvBufferAliasSet0Binding2;
    const device auto& v_391 = *(const device V1*)spvBufferAliasSet0Binding3;
    const device auto& v_418 = *(const device V4*)spvBufferAliasSet0Binding3;
    threadgroup float4 pool[1024];
    if (_3164)
    {
        uint teams = ((((push.heads / push.kv_heads) + HEADS) - 1u) / HEADS) * push.kv_heads;
        uint3 _3186 = push.first.xyz + gl_WorkGroupID;
        uint _3187 = _3186.y;
        for (uint r = _3187; r < push.rows; r += push.groups.y)
        {
            uint3 _3202 = push.first.xyz + gl_WorkGroupID;
            uint _3203 = _3202.x;
            for (uint team = _3203; team < teams; team += push.groups.x)
            {
                uint param = (push.first.xyz + gl_WorkGroupID).z;
                uint param_1 = push.groups.z;
                uint param_2 = r;
                uint param_3 = team;
                attend_split(param, param_1, param_2, param_3, v_89, push, v_147, v_226, v_236, v_286, v_301, v_328, v_377, v_391, v_418, gl_LocalInvocationID, v_664, pool, gl_SubgroupID, gl_SubgroupInvocationID, v_1841);
            }
        }
        return;
    }
    bool joins = _3237;
    uint _3240;
    if (joins)
    {
        _3240 = push.rows;
    }
    else
    {
        _3240 = ((push.rows - 1u) / ((push.shared_ != 0u) ? 16u : 1u)) + 1u;
    }
    uint tiles = _3240;
    uint3 _3261 = push.first.xyz + gl_WorkGroupID;
    uint _3262 = _3261.y;
    for (uint tile = _3262; tile < tiles; tile += push.groups.y)
    {
        uint3 _3276 = push.first.xyz + gl_WorkGroupID;
        uint _3277 = _3276.x;
        for (uint head = _3277; head < push.heads; head += push.groups.x)
        {
            if (joins)
            {
                uint param_4 = tile;
                uint param_5 = head;
                join(param_4, param_5, push, v_226, v_236, gl_LocalInvocationID, pool, gl_SubgroupID, v_1841, gl_NumSubgroups);
            }
            else
            {
                uint param_6 = tile;
                uint param_7 = head;
                attend_tile(param_6, param_7, v_89, push, v_147, v_226, v_236, v_286, v_301, v_328, v_377, v_391, v_418, gl_LocalInvocationID, v_664, pool);
            }
        }
    }
}

