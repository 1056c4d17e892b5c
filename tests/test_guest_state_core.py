"""States of instances in C, below Python: tests/c/test_guest_state.c says what is tested."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import c_programs
import pytest
from c_programs import sources
from support import guest_path


@pytest.mark.slow
@pytest.mark.threads
@pytest.mark.parametrize("sanitize", ["address,undefined", "thread"])
def test_states(tmp_path: Path, sanitize: str) -> None:
    if not shutil.which("clang"):
        pytest.skip("no clang: gcc's sanitizers prevent the interpreter's tail calls")
    if not sources.wasm3():
        pytest.skip("no csrc/wasm3: build the package first")
    files = [*sources.in_folders("base", "region", "validate", "guest", "engine"), *sources.wasm3()]
    files = [path for path in files if path.stem != "zc_alloc"]  # of which the program has its own
    compilation = ["clang", f"-fsanitize={sanitize}", "-fno-sanitize-recover=undefined", "-g"]
    program = c_programs.build("test_guest_state", tmp_path, files, compilation=compilation)
    leaks = "detect_leaks=1" if sys.platform == "linux" else "detect_leaks=0"
    guests = [guest_path("state"), guest_path("imports")]
    assert c_programs.run(program, *guests, ASAN_OPTIONS=leaks) == "ok\n"
