#version 450
#extension GL_GOOGLE_include_directive : require
// fill: out[i] = pattern. Unsigned, so that every bit pattern stays what it is.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 first, groups;
    uint count;
    uint pattern;
}
push;

#define HAS_X 0
#define HAS_Y 0
#define OUT_BINDING 1
#define SCALAR uint
#define VECTOR uvec4
#define APPLY(x, y) push.pattern
#include "elementwise.glsl"
