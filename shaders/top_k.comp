#version 450
#extension GL_GOOGLE_include_directive : require
// top_k: the k largest of row r, largest first, the lower index first among equals; a NaN is above everything.
//
// A workgroup for each row: the k-th largest order is found two bits at a time by counting. Then each invocation takes
// from its own stretch of the row what is above, and of what is equal the first ones, to places that follow from the
// counts of the invocations before it; and at most 256 candidates are sorted in shared memory.
//
// Few long rows go in two stages. The first one, over many workgroups, finds the two largest elements of each of
// ZC_TOP_GROUPS groups. In the second one a workgroup finds an element that is not above the k-th largest of the groups'
// first ones, and takes what is not below it: little more than k elements, most of them first ones, where large elements
// are not all in the same few groups. Where they are, the row goes the other way. Then it counts for each of these how
// many come before it, which is its place. Atomics give places in lists whose order does not matter.

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
layout(set = 0, binding = 4, std430) buffer Workspace1 { uint found1[]; };

#include "greatest.glsl"

const uint CANDIDATES = 2u * WORKGROUP;      // for which there is room
const uint MINE = ZC_TOP_GROUPS / WORKGROUP; // groups of an invocation, in the second stage
const uint PARTS = WORKGROUP / ZC_TOP_SHARE; // invocations that share a group, in the first one
const uint BIN = 20u;                        // orders that are alike but for so many bits count together

