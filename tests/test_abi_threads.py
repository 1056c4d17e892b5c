"""Guests on several threads with work in flight, below Python: tests/c/test_abi.c says what is tested."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support import guest_path, without_preload

ROOT = Path(__file__).resolve().parent.parent
CSRC = ROOT / "csrc"
sys.path.insert(0, str(ROOT / "buildtools"))

import flags  # type: ignore[import-not-found]  # noqa: E402

import shaders  # type: ignore[import-not-found]  # noqa: E402


@pytest.mark.slow
@pytest.mark.threads
def test_guests_on_threads(tmp_path: Path) -> None:
    if not shutil.which("clang"):
        pytest.skip("no clang: gcc's sanitizers prevent the interpreter's tail calls")
    if not (CSRC / "wasm3").is_dir():
        pytest.skip("no csrc/wasm3: build the package first")
    sanitize = os.environ.get("ZCWASM_SANITIZE", "thread")
    instrument = [f"-fsanitize={sanitize}", "-g", "-O1"]
    base = ["clang", *flags.COMMON, *instrument, f"-I{CSRC}", f"-I{CSRC / 'wasm3'}", "-c"]
    sources = [(flags.OURS, path) for path in sorted(CSRC.glob("zc_*.c"))]
    sources += [(flags.WASM3, path) for path in sorted((CSRC / "wasm3").glob("*.c"))]
    sources.append((flags.OURS, shaders.embed(ROOT, tmp_path / "zc_shader_data.c")))
    sources.append((flags.OURS, ROOT / "tests" / "c" / "test_abi.c"))

    def compile_one(job: tuple[list[str], Path]) -> str:
        target = tmp_path / f"{job[1].stem}.o"
        subprocess.run([*base, *job[0], str(job[1]), "-o", str(target)], check=True)
        return str(target)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(compile_one, sources))
    program = tmp_path / "test_abi"
    subprocess.run(
        ["clang", *instrument, *objects, "-o", str(program), "-lm", "-ldl", "-pthread"], check=True
    )
    done = subprocess.run(
        [str(program), str(guest_path("abi"))],
        capture_output=True,
        text=True,
        timeout=300,
        env=without_preload() | {"TSAN_OPTIONS": "halt_on_error=1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "ok\n"
