#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

struct Push
{
    uint4 offset;
    uint count;
    float scale;
    float shift;
};

struct Out1
{
    float out1[1];
};

struct X1
{
    float x1[1];
};

struct X4
{
    float4 x4[1];
};

struct Out4
{
    float4 out4[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

kernel void zc_affine(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], device void* spvBufferAliasSet0Binding2 [[buffer(2)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_NumWorkGroups [[threadgroups_per_grid]])
{
    const device auto& _99 = *(const device X1*)spvBufferAliasSet0Binding1;
    device auto& _87 = *(device Out1*)spvBufferAliasSet0Binding2;
    const device auto& _188 = *(const device X4*)spvBufferAliasSet0Binding1;
    device auto& _248 = *(device Out4*)spvBufferAliasSet0Binding2;
    uint me = gl_LocalInvocationID.x;
    uint first = gl_WorkGroupID.x * 1024u;
    uint _step = gl_NumWorkGroups.x * 1024u;
    if ((((push.offset.x ^ push.offset.y) | (push.offset.y ^ push.offset.y)) & 3u) == 0u)
    {
        uint head = min(((0u - push.offset.y) & 3u), push.count);
        uint vectors = (push.count - head) / 4u;
        uint tail = head + (4u * vectors);
        if (gl_WorkGroupID.x == 0u)
        {
            if (me < head)
            {
                _87.out1[push.offset.y + me] = (push.scale * _99.x1[push.offset.x + me]) + push.shift;
            }
            if (me < (push.count - tail))
            {
                _87.out1[(push.offset.y + tail) + me] = (push.scale * _99.x1[push.offset.x + (tail + me)]) + push.shift;
            }
        }
        uint x_base = (push.offset.x + head) / 4u;
        uint y_base = (push.offset.y + head) / 4u;
        uint out_base = (push.offset.y + head) / 4u;
        for (uint from = first; from < vectors; from += _step)
        {
            uint i = from + me;
            if ((vectors - from) >= 1024u)
            {
                float4 r0 = (_188.x4[x_base + i] * push.scale) + float4(push.shift);
                float4 r1 = (_188.x4[x_base + (i + 256u)] * push.scale) + float4(push.shift);
                float4 r2 = (_188.x4[x_base + (i + 512u)] * push.scale) + float4(push.shift);
                float4 r3 = (_188.x4[x_base + (i + 768u)] * push.scale) + float4(push.shift);
                _248.out4[out_base + i] = r0;
                _248.out4[(out_base + i) + 256u] = r1;
                _248.out4[(out_base + i) + 512u] = r2;
                _248.out4[(out_base + i) + 768u] = r3;
            }
            else
            {
                for (; i < vectors; i += 256u)
                {
                    _248.out4[out_base + i] = (_188.x4[x_base + i] * push.scale) + float4(push.shift);
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
                float r0_1 = (push.scale * _99.x1[push.offset.x + i_1]) + push.shift;
                float r1_1 = (push.scale * _99.x1[push.offset.x + (i_1 + 256u)]) + push.shift;
                float r2_1 = (push.scale * _99.x1[push.offset.x + (i_1 + 512u)]) + push.shift;
                float r3_1 = (push.scale * _99.x1[push.offset.x + (i_1 + 768u)]) + push.shift;
                _87.out1[push.offset.y + i_1] = r0_1;
                _87.out1[(push.offset.y + i_1) + 256u] = r1_1;
                _87.out1[(push.offset.y + i_1) + 512u] = r2_1;
                _87.out1[(push.offset.y + i_1) + 768u] = r3_1;
            }
            else
            {
                for (uint j = me; j < left; j += 256u)
                {
                    _87.out1[(push.offset.y + from_1) + j] = (push.scale * _99.x1[push.offset.x + (from_1 + j)]) + push.shift;
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

