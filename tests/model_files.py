"""GGUF and safetensors files made by hand, field by field, ways to damage them, and a tiny language model."""

from __future__ import annotations

import contextlib
import json
import random
import struct
from pathlib import Path
from typing import Any

import numpy as np

import zcwasm
from zcwasm._core import _weight_types

STRING, ARRAY, BOOL, U8, U32, F32, U64, I64 = 8, 9, 7, 0, 4, 6, 10, 11
GGUF_TYPES = {name: number for name, _, _, number in _weight_types} | {"Q5_0": 6}


def string(text: str | bytes) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return struct.pack("<Q", len(data)) + data


def entry(key: str | bytes, kind: int, value: bytes) -> bytes:
    return string(key) + struct.pack("<I", kind) + value


def array(kind: int, items: list[bytes], count: int | None = None) -> bytes:
    return struct.pack("<IQ", kind, len(items) if count is None else count) + b"".join(items)


def tensor(
    name: str | bytes, shape: tuple[int, ...], kind: str | int, offset: int, ndim: int | None = None
) -> bytes:
    """An entry of the table; `shape` as NumPy has it."""
    number = GGUF_TYPES[kind] if isinstance(kind, str) else kind
    sides = struct.pack(f"<{len(shape)}Q", *reversed(shape))
    return (
        string(name)
        + struct.pack("<I", len(shape) if ndim is None else ndim)
        + sides
        + struct.pack("<IQ", number, offset)
    )


ENTRIES = [
    entry("general.architecture", STRING, string("llama")),
    entry("llama.block_count", U32, struct.pack("<I", 1)),
    entry("llama.rope.freq_base", F32, struct.pack("<f", 10000.0)),
    entry("tokenizer.ggml.add_bos_token", BOOL, b"\1"),
    entry("tokenizer.ggml.tokens", ARRAY, array(STRING, [string("a"), string("ä"), string("")])),
    entry("tokenizer.ggml.scores", ARRAY, array(F32, [struct.pack("<f", x) for x in (0.5, 1.5, 2.5)])),
    entry("nested", ARRAY, array(ARRAY, [array(U8, [b"\1", b"\2"]), array(STRING, [string("x")])])),
    entry("big", U64, struct.pack("<Q", 1 << 63)),
]
TENSORS = [
    tensor("embd", (3, 32), "F32", 0),
    tensor("norm", (5,), "F16", 384),
    tensor("q", (2, 32), "Q4_1", 416),
]


def gguf(
    entries: list[bytes] | None = None,
    tensors: list[bytes] | None = None,
    *,
    data: bytes = bytes(range(256)) * 2,
    magic: bytes = b"GGUF",
    version: int = 3,
    tensor_count: int | None = None,
    entry_count: int | None = None,
    alignment: int = 32,
) -> bytes:
    entries = ENTRIES if entries is None else entries
    tensors = TENSORS if tensors is None else tensors
    counts = (
        len(tensors) if tensor_count is None else tensor_count,
        len(entries) if entry_count is None else entry_count,
    )
    head = magic + struct.pack("<IQQ", version, *counts) + b"".join(entries) + b"".join(tensors)
    return head + bytes(-len(head) % alignment) + data


def needed(file: bytes) -> int:
    """Bytes of the file made by gguf() that its tensors reach to."""
    return len(file) - 512 + 416 + 40


SAFE: dict[str, Any] = {
    "__metadata__": {"format": "pt"},
    "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
    "b": {"dtype": "BF16", "shape": [4], "data_offsets": [24, 32]},
    "ids": {"dtype": "I64", "shape": [1, 2], "data_offsets": [32, 48]},
    "scalar": {"dtype": "F32", "shape": [], "data_offsets": [48, 52]},
}


