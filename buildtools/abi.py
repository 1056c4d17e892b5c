"""Keeps what describes the guests' interface in step with its tables: csrc/imports/zc_abi.def for the
functions, csrc/kernel/zc_kernel.def for the kernels.

    python buildtools/abi.py [--check]

From the tables and the headers in zcwasm/include it writes zcwasm/include/zcwasm.rs (the same declarations
for Rust), the functions of zcwasm_helpers.h that record a kernel, and the tables of docs/reference/abi.md,
both between their markers, and what follows from the kernels' table (kernel_table.py). It fails when zcwasm.h
declares other functions than the table has, with another import name or arguments of other names or types.
--check writes nothing and fails when what is there differs.
Standard library only.
"""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import headers
import kernel_table
from headers import INCLUDE, ROOT

RUST = INCLUDE / "zcwasm.rs"
HELPERS = INCLUDE / "zcwasm_helpers.h"
DOCS = ROOT / "docs" / "reference" / "abi.md"


class AbiError(Exception):
    """The table and a header contradict each other."""


@dataclass
class Import:
    """A line of csrc/imports/zc_abi.def."""

    name: str
    function: str
    result: str
    grant: str
    params: list[tuple[str, str]]  # type, name


@dataclass
class Prototype:
    """A declaration of zcwasm.h, with the comment before it."""

    name: str
    function: str
    result: str
    params: list[tuple[str, str]]  # type, name
    comment: str


def table() -> list[Import]:
    text = (ROOT / "csrc" / "imports" / "zc_abi.def").read_text("utf-8")
    argument = r"\s*ARG\(([iI]), (\w+)\)"
    row = rf"^ZC_ABI\((\w+), (\w+), ([iI]), (\w+),((?:{argument})*) ?\)$"
    found = list(re.finditer(row, text, re.MULTILINE))
    if len(found) != len(re.findall(r"^ZC_ABI\(", text, re.MULTILINE)):
        raise AbiError("zc_abi.def has a row that is not understood")
    return [Import(each[1], each[2], each[3], each[4], re.findall(argument, each[5])) for each in found]


def plain(comment: str) -> str:
    """A C comment's text on one line."""
    return " ".join(re.sub(r"^/\*|\*/$", "", comment.strip()).replace("\n *", " ").split())


def prototypes() -> list[Prototype]:
    text = (INCLUDE / "zcwasm.h").read_text("utf-8")
    pattern = r'(?:(/\*(?:(?!\*/).)*\*/)\n)?ZCG_IMPORT\("(\w+)"\)\s+(\w+) (\w+)\(([^)]*)\);'
    result = []
    for comment, name, kind, function, arguments in re.findall(pattern, text, re.DOTALL):
        params = []
        for argument in [] if arguments == "void" else arguments.split(","):
            match = re.fullmatch(r"\s*(.*?)(\w+)\s*", argument, re.DOTALL)
            assert match is not None
            params.append((" ".join(match[1].split()), match[2]))
        result.append(Prototype(name, function, kind, params, plain(comment)))
    return result


def letter(kind: str) -> str:
    """i or I for a C type."""
    if kind.endswith("*") or kind in ("int32_t", "uint32_t", "zcg_handle"):
        return "i"
    if kind in ("int64_t", "uint64_t"):
        return "I"
    raise AbiError(f"zcwasm.h: the type {kind} is not one that the table knows")


def check_header(imports: list[Import], declared: list[Prototype]) -> None:
    if [each.name for each in imports] != [each.name for each in declared]:
        raise AbiError("zcwasm.h and zc_abi.def do not list the same functions in the same order")
    for one, other in zip(imports, declared, strict=True):
        params = [(letter(kind), name) for kind, name in other.params]
        if (one.function, one.params, one.result) != (other.function, params, letter(other.result)):
            raise AbiError(f"zcwasm.h declares {other.function} otherwise than zc_abi.def")


# --- C helpers ---


def helper(kernel: headers.Kernel) -> str:
    """The function of zcwasm_helpers.h that records a kernel."""
    start = f"static inline int32_t zcg_record_{kernel.name}("
    names = [name for name, _ in kernel.bindings]
    arguments = ["zcg_handle sequence", *(f"zcg_range {name}" for name in names)]
    lines = textwrap.wrap(
        ", ".join([*arguments, f"const {kernel.struct} *p)"]).replace(" ", "\0").replace(",\0", ", "),
        width=120,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
    )
    body = f"    ZCG_RECORD({kernel.name}, {', '.join(names)});"
    return "\n".join([*lines, "{", body, "}"]).replace("\0", " ")


def helpers(text: str) -> str:
    pattern = r"(/\* clang-format off \*/\n).*?(/\* clang-format on \*/\n)"
    match = re.search(pattern, text, re.DOTALL)
    if match is None:
        raise AbiError("zcwasm_helpers.h has no markers for the kernels' functions")
    functions = "\n".join(helper(kernel) for kernel in headers.read_table(ROOT).values())
    return f"{text[: match.start()]}{match[1]}{functions}\n{match[2]}{text[match.end() :]}"


# --- Rust ---

RUST_TYPES = {
    "int32_t": "i32",
    "uint32_t": "u32",
    "int64_t": "i64",
    "uint64_t": "u64",
    "float": "f32",
    "zcg_handle": "zcg_handle",
    "char *": "*mut u8",
    "const char *": "*const u8",
    "void *": "*mut u8",
    "const void *": "*const u8",
    "const zcg_range *": "*const zcg_range",
    "zcg_tensor_info *": "*mut zcg_tensor_info",
}
RUST_WORDS = {"type": "r#type"}


