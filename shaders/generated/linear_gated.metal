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
constant bool _408 = (type == 0u);
constant bool _417 = (type == 1u);
constant bool _425 = (type == 2u);
constant bool _434 = (type == 3u);
constant bool _445 = (type == 4u);
constant bool _455 = (type == 5u);
constant bool _465 = (type == 6u);
constant bool _476 = (type == 7u);
constant bool _1251 = (type == 0u);
constant bool _1261 = (type == 1u);
constant bool _1271 = (type == 2u);
constant bool _1281 = (type == 3u);
constant bool _1291 = (type == 4u);
constant bool _1301 = (type == 5u);
constant bool _1311 = (type == 6u);
constant bool _1321 = (type == 7u);
constant bool _1336 = (type == 0u);
constant bool _1348 = (type == 1u);
constant bool _1360 = (type == 2u);
constant bool _1372 = (type == 3u);
constant bool _1384 = (type == 4u);
constant bool _1396 = (type == 5u);
constant bool _1408 = (type == 6u);
constant bool _1420 = (type == 7u);

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

constant uint _1583 = (variant / 8u);
constant uint input_ = (_1583 % 2u);
constant bool normed = (input_ == 1u);
constant uint _1621 = (variant / 16u);
constant uint part = (_1621 % 3u);
constant bool _1623 = (part == 1u);

struct Gates1
{
    float gates1[1];
};

struct Y1
{
    float y1[1];
};

constant bool _1698 = (part == 1u);

struct Gates4
{
    float4 gates4[1];
};

struct Y4
{
    float4 y4[1];
};

constant bool _2121 = (type == 0u);
constant bool _2129 = (type == 1u);
constant bool _2137 = (type == 2u);
constant bool _2145 = (type == 3u);
constant bool _2153 = (type == 4u);
constant bool _2161 = (type == 5u);
constant bool _2169 = (type == 6u);
constant bool _2177 = (type == 7u);
constant bool _2925 = (type == 0u);
constant bool _2937 = (type == 1u);
constant bool _2949 = (type == 2u);
constant bool _2961 = (type == 3u);
constant bool _2973 = (type == 4u);
constant bool _2985 = (type == 5u);
constant bool _2997 = (type == 6u);
constant bool _3009 = (type == 7u);
constant uint way = (variant / 48u);
constant bool _3031 = (way == 2u);
constant bool _3032 = (way == 3u);
constant uint _3033 = _3032 ? 32u : 64u;
constant uint team = _3031 ? 8u : _3033;
constant uint _3035 = (team - 1u);
constant uint lines = (256u / team);
constant uint _3937 = (team - 1u);
constant bool _4282 = (part == 0u);
constant bool _4287 = (part == 2u);
constant bool _4288 = (way == 0u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
uint ceil_div(thread const uint& a, thread const uint& b)
{
    return (a / b) + uint((a % b) != 0u);
}

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    uint _409;
    if (_408)
    {
        _409 = (k / 1u) * 2u;
    }
    else
    {
        uint _418;
        if (_417)
        {
            _418 = (k / 1u) * 1u;
        }
        else
        {
            uint _426;
            if (_425)
            {
                _426 = (k / 1u) * 1u;
            }
            else
            {
                uint _435;
                if (_434)
                {
                    _435 = (k / 32u) * 17u;
                }
                else
                {
                    uint _446;
                    if (_445)
                    {
                        _446 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _456;
                        if (_455)
                        {
                            _456 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _466;
                            if (_465)
                            {
                                _466 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _477;
                                if (_476)
                                {
                                    _477 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    _477 = 0u;
                                }
                                _466 = _477;
                            }
                            _456 = _466;
                        }
                        _446 = _456;
                    }
                    _435 = _446;
                }
                _426 = _435;
            }
            _418 = _426;
        }
        _409 = _418;
    }
    return _409;
}

static inline __attribute__((always_inline))
uint4 weight_words(thread const uint& i, thread bool& second, const device Second4& v_390, const device Weights4& v_399)
{
    if (second)
    {
        return v_390.second4[i];
    }
    return v_399.weights4[i];
}

static inline __attribute__((always_inline))
uint weight_word(thread const uint& i, thread bool& second, const device Second1& v_367, const device Weights1& v_378)
{
    if (second)
    {
        return v_367.second1[i];
    }
    return v_378.weights1[i];
}

static inline __attribute__((always_inline))
Unit load_unit_F32(thread const uint& row, thread const uint& u, thread bool& second, const device Second1& v_367, const device Weights1& v_378, const device Second4& v_390, const device Weights4& v_399, constant Push& push)
{
    uint last = ((row / 2u) + push.k) - 1u;
    uint at = (row / 2u) + (8u * u);
    Unit unit = Unit{ uint4(0u), uint4(0u) };
    bool _1797 = (at & 3u) == 0u;
    bool _1804;
    if (_1797)
    {
        _1804 = (at + 7u) <= last;
    }
    else
    {
        _1804 = _1797;
    }
    if (_1804)
    {
        uint param = at / 4u;
        unit.a = weight_words(param, second, v_390, v_399);
        uint param_1 = (at / 4u) + 1u;
        unit.b = weight_words(param_1, second, v_390, v_399);
    }
    else
    {
        for (uint e = 0u; e < 4u; e++)
        {
            uint param_2 = min((at + e), last);
            unit.a[e] = weight_word(param_2, second, v_367, v_378);
            uint param_3 = min(((at + 4u) + e), last);
            unit.b[e] = weight_word(param_3, second, v_367, v_378);
        }
    }
    return unit;
}

