#pragma clang diagnostic ignored "-Wmissing-prototypes"

#include <metal_stdlib>
#include <simd/simd.h>

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
constant bool _1719 = (way == 1u);
constant bool _2023 = (way == 1u);
constant bool _2323 = (way == 3u);
constant bool _2328 = (way == 2u);
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
void load_a(thread const uint& base, thread const uint& ld, thread const bool& along_k, thread const bool& by_vectors, thread const uint& i, thread const uint& i_end, thread const uint& p, thread const uint& p_end, thread float4x4& lines, const device A4& v_298, const device A1& v_456)
{
    bool _267 = (i + 4u) <= i_end;
    bool _274;
    if (_267)
    {
        _274 = (p + 4u) <= p_end;
    }
    else
    {
        _274 = _267;
    }
    bool _all = _274;
    if ((_all && by_vectors) && along_k)
    {
        uint index = ((base + (i * ld)) + p) / 4u;
        uint _step = ld / 4u;
        float4 r0 = v_298.a4[index];
        float4 r1 = v_298.a4[index + _step];
        float4 r2 = v_298.a4[index + (2u * _step)];
        float4 r3 = v_298.a4[index + (3u * _step)];
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
            lines[0] = v_298.a4[index_1];
            lines[1] = v_298.a4[index_1 + _step_1];
            lines[2] = v_298.a4[index_1 + (2u * _step_1)];
            lines[3] = v_298.a4[index_1 + (3u * _step_1)];
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
                        line.x = v_456.a1[index_2];
                    }
                    if ((i + 1u) < i_end)
                    {
                        line.y = v_456.a1[index_2 + step_i];
                    }
                    if ((i + 2u) < i_end)
                    {
                        line.z = v_456.a1[index_2 + (2u * step_i)];
                    }
                    if ((i + 3u) < i_end)
                    {
                        line.w = v_456.a1[index_2 + (3u * step_i)];
                    }
                }
                lines[y] = line;
            }
        }
    }
}

static inline __attribute__((always_inline))
void load_b(thread const uint& base, thread const uint& ld, thread const bool& along_k, thread const bool& by_vectors, thread const uint& i, thread const uint& i_end, thread const uint& p, thread const uint& p_end, thread float4x4& lines, const device B4& v_539, const device B1& v_694)
{
    bool _508 = (i + 4u) <= i_end;
    bool _515;
    if (_508)
    {
        _515 = (p + 4u) <= p_end;
    }
    else
    {
        _515 = _508;
    }
    bool _all = _515;
    if ((_all && by_vectors) && along_k)
    {
        uint index = ((base + (i * ld)) + p) / 4u;
        uint _step = ld / 4u;
        float4 r0 = v_539.b4[index];
        float4 r1 = v_539.b4[index + _step];
        float4 r2 = v_539.b4[index + (2u * _step)];
        float4 r3 = v_539.b4[index + (3u * _step)];
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
            lines[0] = v_539.b4[index_1];
            lines[1] = v_539.b4[index_1 + _step_1];
            lines[2] = v_539.b4[index_1 + (2u * _step_1)];
            lines[3] = v_539.b4[index_1 + (3u * _step_1)];
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
                        line.x = v_694.b1[index_2];
                    }
                    if ((i + 1u) < i_end)
                    {
                        line.y = v_694.b1[index_2 + step_i];
                    }
                    if ((i + 2u) < i_end)
                    {
                        line.z = v_694.b1[index_2 + (2u * step_i)];
                    }
                    if ((i + 3u) < i_end)
                    {
                        line.w = v_694.b1[index_2 + (3u * step_i)];
                    }
                }
                lines[y] = line;
            }
        }
    }
}

static inline __attribute__((always_inline))
void put(thread const uint& base, thread const uint& i, thread const uint& j, thread const uint& count, thread const bool& by_vectors, thread float4& v, constant Push& push, device C4& v_158, device C1& v_198)
{
    uint index = (base + (i * push.ldc)) + j;
    v *= push.alpha;
    if (by_vectors && (count >= 4u))
    {
        if (push.beta != 0.0)
        {
            v += (v_158.c4[index / 4u] * push.beta);
        }
        v_158.c4[index / 4u] = v;
        return;
    }
    for (uint e = 0u; e < min(count, 4u); e++)
    {
        float value = v[e];
        if (push.beta != 0.0)
        {
            value += (push.beta * v_198.c1[index + e]);
        }
        v_198.c1[index + e] = value;
    }
}

