"""Make SPIR-V and MSL from shaders/*.comp, check them against the kernels' table, and embed them in C.

    python buildtools/shaders.py               make shaders/generated/ anew
    python buildtools/shaders.py --check       fail unless shaders/generated/ is what the tools make
    python buildtools/shaders.py --embed FILE  write the C source that the extension embeds (no tools needed)

Numbers that shaders share with C are not written twice. GLSL includes csrc/kernel/zc_shader_numbers.h and
csrc/kernel/zc_weight_type.def as they are; kernels.glsl, made here, has the constants of zcwasm_kernels.h.

The first two need glslangValidator, spirv-val and spirv-cross; those of Debian 12 are the reference, because
other versions make other bytes (shaders/generated/VERSIONS). Its glslangValidator knows no matrices, so
shaders for matrix units, NAME_matrix.comp, are made by that of Debian 13, in a folder that
$ZCWASM_MATRIX_TOOLS names (buildtools/debian_folder.sh); without it they stay as they are committed.
setup.py embeds what is committed, so building the package needs none of them. The table is
csrc/kernel/zc_kernel.def with the parameter structs of zcwasm/include/zcwasm_kernels.h: a shader whose
bindings, access, push constants or workgroup differ from it fails. Standard library only, and importable
without this folder being a package: it runs in isolated build environments.
"""

from __future__ import annotations

import argparse
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
TOOLS = {"glslangValidator": "glslang-tools", "spirv-val": "spirv-tools", "spirv-cross": "spirv-cross"}


class ShaderError(RuntimeError):
    """The shaders cannot be made or are wrong; the text says why."""


# ---- checks ----------------------------------------------------------------------------------------


def shader_bindings(kernel: Kernel, *, matrix: bool = False) -> list[tuple[str, str]]:
    """The buffers of its shader with their access: the bindings, and the workspace of one with stages."""
    staged = "STAGES" in kernel.traits or matrix
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
    members += [(name, kind, start + 4 * at) for at, (name, kind) in enumerate(kernel.params)]
    same("more than 128 bytes of push constants", start + 4 * len(kernel.params) > 128, False)
    # A name that is a word of GLSL or that of the specialization constant has a _ behind it there.
    same("push constants", [(m.name.rstrip("_"), m.type, m.offset) for m in module.push_constants], members)
    numbers = {buffer.binding for buffer in module.buffers}
    bindings = shader_bindings(kernel, matrix=matrix)
    same("bindings", sorted(numbers), list(range(1, len(bindings) + 1)))
    for buffer in module.buffers:
        same(f"descriptor set of binding {buffer.binding}", buffer.set, 0)
        if not 1 <= buffer.binding <= len(bindings):
            continue
        name, access = bindings[buffer.binding - 1]
        must_be = {"IN": (True, False), "OUT": (False, True), "INOUT": (True, True)}[access]
        same(f"({name} is readable, writable)", (buffer.readable, buffer.writable), must_be)
    return wrong


def check_msl(kernel: Kernel, source: str) -> list[str]:
    entries = re.findall(r"^kernel void (\w+)\((.*)\)$", source, re.MULTILINE)
    if [name for name, _ in entries] != [MSL_PREFIX + kernel.name]:
        return [f"MSL has the entry points {[name for name, _ in entries]}"]
    numbers = [int(number) for number in re.findall(r"\[\[buffer\((\d+)\)\]\]", entries[0][1])]
    if numbers != list(range(len(shader_bindings(kernel)) + 1)):
        return [f"MSL has the buffers {numbers}, must be push constants at 0 and the bindings from 1"]
    return []


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
    return f"glslang {glslang}\nspirv-tools {tools}\nspirv-cross {cross}\nmatrix glslang {matrix_version()}\n"


