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
    uint ldmask;
};

struct Mask1
{
    uint mask1[1];
};

struct X1
{
    uint x1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

kernel void zc_mask(constant Push& push [[buffer(0)]], const device Mask1& _85 [[buffer(1)]], device X1& _105 [[buffer(2)]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]])
{
    uint3 _23 = push.first.xyz + gl_WorkGroupID;
    uint _25 = _23.y;
    for (uint r = _25; r < push.rows; r += push.groups.y)
    {
        uint mask = push.offset.x + (r * push.ldmask);
        uint x = push.offset.y + (r * push.ldx);
        uint _71 = ((push.first.xyz + gl_WorkGroupID).x * 256u) + gl_LocalInvocationID.x;
        for (uint i = _71; i < push.cols; i += (push.groups.x * 256u))
        {
            if (((_85.mask1[mask + (i / 32u)] >> (i & 31u)) & 1u) == 0u)
            {
                _105.x1[x + i] = 4286578688u;
            }
        }
    }
}

