#pragma clang diagnostic ignored "-Wmissing-prototypes"

#include <metal_stdlib>
#include <simd/simd.h>
#include <metal_simdgroup_matrix>

using namespace metal;

struct Push
{
    uint4 offset;
    uint4 first;
    uint4 groups;
    uint m;
    uint n;
    uint k;
    uint batch;
    uint lda;
    uint ldb;
    uint ldc;
    uint stride_a;
    uint stride_b;
    uint stride_c;
    uint transpose_a;
    uint transpose_b;
    float alpha;
    float beta;
};

struct C4
{
    float4 c4[1];
};

struct C1
{
    float c1[1];
};

struct A4
{
    float4 a4[1];
};

struct A1
{
    float a1[1];
};

struct B4
{
    float4 b4[1];
};

struct B1
{
    float b1[1];
};

constant uint way_tmp [[function_constant(0)]];
constant uint way = is_function_constant_defined(way_tmp) ? way_tmp : 0u;
constant bool _1769 = (way == 5u);
constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
bool vectors(thread const uint& offset, thread const uint& ld, thread const uint& stride, constant Push& push)
{
    return (((offset | ld) | ((push.batch > 1u) ? stride : 0u)) & 3u) == 0u;
}

static inline __attribute__((always_inline))
uint ceil_div(thread const uint& a, thread const uint& b)
{
    return (a / b) + uint((a % b) != 0u);
}

static inline __attribute__((always_inline))
void load_a(thread const uint& base, thread const uint& ld, thread const bool& along_k, thread const bool& by_vectors, thread const uint& i, thread const uint& i_end, thread const uint& p, thread const uint& p_end, thread float4x4& lines, const device A4& _224, const device A1& _383)
{
    bool _193 = (i + 4u) <= i_end;
    bool _200;
    if (_193)
    {
        _200 = (p + 4u) <= p_end;
    }
    else
    {
        _200 = _193;
    }
    bool _all = _200;
    if ((_all && by_vectors) && along_k)
    {
        uint index = ((base + (i * ld)) + p) / 4u;
        uint _step = ld / 4u;
        float4 r0 = _224.a4[index];
        float4 r1 = _224.a4[index + _step];
        float4 r2 = _224.a4[index + (2u * _step)];
        float4 r3 = _224.a4[index + (3u * _step)];
        lines[0] = float4(r0.x, r1.x, r2.x, r3.x);
        lines[1] = float4(r0.y, r1.y, r2.y, r3.y);
        lines[2] = float4(r0.z, r1.z, r2.z, r3.z);
        lines[3] = float4(r0.w, r1.w, r2.w, r3.w);
    }
    else
    {
        if (_all && by_vectors)
        {
            uint index_1 = ((base + (p * ld)) + i) / 4u;
            uint _step_1 = ld / 4u;
            lines[0] = _224.a4[index_1];
            lines[1] = _224.a4[index_1 + _step_1];
            lines[2] = _224.a4[index_1 + (2u * _step_1)];
            lines[3] = _224.a4[index_1 + (3u * _step_1)];
        }
        else
        {
            uint step_i = along_k ? ld : 1u;
            uint step_p = along_k ? 1u : ld;
            uint corner = (base + (i * step_i)) + (p * step_p);
            for (uint y = 0u; y < 4u; y++)
            {
                float4 line = float4(0.0);
                uint index_2 = corner + (y * step_p);
                if ((p + y) < p_end)
                {
                    if (i < i_end)
                    {
                        line.x = _383.a1[index_2];
                    }
                    if ((i + 1u) < i_end)
                    {
                        line.y = _383.a1[index_2 + step_i];
                    }
                    if ((i + 2u) < i_end)
                    {
                        line.z = _383.a1[index_2 + (2u * step_i)];
                    }
                    if ((i + 3u) < i_end)
                    {
                        line.w = _383.a1[index_2 + (3u * step_i)];
                    }
                }
                lines[y] = line;
            }
        }
    }
}

