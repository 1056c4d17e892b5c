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

kernel void zc_append(constant Push& push [[buffer(0)]], const device X1& _113 [[buffer(1)]], const device Positions1& _58 [[buffer(2)]], device Out1& _103 [[buffer(3)]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_GlobalInvocationID [[thread_position_in_grid]], uint3 gl_NumWorkGroups [[threadgroups_per_grid]])
{
    uint pairs = (push.cols / 2u) + (push.cols & 1u);
    for (uint r = gl_WorkGroupID.y; r < push.rows; r += gl_NumWorkGroups.y)
    {
        uint x = push.offset.x + (r * push.ldx);
        uint row = min(_58.positions1[push.offset.y + r], (push.capacity - 1u));
        for (uint i = gl_GlobalInvocationID.x; i < pairs; i += (gl_NumWorkGroups.x * 256u))
        {
            uint c = 2u * i;
            uint index = (row * push.ldout) + c;
            if (push.out_type == 1u)
            {
                _103.out1[push.offset.z + (index / 2u)] = as_type<uint>(half2(float2(_113.x1[x + c], _113.x1[(x + c) + 1u])));
                continue;
            }
            _103.out1[push.offset.z + index] = as_type<uint>(_113.x1[x + c]);
            if ((c + 1u) < push.cols)
            {
                _103.out1[(push.offset.z + index) + 1u] = as_type<uint>(_113.x1[(x + c) + 1u]);
            }
        }
    }
}

