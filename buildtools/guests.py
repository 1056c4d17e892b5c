"""Rebuilds the committed helper guests: each .c, .wat, .rs or .ts gives the .wasm beside it. And what
layouts.py beside this file makes for Python: zcwasm/guests/layouts.py and zcwasm/llm/_options.py.

    python buildtools/guests.py [--check] [FILE ...]

A guest of several files is named by the first one: PARTS has the others. What is in TWO_FORMS is also built
with SIMD.

C is compiled with PyPI's ziglang, whose clang and linker give the same bytes on every machine; its version is
pinned, because another one need not. wasi_*.c are ordinary programs, compiled for WASI with the C library
that ziglang brings. Text is assembled with PyPI's wasmtime. Rust, where it is installed, is Debian 12's, and
AssemblyScript, where tests/toolchains.py has put its compiler, is of the pinned version. A C
guest marks its exports and imports by attributes (export_name, import_module, import_name), so that all share
one command line.

--check builds into a temporary folder and compares. Exit codes: 0; 1 when a guest or what is made for Python
differs, or a guest does not compile; 2 when a compiler that is needed is not installed (Rust's and
AssemblyScript's are not needed).
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import layouts

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("zcwasm/guests", "tests/guests", "examples")
INCLUDE = ROOT / "zcwasm" / "include"  # zcwasm.h: what guests may import

# What belongs to a guest beside the source that has its name.
PARTS = {
    "bert.c": ("guest.c", "bert_model.c", "bert_record.c"),
    "llama.c": (
        "guest.c",
        "llama_layers.c",
        "llama_many.c",
        "llama_many_choose.c",
        "llama_memory.c",
        "llama_model.c",
        "llama_record.c",
        "llama_sample.c",
        "llama_step.c",
    ),
}

# What has two forms: built once more with SIMD, as NAME_simd.wasm.
TWO_FORMS = ("filter.c",)

ZIGLANG = "0.15.2"
# No feature beyond WebAssembly 1.0: zcwasm takes more, but nothing here needs it. The name section stays, so
# that traps can name functions.
CFLAGS = [
    *("-target", "wasm32-freestanding", "-mcpu=mvp", "-O2", "-g0"),
    *("-ffreestanding", "-fno-strict-aliasing", "-Wall", "-Wextra", "-Werror"),
    *("-nostdlib", "-Wl,--no-entry", "-Wl,-z,stack-size=16384"),
]


SIMD = ("-mcpu=mvp+simd128",)
CXXFLAGS = [*CFLAGS, "-std=c++17", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"]

# With the C library that ziglang brings.
WASI_CFLAGS = [
    *("-target", "wasm32-wasi", "-mcpu=mvp", "-std=c11", "-Os", "-g0", "-s"),
    *("-Wall", "-Wextra", "-Werror"),
]
# Debian 12's packages rustc, libstd-rust-dev-wasm32 and lld; where they are not, Rust guests are not checked.
RUST = "1.63.0"
RUSTFLAGS = [
    *("-C", "opt-level=z", "-C", "strip=symbols", "-C", "panic=abort", "-C", "lto", "-C", "linker=wasm-ld"),
]

ASSEMBLYSCRIPT = "0.28.20"  # npm's; with a collector, and with what hosts need to make strings and arrays
ASCFLAGS = ["-O", "--exportRuntime"]


class GuestError(Exception):
    """A guest does not compile."""


class MissingCompiler(Exception):
    """What is not installed, and how to get it."""


def sources() -> list[Path]:
    """The source of every helper guest; of several files, the one with the guest's name."""
    parts = {name for names in PARTS.values() for name in names}
    found = [path for folder in FOLDERS for path in (ROOT / folder).iterdir() if is_source(path)]
    return sorted(path for path in found if path.name not in parts)


def is_source(path: Path) -> bool:
    return path.suffix in (".c", ".cpp", ".wat", ".rs", ".ts")


def is_wasi(source: Path) -> bool:
    """Whether it is an ordinary program, for WASI; else it stands alone and imports "zcwasm" at most."""
    return source.name.startswith("wasi_")


def rustc() -> str:
    return os.environ.get("RUSTC", "/usr/bin/rustc")


def require_rust() -> None:
    version = libraries = ""
    with contextlib.suppress(OSError):
        done = subprocess.run([rustc(), "--version"], capture_output=True, text=True)
        version = done.stdout.removeprefix("rustc ").strip().partition(" ")[0]
        done = subprocess.run([rustc(), "--print", "sysroot"], capture_output=True, text=True)
        libraries = f"{done.stdout.strip()}/lib/rustlib/wasm32-wasi"
    if version != RUST or not Path(libraries).is_dir():
        raise MissingCompiler(f"there is no rustc {RUST} with wasm32-wasi at {rustc()} (or $RUSTC)")


def assemblyscript() -> Path:
    return ROOT / "build" / "assemblyscript" / "node_modules" / "assemblyscript"


