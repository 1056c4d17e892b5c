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
    uint cols;
    uint ldx;
    uint ldout;
    float eps;
};

struct X1
{
    float x1[1];
};

struct Out1
{
    float out1[1];
};

struct Weight1
{
    float weight1[1];
};

struct Bias1
{
    float bias1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
float group_sum(thread float& value, threadgroup float (&group_partial)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups)
{
    value = simd_sum(value);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _19 = simd_is_first();
    if (_19)
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

kernel void zc_layer_norm(constant Push& push [[buffer(0)]], const device X1& _123 [[buffer(1)]], const device Weight1& _213 [[buffer(2)]], const device Bias1& _225 [[buffer(3)]], device Out1& _197 [[buffer(4)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    threadgroup float group_partial[256];
    uint me = gl_LocalInvocationID.x;
    uint3 _75 = push.first.xyz + gl_WorkGroupID;
    uint _76 = _75.x;
    for (uint r = _76; r < push.rows; r += push.groups.x)
    {
        uint x = push.offset.x + (r * push.ldx);
        uint to = push.offset.w + (r * push.ldout);
        float sum = 0.0;
        for (uint c = me; c < push.cols; c += 256u)
        {
            sum += _123.x1[x + c];
        }
        float param = sum;
        float _137 = group_sum(param, group_partial, gl_SubgroupID, gl_NumSubgroups);
        float mean = _137 / float(push.cols);
        float squares = 0.0;
        for (uint c_1 = me; c_1 < push.cols; c_1 += 256u)
        {
            float difference = _123.x1[x + c_1] - mean;
            squares += (difference * difference);
        }
        float param_1 = squares;
        float _172 = group_sum(param_1, group_partial, gl_SubgroupID, gl_NumSubgroups);
        float scale = rsqrt((_172 / float(push.cols)) + push.eps);
        for (uint c_2 = me; c_2 < push.cols; c_2 += 256u)
        {
            _197.out1[to + c_2] = (((_123.x1[x + c_2] - mean) * scale) * _213.weight1[push.offset.y + c_2]) + _225.bias1[push.offset.z + c_2];
        }
    }
}

