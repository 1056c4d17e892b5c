#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

struct Push
{
    uint4 offset;
    uint rows;
    uint cols;
    uint ldx;
    uint ldout;
    uint capacity;
    uint out_type;
};

struct Positions1
{
    uint positions1[1];
};

struct Out1
{
    uint out1[1];
};

struct X1
{
    float x1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

kernel void zc_append(constant Push& push [[buffer(0)]], const device X1& _115 [[buffer(1)]], const device Positions1& _68 [[buffer(2)]], device Out1& _103 [[buffer(3)]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_GlobalInvocationID [[thread_position_in_grid]], uint3 gl_NumWorkGroups [[threadgroups_per_grid]])
{
    bool narrow = push.out_type == 1u;
    uint _24;
    if (narrow)
    {
        _24 = push.cols / 2u;
    }
    else
    {
        _24 = push.cols;
    }
    uint words = _24;
    for (uint r = gl_WorkGroupID.y; r < push.rows; r += gl_NumWorkGroups.y)
    {
        uint x = push.offset.x + (r * push.ldx);
        uint row = min(_68.positions1[push.offset.y + r], (push.capacity - 1u)) * push.ldout;
        for (uint i = gl_GlobalInvocationID.x; i < words; i += (gl_NumWorkGroups.x * 256u))
        {
            if (narrow)
            {
                _103.out1[(push.offset.z + (row / 2u)) + i] = as_type<uint>(half2(float2(_115.x1[x + (2u * i)], _115.x1[(x + (2u * i)) + 1u])));
            }
            else
            {
                _103.out1[(push.offset.z + row) + i] = as_type<uint>(_115.x1[x + i]);
            }
        }
    }
}

