"""What the programs of WebAssembly's own WASI test suite ask of preview 1, in programs of this project.

Each step names the answers that the suite admits. The same guest asks wasmtime the same; it must answer one
of them too, or what the step names as wasmtime's own. The second half compares what the functions answer for
every kind of descriptor and path; the two agree there but for what DIFFERENCES names with its reason."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support import guest_path
from wasi_guest import Guest

ALL = (1 << 29) - 1  # every right but those of sockets
CREATE, DIRECTORY, EXCLUSIVE, TRUNCATE = 1, 2, 4, 8
APPEND, NONBLOCK, SYNC = 1, 4, 16


class LinearMemory:
    def __init__(self, store: Any, memory: Any) -> None:
        self.store, self.memory = store, memory

    def read(self, at: int, size: int) -> bytes:
        return bytes(self.memory.read(self.store, at, at + size))

    def write(self, at: int, data: bytes) -> None:
        self.memory.write(self.store, data, at)


class Theirs(Guest):
    """The same guest in wasmtime."""

    def __init__(
        self, engine: Any, module: Any, *, dirs: dict[str, Path], writable_dirs: dict[str, Path]
    ) -> None:
        import wasmtime

        config = wasmtime.WasiConfig()
        for grants, writable in ((dirs, False), (writable_dirs, True)):
            for name, path in grants.items():
                config.preopen_dir(str(path), name, writable)
        store, linker = wasmtime.Store(engine), wasmtime.Linker(engine)
        store.set_wasi(config)
        linker.define_wasi()
        exports = linker.instantiate(store, module).exports(store)
        self.memory: Any = LinearMemory(store, exports["memory"])
        self.exports: Any = {
            name: lambda *arguments, export=export: export(store, *arguments)
            for name, export in exports.items()
            if name != "memory"
        }


@pytest.fixture(scope="module")
def theirs() -> Callable[..., Guest]:
    wasmtime = pytest.importorskip("wasmtime", reason="pip install wasmtime: it is what is compared with")
    engine = wasmtime.Engine()
    module = wasmtime.Module(engine, guest_path("wasi").read_bytes())
    return lambda **grants: Theirs(engine, module, **grants)


class Step(NamedTuple):
    outcome: Any
    demanded: Any  # errno names with spaces between, or the one right value
    theirs: str = ""  # what wasmtime may say besides, which the suite would not admit


Program = Callable[[Guest], Iterator[Step]]
PROGRAMS: list[Program] = []
OK = "SUCCESS"


def program(asked_by: str = "") -> Callable[[Program], Program]:
    """The granted directory, which may be changed, is empty and has descriptor 3.

    asked_by: programs of the suite. Not here are those of arguments, environment and exit codes, which
    test_wasi.py has, and fopen-with-no-access: the C library's own answer where nothing was granted."""

    def keep(function: Program) -> Program:
        PROGRAMS.append(function)
        return function

    return keep


def opened(
    guest: Guest, fd: int, path: str, how: int = 0, rights: int = 0, flags: int = 0, follow: int = 0
) -> Any:
    """A descriptor, or the errno; rights to inherit are all that there are."""
    error = guest.call("path_open", fd, follow, *guest.put(path), how, rights, ALL, flags, 0)
    return guest.u32(0) if error == OK else error


def open_error(*arguments: Any, **options: Any) -> str:
    outcome = opened(*arguments, **options)
    return outcome if isinstance(outcome, str) else OK


def touch(guest: Guest, path: str) -> None:
    guest.done("fd_close", opened(guest, 3, path, CREATE))


def path_errors(guest: Guest, *calls: str) -> list[str]:
    """Each call is a function's name without path_, and its path in directory 3."""
    return [guest.path_call(f"path_{name}", 3, path) for name, path in (call.split() for call in calls)]


@program("dangling_symlink")
def dangling_links(guest: Guest) -> Iterator[Step]:
    yield Step(guest.symlink("nothing", 3, "link"), OK)
    yield Step(open_error(guest, 3, "link", DIRECTORY), "LOOP NOTDIR")
    yield Step(open_error(guest, 3, "link"), "LOOP")
    yield Step(open_error(guest, 3, "link", follow=1), "NOENT")
    yield Step(guest.path_call("path_unlink_file", 3, "link"), OK)


@program("nofollow_errors path_exists symlink_create")
def links_are_followed_only_when_asked(guest: Guest) -> Iterator[Step]:
    yield Step(path_errors(guest, "create_directory target"), [OK])
    yield Step(guest.symlink("target", 3, "link"), OK)
    yield Step(open_error(guest, 3, "link", DIRECTORY), "LOOP NOTDIR")
    yield Step(open_error(guest, 3, "link"), "LOOP ACCES")
    yield Step(open_error(guest, 3, "link", DIRECTORY, follow=1), OK)
    yield Step(path_errors(guest, "unlink_file link", "remove_directory target"), [OK, OK])
    touch(guest, "target")
    yield Step(guest.symlink("target", 3, "link"), OK)
    yield Step(open_error(guest, 3, "link", DIRECTORY), "LOOP NOTDIR")
    yield Step(open_error(guest, 3, "link"), "LOOP")
    yield Step(open_error(guest, 3, "link", DIRECTORY, follow=1), "NOTDIR")
    yield Step(open_error(guest, 3, "link", follow=1), OK)
    yield Step(guest.stat(3, "link", follow=False)["type"], 7)
    yield Step(guest.stat(3, "link", follow=True)["type"], 4)


