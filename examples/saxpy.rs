//! saxpy: a guest in Rust: y = a * x + y on the device, over vectors in its own memory. examples/saxpy.py runs it.
//!
//!     rustc --target wasm32-unknown-unknown --crate-type cdylib -O examples/saxpy.rs
#![no_std]
#![allow(static_mut_refs, unknown_lints)]

#[path = "../zcwasm/include/zcwasm.rs"]
mod zcwasm;

use core::mem::size_of;
use zcwasm::*;

const N: usize = 1000;
static mut X: [f32; N] = [0.0; N];
static mut Y: [f32; N] = [0.0; N];

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

fn bytes(vector: *const f32) -> zcg_range {
    zcg_range { handle: 0, reserved: 0, offset: vector as usize as u64, length: (N * size_of::<f32>()) as u64 }
}

#[no_mangle]
pub extern "C" fn y() -> *const f32 {
    unsafe { Y.as_ptr() }
}

/// X is 0, 1, 2, ...; Y is 1 everywhere; then Y = a * X + Y. 0 or a negative error.
#[no_mangle]
pub extern "C" fn saxpy(a: f32) -> i32 {
    unsafe {
        for i in 0..N {
            X[i] = i as f32;
            Y[i] = 1.0;
        }
        let kernel = zcg_kernel_find("axpby".as_ptr(), 5);
        if kernel < 0 {
            return kernel;
        }
        let ranges = [bytes(X.as_ptr()), bytes(Y.as_ptr()), bytes(Y.as_ptr())];
        let params = zc_axpby_params { count: N as u32, alpha: a, beta: 1.0 };
        let code = zcg_dispatch(
            0,
            kernel,
            ranges.as_ptr(),
            ranges.len() as u32,
            &params as *const zc_axpby_params as *const u8,
            size_of::<zc_axpby_params>() as u32,
        );
        if code < 0 {
            return code;
        }
        zcg_run()
    }
}
