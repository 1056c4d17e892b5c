#pragma clang diagnostic ignored "-Wmissing-prototypes"

#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

struct Raw
{
    uint4 a;
    uint2 b;
};

struct Weights1
{
    uint weights1[1];
};

struct Weights4
{
    uint4 weights4[1];
};

constant uint type_tmp [[function_constant(0)]];
constant uint type = is_function_constant_defined(type_tmp) ? type_tmp : 0u;
constant bool _189 = (type == 0u);
constant bool _199 = (type == 1u);
constant bool _207 = (type == 2u);
constant bool _216 = (type == 3u);
constant bool _227 = (type == 4u);
constant bool _237 = (type == 5u);
constant bool _247 = (type == 6u);
constant bool _258 = (type == 7u);
constant bool _1035 = (type == 0u);
constant bool _1045 = (type == 1u);
constant bool _1055 = (type == 2u);
constant bool _1065 = (type == 3u);
constant bool _1075 = (type == 4u);
constant bool _1085 = (type == 5u);
constant bool _1095 = (type == 6u);
constant bool _1105 = (type == 7u);
constant bool _1120 = (type == 0u);
constant bool _1132 = (type == 1u);
constant bool _1144 = (type == 2u);
constant bool _1156 = (type == 3u);
constant bool _1168 = (type == 4u);
constant bool _1180 = (type == 5u);
constant bool _1192 = (type == 6u);
constant bool _1204 = (type == 7u);

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
    uint _190;
    if (_189)
    {
        _190 = (k / 1u) * 2u;
    }
    else
    {
        uint _200;
        if (_199)
        {
            _200 = (k / 1u) * 1u;
        }
        else
        {
            uint _208;
            if (_207)
            {
                _208 = (k / 1u) * 1u;
            }
            else
            {
                uint _217;
                if (_216)
                {
                    _217 = (k / 32u) * 17u;
                }
                else
                {
                    uint _228;
                    if (_227)
                    {
                        _228 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _238;
                        if (_237)
                        {
                            _238 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _248;
                            if (_247)
                            {
                                _248 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _259;
                                if (_258)
                                {
                                    _259 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    _259 = 0u;
                                }
                                _248 = _259;
                            }
                            _238 = _248;
                        }
                        _228 = _238;
                    }
                    _217 = _228;
                }
                _208 = _217;
            }
            _200 = _208;
        }
        _190 = _200;
    }
    return _190;
}

static inline __attribute__((always_inline))
uint4 weight_words(thread const uint& i, const device Weights4& v_179)
{
    return v_179.weights4[i];
}

static inline __attribute__((always_inline))
uint weight_word(thread const uint& i, const device Weights1& v_167)
{
    return v_167.weights1[i];
}

