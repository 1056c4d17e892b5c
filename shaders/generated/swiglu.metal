#pragma clang diagnostic ignored "-Wmissing-prototypes"

#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

struct Push
{
    uint4 offset;
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

kernel void zc_swiglu(constant Push& push [[buffer(0)]], const device Gate1& _82 [[buffer(1)]], const device Up1& _101 [[buffer(2)]], device Out1& _66 [[buffer(3)]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_GlobalInvocationID [[thread_position_in_grid]], uint3 gl_NumWorkGroups [[threadgroups_per_grid]])
{
    for (uint r = gl_WorkGroupID.y; r < push.rows; r += gl_NumWorkGroups.y)
    {
        for (uint c = gl_GlobalInvocationID.x; c < push.cols; c += (gl_NumWorkGroups.x * 256u))
        {
            float param = _82.gate1[(push.offset.x + (r * push.ldgate)) + c];
            _66.out1[(push.offset.z + (r * push.ldout)) + c] = silu(param) * _101.up1[(push.offset.y + (r * push.ldup)) + c];
        }
    }
}

