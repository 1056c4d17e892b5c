"""What csrc/py/py_dlpack.c asks NumPy for: arrays of what has no buffer and no ``__dlpack__``."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


class _Described:
    """NumPy reads nothing but the description, and keeps this object, which keeps the other."""

    def __init__(self, owner: object, interface: dict[str, Any]) -> None:
        self.owner = owner
        self.__array_interface__ = interface


def array_of(owner: object, interface: Any) -> npt.NDArray[Any]:
    """A view of what ``owner.__array_interface__`` says; whether it is true is for the caller to find out."""
    data = interface.get("data") if isinstance(interface, dict) else None
    if not isinstance(data, tuple):
        raise TypeError(
            f"the __array_interface__ of {type(owner).__name__} must be a dict whose 'data' is a tuple"
        )
    type_of_elements = np.dtype(interface["typestr"])
    if type_of_elements.hasobject or not type_of_elements.isnative:
        raise TypeError(
            f"the __array_interface__ of {type(owner).__name__} has elements of type {type_of_elements}"
        )
    return np.asarray(_Described(owner, dict(interface)))
