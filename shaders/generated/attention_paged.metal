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
constant uint kv_type = (variant % 3u);
constant bool _292 = (kv_type == 2u);

struct K1
{
    uint k1[1];
};

constant bool _340 = (kv_type == 1u);

struct K2
{
    uint2 k2[1];
};

struct K4
{
    uint4 k4[1];
};

constant bool _428 = (kv_type == 2u);

struct V1
{
    uint v1[1];
};

constant bool _474 = (kv_type == 1u);

struct V2
{
    uint2 v2[1];
};

struct V4
{
    uint4 v4[1];
};

constant bool _558 = (kv_type == 2u);
constant bool _575 = (kv_type == 1u);
constant uint shape = (variant / 3u);
constant uint PARTS = (shape + 1u);

struct Q1
{
    float q1[1];
};

constant bool _914 = (PARTS > 1u);
constant bool _1562 = (kv_type == 1u);
constant bool _1618 = (kv_type == 1u);
constant uint split_shape = (shape - 5u);
constant uint _1653 = (split_shape / 5u);
constant uint _1654 = (_1653 % 4u);
constant uint OCTETS = (4u << _1654);
constant uint _1656 = (split_shape % 5u);
constant uint WIDTH = (4u << _1656);
constant bool _1658 = (OCTETS < WIDTH);
constant uint LANES = _1658 ? OCTETS : WIDTH;
constant uint _1660 = (LANES / 2u);
constant uint _1662 = (split_shape / 20u);
constant uint HEADS = (1u << _1662);
constant bool _1664 = (HEADS == 4u);
constant bool _1728 = (HEADS >= 2u);
constant uint _1763 = (LANES / HEADS);
constant uint _1764 = (_1763 / 2u);
constant uint _1852 = (HEADS * 2u);
constant uint UNIT_QUADS = (_1852 * OCTETS);
constant uint _1854 = (4u * UNIT_QUADS);
constant uint _1855 = (_1854 + 256u);
constant uint _1856 = (_1855 - 1u);
constant uint QUERIES_EACH = (_1856 / 256u);
constant uint _1866 = (8u * OCTETS);
constant uint _1870 = (8u * OCTETS);

struct Workspace4
{
    float4 workspace4[1];
};

