"""PrefixCache: the keys and values of prompts' beginnings, for sessions that begin with the same tokens.

What is kept of a prompt is found by digests: of the model and what else the numbers depend on, and of the
prompt's tokens up to every 64th one and to its end. A digest only says where to look: rows are taken for as
many tokens as are the same, one by one.

In memory an entry is the rows and their tokens. In a folder it is a snapshot of the session (Session.save),
under the digest of all its tokens; the shorter digests are further names of the same file (hard links), each
of which the latest prompt takes over. Files come and go as wholes, so that any number of processes may use
one folder: one that is gone, damaged or not ours is none, and is removed.

Threads: any.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
import warnings
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import zcwasm
from zcwasm import _arguments

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from zcwasm.llm._kept import Tokens
    from zcwasm.llm._session import Session

_STEP = 64  # tokens between two digests
_SUFFIX = ".prefix"
_OURS = re.compile(r"[0-9a-f]{64}\.prefix")
_FORMAT = b"zcwasm prefix 1\0"


class Found(NamedTuple):
    """Tokens, and the rows of a cache that are theirs."""

    tokens: Tokens
    rows: npt.NDArray[np.uint8]  # (keys and values of every layer, tokens or more, bytes of a row)


class _Entries(Protocol):
    """Where they are."""

    def find(self, session: Session, ids: Tokens, more_than: int) -> Found | None: ...

    def keep(self, session: Session, ids: Tokens) -> None: ...

    def used(self) -> int: ...

    def clear(self) -> None: ...


class PrefixCache:
    """The beginnings of prompts, computed once for all sessions that share it: session(prefix_cache=...).

    folder: where they are kept, as files, for other processes and later ones; it is made if it is not there.
    None: in this process's memory. bytes: how much room they may take; what was not used for longest goes.
    least: prompts of which fewer tokens had to be computed are not kept.

    A session's generate and chat look here for more of the prompt than the session itself has, and keep the
    prompt once it has been computed. Entries are of one model on one device, with one kv_dtype and exact; the
    context makes a difference only to models that rotate long ones by other factors (Phi-3).
    usage.reused_tokens counts what was found, too.

    A folder holds what prompts said, and whoever can write to it decides what sessions read: it is made for
    its owner alone.
    """

    def __init__(
        self, folder: str | os.PathLike[str] | None = None, *, bytes: int = 1 << 30, least: int = 64
    ) -> None:
        self.folder = None if folder is None else Path(_arguments.path("folder", folder))
        self.bytes = _arguments.whole("bytes", bytes, 0, 2**63 - 1)
        self.least = _arguments.whole("least", least, 1, 2**31 - 1)
        self._entries: _Entries = (
            _InMemory(self.bytes) if self.folder is None else _InFolder(self.folder, self.bytes)
        )

    @property
    def used(self) -> int:
        """Bytes that the entries take."""
        return self._entries.used()

    def clear(self) -> None:
        """Forget all entries."""
        self._entries.clear()

    def __repr__(self) -> str:
        place = "in memory" if self.folder is None else f"in {os.fspath(self.folder)!r}"
        return f"<zcwasm.llm.PrefixCache {place}: at most {self.bytes:,} bytes>"

    # For sessions, which are taken by the caller's thread.

    def _find(self, session: Session, ids: Tokens, more_than: int) -> Found | None:
        """An entry that begins as ids do, with more than so many tokens."""
        try:
            return self._entries.find(session, ids, more_than)
        except (OSError, MemoryError):  # computing it takes less
            return None

    def _keep(self, session: Session, ids: Tokens) -> None:
        """The session's cache is that of ids. Where there is no room, that is a warning."""
        try:
            self._entries.keep(session, ids)
        except (OSError, MemoryError) as error:
            warnings.warn(f"a prompt is not kept in {self!r}: {error}", RuntimeWarning, stacklevel=2)


def _depends_on(session: Session) -> str:
    """What the rows of the same tokens depend on, beside the weights and this package's code for them."""
    device = session.model.device
    angles = [rope.is_long(session.context) for rope in session.model.config.rope_tables]
    long = ("long",) if any(angles) else ()
    name, numbers = str(device.info["name"]), session.model.config.digest
    return "\0".join((device.kind, name, numbers, session.kv_dtype, str(session.exact), *long))


def _names(identity: bytes, ids: Tokens) -> list[tuple[int, str]]:
    """Of the first 64, 128, ... tokens and of all: how many, and their digest."""
    running, names = hashlib.sha256(identity), []
    for start in range(0, len(ids), _STEP):
        part = ids[start : start + _STEP]
        running.update(part.astype("<u4").tobytes())
        names.append((start + len(part), running.hexdigest()))
    return names


