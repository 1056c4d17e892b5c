"""Fault injection: every allocation of the core may fail (tests/c/test_faults.c says what is tested)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import guest_path, without_preload

ROOT = Path(__file__).resolve().parent.parent
CSRC = ROOT / "csrc"
sys.path.insert(0, str(ROOT / "buildtools"))

import flags  # type: ignore[import-not-found]  # noqa: E402

GUESTS = ["basics", "imports", "engine", "wasi"]


@pytest.mark.slow
def test_every_allocation_may_fail(tmp_path: Path) -> None:
    if not shutil.which("clang"):
        pytest.skip("no clang: gcc's sanitizers prevent the interpreter's tail calls")
    if not (CSRC / "wasm3").is_dir():
        pytest.skip("no csrc/wasm3: build the package first")
    instrument = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-g", "-O1"]
    base = ["clang", *flags.COMMON, *instrument, f"-I{CSRC}", f"-I{CSRC / 'wasm3'}", "-c"]
    # All but zc_alloc, of which the program has its own.
    patterns = ("zc_status", "zc_copies", "zc_fork", "zc_region*", "zc_validate*", "zc_guest*", "zc_wasi*")
    ours = [path for pattern in patterns for path in sorted(CSRC.glob(f"{pattern}.c"))]
    groups = [
        (flags.OURS, [*ours, ROOT / "tests" / "c" / "test_faults.c"]),
        (flags.WASM3, sorted((CSRC / "wasm3").glob("*.c"))),
    ]
    objects: list[Path] = []
    for options, sources in groups:
        folder = tmp_path / f"objects{len(objects)}"
        folder.mkdir()
        subprocess.run([*base, *options, *map(str, sources)], cwd=folder, check=True)
        objects += sorted(folder.glob("*.o"))
    program = tmp_path / "test_faults"
    link = ["clang", *instrument, *map(str, objects), "-o", str(program), "-lm", "-pthread"]
    subprocess.run(link, check=True)
    empty = tmp_path / "empty"
    empty.mkdir()
    leaks = "detect_leaks=1" if sys.platform == "linux" else "detect_leaks=0"
    done = subprocess.run(
        [str(program), str(empty), *(str(guest_path(name)) for name in GUESTS)],
        capture_output=True,
        text=True,
        timeout=300,
        env=without_preload() | {"ASAN_OPTIONS": leaks},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split()[0]) > 100, done.stdout
    assert not list(empty.iterdir())
