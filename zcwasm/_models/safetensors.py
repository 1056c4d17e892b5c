"""The header of safetensors files: metadata, and which tensors lie where.

    length u64, that many bytes of JSON, then the data, from whose start the offsets count
    JSON: {"NAME": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, ...,
           "__metadata__": {str: str}}

Tensors of other types than floats (such as I64 position ids), and tensors at an offset at which no kernel can
read (not a multiple of 4), are listed as unusable: a file may have them beside what is needed.
"""

from __future__ import annotations

import json
from itertools import pairwise
from math import prod
from typing import Any

from zcwasm._core import _weight_types
from zcwasm._models.model_file import MAX_TENSORS, Entry, Header, model_error

# The format allows 100 MB; JSON takes some twenty times its size while it is parsed.
MAX_HEADER = 16 << 20
_MOST_SIDES = 64

# The types of weights that this format has: blocks of one number, and what GGUF has not. Bytes of an element,
# and of how many elements rows are multiples.
_USABLE = {
    name: (size // block, block)
    for name, block, size, number in _weight_types
    if block == 1 or number is None
}
_OTHERS = {
    "BOOL": 1,
    "U8": 1,
    "I8": 1,
    "U16": 2,
    "I16": 2,
    "U32": 4,
    "I32": 4,
    "U64": 8,
    "I64": 8,
    "F64": 8,
    "C64": 8,
}
_OTHERS |= {"F8_E5M2": 1, "F8_E8M0": 1}


def read(view: memoryview) -> Header:
    """The header of the file whose bytes these are. Raises ModelError."""
    size = len(view)
    length = int.from_bytes(view[:8], "little")
    if size < 8 or length > size - 8:
        raise model_error(
            f"a header of {length} bytes at offset 8, the file has {max(size - 8, 0)} more: "
            "it is cut short or damaged",
            0,
        )
    if length > MAX_HEADER:
        raise model_error(f"a header of {length} bytes at offset 8, more than {MAX_HEADER}", 0)
    try:
        header = json.loads(
            str(view[8 : 8 + length], "utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant
        )
    except _Twice as error:
        raise model_error(f"the header at offset 8 has {error} twice", 8) from None
    except (ValueError, RecursionError) as error:
        raise model_error(f"the header at offset 8 is not JSON: {error!s:.100}", 8) from None
    if not isinstance(header, dict):
        raise model_error("the header at offset 8 is not a JSON object", 8)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise model_error("__metadata__ in the header at offset 8 is not an object of strings", 8)
    if len(header) > MAX_TENSORS:
        raise model_error(f"{len(header)} tensors in the header at offset 8, more than {MAX_TENSORS}", 8)
    return _read_tensors(header, metadata, 8 + length, size)


class _Twice(Exception):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _Twice(repr(name)[:100])
            seen.add(name)
    return result


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _is_text(name: str) -> bool:
    """JSON can spell half a surrogate pair, which no UTF-8 can."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def _are_sizes(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= _MOST_SIDES
        and all(type(item) is int and 0 <= item < 1 << 62 for item in value)
    )


def _read_tensors(header: dict[str, Any], metadata: dict[str, str], start: int, size: int) -> Header:
    tensors: list[Entry] = []
    unusable: dict[str, str] = {}
    others: dict[str, Entry] = {}
    ranges: list[tuple[int, int, str]] = []
    for name, entry in header.items():
        if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
            raise model_error(
                f"tensor {name!r:.100}: must have dtype, shape and data_offsets (header at offset 8)", 8
            )
        if not _is_text(name):
            raise model_error(f"tensor {name!r:.100}: its name is not Unicode text (header at offset 8)", 8)
        dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
        if not (isinstance(dtype, str) and _are_sizes(shape) and _are_sizes(offsets) and len(offsets) == 2):
            raise model_error(
                f"tensor {name!r:.100}: dtype {dtype!r:.20}, shape {shape!r:.60} or data_offsets "
                f"{offsets!r:.60} is of the wrong kind (header at offset 8)",
                8,
            )
        begin, end = offsets
        if begin > end or end > size - start:
            raise model_error(
                f"tensor {name!r:.100}: data_offsets {begin} to {end}, at offset {start + begin}, "
                f"do not lie inside the {size - start} bytes of data of the file",
                start + begin,
            )
        item, whole = _USABLE.get(dtype) or (_OTHERS.get(dtype), 1)
        if item and item * prod(shape) != end - begin:
            raise model_error(
                f"tensor {name!r:.100} at offset {start + begin}: {dtype} of shape {shape!r:.60} has not the "
                f"{end - begin} bytes of data_offsets",
                start + begin,
            )
        ranges.append((begin, end, name))
        place = Entry(name, dtype, tuple(shape) or (1,), start + begin)
        if dtype not in _USABLE:
            unusable[name] = f"its type is {dtype:.20}: {', '.join(_USABLE)} are supported"
        elif (start + begin) % 4:
            unusable[name] = f"it lies at offset {start + begin}, which is not a multiple of 4"
        elif (shape or [1])[-1] % whole:
            unusable[name] = (
                f"it has rows of {(shape or [1])[-1]} elements, {dtype} takes multiples of {whole}"
            )
        elif len(shape) > 4:
            unusable[name] = f"it has {len(shape)} dimensions, at most 4 are supported"
        else:
            tensors.append(place)
        if name in unusable:
            others[name] = place
    ranges.sort()
    for (_, end, name), (begin, _, other) in pairwise(ranges):
        if begin < end:
            raise model_error(
                f"tensors {name!r:.100} and {other!r:.100} overlap at offset {start + begin}", start + begin
            )
    return Header("safetensors", metadata, tensors, unusable, others)
