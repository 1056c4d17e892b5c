// attention and attention_paged, but for where keys lie: for each row and head, over a span of the cache:
// softmax(scale * q k) v, in one pass (the sums are rescaled whenever a greater score turns up).
//
// Few rows: a workgroup for each part of the keys of a row, with all heads that share them, then one for each row and
// head, which joins the parts (attention_split.glsl). More: a workgroup for each 16 rows and head (attention_tile.glsl).
// Which depends on the parameters only and is decided in csrc/kernel/zc_kernel_tiles_attention.c.
//
// Before it come the buffers, and what differs:
//   SINKS_START, OUT_START where sinks and out start
//   SPAN_WORDS, CONTEXT    words of spans for each row, of which the first two say where its keys begin and end; and
//                          how far these may be
//   FIND_TABLE(r)          makes what PLACE has to know of row r
//   PLACE(key)             the row of the cache that has a key
//   ROWS_OF_TILE           rows that share keys in attention_tile.glsl, up to ROWS
//   ROW_OF_TILE(tile, row) which row that is, push.rows or more where there is none
//   FIND_PLACES            makes what FOUND has to know of a tile of keys
//   FOUND(i, key)          PLACE of the i-th of an invocation's two keys in it
//   SOFTCAP                what scores are capped by
//   KEYS_OF_SPLIT(count, splits) keys of a split, if there are more than ZC_ATTENTION_SPLIT_KEYS and a row has `count`

#include "common.glsl"
#include "bytes.glsl"
#include "activation.glsl"

// The cache's type, and what is to be done: ZC_ATTENTION_..._SHAPE.
layout(constant_id = 0) const uint variant = 0u;
const uint kv_type = variant % ZC_CACHE_TYPES;
const uint shape = variant / ZC_CACHE_TYPES % ZC_ATTENTION_SHAPES;

#include "attention_span.glsl"

shared vec4 pool[1024]; // 16 KiB, of which each way has its own use

void put_quad(uint r, uint head, uint quad, vec4 result)
{
    uint to = OUT_START + r * push.ldout + head * push.head_size + 4u * quad;
    if ((to & 3u) == 0u) {
        out4[to / 4u] = result;
    } else {
        out1[to] = result.x;
        out1[to + 1u] = result.y;
        out1[to + 2u] = result.z;
        out1[to + 3u] = result.w;
    }
}

#include "attention_tile.glsl"
#include "attention_split.glsl"

void main()
{
    if (shape >= ZC_ATTENTION_SPLIT_SHAPE) {
        uint teams = (push.heads / push.kv_heads + TEAM_HEADS - 1u) / TEAM_HEADS * push.kv_heads;
        for (uint r = WORKGROUP_ID.y; r < push.rows; r += WORKGROUPS.y) {
            for (uint team = WORKGROUP_ID.x; team < teams; team += WORKGROUPS.x) {
                attend_split(WORKGROUP_ID.z, WORKGROUPS.z, r, team);
            }
        }
        return;
    }
    bool joins = shape == ZC_ATTENTION_JOIN_SHAPE;
    uint tiles = joins ? push.rows : (push.rows - 1u) / ROWS_OF_TILE + 1u;
    for (uint tile = WORKGROUP_ID.y; tile < tiles; tile += WORKGROUPS.y) {
        for (uint head = WORKGROUP_ID.x; head < push.heads; head += WORKGROUPS.x) {
            if (joins) {
                join(tile, head);
            } else {
                attend_tile(tile, head);
            }
        }
    }
}
