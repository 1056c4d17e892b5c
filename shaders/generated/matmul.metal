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

constant uint3 gl_WorkGroupSize [[maybe_unused]] = uint3(256u, 1u, 1u);

static inline __attribute__((always_inline))
uint ceil_div(thread const uint& a, thread const uint& b)
{
    return (a / b) + uint((a % b) != 0u);
}

static inline __attribute__((always_inline))
bool big_tiles(constant Push& push)
{
    uint param = push.m;
    uint param_1 = 128u;
    uint rows = min(ceil_div(param, param_1), 1024u);
    uint param_2 = push.n;
    uint param_3 = 128u;
    uint cols = min(ceil_div(param_2, param_3), 1024u);
    return ((rows * cols) * min(push.batch, 1024u)) >= 96u;
}

static inline __attribute__((always_inline))
bool vectors(thread const uint& offset, thread const uint& ld, thread const uint& stride, constant Push& push)
{
    return (((offset | ld) | ((push.batch > 1u) ? stride : 0u)) & 3u) == 0u;
}

static inline __attribute__((always_inline))
void load_a(thread const uint& base, thread const uint& ld, thread const bool& along_k, thread const bool& by_vectors, thread const uint& i, thread const uint& i_end, thread const uint& p, thread const uint& p_end, thread float4x4& lines, const device A4& v_330, const device A1& v_488)
{
    bool _299 = (i + 4u) <= i_end;
    bool _306;
    if (_299)
    {
        _306 = (p + 4u) <= p_end;
    }
    else
    {
        _306 = _299;
    }
    bool _all = _306;
    if ((_all && by_vectors) && along_k)
    {
        uint index = ((base + (i * ld)) + p) / 4u;
        uint _step = ld / 4u;
        float4 r0 = v_330.a4[index];
        float4 r1 = v_330.a4[index + _step];
        float4 r2 = v_330.a4[index + (2u * _step)];
        float4 r3 = v_330.a4[index + (3u * _step)];
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
            lines[0] = v_330.a4[index_1];
            lines[1] = v_330.a4[index_1 + _step_1];
            lines[2] = v_330.a4[index_1 + (2u * _step_1)];
            lines[3] = v_330.a4[index_1 + (3u * _step_1)];
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
                        line.x = v_488.a1[index_2];
                    }
                    if ((i + 1u) < i_end)
                    {
                        line.y = v_488.a1[index_2 + step_i];
                    }
                    if ((i + 2u) < i_end)
                    {
                        line.z = v_488.a1[index_2 + (2u * step_i)];
                    }
                    if ((i + 3u) < i_end)
                    {
                        line.w = v_488.a1[index_2 + (3u * step_i)];
                    }
                }
                lines[y] = line;
            }
        }
    }
}

static inline __attribute__((always_inline))
void load_b(thread const uint& base, thread const uint& ld, thread const bool& along_k, thread const bool& by_vectors, thread const uint& i, thread const uint& i_end, thread const uint& p, thread const uint& p_end, thread float4x4& lines, const device B4& v_571, const device B1& v_726)
{
    bool _540 = (i + 4u) <= i_end;
    bool _547;
    if (_540)
    {
        _547 = (p + 4u) <= p_end;
    }
    else
    {
        _547 = _540;
    }
    bool _all = _547;
    if ((_all && by_vectors) && along_k)
    {
        uint index = ((base + (i * ld)) + p) / 4u;
        uint _step = ld / 4u;
        float4 r0 = v_571.b4[index];
        float4 r1 = v_571.b4[index + _step];
        float4 r2 = v_571.b4[index + (2u * _step)];
        float4 r3 = v_571.b4[index + (3u * _step)];
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
            lines[0] = v_571.b4[index_1];
            lines[1] = v_571.b4[index_1 + _step_1];
            lines[2] = v_571.b4[index_1 + (2u * _step_1)];
            lines[3] = v_571.b4[index_1 + (3u * _step_1)];
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
                        line.x = v_726.b1[index_2];
                    }
                    if ((i + 1u) < i_end)
                    {
                        line.y = v_726.b1[index_2 + step_i];
                    }
                    if ((i + 2u) < i_end)
                    {
                        line.z = v_726.b1[index_2 + (2u * step_i)];
                    }
                    if ((i + 3u) < i_end)
                    {
                        line.w = v_726.b1[index_2 + (3u * step_i)];
                    }
                }
                lines[y] = line;
            }
        }
    }
}

