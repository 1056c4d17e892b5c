"""linear and linear_gated of many rows on matrix units: only where a device has them.

The bounds are those of tests/test_llm_linear.py without the 2**-14 that the contract allows: two halves
of x and whole numbers of weights lose nothing that float32 keeps. On a device that also has packed products
few rows go by those, and have it (csrc/kernel/zc_kernel_tiles_linear.c). ZCWASM_VULKAN_MATRIX=0, or
ZCWASM_METAL_MATRIX=0, runs the same on the other path."""

from __future__ import annotations

import os

import numpy as np
import pytest
from conftest import Arena
from llm_support import E, Framed, close, empty, normal, rng, run

import zcwasm
from zcwasm._selftest import reference
from zcwasm._selftest.arena import put, words
from zcwasm._selftest.kernels import MATRIX_TYPES
from zcwasm._selftest.reference import ADD, BIAS, EXACT, GELU, NORM, SWIGLU, WEIGHT_TYPES, Array

TYPES = MATRIX_TYPES  # the others go in float32 tiles
OFF = {kind for kind in ("vulkan", "metal") if os.environ.get(f"ZCWASM_{kind.upper()}_MATRIX") == "0"}


@pytest.fixture
def device(device: zcwasm.Device) -> zcwasm.Device:
    if device.kind in OFF:
        assert device.info["matrix_units"] == 0
    elif not device.info["matrix_units"]:
        pytest.skip("no matrix units")
    return device


def f_of(x: Array, flags: int, norm: Array) -> Array:
    x = x.astype(np.float64)
    if flags & NORM:
        return reference.rms_norm(x, norm, 1e-5)
    if flags & SWIGLU:
        gate, up = np.split(x, 2, axis=1)
        return reference.silu(gate) * up
    return x


def rounding_of(device: zcwasm.Device, rows: int, flags: int, f: Array, w: Array) -> Array | int:
    """Of packed products, for as many rows as may go by them."""
    if not device.info.get("packed_dot") or rows > 128 or flags & EXACT:
        return 0
    parts = [slice(at, at + 256) for at in range(0, f.shape[1], 256)]
    tops = [np.abs(f[:, part]).max(1, keepdims=True) * np.abs(w[:, part]).sum(1) for part in parts]
    return 2.0**-14 * np.sum(tops, axis=0)


def check(
    device: zcwasm.Device,
    arena: Arena,
    name: str,
    shape: tuple[int, int, int],
    flags: int = 0,
    values: Array | None = None,
    offset: int = 0,
) -> None:
    """Only rows of finite values are compared; the others must be no numbers, or infinite."""
    (rows, n, k), cols = shape, shape[2] * (2 if flags & SWIGLU else 1)
    arena.used = 64
    data = reference.random_weights(name, n, k, rng)
    w = reference.dequantize(name, data).astype(np.float64)
    x = Framed(arena, rows, cols, cols + offset, offset=offset, values=values)
    y = Framed(arena, rows, n, n + 3, offset=3 - offset)
    bias, norm = normal(n), normal(k)
    before = y.get().astype(np.float64)
    if not flags & ADD:
        y.get()[...] = np.nan  # must not be read
    given = [x.binding, put(arena, words(data), offset)]
    given += [put(arena, bias, 1) if flags & BIAS else empty(arena)]
    given += [put(arena, norm, 2) if flags & NORM else empty(arena), y.binding]
    params = {"type": WEIGHT_TYPES[name][0], "rows": rows, "n": n, "k": k, "flags": flags, "eps": 1e-5}
    run(device, "linear", given, **params, ldx=cols + offset, ldy=n + 3)
    y.check_frame()
    finite = np.isfinite(x.get()).all(1)
    assert not np.isfinite(y.get()[~finite]).any()
    f = f_of(x.get()[finite], flags, norm)
    expected, size = f @ w.T, np.abs(f) @ np.abs(w).T
    relative = 1e-5 if flags & SWIGLU else 16 * E if flags & NORM else 0
    allowed = ((k + 8) * E + relative) * size + 4 * E * np.abs(f) @ (np.abs(w) + 3).T
    allowed = allowed + rounding_of(device, rows, flags, f, w)
    if flags & BIAS:
        expected = expected + bias
    if flags & GELU:
        allowed = 1.2 * allowed + 2e-6 * (1 + np.abs(expected))
        expected = reference.gelu(expected)
    if flags & ADD:
        expected = expected + before[finite]
    room = 4 * E * (np.abs(expected) + np.abs(before[finite]) + 2)
    close(y.get()[finite], expected, allowed + room)


