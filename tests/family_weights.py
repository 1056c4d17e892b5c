"""Weights of tiny models of every family, made from a seed for each tensor's name: what
references/make_families.py gives to transformers, and family_models.py writes to files.

They are multiples of powers of two with at most 8 significant bits, so that F32, F16 and BF16 hold the very
same numbers; those of gpt-oss's experts are such that MXFP4 does, too. Only NumPy's bit generator takes part,
whose streams do not change between versions; this module needs neither torch nor zcwasm.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

PROMPT_LENGTH = 48
GREEDY_LENGTH = 32
# Positions of the prompt and of what follows it whose logits are kept.
ROWS = (4, 20, 47, 55, 63, 71, 78)


def prompt(vocab: int) -> list[int]:
    """The ids that every family reads first."""
    return [(7 * n * n + 3 * n + 11) % vocab for n in range(PROMPT_LENGTH)]


def _raw(seed: str, count: int) -> npt.NDArray[np.uint64]:
    generator = np.random.PCG64(int.from_bytes(hashlib.sha256(seed.encode()).digest()[:16], "little"))
    return generator.random_raw(count)


def _uniform(seed: str, shape: Sequence[int], deviation: float) -> Array:
    """Multiples of a power of two, evenly spread, whose standard deviation is about `deviation`."""
    raw = _raw(seed, math.prod(shape))
    largest = deviation * math.sqrt(3)
    step = 2.0 ** (math.floor(math.log2(largest)) - 7)
    most = round(largest / step)  # 128 to 256
    return ((raw % np.uint64(2 * most + 1)).astype(np.int64) - most).reshape(tuple(shape)).astype(
        np.float32
    ) * np.float32(step)


def _four_bits(seed: str, shape: Sequence[int], exponent: int) -> Array:
    """(matrices, columns, rows): what four bits of a float say, times a power of two that 32 columns share,
    from exponent - 1 to exponent + 1. The standard deviation is about 3 * 2**exponent."""
    matrices, columns, rows = shape
    raw = _raw(seed, math.prod(shape)).reshape(matrices, rows, columns // 32, 32)
    magnitudes = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6], np.float32)[(raw % np.uint64(8)).astype(np.int64)]
    signs = np.where(raw >> np.uint64(32) & np.uint64(1), np.float32(-1), np.float32(1))
    scales = np.exp2((raw[..., :1] >> np.uint64(40)) % np.uint64(3) + np.float64(exponent - 1))
    values = (magnitudes * signs * scales.astype(np.float32)).reshape(matrices, rows, columns)
    return np.ascontiguousarray(values.swapaxes(1, 2))


def _norm(seed: str, shape: Sequence[int], factor: float, offset: float) -> Array:
    """From 5/8 to 11/8 in steps of 1/128, times a power of two, less an offset: 8 bits hold all of it."""
    eighths = _uniform(seed, shape, 3 / 8 / math.sqrt(3))
    return (np.round(eighths * 128) / 128 + 1).astype(np.float32) * np.float32(factor) - np.float32(offset)


@dataclass(frozen=True)
class Kind:
    """What of a config.json says how large weights should be."""

    tied: bool  # the output is the embedding
    norm_offset: float  # what the model adds to the weights of its norms

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Kind:
        gemma = config["model_type"].startswith("gemma")
        return cls(bool(config.get("tie_word_embeddings")), 1.0 if gemma else 0.0)


def weights(family: str, config: Mapping[str, Any], shapes: Mapping[str, Sequence[int]]) -> dict[str, Array]:
    """Every tensor of a checkpoint, by the names and shapes of it. Logits spread by 2 to 3."""
    kind = Kind.of(config)
    normed = any("post_feedforward_layernorm" in name for name in shapes)
    return {
        name: _weight(f"{family}/{name}", name, shape, kind, normed=normed) for name, shape in shapes.items()
    }


def _weight(seed: str, name: str, shape: Sequence[int], kind: Kind, *, normed: bool) -> Array:
    # With a tied output, an embedding that is large beside what layers add makes the model say the last id
    # again and again.
    gain = (16.0 if normed else 4.0) if kind.tied else 1.0
    if name.endswith(("gate_up_proj", "down_proj")):  # gpt-oss's; some of what the first gives is clamped
        return _four_bits(seed, shape, -3 if name.endswith("gate_up_proj") else -6)
    if name.endswith(("_proj_bias", ".sinks")):
        return _uniform(seed, shape, 1.0)
    if len(shape) == 1:
        if name.endswith(".bias"):
            return _uniform(seed, shape, 0.2)
        post = normed and name.endswith(
            ("post_attention_layernorm.weight", "post_feedforward_layernorm.weight")
        )
        return _norm(seed, shape, gain if post else 1.0, kind.norm_offset)
    if name.endswith(("embed_tokens.weight", "wte.weight", "embed_in.weight")):
        return _uniform(seed, shape, 2.5 / math.sqrt(shape[1]) if kind.tied else 1.0)
    if name.endswith("wpe.weight"):
        return _uniform(seed, shape, 0.5)
    if name.endswith(("lm_head.weight", "embed_out.weight")):
        return _uniform(seed, shape, 2.5 / math.sqrt(shape[1]))
    # GPT-2's are columns by rows, where the others are rows by columns.
    columns = shape[0] if ".h." in name else shape[1]
    last = name.endswith(("o_proj.weight", "down_proj.weight", "c_proj.weight"))
    return _uniform(seed, shape, 1.5 * (gain if last and not normed else 1.0) / math.sqrt(columns))
