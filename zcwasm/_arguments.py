"""Checks of arguments that Python code takes: a TypeError or ValueError that names the argument, its type or
value, and what it must be. The core checks its own. Nothing is converted silently: True is no number, "12" is
no ids."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from zcwasm import _core


def number(name: str, value: object, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}")
    if not least <= value <= most:
        raise ValueError(f"{name} is {value}, must be {least:g} to {most:g}")
    return float(value)


def whole(name: str, value: object, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    if not least <= value <= most:
        raise ValueError(f"{name} is {value}, must be {least} to {most}")
    return int(value)


def flag(name: str, value: object) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be a bool, not {type(value).__name__}")
    return bool(value)


def text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    return value


def texts(name: str, value: object) -> tuple[str, ...]:
    """None, one or several strings."""
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, (bytes, bytearray)) or not isinstance(value, Iterable):
        raise TypeError(f"{name} must be a str or a sequence of them, not {type(value).__name__}")
    return tuple(text(f"{name}[{index}]", each) for index, each in enumerate(value))


def token_ids(name: str, value: object, vocabulary: int) -> npt.NDArray[np.uint32]:
    """Ids in a sequence or an array with one axis, each below `vocabulary`."""
    if isinstance(value, (str, bytes, bytearray, memoryview)) or not isinstance(value, Iterable):
        raise TypeError(f"{name} must be a sequence of token ids, not {type(value).__name__}")
    if hasattr(value, "__array__"):
        array = np.asarray(value)
        if array.ndim != 1 or (array.dtype.kind not in "iu" and array.size):
            raise TypeError(
                f"{name} has shape {array.shape} and dtype {array.dtype}, must be a row of token ids"
            )
        ids: list[Any] = array.tolist()
    else:
        ids = list(value)
        for index, each in enumerate(ids):
            if isinstance(each, bool) or not isinstance(each, (int, np.integer)):
                raise TypeError(f"{name}[{index}] is {type(each).__name__}, token ids are int")
    wrong = next((each for each in ids if not 0 <= each < vocabulary), None)
    if wrong is not None:
        raise ValueError(
            f"{name}: token id {wrong} is not in the vocabulary, which has 0 to {vocabulary - 1}"
        )
    return np.fromiter(ids, np.uint32, len(ids))


def path(name: str, value: object) -> str | os.PathLike[str]:
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{name} must be a str or a path, not {type(value).__name__}")
    return value


def device(name: str, value: object) -> _core.Device:
    """None is the best there is."""
    if value is None:
        return _core.Device()
    if not isinstance(value, _core.Device):
        # As csrc/py/py_error.c says it.
        remedy = f": give zcwasm.Device({value!r:.50})" if isinstance(value, str) else ""
        raise TypeError(f"{name} must be a zcwasm.Device, not {type(value).__name__}{remedy}")
    return value
