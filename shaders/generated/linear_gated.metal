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

struct Second1
{
    uint second1[1];
};

struct Weights1
{
    uint weights1[1];
};

struct Second4
{
    uint4 second4[1];
};

struct Weights4
{
    uint4 weights4[1];
};

constant uint variant_tmp [[function_constant(0)]];
constant uint variant = is_function_constant_defined(variant_tmp) ? variant_tmp : 0u;
constant uint type = (variant % 8u);
constant bool _651 = (type == 0u);
constant bool _660 = (type == 1u);
constant bool _668 = (type == 2u);
constant bool _677 = (type == 3u);
constant bool _687 = (type == 4u);
constant bool _697 = (type == 5u);
constant bool _707 = (type == 6u);
constant bool _718 = (type == 7u);
constant bool _1491 = (type == 0u);
constant bool _1501 = (type == 1u);
constant bool _1511 = (type == 2u);
constant bool _1521 = (type == 3u);
constant bool _1531 = (type == 4u);
constant bool _1541 = (type == 5u);
constant bool _1551 = (type == 6u);
constant bool _1561 = (type == 7u);
constant bool _1576 = (type == 0u);
constant bool _1588 = (type == 1u);
constant bool _1600 = (type == 2u);
constant bool _1612 = (type == 3u);
constant bool _1624 = (type == 4u);
constant bool _1636 = (type == 5u);
constant bool _1648 = (type == 6u);
constant bool _1660 = (type == 7u);

struct X4
{
    float4 x4[1];
};

struct X1
{
    float x1[1];
};

struct Push
{
    uint4 offset;
    uint4 offset2;
    uint4 first;
    uint4 groups;
    uint gate_type;
    uint up_type;
    uint rows;
    uint n;
    uint k;
    uint ldx;
    uint ldy;
    uint flags;
    float eps;
};

struct Norm4
{
    float4 norm4[1];
};

struct Norm1
{
    float norm1[1];
};

constant uint _1823 = (variant / 8u);
constant uint input_ = (_1823 % 2u);
constant bool normed = (input_ == 1u);
constant uint _1879 = (variant / 16u);
constant uint part = (_1879 % 3u);
constant bool _1881 = (part == 1u);

struct Gates1
{
    float gates1[1];
};

struct Y1
{
    float y1[1];
};

constant bool _1956 = (part == 1u);

struct Gates4
{
    float4 gates4[1];
};

struct Y4
{
    float4 y4[1];
};

constant bool _2308 = (type == 0u);
constant bool _2316 = (type == 1u);
constant bool _2324 = (type == 2u);
constant bool _2332 = (type == 3u);
constant bool _2340 = (type == 4u);
constant bool _2348 = (type == 5u);
constant bool _2356 = (type == 6u);
constant bool _2364 = (type == 7u);
constant uint way = (variant / 48u);
constant bool _2386 = (way <= 2u);
constant bool _2387 = (way == 4u);
constant bool _2388 = (way == 5u);
constant bool _2389 = (_2387 || _2388);
constant bool _2391 = (way == 12u);
constant bool _2392 = (_2389 || _2391);
constant bool _2393 = (way == 15u);
constant bool _2394 = (_2392 || _2393);
constant uint _2395 = _2394 ? 4u : 2u;
constant uint ROWS = _2386 ? 1u : _2395;
constant bool both = (part == 0u);
constant bool _2438 = (way == 1u);
constant bool _2439 = (way == 5u);
constant bool _2440 = (way == 7u);
constant bool _2441 = (_2439 || _2440);
constant bool _2442 = (way == 12u);
constant uint _2443 = _2442 ? 16u : 32u;
constant uint _2444 = _2441 ? 8u : _2443;
constant uint TEAM = _2438 ? 64u : _2444;
constant uint _2446 = (TEAM / 4u);
constant uint _2453 = (TEAM / 4u);
constant uint _2454 = (_2453 + 1u);
constant uint _2507 = (TEAM - 1u);
constant bool _2524 = (way == 6u);
constant bool _2525 = (way == 7u);
constant bool _2526 = (way == 15u);
constant bool _2527 = (_2525 || _2526);
constant uint _2528 = _2527 ? 4u : 1u;
constant uint XS = _2524 ? 2u : _2528;
constant uint _2549 = (TEAM / 4u);
constant uint _2550 = (_2549 + 1u);
constant uint _2578 = (256u / TEAM);
constant uint GROUP_ROWS = (_2578 * ROWS);
constant uint _2580 = (GROUP_ROWS / 2u);
constant uint GROUP_LINES = both ? _2580 : GROUP_ROWS;
constant uint _2665 = (ROWS / 2u);
constant uint _2666 = both ? _2665 : ROWS;
constant bool _2774 = (XS == 1u);
constant bool _2776 = (XS == 2u);
constant uint _2779 = _2776 ? 1792u : 768u;
constant uint CHUNK = _2774 ? 3584u : _2779;
constant uint _2781 = (CHUNK / 32u);
constant uint CHUNK_QUADS = (_2781 * 9u);
constant bool _4220 = (type == 0u);
constant bool _4235 = (type == 1u);
constant bool _4250 = (type == 2u);
constant bool _4265 = (type == 3u);
constant bool _4280 = (type == 4u);
constant bool _4295 = (type == 5u);
constant bool _4310 = (type == 6u);
constant bool _4325 = (type == 7u);
constant bool _4641 = (type == 4u);
constant bool _4642 = (type == 5u);
constant bool _4643 = (_4641 || _4642);
constant bool _4644 = (type == 6u);
constant bool summed = (_4643 || _4644);
constant uint _4654 = (TEAM - 1u);
constant bool _4657 = (type == 0u);
constant bool _4658 = (type == 1u);
constant bool _4659 = (_4657 || _4658);
constant bool _4660 = (type == 2u);
constant bool plain = (_4659 || _4660);
constant uint UNIT = plain ? 8u : 32u;
constant uint _4685 = (256u / UNIT);
constant bool _5739 = (type == 6u);
constant bool _5758 = (type == 7u);
constant bool _6596 = (type == 0u);
constant bool _6608 = (type == 1u);
constant bool _6620 = (type == 2u);
constant bool _6632 = (type == 3u);
constant bool _6644 = (type == 4u);
constant bool _6656 = (type == 5u);
constant bool _6668 = (type == 6u);
constant bool _6680 = (type == 7u);
constant bool _6695 = (type == 3u);
constant bool _6696 = (type == 4u);
constant bool _6697 = (_6695 || _6696);
constant bool _6698 = (type == 5u);
constant bool whole_blocks = (_6697 || _6698);
constant bool _6731 = (type == 6u);
constant bool _6762 = (type == 7u);
constant uint team_way = (way - 12u);
constant bool _6805 = (team_way <= 2u);
constant bool _6806 = (team_way == 4u);
constant bool _6807 = (team_way == 5u);
constant bool _6808 = (_6806 || _6807);
constant bool _6809 = (team_way == 12u);
constant bool _6810 = (_6808 || _6809);
constant bool _6811 = (team_way == 15u);
constant bool _6812 = (_6810 || _6811);
constant uint _6813 = _6812 ? 4u : 2u;
constant uint LINES = _6805 ? 1u : _6813;
constant uint _6815 = (LINES / 2u);
constant uint ELEMENTS = both ? _6815 : LINES;
constant uint LANE_QUADS = (UNIT / 4u);
constant bool _7170 = (part == 2u);
constant bool _7171 = (way == 0u);
constant bool _7176 = (way > 12u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

constant spvUnsafeArray<float4, 16> _3103 = spvUnsafeArray<float4, 16>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0) });
constant spvUnsafeArray<float4, 2> _4371 = spvUnsafeArray<float4, 2>({ float4(0.0), float4(0.0) });
constant spvUnsafeArray<float4, 4> _4724 = spvUnsafeArray<float4, 4>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0) });

static inline __attribute__((always_inline))
uint ceil_div(thread const uint& a, thread const uint& b)
{
    return (a / b) + uint((a % b) != 0u);
}

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    uint _652;
    if (_651)
    {
        _652 = (k / 1u) * 2u;
    }
    else
    {
        uint _661;
        if (_660)
        {
            _661 = (k / 1u) * 1u;
        }
        else
        {
            uint _669;
            if (_668)
            {
                _669 = (k / 1u) * 1u;
            }
            else
            {
                uint _678;
                if (_677)
                {
                    _678 = (k / 32u) * 17u;
                }
                else
                {
                    uint _688;
                    if (_687)
                    {
                        _688 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _698;
                        if (_697)
                        {
                            _698 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _708;
                            if (_707)
                            {
                                _708 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _719;
                                if (_718)
                                {
                                    _719 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    _719 = 0u;
                                }
                                _708 = _719;
                            }
                            _698 = _708;
                        }
                        _688 = _698;
                    }
                    _678 = _688;
                }
                _669 = _678;
            }
            _661 = _669;
        }
        _652 = _661;
    }
    return _652;
}

static inline __attribute__((always_inline))
float silu(thread const float& x)
{
    return x / (1.0 + exp(-x));
}

