"""What compilers make by default must run: builds programs and examples with each, and runs the results.

    python tests/toolchains.py [--need COMPILER ...] [NAME ...]

No flag says which WebAssembly features a compiler may use. The sources are in tests/programs/ (core.*:
libraries whose exports are called; program.*: ordinary programs for WASI) and in examples/; the commands that
docs/ gives between <!-- build --> and <!-- /build --> are run as they stand. Besides, builds with SIMD. Each
module runs on each engine that is here and has its features, and every result is compared with that of
wasmtime's own package, with that of the other builds of one source, and where it is known with that.

A compiler that is not here, or that cannot build for a target, is left out, and the output says so and why;
with --need it is an error that nothing was built by that compiler. NAME picks the builds whose name contains
it. Needs wasmtime. Exit codes: 0; 1 when something does not do what it must.
"""

from __future__ import annotations

import argparse
import functools
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import wasmtime

import zcwasm

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS, EXAMPLES = ROOT / "tests" / "programs", ROOT / "examples"
ZIG = [sys.executable, "-m", "ziglang"]
ENGINES = [engine for engine in zcwasm.engines() if engine.available]
CLANGS = ("clang", "clang-22", "clang-19")  # Debian's own, and newer ones that it has
DOCUMENTS = ("docs/howto/plugins.md", "docs/howto/drive-the-device.md", "docs/howto/wasi-programs.md")
SCALE = "docs/howto/drive-the-device.md"  # whose guest scale.c is

# Of each library: exports, arguments, and the result, or None where engines and builds need only agree.
Call = tuple[str, tuple[float, ...], float | None]
CALLS: dict[str, list[Call]] = {
    "core.c": [
        *[("call", (which, 7, 3), (10, 4, 21, 2)[which]) for which in range(4)],
        ("variadic", (), 1.5 + 2**40 + 2.25 - 7 + 0.125),
        ("records", (), None),
        ("convert", (100.75, 42.5), 100 + 42 + 42 + 100 + 42 + 100),
        ("mixed", (12345,), None),
        ("recursion", (), 21),
        ("grow", (3,), 1),
    ],
    "core.cpp": [("shapes", (2.5,), (9 + 13) * 2.5 + 4 + ord("c")), ("fold", (20, 3), None)],
    "core.rs": [
        ("shapes", (50,), None),
        ("closures", (123456789, 100), None),
        ("collections", (1000,), None),
        ("convert", (1e30, -3.5), None),
    ],
    "core.zig": [
        *[("call", (which, 7, 3), (10, 21, 2)[which]) for which in range(3)],
        ("call", (2, 7, 0), -1),
        ("collections", (1000,), None),
        ("convert", (-1e30, 300.0), -(2**31) + 255),
    ],
    "core.ts": [
        ("shapes", (50,), None),
        ("sorted", (700,), None),
        ("words", (1000,), None),
        ("convert", (-7.5, 3.5), -4),
    ],
}
ARGUMENTS = ["program", "12.5", "-3 ü"]
INPUT = "first line\nand another: ä\n".encode()


class Failed(Exception):
    """A build or a result is not what it must be."""


# --- running ---


def same(a: Any, b: Any) -> bool:
    return bool(a == b or (a != a and b != b))


def call_exports(source: str, module: bytes) -> list[Any]:
    """The results of all calls, the same here and in wasmtime."""
    loaded = zcwasm.Module(module)
    abort = {"env": {"abort": lambda *arguments: None}}  # AssemblyScript's
    guest = zcwasm.Instance(loaded, imports=abort)
    engine = wasmtime.Engine()
    store, linker = wasmtime.Store(engine), wasmtime.Linker(engine)
    linker.define_func(
        "env", "abort", wasmtime.FuncType([wasmtime.ValType.i32()] * 4, []), lambda *arguments: None
    )
    other = linker.instantiate(store, wasmtime.Module(engine, module)).exports(store)
    results = []
    for name, arguments, expected in CALLS[source]:
        result, there = guest.exports[name](*arguments), other[name](store, *arguments)
        results.append(result)
        if not same(result, there) or (expected is not None and not same(result, expected)):
            raise Failed(f"{name}{arguments} is {result}, in wasmtime {there}, expected {expected}")
    return results


