#pragma clang diagnostic ignored "-Wmissing-prototypes"
#pragma clang diagnostic ignored "-Wmissing-braces"

#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

template<typename T, size_t Num>
struct spvUnsafeArray
{
    T elements[Num ? Num : 1];
    
    thread T& operator [] (size_t pos) thread
    {
        return elements[pos];
    }
    constexpr const thread T& operator [] (size_t pos) const thread
    {
        return elements[pos];
    }
    
    device T& operator [] (size_t pos) device
    {
        return elements[pos];
    }
    constexpr const device T& operator [] (size_t pos) const device
    {
        return elements[pos];
    }
    
    constexpr const constant T& operator [] (size_t pos) const constant
    {
        return elements[pos];
    }
    
    threadgroup T& operator [] (size_t pos) threadgroup
    {
        return elements[pos];
    }
    constexpr const threadgroup T& operator [] (size_t pos) const threadgroup
    {
        return elements[pos];
    }
};

struct Raw
{
    uint4 a;
    uint2 b;
};

struct Unit
{
    uint4 a;
    uint4 b;
    uint c;
};

struct Push
{
    uint4 offset;
    uint4 offset2;
    uint4 first;
    uint4 groups;
    uint type_;
    uint rows;
    uint n;
    uint k;
    uint ldx;
    uint ldy;
    uint flags;
    float eps;
};

struct Bias1
{
    float bias1[1];
};

struct Y1
{
    float y1[1];
};

struct Y4
{
    float4 y4[1];
};

struct Weights1
{
    uint weights1[1];
};

struct Weights4
{
    uint4 weights4[1];
};

constant uint variant_tmp [[function_constant(0)]];
constant uint variant = is_function_constant_defined(variant_tmp) ? variant_tmp : 0u;
constant uint type = (variant % 8u);
constant bool _759 = (type == 0u);
constant bool _767 = (type == 1u);
constant bool _775 = (type == 2u);
constant bool _783 = (type == 3u);
constant bool _793 = (type == 4u);
constant bool _803 = (type == 5u);
constant bool _813 = (type == 6u);
constant bool _824 = (type == 7u);
constant bool _1597 = (type == 0u);
constant bool _1607 = (type == 1u);
constant bool _1617 = (type == 2u);
constant bool _1627 = (type == 3u);
constant bool _1637 = (type == 4u);
constant bool _1647 = (type == 5u);
constant bool _1657 = (type == 6u);
constant bool _1667 = (type == 7u);
constant bool _1682 = (type == 0u);
constant bool _1694 = (type == 1u);
constant bool _1706 = (type == 2u);
constant bool _1718 = (type == 3u);
constant bool _1730 = (type == 4u);
constant bool _1742 = (type == 5u);
constant bool _1754 = (type == 6u);
constant bool _1766 = (type == 7u);

struct X4
{
    float4 x4[1];
};

struct X1
{
    float x1[1];
};

struct Norm4
{
    float4 norm4[1];
};

struct Norm1
{
    float norm1[1];
};

constant uint _1901 = (variant / 8u);
constant uint input_ = (_1901 % 3u);
constant bool gated = (input_ == 2u);
constant bool normed = (input_ == 1u);
constant bool _2217 = (type == 0u);
constant bool _2225 = (type == 1u);
constant bool _2233 = (type == 2u);
constant bool _2241 = (type == 3u);
constant bool _2249 = (type == 4u);
constant bool _2257 = (type == 5u);
constant bool _2265 = (type == 6u);
constant bool _2273 = (type == 7u);
constant uint way = (variant / 24u);
constant bool _2294 = (way <= 2u);
constant bool _2295 = (way == 4u);
constant bool _2296 = (way == 5u);
constant bool _2297 = (_2295 || _2296);
constant bool _2299 = (way == 12u);
constant bool _2300 = (_2297 || _2299);
constant uint _2301 = _2300 ? 4u : 2u;
constant uint ROWS = _2294 ? 1u : _2301;
constant bool _2338 = (way == 1u);
constant bool _2339 = (way == 5u);
constant bool _2340 = (way == 7u);
constant bool _2341 = (_2339 || _2340);
constant bool _2342 = (way == 12u);
constant uint _2343 = _2342 ? 16u : 32u;
constant uint _2344 = _2341 ? 8u : _2343;
constant uint TEAM = _2338 ? 64u : _2344;
constant uint _2346 = (TEAM / 4u);
constant uint _2353 = (TEAM / 4u);
constant uint _2354 = (_2353 + 1u);
constant uint _2407 = (TEAM - 1u);
constant bool _2424 = (way == 6u);
constant bool _2425 = (way == 7u);
constant uint _2426 = _2425 ? 4u : 1u;
constant uint XS = _2424 ? 2u : _2426;
constant uint _2447 = (TEAM / 4u);
constant uint _2448 = (_2447 + 1u);
constant uint _2477 = (256u / TEAM);
constant uint GROUP_ROWS = (_2477 * ROWS);
constant uint _2479 = (GROUP_ROWS / 2u);
constant uint GROUP_LINES = false ? _2479 : GROUP_ROWS;
constant uint _2537 = (ROWS / 2u);
constant uint _2538 = false ? _2537 : ROWS;
constant bool _2633 = (XS == 1u);
constant bool _2635 = (XS == 2u);
constant uint _2638 = _2635 ? 1792u : 768u;
constant uint CHUNK = _2633 ? 3584u : _2638;
constant uint _2640 = (CHUNK / 32u);
constant uint CHUNK_QUADS = (_2640 * 9u);
constant bool _4080 = (type == 0u);
constant bool _4095 = (type == 1u);
constant bool _4110 = (type == 2u);
constant bool _4125 = (type == 3u);
constant bool _4140 = (type == 4u);
constant bool _4155 = (type == 5u);
constant bool _4170 = (type == 6u);
constant bool _4185 = (type == 7u);
constant bool _4501 = (type == 4u);
constant bool _4502 = (type == 5u);
constant bool _4503 = (_4501 || _4502);
constant bool _4504 = (type == 6u);
constant bool summed = (_4503 || _4504);
constant uint _4514 = (TEAM - 1u);
constant bool _4517 = (type == 0u);
constant bool _4518 = (type == 1u);
constant bool _4519 = (_4517 || _4518);
constant bool _4520 = (type == 2u);
constant bool plain = (_4519 || _4520);
constant uint UNIT = plain ? 8u : 32u;
constant uint _4545 = (256u / UNIT);
constant bool _5329 = (way == 0u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

constant spvUnsafeArray<float4, 16> _2962 = spvUnsafeArray<float4, 16>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0) });
constant spvUnsafeArray<float4, 2> _4231 = spvUnsafeArray<float4, 2>({ float4(0.0), float4(0.0) });
constant spvUnsafeArray<float4, 4> _4584 = spvUnsafeArray<float4, 4>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0) });

static inline __attribute__((always_inline))
uint ceil_div(thread const uint& a, thread const uint& b)
{
    return (a / b) + uint((a % b) != 0u);
}

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    uint _760;
    if (_759)
    {
        _760 = (k / 1u) * 2u;
    }
    else
    {
        uint _768;
        if (_767)
        {
            _768 = (k / 1u) * 1u;
        }
        else
        {
            uint _776;
            if (_775)
            {
                _776 = (k / 1u) * 1u;
            }
            else
            {
                uint _784;
                if (_783)
                {
                    _784 = (k / 32u) * 17u;
                }
                else
                {
                    uint _794;
                    if (_793)
                    {
                        _794 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _804;
                        if (_803)
                        {
                            _804 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _814;
                            if (_813)
                            {
                                _814 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _825;
                                if (_824)
                                {
                                    _825 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    _825 = 0u;
                                }
                                _814 = _825;
                            }
                            _804 = _814;
                        }
                        _794 = _804;
                    }
                    _784 = _794;
                }
                _776 = _784;
            }
            _768 = _776;
        }
        _760 = _768;
    }
    return _760;
}

static inline __attribute__((always_inline))
float silu(thread const float& x)
{
    return x / (1.0 + exp(-x));
}

static inline __attribute__((always_inline))
float4 input_of(thread const float4& x, thread const float4& up, thread const float4& factor, thread float& squares)
{
    if (gated)
    {
        float param = x.x;
        float param_1 = x.y;
        float param_2 = x.z;
        float param_3 = x.w;
        return float4(silu(param), silu(param_1), silu(param_2), silu(param_3)) * up;
    }
    if (normed)
    {
        squares += dot(x, x);
        return x * factor;
    }
    return x;
}

