#pragma clang diagnostic ignored "-Wmissing-prototypes"

#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

struct X1
{
    float x1[1];
};

struct Push
{
    uint4 offset;
    uint4 first;
    uint4 groups;
    uint rows;
    uint cols;
    uint capacity;
    uint ldx;
    uint ldout;
    uint flags;
};

struct Spans1
{
    uint spans1[1];
};

struct Out1
{
    float out1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
float mean(thread const uint& begin, thread const uint& end, thread const uint& c, const device X1& v_78, constant Push& push)
{
    float sum = 0.0;
    for (uint row = begin; row < end; row++)
    {
        sum += v_78.x1[(push.offset.x + (row * push.ldx)) + c];
    }
    float _105;
    if (end > begin)
    {
        _105 = sum / float(end - begin);
    }
    else
    {
        _105 = 0.0;
    }
    return _105;
}

static inline __attribute__((always_inline))
float group_sum(thread float& value, threadgroup float (&group_partial)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups)
{
    value = simd_sum(value);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _26 = simd_is_first();
    if (_26)
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

kernel void zc_pool(constant Push& push [[buffer(0)]], const device X1& v_78 [[buffer(1)]], const device Spans1& _147 [[buffer(2)]], device Out1& _236 [[buffer(3)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    threadgroup float group_partial[256];
    uint me = gl_LocalInvocationID.x;
    uint3 _131 = push.first.xyz + gl_WorkGroupID;
    uint _132 = _131.x;
    float _215;
    for (uint s = _132; s < push.rows; s += push.groups.x)
    {
        uint begin = min(_147.spans1[push.offset.y + (2u * s)], push.capacity);
        uint end = min(_147.spans1[(push.offset.y + (2u * s)) + 1u], push.capacity);
        float scale = 1.0;
        if ((push.flags & 1u) != 0u)
        {
            float squares = 0.0;
            for (uint c = me; c < push.cols; c += 256u)
            {
                uint param = begin;
                uint param_1 = end;
                uint param_2 = c;
                float value = mean(param, param_1, param_2, v_78, push);
                squares += (value * value);
            }
            float param_3 = squares;
            float _212 = group_sum(param_3, group_partial, gl_SubgroupID, gl_NumSubgroups);
            squares = _212;
            if (squares > 0.0)
            {
                _215 = rsqrt(squares);
            }
            else
            {
                _215 = 0.0;
            }
            scale = _215;
        }
        for (uint c_1 = me; c_1 < push.cols; c_1 += 256u)
        {
            uint param_4 = begin;
            uint param_5 = end;
            uint param_6 = c_1;
            _236.out1[(push.offset.z + (s * push.ldout)) + c_1] = mean(param_4, param_5, param_6, v_78, push) * scale;
        }
    }
}

