"""What a guest is granted of WASI preview 1: the arguments of zcwasm.Wasi, made into what the core takes."""

from __future__ import annotations

import codecs
import collections
import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, Literal, TypeAlias, cast

from zcwasm import _core

if TYPE_CHECKING:
    from typing_extensions import Buffer, Self

Path: TypeAlias = str | os.PathLike[str]
Output: TypeAlias = Literal["inherit"] | int | IO[bytes] | IO[str] | Callable[[bytes], object] | None
Input: TypeAlias = "Literal['inherit'] | int | IO[bytes] | Buffer | Callable[[int], Buffer] | None"
Stream: TypeAlias = int | Callable[..., Any] | tuple[int | None, Callable[..., Any]] | None


class Wasi(_core._Wasi):
    """Wasi(*, args=(), env=None, stdin=None, stdout=None, stderr=None, dirs=None, writable_dirs=None)

    Grants for guests that import WASI preview 1: Instance(module, wasi=Wasi(...)). Nothing is granted that
    is not named here: without arguments a guest has clocks, random numbers, an empty environment, and
    streams that read nothing and drop what is written.

    args: the program's arguments; the first one is its name. env: its environment, such as os.environ.

    stdin, stdout, stderr: "inherit" for the stream of this process; a file descriptor; an open file or pipe,
        which guest and Python then use in turn, each where the other stopped; an object with write (read for
        stdin) such as io.BytesIO or gzip.GzipFile; a callable that takes bytes (for stdin: takes the most to
        give, and returns bytes, none at the end). stdin may be the bytes themselves. None: nothing. Of files,
        those that Python reads or writes as they are (also as UTF-8 text) are used by their descriptor;
        whatever transforms bytes, or is of a class of its own, by its methods.

    dirs: {name in the guest: directory of the host}, which the guest may read; writable_dirs: the same, and
        it may change them. Paths never lead out of them. Names are absolute as a rule: {"/data": "data"}.

    Directories and descriptors are opened here and stay open as long as the object or an instance made with
    it. Several instances may share it; each has descriptors of its own.

    It can be pickled where its streams are None, "inherit", bytes or callables that can: the other process
    opens the same paths, and "inherit" are its own streams.
    """

    __slots__ = ("__weakref__", "_given")

    if TYPE_CHECKING:
        _given: dict[str, Any]  # the arguments, for pickles

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
        self = super().__new__(
            cls,
            args=tuple(encoded(f"args[{place}]", text) for place, text in enumerate(args)),
            env=tuple(variable(name, value) for name, value in items("env", env)),
            streams=(source(stdin), sink("stdout", 1, stdout), sink("stderr", 2, stderr)),
            dirs=tuple((guest_name(name), os.fsencode(path), write) for name, path, write in grants),
        )
        self._given = {"args": tuple(args), "env": None if env is None else dict(env)}
        self._given |= {"stdin": stdin, "stdout": stdout, "stderr": stderr}
        for which, given in (("dirs", dirs), ("writable_dirs", writable_dirs)):
            self._given[which] = {name: os.path.abspath(path) for name, path in items(which, given)}
        return self

    def __reduce__(self) -> tuple[Callable[[dict[str, Any]], Wasi], tuple[dict[str, Any]]]:
        for name in ("stdin", "stdout", "stderr"):
            stream = self._given[name]
            if not (stream is None or isinstance(stream, str | bytes) or callable(stream)):
                raise TypeError(
                    f"cannot pickle a Wasi whose {name} is {type(stream).__name__}, which is this process's"
                )
        return _remade, (self._given,)


def _remade(given: dict[str, Any]) -> Wasi:
    """What a pickle of a Wasi calls."""
    return Wasi(**given)


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


Buffered: TypeAlias = io.BufferedReader | io.BufferedWriter | io.BufferedRandom
BUFFERED = (io.BufferedReader, io.BufferedWriter, io.BufferedRandom)
FLUSHED = (*BUFFERED, io.BufferedRWPair)  # whose bytes others wait for
EXACT = ("utf-8", "ascii", "iso8859-1")  # encodings whose characters give back the bytes that they were