def structs(header: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Each struct of a header: its name and fields with Rust types."""
    text = re.sub(r"/\*.*?\*/", "", (INCLUDE / header).read_text("utf-8"), flags=re.DOTALL)
    result = []
    for name, body in re.findall(r"typedef struct (\w+) \{(.*?)\} \1;", text, re.DOTALL):
        fields = []
        for kind, names in re.findall(r"(\w+) ([^;]+);", body):
            for field in names.split(","):
                match = re.fullmatch(r"\s*(\w+)(?:\[(\d+)\])?\s*", field)
                assert match is not None
                rust = RUST_TYPES[kind]
                fields.append(
                    (RUST_WORDS.get(match[1], match[1]), f"[{rust}; {match[2]}]" if match[2] else rust)
                )
        result.append((name, fields))
    return result


def errnos() -> list[tuple[str, int, str]]:
    text = (INCLUDE / "zcwasm.h").read_text("utf-8")
    found = re.findall(r'X\((ZCG_E\w+), (\d+), "([^"]*)"\)', text)
    return [(name, int(number), meaning) for name, number, meaning in found]


def rust(declared: list[Prototype]) -> str:
    lines = [
        "// zcwasm.rs: zcwasm.h and zcwasm_kernels.h for Rust, made from them by buildtools/abi.py. No crate",
        "// is needed: `mod zcwasm;`, target wasm32-unknown-unknown. The headers say what everything means.",
        "#![allow(non_camel_case_types, dead_code)]",
        "",
        "pub type zcg_handle = i32;",
        "pub const ZCG_WHOLE: u64 = u64::MAX;",
        "",
    ]
    lines += [f"pub const {name}: i32 = {number}; // {meaning}" for name, number, meaning in errnos()]
    lines.append("")
    for header in ("zcwasm.h", "zcwasm_kernels.h"):
        for name, value in headers.enums(header):
            lines.append(f"pub const {name}: u32 = {value};")
        lines.append("")
        for name, fields in structs(header):
            lines += ["#[repr(C)]", "#[derive(Clone, Copy)]", f"pub struct {name} {{"]
            lines += [f"    pub {field}: {kind}," for field, kind in fields]
            lines += ["}", ""]
    lines += ['#[link(wasm_import_module = "zcwasm")]', 'extern "C" {']
    for each in declared:
        arguments = ", ".join(
            f"{RUST_WORDS.get(name, name)}: {RUST_TYPES[kind]}" for kind, name in each.params
        )
        lines.append(f'    #[link_name = "{each.name}"]')
        lines.append(f"    pub fn {each.function}({arguments}) -> {RUST_TYPES[each.result]};")
    return "\n".join([*lines, "}", ""])


# --- docs ---

GRANTS = {"NONE": "", "DEVICE": "`device=`", "WEIGHTS": "`weights=`", "INPUTS": "`inputs=`"}


def functions(imports: list[Import], declared: list[Prototype]) -> str:
    lines = ["| function | import | needs | |", "| --- | --- | --- | --- |"]
    for one, other in zip(imports, declared, strict=True):
        arguments = ", ".join(
            f"{kind}{'' if kind.endswith('*') else ' '}{name}" for kind, name in other.params
        )
        lines.append(
            f"| `{other.result} {one.function}({arguments or 'void'})` | `{one.name}` | {GRANTS[one.grant]} "
            f"| {other.comment} |"
        )
    return "\n".join(lines)


def numbers() -> str:
    rows = [f"| `{name}` | {number} | {meaning} |" for name, number, meaning in errnos()]
    return "\n".join(["| code | number | meaning |", "| --- | --- | --- |", *rows])


def docs(text: str, parts: dict[str, str]) -> str:
    for name, part in parts.items():
        pattern = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
        if not re.search(pattern, text, re.DOTALL):
            raise AbiError(f"docs/reference/abi.md has no markers for {name}")
        before, _, _, after = re.split(pattern, text, maxsplit=1, flags=re.DOTALL)
        text = f"{before}<!-- {name} -->\n{part}\n<!-- /{name} -->{after}"
    return text


def made() -> dict[Path, str]:
    """The files that follow from the table, and what must be in them."""
    imports, declared = table(), prototypes()
    check_header(imports, declared)
    parts = {"functions": functions(imports, declared), "errnos": numbers()}
    return {
        RUST: rust(declared),
        DOCS: docs(DOCS.read_text("utf-8"), parts),
        HELPERS: helpers(HELPERS.read_text("utf-8")),
        **kernel_table.made(),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Make what follows from the tables of imports and kernels.")
    parser.add_argument("--check", action="store_true", help="compare with what is there, write nothing")
    options = parser.parse_args()
    try:
        files = made()
    except (AbiError, headers.HeaderError) as error:
        print(error, file=sys.stderr)
        return 1
    status = 0
    for path, text in files.items():
        if path.exists() and path.read_text("utf-8") == text:
            continue
        if options.check:
            print(f"{path.relative_to(ROOT)} differs: run python buildtools/abi.py", file=sys.stderr)
            status = 1
        else:
            path.write_text(text, encoding="utf-8")
            print(f"{path.relative_to(ROOT)}: written")
    return status


if __name__ == "__main__":
    sys.exit(main())