static inline __attribute__((always_inline))
void put_block(thread const uint& base, thread const uint& i, thread const uint& j, thread const bool& by_vectors, thread const float4x4& rows, constant Push& push, device C4& v_158, device C1& v_198)
{
    for (uint y = 0u; y < 4u; y++)
    {
        bool _230 = (i + y) < push.m;
        bool _238;
        if (_230)
        {
            _238 = j < push.n;
        }
        else
        {
            _238 = _230;
        }
        if (_238)
        {
            uint param = base;
            uint param_1 = i + y;
            uint param_2 = j;
            uint param_3 = push.n - j;
            bool param_4 = by_vectors;
            float4 param_5 = rows[y];
            put(param, param_1, param_2, param_3, param_4, param_5, push, v_158, v_198);
        }
    }
}

static inline __attribute__((always_inline))
void big_tiles(constant Push& push, device C4& v_158, device C1& v_198, const device A4& v_298, const device A1& v_456, const device B4& v_539, const device B1& v_694, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, threadgroup float4 (&slice_a)[512], threadgroup float4 (&slice_b)[512])
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
    uint _1228;
    if (along_k)
    {
        _1228 = number / 4u;
    }
    else
    {
        _1228 = number % 32u;
    }
    uint load_i = 4u * _1228;
    uint _1240;
    if (along_k)
    {
        _1240 = number % 4u;
    }
    else
    {
        _1240 = number / 32u;
    }
    uint load_p = 4u * _1240;
    uint keep = (load_p * 32u) + ((load_i / 4u) ^ ((load_p / 4u) * 2u));
    uint row = me / 16u;
    uint col = me % 16u;
    uint param_9 = push.m;
    uint param_10 = 128u;
    uint tiles_m = ceil_div(param_9, param_10);
    uint param_11 = push.n;
    uint param_12 = 128u;
    uint tiles_n = ceil_div(param_11, param_12);
    uint param_13 = push.k;
    uint param_14 = 16u;
    uint slices = ceil_div(param_13, param_14);
    uint3 _1289 = push.first.xyz + gl_WorkGroupID;
    uint _1290 = _1289.z;
    float4x4 lines;
    float4x4 param_23;
    float4x4 param_32;
    for (uint g = _1290; g < push.batch; g += push.groups.z)
    {
        uint a_base = push.offset.x + (g * push.stride_a);
        uint b_base = push.offset.y + (g * push.stride_b);
        uint c_base = push.offset.z + (g * push.stride_c);
        uint3 _1329 = push.first.xyz + gl_WorkGroupID;
        uint _1330 = _1329.y;
        for (uint tile_m = _1330; tile_m < tiles_m; tile_m += push.groups.y)
        {
            uint3 _1344 = push.first.xyz + gl_WorkGroupID;
            uint _1345 = _1344.x;
            for (uint tile_n = _1345; tile_n < tiles_n; tile_n += push.groups.x)
            {
                float4x4 sums = float4x4(float4(0.0), float4(0.0), float4(0.0), float4(0.0));
                float4x4 right = float4x4(float4(0.0), float4(0.0), float4(0.0), float4(0.0));
                float4x4 below = float4x4(float4(0.0), float4(0.0), float4(0.0), float4(0.0));
                float4x4 corner = float4x4(float4(0.0), float4(0.0), float4(0.0), float4(0.0));
                for (uint s = 0u; s <= slices; s++)
                {
                    if (s > 0u)
                    {
                        threadgroup_barrier(mem_flags::mem_threadgroup);
                        for (uint y = 0u; y < 4u; y++)
                        {
                            if (loads_a)
                            {
                                slice_a[keep + (y * 32u)] = lines[y];
                            }
                            else
                            {
                                slice_b[keep + (y * 32u)] = lines[y];
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
                            load_a(param_15, param_16, param_17, param_18, param_19, param_20, param_21, param_22, param_23, v_298, v_456);
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
                            load_b(param_24, param_25, param_26, param_27, param_28, param_29, param_30, param_31, param_32, v_539, v_694);
                            lines = param_32;
                        }
                    }
                    if (s > 0u)
                    {
                        _Pragma("clang loop unroll(full)")
                        for (uint p_1 = 0u; p_1 < 16u; p_1++)
                        {
                            uint a_at = (p_1 * 32u) + (row ^ ((p_1 / 4u) * 2u));
                            uint b_at = (p_1 * 32u) + (col ^ ((p_1 / 4u) * 2u));
                            float4 a = slice_a[a_at];
                            float4 b = slice_b[b_at];
                            sums[0] += (b * a.x);
                            sums[1] += (b * a.y);
                            sums[2] += (b * a.z);
                            sums[3] += (b * a.w);
                            float4 a_below = slice_a[a_at + 16u];
                            float4 b_right = slice_b[b_at + 16u];
                            right[0] += (b_right * a.x);
                            right[1] += (b_right * a.y);
                            right[2] += (b_right * a.z);
                            right[3] += (b_right * a.w);
                            below[0] += (b * a_below.x);
                            below[1] += (b * a_below.y);
                            below[2] += (b * a_below.z);
                            below[3] += (b * a_below.w);
                            corner[0] += (b_right * a_below.x);
                            corner[1] += (b_right * a_below.y);
                            corner[2] += (b_right * a_below.z);
                            corner[3] += (b_right * a_below.w);
                        }
                    }
                }
                uint i = (tile_m * 128u) + (4u * row);
                uint j = (tile_n * 128u) + (4u * col);
                uint param_33 = c_base;
                uint param_34 = i;
                uint param_35 = j;
                bool param_36 = c_by_vectors;
                float4x4 param_37 = sums;
                put_block(param_33, param_34, param_35, param_36, param_37, push, v_158, v_198);
                uint param_38 = c_base;
                uint param_39 = i;
                uint param_40 = j + 64u;
                bool param_41 = c_by_vectors;
                float4x4 param_42 = right;
                put_block(param_38, param_39, param_40, param_41, param_42, push, v_158, v_198);
                uint param_43 = c_base;
                uint param_44 = i + 64u;
                uint param_45 = j;
                bool param_46 = c_by_vectors;
                float4x4 param_47 = below;
                put_block(param_43, param_44, param_45, param_46, param_47, push, v_158, v_198);
                uint param_48 = c_base;
                uint param_49 = i + 64u;
                uint param_50 = j + 64u;
                bool param_51 = c_by_vectors;
                float4x4 param_52 = corner;
                put_block(param_48, param_49, param_50, param_51, param_52, push, v_158, v_198);
            }
        }
    }
}

