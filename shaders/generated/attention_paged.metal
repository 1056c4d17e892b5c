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
constant bool capped = (variant >= 339u);

struct Out4
{
    float4 out4[1];
};

struct Out1
{
    float out1[1];
};

constant uint kv_type = (variant % 3u);
constant bool _402 = (kv_type == 2u);

struct K1
{
    uint k1[1];
};

constant bool _450 = (kv_type == 1u);

struct K2
{
    uint2 k2[1];
};

struct K4
{
    uint4 k4[1];
};

constant bool _537 = (kv_type == 2u);

struct V1
{
    uint v1[1];
};

constant bool _583 = (kv_type == 1u);

struct V2
{
    uint2 v2[1];
};

struct V4
{
    uint4 v4[1];
};

constant bool _667 = (kv_type == 2u);
constant bool _684 = (kv_type == 1u);
constant uint _838 = (variant / 3u);
constant uint shape = (_838 % 113u);
constant uint PARTS = (shape + 1u);

struct Q1
{
    float q1[1];
};

constant bool _1012 = (PARTS > 1u);
constant bool _1682 = (kv_type == 1u);
constant bool _1738 = (kv_type == 1u);
constant uint split_shape = (shape - 5u);
constant uint _1773 = (split_shape / 5u);
constant uint _1774 = (_1773 % 4u);
constant uint OCTETS = (4u << _1774);
constant uint _1776 = (split_shape % 5u);
constant uint WIDTH = (4u << _1776);
constant bool _1778 = (OCTETS < WIDTH);
constant uint LANES = _1778 ? OCTETS : WIDTH;
constant uint _1780 = (LANES / 2u);
constant uint _1782 = (split_shape / 20u);
constant uint HEADS = (1u << _1782);
constant bool _1784 = (HEADS == 4u);
constant bool _1847 = (HEADS >= 2u);
constant uint _1882 = (LANES / HEADS);
constant uint _1883 = (_1882 / 2u);
constant uint _1971 = (HEADS * 2u);
constant uint UNIT_QUADS = (_1971 * OCTETS);
constant uint _1973 = (4u * UNIT_QUADS);
constant uint _1974 = (_1973 + 256u);
constant uint _1975 = (_1974 - 1u);
constant uint QUERIES_EACH = (_1975 / 256u);
constant uint _1985 = (8u * OCTETS);
constant uint _1989 = (8u * OCTETS);

struct Workspace4
{
    float4 workspace4[1];
};

