"""What the patches in csrc/wasm3_patches mend: each names the test that fails without it.

The guest is tests/guests/engine.wat; where a module must be large, or encoded as no assembler would, it is
put together from bytes here. What once crashed runs in a process of its own.
"""

from __future__ import annotations

import itertools
import re
import struct
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from spec_runner import bits_from_float, float_from_bits
from support import guest_path, run_python

import zcwasm
from zcwasm import Limits

WASM3 = Path(__file__).resolve().parent.parent / "csrc" / "wasm3"


def engine(**limits: Any) -> zcwasm.Instance:
    imports = {"env": {"host": lambda value: value}}
    return zcwasm.Instance(
        zcwasm.Module(guest_path("engine")), imports=imports, limits=Limits(**limits) if limits else None
    )


# --- modules from bytes ---


def leb(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def vector(*items: bytes) -> bytes:
    return leb(len(items)) + b"".join(items)


def section(number: int, content: bytes) -> bytes:
    return bytes([number]) + leb(len(content)) + content


I32, I64, F64 = b"\x7f", b"\x7e", b"\x7c"
GET_0 = b"\x20\x00"


def build(*bodies: bytes, types: bytes | None = None, locals_: bytes = b"\0", **sections: bytes) -> bytes:
    """Functions of type 0, () -> (), unless `types` says otherwise; each is exported as f0, f1, ..."""
    types = types if types is not None else vector(b"\x60\0\0")
    code = [locals_ + body + b"\x0b" for body in bodies]
    exports = [leb(len(f"f{i}")) + f"f{i}".encode() + b"\0" + leb(i) for i in range(len(bodies))]
    parts = [(1, types), (3, vector(*[b"\0"] * len(bodies))), (4, sections.get("tables"))]
    parts += [(5, sections.get("memories")), (7, vector(*exports)), (9, sections.get("elements"))]
    parts += [(10, vector(*[leb(len(body)) + body for body in code])), (11, sections.get("data"))]
    return b"\0asm\1\0\0\0" + b"".join(section(number, part) for number, part in parts if part is not None)


def run(module: bytes, name: str = "f0", *arguments: float, **limits: Any) -> Any:
    return zcwasm.Instance(zcwasm.Module(module), limits=Limits(**limits)).exports[name](*arguments)


def in_a_process(source: str) -> str:
    """Python code that finds this file's helpers."""
    return run_python("from test_wasm3_patches import *\n" + textwrap.dedent(source))


# --- 0002 region-memory ---


def test_memory_base_never_moves() -> None:
    guest = engine()
    address = guest.memory.address
    view = guest.memory.array(0, 16, np.int32)
    for _ in range(20):
        assert guest.exports.grow(20) > 0
        guest.exports.store(4, guest.memory.pages)
        assert view[1] == guest.memory.pages
    assert guest.memory.address == address
    guest.exports.store(guest.memory.size - 4, 9)
    assert guest.memory.read(guest.memory.size - 4, 1) == b"\x09"


def test_data_segment_above_2_gib() -> None:
    offset = 0x9000_0000
    data = b"\0\x41" + b"\x80\x80\x80\x80\x79" + b"\x0b" + vector(*[bytes([b]) for b in b"high"])
    module = build(b"", memories=vector(b"\0" + leb(40000)), data=vector(data))
    guest = zcwasm.Instance(zcwasm.Module(module))
    assert guest.memory.read(offset, 4) == b"high"


# --- 0003 limits ---


def test_unbounded_recursion_traps() -> None:
    in_a_process(
        """
        for depth in (10_000, 10**9):
            guest = engine(call_depth=depth, stack=1 << 28)
            for function, arguments in (("forever", ()), ("deeper", (1,))):
                with pytest.raises(zcwasm.Trap, match="call stack exhausted"):
                    guest.exports[function](*arguments)
        """
    )


def test_fuel_stops_a_loop() -> None:
    guest = engine(fuel=1000)
    with pytest.raises(zcwasm.Trap) as caught:
        guest.exports.spin()
    assert caught.value.kind == "out_of_fuel"


def test_deep_nesting() -> None:
    in_a_process(
        """
        import threading

        def try_all():
            for depth in (1000, 10_000, 200_000):
                for opcode in (b"\\x02", b"\\x03"):
                    try:
                        run(build((opcode + b"\\x40") * depth + b"\\x0b" * depth))
                        results.append("ran")
                    except zcwasm.CompileError as error:
                        results.append("refused")
                    except zcwasm.Trap as trap:
                        results.append(trap.kind)

        for size in (256 << 10, 8 << 20):
            results = []
            threading.stack_size(size)
            thread = threading.Thread(target=try_all)
            thread.start()
            thread.join()
            assert len(results) == 6 and set(results) <= {"ran", "refused", "stack_overflow"}, results
        assert results[0] == results[1] == "ran", results
        """
    )


def test_fuel_stops_bulk_memory() -> None:
    for name, arguments in (("fill", (0, 64 << 20)), ("copy", (1, 0, 63 << 20)), ("copy", (0, 1, 63 << 20))):
        guest = engine(fuel=100_000)
        guest.exports.grow(1023)
        with pytest.raises(zcwasm.Trap) as caught:
            guest.exports[name](*arguments)
        assert caught.value.kind == "out_of_fuel"
        guest.fuel = 2**40
        guest.exports[name](*arguments)  # and it does work when there is enough
    assert guest.memory.read(0, 4) == b"\0" * 4


# --- 0004 backtrace ---


def test_trap_backtrace() -> None:
    with pytest.raises(zcwasm.Trap) as caught:
        engine().exports.outermost()
    assert caught.value.backtrace == ("innermost", "middle", "outermost")


# --- 0005 imports-and-tables ---


def test_imported_globals() -> None:
    offset, counter = zcwasm.Global("i32", 65530), zcwasm.Global("i32", 1, mutable=True)
    imports = vector(b"\1e\1o\3\x7f\0", b"\1e\1c\3\x7f\1")
    body = b"\0\x23\1\x23\0\x6a\x24\1\x0b"  # c = c + o
    module = b"\0asm\1\0\0\0" + section(1, vector(b"\x60\0\0")) + section(2, imports)
    module += section(3, vector(b"\0")) + section(5, vector(b"\0\1"))
    module += section(6, vector(b"\x7f\0\x23\0\x0b")) + section(7, vector(b"\1f\0\0", b"\1g\3\2"))
    module += section(10, vector(leb(len(body)) + body)) + section(11, vector(b"\0\x23\0\x0b\2hi"))
    instances = [
        zcwasm.Instance(zcwasm.Module(module), imports={"e": {"o": offset, "c": counter}}) for _ in range(2)
    ]
    for instance in instances:
        instance.exports.f()
        assert instance.exports.g.value == 65530
        assert instance.memory.read(65530, 2) == b"hi"
    assert counter.value == 1 + 2 * 65530


def element(offset: bytes, *functions: int) -> bytes:
    return b"\x41" + offset + b"\x0b" + vector(*map(leb, functions))


def test_element_segment_out_of_bounds() -> None:
    for offset in (b"\2", b"\x7f", b"\xff\xff\xff\xff\x07"):
        module = build(b"", tables=vector(b"\x70\0\2"), elements=vector(b"\0" + element(offset, 0)))
        with pytest.raises(zcwasm.Trap, match="out of bounds table access"):
            zcwasm.Instance(zcwasm.Module(module))
    module = build(b"\x41\2\x11\0\0", tables=vector(b"\x70\0\2"), elements=vector(b"\0" + element(b"\1", 0)))
    with pytest.raises(zcwasm.Trap, match="undefined element"):
        run(module)


# --- 0006 skip-unreachable ---


def test_unreachable_code() -> None:
    exports = engine().exports
    assert exports.after_br() == 42
    assert exports.after_return(1) == 1
    with pytest.raises(zcwasm.Trap, match="unreachable"):
        exports.after_return(0)
    assert exports.after_loop(3) == 7


def test_loop_parameters() -> None:
    assert [engine().exports.factorial(n) for n in (1, 5, 20)] == [1, 120, 2432902008176640000]


# --- 0007 compile-bounds ---


def test_call_with_many_parameters() -> None:
    in_a_process(
        """
        count = 1000
        types = vector(b"\\x60" + vector(*[I64] * count) + vector(I64), b"\\x60\\0" + vector(I64))
        parameters = b"".join(b"\\x42" + leb(0x4000 | i)[:2] + b"\\0" for i in range(count))
        last = b"\\0\\x20" + leb(count - 1) + b"\\x0b"
        call = b"\\0" + parameters + b"\\x10\\0\\x0b"
        module = b"\\0asm\\1\\0\\0\\0" + section(1, types) + section(3, vector(b"\\0", b"\\1"))
        module += section(7, vector(b"\\1f\\0\\1"))
        module += section(10, vector(*[leb(len(part)) + part for part in (last, call)]))
        assert run(module, "f") == count - 1
        # A function that calls itself, until the value stack ends in the middle of the parameters.
        deep = b"\\0" + b"".join(b"\\x20" + leb(i) for i in range(count)) + b"\\x10\\0\\x0b"
        module = b"\\0asm\\1\\0\\0\\0" + section(1, types) + section(3, vector(b"\\0"))
        module += section(7, vector(b"\\1f\\0\\0")) + section(10, vector(leb(len(deep)) + deep))
        for stack in range(65536, 65536 + 16 * 4096, 4096):
            with pytest.raises(zcwasm.Trap, match="call stack exhausted"):
                run(module, "f", *range(count), stack=stack)
        """
    )


# --- 0008 allocation ---


def test_wasm3_allocates_through_zc_alloc() -> None:
    if not WASM3.is_dir():
        pytest.skip("no csrc/wasm3 here")
    calls = re.compile(r"(?<![\w>.])(?:malloc|calloc|realloc|free|strdup)\s*\(")
    found = []
    for file in sorted(WASM3.glob("*.[ch]")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if calls.search(line.split("//")[0]) and "define" not in line:
                found.append(f"{file.name}:{number}: {line.strip()}")
    assert found == []


# --- 0009 f32-bits ---

SIGNALLING = [0x7FA00000, 0x7F800001, 0xFFBFFFFF, 0xFFA12345]


def test_f32_keeps_its_bits() -> None:
    guest = engine()
    ways = [name for name in guest.exports if name.startswith("nan_") and name != "nan_through"]
    assert len(ways) == 8
    for bits in [*SIGNALLING, 0x7FC00000, 0xFFC00001, 0x3F800000, 0x80000000, 1]:
        for way in ways:
            assert guest.exports[way](bits) & 0xFFFFFFFF == bits, (way, hex(bits))
        through = guest.exports.nan_through(float_from_bits(bits, "f32"))
        assert bits_from_float(through, "f32") == bits


def test_rounding_makes_nan_quiet() -> None:
    exports = engine().exports
    for operation in ("ceil", "floor", "trunc", "nearest"):
        for bits in SIGNALLING:
            result = bits_from_float(exports[operation + "32"](float_from_bits(bits, "f32")), "f32")
            assert result == bits | 0x400000, (operation, hex(bits))
        for bits in (0x7FF4000000000000, 0xFFF0000000000001):
            result = bits_from_float(exports[operation + "64"](float_from_bits(bits, "f64")), "f64")
            assert result == bits | 0x8000000000000, (operation, hex(bits))
        assert exports[operation + "32"](2.0) == exports[operation + "64"](2.0) == 2.0


# --- 0010 segments-with-an-index ---


def test_segments_with_an_index() -> None:
    # each time the numbers of one byte, and of several
    for zero, two in ((b"\0", b"\2"), (b"\x80\0", b"\x82\x80\0")):
        data = two + zero + b"\x41\5\x0b\2hi"
        elements = two + zero + b"\x41\1\x0b\0\2\0\1"
        call = b"\x41\2\x11\0\0"
        module = build(
            call,
            b"\x00",
            tables=vector(b"\x70\0\4"),
            memories=vector(b"\0\1"),
            data=vector(data),
            elements=vector(elements),
        )
        guest = zcwasm.Instance(zcwasm.Module(module))
        assert guest.memory.read(5, 2) == b"hi"
        with pytest.raises(zcwasm.Trap, match="unreachable") as caught:
            guest.exports.f0()
        assert len(caught.value.backtrace) == 2


def test_empty_memory_section() -> None:
    run(build(b"", memories=b"\0"))


# --- 0011 failed-compilation ---


def test_call_of_a_function_that_cannot_be_compiled() -> None:
    in_a_process(
        """
        many = vector(leb(30_000) + I64)
        small, large = b"\\0\\x10\\1\\x0b", many + b"\\x0b"
        module = b"\\0asm\\1\\0\\0\\0" + section(1, vector(b"\\x60\\0\\0"))
        module += section(3, vector(b"\\0", b"\\0"))
        module += section(7, vector(b"\\1f\\0\\0"))
        module += section(10, vector(*[leb(len(part)) + part for part in (small, large)]))
        guest = zcwasm.Instance(zcwasm.Module(module))
        for _ in range(3):
            with pytest.raises(zcwasm.CompileError, match="cannot compile"):
                guest.exports.f()
        """
    )


# --- 0012 branch-float-register, 0013 block-values ---


def test_float_below_the_result_of_a_branch() -> None:
    exports = engine().exports
    assert [exports.float_below_br_if(10, 3, taken) for taken in (0, 1)] == [-13, 3]
    assert [exports.float_below_br_table(10, 3, target) for target in (0, 1)] == [-13, -113]


def test_float_far_below_the_index_of_a_branch() -> None:
    exports = engine().exports
    for number in (1.0, -1.0, 0.0, -0.0):
        taken = [exports.float_far_below_br_table(number, index) for index in (0, 1, 2, 3, 7)]
        assert taken == [100, 101, 102, 102, 102]


def test_results_of_blocks() -> None:
    exports = engine().exports
    assert exports.three_floats(1, 2, 3) == (-1, 2, 3)
    assert exports.swapped(1, 2, 3) == (2, 1, -3)
    assert exports.wide_over_narrow(1, 2, 1 << 40) == (1 << 40, 2, 3)
    assert exports.wide_over_narrow(-1, 2, 1 << 40) == (0, 0, 0)


def test_parameters_that_share_a_slot() -> None:
    exports = engine().exports
    assert exports.shared_by_a_loop(3) == -88
    assert exports.shared_by_a_block(5) == 5 - 45


# --- 0014 misaligned-constants ---


def test_constants() -> None:
    expected = 9 + 0x1234567890 * 2 + 0x2345678901 + 2
    assert engine().exports.constants(4) == expected
    # more constants than the table takes, of both widths in turn, from an odd slot on
    body = b"".join(b"\x41" + leb(i)[:1] + b"\x1a\x42" + leb(i)[:1] + b"\x1a" for i in range(64))
    body += b"\x44" + struct.pack("<d", 2.5)
    module = build(body, types=vector(b"\x60\0" + vector(F64)), locals_=vector(b"\1" + I32))
    assert run(module) == 2.5


# --- 0015 prefixed-opcodes ---


def test_long_prefixed_opcodes() -> None:
    dead = b"\x02\x40\x0c\0\xfc\x8b\x80\0\0\xfc\x8a\0\0\0\x0b"
    fill = b"\x41\0\x41\7\x41\5\xfc\x8b\x80\0\0"
    result = b"\x44" + struct.pack("<d", 1e20) + b"\xfc\x82\0"  # i32.trunc_sat_f64_s
    module = build(dead + fill + result, types=vector(b"\x60\0" + vector(I32)), memories=vector(b"\0\1"))
    guest = zcwasm.Instance(zcwasm.Module(module))
    assert guest.exports.f0() == 2**31 - 1
    assert guest.memory.read(0, 6) == b"\7" * 5 + b"\0"


# --- 0016 compiler-limits ---


def test_deadline_stops_the_compiler() -> None:
    values = GET_0 * 900
    module = build(values + b"\x02\x40\x0b" * 20_000 + b"\x1a" * 900, locals_=vector(leb(1000) + I64))
    start = time.monotonic()
    for _ in range(2):
        with pytest.raises(zcwasm.Trap) as caught:
            run(module, deadline=0.05)
        assert caught.value.kind == "deadline"
    assert time.monotonic() - start < 5


def test_compiled_code_is_bounded() -> None:
    count = 900
    types = vector(b"\x60\0\0", b"\x60\0" + vector(*[I64] * count))
    body = b"\x02\1" + b"\x42\1" * count + b"\x41\0\x0d\0" * 30_000 + b"\x0b" + b"\x1a" * count
    with pytest.raises(MemoryError):
        run(build(body, types=types))


def test_many_locals() -> None:
    run(build(b"", locals_=vector(leb(6000) + I64)))
    run(build(GET_0 * 3000 + b"\x02\x40\x0b" + b"\x1a" * 3000, locals_=vector(b"\1" + I32)))


# --- 0017 function-types ---


def test_many_types() -> None:
    four = [b"\x7f", b"\x7e", b"\x7d", b"\x7c"]
    types = [b"\x60" + vector(*kinds) + b"\0" for kinds in itertools.product(four, repeat=8)]
    start = time.monotonic()
    run(build(b"", types=vector(b"\x60\0\0", *types, *types)))
    assert time.monotonic() - start < 5


# --- 0018 wide-slot-counts ---


def test_copies_of_a_wide_local() -> None:
    assert [engine().exports.copies_of_a_local(n) for n in (0, 1, 2)] == [-1, -1, 0]


# --- 0019 memory-and-table-indices ---

# Of index 0, and of 1: from one byte to six, and with bits that 32 do not have.
SPELLINGS = {n: b"\x80" * (n - 1) + b"\0" for n in range(1, 7)}
WRONG = {"one": b"\1", "one in five": b"\x81\x80\x80\x80\0", "bit 32": b"\x80\x80\x80\x80\x10"}
WRONG |= {"a sign": b"\x80\x80\x80\x80\x70"}
READ_0, READ_8 = b"\x41\0\x28\2\0", b"\x41\x08\x28\2\0"  # i32.load
OPERANDS = b"\x41\x08\x41\0\x41\4"  # four bytes at 8: copied from 0, or filled with 0
I32_0, I64_0, F32_0, F64_0 = b"\x41\0", b"\x42\0", b"\x43" + bytes(4), b"\x44" + bytes(8)


def access(operands: bytes, opcode: int, after: bytes) -> Callable[[bytes], bytes]:
    """A load or store whose memory's index follows the alignment."""
    return lambda index: operands + bytes([opcode, 0x40]) + index + b"\0" + after


# Where an index of a memory or table may stand in code, which leaves one i32, and what that is.
IN_CODE: dict[str, tuple[Callable[[bytes], bytes], int]] = {
    "call_indirect": (lambda index: b"\x41\0\x11\0" + index, 7),
    "memory.size": (lambda index: b"\x3f" + index, 1),
    "memory.grow": (lambda index: b"\x41\0\x40" + index, 1),
    "memory.copy to": (lambda index: OPERANDS + b"\xfc\x0a" + index + b"\0" + READ_8, 42),
    "memory.copy from": (lambda index: OPERANDS + b"\xfc\x0a\0" + index + READ_8, 42),
    "memory.fill": (lambda index: OPERANDS + b"\xfc\x0b" + index + READ_8, 0),
}
for opcode in range(0x28, 0x36):
    IN_CODE[f"load {opcode:#x}"] = (access(I32_0, opcode, b"\x1a" + READ_0), 42)
for opcode, value in enumerate([I32_0, I64_0, F32_0, F64_0, I32_0, I32_0, I64_0, I64_0, I64_0], 0x36):
    IN_CODE[f"store {opcode:#x}"] = (access(I32_0 + value, opcode, READ_0), 0)
IN_SEGMENTS: dict[str, Callable[[bytes], dict[str, bytes]]] = {
    "element": lambda index: {"elements": b"\2" + index + b"\x41\0\x0b\0\1\1"},
    "data": lambda index: {"data": b"\2" + index + b"\x41\0\x0b\4\x2a\0\0\0"},
}


def module_with_index(place: str, index: bytes) -> tuple[bytes, int]:
    """A module that spells an index so, also in code that cannot run, and the result of its f0."""
    body, expected = b"\x41\0\x11\0\0" + READ_0 + b"\x6a", 49  # 7 of f1, by the table, and 42 in memory
    sections = {"elements": b"\0" + element(b"\0", 1), "data": b"\0\x41\0\x0b\4\x2a\0\0\0"}
    if place in IN_CODE:
        code, expected = IN_CODE[place]
        body = b"\x02\x40\x0c\0" + code(index) + b"\x1a\x0b" + code(index)
    else:
        sections |= IN_SEGMENTS[place](index)
    sections = {name: vector(segment) for name, segment in sections.items()}
    sections |= {"tables": vector(b"\x70\0\1"), "memories": vector(b"\0\1")}
    return build(body, b"\x41\7", types=vector(b"\x60\0" + vector(I32)), **sections), expected


@pytest.mark.parametrize("place", [*IN_CODE, *IN_SEGMENTS])
def test_index_spellings(place: str) -> None:
    for size, spelling in SPELLINGS.items():
        module, expected = module_with_index(place, spelling)
        if size <= 5:
            assert run(module) == expected, f"{size} bytes"
            continue
        with pytest.raises(zcwasm.CompileError, match="too long") as caught:
            zcwasm.Module(module)
        assert caught.value.kind == "malformed"
    for what, spelling in WRONG.items():
        with pytest.raises(zcwasm.CompileError) as caught:
            zcwasm.Module(module_with_index(place, spelling)[0])
        if what.startswith("one"):
            assert caught.value.kind == "invalid"
            assert re.search("unknown (memory|table) 1", str(caught.value)), what
        else:
            assert caught.value.kind == "malformed", what


@pytest.mark.parametrize("place", [*IN_CODE, *IN_SEGMENTS])
def test_index_spellings_in_wasmtime(place: str) -> None:
    wasmtime = pytest.importorskip("wasmtime", reason="pip install wasmtime: it is the other engine")
    engine = wasmtime.Engine()
    for what, spelling in [*SPELLINGS.items(), *WRONG.items()]:
        data, expected = module_with_index(place, spelling)
        try:
            module = wasmtime.Module(engine, data)
        except wasmtime.WasmtimeError:
            assert not zcwasm.Module.validate(data), what
            continue
        store = wasmtime.Store(engine)
        exports = wasmtime.Instance(store, module, []).exports(store)
        assert exports["f0"](store) == run(data) == expected, what
