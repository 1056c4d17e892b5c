"""Fault injection: every allocation of the core may fail (tests/c/test_faults.c says what is tested)."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import c_programs
import pytest
from c_programs import sources
from support import guest_path

GUESTS = ["basics", "imports", "engine", "wasi"]


@pytest.mark.slow
def test_every_allocation_may_fail(tmp_path: Path) -> None:
    if not shutil.which("clang"):
        pytest.skip("no clang: gcc's sanitizers prevent the interpreter's tail calls")
    if not sources.wasm3():
        pytest.skip("no csrc/wasm3: build the package first")
    files = [*sources.in_folders("base", "region", "validate", "guest", "engine", "wasi"), *sources.wasm3()]
    files = [path for path in files if path.stem != "zc_alloc"]  # of which the program has its own
    compilation = ["clang", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-g"]
    program = c_programs.build("test_faults", tmp_path, files, compilation=compilation)
    empty = tmp_path / "empty"
    empty.mkdir()
    leaks = "detect_leaks=1" if sys.platform == "linux" else "detect_leaks=0"
    guests = [guest_path(name) for name in GUESTS]
    said = c_programs.run(program, empty, *guests, ASAN_OPTIONS=leaks)
    assert int(said.split()[0]) > 100, said
    assert not list(empty.iterdir())
