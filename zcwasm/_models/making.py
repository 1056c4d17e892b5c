"""Matrices that are made when a folder is opened, since it has none that lies as kernels read it.

A Making names the tensors that one is made of, and a recipe that knows how. Recipes give rows, some at a
time, none larger than STEP, so that some times STEP bytes are there beside what is made; that lies in memory
of its own, in files of at most MOST_FILE bytes or of one matrix, because a device may want the whole of a
file in one buffer.
What is made is as large as a recipe says that it is, which goes by the tensors that the files have: their
bytes are there (safetensors.py), and no two parts of a plan take the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import prod
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from zcwasm._core import _weight_types
from zcwasm._models.model_file import Entry, MadeFile, model_error

STEP = 16 << 20
MOST_FILE = 1 << 30
ALIGNMENT = 32

Shape = tuple[int, ...]
Array = npt.NDArray[Any]

_BLOCKS = {name: (block, size) for name, block, size, _ in _weight_types}
# How a source's elements are given to a recipe: as numbers, or the bits of those that NumPy does not have.
_ELEMENTS = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_ELEMENTS |= dict.fromkeys(("F8_E4M3", "F8_E5M2", "F8_E8M0", "U8", "I8"), "u1")
PLAIN = ("F32", "F16", "BF16", "F8_E4M3")


class Recipe(Protocol):
    """How a matrix is made. A frozen dataclass: its repr is what digests know it by."""

    def result(self, sources: Sequence[Entry]) -> tuple[str, Shape]:
        """Type and shape of what is made of these tensors, elements of a row last. THE check of them: raises
        ModelError that names one that is of another type or shape than it must be."""

    def rows(self, sources: Sequence[Array], first: int, last: int) -> Array:
        """Rows [first, last) of what is made, all its sides but the last one taken as one.

        sources: the tensors' elements in their shapes, float32 or float16, of BF16 the bits as uint16, of
        all that has a byte as uint8; read-only. What is given is an array of any dtype and strides whose
        elements, in order, have those rows' bytes."""


@dataclass(frozen=True)
class Making:
    """A matrix that is made; or `count` of them, one behind the other (experts), each of its share of the
    sources: the first ones are the first one's."""

    name: str  # canonical
    sources: tuple[str, ...]  # in the files
    recipe: Recipe
    count: int = 0  # 0: one matrix, which is no stack


@dataclass(frozen=True)
class Taken:
    """Rows of one matrix, whose numbers stay what they are.

    groups: the rows are those of so many groups of equal size: of each, as many from `first` on.
    transposed: the file has columns of it for rows. What is taken of them are columns, then.
    """

    first: int = 0
    count: int | None = None  # of all groups; None: all behind the first
    groups: int = 1
    transposed: bool = False

    def result(self, sources: Sequence[Entry]) -> tuple[str, Shape]:
        (source,) = sources
        check_type(source, PLAIN)
        if len(source.shape) != 2:
            raise model_error(f"tensor {source.name} is {source.shape}, must be a matrix", source.offset)
        rows, columns = source.shape[::-1] if self.transposed else source.shape
        return source.type, (self.each(rows, source) * self.groups, columns)

    def each(self, rows: int, source: Entry) -> int:
        """How many are taken of each group, where there are so many rows. Raises ModelError."""
        within, left = divmod(rows, self.groups)
        each = within - self.first if self.count is None else self.count // self.groups
        if left or not 0 <= each <= within - self.first or (self.count or 0) % self.groups:
            raise model_error(
                f"tensor {source.name} has {rows} rows, must have {self.groups} times at least "
                f"{self.first + max(each, 0)}",
                source.offset,
            )
        return each

    def places(self, rows: int, first: int, last: int) -> npt.NDArray[np.int64]:
        """Of the rows taken those from `first` to `last`: where they are among so many."""
        within = rows // self.groups
        each = within - self.first if self.count is None else self.count // self.groups
        group, at = np.divmod(np.arange(first, last), max(each, 1))
        places: npt.NDArray[np.int64] = group * within + self.first + at
        return places

    def rows(self, sources: Sequence[Array], first: int, last: int) -> Array:
        (source,) = sources
        source = source.T if self.transposed else source
        if self.groups == 1:
            return source[self.first + first : self.first + last]
        rows: Array = source[self.places(len(source), first, last)]
        return rows


def check_type(source: Entry, types: Iterable[str]) -> None:
    if source.type not in types:
        raise model_error(
            f"tensor {source.name}: its type is {source.type:.20}: {', '.join(types)} are supported",
            source.offset,
        )


