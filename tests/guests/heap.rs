// What tests/test_guest_memory.py calls: Rust's allocator as its libraries export it, by size and alignment.
use std::alloc::{alloc as allocate, dealloc as deallocate, Layout};

#[no_mangle]
pub extern "C" fn alloc(size: usize, align: usize) -> *mut u8 {
    unsafe { allocate(Layout::from_size_align(size, align).unwrap()) }
}

#[no_mangle]
pub unsafe extern "C" fn dealloc(pointer: *mut u8, size: usize, align: usize) {
    deallocate(pointer, Layout::from_size_align(size, align).unwrap())
}

#[no_mangle]
pub unsafe extern "C" fn total(x: *const f32, count: usize) -> f32 {
    std::slice::from_raw_parts(x, count).iter().sum()
}
