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
constant bool _461 = (type == 0u);
constant bool _470 = (type == 1u);
constant bool _478 = (type == 2u);
constant bool _487 = (type == 3u);
constant bool _496 = (type == 4u);
constant bool _506 = (type == 5u);
constant bool _516 = (type == 6u);
constant bool _527 = (type == 7u);
constant bool _537 = (type == 8u);
constant bool _546 = (type == 9u);
constant bool _555 = (type == 10u);
constant bool _564 = (type == 11u);
constant bool _573 = (type == 12u);
constant bool _583 = (type == 13u);
constant bool _592 = (type == 14u);
constant bool _602 = (type == 15u);
constant bool _611 = (type == 16u);
constant uint _999 = (variant / 17u);
constant uint input_ = (_999 % 3u);
constant bool clamped = (input_ == 1u);
constant bool _1002 = (!clamped);

struct X4
{
    float4 x4[1];
};

struct X1
{
    float x1[1];
};

constant bool _1123 = (input_ == 2u);
constant bool gated = (clamped || _1123);

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

constant bool _1559 = (type == 10u);
constant bool _1560 = (type == 11u);
constant bool _1561 = (_1559 || _1560);
constant bool _1562 = (type == 12u);
constant bool runs_apart = (_1561 || _1562);
constant bool _2004 = (type == 10u);
constant bool _2005 = (type == 11u);
constant bool _2006 = (_2004 || _2005);
constant bool _2018 = (type == 11u);
constant bool _2044 = (type == 12u);
constant bool _2060 = (type == 8u);
constant bool _2061 = (type == 9u);
constant bool _2062 = (_2060 || _2061);
constant bool _2092 = (type == 15u);
constant bool _2113 = (type == 15u);
constant bool _2122 = (type == 14u);
constant bool _2143 = (type == 9u);
constant bool _2157 = (type == 12u);
constant bool _2175 = (type == 10u);
constant bool _2193 = (type == 11u);
constant bool _2214 = (type == 0u);
constant bool _2222 = (type == 1u);
constant bool _2230 = (type == 2u);
constant bool _2238 = (type == 3u);
constant bool _2246 = (type == 4u);
constant bool _2254 = (type == 5u);
constant bool _2262 = (type == 6u);
constant bool _2270 = (type == 7u);
constant bool _2278 = (type == 8u);
constant bool _2286 = (type == 9u);
constant bool _2294 = (type == 10u);
constant bool _2302 = (type == 11u);
constant bool _2310 = (type == 12u);
constant bool _2318 = (type == 13u);
constant bool _2326 = (type == 14u);
constant bool _2334 = (type == 15u);
constant bool _2342 = (type == 16u);
constant uint way = (variant / 51u);
constant bool _2363 = (way <= 2u);
constant bool _2364 = (way == 4u);
constant bool _2365 = (way == 5u);
constant bool _2366 = (_2364 || _2365);
constant bool _2367 = (way == 12u);
constant bool _2368 = (_2366 || _2367);
constant bool _2369 = (way == 15u);
constant bool _2370 = (_2368 || _2369);
constant uint _2371 = _2370 ? 4u : 2u;
constant uint ROWS = _2363 ? 1u : _2371;
constant bool _2399 = (type == 0u);
constant bool _2412 = (type == 16u);
constant bool _2457 = (way == 1u);
constant bool _2458 = (way == 5u);
constant bool _2459 = (way == 7u);
constant bool _2460 = (_2458 || _2459);
constant bool _2461 = (way == 12u);
constant uint _2462 = _2461 ? 16u : 32u;
constant uint _2463 = _2460 ? 8u : _2462;
constant uint TEAM = _2457 ? 64u : _2463;
constant uint _2465 = (TEAM / 4u);
constant uint _2472 = (TEAM / 4u);
constant uint _2473 = (_2472 + 1u);
constant uint _2497 = (TEAM - 1u);
constant bool _2514 = (way == 6u);
constant bool _2515 = (way == 7u);
constant bool _2516 = (way == 15u);
constant bool _2517 = (_2515 || _2516);
constant uint _2518 = _2517 ? 4u : 1u;
constant uint XS = _2514 ? 2u : _2518;
constant uint _2539 = (TEAM / 4u);
constant uint _2540 = (_2539 + 1u);
constant uint _2570 = (256u / TEAM);
constant uint GROUP_ROWS = (_2570 * ROWS);
constant uint _2572 = (GROUP_ROWS / 2u);
constant uint GROUP_LINES = false ? _2572 : GROUP_ROWS;
constant uint _2625 = (ROWS / 2u);
constant uint _2626 = false ? _2625 : ROWS;
constant bool _2747 = (type == 13u);
constant bool _2748 = (type == 14u);
constant bool signed_runs = (_2747 || _2748);
constant bool _2764 = (XS == 1u);
constant bool _2766 = (XS == 2u);
constant uint _2769 = _2766 ? 1792u : 768u;
constant uint CHUNK = _2764 ? 3584u : _2769;
constant uint _2771 = (CHUNK / 32u);
constant uint CHUNK_QUADS = (_2771 * 9u);
constant float RUN_OFFSET = signed_runs ? 384.0 : 64.0;
constant bool _4446 = (type == 11u);
constant bool _4448 = (type == 8u);
constant bool _4449 = (type == 15u);
constant bool _4450 = (_4448 || _4449);
constant int _4452 = _4450 ? 16 : 0;
constant int RUN_ZERO = _4446 ? 4 : _4452;
constant bool _4466 = (type == 9u);
constant bool _4467 = (type == 10u);
constant bool _4468 = (_4466 || _4467);
constant bool _4469 = (type == 12u);
constant bool run_minima = (_4468 || _4469);
constant bool _4490 = (type == 8u);
constant bool _4491 = (type == 9u);
constant bool _4492 = (_4490 || _4491);
constant bool _4493 = (type == 10u);
constant bool _4494 = (_4492 || _4493);
constant bool _4495 = (type == 11u);
constant bool _4496 = (_4494 || _4495);
constant bool _4497 = (type == 12u);
constant bool _4498 = (_4496 || _4497);
constant bool _4499 = (type == 13u);
constant bool _4500 = (_4498 || _4499);
constant bool _4501 = (type == 14u);
constant bool _4502 = (_4500 || _4501);
constant bool _4503 = (type == 15u);
constant bool runs = (_4502 || _4503);
constant bool _4519 = (type == 0u);
constant bool _4534 = (type == 1u);
constant bool _4549 = (type == 2u);
constant bool _4564 = (type == 3u);
constant bool _4579 = (type == 4u);
constant bool _4594 = (type == 5u);
constant bool _4609 = (type == 6u);
constant bool _4624 = (type == 7u);
constant bool _4639 = (type == 8u);
constant bool _4642 = (type == 9u);
constant bool _4645 = (type == 10u);
constant bool _4648 = (type == 11u);
constant bool _4651 = (type == 12u);
constant bool _4654 = (type == 13u);
constant bool _4657 = (type == 14u);
constant bool _4660 = (type == 15u);
constant bool _4663 = (type == 16u);
constant bool _4980 = (type == 4u);
constant bool _4981 = (type == 5u);
constant bool _4982 = (_4980 || _4981);
constant bool _4983 = (type == 6u);
constant bool _4984 = (_4982 || _4983);
constant bool summed = (_4984 || runs);
constant uint _4994 = (TEAM - 1u);
constant bool _4997 = (type == 0u);
constant bool _4998 = (type == 1u);
constant bool _4999 = (_4997 || _4998);
constant bool _5000 = (type == 2u);
constant bool _5001 = (_4999 || _5000);
constant bool _5002 = (type == 16u);
constant bool plain = (_5001 || _5002);
constant uint UNIT = plain ? 8u : 32u;
constant uint _5027 = (256u / UNIT);

