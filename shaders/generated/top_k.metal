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

kernel void zc_top_k(constant Push& push [[buffer(0)]], const device X1& _211 [[buffer(1)]], device Values1& _548 [[buffer(2)]], device Indices1& _567 [[buffer(3)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    threadgroup uint4 counts_of[256];
    threadgroup uint2 above_of[256];
    threadgroup uint2 candidate[256];
    uint me = gl_LocalInvocationID.x;
    uint3 _150 = push.first.xyz + gl_WorkGroupID;
    uint _151 = _150.x;
    bool _509;
    uint r = _151;
    for (;;)
    {
        bool _162 = r < push.rows;
        bool _169;
        if (_162)
        {
            _169 = push.k != 0u;
        }
        else
        {
            _169 = _162;
        }
        if (_169)
        {
            uint x = push.offset.x + (r * push.ldx);
            uint threshold = 0u;
            uint wanted = push.k;
            for (int shift = 30; shift >= 0; shift -= 2)
            {
                uint4 counts = uint4(0u);
                for (uint c = me; c < push.cols; c += 256u)
                {
                    uint param = _211.x1[x + c];
                    uint key = order_of(param);
                    uint digit = (key ^ threshold) >> uint(shift);
                    counts += uint4(uint(digit == 0u), uint(digit == 1u), uint(digit == 2u), uint(digit == 3u));
                }
                uint4 param_1 = counts;
                uint4 _245 = group_sum(param_1, counts_of, gl_SubgroupID, gl_NumSubgroups);
                counts = _245;
                uint digit_1 = 3u;
                uint larger = 0u;
                uint count = counts.w;
                if ((larger + count) < wanted)
                {
                    larger += count;
                    digit_1 = 2u;
                    count = counts.z;
                }
                bool _264 = digit_1 == 2u;
                bool _272;
                if (_264)
                {
                    _272 = (larger + count) < wanted;
                }
                else
                {
                    _272 = _264;
                }
                if (_272)
                {
                    larger += count;
                    digit_1 = 1u;
                    count = counts.y;
                }
                bool _281 = digit_1 == 1u;
                bool _289;
                if (_281)
                {
                    _289 = (larger + count) < wanted;
                }
                else
                {
                    _289 = _281;
                }
                if (_289)
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
                uint param_2 = _211.x1[x + c_1];
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
            bool _395 = mine.x != 0u;
            bool _410;
            if (!_395)
            {
                bool _401 = mine.y != 0u;
                bool _409;
                if (_401)
                {
                    _409 = place.y < push.k;
                }
                else
                {
                    _409 = _401;
                }
                _410 = _409;
            }
            else
            {
                _410 = _395;
            }
            bool _any = _410;
            for (uint c_2 = begin; _any && (c_2 < end); c_2++)
            {
                uint param_3 = _211.x1[x + c_2];
                uint key_2 = order_of(param_3);
                if (key_2 > threshold)
                {
                    uint _437 = place.x;
                    place.x = _437 + uint(1);
                    candidate[_437] = uint2(key_2, c_2);
                }
                else
                {
                    bool _446 = key_2 == threshold;
                    bool _454;
                    if (_446)
                    {
                        _454 = place.y < push.k;
                    }
                    else
                    {
                        _454 = _446;
                    }
                    if (_454)
                    {
                        uint _458 = place.y;
                        place.y = _458 + uint(1);
                        candidate[_458] = uint2(key_2, c_2);
                    }
                }
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            for (uint size = 2u; size <= 256u; size *= 2u)
            {
                uint _476 = size / 2u;
                for (uint apart = _476; apart != 0u; apart /= 2u)
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
                        _509 = before(param_4, param_5);
                    }
                    else
                    {
                        uint2 param_6 = a;
                        uint2 param_7 = b;
                        _509 = before(param_6, param_7);
                    }
                    bool swap = _509;
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
                _548.values1[(push.offset.y + (r * push.k)) + me] = _211.x1[x + index];
                _567.indices1[(push.offset.z + (r * push.k)) + me] = index;
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            r += push.groups.x;
            continue;
        }
        else
        {
            break;
        }
    }
}

