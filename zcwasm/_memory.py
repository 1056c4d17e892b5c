"""A guest's own allocator, behind Instance.new, new_string, free and allocator; what csrc/py/py_heap.c keeps.

Which exports are an allocator is said here, in one table. A block is asked for by calling them, and what they
answer is checked once, in _Heap.block. Blocks go back in py_heap.c, which also says when.

Threads: as of an Instance.
"""

from __future__ import annotations

import math
import operator
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ._core import Error, _Block

if TYPE_CHECKING:
    from ._core import Instance, Module, _Heap

_ALIGNMENT = 16  # of every array: what devices and vector units like best
_MOST = 2**32 - 1  # an i32 says no more
_ARRAY_BUFFER = 1  # its class in AssemblyScript


class Kind(NamedTuple):
    """An allocator by its exports. Roles of parameters: s size, a alignment, p pointer, 0 zero, c class."""

    name: str
    allocate: tuple[str, str]  # export, roles; gives the pointer
    free: tuple[str, str] | None
    keep: str = ""  # an export that takes the new pointer first, so that a garbage collector leaves it

    def describe(self) -> str:
        names = (self.allocate[0], self.keep, self.free[0] if self.free else "")
        return " and ".join(name for name in names if name)


# The first that fits. What takes nothing back comes last.
KINDS = (
    Kind("malloc", ("malloc", "s"), ("free", "p")),
    Kind("malloc", ("_malloc", "s"), ("_free", "p")),
    Kind("wbindgen", ("__wbindgen_malloc", "sa"), ("__wbindgen_free", "psa")),
    Kind("wbindgen", ("__wbindgen_malloc", "s"), ("__wbindgen_free", "ps")),
    Kind("assemblyscript", ("__new", "sc"), ("__unpin", "p"), keep="__pin"),
    Kind("alloc", ("alloc", "sa"), ("dealloc", "psa")),
    Kind("alloc", ("alloc", "s"), ("dealloc", "ps")),
    Kind("alloc", ("allocate", "sa"), ("deallocate", "psa")),
    Kind("alloc", ("allocate", "s"), ("deallocate", "ps")),
    Kind("cabi_realloc", ("cabi_realloc", "00as"), None),
)


class _Allocator:
    """A module's."""

    __slots__ = ("kind", "spacious")

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        # Whether more is asked for than is needed, since it has given what is not aligned.
        self.spacious = False


_found: weakref.WeakKeyDictionary[Module, _Allocator | None] = weakref.WeakKeyDictionary()


def _find(module: Module) -> Kind | None:
    """The allocator that the module exports with these names and types."""
    types: dict[str, tuple[int, int]] = {}
    for each in module.exports:
        if each.kind == "func" and {*(each.params or ()), *(each.results or ())} <= {"i32"}:
            types[each.name] = len(each.params or ()), len(each.results or ())
    for kind in KINDS:
        name, roles = kind.allocate
        back, back_roles = kind.free or ("", "")
        if (
            types.get(name) == (len(roles), 1)
            and (not back or types.get(back) == (len(back_roles), 0))
            and (not kind.keep or types.get(kind.keep) == (1, 1))
        ):
            return kind
    return None


def _heap(instance: Instance) -> _Heap:
    heap = instance._heap
    if not heap.ready:
        module = instance.module
        if module not in _found:
            kind = _find(module)
            _found[module] = _Allocator(kind) if kind else None
        found = _found[module]
        back, roles = (found.kind.free if found else None) or (None, "")
        heap.begin(found, back, roles)
    return heap


def allocator(instance: Instance) -> str | None:
    found: _Allocator | None = _heap(instance).allocator
    return found.kind.name if found else None


def _pointer(name: str, answer: int, size: int) -> int:
    """What an allocator answers is signed, and 0 where it has nothing."""
    if answer == 0:
        raise MemoryError(f"the guest's {name} has no {size:,} bytes")
    return answer & _MOST


def _allocate(
    instance: Instance, kind: Kind, size: int, alignment: int, of_class: int = _ARRAY_BUFFER
) -> int:
    """A new pointer. The caller hands it to _Heap.block at once."""
    name, roles = kind.allocate
    values = {"s": size, "a": alignment, "0": 0, "c": of_class}
    pointer = _pointer(name, instance.exports[name](*[values[role] for role in roles]), size)
    return _pointer(kind.keep, instance.exports[kind.keep](pointer), size) if kind.keep else pointer


