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

struct Push
{
    uint4 offset;
    uint4 offset2;
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

struct Spans1
{
    uint spans1[1];
};

struct Q1
{
    float q1[1];
};

struct Out1
{
    float out1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
float4 key_quad(thread const uint& index, constant Push& push, const device K2& v_110, const device K1& v_120, const device K4& v_160)
{
    if (push.kv_type == 1u)
    {
        uint at = push.offset.y + (index / 2u);
        uint2 pairs;
        if (((push.offset.y | (push.ldk / 2u)) & 1u) == 0u)
        {
            pairs = v_110.k2[at / 2u];
        }
        else
        {
            pairs = uint2(v_120.k1[at], v_120.k1[at + 1u]);
        }
        return float4(float2(as_type<half2>(pairs.x)), float2(as_type<half2>(pairs.y)));
    }
    uint at_1 = push.offset.y + index;
    if (((push.offset.y | push.ldk) & 3u) == 0u)
    {
        return as_type<float4>(v_160.k4[at_1 / 4u]);
    }
    return as_type<float4>(uint4(v_120.k1[at_1], v_120.k1[at_1 + 1u], v_120.k1[at_1 + 2u], v_120.k1[at_1 + 3u]));
}

static inline __attribute__((always_inline))
float group_max(thread float& value, threadgroup float (&group_partial)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups)
{
    value = simd_max(value);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _289 = simd_is_first();
    if (_289)
    {
        group_partial[gl_SubgroupID] = value;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (uint i = 0u; i < gl_NumSubgroups; i++)
    {
        value = fast::max(value, group_partial[i]);
    }
    return value;
}

static inline __attribute__((always_inline))
float4 value_quad(thread const uint& index, constant Push& push, const device V2& v_214, const device V1& v_223, const device V4& v_261)
{
    if (push.kv_type == 1u)
    {
        uint at = push.offset.z + (index / 2u);
        uint2 pairs;
        if (((push.offset.z | (push.ldv / 2u)) & 1u) == 0u)
        {
            pairs = v_214.v2[at / 2u];
        }
        else
        {
            pairs = uint2(v_223.v1[at], v_223.v1[at + 1u]);
        }
        return float4(float2(as_type<half2>(pairs.x)), float2(as_type<half2>(pairs.y)));
    }
    uint at_1 = push.offset.z + index;
    if (((push.offset.z | push.ldv) & 3u) == 0u)
    {
        return as_type<float4>(v_261.v4[at_1 / 4u]);
    }
    return as_type<float4>(uint4(v_223.v1[at_1], v_223.v1[at_1 + 1u], v_223.v1[at_1 + 2u], v_223.v1[at_1 + 3u]));
}

static inline __attribute__((always_inline))
float group_sum(thread float& value, threadgroup float (&group_partial)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups)
{
    value = simd_sum(value);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _36 = simd_is_first();
    if (_36)
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
void attend(thread const uint& r, thread const uint& head, threadgroup float (&group_partial)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, constant Push& push, const device K2& v_110, const device K1& v_120, const device K4& v_160, const device V2& v_214, const device V1& v_223, const device V4& v_261, thread uint3& gl_LocalInvocationID, const device Spans1& v_349, const device Q1& v_427, threadgroup float4 (&scores)[640], threadgroup float (&weights)[128], device Out1& v_812)
{
    uint me = gl_LocalInvocationID.x;
    uint lane = me % 16u;
    uint line = me / 16u;
    uint quads = push.head_size / 4u;
    uint kv = (head / (push.heads / push.kv_heads)) * push.head_size;
    uint begin = min(v_349.spans1[push.offset.w + (2u * r)], push.capacity);
    uint end = min(v_349.spans1[(push.offset.w + (2u * r)) + 1u], push.capacity);
    spvUnsafeArray<float4, 4> query;
    spvUnsafeArray<float4, 4> sums;
    for (uint c = 0u; c < 4u; c++)
    {
        query[c] = float4(0.0);
        sums[c] = float4(0.0);
        if ((lane + (16u * c)) < quads)
        {
            uint at = ((push.offset.x + (r * push.ldq)) + (head * push.head_size)) + (4u * (lane + (16u * c)));
            query[c] = float4(v_427.q1[at], v_427.q1[at + 1u], v_427.q1[at + 2u], v_427.q1[at + 3u]) * push.scale;
        }
    }
    float highest = -3.0000000054977557577780399428115e+38;
    float total = 0.0;
    float _612;
    for (uint first = begin; first < end; first += 128u)
    {
        for (uint i = 0u; i < 8u; i++)
        {
            uint key = (first + line) + (16u * i);
            float score = 0.0;
            if (key < end)
            {
                for (uint c_1 = 0u; c_1 < 4u; c_1++)
                {
                    if ((lane + (16u * c_1)) < quads)
                    {
                        uint param = ((key * push.ldk) + kv) + (4u * (lane + (16u * c_1)));
                        score += dot(query[c_1], key_quad(param, push, v_110, v_120, v_160));
                    }
                }
            }
            ((threadgroup float*)&scores[((line + (16u * i)) * 5u) + (lane / 4u)])[lane & 3u] = score;
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
        float score_1 = -3.0000000054977557577780399428115e+38;
        bool _544 = me < 128u;
        bool _552;
        if (_544)
        {
            _552 = (first + me) < end;
        }
        else
        {
            _552 = _544;
        }
        if (_552)
        {
            float4 sum = scores[me * 5u];
            for (uint i_1 = 1u; i_1 < 4u; i_1++)
            {
                sum += scores[(me * 5u) + i_1];
            }
            score_1 = (sum.x + sum.y) + (sum.z + sum.w);
        }
        float param_1 = score_1;
        float _594 = group_max(param_1, group_partial, gl_SubgroupID, gl_NumSubgroups);
        float next = fast::max(highest, _594);
        float shrink = exp(highest - next);
        highest = next;
        if (me < 128u)
        {
            if ((first + me) < end)
            {
                _612 = exp(score_1 - highest);
            }
            else
            {
                _612 = 0.0;
            }
            float weight = _612;
            weights[me] = weight;
            total = (total * shrink) + weight;
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
        for (uint c_2 = 0u; c_2 < 4u; c_2++)
        {
            sums[c_2] *= shrink;
        }
        for (uint i_2 = 0u; i_2 < 8u; i_2++)
        {
            uint key_1 = (first + line) + (16u * i_2);
            if (key_1 < end)
            {
                float weight_1 = weights[line + (16u * i_2)];
                for (uint c_3 = 0u; c_3 < 4u; c_3++)
                {
                    if ((lane + (16u * c_3)) < quads)
                    {
                        uint param_2 = ((key_1 * push.ldv) + kv) + (4u * (lane + (16u * c_3)));
                        sums[c_3] += (value_quad(param_2, push, v_214, v_223, v_261) * weight_1);
                    }
                }
            }
        }
    }
    float param_3 = total;
    float _720 = group_sum(param_3, group_partial, gl_SubgroupID, gl_NumSubgroups);
    total = _720;
    float _725;
    if (end > begin)
    {
        _725 = 1.0 / total;
    }
    else
    {
        _725 = 0.0;
    }
    float scale = _725;
    for (uint c_4 = 0u; (16u * c_4) < quads; c_4++)
    {
        threadgroup_barrier(mem_flags::mem_threadgroup);
        scores[(line * 16u) + lane] = sums[c_4];
        threadgroup_barrier(mem_flags::mem_threadgroup);
        bool _752 = me < 16u;
        bool _761;
        if (_752)
        {
            _761 = (me + (16u * c_4)) < quads;
        }
        else
        {
            _761 = _752;
        }
        if (_761)
        {
            float4 sum_1 = scores[me];
            for (uint other = 1u; other < 16u; other++)
            {
                sum_1 += scores[(other * 16u) + me];
            }
            sum_1 *= scale;
            uint to = ((push.offset2.x + (r * push.ldout)) + (head * push.head_size)) + (4u * (me + (16u * c_4)));
            v_812.out1[to] = sum_1.x;
            v_812.out1[to + 1u] = sum_1.y;
            v_812.out1[to + 2u] = sum_1.z;
            v_812.out1[to + 3u] = sum_1.w;
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

kernel void zc_attention(constant Push& push [[buffer(0)]], const device Q1& v_427 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], const device void* spvBufferAliasSet0Binding3 [[buffer(3)]], const device Spans1& v_349 [[buffer(4)]], device Out1& v_812 [[buffer(5)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_NumWorkGroups [[threadgroups_per_grid]])
{
    const device auto& v_110 = *(const device K2*)spvBufferAliasSet0Binding2;
    const device auto& v_214 = *(const device V2*)spvBufferAliasSet0Binding3;
    const device auto& v_120 = *(const device K1*)spvBufferAliasSet0Binding2;
    const device auto& v_160 = *(const device K4*)spvBufferAliasSet0Binding2;
    const device auto& v_223 = *(const device V1*)spvBufferAliasSet0Binding3;
    const device auto& v_261 = *(const device V4*)spvBufferAliasSet0Binding3;
    threadgroup float group_partial[256];
    threadgroup float4 scores[640];
    threadgroup float weights[128];
    for (uint r = gl_WorkGroupID.y; r < push.rows; r += gl_NumWorkGroups.y)
    {
        for (uint head = gl_WorkGroupID.x; head < push.heads; head += gl_NumWorkGroups.x)
        {
            uint param = r;
            uint param_1 = head;
            attend(param, param_1, group_partial, gl_SubgroupID, gl_NumSubgroups, push, v_110, v_120, v_160, v_214, v_223, v_261, gl_LocalInvocationID, v_349, v_427, scores, weights, v_812);
        }
    }
}

