"""Make SPIR-V and MSL from shaders/*.comp, check them against the kernels' table, and embed them in C.

    python buildtools/shaders.py               make shaders/generated/ anew
    python buildtools/shaders.py --check       fail unless shaders/generated/ is what the tools make
    python buildtools/shaders.py --embed FILE  write the C source that the extension embeds (no tools needed)

Numbers that shaders share with C are not written twice. GLSL includes csrc/kernel/zc_shader_numbers.h and
csrc/kernel/zc_weight_type.def as they are; kernels.glsl, made here, has the constants of zcwasm_kernels.h.

The first two need glslangValidator, spirv-val and spirv-cross; those of Debian 12 are the reference, because
other versions make other bytes (shaders/generated/VERSIONS). Its glslangValidator knows no matrices, so
shaders for matrix units, NAME_matrix.comp, are made by that of Debian 13, in a folder that
$ZCWASM_MATRIX_TOOLS names (buildtools/debian_folder.sh); without it they stay as they are committed. Their
MSL is made of what that compiler makes, by a spirv-cross that is younger still, in a folder that
$ZCWASM_MSL_TOOLS names. It is Debian's next release, and changes: where it is another version than that of
the committed text, --check leaves what it makes in build/newer-msl and says so, for buildtools/metal.py.
setup.py embeds what is committed, so building the package needs none of them. The table is
csrc/kernel/zc_kernel.def with the parameter structs of zcwasm/include/zcwasm_kernels.h: a shader whose
bindings, access, push constants or workgroup differ from it fails. Standard library only, and importable
without this folder being a package: it runs in isolated build environments.
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import headers
import spirv
from headers import Kernel, read_table

ROOT = Path(__file__).resolve().parent.parent
TARGET = "vulkan1.1"
# Entry points in MSL have a prefix, for `max` and `fill` are functions of its library.
MSL_PREFIX = "zc_"
MSL_VERSION = "20300"
# What a device must be able to do (shaders/README.md).
CAPABILITIES = {
    "Shader",
    "GroupNonUniform",
    "GroupNonUniformVote",
    "GroupNonUniformArithmetic",
    "GroupNonUniformShuffle",
}
# What matrix units take besides; and the sides of matrices, for each of which there is a module, with the
# lanes of the subgroups that have one.
MATRIX_CAPABILITIES = CAPABILITIES | {"Float16", "VulkanMemoryModel", "CooperativeMatrixKHR"}
MATRIX_EXTENSIONS = {"SPV_KHR_cooperative_matrix", "SPV_KHR_vulkan_memory_model"}
# And what packed products of bytes take.
DOT_CAPABILITIES = CAPABILITIES | {"DotProduct", "DotProductInput4x8BitPacked"}
DOT_EXTENSIONS = {"SPV_KHR_integer_dot_product"}
MATRIX_SIZES = {16: 32, 8: 8}
MATRIX_TOOLS = "ZCWASM_MATRIX_TOOLS"
# Shaders for matrix units that there are in MSL, too: NAME_matrix.metal, for macOS 14 and SIMD groups of 32.
MSL_MATRIX = {"linear", "linear_gated", "attention", "attention_paged", "matmul"}
MSL_MATRIX_VERSION = "30100"
MSL_MATRIX_MACROS = ["-DZC_MSL", "-DTILE=8", "-DLANES=32"]
MSL_TOOLS = "ZCWASM_MSL_TOOLS"
NEWER_MSL = ROOT / "build" / "newer-msl"
TOOLS = {"glslangValidator": "glslang-tools", "spirv-val": "spirv-tools", "spirv-cross": "spirv-cross"}


class ShaderError(RuntimeError):
    """The shaders cannot be made or are wrong; the text says why."""


# ---- checks ----------------------------------------------------------------------------------------


def shader_bindings(kernel: Kernel, *, staged: bool = False) -> list[tuple[str, str]]:
    """The buffers of its shader with their access: the bindings, and the workspace of one with stages."""
    staged = "STAGES" in kernel.traits or staged
    return [*kernel.bindings, *([("workspace", "INOUT")] if staged else [])]


def check_spirv(kernel: Kernel, data: bytes, *, matrix: bool = False, dot: bool = False) -> list[str]:
    """What in the module differs from the table, in words; `matrix`: in the one for matrix units; `dot`: in
    that for packed products."""
    wrong = []
    module = spirv.read(data)

    def same(what: str, is_: object, must_be: object) -> None:
        if is_ != must_be:
            wrong.append(f"{what}: {is_}, must be {must_be}")

    same("entry point", module.entry_point, "main")
    same("local size", module.local_size, (kernel.workgroup, 1, 1))
    known = MATRIX_CAPABILITIES if matrix else DOT_CAPABILITIES if dot else CAPABILITIES
    extensions = MATRIX_EXTENSIONS if matrix else DOT_EXTENSIONS if dot else set()
    same("capabilities that no device need have", sorted(module.capabilities - known), [])
    same("extensions", sorted(module.extensions), sorted(extensions))
    same("resources other than buffers", module.other_resources, 0)
    specialized = {0} if "VARIANTS" in kernel.traits else set()
    same("specialization constants", sorted(module.specialization_constants), sorted(specialized))
    members = [
        (name, "uint32_t[4]", 16 * at)
        for at, name in enumerate([*["offset", "offset2"][: kernel.offset_words // 4], "first", "groups"])
    ]
    start = 16 * len(members)
    same("params that are pushed nowhere", kernel.params[len(kernel.pushed) + 2 :], ())
    members += [(name, kind, start + 4 * at) for at, (name, kind) in enumerate(kernel.pushed)]
    # A name that is a word of GLSL or that of the specialization constant has a _ behind it there.
    same("push constants", [(m.name.rstrip("_"), m.type, m.offset) for m in module.push_constants], members)
    numbers = {buffer.binding for buffer in module.buffers}
    bindings = shader_bindings(kernel, staged=matrix)
    same("bindings", sorted(numbers), list(range(1, len(bindings) + 1)))
    for buffer in module.buffers:
        same(f"descriptor set of binding {buffer.binding}", buffer.set, 0)
        if not 1 <= buffer.binding <= len(bindings):
            continue
        name, access = bindings[buffer.binding - 1]
        must_be = {"IN": (True, False), "OUT": (False, True), "INOUT": (True, True)}[access]
        same(f"({name} is readable, writable)", (buffer.readable, buffer.writable), must_be)
    return wrong


def check_msl(kernel: Kernel, source: str, *, matrix: bool = False) -> list[str]:
    entries = re.findall(r"^kernel void (\w+)\((.*)\)$", source, re.MULTILINE)
    if [name for name, _ in entries] != [MSL_PREFIX + kernel.name + "_matrix" * matrix]:
        return [f"MSL has the entry points {[name for name, _ in entries]}"]
    numbers = [int(number) for number in re.findall(r"\[\[buffer\((\d+)\)\]\]", entries[0][1])]
    bindings = shader_bindings(kernel, staged=matrix)
    if len(numbers) == len(kernel.bindings) + 1:  # a workspace that is not used is not there
        bindings = bindings[: len(kernel.bindings)]
    if numbers != list(range(len(bindings) + 1)):
        return [f"MSL has the buffers {numbers}, must be push constants at 0 and the bindings from 1"]
    wrong = []
    for number, (name, access) in enumerate(bindings, 1):
        (words,) = re.findall(rf"([\w ]+)[&*] ?\w+ \[\[buffer\({number}\)", entries[0][1])
        if words.strip().startswith("const ") != (access == "IN"):
            wrong.append(f"MSL: {name} is {words.strip()}, must be {access}")
    return wrong


# ---- generating ------------------------------------------------------------------------------------


def run(*command: str | Path, cwd: Path) -> str:
    result = subprocess.run(
        [str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        raise ShaderError(f"{command[0]} failed:\n{result.stdout}{result.stderr}")
    return result.stdout


def versions() -> str:
    """The tools' versions, one a line."""
    missing = [f"{tool} (Debian: {package})" for tool, package in TOOLS.items() if not shutil.which(tool)]
    if missing:
        raise ShaderError(f"missing: {', '.join(missing)}")
    here = Path.cwd()
    glslang = run("glslangValidator", "--version", cwd=here)
    tools = run("spirv-val", "--version", cwd=here)
    # spirv-cross has no version that it tells; Debian's package does.
    result = (
        subprocess.run(
            ["dpkg-query", "--show", "--showformat=${Version}", "spirv-cross"],
            capture_output=True,
            text=True,
            check=False,
        )
        if shutil.which("dpkg-query")
        else None
    )
    cross = result.stdout.strip() if result is not None and result.returncode == 0 else "unknown"
    found = re.search(r"Glslang Version: (\S+)", glslang), re.search(r"SPIRV-Tools (\S+)", tools)
    glslang, tools = (match[1] if match else "unknown" for match in found)
    lines = [f"glslang {glslang}", f"spirv-tools {tools}", f"spirv-cross {cross}"]
    lines += [f"matrix glslang {matrix_version()}", f"matrix spirv-cross {msl_version()}"]
    return "\n".join([*lines, ""])


