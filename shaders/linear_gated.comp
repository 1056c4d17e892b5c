#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
// linear_gated: y[r] = silu(f(x[r]) * transpose(gate)) * (f(x[r]) * transpose(up)), both of them weights of any type.
//
// Few rows and matrices of one type: both products at once. Else in two stages, of which each has the way of
// a linear: the gate's into the workspace, then the other's, which meets its gate there.

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
layout(set = 0, binding = 6, std430) buffer Gates1 { float gates1[]; }; // (rows, n)
layout(set = 0, binding = 6, std430) buffer Gates4 { vec4 gates4[]; };

#include "group.glsl"
#include "activation.glsl"

// zc_kernel_variant: the type, what f is, which part of the work, and which way, so that a pipeline contains nothing
// else.
layout(constant_id = 0) const uint variant = 0u;
const uint type = variant % ZC_WEIGHT_TYPE_COUNT;
const uint input_ = variant / ZC_WEIGHT_TYPE_COUNT % ZC_LINEAR_GATED_INPUTS;
const uint part = variant / (ZC_WEIGHT_TYPE_COUNT * ZC_LINEAR_GATED_INPUTS) % ZC_LINEAR_GATED_PARTS;
const uint way = variant / (ZC_WEIGHT_TYPE_COUNT * ZC_LINEAR_GATED_INPUTS * ZC_LINEAR_GATED_PARTS);
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

// Of four sums, as many as there are.
void finish_quad(uint r, uint j, vec4 sums)
{
    uint gate = r * push.n + j, to = push.offset2.x + r * push.ldy + j;
    bool whole = (gate & 3u) == 0u && j + 4u <= push.n;
    if (whole && part == ZC_LINEAR_GATE_PART) {
        gates4[gate / 4u] = vec4(gate_of(sums.x), gate_of(sums.y), gate_of(sums.z), gate_of(sums.w));
    } else if (whole && (to & 3u) == 0u) {
        y4[to / 4u] = gates4[gate / 4u] * sums;
    } else {
        for (uint e = 0u; e < 4u && j + e < push.n; e++) {
            finish(r, j + e, sums[e]);
        }
    }
}

void finish_both(uint r, uint j, float gate, float up)
{
    y1[push.offset2.x + r * push.ldy + j] = gate_of(gate) * up;
}

shared vec4 pool[1024]; // 16 KiB, of which each way has its own use

const bool both = part == ZC_LINEAR_BOTH_PARTS;
#include "linear_vector.glsl"
#include "linear_tile.glsl"
#ifdef ZC_MSL
#include "linear_lanes.glsl"
#endif

void main()
{
    second = part == ZC_LINEAR_UP_PART;
    if (way == ZC_LINEAR_TILE_WAY) {
        tiles();
#ifdef ZC_MSL
    } else if (way > ZC_LINEAR_DOT_WAYS) {
        lane_rows();
#endif
    } else {
        vector_rows();
    }
}