def _block(instance: Instance, length: int, alignment: int) -> _Block:
    """So many bytes at a multiple of the alignment."""
    heap = _heap(instance)
    found: _Allocator | None = heap.allocator
    if found is None:
        known = ", ".join(dict.fromkeys(f"{each.describe()} ({each.name})" for each in KINDS))
        raise Error(f"the module exports no allocator that is known here: {known}, of i32 each")
    kind = found.kind
    heap.drain()
    while True:
        size = max(length, 1) + (alignment - 1 if found.spacious else 0)
        if size > _MOST:
            raise MemoryError(f"an array of {length:,} bytes fits no guest's memory")
        given = None if kind.free else heap.spare(size)
        pointer, size = given or (_allocate(instance, kind, size, alignment), size)
        start = -pointer % alignment + pointer
        if start + length <= pointer + size:
            return heap.block(pointer, size, alignment, start, length)
        heap.block(pointer, size, alignment, pointer, size)  # dropped at once: it goes back
        if found.spacious or "a" in kind.allocate[1]:
            raise Error(f"the guest's {kind.allocate[0]} gave {pointer}, which is no multiple of {alignment}")
        found.spacious = True


def managed(instance: Instance, size: int, of_class: int) -> _Block:
    """A new object of AssemblyScript's runtime, of exactly so many bytes."""
    heap = _heap(instance)
    found: _Allocator | None = heap.allocator
    if found is None or found.kind.name != "assemblyscript":
        raise Error("the module does not export AssemblyScript's runtime: asc --exportRuntime")
    heap.drain()
    pointer = _allocate(instance, found.kind, size, _ALIGNMENT, of_class)
    return heap.block(pointer, size, _ALIGNMENT, pointer, size)


def new(
    instance: Instance, shape: int | tuple[int, ...], dtype: npt.DTypeLike = "float32", *, fill: Any = None
) -> npt.NDArray[Any]:
    """See Instance.new."""
    kind = np.dtype(dtype)
    if kind.hasobject:
        raise TypeError(f"{kind!r} holds Python objects: guest memory can only hold plain data")
    sides = _sides(shape)
    block = _block(instance, kind.itemsize * math.prod(sides), max(_ALIGNMENT, kind.alignment))
    array: npt.NDArray[Any] = np.ndarray(sides, kind, block)  # type: ignore[arg-type]
    if fill is not None:
        array[...] = fill
    return array


def _sides(shape: int | tuple[int, ...]) -> tuple[int, ...]:
    try:
        sides = tuple(map(operator.index, shape if isinstance(shape, Sequence) else (shape,)))
    except TypeError:
        raise TypeError(f"shape must be an integer or a tuple of them, not {type(shape).__name__}") from None
    for side in sides:
        if side < 0:
            raise ValueError(f"a dimension of the shape is {side}, must not be negative")
    return sides


def new_string(instance: Instance, text: str, /, encoding: str = "utf-8") -> npt.NDArray[np.uint8]:
    """See Instance.new_string."""
    if not isinstance(text, str):
        raise TypeError(f"text must be a str, not {type(text).__name__}")
    encoded = (text + "\0").encode(encoding)
    array = new(instance, len(encoded), np.uint8)
    instance.memory.write(instance.memory.pointer(array), encoded)
    return array


def free(instance: Instance, array: npt.NDArray[Any]) -> None:
    """See Instance.free."""
    owner: Any = array
    while owner is not None and not isinstance(owner, _Block):
        owner = owner.obj if isinstance(owner, memoryview) else getattr(owner, "base", None)
    if owner is None:
        raise ValueError("array is not one that new() gave, nor a view of one")
    heap = instance._heap
    heap.retire(owner)
    if isinstance(array, np.ndarray):
        array.flags.writeable = False
    heap.drain()


def plain(array: Any) -> Any:
    """What has the bytes and strides of an array whose elements, or which itself, has no buffer."""
    if not isinstance(array, np.ndarray):
        array = np.from_dlpack(array) if hasattr(array, "__dlpack__") else np.asarray(array)
    return array.view(f"V{array.dtype.itemsize}")
