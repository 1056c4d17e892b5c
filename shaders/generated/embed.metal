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
constant bool _160 = (type == 0u);
constant bool _170 = (type == 1u);
constant bool _178 = (type == 2u);
constant bool _187 = (type == 3u);
constant bool _198 = (type == 4u);
constant bool _208 = (type == 5u);
constant bool _218 = (type == 6u);
constant bool _229 = (type == 7u);

struct Weights4
{
    uint4 weights4[1];
};

struct Weights1
{
    uint weights1[1];
};

constant bool _1018 = (type == 0u);
constant bool _1028 = (type == 1u);
constant bool _1038 = (type == 2u);
constant bool _1048 = (type == 3u);
constant bool _1058 = (type == 4u);
constant bool _1068 = (type == 5u);
constant bool _1078 = (type == 6u);
constant bool _1088 = (type == 7u);
constant bool _1103 = (type == 0u);
constant bool _1115 = (type == 1u);
constant bool _1127 = (type == 2u);
constant bool _1139 = (type == 3u);
constant bool _1151 = (type == 4u);
constant bool _1163 = (type == 5u);
constant bool _1175 = (type == 6u);
constant bool _1187 = (type == 7u);

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
    uint _161;
    if (_160)
    {
        _161 = (k / 1u) * 2u;
    }
    else
    {
        uint _171;
        if (_170)
        {
            _171 = (k / 1u) * 1u;
        }
        else
        {
            uint _179;
            if (_178)
            {
                _179 = (k / 1u) * 1u;
            }
            else
            {
                uint _188;
                if (_187)
                {
                    _188 = (k / 32u) * 17u;
                }
                else
                {
                    uint _199;
                    if (_198)
                    {
                        _199 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _209;
                        if (_208)
                        {
                            _209 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _219;
                            if (_218)
                            {
                                _219 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _230;
                                if (_229)
                                {
                                    _230 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    _230 = 0u;
                                }
                                _219 = _230;
                            }
                            _209 = _219;
                        }
                        _199 = _209;
                    }
                    _188 = _199;
                }
                _179 = _188;
            }
            _171 = _179;
        }
        _161 = _171;
    }
    return _161;
}

