#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_spirv_intrinsics : require
#extension GL_KHR_shader_subgroup_shuffle : require
// linear of few rows, with packed products of bytes (linear_dot.glsl). csrc/kernel/zc_kernel_tiles.c decides for which.

#include "group.glsl"
#include "activation.glsl"
#include "linear_io.glsl"

// As in linear.comp, but for the ways: the same of another number.
layout(constant_id = 0) const uint variant = 0u;
const uint type = variant % ZC_WEIGHT_TYPE_COUNT;
const uint input_ = variant / ZC_WEIGHT_TYPE_COUNT % ZC_LINEAR_INPUTS;
const uint way = variant / (ZC_WEIGHT_TYPE_COUNT * ZC_LINEAR_INPUTS) - ZC_LINEAR_DOT_WAYS;
const bool normed = input_ == ZC_LINEAR_NORM_INPUT, gated = input_ == ZC_LINEAR_GATED_INPUT;
#include "weights.glsl"
#include "linear_input.glsl"


const bool both = false; // there is one matrix
#include "linear_dot.glsl"

void main()
{
    dot_rows();
}
