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
};

constant uint type_tmp [[function_constant(0)]];
constant uint type = is_function_constant_defined(type_tmp) ? type_tmp : 0u;

struct Weights1
{
    uint weights1[1];
};

constant bool _454 = (type == 0u);
constant bool _471 = (type == 1u);
constant bool _492 = (type == 0u);
constant bool _493 = (type == 1u);
constant bool _494 = (_492 || _493);
constant bool _495 = (type == 2u);
constant bool _496 = (_494 || _495);
constant bool _508 = (type == 0u);

struct Weights4
{
    uint4 weights4[1];
};

constant bool _565 = (type == 1u);
constant bool _647 = (type == 3u);
constant bool _669 = (type == 4u);
constant bool _703 = (type == 5u);
constant bool _745 = (type == 6u);

struct Push
{
    uint4 offset;
    uint4 offset2;
    uint type_;
    uint rows;
    uint n;
    uint k;
    uint ldx;
    uint ldy;
    uint flags;
    float eps;
};

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

struct Bias1
{
    float bias1[1];
};

struct Y1
{
    float y1[1];
};

constant bool _1193 = (type == 0u);
constant bool _1264 = (type == 1u);
constant bool _1265 = (type == 2u);
constant bool _1266 = (_1264 || _1265);
constant bool _1309 = (type == 3u);
constant bool _1351 = (type == 4u);
constant bool _1386 = (type == 5u);
constant bool _1409 = (type == 6u);
constant bool _1556 = (type == 4u);
constant bool _1557 = (type == 5u);
constant bool _1558 = (_1556 || _1557);
constant bool _1572 = (type == 6u);
constant bool _1586 = (type == 7u);
constant bool _1607 = (type == 0u);
constant bool _1608 = (type == 1u);
constant bool _1609 = (_1607 || _1608);
constant bool _1610 = (type == 2u);
constant bool _1611 = (_1609 || _1610);
constant bool _1622 = (type != 0u);
constant bool _1665 = (type == 1u);
constant bool _1750 = (type == 3u);
constant bool _1799 = (type == 4u);
constant bool _1844 = (type == 5u);
constant bool _1886 = (type == 6u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
uint vector_team(constant Push& push)
{
    return (push.n >= 4096u) ? 32u : 64u;
}

static inline __attribute__((always_inline))
uint ceil_div(thread const uint& a, thread const uint& b)
{
    return (a / b) + uint((a % b) != 0u);
}

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    switch (type)
    {
        case 0u:
        {
            return 2u * k;
        }
        case 3u:
        {
            return (k / 32u) * 17u;
        }
        case 4u:
        {
            return (k / 32u) * 9u;
        }
        case 5u:
        {
            return (k / 32u) * 10u;
        }
        case 6u:
        {
            return (k / 256u) * 72u;
        }
        case 7u:
        {
            return (k / 256u) * 105u;
        }
        default:
        {
            return k;
        }
    }
}

