"""FP8 with scales, by NumPy alone: folders' tensors, and what config.json says of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from family_models import Stored

Array = npt.NDArray[Any]


def _values() -> Array:
    """Of each byte that is a number, from the definition: (-1)^s 2^(e - 7) (1 + m/8), and 2^-6 m/8."""
    found = []
    for byte in range(127):
        exponent, fraction = divmod(byte, 8)
        found.append(2.0 ** (exponent - 7) * (1 + fraction / 8) if exponent else 2.0**-6 * fraction / 8)
    return np.array(found, np.float32)


VALUES = _values()  # rising, up to 448


def to_bytes(values: Array) -> Array:
    """The nearest byte of each."""
    at = np.searchsorted((VALUES[1:] + VALUES[:-1]) / 2, np.abs(values)).astype(np.uint8)
    return np.where(values < 0, at | 128, at).astype(np.uint8)


def from_bytes(codes: Array) -> Array:
    return np.where(codes & 128, -1, 1).astype(np.float32) * VALUES[codes & 127]


def spread(scale: Array, shape: tuple[int, ...], block: tuple[int, int] | None) -> Array:
    """The scale of each element."""
    if block is None or scale.size == 1:
        return np.broadcast_to(scale.reshape(-1, 1), shape)
    rows, columns = (np.arange(side) // size for side, size in zip(shape, block, strict=True))
    return np.asarray(scale[rows[:, None], columns[None, :]])


def rounded(values: Array, kind: str) -> Array:
    """As float32 that `kind` holds: of two neighbours the even one."""
    if kind == "F16":
        return values.astype(np.float16).astype(np.float32)
    if kind == "F32":
        return values
    fraction, exponent = np.frexp(values)
    return np.ldexp(np.round(fraction * 256) / 256, exponent).astype(np.float32)


def scale_stored(scale: Array, kind: str) -> tuple[Stored, Array]:
    """And its values in that type."""
    if kind == "F8_E8M0":
        powers = np.round(np.log2(scale)).astype(np.int32)
        return Stored(kind, scale.shape, (powers + 127).astype(np.uint8).tobytes()), np.exp2(powers)
    values = rounded(scale, kind)
    data = (values.view(np.uint32) >> 16).astype("<u2") if kind == "BF16" else values
    if kind == "F16":
        data = values.astype(np.float16)
    return Stored(kind, scale.shape, data.tobytes()), values


def quantized(
    tensors: dict[str, Array],
    *,
    suffix: str,
    shape: str,
    block: tuple[int, int] | None = None,
    scales: str = "F32",
    kind: str = "BF16",
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Every matrix of a layer in FP8 with its scale, and all tensors as they are meant, in `kind`."""
    stored: dict[str, Any] = dict(tensors)
    meant: dict[str, Array] = dict(tensors)
    for name, values in tensors.items():
        if values.ndim != 2 or ".layers." not in name or "gate.weight" in name:
            continue
        rows, columns = values.shape
        sizes = {"tensor": (1,), "channel": (rows, 1), "row": (rows,)}
        if block:
            sizes["block"] = (-(-rows // block[0]), -(-columns // block[1]))
        seed = np.random.default_rng(len(name))
        scale = seed.uniform(0.0009, 0.0025, sizes[shape]).astype(np.float32)
        entry, scale = scale_stored(scale, scales)
        each = spread(scale.astype(np.float32), values.shape, block)
        codes = to_bytes(values / each)
        stored[name] = Stored("F8_E4M3", values.shape, codes.tobytes())
        stored[f"{name}{suffix}"] = entry
        meant[name] = rounded(from_bytes(codes) * each, kind)
    return stored, meant


def group(strategy: str, **more: Any) -> dict[str, Any]:
    weights = {"num_bits": 8, "type": "float", "strategy": strategy, "symmetric": True, "dynamic": False}
    weights |= {"observer": "minmax", "observer_kwargs": {}, "group_size": None, "actorder": None, **more}
    activations = {"num_bits": 8, "type": "float", "strategy": "token", "dynamic": True}
    return {"targets": ["Linear"], "weights": weights, "input_activations": activations}


def compressed(strategy: str, **more: Any) -> dict[str, Any]:
    return {
        "quant_method": "compressed-tensors",
        "format": "float-quantized",
        "config_groups": {"group_0": group(strategy, **more)},
        "ignore": ["lm_head"],
        "kv_cache_scheme": None,
        "quantization_status": "compressed",
        "global_compression_ratio": 1.4,
    }


def fp8(block: list[int] | None, **more: Any) -> dict[str, Any]:
    return {
        "quant_method": "fp8",
        "activation_scheme": "dynamic",
        "fmt": "e4m3",
        "weight_block_size": block,
        "modules_to_not_convert": ["lm_head"],
        **more,
    }
