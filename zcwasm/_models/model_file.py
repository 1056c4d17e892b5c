"""What the readers of model files (gguf.py, safetensors.py) give, and how they fail.

A reader gets the whole mapped file as a memoryview and looks at its header only. Every number in it may be
hostile: each is checked before it is used, and none makes a reader loop or allocate beyond fixed limits.
Whether a tensor's bytes lie in the file is checked once for all formats, by zc_weights_add.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from zcwasm._core import ModelError

MAX_TENSORS = 1 << 18

# Name, type, shape (elements of a row last), offset in the file.
Entry = tuple[str, str, tuple[int, ...], int]


@dataclass(frozen=True)
class Header:
    """What a file says about itself."""

    format: str
    metadata: Mapping[str, Any]
    tensors: list[Entry]
    # Tensors that are there and cannot be used by kernels: name to the reason.
    unusable: dict[str, str] = field(default_factory=dict)


def model_error(message: str, offset: int | None) -> ModelError:
    """To be raised: what is wrong, and the byte of the file."""
    error = ModelError(message)
    error.offset = offset
    return error