def folder_contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def run_here(module: bytes, folder: Path, args: Sequence[str]) -> tuple[int, bytes, bytes]:
    out, err = bytearray(), bytearray()
    grants: dict[str, Any] = {"writable_dirs": {"/data": folder}, "env": {"NAME": "value"}, "stdin": INPUT}
    wasi = zcwasm.Wasi(args=args, stdout=out.extend, stderr=err.extend, **grants)
    code = 0
    try:
        zcwasm.Instance(zcwasm.Module(module), wasi=wasi).exports["_start"]()
    except zcwasm.Exit as end:
        code = end.code
    return code, bytes(out), bytes(err)


def run_there(module: bytes, folder: Path, args: Sequence[str]) -> tuple[int, bytes, bytes]:
    engine = wasmtime.Engine()
    store, linker = wasmtime.Store(engine), wasmtime.Linker(engine)
    wasi, code = wasmtime.WasiConfig(), 0
    with tempfile.TemporaryDirectory() as streams:
        given, out, err = (Path(streams) / name for name in ("in", "out", "err"))
        given.write_bytes(INPUT)
        wasi.argv, wasi.env = list(args), [("NAME", "value")]
        wasi.stdin_file, wasi.stdout_file, wasi.stderr_file = str(given), str(out), str(err)
        wasi.preopen_dir(str(folder), "/data")
        store.set_wasi(wasi)
        linker.define_wasi()
        start: Any = linker.instantiate(store, wasmtime.Module(engine, module)).exports(store)["_start"]
        try:
            start(store)
        except wasmtime.ExitTrap as end:
            code = end.code
        return code, out.read_bytes(), err.read_bytes()


def run_program(
    module: bytes, args: Sequence[str] = ARGUMENTS, files: dict[str, bytes] | None = None
) -> list[Any]:
    """Exit code, output and files that a program leaves, the same here and in wasmtime."""
    ends = []
    for engine in (run_here, run_there):
        with tempfile.TemporaryDirectory() as folder:
            for name, content in (files or {}).items():
                (Path(folder) / name).write_bytes(content)
            ends.append([*engine(module, Path(folder), args), folder_contents(Path(folder))])
    if ends[0] != ends[1]:
        raise Failed(f"it ends with {ends[0]}, in wasmtime with {ends[1]}"[:2000])
    return ends[0]


def run_example(name: str, module: bytes) -> list[Any]:
    """An example's script, which exits with an error or says it when the guest does wrong, or the program."""
    if name.startswith("wasi_"):
        files = {"a.txt": b"the cat and the dog; the end\n" * 100, "b": b"another"}
        args = {"wasi_words": ["words", "-n", "2", "/data/a.txt"], "wasi_tree": ["tree", "/data"]}[name]
        end = run_program(module, args, files)
        if end != run_program((EXAMPLES / f"{name}.wasm").read_bytes(), args, files) or end[0] != 0:
            raise Failed(f"it ends with {end}")
        return []
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(EXAMPLES / f"{name}.py", folder)
        (Path(folder) / f"{name}.wasm").write_bytes(module)
        words = {"gemm": ["64", "cpu"], "sharpen": ["64", "48", "cpu"]}.get(name, ["cpu"])
        done = subprocess.run(
            [sys.executable, f"{name}.py", *words], cwd=folder, capture_output=True, text=True
        )
    expected = {"gemm": " 0 wrong elements", "blend": "mean 0.5000", "saxpy": "3.5  6.   8.5 11."}
    if done.returncode or expected.get(name, "from -") not in done.stdout:
        raise Failed(f"{name}.py printed {done.stdout}{done.stderr}")
    return []


def run_scale(module: bytes) -> list[Any]:
    """The guest of SCALE: x[i] = 2 x[i] + 1."""
    guest = zcwasm.Instance(zcwasm.Module(module), device=zcwasm.Device("cpu"))
    at = 65536 * guest.memory.grow(1)  # behind what is the guest's own
    x = guest.memory.array(at, 4, "<f4")
    x[:] = [1, 2, 3, 4]
    code = guest.exports.scale(at, 4)
    if code != 0 or x.tolist() != [3, 5, 7, 9]:
        raise Failed(f"scale gives {code}, {x.tolist()}")
    return []


