#version 450
#extension GL_GOOGLE_include_directive : require
// top_k: the k largest of row r, largest first, the lower index first among equals; a NaN is above everything.
//
// A workgroup for each row: the k-th largest order is found two bits at a time by counting. Then each invocation takes
// from its own stretch of the row what is above, and of what is equal the first ones, to places that follow from the
// counts of the invocations before it; and at most 256 candidates are sorted in shared memory.
//
// Few long rows go in two stages. The first one, over many workgroups, finds the largest element of each of
// ZC_TOP_GROUPS groups. In the second one a workgroup finds an element that is not above the k-th largest of these, looks
// for what is not below it in the groups that can have such, and sorts it: little more than k where large elements are
// not all in the same few groups. Where they are, the row goes the other way.

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
layout(set = 0, binding = 1, std430) readonly buffer X4 { uvec4 x4[]; };
layout(set = 0, binding = 2, std430) writeonly buffer Values1 { uint values1[]; };
layout(set = 0, binding = 3, std430) writeonly buffer Indices1 { uint indices1[]; };
layout(set = 0, binding = 4, std430) buffer Workspace { uvec2 found[]; };

#include "greatest.glsl"

const uint CANDIDATES = 2u * WORKGROUP;               // for which there is room
const uint MINE = ZC_TOP_GROUPS / WORKGROUP;          // groups of an invocation, in the second stage
const uint PARTS = WORKGROUP / ZC_TOP_SHARE;          // invocations that share a group, in the first one

shared uvec4 counts_of[WORKGROUP];    // one of each subgroup
shared uvec2 candidate[CANDIDATES];   // order and index
shared uvec2 above_of[WORKGROUP];     // of each invocation: how many are above, how many are equal
shared uint chosen_groups[CANDIDATES];

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

// How many come before this invocation's, and in `total` how many there are.
uint places(uint count, out uint total)
{
    uint before = subgroupExclusiveAdd(count), all = subgroupAdd(count);
    barrier(); // what was shared before has been read
    if (subgroupElect()) {
        counts_of[gl_SubgroupID].x = all;
    }
    barrier();
    total = 0u;
    for (uint s = 0u; s < gl_NumSubgroups; s++) {
        before += s < gl_SubgroupID ? counts_of[s].x : 0u;
        total += counts_of[s].x;
    }
    return before;
}

// a comes before b.
bool before(uvec2 a, uvec2 b)
{
    return a.x > b.x || a.x == b.x && a.y < b.y;
}

// The first `count` candidates, a power of two.
void sort(uint count)
{
    uint me = gl_LocalInvocationID.x;
    for (uint size = 2u; size <= count; size *= 2u) {
        for (uint apart = size / 2u; apart != 0u; apart /= 2u) {
            uint left = 2u * me - (me & (apart - 1u)), right = left + apart;
            barrier();
            if (right < count) {
                uvec2 a = candidate[left], b = candidate[right];
                if ((left & size) == 0u ? before(b, a) : before(a, b)) {
                    candidate[left] = b;
                    candidate[right] = a;
                }
            }
        }
    }
    barrier();
}

// The first k candidates are the result.
void write_first(uint r)
{
    uint me = gl_LocalInvocationID.x;
    if (me < push.k) {
        uint index = candidate[me].y;
        values1[push.offset.y + r * push.k + me] = x1[push.offset.x + r * push.ldx + index];
        indices1[push.offset.z + r * push.k + me] = index;
    }
    barrier(); // what is shared has been read
}

void whole_row(uint r)
{
    uint me = gl_LocalInvocationID.x;
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
    sort(WORKGROUP);
    write_first(r);
}

// ---- few long rows ----

// The first stage: groups [share * ZC_TOP_SHARE, ...) of row r, each looked at by some invocations.
void find_in_groups(uint r, uint share)
{
    uint me = gl_LocalInvocationID.x, group = share * ZC_TOP_SHARE + me % ZC_TOP_SHARE;
    uint x = push.offset.x + r * push.ldx;
    uint rounds = (push.cols - 1u) / ZC_TOP_GROUPS + 1u; // elements of a group, of which the last may not be there
    uvec2 best = uvec2(0u, NOWHERE);                     // below every element
    for (uint start = me / ZC_TOP_SHARE; start < rounds; start += 4u * PARTS) {
        uint bits[4], at[4]; // on their way at the same time
        [[unroll]] for (uint i = 0u; i < 4u; i++) {
            uint n = start + i * PARTS;
            at[i] = n < rounds ? min(group + n * ZC_TOP_GROUPS, push.cols) : push.cols;
            bits[i] = x1[x + min(at[i], push.cols - 1u)];
        }
        [[unroll]] for (uint i = 0u; i < 4u; i++) {
            uint key = order_of(bits[i]);
            if (at[i] < push.cols && key > best.x) {
                best = uvec2(key, at[i]);
            }
        }
    }
    candidate[me] = best;
    barrier();
    if (me < ZC_TOP_SHARE) {
        [[unroll]] for (uint part = 1u; part < PARTS; part++) {
            uvec2 other = candidate[part * ZC_TOP_SHARE + me];
            best = before(other, best) ? other : best;
        }
        found[r * ZC_TOP_GROUPS + group] = best;
    }
}

// Of the numbers that this invocation has, the digits of those that begin as `threshold` does.
uvec4 digits(uint numbers[MINE], uint threshold, int shift)
{
    uvec2 counts = uvec2(0u); // two in each word
    [[unroll]] for (uint i = 0u; i < MINE; i++) {
        uint digit = (numbers[i] ^ threshold) >> shift; // 0 to 3 where they do
        counts += uvec2(uint(digit == 1u), uint(digit == 2u) + (uint(digit == 3u) << 16u));
    }
    uvec2 sum = group_sum(uvec4(counts.x, counts.y, 0u, 0u)).xy;
    return uvec4(0u, sum.x, sum.y & 0xffffu, sum.y >> 16u);
}