def matrix_tool(name: str, variable: str = MATRIX_TOOLS) -> list[str | Path] | None:
    """The command that runs a tool of the folder, by the folder's own loader; None where there is none."""
    named = os.environ.get(variable)
    if not named:
        return None
    folder = Path(named).resolve()
    loaders = sorted(folder.glob("usr/lib*/ld-linux-*.so.*")) + sorted(
        folder.glob("usr/lib/*/ld-linux-*.so.*")
    )
    tool = folder / "usr" / "bin" / name
    if not loaders or not tool.exists():
        raise ShaderError(
            f"{variable}: {folder} has no {name}; buildtools/debian_folder.sh makes such a folder"
        )
    libraries = ":".join(str(path) for path in sorted(folder.glob("usr/lib/*-linux-gnu")))
    return [loaders[0], "--library-path", libraries, tool]


def matrix_version() -> str:
    """Of the glslang that makes the shaders for matrix units, or has made those that are committed."""
    command = matrix_tool("glslangValidator")
    if command:
        found = re.search(r"Glslang Version: (\S+)", run(*command, "--version", cwd=Path.cwd()))
        return found[1] if found else "unknown"
    return committed_version("matrix glslang")


def committed_version(tool: str) -> str:
    text = (ROOT / "shaders" / "generated" / "VERSIONS").read_text("utf-8")
    found = re.search(rf"^{tool} (\S+)$", text, re.MULTILINE)
    return found[1] if found else "unknown"


