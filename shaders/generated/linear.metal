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
constant bool _917 = (type == 0u);
constant bool _925 = (type == 1u);
constant bool _933 = (type == 2u);
constant bool _941 = (type == 3u);
constant bool _951 = (type == 4u);
constant bool _961 = (type == 5u);
constant bool _971 = (type == 6u);
constant bool _982 = (type == 7u);
constant bool _1753 = (type == 0u);
constant bool _1763 = (type == 1u);
constant bool _1773 = (type == 2u);
constant bool _1783 = (type == 3u);
constant bool _1793 = (type == 4u);
constant bool _1803 = (type == 5u);
constant bool _1813 = (type == 6u);
constant bool _1823 = (type == 7u);
constant bool _1838 = (type == 0u);
constant bool _1850 = (type == 1u);
constant bool _1862 = (type == 2u);
constant bool _1874 = (type == 3u);
constant bool _1886 = (type == 4u);
constant bool _1898 = (type == 5u);
constant bool _1910 = (type == 6u);
constant bool _1922 = (type == 7u);

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

constant uint _2057 = (variant / 8u);
constant uint input_ = (_2057 % 3u);
constant bool gated = (input_ == 2u);
constant bool normed = (input_ == 1u);
constant bool _2373 = (type == 0u);
constant bool _2381 = (type == 1u);
constant bool _2389 = (type == 2u);
constant bool _2397 = (type == 3u);
constant bool _2405 = (type == 4u);
constant bool _2413 = (type == 5u);
constant bool _2421 = (type == 6u);
constant bool _2429 = (type == 7u);
constant uint way = (variant / 24u);
constant bool _2450 = (way <= 2u);
constant bool _2451 = (way == 4u);
constant bool _2452 = (way == 5u);
constant bool _2453 = (_2451 || _2452);
constant bool _2455 = (way == 12u);
constant bool _2456 = (_2453 || _2455);
constant bool _2457 = (way == 15u);
constant bool _2458 = (_2456 || _2457);
constant uint _2459 = _2458 ? 4u : 2u;
constant uint ROWS = _2450 ? 1u : _2459;
constant bool _2496 = (way == 1u);
constant bool _2497 = (way == 5u);
constant bool _2498 = (way == 7u);
constant bool _2499 = (_2497 || _2498);
constant bool _2500 = (way == 12u);
constant uint _2501 = _2500 ? 16u : 32u;
constant uint _2502 = _2499 ? 8u : _2501;
constant uint TEAM = _2496 ? 64u : _2502;
constant uint _2504 = (TEAM / 4u);
constant uint _2511 = (TEAM / 4u);
constant uint _2512 = (_2511 + 1u);
constant uint _2565 = (TEAM - 1u);
constant bool _2582 = (way == 6u);
constant bool _2583 = (way == 7u);
constant bool _2584 = (way == 15u);
constant bool _2585 = (_2583 || _2584);
constant uint _2586 = _2585 ? 4u : 1u;
constant uint XS = _2582 ? 2u : _2586;
constant uint _2607 = (TEAM / 4u);
constant uint _2608 = (_2607 + 1u);
constant uint _2637 = (256u / TEAM);
constant uint GROUP_ROWS = (_2637 * ROWS);
constant uint _2639 = (GROUP_ROWS / 2u);
constant uint GROUP_LINES = false ? _2639 : GROUP_ROWS;
constant uint _2697 = (ROWS / 2u);
constant uint _2698 = false ? _2697 : ROWS;
constant bool _2793 = (XS == 1u);
constant bool _2795 = (XS == 2u);
constant uint _2798 = _2795 ? 1792u : 768u;
constant uint CHUNK = _2793 ? 3584u : _2798;
constant uint _2800 = (CHUNK / 32u);
constant uint CHUNK_QUADS = (_2800 * 9u);
constant bool _4240 = (type == 0u);
constant bool _4255 = (type == 1u);
constant bool _4270 = (type == 2u);
constant bool _4285 = (type == 3u);
constant bool _4300 = (type == 4u);
constant bool _4315 = (type == 5u);
constant bool _4330 = (type == 6u);
constant bool _4345 = (type == 7u);
constant bool _4661 = (type == 4u);
constant bool _4662 = (type == 5u);
constant bool _4663 = (_4661 || _4662);
constant bool _4664 = (type == 6u);
constant bool summed = (_4663 || _4664);
constant uint _4674 = (TEAM - 1u);
constant bool _4677 = (type == 0u);
constant bool _4678 = (type == 1u);
constant bool _4679 = (_4677 || _4678);
constant bool _4680 = (type == 2u);
constant bool plain = (_4679 || _4680);
constant uint UNIT = plain ? 8u : 32u;
constant uint _4705 = (256u / UNIT);
constant bool _5677 = (type == 6u);
constant bool _5696 = (type == 7u);
constant bool _6338 = (type == 0u);
constant bool _6350 = (type == 1u);
constant bool _6362 = (type == 2u);
constant bool _6374 = (type == 3u);
constant bool _6386 = (type == 4u);
constant bool _6398 = (type == 5u);
constant bool _6410 = (type == 6u);
constant bool _6422 = (type == 7u);
constant bool _6437 = (type == 3u);
constant bool _6438 = (type == 4u);
constant bool _6439 = (_6437 || _6438);
constant bool _6440 = (type == 5u);
constant bool whole_blocks = (_6439 || _6440);
constant bool _6472 = (type == 6u);
constant bool _6503 = (type == 7u);
constant uint team_way = (way - 12u);
constant bool _6541 = (team_way <= 2u);
constant bool _6542 = (team_way == 4u);
constant bool _6543 = (team_way == 5u);
constant bool _6544 = (_6542 || _6543);
constant bool _6545 = (team_way == 12u);
constant bool _6546 = (_6544 || _6545);
constant bool _6547 = (team_way == 15u);
constant bool _6548 = (_6546 || _6547);
constant uint _6549 = _6548 ? 4u : 2u;
constant uint LINES = _6541 ? 1u : _6549;
constant uint _6551 = (LINES / 2u);
constant uint ELEMENTS = false ? _6551 : LINES;
constant uint LANE_QUADS = (UNIT / 4u);
constant bool _6882 = (way == 0u);
constant bool _6887 = (way > 12u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

constant spvUnsafeArray<float4, 16> _3122 = spvUnsafeArray<float4, 16>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0) });
constant spvUnsafeArray<float4, 2> _4391 = spvUnsafeArray<float4, 2>({ float4(0.0), float4(0.0) });
constant spvUnsafeArray<float4, 4> _4744 = spvUnsafeArray<float4, 4>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0) });