// A number, and how many of the groups' numbers are above it and how many begin as it does.
struct Cut
{
    uint threshold;
    uint above, alike;
};

// So that `above` and `alike` are at least k together, and at most `most` if numbers differ enough.
Cut cut(uint numbers[MINE], Cut at, uint most)
{
    for (int shift = 30; shift >= 0 && at.above + at.alike > most; shift -= 2) {
        uvec4 counts = digits(numbers, at.threshold, shift);
        counts.x = at.alike - counts.y - counts.z - counts.w;
        uint digit = 3u;
        while (at.above + counts[digit] < push.k) {
            at.above += counts[digit--];
        }
        at.alike = counts[digit];
        at.threshold |= digit << shift;
    }
    return at;
}

// Below what may be among the k largest: the first ones, at least k groups and at most `most`, in chosen_groups; and
// how many they are.
uvec2 choose_groups(uint r, uint most, out uint count)
{
    uint me = gl_LocalInvocationID.x, keys[MINE], places_of[MINE];
    [[unroll]] for (uint i = 0u; i < MINE; i++) {
        uvec2 best = found[r * ZC_TOP_GROUPS + i * WORKGROUP + me];
        keys[i] = best.x;
        places_of[i] = ~best.y;
    }
    Cut of_keys = cut(keys, Cut(0u, 0u, ZC_TOP_GROUPS), most), of_places = Cut(0u, of_keys.above, of_keys.alike);
    if (of_keys.above + of_keys.alike > most) { // equal ones: those with the lowest indices
        [[unroll]] for (uint i = 0u; i < MINE; i++) {
            places_of[i] = keys[i] == of_keys.threshold ? places_of[i] : 0u;
        }
        of_places = cut(places_of, of_places, most);
    }
    uvec2 least = uvec2(of_keys.threshold, ~of_places.threshold);
    uint mine = 0u;
    [[unroll]] for (uint i = 0u; i < MINE; i++) {
        bool taken = keys[i] > least.x || keys[i] == least.x && places_of[i] >= of_places.threshold;
        mine |= taken ? 1u << i : 0u;
    }
    uint place = places(bitCount(mine), count);
    [[unroll]] for (uint i = 0u; i < MINE; i++) {
        if ((mine >> i & 1u) != 0u) {
            chosen_groups[place++] = i * WORKGROUP + me;
        }
    }
    barrier();
    return least;
}

// What of the chosen groups does not come after `least`, among the candidates as far as there is room: how many.
uint gather(uint r, uvec2 least, uint groups)
{
    uint me = gl_LocalInvocationID.x, x = push.offset.x + r * push.ldx, taken = 0u;
    uint rounds = (push.cols - 1u) / ZC_TOP_GROUPS + 1u, items = groups * rounds; // an element of each in each round
    for (uint start = 0u; start < items && taken <= CANDIDATES; start += 16u * WORKGROUP) {
        uint keys[16], mine = 0u, count;
        [[unroll]] for (uint i = 0u; i < 16u; i++) {
            uint item = start + i * WORKGROUP + me;
            uint c = item < items ? chosen_groups[item % groups] + item / groups * ZC_TOP_GROUPS : push.cols;
            keys[i] = order_of(x1[x + min(c, push.cols - 1u)]);
            mine |= c < push.cols && !before(least, uvec2(keys[i], c)) ? 1u << i : 0u;
        }
        uint place = taken + places(bitCount(mine), count);
        [[unroll]] for (uint i = 0u; i < 16u; i++) {
            uint item = start + i * WORKGROUP + me;
            if ((mine >> i & 1u) != 0u && place < CANDIDATES) {
                candidate[place++] = uvec2(keys[i], chosen_groups[item % groups] + item / groups * ZC_TOP_GROUPS);
            }
        }
        taken += count;
    }
    return taken;
}

// The second stage.
void join_groups(uint r)
{
    uint me = gl_LocalInvocationID.x, groups;
    uvec2 least = choose_groups(r, push.k + push.k / 4u + 16u, groups);
    uint taken = gather(r, least, groups);
    if (taken > CANDIDATES) {
        whole_row(r);
        return;
    }
    uint size = 1u;
    while (size < taken) {
        size *= 2u;
    }
    for (uint i = taken + me; i < size; i += WORKGROUP) {
        candidate[i] = uvec2(0u, NOWHERE); // below every element
    }
    sort(size);
    write_first(r);
}

void main()
{
    uint me = gl_LocalInvocationID.x;
    if (way == ZC_SELECT_SHARES_WAY) {
        find_in_share(WORKGROUP_ID.y, WORKGROUP_ID.x);
        return;
    }
    if (way == ZC_TOP_GROUPS_WAY) {
        find_in_groups(WORKGROUP_ID.y, WORKGROUP_ID.x);
        return;
    }
    for (uint r = WORKGROUP_ID.x; r < push.rows && push.k != 0u; r += WORKGROUPS.x) {
        if (way == ZC_TOP_WHOLE_WAY) {
            whole_row(r);
        } else if (way == ZC_TOP_JOIN_WAY) {
            join_groups(r);
        } else {
            uint index = greatest_of_row(r);
            if (me == 0u) {
                values1[push.offset.y + r] = x1[push.offset.x + r * push.ldx + index];
                indices1[push.offset.z + r] = index;
            }
        }
    }
}