constant uint _2108 = (256u / WIDTH);
constant uint _2111 = (256u / WIDTH);
constant uint LINES = (WIDTH / LANES);
constant uint _2144 = (4u * UNIT_QUADS);
constant uint _2177 = (2u * OCTETS);
constant bool _2178 = (_2177 < WIDTH);
constant uint _2179 = (2u * OCTETS);
constant uint LANES_OF_VALUE = _2178 ? _2179 : WIDTH;
constant uint OCTETS_EACH = (OCTETS / LANES);
constant uint _2250 = (2u * OCTETS);
constant uint QUADS_EACH = (_2250 / LANES_OF_VALUE);
constant uint LINES_OF_VALUES = (WIDTH / LANES_OF_VALUE);
constant bool _2489 = (kv_type == 1u);
constant uint _2561 = (LANES / HEADS);
constant uint _2571 = (LANES / HEADS);
constant uint _2577 = (LINES * 1u);
constant uint _2791 = (LINES_OF_VALUES * 2u);
constant uint _2846 = (LINES_OF_VALUES * 2u);
constant uint _2871 = (2u * OCTETS);
constant uint _2875 = (2u * OCTETS);
constant uint UNITS = (256u / LANES_OF_VALUE);
constant uint _3005 = (1024u / UNIT_QUADS);
constant bool _3426 = (shape >= 5u);
constant bool _3499 = (shape == 4u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

struct Q4
{
    float4 q4[1];
};

constant spvUnsafeArray<float4, 2> _929 = spvUnsafeArray<float4, 2>({ float4(0.0), float4(0.0) });

static inline __attribute__((always_inline))
uint2 span_of(thread const uint& r, const device Spans1& v_108, constant Push& push)
{
    uint at = push.offset.w + (3u * r);
    uint end = min(v_108.spans1[at + 1u], push.context);
    uint _306;
    if (push.window != 0u)
    {
        _306 = min(push.window, push.context);
    }
    else
    {
        _306 = push.context;
    }
    return uint2(end - min((end - min(v_108.spans1[at], end)), _306), end);
}

static inline __attribute__((always_inline))
uint keys_of_split(thread const uint& count, thread const uint& splits, thread const uint& teams, constant Push& push)
{
    uint busy = clamp(264u / max((teams * push.rows), 1u), 1u, splits);
    uint _3589;
    if (push.window != 0u)
    {
        _3589 = min(push.window, push.context);
    }
    else
    {
        _3589 = push.context;
    }
    return min((((count + busy) - 1u) / busy), (((_3589 + splits) - 1u) / splits));
}

static inline __attribute__((always_inline))
uint record_at(thread const uint& split, thread const uint& r, thread const uint& head, constant Push& push)
{
    return ((((split * push.rows) + r) * push.heads) + head) * ((push.head_size / 4u) + 1u);
}

static inline __attribute__((always_inline))
uint table_of(thread const uint& r, const device Spans1& v_108, constant Push& push)
{
    return min(v_108.spans1[(push.offset.w + (3u * ((push.shared_ != 0u) ? 0u : r))) + 2u], (push.table_words - 1u));
}

static inline __attribute__((always_inline))
float scale_of_scores(constant Push& push)
{
    float _327;
    if (capped)
    {
        _327 = push.scale / as_type<float>(push.first.w);
    }
    else
    {
        _327 = push.scale;
    }
    return _327;
}

static inline __attribute__((always_inline))
uint place(thread const uint& table, thread const uint& key, constant Push& push, const device Tables1& v_166)
{
    uint shift = (4u + (push.page >> uint(5))) - (push.page >> uint(7));
    uint word = min((table + (key >> shift)), (push.table_words - 1u));
    uint page = min(v_166.tables1[push.offset2.x + word], ((push.capacity >> shift) - 1u));
    return (page << shift) + (key & (push.page - 1u));
}

static inline __attribute__((always_inline))
uint4 value_quad(thread const uint& place_1, thread const uint& column, constant Push& push, const device V1& v_554, const device V2& v_606, const device V4& v_643)
{
    if (_537)
    {
        uint row = push.offset.z + (place_1 * ((push.ldv / 64u) * 17u));
        return uint4(v_554.v1[row + (column / 4u)], v_554.v1[(row + (push.ldv / 4u)) + (column / 64u)], (column >> uint(1)) & 16u, 0u);
    }
    uint index = (place_1 * push.ldv) + column;
    if (_583)
    {
        uint at = push.offset.z + (index / 2u);
        if (((push.offset.z | (push.ldv / 2u)) & 1u) == 0u)
        {
            uint2 pair = v_606.v2[at / 2u];
            return uint4(pair.x, pair.y, 0u, 0u);
        }
        return uint4(v_554.v1[at], v_554.v1[at + 1u], 0u, 0u);
    }
    uint at_1 = push.offset.z + index;
    if (((push.offset.z | push.ldv) & 3u) == 0u)
    {
        return v_643.v4[at_1 / 4u];
    }
    return uint4(*(const device packed_uint4*)&v_554.v1[at_1]);
}

static inline __attribute__((always_inline))
uint4 key_quad(thread const uint& place_1, thread const uint& column, constant Push& push, const device K1& v_421, const device K2& v_474, const device K4& v_512)
{
    if (_402)
    {
        uint row = push.offset.y + (place_1 * ((push.ldk / 64u) * 17u));
        return uint4(v_421.k1[row + (column / 4u)], v_421.k1[(row + (push.ldk / 4u)) + (column / 64u)], (column >> uint(1)) & 16u, 0u);
    }
    uint index = (place_1 * push.ldk) + column;
    if (_450)
    {
        uint at = push.offset.y + (index / 2u);
        if (((push.offset.y | (push.ldk / 2u)) & 1u) == 0u)
        {
            uint2 pair = v_474.k2[at / 2u];
            return uint4(pair.x, pair.y, 0u, 0u);
        }
        return uint4(v_421.k1[at], v_421.k1[at + 1u], 0u, 0u);
    }
    uint at_1 = push.offset.y + index;
    if (((push.offset.y | push.ldk) & 3u) == 0u)
    {
        return v_512.k4[at_1 / 4u];
    }
    return uint4(*(const device packed_uint4*)&v_421.k1[at_1]);
}

static inline __attribute__((always_inline))
void key_octet(thread const uint& place_1, thread const uint& kv, thread const uint& o, thread const bool& there, thread uint4& a, thread uint4& b, constant Push& push, const device K1& v_421, const device K2& v_474, const device K4& v_512)
{
    uint element = ((place_1 * push.ldk) + kv) + (8u * o);
    b = uint4(0u);
    a = uint4(0u);
    if (!there)
    {
        return;
    }
    bool _1697;
    if (_1682)
    {
        _1697 = (((push.offset.y | (push.ldk / 2u)) | (push.head_size / 2u)) & 3u) == 0u;
    }
    else
    {
        _1697 = _1682;
    }
    if (_1697)
    {
        a = v_512.k4[(push.offset.y + (element / 2u)) / 4u];
        return;
    }
    uint4 _1716;
    if (((8u * o) + 4u) < push.head_size)
    {
        uint param = place_1;
        uint param_1 = (kv + (8u * o)) + 4u;
        _1716 = key_quad(param, param_1, push, v_421, v_474, v_512);
    }
    else
    {
        _1716 = uint4(0u);
    }
    uint4 second = _1716;
    uint param_2 = place_1;
    uint param_3 = kv + (8u * o);
    a = key_quad(param_2, param_3, push, v_421, v_474, v_512);
    if (_1738)
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
    if (_667)
    {
        uint param = words.x;
        return signed_bytes(param) * float2(as_type<half2>(words.y >> words.z)).x;
    }
    float4 _685;
    if (_684)
    {
        _685 = float4(float2(as_type<half2>(words.x)), float2(as_type<half2>(words.y)));
    }
    else
    {
        _685 = as_type<float4>(words);
    }
    return _685;
}

static inline __attribute__((always_inline))
float add_scores(thread spvUnsafeArray<float, 4>& score, thread const uint& lane)
{
    uint _step = _1780;
    if (_1784)
    {
        bool upper = (lane & _step) != 0u;
        float _1794;
        if (upper)
        {
            _1794 = score[0];
        }
        else
        {
            _1794 = score[2];
        }
        float other0 = spvSubgroupShuffleXor(_1794, _step);
        float _1807;
        if (upper)
        {
            _1807 = score[1];
        }
        else
        {
            _1807 = score[3];
        }
        float other1 = spvSubgroupShuffleXor(_1807, _step);
        float _1820;
        if (upper)
        {
            _1820 = score[2];
        }
        else
        {
            _1820 = score[0];
        }
        score[0] = _1820 + other0;
        float _1833;
        if (upper)
        {
            _1833 = score[3];
        }
        else
        {
            _1833 = score[1];
        }
        score[1] = _1833 + other1;
        _step /= 2u;
    }
    if (_1847)
    {
        bool upper_1 = (lane & _step) != 0u;
        float _1857;
        if (upper_1)
        {
            _1857 = score[0];
        }
        else
        {
            _1857 = score[1];
        }
        float other = spvSubgroupShuffleXor(_1857, _step);
        float _1869;
        if (upper_1)
        {
            _1869 = score[1];
        }
        else
        {
            _1869 = score[0];
        }
        score[0] = _1869 + other;
    }
    _Pragma("clang loop unroll(full)")
    for (uint rest = _1883; rest > 0u; rest /= 2u)
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
    float _254;
    if (size < 0.25)
    {
        _254 = x + ((x * z) * series);
    }
    else
    {
        float _268;
        if (x < 0.0)
        {
            _268 = -large;
        }
        else
        {
            _268 = large;
        }
        _254 = _268;
    }
    return _254;
}

static inline __attribute__((always_inline))
void put_quad(thread const uint& r, thread const uint& head, thread const uint& quad, thread const float4& result, constant Push& push, device Out4& v_370, device Out1& v_380)
{
    uint to = ((push.offset2.y + (r * push.ldout)) + (head * push.head_size)) + (4u * quad);
    if ((to & 3u) == 0u)
    {
        v_370.out4[to / 4u] = result;
    }
    else
    {
        v_380.out1[to] = result.x;
        v_380.out1[to + 1u] = result.y;
        v_380.out1[to + 2u] = result.z;
        v_380.out1[to + 3u] = result.w;
    }
}

static inline __attribute__((always_inline))
void attend_split(thread const uint& split, thread const uint& splits, thread const uint& r, thread const uint& team, const device Spans1& v_108, constant Push& push, const device Tables1& v_166, device Out4& v_370, device Out1& v_380, const device K1& v_421, const device K2& v_474, const device K4& v_512, const device V1& v_554, const device V2& v_606, const device V4& v_643, thread uint3& gl_LocalInvocationID, const device Q1& v_892, threadgroup float4 (&pool)[1024], thread uint& gl_SubgroupID, thread uint& gl_SubgroupInvocationID, device Workspace4& v_2075)
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
        uint h = at / _1985;
        uint e = at % _1989;
        queries[i] = 0.0;
        bool _1996 = h < heads;
        bool _2003;
        if (_1996)
        {
            _2003 = e < push.head_size;
        }
        else
        {
            _2003 = _1996;
        }
        if (_2003)
        {
            queries[i] = v_892.q1[((push.offset.x + (r * push.ldq)) + ((first_head + h) * push.head_size)) + e];
        }
    }
    uint param = r;
    uint2 span = span_of(param, v_108, push);
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
            v_2075.workspace4[record_at(param_4, param_5, param_6, push)] = float4(-3.0000000054977557577780399428115e+38, 0.0, 0.0, 0.0);
        }
        return;
    }
    uint param_7 = r;
    uint table = table_of(param_7, v_108, push);
    uint from = begin + (split * each);
    uint to = min((from + each), end);
    uint few = (((((((to - from) + _2108) - 1u) / _2111) + LINES) - 1u) / LINES) * LINES;
    from = min((from + (sub * few)), to);
    to = min((from + few), to);
    float _2152;
    _Pragma("clang loop unroll(full)")
    for (uint i_1 = 0u; i_1 < QUERIES_EACH; i_1++)
    {
        uint at_1 = me + (256u * i_1);
        if (at_1 < _2144)
        {
            if (capped)
            {
                _2152 = scale_of_scores(push);
            }
            else
            {
                _2152 = push.scale * 1.44269502162933349609375;
            }
            ((threadgroup float*)&pool[at_1 / 4u])[at_1 & 3u] = _2152 * queries[i_1];
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
    uint _2287;
    spvUnsafeArray<uint4, 8> words;
    spvUnsafeArray<uint4, 2> a;
    spvUnsafeArray<uint4, 2> b;
    uint4 param_18;
    uint4 param_19;
    spvUnsafeArray<float, 4> score;
    uint4 _2490;
    float _2595;
    float _2598;
    float _2626;
    float _2680;
    float4 _2724;
    for (uint tile = 0u; tile < few; tile += WIDTH)
    {
        uint first = from + tile;
        if (first < to)
        {
            _2287 = min(WIDTH, (to - first));
        }
        else
        {
            _2287 = 0u;
        }
        uint here = _2287;
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
                    uint param_10 = place(param_8, param_9, push, v_166);
                    uint param_11 = kv + (4u * quad);
                    words[(i_2 * QUADS_EACH) + c_2] = value_quad(param_10, param_11, push, v_554, v_606, v_643);
                }
            }
        }
        simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
        for (uint base = 0u; base < here; base += _2577)
        {
            _Pragma("clang loop unroll(full)")
            for (uint i_3 = 0u; i_3 < 1u; i_3++)
            {
                uint key_1 = (base + line) + (LINES * i_3);
                _Pragma("clang loop unroll(full)")
                for (uint c_3 = 0u; c_3 < OCTETS_EACH; c_3++)
                {
                    bool _2399 = key_1 < here;
                    bool _2409;
                    if (_2399)
                    {
                        _2409 = (2u * (lane + (LANES * c_3))) < quads;
                    }
                    else
                    {
                        _2409 = _2399;
                    }
                    bool there = _2409;
                    uint param_12 = table;
                    uint param_13 = first + key_1;
                    uint param_14 = place(param_12, param_13, push, v_166);
                    uint param_15 = kv;
                    uint param_16 = lane + (LANES * c_3);
                    bool param_17 = there;
                    key_octet(param_14, param_15, param_16, param_17, param_18, param_19, push, v_421, v_474, v_512);
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
                    if (_2489)
                    {
                        _2490 = octet.zwzw;
                    }
                    else
                    {
                        _2490 = b[(i_4 * OCTETS_EACH) + c_4];
                    }
                    uint4 param_21 = _2490;
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
                float _2547 = add_scores(param_22, param_23);
                float sum = _2547;
                uint key_2 = (base + line) + (LINES * i_4);
                bool _2557 = key_2 < here;
                bool _2564;
                if (_2557)
                {
                    _2564 = (lane % _2561) == 0u;
                }
                else
                {
                    _2564 = _2557;
                }
                if (_2564)
                {
                    ((threadgroup float*)&pool[scores + key_2])[lane / _2571] = sum;
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
                    _2598 = as_type<float>(push.first.w) * tanh_of(param_24);
                }
                else
                {
                    _2598 = weights[h_4];
                }
                _2595 = 1.44269502162933349609375 * _2598;
            }
            else
            {
                _2595 = weights[h_4];
            }
            weights[h_4] = _2595;
            if (mine < here)
            {
                _2626 = weights[h_4];
            }
            else
            {
                _2626 = -3.0000000054977557577780399428115e+38;
            }
            float score_1 = _2626;
            float next = fast::max(tops[h_4], simd_max(score_1));
            float shrink = exp2(tops[h_4] - next);
            tops[h_4] = next;
            totals[h_4] *= shrink;
            _Pragma("clang loop unroll(full)")
            for (uint c_5 = 0u; c_5 < QUADS_EACH; c_5++)
            {
                uint _2668 = (h_4 * QUADS_EACH) + c_5;
                sums[_2668] *= shrink;
            }
            if (mine < here)
            {
                _2680 = exp2(score_1 - next);
            }
            else
            {
                _2680 = 0.0;
            }
            weights[h_4] = _2680;
        }
        pool[scores + mine] = weights;
        simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
        for (uint base_1 = line_of_values; base_1 < here; base_1 += _2846)
        {
            _Pragma("clang loop unroll(full)")
            for (uint i_5 = 0u; i_5 < 2u; i_5++)
            {
                uint key_3 = base_1 + (LINES_OF_VALUES * i_5);
                if (key_3 < here)
                {
                    _2724 = pool[scores + key_3];
                }
                else
                {
                    _2724 = float4(0.0);
                }
                float4 weight = _2724;
                totals += weight;
                _Pragma("clang loop unroll(full)")
                for (uint c_6 = 0u; c_6 < QUADS_EACH; c_6++)
                {
                    uint4 param_25 = words[(i_5 * QUADS_EACH) + c_6];
                    float4 value = floats(param_25);
                    _Pragma("clang loop unroll(full)")
                    for (uint h_5 = 0u; h_5 < HEADS; h_5++)
                    {
                        uint _2765 = (h_5 * QUADS_EACH) + c_6;
                        sums[_2765] += (value * weight[h_5]);
                    }
                }
            }
            _Pragma("clang loop unroll(full)")
            for (uint i_6 = 0u; i_6 < 2u; i_6++)
            {
                uint key_4 = (base_1 + _2791) + (LINES_OF_VALUES * i_6);
                _Pragma("clang loop unroll(full)")
                for (uint c_7 = 0u; c_7 < QUADS_EACH; c_7++)
                {
                    uint quad_1 = lane_of_value + (LANES_OF_VALUE * c_7);
                    words[(i_6 * QUADS_EACH) + c_7] = uint4(0u);
                    if ((key_4 < here) && (quad_1 < quads))
                    {
                        uint param_26 = table;
                        uint param_27 = first + key_4;
                        uint param_28 = place(param_26, param_27, push, v_166);
                        uint param_29 = kv + (4u * quad_1);
                        words[(i_6 * QUADS_EACH) + c_7] = value_quad(param_28, param_29, push, v_554, v_606, v_643);
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
    uint h_6 = me / _2871;
    uint quad_2 = me % _2875;
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
    float _2951;
    _Pragma("clang loop unroll(full)")
    for (uint i_9 = 0u; i_9 < HEADS; i_9++)
    {
        if (i_9 == h_6)
        {
            _2951 = top[i_9];
        }
        else
        {
            _2951 = mine_top;
        }
        mine_top = _2951;
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
    uint _3006 = min(UNITS, _3005);
    for (uint fit = _3006, base_2 = 0u; base_2 < UNITS; base_2 += fit)
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
            v_2075.workspace4[(at_3 + 1u) + quad_2] = sum_1;
        }
        else
        {
            float4 _3145;
            if (count > 0u)
            {
                _3145 = sum_1 / float4(total);
            }
            else
            {
                _3145 = float4(0.0);
            }
            uint param_33 = r;
            uint param_34 = first_head + h_6;
            uint param_35 = quad_2;
            float4 param_36 = _3145;
            put_quad(param_33, param_34, param_35, param_36, push, v_370, v_380);
        }
        if ((splits > 1u) && (quad_2 == 0u))
        {
            v_2075.workspace4[at_3] = float4(mine_top, total, float(used), 0.0);
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
void join(thread const uint& r, thread const uint& head, constant Push& push, device Out4& v_370, device Out1& v_380, thread uint3& gl_LocalInvocationID, threadgroup float4 (&pool)[1024], thread uint& gl_SubgroupID, device Workspace4& v_2075, thread uint& gl_NumSubgroups)
{
    uint me = gl_LocalInvocationID.x;
    uint quads = push.head_size / 4u;
    uint param = 0u;
    uint param_1 = r;
    uint param_2 = head;
    uint used = uint(((device float*)&v_2075.workspace4[record_at(param, param_1, param_2, push)])[2u]);
    if (used <= 1u)
    {
        return;
    }
    float4 _3201;
    if (me < used)
    {
        uint param_3 = me;
        uint param_4 = r;
        uint param_5 = head;
        _3201 = v_2075.workspace4[record_at(param_3, param_4, param_5, push)];
    }
    else
    {
        _3201 = float4(-3.0000000054977557577780399428115e+38, 0.0, 0.0, 0.0);
    }
    float4 mine = _3201;
    float top = simd_max(mine.x);
    pool[me] = mine;
    bool _3222 = simd_is_first();
    if (_3222)
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
    float4 _3291;
    float4 _3349;
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
                _3291 = v_2075.workspace4[(record_at(param_6, param_7, param_8, push) + 1u) + quad];
            }
            else
            {
                _3291 = float4(0.0);
            }
            sums[i_1] = _3291;
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
                    _3349 = sums[i_2] * weight;
                }
                else
                {
                    _3349 = float4(0.0);
                }
                sum += _3349;
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
        put_quad(param_9, param_10, param_11, param_12, push, v_370, v_380);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
void attend_tile(thread const uint& tile, thread const uint& head, const device Spans1& v_108, constant Push& push, const device Tables1& v_166, device Out4& v_370, device Out1& v_380, const device K1& v_421, const device K2& v_474, const device K4& v_512, const device V1& v_554, const device V2& v_606, const device V4& v_643, thread uint3& gl_LocalInvocationID, const device Q1& v_892, threadgroup float4 (&pool)[1024])
{
    uint me = gl_LocalInvocationID.x;
    uint row = me / 16u;
    uint lane = me % 16u;
    uint _725;
    if (row < ((push.shared_ != 0u) ? 16u : 1u))
    {
        _725 = (tile * ((push.shared_ != 0u) ? 16u : 1u)) + row;
    }
    else
    {
        _725 = push.rows;
    }
    uint r = _725;
    uint quads = push.head_size / 4u;
    uint kv = (head / (push.heads / push.kv_heads)) * push.head_size;
    uint begin = 0u;
    uint end = 0u;
    uint first = push.context;
    uint last = 0u;
    for (uint i = 0u; i < min(((push.shared_ != 0u) ? 16u : 1u), (push.rows - (tile * ((push.shared_ != 0u) ? 16u : 1u)))); i++)
    {
        uint param = (tile * ((push.shared_ != 0u) ? 16u : 1u)) + i;
        uint2 span = span_of(param, v_108, push);
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
    uint table = table_of(param_1, v_108, push);
    spvUnsafeArray<float4, 4> query;
    spvUnsafeArray<float4, 4> sums;
    _Pragma("clang loop unroll(full)")
    for (uint c = 0u; c < PARTS; c++)
    {
        query[c] = float4(0.0);
        sums[c] = float4(0.0);
        bool _855 = r < push.rows;
        bool _864;
        if (_855)
        {
            _864 = (lane + (16u * c)) < quads;
        }
        else
        {
            _864 = _855;
        }
        if (_864)
        {
            uint at = ((push.offset.x + (r * push.ldq)) + (head * push.head_size)) + (4u * (lane + (16u * c)));
            query[c] = float4(*(const device packed_float4*)&v_892.q1[at]) * scale_of_scores(push);
        }
    }
    float highest = -3.0000000054977557577780399428115e+38;
    float total = 0.0;
    spvUnsafeArray<uint, 2> places;
    spvUnsafeArray<uint4, 2> loaded;
    float2 score;
    float _1246;
    float _1249;
    float _1388;
    for (uint base = first; base < last; base += 32u)
    {
        spvUnsafeArray<float4, 2> products = spvUnsafeArray<float4, 2>({ float4(0.0), float4(0.0) });
        _Pragma("clang loop unroll(full)")
        for (uint i_1 = 0u; i_1 < 2u; i_1++)
        {
            uint param_2 = table;
            uint param_3 = (base + row) + (16u * i_1);
            places[i_1] = place(param_2, param_3, push, v_166);
        }
        _Pragma("clang loop unroll(full)")
        for (uint i_2 = 0u; i_2 < 2u; i_2++)
        {
            uint key = (base + row) + (16u * i_2);
            loaded[i_2] = uint4(0u);
            bool _978 = key < last;
            bool _985;
            if (_978)
            {
                _985 = (lane + 0u) < quads;
            }
            else
            {
                _985 = _978;
            }
            if (_985)
            {
                uint param_4 = places[i_2];
                uint param_5 = kv + (4u * (lane + 0u));
                loaded[i_2] = key_quad(param_4, param_5, push, v_421, v_474, v_512);
            }
        }
        _Pragma("clang loop unroll(full)")
        for (uint c_1 = 0u; c_1 < PARTS; c_1++)
        {
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if (_1012 || (base == first))
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
                    bool _1089 = key_2 < last;
                    bool _1099;
                    if (_1089)
                    {
                        _1099 = (lane + (16u * (c_1 + 1u))) < quads;
                    }
                    else
                    {
                        _1099 = _1089;
                    }
                    if (_1099)
                    {
                        uint param_7 = places[i_4];
                        uint param_8 = kv + (4u * (lane + (16u * (c_1 + 1u))));
                        loaded[i_4] = key_quad(param_7, param_8, push, v_421, v_474, v_512);
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
                    bool _1140 = key_3 < last;
                    bool _1147;
                    if (_1140)
                    {
                        _1147 = (lane + 0u) < quads;
                    }
                    else
                    {
                        _1147 = _1140;
                    }
                    if (_1147)
                    {
                        uint param_9 = places[i_5];
                        uint param_10 = kv + (4u * (lane + 0u));
                        loaded[i_5] = value_quad(param_9, param_10, push, v_554, v_606, v_643);
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
                    _1249 = as_type<float>(push.first.w) * tanh_of(param_11);
                }
                else
                {
                    _1249 = (p.x + p.y) + (p.z + p.w);
                }
                _1246 = _1249;
            }
            else
            {
                _1246 = -3.0000000054977557577780399428115e+38;
            }
            score[i_6] = _1246;
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
                _1388 = exp(score[i_8] - highest);
            }
            else
            {
                _1388 = 0.0;
            }
            float weight = _1388;
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
                    bool _1485 = key_7 < last;
                    bool _1495;
                    if (_1485)
                    {
                        _1495 = (lane + (16u * (c_3 + 1u))) < quads;
                    }
                    else
                    {
                        _1495 = _1485;
                    }
                    if (_1495)
                    {
                        uint param_13 = places[i_10];
                        uint param_14 = kv + (4u * (lane + (16u * (c_3 + 1u))));
                        loaded[i_10] = value_quad(param_13, param_14, push, v_554, v_606, v_643);
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
    float4 _1632;
    _Pragma("clang loop unroll(full)")
    for (uint c_4 = 0u; c_4 < PARTS; c_4++)
    {
        bool _1616 = r < push.rows;
        bool _1625;
        if (_1616)
        {
            _1625 = (lane + (16u * c_4)) < quads;
        }
        else
        {
            _1625 = _1616;
        }
        if (_1625)
        {
            if (end > begin)
            {
                _1632 = sums[c_4] / float4((t.x + t.y) + (t.z + t.w));
            }
            else
            {
                _1632 = float4(0.0);
            }
            float4 result = _1632;
            uint param_15 = r;
            uint param_16 = head;
            uint param_17 = lane + (16u * c_4);
            float4 param_18 = result;
            put_quad(param_15, param_16, param_17, param_18, push, v_370, v_380);
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

kernel void zc_attention_paged(constant Push& push [[buffer(0)]], const device Q1& v_892 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], const device void* spvBufferAliasSet0Binding3 [[buffer(3)]], const device Spans1& v_108 [[buffer(4)]], const device Tables1& v_166 [[buffer(5)]], device void* spvBufferAliasSet0Binding6 [[buffer(6)]], device Workspace4& v_2075 [[buffer(7)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& v_421 = *(const device K1*)spvBufferAliasSet0Binding2;
    const device auto& v_554 = *(const device V1*)spvBufferAliasSet0Binding3;
    device auto& v_370 = *(device Out4*)spvBufferAliasSet0Binding6;
    device auto& v_380 = *(device Out1*)spvBufferAliasSet0Binding6;
    const device auto& v_474 = *(const device K2*)spvBufferAliasSet0Binding2;
    const device auto& v_512 = *(const device K4*)spvBufferAliasSet0Binding2;
    const device auto& v_606 = *(const device V2*)spvBufferAliasSet0Binding3;
    const device auto& v_643 = *(const device V4*)spvBufferAliasSet0Binding3;
    threadgroup float4 pool[1024];
    if (_3426)
    {
        uint teams = ((((push.heads / push.kv_heads) + HEADS) - 1u) / HEADS) * push.kv_heads;
        uint3 _3448 = push.first.xyz + gl_WorkGroupID;
        uint _3449 = _3448.y;
        for (uint r = _3449; r < push.rows; r += push.groups.y)
        {
            uint3 _3464 = push.first.xyz + gl_WorkGroupID;
            uint _3465 = _3464.x;
            for (uint team = _3465; team < teams; team += push.groups.x)
            {
                uint param = (push.first.xyz + gl_WorkGroupID).z;
                uint param_1 = push.groups.z;
                uint param_2 = r;
                uint param_3 = team;
                attend_split(param, param_1, param_2, param_3, v_108, push, v_166, v_370, v_380, v_421, v_474, v_512, v_554, v_606, v_643, gl_LocalInvocationID, v_892, pool, gl_SubgroupID, gl_SubgroupInvocationID, v_2075);
            }
        }
        return;
    }
    bool joins = _3499;
    uint _3502;
    if (joins)
    {
        _3502 = push.rows;
    }
    else
    {
        _3502 = ((push.rows - 1u) / ((push.shared_ != 0u) ? 16u : 1u)) + 1u;
    }
    uint tiles = _3502;
    uint3 _3523 = push.first.xyz + gl_WorkGroupID;
    uint _3524 = _3523.y;
    for (uint tile = _3524; tile < tiles; tile += push.groups.y)
    {
        uint3 _3538 = push.first.xyz + gl_WorkGroupID;
        uint _3539 = _3538.x;
        for (uint head = _3539; head < push.heads; head += push.groups.x)
        {
            if (joins)
            {
                uint param_4 = tile;
                uint param_5 = head;
                join(param_4, param_5, push, v_370, v_380, gl_LocalInvocationID, pool, gl_SubgroupID, v_2075, gl_NumSubgroups);
            }
            else
            {
                uint param_6 = tile;
                uint param_7 = head;
                attend_tile(param_6, param_7, v_108, push, v_166, v_370, v_380, v_421, v_474, v_512, v_554, v_606, v_643, gl_LocalInvocationID, v_892, pool);
            }
        }
    }
}

