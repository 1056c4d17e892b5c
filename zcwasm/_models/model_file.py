"""What the readers of model files (gguf.py, safetensors.py) give, and how they fail.

A reader gets the whole mapped file as a memoryview and looks at its header only. Every number in it may be
hostile: each is checked before it is used, and none makes a reader loop or allocate beyond fixed limits.
Whether a tensor's bytes lie in the file is checked once for all formats, by zc_weights_add.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NamedTuple

from zcwasm._core import ModelError

MAX_TENSORS = 1 << 18
_POINTER = b"version https://git-lfs"  # how what a clone without Git LFS has for a large file begins

Path = str | os.PathLike[str]


class Entry(NamedTuple):
    """A tensor, as _core._Weights takes it."""

    name: str
    type: str
    shape: tuple[int, ...]  # elements of a row last
    offset: int  # in its file
    file: int = 0  # which of the files; their number, and more, for what is made


class MadeFile(NamedTuple):
    """Bytes that are made at opening, and count as one more file."""

    size: int
    #: Writes them where zeros are, and tells how many more are written.
    fill: Callable[[memoryview, Callable[[int], object]], object]
    #: Of matrices: what makes them of which bytes of the files, for digests. None: vectors.
    recipes: str | None = None


@dataclass(frozen=True)
class Header:
    """What a file, or all files of a model, say about themselves."""

    format: str
    metadata: Mapping[str, Any]
    tensors: list[Entry]
    # Tensors that are there and cannot be used by kernels: name to the reason.
    unusable: dict[str, str] = field(default_factory=dict)
    # And where they lie, of types that kernels may know and others, for who makes something of them.
    others: dict[str, Entry] = field(default_factory=dict)
    # What is made, in which entries of numbers behind the last file's lie.
    made: Sequence[MadeFile] = ()


def model_error(message: str, offset: int | None) -> ModelError:
    """To be raised: what is wrong, and the byte of the file."""
    error = ModelError(message)
    error.offset = offset
    return error


def open_plain(path: Path) -> BinaryIO:
    """A plain file of a folder. A pipe, which a folder may hold as well, would be waited for without end.
    Raises ModelError, without the path, and OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise model_error("is not a plain file", None)
    return os.fdopen(descriptor, "rb")


def other_file(view: memoryview, what: str) -> ModelError:
    """To be raised for a file that is not what was looked for: what it is said to be no file of."""
    if bytes(view[: len(_POINTER)]) == _POINTER:
        what = "is a Git LFS pointer, not the file that it stands for: `git lfs pull` gets that"
    return model_error(what, 0)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """What is wrong in there is wrong with this file."""
    try:
        yield
    except ModelError as error:
        raise model_error(f"{os.fspath(path)}: {error}", error.offset) from None


def join(headers: Iterable[Header], paths: Sequence[Path], metadata: Mapping[str, Any]) -> Header:
    """The tensors of several files, each of which has its own names. Raises ModelError that names both."""
    tensors: list[Entry] = []
    unusable: dict[str, str] = {}
    others: dict[str, Entry] = {}
    places: dict[str, int] = {}
    kind = ""
    for number, (header, path) in enumerate(zip(headers, paths, strict=True)):
        kind = header.format
        for entry in (*header.tensors, *header.others.values()):
            first = places.setdefault(entry.name, number)
            if first != number:
                raise model_error(
                    f"{os.fspath(path)}: tensor {entry.name!r:.100} is there twice, also in "
                    f"{os.path.basename(paths[first])}",
                    entry.offset,
                )
        if len(places) > MAX_TENSORS:
            raise model_error(f"{os.fspath(path)}: more than {MAX_TENSORS} tensors in all files", None)
        tensors += [entry._replace(file=number) for entry in header.tensors]
        unusable.update(header.unusable)
        others.update({name: entry._replace(file=number) for name, entry in header.others.items()})
    return Header(kind, metadata, tensors, unusable, others)
