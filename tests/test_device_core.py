"""The device layer in C, below Python: each of the programs in tests/c says what it tests."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from support import without_preload

ROOT = Path(__file__).resolve().parent.parent
CSRC = ROOT / "csrc"
SOURCES = ["zc_status", "zc_copies", "zc_fork", "zc_kernel*", "zc_region*", "zc_cpu*", "zc_device*"]
SOURCES += ["zc_command_buffer", "zc_submission", "zc_sequence"]


@pytest.mark.threads
@pytest.mark.parametrize("name", ["test_device", "test_sequence", "test_cancel", "test_pace"])
def test_device_layer(name: str, tmp_path: Path) -> None:
    sanitize = os.environ.get("ZCWASM_SANITIZE")
    instrument = [f"-fsanitize={sanitize}", "-g"] if sanitize else []
    program = tmp_path / name
    files = sorted(str(path) for pattern in SOURCES for path in CSRC.glob(f"{pattern}.c"))
    compiler = os.environ.get("CC", "clang" if sanitize else "cc")
    # A real Vulkan backend would clash with the fake one of the test.
    files = [file for file in files if not Path(file).name.startswith("zc_device_vulkan")]
    command = [compiler, "-std=c11", "-O1", "-pthread", *instrument, "-DZCWASM_HAVE_VULKAN", f"-I{CSRC}"]
    command += [*files, str(ROOT / "tests" / "c" / f"{name}.c"), "-lm", "-o", str(program)]
    subprocess.run(command, check=True)
    done = subprocess.run([str(program)], capture_output=True, text=True, timeout=300, env=without_preload())
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "ok\n"
