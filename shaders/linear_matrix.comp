#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
// linear of many rows, on matrix units: products of float16 matrices with float32 sums, in two stages
// (linear_matrix.glsl). Not for ZC_LINEAR_EXACT (csrc/kernel/zc_kernel_tiles.c decides).

#include "group.glsl"
#include "activation.glsl"
#include "linear_io.glsl"

// As in linear.comp.
layout(constant_id = 0) const uint variant = 0u;
const uint type = variant % ZC_WEIGHT_TYPE_COUNT;
const uint input_ = variant / ZC_WEIGHT_TYPE_COUNT % ZC_LINEAR_INPUTS;
const uint way = variant / (ZC_WEIGHT_TYPE_COUNT * ZC_LINEAR_INPUTS);
const bool normed = input_ == ZC_LINEAR_NORM_INPUT, gated = input_ == ZC_LINEAR_GATED_INPUT;
#include "weights.glsl"
#include "linear_input.glsl"

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