def matrix_tool(name: str) -> list[str | Path] | None:
    """The command that runs a tool of the folder, by the folder's own loader; None where there is none."""
    named = os.environ.get(MATRIX_TOOLS)
    if not named:
        return None
    folder = Path(named).resolve()
    loaders = sorted(folder.glob("usr/lib*/ld-linux-*.so.*")) + sorted(
        folder.glob("usr/lib/*/ld-linux-*.so.*")
    )
    tool = folder / "usr" / "bin" / name
    if not loaders or not tool.exists():
        raise ShaderError(
            f"{MATRIX_TOOLS}: {folder} has no {name}; buildtools/debian_folder.sh makes such a folder"
        )
    libraries = ":".join(str(path) for path in sorted(folder.glob("usr/lib/*-linux-gnu")))
    return [loaders[0], "--library-path", libraries, tool]


def matrix_version() -> str:
    """Of the glslang that makes the shaders for matrix units, or has made those that are committed."""
    command = matrix_tool("glslangValidator")
    if command:
        found = re.search(r"Glslang Version: (\S+)", run(*command, "--version", cwd=Path.cwd()))
    else:
        committed = ROOT / "shaders" / "generated" / "VERSIONS"
        found = re.search(r"^matrix glslang (\S+)", committed.read_text("utf-8"), re.MULTILINE)
    return found[1] if found else "unknown"


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
    r"\b(uint|float)(?:4\((v_\d+\.\w+)\[(\w+)\], \2\[\3 \+ 1u\], \2\[\3 \+ 2u\], \2\[\3 \+ 3u\]\)"
    r"|2\((v_\d+\.\w+)\[(\w+)\], \4\[\5 \+ 1u\]\))"
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
    wanted = {name for name, kernel in table.items() if "MATRIX" in kernel.traits}
    alone = (set(sources) & set(table)) ^ set(table) | set(matrix) ^ wanted
    alone |= set(dots) ^ {name for name, kernel in table.items() if "DOT" in kernel.traits}
    if alone:
        raise ShaderError(f"kernels without a shader, or the reverse: {sorted(alone)}")
    (out / "VERSIONS").write_text(versions(), "utf-8")
    (out / "kernels.glsl").write_text(prelude(), "utf-8")
    include = [f"-I{out}", f"-I{root / 'csrc'}"]
    for name, source in matrix.items():
        generate_matrix(root, out, table[name], source, include)
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
    """The files of shaders/generated/ that are not what the tools make now."""
    with tempfile.TemporaryDirectory(prefix="zcwasm-shaders-") as folder:
        generate(root, Path(folder))
        made, committed = read_folder(Path(folder)), read_folder(root / "shaders" / "generated")
    return sorted(name for name in made.keys() | committed.keys() if made.get(name) != committed.get(name))


# ---- embedding -------------------------------------------------------------------------------------

HEAD = "/* Made by buildtools/shaders.py from shaders/generated/: the kernels of GPU devices. */\n"


def rows(items: list[str]) -> str:
    return "".join(f"    {', '.join(items[at : at + 12])},\n" for at in range(0, len(items), 12))


def embed(root: Path, target: Path) -> Path:
    """Write the C source with everything in shaders/generated/, if it is not there already."""
    parts, entries = [HEAD, '#include "kernel/zc_shaders.h"\n'], []
    folder = root / "shaders" / "generated"
    for name in sorted(path.stem for path in folder.glob("*.spv")):
        module, text_file = (folder / f"{name}.spv").read_bytes(), folder / f"{name}.metal"
        words = [f"0x{int.from_bytes(module[at : at + 4], 'little'):08x}" for at in range(0, len(module), 4)]
        parts.append(f"static const uint32_t spirv_{name}[] = {{\n{rows(words)}}};\n")
        if text_file.exists():
            msl = text_file.read_bytes()
            text = [str(byte) for byte in msl] + ["0"]
            parts.append(f"static const char msl_{name}[] = {{\n{rows(text)}}};\n")
            entries.append(f'    {{"{name}", spirv_{name}, {len(words)}, msl_{name}, {len(msl)}}},\n')
        else:  # for matrix units or packed products, of Vulkan alone
            entries.append(f'    {{"{name}", spirv_{name}, {len(words)}, NULL, 0}},\n')
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
