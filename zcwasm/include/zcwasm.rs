// zcwasm.rs: zcwasm.h and zcwasm_kernels.h for Rust, made from them by buildtools/abi.py. No crate
// is needed: `mod zcwasm;`, target wasm32-unknown-unknown. The headers say what everything means.
#![allow(non_camel_case_types, dead_code)]

pub type zcg_handle = i32;
pub const ZCG_WHOLE: u64 = u64::MAX;

pub const ZCG_EINVAL: i32 = 1; // a value that is not allowed
pub const ZCG_EFAULT: i32 = 2; // a pointer or range that does not lie inside the guest's memory
pub const ZCG_EBADF: i32 = 3; // a handle that is not one, or of another kind
pub const ZCG_ENOENT: i32 = 4; // no kernel, tensor or input of that name
pub const ZCG_ENOMEM: i32 = 5; // the machine, or a limit of the host, has no room for it
pub const ZCG_EBOUNDS: i32 = 6; // a range that is shorter than the kernel needs, or not inside what it names
pub const ZCG_EACCES: i32 = 7; // not granted, or a write to read-only weights
pub const ZCG_EBUSY: i32 = 8; // still in flight
pub const ZCG_ETIMEDOUT: i32 = 9; // not done when the time was over
pub const ZCG_EIO: i32 = 10; // the device reported an error
pub const ZCG_EOVERFLOW: i32 = 11; // a number that does not fit where it must go
pub const ZCG_ENOSYS: i32 = 12; // this device or version cannot do that