static inline __attribute__((always_inline))
Raw load_quad_F32(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights4& v_440, const device Weights1& v_452)
{
    uint last = ((row / 2u) + k) - 1u;
    uint at = (row / 2u) + (4u * q);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    bool _426 = (at & 3u) == 0u;
    bool _433;
    if (_426)
    {
        _433 = (at + 3u) <= last;
    }
    else
    {
        _433 = _426;
    }
    if (_433)
    {
        raw.a = v_440.weights4[at / 4u];
    }
    else
    {
        raw.a = uint4(v_452.weights1[at], v_452.weights1[min((at + 1u), last)], v_452.weights1[min((at + 2u), last)], v_452.weights1[min((at + 3u), last)]);
    }
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_F16(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_452)
{
    uint last = ((row + k) - 1u) / 2u;
    uint at = (row + (4u * q)) / 2u;
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    raw.a.x = v_452.weights1[at];
    raw.a.y = v_452.weights1[min((at + 1u), last)];
    raw.a.z = v_452.weights1[min((at + 2u), last)];
    return raw;
}

static inline __attribute__((always_inline))
Raw load_scaled(thread const uint& h, thread const uint& word, const device Weights1& v_452)
{
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    raw.a.x = v_452.weights1[word / 2u];
    raw.a.y = v_452.weights1[(word / 2u) + (word & 1u)];
    raw.a.w = v_452.weights1[h / 2u];
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q8_0(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_452)
{
    uint h = row + ((q / 8u) * 17u);
    uint param = h;
    uint param_1 = (h + 1u) + (2u * (q & 7u));
    return load_scaled(param, param_1, v_452);
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_0(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_452)
{
    uint h = row + ((q / 8u) * 9u);
    uint param = h;
    uint param_1 = (h + 1u) + (2u * (q & 3u));
    return load_scaled(param, param_1, v_452);
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_1(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_452)
{
    uint at = (row / 2u) + ((q / 8u) * 5u);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    raw.a.x = v_452.weights1[(at + 1u) + (q & 3u)];
    raw.a.w = v_452.weights1[at];
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_K(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_452)
{
    uint at = (row / 2u) + ((q / 64u) * 36u);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    raw.a.x = v_452.weights1[((at + 4u) + (((q / 16u) % 4u) * 8u)) + (q & 7u)];
    raw.a.y = v_452.weights1[at + 1u];
    raw.a.z = v_452.weights1[at + 2u];
    raw.a.w = v_452.weights1[at];
    raw.b.x = v_452.weights1[at + 3u];
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q6_K(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_452)
{
    uint h = row + ((q / 64u) * 105u);
    uint part = (q / 32u) & 1u;
    uint stripe = (q / 8u) & 3u;
    uint quad_ = q & 7u;
    uint low = ((h + (32u * part)) + (16u * (stripe & 1u))) + (2u * quad_);
    uint high = ((h + 64u) + (16u * part)) + (2u * quad_);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    raw.a.x = v_452.weights1[low / 2u];
    raw.a.y = v_452.weights1[(low / 2u) + (low & 1u)];
    raw.a.z = v_452.weights1[high / 2u];
    raw.a.w = v_452.weights1[(high / 2u) + (high & 1u)];
    raw.b.x = v_452.weights1[(((h + 96u) + (4u * part)) + stripe) / 2u];
    raw.b.y = v_452.weights1[(h / 2u) + 52u];
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights4& v_440, const device Weights1& v_452)
{
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    if (_1018)
    {
        uint param = row;
        uint param_1 = k;
        uint param_2 = q;
        raw = load_quad_F32(param, param_1, param_2, v_440, v_452);
    }
    if (_1028)
    {
        uint param_3 = row;
        uint param_4 = k;
        uint param_5 = q;
        raw = load_quad_F16(param_3, param_4, param_5, v_452);
    }
    if (_1038)
    {
        uint param_6 = row;
        uint param_7 = k;
        uint param_8 = q;
        raw = load_quad_F16(param_6, param_7, param_8, v_452);
    }
    if (_1048)
    {
        uint param_9 = row;
        uint param_10 = k;
        uint param_11 = q;
        raw = load_quad_Q8_0(param_9, param_10, param_11, v_452);
    }
    if (_1058)
    {
        uint param_12 = row;
        uint param_13 = k;
        uint param_14 = q;
        raw = load_quad_Q4_0(param_12, param_13, param_14, v_452);
    }
    if (_1068)
    {
        uint param_15 = row;
        uint param_16 = k;
        uint param_17 = q;
        raw = load_quad_Q4_1(param_15, param_16, param_17, v_452);
    }
    if (_1078)
    {
        uint param_18 = row;
        uint param_19 = k;
        uint param_20 = q;
        raw = load_quad_Q4_K(param_18, param_19, param_20, v_452);
    }
    if (_1088)
    {
        uint param_21 = row;
        uint param_22 = k;
        uint param_23 = q;
        raw = load_quad_Q6_K(param_21, param_22, param_23, v_452);
    }
    return raw;
}

static inline __attribute__((always_inline))
float4 within(thread const float4& v, thread const uint& left)
{
    float _379;
    if (left > 1u)
    {
        _379 = v.y;
    }
    else
    {
        _379 = 0.0;
    }
    float _389;
    if (left > 2u)
    {
        _389 = v.z;
    }
    else
    {
        _389 = 0.0;
    }
    float _398;
    if (left > 3u)
    {
        _398 = v.w;
    }
    else
    {
        _398 = 0.0;
    }
    return float4(v.x, _379, _389, _398);
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
    uint _251;
    if ((h & 1u) != 0u)
    {
        _251 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _251 = low;
    }
    return _251;
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
    float2 _340;
    if (i < 4u)
    {
        _340 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _340 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _340;
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
    if (_1103)
    {
        Raw param = raw;
        uint param_1 = row;
        uint param_2 = k;
        uint param_3 = q;
        v = decode_quad_F32(param, param_1, param_2, param_3);
    }
    if (_1115)
    {
        Raw param_4 = raw;
        uint param_5 = row;
        uint param_6 = k;
        uint param_7 = q;
        v = decode_quad_F16(param_4, param_5, param_6, param_7);
    }
    if (_1127)
    {
        Raw param_8 = raw;
        uint param_9 = row;
        uint param_10 = k;
        uint param_11 = q;
        v = decode_quad_BF16(param_8, param_9, param_10, param_11);
    }
    if (_1139)
    {
        Raw param_12 = raw;
        uint param_13 = row;
        uint param_14 = k;
        uint param_15 = q;
        v = decode_quad_Q8_0(param_12, param_13, param_14, param_15);
    }
    if (_1151)
    {
        Raw param_16 = raw;
        uint param_17 = row;
        uint param_18 = k;
        uint param_19 = q;
        v = decode_quad_Q4_0(param_16, param_17, param_18, param_19);
    }
    if (_1163)
    {
        Raw param_20 = raw;
        uint param_21 = row;
        uint param_22 = k;
        uint param_23 = q;
        v = decode_quad_Q4_1(param_20, param_21, param_22, param_23);
    }
    if (_1175)
    {
        Raw param_24 = raw;
        uint param_25 = row;
        uint param_26 = k;
        uint param_27 = q;
        v = decode_quad_Q4_K(param_24, param_25, param_26, param_27);
    }
    if (_1187)
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
float4 quad(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights4& v_440, const device Weights1& v_452)
{
    uint param = row;
    uint param_1 = k;
    uint param_2 = q;
    Raw param_3 = load_quad(param, param_1, param_2, v_440, v_452);
    uint param_4 = row;
    uint param_5 = k;
    uint param_6 = q;
    return decode_quad(param_3, param_4, param_5, param_6);
}

kernel void zc_embed(constant Push& push [[buffer(0)]], const device Ids1& _1258 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], device void* spvBufferAliasSet0Binding3 [[buffer(3)]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]])
{
    const device auto& v_440 = *(const device Weights4*)spvBufferAliasSet0Binding2;
    device auto& _1347 = *(device Out4*)spvBufferAliasSet0Binding3;
    const device auto& v_452 = *(const device Weights1*)spvBufferAliasSet0Binding2;
    device auto& _1383 = *(device Out1*)spvBufferAliasSet0Binding3;
    uint quads = (push.dim / 4u) + uint((push.dim & 3u) != 0u);
    uint3 _1242 = push.first.xyz + gl_WorkGroupID;
    uint _1243 = _1242.y;
    float4 _1351;
    float _1388;
    for (uint r = _1243; r < push.rows; r += push.groups.y)
    {
        uint id = min(_1258.ids1[push.offset.x + r], (push.vocab - 1u));
        uint param = push.dim;
        uint row = (2u * push.offset.y) + (id * row_halves(param));
        uint _1293 = ((push.first.xyz + gl_WorkGroupID).x * 256u) + gl_LocalInvocationID.x;
        for (uint q = _1293; q < quads; q += (push.groups.x * 256u))
        {
            uint param_1 = row;
            uint param_2 = push.dim;
            uint param_3 = q;
            float4 v = quad(param_1, param_2, param_3, v_440, v_452);
            uint to = (push.offset.z + (r * push.ldout)) + (4u * q);
            bool add = (push.flags & 1u) != 0u;
            bool _1332 = (to & 3u) == 0u;
            bool _1341;
            if (_1332)
            {
                _1341 = ((4u * q) + 4u) <= push.dim;
            }
            else
            {
                _1341 = _1332;
            }
            if (_1341)
            {
                if (add)
                {
                    _1351 = _1347.out4[to / 4u] + v;
                }
                else
                {
                    _1351 = v;
                }
                _1347.out4[to / 4u] = _1351;
                continue;
            }
            for (uint e = 0u; e < min((push.dim - (4u * q)), 4u); e++)
            {
                if (add)
                {
                    _1388 = _1383.out1[to + e] + v[e];
                }
                else
                {
                    _1388 = v[e];
                }
                _1383.out1[to + e] = _1388;
            }
        }
    }
}