struct Ids1
{
    uint ids1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

constant spvUnsafeArray<float4, 16> _3149 = spvUnsafeArray<float4, 16>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0), float4(0.0) });
constant spvUnsafeArray<float4, 2> _4713 = spvUnsafeArray<float4, 2>({ float4(0.0), float4(0.0) });
constant spvUnsafeArray<float4, 4> _5084 = spvUnsafeArray<float4, 4>({ float4(0.0), float4(0.0), float4(0.0), float4(0.0) });

static inline __attribute__((always_inline))
uint ceil_div(thread const uint& a, thread const uint& b)
{
    return (a / b) + uint((a % b) != 0u);
}

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    uint _462;
    if (_461)
    {
        _462 = (k / 1u) * 2u;
    }
    else
    {
        uint _471;
        if (_470)
        {
            _471 = (k / 1u) * 1u;
        }
        else
        {
            uint _479;
            if (_478)
            {
                _479 = (k / 1u) * 1u;
            }
            else
            {
                uint _488;
                if (_487)
                {
                    _488 = (k / 32u) * 17u;
                }
                else
                {
                    uint _497;
                    if (_496)
                    {
                        _497 = (k / 32u) * 9u;
                    }
                    else
                    {
                        uint _507;
                        if (_506)
                        {
                            _507 = (k / 32u) * 10u;
                        }
                        else
                        {
                            uint _517;
                            if (_516)
                            {
                                _517 = (k / 256u) * 72u;
                            }
                            else
                            {
                                uint _528;
                                if (_527)
                                {
                                    _528 = (k / 256u) * 105u;
                                }
                                else
                                {
                                    uint _538;
                                    if (_537)
                                    {
                                        _538 = (k / 32u) * 11u;
                                    }
                                    else
                                    {
                                        uint _547;
                                        if (_546)
                                        {
                                            _547 = (k / 32u) * 12u;
                                        }
                                        else
                                        {
                                            uint _556;
                                            if (_555)
                                            {
                                                _556 = (k / 256u) * 42u;
                                            }
                                            else
                                            {
                                                uint _565;
                                                if (_564)
                                                {
                                                    _565 = (k / 256u) * 55u;
                                                }
                                                else
                                                {
                                                    uint _574;
                                                    if (_573)
                                                    {
                                                        _574 = (k / 256u) * 88u;
                                                    }
                                                    else
                                                    {
                                                        uint _584;
                                                        if (_583)
                                                        {
                                                            _584 = (k / 32u) * 9u;
                                                        }
                                                        else
                                                        {
                                                            uint _593;
                                                            if (_592)
                                                            {
                                                                _593 = (k / 256u) * 68u;
                                                            }
                                                            else
                                                            {
                                                                uint _603;
                                                                if (_602)
                                                                {
                                                                    _603 = (k / 64u) * 17u;
                                                                }
                                                                else
                                                                {
                                                                    uint _612;
                                                                    if (_611)
                                                                    {
                                                                        _612 = (k / 2u) * 1u;
                                                                    }
                                                                    else
                                                                    {
                                                                        _612 = 0u;
                                                                    }
                                                                    _603 = _612;
                                                                }
                                                                _593 = _603;
                                                            }
                                                            _584 = _593;
                                                        }
                                                        _574 = _584;
                                                    }
                                                    _565 = _574;
                                                }
                                                _556 = _565;
                                            }
                                            _547 = _556;
                                        }
                                        _538 = _547;
                                    }
                                    _528 = _538;
                                }
                                _517 = _528;
                            }
                            _507 = _517;
                        }
                        _497 = _507;
                    }
                    _488 = _497;
                }
                _479 = _488;
            }
            _471 = _479;
        }
        _462 = _471;
    }
    return _462;
}

