"""Mixtures of experts on every device: which ones rows go to, products with their weights, and the sum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conftest import Arena
from llm_support import MOST, E, Framed, close, each_type, empty, normal, rng, run

import zcwasm
from zcwasm._selftest import reference
from zcwasm._selftest.arena import put, words
from zcwasm._selftest.reference import BIAS, EXACT, SWIGLU, SWIGLU_CLAMPED, WEIGHT_TYPES

INF = float(np.inf)


@pytest.mark.parametrize("mode", [0, 1, 2, 3])
@pytest.mark.parametrize(
    ("rows", "experts", "used"), [(0, 4, 2), (1, 1, 1), (7, 128, 8), (3, 1000, 64), (2, 5, 0)]
)
def test_route(device: zcwasm.Device, arena: Arena, rows: int, experts: int, used: int, mode: int) -> None:
    x = Framed(arena, rows, experts, experts + 3, offset=rows % 4)
    x.get()[...] = np.round(x.get() * 8) / 8  # with equals
    ids, weights = put(arena, np.zeros((rows, used), np.uint32), 1), arena.empty((rows, used))
    params = {"rows": rows, "experts": experts, "used": used, "ldx": experts + 3, "mode": mode, "scale": 2.5}
    run(device, "route", [x.binding, ids, weights], **params)
    if rows and used:
        right, counts = reference.route(x.get(), used, mode, 2.5)
        assert np.array_equal(ids, right)
        close(weights, counts, 2e-5 * np.abs(counts))


def test_route_of_special_logits(device: zcwasm.Device, arena: Arena) -> None:
    """A NaN comes first, infinities where they belong; no other row notices."""
    x = put(arena, np.array([[1, np.nan, INF, 2], [-INF, 0, -0.0, -INF], [3, 1, 2, 0]], np.float32))
    ids, weights = arena.empty((3, 2), np.uint32), arena.empty((3, 2))
    run(device, "route", [x, ids, weights], rows=3, experts=4, used=2, ldx=4, mode=1, scale=1)
    assert ids.tolist() == [[1, 2], [1, 2], [0, 2]]
    assert np.isnan(weights[0]).all()
    close(weights[1:], [[0.5, 0.5], [1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1))]], 1e-5)
    for wrong in ({"used": 5}, {"used": 65, "experts": 80}, {"experts": 1025}, {"mode": 4}):
        right: dict[str, float] = {"rows": 1, "experts": 4, "used": 2, "ldx": 4, "mode": 1, "scale": 1}
        with pytest.raises(ValueError, match=r"experts: must be|mode is 4"):
            run(device, "route", [x, ids, weights], **(right | wrong))


def check(
    device: zcwasm.Device,
    arena: Arena,
    name: str,
    ids: Any,
    n: int,
    k: int,
    share: int = 1,
    flags: int = EXACT,
    experts: int = 5,
    times: float = 1.0,
) -> None:
    arena.used = 64
    code = WEIGHT_TYPES[name][0]
    data = reference.random_weights(name, experts * n, k, rng)
    ids, columns = np.array(ids, np.uint32), 2 * k if flags & (SWIGLU | SWIGLU_CLAMPED) else k
    rows = len(ids)
    x = Framed(arena, -(-rows // share), columns, columns + 2, offset=rows % 4)
    x.get()[...] *= times / np.sqrt(max(k, 1))
    y, bias = Framed(arena, rows, n, n + 3, offset=3 - rows % 4), put(arena, normal(experts, n), 1)
    arrays = [
        x.binding,
        put(arena, words(data), 3),
        bias if flags & BIAS else empty(arena),
        put(arena, ids, 2),
    ]
    params = {"type": code, "rows": rows, "n": n, "k": k, "experts": experts, "share": share}
    run(device, "linear_chosen", [*arrays, y.binding], **params, ldx=columns + 2, ldy=n + 3, flags=flags)
    y.check_frame()
    x.check_frame()
    chosen, f = np.minimum(ids, experts - 1), x.get().astype(np.float64)
    f = reference.silu(f[:, :k]) * f[:, k:] if flags & SWIGLU else f
    f = reference.swiglu_clamped(f) if flags & SWIGLU_CLAMPED else f
    w = reference.dequantize(name, data).astype(np.float64).reshape(experts, n, k)[chosen]
    f = f[np.arange(rows) // share]
    want, size = np.einsum("rk,rnk->rn", f, w), np.einsum("rk,rnk->rn", np.abs(f), np.abs(w))
    if flags & BIAS:
        want = want + bias[chosen]
    rounded = 2e-4 if not flags & EXACT and device.kind == "cpu" else 0  # x to 16-bit fixed point
    close(y.get(), want, (k + 64) * E * (size + 1) + rounded * size)


@pytest.mark.slow_on_software
@each_type
def test_linear_chosen(device: zcwasm.Device, arena: Arena, name: str) -> None:
    """Some experts have one row, some many, some none; ids beyond all are the last one's."""
    block = WEIGHT_TYPES[name][1]
    ids = [3, 0, 3, MOST, 3, 0, 5, 3, 3, 3, 3]
    check(device, arena, name, ids, 13, 2 * block if block > 1 else 43)
    if name in ("Q4_0", "F16"):
        check(device, arena, name, ids, 13, 64, flags=0)