static inline __attribute__((always_inline))
void small_tiles(constant Push& push, device C4& v_158, device C1& v_198, const device A4& v_298, const device A1& v_456, const device B4& v_539, const device B1& v_694, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, threadgroup float4 (&slice_a)[512], threadgroup float4 (&slice_b)[512])
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
    uint _812;
    if (along_k)
    {
        _812 = number / 8u;
    }
    else
    {
        _812 = number % 16u;
    }
    uint load_i = 4u * _812;
    uint _826;
    if (along_k)
    {
        _826 = number % 8u;
    }
    else
    {
        _826 = number / 16u;
    }
    uint load_p = 4u * _826;
    uint keep = (load_p * 16u) + ((load_i / 4u) ^ ((load_p / 4u) * 1u));
    uint row = me / 16u;
    uint col = me % 16u;
    uint param_9 = push.m;
    uint param_10 = 64u;
    uint tiles_m = ceil_div(param_9, param_10);
    uint param_11 = push.n;
    uint param_12 = 64u;
    uint tiles_n = ceil_div(param_11, param_12);
    uint param_13 = push.k;
    uint param_14 = 32u;
    uint slices = ceil_div(param_13, param_14);
    uint3 _880 = push.first.xyz + gl_WorkGroupID;
    uint _881 = _880.z;
    float4x4 lines;
    float4x4 param_23;
    float4x4 param_32;
    for (uint g = _881; g < push.batch; g += push.groups.z)
    {
        uint a_base = push.offset.x + (g * push.stride_a);
        uint b_base = push.offset.y + (g * push.stride_b);
        uint c_base = push.offset.z + (g * push.stride_c);
        uint3 _920 = push.first.xyz + gl_WorkGroupID;
        uint _921 = _920.y;
        for (uint tile_m = _921; tile_m < tiles_m; tile_m += push.groups.y)
        {
            uint3 _935 = push.first.xyz + gl_WorkGroupID;
            uint _936 = _935.x;
            for (uint tile_n = _936; tile_n < tiles_n; tile_n += push.groups.x)
            {
                float4x4 sums = float4x4(float4(0.0), float4(0.0), float4(0.0), float4(0.0));
                for (uint s = 0u; s <= slices; s++)
                {
                    if (s > 0u)
                    {
                        threadgroup_barrier(mem_flags::mem_threadgroup);
                        for (uint y = 0u; y < 4u; y++)
                        {
                            if (loads_a)
                            {
                                slice_a[keep + (y * 16u)] = lines[y];
                            }
                            else
                            {
                                slice_b[keep + (y * 16u)] = lines[y];
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
                            load_a(param_15, param_16, param_17, param_18, param_19, param_20, param_21, param_22, param_23, v_298, v_456);
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
                            load_b(param_24, param_25, param_26, param_27, param_28, param_29, param_30, param_31, param_32, v_539, v_694);
                            lines = param_32;
                        }
                    }
                    if (s > 0u)
                    {
                        _Pragma("clang loop unroll(full)")
                        for (uint p_1 = 0u; p_1 < 32u; p_1++)
                        {
                            uint a_at = (p_1 * 16u) + (row ^ ((p_1 / 4u) * 1u));
                            uint b_at = (p_1 * 16u) + (col ^ ((p_1 / 4u) * 1u));
                            float4 a = slice_a[a_at];
                            float4 b = slice_b[b_at];
                            sums[0] += (b * a.x);
                            sums[1] += (b * a.y);
                            sums[2] += (b * a.z);
                            sums[3] += (b * a.w);
                        }
                    }
                }
                uint i = (tile_m * 64u) + (4u * row);
                uint j = (tile_n * 64u) + (4u * col);
                uint param_33 = c_base;
                uint param_34 = i;
                uint param_35 = j;
                bool param_36 = c_by_vectors;
                float4x4 param_37 = sums;
                put_block(param_33, param_34, param_35, param_36, param_37, push, v_158, v_198);
            }
        }
    }
}

