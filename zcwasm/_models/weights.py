"""Weights: the tensors of a model file, mapped."""

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from zcwasm import _arguments, _core
from zcwasm._extras import needed_for
from zcwasm._models import digests, gguf, safetensors
from zcwasm._models.model_file import Entry, Header, model_error

# What progress is told: bytes done, bytes in all.
Progress = Callable[[int, int], object]


class Weights(_core._Weights):
    """Read-only tensors in a mapped GGUF or safetensors file; the content says which.

    The file is never read into memory: where a device shares the host's memory, the mapping itself is its
    buffer. To a device with memory of its own the tensors are uploaded, once for all users. `device`: make
    them ready for it now, as load() does. `progress`: called with bytes done and bytes in all, or True for a
    tqdm bar.

    The file must not be cut short while it is open: reading what is gone kills the process (SIGBUS).
    Raises OSError and ModelError, which names the tensor or key and has the file's `offset`.
    """

    format: str
    metadata: Mapping[str, Any]
    #: Tensors that the file has and no kernel can use: name to the reason.
    unusable: Mapping[str, str]

    def __new__(
        cls,
        path: str | os.PathLike[str],
        *,
        device: _core.Device | None = None,
        progress: Progress | bool | None = None,
    ) -> "Weights":
        found: list[Header] = []
        _arguments.path("path", path)

        def tensors(view: memoryview) -> list[Entry]:
            found.append(read_header(view))
            return found[0].tensors

        try:
            self = super().__new__(cls, path, tensors)
        except _core.ModelError as error:
            raise model_error(f"{os.fspath(path)}: {error}", error.offset) from None
        self.format = found[0].format
        self.metadata = found[0].metadata
        self.unusable = found[0].unusable
        if device is not None:
            self.load(device, progress)
        return self

    def __getitem__(self, name: str, /) -> _core.Tensor:
        try:
            return super().__getitem__(name)
        except KeyError:
            why = self.unusable.get(name)
            raise KeyError(f"{name}: {why}" if why else name) from None

    @property
    def sha256(self) -> str:
        """SHA-256 of the file, 64 hexadecimal digits: what a snapshot knows it by.

        The file is read once for that; the cache folder ($ZCWASM_CACHE) remembers it by inode, size and
        times.
        """
        return digests.of(self)

    def load(self, device: _core.Device, progress: Progress | bool | None = None) -> "Weights":
        if progress is True:
            with _Bar(f"weights to {device.name}") as bar:
                return super().load(device, bar.report)
        return super().load(device, progress or None)

    load.__doc__ = _core._Weights.load.__doc__

    def pack(
        self, device: _core.Device, names: Iterable[str], progress: Progress | bool | None = None
    ) -> "Weights":
        if progress is True:
            with _Bar(f"weights packed for {device.name}") as bar:
                return super().pack(device, names, bar.report)
        return super().pack(device, names, progress or None)

    pack.__doc__ = _core._Weights.pack.__doc__


def read_header(view: memoryview) -> Header:
    """The header of a mapped file of either format."""
    if view[:4] == gguf.MAGIC:
        return gguf.read(view)
    if len(view) > 8 and view[8] == ord("{"):
        return safetensors.read(view)
    raise model_error("is neither a GGUF nor a safetensors file", 0)


class _Bar:
    """A tqdm bar that appears when there is something to report."""

    def __init__(self, what: str) -> None:
        with needed_for("progress=True"):
            from tqdm import tqdm

        self.make: Callable[[int], Any] = lambda total: tqdm(
            total=total, unit="B", unit_scale=True, desc=what
        )
        self.bar: Any = None

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def report(self, done: int, total: int) -> None:
        if self.bar is None:
            self.bar = self.make(total)
        self.bar.update(done - self.bar.n)