@dataclass(frozen=True)
class _Planned:
    entry: Entry  # where it will lie
    items: list[list[Entry]]
    recipe: Recipe
    nbytes: int

    def said(self) -> str:
        sources = " ".join(f"{source.file}:{source.offset}" for item in self.items for source in item)
        return f"{self.entry.name} {self.recipe!r} {sources}\n"


@dataclass
class Makings:
    """What is to be made of a folder, in files of their own."""

    files: list[list[_Planned]] = field(default_factory=list)
    used: int = 0  # bytes of the last file

    def add(self, making: Making, entries: Mapping[str, Entry]) -> Entry | None:
        """Where it lies as it is, or None: it will be made. Raises ModelError."""
        sources = [entries[name] for name in making.sources]
        share = len(sources) // max(making.count, 1)
        items = [sources[at : at + share] for at in range(0, len(sources), share)]
        kind, shape = making.recipe.result(items[0])
        for item in items[1:]:
            if (found := making.recipe.result(item)) != (kind, shape):
                raise model_error(
                    f"tensor {item[0].name} gives {found[0]} {found[1]}, {items[0][0].name} {kind} {shape}: "
                    f"all of {making.name} must be alike",
                    item[0].offset,
                )
        if making.count:
            shape = (making.count, *shape)
        block, size = _BLOCKS[kind]
        if shape[-1] % block:
            raise model_error(
                f"tensor {sources[0].name}: {kind} has no rows of {shape[-1]} elements", sources[0].offset
            )
        if (row := shape[-1] // block * size) > STEP:
            raise model_error(
                f"tensor {sources[0].name}: {making.name} would have rows of {row} bytes, more than {STEP}",
                sources[0].offset,
            )
        entry = Entry(making.name, kind, shape, 0)
        nbytes = prod(shape) // block * size
        if making.recipe == Taken() and _lie_in_order(sources, nbytes):
            return entry._replace(offset=sources[0].offset, file=sources[0].file)
        start = -(-self.used // ALIGNMENT) * ALIGNMENT
        if not self.files or start + nbytes > MOST_FILE:
            self.files.append([])
            start = 0
        self.files[-1].append(_Planned(entry._replace(offset=start), items, making.recipe, nbytes))
        self.used = start + nbytes
        return None

    def made(self, first: int, views: Sequence[memoryview]) -> tuple[list[Entry], list[MadeFile]]:
        """What is made, in files from the number `first` on. Raises ModelError where there is no room."""
        from zcwasm.llm._memory import available

        sizes = [max(file[-1].entry.offset + file[-1].nbytes, ALIGNMENT) for file in self.files]
        if self.files and sum(sizes) > (free := available()):
            raise model_error(
                f"tensor {self.files[0][0].entry.name} and others are to be made when the folder is opened, "
                f"{sum(sizes)} bytes, and {free} bytes of memory are free: convert it to GGUF, which is "
                "mapped as it is",
                None,
            )
        entries = [
            each.entry._replace(file=first + number)
            for number, file in enumerate(self.files)
            for each in file
        ]
        return entries, [
            MadeFile(size, partial(_fill, file, views), "".join(each.said() for each in file))
            for size, file in zip(sizes, self.files, strict=True)
        ]


def _lie_in_order(sources: Sequence[Entry], nbytes: int) -> bool:
    """Whether they are one matrix behind the other already, at an offset at which kernels read."""
    first, each = sources[0], nbytes // len(sources)
    return first.offset % 4 == 0 and all(
        source.file == first.file and source.offset == first.offset + at * each
        for at, source in enumerate(sources)
    )


def _fill(
    file: Sequence[_Planned], views: Sequence[memoryview], out: memoryview, report: Callable[[int], object]
) -> None:
    """report: is told how many more bytes are made; what it raises ends it."""
    whole = np.frombuffer(out, np.uint8)
    for each in file:
        columns = each.entry.shape[-1]
        block, size = _BLOCKS[each.entry.type]
        row = columns // block * size
        rows = each.nbytes // row // len(each.items) if row else 0
        step, at = max(1, STEP // max(row, 1)), each.entry.offset
        for item in each.items:
            sources = [_elements(source, views) for source in item]
            for first in range(0, rows, step):
                last = min(first + step, rows)
                made = each.recipe.rows(sources, first, last)
                place = whole[at : at + (last - first) * row]
                place.view(made.dtype).reshape(made.shape)[...] = made
                at += place.nbytes
                report(place.nbytes)
    report(len(out) - sum(each.nbytes for each in file))  # what lies between


def _elements(source: Entry, views: Sequence[memoryview]) -> Array:
    kind = np.dtype(_ELEMENTS[source.type])
    size = prod(source.shape) * kind.itemsize
    view = views[source.file][source.offset : source.offset + size]
    return np.frombuffer(view, kind).reshape(source.shape)
