#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_spirv_intrinsics : require
#extension GL_KHR_shader_subgroup_shuffle : require
// linear_gated of few rows, with packed products of bytes (linear_dot.glsl), of matrices of one type at once, or in two
// stages. csrc/kernel/zc_kernel_tiles.c decides for which.

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
layout(set = 0, binding = 6, std430) buffer Gates1 { float gates1[]; }; // (rows, n)

#include "group.glsl"
#include "activation.glsl"

// As in linear_gated.comp, but for the ways: the same of another number.
layout(constant_id = 0) const uint variant = 0u;
const uint type = variant % ZC_WEIGHT_TYPE_COUNT;
const uint input_ = variant / ZC_WEIGHT_TYPE_COUNT % ZC_LINEAR_GATED_INPUTS;
const uint part = variant / (ZC_WEIGHT_TYPE_COUNT * ZC_LINEAR_GATED_INPUTS) % ZC_LINEAR_GATED_PARTS;
const uint way = variant / (ZC_WEIGHT_TYPE_COUNT * ZC_LINEAR_GATED_INPUTS * ZC_LINEAR_GATED_PARTS) - ZC_LINEAR_DOT_WAYS;
const bool normed = input_ == ZC_LINEAR_NORM_INPUT, gated = false;

#define TWO_MATRICES
#define WEIGHTS_START (second ? push.offset.z : push.offset.y)
#include "weights.glsl"
#include "linear_input.glsl"
#include "linear_gate.glsl"

// What becomes of a sum.
void finish(uint r, uint j, float sum)
{
    if (part == ZC_LINEAR_GATE_PART) {
        gates1[r * push.n + j] = gate_of(sum);
    } else {
        y1[push.offset2.x + r * push.ldy + j] = gates1[r * push.n + j] * sum;
    }
}

void finish_both(uint r, uint j, float gate, float up)
{
    y1[push.offset2.x + r * push.ldy + j] = gate_of(gate) * up;
}

const bool both = part == ZC_LINEAR_BOTH_PARTS;
#include "linear_dot.glsl"

void main()
{
    second = part == ZC_LINEAR_UP_PART;
    dot_rows();
}
