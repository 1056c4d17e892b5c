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

constant uint variant_tmp [[function_constant(0)]];
constant uint variant = is_function_constant_defined(variant_tmp) ? variant_tmp : 0u;
constant uint type = (variant % 8u);
constant bool _273 = (type == 0u);
constant bool _282 = (type == 3u);
constant bool _293 = (type == 4u);
constant bool _303 = (type == 5u);
constant bool _313 = (type == 6u);
constant bool _324 = (type == 7u);
constant bool _471 = (type == 0u);

struct Weights4
{
    uint4 weights4[1];
};

struct Weights1
{
    uint weights1[1];
};

constant bool _540 = (type == 1u);
constant bool _541 = (type == 2u);
constant bool _542 = (_540 || _541);
constant bool _576 = (type == 3u);
constant bool _577 = (type == 4u);
constant bool _578 = (_576 || _577);
constant bool _585 = (type == 3u);
constant uint _586 = _585 ? 17u : 9u;
constant bool _593 = (type == 3u);
constant uint _594 = _593 ? 7u : 3u;
constant bool _617 = (type == 5u);
constant bool _640 = (type == 6u);
constant bool _772 = (type == 0u);
constant bool _773 = (type == 1u);
constant bool _774 = (_772 || _773);
constant bool _775 = (type == 2u);
constant bool _776 = (_774 || _775);
constant bool _783 = (type != 0u);
constant bool _806 = (type == 1u);
constant bool _869 = (type == 3u);
constant bool _870 = (type == 4u);
constant bool _871 = (_869 || _870);
constant bool _896 = (type == 3u);
constant bool _918 = (type == 5u);
constant bool _941 = (type == 6u);

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

constant uint _1194 = (variant / 8u);
constant uint input_ = (_1194 % 3u);
constant bool gated = (input_ == 2u);
constant bool normed = (input_ == 1u);

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

