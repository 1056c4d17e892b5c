"""Guests on several threads with work in flight, below Python: tests/c/test_abi.c says what is tested."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import c_programs
import pytest
from c_programs import sources
from support import guest_path


@pytest.mark.slow
@pytest.mark.threads
def test_guests_on_threads(tmp_path: Path) -> None:
    if not shutil.which("clang"):
        pytest.skip("no clang: gcc's sanitizers prevent the interpreter's tail calls")
    if not sources.wasm3():
        pytest.skip("no csrc/wasm3: build the package first")
    # As c_programs has it, so that its objects are those of the other programs.
    sanitize = os.environ.get("ZCWASM_SANITIZE", "thread")
    compilation = ["clang", f"-fsanitize={sanitize}", "-fno-sanitize-recover=undefined", "-g"]
    files = [*sources.core(), *sources.wasm3()]
    program = c_programs.build("test_abi", tmp_path, files, compilation=compilation, with_shaders=True)
    assert c_programs.run(program, guest_path("abi"), TSAN_OPTIONS="halt_on_error=1") == "ok\n"
