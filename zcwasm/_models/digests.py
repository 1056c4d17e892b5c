"""The SHA-256 of model files, each read once: the cache folder remembers it by what the system says of them.

    $ZCWASM_CACHE (see fetch.py)
        sha256/DEVICE-INODE: its size, its times in ns, its digest

An entry is written aside and renamed, so that any number of processes may do so; one that is damaged, or of
a file that has changed since, is not used. Who can write to the cache folder can make this package take one
file for another, and nothing worse: the digest says whether a snapshot is of these weights, not whether they
are safe.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
import weakref
from contextlib import suppress

from zcwasm import _core
from zcwasm._models.fetch import cache_folder

PIECE = 8 << 20  # bytes between two looks for signals
RECENT = 2.0  # seconds: clocks of file systems are coarse, and a file that was just written may change unseen

_known: weakref.WeakKeyDictionary[_core._Weights, str] = weakref.WeakKeyDictionary()


def of(weights: _core._Weights) -> str:
    """What the weights are known by, 64 hexadecimal digits: the SHA-256 of the mapped file.

    Of several files, or with something that was made, that of a text: a line "file SHA256" for each file, in
    order; "made SHA256", of vectors' bytes, if there are any; "recipes SHA256" for each file of matrices that
    were made, of a list with a line "NAME RECIPE FILE:OFFSET ..." for each, since what they are made of is in
    the files; and "tensors SHA256", of a list with a line "NAME TYPE SHAPE FILE OFFSET" for each tensor,
    since guests know tensors by their number."""
    with suppress(KeyError, TypeError):
        return _known[weights]
    files = [
        (None if _changed(path, identity) else _remembered(identity)) or _computed(view, path, identity)
        for path, identity, view in zip(weights.paths, weights._identities, weights._views(), strict=False)
    ]
    made = weights._views()[len(files) :]
    digest = files[0] if len(files) == 1 and not made else _joined(files, made, weights)
    with suppress(TypeError):  # of a class without weak references
        _known[weights] = digest
    return digest


def _joined(files: list[str], made: tuple[memoryview, ...], weights: _core._Weights) -> str:
    table = hashlib.sha256()
    for name, tensor in weights.tensors.items():
        shape = "x".join(map(str, tensor.shape))
        table.update(f"{name} {tensor.type} {shape} {tensor.file} {tensor.offset}\n".encode())
    lines = [f"file {digest}" for digest in files]
    recipes: tuple[str | None, ...] = getattr(weights, "_recipes", (None,) * len(made))
    for view, recipe in zip(made, recipes, strict=True):
        of, what = (view, "made") if recipe is None else (recipe.encode(), "recipes")
        lines.append(f"{what} {hashlib.sha256(of).hexdigest()}")
    lines.append(f"tensors {table.hexdigest()}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _entry(identity: tuple[int, ...]) -> str:
    device, inode = identity[:2]
    return str(cache_folder() / "sha256" / f"{device:x}-{inode:x}")


def _now(path: str | os.PathLike[str]) -> tuple[int, ...]:
    """The identity of what lies at the path by now."""
    now = os.stat(path)
    return (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)


def _changed(path: str | os.PathLike[str], identity: tuple[int, ...]) -> bool:
    """Whether the file was written to since it was mapped, so that other bytes are seen now. Another one that
    took its name says nothing."""
    try:
        now = _now(path)
    except OSError:
        return False
    return now[:2] == identity[:2] and now != identity


def _remembered(identity: tuple[int, ...]) -> str | None:
    try:
        with open(_entry(identity), encoding="ascii") as file:
            found = re.fullmatch(r"(\d{1,20}) (-?\d{1,20}) (-?\d{1,20}) ([0-9a-f]{64})\n", file.read(200))
    except (OSError, RuntimeError, ValueError):
        return None
    same = found is not None and tuple(map(int, found.groups()[:3])) == identity[2:]
    return found[4] if found and same else None


def _computed(view: memoryview, path: str | os.PathLike[str], identity: tuple[int, ...]) -> str:
    began = time.time()
    digest = hashlib.sha256()
    for at in range(0, len(view), PIECE):
        digest.update(view[at : at + PIECE])
    text = digest.hexdigest()
    with suppress(OSError, RuntimeError):  # of the path, or of a cache that cannot be written
        if _now(path) == identity and max(identity[3:]) < (began - RECENT) * 1e9:
            _remember(_entry(identity), "{} {} {}".format(*identity[2:]) + f" {text}\n")
    return text


def _remember(entry: str, line: str) -> None:
    os.makedirs(os.path.dirname(entry), exist_ok=True)
    aside = f"{entry}.{secrets.token_hex(8)}"
    try:
        with open(aside, "x", encoding="ascii") as file:
            file.write(line)
        os.replace(aside, entry)
    except OSError:
        with suppress(OSError):
            os.unlink(aside)
        raise
