"""The cpu device: weights that were laid out anew (Weights.pack) give what those of the file give."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from llm_support import E, normal

import zcwasm
from zcwasm import _core
from zcwasm._selftest import reference
from zcwasm._selftest.arena import Arena
from zcwasm._selftest.reference import ADD, EXACT, GELU, NORM, WEIGHT_TYPES, Array

PACKED = ("Q4_0", "Q4_1", "Q4_K", "Q6_K")
packs = pytest.mark.skipif(
    not _core._cpu_isa().startswith("avx"), reason=f"{_core._cpu_isa()} has no layout of its own"
)


@pytest.fixture
def cpu() -> zcwasm.Device:
    return zcwasm.Device("cpu")


@pytest.fixture
def arena(cpu: zcwasm.Device) -> Iterator[Arena]:
    with zcwasm.Memory(64, max_pages=64) as memory:
        yield Arena(memory)


class File:
    """Matrices of random weights in a file, which is opened twice: once to be packed."""

    def __init__(self, folder: Path, *matrices: tuple[str, str, int, int], seed: int = 5) -> None:
        rng = np.random.default_rng(seed)
        self.bytes: dict[str, Array] = {}
        tensors: list[tuple[str, str, tuple[int, ...], int]] = []
        self.path = folder / "weights"
        with self.path.open("wb") as file:
            for name, type_, n, k in matrices:
                file.write(bytes(-file.tell() % 4 + 4))
                tensors.append((name, type_, (n, k), file.tell()))
                self.bytes[name] = reference.random_weights(type_, n, k, rng)
                file.write(self.bytes[name].tobytes())
        self.shapes = {name: (type_, n, k) for name, type_, n, k in matrices}
        self.plain, self.packed = (_core._Weights(self.path, tensors) for _ in range(2))

    def pack(self, device: zcwasm.Device) -> int:
        """Bytes that were copied."""
        before = zcwasm.copy_stats()["weights_packed"]
        assert self.packed.pack(device, list(self.shapes)) is self.packed
        return zcwasm.copy_stats()["weights_packed"] - before
