"""The threads of the cpu device, below the kernels: tests/c/test_threads.c says what it tests."""

from __future__ import annotations

import os
from pathlib import Path

import c_programs
import pytest
from c_programs import sources


@pytest.mark.threads
def test_threads(tmp_path: Path) -> None:
    sanitize = os.environ.get("ZCWASM_SANITIZE", "")
    cpu = sources.in_folders("device/cpu")
    files = [path for path in cpu if path.stem in ("zc_cpu_threads", "zc_cpu_cancel")]
    files += sources.in_folders("base")
    compilation = [*c_programs.compilation_of(sanitize), "-Dpthread_create=create_or_refuse"]
    program = c_programs.build("test_threads", tmp_path, files, compilation=compilation)
    # Neither TSan nor the allocator of LLVM 14's ASan goes on in the child of a process with threads.
    forks = () if "thread" in sanitize or "address" in sanitize else ("fork",)
    assert c_programs.run(program, *forks) == "ok\n"


@pytest.mark.threads
def test_bits(tmp_path: Path) -> None:
    files = sources.in_folders("base", "region", "kernel", "device", "device/cpu", "device/cpu/isa")
    files = [path for path in files if path.stem not in ("zc_shaders", "zc_cpu_count")]
    sanitize = os.environ.get("ZCWASM_SANITIZE")
    assert c_programs.run(c_programs.build("test_bits", tmp_path, files, sanitize=sanitize)) == "ok\n"


@pytest.mark.threads
def test_packed(tmp_path: Path) -> None:
    files = sources.in_folders("base", "kernel", "device/cpu", "device/cpu/isa")
    files = [path for path in files if path.stem not in ("zc_shaders", "zc_device_cpu")]
    sanitize = os.environ.get("ZCWASM_SANITIZE")
    assert c_programs.run(c_programs.build("test_packed", tmp_path, files, sanitize=sanitize)) == "ok\n"
