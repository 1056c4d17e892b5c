#pragma clang diagnostic ignored "-Wmissing-prototypes"

#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

struct Push
{
    uint4 offset;
    uint4 first;
    uint4 groups;
    uint rows;
    uint heads;
    uint head_size;
    uint rotated;
    uint ldx;
    uint ldout;
    uint table_rows;
    uint capacity;
    uint layout_;
    uint out_type;
};

struct X1
{
    float x1[1];
};

struct Table1
{
    float table1[1];
};

struct Positions1
{
    uint positions1[1];
};

struct Out1
{
    uint out1[1];
};

struct Out2
{
    uint2 out2[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
uint2 places(thread const uint& i, constant Push& push)
{
    uint2 _40;
    if (push.layout_ == 1u)
    {
        _40 = uint2(i, i + (push.rotated / 2u));
    }
    else
    {
        _40 = uint2(2u * i, (2u * i) + 1u);
    }
    return _40;
}

static inline __attribute__((always_inline))
float2 rotate(thread const uint& head, thread const uint& angles, thread const uint& i, constant Push& push, const device X1& v_71, const device Table1& v_92)
{
    uint param = i;
    uint2 at = places(param, push);
    float a = v_71.x1[head + at.x];
    float b = v_71.x1[head + at.y];
    float c = v_92.table1[angles + (2u * i)];
    float s = v_92.table1[(angles + (2u * i)) + 1u];
    return float2((a * c) - (b * s), (a * s) + (b * c));
}

static inline __attribute__((always_inline))
float element(thread const uint& head, thread const uint& angles, thread const uint& e, constant Push& push, const device X1& v_71, const device Table1& v_92)
{
    if (e >= push.rotated)
    {
        return v_71.x1[head + e];
    }
    uint half_ = push.rotated / 2u;
    uint _144;
    if (push.layout_ == 1u)
    {
        uint _150;
        if (e < half_)
        {
            _150 = e;
        }
        else
        {
            _150 = e - half_;
        }
        _144 = _150;
    }
    else
    {
        _144 = e / 2u;
    }
    uint i = _144;
    uint param = head;
    uint param_1 = angles;
    uint param_2 = i;
    float2 pair = rotate(param, param_1, param_2, push, v_71, v_92);
    uint param_3 = i;
    float _178;
    if (places(param_3, push).x == e)
    {
        _178 = pair.x;
    }
    else
    {
        _178 = pair.y;
    }
    return _178;
}

kernel void zc_rope(constant Push& push [[buffer(0)]], const device X1& v_71 [[buffer(1)]], const device Positions1& _230 [[buffer(2)]], const device Table1& v_92 [[buffer(3)]], device void* spvBufferAliasSet0Binding4 [[buffer(4)]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]])
{
    device auto& _331 = *(device Out1*)spvBufferAliasSet0Binding4;
    device auto& _402 = *(device Out2*)spvBufferAliasSet0Binding4;
    uint pairs = (push.head_size / 2u) + (push.head_size & 1u);
    uint items = push.heads * pairs;
    uint3 _214 = push.first.xyz + gl_WorkGroupID;
    uint _215 = _214.y;
    uint _256;
    for (uint r = _215; r < push.rows; r += push.groups.y)
    {
        uint position = _230.positions1[push.offset.y + r];
        uint angles = push.offset.z + (min(position, (push.table_rows - 1u)) * push.rotated);
        if (push.capacity != 0u)
        {
            _256 = min(position, (push.capacity - 1u));
        }
        else
        {
            _256 = r;
        }
        uint row = _256;
        uint _280 = ((push.first.xyz + gl_WorkGroupID).x * 256u) + gl_LocalInvocationID.x;
        for (uint item = _280; item < items; item += (push.groups.x * 256u))
        {
            uint h = item / pairs;
            uint i = item % pairs;
            uint head = (push.offset.x + (r * push.ldx)) + (h * push.head_size);
            uint to = (row * push.ldout) + (h * push.head_size);
            if (push.out_type == 1u)
            {
                uint param = head;
                uint param_1 = angles;
                uint param_2 = 2u * i;
                uint param_3 = head;
                uint param_4 = angles;
                uint param_5 = (2u * i) + 1u;
                _331.out1[(push.offset.w + (to / 2u)) + i] = as_type<uint>(half2(float2(element(param, param_1, param_2, push, v_71, v_92), element(param_3, param_4, param_5, push, v_71, v_92))));
            }
            else
            {
                if ((2u * i) < push.rotated)
                {
                    uint param_6 = i;
                    uint2 at = places(param_6, push);
                    uint param_7 = head;
                    uint param_8 = angles;
                    uint param_9 = i;
                    float2 pair = rotate(param_7, param_8, param_9, push, v_71, v_92);
                    uint first = (push.offset.w + to) + at.x;
                    bool _390 = push.layout_ != 1u;
                    bool _396;
                    if (_390)
                    {
                        _396 = (first & 1u) == 0u;
                    }
                    else
                    {
                        _396 = _390;
                    }
                    if (_396)
                    {
                        _402.out2[first / 2u] = as_type<uint2>(pair);
                    }
                    else
                    {
                        _331.out1[first] = as_type<uint>(pair.x);
                        _331.out1[(push.offset.w + to) + at.y] = as_type<uint>(pair.y);
                    }
                }
                else
                {
                    uint _429 = 2u * i;
                    for (uint e = _429; e < min(((2u * i) + 2u), push.head_size); e++)
                    {
                        _331.out1[(push.offset.w + to) + e] = as_type<uint>(v_71.x1[head + e]);
                    }
                }
            }
        }
    }
}

