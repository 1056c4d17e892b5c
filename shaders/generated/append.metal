#pragma clang diagnostic ignored "-Wmissing-prototypes"

#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

struct Out1
{
    uint out1[1];
};

struct Push
{
    uint4 offset;
    uint4 first;
    uint4 groups;
    uint rows;
    uint cols;
    uint ldx;
    uint ldout;
    uint capacity;
    uint out_type;
};

struct Positions1
{
    uint positions1[1];
};

struct X1
{
    float x1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
uint most_of(thread const float4& x)
{
    uint4 bits = as_type<uint4>(x) & uint4(2147483647u);
    return max(max(bits.x, bits.y), max(bits.z, bits.w));
}

static inline __attribute__((always_inline))
float block_scale(thread const uint& most)
{
    float scale = as_type<float>(most) / 127.0;
    if ((most < 1006501888u) && (scale < 6.103515625e-05))
    {
        return float(uint((scale * 16777216.0) + 0.5)) / 16777216.0;
    }
    uint bits = as_type<uint>(scale);
    bits = ((bits + 4095u) + ((bits >> 13u) & 1u)) & 4294959104u;
    bool fits = (most < 2139095040u) && (bits < 1199570944u);
    return as_type<float>(fits ? bits : 2143289344u);
}

static inline __attribute__((always_inline))
bool finite(thread const float& x)
{
    return (as_type<uint>(x) & 2139095040u) != 2139095040u;
}

static inline __attribute__((always_inline))
uint byte_of(thread const float& x, thread const float& scale)
{
    float number = fast::clamp(x / scale, -127.0, 127.0);
    return uint(int(number + ((number < 0.0) ? (-0.5) : 0.5))) & 255u;
}

static inline __attribute__((always_inline))
uint bytes_of(thread const float4& x, thread const float& scale)
{
    bool _167 = scale == 0.0;
    bool _175;
    if (!_167)
    {
        float param = scale;
        _175 = !finite(param);
    }
    else
    {
        _175 = _167;
    }
    if (_175)
    {
        return 0u;
    }
    float param_1 = x.x;
    float param_2 = scale;
    float param_3 = x.y;
    float param_4 = scale;
    float param_5 = x.z;
    float param_6 = scale;
    float param_7 = x.w;
    float param_8 = scale;
    return ((byte_of(param_1, param_2) | (byte_of(param_3, param_4) << 8u)) | (byte_of(param_5, param_6) << 16u)) | (byte_of(param_7, param_8) << 24u);
}

static inline __attribute__((always_inline))
void put_word(thread const uint& at, thread const uint& word, device Out1& v_217, constant Push& push)
{
    v_217.out1[push.offset.z + at] = word;
}

static inline __attribute__((always_inline))
uint half_bits(thread const float& scale)
{
    float param = scale;
    uint _134;
    if (finite(param))
    {
        _134 = as_type<uint>(half2(float2(scale, 0.0)));
    }
    else
    {
        _134 = 32256u;
    }
    return _134;
}

static inline __attribute__((always_inline))
void put_bytes(thread const uint& r, device Out1& v_217, constant Push& push, const device Positions1& v_243, thread uint3& gl_WorkGroupID, thread uint3& gl_LocalInvocationID, const device X1& v_324)
{
    uint x = push.offset.x + (r * push.ldx);
    uint row = min(v_243.positions1[push.offset.y + r], (push.capacity - 1u)) * ((push.ldout / 64u) * 17u);
    uint _281 = ((push.first.xyz + gl_WorkGroupID).x * 256u) + gl_LocalInvocationID.x;
    for (uint i = _281; i < (push.cols / 64u); i += (push.groups.x * 256u))
    {
        uint scales = 0u;
        uint _296 = 64u * i;
        for (uint begin = _296; begin < ((64u * i) + 64u); begin += 32u)
        {
            uint most = 0u;
            for (uint e = begin; e < (begin + 32u); e += 4u)
            {
                float4 param = float4(v_324.x1[x + e], v_324.x1[(x + e) + 1u], v_324.x1[(x + e) + 2u], v_324.x1[(x + e) + 3u]);
                most = max(most, most_of(param));
            }
            uint param_1 = most;
            float scale = block_scale(param_1);
            for (uint e_1 = begin; e_1 < (begin + 32u); e_1 += 4u)
            {
                float4 param_2 = float4(v_324.x1[x + e_1], v_324.x1[(x + e_1) + 1u], v_324.x1[(x + e_1) + 2u], v_324.x1[(x + e_1) + 3u]);
                float param_3 = scale;
                uint param_4 = row + (e_1 / 4u);
                uint param_5 = bytes_of(param_2, param_3);
                put_word(param_4, param_5, v_217, push);
            }
            float param_6 = scale;
            scales |= (half_bits(param_6) << ((begin - (64u * i)) / 2u));
        }
        uint param_7 = (row + (push.ldout / 4u)) + ((64u * i) / 64u);
        uint param_8 = scales;
        put_word(param_7, param_8, v_217, push);
    }
}

kernel void zc_append(constant Push& push [[buffer(0)]], const device X1& v_324 [[buffer(1)]], const device Positions1& v_243 [[buffer(2)]], device Out1& v_217 [[buffer(3)]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]])
{
    bool narrow = push.out_type == 1u;
    uint _447;
    if (narrow)
    {
        _447 = push.cols / 2u;
    }
    else
    {
        _447 = push.cols;
    }
    uint words = _447;
    uint3 _462 = push.first.xyz + gl_WorkGroupID;
    uint _463 = _462.y;
    for (uint r = _463; r < push.rows; r += push.groups.y)
    {
        if (push.out_type == 2u)
        {
            uint param = r;
            put_bytes(param, v_217, push, v_243, gl_WorkGroupID, gl_LocalInvocationID, v_324);
            continue;
        }
        uint x = push.offset.x + (r * push.ldx);
        uint row = min(v_243.positions1[push.offset.y + r], (push.capacity - 1u)) * push.ldout;
        uint _515 = ((push.first.xyz + gl_WorkGroupID).x * 256u) + gl_LocalInvocationID.x;
        for (uint i = _515; i < words; i += (push.groups.x * 256u))
        {
            if (narrow)
            {
                v_217.out1[(push.offset.z + (row / 2u)) + i] = as_type<uint>(half2(float2(v_324.x1[x + (2u * i)], v_324.x1[(x + (2u * i)) + 1u])));
            }
            else
            {
                v_217.out1[(push.offset.z + row) + i] = as_type<uint>(v_324.x1[x + i]);
            }
        }
    }
}

