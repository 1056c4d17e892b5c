"""Which of a file's tensors, or rows of one, are which of the guest's: canonical names are GGUF's.

A folder has other names than GGUF, and both may have matrices one behind the other in one tensor (Phi-3's
attn_qkv). A part is as many rows of it, whose bytes lie together, so nothing is copied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """A tensor that the guest sees: rows of one that the file has."""

    name: str  # canonical
    source: str  # in the file
    first: int = 0  # of a vector, its first element
    rows: int | None = None  # of a vector, elements; None: all behind the first
    add: float = 0.0  # to every element of a vector: Gemma's norms are weight + 1


def plan(metadata: Mapping[str, Any], tensors: Mapping[str, Shape]) -> list[Part]:
    """The parts of a folder's tensors, in their order. What nobody reads (inverse frequencies, masks, an
    output's matrix beside a tied embedding) is left out.

    metadata: as hf_config.read gives it. tensors: name in the folder to shape, rows first. All tensors may be
    given, those that kernels cannot use, too. Raises ModelError that names a tensor which is not known, or
    has not the rows that the numbers say. What is missing is found later, by zcwasm.llm._known.
    """
    raise NotImplementedError


def parts_of_gguf(metadata: Mapping[str, Any], tensors: Mapping[str, Shape]) -> list[Part]:
    """The same for a GGUF file: a part for each tensor, or several for a fused one. A file of a family that
    is not known, and a tensor that is not, come back as they are: who opens a model refuses them.

    Raises ModelError for a fused tensor that has not the rows that the numbers say.
    """
    raise NotImplementedError
