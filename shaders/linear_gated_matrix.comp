#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
// linear_gated of many rows, on matrix units, for matrices of one type (csrc/kernel/zc_kernel_tiles.c decides). As
// linear_matrix.comp, with a stage for each of the two products: the gate's goes into the workspace, behind f(x).

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
layout(set = 0, binding = 6, std430) buffer Gates4 { vec4 gates4[]; }; // where work4 has nothing: (rows, n)

#include "group.glsl"
#include "activation.glsl"

// As in linear_gated.comp.
layout(constant_id = 0) const uint variant = 0u;
const uint type = variant % ZC_WEIGHT_TYPE_COUNT;
const uint input_ = variant / ZC_WEIGHT_TYPE_COUNT % ZC_LINEAR_GATED_INPUTS;
const uint part = variant / (ZC_WEIGHT_TYPE_COUNT * ZC_LINEAR_GATED_INPUTS) % ZC_LINEAR_GATED_PARTS;
const uint way = variant / (ZC_WEIGHT_TYPE_COUNT * ZC_LINEAR_GATED_INPUTS * ZC_LINEAR_GATED_PARTS);
const bool normed = input_ == ZC_LINEAR_NORM_INPUT, gated = false;

#define TWO_MATRICES
#define SECOND (part == ZC_LINEAR_UP_PART)
#define WEIGHTS_START (SECOND ? push.offset.z : push.offset.y)
#include "weights.glsl"
#include "linear_input.glsl"

uint gates_start(); // behind f(x), in floats

void finish_quad(uint r, uint j, vec4 sums)
{
    // Quads of a row's gates, the last of which may be partial.
    uint gate = gates_start() + r * ((push.n + 3u) / 4u) + j / 4u, to = push.offset2.x + r * push.ldy + j;
    if (part == ZC_LINEAR_GATE_PART) {
        gates4[gate] = vec4(silu(sums.x), silu(sums.y), silu(sums.z), silu(sums.w));
        return;
    }
    sums *= gates4[gate];
    if ((to & 3u) == 0u && j + 4u <= push.n) {
        y4[to / 4u] = sums;
        return;
    }
    for (uint e = 0u; e < 4u && j + e < push.n; e++) {
        y1[to + e] = sums[e];
    }
}

#include "linear_matrix.glsl"

uint gates_start()
{
    return rows_end();
}

void main()
{
    if (way == ZC_LINEAR_MATRIX_INPUT_WAY) {
        input_rows();
    } else {
        matrix_tiles();
    }
}