static inline __attribute__((always_inline))
uint ceil_div(thread const uint& a, thread const uint& b)
{
    return (a / b) + uint((a % b) != 0u);
}

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    uint _918;
    if (_917)
    {
        _918 = (k / 1u) * 2u;
    }
    else
    {
        uint _926;
        if (_925)
        {
            _926 = (k / 1u) * 1u;
        }
        else
        {
            uint _934;
            if (_933)
            {
                _934 = (k / 1u) * 1u;
            }
            else
            {
                uint _942;
                if (_941)
                {
                    _942 = (k / 32u) * 17u;
                }
                else
                {
                    uint _952;
                    if (_951)
                    {
                        _952 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _962;
                        if (_961)
                        {
                            _962 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _972;
                            if (_971)
                            {
                                _972 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _983;
                                if (_982)
                                {
                                    _983 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    _983 = 0u;
                                }
                                _972 = _983;
                            }
                            _962 = _972;
                        }
                        _952 = _962;
                    }
                    _942 = _952;
                }
                _934 = _942;
            }
            _926 = _934;
        }
        _918 = _926;
    }
    return _918;
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
    float _1128;
    if (left > 1u)
    {
        _1128 = v.y;
    }
    else
    {
        _1128 = 0.0;
    }
    float _1138;
    if (left > 2u)
    {
        _1138 = v.z;
    }
    else
    {
        _1138 = 0.0;
    }
    float _1147;
    if (left > 3u)
    {
        _1147 = v.w;
    }
    else
    {
        _1147 = 0.0;
    }
    return float4(v.x, _1128, _1138, _1147);
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
    uint _1004;
    if ((h & 1u) != 0u)
    {
        _1004 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _1004 = low;
    }
    return _1004;
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
    float2 _1090;
    if (i < 4u)
    {
        _1090 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _1090 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _1090;
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
    if (_1838)
    {
        Raw param = raw;
        uint param_1 = row;
        uint param_2 = k;
        uint param_3 = q;
        v = decode_quad_F32(param, param_1, param_2, param_3);
    }
    if (_1850)
    {
        Raw param_4 = raw;
        uint param_5 = row;
        uint param_6 = k;
        uint param_7 = q;
        v = decode_quad_F16(param_4, param_5, param_6, param_7);
    }
    if (_1862)
    {
        Raw param_8 = raw;
        uint param_9 = row;
        uint param_10 = k;
        uint param_11 = q;
        v = decode_quad_BF16(param_8, param_9, param_10, param_11);
    }
    if (_1874)
    {
        Raw param_12 = raw;
        uint param_13 = row;
        uint param_14 = k;
        uint param_15 = q;
        v = decode_quad_Q8_0(param_12, param_13, param_14, param_15);
    }
    if (_1886)
    {
        Raw param_16 = raw;
        uint param_17 = row;
        uint param_18 = k;
        uint param_19 = q;
        v = decode_quad_Q4_0(param_16, param_17, param_18, param_19);
    }
    if (_1898)
    {
        Raw param_20 = raw;
        uint param_21 = row;
        uint param_22 = k;
        uint param_23 = q;
        v = decode_quad_Q4_1(param_20, param_21, param_22, param_23);
    }
    if (_1910)
    {
        Raw param_24 = raw;
        uint param_25 = row;
        uint param_26 = k;
        uint param_27 = q;
        v = decode_quad_Q4_K(param_24, param_25, param_26, param_27);
    }
    if (_1922)
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
float4 norm_at(thread const uint& i, constant Push& push, const device Norm4& v_2021, const device Norm1& v_2030)
{
    uint at = push.offset.w + i;
    uint last = (push.offset.w + push.k) - 1u;
    bool _2008 = (at & 3u) == 0u;
    bool _2015;
    if (_2008)
    {
        _2015 = (at + 3u) <= last;
    }
    else
    {
        _2015 = _2008;
    }
    if (_2015)
    {
        return v_2021.norm4[at / 4u];
    }
    return float4(v_2030.norm1[min(at, last)], v_2030.norm1[min((at + 1u), last)], v_2030.norm1[min((at + 2u), last)], v_2030.norm1[min((at + 3u), last)]);
}

static inline __attribute__((always_inline))
float4 x_at(thread const uint& i, thread const uint& count, const device X4& v_1948, const device X1& v_1958)
{
    if (((i & 3u) == 0u) && (count >= 4u))
    {
        return v_1948.x4[i / 4u];
    }
    float4 v = float4(0.0);
    v.x = v_1958.x1[i];
    if (count > 1u)
    {
        v.y = v_1958.x1[i + 1u];
    }
    if (count > 2u)
    {
        v.z = v_1958.x1[i + 2u];
    }
    if (count > 3u)
    {
        v.w = v_1958.x1[i + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
uint4 weight_words(thread const uint& i, const device Weights4& v_908)
{
    return v_908.weights4[i];
}

static inline __attribute__((always_inline))
uint weight_word(thread const uint& i, const device Weights1& v_898)
{
    return v_898.weights1[i];
}

static inline __attribute__((always_inline))
Raw load_quad_F32(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_898, const device Weights4& v_908)
{
    uint last = ((row / 2u) + k) - 1u;
    uint at = (row / 2u) + (4u * q);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    bool _1175 = (at & 3u) == 0u;
    bool _1182;
    if (_1175)
    {
        _1182 = (at + 3u) <= last;
    }
    else
    {
        _1182 = _1175;
    }
    if (_1182)
    {
        uint param = at / 4u;
        raw.a = weight_words(param, v_908);
    }
    else
    {
        uint param_1 = at;
        uint param_2 = min((at + 1u), last);
        uint param_3 = min((at + 2u), last);
        uint param_4 = min((at + 3u), last);
        raw.a = uint4(weight_word(param_1, v_898), weight_word(param_2, v_898), weight_word(param_3, v_898), weight_word(param_4, v_898));
    }
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_F16(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_898)
{
    uint last = ((row + k) - 1u) / 2u;
    uint at = (row + (4u * q)) / 2u;
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = at;
    raw.a.x = weight_word(param, v_898);
    uint param_1 = min((at + 1u), last);
    raw.a.y = weight_word(param_1, v_898);
    uint param_2 = min((at + 2u), last);
    raw.a.z = weight_word(param_2, v_898);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_scaled(thread const uint& h, thread const uint& word, const device Weights1& v_898)
{
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = word / 2u;
    raw.a.x = weight_word(param, v_898);
    uint param_1 = (word / 2u) + (word & 1u);
    raw.a.y = weight_word(param_1, v_898);
    uint param_2 = h / 2u;
    raw.a.w = weight_word(param_2, v_898);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q8_0(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_898)
{
    uint h = row + ((q / 8u) * 17u);
    uint param = h;
    uint param_1 = (h + 1u) + (2u * (q & 7u));
    return load_scaled(param, param_1, v_898);
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_0(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_898)
{
    uint h = row + ((q / 8u) * 9u);
    uint param = h;
    uint param_1 = (h + 1u) + (2u * (q & 3u));
    return load_scaled(param, param_1, v_898);
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_1(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_898)
{
    uint at = (row / 2u) + ((q / 8u) * 5u);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = (at + 1u) + (q & 3u);
    raw.a.x = weight_word(param, v_898);
    uint param_1 = at;
    raw.a.w = weight_word(param_1, v_898);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_K(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_898)
{
    uint at = (row / 2u) + ((q / 64u) * 36u);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = ((at + 4u) + (((q / 16u) % 4u) * 8u)) + (q & 7u);
    raw.a.x = weight_word(param, v_898);
    uint param_1 = at + 1u;
    raw.a.y = weight_word(param_1, v_898);
    uint param_2 = at + 2u;
    raw.a.z = weight_word(param_2, v_898);
    uint param_3 = at;
    raw.a.w = weight_word(param_3, v_898);
    uint param_4 = at + 3u;
    raw.b.x = weight_word(param_4, v_898);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q6_K(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_898)
{
    uint h = row + ((q / 64u) * 105u);
    uint part = (q / 32u) & 1u;
    uint stripe = (q / 8u) & 3u;
    uint quad_ = q & 7u;
    uint low = ((h + (32u * part)) + (16u * (stripe & 1u))) + (2u * quad_);
    uint high = ((h + 64u) + (16u * part)) + (2u * quad_);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = low / 2u;
    raw.a.x = weight_word(param, v_898);
    uint param_1 = (low / 2u) + (low & 1u);
    raw.a.y = weight_word(param_1, v_898);
    uint param_2 = high / 2u;
    raw.a.z = weight_word(param_2, v_898);
    uint param_3 = (high / 2u) + (high & 1u);
    raw.a.w = weight_word(param_3, v_898);
    uint param_4 = (((h + 96u) + (4u * part)) + stripe) / 2u;
    raw.b.x = weight_word(param_4, v_898);
    uint param_5 = (h / 2u) + 52u;
    raw.b.y = weight_word(param_5, v_898);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_898, const device Weights4& v_908)
{
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    if (_1753)
    {
        uint param = row;
        uint param_1 = k;
        uint param_2 = q;
        raw = load_quad_F32(param, param_1, param_2, v_898, v_908);
    }
    if (_1763)
    {
        uint param_3 = row;
        uint param_4 = k;
        uint param_5 = q;
        raw = load_quad_F16(param_3, param_4, param_5, v_898);
    }
    if (_1773)
    {
        uint param_6 = row;
        uint param_7 = k;
        uint param_8 = q;
        raw = load_quad_F16(param_6, param_7, param_8, v_898);
    }
    if (_1783)
    {
        uint param_9 = row;
        uint param_10 = k;
        uint param_11 = q;
        raw = load_quad_Q8_0(param_9, param_10, param_11, v_898);
    }
    if (_1793)
    {
        uint param_12 = row;
        uint param_13 = k;
        uint param_14 = q;
        raw = load_quad_Q4_0(param_12, param_13, param_14, v_898);
    }
    if (_1803)
    {
        uint param_15 = row;
        uint param_16 = k;
        uint param_17 = q;
        raw = load_quad_Q4_1(param_15, param_16, param_17, v_898);
    }
    if (_1813)
    {
        uint param_18 = row;
        uint param_19 = k;
        uint param_20 = q;
        raw = load_quad_Q4_K(param_18, param_19, param_20, v_898);
    }
    if (_1823)
    {
        uint param_21 = row;
        uint param_22 = k;
        uint param_23 = q;
        raw = load_quad_Q6_K(param_21, param_22, param_23, v_898);
    }
    return raw;
}

static inline __attribute__((always_inline))
float norm_scale(thread const float& squares, constant Push& push)
{
    float _2100;
    if (push.k != 0u)
    {
        _2100 = rsqrt((squares / float(push.k)) + push.eps);
    }
    else
    {
        _2100 = 0.0;
    }
    return _2100;
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
    float _639;
    if (abs(y) > 3.900000095367431640625)
    {
        _639 = sign(y);
    }
    else
    {
        _639 = (y * p) / q;
    }
    float erf = _639;
    return (0.5 * x) * (1.0 + erf);
}

static inline __attribute__((always_inline))
float gelu_tanh(thread const float& x)
{
    return x / (1.0 + exp((-1.5957691669464111328125) * (x + (((0.0447149984538555145263671875 * x) * x) * x))));
}

static inline __attribute__((always_inline))
void finish(thread const uint& r, thread const uint& j, thread float& sum, constant Push& push, const device Bias1& v_709, device Y1& v_742)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    uint param = 2u;
    if (has(param, push))
    {
        sum += v_709.bias1[push.offset.z + j];
    }
    uint param_1 = 16u;
    if (has(param_1, push))
    {
        float param_2 = sum;
        sum = gelu_erf(param_2);
    }
    uint param_3 = 64u;
    if (has(param_3, push))
    {
        float param_4 = sum;
        sum = gelu_tanh(param_4);
    }
    uint param_5 = 1u;
    if (has(param_5, push))
    {
        sum += v_742.y1[to];
    }
    v_742.y1[to] = sum;
}

static inline __attribute__((always_inline))
void finish_quad(thread const uint& r, thread const uint& j, thread float4& sums, constant Push& push, const device Bias1& v_709, device Y1& v_742, device Y4& v_852)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    bool _764 = (to & 3u) == 0u;
    bool _773;
    if (_764)
    {
        _773 = (j + 4u) <= push.n;
    }
    else
    {
        _773 = _764;
    }
    if (_773)
    {
        uint param = 2u;
        if (has(param, push))
        {
            uint at = push.offset.z + j;
            sums += float4(*(const device packed_float4*)&v_709.bias1[at]);
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
        uint param_6 = 64u;
        if (has(param_6, push))
        {
            float param_7 = sums.x;
            float param_8 = sums.y;
            float param_9 = sums.z;
            float param_10 = sums.w;
            sums = float4(gelu_tanh(param_7), gelu_tanh(param_8), gelu_tanh(param_9), gelu_tanh(param_10));
        }
        uint param_11 = 1u;
        if (has(param_11, push))
        {
            sums += v_852.y4[to / 4u];
        }
        v_852.y4[to / 4u] = sums;
        return;
    }
    uint e = 0u;
    _Pragma("clang loop unroll(disable)")
    for (;;)
    {
        bool _872 = e < 4u;
        bool _881;
        if (_872)
        {
            _881 = (j + e) < push.n;
        }
        else
        {
            _881 = _872;
        }
        if (_881)
        {
            uint param_12 = r;
            uint param_13 = j + e;
            float param_14 = sums[e];
            finish(param_12, param_13, param_14, push, v_709, v_742);
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
void tiles(constant Push& push, const device Bias1& v_709, device Y1& v_742, device Y4& v_852, const device Weights1& v_898, const device Weights4& v_908, const device X4& v_1948, const device X1& v_1958, const device Norm4& v_2021, const device Norm1& v_2030, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID)
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
    uint3 _5022 = push.first.xyz + gl_WorkGroupID;
    uint _5023 = _5022.y;
    spvUnsafeArray<float4, 4> v;
    spvUnsafeArray<float4, 4> up;
    float4 _5131;
    spvUnsafeArray<Raw, 4> raw;
    float4 _5214;
    for (uint tile_r = _5023; tile_r < tiles_r; tile_r += push.groups.y)
    {
        uint3 _5037 = push.first.xyz + gl_WorkGroupID;
        uint _5038 = _5037.x;
        for (uint tile_j = _5038; tile_j < tiles_j; tile_j += push.groups.x)
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
                            float4 _5109 = input_of(param_7, param_8, param_9, param_10);
                            squares[y] = param_10;
                            v[y] = _5109;
                        }
                        else
                        {
                            bool _5120 = (first + y) < push.n;
                            bool _5128;
                            if (_5120)
                            {
                                _5128 = (4u * q) < push.k;
                            }
                            else
                            {
                                _5128 = _5120;
                            }
                            bool there = _5128;
                            if (there)
                            {
                                Raw param_11 = raw[y];
                                uint param_12 = (2u * push.offset.y) + ((first + y) * halves);
                                uint param_13 = push.k;
                                uint param_14 = q;
                                _5131 = decode_quad(param_11, param_12, param_13, param_14);
                            }
                            else
                            {
                                _5131 = float4(0.0);
                            }
                            v[y] = _5131;
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
                            _5214 = norm_at(param_21, push, v_2021, v_2030);
                        }
                        else
                        {
                            _5214 = float4(1.0);
                        }
                        factor = _5214;
                    }
                    _Pragma("clang loop unroll(full)")
                    for (uint y_2 = 0u; y_2 < 4u; y_2++)
                    {
                        uint i = first + y_2;
                        if (loads_x)
                        {
                            v[y_2] = float4(0.0);
                            up[y_2] = float4(0.0);
                            bool _5245 = i < push.rows;
                            bool _5253;
                            if (_5245)
                            {
                                _5253 = (4u * q_1) < push.k;
                            }
                            else
                            {
                                _5253 = _5245;
                            }
                            if (_5253)
                            {
                                uint at = (push.offset.x + (i * push.ldx)) + (4u * q_1);
                                uint param_22 = at;
                                uint param_23 = push.k - (4u * q_1);
                                v[y_2] = x_at(param_22, param_23, v_1948, v_1958);
                                if (gated)
                                {
                                    uint param_24 = at + push.k;
                                    uint param_25 = push.k - (4u * q_1);
                                    up[y_2] = x_at(param_24, param_25, v_1948, v_1958);
                                }
                            }
                        }
                        else
                        {
                            bool _5298 = i < push.n;
                            bool _5306;
                            if (_5298)
                            {
                                _5306 = (4u * q_1) < push.k;
                            }
                            else
                            {
                                _5306 = _5298;
                            }
                            if (_5306)
                            {
                                uint param_26 = (2u * push.offset.y) + (i * halves);
                                uint param_27 = push.k;
                                uint param_28 = q_1;
                                raw[y_2] = load_quad(param_26, param_27, param_28, v_898, v_908);
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
                    finish_quad(param_37, param_38, param_39, push, v_709, v_742, v_852);
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
void choose_line(thread const uint& y)
{
}

static inline __attribute__((always_inline))
uint quad_start(thread const uint& u, thread const uint& i)
{
    if (_5677)
    {
        return ((((u / 2u) * 64u) + (16u * (u & 1u))) + (32u * (i / 4u))) + (4u * (i & 3u));
    }
    if (_5696)
    {
        return ((((u / 4u) * 128u) + (8u * (u & 3u))) + (32u * (i / 2u))) + (4u * (i & 1u));
    }
    return (UNIT * u) + (4u * i);
}

static inline __attribute__((always_inline))
float4 x_words(thread const uint& at, const device X1& v_1958)
{
    return float4(*(const device packed_float4*)&v_1958.x1[at]);
}

static inline __attribute__((always_inline))
float times(thread const float4& a, thread const float4& b, thread const float& sum)
{
    return fma(a.w, b.w, fma(a.z, b.z, fma(a.y, b.y, fma(a.x, b.x, sum))));
}

static inline __attribute__((always_inline))
float4 norm_words(thread const uint& at, const device Norm1& v_2030)
{
    return float4(*(const device packed_float4*)&v_2030.norm1[at]);
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
    if (_6472)
    {
        float4 param_1 = (x[0] + x[1]) + (x[2] + x[3]);
        float4 param_2 = (x[4] + x[5]) + (x[6] + x[7]);
        return float4(sum4(param_1), sum4(param_2), 0.0, 0.0);
    }
    if (_6503)
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
uint4 first_words(thread const uint& at, const device Weights1& v_898)
{
    return uint4(*(const device packed_uint4*)&v_898.weights1[at]);
}

static inline __attribute__((always_inline))
float line_times_x_F32(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, const device Weights1& v_898)
{
    uint at = (row / 2u) + (8u * u);
    uint param = at + 4u;
    uint param_1 = at;
    float4 param_2 = as_type<float4>(first_words(param_1, v_898));
    float4 param_3 = x[0];
    float param_4 = 0.0;
    float4 param_5 = as_type<float4>(first_words(param, v_898));
    float4 param_6 = x[1];
    float param_7 = times(param_2, param_3, param_4);
    return times(param_5, param_6, param_7);
}

static inline __attribute__((always_inline))
float line_times_x_F16(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, const device Weights1& v_898)
{
    uint param = (row / 2u) + (4u * u);
    uint4 w = first_words(param, v_898);
    float4 param_1 = float4(float2(as_type<half2>(w.x)), float2(as_type<half2>(w.y)));
    float4 param_2 = x[0];
    float param_3 = 0.0;
    float4 param_4 = float4(float2(as_type<half2>(w.z)), float2(as_type<half2>(w.w)));
    float4 param_5 = x[1];
    float param_6 = times(param_1, param_2, param_3);
    return times(param_4, param_5, param_6);
}

static inline __attribute__((always_inline))
float line_times_x_BF16(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, const device Weights1& v_898)
{
    uint param = (row / 2u) + (4u * u);
    uint4 w = first_words(param, v_898);
    uint4 low = w << uint4(16u);
    uint4 high = w & uint4(4294901760u);
    float4 param_1 = as_type<float4>(uint4(low.x, high.x, low.y, high.y));
    float4 param_2 = x[0];
    float param_3 = 0.0;
    float4 param_4 = as_type<float4>(uint4(low.z, high.z, low.w, high.w));
    float4 param_5 = x[1];
    float param_6 = times(param_1, param_2, param_3);
    return times(param_4, param_5, param_6);
}

static inline __attribute__((always_inline))
uint2 first_shorts(thread const uint& h, const device Weights1& v_898)
{
    return as_type<uint2>(ushort4(*(const device packed_ushort4*)((const device ushort*)&v_898.weights1[0] + h)));
}

static inline __attribute__((always_inline))
float4 bytes_and_384(thread const uint& w)
{
    float2 p = float2(as_type<half2>(((w << 2u) & 66847740u) ^ 1577082368u));
    float2 q = float2(as_type<half2>(((w >> 6u) & 66847740u) ^ 1577082368u));
    return float4(p.x, q.x, p.y, q.y);
}

static inline __attribute__((always_inline))
uint first_short(thread const uint& h, const device Weights1& v_898)
{
    return uint(((const device ushort*)&v_898.weights1[0])[h]);
}

static inline __attribute__((always_inline))
float line_times_x_Q8_0(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, const device Weights1& v_898)
{
    uint h = row + (17u * u);
    float4 sums = float4(0.0);
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 4u; i++)
    {
        uint param = (h + 1u) + (4u * i);
        uint2 w = first_shorts(param, v_898);
        uint param_1 = w.x;
        sums = fma(bytes_and_384(param_1), x[2u * i], sums);
        uint param_2 = w.y;
        sums = fma(bytes_and_384(param_2), x[(2u * i) + 1u], sums);
    }
    uint param_3 = h;
    float4 param_4 = sums;
    return float2(as_type<half2>(first_short(param_3, v_898))).x * fma(-384.0, of_x.x, sum4(param_4));
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
float line_times_x_Q4_0(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, const device Weights1& v_898)
{
    uint h = row + (9u * u);
    uint param = h + 1u;
    uint param_1 = h + 5u;
    uint4 w = uint4(first_shorts(param, v_898), first_shorts(param_1, v_898));
    uint param_2 = h;
    uint4 param_3 = w;
    spvUnsafeArray<float4, 8> param_4;
    param_4 = x;
    return float2(as_type<half2>(first_short(param_2, v_898))).x * fma(-72.0, of_x.x, block_times_x(param_3, param_4));
}

static inline __attribute__((always_inline))
uint first_word(thread const uint& at, const device Weights1& v_898)
{
    return v_898.weights1[at];
}

static inline __attribute__((always_inline))
float line_times_x_Q4_1(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, const device Weights1& v_898)
{
    uint at = (row / 2u) + (5u * u);
    uint param = at + 1u;
    uint4 w = first_words(param, v_898);
    uint param_1 = at;
    float2 scale = float2(as_type<half2>(first_word(param_1, v_898)));
    uint4 param_2 = w;
    spvUnsafeArray<float4, 8> param_3;
    param_3 = x;
    return fma(scale.x, fma(-64.0, of_x.x, block_times_x(param_2, param_3)), scale.y * of_x.x);
}

static inline __attribute__((always_inline))
float line_times_x_Q4_K(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, const device Weights1& v_898)
{
    uint at = (row / 2u) + ((u / 8u) * 36u);
    uint pair = (u / 2u) & 3u;
    uint shift = 16u * (pair & 1u);
    uint param = at;
    uint4 head = first_words(param, v_898);
    uint param_1 = (at + 4u) + (4u * (u & 7u));
    uint4 w = first_words(param_1, v_898);
    uint3 words = head.yzw >> uint3(shift);
    uint _6020;
    if (pair < 2u)
    {
        _6020 = words.x & 16191u;
    }
    else
    {
        _6020 = (words.z & 3855u) | ((words.x >> 2u) & 12336u);
    }
    uint scales = _6020;
    uint _6039;
    if (pair < 2u)
    {
        _6039 = words.y & 16191u;
    }
    else
    {
        _6039 = ((words.z >> 4u) & 3855u) | ((words.y >> 2u) & 12336u);
    }
    uint minima = _6039;
    float low = (-64.0) * of_x.x;
    float high = (-64.0) * of_x.y;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 4u; i++)
    {
        uint param_2 = w[i];
        float4 param_3 = low_nibbles(param_2);
        float4 param_4 = x[i];
        float param_5 = low;
        low = times(param_3, param_4, param_5);
        uint param_6 = w[i];
        float4 param_7 = high_nibbles(param_6);
        float4 param_8 = x[i + 4u];
        float param_9 = high;
        high = times(param_7, param_8, param_9);
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
float line_times_x_Q6_K(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, const device Weights1& v_898)
{
    uint h = row + ((u / 8u) * 105u);
    uint part = (u / 4u) & 1u;
    uint in_part = u & 3u;
    uint low = (h + (32u * part)) + (4u * in_part);
    uint param = low;
    uint2 p = first_shorts(param, v_898);
    uint param_1 = low + 16u;
    uint2 q = first_shorts(param_1, v_898);
    uint param_2 = ((h + 64u) + (16u * part)) + (4u * in_part);
    uint2 r = first_shorts(param_2, v_898);
    uint param_3 = (h + 96u) + (4u * part);
    uint2 numbers = first_shorts(param_3, v_898) >> uint2(8u * (in_part / 2u));
    float4 sums = of_x * (-96.0);
    _Pragma("clang loop unroll(full)")
    for (uint e = 0u; e < 2u; e++)
    {
        uint param_4 = (p[e] & 252645135u) | ((r[e] << 4u) & 808464432u);
        float4 param_5 = small_bytes(param_4);
        float4 param_6 = x[e];
        float param_7 = sums.x;
        sums.x = times(param_5, param_6, param_7);
        uint param_8 = (q[e] & 252645135u) | ((r[e] << 2u) & 808464432u);
        float4 param_9 = small_bytes(param_8);
        float4 param_10 = x[e + 2u];
        float param_11 = sums.y;
        sums.y = times(param_9, param_10, param_11);
        uint param_12 = ((p[e] >> 4u) & 252645135u) | (r[e] & 808464432u);
        float4 param_13 = small_bytes(param_12);
        float4 param_14 = x[e + 4u];
        float param_15 = sums.z;
        sums.z = times(param_13, param_14, param_15);
        uint param_16 = ((q[e] >> 4u) & 252645135u) | ((r[e] >> 2u) & 808464432u);
        float4 param_17 = small_bytes(param_16);
        float4 param_18 = x[e + 6u];
        float param_19 = sums.w;
        sums.w = times(param_17, param_18, param_19);
    }
    int4 scales = int4(int(numbers.x << 24u), int(numbers.x << 8u), int(numbers.y << 24u), int(numbers.y << 8u)) >> int4(24);
    uint param_20 = h + 104u;
    float4 param_21 = float4(scales);
    float4 param_22 = sums;
    float param_23 = 0.0;
    return float2(as_type<half2>(first_short(param_20, v_898))).x * times(param_21, param_22, param_23);
}

static inline __attribute__((always_inline))
float line_times_x(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, const device Weights1& v_898)
{
    float sum = 0.0;
    if (_6338)
    {
        uint param = row;
        uint param_1 = u;
        spvUnsafeArray<float4, 8> param_2;
        param_2 = x;
        float4 param_3 = of_x;
        sum = line_times_x_F32(param, param_1, param_2, param_3, v_898);
    }
    if (_6350)
    {
        uint param_4 = row;
        uint param_5 = u;
        spvUnsafeArray<float4, 8> param_6;
        param_6 = x;
        float4 param_7 = of_x;
        sum = line_times_x_F16(param_4, param_5, param_6, param_7, v_898);
    }
    if (_6362)
    {
        uint param_8 = row;
        uint param_9 = u;
        spvUnsafeArray<float4, 8> param_10;
        param_10 = x;
        float4 param_11 = of_x;
        sum = line_times_x_BF16(param_8, param_9, param_10, param_11, v_898);
    }
    if (_6374)
    {
        uint param_12 = row;
        uint param_13 = u;
        spvUnsafeArray<float4, 8> param_14;
        param_14 = x;
        float4 param_15 = of_x;
        sum = line_times_x_Q8_0(param_12, param_13, param_14, param_15, v_898);
    }
    if (_6386)
    {
        uint param_16 = row;
        uint param_17 = u;
        spvUnsafeArray<float4, 8> param_18;
        param_18 = x;
        float4 param_19 = of_x;
        sum = line_times_x_Q4_0(param_16, param_17, param_18, param_19, v_898);
    }
    if (_6398)
    {
        uint param_20 = row;
        uint param_21 = u;
        spvUnsafeArray<float4, 8> param_22;
        param_22 = x;
        float4 param_23 = of_x;
        sum = line_times_x_Q4_1(param_20, param_21, param_22, param_23, v_898);
    }
    if (_6410)
    {
        uint param_24 = row;
        uint param_25 = u;
        spvUnsafeArray<float4, 8> param_26;
        param_26 = x;
        float4 param_27 = of_x;
        sum = line_times_x_Q4_K(param_24, param_25, param_26, param_27, v_898);
    }
    if (_6422)
    {
        uint param_28 = row;
        uint param_29 = u;
        spvUnsafeArray<float4, 8> param_30;
        param_30 = x;
        float4 param_31 = of_x;
        sum = line_times_x_Q6_K(param_28, param_29, param_30, param_31, v_898);
    }
    return sum;
}

static inline __attribute__((always_inline))
void lane_rows(constant Push& push, const device Bias1& v_709, device Y1& v_742, const device Weights1& v_898, const device X1& v_1958, const device Norm1& v_2030, thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID, thread uint3& gl_WorkGroupID, thread uint& gl_SubgroupInvocationID)
{
    uint each = gl_NumSubgroups * ELEMENTS;
    uint units = push.k / UNIT;
    uint param = push.k;
    uint halves_1 = row_halves(param);
    uint lane = gl_SubgroupInvocationID;
    uint lanes = 256u / gl_NumSubgroups;
    uint3 _6574 = push.first.xyz + gl_WorkGroupID;
    uint _6575 = _6574.y;
    spvUnsafeArray<uint, 4> row;
    uint _6647;
    spvUnsafeArray<float, 4> sums;
    spvUnsafeArray<float4, 8> x;
    float _6771;
    uint _6834;
    for (uint r = _6575; r < push.rows; r += push.groups.y)
    {
        uint x_start = push.offset.x + (r * push.ldx);
        uint3 _6598 = push.first.xyz + gl_WorkGroupID;
        uint _6599 = _6598.x;
        for (uint tile = _6599; (tile * each) < push.n; tile += push.groups.x)
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
                    choose_line(param_1);
                    if (false)
                    {
                        _6647 = y / 2u;
                    }
                    else
                    {
                        _6647 = y;
                    }
                    row[y] = (2u * push.offset.y) + (min((first + _6647), (push.n - 1u)) * halves_1);
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
                    x[i] = x_words(param_4, v_1958);
                    if (normed)
                    {
                        float4 param_5 = x[i];
                        float4 param_6 = x[i];
                        float param_7 = squares;
                        squares = times(param_5, param_6, param_7);
                        uint param_8 = push.offset.w + at;
                        x[i] *= norm_words(param_8, v_2030);
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
                        choose_line(param_10);
                        uint param_11 = row[y_1];
                        uint param_12 = u;
                        spvUnsafeArray<float4, 8> param_13;
                        param_13 = x;
                        float4 param_14 = of_x;
                        sums[y_1] += line_times_x(param_11, param_12, param_13, param_14, v_898);
                    }
                }
            }
            if (normed)
            {
                float param_15 = simd_sum(squares);
                _6771 = norm_scale(param_15, push);
            }
            else
            {
                _6771 = 1.0;
            }
            float scale = _6771;
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
                    bool _6825;
                    if (false)
                    {
                        _6825 = y_3 == ((2u * lane) + 1u);
                    }
                    else
                    {
                        _6825 = false;
                    }
                    if (_6825)
                    {
                        mine.y = sums[y_3];
                    }
                    else
                    {
                        if (false)
                        {
                            _6834 = 2u * lane;
                        }
                        else
                        {
                            _6834 = lane;
                        }
                        if (y_3 == _6834)
                        {
                            mine.x = sums[y_3];
                        }
                    }
                }
            }
            bool _6852 = lane < ELEMENTS;
            bool _6861;
            if (_6852)
            {
                _6861 = (first + lane) < push.n;
            }
            else
            {
                _6861 = _6852;
            }
            if (_6861)
            {
                uint param_16 = r;
                uint param_17 = first + lane;
                float param_18 = mine.x;
                finish(param_16, param_17, param_18, push, v_709, v_742);
            }
        }
    }
}

static inline __attribute__((always_inline))
void find_rows(thread const uint& first, thread spvUnsafeArray<uint, 4>& row, constant Push& push, thread uint3& gl_LocalInvocationID)
{
    uint param = push.k;
    uint halves_1 = row_halves(param);
    uint from = first + ((gl_LocalInvocationID.x / TEAM) * _2698);
    uint _2718;
    _Pragma("clang loop unroll(full)")
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            if (false)
            {
                _2718 = y / 2u;
            }
            else
            {
                _2718 = y;
            }
            row[y] = (2u * push.offset.y) + (min((from + _2718), (push.n - 1u)) * halves_1);
        }
    }
}

static inline __attribute__((always_inline))
Unit no_unit()
{
    return Unit{ uint4(0u), uint4(0u), 0u };
}

static inline __attribute__((always_inline))
Unit load_unit_F32(thread const uint& row, thread const uint& u, constant Push& push, const device Weights1& v_898, const device Weights4& v_908)
{
    uint last = ((row / 2u) + push.k) - 1u;
    uint at = (row / 2u) + (8u * u);
    Unit unit = no_unit();
    bool _2156 = (at & 3u) == 0u;
    bool _2163;
    if (_2156)
    {
        _2163 = (at + 7u) <= last;
    }
    else
    {
        _2163 = _2156;
    }
    if (_2163)
    {
        uint param = at / 4u;
        unit.a = weight_words(param, v_908);
        uint param_1 = (at / 4u) + 1u;
        unit.b = weight_words(param_1, v_908);
    }
    else
    {
        _Pragma("clang loop unroll(full)")
        for (uint e = 0u; e < 4u; e++)
        {
            uint param_2 = min((at + e), last);
            unit.a[e] = weight_word(param_2, v_898);
            uint param_3 = min(((at + 4u) + e), last);
            unit.b[e] = weight_word(param_3, v_898);
        }
    }
    return unit;
}

static inline __attribute__((always_inline))
Unit load_unit_F16(thread const uint& row, thread const uint& u, constant Push& push, const device Weights1& v_898, const device Weights4& v_908)
{
    uint h = row + (8u * u);
    uint at = h / 2u;
    uint last = ((row + push.k) - 1u) / 2u;
    Unit unit = no_unit();
    bool _2229 = (h & 7u) == 0u;
    bool _2236;
    if (_2229)
    {
        _2236 = (at + 3u) <= last;
    }
    else
    {
        _2236 = _2229;
    }
    if (_2236)
    {
        uint param = at / 4u;
        unit.a = weight_words(param, v_908);
    }
    else
    {
        _Pragma("clang loop unroll(full)")
        for (uint e = 0u; e < 4u; e++)
        {
            uint param_1 = min((at + e), last);
            unit.a[e] = weight_word(param_1, v_898);
        }
        uint param_2 = min((at + 4u), last);
        unit.b.x = weight_word(param_2, v_898);
    }
    return unit;
}

static inline __attribute__((always_inline))
uint4 four_words(thread const uint& at, const device Weights1& v_898)
{
    uint param = at;
    uint param_1 = at + 1u;
    uint param_2 = at + 2u;
    uint param_3 = at + 3u;
    return uint4(weight_word(param, v_898), weight_word(param_1, v_898), weight_word(param_2, v_898), weight_word(param_3, v_898));
}

static inline __attribute__((always_inline))
Unit load_unit_Q8_0(thread const uint& row, thread const uint& u, const device Weights1& v_898)
{
    uint at = (row + (17u * u)) / 2u;
    uint param = at;
    uint param_1 = at + 4u;
    uint param_2 = at + 8u;
    return Unit{ four_words(param, v_898), four_words(param_1, v_898), weight_word(param_2, v_898) };
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_0(thread const uint& row, thread const uint& u, const device Weights1& v_898)
{
    uint at = (row + (9u * u)) / 2u;
    uint param = at;
    uint param_1 = at + 4u;
    return Unit{ four_words(param, v_898), uint4(0u), weight_word(param_1, v_898) };
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_1(thread const uint& row, thread const uint& u, const device Weights1& v_898)
{
    uint at = (row / 2u) + (5u * u);
    uint param = at + 1u;
    uint param_1 = at;
    return Unit{ four_words(param, v_898), uint4(0u), weight_word(param_1, v_898) };
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_K(thread const uint& row, thread const uint& u, const device Weights1& v_898, const device Weights4& v_908)
{
    uint at = (row / 2u) + ((u / 8u) * 36u);
    uint quants = (at + 4u) + (4u * (u & 7u));
    if ((at & 3u) == 0u)
    {
        uint param = quants / 4u;
        uint param_1 = at / 4u;
        return Unit{ weight_words(param, v_908), weight_words(param_1, v_908), 0u };
    }
    uint param_2 = quants;
    uint param_3 = at;
    return Unit{ four_words(param_2, v_898), four_words(param_3, v_898), 0u };
}

static inline __attribute__((always_inline))
uint next_half(thread const uint& low, thread const uint& high)
{
    return (low >> 16u) | (high << 16u);
}

static inline __attribute__((always_inline))
Unit load_unit_Q6_K(thread const uint& row, thread const uint& u, const device Weights1& v_898)
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
    uint4 a = uint4(weight_word(param, v_898), weight_word(param_1, v_898), weight_word(param_2, v_898), weight_word(param_3, v_898));
    uint param_4 = high;
    uint param_5 = high + 1u;
    uint param_6 = scales;
    uint param_7 = scales + 1u;
    uint4 b = uint4(weight_word(param_4, v_898), weight_word(param_5, v_898), weight_word(param_6, v_898), weight_word(param_7, v_898));
    if ((h & 1u) != 0u)
    {
        uint param_8 = a.x;
        uint param_9 = a.y;
        uint param_10 = low + 2u;
        uint param_11 = a.y;
        uint param_12 = weight_word(param_10, v_898);
        uint param_13 = a.z;
        uint param_14 = a.w;
        uint param_15 = low + 10u;
        uint param_16 = a.w;
        uint param_17 = weight_word(param_15, v_898);
        a = uint4(next_half(param_8, param_9), next_half(param_11, param_12), next_half(param_13, param_14), next_half(param_16, param_17));
        uint param_18 = b.x;
        uint param_19 = b.y;
        uint param_20 = high + 2u;
        uint param_21 = b.y;
        uint param_22 = weight_word(param_20, v_898);
        uint param_23 = b.z;
        uint param_24 = b.w;
        uint param_25 = scales + 2u;
        uint param_26 = b.w;
        uint param_27 = weight_word(param_25, v_898);
        b = uint4(next_half(param_18, param_19), next_half(param_21, param_22), next_half(param_23, param_24), next_half(param_26, param_27));
    }
    uint param_28 = (h / 2u) + 52u;
    return Unit{ a, b, weight_word(param_28, v_898) };
}

static inline __attribute__((always_inline))
Unit load_unit(thread const uint& row, thread const uint& u, constant Push& push, const device Weights1& v_898, const device Weights4& v_908)
{
    Unit unit = no_unit();
    if (_2373)
    {
        uint param = row;
        uint param_1 = u;
        unit = load_unit_F32(param, param_1, push, v_898, v_908);
    }
    if (_2381)
    {
        uint param_2 = row;
        uint param_3 = u;
        unit = load_unit_F16(param_2, param_3, push, v_898, v_908);
    }
    if (_2389)
    {
        uint param_4 = row;
        uint param_5 = u;
        unit = load_unit_F16(param_4, param_5, push, v_898, v_908);
    }
    if (_2397)
    {
        uint param_6 = row;
        uint param_7 = u;
        unit = load_unit_Q8_0(param_6, param_7, v_898);
    }
    if (_2405)
    {
        uint param_8 = row;
        uint param_9 = u;
        unit = load_unit_Q4_0(param_8, param_9, v_898);
    }
    if (_2413)
    {
        uint param_10 = row;
        uint param_11 = u;
        unit = load_unit_Q4_1(param_10, param_11, v_898);
    }
    if (_2421)
    {
        uint param_12 = row;
        uint param_13 = u;
        unit = load_unit_Q4_K(param_12, param_13, v_898, v_908);
    }
    if (_2429)
    {
        uint param_14 = row;
        uint param_15 = u;
        unit = load_unit_Q6_K(param_14, param_15, v_898);
    }
    return unit;
}

static inline __attribute__((always_inline))
void load_units(thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread spvUnsafeArray<Unit, 4>& unit, constant Push& push, const device Weights1& v_898, const device Weights4& v_908)
{
    _Pragma("clang loop unroll(full)")
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            uint param = row[y];
            uint param_1 = u;
            unit[y] = load_unit(param, param_1, push, v_898, v_908);
        }
    }
}

static inline __attribute__((always_inline))
void put_chunk(thread const uint& r, thread const uint& m, thread const uint& first, thread const uint& count, thread float& squares, constant Push& push, const device X4& v_1948, const device X1& v_1958, const device Norm4& v_2021, const device Norm1& v_2030, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID)
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
        for (uint part = 0u; part < 2u; part++)
        {
            uint q = base + (part * 256u);
            uint at = first + (4u * q);
            bool _4414 = q < quads;
            bool _4421;
            if (_4414)
            {
                _4421 = at < push.k;
            }
            else
            {
                _4421 = _4414;
            }
            bool _4430;
            if (_4421)
            {
                _4430 = (r + m) < push.rows;
            }
            else
            {
                _4430 = _4421;
            }
            if (_4430)
            {
                uint param_2 = x + at;
                uint param_3 = push.k - at;
                v[part] = x_at(param_2, param_3, v_1948, v_1958);
                if (gated)
                {
                    uint param_4 = (x + push.k) + at;
                    uint param_5 = push.k - at;
                    factor[part] = x_at(param_4, param_5, v_1948, v_1958);
                }
                else
                {
                    if (normed)
                    {
                        uint param_6 = at;
                        factor[part] = norm_at(param_6, push, v_2021, v_2030);
                    }
                }
            }
        }
        _Pragma("clang loop unroll(full)")
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
                float4 _4510 = input_of(param_7, param_8, param_9, param_10);
                squares = param_10;
                float4 value = _4510;
                bool _4519;
                if (normed)
                {
                    _4519 = (at_1 + 4u) > push.k;
                }
                else
                {
                    _4519 = normed;
                }
                if (_4519)
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
void put_chunks(thread const uint& r, thread const uint& first, thread const uint& count, thread float4& squares, constant Push& push, const device X4& v_1948, const device X1& v_1958, const device Norm4& v_2021, const device Norm1& v_2030, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID)
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
            put_chunk(param, param_1, param_2, param_3, param_4, push, v_1948, v_1958, v_2021, v_2030, pool, gl_LocalInvocationID);
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
    spvUnsafeArray<uint, 9> _3093 = spvUnsafeArray<uint, 9>({ unit.a.x, unit.a.y, unit.a.z, unit.a.w, unit.b.x, unit.b.y, unit.b.z, unit.b.w, unit.c });
    spvUnsafeArray<uint, 9> w;
    w = _3093;
    uint _3097;
    if ((h & 1u) != 0u)
    {
        _3097 = w[e + 1u];
    }
    else
    {
        _3097 = (w[e] >> 16u) | (w[e + 1u] << 16u);
    }
    return _3097;
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
                        uint _3174 = (4u * y) + m;
                        uint param_4 = m;
                        uint param_5 = at + e;
                        all_[_3174] += (v * x_quad(param_4, param_5, pool));
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
                        uint _3299 = (4u * y) + m;
                        uint param_2 = m;
                        uint param_3 = at + e;
                        all_[_3299] += (low * x_quad(param_2, param_3, pool));
                        uint _3316 = (4u * y) + m;
                        uint param_4 = m;
                        uint param_5 = (at + e) + 4u;
                        all_[_3316] += (high * x_quad(param_4, param_5, pool));
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
    uint4 _3377;
    _Pragma("clang loop unroll(full)")
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            uint4 a = unit[y].a;
            uint4 b = uint4(a.y, a.z, a.w, unit[y].c);
            if (((row[y] + u) & 1u) != 0u)
            {
                _3377 = b;
            }
            else
            {
                _3377 = (a >> uint4(16u)) | (b << uint4(16u));
            }
            words[y] = _3377;
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
    uint _3602;
    spvUnsafeArray<uint, 4> minima;
    uint _3625;
    _Pragma("clang loop unroll(full)")
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            uint3 words = unit[y].b.yzw >> uint3(16u * (pair & 1u));
            if (lower)
            {
                _3602 = words.x & 16191u;
            }
            else
            {
                _3602 = (words.z & 3855u) | ((words.x >> 2u) & 12336u);
            }
            scales[y] = _3602;
            if (lower)
            {
                _3625 = words.y & 16191u;
            }
            else
            {
                _3625 = ((words.z >> 4u) & 3855u) | ((words.y >> 2u) & 12336u);
            }
            minima[y] = _3625;
        }
    }
    float4 _3692;
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
                        _3692 = low_nibbles(param);
                    }
                    else
                    {
                        uint param_1 = unit[y_1].a[e];
                        _3692 = high_nibbles(param_1);
                    }
                    float4 v = _3692;
                    _Pragma("clang loop unroll(full)")
                    for (uint m = 0u; m < 4u; m++)
                    {
                        if (m < XS)
                        {
                            uint _3724 = (4u * y_1) + m;
                            uint param_2 = m;
                            uint param_3 = at + e;
                            all_[_3724] += (v * x_quad(param_2, param_3, pool));
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
    uint part = (u / 4u) & 1u;
    uint in_part = u & 3u;
    uint at = ((((local / 8u) * 8u) + (4u * part)) * 9u) + (2u * in_part);
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
                        uint _4106 = (4u * y) + m;
                        uint param_4 = m;
                        uint param_5 = x;
                        uint param_6 = m;
                        uint param_7 = x + 9u;
                        uint param_8 = m;
                        uint param_9 = x + 18u;
                        uint param_10 = m;
                        uint param_11 = x + 27u;
                        all_[_4106] += float4(dot(a, x_quad(param_4, param_5, pool)), dot(b, x_quad(param_6, param_7, pool)), dot(c, x_quad(param_8, param_9, pool)), dot(d, x_quad(param_10, param_11, pool)));
                    }
                }
            }
        }
    }
    uint2 _4174;
    _Pragma("clang loop unroll(full)")
    for (uint y_1 = 0u; y_1 < 4u; y_1++)
    {
        if (y_1 < ROWS)
        {
            uint h = row[y_1] + (u / 8u);
            if (in_part < 2u)
            {
                _4174 = unit[y_1].b.zw;
            }
            else
            {
                _4174 = unit[y_1].b.zw >> uint2(8u);
            }
            uint2 words = _4174;
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
    if (_4240)
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
    if (_4255)
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
    if (_4270)
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
    if (_4285)
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
    if (_4300)
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
    if (_4315)
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
    if (_4330)
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
    if (_4345)
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
    for (uint v = 0u; v < _2504; v++)
    {
        sum += pool[(i * _2512) + v];
    }
    float4 param = sum;
    return sum4(param);
}

static inline __attribute__((always_inline))
void finish_lines(thread const uint& r, thread const uint& first, thread const spvUnsafeArray<float4, 4>& sums, thread float4& squares, constant Push& push, const device Bias1& v_709, device Y1& v_742, threadgroup float4 (&pool)[1024], thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, thread uint& gl_SubgroupID)
{
    uint me = gl_LocalInvocationID.x;
    uint lane = me & _2565;
    uint row = (me / TEAM) * ROWS;
    squares = simd_sum(squares);
    float _2664;
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
                    ((threadgroup float*)&pool[((row + y) * _2608) + (lane / 4u)])[lane & 3u] = sums[y][m];
                }
            }
            bool _2622 = simd_is_first();
            if (_2622)
            {
                ((threadgroup float*)&pool[960u + (gl_SubgroupID / 4u)])[gl_SubgroupID & 3u] = squares[m];
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            bool _2641 = me < GROUP_LINES;
            bool _2650;
            if (_2641)
            {
                _2650 = (first + me) < push.n;
            }
            else
            {
                _2650 = _2641;
            }
            bool _2660;
            if (_2650)
            {
                _2660 = (r + m) < push.rows;
            }
            else
            {
                _2660 = _2650;
            }
            if (_2660)
            {
                if (normed)
                {
                    _2664 = shared_scale(push, pool, gl_NumSubgroups);
                }
                else
                {
                    _2664 = 1.0;
                }
                float scale = _2664;
                uint param = me;
                uint param_1 = r + m;
                uint param_2 = first + me;
                float param_3 = scale * shared_sum(param, pool);
                finish(param_1, param_2, param_3, push, v_709, v_742);
            }
        }
    }
}

static inline __attribute__((always_inline))
void vector_rows(constant Push& push, const device Bias1& v_709, device Y1& v_742, const device Weights1& v_898, const device Weights4& v_908, const device X4& v_1948, const device X1& v_1958, const device Norm4& v_2021, const device Norm1& v_2030, threadgroup float4 (&pool)[1024], thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, thread uint& gl_SubgroupID, thread uint3& gl_WorkGroupID)
{
    uint lane = gl_LocalInvocationID.x & _4674;
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
    uint chunk = ceil_div(param_6, param_7) * _4705;
    uint _4716 = (push.first.xyz + gl_WorkGroupID).y * XS;
    spvUnsafeArray<uint, 4> param_9;
    spvUnsafeArray<Unit, 4> next;
    spvUnsafeArray<Unit, 4> param_12;
    spvUnsafeArray<Unit, 4> unit;
    spvUnsafeArray<Unit, 4> param_19;
    spvUnsafeArray<Unit, 4> param_22;
    for (uint r = _4716; r < push.rows; r += (push.groups.y * XS))
    {
        uint3 _4731 = push.first.xyz + gl_WorkGroupID;
        uint _4732 = _4731.x;
        for (uint tile = _4732; (tile * GROUP_LINES) < push.n; tile += push.groups.x)
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
                bool _4775;
                if (plain)
                {
                    _4775 = (base + lane) < end;
                }
                else
                {
                    _4775 = plain;
                }
                if (_4775)
                {
                    spvUnsafeArray<uint, 4> param_10;
                    param_10 = row;
                    uint param_11 = base + lane;
                    load_units(param_10, param_11, param_12, push, v_898, v_908);
                    next = param_12;
                }
                uint param_13 = r;
                uint param_14 = UNIT * base;
                uint param_15 = min(push.k, (UNIT * end)) - (UNIT * base);
                float4 param_16 = squares;
                put_chunks(param_13, param_14, param_15, param_16, push, v_1948, v_1958, v_2021, v_2030, pool, gl_LocalInvocationID);
                squares = param_16;
                uint _4809 = base + lane;
                for (uint u = _4809; u < end; u += TEAM)
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
                            load_units(param_17, param_18, param_19, push, v_898, v_908);
                            next = param_19;
                        }
                    }
                    else
                    {
                        spvUnsafeArray<uint, 4> param_20;
                        param_20 = row;
                        uint param_21 = u;
                        load_units(param_20, param_21, param_22, push, v_898, v_908);
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
            finish_lines(param_28, param_29, param_30, param_31, push, v_709, v_742, pool, gl_NumSubgroups, gl_LocalInvocationID, gl_SubgroupID);
        }
    }
}

