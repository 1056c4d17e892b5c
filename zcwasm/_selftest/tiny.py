"""A random language model, small enough for any device, that the guest llama.wasm runs from a file.

The file is written by hand, since the selftest needs nothing but NumPy: GGUF 3 with no more than the guest
and zcwasm.llm.Config ask for, no tokenizer in it.
"""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from zcwasm import Device
from zcwasm._core import _weight_types
from zcwasm._selftest.reference import WEIGHT_TYPES, Array, random_weights
from zcwasm.llm import Model, Session

LAYERS, DIM, HEADS, KV_HEADS, FF, VOCAB = 2, 64, 4, 2, 128, 333
PROMPT = [(7 * n * n + 3 * n) % VOCAB for n in range(37)]
STEPS = 12
TOLERANCE = 1e-3  # of the largest logit
GGML_TYPES = {name: number for name, _, _, number in _weight_types}
ALIGNMENT = 32


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(value: Any) -> bytes:
    if isinstance(value, str):
        return struct.pack("<I", 8) + _text(value)
    return struct.pack("<If", 6, value) if isinstance(value, float) else struct.pack("<II", 4, value)


def _write(path: Path) -> None:
    rng = np.random.default_rng(3)
    tensors: list[tuple[str, str, tuple[int, ...], Array]] = []

    def matrix(name: str, rows: int, cols: int, kind: str = "Q4_1") -> None:
        data = random_weights(kind, rows, cols, rng)
        _, _, size = WEIGHT_TYPES[kind]
        scales = data.reshape(-1, size)[:, : 4 if kind == "Q4_1" else 2].view(np.float16)
        scales *= np.float16(1.5 / np.sqrt(cols))
        tensors.append((f"{name}.weight", kind, (cols, rows), data))

    def norm(name: str) -> None:
        values = (1 + rng.standard_normal(DIM) / 10).astype(np.float32)
        tensors.append((f"{name}.weight", "F32", (DIM,), values))

    matrix("token_embd", VOCAB, DIM, "Q8_0")
    for layer in range(LAYERS):
        block, kv = f"blk.{layer}.", DIM // HEADS * KV_HEADS
        norm(block + "attn_norm")
        norm(block + "ffn_norm")
        for name, rows, cols in (
            ("attn_q", DIM, DIM),
            ("attn_k", kv, DIM),
            ("attn_v", kv, DIM),
            ("attn_output", DIM, DIM),
            ("ffn_gate", FF, DIM),
            ("ffn_up", FF, DIM),
            ("ffn_down", DIM, FF),
        ):
            matrix(block + name, rows, cols)
    norm("output_norm")

    metadata = {"general.architecture": "llama", "general.alignment": ALIGNMENT}
    metadata |= {"llama.context_length": 64, "llama.embedding_length": DIM, "llama.block_count": LAYERS}
    metadata |= {"llama.feed_forward_length": FF, "llama.attention.head_count": HEADS}
    metadata |= {"llama.attention.head_count_kv": KV_HEADS}
    metadata["llama.attention.layer_norm_rms_epsilon"] = 1e-5
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    head += b"".join(_text(key) + _value(value) for key, value in metadata.items())
    body = b""
    for name, kind, shape, data in tensors:
        head += _text(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
        head += struct.pack("<IQ", GGML_TYPES[kind], len(body))
        body += data.tobytes()
        body += bytes(-len(body) % ALIGNMENT)
    path.write_bytes(head + bytes(-len(head) % ALIGNMENT) + body)


def _steps(session: Session) -> list[int]:
    """Tokens that follow PROMPT, greedily: the guest records a sequence and replays it."""
    first = int(session.logits(PROMPT).argmax())
    return [first, *(session._check(session._step()) for _ in range(STEPS))]


def check(device: Device) -> str:
    """Raises AssertionError. The reference is the cpu device, in float32."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tiny.gguf"
        _write(path)
        with (
            Model.open(path, Device("cpu")) as other,
            Model.open(path, device) as model,
            other.session(context=64, kv_dtype="f32", exact=True) as right,
            model.session(context=64, kv_dtype="f32", exact=True, chunk=16) as session,
        ):
            tokens = _steps(session)
            text = PROMPT[:]
            for step, token in enumerate(tokens):
                row = right.logits(text)
                size = float(np.abs(row).max())
                behind = float(row.max() - row[token])
                if not behind <= 2 * TOLERANCE * size:  # a tie may be broken either way
                    raise AssertionError(f"token {step}: {token}, {behind:.3g} behind {row.argmax()}")
                text.append(token)
            worst = float(np.abs(session.logits(text) - right.logits(text)).max())
            del row
            if not worst <= TOLERANCE * size:
                raise AssertionError(f"worst error of a logit {worst:.3g}, the largest is {size:.3g}")
    return f"{len(tokens)} tokens by llama.wasm, worst error of a logit {worst / size:.1e} of the largest"