def require_assemblyscript() -> None:
    version = ""
    with contextlib.suppress(OSError):
        version = json.loads((assemblyscript() / "package.json").read_text("utf-8"))["version"]
    if version != ASSEMBLYSCRIPT:
        raise MissingCompiler(f"there is no assemblyscript {ASSEMBLYSCRIPT} of npm in {assemblyscript()}")


def require_compiler(source: Path) -> None:
    """Raises MissingCompiler when `source` cannot be built here."""
    if source.suffix == ".rs":
        require_rust()
        return
    if source.suffix == ".ts":
        require_assemblyscript()
        return
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


def forms(source: Path) -> dict[Path, Sequence[str]]:
    """The modules that `source` gives, with the flags that are theirs."""
    made: dict[Path, Sequence[str]] = {source.with_suffix(".wasm"): ()}
    if source.name in TWO_FORMS:
        made[source.with_name(f"{source.stem}_simd.wasm")] = SIMD
    return made


def build(source: Path, target: Path | None = None) -> bytes:
    """The module that `source` gives, of several the first or `target`."""
    require_compiler(source)
    if target and forms(source)[target]:
        return compile_c(source, target)
    compilers = {".wat": assemble, ".c": compile_c, ".cpp": compile_c, ".rs": compile_rust, ".ts": compile_ts}
    return compilers[source.suffix](source)


def compile_ts(source: Path) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / source.with_suffix(".wasm").name
        command = [
            "node",
            str(assemblyscript() / "bin" / "asc.js"),
            *ASCFLAGS,
            "-o",
            str(output),
            source.name,
        ]
        done = subprocess.run(command, capture_output=True, text=True, cwd=source.parent)
        if done.returncode:
            raise GuestError(f"{source.name} does not compile:\n{done.stderr}")
        return output.read_bytes()


def compile_rust(source: Path) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / source.with_suffix(".wasm").name
        target = ["--target", "wasm32-wasi"] if is_wasi(source) else ["--target", "wasm32-unknown-unknown"]
        target += [] if is_wasi(source) else ["--crate-type", "cdylib"]
        command = [rustc(), *target, *RUSTFLAGS, "-o", str(output), source.name]
        done = subprocess.run(command, capture_output=True, text=True, cwd=source.parent)
        if done.returncode:
            raise GuestError(f"{source.name} does not compile:\n{done.stderr}")
        return output.read_bytes()


def assemble(source: Path) -> bytes:
    import wasmtime

    try:
        return bytes(wasmtime.wat2wasm(source.read_text(encoding="utf-8")))
    except wasmtime.WasmtimeError as error:
        raise GuestError(f"{source.name}: {error}") from None


def compile_c(source: Path, target: Path | None = None) -> bytes:
    caches = {f"ZIG_{kind}_CACHE_DIR": str(ROOT / "build" / "zig-cache") for kind in ("GLOBAL", "LOCAL")}
    with tempfile.TemporaryDirectory() as folder:
        # The linker writes the output's file name into the module, so the name must not vary.
        target = target or source.with_suffix(".wasm")
        output = Path(folder) / target.name
        options = WASI_CFLAGS if is_wasi(source) else [*CFLAGS, "-std=c11"]
        if source.suffix == ".cpp":
            options = CXXFLAGS
        command = [
            sys.executable,
            "-m",
            "ziglang",
            "c++" if source.suffix == ".cpp" else "cc",
            *options,
            *forms(source)[target],
            "-I",
            str(INCLUDE),
            "-o",
            str(output),
            str(source),
            *(str(source.with_name(name)) for name in PARTS.get(source.name, ())),
        ]
        done = subprocess.run(command, env={**os.environ, **caches}, capture_output=True, text=True)
        if done.returncode:
            raise GuestError(f"{source.name} does not compile:\n{done.stderr}")
        return output.read_bytes()


def update_layouts(check: bool) -> int:
    status = 0
    for target, text in layouts.made().items():
        same = target.exists() and target.read_text("utf-8") == text
        if check:
            print(f"{target.name}: {'same' if same else 'DIFFERS from what its sources give'}")
            status |= not same
        elif not same:
            target.write_text(text, encoding="utf-8")
            print(f"{target.name}: written")
    return status


def main() -> int:
    parser = argparse.ArgumentParser(description="Rebuild the committed helper guests.")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="sources (default: all)")
    parser.add_argument("--check", action="store_true", help="compare with what is committed, write nothing")
    options = parser.parse_args()
    try:
        status = update_layouts(options.check)
    except layouts.LayoutError as error:
        print(error, file=sys.stderr)
        status = 1
    for source in options.files or sources():
        if not is_source(source):
            parser.error(f"{source}: a guest's source ends in .c, .cpp, .wat, .rs or .ts")
        for target in forms(source):
            try:
                module = build(source, target)
            except MissingCompiler as error:
                print(f"{source.name}: {error}", file=sys.stderr)
                if source.suffix in (".rs", ".ts") and not options.files:
                    continue
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
