"""Mapped regions and weights in C, below Python: tests/c/test_weights.c says what is tested."""

from __future__ import annotations

import os
from pathlib import Path

import c_programs
import pytest
from c_programs import sources


@pytest.mark.threads
def test_weights_layer(tmp_path: Path) -> None:
    sanitize = os.environ.get("ZCWASM_SANITIZE")
    compilation = [*c_programs.compilation_of(sanitize)]
    if sanitize == "thread":  # a forked child cannot start threads then
        compilation.append("-DWITHOUT_FORK")
    # Real backends would clash with the fake ones of the test.
    files = sources.in_folders("base", "region", "kernel", "device", "weights")
    # Each has an allocator of its own, which counts.
    files = [path for path in files if path.stem not in ("zc_shaders", "zc_alloc")]
    program = c_programs.build("test_weights", tmp_path, files, compilation=compilation)
    assert c_programs.run(program, tmp_path) == "ok\n"
