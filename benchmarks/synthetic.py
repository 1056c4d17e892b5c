"""Writes language models of any shape with random weights: a product's cost does not depend on its values.

    python benchmarks/synthetic.py 8b:q4_k_m FOLDER

A model is named SHAPE:TYPES. SHAPE is a name of SHAPES, with changes if wanted: 1b,layers=4,context=32768.
TYPES is one of the types of weights for all matrices, or a mixture of MIXTURES. The file goes to
FOLDER/NAME.gguf, which is kept: a second call finds it.

Weights are of the size that real ones have, so that no sum overflows half precision where a real one would
not. Their bytes come again after some megabytes. The tokenizer is made up, too: bytes, and words of no text.
"""

from __future__ import annotations

import argparse
import os
import struct
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from zcwasm._core import _weight_types
from zcwasm._selftest import gguf_file

INT32 = 5  # GGUF's number of the type, which llama.cpp wants token types to have
POOL = 8 << 20  # bytes of a type that are random; then they come again
DEVIATION = 0.02  # of the weights
CONTROLS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


@dataclass(frozen=True)
class Shape:
    layers: int
    dim: int
    ff: int
    heads: int
    kv_heads: int
    head_size: int
    vocab: int = 49152
    context: int = 8192
    rope_base: int = 500_000


SHAPES = {
    "tiny": Shape(layers=4, dim=256, ff=768, heads=4, kv_heads=2, head_size=64, vocab=512),
    # as SmolLM2 135M
    "135m": Shape(layers=30, dim=576, ff=1536, heads=9, kv_heads=3, head_size=64, rope_base=100_000),
    # as Llama 3.2 1B, Llama 3.2 3B and Llama 3 8B, but for the vocabulary (vocab=128256) and untied heads
    "1b": Shape(layers=16, dim=2048, ff=8192, heads=32, kv_heads=8, head_size=64),
    "3b": Shape(layers=28, dim=3072, ff=8192, heads=24, kv_heads=8, head_size=128),
    "8b": Shape(layers=32, dim=4096, ff=14336, heads=32, kv_heads=8, head_size=128),
}


def q4_k_m(name: str, layer: int) -> str:
    """The mixture that most files on the web have: what errors hurt most in takes more bits."""
    finer = layer % 2 == 0 and name.endswith(("attn_v.weight", "ffn_down.weight"))
    return "Q6_K" if finer or name in ("output.weight", "token_embd.weight") else "Q4_K"


MIXTURES: dict[str, Callable[[str, int], str]] = {"q4_k_m": q4_k_m}
# What GGUF files may hold.
BLOCKS = {name: (elements, size) for name, elements, size, number in _weight_types if number is not None}
# By type, the scales of a block: where each lies, and what it is for weights of a deviation of 1.
# The divisors: how far a block's numbers lie from their middle, in the mean of squares, at a scale of 1.
SCALES = {
    "Q8_0": {0: 1 / 74},
    "Q4_0": {0: 1 / 4.6},
    "Q4_1": {0: 1 / 4.6, 2: -7.5 / 4.6},
    "Q5_0": {0: 1 / 9.23},
    "Q5_1": {0: 1 / 9.23, 2: -15.5 / 9.23},
    "Q2_K": {80: 1 / 13.87, 82: 1.5 / 13.87},
    "Q3_K": {108: 1 / 43.3},
    "Q4_K": {0: 1 / 258, 2: 7.5 / 258},
    "Q5_K": {0: 1 / 527, 2: 15.5 / 527},
    "Q6_K": {208: 1 / 1370},
    "IQ4_NL": {0: 1 / 67.2},
    "IQ4_XS": {0: 1 / 1246},
}


