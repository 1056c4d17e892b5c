"""How modules are pickled: by their bytes, of which a process makes one module.

A worker process that is sent a module with every task compiles it once: the modules that were unpickled last
stay, as do all that are in use. They are known by the SHA-256 of the bytes that came, which is computed here,
so a pickle cannot pass one module off as another.
"""

from __future__ import annotations

import hashlib
import os
import threading
import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING

from zcwasm import _core

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 32  # modules that stay though nobody uses them
MOST_BYTES = 64 << 20  # of their binaries; the last one stays whatever its size

_lock = threading.Lock()
_live: weakref.WeakValueDictionary[str, _core.Module] = weakref.WeakValueDictionary()
_recent: OrderedDict[str, _core.Module] = OrderedDict()


def _new_lock() -> None:
    """In the child of a fork, where nobody is left who could release it."""
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_new_lock)


def reduce_module(
    module: _core.Module, data: bytes
) -> tuple[Callable[[bytes, str | None], _core.Module], tuple[bytes, str | None]]:
    """Module.__reduce__; in this process the pickle gives the module back."""
    _live.setdefault(module.sha256, module)
    return module_of, (data, None if module.name is None else os.fspath(module.name))


def module_of(data: bytes, name: str | None) -> _core.Module:
    """The module of these bytes. The name is that of the first one that was made."""
    digest = hashlib.sha256(data).hexdigest()
    with _lock:  # two threads that are sent the same one wait for one compilation
        module = _live.get(digest)
        if module is None:
            module = _core.Module._named(data, name)
            _live[digest] = module
        _recent[digest] = module
        _recent.move_to_end(digest)
        while len(_recent) > 1 and (
            len(_recent) > MOST or sum(m.size for m in _recent.values()) > MOST_BYTES
        ):
            _recent.popitem(last=False)
    return module
