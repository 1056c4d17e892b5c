"""Calls in both directions: values, arguments that do not fit, traps, host functions."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
import pytest
from support import basics, guest_path

import zcwasm

pytestmark = pytest.mark.usefixtures("engine")  # each test with each engine that is here


def test_integers() -> None:
    exports = basics().exports
    assert exports.add(2, 3) == 5
    assert exports.add(2**31 - 1, 1) == -(2**31)  # results are signed
    assert exports.add(2**32 - 1, 0) == -1  # arguments may be unsigned
    assert exports.add64(2**63 - 1, 1) == -(2**63)
    assert exports.add64(2**64 - 1, 0) == -1
    assert exports.add(True, np.int16(7)) == 8


def test_floats_keep_their_bits() -> None:
    exports = basics().exports
    assert exports.identity_f32(1.5) == 1.5
    assert exports.identity_f32(0.1) == struct.unpack("f", struct.pack("f", 0.1))[0]
    assert exports.identity_f32(3) == 3.0
    assert math.copysign(1, exports.identity_f32(-0.0)) == -1
    assert exports.identity_f32(math.inf) == math.inf
    assert exports.identity_f64(5e-324) == 5e-324
    for bits in (0x7FF0000000000001, 0xFFF8000000000123, 0x7FF4000000000000):
        (value,) = struct.unpack("<d", struct.pack("<Q", bits))
        assert struct.pack("<d", exports.identity_f64(value)) == struct.pack("<Q", bits)


def test_multi_value_and_none() -> None:
    exports = basics().exports
    assert exports.many(1, 2, 3.5, 4.25) == (4.25, 3.5, 2, 1)
    assert exports.nothing() is None


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ((), TypeError, r"add\(i32, i32\) -> i32 takes 2 arguments \(0 given\)"),
        ((1,), TypeError, r"takes 2 arguments \(1 given\)"),
        ((1, 2, 3), TypeError, r"takes 2 arguments \(3 given\)"),
        ((1.0, 2), TypeError, r"argument 1 must be an integer \(i32\), not float"),
        ((1, "2"), TypeError, r"argument 2 must be an integer \(i32\), not str"),
        ((1, None), TypeError, r"argument 2 .* NoneType"),
        ((2**32, 0), OverflowError, r"argument 1: 4294967296 does not fit in i32"),
        ((0, -(2**31) - 1), OverflowError, r"argument 2: -2147483649 does not fit in i32"),
        ((0, 10**30), OverflowError, r"does not fit in i32"),
    ],
)
def test_bad_arguments(arguments: tuple[Any, ...], error: type[Exception], text: str) -> None:
    add = basics().exports.add
    with pytest.raises(error, match=text):
        add(*arguments)
    with pytest.raises(TypeError, match="no keyword arguments"):
        add(1, b=2)
    assert add(1, 1) == 2


def test_bad_wide_and_float_arguments() -> None:
    exports = basics().exports
    for value in (2**64, -(2**63) - 1):
        with pytest.raises(OverflowError, match="does not fit in i64"):
            exports.add64(value, 0)
    with pytest.raises(OverflowError, match="does not fit in f32"):
        exports.identity_f32(1e39)
    with pytest.raises(TypeError, match=r"a number \(f64\), not str"):
        exports.identity_f64("1")


def test_arguments_whose_conversion_calls_the_guest() -> None:
    guest = basics()

    class Nested:
        def __index__(self) -> int:
            return int(guest.exports.add(20, 1))

    assert guest.exports.add(Nested(), Nested()) == 42


@pytest.mark.parametrize(
    ("function", "arguments", "kind", "text"),
    [
        ("unreachable", (), "unreachable", "unreachable"),
        ("divide", (1, 0), "integer_divide_by_zero", "integer divide by zero"),
        ("divide", (-(2**31), -1), "integer_overflow", "integer overflow"),
        ("load", (2 * 65536 - 3,), "memory_out_of_bounds", "out of bounds memory access"),
        ("store", (-1, 0), "memory_out_of_bounds", "out of bounds memory access"),
        ("fill", (2 * 65536 - 3, 0, 4), "memory_out_of_bounds", "out of bounds memory access"),
        ("truncate", (math.nan,), "invalid_conversion", "invalid conversion to integer"),
        ("truncate", (3e9,), "integer_overflow", "integer overflow"),
        ("indirect", (0,), "indirect_call_type", "indirect call type mismatch"),
        ("indirect", (2,), "uninitialized_element", "uninitialized element"),
        ("indirect", (4,), "table_out_of_bounds", "undefined element"),
        ("indirect", (-1,), "table_out_of_bounds", "undefined element"),
        ("forever", (), "stack_overflow", "call stack exhausted"),
    ],
)
def test_traps(function: str, arguments: tuple[Any, ...], kind: str, text: str) -> None:
    guest = basics()
    for _ in range(3):  # and usable afterwards
        with pytest.raises(zcwasm.Trap, match=text) as caught:
            guest.exports[function](*arguments)
        assert caught.value.kind == kind
        assert caught.value.backtrace[0] in (function, "divide", "identity_f32", "forever")
        assert guest.exports.add(1, 2) == 3


def test_backtrace_has_names() -> None:
    with pytest.raises(zcwasm.Trap) as caught:
        basics().exports.outer(0)
    assert caught.value.backtrace == ("divide", "outer")
    assert str(caught.value) == "integer divide by zero\n  in divide\n  in outer"
    with pytest.raises(zcwasm.Trap) as deep:
        basics().exports.forever()
    assert "more" in str(deep.value)
    assert set(deep.value.backtrace) == {"forever"}


def test_host_functions() -> None:
    seen: list[int] = []
    guest = basics(imports={"env": {"log": seen.append, "pair": lambda a, b: [b, a]}})
    guest.exports["call log!"](-7)
    assert seen == [-7]
    assert guest.exports.call_pair(3, 2**40) == (2**40, 3)


class Unique(Exception):
    pass


def test_host_exceptions_travel_unchanged() -> None:
    error = Unique("mine")

    def fail(value: int) -> None:
        raise error

    guest = basics(imports={"env": {"log": fail, "pair": lambda a, b: (b, a)}})
    for _ in range(3):
        with pytest.raises(Unique) as caught:
            guest.exports["call log!"](1)
        assert caught.value is error
    assert guest.exports.add(1, 1) == 2


@pytest.mark.parametrize(
    ("result", "error", "text"),
    [
        (None, TypeError, "sequence"),
        (5, TypeError, "sequence"),
        ((1,), TypeError, "returned 1 results, 2 are needed"),
        ((1, 2, 3), TypeError, "returned 3 results, 2 are needed"),
        (("x", 2), TypeError, r"result 1 must be an integer \(i64\), not str"),
        ((1, 2**33), OverflowError, "result 2: 8589934592 does not fit in i32"),
    ],
)
def test_bad_host_results(result: Any, error: type[Exception], text: str) -> None:
    guest = basics(imports={"env": {"log": print, "pair": lambda a, b: result}})
    with pytest.raises(error, match=text):
        guest.exports.call_pair(1, 2)


def test_host_function_calls_back() -> None:
    depths: list[int] = []

    def log(value: int) -> None:
        depths.append(value)
        if value:
            guest.exports["call log!"](value - 1)
            assert guest.exports.many(1, 2, 3.5, 4.25) == (4.25, 3.5, 2, 1)
            with pytest.raises(zcwasm.Trap, match="divide"):
                guest.exports.divide(1, 0)

    def pair(a: int, b: int) -> tuple[int, int]:
        assert guest.exports.add(a, b) == a + b  # uses the slots where this call's results will go
        return b, a

    guest = basics(imports={"env": {"log": log, "pair": pair}})
    guest.exports["call log!"](20)
    assert depths == list(range(20, -1, -1))
    assert guest.exports.call_pair(11, 22) == (22, 11)


def test_exports_by_name_and_item() -> None:
    guest = basics()
    exports = guest.exports
    assert exports["add"] is exports.add
    assert exports["call log!"].params == ("i32",)
    assert "add" in exports
    assert "subtract" not in exports
    assert len(exports) == len(guest.module.exports)
    assert list(exports) == [export.name for export in guest.module.exports]
    assert "add" in dir(exports)
    assert exports.add.__name__ == "add"
    assert repr(exports.add) == "<zcwasm.Function add(i32, i32) -> i32>"
    with pytest.raises(AttributeError, match="no export 'subtract'"):
        _ = exports.subtract
    with pytest.raises(KeyError, match="the module has no export 'subtract'"):
        exports["subtract"]
    with pytest.raises((TypeError, KeyError)):
        exports[5]  # type: ignore[index]


def test_globals_and_table() -> None:
    guest = basics()
    counter = guest.exports.counter
    assert (counter.value, counter.type, counter.mutable) == (5, "i32", True)
    assert guest.exports.count() == 6
    assert counter.value == 6
    counter.value = -3
    assert guest.exports.count() == -2
    with pytest.raises(OverflowError):
        counter.value = 2**40
    with pytest.raises(AttributeError, match="immutable"):
        guest.exports.answer.value = 1
    assert guest.exports.answer.value == 42
    assert guest.exports.table.size == 4
    assert repr(guest.exports.answer) == "<zcwasm.Global i64 = 42>"


def test_instances_are_independent() -> None:
    module = zcwasm.Module(guest_path("basics"))
    imports = {"env": {"log": print, "pair": print}}
    first, second = (zcwasm.Instance(module, imports=imports) for _ in range(2))
    first.exports.store(0, 7)
    first.exports.count()
    assert second.exports.load(0) == 0
    assert second.exports.counter.value == 5
    assert first.memory.address != second.memory.address
