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

constant uint variant_tmp [[function_constant(0)]];
constant uint variant = is_function_constant_defined(variant_tmp) ? variant_tmp : 0u;
constant uint kv_type = (variant % 2u);
constant bool _37 = (kv_type == 1u);

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
};

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

constant bool _140 = (kv_type == 1u);

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

constant bool _229 = (kv_type == 1u);

struct Spans1
{
    uint spans1[1];
};

constant uint _335 = (variant / 4u);
constant uint PARTS = (_335 + 1u);

struct Q1
{
    float q1[1];
};

struct Out1
{
    float out1[1];
};

struct Out4
{
    float4 out4[1];
};

constant uint _1744 = (variant / 2u);
constant uint way = (_1744 % 2u);
constant bool _1746 = (way == 1u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

constant spvUnsafeArray<float4, 2> _1341 = spvUnsafeArray<float4, 2>({ float4(0.0), float4(0.0) });

static inline __attribute__((always_inline))
uint4 key_quad(thread const uint& index, constant Push& push, const device K2& v_70, const device K1& v_85, const device K4& v_114)
{
    if (_37)
    {
        uint at = push.offset.y + (index / 2u);
        if (((push.offset.y | (push.ldk / 2u)) & 1u) == 0u)
        {
            uint2 pair = v_70.k2[at / 2u];
            return uint4(pair.x, pair.y, 0u, 0u);
        }
        return uint4(v_85.k1[at], v_85.k1[at + 1u], 0u, 0u);
    }
    uint at_1 = push.offset.y + index;
    if (((push.offset.y | push.ldk) & 3u) == 0u)
    {
        return v_114.k4[at_1 / 4u];
    }
    return uint4(v_85.k1[at_1], v_85.k1[at_1 + 1u], v_85.k1[at_1 + 2u], v_85.k1[at_1 + 3u]);
}

static inline __attribute__((always_inline))
float4 floats(thread const uint4& words)
{
    float4 _231;
    if (_229)
    {
        _231 = float4(float2(as_type<half2>(words.x)), float2(as_type<half2>(words.y)));
    }
    else
    {
        _231 = as_type<float4>(words);
    }
    return _231;
}

static inline __attribute__((always_inline))
uint4 value_quad(thread const uint& index, constant Push& push, const device V2& v_164, const device V1& v_178, const device V4& v_205)
{
    if (_140)
    {
        uint at = push.offset.z + (index / 2u);
        if (((push.offset.z | (push.ldv / 2u)) & 1u) == 0u)
        {
            uint2 pair = v_164.v2[at / 2u];
            return uint4(pair.x, pair.y, 0u, 0u);
        }
        return uint4(v_178.v1[at], v_178.v1[at + 1u], 0u, 0u);
    }
    uint at_1 = push.offset.z + index;
    if (((push.offset.z | push.ldv) & 3u) == 0u)
    {
        return v_205.v4[at_1 / 4u];
    }
    return uint4(v_178.v1[at_1], v_178.v1[at_1 + 1u], v_178.v1[at_1 + 2u], v_178.v1[at_1 + 3u]);
}

static inline __attribute__((always_inline))
void attend_tile(thread const uint& tile, thread const uint& head, constant Push& push, const device K2& v_70, const device K1& v_85, const device K4& v_114, const device V2& v_164, const device V1& v_178, const device V4& v_205, thread uint3& gl_LocalInvocationID, const device Spans1& v_288, const device Q1& v_499, threadgroup float4 (&pool)[1024], device Out1& v_1040, device Out4& v_1718)
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
        uint at = push.offset.w + (2u * ((tile * 16u) + i));
        uint from = min(v_288.spans1[at], push.capacity);
        uint to = min(v_288.spans1[at + 1u], push.capacity);
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
    float4 query = float4(0.0);
    if ((r < push.rows) && (lane < quads))
    {
        uint at_1 = ((push.offset.x + (r * push.ldq)) + (head * push.head_size)) + (4u * lane);
        query = float4(v_499.q1[at_1], v_499.q1[at_1 + 1u], v_499.q1[at_1 + 2u], v_499.q1[at_1 + 3u]) * push.scale;
    }
    pool[(row * 16u) + (lane ^ row)] = query;
    float4 sums = float4(0.0);
    float highest = -3.0000000054977557577780399428115e+38;
    float total = 0.0;
    spvUnsafeArray<uint4, 2> loaded;
    float2 score;
    float _1421;
    float _1526;
    for (uint base = first; base < last; base += 32u)
    {
        for (uint i_1 = 0u; i_1 < 2u; i_1++)
        {
            uint key = (base + row) + (16u * i_1);
            loaded[i_1] = uint4(0u);
            if ((key < last) && (lane < quads))
            {
                uint param = ((key * push.ldk) + kv) + (4u * lane);
                loaded[i_1] = key_quad(param, push, v_70, v_85, v_114);
            }
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
        for (uint i_2 = 0u; i_2 < 2u; i_2++)
        {
            uint key_1 = row + (16u * i_2);
            uint4 param_1 = loaded[i_2];
            pool[(256u + (key_1 * 16u)) + (lane ^ (key_1 & 15u))] = floats(param_1);
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
        for (uint i_3 = 0u; i_3 < 2u; i_3++)
        {
            uint key_2 = (base + row) + (16u * i_3);
            if ((key_2 < last) && (lane < quads))
            {
                uint param_2 = ((key_2 * push.ldv) + kv) + (4u * lane);
                loaded[i_3] = value_quad(param_2, push, v_164, v_178, v_205);
            }
        }
        spvUnsafeArray<float4, 2> products = spvUnsafeArray<float4, 2>({ float4(0.0), float4(0.0) });
        for (uint d = 0u; d < 16u; d++)
        {
            float4 q = pool[(row * 16u) + (d ^ row)];
            products[0] += (q * pool[(256u + (lane * 16u)) + (d ^ lane)]);
            products[1] += (q * pool[(256u + ((lane + 16u) * 16u)) + (d ^ lane)]);
        }
        for (uint i_4 = 0u; i_4 < 2u; i_4++)
        {
            uint key_3 = (base + lane) + (16u * i_4);
            float4 p = products[i_4];
            if ((key_3 >= begin) && (key_3 < end))
            {
                _1421 = (p.x + p.y) + (p.z + p.w);
            }
            else
            {
                _1421 = -3.0000000054977557577780399428115e+38;
            }
            score[i_4] = _1421;
            uint place = ((row * 32u) + lane) + (16u * i_4);
            ((threadgroup float*)&pool[768u + (place / 4u)])[place & 3u] = score[i_4];
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
        float next = highest;
        for (uint i_5 = 0u; i_5 < 8u; i_5++)
        {
            float4 s = pool[(768u + (row * 8u)) + i_5];
            next = fast::max(next, fast::max(fast::max(s.x, s.y), fast::max(s.z, s.w)));
        }
        float shrink = exp(highest - next);
        highest = next;
        total *= shrink;
        sums *= shrink;
        for (uint i_6 = 0u; i_6 < 2u; i_6++)
        {
            uint key_4 = (base + lane) + (16u * i_6);
            if ((key_4 >= begin) && (key_4 < end))
            {
                _1526 = exp(score[i_6] - highest);
            }
            else
            {
                _1526 = 0.0;
            }
            float weight = _1526;
            total += weight;
            uint place_1 = ((row * 32u) + lane) + (16u * i_6);
            ((threadgroup float*)&pool[896u + (place_1 / 4u)])[place_1 & 3u] = weight;
            uint other = row + (16u * i_6);
            uint4 param_3 = loaded[i_6];
            pool[(256u + (other * 16u)) + (lane ^ (other & 15u))] = floats(param_3);
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
        for (uint i_7 = 0u; i_7 < 32u; i_7 += 4u)
        {
            float4 weight_1 = pool[896u + (((row * 32u) + i_7) / 4u)];
            for (uint e = 0u; e < 4u; e++)
            {
                if (weight_1[e] != 0.0)
                {
                    sums += (pool[(256u + ((i_7 + e) * 16u)) + (lane ^ ((i_7 + e) & 15u))] * weight_1[e]);
                }
            }
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    ((threadgroup float*)&pool[768u + (me / 4u)])[me & 3u] = total;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if ((r < push.rows) && (lane < quads))
    {
        float4 t = float4(0.0);
        for (uint i_8 = 0u; i_8 < 4u; i_8++)
        {
            t += pool[(768u + (row * 4u)) + i_8];
        }
        float4 _1675;
        if (end > begin)
        {
            _1675 = sums / float4((t.x + t.y) + (t.z + t.w));
        }
        else
        {
            _1675 = float4(0.0);
        }
        float4 result = _1675;
        uint to_1 = ((push.offset2.x + (r * push.ldout)) + (head * push.head_size)) + (4u * lane);
        if ((to_1 & 3u) == 0u)
        {
            v_1718.out4[to_1 / 4u] = result;
        }
        else
        {
            v_1040.out1[to_1] = result.x;
            v_1040.out1[to_1 + 1u] = result.y;
            v_1040.out1[to_1 + 2u] = result.z;
            v_1040.out1[to_1 + 3u] = result.w;
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
void attend(thread const uint& r, thread const uint& head, constant Push& push, const device K2& v_70, const device K1& v_85, const device K4& v_114, const device V2& v_164, const device V1& v_178, const device V4& v_205, thread uint3& gl_LocalInvocationID, const device Spans1& v_288, const device Q1& v_499, threadgroup float4 (&pool)[1024], device Out1& v_1040)
{
    uint me = gl_LocalInvocationID.x;
    uint lane = me % 8u;
    uint line = me / 8u;
    uint quads = push.head_size / 4u;
    uint kv = (head / (push.heads / push.kv_heads)) * push.head_size;
    uint begin = min(v_288.spans1[push.offset.w + (2u * r)], push.capacity);
    uint end = min(v_288.spans1[(push.offset.w + (2u * r)) + 1u], push.capacity);
    spvUnsafeArray<uint4, 32> keys;
    for (uint i = 0u; i < 4u; i++)
    {
        uint key = (begin + line) + (32u * i);
        for (uint c = 0u; c < PARTS; c++)
        {
            uint4 words = uint4(0u);
            bool _342 = key < end;
            bool _351;
            if (_342)
            {
                _351 = (lane + (8u * c)) < quads;
            }
            else
            {
                _351 = _342;
            }
            if (_351)
            {
                uint param = ((key * push.ldk) + kv) + (4u * (lane + (8u * c)));
                words = key_quad(param, push, v_70, v_85, v_114);
            }
            keys[(i * PARTS) + c] = words;
        }
    }
    spvUnsafeArray<uint4, 32> values;
    for (uint i_1 = 0u; i_1 < 4u; i_1++)
    {
        uint key_1 = (begin + line) + (32u * i_1);
        for (uint c_1 = 0u; c_1 < PARTS; c_1++)
        {
            uint4 words_1 = uint4(0u);
            bool _408 = key_1 < end;
            bool _417;
            if (_408)
            {
                _417 = (lane + (8u * c_1)) < quads;
            }
            else
            {
                _417 = _408;
            }
            if (_417)
            {
                uint param_1 = ((key_1 * push.ldv) + kv) + (4u * (lane + (8u * c_1)));
                words_1 = value_quad(param_1, push, v_164, v_178, v_205);
            }
            values[(i_1 * PARTS) + c_1] = words_1;
        }
    }
    spvUnsafeArray<float4, 8> query;
    spvUnsafeArray<float4, 8> sums;
    for (uint c_2 = 0u; c_2 < PARTS; c_2++)
    {
        query[c_2] = float4(0.0);
        sums[c_2] = float4(0.0);
        if ((lane + (8u * c_2)) < quads)
        {
            uint at = ((push.offset.x + (r * push.ldq)) + (head * push.head_size)) + (4u * (lane + (8u * c_2)));
            query[c_2] = float4(v_499.q1[at], v_499.q1[at + 1u], v_499.q1[at + 2u], v_499.q1[at + 3u]) * push.scale;
        }
    }
    float highest = -3.0000000054977557577780399428115e+38;
    float total = 0.0;
    spvUnsafeArray<float, 4> score_1;
    float _710;
    for (uint first = begin; first < end; first += 128u)
    {
        threadgroup_barrier(mem_flags::mem_threadgroup);
        for (uint i_2 = 0u; i_2 < 4u; i_2++)
        {
            float score = 0.0;
            for (uint c_3 = 0u; c_3 < PARTS; c_3++)
            {
                uint4 param_2 = keys[(i_2 * PARTS) + c_3];
                score += dot(query[c_3], floats(param_2));
            }
            ((threadgroup float*)&pool[((line + (32u * i_2)) * 3u) + (lane / 4u)])[lane & 3u] = score;
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
        if ((first + 128u) < end)
        {
            for (uint i_3 = 0u; i_3 < 4u; i_3++)
            {
                uint key_2 = ((first + 128u) + line) + (32u * i_3);
                for (uint c_4 = 0u; c_4 < PARTS; c_4++)
                {
                    uint4 words_2 = uint4(0u);
                    bool _622 = key_2 < end;
                    bool _631;
                    if (_622)
                    {
                        _631 = (lane + (8u * c_4)) < quads;
                    }
                    else
                    {
                        _631 = _622;
                    }
                    if (_631)
                    {
                        uint param_3 = ((key_2 * push.ldk) + kv) + (4u * (lane + (8u * c_4)));
                        words_2 = key_quad(param_3, push, v_70, v_85, v_114);
                    }
                    keys[(i_3 * PARTS) + c_4] = words_2;
                }
            }
        }
        float next = highest;
        for (uint i_4 = 0u; i_4 < 4u; i_4++)
        {
            float4 s = pool[(line + (32u * i_4)) * 3u] + pool[((line + (32u * i_4)) * 3u) + 1u];
            score_1[i_4] = (s.x + s.y) + (s.z + s.w);
            if (((first + line) + (32u * i_4)) < end)
            {
                _710 = fast::max(next, score_1[i_4]);
            }
            else
            {
                _710 = next;
            }
            next = _710;
        }
        float shrink = exp(highest - next);
        highest = next;
        total *= shrink;
        for (uint c_5 = 0u; c_5 < PARTS; c_5++)
        {
            sums[c_5] *= shrink;
        }
        for (uint i_5 = 0u; i_5 < 4u; i_5++)
        {
            if (((first + line) + (32u * i_5)) < end)
            {
                float weight = exp(score_1[i_5] - highest);
                total += weight;
                for (uint c_6 = 0u; c_6 < PARTS; c_6++)
                {
                    uint4 param_4 = values[(i_5 * PARTS) + c_6];
                    sums[c_6] += (floats(param_4) * weight);
                }
            }
        }
        if ((first + 128u) < end)
        {
            for (uint i_6 = 0u; i_6 < 4u; i_6++)
            {
                uint key_3 = ((first + 128u) + line) + (32u * i_6);
                for (uint c_7 = 0u; c_7 < PARTS; c_7++)
                {
                    uint4 words_3 = uint4(0u);
                    bool _836 = key_3 < end;
                    bool _845;
                    if (_836)
                    {
                        _845 = (lane + (8u * c_7)) < quads;
                    }
                    else
                    {
                        _845 = _836;
                    }
                    if (_845)
                    {
                        uint param_5 = ((key_3 * push.ldv) + kv) + (4u * (lane + (8u * c_7)));
                        words_3 = value_quad(param_5, push, v_164, v_178, v_205);
                    }
                    values[(i_6 * PARTS) + c_7] = words_3;
                }
            }
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (lane == 0u)
    {
        ((threadgroup float*)&pool[line / 4u])[line & 3u] = highest;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    float top = -3.0000000054977557577780399428115e+38;
    for (uint i_7 = 0u; i_7 < 8u; i_7++)
    {
        float4 h = pool[i_7];
        top = fast::max(top, fast::max(fast::max(h.x, h.y), fast::max(h.z, h.w)));
    }
    float _920;
    if (line < (end - min(begin, end)))
    {
        _920 = exp(highest - top);
    }
    else
    {
        _920 = 0.0;
    }
    float shrink_1 = _920;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (lane == 0u)
    {
        ((threadgroup float*)&pool[line / 4u])[line & 3u] = total * shrink_1;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    float _all = 0.0;
    for (uint i_8 = 0u; i_8 < 8u; i_8++)
    {
        float4 t = pool[i_8];
        _all += ((t.x + t.y) + (t.z + t.w));
    }
    float _973;
    if (end > begin)
    {
        _973 = 1.0 / _all;
    }
    else
    {
        _973 = 0.0;
    }
    float scale = _973;
    for (uint c_8 = 0u; c_8 < PARTS; c_8++)
    {
        threadgroup_barrier(mem_flags::mem_threadgroup);
        pool[(line * 8u) + lane] = sums[c_8] * shrink_1;
        threadgroup_barrier(mem_flags::mem_threadgroup);
        uint e = (32u * c_8) + me;
        bool _1005 = me < 32u;
        bool _1012;
        if (_1005)
        {
            _1012 = e < push.head_size;
        }
        else
        {
            _1012 = _1005;
        }
        if (_1012)
        {
            float sum = 0.0;
            for (uint i_9 = 0u; i_9 < 32u; i_9++)
            {
                sum += ((threadgroup float*)&pool[(i_9 * 8u) + (me / 4u)])[me & 3u];
            }
            v_1040.out1[((push.offset2.x + (r * push.ldout)) + (head * push.head_size)) + e] = sum * scale;
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

kernel void zc_attention(constant Push& push [[buffer(0)]], const device Q1& v_499 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], const device void* spvBufferAliasSet0Binding3 [[buffer(3)]], const device Spans1& v_288 [[buffer(4)]], device void* spvBufferAliasSet0Binding5 [[buffer(5)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& v_70 = *(const device K2*)spvBufferAliasSet0Binding2;
    const device auto& v_164 = *(const device V2*)spvBufferAliasSet0Binding3;
    device auto& v_1040 = *(device Out1*)spvBufferAliasSet0Binding5;
    const device auto& v_85 = *(const device K1*)spvBufferAliasSet0Binding2;
    const device auto& v_114 = *(const device K4*)spvBufferAliasSet0Binding2;
    const device auto& v_178 = *(const device V1*)spvBufferAliasSet0Binding3;
    const device auto& v_205 = *(const device V4*)spvBufferAliasSet0Binding3;
    device auto& v_1718 = *(device Out4*)spvBufferAliasSet0Binding5;
    threadgroup float4 pool[1024];
    if (_1746)
    {
        uint3 _1757 = push.first.xyz + gl_WorkGroupID;
        uint _1758 = _1757.y;
        for (uint tile = _1758; (tile * 16u) < push.rows; tile += push.groups.y)
        {
            uint3 _1774 = push.first.xyz + gl_WorkGroupID;
            uint _1775 = _1774.x;
            for (uint head = _1775; head < push.heads; head += push.groups.x)
            {
                uint param = tile;
                uint param_1 = head;
                attend_tile(param, param_1, push, v_70, v_85, v_114, v_164, v_178, v_205, gl_LocalInvocationID, v_288, v_499, pool, v_1040, v_1718);
            }
        }
        return;
    }
    uint3 _1805 = push.first.xyz + gl_WorkGroupID;
    uint _1806 = _1805.y;
    for (uint r = _1806; r < push.rows; r += push.groups.y)
    {
        uint3 _1821 = push.first.xyz + gl_WorkGroupID;
        uint _1822 = _1821.x;
        for (uint head_1 = _1822; head_1 < push.heads; head_1 += push.groups.x)
        {
            uint param_2 = r;
            uint param_3 = head_1;
            attend(param_2, param_3, push, v_70, v_85, v_114, v_164, v_178, v_205, gl_LocalInvocationID, v_288, v_499, pool, v_1040);
        }
    }
}