static inline __attribute__((always_inline))
Raw load_quad_F32(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_167, const device Weights4& v_179)
{
    uint last = ((row / 2u) + k) - 1u;
    uint at = (row / 2u) + (4u * q);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    bool _454 = (at & 3u) == 0u;
    bool _461;
    if (_454)
    {
        _461 = (at + 3u) <= last;
    }
    else
    {
        _461 = _454;
    }
    if (_461)
    {
        uint param = at / 4u;
        raw.a = weight_words(param, v_179);
    }
    else
    {
        uint param_1 = at;
        uint param_2 = min((at + 1u), last);
        uint param_3 = min((at + 2u), last);
        uint param_4 = min((at + 3u), last);
        raw.a = uint4(weight_word(param_1, v_167), weight_word(param_2, v_167), weight_word(param_3, v_167), weight_word(param_4, v_167));
    }
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_F16(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_167)
{
    uint last = ((row + k) - 1u) / 2u;
    uint at = (row + (4u * q)) / 2u;
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = at;
    raw.a.x = weight_word(param, v_167);
    uint param_1 = min((at + 1u), last);
    raw.a.y = weight_word(param_1, v_167);
    uint param_2 = min((at + 2u), last);
    raw.a.z = weight_word(param_2, v_167);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_scaled(thread const uint& h, thread const uint& word, const device Weights1& v_167)
{
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = word / 2u;
    raw.a.x = weight_word(param, v_167);
    uint param_1 = (word / 2u) + (word & 1u);
    raw.a.y = weight_word(param_1, v_167);
    uint param_2 = h / 2u;
    raw.a.w = weight_word(param_2, v_167);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q8_0(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_167)
{
    uint h = row + ((q / 8u) * 17u);
    uint param = h;
    uint param_1 = (h + 1u) + (2u * (q & 7u));
    return load_scaled(param, param_1, v_167);
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_0(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_167)
{
    uint h = row + ((q / 8u) * 9u);
    uint param = h;
    uint param_1 = (h + 1u) + (2u * (q & 3u));
    return load_scaled(param, param_1, v_167);
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_1(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_167)
{
    uint at = (row / 2u) + ((q / 8u) * 5u);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = (at + 1u) + (q & 3u);
    raw.a.x = weight_word(param, v_167);
    uint param_1 = at;
    raw.a.w = weight_word(param_1, v_167);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_K(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_167)
{
    uint at = (row / 2u) + ((q / 64u) * 36u);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = ((at + 4u) + (((q / 16u) % 4u) * 8u)) + (q & 7u);
    raw.a.x = weight_word(param, v_167);
    uint param_1 = at + 1u;
    raw.a.y = weight_word(param_1, v_167);
    uint param_2 = at + 2u;
    raw.a.z = weight_word(param_2, v_167);
    uint param_3 = at;
    raw.a.w = weight_word(param_3, v_167);
    uint param_4 = at + 3u;
    raw.b.x = weight_word(param_4, v_167);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q6_K(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_167)
{
    uint h = row + ((q / 64u) * 105u);
    uint part = (q / 32u) & 1u;
    uint stripe = (q / 8u) & 3u;
    uint quad_ = q & 7u;
    uint low = ((h + (32u * part)) + (16u * (stripe & 1u))) + (2u * quad_);
    uint high = ((h + 64u) + (16u * part)) + (2u * quad_);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = low / 2u;
    raw.a.x = weight_word(param, v_167);
    uint param_1 = (low / 2u) + (low & 1u);
    raw.a.y = weight_word(param_1, v_167);
    uint param_2 = high / 2u;
    raw.a.z = weight_word(param_2, v_167);
    uint param_3 = (high / 2u) + (high & 1u);
    raw.a.w = weight_word(param_3, v_167);
    uint param_4 = (((h + 96u) + (4u * part)) + stripe) / 2u;
    raw.b.x = weight_word(param_4, v_167);
    uint param_5 = (h / 2u) + 52u;
    raw.b.y = weight_word(param_5, v_167);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_167, const device Weights4& v_179)
{
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    if (_1035)
    {
        uint param = row;
        uint param_1 = k;
        uint param_2 = q;
        raw = load_quad_F32(param, param_1, param_2, v_167, v_179);
    }
    if (_1045)
    {
        uint param_3 = row;
        uint param_4 = k;
        uint param_5 = q;
        raw = load_quad_F16(param_3, param_4, param_5, v_167);
    }
    if (_1055)
    {
        uint param_6 = row;
        uint param_7 = k;
        uint param_8 = q;
        raw = load_quad_F16(param_6, param_7, param_8, v_167);
    }
    if (_1065)
    {
        uint param_9 = row;
        uint param_10 = k;
        uint param_11 = q;
        raw = load_quad_Q8_0(param_9, param_10, param_11, v_167);
    }
    if (_1075)
    {
        uint param_12 = row;
        uint param_13 = k;
        uint param_14 = q;
        raw = load_quad_Q4_0(param_12, param_13, param_14, v_167);
    }
    if (_1085)
    {
        uint param_15 = row;
        uint param_16 = k;
        uint param_17 = q;
        raw = load_quad_Q4_1(param_15, param_16, param_17, v_167);
    }
    if (_1095)
    {
        uint param_18 = row;
        uint param_19 = k;
        uint param_20 = q;
        raw = load_quad_Q4_K(param_18, param_19, param_20, v_167);
    }
    if (_1105)
    {
        uint param_21 = row;
        uint param_22 = k;
        uint param_23 = q;
        raw = load_quad_Q6_K(param_21, param_22, param_23, v_167);
    }
    return raw;
}

static inline __attribute__((always_inline))
float4 within(thread const float4& v, thread const uint& left)
{
    float _407;
    if (left > 1u)
    {
        _407 = v.y;
    }
    else
    {
        _407 = 0.0;
    }
    float _417;
    if (left > 2u)
    {
        _417 = v.z;
    }
    else
    {
        _417 = 0.0;
    }
    float _426;
    if (left > 3u)
    {
        _426 = v.w;
    }
    else
    {
        _426 = 0.0;
    }
    return float4(v.x, _407, _417, _426);
}

static inline __attribute__((always_inline))
float4 decode_quad_F32(thread const Raw& raw, thread const uint& row, thread const uint& k, thread const uint& q)
{
    float4 param = as_type<float4>(raw.a);
    uint param_1 = k - (4u * q);
    return within(param, param_1);
}

static inline __attribute__((always_inline))
uint word_of(thread const uint& h, thread const uint& low, thread const uint& high)
{
    uint _280;
    if ((h & 1u) != 0u)
    {
        _280 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _280 = low;
    }
    return _280;
}

static inline __attribute__((always_inline))
float4 decode_quad_F16(thread const Raw& raw, thread const uint& row, thread const uint& k, thread const uint& q)
{
    uint param = row;
    uint param_1 = raw.a.x;
    uint param_2 = raw.a.y;
    uint low = word_of(param, param_1, param_2);
    uint param_3 = row;
    uint param_4 = raw.a.y;
    uint param_5 = raw.a.z;
    uint high = word_of(param_3, param_4, param_5);
    float4 param_6 = float4(float2(as_type<half2>(low)), float2(as_type<half2>(high)));
    uint param_7 = k - (4u * q);
    return within(param_6, param_7);
}

static inline __attribute__((always_inline))
float4 decode_quad_BF16(thread const Raw& raw, thread const uint& row, thread const uint& k, thread const uint& q)
{
    uint param = row;
    uint param_1 = raw.a.x;
    uint param_2 = raw.a.y;
    uint low = word_of(param, param_1, param_2);
    uint param_3 = row;
    uint param_4 = raw.a.y;
    uint param_5 = raw.a.z;
    uint high = word_of(param_3, param_4, param_5);
    float4 param_6 = as_type<float4>(uint4(low << 16u, low & 4294901760u, high << 16u, high & 4294901760u));
    uint param_7 = k - (4u * q);
    return within(param_6, param_7);
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
float4 decode_quad_Q8_0(thread const Raw& raw, thread const uint& row, thread const uint& k, thread const uint& q)
{
    uint h = row + (q / 8u);
    uint param = h;
    uint param_1 = raw.a.w;
    uint param_2 = h + 1u;
    uint param_3 = raw.a.x;
    uint param_4 = raw.a.y;
    uint param_5 = word_of(param_2, param_3, param_4);
    return signed_bytes(param_5) * float_of(param, param_1);
}

static inline __attribute__((always_inline))
float4 unsigned_bytes(thread const uint& word)
{
    return float4(float(word & 255u), float((word >> 8u) & 255u), float((word >> 16u) & 255u), float(word >> 24u));
}

static inline __attribute__((always_inline))
float4 decode_quad_Q4_0(thread const Raw& raw, thread const uint& row, thread const uint& k, thread const uint& q)
{
    uint h = row + (q / 8u);
    uint param = h + 1u;
    uint param_1 = raw.a.x;
    uint param_2 = raw.a.y;
    uint word = word_of(param, param_1, param_2);
    uint param_3 = h;
    uint param_4 = raw.a.w;
    uint param_5 = (word >> (q & 4u)) & 252645135u;
    return (unsigned_bytes(param_5) - float4(8.0)) * float_of(param_3, param_4);
}

static inline __attribute__((always_inline))
float4 decode_quad_Q4_1(thread const Raw& raw, thread const uint& row, thread const uint& k, thread const uint& q)
{
    float2 scale = float2(as_type<half2>(raw.a.w));
    uint param = (raw.a.x >> (q & 4u)) & 252645135u;
    return (unsigned_bytes(param) * scale.x) + float4(scale.y);
}

static inline __attribute__((always_inline))
float2 scale_of(thread const uint3& scales, thread const uint& i)
{
    uint shift = 8u * (i & 3u);
    uint a = scales.x >> shift;
    uint b = scales.y >> shift;
    uint c = scales.z >> shift;
    float2 _368;
    if (i < 4u)
    {
        _368 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _368 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _368;
}

static inline __attribute__((always_inline))
float4 decode_quad_Q4_K(thread const Raw& raw, thread const uint& row, thread const uint& k, thread const uint& q)
{
    uint3 param = uint3(raw.a.y, raw.a.z, raw.b.x);
    uint param_1 = (q / 8u) & 7u;
    float2 scale = float2(as_type<half2>(raw.a.w)) * scale_of(param, param_1);
    uint param_2 = (raw.a.x >> ((q / 2u) & 4u)) & 252645135u;
    return (unsigned_bytes(param_2) * scale.x) - float4(scale.y);
}

static inline __attribute__((always_inline))
float4 decode_quad_Q6_K(thread const Raw& raw, thread const uint& row, thread const uint& k, thread const uint& q)
{
    uint h = row + (q / 64u);
    uint stripe = (q / 8u) & 3u;
    uint param = h;
    uint param_1 = raw.a.x;
    uint param_2 = raw.a.y;
    uint low = (word_of(param, param_1, param_2) >> (2u * (stripe & 2u))) & 252645135u;
    uint param_3 = h;
    uint param_4 = raw.a.z;
    uint param_5 = raw.a.w;
    uint high = (word_of(param_3, param_4, param_5) >> (2u * stripe)) & 50529027u;
    uint shift = (16u * ((h + stripe) & 1u)) + (8u * ((q / 4u) & 1u));
    int scale = int((raw.b.x >> shift) << 24u) >> 24;
    uint param_6 = h;
    uint param_7 = raw.b.y;
    uint param_8 = low | (high << 4u);
    return (unsigned_bytes(param_8) - float4(32.0)) * (float_of(param_6, param_7) * float(scale));
}

static inline __attribute__((always_inline))
float4 decode_quad(thread const Raw& raw, thread const uint& row, thread const uint& k, thread const uint& q)
{
    float4 v = float4(0.0);
    if (_1120)
    {
        Raw param = raw;
        uint param_1 = row;
        uint param_2 = k;
        uint param_3 = q;
        v = decode_quad_F32(param, param_1, param_2, param_3);
    }
    if (_1132)
    {
        Raw param_4 = raw;
        uint param_5 = row;
        uint param_6 = k;
        uint param_7 = q;
        v = decode_quad_F16(param_4, param_5, param_6, param_7);
    }
    if (_1144)
    {
        Raw param_8 = raw;
        uint param_9 = row;
        uint param_10 = k;
        uint param_11 = q;
        v = decode_quad_BF16(param_8, param_9, param_10, param_11);
    }
    if (_1156)
    {
        Raw param_12 = raw;
        uint param_13 = row;
        uint param_14 = k;
        uint param_15 = q;
        v = decode_quad_Q8_0(param_12, param_13, param_14, param_15);
    }
    if (_1168)
    {
        Raw param_16 = raw;
        uint param_17 = row;
        uint param_18 = k;
        uint param_19 = q;
        v = decode_quad_Q4_0(param_16, param_17, param_18, param_19);
    }
    if (_1180)
    {
        Raw param_20 = raw;
        uint param_21 = row;
        uint param_22 = k;
        uint param_23 = q;
        v = decode_quad_Q4_1(param_20, param_21, param_22, param_23);
    }
    if (_1192)
    {
        Raw param_24 = raw;
        uint param_25 = row;
        uint param_26 = k;
        uint param_27 = q;
        v = decode_quad_Q4_K(param_24, param_25, param_26, param_27);
    }
    if (_1204)
    {
        Raw param_28 = raw;
        uint param_29 = row;
        uint param_30 = k;
        uint param_31 = q;
        v = decode_quad_Q6_K(param_28, param_29, param_30, param_31);
    }
    return v;
}

static inline __attribute__((always_inline))
float4 quad(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_167, const device Weights4& v_179)
{
    uint param = row;
    uint param_1 = k;
    uint param_2 = q;
    Raw param_3 = load_quad(param, param_1, param_2, v_167, v_179);
    uint param_4 = row;
    uint param_5 = k;
    uint param_6 = q;
    return decode_quad(param_3, param_4, param_5, param_6);
}

kernel void zc_embed(constant Push& push [[buffer(0)]], const device Ids1& _1275 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], device void* spvBufferAliasSet0Binding3 [[buffer(3)]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]])
{
    const device auto& v_167 = *(const device Weights1*)spvBufferAliasSet0Binding2;
    device auto& _1364 = *(device Out4*)spvBufferAliasSet0Binding3;
    const device auto& v_179 = *(const device Weights4*)spvBufferAliasSet0Binding2;
    device auto& _1400 = *(device Out1*)spvBufferAliasSet0Binding3;
    uint quads = (push.dim / 4u) + uint((push.dim & 3u) != 0u);
    uint3 _1259 = push.first.xyz + gl_WorkGroupID;
    uint _1260 = _1259.y;
    float4 _1368;
    float _1405;
    for (uint r = _1260; r < push.rows; r += push.groups.y)
    {
        uint id = min(_1275.ids1[push.offset.x + r], (push.vocab - 1u));
        uint param = push.dim;
        uint row = (2u * push.offset.y) + (id * row_halves(param));
        uint _1310 = ((push.first.xyz + gl_WorkGroupID).x * 256u) + gl_LocalInvocationID.x;
        for (uint q = _1310; q < quads; q += (push.groups.x * 256u))
        {
            uint param_1 = row;
            uint param_2 = push.dim;
            uint param_3 = q;
            float4 v = quad(param_1, param_2, param_3, v_167, v_179);
            uint to = (push.offset.z + (r * push.ldout)) + (4u * q);
            bool add = (push.flags & 1u) != 0u;
            bool _1349 = (to & 3u) == 0u;
            bool _1358;
            if (_1349)
            {
                _1358 = ((4u * q) + 4u) <= push.dim;
            }
            else
            {
                _1358 = _1349;
            }
            if (_1358)
            {
                if (add)
                {
                    _1368 = _1364.out4[to / 4u] + v;
                }
                else
                {
                    _1368 = v;
                }
                _1364.out4[to / 4u] = _1368;
                continue;
            }
            for (uint e = 0u; e < min((push.dim - (4u * q)), 4u); e++)
            {
                if (add)
                {
                    _1405 = _1400.out1[to + e] + v[e];
                }
                else
                {
                    _1405 = v[e];
                }
                _1400.out1[to + e] = _1405;
            }
        }
    }
}