@program("symlink_create symlink_loop")
def where_links_may_lead(guest: Guest) -> Iterator[Step]:
    """Any relative text can be a link's; one that leads out is not followed."""
    for text in ("/", "/etc/passwd", "//"):
        yield Step(guest.symlink(text, 3, "link"), "NOTCAPABLE PERM")
    yield Step(guest.symlink("../x", 3, "out"), OK)
    yield Step(guest.readlink(3, "out"), b"../x")
    yield Step(open_error(guest, 3, "out", follow=1), "NOTCAPABLE PERM")
    yield Step(open_error(guest, 3, "out", CREATE, 64, follow=1), "NOTCAPABLE PERM")
    yield Step(guest.symlink("x", 3, "../out"), "NOTCAPABLE PERM")
    yield Step(guest.symlink("", 3, "empty"), "NOENT")
    yield Step(guest.symlink("a\0b", 3, "zero"), "INVAL")
    yield Step(guest.symlink("loop", 3, "loop"), OK)
    yield Step(open_error(guest, 3, "loop"), "LOOP")
    yield Step(open_error(guest, 3, "loop", follow=1), "LOOP")
    yield Step(guest.symlink("x" * 1000, 3, "long"), OK)
    yield Step(guest.readlink(3, "long", 2000), b"x" * 1000)


@program("readlink")
def text_of_a_link(guest: Guest) -> Iterator[Step]:
    yield Step(guest.symlink("target", 3, "link"), OK)
    guest.memory.write(64, b"\xaa" * 10)
    yield Step(guest.readlink(3, "link", 10), b"target")
    yield Step(guest.memory.read(70, 4), b"\xaa" * 4)
    yield Step(guest.readlink(3, "link", 4), b"targ")
    touch(guest, "target")
    yield Step(guest.readlink(3, "target"), "INVAL")


@program("symlink_filestat")
def a_link_has_times_of_its_own(guest: Guest) -> Iterator[Step]:
    touch(guest, "file")
    yield Step(guest.symlink("file", 3, "link"), OK)
    file, link = guest.stat(3, "file"), guest.stat(3, "link", follow=False)
    when = link["modified"] - 200
    yield Step(guest.path_call("path_filestat_set_times", 3, "link", 0, extra=(0, when, 4)), OK)
    yield Step(guest.stat(3, "link", follow=False)["modified"], when)
    yield Step(guest.stat(3, "file")["modified"], file["modified"])
    yield Step(guest.path_call("path_filestat_set_times", 3, "link", 1, extra=(0, when, 4)), OK)
    yield Step(guest.stat(3, "file")["modified"], when)


@program("path_link")
def hard_links(guest: Guest) -> Iterator[Step]:
    file = opened(guest, 3, "file", CREATE, ALL & ~(1 << 14))
    yield Step(guest.link(3, "file", 3, "link"), OK)
    link = opened(guest, 3, "link", 0, ALL & ~(1 << 14))
    yield Step(guest.fstat(file), guest.fstat(link))
    yield Step(guest.fstat(file)["links"], 2)
    yield Step(guest.rights(file), guest.rights(link))
    yield Step(guest.write(link, b"both"), 4)
    yield Step(guest.read(file, 9), b"both")
    yield Step(path_errors(guest, "unlink_file link", "create_directory dir"), [OK, OK])
    directory = opened(guest, 3, "dir", DIRECTORY, ALL & ~64)
    yield Step(guest.link(3, "file", directory, "link"), OK)
    yield Step(guest.stat(directory, "link")["inode"], guest.fstat(file)["inode"])
    yield Step(guest.link(directory, "link", 3, "file"), "EXIST")
    yield Step(guest.link(3, "file", 3, "file"), "EXIST")
    yield Step(guest.link(3, "file", 3, "dir"), "EXIST")
    yield Step(guest.link(3, "dir", 3, "new"), "PERM ACCES")
    yield Step(guest.link(3, "file", 3, "new/"), "NOENT")
    yield Step(guest.link(3, "file/", 3, "new"), "NOTDIR")
    yield Step(guest.link(3, "none", 3, "new"), "NOENT")
    yield Step(guest.link(3, "file", 3, "../new"), "NOTCAPABLE PERM")
    yield Step(guest.link(3, "../x", 3, "new"), "NOTCAPABLE PERM")


