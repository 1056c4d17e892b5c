"""Tiny random models of the Llama family as GGUF files, so that tests of the language model need no download.

`write` makes one with the package gguf's writer, tokenizer included: what is read here was not written here.
It gives the tensors as float32, dequantized by that package: what a reference computes with. Blocks of types
for which it has no quantizer are random.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt
from gguf import quants
from model_files import TEMPLATE, letters

from zcwasm._selftest.gguf_file import block_matrices

# A small alphabet, so that merges are common: byte tokens, then these, then special ones.
MERGES = ["Ġ t", "h e", "Ġt he", "i n", "e r", "Ġ a", "o n", "Ġa n", "Ġan d", "l l", "Ġ w", "o r"]
MERGES += ["Ġw or", "l d", "Ġwor ld", "H e", "He ll", "Hell o"]
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


def vocabulary() -> list[str]:
    return [*letters(), *(merge.replace(" ", "") for merge in MERGES), *SPECIAL]


# Of types whose blocks are random: where a block has its float16 scales and minimums, and their size.
SCALES: dict[str, dict[int, float]] = {
    "Q4_K": {0: 2e-4, 2: 1e-3},
    "Q6_K": {208: 5e-5},
    "Q2_K": {80: 1e-2, 82: 1.5e-2},
    "Q3_K": {108: 2e-3},
    "Q5_K": {0: 1e-4, 2: 1e-3},
    "IQ4_NL": {0: 1.4e-3},
    "IQ4_XS": {0: 7e-5},
}


def random_blocks(rng: np.random.Generator, shape: tuple[int, ...], kind: str) -> npt.NDArray[np.uint8]:
    """Random bytes, but for the scales, which are such that values are of the size of weights."""
    block, block_bytes = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[kind]]
    data = rng.integers(0, 256, (*shape[:-1], shape[-1] // block, block_bytes), np.uint8)
    for at, scale in SCALES[kind].items():
        data[..., at : at + 2] = np.array([scale], "<f2").view(np.uint8)
    return data.reshape(*shape[:-1], -1)


def encode(rng: np.random.Generator, values: npt.NDArray[np.float32], kind: str) -> npt.NDArray[Any]:
    """The bytes of a tensor of that type."""
    if kind in SCALES:
        return random_blocks(rng, values.shape, kind)
    return quants.quantize(values, gguf.GGMLQuantizationType[kind])


def decode(data: npt.NDArray[Any], kind: str) -> npt.NDArray[np.float32]:
    return np.asarray(quants.dequantize(data, gguf.GGMLQuantizationType[kind]), np.float32)


def write(
    path: Path,
    *,
    kind: str = "F32",
    embedding_kind: str | None = None,
    tied: bool = True,
    layers: int = 2,
    dim: int = 0,
    heads: int = 4,
    kv_heads: int = 2,
    ff: int = 0,
    context: int = 256,
    rope_base: float = 10000.0,
    rope_factors: npt.ArrayLike | None = None,
    architecture: str = "llama",
    bias: bool = False,
    chat_template: str | None = TEMPLATE,
    seed: int = 0,
) -> dict[str, npt.NDArray[np.float32]]:
    """Write a model whose matrices are of type `kind`, the rest F32; its tensors as float32, by name.

    dim and ff are multiples of the type's block: 64 and 128 if not given, 256 and 512 for blocks of 256.
    """
    kinds = {gguf.GGMLQuantizationType[each] for each in (kind, embedding_kind or kind)}
    large = any(gguf.GGML_QUANT_SIZES[each][0] == 256 for each in kinds)
    dim, ff = dim or (256 if large else 64), ff or (512 if large else 128)
    rng = np.random.default_rng(seed)
    head_size, tokens = dim // heads, vocabulary()
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name("tiny")
    writer.add_context_length(context)
    writer.add_embedding_length(dim)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(ff)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(rope_base)
    writer.add_rope_dimension_count(head_size)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    normal, control = gguf.TokenType.NORMAL, gguf.TokenType.CONTROL
    writer.add_token_types([control if token in SPECIAL else normal for token in tokens])
    writer.add_token_merges(MERGES)
    writer.add_bos_token_id(tokens.index("<|im_start|>"))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_unk_token_id(tokens.index("<|endoftext|>"))
    writer.add_add_bos_token(False)
    writer.add_add_space_prefix(False)
    if chat_template is not None:
        writer.add_chat_template(chat_template)
    result: dict[str, npt.NDArray[np.float32]] = {}

    def put(name: str, shape: tuple[int, ...], kind: str, scale: float, shift: float = 0) -> None:
        values = (rng.standard_normal(shape) * scale + shift).astype(np.float32)
        data = encode(rng, values, kind)
        writer.add_tensor(name, data, raw_dtype=gguf.GGMLQuantizationType[kind])
        result[name] = decode(data, kind)

    put("token_embd.weight", (len(tokens), dim), embedding_kind or kind, 0.5)
    for layer in range(layers):
        block = f"blk.{layer}."
        put(block + "attn_norm.weight", (dim,), "F32", 0.1, 1)
        for name, rows, cols in block_matrices(layer, dim=dim, kv=kv_heads * head_size, ff=ff):
            put(f"{name}.weight", (rows, cols), kind, 1.5 / np.sqrt(cols))
            if bias and name.endswith(("attn_q", "attn_k", "attn_v")):
                put(f"{name}.bias", (rows,), "F32", 0.2)
        put(block + "ffn_norm.weight", (dim,), "F32", 0.1, 1)
    if rope_factors is not None:
        factors = np.asarray(rope_factors, np.float32)
        writer.add_tensor("rope_freqs.weight", factors)
        result["rope_freqs.weight"] = factors
    put("output_norm.weight", (dim,), "F32", 0.1, 1)
    if not tied:
        put("output.weight", (len(tokens), dim), kind, 1 / np.sqrt(dim))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return result
