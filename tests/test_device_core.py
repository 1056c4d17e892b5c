"""The device layer in C, below Python: each of the programs in tests/c says what it tests."""

from __future__ import annotations

import os
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