shared uvec4 counts_of[WORKGROUP];         // one of each subgroup
shared uvec2 candidate[CANDIDATES];        // order and index
shared uvec2 room[CANDIDATES];             // for one thing after the other
shared uint histogram[WORKGROUP];
shared uint numbers_of[4];                 // of the workgroup, by these names:
const uint CHOSEN = 0u, TAKEN = 1u, CUT_BIN = 2u, CUT_ABOVE = 3u;
#define above_of room // of each invocation: how many are above, how many are equal

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
        uint index = min(candidate[me].y, push.cols - 1u); // of a row that somebody else writes, some may be missing
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
    // No more than k in all, also of a row that somebody else writes meanwhile.
    for (uint c = begin; any && c < end; c++) {
        uint key = order_of(x1[x + c]);
        if (key > threshold && place.x < push.k) {
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

// A row in blocks of four, which start at multiples of four; group g has every ZC_TOP_GROUPS-th block from g on.
struct Row
{
    uint start, skip; // of the first block, in elements; how many of it lie before the row
    uint rounds;      // blocks of a group, of which the last may not be there
};

Row row_at(uint r)
{
    uint x = push.offset.x + r * push.ldx, skip = x & 3u;
    return Row(x - skip, skip, (push.cols - 1u + skip) / (4u * ZC_TOP_GROUPS) + 1u);
}

// The orders of a block's elements, 0 of those that are not in the row.
uvec4 orders_of(Row row, uint block)
{
    uint first = 4u * block - row.skip; // wraps around to a huge number before the row
    if (block != 0u && first < push.cols && push.cols - first >= 4u) {
        uvec4 bits = x4[row.start / 4u + block];
        return uvec4(order_of(bits.x), order_of(bits.y), order_of(bits.z), order_of(bits.w));
    }
    uvec4 orders = uvec4(0u);
    [[unroll]] for (uint e = 0u; e < 4u; e++) {
        if (first + e < push.cols) {
            orders[e] = order_of(x1[row.start + 4u * block + e]);
        }
    }
    return orders;
}

// Block n of a group, or one behind the row.
uint block_at(Row row, uint group, uint n)
{
    uint blocks = (push.cols - 1u + row.skip) / 4u + 1u;
    return n < row.rounds ? min(group + n * ZC_TOP_GROUPS, blocks) : blocks;
}

// Where a group's first element, and the order of its second one, are in the workspace.
uint pair_at(uint r, uint group)
{
    return r * (ZC_TOP_WORDS / 2u) + group;
}

uint second_at(uint r, uint group)
{
    return r * ZC_TOP_WORDS + 2u * ZC_TOP_GROUPS + group;
}

// The first stage: groups [share * ZC_TOP_SHARE, ...) of row r, each looked at by some invocations.
void find_in_groups(uint r, uint share)
{
    uint me = gl_LocalInvocationID.x, group = share * ZC_TOP_SHARE + me % ZC_TOP_SHARE;
    Row row = row_at(r);
    uvec2 best = uvec2(0u, NOWHERE); // below every element
    uint second = 0u;
    for (uint n = me / ZC_TOP_SHARE; n < row.rounds; n += 2u * PARTS) {
        uint blocks[2] = uint[](block_at(row, group, n), block_at(row, group, n + PARTS));
        uvec4 orders[2] = uvec4[](orders_of(row, blocks[0]), orders_of(row, blocks[1]));
        [[unroll]] for (uint i = 0u; i < 2u; i++) {
            [[unroll]] for (uint e = 0u; e < 4u; e++) {
                uint order = orders[i][e];
                second = max(second, min(order, best.x));
                if (order > best.x) {
                    best = uvec2(order, 4u * blocks[i] + e - row.skip);
                }
            }
        }
    }
    candidate[me] = best;
    histogram[me] = second;
    barrier();
    if (me < ZC_TOP_SHARE) {
        [[unroll]] for (uint part = 1u; part < PARTS; part++) {
            uvec2 other = candidate[part * ZC_TOP_SHARE + me];
            second = max(max(second, histogram[part * ZC_TOP_SHARE + me]), min(other.x, best.x));
            best = before(other, best) ? other : best;
        }
        found[pair_at(r, group)] = best;
        found1[second_at(r, group)] = second;
    }
}

// Of the numbers that this invocation has, the digits of those that begin as `threshold` does.
uvec4 digits(uint numbers[MINE], uint threshold, int shift)
{
    uvec2 counts = uvec2(0u); // two in a word
    [[unroll]] for (uint i = 0u; i < MINE; i++) {
        uint digit = (numbers[i] ^ threshold) >> shift; // 0 to 3 where they do
        counts += uvec2(uint(digit == 1u), uint(digit == 2u) + (uint(digit == 3u) << 16u));
    }
    uvec4 sum = group_sum(uvec4(counts.x, counts.y, 0u, 0u));
    return uvec4(0u, sum.x, sum.y & 0xffffu, sum.y >> 16u);
}

// A number, and how many of the groups' numbers are above all that begin as it does, and how many begin so.
struct Cut
{
    uint threshold;
    uint above, alike;
};

// So that `above` and `alike` are at least k together, and at most `most` if numbers differ enough. `shift`: where the
// bits begin that are to be found.
Cut cut(uint numbers[MINE], Cut at, uint most, int shift)
{
    for (; shift >= 0 && at.above + at.alike > most; shift -= 2) {
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

// Orders that are alike but for their last bits, from the greatest on.
uint bin_of(uint order, uint top)
{
    return min((top >> BIN) - (order >> BIN), WORKGROUP - 1u);
}

// The same at once, as far as the first bits tell: what most rows need. Else the other function goes on.
Cut cut_orders(uint orders[MINE], uint most, out uint top)
{
    uint me = gl_LocalInvocationID.x;
    top = 0u;
    [[unroll]] for (uint i = 0u; i < MINE; i++) {
        top = max(top, orders[i]);
    }
    histogram[me] = 0u;
    top = group_max(top); // with barriers
    [[unroll]] for (uint i = 0u; i < MINE; i++) {
        atomicAdd(histogram[bin_of(orders[i], top)], 1u);
    }
    barrier();
    uint here = histogram[me], total;
    uint before_here = places(here, total);
    if (before_here < push.k && before_here + here >= push.k) {
        numbers_of[CUT_BIN] = me;
        numbers_of[CUT_ABOVE] = before_here;
    }
    barrier();
    uint bin = numbers_of[CUT_BIN];
    if (bin == WORKGROUP - 1u) { // far below the greatest
        return cut(orders, Cut(0u, 0u, ZC_TOP_GROUPS), most, 30);
    }
    return cut(orders, Cut((top >> BIN) - bin << BIN, numbers_of[CUT_ABOVE], histogram[bin]), most, int(BIN) - 2);
}

// Finds an element that is not above the k-th largest, `least`. What is not below it is put among the candidates where a
// group has only one, else the group into room: at least k groups and at most `most`. `top` is the greatest order.
uvec2 choose_groups(uint r, uint most, out uint top)
{
    uint me = gl_LocalInvocationID.x, orders[MINE], seconds[MINE], places_of[MINE], tied[MINE];
    [[unroll]] for (uint i = 0u; i < MINE; i++) {
        uvec2 best = found[pair_at(r, i * WORKGROUP + me)];
        orders[i] = best.x;
        places_of[i] = ~best.y;
        seconds[i] = found1[second_at(r, i * WORKGROUP + me)];
    }
    numbers_of[CHOSEN] = 0u;
    numbers_of[TAKEN] = 0u;
    Cut of_orders = cut_orders(orders, most, top), of_places = Cut(0u, of_orders.above, of_orders.alike);
    if (of_orders.above + of_orders.alike > most) { // equal ones: those with the lowest indices
        [[unroll]] for (uint i = 0u; i < MINE; i++) {
            tied[i] = orders[i] == of_orders.threshold ? places_of[i] : 0u;
        }
        of_places = cut(tied, of_places, most, 30);
    }
    uvec2 least = uvec2(of_orders.threshold, ~of_places.threshold);
    [[unroll]] for (uint i = 0u; i < MINE; i++) {
        if (orders[i] > least.x || orders[i] == least.x && places_of[i] >= of_places.threshold) {
            if (seconds[i] < least.x) {
                candidate[atomicAdd(numbers_of[TAKEN], 1u)] = uvec2(orders[i], ~places_of[i]);
            } else {
                room[atomicAdd(numbers_of[CHOSEN], 1u)].x = i * WORKGROUP + me;
            }
        }
    }
    barrier();
    return least;
}

// What of the chosen groups does not come after `least`, among the candidates as far as there is room; all are counted.
void gather(uint r, uvec2 least)
{
    Row row = row_at(r);
    uint groups = numbers_of[CHOSEN], items = groups * row.rounds;
    for (uint start = gl_LocalInvocationID.x; start < items; start += 4u * WORKGROUP) {
        uint blocks[4], mine = 0u;
        uvec4 orders[4]; // on their way at the same time
        [[unroll]] for (uint i = 0u; i < 4u; i++) {
            uint item = start + i * WORKGROUP;
            blocks[i] = block_at(row, room[item % groups].x, item / groups);
            orders[i] = orders_of(row, blocks[i]);
        }
        [[unroll]] for (uint n = 0u; n < 16u; n++) {
            uvec2 one = uvec2(orders[n / 4u][n % 4u], 4u * blocks[n / 4u] + n % 4u - row.skip);
            mine |= one.x != 0u && !before(least, one) ? 1u << n : 0u;
        }
        uint place = mine == 0u ? 0u : atomicAdd(numbers_of[TAKEN], bitCount(mine));
        [[unroll]] for (uint n = 0u; n < 16u; n++) {
            if ((mine >> n & 1u) != 0u && place < CANDIDATES) {
                candidate[place++] = uvec2(orders[n / 4u][n % 4u], 4u * blocks[n / 4u] + n % 4u - row.skip);
            }
        }
    }
    barrier();
}

void write_candidate(uint r, uint place, uint index)
{
    if (place < push.k) {
        values1[push.offset.y + r * push.k + place] = x1[push.offset.x + r * push.ldx + index];
        indices1[push.offset.z + r * push.k + place] = index;
    }
}

// The second stage.
void join_groups(uint r)
{
    uint me = gl_LocalInvocationID.x, top, total;
    uvec2 least = choose_groups(r, push.k + push.k / 4u + 16u, top);
    gather(r, least);
    uint count = numbers_of[TAKEN];
    if (count > CANDIDATES) {
        whole_row(r);
        return;
    }
    // Bin by bin into room, and in each bin one by one.
    histogram[me] = 0u;
    barrier();
    uint places_in_bin[2];
    [[unroll]] for (uint i = 0u; i < 2u; i++) {
        uint n = me + i * WORKGROUP;
        if (n < count) {
            places_in_bin[i] = atomicAdd(histogram[bin_of(candidate[n].x, top)], 1u);
        }
    }
    barrier();
    uint here = histogram[me], start = places(here, total);
    histogram[me] = start;
    barrier();
    [[unroll]] for (uint i = 0u; i < 2u; i++) {
        uint n = me + i * WORKGROUP;
        if (n < count) {
            room[histogram[bin_of(candidate[n].x, top)] + places_in_bin[i]] = candidate[n];
        }
    }
    barrier();
    for (uint n = me; n < count; n += WORKGROUP) {
        uvec2 mine = room[n];
        uint bin = bin_of(mine.x, top), place = histogram[bin];
        uint end = bin == WORKGROUP - 1u ? count : histogram[min(bin + 1u, WORKGROUP - 1u)];
        for (uint i = place; i < end; i++) {
            place += before(room[i], mine) ? 1u : 0u;
        }
        write_candidate(r, place, mine.y);
    }
    barrier(); // what is shared has been read
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
