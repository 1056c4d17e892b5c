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

kernel void zc_norm_add(constant Push& push [[buffer(0)]], const device X1& _123 [[buffer(1)]], const device Weight1& _182 [[buffer(2)]], device Out1& _168 [[buffer(3)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    threadgroup float group_partial[256];
    uint me = gl_LocalInvocationID.x;
    uint3 _75 = push.first.xyz + gl_WorkGroupID;
    uint _76 = _75.x;
    for (uint r = _76; r < push.rows; r += push.groups.x)
    {
        uint x = push.offset.x + (r * push.ldx);
        uint to = push.offset.z + (r * push.ldout);
        float squares = 0.0;
        for (uint c = me; c < push.cols; c += 256u)
        {
            squares += (_123.x1[x + c] * _123.x1[x + c]);
        }
        float param = squares;
        float _143 = group_sum(param, group_partial, gl_SubgroupID, gl_NumSubgroups);
        float scale = rsqrt((_143 / float(push.cols)) + push.eps);
        for (uint c_1 = me; c_1 < push.cols; c_1 += 256u)
        {
            uint _171 = to + c_1;
            _168.out1[_171] += ((_123.x1[x + c_1] * scale) * _182.weight1[push.offset.y + c_1]);
        }
    }
}