static inline __attribute__((always_inline))
float4 within(thread const float4& v, thread const uint& left)
{
    float _970;
    if (left > 1u)
    {
        _970 = v.y;
    }
    else
    {
        _970 = 0.0;
    }
    float _980;
    if (left > 2u)
    {
        _980 = v.z;
    }
    else
    {
        _980 = 0.0;
    }
    float _989;
    if (left > 3u)
    {
        _989 = v.w;
    }
    else
    {
        _989 = 0.0;
    }
    return float4(v.x, _970, _980, _989);
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
    uint _846;
    if ((h & 1u) != 0u)
    {
        _846 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _846 = low;
    }
    return _846;
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
    float2 _932;
    if (i < 4u)
    {
        _932 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _932 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _932;
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
    if (_1682)
    {
        Raw param = raw;
        uint param_1 = row;
        uint param_2 = k;
        uint param_3 = q;
        v = decode_quad_F32(param, param_1, param_2, param_3);
    }
    if (_1694)
    {
        Raw param_4 = raw;
        uint param_5 = row;
        uint param_6 = k;
        uint param_7 = q;
        v = decode_quad_F16(param_4, param_5, param_6, param_7);
    }
    if (_1706)
    {
        Raw param_8 = raw;
        uint param_9 = row;
        uint param_10 = k;
        uint param_11 = q;
        v = decode_quad_BF16(param_8, param_9, param_10, param_11);
    }
    if (_1718)
    {
        Raw param_12 = raw;
        uint param_13 = row;
        uint param_14 = k;
        uint param_15 = q;
        v = decode_quad_Q8_0(param_12, param_13, param_14, param_15);
    }
    if (_1730)
    {
        Raw param_16 = raw;
        uint param_17 = row;
        uint param_18 = k;
        uint param_19 = q;
        v = decode_quad_Q4_0(param_16, param_17, param_18, param_19);
    }
    if (_1742)
    {
        Raw param_20 = raw;
        uint param_21 = row;
        uint param_22 = k;
        uint param_23 = q;
        v = decode_quad_Q4_1(param_20, param_21, param_22, param_23);
    }
    if (_1754)
    {
        Raw param_24 = raw;
        uint param_25 = row;
        uint param_26 = k;
        uint param_27 = q;
        v = decode_quad_Q4_K(param_24, param_25, param_26, param_27);
    }
    if (_1766)
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
float4x4 transposed(thread const float4& a, thread const float4& b, thread const float4& c, thread const float4& d)
{
    return float4x4(float4(float4(a.x, b.x, c.x, d.x)), float4(float4(a.y, b.y, c.y, d.y)), float4(float4(a.z, b.z, c.z, d.z)), float4(float4(a.w, b.w, c.w, d.w)));
}

static inline __attribute__((always_inline))
uint slice_at(thread const uint& p, thread const uint& v)
{
    return (p * 16u) + (v ^ (((p / 4u) * 2u) & 15u));
}

static inline __attribute__((always_inline))
float4 norm_at(thread const uint& i, constant Push& push, const device Norm4& v_1865, const device Norm1& v_1874)
{
    uint at = push.offset.w + i;
    uint last = (push.offset.w + push.k) - 1u;
    bool _1852 = (at & 3u) == 0u;
    bool _1859;
    if (_1852)
    {
        _1859 = (at + 3u) <= last;
    }
    else
    {
        _1859 = _1852;
    }
    if (_1859)
    {
        return v_1865.norm4[at / 4u];
    }
    return float4(v_1874.norm1[min(at, last)], v_1874.norm1[min((at + 1u), last)], v_1874.norm1[min((at + 2u), last)], v_1874.norm1[min((at + 3u), last)]);
}

static inline __attribute__((always_inline))
float4 x_at(thread const uint& i, thread const uint& count, const device X4& v_1792, const device X1& v_1802)
{
    if (((i & 3u) == 0u) && (count >= 4u))
    {
        return v_1792.x4[i / 4u];
    }
    float4 v = float4(0.0);
    v.x = v_1802.x1[i];
    if (count > 1u)
    {
        v.y = v_1802.x1[i + 1u];
    }
    if (count > 2u)
    {
        v.z = v_1802.x1[i + 2u];
    }
    if (count > 3u)
    {
        v.w = v_1802.x1[i + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
uint4 weight_words(thread const uint& i, const device Weights4& v_749)
{
    return v_749.weights4[i];
}

static inline __attribute__((always_inline))
uint weight_word(thread const uint& i, const device Weights1& v_739)
{
    return v_739.weights1[i];
}

static inline __attribute__((always_inline))
Raw load_quad_F32(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_739, const device Weights4& v_749)
{
    uint last = ((row / 2u) + k) - 1u;
    uint at = (row / 2u) + (4u * q);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    bool _1017 = (at & 3u) == 0u;
    bool _1024;
    if (_1017)
    {
        _1024 = (at + 3u) <= last;
    }
    else
    {
        _1024 = _1017;
    }
    if (_1024)
    {
        uint param = at / 4u;
        raw.a = weight_words(param, v_749);
    }
    else
    {
        uint param_1 = at;
        uint param_2 = min((at + 1u), last);
        uint param_3 = min((at + 2u), last);
        uint param_4 = min((at + 3u), last);
        raw.a = uint4(weight_word(param_1, v_739), weight_word(param_2, v_739), weight_word(param_3, v_739), weight_word(param_4, v_739));
    }
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_F16(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_739)
{
    uint last = ((row + k) - 1u) / 2u;
    uint at = (row + (4u * q)) / 2u;
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = at;
    raw.a.x = weight_word(param, v_739);
    uint param_1 = min((at + 1u), last);
    raw.a.y = weight_word(param_1, v_739);
    uint param_2 = min((at + 2u), last);
    raw.a.z = weight_word(param_2, v_739);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_scaled(thread const uint& h, thread const uint& word, const device Weights1& v_739)
{
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = word / 2u;
    raw.a.x = weight_word(param, v_739);
    uint param_1 = (word / 2u) + (word & 1u);
    raw.a.y = weight_word(param_1, v_739);
    uint param_2 = h / 2u;
    raw.a.w = weight_word(param_2, v_739);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q8_0(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_739)
{
    uint h = row + ((q / 8u) * 17u);
    uint param = h;
    uint param_1 = (h + 1u) + (2u * (q & 7u));
    return load_scaled(param, param_1, v_739);
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_0(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_739)
{
    uint h = row + ((q / 8u) * 9u);
    uint param = h;
    uint param_1 = (h + 1u) + (2u * (q & 3u));
    return load_scaled(param, param_1, v_739);
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_1(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_739)
{
    uint at = (row / 2u) + ((q / 8u) * 5u);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = (at + 1u) + (q & 3u);
    raw.a.x = weight_word(param, v_739);
    uint param_1 = at;
    raw.a.w = weight_word(param_1, v_739);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_K(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_739)
{
    uint at = (row / 2u) + ((q / 64u) * 36u);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = ((at + 4u) + (((q / 16u) % 4u) * 8u)) + (q & 7u);
    raw.a.x = weight_word(param, v_739);
    uint param_1 = at + 1u;
    raw.a.y = weight_word(param_1, v_739);
    uint param_2 = at + 2u;
    raw.a.z = weight_word(param_2, v_739);
    uint param_3 = at;
    raw.a.w = weight_word(param_3, v_739);
    uint param_4 = at + 3u;
    raw.b.x = weight_word(param_4, v_739);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q6_K(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_739)
{
    uint h = row + ((q / 64u) * 105u);
    uint part = (q / 32u) & 1u;
    uint stripe = (q / 8u) & 3u;
    uint quad_ = q & 7u;
    uint low = ((h + (32u * part)) + (16u * (stripe & 1u))) + (2u * quad_);
    uint high = ((h + 64u) + (16u * part)) + (2u * quad_);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = low / 2u;
    raw.a.x = weight_word(param, v_739);
    uint param_1 = (low / 2u) + (low & 1u);
    raw.a.y = weight_word(param_1, v_739);
    uint param_2 = high / 2u;
    raw.a.z = weight_word(param_2, v_739);
    uint param_3 = (high / 2u) + (high & 1u);
    raw.a.w = weight_word(param_3, v_739);
    uint param_4 = (((h + 96u) + (4u * part)) + stripe) / 2u;
    raw.b.x = weight_word(param_4, v_739);
    uint param_5 = (h / 2u) + 52u;
    raw.b.y = weight_word(param_5, v_739);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_739, const device Weights4& v_749)
{
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    if (_1597)
    {
        uint param = row;
        uint param_1 = k;
        uint param_2 = q;
        raw = load_quad_F32(param, param_1, param_2, v_739, v_749);
    }
    if (_1607)
    {
        uint param_3 = row;
        uint param_4 = k;
        uint param_5 = q;
        raw = load_quad_F16(param_3, param_4, param_5, v_739);
    }
    if (_1617)
    {
        uint param_6 = row;
        uint param_7 = k;
        uint param_8 = q;
        raw = load_quad_F16(param_6, param_7, param_8, v_739);
    }
    if (_1627)
    {
        uint param_9 = row;
        uint param_10 = k;
        uint param_11 = q;
        raw = load_quad_Q8_0(param_9, param_10, param_11, v_739);
    }
    if (_1637)
    {
        uint param_12 = row;
        uint param_13 = k;
        uint param_14 = q;
        raw = load_quad_Q4_0(param_12, param_13, param_14, v_739);
    }
    if (_1647)
    {
        uint param_15 = row;
        uint param_16 = k;
        uint param_17 = q;
        raw = load_quad_Q4_1(param_15, param_16, param_17, v_739);
    }
    if (_1657)
    {
        uint param_18 = row;
        uint param_19 = k;
        uint param_20 = q;
        raw = load_quad_Q4_K(param_18, param_19, param_20, v_739);
    }
    if (_1667)
    {
        uint param_21 = row;
        uint param_22 = k;
        uint param_23 = q;
        raw = load_quad_Q6_K(param_21, param_22, param_23, v_739);
    }
    return raw;
}

static inline __attribute__((always_inline))
float norm_scale(thread const float& squares, constant Push& push)
{
    float _1944;
    if (push.k != 0u)
    {
        _1944 = rsqrt((squares / float(push.k)) + push.eps);
    }
    else
    {
        _1944 = 0.0;
    }
    return _1944;
}

static inline __attribute__((always_inline))
bool has(thread const uint& flag, constant Push& push)
{
    return (push.flags & flag) != 0u;
}

static inline __attribute__((always_inline))
float gelu_erf(thread const float& x)
{
    float y = x * 0.707106769084930419921875;
    float z = fast::min(y * y, 16.0);
    float p = -2.7261423674040941023122286424041e-10;
    p = (p * z) + 2.7706814620387376635335385799408e-08;
    p = (p * z) - 2.101023937939316965639591217041e-06;
    p = (p * z) - 5.6925062381196767091751098632812e-05;
    p = (p * z) - 0.0007349906372837722301483154296875;
    p = (p * z) - 0.0029545999132096767425537109375;
    p = (p * z) - 0.016096033155918121337890625;
    float q = -1.4566071513399947434663772583008e-05;
    q = (q * z) - 0.00021337404905352741479873657226562;
    q = (q * z) - 0.00168282701633870601654052734375;
    q = (q * z) - 0.0073733292520046234130859375;
    q = (q * z) - 0.014264739118516445159912109375;
    float _526;
    if (abs(y) > 3.900000095367431640625)
    {
        _526 = sign(y);
    }
    else
    {
        _526 = (y * p) / q;
    }
    float erf = _526;
    return (0.5 * x) * (1.0 + erf);
}

static inline __attribute__((always_inline))
void finish(thread const uint& r, thread const uint& j, thread float& sum, constant Push& push, const device Bias1& v_579, device Y1& v_604)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    uint param = 2u;
    if (has(param, push))
    {
        sum += v_579.bias1[push.offset.z + j];
    }
    uint param_1 = 16u;
    if (has(param_1, push))
    {
        float param_2 = sum;
        sum = gelu_erf(param_2);
    }
    uint param_3 = 1u;
    if (has(param_3, push))
    {
        sum += v_604.y1[to];
    }
    v_604.y1[to] = sum;
}

static inline __attribute__((always_inline))
void finish_quad(thread const uint& r, thread const uint& j, thread float4& sums, constant Push& push, const device Bias1& v_579, device Y1& v_604, device Y4& v_693)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    bool _626 = (to & 3u) == 0u;
    bool _635;
    if (_626)
    {
        _635 = (j + 4u) <= push.n;
    }
    else
    {
        _635 = _626;
    }
    if (_635)
    {
        uint param = 2u;
        if (has(param, push))
        {
            uint at = push.offset.z + j;
            sums += float4(v_579.bias1[at], v_579.bias1[at + 1u], v_579.bias1[at + 2u], v_579.bias1[at + 3u]);
        }
        uint param_1 = 16u;
        if (has(param_1, push))
        {
            float param_2 = sums.x;
            float param_3 = sums.y;
            float param_4 = sums.z;
            float param_5 = sums.w;
            sums = float4(gelu_erf(param_2), gelu_erf(param_3), gelu_erf(param_4), gelu_erf(param_5));
        }
        uint param_6 = 1u;
        if (has(param_6, push))
        {
            sums += v_693.y4[to / 4u];
        }
        v_693.y4[to / 4u] = sums;
        return;
    }
    uint e = 0u;
    for (;;)
    {
        bool _713 = e < 4u;
        bool _722;
        if (_713)
        {
            _722 = (j + e) < push.n;
        }
        else
        {
            _722 = _713;
        }
        if (_722)
        {
            uint param_7 = r;
            uint param_8 = j + e;
            float param_9 = sums[e];
            finish(param_7, param_8, param_9, push, v_579, v_604);
            e++;
            continue;
        }
        else
        {
            break;
        }
    }
}

static inline __attribute__((always_inline))
void tiles(constant Push& push, const device Bias1& v_579, device Y1& v_604, device Y4& v_693, const device Weights1& v_739, const device Weights4& v_749, const device X4& v_1792, const device X1& v_1802, const device Norm4& v_1865, const device Norm1& v_1874, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID)
{
    uint me = gl_LocalInvocationID.x;
    uint number = me & 127u;
    bool loads_x = me < 128u;
    uint load_i = number / 8u;
    uint load_q = number % 8u;
    uint param = push.k;
    uint param_1 = 32u;
    uint slices = ceil_div(param, param_1);
    uint param_2 = push.k;
    uint halves = row_halves(param_2);
    uint row = me / 16u;
    uint col = me % 16u;
    uint param_3 = push.rows;
    uint param_4 = 64u;
    uint tiles_r = ceil_div(param_3, param_4);
    uint param_5 = push.n;
    uint param_6 = 64u;
    uint tiles_j = ceil_div(param_5, param_6);
    uint3 _4862 = push.first.xyz + gl_WorkGroupID;
    uint _4863 = _4862.y;
    spvUnsafeArray<float4, 4> v;
    spvUnsafeArray<float4, 4> up;
    float4 _4971;
    spvUnsafeArray<Raw, 4> raw;
    float4 _5054;
    for (uint tile_r = _4863; tile_r < tiles_r; tile_r += push.groups.y)
    {
        uint3 _4877 = push.first.xyz + gl_WorkGroupID;
        uint _4878 = _4877.x;
        for (uint tile_j = _4878; tile_j < tiles_j; tile_j += push.groups.x)
        {
            uint first = ((loads_x ? tile_r : tile_j) * 64u) + (4u * load_i);
            float4 squares = float4(0.0);
            float4x4 sums = float4x4(float4(0.0), float4(0.0), float4(0.0), float4(0.0));
            float4 factor = float4(1.0);
            for (uint s = 0u; s <= slices; s++)
            {
                if (s > 0u)
                {
                    uint q = ((s - 1u) * 8u) + load_q;
                    for (uint y = 0u; y < 4u; y++)
                    {
                        if (loads_x)
                        {
                            float4 param_7 = v[y];
                            float4 param_8 = up[y];
                            float4 param_9 = factor;
                            float param_10 = squares[y];
                            float4 _4949 = input_of(param_7, param_8, param_9, param_10);
                            squares[y] = param_10;
                            v[y] = _4949;
                        }
                        else
                        {
                            bool _4960 = (first + y) < push.n;
                            bool _4968;
                            if (_4960)
                            {
                                _4968 = (4u * q) < push.k;
                            }
                            else
                            {
                                _4968 = _4960;
                            }
                            bool there = _4968;
                            if (there)
                            {
                                Raw param_11 = raw[y];
                                uint param_12 = (2u * push.offset.y) + ((first + y) * halves);
                                uint param_13 = push.k;
                                uint param_14 = q;
                                _4971 = decode_quad(param_11, param_12, param_13, param_14);
                            }
                            else
                            {
                                _4971 = float4(0.0);
                            }
                            v[y] = _4971;
                        }
                    }
                    float4 param_15 = v[0];
                    float4 param_16 = v[1];
                    float4 param_17 = v[2];
                    float4 param_18 = v[3];
                    float4x4 lines = transposed(param_15, param_16, param_17, param_18);
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    for (uint y_1 = 0u; y_1 < 4u; y_1++)
                    {
                        uint param_19 = (4u * load_q) + y_1;
                        uint param_20 = load_i;
                        pool[(loads_x ? 0u : 512u) + slice_at(param_19, param_20)] = lines[y_1];
                    }
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                }
                if (s < slices)
                {
                    uint q_1 = (s * 8u) + load_q;
                    if (loads_x)
                    {
                        if (normed)
                        {
                            uint param_21 = 4u * q_1;
                            _5054 = norm_at(param_21, push, v_1865, v_1874);
                        }
                        else
                        {
                            _5054 = float4(1.0);
                        }
                        factor = _5054;
                    }
                    for (uint y_2 = 0u; y_2 < 4u; y_2++)
                    {
                        uint i = first + y_2;
                        if (loads_x)
                        {
                            v[y_2] = float4(0.0);
                            up[y_2] = float4(0.0);
                            bool _5085 = i < push.rows;
                            bool _5093;
                            if (_5085)
                            {
                                _5093 = (4u * q_1) < push.k;
                            }
                            else
                            {
                                _5093 = _5085;
                            }
                            if (_5093)
                            {
                                uint at = (push.offset.x + (i * push.ldx)) + (4u * q_1);
                                uint param_22 = at;
                                uint param_23 = push.k - (4u * q_1);
                                v[y_2] = x_at(param_22, param_23, v_1792, v_1802);
                                if (gated)
                                {
                                    uint param_24 = at + push.k;
                                    uint param_25 = push.k - (4u * q_1);
                                    up[y_2] = x_at(param_24, param_25, v_1792, v_1802);
                                }
                            }
                        }
                        else
                        {
                            bool _5138 = i < push.n;
                            bool _5146;
                            if (_5138)
                            {
                                _5146 = (4u * q_1) < push.k;
                            }
                            else
                            {
                                _5146 = _5138;
                            }
                            if (_5146)
                            {
                                uint param_26 = (2u * push.offset.y) + (i * halves);
                                uint param_27 = push.k;
                                uint param_28 = q_1;
                                raw[y_2] = load_quad(param_26, param_27, param_28, v_739, v_749);
                            }
                        }
                    }
                }
                if (s > 0u)
                {
                    for (uint p = 0u; p < 32u; p++)
                    {
                        uint param_29 = p;
                        uint param_30 = row;
                        float4 a = pool[slice_at(param_29, param_30)];
                        uint param_31 = p;
                        uint param_32 = col;
                        float4 b = pool[512u + slice_at(param_31, param_32)];
                        sums[0] += (b * a.x);
                        sums[1] += (b * a.y);
                        sums[2] += (b * a.z);
                        sums[3] += (b * a.w);
                    }
                }
            }
            float4 scale = float4(1.0);
            if (normed)
            {
                threadgroup_barrier(mem_flags::mem_threadgroup);
                if (loads_x)
                {
                    pool[(load_i * 8u) + load_q] = squares;
                }
                threadgroup_barrier(mem_flags::mem_threadgroup);
                float4 sum = float4(0.0);
                for (uint i_1 = 0u; i_1 < 8u; i_1++)
                {
                    sum += pool[(row * 8u) + i_1];
                }
                float param_33 = sum.x;
                float param_34 = sum.y;
                float param_35 = sum.z;
                float param_36 = sum.w;
                scale = float4(norm_scale(param_33, push), norm_scale(param_34, push), norm_scale(param_35, push), norm_scale(param_36, push));
                threadgroup_barrier(mem_flags::mem_threadgroup);
            }
            for (uint y_3 = 0u; y_3 < 4u; y_3++)
            {
                uint i_2 = ((tile_r * 64u) + (4u * row)) + y_3;
                if (i_2 < push.rows)
                {
                    uint param_37 = i_2;
                    uint param_38 = (tile_j * 64u) + (4u * col);
                    float4 param_39 = sums[y_3] * scale[y_3];
                    finish_quad(param_37, param_38, param_39, push, v_579, v_604, v_693);
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
void find_rows(thread const uint& first, thread spvUnsafeArray<uint, 4>& row, constant Push& push, thread uint3& gl_LocalInvocationID)
{
    uint param = push.k;
    uint halves = row_halves(param);
    uint from = first + ((gl_LocalInvocationID.x / TEAM) * _2538);
    uint _2558;
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            if (false)
            {
                _2558 = y / 2u;
            }
            else
            {
                _2558 = y;
            }
            row[y] = (2u * push.offset.y) + (min((from + _2558), (push.n - 1u)) * halves);
        }
    }
}

static inline __attribute__((always_inline))
Unit no_unit()
{
    return Unit{ uint4(0u), uint4(0u), 0u };
}

static inline __attribute__((always_inline))
Unit load_unit_F32(thread const uint& row, thread const uint& u, constant Push& push, const device Weights1& v_739, const device Weights4& v_749)
{
    uint last = ((row / 2u) + push.k) - 1u;
    uint at = (row / 2u) + (8u * u);
    Unit unit = no_unit();
    bool _2000 = (at & 3u) == 0u;
    bool _2007;
    if (_2000)
    {
        _2007 = (at + 7u) <= last;
    }
    else
    {
        _2007 = _2000;
    }
    if (_2007)
    {
        uint param = at / 4u;
        unit.a = weight_words(param, v_749);
        uint param_1 = (at / 4u) + 1u;
        unit.b = weight_words(param_1, v_749);
    }
    else
    {
        for (uint e = 0u; e < 4u; e++)
        {
            uint param_2 = min((at + e), last);
            unit.a[e] = weight_word(param_2, v_739);
            uint param_3 = min(((at + 4u) + e), last);
            unit.b[e] = weight_word(param_3, v_739);
        }
    }
    return unit;
}

static inline __attribute__((always_inline))
Unit load_unit_F16(thread const uint& row, thread const uint& u, constant Push& push, const device Weights1& v_739, const device Weights4& v_749)
{
    uint h = row + (8u * u);
    uint at = h / 2u;
    uint last = ((row + push.k) - 1u) / 2u;
    Unit unit = no_unit();
    bool _2073 = (h & 7u) == 0u;
    bool _2080;
    if (_2073)
    {
        _2080 = (at + 3u) <= last;
    }
    else
    {
        _2080 = _2073;
    }
    if (_2080)
    {
        uint param = at / 4u;
        unit.a = weight_words(param, v_749);
    }
    else
    {
        for (uint e = 0u; e < 4u; e++)
        {
            uint param_1 = min((at + e), last);
            unit.a[e] = weight_word(param_1, v_739);
        }
        uint param_2 = min((at + 4u), last);
        unit.b.x = weight_word(param_2, v_739);
    }
    return unit;
}

static inline __attribute__((always_inline))
uint4 four_words(thread const uint& at, const device Weights1& v_739)
{
    uint param = at;
    uint param_1 = at + 1u;
    uint param_2 = at + 2u;
    uint param_3 = at + 3u;
    return uint4(weight_word(param, v_739), weight_word(param_1, v_739), weight_word(param_2, v_739), weight_word(param_3, v_739));
}

static inline __attribute__((always_inline))
Unit load_unit_Q8_0(thread const uint& row, thread const uint& u, const device Weights1& v_739)
{
    uint at = (row + (17u * u)) / 2u;
    uint param = at;
    uint param_1 = at + 4u;
    uint param_2 = at + 8u;
    return Unit{ four_words(param, v_739), four_words(param_1, v_739), weight_word(param_2, v_739) };
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_0(thread const uint& row, thread const uint& u, const device Weights1& v_739)
{
    uint at = (row + (9u * u)) / 2u;
    uint param = at;
    uint param_1 = at + 4u;
    return Unit{ four_words(param, v_739), uint4(0u), weight_word(param_1, v_739) };
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_1(thread const uint& row, thread const uint& u, const device Weights1& v_739)
{
    uint at = (row / 2u) + (5u * u);
    uint param = at + 1u;
    uint param_1 = at;
    return Unit{ four_words(param, v_739), uint4(0u), weight_word(param_1, v_739) };
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_K(thread const uint& row, thread const uint& u, const device Weights1& v_739, const device Weights4& v_749)
{
    uint at = (row / 2u) + ((u / 8u) * 36u);
    uint quants = (at + 4u) + (4u * (u & 7u));
    if ((at & 3u) == 0u)
    {
        uint param = quants / 4u;
        uint param_1 = at / 4u;
        return Unit{ weight_words(param, v_749), weight_words(param_1, v_749), 0u };
    }
    uint param_2 = quants;
    uint param_3 = at;
    return Unit{ four_words(param_2, v_739), four_words(param_3, v_739), 0u };
}

static inline __attribute__((always_inline))
uint next_half(thread const uint& low, thread const uint& high)
{
    return (low >> 16u) | (high << 16u);
}

static inline __attribute__((always_inline))
Unit load_unit_Q6_K(thread const uint& row, thread const uint& u, const device Weights1& v_739)
{
    uint h = row + ((u / 8u) * 105u);
    uint part = (u / 4u) & 1u;
    uint in_part = u & 3u;
    uint low = ((h + (32u * part)) + (4u * in_part)) / 2u;
    uint high = (((h + 64u) + (16u * part)) + (4u * in_part)) / 2u;
    uint scales = ((h + 96u) + (4u * part)) / 2u;
    uint param = low;
    uint param_1 = low + 1u;
    uint param_2 = low + 8u;
    uint param_3 = low + 9u;
    uint4 a = uint4(weight_word(param, v_739), weight_word(param_1, v_739), weight_word(param_2, v_739), weight_word(param_3, v_739));
    uint param_4 = high;
    uint param_5 = high + 1u;
    uint param_6 = scales;
    uint param_7 = scales + 1u;
    uint4 b = uint4(weight_word(param_4, v_739), weight_word(param_5, v_739), weight_word(param_6, v_739), weight_word(param_7, v_739));
    if ((h & 1u) != 0u)
    {
        uint param_8 = a.x;
        uint param_9 = a.y;
        uint param_10 = low + 2u;
        uint param_11 = a.y;
        uint param_12 = weight_word(param_10, v_739);
        uint param_13 = a.z;
        uint param_14 = a.w;
        uint param_15 = low + 10u;
        uint param_16 = a.w;
        uint param_17 = weight_word(param_15, v_739);
        a = uint4(next_half(param_8, param_9), next_half(param_11, param_12), next_half(param_13, param_14), next_half(param_16, param_17));
        uint param_18 = b.x;
        uint param_19 = b.y;
        uint param_20 = high + 2u;
        uint param_21 = b.y;
        uint param_22 = weight_word(param_20, v_739);
        uint param_23 = b.z;
        uint param_24 = b.w;
        uint param_25 = scales + 2u;
        uint param_26 = b.w;
        uint param_27 = weight_word(param_25, v_739);
        b = uint4(next_half(param_18, param_19), next_half(param_21, param_22), next_half(param_23, param_24), next_half(param_26, param_27));
    }
    uint param_28 = (h / 2u) + 52u;
    return Unit{ a, b, weight_word(param_28, v_739) };
}

static inline __attribute__((always_inline))
Unit load_unit(thread const uint& row, thread const uint& u, constant Push& push, const device Weights1& v_739, const device Weights4& v_749)
{
    Unit unit = no_unit();
    if (_2217)
    {
        uint param = row;
        uint param_1 = u;
        unit = load_unit_F32(param, param_1, push, v_739, v_749);
    }
    if (_2225)
    {
        uint param_2 = row;
        uint param_3 = u;
        unit = load_unit_F16(param_2, param_3, push, v_739, v_749);
    }
    if (_2233)
    {
        uint param_4 = row;
        uint param_5 = u;
        unit = load_unit_F16(param_4, param_5, push, v_739, v_749);
    }
    if (_2241)
    {
        uint param_6 = row;
        uint param_7 = u;
        unit = load_unit_Q8_0(param_6, param_7, v_739);
    }
    if (_2249)
    {
        uint param_8 = row;
        uint param_9 = u;
        unit = load_unit_Q4_0(param_8, param_9, v_739);
    }
    if (_2257)
    {
        uint param_10 = row;
        uint param_11 = u;
        unit = load_unit_Q4_1(param_10, param_11, v_739);
    }
    if (_2265)
    {
        uint param_12 = row;
        uint param_13 = u;
        unit = load_unit_Q4_K(param_12, param_13, v_739, v_749);
    }
    if (_2273)
    {
        uint param_14 = row;
        uint param_15 = u;
        unit = load_unit_Q6_K(param_14, param_15, v_739);
    }
    return unit;
}

static inline __attribute__((always_inline))
void load_units(thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread spvUnsafeArray<Unit, 4>& unit, constant Push& push, const device Weights1& v_739, const device Weights4& v_749)
{
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            uint param = row[y];
            uint param_1 = u;
            unit[y] = load_unit(param, param_1, push, v_739, v_749);
        }
    }
}

static inline __attribute__((always_inline))
void put_chunk(thread const uint& r, thread const uint& m, thread const uint& first, thread const uint& count, thread float& squares, constant Push& push, const device X4& v_1792, const device X1& v_1802, const device Norm4& v_1865, const device Norm1& v_1874, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID)
{
    uint x = push.offset.x + ((r + m) * push.ldx);
    uint param = count;
    uint param_1 = 32u;
    uint quads = ceil_div(param, param_1) * 8u;
    for (uint base = gl_LocalInvocationID.x; base < quads; base += 512u)
    {
        spvUnsafeArray<float4, 2> v = spvUnsafeArray<float4, 2>({ float4(0.0), float4(0.0) });
        spvUnsafeArray<float4, 2> factor;
        factor = v;
        for (uint part = 0u; part < 2u; part++)
        {
            uint q = base + (part * 256u);
            uint at = first + (4u * q);
            bool _4254 = q < quads;
            bool _4261;
            if (_4254)
            {
                _4261 = at < push.k;
            }
            else
            {
                _4261 = _4254;
            }
            bool _4270;
            if (_4261)
            {
                _4270 = (r + m) < push.rows;
            }
            else
            {
                _4270 = _4261;
            }
            if (_4270)
            {
                uint param_2 = x + at;
                uint param_3 = push.k - at;
                v[part] = x_at(param_2, param_3, v_1792, v_1802);
                if (gated)
                {
                    uint param_4 = (x + push.k) + at;
                    uint param_5 = push.k - at;
                    factor[part] = x_at(param_4, param_5, v_1792, v_1802);
                }
                else
                {
                    if (normed)
                    {
                        uint param_6 = at;
                        factor[part] = norm_at(param_6, push, v_1865, v_1874);
                    }
                }
            }
        }
        for (uint part_1 = 0u; part_1 < 2u; part_1++)
        {
            uint q_1 = base + (part_1 * 256u);
            uint at_1 = first + (4u * q_1);
            if (q_1 < quads)
            {
                float4 param_7 = v[part_1];
                float4 param_8 = factor[part_1];
                float4 param_9 = factor[part_1];
                float param_10 = squares;
                float4 _4350 = input_of(param_7, param_8, param_9, param_10);
                squares = param_10;
                float4 value = _4350;
                bool _4359;
                if (normed)
                {
                    _4359 = (at_1 + 4u) > push.k;
                }
                else
                {
                    _4359 = normed;
                }
                if (_4359)
                {
                    value = select(float4(0.0), value, uint4(at_1, at_1 + 1u, at_1 + 2u, at_1 + 3u) < uint4(push.k));
                }
                pool[((m * CHUNK_QUADS) + q_1) + (q_1 / 8u)] = value;
            }
        }
    }
}

static inline __attribute__((always_inline))
float sum4(thread const float4& v)
{
    return (v.x + v.y) + (v.z + v.w);
}

static inline __attribute__((always_inline))
void put_sums(thread const uint& count, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID)
{
    uint param = count;
    uint param_1 = 32u;
    if (gl_LocalInvocationID.x < ceil_div(param, param_1))
    {
        for (uint m = 0u; m < 4u; m++)
        {
            if (m < XS)
            {
                uint at = (m * CHUNK_QUADS) + (9u * gl_LocalInvocationID.x);
                float4 param_2 = (pool[at] + pool[at + 1u]) + (pool[at + 2u] + pool[at + 3u]);
                float low = sum4(param_2);
                float4 param_3 = (pool[at + 4u] + pool[at + 5u]) + (pool[at + 6u] + pool[at + 7u]);
                float high = sum4(param_3);
                pool[at + 8u] = float4(low + high, low, high, 0.0);
            }
        }
    }
}

static inline __attribute__((always_inline))
void put_chunks(thread const uint& r, thread const uint& first, thread const uint& count, thread float4& squares, constant Push& push, const device X4& v_1792, const device X1& v_1802, const device Norm4& v_1865, const device Norm1& v_1874, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID)
{
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (uint m = 0u; m < 4u; m++)
    {
        if (m < XS)
        {
            uint param = r;
            uint param_1 = m;
            uint param_2 = first;
            uint param_3 = count;
            float param_4 = squares[m];
            put_chunk(param, param_1, param_2, param_3, param_4, push, v_1792, v_1802, v_1865, v_1874, pool, gl_LocalInvocationID);
            squares[m] = param_4;
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (summed)
    {
        uint param_5 = count;
        put_sums(param_5, pool, gl_LocalInvocationID);
        threadgroup_barrier(mem_flags::mem_threadgroup);
    }
}

static inline __attribute__((always_inline))
float4 x_quad(thread const uint& m, thread const uint& at, threadgroup float4 (&pool)[1024])
{
    return pool[(m * CHUNK_QUADS) + at];
}

static inline __attribute__((always_inline))
void eight_times_x(thread float4& a, thread float4& b, thread const uint& u, thread const uint& local, thread float4& sums, constant Push& push, threadgroup float4 (&pool)[1024])
{
    uint left = push.k - (8u * u);
    uint at = (2u * local) + (local / 4u);
    if (left < 8u)
    {
        a = select(float4(0.0), a, uint4(0u, 1u, 2u, 3u) < uint4(left));
        b = select(float4(0.0), b, uint4(4u, 5u, 6u, 7u) < uint4(left));
    }
    for (uint m = 0u; m < 4u; m++)
    {
        if (m < XS)
        {
            uint param = m;
            uint param_1 = at;
            uint param_2 = m;
            uint param_3 = at + 1u;
            sums[m] += (dot(a, x_quad(param, param_1, pool)) + dot(b, x_quad(param_2, param_3, pool)));
        }
    }
}

static inline __attribute__((always_inline))
void units_times_x_F32(thread const spvUnsafeArray<Unit, 4>& unit, thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread const uint& local, thread spvUnsafeArray<float4, 4>& sums, constant Push& push, threadgroup float4 (&pool)[1024])
{
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            float4 param = as_type<float4>(unit[y].a);
            float4 param_1 = as_type<float4>(unit[y].b);
            uint param_2 = u;
            uint param_3 = local;
            float4 param_4 = sums[y];
            eight_times_x(param, param_1, param_2, param_3, param_4, push, pool);
            sums[y] = param_4;
        }
    }
}

static inline __attribute__((always_inline))
uint4 words_of_16_bits(thread const Unit& unit, thread const uint& h)
{
    uint param = h;
    uint param_1 = unit.a.x;
    uint param_2 = unit.a.y;
    uint param_3 = h;
    uint param_4 = unit.a.y;
    uint param_5 = unit.a.z;
    uint param_6 = h;
    uint param_7 = unit.a.z;
    uint param_8 = unit.a.w;
    uint param_9 = h;
    uint param_10 = unit.a.w;
    uint param_11 = unit.b.x;
    return uint4(word_of(param, param_1, param_2), word_of(param_3, param_4, param_5), word_of(param_6, param_7, param_8), word_of(param_9, param_10, param_11));
}

static inline __attribute__((always_inline))
void units_times_x_F16(thread const spvUnsafeArray<Unit, 4>& unit, thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread const uint& local, thread spvUnsafeArray<float4, 4>& sums, constant Push& push, threadgroup float4 (&pool)[1024])
{
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            Unit param = unit[y];
            uint param_1 = row[y];
            uint4 words = words_of_16_bits(param, param_1);
            float4 param_2 = float4(float2(as_type<half2>(words.x)), float2(as_type<half2>(words.y)));
            float4 param_3 = float4(float2(as_type<half2>(words.z)), float2(as_type<half2>(words.w)));
            uint param_4 = u;
            uint param_5 = local;
            float4 param_6 = sums[y];
            eight_times_x(param_2, param_3, param_4, param_5, param_6, push, pool);
            sums[y] = param_6;
        }
    }
}

static inline __attribute__((always_inline))
void units_times_x_BF16(thread const spvUnsafeArray<Unit, 4>& unit, thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread const uint& local, thread spvUnsafeArray<float4, 4>& sums, constant Push& push, threadgroup float4 (&pool)[1024])
{
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            Unit param = unit[y];
            uint param_1 = row[y];
            uint4 words = words_of_16_bits(param, param_1);
            uint4 low = words << uint4(16u);
            uint4 high = words & uint4(4294901760u);
            float4 param_2 = as_type<float4>(uint4(low.x, high.x, low.y, high.y));
            float4 param_3 = as_type<float4>(uint4(low.z, high.z, low.w, high.w));
            uint param_4 = u;
            uint param_5 = local;
            float4 param_6 = sums[y];
            eight_times_x(param_2, param_3, param_4, param_5, param_6, push, pool);
            sums[y] = param_6;
        }
    }
}

static inline __attribute__((always_inline))
uint quants(thread const Unit& unit, thread const uint& h, thread const uint& e)
{
    spvUnsafeArray<uint, 9> _2933 = spvUnsafeArray<uint, 9>({ unit.a.x, unit.a.y, unit.a.z, unit.a.w, unit.b.x, unit.b.y, unit.b.z, unit.b.w, unit.c });
    spvUnsafeArray<uint, 9> w;
    w = _2933;
    uint _2937;
    if ((h & 1u) != 0u)
    {
        _2937 = w[e + 1u];
    }
    else
    {
        _2937 = (w[e] >> 16u) | (w[e + 1u] << 16u);
    }
    return _2937;
}

static inline __attribute__((always_inline))
void units_times_x_Q8_0(thread const spvUnsafeArray<Unit, 4>& unit, thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread const uint& local, thread spvUnsafeArray<float4, 4>& sums, threadgroup float4 (&pool)[1024])
{
    uint at = 9u * local;
    spvUnsafeArray<float4, 16> all_ = spvUnsafeArray<float4, 16>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0) });
    for (uint e = 0u; e < 8u; e++)
    {
        for (uint y = 0u; y < 4u; y++)
        {
            if (y < ROWS)
            {
                Unit param = unit[y];
                uint param_1 = row[y] + u;
                uint param_2 = e;
                uint param_3 = quants(param, param_1, param_2);
                float4 v = signed_bytes(param_3);
                for (uint m = 0u; m < 4u; m++)
                {
                    if (m < XS)
                    {
                        uint _3014 = (4u * y) + m;
                        uint param_4 = m;
                        uint param_5 = at + e;
                        all_[_3014] += (v * x_quad(param_4, param_5, pool));
                    }
                }
            }
        }
    }
    for (uint y_1 = 0u; y_1 < 4u; y_1++)
    {
        if (y_1 < ROWS)
        {
            uint param_6 = row[y_1] + u;
            uint param_7 = unit[y_1].a.x;
            float scale = float_of(param_6, param_7);
            for (uint m_1 = 0u; m_1 < 4u; m_1++)
            {
                if (m_1 < XS)
                {
                    float4 param_8 = all_[(4u * y_1) + m_1];
                    sums[y_1][m_1] += (scale * sum4(param_8));
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
float4 halves(thread const uint& a, thread const uint& b, thread const uint& mask)
{
    float2 p = float2(as_type<half2>((a & mask) | 1409307648u));
    float2 q = float2(as_type<half2>((b & mask) | 1409307648u));
    return float4(p.x, q.x, p.y, q.y);
}

static inline __attribute__((always_inline))
float4 low_nibbles(thread const uint& w)
{
    uint param = w << 4u;
    uint param_1 = w >> 4u;
    uint param_2 = 15728880u;
    return halves(param, param_1, param_2);
}

static inline __attribute__((always_inline))
float4 high_nibbles(thread const uint& w)
{
    uint param = w;
    uint param_1 = w >> 8u;
    uint param_2 = 15728880u;
    return halves(param, param_1, param_2);
}

static inline __attribute__((always_inline))
void nibbles_times_x(thread const spvUnsafeArray<uint4, 4>& words, thread const uint& at, thread spvUnsafeArray<float4, 16>& all_, threadgroup float4 (&pool)[1024])
{
    for (uint e = 0u; e < 4u; e++)
    {
        for (uint y = 0u; y < 4u; y++)
        {
            if (y < ROWS)
            {
                uint param = words[y][e];
                float4 low = low_nibbles(param);
                uint param_1 = words[y][e];
                float4 high = high_nibbles(param_1);
                for (uint m = 0u; m < 4u; m++)
                {
                    if (m < XS)
                    {
                        uint _3139 = (4u * y) + m;
                        uint param_2 = m;
                        uint param_3 = at + e;
                        all_[_3139] += (low * x_quad(param_2, param_3, pool));
                        uint _3156 = (4u * y) + m;
                        uint param_4 = m;
                        uint param_5 = (at + e) + 4u;
                        all_[_3156] += (high * x_quad(param_4, param_5, pool));
                    }
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
void units_times_x_Q4_0(thread const spvUnsafeArray<Unit, 4>& unit, thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread const uint& local, thread spvUnsafeArray<float4, 4>& sums, threadgroup float4 (&pool)[1024])
{
    uint at = 9u * local;
    spvUnsafeArray<float4, 16> all_ = spvUnsafeArray<float4, 16>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0) });
    spvUnsafeArray<uint4, 4> words;
    uint4 _3217;
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            uint4 a = unit[y].a;
            uint4 b = uint4(a.y, a.z, a.w, unit[y].c);
            if (((row[y] + u) & 1u) != 0u)
            {
                _3217 = b;
            }
            else
            {
                _3217 = (a >> uint4(16u)) | (b << uint4(16u));
            }
            words[y] = _3217;
        }
    }
    spvUnsafeArray<uint4, 4> param;
    param = words;
    uint param_1 = at;
    spvUnsafeArray<float4, 16> param_2;
    param_2 = all_;
    nibbles_times_x(param, param_1, param_2, pool);
    all_ = param_2;
    for (uint y_1 = 0u; y_1 < 4u; y_1++)
    {
        if (y_1 < ROWS)
        {
            uint param_3 = row[y_1] + u;
            uint param_4 = unit[y_1].a.x;
            float scale = float_of(param_3, param_4);
            for (uint m = 0u; m < 4u; m++)
            {
                if (m < XS)
                {
                    float4 param_5 = all_[(4u * y_1) + m];
                    uint param_6 = m;
                    uint param_7 = at + 8u;
                    sums[y_1][m] += (scale * (sum4(param_5) - (72.0 * x_quad(param_6, param_7, pool).x)));
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
void units_times_x_Q4_1(thread const spvUnsafeArray<Unit, 4>& unit, thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread const uint& local, thread spvUnsafeArray<float4, 4>& sums, threadgroup float4 (&pool)[1024])
{
    uint at = 9u * local;
    spvUnsafeArray<float4, 16> all_ = spvUnsafeArray<float4, 16>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0) });
    spvUnsafeArray<uint4, 4> words;
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            words[y] = unit[y].a;
        }
    }
    spvUnsafeArray<uint4, 4> param;
    param = words;
    uint param_1 = at;
    spvUnsafeArray<float4, 16> param_2;
    param_2 = all_;
    nibbles_times_x(param, param_1, param_2, pool);
    all_ = param_2;
    for (uint y_1 = 0u; y_1 < 4u; y_1++)
    {
        if (y_1 < ROWS)
        {
            float2 scale = float2(as_type<half2>(unit[y_1].c));
            for (uint m = 0u; m < 4u; m++)
            {
                if (m < XS)
                {
                    uint param_3 = m;
                    uint param_4 = at + 8u;
                    float of_x = x_quad(param_3, param_4, pool).x;
                    float4 param_5 = all_[(4u * y_1) + m];
                    sums[y_1][m] += ((scale.x * (sum4(param_5) - (64.0 * of_x))) + (scale.y * of_x));
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
void units_times_x_Q4_K(thread const spvUnsafeArray<Unit, 4>& unit, thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread const uint& local, thread spvUnsafeArray<float4, 4>& sums, threadgroup float4 (&pool)[1024])
{
    uint pair = (u / 2u) & 3u;
    uint half_ = u & 1u;
    bool lower = pair < 2u;
    spvUnsafeArray<uint, 4> scales;
    uint _3442;
    spvUnsafeArray<uint, 4> minima;
    uint _3465;
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            uint3 words = unit[y].b.yzw >> uint3(16u * (pair & 1u));
            if (lower)
            {
                _3442 = words.x & 16191u;
            }
            else
            {
                _3442 = (words.z & 3855u) | ((words.x >> 2u) & 12336u);
            }
            scales[y] = _3442;
            if (lower)
            {
                _3465 = words.y & 16191u;
            }
            else
            {
                _3465 = ((words.z >> 4u) & 3855u) | ((words.y >> 2u) & 12336u);
            }
            minima[y] = _3465;
        }
    }
    float4 _3532;
    for (uint high = 0u; high < 2u; high++)
    {
        uint block = ((((local / 8u) * 8u) + (2u * pair)) + high) * 9u;
        uint at = block + (4u * half_);
        spvUnsafeArray<float4, 16> all_ = spvUnsafeArray<float4, 16>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0) });
        for (uint e = 0u; e < 4u; e++)
        {
            for (uint y_1 = 0u; y_1 < 4u; y_1++)
            {
                if (y_1 < ROWS)
                {
                    if (high == 0u)
                    {
                        uint param = unit[y_1].a[e];
                        _3532 = low_nibbles(param);
                    }
                    else
                    {
                        uint param_1 = unit[y_1].a[e];
                        _3532 = high_nibbles(param_1);
                    }
                    float4 v = _3532;
                    for (uint m = 0u; m < 4u; m++)
                    {
                        if (m < XS)
                        {
                            uint _3564 = (4u * y_1) + m;
                            uint param_2 = m;
                            uint param_3 = at + e;
                            all_[_3564] += (v * x_quad(param_2, param_3, pool));
                        }
                    }
                }
            }
        }
        for (uint y_2 = 0u; y_2 < 4u; y_2++)
        {
            if (y_2 < ROWS)
            {
                float2 d = float2(as_type<half2>(unit[y_2].b.x)) * float2(float((scales[y_2] >> (8u * high)) & 255u), float((minima[y_2] >> (8u * high)) & 255u));
                for (uint m_1 = 0u; m_1 < 4u; m_1++)
                {
                    if (m_1 < XS)
                    {
                        uint param_4 = m_1;
                        uint param_5 = block + 8u;
                        float of_x = x_quad(param_4, param_5, pool)[1u + half_];
                        float4 param_6 = all_[(4u * y_2) + m_1];
                        sums[y_2][m_1] += ((d.x * (sum4(param_6) - (64.0 * of_x))) - (d.y * of_x));
                    }
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
float4 small_bytes(thread const uint& w)
{
    uint param = w << 4u;
    uint param_1 = w >> 4u;
    uint param_2 = 66061296u;
    return halves(param, param_1, param_2);
}

static inline __attribute__((always_inline))
void units_times_x_Q6_K(thread const spvUnsafeArray<Unit, 4>& unit, thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread const uint& local, thread spvUnsafeArray<float4, 4>& sums, threadgroup float4 (&pool)[1024])
{
    uint part = (u / 4u) & 1u;
    uint in_part = u & 3u;
    uint at = ((((local / 8u) * 8u) + (4u * part)) * 9u) + (2u * in_part);
    spvUnsafeArray<float4, 16> all_ = spvUnsafeArray<float4, 16>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0) });
    for (uint e = 0u; e < 2u; e++)
    {
        for (uint y = 0u; y < 4u; y++)
        {
            if (y < ROWS)
            {
                uint p = unit[y].a[e];
                uint q = unit[y].a[e + 2u];
                uint r = unit[y].b[e];
                uint param = (p & 252645135u) | ((r & 50529027u) << 4u);
                float4 a = small_bytes(param) - float4(96.0);
                uint param_1 = (q & 252645135u) | ((r << 2u) & 808464432u);
                float4 b = small_bytes(param_1) - float4(96.0);
                uint param_2 = ((p >> 4u) & 252645135u) | (r & 808464432u);
                float4 c = small_bytes(param_2) - float4(96.0);
                uint param_3 = ((q >> 4u) & 252645135u) | ((r >> 2u) & 808464432u);
                float4 d = small_bytes(param_3) - float4(96.0);
                for (uint m = 0u; m < 4u; m++)
                {
                    if (m < XS)
                    {
                        uint x = at + e;
                        uint _3946 = (4u * y) + m;
                        uint param_4 = m;
                        uint param_5 = x;
                        uint param_6 = m;
                        uint param_7 = x + 9u;
                        uint param_8 = m;
                        uint param_9 = x + 18u;
                        uint param_10 = m;
                        uint param_11 = x + 27u;
                        all_[_3946] += float4(dot(a, x_quad(param_4, param_5, pool)), dot(b, x_quad(param_6, param_7, pool)), dot(c, x_quad(param_8, param_9, pool)), dot(d, x_quad(param_10, param_11, pool)));
                    }
                }
            }
        }
    }
    uint2 _4014;
    for (uint y_1 = 0u; y_1 < 4u; y_1++)
    {
        if (y_1 < ROWS)
        {
            uint h = row[y_1] + (u / 8u);
            if (in_part < 2u)
            {
                _4014 = unit[y_1].b.zw;
            }
            else
            {
                _4014 = unit[y_1].b.zw >> uint2(8u);
            }
            uint2 words = _4014;
            uint param_12 = h;
            uint param_13 = unit[y_1].c;
            uint param_14 = (words.x & 16711935u) | ((words.y & 16711935u) << 8u);
            float4 scales = signed_bytes(param_14).xzyw * float_of(param_12, param_13);
            for (uint m_1 = 0u; m_1 < 4u; m_1++)
            {
                if (m_1 < XS)
                {
                    sums[y_1][m_1] += dot(scales, all_[(4u * y_1) + m_1]);
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
void units_times_x(thread const spvUnsafeArray<Unit, 4>& unit, thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread const uint& local, thread spvUnsafeArray<float4, 4>& sums, constant Push& push, threadgroup float4 (&pool)[1024])
{
    if (_4080)
    {
        spvUnsafeArray<Unit, 4> param;
        param = unit;
        spvUnsafeArray<uint, 4> param_1;
        param_1 = row;
        uint param_2 = u;
        uint param_3 = local;
        spvUnsafeArray<float4, 4> param_4;
        param_4 = sums;
        units_times_x_F32(param, param_1, param_2, param_3, param_4, push, pool);
        sums = param_4;
    }
    if (_4095)
    {
        spvUnsafeArray<Unit, 4> param_5;
        param_5 = unit;
        spvUnsafeArray<uint, 4> param_6;
        param_6 = row;
        uint param_7 = u;
        uint param_8 = local;
        spvUnsafeArray<float4, 4> param_9;
        param_9 = sums;
        units_times_x_F16(param_5, param_6, param_7, param_8, param_9, push, pool);
        sums = param_9;
    }
    if (_4110)
    {
        spvUnsafeArray<Unit, 4> param_10;
        param_10 = unit;
        spvUnsafeArray<uint, 4> param_11;
        param_11 = row;
        uint param_12 = u;
        uint param_13 = local;
        spvUnsafeArray<float4, 4> param_14;
        param_14 = sums;
        units_times_x_BF16(param_10, param_11, param_12, param_13, param_14, push, pool);
        sums = param_14;
    }
    if (_4125)
    {
        spvUnsafeArray<Unit, 4> param_15;
        param_15 = unit;
        spvUnsafeArray<uint, 4> param_16;
        param_16 = row;
        uint param_17 = u;
        uint param_18 = local;
        spvUnsafeArray<float4, 4> param_19;
        param_19 = sums;
        units_times_x_Q8_0(param_15, param_16, param_17, param_18, param_19, pool);
        sums = param_19;
    }
    if (_4140)
    {
        spvUnsafeArray<Unit, 4> param_20;
        param_20 = unit;
        spvUnsafeArray<uint, 4> param_21;
        param_21 = row;
        uint param_22 = u;
        uint param_23 = local;
        spvUnsafeArray<float4, 4> param_24;
        param_24 = sums;
        units_times_x_Q4_0(param_20, param_21, param_22, param_23, param_24, pool);
        sums = param_24;
    }
    if (_4155)
    {
        spvUnsafeArray<Unit, 4> param_25;
        param_25 = unit;
        spvUnsafeArray<uint, 4> param_26;
        param_26 = row;
        uint param_27 = u;
        uint param_28 = local;
        spvUnsafeArray<float4, 4> param_29;
        param_29 = sums;
        units_times_x_Q4_1(param_25, param_26, param_27, param_28, param_29, pool);
        sums = param_29;
    }
    if (_4170)
    {
        spvUnsafeArray<Unit, 4> param_30;
        param_30 = unit;
        spvUnsafeArray<uint, 4> param_31;
        param_31 = row;
        uint param_32 = u;
        uint param_33 = local;
        spvUnsafeArray<float4, 4> param_34;
        param_34 = sums;
        units_times_x_Q4_K(param_30, param_31, param_32, param_33, param_34, pool);
        sums = param_34;
    }
    if (_4185)
    {
        spvUnsafeArray<Unit, 4> param_35;
        param_35 = unit;
        spvUnsafeArray<uint, 4> param_36;
        param_36 = row;
        uint param_37 = u;
        uint param_38 = local;
        spvUnsafeArray<float4, 4> param_39;
        param_39 = sums;
        units_times_x_Q6_K(param_35, param_36, param_37, param_38, param_39, pool);
        sums = param_39;
    }
}

static inline __attribute__((always_inline))
float shared_scale(constant Push& push, threadgroup float4 (&pool)[1024], thread uint& gl_NumSubgroups)
{
    float sum = 0.0;
    for (uint s = 0u; s < gl_NumSubgroups; s++)
    {
        sum += ((threadgroup float*)&pool[960u + (s / 4u)])[s & 3u];
    }
    float param = sum;
    return norm_scale(param, push);
}

static inline __attribute__((always_inline))
float shared_sum(thread const uint& i, threadgroup float4 (&pool)[1024])
{
    float4 sum = float4(0.0);
    for (uint v = 0u; v < _2346; v++)
    {
        sum += pool[(i * _2354) + v];
    }
    float4 param = sum;
    return sum4(param);
}

static inline __attribute__((always_inline))
void finish_lines(thread const uint& r, thread const uint& first, thread const spvUnsafeArray<float4, 4>& sums, thread float4& squares, constant Push& push, const device Bias1& v_579, device Y1& v_604, threadgroup float4 (&pool)[1024], thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, thread uint& gl_SubgroupID)
{
    uint me = gl_LocalInvocationID.x;
    uint lane = me & _2407;
    uint row = (me / TEAM) * ROWS;
    squares = simd_sum(squares);
    float _2504;
    for (uint m = 0u; m < 4u; m++)
    {
        if (m < XS)
        {
            threadgroup_barrier(mem_flags::mem_threadgroup);
            for (uint y = 0u; y < 4u; y++)
            {
                if (y < ROWS)
                {
                    ((threadgroup float*)&pool[((row + y) * _2448) + (lane / 4u)])[lane & 3u] = sums[y][m];
                }
            }
            bool _2462 = simd_is_first();
            if (_2462)
            {
                ((threadgroup float*)&pool[960u + (gl_SubgroupID / 4u)])[gl_SubgroupID & 3u] = squares[m];
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            bool _2481 = me < GROUP_LINES;
            bool _2490;
            if (_2481)
            {
                _2490 = (first + me) < push.n;
            }
            else
            {
                _2490 = _2481;
            }
            bool _2500;
            if (_2490)
            {
                _2500 = (r + m) < push.rows;
            }
            else
            {
                _2500 = _2490;
            }
            if (_2500)
            {
                if (normed)
                {
                    _2504 = shared_scale(push, pool, gl_NumSubgroups);
                }
                else
                {
                    _2504 = 1.0;
                }
                float scale = _2504;
                uint param = me;
                uint param_1 = r + m;
                uint param_2 = first + me;
                float param_3 = scale * shared_sum(param, pool);
                finish(param_1, param_2, param_3, push, v_579, v_604);
            }
        }
    }
}

static inline __attribute__((always_inline))
void vector_rows(constant Push& push, const device Bias1& v_579, device Y1& v_604, const device Weights1& v_739, const device Weights4& v_749, const device X4& v_1792, const device X1& v_1802, const device Norm4& v_1865, const device Norm1& v_1874, threadgroup float4 (&pool)[1024], thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, thread uint& gl_SubgroupID, thread uint3& gl_WorkGroupID)
{
    uint lane = gl_LocalInvocationID.x & _4514;
    uint param = push.k;
    uint param_1 = UNIT;
    uint units = ceil_div(param, param_1);
    uint param_2 = push.k;
    uint param_3 = CHUNK;
    uint chunks = max(ceil_div(param_2, param_3), 1u);
    uint param_4 = push.k;
    uint param_5 = chunks;
    uint param_6 = ceil_div(param_4, param_5);
    uint param_7 = 256u;
    uint chunk = ceil_div(param_6, param_7) * _4545;
    uint _4556 = (push.first.xyz + gl_WorkGroupID).y * XS;
    spvUnsafeArray<uint, 4> param_9;
    spvUnsafeArray<Unit, 4> next;
    spvUnsafeArray<Unit, 4> param_12;
    spvUnsafeArray<Unit, 4> unit;
    spvUnsafeArray<Unit, 4> param_19;
    spvUnsafeArray<Unit, 4> param_22;
    for (uint r = _4556; r < push.rows; r += (push.groups.y * XS))
    {
        uint3 _4571 = push.first.xyz + gl_WorkGroupID;
        uint _4572 = _4571.x;
        for (uint tile = _4572; (tile * GROUP_LINES) < push.n; tile += push.groups.x)
        {
            spvUnsafeArray<float4, 4> sums = spvUnsafeArray<float4, 4>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0) });
            float4 squares = float4(0.0);
            uint param_8 = tile * GROUP_LINES;
            find_rows(param_8, param_9, push, gl_LocalInvocationID);
            spvUnsafeArray<uint, 4> row;
            row = param_9;
            for (uint base = 0u; base < units; base += chunk)
            {
                uint end = min(units, (base + chunk));
                bool _4615;
                if (plain)
                {
                    _4615 = (base + lane) < end;
                }
                else
                {
                    _4615 = plain;
                }
                if (_4615)
                {
                    spvUnsafeArray<uint, 4> param_10;
                    param_10 = row;
                    uint param_11 = base + lane;
                    load_units(param_10, param_11, param_12, push, v_739, v_749);
                    next = param_12;
                }
                uint param_13 = r;
                uint param_14 = UNIT * base;
                uint param_15 = min(push.k, (UNIT * end)) - (UNIT * base);
                float4 param_16 = squares;
                put_chunks(param_13, param_14, param_15, param_16, push, v_1792, v_1802, v_1865, v_1874, pool, gl_LocalInvocationID);
                squares = param_16;
                uint _4649 = base + lane;
                for (uint u = _4649; u < end; u += TEAM)
                {
                    if (plain)
                    {
                        for (uint y = 0u; y < 4u; y++)
                        {
                            if (y < ROWS)
                            {
                                unit[y] = next[y];
                            }
                        }
                        if ((u + TEAM) < end)
                        {
                            spvUnsafeArray<uint, 4> param_17;
                            param_17 = row;
                            uint param_18 = u + TEAM;
                            load_units(param_17, param_18, param_19, push, v_739, v_749);
                            next = param_19;
                        }
                    }
                    else
                    {
                        spvUnsafeArray<uint, 4> param_20;
                        param_20 = row;
                        uint param_21 = u;
                        load_units(param_20, param_21, param_22, push, v_739, v_749);
                        unit = param_22;
                    }
                    spvUnsafeArray<Unit, 4> param_23;
                    param_23 = unit;
                    spvUnsafeArray<uint, 4> param_24;
                    param_24 = row;
                    uint param_25 = u;
                    uint param_26 = u - base;
                    spvUnsafeArray<float4, 4> param_27;
                    param_27 = sums;
                    units_times_x(param_23, param_24, param_25, param_26, param_27, push, pool);
                    sums = param_27;
                }
            }
            uint param_28 = r;
            uint param_29 = tile * GROUP_LINES;
            spvUnsafeArray<float4, 4> param_30;
            param_30 = sums;
            float4 param_31 = squares;
            finish_lines(param_28, param_29, param_30, param_31, push, v_579, v_604, pool, gl_NumSubgroups, gl_LocalInvocationID, gl_SubgroupID);
        }
    }
}

kernel void zc_linear(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], const device Bias1& v_579 [[buffer(3)]], const device void* spvBufferAliasSet0Binding4 [[buffer(4)]], device void* spvBufferAliasSet0Binding5 [[buffer(5)]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& v_1792 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& v_739 = *(const device Weights1*)spvBufferAliasSet0Binding2;
    const device auto& v_1865 = *(const device Norm4*)spvBufferAliasSet0Binding4;
    device auto& v_604 = *(device Y1*)spvBufferAliasSet0Binding5;
    device auto& v_693 = *(device Y4*)spvBufferAliasSet0Binding5;
    const device auto& v_749 = *(const device Weights4*)spvBufferAliasSet0Binding2;
    const device auto& v_1802 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& v_1874 = *(const device Norm1*)spvBufferAliasSet0Binding4;
    threadgroup float4 pool[1024];
    threadgroup float group_partial[256];
    if (_5329)
    {
        tiles(push, v_579, v_604, v_693, v_739, v_749, v_1792, v_1802, v_1865, v_1874, pool, gl_LocalInvocationID, gl_WorkGroupID);
    }
    else
    {
        vector_rows(push, v_579, v_604, v_739, v_749, v_1792, v_1802, v_1865, v_1874, pool, gl_NumSubgroups, gl_LocalInvocationID, gl_SubgroupID, gl_WorkGroupID);
    }
}