@program("path_link")
def hard_links_to_links(guest: Guest) -> Iterator[Step]:
    """The link gets the second name, not what it leads to; and a call cannot ask for the other."""
    touch(guest, "file")
    for text in ("nothing", "link"):
        yield Step(guest.symlink(text, 3, "link"), OK)
        yield Step(guest.link(3, "link", 3, "second"), OK)
        yield Step(guest.readlink(3, "second"), text.encode())
        yield Step(guest.link(3, "file", 3, "link"), "EXIST")
        yield Step(guest.link(3, "link", 3, "third", 1), "INVAL NOENT")
        yield Step(path_errors(guest, "unlink_file link", "unlink_file second"), [OK, OK])
    yield Step(guest.link(3, "file", 3, "third", 1), "INVAL NOENT")


@program("path_symlink_trailing_slashes")
def slashes_behind_new_links(guest: Guest) -> Iterator[Step]:
    yield Step(guest.symlink("text", 3, "new/"), "NOENT")
    yield Step(guest.symlink("text", 3, "new"), OK)
    yield Step(path_errors(guest, "unlink_file new", "create_directory new"), [OK, OK])
    yield Step(guest.symlink("text", 3, "new/"), "EXIST")
    yield Step(guest.symlink("text", 3, "new"), "EXIST")
    yield Step(path_errors(guest, "remove_directory new"), [OK])
    touch(guest, "new")
    yield Step(guest.symlink("text", 3, "new/"), "NOTDIR")
    yield Step(guest.symlink("text", 3, "new"), "EXIST")


@program()
def slashes_behind_links(guest: Guest) -> Iterator[Step]:
    """Calls about the name itself: with a slash it is no directory; nothing happens to what it leads to."""
    yield Step(path_errors(guest, "create_directory dir"), [OK])
    yield Step(guest.symlink("dir", 3, "link"), OK)
    yield Step(guest.symlink("none", 3, "dangling"), OK)
    yield Step(guest.path_call("path_remove_directory", 3, "link/"), "NOTDIR", "INVAL")
    yield Step(guest.path_call("path_unlink_file", 3, "link/"), "NOTDIR", "ISDIR")
    yield Step(guest.rename(3, "link/", 3, "new"), "NOTDIR")
    yield Step(guest.rename(3, "dir", 3, "link/"), "NOTDIR")
    yield Step(guest.path_call("path_create_directory", 3, "dangling/"), "EXIST")
    yield Step(open_error(guest, 3, "link/"), OK)
    yield Step(guest.stat(3, "link/", follow=False)["type"], 3)


@program("path_rename_dir_trailing_slashes remove_directory_trailing_slashes unlink_file_trailing_slashes")
def slashes_behind_names(guest: Guest) -> Iterator[Step]:
    touch(guest, "file")
    yield Step(path_errors(guest, "create_directory dir"), [OK])
    yield Step(guest.rename(3, "dir/", 3, "moved"), OK)
    yield Step(guest.rename(3, "moved", 3, "dir/"), OK)
    yield Step(guest.rename(3, "dir/", 3, "moved/"), OK)
    yield Step(guest.rename(3, "moved", 3, "dir"), OK)
    yield Step(path_errors(guest, "unlink_file dir", "unlink_file dir/"), ["ISDIR"] * 2)
    yield Step(path_errors(guest, "unlink_file file/", "remove_directory file"), ["NOTDIR"] * 2)
    yield Step(path_errors(guest, "remove_directory file/"), ["NOTDIR"])
    yield Step(guest.path_call("path_remove_directory", 3, "dir/"), "SUCCESS ACCES", "INVAL")
    yield Step(path_errors(guest, "unlink_file file"), [OK])


@program("path_rename remove_nonempty_directory")
def renaming(guest: Guest) -> Iterator[Step]:
    made = path_errors(
        guest, "create_directory a", "create_directory b", "create_directory full", "create_directory full/x"
    )
    yield Step(made, [OK] * 4)
    yield Step(guest.rename(3, "a", 3, "b"), OK)
    yield Step(open_error(guest, 3, "a", DIRECTORY), "NOENT")
    yield Step(guest.rename(3, "b", 3, "full"), "NOTEMPTY")
    touch(guest, "file")
    touch(guest, "other")
    yield Step(guest.rename(3, "b", 3, "file"), "NOTDIR")
    yield Step(guest.rename(3, "file", 3, "b"), "ISDIR")
    yield Step(guest.rename(3, "file", 3, "other"), OK)
    yield Step(open_error(guest, 3, "file"), "NOENT")
    yield Step(path_errors(guest, "remove_directory full"), ["NOTEMPTY"])


@program("interesting_paths")
def paths(guest: Guest) -> Iterator[Step]:
    yield Step(path_errors(guest, "create_directory dir", "create_directory dir/nested"), [OK, OK])
    touch(guest, "dir/nested/file")
    yield Step(open_error(guest, 3, "/dir/nested/file"), "NOTCAPABLE PERM")
    yield Step(open_error(guest, 3, "dir/.//nested/../../dir/nested/../nested///./file"), OK)
    yield Step(open_error(guest, 3, "dir/nested/file\0"), "INVAL ILSEQ NOENT")
    yield Step(open_error(guest, 3, "dir/nested/file/"), "NOTDIR NOENT")
    yield Step(open_error(guest, 3, "dir/nested/file///"), "NOTDIR NOENT")
    yield Step(open_error(guest, 3, "dir/nested///"), OK)
    yield Step(open_error(guest, 3, "dir/nested/../../../x/dir/nested/file"), "NOTCAPABLE PERM")


