"""What ``Device.compile(glsl=...)`` runs: GLSL for compute becomes SPIR-V, or text in Metal's language.

The compiler is Slang's, which the package slangpy brings (the extra ``zcwasm[glsl]``). Its library alone is
used, since importing the package would load a renderer and look for GPUs. Without it glslangValidator or
glslc of the system are taken. For Metal spirv-cross of the system goes on from there: what Slang itself makes
of GLSL for Metal is refused by it for every block of push constants, and where it is told not to check,
everything after a barrier is missing from what it makes (2026.12). All of them are processes of their own
(compilers crash, and one did), with a limit of time and without a shell. The text is the host program's,
never a guest's; what comes of it is compared with the signature by whom it is given to. Nothing is kept: who
compiles a kernel again waits again, about 0.4 s.

Threads: any.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from array import array
from pathlib import Path
from typing import Literal

from ._core import CompileError

TIMEOUT = 120.0  # seconds that a program of the system has
MOST_TEXT = 4000  # characters of what a compiler says

# --- Slang, of the package slangpy ---


def _slang_library() -> Path | None:
    """Where the package slangpy has its compiler."""
    try:
        found = importlib.util.find_spec("slangpy")
    except (ImportError, ValueError):
        return None
    for folder in found.submodule_search_locations or () if found else ():
        for pattern in (
            "libslang-compiler*.so*",
            "libslang-compiler*.dylib",
            "libslang.so",
            "libslang.dylib",
        ):
            for path in sorted(Path(folder).glob(pattern), reverse=True):
                return path
    return None


def _by_slang(library: Path, text: str, name: str) -> bytes:
    script = Path(__file__).with_name("_slang.py")
    command: list[str | Path] = [sys.executable, "-I", "-S", script, library, f"{name}.comp"]
    # Slang finds its own parts by its run path, but for a program that a sanitizer watches.
    answer = json.loads(_run(command, name, text, str(library.parent)))
    if "said" in answer:
        raise _refused(name, answer["said"])
    return _source_is_glsl(bytes.fromhex(answer["spirv"]))


def _source_is_glsl(spirv: bytes) -> bytes:
    """The module says that it comes of Slang, which older validators take for a mistake."""
    words = array("I", spirv)
    at, source, glsl = 5, 3, 2  # behind the header; OpSource, and the language
    while at < len(words) and words[at] >> 16:
        if words[at] & 0xFFFF == source:
            words[at + 1] = glsl
        at += words[at] >> 16
    return words.tobytes()


# --- programs of the system ---


def _run(command: list[str | Path], name: str, given: str = "", libraries: str = "") -> str:
    """Its standard output, where it succeeds. libraries: a folder in which it looks for those first."""
    folders = [libraries, os.environ.get("LD_LIBRARY_PATH", "")]
    environment = {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(filter(None, folders))}
    try:
        done = subprocess.run(
            command,
            input=given,
            capture_output=True,
            encoding="utf-8",
            timeout=TIMEOUT,
            env=environment if libraries else None,
        )
    except subprocess.TimeoutExpired:
        raise _refused(name, f"the compiler took more than {TIMEOUT:.0f} s") from None
    except (OSError, UnicodeError) as error:
        raise _refused(name, f"{command[0]}: {error}") from None
    if done.returncode < 0:
        raise _refused(name, f"the compiler crashed with signal {-done.returncode}. {done.stderr}")
    if done.returncode:
        raise _refused(name, done.stdout + done.stderr)
    return done.stdout


def _by_glslang(compiler: str, text: str, name: str) -> bytes:
    if Path(compiler).name == "glslc":
        options = ["-fshader-stage=compute", "--target-env=vulkan1.1"]
    else:
        options = ["-V", "--quiet", "--target-env", "vulkan1.1", "-S", "comp"]
    with tempfile.TemporaryDirectory(prefix="zcwasm-") as folder:
        source, out = Path(folder) / "kernel.comp", Path(folder) / "kernel.spv"
        source.write_text(text, "utf-8")
        try:
            _run([compiler, *options, "-o", out, source], name)
        except CompileError as error:
            raise _refused(name, str(error).partition("\n")[2].replace(str(source), f"{name}.comp")) from None
        return out.read_bytes()


def _to_metal(cross: str, spirv: bytes, name: str) -> str:
    options = ["--msl", "--msl-version", "20300", "--msl-decoration-binding"]
    with tempfile.TemporaryDirectory(prefix="zcwasm-") as folder:
        module = Path(folder) / "kernel.spv"
        module.write_bytes(spirv)
        return _run([cross, *options, module], name)


def _refused(name: str, said: str) -> CompileError:
    said = said.strip() or "the compiler does not say why"
    error = CompileError(
        f"kernel {name} does not compile:\n{said[:MOST_TEXT]}{'…' if len(said) > MOST_TEXT else ''}"
    )
    error.kind, error.offset = "invalid", None
    return error


def translate(text: str, kind: Literal["vulkan", "metal"], name: str) -> bytes | str:
    """SPIR-V for vulkan, MSL for metal. Raises CompileError with what the compiler says."""
    cross = shutil.which("spirv-cross") if kind == "metal" else None
    if kind == "metal" and not cross:
        raise ModuleNotFoundError(
            "compile(glsl=...) for Metal needs the program spirv-cross", name="spirv-cross"
        )
    library = _slang_library()
    compiler = shutil.which("glslangValidator") or shutil.which("glslang") or shutil.which("glslc")
    if library:
        spirv = _by_slang(library, text, name)
    elif compiler:
        spirv = _by_glslang(compiler, text, name)
    else:
        raise ModuleNotFoundError(
            "compile(glsl=...) needs the package slangpy: pip install 'zcwasm[glsl]'; "
            "or the program glslangValidator or glslc",
            name="slangpy",
        )
    return _to_metal(cross, spirv, name) if cross else spirv
