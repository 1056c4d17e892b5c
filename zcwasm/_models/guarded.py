"""Calls of the library tokenizers with what came from outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from zcwasm._core import ModelError

_Result = TypeVar("_Result")


def guarded(what: str, call: Callable[[], _Result]) -> _Result:
    """What `call` gives. The library raises plain Exception, and where it panics a BaseException: both become
    a ModelError that begins with `what`."""
    try:
        return call()
    except (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError, ModelError):
        raise
    except BaseException as error:
        raise ModelError(f"{what}: {error!s:.400}") from None
