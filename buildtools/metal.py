"""Check the Metal backend on Linux: everything that needs no Mac.

    python buildtools/metal.py cross      compile and link the extension for macOS, and compile the
                                          backend with the headers of each SDK
    python buildtools/metal.py api        compare each use of Apple's API with PyObjC's metadata
    python buildtools/metal.py msl        compile each kernel's MSL against strict address spaces
    python buildtools/metal.py simulate   run the contract tests on a simulated Metal, under ASan and UBSan;
                                          further arguments are pytest's (--build: build only; with
                                          --coverage first, it says which branches of the backend ran)
                                          (msl and simulate take --texts FOLDER: MSL in the place of that of
                                          the same name which is committed)
    python buildtools/metal.py apple      on a Mac: compile backend and shaders with the oldest and the newest
                                          Xcode that are here, warnings of the backend as errors

docs/explanation/metal.md says what each proves and what none of them does. Needs, beside the packages of the
`dev` extra: clang, libobjc and libBlocksRuntime with headers (simulate). What is built or fetched lands in
build/.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import struct
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import flags
import headers
import metal_api
import metal_sdk
import msl
import sources
import wasm3

import shaders

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests" / "metal"
MACOS = "12.0"  # the oldest that is supported
SANITIZE = "-fsanitize=address,undefined"


class MetalError(RuntimeError):
    """A check failed; the text says which and why."""


def run(command: Sequence[str | Path], what: str) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MetalError(f"{what}:\n{done.stdout}{done.stderr}")
    return done.stdout


# ---- building ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Build:
    """How the extension's sources become objects in `folder`."""

    folder: Path
    compiler: list[str]
    common: list[str]
    objective_c: list[str]
    extra_sources: list[Path]
    mark: str = ""  # in the names of what is made of Objective-C
    texts: Path | None = None  # MSL in place of what is committed

    def objects(self) -> list[Path]:
        wasm3.prepare(ROOT)
        data = shaders.embed(ROOT, self.folder / "zc_shader_data.c", self.texts)
        files = [data, *sources.objective_c(), *self.extra_sources]
        files += [*sources.core(), *sources.python(), *sources.wasm3()]

        def compile_one(source: Path) -> Path:
            mark = self.mark if source.suffix == ".m" else ""
            target = self.folder / f"{source.parent.name}-{source.stem}{mark}.o"
            if sources.is_current(target, source):
                return target
            command = [*self.compiler, *self.common, *sources.DEPFILE_FLAGS]
            if source.suffix == ".m":
                command += [*flags.OBJECTIVE_C, *self.objective_c, "-Werror"]
            elif sources.is_wasm3(source):
                command += flags.WASM3
            else:
                command += [*flags.OURS, "-Werror"]
            run(
                [*command, "-c", str(source), "-o", str(target)],
                f"{source.relative_to(ROOT)} does not compile",
            )
            return target

        files.sort(key=lambda path: path.stat().st_size, reverse=True)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return sorted(pool.map(compile_one, files))


def python_headers() -> Path:
    """Of this Python. Debian's pyconfig.h finds the real one by macros of Linux: a folder without it."""
    there = Path(sysconfig.get_paths()["include"])
    if "multiarch" not in (there / "pyconfig.h").read_text():
        return there
    real = there.parent / str(sysconfig.get_config_var("MULTIARCH")) / there.name / "pyconfig.h"
    copy = ROOT / "build" / "python-headers"
    shutil.copytree(there, copy, dirs_exist_ok=True)
    shutil.copyfile(real, copy / "pyconfig.h")
    return copy


def includes() -> list[str]:
    python = str(python_headers())
    version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert version is not None
    words = [*sources.include_flags(), "-isystem", python]
    return [*words, f'-DZCWASM_VERSION="{version[1]}"', "-DZCWASM_HAVE_METAL"]


def of_apple(check: Callable[[Path, Sequence[Path], Path, str], str]) -> str:
    """A check of the backend against what Apple declares."""
    try:
        return check(ROOT, sources.objective_c(), TESTS / "headers", MACOS)
    except metal_api.ApiError as error:
        raise MetalError(str(error)) from error


