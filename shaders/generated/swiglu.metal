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
    uint ldgate;
    uint ldup;
    uint ldout;
};

struct Out1
{
    float out1[1];
};

struct Gate1
{
    float gate1[1];
};

struct Up1
{
    float up1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
float silu(thread const float& x)
{
    return x / (1.0 + exp(-x));
}

kernel void zc_swiglu(constant Push& push [[buffer(0)]], const device Gate1& _97 [[buffer(1)]], const device Up1& _116 [[buffer(2)]], device Out1& _81 [[buffer(3)]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]])
{
    uint3 _38 = push.first.xyz + gl_WorkGroupID;
    uint _40 = _38.y;
    for (uint r = _40; r < push.rows; r += push.groups.y)
    {
        uint _67 = ((push.first.xyz + gl_WorkGroupID).x * 256u) + gl_LocalInvocationID.x;
        for (uint c = _67; c < push.cols; c += (push.groups.x * 256u))
        {
            float param = _97.gate1[(push.offset.x + (r * push.ldgate)) + c];
            _81.out1[(push.offset.z + (r * push.ldout)) + c] = silu(param) * _116.up1[(push.offset.y + (r * push.ldup)) + c];
        }
    }
}