def check(source: str, module: bytes) -> list[Any]:
    """Run what was made of a source on each engine; what must be the same for all builds of it."""
    needed = set(zcwasm.Module(module).features)
    found = []
    for engine in ENGINES:
        os.environ["ZCWASM_ENGINE"] = engine.name  # for examples, too
        if needed <= set(engine.features):
            found.append(check_here(source, module))
        else:
            refused(module, needed - set(engine.features))
    if not found or any(other != found[0] for other in found):
        raise Failed(f"needs {needed}; on {[engine.name for engine in ENGINES]}: {found}")
    return found[0]


def refused(module: bytes, missing: set[str]) -> None:
    """The engine of now refuses it by the names of the features."""
    loaded = zcwasm.Module(module)
    try:
        zcwasm.Instance(loaded, device=zcwasm.Device("cpu"), inputs={})
    except zcwasm.CompileError as error:
        if not all(feature in str(error) for feature in missing):
            raise Failed(f"refused, but for {error}") from None
    else:
        raise Failed(f"accepted, though it needs {missing}")


def check_here(source: str, module: bytes) -> list[Any]:
    """Run it on the engine of now."""
    if source == "scale.c":
        return run_scale(module)
    if source in CALLS:
        return call_exports(source, module)
    if source.startswith("program."):
        # The C libraries differ in the text of errors only.
        code, out, _, files = run_program(module)
        return [code, out, files]
    return run_example(Path(source).stem, module)


# --- building ---


class Build(NamedTuple):
    compiler: str  # what --need names
    target: str
    flags: tuple[str, ...]
    source: Path
    command: list[str]  # run in an empty folder; makes out.wasm there

    @property
    def name(self) -> str:
        flags = " ".join((self.target, *self.flags)).strip()
        return f"{self.compiler} {flags}: {self.source.name}"


# No C library; every export is marked in the source.
BARE = ("-nostdlib", "-Wl,--no-entry", f"-I{ROOT / 'zcwasm' / 'include'}")
SIMD = {"-msimd128", "-mcpu=generic+simd128", "-Ctarget-feature=+simd128"}
# Without a C library an older clang must not make a call of memset out of a loop.
NO_BUILTIN = "-fno-builtin"
# No C++ library for WebAssembly has what exceptions need; without one there is no type information either.
CXX = ("-std=c++20", "-fno-exceptions")


def c_builds(name: str, cc: list[str], cxx: list[str], bare: list[str], wasi: list[str]) -> Iterator[Build]:
    def build(target: str, level: tuple[str, ...], source: Path, *command: str) -> Build:
        return Build(name, target, level, source, [*command, *level, "-o", "out.wasm", str(source)])

    for level in ((), ("-O2",)):
        for source in (PROGRAMS / "core.c", EXAMPLES / "gemm.c", EXAMPLES / "sharpen.c"):
            yield build("freestanding", level, source, *cc, *bare, *BARE)
        for source in (PROGRAMS / "core.cpp", EXAMPLES / "blend.cpp"):
            yield build("freestanding", level, source, *cxx, *bare, *BARE, *CXX, "-fno-rtti")
        for source in (PROGRAMS / "program.c", EXAMPLES / "wasi_words.c"):
            yield build("wasi", level, source, *cc, *wasi, "-lm")
        # Zig compiles a C++ library anew for each level, which takes longer than all other builds.
        if not (name == "zig" and level):
            yield build("wasi", level, PROGRAMS / "program.cpp", *cxx, *wasi, *CXX)
    for source in (EXAMPLES / "gemm.c", EXAMPLES / "sharpen.c"):
        yield build("freestanding", ("-O3", "-msimd128"), source, *cc, *bare, *BARE)
    if NO_BUILTIN not in bare:
        yield build("freestanding", ("-O2", *advised_flags()), PROGRAMS / "core.c", *cc, *bare, *BARE)


