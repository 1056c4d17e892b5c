"""Compile Metal's shading language on Linux: as a check, or to run it on the CPU.

    python buildtools/msl.py --check FILE...        compile against strict address spaces
    python buildtools/msl.py --library FILE OUT.so  make a library that runs the file's kernels

MSL is C++ with some more words; tests/metal/msl/metal_stdlib says what they mean. Here only that is changed
for which C++ has no word: attributes, arrays in threadgroup memory, spirv-cross's array template, function
constants, and references to arrays of vectors. The second form makes what the simulated Metal runtime
(tests/metal/sim) loads, declared in tests/metal/msl/library.h: of each kernel NAME a zc_kernel_NAME, and what
the whole library is in zc_library. Needs clang. Standard library only.
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
# Arguments that are set from outside, with their MTLArgumentType.
ARGUMENT_TYPES = {"buffer": 0, "threadgroup": 1, "texture": 2}
# Types of function constants, with their MTLDataType.
CONSTANT_TYPES = {"float": 3, "int": 29, "uint": 33, "bool": 53}
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
    for name, text in re.findall(r"^kernel void (\w+)\((.*?)\)\s*\{", source, re.MULTILINE | re.DOTALL):
        found.append(Entry(name, [argument.strip() for argument in re.split(r",(?![^(]*\))", text)]))
    return found


def attribute_of(argument: str) -> re.Match[str]:
    attribute = re.search(r"\[\[(\w+)(?:\((\d+)\))?\]\]\s*$", argument)
    if attribute is None:
        raise MslError(f"error: argument without attribute: {argument}")
    return attribute


def argument_value(argument: str) -> str:
    """The expression that a kernel's argument gets."""
    attribute = attribute_of(argument)
    declared = re.sub(r"\s*\w+\s*\[\[.*$", "", argument)
    if attribute[1] == "buffer":
        address = f"l.buffers[{attribute[2]}]"
        kind = declared.rstrip("&* ")
        return f"*({kind} *){address}" if declared.endswith("&") else f"({kind} *){address}"
    if attribute[1] in ARGUMENT_TYPES:  # declared, so that the backend can refuse it; never run
        return f"*({declared} *)nullptr"
    if attribute[1] not in POSITIONS:
        raise MslError(f"error: attribute {attribute[1]} of {argument} is not known to buildtools/msl.py")
    return f"metal::pick({POSITIONS[attribute[1]]}, {declared}())".replace("uint3()", "uint3_()")


def reflection(entry: Entry) -> str:
    """The kernel's arguments that are set from outside, as an initializer of zc_argument[]."""
    rows = []
    for argument in entry.arguments:
        attribute = attribute_of(argument)
        if attribute[1] not in ARGUMENT_TYPES:
            continue
        declared, name = re.match(r"(.*?)\s*(\w+)\s*\[\[", argument, re.DOTALL).groups()  # type: ignore[union-attr]
        kind = re.sub(r"\b(const|constant|device)\b", "", declared).rstrip("&* ").strip()
        read_only = re.search(r"\bconst(ant)?\b", declared) is not None
        size = "1" if kind == "void" or attribute[1] == "texture" else f"sizeof({kind})"
        numbers = f"{ARGUMENT_TYPES[attribute[1]]}, {attribute[2]}, {int(not read_only)}"
        rows.append(f'{{"{name}", {numbers}, {size}}}')
    return "{" + ", ".join([*rows, "{}"]) + "}"


def specialize(source: str, strict: bool) -> tuple[str, str]:
    """The source with its function constants as variables, and the code that sets them.

    A constant that others are made of is set with them, in the order of the text: so a kernel is compiled
    once for all values.
    """
    types = "|".join(CONSTANT_TYPES)
    pattern = rf"^constant ({types}) (\w+) \[\[function_constant\((\d+)\)\]\];$"
    given = re.findall(pattern, source, re.MULTILINE)
    if len(given) != source.count("[[function_constant("):
        raise MslError("error: a function constant is not 'constant TYPE NAME [[function_constant(N)]];'")
    rows, statements = [], []
    for at, (kind, name, number) in enumerate(given):
        marker = f"function_constant_{name}"
        declaration = f"constant {kind} {name} [[function_constant({number})]];"
        if strict:
            source = source.replace(
                declaration, f"extern constant {kind} {name}; extern const bool {marker};"
            )
            continue
        source = source.replace(declaration, f"static {kind} {name}; static bool {marker};")
        optional = f"is_function_constant_defined({name})" in source
        rows.append(f"{{{number}, {CONSTANT_TYPES[kind]}, {int(not optional)}}}")
        statements.append(f"    {marker} = values[{at}] != nullptr;")
        statements.append(f"    {name} = {marker} ? *(const {kind} *)values[{at}] : {kind}();")

    def derived(match: re.Match[str]) -> str:
        statements.append(f"    {match[2]} = {match[3]};")
        return f"static {match[1]} {match[2]};"

    if given and not strict:
        source = re.sub(rf"^constant ({types}) (\w+) = (.*);$", derived, source, flags=re.MULTILINE)
    text = f"static const zc_constant constants[] = {{{', '.join([*rows, '{}'])}}};\n"
    text += "static void set_constants(const void *const *values) {\n" + "\n".join(statements) + "\n}\n"
    return source, text


