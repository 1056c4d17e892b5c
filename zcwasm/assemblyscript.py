"""Helpers for guests that were written in AssemblyScript: what they import, strings and arrays.

Of asc 0.20 and later. What is made in the guest, by new_string() or Instance.new(), needs a module that was
compiled with --exportRuntime; what is read needs it for arrays only.

    guest = zcwasm.Instance(module, imports=zcwasm.assemblyscript.imports())
    name = zcwasm.assemblyscript.new_string(guest, "world")
    print(zcwasm.assemblyscript.string(guest, guest.exports.greet(name)))

The guest's garbage collector runs when the guest allocates, and takes what the guest does not refer to: read
what a function returned before the next call. What Python made is pinned until the last view of it is gone.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ._core import Error
from ._imports import pass_instance
from ._memory import managed

if TYPE_CHECKING:
    from ._core import Instance

__all__ = ["Abort", "array", "imports", "new_string", "string"]

_ARRAY_BUFFER, _STRING = 1, 2  # classes that every module has
_HEADER = 8  # class and size, before every object
# Flags of a class, as __rtti_base lists them.
_VIEW, _ARRAY, _STATIC = 1, 2, 4
_ALIGN_0, _SIGNED, _FLOAT = 1 << 6, 1 << 11, 1 << 12


class Abort(Error):
    """The guest called abort: an error that it threw, a failed assertion, a check of its runtime.

    message, file: texts of the guest; line, column: where in the file.
    """

    def __init__(self, message: str, file: str, line: int, column: int) -> None:
        super().__init__(message, file, line, column)
        self.message = message
        self.file = file
        self.line = line
        self.column = column

    def __str__(self) -> str:
        return f"{self.message or 'abort'} in {self.file}:{self.line}:{self.column}"


def imports(
    *, write: Callable[[str], object] | None = None, seed: float | None = None
) -> dict[str, dict[str, Callable[..., Any]]]:
    """What asc's modules import from `env`: abort, trace, seed, console.* and clocks.

    write: gets each line of trace and console.*; without it they go to Python's logger 'zcwasm.guest'.
    seed: what Math.random begins with, for runs that are alike; without it each instance has its own.
    abort raises Abort. Functions of your own go beside them: {"env": {**imports()["env"], "mine": f}}.
    """
    logger = logging.getLogger("zcwasm.guest")

    def to(level: int) -> Callable[..., None]:
        def say(guest: Instance, text: int) -> None:
            line = _text(guest, text)
            if write:
                write(line)
            else:
                logger.log(level, "%s", line)

        return pass_instance(say)

    @pass_instance
    def abort(guest: Instance, message: int, file: int, line: int, column: int) -> None:
        raise Abort(_text(guest, message), _text(guest, file), line & 0xFFFFFFFF, column & 0xFFFFFFFF)

    @pass_instance
    def trace(guest: Instance, message: int, count: int, *numbers: float) -> None:
        words = [_text(guest, message), *(f"{number:g}" for number in numbers[: max(count, 0)])]
        line = " ".join(words)
        if write:
            write(line)
        else:
            logger.info("trace: %s", line)

    def begin() -> float:
        return random.SystemRandom().uniform(0, 2**53) if seed is None else seed

    levels = {
        "debug": logging.DEBUG,
        "log": logging.INFO,
        "info": logging.INFO,
        "warn": logging.WARNING,
        "error": logging.ERROR,
    }
    return {
        "env": {
            "abort": abort,
            "trace": trace,
            "seed": begin,
            **{f"console.{name}": to(level) for name, level in levels.items()},
            "Date.now": lambda: time.time() * 1000,
            "performance.now": lambda: time.perf_counter() * 1000,
        }
    }


def _object(guest: Instance, ptr: int) -> tuple[int, int, int]:
    """Address, class and size of an object, as its header says; the caller's accesses check the size."""
    ptr &= 0xFFFFFFFF
    if ptr < _HEADER:
        raise ValueError("ptr is null" if ptr == 0 else f"{ptr} is no object's address")
    of_class, size = guest.memory.array(ptr - _HEADER, 2, "<u4").tolist()
    return ptr, of_class, size