def is_old(clang: str) -> bool:
    """Before version 20: no memory.fill by default, and not all flags against later features."""
    version = subprocess.run([clang, "-dumpversion"], capture_output=True, text=True).stdout
    return int(version.partition(".")[0]) < 20


def advised_flags() -> list[str]:
    """All the flags that errors about later features name: compilers must have them."""
    table = (ROOT / "csrc" / "validate" / "zc_validate_features.def").read_text("utf-8")
    return [f"-mno-{feature}" for feature in sorted(set(re.findall(r'LLVM\("([\w-]+)"\)', table)))]


def zig_builds() -> Iterator[Build]:
    library, program = PROGRAMS / "core.zig", PROGRAMS / "program.zig"
    for level in ((), ("-OReleaseSafe",), ("-OReleaseSmall",), ("-OReleaseFast", "-mcpu=generic+simd128")):
        command = [*ZIG, "build-exe", *level, "-femit-bin=out.wasm", "-target"]
        bare = [*command, "wasm32-freestanding", "-fno-entry", "-rdynamic", str(library)]
        yield Build("zig", "freestanding", level, library, bare)
        if len(level) < 2:
            yield Build("zig", "wasi", level, program, [*command, "wasm32-wasi", str(program)])


def rust_builds(rustc: str) -> Iterator[Build]:
    wasi = "wasm32-wasip1" if has_rust_target(rustc, "wasm32-wasip1") else "wasm32-wasi"
    bare = ["wasm32-unknown-unknown", "--crate-type", "cdylib"]
    for level in ((), ("-O",)):
        command = [rustc, *level, "-o", "out.wasm", "--target"]
        for source in (PROGRAMS / "core.rs", EXAMPLES / "saxpy.rs"):
            yield Build("rustc", "unknown", level, source, [*command, *bare, str(source)])
        for source in (PROGRAMS / "program.rs", EXAMPLES / "wasi_tree.rs"):
            yield Build("rustc", "wasi", level, source, [*command, wasi, str(source)])
    level, source = ("-O", "-Ctarget-feature=+simd128"), PROGRAMS / "core.rs"
    yield Build(
        "rustc", "unknown", level, source, [rustc, *level, "-o", "out.wasm", "--target", *bare, str(source)]
    )


def has_rust_target(rustc: str, target: str) -> bool:
    done = subprocess.run(
        [rustc, "--print", "target-libdir", "--target", target], capture_output=True, text=True
    )
    return done.returncode == 0 and any(Path(done.stdout.strip()).glob("libstd-*.rlib"))


@functools.cache
def find_rustc() -> str | None:
    """A compiler that has a standard library for WebAssembly, if there is one."""
    candidates = [os.environ.get("RUSTC"), shutil.which("rustc"), "/usr/bin/rustc"]
    found = [path for path in candidates if path and Path(path).exists()]
    return next((path for path in found if has_rust_target(path, "wasm32-unknown-unknown")), None)


