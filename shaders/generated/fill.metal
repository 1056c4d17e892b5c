#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

struct Push
{
    uint4 offset;
    uint4 first;
    uint4 groups;
    uint count;
    uint pattern;
};

struct Out4
{
    uint4 out4[1];
};

struct Out1
{
    uint out1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

kernel void zc_fill(constant Push& push [[buffer(0)]], device void* spvBufferAliasSet0Binding1 [[buffer(1)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    device auto& _136 = *(device Out4*)spvBufferAliasSet0Binding1;
    device auto& _253 = *(device Out1*)spvBufferAliasSet0Binding1;
    uint me = gl_LocalInvocationID.x;
    uint group = ((push.first.xyz + gl_WorkGroupID).y * push.groups.x) + (push.first.xyz + gl_WorkGroupID).x;
    bool alike = (((push.offset.x ^ push.offset.x) | (push.offset.x ^ push.offset.x)) & 3u) == 0u;
    uint head = min(((0u - push.offset.x) & 3u), push.count);
    uint _73;
    if (alike)
    {
        _73 = (push.count - head) / 4u;
    }
    else
    {
        _73 = 0u;
    }
    uint vectors = _73;
    uint x_base = (push.offset.x + head) / 4u;
    uint y_base = (push.offset.x + head) / 4u;
    uint out_base = (push.offset.x + head) / 4u;
    uint i = (group * 1024u) + me;
    if ((i + 768u) < vectors)
    {
        uint4 r0 = uint4(push.pattern);
        uint4 r1 = uint4(push.pattern);
        uint4 r2 = uint4(push.pattern);
        uint4 r3 = uint4(push.pattern);
        _136.out4[out_base + i] = r0;
        _136.out4[(out_base + i) + 256u] = r1;
        _136.out4[(out_base + i) + 512u] = r2;
        _136.out4[(out_base + i) + 768u] = r3;
    }
    else
    {
        for (; i < vectors; i += 256u)
        {
            _136.out4[out_base + i] = uint4(push.pattern);
        }
    }
    uint from;
    uint end;
    if (alike)
    {
        uint _188;
        if (me < head)
        {
            _188 = me;
        }
        else
        {
            _188 = me + (4u * vectors);
        }
        from = _188;
        bool _200 = group == 0u;
        bool _207;
        if (_200)
        {
            _207 = from < push.count;
        }
        else
        {
            _207 = _200;
        }
        uint _208;
        if (_207)
        {
            _208 = from + 1u;
        }
        else
        {
            _208 = 0u;
        }
        end = _208;
    }
    else
    {
        uint first = group * 4096u;
        from = first + me;
        uint _228;
        if (group <= (push.count / 4096u))
        {
            _228 = first + min((push.count - first), 4096u);
        }
        else
        {
            _228 = 0u;
        }
        end = _228;
    }
    for (uint e = from; e < end; e += 256u)
    {
        _253.out1[push.offset.x + e] = push.pattern;
    }
}

