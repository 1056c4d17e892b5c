"""Which files a path stands for, and what they say together: a file, the parts of one, or a folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from zcwasm._models import gguf, gguf_parts, safetensors, shards
from zcwasm._models.model_file import Header, Path, naming, other_file


class Files(Protocol):
    """The files of a model. Their errors name the file."""

    @property
    def paths(self) -> Sequence[Path]: ...

    def read(self, views: Sequence[memoryview]) -> Header:
        """What these files, whose bytes are given, say. Raises ModelError."""


@dataclass(frozen=True)
class One:
    """A GGUF or a safetensors file: its content says which."""

    paths: Sequence[Path]

    def read(self, views: Sequence[memoryview]) -> Header:
        (view,), (path,) = views, self.paths
        with naming(path):
            if view[:4] == gguf.MAGIC:
                header = gguf.read(view)
                gguf_parts.check_alone(header.metadata)
                return header
            if len(view) > 8 and view[8] == ord("{"):
                return safetensors.read(view)
            raise other_file(view, "is neither a GGUF nor a safetensors file")


@dataclass(frozen=True)
class Parts:
    """A GGUF file in parts."""

    paths: Sequence[Path]

    def read(self, views: Sequence[memoryview]) -> Header:
        return gguf_parts.read(views, self.paths)


def find(path: Path) -> Files:
    """What this path stands for. Raises ModelError for a folder or a part that is not whole."""
    if os.path.isdir(path):
        return shards.find(path)
    parts = gguf_parts.find(path)
    return Parts(parts) if parts else One((path,))
