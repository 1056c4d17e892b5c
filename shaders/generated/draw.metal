#pragma clang diagnostic ignored "-Wmissing-prototypes"

#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

struct ResType
{
    uint _m0;
    uint _m1;
};

struct Push
{
    uint4 offset;
    uint4 first;
    uint4 groups;
    uint rows;
    uint count;
    uint complete;
    uint top_k;
    float top_p;
    float min_p;
};

struct Values1
{
    uint values1[1];
};

struct U1
{
    uint u1[1];
};

struct Ids1
{
    uint ids1[1];
};

struct Out1
{
    uint out1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
uint exponent_of(thread const uint& bits)
{
    return 150u - max((bits >> uint(23)), 1u);
}

static inline __attribute__((always_inline))
uint mantissa_of(thread const uint& bits)
{
    return (bits & 8388607u) | (((bits >> uint(23)) != 0u) ? 8388608u : 0u);
}

static inline __attribute__((always_inline))
uint2 shifted(thread const uint4& a, thread const uint& bits)
{
    uint3 _185;
    if (bits >= 64u)
    {
        _185 = uint3(a.z, a.w, 0u);
    }
    else
    {
        uint3 _199;
        if (bits >= 32u)
        {
            _199 = a.yzw;
        }
        else
        {
            _199 = a.xyz;
        }
        _185 = _199;
    }
    uint3 words = _185;
    uint rest = bits & 31u;
    uint2 _215;
    if (rest == 0u)
    {
        _215 = words.xy;
    }
    else
    {
        _215 = (words.xy >> uint2(rest)) | (words.yz << uint2(32u - rest));
    }
    return _215;
}

static inline __attribute__((always_inline))
uint2 units_of(thread const uint& bits)
{
    if (bits > 2139095040u)
    {
        return uint2(0u);
    }
    if (bits >= 1065353216u)
    {
        return uint2(0u, 4194304u);
    }
    uint param = bits;
    uint exponent = exponent_of(param);
    uint param_1 = bits;
    uint4 mantissa = uint4(0u, 0u, mantissa_of(param_1), 0u);
    uint4 param_2 = mantissa;
    uint param_3 = min((exponent + 10u), 95u);
    return shifted(param_2, param_3);
}

static inline __attribute__((always_inline))
uint2 add(thread const uint2& a, thread const uint2& b)
{
    uint low = a.x + b.x;
    return uint2(low, (a.y + b.y) + uint(low < a.x));
}

static inline __attribute__((always_inline))
uint4 product(thread const uint2& a, thread const uint2& b)
{
    ResType _106;
    _106._m0 = a.x * b.x;
    _106._m1 = mulhi(a.x, b.x);
    uint low0 = _106._m0;
    uint high0 = _106._m1;
    ResType _115;
    _115._m0 = a.x * b.y;
    _115._m1 = mulhi(a.x, b.y);
    uint low1 = _115._m0;
    uint high1 = _115._m1;
    ResType _124;
    _124._m0 = a.y * b.x;
    _124._m1 = mulhi(a.y, b.x);
    uint low2 = _124._m0;
    uint high2 = _124._m1;
    ResType _133;
    _133._m0 = a.y * b.y;
    _133._m1 = mulhi(a.y, b.y);
    uint low3 = _133._m0;
    uint high3 = _133._m1;
    uint2 param = uint2(high0, 0u);
    uint2 param_1 = uint2(low1, 0u);
    uint2 param_2 = add(param, param_1);
    uint2 param_3 = uint2(low2, 0u);
    uint2 second = add(param_2, param_3);
    uint2 param_4 = uint2(low3, high3);
    uint2 param_5 = uint2(high1, 0u);
    uint2 param_6 = uint2(high2, 0u);
    uint2 param_7 = uint2(second.y, 0u);
    uint2 param_8 = add(param_4, param_5);
    uint2 param_9 = add(param_6, param_7);
    uint2 upper = add(param_8, param_9);
    return uint4(low0, second.x, upper.x, upper.y);
}

static inline __attribute__((always_inline))
uint2 part_of(thread const uint& top_p, thread const uint2& total)
{
    uint param = top_p;
    uint2 param_1 = uint2(mantissa_of(param), 0u);
    uint2 param_2 = total;
    uint4 whole = product(param_1, param_2);
    uint param_3 = top_p;
    uint bits = exponent_of(param_3);
    uint left = 0u;
    uint _319;
    uint _333;
    _Pragma("clang loop unroll(full)")
    for (uint word = 0u; word < 4u; word++)
    {
        if (bits > (32u * word))
        {
            _319 = bits - (32u * word);
        }
        else
        {
            _319 = 0u;
        }
        uint out_of_word = _319;
        if (out_of_word < 32u)
        {
            _333 = (1u << out_of_word) - 1u;
        }
        else
        {
            _333 = 4294967295u;
        }
        left |= (whole[word] & _333);
    }
    uint2 _352;
    if (bits < 96u)
    {
        uint4 param_4 = whole;
        uint param_5 = bits;
        _352 = shifted(param_4, param_5);
    }
    else
    {
        _352 = uint2(0u);
    }
    uint2 rounded = _352;
    uint2 param_6 = rounded;
    uint2 param_7 = uint2(uint(left != 0u), 0u);
    return add(param_6, param_7);
}

static inline __attribute__((always_inline))
bool less(thread const uint2& a, thread const uint2& b)
{
    bool _79 = a.y < b.y;
    bool _96;
    if (!_79)
    {
        bool _87 = a.y == b.y;
        bool _95;
        if (_87)
        {
            _95 = a.x < b.x;
        }
        else
        {
            _95 = _87;
        }
        _96 = _95;
    }
    else
    {
        _96 = _79;
    }
    return _96;
}

static inline __attribute__((always_inline))
uint group_min(thread uint& value, threadgroup uint (&parts)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups)
{
    value = simd_min(value);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _375 = simd_is_first();
    if (_375)
    {
        parts[gl_SubgroupID] = value;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (uint s = 0u; s < gl_NumSubgroups; s++)
    {
        value = min(value, parts[s]);
    }
    return value;
}

kernel void zc_draw(constant Push& push [[buffer(0)]], const device Values1& _451 [[buffer(1)]], const device Ids1& _701 [[buffer(2)]], const device U1& _623 [[buffer(3)]], device Out1& _719 [[buffer(4)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    threadgroup uint parts[256];
    threadgroup uint2 sums[256];
    uint me = gl_LocalInvocationID.x;
    uint3 _424 = push.first.xyz + gl_WorkGroupID;
    uint _425 = _424.x;
    uint _492;
    uint2 _505;
    uint2 _531;
    uint2 _552;
    uint2 _644;
    for (uint r = _425; r < push.rows; r += push.groups.x)
    {
        uint values = push.offset.x + (r * push.count);
        uint most = _451.values1[values];
        uint mine = _451.values1[values + min(me, (push.count - 1u))];
        bool _471 = push.top_k != 0u;
        bool _479;
        if (_471)
        {
            _479 = push.top_k <= push.count;
        }
        else
        {
            _479 = _471;
        }
        bool limited = _479;
        bool _489;
        if (!limited)
        {
            _489 = push.complete != 0u;
        }
        else
        {
            _489 = limited;
        }
        bool ends = _489;
        if (limited)
        {
            _492 = push.top_k;
        }
        else
        {
            _492 = push.count;
        }
        uint count = _492;
        if (me < count)
        {
            uint param = mine;
            _505 = units_of(param);
        }
        else
        {
            _505 = uint2(0u);
        }
        uint2 sum = _505;
        for (uint apart = 1u; apart < 256u; apart *= 2u)
        {
            threadgroup_barrier(mem_flags::mem_threadgroup);
            sums[me] = sum;
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if (me >= apart)
            {
                _531 = sums[me - apart];
            }
            else
            {
                _531 = uint2(0u);
            }
            uint2 param_1 = sum;
            uint2 param_2 = _531;
            sum = add(param_1, param_2);
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
        sums[me] = sum;
        threadgroup_barrier(mem_flags::mem_threadgroup);
        if (limited)
        {
            _552 = sums[count - 1u];
        }
        else
        {
            _552 = uint2(0u, 4194304u);
        }
        uint2 total = _552;
        uint end = 4294967295u;
        if (me < count)
        {
            bool _568 = me != 0u;
            bool _581;
            if (_568)
            {
                _581 = as_type<float>(mine) < (push.min_p * as_type<float>(most));
            }
            else
            {
                _581 = _568;
            }
            if (_581)
            {
                end = me;
            }
            else
            {
                bool _590 = push.top_p < 1.0;
                bool _605;
                if (_590)
                {
                    uint param_3 = as_type<uint>(push.top_p);
                    uint2 param_4 = total;
                    uint2 param_5 = sum;
                    uint2 param_6 = part_of(param_3, param_4);
                    _605 = !less(param_5, param_6);
                }
                else
                {
                    _605 = _590;
                }
                if (_605)
                {
                    end = me + 1u;
                }
            }
        }
        uint param_7 = end;
        uint _612 = group_min(param_7, parts, gl_SubgroupID, gl_NumSubgroups);
        end = _612;
        if (end != 4294967295u)
        {
            count = end;
            ends = true;
        }
        uint2 number = uint2(_623.u1[push.offset.z + (2u * r)], _623.u1[(push.offset.z + (2u * r)) + 1u] & 2097151u);
        if (ends)
        {
            _644 = sums[count - 1u];
        }
        else
        {
            _644 = total;
        }
        uint2 param_8 = number;
        uint2 param_9 = _644;
        uint4 param_10 = product(param_8, param_9);
        uint param_11 = 53u;
        uint2 point = shifted(param_10, param_11);
        bool _665 = me < count;
        bool _673;
        if (_665)
        {
            uint2 param_12 = point;
            uint2 param_13 = sum;
            _673 = less(param_12, param_13);
        }
        else
        {
            _673 = _665;
        }
        uint param_14 = _673 ? me : 4294967295u;
        uint _677 = group_min(param_14, parts, gl_SubgroupID, gl_NumSubgroups);
        uint chosen = _677;
        if (me == 0u)
        {
            uint id = 4294967295u;
            if ((most == 0u) || (most > 2139095040u))
            {
                id = 4294967294u;
            }
            else
            {
                if ((chosen != 4294967295u) || ends)
                {
                    id = _701.ids1[(push.offset.y + (r * push.count)) + ((chosen != 4294967295u) ? chosen : 0u)];
                }
            }
            _719.out1[push.offset.w + r] = id;
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
    }
}

