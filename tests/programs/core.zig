//! core.zig: what Zig makes of a library for wasm32-freestanding; tests/toolchains.py builds and calls it.
//! Function pointers, interfaces, generics, errors, an allocator, containers, formatting.
const std = @import("std");

const Operation = *const fn (i32, i32) i32;

fn add(a: i32, b: i32) i32 {
    return a +% b;
}

fn multiply(a: i32, b: i32) i32 {
    return a *% b;
}

fn divide(a: i32, b: i32) i32 {
    return std.math.divTrunc(i32, a, b) catch |failure| switch (failure) {
        error.DivisionByZero => -1,
        error.Overflow => -2,
    };
}

var operations = [_]Operation{ add, multiply, divide };

export fn call(which: u32, a: i32, b: i32) i32 {
    const table: *volatile [operations.len]Operation = &operations;
    return table[which % table.len](a, b);
}

export fn collections(count: u32) u64 {
    return collect(count) catch 0;
}

fn collect(count: u32) !u64 {
    const allocator = std.heap.wasm_allocator;
    var map = std.AutoArrayHashMap(u32, f64).init(allocator);
    defer map.deinit();
    for (0..count) |i| {
        const entry = try map.getOrPutValue(@intCast(i * i % 101), 0);
        entry.value_ptr.* += @as(f64, @floatFromInt(i)) / 4;
    }
    var hash = std.hash.Fnv1a_64.init();
    for (map.keys(), map.values()) |key, value| {
        const text = try std.fmt.allocPrint(allocator, "{d}={d:.2} ", .{ key, value });
        defer allocator.free(text);
        hash.update(text);
    }
    return hash.final();
}

export fn convert(x: f64, y: f32) i64 {
    return std.math.lossyCast(i32, x) + @as(i64, std.math.lossyCast(u8, y));
}