@program("overwrite_preopen")
def a_granted_directory_is_a_descriptor(guest: Guest) -> Iterator[Step]:
    """It can be closed and moved over, and keeps its name where it is moved."""
    yield Step(path_errors(guest, "create_directory dir"), [OK])
    directory = opened(guest, 3, "dir", DIRECTORY, 1 << 21)
    inside = guest.fstat(directory)
    yield Step(guest.call("fd_renumber", directory, 3), OK)
    yield Step(guest.fstat(3), inside)
    yield Step(guest.call("fd_fdstat_get", directory, 64), "BADF")
    yield Step(guest.call("fd_prestat_get", 3, 64), "BADF")
    yield Step(guest.call("fd_close", 3), OK)
    yield Step(guest.call("fd_fdstat_get", 3, 64), "BADF")


@program("close_preopen")
def a_granted_directory_is_closed(guest: Guest) -> Iterator[Step]:
    directory = opened(guest, 3, ".", DIRECTORY)
    yield Step(guest.call("fd_close", 3), OK)
    yield Step(guest.call("fd_fdstat_get", 3, 64), "BADF")
    yield Step(guest.call("fd_fdstat_get", directory, 64), OK)
    yield Step(guest.memory.read(64, 1), b"\3")


@program("renumber stdio")
def renumbering(guest: Guest) -> Iterator[Step]:
    one, other = opened(guest, 3, "one", CREATE, 66), opened(guest, 3, "other", CREATE, 66, APPEND)
    rights = guest.rights(one)
    yield Step(guest.call("fd_renumber", one, other), OK)
    yield Step(guest.call("fd_close", one), "BADF")
    yield Step(guest.rights(other), rights)
    yield Step(guest.call("fd_renumber", other, one), "BADF")
    yield Step(guest.call("fd_renumber", one, other), "BADF")
    for stream in (0, 1, 2):
        to = opened(guest, 3, "file", CREATE)
        yield Step(guest.call("fd_renumber", stream, to), OK)
        yield Step(guest.call("fd_fdstat_get", to, 64), OK)
        yield Step(guest.call("fd_fdstat_get", stream, 64), "BADF")


@program("dir_fd_op_failures directory_seek")
def operations_on_directories(guest: Guest) -> Iterator[Step]:
    yield Step(path_errors(guest, "create_directory dir"), [OK])
    for fd in (3, opened(guest, 3, "dir", DIRECTORY, 4), opened(guest, 3, "dir", DIRECTORY, ALL & ~64)):
        guest.vectors(128)
        for name in ("fd_read", "fd_write"):
            yield Step(guest.call(name, fd, 16, 1, 0), "ISDIR BADF NOTCAPABLE")
        for name in ("fd_pread", "fd_pwrite"):
            yield Step(guest.call(name, fd, 16, 1, 0, 0), "ISDIR BADF NOTCAPABLE")
        for way in (0, 1, 2):
            yield Step(guest.call("fd_seek", fd, 0, way, 64), "ISDIR BADF NOTCAPABLE")
        yield Step(guest.call("fd_tell", fd, 64), "ISDIR BADF NOTCAPABLE")
        yield Step(guest.call("fd_allocate", fd, 0, 1), "ISDIR BADF NOTCAPABLE")
        yield Step(guest.call("fd_filestat_set_size", fd, 0), "ISDIR INVAL BADF NOTCAPABLE")
        yield Step(guest.call("fd_fdstat_get", fd, 64), OK)
        yield Step(guest.rights(fd)[0] & (1 << 2 | 1 << 22), 0)  # neither seeks nor has a size to set
    yield Step(guest.call("fd_prestat_dir_name", 3, 1, 0), "INVAL NAMETOOLONG")
    yield Step(guest.call("fd_prestat_dir_name", 3, 64, 100), OK)


@program("path_open_preopen path_open_nonblock")
def rights_of_a_granted_directory(guest: Guest) -> Iterator[Step]:
    """Libraries look for them, those of links too."""
    base, inheriting = guest.rights(3)
    directory = sum(1 << bit for bit in (9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 21, 23, 24, 25, 26))
    file = sum(1 << bit for bit in (0, 1, 2, 3, 4, 5, 6, 7, 8, 21, 22, 23, 27))
    yield Step(base & directory, directory)
    yield Step(inheriting & (directory | file), directory | file)
    yield Step(guest.call("path_open", 3, 0, *guest.put("."), 0, base, inheriting, 0, 0), OK)
    yield Step(open_error(guest, 3, "."), OK)
    yield Step(open_error(guest, 3, ".", 0, 0, NONBLOCK), OK)
    yield Step(open_error(guest, 3, ".", DIRECTORY), OK)
    yield Step(open_error(guest, 3, ".", DIRECTORY, 2), OK)
    yield Step(open_error(guest, 3, ".", DIRECTORY, 2 | 64), "ISDIR")
    yield Step(open_error(guest, 3, ".", 0, 64), "ISDIR")
    for how in (CREATE, EXCLUSIVE, TRUNCATE):
        yield Step(open_error(guest, 3, "new", DIRECTORY | how), "INVAL")


