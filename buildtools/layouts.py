"""zcwasm/guests/layouts.py: what Python must know of the guests that it drives, from their headers. And
zcwasm/llm/_options.py: the fields of zcwasm.llm.Sampling once more, as type checkers want keyword arguments.

Each struct of the headers becomes a NumPy dtype, each constant a number, by the names that they have there.
The headers are ours, so what is understood is what they use: fields of fixed-size types, arrays of them,
structs in structs, constants that are a literal, a shift, or an enum's. Anything else is an error.
guests.py calls this. Standard library only.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAYOUTS = ROOT / "zcwasm" / "guests" / "layouts.py"
HEADERS = ("llama.h", "llama_many.h", "bert.h")
SAMPLING = ROOT / "zcwasm" / "llm" / "_sampling.py"
OPTIONS = ROOT / "zcwasm" / "llm" / "_options.py"
KERNELS = ROOT / "zcwasm" / "include" / "zcwasm_kernels.h"  # of it the constants

TYPES = {"uint32_t": ("<u4", 4), "uint64_t": ("<u8", 8), "float": ("<f4", 4), "char": ("u1", 1)}

INTRODUCTION = '''\
"""Layouts and limits of guests that Python drives. Made by buildtools/guests.py; do not edit.

From {headers} beside this file and the constants of
zcwasm/include/zcwasm_kernels.h, which say what everything means. A struct's fields go by their names.
"""

from typing import Any

import numpy as np


def _struct(size: int, *fields: tuple[str, Any, int]) -> np.dtype[np.void]:
    """Of fields with their types and offsets."""
    names, formats, offsets = zip(*fields, strict=True)
    return np.dtype({{"names": names, "formats": formats, "offsets": offsets, "itemsize": size}})

'''


OPTIONS_INTRODUCTION = '''\
"""Sampling's fields as keyword arguments. Made of _sampling.py by buildtools/guests.py; do not edit."""

from __future__ import annotations

from typing import TypedDict


class SamplingOptions(TypedDict, total=False):
    """Any fields of zcwasm.llm.Sampling."""

'''


class LayoutError(Exception):
    """A header has something that is not understood."""


class Struct:
    """A struct as C lays it out."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.fields: list[tuple[str, str, int]] = []  # name, dtype as Python text, offset
        self.end = 0
        self.alignment = 1

    def add(self, name: str, kind: str, size: int, alignment: int) -> None:
        offset = -(-self.end // alignment) * alignment
        self.fields.append((name, kind, offset))
        self.end = offset + size
        self.alignment = max(self.alignment, alignment)

    @property
    def size(self) -> int:
        return -(-self.end // self.alignment) * self.alignment


def without_comments(path: Path) -> str:
    return re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)


def structs(path: Path, known: Iterable[Struct] = ()) -> list[Struct]:
    """In their order; a struct may hold those before it, and those that are known."""
    found: dict[str, Struct] = {}
    before = {struct.name: struct for struct in known}
    for name, body in re.findall(r"struct (\w+) \{(.*?)\}", without_comments(path), re.DOTALL):
        struct = found[name] = Struct(name)
        for declaration in filter(None, (" ".join(part.split()) for part in body.split(";"))):
            kind, _, declarators = declaration.partition(" ")
            held = found.get(kind, before.get(kind))
            if held is not None:
                one, size, alignment = kind.upper(), held.size, held.alignment
            elif kind in TYPES:
                code, size = TYPES[kind]
                one, alignment = f'"{code}"', size
            else:
                raise LayoutError(f"{path.name}: {name} has a field of the type {kind}")
            for declarator in declarators.split(","):
                match = re.fullmatch(r"(\w+)(?:\[(\d+)\])?", declarator.strip())
                if match is None:
                    raise LayoutError(f"{path.name}: {name} has the field {declaration!r}")
                field, count = match[1], match[2]
                text = f"({one}, ({count},))" if count else one
                struct.add(field, text, size * int(count or 1), alignment)
    return list(found.values())


def number(path: Path, name: str, text: str) -> str:
    """A constant's value as Python text."""
    shift = re.fullmatch(r"\((\d+)u? << (\d+)\)", text)
    if shift:
        return str(int(shift[1]) << int(shift[2]))
    if re.fullmatch(r"\d+u?", text):
        return text.rstrip("u")
    if re.fullmatch(r"\d+\.\d+f?", text):
        return text.rstrip("f")
    if re.fullmatch(r"0x1p-?\d+f", text):
        return repr(float.fromhex(text.rstrip("f"))).replace("e+", "e")
    raise LayoutError(f"{path.name}: {name} is {text!r}")


def constants(path: Path) -> list[tuple[str, str]]:
    """Name and value of the macros that are numbers, and of the enums' constants, in order."""
    text = without_comments(path)
    found = [
        (match.start(), match[1], number(path, match[1], match[2].strip()))
        for match in re.finditer(r"^#define (\w+)[ ](.+)$", text, re.MULTILINE)
    ]
    for match in re.finditer(r"enum(?: \w+)? \{([^{}()#]*)\}", text):  # not those that an X macro makes
        value = -1
        for item in filter(None, (part.strip() for part in match[1].split(","))):
            name, given, literal = item.partition(" = ")
            value = int(number(path, name, literal)) if given else value + 1
            found.append((match.start(), name, str(value)))
    return [(name, value) for _, name, value in sorted(found, key=lambda each: each[0])]


def dtype(struct: Struct) -> list[str]:
    """A dtype, as ruff formats it."""
    fields = [f'    ("{name}", {kind}, {offset}),' for name, kind, offset in struct.fields]
    return [f"{struct.name.upper()} = _struct(", f"    {struct.size},", *fields, ")"]


def options() -> str:
    """The text of _options.py."""
    for node in ast.parse(SAMPLING.read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name == "Sampling":
            lines = [
                f"    {ast.unparse(each.target)}: {ast.unparse(each.annotation)}\n"
                for each in node.body
                if isinstance(each, ast.AnnAssign)
            ]
            return OPTIONS_INTRODUCTION + "".join(lines)
    raise LayoutError(f"{SAMPLING.name} has no class Sampling")


def layouts() -> str:
    """The text of layouts.py."""
    lines = [INTRODUCTION.format(headers=", ".join(HEADERS[:-1]) + f" and {HEADERS[-1]}")]
    known: list[Struct] = []
    for path in (KERNELS, *(ROOT / "zcwasm" / "guests" / name for name in HEADERS)):
        lines += [f"# {path.name}", ""]
        lines += [f"{name} = {value}" for name, value in constants(path)]
        if path != KERNELS:
            found = structs(path, known)
            for struct in found:
                lines += ["", *dtype(struct)]
            known += found
        lines.append("")
    return "\n".join(lines)


def made() -> dict[Path, str]:
    """The files, and what must be in them."""
    return {LAYOUTS: layouts(), OPTIONS: options()}
