#pragma clang diagnostic ignored "-Wmissing-prototypes"

#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

struct Raw
{
    uint4 a;
    uint4 b;
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
constant bool _323 = (type == 0u);
constant bool _333 = (type == 1u);
constant bool _341 = (type == 2u);
constant bool _350 = (type == 3u);
constant bool _361 = (type == 4u);
constant bool _371 = (type == 5u);
constant bool _381 = (type == 6u);
constant bool _392 = (type == 7u);
constant bool _402 = (type == 8u);
constant bool _411 = (type == 9u);
constant bool _420 = (type == 10u);
constant bool _429 = (type == 11u);
constant bool _438 = (type == 12u);
constant bool _448 = (type == 13u);
constant bool _457 = (type == 14u);
constant bool _467 = (type == 15u);
constant bool _477 = (type == 16u);
constant bool _2306 = (type == 0u);
constant bool _2316 = (type == 1u);
constant bool _2326 = (type == 2u);
constant bool _2336 = (type == 3u);
constant bool _2346 = (type == 4u);
constant bool _2356 = (type == 5u);
constant bool _2366 = (type == 6u);
constant bool _2376 = (type == 7u);
constant bool _2386 = (type == 8u);
constant bool _2396 = (type == 9u);
constant bool _2406 = (type == 10u);
constant bool _2416 = (type == 11u);
constant bool _2426 = (type == 12u);
constant bool _2436 = (type == 13u);
constant bool _2446 = (type == 14u);
constant bool _2456 = (type == 15u);
constant bool _2466 = (type == 16u);
constant bool _2481 = (type == 0u);
constant bool _2493 = (type == 1u);
constant bool _2505 = (type == 2u);
constant bool _2517 = (type == 3u);
constant bool _2529 = (type == 4u);
constant bool _2541 = (type == 5u);
constant bool _2553 = (type == 6u);
constant bool _2565 = (type == 7u);
constant bool _2577 = (type == 8u);
constant bool _2589 = (type == 9u);
constant bool _2601 = (type == 10u);
constant bool _2613 = (type == 11u);
constant bool _2625 = (type == 12u);
constant bool _2637 = (type == 13u);
constant bool _2649 = (type == 14u);
constant bool _2661 = (type == 15u);
constant bool _2673 = (type == 16u);

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
    uint _324;
    if (_323)
    {
        _324 = (k / 1u) * 2u;
    }
    else
    {
        uint _334;
        if (_333)
        {
            _334 = (k / 1u) * 1u;
        }
        else
        {
            uint _342;
            if (_341)
            {
                _342 = (k / 1u) * 1u;
            }
            else
            {
                uint _351;
                if (_350)
                {
                    _351 = (k / 32u) * 17u;
                }
                else
                {
                    uint _362;
                    if (_361)
                    {
                        _362 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _372;
                        if (_371)
                        {
                            _372 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _382;
                            if (_381)
                            {
                                _382 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _393;
                                if (_392)
                                {
                                    _393 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    uint _403;
                                    if (_402)
                                    {
                                        _403 = (k / 32u) * 11u;
                                    }
                                    else
                                    {
                                        uint _412;
                                        if (_411)
                                        {
                                            _412 = (k / 32u) * 12u;
                                        }
                                        else
                                        {
                                            uint _421;
                                            if (_420)
                                            {
                                                _421 = (k / 256u) * 42u;
                                            }
                                            else
                                            {
                                                uint _430;
                                                if (_429)
                                                {
                                                    _430 = (k / 256u) * 55u;
                                                }
                                                else
                                                {
                                                    uint _439;
                                                    if (_438)
                                                    {
                                                        _439 = (k / 256u) * 88u;
                                                    }
                                                    else
                                                    {
                                                        uint _449;
                                                        if (_448)
                                                        {
                                                            _449 = (k / 32u) * 9u;
                                                        }
                                                        else
                                                        {
                                                            uint _458;
                                                            if (_457)
                                                            {
                                                                _458 = (k / 256u) * 68u;
                                                            }
                                                            else
                                                            {
                                                                uint _468;
                                                                if (_467)
                                                                {
                                                                    _468 = (k / 64u) * 17u;
                                                                }
                                                                else
                                                                {
                                                                    uint _478;
                                                                    if (_477)
                                                                    {
                                                                        _478 = (k / 2u) * 1u;
                                                                    }
                                                                    else
                                                                    {
                                                                        _478 = 0u;
                                                                    }
                                                                    _468 = _478;
                                                                }
                                                                _458 = _468;
                                                            }
                                                            _449 = _458;
                                                        }
                                                        _439 = _449;
                                                    }
                                                    _430 = _439;
                                                }
                                                _421 = _430;
                                            }
                                            _412 = _421;
                                        }
                                        _403 = _412;
                                    }
                                    _393 = _403;
                                }
                                _382 = _393;
                            }
                            _372 = _382;
                        }
                        _362 = _372;
                    }
                    _351 = _362;
                }
                _342 = _351;
            }
            _334 = _342;
        }
        _324 = _334;
    }
    return _324;
}

