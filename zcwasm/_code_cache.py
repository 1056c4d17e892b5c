"""Compiled code of modules, kept in files of the user's own.

    $ZCWASM_CACHE/code/KEY      see fetch.cache_folder for what is there without that variable

What is in them is machine code that is run without a further look. So the folder must be this user's, a real
folder, and closed to all others (0700), and a file in it this user's alone; else there is no cache. A file
begins with a digest over its key and the rest, so that one that is damaged, cut short, or has another's name
is none. It is read whole and then looked at: what was checked is what is run.

Writers do not wait for each other: each writes a file of another name and renames it when it is on the disk.
When all files together are larger than MOST_BYTES, those go that were used longest ago.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import secrets
import stat
import time
from collections.abc import Iterator
from functools import cache

MAGIC = b"zcwasm code 1\n"
HEADER = len(MAGIC) + 32
MOST_BYTES = 1 << 30  # of all files together
LEFT_OVER = 3600.0  # seconds after which a file that is still being written is nobody's


@cache
def _processor() -> str:
    """What compiled code may depend on. The library looks for itself, too: this gives each its own file."""
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith(("flags", "Features")):
                return f"{platform.machine()} {' '.join(sorted(line.partition(':')[2].split()))}"
    return f"{platform.machine()} {platform.processor()}"


def key_of(module: str, version: str, configuration: str, fuel: bool) -> str:
    """Of a module by its SHA-256: 64 hexadecimal digits."""
    parts = [module, version, configuration, "fuel" if fuel else "", platform.system(), _processor()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _digest(key: str, code: bytes | memoryview) -> bytes:
    digest = hashlib.sha256(MAGIC + key.encode())
    digest.update(code)
    return digest.digest()


def _is_private(found: os.stat_result) -> bool:
    return found.st_uid == os.geteuid() and not found.st_mode & 0o077


@contextlib.contextmanager
def _folder(make: bool) -> Iterator[int | None]:
    """A descriptor of the folder, or None where there is none that may be used."""
    from zcwasm._models.fetch import cache_folder  # imports what few programs need

    try:
        path = cache_folder() / "code"
        if make:
            path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                path.mkdir(mode=0o700)
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (OSError, RuntimeError):  # RuntimeError: of a user without a home
        yield None
        return
    try:
        yield folder if _is_private(os.fstat(folder)) else None
    finally:
        os.close(folder)


def _read(folder: int, name: str) -> bytes | None:
    try:
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return None
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or not _is_private(found) or found.st_size > MOST_BYTES:
            return None
        with open(file, "rb", closefd=False) as stream:
            return stream.read(found.st_size)
    except OSError:  # of the disk
        return None
    finally:
        os.close(file)


def load(key: str) -> memoryview | None:
    """The code of that key, or None."""
    with _folder(make=False) as folder:
        content = None if folder is None else _read(folder, key)
        if folder is None or content is None:
            return None
        code = memoryview(content)[HEADER:]
        if content[: len(MAGIC)] != MAGIC or content[len(MAGIC) : HEADER] != _digest(key, code):
            drop(key)
            return None
        with contextlib.suppress(OSError, NotImplementedError):
            os.utime(key, dir_fd=folder, follow_symlinks=False)  # it was used
        return code


def drop(key: str) -> None:
    with _folder(make=False) as folder, contextlib.suppress(OSError):
        if folder is not None:
            os.unlink(key, dir_fd=folder)


def store(key: str, code: bytes) -> bool:
    """Whether it is kept: not in a folder that cannot be written or trusted, and not what is too large."""
    if HEADER + len(code) > MOST_BYTES // 2:
        return False
    with _folder(make=True) as folder:
        if folder is None:
            return False
        name = f".{key}.{secrets.token_hex(8)}"
        try:
            file = os.open(
                name,
                os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC,
                0o600,
                dir_fd=folder,
            )
            with open(file, "wb") as stream:
                stream.write(MAGIC + _digest(key, code))
                stream.write(code)
                stream.flush()
                os.fsync(file)
            os.rename(name, key, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=folder)
            return False
        _make_room(folder)
        return True


def _make_room(folder: int) -> None:
    """Without those that were used longest ago, and what writers that are no more have left."""
    files = []
    try:
        names = os.listdir(folder)
    except OSError:  # what was stored is there all the same
        return
    for name in names:
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError:
            continue  # somebody else has removed it
        if name.startswith("."):
            if time.time() - found.st_mtime > LEFT_OVER:
                with contextlib.suppress(OSError):
                    os.unlink(name, dir_fd=folder)
        else:
            files.append((found.st_mtime_ns, found.st_size, name))
    total = sum(size for _, size, _ in files)
    for _, size, name in sorted(files):
        if total <= MOST_BYTES:
            break
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=folder)
        total -= size
