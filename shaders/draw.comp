#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
// draw: one of a row's candidates by their probabilities, in whole multiples of 2^-54: numbers of 64 bits, which are
// added in any order to the same sum. A workgroup for each row, a candidate for each invocation.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 first, groups;
    uint rows, count;
    uint complete;
    uint top_k;
    float top_p;
    float min_p;
}
push;

layout(set = 0, binding = 1, std430) readonly buffer Values1 { uint values1[]; };
layout(set = 0, binding = 2, std430) readonly buffer Ids1 { uint ids1[]; };
layout(set = 0, binding = 3, std430) readonly buffer U1 { uint u1[]; };
layout(set = 0, binding = 4, std430) writeonly buffer Out1 { uint out1[]; };

#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#include "common.glsl"

const uint NOWHERE = 0xffffffffu;
const uvec2 ONE = uvec2(0u, 1u << 22);
const uint ONE_BITS = 0x3f800000u; // of 1.0f

shared uvec2 sums[WORKGROUP]; // of the candidates up to this one
shared uint parts[WORKGROUP]; // one of each subgroup

// ---- numbers of 64 bits, the low word first ----

uvec2 add(uvec2 a, uvec2 b)
{
    uint low = a.x + b.x;
    return uvec2(low, a.y + b.y + (low < a.x ? 1u : 0u));
}

bool less(uvec2 a, uvec2 b)
{
    return a.y < b.y || a.y == b.y && a.x < b.x;
}

uvec4 product(uvec2 a, uvec2 b)
{
    uint high0, low0, high1, low1, high2, low2, high3, low3;
    umulExtended(a.x, b.x, high0, low0);
    umulExtended(a.x, b.y, high1, low1);
    umulExtended(a.y, b.x, high2, low2);
    umulExtended(a.y, b.y, high3, low3);
    uvec2 second = add(add(uvec2(high0, 0u), uvec2(low1, 0u)), uvec2(low2, 0u));
    uvec2 upper = add(add(uvec2(low3, high3), uvec2(high1, 0u)), add(uvec2(high2, 0u), uvec2(second.y, 0u)));
    return uvec4(low0, second.x, upper.x, upper.y);
}

// The low 64 bits of a >> bits, for bits below 96.
uvec2 shifted(uvec4 a, uint bits)
{
    uvec3 words = bits >= 64u ? uvec3(a.z, a.w, 0u) : bits >= 32u ? a.yzw : a.xyz;
    uint rest = bits & 31u;
    return rest == 0u ? words.xy : words.xy >> rest | words.yz << (32u - rest);
}

// Of a float in [0, 1) by its bits: mantissa * 2^-result.
uint exponent_of(uint bits)
{
    return 150u - max(bits >> 23, 1u);
}

uint mantissa_of(uint bits)
{
    return (bits & 0x7fffffu) | (bits >> 23 != 0u ? 0x800000u : 0u);
}

uvec2 units_of(uint bits)
{
    if (bits > INFINITY_BITS) { // below 0, or NaN
        return uvec2(0u);
    }
    if (bits >= ONE_BITS) {
        return ONE;
    }
    uint exponent = exponent_of(bits);
    uvec4 mantissa = uvec4(0u, 0u, mantissa_of(bits), 0u); // 2^64 times as much
    return shifted(mantissa, min(exponent + 10u, 95u));
}

// The least number of units that is at least top_p * total.
uvec2 part_of(uint top_p, uvec2 total)
{
    uvec4 whole = product(uvec2(mantissa_of(top_p), 0u), total);
    uint bits = exponent_of(top_p);
    uint left = 0u; // what is shifted out
    [[unroll]] for (uint word = 0u; word < 4u; word++) {
        uint out_of_word = bits > 32u * word ? bits - 32u * word : 0u;
        left |= whole[word] & (out_of_word < 32u ? (1u << out_of_word) - 1u : 0xffffffffu);
    }
    uvec2 rounded = bits < 96u ? shifted(whole, bits) : uvec2(0u); // the product is below 2^86
    return add(rounded, uvec2(left != 0u ? 1u : 0u, 0u));
}

uint group_min(uint value)
{
    value = subgroupMin(value);
    barrier(); // what was shared before has been read
    if (subgroupElect()) {
        parts[gl_SubgroupID] = value;
    }
    barrier();
    for (uint s = 0u; s < gl_NumSubgroups; s++) {
        value = min(value, parts[s]);
    }
    return value;
}

void main()
{
    uint me = gl_LocalInvocationID.x;
    for (uint r = WORKGROUP_ID.x; r < push.rows; r += WORKGROUPS.x) {
        uint values = push.offset.x + r * push.count;
        uint most = values1[values], mine = values1[values + min(me, push.count - 1u)];
        bool limited = push.top_k != 0u && push.top_k <= push.count, ends = limited || push.complete != 0u;
        uint count = limited ? push.top_k : push.count;
        uvec2 sum = me < count ? units_of(mine) : uvec2(0u);
        for (uint apart = 1u; apart < WORKGROUP; apart *= 2u) {
            barrier(); // what was shared before has been read
            sums[me] = sum;
            barrier();
            sum = add(sum, me >= apart ? sums[me - apart] : uvec2(0u));
        }
        barrier();
        sums[me] = sum;
        barrier();
        uvec2 total = limited ? sums[count - 1u] : ONE;
        uint end = NOWHERE;
        if (me < count) {
            if (me != 0u && uintBitsToFloat(mine) < push.min_p * uintBitsToFloat(most)) {
                end = me;
            } else if (push.top_p < 1.0 && !less(sum, part_of(floatBitsToUint(push.top_p), total))) {
                end = me + 1u;
            }
        }
        end = group_min(end);
        if (end != NOWHERE) {
            count = end;
            ends = true;
        }
        uvec2 number = uvec2(u1[push.offset.z + 2u * r], u1[push.offset.z + 2u * r + 1u] & 0x1fffffu);
        uvec2 point = shifted(product(number, ends ? sums[count - 1u] : total), 53u);
        uint chosen = group_min(me < count && less(point, sum) ? me : NOWHERE);
        if (me == 0u) {
            uint id = ZC_DRAW_REST;
            if (most == 0u || most > INFINITY_BITS) {
                id = ZC_DRAW_NONE;
            } else if (chosen != NOWHERE || ends) { // nothing is left of the first: a hostile row
                id = ids1[push.offset.y + r * push.count + (chosen != NOWHERE ? chosen : 0u)];
            }
            out1[push.offset.w + r] = id;
        }
        barrier(); // what is shared has been read
    }
}
