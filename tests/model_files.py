"""GGUF and safetensors files made by hand, ways to damage them, and a tiny language model.

The writer of GGUF is the selftest's, zcwasm/_selftest/gguf_file.py."""

from __future__ import annotations

import contextlib
import json
import random
import struct
from pathlib import Path
from typing import Any

import numpy as np
from byte_letters import letters

import zcwasm
from zcwasm._selftest import gguf_file
from zcwasm._selftest.gguf_file import (  # also for those that import this module
    ARRAY,
    BOOL,
    F32,
    STRING,
    U8,
    U32,
    U64,
    array,
    entry,
    model,  # noqa: F401
    string,
    tensor,
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
    **head: Any,
) -> bytes:
    """A small file, or one of these parts; `head` as gguf_file.file."""
    entries = ENTRIES if entries is None else entries
    return gguf_file.file(entries, TENSORS if tensors is None else tensors, data, **head)


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
    for each in weights.tensors.values():
        assert each.offset + each.nbytes <= len(data)
        each.array().tobytes()
    for key in weights.metadata:
        with contextlib.suppress(zcwasm.ModelError):
            weights.metadata[key]
    return True


# --- a whole language model, as small as one can be ---

DIM, HEADS, KV_HEADS, FF, CONTEXT = 32, 4, 2, 64, 256
CONTROLS = ["<|im_start|>", "<|im_end|>", "<|endoftext|>"]
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


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
    sizes = {"dim": DIM, "heads": HEADS, "kv_heads": KV_HEADS, "ff": FF, "context": CONTEXT}
    return {
        **gguf_file.llama_numbers(layers=layers, **sizes),
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
        for name, *shape in gguf_file.block_matrices(layer, dim=DIM, kv=kv, ff=FF):
            tensors[f"{name}.weight"] = rng.standard_normal(shape) / np.sqrt(shape[1])
        tensors |= {block + "attn_norm.weight": np.ones(DIM), block + "ffn_norm.weight": np.ones(DIM)}
    return tensors
