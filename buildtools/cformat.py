"""Write the C, C++ and Objective-C sources as .clang-format says.

    python buildtools/cformat.py            change what is written otherwise
    python buildtools/cformat.py --check    change nothing and fail where something is

Needs clang-format in the version that the extra `dev` pins, because another one formats otherwise. Left out
are tables (.def), whose rows are lines, and what stands for Apple's headers and shading language.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

import sources

ROOT = sources.ROOT
FOLDERS = ("csrc", "zcwasm", "examples", "benchmarks", "tests")
SUFFIXES = {".c", ".h", ".inc", ".m", ".cpp"}
LEFT_OUT = [sources.WASM3, *(ROOT / "tests" / "metal" / name for name in ("headers", "msl", "sim/include"))]
PIN = "clang-format=="


def files() -> list[Path]:
    return sorted(
        path
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("[!.]*")
        if path.suffix in SUFFIXES and not any(path.is_relative_to(other) for other in LEFT_OUT)
    )


def pinned() -> str:
    """The version, from the one place that names it."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    return text.partition(f'"{PIN}')[2].partition('"')[0]


def main() -> None:
    parser = argparse.ArgumentParser(description="Format the C sources, or check that they are formatted.")
    parser.add_argument(
        "--check", action="store_true", help="change nothing; fail where something would change"
    )
    options = parser.parse_args()
    beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    program = shutil.which("clang-format", path=beside)
    version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout if program else ""
    if program is None or pinned() not in version.split():
        sys.exit(f"clang-format {pinned()} is not installed: python -m pip install '{PIN}{pinned()}'")
    mode = ["--dry-run", "-Werror"] if options.check else ["-i"]
    sys.exit(subprocess.run([program, *mode, *map(str, files())]).returncode)


if __name__ == "__main__":
    main()
