"""Rebuilds the committed helper guests: each .c or .wat gives the .wasm beside it.

    python buildtools/guests.py [--check] [FILE ...]

C is compiled with PyPI's ziglang, whose clang and linker give the same bytes on every machine; its version is
pinned, because another one need not. Text is assembled with PyPI's wasmtime. A C guest marks its exports and
imports by attributes (export_name, import_module, import_name), so that all share one command line.

--check builds into a temporary folder and compares. Exit codes: 0; 1 when a guest differs or does not
compile; 2 when a compiler that is needed is not installed.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("zcwasm/guests", "tests/guests")
INCLUDE = ROOT / "zcwasm" / "include"  # zcwasm.h: what guests may import

ZIGLANG = "0.15.2"
# No feature beyond WebAssembly 1.0: zcwasm takes more, but nothing here needs it. The name section stays, so
# that traps can name functions.
CFLAGS = [
    *("-target", "wasm32-freestanding", "-mcpu=mvp", "-std=c11", "-O2", "-g0"),
    *("-ffreestanding", "-fno-strict-aliasing", "-Wall", "-Wextra", "-Werror"),
    *("-nostdlib", "-Wl,--no-entry", "-Wl,-z,stack-size=16384"),
]


class GuestError(Exception):
    """A guest does not compile."""


class MissingCompiler(Exception):
    """What is not installed, and how to get it."""


def sources() -> list[Path]:
    """Every source of a helper guest."""
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).iterdir() if is_source(path))


def is_source(path: Path) -> bool:
    return path.suffix in (".c", ".wat")


def require_compiler(source: Path) -> None:
    """Raises MissingCompiler when `source` cannot be built here."""
    if source.suffix == ".wat":
        if importlib.util.find_spec("wasmtime") is None:
            raise MissingCompiler("wasmtime is not installed: pip install wasmtime")
        return
    try:
        version = importlib.metadata.version("ziglang")
    except importlib.metadata.PackageNotFoundError:
        version = "no version"
    if version != ZIGLANG:
        raise MissingCompiler(f"{version} of ziglang is installed: pip install ziglang=={ZIGLANG}")


def build(source: Path) -> bytes:
    """The module that `source` gives."""
    require_compiler(source)
    return assemble(source) if source.suffix == ".wat" else compile_c(source)


def assemble(source: Path) -> bytes:
    import wasmtime

    try:
        return bytes(wasmtime.wat2wasm(source.read_text(encoding="utf-8")))
    except wasmtime.WasmtimeError as error:
        raise GuestError(f"{source.name}: {error}") from None


def compile_c(source: Path) -> bytes:
    caches = {f"ZIG_{kind}_CACHE_DIR": str(ROOT / "build" / "zig-cache") for kind in ("GLOBAL", "LOCAL")}
    with tempfile.TemporaryDirectory() as folder:
        # The linker writes the output's file name into the module, so the name must not vary.
        output = Path(folder) / source.with_suffix(".wasm").name
        command = [
            sys.executable,
            "-m",
            "ziglang",
            "cc",
            *CFLAGS,
            "-I",
            str(INCLUDE),
            "-o",
            str(output),
            str(source),
        ]
        done = subprocess.run(command, env={**os.environ, **caches}, capture_output=True, text=True)
        if done.returncode:
            raise GuestError(f"{source.name} does not compile:\n{done.stderr}")
        return output.read_bytes()


def main() -> int:
    parser = argparse.ArgumentParser(description="Rebuild the committed helper guests.")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="sources (default: all)")
    parser.add_argument("--check", action="store_true", help="compare with what is committed, write nothing")
    options = parser.parse_args()
    status = 0
    for source in options.files or sources():
        if not is_source(source):
            parser.error(f"{source}: a guest's source ends in .c or .wat")
        target = source.with_suffix(".wasm")
        try:
            module = build(source)
        except MissingCompiler as error:
            print(f"{source.name}: {error}", file=sys.stderr)
            return 2
        except GuestError as error:
            print(error, file=sys.stderr)
            status = 1
            continue
        same = target.exists() and target.read_bytes() == module
        if options.check:
            print(f"{target.name}: {'same' if same else 'DIFFERS from what its source gives'}")
            status |= not same
        elif not same:
            target.write_bytes(module)
            print(f"{target.name}: written, {len(module)} bytes")
    return status


if __name__ == "__main__":
    sys.exit(main())