static inline __attribute__((always_inline))
Unit load_unit(thread const uint& row, thread const uint& u, const device Weights1& v_287, const device Weights4& v_524, constant Push& push)
{
    Unit unit = Unit{ uint4(0u), uint4(0u) };
    if (_1193)
    {
        uint last = ((row / 2u) + push.k) - 1u;
        uint at = (row / 2u) + (8u * u);
        bool _1211 = (at & 3u) == 0u;
        bool _1218;
        if (_1211)
        {
            _1218 = (at + 7u) <= last;
        }
        else
        {
            _1218 = _1211;
        }
        if (_1218)
        {
            unit.a = v_524.weights4[at / 4u];
            unit.b = v_524.weights4[(at / 4u) + 1u];
        }
        else
        {
            for (uint e = 0u; e < 4u; e++)
            {
                unit.a[e] = v_287.weights1[min((at + e), last)];
                unit.b[e] = v_287.weights1[min(((at + 4u) + e), last)];
            }
        }
    }
    else
    {
        if (_1266)
        {
            uint last_1 = ((row + push.k) - 1u) / 2u;
            uint at_1 = (row + (8u * u)) / 2u;
            for (uint e_1 = 0u; e_1 < 4u; e_1++)
            {
                unit.a[e_1] = v_287.weights1[min((at_1 + e_1), last_1)];
            }
            unit.b.x = v_287.weights1[min((at_1 + 4u), last_1)];
        }
        else
        {
            if (_1309)
            {
                uint h = row + ((u / 4u) * 17u);
                uint q = (h + 1u) + (4u * (u & 3u));
                unit.a.x = v_287.weights1[q / 2u];
                unit.a.y = v_287.weights1[(q / 2u) + 1u];
                unit.a.z = v_287.weights1[((q / 2u) + 1u) + (q & 1u)];
                unit.a.w = v_287.weights1[h / 2u];
            }
            else
            {
                if (_1351)
                {
                    uint h_1 = row + ((u / 4u) * 9u);
                    uint q_1 = (h_1 + 1u) + (2u * (u & 3u));
                    unit.a.x = v_287.weights1[q_1 / 2u];
                    unit.a.y = v_287.weights1[(q_1 / 2u) + (q_1 & 1u)];
                    unit.a.w = v_287.weights1[h_1 / 2u];
                }
                else
                {
                    if (_1386)
                    {
                        uint at_2 = (row / 2u) + ((u / 4u) * 5u);
                        unit.a.x = v_287.weights1[(at_2 + 1u) + (u & 3u)];
                        unit.a.w = v_287.weights1[at_2];
                    }
                    else
                    {
                        if (_1409)
                        {
                            uint at_3 = (row / 2u) + ((u / 32u) * 36u);
                            unit.a.x = v_287.weights1[(at_3 + 4u) + (u & 31u)];
                            unit.a.w = v_287.weights1[at_3];
                            unit.b.x = v_287.weights1[at_3 + 1u];
                            unit.b.y = v_287.weights1[at_3 + 2u];
                            unit.b.z = v_287.weights1[at_3 + 3u];
                        }
                        else
                        {
                            uint h_2 = row + ((u / 32u) * 105u);
                            uint part = (u / 16u) & 1u;
                            uint in_part = u & 15u;
                            uint low = (h_2 + (32u * part)) + (2u * in_part);
                            uint high = ((h_2 + 64u) + (16u * part)) + (2u * (in_part & 7u));
                            uint scale = ((h_2 + 96u) + (4u * part)) + (in_part / 8u);
                            unit.a.x = v_287.weights1[low / 2u];
                            unit.a.y = v_287.weights1[(low / 2u) + (low & 1u)];
                            unit.a.z = v_287.weights1[high / 2u];
                            unit.a.w = v_287.weights1[(high / 2u) + (high & 1u)];
                            unit.b.x = v_287.weights1[scale / 2u];
                            unit.b.y = v_287.weights1[(scale / 2u) + 1u];
                            unit.b.z = v_287.weights1[(h_2 / 2u) + 52u];
                        }
                    }
                }
            }
        }
    }
    return unit;
}

