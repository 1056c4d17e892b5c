"""WASI against guests that try: paths that lead out, races against links, pointers and numbers of every kind.
tests/fuzz/fuzz_wasi.c does the same faster, at random, under sanitizers."""

from __future__ import annotations

import os
import random
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from wasi_guest import ERRNO, READ, Guest

import zcwasm

pytestmark = pytest.mark.usefixtures("engine")  # each test with each engine that is here

SECRET = b"secret"


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """What is granted is root; what must stay out of reach is beside it."""
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(SECRET)
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / "file").write_bytes(b"inside")
    (root / "a" / "file").write_bytes(b"inside a")
    for link, target in {
        "to_file": "file",
        "to_a": "a",
        "a/to_parent": "..",
        "a/b/up_and_down": "../../a/file",
        "chain": "to_file",
        "slashed": "a/",
        "out": "../secret",
        "out_dir": "../outside",
        "out_deep": "a/../../secret",
        "absolute": str(tmp_path / "secret"),
        "absolute_inside": str(root / "file"),
        "absolute_dir": "/",
        "to_out": "out",
        "loop": "loop",
        "ping": "pong",
        "pong": "ping",
        "dangling": "nothing",
        "empty_parent": "a/..",
    }.items():
        (root / link).symlink_to(target)
    return tmp_path


@pytest.fixture
def guest(world: Path) -> Guest:
    return Guest(writable_dirs={"/": world / "root"})


def snapshot(world: Path) -> dict[str, tuple[int, int, bytes]]:
    """Everything outside of root."""
    found = {}
    for path in (world / "secret", world / "outside", world / "outside" / "secret"):
        info = path.stat()
        data = path.read_bytes() if path.is_file() else repr(sorted(os.listdir(path))).encode()
        found[str(path)] = (info.st_mtime_ns, info.st_mode, data)
    return {**found, "": (0, 0, repr(sorted(os.listdir(world))).encode())}


def inodes(folder: Path) -> set[int]:
    return {
        os.lstat(Path(at) / name).st_ino
        for at, dirs, files in os.walk(folder)
        for name in [".", *dirs, *files]
    }


ESCAPES = [
    "..",
    "../",
    "../secret",
    "../outside/secret",
    "../new",
    "a/../../secret",
    "a/b/../../../secret",
    "./../secret",
    "a/./.././../secret",
    "a//..//..//secret",
    "a/b/../../..",
    "/",
    "/etc/passwd",
    "//etc/passwd",
    "/file",
    "out_dir/secret",
    "out_dir/new",
    "out_dir/../secret",
    "out_deep/",
    "a/to_parent/../secret",
    "a/to_parent/out_dir/secret",
    "to_a/../../secret",
    "empty_parent/../secret",
    "absolute/",
    "absolute_dir/etc/passwd",
    "absolute_dir/",
    "to_out/",
]
# Only refused where the last name is followed: else the link itself is meant.
FOLLOWED = ["out", "absolute", "absolute_inside", "absolute_dir", "to_out", "out_deep", "out_dir"]


