"""The code of README.md and docs/ must run: runs each page's blocks in order, in an empty folder.

    python tests/pages.py [--need WHAT ...] [PAGE ...]

The python blocks of a page are one program; bash blocks run in its folder, in which `examples` is the
repository's. What a page tells by comments, which readers do not see:

    <!-- file: guest.c -->      the next block is the content of that file
    <!-- output -->             the next block is what the block before printed; "..." stands for anything
    <!-- needs: zig, vulkan --> the section, with those below it, needs these (NEEDS); below the title: all
    <!-- not run: why -->       the next block stands for something that cannot run here
    <!-- build -->              the next block is run by tests/toolchains.py
    <!-- test-command -->       the next block is run by .ci/run

A block of code that is neither run nor written to a file nor said not to run is an error, so that nothing
goes untested by accident. Lines that install packages are left out. A section whose needs are not met is
left out, and the output says so; with --need it is an error that WHAT is not there. Exit codes: 0; 1 when a
page fails.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SECONDS = 300  # for one page
LANGUAGES = ("python", "bash", "c", "cpp", "rust", "zig", "ts", "glsl")  # others, such as text, are not code
ASSEMBLYSCRIPT = ROOT / "build" / "assemblyscript" / "node_modules"  # as tests/toolchains.py puts it there


class Failed(Exception):
    """A block did not do what the page says."""


# --- what sections need ---


def has_rust() -> bool:
    rustc = find_rustc()
    return rustc is not None


@functools.cache
def find_rustc() -> str | None:
    """A Rust compiler that has a standard library for WebAssembly."""
    for path in (os.environ.get("RUSTC"), shutil.which("rustc"), "/usr/bin/rustc"):
        if path and shutil.which(path):
            command = [path, "--print", "target-libdir", "--target", "wasm32-unknown-unknown"]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode == 0 and any(Path(done.stdout.strip()).glob("libstd-*.rlib")):
                return path
    return None


def has_module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


@functools.cache
def has_vulkan() -> bool:
    import zcwasm

    return any(each["kind"] == "vulkan" and each["available"] for each in zcwasm.devices())


@functools.cache
def has_model(name: str) -> bool:
    if not has_module("tokenizers") or not has_module("jinja2"):
        return False
    from zcwasm import FetchError
    from zcwasm._models import fetch

    try:
        fetch.fetch(name)
    except FetchError:
        return False
    return True


NEEDS: dict[str, Callable[[], bool]] = {
    "clang": lambda: shutil.which("clang") is not None and shutil.which("wasm-ld") is not None,
    "zig": lambda: has_module("ziglang"),
    "rustc": has_rust,
    "asc": ASSEMBLYSCRIPT.is_dir,
    "glsl": lambda: has_module("slangpy") or shutil.which("glslangValidator") is not None,
    "glslang": lambda: shutil.which("glslangValidator") is not None,
    "vulkan": has_vulkan,
    "torch": lambda: has_module("torch"),
    "jax": lambda: has_module("jax"),
    "pyarrow": lambda: has_module("pyarrow"),
    "ray": lambda: has_module("ray") and has_module("pyarrow"),
    "openai": lambda: has_module("openai"),
    "serve": lambda: all(map(has_module, ("starlette", "uvicorn", "prometheus_client", "llguidance"))),
    "smollm2-135m": lambda: has_model("smollm2-135m"),
    "all-minilm-l6-v2": lambda: has_model("all-minilm-l6-v2"),
}


# --- reading a page ---


class Block(NamedTuple):
    line: int
    language: str
    text: str
    marks: dict[str, str]
    needs: tuple[str, ...]
    section: str


def blocks(text: str) -> Iterator[Block]:
    marks: dict[str, str] = {}
    needs: dict[int, tuple[str, ...]] = {}  # by the level of the heading that they stand below
    level, section, fence = 0, "", ""
    language, start, body = "", 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        if fence:
            if line.strip() == fence:
                together = tuple(name for each in needs.values() for name in each)
                yield Block(start, language, "\n".join(body) + "\n", marks, together, section)
                marks, fence = {}, ""
            else:
                body.append(line)
        elif match := re.fullmatch(r"(`{3,})(.*)", line):
            fence, language, start, body = match[1], match[2].strip(), number, []
        elif match := re.fullmatch(r"<!-- ([\w-]+(?: run)?)(?:: (.*?))? -->", line):
            if match[1] == "needs":
                needs[level] = tuple(name.strip() for name in match[2].split(","))
            else:
                marks[match[1]] = match[2] or ""
        elif match := re.fullmatch(r"(#+) (.*)", line):
            level, section, marks = len(match[1]), match[2], {}
            needs = {above: names for above, names in needs.items() if above < level}
        elif line.strip():
            marks = {}


# --- running it ---


def environment() -> dict[str, str]:
    """Zig's caches inside build/; this Python, and the Rust that has the target, before others."""
    zig = {f"ZIG_{kind}_CACHE_DIR": str(ROOT / "build" / "zig-cache") for kind in ("GLOBAL", "LOCAL")}
    rustc = find_rustc()
    first = [str(Path(path).parent) for path in (sys.executable, rustc) if path]
    return {**os.environ, **zig, "PATH": os.pathsep.join([*first, os.environ["PATH"]])}