def msl_version() -> str:
    """Of the spirv-cross that makes MSL of shaders for matrix units, or has made what is committed."""
    if not makes_matrix_msl():
        return committed_version("matrix spirv-cross")
    changes = Path(os.environ[MSL_TOOLS]) / "usr" / "share" / "doc" / "spirv-cross" / "changelog.Debian.gz"
    with gzip.open(changes, "rt", encoding="utf-8") as file:
        found = re.match(r"spirv-cross \((\S+)\)", file.readline())
    return found[1] if found else "unknown"


def makes_matrix_msl() -> bool:
    return matrix_tool("glslangValidator") is not None and matrix_tool("spirv-cross", MSL_TOOLS) is not None


def prelude() -> str:
    """The constants of zcwasm_kernels.h for GLSL."""
    lines = ["// Made by buildtools/shaders.py from zcwasm/include/zcwasm_kernels.h."]
    lines += [f"#define {name} {value}u" for name, value in headers.enums("zcwasm_kernels.h")]
    return "\n".join([*lines, ""])


def shader_sources(root: Path) -> dict[str, Path]:
    """By their names without the suffix: a kernel's, or that with _matrix behind it."""
    return {path.stem: path for path in sorted((root / "shaders").glob("*.comp"))}


def generate_matrix(root: Path, out: Path, kernel: Kernel, source: Path, include: list[str]) -> None:
    """The modules for matrix units, or what is committed where their compiler is not."""
    compiler, validator = matrix_tool("glslangValidator"), matrix_tool("spirv-val")
    for side, lanes in MATRIX_SIZES.items():
        module = out / f"{source.stem}_{side}.spv"
        if compiler is None or validator is None:
            committed = root / "shaders" / "generated" / module.name
            if not committed.exists():
                raise ShaderError(
                    f"{module.name} is not there, and {MATRIX_TOOLS} names no tools that make it"
                )
            shutil.copy(committed, module)
            print(f"{module.name} stays as it is: {MATRIX_TOOLS} names no tools", file=sys.stderr)
        else:
            command = [
                *compiler,
                "-V",
                "--target-env",
                TARGET,
                *include,
                f"-DTILE={side}",
                f"-DLANES={lanes}",
            ]
            run(*command, source.name, "-o", module, cwd=source.parent)
            run(*validator, "--target-env", TARGET, module, cwd=root)
        wrong = check_spirv(kernel, module.read_bytes(), matrix=True)
        if wrong:
            raise ShaderError(f"{module.name} is not what csrc/kernel/zc_kernel.def says: {'; '.join(wrong)}")


