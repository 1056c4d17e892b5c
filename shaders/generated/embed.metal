#pragma clang diagnostic ignored "-Wmissing-prototypes"

#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

constant uint type_tmp [[function_constant(0)]];
constant uint type = is_function_constant_defined(type_tmp) ? type_tmp : 0u;

struct Weights1
{
    uint weights1[1];
};

constant bool _273 = (type == 0u);
constant bool _290 = (type == 1u);
constant bool _312 = (type == 0u);
constant bool _313 = (type == 1u);
constant bool _314 = (_312 || _313);
constant bool _315 = (type == 2u);
constant bool _316 = (_314 || _315);
constant bool _328 = (type == 0u);

struct Weights4
{
    uint4 weights4[1];
};

constant bool _386 = (type == 1u);
constant bool _469 = (type == 3u);
constant bool _491 = (type == 4u);
constant bool _525 = (type == 5u);
constant bool _567 = (type == 6u);

struct Push
{
    uint4 offset;
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

struct Out1
{
    float out1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    switch (type)
    {
        case 0u:
        {
            return 2u * k;
        }
        case 3u:
        {
            return (k / 32u) * 17u;
        }
        case 4u:
        {
            return (k / 32u) * 9u;
        }
        case 5u:
        {
            return (k / 32u) * 10u;
        }
        case 6u:
        {
            return (k / 256u) * 72u;
        }
        case 7u:
        {
            return (k / 256u) * 105u;
        }
        default:
        {
            return k;
        }
    }
}

static inline __attribute__((always_inline))
uint word_at(thread const uint& h, const device Weights1& v_103)
{
    uint low = v_103.weights1[h / 2u];
    uint high = v_103.weights1[(h / 2u) + (h & 1u)];
    uint _125;
    if ((h & 1u) != 0u)
    {
        _125 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _125 = low;
    }
    return _125;
}

static inline __attribute__((always_inline))
uint half_at(thread const uint& h, const device Weights1& v_103)
{
    return (v_103.weights1[h / 2u] >> (16u * (h & 1u))) & 65535u;
}

static inline __attribute__((always_inline))
float single(thread const uint& row, thread const uint& i, const device Weights1& v_103)
{
    if (_273)
    {
        return as_type<float>(v_103.weights1[(row / 2u) + i]);
    }
    uint param = row + i;
    uint bits = half_at(param, v_103);
    float _292;
    if (_290)
    {
        _292 = float2(as_type<half2>(bits)).x;
    }
    else
    {
        _292 = as_type<float>(bits << 16u);
    }
    return _292;
}

static inline __attribute__((always_inline))
float float_at(thread const uint& h, const device Weights1& v_103)
{
    uint param = h;
    return float2(as_type<half2>(half_at(param, v_103))).x;
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
    float2 _238;
    if (i < 4u)
    {
        _238 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _238 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _238;
}

static inline __attribute__((always_inline))
uint byte_at(thread const uint& h, thread const uint& byte_, const device Weights1& v_103)
{
    uint param = h + (byte_ / 2u);
    return (half_at(param, v_103) >> (8u * (byte_ & 1u))) & 255u;
}

static inline __attribute__((always_inline))
float4 quad(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_103, const device Weights4& v_345)
{
    uint block = q / 8u;
    uint in_block = q & 7u;
    if (_316)
    {
        uint i = 4u * q;
        if ((i + 4u) <= k)
        {
            if (_328)
            {
                uint at = (row / 2u) + i;
                if ((at & 3u) == 0u)
                {
                    return as_type<float4>(v_345.weights4[at / 4u]);
                }
                return as_type<float4>(uint4(v_103.weights1[at], v_103.weights1[at + 1u], v_103.weights1[at + 2u], v_103.weights1[at + 3u]));
            }
            uint param = row + i;
            uint param_1 = (row + i) + 2u;
            uint2 pairs = uint2(word_at(param, v_103), word_at(param_1, v_103));
            float4 _388;
            if (_386)
            {
                _388 = float4(float2(as_type<half2>(pairs.x)), float2(as_type<half2>(pairs.y)));
            }
            else
            {
                _388 = as_type<float4>(uint4(pairs.x << 16u, pairs.x & 4294901760u, pairs.y << 16u, pairs.y & 4294901760u));
            }
            return _388;
        }
        float4 v = float4(0.0);
        if (i < k)
        {
            uint param_2 = row;
            uint param_3 = i;
            v.x = single(param_2, param_3, v_103);
        }
        if ((i + 1u) < k)
        {
            uint param_4 = row;
            uint param_5 = i + 1u;
            v.y = single(param_4, param_5, v_103);
        }
        if ((i + 2u) < k)
        {
            uint param_6 = row;
            uint param_7 = i + 2u;
            v.z = single(param_6, param_7, v_103);
        }
        return v;
    }
    if (q >= (k / 4u))
    {
        return float4(0.0);
    }
    if (_469)
    {
        uint h = row + (block * 17u);
        uint param_8 = h;
        uint param_9 = (h + 1u) + (2u * in_block);
        uint param_10 = word_at(param_9, v_103);
        return signed_bytes(param_10) * float_at(param_8, v_103);
    }
    if (_491)
    {
        uint h_1 = row + (block * 9u);
        uint param_11 = (h_1 + 1u) + (2u * (in_block & 3u));
        uint nibbles = word_at(param_11, v_103) >> (in_block & 4u);
        uint param_12 = h_1;
        uint param_13 = nibbles & 252645135u;
        return (unsigned_bytes(param_13) - float4(8.0)) * float_at(param_12, v_103);
    }
    if (_525)
    {
        uint at_1 = (row / 2u) + (block * 5u);
        float2 scale = float2(as_type<half2>(v_103.weights1[at_1]));
        uint nibbles_1 = v_103.weights1[(at_1 + 1u) + (in_block & 3u)] >> (in_block & 4u);
        uint param_14 = nibbles_1 & 252645135u;
        return (unsigned_bytes(param_14) * scale.x) + float4(scale.y);
    }
    block = q / 64u;
    in_block = q & 63u;
    if (_567)
    {
        uint at_2 = (row / 2u) + (block * 36u);
        uint3 param_15 = uint3(v_103.weights1[at_2 + 1u], v_103.weights1[at_2 + 2u], v_103.weights1[at_2 + 3u]);
        uint param_16 = in_block / 8u;
        float2 scale_1 = float2(as_type<half2>(v_103.weights1[at_2])) * scale_of(param_15, param_16);
        uint nibbles_2 = v_103.weights1[((at_2 + 4u) + ((in_block / 16u) * 8u)) + (in_block & 7u)] >> ((in_block / 2u) & 4u);
        uint param_17 = nibbles_2 & 252645135u;
        return (unsigned_bytes(param_17) * scale_1.x) - float4(scale_1.y);
    }
    uint h_2 = row + (block * 105u);
    uint part = in_block / 32u;
    uint stripe = (in_block / 8u) & 3u;
    uint quad_ = in_block & 7u;
    uint param_18 = ((h_2 + (32u * part)) + (16u * (stripe & 1u))) + (2u * quad_);
    uint low = (word_at(param_18, v_103) >> (2u * (stripe & 2u))) & 252645135u;
    uint param_19 = ((h_2 + 64u) + (16u * part)) + (2u * quad_);
    uint high = (word_at(param_19, v_103) >> (2u * stripe)) & 50529027u;
    uint param_20 = h_2 + 96u;
    uint param_21 = ((8u * part) + (2u * stripe)) + (quad_ / 4u);
    int scale_2 = int(byte_at(param_20, param_21, v_103) << 24u) >> 24;
    uint param_22 = h_2 + 104u;
    uint param_23 = low | (high << 4u);
    return (unsigned_bytes(param_23) - float4(32.0)) * (float_at(param_22, v_103) * float(scale_2));
}

kernel void zc_embed(constant Push& push [[buffer(0)]], const device Ids1& _753 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], device Out1& _828 [[buffer(3)]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_GlobalInvocationID [[thread_position_in_grid]], uint3 gl_NumWorkGroups [[threadgroups_per_grid]])
{
    const device auto& v_103 = *(const device Weights1*)spvBufferAliasSet0Binding2;
    const device auto& v_345 = *(const device Weights4*)spvBufferAliasSet0Binding2;
    uint quads = (push.dim / 4u) + uint((push.dim & 3u) != 0u);
    float _835;
    for (uint r = gl_WorkGroupID.y; r < push.rows; r += gl_NumWorkGroups.y)
    {
        uint id = min(_753.ids1[push.offset.x + r], (push.vocab - 1u));
        uint param = push.dim;
        uint row = (2u * push.offset.y) + (id * row_halves(param));
        for (uint q = gl_GlobalInvocationID.x; q < quads; q += (gl_NumWorkGroups.x * 256u))
        {
            uint param_1 = row;
            uint param_2 = push.dim;
            uint param_3 = q;
            float4 v = quad(param_1, param_2, param_3, v_103, v_345);
            for (uint e = 0u; e < min((push.dim - (4u * q)), 4u); e++)
            {
                uint to = ((push.offset.z + (r * push.ldout)) + (4u * q)) + e;
                if ((push.flags & 1u) != 0u)
                {
                    _835 = _828.out1[to] + v[e];
                }
                else
                {
                    _835 = v[e];
                }
                _828.out1[to] = _835;
            }
        }
    }
}