def truths(text: str) -> str:
    """Numbers made of comparisons of vectors: true is 1 in MSL and -1 in clang's vectors."""
    booleans = set(re.findall(r"\bbool[234] (\w+)", text))
    at, parts = 0, []
    for match in re.finditer(r"\b((?:u?int|float)[234])\(", text):
        depth, end, level = 1, match.end(), ""
        while depth and end < len(text):
            depth += (text[end] == "(") - (text[end] == ")")
            level += text[end] if depth == 1 else ""
            end += 1
        if level.strip("()") in booleans:
            raise MslError(f"error: {text[match.start() : end]}: buildtools/msl.py takes comparisons only")
        if re.search(r" (==|!=|<=?|>=?) ", level):
            parts += [text[at : match.start()], f"zc_msl::truth<{match[1]}>("]
            at = match.end()
    return "".join(parts) + text[at:]


def translate(source: str, strict: bool) -> str:
    source, constants = specialize(source, strict)
    tail, names, public = [constants], [], 'extern "C" __attribute__((visibility("default")))'
    for entry in entries(source):
        start = source.index(f"kernel void {entry.name}(")
        body = source[start : source.find("\n}", start)]
        arrays = re.findall(r"^\s+threadgroup (\w+) \w+\[(\d+)\];$", body, re.MULTILINE)
        memory = " + ".join(["0", *(f"sizeof({kind}) * {count}" for kind, count in arrays)])
        values = ", ".join(argument_value(argument) for argument in entry.arguments)
        tail.append(
            f"static void body_{entry.name}(uint index, const void *context) {{\n"
            "    const metal::launch &l = *(const metal::launch *)context;\n"
            "    metal::position p = metal::where(l, index);\n"
            f"    {entry.name}({values});\n}}\n"
            f"static int run_{entry.name}(void *const *buffers,\n"
            "        const uint *groups, const uint *threads, uint width) {\n"
            f"    return metal::run_groups(body_{entry.name}, buffers, groups, threads, width);\n}}\n"
            f"static const zc_argument arguments_{entry.name}[] = {reflection(entry)};\n"
        )
        names.append(f'{{"{entry.name}", run_{entry.name}, {memory}, arguments_{entry.name}}}')
    tail.append(f"static const zc_function functions[] = {{{', '.join([*names, '{}'])}}};\n")
    tail.append(f"{public} const zc_msl_library zc_library = {{functions, constants, set_constants}};\n")
    tail[:] = tail if not strict else []
    source += "\n" + "".join(tail)
    if not strict:  # runs are short, and a kernel is compiled for all variants at once
        source = re.sub(r'^ +_Pragma\("clang loop unroll\(\w+\)"\)$', "", source, flags=re.MULTILINE)
    text = re.sub(
        r"template<typename T, size_t Num>\nstruct spvUnsafeArray\n\{.*?\n\};",
        lambda match: "\n" * match[0].count("\n"),  # so that errors keep their lines
        source,
        flags=re.DOTALL,
    )
    # Nor for its operator for `constant`. A table of numbers is as well an array of the language.
    table = r"^constant spvUnsafeArray<(float|uint), (\d+)> (\w+) = spvUnsafeArray<\1, \2>\((\{.*\})\);$"
    text = re.sub(table, r"constant \1 \3[\2] = \4;", text, flags=re.MULTILINE)
    # Metal takes it that what two arguments in device memory show is never the same.
    text = re.sub(r"(\bdevice\b[^,();]*[&*]) ?(\w+ \[\[buffer\()", r"\1 __restrict \2", text)
    text = truths(re.sub(r"\[\[[^\]]*\]\]", "", text))
    local = r"\1threadgroup_local \2"
    if not strict:
        local += r" static uint filled_\3; metal::threadgroup_memory(\3, sizeof \3, filled_\3);"
    text = re.sub(r"^(\s+)threadgroup (\w+ (\w+)\[\d+\];)$", local, text, flags=re.MULTILINE)
    text = re.sub(r"\b((?:float|uint|int)[234]) \(&", r"\1_ (&", text)
    # A literal is a float in MSL.
    return re.sub(r"(?<![\w.])(\d+\.\d*(?:e[+-]?\d+)?|\d+e[+-]?\d+)(?![\w.])", r"\1f", text)


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
