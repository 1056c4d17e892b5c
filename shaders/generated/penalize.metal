#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

struct Ids1
{
    uint ids1[1];
};

struct Push
{
    uint4 offset;
    uint4 first;
    uint4 groups;
    uint cols;
    uint capacity;
    float penalty;
};

struct X1
{
    float x1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

kernel void zc_penalize(constant Push& push [[buffer(0)]], const device Ids1& _12 [[buffer(1)]], device X1& _81 [[buffer(2)]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]])
{
    uint count = min(_12.ids1[push.offset.x], push.capacity);
    uint _49 = ((push.first.xyz + gl_WorkGroupID).x * 256u) + gl_LocalInvocationID.x;
    float _90;
    for (uint i = _49; i < count; i += (push.groups.x * 256u))
    {
        uint at = push.offset.y + min(_12.ids1[(push.offset.x + 1u) + i], (push.cols - 1u));
        float x = _81.x1[at];
        if (x > 0.0)
        {
            _90 = x / push.penalty;
        }
        else
        {
            _90 = x * push.penalty;
        }
        _81.x1[at] = _90;
    }
}

