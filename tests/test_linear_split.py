"""linear with many rows and weights in F32, F16 and BF16, which processors that multiply floats of 16 bits
take apart (csrc/device/cpu/zc_cpu_split.h): the bound that docs/explanation/precision.md states, from the
largest to the smallest numbers. It holds for float32 as well, so these run on every instruction set."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import Arena
from llm_support import empty, run

import zcwasm
from zcwasm._selftest import reference
from zcwasm._selftest.arena import put, words
from zcwasm._selftest.reference import EXACT, WEIGHT_TYPES, Array

TYPES = ("F32", "F16", "BF16")
ROWS = 40  # a whole tile and a part of one
each_float = pytest.mark.parametrize("name", TYPES)


@pytest.fixture
def cpu() -> zcwasm.Device:
    return zcwasm.Device("cpu")


def stored(name: str, w: Array) -> Array:
    """Bytes of the weights nearest to these."""
    if name == "BF16":
        bits = np.ascontiguousarray(w, np.float32).view(np.uint32)
        return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16).view(np.uint8)
    return np.ascontiguousarray(w, np.float32 if name == "F32" else np.float16).view(np.uint8)


def product(
    device: zcwasm.Device, arena: Arena, name: str, x: Array, w: Array, flags: int = 0
) -> tuple[Array, Array]:
    """What linear gives, and the weights as they are in the file, as doubles."""
    arena.used = 64
    (rows, k), n = x.shape, len(w)
    data = stored(name, w)
    data = np.concatenate([data.reshape(-1), np.zeros(-data.size % 4, np.uint8)])
    y = arena.empty((rows, n))
    arrays = [put(arena, x), put(arena, words(data)), empty(arena), empty(arena), y]
    code = WEIGHT_TYPES[name][0]
    run(device, "linear", arrays, type=code, rows=rows, n=n, k=k, ldx=k, ldy=n, flags=flags, eps=0)
    known = reference.dequantize(name, data[: n * k * (4 if name == "F32" else 2)].reshape(n, -1))
    with np.errstate(invalid="ignore"):  # of a NaN that signals
        return y, known.astype(np.float64).reshape(n, k)


def bound(name: str, x: Array, w: Array) -> Array:
    """2**-15 of each product for what is left out of both sides, 2**-17 for x alone; sums in float32; and
    what is too small for floats of 16 bits: of weights 2**-102, of x that of its row's largest element."""
    with np.errstate(over="ignore"):
        size = np.abs(x.astype(np.float64)) @ np.abs(w).T
    top = np.abs(x.astype(np.float64)).max(1, keepdims=True)
    part = 2.0**-17 if name == "BF16" else 2.0**-15
    k = x.shape[1]
    tiny = 2.0**-102 * top * (k + np.abs(w).sum(1)) + k * 2.0**-149
    return (part + (k + 8) * 2.0**-24) * size + 4 * tiny