# ---- cross ------------------------------------------------------------------------------------------

DYNAMIC_LOOKUP = 0xFE


def undefined_symbols(library: Path) -> dict[str, int]:
    """The undefined symbols of a 64-bit Mach-O file, each with the number of the library that has it."""
    data = library.read_bytes()
    magic, _, _, _, count = struct.unpack_from("<5I", data)
    if magic != 0xFEEDFACF:
        raise MetalError(f"{library.name} is no 64-bit Mach-O file")
    at, found = 32, {}
    for _ in range(count):
        command, size = struct.unpack_from("<2I", data, at)
        if command == 2:  # LC_SYMTAB
            symbols, number, strings, _ = struct.unpack_from("<4I", data, at + 8)
            for i in range(number):
                name, kind, _, description, _ = struct.unpack_from("<IBBHQ", data, symbols + 16 * i)
                if kind & 0xE0 == 0 and kind & 0x0E == 0 and kind & 1:  # no debug entry, undefined, external
                    end = data.index(0, strings + name)
                    found[data[strings + name : end].decode()] = description >> 8
        at += size
    return found


def cross() -> None:
    # The second is the other half of what a universal2 Python, as python.org's, compiles.
    for processor in ("aarch64", "x86_64"):
        cross_for(processor)
    print(f"cross: {of_apple(metal_sdk.check)}")


def cross_for(processor: str) -> None:
    folder = ROOT / "build" / "metal-cross" / processor
    folder.mkdir(parents=True, exist_ok=True)
    headers = [f"-I{TESTS / 'headers'}", f"-I{TESTS / 'headers' / 'macos'}"]
    compiler = [sys.executable, "-m", "ziglang", "cc", "-target", f"{processor}-macos.{MACOS}"]
    if (
        processor == "x86_64"
    ):  # zig turns off, by name, what its oldest processor lacks; functions' own targets lose
        compiler.append("-mcpu=core2+evex512")
    # zig builds with traps for undefined behaviour unless told otherwise.
    common = ["-O2", "-fPIC", "-fno-sanitize=undefined", "-fvisibility=hidden", *includes()]
    objects = Build(folder, compiler, common, headers, []).objects()
    library = folder / "_core.so"
    link = [
        *compiler,
        "-shared",
        "-undefined",
        "dynamic_lookup",
        f"-F{TESTS / 'stubs'}",
        f"-L{TESTS / 'stubs'}",
    ]
    for framework in flags.METAL_FRAMEWORKS:
        link += ["-framework", framework]
    run([*link, "-lobjc", *map(str, objects), "-o", str(library)], "the extension does not link for macOS")
    undefined = undefined_symbols(library)
    missing = [
        name
        for name, ordinal in undefined.items()
        if ordinal == DYNAMIC_LOOKUP and not re.match(r"__?Py[A-Z_]|__Py", name)
    ]
    if missing or "_MTLCreateSystemDefaultDevice" not in undefined:
        raise MetalError(f"undefined and in no library: {missing or 'the backend is not in it'}")
    if "_CGMainDisplayID" not in undefined:
        raise MetalError(
            "nothing of CoreGraphics is used, so linkers that strip drop it, and the default device"
        )
    found = f"{len(objects)} objects, {len(undefined)} symbols from outside, each in a library or Python"
    print(f"cross: {processor}: {found}")


# ---- apple ------------------------------------------------------------------------------------------

# As the backend sets them: MTLLanguageVersion2_3, and fastMathEnabled off.
SHADER_FLAGS = ["-std=macos-metal2.3", f"-mmacosx-version-min={MACOS}", "-fno-fast-math"]
# Those for matrix units: MTLLanguageVersion3_1.
MATRIX_FLAGS = ["-std=metal3.1", "-mmacosx-version-min=14.0", "-fno-fast-math"]


def xcodes(folder: Path) -> list[Path]:
    """The oldest and the newest Xcode there, without previews."""

    def version(path: Path) -> list[int]:
        return [int(part) for part in re.findall(r"\d+", path.name)]

    names = {
        path.resolve() for path in folder.glob("Xcode*.app") if not re.search("beta|preview", path.name, re.I)
    }
    found = sorted(names, key=version)
    return list(dict.fromkeys([found[0], found[-1]])) if found else []