static inline __attribute__((always_inline))
float4 input_of(thread const float4& x, thread const float4& up, thread const float4& factor, thread float& squares)
{
    if (false)
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
    float _864;
    if (left > 1u)
    {
        _864 = v.y;
    }
    else
    {
        _864 = 0.0;
    }
    float _874;
    if (left > 2u)
    {
        _874 = v.z;
    }
    else
    {
        _874 = 0.0;
    }
    float _883;
    if (left > 3u)
    {
        _883 = v.w;
    }
    else
    {
        _883 = 0.0;
    }
    return float4(v.x, _864, _874, _883);
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
    uint _740;
    if ((h & 1u) != 0u)
    {
        _740 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _740 = low;
    }
    return _740;
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
    float2 _826;
    if (i < 4u)
    {
        _826 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _826 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _826;
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
    if (_1576)
    {
        Raw param = raw;
        uint param_1 = row;
        uint param_2 = k;
        uint param_3 = q;
        v = decode_quad_F32(param, param_1, param_2, param_3);
    }
    if (_1588)
    {
        Raw param_4 = raw;
        uint param_5 = row;
        uint param_6 = k;
        uint param_7 = q;
        v = decode_quad_F16(param_4, param_5, param_6, param_7);
    }
    if (_1600)
    {
        Raw param_8 = raw;
        uint param_9 = row;
        uint param_10 = k;
        uint param_11 = q;
        v = decode_quad_BF16(param_8, param_9, param_10, param_11);
    }
    if (_1612)
    {
        Raw param_12 = raw;
        uint param_13 = row;
        uint param_14 = k;
        uint param_15 = q;
        v = decode_quad_Q8_0(param_12, param_13, param_14, param_15);
    }
    if (_1624)
    {
        Raw param_16 = raw;
        uint param_17 = row;
        uint param_18 = k;
        uint param_19 = q;
        v = decode_quad_Q4_0(param_16, param_17, param_18, param_19);
    }
    if (_1636)
    {
        Raw param_20 = raw;
        uint param_21 = row;
        uint param_22 = k;
        uint param_23 = q;
        v = decode_quad_Q4_1(param_20, param_21, param_22, param_23);
    }
    if (_1648)
    {
        Raw param_24 = raw;
        uint param_25 = row;
        uint param_26 = k;
        uint param_27 = q;
        v = decode_quad_Q4_K(param_24, param_25, param_26, param_27);
    }
    if (_1660)
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
float4 norm_at(thread const uint& i, constant Push& push, const device Norm4& v_1765, const device Norm1& v_1774)
{
    uint at = push.offset.w + i;
    uint last = (push.offset.w + push.k) - 1u;
    bool _1752 = (at & 3u) == 0u;
    bool _1759;
    if (_1752)
    {
        _1759 = (at + 3u) <= last;
    }
    else
    {
        _1759 = _1752;
    }
    if (_1759)
    {
        return v_1765.norm4[at / 4u];
    }
    return float4(v_1774.norm1[min(at, last)], v_1774.norm1[min((at + 1u), last)], v_1774.norm1[min((at + 2u), last)], v_1774.norm1[min((at + 3u), last)]);
}

static inline __attribute__((always_inline))
float4 x_at(thread const uint& i, thread const uint& count, const device X4& v_1686, const device X1& v_1697)
{
    if (((i & 3u) == 0u) && (count >= 4u))
    {
        return v_1686.x4[i / 4u];
    }
    float4 v = float4(0.0);
    v.x = v_1697.x1[i];
    if (count > 1u)
    {
        v.y = v_1697.x1[i + 1u];
    }
    if (count > 2u)
    {
        v.z = v_1697.x1[i + 2u];
    }
    if (count > 3u)
    {
        v.w = v_1697.x1[i + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
uint4 weight_words(thread const uint& i, thread bool& second, const device Second4& v_634, const device Weights4& v_643)
{
    if (second)
    {
        return v_634.second4[i];
    }
    return v_643.weights4[i];
}

static inline __attribute__((always_inline))
uint weight_word(thread const uint& i, thread bool& second, const device Second1& v_611, const device Weights1& v_622)
{
    if (second)
    {
        return v_611.second1[i];
    }
    return v_622.weights1[i];
}

static inline __attribute__((always_inline))
Raw load_quad_F32(thread const uint& row, thread const uint& k, thread const uint& q, thread bool& second, const device Second1& v_611, const device Weights1& v_622, const device Second4& v_634, const device Weights4& v_643)
{
    uint last = ((row / 2u) + k) - 1u;
    uint at = (row / 2u) + (4u * q);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    bool _911 = (at & 3u) == 0u;
    bool _918;
    if (_911)
    {
        _918 = (at + 3u) <= last;
    }
    else
    {
        _918 = _911;
    }
    if (_918)
    {
        uint param = at / 4u;
        raw.a = weight_words(param, second, v_634, v_643);
    }
    else
    {
        uint param_1 = at;
        uint param_2 = min((at + 1u), last);
        uint param_3 = min((at + 2u), last);
        uint param_4 = min((at + 3u), last);
        raw.a = uint4(weight_word(param_1, second, v_611, v_622), weight_word(param_2, second, v_611, v_622), weight_word(param_3, second, v_611, v_622), weight_word(param_4, second, v_611, v_622));
    }
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_F16(thread const uint& row, thread const uint& k, thread const uint& q, thread bool& second, const device Second1& v_611, const device Weights1& v_622)
{
    uint last = ((row + k) - 1u) / 2u;
    uint at = (row + (4u * q)) / 2u;
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = at;
    raw.a.x = weight_word(param, second, v_611, v_622);
    uint param_1 = min((at + 1u), last);
    raw.a.y = weight_word(param_1, second, v_611, v_622);
    uint param_2 = min((at + 2u), last);
    raw.a.z = weight_word(param_2, second, v_611, v_622);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_scaled(thread const uint& h, thread const uint& word, thread bool& second, const device Second1& v_611, const device Weights1& v_622)
{
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = word / 2u;
    raw.a.x = weight_word(param, second, v_611, v_622);
    uint param_1 = (word / 2u) + (word & 1u);
    raw.a.y = weight_word(param_1, second, v_611, v_622);
    uint param_2 = h / 2u;
    raw.a.w = weight_word(param_2, second, v_611, v_622);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q8_0(thread const uint& row, thread const uint& k, thread const uint& q, thread bool& second, const device Second1& v_611, const device Weights1& v_622)
{
    uint h = row + ((q / 8u) * 17u);
    uint param = h;
    uint param_1 = (h + 1u) + (2u * (q & 7u));
    return load_scaled(param, param_1, second, v_611, v_622);
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_0(thread const uint& row, thread const uint& k, thread const uint& q, thread bool& second, const device Second1& v_611, const device Weights1& v_622)
{
    uint h = row + ((q / 8u) * 9u);
    uint param = h;
    uint param_1 = (h + 1u) + (2u * (q & 3u));
    return load_scaled(param, param_1, second, v_611, v_622);
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_1(thread const uint& row, thread const uint& k, thread const uint& q, thread bool& second, const device Second1& v_611, const device Weights1& v_622)
{
    uint at = (row / 2u) + ((q / 8u) * 5u);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = (at + 1u) + (q & 3u);
    raw.a.x = weight_word(param, second, v_611, v_622);
    uint param_1 = at;
    raw.a.w = weight_word(param_1, second, v_611, v_622);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_K(thread const uint& row, thread const uint& k, thread const uint& q, thread bool& second, const device Second1& v_611, const device Weights1& v_622)
{
    uint at = (row / 2u) + ((q / 64u) * 36u);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = ((at + 4u) + (((q / 16u) % 4u) * 8u)) + (q & 7u);
    raw.a.x = weight_word(param, second, v_611, v_622);
    uint param_1 = at + 1u;
    raw.a.y = weight_word(param_1, second, v_611, v_622);
    uint param_2 = at + 2u;
    raw.a.z = weight_word(param_2, second, v_611, v_622);
    uint param_3 = at;
    raw.a.w = weight_word(param_3, second, v_611, v_622);
    uint param_4 = at + 3u;
    raw.b.x = weight_word(param_4, second, v_611, v_622);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q6_K(thread const uint& row, thread const uint& k, thread const uint& q, thread bool& second, const device Second1& v_611, const device Weights1& v_622)
{
    uint h = row + ((q / 64u) * 105u);
    uint part_1 = (q / 32u) & 1u;
    uint stripe = (q / 8u) & 3u;
    uint quad_ = q & 7u;
    uint low = ((h + (32u * part_1)) + (16u * (stripe & 1u))) + (2u * quad_);
    uint high = ((h + 64u) + (16u * part_1)) + (2u * quad_);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = low / 2u;
    raw.a.x = weight_word(param, second, v_611, v_622);
    uint param_1 = (low / 2u) + (low & 1u);
    raw.a.y = weight_word(param_1, second, v_611, v_622);
    uint param_2 = high / 2u;
    raw.a.z = weight_word(param_2, second, v_611, v_622);
    uint param_3 = (high / 2u) + (high & 1u);
    raw.a.w = weight_word(param_3, second, v_611, v_622);
    uint param_4 = (((h + 96u) + (4u * part_1)) + stripe) / 2u;
    raw.b.x = weight_word(param_4, second, v_611, v_622);
    uint param_5 = (h / 2u) + 52u;
    raw.b.y = weight_word(param_5, second, v_611, v_622);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad(thread const uint& row, thread const uint& k, thread const uint& q, thread bool& second, const device Second1& v_611, const device Weights1& v_622, const device Second4& v_634, const device Weights4& v_643)
{
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    if (_1491)
    {
        uint param = row;
        uint param_1 = k;
        uint param_2 = q;
        raw = load_quad_F32(param, param_1, param_2, second, v_611, v_622, v_634, v_643);
    }
    if (_1501)
    {
        uint param_3 = row;
        uint param_4 = k;
        uint param_5 = q;
        raw = load_quad_F16(param_3, param_4, param_5, second, v_611, v_622);
    }
    if (_1511)
    {
        uint param_6 = row;
        uint param_7 = k;
        uint param_8 = q;
        raw = load_quad_F16(param_6, param_7, param_8, second, v_611, v_622);
    }
    if (_1521)
    {
        uint param_9 = row;
        uint param_10 = k;
        uint param_11 = q;
        raw = load_quad_Q8_0(param_9, param_10, param_11, second, v_611, v_622);
    }
    if (_1531)
    {
        uint param_12 = row;
        uint param_13 = k;
        uint param_14 = q;
        raw = load_quad_Q4_0(param_12, param_13, param_14, second, v_611, v_622);
    }
    if (_1541)
    {
        uint param_15 = row;
        uint param_16 = k;
        uint param_17 = q;
        raw = load_quad_Q4_1(param_15, param_16, param_17, second, v_611, v_622);
    }
    if (_1551)
    {
        uint param_18 = row;
        uint param_19 = k;
        uint param_20 = q;
        raw = load_quad_Q4_K(param_18, param_19, param_20, second, v_611, v_622);
    }
    if (_1561)
    {
        uint param_21 = row;
        uint param_22 = k;
        uint param_23 = q;
        raw = load_quad_Q6_K(param_21, param_22, param_23, second, v_611, v_622);
    }
    return raw;
}

static inline __attribute__((always_inline))
float norm_scale(thread const float& squares, constant Push& push)
{
    float _1843;
    if (push.k != 0u)
    {
        _1843 = rsqrt((squares / float(push.k)) + push.eps);
    }
    else
    {
        _1843 = 0.0;
    }
    return _1843;
}

static inline __attribute__((always_inline))
float gelu_tanh(thread const float& x)
{
    return x / (1.0 + exp((-1.5957691669464111328125) * (x + (((0.0447149984538555145263671875 * x) * x) * x))));
}

static inline __attribute__((always_inline))
float gate_of(thread const float& x, constant Push& push)
{
    float _1866;
    if ((push.flags & 64u) != 0u)
    {
        float param = x;
        _1866 = gelu_tanh(param);
    }
    else
    {
        float param_1 = x;
        _1866 = silu(param_1);
    }
    return _1866;
}

static inline __attribute__((always_inline))
void finish(thread const uint& r, thread const uint& j, thread const float& sum, constant Push& push, device Gates1& v_1887, device Y1& v_1903)
{
    if (_1881)
    {
        float param = sum;
        v_1887.gates1[(r * push.n) + j] = gate_of(param, push);
    }
    else
    {
        v_1903.y1[(push.offset2.x + (r * push.ldy)) + j] = v_1887.gates1[(r * push.n) + j] * sum;
    }
}

static inline __attribute__((always_inline))
void finish_quad(thread const uint& r, thread const uint& j, thread const float4& sums, constant Push& push, device Gates1& v_1887, device Y1& v_1903, device Gates4& v_1963, device Y4& v_1997)
{
    uint gate = (r * push.n) + j;
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    bool _1946 = (gate & 3u) == 0u;
    bool _1954;
    if (_1946)
    {
        _1954 = (j + 4u) <= push.n;
    }
    else
    {
        _1954 = _1946;
    }
    bool whole = _1954;
    if (whole && _1956)
    {
        float param = sums.x;
        float param_1 = sums.y;
        float param_2 = sums.z;
        float param_3 = sums.w;
        v_1963.gates4[gate / 4u] = float4(gate_of(param, push), gate_of(param_1, push), gate_of(param_2, push), gate_of(param_3, push));
    }
    else
    {
        bool _1991;
        if (whole)
        {
            _1991 = (to & 3u) == 0u;
        }
        else
        {
            _1991 = whole;
        }
        if (_1991)
        {
            v_1997.y4[to / 4u] = v_1963.gates4[gate / 4u] * sums;
        }
        else
        {
            uint e = 0u;
            for (;;)
            {
                bool _2015 = e < 4u;
                bool _2024;
                if (_2015)
                {
                    _2024 = (j + e) < push.n;
                }
                else
                {
                    _2024 = _2015;
                }
                if (_2024)
                {
                    uint param_4 = r;
                    uint param_5 = j + e;
                    float param_6 = sums[e];
                    finish(param_4, param_5, param_6, push, v_1887, v_1903);
                    e++;
                    continue;
                }
                else
                {
                    break;
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
void tiles(thread bool& second, const device Second1& v_611, const device Weights1& v_622, const device Second4& v_634, const device Weights4& v_643, const device X4& v_1686, const device X1& v_1697, constant Push& push, const device Norm4& v_1765, const device Norm1& v_1774, device Gates1& v_1887, device Y1& v_1903, device Gates4& v_1963, device Y4& v_1997, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID)
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
    uint3 _5002 = push.first.xyz + gl_WorkGroupID;
    uint _5003 = _5002.y;
    spvUnsafeArray<float4, 4> v;
    spvUnsafeArray<float4, 4> up;
    float4 _5111;
    spvUnsafeArray<Raw, 4> raw;
    uint _5119;
    float4 _5202;
    uint _5299;
    for (uint tile_r = _5003; tile_r < tiles_r; tile_r += push.groups.y)
    {
        uint3 _5017 = push.first.xyz + gl_WorkGroupID;
        uint _5018 = _5017.x;
        for (uint tile_j = _5018; tile_j < tiles_j; tile_j += push.groups.x)
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
                    _Pragma("clang loop unroll(full)")
                    for (uint y = 0u; y < 4u; y++)
                    {
                        if (loads_x)
                        {
                            float4 param_7 = v[y];
                            float4 param_8 = up[y];
                            float4 param_9 = factor;
                            float param_10 = squares[y];
                            float4 _5089 = input_of(param_7, param_8, param_9, param_10);
                            squares[y] = param_10;
                            v[y] = _5089;
                        }
                        else
                        {
                            bool _5100 = (first + y) < push.n;
                            bool _5108;
                            if (_5100)
                            {
                                _5108 = (4u * q) < push.k;
                            }
                            else
                            {
                                _5108 = _5100;
                            }
                            bool there = _5108;
                            if (there)
                            {
                                if (second)
                                {
                                    _5119 = push.offset.z;
                                }
                                else
                                {
                                    _5119 = push.offset.y;
                                }
                                Raw param_11 = raw[y];
                                uint param_12 = (2u * _5119) + ((first + y) * halves);
                                uint param_13 = push.k;
                                uint param_14 = q;
                                _5111 = decode_quad(param_11, param_12, param_13, param_14);
                            }
                            else
                            {
                                _5111 = float4(0.0);
                            }
                            v[y] = _5111;
                        }
                    }
                    float4 param_15 = v[0];
                    float4 param_16 = v[1];
                    float4 param_17 = v[2];
                    float4 param_18 = v[3];
                    float4x4 lines = transposed(param_15, param_16, param_17, param_18);
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    _Pragma("clang loop unroll(full)")
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
                            _5202 = norm_at(param_21, push, v_1765, v_1774);
                        }
                        else
                        {
                            _5202 = float4(1.0);
                        }
                        factor = _5202;
                    }
                    _Pragma("clang loop unroll(full)")
                    for (uint y_2 = 0u; y_2 < 4u; y_2++)
                    {
                        uint i = first + y_2;
                        if (loads_x)
                        {
                            v[y_2] = float4(0.0);
                            up[y_2] = float4(0.0);
                            bool _5233 = i < push.rows;
                            bool _5241;
                            if (_5233)
                            {
                                _5241 = (4u * q_1) < push.k;
                            }
                            else
                            {
                                _5241 = _5233;
                            }
                            if (_5241)
                            {
                                uint at = (push.offset.x + (i * push.ldx)) + (4u * q_1);
                                uint param_22 = at;
                                uint param_23 = push.k - (4u * q_1);
                                v[y_2] = x_at(param_22, param_23, v_1686, v_1697);
                                if (false)
                                {
                                    uint param_24 = at + push.k;
                                    uint param_25 = push.k - (4u * q_1);
                                    up[y_2] = x_at(param_24, param_25, v_1686, v_1697);
                                }
                            }
                        }
                        else
                        {
                            bool _5286 = i < push.n;
                            bool _5294;
                            if (_5286)
                            {
                                _5294 = (4u * q_1) < push.k;
                            }
                            else
                            {
                                _5294 = _5286;
                            }
                            if (_5294)
                            {
                                if (second)
                                {
                                    _5299 = push.offset.z;
                                }
                                else
                                {
                                    _5299 = push.offset.y;
                                }
                                uint param_26 = (2u * _5299) + (i * halves);
                                uint param_27 = push.k;
                                uint param_28 = q_1;
                                raw[y_2] = load_quad(param_26, param_27, param_28, second, v_611, v_622, v_634, v_643);
                            }
                        }
                    }
                }
                if (s > 0u)
                {
                    _Pragma("clang loop unroll(full)")
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
                _Pragma("clang loop unroll(full)")
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
            _Pragma("clang loop unroll(full)")
            for (uint y_3 = 0u; y_3 < 4u; y_3++)
            {
                uint i_2 = ((tile_r * 64u) + (4u * row)) + y_3;
                if (i_2 < push.rows)
                {
                    uint param_37 = i_2;
                    uint param_38 = (tile_j * 64u) + (4u * col);
                    float4 param_39 = sums[y_3] * scale[y_3];
                    finish_quad(param_37, param_38, param_39, push, v_1887, v_1903, v_1963, v_1997);
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
void choose_line(thread const uint& y, thread bool& second)
{
    if (both)
    {
        second = (y & 1u) != 0u;
    }
}

static inline __attribute__((always_inline))
uint quad_start(thread const uint& u, thread const uint& i)
{
    if (_5739)
    {
        return ((((u / 2u) * 64u) + (16u * (u & 1u))) + (32u * (i / 4u))) + (4u * (i & 3u));
    }
    if (_5758)
    {
        return ((((u / 4u) * 128u) + (8u * (u & 3u))) + (32u * (i / 2u))) + (4u * (i & 1u));
    }
    return (UNIT * u) + (4u * i);
}

static inline __attribute__((always_inline))
float4 x_words(thread const uint& at, const device X1& v_1697)
{
    return float4(*(const device packed_float4*)&v_1697.x1[at]);
}

static inline __attribute__((always_inline))
float times(thread const float4& a, thread const float4& b, thread const float& sum)
{
    return fma(a.w, b.w, fma(a.z, b.z, fma(a.y, b.y, fma(a.x, b.x, sum))));
}

static inline __attribute__((always_inline))
float4 norm_words(thread const uint& at, const device Norm1& v_1774)
{
    return float4(*(const device packed_float4*)&v_1774.norm1[at]);
}

static inline __attribute__((always_inline))
float sum4(thread const float4& v)
{
    return (v.x + v.y) + (v.z + v.w);
}

static inline __attribute__((always_inline))
float sum_of(thread const float4& a, thread const float4& b)
{
    float4 param = a + b;
    return sum4(param);
}

static inline __attribute__((always_inline))
float4 sums_of_x(thread const spvUnsafeArray<float4, 8>& x)
{
    if (whole_blocks)
    {
        float4 param = ((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + (x[6] + x[7]));
        return float4(sum4(param), 0.0, 0.0, 0.0);
    }
    if (_6731)
    {
        float4 param_1 = (x[0] + x[1]) + (x[2] + x[3]);
        float4 param_2 = (x[4] + x[5]) + (x[6] + x[7]);
        return float4(sum4(param_1), sum4(param_2), 0.0, 0.0);
    }
    if (_6762)
    {
        float4 param_3 = x[0];
        float4 param_4 = x[1];
        float4 param_5 = x[2];
        float4 param_6 = x[3];
        float4 param_7 = x[4];
        float4 param_8 = x[5];
        float4 param_9 = x[6];
        float4 param_10 = x[7];
        return float4(sum_of(param_3, param_4), sum_of(param_5, param_6), sum_of(param_7, param_8), sum_of(param_9, param_10));
    }
    return float4(0.0);
}

static inline __attribute__((always_inline))
uint4 second_words(thread const uint& at, const device Second1& v_611)
{
    return uint4(*(const device packed_uint4*)&v_611.second1[at]);
}

static inline __attribute__((always_inline))
uint4 first_words(thread const uint& at, const device Weights1& v_622)
{
    return uint4(*(const device packed_uint4*)&v_622.weights1[at]);
}

static inline __attribute__((always_inline))
float line_times_x_F32(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, thread bool& second, const device Second1& v_611, const device Weights1& v_622)
{
    uint at = (row / 2u) + (8u * u);
    uint4 _5798;
    if (second)
    {
        uint param = at + 4u;
        _5798 = second_words(param, v_611);
    }
    else
    {
        uint param_1 = at + 4u;
        _5798 = first_words(param_1, v_622);
    }
    uint4 _5813;
    if (second)
    {
        uint param_2 = at;
        _5813 = second_words(param_2, v_611);
    }
    else
    {
        uint param_3 = at;
        _5813 = first_words(param_3, v_622);
    }
    float4 param_4 = as_type<float4>(_5813);
    float4 param_5 = x[0];
    float param_6 = 0.0;
    float4 param_7 = as_type<float4>(_5798);
    float4 param_8 = x[1];
    float param_9 = times(param_4, param_5, param_6);
    return times(param_7, param_8, param_9);
}

static inline __attribute__((always_inline))
float line_times_x_F16(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, thread bool& second, const device Second1& v_611, const device Weights1& v_622)
{
    uint4 _5841;
    if (second)
    {
        uint param = (row / 2u) + (4u * u);
        _5841 = second_words(param, v_611);
    }
    else
    {
        uint param_1 = (row / 2u) + (4u * u);
        _5841 = first_words(param_1, v_622);
    }
    uint4 w = _5841;
    float4 param_2 = float4(float2(as_type<half2>(w.x)), float2(as_type<half2>(w.y)));
    float4 param_3 = x[0];
    float param_4 = 0.0;
    float4 param_5 = float4(float2(as_type<half2>(w.z)), float2(as_type<half2>(w.w)));
    float4 param_6 = x[1];
    float param_7 = times(param_2, param_3, param_4);
    return times(param_5, param_6, param_7);
}

static inline __attribute__((always_inline))
float line_times_x_BF16(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, thread bool& second, const device Second1& v_611, const device Weights1& v_622)
{
    uint4 _5898;
    if (second)
    {
        uint param = (row / 2u) + (4u * u);
        _5898 = second_words(param, v_611);
    }
    else
    {
        uint param_1 = (row / 2u) + (4u * u);
        _5898 = first_words(param_1, v_622);
    }
    uint4 w = _5898;
    uint4 low = w << uint4(16u);
    uint4 high = w & uint4(4294901760u);
    float4 param_2 = as_type<float4>(uint4(low.x, high.x, low.y, high.y));
    float4 param_3 = x[0];
    float param_4 = 0.0;
    float4 param_5 = as_type<float4>(uint4(low.z, high.z, low.w, high.w));
    float4 param_6 = x[1];
    float param_7 = times(param_2, param_3, param_4);
    return times(param_5, param_6, param_7);
}

static inline __attribute__((always_inline))
uint2 second_shorts(thread const uint& h, const device Second1& v_611)
{
    return as_type<uint2>(ushort4(*(const device packed_ushort4*)((const device ushort*)&v_611.second1[0] + h)));
}

static inline __attribute__((always_inline))
uint2 first_shorts(thread const uint& h, const device Weights1& v_622)
{
    return as_type<uint2>(ushort4(*(const device packed_ushort4*)((const device ushort*)&v_622.weights1[0] + h)));
}

static inline __attribute__((always_inline))
float4 bytes_and_384(thread const uint& w)
{
    float2 p = float2(as_type<half2>(((w << 2u) & 66847740u) ^ 1577082368u));
    float2 q = float2(as_type<half2>(((w >> 6u) & 66847740u) ^ 1577082368u));
    return float4(p.x, q.x, p.y, q.y);
}

static inline __attribute__((always_inline))
uint second_short(thread const uint& h, const device Second1& v_611)
{
    return uint(((const device ushort*)&v_611.second1[0])[h]);
}

static inline __attribute__((always_inline))
uint first_short(thread const uint& h, const device Weights1& v_622)
{
    return uint(((const device ushort*)&v_622.weights1[0])[h]);
}

static inline __attribute__((always_inline))
float line_times_x_Q8_0(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, thread bool& second, const device Second1& v_611, const device Weights1& v_622)
{
    uint h = row + (17u * u);
    float4 sums = float4(0.0);
    uint2 _5975;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 4u; i++)
    {
        if (second)
        {
            uint param = (h + 1u) + (4u * i);
            _5975 = second_shorts(param, v_611);
        }
        else
        {
            uint param_1 = (h + 1u) + (4u * i);
            _5975 = first_shorts(param_1, v_622);
        }
        uint2 w = _5975;
        uint param_2 = w.x;
        sums = fma(bytes_and_384(param_2), x[2u * i], sums);
        uint param_3 = w.y;
        sums = fma(bytes_and_384(param_3), x[(2u * i) + 1u], sums);
    }
    uint _6018;
    if (second)
    {
        uint param_4 = h;
        _6018 = second_short(param_4, v_611);
    }
    else
    {
        uint param_5 = h;
        _6018 = first_short(param_5, v_622);
    }
    float4 param_6 = sums;
    return float2(as_type<half2>(_6018)).x * fma(-384.0, of_x.x, sum4(param_6));
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
float block_times_x(thread const uint4& w, thread const spvUnsafeArray<float4, 8>& x)
{
    float4 sums = float4(0.0);
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 4u; i++)
    {
        uint param = w[i];
        sums = fma(low_nibbles(param), x[i], sums);
        uint param_1 = w[i];
        sums = fma(high_nibbles(param_1), x[i + 4u], sums);
    }
    float4 param_2 = sums;
    return sum4(param_2);
}

static inline __attribute__((always_inline))
float line_times_x_Q4_0(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, thread bool& second, const device Second1& v_611, const device Weights1& v_622)
{
    uint h = row + (9u * u);
    uint2 _6048;
    if (second)
    {
        uint param = h + 1u;
        _6048 = second_shorts(param, v_611);
    }
    else
    {
        uint param_1 = h + 1u;
        _6048 = first_shorts(param_1, v_622);
    }
    uint2 _6062;
    if (second)
    {
        uint param_2 = h + 5u;
        _6062 = second_shorts(param_2, v_611);
    }
    else
    {
        uint param_3 = h + 5u;
        _6062 = first_shorts(param_3, v_622);
    }
    uint4 w = uint4(_6048, _6062);
    uint _6081;
    if (second)
    {
        uint param_4 = h;
        _6081 = second_short(param_4, v_611);
    }
    else
    {
        uint param_5 = h;
        _6081 = first_short(param_5, v_622);
    }
    uint4 param_6 = w;
    spvUnsafeArray<float4, 8> param_7;
    param_7 = x;
    return float2(as_type<half2>(_6081)).x * fma(-72.0, of_x.x, block_times_x(param_6, param_7));
}

static inline __attribute__((always_inline))
uint second_word(thread const uint& at, const device Second1& v_611)
{
    return v_611.second1[at];
}

static inline __attribute__((always_inline))
uint first_word(thread const uint& at, const device Weights1& v_622)
{
    return v_622.weights1[at];
}

static inline __attribute__((always_inline))
float line_times_x_Q4_1(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, thread bool& second, const device Second1& v_611, const device Weights1& v_622)
{
    uint at = (row / 2u) + (5u * u);
    uint4 _6114;
    if (second)
    {
        uint param = at + 1u;
        _6114 = second_words(param, v_611);
    }
    else
    {
        uint param_1 = at + 1u;
        _6114 = first_words(param_1, v_622);
    }
    uint4 w = _6114;
    uint _6129;
    if (second)
    {
        uint param_2 = at;
        _6129 = second_word(param_2, v_611);
    }
    else
    {
        uint param_3 = at;
        _6129 = first_word(param_3, v_622);
    }
    float2 scale = float2(as_type<half2>(_6129));
    uint4 param_4 = w;
    spvUnsafeArray<float4, 8> param_5;
    param_5 = x;
    return fma(scale.x, fma(-64.0, of_x.x, block_times_x(param_4, param_5)), scale.y * of_x.x);
}

static inline __attribute__((always_inline))
float line_times_x_Q4_K(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, thread bool& second, const device Second1& v_611, const device Weights1& v_622)
{
    uint at = (row / 2u) + ((u / 8u) * 36u);
    uint pair = (u / 2u) & 3u;
    uint shift = 16u * (pair & 1u);
    uint4 _6177;
    if (second)
    {
        uint param = at;
        _6177 = second_words(param, v_611);
    }
    else
    {
        uint param_1 = at;
        _6177 = first_words(param_1, v_622);
    }
    uint4 head = _6177;
    uint4 _6190;
    if (second)
    {
        uint param_2 = (at + 4u) + (4u * (u & 7u));
        _6190 = second_words(param_2, v_611);
    }
    else
    {
        uint param_3 = (at + 4u) + (4u * (u & 7u));
        _6190 = first_words(param_3, v_622);
    }
    uint4 w = _6190;
    uint3 words = head.yzw >> uint3(shift);
    uint _6220;
    if (pair < 2u)
    {
        _6220 = words.x & 16191u;
    }
    else
    {
        _6220 = (words.z & 3855u) | ((words.x >> 2u) & 12336u);
    }
    uint scales = _6220;
    uint _6239;
    if (pair < 2u)
    {
        _6239 = words.y & 16191u;
    }
    else
    {
        _6239 = ((words.z >> 4u) & 3855u) | ((words.y >> 2u) & 12336u);
    }
    uint minima = _6239;
    float low = (-64.0) * of_x.x;
    float high = (-64.0) * of_x.y;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 4u; i++)
    {
        uint param_4 = w[i];
        float4 param_5 = low_nibbles(param_4);
        float4 param_6 = x[i];
        float param_7 = low;
        low = times(param_5, param_6, param_7);
        uint param_8 = w[i];
        float4 param_9 = high_nibbles(param_8);
        float4 param_10 = x[i + 4u];
        float param_11 = high;
        high = times(param_9, param_10, param_11);
    }
    float2 d = float2(as_type<half2>(head.x));
    float sum = fma(float(scales & 255u), low, float(scales >> 8u) * high);
    return fma(d.x, sum, (-d.y) * fma(float(minima & 255u), of_x.x, float(minima >> 8u) * of_x.y));
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
float line_times_x_Q6_K(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, thread bool& second, const device Second1& v_611, const device Weights1& v_622)
{
    uint h = row + ((u / 8u) * 105u);
    uint part_1 = (u / 4u) & 1u;
    uint in_part = u & 3u;
    uint low = (h + (32u * part_1)) + (4u * in_part);
    uint2 _6361;
    if (second)
    {
        uint param = low;
        _6361 = second_shorts(param, v_611);
    }
    else
    {
        uint param_1 = low;
        _6361 = first_shorts(param_1, v_622);
    }
    uint2 p = _6361;
    uint2 _6374;
    if (second)
    {
        uint param_2 = low + 16u;
        _6374 = second_shorts(param_2, v_611);
    }
    else
    {
        uint param_3 = low + 16u;
        _6374 = first_shorts(param_3, v_622);
    }
    uint2 q = _6374;
    uint2 _6389;
    if (second)
    {
        uint param_4 = ((h + 64u) + (16u * part_1)) + (4u * in_part);
        _6389 = second_shorts(param_4, v_611);
    }
    else
    {
        uint param_5 = ((h + 64u) + (16u * part_1)) + (4u * in_part);
        _6389 = first_shorts(param_5, v_622);
    }
    uint2 r = _6389;
    uint2 _6416;
    if (second)
    {
        uint param_6 = (h + 96u) + (4u * part_1);
        _6416 = second_shorts(param_6, v_611);
    }
    else
    {
        uint param_7 = (h + 96u) + (4u * part_1);
        _6416 = first_shorts(param_7, v_622);
    }
    uint2 numbers = _6416 >> uint2(8u * (in_part / 2u));
    float4 sums = of_x * (-96.0);
    _Pragma("clang loop unroll(full)")
    for (uint e = 0u; e < 2u; e++)
    {
        uint param_8 = (p[e] & 252645135u) | ((r[e] << 4u) & 808464432u);
        float4 param_9 = small_bytes(param_8);
        float4 param_10 = x[e];
        float param_11 = sums.x;
        sums.x = times(param_9, param_10, param_11);
        uint param_12 = (q[e] & 252645135u) | ((r[e] << 2u) & 808464432u);
        float4 param_13 = small_bytes(param_12);
        float4 param_14 = x[e + 2u];
        float param_15 = sums.y;
        sums.y = times(param_13, param_14, param_15);
        uint param_16 = ((p[e] >> 4u) & 252645135u) | (r[e] & 808464432u);
        float4 param_17 = small_bytes(param_16);
        float4 param_18 = x[e + 4u];
        float param_19 = sums.z;
        sums.z = times(param_17, param_18, param_19);
        uint param_20 = ((q[e] >> 4u) & 252645135u) | ((r[e] >> 2u) & 808464432u);
        float4 param_21 = small_bytes(param_20);
        float4 param_22 = x[e + 6u];
        float param_23 = sums.w;
        sums.w = times(param_21, param_22, param_23);
    }
    int4 scales = int4(int(numbers.x << 24u), int(numbers.x << 8u), int(numbers.y << 24u), int(numbers.y << 8u)) >> int4(24);
    uint _6569;
    if (second)
    {
        uint param_24 = h + 104u;
        _6569 = second_short(param_24, v_611);
    }
    else
    {
        uint param_25 = h + 104u;
        _6569 = first_short(param_25, v_622);
    }
    float4 param_26 = float4(scales);
    float4 param_27 = sums;
    float param_28 = 0.0;
    return float2(as_type<half2>(_6569)).x * times(param_26, param_27, param_28);
}

static inline __attribute__((always_inline))
float line_times_x(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, thread bool& second, const device Second1& v_611, const device Weights1& v_622)
{
    float sum = 0.0;
    if (_6596)
    {
        uint param = row;
        uint param_1 = u;
        spvUnsafeArray<float4, 8> param_2;
        param_2 = x;
        float4 param_3 = of_x;
        sum = line_times_x_F32(param, param_1, param_2, param_3, second, v_611, v_622);
    }
    if (_6608)
    {
        uint param_4 = row;
        uint param_5 = u;
        spvUnsafeArray<float4, 8> param_6;
        param_6 = x;
        float4 param_7 = of_x;
        sum = line_times_x_F16(param_4, param_5, param_6, param_7, second, v_611, v_622);
    }
    if (_6620)
    {
        uint param_8 = row;
        uint param_9 = u;
        spvUnsafeArray<float4, 8> param_10;
        param_10 = x;
        float4 param_11 = of_x;
        sum = line_times_x_BF16(param_8, param_9, param_10, param_11, second, v_611, v_622);
    }
    if (_6632)
    {
        uint param_12 = row;
        uint param_13 = u;
        spvUnsafeArray<float4, 8> param_14;
        param_14 = x;
        float4 param_15 = of_x;
        sum = line_times_x_Q8_0(param_12, param_13, param_14, param_15, second, v_611, v_622);
    }
    if (_6644)
    {
        uint param_16 = row;
        uint param_17 = u;
        spvUnsafeArray<float4, 8> param_18;
        param_18 = x;
        float4 param_19 = of_x;
        sum = line_times_x_Q4_0(param_16, param_17, param_18, param_19, second, v_611, v_622);
    }
    if (_6656)
    {
        uint param_20 = row;
        uint param_21 = u;
        spvUnsafeArray<float4, 8> param_22;
        param_22 = x;
        float4 param_23 = of_x;
        sum = line_times_x_Q4_1(param_20, param_21, param_22, param_23, second, v_611, v_622);
    }
    if (_6668)
    {
        uint param_24 = row;
        uint param_25 = u;
        spvUnsafeArray<float4, 8> param_26;
        param_26 = x;
        float4 param_27 = of_x;
        sum = line_times_x_Q4_K(param_24, param_25, param_26, param_27, second, v_611, v_622);
    }
    if (_6680)
    {
        uint param_28 = row;
        uint param_29 = u;
        spvUnsafeArray<float4, 8> param_30;
        param_30 = x;
        float4 param_31 = of_x;
        sum = line_times_x_Q6_K(param_28, param_29, param_30, param_31, second, v_611, v_622);
    }
    return sum;
}

static inline __attribute__((always_inline))
void finish_both(thread const uint& r, thread const uint& j, thread const float& gate, thread const float& up, constant Push& push, device Y1& v_1903)
{
    float param = gate;
    v_1903.y1[(push.offset2.x + (r * push.ldy)) + j] = gate_of(param, push) * up;
}

static inline __attribute__((always_inline))
void lane_rows(thread bool& second, const device Second1& v_611, const device Weights1& v_622, const device X1& v_1697, constant Push& push, const device Norm1& v_1774, device Gates1& v_1887, device Y1& v_1903, thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID, thread uint3& gl_WorkGroupID, thread uint& gl_SubgroupInvocationID)
{
    uint each = gl_NumSubgroups * ELEMENTS;
    uint units = push.k / UNIT;
    uint param = push.k;
    uint halves_1 = row_halves(param);
    uint lane = gl_SubgroupInvocationID;
    uint lanes = 256u / gl_NumSubgroups;
    uint3 _6838 = push.first.xyz + gl_WorkGroupID;
    uint _6839 = _6838.y;
    spvUnsafeArray<uint, 4> row;
    uint _6908;
    uint _6919;
    spvUnsafeArray<float, 4> sums;
    spvUnsafeArray<float4, 8> x;
    float _7043;
    uint _7106;
    for (uint r = _6839; r < push.rows; r += push.groups.y)
    {
        uint x_start = push.offset.x + (r * push.ldx);
        uint3 _6862 = push.first.xyz + gl_WorkGroupID;
        uint _6863 = _6862.x;
        for (uint tile = _6863; (tile * each) < push.n; tile += push.groups.x)
        {
            uint first = (tile * each) + (gl_SubgroupID * ELEMENTS);
            if (first >= push.n)
            {
                continue;
            }
            float squares = 0.0;
            _Pragma("clang loop unroll(full)")
            for (uint y = 0u; y < 4u; y++)
            {
                if (y < LINES)
                {
                    uint param_1 = y;
                    choose_line(param_1, second);
                    if (second)
                    {
                        _6908 = push.offset.z;
                    }
                    else
                    {
                        _6908 = push.offset.y;
                    }
                    if (both)
                    {
                        _6919 = y / 2u;
                    }
                    else
                    {
                        _6919 = y;
                    }
                    row[y] = (2u * _6908) + (min((first + _6919), (push.n - 1u)) * halves_1);
                    sums[y] = 0.0;
                }
            }
            for (uint u = lane; u < units; u += lanes)
            {
                _Pragma("clang loop unroll(full)")
                for (uint i = 0u; i < LANE_QUADS; i++)
                {
                    uint param_2 = u;
                    uint param_3 = i;
                    uint at = quad_start(param_2, param_3);
                    uint param_4 = x_start + at;
                    x[i] = x_words(param_4, v_1697);
                    if (normed)
                    {
                        float4 param_5 = x[i];
                        float4 param_6 = x[i];
                        float param_7 = squares;
                        squares = times(param_5, param_6, param_7);
                        uint param_8 = push.offset.w + at;
                        x[i] *= norm_words(param_8, v_1774);
                    }
                }
                spvUnsafeArray<float4, 8> param_9;
                param_9 = x;
                float4 of_x = sums_of_x(param_9);
                _Pragma("clang loop unroll(full)")
                for (uint y_1 = 0u; y_1 < 4u; y_1++)
                {
                    if (y_1 < LINES)
                    {
                        uint param_10 = y_1;
                        choose_line(param_10, second);
                        uint param_11 = row[y_1];
                        uint param_12 = u;
                        spvUnsafeArray<float4, 8> param_13;
                        param_13 = x;
                        float4 param_14 = of_x;
                        sums[y_1] += line_times_x(param_11, param_12, param_13, param_14, second, v_611, v_622);
                    }
                }
            }
            if (normed)
            {
                float param_15 = simd_sum(squares);
                _7043 = norm_scale(param_15, push);
            }
            else
            {
                _7043 = 1.0;
            }
            float scale = _7043;
            _Pragma("clang loop unroll(full)")
            for (uint y_2 = 0u; y_2 < 4u; y_2++)
            {
                if (y_2 < LINES)
                {
                    sums[y_2] = simd_sum(sums[y_2]) * scale;
                }
            }
            float2 mine = float2(sums[0], 0.0);
            _Pragma("clang loop unroll(full)")
            for (uint y_3 = 0u; y_3 < 4u; y_3++)
            {
                if (y_3 < LINES)
                {
                    bool _7097;
                    if (both)
                    {
                        _7097 = y_3 == ((2u * lane) + 1u);
                    }
                    else
                    {
                        _7097 = both;
                    }
                    if (_7097)
                    {
                        mine.y = sums[y_3];
                    }
                    else
                    {
                        if (both)
                        {
                            _7106 = 2u * lane;
                        }
                        else
                        {
                            _7106 = lane;
                        }
                        if (y_3 == _7106)
                        {
                            mine.x = sums[y_3];
                        }
                    }
                }
            }
            bool _7124 = lane < ELEMENTS;
            bool _7133;
            if (_7124)
            {
                _7133 = (first + lane) < push.n;
            }
            else
            {
                _7133 = _7124;
            }
            if (_7133)
            {
                if (both)
                {
                    uint param_16 = r;
                    uint param_17 = first + lane;
                    float param_18 = mine.x;
                    float param_19 = mine.y;
                    finish_both(param_16, param_17, param_18, param_19, push, v_1903);
                    continue;
                }
                uint param_20 = r;
                uint param_21 = first + lane;
                float param_22 = mine.x;
                finish(param_20, param_21, param_22, push, v_1887, v_1903);
            }
        }
    }
}

static inline __attribute__((always_inline))
void find_rows(thread const uint& first, thread spvUnsafeArray<uint, 4>& row, thread bool& second, constant Push& push, thread uint3& gl_LocalInvocationID)
{
    uint param = push.k;
    uint halves_1 = row_halves(param);
    uint from = first + ((gl_LocalInvocationID.x / TEAM) * _2666);
    uint _2688;
    uint _2699;
    _Pragma("clang loop unroll(full)")
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            if (both)
            {
                second = (y & 1u) != 0u;
            }
            if (second)
            {
                _2688 = push.offset.z;
            }
            else
            {
                _2688 = push.offset.y;
            }
            if (both)
            {
                _2699 = y / 2u;
            }
            else
            {
                _2699 = y;
            }
            row[y] = (2u * _2688) + (min((from + _2699), (push.n - 1u)) * halves_1);
        }
    }
}

static inline __attribute__((always_inline))
Unit no_unit()
{
    return Unit{ uint4(0u), uint4(0u), 0u };
}

static inline __attribute__((always_inline))
Unit load_unit_F32(thread const uint& row, thread const uint& u, thread bool& second, const device Second1& v_611, const device Weights1& v_622, const device Second4& v_634, const device Weights4& v_643, constant Push& push)
{
    uint last = ((row / 2u) + push.k) - 1u;
    uint at = (row / 2u) + (8u * u);
    Unit unit = no_unit();
    bool _2091 = (at & 3u) == 0u;
    bool _2098;
    if (_2091)
    {
        _2098 = (at + 7u) <= last;
    }
    else
    {
        _2098 = _2091;
    }
    if (_2098)
    {
        uint param = at / 4u;
        unit.a = weight_words(param, second, v_634, v_643);
        uint param_1 = (at / 4u) + 1u;
        unit.b = weight_words(param_1, second, v_634, v_643);
    }
    else
    {
        _Pragma("clang loop unroll(full)")
        for (uint e = 0u; e < 4u; e++)
        {
            uint param_2 = min((at + e), last);
            unit.a[e] = weight_word(param_2, second, v_611, v_622);
            uint param_3 = min(((at + 4u) + e), last);
            unit.b[e] = weight_word(param_3, second, v_611, v_622);
        }
    }
    return unit;
}

static inline __attribute__((always_inline))
Unit load_unit_F16(thread const uint& row, thread const uint& u, thread bool& second, const device Second1& v_611, const device Weights1& v_622, const device Second4& v_634, const device Weights4& v_643, constant Push& push)
{
    uint h = row + (8u * u);
    uint at = h / 2u;
    uint last = ((row + push.k) - 1u) / 2u;
    Unit unit = no_unit();
    bool _2164 = (h & 7u) == 0u;
    bool _2171;
    if (_2164)
    {
        _2171 = (at + 3u) <= last;
    }
    else
    {
        _2171 = _2164;
    }
    if (_2171)
    {
        uint param = at / 4u;
        unit.a = weight_words(param, second, v_634, v_643);
    }
    else
    {
        _Pragma("clang loop unroll(full)")
        for (uint e = 0u; e < 4u; e++)
        {
            uint param_1 = min((at + e), last);
            unit.a[e] = weight_word(param_1, second, v_611, v_622);
        }
        uint param_2 = min((at + 4u), last);
        unit.b.x = weight_word(param_2, second, v_611, v_622);
    }
    return unit;
}

static inline __attribute__((always_inline))
uint4 four_words(thread const uint& at, thread bool& second, const device Second1& v_611, const device Weights1& v_622)
{
    uint param = at;
    uint param_1 = at + 1u;
    uint param_2 = at + 2u;
    uint param_3 = at + 3u;
    return uint4(weight_word(param, second, v_611, v_622), weight_word(param_1, second, v_611, v_622), weight_word(param_2, second, v_611, v_622), weight_word(param_3, second, v_611, v_622));
}

static inline __attribute__((always_inline))
Unit load_unit_Q8_0(thread const uint& row, thread const uint& u, thread bool& second, const device Second1& v_611, const device Weights1& v_622)
{
    uint at = (row + (17u * u)) / 2u;
    uint param = at;
    uint param_1 = at + 4u;
    uint param_2 = at + 8u;
    return Unit{ four_words(param, second, v_611, v_622), four_words(param_1, second, v_611, v_622), weight_word(param_2, second, v_611, v_622) };
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_0(thread const uint& row, thread const uint& u, thread bool& second, const device Second1& v_611, const device Weights1& v_622)
{
    uint at = (row + (9u * u)) / 2u;
    uint param = at;
    uint param_1 = at + 4u;
    return Unit{ four_words(param, second, v_611, v_622), uint4(0u), weight_word(param_1, second, v_611, v_622) };
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_1(thread const uint& row, thread const uint& u, thread bool& second, const device Second1& v_611, const device Weights1& v_622)
{
    uint at = (row / 2u) + (5u * u);
    uint param = at + 1u;
    uint param_1 = at;
    return Unit{ four_words(param, second, v_611, v_622), uint4(0u), weight_word(param_1, second, v_611, v_622) };
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_K(thread const uint& row, thread const uint& u, thread bool& second, const device Second1& v_611, const device Weights1& v_622, const device Second4& v_634, const device Weights4& v_643)
{
    uint at = (row / 2u) + ((u / 8u) * 36u);
    uint quants = (at + 4u) + (4u * (u & 7u));
    if ((at & 3u) == 0u)
    {
        uint param = quants / 4u;
        uint param_1 = at / 4u;
        return Unit{ weight_words(param, second, v_634, v_643), weight_words(param_1, second, v_634, v_643), 0u };
    }
    uint param_2 = quants;
    uint param_3 = at;
    return Unit{ four_words(param_2, second, v_611, v_622), four_words(param_3, second, v_611, v_622), 0u };
}

static inline __attribute__((always_inline))
uint next_half(thread const uint& low, thread const uint& high)
{
    return (low >> 16u) | (high << 16u);
}

static inline __attribute__((always_inline))
Unit load_unit_Q6_K(thread const uint& row, thread const uint& u, thread bool& second, const device Second1& v_611, const device Weights1& v_622)
{
    uint h = row + ((u / 8u) * 105u);
    uint part_1 = (u / 4u) & 1u;
    uint in_part = u & 3u;
    uint low = ((h + (32u * part_1)) + (4u * in_part)) / 2u;
    uint high = (((h + 64u) + (16u * part_1)) + (4u * in_part)) / 2u;
    uint scales = ((h + 96u) + (4u * part_1)) / 2u;
    uint param = low;
    uint param_1 = low + 1u;
    uint param_2 = low + 8u;
    uint param_3 = low + 9u;
    uint4 a = uint4(weight_word(param, second, v_611, v_622), weight_word(param_1, second, v_611, v_622), weight_word(param_2, second, v_611, v_622), weight_word(param_3, second, v_611, v_622));
    uint param_4 = high;
    uint param_5 = high + 1u;
    uint param_6 = scales;
    uint param_7 = scales + 1u;
    uint4 b = uint4(weight_word(param_4, second, v_611, v_622), weight_word(param_5, second, v_611, v_622), weight_word(param_6, second, v_611, v_622), weight_word(param_7, second, v_611, v_622));
    if ((h & 1u) != 0u)
    {
        uint param_8 = a.x;
        uint param_9 = a.y;
        uint param_10 = low + 2u;
        uint param_11 = a.y;
        uint param_12 = weight_word(param_10, second, v_611, v_622);
        uint param_13 = a.z;
        uint param_14 = a.w;
        uint param_15 = low + 10u;
        uint param_16 = a.w;
        uint param_17 = weight_word(param_15, second, v_611, v_622);
        a = uint4(next_half(param_8, param_9), next_half(param_11, param_12), next_half(param_13, param_14), next_half(param_16, param_17));
        uint param_18 = b.x;
        uint param_19 = b.y;
        uint param_20 = high + 2u;
        uint param_21 = b.y;
        uint param_22 = weight_word(param_20, second, v_611, v_622);
        uint param_23 = b.z;
        uint param_24 = b.w;
        uint param_25 = scales + 2u;
        uint param_26 = b.w;
        uint param_27 = weight_word(param_25, second, v_611, v_622);
        b = uint4(next_half(param_18, param_19), next_half(param_21, param_22), next_half(param_23, param_24), next_half(param_26, param_27));
    }
    uint param_28 = (h / 2u) + 52u;
    return Unit{ a, b, weight_word(param_28, second, v_611, v_622) };
}

static inline __attribute__((always_inline))
Unit load_unit(thread const uint& row, thread const uint& u, thread bool& second, const device Second1& v_611, const device Weights1& v_622, const device Second4& v_634, const device Weights4& v_643, constant Push& push)
{
    Unit unit = no_unit();
    if (_2308)
    {
        uint param = row;
        uint param_1 = u;
        unit = load_unit_F32(param, param_1, second, v_611, v_622, v_634, v_643, push);
    }
    if (_2316)
    {
        uint param_2 = row;
        uint param_3 = u;
        unit = load_unit_F16(param_2, param_3, second, v_611, v_622, v_634, v_643, push);
    }
    if (_2324)
    {
        uint param_4 = row;
        uint param_5 = u;
        unit = load_unit_F16(param_4, param_5, second, v_611, v_622, v_634, v_643, push);
    }
    if (_2332)
    {
        uint param_6 = row;
        uint param_7 = u;
        unit = load_unit_Q8_0(param_6, param_7, second, v_611, v_622);
    }
    if (_2340)
    {
        uint param_8 = row;
        uint param_9 = u;
        unit = load_unit_Q4_0(param_8, param_9, second, v_611, v_622);
    }
    if (_2348)
    {
        uint param_10 = row;
        uint param_11 = u;
        unit = load_unit_Q4_1(param_10, param_11, second, v_611, v_622);
    }
    if (_2356)
    {
        uint param_12 = row;
        uint param_13 = u;
        unit = load_unit_Q4_K(param_12, param_13, second, v_611, v_622, v_634, v_643);
    }
    if (_2364)
    {
        uint param_14 = row;
        uint param_15 = u;
        unit = load_unit_Q6_K(param_14, param_15, second, v_611, v_622);
    }
    return unit;
}

static inline __attribute__((always_inline))
void load_units(thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread spvUnsafeArray<Unit, 4>& unit, thread bool& second, const device Second1& v_611, const device Weights1& v_622, const device Second4& v_634, const device Weights4& v_643, constant Push& push)
{
    _Pragma("clang loop unroll(full)")
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            if (both)
            {
                second = (y & 1u) != 0u;
            }
            uint param = row[y];
            uint param_1 = u;
            unit[y] = load_unit(param, param_1, second, v_611, v_622, v_634, v_643, push);
        }
    }
}

static inline __attribute__((always_inline))
void put_chunk(thread const uint& r, thread const uint& m, thread const uint& first, thread const uint& count, thread float& squares, const device X4& v_1686, const device X1& v_1697, constant Push& push, const device Norm4& v_1765, const device Norm1& v_1774, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID)
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
        _Pragma("clang loop unroll(full)")
        for (uint part_1 = 0u; part_1 < 2u; part_1++)
        {
            uint q = base + (part_1 * 256u);
            uint at = first + (4u * q);
            bool _4394 = q < quads;
            bool _4401;
            if (_4394)
            {
                _4401 = at < push.k;
            }
            else
            {
                _4401 = _4394;
            }
            bool _4410;
            if (_4401)
            {
                _4410 = (r + m) < push.rows;
            }
            else
            {
                _4410 = _4401;
            }
            if (_4410)
            {
                uint param_2 = x + at;
                uint param_3 = push.k - at;
                v[part_1] = x_at(param_2, param_3, v_1686, v_1697);
                if (false)
                {
                    uint param_4 = (x + push.k) + at;
                    uint param_5 = push.k - at;
                    factor[part_1] = x_at(param_4, param_5, v_1686, v_1697);
                }
                else
                {
                    if (normed)
                    {
                        uint param_6 = at;
                        factor[part_1] = norm_at(param_6, push, v_1765, v_1774);
                    }
                }
            }
        }
        _Pragma("clang loop unroll(full)")
        for (uint part_2 = 0u; part_2 < 2u; part_2++)
        {
            uint q_1 = base + (part_2 * 256u);
            uint at_1 = first + (4u * q_1);
            if (q_1 < quads)
            {
                float4 param_7 = v[part_2];
                float4 param_8 = factor[part_2];
                float4 param_9 = factor[part_2];
                float param_10 = squares;
                float4 _4490 = input_of(param_7, param_8, param_9, param_10);
                squares = param_10;
                float4 value = _4490;
                bool _4499;
                if (normed)
                {
                    _4499 = (at_1 + 4u) > push.k;
                }
                else
                {
                    _4499 = normed;
                }
                if (_4499)
                {
                    value = select(float4(0.0), value, uint4(at_1, at_1 + 1u, at_1 + 2u, at_1 + 3u) < uint4(push.k));
                }
                pool[((m * CHUNK_QUADS) + q_1) + (q_1 / 8u)] = value;
            }
        }
    }
}

static inline __attribute__((always_inline))
void put_sums(thread const uint& count, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID)
{
    uint param = count;
    uint param_1 = 32u;
    if (gl_LocalInvocationID.x < ceil_div(param, param_1))
    {
        _Pragma("clang loop unroll(full)")
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
void put_chunks(thread const uint& r, thread const uint& first, thread const uint& count, thread float4& squares, const device X4& v_1686, const device X1& v_1697, constant Push& push, const device Norm4& v_1765, const device Norm1& v_1774, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID)
{
    threadgroup_barrier(mem_flags::mem_threadgroup);
    _Pragma("clang loop unroll(full)")
    for (uint m = 0u; m < 4u; m++)
    {
        if (m < XS)
        {
            uint param = r;
            uint param_1 = m;
            uint param_2 = first;
            uint param_3 = count;
            float param_4 = squares[m];
            put_chunk(param, param_1, param_2, param_3, param_4, v_1686, v_1697, push, v_1765, v_1774, pool, gl_LocalInvocationID);
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
    _Pragma("clang loop unroll(full)")
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
    _Pragma("clang loop unroll(full)")
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
    _Pragma("clang loop unroll(full)")
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
    _Pragma("clang loop unroll(full)")
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
    spvUnsafeArray<uint, 9> _3074 = spvUnsafeArray<uint, 9>({ unit.a.x, unit.a.y, unit.a.z, unit.a.w, unit.b.x, unit.b.y, unit.b.z, unit.b.w, unit.c });
    spvUnsafeArray<uint, 9> w;
    w = _3074;
    uint _3078;
    if ((h & 1u) != 0u)
    {
        _3078 = w[e + 1u];
    }
    else
    {
        _3078 = (w[e] >> 16u) | (w[e + 1u] << 16u);
    }
    return _3078;
}

static inline __attribute__((always_inline))
void units_times_x_Q8_0(thread const spvUnsafeArray<Unit, 4>& unit, thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread const uint& local, thread spvUnsafeArray<float4, 4>& sums, threadgroup float4 (&pool)[1024])
{
    uint at = 9u * local;
    spvUnsafeArray<float4, 16> all_ = spvUnsafeArray<float4, 16>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0) });
    _Pragma("clang loop unroll(full)")
    for (uint e = 0u; e < 8u; e++)
    {
        _Pragma("clang loop unroll(full)")
        for (uint y = 0u; y < 4u; y++)
        {
            if (y < ROWS)
            {
                Unit param = unit[y];
                uint param_1 = row[y] + u;
                uint param_2 = e;
                uint param_3 = quants(param, param_1, param_2);
                float4 v = signed_bytes(param_3);
                _Pragma("clang loop unroll(full)")
                for (uint m = 0u; m < 4u; m++)
                {
                    if (m < XS)
                    {
                        uint _3155 = (4u * y) + m;
                        uint param_4 = m;
                        uint param_5 = at + e;
                        all_[_3155] += (v * x_quad(param_4, param_5, pool));
                    }
                }
            }
        }
    }
    _Pragma("clang loop unroll(full)")
    for (uint y_1 = 0u; y_1 < 4u; y_1++)
    {
        if (y_1 < ROWS)
        {
            uint param_6 = row[y_1] + u;
            uint param_7 = unit[y_1].a.x;
            float scale = float_of(param_6, param_7);
            _Pragma("clang loop unroll(full)")
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
void nibbles_times_x(thread const spvUnsafeArray<uint4, 4>& words, thread const uint& at, thread spvUnsafeArray<float4, 16>& all_, threadgroup float4 (&pool)[1024])
{
    _Pragma("clang loop unroll(full)")
    for (uint e = 0u; e < 4u; e++)
    {
        _Pragma("clang loop unroll(full)")
        for (uint y = 0u; y < 4u; y++)
        {
            if (y < ROWS)
            {
                uint param = words[y][e];
                float4 low = low_nibbles(param);
                uint param_1 = words[y][e];
                float4 high = high_nibbles(param_1);
                _Pragma("clang loop unroll(full)")
                for (uint m = 0u; m < 4u; m++)
                {
                    if (m < XS)
                    {
                        uint _3280 = (4u * y) + m;
                        uint param_2 = m;
                        uint param_3 = at + e;
                        all_[_3280] += (low * x_quad(param_2, param_3, pool));
                        uint _3297 = (4u * y) + m;
                        uint param_4 = m;
                        uint param_5 = (at + e) + 4u;
                        all_[_3297] += (high * x_quad(param_4, param_5, pool));
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
    uint4 _3358;
    _Pragma("clang loop unroll(full)")
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            uint4 a = unit[y].a;
            uint4 b = uint4(a.y, a.z, a.w, unit[y].c);
            if (((row[y] + u) & 1u) != 0u)
            {
                _3358 = b;
            }
            else
            {
                _3358 = (a >> uint4(16u)) | (b << uint4(16u));
            }
            words[y] = _3358;
        }
    }
    spvUnsafeArray<uint4, 4> param;
    param = words;
    uint param_1 = at;
    spvUnsafeArray<float4, 16> param_2;
    param_2 = all_;
    nibbles_times_x(param, param_1, param_2, pool);
    all_ = param_2;
    _Pragma("clang loop unroll(full)")
    for (uint y_1 = 0u; y_1 < 4u; y_1++)
    {
        if (y_1 < ROWS)
        {
            uint param_3 = row[y_1] + u;
            uint param_4 = unit[y_1].a.x;
            float scale = float_of(param_3, param_4);
            _Pragma("clang loop unroll(full)")
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
    _Pragma("clang loop unroll(full)")
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
    _Pragma("clang loop unroll(full)")
    for (uint y_1 = 0u; y_1 < 4u; y_1++)
    {
        if (y_1 < ROWS)
        {
            float2 scale = float2(as_type<half2>(unit[y_1].c));
            _Pragma("clang loop unroll(full)")
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
    uint _3582;
    spvUnsafeArray<uint, 4> minima;
    uint _3605;
    _Pragma("clang loop unroll(full)")
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            uint3 words = unit[y].b.yzw >> uint3(16u * (pair & 1u));
            if (lower)
            {
                _3582 = words.x & 16191u;
            }
            else
            {
                _3582 = (words.z & 3855u) | ((words.x >> 2u) & 12336u);
            }
            scales[y] = _3582;
            if (lower)
            {
                _3605 = words.y & 16191u;
            }
            else
            {
                _3605 = ((words.z >> 4u) & 3855u) | ((words.y >> 2u) & 12336u);
            }
            minima[y] = _3605;
        }
    }
    float4 _3672;
    _Pragma("clang loop unroll(full)")
    for (uint high = 0u; high < 2u; high++)
    {
        uint block = ((((local / 8u) * 8u) + (2u * pair)) + high) * 9u;
        uint at = block + (4u * half_);
        spvUnsafeArray<float4, 16> all_ = spvUnsafeArray<float4, 16>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0) });
        _Pragma("clang loop unroll(full)")
        for (uint e = 0u; e < 4u; e++)
        {
            _Pragma("clang loop unroll(full)")
            for (uint y_1 = 0u; y_1 < 4u; y_1++)
            {
                if (y_1 < ROWS)
                {
                    if (high == 0u)
                    {
                        uint param = unit[y_1].a[e];
                        _3672 = low_nibbles(param);
                    }
                    else
                    {
                        uint param_1 = unit[y_1].a[e];
                        _3672 = high_nibbles(param_1);
                    }
                    float4 v = _3672;
                    _Pragma("clang loop unroll(full)")
                    for (uint m = 0u; m < 4u; m++)
                    {
                        if (m < XS)
                        {
                            uint _3704 = (4u * y_1) + m;
                            uint param_2 = m;
                            uint param_3 = at + e;
                            all_[_3704] += (v * x_quad(param_2, param_3, pool));
                        }
                    }
                }
            }
        }
        _Pragma("clang loop unroll(full)")
        for (uint y_2 = 0u; y_2 < 4u; y_2++)
        {
            if (y_2 < ROWS)
            {
                float2 d = float2(as_type<half2>(unit[y_2].b.x)) * float2(float((scales[y_2] >> (8u * high)) & 255u), float((minima[y_2] >> (8u * high)) & 255u));
                _Pragma("clang loop unroll(full)")
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
void units_times_x_Q6_K(thread const spvUnsafeArray<Unit, 4>& unit, thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread const uint& local, thread spvUnsafeArray<float4, 4>& sums, threadgroup float4 (&pool)[1024])
{
    uint part_1 = (u / 4u) & 1u;
    uint in_part = u & 3u;
    uint at = ((((local / 8u) * 8u) + (4u * part_1)) * 9u) + (2u * in_part);
    spvUnsafeArray<float4, 16> all_ = spvUnsafeArray<float4, 16>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0) });
    _Pragma("clang loop unroll(full)")
    for (uint e = 0u; e < 2u; e++)
    {
        _Pragma("clang loop unroll(full)")
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
                _Pragma("clang loop unroll(full)")
                for (uint m = 0u; m < 4u; m++)
                {
                    if (m < XS)
                    {
                        uint x = at + e;
                        uint _4086 = (4u * y) + m;
                        uint param_4 = m;
                        uint param_5 = x;
                        uint param_6 = m;
                        uint param_7 = x + 9u;
                        uint param_8 = m;
                        uint param_9 = x + 18u;
                        uint param_10 = m;
                        uint param_11 = x + 27u;
                        all_[_4086] += float4(dot(a, x_quad(param_4, param_5, pool)), dot(b, x_quad(param_6, param_7, pool)), dot(c, x_quad(param_8, param_9, pool)), dot(d, x_quad(param_10, param_11, pool)));
                    }
                }
            }
        }
    }
    uint2 _4154;
    _Pragma("clang loop unroll(full)")
    for (uint y_1 = 0u; y_1 < 4u; y_1++)
    {
        if (y_1 < ROWS)
        {
            uint h = row[y_1] + (u / 8u);
            if (in_part < 2u)
            {
                _4154 = unit[y_1].b.zw;
            }
            else
            {
                _4154 = unit[y_1].b.zw >> uint2(8u);
            }
            uint2 words = _4154;
            uint param_12 = h;
            uint param_13 = unit[y_1].c;
            uint param_14 = (words.x & 16711935u) | ((words.y & 16711935u) << 8u);
            float4 scales = signed_bytes(param_14).xzyw * float_of(param_12, param_13);
            _Pragma("clang loop unroll(full)")
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
    if (_4220)
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
    if (_4235)
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
    if (_4250)
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
    if (_4265)
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
    if (_4280)
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
    if (_4295)
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
    if (_4310)
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
    if (_4325)
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
    _Pragma("clang loop unroll(full)")
    for (uint v = 0u; v < _2446; v++)
    {
        sum += pool[(i * _2454) + v];
    }
    float4 param = sum;
    return sum4(param);
}

static inline __attribute__((always_inline))
void finish_lines(thread const uint& r, thread const uint& first, thread const spvUnsafeArray<float4, 4>& sums, thread float4& squares, constant Push& push, device Gates1& v_1887, device Y1& v_1903, threadgroup float4 (&pool)[1024], thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, thread uint& gl_SubgroupID)
{
    uint me = gl_LocalInvocationID.x;
    uint lane = me & _2507;
    uint row = (me / TEAM) * ROWS;
    squares = simd_sum(squares);
    float _2605;
    _Pragma("clang loop unroll(full)")
    for (uint m = 0u; m < 4u; m++)
    {
        if (m < XS)
        {
            threadgroup_barrier(mem_flags::mem_threadgroup);
            _Pragma("clang loop unroll(full)")
            for (uint y = 0u; y < 4u; y++)
            {
                if (y < ROWS)
                {
                    ((threadgroup float*)&pool[((row + y) * _2550) + (lane / 4u)])[lane & 3u] = sums[y][m];
                }
            }
            bool _2564 = simd_is_first();
            if (_2564)
            {
                ((threadgroup float*)&pool[960u + (gl_SubgroupID / 4u)])[gl_SubgroupID & 3u] = squares[m];
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            bool _2582 = me < GROUP_LINES;
            bool _2591;
            if (_2582)
            {
                _2591 = (first + me) < push.n;
            }
            else
            {
                _2591 = _2582;
            }
            bool _2601;
            if (_2591)
            {
                _2601 = (r + m) < push.rows;
            }
            else
            {
                _2601 = _2591;
            }
            if (_2601)
            {
                if (normed)
                {
                    _2605 = shared_scale(push, pool, gl_NumSubgroups);
                }
                else
                {
                    _2605 = 1.0;
                }
                float scale = _2605;
                if (both)
                {
                    uint param = 2u * me;
                    uint param_1 = (2u * me) + 1u;
                    uint param_2 = r + m;
                    uint param_3 = first + me;
                    float param_4 = scale * shared_sum(param, pool);
                    float param_5 = scale * shared_sum(param_1, pool);
                    finish_both(param_2, param_3, param_4, param_5, push, v_1903);
                    continue;
                }
                uint param_6 = me;
                uint param_7 = r + m;
                uint param_8 = first + me;
                float param_9 = scale * shared_sum(param_6, pool);
                finish(param_7, param_8, param_9, push, v_1887, v_1903);
            }
        }
    }
}

static inline __attribute__((always_inline))
void vector_rows(thread bool& second, const device Second1& v_611, const device Weights1& v_622, const device Second4& v_634, const device Weights4& v_643, const device X4& v_1686, const device X1& v_1697, constant Push& push, const device Norm4& v_1765, const device Norm1& v_1774, device Gates1& v_1887, device Y1& v_1903, threadgroup float4 (&pool)[1024], thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, thread uint& gl_SubgroupID, thread uint3& gl_WorkGroupID)
{
    uint lane = gl_LocalInvocationID.x & _4654;
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
    uint chunk = ceil_div(param_6, param_7) * _4685;
    uint _4696 = (push.first.xyz + gl_WorkGroupID).y * XS;
    spvUnsafeArray<uint, 4> param_9;
    spvUnsafeArray<Unit, 4> next;
    spvUnsafeArray<Unit, 4> param_12;
    spvUnsafeArray<Unit, 4> unit;
    spvUnsafeArray<Unit, 4> param_19;
    spvUnsafeArray<Unit, 4> param_22;
    for (uint r = _4696; r < push.rows; r += (push.groups.y * XS))
    {
        uint3 _4711 = push.first.xyz + gl_WorkGroupID;
        uint _4712 = _4711.x;
        for (uint tile = _4712; (tile * GROUP_LINES) < push.n; tile += push.groups.x)
        {
            spvUnsafeArray<float4, 4> sums = spvUnsafeArray<float4, 4>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0) });
            float4 squares = float4(0.0);
            uint param_8 = tile * GROUP_LINES;
            find_rows(param_8, param_9, second, push, gl_LocalInvocationID);
            spvUnsafeArray<uint, 4> row;
            row = param_9;
            for (uint base = 0u; base < units; base += chunk)
            {
                uint end = min(units, (base + chunk));
                bool _4755;
                if (plain)
                {
                    _4755 = (base + lane) < end;
                }
                else
                {
                    _4755 = plain;
                }
                if (_4755)
                {
                    spvUnsafeArray<uint, 4> param_10;
                    param_10 = row;
                    uint param_11 = base + lane;
                    load_units(param_10, param_11, param_12, second, v_611, v_622, v_634, v_643, push);
                    next = param_12;
                }
                uint param_13 = r;
                uint param_14 = UNIT * base;
                uint param_15 = min(push.k, (UNIT * end)) - (UNIT * base);
                float4 param_16 = squares;
                put_chunks(param_13, param_14, param_15, param_16, v_1686, v_1697, push, v_1765, v_1774, pool, gl_LocalInvocationID);
                squares = param_16;
                uint _4789 = base + lane;
                for (uint u = _4789; u < end; u += TEAM)
                {
                    if (plain)
                    {
                        _Pragma("clang loop unroll(full)")
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
                            load_units(param_17, param_18, param_19, second, v_611, v_622, v_634, v_643, push);
                            next = param_19;
                        }
                    }
                    else
                    {
                        spvUnsafeArray<uint, 4> param_20;
                        param_20 = row;
                        uint param_21 = u;
                        load_units(param_20, param_21, param_22, second, v_611, v_622, v_634, v_643, push);
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
            finish_lines(param_28, param_29, param_30, param_31, push, v_1887, v_1903, pool, gl_NumSubgroups, gl_LocalInvocationID, gl_SubgroupID);
        }
    }
}

kernel void zc_linear_gated(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], const device void* spvBufferAliasSet0Binding3 [[buffer(3)]], const device void* spvBufferAliasSet0Binding4 [[buffer(4)]], device void* spvBufferAliasSet0Binding5 [[buffer(5)]], device void* spvBufferAliasSet0Binding6 [[buffer(6)]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]])
{
    const device auto& v_1686 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& v_622 = *(const device Weights1*)spvBufferAliasSet0Binding2;
    const device auto& v_611 = *(const device Second1*)spvBufferAliasSet0Binding3;
    const device auto& v_1765 = *(const device Norm4*)spvBufferAliasSet0Binding4;
    device auto& v_1903 = *(device Y1*)spvBufferAliasSet0Binding5;
    device auto& v_1887 = *(device Gates1*)spvBufferAliasSet0Binding6;
    const device auto& v_634 = *(const device Second4*)spvBufferAliasSet0Binding3;
    const device auto& v_643 = *(const device Weights4*)spvBufferAliasSet0Binding2;
    const device auto& v_1697 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& v_1774 = *(const device Norm1*)spvBufferAliasSet0Binding4;
    device auto& v_1963 = *(device Gates4*)spvBufferAliasSet0Binding6;
    device auto& v_1997 = *(device Y4*)spvBufferAliasSet0Binding5;
    threadgroup float4 pool[1024];
    threadgroup float group_partial[256];
    bool second = false;
    second = _7170;
    if (_7171)
    {
        tiles(second, v_611, v_622, v_634, v_643, v_1686, v_1697, push, v_1765, v_1774, v_1887, v_1903, v_1963, v_1997, pool, gl_LocalInvocationID, gl_WorkGroupID);
    }
    else
    {
        if (_7176)
        {
            lane_rows(second, v_611, v_622, v_1697, push, v_1774, v_1887, v_1903, gl_NumSubgroups, gl_SubgroupID, gl_WorkGroupID, gl_SubgroupInvocationID);
        }
        else
        {
            vector_rows(second, v_611, v_622, v_634, v_643, v_1686, v_1697, push, v_1765, v_1774, v_1887, v_1903, pool, gl_NumSubgroups, gl_LocalInvocationID, gl_SubgroupID, gl_WorkGroupID);
        }
    }
}