# ---- MSL -------------------------------------------------------------------------------------------

# What spirv-cross has no words for, or loses. Each is looked for in every kernel's text.

# Four neighbours, or two, are one load, at any word: a packed vector is aligned as its elements are.
NEIGHBOURS = re.compile(
    r"\b(uint|float)(?:4\((v?_\d+\.\w+)\[(\w+)\], \2\[\3 \+ 1u\], \2\[\3 \+ 2u\], \2\[\3 \+ 3u\]\)"
    r"|2\((v?_\d+\.\w+)\[(\w+)\], \4\[\5 \+ 1u\]\))"
)
# Functions of shaders/linear_lanes.glsl that read half-words: what is after the brace.
HALF_WORDS = {
    "short": "return uint(((const device ushort*)&{buffer}[0])[h]);",
    "shorts": "return as_type<uint2>(ushort4(*(const device packed_ushort4*)"
    "((const device ushort*)&{buffer}[0] + h)));",
}
LOOP = re.compile(r"^ +(?:for \(.*\)|while \(.*\)|do)$", re.MULTILINE)
PRAGMAS = {1: '_Pragma("clang loop unroll(full)")', 2: '_Pragma("clang loop unroll(disable)")'}


def with_loads(text: str) -> str:
    """Loads as long as Metal can say them."""

    def neighbours(match: re.Match[str]) -> str:
        count, buffer, at = (4, match[2], match[3]) if match[2] else (2, match[4], match[5])
        return f"{match[1]}{count}(*(const device packed_{match[1]}{count}*)&{buffer}[{at}])"

    def half_words(match: re.Match[str]) -> str:
        buffers = set(re.findall(r"\bv_\d+\.\w+(?=\[)", match[3]))
        if len(buffers) != 1:
            raise ShaderError(f"MSL: {match[1]} reads {sorted(buffers)}, must be one buffer")
        return f"{match[1]}\n{{\n    {HALF_WORDS[match[2]].format(buffer=buffers.pop())}\n}}\n"

    text = NEIGHBOURS.sub(neighbours, text)
    names = "|".join(HALF_WORDS)
    return re.sub(
        rf"^(\w+ (?:first|second)_({names})\(thread const uint& h, [^\n]*\))\n\{{\n(.*?)^\}}\n",
        half_words,
        text,
        flags=re.MULTILINE | re.DOTALL,
    )


def with_unrolling(text: str, module: spirv.Module, entry: str) -> str:
    """Loops as [[unroll]] and [[dont_unroll]] say, which spirv-cross loses: arrays stay in memory.

    Both have the loops of a function in the same order.
    """
    controls: dict[str, list[int]] = {}
    for name, loops in module.loops:
        name = entry if name == "main" else name
        if loops and name in controls:
            raise ShaderError(f"MSL: two functions {name} with loops")
        controls[name] = loops or controls.get(name, [])
    parts, at = [], 0
    for match in re.finditer(r"^[\w<>, ]+ (\w+)\([^\n]*\)\n\{\n.*?^\}\n", text, re.MULTILINE | re.DOTALL):
        found = list(LOOP.finditer(text, match.start(), match.end()))
        marks = controls.pop(match[1], []) if found else []
        if len(found) != len(marks):
            raise ShaderError(f"MSL: {match[1]} has {len(found)} loops, must be {len(marks)}")
        for loop, mark in zip(found, marks, strict=True):
            if mark in PRAGMAS:
                indent = re.match(r" +", loop[0])[0]  # type: ignore[index]
                parts.append(f"{text[at : loop.start()]}{indent}{PRAGMAS[mark]}\n")
                at = loop.start()
    if lost := [name for name, loops in controls.items() if loops]:
        raise ShaderError(f"MSL: the loops of {', '.join(lost)} are not there")
    return "".join(parts) + text[at:]


