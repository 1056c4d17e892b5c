"""Forks in C, below Python: tests/c/test_fork.c says what is tested."""

from __future__ import annotations

import os
from pathlib import Path

import c_programs
from c_programs import sources


def test_forks(tmp_path: Path) -> None:
    sanitize = os.environ.get("ZCWASM_SANITIZE", "").replace("address,", "")  # the program says why
    # No guests, no GPUs.
    files = sources.in_folders(
        "base", "region", "kernel", "device", "device/cpu", "device/cpu/isa", "weights"
    )
    files = [path for path in files if path.stem != "zc_shaders"]
    model = tmp_path / "model"
    model.write_bytes(bytes(4096))
    program = c_programs.build("test_fork", tmp_path, files, sanitize=sanitize or None)
    assert c_programs.run(program, model, 100) == "ok\n"
