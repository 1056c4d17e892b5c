"""A random language model, small enough for any device, that the guest llama.wasm runs from a file.

The file has no more than the guest and zcwasm.llm.Config ask for, and no tokenizer.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

from zcwasm import Device
from zcwasm._selftest import gguf_file
from zcwasm._selftest.reference import WEIGHT_TYPES, Array, random_weights
from zcwasm.llm import Model, Session

LAYERS, DIM, HEADS, KV_HEADS, FF, VOCAB = 2, 64, 4, 2, 128, 333
PROMPT = [(7 * n * n + 3 * n) % VOCAB for n in range(37)]
STEPS = 12
CONTEXT = 512
TOLERANCE = 1e-3  # of the largest logit


def _write(path: Path) -> None:
    rng = np.random.default_rng(3)
    tensors: dict[str, gguf_file.Encoded | Array | None] = {}

    def matrix(name: str, rows: int, cols: int, kind: str = "Q4_1") -> None:
        data = random_weights(kind, rows, cols, rng)
        _, _, size = WEIGHT_TYPES[kind]
        scales = data.reshape(-1, size)[:, : 4 if kind == "Q4_1" else 2].view(np.float16)
        scales *= np.float16(1.5 / np.sqrt(cols))
        tensors[f"{name}.weight"] = kind, (rows, cols), data

    def norm(name: str) -> None:
        tensors[f"{name}.weight"] = 1 + rng.standard_normal(DIM) / 10

    matrix("token_embd", VOCAB, DIM, "Q8_0")
    for layer in range(LAYERS):
        block, kv = f"blk.{layer}.", DIM // HEADS * KV_HEADS
        norm(block + "attn_norm")
        norm(block + "ffn_norm")
        for name, rows, columns in gguf_file.block_matrices(layer, dim=DIM, kv=kv, ff=FF):
            matrix(name, rows, columns)
    norm("output_norm")

    numbers = gguf_file.llama_numbers(
        layers=LAYERS, dim=DIM, heads=HEADS, kv_heads=KV_HEADS, ff=FF, context=CONTEXT
    )
    path.write_bytes(gguf_file.model(numbers, tensors))


def _steps(session: Session) -> list[int]:
    """Tokens that follow PROMPT, greedily: the guest records a sequence and replays it."""
    first = int(session.logits(PROMPT).argmax())
    return [first, *(session._check(session._step()) for _ in range(STEPS))]


def check(device: Device) -> str:
    """Raises AssertionError. The reference is the cpu device, in float32. On matrix units, if there are
    any, all tokens at once, too."""
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
            del row
            row = right.logits(text)
            worst = float(np.abs(session.logits(text) - row).max())
            if device.info["matrix_units"]:
                with model.session(context=64, kv_dtype="f32") as many:
                    worst = max(worst, float(np.abs(many.logits(text) - row).max()))
            del row
            if not worst <= TOLERANCE * size:
                raise AssertionError(f"worst error of a logit {worst:.3g}, the largest is {size:.3g}")
    return f"{len(tokens)} tokens by llama.wasm, worst error of a logit {worst / size:.1e} of the largest"


def speed(device: Device, prompt: int, steps: int) -> tuple[float, float]:
    """Tokens per second of a prompt of that many, and of so many that follow it; the best of three."""
    prefill = decode = float("inf")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tiny.gguf"
        _write(path)
        with Model.open(path, device) as model, model.session(context=prompt + steps + 1) as session:
            for turn in range(4):  # the first compiles, and records what the others replay
                ids = [(turn + n) % VOCAB for n in range(prompt)]  # the cache holds no beginning of it
                start = perf_counter()
                session.logits(ids)
                between = perf_counter()
                for _ in range(steps):
                    session._check(session._step())
                end = perf_counter()
                if turn:
                    prefill, decode = min(prefill, between - start), min(decode, end - between)
    return prompt / prefill, steps / decode
