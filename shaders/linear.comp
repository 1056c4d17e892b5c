#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
// linear: y[r] = f(x[r]) * transpose(w), w being weights of any type; zc_linear_params says what f is and what
// is done to the sums. Everything is float32, so ZC_LINEAR_EXACT changes nothing.
//
// Few rows go one by one (linear_vector.glsl), many in tiles of 64 x 64 (linear_tile.glsl); which way depends on
// the parameters only and is decided alike in csrc/zc_kernel.c. The scale of an RMS norm is common to a row, so
// sums are made of x * norm and scaled in the end; the squares are added while x is read for the sums.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 offset2;
    uint type_;
    uint rows, n, k;
    uint ldx, ldy;
    uint flags;
    float eps;
}
push;

layout(set = 0, binding = 1, std430) readonly buffer X1 { float x1[]; };
layout(set = 0, binding = 1, std430) readonly buffer X4 { vec4 x4[]; };
layout(set = 0, binding = 3, std430) readonly buffer Bias1 { float bias1[]; };
layout(set = 0, binding = 4, std430) readonly buffer Norm1 { float norm1[]; };
layout(set = 0, binding = 4, std430) readonly buffer Norm4 { vec4 norm4[]; };
layout(set = 0, binding = 5, std430) buffer Y1 { float y1[]; };

#include "group.glsl"
#include "activation.glsl"
#include "weights.glsl"

const uint ADD = 1u, BIAS = 2u, NORM = 4u, SWIGLU = 8u, GELU = 16u;

// As vector_rows in csrc/zc_kernel.c: the most rows that go one by one.
const uint VECTOR_ROWS = 4u;

bool has(uint flag)
{
    return (push.flags & flag) != 0u;
}

vec4 x_at(uint i, uint count)
{
    if ((i & 3u) == 0u && count >= 4u) {
        return x4[i / 4u];
    }
    vec4 v = vec4(0.0);
    v.x = x1[i];
    if (count > 1u) {
        v.y = x1[i + 1u];
    }
    if (count > 2u) {
        v.z = x1[i + 2u];
    }
    if (count > 3u) {
        v.w = x1[i + 3u];
    }
    return v;
}

// Elements i to i + 3 of f(x[r]) but for the norm's scale, zeros beyond k; `row` is where x[r] starts, i is a
// multiple of 4. Adds the squares of x.
vec4 input_at(uint row, uint i, inout float squares)
{
    if (i >= push.k) {
        return vec4(0.0);
    }
    uint count = push.k - i;
    vec4 v = x_at(row + i, count);
    if (has(SWIGLU)) {
        vec4 up = x_at(row + push.k + i, count);
        v = vec4(silu(v.x), silu(v.y), silu(v.z), silu(v.w)) * up;
    }
    if (has(NORM)) {
        squares += dot(v, v);
        uint at = push.offset.w + i;
        if ((at & 3u) == 0u && count >= 4u) {
            v *= norm4[at / 4u];
        } else {
            v.x *= norm1[at];
            v.y *= norm1[at + min(1u, count - 1u)];
            v.z *= norm1[at + min(2u, count - 1u)];
            v.w *= norm1[at + min(3u, count - 1u)];
        }
    }
    return v;
}

float norm_scale(float squares)
{
    return inversesqrt(squares / float(push.k) + push.eps);
}

// What becomes of a sum.
void finish(uint r, uint j, float sum)
{
    uint to = push.offset2.x + r * push.ldy + j;
    if (has(BIAS)) {
        sum += bias1[push.offset.z + j];
    }
    if (has(GELU)) {
        sum = gelu_erf(sum);
    }
    if (has(ADD)) {
        sum += y1[to];
    }
    y1[to] = sum;
}

shared vec4 pool[1024]; // 16 KiB, of which each way has its own use

#include "linear_vector.glsl"
#include "linear_tile.glsl"

void main()
{
    if (push.rows <= VECTOR_ROWS) {
        vector_rows();
    } else {
        tiles();
    }
}