class _InMemory:
    """Copies of rows. An entry belongs to one Model object."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._found: OrderedDict[int, Found] = OrderedDict()  # what was used last is last
        self._by_name: dict[tuple[object, str], int] = {}
        self._next = 0
        self._used = 0

    @staticmethod
    def _keys(session: Session, ids: Tokens) -> list[tuple[int, tuple[object, str]]]:
        # The token keeps nothing of the model alive, and is no other model's as long as entries have it.
        owner = session.model._token
        return [(count, (owner, name)) for count, name in _names(_depends_on(session).encode(), ids)]

    def find(self, session: Session, ids: Tokens, more_than: int) -> Found | None:
        keys = self._keys(session, ids)
        with self._lock:
            for count, key in reversed(keys):
                number = self._by_name.get(key)
                if count > more_than and number is not None:
                    self._found.move_to_end(number)
                    return self._found[number]
        return None

    def keep(self, session: Session, ids: Tokens) -> None:
        rows = session._cache_rows()[:, : len(ids)]
        size = rows.nbytes + ids.nbytes
        if size > self._limit:
            return
        found = Found(ids.copy(), rows.copy())
        with self._lock:
            number, self._next = self._next, self._next + 1
            self._found[number] = found
            self._used += size
            self._by_name.update((key, number) for _, key in self._keys(session, ids))
            for nameless in self._found.keys() - self._by_name.values():
                self._remove(nameless)
            while self._used > self._limit:
                gone = next(iter(self._found))
                self._remove(gone)
                self._by_name = {key: each for key, each in self._by_name.items() if each != gone}

    def _remove(self, number: int) -> None:
        old = self._found.pop(number)
        self._used -= old.rows.nbytes + old.tokens.nbytes

    def used(self) -> int:
        return self._used

    def clear(self) -> None:
        with self._lock:
            self._found.clear()
            self._by_name.clear()
            self._used = 0


class _File(NamedTuple):
    """All names of one."""

    paths: list[str]
    used: int  # when, in nanoseconds
    size: int


class _InFolder:
    """Snapshots, each under all digests of its tokens that no later one has taken."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _paths(self, session: Session, ids: Tokens) -> list[tuple[int, Path]]:
        module = session._guest.program.module.sha256
        identity = "\0".join((module, session.model.weights.sha256, _depends_on(session))).encode()
        names = _names(_FORMAT + identity, ids)
        return [(count, self._folder / (name + _SUFFIX)) for count, name in names]

    def find(self, session: Session, ids: Tokens, more_than: int) -> Found | None:
        for count, path in reversed(self._paths(session, ids)):
            if count <= more_than:
                break
            try:
                found = session._read_rows(path)
            except OSError:  # nobody has kept that, or it is not for us to read
                continue
            except zcwasm.SnapshotError:
                with suppress(OSError):
                    path.unlink()
                continue
            with suppress(OSError):  # others' files, or gone meanwhile
                self._note_use(path)
            return found
        return None

    def keep(self, session: Session, ids: Tokens) -> None:
        if session._cache_rows()[:, : len(ids)].nbytes > self._limit:
            return
        *shorter, (_, path) = self._paths(session, ids)
        session._write(path, durable=False)
        with suppress(FileNotFoundError):  # another process made room
            self._note_use(path)
        for _, other in shorter:
            with suppress(OSError):  # another process was faster, or the file system has no links
                other.unlink(missing_ok=True)
                other.hardlink_to(path)
        self._make_room()

    @staticmethod
    def _note_use(path: Path) -> None:
        """Now; the time that file systems give by themselves is some milliseconds old."""
        os.utime(path, ns=(time.time_ns(),) * 2)

    def _files(self) -> list[_File]:
        files: dict[int, _File] = {}
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if not _OURS.fullmatch(entry.name):
                    continue
                with suppress(FileNotFoundError):
                    info = entry.stat(follow_symlinks=False)
                    blocks = getattr(info, "st_blocks", 0) * 512  # less than its length, which has holes
                    one = _File([], info.st_mtime_ns, blocks or info.st_size)
                    files.setdefault(info.st_ino, one).paths.append(entry.path)
        return list(files.values())

    def _make_room(self) -> None:
        # A file takes more than its rows: one that alone is too large goes first, in place of all others.
        files = sorted(self._files(), key=lambda file: (file.size <= self._limit, file.used))
        used = sum(file.size for file in files)
        for file in files:
            if used <= self._limit:
                break
            self._remove(file)
            used -= file.size

    @staticmethod
    def _remove(file: _File) -> None:
        for path in file.paths:
            with suppress(FileNotFoundError):
                os.unlink(path)

    def used(self) -> int:
        return sum(file.size for file in self._files())

    def clear(self) -> None:
        for file in self._files():
            self._remove(file)
