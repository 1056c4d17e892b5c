"""How much work a guest may put into one dispatch, which rows may overlap, and what ends work that is too long."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from conftest import Arena
from test_abi import EINVAL, ENOMEM, Guest

import zcwasm

POOL = "<6I"  # rows, cols, capacity, ldx, ldout, flags


def test_a_guests_dispatch_has_a_limit(device: zcwasm.Device) -> None:
    guest = Guest(device, limits=zcwasm.Limits(dispatch_work=100_000))
    at, x = guest.put(np.ones(64 * 64))
    spans_at, _ = guest.put(np.array([[0, 64]] * 8), np.uint32)
    out_at, out = guest.put(np.zeros((8, 64)))

    def pool(rows: int, sequence: int = 0) -> int:
        ranges = [(0, at, x.nbytes), (0, spans_at, 64), (0, out_at, out.nbytes)]
        return guest.record("pool", ranges, struct.pack(POOL, rows, 64, 64, 64, 64, 0), sequence)

    assert pool(8) == 0  # 8 * 64 * 68
    assert guest.exports.run() == 0
    assert (out == 1).all()
    guest = Guest(device, limits=zcwasm.Limits(dispatch_work=30_000))
    at, x = guest.put(np.ones(64 * 64))
    spans_at, _ = guest.put(np.array([[0, 64]] * 8), np.uint32)
    out_at, out = guest.put(np.zeros((8, 64)))
    assert pool(8) == -ENOMEM
    assert "kernel pool: about 34816 multiply-adds, the limit of one dispatch is 30000" in guest.error()
    # New parameters of a sequence go through the same check; what was there before stays.
    sequence = guest.exports.sequence_new()
    assert pool(4, sequence) == 0
    assert guest.exports.sequence_seal(sequence) == 0
    guest.memory.write(guest.base, struct.pack("<I", 8))
    assert guest.exports.sequence_params(sequence, 0, 0, guest.base, 4) == -ENOMEM
    assert "34816" in guest.error()
    assert "30000" in guest.error()
    assert guest.exports.sequence_run(sequence) == 0
    assert (out[:4] == 1).all()
    assert (out[4:] == 0).all()


def test_the_hosts_own_dispatches_have_none(device: zcwasm.Device, arena: Arena) -> None:
    x = arena.put(np.ones((64, 64)))
    out = arena.empty((64, 64))
    Guest(device, limits=zcwasm.Limits(dispatch_work=0))
    device.matmul(x, x, out=out)
    assert (out == 64).all()


def test_the_default_admits_long_contexts() -> None:
    """Attention of 512 rows and 32 heads of 128 over 131,072 keys, half of it in the cache's own memory."""
    device = zcwasm.Device("cpu")
    guest = Guest(device)
    rows, heads, size, keys = 512, 32, 128, 131072
    cache = guest.exports.scratch_new(keys * size * 2)
    other = guest.exports.scratch_new(rows * heads * size * 4)
    assert cache > 0
    assert other > 0

    def record(keys: int, kv_heads: int = 1) -> int:
        params = (rows, heads, kv_heads, size, heads * size, size, size, heads * size, keys, 1)
        ranges = [(other, 0, 2**64 - 1), (cache, 0, 2**64 - 1), (cache, 0, 2**64 - 1), (0, 0, rows * 8)]
        out = guest.exports.scratch_new(rows * heads * size * 4)
        return guest.record(
            "attention", [*ranges, (out, 0, 2**64 - 1)], struct.pack("<10If", *params, 0.1)
        )

    assert record(keys) == 0
    assert guest.exports.discard() == 0



def overlapping(guest: Guest) -> dict[str, tuple[list[int], str, tuple[Any, ...]]]:
    """Bindings' bytes and parameters of each kernel that reads rows, with rows on top of each other."""
    cols, rows = 16, 4
    return {
        "softmax": ([64, 256], "<4I", (rows, cols, 0, cols)),
        "rms_norm": ([64, 64, 256], "<4If", (rows, cols, 0, cols, 1e-5)),
        "layer_norm": ([64, 64, 64, 256], "<4If", (rows, cols, cols - 1, cols, 1e-5)),
        "rope": ([64, 16, 64, 256], "<10I", (rows, 1, cols, 2, 0, cols, 1, 0, 0, 0)),
        "append": ([64, 16, 256], "<6I", (rows, cols, 0, cols, rows, 0)),
        "attention": (
            [64, 256, 256, 32, 256],
            "<10If",
            (rows, 1, 1, cols, cols - 4, cols, cols, cols, 4, 0, 1.0),
        ),
        "swiglu": ([64, 64, 256], "<5I", (rows, cols, 0, 0, cols)),
        "top_k": ([64, 64, 64], "<4I", (rows, cols, 0, 1)),
        "pool": ([64, 32, 256], POOL, (rows, cols, 4, 0, cols, 0)),
        "sum": ([64, 16], "<4I", (rows, cols, 0, 0)),
        "max": ([64, 16], "<4I", (rows, cols, 0, 0)),
        "argmax": ([64, 16], "<4I", (rows, cols, 0, 0)),
        "linear": ([64, 1024, 0, 0, 256], "<7If", (0, rows, 16, cols, 0, 16, 0, 1e-5)),
        "matmul": ([64, 1024, 256], "<12I2f", (4, 16, 16, 1, 0, 16, 16, 0, 0, 0, 0, 0, 1, 0)),
    }


def test_rows_that_overlap_are_refused(device: zcwasm.Device) -> None:
    guest = Guest(device)
    for kernel, (lengths, form, values) in overlapping(guest).items():
        ranges = [(0, guest.data + 4096 * i, length) for i, length in enumerate(lengths)]
        assert guest.record(kernel, ranges, struct.pack(form, *values)) == -EINVAL, kernel
        assert "leading dimension of" in guest.error(), kernel
    assert guest.exports.run() == 0


@pytest.mark.parametrize("step", [1, 3])
def test_windows_stay(device: zcwasm.Device, arena: Arena, step: int) -> None:
    """Moving sums and maxima, and a convolution as a product over frames."""
    line = arena.put(np.random.default_rng(1).standard_normal(400).astype(np.float32))
    windows = np.lib.stride_tricks.sliding_window_view(line, 25)[::step]
    out = arena.empty(len(windows))
    device.sum(windows, out=out)
    assert np.allclose(out, windows.sum(1), atol=1e-5)
    device.max(windows, out=out)
    assert (out == windows.max(1)).all()
    rows = len(windows)
    weights = arena.put(np.random.default_rng(2).standard_normal((6, 25)).astype(np.float32))
    y = arena.empty((rows, 6))
    params = {"type": 0, "rows": rows, "n": 6, "k": 25, "ldx": step, "ldy": 6, "flags": 0, "eps": 0}
    nothing = line[:0]
    device.dispatch("linear", [line, weights, nothing, nothing, y], params)
    assert np.allclose(y, windows @ weights.T, atol=1e-4)
