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
    files = sources.in_folders("base")
    files += [c_programs.ROOT / "csrc" / "device" / "cpu" / f"zc_cpu_{name}.c" for name in ("threads", "cancel")]
    program = c_programs.build("test_threads", tmp_path, files, sanitize=sanitize or None)
    # Neither TSan nor the allocator of LLVM 14's ASan goes on in the child of a process with threads.
    forks = () if "thread" in sanitize or "address" in sanitize else ("fork",)
    assert c_programs.run(program, *forks) == "ok\n"
