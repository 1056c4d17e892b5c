#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
// linear_chosen: y[r] = f(x[r / share]) * transpose(w[ids[r]]), w being matrices of weights of any type. Each row of y goes by
// itself, as one row of a linear does (linear_vector.glsl).

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 offset2;
    uvec4 first, groups;
    uint type_;
    uint rows, n, k;
    uint experts;
    uint share;
    uint ldx, ldy;
    uint flags;
}
push;

layout(set = 0, binding = 1, std430) readonly buffer X1 { float x1[]; };
layout(set = 0, binding = 1, std430) readonly buffer X4 { vec4 x4[]; };
layout(set = 0, binding = 3, std430) readonly buffer Bias1 { float bias1[]; };
layout(set = 0, binding = 4, std430) readonly buffer Ids1 { uint ids1[]; };
layout(set = 0, binding = 5, std430) writeonly buffer Y1 { float y1[]; };

#include "group.glsl"
#include "activation.glsl"

// As in linear.comp.
layout(constant_id = 0) const uint variant = 0u;
const uint type = variant % ZC_WEIGHT_TYPE_COUNT;
const uint input_ = variant / ZC_WEIGHT_TYPE_COUNT % ZC_LINEAR_INPUTS;
const uint way = variant / (ZC_WEIGHT_TYPE_COUNT * ZC_LINEAR_INPUTS);
const bool clamped = input_ == ZC_LINEAR_CLAMPED_INPUT;
const bool normed = false, gated = clamped || input_ == ZC_LINEAR_GATED_INPUT;

#define WITHOUT_NORM
#define WEIGHTS_START push.offset.y
uint matrix_row; // the first one of the row's expert
#define CHOOSE(r) matrix_row = min(ids1[push.offset.w + (r)], push.experts - 1u) * push.n;
#define ROW_OF_W(row) (matrix_row + (row))
#define ROW_OF_X(r) ((r) / push.share)
#include "weights.glsl"

// What ZC_LINEAR_SWIGLU_CLAMPED says. min and max may lose a NaN.
vec4 gated_input(vec4 gate, vec4 up)
{
    if (!clamped) {
        return vec4(silu(gate.x), silu(gate.y), silu(gate.z), silu(gate.w)) * up;
    }
    vec4 limit = vec4(ZC_CLAMPED_LIMIT), g = mix(gate, limit, greaterThan(gate, limit));
    vec4 u = mix(mix(up, limit, greaterThan(up, limit)), -limit, lessThan(up, -limit));
    return g / (1.0 + exp(-ZC_CLAMPED_FACTOR * g)) * (u + 1.0);
}

#define GATED(x, up) gated_input(x, up)
#include "linear_input.glsl"

// What becomes of a sum.
void finish(uint r, uint j, float sum)
{
    if ((push.flags & ZC_LINEAR_BIAS) != 0u) {
        sum += bias1[push.offset.z + matrix_row + j];
    }
    y1[push.offset2.x + r * push.ldy + j] = sum;
}

shared vec4 pool[1024]; // 16 KiB

const bool both = false; // there is one matrix
#include "linear_vector.glsl"

void main()
{
    vector_rows();
}
