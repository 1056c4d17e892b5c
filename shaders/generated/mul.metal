#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

struct Push
{
    uint4 offset;
    uint4 first;
    uint4 groups;
    uint count;
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

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

kernel void zc_mul(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], device void* spvBufferAliasSet0Binding3 [[buffer(3)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& _123 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& _133 = *(const device Y4*)spvBufferAliasSet0Binding2;
    device auto& _187 = *(device Out4*)spvBufferAliasSet0Binding3;
    device auto& _309 = *(device Out1*)spvBufferAliasSet0Binding3;
    const device auto& _317 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& _328 = *(const device Y1*)spvBufferAliasSet0Binding2;
    uint me = gl_LocalInvocationID.x;
    uint group = ((push.first.xyz + gl_WorkGroupID).y * push.groups.x) + (push.first.xyz + gl_WorkGroupID).x;
    bool alike = (((push.offset.x ^ push.offset.z) | (push.offset.y ^ push.offset.z)) & 3u) == 0u;
    uint head = min(((0u - push.offset.z) & 3u), push.count);
    uint _74;
    if (alike)
    {
        _74 = (push.count - head) / 4u;
    }
    else
    {
        _74 = 0u;
    }
    uint vectors = _74;
    uint x_base = (push.offset.x + head) / 4u;
    uint y_base = (push.offset.y + head) / 4u;
    uint out_base = (push.offset.z + head) / 4u;
    uint i = (group * 1024u) + me;
    if ((i + 768u) < vectors)
    {
        float4 r0 = _123.x4[x_base + i] * _133.y4[y_base + i];
        float4 r1 = _123.x4[x_base + (i + 256u)] * _133.y4[y_base + (i + 256u)];
        float4 r2 = _123.x4[x_base + (i + 512u)] * _133.y4[y_base + (i + 512u)];
        float4 r3 = _123.x4[x_base + (i + 768u)] * _133.y4[y_base + (i + 768u)];
        _187.out4[out_base + i] = r0;
        _187.out4[(out_base + i) + 256u] = r1;
        _187.out4[(out_base + i) + 512u] = r2;
        _187.out4[(out_base + i) + 768u] = r3;
    }
    else
    {
        for (; i < vectors; i += 256u)
        {
            _187.out4[out_base + i] = _123.x4[x_base + i] * _133.y4[y_base + i];
        }
    }
    uint from;
    uint end;
    if (alike)
    {
        uint _244;
        if (me < head)
        {
            _244 = me;
        }
        else
        {
            _244 = me + (4u * vectors);
        }
        from = _244;
        bool _256 = group == 0u;
        bool _263;
        if (_256)
        {
            _263 = from < push.count;
        }
        else
        {
            _263 = _256;
        }
        uint _264;
        if (_263)
        {
            _264 = from + 1u;
        }
        else
        {
            _264 = 0u;
        }
        end = _264;
    }
    else
    {
        uint first = group * 4096u;
        from = first + me;
        uint _284;
        if (group <= (push.count / 4096u))
        {
            _284 = first + min((push.count - first), 4096u);
        }
        else
        {
            _284 = 0u;
        }
        end = _284;
    }
    for (uint e = from; e < end; e += 256u)
    {
        _309.out1[push.offset.z + e] = _317.x1[push.offset.x + e] * _328.y1[push.offset.y + e];
    }
}

