"""The guest of the WASI tests: guests/wasi.wat, and what a libc would do around its functions."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

from support import guest_path

import zcwasm

ERRNO = {
    0: "SUCCESS",
    1: "2BIG",
    2: "ACCES",
    6: "AGAIN",
    8: "BADF",
    10: "BUSY",
    20: "EXIST",
    21: "FAULT",
    22: "FBIG",
    25: "ILSEQ",
    28: "INVAL",
    29: "IO",
    31: "ISDIR",
    32: "LOOP",
    33: "MFILE",
    34: "MLINK",
    37: "NAMETOOLONG",
    44: "NOENT",
    48: "NOMEM",
    52: "NOSYS",
    54: "NOTDIR",
    55: "NOTEMPTY",
    57: "NOTSOCK",
    58: "NOTSUP",
    61: "OVERFLOW",
    63: "PERM",
    64: "PIPE",
    70: "SPIPE",
    75: "XDEV",
    76: "NOTCAPABLE",
}
READ = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 5 | 1 << 13 | 1 << 14 | 1 << 15 | 1 << 18 | 1 << 21 | 1 << 27
WRITE = 1 << 0 | 1 << 4 | 1 << 6 | 1 << 22 | 1 << 23
AREA = 4096  # where a call's structures go; what it moves goes behind them


class Entry(NamedTuple):
    next: int
    inode: int
    type: int
    name: bytes


class Guest:
    def __init__(
        self, *, wasi: zcwasm.Wasi | None = None, limits: zcwasm.Limits | None = None, **grants: Any
    ) -> None:
        module = zcwasm.Module(guest_path("wasi"))
        self.instance = zcwasm.Instance(module, wasi=wasi or zcwasm.Wasi(**grants), limits=limits)
        self.exports = self.instance.exports
        self.memory = self.instance.memory

    def call(self, name: str, *arguments: int) -> str:
        return ERRNO[self.exports[name](*arguments)]

    def done(self, name: str, *arguments: int) -> None:
        error = self.call(name, *arguments)
        assert error == "SUCCESS", f"{name}{arguments} gave {error}"

    def u32(self, at: int) -> int:
        return int(struct.unpack("<I", self.memory.read(at, 4))[0])

    def u64(self, at: int) -> int:
        return int(struct.unpack("<Q", self.memory.read(at, 8))[0])

    def strings(self, kind: str) -> list[bytes]:
        self.done(f"{kind}_sizes_get", 0, 4)
        count, size = self.u32(0), self.u32(4)
        self.done(f"{kind}_get", AREA, 2 * AREA)
        pointers = struct.unpack(f"<{count}I", self.memory.read(AREA, 4 * count))
        data = self.memory.read(2 * AREA, size)
        return [data[p - 2 * AREA : data.index(b"\0", p - 2 * AREA)] for p in pointers]

    def clock(self, clock: int) -> int:
        self.done("clock_time_get", clock, 0, 64)
        return self.u64(64)

    # --- reading and writing ---

    def vectors(self, *sizes: int) -> int:
        """Lay out buffers; address of the first. The list of vectors is at 16."""
        at = AREA
        for i, size in enumerate(sizes):
            self.memory.write(16 + 8 * i, struct.pack("<II", at, size))
            at += size
        return AREA

    def try_read(self, fd: int, *sizes: int) -> str | bytes:
        at = self.vectors(*sizes)
        error = self.call("fd_read", fd, 16, len(sizes), 0)
        return self.memory.read(at, self.u32(0)) if error == "SUCCESS" else error

    def read(self, fd: int, *sizes: int) -> bytes:
        data = self.try_read(fd, *sizes)
        assert isinstance(data, bytes), data
        return data

    def pread(self, fd: int, size: int, offset: int) -> bytes:
        at = self.vectors(size)
        self.done("fd_pread", fd, 16, 1, offset, 0)
        return self.memory.read(at, self.u32(0))

    def try_write(self, fd: int, *parts: bytes) -> str | int:
        self.memory.write(self.vectors(*map(len, parts)), b"".join(parts))
        error = self.call("fd_write", fd, 16, len(parts), 0)
        return self.u32(0) if error == "SUCCESS" else error

    def write(self, fd: int, *parts: bytes) -> int:
        count = self.try_write(fd, *parts)
        assert isinstance(count, int), count
        return count

    def pwrite(self, fd: int, data: bytes, offset: int) -> int:
        self.memory.write(self.vectors(len(data)), data)
        self.done("fd_pwrite", fd, 16, 1, offset, 0)
        return self.u32(0)

    def seek(self, fd: int, by: int, way: int) -> int:
        self.done("fd_seek", fd, by, way, 0)
        return self.u64(0)

    def tell(self, fd: int) -> int:
        self.done("fd_tell", fd, 0)
        return self.u64(0)

    # --- paths ---

    def put(self, path: str | bytes, at: int = AREA) -> tuple[int, int]:
        data = path.encode() if isinstance(path, str) else path
        self.memory.write(at, data)
        return at, len(data)

    def try_open(
        self,
        fd: int,
        path: str | bytes,
        *,
        create: bool = False,
        directory: bool = False,
        exclusive: bool = False,
        truncate: bool = False,
        write: bool = False,
        append: bool = False,
        follow: bool = True,
        rights: int | None = None,
        inheriting: int = READ | WRITE,
    ) -> str | int:
        how = create | directory << 1 | exclusive << 2 | truncate << 3
        wanted = rights if rights is not None else READ | (WRITE if write else 0)
        place = self.put(path)
        error = self.call("path_open", fd, follow, *place, how, wanted, inheriting, append, 0)
        return self.u32(0) if error == "SUCCESS" else error

    def open(self, fd: int, path: str | bytes, **options: Any) -> int:
        opened = self.try_open(fd, path, **options)
        assert isinstance(opened, int), f"{path!r}: {opened}"
        return opened

    def path_call(
        self, name: str, fd: int, path: str | bytes, *flags: int, extra: tuple[int, ...] = ()
    ) -> str:
        return self.call(name, fd, *flags, *self.put(path), *extra)

    def rename(self, fd: int, path: str | bytes, to_fd: int, to: str | bytes) -> str:
        return self.call("path_rename", fd, *self.put(path), to_fd, *self.put(to, 5 * AREA))

    def link(self, fd: int, path: str | bytes, to_fd: int, to: str | bytes, flags: int = 0) -> str:
        return self.call("path_link", fd, flags, *self.put(path), to_fd, *self.put(to, 5 * AREA))

    def symlink(self, text: str | bytes, fd: int, path: str | bytes) -> str:
        return self.call("path_symlink", *self.put(text), fd, *self.put(path, 5 * AREA))

    def readlink(self, fd: int, path: str | bytes, size: int = 100) -> str | bytes:
        error = self.path_call("path_readlink", fd, path, extra=(64, size, 0))
        return self.memory.read(64, self.u32(0)) if error == "SUCCESS" else error

    # --- what is known ---

    def unpack_stat(self) -> dict[str, int]:
        names = ("device", "inode", "type", "links", "size", "accessed", "modified", "changed")
        return dict(zip(names, struct.unpack("<QQB7xQQQQQ", self.memory.read(0, 64)), strict=True))

    def stat(self, fd: int, path: str | bytes, follow: bool = True) -> dict[str, int]:
        error = self.path_call("path_filestat_get", fd, path, follow, extra=(0,))
        assert error == "SUCCESS", error
        return self.unpack_stat()

    def fstat(self, fd: int) -> dict[str, int]:
        self.done("fd_filestat_get", fd, 0)
        return self.unpack_stat()

    def rights(self, fd: int) -> tuple[int, int]:
        self.done("fd_fdstat_get", fd, 0)
        return self.u64(8), self.u64(16)

    def list(self, fd: int, size: int, cookie: int = 0) -> list[Entry]:
        """All entries from `cookie` on, through a buffer of `size` bytes."""
        found: list[Entry] = []
        while True:
            self.done("fd_readdir", fd, AREA, size, cookie, 0)
            used, at = self.u32(0), 0
            data = self.memory.read(AREA, used)
            while used - at >= 24:
                follows, inode, length, kind = struct.unpack("<QQIB3x", data[at : at + 24])
                if at + 24 + length > used:
                    break
                found.append(Entry(follows, inode, kind, data[at + 24 : at + 24 + length]))
                at += 24 + length
                cookie = follows
            if used < size:
                return found
            assert at > 0, "the buffer holds no whole entry"

    # --- waiting ---

    def subscription(self, userdata: int, kind: int, first: int, rest: bytes = b"") -> bytes:
        return (struct.pack("<QB7xI4x", userdata, kind, first) + rest).ljust(48, b"\0")

    def clock_subscription(self, when: int, clock: int = 1, absolute: int = 0, userdata: int = 0) -> bytes:
        return self.subscription(userdata, 0, clock, struct.pack("<QQH", when, 0, absolute))

    def fd_subscription(self, kind: int, fd: int, userdata: int = 0) -> bytes:
        return self.subscription(userdata, kind, fd)

    def poll(self, subscriptions: list[bytes]) -> list[tuple[int, str, int, int]]:
        """The events: userdata, errno, kind, bytes."""
        self.memory.write(AREA, b"".join(subscriptions))
        self.done("poll_oneoff", AREA, 2 * AREA, len(subscriptions), 0)
        events = struct.iter_unpack("<QHB5xQ8x", self.memory.read(2 * AREA, 32 * self.u32(0)))
        return [(userdata, ERRNO[error], kind, size) for userdata, error, kind, size in events]


def importing(module: str, name: str, params: int, results: int) -> bytes:
    """A module that imports a function with that many i32, and exports it as `call`, with a memory."""

    def section(number: int, content: bytes) -> bytes:
        return bytes([number, len(content)]) + content

    kinds = bytes([1, 0x60, params, *[0x7F] * params, results, *[0x7F] * results])
    exports = section(5, b"\1\0\1") + section(7, b"\2\4call\0\0\6memory\2\0")
    names = b"".join(bytes([len(text)]) + text.encode() for text in (module, name))
    return b"\0asm\1\0\0\0" + section(1, kinds) + section(2, b"\1" + names + b"\0\0") + exports
