// Where WORKGROUPS.z workgroups share the columns of k of a tile: each has some slices, and leaves its sums in the workspace
// behind x, split after split, of each row all quads. join_splits() is the stage that adds them, in their order.

#ifdef TWO_MATRICES
#define SUMS_OF 2u // of both matrices, one after the other
#else
#define SUMS_OF 1u
#endif

// Of a workgroup, of `count` slices. Whole blocks of 256 columns, where load_part() wants that.
uint split_slices(uint count)
{
    uint each = ceil_div(count, WORKGROUPS.z);
    return WORKGROUPS.z > 1u && blocks_of_256 ? ceil_div(each, 8u) * 8u : each;
}

#define FIRST_SLICE(count) min(WORKGROUP_ID.z * split_slices(count), count)
#define END_SLICE(count) min(FIRST_SLICE(count) + split_slices(count), count)

// Where a quad of row r lies, of a split.
uint sum_at(uint split, uint part, uint r, uint q)
{
    uint start = ceil_div(push.rows, 4u) + ceil_div(push.rows, ROWS) * slices() * NEXT_SLICE;
    return start + ((split * SUMS_OF + part) * push.rows + r) * ceil_div(push.n, 4u) + q;
}

#ifdef TWO_MATRICES
#define LEAVE_SECOND(r, j, w) work4[sum_at(WORKGROUP_ID.z, 1u, r, (j) / 4u)] = floatBitsToUint(w)
#else
#define LEAVE_SECOND(r, j, w)
#endif

// `finish`, or leave the sums for the next stage.
#define FINISH(r, j, finish, v, w)                                                \
    if (WORKGROUPS.z > 1u) {                                                      \
        work4[sum_at(WORKGROUP_ID.z, 0u, r, (j) / 4u)] = floatBitsToUint(v);      \
        LEAVE_SECOND(r, j, w);                                                    \
    } else {                                                                      \
        finish;                                                                   \
    }

// The same workgroups as those of the tiles, so that what one has to do can be told from their number.
void join_splits()
{
    uint quads = ceil_div(push.n, 4u), all = WORKGROUPS.x * WORKGROUPS.y * WORKGROUPS.z;
    uint mine = (WORKGROUP_ID.z * WORKGROUPS.y + WORKGROUP_ID.y) * WORKGROUPS.x + WORKGROUP_ID.x;
    for (uint t = mine * WORKGROUP + gl_LocalInvocationID.x; t < push.rows * quads; t += all * WORKGROUP) {
        uint r = t / quads, q = t % quads;
        vec4 v = vec4(0.0), w = vec4(0.0);
        for (uint split = 0u; split < WORKGROUPS.z; split++) {
            v += uintBitsToFloat(work4[sum_at(split, 0u, r, q)]);
#ifdef TWO_MATRICES
            w += uintBitsToFloat(work4[sum_at(split, 1u, r, q)]);
#endif
        }
#ifdef TWO_MATRICES
        finish_gated(r, 4u * q, v, w);
#else
        finish_quad(r, 4u * q, v);
#endif
    }
}
