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
constant bool _752 = (way != 2u);

struct Values1
{
    uint values1[1];
};

struct Indices1
{
    uint indices1[1];
};

struct Workspace1
{
    uint found1[1];
};

constant bool _2538 = (way == 1u);
constant bool _2559 = (way == 4u);
constant bool _2600 = (way == 3u);
constant bool _2608 = (way == 5u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
uint shares_of(thread const uint& cols)
{
    return min((((cols - 1u) / 2048u) + 1u), 256u);
}

static inline __attribute__((always_inline))
uint4 partial_block(thread const uint& start, thread const uint& skip, thread const uint& count, thread const uint& i, const device X1& v_275)
{
    uint4 v = uint4(4286578688u);
    _Pragma("clang loop unroll(full)")
    for (uint e = 0u; e < 4u; e++)
    {
        if ((((4u * i) + e) - skip) < count)
        {
            v[e] = v_275.x1[(start + (4u * i)) + e];
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
    bool _333 = simd_is_first();
    if (_333)
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
uint greatest(thread const uint& x, thread const uint& count, const device X1& v_275, threadgroup int2 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, const device X4& v_433)
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
        uint4 param_5 = partial_block(param, param_1, param_2, param_3, v_275);
        uint param_6 = 0u;
        take(param_4, param_5, param_6);
        best = param_4;
    }
    uint i = me + 1u;
    spvUnsafeArray<uint4, 8> v;
    for (; ((i + 1792u) + 1u) < blocks; i += 2048u)
    {
        _Pragma("clang loop unroll(full)")
        for (uint y = 0u; y < 8u; y++)
        {
            v[y] = v_433.x4[((start / 4u) + i) + (y * 256u)];
        }
        _Pragma("clang loop unroll(full)")
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
        uint4 param_11 = v_433.x4[(start / 4u) + i];
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
        uint4 param_18 = partial_block(param_13, param_14, param_15, param_16, v_275);
        uint param_19 = i;
        take(param_17, param_18, param_19);
        best = param_17;
    }
    int key = max(max(best.key.x, best.key.y), max(best.key.z, best.key.w));
    uint size = max(max(best.size.x, best.size.y), max(best.size.z, best.size.w));
    key = simd_max(key);
    size = simd_max(size);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _546 = simd_is_first();
    if (_546)
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
        _Pragma("clang loop unroll(full)")
        for (uint e = 0u; e < 4u; e++)
        {
            bool _609 = best.key[e] == key;
            bool _616;
            if (_609)
            {
                _616 = best.block[e] != 4294967295u;
            }
            else
            {
                _616 = _609;
            }
            if (_616)
            {
                index = min(index, (((4u * best.block[e]) + e) - skip));
            }
        }
    }
    else
    {
        bool _653;
        for (uint c = me; (c < count) && (index == 4294967295u); c += 256u)
        {
            uint bits = v_275.x1[x + c] & 2147483647u;
            if (nan)
            {
                _653 = bits > 2139095040u;
            }
            else
            {
                _653 = bits == 0u;
            }
            if (_653)
            {
                index = c;
            }
        }
    }
    uint param_20 = index;
    uint _669 = group_min(param_20, best_of, gl_SubgroupID, gl_NumSubgroups);
    return min(_669, (count - 1u));
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
    uint _180;
    if ((bits & 2147483648u) != 0u)
    {
        _180 = ~bits;
    }
    else
    {
        _180 = bits ^ 2147483648u;
    }
    return _180;
}

static inline __attribute__((always_inline))
void find_in_share(thread const uint& r, thread const uint& share, const device X1& v_275, threadgroup int2 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, const device X4& v_433, constant Push& push, device Workspace& v_733)
{
    uint param = push.cols;
    uint shares = shares_of(param);
    uint each = push.cols / shares;
    uint more = push.cols % shares;
    uint first = (share * each) + min(share, more);
    uint x = (push.offset.x + (r * push.ldx)) + first;
    uint param_1 = x;
    uint param_2 = each + uint(share < more);
    uint _724 = greatest(param_1, param_2, v_275, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, v_433);
    uint index = _724;
    if (gl_LocalInvocationID.x == 0u)
    {
        uint param_3 = v_275.x1[x + index];
        v_733.found[(r * 256u) + share] = uint2(order_of(param_3), first + index);
    }
}

static inline __attribute__((always_inline))
Row row_at(thread const uint& r, constant Push& push)
{
    uint x = push.offset.x + (r * push.ldx);
    uint skip = x & 3u;
    return Row{ x - skip, skip, (((push.cols - 1u) + skip) / 8192u) + 1u };
}

static inline __attribute__((always_inline))
uint block_at(thread const Row& row, thread const uint& group, thread const uint& n, constant Push& push)
{
    uint blocks = (((push.cols - 1u) + row.skip) / 4u) + 1u;
    uint _1481;
    if (n < row.rounds)
    {
        _1481 = min((group + (n * 2048u)), blocks);
    }
    else
    {
        _1481 = blocks;
    }
    return _1481;
}

static inline __attribute__((always_inline))
uint4 orders_of(thread const Row& row, thread const uint& block, const device X1& v_275, const device X4& v_433, constant Push& push)
{
    uint first = (4u * block) - row.skip;
    bool _1389 = block != 0u;
    bool _1396;
    if (_1389)
    {
        _1396 = first < push.cols;
    }
    else
    {
        _1396 = _1389;
    }
    bool _1404;
    if (_1396)
    {
        _1404 = (push.cols - first) >= 4u;
    }
    else
    {
        _1404 = _1396;
    }
    if (_1404)
    {
        uint4 bits = v_433.x4[(row.start / 4u) + block];
        uint param = bits.x;
        uint param_1 = bits.y;
        uint param_2 = bits.z;
        uint param_3 = bits.w;
        return uint4(order_of(param), order_of(param_1), order_of(param_2), order_of(param_3));
    }
    uint4 orders = uint4(0u);
    _Pragma("clang loop unroll(full)")
    for (uint e = 0u; e < 4u; e++)
    {
        if ((first + e) < push.cols)
        {
            uint param_4 = v_275.x1[(row.start + (4u * block)) + e];
            orders[e] = order_of(param_4);
        }
    }
    return orders;
}

static inline __attribute__((always_inline))
bool before(thread const uint2& a, thread const uint2& b)
{
    bool _899 = a.x > b.x;
    bool _916;
    if (!_899)
    {
        bool _907 = a.x == b.x;
        bool _915;
        if (_907)
        {
            _915 = a.y < b.y;
        }
        else
        {
            _915 = _907;
        }
        _916 = _915;
    }
    else
    {
        _916 = _899;
    }
    return _916;
}

static inline __attribute__((always_inline))
uint pair_at(thread const uint& r, thread const uint& group)
{
    return (r * 3072u) + group;
}

static inline __attribute__((always_inline))
uint second_at(thread const uint& r, thread const uint& group)
{
    return ((r * 6144u) + 4096u) + group;
}

static inline __attribute__((always_inline))
void find_in_groups(thread const uint& r, thread const uint& share, const device X1& v_275, thread uint3& gl_LocalInvocationID, const device X4& v_433, constant Push& push, device Workspace& v_733, threadgroup uint2 (&candidate)[512], threadgroup uint (&histogram)[256], device Workspace1& v_1689)
{
    uint me = gl_LocalInvocationID.x;
    uint group = (share * 32u) + (me % 32u);
    uint param = r;
    Row row = row_at(param, push);
    uint2 best = uint2(0u, 4294967295u);
    uint second = 0u;
    uint _1529 = me / 32u;
    for (uint n = _1529; n < row.rounds; n += 16u)
    {
        Row param_1 = row;
        uint param_2 = group;
        uint param_3 = n;
        Row param_4 = row;
        uint param_5 = group;
        uint param_6 = n + 8u;
        spvUnsafeArray<uint, 2> _1557 = spvUnsafeArray<uint, 2>({ block_at(param_1, param_2, param_3, push), block_at(param_4, param_5, param_6, push) });
        spvUnsafeArray<uint, 2> blocks;
        blocks = _1557;
        Row param_7 = row;
        uint param_8 = blocks[0];
        Row param_9 = row;
        uint param_10 = blocks[1];
        spvUnsafeArray<uint4, 2> _1573 = spvUnsafeArray<uint4, 2>({ orders_of(param_7, param_8, v_275, v_433, push), orders_of(param_9, param_10, v_275, v_433, push) });
        spvUnsafeArray<uint4, 2> orders;
        orders = _1573;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 2u; i++)
        {
            _Pragma("clang loop unroll(full)")
            for (uint e = 0u; e < 4u; e++)
            {
                uint order = orders[i][e];
                second = max(second, min(order, best.x));
                if (order > best.x)
                {
                    best = uint2(order, ((4u * blocks[i]) + e) - row.skip);
                }
            }
        }
    }
    candidate[me] = best;
    histogram[me] = second;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (me < 32u)
    {
        _Pragma("clang loop unroll(full)")
        for (uint part = 1u; part < 8u; part++)
        {
            uint2 other = candidate[(part * 32u) + me];
            second = max(max(second, histogram[(part * 32u) + me]), min(other.x, best.x));
            uint2 param_11 = other;
            uint2 param_12 = best;
            best = select(best, other, bool2(before(param_11, param_12)));
        }
        uint param_13 = r;
        uint param_14 = group;
        v_733.found[pair_at(param_13, param_14)] = best;
        uint param_15 = r;
        uint param_16 = group;
        v_1689.found1[second_at(param_15, param_16)] = second;
    }
}

