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

struct X1
{
    uint x1[1];
};

struct X4
{
    uint4 x4[1];
};

struct Out1
{
    uint out1[1];
};

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
uint4 partial_block(thread const uint& start, thread const uint& skip, thread const uint& i, constant Push& push, const device X1& v_117)
{
    uint4 v = uint4(4286578688u);
    for (uint e = 0u; e < 4u; e++)
    {
        if ((((4u * i) + e) - skip) < push.cols)
        {
            v[e] = v_117.x1[(start + (4u * i)) + e];
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
    bool _138 = simd_is_first();
    if (_138)
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

kernel void zc_argmax(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], device Out1& _523 [[buffer(2)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& v_117 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& _277 = *(const device X4*)spvBufferAliasSet0Binding1;
    threadgroup int3 best_of[256];
    uint me = gl_LocalInvocationID.x;
    uint3 _187 = push.first.xyz + gl_WorkGroupID;
    uint _188 = _187.x;
    spvUnsafeArray<uint4, 8> v;
    bool _499;
    for (uint r = _188; r < push.rows; r += push.groups.x)
    {
        uint x = push.offset.x + (r * push.ldx);
        uint skip = x & 3u;
        uint start = x - skip;
        uint blocks = (((push.cols - 1u) + skip) / 4u) + 1u;
        Best best = Best{ int4(int(0x80000000)), uint4(4294967295u), uint4(0u) };
        if (me == 0u)
        {
            uint param = start;
            uint param_1 = skip;
            uint param_2 = 0u;
            Best param_3 = best;
            uint4 param_4 = partial_block(param, param_1, param_2, push, v_117);
            uint param_5 = 0u;
            take(param_3, param_4, param_5);
            best = param_3;
        }
        uint i = me + 1u;
        for (; ((i + 1792u) + 1u) < blocks; i += 2048u)
        {
            for (uint y = 0u; y < 8u; y++)
            {
                v[y] = _277.x4[((start / 4u) + i) + (y * 256u)];
            }
            for (uint y_1 = 0u; y_1 < 8u; y_1++)
            {
                Best param_6 = best;
                uint4 param_7 = v[y_1];
                uint param_8 = i + (y_1 * 256u);
                take(param_6, param_7, param_8);
                best = param_6;
            }
        }
        for (; (i + 1u) < blocks; i += 256u)
        {
            Best param_9 = best;
            uint4 param_10 = _277.x4[(start / 4u) + i];
            uint param_11 = i;
            take(param_9, param_10, param_11);
            best = param_9;
        }
        if ((i + 1u) == blocks)
        {
            uint param_12 = start;
            uint param_13 = skip;
            uint param_14 = i;
            Best param_15 = best;
            uint4 param_16 = partial_block(param_12, param_13, param_14, push, v_117);
            uint param_17 = i;
            take(param_15, param_16, param_17);
            best = param_15;
        }
        int key = max(max(best.key.x, best.key.y), max(best.key.z, best.key.w));
        uint size = max(max(best.size.x, best.size.y), max(best.size.z, best.size.w));
        key = simd_max(key);
        size = simd_max(size);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        bool _390 = simd_is_first();
        if (_390)
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
                bool _454 = best.key[e] == key;
                bool _461;
                if (_454)
                {
                    _461 = best.block[e] != 4294967295u;
                }
                else
                {
                    _461 = _454;
                }
                if (_461)
                {
                    index = min(index, (((4u * best.block[e]) + e) - skip));
                }
            }
        }
        else
        {
            for (uint c = me; (c < push.cols) && (index == 4294967295u); c += 256u)
            {
                uint bits = v_117.x1[x + c] & 2147483647u;
                if (nan)
                {
                    _499 = bits > 2139095040u;
                }
                else
                {
                    _499 = bits == 0u;
                }
                if (_499)
                {
                    index = c;
                }
            }
        }
        uint param_18 = index;
        uint _515 = group_min(param_18, best_of, gl_SubgroupID, gl_NumSubgroups);
        index = _515;
        if (me == 0u)
        {
            _523.out1[push.offset.y + r] = index;
        }
    }
}

