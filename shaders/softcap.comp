#version 450
#extension GL_GOOGLE_include_directive : require
// softcap: out[i] = cap * tanh(x[i] / cap).

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 first, groups;
    uint count;
    float cap;
}
push;

#include "activation.glsl"

float softcap(float x)
{
    return push.cap * tanh_of(x / push.cap);
}

vec4 softcap(vec4 x)
{
    return vec4(softcap(x.x), softcap(x.y), softcap(x.z), softcap(x.w));
}

#define HAS_X 1
#define HAS_Y 0
#define OUT_BINDING 2
#define SCALAR float
#define VECTOR vec4
#define APPLY(x, y) softcap(x)
#include "elementwise.glsl"
