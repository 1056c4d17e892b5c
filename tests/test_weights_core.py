"""Mapped regions and weights in C, below Python: tests/c/test_weights.c says what is tested."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from support import without_preload

ROOT = Path(__file__).resolve().parent.parent
CSRC = ROOT / "csrc"
LAYERS = re.compile(
    r"zc_(status|copies|fork|kernel|region|device|command_buffer|submission|sequence|weights)"
)


@pytest.mark.threads
def test_weights_layer(tmp_path: Path) -> None:
    sanitize = os.environ.get("ZCWASM_SANITIZE")
    instrument = [f"-fsanitize={sanitize}", "-g"] if sanitize else []
    # Under TSan a forked child cannot start threads.
    defines = ["-DWITHOUT_FORK"] if sanitize == "thread" else []
    program = tmp_path / "test_weights"
    # Real backends would clash with the fake ones of the test.
    files = [str(path) for path in sorted(CSRC.glob("zc_*.c")) if LAYERS.match(path.stem)]
    files = [file for file in files if not re.search("zc_device_(cpu|vulkan)", file)]
    compiler = os.environ.get("CC", "clang" if sanitize else "cc")
    command = [
        compiler,
        "-std=c11",
        "-O1",
        "-Wall",
        "-Wextra",
        "-pthread",
        *instrument,
        *defines,
        f"-I{CSRC}",
    ]
    command += [*files, str(ROOT / "tests" / "c" / "test_weights.c"), "-lm", "-o", str(program)]
    subprocess.run(command, check=True)
    done = subprocess.run(
        [str(program), str(tmp_path)], capture_output=True, text=True, timeout=300, env=without_preload()
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "ok\n"
