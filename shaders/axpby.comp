#version 450
#extension GL_GOOGLE_include_directive : require
// axpby: out[i] = alpha * x[i] + beta * y[i].

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 first, groups;
    uint count;
    float alpha;
    float beta;
}
push;

#define HAS_X 1
#define HAS_Y 1
#define OUT_BINDING 3
#define SCALAR float
#define VECTOR vec4
#define APPLY(x, y) (push.alpha * (x) + push.beta * (y))
#include "elementwise.glsl"
