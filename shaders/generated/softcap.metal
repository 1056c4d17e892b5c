#pragma clang diagnostic ignored "-Wmissing-prototypes"

#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

struct Push
{
    uint4 offset;
    uint4 first;
    uint4 groups;
    uint count;
    float cap;
};

struct X4
{
    float4 x4[1];
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

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
float tanh_of(thread const float& x)
{
    float size = abs(x);
    float e = exp((-2.0) * size);
    float z = x * x;
    float series = (((((0.021869488060474395751953125 * z) - 0.0539682544767856597900390625) * z) + 0.13333334028720855712890625) * z) - 0.3333333432674407958984375;
    float large = (1.0 - e) / (1.0 + e);
    float _58;
    if (size < 0.25)
    {
        _58 = x + ((x * z) * series);
    }
    else
    {
        float _72;
        if (x < 0.0)
        {
            _72 = -large;
        }
        else
        {
            _72 = large;
        }
        _58 = _72;
    }
    return _58;
}

static inline __attribute__((always_inline))
float softcap(thread const float& x, constant Push& push)
{
    float param = x / push.cap;
    return push.cap * tanh_of(param);
}

static inline __attribute__((always_inline))
float4 softcap(thread const float4& x, constant Push& push)
{
    float param = x.x;
    float param_1 = x.y;
    float param_2 = x.z;
    float param_3 = x.w;
    return float4(softcap(param, push), softcap(param_1, push), softcap(param_2, push), softcap(param_3, push));
}

kernel void zc_softcap(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], device void* spvBufferAliasSet0Binding2 [[buffer(2)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& _228 = *(const device X4*)spvBufferAliasSet0Binding1;
    device auto& _269 = *(device Out4*)spvBufferAliasSet0Binding2;
    device auto& _387 = *(device Out1*)spvBufferAliasSet0Binding2;
    const device auto& _395 = *(const device X1*)spvBufferAliasSet0Binding1;
    uint me = gl_LocalInvocationID.x;
    uint group = ((push.first.xyz + gl_WorkGroupID).y * push.groups.x) + (push.first.xyz + gl_WorkGroupID).x;
    bool alike = (((push.offset.x ^ push.offset.y) | (push.offset.y ^ push.offset.y)) & 3u) == 0u;
    uint head = min(((0u - push.offset.y) & 3u), push.count);
    uint _182;
    if (alike)
    {
        _182 = (push.count - head) / 4u;
    }
    else
    {
        _182 = 0u;
    }
    uint vectors = _182;
    uint x_base = (push.offset.x + head) / 4u;
    uint y_base = (push.offset.y + head) / 4u;
    uint out_base = (push.offset.y + head) / 4u;
    uint i = (group * 1024u) + me;
    if ((i + 768u) < vectors)
    {
        float4 param = _228.x4[x_base + i];
        float4 r0 = softcap(param, push);
        float4 param_1 = _228.x4[x_base + (i + 256u)];
        float4 r1 = softcap(param_1, push);
        float4 param_2 = _228.x4[x_base + (i + 512u)];
        float4 r2 = softcap(param_2, push);
        float4 param_3 = _228.x4[x_base + (i + 768u)];
        float4 r3 = softcap(param_3, push);
        _269.out4[out_base + i] = r0;
        _269.out4[(out_base + i) + 256u] = r1;
        _269.out4[(out_base + i) + 512u] = r2;
        _269.out4[(out_base + i) + 768u] = r3;
    }
    else
    {
        for (; i < vectors; i += 256u)
        {
            float4 param_4 = _228.x4[x_base + i];
            _269.out4[out_base + i] = softcap(param_4, push);
        }
    }
    uint from;
    uint end;
    if (alike)
    {
        uint _322;
        if (me < head)
        {
            _322 = me;
        }
        else
        {
            _322 = me + (4u * vectors);
        }
        from = _322;
        bool _334 = group == 0u;
        bool _341;
        if (_334)
        {
            _341 = from < push.count;
        }
        else
        {
            _341 = _334;
        }
        uint _342;
        if (_341)
        {
            _342 = from + 1u;
        }
        else
        {
            _342 = 0u;
        }
        end = _342;
    }
    else
    {
        uint first = group * 4096u;
        from = first + me;
        uint _362;
        if (group <= (push.count / 4096u))
        {
            _362 = first + min((push.count - first), 4096u);
        }
        else
        {
            _362 = 0u;
        }
        end = _362;
    }
    for (uint e = from; e < end; e += 256u)
    {
        float param_5 = _395.x1[push.offset.x + e];
        _387.out1[push.offset.y + e] = softcap(param_5, push);
    }
}