static inline __attribute__((always_inline))
Raw no_raw()
{
    return Raw{ uint4(0u), uint4(0u) };
}

static inline __attribute__((always_inline))
uint4 weight_words(thread const uint& i, const device Weights4& v_313)
{
    return v_313.weights4[i];
}

static inline __attribute__((always_inline))
uint weight_word(thread const uint& i, const device Weights1& v_301)
{
    return v_301.weights1[i];
}

static inline __attribute__((always_inline))
Raw load_quad_F32(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_301, const device Weights4& v_313)
{
    uint last = ((row / 2u) + k) - 1u;
    uint at = (row / 2u) + (4u * q);
    Raw raw = no_raw();
    bool _983 = (at & 3u) == 0u;
    bool _990;
    if (_983)
    {
        _990 = (at + 3u) <= last;
    }
    else
    {
        _990 = _983;
    }
    if (_990)
    {
        uint param = at / 4u;
        raw.a = weight_words(param, v_313);
    }
    else
    {
        uint param_1 = at;
        uint param_2 = min((at + 1u), last);
        uint param_3 = min((at + 2u), last);
        uint param_4 = min((at + 3u), last);
        raw.a = uint4(weight_word(param_1, v_301), weight_word(param_2, v_301), weight_word(param_3, v_301), weight_word(param_4, v_301));
    }
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_F16(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_301)
{
    uint last = ((row + k) - 1u) / 2u;
    uint at = (row + (4u * q)) / 2u;
    Raw raw = no_raw();
    uint param = at;
    raw.a.x = weight_word(param, v_301);
    uint param_1 = min((at + 1u), last);
    raw.a.y = weight_word(param_1, v_301);
    uint param_2 = min((at + 2u), last);
    raw.a.z = weight_word(param_2, v_301);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_scaled(thread const uint& h, thread const uint& word, const device Weights1& v_301)
{
    Raw raw = no_raw();
    uint param = word / 2u;
    raw.a.x = weight_word(param, v_301);
    uint param_1 = (word / 2u) + (word & 1u);
    raw.a.y = weight_word(param_1, v_301);
    uint param_2 = h / 2u;
    raw.a.w = weight_word(param_2, v_301);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q8_0(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_301)
{
    uint h = row + ((q / 8u) * 17u);
    uint param = h;
    uint param_1 = (h + 1u) + (2u * (q & 7u));
    return load_scaled(param, param_1, v_301);
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_0(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_301)
{
    uint h = row + ((q / 8u) * 9u);
    uint param = h;
    uint param_1 = (h + 1u) + (2u * (q & 3u));
    return load_scaled(param, param_1, v_301);
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_1(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_301)
{
    uint at = (row / 2u) + ((q / 8u) * 5u);
    Raw raw = no_raw();
    uint param = (at + 1u) + (q & 3u);
    raw.a.x = weight_word(param, v_301);
    uint param_1 = at;
    raw.a.w = weight_word(param_1, v_301);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_K(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_301)
{
    uint at = (row / 2u) + ((q / 64u) * 36u);
    Raw raw = no_raw();
    uint param = ((at + 4u) + (((q / 16u) % 4u) * 8u)) + (q & 7u);
    raw.a.x = weight_word(param, v_301);
    uint param_1 = at + 1u;
    raw.a.y = weight_word(param_1, v_301);
    uint param_2 = at + 2u;
    raw.a.z = weight_word(param_2, v_301);
    uint param_3 = at;
    raw.a.w = weight_word(param_3, v_301);
    uint param_4 = at + 3u;
    raw.b.x = weight_word(param_4, v_301);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q6_K(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_301)
{
    uint h = row + ((q / 64u) * 105u);
    uint part = (q / 32u) & 1u;
    uint stripe = (q / 8u) & 3u;
    uint quad_ = q & 7u;
    uint low = ((h + (32u * part)) + (16u * (stripe & 1u))) + (2u * quad_);
    uint high = ((h + 64u) + (16u * part)) + (2u * quad_);
    Raw raw = no_raw();
    uint param = low / 2u;
    raw.a.x = weight_word(param, v_301);
    uint param_1 = (low / 2u) + (low & 1u);
    raw.a.y = weight_word(param_1, v_301);
    uint param_2 = high / 2u;
    raw.a.z = weight_word(param_2, v_301);
    uint param_3 = (high / 2u) + (high & 1u);
    raw.a.w = weight_word(param_3, v_301);
    uint param_4 = (((h + 96u) + (4u * part)) + stripe) / 2u;
    raw.b.x = weight_word(param_4, v_301);
    uint param_5 = (h / 2u) + 52u;
    raw.b.y = weight_word(param_5, v_301);
    return raw;
}

static inline __attribute__((always_inline))
uint2 load_at(thread const uint& h, const device Weights1& v_301)
{
    uint param = h / 2u;
    uint param_1 = (h / 2u) + (h & 1u);
    return uint2(weight_word(param, v_301), weight_word(param_1, v_301));
}

static inline __attribute__((always_inline))
Raw load_quad_Q5_0(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_301)
{
    uint h = row + ((q / 8u) * 11u);
    uint param = (h + 3u) + (2u * (q & 3u));
    uint param_1 = h + 1u;
    uint param_2 = h / 2u;
    return Raw{ uint4(load_at(param, v_301), load_at(param_1, v_301)), uint4(weight_word(param_2, v_301), 0u, 0u, 0u) };
}

static inline __attribute__((always_inline))
Raw load_quad_Q5_1(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_301)
{
    uint at = (row / 2u) + ((q / 8u) * 6u);
    uint param = (at + 2u) + (q & 3u);
    uint param_1 = at + 1u;
    uint param_2 = at;
    return Raw{ uint4(weight_word(param, v_301), weight_word(param_1, v_301), 0u, weight_word(param_2, v_301)), uint4(0u) };
}

static inline __attribute__((always_inline))
Raw load_quad_Q2_K(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_301)
{
    uint at = (row / 2u) + ((q / 64u) * 21u);
    uint param = ((at + 4u) + (8u * ((q / 32u) & 1u))) + (q & 7u);
    uint param_1 = at + ((q / 16u) & 3u);
    uint param_2 = at + 20u;
    return Raw{ uint4(weight_word(param, v_301), weight_word(param_1, v_301), 0u, weight_word(param_2, v_301)), uint4(0u) };
}

static inline __attribute__((always_inline))
Raw load_quad_Q3_K(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_301)
{
    uint h = row + ((q / 64u) * 55u);
    uint word = 2u * (q & 7u);
    uint i = q / 4u;
    uint param = ((h + 16u) + (16u * ((q / 32u) & 1u))) + word;
    uint param_1 = h + word;
    uint param_2 = ((h + 48u) + ((i & 7u) / 2u)) / 2u;
    uint param_3 = ((h + 52u) + ((i & 3u) / 2u)) / 2u;
    uint param_4 = (h / 2u) + 27u;
    return Raw{ uint4(load_at(param, v_301), load_at(param_1, v_301)), uint4(weight_word(param_2, v_301), weight_word(param_3, v_301), weight_word(param_4, v_301), 0u) };
}

static inline __attribute__((always_inline))
Raw load_quad_Q5_K(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_301)
{
    uint at = (row / 2u) + ((q / 64u) * 44u);
    uint param = ((at + 12u) + (((q / 16u) % 4u) * 8u)) + (q & 7u);
    uint param_1 = at + 1u;
    uint param_2 = at + 2u;
    uint param_3 = at;
    uint param_4 = at + 3u;
    uint param_5 = (at + 4u) + (q & 7u);
    return Raw{ uint4(weight_word(param, v_301), weight_word(param_1, v_301), weight_word(param_2, v_301), weight_word(param_3, v_301)), uint4(weight_word(param_4, v_301), weight_word(param_5, v_301), 0u, 0u) };
}

static inline __attribute__((always_inline))
Raw load_quad_IQ4_XS(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_301)
{
    uint at = (row / 2u) + ((q / 64u) * 34u);
    uint param = ((at + 2u) + (((q / 8u) % 8u) * 4u)) + (q & 3u);
    uint param_1 = at + 1u;
    uint param_2 = at;
    return Raw{ uint4(weight_word(param, v_301), weight_word(param_1, v_301), 0u, weight_word(param_2, v_301)), uint4(0u) };
}

static inline __attribute__((always_inline))
uint mxfp4_at(thread const uint& row, thread const uint& b)
{
    return row + ((17u * b) / 2u);
}

static inline __attribute__((always_inline))
Raw load_quad_MXFP4(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_301)
{
    uint param = row;
    uint param_1 = q / 8u;
    uint h = mxfp4_at(param, param_1);
    uint word = q & 3u;
    uint param_2 = ((h + ((q / 8u) & 1u)) / 2u) + word;
    uint param_3 = ((h / 2u) + word) + 1u;
    uint param_4 = h / 2u;
    return Raw{ uint4(weight_word(param_2, v_301), weight_word(param_3, v_301), 0u, weight_word(param_4, v_301)), uint4(0u) };
}

static inline __attribute__((always_inline))
Raw load_quad_F8_E4M3(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_301)
{
    uint last = (row + ((k - 1u) / 2u)) / 2u;
    uint at = (row + (2u * q)) / 2u;
    uint param = at;
    uint param_1 = min((at + 1u), last);
    return Raw{ uint4(weight_word(param, v_301), weight_word(param_1, v_301), 0u, 0u), uint4(0u) };
}

static inline __attribute__((always_inline))
Raw load_quad(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_301, const device Weights4& v_313)
{
    Raw raw = no_raw();
    if (_2306)
    {
        uint param = row;
        uint param_1 = k;
        uint param_2 = q;
        raw = load_quad_F32(param, param_1, param_2, v_301, v_313);
    }
    if (_2316)
    {
        uint param_3 = row;
        uint param_4 = k;
        uint param_5 = q;
        raw = load_quad_F16(param_3, param_4, param_5, v_301);
    }
    if (_2326)
    {
        uint param_6 = row;
        uint param_7 = k;
        uint param_8 = q;
        raw = load_quad_F16(param_6, param_7, param_8, v_301);
    }
    if (_2336)
    {
        uint param_9 = row;
        uint param_10 = k;
        uint param_11 = q;
        raw = load_quad_Q8_0(param_9, param_10, param_11, v_301);
    }
    if (_2346)
    {
        uint param_12 = row;
        uint param_13 = k;
        uint param_14 = q;
        raw = load_quad_Q4_0(param_12, param_13, param_14, v_301);
    }
    if (_2356)
    {
        uint param_15 = row;
        uint param_16 = k;
        uint param_17 = q;
        raw = load_quad_Q4_1(param_15, param_16, param_17, v_301);
    }
    if (_2366)
    {
        uint param_18 = row;
        uint param_19 = k;
        uint param_20 = q;
        raw = load_quad_Q4_K(param_18, param_19, param_20, v_301);
    }
    if (_2376)
    {
        uint param_21 = row;
        uint param_22 = k;
        uint param_23 = q;
        raw = load_quad_Q6_K(param_21, param_22, param_23, v_301);
    }
    if (_2386)
    {
        uint param_24 = row;
        uint param_25 = k;
        uint param_26 = q;
        raw = load_quad_Q5_0(param_24, param_25, param_26, v_301);
    }
    if (_2396)
    {
        uint param_27 = row;
        uint param_28 = k;
        uint param_29 = q;
        raw = load_quad_Q5_1(param_27, param_28, param_29, v_301);
    }
    if (_2406)
    {
        uint param_30 = row;
        uint param_31 = k;
        uint param_32 = q;
        raw = load_quad_Q2_K(param_30, param_31, param_32, v_301);
    }
    if (_2416)
    {
        uint param_33 = row;
        uint param_34 = k;
        uint param_35 = q;
        raw = load_quad_Q3_K(param_33, param_34, param_35, v_301);
    }
    if (_2426)
    {
        uint param_36 = row;
        uint param_37 = k;
        uint param_38 = q;
        raw = load_quad_Q5_K(param_36, param_37, param_38, v_301);
    }
    if (_2436)
    {
        uint param_39 = row;
        uint param_40 = k;
        uint param_41 = q;
        raw = load_quad_Q4_0(param_39, param_40, param_41, v_301);
    }
    if (_2446)
    {
        uint param_42 = row;
        uint param_43 = k;
        uint param_44 = q;
        raw = load_quad_IQ4_XS(param_42, param_43, param_44, v_301);
    }
    if (_2456)
    {
        uint param_45 = row;
        uint param_46 = k;
        uint param_47 = q;
        raw = load_quad_MXFP4(param_45, param_46, param_47, v_301);
    }
    if (_2466)
    {
        uint param_48 = row;
        uint param_49 = k;
        uint param_50 = q;
        raw = load_quad_F8_E4M3(param_48, param_49, param_50, v_301);
    }
    return raw;
}

static inline __attribute__((always_inline))
float4 within(thread const float4& v, thread const uint& left)
{
    float _938;
    if (left > 1u)
    {
        _938 = v.y;
    }
    else
    {
        _938 = 0.0;
    }
    float _948;
    if (left > 2u)
    {
        _948 = v.z;
    }
    else
    {
        _948 = 0.0;
    }
    float _957;
    if (left > 3u)
    {
        _957 = v.w;
    }
    else
    {
        _957 = 0.0;
    }
    return float4(v.x, _938, _948, _957);
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
    uint _507;
    if ((h & 1u) != 0u)
    {
        _507 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _507 = low;
    }
    return _507;
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
    float2 _593;
    if (i < 4u)
    {
        _593 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _593 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _593;
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
uint fifth_bits(thread const uint& bits)
{
    return (((bits & 15u) * 2113665u) << 4u) & 269488144u;
}

static inline __attribute__((always_inline))
float4 decode_quad_Q5_0(thread const Raw& raw, thread const uint& row, thread const uint& k, thread const uint& q)
{
    uint h = row + (q / 8u);
    uint param = h + 1u;
    uint param_1 = raw.a.x;
    uint param_2 = raw.a.y;
    uint low = (word_of(param, param_1, param_2) >> (q & 4u)) & 252645135u;
    uint param_3 = h + 1u;
    uint param_4 = raw.a.z;
    uint param_5 = raw.a.w;
    uint param_6 = word_of(param_3, param_4, param_5) >> (4u * (q & 7u));
    uint high = fifth_bits(param_6);
    uint param_7 = h;
    uint param_8 = raw.b.x;
    uint param_9 = low | high;
    return (unsigned_bytes(param_9) - float4(16.0)) * float_of(param_7, param_8);
}

static inline __attribute__((always_inline))
float4 decode_quad_Q5_1(thread const Raw& raw, thread const uint& row, thread const uint& k, thread const uint& q)
{
    float2 scale = float2(as_type<half2>(raw.a.w));
    uint param = raw.a.y >> (4u * (q & 7u));
    uint number = ((raw.a.x >> (q & 4u)) & 252645135u) | fifth_bits(param);
    uint param_1 = number;
    return (unsigned_bytes(param_1) * scale.x) + float4(scale.y);
}

static inline __attribute__((always_inline))
float4 decode_quad_Q2_K(thread const Raw& raw, thread const uint& row, thread const uint& k, thread const uint& q)
{
    uint number = raw.a.y >> (8u * ((q / 4u) & 3u));
    float2 scale = float2(as_type<half2>(raw.a.w)) * float2(float(number & 15u), float((number >> 4u) & 15u));
    uint param = (raw.a.x >> (2u * ((q / 8u) & 3u))) & 50529027u;
    return (unsigned_bytes(param) * scale.x) - float4(scale.y);
}

static inline __attribute__((always_inline))
float4 decode_quad_Q3_K(thread const Raw& raw, thread const uint& row, thread const uint& k, thread const uint& q)
{
    uint h = row + (q / 64u);
    uint i = (q / 4u) & 15u;
    uint param = h;
    uint param_1 = raw.a.x;
    uint param_2 = raw.a.y;
    uint low = (word_of(param, param_1, param_2) >> (2u * ((q / 8u) & 3u))) & 50529027u;
    uint param_3 = h;
    uint param_4 = raw.a.z;
    uint param_5 = raw.a.w;
    uint high = (word_of(param_3, param_4, param_5) >> ((q / 8u) & 7u)) & 16843009u;
    uint shift = 8u * (i & 1u);
    uint a = (raw.b.x >> (((16u * ((h + ((i & 7u) / 2u)) & 1u)) + shift) + ((i / 8u) * 4u))) & 15u;
    uint b = (raw.b.y >> (((16u * ((h + ((i & 3u) / 2u)) & 1u)) + shift) + ((i / 4u) * 2u))) & 3u;
    uint param_6 = h;
    uint param_7 = raw.b.z;
    uint param_8 = low | (high << 2u);
    return (unsigned_bytes(param_8) - float4(4.0)) * (float_of(param_6, param_7) * float(int(a | (b << 4u)) - 32));
}

static inline __attribute__((always_inline))
float4 decode_quad_Q5_K(thread const Raw& raw, thread const uint& row, thread const uint& k, thread const uint& q)
{
    uint3 param = uint3(raw.a.y, raw.a.z, raw.b.x);
    uint param_1 = (q / 8u) & 7u;
    float2 scale = float2(as_type<half2>(raw.a.w)) * scale_of(param, param_1);
    uint low = (raw.a.x >> ((q / 2u) & 4u)) & 252645135u;
    uint high = (raw.b.y >> ((q / 8u) & 7u)) & 16843009u;
    uint param_2 = low | (high << 4u);
    return (unsigned_bytes(param_2) * scale.x) - float4(scale.y);
}

static inline __attribute__((always_inline))
uint4 iq4_numbers(thread const uint4& codes)
{
    uint4 a = ((codes >> uint4(0u)) & uint4(16843009u)) * uint4(255u);
    uint4 b = ((codes >> uint4(1u)) & uint4(16843009u)) * uint4(255u);
    uint4 c = ((codes >> uint4(2u)) & uint4(16843009u)) * uint4(255u);
    uint4 d = ((codes >> uint4(3u)) & uint4(16843009u)) * uint4(255u);
    uint4 n0 = uint4(16843009u) ^ (uint4(421075225u) & a);
    uint4 n1 = uint4(757935405u) ^ (uint4(303174162u) & a);
    uint4 n2 = uint4(1330597711u) ^ (uint4(303174162u) & a);
    uint4 n3 = uint4(1785358954u) ^ (uint4(471604252u) & a);
    uint4 n4 = uint4(2172748161u) ^ (uint4(202116108u) & a);
    uint4 n5 = uint4(2576980377u) ^ (uint4(1061109567u) & a);
    uint4 n6 = uint4(3048584629u) ^ (uint4(1886417008u) & a);
    uint4 n7 = uint4(3654932953u) ^ (uint4(673720360u) & a);
    n0 ^= ((n0 ^ n1) & b);
    n2 ^= ((n2 ^ n3) & b);
    n4 ^= ((n4 ^ n5) & b);
    n6 ^= ((n6 ^ n7) & b);
    n0 ^= ((n0 ^ n2) & c);
    n4 ^= ((n4 ^ n6) & c);
    return n0 ^ ((n0 ^ n4) & d);
}

static inline __attribute__((always_inline))
float4 decode_quad_IQ4_NL(thread const Raw& raw, thread const uint& row, thread const uint& k, thread const uint& q)
{
    uint h = row + (q / 8u);
    uint param = h + 1u;
    uint param_1 = raw.a.x;
    uint param_2 = raw.a.y;
    uint word = word_of(param, param_1, param_2);
    uint param_3 = h;
    uint param_4 = raw.a.w;
    uint4 param_5 = uint4(word >> (q & 4u));
    uint param_6 = iq4_numbers(param_5).x;
    return (unsigned_bytes(param_6) - float4(128.0)) * float_of(param_3, param_4);
}

static inline __attribute__((always_inline))
float iq4_xs_scale(thread const uint2& head, thread const uint& i)
{
    uint number = ((head.y >> (4u * i)) & 15u) | (((head.x >> (16u + (2u * i))) & 3u) << 4u);
    return float2(as_type<half2>(head.x)).x * float(int(number) - 32);
}

static inline __attribute__((always_inline))
float4 decode_quad_IQ4_XS(thread const Raw& raw, thread const uint& row, thread const uint& k, thread const uint& q)
{
    uint2 param = raw.a.wy;
    uint param_1 = (q / 8u) & 7u;
    uint4 param_2 = uint4(raw.a.x >> (q & 4u));
    uint param_3 = iq4_numbers(param_2).x;
    return (unsigned_bytes(param_3) - float4(128.0)) * iq4_xs_scale(param, param_1);
}

static inline __attribute__((always_inline))
uint mxfp4_bit(thread const uint& h, thread const uint& b)
{
    return ((16u * h) + (8u * (b & 1u))) & 31u;
}

static inline __attribute__((always_inline))
float e8m0(thread uint& exponent)
{
    exponent &= 255u;
    uint _819;
    if (exponent < 2u)
    {
        _819 = 2097152u << exponent;
    }
    else
    {
        _819 = (exponent - 1u) << 23u;
    }
    return as_type<float>(_819);
}

static inline __attribute__((always_inline))
uint4 fp4_numbers(thread const uint4& codes)
{
    uint4 size = codes & uint4(117901063u);
    uint4 more = codes & (((codes >> uint4(2u)) & uint4(16843009u)) * uint4(3u));
    size += (more + ((more & (more >> uint4(1u))) << uint4(1u)));
    return (uint4(269488144u) + size) - ((size & (((codes >> uint4(3u)) & uint4(16843009u)) * uint4(255u))) << uint4(1u));
}

static inline __attribute__((always_inline))
float4 decode_quad_MXFP4(thread const Raw& raw, thread const uint& row, thread const uint& k, thread const uint& q)
{
    uint param = row;
    uint param_1 = q / 8u;
    uint param_2 = mxfp4_at(param, param_1);
    uint param_3 = q / 8u;
    uint scale = mxfp4_bit(param_2, param_3);
    uint shift = (scale + 8u) & 31u;
    uint word = (raw.a.x >> shift) | ((raw.a.y << (31u - shift)) << 1u);
    uint param_4 = raw.a.w >> scale;
    float _2242 = e8m0(param_4);
    uint4 param_5 = uint4(word >> (q & 4u));
    uint param_6 = fp4_numbers(param_5).x;
    return (unsigned_bytes(param_6) - float4(16.0)) * _2242;
}

static inline __attribute__((always_inline))
float4 f8_e4m3(thread const uint& word)
{
    float2 a = float2(as_type<half2>(((word << 7u) & 1065369472u) + 536879104u));
    float2 b = float2(as_type<half2>(((word >> 1u) & 1065369472u) + 536879104u));
    float4 v = float4(a.x, b.x, a.y, b.y);
    v = fast::min(v, (v * 2.0) - float4(0.015625));
    v = select(v, float4(as_type<float>(2143289344u)), v > float4(464.0));
    return as_type<float4>(as_type<uint4>(v) | (uint4(word << 24u, word << 16u, word << 8u, word) & uint4(2147483648u)));
}

static inline __attribute__((always_inline))
float4 decode_quad_F8_E4M3(thread const Raw& raw, thread const uint& row, thread const uint& k, thread const uint& q)
{
    uint param = row;
    uint param_1 = raw.a.x;
    uint param_2 = raw.a.y;
    uint param_3 = word_of(param, param_1, param_2);
    float4 param_4 = f8_e4m3(param_3);
    uint param_5 = k - (4u * q);
    return within(param_4, param_5);
}

static inline __attribute__((always_inline))
float4 decode_quad(thread const Raw& raw, thread const uint& row, thread const uint& k, thread const uint& q)
{
    float4 v = float4(0.0);
    if (_2481)
    {
        Raw param = raw;
        uint param_1 = row;
        uint param_2 = k;
        uint param_3 = q;
        v = decode_quad_F32(param, param_1, param_2, param_3);
    }
    if (_2493)
    {
        Raw param_4 = raw;
        uint param_5 = row;
        uint param_6 = k;
        uint param_7 = q;
        v = decode_quad_F16(param_4, param_5, param_6, param_7);
    }
    if (_2505)
    {
        Raw param_8 = raw;
        uint param_9 = row;
        uint param_10 = k;
        uint param_11 = q;
        v = decode_quad_BF16(param_8, param_9, param_10, param_11);
    }
    if (_2517)
    {
        Raw param_12 = raw;
        uint param_13 = row;
        uint param_14 = k;
        uint param_15 = q;
        v = decode_quad_Q8_0(param_12, param_13, param_14, param_15);
    }
    if (_2529)
    {
        Raw param_16 = raw;
        uint param_17 = row;
        uint param_18 = k;
        uint param_19 = q;
        v = decode_quad_Q4_0(param_16, param_17, param_18, param_19);
    }
    if (_2541)
    {
        Raw param_20 = raw;
        uint param_21 = row;
        uint param_22 = k;
        uint param_23 = q;
        v = decode_quad_Q4_1(param_20, param_21, param_22, param_23);
    }
    if (_2553)
    {
        Raw param_24 = raw;
        uint param_25 = row;
        uint param_26 = k;
        uint param_27 = q;
        v = decode_quad_Q4_K(param_24, param_25, param_26, param_27);
    }
    if (_2565)
    {
        Raw param_28 = raw;
        uint param_29 = row;
        uint param_30 = k;
        uint param_31 = q;
        v = decode_quad_Q6_K(param_28, param_29, param_30, param_31);
    }
    if (_2577)
    {
        Raw param_32 = raw;
        uint param_33 = row;
        uint param_34 = k;
        uint param_35 = q;
        v = decode_quad_Q5_0(param_32, param_33, param_34, param_35);
    }
    if (_2589)
    {
        Raw param_36 = raw;
        uint param_37 = row;
        uint param_38 = k;
        uint param_39 = q;
        v = decode_quad_Q5_1(param_36, param_37, param_38, param_39);
    }
    if (_2601)
    {
        Raw param_40 = raw;
        uint param_41 = row;
        uint param_42 = k;
        uint param_43 = q;
        v = decode_quad_Q2_K(param_40, param_41, param_42, param_43);
    }
    if (_2613)
    {
        Raw param_44 = raw;
        uint param_45 = row;
        uint param_46 = k;
        uint param_47 = q;
        v = decode_quad_Q3_K(param_44, param_45, param_46, param_47);
    }
    if (_2625)
    {
        Raw param_48 = raw;
        uint param_49 = row;
        uint param_50 = k;
        uint param_51 = q;
        v = decode_quad_Q5_K(param_48, param_49, param_50, param_51);
    }
    if (_2637)
    {
        Raw param_52 = raw;
        uint param_53 = row;
        uint param_54 = k;
        uint param_55 = q;
        v = decode_quad_IQ4_NL(param_52, param_53, param_54, param_55);
    }
    if (_2649)
    {
        Raw param_56 = raw;
        uint param_57 = row;
        uint param_58 = k;
        uint param_59 = q;
        v = decode_quad_IQ4_XS(param_56, param_57, param_58, param_59);
    }
    if (_2661)
    {
        Raw param_60 = raw;
        uint param_61 = row;
        uint param_62 = k;
        uint param_63 = q;
        v = decode_quad_MXFP4(param_60, param_61, param_62, param_63);
    }
    if (_2673)
    {
        Raw param_64 = raw;
        uint param_65 = row;
        uint param_66 = k;
        uint param_67 = q;
        v = decode_quad_F8_E4M3(param_64, param_65, param_66, param_67);
    }
    return v;
}

static inline __attribute__((always_inline))
float4 quad(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_301, const device Weights4& v_313)
{
    uint param = row;
    uint param_1 = k;
    uint param_2 = q;
    Raw param_3 = load_quad(param, param_1, param_2, v_301, v_313);
    uint param_4 = row;
    uint param_5 = k;
    uint param_6 = q;
    return decode_quad(param_3, param_4, param_5, param_6);
}

kernel void zc_embed(constant Push& push [[buffer(0)]], const device Ids1& _2744 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], device void* spvBufferAliasSet0Binding3 [[buffer(3)]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]])
{
    const device auto& v_301 = *(const device Weights1*)spvBufferAliasSet0Binding2;
    device auto& _2833 = *(device Out4*)spvBufferAliasSet0Binding3;
    const device auto& v_313 = *(const device Weights4*)spvBufferAliasSet0Binding2;
    device auto& _2869 = *(device Out1*)spvBufferAliasSet0Binding3;
    uint quads = (push.dim / 4u) + uint((push.dim & 3u) != 0u);
    uint3 _2728 = push.first.xyz + gl_WorkGroupID;
    uint _2729 = _2728.y;
    float4 _2837;
    float _2874;
    for (uint r = _2729; r < push.rows; r += push.groups.y)
    {
        uint id = min(_2744.ids1[push.offset.x + r], (push.vocab - 1u));
        uint param = push.dim;
        uint row = (2u * push.offset.y) + (id * row_halves(param));
        uint _2779 = ((push.first.xyz + gl_WorkGroupID).x * 256u) + gl_LocalInvocationID.x;
        for (uint q = _2779; q < quads; q += (push.groups.x * 256u))
        {
            uint param_1 = row;
            uint param_2 = push.dim;
            uint param_3 = q;
            float4 v = quad(param_1, param_2, param_3, v_301, v_313);
            uint to = (push.offset.z + (r * push.ldout)) + (4u * q);
            bool add = (push.flags & 1u) != 0u;
            bool _2818 = (to & 3u) == 0u;
            bool _2827;
            if (_2818)
            {
                _2827 = ((4u * q) + 4u) <= push.dim;
            }
            else
            {
                _2827 = _2818;
            }
            if (_2827)
            {
                if (add)
                {
                    _2837 = _2833.out4[to / 4u] + v;
                }
                else
                {
                    _2837 = v;
                }
                _2833.out4[to / 4u] = _2837;
                continue;
            }
            for (uint e = 0u; e < min((push.dim - (4u * q)), 4u); e++)
            {
                if (add)
                {
                    _2874 = _2869.out1[to + e] + v[e];
                }
                else
                {
                    _2874 = v[e];
                }
                _2869.out1[to + e] = _2874;
            }
        }
    }
}