@functools.cache
def find_asc() -> list[str] | None:
    """AssemblyScript's compiler, put into build/ by npm when it is not there; None without npm."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    folder = ROOT / "build" / "assemblyscript"
    asc = folder / "node_modules" / ".bin" / "asc"
    if not asc.exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text("{}")
        command = [npm, "install", "--silent", "--no-audit", "--no-fund", "assemblyscript@^0.28"]
        if subprocess.run(command, cwd=folder, stdout=sys.stderr).returncode:
            return None
    return [str(asc)]


def asc_builds(asc: list[str]) -> Iterator[Build]:
    source = PROGRAMS / "core.ts"
    for level in ((), ("-O",)):
        yield Build("asc", "", level, source, [*asc, *level, "-o", "out.wasm", str(source)])


def all_builds() -> tuple[list[Build], dict[str, str]]:
    """Builds by the compilers that are here; and those that are not, with the reason."""
    builds: list[Build] = []
    missing: dict[str, str] = {}
    for clang in CLANGS:
        if shutil.which(clang) is None:
            missing[clang] = "not installed"
        else:
            cxx = clang.replace("clang", "clang++")
            bare = ["--target=wasm32", *([NO_BUILTIN] if is_old(clang) else [])]
            builds += c_builds(clang, [clang], [cxx], bare, ["--target=wasm32-wasi"])
    if subprocess.run([*ZIG, "version"], capture_output=True).returncode:
        missing["zig"] = "not installed: pip install ziglang"
    else:
        targets = ["-target", "wasm32-freestanding"], ["-target", "wasm32-wasi"]
        builds += c_builds("zig", [*ZIG, "cc"], [*ZIG, "c++"], *targets)
        builds += zig_builds()
    rustc, asc = find_rustc(), find_asc()
    if rustc is None:
        missing["rustc"] = "no rustc here has the target wasm32-unknown-unknown"
    else:
        builds += rust_builds(rustc)
    if asc is None:
        missing["asc"] = "npm is not here, or cannot install assemblyscript"
    else:
        builds += asc_builds(asc)
    return builds, missing


def environment() -> dict[str, str]:
    """Zig's caches inside build/; this Python, and the Rust that is used here, before others."""
    zig = {f"ZIG_{kind}_CACHE_DIR": str(ROOT / "build" / "zig-cache") for kind in ("GLOBAL", "LOCAL")}
    first = [str(Path(sys.executable).parent)]
    rustc, asc = find_rustc(), find_asc()
    first += [str(Path(path).parent) for path in (rustc, *(asc or ())) if path]
    return {**os.environ, **zig, "PATH": os.pathsep.join([*first, os.environ["PATH"]])}


def cannot_build(build: Build, env: dict[str, str]) -> str | None:
    """Why the compiler cannot build for the target at all: it lacks a library, say."""
    if build.target != "wasi" or "clang" not in build.compiler:
        return None
    with tempfile.TemporaryDirectory() as folder:
        plus = build.source.suffix == ".cpp"
        text = "#include <string>\nint main() { return 0; }\n" if plus else "int main(void) { return 0; }\n"
        source = Path(folder) / f"empty{build.source.suffix}"
        source.write_text(text)
        command = [*build.command[:2], "-fno-exceptions", "-o", "empty.wasm", str(source)]
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    if done.returncode == 0:
        return None
    library = "libc++-dev-wasm32" if plus else "wasi-libc"
    version = build.compiler.partition("-")[2]
    needed = [library, f"libclang-rt-{version}-dev-wasm32" if version else "libclang-rt-dev-wasm32"]
    return f"no library for it; Debian's packages: {', '.join(needed)}"