static inline __attribute__((always_inline))
void load_b(thread const uint& base, thread const uint& ld, thread const bool& along_k, thread const bool& by_vectors, thread const uint& i, thread const uint& i_end, thread const uint& p, thread const uint& p_end, thread float4x4& lines, const device B4& _466, const device B1& _621)
{
    bool _435 = (i + 4u) <= i_end;
    bool _442;
    if (_435)
    {
        _442 = (p + 4u) <= p_end;
    }
    else
    {
        _442 = _435;
    }
    bool _all = _442;
    if ((_all && by_vectors) && along_k)
    {
        uint index = ((base + (i * ld)) + p) / 4u;
        uint _step = ld / 4u;
        float4 r0 = _466.b4[index];
        float4 r1 = _466.b4[index + _step];
        float4 r2 = _466.b4[index + (2u * _step)];
        float4 r3 = _466.b4[index + (3u * _step)];
        lines[0] = float4(r0.x, r1.x, r2.x, r3.x);
        lines[1] = float4(r0.y, r1.y, r2.y, r3.y);
        lines[2] = float4(r0.z, r1.z, r2.z, r3.z);
        lines[3] = float4(r0.w, r1.w, r2.w, r3.w);
    }
    else
    {
        if (_all && by_vectors)
        {
            uint index_1 = ((base + (p * ld)) + i) / 4u;
            uint _step_1 = ld / 4u;
            lines[0] = _466.b4[index_1];
            lines[1] = _466.b4[index_1 + _step_1];
            lines[2] = _466.b4[index_1 + (2u * _step_1)];
            lines[3] = _466.b4[index_1 + (3u * _step_1)];
        }
        else
        {
            uint step_i = along_k ? ld : 1u;
            uint step_p = along_k ? 1u : ld;
            uint corner = (base + (i * step_i)) + (p * step_p);
            for (uint y = 0u; y < 4u; y++)
            {
                float4 line = float4(0.0);
                uint index_2 = corner + (y * step_p);
                if ((p + y) < p_end)
                {
                    if (i < i_end)
                    {
                        line.x = _621.b1[index_2];
                    }
                    if ((i + 1u) < i_end)
                    {
                        line.y = _621.b1[index_2 + step_i];
                    }
                    if ((i + 2u) < i_end)
                    {
                        line.z = _621.b1[index_2 + (2u * step_i)];
                    }
                    if ((i + 3u) < i_end)
                    {
                        line.w = _621.b1[index_2 + (3u * step_i)];
                    }
                }
                lines[y] = line;
            }
        }
    }
}

static inline __attribute__((always_inline))
void put(thread const uint& base, thread const uint& i, thread const uint& j, thread const uint& count, thread const bool& by_vectors, thread float4& v, constant Push& push, device C4& _131, device C1& _171)
{
    uint index = (base + (i * push.ldc)) + j;
    v *= push.alpha;
    if (by_vectors && (count >= 4u))
    {
        if (push.beta != 0.0)
        {
            v += (_131.c4[index / 4u] * push.beta);
        }
        _131.c4[index / 4u] = v;
        return;
    }
    for (uint e = 0u; e < min(count, 4u); e++)
    {
        float value = v[e];
        if (push.beta != 0.0)
        {
            value += (push.beta * _171.c1[index + e]);
        }
        _171.c1[index + e] = value;
    }
}

