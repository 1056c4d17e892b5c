"""Reads what the C headers and tables say, for what is made from them: the kernels, structs, constants.

Plain C in the style of zcwasm/include is understood; what is not is refused. Standard library only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INCLUDE = ROOT / "zcwasm" / "include"


class HeaderError(Exception):
    """A header or table is not understood; the text says which and why."""


@dataclass(frozen=True)
class Kernel:
    name: str
    struct: str  # the parameters'
    workgroup: int
    bindings: tuple[tuple[str, str], ...]  # name, IN or OUT or INOUT
    params: tuple[tuple[str, str], ...]  # name, C type
    traits: frozenset[str]

    @property
    def offset_words(self) -> int:
        """As zc_kernel_offset_words in csrc/kernel/zc_kernel.h."""
        return 4 if len(self.bindings) <= 4 else 8

    @property
    def pushed(self) -> tuple[tuple[str, str], ...]:
        """The parameters but for those that no longer fit, which the shader finds elsewhere: as
        ZC_KERNEL_PUSH_WORDS in csrc/kernel/zc_kernel.h says."""
        return self.params[: 32 - self.offset_words - 8]


def read_table(root: Path = ROOT) -> dict[str, Kernel]:
    header = (root / "zcwasm" / "include" / "zcwasm_kernels.h").read_text("utf-8")
    header = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    structs: dict[str, tuple[tuple[str, str], ...]] = {}
    for name, body in re.findall(r"typedef struct (\w+_params) \{(.*?)\} \1;", header, re.DOTALL):
        declarations = re.findall(r"(uint32_t|int32_t|float)\s+([\w\s,]+);", body)
        if len(declarations) != body.count(";"):
            raise HeaderError(f"{name} has a field that is not of 4 bytes")
        structs[name] = tuple(
            (field.strip(), kind) for kind, fields in declarations for field in fields.split(",")
        )
    table = (root / "csrc" / "kernel" / "zc_kernel.def").read_text("utf-8")
    table = re.sub(r"/\*.*?\*/", "", table, flags=re.DOTALL)
    row = r"ZC_KERNEL\(\s*(\w+),\s*(\w+),\s*(\d+),\s*([\w |]+),((?:\s*(?:IN|OUT|INOUT)\(\w+\))*)\s*\)"
    rows = re.findall(row, table)
    if len(rows) != table.count("ZC_KERNEL("):
        raise HeaderError("csrc/kernel/zc_kernel.def has a row that is not understood")
    for name, params, *_ in rows:
        if params not in structs:
            raise HeaderError(f"kernel {name}: zcwasm_kernels.h has no struct {params}")
    return {
        name: Kernel(
            name,
            params,
            int(workgroup),
            tuple((binding, access) for access, binding in re.findall(r"(\w+)\((\w+)\)", bindings)),
            structs[params],
            frozenset(traits.replace("|", " ").split()) - {"0"},
        )
        for name, params, workgroup, traits, bindings in rows
    }


def enums(header: str) -> list[tuple[str, int]]:
    """Every constant of the enums and numeric macros of a header, in order."""
    text = re.sub(r"/\*.*?\*/", "", (INCLUDE / header).read_text("utf-8"), flags=re.DOTALL)
    found: list[tuple[int, str, int]] = []
    for match in re.finditer(r"enum(?: \w+)? \{(.*?)\}", text, re.DOTALL):
        if "#" in match[1]:
            continue  # made by an X macro: the errnos
        value = -1
        for item in match[1].split(","):
            words = item.split()
            if not words:
                continue
            value = int(words[2]) if len(words) == 3 else value + 1
            found.append((match.start(), words[0], value))
    for match in re.finditer(r"^#define (ZC\w+) (\d+)$", text, re.MULTILINE):
        found.append((match.start(), match[1], int(match[2])))
    return [(name, value) for _, name, value in sorted(found, key=lambda each: each[0])]