def make(build: Build, env: dict[str, str]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(build.command, cwd=folder, env=env, capture_output=True, text=True)
        if done.returncode:
            raise Failed(f"{shlex.join(build.command)}\n{done.stdout}{done.stderr}")
        return (Path(folder) / "out.wasm").read_bytes()


# --- the commands of the documents ---


class Documented(NamedTuple):
    where: str
    setup: str  # what the commands before set
    command: str

    @property
    def name(self) -> str:
        return f"{self.where}: {self.command}"

    @property
    def compiler(self) -> str:
        words = [word for word in self.command.split() if word not in ("python", "-m", "npx")]
        return {"ziglang": "zig"}.get(words[0], words[0])


def documented() -> list[Documented]:
    found = []
    for document in DOCUMENTS:
        text = (ROOT / document).read_text("utf-8")
        for block in re.findall(r"<!-- build -->\n```bash\n(.*?)```\n<!-- /build -->", text, re.DOTALL):
            setup = ""
            for line in block.replace("\\\n", " ").splitlines():
                command = re.sub(r"\s+", " ", re.sub(r"\s#.*", "", line)).strip()
                if re.match(r"\w+=", command):
                    setup += f"{command}\n"
                elif command and not command.startswith(("#", "pip install", "npm install")):
                    found.append(Documented(document, setup, command))
    return found


def lay_out(folder: Path) -> None:
    """What the documented commands name: the examples, guest.* and program.*, and the first code of SCALE."""
    (folder / "examples").symlink_to(EXAMPLES)
    modules = ROOT / "build" / "assemblyscript" / "node_modules"
    if modules.is_dir():
        (folder / "node_modules").symlink_to(modules)
    for source in PROGRAMS.iterdir():
        shutil.copy(source, folder / source.name.replace("core.", "guest."))
    text = (ROOT / SCALE).read_text("utf-8")
    (scale,) = re.findall(r"<!-- file: scale.c -->\n```c\n(.*?)```", text, re.DOTALL)
    (folder / "scale.c").write_text(scale)


def run_documented(entry: Documented, env: dict[str, str]) -> str:
    """Runs the command as a shell would, then what it made."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        lay_out(folder)
        script = f"set -e\n{entry.setup}{entry.command}\n"
        rustc = find_rustc()
        if rustc and not has_rust_target(rustc, "wasm32-wasip1"):
            script = script.replace("wasm32-wasip1", "wasm32-wasi")  # as the document says of older ones
        done = subprocess.run(["bash", "-c", script], cwd=folder, env=env, capture_output=True, text=True)
        if done.returncode:
            raise Failed(done.stdout + done.stderr)
        made = list(folder.glob("*.wasm"))
        sources = [word for word in entry.command.split() if re.search(r"\w\.(c|cpp|rs|zig|ts)$", word)]
        if len(made) != 1 or len(sources) != 1:
            raise Failed(f"it makes {made} of {sources}")
        source = Path(sources[0]).name.replace("guest.", "core.")
        check(source, made.pop().read_bytes())
    return source


# --- all of it ---


class Report:
    """Prints what happens, and counts."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed: list[str] = []
        self.compilers: set[str] = set()  # that built something

    def leave_out(self, name: str, why: str) -> None:
        print(f"left out: {name}: {why}", flush=True)

    def attempt(self, name: str, compiler: str, work: Callable[[], str]) -> None:
        try:
            text = work()
        except (Failed, zcwasm.Error, wasmtime.WasmtimeError, wasmtime.Trap) as error:
            self.failed.append(name)
            print(f"FAILED: {name}: {error}", flush=True)
            return
        self.passed += 1
        self.compilers.add(compiler)
        print(f"ok: {name}{text}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Build with each compiler's defaults, and run the results.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="part of the name of a build (default: all)")
    parser.add_argument("--need", action="append", default=[], metavar="COMPILER", help="must build some")
    options = parser.parse_args()
    report, env = Report(), environment()
    builds, missing = all_builds()
    for name, why in missing.items():
        report.leave_out(name, why)
    known: dict[str, tuple[str, list[Any]]] = {}

    def one(build: Build) -> str:
        module = make(build, env)
        if set(build.flags) & SIMD and "SIMD" not in zcwasm.Module(module).features:
            raise Failed("it has no SIMD")
        result = check(build.source.name, module)
        other, expected = known.setdefault(build.source.name, (build.name, result))
        if result != expected:
            raise Failed(f"{result}, but {other} gives {expected}")
        return f", {len(module):,} bytes"

    def wanted(name: str) -> bool:
        return not options.names or any(part in name for part in options.names)

    cannot: dict[tuple[str, str, str], str | None] = {}
    for build in filter(lambda build: wanted(build.name), builds):
        kind = (build.compiler, build.target, build.source.suffix)
        if kind not in cannot:
            cannot[kind] = why = cannot_build(build, env)
            if why:
                report.leave_out(f"{build.compiler} {build.target} {kind[2]}", why)
        if not cannot[kind]:
            report.attempt(build.name, build.compiler, lambda build=build: one(build))  # type: ignore[misc]
    for entry in filter(lambda entry: wanted(entry.name), documented()):
        if entry.compiler in missing:
            report.leave_out(entry.name, missing[entry.compiler])
        else:
            work = functools.partial(run_documented, entry, env)
            report.attempt(entry.name, entry.compiler, lambda work=work: f", {work()}")  # type: ignore[misc]
    needed = [name for name in options.need if name not in report.compilers]
    if needed:
        print(f"FAILED: needed, but they built nothing: {', '.join(needed)}")
    print(f"{report.passed} passed, {len(report.failed) + len(needed)} failed")
    return 1 if report.failed or needed else 0


if __name__ == "__main__":
    sys.exit(main())
