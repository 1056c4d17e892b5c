#pragma clang diagnostic ignored "-Wmissing-prototypes"

#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

struct Push
{
    uint4 offset;
    uint4 first;
    uint4 groups;
    uint rows;
    uint experts;
    uint used;
    uint ldx;
    uint mode;
    float scale;
};

struct X1
{
    uint x1[1];
};

struct Ids1
{
    uint ids1[1];
};

struct Weights1
{
    float weights1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
uint order_of(thread const uint& bits)
{
    if ((bits & 2147483647u) > 2139095040u)
    {
        return 4294967295u;
    }
    if (bits == 2147483648u)
    {
        return 2147483648u;
    }
    uint _80;
    if ((bits & 2147483648u) != 0u)
    {
        _80 = ~bits;
    }
    else
    {
        _80 = bits ^ 2147483648u;
    }
    return _80;
}

static inline __attribute__((always_inline))
float group_sum(thread float& value, threadgroup float (&group_partial)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups)
{
    value = simd_sum(value);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _24 = simd_is_first();
    if (_24)
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

kernel void zc_route(constant Push& push [[buffer(0)]], const device X1& _141 [[buffer(1)]], device Ids1& _314 [[buffer(2)]], device Weights1& _331 [[buffer(3)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    threadgroup float group_partial[256];
    threadgroup uint bits[1024];
    threadgroup uint keys[1024];
    threadgroup uint chosen[64];
    uint me = gl_LocalInvocationID.x;
    uint3 _108 = push.first.xyz + gl_WorkGroupID;
    uint _109 = _108.x;
    float _259;
    float _344;
    for (uint r = _109; r < push.rows; r += push.groups.x)
    {
        threadgroup_barrier(mem_flags::mem_threadgroup);
        for (uint i = me; i < push.experts; i += 256u)
        {
            bits[i] = _141.x1[(push.offset.x + (r * push.ldx)) + i];
            uint param = bits[i];
            keys[i] = order_of(param);
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
        for (uint i_1 = me; i_1 < push.experts; i_1 += 256u)
        {
            uint key = keys[i_1];
            uint place = 0u;
            for (uint j = 0u; j < push.experts; j++)
            {
                bool _198 = keys[j] > key;
                bool _211;
                if (!_198)
                {
                    _211 = (keys[j] == key) && (j < i_1);
                }
                else
                {
                    _211 = _198;
                }
                place += uint(_211);
            }
            if (place < push.used)
            {
                chosen[place] = i_1;
            }
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
        float top = as_type<float>(bits[chosen[0]]);
        float weight = 0.0;
        float sum = 0.0;
        if (me < push.used)
        {
            float logit = as_type<float>(bits[chosen[me]]);
            if (push.mode >= 2u)
            {
                _259 = 1.0 / (1.0 + exp(-logit));
            }
            else
            {
                _259 = exp(logit - top);
            }
            weight = _259;
            sum = weight;
        }
        if (push.mode == 0u)
        {
            sum = 0.0;
            for (uint i_2 = me; i_2 < push.experts; i_2 += 256u)
            {
                sum += exp(as_type<float>(bits[i_2]) - top);
            }
        }
        float param_1 = sum;
        float _304 = group_sum(param_1, group_partial, gl_SubgroupID, gl_NumSubgroups);
        sum = _304;
        if (me < push.used)
        {
            _314.ids1[(push.offset.y + (r * push.used)) + me] = chosen[me];
            if (push.mode == 2u)
            {
                _344 = weight * push.scale;
            }
            else
            {
                _344 = weight * (push.scale / sum);
            }
            _331.weights1[(push.offset.z + (r * push.used)) + me] = _344;
        }
    }
}

