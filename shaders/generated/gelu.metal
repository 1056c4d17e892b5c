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
    uint tanh_;
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
float gelu_tanh(thread const float& x)
{
    return x / (1.0 + exp((-1.5957691669464111328125) * (x + (((0.0447149984538555145263671875 * x) * x) * x))));
}

static inline __attribute__((always_inline))
float gelu_erf(thread const float& x)
{
    float y = x * 0.707106769084930419921875;
    float z = fast::min(y * y, 16.0);
    float p = -2.7261423674040941023122286424041e-10;
    p = (p * z) + 2.7706814620387376635335385799408e-08;
    p = (p * z) - 2.101023937939316965639591217041e-06;
    p = (p * z) - 5.6925062381196767091751098632812e-05;
    p = (p * z) - 0.0007349906372837722301483154296875;
    p = (p * z) - 0.0029545999132096767425537109375;
    p = (p * z) - 0.016096033155918121337890625;
    float q = -1.4566071513399947434663772583008e-05;
    q = (q * z) - 0.00021337404905352741479873657226562;
    q = (q * z) - 0.00168282701633870601654052734375;
    q = (q * z) - 0.0073733292520046234130859375;
    q = (q * z) - 0.014264739118516445159912109375;
    float _94;
    if (abs(y) > 3.900000095367431640625)
    {
        _94 = sign(y);
    }
    else
    {
        _94 = (y * p) / q;
    }
    float erf = _94;
    return (0.5 * x) * (1.0 + erf);
}

static inline __attribute__((always_inline))
float gelu(thread const float& x, constant Push& push)
{
    float _144;
    if (push.tanh_ != 0u)
    {
        float param = x;
        _144 = gelu_tanh(param);
    }
    else
    {
        float param_1 = x;
        _144 = gelu_erf(param_1);
    }
    return _144;
}

static inline __attribute__((always_inline))
float4 gelu(thread const float4& x, constant Push& push)
{
    float param = x.x;
    float param_1 = x.y;
    float param_2 = x.z;
    float param_3 = x.w;
    return float4(gelu(param, push), gelu(param_1, push), gelu(param_2, push), gelu(param_3, push));
}

kernel void zc_gelu(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], device void* spvBufferAliasSet0Binding2 [[buffer(2)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& _281 = *(const device X4*)spvBufferAliasSet0Binding1;
    device auto& _322 = *(device Out4*)spvBufferAliasSet0Binding2;
    device auto& _440 = *(device Out1*)spvBufferAliasSet0Binding2;
    const device auto& _448 = *(const device X1*)spvBufferAliasSet0Binding1;
    uint me = gl_LocalInvocationID.x;
    uint group = ((push.first.xyz + gl_WorkGroupID).y * push.groups.x) + (push.first.xyz + gl_WorkGroupID).x;
    bool alike = (((push.offset.x ^ push.offset.y) | (push.offset.y ^ push.offset.y)) & 3u) == 0u;
    uint head = min(((0u - push.offset.y) & 3u), push.count);
    uint _235;
    if (alike)
    {
        _235 = (push.count - head) / 4u;
    }
    else
    {
        _235 = 0u;
    }
    uint vectors = _235;
    uint x_base = (push.offset.x + head) / 4u;
    uint y_base = (push.offset.y + head) / 4u;
    uint out_base = (push.offset.y + head) / 4u;
    uint i = (group * 1024u) + me;
    if ((i + 768u) < vectors)
    {
        float4 param = _281.x4[x_base + i];
        float4 r0 = gelu(param, push);
        float4 param_1 = _281.x4[x_base + (i + 256u)];
        float4 r1 = gelu(param_1, push);
        float4 param_2 = _281.x4[x_base + (i + 512u)];
        float4 r2 = gelu(param_2, push);
        float4 param_3 = _281.x4[x_base + (i + 768u)];
        float4 r3 = gelu(param_3, push);
        _322.out4[out_base + i] = r0;
        _322.out4[(out_base + i) + 256u] = r1;
        _322.out4[(out_base + i) + 512u] = r2;
        _322.out4[(out_base + i) + 768u] = r3;
    }
    else
    {
        for (; i < vectors; i += 256u)
        {
            float4 param_4 = _281.x4[x_base + i];
            _322.out4[out_base + i] = gelu(param_4, push);
        }
    }
    uint from;
    uint end;
    if (alike)
    {
        uint _375;
        if (me < head)
        {
            _375 = me;
        }
        else
        {
            _375 = me + (4u * vectors);
        }
        from = _375;
        bool _387 = group == 0u;
        bool _394;
        if (_387)
        {
            _394 = from < push.count;
        }
        else
        {
            _394 = _387;
        }
        uint _395;
        if (_394)
        {
            _395 = from + 1u;
        }
        else
        {
            _395 = 0u;
        }
        end = _395;
    }
    else
    {
        uint first = group * 4096u;
        from = first + me;
        uint _415;
        if (group <= (push.count / 4096u))
        {
            _415 = first + min((push.count - first), 4096u);
        }
        else
        {
            _415 = 0u;
        }
        end = _415;
    }
    for (uint e = from; e < end; e += 256u)
    {
        float param_5 = _448.x1[push.offset.x + e];
        _440.out1[push.offset.y + e] = gelu(param_5, push);
    }
}

