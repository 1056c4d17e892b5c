"""The device layer in C, below Python: each of the programs in tests/c says what it tests."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import c_programs
import pytest
from c_programs import sources


@pytest.mark.threads
@pytest.mark.parametrize("name", ["test_device", "test_sequence", "test_cancel", "test_pace"])
def test_device_layer(name: str, tmp_path: Path) -> None:
    # A real Vulkan backend would clash with the fake one of the test.
    files = sources.in_folders("base", "region", "kernel", "device", "device/cpu", "device/cpu/isa")
    # Each has an allocator of its own, which counts.
    files = [path for path in files if path.stem not in ("zc_shaders", "zc_alloc")]
    program = c_programs.build(name, tmp_path, files, sanitize=os.environ.get("ZCWASM_SANITIZE"))
    assert c_programs.run(program) == "ok\n"


@pytest.mark.threads
def test_products_by_a_blas(tmp_path: Path) -> None:
    """As on macOS by Accelerate's, with one of the test's own."""
    files = sources.in_folders("base", "kernel", "device/cpu", "device/cpu/isa")
    files = [path for path in files if path.stem not in ("zc_shaders", "zc_device_cpu", "zc_cpu_count")]
    program = c_programs.build("test_blas", tmp_path, files, sanitize=os.environ.get("ZCWASM_SANITIZE"))
    assert c_programs.run(program) == "ok\n"


@pytest.mark.skipif(not importlib.util.find_spec("ziglang"), reason="needs ziglang")
def test_no_sigpipe_on_macos() -> None:
    """Holding off the signal in one thread does not help there; the text as a compiler for macOS sees it."""
    command = [sys.executable, "-m", "ziglang", "cc", "-target", "aarch64-macos.12.0", "-E", "-P"]
    source = c_programs.ROOT / "csrc" / "device" / "zc_submission.c"
    done = subprocess.run(
        [*command, *sources.include_flags(), str(source)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    text = done.stdout[
        done.stdout.rindex("zc_status zc_submission_notify(zc_submission *submission, int file") :
    ]
    duplicated, told, written = (
        text.index(each) for each in ("fcntl(file_", "fcntl(own, 73, 1)", "signal_and")
    )
    assert duplicated < told < written