constant uint _2001 = (256u / WIDTH);
constant uint _2004 = (256u / WIDTH);
constant uint LINES = (WIDTH / LANES);
constant uint _2037 = (4u * UNIT_QUADS);
constant uint _2064 = (2u * OCTETS);
constant bool _2065 = (_2064 < WIDTH);
constant uint _2066 = (2u * OCTETS);
constant uint LANES_OF_VALUE = _2065 ? _2066 : WIDTH;
constant uint OCTETS_EACH = (OCTETS / LANES);
constant uint _2137 = (2u * OCTETS);
constant uint QUADS_EACH = (_2137 / LANES_OF_VALUE);
constant uint LINES_OF_VALUES = (WIDTH / LANES_OF_VALUE);
constant bool _2376 = (kv_type == 1u);
constant uint _2448 = (LANES / HEADS);
constant uint _2458 = (LANES / HEADS);
constant uint _2464 = (LINES * 1u);
constant uint _2650 = (LINES_OF_VALUES * 2u);
constant uint _2705 = (LINES_OF_VALUES * 2u);
constant uint _2730 = (2u * OCTETS);
constant uint _2734 = (2u * OCTETS);
constant uint UNITS = (256u / LANES_OF_VALUE);
constant uint _2864 = (1024u / UNIT_QUADS);
constant bool _3285 = (shape >= 5u);
constant bool _3358 = (shape == 4u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

struct Q4
{
    float4 q4[1];
};

constant spvUnsafeArray<float4, 2> _832 = spvUnsafeArray<float4, 2>({ float4(0.0), float4(0.0) });

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
uint table_of(thread const uint& r, const device Spans1& v_95, constant Push& push)
{
    return min(v_95.spans1[(push.offset.w + (3u * ((push.shared_ != 0u) ? 0u : r))) + 2u], (push.table_words - 1u));
}

static inline __attribute__((always_inline))
uint place(thread const uint& table, thread const uint& key, constant Push& push, const device Tables1& v_153)
{
    uint shift = (4u + (push.page >> uint(5))) - (push.page >> uint(7));
    uint word = min((table + (key >> shift)), (push.table_words - 1u));
    uint page = min(v_153.tables1[push.offset2.x + word], ((push.capacity >> shift) - 1u));
    return (page << shift) + (key & (push.page - 1u));
}

static inline __attribute__((always_inline))
uint4 value_quad(thread const uint& place_1, thread const uint& column, constant Push& push, const device V1& v_445, const device V2& v_497, const device V4& v_534)
{
    if (_428)
    {
        uint row = push.offset.z + (place_1 * ((push.ldv / 64u) * 17u));
        return uint4(v_445.v1[row + (column / 4u)], v_445.v1[(row + (push.ldv / 4u)) + (column / 64u)], (column >> uint(1)) & 16u, 0u);
    }
    uint index = (place_1 * push.ldv) + column;
    if (_474)
    {
        uint at = push.offset.z + (index / 2u);
        if (((push.offset.z | (push.ldv / 2u)) & 1u) == 0u)
        {
            uint2 pair = v_497.v2[at / 2u];
            return uint4(pair.x, pair.y, 0u, 0u);
        }
        return uint4(v_445.v1[at], v_445.v1[at + 1u], 0u, 0u);
    }
    uint at_1 = push.offset.z + index;
    if (((push.offset.z | push.ldv) & 3u) == 0u)
    {
        return v_534.v4[at_1 / 4u];
    }
    return uint4(*(const device packed_uint4*)&v_445.v1[at_1]);
}

static inline __attribute__((always_inline))
uint4 key_quad(thread const uint& place_1, thread const uint& column, constant Push& push, const device K1& v_311, const device K2& v_365, const device K4& v_403)
{
    if (_292)
    {
        uint row = push.offset.y + (place_1 * ((push.ldk / 64u) * 17u));
        return uint4(v_311.k1[row + (column / 4u)], v_311.k1[(row + (push.ldk / 4u)) + (column / 64u)], (column >> uint(1)) & 16u, 0u);
    }
    uint index = (place_1 * push.ldk) + column;
    if (_340)
    {
        uint at = push.offset.y + (index / 2u);
        if (((push.offset.y | (push.ldk / 2u)) & 1u) == 0u)
        {
            uint2 pair = v_365.k2[at / 2u];
            return uint4(pair.x, pair.y, 0u, 0u);
        }
        return uint4(v_311.k1[at], v_311.k1[at + 1u], 0u, 0u);
    }
    uint at_1 = push.offset.y + index;
    if (((push.offset.y | push.ldk) & 3u) == 0u)
    {
        return v_403.k4[at_1 / 4u];
    }
    return uint4(*(const device packed_uint4*)&v_311.k1[at_1]);
}

static inline __attribute__((always_inline))
void key_octet(thread const uint& place_1, thread const uint& kv, thread const uint& o, thread const bool& there, thread uint4& a, thread uint4& b, constant Push& push, const device K1& v_311, const device K2& v_365, const device K4& v_403)
{
    uint element = ((place_1 * push.ldk) + kv) + (8u * o);
    b = uint4(0u);
    a = uint4(0u);
    if (!there)
    {
        return;
    }
    bool _1577;
    if (_1562)
    {
        _1577 = (((push.offset.y | (push.ldk / 2u)) | (push.head_size / 2u)) & 3u) == 0u;
    }
    else
    {
        _1577 = _1562;
    }
    if (_1577)
    {
        a = v_403.k4[(push.offset.y + (element / 2u)) / 4u];
        return;
    }
    uint4 _1596;
    if (((8u * o) + 4u) < push.head_size)
    {
        uint param = place_1;
        uint param_1 = (kv + (8u * o)) + 4u;
        _1596 = key_quad(param, param_1, push, v_311, v_365, v_403);
    }
    else
    {
        _1596 = uint4(0u);
    }
    uint4 second = _1596;
    uint param_2 = place_1;
    uint param_3 = kv + (8u * o);
    a = key_quad(param_2, param_3, push, v_311, v_365, v_403);
    if (_1618)
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
    if (_558)
    {
        uint param = words.x;
        return signed_bytes(param) * float2(as_type<half2>(words.y >> words.z)).x;
    }
    float4 _576;
    if (_575)
    {
        _576 = float4(float2(as_type<half2>(words.x)), float2(as_type<half2>(words.y)));
    }
    else
    {
        _576 = as_type<float4>(words);
    }
    return _576;
}

static inline __attribute__((always_inline))
float add_scores(thread spvUnsafeArray<float, 4>& score, thread const uint& lane)
{
    uint _step = _1660;
    if (_1664)
    {
        bool upper = (lane & _step) != 0u;
        float _1674;
        if (upper)
        {
            _1674 = score[0];
        }
        else
        {
            _1674 = score[2];
        }
        float other0 = spvSubgroupShuffleXor(_1674, _step);
        float _1688;
        if (upper)
        {
            _1688 = score[1];
        }
        else
        {
            _1688 = score[3];
        }
        float other1 = spvSubgroupShuffleXor(_1688, _step);
        float _1701;
        if (upper)
        {
            _1701 = score[2];
        }
        else
        {
            _1701 = score[0];
        }
        score[0] = _1701 + other0;
        float _1714;
        if (upper)
        {
            _1714 = score[3];
        }
        else
        {
            _1714 = score[1];
        }
        score[1] = _1714 + other1;
        _step /= 2u;
    }
    if (_1728)
    {
        bool upper_1 = (lane & _step) != 0u;
        float _1738;
        if (upper_1)
        {
            _1738 = score[0];
        }
        else
        {
            _1738 = score[1];
        }
        float other = spvSubgroupShuffleXor(_1738, _step);
        float _1750;
        if (upper_1)
        {
            _1750 = score[1];
        }
        else
        {
            _1750 = score[0];
        }
        score[0] = _1750 + other;
    }
    _Pragma("clang loop unroll(full)")
    for (uint rest = _1764; rest > 0u; rest /= 2u)
    {
        score[0] += spvSubgroupShuffleXor(score[0], rest);
    }
    return score[0];
}

static inline __attribute__((always_inline))
void put_quad(thread const uint& r, thread const uint& head, thread const uint& quad, thread const float4& result, constant Push& push, device Out4& v_258, device Out1& v_268)
{
    uint to = ((push.offset2.y + (r * push.ldout)) + (head * push.head_size)) + (4u * quad);
    if ((to & 3u) == 0u)
    {
        v_258.out4[to / 4u] = result;
    }
    else
    {
        v_268.out1[to] = result.x;
        v_268.out1[to + 1u] = result.y;
        v_268.out1[to + 2u] = result.z;
        v_268.out1[to + 3u] = result.w;
    }
}

static inline __attribute__((always_inline))
void attend_split(thread const uint& split, thread const uint& splits, thread const uint& r, thread const uint& team, const device Spans1& v_95, constant Push& push, const device Tables1& v_153, device Out4& v_258, device Out1& v_268, const device K1& v_311, const device K2& v_365, const device K4& v_403, const device V1& v_445, const device V2& v_497, const device V4& v_534, thread uint3& gl_LocalInvocationID, const device Q1& v_795, threadgroup float4 (&pool)[1024], thread uint& gl_SubgroupID, thread uint& gl_SubgroupInvocationID, device Workspace4& v_1968)
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
        uint h = at / _1866;
        uint e = at % _1870;
        queries[i] = 0.0;
        bool _1877 = h < heads;
        bool _1884;
        if (_1877)
        {
            _1884 = e < push.head_size;
        }
        else
        {
            _1884 = _1877;
        }
        if (_1884)
        {
            queries[i] = v_795.q1[((push.offset.x + (r * push.ldq)) + ((first_head + h) * push.head_size)) + e];
        }
    }
    uint end = min(v_95.spans1[(push.offset.w + (3u * r)) + 1u], push.context);
    uint begin = min(v_95.spans1[push.offset.w + (3u * r)], end);
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
            v_1968.workspace4[record_at(param_3, param_4, param_5, push)] = float4(-3.0000000054977557577780399428115e+38, 0.0, 0.0, 0.0);
        }
        return;
    }
    uint param_6 = r;
    uint table = table_of(param_6, v_95, push);
    uint from = begin + (split * each);
    uint to = min((from + each), end);
    uint few = (((((((to - from) + _2001) - 1u) / _2004) + LINES) - 1u) / LINES) * LINES;
    from = min((from + (sub * few)), to);
    to = min((from + few), to);
    _Pragma("clang loop unroll(full)")
    for (uint i_1 = 0u; i_1 < QUERIES_EACH; i_1++)
    {
        uint at_1 = me + (256u * i_1);
        if (at_1 < _2037)
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
    uint _2174;
    spvUnsafeArray<uint4, 8> words;
    spvUnsafeArray<uint4, 2> a;
    spvUnsafeArray<uint4, 2> b;
    uint4 param_17;
    uint4 param_18;
    spvUnsafeArray<float, 4> score;
    uint4 _2377;
    float _2485;
    float _2539;
    float4 _2583;
    for (uint tile = 0u; tile < few; tile += WIDTH)
    {
        uint first = from + tile;
        if (first < to)
        {
            _2174 = min(WIDTH, (to - first));
        }
        else
        {
            _2174 = 0u;
        }
        uint here = _2174;
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
                    uint param_9 = place(param_7, param_8, push, v_153);
                    uint param_10 = kv + (4u * quad);
                    words[(i_2 * QUADS_EACH) + c_2] = value_quad(param_9, param_10, push, v_445, v_497, v_534);
                }
            }
        }
        simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
        for (uint base = 0u; base < here; base += _2464)
        {
            _Pragma("clang loop unroll(full)")
            for (uint i_3 = 0u; i_3 < 1u; i_3++)
            {
                uint key_1 = (base + line) + (LINES * i_3);
                _Pragma("clang loop unroll(full)")
                for (uint c_3 = 0u; c_3 < OCTETS_EACH; c_3++)
                {
                    bool _2286 = key_1 < here;
                    bool _2296;
                    if (_2286)
                    {
                        _2296 = (2u * (lane + (LANES * c_3))) < quads;
                    }
                    else
                    {
                        _2296 = _2286;
                    }
                    bool there = _2296;
                    uint param_11 = table;
                    uint param_12 = first + key_1;
                    uint param_13 = place(param_11, param_12, push, v_153);
                    uint param_14 = kv;
                    uint param_15 = lane + (LANES * c_3);
                    bool param_16 = there;
                    key_octet(param_13, param_14, param_15, param_16, param_17, param_18, push, v_311, v_365, v_403);
                    a[(i_3 * OCTETS_EACH) + c_3] = param_17;
                    b[(i_3 * OCTETS_EACH) + c_3] = param_18;
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
                    uint4 param_19 = octet;
                    float4 x = floats(param_19);
                    if (_2376)
                    {
                        _2377 = octet.zwzw;
                    }
                    else
                    {
                        _2377 = b[(i_4 * OCTETS_EACH) + c_4];
                    }
                    uint4 param_20 = _2377;
                    float4 y = floats(param_20);
                    _Pragma("clang loop unroll(full)")
                    for (uint h_3 = 0u; h_3 < HEADS; h_3++)
                    {
                        score[h_3] += (dot(query[2u * ((h_3 * OCTETS_EACH) + c_4)], x) + dot(query[(2u * ((h_3 * OCTETS_EACH) + c_4)) + 1u], y));
                    }
                }
                spvUnsafeArray<float, 4> param_21;
                param_21 = score;
                uint param_22 = lane;
                float _2434 = add_scores(param_21, param_22);
                float sum = _2434;
                uint key_2 = (base + line) + (LINES * i_4);
                bool _2444 = key_2 < here;
                bool _2451;
                if (_2444)
                {
                    _2451 = (lane % _2448) == 0u;
                }
                else
                {
                    _2451 = _2444;
                }
                if (_2451)
                {
                    ((threadgroup float*)&pool[scores + key_2])[lane / _2458] = sum;
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
                _2485 = weights[h_4];
            }
            else
            {
                _2485 = -3.0000000054977557577780399428115e+38;
            }
            float score_1 = _2485;
            float next = fast::max(tops[h_4], simd_max(score_1));
            float shrink = exp2(tops[h_4] - next);
            tops[h_4] = next;
            totals[h_4] *= shrink;
            _Pragma("clang loop unroll(full)")
            for (uint c_5 = 0u; c_5 < QUADS_EACH; c_5++)
            {
                uint _2527 = (h_4 * QUADS_EACH) + c_5;
                sums[_2527] *= shrink;
            }
            if (mine < here)
            {
                _2539 = exp2(score_1 - next);
            }
            else
            {
                _2539 = 0.0;
            }
            weights[h_4] = _2539;
        }
        pool[scores + mine] = weights;
        simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
        for (uint base_1 = line_of_values; base_1 < here; base_1 += _2705)
        {
            _Pragma("clang loop unroll(full)")
            for (uint i_5 = 0u; i_5 < 2u; i_5++)
            {
                uint key_3 = base_1 + (LINES_OF_VALUES * i_5);
                if (key_3 < here)
                {
                    _2583 = pool[scores + key_3];
                }
                else
                {
                    _2583 = float4(0.0);
                }
                float4 weight = _2583;
                totals += weight;
                _Pragma("clang loop unroll(full)")
                for (uint c_6 = 0u; c_6 < QUADS_EACH; c_6++)
                {
                    uint4 param_23 = words[(i_5 * QUADS_EACH) + c_6];
                    float4 value = floats(param_23);
                    _Pragma("clang loop unroll(full)")
                    for (uint h_5 = 0u; h_5 < HEADS; h_5++)
                    {
                        uint _2624 = (h_5 * QUADS_EACH) + c_6;
                        sums[_2624] += (value * weight[h_5]);
                    }
                }
            }
            _Pragma("clang loop unroll(full)")
            for (uint i_6 = 0u; i_6 < 2u; i_6++)
            {
                uint key_4 = (base_1 + _2650) + (LINES_OF_VALUES * i_6);
                _Pragma("clang loop unroll(full)")
                for (uint c_7 = 0u; c_7 < QUADS_EACH; c_7++)
                {
                    uint quad_1 = lane_of_value + (LANES_OF_VALUE * c_7);
                    words[(i_6 * QUADS_EACH) + c_7] = uint4(0u);
                    if ((key_4 < here) && (quad_1 < quads))
                    {
                        uint param_24 = table;
                        uint param_25 = first + key_4;
                        uint param_26 = place(param_24, param_25, push, v_153);
                        uint param_27 = kv + (4u * quad_1);
                        words[(i_6 * QUADS_EACH) + c_7] = value_quad(param_26, param_27, push, v_445, v_497, v_534);
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
    uint h_6 = me / _2730;
    uint quad_2 = me % _2734;
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
    float _2810;
    _Pragma("clang loop unroll(full)")
    for (uint i_9 = 0u; i_9 < HEADS; i_9++)
    {
        if (i_9 == h_6)
        {
            _2810 = top[i_9];
        }
        else
        {
            _2810 = mine_top;
        }
        mine_top = _2810;
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
    uint _2865 = min(UNITS, _2864);
    for (uint fit = _2865, base_2 = 0u; base_2 < UNITS; base_2 += fit)
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
        uint param_28 = split;
        uint param_29 = r;
        uint param_30 = first_head + h_6;
        uint at_3 = record_at(param_28, param_29, param_30, push);
        if (used > 1u)
        {
            v_1968.workspace4[(at_3 + 1u) + quad_2] = sum_1;
        }
        else
        {
            float4 _3004;
            if (count > 0u)
            {
                _3004 = sum_1 / float4(total);
            }
            else
            {
                _3004 = float4(0.0);
            }
            uint param_31 = r;
            uint param_32 = first_head + h_6;
            uint param_33 = quad_2;
            float4 param_34 = _3004;
            put_quad(param_31, param_32, param_33, param_34, push, v_258, v_268);
        }
        if ((splits > 1u) && (quad_2 == 0u))
        {
            v_1968.workspace4[at_3] = float4(mine_top, total, float(used), 0.0);
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
void join(thread const uint& r, thread const uint& head, constant Push& push, device Out4& v_258, device Out1& v_268, thread uint3& gl_LocalInvocationID, threadgroup float4 (&pool)[1024], thread uint& gl_SubgroupID, device Workspace4& v_1968, thread uint& gl_NumSubgroups)
{
    uint me = gl_LocalInvocationID.x;
    uint quads = push.head_size / 4u;
    uint param = 0u;
    uint param_1 = r;
    uint param_2 = head;
    uint used = uint(((device float*)&v_1968.workspace4[record_at(param, param_1, param_2, push)])[2u]);
    if (used <= 1u)
    {
        return;
    }
    float4 _3060;
    if (me < used)
    {
        uint param_3 = me;
        uint param_4 = r;
        uint param_5 = head;
        _3060 = v_1968.workspace4[record_at(param_3, param_4, param_5, push)];
    }
    else
    {
        _3060 = float4(-3.0000000054977557577780399428115e+38, 0.0, 0.0, 0.0);
    }
    float4 mine = _3060;
    float top = simd_max(mine.x);
    pool[me] = mine;
    bool _3081 = simd_is_first();
    if (_3081)
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
    float4 _3150;
    float4 _3208;
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
                _3150 = v_1968.workspace4[(record_at(param_6, param_7, param_8, push) + 1u) + quad];
            }
            else
            {
                _3150 = float4(0.0);
            }
            sums[i_1] = _3150;
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
                    _3208 = sums[i_2] * weight;
                }
                else
                {
                    _3208 = float4(0.0);
                }
                sum += _3208;
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
        put_quad(param_9, param_10, param_11, param_12, push, v_258, v_268);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
void attend_tile(thread const uint& tile, thread const uint& head, const device Spans1& v_95, constant Push& push, const device Tables1& v_153, device Out4& v_258, device Out1& v_268, const device K1& v_311, const device K2& v_365, const device K4& v_403, const device V1& v_445, const device V2& v_497, const device V4& v_534, thread uint3& gl_LocalInvocationID, const device Q1& v_795, threadgroup float4 (&pool)[1024])
{
    uint me = gl_LocalInvocationID.x;
    uint row = me / 16u;
    uint lane = me % 16u;
    uint _616;
    if (row < ((push.shared_ != 0u) ? 16u : 1u))
    {
        _616 = (tile * ((push.shared_ != 0u) ? 16u : 1u)) + row;
    }
    else
    {
        _616 = push.rows;
    }
    uint r = _616;
    uint quads = push.head_size / 4u;
    uint kv = (head / (push.heads / push.kv_heads)) * push.head_size;
    uint begin = 0u;
    uint end = 0u;
    uint first = push.context;
    uint last = 0u;
    for (uint i = 0u; i < min(((push.shared_ != 0u) ? 16u : 1u), (push.rows - (tile * ((push.shared_ != 0u) ? 16u : 1u)))); i++)
    {
        uint at = push.offset.w + (3u * ((tile * ((push.shared_ != 0u) ? 16u : 1u)) + i));
        uint from = min(v_95.spans1[at], push.context);
        uint to = min(v_95.spans1[at + 1u], push.context);
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
    uint table = table_of(param, v_95, push);
    spvUnsafeArray<float4, 4> query;
    spvUnsafeArray<float4, 4> sums;
    _Pragma("clang loop unroll(full)")
    for (uint c = 0u; c < PARTS; c++)
    {
        query[c] = float4(0.0);
        sums[c] = float4(0.0);
        bool _755 = r < push.rows;
        bool _764;
        if (_755)
        {
            _764 = (lane + (16u * c)) < quads;
        }
        else
        {
            _764 = _755;
        }
        if (_764)
        {
            uint at_1 = ((push.offset.x + (r * push.ldq)) + (head * push.head_size)) + (4u * (lane + (16u * c)));
            query[c] = float4(*(const device packed_float4*)&v_795.q1[at_1]) * push.scale;
        }
    }
    float highest = -3.0000000054977557577780399428115e+38;
    float total = 0.0;
    spvUnsafeArray<uint, 2> places;
    spvUnsafeArray<uint4, 2> loaded;
    float2 score;
    float _1148;
    float _1268;
    for (uint base = first; base < last; base += 32u)
    {
        spvUnsafeArray<float4, 2> products = spvUnsafeArray<float4, 2>({ float4(0.0), float4(0.0) });
        _Pragma("clang loop unroll(full)")
        for (uint i_1 = 0u; i_1 < 2u; i_1++)
        {
            uint param_1 = table;
            uint param_2 = (base + row) + (16u * i_1);
            places[i_1] = place(param_1, param_2, push, v_153);
        }
        _Pragma("clang loop unroll(full)")
        for (uint i_2 = 0u; i_2 < 2u; i_2++)
        {
            uint key = (base + row) + (16u * i_2);
            loaded[i_2] = uint4(0u);
            bool _881 = key < last;
            bool _888;
            if (_881)
            {
                _888 = (lane + 0u) < quads;
            }
            else
            {
                _888 = _881;
            }
            if (_888)
            {
                uint param_3 = places[i_2];
                uint param_4 = kv + (4u * (lane + 0u));
                loaded[i_2] = key_quad(param_3, param_4, push, v_311, v_365, v_403);
            }
        }
        _Pragma("clang loop unroll(full)")
        for (uint c_1 = 0u; c_1 < PARTS; c_1++)
        {
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if (_914 || (base == first))
            {
                pool[(row * 16u) + (lane ^ row)] = query[c_1];
            }
            _Pragma("clang loop unroll(full)")
            for (uint i_3 = 0u; i_3 < 2u; i_3++)
            {
                uint key_1 = row + (16u * i_3);
                uint4 param_5 = loaded[i_3];
                pool[(256u + (key_1 * 16u)) + (lane ^ (key_1 & 15u))] = floats(param_5);
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if ((c_1 + 1u) < PARTS)
            {
                _Pragma("clang loop unroll(full)")
                for (uint i_4 = 0u; i_4 < 2u; i_4++)
                {
                    uint key_2 = (base + row) + (16u * i_4);
                    loaded[i_4] = uint4(0u);
                    bool _991 = key_2 < last;
                    bool _1001;
                    if (_991)
                    {
                        _1001 = (lane + (16u * (c_1 + 1u))) < quads;
                    }
                    else
                    {
                        _1001 = _991;
                    }
                    if (_1001)
                    {
                        uint param_6 = places[i_4];
                        uint param_7 = kv + (4u * (lane + (16u * (c_1 + 1u))));
                        loaded[i_4] = key_quad(param_6, param_7, push, v_311, v_365, v_403);
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
                    bool _1042 = key_3 < last;
                    bool _1049;
                    if (_1042)
                    {
                        _1049 = (lane + 0u) < quads;
                    }
                    else
                    {
                        _1049 = _1042;
                    }
                    if (_1049)
                    {
                        uint param_8 = places[i_5];
                        uint param_9 = kv + (4u * (lane + 0u));
                        loaded[i_5] = value_quad(param_8, param_9, push, v_445, v_497, v_534);
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
                _1148 = (p.x + p.y) + (p.z + p.w);
            }
            else
            {
                _1148 = -3.0000000054977557577780399428115e+38;
            }
            score[i_6] = _1148;
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
                _1268 = exp(score[i_8] - highest);
            }
            else
            {
                _1268 = 0.0;
            }
            float weight = _1268;
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
                uint4 param_10 = loaded[i_9];
                pool[(256u + (key_6 * 16u)) + (lane ^ (key_6 & 15u))] = floats(param_10);
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if ((c_3 + 1u) < PARTS)
            {
                _Pragma("clang loop unroll(full)")
                for (uint i_10 = 0u; i_10 < 2u; i_10++)
                {
                    uint key_7 = (base + row) + (16u * i_10);
                    loaded[i_10] = uint4(0u);
                    bool _1365 = key_7 < last;
                    bool _1375;
                    if (_1365)
                    {
                        _1375 = (lane + (16u * (c_3 + 1u))) < quads;
                    }
                    else
                    {
                        _1375 = _1365;
                    }
                    if (_1375)
                    {
                        uint param_11 = places[i_10];
                        uint param_12 = kv + (4u * (lane + (16u * (c_3 + 1u))));
                        loaded[i_10] = value_quad(param_11, param_12, push, v_445, v_497, v_534);
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
    float4 _1512;
    _Pragma("clang loop unroll(full)")
    for (uint c_4 = 0u; c_4 < PARTS; c_4++)
    {
        bool _1496 = r < push.rows;
        bool _1505;
        if (_1496)
        {
            _1505 = (lane + (16u * c_4)) < quads;
        }
        else
        {
            _1505 = _1496;
        }
        if (_1505)
        {
            if (end > begin)
            {
                _1512 = sums[c_4] / float4((t.x + t.y) + (t.z + t.w));
            }
            else
            {
                _1512 = float4(0.0);
            }
            float4 result = _1512;
            uint param_13 = r;
            uint param_14 = head;
            uint param_15 = lane + (16u * c_4);
            float4 param_16 = result;
            put_quad(param_13, param_14, param_15, param_16, push, v_258, v_268);
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

kernel void zc_attention_paged(constant Push& push [[buffer(0)]], const device Q1& v_795 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], const device void* spvBufferAliasSet0Binding3 [[buffer(3)]], const device Spans1& v_95 [[buffer(4)]], const device Tables1& v_153 [[buffer(5)]], device void* spvBufferAliasSet0Binding6 [[buffer(6)]], device Workspace4& v_1968 [[buffer(7)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& v_311 = *(const device K1*)spvBufferAliasSet0Binding2;
    const device auto& v_445 = *(const device V1*)spvBufferAliasSet0Binding3;
    device auto& v_258 = *(device Out4*)spvBufferAliasSet0Binding6;
    device auto& v_268 = *(device Out1*)spvBufferAliasSet0Binding6;
    const device auto& v_365 = *(const device K2*)spvBufferAliasSet0Binding2;
    const device auto& v_403 = *(const device K4*)spvBufferAliasSet0Binding2;
    const device auto& v_497 = *(const device V2*)spvBufferAliasSet0Binding3;
    const device auto& v_534 = *(const device V4*)spvBufferAliasSet0Binding3;
    threadgroup float4 pool[1024];
    if (_3285)
    {
        uint teams = ((((push.heads / push.kv_heads) + HEADS) - 1u) / HEADS) * push.kv_heads;
        uint3 _3307 = push.first.xyz + gl_WorkGroupID;
        uint _3308 = _3307.y;
        for (uint r = _3308; r < push.rows; r += push.groups.y)
        {
            uint3 _3323 = push.first.xyz + gl_WorkGroupID;
            uint _3324 = _3323.x;
            for (uint team = _3324; team < teams; team += push.groups.x)
            {
                uint param = (push.first.xyz + gl_WorkGroupID).z;
                uint param_1 = push.groups.z;
                uint param_2 = r;
                uint param_3 = team;
                attend_split(param, param_1, param_2, param_3, v_95, push, v_153, v_258, v_268, v_311, v_365, v_403, v_445, v_497, v_534, gl_LocalInvocationID, v_795, pool, gl_SubgroupID, gl_SubgroupInvocationID, v_1968);
            }
        }
        return;
    }
    bool joins = _3358;
    uint _3361;
    if (joins)
    {
        _3361 = push.rows;
    }
    else
    {
        _3361 = ((push.rows - 1u) / ((push.shared_ != 0u) ? 16u : 1u)) + 1u;
    }
    uint tiles = _3361;
    uint3 _3382 = push.first.xyz + gl_WorkGroupID;
    uint _3383 = _3382.y;
    for (uint tile = _3383; tile < tiles; tile += push.groups.y)
    {
        uint3 _3397 = push.first.xyz + gl_WorkGroupID;
        uint _3398 = _3397.x;
        for (uint head = _3398; head < push.heads; head += push.groups.x)
        {
            if (joins)
            {
                uint param_4 = tile;
                uint param_5 = head;
                join(param_4, param_5, push, v_258, v_268, gl_LocalInvocationID, pool, gl_SubgroupID, v_1968, gl_NumSubgroups);
            }
            else
            {
                uint param_6 = tile;
                uint param_7 = head;
                attend_tile(param_6, param_7, v_95, push, v_153, v_258, v_268, v_311, v_365, v_403, v_445, v_497, v_534, gl_LocalInvocationID, v_795, pool);
            }
        }
    }
}

