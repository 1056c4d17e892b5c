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

struct Unit
{
    uint4 a;
    uint4 b;
    uint c;
    uint d;
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
constant bool _465 = (type == 0u);
constant bool _474 = (type == 1u);
constant bool _482 = (type == 2u);
constant bool _491 = (type == 3u);
constant bool _500 = (type == 4u);
constant bool _510 = (type == 5u);
constant bool _520 = (type == 6u);
constant bool _531 = (type == 7u);
constant bool _541 = (type == 8u);
constant bool _550 = (type == 9u);
constant bool _559 = (type == 10u);
constant bool _568 = (type == 11u);
constant bool _577 = (type == 12u);
constant bool _587 = (type == 13u);
constant bool _596 = (type == 14u);
constant bool _606 = (type == 15u);
constant bool _615 = (type == 16u);
constant uint _1013 = (variant / 17u);
constant uint input_ = (_1013 % 3u);
constant bool clamped = (input_ == 1u);
constant bool _1016 = (!clamped);

struct X4
{
    float4 x4[1];
};

struct X1
{
    float x1[1];
};

constant bool _1137 = (input_ == 2u);
constant bool gated = (clamped || _1137);

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
    uint experts;
    uint share;
    uint ldx;
    uint ldy;
    uint flags;
};

struct Bias1
{
    float bias1[1];
};

struct Y1
{
    float y1[1];
};

constant bool _1573 = (type == 10u);
constant bool _1574 = (type == 11u);
constant bool _1575 = (_1573 || _1574);
constant bool _1576 = (type == 12u);
constant bool runs_apart = (_1575 || _1576);
constant bool _2016 = (type == 10u);
constant bool _2017 = (type == 11u);
constant bool _2018 = (_2016 || _2017);
constant bool _2030 = (type == 11u);
constant bool _2056 = (type == 12u);
constant bool _2072 = (type == 8u);
constant bool _2073 = (type == 9u);
constant bool _2074 = (_2072 || _2073);
constant bool _2104 = (type == 15u);
constant bool _2125 = (type == 15u);
constant bool _2134 = (type == 14u);
constant bool _2155 = (type == 9u);
constant bool _2169 = (type == 12u);
constant bool _2187 = (type == 10u);
constant bool _2205 = (type == 11u);
constant bool _2226 = (type == 0u);
constant bool _2234 = (type == 1u);
constant bool _2242 = (type == 2u);
constant bool _2250 = (type == 3u);
constant bool _2258 = (type == 4u);
constant bool _2266 = (type == 5u);
constant bool _2274 = (type == 6u);
constant bool _2282 = (type == 7u);
constant bool _2290 = (type == 8u);
constant bool _2298 = (type == 9u);
constant bool _2306 = (type == 10u);
constant bool _2314 = (type == 11u);
constant bool _2322 = (type == 12u);
constant bool _2330 = (type == 13u);
constant bool _2338 = (type == 14u);
constant bool _2346 = (type == 15u);
constant bool _2354 = (type == 16u);
constant uint way = (variant / 51u);
constant bool _2375 = (way <= 2u);
constant bool _2376 = (way == 4u);
constant bool _2377 = (way == 5u);
constant bool _2378 = (_2376 || _2377);
constant bool _2379 = (way == 12u);
constant bool _2380 = (_2378 || _2379);
constant bool _2381 = (way == 15u);
constant bool _2382 = (_2380 || _2381);
constant uint _2383 = _2382 ? 4u : 2u;
constant uint ROWS = _2375 ? 1u : _2383;
constant bool _2411 = (type == 0u);
constant bool _2424 = (type == 16u);
constant bool _2469 = (way == 1u);
constant bool _2470 = (way == 5u);
constant bool _2471 = (way == 7u);
constant bool _2472 = (_2470 || _2471);
constant bool _2473 = (way == 12u);
constant uint _2474 = _2473 ? 16u : 32u;
constant uint _2475 = _2472 ? 8u : _2474;
constant uint TEAM = _2469 ? 64u : _2475;
constant uint _2477 = (TEAM / 4u);
constant uint _2484 = (TEAM / 4u);
constant uint _2485 = (_2484 + 1u);
constant uint _2509 = (TEAM - 1u);
constant bool _2526 = (way == 6u);
constant bool _2527 = (way == 7u);
constant bool _2528 = (way == 15u);
constant bool _2529 = (_2527 || _2528);
constant uint _2530 = _2529 ? 4u : 1u;
constant uint XS = _2526 ? 2u : _2530;
constant uint _2551 = (TEAM / 4u);
constant uint _2552 = (_2551 + 1u);
constant uint _2582 = (256u / TEAM);
constant uint GROUP_ROWS = (_2582 * ROWS);
constant uint _2584 = (GROUP_ROWS / 2u);
constant uint GROUP_LINES = false ? _2584 : GROUP_ROWS;
constant uint _2637 = (ROWS / 2u);
constant uint _2638 = false ? _2637 : ROWS;
constant bool _2759 = (type == 13u);
constant bool _2760 = (type == 14u);
constant bool signed_runs = (_2759 || _2760);
constant bool _2776 = (XS == 1u);
constant bool _2778 = (XS == 2u);
constant uint _2781 = _2778 ? 1792u : 768u;
constant uint CHUNK = _2776 ? 3584u : _2781;
constant uint _2783 = (CHUNK / 32u);
constant uint CHUNK_QUADS = (_2783 * 9u);
constant float RUN_OFFSET = signed_runs ? 384.0 : 64.0;
constant bool _4458 = (type == 11u);
constant bool _4460 = (type == 8u);
constant bool _4461 = (type == 15u);
constant bool _4462 = (_4460 || _4461);
constant int _4464 = _4462 ? 16 : 0;
constant int RUN_ZERO = _4458 ? 4 : _4464;
constant bool _4478 = (type == 9u);
constant bool _4479 = (type == 10u);
constant bool _4480 = (_4478 || _4479);
constant bool _4481 = (type == 12u);
constant bool run_minima = (_4480 || _4481);
constant bool _4502 = (type == 8u);
constant bool _4503 = (type == 9u);
constant bool _4504 = (_4502 || _4503);
constant bool _4505 = (type == 10u);
constant bool _4506 = (_4504 || _4505);
constant bool _4507 = (type == 11u);
constant bool _4508 = (_4506 || _4507);
constant bool _4509 = (type == 12u);
constant bool _4510 = (_4508 || _4509);
constant bool _4511 = (type == 13u);
constant bool _4512 = (_4510 || _4511);
constant bool _4513 = (type == 14u);
constant bool _4514 = (_4512 || _4513);
constant bool _4515 = (type == 15u);
constant bool runs = (_4514 || _4515);
constant bool _4531 = (type == 0u);
constant bool _4546 = (type == 1u);
constant bool _4561 = (type == 2u);
constant bool _4576 = (type == 3u);
constant bool _4591 = (type == 4u);
constant bool _4606 = (type == 5u);
constant bool _4621 = (type == 6u);
constant bool _4636 = (type == 7u);
constant bool _4651 = (type == 8u);
constant bool _4654 = (type == 9u);
constant bool _4657 = (type == 10u);
constant bool _4660 = (type == 11u);
constant bool _4663 = (type == 12u);
constant bool _4666 = (type == 13u);
constant bool _4669 = (type == 14u);
constant bool _4672 = (type == 15u);
constant bool _4675 = (type == 16u);
constant bool _4992 = (type == 4u);
constant bool _4993 = (type == 5u);
constant bool _4994 = (_4992 || _4993);
constant bool _4995 = (type == 6u);
constant bool _4996 = (_4994 || _4995);
constant bool summed = (_4996 || runs);
constant uint _5006 = (TEAM - 1u);
constant bool _5009 = (type == 0u);
constant bool _5010 = (type == 1u);
constant bool _5011 = (_5009 || _5010);
constant bool _5012 = (type == 2u);
constant bool _5013 = (_5011 || _5012);
constant bool _5014 = (type == 16u);
constant bool plain = (_5013 || _5014);
constant uint UNIT = plain ? 8u : 32u;
constant uint _5039 = (256u / UNIT);