@pytest.mark.parametrize("name", TYPES)
def test_each_type(device: zcwasm.Device, arena: Arena, name: str) -> None:
    block = WEIGHT_TYPES[name][1]
    lengths = {1: [1, 75, 577], 2: [2, 46, 258], 32: [32, 96, 1056], 64: [64, 320], 256: [256, 768]}[block]
    shapes = [(5, 40), (16, 1), (17, 35), (40, 70), (70, 131), (200, 65)]
    # Types that share all but how a slice is read with one of these have one shape, and the longer rows.
    all_of = ("F16", "Q8_0", "Q4_1", "Q4_K", "Q6_K")
    for rows, n in shapes if name in all_of else shapes[-1:]:
        for k in lengths if name in all_of else lengths[1:]:
            check(device, arena, name, (rows, n, k), offset=(rows + k) % 4)


@pytest.mark.parametrize("flags", [ADD, NORM | BIAS | GELU, SWIGLU | ADD, NORM | ADD | BIAS, GELU, EXACT])
def test_flags(device: zcwasm.Device, arena: Arena, flags: int) -> None:
    check(device, arena, "Q4_1", (33, 70, 96), flags, offset=flags % 4)


@pytest.mark.parametrize(("rows", "tiles"), [(123, 128), (251, 70), (379, 45), (30, 101), (61, 101)])
def test_large_tiles(device: zcwasm.Device, arena: Arena, rows: int, tiles: int) -> None:
    """Enough of them that they are 128 wide, and 128, 64, 128, 32 and 64 high."""
    check(device, arena, "Q8_0", (rows, 128 * tiles - 7, 64), ADD)


@pytest.mark.parametrize(
    ("name", "flags"),
    [("Q4_1", 0), ("Q4_K", 0), ("Q4_1", NORM | ADD | BIAS), ("Q4_K", NORM | ADD | BIAS), ("Q2_K", 0)],
)
def test_shared_columns(device: zcwasm.Device, arena: Arena, name: str, flags: int) -> None:
    """Few tiles of long rows: workgroups share the columns, some of them have fewer or none."""
    for rows, n, k in [(20, 30, 2304), (40, 70, 4864)]:
        check(device, arena, name, (rows, n, k), flags)


@pytest.mark.parametrize("name", ["F16", "Q4_1", "Q4_K"])
@pytest.mark.parametrize("scale", [1e6, 1e30, 1e-30])
def test_rows_of_any_size(device: zcwasm.Device, arena: Arena, name: str, scale: float) -> None:
    """Neither infinities nor zeros come of what float16 does not hold; each row has a scale of its own."""
    x = normal(40, 256)
    x[::2] *= np.float32(scale)
    x[5, 17] *= np.float32(1e4)
    check(device, arena, name, (40, 50, 256), 0, x)


@pytest.mark.parametrize("flags", [0, NORM])
def test_rows_that_are_no_numbers_stay_alone(device: zcwasm.Device, arena: Arena, flags: int) -> None:
    x = normal(40, 96)
    x[3, 5], x[8, 95], x[21, 40], x[22] = np.nan, np.inf, -np.inf, np.nan
    check(device, arena, "Q4_1", (40, 50, 96), flags, x)
    check(device, arena, "Q8_0", (40, 50, 96), flags, x)


@pytest.mark.parametrize(("name", "other"), [("Q4_K", "Q4_K"), ("Q8_0", "Q8_0"), ("Q4_1", "Q4_0")])
def test_gated(device: zcwasm.Device, arena: Arena, name: str, other: str) -> None:
    """The second pair of types has no way of its own there."""
    for rows, n, k, flags in [(6, 50, 2304, NORM), (17, 35, 256, 0), (70, 130, 768, NORM)]:
        arena.used = 64
        data = reference.random_weights(name, n, k, rng), reference.random_weights(other, n, k, rng)
        gate = reference.dequantize(name, data[0]).astype(np.float64)
        up = reference.dequantize(other, data[1]).astype(np.float64)
        x, norm = normal(rows, k), normal(k)
        y = Framed(arena, rows, n, n + 3, offset=1)
        given = [put(arena, x, 1), put(arena, words(data[0])), put(arena, words(data[1]), 3)]
        given += [put(arena, norm, 2) if flags & NORM else empty(arena), y.binding]
        types = {"gate_type": WEIGHT_TYPES[name][0], "up_type": WEIGHT_TYPES[other][0]}
        shape = {"rows": rows, "n": n, "k": k, "ldx": k, "ldy": n + 3}
        run(device, "linear_gated", given, **types, **shape, flags=flags, eps=1e-5)
        y.check_frame()
        f = f_of(x, flags, norm)
        a, b = f @ gate.T, f @ up.T
        error = (k + 24) * E
        wrong_a = error * (np.abs(f) @ (np.abs(gate) + 3).T) + rounding_of(device, rows, flags, f, gate)
        wrong_b = error * (np.abs(f) @ (np.abs(up) + 3).T) + rounding_of(device, rows, flags, f, up)
        expected = reference.silu(a) * b
        allowed = 1.2 * wrong_a * (np.abs(b) + wrong_b) + (np.abs(a) + 1) * wrong_b + 2e-5 * np.abs(expected)
        close(y.get(), expected, allowed + 1e-6)
