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
constant uint _258 = (extras & 1u);
constant bool capped = (_258 != 0u);
constant uint _277 = (extras & 2u);
constant bool with_sinks = (_277 != 0u);
constant bool _279 = (!with_sinks);

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
constant bool _382 = (kv_type == 2u);

struct K1
{
    uint k1[1];
};

constant bool _430 = (kv_type == 1u);

struct K2
{
    uint2 k2[1];
};

struct K4
{
    uint4 k4[1];
};

constant bool _517 = (kv_type == 2u);

struct V1
{
    uint v1[1];
};

constant bool _563 = (kv_type == 1u);

struct V2
{
    uint2 v2[1];
};

struct V4
{
    uint4 v4[1];
};

constant bool _647 = (kv_type == 2u);
constant bool _664 = (kv_type == 1u);
constant uint _781 = (variant / 3u);
constant uint shape = (_781 % 113u);
constant uint PARTS = (shape + 1u);

struct Q1
{
    float q1[1];
};

constant bool _928 = (PARTS > 1u);
constant bool _1600 = (kv_type == 1u);
constant bool _1656 = (kv_type == 1u);
constant uint split_shape = (shape - 5u);
constant uint _1691 = (split_shape / 5u);
constant uint _1692 = (_1691 % 4u);
constant uint OCTETS = (4u << _1692);
constant uint _1694 = (split_shape % 5u);
constant uint WIDTH = (4u << _1694);
constant bool _1696 = (OCTETS < WIDTH);
constant uint LANES = _1696 ? OCTETS : WIDTH;
constant uint _1698 = (LANES / 2u);
constant uint _1700 = (split_shape / 20u);
constant uint HEADS = (1u << _1700);
constant bool _1702 = (HEADS == 4u);
constant bool _1766 = (HEADS >= 2u);
constant uint _1801 = (LANES / HEADS);
constant uint _1802 = (_1801 / 2u);
constant uint _1890 = (HEADS * 2u);
constant uint UNIT_QUADS = (_1890 * OCTETS);
constant uint _1892 = (4u * UNIT_QUADS);
constant uint _1893 = (_1892 + 256u);
constant uint _1894 = (_1893 - 1u);
constant uint QUERIES_EACH = (_1894 / 256u);
constant uint _1904 = (8u * OCTETS);
constant uint _1908 = (8u * OCTETS);

struct Workspace4
{
    float4 workspace4[1];
};

constant uint _2019 = (256u / WIDTH);
constant uint _2022 = (256u / WIDTH);
constant uint LINES = (WIDTH / LANES);
constant uint _2055 = (4u * UNIT_QUADS);
constant uint _2087 = (2u * OCTETS);
constant bool _2088 = (_2087 < WIDTH);
constant uint _2089 = (2u * OCTETS);
constant uint LANES_OF_VALUE = _2088 ? _2089 : WIDTH;
constant uint OCTETS_EACH = (OCTETS / LANES);
constant uint _2160 = (2u * OCTETS);
constant uint QUADS_EACH = (_2160 / LANES_OF_VALUE);
constant uint LINES_OF_VALUES = (WIDTH / LANES_OF_VALUE);
constant bool _2391 = (kv_type == 1u);
constant uint _2463 = (LANES / HEADS);
constant uint _2473 = (LANES / HEADS);
constant uint _2479 = (LINES * 1u);
constant uint _2692 = (LINES_OF_VALUES * 2u);
constant uint _2743 = (LINES_OF_VALUES * 2u);
constant uint _2768 = (2u * OCTETS);
constant uint _2772 = (2u * OCTETS);
constant uint UNITS = (256u / LANES_OF_VALUE);
constant uint _2902 = (1024u / UNIT_QUADS);
constant bool _3337 = (shape >= 5u);
constant bool _3410 = (shape == 4u);