def safetensors(header: Any = None, *, data: bytes = bytes(range(52)), length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(SAFE if header is None else header).encode()
    text += b" " * (-len(text) % 8) if length is None else b""
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def mutate(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 5])):
        at = rng.randrange(len(changed))
        kind = rng.randrange(5)
        if kind == 0:
            changed[at] = rng.randrange(256)
        elif kind == 1:
            changed[at : at + 8] = struct.pack(
                "<Q", rng.choice([0, 1, 2**31, 2**32, 2**63, 2**64 - 1, len(data)])
            )
        elif kind == 2:
            del changed[at : at + rng.randrange(20)]
        elif kind == 3:
            changed[at:at] = changed[at : at + rng.randrange(20)]
        else:
            changed[at] ^= 1 << rng.randrange(8)
        changed = changed or bytearray(b"G")
    return bytes(changed)


def check_any(path: Path, data: bytes) -> bool:
    """Whatever the bytes are, the file is refused with a ModelError or all of it can be read."""
    path.write_bytes(data)
    try:
        weights = zcwasm.Weights(path)
    except zcwasm.ModelError:
        return False
    for tensor in weights.tensors.values():
        assert tensor.offset + tensor.nbytes <= len(data)
        tensor.array().tobytes()
    for key in weights.metadata:
        with contextlib.suppress(zcwasm.ModelError):
            weights.metadata[key]
    return True


def value(item: Any) -> tuple[int, bytes]:
    """Type and bytes of a Python value, as an entry of metadata has it."""
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


def model(metadata: dict[str, Any], tensors: dict[str, Any]) -> bytes:
    """A GGUF file of these entries and float32 arrays; what is None is left out."""
    entries = [entry(key, *value(item)) for key, item in metadata.items() if item is not None]
    table, data = [], b""
    for name, values in tensors.items():
        if values is not None:
            raw = np.asarray(values, np.float32)
            table.append(tensor(name, raw.shape, "F32", len(data)))
            data += raw.tobytes() + bytes(-raw.nbytes % 32)
    return gguf(entries, table, data=data)


# --- a whole language model, as small as one can be ---

DIM, HEADS, KV_HEADS, FF, CONTEXT = 32, 4, 2, 64, 256
CONTROLS = ["<|im_start|>", "<|im_end|>", "<|endoftext|>"]
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def letters() -> list[str]:
    """GPT-2's stand-ins of the 256 bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = iter(range(256, 512))
    return [chr(byte if byte in plain else next(rest)) for byte in range(256)]


def llama_metadata(layers: int = 1, **tokenizer: Any) -> dict[str, Any]:
    """Of a llama with a byte-level tokenizer; `tokenizer` changes the entries of that name."""
    tokens = [*CONTROLS, *letters()]
    entries: dict[str, Any] = {
        "model": "gpt2",
        "pre": "smollm",
        "tokens": tokens,
        "token_type": [3] * len(CONTROLS) + [1] * 256,
        "merges": [],
        "eos_token_id": 1,
        **tokenizer,
    }
    numbers = {
        "context_length": CONTEXT,
        "embedding_length": DIM,
        "block_count": layers,
        "feed_forward_length": FF,
        "attention.head_count": HEADS,
        "attention.head_count_kv": KV_HEADS,
        "attention.layer_norm_rms_epsilon": 1e-5,
    }
    return {
        "general.architecture": "llama",
        **{f"llama.{name}": number for name, number in numbers.items()},
        **{f"tokenizer.ggml.{name}": item for name, item in entries.items()},
        "tokenizer.chat_template": TEMPLATE,
    }


def llama_tensors(layers: int = 1, rows: int = len(CONTROLS) + 256) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    kv = DIM // HEADS * KV_HEADS
    tensors: dict[str, Any] = {
        "token_embd.weight": rng.standard_normal((rows, DIM)),
        "output_norm.weight": np.ones(DIM),
    }
    for layer in range(layers):
        block = f"blk.{layer}."
        for name, shape in {
            "attn_q": (DIM, DIM),
            "attn_k": (kv, DIM),
            "attn_v": (kv, DIM),
            "attn_output": (DIM, DIM),
            "ffn_gate": (FF, DIM),
            "ffn_up": (FF, DIM),
            "ffn_down": (DIM, FF),
        }.items():
            tensors[f"{block}{name}.weight"] = rng.standard_normal(shape) / np.sqrt(shape[1])
        tensors |= {block + "attn_norm.weight": np.ones(DIM), block + "ffn_norm.weight": np.ones(DIM)}
    return tensors