struct Ids1
{
    uint ids1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

constant spvUnsafeArray<float4, 16> _3161 = spvUnsafeArray<float4, 16>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0) });
constant spvUnsafeArray<float4, 2> _4725 = spvUnsafeArray<float4, 2>({ float4(0.0), float4(0.0) });
constant spvUnsafeArray<float4, 4> _5096 = spvUnsafeArray<float4, 4>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0) });

static inline __attribute__((always_inline))
uint ceil_div(thread const uint& a, thread const uint& b)
{
    return (a / b) + uint((a % b) != 0u);
}

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    uint _466;
    if (_465)
    {
        _466 = (k / 1u) * 2u;
    }
    else
    {
        uint _475;
        if (_474)
        {
            _475 = (k / 1u) * 1u;
        }
        else
        {
            uint _483;
            if (_482)
            {
                _483 = (k / 1u) * 1u;
            }
            else
            {
                uint _492;
                if (_491)
                {
                    _492 = (k / 32u) * 17u;
                }
                else
                {
                    uint _501;
                    if (_500)
                    {
                        _501 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _511;
                        if (_510)
                        {
                            _511 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _521;
                            if (_520)
                            {
                                _521 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _532;
                                if (_531)
                                {
                                    _532 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    uint _542;
                                    if (_541)
                                    {
                                        _542 = (k / 32u) * 11u;
                                    }
                                    else
                                    {
                                        uint _551;
                                        if (_550)
                                        {
                                            _551 = (k / 32u) * 12u;
                                        }
                                        else
                                        {
                                            uint _560;
                                            if (_559)
                                            {
                                                _560 = (k / 256u) * 42u;
                                            }
                                            else
                                            {
                                                uint _569;
                                                if (_568)
                                                {
                                                    _569 = (k / 256u) * 55u;
                                                }
                                                else
                                                {
                                                    uint _578;
                                                    if (_577)
                                                    {
                                                        _578 = (k / 256u) * 88u;
                                                    }
                                                    else
                                                    {
                                                        uint _588;
                                                        if (_587)
                                                        {
                                                            _588 = (k / 32u) * 9u;
                                                        }
                                                        else
                                                        {
                                                            uint _597;
                                                            if (_596)
                                                            {
                                                                _597 = (k / 256u) * 68u;
                                                            }
                                                            else
                                                            {
                                                                uint _607;
                                                                if (_606)
                                                                {
                                                                    _607 = (k / 64u) * 17u;
                                                                }
                                                                else
                                                                {
                                                                    uint _616;
                                                                    if (_615)
                                                                    {
                                                                        _616 = (k / 2u) * 1u;
                                                                    }
                                                                    else
                                                                    {
                                                                        _616 = 0u;
                                                                    }
                                                                    _607 = _616;
                                                                }
                                                                _597 = _607;
                                                            }
                                                            _588 = _597;
                                                        }
                                                        _578 = _588;
                                                    }
                                                    _569 = _578;
                                                }
                                                _560 = _569;
                                            }
                                            _551 = _560;
                                        }
                                        _542 = _551;
                                    }
                                    _532 = _542;
                                }
                                _521 = _532;
                            }
                            _511 = _521;
                        }
                        _501 = _511;
                    }
                    _492 = _501;
                }
                _483 = _492;
            }
            _475 = _483;
        }
        _466 = _475;
    }
    return _466;
}

static inline __attribute__((always_inline))
void find_rows(thread const uint& first, thread spvUnsafeArray<uint, 4>& row, constant Push& push, thread uint& matrix_row, thread uint3& gl_LocalInvocationID)
{
    uint param = push.k;
    uint halves = row_halves(param);
    uint from = first + ((gl_LocalInvocationID.x / TEAM) * _2638);
    uint _2659;
    _Pragma("clang loop unroll(full)")
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            if (false)
            {
                _2659 = y / 2u;
            }
            else
            {
                _2659 = y;
            }
            row[y] = (2u * push.offset.y) + ((matrix_row + min((from + _2659), (push.n - 1u))) * halves);
        }
    }
}

static inline __attribute__((always_inline))
Unit no_unit()
{
    return Unit{ uint4(0u), uint4(0u), 0u, 0u };
}

static inline __attribute__((always_inline))
uint4 weight_words(thread const uint& i, const device Weights4& v_455)
{
    return v_455.weights4[i];
}

static inline __attribute__((always_inline))
uint weight_word(thread const uint& i, const device Weights1& v_443)
{
    return v_443.weights1[i];
}

static inline __attribute__((always_inline))
Unit load_unit_F32(thread const uint& row, thread const uint& u, const device Weights1& v_443, const device Weights4& v_455, constant Push& push)
{
    uint last = ((row / 2u) + push.k) - 1u;
    uint at = (row / 2u) + (8u * u);
    Unit unit = no_unit();
    bool _1326 = (at & 3u) == 0u;
    bool _1333;
    if (_1326)
    {
        _1333 = (at + 7u) <= last;
    }
    else
    {
        _1333 = _1326;
    }
    if (_1333)
    {
        uint param = at / 4u;
        unit.a = weight_words(param, v_455);
        uint param_1 = (at / 4u) + 1u;
        unit.b = weight_words(param_1, v_455);
    }
    else
    {
        _Pragma("clang loop unroll(full)")
        for (uint e = 0u; e < 4u; e++)
        {
            uint param_2 = min((at + e), last);
            unit.a[e] = weight_word(param_2, v_443);
            uint param_3 = min(((at + 4u) + e), last);
            unit.b[e] = weight_word(param_3, v_443);
        }
    }
    return unit;
}

static inline __attribute__((always_inline))
Unit load_unit_F8_E4M3(thread const uint& row, thread const uint& u, const device Weights1& v_443, constant Push& push)
{
    uint at = (row + (4u * u)) / 2u;
    uint last = (row + ((push.k - 1u) / 2u)) / 2u;
    Unit unit = no_unit();
    _Pragma("clang loop unroll(full)")
    for (uint e = 0u; e < 3u; e++)
    {
        uint param = min((at + e), last);
        unit.a[e] = weight_word(param, v_443);
    }
    return unit;
}