class TestEscapes:
    @pytest.mark.parametrize("path", ESCAPES + FOLLOWED)
    def test_nothing_is_opened_or_seen(self, world: Path, guest: Guest, path: str) -> None:
        before = snapshot(world)
        for options in ({}, {"write": True}, {"directory": True}, {"create": True, "write": True}):
            assert guest.try_open(3, path, **options) in ("NOTCAPABLE", "ISDIR")
        assert guest.try_open(3, path, truncate=True) == "NOTCAPABLE"
        assert guest.path_call("path_filestat_get", 3, path, 1, extra=(0,)) == "NOTCAPABLE"
        assert guest.path_call("path_filestat_set_times", 3, path, 1, extra=(0, 0, 5)) == "NOTCAPABLE"
        assert snapshot(world) == before

    @pytest.mark.parametrize("path", [path for path in ESCAPES if not path.endswith("/") or path == "../"])
    def test_nothing_is_changed(self, world: Path, guest: Guest, path: str) -> None:
        before = snapshot(world)
        for name in ("path_create_directory", "path_unlink_file", "path_remove_directory"):
            assert guest.path_call(name, 3, path) == "NOTCAPABLE", name
        assert guest.readlink(3, path) == "NOTCAPABLE"
        assert guest.rename(3, path, 3, "stolen") == "NOTCAPABLE"
        assert guest.rename(3, "file", 3, path) == "NOTCAPABLE"
        assert guest.link(3, path, 3, "stolen") == "NOTCAPABLE"
        assert guest.link(3, "file", 3, path) == "NOTCAPABLE"
        assert guest.symlink("file", 3, path) == "NOTCAPABLE"
        assert guest.try_open(3, path, create=True, exclusive=True, write=True) == "NOTCAPABLE"
        assert snapshot(world) == before
        assert (world / "root" / "file").read_bytes() == b"inside"

    @pytest.mark.parametrize("path", FOLLOWED)
    def test_a_link_itself_can_be_handled(self, world: Path, guest: Guest, path: str) -> None:
        before = snapshot(world)
        assert guest.stat(3, path, follow=False)["type"] == 7
        assert guest.readlink(3, path) == os.fsencode(os.readlink(world / "root" / path))[:100]
        assert guest.try_open(3, path, follow=False) == "LOOP"
        assert guest.try_open(3, path, create=True, exclusive=True, write=True) == "EXIST"
        assert guest.path_call("path_filestat_set_times", 3, path, 0, extra=(5, 5, 5)) == "SUCCESS"
        assert guest.link(3, path, 3, "second") == "SUCCESS"
        assert os.readlink(world / "root" / "second") == os.readlink(world / "root" / path)
        assert guest.try_open(3, "second") == "NOTCAPABLE"
        assert guest.path_call("path_unlink_file", 3, "second") == "SUCCESS"
        assert guest.link(3, "file", 3, path) == "EXIST"
        assert guest.symlink("file", 3, path) == "EXIST"
        assert guest.rename(3, path, 3, "a/moved") == "SUCCESS"
        # One that led out by one step leads to the granted directory from there: by its text, as ever.
        assert guest.try_open(3, "a/moved", directory=True) in ("NOTCAPABLE", "NOENT", "NOTDIR")
        assert guest.path_call("path_unlink_file", 3, "a/moved") == "SUCCESS"
        assert snapshot(world) == before

    @pytest.mark.parametrize(
        ("path", "content"),
        [
            ("to_file", b"inside"),
            ("chain", b"inside"),
            ("to_a/file", b"inside a"),
            ("slashed/file", b"inside a"),
            ("a/to_parent/file", b"inside"),
            ("a/b/up_and_down", b"inside a"),
            ("a/b/../../file", b"inside"),
            ("empty_parent/file", b"inside"),
            (".//a/./file", b"inside a"),
        ],
    )
    def test_links_within_are_followed(self, guest: Guest, path: str, content: bytes) -> None:
        assert guest.read(guest.open(3, path), 100) == content

    @pytest.mark.parametrize(
        "text", ["..", "../secret", "../outside", "a/../..", "../root/../secret", "to_a/../../secret"]
    )
    def test_own_links_lead_nowhere_else(self, world: Path, guest: Guest, text: str) -> None:
        """A guest may make a link with any relative text; neither it nor what it is moved to is a way out."""
        before = snapshot(world)
        made = ["made", "a/b/made", "a/made", "a/b/c"]
        assert guest.symlink(text, 3, "made") == "SUCCESS"
        assert guest.link(3, "made", 3, "a/b/made") == "SUCCESS"
        assert guest.rename(3, "a/b/made", 3, "a/made") == "SUCCESS"
        assert guest.symlink("../../made", 3, "a/b/c") == "SUCCESS"
        for path in made:
            for leaf in (path, f"{path}/secret", f"{path}/"):
                for options in ({}, {"write": True}, {"create": True, "write": True}, {"truncate": True}):
                    opened = guest.try_open(3, leaf, **options)
                    if isinstance(opened, int):  # by a link to the granted directory itself
                        assert guest.fstat(opened)["inode"] in inodes(world / "root")
                        guest.done("fd_close", opened)
            if guest.link(3, f"{path}/secret", 3, "stolen") == "SUCCESS":
                assert (world / "root" / "stolen").stat().st_ino != (world / "secret").stat().st_ino
            guest.link(3, "file", 3, f"{path}/new")
            guest.symlink("x", 3, f"{path}/new link")
        assert snapshot(world) == before

    @pytest.mark.parametrize("text", ["/", "/etc/passwd", "//", "/."])
    def test_no_absolute_link_is_made(self, world: Path, guest: Guest, text: str) -> None:
        assert guest.symlink(text, 3, "made") == "NOTCAPABLE"
        assert guest.symlink(text + "\0", 3, "made") == "INVAL"
        assert not os.path.lexists(world / "root" / "made")

    def test_hard_links_of_directories_that_moved_out(self, world: Path) -> None:
        """The guest still holds them: what it holds it was granted, what lies beside them it was not."""
        guest = Guest(writable_dirs={"/": world / "root"})
        moved = guest.open(3, "a", directory=True, rights=2**29 - 1 & ~64)
        (world / "root" / "a").rename(world / "outside" / "a")
        assert guest.link(moved, "../secret", 3, "stolen") == "NOTCAPABLE"
        assert guest.link(3, "file", moved, "../new") == "NOTCAPABLE"
        assert guest.symlink("x", moved, "../new") == "NOTCAPABLE"
        assert sorted(os.listdir(world / "outside")) == ["a", "secret"]

    def test_a_directory_is_its_own_root(self, guest: Guest) -> None:
        inner = guest.open(3, "a", directory=True)
        assert guest.read(guest.open(inner, "file"), 100) == b"inside a"
        assert guest.try_open(inner, "../file") == "NOTCAPABLE"
        assert guest.try_open(inner, "to_parent/file") == "NOTCAPABLE"
        assert guest.try_open(inner, "b/up_and_down") == "NOTCAPABLE"

    @pytest.mark.parametrize(
        ("path", "error"),
        [
            ("", "NOENT"),
            ("loop", "LOOP"),
            ("ping/x", "LOOP"),
            ("dangling", "NOENT"),
            ("dangling/x", "NOENT"),
            ("file/x", "NOTDIR"),
            ("file/.", "NOTDIR"),
            ("file/..", "NOTDIR"),
            ("to_file/", "NOTDIR"),
            ("file\0", "INVAL"),
            ("\0", "INVAL"),
            ("a\0/../../secret", "INVAL"),
            ("x" * 256, "NAMETOOLONG"),
            ("x" * 255, "NOENT"),
            ("a/" * 3000, "NAMETOOLONG"),
            ("./" * 2047 + "x", "NOENT"),
            ("a/../" * 800 + "x", "NOENT"),
            ("x" * 70000, "NAMETOOLONG"),
        ],
    )
    def test_odd_paths(self, guest: Guest, path: str, error: str) -> None:
        assert guest.try_open(3, path) == error
        assert guest.path_call("path_filestat_get", 3, path, 1, extra=(0,)) == error

    def test_depth(self, guest: Guest, world: Path) -> None:
        deep = "d/" * 127
        here = world / "root"
        for _ in range(130):
            here = here / "d"
            here.mkdir()
        assert guest.stat(3, deep + "d")["type"] == 3
        assert guest.try_open(3, "d/" * 130 + "d") == "NAMETOOLONG"

    def test_a_long_chain_of_links(self, guest: Guest, world: Path) -> None:
        (world / "root" / "l0").symlink_to("file")
        for i in range(1, 60):
            (world / "root" / f"l{i}").symlink_to(f"l{i - 1}")
        assert guest.read(guest.open(3, "l39"), 9) == b"inside"
        assert guest.try_open(3, "l40") == "LOOP"
        # As long as the system has them, which on macOS is a quarter of a guest's longest path.
        text = "./" * (min(4000, os.pathconf("/", "PC_PATH_MAX") - 20) // 2) + "file"
        (world / "root" / "long").symlink_to(text)
        assert guest.read(guest.open(3, "long"), 9) == b"inside"
        assert guest.try_open(3, "long/" + "x/" * ((4600 - len(text)) // 2)) == "NAMETOOLONG"

    def test_devices_and_fifos_are_not_opened(
        self, guest: Guest, world: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        os.mkfifo(world / "root" / "fifo")
        with socket.socket(socket.AF_UNIX) as server:
            monkeypatch.chdir(world / "root")  # the name of a socket is short
            server.bind("socket")
            start = time.monotonic()
            for name in ("fifo", "socket"):
                for options in ({}, {"write": True}, {"create": True}):
                    assert guest.try_open(3, name, **options) == "ACCES"
            assert time.monotonic() - start < 5
        if os.path.exists("/dev/full"):
            devices = Guest(writable_dirs={"/dev": "/dev"})
            for name in ("full", "null", "zero", "tty"):
                assert devices.try_open(3, name, write=True) in ("ACCES", "NOENT")


class TestRaces:
    """Someone on the host swaps what the guest's path goes through, as fast as it can."""

    @pytest.fixture
    def swapping(self, world: Path) -> Iterator[Path]:
        root = world / "root"
        (root / "x").mkdir()
        (root / "x" / "secret").write_bytes(b"inside")
        (root / "y").symlink_to("../outside")
        (root / "f").write_bytes(b"inside")
        (root / "g").symlink_to("../secret")
        stop = threading.Event()

        def swap() -> None:
            while not stop.is_set():
                for one, other in (("x", "y"), ("f", "g")):
                    (root / one).rename(root / "t")
                    (root / other).rename(root / one)
                    (root / "t").rename(root / other)

        thread = threading.Thread(target=swap)
        thread.start()
        yield root
        stop.set()
        thread.join()

    def test_swapped_links(self, world: Path, swapping: Path) -> None:
        guest = Guest(writable_dirs={"/": swapping})
        before, end = snapshot(world), time.monotonic() + 1
        seen: set[str] = set()
        while time.monotonic() < end:
            for path in ("x/secret", "f", "y/secret", "x/../f"):
                opened = guest.try_open(3, path, write=True)
                if isinstance(opened, int):
                    assert guest.read(opened, 100) == b"inside"
                    guest.done("fd_close", opened)
                seen.add("opened" if isinstance(opened, int) else opened)
            seen.add(guest.try_open(3, "x/new", create=True, exclusive=True, write=True).__class__.__name__)
            guest.path_call("path_unlink_file", 3, "x/new")
            guest.path_call("path_filestat_set_times", 3, "f", 1, extra=(0, 0, 5))
            # Neither a file of outside gets a name inside, nor the other way round.
            for path, name in (("x/secret", "stolen"), ("f", "stolen"), ("f", "x/stolen")):
                if guest.link(3, path, 3, name) == "SUCCESS":
                    opened = guest.try_open(3, name, follow=False)
                    if isinstance(opened, int):
                        assert guest.read(opened, 100) == b"inside"
                        guest.done("fd_close", opened)
                    seen.add("linked")
                guest.path_call("path_unlink_file", 3, name)
            guest.symlink("../secret", 3, "x/made")
            guest.path_call("path_unlink_file", 3, "x/made")
            for fd in range(4, 20):
                guest.call("fd_close", fd)
        assert snapshot(world) == before
        assert {"opened", "NOTCAPABLE", "linked"} <= seen  # all were met

    def test_a_directory_that_is_moved_out(self, world: Path) -> None:
        """Opened inside, then moved beside the secret: `..` in it must not find that."""
        guest = Guest(dirs={"/": world / "root"})
        moved = guest.open(3, "a", directory=True)
        (world / "root" / "a").rename(world / "outside" / "a")
        assert guest.try_open(moved, "../secret") == "NOTCAPABLE"
        assert guest.read(guest.open(moved, "b/../file"), 100) == b"inside a"


POINTERS = [0, 1, 8, 4096, 2**16, 2**17 - 1, 2**17, 2**17 + 1, 2**31 - 1, 2**31, 2**32 - 8, 2**32 - 1]
NUMBERS = [0, 1, 2, 3, 4, 5, 7, 15, 16, 255, 256, 1024, 1025, 2**16, 2**31, 2**32 - 1]
NAMES = sorted(set(Guest().exports) - {"memory", "memory_size", "grow", "twice", "leave"})


class TestHostileArguments:
    @pytest.fixture
    def guest(self, tmp_path: Path) -> Guest:
        (tmp_path / "file").write_bytes(b"data")
        guest = Guest(
            args=["a"],
            env={"B": "c"},
            stdin=b"x",
            writable_dirs={"/": tmp_path},
            limits=zcwasm.Limits(deadline=1),
        )
        assert guest.open(3, "file", write=True) == 4
        return guest

    @pytest.mark.parametrize("name", NAMES)
    def test_any_numbers_give_an_errno(self, guest: Guest, name: str) -> None:
        """Never another exception than those of time and exit; the guest goes on."""
        rng = random.Random(name)
        params = guest.exports[name].params
        choices = POINTERS + NUMBERS
        for _ in range(400):
            guest.memory.write(0, rng.choice([bytes(64), b"\xff" * 64, b"file" * 16, rng.randbytes(64)]))
            arguments = [
                rng.choice([*choices, 2**63, 2**64 - 1]) if kind == "i64" else rng.choice(choices)
                for kind in params
            ]
            if rng.random() < 0.7 and params:
                arguments[0] = rng.choice([0, 1, 3, 4])
            outcome: object
            try:
                outcome = ERRNO[guest.exports[name](*arguments)]
            except zcwasm.Exit as end:
                outcome = (name, end.code)
            except zcwasm.Trap as trap:
                outcome = trap.kind
            assert outcome in {*ERRNO.values(), "deadline", ("proc_exit", (arguments or [0])[0])}
            assert guest.exports.twice(5) == 10
            if name in ("fd_close", "fd_renumber", "fd_fdstat_set_rights"):
                guest.instance.close()
                guest = Guest(stdin=b"x")

    @pytest.mark.parametrize(
        ("name", "arguments", "pointers"),
        [
            ("args_get", (0, 0), (0, 1)),
            ("args_sizes_get", (0, 0), (0, 1)),
            ("environ_get", (0, 0), (0, 1)),
            ("environ_sizes_get", (0, 0), (0, 1)),
            ("clock_res_get", (0, 0), (1,)),
            ("clock_time_get", (0, 0, 0), (2,)),
            ("fd_fdstat_get", (4, 0), (1,)),
            ("fd_filestat_get", (4, 0), (1,)),
            ("fd_pread", (4, 0, 1, 0, 0), (1, 4)),
            ("fd_prestat_get", (3, 0), (1,)),
            ("fd_prestat_dir_name", (3, 0, 1), (1,)),
            ("fd_pwrite", (4, 0, 1, 0, 0), (1, 4)),
            ("fd_read", (4, 0, 1, 0), (1, 3)),
            ("fd_readdir", (3, 0, 100, 0, 0), (1, 4)),
            ("fd_seek", (4, 0, 0, 0), (3,)),
            ("fd_tell", (4, 0), (1,)),
            ("fd_write", (4, 0, 1, 0), (1, 3)),
            ("path_create_directory", (3, 0, 1), (1,)),
            ("path_filestat_get", (3, 0, 4096, 4, 0), (2, 4)),
            ("path_filestat_set_times", (3, 0, 0, 1, 0, 0, 0), (2,)),
            ("path_link", (3, 0, 4096, 4, 3, 4096, 4), (2, 5)),
            ("path_open", (3, 0, 4096, 4, 0, READ, 0, 0, 0), (2, 8)),
            ("path_readlink", (3, 4096, 4, 0, 9, 0), (1, 3, 5)),
            ("path_remove_directory", (3, 0, 1), (1,)),
            ("path_rename", (3, 4096, 4, 3, 4096, 4), (1, 4)),
            ("path_symlink", (4096, 4, 3, 4096, 4), (0, 3)),
            ("path_unlink_file", (3, 0, 1), (1,)),
            ("poll_oneoff", (0, 0, 1, 0), (0, 1, 3)),
            ("random_get", (0, 8), (0,)),
        ],
    )
    def test_each_pointer_is_checked(
        self, guest: Guest, tmp_path: Path, name: str, arguments: tuple[int, ...], pointers: tuple[int, ...]
    ) -> None:
        end = guest.memory.size
        for pointer in pointers:
            for wrong in (end, 2**32 - 1, 2**31, end + 4096):
                guest.put("file")
                changed = list(arguments)
                changed[pointer] = wrong
                assert guest.call(name, *changed) == "FAULT", (name, changed)
        assert os.listdir(tmp_path) == ["file"]
        assert (tmp_path / "file").read_bytes() == b"data"

    def test_the_last_byte_counts(self, guest: Guest) -> None:
        end = guest.memory.size
        assert guest.call("clock_time_get", 0, 0, end - 8) == "SUCCESS"
        assert guest.call("clock_time_get", 0, 0, end - 7) == "FAULT"
        assert guest.call("random_get", end - 5, 5) == "SUCCESS"
        assert guest.call("random_get", end - 5, 6) == "FAULT"
        assert guest.call("random_get", end, 0) == "SUCCESS"
        assert guest.call("random_get", 5, 2**32 - 1) == "FAULT"
        assert guest.call("fd_prestat_get", 3, end - 7) == "FAULT"
        guest.exports.grow(1)
        assert guest.call("random_get", end, 65536) == "SUCCESS"

    @pytest.mark.parametrize("name", ["fd_read", "fd_write", "fd_pread", "fd_pwrite"])
    def test_vectors(self, guest: Guest, tmp_path: Path, name: str) -> None:
        offset = [0] if name.startswith("fd_p") else []
        end = guest.memory.size

        def call(vectors: bytes, count: int, at: int = 1024) -> str:
            guest.memory.write(at, vectors)
            return guest.call(name, 4, at, count, *offset, 0)

        one = struct.pack("<II", 8192, 4)
        assert call(one, 1025) == "INVAL"
        assert call(one, 2**32 - 1) == "INVAL"
        assert call(b"", 2**29) == "INVAL"  # eight times that is 0 in 32 bits
        assert call(one, 2, end - 8) == "FAULT"
        assert call(struct.pack("<II", end - 3, 4), 1) == "FAULT"
        assert call(struct.pack("<II", 2**32 - 2, 4), 1) == "FAULT"
        assert call(one + struct.pack("<II", 0, 2**32 - 1), 2) == "FAULT"
        assert (tmp_path / "file").read_bytes() == b"data"  # nothing was done before all were checked
        if name in ("fd_read", "fd_pread"):
            assert call(struct.pack("<II", end, 0) * 1024, 1024) == "SUCCESS"
            assert call(one * 100, 100) == "SUCCESS"
            assert guest.u32(0) == 4

    def test_total_that_does_not_fit(self, guest: Guest) -> None:
        """1024 overlapping vectors of 4 MiB are 4 GiB: more than the answer can say."""
        guest.exports.grow(62)
        guest.memory.write(65536, struct.pack("<II", 0, 1 << 22) * 1024)
        assert guest.call("fd_write", 1, 65536, 1023, 0) == "SUCCESS"
        assert guest.u32(0) == 1023 << 22
        guest.memory.write(65536, struct.pack("<II", 0, 1 << 22) * 1024)
        assert guest.call("fd_write", 1, 65536, 1024, 0) == "INVAL"

    def test_deadline_of_a_long_transfer(self, tmp_path: Path) -> None:
        """A file with a hole of a terabyte, read with large vectors."""
        with (tmp_path / "hole").open("wb") as file:
            try:
                file.truncate(1 << 40)
            except OSError as error:
                pytest.skip(f"the file system has no such holes: {error}")
        guest = Guest(dirs={"/": tmp_path}, limits=zcwasm.Limits(deadline=0.05))
        guest.exports.grow(62)
        guest.memory.write(65536, struct.pack("<II", 1 << 20, 3 << 20) * 1000)
        fd = guest.open(3, "hole")
        start = time.monotonic()
        with pytest.raises(zcwasm.Trap, match="deadline"):
            guest.exports.fd_read(fd, 65536, 1000, 0)
        assert time.monotonic() - start < 5
