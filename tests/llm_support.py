"""What the tests of the language models' kernels share: running a kernel by name, matrices with a frame
around them that must not change, and the numbers of flags and element types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from conftest import Arena
from llm_reference import WEIGHT_TYPES, Array

import zcwasm

E = 2.0**-23
ADD, BIAS, NORM, SWIGLU, GELU, EXACT = 1, 2, 4, 8, 16, 32
F32, F16 = 0, 1
MOST = 2**32 - 1
rng = np.random.default_rng(11)

each_type = pytest.mark.parametrize("name", WEIGHT_TYPES)


def normal(*shape: int) -> Array:
    return rng.standard_normal(shape).astype(np.float32)


def close(result: Any, expected: Any, allowed: Any) -> None:
    """An element that is not a number fails as well."""
    error = np.abs(np.asarray(result, np.float64) - expected)
    assert (error <= allowed).all(), f"worst error {np.max(error)}, allowed there {np.max(allowed)}"


def run(device: zcwasm.Device, kernel: str, arrays: Sequence[Any], **params: float) -> None:
    device.dispatch(kernel, arrays, params)


def words(data: Array) -> Array:
    """Bytes as whole 32-bit words, the last filled up with ones so that reading there would be seen."""
    flat = np.ascontiguousarray(data).view(np.uint8).reshape(-1)
    padded = np.full(-(-len(flat) // 4) * 4, 255, np.uint8)
    padded[: len(flat)] = flat
    return padded.view(np.uint32)


def put(arena: Arena, values: Array, offset: int = 0) -> Array:
    """`values` in guest memory, `offset` elements of 4 bytes after a multiple of 64."""
    values = np.asarray(values)
    arena.used = -(-arena.used // 64) * 64 + 4 * offset
    return arena.put(values, values.dtype)


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
