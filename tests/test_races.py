"""What a guest or another thread changes while it is used: descriptors, and inputs of a running kernel."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
from conftest import Arena
from support import without_preload

import zcwasm

ROOT = Path(__file__).resolve().parent.parent
CSRC = ROOT / "csrc"
sys.path.insert(0, str(ROOT / "buildtools"))

import shaders  # noqa: E402


def test_descriptors_that_change(tmp_path: Path) -> None:
    program = tmp_path / "test_races"
    files = [
        str(path)
        for path in sorted(CSRC.glob("zc_*.c"))
        if not re.match("zc_(guest|validate|abi|wasi)", path.name)
    ]
    files.append(str(shaders.embed(ROOT, tmp_path / "zc_shader_data.c")))
    command = [os.environ.get("CC", "cc"), "-std=c11", "-O1", "-pthread", f"-I{CSRC}", *files]
    command += [str(ROOT / "tests" / "c" / "test_races.c"), "-lm", "-ldl", "-o", str(program)]
    subprocess.run(command, check=True)
    done = subprocess.run([str(program)], capture_output=True, text=True, timeout=300, env=without_preload())
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)


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
