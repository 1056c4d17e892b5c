#version 450
#extension GL_GOOGLE_include_directive : require
// affine: out[i] = scale * x[i] + shift.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 first, groups;
    uint count;
    float scale;
    float shift;
}
push;

#define HAS_X 1
#define HAS_Y 0
#define OUT_BINDING 2
#define SCALAR float
#define VECTOR vec4
#define APPLY(x, y) (push.scale * (x) + push.shift)
#include "elementwise.glsl"
