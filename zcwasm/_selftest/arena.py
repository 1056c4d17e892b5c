"""Arrays in one guest memory, for the selftest and the tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

import zcwasm
from zcwasm._selftest.reference import Array


class Arena:
    """Hands out arrays that lie one after the other in one guest memory, a few bytes apart."""

    def __init__(self) -> None:
        self.memory = zcwasm.Memory(1024, 2048)
        self.used = 64

    def empty(self, shape: int | tuple[int, ...], dtype: npt.DTypeLike = np.float32) -> Array:
        array = self.memory.array(self.used, shape, dtype)
        self.used += array.nbytes + 4  # at no alignment but the element's
        return array

    def put(self, values: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> Array:
        values = np.asarray(values, dtype)
        array = self.empty(values.shape, dtype)
        array[...] = values
        return array


def put(arena: Arena, values: Any, offset: int = 0) -> Array:
    """`values` in guest memory, `offset` elements of 4 bytes after a multiple of 64."""
    values = np.asarray(values)
    arena.used = -(-arena.used // 64) * 64 + 4 * offset
    return arena.put(values, values.dtype)


def words(data: Array) -> Array:
    """Bytes as whole 32-bit words, the last filled up with ones so that reading there would be seen."""
    flat = np.ascontiguousarray(data).view(np.uint8).reshape(-1)
    padded = np.full(-(-len(flat) // 4) * 4, 255, np.uint8)
    padded[: len(flat)] = flat
    return padded.view(np.uint32)
