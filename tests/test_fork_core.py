"""Forks in C, below Python: tests/c/test_fork.c says what is tested."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from support import without_preload

ROOT = Path(__file__).resolve().parent.parent
CSRC = ROOT / "csrc"
# No guests, no GPUs.
LEFT_OUT = re.compile(r"zc_(guest|validate|abi|wasi|vulkan|device_vulkan|spirv|shaders|msl)")


def test_forks(tmp_path: Path) -> None:
    sanitize = os.environ.get("ZCWASM_SANITIZE", "").replace("address,", "")  # the program says why
    instrument = [f"-fsanitize={sanitize}", "-g"] if sanitize else []
    compiler = os.environ.get("CC", "clang" if sanitize else "cc").split()
    files = [str(path) for path in sorted(CSRC.glob("zc_*.c")) if not LEFT_OUT.match(path.stem)]
    program, model = tmp_path / "test_fork", tmp_path / "model"
    model.write_bytes(bytes(4096))
    command = [*compiler, "-std=c11", "-O1", "-Wall", "-Wextra", "-pthread", *instrument, f"-I{CSRC}", *files]
    command += [str(ROOT / "tests" / "c" / "test_fork.c"), "-lm", "-o", str(program)]
    subprocess.run(command, check=True)
    arguments = [str(program), str(model), "100"]
    done = subprocess.run(
        arguments,
        capture_output=True,
        text=True,
        timeout=300,
        env=without_preload(),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "ok\n"