def _text(guest: Instance, ptr: int) -> str:
    """For messages: what is no string must not hide them."""
    try:
        return string(guest, ptr).encode("utf-16", "surrogatepass").decode("utf-16", "replace") if ptr else ""
    except (ValueError, IndexError):
        return "(no string)"


def string(guest: Instance, ptr: int) -> str:
    """The text of a String of the guest, a copy, which is counted as memory_read.

    ptr: as the guest gave it. ValueError where there is no String. Halves of surrogate pairs stay halves.
    """
    ptr, of_class, size = _object(guest, ptr)
    if of_class != _STRING:
        raise ValueError(f"at {ptr} is an object of class {of_class}, no String ({_STRING})")
    return guest.memory.read(ptr, size // 2 * 2).decode("utf-16-le", "surrogatepass")


def new_string(guest: Instance, text: str) -> npt.NDArray[np.uint16]:
    """A new String of the guest: its code units, which an export takes as the String.

    It is pinned until the last view of it is gone, as with Instance.new; the copy is counted as memory_write.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a str, not {type(text).__name__}")
    units = text.encode("utf-16-le", "surrogatepass")
    block = managed(guest, len(units), _STRING)
    made: npt.NDArray[np.uint16] = np.ndarray(len(units) // 2, "<u2", block)  # type: ignore[arg-type]
    guest.memory.write(guest.memory.pointer(made), units)
    return made


def array(guest: Instance, ptr: int, dtype: npt.DTypeLike | None = None) -> npt.NDArray[Any]:
    """A view of the elements of a typed array, an Array, a StaticArray or an ArrayBuffer of the guest.

    ptr: as the guest gave it. dtype: of the elements; without it, what the guest's class says (uint8 for an
    ArrayBuffer, and pointers, uint32, where they are objects). The guest may move the elements of an Array
    when it grows, and take back what it does not refer to. ValueError where there is no such object, or its
    elements are of another size.
    """
    ptr, of_class, size = _object(guest, ptr)
    flags = 0 if of_class == _ARRAY_BUFFER else _flags(guest, of_class)
    if of_class == _ARRAY_BUFFER:
        at, count, own = ptr, size, np.dtype("u1")
    else:
        if not flags & (_VIEW | _ARRAY | _STATIC):
            raise ValueError(f"at {ptr} is an object of class {of_class}, no array")
        own = _element(flags)
        at, count = ptr, size
        if not flags & _STATIC:
            # Its buffer, where the elements begin, their bytes; an Array may have room for more than it has.
            _, at, count = guest.memory.array(ptr, 3, "<u4").tolist()
            if flags & _ARRAY:
                count = int(guest.memory.array(ptr + 12, 1, "<u4")[0]) * own.itemsize
    wanted = own if dtype is None else np.dtype(dtype)
    if of_class != _ARRAY_BUFFER and wanted.itemsize != own.itemsize:
        raise ValueError(f"at {ptr} is an array of {own.itemsize} bytes each, {wanted} has {wanted.itemsize}")
    return guest.memory.array(at, count // max(wanted.itemsize, 1), wanted)


def _flags(guest: Instance, of_class: int) -> int:
    """What the guest's runtime says of a class."""
    exports = guest.exports
    if "__rtti_base" not in exports:
        raise Error("the module does not say what its classes are: asc --exportRuntime")
    base = exports["__rtti_base"].value & 0xFFFFFFFF
    count = int(guest.memory.array(base, 1, "<u4")[0])
    if of_class >= count:
        raise ValueError(f"there is no class {of_class}, the guest has {count}")
    return int(guest.memory.array(base + 4 + 4 * of_class, 1, "<u4")[0])


def _element(flags: int) -> np.dtype[Any]:
    """The type of a class's elements."""
    for power in range(4):
        if flags & _ALIGN_0 << power:
            kind = "f" if flags & _FLOAT else "i" if flags & _SIGNED else "u"
            return np.dtype(f"<{kind}{1 << power}")
    raise ValueError(f"a class with flags {flags:#x} has no elements of 1 to 8 bytes")
