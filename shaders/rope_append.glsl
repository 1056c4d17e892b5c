// rope_append and rope_append_paged: q rotated where it lies; k rotated, and v, into rows of a cache and of its mirror. An
// invocation has two elements of a head: of q a pair that turns together, of k and v two that lie side by side, a word as
// float16. Of bytes an invocation has two blocks.
//
// Before it come the buffers, and CACHE_START, MIRROR_START, and PLACE(r, position): which row of the cache is row r's.

#include "common.glsl"
#include "bytes.glsl"

// Where the elements of pair i lie in a head.
uvec2 places(uint i)
{
    return push.layout_ == ZC_ROPE_HALVES ? uvec2(i, i + push.rotated / 2u) : uvec2(2u * i, 2u * i + 1u);
}

vec2 turned(vec2 pair, uint angles, uint i)
{
    float c = table1[angles + 2u * i], s = table1[angles + 2u * i + 1u];
    return vec2(pair.x * c - pair.y * s, pair.x * s + pair.y * c);
}

// Element e of a turned head of k.
float key(uint head, uint angles, uint e)
{
    if (e >= push.rotated) {
        return k1[head + e];
    }
    uint half_ = push.rotated / 2u;
    uint i = push.layout_ == ZC_ROPE_HALVES ? (e < half_ ? e : e - half_) : e / 2u;
    uvec2 at = places(i);
    vec2 pair = turned(vec2(k1[head + at.x], k1[head + at.y]), angles, i);
    return at.x == e ? pair.x : pair.y;
}

// Elements `to` and, where there is one, to + 1 of the cache, and of the mirror. By one store where that can be: the
// cache may be behind a bus.
void put(uint to, vec2 pair, bool both)
{
    uint c = CACHE_START, m = MIRROR_START;
    if (push.out_type == ZC_CACHE_F16) {
        uint word = packHalf2x16(pair);
        cache1[c + to / 2u] = word;
        if (push.mirrored != 0u) {
            mirror1[m + to / 2u] = word;
        }
        return;
    }
    uvec2 words = floatBitsToUint(pair);
    if (both && (c + to & 1u) == 0u) {
        cache2[(c + to) / 2u] = words;
    } else {
        cache1[c + to] = words.x;
        if (both) {
            cache1[c + to + 1u] = words.y;
        }
    }
    if (push.mirrored != 0u) {
        mirror1[m + to] = words.x;
        if (both) {
            mirror1[m + to + 1u] = words.y;
        }
    }
}

void put_word(uint at, uint word)
{
    cache1[CACHE_START + at] = word;
    if (push.mirrored != 0u) {
        mirror1[MIRROR_START + at] = word;
    }
}

// Four elements of row r of k or v, from column c on, a multiple of 4.
vec4 four(bool of_keys, uint r, uint angles, uint c)
{
    if (of_keys) {
        uint head = push.offset.y + r * push.ldk + c / push.head_size * push.head_size, e = c % push.head_size;
        return vec4(key(head, angles, e), key(head, angles, e + 1u), key(head, angles, e + 2u), key(head, angles, e + 3u));
    }
    uint at = push.offset.z + r * push.ldv + c;
    return vec4(v1[at], v1[at + 1u], v1[at + 2u], v1[at + 3u]);
}

// The n-th 64 elements of row r of k, or of v.
void put_bytes(uint n, uint r, uint angles, uint place)
{
    uint cols = push.kv_heads * push.head_size, row_words = push.ldout / 64u * 17u;
    bool of_keys = n < cols / 64u;
    uint c = 64u * (of_keys ? n : n - cols / 64u);
    uint row = (of_keys ? place : push.capacity + place) * row_words;
#define FOUR(c) four(of_keys, r, angles, c)
    PUT_BLOCKS(row, push.ldout, c)
}

void main()
{
    uint pairs = push.head_size / 2u + (push.head_size & 1u), heads = push.heads + 2u * push.kv_heads;
    uint without_q = push.rows - push.q_rows;
    bool bytes = push.out_type == ZC_CACHE_Q8_0;
    uint items = bytes ? push.heads * pairs + push.kv_heads * push.head_size / 32u : heads * pairs;
    for (uint r = WORKGROUP_ID.y; r < push.rows; r += WORKGROUPS.y) {
        uint position = positions1[push.offset.w + r];
        uint angles = push.offset2.x + min(position, push.table_rows - 1u) * push.rotated;
        uint place = min(PLACE(r, position), push.capacity - 1u), keys = place * push.ldout;
        for (uint item = INVOCATION_X; item < items; item += WORKGROUPS.x * WORKGROUP) {
            uint h = item / pairs, i = item % pairs;
            if (h < push.heads) {
                if (r >= without_q && 2u * i < push.rotated) {
                    uint head = push.offset.x + (r - without_q) * push.ldq + h * push.head_size;
                    uvec2 at = head + places(i);
                    vec2 pair = turned(vec2(q1[at.x], q1[at.y]), angles, i);
                    q1[at.x] = pair.x;
                    q1[at.y] = pair.y;
                }
                continue;
            }
            if (bytes) {
                put_bytes(item - push.heads * pairs, r, angles, place);
                continue;
            }
            h -= push.heads;
            bool of_keys = h < push.kv_heads;
            h -= of_keys ? 0u : push.kv_heads;
            uint in_row = h * push.head_size, e = 2u * i;
            bool both = e + 1u < push.head_size;
            vec2 pair = vec2(0.0);
            if (of_keys) {
                uint head = push.offset.y + r * push.ldk + in_row;
                pair.x = key(head, angles, e);
                if (both) {
                    pair.y = key(head, angles, e + 1u);
                }
            } else {
                uint head = push.offset.z + r * push.ldv + in_row;
                pair.x = v1[head + e];
                if (both) {
                    pair.y = v1[head + e + 1u];
                }
            }
            put(keys + (of_keys ? 0u : push.capacity * push.ldout) + in_row + e, pair, both);
        }
    }
}
