#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
// linear: y[r] = f(x[r]) * transpose(w), w being weights of any type; zc_linear_params says what f is and what
// is done to the sums. Everything is float32, so ZC_LINEAR_EXACT changes nothing.
//
// Few rows go together (linear_vector.glsl), many in tiles of 64 x 64 (linear_tile.glsl); which way depends on the parameters only and is decided in csrc/kernel/zc_kernel_tiles.c. The
// scale of an RMS norm is common to a row, so sums are made of x * norm and scaled in the end; the squares are added
// while x is read for the sums.

#include "group.glsl"
#include "activation.glsl"
#include "linear_io.glsl"

// zc_kernel_plan_make: the type, what f is, and which way, so that a pipeline contains nothing else.
layout(constant_id = 0) const uint variant = 0u;
const uint type = variant % ZC_WEIGHT_TYPE_COUNT;
const uint input_ = variant / ZC_WEIGHT_TYPE_COUNT % ZC_LINEAR_INPUTS;
const uint way = variant / (ZC_WEIGHT_TYPE_COUNT * ZC_LINEAR_INPUTS);
const bool normed = input_ == ZC_LINEAR_NORM_INPUT, gated = input_ == ZC_LINEAR_GATED_INPUT;
#include "weights.glsl"
#include "linear_input.glsl"

shared vec4 pool[1024]; // 16 KiB, of which each way has its own use

const bool both = false; // there is one matrix
#include "linear_vector.glsl"
#include "linear_tile.glsl"
#ifdef ZC_MSL
#include "linear_lanes.glsl"
#endif

void main()
{
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