class Shared:
    """A descriptor that Python reads or writes through buffers of its own, kept in step with a guest.

    The core calls it before it reads (with the most bytes to give: what Python has read ahead), before it
    writes (with no bytes: Python writes what it holds back, -1 says that it cannot yet), and with None after
    it used the descriptor.
    """

    def __init__(self, text: io.TextIOWrapper | None, buffered: Buffered | None, raw: io.FileIO) -> None:
        self.text = text
        self.buffered = buffered
        self.raw = raw
        self.ahead = b""

    def __call__(self, what: int | bytes | None) -> bytes | int | None:
        if self.raw.closed:  # in Python, which then has no more to do with it
            return None if what is None else 0 if isinstance(what, bytes) else b""
        if what is None:
            if self.buffered is not None and self.seekable():
                self.buffered.tell()  # asks the system where it is, which a later seek relies on
            return None
        if isinstance(what, bytes):
            return self.flush()
        if not self.ahead:
            self.ahead = self.rewind() if self.seekable() else self.take(what)
        given, self.ahead = self.ahead[:what], self.ahead[what:]
        return given

    def flush(self) -> int:
        """-1 when the descriptor takes nothing just now."""
        try:
            (self.text or self.buffered or self.raw).flush()
        except BlockingIOError:
            if (
                self.text is not None
            ):  # which has given its letters away, and does not say how many were taken
                raise
            return -1
        return 0

    def seekable(self) -> bool:
        """Now: Python's own answer is of when it was opened; the descriptor may be another file's since."""
        try:
            os.lseek(self.raw.fileno(), 0, os.SEEK_CUR)
        except OSError:
            return False
        return True

    def rewind(self) -> bytes:
        """Put the file back to where Python's reader is, with nothing read ahead."""
        if self.text is not None:
            try:
                position = self.text.tell() & (2**64 - 1)  # above: the decoder's state, none in UTF-8
            except OSError:
                raise ValueError(
                    "stdin is a text file in the middle of an iteration, which does not say where it is: "
                    "read lines with readline(), or give its .buffer"
                ) from None
            if position != self.raw.tell():
                check_encoding(self.text)
                self.text.seek(0, io.SEEK_END)
                self.text.seek(position)
        elif self.buffered is not None:
            position = self.buffered.tell()
            if position != self.raw.tell():
                self.buffered.seek(0, io.SEEK_END)  # unlike other seeks, one to the end drops the buffer
                self.buffered.seek(position)
        return b""

    def take(self, size: int) -> bytes:
        """What was read ahead from a pipe or a terminal, which cannot be put back: no more than is asked for,
        but for the rest of a character."""
        taken = b""
        # While the buffer's source has nothing to give, reading gives what is there and does not wait.
        self.raw.readinto = collections.deque(maxlen=0).append  # type: ignore[method-assign,assignment]
        try:
            if self.text is not None:
                taken = self.take_text(self.text, size)
            elif isinstance(self.buffered, io.BufferedReader | io.BufferedRandom):
                taken = self.buffered.read1(size)
        finally:
            del self.raw.readinto
        return taken

    def take_text(self, text: io.TextIOWrapper, size: int) -> bytes:
        taken = b""
        try:
            while len(taken) < size and (character := text.read(1)):
                check_encoding(text)
                taken += character.encode(text.encoding, "surrogateescape")
        except UnicodeDecodeError as error:
            # The decoder keeps the first bytes of a character until it has the others. The guest gets those
            # bytes; the decoder gets others, and what it makes of them is dropped.
            half = error.object[error.start :]
            taken += half

            def complete(into: memoryview) -> int:
                rest = rest_of_character(half)
                into[: len(rest)] = rest
                return len(rest)

            self.raw.readinto = complete  # type: ignore[method-assign,assignment]
            text.read(1)
        if b"\n" in taken and text.newlines not in (None, "\n"):
            raise ValueError("stdin is a text stream that changes line ends: give its .buffer")
        if taken and text.errors not in ("strict", "surrogateescape"):
            raise ValueError(
                f"stdin is a text stream with errors={text.errors!r}, which changes bytes: give its .buffer"
            )
        return taken


def check_encoding(text: io.TextIOWrapper) -> None:
    if codecs.lookup(text.encoding).name not in EXACT:
        raise ValueError(
            f"stdin is a text stream in {text.encoding}, from which Python has read: give its .buffer"
        )


