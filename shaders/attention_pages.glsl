// attention_paged and attention_paged_matrix: what attention.glsl asks for of a cache in pages.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 offset2;
    uvec4 first, groups;
    uint rows, heads, kv_heads, head_size;
    uint ldq, ldk, ldv, ldout;
    uint capacity;
    uint page;
    uint table_words;
    uint context;
    uint shared_;
    uint kv_type;
    float scale;
    uint window;
}
push;

layout(set = 0, binding = 4, std430) readonly buffer Spans1 { uint spans1[]; };
layout(set = 0, binding = 5, std430) readonly buffer Tables1 { uint tables1[]; };
layout(set = 0, binding = 6, std430) readonly buffer Sinks1 { float sinks1[]; };

#include "common.glsl"

#define SINKS_START push.offset2.y
#define OUT_START push.offset2.z
#define SPAN_WORDS 3u
#define CONTEXT push.context
#define SOFTCAP uintBitsToFloat(push.first.w) // which has no room behind the others
#define FIND_TABLE(r) uint table = table_of(r);
#define PLACE(key) place(table, key)

// Where the pages of row r's sequence are named: with `shared`, all rows are of the first one's.
uint table_of(uint r)
{
    return min(spans1[push.offset.w + SPAN_WORDS * (push.shared_ != 0u ? 0u : r) + 2u], push.table_words - 1u);
}

// The row of the cache that has a key, whatever lies in memory. A page has 2^4 to 2^7 keys.
uint place(uint table, uint key)
{
    uint shift = 4u + (push.page >> 5) - (push.page >> 7);
    uint word = min(table + (key >> shift), push.table_words - 1u);
    uint page = min(tables1[push.offset2.x + word], (push.capacity >> shift) - 1u);
    return (page << shift) + (key & push.page - 1u);
}
