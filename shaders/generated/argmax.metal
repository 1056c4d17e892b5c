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

struct Workspace
{
    uint2 found[1];
};

constant uint way_tmp [[function_constant(0)]];
constant uint way = is_function_constant_defined(way_tmp) ? way_tmp : 0u;
constant bool _652 = (way != 2u);
constant bool _708 = (way == 1u);

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
uint4 partial_block(thread const uint& start, thread const uint& skip, thread const uint& count, thread const uint& i, const device X1& v_172)
{
    uint4 v = uint4(4286578688u);
    _Pragma("clang loop unroll(full)")
    for (uint e = 0u; e < 4u; e++)
    {
        if ((((4u * i) + e) - skip) < count)
        {
            v[e] = v_172.x1[(start + (4u * i)) + e];
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
    bool _230 = simd_is_first();
    if (_230)
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
uint greatest(thread const uint& x, thread const uint& count, const device X1& v_172, threadgroup int2 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, const device X4& v_331)
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
        uint4 param_5 = partial_block(param, param_1, param_2, param_3, v_172);
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
            v[y] = v_331.x4[((start / 4u) + i) + (y * 256u)];
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
        uint4 param_11 = v_331.x4[(start / 4u) + i];
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
        uint4 param_18 = partial_block(param_13, param_14, param_15, param_16, v_172);
        uint param_19 = i;
        take(param_17, param_18, param_19);
        best = param_17;
    }
    int key = max(max(best.key.x, best.key.y), max(best.key.z, best.key.w));
    uint size = max(max(best.size.x, best.size.y), max(best.size.z, best.size.w));
    key = simd_max(key);
    size = simd_max(size);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _445 = simd_is_first();
    if (_445)
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
            bool _508 = best.key[e] == key;
            bool _515;
            if (_508)
            {
                _515 = best.block[e] != 4294967295u;
            }
            else
            {
                _515 = _508;
            }
            if (_515)
            {
                index = min(index, (((4u * best.block[e]) + e) - skip));
            }
        }
    }
    else
    {
        bool _552;
        for (uint c = me; (c < count) && (index == 4294967295u); c += 256u)
        {
            uint bits = v_172.x1[x + c] & 2147483647u;
            if (nan)
            {
                _552 = bits > 2139095040u;
            }
            else
            {
                _552 = bits == 0u;
            }
            if (_552)
            {
                index = c;
            }
        }
    }
    uint param_20 = index;
    uint _568 = group_min(param_20, best_of, gl_SubgroupID, gl_NumSubgroups);
    return min(_568, (count - 1u));
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
    uint _77;
    if ((bits & 2147483648u) != 0u)
    {
        _77 = ~bits;
    }
    else
    {
        _77 = bits ^ 2147483648u;
    }
    return _77;
}

static inline __attribute__((always_inline))
void find_in_share(thread const uint& r, thread const uint& share, const device X1& v_172, threadgroup int2 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, const device X4& v_331, constant Push& push, device Workspace& v_633)
{
    uint param = push.cols;
    uint shares = shares_of(param);
    uint each = push.cols / shares;
    uint more = push.cols % shares;
    uint first = (share * each) + min(share, more);
    uint x = (push.offset.x + (r * push.ldx)) + first;
    uint param_1 = x;
    uint param_2 = each + uint(share < more);
    uint _623 = greatest(param_1, param_2, v_172, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, v_331);
    uint index = _623;
    if (gl_LocalInvocationID.x == 0u)
    {
        uint param_3 = v_172.x1[x + index];
        v_633.found[(r * 256u) + share] = uint2(order_of(param_3), first + index);
    }
}

static inline __attribute__((always_inline))
uint group_max(thread uint& value, threadgroup int2 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups)
{
    value = simd_max(value);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    bool _193 = simd_is_first();
    if (_193)
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
uint greatest_of_row(thread const uint& r, const device X1& v_172, threadgroup int2 (&best_of)[256], thread uint& gl_SubgroupID, thread uint& gl_NumSubgroups, thread uint3& gl_LocalInvocationID, const device X4& v_331, constant Push& push, device Workspace& v_633)
{
    if (_652)
    {
        uint param = push.offset.x + (r * push.ldx);
        uint param_1 = push.cols;
        uint _666 = greatest(param, param_1, v_172, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, v_331);
        return _666;
    }
    uint me = gl_LocalInvocationID.x;
    uint2 mine = uint2(0u, 4294967295u);
    uint param_2 = push.cols;
    if (me < shares_of(param_2))
    {
        mine = v_633.found[(r * 256u) + me];
    }
    uint param_3 = mine.x;
    uint _692 = group_max(param_3, best_of, gl_SubgroupID, gl_NumSubgroups);
    uint key = _692;
    uint _697;
    if (mine.x == key)
    {
        _697 = mine.y;
    }
    else
    {
        _697 = 4294967295u;
    }
    uint param_4 = _697;
    uint _705 = group_min(param_4, best_of, gl_SubgroupID, gl_NumSubgroups);
    return _705;
}

kernel void zc_argmax(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], device Out1& _758 [[buffer(2)]], device Workspace& v_633 [[buffer(3)]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]])
{
    const device auto& v_172 = *(const device X1*)spvBufferAliasSet0Binding1;
    const device auto& v_331 = *(const device X4*)spvBufferAliasSet0Binding1;
    threadgroup int2 best_of[256];
    if (_708)
    {
        uint param = (push.first.xyz + gl_WorkGroupID).y;
        uint param_1 = (push.first.xyz + gl_WorkGroupID).x;
        find_in_share(param, param_1, v_172, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, v_331, push, v_633);
        return;
    }
    uint3 _734 = push.first.xyz + gl_WorkGroupID;
    uint _735 = _734.x;
    for (uint r = _735; r < push.rows; r += push.groups.x)
    {
        uint param_2 = r;
        uint _749 = greatest_of_row(param_2, v_172, best_of, gl_SubgroupID, gl_NumSubgroups, gl_LocalInvocationID, v_331, push, v_633);
        uint index = _749;
        if (gl_LocalInvocationID.x == 0u)
        {
            _758.out1[push.offset.y + r] = index;
        }
    }
}