def test_linear_chosen_of_one_row(device: zcwasm.Device, arena: Arena) -> None:
    """Rows that share one of x; what is gated; biases; more than a chunk of columns; nothing."""
    check(device, arena, "Q8_0", [1, 4, 2], 70, 2112, share=3)
    check(device, arena, "Q4_1", [1, 4, 2, 1, 1, 0, 2], 9, 96, share=2, flags=BIAS | EXACT)
    check(device, arena, "F32", [1, 4, 1], 1600, 40, flags=SWIGLU | EXACT)
    # Gates and ups within their limits, and most of them beyond.
    check(device, arena, "F32", [1, 4, 1], 33, 44, share=2, flags=SWIGLU_CLAMPED | EXACT)
    check(device, arena, "MXFP4", [1, 4, 1, 0], 70, 2112, flags=SWIGLU_CLAMPED | BIAS | EXACT, times=500.0)
    check(device, arena, "MXFP4", [1, 1, 4, 1, 1, 1, 1], 70, 192, flags=SWIGLU_CLAMPED, times=100.0)
    check(device, arena, "F32", [], 5, 8)
    check(device, arena, "F32", [1, 2], 0, 8)
    check(device, arena, "F32", [1, 2, 1], 5, 0, flags=BIAS | EXACT)


def test_a_clamped_gate_of_numbers_that_are_not(device: zcwasm.Device, arena: Arena) -> None:
    """Infinities are clamped, a NaN stays one, and what overflows in the sigmoid does not count."""
    most = np.float32(3.4e38)
    gate = [np.inf, most, 7, 6.5, 0, -0.0, -5, -100, -most, -np.inf, np.nan, 1, 1, 1, 1, 1]
    up = [1, 1, 9, 7, 3, 3, -0.5, 2, most, 1, 1, np.inf, -np.inf, most, -7, np.nan]
    x = arena.put(np.array([*gate, *up], np.float32)[None])
    y, w = arena.empty((1, 16)), arena.put(np.eye(16, dtype=np.float32))
    x[...] = np.where(np.isnan(x), 1, x)
    params = {"type": 0, "rows": 1, "n": 16, "k": 16, "experts": 1, "share": 1, "ldx": 32, "ldy": 16}
    arrays = [x, w, empty(arena), put(arena, np.zeros(1, np.uint32)), y]
    x[0, 9] = -1e30  # -inf * 0 is NaN
    run(device, "linear_chosen", arrays, **params, flags=SWIGLU_CLAMPED | EXACT)
    close(y, reference.swiglu_clamped(x), 1e-5 * (1 + np.abs(reference.swiglu_clamped(x))))
    for at in (10, 16 + 15):
        x[0, at] = np.nan
        run(device, "linear_chosen", arrays, **params, flags=SWIGLU_CLAMPED | EXACT)
        assert np.isnan(y).all()  # NaN * 0
        x[0, at] = 1


def test_what_linear_chosen_refuses(device: zcwasm.Device, arena: Arena) -> None:
    x, w, y = (arena.empty(64) for _ in range(3))
    arrays = [x, w, empty(arena), arena.empty(4, np.uint32), y]
    right = {"type": 0, "rows": 4, "n": 4, "k": 4, "experts": 4, "share": 1, "ldx": 4, "ldy": 4, "flags": 0}
    run(device, "linear_chosen", arrays, **right)
    for wrong, words_ in (
        ({"experts": 0}, "experts are 0"),
        ({"experts": 1025}, "experts are 1025"),
        ({"share": 0}, "share is 0"),
        ({"experts": 5}, "w: the parameters need"),
        ({"flags": 1}, "flags are 0x1"),
        ({"flags": SWIGLU | SWIGLU_CLAMPED}, "flags 0x88 ask for SWIGLU and for SWIGLU_CLAMPED"),
        ({"flags": 256}, "flags are 0x100"),
        ({"flags": SWIGLU_CLAMPED}, "x: the parameters need|leading dimension of x"),
        ({"flags": BIAS}, "bias: the parameters need"),
        ({"rows": 5}, "ids: the parameters need"),
        ({"n": 1 << 31, "ldy": 1 << 31, "rows": 1}, "more than 2"),
        ({"type": 99}, "type of w is 99"),
    ):
        with pytest.raises((ValueError, IndexError, OverflowError), match=words_):
            run(device, "linear_chosen", arrays, **(right | wrong))


@pytest.mark.parametrize(("rows", "cols", "slots"), [(0, 3, 2), (1, 4099, 8), (5, 33, 3), (2, 7, 0)])
def test_add_weighted(device: zcwasm.Device, arena: Arena, rows: int, cols: int, slots: int) -> None:
    x = Framed(arena, rows * slots, cols, cols + 1, offset=1)
    out = Framed(arena, rows, cols, cols + 2, offset=2)
    weights = put(arena, normal(rows, slots), 3)
    parts = weights[..., None] * x.get().reshape(rows, slots, cols).astype(np.float64)
    want, size = out.get() + parts.sum(1), np.abs(out.get()) + np.abs(parts).sum(1)
    params = {"rows": rows, "cols": cols, "slots": slots, "ldx": cols + 1, "ldout": cols + 2}
    run(device, "add_weighted", [x.binding, weights, out.binding], **params)
    out.check_frame()
    close(out.get(), want, 2 * (slots + 1) * E * size)