def apple(folder: Path = Path("/Applications")) -> None:
    """What only Apple's compilers can say, without a GPU. All Xcodes are tried before it fails."""
    wrong = []
    found = xcodes(folder)
    if not found:
        raise MetalError(f"{folder} has no Xcode")
    for xcode in found:
        os.environ["DEVELOPER_DIR"] = str(xcode / "Contents" / "Developer")
        sdk = run(["xcrun", "--sdk", "macosx", "--show-sdk-version"], f"{xcode.name}: no SDK").strip()
        shader_files = sorted((ROOT / "shaders" / "generated").glob("*.metal"))
        for source in sources.objective_c():
            for target in (MACOS, sdk):  # as wheels are built, and as the Pythons of Homebrew and conda do
                words = ["xcrun", "--sdk", "macosx", "clang", "-target", f"arm64-apple-macos{target}"]
                words += [*flags.OBJECTIVE_C, *includes(), "-Werror", "-fsyntax-only", str(source)]
                wrong += tried(words, f"{xcode.name}: {source.name} for macOS {target}")
        for more in ([], ["-DACCELERATE_NEW_LAPACK"]):
            words = ["xcrun", "--sdk", "macosx", "clang", "-target", f"arm64-apple-macos{sdk}", *flags.OURS]
            words += [*sources.include_flags(), "-Werror", "-Wno-deprecated-declarations", *more]
            words.append("-Wno-cast-function-type")  # an enum is passed as an int
            wrong += tried(
                [*words, "-fsyntax-only", str(TESTS / "accelerate.c")], f"{xcode.name}: Accelerate"
            )
        # Xcode 26 has the compiler of shaders only after a download.
        if os.environ.get("CI") and tried(["xcrun", "--sdk", "macosx", "metal", "--version"], ""):
            wrong += tried(["xcodebuild", "-downloadComponent", "MetalToolchain"], f"{xcode.name}: no metal")
        for shader in shader_files:
            of_language = MATRIX_FLAGS if shader.stem.endswith("_matrix") else SHADER_FLAGS
            words = ["xcrun", "--sdk", "macosx", "metal", *of_language, "-c", str(shader), "-o", os.devnull]
            wrong += tried(words, f"{xcode.name}: {shader.name}")
        count = f"{len(sources.objective_c())} sources, {len(shader_files)} shaders"
        print(f"apple: {xcode.name}, SDK {sdk}: {count}")
    if wrong:
        raise MetalError("\n".join(wrong))


def tried(command: Sequence[str], what: str) -> list[str]:
    try:
        run(command, what)
    except (MetalError, OSError) as error:
        return [str(error)]
    return []


# ---- msl --------------------------------------------------------------------------------------------


def check_msl(texts: Path | None) -> None:
    folder = ROOT / "shaders" / "generated"
    files = {path.name: path for path in folder.glob("*.metal")}
    must_be = {*headers.read_table(ROOT), *(f"{name}_matrix" for name in shaders.MSL_MATRIX)}
    if {Path(name).stem for name in files} != must_be:
        raise MetalError(f"kernels without MSL, or the reverse: {sorted(must_be ^ set(files))}")
    if texts:
        files = {path.name: path for path in texts.glob("*.metal")}
    for name, path in sorted(files.items()):
        try:
            msl.compile_text(path, True, None)
        except msl.MslError as error:
            raise MetalError(f"{name}: {error}") from error
    print(f"msl: {len(files)} texts compile with strict address spaces")


# ---- simulate ---------------------------------------------------------------------------------------

SIM = ROOT / "build" / "metal-sim"
CONTRACT_TESTS = ["test_metal_sim.py", "test_device.py", "test_submission.py", "test_compile.py"]
CONTRACT_TESTS += ["test_llm_kernels.py", "test_llm_linear.py", "test_abi.py", "test_examples.py"]
CONTRACT_TESTS += ["test_weights.py", "test_dispatch_work.py", "test_matrix.py", "test_attention_paged.py"]
CONTRACT_TESTS += ["test_experts.py", "test_families.py"]
# Of the families: those whose graphs have kernels, or ways of them, that no other test there has in a guest.
FAMILIES = "test_logits and (gemma2 or gpt2 or phi4 or mixtral or gpt_oss)"


