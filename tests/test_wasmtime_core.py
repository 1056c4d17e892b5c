"""The second engine below Python: tests/c/test_wasmtime.c and tests/c/test_ticker.c say what is tested."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import c_programs
import pytest
from c_programs import sources
from support import guest_path

from zcwasm import _engines

SANITIZE = os.environ.get("ZCWASM_SANITIZE") or None
# Exports with names of ours, an import in front of what is defined, and a start function.
EXPORTS = r"""(module
  (import "a" "f" (func $f)) (import "a" "g" (global i32))
  (memory 1) (table 2 funcref) (global (mut i64) (i64.const 1)) (global f32 (f32.const 1))
  (func $start (call $f))
  (export "\7fzc0:3.0" (func $start)) (export "\7fzc2:" (global 0))
  (start $start) (elem (i32.const 0) $f) (data (i32.const 0) "abc"))"""
# What forks: TSan supports no threads in the child of a process with threads, ASan's allocator has locks.
WITHOUT_THREADS = (SANITIZE or "").replace("address,", "").replace("thread", "") or None


def wat(text: str) -> bytes:
    wasmtime = pytest.importorskip("wasmtime", reason="wasmtime, which assembles text, is not installed")
    return bytes(wasmtime.wat2wasm(text))


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = [*sources.in_folders("base", "region", "validate", "guest", "engine"), *sources.wasm3()]
    return c_programs.build(
        "test_wasmtime", tmp_path_factory.mktemp("wasmtime"), files, sanitize=WITHOUT_THREADS
    )


def test_library(program: Path) -> None:
    try:
        library = _engines.find()
    except ModuleNotFoundError as error:
        pytest.skip(str(error))
    assert c_programs.run(program, library.path, library.version) == "ok\n"


def test_engine(tmp_path: Path) -> None:
    try:
        library = _engines.find()
    except ModuleNotFoundError as error:
        pytest.skip(str(error))
    files = [*sources.in_folders("base", "region", "validate", "guest", "engine"), *sources.wasm3()]
    sanitize = (
        None if SANITIZE == "thread" else SANITIZE
    )  # which sees nothing of what compiled code and library do
    program = c_programs.build("test_engine_wasmtime", tmp_path, files, sanitize=sanitize)
    assert c_programs.run(program, library.path, library.version, guest_path("basics")) == "ok\n"


def test_other_libraries(program: Path, tmp_path: Path) -> None:
    printed = c_programs.run(program, tmp_path / "absent.so", "50.0.1")
    assert printed.startswith("refused: wasmtime: the library cannot be opened: ")
    source = tmp_path / "other.c"
    source.write_text("int wasm_engine_new_with_config(void) { return 1; }\n")
    library = tmp_path / "other.so"
    subprocess.run(["cc", "-shared", "-fPIC", str(source), "-o", str(library)], check=True)
    printed = c_programs.run(program, library, "50.0.1")
    assert "lacks wasm_config_new and" in printed


def test_ticker(tmp_path: Path) -> None:
    files = [*sources.in_folders("base"), sources.CSRC / "engine" / "zc_ticker.c"]
    program = c_programs.build("test_ticker", tmp_path, files, sanitize=WITHOUT_THREADS)
    assert c_programs.run(program) == "ok\n"


def test_rewriting(tmp_path: Path) -> None:
    files = [*sources.in_folders("base", "region", "validate", "guest", "engine"), *sources.wasm3()]
    files.append(c_programs.ROOT / "tests" / "fuzz" / "fuzz_rewrite.c")
    program = c_programs.build("test_rewrite", tmp_path, files, sanitize=SANITIZE)
    ours = [
        wat("(module)"),
        wat(EXPORTS),
        wat("(module (func $s) (start $s) (table 1 funcref) (elem (i32.const 0) $s))"),
    ]
    for i, module in enumerate(ours):
        (tmp_path / f"{i}.wasm").write_bytes(module)
    guests = sorted(c_programs.ROOT.glob("zcwasm/guests/*.wasm"))
    assert guests
    assert c_programs.run(program, *sorted(tmp_path.glob("*.wasm")), *guests) == "ok\n"