static inline __attribute__((always_inline))
void find_rows(thread const uint& first, thread spvUnsafeArray<uint, 4>& row, constant Push& push, thread uint& matrix_row, thread uint3& gl_LocalInvocationID)
{
    uint param = push.k;
    uint halves = row_halves(param);
    uint from = first + ((gl_LocalInvocationID.x / TEAM) * _2626);
    uint _2647;
    _Pragma("clang loop unroll(full)")
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            if (false)
            {
                _2647 = y / 2u;
            }
            else
            {
                _2647 = y;
            }
            row[y] = (2u * push.offset.y) + ((matrix_row + min((from + _2647), (push.n - 1u))) * halves);
        }
    }
}

static inline __attribute__((always_inline))
Unit no_unit()
{
    return Unit{ uint4(0u), uint4(0u), 0u, 0u };
}

static inline __attribute__((always_inline))
uint4 weight_words(thread const uint& i, const device Weights4& v_451)
{
    return v_451.weights4[i];
}

static inline __attribute__((always_inline))
uint weight_word(thread const uint& i, const device Weights1& v_439)
{
    return v_439.weights1[i];
}

static inline __attribute__((always_inline))
Unit load_unit_F32(thread const uint& row, thread const uint& u, const device Weights1& v_439, const device Weights4& v_451, constant Push& push)
{
    uint last = ((row / 2u) + push.k) - 1u;
    uint at = (row / 2u) + (8u * u);
    Unit unit = no_unit();
    bool _1312 = (at & 3u) == 0u;
    bool _1319;
    if (_1312)
    {
        _1319 = (at + 7u) <= last;
    }
    else
    {
        _1319 = _1312;
    }
    if (_1319)
    {
        uint param = at / 4u;
        unit.a = weight_words(param, v_451);
        uint param_1 = (at / 4u) + 1u;
        unit.b = weight_words(param_1, v_451);
    }
    else
    {
        _Pragma("clang loop unroll(full)")
        for (uint e = 0u; e < 4u; e++)
        {
            uint param_2 = min((at + e), last);
            unit.a[e] = weight_word(param_2, v_439);
            uint param_3 = min(((at + 4u) + e), last);
            unit.b[e] = weight_word(param_3, v_439);
        }
    }
    return unit;
}

static inline __attribute__((always_inline))
Unit load_unit_F8_E4M3(thread const uint& row, thread const uint& u, const device Weights1& v_439, constant Push& push)
{
    uint at = (row + (4u * u)) / 2u;
    uint last = (row + ((push.k - 1u) / 2u)) / 2u;
    Unit unit = no_unit();
    _Pragma("clang loop unroll(full)")
    for (uint e = 0u; e < 3u; e++)
    {
        uint param = min((at + e), last);
        unit.a[e] = weight_word(param, v_439);
    }
    return unit;
}

static inline __attribute__((always_inline))
Unit load_unit_F16(thread const uint& row, thread const uint& u, const device Weights1& v_439, const device Weights4& v_451, constant Push& push)
{
    uint h = row + (8u * u);
    uint at = h / 2u;
    uint last = ((row + push.k) - 1u) / 2u;
    Unit unit = no_unit();
    bool _1385 = (h & 7u) == 0u;
    bool _1392;
    if (_1385)
    {
        _1392 = (at + 3u) <= last;
    }
    else
    {
        _1392 = _1385;
    }
    if (_1392)
    {
        uint param = at / 4u;
        unit.a = weight_words(param, v_451);
    }
    else
    {
        _Pragma("clang loop unroll(full)")
        for (uint e = 0u; e < 4u; e++)
        {
            uint param_1 = min((at + e), last);
            unit.a[e] = weight_word(param_1, v_439);
        }
        uint param_2 = min((at + 4u), last);
        unit.b.x = weight_word(param_2, v_439);
    }
    return unit;
}