def values(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@each_float
@pytest.mark.parametrize("k", [127, 128, 129, 143, 144, 145, 192, 384, 1000])
@pytest.mark.parametrize("n", [1, 15, 33, 200])
def test_the_bound(cpu: zcwasm.Device, arena: Arena, name: str, k: int, n: int) -> None:
    x = values(1, ROWS, k)
    y, w = product(cpu, arena, name, x, values(2, n, k))
    assert (np.abs(y - x.astype(np.float64) @ w.T) <= bound(name, x, w)).all()


@each_float
def test_errors_cancel(cpu: zcwasm.Device, arena: Arena, name: str) -> None:
    """Errors of single products have no sign in common: their sum is far below the bound."""
    x = np.abs(values(3, 128, 1536))
    y, w = product(cpu, arena, name, x, np.abs(values(4, 256, 1536)))
    exact = x.astype(np.float64) @ w.T
    error = np.abs(y / exact - 1)
    assert error.max() < 2e-6
    assert abs((y / exact - 1).mean()) < 1e-6


@each_float
@pytest.mark.parametrize("exponent", [-149, -140, -126, -110, -60, -24, 0, 60, 100, 126])
def test_rows_of_any_size(cpu: zcwasm.Device, arena: Arena, name: str, exponent: int) -> None:
    """A power of two in all of a row is one in its outputs, as far as float32 has such numbers."""
    x = np.ldexp(values(5, ROWS, 160).clip(-1.9, 1.9), exponent).astype(np.float32)
    y, w = product(cpu, arena, name, x, values(6, 40, 160) / 16)
    assert (np.abs(y - x.astype(np.float64) @ w.T) <= bound(name, x, w)).all()


@pytest.mark.parametrize("name", ["F32", "BF16"])
@pytest.mark.parametrize("exponent", [-126, -104, -90, -60, 60, 100, 119])
def test_weights_of_any_size(cpu: zcwasm.Device, arena: Arena, name: str, exponent: int) -> None:
    x = values(7, ROWS, 160).clip(-1.9, 1.9)
    y, w = product(cpu, arena, name, x, np.ldexp(values(8, 40, 160).clip(-1.9, 1.9), exponent))
    assert np.isfinite(y).all()
    assert (np.abs(y - x.astype(np.float64) @ w.T) <= bound(name, x, w)).all()


@pytest.mark.parametrize("name", ["F32", "BF16"])
def test_nothing_overflows_that_float32_has(cpu: zcwasm.Device, arena: Arena, name: str) -> None:
    """The largest numbers on either side: their nearest floats of 16 bits may be beyond them all."""
    most = np.finfo(np.float32).max
    for x_top, w_top in ((most, 0.25), (0.25, most), (1e-30, most), (most, 1e-30), (2.0**63, 2.0**62)):
        x = np.full((ROWS, 160), x_top, np.float32)
        x[:, 1::2] *= -1  # what two add, two take away
        x[:, 2:] *= np.float32(0.5)
        y, w = product(cpu, arena, name, x, np.full((40, 160), w_top, np.float32))
        if not np.isfinite(w).all():
            continue  # BF16 has no number nearer than infinity
        assert np.isfinite(y).all()
        assert (np.abs(y - x.astype(np.float64) @ w.T) <= bound(name, x, w)).all()


@each_float
def test_what_is_not_finite(cpu: zcwasm.Device, arena: Arena, name: str) -> None:
    """NaN and infinity of x stay in their row, of weights in their output, and leave no finite number."""
    for value in (np.nan, np.inf, -np.inf, np.uint32(0x7FFFFFFF), np.uint32(0xFF800001)):
        bad = np.array([value]).view(np.float32)[0] if isinstance(value, np.uint32) else np.float32(value)
        x, w = values(9, ROWS, 160), values(10, 40, 160)
        x[17, 35] = bad
        y, _ = product(cpu, arena, name, x, w)
        assert not np.isfinite(y[17]).any()
        assert np.isfinite(np.delete(y, 17, axis=0)).all()
        if name != "BF16" or not np.isnan(bad):
            x[17, 35] = 1
            w[23, 70] = bad
            y, _ = product(cpu, arena, name, x, w)
            assert not np.isfinite(y[:, 23]).any()
            assert np.isfinite(np.delete(y, 23, axis=1)).all()


@each_float
def test_a_row_has_its_bits_beside_any_others(cpu: zcwasm.Device, arena: Arena, name: str) -> None:
    """Of 12 rows and more, with any number of threads."""
    x, w = values(11, 300, 200), values(12, 330, 200)
    seen = {}
    for rows in (12, 16, 31, 32, 130, 300):
        for threads in (1, 2, 5):
            device = zcwasm.Device("cpu", threads=threads)
            y, _ = product(device, arena, name, x[300 - rows :], w)
            seen[rows, threads] = y[-12:].tobytes()
    assert len(set(seen.values())) == 1, seen.keys()


@each_float
def test_exact_stays_float32(cpu: zcwasm.Device, arena: Arena, name: str) -> None:
    """Errors of float32 alone, where what is left out of split elements would show."""
    x = np.full((ROWS, 32), 1 + 2.0**-12 + 2.0**-20, np.float32)
    y, w = product(cpu, arena, name, x, np.full((40, 32), 1.5, np.float32), EXACT)
    assert (np.abs(y / (x.astype(np.float64) @ w.T) - 1) <= 32 * 2.0**-24).all()
