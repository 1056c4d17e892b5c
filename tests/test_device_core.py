"""The device layer in C, below Python: each of the programs in tests/c says what it tests."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support import without_preload

ROOT = Path(__file__).resolve().parent.parent
CSRC = ROOT / "csrc"
SOURCES = ["zc_status", "zc_copies", "zc_fork", "zc_kernel*", "zc_region*", "zc_cpu*", "zc_device*"]
SOURCES += ["zc_command_buffer", "zc_submission", "zc_sequence"]


def compiler() -> list[str]:
    sanitize = os.environ.get("ZCWASM_SANITIZE")
    instrument = [f"-fsanitize={sanitize}", "-g"] if sanitize else []
    name = os.environ.get("CC", "clang" if sanitize else "cc")
    return [name, "-std=c11", "-O1", "-pthread", *instrument, "-DZCWASM_HAVE_VULKAN", f"-I{CSRC}"]


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The layer compiled once for all programs, which under a sanitizer takes a minute."""
    folder = tmp_path_factory.mktemp("device_layer")
    files = sorted(path for pattern in SOURCES for path in CSRC.glob(f"{pattern}.c"))
    # A real Vulkan backend would clash with the fake one of the test.
    files = [file for file in files if not file.name.startswith("zc_device_vulkan")]

    def compile_one(file: Path) -> str:
        made = folder / f"{file.stem}.o"
        subprocess.run([*compiler(), "-c", str(file), "-o", str(made)], check=True)
        return str(made)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(compile_one, sorted(files, key=os.path.getsize, reverse=True)))


@pytest.mark.threads
@pytest.mark.parametrize("name", ["test_device", "test_sequence", "test_cancel", "test_pace"])
def test_device_layer(name: str, objects: list[str], tmp_path: Path) -> None:
    program = tmp_path / name
    command = [*compiler(), *objects, str(ROOT / "tests" / "c" / f"{name}.c"), "-lm", "-o", str(program)]
    subprocess.run(command, check=True)
    done = subprocess.run([str(program)], capture_output=True, text=True, timeout=300, env=without_preload())
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "ok\n"