static inline __attribute__((always_inline))
uint4 group_sum(thread uint4& counts, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, threadgroup uint4 (&counts_of)[256])
{
    counts = uint4(simd_sum(counts.x), simd_sum(counts.y), simd_sum(counts.z), simd_sum(counts.w));
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _820 = simd_is_first();
    if (_820)
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
void sort(thread const uint& count, thread uint3& gl_LocalInvocationID, threadgroup uint2 (&candidate)[512])
{
    uint me = gl_LocalInvocationID.x;
    bool _975;
    for (uint size = 2u; size <= count; size *= 2u)
    {
        uint _933 = size / 2u;
        for (uint apart = _933; apart != 0u; apart /= 2u)
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
                    _975 = before(param, param_1);
                }
                else
                {
                    uint2 param_2 = a;
                    uint2 param_3 = b;
                    _975 = before(param_2, param_3);
                }
                if (_975)
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
void write_first(thread const uint& r, const device X1& v_275, thread uint3& gl_LocalInvocationID, constant Push& push, threadgroup uint2 (&candidate)[512], device Values1& v_1023, device Indices1& v_1048)
{
    uint me = gl_LocalInvocationID.x;
    if (me < push.k)
    {
        uint index = min(((threadgroup uint*)&candidate[me])[1u], (push.cols - 1u));
        v_1023.values1[(push.offset.y + (r * push.k)) + me] = v_275.x1[(push.offset.x + (r * push.ldx)) + index];
        v_1048.indices1[(push.offset.z + (r * push.k)) + me] = index;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
void whole_row(thread const uint& r, const device X1& v_275, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, constant Push& push, threadgroup uint4 (&counts_of)[256], threadgroup uint2 (&candidate)[512], device Values1& v_1023, device Indices1& v_1048, threadgroup uint2 (&room)[512])
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
            uint param = v_275.x1[x + c];
            uint key = order_of(param);
            uint digit = (key ^ threshold) >> uint(shift);
            counts += uint4(uint(digit == 0u), uint(digit == 1u), uint(digit == 2u), uint(digit == 3u));
        }
        uint4 param_1 = counts;
        uint4 _1129 = group_sum(param_1, gl_SubgroupID, gl_NumSubgroups, counts_of);
        counts = _1129;
        uint digit_1 = 3u;
        uint larger = 0u;
        uint count = counts.w;
        if ((larger + count) < wanted)
        {
            larger += count;
            digit_1 = 2u;
            count = counts.z;
        }
        bool _1148 = digit_1 == 2u;
        bool _1156;
        if (_1148)
        {
            _1156 = (larger + count) < wanted;
        }
        else
        {
            _1156 = _1148;
        }
        if (_1156)
        {
            larger += count;
            digit_1 = 1u;
            count = counts.y;
        }
        bool _1165 = digit_1 == 1u;
        bool _1173;
        if (_1165)
        {
            _1173 = (larger + count) < wanted;
        }
        else
        {
            _1173 = _1165;
        }
        if (_1173)
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
        uint param_2 = v_275.x1[x + c_1];
        uint key_1 = order_of(param_2);
        mine += uint2(uint(key_1 > threshold), uint(key_1 == threshold));
    }
    room[me] = mine;
    candidate[me] = uint2(0u, 4294967295u);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    uint2 place = uint2(0u, push.k - wanted);
    for (uint i = 0u; i < me; i++)
    {
        place += room[i];
    }
    bool _1272 = mine.x != 0u;
    bool _1287;
    if (!_1272)
    {
        bool _1278 = mine.y != 0u;
        bool _1286;
        if (_1278)
        {
            _1286 = place.y < push.k;
        }
        else
        {
            _1286 = _1278;
        }
        _1287 = _1286;
    }
    else
    {
        _1287 = _1272;
    }
    bool _any = _1287;
    for (uint c_2 = begin; _any && (c_2 < end); c_2++)
    {
        uint param_3 = v_275.x1[x + c_2];
        uint key_2 = order_of(param_3);
        bool _1310 = key_2 > threshold;
        bool _1318;
        if (_1310)
        {
            _1318 = place.x < push.k;
        }
        else
        {
            _1318 = _1310;
        }
        if (_1318)
        {
            uint _1322 = place.x;
            place.x = _1322 + uint(1);
            candidate[_1322] = uint2(key_2, c_2);
        }
        else
        {
            bool _1331 = key_2 == threshold;
            bool _1339;
            if (_1331)
            {
                _1339 = place.y < push.k;
            }
            else
            {
                _1339 = _1331;
            }
            if (_1339)
            {
                uint _1343 = place.y;
                place.y = _1343 + uint(1);
                candidate[_1343] = uint2(key_2, c_2);
            }
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    uint param_4 = 256u;
    sort(param_4, gl_LocalInvocationID, candidate);
    uint param_5 = r;
    write_first(param_5, v_275, gl_LocalInvocationID, push, candidate, v_1023, v_1048);
}

static inline __attribute__((always_inline))
uint group_max(thread uint& value, threadgroup int2 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups)
{
    value = simd_max(value);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _296 = simd_is_first();
    if (_296)
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
uint bin_of(thread const uint& order, thread const uint& top)
{
    return min(((top >> 20u) - (order >> 20u)), 255u);
}

static inline __attribute__((always_inline))
uint places(thread const uint& count, thread uint& total, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, threadgroup uint4 (&counts_of)[256])
{
    uint before_1 = simd_prefix_exclusive_sum(count);
    uint _all = simd_sum(count);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _856 = simd_is_first();
    if (_856)
    {
        ((threadgroup uint*)&counts_of[gl_SubgroupID])[0u] = _all;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    total = 0u;
    uint _875;
    for (uint s = 0u; s < gl_NumSubgroups; s++)
    {
        if (s < gl_SubgroupID)
        {
            _875 = ((threadgroup uint*)&counts_of[s])[0u];
        }
        else
        {
            _875 = 0u;
        }
        before_1 += _875;
        total += ((threadgroup uint*)&counts_of[s])[0u];
    }
    return before_1;
}

static inline __attribute__((always_inline))
uint4 digits(thread const spvUnsafeArray<uint, 8>& numbers, thread const uint& threshold, thread const int& shift, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, threadgroup uint4 (&counts_of)[256])
{
    uint2 counts = uint2(0u);
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 8u; i++)
    {
        uint digit = (numbers[i] ^ threshold) >> uint(shift);
        counts += uint2(uint(digit == 1u), uint(digit == 2u) + (uint(digit == 3u) << 16u));
    }
    uint4 param = uint4(counts.x, counts.y, 0u, 0u);
    uint4 _1737 = group_sum(param, gl_SubgroupID, gl_NumSubgroups, counts_of);
    uint4 sum = _1737;
    return uint4(0u, sum.x, sum.y & 65535u, sum.y >> 16u);
}

static inline __attribute__((always_inline))
Cut cut(thread const spvUnsafeArray<uint, 8>& numbers, thread Cut& at, thread const uint& most, thread int& shift, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, constant Push& push, threadgroup uint4 (&counts_of)[256])
{
    for (;;)
    {
        bool _1756 = shift >= 0;
        bool _1766;
        if (_1756)
        {
            _1766 = (at.above + at.alike) > most;
        }
        else
        {
            _1766 = _1756;
        }
        if (_1766)
        {
            spvUnsafeArray<uint, 8> param;
            param = numbers;
            uint param_1 = at.threshold;
            int param_2 = shift;
            uint4 _1775 = digits(param, param_1, param_2, gl_SubgroupID, gl_NumSubgroups, counts_of);
            uint4 counts = _1775;
            counts.x = ((at.alike - counts.y) - counts.z) - counts.w;
            uint digit = 3u;
            while ((at.above + counts[digit]) < push.k)
            {
                uint _1803 = digit;
                digit = _1803 - uint(1);
                at.above += counts[_1803];
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
Cut cut_orders(thread const spvUnsafeArray<uint, 8>& orders, thread const uint& most, thread uint& top, threadgroup int2 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, constant Push& push, threadgroup uint4 (&counts_of)[256], threadgroup uint (&histogram)[256], threadgroup uint (&numbers_of)[4])
{
    uint me = gl_LocalInvocationID.x;
    top = 0u;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 8u; i++)
    {
        top = max(top, orders[i]);
    }
    histogram[me] = 0u;
    uint param = top;
    uint _1859 = group_max(param, best_of, gl_SubgroupID, gl_NumSubgroups);
    top = _1859;
    _Pragma("clang loop unroll(full)")
    for (uint i_1 = 0u; i_1 < 8u; i_1++)
    {
        uint param_1 = orders[i_1];
        uint param_2 = top;
        uint _1876 = atomic_fetch_add_explicit((threadgroup atomic_uint*)&histogram[bin_of(param_1, param_2)], 1u, memory_order_relaxed);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    uint here = histogram[me];
    uint param_3 = here;
    uint param_4;
    uint _1888 = places(param_3, param_4, gl_SubgroupID, gl_NumSubgroups, counts_of);
    uint total = param_4;
    uint before_here = _1888;
    bool _1893 = before_here < push.k;
    bool _1902;
    if (_1893)
    {
        _1902 = (before_here + here) >= push.k;
    }
    else
    {
        _1902 = _1893;
    }
    if (_1902)
    {
        numbers_of[2] = me;
        numbers_of[3] = before_here;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    uint bin = numbers_of[2];
    if (bin == 255u)
    {
        spvUnsafeArray<uint, 8> param_5;
        param_5 = orders;
        Cut param_6 = Cut{ 0u, 0u, 2048u };
        uint param_7 = most;
        int param_8 = 30;
        Cut _1927 = cut(param_5, param_6, param_7, param_8, gl_SubgroupID, gl_NumSubgroups, push, counts_of);
        return _1927;
    }
    spvUnsafeArray<uint, 8> param_9;
    param_9 = orders;
    Cut param_10 = Cut{ ((top >> 20u) - bin) << 20u, numbers_of[3], histogram[bin] };
    uint param_11 = most;
    int param_12 = 18;
    Cut _1947 = cut(param_9, param_10, param_11, param_12, gl_SubgroupID, gl_NumSubgroups, push, counts_of);
    return _1947;
}

static inline __attribute__((always_inline))
uint2 choose_groups(thread const uint& r, thread const uint& most, thread uint& top, threadgroup int2 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, constant Push& push, device Workspace& v_733, threadgroup uint4 (&counts_of)[256], threadgroup uint2 (&candidate)[512], threadgroup uint2 (&room)[512], threadgroup uint (&histogram)[256], device Workspace1& v_1689, threadgroup uint (&numbers_of)[4])
{
    uint me = gl_LocalInvocationID.x;
    spvUnsafeArray<uint, 8> orders;
    spvUnsafeArray<uint, 8> places_of;
    spvUnsafeArray<uint, 8> seconds;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 8u; i++)
    {
        uint param = r;
        uint param_1 = (i * 256u) + me;
        uint2 best = v_733.found[pair_at(param, param_1)];
        orders[i] = best.x;
        places_of[i] = ~best.y;
        uint param_2 = r;
        uint param_3 = (i * 256u) + me;
        seconds[i] = v_1689.found1[second_at(param_2, param_3)];
    }
    numbers_of[0] = 0u;
    numbers_of[1] = 0u;
    spvUnsafeArray<uint, 8> param_4;
    param_4 = orders;
    uint param_5 = most;
    uint param_6;
    Cut _2006 = cut_orders(param_4, param_5, param_6, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, push, counts_of, histogram, numbers_of);
    top = param_6;
    Cut of_orders = _2006;
    Cut of_places = Cut{ 0u, of_orders.above, of_orders.alike };
    if ((of_orders.above + of_orders.alike) > most)
    {
        spvUnsafeArray<uint, 8> tied;
        uint _2039;
        _Pragma("clang loop unroll(full)")
        for (uint i_1 = 0u; i_1 < 8u; i_1++)
        {
            if (orders[i_1] == of_orders.threshold)
            {
                _2039 = places_of[i_1];
            }
            else
            {
                _2039 = 0u;
            }
            tied[i_1] = _2039;
        }
        spvUnsafeArray<uint, 8> param_7;
        param_7 = tied;
        Cut param_8 = of_places;
        uint param_9 = most;
        int param_10 = 30;
        Cut _2057 = cut(param_7, param_8, param_9, param_10, gl_SubgroupID, gl_NumSubgroups, push, counts_of);
        of_places = _2057;
    }
    uint2 least = uint2(of_orders.threshold, ~of_places.threshold);
    _Pragma("clang loop unroll(full)")
    for (uint i_2 = 0u; i_2 < 8u; i_2++)
    {
        bool _2078 = orders[i_2] > least.x;
        bool _2097;
        if (!_2078)
        {
            bool _2087 = orders[i_2] == least.x;
            bool _2096;
            if (_2087)
            {
                _2096 = places_of[i_2] >= of_places.threshold;
            }
            else
            {
                _2096 = _2087;
            }
            _2097 = _2096;
        }
        else
        {
            _2097 = _2078;
        }
        if (_2097)
        {
            if (seconds[i_2] < least.x)
            {
                uint _2109 = atomic_fetch_add_explicit((threadgroup atomic_uint*)&numbers_of[1], 1u, memory_order_relaxed);
                candidate[_2109] = uint2(orders[i_2], ~places_of[i_2]);
            }
            else
            {
                uint _2121 = atomic_fetch_add_explicit((threadgroup atomic_uint*)&numbers_of[0], 1u, memory_order_relaxed);
                ((threadgroup uint*)&room[_2121])[0u] = (i_2 * 256u) + me;
            }
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    return least;
}

static inline __attribute__((always_inline))
void gather(thread const uint& r, thread const uint2& least, const device X1& v_275, thread uint3& gl_LocalInvocationID, const device X4& v_433, constant Push& push, threadgroup uint2 (&candidate)[512], threadgroup uint2 (&room)[512], threadgroup uint (&numbers_of)[4])
{
    uint param = r;
    Row row = row_at(param, push);
    uint groups = numbers_of[0];
    uint items = groups * row.rounds;
    spvUnsafeArray<uint, 4> blocks;
    spvUnsafeArray<uint4, 4> orders;
    uint _2239;
    uint _2253;
    for (uint start = gl_LocalInvocationID.x; start < items; start += 1024u)
    {
        uint mine = 0u;
        _Pragma("clang loop unroll(full)")
        for (uint i = 0u; i < 4u; i++)
        {
            uint item = start + (i * 256u);
            Row param_1 = row;
            uint param_2 = ((threadgroup uint*)&room[item % groups])[0u];
            uint param_3 = item / groups;
            blocks[i] = block_at(param_1, param_2, param_3, push);
            Row param_4 = row;
            uint param_5 = blocks[i];
            orders[i] = orders_of(param_4, param_5, v_275, v_433, push);
        }
        _Pragma("clang loop unroll(full)")
        for (uint n = 0u; n < 16u; n++)
        {
            uint2 one = uint2(orders[n / 4u][n % 4u], ((4u * blocks[n / 4u]) + (n % 4u)) - row.skip);
            bool _2229 = one.x != 0u;
            bool _2238;
            if (_2229)
            {
                uint2 param_6 = least;
                uint2 param_7 = one;
                _2238 = !before(param_6, param_7);
            }
            else
            {
                _2238 = _2229;
            }
            if (_2238)
            {
                _2239 = 1u << n;
            }
            else
            {
                _2239 = 0u;
            }
            mine |= _2239;
        }
        if (mine == 0u)
        {
            _2253 = 0u;
        }
        else
        {
            uint _2261 = atomic_fetch_add_explicit((threadgroup atomic_uint*)&numbers_of[1], uint(int(popcount(mine))), memory_order_relaxed);
            _2253 = _2261;
        }
        uint place = _2253;
        _Pragma("clang loop unroll(full)")
        for (uint n_1 = 0u; n_1 < 16u; n_1++)
        {
            if ((((mine >> n_1) & 1u) != 0u) && (place < 512u))
            {
                uint _2281 = place;
                place = _2281 + uint(1);
                candidate[_2281] = uint2(orders[n_1 / 4u][n_1 % 4u], ((4u * blocks[n_1 / 4u]) + (n_1 % 4u)) - row.skip);
            }
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
void write_candidate(thread const uint& r, thread const uint& place, thread const uint& index, const device X1& v_275, constant Push& push, device Values1& v_1023, device Indices1& v_1048)
{
    if (place < push.k)
    {
        v_1023.values1[(push.offset.y + (r * push.k)) + place] = v_275.x1[(push.offset.x + (r * push.ldx)) + index];
        v_1048.indices1[(push.offset.z + (r * push.k)) + place] = index;
    }
}

static inline __attribute__((always_inline))
void join_groups(thread const uint& r, const device X1& v_275, threadgroup int2 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, const device X4& v_433, constant Push& push, device Workspace& v_733, threadgroup uint4 (&counts_of)[256], threadgroup uint2 (&candidate)[512], device Values1& v_1023, device Indices1& v_1048, threadgroup uint2 (&room)[512], threadgroup uint (&histogram)[256], device Workspace1& v_1689, threadgroup uint (&numbers_of)[4])
{
    uint me = gl_LocalInvocationID.x;
    uint param = r;
    uint param_1 = (push.k + (push.k / 4u)) + 16u;
    uint param_2;
    uint2 _2361 = choose_groups(param, param_1, param_2, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, push, v_733, counts_of, candidate, room, histogram, v_1689, numbers_of);
    uint top = param_2;
    uint2 least = _2361;
    uint param_3 = r;
    uint2 param_4 = least;
    gather(param_3, param_4, v_275, gl_LocalInvocationID, v_433, push, candidate, room, numbers_of);
    uint count = numbers_of[1];
    if (count > 512u)
    {
        uint param_5 = r;
        whole_row(param_5, v_275, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, push, counts_of, candidate, v_1023, v_1048, room);
        return;
    }
    histogram[me] = 0u;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    spvUnsafeArray<uint, 2> places_in_bin;
    _Pragma("clang loop unroll(full)")
    for (uint i = 0u; i < 2u; i++)
    {
        uint n = me + (i * 256u);
        if (n < count)
        {
            uint param_6 = ((threadgroup uint*)&candidate[n])[0u];
            uint param_7 = top;
            uint _2409 = atomic_fetch_add_explicit((threadgroup atomic_uint*)&histogram[bin_of(param_6, param_7)], 1u, memory_order_relaxed);
            places_in_bin[i] = _2409;
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    uint here = histogram[me];
    uint param_8 = here;
    uint param_9;
    uint _2422 = places(param_8, param_9, gl_SubgroupID, gl_NumSubgroups, counts_of);
    uint total = param_9;
    uint start = _2422;
    histogram[me] = start;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    _Pragma("clang loop unroll(full)")
    for (uint i_1 = 0u; i_1 < 2u; i_1++)
    {
        uint n_1 = me + (i_1 * 256u);
        if (n_1 < count)
        {
            uint param_10 = ((threadgroup uint*)&candidate[n_1])[0u];
            uint param_11 = top;
            room[histogram[bin_of(param_10, param_11)] + places_in_bin[i_1]] = candidate[n_1];
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    uint _2492;
    for (uint n_2 = me; n_2 < count; n_2 += 256u)
    {
        uint2 mine = room[n_2];
        uint param_12 = mine.x;
        uint param_13 = top;
        uint bin = bin_of(param_12, param_13);
        uint place = histogram[bin];
        if (bin == 255u)
        {
            _2492 = count;
        }
        else
        {
            _2492 = histogram[min((bin + 1u), 255u)];
        }
        uint end = _2492;
        for (uint i_2 = place; i_2 < end; i_2++)
        {
            uint2 param_14 = room[i_2];
            uint2 param_15 = mine;
            place += uint(before(param_14, param_15));
        }
        uint param_16 = r;
        uint param_17 = place;
        uint param_18 = mine.y;
        write_candidate(param_16, param_17, param_18, v_275, push, v_1023, v_1048);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
uint greatest_of_row(thread const uint& r, const device X1& v_275, threadgroup int2 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, const device X4& v_433, constant Push& push, device Workspace& v_733)
{
    if (_752)
    {
        uint param = push.offset.x + (r * push.ldx);
        uint param_1 = push.cols;
        uint _766 = greatest(param, param_1, v_275, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, v_433);
        return _766;
    }
    uint me = gl_LocalInvocationID.x;
    uint2 mine = uint2(0u, 4294967295u);
    uint param_2 = push.cols;
    if (me < shares_of(param_2))
    {
        mine = v_733.found[(r * 256u) + me];
    }
    uint param_3 = mine.x;
    uint _791 = group_max(param_3, best_of, gl_SubgroupID, gl_NumSubgroups);
    uint key = _791;
    uint _796;
    if (mine.x == key)
    {
        _796 = mine.y;
    }
    else
    {
        _796 = 4294967295u;
    }
    uint param_4 = _796;
    uint _804 = group_min(param_4, best_of, gl_SubgroupID, gl_NumSubgroups);
    return _804;
}

kernel void zc_top_k(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], device Values1& v_1023 [[buffer(2)]], device Indices1& v_1048 [[buffer(3)]], device void* spvBufferAliasSet0Binding4 [[buffer(4)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& v_275 = *(const device X1*)spvBufferAliasSet0Binding1;
    device auto& v_733 = *(device Workspace*)spvBufferAliasSet0Binding4;
    const device auto& v_433 = *(const device X4*)spvBufferAliasSet0Binding1;
    device auto& v_1689 = *(device Workspace1*)spvBufferAliasSet0Binding4;
    threadgroup int2 best_of[256];
    threadgroup uint4 counts_of[256];
    threadgroup uint2 candidate[512];
    threadgroup uint2 room[512];
    threadgroup uint histogram[256];
    threadgroup uint numbers_of[4];
    uint me = gl_LocalInvocationID.x;
    if (_2538)
    {
        uint param = (push.first.xyz + gl_WorkGroupID).y;
        uint param_1 = (push.first.xyz + gl_WorkGroupID).x;
        find_in_share(param, param_1, v_275, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, v_433, push, v_733);
        return;
    }
    if (_2559)
    {
        uint param_2 = (push.first.xyz + gl_WorkGroupID).y;
        uint param_3 = (push.first.xyz + gl_WorkGroupID).x;
        find_in_groups(param_2, param_3, v_275, gl_LocalInvocationID, v_433, push, v_733, candidate, histogram, v_1689);
        return;
    }
    uint3 _2583 = push.first.xyz + gl_WorkGroupID;
    uint _2584 = _2583.x;
    uint r = _2584;
    for (;;)
    {
        bool _2593 = r < push.rows;
        bool _2599;
        if (_2593)
        {
            _2599 = push.k != 0u;
        }
        else
        {
            _2599 = _2593;
        }
        if (_2599)
        {
            if (_2600)
            {
                uint param_4 = r;
                whole_row(param_4, v_275, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, push, counts_of, candidate, v_1023, v_1048, room);
            }
            else
            {
                if (_2608)
                {
                    uint param_5 = r;
                    join_groups(param_5, v_275, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, v_433, push, v_733, counts_of, candidate, v_1023, v_1048, room, histogram, v_1689, numbers_of);
                }
                else
                {
                    uint param_6 = r;
                    uint _2618 = greatest_of_row(param_6, v_275, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, v_433, push, v_733);
                    uint index = _2618;
                    if (me == 0u)
                    {
                        v_1023.values1[push.offset.y + r] = v_275.x1[(push.offset.x + (r * push.ldx)) + index];
                        v_1048.indices1[push.offset.z + r] = index;
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

