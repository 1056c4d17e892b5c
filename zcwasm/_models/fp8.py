"""FP8 with scales: what config.json's quantization_config says, and the recipe that makes numbers of it.

quant_method "fp8" (DeepSeek's, Qwen's, Ministral's): NAME.weight in F8_E4M3, NAME.weight_scale_inv with a
scale for each block of weight_block_size, or one. "compressed-tensors" of format float-quantized:
NAME.weight_scale, one, or one for each row or block. Either way a number is its eight bits' value times its
scale, in float32, rounded to the type that config.json says the model has: what transformers computes when
it loads such a folder to compute in that type.

How activations were to be quantized (activation_scheme, input_activations, NAME.input_scale) makes no
difference: they stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from zcwasm._models.making import Array, Making, Recipe, Shape, Taken, check_type
from zcwasm._models.model_file import Entry, model_error

if TYPE_CHECKING:
    from zcwasm._models.hf_config import Keys
    from zcwasm._models.hf_names import Part

Floats = npt.NDArray[np.float32]

_SUFFIXES = {"fp8": "_scale_inv", "compressed-tensors": "_scale"}
# Of activations, beside NAME.weight.
_UNREAD = (".input_scale", ".activation_scale")
_TYPES = {"float32": "F32", "float16": "F16", "bfloat16": "BF16"}
_SCALES = ("F32", "F16", "BF16", "F8_E8M0")
_MOST_GROUPS = 64


@dataclass(frozen=True)
class Scales:
    """What a folder says of its scales, as metadata["zcwasm.fp8"]."""

    suffix: str  # behind the weight's name
    #: What scales may be of: "tensor", "channel" (a row), "block".
    strategies: frozenset[str]
    block: tuple[int, int] | None  # rows and columns
    type: str  # of what is made

    def of(self, entries: Mapping[str, Entry]) -> dict[str, str]:
        """Weight to scale. Raises ModelError for a scale of nothing."""
        found = {}
        for name in entries:
            weight = name.removesuffix(self.suffix)
            if weight == name or not weight.endswith(".weight"):
                continue
            if weight not in entries:
                raise model_error(f"tensor {name} is a scale, and {weight} is missing", entries[name].offset)
            found[weight] = name
        return found

    def beside(self, entries: Mapping[str, Entry]) -> set[str]:
        """Scales, which are no tensors of their own, and what nobody reads."""
        unread = {
            name
            for name in entries
            for end in _UNREAD
            if name.endswith(end) and name.removesuffix(end) + ".weight" in entries
        }
        return unread | set(self.of(entries).values())

    def apply(self, parts: Sequence[Part | Making], entries: Mapping[str, Entry]) -> list[Part | Making]:
        """The parts, of which those with scales are made. Raises ModelError for FP8 without a scale."""
        scales = self.of(entries)
        found: list[Part | Making] = []
        for part in parts:
            sources = part.sources if isinstance(part, Making) else (part.source,)
            for source in sources:
                if entries[source].type.startswith("F8_") and source not in scales:
                    raise model_error(
                        f"tensor {source}{self.suffix} is missing: {source} is {entries[source].type:.20}",
                        entries[source].offset,
                    )
            if not any(source in scales for source in sources):
                found.append(part)
                continue
            for source in sources:
                if source not in scales:
                    raise model_error(
                        f"tensor {source}{self.suffix} is missing: others of {part.name} have one", None
                    )
            pairs = tuple(name for source in sources for name in (source, scales[source]))
            count = part.count if isinstance(part, Making) else 0
            found.append(Making(part.name, pairs, self._recipe(part), count))
        return found

    def _recipe(self, part: Part | Making) -> Recipe:
        taken = (
            part.recipe
            if isinstance(part, Making)
            else Taken(part.first, part.rows, part.groups, transposed=part.transposed)
        )
        if not isinstance(taken, Taken) or taken.groups > 1 or taken.transposed:
            raise model_error(f"tensor {part.name}: FP8 with scales is not supported in this family", None)
        return Dequantized(self.type, taken, self.block, tuple(sorted(self.strategies)))


def read(keys: Keys, dtype: object) -> Scales:
    """keys: quantization_config. dtype: what config.json says that the model is of. Raises ModelError."""
    method = keys.get("quant_method")
    if not isinstance(method, str) or method not in _SUFFIXES:
        raise keys.wrong(
            "quant_method", f": of quantized folders {' and '.join(_SUFFIXES)} are supported; GGUF files are"
        )
    kind = _TYPES.get(dtype, "BF16") if isinstance(dtype, str) else "BF16"
    strategies, block = (_read_fp8 if method == "fp8" else _read_compressed)(keys)
    return Scales(_SUFFIXES[method], strategies, block, kind)


def _read_fp8(keys: Keys) -> tuple[frozenset[str], tuple[int, int] | None]:
    block = _block(keys, "weight_block_size", (128, 128))
    keys.check(
        # Which are FP8, their types say.
        {"activation_scheme", "dequantize", "ignored_layers", "modules_to_convert", "modules_to_not_convert"},
        {"expert_dtype": ("fp8",), "fmt": ("e4m3",), "scale_fmt": ("float", "ue8m0")},
    )
    return frozenset(("block",) if block else ("tensor",)), block


def _read_compressed(keys: Keys) -> tuple[frozenset[str], tuple[int, int] | None]:
    if keys.get("format") != "float-quantized":
        raise keys.wrong("format", ", supported: float-quantized")
    groups, blocks = keys.inner("config_groups"), set()
    if groups is None or not 1 <= len(groups.values) <= _MOST_GROUPS:
        raise keys.wrong("config_groups", f", must have 1 to {_MOST_GROUPS} groups")
    strategies = set()
    for name in groups.values:
        group = groups.inner(name)
        weights = group.inner("weights") if group else None
        if group is None or weights is None:
            raise groups.wrong(name, ", must have weights")
        strategy = weights.get("strategy")
        if strategy not in ("tensor", "channel", "block"):
            raise weights.wrong("strategy", ", supported: tensor, channel, block")
        strategies.add(strategy)
        if (block := _block(weights, "block_structure", None)) and strategy == "block":
            blocks.add(block)
        weights.check(
            {"observer", "observer_kwargs"},
            {"num_bits": (8,), "type": ("float",), "symmetric": (True,), "dynamic": (False,)}
            | {"actorder": (False,), "scale_dtype": ("torch.float32", "torch.bfloat16", "torch.float16")},
        )
        group.check({"input_activations", "targets"}, {"format": ("float-quantized",)})
    if len(blocks) > 1 or ("block" in strategies and not blocks):
        raise keys.wrong("config_groups", ", must have one block_structure where the strategy is block")
    keys.check(
        {"ignore", "global_compression_ratio", "version"},
        {
            "quantization_status": ("compressed", "frozen"),
            "sparsity_config": ({},),
            "transform_config": ({},),
        },
    )
    return frozenset(strategies), blocks.pop() if blocks else None


def _block(keys: Keys, key: str, default: tuple[int, int] | None) -> tuple[int, int] | None:
    """Rows and columns; None for a null."""
    value = keys.get(key, default)
    if value is None:
        return None
    if not (
        isinstance(value, (list, tuple))
        and len(value) == 2
        and all(type(side) is int and 0 < side < 1 << 32 for side in value)
    ):
        raise keys.wrong(key, ", must be two numbers from 1")
    return value[0], value[1]


@dataclass(frozen=True)
class Dequantized:
    """Rows of FP8 (rows, columns), times their scales: one (1), one for each row (rows) or (rows, 1), or one
    for each block (blocks of rows, blocks of columns)."""

    type: str
    taken: Taken
    block: tuple[int, int] | None
    strategies: tuple[str, ...]

    def result(self, sources: Sequence[Entry]) -> tuple[str, Shape]:
        weight, scale = sources
        check_type(weight, ("F8_E4M3",))
        check_type(scale, _SCALES)
        _, shape = self.taken.result([weight])
        allowed = self._shapes(weight.shape)
        if scale.shape not in allowed:
            raise model_error(
                f"tensor {scale.name} is {scale.shape}, must be {' or '.join(map(str, allowed))} for "
                f"{weight.name} {weight.shape}",
                scale.offset,
            )
        return self.type, shape

    def _shapes(self, weight: Shape) -> list[Shape]:
        rows, columns = weight
        found: list[Shape] = []
        if "tensor" in self.strategies:
            found += [(1,), (1, 1)]
        if "channel" in self.strategies:
            found += [(rows, 1), (rows,)]
        if "block" in self.strategies and self.block:
            found.append((-(-rows // self.block[0]), -(-columns // self.block[1])))
        return found

    def rows(self, sources: Sequence[Array], first: int, last: int) -> Array:
        weight, scale = sources
        values: Floats = _E4M3[self.taken.rows([weight], first, last)]
        factors = self._factors(scale, weight.shape, self.taken.first + first, self.taken.first + last)
        with np.errstate(all="ignore"):  # of what is no number, or too large for one: it stays that
            values *= factors
            return _rounded(values, self.type)

    def _factors(self, scale: Array, weight: Shape, first: int, last: int) -> Floats:
        """Of the elements of these rows of the weight. There may be as many scales as elements: no others are
        looked at."""
        rows, columns = weight
        if scale.size == 1:
            return floats(scale.reshape(1, 1))
        if scale.size == rows and (scale.ndim == 1 or scale.shape[1] == 1):
            return floats(scale.reshape(rows, 1)[first:last])
        assert self.block is not None
        height, width = self.block
        top = first // height
        blocks = floats(scale[top : (last - 1) // height + 1])
        each = np.repeat(blocks, min(width, columns), axis=1)[:, :columns]
        return each[np.arange(first, last) // height - top]


def _table() -> Floats:
    """Of each byte: sign, 4 bits of an exponent of bias 7, 3 of a fraction; all ones are no number."""
    bits = np.arange(256)
    exponent, fraction = bits >> 3 & 15, (bits & 7) / 8
    sizes = np.where(exponent == 0, fraction * 2.0**-6, (1 + fraction) * 2.0 ** (exponent - 7.0))
    sizes[bits & 127 == 127] = np.nan
    return np.where(bits & 128, -sizes, sizes).astype(np.float32)


_E4M3 = _table()


def floats(scale: Array) -> Floats:
    """Elements as recipes get them, in float32; of one byte they are powers of two of bias 127."""
    if scale.dtype == np.uint16:
        bits = scale.astype(np.uint32) << np.uint32(16)
        return bits.view(np.float32)  # type: ignore[no-any-return]
    if scale.dtype == np.uint8:
        powers = np.ldexp(np.float32(1), scale.astype(np.int32) - 127)
        return np.where(scale == 255, np.nan, powers).astype(np.float32)
    return scale.astype(np.float32)


def _rounded(values: Floats, kind: str) -> Array:
    if kind == "F16":
        return np.asarray(values, np.float16)
    if kind == "F32":
        return values
    bits: npt.NDArray[np.uint32] = values.view(np.uint32)
    bits[np.isnan(values)] = 0x7FC00000  # which rounding up leaves alone
    bits += (bits >> np.uint32(16) & np.uint32(1)) + np.uint32(0x7FFF)  # to even
    return np.asarray(bits >> np.uint32(16), np.uint16)
