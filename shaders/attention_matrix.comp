#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require
// attention of many rows, on matrix units: over a cache whose rows are the keys' numbers.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 offset2;
    uvec4 first, groups;
    uint rows, heads, kv_heads, head_size;
    uint ldq, ldk, ldv, ldout;
    uint capacity;
    uint kv_type;
    float scale;
    uint window;
    float softcap;
    uint sinks;
}
push;

layout(set = 0, binding = 1, std430) readonly buffer Q1 { float q1[]; };
layout(set = 0, binding = 2, std430) readonly buffer K1 { uint k1[]; };
layout(set = 0, binding = 2, std430) readonly buffer K4 { uvec4 k4[]; };
layout(set = 0, binding = 3, std430) readonly buffer V1 { uint v1[]; };
layout(set = 0, binding = 3, std430) readonly buffer V4 { uvec4 v4[]; };
layout(set = 0, binding = 4, std430) readonly buffer Spans1 { uint spans1[]; };
layout(set = 0, binding = 5, std430) readonly buffer Sinks1 { float sinks1[]; };
layout(set = 0, binding = 6, std430) writeonly buffer Out1 { float out1[]; };
layout(set = 0, binding = 6, std430) writeonly buffer Out4 { vec4 out4[]; };
layout(set = 0, binding = 7, std430) buffer Workspace1 { float workspace1[]; }; // not used here

#define SINKS_START push.offset2.x
#define OUT_START push.offset2.y
#define SPAN_WORDS 2u
#define CONTEXT push.capacity
#define SOFTCAP push.softcap
#define FIND_TABLE(r)
#define PLACE(key) (key)

#include "attention_matrix.glsl"