static inline __attribute__((always_inline))
Unit load_unit_F16(thread const uint& row, thread const uint& u, const device Weights1& v_443, const device Weights4& v_455, constant Push& push)
{
    uint h = row + (8u * u);
    uint at = h / 2u;
    uint last = ((row + push.k) - 1u) / 2u;
    Unit unit = no_unit();
    bool _1399 = (h & 7u) == 0u;
    bool _1406;
    if (_1399)
    {
        _1406 = (at + 3u) <= last;
    }
    else
    {
        _1406 = _1399;
    }
    if (_1406)
    {
        uint param = at / 4u;
        unit.a = weight_words(param, v_455);
    }
    else
    {
        _Pragma("clang loop unroll(full)")
        for (uint e = 0u; e < 4u; e++)
        {
            uint param_1 = min((at + e), last);
            unit.a[e] = weight_word(param_1, v_443);
        }
        uint param_2 = min((at + 4u), last);
        unit.b.x = weight_word(param_2, v_443);
    }
    return unit;
}

static inline __attribute__((always_inline))
void load_plain_units(thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread spvUnsafeArray<Unit, 4>& unit, const device Weights1& v_443, const device Weights4& v_455, constant Push& push)
{
    _Pragma("clang loop unroll(full)")
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            if (_2411)
            {
                uint param = row[y];
                uint param_1 = u;
                unit[y] = load_unit_F32(param, param_1, v_443, v_455, push);
            }
            else
            {
                if (_2424)
                {
                    uint param_2 = row[y];
                    uint param_3 = u;
                    unit[y] = load_unit_F8_E4M3(param_2, param_3, v_443, push);
                }
                else
                {
                    uint param_4 = row[y];
                    uint param_5 = u;
                    unit[y] = load_unit_F16(param_4, param_5, v_443, v_455, push);
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
float4 x_at(thread const uint& i, thread const uint& count, const device X4& v_1088, const device X1& v_1101)
{
    if (((i & 3u) == 0u) && (count >= 4u))
    {
        return v_1088.x4[i / 4u];
    }
    float4 v = float4(0.0);
    v.x = v_1101.x1[i];
    if (count > 1u)
    {
        v.y = v_1101.x1[i + 1u];
    }
    if (count > 2u)
    {
        v.z = v_1101.x1[i + 2u];
    }
    if (count > 3u)
    {
        v.w = v_1101.x1[i + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
float silu(thread const float& x)
{
    return x / (1.0 + exp(-x));
}

static inline __attribute__((always_inline))
float4 gated_input(thread const float4& gate, thread const float4& up)
{
    if (_1016)
    {
        float param = gate.x;
        float param_1 = gate.y;
        float param_2 = gate.z;
        float param_3 = gate.w;
        return float4(silu(param), silu(param_1), silu(param_2), silu(param_3)) * up;
    }
    float4 limit = float4(7.0);
    float4 g = select(gate, limit, gate > limit);
    float4 u = select(select(up, limit, up > limit), -limit, up < (-limit));
    return (g / (float4(1.0) + exp(g * (-1.70200002193450927734375)))) * (u + float4(1.0));
}

static inline __attribute__((always_inline))
float4 input_of(thread const float4& x, thread const float4& up, thread const float4& factor, thread float& squares)
{
    if (gated)
    {
        float4 param = x;
        float4 param_1 = up;
        return gated_input(param, param_1);
    }
    if (false)
    {
        squares += dot(x, x);
        return x * factor;
    }
    return x;
}

static inline __attribute__((always_inline))
void put_chunk(thread const uint& r, thread const uint& m, thread const uint& first, thread const uint& count, thread float& squares, const device X4& v_1088, const device X1& v_1101, constant Push& push, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID)
{
    uint x = push.offset.x + (((r + m) / push.share) * push.ldx);
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
            bool _4748 = q < quads;
            bool _4755;
            if (_4748)
            {
                _4755 = at < push.k;
            }
            else
            {
                _4755 = _4748;
            }
            bool _4764;
            if (_4755)
            {
                _4764 = (r + m) < push.rows;
            }
            else
            {
                _4764 = _4755;
            }
            if (_4764)
            {
                uint param_2 = x + at;
                uint param_3 = push.k - at;
                v[part] = x_at(param_2, param_3, v_1088, v_1101);
                if (gated)
                {
                    uint param_4 = (x + push.k) + at;
                    uint param_5 = push.k - at;
                    factor[part] = x_at(param_4, param_5, v_1088, v_1101);
                }
                else
                {
                    if (false)
                    {
                        factor[part] = float4(0.0);
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
                float4 param_6 = v[part_1];
                float4 param_7 = factor[part_1];
                float4 param_8 = factor[part_1];
                float param_9 = squares;
                float4 _4841 = input_of(param_6, param_7, param_8, param_9);
                squares = param_9;
                float4 value = _4841;
                bool _4850;
                if (false)
                {
                    _4850 = (at_1 + 4u) > push.k;
                }
                else
                {
                    _4850 = false;
                }
                if (_4850)
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
void put_chunks(thread const uint& r, thread const uint& first, thread const uint& count, thread float4& squares, const device X4& v_1088, const device X1& v_1101, constant Push& push, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID)
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
            put_chunk(param, param_1, param_2, param_3, param_4, v_1088, v_1101, push, pool, gl_LocalInvocationID);
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
uint4 first_words(thread const uint& at, const device Weights1& v_443)
{
    return uint4(*(const device packed_uint4*)&v_443.weights1[at]);
}

static inline __attribute__((always_inline))
uint4 four_words(thread const uint& at, const device Weights1& v_443)
{
    uint param = at;
    return first_words(param, v_443);
}

static inline __attribute__((always_inline))
Unit load_unit_Q8_0(thread const uint& row, thread const uint& u, const device Weights1& v_443)
{
    uint at = (row + (17u * u)) / 2u;
    uint param = at;
    uint param_1 = at + 4u;
    uint param_2 = at + 8u;
    return Unit{ four_words(param, v_443), four_words(param_1, v_443), weight_word(param_2, v_443), 0u };
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_0(thread const uint& row, thread const uint& u, const device Weights1& v_443)
{
    uint at = (row + (9u * u)) / 2u;
    uint param = at;
    uint param_1 = at + 4u;
    return Unit{ four_words(param, v_443), uint4(0u), weight_word(param_1, v_443), 0u };
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_1(thread const uint& row, thread const uint& u, const device Weights1& v_443)
{
    uint at = (row / 2u) + (5u * u);
    uint param = at + 1u;
    uint param_1 = at;
    return Unit{ four_words(param, v_443), uint4(0u), weight_word(param_1, v_443), 0u };
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_K(thread const uint& row, thread const uint& u, const device Weights1& v_443, const device Weights4& v_455)
{
    uint at = (row / 2u) + ((u / 8u) * 36u);
    uint quants = (at + 4u) + (4u * (u & 7u));
    if ((at & 3u) == 0u)
    {
        uint param = quants / 4u;
        uint param_1 = at / 4u;
        return Unit{ weight_words(param, v_455), weight_words(param_1, v_455), 0u, 0u };
    }
    uint param_2 = quants;
    uint param_3 = at;
    return Unit{ four_words(param_2, v_443), four_words(param_3, v_443), 0u, 0u };
}

static inline __attribute__((always_inline))
uint next_half(thread const uint& low, thread const uint& high)
{
    return (low >> 16u) | (high << 16u);
}

static inline __attribute__((always_inline))
Unit load_unit_Q6_K(thread const uint& row, thread const uint& u, const device Weights1& v_443)
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
    uint4 a = uint4(weight_word(param, v_443), weight_word(param_1, v_443), weight_word(param_2, v_443), weight_word(param_3, v_443));
    uint param_4 = high;
    uint param_5 = high + 1u;
    uint param_6 = scales;
    uint param_7 = scales + 1u;
    uint4 b = uint4(weight_word(param_4, v_443), weight_word(param_5, v_443), weight_word(param_6, v_443), weight_word(param_7, v_443));
    if ((h & 1u) != 0u)
    {
        uint param_8 = a.x;
        uint param_9 = a.y;
        uint param_10 = low + 2u;
        uint param_11 = a.y;
        uint param_12 = weight_word(param_10, v_443);
        uint param_13 = a.z;
        uint param_14 = a.w;
        uint param_15 = low + 10u;
        uint param_16 = a.w;
        uint param_17 = weight_word(param_15, v_443);
        a = uint4(next_half(param_8, param_9), next_half(param_11, param_12), next_half(param_13, param_14), next_half(param_16, param_17));
        uint param_18 = b.x;
        uint param_19 = b.y;
        uint param_20 = high + 2u;
        uint param_21 = b.y;
        uint param_22 = weight_word(param_20, v_443);
        uint param_23 = b.z;
        uint param_24 = b.w;
        uint param_25 = scales + 2u;
        uint param_26 = b.w;
        uint param_27 = weight_word(param_25, v_443);
        b = uint4(next_half(param_18, param_19), next_half(param_21, param_22), next_half(param_23, param_24), next_half(param_26, param_27));
    }
    uint param_28 = (h / 2u) + 52u;
    return Unit{ a, b, weight_word(param_28, v_443), 0u };
}

static inline __attribute__((always_inline))
uint word_of(thread const uint& h, thread const uint& low, thread const uint& high)
{
    uint _645;
    if ((h & 1u) != 0u)
    {
        _645 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _645 = low;
    }
    return _645;
}

static inline __attribute__((always_inline))
uint2 first_shorts(thread const uint& h, const device Weights1& v_443)
{
    return as_type<uint2>(ushort4(*(const device packed_ushort4*)((const device ushort*)&v_443.weights1[0] + h)));
}

static inline __attribute__((always_inline))
uint2 two_words_of(thread const uint& h, const device Weights1& v_443)
{
    uint param = h;
    return first_shorts(param, v_443);
}

static inline __attribute__((always_inline))
uint4 four_words_of(thread const uint& h, const device Weights1& v_443)
{
    uint param = h;
    uint param_1 = h + 4u;
    return uint4(first_shorts(param, v_443), first_shorts(param_1, v_443));
}

static inline __attribute__((always_inline))
Unit load_unit_Q5_0(thread const uint& row, thread const uint& u, const device Weights1& v_443)
{
    uint h = row + (11u * u);
    uint param = h;
    uint2 head = two_words_of(param, v_443);
    uint param_1 = h + 3u;
    uint param_2 = head.x;
    uint param_3 = head.y;
    return Unit{ four_words_of(param_1, v_443), uint4(next_half(param_2, param_3), 0u, 0u, 0u), head.x, 0u };
}

static inline __attribute__((always_inline))
Unit load_unit_Q5_1(thread const uint& row, thread const uint& u, const device Weights1& v_443)
{
    uint at = (row / 2u) + (6u * u);
    uint param = at;
    uint4 words = four_words(param, v_443);
    uint param_1 = (2u * at) + 8u;
    return Unit{ uint4(words.zw, two_words_of(param_1, v_443)), uint4(words.y, 0u, 0u, 0u), words.x, 0u };
}

static inline __attribute__((always_inline))
Unit load_unit_Q2_K(thread const uint& row, thread const uint& u, const device Weights1& v_443)
{
    uint at = (row / 2u) + ((u / 8u) * 21u);
    uint part = (u / 4u) & 1u;
    uint param = ((at + 4u) + (8u * part)) + (4u * (u & 1u));
    uint4 words = four_words(param, v_443) >> uint4(2u * (u & 2u));
    uint param_1 = (2u * at) + (4u * part);
    uint2 scales = two_words_of(param_1, v_443) >> uint2(8u * (u & 1u));
    uint param_2 = at + 20u;
    uint _1713;
    if ((u & 2u) != 0u)
    {
        _1713 = scales.y;
    }
    else
    {
        _1713 = scales.x;
    }
    return Unit{ words, uint4(0u), weight_word(param_2, v_443), _1713 };
}

static inline __attribute__((always_inline))
Unit load_unit_Q3_K(thread const uint& row, thread const uint& u, const device Weights1& v_443)
{
    uint h = row + ((u / 8u) * 55u);
    uint part = (u / 4u) & 1u;
    uint pair = (u / 2u) & 3u;
    uint param = ((h + 16u) + (16u * part)) + (8u * (u & 1u));
    uint4 words = four_words_of(param, v_443) >> uint4(2u * (u & 2u));
    uint param_1 = h + 48u;
    uint2 a = two_words_of(param_1, v_443);
    uint param_2 = h + 51u;
    uint2 b = two_words_of(param_2, v_443);
    uint _1772;
    if ((u & 2u) != 0u)
    {
        _1772 = a.y;
    }
    else
    {
        _1772 = a.x;
    }
    uint four = _1772 >> (4u * part);
    uint param_3 = b.x;
    uint param_4 = b.y;
    uint two = next_half(param_3, param_4) >> (2u * pair);
    uint scales = ((four & 252645135u) | ((two & 50529027u) << 4u)) >> (8u * (u & 1u));
    uint param_5 = h + (8u * (u & 1u));
    return Unit{ words, four_words_of(param_5, v_443) >> uint4(2u * pair), b.y >> 16u, scales };
}

static inline __attribute__((always_inline))
Unit load_unit_Q5_K(thread const uint& row, thread const uint& u, const device Weights1& v_443)
{
    uint at = (row / 2u) + ((u / 8u) * 44u);
    uint pair = (u / 2u) & 3u;
    uint param = at;
    uint4 head = four_words(param, v_443);
    uint3 words = head.yzw >> uint3(16u * (pair & 1u));
    uint _1856;
    if (pair < 2u)
    {
        _1856 = words.x & 16191u;
    }
    else
    {
        _1856 = (words.z & 3855u) | ((words.x >> 2u) & 12336u);
    }
    uint scales = _1856;
    uint _1878;
    if (pair < 2u)
    {
        _1878 = words.y & 16191u;
    }
    else
    {
        _1878 = ((words.z >> 4u) & 3855u) | ((words.y >> 2u) & 12336u);
    }
    uint minima = _1878;
    uint param_1 = (at + 12u) + (4u * (u & 7u));
    uint param_2 = (at + 4u) + (4u * (u & 1u));
    return Unit{ four_words(param_1, v_443), four_words(param_2, v_443) >> uint4(2u * pair), head.x, scales | (minima << 16u) };
}

static inline __attribute__((always_inline))
uint first_short(thread const uint& h, const device Weights1& v_443)
{
    return uint(((const device ushort*)&v_443.weights1[0])[h]);
}

static inline __attribute__((always_inline))
uint half_at(thread const uint& h, const device Weights1& v_443)
{
    uint param = h;
    return first_short(param, v_443);
}

static inline __attribute__((always_inline))
Unit load_unit_IQ4_NL(thread const uint& row, thread const uint& u, const device Weights1& v_443)
{
    uint h = row + (9u * u);
    uint param = h + 1u;
    uint param_1 = h;
    return Unit{ four_words_of(param, v_443), uint4(0u), half_at(param_1, v_443), 0u };
}

static inline __attribute__((always_inline))
Unit load_unit_IQ4_XS(thread const uint& row, thread const uint& u, const device Weights1& v_443)
{
    uint at = (row / 2u) + ((u / 8u) * 34u);
    uint param = 2u * at;
    uint2 head = two_words_of(param, v_443);
    uint param_1 = (at + 2u) + (4u * (u & 7u));
    return Unit{ four_words(param_1, v_443), uint4(0u), head.x, head.y };
}

static inline __attribute__((always_inline))
uint mxfp4_at(thread const uint& row, thread const uint& b)
{
    return row + ((17u * b) / 2u);
}

static inline __attribute__((always_inline))
uint mxfp4_bit(thread const uint& h, thread const uint& b)
{
    return ((16u * h) + (8u * (b & 1u))) & 31u;
}

static inline __attribute__((always_inline))
Unit load_unit_MXFP4(thread const uint& row, thread const uint& u, const device Weights1& v_443)
{
    uint param = row;
    uint param_1 = u;
    uint h = mxfp4_at(param, param_1);
    uint at = h / 2u;
    uint param_2 = h;
    uint param_3 = u;
    uint shift = mxfp4_bit(param_2, param_3);
    uint param_4 = at;
    uint4 words = four_words(param_4, v_443);
    uint param_5 = at + 4u;
    uint4 next = uint4(words.yzw, weight_word(param_5, v_443));
    return Unit{ ((words >> uint4(shift)) >> uint4(8u)) | (next << uint4(24u - shift)), uint4(0u), words.x >> shift, 0u };
}

static inline __attribute__((always_inline))
Unit load_unit(thread const uint& row, thread const uint& u, const device Weights1& v_443, const device Weights4& v_455, constant Push& push)
{
    Unit unit = no_unit();
    if (_2226)
    {
        uint param = row;
        uint param_1 = u;
        unit = load_unit_F32(param, param_1, v_443, v_455, push);
    }
    if (_2234)
    {
        uint param_2 = row;
        uint param_3 = u;
        unit = load_unit_F16(param_2, param_3, v_443, v_455, push);
    }
    if (_2242)
    {
        uint param_4 = row;
        uint param_5 = u;
        unit = load_unit_F16(param_4, param_5, v_443, v_455, push);
    }
    if (_2250)
    {
        uint param_6 = row;
        uint param_7 = u;
        unit = load_unit_Q8_0(param_6, param_7, v_443);
    }
    if (_2258)
    {
        uint param_8 = row;
        uint param_9 = u;
        unit = load_unit_Q4_0(param_8, param_9, v_443);
    }
    if (_2266)
    {
        uint param_10 = row;
        uint param_11 = u;
        unit = load_unit_Q4_1(param_10, param_11, v_443);
    }
    if (_2274)
    {
        uint param_12 = row;
        uint param_13 = u;
        unit = load_unit_Q4_K(param_12, param_13, v_443, v_455);
    }
    if (_2282)
    {
        uint param_14 = row;
        uint param_15 = u;
        unit = load_unit_Q6_K(param_14, param_15, v_443);
    }
    if (_2290)
    {
        uint param_16 = row;
        uint param_17 = u;
        unit = load_unit_Q5_0(param_16, param_17, v_443);
    }
    if (_2298)
    {
        uint param_18 = row;
        uint param_19 = u;
        unit = load_unit_Q5_1(param_18, param_19, v_443);
    }
    if (_2306)
    {
        uint param_20 = row;
        uint param_21 = u;
        unit = load_unit_Q2_K(param_20, param_21, v_443);
    }
    if (_2314)
    {
        uint param_22 = row;
        uint param_23 = u;
        unit = load_unit_Q3_K(param_22, param_23, v_443);
    }
    if (_2322)
    {
        uint param_24 = row;
        uint param_25 = u;
        unit = load_unit_Q5_K(param_24, param_25, v_443);
    }
    if (_2330)
    {
        uint param_26 = row;
        uint param_27 = u;
        unit = load_unit_IQ4_NL(param_26, param_27, v_443);
    }
    if (_2338)
    {
        uint param_28 = row;
        uint param_29 = u;
        unit = load_unit_IQ4_XS(param_28, param_29, v_443);
    }
    if (_2346)
    {
        uint param_30 = row;
        uint param_31 = u;
        unit = load_unit_MXFP4(param_30, param_31, v_443);
    }
    if (_2354)
    {
        uint param_32 = row;
        uint param_33 = u;
        unit = load_unit_F8_E4M3(param_32, param_33, v_443, push);
    }
    return unit;
}

static inline __attribute__((always_inline))
void load_units(thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread spvUnsafeArray<Unit, 4>& unit, const device Weights1& v_443, const device Weights4& v_455, constant Push& push)
{
    _Pragma("clang loop unroll(full)")
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            uint param = row[y];
            uint param_1 = u;
            unit[y] = load_unit(param, param_1, v_443, v_455, push);
        }
    }
}

static inline __attribute__((always_inline))
uint run_half(thread const uint& u, thread const uint& i)
{
    uint _1596;
    if (runs_apart)
    {
        _1596 = u & 1u;
    }
    else
    {
        _1596 = i;
    }
    return _1596;
}

static inline __attribute__((always_inline))
uint run_block(thread const uint& u, thread const uint& i)
{
    uint _1578;
    if (runs_apart)
    {
        _1578 = (((u / 8u) * 8u) + (2u * ((u / 2u) & 3u))) + i;
    }
    else
    {
        _1578 = u;
    }
    return _1578;
}

static inline __attribute__((always_inline))
uint fifth_bits(thread const uint& bits)
{
    return (((bits & 15u) * 2113665u) << 4u) & 269488144u;
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
uint4 run_numbers(thread const Unit& unit, thread const uint& i)
{
    if (_2018)
    {
        uint4 low = (unit.a >> uint4(2u * i)) & uint4(50529027u);
        uint4 _2031;
        if (_2030)
        {
            _2031 = low | ((unit.b << uint4(2u - i)) & uint4(67372036u));
        }
        else
        {
            _2031 = low;
        }
        return _2031;
    }
    uint4 low_1 = unit.a >> uint4(4u * i);
    if (_2056)
    {
        return (low_1 & uint4(252645135u)) | ((unit.b << uint4(4u - i)) & uint4(269488144u));
    }
    if (_2074)
    {
        uint high = unit.b.x >> (16u * i);
        uint param = high;
        uint param_1 = high >> 4u;
        uint param_2 = high >> 8u;
        uint param_3 = high >> 12u;
        return (low_1 & uint4(252645135u)) | uint4(fifth_bits(param), fifth_bits(param_1), fifth_bits(param_2), fifth_bits(param_3));
    }
    if (_2104)
    {
        uint4 param_4 = low_1;
        return fp4_numbers(param_4);
    }
    uint4 param_5 = low_1;
    return iq4_numbers(param_5) ^ uint4(2155905152u);
}

static inline __attribute__((always_inline))
float4 bytes_and_384(thread const uint& w)
{
    float2 p = float2(as_type<half2>(((w << 2u) & 66847740u) ^ 1577082368u));
    float2 q = float2(as_type<half2>(((w >> 6u) & 66847740u) ^ 1577082368u));
    return float4(p.x, q.x, p.y, q.y);
}

static inline __attribute__((always_inline))
float4 halves(thread const uint& a, thread const uint& b, thread const uint& mask)
{
    float2 p = float2(as_type<half2>((a & mask) | 1409307648u));
    float2 q = float2(as_type<half2>((b & mask) | 1409307648u));
    return float4(p.x, q.x, p.y, q.y);
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
float4 run_floats(thread const uint& w)
{
    float4 _2762;
    if (signed_runs)
    {
        uint param = w;
        _2762 = bytes_and_384(param);
    }
    else
    {
        uint param_1 = w;
        _2762 = small_bytes(param_1);
    }
    return _2762;
}

static inline __attribute__((always_inline))
float4 x_quad(thread const uint& m, thread const uint& at, threadgroup float4 (&pool)[1024])
{
    return pool[(m * CHUNK_QUADS) + at];
}

static inline __attribute__((always_inline))
float e8m0(thread uint& exponent)
{
    exponent &= 255u;
    uint _885;
    if (exponent < 2u)
    {
        _885 = 2097152u << exponent;
    }
    else
    {
        _885 = (exponent - 1u) << 23u;
    }
    return as_type<float>(_885);
}

static inline __attribute__((always_inline))
float iq4_xs_scale(thread const uint2& head, thread const uint& i)
{
    uint number = ((head.y >> (4u * i)) & 15u) | (((head.x >> (16u + (2u * i))) & 3u) << 4u);
    return float2(as_type<half2>(head.x)).x * float(int(number) - 32);
}

static inline __attribute__((always_inline))
float2 unit_scale(thread const Unit& unit, thread const uint& u)
{
    float2 d = float2(as_type<half2>(unit.c));
    float _2126;
    if (_2125)
    {
        uint param = unit.c;
        float _2132 = e8m0(param);
        _2126 = _2132;
    }
    else
    {
        float _2135;
        if (_2134)
        {
            uint2 param_1 = uint2(unit.c, unit.d);
            uint param_2 = u & 7u;
            _2135 = iq4_xs_scale(param_1, param_2);
        }
        else
        {
            _2135 = d.x;
        }
        _2126 = _2135;
    }
    float scale = _2126;
    float _2156;
    if (_2155)
    {
        _2156 = -d.y;
    }
    else
    {
        _2156 = d.y;
    }
    return float2(scale, _2156);
}

static inline __attribute__((always_inline))
float2 run_scale(thread const Unit& unit, thread const uint& i)
{
    if (_2169)
    {
        uint numbers = unit.d >> (8u * i);
        return float2(float(numbers & 255u), float((numbers >> 16u) & 255u));
    }
    if (_2187)
    {
        uint numbers_1 = unit.d >> (16u * i);
        return float2(float(numbers_1 & 15u), float((numbers_1 >> 4u) & 15u));
    }
    float _2206;
    if (_2205)
    {
        _2206 = float(int((unit.d >> (16u * i)) & 63u) - 32);
    }
    else
    {
        _2206 = 1.0;
    }
    return float2(_2206, 1.0);
}

static inline __attribute__((always_inline))
void runs_times_x(thread const spvUnsafeArray<Unit, 4>& unit, thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread const uint& local, thread spvUnsafeArray<float4, 4>& sums, threadgroup float4 (&pool)[1024])
{
    spvUnsafeArray<uint4, 4> words;
    float _4483;
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
                            uint _4374 = (4u * y_1) + m;
                            uint param_7 = m;
                            uint param_8 = at + e;
                            all_[_4374] += (v * x_quad(param_7, param_8, pool));
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
                Unit param_11 = unit[y_2];
                uint param_12 = i;
                float2 d = unit_scale(param_9, param_10) * run_scale(param_11, param_12);
                _Pragma("clang loop unroll(full)")
                for (uint m_1 = 0u; m_1 < 4u; m_1++)
                {
                    if (m_1 < XS)
                    {
                        uint param_13 = m_1;
                        uint param_14 = block + 8u;
                        float of_x = x_quad(param_13, param_14, pool)[1u + half_];
                        float4 param_15 = all_[(4u * y_2) + m_1];
                        sums[y_2][m_1] += (d.x * (sum4(param_15) - ((RUN_OFFSET + float(RUN_ZERO)) * of_x)));
                        if (run_minima)
                        {
                            _4483 = d.y * of_x;
                        }
                        else
                        {
                            _4483 = 0.0;
                        }
                        sums[y_2][m_1] -= _4483;
                    }
                }
            }
        }
    }
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
    spvUnsafeArray<uint, 9> _3132 = spvUnsafeArray<uint, 9>({ unit.a.x, unit.a.y, unit.a.z, unit.a.w, unit.b.x, unit.b.y, unit.b.z, unit.b.w, unit.c });
    spvUnsafeArray<uint, 9> w;
    w = _3132;
    uint _3136;
    if ((h & 1u) != 0u)
    {
        _3136 = w[e + 1u];
    }
    else
    {
        _3136 = (w[e] >> 16u) | (w[e + 1u] << 16u);
    }
    return _3136;
}

static inline __attribute__((always_inline))
float4 signed_bytes(thread const uint& word)
{
    return float4(float(int(word << 24u) >> 24), float(int(word << 16u) >> 24), float(int(word << 8u) >> 24), float(int(word) >> 24));
}

static inline __attribute__((always_inline))
float float_of(thread const uint& h, thread const uint& word)
{
    return float2(as_type<half2>(word >> (16u * (h & 1u)))).x;
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
                        uint _3213 = (4u * y) + m;
                        uint param_4 = m;
                        uint param_5 = at + e;
                        all_[_3213] += (v * x_quad(param_4, param_5, pool));
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
                        uint _3338 = (4u * y) + m;
                        uint param_2 = m;
                        uint param_3 = at + e;
                        all_[_3338] += (low * x_quad(param_2, param_3, pool));
                        uint _3355 = (4u * y) + m;
                        uint param_4 = m;
                        uint param_5 = (at + e) + 4u;
                        all_[_3355] += (high * x_quad(param_4, param_5, pool));
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
    uint4 _3416;
    _Pragma("clang loop unroll(full)")
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            uint4 a = unit[y].a;
            uint4 b = uint4(a.y, a.z, a.w, unit[y].c);
            if (((row[y] + u) & 1u) != 0u)
            {
                _3416 = b;
            }
            else
            {
                _3416 = (a >> uint4(16u)) | (b << uint4(16u));
            }
            words[y] = _3416;
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
    uint _3641;
    spvUnsafeArray<uint, 4> minima;
    uint _3661;
    _Pragma("clang loop unroll(full)")
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            uint3 words = unit[y].b.yzw >> uint3(16u * (pair & 1u));
            if (lower)
            {
                _3641 = words.x & 16191u;
            }
            else
            {
                _3641 = (words.z & 3855u) | ((words.x >> 2u) & 12336u);
            }
            scales[y] = _3641;
            if (lower)
            {
                _3661 = words.y & 16191u;
            }
            else
            {
                _3661 = ((words.z >> 4u) & 3855u) | ((words.y >> 2u) & 12336u);
            }
            minima[y] = _3661;
        }
    }
    float4 _3728;
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
                        _3728 = low_nibbles(param);
                    }
                    else
                    {
                        uint param_1 = unit[y_1].a[e];
                        _3728 = high_nibbles(param_1);
                    }
                    float4 v = _3728;
                    _Pragma("clang loop unroll(full)")
                    for (uint m = 0u; m < 4u; m++)
                    {
                        if (m < XS)
                        {
                            uint _3760 = (4u * y_1) + m;
                            uint param_2 = m;
                            uint param_3 = at + e;
                            all_[_3760] += (v * x_quad(param_2, param_3, pool));
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
                        uint _4144 = (4u * y) + m;
                        uint param_4 = m;
                        uint param_5 = x;
                        uint param_6 = m;
                        uint param_7 = x + 9u;
                        uint param_8 = m;
                        uint param_9 = x + 18u;
                        uint param_10 = m;
                        uint param_11 = x + 27u;
                        all_[_4144] += float4(dot(a, x_quad(param_4, param_5, pool)), dot(b, x_quad(param_6, param_7, pool)), dot(c, x_quad(param_8, param_9, pool)), dot(d, x_quad(param_10, param_11, pool)));
                    }
                }
            }
        }
    }
    uint2 _4211;
    _Pragma("clang loop unroll(full)")
    for (uint y_1 = 0u; y_1 < 4u; y_1++)
    {
        if (y_1 < ROWS)
        {
            uint h = row[y_1] + (u / 8u);
            if (in_part < 2u)
            {
                _4211 = unit[y_1].b.zw;
            }
            else
            {
                _4211 = unit[y_1].b.zw >> uint2(8u);
            }
            uint2 words = _4211;
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
    if (runs)
    {
        spvUnsafeArray<Unit, 4> param;
        param = unit;
        spvUnsafeArray<uint, 4> param_1;
        param_1 = row;
        uint param_2 = u;
        uint param_3 = local;
        spvUnsafeArray<float4, 4> param_4;
        param_4 = sums;
        runs_times_x(param, param_1, param_2, param_3, param_4, pool);
        sums = param_4;
    }
    if (_4531)
    {
        spvUnsafeArray<Unit, 4> param_5;
        param_5 = unit;
        spvUnsafeArray<uint, 4> param_6;
        param_6 = row;
        uint param_7 = u;
        uint param_8 = local;
        spvUnsafeArray<float4, 4> param_9;
        param_9 = sums;
        units_times_x_F32(param_5, param_6, param_7, param_8, param_9, push, pool);
        sums = param_9;
    }
    if (_4546)
    {
        spvUnsafeArray<Unit, 4> param_10;
        param_10 = unit;
        spvUnsafeArray<uint, 4> param_11;
        param_11 = row;
        uint param_12 = u;
        uint param_13 = local;
        spvUnsafeArray<float4, 4> param_14;
        param_14 = sums;
        units_times_x_F16(param_10, param_11, param_12, param_13, param_14, push, pool);
        sums = param_14;
    }
    if (_4561)
    {
        spvUnsafeArray<Unit, 4> param_15;
        param_15 = unit;
        spvUnsafeArray<uint, 4> param_16;
        param_16 = row;
        uint param_17 = u;
        uint param_18 = local;
        spvUnsafeArray<float4, 4> param_19;
        param_19 = sums;
        units_times_x_BF16(param_15, param_16, param_17, param_18, param_19, push, pool);
        sums = param_19;
    }
    if (_4576)
    {
        spvUnsafeArray<Unit, 4> param_20;
        param_20 = unit;
        spvUnsafeArray<uint, 4> param_21;
        param_21 = row;
        uint param_22 = u;
        uint param_23 = local;
        spvUnsafeArray<float4, 4> param_24;
        param_24 = sums;
        units_times_x_Q8_0(param_20, param_21, param_22, param_23, param_24, pool);
        sums = param_24;
    }
    if (_4591)
    {
        spvUnsafeArray<Unit, 4> param_25;
        param_25 = unit;
        spvUnsafeArray<uint, 4> param_26;
        param_26 = row;
        uint param_27 = u;
        uint param_28 = local;
        spvUnsafeArray<float4, 4> param_29;
        param_29 = sums;
        units_times_x_Q4_0(param_25, param_26, param_27, param_28, param_29, pool);
        sums = param_29;
    }
    if (_4606)
    {
        spvUnsafeArray<Unit, 4> param_30;
        param_30 = unit;
        spvUnsafeArray<uint, 4> param_31;
        param_31 = row;
        uint param_32 = u;
        uint param_33 = local;
        spvUnsafeArray<float4, 4> param_34;
        param_34 = sums;
        units_times_x_Q4_1(param_30, param_31, param_32, param_33, param_34, pool);
        sums = param_34;
    }
    if (_4621)
    {
        spvUnsafeArray<Unit, 4> param_35;
        param_35 = unit;
        spvUnsafeArray<uint, 4> param_36;
        param_36 = row;
        uint param_37 = u;
        uint param_38 = local;
        spvUnsafeArray<float4, 4> param_39;
        param_39 = sums;
        units_times_x_Q4_K(param_35, param_36, param_37, param_38, param_39, pool);
        sums = param_39;
    }
    if (_4636)
    {
        spvUnsafeArray<Unit, 4> param_40;
        param_40 = unit;
        spvUnsafeArray<uint, 4> param_41;
        param_41 = row;
        uint param_42 = u;
        uint param_43 = local;
        spvUnsafeArray<float4, 4> param_44;
        param_44 = sums;
        units_times_x_Q6_K(param_40, param_41, param_42, param_43, param_44, pool);
        sums = param_44;
    }
    if (_4651)
    {
    }
    if (_4654)
    {
    }
    if (_4657)
    {
    }
    if (_4660)
    {
    }
    if (_4663)
    {
    }
    if (_4666)
    {
    }
    if (_4669)
    {
    }
    if (_4672)
    {
    }
    if (_4675)
    {
        spvUnsafeArray<Unit, 4> param_45;
        param_45 = unit;
        spvUnsafeArray<uint, 4> param_46;
        param_46 = row;
        uint param_47 = u;
        uint param_48 = local;
        spvUnsafeArray<float4, 4> param_49;
        param_49 = sums;
        units_times_x_F8_E4M3(param_45, param_46, param_47, param_48, param_49, push, pool);
        sums = param_49;
    }
}

static inline __attribute__((always_inline))
float shared_sum(thread const uint& i, threadgroup float4 (&pool)[1024])
{
    float4 sum = float4(0.0);
    _Pragma("clang loop unroll(full)")
    for (uint v = 0u; v < _2477; v++)
    {
        sum += pool[(i * _2485) + v];
    }
    float4 param = sum;
    return sum4(param);
}

static inline __attribute__((always_inline))
void finish(thread const uint& r, thread const uint& j, thread float& sum, constant Push& push, const device Bias1& v_1176, thread uint& matrix_row, device Y1& v_1192)
{
    if ((push.flags & 2u) != 0u)
    {
        sum += v_1176.bias1[(push.offset.z + matrix_row) + j];
    }
    v_1192.y1[(push.offset2.x + (r * push.ldy)) + j] = sum;
}

static inline __attribute__((always_inline))
void finish_lines(thread const uint& r, thread const uint& first, thread const spvUnsafeArray<float4, 4>& sums, thread float4& squares, constant Push& push, const device Bias1& v_1176, thread uint& matrix_row, device Y1& v_1192, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID, thread uint& gl_SubgroupID)
{
    uint me = gl_LocalInvocationID.x;
    uint lane = me & _2509;
    uint row = (me / TEAM) * ROWS;
    squares = simd_sum(squares);
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
                    ((threadgroup float*)&pool[((row + y) * _2552) + (lane / 4u)])[lane & 3u] = sums[y][m];
                }
            }
            bool _2567 = simd_is_first();
            if (_2567)
            {
                ((threadgroup float*)&pool[960u + (gl_SubgroupID / 4u)])[gl_SubgroupID & 3u] = squares[m];
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            bool _2586 = me < GROUP_LINES;
            bool _2596;
            if (_2586)
            {
                _2596 = (first + me) < push.n;
            }
            else
            {
                _2596 = _2586;
            }
            bool _2606;
            if (_2596)
            {
                _2606 = (r + m) < push.rows;
            }
            else
            {
                _2606 = _2596;
            }
            if (_2606)
            {
                float scale = 1.0;
                uint param = me;
                uint param_1 = r + m;
                uint param_2 = first + me;
                float param_3 = scale * shared_sum(param, pool);
                finish(param_1, param_2, param_3, push, v_1176, matrix_row, v_1192);
            }
        }
    }
}

static inline __attribute__((always_inline))
void vector_rows(const device Weights1& v_443, const device Weights4& v_455, const device X4& v_1088, const device X1& v_1101, constant Push& push, const device Bias1& v_1176, thread uint& matrix_row, device Y1& v_1192, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID, thread uint& gl_SubgroupID, thread uint3& gl_WorkGroupID, const device Ids1& v_5063)
{
    uint lane = gl_LocalInvocationID.x & _5006;
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
    uint chunk = ceil_div(param_6, param_7) * _5039;
    uint _5050 = (push.first.xyz + gl_WorkGroupID).y * XS;
    spvUnsafeArray<uint, 4> param_9;
    spvUnsafeArray<Unit, 4> next;
    spvUnsafeArray<Unit, 4> param_12;
    spvUnsafeArray<Unit, 4> unit;
    spvUnsafeArray<Unit, 4> param_19;
    spvUnsafeArray<Unit, 4> param_22;
    for (uint r = _5050; r < push.rows; r += (push.groups.y * XS))
    {
        matrix_row = min(v_5063.ids1[push.offset.w + r], (push.experts - 1u)) * push.n;
        uint3 _5083 = push.first.xyz + gl_WorkGroupID;
        uint _5084 = _5083.x;
        for (uint tile = _5084; (tile * GROUP_LINES) < push.n; tile += push.groups.x)
        {
            spvUnsafeArray<float4, 4> sums = spvUnsafeArray<float4, 4>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0) });
            float4 squares = float4(0.0);
            uint param_8 = tile * GROUP_LINES;
            find_rows(param_8, param_9, push, matrix_row, gl_LocalInvocationID);
            spvUnsafeArray<uint, 4> row;
            row = param_9;
            for (uint base = 0u; base < units; base += chunk)
            {
                uint end = min(units, (base + chunk));
                bool _5127;
                if (plain)
                {
                    _5127 = (base + lane) < end;
                }
                else
                {
                    _5127 = plain;
                }
                if (_5127)
                {
                    spvUnsafeArray<uint, 4> param_10;
                    param_10 = row;
                    uint param_11 = base + lane;
                    load_plain_units(param_10, param_11, param_12, v_443, v_455, push);
                    next = param_12;
                }
                uint param_13 = r;
                uint param_14 = UNIT * base;
                uint param_15 = min(push.k, (UNIT * end)) - (UNIT * base);
                float4 param_16 = squares;
                put_chunks(param_13, param_14, param_15, param_16, v_1088, v_1101, push, pool, gl_LocalInvocationID);
                squares = param_16;
                uint _5161 = base + lane;
                for (uint u = _5161; u < end; u += TEAM)
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
                            load_plain_units(param_17, param_18, param_19, v_443, v_455, push);
                            next = param_19;
                        }
                    }
                    else
                    {
                        spvUnsafeArray<uint, 4> param_20;
                        param_20 = row;
                        uint param_21 = u;
                        load_units(param_20, param_21, param_22, v_443, v_455, push);
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
            finish_lines(param_28, param_29, param_30, param_31, push, v_1176, matrix_row, v_1192, pool, gl_LocalInvocationID, gl_SubgroupID);
        }
    }
}

kernel void zc_linear_chosen(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], const device Bias1& v_1176 [[buffer(3)]], const device Ids1& v_5063 [[buffer(4)]], device Y1& v_1192 [[buffer(5)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& v_1088 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& v_443 = *(const device Weights1*)spvBufferAliasSet0Binding2;
    const device auto& v_455 = *(const device Weights4*)spvBufferAliasSet0Binding2;
    const device auto& v_1101 = *(const device X1*)spvBufferAliasSet0Binding1;
    threadgroup float4 pool[1024];
    threadgroup float group_partial[256];
    uint matrix_row;
    vector_rows(v_443, v_455, v_1088, v_1101, push, v_1176, matrix_row, v_1192, pool, gl_LocalInvocationID, gl_SubgroupID, gl_WorkGroupID, v_5063);
}