@program("fd_fdstat_set_rights truncation_rights")
def rights_shrink(guest: Guest) -> Iterator[Step]:
    file = opened(guest, 3, "file", CREATE, 2 | 4 | 32 | 64)
    yield Step(guest.write(file, b"0123"), 4)
    yield Step(guest.seek(file, 0, 0), 0)
    yield Step(guest.read(file, 9), b"0123")
    yield Step(guest.call("fd_fdstat_set_rights", file, 4 | 32, 0), "SUCCESS NOTSUP")
    if guest.rights(file)[0] & 2:
        return  # wasmtime keeps no account of rights, which the suite admits
    yield Step(guest.rights(file), (4 | 32, 0))
    yield Step(guest.try_read(file, 1), "BADF NOTCAPABLE")
    yield Step(guest.try_write(file, b"x"), "BADF NOTCAPABLE")
    yield Step(guest.call("fd_fdstat_set_rights", file, 2 | 4 | 32 | 64, 0), "NOTCAPABLE")
    base, inheriting = guest.rights(3)
    yield Step(open_error(guest, 3, "file", TRUNCATE), OK)
    yield Step(guest.call("fd_fdstat_set_rights", 3, base, inheriting & ~(1 << 22)), OK)
    yield Step(open_error(guest, 3, "file", TRUNCATE), OK)
    yield Step(guest.call("fd_fdstat_set_rights", 3, base & ~(1 << 19), inheriting & ~(1 << 22)), OK)
    yield Step(open_error(guest, 3, "file", TRUNCATE), "PERM NOTCAPABLE")


@program(
    "file_pread_pwrite file_seek_tell file_truncation file_unbuffered_write path_open_read_write lseek "
    "pread-with-access pwrite-with-access"
)
def reading_and_writing(guest: Guest) -> Iterator[Step]:
    touch(guest, "file")
    read, write = opened(guest, 3, "file", 0, 2), opened(guest, 3, "file", 0, 64)
    yield Step(guest.rights(read)[0] & 66, 2)
    yield Step(guest.rights(write)[0] & 66, 64)
    yield Step(guest.try_write(read, b"x"), "BADF NOTCAPABLE ACCES")
    yield Step(guest.try_read(write, 1), "BADF NOTCAPABLE ACCES")
    yield Step(guest.write(write, b"seen at once"), 12)
    yield Step(guest.read(read, 100), b"seen at once")
    file = opened(guest, 3, "file", CREATE | TRUNCATE, 2 | 4 | 32 | 64)
    yield Step(guest.read(file, 100), b"")
    yield Step(guest.pwrite(file, b"0123", 0), 4)
    yield Step(guest.pwrite(file, b"xy", 2), 2)
    yield Step(guest.pread(file, 4, 1), b"1xy")
    yield Step(guest.tell(file), 0)
    yield Step(guest.seek(file, 1000, 1), 1000)
    yield Step(guest.call("fd_seek", file, -2000, 1, 0), "INVAL")
    yield Step(guest.seek(file, -1, 2), 3)
    yield Step(guest.read(file, 9), b"y")


@program("fd_flags_set pwrite-with-append")
def appending(guest: Guest) -> Iterator[Step]:
    file = opened(guest, 3, "file", CREATE, 2 | 4 | 8 | 32 | 64, APPEND)
    for text in (b"ab", b"cd"):
        yield Step(guest.seek(file, 0, 0), 0)
        yield Step(guest.write(file, text), 2)
    yield Step(guest.tell(file), 4)
    yield Step(guest.pwrite(file, b"x", 0), 1)
    yield Step(guest.tell(file), 4)
    yield Step(guest.seek(file, 0, 2) in (4, 5), True)  # POSIX and Linux differ about where that was written
    yield Step(guest.call("fd_fdstat_set_flags", file, 0), OK)
    yield Step(guest.seek(file, 0, 0), 0)
    yield Step(guest.write(file, b"AB"), 2)
    yield Step(guest.pread(file, 4, 0), b"ABcd")
    flagged = opened(guest, 3, "file", 0, 66, APPEND | SYNC)
    yield Step(OK if isinstance(flagged, int) else flagged, "SUCCESS NOTSUP")


