#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

struct Push
{
    uint4 offset;
    uint count;
    uint pattern;
};

struct Out1
{
    uint out1[1];
};

struct Out4
{
    uint4 out4[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

kernel void zc_fill(constant Push& push [[buffer(0)]], device void* spvBufferAliasSet0Binding1 [[buffer(1)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_NumWorkGroups [[threadgroups_per_grid]])
{
    device auto& _85 = *(device Out1*)spvBufferAliasSet0Binding1;
    device auto& _170 = *(device Out4*)spvBufferAliasSet0Binding1;
    uint me = gl_LocalInvocationID.x;
    uint first = gl_WorkGroupID.x * 1024u;
    uint _step = gl_NumWorkGroups.x * 1024u;
    if ((((push.offset.x ^ push.offset.x) | (push.offset.x ^ push.offset.x)) & 3u) == 0u)
    {
        uint head = min(((0u - push.offset.x) & 3u), push.count);
        uint vectors = (push.count - head) / 4u;
        uint tail = head + (4u * vectors);
        if (gl_WorkGroupID.x == 0u)
        {
            if (me < head)
            {
                _85.out1[push.offset.x + me] = push.pattern;
            }
            if (me < (push.count - tail))
            {
                _85.out1[(push.offset.x + tail) + me] = push.pattern;
            }
        }
        uint x_base = (push.offset.x + head) / 4u;
        uint y_base = (push.offset.x + head) / 4u;
        uint out_base = (push.offset.x + head) / 4u;
        for (uint from = first; from < vectors; from += _step)
        {
            uint i = from + me;
            if ((vectors - from) >= 1024u)
            {
                uint4 r0 = uint4(push.pattern);
                uint4 r1 = uint4(push.pattern);
                uint4 r2 = uint4(push.pattern);
                uint4 r3 = uint4(push.pattern);
                _170.out4[out_base + i] = r0;
                _170.out4[(out_base + i) + 256u] = r1;
                _170.out4[(out_base + i) + 512u] = r2;
                _170.out4[(out_base + i) + 768u] = r3;
            }
            else
            {
                for (; i < vectors; i += 256u)
                {
                    _170.out4[out_base + i] = uint4(push.pattern);
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
                uint r0_1 = push.pattern;
                uint r1_1 = push.pattern;
                uint r2_1 = push.pattern;
                uint r3_1 = push.pattern;
                _85.out1[push.offset.x + i_1] = r0_1;
                _85.out1[(push.offset.x + i_1) + 256u] = r1_1;
                _85.out1[(push.offset.x + i_1) + 512u] = r2_1;
                _85.out1[(push.offset.x + i_1) + 768u] = r3_1;
            }
            else
            {
                for (uint j = me; j < left; j += 256u)
                {
                    _85.out1[(push.offset.x + from_1) + j] = push.pattern;
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