static inline __attribute__((always_inline))
Unit load_unit_F16(thread const uint& row, thread const uint& u, thread bool& second, const device Second1& v_367, const device Weights1& v_378, constant Push& push)
{
    uint last = ((row + push.k) - 1u) / 2u;
    uint at = (row + (8u * u)) / 2u;
    Unit unit = Unit{ uint4(0u), uint4(0u) };
    for (uint e = 0u; e < 4u; e++)
    {
        uint param = min((at + e), last);
        unit.a[e] = weight_word(param, second, v_367, v_378);
    }
    uint param_1 = min((at + 4u), last);
    unit.b.x = weight_word(param_1, second, v_367, v_378);
    return unit;
}

static inline __attribute__((always_inline))
Unit load_unit_Q8_0(thread const uint& row, thread const uint& u, thread bool& second, const device Second1& v_367, const device Weights1& v_378)
{
    uint h = row + ((u / 4u) * 17u);
    uint q = (h + 1u) + (4u * (u & 3u));
    Unit unit = Unit{ uint4(0u), uint4(0u) };
    uint param = q / 2u;
    unit.a.x = weight_word(param, second, v_367, v_378);
    uint param_1 = (q / 2u) + 1u;
    unit.a.y = weight_word(param_1, second, v_367, v_378);
    uint param_2 = ((q / 2u) + 1u) + (q & 1u);
    unit.a.z = weight_word(param_2, second, v_367, v_378);
    uint param_3 = h / 2u;
    unit.a.w = weight_word(param_3, second, v_367, v_378);
    return unit;
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_0(thread const uint& row, thread const uint& u, thread bool& second, const device Second1& v_367, const device Weights1& v_378)
{
    uint h = row + ((u / 4u) * 9u);
    uint q = (h + 1u) + (2u * (u & 3u));
    Unit unit = Unit{ uint4(0u), uint4(0u) };
    uint param = q / 2u;
    unit.a.x = weight_word(param, second, v_367, v_378);
    uint param_1 = (q / 2u) + (q & 1u);
    unit.a.y = weight_word(param_1, second, v_367, v_378);
    uint param_2 = h / 2u;
    unit.a.w = weight_word(param_2, second, v_367, v_378);
    return unit;
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_1(thread const uint& row, thread const uint& u, thread bool& second, const device Second1& v_367, const device Weights1& v_378)
{
    uint at = (row / 2u) + ((u / 4u) * 5u);
    Unit unit = Unit{ uint4(0u), uint4(0u) };
    uint param = (at + 1u) + (u & 3u);
    unit.a.x = weight_word(param, second, v_367, v_378);
    uint param_1 = at;
    unit.a.w = weight_word(param_1, second, v_367, v_378);
    return unit;
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_K(thread const uint& row, thread const uint& u, thread bool& second, const device Second1& v_367, const device Weights1& v_378)
{
    uint at = (row / 2u) + ((u / 32u) * 36u);
    Unit unit = Unit{ uint4(0u), uint4(0u) };
    uint param = (at + 4u) + (u & 31u);
    unit.a.x = weight_word(param, second, v_367, v_378);
    uint param_1 = at;
    unit.a.w = weight_word(param_1, second, v_367, v_378);
    uint param_2 = at + 1u;
    unit.b.x = weight_word(param_2, second, v_367, v_378);
    uint param_3 = at + 2u;
    unit.b.y = weight_word(param_3, second, v_367, v_378);
    uint param_4 = at + 3u;
    unit.b.z = weight_word(param_4, second, v_367, v_378);
    return unit;
}

static inline __attribute__((always_inline))
Unit load_unit_Q6_K(thread const uint& row, thread const uint& u, thread bool& second, const device Second1& v_367, const device Weights1& v_378)
{
    uint h = row + ((u / 32u) * 105u);
    uint part_1 = (u / 16u) & 1u;
    uint in_part = u & 15u;
    uint low = (h + (32u * part_1)) + (2u * in_part);
    uint high = ((h + 64u) + (16u * part_1)) + (2u * (in_part & 7u));
    uint scale = ((h + 96u) + (4u * part_1)) + (in_part / 8u);
    Unit unit = Unit{ uint4(0u), uint4(0u) };
    uint param = low / 2u;
    unit.a.x = weight_word(param, second, v_367, v_378);
    uint param_1 = (low / 2u) + (low & 1u);
    unit.a.y = weight_word(param_1, second, v_367, v_378);
    uint param_2 = high / 2u;
    unit.a.z = weight_word(param_2, second, v_367, v_378);
    uint param_3 = (high / 2u) + (high & 1u);
    unit.a.w = weight_word(param_3, second, v_367, v_378);
    uint param_4 = scale / 2u;
    unit.b.x = weight_word(param_4, second, v_367, v_378);
    uint param_5 = (scale / 2u) + 1u;
    unit.b.y = weight_word(param_5, second, v_367, v_378);
    uint param_6 = (h / 2u) + 52u;
    unit.b.z = weight_word(param_6, second, v_367, v_378);
    return unit;
}

static inline __attribute__((always_inline))
Unit load_unit(thread const uint& row, thread const uint& u, thread bool& second, const device Second1& v_367, const device Weights1& v_378, const device Second4& v_390, const device Weights4& v_399, constant Push& push)
{
    Unit unit = Unit{ uint4(0u), uint4(0u) };
    if (_2121)
    {
        uint param = row;
        uint param_1 = u;
        unit = load_unit_F32(param, param_1, second, v_367, v_378, v_390, v_399, push);
    }
    if (_2129)
    {
        uint param_2 = row;
        uint param_3 = u;
        unit = load_unit_F16(param_2, param_3, second, v_367, v_378, push);
    }
    if (_2137)
    {
        uint param_4 = row;
        uint param_5 = u;
        unit = load_unit_F16(param_4, param_5, second, v_367, v_378, push);
    }
    if (_2145)
    {
        uint param_6 = row;
        uint param_7 = u;
        unit = load_unit_Q8_0(param_6, param_7, second, v_367, v_378);
    }
    if (_2153)
    {
        uint param_8 = row;
        uint param_9 = u;
        unit = load_unit_Q4_0(param_8, param_9, second, v_367, v_378);
    }
    if (_2161)
    {
        uint param_10 = row;
        uint param_11 = u;
        unit = load_unit_Q4_1(param_10, param_11, second, v_367, v_378);
    }
    if (_2169)
    {
        uint param_12 = row;
        uint param_13 = u;
        unit = load_unit_Q4_K(param_12, param_13, second, v_367, v_378);
    }
    if (_2177)
    {
        uint param_14 = row;
        uint param_15 = u;
        unit = load_unit_Q6_K(param_14, param_15, second, v_367, v_378);
    }
    return unit;
}

static inline __attribute__((always_inline))
float silu(thread const float& x)
{
    return x / (1.0 + exp(-x));
}

static inline __attribute__((always_inline))
void put_chunk(thread const uint& x, thread const uint& first, thread const uint& count, thread float& squares, const device X1& v_1457, constant Push& push, const device Norm1& v_1534, thread uint3& gl_LocalInvocationID, threadgroup float4 (&pool)[1024])
{
    float4 v;
    float4 factor;
    float _2231;
    float _2241;
    float _2285;
    float _2318;
    for (uint i = gl_LocalInvocationID.x; i < count; i += 1024u)
    {
        for (uint e = 0u; e < 4u; e++)
        {
            uint at = min(((first + i) + (e * 256u)), (push.k - 1u));
            v[e] = v_1457.x1[x + at];
            if (normed)
            {
                _2231 = v_1534.norm1[push.offset.w + at];
            }
            else
            {
                if (false)
                {
                    _2241 = v_1457.x1[(x + push.k) + at];
                }
                else
                {
                    _2241 = 1.0;
                }
                _2231 = _2241;
            }
            factor[e] = _2231;
        }
        for (uint e_1 = 0u; e_1 < 4u; e_1++)
        {
            uint to = i + (e_1 * 256u);
            if (to < count)
            {
                bool there = (first + to) < push.k;
                if (there)
                {
                    _2285 = v[e_1];
                }
                else
                {
                    _2285 = 0.0;
                }
                float value = _2285;
                if (normed)
                {
                    squares += (value * value);
                }
                else
                {
                    if (false)
                    {
                        float param = value;
                        value = silu(param);
                    }
                }
                if (there)
                {
                    _2318 = value * factor[e_1];
                }
                else
                {
                    _2318 = 0.0;
                }
                ((threadgroup float*)&pool[(to / 4u) + (to / 32u)])[to & 3u] = _2318;
            }
        }
    }
}

static inline __attribute__((always_inline))
void share_squares(thread float& squares, threadgroup float4 (&pool)[1024], thread uint& gl_SubgroupID)
{
    squares = simd_sum(squares);
    bool _2336 = simd_is_first();
    if (_2336)
    {
        ((threadgroup float*)&pool[648u + gl_SubgroupID])[0u] = squares;
    }
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
    float _2427 = eight_times_x(param, param_1, param_2, param_3, push, pool);
    return _2427;
}

static inline __attribute__((always_inline))
uint word_of(thread const uint& h, thread const uint& low, thread const uint& high)
{
    uint _498;
    if ((h & 1u) != 0u)
    {
        _498 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _498 = low;
    }
    return _498;
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
    float _2503 = eight_times_x(param_2, param_3, param_4, param_5, push, pool);
    return _2503;
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
    float _2546 = eight_times_x(param_2, param_3, param_4, param_5, push, pool);
    return _2546;
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
float4 unsigned_bytes(thread const uint& word)
{
    return float4(float(word & 255u), float((word >> 8u) & 255u), float((word >> 16u) & 255u), float(word >> 24u));
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
float2 scale_of(thread const uint3& scales, thread const uint& i)
{
    uint shift = 8u * (i & 3u);
    uint a = scales.x >> shift;
    uint b = scales.y >> shift;
    uint c = scales.z >> shift;
    float2 _585;
    if (i < 4u)
    {
        _585 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _585 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _585;
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
    if (_2925)
    {
        Unit param = unit;
        uint param_1 = row;
        uint param_2 = u;
        uint param_3 = local;
        sum = unit_times_x_F32(param, param_1, param_2, param_3, push, pool);
    }
    if (_2937)
    {
        Unit param_4 = unit;
        uint param_5 = row;
        uint param_6 = u;
        uint param_7 = local;
        sum = unit_times_x_F16(param_4, param_5, param_6, param_7, push, pool);
    }
    if (_2949)
    {
        Unit param_8 = unit;
        uint param_9 = row;
        uint param_10 = u;
        uint param_11 = local;
        sum = unit_times_x_BF16(param_8, param_9, param_10, param_11, push, pool);
    }
    if (_2961)
    {
        Unit param_12 = unit;
        uint param_13 = row;
        uint param_14 = u;
        uint param_15 = local;
        sum = unit_times_x_Q8_0(param_12, param_13, param_14, param_15, pool);
    }
    if (_2973)
    {
        Unit param_16 = unit;
        uint param_17 = row;
        uint param_18 = u;
        uint param_19 = local;
        sum = unit_times_x_Q4_0(param_16, param_17, param_18, param_19, pool);
    }
    if (_2985)
    {
        Unit param_20 = unit;
        uint param_21 = row;
        uint param_22 = u;
        uint param_23 = local;
        sum = unit_times_x_Q4_1(param_20, param_21, param_22, param_23, pool);
    }
    if (_2997)
    {
        Unit param_24 = unit;
        uint param_25 = row;
        uint param_26 = u;
        uint param_27 = local;
        sum = unit_times_x_Q4_K(param_24, param_25, param_26, param_27, pool);
    }
    if (_3009)
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
float norm_scale(thread const float& squares, constant Push& push)
{
    float _1603;
    if (push.k != 0u)
    {
        _1603 = rsqrt((squares / float(push.k)) + push.eps);
    }
    else
    {
        _1603 = 0.0;
    }
    return _1603;
}

static inline __attribute__((always_inline))
void gated_rows(thread bool& second, const device Second1& v_367, const device Weights1& v_378, const device Second4& v_390, const device Weights4& v_399, const device X1& v_1457, constant Push& push, const device Norm1& v_1534, device Y1& v_1645, thread uint3& gl_LocalInvocationID, threadgroup float4 (&pool)[1024], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_WorkGroupID)
{
    uint me = gl_LocalInvocationID.x;
    uint lane = me & _3937;
    uint line = me / team;
    uint param = push.k;
    uint param_1 = 8u;
    uint units = ceil_div(param, param_1);
    uint param_2 = push.k;
    uint halves = row_halves(param_2);
    uint3 _3958 = push.first.xyz + gl_WorkGroupID;
    uint _3959 = _3958.y;
    uint _4033;
    Unit next_gate;
    Unit next_up;
    float _4164;
    for (uint r = _3959; r < push.rows; r += push.groups.y)
    {
        uint x = push.offset.x + (r * push.ldx);
        bool there = false;
        uint3 _3983 = push.first.xyz + gl_WorkGroupID;
        uint _3984 = _3983.x;
        for (uint tile = _3984; (tile * lines) < push.n; tile += push.groups.x)
        {
            uint j = (tile * lines) + line;
            uint gate_row = (2u * push.offset.y) + (j * halves);
            uint up_row = (2u * push.offset.z) + (j * halves);
            float gate = 0.0;
            float up = 0.0;
            float squares = 0.0;
            for (uint base = 0u; base < units; base += 256u)
            {
                if (j < push.n)
                {
                    _4033 = min(units, (base + 256u));
                }
                else
                {
                    _4033 = 0u;
                }
                uint end = _4033;
                if ((base + lane) < end)
                {
                    second = false;
                    uint param_3 = gate_row;
                    uint param_4 = base + lane;
                    next_gate = load_unit(param_3, param_4, second, v_367, v_378, v_390, v_399, push);
                    second = true;
                    uint param_5 = up_row;
                    uint param_6 = base + lane;
                    next_up = load_unit(param_5, param_6, second, v_367, v_378, v_390, v_399, push);
                }
                if (!there)
                {
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    uint param_7 = x;
                    uint param_8 = 8u * base;
                    uint param_9 = 8u * min((units - base), 256u);
                    float param_10 = squares;
                    put_chunk(param_7, param_8, param_9, param_10, v_1457, push, v_1534, gl_LocalInvocationID, pool);
                    squares = param_10;
                    bool _4091;
                    if (normed)
                    {
                        _4091 = (base + 256u) >= units;
                    }
                    else
                    {
                        _4091 = normed;
                    }
                    if (_4091)
                    {
                        float param_11 = squares;
                        share_squares(param_11, pool, gl_SubgroupID);
                    }
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    there = units <= 256u;
                }
                uint _4102 = base + lane;
                for (uint u = _4102; u < end; u += team)
                {
                    Unit of_gate = next_gate;
                    Unit of_up = next_up;
                    if ((u + team) < end)
                    {
                        second = false;
                        uint param_12 = gate_row;
                        uint param_13 = u + team;
                        next_gate = load_unit(param_12, param_13, second, v_367, v_378, v_390, v_399, push);
                        second = true;
                        uint param_14 = up_row;
                        uint param_15 = u + team;
                        next_up = load_unit(param_14, param_15, second, v_367, v_378, v_390, v_399, push);
                    }
                    Unit param_16 = of_gate;
                    uint param_17 = gate_row;
                    uint param_18 = u;
                    uint param_19 = u - base;
                    gate += unit_times_x(param_16, param_17, param_18, param_19, push, pool);
                    Unit param_20 = of_up;
                    uint param_21 = up_row;
                    uint param_22 = u;
                    uint param_23 = u - base;
                    up += unit_times_x(param_20, param_21, param_22, param_23, push, pool);
                }
            }
            if (normed)
            {
                float param_24 = shared_squares(pool, gl_NumSubgroups);
                _4164 = norm_scale(param_24, push);
            }
            else
            {
                _4164 = 1.0;
            }
            float scale = _4164;
            for (uint product = 0u; product < 2u; product++)
            {
                ((threadgroup float*)&pool[(576u + (me / 4u)) + (me / 32u)])[me & 3u] = (product == 0u) ? gate : up;
                threadgroup_barrier(mem_flags::mem_threadgroup);
                bool _4195 = me < lines;
                bool _4205;
                if (_4195)
                {
                    _4205 = ((tile * lines) + me) < push.n;
                }
                else
                {
                    _4205 = _4195;
                }
                if (_4205)
                {
                    float4 sums = float4(0.0);
                    uint _4211 = me * team;
                    for (uint i = _4211; i < ((me + 1u) * team); i += 4u)
                    {
                        sums += pool[(576u + (i / 4u)) + (i / 32u)];
                    }
                    float sum = scale * ((sums.x + sums.y) + (sums.z + sums.w));
                    if (product == 0u)
                    {
                        float param_25 = sum;
                        gate = silu(param_25);
                    }
                    else
                    {
                        v_1645.y1[((push.offset2.x + (r * push.ldy)) + (tile * lines)) + me] = gate * sum;
                    }
                }
                threadgroup_barrier(mem_flags::mem_threadgroup);
            }
        }
    }
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
    float _623;
    if (left > 1u)
    {
        _623 = v.y;
    }
    else
    {
        _623 = 0.0;
    }
    float _633;
    if (left > 2u)
    {
        _633 = v.z;
    }
    else
    {
        _633 = 0.0;
    }
    float _642;
    if (left > 3u)
    {
        _642 = v.w;
    }
    else
    {
        _642 = 0.0;
    }
    return float4(v.x, _623, _633, _642);
}

static inline __attribute__((always_inline))
float4 decode_quad_F32(thread const Raw& raw, thread const uint& row, thread const uint& k, thread const uint& q)
{
    float4 param = as_type<float4>(raw.a);
    uint param_1 = k - (4u * q);
    return within(param, param_1);
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
    if (_1336)
    {
        Raw param = raw;
        uint param_1 = row;
        uint param_2 = k;
        uint param_3 = q;
        v = decode_quad_F32(param, param_1, param_2, param_3);
    }
    if (_1348)
    {
        Raw param_4 = raw;
        uint param_5 = row;
        uint param_6 = k;
        uint param_7 = q;
        v = decode_quad_F16(param_4, param_5, param_6, param_7);
    }
    if (_1360)
    {
        Raw param_8 = raw;
        uint param_9 = row;
        uint param_10 = k;
        uint param_11 = q;
        v = decode_quad_BF16(param_8, param_9, param_10, param_11);
    }
    if (_1372)
    {
        Raw param_12 = raw;
        uint param_13 = row;
        uint param_14 = k;
        uint param_15 = q;
        v = decode_quad_Q8_0(param_12, param_13, param_14, param_15);
    }
    if (_1384)
    {
        Raw param_16 = raw;
        uint param_17 = row;
        uint param_18 = k;
        uint param_19 = q;
        v = decode_quad_Q4_0(param_16, param_17, param_18, param_19);
    }
    if (_1396)
    {
        Raw param_20 = raw;
        uint param_21 = row;
        uint param_22 = k;
        uint param_23 = q;
        v = decode_quad_Q4_1(param_20, param_21, param_22, param_23);
    }
    if (_1408)
    {
        Raw param_24 = raw;
        uint param_25 = row;
        uint param_26 = k;
        uint param_27 = q;
        v = decode_quad_Q4_K(param_24, param_25, param_26, param_27);
    }
    if (_1420)
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
float4 norm_at(thread const uint& i, constant Push& push, const device Norm4& v_1525, const device Norm1& v_1534)
{
    uint at = push.offset.w + i;
    uint last = (push.offset.w + push.k) - 1u;
    bool _1512 = (at & 3u) == 0u;
    bool _1519;
    if (_1512)
    {
        _1519 = (at + 3u) <= last;
    }
    else
    {
        _1519 = _1512;
    }
    if (_1519)
    {
        return v_1525.norm4[at / 4u];
    }
    return float4(v_1534.norm1[min(at, last)], v_1534.norm1[min((at + 1u), last)], v_1534.norm1[min((at + 2u), last)], v_1534.norm1[min((at + 3u), last)]);
}

static inline __attribute__((always_inline))
float4 x_at(thread const uint& i, thread const uint& count, const device X4& v_1446, const device X1& v_1457)
{
    if (((i & 3u) == 0u) && (count >= 4u))
    {
        return v_1446.x4[i / 4u];
    }
    float4 v = float4(0.0);
    v.x = v_1457.x1[i];
    if (count > 1u)
    {
        v.y = v_1457.x1[i + 1u];
    }
    if (count > 2u)
    {
        v.z = v_1457.x1[i + 2u];
    }
    if (count > 3u)
    {
        v.w = v_1457.x1[i + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
Raw load_quad_F32(thread const uint& row, thread const uint& k, thread const uint& q, thread bool& second, const device Second1& v_367, const device Weights1& v_378, const device Second4& v_390, const device Weights4& v_399)
{
    uint last = ((row / 2u) + k) - 1u;
    uint at = (row / 2u) + (4u * q);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    bool _670 = (at & 3u) == 0u;
    bool _677;
    if (_670)
    {
        _677 = (at + 3u) <= last;
    }
    else
    {
        _677 = _670;
    }
    if (_677)
    {
        uint param = at / 4u;
        raw.a = weight_words(param, second, v_390, v_399);
    }
    else
    {
        uint param_1 = at;
        uint param_2 = min((at + 1u), last);
        uint param_3 = min((at + 2u), last);
        uint param_4 = min((at + 3u), last);
        raw.a = uint4(weight_word(param_1, second, v_367, v_378), weight_word(param_2, second, v_367, v_378), weight_word(param_3, second, v_367, v_378), weight_word(param_4, second, v_367, v_378));
    }
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_F16(thread const uint& row, thread const uint& k, thread const uint& q, thread bool& second, const device Second1& v_367, const device Weights1& v_378)
{
    uint last = ((row + k) - 1u) / 2u;
    uint at = (row + (4u * q)) / 2u;
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = at;
    raw.a.x = weight_word(param, second, v_367, v_378);
    uint param_1 = min((at + 1u), last);
    raw.a.y = weight_word(param_1, second, v_367, v_378);
    uint param_2 = min((at + 2u), last);
    raw.a.z = weight_word(param_2, second, v_367, v_378);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_scaled(thread const uint& h, thread const uint& word, thread bool& second, const device Second1& v_367, const device Weights1& v_378)
{
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = word / 2u;
    raw.a.x = weight_word(param, second, v_367, v_378);
    uint param_1 = (word / 2u) + (word & 1u);
    raw.a.y = weight_word(param_1, second, v_367, v_378);
    uint param_2 = h / 2u;
    raw.a.w = weight_word(param_2, second, v_367, v_378);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q8_0(thread const uint& row, thread const uint& k, thread const uint& q, thread bool& second, const device Second1& v_367, const device Weights1& v_378)
{
    uint h = row + ((q / 8u) * 17u);
    uint param = h;
    uint param_1 = (h + 1u) + (2u * (q & 7u));
    return load_scaled(param, param_1, second, v_367, v_378);
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_0(thread const uint& row, thread const uint& k, thread const uint& q, thread bool& second, const device Second1& v_367, const device Weights1& v_378)
{
    uint h = row + ((q / 8u) * 9u);
    uint param = h;
    uint param_1 = (h + 1u) + (2u * (q & 3u));
    return load_scaled(param, param_1, second, v_367, v_378);
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_1(thread const uint& row, thread const uint& k, thread const uint& q, thread bool& second, const device Second1& v_367, const device Weights1& v_378)
{
    uint at = (row / 2u) + ((q / 8u) * 5u);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = (at + 1u) + (q & 3u);
    raw.a.x = weight_word(param, second, v_367, v_378);
    uint param_1 = at;
    raw.a.w = weight_word(param_1, second, v_367, v_378);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_K(thread const uint& row, thread const uint& k, thread const uint& q, thread bool& second, const device Second1& v_367, const device Weights1& v_378)
{
    uint at = (row / 2u) + ((q / 64u) * 36u);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = ((at + 4u) + (((q / 16u) % 4u) * 8u)) + (q & 7u);
    raw.a.x = weight_word(param, second, v_367, v_378);
    uint param_1 = at + 1u;
    raw.a.y = weight_word(param_1, second, v_367, v_378);
    uint param_2 = at + 2u;
    raw.a.z = weight_word(param_2, second, v_367, v_378);
    uint param_3 = at;
    raw.a.w = weight_word(param_3, second, v_367, v_378);
    uint param_4 = at + 3u;
    raw.b.x = weight_word(param_4, second, v_367, v_378);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q6_K(thread const uint& row, thread const uint& k, thread const uint& q, thread bool& second, const device Second1& v_367, const device Weights1& v_378)
{
    uint h = row + ((q / 64u) * 105u);
    uint part_1 = (q / 32u) & 1u;
    uint stripe = (q / 8u) & 3u;
    uint quad_ = q & 7u;
    uint low = ((h + (32u * part_1)) + (16u * (stripe & 1u))) + (2u * quad_);
    uint high = ((h + 64u) + (16u * part_1)) + (2u * quad_);
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    uint param = low / 2u;
    raw.a.x = weight_word(param, second, v_367, v_378);
    uint param_1 = (low / 2u) + (low & 1u);
    raw.a.y = weight_word(param_1, second, v_367, v_378);
    uint param_2 = high / 2u;
    raw.a.z = weight_word(param_2, second, v_367, v_378);
    uint param_3 = (high / 2u) + (high & 1u);
    raw.a.w = weight_word(param_3, second, v_367, v_378);
    uint param_4 = (((h + 96u) + (4u * part_1)) + stripe) / 2u;
    raw.b.x = weight_word(param_4, second, v_367, v_378);
    uint param_5 = (h / 2u) + 52u;
    raw.b.y = weight_word(param_5, second, v_367, v_378);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad(thread const uint& row, thread const uint& k, thread const uint& q, thread bool& second, const device Second1& v_367, const device Weights1& v_378, const device Second4& v_390, const device Weights4& v_399)
{
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    if (_1251)
    {
        uint param = row;
        uint param_1 = k;
        uint param_2 = q;
        raw = load_quad_F32(param, param_1, param_2, second, v_367, v_378, v_390, v_399);
    }
    if (_1261)
    {
        uint param_3 = row;
        uint param_4 = k;
        uint param_5 = q;
        raw = load_quad_F16(param_3, param_4, param_5, second, v_367, v_378);
    }
    if (_1271)
    {
        uint param_6 = row;
        uint param_7 = k;
        uint param_8 = q;
        raw = load_quad_F16(param_6, param_7, param_8, second, v_367, v_378);
    }
    if (_1281)
    {
        uint param_9 = row;
        uint param_10 = k;
        uint param_11 = q;
        raw = load_quad_Q8_0(param_9, param_10, param_11, second, v_367, v_378);
    }
    if (_1291)
    {
        uint param_12 = row;
        uint param_13 = k;
        uint param_14 = q;
        raw = load_quad_Q4_0(param_12, param_13, param_14, second, v_367, v_378);
    }
    if (_1301)
    {
        uint param_15 = row;
        uint param_16 = k;
        uint param_17 = q;
        raw = load_quad_Q4_1(param_15, param_16, param_17, second, v_367, v_378);
    }
    if (_1311)
    {
        uint param_18 = row;
        uint param_19 = k;
        uint param_20 = q;
        raw = load_quad_Q4_K(param_18, param_19, param_20, second, v_367, v_378);
    }
    if (_1321)
    {
        uint param_21 = row;
        uint param_22 = k;
        uint param_23 = q;
        raw = load_quad_Q6_K(param_21, param_22, param_23, second, v_367, v_378);
    }
    return raw;
}

static inline __attribute__((always_inline))
void finish(thread const uint& r, thread const uint& j, thread const float& sum, constant Push& push, device Gates1& v_1629, device Y1& v_1645)
{
    if (_1623)
    {
        float param = sum;
        v_1629.gates1[(r * push.n) + j] = silu(param);
    }
    else
    {
        v_1645.y1[(push.offset2.x + (r * push.ldy)) + j] = v_1629.gates1[(r * push.n) + j] * sum;
    }
}

static inline __attribute__((always_inline))
void finish_quad(thread const uint& r, thread const uint& j, thread const float4& sums, constant Push& push, device Gates1& v_1629, device Y1& v_1645, device Gates4& v_1705, device Y4& v_1739)
{
    uint gate = (r * push.n) + j;
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    bool _1688 = (gate & 3u) == 0u;
    bool _1696;
    if (_1688)
    {
        _1696 = (j + 4u) <= push.n;
    }
    else
    {
        _1696 = _1688;
    }
    bool whole = _1696;
    if (whole && _1698)
    {
        float param = sums.x;
        float param_1 = sums.y;
        float param_2 = sums.z;
        float param_3 = sums.w;
        v_1705.gates4[gate / 4u] = float4(silu(param), silu(param_1), silu(param_2), silu(param_3));
    }
    else
    {
        bool _1733;
        if (whole)
        {
            _1733 = (to & 3u) == 0u;
        }
        else
        {
            _1733 = whole;
        }
        if (_1733)
        {
            v_1739.y4[to / 4u] = v_1705.gates4[gate / 4u] * sums;
        }
        else
        {
            uint e = 0u;
            for (;;)
            {
                bool _1757 = e < 4u;
                bool _1766;
                if (_1757)
                {
                    _1766 = (j + e) < push.n;
                }
                else
                {
                    _1766 = _1757;
                }
                if (_1766)
                {
                    uint param_4 = r;
                    uint param_5 = j + e;
                    float param_6 = sums[e];
                    finish(param_4, param_5, param_6, push, v_1629, v_1645);
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
void tiles(thread bool& second, const device Second1& v_367, const device Weights1& v_378, const device Second4& v_390, const device Weights4& v_399, const device X4& v_1446, const device X1& v_1457, constant Push& push, const device Norm4& v_1525, const device Norm1& v_1534, device Gates1& v_1629, device Y1& v_1645, device Gates4& v_1705, device Y4& v_1739, thread uint3& gl_LocalInvocationID, threadgroup float4 (&pool)[1024], thread uint3& gl_WorkGroupID)
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
    uint3 _3446 = push.first.xyz + gl_WorkGroupID;
    uint _3447 = _3446.y;
    spvUnsafeArray<float4, 4> v;
    spvUnsafeArray<float4, 4> up;
    float4 _3557;
    spvUnsafeArray<Raw, 4> raw;
    uint _3565;
    float4 _3649;
    uint _3746;
    for (uint tile_r = _3447; tile_r < tiles_r; tile_r += push.groups.y)
    {
        uint3 _3461 = push.first.xyz + gl_WorkGroupID;
        uint _3462 = _3461.x;
        for (uint tile_j = _3462; tile_j < tiles_j; tile_j += push.groups.x)
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
                            float4 _3535 = input_of(param_7, param_8, param_9, param_10);
                            squares[y] = param_10;
                            v[y] = _3535;
                        }
                        else
                        {
                            bool _3546 = (first + y) < push.n;
                            bool _3554;
                            if (_3546)
                            {
                                _3554 = (4u * q) < push.k;
                            }
                            else
                            {
                                _3554 = _3546;
                            }
                            bool there = _3554;
                            if (there)
                            {
                                if (second)
                                {
                                    _3565 = push.offset.z;
                                }
                                else
                                {
                                    _3565 = push.offset.y;
                                }
                                Raw param_11 = raw[y];
                                uint param_12 = (2u * _3565) + ((first + y) * halves);
                                uint param_13 = push.k;
                                uint param_14 = q;
                                _3557 = decode_quad(param_11, param_12, param_13, param_14);
                            }
                            else
                            {
                                _3557 = float4(0.0);
                            }
                            v[y] = _3557;
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
                            _3649 = norm_at(param_21, push, v_1525, v_1534);
                        }
                        else
                        {
                            _3649 = float4(1.0);
                        }
                        factor = _3649;
                    }
                    for (uint y_2 = 0u; y_2 < 4u; y_2++)
                    {
                        uint i = first + y_2;
                        if (loads_x)
                        {
                            v[y_2] = float4(0.0);
                            up[y_2] = float4(0.0);
                            bool _3680 = i < push.rows;
                            bool _3688;
                            if (_3680)
                            {
                                _3688 = (4u * q_1) < push.k;
                            }
                            else
                            {
                                _3688 = _3680;
                            }
                            if (_3688)
                            {
                                uint at = (push.offset.x + (i * push.ldx)) + (4u * q_1);
                                uint param_22 = at;
                                uint param_23 = push.k - (4u * q_1);
                                v[y_2] = x_at(param_22, param_23, v_1446, v_1457);
                                if (false)
                                {
                                    uint param_24 = at + push.k;
                                    uint param_25 = push.k - (4u * q_1);
                                    up[y_2] = x_at(param_24, param_25, v_1446, v_1457);
                                }
                            }
                        }
                        else
                        {
                            bool _3733 = i < push.n;
                            bool _3741;
                            if (_3733)
                            {
                                _3741 = (4u * q_1) < push.k;
                            }
                            else
                            {
                                _3741 = _3733;
                            }
                            if (_3741)
                            {
                                if (second)
                                {
                                    _3746 = push.offset.z;
                                }
                                else
                                {
                                    _3746 = push.offset.y;
                                }
                                uint param_26 = (2u * _3746) + (i * halves);
                                uint param_27 = push.k;
                                uint param_28 = q_1;
                                raw[y_2] = load_quad(param_26, param_27, param_28, second, v_367, v_378, v_390, v_399);
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
                    finish_quad(param_37, param_38, param_39, push, v_1629, v_1645, v_1705, v_1739);
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
void vector_rows(thread bool& second, const device Second1& v_367, const device Weights1& v_378, const device Second4& v_390, const device Weights4& v_399, const device X1& v_1457, constant Push& push, const device Norm1& v_1534, device Gates1& v_1629, device Y1& v_1645, thread uint3& gl_LocalInvocationID, threadgroup float4 (&pool)[1024], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_WorkGroupID)
{
    uint me = gl_LocalInvocationID.x;
    uint lane = me & _3035;
    uint line = me / team;
    uint param = push.k;
    uint param_1 = 8u;
    uint units = ceil_div(param, param_1);
    uint param_2 = push.k;
    uint halves = row_halves(param_2);
    uint3 _3059 = push.first.xyz + gl_WorkGroupID;
    uint _3060 = _3059.y;
    uint _3107;
    uint _3137;
    Unit next;
    for (uint r = _3060; r < push.rows; r += push.groups.y)
    {
        uint x = push.offset.x + (r * push.ldx);
        float scale = 1.0;
        bool there = false;
        uint3 _3087 = push.first.xyz + gl_WorkGroupID;
        uint _3088 = _3087.x;
        for (uint tile = _3088; (tile * lines) < push.n; tile += push.groups.x)
        {
            uint j = (tile * lines) + line;
            if (second)
            {
                _3107 = push.offset.z;
            }
            else
            {
                _3107 = push.offset.y;
            }
            uint row = (2u * _3107) + (j * halves);
            float sum = 0.0;
            float squares = 0.0;
            for (uint base = 0u; base < units; base += 256u)
            {
                if (j < push.n)
                {
                    _3137 = min(units, (base + 256u));
                }
                else
                {
                    _3137 = 0u;
                }
                uint end = _3137;
                if ((base + lane) < end)
                {
                    uint param_3 = row;
                    uint param_4 = base + lane;
                    next = load_unit(param_3, param_4, second, v_367, v_378, v_390, v_399, push);
                }
                if (!there)
                {
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    uint param_5 = x;
                    uint param_6 = 8u * base;
                    uint param_7 = 8u * min((units - base), 256u);
                    float param_8 = squares;
                    put_chunk(param_5, param_6, param_7, param_8, v_1457, push, v_1534, gl_LocalInvocationID, pool);
                    squares = param_8;
                    bool _3187;
                    if (normed)
                    {
                        _3187 = (base + 256u) >= units;
                    }
                    else
                    {
                        _3187 = normed;
                    }
                    if (_3187)
                    {
                        float param_9 = squares;
                        share_squares(param_9, pool, gl_SubgroupID);
                    }
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    there = units <= 256u;
                }
                uint _3198 = base + lane;
                for (uint u = _3198; u < end; u += team)
                {
                    Unit unit = next;
                    if ((u + team) < end)
                    {
                        uint param_10 = row;
                        uint param_11 = u + team;
                        next = load_unit(param_10, param_11, second, v_367, v_378, v_390, v_399, push);
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
            bool _3250 = me < lines;
            bool _3260;
            if (_3250)
            {
                _3260 = ((tile * lines) + me) < push.n;
            }
            else
            {
                _3260 = _3250;
            }
            if (_3260)
            {
                float4 sums = float4(0.0);
                uint _3266 = me * team;
                for (uint i = _3266; i < ((me + 1u) * team); i += 4u)
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
                finish(param_17, param_18, param_19, push, v_1629, v_1645);
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
        }
    }
}

kernel void zc_linear_gated(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], const device void* spvBufferAliasSet0Binding3 [[buffer(3)]], const device void* spvBufferAliasSet0Binding4 [[buffer(4)]], device void* spvBufferAliasSet0Binding5 [[buffer(5)]], device void* spvBufferAliasSet0Binding6 [[buffer(6)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& v_1446 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& v_378 = *(const device Weights1*)spvBufferAliasSet0Binding2;
    const device auto& v_367 = *(const device Second1*)spvBufferAliasSet0Binding3;
    const device auto& v_1525 = *(const device Norm4*)spvBufferAliasSet0Binding4;
    device auto& v_1645 = *(device Y1*)spvBufferAliasSet0Binding5;
    device auto& v_1629 = *(device Gates1*)spvBufferAliasSet0Binding6;
    const device auto& v_390 = *(const device Second4*)spvBufferAliasSet0Binding3;
    const device auto& v_399 = *(const device Weights4*)spvBufferAliasSet0Binding2;
    const device auto& v_1457 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& v_1534 = *(const device Norm1*)spvBufferAliasSet0Binding4;
    device auto& v_1705 = *(device Gates4*)spvBufferAliasSet0Binding6;
    device auto& v_1739 = *(device Y4*)spvBufferAliasSet0Binding5;
    threadgroup float4 pool[1024];
    threadgroup float group_partial[256];
    bool second = false;
    if (_4282)
    {
        gated_rows(second, v_367, v_378, v_390, v_399, v_1457, push, v_1534, v_1645, gl_LocalInvocationID, pool, gl_SubgroupID, gl_NumSubgroups, gl_WorkGroupID);
        return;
    }
    second = _4287;
    if (_4288)
    {
        tiles(second, v_367, v_378, v_390, v_399, v_1446, v_1457, push, v_1525, v_1534, v_1629, v_1645, v_1705, v_1739, gl_LocalInvocationID, pool, gl_WorkGroupID);
    }
    else
    {
        vector_rows(second, v_367, v_378, v_390, v_399, v_1457, push, v_1534, v_1629, v_1645, gl_LocalInvocationID, pool, gl_SubgroupID, gl_NumSubgroups, gl_WorkGroupID);
    }
}

