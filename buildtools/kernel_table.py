"""What follows from the kernels' table: parameter fields for Python, the list in shaders/README.md.

The table is csrc/kernel/zc_kernel.def with the parameter structs of zcwasm/include/zcwasm_kernels.h, as
headers.py reads it. abi.py writes these files with its own and has the option --check. Standard library only.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import headers

ROOT = headers.ROOT
HEADER = ROOT / "zcwasm" / "include" / "zcwasm_kernels.h"
FIELDS = ROOT / "csrc" / "kernel" / "zc_kernel_fields.inc"
LIST = ROOT / "shaders" / "README.md"
LETTERS = {"uint32_t": "U32", "int32_t": "I32", "float": "F32"}


def fields(table: dict[str, headers.Kernel]) -> str:
    """zc_kernel_fields.inc: every parameter struct once, in the order of the table."""
    lines = [
        "/* Made by buildtools/abi.py from zcwasm/include/zcwasm_kernels.h: the fields of parameter structs,",
        " * for whoever defines ZC_PARAMS(struct, fields), U32(struct, field), I32 and F32. */",
        "/* clang-format off */",
    ]
    for struct, params in {kernel.struct: kernel.params for kernel in table.values()}.items():
        lines.append(f"ZC_PARAMS({struct},")
        lines += [f"          {LETTERS[kind]}({struct}, {name})" for name, kind in params]
        lines[-1] += ")"
    return "\n".join([*lines, "/* clang-format on */", ""])


def included(name: str) -> list[str]:
    """The files that shaders/NAME.comp is made of besides itself, those of common.glsl left out."""
    found: list[str] = []

    def visit(path: Path) -> None:
        for other in re.findall(r'^#include "(\w+\.glsl)"', path.read_text("utf-8"), re.MULTILINE):
            if other not in found and other != "common.glsl":
                found.append(other)
                visit(path.parent / other)

    path = ROOT / "shaders" / f"{name}.comp"
    if path.exists():
        visit(path)
    return found


def listed(table: dict[str, headers.Kernel]) -> str:
    """The list of kernels of shaders/README.md."""
    lines = ["| kernel | reads | writes | parameters | shared files |", "| --- | --- | --- | --- | --- |"]
    for kernel in table.values():
        reads = ", ".join(name for name, access in kernel.bindings if access != "OUT")
        writes = ", ".join(name for name, access in kernel.bindings if access != "IN")
        files = ", ".join(f"`{name}`" for name in included(kernel.name))
        lines.append(f"| {kernel.name} | {reads} | {writes} | `{kernel.struct}` | {files} |")
    return "\n".join(lines)


def undocumented(table: dict[str, headers.Kernel]) -> list[str]:
    """Parameter structs that do not begin with a comment, which says what the kernel computes."""
    text = HEADER.read_text("utf-8")
    structs = {kernel.struct for kernel in table.values()}
    return sorted(name for name in structs if not re.search(rf"typedef struct {name} \{{\s*/\*", text))


def made() -> dict[Path, str]:
    """The files that follow from the table, and what must be in them."""
    table = headers.read_table()
    if without := undocumented(table):
        raise headers.HeaderError(f"zcwasm_kernels.h does not say what is computed: {', '.join(without)}")
    text = LIST.read_text("utf-8")
    before, found, rest = text.partition("<!-- kernels -->\n")
    _, closed, after = rest.partition("<!-- /kernels -->")
    if not found or not closed:
        raise headers.HeaderError("shaders/README.md has no markers for kernels")
    return {FIELDS: fields(table), LIST: f"{before}{found}{listed(table)}\n{closed}{after}"}