static inline __attribute__((always_inline))
void load_plain_units(thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread spvUnsafeArray<Unit, 4>& unit, const device Weights1& v_439, const device Weights4& v_451, constant Push& push)
{
    _Pragma("clang loop unroll(full)")
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            if (_2399)
            {
                uint param = row[y];
                uint param_1 = u;
                unit[y] = load_unit_F32(param, param_1, v_439, v_451, push);
            }
            else
            {
                if (_2412)
                {
                    uint param_2 = row[y];
                    uint param_3 = u;
                    unit[y] = load_unit_F8_E4M3(param_2, param_3, v_439, push);
                }
                else
                {
                    uint param_4 = row[y];
                    uint param_5 = u;
                    unit[y] = load_unit_F16(param_4, param_5, v_439, v_451, push);
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
float4 x_at(thread const uint& i, thread const uint& count, const device X4& v_1074, const device X1& v_1087)
{
    if (((i & 3u) == 0u) && (count >= 4u))
    {
        return v_1074.x4[i / 4u];
    }
    float4 v = float4(0.0);
    v.x = v_1087.x1[i];
    if (count > 1u)
    {
        v.y = v_1087.x1[i + 1u];
    }
    if (count > 2u)
    {
        v.z = v_1087.x1[i + 2u];
    }
    if (count > 3u)
    {
        v.w = v_1087.x1[i + 3u];
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
    if (_1002)
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
void put_chunk(thread const uint& r, thread const uint& m, thread const uint& first, thread const uint& count, thread float& squares, const device X4& v_1074, const device X1& v_1087, constant Push& push, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID)
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
            bool _4736 = q < quads;
            bool _4743;
            if (_4736)
            {
                _4743 = at < push.k;
            }
            else
            {
                _4743 = _4736;
            }
            bool _4752;
            if (_4743)
            {
                _4752 = (r + m) < push.rows;
            }
            else
            {
                _4752 = _4743;
            }
            if (_4752)
            {
                uint param_2 = x + at;
                uint param_3 = push.k - at;
                v[part] = x_at(param_2, param_3, v_1074, v_1087);
                if (gated)
                {
                    uint param_4 = (x + push.k) + at;
                    uint param_5 = push.k - at;
                    factor[part] = x_at(param_4, param_5, v_1074, v_1087);
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
                float4 _4829 = input_of(param_6, param_7, param_8, param_9);
                squares = param_9;
                float4 value = _4829;
                bool _4838;
                if (false)
                {
                    _4838 = (at_1 + 4u) > push.k;
                }
                else
                {
                    _4838 = false;
                }
                if (_4838)
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
void put_chunks(thread const uint& r, thread const uint& first, thread const uint& count, thread float4& squares, const device X4& v_1074, const device X1& v_1087, constant Push& push, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID)
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
            put_chunk(param, param_1, param_2, param_3, param_4, v_1074, v_1087, push, pool, gl_LocalInvocationID);
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
uint4 first_words(thread const uint& at, const device Weights1& v_439)
{
    return uint4(*(const device packed_uint4*)&v_439.weights1[at]);
}

static inline __attribute__((always_inline))
uint4 four_words(thread const uint& at, const device Weights1& v_439)
{
    uint param = at;
    return first_words(param, v_439);
}

static inline __attribute__((always_inline))
Unit load_unit_Q8_0(thread const uint& row, thread const uint& u, const device Weights1& v_439)
{
    uint at = (row + (17u * u)) / 2u;
    uint param = at;
    uint param_1 = at + 4u;
    uint param_2 = at + 8u;
    return Unit{ four_words(param, v_439), four_words(param_1, v_439), weight_word(param_2, v_439), 0u };
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_0(thread const uint& row, thread const uint& u, const device Weights1& v_439)
{
    uint at = (row + (9u * u)) / 2u;
    uint param = at;
    uint param_1 = at + 4u;
    return Unit{ four_words(param, v_439), uint4(0u), weight_word(param_1, v_439), 0u };
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_1(thread const uint& row, thread const uint& u, const device Weights1& v_439)
{
    uint at = (row / 2u) + (5u * u);
    uint param = at + 1u;
    uint param_1 = at;
    return Unit{ four_words(param, v_439), uint4(0u), weight_word(param_1, v_439), 0u };
}

static inline __attribute__((always_inline))
Unit load_unit_Q4_K(thread const uint& row, thread const uint& u, const device Weights1& v_439, const device Weights4& v_451)
{
    uint at = (row / 2u) + ((u / 8u) * 36u);
    uint quants = (at + 4u) + (4u * (u & 7u));
    if ((at & 3u) == 0u)
    {
        uint param = quants / 4u;
        uint param_1 = at / 4u;
        return Unit{ weight_words(param, v_451), weight_words(param_1, v_451), 0u, 0u };
    }
    uint param_2 = quants;
    uint param_3 = at;
    return Unit{ four_words(param_2, v_439), four_words(param_3, v_439), 0u, 0u };
}

static inline __attribute__((always_inline))
uint next_half(thread const uint& low, thread const uint& high)
{
    return (low >> 16u) | (high << 16u);
}

static inline __attribute__((always_inline))
Unit load_unit_Q6_K(thread const uint& row, thread const uint& u, const device Weights1& v_439)
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
    uint4 a = uint4(weight_word(param, v_439), weight_word(param_1, v_439), weight_word(param_2, v_439), weight_word(param_3, v_439));
    uint param_4 = high;
    uint param_5 = high + 1u;
    uint param_6 = scales;
    uint param_7 = scales + 1u;
    uint4 b = uint4(weight_word(param_4, v_439), weight_word(param_5, v_439), weight_word(param_6, v_439), weight_word(param_7, v_439));
    if ((h & 1u) != 0u)
    {
        uint param_8 = a.x;
        uint param_9 = a.y;
        uint param_10 = low + 2u;
        uint param_11 = a.y;
        uint param_12 = weight_word(param_10, v_439);
        uint param_13 = a.z;
        uint param_14 = a.w;
        uint param_15 = low + 10u;
        uint param_16 = a.w;
        uint param_17 = weight_word(param_15, v_439);
        a = uint4(next_half(param_8, param_9), next_half(param_11, param_12), next_half(param_13, param_14), next_half(param_16, param_17));
        uint param_18 = b.x;
        uint param_19 = b.y;
        uint param_20 = high + 2u;
        uint param_21 = b.y;
        uint param_22 = weight_word(param_20, v_439);
        uint param_23 = b.z;
        uint param_24 = b.w;
        uint param_25 = scales + 2u;
        uint param_26 = b.w;
        uint param_27 = weight_word(param_25, v_439);
        b = uint4(next_half(param_18, param_19), next_half(param_21, param_22), next_half(param_23, param_24), next_half(param_26, param_27));
    }
    uint param_28 = (h / 2u) + 52u;
    return Unit{ a, b, weight_word(param_28, v_439), 0u };
}

static inline __attribute__((always_inline))
uint word_of(thread const uint& h, thread const uint& low, thread const uint& high)
{
    uint _641;
    if ((h & 1u) != 0u)
    {
        _641 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _641 = low;
    }
    return _641;
}

static inline __attribute__((always_inline))
uint2 first_shorts(thread const uint& h, const device Weights1& v_439)
{
    return as_type<uint2>(ushort4(*(const device packed_ushort4*)((const device ushort*)&v_439.weights1[0] + h)));
}

static inline __attribute__((always_inline))
uint2 two_words_of(thread const uint& h, const device Weights1& v_439)
{
    uint param = h;
    return first_shorts(param, v_439);
}

static inline __attribute__((always_inline))
uint4 four_words_of(thread const uint& h, const device Weights1& v_439)
{
    uint param = h;
    uint param_1 = h + 4u;
    return uint4(first_shorts(param, v_439), first_shorts(param_1, v_439));
}

static inline __attribute__((always_inline))
Unit load_unit_Q5_0(thread const uint& row, thread const uint& u, const device Weights1& v_439)
{
    uint h = row + (11u * u);
    uint param = h;
    uint2 head = two_words_of(param, v_439);
    uint param_1 = h + 3u;
    uint param_2 = head.x;
    uint param_3 = head.y;
    return Unit{ four_words_of(param_1, v_439), uint4(next_half(param_2, param_3), 0u, 0u, 0u), head.x, 0u };
}

static inline __attribute__((always_inline))
Unit load_unit_Q5_1(thread const uint& row, thread const uint& u, const device Weights1& v_439)
{
    uint at = (row / 2u) + (6u * u);
    uint param = at;
    uint4 words = four_words(param, v_439);
    uint param_1 = (2u * at) + 8u;
    return Unit{ uint4(words.zw, two_words_of(param_1, v_439)), uint4(words.y, 0u, 0u, 0u), words.x, 0u };
}

static inline __attribute__((always_inline))
Unit load_unit_Q2_K(thread const uint& row, thread const uint& u, const device Weights1& v_439)
{
    uint at = (row / 2u) + ((u / 8u) * 21u);
    uint part = (u / 4u) & 1u;
    uint param = ((at + 4u) + (8u * part)) + (4u * (u & 1u));
    uint4 words = four_words(param, v_439) >> uint4(2u * (u & 2u));
    uint param_1 = (2u * at) + (4u * part);
    uint2 scales = two_words_of(param_1, v_439) >> uint2(8u * (u & 1u));
    uint param_2 = at + 20u;
    uint _1699;
    if ((u & 2u) != 0u)
    {
        _1699 = scales.y;
    }
    else
    {
        _1699 = scales.x;
    }
    return Unit{ words, uint4(0u), weight_word(param_2, v_439), _1699 };
}

static inline __attribute__((always_inline))
Unit load_unit_Q3_K(thread const uint& row, thread const uint& u, const device Weights1& v_439)
{
    uint h = row + ((u / 8u) * 55u);
    uint part = (u / 4u) & 1u;
    uint pair = (u / 2u) & 3u;
    uint param = ((h + 16u) + (16u * part)) + (8u * (u & 1u));
    uint4 words = four_words_of(param, v_439) >> uint4(2u * (u & 2u));
    uint param_1 = h + 48u;
    uint2 a = two_words_of(param_1, v_439);
    uint param_2 = h + 51u;
    uint2 b = two_words_of(param_2, v_439);
    uint _1758;
    if ((u & 2u) != 0u)
    {
        _1758 = a.y;
    }
    else
    {
        _1758 = a.x;
    }
    uint four = _1758 >> (4u * part);
    uint param_3 = b.x;
    uint param_4 = b.y;
    uint two = next_half(param_3, param_4) >> (2u * pair);
    uint scales = ((four & 252645135u) | ((two & 50529027u) << 4u)) >> (8u * (u & 1u));
    uint param_5 = h + (8u * (u & 1u));
    return Unit{ words, four_words_of(param_5, v_439) >> uint4(2u * pair), b.y >> 16u, scales };
}

static inline __attribute__((always_inline))
Unit load_unit_Q5_K(thread const uint& row, thread const uint& u, const device Weights1& v_439)
{
    uint at = (row / 2u) + ((u / 8u) * 44u);
    uint pair = (u / 2u) & 3u;
    uint param = at;
    uint4 head = four_words(param, v_439);
    uint3 words = head.yzw >> uint3(16u * (pair & 1u));
    uint _1842;
    if (pair < 2u)
    {
        _1842 = words.x & 16191u;
    }
    else
    {
        _1842 = (words.z & 3855u) | ((words.x >> 2u) & 12336u);
    }
    uint scales = _1842;
    uint _1864;
    if (pair < 2u)
    {
        _1864 = words.y & 16191u;
    }
    else
    {
        _1864 = ((words.z >> 4u) & 3855u) | ((words.y >> 2u) & 12336u);
    }
    uint minima = _1864;
    uint param_1 = (at + 12u) + (4u * (u & 7u));
    uint param_2 = (at + 4u) + (4u * (u & 1u));
    return Unit{ four_words(param_1, v_439), four_words(param_2, v_439) >> uint4(2u * pair), head.x, scales | (minima << 16u) };
}

static inline __attribute__((always_inline))
uint first_short(thread const uint& h, const device Weights1& v_439)
{
    return uint(((const device ushort*)&v_439.weights1[0])[h]);
}

static inline __attribute__((always_inline))
uint half_at(thread const uint& h, const device Weights1& v_439)
{
    uint param = h;
    return first_short(param, v_439);
}

static inline __attribute__((always_inline))
Unit load_unit_IQ4_NL(thread const uint& row, thread const uint& u, const device Weights1& v_439)
{
    uint h = row + (9u * u);
    uint param = h + 1u;
    uint param_1 = h;
    return Unit{ four_words_of(param, v_439), uint4(0u), half_at(param_1, v_439), 0u };
}

static inline __attribute__((always_inline))
Unit load_unit_IQ4_XS(thread const uint& row, thread const uint& u, const device Weights1& v_439)
{
    uint at = (row / 2u) + ((u / 8u) * 34u);
    uint param = 2u * at;
    uint2 head = two_words_of(param, v_439);
    uint param_1 = (at + 2u) + (4u * (u & 7u));
    return Unit{ four_words(param_1, v_439), uint4(0u), head.x, head.y };
}

static inline __attribute__((always_inline))
uint mxfp4_at(thread const uint& row, thread const uint& b)
{
    return row + ((17u * b) / 2u);
}

static inline __attribute__((always_inline))
Unit load_unit_MXFP4(thread const uint& row, thread const uint& u, const device Weights1& v_439)
{
    uint param = row;
    uint param_1 = u;
    uint h = mxfp4_at(param, param_1);
    uint at = h / 2u;
    uint shift = (16u * (h & 1u)) + (8u * (u & 1u));
    uint param_2 = at;
    uint4 words = four_words(param_2, v_439);
    uint param_3 = at + 4u;
    uint4 next = uint4(words.yzw, weight_word(param_3, v_439));
    return Unit{ ((words >> uint4(shift)) >> uint4(8u)) | (next << uint4(24u - shift)), uint4(0u), words.x >> shift, 0u };
}

static inline __attribute__((always_inline))
Unit load_unit(thread const uint& row, thread const uint& u, const device Weights1& v_439, const device Weights4& v_451, constant Push& push)
{
    Unit unit = no_unit();
    if (_2214)
    {
        uint param = row;
        uint param_1 = u;
        unit = load_unit_F32(param, param_1, v_439, v_451, push);
    }
    if (_2222)
    {
        uint param_2 = row;
        uint param_3 = u;
        unit = load_unit_F16(param_2, param_3, v_439, v_451, push);
    }
    if (_2230)
    {
        uint param_4 = row;
        uint param_5 = u;
        unit = load_unit_F16(param_4, param_5, v_439, v_451, push);
    }
    if (_2238)
    {
        uint param_6 = row;
        uint param_7 = u;
        unit = load_unit_Q8_0(param_6, param_7, v_439);
    }
    if (_2246)
    {
        uint param_8 = row;
        uint param_9 = u;
        unit = load_unit_Q4_0(param_8, param_9, v_439);
    }
    if (_2254)
    {
        uint param_10 = row;
        uint param_11 = u;
        unit = load_unit_Q4_1(param_10, param_11, v_439);
    }
    if (_2262)
    {
        uint param_12 = row;
        uint param_13 = u;
        unit = load_unit_Q4_K(param_12, param_13, v_439, v_451);
    }
    if (_2270)
    {
        uint param_14 = row;
        uint param_15 = u;
        unit = load_unit_Q6_K(param_14, param_15, v_439);
    }
    if (_2278)
    {
        uint param_16 = row;
        uint param_17 = u;
        unit = load_unit_Q5_0(param_16, param_17, v_439);
    }
    if (_2286)
    {
        uint param_18 = row;
        uint param_19 = u;
        unit = load_unit_Q5_1(param_18, param_19, v_439);
    }
    if (_2294)
    {
        uint param_20 = row;
        uint param_21 = u;
        unit = load_unit_Q2_K(param_20, param_21, v_439);
    }
    if (_2302)
    {
        uint param_22 = row;
        uint param_23 = u;
        unit = load_unit_Q3_K(param_22, param_23, v_439);
    }
    if (_2310)
    {
        uint param_24 = row;
        uint param_25 = u;
        unit = load_unit_Q5_K(param_24, param_25, v_439);
    }
    if (_2318)
    {
        uint param_26 = row;
        uint param_27 = u;
        unit = load_unit_IQ4_NL(param_26, param_27, v_439);
    }
    if (_2326)
    {
        uint param_28 = row;
        uint param_29 = u;
        unit = load_unit_IQ4_XS(param_28, param_29, v_439);
    }
    if (_2334)
    {
        uint param_30 = row;
        uint param_31 = u;
        unit = load_unit_MXFP4(param_30, param_31, v_439);
    }
    if (_2342)
    {
        uint param_32 = row;
        uint param_33 = u;
        unit = load_unit_F8_E4M3(param_32, param_33, v_439, push);
    }
    return unit;
}

static inline __attribute__((always_inline))
void load_units(thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread spvUnsafeArray<Unit, 4>& unit, const device Weights1& v_439, const device Weights4& v_451, constant Push& push)
{
    _Pragma("clang loop unroll(full)")
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            uint param = row[y];
            uint param_1 = u;
            unit[y] = load_unit(param, param_1, v_439, v_451, push);
        }
    }
}

static inline __attribute__((always_inline))
uint run_half(thread const uint& u, thread const uint& i)
{
    uint _1582;
    if (runs_apart)
    {
        _1582 = u & 1u;
    }
    else
    {
        _1582 = i;
    }
    return _1582;
}

static inline __attribute__((always_inline))
uint run_block(thread const uint& u, thread const uint& i)
{
    uint _1564;
    if (runs_apart)
    {
        _1564 = (((u / 8u) * 8u) + (2u * ((u / 2u) & 3u))) + i;
    }
    else
    {
        _1564 = u;
    }
    return _1564;
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
    if (_2006)
    {
        uint4 low = (unit.a >> uint4(2u * i)) & uint4(50529027u);
        uint4 _2019;
        if (_2018)
        {
            _2019 = low | ((unit.b << uint4(2u - i)) & uint4(67372036u));
        }
        else
        {
            _2019 = low;
        }
        return _2019;
    }
    uint4 low_1 = unit.a >> uint4(4u * i);
    if (_2044)
    {
        return (low_1 & uint4(252645135u)) | ((unit.b << uint4(4u - i)) & uint4(269488144u));
    }
    if (_2062)
    {
        uint high = unit.b.x >> (16u * i);
        uint param = high;
        uint param_1 = high >> 4u;
        uint param_2 = high >> 8u;
        uint param_3 = high >> 12u;
        return (low_1 & uint4(252645135u)) | uint4(fifth_bits(param), fifth_bits(param_1), fifth_bits(param_2), fifth_bits(param_3));
    }
    if (_2092)
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
    float4 _2750;
    if (signed_runs)
    {
        uint param = w;
        _2750 = bytes_and_384(param);
    }
    else
    {
        uint param_1 = w;
        _2750 = small_bytes(param_1);
    }
    return _2750;
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
    uint _881;
    if (exponent < 2u)
    {
        _881 = 2097152u << exponent;
    }
    else
    {
        _881 = (exponent - 1u) << 23u;
    }
    return as_type<float>(_881);
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
    float _2114;
    if (_2113)
    {
        uint param = unit.c;
        float _2120 = e8m0(param);
        _2114 = _2120;
    }
    else
    {
        float _2123;
        if (_2122)
        {
            uint2 param_1 = uint2(unit.c, unit.d);
            uint param_2 = u & 7u;
            _2123 = iq4_xs_scale(param_1, param_2);
        }
        else
        {
            _2123 = d.x;
        }
        _2114 = _2123;
    }
    float scale = _2114;
    float _2144;
    if (_2143)
    {
        _2144 = -d.y;
    }
    else
    {
        _2144 = d.y;
    }
    return float2(scale, _2144);
}

static inline __attribute__((always_inline))
float2 run_scale(thread const Unit& unit, thread const uint& i)
{
    if (_2157)
    {
        uint numbers = unit.d >> (8u * i);
        return float2(float(numbers & 255u), float((numbers >> 16u) & 255u));
    }
    if (_2175)
    {
        uint numbers_1 = unit.d >> (16u * i);
        return float2(float(numbers_1 & 15u), float((numbers_1 >> 4u) & 15u));
    }
    float _2194;
    if (_2193)
    {
        _2194 = float(int((unit.d >> (16u * i)) & 63u) - 32);
    }
    else
    {
        _2194 = 1.0;
    }
    return float2(_2194, 1.0);
}

static inline __attribute__((always_inline))
void runs_times_x(thread const spvUnsafeArray<Unit, 4>& unit, thread const spvUnsafeArray<uint, 4>& row, thread const uint& u, thread const uint& local, thread spvUnsafeArray<float4, 4>& sums, threadgroup float4 (&pool)[1024])
{
    spvUnsafeArray<uint4, 4> words;
    float _4471;
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
                            uint _4362 = (4u * y_1) + m;
                            uint param_7 = m;
                            uint param_8 = at + e;
                            all_[_4362] += (v * x_quad(param_7, param_8, pool));
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
                            _4471 = d.y * of_x;
                        }
                        else
                        {
                            _4471 = 0.0;
                        }
                        sums[y_2][m_1] -= _4471;
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
    spvUnsafeArray<uint, 9> _3120 = spvUnsafeArray<uint, 9>({ unit.a.x, unit.a.y, unit.a.z, unit.a.w, unit.b.x, unit.b.y, unit.b.z, unit.b.w, unit.c });
    spvUnsafeArray<uint, 9> w;
    w = _3120;
    uint _3124;
    if ((h & 1u) != 0u)
    {
        _3124 = w[e + 1u];
    }
    else
    {
        _3124 = (w[e] >> 16u) | (w[e + 1u] << 16u);
    }
    return _3124;
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
                        uint _3201 = (4u * y) + m;
                        uint param_4 = m;
                        uint param_5 = at + e;
                        all_[_3201] += (v * x_quad(param_4, param_5, pool));
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
                        uint _3326 = (4u * y) + m;
                        uint param_2 = m;
                        uint param_3 = at + e;
                        all_[_3326] += (low * x_quad(param_2, param_3, pool));
                        uint _3343 = (4u * y) + m;
                        uint param_4 = m;
                        uint param_5 = (at + e) + 4u;
                        all_[_3343] += (high * x_quad(param_4, param_5, pool));
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
    uint4 _3404;
    _Pragma("clang loop unroll(full)")
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            uint4 a = unit[y].a;
            uint4 b = uint4(a.y, a.z, a.w, unit[y].c);
            if (((row[y] + u) & 1u) != 0u)
            {
                _3404 = b;
            }
            else
            {
                _3404 = (a >> uint4(16u)) | (b << uint4(16u));
            }
            words[y] = _3404;
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
    uint _3629;
    spvUnsafeArray<uint, 4> minima;
    uint _3649;
    _Pragma("clang loop unroll(full)")
    for (uint y = 0u; y < 4u; y++)
    {
        if (y < ROWS)
        {
            uint3 words = unit[y].b.yzw >> uint3(16u * (pair & 1u));
            if (lower)
            {
                _3629 = words.x & 16191u;
            }
            else
            {
                _3629 = (words.z & 3855u) | ((words.x >> 2u) & 12336u);
            }
            scales[y] = _3629;
            if (lower)
            {
                _3649 = words.y & 16191u;
            }
            else
            {
                _3649 = ((words.z >> 4u) & 3855u) | ((words.y >> 2u) & 12336u);
            }
            minima[y] = _3649;
        }
    }
    float4 _3716;
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
                        _3716 = low_nibbles(param);
                    }
                    else
                    {
                        uint param_1 = unit[y_1].a[e];
                        _3716 = high_nibbles(param_1);
                    }
                    float4 v = _3716;
                    _Pragma("clang loop unroll(full)")
                    for (uint m = 0u; m < 4u; m++)
                    {
                        if (m < XS)
                        {
                            uint _3748 = (4u * y_1) + m;
                            uint param_2 = m;
                            uint param_3 = at + e;
                            all_[_3748] += (v * x_quad(param_2, param_3, pool));
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
                        uint _4132 = (4u * y) + m;
                        uint param_4 = m;
                        uint param_5 = x;
                        uint param_6 = m;
                        uint param_7 = x + 9u;
                        uint param_8 = m;
                        uint param_9 = x + 18u;
                        uint param_10 = m;
                        uint param_11 = x + 27u;
                        all_[_4132] += float4(dot(a, x_quad(param_4, param_5, pool)), dot(b, x_quad(param_6, param_7, pool)), dot(c, x_quad(param_8, param_9, pool)), dot(d, x_quad(param_10, param_11, pool)));
                    }
                }
            }
        }
    }
    uint2 _4199;
    _Pragma("clang loop unroll(full)")
    for (uint y_1 = 0u; y_1 < 4u; y_1++)
    {
        if (y_1 < ROWS)
        {
            uint h = row[y_1] + (u / 8u);
            if (in_part < 2u)
            {
                _4199 = unit[y_1].b.zw;
            }
            else
            {
                _4199 = unit[y_1].b.zw >> uint2(8u);
            }
            uint2 words = _4199;
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
    if (_4519)
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
    if (_4534)
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
    if (_4549)
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
    if (_4564)
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
    if (_4579)
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
    if (_4594)
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
    if (_4609)
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
    if (_4624)
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
    if (_4639)
    {
    }
    if (_4642)
    {
    }
    if (_4645)
    {
    }
    if (_4648)
    {
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
    for (uint v = 0u; v < _2465; v++)
    {
        sum += pool[(i * _2473) + v];
    }
    float4 param = sum;
    return sum4(param);
}

static inline __attribute__((always_inline))
void finish(thread const uint& r, thread const uint& j, thread float& sum, constant Push& push, const device Bias1& v_1162, thread uint& matrix_row, device Y1& v_1178)
{
    if ((push.flags & 2u) != 0u)
    {
        sum += v_1162.bias1[(push.offset.z + matrix_row) + j];
    }
    v_1178.y1[(push.offset2.x + (r * push.ldy)) + j] = sum;
}

static inline __attribute__((always_inline))
void finish_lines(thread const uint& r, thread const uint& first, thread const spvUnsafeArray<float4, 4>& sums, thread float4& squares, constant Push& push, const device Bias1& v_1162, thread uint& matrix_row, device Y1& v_1178, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID, thread uint& gl_SubgroupID)
{
    uint me = gl_LocalInvocationID.x;
    uint lane = me & _2497;
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
                    ((threadgroup float*)&pool[((row + y) * _2540) + (lane / 4u)])[lane & 3u] = sums[y][m];
                }
            }
            bool _2555 = simd_is_first();
            if (_2555)
            {
                ((threadgroup float*)&pool[960u + (gl_SubgroupID / 4u)])[gl_SubgroupID & 3u] = squares[m];
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            bool _2574 = me < GROUP_LINES;
            bool _2584;
            if (_2574)
            {
                _2584 = (first + me) < push.n;
            }
            else
            {
                _2584 = _2574;
            }
            bool _2594;
            if (_2584)
            {
                _2594 = (r + m) < push.rows;
            }
            else
            {
                _2594 = _2584;
            }
            if (_2594)
            {
                float scale = 1.0;
                uint param = me;
                uint param_1 = r + m;
                uint param_2 = first + me;
                float param_3 = scale * shared_sum(param, pool);
                finish(param_1, param_2, param_3, push, v_1162, matrix_row, v_1178);
            }
        }
    }
}

static inline __attribute__((always_inline))
void vector_rows(const device Weights1& v_439, const device Weights4& v_451, const device X4& v_1074, const device X1& v_1087, constant Push& push, const device Bias1& v_1162, thread uint& matrix_row, device Y1& v_1178, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID, thread uint& gl_SubgroupID, thread uint3& gl_WorkGroupID, const device Ids1& v_5051)
{
    uint lane = gl_LocalInvocationID.x & _4994;
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
    uint chunk = ceil_div(param_6, param_7) * _5027;
    uint _5038 = (push.first.xyz + gl_WorkGroupID).y * XS;
    spvUnsafeArray<uint, 4> param_9;
    spvUnsafeArray<Unit, 4> next;
    spvUnsafeArray<Unit, 4> param_12;
    spvUnsafeArray<Unit, 4> unit;
    spvUnsafeArray<Unit, 4> param_19;
    spvUnsafeArray<Unit, 4> param_22;
    for (uint r = _5038; r < push.rows; r += (push.groups.y * XS))
    {
        matrix_row = min(v_5051.ids1[push.offset.w + r], (push.experts - 1u)) * push.n;
        uint3 _5071 = push.first.xyz + gl_WorkGroupID;
        uint _5072 = _5071.x;
        for (uint tile = _5072; (tile * GROUP_LINES) < push.n; tile += push.groups.x)
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
                bool _5115;
                if (plain)
                {
                    _5115 = (base + lane) < end;
                }
                else
                {
                    _5115 = plain;
                }
                if (_5115)
                {
                    spvUnsafeArray<uint, 4> param_10;
                    param_10 = row;
                    uint param_11 = base + lane;
                    load_plain_units(param_10, param_11, param_12, v_439, v_451, push);
                    next = param_12;
                }
                uint param_13 = r;
                uint param_14 = UNIT * base;
                uint param_15 = min(push.k, (UNIT * end)) - (UNIT * base);
                float4 param_16 = squares;
                put_chunks(param_13, param_14, param_15, param_16, v_1074, v_1087, push, pool, gl_LocalInvocationID);
                squares = param_16;
                uint _5149 = base + lane;
                for (uint u = _5149; u < end; u += TEAM)
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
                            load_plain_units(param_17, param_18, param_19, v_439, v_451, push);
                            next = param_19;
                        }
                    }
                    else
                    {
                        spvUnsafeArray<uint, 4> param_20;
                        param_20 = row;
                        uint param_21 = u;
                        load_units(param_20, param_21, param_22, v_439, v_451, push);
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
            finish_lines(param_28, param_29, param_30, param_31, push, v_1162, matrix_row, v_1178, pool, gl_LocalInvocationID, gl_SubgroupID);
        }
    }
}

kernel void zc_linear_chosen(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], const device Bias1& v_1162 [[buffer(3)]], const device Ids1& v_5051 [[buffer(4)]], device Y1& v_1178 [[buffer(5)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& v_1074 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& v_439 = *(const device Weights1*)spvBufferAliasSet0Binding2;
    const device auto& v_451 = *(const device Weights4*)spvBufferAliasSet0Binding2;
    const device auto& v_1087 = *(const device X1*)spvBufferAliasSet0Binding1;
    threadgroup float4 pool[1024];
    threadgroup float group_partial[256];
    uint matrix_row;
    vector_rows(v_439, v_451, v_1074, v_1087, push, v_1162, matrix_row, v_1178, pool, gl_LocalInvocationID, gl_SubgroupID, gl_WorkGroupID, v_5051);
}

