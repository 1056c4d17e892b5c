"""What marks a host function that gets the calling Instance; csrc/py/py_link.c looks for the mark."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar

_Function = TypeVar("_Function", bound=Callable[..., Any])


def pass_instance(function: _Function) -> _Function:
    """Mark a host function: the Instance that calls it comes as its first argument, before the guest's.

        @zcwasm.pass_instance
        def log(guest, ptr, size):
            print(guest.memory.string(ptr, size))

    Each fork and each restored instance passes itself. It works in methods, too; what takes no attributes,
    such as a bound method or a builtin, is returned wrapped.
    """
    if not callable(function):
        raise TypeError(f"function must be callable, not {type(function).__name__}")
    marked: Any = function if isinstance(function, FunctionType) else functools.partial(function)
    marked.__zcwasm_pass_instance__ = True
    return marked  # type: ignore[no-any-return]
