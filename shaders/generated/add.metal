#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

struct Push
{
    uint4 offset;
    uint count;
};

struct Out1
{
    float out1[1];
};

struct X1
{
    float x1[1];
};

struct Y1
{
    float y1[1];
};

struct X4
{
    float4 x4[1];
};

struct Y4
{
    float4 y4[1];
};

struct Out4
{
    float4 out4[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

kernel void zc_add(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], device void* spvBufferAliasSet0Binding3 [[buffer(3)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_NumWorkGroups [[threadgroups_per_grid]])
{
    const device auto& _96 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& _107 = *(const device Y1*)spvBufferAliasSet0Binding2;
    device auto& _88 = *(device Out1*)spvBufferAliasSet0Binding3;
    const device auto& _192 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& _202 = *(const device Y4*)spvBufferAliasSet0Binding2;
    device auto& _257 = *(device Out4*)spvBufferAliasSet0Binding3;
    uint me = gl_LocalInvocationID.x;
    uint first = gl_WorkGroupID.x * 1024u;
    uint _step = gl_NumWorkGroups.x * 1024u;
    if ((((push.offset.x ^ push.offset.z) | (push.offset.y ^ push.offset.z)) & 3u) == 0u)
    {
        uint head = min(((0u - push.offset.z) & 3u), push.count);
        uint vectors = (push.count - head) / 4u;
        uint tail = head + (4u * vectors);
        if (gl_WorkGroupID.x == 0u)
        {
            if (me < head)
            {
                _88.out1[push.offset.z + me] = _96.x1[push.offset.x + me] + _107.y1[push.offset.y + me];
            }
            if (me < (push.count - tail))
            {
                _88.out1[(push.offset.z + tail) + me] = _96.x1[push.offset.x + (tail + me)] + _107.y1[push.offset.y + (tail + me)];
            }
        }
        uint x_base = (push.offset.x + head) / 4u;
        uint y_base = (push.offset.y + head) / 4u;
        uint out_base = (push.offset.z + head) / 4u;
        for (uint from = first; from < vectors; from += _step)
        {
            uint i = from + me;
            if ((vectors - from) >= 1024u)
            {
                float4 r0 = _192.x4[x_base + i] + _202.y4[y_base + i];
                float4 r1 = _192.x4[x_base + (i + 256u)] + _202.y4[y_base + (i + 256u)];
                float4 r2 = _192.x4[x_base + (i + 512u)] + _202.y4[y_base + (i + 512u)];
                float4 r3 = _192.x4[x_base + (i + 768u)] + _202.y4[y_base + (i + 768u)];
                _257.out4[out_base + i] = r0;
                _257.out4[(out_base + i) + 256u] = r1;
                _257.out4[(out_base + i) + 512u] = r2;
                _257.out4[(out_base + i) + 768u] = r3;
            }
            else
            {
                for (; i < vectors; i += 256u)
                {
                    _257.out4[out_base + i] = _192.x4[x_base + i] + _202.y4[y_base + i];
                }
            }
        }
    }
    else
    {
        uint from_1 = first;
        while (from_1 < push.count)
        {
            uint left = push.count - from_1;
            uint i_1 = from_1 + me;
            if (left >= 1024u)
            {
                float r0_1 = _96.x1[push.offset.x + i_1] + _107.y1[push.offset.y + i_1];
                float r1_1 = _96.x1[push.offset.x + (i_1 + 256u)] + _107.y1[push.offset.y + (i_1 + 256u)];
                float r2_1 = _96.x1[push.offset.x + (i_1 + 512u)] + _107.y1[push.offset.y + (i_1 + 512u)];
                float r3_1 = _96.x1[push.offset.x + (i_1 + 768u)] + _107.y1[push.offset.y + (i_1 + 768u)];
                _88.out1[push.offset.z + i_1] = r0_1;
                _88.out1[(push.offset.z + i_1) + 256u] = r1_1;
                _88.out1[(push.offset.z + i_1) + 512u] = r2_1;
                _88.out1[(push.offset.z + i_1) + 768u] = r3_1;
            }
            else
            {
                for (uint j = me; j < left; j += 256u)
                {
                    _88.out1[(push.offset.z + from_1) + j] = _96.x1[push.offset.x + (from_1 + j)] + _107.y1[push.offset.y + (from_1 + j)];
                }
            }
            if (left <= _step)
            {
                break;
            }
            from_1 += _step;
        }
    }
}

