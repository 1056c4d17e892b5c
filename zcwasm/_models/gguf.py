"""The header of GGUF files, versions 2 and 3: metadata, and which tensors lie where.

Why not the package `gguf`, which has a reader: it makes NumPy arrays of every string, which takes 3.5 seconds
for SmolLM2-135M (49,152 tokens and 48,900 merges; here 0.02), and it believes what a file says about lengths.
The tests compare the two.

    magic "GGUF", version u32, tensors u64, entries u64
    entry:  key string, type u32, value
    tensor: name string, dimensions u32, that many u64 (elements of a row first), type u32, offset u64
    data:   from the next multiple of general.alignment (32 without it); offsets count from there

A string is its length u64 and UTF-8; an array its items' type u32, their count u64, and they.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from zcwasm._core import _weight_types
from zcwasm._models.model_file import MAX_TENSORS, Entry, Header, model_error

MAGIC = b"GGUF"
# Far above what models have (262,144 tokens and twice as many merges); a second's worth of work.
MAX_ENTRIES = 1 << 16
MAX_STRINGS = 1 << 22
MAX_KEY = 65535
MAX_TEXT = 1 << 26  # bytes of one string, a whole tokenizer.json for instance
MAX_TEXTS = 1 << 28  # of an array of strings
MAX_ARRAYS = 1 << 16  # inside others
MAX_DEPTH = 4

_U32, _U64 = struct.Struct("<I"), struct.Struct("<Q")
_STRING, _ARRAY, _BOOL = 8, 9, 7
# Of the value types other than strings and arrays: NumPy's name.
_SCALARS = {0: "u1", 1: "i1", 2: "<u2", 3: "<i2", 4: "<u4", 5: "<i4", 6: "<f4", _BOOL: "?"}
_SCALARS |= {10: "<u8", 11: "<i8", 12: "<f8"}

SUPPORTED = tuple(name for name, _, _, number in _weight_types if number is not None)
# All else that the format names, so that a refusal can, too; then what is supported.
_TENSOR_TYPES = {9: "Q8_1", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S"}
_TENSOR_TYPES |= {21: "IQ3_S", 22: "IQ2_S", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64"}
_TENSOR_TYPES |= {29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0"}
_TENSOR_TYPES |= {number: name for name, _, _, number in _weight_types if number is not None}


class _Bytes:
    """The file's bytes, read at offsets that may be anything."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.size = len(data)
        self.strings = 0  # met so far
        self.arrays = 0  # inside others

    def need(self, at: int, count: int, what: str) -> None:
        if count > self.size - at:
            raise model_error(
                f"{what} at offset {at} needs {count} bytes, the file has {max(self.size - at, 0)} more: "
                "it is cut short or damaged",
                at,
            )

    def u32(self, at: int, what: str) -> int:
        self.need(at, 4, what)
        return int(_U32.unpack_from(self.data, at)[0])

    def u64(self, at: int, what: str) -> int:
        self.need(at, 8, what)
        return int(_U64.unpack_from(self.data, at)[0])

    def string(self, at: int, what: str, limit: int | None = None) -> tuple[str, int]:
        """The string at that offset, and where it ends."""
        length = self.u64(at, what)
        if limit is not None and length > limit:
            raise model_error(f"{what} at offset {at} has {length} bytes, more than {limit}", at)
        self.need(at + 8, length, what)
        end = at + 8 + length
        try:
            return str(self.data[at + 8 : end], "utf-8"), end
        except UnicodeDecodeError as error:
            raise model_error(f"{what} at offset {at} is not UTF-8: {error.reason}", at) from None

    def skip(self, kind: int, at: int, what: str, depth: int = 0) -> int:
        """Where a value of that type ends."""
        scalar = _SCALARS.get(kind)
        if scalar is not None:
            size = np.dtype(scalar).itemsize
            self.need(at, size, what)
            return at + size
        if kind == _STRING:
            length = self.u64(at, what)
            self.need(at + 8, length, what)
            return at + 8 + length
        if kind != _ARRAY:
            raise model_error(f"{what} at offset {at} has value type {kind}, known are 0 to 12", at)
        inner, count = self.u32(at, what), self.u64(at + 4, what)
        start = at + 12
        scalar = _SCALARS.get(inner)
        if scalar is not None:
            size = count * np.dtype(scalar).itemsize
            self.need(start, size, what)
            return start + size
        self.need(start, count * 8, what)  # the least that so many take
        self.strings += count
        if self.strings > MAX_STRINGS:
            raise model_error(f"{what} at offset {at}: {self.strings} strings, more than {MAX_STRINGS}", at)
        if inner == _STRING:
            return self._skip_strings(start, count, what)
        self.arrays += count
        if self.arrays > MAX_ARRAYS:
            raise model_error(
                f"{what} at offset {at}: {self.arrays} nested arrays, more than {MAX_ARRAYS}", at
            )
        if depth == MAX_DEPTH:
            raise model_error(f"{what} at offset {at}: arrays are nested more than {MAX_DEPTH} deep", at)
        for _ in range(count):
            start = self.skip(inner, start, what, depth + 1)
        return start

    def _skip_strings(self, at: int, count: int, what: str) -> int:
        unpack, data, last = _U64.unpack_from, self.data, self.size - 8
        for _ in range(count):
            if at > last:
                self.need(at, 8, what)
            at += 8 + unpack(data, at)[0]
        self.need(at, 0, what)
        return at

    def value(self, kind: int, at: int, what: str) -> tuple[Any, int]:
        """The value there, which skip() has been over, and where it ends: a number, a bool, a str, an array
        of numbers, or a list of str or of such."""
        scalar = _SCALARS.get(kind)
        if scalar is not None:
            size = np.dtype(scalar).itemsize
            self.need(at, size, what)
            return np.frombuffer(self.data, scalar, 1, at)[0].item(), at + size
        if kind == _STRING:
            return self.string(at, what, MAX_TEXT)
        inner, count = self.u32(at, what), self.u64(at + 4, what)
        start = at + 12
        scalar = _SCALARS.get(inner)
        if scalar is not None:
            size = count * np.dtype(scalar).itemsize
            self.need(start, size, what)
            return np.frombuffer(self.data, scalar, count, start) if count else np.empty(
                0, scalar
            ), start + size
        if inner == _STRING:
            return self._strings(start, count, what)
        items: list[Any] = []
        for _ in range(count):
            item, start = self.value(inner, start, what)
            items.append(item)
        return items, start

    def _strings(self, at: int, count: int, what: str) -> tuple[list[str], int]:
        """`count` strings, whose bytes skip() has found in the file, and where they end."""
        unpack, data, items, start = _U64.unpack_from, self.data, list[str](), at
        first = at
        try:
            for _ in range(count):
                start = at
                at += 8 + unpack(data, at)[0]
                if at - first > MAX_TEXTS:
                    raise model_error(f"{what} at offset {first} has more than {MAX_TEXTS} bytes", first)
                items.append(str(data[start + 8 : at], "utf-8"))
        except (UnicodeDecodeError, struct.error) as error:
            raise model_error(f"item {len(items)} of {what} at offset {start}: {error}", start) from None
        return items, at