pub const ZCG_ABI_VERSION: u32 = 1;
pub const ZCG_LOG_DEBUG: u32 = 0;
pub const ZCG_LOG_INFO: u32 = 1;
pub const ZCG_LOG_WARNING: u32 = 2;
pub const ZCG_LOG_ERROR: u32 = 3;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zcg_range {
    pub handle: zcg_handle,
    pub reserved: u32,
    pub offset: u64,
    pub length: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zcg_tensor_info {
    pub r#type: u32,
    pub ndim: u32,
    pub shape: [u64; 4],
    pub bytes: u64,
}

pub const ZC_WEIGHT_F32: u32 = 0;
pub const ZC_WEIGHT_F16: u32 = 1;
pub const ZC_WEIGHT_BF16: u32 = 2;
pub const ZC_WEIGHT_Q8_0: u32 = 3;
pub const ZC_WEIGHT_Q4_0: u32 = 4;
pub const ZC_WEIGHT_Q4_1: u32 = 5;
pub const ZC_WEIGHT_Q4_K: u32 = 6;
pub const ZC_WEIGHT_Q6_K: u32 = 7;
pub const ZC_WEIGHT_Q5_0: u32 = 8;
pub const ZC_WEIGHT_Q5_1: u32 = 9;
pub const ZC_WEIGHT_Q2_K: u32 = 10;
pub const ZC_WEIGHT_Q3_K: u32 = 11;
pub const ZC_WEIGHT_Q5_K: u32 = 12;
pub const ZC_WEIGHT_IQ4_NL: u32 = 13;
pub const ZC_WEIGHT_IQ4_XS: u32 = 14;
pub const ZC_WEIGHT_MXFP4: u32 = 15;
pub const ZC_WEIGHT_F8_E4M3: u32 = 16;
pub const ZC_WEIGHT_TYPE_COUNT: u32 = 17;
pub const ZC_EMBED_ADD: u32 = 1;
pub const ZC_LINEAR_ADD: u32 = 1;
pub const ZC_LINEAR_BIAS: u32 = 2;
pub const ZC_LINEAR_NORM: u32 = 4;
pub const ZC_LINEAR_SWIGLU: u32 = 8;
pub const ZC_LINEAR_GELU: u32 = 16;
pub const ZC_LINEAR_EXACT: u32 = 32;
pub const ZC_LINEAR_GELU_TANH: u32 = 64;
pub const ZC_LINEAR_FLAGS: u32 = 127;
pub const ZC_LINEAR_SWIGLU_CLAMPED: u32 = 128;
pub const ZC_CACHE_F32: u32 = 0;
pub const ZC_CACHE_F16: u32 = 1;
pub const ZC_CACHE_Q8_0: u32 = 2;
pub const ZC_ROPE_PAIRS: u32 = 0;
pub const ZC_ROPE_HALVES: u32 = 1;
pub const ZC_ATTENTION_MAX_HEAD: u32 = 256;
pub const ZC_ROUTE_MAX_EXPERTS: u32 = 1024;
pub const ZC_ROUTE_MAX_USED: u32 = 64;
pub const ZC_ROUTE_SOFTMAX: u32 = 0;
pub const ZC_ROUTE_CHOSEN: u32 = 1;
pub const ZC_ROUTE_SIGMOID: u32 = 2;
pub const ZC_ROUTE_NORMED_SIGMOID: u32 = 3;
pub const ZC_TOP_K_MAX: u32 = 256;
pub const ZC_DRAW_REST: u32 = 4294967295;
pub const ZC_DRAW_NONE: u32 = 4294967294;
pub const ZC_POOL_NORMALIZE: u32 = 1;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_fill_params {
    pub count: u32,
    pub pattern: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_affine_params {
    pub count: u32,
    pub scale: f32,
    pub shift: f32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_axpby_params {
    pub count: u32,
    pub alpha: f32,
    pub beta: f32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_elementwise_params {
    pub count: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_matmul_params {
    pub m: u32,
    pub n: u32,
    pub k: u32,
    pub batch: u32,
    pub lda: u32,
    pub ldb: u32,
    pub ldc: u32,
    pub stride_a: u32,
    pub stride_b: u32,
    pub stride_c: u32,
    pub transpose_a: u32,
    pub transpose_b: u32,
    pub alpha: f32,
    pub beta: f32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_rows_params {
    pub rows: u32,
    pub cols: u32,
    pub ldx: u32,
    pub ldout: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_embed_params {
    pub r#type: u32,
    pub rows: u32,
    pub dim: u32,
    pub vocab: u32,
    pub ldout: u32,
    pub flags: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_norm_params {
    pub rows: u32,
    pub cols: u32,
    pub ldx: u32,
    pub ldout: u32,
    pub eps: f32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_linear_params {
    pub r#type: u32,
    pub rows: u32,
    pub n: u32,
    pub k: u32,
    pub ldx: u32,
    pub ldy: u32,
    pub flags: u32,
    pub eps: f32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_linear_gated_params {
    pub gate_type: u32,
    pub up_type: u32,
    pub rows: u32,
    pub n: u32,
    pub k: u32,
    pub ldx: u32,
    pub ldy: u32,
    pub flags: u32,
    pub eps: f32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_rope_params {
    pub rows: u32,
    pub heads: u32,
    pub head_size: u32,
    pub rotated: u32,
    pub ldx: u32,
    pub ldout: u32,
    pub table_rows: u32,
    pub capacity: u32,
    pub layout: u32,
    pub out_type: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_append_params {
    pub rows: u32,
    pub cols: u32,
    pub ldx: u32,
    pub ldout: u32,
    pub capacity: u32,
    pub out_type: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_rope_append_params {
    pub rows: u32,
    pub q_rows: u32,
    pub heads: u32,
    pub kv_heads: u32,
    pub head_size: u32,
    pub rotated: u32,
    pub ldq: u32,
    pub ldk: u32,
    pub ldv: u32,
    pub ldout: u32,
    pub table_rows: u32,
    pub capacity: u32,
    pub layout: u32,
    pub out_type: u32,
    pub mirrored: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_attention_params {
    pub rows: u32,
    pub heads: u32,
    pub kv_heads: u32,
    pub head_size: u32,
    pub ldq: u32,
    pub ldk: u32,
    pub ldv: u32,
    pub ldout: u32,
    pub capacity: u32,
    pub kv_type: u32,
    pub scale: f32,
    pub window: u32,
    pub softcap: f32,
    pub sinks: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_attention_paged_params {
    pub rows: u32,
    pub heads: u32,
    pub kv_heads: u32,
    pub head_size: u32,
    pub ldq: u32,
    pub ldk: u32,
    pub ldv: u32,
    pub ldout: u32,
    pub capacity: u32,
    pub page: u32,
    pub table_words: u32,
    pub context: u32,
    pub shared: u32,
    pub kv_type: u32,
    pub scale: f32,
    pub window: u32,
    pub softcap: f32,
    pub sinks: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_swiglu_params {
    pub rows: u32,
    pub cols: u32,
    pub ldgate: u32,
    pub ldup: u32,
    pub ldout: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_gelu_params {
    pub count: u32,
    pub tanh: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_softcap_params {
    pub count: u32,
    pub cap: f32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_route_params {
    pub rows: u32,
    pub experts: u32,
    pub used: u32,
    pub ldx: u32,
    pub mode: u32,
    pub scale: f32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_linear_chosen_params {
    pub r#type: u32,
    pub rows: u32,
    pub n: u32,
    pub k: u32,
    pub experts: u32,
    pub share: u32,
    pub ldx: u32,
    pub ldy: u32,
    pub flags: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_add_weighted_params {
    pub rows: u32,
    pub cols: u32,
    pub slots: u32,
    pub ldx: u32,
    pub ldout: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_top_k_params {
    pub rows: u32,
    pub cols: u32,
    pub ldx: u32,
    pub k: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_penalize_params {
    pub cols: u32,
    pub capacity: u32,
    pub penalty: f32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_adjust_params {
    pub entries: u32,
    pub count: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_mask_params {
    pub rows: u32,
    pub cols: u32,
    pub ldx: u32,
    pub ldmask: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_draw_params {
    pub rows: u32,
    pub count: u32,
    pub complete: u32,
    pub top_k: u32,
    pub top_p: f32,
    pub min_p: f32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct zc_pool_params {
    pub rows: u32,
    pub cols: u32,
    pub capacity: u32,
    pub ldx: u32,
    pub ldout: u32,
    pub flags: u32,
}

#[link(wasm_import_module = "zcwasm")]
extern "C" {
    #[link_name = "abi_version"]
    pub fn zcg_abi_version() -> i32;
    #[link_name = "error_text"]
    pub fn zcg_error_text(out: *mut u8, size: u32) -> i32;
    #[link_name = "kernel"]
    pub fn zcg_kernel_find(name: *const u8, name_size: u32) -> zcg_handle;
    #[link_name = "dispatch"]
    pub fn zcg_dispatch(sequence: zcg_handle, kernel: zcg_handle, ranges: *const zcg_range, range_count: u32, params: *const u8, params_size: u32) -> i32;
    #[link_name = "submit"]
    pub fn zcg_submit() -> zcg_handle;
    #[link_name = "run"]
    pub fn zcg_run() -> i32;
    #[link_name = "discard"]
    pub fn zcg_discard() -> i32;
    #[link_name = "wait"]
    pub fn zcg_wait(submission: zcg_handle, timeout_ns: i64) -> i32;
    #[link_name = "poll"]
    pub fn zcg_poll(submission: zcg_handle) -> i32;
    #[link_name = "sequence_new"]
    pub fn zcg_sequence_new() -> zcg_handle;
    #[link_name = "sequence_seal"]
    pub fn zcg_sequence_seal(sequence: zcg_handle) -> i32;
    #[link_name = "sequence_params"]
    pub fn zcg_sequence_params(sequence: zcg_handle, index: u32, offset: u32, bytes: *const u8, size: u32) -> i32;
    #[link_name = "sequence_submit"]
    pub fn zcg_sequence_submit(sequence: zcg_handle) -> zcg_handle;
    #[link_name = "sequence_run"]
    pub fn zcg_sequence_run(sequence: zcg_handle) -> i32;
    #[link_name = "sequence_free"]
    pub fn zcg_sequence_free(sequence: zcg_handle) -> i32;
    #[link_name = "tensor"]
    pub fn zcg_tensor_find(name: *const u8, name_size: u32) -> zcg_handle;
    #[link_name = "tensor_info"]
    pub fn zcg_tensor_get_info(tensor: zcg_handle, out: *mut zcg_tensor_info) -> i32;
    #[link_name = "scratch_new"]
    pub fn zcg_scratch_new(size: u64) -> zcg_handle;
    #[link_name = "scratch_free"]
    pub fn zcg_scratch_free(scratch: zcg_handle) -> i32;
    #[link_name = "mirror"]
    pub fn zcg_mirror(scratch: zcg_handle, offset: u64, bytes: *const u8, size: u64) -> i32;
    #[link_name = "input_size"]
    pub fn zcg_input_size(name: *const u8, name_size: u32) -> i64;
    #[link_name = "input_read"]
    pub fn zcg_input_read(name: *const u8, name_size: u32, offset: u64, out: *mut u8, size: u64) -> i64;
    #[link_name = "output_write"]
    pub fn zcg_output_write(name: *const u8, name_size: u32, bytes: *const u8, size: u64) -> i32;
    #[link_name = "log"]
    pub fn zcg_log(level: i32, text: *const u8, size: u32) -> i32;
    #[link_name = "clock"]
    pub fn zcg_clock() -> i64;
}
