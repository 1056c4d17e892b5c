"""What the tests of the language models' kernels share: running a kernel by name, matrices with a frame
around them that must not change. References and arenas are the selftest's (zcwasm/_selftest)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import zcwasm
from zcwasm._selftest.arena import Arena
from zcwasm._selftest.reference import WEIGHT_TYPES, Array

E = 2.0**-23
MOST = 2**32 - 1
rng = np.random.default_rng(11)

each_type = pytest.mark.parametrize("name", WEIGHT_TYPES)
# A GPU that is a program compiles each kernel for each type anew, half a minute's worth. There these types
# stand for all where blocks are read as in test_linear, which has every type, as the selftest does.
ON_PROGRAMS = ("F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q4_K", "Q6_K")
each_type_or_some = pytest.mark.parametrize(
    "name",
    [
        name if name in ON_PROGRAMS else pytest.param(name, marks=pytest.mark.cpu_is_enough)
        for name in WEIGHT_TYPES
    ],
)


def normal(*shape: int) -> Array:
    return rng.standard_normal(shape).astype(np.float32)


def close(result: Any, expected: Any, allowed: Any) -> None:
    """An element that is not a number fails as well."""
    error = np.abs(np.asarray(result, np.float64) - expected)
    assert (error <= allowed).all(), f"worst error {np.max(error)}, allowed there {np.max(allowed)}"


def run(device: zcwasm.Device, kernel: str, arrays: Sequence[Any], **params: float) -> None:
    without: dict[str, float] = {}
    if kernel in ("attention", "attention_paged"):
        without = {"window": 0, "softcap": 0.0, "sinks": 0}
        if not params.get("sinks"):
            arrays = [*arrays[:-1], arrays[0][:0], arrays[-1]]
    device.dispatch(kernel, arrays, without | params)


class Framed:
    """A (rows, cols) matrix inside a larger one that must not change around it: the rows lie `ld` apart, with
    some elements before and after. For F16, `dtype` is float16."""

    def __init__(
        self,
        arena: Arena,
        rows: int,
        cols: int,
        ld: int,
        *,
        offset: int = 0,
        dtype: Any = np.float32,
        values: Array | None = None,
    ) -> None:
        self.rows, self.cols, self.ld = rows, cols, ld
        self.size = (rows - 1) * ld + cols if rows and cols else 0
        before = 16 + offset * (2 if dtype == np.float16 else 1)
        arena.used = -(-arena.used // 64) * 64
        self.whole = arena.empty(-(-(before + self.size + 16) // 2) * 2, dtype)
        self.whole[...] = rng.standard_normal(self.whole.shape).astype(dtype)
        self.start = before
        if values is not None:
            self.get()[...] = values
        self.before = self.whole.copy()

    def get(self) -> Array:
        """The matrix, as a view."""
        line = self.whole[self.start :]
        size = line.itemsize
        return np.lib.stride_tricks.as_strided(line, (self.rows, self.cols), (self.ld * size, size))

    @property
    def binding(self) -> Array:
        line = self.whole[self.start : self.start + self.size]
        return line if line.dtype == np.float32 else line.view(np.uint32)

    def check_frame(self) -> None:
        expected = self.before.copy()
        target = np.lib.stride_tricks.as_strided(
            expected[self.start :], (self.rows, self.cols), self.get().strides
        )
        target[...] = self.get()
        assert expected.tobytes() == self.whole.tobytes(), "written outside of the matrix"


def empty(arena: Arena) -> Array:
    return arena.empty(0)


def at_the_end(values: Array) -> Array:
    """`values` as the last bytes of a memory of their own, after which nothing can be read."""
    values = np.ascontiguousarray(values)
    pages = -(-values.nbytes // 65536) or 1
    memory = zcwasm.Memory(pages, pages)
    array = memory.array(65536 * pages - values.nbytes, values.shape, values.dtype)
    array[...] = values
    return array
