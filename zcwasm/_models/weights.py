"""Weights: the tensors of a model's files, mapped."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from zcwasm import _arguments, _core
from zcwasm._extras import needed_for
from zcwasm._models import digests, weights_files
from zcwasm._models.model_file import Entry, Header, MadeFile, model_error

# What progress is told: bytes done, bytes in all.
Progress = Callable[[int, int], object]
_LEAST_STEP = 32 << 20  # bytes between two reports, as of uploads


class Weights(_core._Weights):
    """Read-only tensors in mapped GGUF or safetensors files; the content says which.

    path: a file; any part of a GGUF model in parts (NAME-00001-of-00003.gguf), which stands for all of them;
    or a folder with model.safetensors, or with several such files and their index.

    Files are never read into memory: where a device shares the host's memory, the mapping itself is its
    buffer. To a device with memory of its own the tensors are uploaded, once for all users. `device`: make
    them ready for it now, as load() does. `progress`: called with bytes done and bytes in all, or True for a
    tqdm bar.

    The files must not be cut short while they are open: reading what is gone kills the process (SIGBUS).
    Raises OSError and ModelError, which names the file, the tensor or key, and has the file's `offset`.
    """

    format: str
    metadata: Mapping[str, Any]
    #: Tensors that the files have and no kernel can use: name to the reason.
    unusable: Mapping[str, str]
    #: Of each file that was made: what digests know it by, or None for its bytes.
    _recipes: tuple[str | None, ...]

    def __new__(
        cls,
        path: str | os.PathLike[str],
        *,
        device: _core.Device | None = None,
        progress: Progress | bool | None = None,
    ) -> "Weights":
        return cls._open(path, weights_files.find(_arguments.path("path", path)), device, progress)

    @classmethod
    def _open(
        cls,
        path: str | os.PathLike[str],
        files: weights_files.Files,
        device: _core.Device | None = None,
        progress: Progress | bool | None = None,
    ) -> "Weights":
        """path: what these files are called together."""
        found: list[Header] = []
        told = None if progress is True else progress or None
        at: str | None = os.fspath(path)  # the file that an error is about; None: it says so itself

        def paths() -> Iterator[str | os.PathLike[str]]:
            nonlocal at
            for file in files.paths:
                at = os.fspath(file)
                yield file

        def tensors(
            views: tuple[memoryview, ...],
        ) -> tuple[Iterator[Entry], Iterator[tuple[int, bool, Callable[[memoryview], object]]]]:
            nonlocal at
            at = None
            found.append(files.read(views))
            return entries(), _made(found[0].made, bar.report if bar else told)

        def entries() -> Iterator[Entry]:
            nonlocal at
            for entry in found[0].tensors:
                at = os.fspath(files.paths[entry.file] if entry.file < len(files.paths) else path)
                yield entry

        try:
            with _Bar("matrices made") if progress is True else nullcontext() as bar:
                self = super().__new__(cls, path, tensors, paths())
        except _core.ModelError as error:
            if at is None:
                raise
            raise model_error(f"{at}: {error}", error.offset) from None
        self.format = found[0].format
        self.metadata = found[0].metadata
        self.unusable = found[0].unusable
        self._recipes = tuple(made.recipes for made in found[0].made)
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

        Of several files, and where something was made at opening, it is that of a text, which digests.py
        describes. Each file is read once for that; the cache folder ($ZCWASM_CACHE) remembers it by inode,
        size and times.
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


def _made(
    files: Sequence[MadeFile], progress: Progress | None
) -> Iterator[tuple[int, bool, Callable[[memoryview], object]]]:
    """As _core._Weights takes them. What is reported are matrices: vectors are few."""
    total = sum(file.size for file in files if file.recipes is not None)
    done = told = 0

    def report(count: int) -> None:
        nonlocal done, told
        done += count
        if progress is not None and (done - told >= _LEAST_STEP or done == total > told):
            told = done
            progress(done, total)

    def filling(file: MadeFile) -> Callable[[memoryview], object]:
        return lambda out: file.fill(out, report)

    for file in files:
        yield file.size, file.recipes is None, filling(file)


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
