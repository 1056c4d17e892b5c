"""Images of regions in C, below Python: tests/c/test_image.c says what is tested."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import c_programs
import pytest
from c_programs import ROOT, sources

MACH = ROOT / "tests" / "metal" / "mach"


def layers() -> list[Path]:
    folders = ("base", "region", "kernel", "device", "device/cpu", "device/cpu/isa")
    # The shaders are not needed, and the program has an allocator of its own, which counts.
    return [path for path in sources.in_folders(*folders) if path.stem not in ("zc_shaders", "zc_alloc")]


def compilation() -> list[str]:
    # A child of a fork that was instrumented for threads can start none.
    sanitize = os.environ.get("ZCWASM_SANITIZE", "").replace("thread", "")
    return [*c_programs.compilation_of(sanitize or None), *(["-DWITH_SANITIZER"] if sanitize else [])]


@pytest.mark.threads
@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what is shared")
def test_images(tmp_path: Path) -> None:
    program = c_programs.build("test_image", tmp_path, layers(), compilation=compilation())
    assert c_programs.run(program, tmp_path) == "ok\n"


@pytest.mark.slow
@pytest.mark.threads
@pytest.mark.skipif(sys.platform != "linux", reason="the fake needs memfd_create")
def test_images_on_a_simulated_macos(tmp_path: Path) -> None:
    """zc_region_mach.c over tests/metal/mach, which holds it to the rules of macOS. Simulated: no Mac."""
    here = [
        path for path in layers() if path.stem not in ("zc_region_mmap", "zc_region_memfd", "zc_region_mach")
    ]
    fake = [f"-I{MACH}", f"-I{MACH / 'include'}", "-DFAKE_MACH"]
    files = [*here, MACH / "mach.c", MACH / "region_mach.c"]
    program = c_programs.build("test_image", tmp_path, files, compilation=[*compilation(), *fake])
    assert c_programs.run(program, tmp_path) == "ok\n"
