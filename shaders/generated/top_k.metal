#pragma clang diagnostic ignored "-Wmissing-prototypes"
#pragma clang diagnostic ignored "-Wmissing-braces"
#pragma clang diagnostic ignored "-Wunused-variable"

#include <metal_stdlib>
#include <simd/simd.h>
#include <metal_atomic>

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

struct Best
{
    int4 key;
    uint4 block;
    uint4 size;
};

struct Row
{
    uint start;
    uint skip;
    uint rounds;
};

struct Cut
{
    uint threshold;
    uint above;
    uint alike;
};

struct X1
{
    uint x1[1];
};

struct X4
{
    uint4 x4[1];
};

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

struct Workspace
{
    uint2 found[1];
};

constant uint way_tmp [[function_constant(0)]];
constant uint way = is_function_constant_defined(way_tmp) ? way_tmp : 0u;
constant bool _736 = (way != 2u);

struct Values1
{
    uint values1[1];
};

struct Indices1
{
    uint indices1[1];
};

constant bool _2365 = (way == 1u);
constant bool _2386 = (way == 4u);
constant bool _2427 = (way == 3u);
constant bool _2435 = (way == 5u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
uint shares_of(thread const uint& cols)
{
    return min((((cols - 1u) / 2048u) + 1u), 256u);
}

static inline __attribute__((always_inline))
uint4 partial_block(thread const uint& start, thread const uint& skip, thread const uint& count, thread const uint& i, const device X1& v_261)
{
    uint4 v = uint4(4286578688u);
    for (uint e = 0u; e < 4u; e++)
    {
        if ((((4u * i) + e) - skip) < count)
        {
            v[e] = v_261.x1[(start + (4u * i)) + e];
        }
    }
    return v;
}

static inline __attribute__((always_inline))
int4 key_of(thread const uint4& bits)
{
    int4 x = int4(bits);
    return x ^ ((x >> int4(31)) & int4(2147483647));
}

static inline __attribute__((always_inline))
void take(thread Best& best, thread const uint4& bits, thread const uint& block)
{
    uint4 param = bits;
    int4 key = key_of(param);
    bool4 more = key > best.key;
    best.block = select(best.block, uint4(block), more);
    best.key = max(best.key, key);
    best.size = max(best.size, (bits & uint4(2147483647u)));
}

static inline __attribute__((always_inline))
uint group_min(thread uint& value, threadgroup int2 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups)
{
    value = simd_min(value);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _319 = simd_is_first();
    if (_319)
    {
        ((threadgroup int*)&best_of[gl_SubgroupID])[0u] = int(value);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (uint s = 0u; s < gl_NumSubgroups; s++)
    {
        value = min(value, uint(((threadgroup int*)&best_of[s])[0u]));
    }
    return value;
}

static inline __attribute__((always_inline))
uint greatest(thread const uint& x, thread const uint& count, const device X1& v_261, threadgroup int2 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, const device X4& v_420)
{
    uint me = gl_LocalInvocationID.x;
    uint skip = x & 3u;
    uint start = x - skip;
    uint blocks = (((count - 1u) + skip) / 4u) + 1u;
    Best best = Best{ int4(int(0x80000000)), uint4(4294967295u), uint4(0u) };
    if (me == 0u)
    {
        uint param = start;
        uint param_1 = skip;
        uint param_2 = count;
        uint param_3 = 0u;
        Best param_4 = best;
        uint4 param_5 = partial_block(param, param_1, param_2, param_3, v_261);
        uint param_6 = 0u;
        take(param_4, param_5, param_6);
        best = param_4;
    }
    uint i = me + 1u;
    spvUnsafeArray<uint4, 8> v;
    for (; ((i + 1792u) + 1u) < blocks; i += 2048u)
    {
        for (uint y = 0u; y < 8u; y++)
        {
            v[y] = v_420.x4[((start / 4u) + i) + (y * 256u)];
        }
        for (uint y_1 = 0u; y_1 < 8u; y_1++)
        {
            Best param_7 = best;
            uint4 param_8 = v[y_1];
            uint param_9 = i + (y_1 * 256u);
            take(param_7, param_8, param_9);
            best = param_7;
        }
    }
    for (; (i + 1u) < blocks; i += 256u)
    {
        Best param_10 = best;
        uint4 param_11 = v_420.x4[(start / 4u) + i];
        uint param_12 = i;
        take(param_10, param_11, param_12);
        best = param_10;
    }
    if ((i + 1u) == blocks)
    {
        uint param_13 = start;
        uint param_14 = skip;
        uint param_15 = count;
        uint param_16 = i;
        Best param_17 = best;
        uint4 param_18 = partial_block(param_13, param_14, param_15, param_16, v_261);
        uint param_19 = i;
        take(param_17, param_18, param_19);
        best = param_17;
    }
    int key = max(max(best.key.x, best.key.y), max(best.key.z, best.key.w));
    uint size = max(max(best.size.x, best.size.y), max(best.size.z, best.size.w));
    key = simd_max(key);
    size = simd_max(size);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _533 = simd_is_first();
    if (_533)
    {
        best_of[gl_SubgroupID] = int2(key, int(size));
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (uint s = 0u; s < gl_NumSubgroups; s++)
    {
        key = max(key, ((threadgroup int*)&best_of[s])[0u]);
        size = max(size, uint(((threadgroup int*)&best_of[s])[1u]));
    }
    bool nan = size > 2139095040u;
    bool zero = (key == 0) || (key == (-1));
    uint index = 4294967295u;
    if ((!nan) && (!zero))
    {
        for (uint e = 0u; e < 4u; e++)
        {
            bool _596 = best.key[e] == key;
            bool _603;
            if (_596)
            {
                _603 = best.block[e] != 4294967295u;
            }
            else
            {
                _603 = _596;
            }
            if (_603)
            {
                index = min(index, (((4u * best.block[e]) + e) - skip));
            }
        }
    }
    else
    {
        bool _640;
        for (uint c = me; (c < count) && (index == 4294967295u); c += 256u)
        {
            uint bits = v_261.x1[x + c] & 2147483647u;
            if (nan)
            {
                _640 = bits > 2139095040u;
            }
            else
            {
                _640 = bits == 0u;
            }
            if (_640)
            {
                index = c;
            }
        }
    }
    uint param_20 = index;
    uint _656 = group_min(param_20, best_of, gl_SubgroupID, gl_NumSubgroups);
    return _656;
}

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
    uint _166;
    if ((bits & 2147483648u) != 0u)
    {
        _166 = ~bits;
    }
    else
    {
        _166 = bits ^ 2147483648u;
    }
    return _166;
}

static inline __attribute__((always_inline))
void find_in_share(thread const uint& r, thread const uint& share, const device X1& v_261, threadgroup int2 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, const device X4& v_420, constant Push& push, device Workspace& v_717)
{
    uint param = push.cols;
    uint shares = shares_of(param);
    uint each = push.cols / shares;
    uint more = push.cols % shares;
    uint first = (share * each) + min(share, more);
    uint x = (push.offset.x + (r * push.ldx)) + first;
    uint param_1 = x;
    uint param_2 = each + uint(share < more);
    uint _708 = greatest(param_1, param_2, v_261, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, v_420);
    uint index = _708;
    if (gl_LocalInvocationID.x == 0u)
    {
        uint param_3 = v_261.x1[x + index];
        v_717.found[(r * 256u) + share] = uint2(order_of(param_3), first + index);
    }
}

static inline __attribute__((always_inline))
Row row_at(thread const uint& r, constant Push& push)
{
    uint x = push.offset.x + (r * push.ldx);
    uint skip = x & 3u;
    return Row{ x - skip, skip, (((push.cols - 1u) + skip) / 16384u) + 1u };
}

static inline __attribute__((always_inline))
uint block_at(thread const Row& row, thread const uint& group, thread const uint& n, constant Push& push)
{
    uint blocks = (((push.cols - 1u) + row.skip) / 4u) + 1u;
    uint _1455;
    if (n < row.rounds)
    {
        _1455 = min((group + (n * 4096u)), blocks);
    }
    else
    {
        _1455 = blocks;
    }
    return _1455;
}

static inline __attribute__((always_inline))
uint4 orders_of(thread const Row& row, thread const uint& block, const device X1& v_261, const device X4& v_420, constant Push& push)
{
    uint first = (4u * block) - row.skip;
    bool _1363 = block != 0u;
    bool _1370;
    if (_1363)
    {
        _1370 = first < push.cols;
    }
    else
    {
        _1370 = _1363;
    }
    bool _1378;
    if (_1370)
    {
        _1378 = (push.cols - first) >= 4u;
    }
    else
    {
        _1378 = _1370;
    }
    if (_1378)
    {
        uint4 bits = v_420.x4[(row.start / 4u) + block];
        uint param = bits.x;
        uint param_1 = bits.y;
        uint param_2 = bits.z;
        uint param_3 = bits.w;
        return uint4(order_of(param), order_of(param_1), order_of(param_2), order_of(param_3));
    }
    uint4 orders = uint4(0u);
    for (uint e = 0u; e < 4u; e++)
    {
        if ((first + e) < push.cols)
        {
            uint param_4 = v_261.x1[(row.start + (4u * block)) + e];
            orders[e] = order_of(param_4);
        }
    }
    return orders;
}

static inline __attribute__((always_inline))
bool before(thread const uint2& a, thread const uint2& b)
{
    bool _883 = a.x > b.x;
    bool _900;
    if (!_883)
    {
        bool _891 = a.x == b.x;
        bool _899;
        if (_891)
        {
            _899 = a.y < b.y;
        }
        else
        {
            _899 = _891;
        }
        _900 = _899;
    }
    else
    {
        _900 = _883;
    }
    return _900;
}

static inline __attribute__((always_inline))
void find_in_groups(thread const uint& r, thread const uint& share, const device X1& v_261, thread uint3& gl_LocalInvocationID, const device X4& v_420, constant Push& push, device Workspace& v_717, threadgroup uint2 (&candidate)[516])
{
    uint me = gl_LocalInvocationID.x;
    uint group = (share * 64u) + (me % 64u);
    uint param = r;
    Row row = row_at(param, push);
    uint2 best = uint2(0u, 4294967295u);
    uint _1487 = me / 64u;
    for (uint n = _1487; n < row.rounds; n += 8u)
    {
        Row param_1 = row;
        uint param_2 = group;
        uint param_3 = n;
        Row param_4 = row;
        uint param_5 = group;
        uint param_6 = n + 4u;
        spvUnsafeArray<uint, 2> _1515 = spvUnsafeArray<uint, 2>({ block_at(param_1, param_2, param_3, push), block_at(param_4, param_5, param_6, push) });
        spvUnsafeArray<uint, 2> blocks;
        blocks = _1515;
        Row param_7 = row;
        uint param_8 = blocks[0];
        Row param_9 = row;
        uint param_10 = blocks[1];
        spvUnsafeArray<uint4, 2> _1531 = spvUnsafeArray<uint4, 2>({ orders_of(param_7, param_8, v_261, v_420, push), orders_of(param_9, param_10, v_261, v_420, push) });
        spvUnsafeArray<uint4, 2> orders;
        orders = _1531;
        for (uint i = 0u; i < 2u; i++)
        {
            for (uint e = 0u; e < 4u; e++)
            {
                if (orders[i][e] > best.x)
                {
                    best = uint2(orders[i][e], ((4u * blocks[i]) + e) - row.skip);
                }
            }
        }
    }
    candidate[me] = best;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (me < 64u)
    {
        for (uint part = 1u; part < 4u; part++)
        {
            uint2 other = candidate[(part * 64u) + me];
            uint2 param_11 = other;
            uint2 param_12 = best;
            best = select(best, other, bool2(before(param_11, param_12)));
        }
        v_717.found[(r * 4096u) + group] = best;
    }
}

static inline __attribute__((always_inline))
uint4 group_sum(thread uint4& counts, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, threadgroup uint4 (&counts_of)[256])
{
    counts = uint4(simd_sum(counts.x), simd_sum(counts.y), simd_sum(counts.z), simd_sum(counts.w));
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _804 = simd_is_first();
    if (_804)
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
void sort(thread const uint& count, thread uint3& gl_LocalInvocationID, threadgroup uint2 (&candidate)[516])
{
    uint me = gl_LocalInvocationID.x;
    bool _959;
    for (uint size = 2u; size <= count; size *= 2u)
    {
        uint _917 = size / 2u;
        for (uint apart = _917; apart != 0u; apart /= 2u)
        {
            uint left = (2u * me) - (me & (apart - 1u));
            uint right = left + apart;
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if (right < count)
            {
                uint2 a = candidate[left];
                uint2 b = candidate[right];
                if ((left & size) == 0u)
                {
                    uint2 param = b;
                    uint2 param_1 = a;
                    _959 = before(param, param_1);
                }
                else
                {
                    uint2 param_2 = a;
                    uint2 param_3 = b;
                    _959 = before(param_2, param_3);
                }
                if (_959)
                {
                    candidate[left] = b;
                    candidate[right] = a;
                }
            }
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
void write_first(thread const uint& r, const device X1& v_261, thread uint3& gl_LocalInvocationID, constant Push& push, threadgroup uint2 (&candidate)[516], device Values1& v_1003, device Indices1& v_1028)
{
    uint me = gl_LocalInvocationID.x;
    if (me < push.k)
    {
        uint index = ((threadgroup uint*)&candidate[me])[1u];
        v_1003.values1[(push.offset.y + (r * push.k)) + me] = v_261.x1[(push.offset.x + (r * push.ldx)) + index];
        v_1028.indices1[(push.offset.z + (r * push.k)) + me] = index;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
void whole_row(thread const uint& r, const device X1& v_261, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, constant Push& push, threadgroup uint4 (&counts_of)[256], threadgroup uint2 (&candidate)[516], device Values1& v_1003, device Indices1& v_1028, threadgroup uint2 (&above_of)[256])
{
    uint me = gl_LocalInvocationID.x;
    uint x = push.offset.x + (r * push.ldx);
    uint threshold = 0u;
    uint wanted = push.k;
    for (int shift = 30; shift >= 0; shift -= 2)
    {
        uint4 counts = uint4(0u);
        for (uint c = me; c < push.cols; c += 256u)
        {
            uint param = v_261.x1[x + c];
            uint key = order_of(param);
            uint digit = (key ^ threshold) >> uint(shift);
            counts += uint4(uint(digit == 0u), uint(digit == 1u), uint(digit == 2u), uint(digit == 3u));
        }
        uint4 param_1 = counts;
        uint4 _1109 = group_sum(param_1, gl_SubgroupID, gl_NumSubgroups, counts_of);
        counts = _1109;
        uint digit_1 = 3u;
        uint larger = 0u;
        uint count = counts.w;
        if ((larger + count) < wanted)
        {
            larger += count;
            digit_1 = 2u;
            count = counts.z;
        }
        bool _1128 = digit_1 == 2u;
        bool _1136;
        if (_1128)
        {
            _1136 = (larger + count) < wanted;
        }
        else
        {
            _1136 = _1128;
        }
        if (_1136)
        {
            larger += count;
            digit_1 = 1u;
            count = counts.y;
        }
        bool _1145 = digit_1 == 1u;
        bool _1153;
        if (_1145)
        {
            _1153 = (larger + count) < wanted;
        }
        else
        {
            _1153 = _1145;
        }
        if (_1153)
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
        uint param_2 = v_261.x1[x + c_1];
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
    bool _1254 = mine.x != 0u;
    bool _1269;
    if (!_1254)
    {
        bool _1260 = mine.y != 0u;
        bool _1268;
        if (_1260)
        {
            _1268 = place.y < push.k;
        }
        else
        {
            _1268 = _1260;
        }
        _1269 = _1268;
    }
    else
    {
        _1269 = _1254;
    }
    bool _any = _1269;
    for (uint c_2 = begin; _any && (c_2 < end); c_2++)
    {
        uint param_3 = v_261.x1[x + c_2];
        uint key_2 = order_of(param_3);
        if (key_2 > threshold)
        {
            uint _1296 = place.x;
            place.x = _1296 + uint(1);
            candidate[_1296] = uint2(key_2, c_2);
        }
        else
        {
            bool _1305 = key_2 == threshold;
            bool _1313;
            if (_1305)
            {
                _1313 = place.y < push.k;
            }
            else
            {
                _1313 = _1305;
            }
            if (_1313)
            {
                uint _1317 = place.y;
                place.y = _1317 + uint(1);
                candidate[_1317] = uint2(key_2, c_2);
            }
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    uint param_4 = 256u;
    sort(param_4, gl_LocalInvocationID, candidate);
    uint param_5 = r;
    write_first(param_5, v_261, gl_LocalInvocationID, push, candidate, v_1003, v_1028);
}

static inline __attribute__((always_inline))
uint group_max(thread uint& value, threadgroup int2 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups)
{
    value = simd_max(value);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _282 = simd_is_first();
    if (_282)
    {
        ((threadgroup int*)&best_of[gl_SubgroupID])[0u] = int(value);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (uint s = 0u; s < gl_NumSubgroups; s++)
    {
        value = max(value, uint(((threadgroup int*)&best_of[s])[0u]));
    }
    return value;
}

static inline __attribute__((always_inline))
uint places(thread const uint& count, thread uint& total, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, threadgroup uint4 (&counts_of)[256])
{
    uint before_1 = simd_prefix_exclusive_sum(count);
    uint _all = simd_sum(count);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _840 = simd_is_first();
    if (_840)
    {
        ((threadgroup uint*)&counts_of[gl_SubgroupID])[0u] = _all;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    total = 0u;
    uint _859;
    for (uint s = 0u; s < gl_NumSubgroups; s++)
    {
        if (s < gl_SubgroupID)
        {
            _859 = ((threadgroup uint*)&counts_of[s])[0u];
        }
        else
        {
            _859 = 0u;
        }
        before_1 += _859;
        total += ((threadgroup uint*)&counts_of[s])[0u];
    }
    return before_1;
}

static inline __attribute__((always_inline))
uint4 digits(thread const spvUnsafeArray<uint, 16>& numbers, thread const uint& threshold, thread const int& shift, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, threadgroup uint4 (&counts_of)[256])
{
    uint2 counts = uint2(0u);
    for (uint i = 0u; i < 16u; i++)
    {
        uint digit = (numbers[i] ^ threshold) >> uint(shift);
        counts += uint2(uint(digit == 1u), uint(digit == 2u) + (uint(digit == 3u) << 16u));
    }
    uint4 param = uint4(counts.x, counts.y, 0u, 0u);
    uint4 _1657 = group_sum(param, gl_SubgroupID, gl_NumSubgroups, counts_of);
    uint4 sum = _1657;
    return uint4(0u, sum.x, sum.y & 65535u, sum.y >> 16u);
}

static inline __attribute__((always_inline))
Cut cut(thread const spvUnsafeArray<uint, 16>& numbers, thread Cut& at, thread const uint& most, thread int& shift, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, constant Push& push, threadgroup uint4 (&counts_of)[256])
{
    for (;;)
    {
        bool _1676 = shift >= 0;
        bool _1686;
        if (_1676)
        {
            _1686 = (at.above + at.alike) > most;
        }
        else
        {
            _1686 = _1676;
        }
        if (_1686)
        {
            spvUnsafeArray<uint, 16> param;
            param = numbers;
            uint param_1 = at.threshold;
            int param_2 = shift;
            uint4 _1695 = digits(param, param_1, param_2, gl_SubgroupID, gl_NumSubgroups, counts_of);
            uint4 counts = _1695;
            counts.x = ((at.alike - counts.y) - counts.z) - counts.w;
            uint digit = 3u;
            while ((at.above + counts[digit]) < push.k)
            {
                uint _1723 = digit;
                digit = _1723 - uint(1);
                at.above += counts[_1723];
            }
            at.alike = counts[digit];
            at.threshold |= (digit << uint(shift));
            shift -= 2;
            continue;
        }
        else
        {
            break;
        }
    }
    return at;
}

static inline __attribute__((always_inline))
Cut cut_orders(thread const spvUnsafeArray<uint, 16>& orders, thread const uint& most, threadgroup int2 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, constant Push& push, threadgroup uint4 (&counts_of)[256], threadgroup uint (&histogram)[256], threadgroup uint (&numbers_of)[4])
{
    uint me = gl_LocalInvocationID.x;
    uint top = 0u;
    for (uint i = 0u; i < 16u; i++)
    {
        top = max(top, orders[i]);
    }
    histogram[me] = 0u;
    uint param = top;
    uint _1773 = group_max(param, best_of, gl_SubgroupID, gl_NumSubgroups);
    top = _1773 >> 20u;
    for (uint i_1 = 0u; i_1 < 16u; i_1++)
    {
        uint _1793 = atomic_fetch_add_explicit((threadgroup atomic_uint*)&histogram[min((top - (orders[i_1] >> 20u)), 255u)], 1u, memory_order_relaxed);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    uint here = histogram[me];
    uint param_1 = here;
    uint param_2;
    uint _1805 = places(param_1, param_2, gl_SubgroupID, gl_NumSubgroups, counts_of);
    uint total = param_2;
    uint before_here = _1805;
    bool _1810 = before_here < push.k;
    bool _1819;
    if (_1810)
    {
        _1819 = (before_here + here) >= push.k;
    }
    else
    {
        _1819 = _1810;
    }
    if (_1819)
    {
        numbers_of[2] = me;
        numbers_of[3] = before_here;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    uint bin = numbers_of[2];
    if (bin == 255u)
    {
        spvUnsafeArray<uint, 16> param_3;
        param_3 = orders;
        Cut param_4 = Cut{ 0u, 0u, 4096u };
        uint param_5 = most;
        int param_6 = 30;
        Cut _1844 = cut(param_3, param_4, param_5, param_6, gl_SubgroupID, gl_NumSubgroups, push, counts_of);
        return _1844;
    }
    spvUnsafeArray<uint, 16> param_7;
    param_7 = orders;
    Cut param_8 = Cut{ (top - bin) << 20u, numbers_of[3], histogram[bin] };
    uint param_9 = most;
    int param_10 = 18;
    Cut _1863 = cut(param_7, param_8, param_9, param_10, gl_SubgroupID, gl_NumSubgroups, push, counts_of);
    return _1863;
}

static inline __attribute__((always_inline))
uint2 choose_groups(thread const uint& r, thread const uint& most, threadgroup int2 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, constant Push& push, device Workspace& v_717, threadgroup uint4 (&counts_of)[256], threadgroup uint (&histogram)[256], threadgroup uint (&numbers_of)[4], threadgroup uint (&chosen_groups)[512])
{
    uint me = gl_LocalInvocationID.x;
    spvUnsafeArray<uint, 16> orders;
    spvUnsafeArray<uint, 16> places_of;
    for (uint i = 0u; i < 16u; i++)
    {
        uint2 best = v_717.found[((r * 4096u) + (i * 256u)) + me];
        orders[i] = best.x;
        places_of[i] = ~best.y;
    }
    numbers_of[0] = 0u;
    numbers_of[1] = 0u;
    spvUnsafeArray<uint, 16> param;
    param = orders;
    uint param_1 = most;
    Cut _1907 = cut_orders(param, param_1, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, push, counts_of, histogram, numbers_of);
    Cut of_orders = _1907;
    Cut of_places = Cut{ 0u, of_orders.above, of_orders.alike };
    if ((of_orders.above + of_orders.alike) > most)
    {
        uint _1938;
        for (uint i_1 = 0u; i_1 < 16u; i_1++)
        {
            if (orders[i_1] == of_orders.threshold)
            {
                _1938 = places_of[i_1];
            }
            else
            {
                _1938 = 0u;
            }
            places_of[i_1] = _1938;
        }
        spvUnsafeArray<uint, 16> param_2;
        param_2 = places_of;
        Cut param_3 = of_places;
        uint param_4 = most;
        int param_5 = 30;
        Cut _1956 = cut(param_2, param_3, param_4, param_5, gl_SubgroupID, gl_NumSubgroups, push, counts_of);
        of_places = _1956;
    }
    uint2 least = uint2(of_orders.threshold, ~of_places.threshold);
    for (uint i_2 = 0u; i_2 < 16u; i_2++)
    {
        bool _1977 = orders[i_2] > least.x;
        bool _1996;
        if (!_1977)
        {
            bool _1986 = orders[i_2] == least.x;
            bool _1995;
            if (_1986)
            {
                _1995 = places_of[i_2] >= of_places.threshold;
            }
            else
            {
                _1995 = _1986;
            }
            _1996 = _1995;
        }
        else
        {
            _1996 = _1977;
        }
        if (_1996)
        {
            uint _2004 = atomic_fetch_add_explicit((threadgroup atomic_uint*)&numbers_of[0], 1u, memory_order_relaxed);
            chosen_groups[_2004] = (i_2 * 256u) + me;
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    return least;
}

static inline __attribute__((always_inline))
void gather(thread const uint& r, thread const uint2& least, const device X1& v_261, thread uint3& gl_LocalInvocationID, const device X4& v_420, constant Push& push, threadgroup uint2 (&candidate)[516], threadgroup uint (&numbers_of)[4], threadgroup uint (&chosen_groups)[512])
{
    uint param = r;
    Row row = row_at(param, push);
    uint groups = numbers_of[0];
    uint items = groups * row.rounds;
    spvUnsafeArray<uint, 4> blocks;
    spvUnsafeArray<uint4, 4> orders;
    uint _2122;
    uint _2136;
    for (uint start = gl_LocalInvocationID.x; start < items; start += 1024u)
    {
        uint mine = 0u;
        for (uint i = 0u; i < 4u; i++)
        {
            uint item = start + (i * 256u);
            Row param_1 = row;
            uint param_2 = chosen_groups[item % groups];
            uint param_3 = item / groups;
            blocks[i] = block_at(param_1, param_2, param_3, push);
            Row param_4 = row;
            uint param_5 = blocks[i];
            orders[i] = orders_of(param_4, param_5, v_261, v_420, push);
        }
        for (uint n = 0u; n < 16u; n++)
        {
            uint2 one = uint2(orders[n / 4u][n % 4u], ((4u * blocks[n / 4u]) + (n % 4u)) - row.skip);
            bool _2112 = one.x != 0u;
            bool _2121;
            if (_2112)
            {
                uint2 param_6 = least;
                uint2 param_7 = one;
                _2121 = !before(param_6, param_7);
            }
            else
            {
                _2121 = _2112;
            }
            if (_2121)
            {
                _2122 = 1u << n;
            }
            else
            {
                _2122 = 0u;
            }
            mine |= _2122;
        }
        if (mine == 0u)
        {
            _2136 = 0u;
        }
        else
        {
            uint _2144 = atomic_fetch_add_explicit((threadgroup atomic_uint*)&numbers_of[1], uint(int(popcount(mine))), memory_order_relaxed);
            _2136 = _2144;
        }
        uint place = _2136;
        for (uint n_1 = 0u; n_1 < 16u; n_1++)
        {
            if ((((mine >> n_1) & 1u) != 0u) && (place < 512u))
            {
                uint _2164 = place;
                place = _2164 + uint(1);
                candidate[_2164] = uint2(orders[n_1 / 4u][n_1 % 4u], ((4u * blocks[n_1 / 4u]) + (n_1 % 4u)) - row.skip);
            }
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
void write_candidate(thread const uint& r, thread const uint& place, thread const uint& index, const device X1& v_261, constant Push& push, device Values1& v_1003, device Indices1& v_1028)
{
    if (place < push.k)
    {
        v_1003.values1[(push.offset.y + (r * push.k)) + place] = v_261.x1[(push.offset.x + (r * push.ldx)) + index];
        v_1028.indices1[(push.offset.z + (r * push.k)) + place] = index;
    }
}

static inline __attribute__((always_inline))
void join_groups(thread const uint& r, const device X1& v_261, threadgroup int2 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, const device X4& v_420, constant Push& push, device Workspace& v_717, threadgroup uint4 (&counts_of)[256], threadgroup uint2 (&candidate)[516], device Values1& v_1003, device Indices1& v_1028, threadgroup uint2 (&above_of)[256], threadgroup uint (&histogram)[256], threadgroup uint (&numbers_of)[4], threadgroup uint (&chosen_groups)[512])
{
    uint me = gl_LocalInvocationID.x;
    uint param = r;
    uint param_1 = (push.k + (push.k / 4u)) + 16u;
    uint2 _2242 = choose_groups(param, param_1, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, push, v_717, counts_of, histogram, numbers_of, chosen_groups);
    uint2 least = _2242;
    uint param_2 = r;
    uint2 param_3 = least;
    gather(param_2, param_3, v_261, gl_LocalInvocationID, v_420, push, candidate, numbers_of, chosen_groups);
    uint count = numbers_of[1];
    if (count > 512u)
    {
        uint param_4 = r;
        whole_row(param_4, v_261, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, push, counts_of, candidate, v_1003, v_1028, above_of);
        return;
    }
    if (me < 4u)
    {
        candidate[count + me] = uint2(0u, 4294967295u);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    uint2 first = candidate[min(me, count)];
    uint2 second = candidate[min((me + 256u), count)];
    uint before_first = 0u;
    uint before_second = 0u;
    for (uint i = 0u; i < count; i += 4u)
    {
        for (uint n = 0u; n < 4u; n++)
        {
            uint2 other = candidate[i + n];
            uint2 param_5 = other;
            uint2 param_6 = first;
            before_first += uint(before(param_5, param_6));
            uint2 param_7 = other;
            uint2 param_8 = second;
            before_second += uint(before(param_7, param_8));
        }
    }
    uint _2328;
    if (me < count)
    {
        _2328 = before_first;
    }
    else
    {
        _2328 = push.k;
    }
    uint param_9 = r;
    uint param_10 = _2328;
    uint param_11 = first.y;
    write_candidate(param_9, param_10, param_11, v_261, push, v_1003, v_1028);
    uint _2347;
    if ((me + 256u) < count)
    {
        _2347 = before_second;
    }
    else
    {
        _2347 = push.k;
    }
    uint param_12 = r;
    uint param_13 = _2347;
    uint param_14 = second.y;
    write_candidate(param_12, param_13, param_14, v_261, push, v_1003, v_1028);
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
uint greatest_of_row(thread const uint& r, const device X1& v_261, threadgroup int2 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, const device X4& v_420, constant Push& push, device Workspace& v_717)
{
    if (_736)
    {
        uint param = push.offset.x + (r * push.ldx);
        uint param_1 = push.cols;
        uint _750 = greatest(param, param_1, v_261, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, v_420);
        return _750;
    }
    uint me = gl_LocalInvocationID.x;
    uint2 mine = uint2(0u, 4294967295u);
    uint param_2 = push.cols;
    if (me < shares_of(param_2))
    {
        mine = v_717.found[(r * 256u) + me];
    }
    uint param_3 = mine.x;
    uint _775 = group_max(param_3, best_of, gl_SubgroupID, gl_NumSubgroups);
    uint key = _775;
    uint _780;
    if (mine.x == key)
    {
        _780 = mine.y;
    }
    else
    {
        _780 = 4294967295u;
    }
    uint param_4 = _780;
    uint _788 = group_min(param_4, best_of, gl_SubgroupID, gl_NumSubgroups);
    return _788;
}

kernel void zc_top_k(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], device Values1& v_1003 [[buffer(2)]], device Indices1& v_1028 [[buffer(3)]], device Workspace& v_717 [[buffer(4)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& v_261 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& v_420 = *(const device X4*)spvBufferAliasSet0Binding1;
    threadgroup int2 best_of[256];
    threadgroup uint4 counts_of[256];
    threadgroup uint2 candidate[516];
    threadgroup uint2 above_of[256];
    threadgroup uint histogram[256];
    threadgroup uint numbers_of[4];
    threadgroup uint chosen_groups[512];
    uint me = gl_LocalInvocationID.x;
    if (_2365)
    {
        uint param = (push.first.xyz + gl_WorkGroupID).y;
        uint param_1 = (push.first.xyz + gl_WorkGroupID).x;
        find_in_share(param, param_1, v_261, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, v_420, push, v_717);
        return;
    }
    if (_2386)
    {
        uint param_2 = (push.first.xyz + gl_WorkGroupID).y;
        uint param_3 = (push.first.xyz + gl_WorkGroupID).x;
        find_in_groups(param_2, param_3, v_261, gl_LocalInvocationID, v_420, push, v_717, candidate);
        return;
    }
    uint3 _2410 = push.first.xyz + gl_WorkGroupID;
    uint _2411 = _2410.x;
    uint r = _2411;
    for (;;)
    {
        bool _2420 = r < push.rows;
        bool _2426;
        if (_2420)
        {
            _2426 = push.k != 0u;
        }
        else
        {
            _2426 = _2420;
        }
        if (_2426)
        {
            if (_2427)
            {
                uint param_4 = r;
                whole_row(param_4, v_261, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, push, counts_of, candidate, v_1003, v_1028, above_of);
            }
            else
            {
                if (_2435)
                {
                    uint param_5 = r;
                    join_groups(param_5, v_261, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, v_420, push, v_717, counts_of, candidate, v_1003, v_1028, above_of, histogram, numbers_of, chosen_groups);
                }
                else
                {
                    uint param_6 = r;
                    uint _2445 = greatest_of_row(param_6, v_261, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, v_420, push, v_717);
                    uint index = _2445;
                    if (me == 0u)
                    {
                        v_1003.values1[push.offset.y + r] = v_261.x1[(push.offset.x + (r * push.ldx)) + index];
                        v_1028.indices1[push.offset.z + r] = index;
                    }
                }
            }
            r += push.groups.x;
            continue;
        }
        else
        {
            break;
        }
    }
}