static inline __attribute__((always_inline))
void put(thread const uint& base, thread const uint& i, thread const uint& j, thread const uint& count, thread const bool& by_vectors, thread float4& v, constant Push& push, device C4& v_192, device C1& v_232)
{
    uint index = (base + (i * push.ldc)) + j;
    v *= push.alpha;
    if (by_vectors && (count >= 4u))
    {
        if (push.beta != 0.0)
        {
            v += (v_192.c4[index / 4u] * push.beta);
        }
        v_192.c4[index / 4u] = v;
        return;
    }
    for (uint e = 0u; e < min(count, 4u); e++)
    {
        float value = v[e];
        if (push.beta != 0.0)
        {
            value += (push.beta * v_232.c1[index + e]);
        }
        v_232.c1[index + e] = value;
    }
}

static inline __attribute__((always_inline))
void put_block(thread const uint& base, thread const uint& i, thread const uint& j, thread const bool& by_vectors, thread const float4x4& rows, constant Push& push, device C4& v_192, device C1& v_232)
{
    for (uint y = 0u; y < 4u; y++)
    {
        bool _263 = (i + y) < push.m;
        bool _270;
        if (_263)
        {
            _270 = j < push.n;
        }
        else
        {
            _270 = _263;
        }
        if (_270)
        {
            uint param = base;
            uint param_1 = i + y;
            uint param_2 = j;
            uint param_3 = push.n - j;
            bool param_4 = by_vectors;
            float4 param_5 = rows[y];
            put(param, param_1, param_2, param_3, param_4, param_5, push, v_192, v_232);
        }
    }
}

static inline __attribute__((always_inline))
void product_128(constant Push& push, device C4& v_192, device C1& v_232, const device A4& v_330, const device A1& v_488, const device B4& v_571, const device B1& v_726, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, threadgroup float4 (&slice_a)[512], threadgroup float4 (&slice_b)[512])
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
    uint _1259;
    if (along_k)
    {
        _1259 = number / 4u;
    }
    else
    {
        _1259 = number % 32u;
    }
    uint load_i = 4u * _1259;
    uint _1271;
    if (along_k)
    {
        _1271 = number % 4u;
    }
    else
    {
        _1271 = number / 32u;
    }
    uint load_p = 4u * _1271;
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
    uint3 _1320 = push.first.xyz + gl_WorkGroupID;
    uint _1321 = _1320.z;
    float4x4 lines;
    float4x4 param_23;
    float4x4 param_32;
    for (uint g = _1321; g < push.batch; g += push.groups.z)
    {
        uint a_base = push.offset.x + (g * push.stride_a);
        uint b_base = push.offset.y + (g * push.stride_b);
        uint c_base = push.offset.z + (g * push.stride_c);
        uint3 _1360 = push.first.xyz + gl_WorkGroupID;
        uint _1361 = _1360.y;
        for (uint tile_m = _1361; tile_m < tiles_m; tile_m += push.groups.y)
        {
            uint3 _1375 = push.first.xyz + gl_WorkGroupID;
            uint _1376 = _1375.x;
            for (uint tile_n = _1376; tile_n < tiles_n; tile_n += push.groups.x)
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
                            load_a(param_15, param_16, param_17, param_18, param_19, param_20, param_21, param_22, param_23, v_330, v_488);
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
                            load_b(param_24, param_25, param_26, param_27, param_28, param_29, param_30, param_31, param_32, v_571, v_726);
                            lines = param_32;
                        }
                    }
                    if (s > 0u)
                    {
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
                put_block(param_33, param_34, param_35, param_36, param_37, push, v_192, v_232);
                uint param_38 = c_base;
                uint param_39 = i;
                uint param_40 = j + 64u;
                bool param_41 = c_by_vectors;
                float4x4 param_42 = right;
                put_block(param_38, param_39, param_40, param_41, param_42, push, v_192, v_232);
                uint param_43 = c_base;
                uint param_44 = i + 64u;
                uint param_45 = j;
                bool param_46 = c_by_vectors;
                float4x4 param_47 = below;
                put_block(param_43, param_44, param_45, param_46, param_47, push, v_192, v_232);
                uint param_48 = c_base;
                uint param_49 = i + 64u;
                uint param_50 = j + 64u;
                bool param_51 = c_by_vectors;
                float4x4 param_52 = corner;
                put_block(param_48, param_49, param_50, param_51, param_52, push, v_192, v_232);
            }
        }
    }
}