def objc_runtime() -> list[str]:
    """Flags for GNU's Objective-C runtime, whose headers lie among gcc's own, which clang must not see."""
    include = Path(run(["gcc", "-print-file-name=include"], "gcc").strip())
    if not (include / "objc" / "objc.h").exists():
        raise MetalError("libobjc has no headers: install libobjc-12-dev (12: of the gcc that is here)")
    link = SIM / "include" / "objc"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(include / "objc")
    words = ["-fobjc-runtime=gcc", "-fconstant-string-class=NSConstantString", "-Wno-objc-root-class"]
    words += [f"-I{TESTS / 'headers'}", f"-I{TESTS / 'sim'}"]
    return [*words, "-idirafter", str(link.parent)]


COVERAGE = ["-fprofile-instr-generate", "-fcoverage-mapping"]


def build_simulated(coverage: bool, texts: Path | None) -> Path:
    """The package with the backend over the simulated Metal; returns the folder to import it from."""
    SIM.mkdir(parents=True, exist_ok=True)
    common = [SANITIZE, "-g", "-O1", "-fno-omit-frame-pointer", "-fPIC", "-pthread", "-fno-math-errno"]
    common += ["-fvisibility=hidden", *includes()]
    common += ["-DZC_SIMULATED_MACOS", f"-I{TESTS / 'sim' / 'include'}"]
    words = objc_runtime() + (COVERAGE if coverage else [])
    simulation = sorted((TESTS / "sim").glob("*.m"))
    mark = "-coverage" if coverage else ""
    objects = Build(SIM, ["clang"], common, words, simulation, mark, texts).objects()
    package = SIM / ("import-coverage" if coverage else "import") / "zcwasm"
    shutil.rmtree(package, ignore_errors=True)
    shutil.copytree(ROOT / "zcwasm", package, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    target = package / f"_core{sysconfig.get_config_var('EXT_SUFFIX')}"
    gcc_libraries = Path(run(["gcc", "-print-file-name=libobjc.so"], "gcc").strip()).parent
    wrapped = ",".join(f"--wrap={name}" for name in ("zc_malloc", "zc_calloc", "zc_realloc", "mmap"))
    link = [
        "clang",
        "-shared",
        f"-Wl,{wrapped}",
        SANITIZE,
        "-shared-libsan",
        "-pthread",
        *(COVERAGE[:1] if coverage else []),
        *map(str, objects),
        f"-L{gcc_libraries}",
    ]
    run(
        [*link, "-lobjc", "-lBlocksRuntime", "-lm", "-ldl", "-o", str(target)], "the simulation does not link"
    )
    return package.parent


def shader_cache() -> Path:
    """Kernels as libraries; emptied when what makes them has changed."""
    cache = SIM / "kernels"
    makers = [ROOT / "buildtools" / "msl.py", *(path for path in msl.SHIM.rglob("*") if path.is_file())]
    if cache.exists() and cache.stat().st_ctime < max(path.stat().st_mtime for path in makers):
        shutil.rmtree(cache)
    cache.mkdir(parents=True, exist_ok=True)
    return cache


def tell_coverage(folder: Path, profiles: Path) -> None:
    """Of the backend's Objective-C: how many branches ran each way, and which did not."""
    tools = [run(["clang", f"-print-prog-name=llvm-{name}"], "clang").strip() for name in ("profdata", "cov")]
    merged = profiles / "all.profdata"
    files = sorted(profiles.glob("*.profraw"))
    run([tools[0], "merge", "-sparse", *files, "-o", merged], "the profiles cannot be merged")
    library = next((folder / "zcwasm").glob("_core*.so"))
    backend = [path for path in sources.objective_c() if path.suffix == ".m"]
    text = run([tools[1], "export", library, f"-instr-profile={merged}", *backend], "llvm-cov")
    ran, all_of_them = 0, 0
    for file in json.loads(text)["data"][0]["files"]:
        name = Path(file["filename"]).name
        missed = []
        for line, _, _, _, yes, no, *_ in sorted(file["branches"]):
            all_of_them += 2
            ran += (yes > 0) + (no > 0)
            missed += [
                f"{line} is never {word}" for word, count in (("true", yes), ("false", no)) if not count
            ]
        summary = file["summary"]
        numbers = [
            f"{summary[key]['covered']} of {summary[key]['count']} {key}" for key in ("lines", "branches")
        ]
        print(f"coverage: {name}: {', '.join(numbers)}")
        print("".join(f"    line {each}\n" for each in missed), end="")
    print(f"coverage: {ran} of {all_of_them} branches ({100 * ran / max(all_of_them, 1):.1f}%)")


def simulate(arguments: Sequence[str], texts: Path | None) -> None:
    coverage = "--coverage" in arguments
    arguments = [word for word in arguments if word != "--coverage"]
    folder = build_simulated(coverage, texts)
    if list(arguments) == ["--build"]:
        return
    runtimes = (f"libclang_rt.asan-{platform.machine()}.so", "libclang_rt.asan.so")
    candidates = [run(["clang", f"-print-file-name={name}"], "clang").strip() for name in runtimes]
    runtime = [name for name in candidates if Path(name).exists()]
    if not runtime:
        raise MetalError(
            "clang has no ASan runtime: install libclang-rt-14-dev (14: of the clang that is here)"
        )
    cxx = run(["gcc", "-print-file-name=libstdc++.so.6"], "gcc").strip()
    environment = os.environ | {
        "PYTHONPATH": str(folder),
        "PYTHONMALLOC": "malloc",
        # NumPy throws C++ exceptions, which ASan intercepts only if libstdc++ is there from the start.
        "LD_PRELOAD": f"{runtime[0]} {cxx}",
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
        "ZCWASM_SIM_COMPILER": f"'{sys.executable}' '{ROOT / 'buildtools' / 'msl.py'}' --library",
        "ZCWASM_SIM_CACHE": str(shader_cache()),
    }
    profiles = SIM / "profiles"
    if coverage:
        shutil.rmtree(profiles, ignore_errors=True)
        profiles.mkdir()
        environment["LLVM_PROFILE_FILE"] = str(profiles / "%p.profraw")
    names = [str(ROOT / "tests" / name) for name in CONTRACT_TESTS]
    # The other devices have their own runs, and so have files of weights, which are read without a device.
    chosen = f"(metal or not (cpu or vulkan or test_weights)) and (not test_families or {FAMILIES})"
    tests = list(arguments) or [*names, "--all", "-k", chosen, "-q"]
    tests = [str(Path(word).resolve()) if Path(word).exists() else word for word in tests]
    command = [str(Path(sys.executable).parent / "pytest"), "-p", "no:cacheprovider"]
    command += ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT)]
    # From that folder, because tests start interpreters, which look for the package in the current one first.
    done = subprocess.run([*command, *tests], env=environment, cwd=folder, check=False)
    if done.returncode != 0:
        raise MetalError(f"the tests on the simulated Metal failed with status {done.returncode}")
    if coverage:
        tell_coverage(folder, profiles)


# ---- command line -----------------------------------------------------------------------------------


def api() -> None:
    print(of_apple(metal_api.check))


def main() -> None:
    parser = argparse.ArgumentParser(description="Checks of the Metal backend that need no Mac.")
    parser.add_argument("check", choices=["cross", "api", "msl", "simulate", "apple"])
    parser.add_argument("--texts", type=Path, help="MSL in place of what is committed (msl, simulate)")
    options, rest = parser.parse_known_args()
    checks: dict[str, Callable[[], None]] = {"cross": cross, "api": api, "apple": apple}
    try:
        if options.check == "simulate":
            simulate(rest, options.texts)
        elif rest:
            parser.error(f"{options.check} takes no arguments")
        elif options.check == "msl":
            check_msl(options.texts)
        else:
            checks[options.check]()
    except (MetalError, msl.MslError, wasm3.Wasm3Error, shaders.ShaderError, headers.HeaderError) as error:
        sys.exit(f"metal {options.check}: {error}")


if __name__ == "__main__":
    main()