static inline __attribute__((always_inline))
void big_tiles(constant Push& push, device C4& _131, device C1& _171, const device A4& _224, const device A1& _383, const device B4& _466, const device B1& _621, thread uint3& gl_LocalInvocationID, thread uint& gl_SubgroupID, thread uint3& gl_WorkGroupID, threadgroup float4 (&slice_a)[544], threadgroup float4 (&slice_b)[544], thread uint& gl_SubgroupInvocationID)
{
    uint me = gl_LocalInvocationID.x;
    uint param = push.offset.x;
    uint param_1 = push.lda;
    uint param_2 = push.stride_a;
    bool a_by_vectors = vectors(param, param_1, param_2, push);
    uint param_3 = push.offset.y;
    uint param_4 = push.ldb;
    uint param_5 = push.stride_b;
    bool b_by_vectors = vectors(param_3, param_4, param_5, push);
    uint param_6 = push.offset.z;
    uint param_7 = push.ldc;
    uint param_8 = push.stride_c;
    bool c_by_vectors = vectors(param_6, param_7, param_8, push);
    bool a_along_k = push.transpose_a == 0u;
    bool b_along_k = push.transpose_b != 0u;
    bool loads_a = me < 128u;
    bool along_k = loads_a ? a_along_k : b_along_k;
    uint number = me & 127u;
    uint _1294;
    if (along_k)
    {
        _1294 = number / 4u;
    }
    else
    {
        _1294 = number % 32u;
    }
    uint load_i = 4u * _1294;
    uint _1306;
    if (along_k)
    {
        _1306 = number % 4u;
    }
    else
    {
        _1306 = number / 32u;
    }
    uint load_p = 4u * _1306;
    uint keep = (load_p * 33u) + ((load_i / 4u) ^ 0u);
    uint down = (gl_SubgroupID / 4u) * 64u;
    uint right = (gl_SubgroupID % 4u) * 32u;
    uint param_9 = push.m;
    uint param_10 = 128u;
    uint tiles_m = ceil_div(param_9, param_10);
    uint param_11 = push.n;
    uint param_12 = 128u;
    uint tiles_n = ceil_div(param_11, param_12);
    uint param_13 = push.k;
    uint param_14 = 16u;
    uint slices = ceil_div(param_13, param_14);
    uint3 _1355 = push.first.xyz + gl_WorkGroupID;
    uint _1356 = _1355.z;
    simdgroup_float8x8 sums[32];
    float4x4 lines;
    float4x4 param_23;
    float4x4 param_32;
    simdgroup_float8x8 b[4];
    for (uint g = _1356; g < push.batch; g += push.groups.z)
    {
        uint a_base = push.offset.x + (g * push.stride_a);
        uint b_base = push.offset.y + (g * push.stride_b);
        uint c_base = push.offset.z + (g * push.stride_c);
        uint3 _1395 = push.first.xyz + gl_WorkGroupID;
        uint _1396 = _1395.y;
        for (uint tile_m = _1396; tile_m < tiles_m; tile_m += push.groups.y)
        {
            uint3 _1410 = push.first.xyz + gl_WorkGroupID;
            uint _1411 = _1410.x;
            for (uint tile_n = _1411; tile_n < tiles_n; tile_n += push.groups.x)
            {
                _Pragma("clang loop unroll(full)")
                for (uint i = 0u; i < 32u; i++)
                {
                    sums[i] = simdgroup_float8x8(0.0);
                }
                for (uint s = 0u; s <= slices; s++)
                {
                    if (s > 0u)
                    {
                        threadgroup_barrier(mem_flags::mem_threadgroup);
                        for (uint y = 0u; y < 4u; y++)
                        {
                            if (loads_a)
                            {
                                slice_a[keep + (y * 33u)] = lines[y];
                            }
                            else
                            {
                                slice_b[keep + (y * 33u)] = lines[y];
                            }
                        }
                        threadgroup_barrier(mem_flags::mem_threadgroup);
                    }
                    if (s < slices)
                    {
                        uint p = (s * 16u) + load_p;
                        if (loads_a)
                        {
                            uint param_15 = a_base;
                            uint param_16 = push.lda;
                            bool param_17 = a_along_k;
                            bool param_18 = a_by_vectors;
                            uint param_19 = (tile_m * 128u) + load_i;
                            uint param_20 = push.m;
                            uint param_21 = p;
                            uint param_22 = push.k;
                            load_a(param_15, param_16, param_17, param_18, param_19, param_20, param_21, param_22, param_23, _224, _383);
                            lines = param_23;
                        }
                        else
                        {
                            uint param_24 = b_base;
                            uint param_25 = push.ldb;
                            bool param_26 = b_along_k;
                            bool param_27 = b_by_vectors;
                            uint param_28 = (tile_n * 128u) + load_i;
                            uint param_29 = push.n;
                            uint param_30 = p;
                            uint param_31 = push.k;
                            load_b(param_24, param_25, param_26, param_27, param_28, param_29, param_30, param_31, param_32, _466, _621);
                            lines = param_32;
                        }
                    }
                    if (s > 0u)
                    {
                        _Pragma("clang loop unroll(full)")
                        for (uint p_1 = 0u; p_1 < 16u; p_1 += 8u)
                        {
                            _Pragma("clang loop unroll(full)")
                            for (uint j = 0u; j < 4u; j++)
                            {
                                simdgroup_float8x8 _1581;
                                simdgroup_load(_1581, reinterpret_cast<threadgroup float*>(&slice_b[((p_1 * 33u) + (right / 4u)) + (2u * j)]), (33u) * 4u);
                                simdgroup_float8x8 tempArg = _1581;
                                b[j] = tempArg;
                            }
                            _Pragma("clang loop unroll(full)")
                            for (uint i_1 = 0u; i_1 < 8u; i_1++)
                            {
                                simdgroup_float8x8 _1616;
                                simdgroup_load(_1616, reinterpret_cast<threadgroup float*>(&slice_a[((p_1 * 33u) + (down / 4u)) + (2u * i_1)]), (33u) * 4u, ulong2(0), true);
                                simdgroup_float8x8 tempArg_1 = _1616;
                                simdgroup_float8x8 a = tempArg_1;
                                _Pragma("clang loop unroll(full)")
                                for (uint j_1 = 0u; j_1 < 4u; j_1++)
                                {
                                    simdgroup_float8x8 _1641;
                                    simdgroup_multiply_accumulate(_1641, a, b[j_1], sums[(i_1 * 4u) + j_1]);
                                    sums[(i_1 * 4u) + j_1] = _1641;
                                }
                            }
                        }
                    }
                }
                threadgroup_barrier(mem_flags::mem_threadgroup);
                uint base = gl_SubgroupID * 64u;
                uint lane = gl_SubgroupInvocationID;
                _Pragma("clang loop unroll(full)")
                for (uint i_2 = 0u; i_2 < 8u; i_2++)
                {
                    _Pragma("clang loop unroll(full)")
                    for (uint j_2 = 0u; j_2 < 4u; j_2++)
                    {
                        simdgroup_store(sums[(i_2 * 4u) + j_2], reinterpret_cast<threadgroup float*>(&slice_a[base + (2u * j_2)]), (8u) * 4u);
                    }
                    simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
                    _Pragma("clang loop unroll(disable)")
                    for (uint t = lane; t < 64u; t += 32u)
                    {
                        uint r = (((tile_m * 128u) + down) + (8u * i_2)) + (t / 8u);
                        uint j_3 = ((tile_n * 128u) + right) + (4u * (t % 8u));
                        bool _1721 = r < push.m;
                        bool _1728;
                        if (_1721)
                        {
                            _1728 = j_3 < push.n;
                        }
                        else
                        {
                            _1728 = _1721;
                        }
                        if (_1728)
                        {
                            uint param_33 = c_base;
                            uint param_34 = r;
                            uint param_35 = j_3;
                            uint param_36 = push.n - j_3;
                            bool param_37 = c_by_vectors;
                            float4 param_38 = slice_a[base + t];
                            put(param_33, param_34, param_35, param_36, param_37, param_38, push, _131, _171);
                        }
                    }
                    simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
                }
            }
        }
    }
}