static inline __attribute__((always_inline))
void product_64(constant Push& push, device C4& v_192, device C1& v_232, const device A4& v_330, const device A1& v_488, const device B4& v_571, const device B1& v_726, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, threadgroup float4 (&slice_a)[512], threadgroup float4 (&slice_b)[512])
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
    uint _843;
    if (along_k)
    {
        _843 = number / 8u;
    }
    else
    {
        _843 = number % 16u;
    }
    uint load_i = 4u * _843;
    uint _857;
    if (along_k)
    {
        _857 = number % 8u;
    }
    else
    {
        _857 = number / 16u;
    }
    uint load_p = 4u * _857;
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
    uint3 _911 = push.first.xyz + gl_WorkGroupID;
    uint _912 = _911.z;
    float4x4 lines;
    float4x4 param_23;
    float4x4 param_32;
    for (uint g = _912; g < push.batch; g += push.groups.z)
    {
        uint a_base = push.offset.x + (g * push.stride_a);
        uint b_base = push.offset.y + (g * push.stride_b);
        uint c_base = push.offset.z + (g * push.stride_c);
        uint3 _951 = push.first.xyz + gl_WorkGroupID;
        uint _952 = _951.y;
        for (uint tile_m = _952; tile_m < tiles_m; tile_m += push.groups.y)
        {
            uint3 _966 = push.first.xyz + gl_WorkGroupID;
            uint _967 = _966.x;
            for (uint tile_n = _967; tile_n < tiles_n; tile_n += push.groups.x)
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
                            load_a(param_15, param_16, param_17, param_18, param_19, param_20, param_21, param_22, param_23, v_330, v_488);
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
                            load_b(param_24, param_25, param_26, param_27, param_28, param_29, param_30, param_31, param_32, v_571, v_726);
                            lines = param_32;
                        }
                    }
                    if (s > 0u)
                    {
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
                put_block(param_33, param_34, param_35, param_36, param_37, push, v_192, v_232);
            }
        }
    }
}