constant bool _1428 = (type == 0u);
constant bool _1498 = (type == 1u);
constant bool _1499 = (type == 2u);
constant bool _1500 = (_1498 || _1499);
constant bool _1543 = (type == 3u);
constant bool _1585 = (type == 4u);
constant bool _1620 = (type == 5u);
constant bool _1643 = (type == 6u);
constant bool _1965 = (type == 4u);
constant bool _1966 = (type == 5u);
constant bool _1967 = (_1965 || _1966);
constant bool _1981 = (type == 6u);
constant bool _1995 = (type == 7u);
constant bool _2016 = (type == 0u);
constant bool _2017 = (type == 1u);
constant bool _2018 = (_2016 || _2017);
constant bool _2019 = (type == 2u);
constant bool _2020 = (_2018 || _2019);
constant bool _2031 = (type != 0u);
constant bool _2074 = (type == 1u);
constant bool _2159 = (type == 3u);
constant bool _2208 = (type == 4u);
constant bool _2253 = (type == 5u);
constant bool _2295 = (type == 6u);
constant uint way = (variant / 24u);
constant bool _2473 = (way == 2u);
constant bool _2474 = (way == 3u);
constant uint _2475 = _2474 ? 32u : 64u;
constant uint team = _2473 ? 8u : _2475;
constant uint _2477 = (team - 1u);
constant uint lines = (256u / team);
constant bool _3779 = (way == 0u);
constant bool _3784 = (way == 1u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
uint ceil_div(thread const uint& a, thread const uint& b)
{
    return (a / b) + uint((a % b) != 0u);
}

static inline __attribute__((always_inline))
uint row_halves(thread const uint& k)
{
    uint _274;
    if (_273)
    {
        _274 = 2u * k;
    }
    else
    {
        uint _283;
        if (_282)
        {
            _283 = (k / 32u) * 17u;
        }
        else
        {
            uint _294;
            if (_293)
            {
                _294 = (k / 32u) * 9u;
            }
            else
            {
                uint _304;
                if (_303)
                {
                    _304 = (k / 32u) * 10u;
                }
                else
                {
                    uint _314;
                    if (_313)
                    {
                        _314 = (k / 256u) * 72u;
                    }
                    else
                    {
                        uint _325;
                        if (_324)
                        {
                            _325 = (k / 256u) * 105u;
                        }
                        else
                        {
                            _325 = k;
                        }
                        _314 = _325;
                    }
                    _304 = _314;
                }
                _294 = _304;
            }
            _283 = _294;
        }
        _274 = _283;
    }
    return _274;
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
uint word_of(thread const uint& h, thread const uint& low, thread const uint& high)
{
    uint _345;
    if ((h & 1u) != 0u)
    {
        _345 = (low >> 16u) | (high << 16u);
    }
    else
    {
        _345 = low;
    }
    return _345;
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
    float2 _433;
    if (i < 4u)
    {
        _433 = float2(float(a & 63u), float(b & 63u));
    }
    else
    {
        _433 = float2(float((c & 15u) | (((a >> 6u) & 3u) << 4u)), float(((c >> 4u) & 15u) | (((b >> 6u) & 3u) << 4u)));
    }
    return _433;
}

static inline __attribute__((always_inline))
float4 decode_quad(thread const Raw& raw, thread const uint& row, thread const uint& k, thread const uint& q)
{
    if (_776)
    {
        float4 v = as_type<float4>(raw.a);
        if (_783)
        {
            uint param = row;
            uint param_1 = raw.a.x;
            uint param_2 = raw.a.y;
            uint low = word_of(param, param_1, param_2);
            uint param_3 = row;
            uint param_4 = raw.a.y;
            uint param_5 = raw.a.z;
            uint high = word_of(param_3, param_4, param_5);
            float4 _807;
            if (_806)
            {
                _807 = float4(float2(as_type<half2>(low)), float2(as_type<half2>(high)));
            }
            else
            {
                _807 = as_type<float4>(uint4(low << 16u, low & 4294901760u, high << 16u, high & 4294901760u));
            }
            v = _807;
        }
        uint left = k - (4u * q);
        float _841;
        if (left > 1u)
        {
            _841 = v.y;
        }
        else
        {
            _841 = 0.0;
        }
        float _851;
        if (left > 2u)
        {
            _851 = v.z;
        }
        else
        {
            _851 = 0.0;
        }
        float _860;
        if (left > 3u)
        {
            _860 = v.w;
        }
        else
        {
            _860 = 0.0;
        }
        return float4(v.x, _841, _851, _860);
    }
    if (_871)
    {
        uint h = row + (q / 8u);
        uint param_6 = h + 1u;
        uint param_7 = raw.a.x;
        uint param_8 = raw.a.y;
        uint word = word_of(param_6, param_7, param_8);
        uint param_9 = h;
        uint param_10 = raw.a.w;
        float4 _897;
        if (_896)
        {
            uint param_11 = word;
            _897 = signed_bytes(param_11);
        }
        else
        {
            uint param_12 = (word >> (q & 4u)) & 252645135u;
            _897 = unsigned_bytes(param_12) - float4(8.0);
        }
        return _897 * float_of(param_9, param_10);
    }
    if (_918)
    {
        float2 scale = float2(as_type<half2>(raw.a.w));
        uint param_13 = (raw.a.x >> (q & 4u)) & 252645135u;
        return (unsigned_bytes(param_13) * scale.x) + float4(scale.y);
    }
    if (_941)
    {
        uint3 param_14 = uint3(raw.a.y, raw.a.z, raw.b.x);
        uint param_15 = (q / 8u) & 7u;
        float2 scale_1 = float2(as_type<half2>(raw.a.w)) * scale_of(param_14, param_15);
        uint param_16 = (raw.a.x >> ((q / 2u) & 4u)) & 252645135u;
        return (unsigned_bytes(param_16) * scale_1.x) - float4(scale_1.y);
    }
    uint h_1 = row + (q / 64u);
    uint stripe = (q / 8u) & 3u;
    uint param_17 = h_1;
    uint param_18 = raw.a.x;
    uint param_19 = raw.a.y;
    uint low_1 = (word_of(param_17, param_18, param_19) >> (2u * (stripe & 2u))) & 252645135u;
    uint param_20 = h_1;
    uint param_21 = raw.a.z;
    uint param_22 = raw.a.w;
    uint high_1 = (word_of(param_20, param_21, param_22) >> (2u * stripe)) & 50529027u;
    uint shift = (16u * ((h_1 + stripe) & 1u)) + (8u * ((q / 4u) & 1u));
    int scale_2 = int((raw.b.x >> shift) << 24u) >> 24;
    uint param_23 = h_1;
    uint param_24 = raw.b.y;
    uint param_25 = low_1 | (high_1 << 4u);
    return (unsigned_bytes(param_25) - float4(32.0)) * (float_of(param_23, param_24) * float(scale_2));
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
float4 norm_at(thread const uint& i, constant Push& push, const device Norm4& v_1158, const device Norm1& v_1167)
{
    uint at = push.offset.w + i;
    uint last = (push.offset.w + push.k) - 1u;
    bool _1145 = (at & 3u) == 0u;
    bool _1152;
    if (_1145)
    {
        _1152 = (at + 3u) <= last;
    }
    else
    {
        _1152 = _1145;
    }
    if (_1152)
    {
        return v_1158.norm4[at / 4u];
    }
    return float4(v_1167.norm1[min(at, last)], v_1167.norm1[min((at + 1u), last)], v_1167.norm1[min((at + 2u), last)], v_1167.norm1[min((at + 3u), last)]);
}

static inline __attribute__((always_inline))
float4 x_at(thread const uint& i, thread const uint& count, const device X4& v_1082, const device X1& v_1094)
{
    if (((i & 3u) == 0u) && (count >= 4u))
    {
        return v_1082.x4[i / 4u];
    }
    float4 v = float4(0.0);
    v.x = v_1094.x1[i];
    if (count > 1u)
    {
        v.y = v_1094.x1[i + 1u];
    }
    if (count > 2u)
    {
        v.z = v_1094.x1[i + 2u];
    }
    if (count > 3u)
    {
        v.w = v_1094.x1[i + 3u];
    }
    return v;
}

static inline __attribute__((always_inline))
Raw load_quad(thread const uint& row, thread const uint& k, thread const uint& q, const device Weights4& v_502, const device Weights1& v_514)
{
    Raw raw = Raw{ uint4(0u), uint2(0u) };
    if (_471)
    {
        uint last = ((row / 2u) + k) - 1u;
        uint at = (row / 2u) + (4u * q);
        bool _488 = (at & 3u) == 0u;
        bool _495;
        if (_488)
        {
            _495 = (at + 3u) <= last;
        }
        else
        {
            _495 = _488;
        }
        if (_495)
        {
            raw.a = v_502.weights4[at / 4u];
        }
        else
        {
            raw.a = uint4(v_514.weights1[at], v_514.weights1[min((at + 1u), last)], v_514.weights1[min((at + 2u), last)], v_514.weights1[min((at + 3u), last)]);
        }
    }
    else
    {
        if (_542)
        {
            uint last_1 = ((row + k) - 1u) / 2u;
            uint at_1 = (row + (4u * q)) / 2u;
            raw.a.x = v_514.weights1[at_1];
            raw.a.y = v_514.weights1[min((at_1 + 1u), last_1)];
            raw.a.z = v_514.weights1[min((at_1 + 2u), last_1)];
        }
        else
        {
            if (_578)
            {
                uint h = row + ((q / 8u) * _586);
                uint word = (h + 1u) + (2u * (q & _594));
                raw.a.x = v_514.weights1[word / 2u];
                raw.a.y = v_514.weights1[(word / 2u) + (word & 1u)];
                raw.a.w = v_514.weights1[h / 2u];
            }
            else
            {
                if (_617)
                {
                    uint at_2 = (row / 2u) + ((q / 8u) * 5u);
                    raw.a.x = v_514.weights1[(at_2 + 1u) + (q & 3u)];
                    raw.a.w = v_514.weights1[at_2];
                }
                else
                {
                    if (_640)
                    {
                        uint at_3 = (row / 2u) + ((q / 64u) * 36u);
                        raw.a.x = v_514.weights1[((at_3 + 4u) + (((q / 16u) % 4u) * 8u)) + (q & 7u)];
                        raw.a.y = v_514.weights1[at_3 + 1u];
                        raw.a.z = v_514.weights1[at_3 + 2u];
                        raw.a.w = v_514.weights1[at_3];
                        raw.b.x = v_514.weights1[at_3 + 3u];
                    }
                    else
                    {
                        uint h_1 = row + ((q / 64u) * 105u);
                        uint part = (q / 32u) & 1u;
                        uint stripe = (q / 8u) & 3u;
                        uint quad_ = q & 7u;
                        uint low = ((h_1 + (32u * part)) + (16u * (stripe & 1u))) + (2u * quad_);
                        uint high = ((h_1 + 64u) + (16u * part)) + (2u * quad_);
                        raw.a.x = v_514.weights1[low / 2u];
                        raw.a.y = v_514.weights1[(low / 2u) + (low & 1u)];
                        raw.a.z = v_514.weights1[high / 2u];
                        raw.a.w = v_514.weights1[(high / 2u) + (high & 1u)];
                        raw.b.x = v_514.weights1[(((h_1 + 96u) + (4u * part)) + stripe) / 2u];
                        raw.b.y = v_514.weights1[(h_1 / 2u) + 52u];
                    }
                }
            }
        }
    }
    return raw;
}

static inline __attribute__((always_inline))
float norm_scale(thread const float& squares, constant Push& push)
{
    float _1237;
    if (push.k != 0u)
    {
        _1237 = rsqrt((squares / float(push.k)) + push.eps);
    }
    else
    {
        _1237 = 0.0;
    }
    return _1237;
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
    float _250;
    if (abs(y) > 3.900000095367431640625)
    {
        _250 = sign(y);
    }
    else
    {
        _250 = (y * p) / q;
    }
    float erf = _250;
    return (0.5 * x) * (1.0 + erf);
}

static inline __attribute__((always_inline))
void finish(thread const uint& r, thread const uint& j, thread float& sum, constant Push& push, const device Bias1& v_1273, device Y1& v_1296)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    uint param = 2u;
    if (has(param, push))
    {
        sum += v_1273.bias1[push.offset.z + j];
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
        sum += v_1296.y1[to];
    }
    v_1296.y1[to] = sum;
}

static inline __attribute__((always_inline))
void finish_quad(thread const uint& r, thread const uint& j, thread float4& sums, constant Push& push, const device Bias1& v_1273, device Y1& v_1296, device Y4& v_1384)
{
    uint to = (push.offset2.x + (r * push.ldy)) + j;
    bool _1317 = (to & 3u) == 0u;
    bool _1326;
    if (_1317)
    {
        _1326 = (j + 4u) <= push.n;
    }
    else
    {
        _1326 = _1317;
    }
    if (_1326)
    {
        uint param = 2u;
        if (has(param, push))
        {
            uint at = push.offset.z + j;
            sums += float4(v_1273.bias1[at], v_1273.bias1[at + 1u], v_1273.bias1[at + 2u], v_1273.bias1[at + 3u]);
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
            sums += v_1384.y4[to / 4u];
        }
        v_1384.y4[to / 4u] = sums;
        return;
    }
    uint e = 0u;
    for (;;)
    {
        bool _1403 = e < 4u;
        bool _1412;
        if (_1403)
        {
            _1412 = (j + e) < push.n;
        }
        else
        {
            _1412 = _1403;
        }
        if (_1412)
        {
            uint param_7 = r;
            uint param_8 = j + e;
            float param_9 = sums[e];
            finish(param_7, param_8, param_9, push, v_1273, v_1296);
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
void tiles(const device Weights4& v_502, const device Weights1& v_514, constant Push& push, const device X4& v_1082, const device X1& v_1094, const device Norm4& v_1158, const device Norm1& v_1167, const device Bias1& v_1273, device Y1& v_1296, device Y4& v_1384, thread uint3& gl_LocalInvocationID, threadgroup float4 (&pool)[1024], thread uint3& gl_WorkGroupID)
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
    uint3 _3309 = push.first.xyz + gl_WorkGroupID;
    uint _3310 = _3309.y;
    spvUnsafeArray<float4, 4> v;
    spvUnsafeArray<float4, 4> up;
    float4 _3420;
    spvUnsafeArray<Raw, 4> raw;
    float4 _3504;
    for (uint tile_r = _3310; tile_r < tiles_r; tile_r += push.groups.y)
    {
        uint3 _3324 = push.first.xyz + gl_WorkGroupID;
        uint _3325 = _3324.x;
        for (uint tile_j = _3325; tile_j < tiles_j; tile_j += push.groups.x)
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
                            float4 _3398 = input_of(param_7, param_8, param_9, param_10);
                            squares[y] = param_10;
                            v[y] = _3398;
                        }
                        else
                        {
                            bool _3409 = (first + y) < push.n;
                            bool _3417;
                            if (_3409)
                            {
                                _3417 = (4u * q) < push.k;
                            }
                            else
                            {
                                _3417 = _3409;
                            }
                            bool there = _3417;
                            if (there)
                            {
                                Raw param_11 = raw[y];
                                uint param_12 = (2u * push.offset.y) + ((first + y) * halves);
                                uint param_13 = push.k;
                                uint param_14 = q;
                                _3420 = decode_quad(param_11, param_12, param_13, param_14);
                            }
                            else
                            {
                                _3420 = float4(0.0);
                            }
                            v[y] = _3420;
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
                            _3504 = norm_at(param_21, push, v_1158, v_1167);
                        }
                        else
                        {
                            _3504 = float4(1.0);
                        }
                        factor = _3504;
                    }
                    for (uint y_2 = 0u; y_2 < 4u; y_2++)
                    {
                        uint i = first + y_2;
                        if (loads_x)
                        {
                            v[y_2] = float4(0.0);
                            up[y_2] = float4(0.0);
                            bool _3535 = i < push.rows;
                            bool _3543;
                            if (_3535)
                            {
                                _3543 = (4u * q_1) < push.k;
                            }
                            else
                            {
                                _3543 = _3535;
                            }
                            if (_3543)
                            {
                                uint at = (push.offset.x + (i * push.ldx)) + (4u * q_1);
                                uint param_22 = at;
                                uint param_23 = push.k - (4u * q_1);
                                v[y_2] = x_at(param_22, param_23, v_1082, v_1094);
                                if (gated)
                                {
                                    uint param_24 = at + push.k;
                                    uint param_25 = push.k - (4u * q_1);
                                    up[y_2] = x_at(param_24, param_25, v_1082, v_1094);
                                }
                            }
                        }
                        else
                        {
                            bool _3588 = i < push.n;
                            bool _3596;
                            if (_3588)
                            {
                                _3596 = (4u * q_1) < push.k;
                            }
                            else
                            {
                                _3596 = _3588;
                            }
                            if (_3596)
                            {
                                uint param_26 = (2u * push.offset.y) + (i * halves);
                                uint param_27 = push.k;
                                uint param_28 = q_1;
                                raw[y_2] = load_quad(param_26, param_27, param_28, v_502, v_514);
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
                    finish_quad(param_37, param_38, param_39, push, v_1273, v_1296, v_1384);
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
void put_chunk(thread const uint& x, thread const uint& first, thread const uint& count, thread float& squares, constant Push& push, const device X1& v_1094, const device Norm1& v_1167, thread uint3& gl_LocalInvocationID, threadgroup float4 (&pool)[1024])
{
    float4 v;
    float4 factor;
    float _1811;
    float _1821;
    float _1866;
    float _1899;
    for (uint i = gl_LocalInvocationID.x; i < count; i += 1024u)
    {
        for (uint e = 0u; e < 4u; e++)
        {
            uint at = min(((first + i) + (e * 256u)), (push.k - 1u));
            v[e] = v_1094.x1[x + at];
            if (normed)
            {
                _1811 = v_1167.norm1[push.offset.w + at];
            }
            else
            {
                if (gated)
                {
                    _1821 = v_1094.x1[(x + push.k) + at];
                }
                else
                {
                    _1821 = 1.0;
                }
                _1811 = _1821;
            }
            factor[e] = _1811;
        }
        for (uint e_1 = 0u; e_1 < 4u; e_1++)
        {
            uint to = i + (e_1 * 256u);
            if (to < count)
            {
                bool there = (first + to) < push.k;
                if (there)
                {
                    _1866 = v[e_1];
                }
                else
                {
                    _1866 = 0.0;
                }
                float value = _1866;
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
                    _1899 = value * factor[e_1];
                }
                else
                {
                    _1899 = 0.0;
                }
                ((threadgroup float*)&pool[(to / 4u) + (to / 32u)])[to & 3u] = _1899;
            }
        }
    }
}

static inline __attribute__((always_inline))
void share_squares(thread float& squares, threadgroup float4 (&pool)[1024], thread uint& gl_SubgroupID)
{
    squares = simd_sum(squares);
    bool _1917 = simd_is_first();
    if (_1917)
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
void wide_rows(const device Weights1& v_514, constant Push& push, const device X1& v_1094, const device Norm1& v_1167, const device Bias1& v_1273, device Y1& v_1296, thread uint3& gl_LocalInvocationID, threadgroup float4 (&pool)[1024], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_WorkGroupID)
{
    uint me = gl_LocalInvocationID.x;
    uint lane = me % 32u;
    uint team_1 = me / 32u;
    uint row_words = (push.k / 64u) * 17u;
    uint3 _2788 = push.first.xyz + gl_WorkGroupID;
    uint _2789 = _2788.y;
    spvUnsafeArray<float, 8> sums;
    uint _2925;
    spvUnsafeArray<float4, 5> v;
    float _2961;
    spvUnsafeArray<uint, 5> word;
    spvUnsafeArray<uint, 5> scale;
    spvUnsafeArray<uint, 5> shift;
    float _3150;
    for (uint r = _2789; r < push.rows; r += push.groups.y)
    {
        uint x = push.offset.x + (r * push.ldx);
        uint3 _2812 = push.first.xyz + gl_WorkGroupID;
        uint _2813 = _2812.x;
        for (uint tile = _2813; (tile * 64u) < push.n; tile += push.groups.x)
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
                put_chunk(param, param_1, param_2, param_3, push, v_1094, v_1167, gl_LocalInvocationID, pool);
                squares = param_3;
                bool _2884;
                if (normed)
                {
                    _2884 = (base + 2048u) >= push.k;
                }
                else
                {
                    _2884 = normed;
                }
                if (_2884)
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
                            _2925 = (4u * in_pair) - 36u;
                        }
                        else
                        {
                            _2925 = (4u * in_pair) - 2u;
                        }
                        uint quant = _2925;
                        for (uint e = 0u; e < 4u; e++)
                        {
                            bool _2947 = at < words;
                            bool _2954;
                            if (_2947)
                            {
                                _2954 = (quant + e) < 32u;
                            }
                            else
                            {
                                _2954 = _2947;
                            }
                            bool there = _2954;
                            if (there)
                            {
                                uint param_5 = (((64u * pair) + (second ? 32u : 0u)) + quant) + e;
                                _2961 = shared_element(param_5, pool);
                            }
                            else
                            {
                                _2961 = 0.0;
                            }
                            v[i][e] = _2961;
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
                            uint quants = v_514.weights1[row + word[i_1]];
                            uint scales = v_514.weights1[row + scale[i_1]];
                            uint param_6 = quants;
                            sums[y_1] += (float2(as_type<half2>(scales >> shift[i_1])).x * dot(signed_bytes(param_6), v[i_1]));
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
            bool _3117 = me < 64u;
            bool _3127;
            if (_3117)
            {
                _3127 = ((tile * 64u) + me) < push.n;
            }
            else
            {
                _3127 = _3117;
            }
            if (_3127)
            {
                float4 sum = float4(0.0);
                for (uint i_2 = 0u; i_2 < 8u; i_2++)
                {
                    sum += pool[(me * 9u) + i_2];
                }
                if (normed)
                {
                    float param_7 = shared_squares(pool, gl_NumSubgroups);
                    _3150 = norm_scale(param_7, push);
                }
                else
                {
                    _3150 = 1.0;
                }
                float scale_1 = _3150;
                uint param_8 = r;
                uint param_9 = (tile * 64u) + me;
                float param_10 = scale_1 * ((sum.x + sum.y) + (sum.z + sum.w));
                finish(param_8, param_9, param_10, push, v_1273, v_1296);
            }
        }
    }
}

static inline __attribute__((always_inline))
Unit load_unit(thread const uint& row, thread const uint& u, const device Weights4& v_502, const device Weights1& v_514, constant Push& push)
{
    Unit unit = Unit{ uint4(0u), uint4(0u) };
    if (_1428)
    {
        uint last = ((row / 2u) + push.k) - 1u;
        uint at = (row / 2u) + (8u * u);
        bool _1446 = (at & 3u) == 0u;
        bool _1453;
        if (_1446)
        {
            _1453 = (at + 7u) <= last;
        }
        else
        {
            _1453 = _1446;
        }
        if (_1453)
        {
            unit.a = v_502.weights4[at / 4u];
            unit.b = v_502.weights4[(at / 4u) + 1u];
        }
        else
        {
            for (uint e = 0u; e < 4u; e++)
            {
                unit.a[e] = v_514.weights1[min((at + e), last)];
                unit.b[e] = v_514.weights1[min(((at + 4u) + e), last)];
            }
        }
    }
    else
    {
        if (_1500)
        {
            uint last_1 = ((row + push.k) - 1u) / 2u;
            uint at_1 = (row + (8u * u)) / 2u;
            for (uint e_1 = 0u; e_1 < 4u; e_1++)
            {
                unit.a[e_1] = v_514.weights1[min((at_1 + e_1), last_1)];
            }
            unit.b.x = v_514.weights1[min((at_1 + 4u), last_1)];
        }
        else
        {
            if (_1543)
            {
                uint h = row + ((u / 4u) * 17u);
                uint q = (h + 1u) + (4u * (u & 3u));
                unit.a.x = v_514.weights1[q / 2u];
                unit.a.y = v_514.weights1[(q / 2u) + 1u];
                unit.a.z = v_514.weights1[((q / 2u) + 1u) + (q & 1u)];
                unit.a.w = v_514.weights1[h / 2u];
            }
            else
            {
                if (_1585)
                {
                    uint h_1 = row + ((u / 4u) * 9u);
                    uint q_1 = (h_1 + 1u) + (2u * (u & 3u));
                    unit.a.x = v_514.weights1[q_1 / 2u];
                    unit.a.y = v_514.weights1[(q_1 / 2u) + (q_1 & 1u)];
                    unit.a.w = v_514.weights1[h_1 / 2u];
                }
                else
                {
                    if (_1620)
                    {
                        uint at_2 = (row / 2u) + ((u / 4u) * 5u);
                        unit.a.x = v_514.weights1[(at_2 + 1u) + (u & 3u)];
                        unit.a.w = v_514.weights1[at_2];
                    }
                    else
                    {
                        if (_1643)
                        {
                            uint at_3 = (row / 2u) + ((u / 32u) * 36u);
                            unit.a.x = v_514.weights1[(at_3 + 4u) + (u & 31u)];
                            unit.a.w = v_514.weights1[at_3];
                            unit.b.x = v_514.weights1[at_3 + 1u];
                            unit.b.y = v_514.weights1[at_3 + 2u];
                            unit.b.z = v_514.weights1[at_3 + 3u];
                        }
                        else
                        {
                            uint h_2 = row + ((u / 32u) * 105u);
                            uint part = (u / 16u) & 1u;
                            uint in_part = u & 15u;
                            uint low = (h_2 + (32u * part)) + (2u * in_part);
                            uint high = ((h_2 + 64u) + (16u * part)) + (2u * (in_part & 7u));
                            uint scale = ((h_2 + 96u) + (4u * part)) + (in_part / 8u);
                            unit.a.x = v_514.weights1[low / 2u];
                            unit.a.y = v_514.weights1[(low / 2u) + (low & 1u)];
                            unit.a.z = v_514.weights1[high / 2u];
                            unit.a.w = v_514.weights1[(high / 2u) + (high & 1u)];
                            unit.b.x = v_514.weights1[scale / 2u];
                            unit.b.y = v_514.weights1[(scale / 2u) + 1u];
                            unit.b.z = v_514.weights1[(h_2 / 2u) + 52u];
                        }
                    }
                }
            }
        }
    }
    return unit;
}

static inline __attribute__((always_inline))
float4 shared_quad(thread const uint& q, threadgroup float4 (&pool)[1024])
{
    return pool[q + (q / 8u)];
}

static inline __attribute__((always_inline))
float unit_times_x(thread const Unit& unit, thread const uint& row, thread const uint& u, thread const uint& base, constant Push& push, threadgroup float4 (&pool)[1024])
{
    uint first = 2u * (u - base);
    uint second = first + 1u;
    if (_1967)
    {
        first = (((u - base) / 4u) * 8u) + (u & 3u);
        second = first + 4u;
    }
    else
    {
        if (_1981)
        {
            first = (((u - base) / 8u) * 16u) + (u & 7u);
            second = first + 8u;
        }
        else
        {
            if (_1995)
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
    if (_2020)
    {
        float4 a = as_type<float4>(unit.a);
        float4 b = as_type<float4>(unit.b);
        if (_2031)
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
            uint4 words = uint4(word_of(param_2, param_3, param_4), word_of(param_5, param_6, param_7), word_of(param_8, param_9, param_10), word_of(param_11, param_12, param_13));
            if (_2074)
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
    if (_2159)
    {
        uint h_1 = row + (u / 4u);
        uint param_14 = h_1 + 1u;
        uint param_15 = unit.a.x;
        uint param_16 = unit.a.y;
        uint low_1 = word_of(param_14, param_15, param_16);
        uint param_17 = h_1 + 1u;
        uint param_18 = unit.a.y;
        uint param_19 = unit.a.z;
        uint high_1 = word_of(param_17, param_18, param_19);
        uint param_20 = h_1;
        uint param_21 = unit.a.w;
        uint param_22 = low_1;
        uint param_23 = high_1;
        return float_of(param_20, param_21) * (dot(signed_bytes(param_22), x) + dot(signed_bytes(param_23), y));
    }
    if (_2208)
    {
        uint h_2 = row + (u / 4u);
        uint param_24 = h_2 + 1u;
        uint param_25 = unit.a.x;
        uint param_26 = unit.a.y;
        uint word = word_of(param_24, param_25, param_26);
        uint param_27 = h_2;
        uint param_28 = unit.a.w;
        uint param_29 = word & 252645135u;
        uint param_30 = (word >> 4u) & 252645135u;
        return float_of(param_27, param_28) * (dot(unsigned_bytes(param_29) - float4(8.0), x) + dot(unsigned_bytes(param_30) - float4(8.0), y));
    }
    if (_2253)
    {
        float2 scale = float2(as_type<half2>(unit.a.w));
        uint param_31 = unit.a.x & 252645135u;
        float4 a_1 = unsigned_bytes(param_31);
        uint param_32 = (unit.a.x >> 4u) & 252645135u;
        float4 b_1 = unsigned_bytes(param_32);
        return dot((a_1 * scale.x) + float4(scale.y), x) + dot((b_1 * scale.x) + float4(scale.y), y);
    }
    if (_2295)
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
    uint low_2 = word_of(param_39, param_40, param_41);
    uint param_42 = h_3;
    uint param_43 = unit.a.z;
    uint param_44 = unit.a.w;
    uint high_2 = word_of(param_42, param_43, param_44) >> (2u * upper);
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
void vector_rows(const device Weights4& v_502, const device Weights1& v_514, constant Push& push, const device X1& v_1094, const device Norm1& v_1167, const device Bias1& v_1273, device Y1& v_1296, thread uint3& gl_LocalInvocationID, threadgroup float4 (&pool)[1024], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_WorkGroupID)
{
    uint me = gl_LocalInvocationID.x;
    uint lane = me & _2477;
    uint line = me / team;
    uint param = push.k;
    uint param_1 = 8u;
    uint units = ceil_div(param, param_1);
    uint param_2 = push.k;
    uint halves = row_halves(param_2);
    uint3 _2501 = push.first.xyz + gl_WorkGroupID;
    uint _2502 = _2501.y;
    uint _2572;
    Unit next;
    for (uint r = _2502; r < push.rows; r += push.groups.y)
    {
        uint x = push.offset.x + (r * push.ldx);
        float scale = 1.0;
        bool there = false;
        uint3 _2530 = push.first.xyz + gl_WorkGroupID;
        uint _2531 = _2530.x;
        for (uint tile = _2531; (tile * lines) < push.n; tile += push.groups.x)
        {
            uint j = (tile * lines) + line;
            uint row = (2u * push.offset.y) + (j * halves);
            float sum = 0.0;
            float squares = 0.0;
            for (uint base = 0u; base < units; base += 256u)
            {
                if (j < push.n)
                {
                    _2572 = min(units, (base + 256u));
                }
                else
                {
                    _2572 = 0u;
                }
                uint end = _2572;
                if ((base + lane) < end)
                {
                    uint param_3 = row;
                    uint param_4 = base + lane;
                    next = load_unit(param_3, param_4, v_502, v_514, push);
                }
                if (!there)
                {
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    uint param_5 = x;
                    uint param_6 = 8u * base;
                    uint param_7 = 8u * min((units - base), 256u);
                    float param_8 = squares;
                    put_chunk(param_5, param_6, param_7, param_8, push, v_1094, v_1167, gl_LocalInvocationID, pool);
                    squares = param_8;
                    bool _2622;
                    if (normed)
                    {
                        _2622 = (base + 256u) >= units;
                    }
                    else
                    {
                        _2622 = normed;
                    }
                    if (_2622)
                    {
                        float param_9 = squares;
                        share_squares(param_9, pool, gl_SubgroupID);
                    }
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    there = units <= 256u;
                }
                uint _2633 = base + lane;
                for (uint u = _2633; u < end; u += team)
                {
                    Unit unit = next;
                    if ((u + team) < end)
                    {
                        uint param_10 = row;
                        uint param_11 = u + team;
                        next = load_unit(param_10, param_11, v_502, v_514, push);
                    }
                    Unit param_12 = unit;
                    uint param_13 = row;
                    uint param_14 = u;
                    uint param_15 = base;
                    sum += unit_times_x(param_12, param_13, param_14, param_15, push, pool);
                }
            }
            ((threadgroup float*)&pool[(576u + (me / 4u)) + (me / 32u)])[me & 3u] = sum;
            threadgroup_barrier(mem_flags::mem_threadgroup);
            bool _2683 = me < lines;
            bool _2693;
            if (_2683)
            {
                _2693 = ((tile * lines) + me) < push.n;
            }
            else
            {
                _2693 = _2683;
            }
            if (_2693)
            {
                float4 sums = float4(0.0);
                uint _2699 = me * team;
                for (uint i = _2699; i < ((me + 1u) * team); i += 4u)
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
                finish(param_17, param_18, param_19, push, v_1273, v_1296);
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
        }
    }
}

kernel void zc_linear(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], const device Bias1& v_1273 [[buffer(3)]], const device void* spvBufferAliasSet0Binding4 [[buffer(4)]], device void* spvBufferAliasSet0Binding5 [[buffer(5)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& v_1082 = *(const device X4*)spvBufferAliasSet0Binding1;
    const device auto& v_502 = *(const device Weights4*)spvBufferAliasSet0Binding2;
    const device auto& v_1158 = *(const device Norm4*)spvBufferAliasSet0Binding4;
    device auto& v_1296 = *(device Y1*)spvBufferAliasSet0Binding5;
    const device auto& v_514 = *(const device Weights1*)spvBufferAliasSet0Binding2;
    const device auto& v_1094 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& v_1167 = *(const device Norm1*)spvBufferAliasSet0Binding4;
    device auto& v_1384 = *(device Y4*)spvBufferAliasSet0Binding5;
    threadgroup float4 pool[1024];
    threadgroup float group_partial[256];
    if (_3779)
    {
        tiles(v_502, v_514, push, v_1082, v_1094, v_1158, v_1167, v_1273, v_1296, v_1384, gl_LocalInvocationID, pool, gl_WorkGroupID);
    }
    else
    {
        if (_3784)
        {
            wide_rows(v_514, push, v_1094, v_1167, v_1273, v_1296, gl_LocalInvocationID, pool, gl_SubgroupID, gl_NumSubgroups, gl_WorkGroupID);
        }
        else
        {
            vector_rows(v_502, v_514, push, v_1094, v_1167, v_1273, v_1296, gl_LocalInvocationID, pool, gl_SubgroupID, gl_NumSubgroups, gl_WorkGroupID);
        }
    }
}