static inline __attribute__((always_inline))
void small_tiles(constant Push& push, device C4& _131, device C1& _171, const device A4& _224, const device A1& _383, const device B4& _466, const device B1& _621, thread uint3& gl_LocalInvocationID, thread uint& gl_SubgroupID, thread uint3& gl_WorkGroupID, threadgroup float4 (&slice_a)[544], threadgroup float4 (&slice_b)[544], thread uint& gl_SubgroupInvocationID)
{
    uint me = gl_LocalInvocationID.x;
    uint param = push.offset.x;
    uint param_1 = push.lda;
    uint param_2 = push.stride_a;
    bool a_by_vectors = vectors(param, param_1, param_2, push);
    uint param_3 = push.offset.y;
    uint param_4 = push.ldb;
    uint param_5 = push.stride_b;
    bool b_by_vectors = vectors(param_3, param_4, param_5, push);
    uint param_6 = push.offset.z;
    uint param_7 = push.ldc;
    uint param_8 = push.stride_c;
    bool c_by_vectors = vectors(param_6, param_7, param_8, push);
    bool a_along_k = push.transpose_a == 0u;
    bool b_along_k = push.transpose_b != 0u;
    bool loads_a = me < 128u;
    bool along_k = loads_a ? a_along_k : b_along_k;
    uint number = me & 127u;
    uint _739;
    if (along_k)
    {
        _739 = number / 8u;
    }
    else
    {
        _739 = number % 16u;
    }
    uint load_i = 4u * _739;
    uint _753;
    if (along_k)
    {
        _753 = number % 8u;
    }
    else
    {
        _753 = number / 16u;
    }
    uint load_p = 4u * _753;
    uint keep = (load_p * 17u) + ((load_i / 4u) ^ 0u);
    uint down = (gl_SubgroupID / 4u) * 32u;
    uint right = (gl_SubgroupID % 4u) * 16u;
    uint param_9 = push.m;
    uint param_10 = 64u;
    uint tiles_m = ceil_div(param_9, param_10);
    uint param_11 = push.n;
    uint param_12 = 64u;
    uint tiles_n = ceil_div(param_11, param_12);
    uint param_13 = push.k;
    uint param_14 = 32u;
    uint slices = ceil_div(param_13, param_14);
    uint3 _809 = push.first.xyz + gl_WorkGroupID;
    uint _810 = _809.z;
    simdgroup_float8x8 sums[8];
    float4x4 lines;
    float4x4 param_23;
    float4x4 param_32;
    simdgroup_float8x8 b[2];
    for (uint g = _810; g < push.batch; g += push.groups.z)
    {
        uint a_base = push.offset.x + (g * push.stride_a);
        uint b_base = push.offset.y + (g * push.stride_b);
        uint c_base = push.offset.z + (g * push.stride_c);
        uint3 _849 = push.first.xyz + gl_WorkGroupID;
        uint _850 = _849.y;
        for (uint tile_m = _850; tile_m < tiles_m; tile_m += push.groups.y)
        {
            uint3 _864 = push.first.xyz + gl_WorkGroupID;
            uint _865 = _864.x;
            for (uint tile_n = _865; tile_n < tiles_n; tile_n += push.groups.x)
            {
                _Pragma("clang loop unroll(full)")
                for (uint i = 0u; i < 8u; i++)
                {
                    sums[i] = simdgroup_float8x8(0.0);
                }
                for (uint s = 0u; s <= slices; s++)
                {
                    if (s > 0u)
                    {
                        threadgroup_barrier(mem_flags::mem_threadgroup);
                        for (uint y = 0u; y < 4u; y++)
                        {
                            if (loads_a)
                            {
                                slice_a[keep + (y * 17u)] = lines[y];
                            }
                            else
                            {
                                slice_b[keep + (y * 17u)] = lines[y];
                            }
                        }
                        threadgroup_barrier(mem_flags::mem_threadgroup);
                    }
                    if (s < slices)
                    {
                        uint p = (s * 32u) + load_p;
                        if (loads_a)
                        {
                            uint param_15 = a_base;
                            uint param_16 = push.lda;
                            bool param_17 = a_along_k;
                            bool param_18 = a_by_vectors;
                            uint param_19 = (tile_m * 64u) + load_i;
                            uint param_20 = push.m;
                            uint param_21 = p;
                            uint param_22 = push.k;
                            load_a(param_15, param_16, param_17, param_18, param_19, param_20, param_21, param_22, param_23, _224, _383);
                            lines = param_23;
                        }
                        else
                        {
                            uint param_24 = b_base;
                            uint param_25 = push.ldb;
                            bool param_26 = b_along_k;
                            bool param_27 = b_by_vectors;
                            uint param_28 = (tile_n * 64u) + load_i;
                            uint param_29 = push.n;
                            uint param_30 = p;
                            uint param_31 = push.k;
                            load_b(param_24, param_25, param_26, param_27, param_28, param_29, param_30, param_31, param_32, _466, _621);
                            lines = param_32;
                        }
                    }
                    if (s > 0u)
                    {
                        _Pragma("clang loop unroll(full)")
                        for (uint p_1 = 0u; p_1 < 32u; p_1 += 8u)
                        {
                            _Pragma("clang loop unroll(full)")
                            for (uint j = 0u; j < 2u; j++)
                            {
                                simdgroup_float8x8 _1047;
                                simdgroup_load(_1047, reinterpret_cast<threadgroup float*>(&slice_b[((p_1 * 17u) + (right / 4u)) + (2u * j)]), (17u) * 4u);
                                simdgroup_float8x8 tempArg = _1047;
                                b[j] = tempArg;
                            }
                            _Pragma("clang loop unroll(full)")
                            for (uint i_1 = 0u; i_1 < 4u; i_1++)
                            {
                                simdgroup_float8x8 _1084;
                                simdgroup_load(_1084, reinterpret_cast<threadgroup float*>(&slice_a[((p_1 * 17u) + (down / 4u)) + (2u * i_1)]), (17u) * 4u, ulong2(0), true);
                                simdgroup_float8x8 tempArg_1 = _1084;
                                simdgroup_float8x8 a = tempArg_1;
                                _Pragma("clang loop unroll(full)")
                                for (uint j_1 = 0u; j_1 < 2u; j_1++)
                                {
                                    simdgroup_float8x8 _1109;
                                    simdgroup_multiply_accumulate(_1109, a, b[j_1], sums[(i_1 * 2u) + j_1]);
                                    sums[(i_1 * 2u) + j_1] = _1109;
                                }
                            }
                        }
                    }
                }
                threadgroup_barrier(mem_flags::mem_threadgroup);
                uint base = gl_SubgroupID * 32u;
                uint lane = gl_SubgroupInvocationID;
                _Pragma("clang loop unroll(full)")
                for (uint i_2 = 0u; i_2 < 4u; i_2++)
                {
                    _Pragma("clang loop unroll(full)")
                    for (uint j_2 = 0u; j_2 < 2u; j_2++)
                    {
                        simdgroup_store(sums[(i_2 * 2u) + j_2], reinterpret_cast<threadgroup float*>(&slice_a[base + (2u * j_2)]), (4u) * 4u);
                    }
                    simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
                    _Pragma("clang loop unroll(disable)")
                    for (uint t = lane; t < 32u; t += 32u)
                    {
                        uint r = (((tile_m * 64u) + down) + (8u * i_2)) + (t / 4u);
                        uint j_3 = ((tile_n * 64u) + right) + (4u * (t % 4u));
                        bool _1191 = r < push.m;
                        bool _1198;
                        if (_1191)
                        {
                            _1198 = j_3 < push.n;
                        }
                        else
                        {
                            _1198 = _1191;
                        }
                        if (_1198)
                        {
                            uint param_33 = c_base;
                            uint param_34 = r;
                            uint param_35 = j_3;
                            uint param_36 = push.n - j_3;
                            bool param_37 = c_by_vectors;
                            float4 param_38 = slice_a[base + t];
                            put(param_33, param_34, param_35, param_36, param_37, param_38, push, _131, _171);
                        }
                    }
                    simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);
                }
            }
        }
    }
}