static inline __attribute__((always_inline))
float4 x_at(thread const uint& i, thread const uint& count, const device X4& v_919, const device X1& v_930)
{
    if (((i & 3u) == 0u) && (count >= 4u))
    {
        return v_919.x4[i / 4u];
    }
    float4 v = float4(0.0);
    v.x = v_930.x1[i];
    if (count > 1u)
    {
        v.y = v_930.x1[i + 1u];
    }
    if (count > 2u)
    {
        v.z = v_930.x1[i + 2u];
    }
    if (count > 3u)
    {
        v.w = v_930.x1[i + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
bool has(thread const uint& flag, constant Push& push)
{
    return (push.flags & flag) != 0u;
}

static inline __attribute__((always_inline))
float silu(thread const float& x)
{
    return x / (1.0 + exp(-x));
}

static inline __attribute__((always_inline))
float4 input_at(thread const uint& row, thread const uint& i, thread float& squares, constant Push& push, const device X4& v_919, const device X1& v_930, const device Norm4& v_1046, const device Norm1& v_1057)
{
    if (i >= push.k)
    {
        return float4(0.0);
    }
    uint count = push.k - i;
    uint param = row + i;
    uint param_1 = count;
    float4 v = x_at(param, param_1, v_919, v_930);
    uint param_2 = 8u;
    if (has(param_2, push))
    {
        uint param_3 = (row + push.k) + i;
        uint param_4 = count;
        float4 up = x_at(param_3, param_4, v_919, v_930);
        float param_5 = v.x;
        float param_6 = v.y;
        float param_7 = v.z;
        float param_8 = v.w;
        v = float4(silu(param_5), silu(param_6), silu(param_7), silu(param_8)) * up;
    }
    uint param_9 = 4u;
    if (has(param_9, push))
    {
        squares += dot(v, v);
        uint at = push.offset.w + i;
        if (((at & 3u) == 0u) && (count >= 4u))
        {
            v *= v_1046.norm4[at / 4u];
        }
        else
        {
            v.x *= v_1057.norm1[at];
            v.y *= v_1057.norm1[at + min(1u, (count - 1u))];
            v.z *= v_1057.norm1[at + min(2u, (count - 1u))];
            v.w *= v_1057.norm1[at + min(3u, (count - 1u))];
        }
    }
    return v;
}

static inline __attribute__((always_inline))
float4 shared_quad(thread const uint& q, threadgroup float4 (&pool)[1024])
{
    return pool[q + (q / 8u)];
}

static inline __attribute__((always_inline))
uint at_odd(thread const uint& h, thread const uint& low, thread const uint& high)
{
    uint _1168;
    if ((h & 1u) != 0u)
    {
        _1168 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _1168 = low;
    }
    return _1168;
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
float4 unsigned_bytes(thread const uint& word)
{
    return float4(float(word & 255u), float((word >> 8u) & 255u), float((word >> 16u) & 255u), float(word >> 24u));
}

static inline __attribute__((always_inline))
float2 scale_of(thread const uint3& scales, thread const uint& i)
{
    uint shift = 8u * (i & 3u);
    uint a = scales.x >> shift;
    uint b = scales.y >> shift;
    uint c = scales.z >> shift;
    float2 _419;
    if (i < 4u)
    {
        _419 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _419 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _419;
}

static inline __attribute__((always_inline))
float unit_times_x(thread const Unit& unit, thread const uint& row, thread const uint& u, thread const uint& base, constant Push& push, threadgroup float4 (&pool)[1024])
{
    uint first = 2u * (u - base);
    uint second = first + 1u;
    if (_1558)
    {
        first = (((u - base) / 4u) * 8u) + (u & 3u);
        second = first + 4u;
    }
    else
    {
        if (_1572)
        {
            first = (((u - base) / 8u) * 16u) + (u & 7u);
            second = first + 8u;
        }
        else
        {
            if (_1586)
            {
                first = (((u - base) / 16u) * 32u) + (u & 15u);
                second = first + 16u;
            }
        }
    }
    uint param = first;
    float4 x = shared_quad(param, pool);
    uint param_1 = second;
    float4 y = shared_quad(param_1, pool);
    if (_1611)
    {
        float4 a = as_type<float4>(unit.a);
        float4 b = as_type<float4>(unit.b);
        if (_1622)
        {
            uint h = row;
            uint param_2 = h;
            uint param_3 = unit.a.x;
            uint param_4 = unit.a.y;
            uint param_5 = h;
            uint param_6 = unit.a.y;
            uint param_7 = unit.a.z;
            uint param_8 = h;
            uint param_9 = unit.a.z;
            uint param_10 = unit.a.w;
            uint param_11 = h;
            uint param_12 = unit.a.w;
            uint param_13 = unit.b.x;
            uint4 words = uint4(at_odd(param_2, param_3, param_4), at_odd(param_5, param_6, param_7), at_odd(param_8, param_9, param_10), at_odd(param_11, param_12, param_13));
            if (_1665)
            {
                a = float4(float2(as_type<half2>(words.x)), float2(as_type<half2>(words.y)));
                b = float4(float2(as_type<half2>(words.z)), float2(as_type<half2>(words.w)));
            }
            else
            {
                uint4 low = words << uint4(16u);
                uint4 high = words & uint4(4294901760u);
                a = as_type<float4>(uint4(low.x, high.x, low.y, high.y));
                b = as_type<float4>(uint4(low.z, high.z, low.w, high.w));
            }
        }
        uint left = push.k - (8u * u);
        if (left < 8u)
        {
            a = select(float4(0.0), a, uint4(0u, 1u, 2u, 3u) < uint4(left));
            b = select(float4(0.0), b, uint4(4u, 5u, 6u, 7u) < uint4(left));
        }
        return dot(a, x) + dot(b, y);
    }
    if (_1750)
    {
        uint h_1 = row + (u / 4u);
        uint param_14 = h_1 + 1u;
        uint param_15 = unit.a.x;
        uint param_16 = unit.a.y;
        uint low_1 = at_odd(param_14, param_15, param_16);
        uint param_17 = h_1 + 1u;
        uint param_18 = unit.a.y;
        uint param_19 = unit.a.z;
        uint high_1 = at_odd(param_17, param_18, param_19);
        uint param_20 = h_1;
        uint param_21 = unit.a.w;
        uint param_22 = low_1;
        uint param_23 = high_1;
        return float_of(param_20, param_21) * (dot(signed_bytes(param_22), x) + dot(signed_bytes(param_23), y));
    }
    if (_1799)
    {
        uint h_2 = row + (u / 4u);
        uint param_24 = h_2 + 1u;
        uint param_25 = unit.a.x;
        uint param_26 = unit.a.y;
        uint word = at_odd(param_24, param_25, param_26);
        uint param_27 = h_2;
        uint param_28 = unit.a.w;
        uint param_29 = word & 252645135u;
        uint param_30 = (word >> 4u) & 252645135u;
        return float_of(param_27, param_28) * (dot(unsigned_bytes(param_29) - float4(8.0), x) + dot(unsigned_bytes(param_30) - float4(8.0), y));
    }
    if (_1844)
    {
        float2 scale = float2(as_type<half2>(unit.a.w));
        uint param_31 = unit.a.x & 252645135u;
        float4 a_1 = unsigned_bytes(param_31);
        uint param_32 = (unit.a.x >> 4u) & 252645135u;
        float4 b_1 = unsigned_bytes(param_32);
        return dot((a_1 * scale.x) + float4(scale.y), x) + dot((b_1 * scale.x) + float4(scale.y), y);
    }
    if (_1886)
    {
        uint sub = ((u / 8u) * 2u) & 7u;
        float2 scale_1 = float2(as_type<half2>(unit.a.w));
        uint3 param_33 = unit.b.xyz;
        uint param_34 = sub;
        float2 s = scale_1 * scale_of(param_33, param_34);
        uint3 param_35 = unit.b.xyz;
        uint param_36 = sub + 1u;
        float2 t = scale_1 * scale_of(param_35, param_36);
        uint param_37 = unit.a.x & 252645135u;
        float4 a_2 = unsigned_bytes(param_37);
        uint param_38 = (unit.a.x >> 4u) & 252645135u;
        float4 b_2 = unsigned_bytes(param_38);
        return dot((a_2 * s.x) - float4(s.y), x) + dot((b_2 * t.x) - float4(t.y), y);
    }
    uint h_3 = row + (u / 32u);
    uint upper = (u / 8u) & 1u;
    uint param_39 = h_3;
    uint param_40 = unit.a.x;
    uint param_41 = unit.a.y;
    uint low_2 = at_odd(param_39, param_40, param_41);
    uint param_42 = h_3;
    uint param_43 = unit.a.z;
    uint param_44 = unit.a.w;
    uint high_2 = at_odd(param_42, param_43, param_44) >> (2u * upper);
    uint shift = (16u * ((h_3 + upper) & 1u)) + (8u * ((u / 4u) & 1u));
    int s_1 = int((unit.b.x >> shift) << 24u) >> 24;
    int t_1 = int((unit.b.y >> shift) << 24u) >> 24;
    uint param_45 = (low_2 & 252645135u) | ((high_2 & 50529027u) << 4u);
    float4 a_3 = unsigned_bytes(param_45) - float4(32.0);
    uint param_46 = ((low_2 >> 4u) & 252645135u) | (high_2 & 808464432u);
    float4 b_3 = unsigned_bytes(param_46) - float4(32.0);
    uint param_47 = h_3;
    uint param_48 = unit.b.z;
    return float_of(param_47, param_48) * ((float(s_1) * dot(a_3, x)) + (float(t_1) * dot(b_3, y)));
}

static inline __attribute__((always_inline))
float norm_scale(thread const float& squares, constant Push& push)
{
    return rsqrt((squares / float(push.k)) + push.eps);
}

static inline __attribute__((always_inline))
float gelu_erf(thread const float& x)
{
    float y = fast::clamp(x * 0.707106769084930419921875, -4.0, 4.0);
    float z = y * y;
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
    return (0.5 * x) * (1.0 + ((y * p) / q));
}

static inline __attribute__((always_inline))
void finish(thread const uint& r, thread const uint& j, thread float& sum, constant Push& push, const device Bias1& v_1133, device Y1& v_1156)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    uint param = 2u;
    if (has(param, push))
    {
        sum += v_1133.bias1[push.offset.z + j];
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
        sum += v_1156.y1[to];
    }
    v_1156.y1[to] = sum;
}

static inline __attribute__((always_inline))
void vector_rows(const device Weights1& v_287, const device Weights4& v_524, constant Push& push, const device X4& v_919, const device X1& v_930, const device Norm4& v_1046, const device Norm1& v_1057, const device Bias1& v_1133, device Y1& v_1156, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_NumWorkGroups)
{
    uint me = gl_LocalInvocationID.x;
    uint team = vector_team(push);
    uint lines = 256u / team;
    uint lane = me & (team - 1u);
    uint line = me / team;
    uint param = push.k;
    uint param_1 = 8u;
    uint units = ceil_div(param, param_1);
    uint param_2 = push.k;
    uint halves = row_halves(param_2);
    uint _2168;
    Unit next;
    for (uint r = gl_WorkGroupID.y; r < push.rows; r += gl_NumWorkGroups.y)
    {
        uint x = push.offset.x + (r * push.ldx);
        float scale = 1.0;
        bool there = false;
        for (uint tile = gl_WorkGroupID.x; (tile * lines) < push.n; tile += gl_NumWorkGroups.x)
        {
            uint j = (tile * lines) + line;
            uint row = (2u * push.offset.y) + (j * halves);
            float sum = 0.0;
            float squares = 0.0;
            for (uint base = 0u; base < units; base += 256u)
            {
                if (j < push.n)
                {
                    _2168 = min(units, (base + 256u));
                }
                else
                {
                    _2168 = 0u;
                }
                uint end = _2168;
                if ((base + lane) < end)
                {
                    uint param_3 = row;
                    uint param_4 = base + lane;
                    next = load_unit(param_3, param_4, v_287, v_524, push);
                }
                if (!there)
                {
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    for (uint q = me; q < min((2u * (units - base)), 512u); q += 256u)
                    {
                        uint param_5 = x;
                        uint param_6 = (8u * base) + (4u * q);
                        float param_7 = squares;
                        float4 _2226 = input_at(param_5, param_6, param_7, push, v_919, v_930, v_1046, v_1057);
                        squares = param_7;
                        pool[q + (q / 8u)] = _2226;
                    }
                    uint param_8 = 4u;
                    bool _2232 = has(param_8, push);
                    bool _2239;
                    if (_2232)
                    {
                        _2239 = (base + 256u) >= units;
                    }
                    else
                    {
                        _2239 = _2232;
                    }
                    if (_2239)
                    {
                        float part = simd_sum(squares);
                        bool _2245 = simd_is_first();
                        if (_2245)
                        {
                            ((threadgroup float*)&pool[648u + gl_SubgroupID])[0u] = part;
                        }
                    }
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    there = units <= 256u;
                }
                uint _2260 = base + lane;
                for (uint u = _2260; u < end; u += team)
                {
                    Unit unit = next;
                    if ((u + team) < end)
                    {
                        uint param_9 = row;
                        uint param_10 = u + team;
                        next = load_unit(param_9, param_10, v_287, v_524, push);
                    }
                    Unit param_11 = unit;
                    uint param_12 = row;
                    uint param_13 = u;
                    uint param_14 = base;
                    sum += unit_times_x(param_11, param_12, param_13, param_14, push, pool);
                }
            }
            ((threadgroup float*)&pool[(576u + (me / 4u)) + (me / 32u)])[me & 3u] = sum;
            threadgroup_barrier(mem_flags::mem_threadgroup);
            bool _2314 = me < lines;
            bool _2325;
            if (_2314)
            {
                _2325 = ((tile * lines) + me) < push.n;
            }
            else
            {
                _2325 = _2314;
            }
            if (_2325)
            {
                float4 sums = float4(0.0);
                uint _2332 = me * team;
                for (uint i = _2332; i < ((me + 1u) * team); i += 4u)
                {
                    sums += pool[(576u + (i / 4u)) + (i / 32u)];
                }
                uint param_15 = 4u;
                if (has(param_15, push))
                {
                    squares = 0.0;
                    for (uint s = 0u; s < gl_NumSubgroups; s++)
                    {
                        squares += ((threadgroup float*)&pool[648u + s])[0u];
                    }
                    float param_16 = squares;
                    scale = norm_scale(param_16, push);
                }
                uint param_17 = r;
                uint param_18 = (tile * lines) + me;
                float param_19 = scale * ((sums.x + sums.y) + (sums.z + sums.w));
                finish(param_17, param_18, param_19, push, v_1133, v_1156);
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
        }
    }
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
uint word_at(thread const uint& h, const device Weights1& v_287)
{
    uint low = v_287.weights1[h / 2u];
    uint high = v_287.weights1[(h / 2u) + (h & 1u)];
    uint _306;
    if ((h & 1u) != 0u)
    {
        _306 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _306 = low;
    }
    return _306;
}

static inline __attribute__((always_inline))
uint half_at(thread const uint& h, const device Weights1& v_287)
{
    return (v_287.weights1[h / 2u] >> (16u * (h & 1u))) & 65535u;
}

static inline __attribute__((always_inline))
float single(thread const uint& row, thread const uint& i, const device Weights1& v_287)
{
    if (_454)
    {
        return as_type<float>(v_287.weights1[(row / 2u) + i]);
    }
    uint param = row + i;
    uint bits = half_at(param, v_287);
    float _472;
    if (_471)
    {
        _472 = float2(as_type<half2>(bits)).x;
    }
    else
    {
        _472 = as_type<float>(bits << 16u);
    }
    return _472;
}

static inline __attribute__((always_inline))
float float_at(thread const uint& h, const device Weights1& v_287)
{
    uint param = h;
    return float2(as_type<half2>(half_at(param, v_287))).x;
}

static inline __attribute__((always_inline))
uint byte_at(thread const uint& h, thread const uint& byte_, const device Weights1& v_287)
{
    uint param = h + (byte_ / 2u);
    return (half_at(param, v_287) >> (8u * (byte_ & 1u))) & 255u;
}

static inline __attribute__((always_inline))
float4 quad(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights1& v_287, const device Weights4& v_524)
{
    uint block = q / 8u;
    uint in_block = q & 7u;
    if (_496)
    {
        uint i = 4u * q;
        if ((i + 4u) <= k)
        {
            if (_508)
            {
                uint at = (row / 2u) + i;
                if ((at & 3u) == 0u)
                {
                    return as_type<float4>(v_524.weights4[at / 4u]);
                }
                return as_type<float4>(uint4(v_287.weights1[at], v_287.weights1[at + 1u], v_287.weights1[at + 2u], v_287.weights1[at + 3u]));
            }
            uint param = row + i;
            uint param_1 = (row + i) + 2u;
            uint2 pairs = uint2(word_at(param, v_287), word_at(param_1, v_287));
            float4 _566;
            if (_565)
            {
                _566 = float4(float2(as_type<half2>(pairs.x)), float2(as_type<half2>(pairs.y)));
            }
            else
            {
                _566 = as_type<float4>(uint4(pairs.x << 16u, pairs.x & 4294901760u, pairs.y << 16u, pairs.y & 4294901760u));
            }
            return _566;
        }
        float4 v = float4(0.0);
        if (i < k)
        {
            uint param_2 = row;
            uint param_3 = i;
            v.x = single(param_2, param_3, v_287);
        }
        if ((i + 1u) < k)
        {
            uint param_4 = row;
            uint param_5 = i + 1u;
            v.y = single(param_4, param_5, v_287);
        }
        if ((i + 2u) < k)
        {
            uint param_6 = row;
            uint param_7 = i + 2u;
            v.z = single(param_6, param_7, v_287);
        }
        return v;
    }
    if (q >= (k / 4u))
    {
        return float4(0.0);
    }
    if (_647)
    {
        uint h = row + (block * 17u);
        uint param_8 = h;
        uint param_9 = (h + 1u) + (2u * in_block);
        uint param_10 = word_at(param_9, v_287);
        return signed_bytes(param_10) * float_at(param_8, v_287);
    }
    if (_669)
    {
        uint h_1 = row + (block * 9u);
        uint param_11 = (h_1 + 1u) + (2u * (in_block & 3u));
        uint nibbles = word_at(param_11, v_287) >> (in_block & 4u);
        uint param_12 = h_1;
        uint param_13 = nibbles & 252645135u;
        return (unsigned_bytes(param_13) - float4(8.0)) * float_at(param_12, v_287);
    }
    if (_703)
    {
        uint at_1 = (row / 2u) + (block * 5u);
        float2 scale = float2(as_type<half2>(v_287.weights1[at_1]));
        uint nibbles_1 = v_287.weights1[(at_1 + 1u) + (in_block & 3u)] >> (in_block & 4u);
        uint param_14 = nibbles_1 & 252645135u;
        return (unsigned_bytes(param_14) * scale.x) + float4(scale.y);
    }
    block = q / 64u;
    in_block = q & 63u;
    if (_745)
    {
        uint at_2 = (row / 2u) + (block * 36u);
        uint3 param_15 = uint3(v_287.weights1[at_2 + 1u], v_287.weights1[at_2 + 2u], v_287.weights1[at_2 + 3u]);
        uint param_16 = in_block / 8u;
        float2 scale_1 = float2(as_type<half2>(v_287.weights1[at_2])) * scale_of(param_15, param_16);
        uint nibbles_2 = v_287.weights1[((at_2 + 4u) + ((in_block / 16u) * 8u)) + (in_block & 7u)] >> ((in_block / 2u) & 4u);
        uint param_17 = nibbles_2 & 252645135u;
        return (unsigned_bytes(param_17) * scale_1.x) - float4(scale_1.y);
    }
    uint h_2 = row + (block * 105u);
    uint part = in_block / 32u;
    uint stripe = (in_block / 8u) & 3u;
    uint quad_ = in_block & 7u;
    uint param_18 = ((h_2 + (32u * part)) + (16u * (stripe & 1u))) + (2u * quad_);
    uint low = (word_at(param_18, v_287) >> (2u * (stripe & 2u))) & 252645135u;
    uint param_19 = ((h_2 + 64u) + (16u * part)) + (2u * quad_);
    uint high = (word_at(param_19, v_287) >> (2u * stripe)) & 50529027u;
    uint param_20 = h_2 + 96u;
    uint param_21 = ((8u * part) + (2u * stripe)) + (quad_ / 4u);
    int scale_2 = int(byte_at(param_20, param_21, v_287) << 24u) >> 24;
    uint param_22 = h_2 + 104u;
    uint param_23 = low | (high << 4u);
    return (unsigned_bytes(param_23) - float4(32.0)) * (float_at(param_22, v_287) * float(scale_2));
}

static inline __attribute__((always_inline))
void tiles(const device Weights1& v_287, const device Weights4& v_524, constant Push& push, const device X4& v_919, const device X1& v_930, const device Norm4& v_1046, const device Norm1& v_1057, const device Bias1& v_1133, device Y1& v_1156, threadgroup float4 (&pool)[1024], thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, thread uint3& gl_NumWorkGroups)
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
    spvUnsafeArray<float4, 4> v;
    for (uint tile_r = gl_WorkGroupID.y; tile_r < tiles_r; tile_r += gl_NumWorkGroups.y)
    {
        for (uint tile_j = gl_WorkGroupID.x; tile_j < tiles_j; tile_j += gl_NumWorkGroups.x)
        {
            uint first = ((loads_x ? tile_r : tile_j) * 64u) + (4u * load_i);
            float4 squares = float4(0.0);
            float4x4 sums = float4x4(float4(0.0), float4(0.0), float4(0.0), float4(0.0));
            for (uint s = 0u; s <= slices; s++)
            {
                if (s > 0u)
                {
                    float4 param_7 = v[0];
                    float4 param_8 = v[1];
                    float4 param_9 = v[2];
                    float4 param_10 = v[3];
                    float4x4 lines = transposed(param_7, param_8, param_9, param_10);
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    for (uint y = 0u; y < 4u; y++)
                    {
                        uint param_11 = (4u * load_q) + y;
                        uint param_12 = load_i;
                        pool[(loads_x ? 0u : 512u) + slice_at(param_11, param_12)] = lines[y];
                    }
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                }
                if (s < slices)
                {
                    for (uint y_1 = 0u; y_1 < 4u; y_1++)
                    {
                        uint i = first + y_1;
                        uint q = (s * 8u) + load_q;
                        v[y_1] = float4(0.0);
                        if (loads_x)
                        {
                            if (i < push.rows)
                            {
                                uint param_13 = push.offset.x + (i * push.ldx);
                                uint param_14 = 4u * q;
                                float param_15 = squares[y_1];
                                float4 _2669 = input_at(param_13, param_14, param_15, push, v_919, v_930, v_1046, v_1057);
                                squares[y_1] = param_15;
                                v[y_1] = _2669;
                            }
                        }
                        else
                        {
                            if (i < push.n)
                            {
                                uint param_16 = (2u * push.offset.y) + (i * halves);
                                uint param_17 = push.k;
                                uint param_18 = q;
                                v[y_1] = quad(param_16, param_17, param_18, v_287, v_524);
                            }
                        }
                    }
                }
                if (s > 0u)
                {
                    for (uint p = 0u; p < 32u; p++)
                    {
                        uint param_19 = p;
                        uint param_20 = row;
                        float4 a = pool[slice_at(param_19, param_20)];
                        uint param_21 = p;
                        uint param_22 = col;
                        float4 b = pool[512u + slice_at(param_21, param_22)];
                        sums[0] += (b * a.x);
                        sums[1] += (b * a.y);
                        sums[2] += (b * a.z);
                        sums[3] += (b * a.w);
                    }
                }
            }
            float4 scale = float4(1.0);
            uint param_23 = 4u;
            if (has(param_23, push))
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
                float param_24 = sum.x;
                float param_25 = sum.y;
                float param_26 = sum.z;
                float param_27 = sum.w;
                scale = float4(norm_scale(param_24, push), norm_scale(param_25, push), norm_scale(param_26, push), norm_scale(param_27, push));
                threadgroup_barrier(mem_flags::mem_threadgroup);
            }
            for (uint y_2 = 0u; y_2 < 4u; y_2++)
            {
                uint i_2 = ((tile_r * 64u) + (4u * row)) + y_2;
                for (uint z = 0u; z < 4u; z++)
                {
                    uint j = ((tile_j * 64u) + (4u * col)) + z;
                    bool _2849 = i_2 < push.rows;
                    bool _2856;
                    if (_2849)
                    {
                        _2856 = j < push.n;
                    }
                    else
                    {
                        _2856 = _2849;
                    }
                    if (_2856)
                    {
                        uint param_28 = i_2;
                        uint param_29 = j;
                        float param_30 = scale[y_2] * sums[y_2][z];
                        finish(param_28, param_29, param_30, push, v_1133, v_1156);
                    }
                }
            }
        }
    }
}

kernel void zc_linear(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], const device Bias1& v_1133 [[buffer(3)]], const device void* spvBufferAliasSet0Binding4 [[buffer(4)]], device Y1& v_1156 [[buffer(5)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_NumWorkGroups [[threadgroups_per_grid]])
{
    const device auto& v_919 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& v_287 = *(const device Weights1*)spvBufferAliasSet0Binding2;
    const device auto& v_1046 = *(const device Norm4*)spvBufferAliasSet0Binding4;
    const device auto& v_524 = *(const device Weights4*)spvBufferAliasSet0Binding2;
    const device auto& v_930 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& v_1057 = *(const device Norm1*)spvBufferAliasSet0Binding4;
    threadgroup float4 pool[1024];
    threadgroup float group_partial[256];
    if (push.rows <= 4u)
    {
        vector_rows(v_287, v_524, push, v_919, v_930, v_1046, v_1057, v_1133, v_1156, pool, gl_LocalInvocationID, gl_WorkGroupID, gl_SubgroupID, gl_NumSubgroups, gl_NumWorkGroups);
    }
    else
    {
        tiles(v_287, v_524, push, v_919, v_930, v_1046, v_1057, v_1133, v_1156, pool, gl_LocalInvocationID, gl_WorkGroupID, gl_NumWorkGroups);
    }
}