def agrees(printed: str, expected: str) -> bool:
    pattern = ".*?".join(re.escape(part) for part in expected.strip().split("..."))
    lines = "\n".join(line.rstrip() for line in printed.strip().splitlines())
    return re.fullmatch(pattern, lines, re.DOTALL) is not None


def run_block(block: Block, names: dict[str, Any], page: Path) -> str:
    """What it printed."""
    if "file" in block.marks:
        Path(block.marks["file"]).write_text(block.text, encoding="utf-8")
        return ""
    if block.language == "python":
        out = io.StringIO()
        code = compile("\n" * block.line + block.text, str(page), "exec")
        with contextlib.redirect_stdout(out):
            exec(code, names)
        return out.getvalue()
    if block.language == "bash":
        lines = block.text.splitlines(keepends=True)
        script = "".join(line for line in lines if not re.match(r"(pip|npm) install ", line))
        command = ["bash", "-euo", "pipefail", "-c", script]
        done = subprocess.run(command, capture_output=True, text=True, env=environment())
        if done.returncode:
            raise Failed(f"exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout
    raise Failed(f"a block of {block.language}: say which file it is, or that it is not run and why")


ELSEWHERE = ("not run", "build", "test-command")


def run_page(page: Path) -> list[str]:
    """Runs it in the current folder. What was left out, and why."""
    left_out = []
    names: dict[str, Any] = {"__name__": "__page__"}
    printed = ""
    for block in blocks(page.read_text("utf-8")):
        where = f"{page.relative_to(ROOT)}:{block.line}"
        if "output" not in block.marks and block.language not in LANGUAGES and "file" not in block.marks:
            continue
        if any(mark in block.marks for mark in ELSEWHERE):
            continue
        missing = [name for name in block.needs if not NEEDS[name]()]
        if missing:
            left_out.append(f"{where}, {block.section}: {', '.join(missing)} not here")
            continue
        try:
            if "output" not in block.marks:
                printed = run_block(block, names, page)
            elif not agrees(printed, block.text):
                raise Failed(f"printed\n{printed}")
        except Failed as error:
            raise Failed(f"{where}: {error}") from None
        except BaseException:
            raise Failed(f"{where}: {traceback.format_exc()}") from None
    return left_out


def run_in_folder(page: Path) -> list[str]:
    """The same in a process and a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "examples").symlink_to(ROOT / "examples")
        if ASSEMBLYSCRIPT.is_dir():
            (Path(folder) / "node_modules").symlink_to(ASSEMBLYSCRIPT)
        command = [sys.executable, str(Path(__file__).resolve()), "--here", str(page.resolve())]
        try:
            done = subprocess.run(
                command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=SECONDS
            )
        except subprocess.TimeoutExpired:
            raise Failed(f"{page.name} is not done after {SECONDS} seconds") from None
    if done.returncode:
        raise Failed(done.stdout + done.stderr)
    return done.stdout.splitlines()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Run the code of the documentation.")
    parser.add_argument("pages", nargs="*", type=Path, metavar="PAGE", help="default: README.md and docs/")
    parser.add_argument("--need", action="append", default=[], choices=NEEDS, help="must be here")
    parser.add_argument("--here", action="store_true", help="run the page in this process and folder")
    options = parser.parse_args(arguments)
    if options.here:
        (page,) = options.pages
        try:
            print(*run_page(page), sep="\n")
        except Failed as error:
            print(error, file=sys.stderr)
            return 1
        return 0
    failed = [f"{name} is needed, but not here" for name in options.need if not NEEDS[name]()]
    for page in options.pages or PAGES:
        try:
            left_out = run_in_folder(page)
        except Failed as error:
            failed.append(str(error))
            print(f"FAILED: {page}: {error}", flush=True)
            continue
        print(f"ok: {page}", *(f"    left out: {line}" for line in left_out if line), sep="\n", flush=True)
    print(f"{len(failed)} failed", *failed, sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
