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

struct Best
{
    int4 key;
    uint4 block;
    uint4 size;
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
constant bool _709 = (way != 2u);

struct Values1
{
    uint values1[1];
};

struct Indices1
{
    uint indices1[1];
};

constant bool _2029 = (way == 1u);
constant bool _2050 = (way == 4u);
constant bool _2092 = (way == 3u);
constant bool _2100 = (way == 5u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
uint shares_of(thread const uint& cols)
{
    return min((((cols - 1u) / 2048u) + 1u), 256u);
}

static inline __attribute__((always_inline))
uint4 partial_block(thread const uint& start, thread const uint& skip, thread const uint& count, thread const uint& i, const device X1& v_234)
{
    uint4 v = uint4(4286578688u);
    for (uint e = 0u; e < 4u; e++)
    {
        if ((((4u * i) + e) - skip) < count)
        {
            v[e] = v_234.x1[(start + (4u * i)) + e];
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
    bool _292 = simd_is_first();
    if (_292)
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
uint greatest(thread const uint& x, thread const uint& count, const device X1& v_234, threadgroup int2 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, const device X4& v_393)
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
        uint4 param_5 = partial_block(param, param_1, param_2, param_3, v_234);
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
            v[y] = v_393.x4[((start / 4u) + i) + (y * 256u)];
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
        uint4 param_11 = v_393.x4[(start / 4u) + i];
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
        uint4 param_18 = partial_block(param_13, param_14, param_15, param_16, v_234);
        uint param_19 = i;
        take(param_17, param_18, param_19);
        best = param_17;
    }
    int key = max(max(best.key.x, best.key.y), max(best.key.z, best.key.w));
    uint size = max(max(best.size.x, best.size.y), max(best.size.z, best.size.w));
    key = simd_max(key);
    size = simd_max(size);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _506 = simd_is_first();
    if (_506)
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
            bool _569 = best.key[e] == key;
            bool _576;
            if (_569)
            {
                _576 = best.block[e] != 4294967295u;
            }
            else
            {
                _576 = _569;
            }
            if (_576)
            {
                index = min(index, (((4u * best.block[e]) + e) - skip));
            }
        }
    }
    else
    {
        bool _613;
        for (uint c = me; (c < count) && (index == 4294967295u); c += 256u)
        {
            uint bits = v_234.x1[x + c] & 2147483647u;
            if (nan)
            {
                _613 = bits > 2139095040u;
            }
            else
            {
                _613 = bits == 0u;
            }
            if (_613)
            {
                index = c;
            }
        }
    }
    uint param_20 = index;
    uint _629 = group_min(param_20, best_of, gl_SubgroupID, gl_NumSubgroups);
    return _629;
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
    uint _139;
    if ((bits & 2147483648u) != 0u)
    {
        _139 = ~bits;
    }
    else
    {
        _139 = bits ^ 2147483648u;
    }
    return _139;
}

static inline __attribute__((always_inline))
void find_in_share(thread const uint& r, thread const uint& share, const device X1& v_234, threadgroup int2 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, const device X4& v_393, constant Push& push, device Workspace& v_690)
{
    uint param = push.cols;
    uint shares = shares_of(param);
    uint each = push.cols / shares;
    uint more = push.cols % shares;
    uint first = (share * each) + min(share, more);
    uint x = (push.offset.x + (r * push.ldx)) + first;
    uint param_1 = x;
    uint param_2 = each + uint(share < more);
    uint _681 = greatest(param_1, param_2, v_234, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, v_393);
    uint index = _681;
    if (gl_LocalInvocationID.x == 0u)
    {
        uint param_3 = v_234.x1[x + index];
        v_690.found[(r * 256u) + share] = uint2(order_of(param_3), first + index);
    }
}

static inline __attribute__((always_inline))
bool before(thread const uint2& a, thread const uint2& b)
{
    bool _856 = a.x > b.x;
    bool _873;
    if (!_856)
    {
        bool _864 = a.x == b.x;
        bool _872;
        if (_864)
        {
            _872 = a.y < b.y;
        }
        else
        {
            _872 = _864;
        }
        _873 = _872;
    }
    else
    {
        _873 = _856;
    }
    return _873;
}

static inline __attribute__((always_inline))
void find_in_groups(thread const uint& r, thread const uint& share, const device X1& v_234, thread uint3& gl_LocalInvocationID, constant Push& push, device Workspace& v_690, threadgroup uint2 (&candidate)[512])
{
    uint me = gl_LocalInvocationID.x;
    uint group = (share * 64u) + (me % 64u);
    uint x = push.offset.x + (r * push.ldx);
    uint rounds = ((push.cols - 1u) / 4096u) + 1u;
    uint2 best = uint2(0u, 4294967295u);
    uint _1331 = me / 64u;
    spvUnsafeArray<uint, 4> at;
    uint _1360;
    spvUnsafeArray<uint, 4> bits;
    for (uint start = _1331; start < rounds; start += 16u)
    {
        for (uint i = 0u; i < 4u; i++)
        {
            uint n = start + (i * 4u);
            if (n < rounds)
            {
                _1360 = min((group + (n * 4096u)), push.cols);
            }
            else
            {
                _1360 = push.cols;
            }
            at[i] = _1360;
            bits[i] = v_234.x1[x + min(at[i], (push.cols - 1u))];
        }
        for (uint i_1 = 0u; i_1 < 4u; i_1++)
        {
            uint param = bits[i_1];
            uint key = order_of(param);
            bool _1410 = at[i_1] < push.cols;
            bool _1417;
            if (_1410)
            {
                _1417 = key > best.x;
            }
            else
            {
                _1417 = _1410;
            }
            if (_1417)
            {
                best = uint2(key, at[i_1]);
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
            uint2 param_1 = other;
            uint2 param_2 = best;
            best = select(best, other, bool2(before(param_1, param_2)));
        }
        v_690.found[(r * 4096u) + group] = best;
    }
}

static inline __attribute__((always_inline))
uint4 group_sum(thread uint4& counts, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, threadgroup uint4 (&counts_of)[256])
{
    counts = uint4(simd_sum(counts.x), simd_sum(counts.y), simd_sum(counts.z), simd_sum(counts.w));
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _777 = simd_is_first();
    if (_777)
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
    bool _932;
    for (uint size = 2u; size <= count; size *= 2u)
    {
        uint _890 = size / 2u;
        for (uint apart = _890; apart != 0u; apart /= 2u)
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
                    _932 = before(param, param_1);
                }
                else
                {
                    uint2 param_2 = a;
                    uint2 param_3 = b;
                    _932 = before(param_2, param_3);
                }
                if (_932)
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
void write_first(thread const uint& r, const device X1& v_234, thread uint3& gl_LocalInvocationID, constant Push& push, threadgroup uint2 (&candidate)[512], device Values1& v_976, device Indices1& v_1001)
{
    uint me = gl_LocalInvocationID.x;
    if (me < push.k)
    {
        uint index = ((threadgroup uint*)&candidate[me])[1u];
        v_976.values1[(push.offset.y + (r * push.k)) + me] = v_234.x1[(push.offset.x + (r * push.ldx)) + index];
        v_1001.indices1[(push.offset.z + (r * push.k)) + me] = index;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

static inline __attribute__((always_inline))
void whole_row(thread const uint& r, const device X1& v_234, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, constant Push& push, threadgroup uint4 (&counts_of)[256], threadgroup uint2 (&candidate)[512], device Values1& v_976, device Indices1& v_1001, threadgroup uint2 (&above_of)[256])
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
            uint param = v_234.x1[x + c];
            uint key = order_of(param);
            uint digit = (key ^ threshold) >> uint(shift);
            counts += uint4(uint(digit == 0u), uint(digit == 1u), uint(digit == 2u), uint(digit == 3u));
        }
        uint4 param_1 = counts;
        uint4 _1082 = group_sum(param_1, gl_SubgroupID, gl_NumSubgroups, counts_of);
        counts = _1082;
        uint digit_1 = 3u;
        uint larger = 0u;
        uint count = counts.w;
        if ((larger + count) < wanted)
        {
            larger += count;
            digit_1 = 2u;
            count = counts.z;
        }
        bool _1101 = digit_1 == 2u;
        bool _1109;
        if (_1101)
        {
            _1109 = (larger + count) < wanted;
        }
        else
        {
            _1109 = _1101;
        }
        if (_1109)
        {
            larger += count;
            digit_1 = 1u;
            count = counts.y;
        }
        bool _1118 = digit_1 == 1u;
        bool _1126;
        if (_1118)
        {
            _1126 = (larger + count) < wanted;
        }
        else
        {
            _1126 = _1118;
        }
        if (_1126)
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
        uint param_2 = v_234.x1[x + c_1];
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
    bool _1227 = mine.x != 0u;
    bool _1242;
    if (!_1227)
    {
        bool _1233 = mine.y != 0u;
        bool _1241;
        if (_1233)
        {
            _1241 = place.y < push.k;
        }
        else
        {
            _1241 = _1233;
        }
        _1242 = _1241;
    }
    else
    {
        _1242 = _1227;
    }
    bool _any = _1242;
    for (uint c_2 = begin; _any && (c_2 < end); c_2++)
    {
        uint param_3 = v_234.x1[x + c_2];
        uint key_2 = order_of(param_3);
        if (key_2 > threshold)
        {
            uint _1269 = place.x;
            place.x = _1269 + uint(1);
            candidate[_1269] = uint2(key_2, c_2);
        }
        else
        {
            bool _1278 = key_2 == threshold;
            bool _1286;
            if (_1278)
            {
                _1286 = place.y < push.k;
            }
            else
            {
                _1286 = _1278;
            }
            if (_1286)
            {
                uint _1290 = place.y;
                place.y = _1290 + uint(1);
                candidate[_1290] = uint2(key_2, c_2);
            }
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    uint param_4 = 256u;
    sort(param_4, gl_LocalInvocationID, candidate);
    uint param_5 = r;
    write_first(param_5, v_234, gl_LocalInvocationID, push, candidate, v_976, v_1001);
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
    uint4 _1509 = group_sum(param, gl_SubgroupID, gl_NumSubgroups, counts_of);
    uint2 sum = _1509.xy;
    return uint4(0u, sum.x, sum.y & 65535u, sum.y >> 16u);
}

static inline __attribute__((always_inline))
Cut cut(thread const spvUnsafeArray<uint, 16>& numbers, thread Cut& at, thread const uint& most, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, constant Push& push, threadgroup uint4 (&counts_of)[256])
{
    int shift = 30;
    for (;;)
    {
        bool _1530 = shift >= 0;
        bool _1540;
        if (_1530)
        {
            _1540 = (at.above + at.alike) > most;
        }
        else
        {
            _1540 = _1530;
        }
        if (_1540)
        {
            spvUnsafeArray<uint, 16> param;
            param = numbers;
            uint param_1 = at.threshold;
            int param_2 = shift;
            uint4 _1549 = digits(param, param_1, param_2, gl_SubgroupID, gl_NumSubgroups, counts_of);
            uint4 counts = _1549;
            counts.x = ((at.alike - counts.y) - counts.z) - counts.w;
            uint digit = 3u;
            while ((at.above + counts[digit]) < push.k)
            {
                uint _1577 = digit;
                digit = _1577 - uint(1);
                at.above += counts[_1577];
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
uint places(thread const uint& count, thread uint& total, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, threadgroup uint4 (&counts_of)[256])
{
    uint before_1 = simd_prefix_exclusive_sum(count);
    uint _all = simd_sum(count);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _813 = simd_is_first();
    if (_813)
    {
        ((threadgroup uint*)&counts_of[gl_SubgroupID])[0u] = _all;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    total = 0u;
    uint _832;
    for (uint s = 0u; s < gl_NumSubgroups; s++)
    {
        if (s < gl_SubgroupID)
        {
            _832 = ((threadgroup uint*)&counts_of[s])[0u];
        }
        else
        {
            _832 = 0u;
        }
        before_1 += _832;
        total += ((threadgroup uint*)&counts_of[s])[0u];
    }
    return before_1;
}

static inline __attribute__((always_inline))
uint2 choose_groups(thread const uint& r, thread const uint& most, thread uint& count, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, constant Push& push, device Workspace& v_690, threadgroup uint4 (&counts_of)[256], threadgroup uint (&chosen_groups)[512])
{
    uint me = gl_LocalInvocationID.x;
    spvUnsafeArray<uint, 16> keys;
    spvUnsafeArray<uint, 16> places_of;
    for (uint i = 0u; i < 16u; i++)
    {
        uint2 best = v_690.found[((r * 4096u) + (i * 256u)) + me];
        keys[i] = best.x;
        places_of[i] = ~best.y;
    }
    spvUnsafeArray<uint, 16> param;
    param = keys;
    Cut param_1 = Cut{ 0u, 0u, 4096u };
    uint param_2 = most;
    Cut _1642 = cut(param, param_1, param_2, gl_SubgroupID, gl_NumSubgroups, push, counts_of);
    Cut of_keys = _1642;
    Cut of_places = Cut{ 0u, of_keys.above, of_keys.alike };
    if ((of_keys.above + of_keys.alike) > most)
    {
        uint _1673;
        for (uint i_1 = 0u; i_1 < 16u; i_1++)
        {
            if (keys[i_1] == of_keys.threshold)
            {
                _1673 = places_of[i_1];
            }
            else
            {
                _1673 = 0u;
            }
            places_of[i_1] = _1673;
        }
        spvUnsafeArray<uint, 16> param_3;
        param_3 = places_of;
        Cut param_4 = of_places;
        uint param_5 = most;
        Cut _1690 = cut(param_3, param_4, param_5, gl_SubgroupID, gl_NumSubgroups, push, counts_of);
        of_places = _1690;
    }
    uint2 least = uint2(of_keys.threshold, ~of_places.threshold);
    uint mine = 0u;
    uint _1734;
    for (uint i_2 = 0u; i_2 < 16u; i_2++)
    {
        bool _1713 = keys[i_2] > least.x;
        bool _1732;
        if (!_1713)
        {
            bool _1722 = keys[i_2] == least.x;
            bool _1731;
            if (_1722)
            {
                _1731 = places_of[i_2] >= of_places.threshold;
            }
            else
            {
                _1731 = _1722;
            }
            _1732 = _1731;
        }
        else
        {
            _1732 = _1713;
        }
        bool taken = _1732;
        if (taken)
        {
            _1734 = 1u << i_2;
        }
        else
        {
            _1734 = 0u;
        }
        mine |= _1734;
    }
    uint param_6 = uint(int(popcount(mine)));
    uint param_7;
    uint _1751 = places(param_6, param_7, gl_SubgroupID, gl_NumSubgroups, counts_of);
    count = param_7;
    uint place = _1751;
    for (uint i_3 = 0u; i_3 < 16u; i_3++)
    {
        if (((mine >> i_3) & 1u) != 0u)
        {
            uint _1771 = place;
            place = _1771 + uint(1);
            chosen_groups[_1771] = (i_3 * 256u) + me;
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    return least;
}

static inline __attribute__((always_inline))
uint gather(thread const uint& r, thread const uint2& least, thread const uint& groups, const device X1& v_234, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, constant Push& push, threadgroup uint4 (&counts_of)[256], threadgroup uint2 (&candidate)[512], threadgroup uint (&chosen_groups)[512])
{
    uint me = gl_LocalInvocationID.x;
    uint x = push.offset.x + (r * push.ldx);
    uint taken = 0u;
    uint rounds = ((push.cols - 1u) / 4096u) + 1u;
    uint items = groups * rounds;
    uint _1837;
    spvUnsafeArray<uint, 16> keys;
    uint _1885;
    uint param_4;
    for (uint start = 0u; (start < items) && (taken <= 512u); start += 4096u)
    {
        uint mine = 0u;
        for (uint i = 0u; i < 16u; i++)
        {
            uint item = (start + (i * 256u)) + me;
            if (item < items)
            {
                _1837 = chosen_groups[item % groups] + ((item / groups) * 4096u);
            }
            else
            {
                _1837 = push.cols;
            }
            uint c = _1837;
            uint param = v_234.x1[x + min(c, (push.cols - 1u))];
            keys[i] = order_of(param);
            bool _1871 = c < push.cols;
            bool _1884;
            if (_1871)
            {
                uint2 param_1 = least;
                uint2 param_2 = uint2(keys[i], c);
                _1884 = !before(param_1, param_2);
            }
            else
            {
                _1884 = _1871;
            }
            if (_1884)
            {
                _1885 = 1u << i;
            }
            else
            {
                _1885 = 0u;
            }
            mine |= _1885;
        }
        uint param_3 = uint(int(popcount(mine)));
        uint _1904 = places(param_3, param_4, gl_SubgroupID, gl_NumSubgroups, counts_of);
        uint count = param_4;
        uint place = taken + _1904;
        for (uint i_1 = 0u; i_1 < 16u; i_1++)
        {
            uint item_1 = (start + (i_1 * 256u)) + me;
            if ((((mine >> i_1) & 1u) != 0u) && (place < 512u))
            {
                uint _1932 = place;
                place = _1932 + uint(1);
                candidate[_1932] = uint2(keys[i_1], chosen_groups[item_1 % groups] + ((item_1 / groups) * 4096u));
            }
        }
        taken += count;
    }
    return taken;
}

static inline __attribute__((always_inline))
void join_groups(thread const uint& r, const device X1& v_234, thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, constant Push& push, device Workspace& v_690, threadgroup uint4 (&counts_of)[256], threadgroup uint2 (&candidate)[512], device Values1& v_976, device Indices1& v_1001, threadgroup uint2 (&above_of)[256], threadgroup uint (&chosen_groups)[512])
{
    uint me = gl_LocalInvocationID.x;
    uint param = r;
    uint param_1 = (push.k + (push.k / 4u)) + 16u;
    uint param_2;
    uint2 _1975 = choose_groups(param, param_1, param_2, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, push, v_690, counts_of, chosen_groups);
    uint groups = param_2;
    uint2 least = _1975;
    uint param_3 = r;
    uint2 param_4 = least;
    uint param_5 = groups;
    uint _1984 = gather(param_3, param_4, param_5, v_234, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, push, counts_of, candidate, chosen_groups);
    uint taken = _1984;
    if (taken > 512u)
    {
        uint param_6 = r;
        whole_row(param_6, v_234, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, push, counts_of, candidate, v_976, v_1001, above_of);
        return;
    }
    uint size = 1u;
    while (size < taken)
    {
        size *= 2u;
    }
    uint _2007 = taken + me;
    for (uint i = _2007; i < size; i += 256u)
    {
        candidate[i] = uint2(0u, 4294967295u);
    }
    uint param_7 = size;
    sort(param_7, gl_LocalInvocationID, candidate);
    uint param_8 = r;
    write_first(param_8, v_234, gl_LocalInvocationID, push, candidate, v_976, v_1001);
}

static inline __attribute__((always_inline))
uint group_max(thread uint& value, threadgroup int2 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups)
{
    value = simd_max(value);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _255 = simd_is_first();
    if (_255)
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
uint greatest_of_row(thread const uint& r, const device X1& v_234, threadgroup int2 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, const device X4& v_393, constant Push& push, device Workspace& v_690)
{
    if (_709)
    {
        uint param = push.offset.x + (r * push.ldx);
        uint param_1 = push.cols;
        uint _723 = greatest(param, param_1, v_234, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, v_393);
        return _723;
    }
    uint me = gl_LocalInvocationID.x;
    uint2 mine = uint2(0u, 4294967295u);
    uint param_2 = push.cols;
    if (me < shares_of(param_2))
    {
        mine = v_690.found[(r * 256u) + me];
    }
    uint param_3 = mine.x;
    uint _748 = group_max(param_3, best_of, gl_SubgroupID, gl_NumSubgroups);
    uint key = _748;
    uint _753;
    if (mine.x == key)
    {
        _753 = mine.y;
    }
    else
    {
        _753 = 4294967295u;
    }
    uint param_4 = _753;
    uint _761 = group_min(param_4, best_of, gl_SubgroupID, gl_NumSubgroups);
    return _761;
}

kernel void zc_top_k(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], device Values1& v_976 [[buffer(2)]], device Indices1& v_1001 [[buffer(3)]], device Workspace& v_690 [[buffer(4)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& v_234 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& v_393 = *(const device X4*)spvBufferAliasSet0Binding1;
    threadgroup int2 best_of[256];
    threadgroup uint4 counts_of[256];
    threadgroup uint2 candidate[512];
    threadgroup uint2 above_of[256];
    threadgroup uint chosen_groups[512];
    uint me = gl_LocalInvocationID.x;
    if (_2029)
    {
        uint param = (push.first.xyz + gl_WorkGroupID).y;
        uint param_1 = (push.first.xyz + gl_WorkGroupID).x;
        find_in_share(param, param_1, v_234, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, v_393, push, v_690);
        return;
    }
    if (_2050)
    {
        uint param_2 = (push.first.xyz + gl_WorkGroupID).y;
        uint param_3 = (push.first.xyz + gl_WorkGroupID).x;
        find_in_groups(param_2, param_3, v_234, gl_LocalInvocationID, push, v_690, candidate);
        return;
    }
    uint3 _2074 = push.first.xyz + gl_WorkGroupID;
    uint _2075 = _2074.x;
    uint r = _2075;
    for (;;)
    {
        bool _2085 = r < push.rows;
        bool _2091;
        if (_2085)
        {
            _2091 = push.k != 0u;
        }
        else
        {
            _2091 = _2085;
        }
        if (_2091)
        {
            if (_2092)
            {
                uint param_4 = r;
                whole_row(param_4, v_234, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, push, counts_of, candidate, v_976, v_1001, above_of);
            }
            else
            {
                if (_2100)
                {
                    uint param_5 = r;
                    join_groups(param_5, v_234, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, push, v_690, counts_of, candidate, v_976, v_1001, above_of, chosen_groups);
                }
                else
                {
                    uint param_6 = r;
                    uint _2110 = greatest_of_row(param_6, v_234, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, v_393, push, v_690);
                    uint index = _2110;
                    if (me == 0u)
                    {
                        v_976.values1[push.offset.y + r] = v_234.x1[(push.offset.x + (r * push.ldx)) + index];
                        v_1001.indices1[push.offset.z + r] = index;
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

