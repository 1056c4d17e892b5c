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

struct Push
{
    uint4 offset;
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
    uint _40;
    if ((bits & 2147483648u) != 0u)
    {
        _40 = ~bits;
    }
    else
    {
        _40 = bits ^ 2147483648u;
    }
    return _40;
}

static inline __attribute__((always_inline))
void take(thread uint2& best, thread const uint& bits, thread const uint& index)
{
    uint param = bits;
    uint key = order_of(param);
    bool _58 = key > best.x;
    bool _66;
    if (!_58)
    {
        _66 = best.y == 4294967295u;
    }
    else
    {
        _66 = _58;
    }
    if (_66)
    {
        best = uint2(key, index);
    }
}

kernel void zc_argmax(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], device Out1& _390 [[buffer(2)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_NumWorkGroups [[threadgroups_per_grid]])
{
    const device auto& _135 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& _182 = *(const device X4*)spvBufferAliasSet0Binding1;
    threadgroup uint2 best_of[256];
    uint me = gl_LocalInvocationID.x;
    spvUnsafeArray<uint4, 8> v;
    uint _319;
    for (uint r = gl_WorkGroupID.x; r < push.rows; r += gl_NumWorkGroups.x)
    {
        uint x = push.offset.x + (r * push.ldx);
        uint head = min(((0u - x) & 3u), push.cols);
        uint vectors = (push.cols - head) / 4u;
        uint2 best = uint2(0u, 4294967295u);
        if (me < head)
        {
            uint2 param = best;
            uint param_1 = _135.x1[x + me];
            uint param_2 = me;
            take(param, param_1, param_2);
            best = param;
        }
        uint i = me;
        uint first = (x + head) / 4u;
        for (; (i + 1792u) < vectors; i += 2048u)
        {
            for (uint y = 0u; y < 8u; y++)
            {
                v[y] = _182.x4[(first + i) + (y * 256u)];
            }
            for (uint y_1 = 0u; y_1 < 8u; y_1++)
            {
                for (uint e = 0u; e < 4u; e++)
                {
                    uint2 param_3 = best;
                    uint param_4 = v[y_1][e];
                    uint param_5 = (head + (4u * (i + (y_1 * 256u)))) + e;
                    take(param_3, param_4, param_5);
                    best = param_3;
                }
            }
        }
        for (; i < vectors; i += 256u)
        {
            uint4 v_1 = _182.x4[first + i];
            for (uint e_1 = 0u; e_1 < 4u; e_1++)
            {
                uint2 param_6 = best;
                uint param_7 = v_1[e_1];
                uint param_8 = (head + (4u * i)) + e_1;
                take(param_6, param_7, param_8);
                best = param_6;
            }
        }
        uint _286 = (head + (4u * vectors)) + me;
        for (uint c = _286; c < push.cols; c += 256u)
        {
            uint2 param_9 = best;
            uint param_10 = _135.x1[x + c];
            uint param_11 = c;
            take(param_9, param_10, param_11);
            best = param_9;
        }
        uint key = simd_max(best.x);
        if (best.x == key)
        {
            _319 = best.y;
        }
        else
        {
            _319 = 4294967295u;
        }
        uint index = simd_min(_319);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        bool _329 = simd_is_first();
        if (_329)
        {
            best_of[gl_SubgroupID] = uint2(key, index);
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
        if (me == 0u)
        {
            for (uint s = 0u; s < gl_NumSubgroups; s++)
            {
                uint2 other = best_of[s];
                bool _363 = other.x > key;
                bool _378;
                if (!_363)
                {
                    bool _370 = other.x == key;
                    bool _377;
                    if (_370)
                    {
                        _377 = other.y < index;
                    }
                    else
                    {
                        _377 = _370;
                    }
                    _378 = _377;
                }
                else
                {
                    _378 = _363;
                }
                if (_378)
                {
                    key = other.x;
                    index = other.y;
                }
            }
            _390.out1[push.offset.y + r] = index;
        }
    }
}