struct Q4
{
    float4 q4[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

constant spvUnsafeArray<float4, 2> _872 = spvUnsafeArray<float4, 2>({ float4(0.0), float4(0.0) });

static inline __attribute__((always_inline))
uint2 span_of(thread const uint& r, constant Push& push, const device Spans1& v_213)
{
    uint at = push.offset.w + (2u * r);
    uint end = min(v_213.spans1[at + 1u], push.capacity);
    uint _237;
    if (push.window != 0u)
    {
        _237 = min(push.window, push.capacity);
    }
    else
    {
        _237 = push.capacity;
    }
    return uint2(end - min((end - min(v_213.spans1[at], end)), _237), end);
}

static inline __attribute__((always_inline))
uint record_at(thread const uint& split, thread const uint& r, thread const uint& head, constant Push& push)
{
    return ((((split * push.rows) + r) * push.heads) + head) * ((push.head_size / 4u) + 1u);
}

static inline __attribute__((always_inline))
float scale_of_scores(constant Push& push)
{
    float _260;
    if (capped)
    {
        _260 = push.scale / push.softcap;
    }
    else
    {
        _260 = push.scale;
    }
    return _260;
}

static inline __attribute__((always_inline))
uint4 value_quad(thread const uint& place, thread const uint& column, constant Push& push, const device V1& v_534, const device V2& v_586, const device V4& v_623)
{
    if (_517)
    {
        uint row = push.offset.z + (place * ((push.ldv / 64u) * 17u));
        return uint4(v_534.v1[row + (column / 4u)], v_534.v1[(row + (push.ldv / 4u)) + (column / 64u)], (column >> uint(1)) & 16u, 0u);
    }
    uint index = (place * push.ldv) + column;
    if (_563)
    {
        uint at = push.offset.z + (index / 2u);
        if (((push.offset.z | (push.ldv / 2u)) & 1u) == 0u)
        {
            uint2 pair = v_586.v2[at / 2u];
            return uint4(pair.x, pair.y, 0u, 0u);
        }
        return uint4(v_534.v1[at], v_534.v1[at + 1u], 0u, 0u);
    }
    uint at_1 = push.offset.z + index;
    if (((push.offset.z | push.ldv) & 3u) == 0u)
    {
        return v_623.v4[at_1 / 4u];
    }
    return uint4(*(const device packed_uint4*)&v_534.v1[at_1]);
}

static inline __attribute__((always_inline))
uint4 key_quad(thread const uint& place, thread const uint& column, constant Push& push, const device K1& v_401, const device K2& v_454, const device K4& v_492)
{
    if (_382)
    {
        uint row = push.offset.y + (place * ((push.ldk / 64u) * 17u));
        return uint4(v_401.k1[row + (column / 4u)], v_401.k1[(row + (push.ldk / 4u)) + (column / 64u)], (column >> uint(1)) & 16u, 0u);
    }
    uint index = (place * push.ldk) + column;
    if (_430)
    {
        uint at = push.offset.y + (index / 2u);
        if (((push.offset.y | (push.ldk / 2u)) & 1u) == 0u)
        {
            uint2 pair = v_454.k2[at / 2u];
            return uint4(pair.x, pair.y, 0u, 0u);
        }
        return uint4(v_401.k1[at], v_401.k1[at + 1u], 0u, 0u);
    }
    uint at_1 = push.offset.y + index;
    if (((push.offset.y | push.ldk) & 3u) == 0u)
    {
        return v_492.k4[at_1 / 4u];
    }
    return uint4(*(const device packed_uint4*)&v_401.k1[at_1]);
}

static inline __attribute__((always_inline))
void key_octet(thread const uint& place, thread const uint& kv, thread const uint& o, thread const bool& there, thread uint4& a, thread uint4& b, constant Push& push, const device K1& v_401, const device K2& v_454, const device K4& v_492)
{
    uint element = ((place * push.ldk) + kv) + (8u * o);
    b = uint4(0u);
    a = uint4(0u);
    if (!there)
    {
        return;
    }
    bool _1615;
    if (_1600)
    {
        _1615 = (((push.offset.y | (push.ldk / 2u)) | (push.head_size / 2u)) & 3u) == 0u;
    }
    else
    {
        _1615 = _1600;
    }
    if (_1615)
    {
        a = v_492.k4[(push.offset.y + (element / 2u)) / 4u];
        return;
    }
    uint4 _1634;
    if (((8u * o) + 4u) < push.head_size)
    {
        uint param = place;
        uint param_1 = (kv + (8u * o)) + 4u;
        _1634 = key_quad(param, param_1, push, v_401, v_454, v_492);
    }
    else
    {
        _1634 = uint4(0u);
    }
    uint4 second = _1634;
    uint param_2 = place;
    uint param_3 = kv + (8u * o);
    a = key_quad(param_2, param_3, push, v_401, v_454, v_492);
    if (_1656)
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
    if (_647)
    {
        uint param = words.x;
        return signed_bytes(param) * float2(as_type<half2>(words.y >> words.z)).x;
    }
    float4 _665;
    if (_664)
    {
        _665 = float4(float2(as_type<half2>(words.x)), float2(as_type<half2>(words.y)));
    }
    else
    {
        _665 = as_type<float4>(words);
    }
    return _665;
}

static inline __attribute__((always_inline))
float add_scores(thread spvUnsafeArray<float, 4>& score, thread const uint& lane)
{
    uint _step = _1698;
    if (_1702)
    {
        bool upper = (lane & _step) != 0u;
        float _1712;
        if (upper)
        {
            _1712 = score[0];
        }
        else
        {
            _1712 = score[2];
        }
        float other0 = spvSubgroupShuffleXor(_1712, _step);
        float _1726;
        if (upper)
        {
            _1726 = score[1];
        }
        else
        {
            _1726 = score[3];
        }
        float other1 = spvSubgroupShuffleXor(_1726, _step);
        float _1739;
        if (upper)
        {
            _1739 = score[2];
        }
        else
        {
            _1739 = score[0];
        }
        score[0] = _1739 + other0;
        float _1752;
        if (upper)
        {
            _1752 = score[3];
        }
        else
        {
            _1752 = score[1];
        }
        score[1] = _1752 + other1;
        _step /= 2u;
    }
    if (_1766)
    {
        bool upper_1 = (lane & _step) != 0u;
        float _1776;
        if (upper_1)
        {
            _1776 = score[0];
        }
        else
        {
            _1776 = score[1];
        }
        float other = spvSubgroupShuffleXor(_1776, _step);
        float _1788;
        if (upper_1)
        {
            _1788 = score[1];
        }
        else
        {
            _1788 = score[0];
        }
        score[0] = _1788 + other;
    }
    _Pragma("clang loop unroll(full)")
    for (uint rest = _1802; rest > 0u; rest /= 2u)
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
    float _171;
    if (size < 0.25)
    {
        _171 = x + ((x * z) * series);
    }
    else
    {
        float _185;
        if (x < 0.0)
        {
            _185 = -large;
        }
        else
        {
            _185 = large;
        }
        _171 = _185;
    }
    return _171;
}

static inline __attribute__((always_inline))
bool finite(thread const float& x)
{
    return (as_type<uint>(x) & 2139095040u) != 2139095040u;
}

static inline __attribute__((always_inline))
float with_sink(thread const float& total, thread const float& top, thread const uint& head, constant Push& push, const device Sinks1& v_288)
{
    if (_279)
    {
        return total;
    }
    float sink = v_288.sinks1[push.offset2.x + head];
    if (as_type<uint>(sink) == 4286578688u)
    {
        return total;
    }
    float param = sink;
    float _308;
    if (finite(param))
    {
        _308 = total + exp2((1.44269502162933349609375 * sink) - top);
    }
    else
    {
        _308 = as_type<float>(2143289344u);
    }
    return _308;
}

static inline __attribute__((always_inline))
void put_quad(thread const uint& r, thread const uint& head, thread const uint& quad, thread const float4& result, constant Push& push, device Out4& v_351, device Out1& v_361)
{
    uint to = ((push.offset2.y + (r * push.ldout)) + (head * push.head_size)) + (4u * quad);
    if ((to & 3u) == 0u)
    {
        v_351.out4[to / 4u] = result;
    }
    else
    {
        v_361.out1[to] = result.x;
        v_361.out1[to + 1u] = result.y;
        v_361.out1[to + 2u] = result.z;
        v_361.out1[to + 3u] = result.w;
    }
}

static inline __attribute__((always_inline))
void attend_split(thread const uint& split, thread const uint& splits, thread const uint& r, thread const uint& team, constant Push& push, const device Spans1& v_213, const device Sinks1& v_288, device Out4& v_351, device Out1& v_361, const device K1& v_401, const device K2& v_454, const device K4& v_492, const device V1& v_534, const device V2& v_586, const device V4& v_623, thread uint3& gl_LocalInvocationID, const device Q1& v_835, threadgroup float4 (&pool)[1024], thread uint& gl_SubgroupID, thread uint& gl_SubgroupInvocationID, device Workspace4& v_1990)
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
        uint h = at / _1904;
        uint e = at % _1908;
        queries[i] = 0.0;
        bool _1915 = h < heads;
        bool _1922;
        if (_1915)
        {
            _1922 = e < push.head_size;
        }
        else
        {
            _1922 = _1915;
        }
        if (_1922)
        {
            queries[i] = v_835.q1[((push.offset.x + (r * push.ldq)) + ((first_head + h) * push.head_size)) + e];
        }
    }
    uint param = r;
    uint2 span = span_of(param, push, v_213);
    uint begin = span.x;
    uint end = span.y;
    uint count = end - begin;
    uint each = max(64u, (((count + splits) - 1u) / splits));
    uint used = ((count + each) - 1u) / each;
    if (split >= max(used, 1u))
    {
        if (me < heads)
        {
            uint param_1 = split;
            uint param_2 = r;
            uint param_3 = first_head + me;
            v_1990.workspace4[record_at(param_1, param_2, param_3, push)] = float4(-3.0000000054977557577780399428115e+38, 0.0, 0.0, 0.0);
        }
        return;
    }
    uint from = begin + (split * each);
    uint to = min((from + each), end);
    uint few = (((((((to - from) + _2019) - 1u) / _2022) + LINES) - 1u) / LINES) * LINES;
    from = min((from + (sub * few)), to);
    to = min((from + few), to);
    float _2063;
    _Pragma("clang loop unroll(full)")
    for (uint i_1 = 0u; i_1 < QUERIES_EACH; i_1++)
    {
        uint at_1 = me + (256u * i_1);
        if (at_1 < _2055)
        {
            if (capped)
            {
                _2063 = scale_of_scores(push);
            }
            else
            {
                _2063 = push.scale * 1.44269502162933349609375;
            }
            ((threadgroup float*)&pool[at_1 / 4u])[at_1 & 3u] = _2063 * queries[i_1];
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
    uint _2197;
    spvUnsafeArray<uint4, 8> words;
    spvUnsafeArray<uint4, 2> a;
    spvUnsafeArray<uint4, 2> b;
    uint4 param_10;
    uint4 param_11;
    spvUnsafeArray<float, 4> score;
    uint4 _2392;
    float _2497;
    float _2500;
    float _2527;
    float _2581;
    float4 _2625;
    for (uint tile = 0u; tile < few; tile += WIDTH)
    {
        uint first = from + tile;
        if (first < to)
        {
            _2197 = min(WIDTH, (to - first));
        }
        else
        {
            _2197 = 0u;
        }
        uint here = _2197;
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
                    uint param_4 = first + key;
                    uint param_5 = kv + (4u * quad);
                    words[(i_2 * QUADS_EACH) + c_2] = value_quad(param_4, param_5, push, v_534, v_586, v_623);
                }
            }
        }
        simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
        for (uint base = 0u; base < here; base += _2479)
        {
            _Pragma("clang loop unroll(full)")
            for (uint i_3 = 0u; i_3 < 1u; i_3++)
            {
                uint key_1 = (base + line) + (LINES * i_3);
                _Pragma("clang loop unroll(full)")
                for (uint c_3 = 0u; c_3 < OCTETS_EACH; c_3++)
                {
                    bool _2305 = key_1 < here;
                    bool _2315;
                    if (_2305)
                    {
                        _2315 = (2u * (lane + (LANES * c_3))) < quads;
                    }
                    else
                    {
                        _2315 = _2305;
                    }
                    bool there = _2315;
                    uint param_6 = first + key_1;
                    uint param_7 = kv;
                    uint param_8 = lane + (LANES * c_3);
                    bool param_9 = there;
                    key_octet(param_6, param_7, param_8, param_9, param_10, param_11, push, v_401, v_454, v_492);
                    a[(i_3 * OCTETS_EACH) + c_3] = param_10;
                    b[(i_3 * OCTETS_EACH) + c_3] = param_11;
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
                    uint4 param_12 = octet;
                    float4 x = floats(param_12);
                    if (_2391)
                    {
                        _2392 = octet.zwzw;
                    }
                    else
                    {
                        _2392 = b[(i_4 * OCTETS_EACH) + c_4];
                    }
                    uint4 param_13 = _2392;
                    float4 y = floats(param_13);
                    _Pragma("clang loop unroll(full)")
                    for (uint h_3 = 0u; h_3 < HEADS; h_3++)
                    {
                        score[h_3] += (dot(query[2u * ((h_3 * OCTETS_EACH) + c_4)], x) + dot(query[(2u * ((h_3 * OCTETS_EACH) + c_4)) + 1u], y));
                    }
                }
                spvUnsafeArray<float, 4> param_14;
                param_14 = score;
                uint param_15 = lane;
                float _2449 = add_scores(param_14, param_15);
                float sum = _2449;
                uint key_2 = (base + line) + (LINES * i_4);
                bool _2459 = key_2 < here;
                bool _2466;
                if (_2459)
                {
                    _2466 = (lane % _2463) == 0u;
                }
                else
                {
                    _2466 = _2459;
                }
                if (_2466)
                {
                    ((threadgroup float*)&pool[scores + key_2])[lane / _2473] = sum;
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
                    float param_16 = weights[h_4];
                    _2500 = push.softcap * tanh_of(param_16);
                }
                else
                {
                    _2500 = weights[h_4];
                }
                _2497 = 1.44269502162933349609375 * _2500;
            }
            else
            {
                _2497 = weights[h_4];
            }
            weights[h_4] = _2497;
            if (mine < here)
            {
                _2527 = weights[h_4];
            }
            else
            {
                _2527 = -3.0000000054977557577780399428115e+38;
            }
            float score_1 = _2527;
            float next = fast::max(tops[h_4], simd_max(score_1));
            float shrink = exp2(tops[h_4] - next);
            tops[h_4] = next;
            totals[h_4] *= shrink;
            _Pragma("clang loop unroll(full)")
            for (uint c_5 = 0u; c_5 < QUADS_EACH; c_5++)
            {
                uint _2569 = (h_4 * QUADS_EACH) + c_5;
                sums[_2569] *= shrink;
            }
            if (mine < here)
            {
                _2581 = exp2(score_1 - next);
            }
            else
            {
                _2581 = 0.0;
            }
            weights[h_4] = _2581;
        }
        pool[scores + mine] = weights;
        simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
        for (uint base_1 = line_of_values; base_1 < here; base_1 += _2743)
        {
            _Pragma("clang loop unroll(full)")
            for (uint i_5 = 0u; i_5 < 2u; i_5++)
            {
                uint key_3 = base_1 + (LINES_OF_VALUES * i_5);
                if (key_3 < here)
                {
                    _2625 = pool[scores + key_3];
                }
                else
                {
                    _2625 = float4(0.0);
                }
                float4 weight = _2625;
                totals += weight;
                _Pragma("clang loop unroll(full)")
                for (uint c_6 = 0u; c_6 < QUADS_EACH; c_6++)
                {
                    uint4 param_17 = words[(i_5 * QUADS_EACH) + c_6];
                    float4 value = floats(param_17);
                    _Pragma("clang loop unroll(full)")
                    for (uint h_5 = 0u; h_5 < HEADS; h_5++)
                    {
                        uint _2666 = (h_5 * QUADS_EACH) + c_6;
                        sums[_2666] += (value * weight[h_5]);
                    }
                }
            }
            _Pragma("clang loop unroll(full)")
            for (uint i_6 = 0u; i_6 < 2u; i_6++)
            {
                uint key_4 = (base_1 + _2692) + (LINES_OF_VALUES * i_6);
                _Pragma("clang loop unroll(full)")
                for (uint c_7 = 0u; c_7 < QUADS_EACH; c_7++)
                {
                    uint quad_1 = lane_of_value + (LANES_OF_VALUE * c_7);
                    words[(i_6 * QUADS_EACH) + c_7] = uint4(0u);
                    if ((key_4 < here) && (quad_1 < quads))
                    {
                        uint param_18 = first + key_4;
                        uint param_19 = kv + (4u * quad_1);
                        words[(i_6 * QUADS_EACH) + c_7] = value_quad(param_18, param_19, push, v_534, v_586, v_623);
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
    uint h_6 = me / _2768;
    uint quad_2 = me % _2772;
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
    float _2848;
    _Pragma("clang loop unroll(full)")
    for (uint i_9 = 0u; i_9 < HEADS; i_9++)
    {
        if (i_9 == h_6)
        {
            _2848 = top[i_9];
        }
        else
        {
            _2848 = mine_top;
        }
        mine_top = _2848;
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
    uint _2903 = min(UNITS, _2902);
    for (uint fit = _2903, base_2 = 0u; base_2 < UNITS; base_2 += fit)
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
        uint param_20 = split;
        uint param_21 = r;
        uint param_22 = first_head + h_6;
        uint at_3 = record_at(param_20, param_21, param_22, push);
        if (used > 1u)
        {
            v_1990.workspace4[(at_3 + 1u) + quad_2] = sum_1;
        }
        else
        {
            float4 _3042;
            if (count > 0u)
            {
                float param_23 = total;
                float param_24 = mine_top;
                uint param_25 = first_head + h_6;
                _3042 = sum_1 / float4(with_sink(param_23, param_24, param_25, push, v_288));
            }
            else
            {
                _3042 = float4(0.0);
            }
            uint param_26 = r;
            uint param_27 = first_head + h_6;
            uint param_28 = quad_2;
            float4 param_29 = _3042;
            put_quad(param_26, param_27, param_28, param_29, push, v_351, v_361);
        }
        if ((splits > 1u) && (quad_2 == 0u))
        {
            v_1990.workspace4[at_3] = float4(mine_top, total, float(used), 0.0);
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
void join(thread const uint& r, thread const uint& head, constant Push& push, const device Sinks1& v_288, device Out4& v_351, device Out1& v_361, thread uint3& gl_LocalInvocationID, threadgroup float4 (&pool)[1024], thread uint& gl_SubgroupID, device Workspace4& v_1990, thread uint& gl_NumSubgroups)
{
    uint me = gl_LocalInvocationID.x;
    uint quads = push.head_size / 4u;
    uint param = 0u;
    uint param_1 = r;
    uint param_2 = head;
    uint used = uint(((device float*)&v_1990.workspace4[record_at(param, param_1, param_2, push)])[2u]);
    if (used <= 1u)
    {
        return;
    }
    float4 _3106;
    if (me < used)
    {
        uint param_3 = me;
        uint param_4 = r;
        uint param_5 = head;
        _3106 = v_1990.workspace4[record_at(param_3, param_4, param_5, push)];
    }
    else
    {
        _3106 = float4(-3.0000000054977557577780399428115e+38, 0.0, 0.0, 0.0);
    }
    float4 mine = _3106;
    float top = simd_max(mine.x);
    pool[me] = mine;
    bool _3127 = simd_is_first();
    if (_3127)
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
    float4 _3196;
    float4 _3254;
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
                _3196 = v_1990.workspace4[(record_at(param_6, param_7, param_8, push) + 1u) + quad];
            }
            else
            {
                _3196 = float4(0.0);
            }
            sums[i_1] = _3196;
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
                    _3254 = sums[i_2] * weight;
                }
                else
                {
                    _3254 = float4(0.0);
                }
                sum += _3254;
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
        float4 param_15 = sum / float4(with_sink(param_9, param_10, param_11, push, v_288));
        put_quad(param_12, param_13, param_14, param_15, push, v_351, v_361);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
void attend_tile(thread const uint& tile, thread const uint& head, constant Push& push, const device Spans1& v_213, const device Sinks1& v_288, device Out4& v_351, device Out1& v_361, const device K1& v_401, const device K2& v_454, const device K4& v_492, const device V1& v_534, const device V2& v_586, const device V4& v_623, thread uint3& gl_LocalInvocationID, const device Q1& v_835, threadgroup float4 (&pool)[1024])
{
    uint me = gl_LocalInvocationID.x;
    uint row = me / 16u;
    uint lane = me % 16u;
    uint r = (tile * 16u) + row;
    uint quads = push.head_size / 4u;
    uint kv = (head / (push.heads / push.kv_heads)) * push.head_size;
    uint begin = 0u;
    uint end = 0u;
    uint first = push.capacity;
    uint last = 0u;
    for (uint i = 0u; i < min(16u, (push.rows - (tile * 16u))); i++)
    {
        uint param = (tile * 16u) + i;
        uint2 span = span_of(param, push, v_213);
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
    spvUnsafeArray<float4, 4> query;
    spvUnsafeArray<float4, 4> sums;
    _Pragma("clang loop unroll(full)")
    for (uint c = 0u; c < PARTS; c++)
    {
        query[c] = float4(0.0);
        sums[c] = float4(0.0);
        bool _798 = r < push.rows;
        bool _807;
        if (_798)
        {
            _807 = (lane + (16u * c)) < quads;
        }
        else
        {
            _807 = _798;
        }
        if (_807)
        {
            uint at = ((push.offset.x + (r * push.ldq)) + (head * push.head_size)) + (4u * (lane + (16u * c)));
            query[c] = float4(*(const device packed_float4*)&v_835.q1[at]) * scale_of_scores(push);
        }
    }
    float highest = -3.0000000054977557577780399428115e+38;
    float total = 0.0;
    spvUnsafeArray<uint4, 2> loaded;
    float2 score;
    float _1158;
    float _1161;
    float _1299;
    for (uint base = first; base < last; base += 32u)
    {
        spvUnsafeArray<float4, 2> products = spvUnsafeArray<float4, 2>({ float4(0.0), float4(0.0) });
        _Pragma("clang loop unroll(full)")
        for (uint i_1 = 0u; i_1 < 2u; i_1++)
        {
            uint key = (base + row) + (16u * i_1);
            loaded[i_1] = uint4(0u);
            bool _896 = key < last;
            bool _903;
            if (_896)
            {
                _903 = (lane + 0u) < quads;
            }
            else
            {
                _903 = _896;
            }
            if (_903)
            {
                uint param_1 = key;
                uint param_2 = kv + (4u * (lane + 0u));
                loaded[i_1] = key_quad(param_1, param_2, push, v_401, v_454, v_492);
            }
        }
        _Pragma("clang loop unroll(full)")
        for (uint c_1 = 0u; c_1 < PARTS; c_1++)
        {
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if (_928 || (base == first))
            {
                pool[(row * 16u) + (lane ^ row)] = query[c_1];
            }
            _Pragma("clang loop unroll(full)")
            for (uint i_2 = 0u; i_2 < 2u; i_2++)
            {
                uint key_1 = row + (16u * i_2);
                uint4 param_3 = loaded[i_2];
                pool[(256u + (key_1 * 16u)) + (lane ^ (key_1 & 15u))] = floats(param_3);
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if ((c_1 + 1u) < PARTS)
            {
                _Pragma("clang loop unroll(full)")
                for (uint i_3 = 0u; i_3 < 2u; i_3++)
                {
                    uint key_2 = (base + row) + (16u * i_3);
                    loaded[i_3] = uint4(0u);
                    bool _1005 = key_2 < last;
                    bool _1015;
                    if (_1005)
                    {
                        _1015 = (lane + (16u * (c_1 + 1u))) < quads;
                    }
                    else
                    {
                        _1015 = _1005;
                    }
                    if (_1015)
                    {
                        uint param_4 = key_2;
                        uint param_5 = kv + (4u * (lane + (16u * (c_1 + 1u))));
                        loaded[i_3] = key_quad(param_4, param_5, push, v_401, v_454, v_492);
                    }
                }
            }
            else
            {
                _Pragma("clang loop unroll(full)")
                for (uint i_4 = 0u; i_4 < 2u; i_4++)
                {
                    uint key_3 = (base + row) + (16u * i_4);
                    loaded[i_4] = uint4(0u);
                    bool _1054 = key_3 < last;
                    bool _1061;
                    if (_1054)
                    {
                        _1061 = (lane + 0u) < quads;
                    }
                    else
                    {
                        _1061 = _1054;
                    }
                    if (_1061)
                    {
                        uint param_6 = key_3;
                        uint param_7 = kv + (4u * (lane + 0u));
                        loaded[i_4] = value_quad(param_6, param_7, push, v_534, v_586, v_623);
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
        for (uint i_5 = 0u; i_5 < 2u; i_5++)
        {
            uint key_4 = (base + lane) + (16u * i_5);
            float4 p = products[i_5];
            if ((key_4 >= begin) && (key_4 < end))
            {
                if (capped)
                {
                    float param_8 = (p.x + p.y) + (p.z + p.w);
                    _1161 = push.softcap * tanh_of(param_8);
                }
                else
                {
                    _1161 = (p.x + p.y) + (p.z + p.w);
                }
                _1158 = _1161;
            }
            else
            {
                _1158 = -3.0000000054977557577780399428115e+38;
            }
            score[i_5] = _1158;
            uint place = ((row * 32u) + lane) + (16u * i_5);
            ((threadgroup float*)&pool[768u + (place / 4u)])[place & 3u] = score[i_5];
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
        float next = highest;
        _Pragma("clang loop unroll(full)")
        for (uint i_6 = 0u; i_6 < 8u; i_6++)
        {
            float4 s = pool[(768u + (row * 8u)) + i_6];
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
        for (uint i_7 = 0u; i_7 < 2u; i_7++)
        {
            uint key_5 = (base + lane) + (16u * i_7);
            if ((key_5 >= begin) && (key_5 < end))
            {
                _1299 = exp(score[i_7] - highest);
            }
            else
            {
                _1299 = 0.0;
            }
            float weight = _1299;
            total += weight;
            uint place_1 = ((row * 32u) + lane) + (16u * i_7);
            ((threadgroup float*)&pool[896u + (place_1 / 4u)])[place_1 & 3u] = weight;
        }
        _Pragma("clang loop unroll(full)")
        for (uint c_3 = 0u; c_3 < PARTS; c_3++)
        {
            if (c_3 > 0u)
            {
                threadgroup_barrier(mem_flags::mem_threadgroup);
            }
            _Pragma("clang loop unroll(full)")
            for (uint i_8 = 0u; i_8 < 2u; i_8++)
            {
                uint key_6 = row + (16u * i_8);
                uint4 param_9 = loaded[i_8];
                pool[(256u + (key_6 * 16u)) + (lane ^ (key_6 & 15u))] = floats(param_9);
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if ((c_3 + 1u) < PARTS)
            {
                _Pragma("clang loop unroll(full)")
                for (uint i_9 = 0u; i_9 < 2u; i_9++)
                {
                    uint key_7 = (base + row) + (16u * i_9);
                    loaded[i_9] = uint4(0u);
                    bool _1396 = key_7 < last;
                    bool _1406;
                    if (_1396)
                    {
                        _1406 = (lane + (16u * (c_3 + 1u))) < quads;
                    }
                    else
                    {
                        _1406 = _1396;
                    }
                    if (_1406)
                    {
                        uint param_10 = key_7;
                        uint param_11 = kv + (4u * (lane + (16u * (c_3 + 1u))));
                        loaded[i_9] = value_quad(param_10, param_11, push, v_534, v_586, v_623);
                    }
                }
            }
            _Pragma("clang loop unroll(full)")
            for (uint i_10 = 0u; i_10 < 32u; i_10 += 4u)
            {
                float4 weight_1 = pool[896u + (((row * 32u) + i_10) / 4u)];
                _Pragma("clang loop unroll(full)")
                for (uint e = 0u; e < 4u; e++)
                {
                    if (weight_1[e] != 0.0)
                    {
                        sums[c_3] += (pool[(256u + ((i_10 + e) * 16u)) + (lane ^ ((i_10 + e) & 15u))] * weight_1[e]);
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
    for (uint i_11 = 0u; i_11 < 4u; i_11++)
    {
        t += pool[(768u + (row * 4u)) + i_11];
    }
    float param_12 = (t.x + t.y) + (t.z + t.w);
    float param_13 = 1.44269502162933349609375 * highest;
    uint param_14 = head;
    float _all = with_sink(param_12, param_13, param_14, push, v_288);
    float4 _1560;
    _Pragma("clang loop unroll(full)")
    for (uint c_4 = 0u; c_4 < PARTS; c_4++)
    {
        bool _1544 = r < push.rows;
        bool _1553;
        if (_1544)
        {
            _1553 = (lane + (16u * c_4)) < quads;
        }
        else
        {
            _1553 = _1544;
        }
        if (_1553)
        {
            if (end > begin)
            {
                _1560 = sums[c_4] / float4(_all);
            }
            else
            {
                _1560 = float4(0.0);
            }
            float4 result = _1560;
            uint param_15 = r;
            uint param_16 = head;
            uint param_17 = lane + (16u * c_4);
            float4 param_18 = result;
            put_quad(param_15, param_16, param_17, param_18, push, v_351, v_361);
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

kernel void zc_attention(constant Push& push [[buffer(0)]], const device Q1& v_835 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], const device void* spvBufferAliasSet0Binding3 [[buffer(3)]], const device Spans1& v_213 [[buffer(4)]], const device Sinks1& v_288 [[buffer(5)]], device void* spvBufferAliasSet0Binding6 [[buffer(6)]], device Workspace4& v_1990 [[buffer(7)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& v_401 = *(const device K1*)spvBufferAliasSet0Binding2;
    const device auto& v_534 = *(const device V1*)spvBufferAliasSet0Binding3;
    device auto& v_351 = *(device Out4*)spvBufferAliasSet0Binding6;
    device auto& v_361 = *(device Out1*)spvBufferAliasSet0Binding6;
    const device auto& v_454 = *(const device K2*)spvBufferAliasSet0Binding2;
    const device auto& v_492 = *(const device K4*)spvBufferAliasSet0Binding2;
    const device auto& v_586 = *(const device V2*)spvBufferAliasSet0Binding3;
    const device auto& v_623 = *(const device V4*)spvBufferAliasSet0Binding3;
    threadgroup float4 pool[1024];
    if (_3337)
    {
        uint teams = ((((push.heads / push.kv_heads) + HEADS) - 1u) / HEADS) * push.kv_heads;
        uint3 _3359 = push.first.xyz + gl_WorkGroupID;
        uint _3360 = _3359.y;
        for (uint r = _3360; r < push.rows; r += push.groups.y)
        {
            uint3 _3375 = push.first.xyz + gl_WorkGroupID;
            uint _3376 = _3375.x;
            for (uint team = _3376; team < teams; team += push.groups.x)
            {
                uint param = (push.first.xyz + gl_WorkGroupID).z;
                uint param_1 = push.groups.z;
                uint param_2 = r;
                uint param_3 = team;
                attend_split(param, param_1, param_2, param_3, push, v_213, v_288, v_351, v_361, v_401, v_454, v_492, v_534, v_586, v_623, gl_LocalInvocationID, v_835, pool, gl_SubgroupID, gl_SubgroupInvocationID, v_1990);
            }
        }
        return;
    }
    bool joins = _3410;
    uint _3413;
    if (joins)
    {
        _3413 = push.rows;
    }
    else
    {
        _3413 = ((push.rows - 1u) / 16u) + 1u;
    }
    uint tiles = _3413;
    uint3 _3430 = push.first.xyz + gl_WorkGroupID;
    uint _3431 = _3430.y;
    for (uint tile = _3431; tile < tiles; tile += push.groups.y)
    {
        uint3 _3445 = push.first.xyz + gl_WorkGroupID;
        uint _3446 = _3445.x;
        for (uint head = _3446; head < push.heads; head += push.groups.x)
        {
            if (joins)
            {
                uint param_4 = tile;
                uint param_5 = head;
                join(param_4, param_5, push, v_288, v_351, v_361, gl_LocalInvocationID, pool, gl_SubgroupID, v_1990, gl_NumSubgroups);
            }
            else
            {
                uint param_6 = tile;
                uint param_7 = head;
                attend_tile(param_6, param_7, push, v_213, v_288, v_351, v_361, v_401, v_454, v_492, v_534, v_586, v_623, gl_LocalInvocationID, v_835, pool);
            }
        }
    }
}

