#pragma clang diagnostic ignored "-Wmissing-prototypes"

#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

struct Push
{
    uint4 offset;
    uint4 offset2;
    uint4 first;
    uint4 groups;
    uint rows;
    uint q_rows;
    uint heads;
    uint kv_heads;
    uint head_size;
    uint rotated;
    uint ldq;
    uint ldk;
    uint ldv;
    uint ldout;
    uint table_rows;
    uint capacity;
    uint layout_;
    uint out_type;
    uint mirrored;
};

struct Table1
{
    float table1[1];
};

struct K1
{
    float k1[1];
};

struct Cache1
{
    uint cache1[1];
};

struct Mirror1
{
    uint mirror1[1];
};

struct Cache2
{
    uint2 cache2[1];
};

struct V1
{
    float v1[1];
};

struct Positions1
{
    uint positions1[1];
};

struct Q1
{
    float q1[1];
};

struct Mirror2
{
    uint2 mirror2[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
uint2 places(thread const uint& i, constant Push& push)
{
    uint2 _257;
    if (push.layout_ == 1u)
    {
        _257 = uint2(i, i + (push.rotated / 2u));
    }
    else
    {
        _257 = uint2(2u * i, (2u * i) + 1u);
    }
    return _257;
}

static inline __attribute__((always_inline))
float2 turned(thread const float2& pair, thread const uint& angles, thread const uint& i, const device Table1& v_282)
{
    float c = v_282.table1[angles + (2u * i)];
    float s = v_282.table1[(angles + (2u * i)) + 1u];
    return float2((pair.x * c) - (pair.y * s), (pair.x * s) + (pair.y * c));
}

static inline __attribute__((always_inline))
float key(thread const uint& head, thread const uint& angles, thread const uint& e, constant Push& push, const device Table1& v_282, const device K1& v_329)
{
    if (e >= push.rotated)
    {
        return v_329.k1[head + e];
    }
    uint half_ = push.rotated / 2u;
    uint _344;
    if (push.layout_ == 1u)
    {
        uint _350;
        if (e < half_)
        {
            _350 = e;
        }
        else
        {
            _350 = e - half_;
        }
        _344 = _350;
    }
    else
    {
        _344 = e / 2u;
    }
    uint i = _344;
    uint param = i;
    uint2 at = places(param, push);
    float2 param_1 = float2(v_329.k1[head + at.x], v_329.k1[head + at.y]);
    uint param_2 = angles;
    uint param_3 = i;
    float2 pair = turned(param_1, param_2, param_3, v_282);
    float _391;
    if (at.x == e)
    {
        _391 = pair.x;
    }
    else
    {
        _391 = pair.y;
    }
    return _391;
}

static inline __attribute__((always_inline))
float4 four(thread const bool& of_keys, thread const uint& r, thread const uint& angles, thread const uint& c, constant Push& push, const device Table1& v_282, const device K1& v_329, const device V1& v_599)
{
    if (of_keys)
    {
        uint head = (push.offset.y + (r * push.ldk)) + ((c / push.head_size) * push.head_size);
        uint e = c % push.head_size;
        uint param = head;
        uint param_1 = angles;
        uint param_2 = e;
        uint param_3 = head;
        uint param_4 = angles;
        uint param_5 = e + 1u;
        uint param_6 = head;
        uint param_7 = angles;
        uint param_8 = e + 2u;
        uint param_9 = head;
        uint param_10 = angles;
        uint param_11 = e + 3u;
        return float4(key(param, param_1, param_2, push, v_282, v_329), key(param_3, param_4, param_5, push, v_282, v_329), key(param_6, param_7, param_8, push, v_282, v_329), key(param_9, param_10, param_11, push, v_282, v_329));
    }
    uint at = (push.offset.z + (r * push.ldv)) + c;
    return float4(*(const device packed_float4*)&v_599.v1[at]);
}

static inline __attribute__((always_inline))
uint most_of(thread const float4& x)
{
    uint4 bits = as_type<uint4>(x) & uint4(2147483647u);
    return max(max(bits.x, bits.y), max(bits.z, bits.w));
}

static inline __attribute__((always_inline))
float block_scale(thread const uint& most)
{
    float scale = as_type<float>(most) / 127.0;
    if ((most < 1006501888u) && (scale < 6.103515625e-05))
    {
        return float(uint((scale * 16777216.0) + 0.5)) / 16777216.0;
    }
    uint bits = as_type<uint>(scale);
    bits = ((bits + 4095u) + ((bits >> 13u) & 1u)) & 4294959104u;
    bool fits = (most < 2139095040u) && (bits < 1199570944u);
    return as_type<float>(fits ? bits : 2143289344u);
}

static inline __attribute__((always_inline))
bool finite(thread const float& x)
{
    return (as_type<uint>(x) & 2139095040u) != 2139095040u;
}

static inline __attribute__((always_inline))
uint byte_of(thread const float& x, thread const float& scale)
{
    float number = fast::clamp(x / scale, -127.0, 127.0);
    return uint(int(number + ((number < 0.0) ? (-0.5) : 0.5))) & 255u;
}

static inline __attribute__((always_inline))
uint bytes_of(thread const float4& x, thread const float& scale)
{
    bool _201 = scale == 0.0;
    bool _209;
    if (!_201)
    {
        float param = scale;
        _209 = !finite(param);
    }
    else
    {
        _209 = _201;
    }
    if (_209)
    {
        return 0u;
    }
    float param_1 = x.x;
    float param_2 = scale;
    float param_3 = x.y;
    float param_4 = scale;
    float param_5 = x.z;
    float param_6 = scale;
    float param_7 = x.w;
    float param_8 = scale;
    return ((byte_of(param_1, param_2) | (byte_of(param_3, param_4) << 8u)) | (byte_of(param_5, param_6) << 16u)) | (byte_of(param_7, param_8) << 24u);
}

static inline __attribute__((always_inline))
void put_word(thread const uint& at, thread const uint& word, constant Push& push, device Cache1& v_421, device Mirror1& v_438)
{
    v_421.cache1[push.offset2.y + at] = word;
    if (push.mirrored != 0u)
    {
        v_438.mirror1[push.offset2.z + at] = word;
    }
}

static inline __attribute__((always_inline))
uint half_bits(thread const float& scale)
{
    float param = scale;
    uint _169;
    if (finite(param))
    {
        _169 = as_type<uint>(half2(float2(scale, 0.0)));
    }
    else
    {
        _169 = 32256u;
    }
    return _169;
}

static inline __attribute__((always_inline))
void put_bytes(thread const uint& n, thread const uint& r, thread const uint& angles, thread const uint& place, constant Push& push, const device Table1& v_282, const device K1& v_329, device Cache1& v_421, device Mirror1& v_438, const device V1& v_599)
{
    uint cols = push.kv_heads * push.head_size;
    uint row_words = (push.ldout / 64u) * 17u;
    bool of_keys = n < (cols / 64u);
    uint _640;
    if (of_keys)
    {
        _640 = n;
    }
    else
    {
        _640 = n - (cols / 64u);
    }
    uint c = 64u * _640;
    uint _653;
    if (of_keys)
    {
        _653 = place;
    }
    else
    {
        _653 = push.capacity + place;
    }
    uint row = _653 * row_words;
    uint scales = 0u;
    for (uint begin = c; begin < (c + 64u); begin += 32u)
    {
        uint most = 0u;
        for (uint e = begin; e < (begin + 32u); e += 4u)
        {
            bool param = of_keys;
            uint param_1 = r;
            uint param_2 = angles;
            uint param_3 = e;
            float4 param_4 = four(param, param_1, param_2, param_3, push, v_282, v_329, v_599);
            most = max(most, most_of(param_4));
        }
        uint param_5 = most;
        float scale = block_scale(param_5);
        for (uint e_1 = begin; e_1 < (begin + 32u); e_1 += 4u)
        {
            bool param_6 = of_keys;
            uint param_7 = r;
            uint param_8 = angles;
            uint param_9 = e_1;
            float4 param_10 = four(param_6, param_7, param_8, param_9, push, v_282, v_329, v_599);
            float param_11 = scale;
            uint param_12 = row + (e_1 / 4u);
            uint param_13 = bytes_of(param_10, param_11);
            put_word(param_12, param_13, push, v_421, v_438);
        }
        float param_14 = scale;
        scales |= (half_bits(param_14) << ((begin - c) / 2u));
    }
    uint param_15 = (row + (push.ldout / 4u)) + (c / 64u);
    uint param_16 = scales;
    put_word(param_15, param_16, push, v_421, v_438);
}

static inline __attribute__((always_inline))
void put(thread const uint& to, thread const float2& pair, thread const bool& both, constant Push& push, device Cache1& v_421, device Mirror1& v_438, device Cache2& v_463)
{
    uint c = push.offset2.y;
    uint m = push.offset2.z;
    if (push.out_type == 1u)
    {
        uint word = as_type<uint>(half2(pair));
        v_421.cache1[c + (to / 2u)] = word;
        if (push.mirrored != 0u)
        {
            v_438.mirror1[m + (to / 2u)] = word;
        }
        return;
    }
    uint2 words = as_type<uint2>(pair);
    bool _457;
    if (both)
    {
        _457 = ((c + to) & 1u) == 0u;
    }
    else
    {
        _457 = both;
    }
    if (_457)
    {
        v_463.cache2[(c + to) / 2u] = words;
    }
    else
    {
        v_421.cache1[c + to] = words.x;
        if (both)
        {
            v_421.cache1[(c + to) + 1u] = words.y;
        }
    }
    if (push.mirrored != 0u)
    {
        v_438.mirror1[m + to] = words.x;
        if (both)
        {
            v_438.mirror1[(m + to) + 1u] = words.y;
        }
    }
}

kernel void zc_rope_append(constant Push& push [[buffer(0)]], device Q1& _949 [[buffer(1)]], const device K1& v_329 [[buffer(2)]], const device V1& v_599 [[buffer(3)]], const device Positions1& _842 [[buffer(4)]], const device Table1& v_282 [[buffer(5)]], device void* spvBufferAliasSet0Binding6 [[buffer(6)]], device Mirror1& v_438 [[buffer(7)]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]])
{
    device auto& v_421 = *(device Cache1*)spvBufferAliasSet0Binding6;
    device auto& v_463 = *(device Cache2*)spvBufferAliasSet0Binding6;
    uint pairs = (push.head_size / 2u) + (push.head_size & 1u);
    uint heads = push.heads + (2u * push.kv_heads);
    uint without_q = push.rows - push.q_rows;
    bool bytes = push.out_type == 2u;
    uint _798;
    if (bytes)
    {
        _798 = (push.heads * pairs) + ((push.kv_heads * push.head_size) / 32u);
    }
    else
    {
        _798 = heads * pairs;
    }
    uint items = _798;
    uint3 _827 = push.first.xyz + gl_WorkGroupID;
    uint _828 = _827.y;
    uint _1004;
    uint _1091;
    for (uint r = _828; r < push.rows; r += push.groups.y)
    {
        uint position = _842.positions1[push.offset.w + r];
        uint angles = push.offset2.x + (min(position, (push.table_rows - 1u)) * push.rotated);
        uint place = min(position, (push.capacity - 1u));
        uint keys = place * push.ldout;
        uint _886 = ((push.first.xyz + gl_WorkGroupID).x * 256u) + gl_LocalInvocationID.x;
        for (uint item = _886; item < items; item += (push.groups.x * 256u))
        {
            uint h = item / pairs;
            uint i = item % pairs;
            if (h < push.heads)
            {
                bool _911 = r >= without_q;
                bool _919;
                if (_911)
                {
                    _919 = (2u * i) < push.rotated;
                }
                else
                {
                    _919 = _911;
                }
                if (_919)
                {
                    uint head = (push.offset.x + ((r - without_q) * push.ldq)) + (h * push.head_size);
                    uint param = i;
                    uint2 at = uint2(head) + places(param, push);
                    float2 param_1 = float2(_949.q1[at.x], _949.q1[at.y]);
                    uint param_2 = angles;
                    uint param_3 = i;
                    float2 pair = turned(param_1, param_2, param_3, v_282);
                    _949.q1[at.x] = pair.x;
                    _949.q1[at.y] = pair.y;
                }
                continue;
            }
            if (bytes)
            {
                uint param_4 = item - (push.heads * pairs);
                uint param_5 = r;
                uint param_6 = angles;
                uint param_7 = place;
                put_bytes(param_4, param_5, param_6, param_7, push, v_282, v_329, v_421, v_438, v_599);
                continue;
            }
            h -= push.heads;
            bool of_keys = h < push.kv_heads;
            if (of_keys)
            {
                _1004 = 0u;
            }
            else
            {
                _1004 = push.kv_heads;
            }
            h -= _1004;
            uint in_row = h * push.head_size;
            uint e = 2u * i;
            bool both = (e + 1u) < push.head_size;
            float2 pair_1 = float2(0.0);
            if (of_keys)
            {
                uint head_1 = (push.offset.y + (r * push.ldk)) + in_row;
                uint param_8 = head_1;
                uint param_9 = angles;
                uint param_10 = e;
                pair_1.x = key(param_8, param_9, param_10, push, v_282, v_329);
                if (both)
                {
                    uint param_11 = head_1;
                    uint param_12 = angles;
                    uint param_13 = e + 1u;
                    pair_1.y = key(param_11, param_12, param_13, push, v_282, v_329);
                }
            }
            else
            {
                uint head_2 = (push.offset.z + (r * push.ldv)) + in_row;
                pair_1.x = v_599.v1[head_2 + e];
                if (both)
                {
                    pair_1.y = v_599.v1[(head_2 + e) + 1u];
                }
            }
            if (of_keys)
            {
                _1091 = 0u;
            }
            else
            {
                _1091 = push.capacity * push.ldout;
            }
            uint param_14 = ((keys + _1091) + in_row) + e;
            float2 param_15 = pair_1;
            bool param_16 = both;
            put(param_14, param_15, param_16, push, v_421, v_438, v_463);
        }
    }
}

