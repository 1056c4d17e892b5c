// out[i] = APPLY(x[i], y[i]) for i in [0, count), up to two inputs.
//
// The including kernel declares `push` and defines OUT_BINDING, HAS_X, HAS_Y (0 or 1), APPLY(x, y), and
// SCALAR and VECTOR. When all ranges start alike modulo four elements, up to three scalars at either end
// leave vectors in between; else everything is scalar. An element is read and written by one invocation, the
// read first, so that out may be the very range of an input.
//
// A workgroup does CHUNK consecutive items at a time, four for each invocation, loads before stores.

#include "common.glsl"

#if HAS_X
layout(set = 0, binding = 1, std430) readonly buffer X1 { SCALAR x1[]; };
layout(set = 0, binding = 1, std430) readonly buffer X4 { VECTOR x4[]; };
#define X_OFFSET push.offset.x
#else
#define X_OFFSET OUT_OFFSET
#endif

#if HAS_Y
layout(set = 0, binding = 2, std430) readonly buffer Y1 { SCALAR y1[]; };
layout(set = 0, binding = 2, std430) readonly buffer Y4 { VECTOR y4[]; };
#define Y_OFFSET push.offset.y
#else
#define Y_OFFSET OUT_OFFSET
#endif

layout(set = 0, binding = OUT_BINDING, std430) writeonly buffer Out1 { SCALAR out1[]; };
layout(set = 0, binding = OUT_BINDING, std430) writeonly buffer Out4 { VECTOR out4[]; };
#define OUT_OFFSET push.offset[OUT_BINDING - 1]

#define CHUNK (4u * WORKGROUP)

#if HAS_X && HAS_Y
#define SCALAR_AT(i) APPLY(x1[X_OFFSET + (i)], y1[Y_OFFSET + (i)])
#define VECTOR_AT(i) APPLY(x4[x_base + (i)], y4[y_base + (i)])
#elif HAS_X
#define SCALAR_AT(i) APPLY(x1[X_OFFSET + (i)], 0)
#define VECTOR_AT(i) APPLY(x4[x_base + (i)], 0)
#else
#define SCALAR_AT(i) APPLY(0, 0)
#define VECTOR_AT(i) VECTOR(APPLY(0, 0))
#endif

void main()
{
    uint me = gl_LocalInvocationID.x;
    uint first = gl_WorkGroupID.x * CHUNK, step = gl_NumWorkGroups.x * CHUNK;
    if ((((X_OFFSET ^ OUT_OFFSET) | (Y_OFFSET ^ OUT_OFFSET)) & 3u) == 0u) {
        uint head = min((0u - OUT_OFFSET) & 3u, push.count);
        uint vectors = (push.count - head) / 4u;
        uint tail = head + 4u * vectors;
        if (gl_WorkGroupID.x == 0u) {
            if (me < head) {
                out1[OUT_OFFSET + me] = SCALAR_AT(me);
            }
            if (me < push.count - tail) {
                out1[OUT_OFFSET + tail + me] = SCALAR_AT(tail + me);
            }
        }
        uint x_base = (X_OFFSET + head) / 4u, y_base = (Y_OFFSET + head) / 4u;
        uint out_base = (OUT_OFFSET + head) / 4u;
        for (uint from = first; from < vectors; from += step) { // vectors < 2^30: no overflow
            uint i = from + me;
            if (vectors - from >= CHUNK) {
                VECTOR r0 = VECTOR_AT(i);
                VECTOR r1 = VECTOR_AT(i + WORKGROUP);
                VECTOR r2 = VECTOR_AT(i + 2u * WORKGROUP);
                VECTOR r3 = VECTOR_AT(i + 3u * WORKGROUP);
                out4[out_base + i] = r0;
                out4[out_base + i + WORKGROUP] = r1;
                out4[out_base + i + 2u * WORKGROUP] = r2;
                out4[out_base + i + 3u * WORKGROUP] = r3;
            } else {
                for (; i < vectors; i += WORKGROUP) {
                    out4[out_base + i] = VECTOR_AT(i);
                }
            }
        }
    } else {
        for (uint from = first; from < push.count;) {
            uint left = push.count - from;
            uint i = from + me;
            if (left >= CHUNK) {
                SCALAR r0 = SCALAR_AT(i);
                SCALAR r1 = SCALAR_AT(i + WORKGROUP);
                SCALAR r2 = SCALAR_AT(i + 2u * WORKGROUP);
                SCALAR r3 = SCALAR_AT(i + 3u * WORKGROUP);
                out1[OUT_OFFSET + i] = r0;
                out1[OUT_OFFSET + i + WORKGROUP] = r1;
                out1[OUT_OFFSET + i + 2u * WORKGROUP] = r2;
                out1[OUT_OFFSET + i + 3u * WORKGROUP] = r3;
            } else {
                for (uint j = me; j < left; j += WORKGROUP) {
                    out1[OUT_OFFSET + from + j] = SCALAR_AT(from + j);
                }
            }
            if (left <= step) {
                break;
            }
            from += step;
        }
    }
}
