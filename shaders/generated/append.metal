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

kernel void zc_append(constant Push& push [[buffer(0)]], const device X1& _130 [[buffer(1)]], const device Positions1& _73 [[buffer(2)]], device Out1& _118 [[buffer(3)]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]])
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
    uint3 _46 = push.first.xyz + gl_WorkGroupID;
    uint _47 = _46.y;
    for (uint r = _47; r < push.rows; r += push.groups.y)
    {
        uint x = push.offset.x + (r * push.ldx);
        uint row = min(_73.positions1[push.offset.y + r], (push.capacity - 1u)) * push.ldout;
        uint _103 = ((push.first.xyz + gl_WorkGroupID).x * 256u) + gl_LocalInvocationID.x;
        for (uint i = _103; i < words; i += (push.groups.x * 256u))
        {
            if (narrow)
            {
                _118.out1[(push.offset.z + (row / 2u)) + i] = as_type<uint>(half2(float2(_130.x1[x + (2u * i)], _130.x1[(x + (2u * i)) + 1u])));
            }
            else
            {
                _118.out1[(push.offset.z + row) + i] = as_type<uint>(_130.x1[x + i]);
            }
        }
    }
}