# Functions of shaders/elements.glsl: what GLSL has no word for.
ELEMENTS = {
    "elements_of": """\
    simdgroup_float8x8 of = m;
    return float2(of.thread_elements()[0], of.thread_elements()[1]);
""",
    "add_scaled": """\
    simdgroup_float8x8 more = block;
    sum.thread_elements()[0] += more.thread_elements()[0] * scale.x;
    sum.thread_elements()[1] += more.thread_elements()[1] * scale.y;
""",
    "scale_elements": """\
    m.thread_elements()[0] *= scale.x;
    m.thread_elements()[1] *= scale.y;
""",
}


def with_elements(text: str) -> str:
    """The elements of matrices that a thread has."""
    for name, body in ELEMENTS.items():
        text, count = re.subn(
            rf"^(\w+ {name}\([^\n]*\)\n\{{\n).*?^\}}$", rf"\1{body}}}", text, flags=re.MULTILINE | re.DOTALL
        )
        if count != 1 and re.search(rf"\b{name}\(", text):
            raise ShaderError(f"MSL: {count} functions {name}, must be one")
    return text


def with_access(text: str, kernel: Kernel) -> str:
    """const where a binding is only read, which a younger spirv-cross does not say."""
    for number, (name, access) in enumerate(shader_bindings(kernel, staged=True), 1):
        if access != "IN":
            continue
        argument = re.search(rf"\bdevice (\w+)[&*] (\w+) \[\[buffer\({number}\)\]\]", text)
        if argument is None:
            raise ShaderError(f"MSL: {name} is not there")
        types = {argument[1]} - {"void"} | set(re.findall(rf"\*\(device (\w+)\*\){argument[2]};", text))
        text = re.sub(rf"\bdevice void\* {argument[2]}\b", rf"const device void* {argument[2]}", text)
        for kind in types:
            text = re.sub(rf"\bdevice auto&(.*\(device {kind}\*\))", r"const device auto&\1", text)
            text = re.sub(rf"\bdevice {kind}\b", f"const device {kind}", text)
    return text


def generate_matrix_msl(root: Path, out: Path, kernel: Kernel, source: Path, include: list[str]) -> None:
    """MSL of a shader for matrix units, or what is committed where its tools are not."""
    msl, entry = out / f"{source.stem}.metal", f"{MSL_PREFIX}{source.stem}"
    compiler, validator = matrix_tool("glslangValidator"), matrix_tool("spirv-val")
    cross = matrix_tool("spirv-cross", MSL_TOOLS)
    if compiler is None or validator is None or cross is None:
        shutil.copy(root / "shaders" / "generated" / msl.name, msl)
        print(f"{msl.name} stays as it is: {MATRIX_TOOLS} and {MSL_TOOLS} name no tools", file=sys.stderr)
        text = msl.read_text("utf-8")
    else:
        with tempfile.TemporaryDirectory(prefix="zcwasm-msl-") as folder:
            module = Path(folder) / f"{source.stem}.spv"
            words: list[str | Path] = [
                "-V",
                "--target-env",
                TARGET,
                *include,
                *MSL_MATRIX_MACROS,
                source.name,
                "-o",
                module,
            ]
            run(*compiler, *words, cwd=source.parent)
            run(*validator, "--target-env", TARGET, module, cwd=Path(folder))
            read = spirv.read(module.read_bytes())
            # Without native arrays an array of matrices becomes one matrix.
            words = ["--msl", "--msl-version", MSL_MATRIX_VERSION, "--msl-decoration-binding"]
            words += ["--msl-force-native-arrays", "--rename-entry-point", "main", entry, "comp"]
            run(*cross, module, *words, "--output", msl, cwd=Path(folder))
        text = with_loads(with_access(with_elements(msl.read_text("utf-8")), kernel))
        text = with_unrolling(text, read, entry)
        msl.write_text(text, "utf-8")
    if wrong := check_msl(kernel, text, matrix=True):
        raise ShaderError(f"{msl.name} is not what csrc/kernel/zc_kernel.def says: {'; '.join(wrong)}")


