#version 450
#extension GL_GOOGLE_include_directive : require
// gelu: out[i] = gelu(x[i]), by erf or by the usual approximation with tanh.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 first, groups;
    uint count;
    uint tanh_;
}
push;

#include "activation.glsl"

float gelu(float x)
{
    return push.tanh_ != 0u ? gelu_tanh(x) : gelu_erf(x);
}

vec4 gelu(vec4 x)
{
    return vec4(gelu(x.x), gelu(x.y), gelu(x.z), gelu(x.w));
}

#define HAS_X 1
#define HAS_Y 0
#define OUT_BINDING 2
#define SCALAR float
#define VECTOR vec4
#define APPLY(x, y) gelu(x)
#include "elementwise.glsl"
