#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

struct Push
{
    uint4 offset;
    uint4 first;
    uint4 groups;
    uint count;
    float alpha;
    float beta;
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

kernel void zc_axpby(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], device void* spvBufferAliasSet0Binding3 [[buffer(3)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& _127 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& _141 = *(const device Y4*)spvBufferAliasSet0Binding2;
    device auto& _214 = *(device Out4*)spvBufferAliasSet0Binding3;
    device auto& _342 = *(device Out1*)spvBufferAliasSet0Binding3;
    const device auto& _352 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& _366 = *(const device Y1*)spvBufferAliasSet0Binding2;
    uint me = gl_LocalInvocationID.x;
    uint group = ((push.first.xyz + gl_WorkGroupID).y * push.groups.x) + (push.first.xyz + gl_WorkGroupID).x;
    bool alike = (((push.offset.x ^ push.offset.z) | (push.offset.y ^ push.offset.z)) & 3u) == 0u;
    uint head = min(((0u - push.offset.z) & 3u), push.count);
    uint _75;
    if (alike)
    {
        _75 = (push.count - head) / 4u;
    }
    else
    {
        _75 = 0u;
    }
    uint vectors = _75;
    uint x_base = (push.offset.x + head) / 4u;
    uint y_base = (push.offset.y + head) / 4u;
    uint out_base = (push.offset.z + head) / 4u;
    uint i = (group * 1024u) + me;
    if ((i + 768u) < vectors)
    {
        float4 r0 = (_127.x4[x_base + i] * push.alpha) + (_141.y4[y_base + i] * push.beta);
        float4 r1 = (_127.x4[x_base + (i + 256u)] * push.alpha) + (_141.y4[y_base + (i + 256u)] * push.beta);
        float4 r2 = (_127.x4[x_base + (i + 512u)] * push.alpha) + (_141.y4[y_base + (i + 512u)] * push.beta);
        float4 r3 = (_127.x4[x_base + (i + 768u)] * push.alpha) + (_141.y4[y_base + (i + 768u)] * push.beta);
        _214.out4[out_base + i] = r0;
        _214.out4[(out_base + i) + 256u] = r1;
        _214.out4[(out_base + i) + 512u] = r2;
        _214.out4[(out_base + i) + 768u] = r3;
    }
    else
    {
        for (; i < vectors; i += 256u)
        {
            _214.out4[out_base + i] = (_127.x4[x_base + i] * push.alpha) + (_141.y4[y_base + i] * push.beta);
        }
    }
    uint from;
    uint end;
    if (alike)
    {
        uint _277;
        if (me < head)
        {
            _277 = me;
        }
        else
        {
            _277 = me + (4u * vectors);
        }
        from = _277;
        bool _289 = group == 0u;
        bool _296;
        if (_289)
        {
            _296 = from < push.count;
        }
        else
        {
            _296 = _289;
        }
        uint _297;
        if (_296)
        {
            _297 = from + 1u;
        }
        else
        {
            _297 = 0u;
        }
        end = _297;
    }
    else
    {
        uint first = group * 4096u;
        from = first + me;
        uint _317;
        if (group <= (push.count / 4096u))
        {
            _317 = first + min((push.count - first), 4096u);
        }
        else
        {
            _317 = 0u;
        }
        end = _317;
    }
    for (uint e = from; e < end; e += 256u)
    {
        _342.out1[push.offset.z + e] = (push.alpha * _352.x1[push.offset.x + e]) + (push.beta * _366.y1[push.offset.y + e]);
    }
}

