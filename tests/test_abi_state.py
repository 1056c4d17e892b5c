"""The imports' state, saved and loaded, below Python: tests/c/test_abi_state.c says what is tested."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import c_programs
import pytest
from c_programs import sources
from support import guest_path

SANITIZED = ["clang", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-g"]
LEAKS = "detect_leaks=1" if sys.platform == "linux" else "detect_leaks=0"


def build(folder: Path, *, sanitize: bool) -> Path:
    if sanitize and not shutil.which("clang"):
        pytest.skip("no clang: gcc's sanitizers prevent the interpreter's tail calls")
    if not sources.wasm3():
        pytest.skip("no csrc/wasm3: build the package first")
    # The program has an allocator of its own, which counts.
    files = [path for path in sources.core() if path.stem != "zc_alloc"]
    return c_programs.build(
        "test_abi_state",
        folder,
        [*files, *sources.wasm3()],
        compilation=SANITIZED if sanitize else c_programs.compilation_of(None),
        with_shaders=True,
    )


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("checked"), sanitize=True)


@pytest.mark.slow
def test_a_loaded_guest_goes_on(checked: Path, tmp_path: Path) -> None:
    said = c_programs.run(checked, guest_path("abi"), tmp_path, "go-on", "cpu", "cpu", ASAN_OPTIONS=LEAKS)
    assert said == "ok\n"


@pytest.mark.slow
def test_what_is_refused(checked: Path, tmp_path: Path) -> None:
    said = c_programs.run(checked, guest_path("abi"), tmp_path, "refuse", ASAN_OPTIONS=LEAKS)
    assert said == "ok\n"


@pytest.mark.slow
def test_bytes_of_every_kind(checked: Path, tmp_path: Path) -> None:
    said = c_programs.run(checked, guest_path("abi"), tmp_path, "hostile", 20000, ASAN_OPTIONS=LEAKS)
    assert said == "ok\n"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("plain"), sanitize=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "second"), [("vulkan", "vulkan"), ("cpu", "vulkan"), ("vulkan", "cpu"), ("apart", "apart")]
)
def test_between_kinds_of_device(plain: Path, tmp_path: Path, first: str, second: str) -> None:
    said = c_programs.run(plain, guest_path("abi"), tmp_path, "go-on", first, second)
    if said.startswith("no device"):
        pytest.skip(said.strip())
    assert said == "ok\n"