@program("fd_advise fd_filestat_set file_allocate fstflags_validate path_filestat")
def sizes_and_times(guest: Guest) -> Iterator[Step]:
    file = opened(guest, 3, "file", CREATE, 2 | 64 | 1 << 7 | 1 << 8 | 1 << 21 | 1 << 22 | 1 << 23)
    yield Step(guest.call("fd_filestat_set_size", file, 100), OK)
    yield Step(guest.call("fd_advise", file, 10, 50, 0), OK)
    yield Step(guest.call("fd_allocate", file, 100, 100), "SUCCESS NOTSUP")
    yield Step(guest.fstat(file)["size"] in (100, 200), True)
    before = guest.fstat(file)
    when = before["modified"] - 100
    yield Step(guest.call("fd_filestat_set_times", file, when, when, 4), OK)
    after = guest.fstat(file)
    yield Step((after["modified"], after["accessed"]), (when, before["accessed"]))
    yield Step(guest.call("fd_filestat_set_times", file, 100, 200, 4 | 8), "INVAL")
    yield Step(guest.call("fd_filestat_set_times", file, 100, 200, 1 | 2), "INVAL")
    for flags in (4 | 8, 1 | 2):
        yield Step(guest.path_call("path_filestat_set_times", 3, "file", 0, extra=(5, 5, flags)), "INVAL")
    yield Step(guest.fstat(file), after)


@program(
    "dangling_fd fopen-with-access isatty path_open_create_existing path_open_dirfd_not_dir "
    "path_open_missing stat-dev-ino"
)
def opening(guest: Guest) -> Iterator[Step]:
    yield Step(open_error(guest, 3, "file"), "NOENT")
    file = opened(guest, 3, "file", CREATE)
    yield Step(open_error(guest, 3, "file", CREATE | EXCLUSIVE), "EXIST")
    yield Step(open_error(guest, file, "x", CREATE), "NOTDIR NOTCAPABLE")
    guest.done("fd_fdstat_get", file, 64)
    yield Step(guest.memory.read(64, 1), b"\4")  # a file, no terminal
    touch(guest, "other")
    one, other = guest.stat(3, "file"), guest.stat(3, "other")
    yield Step((one["device"] == other["device"], one["inode"] == other["inode"]), (True, False))
    yield Step(
        path_errors(guest, "unlink_file file", "create_directory file", "remove_directory file"), [OK] * 3
    )


@program("fd_readdir fdopendir-with-access")
def reading_directories(guest: Guest) -> Iterator[Step]:
    yield Step(path_errors(guest, "create_directory dir"), [OK])
    directory = opened(guest, 3, "dir", DIRECTORY, ALL & ~64)
    empty = sorted(guest.list(directory, 256), key=lambda entry: entry.name)
    yield Step([(entry.name, entry.type) for entry in empty], [(b".", 3), (b"..", 3)])
    yield Step(empty[0].inode, guest.fstat(directory)["inode"])
    for i in range(100):
        touch(guest, f"dir/file.{i}")
    entries = guest.list(directory, 256)
    yield Step({entry.name for entry in entries} >= {b"file.%d" % i for i in range(100)}, True)
    yield Step(len(entries), 102)
    yield Step(guest.list(directory, 256, entries[50].next)[0].name, entries[51].name)
    found = {entry.name: entry for entry in entries}
    yield Step((found[b"file.7"].type, found[b"file.7"].inode), (4, guest.stat(directory, "file.7")["inode"]))


@program("sock_shutdown-invalid_fd sock_shutdown-not_sock")
def there_are_no_sockets(guest: Guest) -> Iterator[Step]:
    touch(guest, "file")
    file = opened(guest, 3, "file", 0, 66)
    for fd, error in ((0, "NOTSOCK"), (1, "NOTSOCK"), (3, "NOTSOCK"), (file, "NOTSOCK"), (99, "BADF")):
        guest.vectors(4)
        yield Step(guest.call("sock_shutdown", fd, 1), error)
        yield Step(guest.call("sock_accept", fd, 0, 0), error)
        yield Step(guest.call("sock_recv", fd, 16, 1, 0, 0, 4), error)
        yield Step(guest.call("sock_send", fd, 16, 1, 0, 0), error)


@program("big_random_buf clock_* fd_write-to-* poll_oneoff_stdio random_get-* sched_yield")
def the_rest(guest: Guest) -> Iterator[Step]:
    guest.vectors(0)
    yield Step(guest.call("fd_write", 2**32 - 31337, 16, 0, 0), "BADF")
    yield Step(guest.call("random_get", 4096, 1024), OK)
    yield Step(any(guest.memory.read(4096, 1024)), True)
    yield Step(guest.call("random_get", 4096, 0), OK)
    yield Step(guest.call("sched_yield"), OK)
    for clock in (0, 1):
        yield Step(guest.call("clock_res_get", clock, 64), OK)
        yield Step(guest.call("clock_time_get", clock, 1, 64), OK)
    yield Step(guest.clock(1) <= guest.clock(1), True)
    events = guest.poll(
        [guest.clock_subscription(10**9), guest.fd_subscription(2, 1), guest.fd_subscription(2, 2)]
    )
    yield Step({(error, kind) for _, error, kind, _ in events}, {(OK, 2)})


