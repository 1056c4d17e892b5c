"""A file's tensors under the names that a guest looks for, and cut where several lie in one (hf_names.py).

Matrices are shown where they lie, but for those that lie otherwise than kernels read them (making.py).
Vectors, which kernels take in float32 alone, are made of what a folder has: bfloat16, float16, at any offset,
less one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt

from zcwasm._core import _weight_types
from zcwasm._models.hf_names import Part
from zcwasm._models.making import ALIGNMENT, Making, Makings, Taken
from zcwasm._models.model_file import Entry, Header, MadeFile, model_error

# Of all vectors of a model: those of Llama 3.1 405B have 17 MB.
MOST_MADE = 64 << 20

_BLOCKS = {name: (block, size) for name, block, size, _ in _weight_types}
_MAKES = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}


def show(header: Header, parts: Iterable[Part]) -> Header:
    """The header with these parts for tensors: rows of what is there."""
    entries = {entry.name: entry for entry in header.tensors}
    shown = [_rows(entries[part.source], part) for part in parts if part.source in entries]
    return replace(header, tensors=shown)


def make(header: Header, parts: Iterable[Part | Making], views: Sequence[memoryview]) -> Header:
    """The same, with vectors made in float32, and matrices as they have to be. A part of what kernels cannot
    use is as little use."""
    entries = {entry.name: entry for entry in (*header.tensors, *header.others.values())}
    tensors: list[Entry] = []
    unusable: dict[str, str] = {}
    vectors = bytearray()
    matrices = Makings()
    for part in parts:
        if isinstance(part, Part) and (part.groups > 1 or part.transposed):
            part = _taken(part, entries[part.source])
        if isinstance(part, Making):
            in_place = matrices.add(part, entries)
            tensors += [in_place] if in_place else []
            continue
        entry = entries[part.source]
        is_vector = len(entry.shape) == 1 and entry.type in _MAKES
        why = header.unusable.get(part.source)
        if is_vector and (why is not None or entry.type != "F32" or part.add or part.groups > 1):
            values = _values(entry, part, views)
            if len(vectors) + values.nbytes > MOST_MADE:
                raise model_error(
                    f"tensor {part.source}: it and the vectors before it have more than {MOST_MADE} bytes",
                    entry.offset,
                )
            tensors.append(Entry(part.name, "F32", values.shape, len(vectors), len(views)))
            # Also for a vector of nothing there is something, so that there is a file for it to lie in.
            vectors += values.tobytes() + bytes(-values.nbytes % ALIGNMENT if values.nbytes else ALIGNMENT)
        elif why is not None:
            unusable[part.name] = why
        else:
            tensors.append(_rows(entry, part))
    made = [MadeFile(len(vectors), partial(_write, vectors))] if vectors else []
    more, files = matrices.made(len(views) + len(made), views)
    return replace(header, tensors=tensors + more, unusable=unusable, others={}, made=[*made, *files])


def _taken(part: Part, entry: Entry) -> Part | Making:
    """What has to be made of a part's rows, unless it is a vector."""
    if len(entry.shape) == 1 and entry.type in _MAKES:
        return part
    return Making(
        part.name, (part.source,), Taken(part.first, part.rows, part.groups, transposed=part.transposed)
    )


def _write(data: bytearray, out: memoryview, report: Callable[[int], object]) -> None:
    out[:] = data


def _span(entry: Entry, part: Part) -> tuple[int, int]:
    """First row, or element of a vector, and how many."""
    rows = entry.shape[0]
    count = rows - part.first if part.rows is None else part.rows
    if not 0 <= part.first <= rows or not 0 <= count <= rows - part.first:
        raise model_error(
            f"tensor {part.source} has {rows} rows, {part.name} would be {count} from {part.first} on",
            entry.offset,
        )
    return part.first, count


def _rows(entry: Entry, part: Part) -> Entry:
    first, count = _span(entry, part)
    if part.add:
        raise model_error(
            f"tensor {part.source} is {entry.type} {entry.shape}, must be a vector", entry.offset
        )
    if first == 0 and count == entry.shape[0]:
        return entry._replace(name=part.name)
    block, size = _BLOCKS[entry.type]
    inner = [*entry.shape[1:], 1] if len(entry.shape) == 1 else list(entry.shape[1:])
    if inner[-1] % block:
        raise model_error(
            f"tensor {part.source}: {entry.type} has no rows of {inner[-1]} elements", entry.offset
        )
    bytes_before = first * inner[-1] // block * size
    for side in inner[:-1]:
        bytes_before *= side
    return entry._replace(name=part.name, shape=(count, *entry.shape[1:]), offset=entry.offset + bytes_before)


def _values(entry: Entry, part: Part, views: Sequence[memoryview]) -> npt.NDArray[np.float32]:
    """The part of a vector in float32."""
    taken = None
    if part.groups > 1:
        taken = Taken(part.first, part.rows, part.groups)
        part, size = Part(part.name, part.source, add=part.add), taken.each(entry.shape[0], entry)
    first, count = _span(entry, part)
    kind = np.dtype(_MAKES[entry.type])
    if count * 4 > MOST_MADE:
        raise model_error(
            f"tensor {part.source}: {count} elements are more than a vector may have", entry.offset
        )
    begin = entry.offset + first * kind.itemsize
    found = np.frombuffer(views[entry.file][begin : begin + count * kind.itemsize], kind)
    if entry.type == "BF16":
        found = (found.astype(np.uint32) << np.uint32(16)).view(np.float32)
    values = found.astype(np.float32)
    if taken is not None:
        values = values[taken.places(count, 0, size * taken.groups)]
    values += np.float32(part.add)
    return values