class Metadata(Mapping[str, Any]):
    """Metadata of a GGUF file by key. A value is read when it is first asked for and kept, but for lists,
    which may have many strings: whoever asks gets one of their own."""

    def __init__(self, data: _Bytes, places: dict[str, tuple[int, int]]) -> None:
        self._data = data
        self._places = places
        self._values: dict[str, Any] = {}
        #: What others made of it, by names of theirs: it does not change.
        self.made: dict[str, Any] = {}

    def __getitem__(self, key: str) -> Any:
        if key in self._values:
            return self._values[key]
        kind, at = self._places[key]
        value, _ = self._data.value(kind, at, f"metadata {key}")
        if not isinstance(value, list):
            self._values[key] = value
        return value

    def count(self, key: str) -> int | None:
        """How many items the array of that key has, without reading it; None where there is no array."""
        kind, at = self._places.get(key, (None, 0))
        return self._data.u64(at + 4, f"metadata {key}") if kind == _ARRAY else None

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __contains__(self, key: object) -> bool:
        return key in self._places


def read(view: memoryview) -> Header:
    """The header of the file whose bytes these are. Raises ModelError."""
    data = _Bytes(view)
    version = data.u32(4, "the version")
    if version not in (2, 3):
        swapped = version & 0xFFFF == 0 and version != 0
        why = "it is big-endian" if swapped else "2 and 3 are supported"
        raise model_error(f"GGUF version {version} at offset 4: {why}", 4)
    tensor_count, entry_count = data.u64(8, "the number of tensors"), data.u64(16, "the number of entries")
    if tensor_count > MAX_TENSORS:
        raise model_error(f"{tensor_count} tensors (offset 8), more than {MAX_TENSORS}", 8)
    if entry_count > MAX_ENTRIES:
        raise model_error(f"{entry_count} entries of metadata (offset 16), more than {MAX_ENTRIES}", 16)
    metadata, at = _read_metadata(data, entry_count)
    return Header("gguf", metadata, _read_tensors(data, at, tensor_count, _alignment(metadata)))