static inline __attribute__((always_inline))
void vector_matrix(thread const uint& count, thread const uint& matrix, thread const uint& ld, thread const uint& vector, thread const uint& _step, thread const uint& c_base, thread const uint& c_step, constant Push& push, device C4& v_158, device C1& v_198, const device A1& v_456, const device B4& v_539, const device B1& v_694, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, threadgroup float4 (&slice_a)[512], thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID)
{
    if (_1719)
    {
        uint lane = simd_prefix_exclusive_sum(1u);
        uint lanes = simd_sum(1u);
        bool _1731 = ((matrix | ld) & 3u) == 0u;
        bool _1741;
        if (!_1731)
        {
            _1741 = ((matrix & 3u) == 0u) && (count == 1u);
        }
        else
        {
            _1741 = _1731;
        }
        bool by_vectors = _1741;
        uint _1744;
        if (by_vectors)
        {
            _1744 = push.k / 4u;
        }
        else
        {
            _1744 = 0u;
        }
        uint fours = _1744;
        uint first = ((push.first.xyz + gl_WorkGroupID).x * gl_NumSubgroups) + gl_SubgroupID;
        for (uint j = first; j < count; j += (push.groups.x * gl_NumSubgroups))
        {
            uint line = matrix + (j * ld);
            float4 sums = float4(0.0);
            for (uint i = lane; i < fours; i += lanes)
            {
                uint v = vector + ((4u * i) * _step);
                sums += (v_539.b4[(line / 4u) + i] * float4(v_456.a1[v], v_456.a1[v + _step], v_456.a1[v + (2u * _step)], v_456.a1[v + (3u * _step)]));
            }
            float sum = (sums.x + sums.y) + (sums.z + sums.w);
            uint _1848 = (4u * fours) + lane;
            for (uint p = _1848; p < push.k; p += lanes)
            {
                sum += (v_694.b1[line + p] * v_456.a1[vector + (p * _step)]);
            }
            sum = simd_sum(sum);
            if (lane == 0u)
            {
                uint param = c_base + (j * c_step);
                uint param_1 = 0u;
                uint param_2 = 0u;
                uint param_3 = 1u;
                bool param_4 = false;
                float4 param_5 = float4(sum);
                put(param, param_1, param_2, param_3, param_4, param_5, push, v_158, v_198);
            }
        }
    }
    else
    {
        uint me = gl_LocalInvocationID.x;
        uint part = me / 16u;
        uint param_6 = count;
        uint param_7 = 16u;
        uint tiles = ceil_div(param_6, param_7);
        uint3 _1920 = push.first.xyz + gl_WorkGroupID;
        uint _1921 = _1920.x;
        for (uint tile = _1921; tile < tiles; tile += push.groups.x)
        {
            uint j_1 = (tile * 16u) + (me % 16u);
            float sum_1 = 0.0;
            if (j_1 < count)
            {
                for (uint p_1 = part; p_1 < push.k; p_1 += 16u)
                {
                    sum_1 += (v_694.b1[(matrix + (p_1 * ld)) + j_1] * v_456.a1[vector + (p_1 * _step)]);
                }
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            slice_a[me] = float4(sum_1);
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if ((part == 0u) && (j_1 < count))
            {
                for (uint other = 1u; other < 16u; other++)
                {
                    sum_1 += ((threadgroup float*)&slice_a[me + (16u * other)])[0u];
                }
                uint param_8 = c_base + (j_1 * c_step);
                uint param_9 = 0u;
                uint param_10 = 0u;
                uint param_11 = 1u;
                bool param_12 = false;
                float4 param_13 = float4(sum_1);
                put(param_8, param_9, param_10, param_11, param_12, param_13, push, v_158, v_198);
            }
        }
    }
}

static inline __attribute__((always_inline))
void matrix_vector(thread const uint& count, thread const uint& matrix, thread const uint& ld, thread const uint& vector, thread const uint& _step, thread const uint& c_base, thread const uint& c_step, constant Push& push, device C4& v_158, device C1& v_198, const device A4& v_298, const device A1& v_456, const device B1& v_694, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, threadgroup float4 (&slice_a)[512], thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID)
{
    if (_2023)
    {
        uint lane = simd_prefix_exclusive_sum(1u);
        uint lanes = simd_sum(1u);
        bool _2035 = ((matrix | ld) & 3u) == 0u;
        bool _2045;
        if (!_2035)
        {
            _2045 = ((matrix & 3u) == 0u) && (count == 1u);
        }
        else
        {
            _2045 = _2035;
        }
        bool by_vectors = _2045;
        uint _2048;
        if (by_vectors)
        {
            _2048 = push.k / 4u;
        }
        else
        {
            _2048 = 0u;
        }
        uint fours = _2048;
        uint first = ((push.first.xyz + gl_WorkGroupID).x * gl_NumSubgroups) + gl_SubgroupID;
        for (uint j = first; j < count; j += (push.groups.x * gl_NumSubgroups))
        {
            uint line = matrix + (j * ld);
            float4 sums = float4(0.0);
            for (uint i = lane; i < fours; i += lanes)
            {
                uint v = vector + ((4u * i) * _step);
                sums += (v_298.a4[(line / 4u) + i] * float4(v_694.b1[v], v_694.b1[v + _step], v_694.b1[v + (2u * _step)], v_694.b1[v + (3u * _step)]));
            }
            float sum = (sums.x + sums.y) + (sums.z + sums.w);
            uint _2150 = (4u * fours) + lane;
            for (uint p = _2150; p < push.k; p += lanes)
            {
                sum += (v_456.a1[line + p] * v_694.b1[vector + (p * _step)]);
            }
            sum = simd_sum(sum);
            if (lane == 0u)
            {
                uint param = c_base + (j * c_step);
                uint param_1 = 0u;
                uint param_2 = 0u;
                uint param_3 = 1u;
                bool param_4 = false;
                float4 param_5 = float4(sum);
                put(param, param_1, param_2, param_3, param_4, param_5, push, v_158, v_198);
            }
        }
    }
    else
    {
        uint me = gl_LocalInvocationID.x;
        uint part = me / 16u;
        uint param_6 = count;
        uint param_7 = 16u;
        uint tiles = ceil_div(param_6, param_7);
        uint3 _2221 = push.first.xyz + gl_WorkGroupID;
        uint _2222 = _2221.x;
        for (uint tile = _2222; tile < tiles; tile += push.groups.x)
        {
            uint j_1 = (tile * 16u) + (me % 16u);
            float sum_1 = 0.0;
            if (j_1 < count)
            {
                for (uint p_1 = part; p_1 < push.k; p_1 += 16u)
                {
                    sum_1 += (v_456.a1[(matrix + (p_1 * ld)) + j_1] * v_694.b1[vector + (p_1 * _step)]);
                }
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            slice_a[me] = float4(sum_1);
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if ((part == 0u) && (j_1 < count))
            {
                for (uint other = 1u; other < 16u; other++)
                {
                    sum_1 += ((threadgroup float*)&slice_a[me + (16u * other)])[0u];
                }
                uint param_8 = c_base + (j_1 * c_step);
                uint param_9 = 0u;
                uint param_10 = 0u;
                uint param_11 = 1u;
                bool param_12 = false;
                float4 param_13 = float4(sum_1);
                put(param_8, param_9, param_10, param_11, param_12, param_13, push, v_158, v_198);
            }
        }
    }
}

kernel void zc_matmul(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], device void* spvBufferAliasSet0Binding3 [[buffer(3)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]])
{
    const device auto& v_298 = *(const device A4*)spvBufferAliasSet0Binding1;
    const device auto& v_539 = *(const device B4*)spvBufferAliasSet0Binding2;
    device auto& v_158 = *(device C4*)spvBufferAliasSet0Binding3;
    device auto& v_198 = *(device C1*)spvBufferAliasSet0Binding3;
    const device auto& v_456 = *(const device A1*)spvBufferAliasSet0Binding1;
    const device auto& v_694 = *(const device B1*)spvBufferAliasSet0Binding2;
    threadgroup float4 slice_a[512];
    threadgroup float4 slice_b[512];
    if (_2323)
    {
        big_tiles(push, v_158, v_198, v_298, v_456, v_539, v_694, gl_LocalInvocationID, gl_WorkGroupID, slice_a, slice_b);
        return;
    }
    if (_2328)
    {
        small_tiles(push, v_158, v_198, v_298, v_456, v_539, v_694, gl_LocalInvocationID, gl_WorkGroupID, slice_a, slice_b);
        return;
    }
    uint3 _2338 = push.first.xyz + gl_WorkGroupID;
    uint _2339 = _2338.z;
    uint _2381;
    uint _2407;
    for (uint g = _2339; g < push.batch; g += push.groups.z)
    {
        uint a = push.offset.x + (g * push.stride_a);
        uint b = push.offset.y + (g * push.stride_b);
        uint c = push.offset.z + (g * push.stride_c);
        if (push.m == 1u)
        {
            if (push.transpose_a != 0u)
            {
                _2381 = push.lda;
            }
            else
            {
                _2381 = 1u;
            }
            uint param = push.n;
            uint param_1 = b;
            uint param_2 = push.ldb;
            uint param_3 = a;
            uint param_4 = _2381;
            uint param_5 = c;
            uint param_6 = 1u;
            vector_matrix(param, param_1, param_2, param_3, param_4, param_5, param_6, push, v_158, v_198, v_456, v_539, v_694, gl_LocalInvocationID, gl_WorkGroupID, slice_a, gl_NumSubgroups, gl_SubgroupID);
        }
        else
        {
            if (push.transpose_b != 0u)
            {
                _2407 = 1u;
            }
            else
            {
                _2407 = push.ldb;
            }
            uint param_7 = push.m;
            uint param_8 = a;
            uint param_9 = push.lda;
            uint param_10 = b;
            uint param_11 = _2407;
            uint param_12 = c;
            uint param_13 = push.ldc;
            matrix_vector(param_7, param_8, param_9, param_10, param_11, param_12, param_13, push, v_158, v_198, v_298, v_456, v_694, gl_LocalInvocationID, gl_WorkGroupID, slice_a, gl_NumSubgroups, gl_SubgroupID);
        }
    }
}

