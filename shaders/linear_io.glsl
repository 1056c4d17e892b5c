// What linear is passed and binds, and what becomes of a sum: for linear.comp and linear_matrix.comp.

#define WEIGHTS_START push.offset.y

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 offset2;
    uvec4 first, groups;
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
layout(set = 0, binding = 5, std430) buffer Y4 { vec4 y4[]; };

bool has(uint flag)
{
    return (push.flags & flag) != 0u;
}

// What becomes of a sum.
void finish(uint r, uint j, float sum)
{
    uint to = push.offset2.x + r * push.ldy + j;
    if (has(ZC_LINEAR_BIAS)) {
        sum += bias1[push.offset.z + j];
    }
    if (has(ZC_LINEAR_GELU)) {
        sum = gelu_erf(sum);
    }
    if (has(ZC_LINEAR_GELU_TANH)) {
        sum = gelu_tanh(sum);
    }
    if (has(ZC_LINEAR_ADD)) {
        sum += y1[to];
    }
    y1[to] = sum;
}

// Of four sums, as many as there are; where it can be by one store, for host memory is written over a bus.
void finish_quad(uint r, uint j, vec4 sums)
{
    uint to = push.offset2.x + r * push.ldy + j;
    if ((to & 3u) == 0u && j + 4u <= push.n) {
        if (has(ZC_LINEAR_BIAS)) {
            uint at = push.offset.z + j;
            sums += vec4(bias1[at], bias1[at + 1u], bias1[at + 2u], bias1[at + 3u]);
        }
        if (has(ZC_LINEAR_GELU)) {
            sums = vec4(gelu_erf(sums.x), gelu_erf(sums.y), gelu_erf(sums.z), gelu_erf(sums.w));
        }
        if (has(ZC_LINEAR_GELU_TANH)) {
            sums = vec4(gelu_tanh(sums.x), gelu_tanh(sums.y), gelu_tanh(sums.z), gelu_tanh(sums.w));
        }
        if (has(ZC_LINEAR_ADD)) {
            sums += y4[to / 4u];
        }
        y4[to / 4u] = sums;
        return;
    }
    [[dont_unroll]] for (uint e = 0u; e < 4u && j + e < push.n; e++) {
        finish(r, j + e, sums[e]);
    }
}
