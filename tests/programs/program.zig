//! program.zig: an ordinary Zig program for WASI; tests/toolchains.py builds it, runs it and compares what it prints.
const std = @import("std");

pub fn main() !void {
    const allocator = std.heap.wasm_allocator;
    const arguments = try std.process.argsAlloc(allocator);
    for (arguments[1..], 1..) |argument, i| {
        std.debug.print("argument {d} is {s}\n", .{ i, argument });
    }
    var numbers = try allocator.alloc(u64, 1000);
    for (numbers, 0..) |*number, i| number.* = i * 7919 % 1009;
    std.mem.sort(u64, numbers, {}, std.sort.desc(u64));
    std.debug.print("{any}\n", .{numbers[0..5]});
    std.process.exit(@intCast(arguments.len));
}
