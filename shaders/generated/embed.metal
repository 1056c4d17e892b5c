#pragma clang diagnostic ignored "-Wmissing-prototypes"

#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

struct Raw
{
    uint4 a;
    uint2 b;
};

constant uint type_tmp [[function_constant(0)]];
constant uint type = is_function_constant_defined(type_tmp) ? type_tmp : 0u;
constant bool _66 = (type == 0u);
constant bool _75 = (type == 3u);
constant bool _86 = (type == 4u);
constant bool _96 = (type == 5u);
constant bool _106 = (type == 6u);
constant bool _117 = (type == 7u);
constant bool _266 = (type == 0u);

struct Weights4
{
    uint4 weights4[1];
};

struct Weights1
{
    uint weights1[1];
};

constant bool _335 = (type == 1u);
constant bool _336 = (type == 2u);
constant bool _337 = (_335 || _336);
constant bool _371 = (type == 3u);
constant bool _372 = (type == 4u);
constant bool _373 = (_371 || _372);
constant bool _380 = (type == 3u);
constant uint _381 = _380 ? 17u : 9u;
constant bool _388 = (type == 3u);
constant uint _389 = _388 ? 7u : 3u;
constant bool _412 = (type == 5u);
constant bool _435 = (type == 6u);
constant bool _567 = (type == 0u);
constant bool _568 = (type == 1u);
constant bool _569 = (_567 || _568);
constant bool _570 = (type == 2u);
constant bool _571 = (_569 || _570);
constant bool _579 = (type != 0u);
constant bool _602 = (type == 1u);
constant bool _666 = (type == 3u);
constant bool _667 = (type == 4u);
constant bool _668 = (_666 || _667);
constant bool _693 = (type == 3u);
constant bool _715 = (type == 5u);
constant bool _738 = (type == 6u);

struct Push
{
    uint4 offset;
    uint4 first;
    uint4 groups;
    uint type_;
    uint rows;
    uint dim;
    uint vocab;
    uint ldout;
    uint flags;
};

struct Ids1
{
    uint ids1[1];
};

struct Out4
{
    float4 out4[1];
};

struct Out1
{
    float out1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    uint _67;
    if (_66)
    {
        _67 = 2u * k;
    }
    else
    {
        uint _76;
        if (_75)
        {
            _76 = (k / 32u) * 17u;
        }
        else
        {
            uint _87;
            if (_86)
            {
                _87 = (k / 32u) * 9u;
            }
            else
            {
                uint _97;
                if (_96)
                {
                    _97 = (k / 32u) * 10u;
                }
                else
                {
                    uint _107;
                    if (_106)
                    {
                        _107 = (k / 256u) * 72u;
                    }
                    else
                    {
                        uint _118;
                        if (_117)
                        {
                            _118 = (k / 256u) * 105u;
                        }
                        else
                        {
                            _118 = k;
                        }
                        _107 = _118;
                    }
                    _97 = _107;
                }
                _87 = _97;
            }
            _76 = _87;
        }
        _67 = _76;
    }
    return _67;
}

static inline __attribute__((always_inline))
Raw load_quad(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights4& v_297, const device Weights1& v_309)
{
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    if (_266)
    {
        uint last = ((row / 2u) + k) - 1u;
        uint at = (row / 2u) + (4u * q);
        bool _283 = (at & 3u) == 0u;
        bool _290;
        if (_283)
        {
            _290 = (at + 3u) <= last;
        }
        else
        {
            _290 = _283;
        }
        if (_290)
        {
            raw.a = v_297.weights4[at / 4u];
        }
        else
        {
            raw.a = uint4(v_309.weights1[at], v_309.weights1[min((at + 1u), last)], v_309.weights1[min((at + 2u), last)], v_309.weights1[min((at + 3u), last)]);
        }
    }
    else
    {
        if (_337)
        {
            uint last_1 = ((row + k) - 1u) / 2u;
            uint at_1 = (row + (4u * q)) / 2u;
            raw.a.x = v_309.weights1[at_1];
            raw.a.y = v_309.weights1[min((at_1 + 1u), last_1)];
            raw.a.z = v_309.weights1[min((at_1 + 2u), last_1)];
        }
        else
        {
            if (_373)
            {
                uint h = row + ((q / 8u) * _381);
                uint word = (h + 1u) + (2u * (q & _389));
                raw.a.x = v_309.weights1[word / 2u];
                raw.a.y = v_309.weights1[(word / 2u) + (word & 1u)];
                raw.a.w = v_309.weights1[h / 2u];
            }
            else
            {
                if (_412)
                {
                    uint at_2 = (row / 2u) + ((q / 8u) * 5u);
                    raw.a.x = v_309.weights1[(at_2 + 1u) + (q & 3u)];
                    raw.a.w = v_309.weights1[at_2];
                }
                else
                {
                    if (_435)
                    {
                        uint at_3 = (row / 2u) + ((q / 64u) * 36u);
                        raw.a.x = v_309.weights1[((at_3 + 4u) + (((q / 16u) % 4u) * 8u)) + (q & 7u)];
                        raw.a.y = v_309.weights1[at_3 + 1u];
                        raw.a.z = v_309.weights1[at_3 + 2u];
                        raw.a.w = v_309.weights1[at_3];
                        raw.b.x = v_309.weights1[at_3 + 3u];
                    }
                    else
                    {
                        uint h_1 = row + ((q / 64u) * 105u);
                        uint part = (q / 32u) & 1u;
                        uint stripe = (q / 8u) & 3u;
                        uint quad_ = q & 7u;
                        uint low = ((h_1 + (32u * part)) + (16u * (stripe & 1u))) + (2u * quad_);
                        uint high = ((h_1 + 64u) + (16u * part)) + (2u * quad_);
                        raw.a.x = v_309.weights1[low / 2u];
                        raw.a.y = v_309.weights1[(low / 2u) + (low & 1u)];
                        raw.a.z = v_309.weights1[high / 2u];
                        raw.a.w = v_309.weights1[(high / 2u) + (high & 1u)];
                        raw.b.x = v_309.weights1[(((h_1 + 96u) + (4u * part)) + stripe) / 2u];
                        raw.b.y = v_309.weights1[(h_1 / 2u) + 52u];
                    }
                }
            }
        }
    }
    return raw;
}

