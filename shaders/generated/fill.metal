#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

struct Push
{
    uint4 offset;
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

kernel void zc_fill(constant Push& push [[buffer(0)]], device void* spvBufferAliasSet0Binding1 [[buffer(1)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_NumWorkGroups [[threadgroups_per_grid]])
{
    device auto& _126 = *(device Out4*)spvBufferAliasSet0Binding1;
    device auto& _243 = *(device Out1*)spvBufferAliasSet0Binding1;
    uint me = gl_LocalInvocationID.x;
    uint group = (gl_WorkGroupID.y * gl_NumWorkGroups.x) + gl_WorkGroupID.x;
    bool alike = (((push.offset.x ^ push.offset.x) | (push.offset.x ^ push.offset.x)) & 3u) == 0u;
    uint head = min(((0u - push.offset.x) & 3u), push.count);
    uint _63;
    if (alike)
    {
        _63 = (push.count - head) / 4u;
    }
    else
    {
        _63 = 0u;
    }
    uint vectors = _63;
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
        _126.out4[out_base + i] = r0;
        _126.out4[(out_base + i) + 256u] = r1;
        _126.out4[(out_base + i) + 512u] = r2;
        _126.out4[(out_base + i) + 768u] = r3;
    }
    else
    {
        for (; i < vectors; i += 256u)
        {
            _126.out4[out_base + i] = uint4(push.pattern);
        }
    }
    uint from;
    uint end;
    if (alike)
    {
        uint _178;
        if (me < head)
        {
            _178 = me;
        }
        else
        {
            _178 = me + (4u * vectors);
        }
        from = _178;
        bool _190 = group == 0u;
        bool _197;
        if (_190)
        {
            _197 = from < push.count;
        }
        else
        {
            _197 = _190;
        }
        uint _198;
        if (_197)
        {
            _198 = from + 1u;
        }
        else
        {
            _198 = 0u;
        }
        end = _198;
    }
    else
    {
        uint first = group * 4096u;
        from = first + me;
        uint _218;
        if (group <= (push.count / 4096u))
        {
            _218 = first + min((push.count - first), 4096u);
        }
        else
        {
            _218 = 0u;
        }
        end = _218;
    }
    for (uint e = from; e < end; e += 256u)
    {
        _243.out1[push.offset.x + e] = push.pattern;
    }
}