def _read_metadata(data: _Bytes, count: int) -> tuple[Metadata, int]:
    places: dict[str, tuple[int, int]] = {}
    at = 24
    for index in range(count):
        key, end = data.string(at, f"the key of metadata entry {index}", MAX_KEY)
        if key in places:
            raise model_error(f"metadata {key!r} at offset {at} is there twice", at)
        kind = data.u32(end, f"metadata {key}")
        places[key] = (kind, end + 4)
        at = data.skip(kind, end + 4, f"metadata {key}")
    return Metadata(data, places), at


def _alignment(metadata: Metadata) -> int:
    if "general.alignment" not in metadata:
        return 32
    value = metadata["general.alignment"]
    if not isinstance(value, int) or value < 1 or value > 1 << 20 or value & (value - 1):
        raise model_error(
            f"metadata general.alignment is {value!r:.40}, must be a power of two up to 2^20",
            metadata._places["general.alignment"][1],
        )
    return value


def _read_tensors(data: _Bytes, at: int, count: int, alignment: int) -> list[Entry]:
    entries: list[Entry] = []
    places: list[int] = []
    for index in range(count):
        name, end = data.string(at, f"the name of tensor {index}", MAX_KEY)
        places.append(at)
        dimensions = data.u32(end, f"tensor {name}")
        if not 1 <= dimensions <= 4:
            raise model_error(
                f"tensor {name} at offset {end} has {dimensions} dimensions, 1 to 4 are supported", end
            )
        data.need(end + 4, dimensions * 8 + 12, f"tensor {name}")
        *sides, kind, offset = struct.unpack_from(f"<{dimensions}QIQ", data.data, end + 4)
        at = end + 4 + dimensions * 8 + 12
        type_name = _TENSOR_TYPES.get(kind, f"number {kind}")
        if type_name not in SUPPORTED:
            raise model_error(
                f"tensor {name} at offset {at - 12} has type {type_name}: "
                f"{', '.join(SUPPORTED)} are supported",
                at - 12,
            )
        if type_name == "MXFP4" and sides[0] % 64 == 32:
            raise model_error(
                f"tensor {name} at offset {at - 12} has rows of {sides[0]} elements in MXFP4, an odd number "
                "of blocks of 32: only rows of whole pairs of them are supported",
                at - 12,
            )
        if offset % alignment:
            raise model_error(
                f"tensor {name} at offset {at - 8}: its data's offset {offset} is not a multiple of the "
                f"alignment {alignment}",
                at - 8,
            )
        entries.append(Entry(name, type_name, tuple(reversed(sides)), offset))
    start = (at + alignment - 1) // alignment * alignment
    for (name, _, _, offset, _), place in zip(entries, places, strict=True):
        if start + offset >= 1 << 64:
            raise model_error(
                f"tensor {name} at offset {place}: its data's offset {offset} is beyond 2^64", place
            )
    return [entry._replace(offset=start + entry.offset) for entry in entries]
