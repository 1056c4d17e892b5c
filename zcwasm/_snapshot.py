"""Snapshots: what is about files, digests and codecs. The core (csrc/py/py_snapshot.c) holds the guest and
moves its bytes; Instance.snapshot and Instance.restore come here first, so what they take is checked here.

A file is written beside the one that it replaces and takes its name when all of it is there. What it was
taken of (`About`) is the first section: module, weights and inputs by their SHA-256, which restore() compares
with what it is given. docs/reference/snapshot-format.md has the whole format.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import secrets
import stat
import struct
import weakref
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from operator import index
from typing import IO, TYPE_CHECKING, Any, Literal, TypeAlias

from zcwasm import _core
from zcwasm._extras import needed_for
from zcwasm._models import digests

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from zcwasm._limits import Limits
    from zcwasm._types import EngineKind

Path: TypeAlias = str | os.PathLike[str]

TAGS = {1: "about", 2: "note", 3: "instance", 4: "abi", 5: "wasi"}  # csrc/snapshot/zc_snapshot.h
ABOUT, NOTE = 1, 2
MOST_NOTES = 1000
LONGEST_NAME = 1024  # bytes
MAGIC = b"\x89ZCSNAP\n"


# --- what it was taken of ---


@dataclass
class About:
    """The section of that name. Digests are 64 hexadecimal digits."""

    version: str  # of zcwasm
    engine: str
    fuel_unit: str
    module: str  # digest
    module_name: str  # of its file, "" for bytes
    weights: str | None  # digest
    weights_name: str
    device: str  # its kind, "" for none
    inputs: dict[str, tuple[int, str]] = field(default_factory=dict)  # name to size and digest

    def pack(self) -> bytes:
        parts = [_text(each) for each in (self.version, self.engine, self.fuel_unit)]
        parts += [bytes.fromhex(self.module), _text(self.module_name)]
        parts += [struct.pack("<B", self.weights is not None), bytes.fromhex(self.weights or "00" * 32)]
        parts += [_text(self.weights_name), _text(self.device), struct.pack("<I", len(self.inputs))]
        for name, (size, digest) in self.inputs.items():
            parts += [_text(name), struct.pack("<Q", size), bytes.fromhex(digest)]
        return b"".join(parts)

    @classmethod
    def unpack(cls, data: bytes) -> About:
        at = 0

        def take(size: int) -> bytes:
            nonlocal at
            if size > len(data) - at:
                raise _core.SnapshotError(
                    f"the section about ends after {len(data)} bytes, {at + size} are needed"
                )
            at += size
            return data[at - size : at]

        def number(code: str) -> int:
            value: int = struct.unpack(code, take(struct.calcsize(code)))[0]
            return value

        def text() -> str:
            start = at
            try:
                return take(number("<I")).decode()
            except UnicodeDecodeError:
                raise _core.SnapshotError(
                    f"the section about has a text that is not UTF-8, at its byte {start}"
                ) from None

        version, engine, fuel_unit = text(), text(), text()
        module, module_name = take(32).hex(), text()
        weighted, weights, weights_name = number("<B"), take(32).hex(), text()
        device, count = text(), number("<I")
        inputs = {}
        for _ in range(count):  # each takes bytes, of which there are only so many
            name = text()
            inputs[name] = (number("<Q"), take(32).hex())
        if at != len(data) or len(inputs) != count or weighted > 1:
            raise _core.SnapshotError(f"the section about says what cannot be, before its byte {at}")
        return cls(
            version,
            engine,
            fuel_unit,
            module,
            module_name,
            weights if weighted else None,
            weights_name,
            device,
            inputs,
        )


def _text(text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    return struct.pack("<I", len(data)) + data


def _base_name(path: object) -> str:
    return os.path.basename(os.fspath(path)) if isinstance(path, (str, os.PathLike)) else ""


def _uses(module: _core.Module) -> bool:
    """Whether its guests can be granted a device, weights and inputs."""
    return any(entry.module == "zcwasm" for entry in module.imports)


# Of instances whose inputs are bytes, which do not change: digests by name.
_input_digests: weakref.WeakKeyDictionary[_core.Instance, dict[str, str]] = weakref.WeakKeyDictionary()


class Constant(bytes):
    """An input that many instances get: its digest is computed once."""

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self).hexdigest()


def _digest_of_input(view: memoryview) -> str:
    if isinstance(view.obj, Constant) and view.nbytes == len(view.obj):
        return view.obj.sha256
    return hashlib.sha256(view.cast("B") if view.nbytes else b"").hexdigest()


def _inputs_of(instance: _core.Instance) -> dict[str, tuple[int, str]]:
    known = _input_digests.setdefault(instance, {})
    found = {}
    for name, view in instance._inputs.items():
        digest = known.get(name) or _digest_of_input(view)
        if isinstance(view.obj, bytes):
            known[name] = digest
        found[name] = (view.nbytes, digest)
    return found


def about(instance: _core.Instance) -> About:
    """What a snapshot of the instance says of where it comes from."""
    module, device, weights = instance.module, instance.device, instance.weights
    if not _uses(module):
        device = weights = None
    return About(
        version=_core.__version__,
        engine=instance.engine,
        fuel_unit=_core._fuel_units[instance.engine],
        module=module.sha256,
        module_name=_base_name(module.name),
        weights=None if weights is None else digests.of(weights),
        weights_name="" if weights is None else _base_name(weights.path),
        device="" if device is None else device.kind,
        inputs=_inputs_of(instance),
    )


def _called(name: str, digest: str) -> str:
    return f"{name!r} with the SHA-256 {digest}" if name else f"the SHA-256 {digest}"


def _compare(
    found: About,
    module: _core.Module,
    weights: _core._Weights | None,
    inputs: Mapping[str, Buffer] | None,
) -> None:
    """SnapshotError where the snapshot was taken of something else."""
    unit = _core._fuel_units.get(found.engine)
    if unit is None:
        raise _core.SnapshotError(
            f"it was taken with the engine {found.engine!r}, which is none of {', '.join(_core._fuel_units)}"
        )
    if found.fuel_unit != unit:
        raise _core.SnapshotError(
            f"it was taken with the unit of fuel {found.fuel_unit!r}, here it is {unit!r}"
        )
    if found.module != module.sha256:
        raise _core.SnapshotError(
            f"it was taken of another module: {_called(found.module_name, found.module)}, not "
            f"{_called(_base_name(module.name), module.sha256)}"
        )
    if not _uses(module):
        return
    if weights is None and found.weights is not None:
        raise _core.SnapshotError(
            f"it was taken with weights, {_called(found.weights_name, found.weights)}: give weights="
        )
    if weights is not None:
        now = digests.of(weights)
        if found.weights is None:
            raise _core.SnapshotError(
                f"it was taken without weights, and {_called(_base_name(weights.path), now)} was given"
            )
        if now != found.weights:
            raise _core.SnapshotError(
                f"it was taken with other weights: {_called(found.weights_name, found.weights)}, not "
                f"{_called(_base_name(weights.path), now)}"
            )
    _compare_inputs(found.inputs, inputs)


def _compare_inputs(found: Mapping[str, tuple[int, str]], inputs: Mapping[str, Buffer] | None) -> None:
    if inputs is not None and not isinstance(inputs, Mapping):
        raise TypeError(f"inputs must be a mapping of names to buffers, not {type(inputs).__name__}")
    given = inputs or {}
    for name in given:
        if name not in found:
            raise _core.SnapshotError(f"it was taken without an input {name!r}, which was given")
    for name, (size, digest) in found.items():
        if name not in given:
            raise _core.SnapshotError(
                f"it was taken with an input {name!r} of {size} bytes, with the SHA-256 {digest}: give it"
            )
        with memoryview(given[name]) as view:
            if not view.c_contiguous:
                raise ValueError(f"input {name!r} is not contiguous")
            now = _digest_of_input(view)
            if (view.nbytes, now) != (size, digest):
                raise _core.SnapshotError(
                    f"it was taken with another input {name!r}: {size} bytes with the SHA-256 {digest}, not "
                    f"{view.nbytes} bytes with {now}"
                )


# --- codecs ---


def _compressor(compress: str | None) -> Callable[[bytes], bytes] | None:
    if compress is None:
        return None
    if compress != "zstd":
        raise ValueError(f"compress is {compress!r}, must be None or 'zstd'")
    with needed_for("compress='zstd'"):
        import zstandard
    compressor: Callable[[bytes], bytes] = zstandard.ZstdCompressor(level=1).compress
    return compressor


PAGE = 65536


def _expander(codec: str) -> Callable[[bytes], bytes | None] | None:
    """Of pages, none of which is larger than PAGE, whatever its frame says."""
    if not codec:
        return None
    if codec != "zstd":
        raise _core.SnapshotError(
            f"its pages are compressed with {codec!r}, which this version does not know"
        )
    with needed_for("a snapshot that is compressed with zstd"):
        import zstandard
    expander = zstandard.ZstdDecompressor()

    def expand(data: bytes) -> bytes | None:
        try:
            if not 0 < zstandard.frame_content_size(data) <= PAGE:
                return None
            page: bytes = expander.decompress(data, allow_extra_data=False)
            return page
        except zstandard.ZstdError:
            return None

    return expand


# --- writing ---


@contextmanager
def _logged(what: str, file: Path | IO[bytes]) -> Iterator[None]:
    """Tells the log that a snapshot was written or restored, or why it was refused."""
    from ._log import LOG

    name = os.fspath(file) if isinstance(file, (str, os.PathLike)) else f"a {type(file).__name__}"
    try:
        yield
    except _core.Error as error:
        LOG.info("snapshot not %s %s: %s", what, name, error)
        raise
    LOG.info("snapshot %s %s", what, name)


def save(
    instance: _core.Instance,
    file: Path | IO[bytes],
    *,
    device_state: bool = True,
    notes: Mapping[str, Buffer] | None = None,
    dead: Iterable[tuple[int, int]] = (),
    compress: str | None = None,
    durable: bool = True,
) -> None:
    """Instance.snapshot."""
    packed, ranges, codec = _packed(notes), spans(instance, dead), _compressor(compress)
    described = about(instance).pack()

    def write(out: int | Callable[[bytes], object]) -> None:
        instance._save(out, described, packed, ranges, codec, device_state)

    if isinstance(file, (str, os.PathLike)):
        with _logged("written to", file):
            replace(file, write, durable)
    elif callable(getattr(file, "write", None)):
        with _logged("written to", file):
            write(_writer(file))
    else:
        raise TypeError(f"file must be a path or a binary file object, not {type(file).__name__}")


def _packed(notes: Mapping[str, Buffer] | None) -> tuple[tuple[bytes, Buffer], ...]:
    if notes is None:
        return ()
    if not isinstance(notes, Mapping):
        raise TypeError(f"notes must be a mapping of names to bytes, not {type(notes).__name__}")
    if len(notes) > MOST_NOTES:
        raise ValueError(f"there are {len(notes)} notes, at most {MOST_NOTES} are allowed")
    found = []
    for name, content in notes.items():
        if not isinstance(name, str):
            raise TypeError(f"the name of a note must be a str, not {type(name).__name__}")
        encoded = name.encode()
        if not 0 < len(encoded) <= LONGEST_NAME:
            raise ValueError(
                f"the name of a note has {len(encoded)} bytes, 1 to {LONGEST_NAME} are allowed: {name[:40]!r}"
            )
        try:
            memoryview(content).release()
        except TypeError:
            raise TypeError(f"note {name!r} must be bytes, not {type(content).__name__}") from None
        found.append((encoded, content))
    return tuple(found)


def spans(instance: _core.Instance, dead: Iterable[tuple[int, int]]) -> array[int]:
    """Sorted and disjoint, each two numbers."""
    pairs = []
    for place, pair in enumerate(dead):
        try:
            start, stop = map(index, pair)
        except (TypeError, ValueError):
            raise TypeError(f"dead[{place}] must be a pair of integers, not {pair!r}") from None
        pairs.append((start, stop))
    size = instance.memory.size if pairs else 0
    for start, stop in pairs:
        if not 0 <= start <= stop <= size:
            raise ValueError(f"dead range ({start}, {stop}) does not lie in the memory of {size} bytes")
    found = array("Q")
    for start, stop in sorted(pairs):
        if found and start <= found[-1]:
            found[-1] = max(found[-1], stop)
        elif start < stop:
            found.extend((start, stop))
    return found


def _writer(file: IO[bytes]) -> Callable[[bytes], None]:
    """Writes all that it is given, as often as the file takes less."""

    def write(data: bytes) -> None:
        left = memoryview(data)
        while left:
            count: int | None = file.write(left)
            if count is None and not isinstance(file, io.RawIOBase):
                return  # of those, None says nothing
            if count is None:
                raise BlockingIOError(errno.EAGAIN, "the file takes nothing now")
            if not 0 < count <= len(left):
                raise OSError(errno.EIO, f"the file's write() says that it took {count} of {len(left)} bytes")
            left = left[count:]

    return write


def replace(path: Path, write: Callable[[int], object], durable: bool) -> None:
    """What `write` writes to a descriptor becomes the file `path`, once all of it is written: a crash leaves
    the old file or the new one. `durable`: also when the machine fails."""
    path = os.fspath(path)
    folder, name = os.path.split(path)
    with suppress(FileNotFoundError):
        kind = os.stat(path).st_mode  # what a link leads to: /dev/stdout is one
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if not stat.S_ISREG(kind):
            raise OSError(errno.EINVAL, "is no plain file, open it and give the file object", path)
    try:
        place = os.open(folder or os.curdir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            if not _replace(place, name, write, durable, unnamed=True):
                _replace(place, name, write, durable, unnamed=False)
            if durable:
                _sync_folder(place)
        finally:
            os.close(place)
    except OSError as error:
        if error.filename != path and error.errno is not None:  # as open() has it in its errors
            raise OSError(error.errno, error.strerror, path) from error
        raise


def _replace(place: int, name: str, write: Callable[[int], object], durable: bool, unnamed: bool) -> bool:
    """False where the file system has no files without a name, or cannot give them one."""
    temporary = f".zcwasm-{secrets.token_hex(8)}.tmp"
    named = not unnamed
    if unnamed:
        try:
            file = os.open(".", os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600, dir_fd=place)
        except (AttributeError, OSError):  # not Linux; of many kinds: EOPNOTSUPP, EISDIR, ENOENT
            return False
    else:
        file = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600, dir_fd=place)
    try:
        write(file)
        if durable:
            _sync(file)
        if unnamed:
            try:
                if _link(file, place, name):
                    return True
                named = True  # before it is: a signal may come between
                _link(file, place, temporary)
            except OSError:
                return False
        os.rename(temporary, name, src_dir_fd=place, dst_dir_fd=place)
        named = False
        return True
    finally:
        os.close(file)
        if named:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=place)


def _link(file: int, place: int, name: str) -> bool:
    """Give a file a name; False when that is taken."""
    try:
        os.link(f"/proc/self/fd/{file}", name, dst_dir_fd=place, follow_symlinks=True)
    except FileExistsError:
        return False
    return True


def _sync(file: int) -> None:
    import fcntl

    full = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: without it the disk may hold bytes back
    if full is not None:
        with suppress(OSError):  # a file system that has none
            fcntl.fcntl(file, full)
            return
    os.fsync(file)


def _sync_folder(place: int) -> None:
    """The new name is there by now; file systems that cannot be asked to keep folders are no failure."""
    try:
        os.fsync(place)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise


# --- reading ---


@contextmanager
def opened(file: Path | IO[bytes]) -> Iterator[int | bytes]:
    """What _Snapshot takes; errors of the block name the path."""
    if isinstance(file, (str, os.PathLike)):
        descriptor = os.open(
            file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
        )  # a pipe is refused, not waited for
        try:
            yield descriptor
        except _core.SnapshotError as error:
            raise _core.SnapshotError(f"{os.fspath(file)}: {error}") from None
        finally:
            os.close(descriptor)
    elif callable(getattr(file, "read", None)):
        data = file.read()
        if not isinstance(data, bytes):
            raise TypeError(f"file must be a binary file object, its read() gave {type(data).__name__}")
        yield data
    else:
        raise TypeError(f"file must be a path or a binary file object, not {type(file).__name__}")


def _about_of(snapshot: _core._Snapshot) -> About:
    for tag, _, _, content in snapshot.sections:
        if tag == ABOUT and content is not None:
            return About.unpack(content)
    raise _core.SnapshotError("it does not say what it was taken of")


def restore(
    cls: type[_core.Instance],
    module: _core.Module,
    file: Path | IO[bytes],
    *,
    device: _core.Device | None = None,
    weights: _core._Weights | None = None,
    inputs: Mapping[str, Buffer] | None = None,
    wasi: _core._Wasi | None = None,
    imports: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
    engine: EngineKind | Literal["auto"] | None = None,
    mapped: bool = False,
) -> _core.Instance:
    """Instance.restore."""
    if not isinstance(module, _core.Module):
        raise TypeError(f"module must be a zcwasm.Module, not {type(module).__name__}")
    if weights is not None and not isinstance(weights, _core._Weights):
        raise TypeError(f"weights must be a zcwasm.Weights, not {type(weights).__name__}")
    with _logged("restored from", file), opened(file) as source:
        if mapped and isinstance(source, bytes):
            raise ValueError("mapped=True needs a path: a file object is read")
        snapshot = _core._Snapshot(source)
        found = _about_of(snapshot)
        _compare(found, module, weights, inputs)
        expand = _expander(snapshot.codec)
        return cls._restore(
            module, snapshot, device, weights, inputs, wasi, imports, limits, mapped, expand, engine
        )


def snapshot_info(file: Path | IO[bytes]) -> dict[str, Any]:
    """What a snapshot says of itself, without restoring it.

    file: a path, or a binary file object. Returns a dict: version (of zcwasm), engine, fuel_unit; device: the
    kind of device it was taken on, or None; module: {sha256, name}; weights: the same, or None; inputs:
    {name: {size, sha256}}; memory: bytes of the guest's memory; stored: bytes of it that lie in the file;
    compress: None or 'zstd'; sections: a list of (name, bytes); notes: the caller's {name: bytes}; damaged:
    None, or what is wrong. Of a damaged file there is what comes before the damage, and None for the rest:
    notes stand near its beginning. Pages of the memory are not read. Raises SnapshotError for what is no
    snapshot, and OSError.
    """
    with opened(file) as source:
        damaged = None
        try:
            snapshot = _core._Snapshot(source)
            found = _about_of(snapshot)
        except _core.SnapshotError as error:
            damaged = str(error)
            snapshot = _core._Snapshot(source, damaged=True)
            try:
                found = _about_of(snapshot)
            except _core.SnapshotError:
                return _described(snapshot, None, damaged)
        return _described(snapshot, found, damaged)


def _described(snapshot: _core._Snapshot, found: About | None, damaged: str | None) -> dict[str, Any]:
    known: dict[str, Any] = dict.fromkeys(
        ("version", "engine", "fuel_unit", "device", "module", "weights", "inputs")
    )
    if found is not None:
        known = {
            "version": found.version,
            "engine": found.engine,
            "fuel_unit": found.fuel_unit,
            "device": found.device or None,
            "module": {"sha256": found.module, "name": found.module_name},
            "weights": found.weights and {"sha256": found.weights, "name": found.weights_name},
            "inputs": {
                name: {"size": size, "sha256": digest} for name, (size, digest) in found.inputs.items()
            },
        }
    notes = {name.decode("utf-8", "replace"): data for tag, name, _, data in snapshot.sections if tag == NOTE}
    return {
        **known,
        "memory": None if damaged else snapshot.memory_size,
        "stored": None if damaged else snapshot.stored,
        "compress": None if damaged else snapshot.codec or None,
        "sections": [
            (TAGS.get(tag, str(tag)) + (f" {name.decode('utf-8', 'replace')!r}" if name else ""), size)
            for tag, name, size, _ in snapshot.sections
        ],
        "notes": notes,
        "damaged": damaged,
    }


def is_snapshot(path: Path) -> bool:
    """Whether the file begins as one."""
    with open(path, "rb") as file:
        return file.read(len(MAGIC)) == MAGIC
