"""WASI's descriptors, saved and loaded, below Python: tests/c/test_wasi_state.c says what is tested."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import c_programs
import pytest
from c_programs import sources


@pytest.mark.slow
def test_descriptors_as_bytes(tmp_path: Path) -> None:
    if not shutil.which("clang"):
        pytest.skip("no clang: gcc's sanitizers prevent the interpreter's tail calls")
    if not sources.wasm3():
        pytest.skip("no csrc/wasm3: build the package first")
    files = [*sources.in_folders("base", "region", "validate", "guest", "engine", "wasi"), *sources.wasm3()]
    files = [path for path in files if path.stem != "zc_alloc"]  # of which the program has its own
    compilation = ["clang", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-g"]
    program = c_programs.build("test_wasi_state", tmp_path, files, compilation=compilation)
    leaks = "detect_leaks=1" if sys.platform == "linux" else "detect_leaks=0"
    assert c_programs.run(program, tmp_path, 20000, ASAN_OPTIONS=leaks) == "ok\n"