def follow_program(program: Program, guest: Guest, theirs: bool) -> None:
    for number, step in enumerate(program(guest), 1):
        if isinstance(step.demanded, str):
            admitted = step.demanded.split() + (step.theirs.split() if theirs else [])
            assert step.outcome in admitted, f"step {number}: {step}"
        else:
            assert step.outcome == step.demanded, f"step {number}: {step}"


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
class TestPrograms:
    @pytest.fixture
    def grants(self, tmp_path: Path) -> dict[str, Any]:
        return {"writable_dirs": {"/": tmp_path}, "dirs": {}}

    def test_here(self, program: Program, grants: dict[str, Any]) -> None:
        follow_program(program, Guest(**grants), theirs=False)

    def test_in_wasmtime(
        self, program: Program, grants: dict[str, Any], theirs: Callable[..., Guest]
    ) -> None:
        follow_program(program, theirs(**grants), theirs=True)


# --- every function, for every kind of descriptor ---

KINDS = {"stdin": 0, "stdout": 1, "read-only": 3, "writable": 4, "file": 5, "directory": 6, "closed": 99}
STREAMS, DIRECTORIES, NO_DIRECTORIES = "stdin|stdout", "read-only|writable|directory", "stdin|stdout|file"
OPEN = f"{DIRECTORIES}|{NO_DIRECTORIES}"
FD, PATH, TEXT = object(), 8192, 9216  # in a row of arguments: the descriptor; where a str and a bytes go
PATHS = (
    "file file/ dir dir/ dir/in none none/ none/x link dlink dlink/ dangling out abs loop .. /etc . file/x"
)

# function, kind of descriptor (patterns for the whole name), ours, theirs, why
DIFFERENCES = [
    (".*", OPEN, "NOTCAPABLE", "BADF", "wasmtime has no rights, and finds out another way"),
    ("path_.*|fd_.*_times", DIRECTORIES, "NOTCAPABLE", "PERM", "a read-only directory, or a way out"),
    (".*", OPEN, "NOTCAPABLE|INVAL", "trap", "a flag that does not exist ends the guest there"),
    (".*", "closed", "BADF", "trap", "a flag that does not exist ends the guest there"),
    ("fd_p?(read|write)", DIRECTORIES, "ISDIR", "BADF", "both are admitted; this one says why"),
    ("fd_p(read|write)", STREAMS, "SPIPE", "BADF", "as POSIX says it"),
    ("path_.*", NO_DIRECTORIES, "NOTDIR", "BADF", "what the suite asks of path_open"),
    ("fd_(data)?sync", DIRECTORIES, "SUCCESS", "BADF", "databases make a new name last by it"),
    ("fd_fdstat_set_flags", f"{STREAMS}|{DIRECTORIES}", "SUCCESS|INVAL", "BADF", "stdin can be nonblocking"),
    ("fd_fdstat_set_rights", OPEN, "SUCCESS", "BADF|NOTSUP", "there are rights here"),
    ("fd_prestat_dir_name", OPEN, "BADF", "NOTDIR", "as fd_prestat_get says it, there too"),
    ("fd_filestat_set_times", ".*", "BADF|NOTCAPABLE", "INVAL", "two things are wrong"),
    ("path_(open|link)", "read-only", "NOENT|NOTDIR|LOOP|INVAL", "PERM", "two things are wrong"),
    ("path_(open|link)", NO_DIRECTORIES + "|closed", "INVAL", "BADF|NOTDIR", "two things are wrong"),
    ("path_open", DIRECTORIES, "SUCCESS|NOENT|NOTCAPABLE", "NOTSUP", "synchronous writing is offered here"),
    ("path_open", DIRECTORIES, "ISDIR", "EXIST", "a directory is not made by opening it, nor is one there"),
    ("path_readlink", DIRECTORIES, "SUCCESS", "PERM", "an absolute link, not followed but shown"),
    ("path_remove_directory", "writable", "NOTEMPTY|NOTDIR", "INVAL", "a slash: as Linux"),
    ("path_unlink_file", "writable", "NOTDIR", "ISDIR", "a link with a slash: as Linux"),
    ("path_rename", "writable|directory", "NOTDIR", "BUSY", "a file onto a directory's dot"),
]  # fmt: skip


