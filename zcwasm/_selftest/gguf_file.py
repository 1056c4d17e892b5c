"""GGUF files made by hand, field by field: whole ones, and for the tests wrong ones. Needs only NumPy.

_models/gguf.py, which reads them, has the format.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from zcwasm._core import _weight_types
from zcwasm._selftest.reference import Array

STRING, ARRAY, BOOL, U8, U32, F32, U64, I64 = 8, 9, 7, 0, 4, 6, 10, 11
# IQ3_S: for what is refused.
TENSOR_TYPES = {name: number for name, _, _, number in _weight_types if number is not None} | {"IQ3_S": 21}
ALIGNMENT = 32

# A tensor as it is written: type, shape as NumPy has it, data.
Encoded = tuple[str, tuple[int, ...], Array]


def string(text: str | bytes) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return struct.pack("<Q", len(data)) + data


def entry(key: str | bytes, kind: int, value: bytes) -> bytes:
    """An entry of the metadata."""
    return string(key) + struct.pack("<I", kind) + value


def array(kind: int, items: list[bytes], count: int | None = None) -> bytes:
    return struct.pack("<IQ", kind, len(items) if count is None else count) + b"".join(items)


def value(item: Any) -> tuple[int, bytes]:
    """Type and bytes of a Python value, as an entry has it."""
    if isinstance(item, bool):
        return BOOL, bytes([item])
    if isinstance(item, int):
        return (U32, struct.pack("<I", item)) if 0 <= item < 1 << 32 else (I64, struct.pack("<q", item))
    if isinstance(item, float):
        return F32, struct.pack("<f", item)
    if isinstance(item, (str, bytes)):
        return STRING, string(item)
    kinds = {value(one)[0] for one in item} or {STRING}
    assert len(kinds) == 1, f"an array of {kinds}"
    return ARRAY, array(kinds.pop(), [value(one)[1] for one in item])


def tensor(
    name: str | bytes, shape: tuple[int, ...], kind: str | int, offset: int, ndim: int | None = None
) -> bytes:
    """An entry of the table of tensors; `shape` as NumPy has it."""
    number = TENSOR_TYPES[kind] if isinstance(kind, str) else kind
    sides = struct.pack(f"<{len(shape)}Q", *reversed(shape))
    return (
        string(name)
        + struct.pack("<I", len(shape) if ndim is None else ndim)
        + sides
        + struct.pack("<IQ", number, offset)
    )


def file(
    entries: list[bytes],
    tensors: list[bytes],
    data: bytes,
    *,
    magic: bytes = b"GGUF",
    version: int = 3,
    tensor_count: int | None = None,
    entry_count: int | None = None,
    alignment: int = ALIGNMENT,
) -> bytes:
    counts = (
        len(tensors) if tensor_count is None else tensor_count,
        len(entries) if entry_count is None else entry_count,
    )
    head = magic + struct.pack("<IQQ", version, *counts) + b"".join(entries) + b"".join(tensors)
    return head + bytes(-len(head) % alignment) + data


def model(metadata: Mapping[str, Any], tensors: Mapping[str, Encoded | Array | None]) -> bytes:
    """A file of these entries and tensors. An array becomes float32; what is None is left out."""
    entries = [entry(key, *value(item)) for key, item in metadata.items() if item is not None]
    table, data = [], b""
    for name, given in tensors.items():
        if given is not None:
            kind, shape, values = given if isinstance(given, tuple) else ("F32", np.shape(given), given)
            raw = np.asarray(values, np.float32) if kind == "F32" else values
            table.append(tensor(name, shape, kind, len(data)))
            data += raw.tobytes() + bytes(-raw.nbytes % ALIGNMENT)
    return file(entries, table, data)


def llama_numbers(
    *, layers: int, dim: int, heads: int, kv_heads: int, ff: int, context: int
) -> dict[str, Any]:
    """Metadata of a decoder of the architecture llama, all but its tokenizer."""
    numbers = {
        "context_length": context,
        "embedding_length": dim,
        "block_count": layers,
        "feed_forward_length": ff,
        "attention.head_count": heads,
        "attention.head_count_kv": kv_heads,
        "attention.layer_norm_rms_epsilon": 1e-5,
    }
    return {"general.architecture": "llama", **{f"llama.{name}": number for name, number in numbers.items()}}


def block_matrices(layer: int, *, dim: int, kv: int, ff: int) -> Iterator[tuple[str, int, int]]:
    """Name, rows and columns of a layer's matrices; kv: rows of k and v."""
    for name, rows, columns in (
        ("attn_q", dim, dim),
        ("attn_k", kv, dim),
        ("attn_v", kv, dim),
        ("attn_output", dim, dim),
        ("ffn_gate", ff, dim),
        ("ffn_up", ff, dim),
        ("ffn_down", dim, ff),
    ):
        yield f"blk.{layer}.{name}", rows, columns
