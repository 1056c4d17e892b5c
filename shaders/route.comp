#version 450
#extension GL_GOOGLE_include_directive : require
// route: which experts a row goes to, and what each counts. A workgroup for each row: an invocation counts how many experts
// come before its own.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 first, groups;
    uint rows, experts;
    uint used;
    uint ldx;
    uint mode;
    float scale;
}
push;

layout(set = 0, binding = 1, std430) readonly buffer X1 { uint x1[]; };
layout(set = 0, binding = 2, std430) writeonly buffer Ids1 { uint ids1[]; };
layout(set = 0, binding = 3, std430) writeonly buffer Weights1 { float weights1[]; };

#include "group.glsl"
#include "order.glsl"

shared uint bits[ZC_ROUTE_MAX_EXPERTS], keys[ZC_ROUTE_MAX_EXPERTS];
shared uint chosen[ZC_ROUTE_MAX_USED];

void main()
{
    uint me = gl_LocalInvocationID.x;
    for (uint r = WORKGROUP_ID.x; r < push.rows; r += WORKGROUPS.x) {
        barrier(); // what was shared before has been read
        for (uint i = me; i < push.experts; i += WORKGROUP) {
            bits[i] = x1[push.offset.x + r * push.ldx + i];
            keys[i] = order_of(bits[i]);
        }
        barrier();
        for (uint i = me; i < push.experts; i += WORKGROUP) {
            uint key = keys[i], place = 0u;
            for (uint j = 0u; j < push.experts; j++) {
                place += keys[j] > key || (keys[j] == key && j < i) ? 1u : 0u;
            }
            if (place < push.used) {
                chosen[place] = i;
            }
        }
        barrier();
        float top = uintBitsToFloat(bits[chosen[0]]), weight = 0.0, sum = 0.0;
        if (me < push.used) {
            float logit = uintBitsToFloat(bits[chosen[me]]);
            weight = push.mode >= ZC_ROUTE_SIGMOID ? 1.0 / (1.0 + exp(-logit)) : exp(logit - top);
            sum = weight;
        }
        if (push.mode == ZC_ROUTE_SOFTMAX) {
            sum = 0.0;
            for (uint i = me; i < push.experts; i += WORKGROUP) {
                sum += exp(uintBitsToFloat(bits[i]) - top);
            }
        }
        sum = group_sum(sum);
        if (me < push.used) {
            ids1[push.offset.y + r * push.used + me] = chosen[me];
            weights1[push.offset.z + r * push.used + me] =
                push.mode == ZC_ROUTE_SIGMOID ? weight * push.scale : weight * (push.scale / sum);
        }
    }
}
