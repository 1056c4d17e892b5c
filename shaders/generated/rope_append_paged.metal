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

struct Positions1
{
    uint positions1[1];
};

struct Places1
{
    uint places1[1];
};

struct Q1
{
    float q1[1];
};

struct V1
{
    float v1[1];
};

struct Mirror2
{
    uint2 mirror2[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
uint2 places(thread const uint& i, constant Push& push)
{
    uint2 _48;
    if (push.layout_ == 1u)
    {
        _48 = uint2(i, i + (push.rotated / 2u));
    }
    else
    {
        _48 = uint2(2u * i, (2u * i) + 1u);
    }
    return _48;
}

static inline __attribute__((always_inline))
float2 turned(thread const float2& pair, thread const uint& angles, thread const uint& i, const device Table1& v_75)
{
    float c = v_75.table1[angles + (2u * i)];
    float s = v_75.table1[(angles + (2u * i)) + 1u];
    return float2((pair.x * c) - (pair.y * s), (pair.x * s) + (pair.y * c));
}

static inline __attribute__((always_inline))
float key(thread const uint& head, thread const uint& angles, thread const uint& e, constant Push& push, const device Table1& v_75, const device K1& v_123)
{
    if (e >= push.rotated)
    {
        return v_123.k1[head + e];
    }
    uint half_ = push.rotated / 2u;
    uint _138;
    if (push.layout_ == 1u)
    {
        uint _144;
        if (e < half_)
        {
            _144 = e;
        }
        else
        {
            _144 = e - half_;
        }
        _138 = _144;
    }
    else
    {
        _138 = e / 2u;
    }
    uint i = _138;
    uint param = i;
    uint2 at = places(param, push);
    float2 param_1 = float2(v_123.k1[head + at.x], v_123.k1[head + at.y]);
    uint param_2 = angles;
    uint param_3 = i;
    float2 pair = turned(param_1, param_2, param_3, v_75);
    float _185;
    if (at.x == e)
    {
        _185 = pair.x;
    }
    else
    {
        _185 = pair.y;
    }
    return _185;
}

static inline __attribute__((always_inline))
void put(thread const uint& to, thread const float2& pair, thread const bool& both, constant Push& push, device Cache1& v_216, device Mirror1& v_233, device Cache2& v_258)
{
    uint c = push.offset2.z;
    uint m = push.offset2.w;
    if (push.out_type == 1u)
    {
        uint word = as_type<uint>(half2(pair));
        v_216.cache1[c + (to / 2u)] = word;
        if (push.mirrored != 0u)
        {
            v_233.mirror1[m + (to / 2u)] = word;
        }
        return;
    }
    uint2 words = as_type<uint2>(pair);
    bool _252;
    if (both)
    {
        _252 = ((c + to) & 1u) == 0u;
    }
    else
    {
        _252 = both;
    }
    if (_252)
    {
        v_258.cache2[(c + to) / 2u] = words;
    }
    else
    {
        v_216.cache1[c + to] = words.x;
        if (both)
        {
            v_216.cache1[(c + to) + 1u] = words.y;
        }
    }
    if (push.mirrored != 0u)
    {
        v_233.mirror1[m + to] = words.x;
        if (both)
        {
            v_233.mirror1[(m + to) + 1u] = words.y;
        }
    }
}

kernel void zc_rope_append_paged(constant Push& push [[buffer(0)]], device Q1& _473 [[buffer(1)]], const device K1& v_123 [[buffer(2)]], const device V1& _585 [[buffer(3)]], const device Positions1& _355 [[buffer(4)]], const device Table1& v_75 [[buffer(5)]], const device Places1& _379 [[buffer(6)]], device void* spvBufferAliasSet0Binding7 [[buffer(7)]], device Mirror1& v_233 [[buffer(8)]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]])
{
    device auto& v_216 = *(device Cache1*)spvBufferAliasSet0Binding7;
    device auto& v_258 = *(device Cache2*)spvBufferAliasSet0Binding7;
    uint pairs = (push.head_size / 2u) + (push.head_size & 1u);
    uint heads = push.heads + (2u * push.kv_heads);
    uint without_q = push.rows - push.q_rows;
    uint3 _340 = push.first.xyz + gl_WorkGroupID;
    uint _341 = _340.y;
    uint _510;
    uint _604;
    for (uint r = _341; r < push.rows; r += push.groups.y)
    {
        uint position = _355.positions1[push.offset.w + r];
        uint angles = push.offset2.x + (min(position, (push.table_rows - 1u)) * push.rotated);
        uint keys = min(_379.places1[push.offset2.y + r], (push.capacity - 1u)) * push.ldout;
        uint _408 = ((push.first.xyz + gl_WorkGroupID).x * 256u) + gl_LocalInvocationID.x;
        for (uint item = _408; item < (heads * pairs); item += (push.groups.x * 256u))
        {
            uint h = item / pairs;
            uint i = item % pairs;
            if (h < push.heads)
            {
                bool _435 = r >= without_q;
                bool _443;
                if (_435)
                {
                    _443 = (2u * i) < push.rotated;
                }
                else
                {
                    _443 = _435;
                }
                if (_443)
                {
                    uint head = (push.offset.x + ((r - without_q) * push.ldq)) + (h * push.head_size);
                    uint param = i;
                    uint2 at = uint2(head) + places(param, push);
                    float2 param_1 = float2(_473.q1[at.x], _473.q1[at.y]);
                    uint param_2 = angles;
                    uint param_3 = i;
                    float2 pair = turned(param_1, param_2, param_3, v_75);
                    _473.q1[at.x] = pair.x;
                    _473.q1[at.y] = pair.y;
                }
                continue;
            }
            h -= push.heads;
            bool of_keys = h < push.kv_heads;
            if (of_keys)
            {
                _510 = 0u;
            }
            else
            {
                _510 = push.kv_heads;
            }
            h -= _510;
            uint in_row = h * push.head_size;
            uint e = 2u * i;
            bool both = (e + 1u) < push.head_size;
            float2 pair_1 = float2(0.0);
            if (of_keys)
            {
                uint head_1 = (push.offset.y + (r * push.ldk)) + in_row;
                uint param_4 = head_1;
                uint param_5 = angles;
                uint param_6 = e;
                pair_1.x = key(param_4, param_5, param_6, push, v_75, v_123);
                if (both)
                {
                    uint param_7 = head_1;
                    uint param_8 = angles;
                    uint param_9 = e + 1u;
                    pair_1.y = key(param_7, param_8, param_9, push, v_75, v_123);
                }
            }
            else
            {
                uint head_2 = (push.offset.z + (r * push.ldv)) + in_row;
                pair_1.x = _585.v1[head_2 + e];
                if (both)
                {
                    pair_1.y = _585.v1[(head_2 + e) + 1u];
                }
            }
            if (of_keys)
            {
                _604 = 0u;
            }
            else
            {
                _604 = push.capacity * push.ldout;
            }
            uint param_10 = ((keys + _604) + in_row) + e;
            float2 param_11 = pair_1;
            bool param_12 = both;
            put(param_10, param_11, param_12, push, v_216, v_233, v_258);
        }
    }
}