def random_blocks(kind: str) -> bytes:
    """Blocks of a type, about POOL bytes, random but for the scales, which make weights as DEVIATION says."""
    rng = np.random.default_rng(1)
    elements, size = BLOCKS[kind]
    if elements == 1:
        values: npt.NDArray[np.float32] = rng.standard_normal(POOL // size, np.float32) * np.float32(
            DEVIATION
        )
        if kind == "BF16":
            upper: npt.NDArray[np.uint16] = (values.view(np.uint32) >> 16).astype(np.uint16)
            return upper.tobytes()
        return values.astype(np.float16).tobytes() if kind == "F16" else values.tobytes()
    blocks = rng.integers(0, 256, (POOL // size, size), np.uint8)

    if kind == "MXFP4":  # two scales, powers of two: between them lies what a deviation of DEVIATION takes
        large = rng.random((len(blocks), 2)) < 0.687
        blocks[:, (0, 17)] = np.where(large, 120, 119)
        return blocks.tobytes()
    for at, value in SCALES[kind].items():
        blocks[:, at : at + 2] = np.full((1,), value * DEVIATION, "<f2").view(np.uint8)
    return blocks.tobytes()


def byte_letters() -> list[str]:
    """The letters that stand for the 256 bytes in vocabularies of this kind."""
    plain = {*range(33, 127), *range(161, 173), *range(174, 256)}
    rest = iter(range(256, 512))
    return [chr(byte if byte in plain else next(rest)) for byte in range(256)]


def metadata(shape: Shape, name: str) -> list[bytes]:
    tokens = [*CONTROLS, *byte_letters(), "he"]
    tokens += [f"<word {n}>" for n in range(len(tokens), shape.vocab)]
    kinds = [3] * len(CONTROLS) + [1] * (len(tokens) - len(CONTROLS))
    entries: dict[str, Any] = {
        **gguf_file.llama_numbers(
            layers=shape.layers,
            dim=shape.dim,
            heads=shape.heads,
            kv_heads=shape.kv_heads,
            ff=shape.ff,
            context=shape.context,
        ),
        "general.name": name,
        "llama.attention.key_length": shape.head_size,
        "llama.attention.value_length": shape.head_size,
        "llama.rope.dimension_count": shape.head_size,
        "llama.rope.freq_base": float(shape.rope_base),
        "llama.vocab_size": len(tokens),
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "smollm",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.merges": ["h e"],
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.add_bos_token": False,
    }
    made = [gguf_file.entry(key, *gguf_file.value(item)) for key, item in entries.items()]
    types = gguf_file.array(INT32, [struct.pack("<i", kind) for kind in kinds])
    return [*made, gguf_file.entry("tokenizer.ggml.token_type", gguf_file.ARRAY, types)]


def tensors(shape: Shape, types: str) -> Iterator[tuple[str, tuple[int, ...], str]]:
    """Name, shape and type of each, in the order of the file."""

    def kind_of(name: str, layer: int) -> str:
        mixture = MIXTURES.get(types.lower())
        return mixture(name, layer) if mixture else types.upper()

    q, kv, dim, ff = shape.heads * shape.head_size, shape.kv_heads * shape.head_size, shape.dim, shape.ff

    def matrix(name: str, rows: int, columns: int, layer: int = -1) -> tuple[str, tuple[int, ...], str]:
        return name, (rows, columns), kind_of(name, layer)

    yield matrix("token_embd.weight", max(shape.vocab, len(CONTROLS) + 257), dim)
    for layer in range(shape.layers):
        block = f"blk.{layer}."
        yield block + "attn_norm.weight", (dim,), "F32"
        for name, rows, columns in (("attn_q", q, dim), ("attn_k", kv, dim), ("attn_v", kv, dim)):
            yield matrix(f"{block}{name}.weight", rows, columns, layer)
        yield matrix(block + "attn_output.weight", dim, q, layer)
        yield block + "ffn_norm.weight", (dim,), "F32"
        for name, rows, columns in (("ffn_gate", ff, dim), ("ffn_up", ff, dim), ("ffn_down", dim, ff)):
            yield matrix(f"{block}{name}.weight", rows, columns, layer)
    yield "output_norm.weight", (dim,), "F32"
    yield matrix("output.weight", max(shape.vocab, len(CONTROLS) + 257), dim)


def bytes_of(shape: tuple[int, ...], kind: str) -> int:
    elements, size = BLOCKS[kind]
    if shape[-1] % elements:
        raise SystemExit(f"rows of {shape[-1]} are no whole blocks of {kind}, which has {elements}")
    return int(np.prod(shape, dtype=np.int64)) // elements * size


def write(file: IO[bytes], shape: Shape, types: str, name: str) -> None:
    every = list(tensors(shape, types))
    table, at = [], 0
    for tensor, sides, kind in every:
        table.append(gguf_file.tensor(tensor, sides, kind, at))
        at += -(-bytes_of(sides, kind) // gguf_file.ALIGNMENT) * gguf_file.ALIGNMENT
    file.write(gguf_file.file(metadata(shape, name), table, b""))
    pools: dict[str, bytes] = {}
    ones: npt.NDArray[np.float32] = np.ones(shape.dim, np.float32)
    for _, sides, kind in every:
        if len(sides) == 1:
            pool = ones.tobytes()
        else:
            pool = pools.get(kind) or pools.setdefault(kind, random_blocks(kind))
        size = bytes_of(sides, kind)
        for done in range(0, size, len(pool)):
            file.write(memoryview(pool)[: size - done])
        file.write(bytes(-size % gguf_file.ALIGNMENT))


def parse(name: str) -> tuple[Shape, str]:
    """Of a model's name. Ends the process where it has no meaning."""
    head, _, types = name.partition(":")
    base, *changes = head.split(",")
    if base not in SHAPES:
        raise SystemExit(f"{name}: no shape {base!r}, there are {', '.join(SHAPES)}")
    if types.lower() not in MIXTURES and types.upper() not in BLOCKS:
        raise SystemExit(f"{name}: no types {types!r}, there are {', '.join([*MIXTURES, *BLOCKS])}")
    try:
        numbers = {key: int(value) for key, _, value in (change.partition("=") for change in changes)}
        return replace(SHAPES[base], **numbers), types
    except (TypeError, ValueError) as error:
        raise SystemExit(f"{name}: {error}") from None


def make(name: str, folder: Path) -> Path:
    """The file of that model, which is written if it is not there. It appears when it is complete."""
    shape, types = parse(name)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name.replace(':', '-').replace(',', '-').replace('=', '')}.gguf"
    if not path.exists():
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as file:
            try:
                write(file, shape, types, name)
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise
    return path


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", metavar="SHAPE:TYPES")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    path = make(options.name, options.folder)
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
