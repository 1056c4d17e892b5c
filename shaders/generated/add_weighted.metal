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
    uint slots;
    uint ldx;
    uint ldout;
};

struct Out1
{
    float out1[1];
};

struct Weights1
{
    float weights1[1];
};

struct X1
{
    float x1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

kernel void zc_add_weighted(constant Push& push [[buffer(0)]], const device X1& _118 [[buffer(1)]], const device Weights1& _108 [[buffer(2)]], device Out1& _82 [[buffer(3)]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]])
{
    uint3 _23 = push.first.xyz + gl_WorkGroupID;
    uint _25 = _23.y;
    for (uint r = _25; r < push.rows; r += push.groups.y)
    {
        uint _52 = ((push.first.xyz + gl_WorkGroupID).x * 256u) + gl_LocalInvocationID.x;
        for (uint c = _52; c < push.cols; c += (push.groups.x * 256u))
        {
            uint to = (push.offset.z + (r * push.ldout)) + c;
            float sum = _82.out1[to];
            uint _92 = r * push.slots;
            for (uint s = _92; s < ((r + 1u) * push.slots); s++)
            {
                sum += (_108.weights1[push.offset.y + s] * _118.x1[(push.offset.x + (s * push.ldx)) + c]);
            }
            _82.out1[to] = sum;
        }
    }
}