static inline __attribute__((always_inline))
uint word_of(thread const uint& h, thread const uint& low, thread const uint& high)
{
    uint _139;
    if ((h & 1u) != 0u)
    {
        _139 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _139 = low;
    }
    return _139;
}

static inline __attribute__((always_inline))
float float_of(thread const uint& h, thread const uint& word)
{
    return float2(as_type<half2>(word >> (16u * (h & 1u)))).x;
}

static inline __attribute__((always_inline))
float4 signed_bytes(thread const uint& word)
{
    return float4(float(int(word << 24u) >> 24), float(int(word << 16u) >> 24), float(int(word << 8u) >> 24), float(int(word) >> 24));
}

static inline __attribute__((always_inline))
float4 unsigned_bytes(thread const uint& word)
{
    return float4(float(word & 255u), float((word >> 8u) & 255u), float((word >> 16u) & 255u), float(word >> 24u));
}

static inline __attribute__((always_inline))
float2 scale_of(thread const uint3& scales, thread const uint& i)
{
    uint shift = 8u * (i & 3u);
    uint a = scales.x >> shift;
    uint b = scales.y >> shift;
    uint c = scales.z >> shift;
    float2 _228;
    if (i < 4u)
    {
        _228 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _228 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _228;
}

static inline __attribute__((always_inline))
float4 decode_quad(thread const Raw& raw, thread const uint& row, thread const uint& k, thread const uint& q)
{
    if (_571)
    {
        float4 v = as_type<float4>(raw.a);
        if (_579)
        {
            uint param = row;
            uint param_1 = raw.a.x;
            uint param_2 = raw.a.y;
            uint low = word_of(param, param_1, param_2);
            uint param_3 = row;
            uint param_4 = raw.a.y;
            uint param_5 = raw.a.z;
            uint high = word_of(param_3, param_4, param_5);
            float4 _603;
            if (_602)
            {
                _603 = float4(float2(as_type<half2>(low)), float2(as_type<half2>(high)));
            }
            else
            {
                _603 = as_type<float4>(uint4(low << 16u, low & 4294901760u, high << 16u, high & 4294901760u));
            }
            v = _603;
        }
        uint left = k - (4u * q);
        float _638;
        if (left > 1u)
        {
            _638 = v.y;
        }
        else
        {
            _638 = 0.0;
        }
        float _648;
        if (left > 2u)
        {
            _648 = v.z;
        }
        else
        {
            _648 = 0.0;
        }
        float _657;
        if (left > 3u)
        {
            _657 = v.w;
        }
        else
        {
            _657 = 0.0;
        }
        return float4(v.x, _638, _648, _657);
    }
    if (_668)
    {
        uint h = row + (q / 8u);
        uint param_6 = h + 1u;
        uint param_7 = raw.a.x;
        uint param_8 = raw.a.y;
        uint word = word_of(param_6, param_7, param_8);
        uint param_9 = h;
        uint param_10 = raw.a.w;
        float4 _694;
        if (_693)
        {
            uint param_11 = word;
            _694 = signed_bytes(param_11);
        }
        else
        {
            uint param_12 = (word >> (q & 4u)) & 252645135u;
            _694 = unsigned_bytes(param_12) - float4(8.0);
        }
        return _694 * float_of(param_9, param_10);
    }
    if (_715)
    {
        float2 scale = float2(as_type<half2>(raw.a.w));
        uint param_13 = (raw.a.x >> (q & 4u)) & 252645135u;
        return (unsigned_bytes(param_13) * scale.x) + float4(scale.y);
    }
    if (_738)
    {
        uint3 param_14 = uint3(raw.a.y, raw.a.z, raw.b.x);
        uint param_15 = (q / 8u) & 7u;
        float2 scale_1 = float2(as_type<half2>(raw.a.w)) * scale_of(param_14, param_15);
        uint param_16 = (raw.a.x >> ((q / 2u) & 4u)) & 252645135u;
        return (unsigned_bytes(param_16) * scale_1.x) - float4(scale_1.y);
    }
    uint h_1 = row + (q / 64u);
    uint stripe = (q / 8u) & 3u;
    uint param_17 = h_1;
    uint param_18 = raw.a.x;
    uint param_19 = raw.a.y;
    uint low_1 = (word_of(param_17, param_18, param_19) >> (2u * (stripe & 2u))) & 252645135u;
    uint param_20 = h_1;
    uint param_21 = raw.a.z;
    uint param_22 = raw.a.w;
    uint high_1 = (word_of(param_20, param_21, param_22) >> (2u * stripe)) & 50529027u;
    uint shift = (16u * ((h_1 + stripe) & 1u)) + (8u * ((q / 4u) & 1u));
    int scale_2 = int((raw.b.x >> shift) << 24u) >> 24;
    uint param_23 = h_1;
    uint param_24 = raw.b.y;
    uint param_25 = low_1 | (high_1 << 4u);
    return (unsigned_bytes(param_25) - float4(32.0)) * (float_of(param_23, param_24) * float(scale_2));
}

static inline __attribute__((always_inline))
float4 quad(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights4& v_297, const device Weights1& v_309)
{
    uint param = row;
    uint param_1 = k;
    uint param_2 = q;
    Raw param_3 = load_quad(param, param_1, param_2, v_297, v_309);
    uint param_4 = row;
    uint param_5 = k;
    uint param_6 = q;
    return decode_quad(param_3, param_4, param_5, param_6);
}

kernel void zc_embed(constant Push& push [[buffer(0)]], const device Ids1& _912 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], device void* spvBufferAliasSet0Binding3 [[buffer(3)]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]])
{
    const device auto& v_297 = *(const device Weights4*)spvBufferAliasSet0Binding2;
    device auto& _1001 = *(device Out4*)spvBufferAliasSet0Binding3;
    const device auto& v_309 = *(const device Weights1*)spvBufferAliasSet0Binding2;
    device auto& _1037 = *(device Out1*)spvBufferAliasSet0Binding3;
    uint quads = (push.dim / 4u) + uint((push.dim & 3u) != 0u);
    uint3 _896 = push.first.xyz + gl_WorkGroupID;
    uint _897 = _896.y;
    float4 _1005;
    float _1042;
    for (uint r = _897; r < push.rows; r += push.groups.y)
    {
        uint id = min(_912.ids1[push.offset.x + r], (push.vocab - 1u));
        uint param = push.dim;
        uint row = (2u * push.offset.y) + (id * row_halves(param));
        uint _947 = ((push.first.xyz + gl_WorkGroupID).x * 256u) + gl_LocalInvocationID.x;
        for (uint q = _947; q < quads; q += (push.groups.x * 256u))
        {
            uint param_1 = row;
            uint param_2 = push.dim;
            uint param_3 = q;
            float4 v = quad(param_1, param_2, param_3, v_297, v_309);
            uint to = (push.offset.z + (r * push.ldout)) + (4u * q);
            bool add = (push.flags & 1u) != 0u;
            bool _986 = (to & 3u) == 0u;
            bool _995;
            if (_986)
            {
                _995 = ((4u * q) + 4u) <= push.dim;
            }
            else
            {
                _995 = _986;
            }
            if (_995)
            {
                if (add)
                {
                    _1005 = _1001.out4[to / 4u] + v;
                }
                else
                {
                    _1005 = v;
                }
                _1001.out4[to / 4u] = _1005;
                continue;
            }
            for (uint e = 0u; e < min((push.dim - (4u * q)), 4u); e++)
            {
                if (add)
                {
                    _1042 = _1037.out1[to + e] + v[e];
                }
                else
                {
                    _1042 = v[e];
                }
                _1037.out1[to + e] = _1042;
            }
        }
    }
}

