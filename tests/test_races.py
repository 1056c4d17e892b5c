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
    files = sources.core(without=["guest", "validate", "imports", "wasi"])
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
