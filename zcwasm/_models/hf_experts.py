"""The experts of gpt-oss's folders, all of a layer in one tensor each, and how a guest's matrices are made of
them: gate and up, whose rows lie there in turn, and down.

    gate_up_proj_blocks   bytes (experts, rows, blocks, 16): MXFP4, of which a byte has two numbers that
                          follow each other. In GGUF's blocks it has two that are 16 apart
    gate_up_proj_scales   bytes (experts, rows, blocks): the exponent of each block
    gate_up_proj          or, in place of both, plain numbers (experts, columns, rows)
    gate_up_proj_bias     (experts, rows)

and down_proj the same, all of them in mlp.experts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from zcwasm._models.fp8 import floats
from zcwasm._models.making import PLAIN, Array, Making, Shape, check_type
from zcwasm._models.model_file import Entry, model_error

_NAME = re.compile(r"layers\.([0-9]{1,9})\.mlp\.experts\.(gate_up_proj|down_proj)(|_bias|_blocks|_scales)")
# The matrices of each: which rows, of how many in turn.
_MATRICES = {
    "gate_up_proj": {"ffn_gate_exps": (0, 2), "ffn_up_exps": (1, 2)},
    "down_proj": {"ffn_down_exps": (0, 1)},
}
_BLOCK = 32  # numbers that share an exponent
_PACKED = np.dtype([("exponent", "u1"), ("numbers", "V16")])  # as GGUF has it
_LOW = np.uint64(0x0F0F0F0F0F0F0F0F)  # the first number of each byte


@dataclass(frozen=True)
class _Every:
    """Of the rows of each expert every `step`th, from `first` on."""

    first: int = 0
    step: int = 1

    def each(self, source: Entry, rows: int) -> int:
        if rows % self.step:
            raise model_error(
                f"tensor {source.name} is {source.shape}: {rows} are not rows of gate and up in turn",
                source.offset,
            )
        return rows // self.step


@dataclass(frozen=True)
class FourBits(_Every):
    """MXFP4's blocks of bytes and exponents."""

    def result(self, sources: Sequence[Entry]) -> tuple[str, Shape]:
        blocks, scales = sources
        for source in sources:
            check_type(source, ("U8",))
        _check_sides(blocks, 4)
        if blocks.shape[3] != _BLOCK // 2 or scales.shape != blocks.shape[:3]:
            raise model_error(
                f"tensor {blocks.name} is {blocks.shape}, {scales.name} is {scales.shape}: must be "
                f"(experts, rows, blocks, {_BLOCK // 2}) and (experts, rows, blocks)",
                blocks.offset,
            )
        experts, rows, count, _ = blocks.shape
        return "MXFP4", (experts, self.each(blocks, rows), count * _BLOCK)

    def rows(self, sources: Sequence[Array], first: int, last: int) -> Array:
        blocks, scales = (
            source.reshape(-1, *source.shape[2:])[self.first :: self.step][first:last] for source in sources
        )
        # Numbers 0 to 15 of a block are eight bytes, 16 to 31 the next eight. Each pair of these becomes
        # two: the even numbers of both, and the odd ones. By words and in long rows, which NumPy is fast at.
        words = np.ascontiguousarray(blocks).reshape(-1, _BLOCK // 2).view("<u8")
        low, high = words[:, 0], words[:, 1]
        even = low & _LOW | (high & _LOW) << np.uint64(4)
        odd = low >> np.uint64(4) & _LOW | high & ~_LOW
        pairs = np.empty((len(words) * _BLOCK // 4, 2), np.uint8)
        pairs[:, 0] = even.view(np.uint8)
        pairs[:, 1] = odd.view(np.uint8)
        made = np.empty(scales.shape, _PACKED)
        made["exponent"] = scales
        made["numbers"] = pairs.reshape(-1).view("V16").reshape(scales.shape)
        return made.view(np.uint8).reshape(*scales.shape, _PACKED.itemsize)


@dataclass(frozen=True)
class Columns(_Every):
    """Plain numbers: columns of each expert for rows."""

    def result(self, sources: Sequence[Entry]) -> tuple[str, Shape]:
        (source,) = sources
        check_type(source, PLAIN)
        _check_sides(source, 3)
        experts, columns, rows = source.shape
        return source.type, (experts, self.each(source, rows), columns)

    def rows(self, sources: Sequence[Array], first: int, last: int) -> Array:
        matrices = sources[0][:, :, self.first :: self.step].swapaxes(1, 2)
        each, columns = matrices.shape[1:]
        made = np.empty((last - first, columns), matrices.dtype)
        at = first
        while at < last:
            expert, row = divmod(at, each)
            count = min(each - row, last - at)
            made[at - first : at - first + count] = matrices[expert, row : row + count]
            at += count
        return made


@dataclass(frozen=True)
class Biases(_Every):
    """A row for each expert, made in float32."""

    def result(self, sources: Sequence[Entry]) -> tuple[str, Shape]:
        (source,) = sources
        check_type(source, ("F32", "F16", "BF16"))
        _check_sides(source, 2)
        experts, rows = source.shape
        return "F32", (experts, self.each(source, rows))

    def rows(self, sources: Sequence[Array], first: int, last: int) -> Array:
        return floats(sources[0][first:last, self.first :: self.step])


def _check_sides(source: Entry, count: int) -> None:
    if len(source.shape) != count:
        raise model_error(f"tensor {source.name} is {source.shape}, must have {count} sides", source.offset)


@dataclass
class Whole:
    """Those of all layers: each tensor is added, then what is made of pairs is asked for."""

    #: Of blk.N.MATRIX.weight, which of its two tensors is which.
    pairs: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, source: str, short: str) -> list[Making] | None:
        """What is made of this tensor alone. None: it is none of them. short: without a prefix of all names.
        Raises ModelError."""
        found = _NAME.fullmatch(short)
        if not found:
            return None
        layer, tensor, kind = found.groups()
        made = []
        for matrix, (first, step) in _MATRICES[tensor].items():
            name = f"blk.{layer}.{matrix}.{'bias' if kind == '_bias' else 'weight'}"
            if kind in ("_blocks", "_scales"):
                pair = self.pairs.setdefault(name, {})
                if pair.setdefault(kind, source) != source:
                    raise model_error(f"tensor {source} is there under another name, too", None)
            else:
                made.append(Making(name, (source,), (Biases if kind else Columns)(first, step)))
        return made

    def paired(self) -> list[Making]:
        """Raises ModelError for one that lacks the other."""
        made = []
        for name, pair in self.pairs.items():
            for kind, other in (("_blocks", "_scales"), ("_scales", "_blocks")):
                if kind not in pair:
                    missing = pair[other].removesuffix(other) + kind
                    raise model_error(f"tensor {missing} is missing: {pair[other]} is there", None)
            first, step = _MATRICES["down_proj" if "ffn_down" in name else "gate_up_proj"][name.split(".")[2]]
            made.append(Making(name, (pair["_blocks"], pair["_scales"]), FourBits(first, step)))
        return made
