"""The programs of tests/c: one C file with a main, linked with the layers of csrc/ that it names.

An object is compiled once in a test run for all programs that want it with the same flags; in CI, whose steps
share the folder that ZCWASM_TEST_OBJECTS names and which change no source meanwhile, once for all steps.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support import without_preload

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "buildtools"))

import flags  # noqa: E402
import sources  # noqa: E402

import shaders  # noqa: E402


@functools.cache
def objects_folder() -> Path:
    if shared := os.environ.get("ZCWASM_TEST_OBJECTS"):
        Path(shared).mkdir(parents=True, exist_ok=True)
        return Path(shared).resolve()
    folder = tempfile.mkdtemp(prefix="zcwasm-c-programs-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def compilation_of(sanitize: str | None) -> tuple[str, ...]:
    """The compiler and what it instruments: $CC, else gcc where it is, but clang for sanitizers."""
    usual = "gcc" if shutil.which("gcc") else "cc"  # as CI's steps call it that set CC: so they share objects
    name = os.environ.get("CC", "clang" if sanitize else usual).split()
    instrument = [f"-fsanitize={sanitize}", "-fno-sanitize-recover=undefined", "-g"] if sanitize else []
    return (*name, *instrument)


@functools.cache
def compile_one(source: Path, compilation: tuple[str, ...]) -> Path:
    language = flags.WASM3 if sources.is_wasm3(source) else flags.OURS
    command = [*compilation, *flags.COMMON, "-O1", *language, *sources.include_flags()]
    key = zlib.crc32(repr((source, command)).encode())
    target = objects_folder() / f"{source.stem}-{key:08x}.o"
    if target.exists():
        return target
    # Another step may make the same one meanwhile: so it gets its name when it is whole.
    made = target.with_suffix(f".{os.getpid()}")
    # The compiler is not what is looked at: with a sanitizer preloaded it would check its own memory, too.
    subprocess.run([*command, "-c", str(source), "-o", str(made)], check=True, env=without_preload())
    made.replace(target)
    return target


@functools.cache
def shader_data() -> Path:
    target = objects_folder() / "zc_shader_data.c"
    if not target.exists():
        shaders.embed(ROOT, objects_folder() / f"zc_shader_data.{os.getpid()}").replace(target)
    return target


def build(
    name: str,
    folder: Path,
    files: Iterable[Path],
    *,
    sanitize: str | None = None,
    compilation: Sequence[str] = (),
    with_shaders: bool = False,
) -> Path:
    """tests/c/NAME.c with these files, as a program in `folder`.

    `compilation` is the compiler and its flags instead of compilation_of(sanitize)."""
    compilation = tuple(compilation) or compilation_of(sanitize)
    jobs = [*files, ROOT / "tests" / "c" / f"{name}.c"]
    if with_shaders:
        jobs.append(shader_data())
    jobs.sort(key=os.path.getsize, reverse=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(lambda job: compile_one(job, compilation), jobs))
    program = folder / name
    link = [*compilation, *map(str, objects), "-o", str(program), "-lm", "-pthread"]
    subprocess.run([*link, "-ldl"] if sys.platform == "linux" else link, check=True)
    return program


def run(program: Path, *arguments: object, **environment: str) -> str:
    """What it prints; fails when it exits with an error or hangs."""
    done = subprocess.run(
        [str(program), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        env=without_preload() | environment,
    )
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout
