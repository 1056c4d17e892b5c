#version 450
#extension GL_GOOGLE_include_directive : require
// add: out[i] = x[i] + y[i].

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 first, groups;
    uint count;
}
push;

#define HAS_X 1
#define HAS_Y 1
#define OUT_BINDING 3
#define SCALAR float
#define VECTOR vec4
#define APPLY(x, y) ((x) + (y))
#include "elementwise.glsl"
