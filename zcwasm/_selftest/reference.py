"""What the language models' kernels compute, in NumPy and float64: the references of the selftest and of the
contract tests.

Weights are bytes in the layouts of GGUF files. `random_weights` makes blocks with random bits and sane
scales, `dequantize` says what they mean.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from zcwasm._core import _weight_types
from zcwasm.guests import layouts

Array = npt.NDArray[Any]

# Flags of linear, types of what is written to a cache.
ADD, BIAS, NORM = layouts.ZC_LINEAR_ADD, layouts.ZC_LINEAR_BIAS, layouts.ZC_LINEAR_NORM
SWIGLU, GELU, EXACT = layouts.ZC_LINEAR_SWIGLU, layouts.ZC_LINEAR_GELU, layouts.ZC_LINEAR_EXACT
SWIGLU_CLAMPED = layouts.ZC_LINEAR_SWIGLU_CLAMPED
GELU_TANH = layouts.ZC_LINEAR_GELU_TANH
F32, F16, Q8_0 = layouts.ZC_CACHE_F32, layouts.ZC_CACHE_F16, layouts.ZC_CACHE_Q8_0

# Name: (zc_weight_type, elements of a block, bytes of a block)
WEIGHT_TYPES = {name: (number, block, size) for number, (name, block, size, _) in enumerate(_weight_types)}


def halves(data: Array) -> Array:
    """The float16 numbers in rows of bytes, as float32."""
    return np.ascontiguousarray(data).view(np.float16).astype(np.float32)


def nibbles(q: Array) -> Array:
    """Rows of bytes: low nibbles, then high nibbles."""
    return np.concatenate([q & 15, q >> 4], axis=-1)


def bits_of(data: Array, width: int) -> Array:
    """Rows of bytes, (..., n), in parts of `width` bits, lowest first: (..., 8 / width, n)."""
    shifts = np.array(range(0, 8, width), np.uint8)[:, None]
    return np.asarray(data[..., None, :] >> shifts & np.uint8((1 << width) - 1))


# What the numbers of four bits of IQ4_NL and IQ4_XS stand for; those of MXFP4, float4 (E2M1).
IQ4_VALUES = np.array([-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113], np.float32)
E2M1_VALUES = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], np.float32)


def six_bit_scales(s: Array) -> tuple[Array, Array]:
    """Scales and minimums of Q4_K and Q5_K: (blocks, 12) bytes to (blocks, 8) each."""
    scale = np.concatenate([s[:, :4] & 63, (s[:, 8:] & 15) | (s[:, :4] >> 6 << 4)], axis=1)
    least = np.concatenate([s[:, 4:8] & 63, (s[:, 8:] >> 4) | (s[:, 4:8] >> 6 << 4)], axis=1)
    return scale, least


def float8_e4m3(data: Array) -> Array:
    """Bytes of a sign, four bits of exponent (bias 7) and three of fraction, where all ones are NaN."""
    exponent, fraction = (data >> 3 & 15).astype(np.int32), (data & 7).astype(np.float32)
    size = np.where(
        exponent > 0, np.ldexp(1 + fraction / 8, exponent - 7), np.ldexp(fraction / 8, np.int32(-6))
    )
    size[(data & 0x7F) == 0x7F] = np.nan
    return np.where(data >> 7, -size, size).astype(np.float32)


def scaled_in_parts(scale: Array, q: Array, least: Array | None = None) -> Array:
    """Of blocks of 256: (blocks, parts) numbers, each for as many elements of q: scale * q - least."""
    count, parts = scale.shape
    values = scale[:, :, None] * q.reshape(count, parts, 256 // parts).astype(np.float32)
    return np.asarray((values if least is None else values - least[:, :, None]).reshape(count, 256))


def dequantize_others(name: str, blocks: Array) -> Array:
    """dequantize_blocks of the types that came later."""
    count = len(blocks)
    if name in ("Q5_0", "Q5_1"):
        at = 2 if name == "Q5_0" else 4
        high = bits_of(blocks[:, at : at + 4, None], 1).reshape(count, 32)
        q = nibbles(blocks[:, at + 4 :]).astype(np.float32) + 16 * high
        d = halves(blocks[:, :2])
        return np.asarray(d * (q - 16) if name == "Q5_0" else d * q + halves(blocks[:, 2:4]))
    if name == "Q2_K":
        d, m = halves(blocks[:, 80:82]), halves(blocks[:, 82:])
        scale, least = blocks[:, :16] & 15, blocks[:, :16] >> 4
        return scaled_in_parts(d * scale, bits_of(blocks[:, 16:80].reshape(count, 2, 32), 2), m * least)
    if name == "Q3_K":
        s = blocks[:, 96:108]
        low = bits_of(blocks[:, 32:96].reshape(count, 2, 32), 2).reshape(count, 256)
        high = bits_of(blocks[:, :32], 1).reshape(count, 256)
        scale = nibbles(s[:, :8]) | bits_of(s[:, 8:], 2).reshape(count, 16) << 4
        q = (low | high << 2).astype(np.float32) - 4
        return scaled_in_parts(halves(blocks[:, 108:]) * (scale.astype(np.float32) - 32), q)
    if name == "Q5_K":
        scale, least = six_bit_scales(blocks[:, 4:16])
        low = nibbles(blocks[:, 48:].reshape(count, 4, 32)).reshape(count, 256)
        q = low | bits_of(blocks[:, 16:48], 1).reshape(count, 256) << 4
        return scaled_in_parts(halves(blocks[:, :2]) * scale, q, halves(blocks[:, 2:4]) * least)
    if name == "IQ4_NL":
        return halves(blocks[:, :2]) * IQ4_VALUES[nibbles(blocks[:, 2:])]
    if name == "IQ4_XS":
        low = bits_of(blocks[:, 4:8, None], 4).reshape(count, 8)
        high = bits_of(blocks[:, 2:4, None], 2).reshape(count, 8)
        scale = (low | high << 4).astype(np.float32) - 32
        q = IQ4_VALUES[nibbles(blocks[:, 8:].reshape(count, 8, 16))]
        return scaled_in_parts(halves(blocks[:, :2]) * scale, q)
    if name == "MXFP4":
        half = blocks.reshape(-1, 17)
        # As GGUF has it: 255 is 2^128, which no float32 is, not NaN.
        with np.errstate(over="ignore"):
            values = np.ldexp(2 * E2M1_VALUES[nibbles(half[:, 1:])], half[:, :1].astype(np.int32) - 128)
        return values.astype(np.float32).reshape(count, 64)
    assert name == "F8_E4M3", f"the reference cannot unpack {name}"
    return float8_e4m3(blocks)


def dequantize_blocks(name: str, blocks: Array) -> Array:
    """(blocks, bytes) to (blocks, elements), float32."""
    count = len(blocks)
    if name == "F32":
        return np.ascontiguousarray(blocks).view(np.float32)
    if name == "F16":
        return halves(blocks)
    if name == "BF16":
        return (np.ascontiguousarray(blocks).view(np.uint16).astype(np.uint32) << 16).view(np.float32)
    if name == "Q8_0":
        return halves(blocks[:, :2]) * blocks[:, 2:].view(np.int8).astype(np.float32)
    if name == "Q4_0":
        return halves(blocks[:, :2]) * (nibbles(blocks[:, 2:]).astype(np.float32) - 8)
    if name == "Q4_1":
        return halves(blocks[:, :2]) * nibbles(blocks[:, 4:]).astype(np.float32) + halves(blocks[:, 2:4])
    if name == "Q4_K":
        scale, least = six_bit_scales(blocks[:, 4:16])
        q = nibbles(blocks[:, 16:].reshape(count, 4, 32)).reshape(count, 8, 32).astype(np.float32)
        d, m = halves(blocks[:, :2]), halves(blocks[:, 2:4])
        return np.asarray(((d * scale)[:, :, None] * q - (m * least)[:, :, None]).reshape(count, 256))
    if name != "Q6_K":
        return dequantize_others(name, blocks)
    low = blocks[:, :128].reshape(count, 2, 1, 64) >> np.array([0, 4], np.uint8).reshape(1, 1, 2, 1) & 15
    high = (
        blocks[:, 128:192].reshape(count, 2, 1, 32) >> np.array([0, 2, 4, 6], np.uint8).reshape(1, 1, 4, 1)
        & 3
    )
    q = (low.reshape(count, 256) | high.reshape(count, 256) << 4).astype(np.float32) - 32
    scale = halves(blocks[:, 208:]) * blocks[:, 192:208].view(np.int8).astype(np.float32)
    return (scale[:, :, None] * q.reshape(count, 16, 16)).reshape(count, 256)


def dequantize(name: str, data: Array) -> Array:
    """Rows of bytes, (n, bytes), to (n, k) float32."""
    _, block, size = WEIGHT_TYPES[name]
    n, length = data.shape
    return dequantize_blocks(name, data.reshape(-1, size)).reshape(n, length // size * block)


def random_weights(name: str, n: int, k: int, rng: np.random.Generator) -> Array:
    """(n, bytes of a row) uint8: every bit random, but the scales such that elements are about 1 in size."""
    _, block, size = WEIGHT_TYPES[name]
    count = n * (k // block)
    if name in ("F32", "F16", "BF16"):
        values = rng.standard_normal(count).astype(np.float32)
        if name == "F16":
            values = values.astype(np.float16)
        if name == "BF16":
            values = (values.view(np.uint32) >> 16).astype(np.uint16)
        return values.view(np.uint8).reshape(n, k * size)
    blocks = rng.integers(0, 256, (count, size), np.uint8)

    def put(at: int, largest: float, signed: bool = True) -> None:
        scales = rng.uniform(-largest if signed else 0, largest, count).astype(np.float16)
        blocks[:, at : at + 2] = scales.view(np.uint8).reshape(count, 2)

    if name == "F8_E4M3":
        # No larger than 2, and no NaN.
        return np.where(blocks & 0x7F > 0x40, blocks & 0xBF, blocks).reshape(n, k // block * size)
    if name == "MXFP4":
        blocks[:, (0, 17)] = rng.integers(124, 127, (count, 2), np.uint8)
    elif name in ("Q8_0", "IQ4_NL"):
        put(0, 1 / 64)
    elif name == "Q4_0":
        put(0, 1 / 4)
    elif name == "Q5_0":
        put(0, 1 / 8)
    elif name == "Q5_1":
        put(0, 1 / 16)
        put(2, 1.0)
    elif name == "Q2_K":
        put(80, 1 / 16)
        put(82, 1 / 16)
    elif name == "Q3_K":
        put(108, 1 / 64)
    elif name == "Q5_K":
        put(0, 1 / 1024)
        put(2, 1 / 64)
    elif name == "IQ4_XS":
        put(0, 1 / 2048)
    elif name == "Q4_1":
        put(0, 1 / 8)
        put(2, 1.0)
    elif name == "Q4_K":
        put(0, 1 / 512)
        put(2, 1 / 64)
    else:
        assert name == "Q6_K", f"the reference does not know where {name} has its scales"
        put(208, 1 / 2048)
    return blocks.reshape(n, k // block * size)


def cache_row_bytes(kind: int, ld: int) -> int:
    """Of a row of a key-value cache."""
    return ld + ld // 16 if kind == Q8_0 else ld * (2 if kind == F16 else 4)


def to_cache(kind: int, x: Array, ld: int) -> Array:
    """Rows of a cache: (rows, bytes). What is behind the columns is random."""
    rows, cols = x.shape
    data = np.random.default_rng(1).integers(0, 256, (rows, cache_row_bytes(kind, ld)), np.uint8)
    if kind != Q8_0:
        values = np.ascontiguousarray(x, np.float16 if kind == F16 else np.float32)
        data[:, : values.nbytes // max(rows, 1)] = values.view(np.uint8).reshape(rows, -1)
        return data
    blocks = np.asarray(x, np.float32).reshape(rows, cols // 32, 32)
    scales = (np.abs(blocks).max(-1) / np.float32(127)).astype(np.float16)
    with np.errstate(divide="ignore", invalid="ignore"):
        numbers = np.rint(blocks / scales[..., None].astype(np.float32))
    numbers = np.where(scales[..., None] > 0, np.clip(numbers, -127, 127), 0).astype(np.int8)
    data[:, :cols] = numbers.reshape(rows, cols).view(np.uint8)
    data[:, ld : ld + cols // 16] = scales.view(np.uint8).reshape(rows, -1)
    return data


def from_cache(kind: int, data: Array, cols: int, ld: int) -> Array:
    """The elements of rows of a cache, as float32."""
    rows = len(data)
    if kind != Q8_0:
        values = np.ascontiguousarray(data[:, : cache_row_bytes(kind, cols)])
        return values.view(np.float16 if kind == F16 else np.float32).astype(np.float32)
    numbers = np.ascontiguousarray(data[:, :cols]).view(np.int8).reshape(rows, cols // 32, 32)
    scales = halves(data[:, ld : ld + cols // 16])
    return np.asarray(numbers * scales[..., None], np.float32).reshape(rows, cols)


def cache_error(kind: int, x: Array) -> Array:
    """How far an element of a cache may be from what was put there, if that is 2^-14 in size at least."""
    if kind != Q8_0:
        return np.abs(x) * (2.0**-11 if kind == F16 else 0.0)
    rows, cols = x.shape
    most = np.abs(x).reshape(rows, cols // 32, 32).max(-1)
    return np.asarray(np.repeat(most * 0.51 / 127, 32, axis=-1).reshape(rows, cols))


def silu(x: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.asarray(x / (1 + np.exp(-x)))


def gelu(x: Array, tanh: bool = False) -> Array:
    x = np.asarray(x, np.float64)
    if tanh:
        return np.asarray(0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))))
    return np.asarray(0.5 * x * (1 + np.vectorize(math.erf, otypes=[np.float64])(x / math.sqrt(2))))


def rms_norm(x: Array, weight: Array, eps: float) -> Array:
    x = np.asarray(x, np.float64)
    return np.asarray(x / np.sqrt((x**2).mean(-1, keepdims=True) + eps) * weight)


def layer_norm(x: Array, weight: Array, bias: Array, eps: float) -> Array:
    x = np.asarray(x, np.float64)
    centred = x - x.mean(-1, keepdims=True)
    return np.asarray(centred / np.sqrt((centred**2).mean(-1, keepdims=True) + eps) * weight + bias)


def rope(x: Array, angles: Array, rotated: int, halves_layout: bool) -> Array:
    """x (rows, heads, head_size), angles (rows, rotated / 2, 2) of cos and sin."""
    out = np.array(x, np.float64)
    half = rotated // 2
    first = slice(0, half) if halves_layout else slice(0, rotated, 2)
    second = slice(half, rotated) if halves_layout else slice(1, rotated, 2)
    a, b = out[..., first].copy(), out[..., second].copy()
    cos, sin = angles[:, None, :, 0].astype(np.float64), angles[:, None, :, 1].astype(np.float64)
    out[..., first] = a * cos - b * sin
    out[..., second] = a * sin + b * cos
    return out


def swiglu_clamped(x: Array) -> Array:
    """x (rows, 2k), gate then up: as ZC_LINEAR_SWIGLU_CLAMPED makes it, (rows, k)."""
    gate, up = np.split(np.asarray(x, np.float64), 2, axis=1)
    gate, up = np.minimum(gate, 7), np.clip(up, -7, 7)
    return np.asarray(silu(1.702 * gate) / 1.702 * (up + 1))


def softcap(x: Array, cap: float) -> Array:
    return np.asarray(cap * np.tanh(np.asarray(x, np.float64) / cap))


def attention(
    q: Array,
    k: Array,
    v: Array,
    spans: Array,
    scale: float,
    window: int = 0,
    cap: float = 0.0,
    sinks: Array | None = None,
) -> tuple[Array, Array]:
    """q (rows, heads, size), k and v (capacity, kv_heads, size), sinks (heads): the result, and a bound for
    its error in float32 divided by 2^-23. `window` and `cap` as in zc_attention_params."""
    rows, heads, size = q.shape
    capacity, kv_heads = k.shape[:2]
    q, k, v = (np.asarray(a, np.float64) for a in (q, k, v))
    out, bound = np.zeros(q.shape), np.zeros(q.shape)
    for r in range(rows):
        end = min(int(spans[r][1]), capacity)
        keys = slice(max(int(spans[r][0]), end - window if window else 0), end)
        if keys.start >= keys.stop:
            continue
        for h in range(heads):
            kv = h * kv_heads // heads
            scores = scale * (k[keys, kv] @ q[r, h])
            size_of_scores = abs(scale) * (np.abs(k[keys, kv]) @ np.abs(q[r, h])) + cap
            scores = softcap(scores, cap) if cap else scores
            sink = -np.inf if sinks is None else float(sinks[h])
            top = max(float(scores.max()), sink)
            weights = np.exp(scores - top)
            weights /= weights.sum() + (np.exp(sink - top) if sink > -np.inf else 0)
            out[r, h] = weights @ v[keys, kv]
            uncertain = (size + 8) * size_of_scores.max() + 64
            uncertain += 4 * abs(sink) if np.isfinite(sink) else 0  # the product with log2(e) of GPUs
            bound[r, h] = (weights * uncertain) @ np.abs(v[keys, kv]) + uncertain * np.abs(out[r, h])
    return out, bound


def order(row: Array) -> Array:
    """Indices, largest first, the lower index first among equals, NaNs before everything."""
    keys = np.where(np.isnan(row), np.inf, row)
    return np.lexsort((np.arange(len(row)), -keys, ~np.isnan(row)))


def route(x: Array, used: int, mode: int, scale: float) -> tuple[Array, Array]:
    """The experts of each row and what they count, as zc_route_params says."""
    ids = np.stack([order(row)[:used] for row in x])
    x = np.asarray(x, np.float64)
    if mode >= layouts.ZC_ROUTE_SIGMOID:
        weights, divides = 1 / (1 + np.exp(-x)), mode == layouts.ZC_ROUTE_NORMED_SIGMOID
    else:
        weights, divides = np.exp(x - x.max(1, keepdims=True)), mode == layouts.ZC_ROUTE_CHOSEN
        weights /= weights.sum(1, keepdims=True)
    chosen = np.take_along_axis(weights, ids, 1)
    return ids, scale * (chosen / chosen.sum(1, keepdims=True) if divides else chosen)


def draw(values: Array, ids: Array, u: int, every: bool, top_k: int, top_p: float, min_p: float) -> int:
    """The id that the kernel draw gives for a row: exactly, in multiples of 2^-54."""
    if not values[0] > 0:
        return 2**32 - 2
    one, count, ends = 2**54, len(values), every
    units = [min(int(float(value) * one), one) if value > 0 else 0 for value in np.minimum(values, 2)]
    total = one
    if 0 < top_k <= count:
        count, ends = top_k, True
        total = sum(units[:count])
    # Of a number below 1, which is a fraction of a power of two.
    above, below = float(np.float32(top_p)).as_integer_ratio()
    goal = -(-above * total // below) if above < below else 2 * 256 * one
    with np.errstate(invalid="ignore"):
        least = np.float32(min_p) * values[0]
    kept = 0
    for i in range(count):
        if i and values[i] < least:
            count, ends = i, True
            break
        kept += units[i]
        if kept >= goal:
            count, ends = i + 1, True
            break
    point = u * (kept if ends else total) >> 53
    for i in range(count):
        point -= units[i]
        if point < 0:
            return int(ids[i])
    return int(ids[0]) if ends else 2**32 - 1


def pool(x: Array, spans: Array, normalize: bool) -> Array:
    out = np.zeros((len(spans), x.shape[1]))
    for s, (start, end) in enumerate(spans):
        part = x[int(start) : min(int(end), len(x))].astype(np.float64)
        if int(start) < int(end) and len(part):
            out[s] = part.mean(0)
            if normalize and out[s].any():
                out[s] /= np.sqrt((out[s] ** 2).sum())
    return out
