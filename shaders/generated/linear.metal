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
    uint4 b;
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
constant uint type = (variant % 17u);
constant bool _1154 = (type == 0u);
constant bool _1162 = (type == 1u);
constant bool _1170 = (type == 2u);
constant bool _1178 = (type == 3u);
constant bool _1187 = (type == 4u);
constant bool _1197 = (type == 5u);
constant bool _1207 = (type == 6u);
constant bool _1218 = (type == 7u);
constant bool _1227 = (type == 8u);
constant bool _1236 = (type == 9u);
constant bool _1245 = (type == 10u);
constant bool _1254 = (type == 11u);
constant bool _1263 = (type == 12u);
constant bool _1273 = (type == 13u);
constant bool _1282 = (type == 14u);
constant bool _1292 = (type == 15u);
constant bool _1300 = (type == 16u);
constant bool _3083 = (type == 0u);
constant bool _3093 = (type == 1u);
constant bool _3103 = (type == 2u);
constant bool _3113 = (type == 3u);
constant bool _3123 = (type == 4u);
constant bool _3133 = (type == 5u);
constant bool _3143 = (type == 6u);
constant bool _3153 = (type == 7u);
constant bool _3163 = (type == 8u);
constant bool _3173 = (type == 9u);
constant bool _3183 = (type == 10u);
constant bool _3193 = (type == 11u);
constant bool _3203 = (type == 12u);
constant bool _3213 = (type == 13u);
constant bool _3223 = (type == 14u);
constant bool _3233 = (type == 15u);
constant bool _3243 = (type == 16u);
constant bool _3258 = (type == 0u);
constant bool _3270 = (type == 1u);
constant bool _3282 = (type == 2u);
constant bool _3294 = (type == 3u);
constant bool _3306 = (type == 4u);
constant bool _3318 = (type == 5u);
constant bool _3330 = (type == 6u);
constant bool _3342 = (type == 7u);
constant bool _3354 = (type == 8u);
constant bool _3366 = (type == 9u);
constant bool _3378 = (type == 10u);
constant bool _3390 = (type == 11u);
constant bool _3402 = (type == 12u);
constant bool _3414 = (type == 13u);
constant bool _3426 = (type == 14u);
constant bool _3438 = (type == 15u);
constant bool _3450 = (type == 16u);

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

constant uint _3585 = (variant / 17u);
constant uint input_ = (_3585 % 3u);
constant bool gated = (input_ == 2u);
constant bool normed = (input_ == 1u);
constant bool _4015 = (type == 10u);
constant bool _4016 = (type == 11u);
constant bool _4017 = (_4015 || _4016);
constant bool _4018 = (type == 12u);
constant bool runs_apart = (_4017 || _4018);
constant bool _4420 = (type == 10u);
constant bool _4421 = (type == 11u);
constant bool _4422 = (_4420 || _4421);
constant bool _4434 = (type == 10u);
constant bool _4441 = (type == 11u);
constant bool _4442 = (type == 12u);
constant bool _4443 = (_4441 || _4442);
constant bool _4465 = (type == 11u);
constant bool _4486 = (type == 8u);
constant bool _4487 = (type == 9u);
constant bool _4488 = (_4486 || _4487);
constant bool _4518 = (type == 15u);
constant bool _4564 = (type == 12u);
constant bool _4582 = (type == 10u);
constant bool _4602 = (type == 11u);
constant bool _4620 = (type == 9u);
constant bool _4631 = (type == 15u);
constant bool _4640 = (type == 14u);
constant bool _4658 = (type == 13u);
constant bool _4659 = (type == 14u);
constant bool signed_runs = (_4658 || _4659);
constant bool _4673 = (type == 0u);
constant bool _4681 = (type == 1u);
constant bool _4689 = (type == 2u);
constant bool _4697 = (type == 3u);
constant bool _4705 = (type == 4u);
constant bool _4713 = (type == 5u);
constant bool _4721 = (type == 6u);
constant bool _4729 = (type == 7u);
constant bool _4737 = (type == 8u);
constant bool _4745 = (type == 9u);
constant bool _4753 = (type == 10u);
constant bool _4761 = (type == 11u);
constant bool _4769 = (type == 12u);
constant bool _4777 = (type == 13u);
constant bool _4785 = (type == 14u);
constant bool _4793 = (type == 15u);
constant bool _4801 = (type == 16u);
constant uint way = (variant / 51u);
constant bool _4822 = (way <= 2u);
constant bool _4823 = (way == 4u);
constant bool _4824 = (way == 5u);
constant bool _4825 = (_4823 || _4824);
constant bool _4826 = (way == 12u);
constant bool _4827 = (_4825 || _4826);
constant bool _4828 = (way == 15u);
constant bool _4829 = (_4827 || _4828);
constant uint _4830 = _4829 ? 4u : 2u;
constant uint ROWS = _4822 ? 1u : _4830;
constant bool _4867 = (way == 1u);
constant bool _4868 = (way == 5u);
constant bool _4869 = (way == 7u);
constant bool _4870 = (_4868 || _4869);
constant bool _4871 = (way == 12u);
constant uint _4872 = _4871 ? 16u : 32u;
constant uint _4873 = _4870 ? 8u : _4872;
constant uint TEAM = _4867 ? 64u : _4873;
constant uint _4875 = (TEAM / 4u);
constant uint _4882 = (TEAM / 4u);
constant uint _4883 = (_4882 + 1u);
constant uint _4936 = (TEAM - 1u);
constant bool _4953 = (way == 6u);
constant bool _4954 = (way == 7u);
constant bool _4955 = (way == 15u);
constant bool _4956 = (_4954 || _4955);
constant uint _4957 = _4956 ? 4u : 1u;
constant uint XS = _4953 ? 2u : _4957;
constant uint _4978 = (TEAM / 4u);
constant uint _4979 = (_4978 + 1u);
constant uint _5008 = (256u / TEAM);
constant uint GROUP_ROWS = (_5008 * ROWS);
constant uint _5010 = (GROUP_ROWS / 2u);
constant uint GROUP_LINES = false ? _5010 : GROUP_ROWS;
constant uint _5068 = (ROWS / 2u);
constant uint _5069 = false ? _5068 : ROWS;
constant bool _5202 = (XS == 1u);
constant bool _5204 = (XS == 2u);
constant uint _5207 = _5204 ? 1792u : 768u;
constant uint CHUNK = _5202 ? 3584u : _5207;
constant uint _5209 = (CHUNK / 32u);
constant uint CHUNK_QUADS = (_5209 * 9u);
constant float RUN_ZERO = signed_runs ? 384.0 : 64.0;
constant bool _6896 = (type == 0u);
constant bool _6911 = (type == 1u);
constant bool _6926 = (type == 2u);
constant bool _6941 = (type == 3u);
constant bool _6956 = (type == 4u);
constant bool _6971 = (type == 5u);
constant bool _6986 = (type == 6u);
constant bool _7001 = (type == 7u);
constant bool _7016 = (type == 8u);
constant bool _7031 = (type == 9u);
constant bool _7046 = (type == 10u);
constant bool _7061 = (type == 11u);
constant bool _7076 = (type == 12u);
constant bool _7091 = (type == 13u);
constant bool _7106 = (type == 14u);
constant bool _7121 = (type == 15u);
constant bool _7136 = (type == 16u);
constant bool _7452 = (type == 4u);
constant bool _7453 = (type == 5u);
constant bool _7454 = (_7452 || _7453);
constant bool _7455 = (type == 6u);
constant bool _7456 = (_7454 || _7455);
constant bool _7457 = (type == 8u);
constant bool _7458 = (type == 9u);
constant bool _7459 = (_7457 || _7458);
constant bool _7460 = (type == 10u);
constant bool _7461 = (_7459 || _7460);
constant bool _7462 = (type == 11u);
constant bool _7463 = (_7461 || _7462);
constant bool _7464 = (type == 12u);
constant bool _7465 = (_7463 || _7464);
constant bool _7466 = (type == 13u);
constant bool _7467 = (_7465 || _7466);
constant bool _7468 = (type == 14u);
constant bool _7469 = (_7467 || _7468);
constant bool _7470 = (type == 15u);
constant bool runs = (_7469 || _7470);
constant bool summed = (_7456 || runs);
constant uint _7481 = (TEAM - 1u);
constant bool _7484 = (type == 0u);
constant bool _7485 = (type == 1u);
constant bool _7486 = (_7484 || _7485);
constant bool _7487 = (type == 2u);
constant bool _7488 = (_7486 || _7487);
constant bool _7489 = (type == 16u);
constant bool plain = (_7488 || _7489);
constant uint UNIT = plain ? 8u : 32u;
constant uint _7514 = (256u / UNIT);
constant bool _8394 = (type == 6u);
constant bool _8395 = (_8394 || runs_apart);
constant bool _8414 = (type == 7u);
constant bool _9084 = (type == 15u);
constant bool _9148 = (type == 15u);
constant bool coded = (signed_runs || _9148);
constant bool _9262 = (type == 0u);
constant bool _9274 = (type == 1u);
constant bool _9286 = (type == 2u);
constant bool _9298 = (type == 3u);
constant bool _9310 = (type == 4u);
constant bool _9322 = (type == 5u);
constant bool _9334 = (type == 6u);
constant bool _9346 = (type == 7u);
constant bool _9358 = (type == 8u);
constant bool _9370 = (type == 9u);
constant bool _9382 = (type == 10u);
constant bool _9394 = (type == 11u);
constant bool _9406 = (type == 12u);
constant bool _9418 = (type == 13u);
constant bool _9430 = (type == 14u);
constant bool _9442 = (type == 15u);
constant bool _9454 = (type == 16u);
constant bool _9469 = (type == 3u);
constant bool _9470 = (type == 4u);
constant bool _9471 = (_9469 || _9470);
constant bool _9472 = (type == 5u);
constant bool whole_blocks = (_9471 || _9472);
constant bool _9504 = (type == 6u);
constant bool _9505 = (_9504 || runs);
constant bool _9536 = (type == 7u);
constant uint team_way = (way - 12u);
constant bool _9574 = (team_way <= 2u);
constant bool _9575 = (team_way == 4u);
constant bool _9576 = (team_way == 5u);
constant bool _9577 = (_9575 || _9576);
constant bool _9578 = (team_way == 12u);
constant bool _9579 = (_9577 || _9578);
constant bool _9580 = (team_way == 15u);
constant bool _9581 = (_9579 || _9580);
constant uint _9582 = _9581 ? 4u : 2u;
constant uint LINES = _9574 ? 1u : _9582;
constant uint _9584 = (LINES / 2u);
constant uint ELEMENTS = false ? _9584 : LINES;
constant uint LANE_QUADS = (UNIT / 4u);
constant bool _9915 = (way == 0u);
constant bool _9920 = (way > 12u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

constant spvUnsafeArray<float4, 16> _5586 = spvUnsafeArray<float4, 16>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0) });
constant spvUnsafeArray<float4, 2> _7182 = spvUnsafeArray<float4, 2>({ float4(0.0), float4(0.0) });
constant spvUnsafeArray<float4, 4> _7553 = spvUnsafeArray<float4, 4>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0) });
constant spvUnsafeArray<float, 16> _9100 = spvUnsafeArray<float, 16>({ 0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, -0.0, -1.0, -2.0, -3.0, -4.0, -6.0, -8.0, -12.0 });
constant spvUnsafeArray<float, 16> _9123 = spvUnsafeArray<float, 16>({ -127.0, -104.0, -83.0, -65.0, -49.0, -35.0, -22.0, -10.0, 1.0, 13.0, 25.0, 38.0, 53.0, 69.0, 89.0, 113.0 });