def generate_msl(kernel: Kernel, compiler: Sequence[str | Path], source: Path, msl: Path) -> None:
    """From a module that Vulkan does not see: with ZC_MSL, for which shaders may have ways of their own."""
    entry = MSL_PREFIX + kernel.name
    with tempfile.TemporaryDirectory(prefix="zcwasm-msl-") as folder:
        module = Path(folder) / f"{kernel.name}.spv"
        run(*compiler, module, "-DZC_MSL", cwd=source.parent)
        run("spirv-val", "--target-env", TARGET, module, cwd=Path(folder))
        read = spirv.read(module.read_bytes())
        command = ["spirv-cross", "--msl", "--msl-version", MSL_VERSION, "--msl-decoration-binding"]
        command += ["--rename-entry-point", "main", entry, "comp"]
        run(*command, module, "--output", msl, cwd=Path(folder))
    text = msl.read_text("utf-8")
    msl.write_text(with_unrolling(with_loads(text), read, entry), "utf-8")


# ---- everything ------------------------------------------------------------------------------------


def generate(root: Path, out: Path) -> None:
    """Make everything in the empty folder `out`, or raise ShaderError."""
    table = read_table(root)
    sources = shader_sources(root)
    others = {name: path for name, path in sources.items() if name not in table}
    matrix = {name.removesuffix("_matrix"): path for name, path in others.items() if name.endswith("_matrix")}
    dots = {name.removesuffix("_dot"): path for name, path in others.items() if not name.endswith("_matrix")}
    wanted = {name for name, kernel in table.items() if {"MATRIX", "MSL_MATRIX"} & kernel.traits}
    alone = (set(sources) & set(table)) ^ set(table) | set(matrix) ^ wanted
    alone |= set(dots) ^ {name for name, kernel in table.items() if "DOT" in kernel.traits}
    if alone:
        raise ShaderError(f"kernels without a shader, or the reverse: {sorted(alone)}")
    (out / "VERSIONS").write_text(versions(), "utf-8")
    (out / "kernels.glsl").write_text(prelude(), "utf-8")
    include = [f"-I{out}", f"-I{root / 'csrc'}"]
    for name, source in matrix.items():
        if "MATRIX" in table[name].traits:
            generate_matrix(root, out, table[name], source, include)
        if name in MSL_MATRIX:
            generate_matrix_msl(root, out, table[name], source, include)
    for name, source in dots.items():
        module = out / f"{source.stem}.spv"
        run(
            "glslangValidator",
            "-V",
            "--target-env",
            TARGET,
            *include,
            source.name,
            "-o",
            module,
            cwd=source.parent,
        )
        run("spirv-val", "--target-env", TARGET, module, cwd=root)
        if wrong := check_spirv(table[name], module.read_bytes(), dot=True):
            raise ShaderError(f"{module.name} is not what csrc/kernel/zc_kernel.def says: {'; '.join(wrong)}")
    for name in table:
        source = sources[name]
        module, msl = out / f"{name}.spv", out / f"{name}.metal"
        # No optimizer: the drivers have their own, and MSL stays readable.
        compiler = ["glslangValidator", "-V", "--target-env", TARGET, *include, source.name, "-o"]
        run(*compiler, module, cwd=source.parent)
        run("spirv-val", "--target-env", TARGET, module, cwd=root)
        wrong = check_spirv(table[name], module.read_bytes())
        generate_msl(table[name], compiler, source, msl)
        wrong += check_msl(table[name], msl.read_text("utf-8"))
        if wrong:
            raise ShaderError(f"{source.name} is not what csrc/kernel/zc_kernel.def says: {'; '.join(wrong)}")