def rows(function: str) -> Iterator[tuple[Any, ...]]:
    """Arguments for the function."""
    if function in ("fd_pread", "fd_pwrite"):
        yield from ((FD, 16, count, offset, 0) for count in (0, 1) for offset in (0, 2, 2**63))
    elif function in ("fd_read", "fd_write"):
        yield from ((FD, 16, count, 0) for count in (0, 1))
    elif function == "fd_seek":
        yield from ((FD, by, way, 0) for by in (0, 5, -1) for way in (0, 1, 2))
    elif function == "fd_renumber":
        yield from ((FD, to) for to in KINDS.values())
    elif function == "fd_fdstat_set_flags":
        yield from ((FD, flags) for flags in (0, 1, 2, 4, 8, 16, 32))
    elif function == "fd_filestat_set_times":
        yield from ((FD, 5, 5, flags) for flags in (0, 1, 2, 3, 4, 8, 12, 16))
    elif function == "path_open":
        rights, every = (0, 2, 64), range(16)
        yield from ((FD, 0, path, how, 2, 0, 0, 0) for path in ("file", "dir", "none") for how in every)
        for path in PATHS.split():
            yield from ((FD, follow, path, 0, right, 0, 0, 0) for follow in (0, 1) for right in rights)
            yield from (
                (FD, 0, path, how, 0, 0, 0, 0) for how in (CREATE, DIRECTORY, CREATE | EXCLUSIVE, TRUNCATE)
            )
        yield from ((FD, 0, "file", 0, 66, 0, flags, 0) for flags in (1, 2, 4, 8, 16, 32))
    elif function.startswith("path_"):
        for path in ["", "a\0b", *PATHS.split()]:
            data = path.encode()
            yield from {
                "path_filestat_get": [(FD, 0, path, 64), (FD, 1, path, 64)],
                "path_filestat_set_times": [(FD, 0, path, 5, 5, 5), (FD, 1, path, 5, 5, 5)],
                "path_readlink": [(FD, path, 64, 100, 0), (FD, path, 64, 0, 0)],
                "path_rename": [(FD, path, 4, b"new"), (4, "file", FD, data), (4, "dir", FD, data)],
                "path_link": [(FD, 0, path, 4, b"new"), (FD, 1, path, 4, b"new"), (4, 0, "file", FD, data)],
                "path_symlink": [(b"text", FD, path), (data, FD, "new")],
            }.get(function, [(FD, path)])  # fmt: skip
    else:
        yield from {
            "fd_advise": [(FD, 0, 4, advice) for advice in (0, 5, 6)],
            "fd_allocate": [(FD, 0, 4)],
            "fd_fdstat_set_rights": [(FD, 0, 0)],
            "fd_filestat_set_size": [(FD, 2), (FD, 2**63)],
            "fd_prestat_dir_name": [(FD, 64, 0), (FD, 64, 2), (FD, 64, 9)],
            "fd_readdir": [(FD, 64, 200, 0, 0), (FD, 64, 0, 0, 0)],
            "sock_accept": [(FD, 0, 64)],
            "sock_recv": [(FD, 16, 1, 0, 0, 4)],
            "sock_send": [(FD, 16, 1, 0, 0)],
            "sock_shutdown": [(FD, how) for how in (0, 1, 3)],
        }.get(function, [(FD, 64)][: function.endswith(("get", "tell"))] or [(FD,)])


def answer(guest: Guest, function: str, row: tuple[Any, ...], fd: int) -> str:
    arguments: list[int] = []
    for value in row:
        if isinstance(value, str | bytes):
            arguments += guest.put(value, PATH if isinstance(value, str) else TEXT)
        else:
            arguments.append(fd if value is FD else value)
    guest.memory.write(16, struct.pack("<II", 4096, 4))
    try:
        return guest.call(function, *arguments)
    except Exception as error:
        if not type(error).__module__.startswith("wasmtime"):
            raise
        return "trap"


class World:
    """A guest with two granted directories; made anew after a call that may have changed it."""

    def __init__(self, root: Path, engine: Callable[..., Guest]) -> None:
        self.root, self.engine, self.count, self.fresh = root, engine, 0, False

    def answer(self, function: str, row: tuple[Any, ...], fd: int) -> str:
        if not self.fresh:
            self.make()
        outcome = answer(self.guest, function, row, fd)
        self.fresh = function.endswith(("_get", "_readlink", "_advise")) or outcome not in (OK, "trap")
        return outcome

    def make(self) -> None:
        self.count += 1
        for grant in ("r", "w"):
            here = self.root / f"{grant}{self.count}"
            (here / "dir").mkdir(parents=True)
            (here / "file").write_bytes(b"0123")
            (here / "dir" / "in").write_bytes(b"in")
            for link in ("link file", "dlink dir", "dangling nothing", "out ../x", "abs /etc", "loop loop"):
                name, text = link.split()
                (here / name).symlink_to(text)
        dirs, writable = ({f"/{grant}": self.root / f"{grant}{self.count}"} for grant in ("r", "w"))
        self.guest = self.engine(dirs=dirs, writable_dirs=writable)
        assert opened(self.guest, 4, "file", 0, ALL & ~(1 << 14)) == KINDS["file"]
        assert opened(self.guest, 4, "dir", DIRECTORY, ALL & ~64) == KINDS["directory"]


def explained(function: str, kind: str, ours: str, theirs: str) -> bool:
    what = (function, kind, ours, theirs)
    return any(all(map(re.fullmatch, row[:4], what)) for row in DIFFERENCES)


FUNCTIONS = sorted(name for name in Guest().exports if name.startswith(("fd_", "path_", "sock_")))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_kind_of_descriptor(function: str, tmp_path: Path, theirs: Callable[..., Guest]) -> None:
    worlds = World(tmp_path / "ours", Guest), World(tmp_path / "theirs", theirs)
    wrong, count = [], 0
    for row in rows(function):
        for kind, fd in KINDS.items():
            answers = [world.answer(function, row, fd) for world in worlds]
            if answers[0] != answers[1] and not explained(function, kind, *answers):
                wrong.append((row, kind, *answers))
            count += 1
    assert not wrong
    assert count >= len(KINDS)