kernel void zc_matmul_matrix(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], device void* spvBufferAliasSet0Binding3 [[buffer(3)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint gl_SubgroupInvocationID [[thread_index_in_simdgroup]])
{
    const device auto& _224 = *(const device A4*)spvBufferAliasSet0Binding1;
    const device auto& _466 = *(const device B4*)spvBufferAliasSet0Binding2;
    device auto& _131 = *(device C4*)spvBufferAliasSet0Binding3;
    device auto& _171 = *(device C1*)spvBufferAliasSet0Binding3;
    const device auto& _383 = *(const device A1*)spvBufferAliasSet0Binding1;
    const device auto& _621 = *(const device B1*)spvBufferAliasSet0Binding2;
    threadgroup float4 slice_a[544];
    threadgroup float4 slice_b[544];
    if (_1769)
    {
        big_tiles(push, _131, _171, _224, _383, _466, _621, gl_LocalInvocationID, gl_SubgroupID, gl_WorkGroupID, slice_a, slice_b, gl_SubgroupInvocationID);
    }
    else
    {
        small_tiles(push, _131, _171, _224, _383, _466, _621, gl_LocalInvocationID, gl_SubgroupID, gl_WorkGroupID, slice_a, slice_b, gl_SubgroupInvocationID);
    }
}