static inline __attribute__((always_inline))
void vector_matrix(thread const uint& count, thread const bool& along_k, thread const uint& matrix, thread const uint& ld, thread const uint& vector, thread const uint& _step, thread const uint& c_base, thread const uint& c_step, constant Push& push, device C4& v_192, device C1& v_232, const device A1& v_488, const device B4& v_571, const device B1& v_726, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, threadgroup float4 (&slice_a)[512], thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID)
{
    if (along_k)
    {
        uint lane = simd_prefix_exclusive_sum(1u);
        uint lanes = simd_sum(1u);
        bool _1761 = ((matrix | ld) & 3u) == 0u;
        bool _1771;
        if (!_1761)
        {
            _1771 = ((matrix & 3u) == 0u) && (count == 1u);
        }
        else
        {
            _1771 = _1761;
        }
        bool by_vectors = _1771;
        uint _1774;
        if (by_vectors)
        {
            _1774 = push.k / 4u;
        }
        else
        {
            _1774 = 0u;
        }
        uint fours = _1774;
        uint first = ((push.first.xyz + gl_WorkGroupID).x * gl_NumSubgroups) + gl_SubgroupID;
        for (uint j = first; j < count; j += (push.groups.x * gl_NumSubgroups))
        {
            uint line = matrix + (j * ld);
            float4 sums = float4(0.0);
            for (uint i = lane; i < fours; i += lanes)
            {
                uint v = vector + ((4u * i) * _step);
                sums += (v_571.b4[(line / 4u) + i] * float4(v_488.a1[v], v_488.a1[v + _step], v_488.a1[v + (2u * _step)], v_488.a1[v + (3u * _step)]));
            }
            float sum = (sums.x + sums.y) + (sums.z + sums.w);
            uint _1878 = (4u * fours) + lane;
            for (uint p = _1878; p < push.k; p += lanes)
            {
                sum += (v_726.b1[line + p] * v_488.a1[vector + (p * _step)]);
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
                put(param, param_1, param_2, param_3, param_4, param_5, push, v_192, v_232);
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
        uint3 _1950 = push.first.xyz + gl_WorkGroupID;
        uint _1951 = _1950.x;
        for (uint tile = _1951; tile < tiles; tile += push.groups.x)
        {
            uint j_1 = (tile * 16u) + (me & 15u);
            float sum_1 = 0.0;
            if (j_1 < count)
            {
                for (uint p_1 = part; p_1 < push.k; p_1 += 16u)
                {
                    sum_1 += (v_726.b1[(matrix + (p_1 * ld)) + j_1] * v_488.a1[vector + (p_1 * _step)]);
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
                put(param_8, param_9, param_10, param_11, param_12, param_13, push, v_192, v_232);
            }
        }
    }
}

static inline __attribute__((always_inline))
void matrix_vector(thread const uint& count, thread const bool& along_k, thread const uint& matrix, thread const uint& ld, thread const uint& vector, thread const uint& _step, thread const uint& c_base, thread const uint& c_step, constant Push& push, device C4& v_192, device C1& v_232, const device A4& v_330, const device A1& v_488, const device B1& v_726, thread uint3& gl_LocalInvocationID, thread uint3& gl_WorkGroupID, threadgroup float4 (&slice_a)[512], thread uint& gl_NumSubgroups, thread uint& gl_SubgroupID)
{
    if (along_k)
    {
        uint lane = simd_prefix_exclusive_sum(1u);
        uint lanes = simd_sum(1u);
        bool _2066 = ((matrix | ld) & 3u) == 0u;
        bool _2076;
        if (!_2066)
        {
            _2076 = ((matrix & 3u) == 0u) && (count == 1u);
        }
        else
        {
            _2076 = _2066;
        }
        bool by_vectors = _2076;
        uint _2079;
        if (by_vectors)
        {
            _2079 = push.k / 4u;
        }
        else
        {
            _2079 = 0u;
        }
        uint fours = _2079;
        uint first = ((push.first.xyz + gl_WorkGroupID).x * gl_NumSubgroups) + gl_SubgroupID;
        for (uint j = first; j < count; j += (push.groups.x * gl_NumSubgroups))
        {
            uint line = matrix + (j * ld);
            float4 sums = float4(0.0);
            for (uint i = lane; i < fours; i += lanes)
            {
                uint v = vector + ((4u * i) * _step);
                sums += (v_330.a4[(line / 4u) + i] * float4(v_726.b1[v], v_726.b1[v + _step], v_726.b1[v + (2u * _step)], v_726.b1[v + (3u * _step)]));
            }
            float sum = (sums.x + sums.y) + (sums.z + sums.w);
            uint _2181 = (4u * fours) + lane;
            for (uint p = _2181; p < push.k; p += lanes)
            {
                sum += (v_488.a1[line + p] * v_726.b1[vector + (p * _step)]);
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
                put(param, param_1, param_2, param_3, param_4, param_5, push, v_192, v_232);
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
        uint3 _2252 = push.first.xyz + gl_WorkGroupID;
        uint _2253 = _2252.x;
        for (uint tile = _2253; tile < tiles; tile += push.groups.x)
        {
            uint j_1 = (tile * 16u) + (me & 15u);
            float sum_1 = 0.0;
            if (j_1 < count)
            {
                for (uint p_1 = part; p_1 < push.k; p_1 += 16u)
                {
                    sum_1 += (v_488.a1[(matrix + (p_1 * ld)) + j_1] * v_726.b1[vector + (p_1 * _step)]);
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
                put(param_8, param_9, param_10, param_11, param_12, param_13, push, v_192, v_232);
            }
        }
    }
}

kernel void zc_matmul(constant Push& push [[buffer(0)]], const device void* spvBufferAliasSet0Binding1 [[buffer(1)]], const device void* spvBufferAliasSet0Binding2 [[buffer(2)]], device void* spvBufferAliasSet0Binding3 [[buffer(3)]], uint3 gl_LocalInvocationID [[thread_position_in_threadgroup]], uint3 gl_WorkGroupID [[threadgroup_position_in_grid]], uint gl_NumSubgroups [[simdgroups_per_threadgroup]], uint gl_SubgroupID [[simdgroup_index_in_threadgroup]])
{
    const device auto& v_330 = *(const device A4*)spvBufferAliasSet0Binding1;
    const device auto& v_571 = *(const device B4*)spvBufferAliasSet0Binding2;
    device auto& v_192 = *(device C4*)spvBufferAliasSet0Binding3;
    device auto& v_232 = *(device C1*)spvBufferAliasSet0Binding3;
    const device auto& v_488 = *(const device A1*)spvBufferAliasSet0Binding1;
    const device auto& v_726 = *(const device B1*)spvBufferAliasSet0Binding2;
    threadgroup float4 slice_a[512];
    threadgroup float4 slice_b[512];
    bool _2356 = push.m != 1u;
    bool _2362;
    if (_2356)
    {
        _2362 = push.n != 1u;
    }
    else
    {
        _2362 = _2356;
    }
    if (_2362)
    {
        if (big_tiles(push))
        {
            product_128(push, v_192, v_232, v_330, v_488, v_571, v_726, gl_LocalInvocationID, gl_WorkGroupID, slice_a, slice_b);
        }
        else
        {
            product_64(push, v_192, v_232, v_330, v_488, v_571, v_726, gl_LocalInvocationID, gl_WorkGroupID, slice_a, slice_b);
        }
        return;
    }
    bool _2375 = push.m == 1u;
    bool _2381;
    if (_2375)
    {
        _2381 = push.n == 1u;
    }
    else
    {
        _2381 = _2375;
    }
    bool _dot = _2381;
    uint3 _2387 = push.first.xyz + gl_WorkGroupID;
    uint _2388 = _2387.z;
    uint _2445;
    uint _2477;
    for (uint g = _2388; g < push.batch; g += push.groups.z)
    {
        uint a = push.offset.x + (g * push.stride_a);
        uint b = push.offset.y + (g * push.stride_b);
        uint c = push.offset.z + (g * push.stride_c);
        if (push.m == 1u)
        {
            bool _2430 = push.transpose_b != 0u;
            bool _2441;
            if (!_2430)
            {
                bool _2440;
                if (_dot)
                {
                    _2440 = push.ldb == 1u;
                }
                else
                {
                    _2440 = _dot;
                }
                _2441 = _2440;
            }
            else
            {
                _2441 = _2430;
            }
            bool along_k = _2441;
            if (push.transpose_a != 0u)
            {
                _2445 = push.lda;
            }
            else
            {
                _2445 = 1u;
            }
            uint param = push.n;
            bool param_1 = along_k;
            uint param_2 = b;
            uint param_3 = push.ldb;
            uint param_4 = a;
            uint param_5 = _2445;
            uint param_6 = c;
            uint param_7 = 1u;
            vector_matrix(param, param_1, param_2, param_3, param_4, param_5, param_6, param_7, push, v_192, v_232, v_488, v_571, v_726, gl_LocalInvocationID, gl_WorkGroupID, slice_a, gl_NumSubgroups, gl_SubgroupID);
        }
        else
        {
            bool along_k_1 = push.transpose_a == 0u;
            if (push.transpose_b != 0u)
            {
                _2477 = 1u;
            }
            else
            {
                _2477 = push.ldb;
            }
            uint param_8 = push.m;
            bool param_9 = along_k_1;
            uint param_10 = a;
            uint param_11 = push.lda;
            uint param_12 = b;
            uint param_13 = _2477;
            uint param_14 = c;
            uint param_15 = push.ldc;
            matrix_vector(param_8, param_9, param_10, param_11, param_12, param_13, param_14, param_15, push, v_192, v_232, v_330, v_488, v_726, gl_LocalInvocationID, gl_WorkGroupID, slice_a, gl_NumSubgroups, gl_SubgroupID);
        }
    }
}

