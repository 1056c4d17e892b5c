#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
// linear_gated of many rows, on matrix units, for matrices of one type (csrc/kernel/zc_kernel_tiles.c decides). As
// linear_matrix.comp; half of a tile's columns are of the gate, half of what it is for.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 offset2;
    uvec4 first, groups;
    uint gate_type, up_type;
    uint rows, n, k;
    uint ldx, ldy;
    uint flags;
    float eps;
}
push;

layout(set = 0, binding = 1, std430) readonly buffer X1 { float x1[]; };
layout(set = 0, binding = 1, std430) readonly buffer X4 { vec4 x4[]; };
layout(set = 0, binding = 4, std430) readonly buffer Norm1 { float norm1[]; };
layout(set = 0, binding = 4, std430) readonly buffer Norm4 { vec4 norm4[]; };
layout(set = 0, binding = 5, std430) writeonly buffer Y1 { float y1[]; };
layout(set = 0, binding = 5, std430) writeonly buffer Y4 { vec4 y4[]; };

#include "group.glsl"
#include "activation.glsl"

// As in linear_gated.comp.
layout(constant_id = 0) const uint variant = 0u;
const uint type = variant % ZC_WEIGHT_TYPE_COUNT;
const uint input_ = variant / ZC_WEIGHT_TYPE_COUNT % ZC_LINEAR_GATED_INPUTS;
const uint way = variant / (ZC_WEIGHT_TYPE_COUNT * ZC_LINEAR_GATED_INPUTS * ZC_LINEAR_GATED_PARTS);
const bool normed = input_ == ZC_LINEAR_NORM_INPUT, gated = false;

#define TWO_MATRICES
#define WEIGHTS_START (second ? push.offset.z : push.offset.y)
#include "weights.glsl"
#include "linear_input.glsl"
#include "linear_gate.glsl"

// What becomes of four sums of either product.
void finish_gated(uint r, uint j, vec4 gate, vec4 up)
{
    uint to = push.offset2.x + r * push.ldy + j;
    vec4 v = vec4(gate_of(gate.x), gate_of(gate.y), gate_of(gate.z), gate_of(gate.w)) * up;
    if ((to & 3u) == 0u && j + 4u <= push.n) {
        y4[to / 4u] = v;
        return;
    }
    [[dont_unroll]] for (uint e = 0u; e < 4u && j + e < push.n; e++) {
        y1[to + e] = v[e];
    }
}

#include "linear_matrix.glsl"

void main()
{
    if (way == ZC_LINEAR_MATRIX_INPUT_WAY) {
        input_rows();
#ifndef ZC_MSL
    } else if (way == ZC_LINEAR_MATRIX_JOIN_WAY) {
        join_splits();
#endif
    } else {
        matrix_tiles();
    }
}