static inline __attribute__((always_inline))
uint ceil_div(thread const uint& a, thread const uint& b)
{
    return (a / b) + uint((a % b) != 0u);
}

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    uint _1155;
    if (_1154)
    {
        _1155 = (k / 1u) * 2u;
    }
    else
    {
        uint _1163;
        if (_1162)
        {
            _1163 = (k / 1u) * 1u;
        }
        else
        {
            uint _1171;
            if (_1170)
            {
                _1171 = (k / 1u) * 1u;
            }
            else
            {
                uint _1179;
                if (_1178)
                {
                    _1179 = (k / 32u) * 17u;
                }
                else
                {
                    uint _1188;
                    if (_1187)
                    {
                        _1188 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _1198;
                        if (_1197)
                        {
                            _1198 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _1208;
                            if (_1207)
                            {
                                _1208 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _1219;
                                if (_1218)
                                {
                                    _1219 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    uint _1228;
                                    if (_1227)
                                    {
                                        _1228 = (k / 32u) * 11u;
                                    }
                                    else
                                    {
                                        uint _1237;
                                        if (_1236)
                                        {
                                            _1237 = (k / 32u) * 12u;
                                        }
                                        else
                                        {
                                            uint _1246;
                                            if (_1245)
                                            {
                                                _1246 = (k / 256u) * 42u;
                                            }
                                            else
                                            {
                                                uint _1255;
                                                if (_1254)
                                                {
                                                    _1255 = (k / 256u) * 55u;
                                                }
                                                else
                                                {
                                                    uint _1264;
                                                    if (_1263)
                                                    {
                                                        _1264 = (k / 256u) * 88u;
                                                    }
                                                    else
                                                    {
                                                        uint _1274;
                                                        if (_1273)
                                                        {
                                                            _1274 = (k / 32u) * 9u;
                                                        }
                                                        else
                                                        {
                                                            uint _1283;
                                                            if (_1282)
                                                            {
                                                                _1283 = (k / 256u) * 68u;
                                                            }
                                                            else
                                                            {
                                                                uint _1293;
                                                                if (_1292)
                                                                {
                                                                    _1293 = (k / 64u) * 17u;
                                                                }
                                                                else
                                                                {
                                                                    uint _1301;
                                                                    if (_1300)
                                                                    {
                                                                        _1301 = (k / 2u) * 1u;
                                                                    }
                                                                    else
                                                                    {
                                                                        _1301 = 0u;
                                                                    }
                                                                    _1293 = _1301;
                                                                }
                                                                _1283 = _1293;
                                                            }
                                                            _1274 = _1283;
                                                        }
                                                        _1264 = _1274;
                                                    }
                                                    _1255 = _1264;
                                                }
                                                _1246 = _1255;
                                            }
                                            _1237 = _1246;
                                        }
                                        _1228 = _1237;
                                    }
                                    _1219 = _1228;
                                }
                                _1208 = _1219;
                            }
                            _1198 = _1208;
                        }
                        _1188 = _1198;
                    }
                    _1179 = _1188;
                }
                _1171 = _1179;
            }
            _1163 = _1171;
        }
        _1155 = _1163;
    }
    return _1155;
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
    float _1751;
    if (left > 1u)
    {
        _1751 = v.y;
    }
    else
    {
        _1751 = 0.0;
    }
    float _1761;
    if (left > 2u)
    {
        _1761 = v.z;
    }
    else
    {
        _1761 = 0.0;
    }
    float _1770;
    if (left > 3u)
    {
        _1770 = v.w;
    }
    else
    {
        _1770 = 0.0;
    }
    return float4(v.x, _1751, _1761, _1770);
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
    uint _1330;
    if ((h & 1u) != 0u)
    {
        _1330 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _1330 = low;
    }
    return _1330;
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
    float2 _1416;
    if (i < 4u)
    {
        _1416 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _1416 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _1416;
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
uint bytes_with(thread const uint& codes, thread const uint& bit)
{
    return ((codes >> bit) & 16843009u) * 255u;
}

static inline __attribute__((always_inline))
uint choose(thread const uint& where_, thread const uint& yes, thread const uint& no)
{
    return no ^ ((no ^ yes) & where_);
}

static inline __attribute__((always_inline))
uint either(thread const uint& where_, thread const int& yes, thread const int& no)
{
    uint param = where_;
    uint param_1 = uint(yes & 255) * 16843009u;
    uint param_2 = uint(no & 255) * 16843009u;
    return choose(param, param_1, param_2);
}

static inline __attribute__((always_inline))
uint iq4_bytes(thread const uint& codes)
{
    uint param = codes;
    uint param_1 = 0u;
    uint a = bytes_with(param, param_1);
    uint param_2 = codes;
    uint param_3 = 1u;
    uint b = bytes_with(param_2, param_3);
    uint param_4 = codes;
    uint param_5 = 2u;
    uint c = bytes_with(param_4, param_5);
    uint param_6 = a;
    int param_7 = -10;
    int param_8 = -22;
    uint param_9 = a;
    int param_10 = -35;
    int param_11 = -49;
    uint param_12 = b;
    uint param_13 = either(param_6, param_7, param_8);
    uint param_14 = either(param_9, param_10, param_11);
    uint param_15 = a;
    int param_16 = -65;
    int param_17 = -83;
    uint param_18 = a;
    int param_19 = -104;
    int param_20 = -127;
    uint param_21 = b;
    uint param_22 = either(param_15, param_16, param_17);
    uint param_23 = either(param_18, param_19, param_20);
    uint param_24 = c;
    uint param_25 = choose(param_12, param_13, param_14);
    uint param_26 = choose(param_21, param_22, param_23);
    uint low = choose(param_24, param_25, param_26);
    uint param_27 = a;
    int param_28 = 113;
    int param_29 = 89;
    uint param_30 = a;
    int param_31 = 69;
    int param_32 = 53;
    uint param_33 = b;
    uint param_34 = either(param_27, param_28, param_29);
    uint param_35 = either(param_30, param_31, param_32);
    uint param_36 = a;
    int param_37 = 38;
    int param_38 = 25;
    uint param_39 = a;
    int param_40 = 13;
    int param_41 = 1;
    uint param_42 = b;
    uint param_43 = either(param_36, param_37, param_38);
    uint param_44 = either(param_39, param_40, param_41);
    uint param_45 = c;
    uint param_46 = choose(param_33, param_34, param_35);
    uint param_47 = choose(param_42, param_43, param_44);
    uint high = choose(param_45, param_46, param_47);
    uint param_48 = codes;
    uint param_49 = 3u;
    uint param_50 = bytes_with(param_48, param_49);
    uint param_51 = high;
    uint param_52 = low;
    return choose(param_50, param_51, param_52);
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
    uint param_5 = word >> (q & 4u);
    uint param_6 = iq4_bytes(param_5);
    return signed_bytes(param_6) * float_of(param_3, param_4);
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
    uint param_2 = raw.a.x >> (q & 4u);
    uint param_3 = iq4_bytes(param_2);
    return signed_bytes(param_3) * iq4_xs_scale(param, param_1);
}

static inline __attribute__((always_inline))
float e8m0(thread uint& exponent)
{
    exponent &= 255u;
    uint _1633;
    if (exponent < 2u)
    {
        _1633 = 2097152u << exponent;
    }
    else
    {
        _1633 = (exponent - 1u) << 23u;
    }
    return as_type<float>(_1633);
}

static inline __attribute__((always_inline))
uint fp4_bytes(thread const uint& codes)
{
    uint size = codes & 117901063u;
    uint more = codes & (((codes >> 2u) & 16843009u) * 3u);
    size += (more + ((more & (more >> 1u)) << 1u));
    uint param = codes;
    uint param_1 = 3u;
    return (269488144u + size) - ((size & bytes_with(param, param_1)) << 1u);
}

static inline __attribute__((always_inline))
float4 decode_quad_MXFP4(thread const Raw& raw, thread const uint& row, thread const uint& k, thread const uint& q)
{
    uint scale = (2u * row) + ((q / 8u) * 17u);
    uint shift = 8u * ((scale + 1u) & 3u);
    uint word = (raw.a.x >> shift) | ((raw.a.y << (31u - shift)) << 1u);
    uint param = raw.a.w >> (8u * (scale & 3u));
    float _3021 = e8m0(param);
    uint param_1 = word >> (q & 4u);
    uint param_2 = fp4_bytes(param_1);
    return (unsigned_bytes(param_2) - float4(16.0)) * _3021;
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
    if (_3258)
    {
        Raw param = raw;
        uint param_1 = row;
        uint param_2 = k;
        uint param_3 = q;
        v = decode_quad_F32(param, param_1, param_2, param_3);
    }
    if (_3270)
    {
        Raw param_4 = raw;
        uint param_5 = row;
        uint param_6 = k;
        uint param_7 = q;
        v = decode_quad_F16(param_4, param_5, param_6, param_7);
    }
    if (_3282)
    {
        Raw param_8 = raw;
        uint param_9 = row;
        uint param_10 = k;
        uint param_11 = q;
        v = decode_quad_BF16(param_8, param_9, param_10, param_11);
    }
    if (_3294)
    {
        Raw param_12 = raw;
        uint param_13 = row;
        uint param_14 = k;
        uint param_15 = q;
        v = decode_quad_Q8_0(param_12, param_13, param_14, param_15);
    }
    if (_3306)
    {
        Raw param_16 = raw;
        uint param_17 = row;
        uint param_18 = k;
        uint param_19 = q;
        v = decode_quad_Q4_0(param_16, param_17, param_18, param_19);
    }
    if (_3318)
    {
        Raw param_20 = raw;
        uint param_21 = row;
        uint param_22 = k;
        uint param_23 = q;
        v = decode_quad_Q4_1(param_20, param_21, param_22, param_23);
    }
    if (_3330)
    {
        Raw param_24 = raw;
        uint param_25 = row;
        uint param_26 = k;
        uint param_27 = q;
        v = decode_quad_Q4_K(param_24, param_25, param_26, param_27);
    }
    if (_3342)
    {
        Raw param_28 = raw;
        uint param_29 = row;
        uint param_30 = k;
        uint param_31 = q;
        v = decode_quad_Q6_K(param_28, param_29, param_30, param_31);
    }
    if (_3354)
    {
        Raw param_32 = raw;
        uint param_33 = row;
        uint param_34 = k;
        uint param_35 = q;
        v = decode_quad_Q5_0(param_32, param_33, param_34, param_35);
    }
    if (_3366)
    {
        Raw param_36 = raw;
        uint param_37 = row;
        uint param_38 = k;
        uint param_39 = q;
        v = decode_quad_Q5_1(param_36, param_37, param_38, param_39);
    }
    if (_3378)
    {
        Raw param_40 = raw;
        uint param_41 = row;
        uint param_42 = k;
        uint param_43 = q;
        v = decode_quad_Q2_K(param_40, param_41, param_42, param_43);
    }
    if (_3390)
    {
        Raw param_44 = raw;
        uint param_45 = row;
        uint param_46 = k;
        uint param_47 = q;
        v = decode_quad_Q3_K(param_44, param_45, param_46, param_47);
    }
    if (_3402)
    {
        Raw param_48 = raw;
        uint param_49 = row;
        uint param_50 = k;
        uint param_51 = q;
        v = decode_quad_Q5_K(param_48, param_49, param_50, param_51);
    }
    if (_3414)
    {
        Raw param_52 = raw;
        uint param_53 = row;
        uint param_54 = k;
        uint param_55 = q;
        v = decode_quad_IQ4_NL(param_52, param_53, param_54, param_55);
    }
    if (_3426)
    {
        Raw param_56 = raw;
        uint param_57 = row;
        uint param_58 = k;
        uint param_59 = q;
        v = decode_quad_IQ4_XS(param_56, param_57, param_58, param_59);
    }
    if (_3438)
    {
        Raw param_60 = raw;
        uint param_61 = row;
        uint param_62 = k;
        uint param_63 = q;
        v = decode_quad_MXFP4(param_60, param_61, param_62, param_63);
    }
    if (_3450)
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
float4 norm_at(thread const uint& i, constant Push& push, const device Norm4& v_3549, const device Norm1& v_3558)
{
    uint at = push.offset.w + i;
    uint last = (push.offset.w + push.k) - 1u;
    bool _3536 = (at & 3u) == 0u;
    bool _3543;
    if (_3536)
    {
        _3543 = (at + 3u) <= last;
    }
    else
    {
        _3543 = _3536;
    }
    if (_3543)
    {
        return v_3549.norm4[at / 4u];
    }
    return float4(v_3558.norm1[min(at, last)], v_3558.norm1[min((at + 1u), last)], v_3558.norm1[min((at + 2u), last)], v_3558.norm1[min((at + 3u), last)]);
}

static inline __attribute__((always_inline))
float4 x_at(thread const uint& i, thread const uint& count, const device X4& v_3476, const device X1& v_3486)
{
    if (((i & 3u) == 0u) && (count >= 4u))
    {
        return v_3476.x4[i / 4u];
    }
    float4 v = float4(0.0);
    v.x = v_3486.x1[i];
    if (count > 1u)
    {
        v.y = v_3486.x1[i + 1u];
    }
    if (count > 2u)
    {
        v.z = v_3486.x1[i + 2u];
    }
    if (count > 3u)
    {
        v.w = v_3486.x1[i + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
Raw no_raw()
{
    return Raw{ uint4(0u), uint4(0u) };
}

static inline __attribute__((always_inline))
uint4 weight_words(thread const uint& i, const device Weights4& v_1144)
{
    return v_1144.weights4[i];
}

static inline __attribute__((always_inline))
uint weight_word(thread const uint& i, const device Weights1& v_1134)
{
    return v_1134.weights1[i];
}

static inline __attribute__((always_inline))
Raw load_quad_F32(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_1134, const device Weights4& v_1144)
{
    uint last = ((row / 2u) + k) - 1u;
    uint at = (row / 2u) + (4u * q);
    Raw raw = no_raw();
    bool _1796 = (at & 3u) == 0u;
    bool _1803;
    if (_1796)
    {
        _1803 = (at + 3u) <= last;
    }
    else
    {
        _1803 = _1796;
    }
    if (_1803)
    {
        uint param = at / 4u;
        raw.a = weight_words(param, v_1144);
    }
    else
    {
        uint param_1 = at;
        uint param_2 = min((at + 1u), last);
        uint param_3 = min((at + 2u), last);
        uint param_4 = min((at + 3u), last);
        raw.a = uint4(weight_word(param_1, v_1134), weight_word(param_2, v_1134), weight_word(param_3, v_1134), weight_word(param_4, v_1134));
    }
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_F16(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_1134)
{
    uint last = ((row + k) - 1u) / 2u;
    uint at = (row + (4u * q)) / 2u;
    Raw raw = no_raw();
    uint param = at;
    raw.a.x = weight_word(param, v_1134);
    uint param_1 = min((at + 1u), last);
    raw.a.y = weight_word(param_1, v_1134);
    uint param_2 = min((at + 2u), last);
    raw.a.z = weight_word(param_2, v_1134);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_scaled(thread const uint& h, thread const uint& word, const device Weights1& v_1134)
{
    Raw raw = no_raw();
    uint param = word / 2u;
    raw.a.x = weight_word(param, v_1134);
    uint param_1 = (word / 2u) + (word & 1u);
    raw.a.y = weight_word(param_1, v_1134);
    uint param_2 = h / 2u;
    raw.a.w = weight_word(param_2, v_1134);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q8_0(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_1134)
{
    uint h = row + ((q / 8u) * 17u);
    uint param = h;
    uint param_1 = (h + 1u) + (2u * (q & 7u));
    return load_scaled(param, param_1, v_1134);
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_0(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_1134)
{
    uint h = row + ((q / 8u) * 9u);
    uint param = h;
    uint param_1 = (h + 1u) + (2u * (q & 3u));
    return load_scaled(param, param_1, v_1134);
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_1(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_1134)
{
    uint at = (row / 2u) + ((q / 8u) * 5u);
    Raw raw = no_raw();
    uint param = (at + 1u) + (q & 3u);
    raw.a.x = weight_word(param, v_1134);
    uint param_1 = at;
    raw.a.w = weight_word(param_1, v_1134);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q4_K(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_1134)
{
    uint at = (row / 2u) + ((q / 64u) * 36u);
    Raw raw = no_raw();
    uint param = ((at + 4u) + (((q / 16u) % 4u) * 8u)) + (q & 7u);
    raw.a.x = weight_word(param, v_1134);
    uint param_1 = at + 1u;
    raw.a.y = weight_word(param_1, v_1134);
    uint param_2 = at + 2u;
    raw.a.z = weight_word(param_2, v_1134);
    uint param_3 = at;
    raw.a.w = weight_word(param_3, v_1134);
    uint param_4 = at + 3u;
    raw.b.x = weight_word(param_4, v_1134);
    return raw;
}

static inline __attribute__((always_inline))
Raw load_quad_Q6_K(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_1134)
{
    uint h = row + ((q / 64u) * 105u);
    uint part = (q / 32u) & 1u;
    uint stripe = (q / 8u) & 3u;
    uint quad_ = q & 7u;
    uint low = ((h + (32u * part)) + (16u * (stripe & 1u))) + (2u * quad_);
    uint high = ((h + 64u) + (16u * part)) + (2u * quad_);
    Raw raw = no_raw();
    uint param = low / 2u;
    raw.a.x = weight_word(param, v_1134);
    uint param_1 = (low / 2u) + (low & 1u);
    raw.a.y = weight_word(param_1, v_1134);
    uint param_2 = high / 2u;
    raw.a.z = weight_word(param_2, v_1134);
    uint param_3 = (high / 2u) + (high & 1u);
    raw.a.w = weight_word(param_3, v_1134);
    uint param_4 = (((h + 96u) + (4u * part)) + stripe) / 2u;
    raw.b.x = weight_word(param_4, v_1134);
    uint param_5 = (h / 2u) + 52u;
    raw.b.y = weight_word(param_5, v_1134);
    return raw;
}

static inline __attribute__((always_inline))
uint2 load_at(thread const uint& h, const device Weights1& v_1134)
{
    uint param = h / 2u;
    uint param_1 = (h / 2u) + (h & 1u);
    return uint2(weight_word(param, v_1134), weight_word(param_1, v_1134));
}

static inline __attribute__((always_inline))
Raw load_quad_Q5_0(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_1134)
{
    uint h = row + ((q / 8u) * 11u);
    uint param = (h + 3u) + (2u * (q & 3u));
    uint param_1 = h + 1u;
    uint param_2 = h / 2u;
    return Raw{ uint4(load_at(param, v_1134), load_at(param_1, v_1134)), uint4(weight_word(param_2, v_1134), 0u, 0u, 0u) };
}

static inline __attribute__((always_inline))
Raw load_quad_Q5_1(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_1134)
{
    uint at = (row / 2u) + ((q / 8u) * 6u);
    uint param = (at + 2u) + (q & 3u);
    uint param_1 = at + 1u;
    uint param_2 = at;
    return Raw{ uint4(weight_word(param, v_1134), weight_word(param_1, v_1134), 0u, weight_word(param_2, v_1134)), uint4(0u) };
}

static inline __attribute__((always_inline))
Raw load_quad_Q2_K(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_1134)
{
    uint at = (row / 2u) + ((q / 64u) * 21u);
    uint param = ((at + 4u) + (8u * ((q / 32u) & 1u))) + (q & 7u);
    uint param_1 = at + ((q / 16u) & 3u);
    uint param_2 = at + 20u;
    return Raw{ uint4(weight_word(param, v_1134), weight_word(param_1, v_1134), 0u, weight_word(param_2, v_1134)), uint4(0u) };
}

static inline __attribute__((always_inline))
Raw load_quad_Q3_K(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_1134)
{
    uint h = row + ((q / 64u) * 55u);
    uint word = 2u * (q & 7u);
    uint i = q / 4u;
    uint param = ((h + 16u) + (16u * ((q / 32u) & 1u))) + word;
    uint param_1 = h + word;
    uint param_2 = ((h + 48u) + ((i & 7u) / 2u)) / 2u;
    uint param_3 = ((h + 52u) + ((i & 3u) / 2u)) / 2u;
    uint param_4 = (h / 2u) + 27u;
    return Raw{ uint4(load_at(param, v_1134), load_at(param_1, v_1134)), uint4(weight_word(param_2, v_1134), weight_word(param_3, v_1134), weight_word(param_4, v_1134), 0u) };
}

static inline __attribute__((always_inline))
Raw load_quad_Q5_K(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_1134)
{
    uint at = (row / 2u) + ((q / 64u) * 44u);
    uint param = ((at + 12u) + (((q / 16u) % 4u) * 8u)) + (q & 7u);
    uint param_1 = at + 1u;
    uint param_2 = at + 2u;
    uint param_3 = at;
    uint param_4 = at + 3u;
    uint param_5 = (at + 4u) + (q & 7u);
    return Raw{ uint4(weight_word(param, v_1134), weight_word(param_1, v_1134), weight_word(param_2, v_1134), weight_word(param_3, v_1134)), uint4(weight_word(param_4, v_1134), weight_word(param_5, v_1134), 0u, 0u) };
}

static inline __attribute__((always_inline))
Raw load_quad_IQ4_XS(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_1134)
{
    uint at = (row / 2u) + ((q / 64u) * 34u);
    uint param = ((at + 2u) + (((q / 8u) % 8u) * 4u)) + (q & 3u);
    uint param_1 = at + 1u;
    uint param_2 = at;
    return Raw{ uint4(weight_word(param, v_1134), weight_word(param_1, v_1134), 0u, weight_word(param_2, v_1134)), uint4(0u) };
}

static inline __attribute__((always_inline))
Raw load_quad_MXFP4(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_1134)
{
    uint scale = (2u * row) + ((q / 8u) * 17u);
    uint at = (scale + 1u) + (4u * (q & 3u));
    uint param = at / 4u;
    uint param_1 = (at + 3u) / 4u;
    uint param_2 = scale / 4u;
    return Raw{ uint4(weight_word(param, v_1134), weight_word(param_1, v_1134), 0u, weight_word(param_2, v_1134)), uint4(0u) };
}

static inline __attribute__((always_inline))
Raw load_quad_F8_E4M3(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_1134)
{
    uint last = (row + ((k - 1u) / 2u)) / 2u;
    uint at = (row + (2u * q)) / 2u;
    uint param = at;
    uint param_1 = min((at + 1u), last);
    return Raw{ uint4(weight_word(param, v_1134), weight_word(param_1, v_1134), 0u, 0u), uint4(0u) };
}

static inline __attribute__((always_inline))
Raw load_quad(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_1134, const device Weights4& v_1144)
{
    Raw raw = no_raw();
    if (_3083)
    {
        uint param = row;
        uint param_1 = k;
        uint param_2 = q;
        raw = load_quad_F32(param, param_1, param_2, v_1134, v_1144);
    }
    if (_3093)
    {
        uint param_3 = row;
        uint param_4 = k;
        uint param_5 = q;
        raw = load_quad_F16(param_3, param_4, param_5, v_1134);
    }
    if (_3103)
    {
        uint param_6 = row;
        uint param_7 = k;
        uint param_8 = q;
        raw = load_quad_F16(param_6, param_7, param_8, v_1134);
    }
    if (_3113)
    {
        uint param_9 = row;
        uint param_10 = k;
        uint param_11 = q;
        raw = load_quad_Q8_0(param_9, param_10, param_11, v_1134);
    }
    if (_3123)
    {
        uint param_12 = row;
        uint param_13 = k;
        uint param_14 = q;
        raw = load_quad_Q4_0(param_12, param_13, param_14, v_1134);
    }
    if (_3133)
    {
        uint param_15 = row;
        uint param_16 = k;
        uint param_17 = q;
        raw = load_quad_Q4_1(param_15, param_16, param_17, v_1134);
    }
    if (_3143)
    {
        uint param_18 = row;
        uint param_19 = k;
        uint param_20 = q;
        raw = load_quad_Q4_K(param_18, param_19, param_20, v_1134);
    }
    if (_3153)
    {
        uint param_21 = row;
        uint param_22 = k;
        uint param_23 = q;
        raw = load_quad_Q6_K(param_21, param_22, param_23, v_1134);
    }
    if (_3163)
    {
        uint param_24 = row;
        uint param_25 = k;
        uint param_26 = q;
        raw = load_quad_Q5_0(param_24, param_25, param_26, v_1134);
    }
    if (_3173)
    {
        uint param_27 = row;
        uint param_28 = k;
        uint param_29 = q;
        raw = load_quad_Q5_1(param_27, param_28, param_29, v_1134);
    }
    if (_3183)
    {
        uint param_30 = row;
        uint param_31 = k;
        uint param_32 = q;
        raw = load_quad_Q2_K(param_30, param_31, param_32, v_1134);
    }
    if (_3193)
    {
        uint param_33 = row;
        uint param_34 = k;
        uint param_35 = q;
        raw = load_quad_Q3_K(param_33, param_34, param_35, v_1134);
    }
    if (_3203)
    {
        uint param_36 = row;
        uint param_37 = k;
        uint param_38 = q;
        raw = load_quad_Q5_K(param_36, param_37, param_38, v_1134);
    }
    if (_3213)
    {
        uint param_39 = row;
        uint param_40 = k;
        uint param_41 = q;
        raw = load_quad_Q4_0(param_39, param_40, param_41, v_1134);
    }
    if (_3223)
    {
        uint param_42 = row;
        uint param_43 = k;
        uint param_44 = q;
        raw = load_quad_IQ4_XS(param_42, param_43, param_44, v_1134);
    }
    if (_3233)
    {
        uint param_45 = row;
        uint param_46 = k;
        uint param_47 = q;
        raw = load_quad_MXFP4(param_45, param_46, param_47, v_1134);
    }
    if (_3243)
    {
        uint param_48 = row;
        uint param_49 = k;
        uint param_50 = q;
        raw = load_quad_F8_E4M3(param_48, param_49, param_50, v_1134);
    }
    return raw;
}

static inline __attribute__((always_inline))
float norm_scale(thread const float& squares, constant Push& push)
{
    float _3628;
    if (push.k != 0u)
    {
        _3628 = rsqrt((squares / float(push.k)) + push.eps);
    }
    else
    {
        _3628 = 0.0;
    }
    return _3628;
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
    float _876;
    if (abs(y) > 3.900000095367431640625)
    {
        _876 = sign(y);
    }
    else
    {
        _876 = (y * p) / q;
    }
    float erf = _876;
    return (0.5 * x) * (1.0 + erf);
}

static inline __attribute__((always_inline))
float gelu_tanh(thread const float& x)
{
    return x / (1.0 + exp((-1.5957691669464111328125) * (x + (((0.0447149984538555145263671875 * x) * x) * x))));
}

static inline __attribute__((always_inline))
void finish(thread const uint& r, thread const uint& j, thread float& sum, constant Push& push, const device Bias1& v_945, device Y1& v_978)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    uint param = 2u;
    if (has(param, push))
    {
        sum += v_945.bias1[push.offset.z + j];
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
        sum += v_978.y1[to];
    }
    v_978.y1[to] = sum;
}

static inline __attribute__((always_inline))
void finish_quad(thread const uint& r, thread const uint& j, thread float4& sums, constant Push& push, const device Bias1& v_945, device Y1& v_978, device Y4& v_1088)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    bool _1000 = (to & 3u) == 0u;
    bool _1009;
    if (_1000)
    {
        _1009 = (j + 4u) <= push.n;
    }
    else
    {
        _1009 = _1000;
    }
    if (_1009)
    {
        uint param = 2u;
        if (has(param, push))
        {
            uint at = push.offset.z + j;
            sums += float4(*(const device packed_float4*)&v_945.bias1[at]);
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
            sums += v_1088.y4[to / 4u];
        }
        v_1088.y4[to / 4u] = sums;
        return;
    }
    uint e = 0u;
    _Pragma("clang loop unroll(disable)")
    for (;;)
    {
        bool _1108 = e < 4u;
        bool _1117;
        if (_1108)
        {
            _1117 = (j + e) < push.n;
        }
        else
        {
            _1117 = _1108;
        }
        if (_1117)
        {
            uint param_12 = r;
            uint param_13 = j + e;
            float param_14 = sums[e];
            finish(param_12, param_13, param_14, push, v_945, v_978);
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
void tiles(constant Push& push, const device Bias1& v_945, device Y1& v_978, device Y4& v_1088, const device Weights1& v_1134, const device Weights4& v_1144, const device X4& v_3476, const device X1& v_3486, const device Norm4& v_3549, const device Norm1& v_3558, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID)
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
    uint3 _7831 = push.first.xyz + gl_WorkGroupID;
    uint _7832 = _7831.y;
    spvUnsafeArray<float4, 4> v;
    spvUnsafeArray<float4, 4> up;
    float4 _7940;
    spvUnsafeArray<Raw, 4> raw;
    float4 _8023;
    for (uint tile_r = _7832; tile_r < tiles_r; tile_r += push.groups.y)
    {
        uint3 _7846 = push.first.xyz + gl_WorkGroupID;
        uint _7847 = _7846.x;
        for (uint tile_j = _7847; tile_j < tiles_j; tile_j += push.groups.x)
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
                            float4 _7918 = input_of(param_7, param_8, param_9, param_10);
                            squares[y] = param_10;
                            v[y] = _7918;
                        }
                        else
                        {
                            bool _7929 = (first + y) < push.n;
                            bool _7937;
                            if (_7929)
                            {
                                _7937 = (4u * q) < push.k;
                            }
                            else
                            {
                                _7937 = _7929;
                            }
                            bool there = _7937;
                            if (there)
                            {
                                Raw param_11 = raw[y];
                                uint param_12 = (2u * push.offset.y) + ((first + y) * halves);
                                uint param_13 = push.k;
                                uint param_14 = q;
                                _7940 = decode_quad(param_11, param_12, param_13, param_14);
                            }
                            else
                            {
                                _7940 = float4(0.0);
                            }
                            v[y] = _7940;
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
                            _8023 = norm_at(param_21, push, v_3549, v_3558);
                        }
                        else
                        {
                            _8023 = float4(1.0);
                        }
                        factor = _8023;
                    }
                    _Pragma("clang loop unroll(full)")
                    for (uint y_2 = 0u; y_2 < 4u; y_2++)
                    {
                        uint i = first + y_2;
                        if (loads_x)
                        {
                            v[y_2] = float4(0.0);
                            up[y_2] = float4(0.0);
                            bool _8054 = i < push.rows;
                            bool _8062;
                            if (_8054)
                            {
                                _8062 = (4u * q_1) < push.k;
                            }
                            else
                            {
                                _8062 = _8054;
                            }
                            if (_8062)
                            {
                                uint at = (push.offset.x + (i * push.ldx)) + (4u * q_1);
                                uint param_22 = at;
                                uint param_23 = push.k - (4u * q_1);
                                v[y_2] = x_at(param_22, param_23, v_3476, v_3486);
                                if (gated)
                                {
                                    uint param_24 = at + push.k;
                                    uint param_25 = push.k - (4u * q_1);
                                    up[y_2] = x_at(param_24, param_25, v_3476, v_3486);
                                }
                            }
                        }
                        else
                        {
                            bool _8107 = i < push.n;
                            bool _8115;
                            if (_8107)
                            {
                                _8115 = (4u * q_1) < push.k;
                            }
                            else
                            {
                                _8115 = _8107;
                            }
                            if (_8115)
                            {
                                uint param_26 = (2u * push.offset.y) + (i * halves);
                                uint param_27 = push.k;
                                uint param_28 = q_1;
                                raw[y_2] = load_quad(param_26, param_27, param_28, v_1134, v_1144);
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
                    finish_quad(param_37, param_38, param_39, push, v_945, v_978, v_1088);
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
    if (_8395)
    {
        return ((((u / 2u) * 64u) + (16u * (u & 1u))) + (32u * (i / 4u))) + (4u * (i & 3u));
    }
    if (_8414)
    {
        return ((((u / 4u) * 128u) + (8u * (u & 3u))) + (32u * (i / 2u))) + (4u * (i & 1u));
    }
    return (UNIT * u) + (4u * i);
}

static inline __attribute__((always_inline))
float4 x_words(thread const uint& at, const device X1& v_3486)
{
    return float4(*(const device packed_float4*)&v_3486.x1[at]);
}

static inline __attribute__((always_inline))
float times(thread const float4& a, thread const float4& b, thread const float& sum)
{
    return fma(a.w, b.w, fma(a.z, b.z, fma(a.y, b.y, fma(a.x, b.x, sum))));
}

static inline __attribute__((always_inline))
float4 norm_words(thread const uint& at, const device Norm1& v_3558)
{
    return float4(*(const device packed_float4*)&v_3558.norm1[at]);
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
    if (_9505)
    {
        float4 param_1 = (x[0] + x[1]) + (x[2] + x[3]);
        float4 param_2 = (x[4] + x[5]) + (x[6] + x[7]);
        return float4(sum4(param_1), sum4(param_2), 0.0, 0.0);
    }
    if (_9536)
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
uint4 first_words(thread const uint& at, const device Weights1& v_1134)
{
    return uint4(*(const device packed_uint4*)&v_1134.weights1[at]);
}

static inline __attribute__((always_inline))
float line_times_x_F32(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, const device Weights1& v_1134)
{
    uint at = (row / 2u) + (8u * u);
    uint param = at + 4u;
    uint param_1 = at;
    float4 param_2 = as_type<float4>(first_words(param_1, v_1134));
    float4 param_3 = x[0];
    float param_4 = 0.0;
    float4 param_5 = as_type<float4>(first_words(param, v_1134));
    float4 param_6 = x[1];
    float param_7 = times(param_2, param_3, param_4);
    return times(param_5, param_6, param_7);
}

static inline __attribute__((always_inline))
float line_times_x_F16(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, const device Weights1& v_1134)
{
    uint param = (row / 2u) + (4u * u);
    uint4 w = first_words(param, v_1134);
    float4 param_1 = float4(float2(as_type<half2>(w.x)), float2(as_type<half2>(w.y)));
    float4 param_2 = x[0];
    float param_3 = 0.0;
    float4 param_4 = float4(float2(as_type<half2>(w.z)), float2(as_type<half2>(w.w)));
    float4 param_5 = x[1];
    float param_6 = times(param_1, param_2, param_3);
    return times(param_4, param_5, param_6);
}

static inline __attribute__((always_inline))
float line_times_x_BF16(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, const device Weights1& v_1134)
{
    uint param = (row / 2u) + (4u * u);
    uint4 w = first_words(param, v_1134);
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
uint2 first_shorts(thread const uint& h, const device Weights1& v_1134)
{
    return as_type<uint2>(ushort4(*(const device packed_ushort4*)((const device ushort*)&v_1134.weights1[0] + h)));
}

static inline __attribute__((always_inline))
float4 bytes_and_384(thread const uint& w)
{
    float2 p = float2(as_type<half2>(((w << 2u) & 66847740u) ^ 1577082368u));
    float2 q = float2(as_type<half2>(((w >> 6u) & 66847740u) ^ 1577082368u));
    return float4(p.x, q.x, p.y, q.y);
}

static inline __attribute__((always_inline))
uint first_short(thread const uint& h, const device Weights1& v_1134)
{
    return uint(((const device ushort*)&v_1134.weights1[0])[h]);
}

static inline __attribute__((always_inline))
float line_times_x_Q8_0(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, const device Weights1& v_1134)
{
    uint h = row + (17u * u);
    float4 sums = float4(0.0);
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 4u; i++)
    {
        uint param = (h + 1u) + (4u * i);
        uint2 w = first_shorts(param, v_1134);
        uint param_1 = w.x;
        sums = fma(bytes_and_384(param_1), x[2u * i], sums);
        uint param_2 = w.y;
        sums = fma(bytes_and_384(param_2), x[(2u * i) + 1u], sums);
    }
    uint param_3 = h;
    float4 param_4 = sums;
    return float2(as_type<half2>(first_short(param_3, v_1134))).x * fma(-384.0, of_x.x, sum4(param_4));
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
float line_times_x_Q4_0(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, const device Weights1& v_1134)
{
    uint h = row + (9u * u);
    uint param = h + 1u;
    uint param_1 = h + 5u;
    uint4 w = uint4(first_shorts(param, v_1134), first_shorts(param_1, v_1134));
    uint param_2 = h;
    uint4 param_3 = w;
    spvUnsafeArray<float4, 8> param_4;
    param_4 = x;
    return float2(as_type<half2>(first_short(param_2, v_1134))).x * fma(-72.0, of_x.x, block_times_x(param_3, param_4));
}

static inline __attribute__((always_inline))
uint first_word(thread const uint& at, const device Weights1& v_1134)
{
    return v_1134.weights1[at];
}

static inline __attribute__((always_inline))
float line_times_x_Q4_1(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, const device Weights1& v_1134)
{
    uint at = (row / 2u) + (5u * u);
    uint param = at + 1u;
    uint4 w = first_words(param, v_1134);
    uint param_1 = at;
    float2 scale = float2(as_type<half2>(first_word(param_1, v_1134)));
    uint4 param_2 = w;
    spvUnsafeArray<float4, 8> param_3;
    param_3 = x;
    return fma(scale.x, fma(-64.0, of_x.x, block_times_x(param_2, param_3)), scale.y * of_x.x);
}

static inline __attribute__((always_inline))
float line_times_x_Q4_K(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, const device Weights1& v_1134)
{
    uint at = (row / 2u) + ((u / 8u) * 36u);
    uint pair = (u / 2u) & 3u;
    uint shift = 16u * (pair & 1u);
    uint param = at;
    uint4 head = first_words(param, v_1134);
    uint param_1 = (at + 4u) + (4u * (u & 7u));
    uint4 w = first_words(param_1, v_1134);
    uint3 words = head.yzw >> uint3(shift);
    uint _8767;
    if (pair < 2u)
    {
        _8767 = words.x & 16191u;
    }
    else
    {
        _8767 = (words.z & 3855u) | ((words.x >> 2u) & 12336u);
    }
    uint scales = _8767;
    uint _8786;
    if (pair < 2u)
    {
        _8786 = words.y & 16191u;
    }
    else
    {
        _8786 = ((words.z >> 4u) & 3855u) | ((words.y >> 2u) & 12336u);
    }
    uint minima = _8786;
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
float line_times_x_Q6_K(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, const device Weights1& v_1134)
{
    uint h = row + ((u / 8u) * 105u);
    uint part = (u / 4u) & 1u;
    uint in_part = u & 3u;
    uint low = (h + (32u * part)) + (4u * in_part);
    uint param = low;
    uint2 p = first_shorts(param, v_1134);
    uint param_1 = low + 16u;
    uint2 q = first_shorts(param_1, v_1134);
    uint param_2 = ((h + 64u) + (16u * part)) + (4u * in_part);
    uint2 r = first_shorts(param_2, v_1134);
    uint param_3 = (h + 96u) + (4u * part);
    uint2 numbers = first_shorts(param_3, v_1134) >> uint2(8u * (in_part / 2u));
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
    return float2(as_type<half2>(first_short(param_20, v_1134))).x * times(param_21, param_22, param_23);
}

static inline __attribute__((always_inline))
Unit no_unit()
{
    return Unit{ uint4(0u), uint4(0u), 0u };
}

static inline __attribute__((always_inline))
Unit load_unit_F32(thread const uint& row, thread const uint& u, constant Push& push, const device Weights1& v_1134, const device Weights4& v_1144)
{
    uint last = ((row / 2u) + push.k) - 1u;
    uint at = (row / 2u) + (8u * u);
    Unit unit = no_unit();
    bool _3769 = (at & 3u) == 0u;
    bool _3776;
    if (_3769)
    {
        _3776 = (at + 7u) <= last;
    }
    else
    {
        _3776 = _3769;
    }
    if (_3776)
    {
        uint param = at / 4u;
        unit.a = weight_words(param, v_1144);
        uint param_1 = (at / 4u) + 1u;
        unit.b = weight_words(param_1, v_1144);
    }
    else
    {
        _Pragma("clang loop unroll(full)")
        for (uint e = 0u; e < 4u; e++)
        {
            uint param_2 = min((at + e), last);
            unit.a[e] = weight_word(param_2, v_1134);
            uint param_3 = min(((at + 4u) + e), last);
            unit.b[e] = weight_word(param_3, v_1134);
        }
    }
    return unit;
}

static inline __attribute__((always_inline))
Unit load_unit_F16(thread const uint& row, thread const uint& u, constant Push& push, const device Weights1& v_1134, const device Weights4& v_1144)
{
    uint h = row + (8u * u);
    uint at = h / 2u;
    uint last = ((row + push.k) - 1u) / 2u;
    Unit unit = no_unit();
    bool _3842 = (h & 7u) == 0u;
    bool _3849;
    if (_3842)
    {
        _3849 = (at + 3u) <= last;
    }
    else
    {
        _3849 = _3842;
    }
    if (_3849)
    {
        uint param = at / 4u;
        unit.a = weight_words(param, v_1144);
    }
    else
    {
        _Pragma("clang loop unroll(full)")
        for (uint e = 0u; e < 4u; e++)
        {
            uint param_1 = min((at + e), last);
            unit.a[e] = weight_word(param_1, v_1134);
        }
        uint param_2 = min((at + 4u), last);
        unit.b.x = weight_word(param_2, v_1134);
    }
    return unit;
}

static inline __attribute__((always_inline))
uint4 four_words(thread const uint& at, const device Weights1& v_1134)
{
    uint param = at;
    return first_words(param, v_1134);
}

static inline __attribute__((always_inline))
Unit load_unit_Q8_0(thread const uint& row, thread const uint& u, const device Weights1& v_1134)
{
    uint at = (row + (17u * u)) / 2u;
    uint param = at;
    uint param_1 = at + 4u;
    uint param_2 = at + 8u;
    return Unit{ four_words(param, v_1134), four_words(param_1, v_1134), weight_word(param_2, v_1134) };
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_0(thread const uint& row, thread const uint& u, const device Weights1& v_1134)
{
    uint at = (row + (9u * u)) / 2u;
    uint param = at;
    uint param_1 = at + 4u;
    return Unit{ four_words(param, v_1134), uint4(0u), weight_word(param_1, v_1134) };
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_1(thread const uint& row, thread const uint& u, const device Weights1& v_1134)
{
    uint at = (row / 2u) + (5u * u);
    uint param = at + 1u;
    uint param_1 = at;
    return Unit{ four_words(param, v_1134), uint4(0u), weight_word(param_1, v_1134) };
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_K(thread const uint& row, thread const uint& u, const device Weights1& v_1134, const device Weights4& v_1144)
{
    uint at = (row / 2u) + ((u / 8u) * 36u);
    uint quants = (at + 4u) + (4u * (u & 7u));
    if ((at & 3u) == 0u)
    {
        uint param = quants / 4u;
        uint param_1 = at / 4u;
        return Unit{ weight_words(param, v_1144), weight_words(param_1, v_1144), 0u };
    }
    uint param_2 = quants;
    uint param_3 = at;
    return Unit{ four_words(param_2, v_1134), four_words(param_3, v_1134), 0u };
}

static inline __attribute__((always_inline))
uint next_half(thread const uint& low, thread const uint& high)
{
    return (low >> 16u) | (high << 16u);
}

static inline __attribute__((always_inline))
Unit load_unit_Q6_K(thread const uint& row, thread const uint& u, const device Weights1& v_1134)
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
    uint4 a = uint4(weight_word(param, v_1134), weight_word(param_1, v_1134), weight_word(param_2, v_1134), weight_word(param_3, v_1134));
    uint param_4 = high;
    uint param_5 = high + 1u;
    uint param_6 = scales;
    uint param_7 = scales + 1u;
    uint4 b = uint4(weight_word(param_4, v_1134), weight_word(param_5, v_1134), weight_word(param_6, v_1134), weight_word(param_7, v_1134));
    if ((h & 1u) != 0u)
    {
        uint param_8 = a.x;
        uint param_9 = a.y;
        uint param_10 = low + 2u;
        uint param_11 = a.y;
        uint param_12 = weight_word(param_10, v_1134);
        uint param_13 = a.z;
        uint param_14 = a.w;
        uint param_15 = low + 10u;
        uint param_16 = a.w;
        uint param_17 = weight_word(param_15, v_1134);
        a = uint4(next_half(param_8, param_9), next_half(param_11, param_12), next_half(param_13, param_14), next_half(param_16, param_17));
        uint param_18 = b.x;
        uint param_19 = b.y;
        uint param_20 = high + 2u;
        uint param_21 = b.y;
        uint param_22 = weight_word(param_20, v_1134);
        uint param_23 = b.z;
        uint param_24 = b.w;
        uint param_25 = scales + 2u;
        uint param_26 = b.w;
        uint param_27 = weight_word(param_25, v_1134);
        b = uint4(next_half(param_18, param_19), next_half(param_21, param_22), next_half(param_23, param_24), next_half(param_26, param_27));
    }
    uint param_28 = (h / 2u) + 52u;
    return Unit{ a, b, weight_word(param_28, v_1134) };
}

static inline __attribute__((always_inline))
uint2 two_words_of(thread const uint& h, const device Weights1& v_1134)
{
    uint param = h;
    return first_shorts(param, v_1134);
}

static inline __attribute__((always_inline))
uint4 four_words_of(thread const uint& h, const device Weights1& v_1134)
{
    uint param = h;
    uint param_1 = h + 4u;
    return uint4(first_shorts(param, v_1134), first_shorts(param_1, v_1134));
}

static inline __attribute__((always_inline))
Unit load_unit_Q5_0(thread const uint& row, thread const uint& u, const device Weights1& v_1134)
{
    uint h = row + (11u * u);
    uint param = h;
    uint2 head = two_words_of(param, v_1134);
    uint param_1 = h + 3u;
    uint param_2 = head.x;
    uint param_3 = head.y;
    return Unit{ four_words_of(param_1, v_1134), uint4(head.x, 0u, 0u, 0u), next_half(param_2, param_3) };
}

static inline __attribute__((always_inline))
Unit load_unit_Q5_1(thread const uint& row, thread const uint& u, const device Weights1& v_1134)
{
    uint at = (row / 2u) + (6u * u);
    uint param = at;
    uint4 words = four_words(param, v_1134);
    uint param_1 = (2u * at) + 8u;
    return Unit{ uint4(words.zw, two_words_of(param_1, v_1134)), uint4(words.x, 0u, 0u, 0u), words.y };
}

static inline __attribute__((always_inline))
Unit load_unit_Q2_K(thread const uint& row, thread const uint& u, const device Weights1& v_1134)
{
    uint at = (row / 2u) + ((u / 8u) * 21u);
    uint part = (u / 4u) & 1u;
    uint param = ((at + 4u) + (8u * part)) + (4u * (u & 1u));
    uint4 words = four_words(param, v_1134) >> uint4(2u * (u & 2u));
    uint param_1 = (2u * at) + (4u * part);
    uint2 scales = two_words_of(param_1, v_1134) >> uint2(8u * (u & 1u));
    uint param_2 = at + 20u;
    uint _4172;
    if ((u & 2u) != 0u)
    {
        _4172 = scales.y;
    }
    else
    {
        _4172 = scales.x;
    }
    return Unit{ words, uint4(weight_word(param_2, v_1134), _4172, 0u, 0u), 0u };
}

static inline __attribute__((always_inline))
uint pairs_of(thread uint4& words)
{
    words &= uint4(50529027u);
    return ((words.x | (words.y << 2u)) | (words.z << 4u)) | (words.w << 6u);
}

static inline __attribute__((always_inline))
Unit load_unit_Q3_K(thread const uint& row, thread const uint& u, const device Weights1& v_1134)
{
    uint h = row + ((u / 8u) * 55u);
    uint part = (u / 4u) & 1u;
    uint pair = (u / 2u) & 3u;
    uint param = ((h + 16u) + (16u * part)) + (8u * (u & 1u));
    uint4 words = four_words_of(param, v_1134) >> uint4(2u * (u & 2u));
    uint param_1 = h + (8u * (u & 1u));
    uint4 high = four_words_of(param_1, v_1134) >> uint4(2u * pair);
    uint param_2 = h + 48u;
    uint2 a = two_words_of(param_2, v_1134);
    uint param_3 = h + 51u;
    uint2 b = two_words_of(param_3, v_1134);
    uint _4243;
    if ((pair & 1u) != 0u)
    {
        _4243 = a.y;
    }
    else
    {
        _4243 = a.x;
    }
    uint four = _4243 >> (4u * part);
    uint param_4 = b.x;
    uint param_5 = b.y;
    uint two = next_half(param_4, param_5) >> (2u * pair);
    uint scales = ((four & 252645135u) | ((two & 50529027u) << 4u)) >> (8u * (u & 1u));
    uint4 param_6 = high;
    uint _4285 = pairs_of(param_6);
    return Unit{ words, uint4(b.y >> 16u, scales, 0u, 0u), _4285 };
}

static inline __attribute__((always_inline))
Unit load_unit_Q5_K(thread const uint& row, thread const uint& u, const device Weights1& v_1134)
{
    uint at = (row / 2u) + ((u / 8u) * 44u);
    uint param = (at + 4u) + (4u * (u & 1u));
    uint4 high = four_words(param, v_1134) >> uint4(2u * ((u / 2u) & 3u));
    uint param_1 = (at + 12u) + (4u * (u & 7u));
    uint param_2 = at;
    uint4 param_3 = high;
    uint _4324 = pairs_of(param_3);
    return Unit{ four_words(param_1, v_1134), four_words(param_2, v_1134), _4324 };
}

static inline __attribute__((always_inline))
uint half_at(thread const uint& h, const device Weights1& v_1134)
{
    uint param = h;
    return first_short(param, v_1134);
}

static inline __attribute__((always_inline))
Unit load_unit_IQ4_NL(thread const uint& row, thread const uint& u, const device Weights1& v_1134)
{
    uint h = row + (9u * u);
    uint param = h + 1u;
    uint param_1 = h;
    return Unit{ four_words_of(param, v_1134), uint4(half_at(param_1, v_1134), 0u, 0u, 0u), 0u };
}

static inline __attribute__((always_inline))
Unit load_unit_IQ4_XS(thread const uint& row, thread const uint& u, const device Weights1& v_1134)
{
    uint at = (row / 2u) + ((u / 8u) * 34u);
    uint param = (at + 2u) + (4u * (u & 7u));
    uint param_1 = 2u * at;
    return Unit{ four_words(param, v_1134), uint4(two_words_of(param_1, v_1134), 0u, 0u), 0u };
}

static inline __attribute__((always_inline))
Unit load_unit_MXFP4(thread const uint& row, thread const uint& u, const device Weights1& v_1134)
{
    uint byte_ = (2u * row) + (17u * u);
    uint at = byte_ / 4u;
    uint shift = 8u * (byte_ & 3u);
    uint param = at;
    uint4 words = four_words(param, v_1134);
    uint param_1 = at + 4u;
    uint4 next = uint4(words.yzw, weight_word(param_1, v_1134));
    return Unit{ ((words >> uint4(shift)) >> uint4(8u)) | (next << uint4(24u - shift)), uint4(words.x >> shift, 0u, 0u, 0u), 0u };
}

static inline __attribute__((always_inline))
Unit load_unit_F8_E4M3(thread const uint& row, thread const uint& u, constant Push& push, const device Weights1& v_1134)
{
    uint at = (row + (4u * u)) / 2u;
    uint last = (row + ((push.k - 1u) / 2u)) / 2u;
    Unit unit = no_unit();
    _Pragma("clang loop unroll(full)")
    for (uint e = 0u; e < 3u; e++)
    {
        uint param = min((at + e), last);
        unit.a[e] = weight_word(param, v_1134);
    }
    return unit;
}

static inline __attribute__((always_inline))
Unit load_unit(thread const uint& row, thread const uint& u, constant Push& push, const device Weights1& v_1134, const device Weights4& v_1144)
{
    Unit unit = no_unit();
    if (_4673)
    {
        uint param = row;
        uint param_1 = u;
        unit = load_unit_F32(param, param_1, push, v_1134, v_1144);
    }
    if (_4681)
    {
        uint param_2 = row;
        uint param_3 = u;
        unit = load_unit_F16(param_2, param_3, push, v_1134, v_1144);
    }
    if (_4689)
    {
        uint param_4 = row;
        uint param_5 = u;
        unit = load_unit_F16(param_4, param_5, push, v_1134, v_1144);
    }
    if (_4697)
    {
        uint param_6 = row;
        uint param_7 = u;
        unit = load_unit_Q8_0(param_6, param_7, v_1134);
    }
    if (_4705)
    {
        uint param_8 = row;
        uint param_9 = u;
        unit = load_unit_Q4_0(param_8, param_9, v_1134);
    }
    if (_4713)
    {
        uint param_10 = row;
        uint param_11 = u;
        unit = load_unit_Q4_1(param_10, param_11, v_1134);
    }
    if (_4721)
    {
        uint param_12 = row;
        uint param_13 = u;
        unit = load_unit_Q4_K(param_12, param_13, v_1134, v_1144);
    }
    if (_4729)
    {
        uint param_14 = row;
        uint param_15 = u;
        unit = load_unit_Q6_K(param_14, param_15, v_1134);
    }
    if (_4737)
    {
        uint param_16 = row;
        uint param_17 = u;
        unit = load_unit_Q5_0(param_16, param_17, v_1134);
    }
    if (_4745)
    {
        uint param_18 = row;
        uint param_19 = u;
        unit = load_unit_Q5_1(param_18, param_19, v_1134);
    }
    if (_4753)
    {
        uint param_20 = row;
        uint param_21 = u;
        unit = load_unit_Q2_K(param_20, param_21, v_1134);
    }
    if (_4761)
    {
        uint param_22 = row;
        uint param_23 = u;
        unit = load_unit_Q3_K(param_22, param_23, v_1134);
    }
    if (_4769)
    {
        uint param_24 = row;
        uint param_25 = u;
        unit = load_unit_Q5_K(param_24, param_25, v_1134);
    }
    if (_4777)
    {
        uint param_26 = row;
        uint param_27 = u;
        unit = load_unit_IQ4_NL(param_26, param_27, v_1134);
    }
    if (_4785)
    {
        uint param_28 = row;
        uint param_29 = u;
        unit = load_unit_IQ4_XS(param_28, param_29, v_1134);
    }
    if (_4793)
    {
        uint param_30 = row;
        uint param_31 = u;
        unit = load_unit_MXFP4(param_30, param_31, v_1134);
    }
    if (_4801)
    {
        uint param_32 = row;
        uint param_33 = u;
        unit = load_unit_F8_E4M3(param_32, param_33, push, v_1134);
    }
    return unit;
}

static inline __attribute__((always_inline))
uint4 run_numbers(thread const Unit& unit, thread const uint& i)
{
    uint _4423;
    if (_4422)
    {
        _4423 = 2u * i;
    }
    else
    {
        _4423 = 4u * i;
    }
    uint4 low = unit.a >> uint4(_4423);
    if (_4434)
    {
        return low & uint4(50529027u);
    }
    if (_4443)
    {
        uint4 high = (uint4(unit.c, unit.c >> 2u, unit.c >> 4u, unit.c >> 6u) >> uint4(i)) & uint4(16843009u);
        uint4 _4466;
        if (_4465)
        {
            _4466 = (low & uint4(50529027u)) | (high << uint4(2u));
        }
        else
        {
            _4466 = (low & uint4(252645135u)) | (high << uint4(4u));
        }
        return _4466;
    }
    if (_4488)
    {
        uint high_1 = unit.c >> (16u * i);
        uint param = high_1;
        uint param_1 = high_1 >> 4u;
        uint param_2 = high_1 >> 8u;
        uint param_3 = high_1 >> 12u;
        return (low & uint4(252645135u)) | uint4(fifth_bits(param), fifth_bits(param_1), fifth_bits(param_2), fifth_bits(param_3));
    }
    uint4 _4519;
    if (_4518)
    {
        uint param_4 = low.x;
        uint param_5 = low.y;
        uint param_6 = low.z;
        uint param_7 = low.w;
        _4519 = uint4(fp4_bytes(param_4), fp4_bytes(param_5), fp4_bytes(param_6), fp4_bytes(param_7));
    }
    else
    {
        uint param_8 = low.x;
        uint param_9 = low.y;
        uint param_10 = low.z;
        uint param_11 = low.w;
        _4519 = uint4(iq4_bytes(param_8), iq4_bytes(param_9), iq4_bytes(param_10), iq4_bytes(param_11));
    }
    return _4519;
}

static inline __attribute__((always_inline))
float code_float(thread const uint& code)
{
    float _9085;
    if (_9084)
    {
        _9085 = _9100[code & 15u];
    }
    else
    {
        _9085 = _9123[code & 15u];
    }
    return _9085;
}

static inline __attribute__((always_inline))
uint run_block(thread const uint& u, thread const uint& i)
{
    uint _4020;
    if (runs_apart)
    {
        _4020 = (((u / 8u) * 8u) + (2u * ((u / 2u) & 3u))) + i;
    }
    else
    {
        _4020 = u;
    }
    return _4020;
}

static inline __attribute__((always_inline))
float2 run_scale(thread const Unit& unit, thread const uint& u, thread const uint& i)
{
    float2 d = float2(as_type<half2>(unit.b.x));
    if (_4564)
    {
        uint param = u;
        uint param_1 = i;
        uint3 param_2 = unit.b.yzw;
        uint param_3 = run_block(param, param_1) & 7u;
        return d * scale_of(param_2, param_3);
    }
    if (_4582)
    {
        uint number = unit.b.y >> (16u * i);
        return d * float2(float(number & 15u), float((number >> 4u) & 15u));
    }
    if (_4602)
    {
        return float2(1.0, 4.0) * (d.x * float(int((unit.b.y >> (16u * i)) & 63u) - 32));
    }
    if (_4620)
    {
        return float2(d.x, -d.y);
    }
    float _4632;
    if (_4631)
    {
        uint param_4 = unit.b.x;
        float _4638 = e8m0(param_4);
        _4632 = _4638;
    }
    else
    {
        float _4641;
        if (_4640)
        {
            uint2 param_5 = unit.b.xy;
            uint param_6 = u & 7u;
            _4641 = iq4_xs_scale(param_5, param_6);
        }
        else
        {
            _4641 = d.x;
        }
        _4632 = _4641;
    }
    float scale = _4632;
    float _4661;
    if (signed_runs)
    {
        _4661 = 0.0;
    }
    else
    {
        _4661 = 16.0 * scale;
    }
    return float2(scale, _4661);
}

static inline __attribute__((always_inline))
float run_line(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, constant Push& push, const device Weights1& v_1134, const device Weights4& v_1144)
{
    uint param = row;
    uint param_1 = u;
    Unit unit = load_unit(param, param_1, push, v_1134, v_1144);
    float sum = 0.0;
    uint4 _9150;
    float4 _9180;
    float _9225;
    float _9242;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 2u; i++)
    {
        if (coded)
        {
            _9150 = unit.a >> uint4(4u * i);
        }
        else
        {
            Unit param_2 = unit;
            uint param_3 = i;
            _9150 = run_numbers(param_2, param_3);
        }
        uint4 words = _9150;
        float4 sums = float4(0.0);
        _Pragma("clang loop unroll(full)")
        for (uint e = 0u; e < 4u; e++)
        {
            uint w = words[e];
            if (coded)
            {
                uint param_4 = w;
                uint param_5 = w >> 8u;
                uint param_6 = w >> 16u;
                uint param_7 = w >> 24u;
                _9180 = float4(code_float(param_4), code_float(param_5), code_float(param_6), code_float(param_7));
            }
            else
            {
                uint param_8 = w;
                _9180 = small_bytes(param_8);
            }
            float4 v = _9180;
            sums = fma(v, x[(4u * i) + e], sums);
        }
        Unit param_9 = unit;
        uint param_10 = u;
        uint param_11 = i;
        float2 d = run_scale(param_9, param_10, param_11);
        if (coded)
        {
            float4 param_12 = sums;
            _9225 = sum4(param_12);
        }
        else
        {
            float4 param_13 = sums;
            _9225 = fma(-64.0, of_x[i], sum4(param_13));
        }
        sum = fma(d.x, _9225, sum);
        if (coded)
        {
            _9242 = sum;
        }
        else
        {
            _9242 = fma(-d.y, of_x[i], sum);
        }
        sum = _9242;
    }
    return sum;
}

static inline __attribute__((always_inline))
float line_times_x_F8_E4M3(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, const device Weights1& v_1134)
{
    uint param = row + (4u * u);
    uint2 w = first_shorts(param, v_1134);
    uint param_1 = w.y;
    uint param_2 = w.x;
    float4 param_3 = f8_e4m3(param_2);
    float4 param_4 = x[0];
    float param_5 = 0.0;
    float4 param_6 = f8_e4m3(param_1);
    float4 param_7 = x[1];
    float param_8 = times(param_3, param_4, param_5);
    return times(param_6, param_7, param_8);
}

static inline __attribute__((always_inline))
float line_times_x(thread const uint& row, thread const uint& u, thread const spvUnsafeArray<float4, 8>& x, thread const float4& of_x, constant Push& push, const device Weights1& v_1134, const device Weights4& v_1144)
{
    float sum = 0.0;
    if (_9262)
    {
        uint param = row;
        uint param_1 = u;
        spvUnsafeArray<float4, 8> param_2;
        param_2 = x;
        float4 param_3 = of_x;
        sum = line_times_x_F32(param, param_1, param_2, param_3, v_1134);
    }
    if (_9274)
    {
        uint param_4 = row;
        uint param_5 = u;
        spvUnsafeArray<float4, 8> param_6;
        param_6 = x;
        float4 param_7 = of_x;
        sum = line_times_x_F16(param_4, param_5, param_6, param_7, v_1134);
    }
    if (_9286)
    {
        uint param_8 = row;
        uint param_9 = u;
        spvUnsafeArray<float4, 8> param_10;
        param_10 = x;
        float4 param_11 = of_x;
        sum = line_times_x_BF16(param_8, param_9, param_10, param_11, v_1134);
    }
    if (_9298)
    {
        uint param_12 = row;
        uint param_13 = u;
        spvUnsafeArray<float4, 8> param_14;
        param_14 = x;
        float4 param_15 = of_x;
        sum = line_times_x_Q8_0(param_12, param_13, param_14, param_15, v_1134);
    }
    if (_9310)
    {
        uint param_16 = row;
        uint param_17 = u;
        spvUnsafeArray<float4, 8> param_18;
        param_18 = x;
        float4 param_19 = of_x;
        sum = line_times_x_Q4_0(param_16, param_17, param_18, param_19, v_1134);
    }
    if (_9322)
    {
        uint param_20 = row;
        uint param_21 = u;
        spvUnsafeArray<float4, 8> param_22;
        param_22 = x;
        float4 param_23 = of_x;
        sum = line_times_x_Q4_1(param_20, param_21, param_22, param_23, v_1134);
    }
    if (_9334)
    {
        uint param_24 = row;
        uint param_25 = u;
        spvUnsafeArray<float4, 8> param_26;
        param_26 = x;
        float4 param_27 = of_x;
        sum = line_times_x_Q4_K(param_24, param_25, param_26, param_27, v_1134);
    }
    if (_9346)
    {
        uint param_28 = row;
        uint param_29 = u;
        spvUnsafeArray<float4, 8> param_30;
        param_30 = x;
        float4 param_31 = of_x;
        sum = line_times_x_Q6_K(param_28, param_29, param_30, param_31, v_1134);
    }
    if (_9358)
    {
        uint param_32 = row;
        uint param_33 = u;
        spvUnsafeArray<float4, 8> param_34;
        param_34 = x;
        float4 param_35 = of_x;
        sum = run_line(param_32, param_33, param_34, param_35, push, v_1134, v_1144);
    }
    if (_9370)
    {
        uint param_36 = row;
        uint param_37 = u;
        spvUnsafeArray<float4, 8> param_38;
        param_38 = x;
        float4 param_39 = of_x;
        sum = run_line(param_36, param_37, param_38, param_39, push, v_1134, v_1144);
    }
    if (_9382)
    {
        uint param_40 = row;
        uint param_41 = u;
        spvUnsafeArray<float4, 8> param_42;
        param_42 = x;
        float4 param_43 = of_x;
        sum = run_line(param_40, param_41, param_42, param_43, push, v_1134, v_1144);
    }
    if (_9394)
    {
        uint param_44 = row;
        uint param_45 = u;
        spvUnsafeArray<float4, 8> param_46;
        param_46 = x;
        float4 param_47 = of_x;
        sum = run_line(param_44, param_45, param_46, param_47, push, v_1134, v_1144);
    }
    if (_9406)
    {
        uint param_48 = row;
        uint param_49 = u;
        spvUnsafeArray<float4, 8> param_50;
        param_50 = x;
        float4 param_51 = of_x;
        sum = run_line(param_48, param_49, param_50, param_51, push, v_1134, v_1144);
    }
    if (_9418)
    {
        uint param_52 = row;
        uint param_53 = u;
        spvUnsafeArray<float4, 8> param_54;
        param_54 = x;
        float4 param_55 = of_x;
        sum = run_line(param_52, param_53, param_54, param_55, push, v_1134, v_1144);
    }
    if (_9430)
    {
        uint param_56 = row;
        uint param_57 = u;
        spvUnsafeArray<float4, 8> param_58;
        param_58 = x;
        float4 param_59 = of_x;
        sum = run_line(param_56, param_57, param_58, param_59, push, v_1134, v_1144);
    }
    if (_9442)
    {
        uint param_60 = row;
        uint param_61 = u;
        spvUnsafeArray<float4, 8> param_62;
        param_62 = x;
        float4 param_63 = of_x;
        sum = run_line(param_60, param_61, param_62, param_63, push, v_1134, v_1144);
    }
    if (_9454)
    {
        uint param_64 = row;
        uint param_65 = u;
        spvUnsafeArray<float4, 8> param_66;
        param_66 = x;
        float4 param_67 = of_x;
        sum = line_times_x_F8_E4M3(param_64, param_65, param_66, param_67, v_1134);
    }
    return sum;
}

static inline __attribute__((always_inline))
void lane_rows(constant Push& push, const device Bias1& v_945, device Y1& v_978, const device Weights1& v_1134, const device Weights4& v_1144, const device X1& v_3486, const device Norm1& v_3558, thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID, thread uint3& gl_WorkGroupID, thread uint& gl_SubgroupInvocationID)
{
    uint each = gl_NumSubgroups * ELEMENTS;
    uint units = push.k / UNIT;
    uint param = push.k;
    uint halves_1 = row_halves(param);
    uint lane = gl_SubgroupInvocationID;
    uint lanes = 256u / gl_NumSubgroups;
    uint3 _9607 = push.first.xyz + gl_WorkGroupID;
    uint _9608 = _9607.y;
    spvUnsafeArray<uint, 4> row;
    uint _9680;
    spvUnsafeArray<float, 4> sums;
    spvUnsafeArray<float4, 8> x;
    float _9804;
    uint _9867;
    for (uint r = _9608; r < push.rows; r += push.groups.y)
    {
        uint x_start = push.offset.x + (r * push.ldx);
        uint3 _9631 = push.first.xyz + gl_WorkGroupID;
        uint _9632 = _9631.x;
        for (uint tile = _9632; (tile * each) < push.n; tile += push.groups.x)
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
                        _9680 = y / 2u;
                    }
                    else
                    {
                        _9680 = y;
                    }
                    row[y] = (2u * push.offset.y) + (min((first + _9680), (push.n - 1u)) * halves_1);
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
                    x[i] = x_words(param_4, v_3486);
                    if (normed)
                    {
                        float4 param_5 = x[i];
                        float4 param_6 = x[i];
                        float param_7 = squares;
                        squares = times(param_5, param_6, param_7);
                        uint param_8 = push.offset.w + at;
                        x[i] *= norm_words(param_8, v_3558);
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
                        sums[y_1] += line_times_x(param_11, param_12, param_13, param_14, push, v_1134, v_1144);
                    }
                }
            }
            if (normed)
            {
                float param_15 = simd_sum(squares);
                _9804 = norm_scale(param_15, push);
            }
            else
            {
                _9804 = 1.0;
            }
            float scale = _9804;
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
                    bool _9858;
                    if (false)
                    {
                        _9858 = y_3 == ((2u * lane) + 1u);
                    }
                    else
                    {
                        _9858 = false;
                    }
                    if (_9858)
                    {
                        mine.y = sums[y_3];
                    }
                    else
                    {
                        if (false)
                        {
                            _9867 = 2u * lane;
                        }
                        else
                        {
                            _9867 = lane;
                        }
                        if (y_3 == _9867)
                        {
                            mine.x = sums[y_3];
                        }
                    }
                }
            }
            bool _9885 = lane < ELEMENTS;
            bool _9894;
            if (_9885)
            {
                _9894 = (first + lane) < push.n;
            }
            else
            {
                _9894 = _9885;
            }
            if (_9894)
            {
                uint param_16 = r;
                uint param_17 = first + lane;
                float param_18 = mine.x;
                finish(param_16, param_17, param_18, push, v_945, v_978);
            }
        }
    }
}

static inline __attribute__((always_inline))
void find_rows(thread const uint& first, thread spvUnsafeArray<uint, 4>& row, constant Push& push, thread uint3& gl_LocalInvocationID)
{
    uint param = push.k;
    uint halves_1 = row_halves(param);
    uint from = first + ((gl_LocalInvocationID.x / TEAM) * _5069);
    uint _5089;
    _Pragma("clang loop unroll(full)")
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            if (false)
            {
                _5089 = y / 2u;
            }
            else
            {
                _5089 = y;
            }
            row[y] = (2u * push.offset.y) + (min((from + _5089), (push.n - 1u)) * halves_1);
        }
    }
}

static inline __attribute__((always_inline))
void load_units(thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread spvUnsafeArray<Unit, 4>& unit, constant Push& push, const device Weights1& v_1134, const device Weights4& v_1144)
{
    _Pragma("clang loop unroll(full)")
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            uint param = row[y];
            uint param_1 = u;
            unit[y] = load_unit(param, param_1, push, v_1134, v_1144);
        }
    }
}

static inline __attribute__((always_inline))
void put_chunk(thread const uint& r, thread const uint& m, thread const uint& first, thread const uint& count, thread float& squares, constant Push& push, const device X4& v_3476, const device X1& v_3486, const device Norm4& v_3549, const device Norm1& v_3558, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID)
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
            bool _7205 = q < quads;
            bool _7212;
            if (_7205)
            {
                _7212 = at < push.k;
            }
            else
            {
                _7212 = _7205;
            }
            bool _7221;
            if (_7212)
            {
                _7221 = (r + m) < push.rows;
            }
            else
            {
                _7221 = _7212;
            }
            if (_7221)
            {
                uint param_2 = x + at;
                uint param_3 = push.k - at;
                v[part] = x_at(param_2, param_3, v_3476, v_3486);
                if (gated)
                {
                    uint param_4 = (x + push.k) + at;
                    uint param_5 = push.k - at;
                    factor[part] = x_at(param_4, param_5, v_3476, v_3486);
                }
                else
                {
                    if (normed)
                    {
                        uint param_6 = at;
                        factor[part] = norm_at(param_6, push, v_3549, v_3558);
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
                float4 _7301 = input_of(param_7, param_8, param_9, param_10);
                squares = param_10;
                float4 value = _7301;
                bool _7310;
                if (normed)
                {
                    _7310 = (at_1 + 4u) > push.k;
                }
                else
                {
                    _7310 = normed;
                }
                if (_7310)
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
void put_chunks(thread const uint& r, thread const uint& first, thread const uint& count, thread float4& squares, constant Push& push, const device X4& v_3476, const device X1& v_3486, const device Norm4& v_3549, const device Norm1& v_3558, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID)
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
            put_chunk(param, param_1, param_2, param_3, param_4, push, v_3476, v_3486, v_3549, v_3558, pool, gl_LocalInvocationID);
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
    spvUnsafeArray<uint, 9> _5557 = spvUnsafeArray<uint, 9>({ unit.a.x, unit.a.y, unit.a.z, unit.a.w, unit.b.x, unit.b.y, unit.b.z, unit.b.w, unit.c });
    spvUnsafeArray<uint, 9> w;
    w = _5557;
    uint _5561;
    if ((h & 1u) != 0u)
    {
        _5561 = w[e + 1u];
    }
    else
    {
        _5561 = (w[e] >> 16u) | (w[e + 1u] << 16u);
    }
    return _5561;
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
                        uint _5638 = (4u * y) + m;
                        uint param_4 = m;
                        uint param_5 = at + e;
                        all_[_5638] += (v * x_quad(param_4, param_5, pool));
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
                        uint _5763 = (4u * y) + m;
                        uint param_2 = m;
                        uint param_3 = at + e;
                        all_[_5763] += (low * x_quad(param_2, param_3, pool));
                        uint _5780 = (4u * y) + m;
                        uint param_4 = m;
                        uint param_5 = (at + e) + 4u;
                        all_[_5780] += (high * x_quad(param_4, param_5, pool));
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
    uint4 _5841;
    _Pragma("clang loop unroll(full)")
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            uint4 a = unit[y].a;
            uint4 b = uint4(a.y, a.z, a.w, unit[y].c);
            if (((row[y] + u) & 1u) != 0u)
            {
                _5841 = b;
            }
            else
            {
                _5841 = (a >> uint4(16u)) | (b << uint4(16u));
            }
            words[y] = _5841;
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
    uint _6066;
    spvUnsafeArray<uint, 4> minima;
    uint _6089;
    _Pragma("clang loop unroll(full)")
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            uint3 words = unit[y].b.yzw >> uint3(16u * (pair & 1u));
            if (lower)
            {
                _6066 = words.x & 16191u;
            }
            else
            {
                _6066 = (words.z & 3855u) | ((words.x >> 2u) & 12336u);
            }
            scales[y] = _6066;
            if (lower)
            {
                _6089 = words.y & 16191u;
            }
            else
            {
                _6089 = ((words.z >> 4u) & 3855u) | ((words.y >> 2u) & 12336u);
            }
            minima[y] = _6089;
        }
    }
    float4 _6156;
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
                        _6156 = low_nibbles(param);
                    }
                    else
                    {
                        uint param_1 = unit[y_1].a[e];
                        _6156 = high_nibbles(param_1);
                    }
                    float4 v = _6156;
                    _Pragma("clang loop unroll(full)")
                    for (uint m = 0u; m < 4u; m++)
                    {
                        if (m < XS)
                        {
                            uint _6188 = (4u * y_1) + m;
                            uint param_2 = m;
                            uint param_3 = at + e;
                            all_[_6188] += (v * x_quad(param_2, param_3, pool));
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
                        uint _6570 = (4u * y) + m;
                        uint param_4 = m;
                        uint param_5 = x;
                        uint param_6 = m;
                        uint param_7 = x + 9u;
                        uint param_8 = m;
                        uint param_9 = x + 18u;
                        uint param_10 = m;
                        uint param_11 = x + 27u;
                        all_[_6570] += float4(dot(a, x_quad(param_4, param_5, pool)), dot(b, x_quad(param_6, param_7, pool)), dot(c, x_quad(param_8, param_9, pool)), dot(d, x_quad(param_10, param_11, pool)));
                    }
                }
            }
        }
    }
    uint2 _6636;
    _Pragma("clang loop unroll(full)")
    for (uint y_1 = 0u; y_1 < 4u; y_1++)
    {
        if (y_1 < ROWS)
        {
            uint h = row[y_1] + (u / 8u);
            if (in_part < 2u)
            {
                _6636 = unit[y_1].b.zw;
            }
            else
            {
                _6636 = unit[y_1].b.zw >> uint2(8u);
            }
            uint2 words = _6636;
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
uint run_half(thread const uint& u, thread const uint& i)
{
    uint _4038;
    if (runs_apart)
    {
        _4038 = u & 1u;
    }
    else
    {
        _4038 = i;
    }
    return _4038;
}

static inline __attribute__((always_inline))
float4 run_floats(thread const uint& w)
{
    float4 _5188;
    if (signed_runs)
    {
        uint param = w;
        _5188 = bytes_and_384(param);
    }
    else
    {
        uint param_1 = w;
        _5188 = small_bytes(param_1);
    }
    return _5188;
}

static inline __attribute__((always_inline))
void runs_times_x(thread const spvUnsafeArray<Unit, 4>& unit, thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread const uint& local, thread spvUnsafeArray<float4, 4>& sums, threadgroup float4 (&pool)[1024])
{
    spvUnsafeArray<uint4, 4> words;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 2u; i++)
    {
        uint param = u;
        uint param_1 = i;
        uint half_ = run_half(param, param_1);
        uint param_2 = u;
        uint param_3 = i;
        uint block = (run_block(param_2, param_3) - (u - local)) * 9u;
        uint at = block + (4u * half_);
        spvUnsafeArray<float4, 16> all_ = spvUnsafeArray<float4, 16>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0) });
        _Pragma("clang loop unroll(full)")
        for (uint y = 0u; y < 4u; y++)
        {
            if (y < ROWS)
            {
                Unit param_4 = unit[y];
                uint param_5 = i;
                words[y] = run_numbers(param_4, param_5);
            }
        }
        _Pragma("clang loop unroll(full)")
        for (uint e = 0u; e < 4u; e++)
        {
            _Pragma("clang loop unroll(full)")
            for (uint y_1 = 0u; y_1 < 4u; y_1++)
            {
                if (y_1 < ROWS)
                {
                    uint param_6 = words[y_1][e];
                    float4 v = run_floats(param_6);
                    _Pragma("clang loop unroll(full)")
                    for (uint m = 0u; m < 4u; m++)
                    {
                        if (m < XS)
                        {
                            uint _6799 = (4u * y_1) + m;
                            uint param_7 = m;
                            uint param_8 = at + e;
                            all_[_6799] += (v * x_quad(param_7, param_8, pool));
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
                Unit param_9 = unit[y_2];
                uint param_10 = u;
                uint param_11 = i;
                float2 d = run_scale(param_9, param_10, param_11);
                _Pragma("clang loop unroll(full)")
                for (uint m_1 = 0u; m_1 < 4u; m_1++)
                {
                    if (m_1 < XS)
                    {
                        uint param_12 = m_1;
                        uint param_13 = block + 8u;
                        float of_x = x_quad(param_12, param_13, pool)[1u + half_];
                        float4 param_14 = all_[(4u * y_2) + m_1];
                        sums[y_2][m_1] += ((d.x * (sum4(param_14) - (RUN_ZERO * of_x))) - (d.y * of_x));
                    }
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
void units_times_x_F8_E4M3(thread const spvUnsafeArray<Unit, 4>& unit, thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread const uint& local, thread spvUnsafeArray<float4, 4>& sums, constant Push& push, threadgroup float4 (&pool)[1024])
{
    _Pragma("clang loop unroll(full)")
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            uint4 w = unit[y].a;
            uint param = row[y];
            uint param_1 = w.x;
            uint param_2 = w.y;
            uint param_3 = word_of(param, param_1, param_2);
            uint param_4 = row[y];
            uint param_5 = w.y;
            uint param_6 = w.z;
            uint param_7 = word_of(param_4, param_5, param_6);
            float4 param_8 = f8_e4m3(param_3);
            float4 param_9 = f8_e4m3(param_7);
            uint param_10 = u;
            uint param_11 = local;
            float4 param_12 = sums[y];
            eight_times_x(param_8, param_9, param_10, param_11, param_12, push, pool);
            sums[y] = param_12;
        }
    }
}

static inline __attribute__((always_inline))
void units_times_x(thread const spvUnsafeArray<Unit, 4>& unit, thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread const uint& local, thread spvUnsafeArray<float4, 4>& sums, constant Push& push, threadgroup float4 (&pool)[1024])
{
    if (_6896)
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
    if (_6911)
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
    if (_6926)
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
    if (_6941)
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
    if (_6956)
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
    if (_6971)
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
    if (_6986)
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
    if (_7001)
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
    if (_7016)
    {
        spvUnsafeArray<Unit, 4> param_40;
        param_40 = unit;
        spvUnsafeArray<uint, 4> param_41;
        param_41 = row;
        uint param_42 = u;
        uint param_43 = local;
        spvUnsafeArray<float4, 4> param_44;
        param_44 = sums;
        runs_times_x(param_40, param_41, param_42, param_43, param_44, pool);
        sums = param_44;
    }
    if (_7031)
    {
        spvUnsafeArray<Unit, 4> param_45;
        param_45 = unit;
        spvUnsafeArray<uint, 4> param_46;
        param_46 = row;
        uint param_47 = u;
        uint param_48 = local;
        spvUnsafeArray<float4, 4> param_49;
        param_49 = sums;
        runs_times_x(param_45, param_46, param_47, param_48, param_49, pool);
        sums = param_49;
    }
    if (_7046)
    {
        spvUnsafeArray<Unit, 4> param_50;
        param_50 = unit;
        spvUnsafeArray<uint, 4> param_51;
        param_51 = row;
        uint param_52 = u;
        uint param_53 = local;
        spvUnsafeArray<float4, 4> param_54;
        param_54 = sums;
        runs_times_x(param_50, param_51, param_52, param_53, param_54, pool);
        sums = param_54;
    }
    if (_7061)
    {
        spvUnsafeArray<Unit, 4> param_55;
        param_55 = unit;
        spvUnsafeArray<uint, 4> param_56;
        param_56 = row;
        uint param_57 = u;
        uint param_58 = local;
        spvUnsafeArray<float4, 4> param_59;
        param_59 = sums;
        runs_times_x(param_55, param_56, param_57, param_58, param_59, pool);
        sums = param_59;
    }
    if (_7076)
    {
        spvUnsafeArray<Unit, 4> param_60;
        param_60 = unit;
        spvUnsafeArray<uint, 4> param_61;
        param_61 = row;
        uint param_62 = u;
        uint param_63 = local;
        spvUnsafeArray<float4, 4> param_64;
        param_64 = sums;
        runs_times_x(param_60, param_61, param_62, param_63, param_64, pool);
        sums = param_64;
    }
    if (_7091)
    {
        spvUnsafeArray<Unit, 4> param_65;
        param_65 = unit;
        spvUnsafeArray<uint, 4> param_66;
        param_66 = row;
        uint param_67 = u;
        uint param_68 = local;
        spvUnsafeArray<float4, 4> param_69;
        param_69 = sums;
        runs_times_x(param_65, param_66, param_67, param_68, param_69, pool);
        sums = param_69;
    }
    if (_7106)
    {
        spvUnsafeArray<Unit, 4> param_70;
        param_70 = unit;
        spvUnsafeArray<uint, 4> param_71;
        param_71 = row;
        uint param_72 = u;
        uint param_73 = local;
        spvUnsafeArray<float4, 4> param_74;
        param_74 = sums;
        runs_times_x(param_70, param_71, param_72, param_73, param_74, pool);
        sums = param_74;
    }
    if (_7121)
    {
        spvUnsafeArray<Unit, 4> param_75;
        param_75 = unit;
        spvUnsafeArray<uint, 4> param_76;
        param_76 = row;
        uint param_77 = u;
        uint param_78 = local;
        spvUnsafeArray<float4, 4> param_79;
        param_79 = sums;
        runs_times_x(param_75, param_76, param_77, param_78, param_79, pool);
        sums = param_79;
    }
    if (_7136)
    {
        spvUnsafeArray<Unit, 4> param_80;
        param_80 = unit;
        spvUnsafeArray<uint, 4> param_81;
        param_81 = row;
        uint param_82 = u;
        uint param_83 = local;
        spvUnsafeArray<float4, 4> param_84;
        param_84 = sums;
        units_times_x_F8_E4M3(param_80, param_81, param_82, param_83, param_84, push, pool);
        sums = param_84;
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
    for (uint v = 0u; v < _4875; v++)
    {
        sum += pool[(i * _4883) + v];
    }
    float4 param = sum;
    return sum4(param);
}

static inline __attribute__((always_inline))
void finish_lines(thread const uint& r, thread const uint& first, thread const spvUnsafeArray<float4, 4>& sums, thread float4& squares, constant Push& push, const device Bias1& v_945, device Y1& v_978, threadgroup float4 (&pool)[1024], thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, thread uint& gl_SubgroupID)
{
    uint me = gl_LocalInvocationID.x;
    uint lane = me & _4936;
    uint row = (me / TEAM) * ROWS;
    squares = simd_sum(squares);
    float _5035;
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
                    ((threadgroup float*)&pool[((row + y) * _4979) + (lane / 4u)])[lane & 3u] = sums[y][m];
                }
            }
            bool _4993 = simd_is_first();
            if (_4993)
            {
                ((threadgroup float*)&pool[960u + (gl_SubgroupID / 4u)])[gl_SubgroupID & 3u] = squares[m];
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            bool _5012 = me < GROUP_LINES;
            bool _5021;
            if (_5012)
            {
                _5021 = (first + me) < push.n;
            }
            else
            {
                _5021 = _5012;
            }
            bool _5031;
            if (_5021)
            {
                _5031 = (r + m) < push.rows;
            }
            else
            {
                _5031 = _5021;
            }
            if (_5031)
            {
                if (normed)
                {
                    _5035 = shared_scale(push, pool, gl_NumSubgroups);
                }
                else
                {
                    _5035 = 1.0;
                }
                float scale = _5035;
                uint param = me;
                uint param_1 = r + m;
                uint param_2 = first + me;
                float param_3 = scale * shared_sum(param, pool);
                finish(param_1, param_2, param_3, push, v_945, v_978);
            }
        }
    }
}

static inline __attribute__((always_inline))
void vector_rows(constant Push& push, const device Bias1& v_945, device Y1& v_978, const device Weights1& v_1134, const device Weights4& v_1144, const device X4& v_3476, const device X1& v_3486, const device Norm4& v_3549, const device Norm1& v_3558, threadgroup float4 (&pool)[1024], thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, thread uint& gl_SubgroupID, thread uint3& gl_WorkGroupID)
{
    uint lane = gl_LocalInvocationID.x & _7481;
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
    uint chunk = ceil_div(param_6, param_7) * _7514;
    uint _7525 = (push.first.xyz + gl_WorkGroupID).y * XS;
    spvUnsafeArray<uint, 4> param_9;
    spvUnsafeArray<Unit, 4> next;
    spvUnsafeArray<Unit, 4> param_12;
    spvUnsafeArray<Unit, 4> unit;
    spvUnsafeArray<Unit, 4> param_19;
    spvUnsafeArray<Unit, 4> param_22;
    for (uint r = _7525; r < push.rows; r += (push.groups.y * XS))
    {
        uint3 _7540 = push.first.xyz + gl_WorkGroupID;
        uint _7541 = _7540.x;
        for (uint tile = _7541; (tile * GROUP_LINES) < push.n; tile += push.groups.x)
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
                bool _7584;
                if (plain)
                {
                    _7584 = (base + lane) < end;
                }
                else
                {
                    _7584 = plain;
                }
                if (_7584)
                {
                    spvUnsafeArray<uint, 4> param_10;
                    param_10 = row;
                    uint param_11 = base + lane;
                    load_units(param_10, param_11, param_12, push, v_1134, v_1144);
                    next = param_12;
                }
                uint param_13 = r;
                uint param_14 = UNIT * base;
                uint param_15 = min(push.k, (UNIT * end)) - (UNIT * base);
                float4 param_16 = squares;
                put_chunks(param_13, param_14, param_15, param_16, push, v_3476, v_3486, v_3549, v_3558, pool, gl_LocalInvocationID);
                squares = param_16;
                uint _7618 = base + lane;
                for (uint u = _7618; u < end; u += TEAM)
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
                            load_units(param_17, param_18, param_19, push, v_1134, v_1144);
                            next = param_19;
                        }
                    }
                    else
                    {
                        spvUnsafeArray<uint, 4> param_20;
                        param_20 = row;
                        uint param_21 = u;
                        load_units(param_20, param_21, param_22, push, v_1134, v_1144);
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
            finish_lines(param_28, param_29, param_30, param_31, push, v_945, v_978, pool, gl_NumSubgroups, gl_LocalInvocationID, gl_SubgroupID);
        }
    }
}

kernel void zc_linear(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], const device Bias1& v_945 [[buffer(3)]], const device void* spvBufferAliasSet0Binding4 [[buffer(4)]], device void* spvBufferAliasSet0Binding5 [[buffer(5)]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]])
{
    const device auto& v_3476 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& v_1134 = *(const device Weights1*)spvBufferAliasSet0Binding2;
    const device auto& v_3549 = *(const device Norm4*)spvBufferAliasSet0Binding4;
    device auto& v_978 = *(device Y1*)spvBufferAliasSet0Binding5;
    device auto& v_1088 = *(device Y4*)spvBufferAliasSet0Binding5;
    const device auto& v_1144 = *(const device Weights4*)spvBufferAliasSet0Binding2;
    const device auto& v_3486 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& v_3558 = *(const device Norm1*)spvBufferAliasSet0Binding4;
    threadgroup float4 pool[1024];
    threadgroup float group_partial[256];
    if (_9915)
    {
        tiles(push, v_945, v_978, v_1088, v_1134, v_1144, v_3476, v_3486, v_3549, v_3558, pool, gl_LocalInvocationID, gl_WorkGroupID);
    }
    else
    {
        if (_9920)
        {
            lane_rows(push, v_945, v_978, v_1134, v_1144, v_3486, v_3558, gl_NumSubgroups, gl_SubgroupID, gl_WorkGroupID, gl_SubgroupInvocationID);
        }
        else
        {
            vector_rows(push, v_945, v_978, v_1134, v_1144, v_3476, v_3486, v_3549, v_3558, pool, gl_NumSubgroups, gl_LocalInvocationID, gl_SubgroupID, gl_WorkGroupID);
        }
    }
}