kernel void zc_linear(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], const device Bias1& v_709 [[buffer(3)]], const device void* spvBufferAliasSet0Binding4 [[buffer(4)]], device void* spvBufferAliasSet0Binding5 [[buffer(5)]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]])
{
    const device auto& v_1948 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& v_898 = *(const device Weights1*)spvBufferAliasSet0Binding2;
    const device auto& v_2021 = *(const device Norm4*)spvBufferAliasSet0Binding4;
    device auto& v_742 = *(device Y1*)spvBufferAliasSet0Binding5;
    device auto& v_852 = *(device Y4*)spvBufferAliasSet0Binding5;
    const device auto& v_908 = *(const device Weights4*)spvBufferAliasSet0Binding2;
    const device auto& v_1958 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& v_2030 = *(const device Norm1*)spvBufferAliasSet0Binding4;
    threadgroup float4 pool[1024];
    threadgroup float group_partial[256];
    if (_6882)
    {
        tiles(push, v_709, v_742, v_852, v_898, v_908, v_1948, v_1958, v_2021, v_2030, pool, gl_LocalInvocationID, gl_WorkGroupID);
    }
    else
    {
        if (_6887)
        {
            lane_rows(push, v_709, v_742, v_898, v_1958, v_2030, gl_NumSubgroups, gl_SubgroupID, gl_WorkGroupID, gl_SubgroupInvocationID);
        }
        else
        {
            vector_rows(push, v_709, v_742, v_898, v_908, v_1948, v_1958, v_2021, v_2030, pool, gl_NumSubgroups, gl_LocalInvocationID, gl_SubgroupID, gl_WorkGroupID);
        }
    }
}

