"""Compile Metal's shading language on Linux: as a check, or to run it on the CPU.

    python buildtools/msl.py --check FILE...        compile against strict address spaces
    python buildtools/msl.py --library FILE OUT.so  make a library that runs the file's kernels

MSL is C++ with some more words; tests/metal/msl/metal_stdlib says what they mean. Here only that is changed
for which C++ has no word: attributes, arrays in threadgroup memory, spirv-cross's array template, and
references to arrays of vectors. Each kernel NAME becomes int zc_run_NAME(buffers, groups, threads, width)
and unsigned zc_memory_NAME, the bytes of its threadgroup memory. Needs clang. The simulated Metal runtime
(tests/metal/sim) calls the second form. Standard library only.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHIM = ROOT / "tests" / "metal" / "msl"
# Attribute of a kernel's argument: the member of metal::position that it is.
POSITIONS = {
    "threadgroup_position_in_grid": "p.group",
    "threadgroups_per_grid": "p.groups",
    "thread_position_in_threadgroup": "p.local",
    "threads_per_threadgroup": "p.threads",
    "thread_index_in_threadgroup": "p.index",
    "thread_position_in_grid": "p.group * p.threads + p.local",
    "thread_index_in_simdgroup": "p.lane",
    "simdgroup_index_in_threadgroup": "p.simd_index",
    "simdgroups_per_threadgroup": "p.simds",
    "threads_per_simdgroup": "metal::the_group.width",
}
FLAGS = ["-std=c++17", "-x", "c++", "-nostdinc", "-ffp-contract=off", "-fno-math-errno"]
FLAGS += ["-Wno-unknown-pragmas", "-Wno-duplicate-decl-specifier"]


class MslError(RuntimeError):
    """The source does not compile; the text is the compiler's."""


@dataclass(frozen=True)
class Entry:
    name: str
    arguments: list[str]


def entries(source: str) -> list[Entry]:
    found = []
    for name, text in re.findall(r"^kernel void (\w+)\((.*)\)\s*$", source, re.MULTILINE):
        found.append(Entry(name, [argument.strip() for argument in re.split(r",(?![^(]*\))", text)]))
    return found


def argument_value(argument: str) -> str:
    """The expression that a kernel's argument gets."""
    attribute = re.search(r"\[\[(\w+)(?:\((\d+)\))?\]\]\s*$", argument)
    if attribute is None:
        raise MslError(f"error: argument without attribute: {argument}")
    declared = re.sub(r"\s*\w+\s*\[\[.*$", "", argument)
    if attribute[1] == "buffer":
        address = f"l.buffers[{attribute[2]}]"
        kind = declared.rstrip("&* ")
        return f"*({kind} *){address}" if declared.endswith("&") else f"({kind} *){address}"
    if attribute[1] not in POSITIONS:
        raise MslError(f"error: attribute {attribute[1]} of {argument} is not known to buildtools/msl.py")
    return f"metal::pick({POSITIONS[attribute[1]]}, {declared}())".replace("uint3()", "uint3_()")


def translate(source: str, strict: bool) -> str:
    tail, public = [], 'extern "C" __attribute__((visibility("default")))'
    for entry in entries(source):
        body = source[source.index(f"kernel void {entry.name}(") :]
        arrays = re.findall(r"^\s+threadgroup (\w+) \w+\[(\d+)\];$", body, re.MULTILINE)
        memory = " + ".join(["0", *(f"sizeof({kind}) * {count}" for kind, count in arrays)])
        values = ", ".join(argument_value(argument) for argument in entry.arguments)
        tail.append(
            f"static void body_{entry.name}(uint index, const void *context) {{\n"
            "    const metal::launch &l = *(const metal::launch *)context;\n"
            "    metal::position p = metal::where(l, index);\n"
            f"    {entry.name}({values});\n}}\n"
            f"{public} const uint zc_memory_{entry.name} = {memory};\n"
            f"{public} int zc_run_{entry.name}(void *const *buffers,\n"
            "        const uint *groups, const uint *threads, uint width) {\n"
            f"    return metal::run_groups(body_{entry.name}, buffers, groups, threads, width);\n}}\n"
        )
    text = re.sub(
        r"template<typename T, size_t Num>\nstruct spvUnsafeArray\n\{.*?\n\};",
        lambda match: "\n" * match[0].count("\n"),  # so that errors keep their lines
        source,
        flags=re.DOTALL,
    )
    text = re.sub(r"\[\[[^\]]*\]\]", "", text)
    local = r"\1threadgroup_local \2"
    if not strict:
        local += r" static uint filled_\3; metal::threadgroup_memory(\3, sizeof \3, filled_\3);"
    text = re.sub(r"^(\s+)threadgroup (\w+ (\w+)\[\d+\];)$", local, text, flags=re.MULTILINE)
    text = re.sub(r"\b((?:float|uint|int)[234]) \(&", r"\1_ (&", text)
    # A literal is a float in MSL.
    text = re.sub(r"(?<![\w.])(\d+\.\d*(?:e[+-]?\d+)?|\d+e[+-]?\d+)(?![\w.])", r"\1f", text)
    return text if strict else text + "\n" + "".join(tail)


def compile_text(source: Path, strict: bool, output: Path | None) -> None:
    text = translate(source.read_text("utf-8"), strict)
    with tempfile.TemporaryDirectory(prefix="zcwasm-msl-") as folder:
        path = Path(folder) / f"{source.stem}.cpp"
        path.write_text(f'#line 1 "{source.name}"\n{text}', "utf-8")
        command = ["clang", *FLAGS, f"-I{SHIM}"]
        if strict:
            command += ["-DZC_MSL_STRICT", "-fsyntax-only", "-Wall", "-Werror", "-Wno-unused-variable"]
            command += ["-Wno-unused-function", "-Wno-unused-const-variable", "-Wno-gnu-anonymous-struct"]
        else:
            assert output is not None
            # Not instrumented: a sanitizer would not understand the fibers.
            command += ["-O2", "-g", "-w", "-fPIC", "-shared", "-fvisibility=hidden", "-fno-exceptions"]
            command += ["-fno-stack-protector", "-nostdlib++", "-o", str(output), "-lm"]
            command.insert(1, str(path))
        if strict:
            command.append(str(path))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise MslError(done.stderr.strip() or done.stdout.strip())


def main() -> None:
    parser = argparse.ArgumentParser(description="Metal's shading language on Linux.")
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--check", nargs="+", type=Path, metavar="FILE")
    choice.add_argument("--library", nargs=2, type=Path, metavar=("FILE", "OUT"))
    options = parser.parse_args()
    try:
        if options.check:
            for source in options.check:
                compile_text(source, True, None)
        else:
            compile_text(options.library[0], False, options.library[1])
    except MslError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