def read_folder(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else {}


def differences(root: Path = ROOT) -> list[str]:
    """The files of shaders/generated/ that are not what the tools make now.

    MSL by another spirv-cross than what is committed does not count: it is left in NEWER_MSL.
    """
    shutil.rmtree(NEWER_MSL, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="zcwasm-shaders-") as folder:
        generate(root, Path(folder))
        made, committed = read_folder(Path(folder)), read_folder(root / "shaders" / "generated")
    here, there = msl_version(), committed_version("matrix spirv-cross")
    if here != there:
        NEWER_MSL.mkdir(parents=True)
        for name in (f"{kernel}_matrix.metal" for kernel in MSL_MATRIX):
            (NEWER_MSL / name).write_bytes(made[name])
            made[name] = committed.get(name, b"")
        made["VERSIONS"] = made["VERSIONS"].replace(here.encode(), there.encode())
        print(
            f"spirv-cross is {here}, the committed MSL for matrix units was made by {there}", file=sys.stderr
        )
        print(f"what it makes is not compared, but left in {NEWER_MSL.relative_to(ROOT)}", file=sys.stderr)
    return sorted(name for name in made.keys() | committed.keys() if made.get(name) != committed.get(name))


# ---- embedding -------------------------------------------------------------------------------------

HEAD = "/* Made by buildtools/shaders.py from shaders/generated/: the kernels of GPU devices. */\n"


def rows(items: list[str]) -> str:
    return "".join(f"    {', '.join(items[at : at + 12])},\n" for at in range(0, len(items), 12))


def embed(root: Path, target: Path, other: Path | None = None) -> Path:
    """Write the C source with everything in shaders/generated/, if it is not there already.

    MSL that is in the folder `other` takes the place of what is committed.
    """
    texts = {path.stem: path.read_bytes() for path in other.glob("*.metal")} if other else {}
    parts, entries = [HEAD, '#include "kernel/zc_shaders.h"\n'], []
    folder = root / "shaders" / "generated"
    stems = {path.stem for path in folder.iterdir() if path.suffix in {".spv", ".metal"}}
    for name in sorted(stems):
        module, text_file = folder / f"{name}.spv", folder / f"{name}.metal"
        entry = ["NULL, 0", "NULL, 0"]  # of packed products and most for matrix units there is one of them
        if module.exists():
            data = module.read_bytes()
            words = [f"0x{int.from_bytes(data[at : at + 4], 'little'):08x}" for at in range(0, len(data), 4)]
            parts.append(f"static const uint32_t spirv_{name}[] = {{\n{rows(words)}}};\n")
            entry[0] = f"spirv_{name}, {len(words)}"
        if text_file.exists():
            msl = texts.get(name) or text_file.read_bytes()
            text = [str(byte) for byte in msl] + ["0"]
            parts.append(f"static const char msl_{name}[] = {{\n{rows(text)}}};\n")
            entry[1] = f"msl_{name}, {len(msl)}"
        entries.append(f'    {{"{name}", {", ".join(entry)}}},\n')
    if missing := [name for name in read_table(root) if not (folder / f"{name}.spv").exists()]:
        raise ShaderError(f"{folder} lacks {', '.join(missing)}: run buildtools/shaders.py")
    parts.append(f"const zc_shader zc_shader_table[] = {{\n{''.join(entries)}}};\n")
    parts.append(f"const size_t zc_shader_count = {len(entries)};\n")
    source = "\n".join(parts)
    if not target.exists() or target.read_text("utf-8") != source:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(source, "utf-8")
    return target


# ---- command line ----------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description="SPIR-V and MSL of the kernels.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="fail unless shaders/generated/ is up to date")
    choice.add_argument("--embed", metavar="FILE", type=Path, help="write the C source to FILE")
    arguments = parser.parse_args()
    try:
        if arguments.embed:
            embed(ROOT, arguments.embed)
        elif arguments.check:
            different = differences()
            if different:
                raise ShaderError(
                    f"shaders/generated/ is not what the tools make: {', '.join(different)} differ; "
                    "run buildtools/shaders.py with the tools of shaders/generated/VERSIONS"
                )
        else:
            with tempfile.TemporaryDirectory(prefix="zcwasm-shaders-") as folder:
                generate(ROOT, Path(folder))
                target = ROOT / "shaders" / "generated"
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(folder, target)
    except (ShaderError, headers.HeaderError, spirv.SpirvError) as error:
        sys.exit(f"shaders: {error}")


if __name__ == "__main__":
    main()