def rest_of_character(first: bytes) -> bytes:
    """What makes the first bytes of a character in UTF-8 whole."""
    size = 2 + (first[0] >= 0xE0) + (first[0] >= 0xF0)
    second = {0xE0: b"\xa0", 0xF0: b"\x90"}.get(first[0], b"\x80")  # after those two, 0x80 is not allowed
    return (first + second + b"\x80\x80")[len(first) : size]


def plain(stream: Any, any_encoding: bool = False) -> Shared | None:
    """The stream as its layers, when it is a file that Python reads or writes directly; None for what
    transforms bytes, has no descriptor, or is of a class that may do either."""
    if type(stream) is tempfile._TemporaryFileWrapper:
        stream = stream.file
    text = buffered = None
    if type(stream) is io.TextIOWrapper and (any_encoding or codecs.lookup(stream.encoding).name == "utf-8"):
        text, stream = stream, stream.buffer
    if type(stream) in BUFFERED:
        buffered, stream = stream, stream.raw
    return Shared(text, buffered, stream) if type(stream) is io.FileIO else None


def shared(stream: Any) -> Stream:
    """For a plain stream its descriptor, with what keeps Python's buffers in step if it has some."""
    layers = plain(stream)
    if layers is None:
        return None
    number = layers.raw.fileno()
    return number if layers.buffered is None and layers.text is None else (number, layers)


def inherited(name: str, number: int) -> Stream:
    """A stream of the process: by its descriptor, in step with the one that Python has for it, whose encoding
    changes nothing of what the guest reads and writes."""
    layers = plain(getattr(sys, name, None), any_encoding=True)
    if layers is None or layers.raw.closed or layers.raw.fileno() != number:
        return number
    return number, layers


def check(name: str, stream: Any) -> None:
    """What is the same for input and output."""
    if isinstance(stream, bool):
        raise TypeError(f"{name} is {stream!r}, must be a descriptor or a stream")
    if isinstance(stream, str) and stream != "inherit":
        hint = ", text must be bytes" if name == "stdin" else ""
        raise TypeError(f"{name} is {stream!r}; a string can only be 'inherit'{hint}")
    if getattr(stream, "closed", False) is True:
        raise ValueError(f"{name} is a closed file: {stream!r}")


def sink(name: str, number: int, stream: Any) -> Stream:
    check(name, stream)
    if stream is None or isinstance(stream, int):
        return cast(Stream, stream)
    if isinstance(stream, str):
        return inherited(name, number)
    write = getattr(stream, "write", None)
    if write is None:
        if callable(stream):
            return cast(Stream, stream)
        raise TypeError(f"{name} is {stream!r}, which cannot be written")
    found = shared(stream)
    if found is not None:
        return found
    if isinstance(stream, io.TextIOBase):
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode

        def write_text(data: bytes) -> None:
            write(decode(data))
            if isinstance(stream, io.TextIOWrapper):
                stream.flush()

        return write_text
    if not isinstance(stream, (io.RawIOBase, *FLUSHED)):
        return cast(Stream, write)  # whatever it returns

    def write_some(data: bytes) -> int:
        """How many bytes it took; -1 when it takes none now."""
        try:
            taken = write(data)
        except BlockingIOError as error:
            taken = error.characters_written
        if isinstance(stream, FLUSHED):
            with contextlib.suppress(BlockingIOError):  # the buffer keeps them
                stream.flush()
        return taken or -1

    return None, write_some


def source(stream: Any) -> Stream:
    check("stdin", stream)
    if stream is None or isinstance(stream, int):
        return cast(Stream, stream)
    if isinstance(stream, str):
        return inherited("stdin", 0)
    found = shared(stream)
    if found is not None:
        return found
    if isinstance(stream, io.TextIOBase):
        raise TypeError("stdin is a text stream, and not one of a file in UTF-8: give one of bytes")
    if isinstance(stream, FLUSHED) and stream.readable():

        def read_some(size: int) -> bytes | None:
            """read1 gives nothing at the end and also for now, which read tells apart."""
            return stream.read1(size) or stream.read(1)

        return None, read_some
    if hasattr(stream, "read"):
        # As much as there is, like read(2), where a stream can say so; None is nothing yet.
        return None, getattr(stream, "read1", stream.read)
    if callable(stream):
        return cast(Stream, stream)
    return io.BytesIO(memoryview(stream)).read
