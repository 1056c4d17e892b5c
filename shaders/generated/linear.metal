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
constant bool _673 = (type == 0u);
constant bool _681 = (type == 1u);
constant bool _689 = (type == 2u);
constant bool _697 = (type == 3u);
constant bool _707 = (type == 4u);
constant bool _717 = (type == 5u);
constant bool _727 = (type == 6u);
constant bool _738 = (type == 7u);
constant bool _1511 = (type == 0u);
constant bool _1521 = (type == 1u);
constant bool _1531 = (type == 2u);
constant bool _1541 = (type == 3u);
constant bool _1551 = (type == 4u);
constant bool _1561 = (type == 5u);
constant bool _1571 = (type == 6u);
constant bool _1581 = (type == 7u);
constant bool _1596 = (type == 0u);
constant bool _1608 = (type == 1u);
constant bool _1620 = (type == 2u);
constant bool _1632 = (type == 3u);
constant bool _1644 = (type == 4u);
constant bool _1656 = (type == 5u);
constant bool _1668 = (type == 6u);
constant bool _1680 = (type == 7u);

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

constant uint _1815 = (variant / 8u);
constant uint input_ = (_1815 % 3u);
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
constant bool _3022 = (type == 0u);
constant bool _3034 = (type == 1u);
constant bool _3046 = (type == 2u);
constant bool _3058 = (type == 3u);
constant bool _3070 = (type == 4u);
constant bool _3082 = (type == 5u);
constant bool _3094 = (type == 6u);
constant bool _3106 = (type == 7u);
constant uint way = (variant / 24u);
constant bool _3127 = (way == 2u);
constant bool _3128 = (way == 3u);
constant uint _3129 = _3128 ? 32u : 64u;
constant uint team = _3127 ? 8u : _3129;
constant uint _3131 = (team - 1u);
constant uint lines = (256u / team);
constant bool _4435 = (way == 0u);
constant bool _4440 = (way == 1u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
uint ceil_div(thread const uint& a, thread const uint& b)
{
    return (a / b) + uint((a % b) != 0u);
}

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    uint _674;
    if (_673)
    {
        _674 = (k / 1u) * 2u;
    }
    else
    {
        uint _682;
        if (_681)
        {
            _682 = (k / 1u) * 1u;
        }
        else
        {
            uint _690;
            if (_689)
            {
                _690 = (k / 1u) * 1u;
            }
            else
            {
                uint _698;
                if (_697)
                {
                    _698 = (k / 32u) * 17u;
                }
                else
                {
                    uint _708;
                    if (_707)
                    {
                        _708 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _718;
                        if (_717)
                        {
                            _718 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _728;
                            if (_727)
                            {
                                _728 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _739;
                                if (_738)
                                {
                                    _739 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    _739 = 0u;
                                }
                                _728 = _739;
                            }
                            _718 = _728;
                        }
                        _708 = _718;
                    }
                    _698 = _708;
                }
                _690 = _698;
            }
            _682 = _690;
        }
        _674 = _682;
    }
    return _674;
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
    float _884;
    if (left > 1u)
    {
        _884 = v.y;
    }
    else
    {
        _884 = 0.0;
    }
    float _894;
    if (left > 2u)
    {
        _894 = v.z;
    }
    else
    {
        _894 = 0.0;
    }
    float _903;
    if (left > 3u)
    {
        _903 = v.w;
    }
    else
    {
        _903 = 0.0;
    }
    return float4(v.x, _884, _894, _903);
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
    uint _760;
    if ((h & 1u) != 0u)
    {
        _760 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _760 = low;
    }
    return _760;
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
    float2 _846;
    if (i < 4u)
    {
        _846 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _846 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _846;
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
    if (_1596)
    {
        Raw param = raw;
        uint param_1 = row;
        uint param_2 = k;
        uint param_3 = q;
        v = decode_quad_F32(param, param_1, param_2, param_3);
    }
    if (_1608)
    {
        Raw param_4 = raw;
        uint param_5 = row;
        uint param_6 = k;
        uint param_7 = q;
        v = decode_quad_F16(param_4, param_5, param_6, param_7);
    }
    if (_1620)
    {
        Raw param_8 = raw;
        uint param_9 = row;
        uint param_10 = k;
        uint param_11 = q;
        v = decode_quad_BF16(param_8, param_9, param_10, param_11);
    }
    if (_1632)
    {
        Raw param_12 = raw;
        uint param_13 = row;
        uint param_14 = k;
        uint param_15 = q;
        v = decode_quad_Q8_0(param_12, param_13, param_14, param_15);
    }
    if (_1644)
    {
        Raw param_16 = raw;
        uint param_17 = row;
        uint param_18 = k;
        uint param_19 = q;
        v = decode_quad_Q4_0(param_16, param_17, param_18, param_19);
    }
    if (_1656)
    {
        Raw param_20 = raw;
        uint param_21 = row;
        uint param_22 = k;
        uint param_23 = q;
        v = decode_quad_Q4_1(param_20, param_21, param_22, param_23);
    }
    if (_1668)
    {
        Raw param_24 = raw;
        uint param_25 = row;
        uint param_26 = k;
        uint param_27 = q;
        v = decode_quad_Q4_K(param_24, param_25, param_26, param_27);
    }
    if (_1680)
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
float4 norm_at(thread const uint& i, constant Push& push, const device Norm4& v_1779, const device Norm1& v_1788)
{
    uint at = push.offset.w + i;
    uint last = (push.offset.w + push.k) - 1u;
    bool _1766 = (at & 3u) == 0u;
    bool _1773;
    if (_1766)
    {
        _1773 = (at + 3u) <= last;
    }
    else
    {
        _1773 = _1766;
    }
    if (_1773)
    {
        return v_1779.norm4[at / 4u];
    }
    return float4(v_1788.norm1[min(at, last)], v_1788.norm1[min((at + 1u), last)], v_1788.norm1[min((at + 2u), last)], v_1788.norm1[min((at + 3u), last)]);
}

static inline __attribute__((always_inline))
float4 x_at(thread const uint& i, thread const uint& count, const device X4& v_1706, const device X1& v_1716)
{
    if (((i & 3u) == 0u) && (count >= 4u))
    {
        return v_1706.x4[i / 4u];
    }
    float4 v = float4(0.0);
    v.x = v_1716.x1[i];
    if (count > 1u)
    {
        v.y = v_1716.x1[i + 1u];
    }
    if (count > 2u)
    {
        v.z = v_1716.x1[i + 2u];
    }
    if (count > 3u)
    {
        v.w = v_1716.x1[i + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
uint4 weight_words(thread const uint& i, const device Weights4& v_663)
{
    return v_663.weights4[i];
}

static inline __attribute__((always_inline))
uint weight_word(thread const uint& i, const device Weights1& v_653)
{
    return v_653.weights1[i];
}

static inline __attribute__((always_inline))
Raw load_quad_F32(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_653, const device Weights4& v_663)
{
    uint last = ((row / 2u) + k) - 1u;
    uint at = (row / 2u) + (4u * q);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    bool _931 = (at & 3u) == 0u;
    bool _938;
    if (_931)
    {
        _938 = (at + 3u) <= last;
    }
    else
    {
        _938 = _931;
    }
    if (_938)
    {
        uint param = at / 4u;
        raw.a = weight_words(param, v_663);
    }
    else
    {
        uint param_1 = at;
        uint param_2 = min((at + 1u), last);
        uint param_3 = min((at + 2u), last);
        uint param_4 = min((at + 3u), last);
        raw.a = uint4(weight_word(param_1, v_653), weight_word(param_2, v_653), weight_word(param_3, v_653), weight_word(param_4, v_653));
    }
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_F16(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_653)
{
    uint last = ((row + k) - 1u) / 2u;
    uint at = (row + (4u * q)) / 2u;
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = at;
    raw.a.x = weight_word(param, v_653);
    uint param_1 = min((at + 1u), last);
    raw.a.y = weight_word(param_1, v_653);
    uint param_2 = min((at + 2u), last);
    raw.a.z = weight_word(param_2, v_653);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_scaled(thread const uint& h, thread const uint& word, const device Weights1& v_653)
{
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = word / 2u;
    raw.a.x = weight_word(param, v_653);
    uint param_1 = (word / 2u) + (word & 1u);
    raw.a.y = weight_word(param_1, v_653);
    uint param_2 = h / 2u;
    raw.a.w = weight_word(param_2, v_653);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q8_0(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_653)
{
    uint h = row + ((q / 8u) * 17u);
    uint param = h;
    uint param_1 = (h + 1u) + (2u * (q & 7u));
    return load_scaled(param, param_1, v_653);
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_0(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_653)
{
    uint h = row + ((q / 8u) * 9u);
    uint param = h;
    uint param_1 = (h + 1u) + (2u * (q & 3u));
    return load_scaled(param, param_1, v_653);
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_1(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_653)
{
    uint at = (row / 2u) + ((q / 8u) * 5u);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = (at + 1u) + (q & 3u);
    raw.a.x = weight_word(param, v_653);
    uint param_1 = at;
    raw.a.w = weight_word(param_1, v_653);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_K(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_653)
{
    uint at = (row / 2u) + ((q / 64u) * 36u);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = ((at + 4u) + (((q / 16u) % 4u) * 8u)) + (q & 7u);
    raw.a.x = weight_word(param, v_653);
    uint param_1 = at + 1u;
    raw.a.y = weight_word(param_1, v_653);
    uint param_2 = at + 2u;
    raw.a.z = weight_word(param_2, v_653);
    uint param_3 = at;
    raw.a.w = weight_word(param_3, v_653);
    uint param_4 = at + 3u;
    raw.b.x = weight_word(param_4, v_653);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q6_K(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_653)
{
    uint h = row + ((q / 64u) * 105u);
    uint part = (q / 32u) & 1u;
    uint stripe = (q / 8u) & 3u;
    uint quad_ = q & 7u;
    uint low = ((h + (32u * part)) + (16u * (stripe & 1u))) + (2u * quad_);
    uint high = ((h + 64u) + (16u * part)) + (2u * quad_);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = low / 2u;
    raw.a.x = weight_word(param, v_653);
    uint param_1 = (low / 2u) + (low & 1u);
    raw.a.y = weight_word(param_1, v_653);
    uint param_2 = high / 2u;
    raw.a.z = weight_word(param_2, v_653);
    uint param_3 = (high / 2u) + (high & 1u);
    raw.a.w = weight_word(param_3, v_653);
    uint param_4 = (((h + 96u) + (4u * part)) + stripe) / 2u;
    raw.b.x = weight_word(param_4, v_653);
    uint param_5 = (h / 2u) + 52u;
    raw.b.y = weight_word(param_5, v_653);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_653, const device Weights4& v_663)
{
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    if (_1511)
    {
        uint param = row;
        uint param_1 = k;
        uint param_2 = q;
        raw = load_quad_F32(param, param_1, param_2, v_653, v_663);
    }
    if (_1521)
    {
        uint param_3 = row;
        uint param_4 = k;
        uint param_5 = q;
        raw = load_quad_F16(param_3, param_4, param_5, v_653);
    }
    if (_1531)
    {
        uint param_6 = row;
        uint param_7 = k;
        uint param_8 = q;
        raw = load_quad_F16(param_6, param_7, param_8, v_653);
    }
    if (_1541)
    {
        uint param_9 = row;
        uint param_10 = k;
        uint param_11 = q;
        raw = load_quad_Q8_0(param_9, param_10, param_11, v_653);
    }
    if (_1551)
    {
        uint param_12 = row;
        uint param_13 = k;
        uint param_14 = q;
        raw = load_quad_Q4_0(param_12, param_13, param_14, v_653);
    }
    if (_1561)
    {
        uint param_15 = row;
        uint param_16 = k;
        uint param_17 = q;
        raw = load_quad_Q4_1(param_15, param_16, param_17, v_653);
    }
    if (_1571)
    {
        uint param_18 = row;
        uint param_19 = k;
        uint param_20 = q;
        raw = load_quad_Q4_K(param_18, param_19, param_20, v_653);
    }
    if (_1581)
    {
        uint param_21 = row;
        uint param_22 = k;
        uint param_23 = q;
        raw = load_quad_Q6_K(param_21, param_22, param_23, v_653);
    }
    return raw;
}

static inline __attribute__((always_inline))
float norm_scale(thread const float& squares, constant Push& push)
{
    float _1858;
    if (push.k != 0u)
    {
        _1858 = rsqrt((squares / float(push.k)) + push.eps);
    }
    else
    {
        _1858 = 0.0;
    }
    return _1858;
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
    float _438;
    if (abs(y) > 3.900000095367431640625)
    {
        _438 = sign(y);
    }
    else
    {
        _438 = (y * p) / q;
    }
    float erf = _438;
    return (0.5 * x) * (1.0 + erf);
}

static inline __attribute__((always_inline))
void finish(thread const uint& r, thread const uint& j, thread float& sum, constant Push& push, const device Bias1& v_491, device Y1& v_517)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    uint param = 2u;
    if (has(param, push))
    {
        sum += v_491.bias1[push.offset.z + j];
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
        sum += v_517.y1[to];
    }
    v_517.y1[to] = sum;
}

static inline __attribute__((always_inline))
void finish_quad(thread const uint& r, thread const uint& j, thread float4& sums, constant Push& push, const device Bias1& v_491, device Y1& v_517, device Y4& v_607)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    bool _539 = (to & 3u) == 0u;
    bool _549;
    if (_539)
    {
        _549 = (j + 4u) <= push.n;
    }
    else
    {
        _549 = _539;
    }
    if (_549)
    {
        uint param = 2u;
        if (has(param, push))
        {
            uint at = push.offset.z + j;
            sums += float4(v_491.bias1[at], v_491.bias1[at + 1u], v_491.bias1[at + 2u], v_491.bias1[at + 3u]);
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
            sums += v_607.y4[to / 4u];
        }
        v_607.y4[to / 4u] = sums;
        return;
    }
    uint e = 0u;
    for (;;)
    {
        bool _627 = e < 4u;
        bool _636;
        if (_627)
        {
            _636 = (j + e) < push.n;
        }
        else
        {
            _636 = _627;
        }
        if (_636)
        {
            uint param_7 = r;
            uint param_8 = j + e;
            float param_9 = sums[e];
            finish(param_7, param_8, param_9, push, v_491, v_517);
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
void tiles(constant Push& push, const device Bias1& v_491, device Y1& v_517, device Y4& v_607, const device Weights1& v_653, const device Weights4& v_663, const device X4& v_1706, const device X1& v_1716, const device Norm4& v_1779, const device Norm1& v_1788, thread uint3& gl_LocalInvocationID, threadgroup float4 (&pool)[1024], thread uint3& gl_WorkGroupID)
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
    uint3 _3965 = push.first.xyz + gl_WorkGroupID;
    uint _3966 = _3965.y;
    spvUnsafeArray<float4, 4> v;
    spvUnsafeArray<float4, 4> up;
    float4 _4076;
    spvUnsafeArray<Raw, 4> raw;
    float4 _4160;
    for (uint tile_r = _3966; tile_r < tiles_r; tile_r += push.groups.y)
    {
        uint3 _3980 = push.first.xyz + gl_WorkGroupID;
        uint _3981 = _3980.x;
        for (uint tile_j = _3981; tile_j < tiles_j; tile_j += push.groups.x)
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
                            float4 _4054 = input_of(param_7, param_8, param_9, param_10);
                            squares[y] = param_10;
                            v[y] = _4054;
                        }
                        else
                        {
                            bool _4065 = (first + y) < push.n;
                            bool _4073;
                            if (_4065)
                            {
                                _4073 = (4u * q) < push.k;
                            }
                            else
                            {
                                _4073 = _4065;
                            }
                            bool there = _4073;
                            if (there)
                            {
                                Raw param_11 = raw[y];
                                uint param_12 = (2u * push.offset.y) + ((first + y) * halves);
                                uint param_13 = push.k;
                                uint param_14 = q;
                                _4076 = decode_quad(param_11, param_12, param_13, param_14);
                            }
                            else
                            {
                                _4076 = float4(0.0);
                            }
                            v[y] = _4076;
                        }
                    }
                    float4 param_15 = v[0];
                    float4 param_16 = v[1];
                    float4 param_17 = v[2];
                    float4 param_18 = v[3];
                    float4x4 lines_1 = transposed(param_15, param_16, param_17, param_18);
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    for (uint y_1 = 0u; y_1 < 4u; y_1++)
                    {
                        uint param_19 = (4u * load_q) + y_1;
                        uint param_20 = load_i;
                        pool[(loads_x ? 0u : 512u) + slice_at(param_19, param_20)] = lines_1[y_1];
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
                            _4160 = norm_at(param_21, push, v_1779, v_1788);
                        }
                        else
                        {
                            _4160 = float4(1.0);
                        }
                        factor = _4160;
                    }
                    for (uint y_2 = 0u; y_2 < 4u; y_2++)
                    {
                        uint i = first + y_2;
                        if (loads_x)
                        {
                            v[y_2] = float4(0.0);
                            up[y_2] = float4(0.0);
                            bool _4191 = i < push.rows;
                            bool _4199;
                            if (_4191)
                            {
                                _4199 = (4u * q_1) < push.k;
                            }
                            else
                            {
                                _4199 = _4191;
                            }
                            if (_4199)
                            {
                                uint at = (push.offset.x + (i * push.ldx)) + (4u * q_1);
                                uint param_22 = at;
                                uint param_23 = push.k - (4u * q_1);
                                v[y_2] = x_at(param_22, param_23, v_1706, v_1716);
                                if (gated)
                                {
                                    uint param_24 = at + push.k;
                                    uint param_25 = push.k - (4u * q_1);
                                    up[y_2] = x_at(param_24, param_25, v_1706, v_1716);
                                }
                            }
                        }
                        else
                        {
                            bool _4244 = i < push.n;
                            bool _4252;
                            if (_4244)
                            {
                                _4252 = (4u * q_1) < push.k;
                            }
                            else
                            {
                                _4252 = _4244;
                            }
                            if (_4252)
                            {
                                uint param_26 = (2u * push.offset.y) + (i * halves);
                                uint param_27 = push.k;
                                uint param_28 = q_1;
                                raw[y_2] = load_quad(param_26, param_27, param_28, v_653, v_663);
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
                    finish_quad(param_37, param_38, param_39, push, v_491, v_517, v_607);
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
void put_chunk(thread const uint& x, thread const uint& first, thread const uint& count, thread float& squares, constant Push& push, const device X1& v_1716, const device Norm1& v_1788, thread uint3& gl_LocalInvocationID, threadgroup float4 (&pool)[1024])
{
    float4 v;
    float4 factor;
    float _2327;
    float _2337;
    float _2382;
    float _2415;
    for (uint i = gl_LocalInvocationID.x; i < count; i += 1024u)
    {
        for (uint e = 0u; e < 4u; e++)
        {
            uint at = min(((first + i) + (e * 256u)), (push.k - 1u));
            v[e] = v_1716.x1[x + at];
            if (normed)
            {
                _2327 = v_1788.norm1[push.offset.w + at];
            }
            else
            {
                if (gated)
                {
                    _2337 = v_1716.x1[(x + push.k) + at];
                }
                else
                {
                    _2337 = 1.0;
                }
                _2327 = _2337;
            }
            factor[e] = _2327;
        }
        for (uint e_1 = 0u; e_1 < 4u; e_1++)
        {
            uint to = i + (e_1 * 256u);
            if (to < count)
            {
                bool there = (first + to) < push.k;
                if (there)
                {
                    _2382 = v[e_1];
                }
                else
                {
                    _2382 = 0.0;
                }
                float value = _2382;
                if (normed)
                {
                    squares += (value * value);
                }
                else
                {
                    if (gated)
                    {
                        float param = value;
                        value = silu(param);
                    }
                }
                if (there)
                {
                    _2415 = value * factor[e_1];
                }
                else
                {
                    _2415 = 0.0;
                }
                ((threadgroup float*)&pool[(to / 4u) + (to / 32u)])[to & 3u] = _2415;
            }
        }
    }
}

static inline __attribute__((always_inline))
void share_squares(thread float& squares, threadgroup float4 (&pool)[1024], thread uint& gl_SubgroupID)
{
    squares = simd_sum(squares);
    bool _2433 = simd_is_first();
    if (_2433)
    {
        ((threadgroup float*)&pool[648u + gl_SubgroupID])[0u] = squares;
    }
}

static inline __attribute__((always_inline))
float shared_element(thread const uint& e, threadgroup float4 (&pool)[1024])
{
    return ((threadgroup float*)&pool[(e / 4u) + (e / 32u)])[e & 3u];
}

static inline __attribute__((always_inline))
float shared_squares(threadgroup float4 (&pool)[1024], thread uint& gl_NumSubgroups)
{
    float sum = 0.0;
    for (uint s = 0u; s < gl_NumSubgroups; s++)
    {
        sum += ((threadgroup float*)&pool[648u + s])[0u];
    }
    return sum;
}

static inline __attribute__((always_inline))
void wide_rows(constant Push& push, const device Bias1& v_491, device Y1& v_517, const device Weights1& v_653, const device X1& v_1716, const device Norm1& v_1788, thread uint3& gl_LocalInvocationID, threadgroup float4 (&pool)[1024], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_WorkGroupID)
{
    uint me = gl_LocalInvocationID.x;
    uint lane = me % 32u;
    uint team_1 = me / 32u;
    uint row_words = (push.k / 64u) * 17u;
    uint3 _3444 = push.first.xyz + gl_WorkGroupID;
    uint _3445 = _3444.y;
    spvUnsafeArray<float, 8> sums;
    uint _3581;
    spvUnsafeArray<float4, 5> v;
    float _3617;
    spvUnsafeArray<uint, 5> word;
    spvUnsafeArray<uint, 5> scale;
    spvUnsafeArray<uint, 5> shift;
    float _3806;
    for (uint r = _3445; r < push.rows; r += push.groups.y)
    {
        uint x = push.offset.x + (r * push.ldx);
        uint3 _3468 = push.first.xyz + gl_WorkGroupID;
        uint _3469 = _3468.x;
        for (uint tile = _3469; (tile * 64u) < push.n; tile += push.groups.x)
        {
            uint first = (tile * 64u) + (team_1 * 8u);
            float squares = 0.0;
            for (uint y = 0u; y < 8u; y++)
            {
                sums[y] = 0.0;
            }
            for (uint base = 0u; base < push.k; base += 2048u)
            {
                uint count = min((push.k - base), 2048u);
                uint words = (count / 64u) * 17u;
                threadgroup_barrier(mem_flags::mem_threadgroup);
                uint param = x;
                uint param_1 = base;
                uint param_2 = count;
                float param_3 = squares;
                put_chunk(param, param_1, param_2, param_3, push, v_1716, v_1788, gl_LocalInvocationID, pool);
                squares = param_3;
                bool _3540;
                if (normed)
                {
                    _3540 = (base + 2048u) >= push.k;
                }
                else
                {
                    _3540 = normed;
                }
                if (_3540)
                {
                    float param_4 = squares;
                    share_squares(param_4, pool, gl_SubgroupID);
                }
                threadgroup_barrier(mem_flags::mem_threadgroup);
                for (uint from = 0u; from < words; from += 160u)
                {
                    for (uint i = 0u; i < 5u; i++)
                    {
                        uint at = (from + lane) + (32u * i);
                        uint pair = at / 17u;
                        uint in_pair = at % 17u;
                        bool second = in_pair > 8u;
                        if (second)
                        {
                            _3581 = (4u * in_pair) - 36u;
                        }
                        else
                        {
                            _3581 = (4u * in_pair) - 2u;
                        }
                        uint quant = _3581;
                        for (uint e = 0u; e < 4u; e++)
                        {
                            bool _3603 = at < words;
                            bool _3610;
                            if (_3603)
                            {
                                _3610 = (quant + e) < 32u;
                            }
                            else
                            {
                                _3610 = _3603;
                            }
                            bool there = _3610;
                            if (there)
                            {
                                uint param_5 = (((64u * pair) + (second ? 32u : 0u)) + quant) + e;
                                _3617 = shared_element(param_5, pool);
                            }
                            else
                            {
                                _3617 = 0.0;
                            }
                            v[i][e] = _3617;
                        }
                        at = min(at, (words - 1u));
                        word[i] = ((base / 64u) * 17u) + at;
                        scale[i] = (((base / 64u) * 17u) + ((at / 17u) * 17u)) + (((at % 17u) > 8u) ? 8u : 0u);
                        shift[i] = ((at % 17u) > 8u) ? 16u : 0u;
                    }
                    for (uint y_1 = 0u; y_1 < 8u; y_1++)
                    {
                        uint row = push.offset.y + (min((first + y_1), (push.n - 1u)) * row_words);
                        for (uint i_1 = 0u; i_1 < 5u; i_1++)
                        {
                            uint param_6 = row + word[i_1];
                            uint quants = weight_word(param_6, v_653);
                            uint param_7 = row + scale[i_1];
                            uint scales = weight_word(param_7, v_653);
                            uint param_8 = quants;
                            sums[y_1] += (float2(as_type<half2>(scales >> shift[i_1])).x * dot(signed_bytes(param_8), v[i_1]));
                        }
                    }
                }
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            for (uint y_2 = 0u; y_2 < 8u; y_2++)
            {
                ((threadgroup float*)&pool[(((team_1 * 8u) + y_2) * 9u) + (lane / 4u)])[lane & 3u] = sums[y_2];
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            bool _3773 = me < 64u;
            bool _3783;
            if (_3773)
            {
                _3783 = ((tile * 64u) + me) < push.n;
            }
            else
            {
                _3783 = _3773;
            }
            if (_3783)
            {
                float4 sum = float4(0.0);
                for (uint i_2 = 0u; i_2 < 8u; i_2++)
                {
                    sum += pool[(me * 9u) + i_2];
                }
                if (normed)
                {
                    float param_9 = shared_squares(pool, gl_NumSubgroups);
                    _3806 = norm_scale(param_9, push);
                }
                else
                {
                    _3806 = 1.0;
                }
                float scale_1 = _3806;
                uint param_10 = r;
                uint param_11 = (tile * 64u) + me;
                float param_12 = scale_1 * ((sum.x + sum.y) + (sum.z + sum.w));
                finish(param_10, param_11, param_12, push, v_491, v_517);
            }
        }
    }
}

static inline __attribute__((always_inline))
Unit load_unit_F32(thread const uint& row, thread const uint& u, constant Push& push, const device Weights1& v_653, const device Weights4& v_663)
{
    uint last = ((row / 2u) + push.k) - 1u;
    uint at = (row / 2u) + (8u * u);
    Unit unit = Unit{ uint4(0u), uint4(0u) };
    bool _1893 = (at & 3u) == 0u;
    bool _1900;
    if (_1893)
    {
        _1900 = (at + 7u) <= last;
    }
    else
    {
        _1900 = _1893;
    }
    if (_1900)
    {
        uint param = at / 4u;
        unit.a = weight_words(param, v_663);
        uint param_1 = (at / 4u) + 1u;
        unit.b = weight_words(param_1, v_663);
    }
    else
    {
        for (uint e = 0u; e < 4u; e++)
        {
            uint param_2 = min((at + e), last);
            unit.a[e] = weight_word(param_2, v_653);
            uint param_3 = min(((at + 4u) + e), last);
            unit.b[e] = weight_word(param_3, v_653);
        }
    }
    return unit;
}

static inline __attribute__((always_inline))
Unit load_unit_F16(thread const uint& row, thread const uint& u, constant Push& push, const device Weights1& v_653)
{
    uint last = ((row + push.k) - 1u) / 2u;
    uint at = (row + (8u * u)) / 2u;
    Unit unit = Unit{ uint4(0u), uint4(0u) };
    for (uint e = 0u; e < 4u; e++)
    {
        uint param = min((at + e), last);
        unit.a[e] = weight_word(param, v_653);
    }
    uint param_1 = min((at + 4u), last);
    unit.b.x = weight_word(param_1, v_653);
    return unit;
}

static inline __attribute__((always_inline))
Unit load_unit_Q8_0(thread const uint& row, thread const uint& u, const device Weights1& v_653)
{
    uint h = row + ((u / 4u) * 17u);
    uint q = (h + 1u) + (4u * (u & 3u));
    Unit unit = Unit{ uint4(0u), uint4(0u) };
    uint param = q / 2u;
    unit.a.x = weight_word(param, v_653);
    uint param_1 = (q / 2u) + 1u;
    unit.a.y = weight_word(param_1, v_653);
    uint param_2 = ((q / 2u) + 1u) + (q & 1u);
    unit.a.z = weight_word(param_2, v_653);
    uint param_3 = h / 2u;
    unit.a.w = weight_word(param_3, v_653);
    return unit;
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_0(thread const uint& row, thread const uint& u, const device Weights1& v_653)
{
    uint h = row + ((u / 4u) * 9u);
    uint q = (h + 1u) + (2u * (u & 3u));
    Unit unit = Unit{ uint4(0u), uint4(0u) };
    uint param = q / 2u;
    unit.a.x = weight_word(param, v_653);
    uint param_1 = (q / 2u) + (q & 1u);
    unit.a.y = weight_word(param_1, v_653);
    uint param_2 = h / 2u;
    unit.a.w = weight_word(param_2, v_653);
    return unit;
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_1(thread const uint& row, thread const uint& u, const device Weights1& v_653)
{
    uint at = (row / 2u) + ((u / 4u) * 5u);
    Unit unit = Unit{ uint4(0u), uint4(0u) };
    uint param = (at + 1u) + (u & 3u);
    unit.a.x = weight_word(param, v_653);
    uint param_1 = at;
    unit.a.w = weight_word(param_1, v_653);
    return unit;
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_K(thread const uint& row, thread const uint& u, const device Weights1& v_653)
{
    uint at = (row / 2u) + ((u / 32u) * 36u);
    Unit unit = Unit{ uint4(0u), uint4(0u) };
    uint param = (at + 4u) + (u & 31u);
    unit.a.x = weight_word(param, v_653);
    uint param_1 = at;
    unit.a.w = weight_word(param_1, v_653);
    uint param_2 = at + 1u;
    unit.b.x = weight_word(param_2, v_653);
    uint param_3 = at + 2u;
    unit.b.y = weight_word(param_3, v_653);
    uint param_4 = at + 3u;
    unit.b.z = weight_word(param_4, v_653);
    return unit;
}

static inline __attribute__((always_inline))
Unit load_unit_Q6_K(thread const uint& row, thread const uint& u, const device Weights1& v_653)
{
    uint h = row + ((u / 32u) * 105u);
    uint part = (u / 16u) & 1u;
    uint in_part = u & 15u;
    uint low = (h + (32u * part)) + (2u * in_part);
    uint high = ((h + 64u) + (16u * part)) + (2u * (in_part & 7u));
    uint scale = ((h + 96u) + (4u * part)) + (in_part / 8u);
    Unit unit = Unit{ uint4(0u), uint4(0u) };
    uint param = low / 2u;
    unit.a.x = weight_word(param, v_653);
    uint param_1 = (low / 2u) + (low & 1u);
    unit.a.y = weight_word(param_1, v_653);
    uint param_2 = high / 2u;
    unit.a.z = weight_word(param_2, v_653);
    uint param_3 = (high / 2u) + (high & 1u);
    unit.a.w = weight_word(param_3, v_653);
    uint param_4 = scale / 2u;
    unit.b.x = weight_word(param_4, v_653);
    uint param_5 = (scale / 2u) + 1u;
    unit.b.y = weight_word(param_5, v_653);
    uint param_6 = (h / 2u) + 52u;
    unit.b.z = weight_word(param_6, v_653);
    return unit;
}

static inline __attribute__((always_inline))
Unit load_unit(thread const uint& row, thread const uint& u, constant Push& push, const device Weights1& v_653, const device Weights4& v_663)
{
    Unit unit = Unit{ uint4(0u), uint4(0u) };
    if (_2217)
    {
        uint param = row;
        uint param_1 = u;
        unit = load_unit_F32(param, param_1, push, v_653, v_663);
    }
    if (_2225)
    {
        uint param_2 = row;
        uint param_3 = u;
        unit = load_unit_F16(param_2, param_3, push, v_653);
    }
    if (_2233)
    {
        uint param_4 = row;
        uint param_5 = u;
        unit = load_unit_F16(param_4, param_5, push, v_653);
    }
    if (_2241)
    {
        uint param_6 = row;
        uint param_7 = u;
        unit = load_unit_Q8_0(param_6, param_7, v_653);
    }
    if (_2249)
    {
        uint param_8 = row;
        uint param_9 = u;
        unit = load_unit_Q4_0(param_8, param_9, v_653);
    }
    if (_2257)
    {
        uint param_10 = row;
        uint param_11 = u;
        unit = load_unit_Q4_1(param_10, param_11, v_653);
    }
    if (_2265)
    {
        uint param_12 = row;
        uint param_13 = u;
        unit = load_unit_Q4_K(param_12, param_13, v_653);
    }
    if (_2273)
    {
        uint param_14 = row;
        uint param_15 = u;
        unit = load_unit_Q6_K(param_14, param_15, v_653);
    }
    return unit;
}

static inline __attribute__((always_inline))
float4 shared_quad(thread const uint& q, threadgroup float4 (&pool)[1024])
{
    return pool[q + (q / 8u)];
}

static inline __attribute__((always_inline))
float eight_times_x(thread float4& a, thread float4& b, thread const uint& u, thread const uint& local, constant Push& push, threadgroup float4 (&pool)[1024])
{
    uint left = push.k - (8u * u);
    if (left < 8u)
    {
        a = select(float4(0.0), a, uint4(0u, 1u, 2u, 3u) < uint4(left));
        b = select(float4(0.0), b, uint4(4u, 5u, 6u, 7u) < uint4(left));
    }
    uint param = 2u * local;
    uint param_1 = (2u * local) + 1u;
    return dot(a, shared_quad(param, pool)) + dot(b, shared_quad(param_1, pool));
}

static inline __attribute__((always_inline))
float unit_times_x_F32(thread const Unit& unit, thread const uint& row, thread const uint& u, thread const uint& local, constant Push& push, threadgroup float4 (&pool)[1024])
{
    float4 param = as_type<float4>(unit.a);
    float4 param_1 = as_type<float4>(unit.b);
    uint param_2 = u;
    uint param_3 = local;
    float _2524 = eight_times_x(param, param_1, param_2, param_3, push, pool);
    return _2524;
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
float unit_times_x_F16(thread const Unit& unit, thread const uint& row, thread const uint& u, thread const uint& local, constant Push& push, threadgroup float4 (&pool)[1024])
{
    Unit param = unit;
    uint param_1 = row;
    uint4 words = words_of_16_bits(param, param_1);
    float4 param_2 = float4(float2(as_type<half2>(words.x)), float2(as_type<half2>(words.y)));
    float4 param_3 = float4(float2(as_type<half2>(words.z)), float2(as_type<half2>(words.w)));
    uint param_4 = u;
    uint param_5 = local;
    float _2600 = eight_times_x(param_2, param_3, param_4, param_5, push, pool);
    return _2600;
}

static inline __attribute__((always_inline))
float unit_times_x_BF16(thread const Unit& unit, thread const uint& row, thread const uint& u, thread const uint& local, constant Push& push, threadgroup float4 (&pool)[1024])
{
    Unit param = unit;
    uint param_1 = row;
    uint4 words = words_of_16_bits(param, param_1);
    uint4 low = words << uint4(16u);
    uint4 high = words & uint4(4294901760u);
    float4 param_2 = as_type<float4>(uint4(low.x, high.x, low.y, high.y));
    float4 param_3 = as_type<float4>(uint4(low.z, high.z, low.w, high.w));
    uint param_4 = u;
    uint param_5 = local;
    float _2643 = eight_times_x(param_2, param_3, param_4, param_5, push, pool);
    return _2643;
}

static inline __attribute__((always_inline))
float unit_times_x_Q8_0(thread const Unit& unit, thread const uint& row, thread const uint& u, thread const uint& local, threadgroup float4 (&pool)[1024])
{
    uint param = 2u * local;
    float4 x = shared_quad(param, pool);
    uint param_1 = (2u * local) + 1u;
    float4 y = shared_quad(param_1, pool);
    uint h = row + (u / 4u);
    uint param_2 = h + 1u;
    uint param_3 = unit.a.x;
    uint param_4 = unit.a.y;
    uint low = word_of(param_2, param_3, param_4);
    uint param_5 = h + 1u;
    uint param_6 = unit.a.y;
    uint param_7 = unit.a.z;
    uint high = word_of(param_5, param_6, param_7);
    uint param_8 = h;
    uint param_9 = unit.a.w;
    uint param_10 = low;
    uint param_11 = high;
    return float_of(param_8, param_9) * (dot(signed_bytes(param_10), x) + dot(signed_bytes(param_11), y));
}

static inline __attribute__((always_inline))
float unit_times_x_Q4_0(thread const Unit& unit, thread const uint& row, thread const uint& u, thread const uint& local, threadgroup float4 (&pool)[1024])
{
    uint first = ((local / 4u) * 8u) + (u & 3u);
    uint param = first;
    float4 x = shared_quad(param, pool);
    uint param_1 = first + 4u;
    float4 y = shared_quad(param_1, pool);
    uint h = row + (u / 4u);
    uint param_2 = h + 1u;
    uint param_3 = unit.a.x;
    uint param_4 = unit.a.y;
    uint word = word_of(param_2, param_3, param_4);
    uint param_5 = h;
    uint param_6 = unit.a.w;
    uint param_7 = word & 252645135u;
    uint param_8 = (word >> 4u) & 252645135u;
    return float_of(param_5, param_6) * (dot(unsigned_bytes(param_7) - float4(8.0), x) + dot(unsigned_bytes(param_8) - float4(8.0), y));
}

static inline __attribute__((always_inline))
float unit_times_x_Q4_1(thread const Unit& unit, thread const uint& row, thread const uint& u, thread const uint& local, threadgroup float4 (&pool)[1024])
{
    uint first = ((local / 4u) * 8u) + (u & 3u);
    uint param = first;
    float4 x = shared_quad(param, pool);
    uint param_1 = first + 4u;
    float4 y = shared_quad(param_1, pool);
    float2 scale = float2(as_type<half2>(unit.a.w));
    uint param_2 = unit.a.x & 252645135u;
    float4 a = unsigned_bytes(param_2);
    uint param_3 = (unit.a.x >> 4u) & 252645135u;
    float4 b = unsigned_bytes(param_3);
    return dot((a * scale.x) + float4(scale.y), x) + dot((b * scale.x) + float4(scale.y), y);
}

static inline __attribute__((always_inline))
float unit_times_x_Q4_K(thread const Unit& unit, thread const uint& row, thread const uint& u, thread const uint& local, threadgroup float4 (&pool)[1024])
{
    uint first = ((local / 8u) * 16u) + (u & 7u);
    uint param = first;
    float4 x = shared_quad(param, pool);
    uint param_1 = first + 8u;
    float4 y = shared_quad(param_1, pool);
    uint sub = ((u / 8u) * 2u) & 7u;
    float2 scale = float2(as_type<half2>(unit.a.w));
    uint3 param_2 = unit.b.xyz;
    uint param_3 = sub;
    float2 s = scale * scale_of(param_2, param_3);
    uint3 param_4 = unit.b.xyz;
    uint param_5 = sub + 1u;
    float2 t = scale * scale_of(param_4, param_5);
    uint param_6 = unit.a.x & 252645135u;
    float4 a = unsigned_bytes(param_6);
    uint param_7 = (unit.a.x >> 4u) & 252645135u;
    float4 b = unsigned_bytes(param_7);
    return dot((a * s.x) - float4(s.y), x) + dot((b * t.x) - float4(t.y), y);
}

static inline __attribute__((always_inline))
float unit_times_x_Q6_K(thread const Unit& unit, thread const uint& row, thread const uint& u, thread const uint& local, threadgroup float4 (&pool)[1024])
{
    uint first = ((local / 16u) * 32u) + (u & 15u);
    uint param = first;
    float4 x = shared_quad(param, pool);
    uint param_1 = first + 16u;
    float4 y = shared_quad(param_1, pool);
    uint h = row + (u / 32u);
    uint upper = (u / 8u) & 1u;
    uint param_2 = h;
    uint param_3 = unit.a.x;
    uint param_4 = unit.a.y;
    uint low = word_of(param_2, param_3, param_4);
    uint param_5 = h;
    uint param_6 = unit.a.z;
    uint param_7 = unit.a.w;
    uint high = word_of(param_5, param_6, param_7) >> (2u * upper);
    uint shift = (16u * ((h + upper) & 1u)) + (8u * ((u / 4u) & 1u));
    int s = int((unit.b.x >> shift) << 24u) >> 24;
    int t = int((unit.b.y >> shift) << 24u) >> 24;
    uint param_8 = (low & 252645135u) | ((high & 50529027u) << 4u);
    float4 a = unsigned_bytes(param_8) - float4(32.0);
    uint param_9 = ((low >> 4u) & 252645135u) | (high & 808464432u);
    float4 b = unsigned_bytes(param_9) - float4(32.0);
    uint param_10 = h;
    uint param_11 = unit.b.z;
    return float_of(param_10, param_11) * ((float(s) * dot(a, x)) + (float(t) * dot(b, y)));
}

static inline __attribute__((always_inline))
float unit_times_x(thread const Unit& unit, thread const uint& row, thread const uint& u, thread const uint& local, constant Push& push, threadgroup float4 (&pool)[1024])
{
    float sum = 0.0;
    if (_3022)
    {
        Unit param = unit;
        uint param_1 = row;
        uint param_2 = u;
        uint param_3 = local;
        sum = unit_times_x_F32(param, param_1, param_2, param_3, push, pool);
    }
    if (_3034)
    {
        Unit param_4 = unit;
        uint param_5 = row;
        uint param_6 = u;
        uint param_7 = local;
        sum = unit_times_x_F16(param_4, param_5, param_6, param_7, push, pool);
    }
    if (_3046)
    {
        Unit param_8 = unit;
        uint param_9 = row;
        uint param_10 = u;
        uint param_11 = local;
        sum = unit_times_x_BF16(param_8, param_9, param_10, param_11, push, pool);
    }
    if (_3058)
    {
        Unit param_12 = unit;
        uint param_13 = row;
        uint param_14 = u;
        uint param_15 = local;
        sum = unit_times_x_Q8_0(param_12, param_13, param_14, param_15, pool);
    }
    if (_3070)
    {
        Unit param_16 = unit;
        uint param_17 = row;
        uint param_18 = u;
        uint param_19 = local;
        sum = unit_times_x_Q4_0(param_16, param_17, param_18, param_19, pool);
    }
    if (_3082)
    {
        Unit param_20 = unit;
        uint param_21 = row;
        uint param_22 = u;
        uint param_23 = local;
        sum = unit_times_x_Q4_1(param_20, param_21, param_22, param_23, pool);
    }
    if (_3094)
    {
        Unit param_24 = unit;
        uint param_25 = row;
        uint param_26 = u;
        uint param_27 = local;
        sum = unit_times_x_Q4_K(param_24, param_25, param_26, param_27, pool);
    }
    if (_3106)
    {
        Unit param_28 = unit;
        uint param_29 = row;
        uint param_30 = u;
        uint param_31 = local;
        sum = unit_times_x_Q6_K(param_28, param_29, param_30, param_31, pool);
    }
    return sum;
}

static inline __attribute__((always_inline))
void vector_rows(constant Push& push, const device Bias1& v_491, device Y1& v_517, const device Weights1& v_653, const device Weights4& v_663, const device X1& v_1716, const device Norm1& v_1788, thread uint3& gl_LocalInvocationID, threadgroup float4 (&pool)[1024], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_WorkGroupID)
{
    uint me = gl_LocalInvocationID.x;
    uint lane = me & _3131;
    uint line = me / team;
    uint param = push.k;
    uint param_1 = 8u;
    uint units = ceil_div(param, param_1);
    uint param_2 = push.k;
    uint halves = row_halves(param_2);
    uint3 _3155 = push.first.xyz + gl_WorkGroupID;
    uint _3156 = _3155.y;
    uint _3226;
    Unit next;
    for (uint r = _3156; r < push.rows; r += push.groups.y)
    {
        uint x = push.offset.x + (r * push.ldx);
        float scale = 1.0;
        bool there = false;
        uint3 _3184 = push.first.xyz + gl_WorkGroupID;
        uint _3185 = _3184.x;
        for (uint tile = _3185; (tile * lines) < push.n; tile += push.groups.x)
        {
            uint j = (tile * lines) + line;
            uint row = (2u * push.offset.y) + (j * halves);
            float sum = 0.0;
            float squares = 0.0;
            for (uint base = 0u; base < units; base += 256u)
            {
                if (j < push.n)
                {
                    _3226 = min(units, (base + 256u));
                }
                else
                {
                    _3226 = 0u;
                }
                uint end = _3226;
                if ((base + lane) < end)
                {
                    uint param_3 = row;
                    uint param_4 = base + lane;
                    next = load_unit(param_3, param_4, push, v_653, v_663);
                }
                if (!there)
                {
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    uint param_5 = x;
                    uint param_6 = 8u * base;
                    uint param_7 = 8u * min((units - base), 256u);
                    float param_8 = squares;
                    put_chunk(param_5, param_6, param_7, param_8, push, v_1716, v_1788, gl_LocalInvocationID, pool);
                    squares = param_8;
                    bool _3276;
                    if (normed)
                    {
                        _3276 = (base + 256u) >= units;
                    }
                    else
                    {
                        _3276 = normed;
                    }
                    if (_3276)
                    {
                        float param_9 = squares;
                        share_squares(param_9, pool, gl_SubgroupID);
                    }
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    there = units <= 256u;
                }
                uint _3287 = base + lane;
                for (uint u = _3287; u < end; u += team)
                {
                    Unit unit = next;
                    if ((u + team) < end)
                    {
                        uint param_10 = row;
                        uint param_11 = u + team;
                        next = load_unit(param_10, param_11, push, v_653, v_663);
                    }
                    Unit param_12 = unit;
                    uint param_13 = row;
                    uint param_14 = u;
                    uint param_15 = u - base;
                    sum += unit_times_x(param_12, param_13, param_14, param_15, push, pool);
                }
            }
            ((threadgroup float*)&pool[(576u + (me / 4u)) + (me / 32u)])[me & 3u] = sum;
            threadgroup_barrier(mem_flags::mem_threadgroup);
            bool _3339 = me < lines;
            bool _3349;
            if (_3339)
            {
                _3349 = ((tile * lines) + me) < push.n;
            }
            else
            {
                _3349 = _3339;
            }
            if (_3349)
            {
                float4 sums = float4(0.0);
                uint _3355 = me * team;
                for (uint i = _3355; i < ((me + 1u) * team); i += 4u)
                {
                    sums += pool[(576u + (i / 4u)) + (i / 32u)];
                }
                if (normed)
                {
                    float param_16 = shared_squares(pool, gl_NumSubgroups);
                    scale = norm_scale(param_16, push);
                }
                uint param_17 = r;
                uint param_18 = (tile * lines) + me;
                float param_19 = scale * ((sums.x + sums.y) + (sums.z + sums.w));
                finish(param_17, param_18, param_19, push, v_491, v_517);
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
        }
    }
}

kernel void zc_linear(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], const device Bias1& v_491 [[buffer(3)]], const device void* spvBufferAliasSet0Binding4 [[buffer(4)]], device void* spvBufferAliasSet0Binding5 [[buffer(5)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& v_1706 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& v_653 = *(const device Weights1*)spvBufferAliasSet0Binding2;
    const device auto& v_1779 = *(const device Norm4*)spvBufferAliasSet0Binding4;
    device auto& v_517 = *(device Y1*)spvBufferAliasSet0Binding5;
    device auto& v_607 = *(device Y4*)spvBufferAliasSet0Binding5;
    const device auto& v_663 = *(const device Weights4*)spvBufferAliasSet0Binding2;
    const device auto& v_1716 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& v_1788 = *(const device Norm1*)spvBufferAliasSet0Binding4;
    threadgroup float4 pool[1024];
    threadgroup float group_partial[256];
    if (_4435)
    {
        tiles(push, v_491, v_517, v_607, v_653, v_663, v_1706, v_1716, v_1779, v_1788, gl_LocalInvocationID, pool, gl_WorkGroupID);
    }
    else
    {
        if (_4440)
        {
            wide_rows(push, v_491, v_517, v_653, v_1716, v_1788, gl_LocalInvocationID, pool, gl_SubgroupID, gl_NumSubgroups, gl_WorkGroupID);
        }
        else
        {
            vector_rows(push, v_491, v_517, v_653, v_663, v_1716, v_1788, gl_LocalInvocationID, pool, gl_SubgroupID, gl_NumSubgroups, gl_WorkGroupID);
        }
    }
}

