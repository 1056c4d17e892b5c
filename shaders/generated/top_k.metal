#pragma clang diagnostic ignored "-Wmissing-prototypes"

#include <metal_stdlib>
#include <simd/simd.h>

using namespace metal;

struct Push
{
    uint4 offset;
    uint rows;
    uint cols;
    uint ldx;
    uint k;
};

struct X1
{
    uint x1[1];
};

struct Values1
{
    uint values1[1];
};

struct Indices1
{
    uint indices1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
uint order_of(thread const uint& bits)
{
    if ((bits & 2147483647u) > 2139095040u)
    {
        return 4294967295u;
    }
    if (bits == 2147483648u)
    {
        return 2147483648u;
    }
    uint _45;
    if ((bits & 2147483648u) != 0u)
    {
        _45 = ~bits;
    }
    else
    {
        _45 = bits ^ 2147483648u;
    }
    return _45;
}

static inline __attribute__((always_inline))
uint4 group_sum(thread uint4& counts, threadgroup uint4 (&counts_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups)
{
    counts = uint4(simd_sum(counts.x), simd_sum(counts.y), simd_sum(counts.z), simd_sum(counts.w));
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _73 = simd_is_first();
    if (_73)
    {
        counts_of[gl_SubgroupID] = counts;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    uint4 sum = uint4(0u);
    for (uint s = 0u; s < gl_NumSubgroups; s++)
    {
        sum += counts_of[s];
    }
    return sum;
}

static inline __attribute__((always_inline))
bool before(thread const uint2& a, thread const uint2& b)
{
    bool _114 = a.x > b.x;
    bool _131;
    if (!_114)
    {
        bool _122 = a.x == b.x;
        bool _130;
        if (_122)
        {
            _130 = a.y < b.y;
        }
        else
        {
            _130 = _122;
        }
        _131 = _130;
    }
    else
    {
        _131 = _114;
    }
    return _131;
}

kernel void zc_top_k(constant Push& push [[buffer(0)]], const device X1& _205 [[buffer(1)]], device Values1& _541 [[buffer(2)]], device Indices1& _560 [[buffer(3)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint3 gl_NumWorkGroups [[threadgroups_per_grid]])
{
    threadgroup uint4 counts_of[256];
    threadgroup uint2 above_of[256];
    threadgroup uint2 candidate[256];
    uint me = gl_LocalInvocationID.x;
    bool _502;
    uint r = gl_WorkGroupID.x;
    for (;;)
    {
        bool _156 = r < push.rows;
        bool _163;
        if (_156)
        {
            _163 = push.k != 0u;
        }
        else
        {
            _163 = _156;
        }
        if (_163)
        {
            uint x = push.offset.x + (r * push.ldx);
            uint threshold = 0u;
            uint wanted = push.k;
            for (int shift = 30; shift >= 0; shift -= 2)
            {
                uint4 counts = uint4(0u);
                for (uint c = me; c < push.cols; c += 256u)
                {
                    uint param = _205.x1[x + c];
                    uint key = order_of(param);
                    uint digit = (key ^ threshold) >> uint(shift);
                    counts += uint4(uint(digit == 0u), uint(digit == 1u), uint(digit == 2u), uint(digit == 3u));
                }
                uint4 param_1 = counts;
                uint4 _239 = group_sum(param_1, counts_of, gl_SubgroupID, gl_NumSubgroups);
                counts = _239;
                uint digit_1 = 3u;
                uint larger = 0u;
                uint count = counts.w;
                if ((larger + count) < wanted)
                {
                    larger += count;
                    digit_1 = 2u;
                    count = counts.z;
                }
                bool _258 = digit_1 == 2u;
                bool _266;
                if (_258)
                {
                    _266 = (larger + count) < wanted;
                }
                else
                {
                    _266 = _258;
                }
                if (_266)
                {
                    larger += count;
                    digit_1 = 1u;
                    count = counts.y;
                }
                bool _275 = digit_1 == 1u;
                bool _283;
                if (_275)
                {
                    _283 = (larger + count) < wanted;
                }
                else
                {
                    _283 = _275;
                }
                if (_283)
                {
                    larger += count;
                    digit_1 = 0u;
                }
                wanted -= larger;
                threshold |= (digit_1 << uint(shift));
            }
            uint _length = (push.cols / 256u) + 1u;
            uint begin = min((me * _length), push.cols);
            uint end = min((begin + _length), push.cols);
            uint2 mine = uint2(0u);
            for (uint c_1 = begin; c_1 < end; c_1++)
            {
                uint param_2 = _205.x1[x + c_1];
                uint key_1 = order_of(param_2);
                mine += uint2(uint(key_1 > threshold), uint(key_1 == threshold));
            }
            above_of[me] = mine;
            candidate[me] = uint2(0u, 4294967295u);
            threadgroup_barrier(mem_flags::mem_threadgroup);
            uint2 place = uint2(0u, push.k - wanted);
            for (uint i = 0u; i < me; i++)
            {
                place += above_of[i];
            }
            bool _388 = mine.x != 0u;
            bool _403;
            if (!_388)
            {
                bool _394 = mine.y != 0u;
                bool _402;
                if (_394)
                {
                    _402 = place.y < push.k;
                }
                else
                {
                    _402 = _394;
                }
                _403 = _402;
            }
            else
            {
                _403 = _388;
            }
            bool _any = _403;
            for (uint c_2 = begin; _any && (c_2 < end); c_2++)
            {
                uint param_3 = _205.x1[x + c_2];
                uint key_2 = order_of(param_3);
                if (key_2 > threshold)
                {
                    uint _430 = place.x;
                    place.x = _430 + uint(1);
                    candidate[_430] = uint2(key_2, c_2);
                }
                else
                {
                    bool _439 = key_2 == threshold;
                    bool _447;
                    if (_439)
                    {
                        _447 = place.y < push.k;
                    }
                    else
                    {
                        _447 = _439;
                    }
                    if (_447)
                    {
                        uint _451 = place.y;
                        place.y = _451 + uint(1);
                        candidate[_451] = uint2(key_2, c_2);
                    }
                }
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            for (uint size = 2u; size <= 256u; size *= 2u)
            {
                uint _469 = size / 2u;
                for (uint apart = _469; apart != 0u; apart /= 2u)
                {
                    uint other = me ^ apart;
                    uint2 a = candidate[me];
                    uint2 b = candidate[other];
                    bool first = me < other;
                    bool forwards = (me & size) == 0u;
                    if (first == forwards)
                    {
                        uint2 param_4 = b;
                        uint2 param_5 = a;
                        _502 = before(param_4, param_5);
                    }
                    else
                    {
                        uint2 param_6 = a;
                        uint2 param_7 = b;
                        _502 = before(param_6, param_7);
                    }
                    bool swap = _502;
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                    if (swap)
                    {
                        candidate[me] = b;
                    }
                    threadgroup_barrier(mem_flags::mem_threadgroup);
                }
            }
            if (me < push.k)
            {
                uint index = ((threadgroup uint*)&candidate[me])[1u];
                _541.values1[(push.offset.y + (r * push.k)) + me] = _205.x1[x + index];
                _560.indices1[(push.offset.z + (r * push.k)) + me] = index;
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            r += gl_NumWorkGroups.x;
            continue;
        }
        else
        {
            break;
        }
    }
}

