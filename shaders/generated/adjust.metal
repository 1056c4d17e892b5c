#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

struct Entries1
{
    uint entries1[1];
};

struct Push
{
    uint4 offset;
    uint4 first;
    uint4 groups;
    uint entries;
    uint count;
};

struct X1
{
    float x1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

kernel void zc_adjust(constant Push& push [[buffer(0)]], const device Entries1& _12 [[buffer(1)]], device X1& _98 [[buffer(2)]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]])
{
    uint entries = min(_12.entries1[push.offset.x], push.entries);
    uint _48 = ((push.first.xyz + gl_WorkGroupID).x * 256u) + gl_LocalInvocationID.x;
    float _107;
    for (uint i = _48; i < entries; i += (push.groups.x * 256u))
    {
        uint entry = push.offset.x + (4u * (i + 1u));
        uint at = push.offset.y + min(_12.entries1[entry], (push.count - 1u));
        float penalty = as_type<float>(_12.entries1[entry + 1u]);
        float add = as_type<float>(_12.entries1[entry + 2u]);
        float x = _98.x1[at];
        if (x > 0.0)
        {
            _107 = x / penalty;
        }
        else
        {
            _107 = x * penalty;
        }
        _98.x1[at] = _107 + add;
    }
}

