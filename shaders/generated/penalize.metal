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
    uint cols;
    uint capacity;
    float penalty;
};

struct X1
{
    float x1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

kernel void zc_penalize(constant Push& push [[buffer(0)]], const device Ids1& _12 [[buffer(1)]], device X1& _69 [[buffer(2)]], uint3 gl_GlobalInvocationID [[thread_position_in_grid]], uint3 gl_NumWorkGroups [[threadgroups_per_grid]])
{
    uint count = min(_12.ids1[push.offset.x], push.capacity);
    float _78;
    for (uint i = gl_GlobalInvocationID.x; i < count; i += (gl_NumWorkGroups.x * 256u))
    {
        uint at = push.offset.y + min(_12.ids1[(push.offset.x + 1u) + i], (push.cols - 1u));
        float x = _69.x1[at];
        if (x > 0.0)
        {
            _78 = x / push.penalty;
        }
        else
        {
            _78 = x * push.penalty;
        }
        _69.x1[at] = _78;
    }
}

