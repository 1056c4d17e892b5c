#version 450
#extension GL_GOOGLE_include_directive : require
// top_k: the k largest of row r, largest first, the lower index first among equals; a NaN is above everything.
// A workgroup for each row.
//
// The k-th largest order is found two bits at a time by counting. Then each invocation takes from its own
// stretch of the row what is above, and of what is equal the first ones, to places that follow from the counts
// of the invocations before it; and at most 256 candidates are sorted in shared memory.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 first, groups;
    uint rows, cols;
    uint ldx;
    uint k;
}
push;

layout(set = 0, binding = 1, std430) readonly buffer X1 { uint x1[]; };
layout(set = 0, binding = 2, std430) writeonly buffer Values1 { uint values1[]; };
layout(set = 0, binding = 3, std430) writeonly buffer Indices1 { uint indices1[]; };

#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#include "common.glsl"
#include "order.glsl"

shared uvec4 counts_of[WORKGROUP]; // one of each subgroup
shared uvec2 above_of[WORKGROUP];  // of each invocation: how many are above, how many are equal
shared uvec2 candidate[WORKGROUP]; // order and index

uvec4 group_sum(uvec4 counts)
{
    counts = uvec4(subgroupAdd(counts.x), subgroupAdd(counts.y), subgroupAdd(counts.z), subgroupAdd(counts.w));
    barrier(); // what was shared before has been read
    if (subgroupElect()) {
        counts_of[gl_SubgroupID] = counts;
    }
    barrier();
    uvec4 sum = uvec4(0u);
    for (uint s = 0u; s < gl_NumSubgroups; s++) {
        sum += counts_of[s];
    }
    return sum;
}

// a comes before b.
bool before(uvec2 a, uvec2 b)
{
    return a.x > b.x || a.x == b.x && a.y < b.y;
}

void main()
{
    uint me = gl_LocalInvocationID.x;
    for (uint r = WORKGROUP_ID.x; r < push.rows && push.k != 0u; r += WORKGROUPS.x) {
        uint x = push.offset.x + r * push.ldx;
        uint threshold = 0u, wanted = push.k; // wanted: of those that share the bits found so far
        for (int shift = 30; shift >= 0; shift -= 2) {
            uvec4 counts = uvec4(0u);
            for (uint c = me; c < push.cols; c += WORKGROUP) {
                uint key = order_of(x1[x + c]);
                uint digit = (key ^ threshold) >> shift; // 0 to 3 where the bits found so far are alike
                counts += uvec4(uint(digit == 0u), uint(digit == 1u), uint(digit == 2u), uint(digit == 3u));
            }
            counts = group_sum(counts);
            uint digit = 3u, larger = 0u, count = counts.w;
            if (larger + count < wanted) {
                larger += count;
                digit = 2u;
                count = counts.z;
            }
            if (digit == 2u && larger + count < wanted) {
                larger += count;
                digit = 1u;
                count = counts.y;
            }
            if (digit == 1u && larger + count < wanted) {
                larger += count;
                digit = 0u;
            }
            wanted -= larger;
            threshold |= digit << shift;
        }

        // This invocation's stretch.
        uint length = push.cols / WORKGROUP + 1u;
        uint begin = min(me * length, push.cols), end = min(begin + length, push.cols);
        uvec2 mine = uvec2(0u);
        for (uint c = begin; c < end; c++) {
            uint key = order_of(x1[x + c]);
            mine += uvec2(key > threshold ? 1u : 0u, key == threshold ? 1u : 0u);
        }
        above_of[me] = mine;
        candidate[me] = uvec2(0u, 0xffffffffu);
        barrier();
        uvec2 place = uvec2(0u, push.k - wanted);
        for (uint i = 0u; i < me; i++) {
            place += above_of[i];
        }
        bool any = mine.x != 0u || mine.y != 0u && place.y < push.k;
        for (uint c = begin; any && c < end; c++) {
            uint key = order_of(x1[x + c]);
            if (key > threshold) {
                candidate[place.x++] = uvec2(key, c);
            } else if (key == threshold && place.y < push.k) {
                candidate[place.y++] = uvec2(key, c);
            }
        }
        barrier();
        for (uint size = 2u; size <= WORKGROUP; size *= 2u) {
            for (uint apart = size / 2u; apart != 0u; apart /= 2u) {
                uint other = me ^ apart;
                uvec2 a = candidate[me], b = candidate[other];
                bool first = me < other;                // of the two places
                bool forwards = (me & size) == 0u;      // the order of this part
                bool swap = (first == forwards) ? before(b, a) : before(a, b);
                barrier();
                if (swap) {
                    candidate[me] = b;
                }
                barrier();
            }
        }
        if (me < push.k) {
            uint index = candidate[me].y;
            values1[push.offset.y + r * push.k + me] = x1[x + index];
            indices1[push.offset.z + r * push.k + me] = index;
        }
        barrier(); // what is shared has been read
    }
}
