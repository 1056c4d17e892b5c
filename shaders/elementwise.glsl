// out[i] = APPLY(x[i], y[i]) for i in [0, count), up to two inputs.
//
// The including kernel declares `push` and defines OUT_BINDING, HAS_X, HAS_Y (0 or 1), APPLY(x, y), and
// SCALAR and VECTOR. When all ranges start alike modulo four elements, up to three scalars at either end
// leave vectors in between; else everything is scalar. An element is read and written by one invocation, the
// read first, so that out may be the very range of an input.
//
// A workgroup does ITEMS consecutive elements, four vectors for each invocation, loads before stores. There is
// no branch around much code that is rarely needed, because lavapipe runs both sides of every branch.

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

#define ITEMS ZC_ELEMENTWISE_ITEMS

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
    uint group = WORKGROUP_ID.y * WORKGROUPS.x + WORKGROUP_ID.x;
    bool alike = (((X_OFFSET ^ OUT_OFFSET) | (Y_OFFSET ^ OUT_OFFSET)) & 3u) == 0u;
    uint head = min((0u - OUT_OFFSET) & 3u, push.count);
    uint vectors = alike ? (push.count - head) / 4u : 0u;
    uint x_base = (X_OFFSET + head) / 4u, y_base = (Y_OFFSET + head) / 4u, out_base = (OUT_OFFSET + head) / 4u;
    uint i = group * (ITEMS / 4u) + me;
    if (i + 3u * WORKGROUP < vectors) {
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
    // Scalars: what the vectors leave at both ends, at most six, by the first group; or everything.
    uint from, end;
    if (alike) {
        from = me < head ? me : me + 4u * vectors;
        end = group == 0u && from < push.count ? from + 1u : 0u;
    } else {
        uint first = group * ITEMS;
        from = first + me;
        end = group <= push.count / ITEMS ? first + min(push.count - first, ITEMS) : 0u;
    }
    for (uint e = from; e < end; e += WORKGROUP) {
        out1[OUT_OFFSET + e] = SCALAR_AT(e);
    }
}
