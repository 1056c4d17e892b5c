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
    uint ldout;
};

struct Found2
{
    uint2 found2[1];
};

constant uint way_tmp [[function_constant(0)]];
constant uint way = is_function_constant_defined(way_tmp) ? way_tmp : 0u;
constant bool _684 = (way == 1u);
constant bool _810 = (way == 2u);

struct Out1
{
    uint out1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
uint shares_of(thread const uint& cols)
{
    return min((((cols - 1u) / 2048u) + 1u), 256u);
}

static inline __attribute__((always_inline))
uint4 partial_block(thread const uint& start, thread const uint& skip, thread const uint& count, thread const uint& i, const device X1& v_150)
{
    uint4 v = uint4(4286578688u);
    for (uint e = 0u; e < 4u; e++)
    {
        if ((((4u * i) + e) - skip) < count)
        {
            v[e] = v_150.x1[(start + (4u * i)) + e];
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
uint group_min(thread uint& value, threadgroup int3 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups)
{
    value = simd_min(value);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _171 = simd_is_first();
    if (_171)
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
uint greatest(thread const uint& x, thread const uint& count, const device X1& v_150, threadgroup int3 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, const device X4& v_281)
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
        uint4 param_5 = partial_block(param, param_1, param_2, param_3, v_150);
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
            v[y] = v_281.x4[((start / 4u) + i) + (y * 256u)];
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
        uint4 param_11 = v_281.x4[(start / 4u) + i];
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
        uint4 param_18 = partial_block(param_13, param_14, param_15, param_16, v_150);
        uint param_19 = i;
        take(param_17, param_18, param_19);
        best = param_17;
    }
    int key = max(max(best.key.x, best.key.y), max(best.key.z, best.key.w));
    uint size = max(max(best.size.x, best.size.y), max(best.size.z, best.size.w));
    key = simd_max(key);
    size = simd_max(size);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _395 = simd_is_first();
    if (_395)
    {
        best_of[gl_SubgroupID] = int3(key, int(size), 0);
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
            bool _458 = best.key[e] == key;
            bool _465;
            if (_458)
            {
                _465 = best.block[e] != 4294967295u;
            }
            else
            {
                _465 = _458;
            }
            if (_465)
            {
                index = min(index, (((4u * best.block[e]) + e) - skip));
            }
        }
    }
    else
    {
        bool _502;
        for (uint c = me; (c < count) && (index == 4294967295u); c += 256u)
        {
            uint bits = v_150.x1[x + c] & 2147483647u;
            if (nan)
            {
                _502 = bits > 2139095040u;
            }
            else
            {
                _502 = bits == 0u;
            }
            if (_502)
            {
                index = c;
            }
        }
    }
    uint param_20 = index;
    uint _518 = group_min(param_20, best_of, gl_SubgroupID, gl_NumSubgroups);
    return _518;
}

static inline __attribute__((always_inline))
bool ordered(thread const uint& bits)
{
    return (bits & 2147483647u) <= 2139095040u;
}

static inline __attribute__((always_inline))
bool above(thread const uint& bits, thread const uint& index, thread const uint& other, thread const uint& other_index)
{
    uint param = bits;
    bool nan = !ordered(param);
    uint param_1 = other;
    bool other_nan = !ordered(param_1);
    if (nan || other_nan)
    {
        bool _545;
        if (nan)
        {
            _545 = (!other_nan) || (index < other_index);
        }
        else
        {
            _545 = nan;
        }
        return _545;
    }
    float a = as_type<float>(bits);
    float b = as_type<float>(other);
    bool _557 = a > b;
    bool _568;
    if (!_557)
    {
        _568 = (a == b) && (index < other_index);
    }
    else
    {
        _568 = _557;
    }
    return _568;
}

static inline __attribute__((always_inline))
uint join(thread const uint& r, thread uint3& gl_LocalInvocationID, constant Push& push, device Found2& v_597, threadgroup uint2 (&candidates)[256])
{
    uint me = gl_LocalInvocationID.x;
    uint param = push.cols;
    uint shares = shares_of(param);
    uint index = 4294967295u;
    uint bits = 0u;
    if (me < shares)
    {
        uint2 found = v_597.found2[(r * 256u) + me];
        index = found.x;
        bits = found.y;
    }
    candidates[me] = uint2(index, bits);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (uint half_ = 128u; half_ > 0u; half_ /= 2u)
    {
        if (me < half_)
        {
            uint2 mine = candidates[me];
            uint2 other = candidates[me + half_];
            bool _644 = other.x != 4294967295u;
            bool _667;
            if (_644)
            {
                bool _649 = mine.x == 4294967295u;
                bool _666;
                if (!_649)
                {
                    uint param_1 = other.y;
                    uint param_2 = other.x;
                    uint param_3 = mine.y;
                    uint param_4 = mine.x;
                    _666 = above(param_1, param_2, param_3, param_4);
                }
                else
                {
                    _666 = _649;
                }
                _667 = _666;
            }
            else
            {
                _667 = _644;
            }
            if (_667)
            {
                candidates[me] = other;
            }
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
    }
    return ((threadgroup uint*)&candidates[0])[0u];
}

kernel void zc_argmax(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], device Out1& _838 [[buffer(2)]], device Found2& v_597 [[buffer(3)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& v_150 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& v_281 = *(const device X4*)spvBufferAliasSet0Binding1;
    threadgroup int3 best_of[256];
    threadgroup uint2 candidates[256];
    uint me = gl_LocalInvocationID.x;
    if (_684)
    {
        uint param = push.cols;
        uint shares = shares_of(param);
        uint each = push.cols / shares;
        uint more = push.cols % shares;
        uint3 _709 = push.first.xyz + gl_WorkGroupID;
        uint _710 = _709.y;
        for (uint r = _710; r < push.rows; r += push.groups.y)
        {
            uint3 _726 = push.first.xyz + gl_WorkGroupID;
            uint _727 = _726.x;
            for (uint share = _727; share < shares; share += push.groups.x)
            {
                uint first = (share * each) + min(share, more);
                uint x = (push.offset.x + (r * push.ldx)) + first;
                uint param_1 = x;
                uint param_2 = each + uint(share < more);
                uint _765 = greatest(param_1, param_2, v_150, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, v_281);
                uint index = _765;
                if (me == 0u)
                {
                    v_597.found2[(r * 256u) + share] = uint2(first + index, v_150.x1[x + index]);
                }
            }
        }
        return;
    }
    uint3 _798 = push.first.xyz + gl_WorkGroupID;
    uint _799 = _798.x;
    uint _811;
    for (uint r_1 = _799; r_1 < push.rows; r_1 += push.groups.x)
    {
        if (_810)
        {
            uint param_3 = r_1;
            uint _816 = join(param_3, gl_LocalInvocationID, push, v_597, candidates);
            _811 = _816;
        }
        else
        {
            uint param_4 = push.offset.x + (r_1 * push.ldx);
            uint param_5 = push.cols;
            uint _829 = greatest(param_4, param_5, v_150, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, v_281);
            _811 = _829;
        }
        uint index_1 = _811;
        if (me == 0u)
        {
            _838.out1[push.offset.y + r_1] = index_1;
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
    }
}

