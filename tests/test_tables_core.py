"""Tables that instances share, in C, below Python: tests/c/test_tables.c says what is tested."""

from __future__ import annotations

import shutil
from pathlib import Path

import c_programs
import pytest
from c_programs import sources
from support import guest_path


@pytest.mark.slow
@pytest.mark.threads
@pytest.mark.parametrize("sanitize", ["address,undefined", "thread"])
def test_tables(tmp_path: Path, sanitize: str) -> None:
    if not shutil.which("clang"):
        pytest.skip("no clang: gcc's sanitizers prevent the interpreter's tail calls")
    if not sources.wasm3():
        pytest.skip("no csrc/wasm3: build the package first")
    files = [*sources.in_folders("base", "region", "validate", "guest", "engine"), *sources.wasm3()]
    compilation = ["clang", f"-fsanitize={sanitize}", "-fno-sanitize-recover=undefined", "-g"]
    program = c_programs.build("test_tables", tmp_path, files, compilation=compilation)
    assert c_programs.run(program, guest_path("tables")) == "ok\n"
