"""A decoder of the Llama family in NumPy, float64, without a cache: what zcwasm.llm is compared with.

Tensors go by their names in GGUF files, dequantized. Nothing here is shared with the package: the model's
formulas are written out once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Shape:
    """A model's numbers."""

    layers: int
    dim: int
    heads: int
    kv_heads: int
    ff: int
    vocab: int
    head_size: int
    rope_base: float = 10000.0
    epsilon: float = 1e-5
    halves: bool = False  # rotate (x[i], x[i + n/2]) instead of (x[2i], x[2i + 1])


def rms_norm(x: Array, weight: Array, epsilon: float) -> Array:
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + epsilon) * weight


def rotate(x: Array, shape: Shape, factors: Array | None) -> Array:
    """x: (tokens, heads, head_size)."""
    n = shape.head_size
    frequencies = shape.rope_base ** (-np.arange(0, n, 2) / n)
    if factors is not None:
        frequencies = frequencies / factors
    angles = np.outer(np.arange(len(x)), frequencies)[:, None, :]
    first, second = (x[..., : n // 2], x[..., n // 2 :]) if shape.halves else (x[..., ::2], x[..., 1::2])
    turned = (
        first * np.cos(angles) - second * np.sin(angles),
        first * np.sin(angles) + second * np.cos(angles),
    )
    if shape.halves:
        return np.concatenate(turned, axis=-1)
    return np.stack(turned, axis=-1).reshape(x.shape)


def attend(q: Array, k: Array, v: Array) -> Array:
    """Causal; q: (tokens, heads, n), k and v: (tokens, kv_heads, n)."""
    group = q.shape[1] // k.shape[1]
    k, v = np.repeat(k, group, axis=1), np.repeat(v, group, axis=1)
    scores = np.einsum("thn,shn->hts", q, k) / np.sqrt(q.shape[-1])
    scores[:, np.triu(np.ones(scores.shape[1:], bool), 1)] = -np.inf
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return np.einsum("hts,shn->thn", weights, v)


def states(shape: Shape, tensors: Mapping[str, Array], ids: Sequence[int]) -> Array:
    """(tokens, dim): the last layer's, normed."""
    weights = {name: np.asarray(value, np.float64) for name, value in tensors.items()}
    x = weights["token_embd.weight"][np.asarray(ids)]
    count = len(x)

    def linear(x: Array, name: str) -> Array:
        y = x @ weights[f"{name}.weight"].T
        return y + weights[f"{name}.bias"] if f"{name}.bias" in weights else y

    for layer in range(shape.layers):
        at = f"blk.{layer}."
        y = rms_norm(x, weights[at + "attn_norm.weight"], shape.epsilon)
        q = linear(y, at + "attn_q").reshape(count, shape.heads, shape.head_size)
        k = linear(y, at + "attn_k").reshape(count, shape.kv_heads, shape.head_size)
        v = linear(y, at + "attn_v").reshape(count, shape.kv_heads, shape.head_size)
        factors = weights.get("rope_freqs.weight")
        out = attend(rotate(q, shape, factors), rotate(k, shape, factors), v)
        x = x + linear(out.reshape(count, -1), at + "attn_output")
        y = rms_norm(x, weights[at + "ffn_norm.weight"], shape.epsilon)
        gate = linear(y, at + "ffn_gate")
        x = x + linear(gate / (1 + np.exp(-gate)) * linear(y, at + "ffn_up"), at + "ffn_down")
    return rms_norm(x, weights["output_norm.weight"], shape.epsilon)


def logits(shape: Shape, tensors: Mapping[str, Array], ids: Sequence[int]) -> Array:
    """(tokens, vocab)."""
    output = np.asarray(tensors.get("output.weight", tensors["token_embd.weight"]), np.float64)
    return states(shape, tensors, ids) @ output.T
