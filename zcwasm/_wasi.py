"""What a guest is granted of WASI preview 1: the arguments of zcwasm.Wasi, made into what the core takes."""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, Literal, TypeAlias, cast

from zcwasm import _core

if TYPE_CHECKING:
    from typing_extensions import Buffer, Self

Path: TypeAlias = str | os.PathLike[str]
Output: TypeAlias = Literal["inherit"] | int | IO[bytes] | IO[str] | Callable[[bytes], object] | None
Input: TypeAlias = "Literal['inherit'] | int | IO[bytes] | Buffer | Callable[[int], Buffer] | None"
Stream: TypeAlias = int | Callable[..., Any] | None


class Wasi(_core._Wasi):
    """Wasi(*, args=(), env=None, stdin=None, stdout=None, stderr=None, dirs=None, writable_dirs=None)

    Grants for guests that import WASI preview 1: Instance(module, wasi=Wasi(...)). Nothing is granted that
    is not named here: without arguments a guest has clocks, random numbers, an empty environment, and
    streams that read nothing and drop what is written.

    args: the program's arguments; the first one is its name. env: its environment, such as os.environ.

    stdin, stdout, stderr: "inherit" for the stream of this process; a file descriptor, or an object with one
        (an open file, subprocess pipes), which the guest then uses directly; an object with write (read for
        stdin) such as io.BytesIO; a callable that takes bytes (for stdin: takes the most to give, and returns
        bytes, none at the end). stdin may be the bytes themselves. None: nothing.

    dirs: {name in the guest: directory of the host}, which the guest may read; writable_dirs: the same, and
        it may change them. Paths never lead out of them. Names are absolute as a rule: {"/data": "data"}.

    Directories and descriptors are opened here and stay open as long as the object or an instance made with
    it. Several instances may share it; each has descriptors of its own.
    """

    __slots__ = ("__weakref__",)

    def __new__(
        cls,
        *,
        args: Sequence[str | bytes] = (),
        env: Mapping[str, str] | None = None,
        stdin: Input = None,
        stdout: Output = None,
        stderr: Output = None,
        dirs: Mapping[str, Path] | None = None,
        writable_dirs: Mapping[str, Path] | None = None,
    ) -> Self:
        if isinstance(args, str | bytes):
            raise TypeError(f"args is {args!r}, must be a sequence of strings")
        grants = [(*grant, False) for grant in items("dirs", dirs)]
        grants += [(*grant, True) for grant in items("writable_dirs", writable_dirs)]
        return super().__new__(
            cls,
            args=tuple(encoded(f"args[{place}]", text) for place, text in enumerate(args)),
            env=tuple(variable(name, value) for name, value in items("env", env)),
            streams=(source(stdin), sink("stdout", 1, stdout), sink("stderr", 2, stderr)),
            dirs=tuple((guest_name(name), os.fsencode(path), write) for name, path, write in grants),
        )


def items(argument: str, mapping: Mapping[str, Any] | None) -> Iterable[tuple[str, Any]]:
    if mapping is None:
        return ()
    if not isinstance(mapping, Mapping):
        raise TypeError(f"{argument} must be a mapping, not {type(mapping).__name__}")
    return mapping.items()


def encoded(name: str, text: str | bytes) -> bytes:
    if not isinstance(text, str | bytes):
        raise TypeError(f"{name} must be a str, not {type(text).__name__}")
    return os.fsencode(text)


def variable(name: str, value: str) -> bytes:
    encoded_name = encoded("the name of a variable in env", name)
    if not name or "=" in name:
        raise ValueError(f"{name!r} cannot name an environment variable")
    return encoded_name + b"=" + encoded(f"env[{name!r}]", value)


def guest_name(name: str) -> bytes:
    if not name:
        raise ValueError("a directory's name in the guest is empty; use '/' or '.'")
    return os.fsencode(name)


def descriptor(stream: Any) -> int | None:
    """Of an open file; None when there is none behind it, as in io.BytesIO or a notebook's sys.stdout."""
    try:
        return int(stream.fileno())
    except (AttributeError, OSError):  # io.UnsupportedOperation is an OSError
        return None


def sink(name: str, inherited: int, stream: Any) -> Stream:
    if stream is None or isinstance(stream, int):
        return cast(Stream, stream)
    if isinstance(stream, str):
        if stream == "inherit":
            return inherited
        raise TypeError(f"{name} is {stream!r}; a string can only be 'inherit'")
    write = getattr(stream, "write", None)
    if write is None:
        if callable(stream):
            return cast(Stream, stream)
        raise TypeError(f"{name} is {stream!r}, which cannot be written")
    number = descriptor(stream)
    if number is not None:
        if hasattr(stream, "flush"):
            stream.flush()  # what the host wrote comes before what the guest writes
        return number
    if isinstance(stream, io.TextIOBase):
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        return lambda data: write(decode(data))
    return cast(Stream, write)


def source(stream: Any) -> Stream:
    if stream is None or isinstance(stream, int):
        return cast(Stream, stream)
    if isinstance(stream, str):
        if stream == "inherit":
            return 0
        raise TypeError(f"stdin is {stream!r}; a string can only be 'inherit', text must be bytes")
    if isinstance(stream, io.TextIOBase) and descriptor(stream) is None:
        raise TypeError("stdin is a text stream without a file descriptor: give one of bytes")
    if hasattr(stream, "read"):
        number = descriptor(stream)
        return cast(Stream, stream.read if number is None else number)
    if callable(stream):
        return cast(Stream, stream)
    return io.BytesIO(memoryview(stream)).read
