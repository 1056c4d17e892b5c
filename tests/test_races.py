"""What a guest or another thread changes while it is used: descriptors, and inputs of a running kernel."""

from __future__ import annotations

import threading
from pathlib import Path

import c_programs
import numpy as np
from c_programs import sources
from conftest import Arena

import zcwasm


def test_descriptors_that_change(tmp_path: Path) -> None:
    files = sources.core(without=["guest", "engine", "validate", "imports", "wasi"])
    c_programs.run(c_programs.build("test_races", tmp_path, files, with_shaders=True))


def test_inputs_that_change_spoil_their_own_numbers_only(device: zcwasm.Device, arena: Arena) -> None:
    memory = zcwasm.Memory(64)
    size = 192
    a, b, c = (memory.array(i * 4 * size * size, (size, size), np.float32) for i in range(3))
    after = memory.array(3 * 4 * size * size, 4096, np.uint8)
    after[:] = 77
    done = False

    def scribble() -> None:
        while not done:
            a[:] = np.inf
            b[:] = np.nan
            a[:] = 1

    thread = threading.Thread(target=scribble)
    thread.start()
    for _ in range(20):
        device.matmul(a, b, out=c)
        device.softmax(a, out=c)
    done = True
    thread.join()
    assert (after == 77).all()
    a[:] = np.eye(size)
    b[:] = 3
    device.matmul(a, b, out=c)
    assert (c == 3).all()


def test_rows_that_change_while_the_largest_are_found(device: zcwasm.Device, arena: Arena) -> None:
    """What is counted in one pass may be more in the next, and there is room for what was counted."""
    rows, cols, k = 64, 8000, 40
    x = arena.put(np.zeros((rows, cols)))
    values, indices, best = (
        arena.empty((rows, k)),
        arena.empty((rows, k), np.uint32),
        arena.empty(rows, np.uint32),
    )
    done = False

    def scribble() -> None:
        while not done:
            x[...] = 1
            x[:, ::3] = 0
            x[...] = np.nan
            x[...] = 0

    thread = threading.Thread(target=scribble)
    thread.start()
    for _ in range(12):
        device.dispatch("top_k", [x, values, indices], {"rows": rows, "cols": cols, "ldx": cols, "k": k})
        device.dispatch("argmax", [x, best], {"rows": rows, "cols": cols, "ldx": cols, "ldout": 0})
        assert indices.max() < cols
        assert best.max() < cols
    done = True
    thread.join()
    x[...] = np.arange(cols)
    device.dispatch("top_k", [x, values, indices], {"rows": rows, "cols": cols, "ldx": cols, "k": k})
    assert (indices == np.arange(cols)[::-1][:k]).all()
