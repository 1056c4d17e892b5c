"""WASI preview 1: what is granted and what is not, streams, waiting, files. The guest (guests/wasi.wat)
exports WASI's functions as they are, so each test is the guest: it writes into the guest's memory and calls
them. Paths that try to leave, and hostile arguments, are in test_wasi_hostile.py."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from support import guest_path
from wasi_guest import Guest, importing

import zcwasm

pytestmark = pytest.mark.usefixtures("engine")  # each test with each engine that is here

LONG = 30.0  # seconds; a wait of that length has not ended by itself


class TestGrants:
    def test_nothing_by_default(self) -> None:
        guest = Guest()
        assert guest.strings("args") == []
        assert guest.strings("environ") == []
        assert guest.read(0, 10) == b""
        assert guest.write(1, b"gone") == 4
        assert guest.write(2, b"gone") == 4
        assert guest.call("fd_prestat_get", 3, 64) == "BADF"

    def test_arguments_and_environment(self) -> None:
        guest = Guest(args=["prog", "", "ü €", b"raw\xff"], env={"A": "1", "B": "x=y", "C": ""})
        assert guest.strings("args") == [b"prog", b"", "ü €".encode(), b"raw\xff"]
        assert guest.strings("environ") == [b"A=1", b"B=x=y", b"C="]

    def test_a_module_without_grant_does_not_link(self) -> None:
        with pytest.raises(
            zcwasm.LinkError,
            match=r"^the module imports from wasi_snapshot_preview1, .* not granted WASI.*wasi=",
        ):
            zcwasm.Instance(zcwasm.Module(guest_path("wasi")))

    def test_grant_that_no_module_asked_for(self) -> None:
        with zcwasm.Instance(zcwasm.Module(guest_path("loops")), wasi=zcwasm.Wasi()) as instance:
            assert not instance.closed

    @pytest.mark.parametrize(
        ("name", "params", "results", "message"),
        [
            ("fd_write", 3, 1, "fd_write is of another type"),
            ("fd_write", 4, 0, "fd_write is of another type"),
            ("proc_exit", 1, 1, "proc_exit is of another type"),
            ("fork", 0, 1, "no function 'fork'"),
            ("", 0, 1, "no function ''"),
        ],
    )
    def test_imports_that_wasi_has_not(self, name: str, params: int, results: int, message: str) -> None:
        module = zcwasm.Module(importing("wasi_snapshot_preview1", name, params, results))
        with pytest.raises(zcwasm.LinkError, match=message):
            zcwasm.Instance(module, wasi=zcwasm.Wasi())

    def test_explicit_import_comes_first(self) -> None:
        seen = []
        imports = {"wasi_snapshot_preview1": {"proc_exit": seen.append}}
        instance = zcwasm.Instance(
            zcwasm.Module(guest_path("wasi")), wasi=zcwasm.Wasi(args=["a"]), imports=imports
        )
        assert instance.exports.leave(5) == 1
        assert seen == [5]
        assert instance.exports.args_sizes_get(64, 68) == 0

    def test_preview_0(self) -> None:
        """The links of a file take four bytes there, and a subscription has one more field."""
        module = zcwasm.Module(importing("wasi_unstable", "fd_filestat_get", 2, 1))
        with Path(__file__).open("rb") as file:
            instance = zcwasm.Instance(module, wasi=zcwasm.Wasi(stdin=file))
        assert instance.exports.call(0, 8) == 0
        links, size = struct.unpack("<IQ", instance.memory.read(8 + 20, 12))
        assert (links, size) == (Path(__file__).stat().st_nlink, Path(__file__).stat().st_size)
        assert instance.memory.read(8 + 56, 8) == bytes(8)
        with pytest.raises(zcwasm.LinkError, match="wasi_unstable, and was not granted"):
            zcwasm.Instance(module)
        module = zcwasm.Module(importing("wasi_unstable", "poll_oneoff", 4, 1))
        instance = zcwasm.Instance(module, wasi=zcwasm.Wasi())
        instance.memory.write(64, struct.pack("<QB7xQI4xQQH", 5, 0, 0, 1, 1_000_000, 0, 0))
        assert instance.exports.call(64, 256, 1, 0) == 0
        assert struct.unpack("<QHB", instance.memory.read(256, 11)) == (5, 0, 0)

    @pytest.mark.parametrize(
        ("options", "error"),
        [
            ({"args": "prog"}, TypeError),
            ({"args": ["a\0b"]}, ValueError),
            ({"env": {"A=B": "c"}}, ValueError),
            ({"env": {"": "c"}}, ValueError),
            ({"env": {"A": "b\0"}}, ValueError),
            ({"stdout": "file.txt"}, TypeError),
            ({"stdout": object()}, TypeError),
            ({"stdout": 10**6}, OSError),
            ({"stdout": -1}, ValueError),
            ({"stdin": "text"}, TypeError),
            ({"stdin": io.StringIO("text")}, TypeError),
            ({"stdin": 1.5}, TypeError),
            ({"dirs": {"": "."}}, ValueError),
            ({"dirs": {"/": "/nothing/there"}}, FileNotFoundError),
            ({"dirs": {"/": __file__}}, NotADirectoryError),
        ],
    )
    def test_grants_that_make_no_sense(self, options: dict[str, Any], error: type[Exception]) -> None:
        with pytest.raises(error):
            zcwasm.Wasi(**options)

    def test_wrong_type(self) -> None:
        with pytest.raises(TypeError, match=r"wasi must be a zcwasm\.Wasi"):
            zcwasm.Instance(zcwasm.Module(guest_path("wasi")), wasi=5)  # type: ignore[arg-type]

    def test_too_many_directories(self, tmp_path: Path) -> None:
        wasi = zcwasm.Wasi(dirs={f"/{i}": tmp_path for i in range(129)})
        with pytest.raises(ValueError, match="129 directories are granted, may be 128"):
            zcwasm.Instance(zcwasm.Module(guest_path("wasi")), wasi=wasi)


class TestProcess:
    @pytest.mark.parametrize("code", [0, 1, 77, 2**32 - 1])
    def test_exit(self, code: int) -> None:
        guest = Guest()
        with pytest.raises(zcwasm.Exit, match=f"exited with code {code}") as caught:
            guest.exports.leave(code)
        assert caught.value.code == code
        assert isinstance(caught.value, zcwasm.Error)
        assert guest.exports.twice(4) == 8  # the instance stays usable

    def test_random(self) -> None:
        guest = Guest()
        assert guest.call("random_get", 1024, 100_000) == "SUCCESS"
        data = guest.memory.read(1024, 100_000)
        assert guest.memory.read(1024 + 100_000, 8) == bytes(8)
        assert len(set(data)) == 256
        assert guest.call("random_get", 1024, 100_000) == "SUCCESS"
        assert guest.memory.read(1024, 100_000) != data

    def test_clocks(self) -> None:
        guest = Guest()
        assert abs(guest.clock(0) / 1e9 - time.time()) < 1
        before = guest.clock(1)
        assert 0 <= guest.clock(1) - before < 10**9
        for clock in (0, 1):
            assert guest.call("clock_res_get", clock, 64) == "SUCCESS"
            assert 0 < guest.u64(64) < 10**9
        for clock in (2, 3, 4, 2**32 - 1):  # processor time is the host's business
            assert guest.call("clock_time_get", clock, 0, 64) == "INVAL"
            assert guest.call("clock_res_get", clock, 64) == "INVAL"

    def test_what_is_not_offered(self) -> None:
        guest = Guest()
        assert guest.call("proc_raise", 0) == "NOTSUP"
        for name in ("sock_accept", "sock_recv", "sock_send", "sock_shutdown"):
            rest = [0] * (len(guest.exports[name].params) - 1)
            assert guest.call(name, 1, *rest) == "NOTSOCK"
            assert guest.call(name, 3, *rest) == "BADF"


class TestOutput:
    def test_bytes(self) -> None:
        out, err = io.BytesIO(), io.BytesIO()
        guest = Guest(stdout=out, stderr=err)
        assert guest.write(1, b"one", b"", b"two") == 6
        assert guest.write(2, b"\xff\0") == 2
        assert (out.getvalue(), err.getvalue()) == (b"onetwo", b"\xff\0")

    def test_callable_and_counted_copies(self) -> None:
        seen: list[bytes] = []
        guest = Guest(stdout=seen.append)
        before = zcwasm.copy_stats()["wasi"]
        guest.write(1, b"abc", b"de")
        assert seen == [b"abc", b"de"]
        assert zcwasm.copy_stats()["wasi"] - before == 5

    def test_text_decodes_across_writes(self) -> None:
        out = io.StringIO()
        guest = Guest(stdout=out)
        for byte in "ä€𝄞".encode():
            guest.write(1, bytes([byte]))
        guest.write(1, b"\xff!")
        assert out.getvalue() == "ä€𝄞�!"

    def test_file_comes_after_what_the_host_wrote(self, tmp_path: Path) -> None:
        path = tmp_path / "out"
        before = zcwasm.copy_stats()["wasi"]
        with path.open("w") as file:
            file.write("host ")
            guest = Guest(stdout=file)
        assert guest.write(1, b"guest") == 5  # a descriptor of its own: closing the file is fine
        assert path.read_text() == "host guest"
        assert zcwasm.copy_stats()["wasi"] == before

    def test_large_write_through_a_pipe(self) -> None:
        data = os.urandom(1_000_000)
        read, write = os.pipe()
        guest = Guest(stdout=write)
        os.close(write)
        got: list[bytes] = []

        def drain() -> None:
            while part := os.read(read, 65536):
                got.append(part)

        thread = threading.Thread(target=drain)
        thread.start()
        guest.exports.grow(20)
        assert guest.write(1, data) == len(data)
        guest.instance.close()
        thread.join(LONG)
        os.close(read)
        assert b"".join(got) == data

    def test_broken_pipe(self) -> None:
        read, write = os.pipe()
        guest = Guest(stdout=write)
        os.close(write)
        os.close(read)
        assert guest.try_write(1, b"x") == "PIPE"

    def test_exception_of_a_stream_passes_through(self) -> None:
        def fail(data: bytes) -> None:
            raise KeyError(data)

        guest = Guest(stdout=fail)
        with pytest.raises(KeyError):
            guest.write(1, b"x")
        assert guest.exports.twice(2) == 4

    def test_stream_may_call_the_guest_and_close_itself(self) -> None:
        seen = []

        def again(data: bytes) -> None:
            seen.append((data, guest.exports.twice(21), guest.exports.fd_close(1)))

        guest = Guest(stdout=again)
        assert guest.write(1, b"a", b"b") == 2
        assert seen == [(b"a", 42, 0), (b"b", 42, 8)]
        assert guest.try_write(1, b"c") == "BADF"

    def test_inherited(self) -> None:
        code = (
            f"import sys; sys.path[0] = {str(Path(__file__).parent)!r}; from wasi_guest import Guest\n"
            "guest = Guest(stdin='inherit', stdout='inherit', stderr='inherit')\n"
            "guest.write(1, guest.read(0, 99)); guest.write(2, b'err')"
        )
        done = subprocess.run([sys.executable, "-c", code], input=b"in", capture_output=True)
        assert (done.stdout, done.stderr) == (b"in", b"err")

    def test_same_output_every_time(self) -> None:
        outputs = set()
        for _ in range(3):
            out = io.BytesIO()
            guest = Guest(args=["a", "b"], stdout=out)
            for text in guest.strings("args"):
                guest.write(1, text, b"\n")
            outputs.add(out.getvalue())
        assert outputs == {b"a\nb\n"}

    def test_a_cycle_through_a_stream_is_collected(self) -> None:
        gc.collect()
        regions = zcwasm._core._region_count()
        holder: list[Guest] = []
        holder.append(Guest(stdout=holder.extend))
        assert zcwasm._core._region_count() == regions + 1
        del holder
        gc.collect()
        assert zcwasm._core._region_count() == regions


class TestInput:
    def test_bytes(self) -> None:
        guest = Guest(stdin=bytearray(b"hello"))
        assert guest.read(0, 2, 2) == b"he"
        assert guest.read(0, 100) == b"llo"
        assert guest.read(0, 100) == b""

    def test_callable(self) -> None:
        sizes = []

        def give(size: int) -> bytes:
            sizes.append(size)
            return b"ab"

        assert Guest(stdin=give).read(0, 7) == b"ab"
        assert sizes == [7]

    @pytest.mark.parametrize(("given", "error"), [(b"12345", ValueError), ("text", TypeError)])
    def test_callable_that_gives_what_it_should_not(self, given: Any, error: type[Exception]) -> None:
        guest = Guest(stdin=lambda size: given)
        with pytest.raises(error):
            guest.read(0, 4)
        assert guest.exports.twice(1) == 2

    def test_pipe(self) -> None:
        read, write = os.pipe()
        guest = Guest(stdin=read)
        os.write(write, b"abc")
        assert guest.read(0, 2) == b"ab"
        assert guest.read(0, 9) == b"c"
        os.close(write)
        assert guest.read(0, 9) == b""
        os.close(read)

    def test_nonblocking(self) -> None:
        read, write = os.pipe()
        guest = Guest(stdin=read)
        assert guest.call("fd_fdstat_set_flags", 0, 4) == "SUCCESS"
        assert guest.try_read(0, 4) == "AGAIN"
        assert os.get_blocking(read)  # the host's descriptor stays as it was
        os.write(write, b"x")
        assert guest.read(0, 4) == b"x"
        os.close(read)
        os.close(write)

    def test_streams_are_no_files(self) -> None:
        guest = Guest(stdin=b"abc", stdout=io.BytesIO())
        for fd in (0, 1):
            assert guest.call("fd_seek", fd, 0, 1, 64) == "SPIPE"
            assert guest.call("fd_tell", fd, 64) == "SPIPE"
            assert guest.call("fd_pread", fd, 64, 0, 0, 64) == "SPIPE"
            assert guest.call("fd_readdir", fd, 64, 8, 0, 72) == "NOTCAPABLE"
            assert guest.call("fd_filestat_get", fd, 64) == "SUCCESS"
            assert guest.call("fd_filestat_set_size", fd, 0) == "NOTCAPABLE"
        assert guest.try_read(1, 4) == "NOTCAPABLE"
        assert guest.try_write(0, b"x") == "NOTCAPABLE"


class Pipe:
    """Both ends of a pipe, the writing one full if asked for."""

    def __init__(self, full: bool = False) -> None:
        self.read, self.write = os.pipe()
        if full:
            os.set_blocking(self.write, False)
            with contextlib.suppress(BlockingIOError):
                while os.write(self.write, bytes(4096)):
                    pass
            os.set_blocking(self.write, True)

    def close(self) -> None:
        os.close(self.read)
        os.close(self.write)


def sleep(guest: Guest) -> None:
    guest.poll([guest.clock_subscription(int(LONG * 1e9))])


def read_pipe(guest: Guest) -> None:
    guest.read(0, 10)


def poll_pipe(guest: Guest) -> None:
    guest.poll([guest.fd_subscription(1, 0), guest.clock_subscription(int(LONG * 1e9))])


def write_pipe(guest: Guest) -> None:
    guest.write(1, bytes(10))


@pytest.mark.parametrize("wait", [sleep, read_pipe, poll_pipe, write_pipe])
class TestWaiting:
    @pytest.fixture
    def pipes(self) -> Any:
        pipes = Pipe(), Pipe(full=True)
        yield pipes
        for pipe in pipes:
            pipe.close()

    def guest(self, pipes: Any, **limits: Any) -> Guest:
        return Guest(stdin=pipes[0].read, stdout=pipes[1].write, limits=zcwasm.Limits(**limits))

    def test_deadline(self, pipes: Any, wait: Any) -> None:
        guest = self.guest(pipes, deadline=0.05)
        start = time.monotonic()
        with pytest.raises(zcwasm.Trap) as caught:
            wait(guest)
        assert caught.value.kind == "deadline"
        assert 0.05 <= time.monotonic() - start < 5
        assert guest.exports.twice(1) == 2

    def test_interrupt_from_another_thread(self, pipes: Any, wait: Any) -> None:
        guest = self.guest(pipes)

        def interrupt() -> None:
            time.sleep(0.05)
            while not guest.instance.interrupt():  # until there is a call to end
                time.sleep(0.01)

        thread = threading.Thread(target=interrupt)
        thread.start()  # it can run: the interpreter lock is free meanwhile
        with pytest.raises(zcwasm.Trap) as caught:
            wait(guest)
        assert caught.value.kind == "interrupted"
        thread.join()

    def test_signal(self, pipes: Any, wait: Any) -> None:
        class Rang(Exception):
            pass

        def ring(number: int, frame: Any) -> None:
            raise Rang

        guest = self.guest(pipes)
        before = signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        try:
            with pytest.raises(Rang):
                wait(guest)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        assert guest.exports.twice(3) == 6


class TestPoll:
    def test_relative_and_absolute_clocks(self) -> None:
        guest = Guest()
        for clock in (0, 1):
            for absolute in (0, 1):
                start = guest.clock(1)
                when = 20_000_000 + (guest.clock(clock) if absolute else 0)
                events = guest.poll([guest.clock_subscription(when, clock, absolute, userdata=99)])
                assert events == [(99, "SUCCESS", 0, 0)]
                assert guest.clock(1) - start + 1_000_000 >= 20_000_000

    def test_past_is_now(self) -> None:
        guest = Guest()
        start = time.monotonic()
        assert guest.poll([guest.clock_subscription(1, 0, 1), guest.clock_subscription(2**64 - 1)]) == [
            (0, "SUCCESS", 0, 0)
        ]
        assert time.monotonic() - start < 5

    def test_streams(self) -> None:
        pipe = Pipe()
        guest = Guest(stdin=pipe.read, stdout=io.BytesIO())
        far = guest.clock_subscription(int(LONG * 1e9))
        assert guest.poll([guest.fd_subscription(2, 1, userdata=5), guest.fd_subscription(1, 0), far]) == [
            (5, "SUCCESS", 2, 0)
        ]
        os.write(pipe.write, b"abc")
        assert guest.poll([guest.fd_subscription(1, 0, userdata=7), far]) == [(7, "SUCCESS", 1, 3)]
        pipe.close()

    def test_mistakes_are_events(self) -> None:
        guest = Guest()
        events = guest.poll(
            [
                guest.fd_subscription(1, 9, userdata=1),
                guest.fd_subscription(2, 0, userdata=2),
                guest.clock_subscription(0, 7, userdata=3),
                guest.subscription(4, 200, 0),
            ]
        )
        assert [(data, error) for data, error, _, _ in events] == [
            (1, "BADF"),
            (2, "NOTCAPABLE"),
            (3, "INVAL"),
            (4, "INVAL"),
        ]

    @pytest.mark.parametrize("count", [0, 1025, 2**32 - 1])
    def test_counts(self, count: int) -> None:
        assert Guest().call("poll_oneoff", 0, 0, count, 0) == "INVAL"


class TestFiles:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        (tmp_path / "file").write_bytes(b"0123456789")
        (tmp_path / "dir").mkdir()
        (tmp_path / "dir" / "inner").write_bytes(b"inner")
        return tmp_path

    @pytest.fixture
    def guest(self, root: Path) -> Guest:
        return Guest(writable_dirs={"/w": root}, dirs={"/r": root})  # 3 reads, 4 writes

    def test_granted_directories(self, guest: Guest) -> None:
        for fd, name in ((3, b"/r"), (4, b"/w")):
            assert guest.call("fd_prestat_get", fd, 64) == "SUCCESS"
            assert struct.unpack("<II", guest.memory.read(64, 8)) == (0, len(name))
            assert guest.call("fd_prestat_dir_name", fd, 64, len(name)) == "SUCCESS"
            assert guest.memory.read(64, len(name)) == name
            assert guest.call("fd_prestat_dir_name", fd, 64, 1) == "NAMETOOLONG"
        assert guest.call("fd_prestat_get", 5, 64) == "BADF"
        assert guest.call("fd_prestat_get", 0, 64) == "BADF"

    def test_read_seek_tell(self, guest: Guest) -> None:
        fd = guest.open(3, "file")
        assert guest.read(fd, 3, 2) == b"01234"
        assert guest.tell(fd) == 5
        assert guest.seek(fd, -2, 2) == 8
        assert guest.read(fd, 100) == b"89"
        assert guest.read(fd, 100) == b""
        assert guest.seek(fd, 1, 0) == 1
        assert guest.seek(fd, 2, 1) == 3
        assert guest.call("fd_seek", fd, -4, 1, 64) == "INVAL"
        assert guest.call("fd_seek", fd, 0, 3, 64) == "INVAL"
        assert guest.pread(fd, 4, 5) == b"5678"
        assert guest.tell(fd) == 3
        assert guest.call("fd_pread", fd, 64, 0, 2**63, 64) == "INVAL"
        assert guest.call("fd_close", fd) == "SUCCESS"
        assert guest.try_read(fd, 1) == "BADF"

    def test_write_append_truncate(self, guest: Guest, root: Path) -> None:
        fd = guest.open(4, "new", create=True, write=True)
        assert guest.write(fd, b"abc", b"def") == 6
        assert guest.pwrite(fd, b"XY", 1) == 2
        assert (root / "new").read_bytes() == b"aXYdef"
        assert guest.call("fd_filestat_set_size", fd, 3) == "SUCCESS"
        assert guest.call("fd_sync", fd) == "SUCCESS"
        assert guest.call("fd_datasync", fd) == "SUCCESS"
        guest.call("fd_close", fd)
        fd = guest.open(4, "new", write=True, append=True)
        guest.write(fd, b"!")
        assert guest.call("fd_fdstat_set_flags", fd, 0) == "SUCCESS"
        guest.seek(fd, 0, 0)
        guest.write(fd, b"?")
        assert (root / "new").read_bytes() == b"?XY!"
        guest.open(4, "new", truncate=True, write=True)
        assert (root / "new").read_bytes() == b""
        assert guest.try_open(4, "new", create=True, exclusive=True) == "EXIST"

    def test_large_file(self, guest: Guest, root: Path) -> None:
        data = os.urandom(3_000_001)
        (root / "large").write_bytes(data)
        guest.exports.grow(62)
        fd = guest.open(3, "large")
        assert guest.read(fd, 1_500_000, 1_500_000) == data[:3_000_000]
        assert guest.read(fd, 10) == data[3_000_000:]
        fd = guest.open(4, "copy", create=True, write=True)
        assert guest.write(fd, data) == len(data)
        assert (root / "copy").read_bytes() == data

    def test_stat(self, guest: Guest, root: Path) -> None:
        info = (root / "file").stat()
        for stat in (guest.stat(3, "file"), guest.fstat(guest.open(3, "file"))):
            assert stat["type"] == 4
            assert (stat["size"], stat["inode"], stat["links"]) == (10, info.st_ino, 1)
            assert stat["modified"] == info.st_mtime_ns
            assert stat["device"] == 0
        assert guest.stat(3, "dir/")["type"] == 3
        assert guest.stat(3, ".")["inode"] == root.stat().st_ino

    def test_times(self, guest: Guest, root: Path) -> None:
        fd = guest.open(4, "file", write=True)
        assert guest.call("fd_filestat_set_times", fd, 5, 7_000_000_001, 1 | 4) == "SUCCESS"
        assert (root / "file").stat().st_mtime_ns == 7_000_000_001
        assert guest.path_call("path_filestat_set_times", 4, "dir", 1, extra=(9, 8, 4)) == "SUCCESS"
        assert (root / "dir").stat().st_mtime_ns == 8
        assert guest.call("fd_filestat_set_times", fd, 5, 7, 3) == "INVAL"
        assert guest.call("fd_filestat_set_times", fd, 5, 7, 16) == "INVAL"

    def test_directories(self, guest: Guest, root: Path) -> None:
        assert guest.path_call("path_create_directory", 4, "made") == "SUCCESS"
        assert guest.path_call("path_create_directory", 4, "made/") == "EXIST"
        assert guest.path_call("path_create_directory", 4, "no/made") == "NOENT"
        assert guest.rename(4, "file", 4, "made/moved") == "SUCCESS"
        assert (root / "made" / "moved").read_bytes() == b"0123456789"
        assert guest.rename(4, "made/moved", 4, "other/") == "NOTDIR"
        assert guest.path_call("path_remove_directory", 4, "made") == "NOTEMPTY"
        assert guest.path_call("path_unlink_file", 4, "made") == "ISDIR"
        assert guest.path_call("path_unlink_file", 4, "made/moved/") == "NOTDIR"
        assert guest.path_call("path_unlink_file", 4, "made/moved") == "SUCCESS"
        assert guest.path_call("path_remove_directory", 4, "made/") == "SUCCESS"
        assert sorted(os.listdir(root)) == ["dir"]

    def test_open_kinds(self, guest: Guest) -> None:
        assert guest.try_open(3, "file", directory=True) == "NOTDIR"
        assert guest.try_open(3, "file/") == "NOTDIR"
        assert guest.try_open(3, "nothing") == "NOENT"
        assert guest.try_open(4, "dir", write=True) == "ISDIR"
        assert guest.try_open(4, "new/", create=True) == "ISDIR"
        assert guest.try_open(4, "new", create=True, directory=True) == "INVAL"
        fd = guest.open(3, "dir/")
        assert guest.read(guest.open(fd, "inner"), 9) == b"inner"
        assert guest.try_read(fd, 1) == "ISDIR"
        assert guest.try_open(guest.open(3, "file"), "x") == "NOTDIR"

    def test_readdir(self, guest: Guest, root: Path) -> None:
        for i in range(40):
            (root / f"entry {i:02}").touch()
        for fd in (3, guest.open(3, ".")):
            whole = guest.list(fd, 4096)
            assert sorted(entry.name for entry in whole) == sorted(
                [b".", b"..", *(os.fsencode(n) for n in os.listdir(root))]
            )
            assert [entry.next for entry in whole] == list(range(1, len(whole) + 1))
            types = {entry.name: entry.type for entry in whole}
            assert (types[b"dir"], types[b"file"]) == (3, 4)
            inodes = {entry.name: entry.inode for entry in whole}
            assert inodes[b"file"] == (root / "file").stat().st_ino
            assert inodes[b".."] == 0
            # Any buffer size gives the same entries, each cut off one is given again.
            for size in (24 + 8, 100, 101, 127):
                assert guest.list(fd, size) == whole
            # Any cookie goes on from there; forged ones find the end.
            for cookie in (0, 5, 41, 3, len(whole), len(whole) + 1, 2**63, 2**64 - 1):
                assert guest.list(fd, 4096, cookie) == whole[cookie:]

    def test_exhaustion(self, guest: Guest) -> None:
        opened = []
        while (fd := guest.try_open(3, "file")) != "MFILE":
            opened.append(fd)
        assert opened == list(range(5, 256))
        assert guest.call("fd_close", 100) == "SUCCESS"
        assert guest.open(3, "file") == 100

    @pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc to count descriptors")
    def test_descriptors_go_with_the_instance(self, root: Path) -> None:
        gc.collect()
        before = len(os.listdir("/proc/self/fd"))
        wasi = zcwasm.Wasi(dirs={"/": root}, stdout="inherit")
        guest = Guest(wasi=wasi)
        for _ in range(20):
            guest.list(guest.open(3, "dir"), 100)
        assert len(os.listdir("/proc/self/fd")) > before + 20
        guest.instance.close()
        assert len(os.listdir("/proc/self/fd")) == before + 2
        del guest, wasi
        gc.collect()
        assert len(os.listdir("/proc/self/fd")) == before

    def test_instances_share_a_grant_and_no_descriptors(self, root: Path) -> None:
        wasi = zcwasm.Wasi(dirs={"/": root})
        one, other = Guest(wasi=wasi), Guest(wasi=wasi)
        fd = one.open(3, "file")
        assert other.try_read(fd, 1) == "BADF"
        assert one.call("fd_close", 3) == "SUCCESS"
        assert one.try_open(3, "file") == "BADF"
        assert other.read(other.open(3, "file"), 3) == b"012"

    def test_renumber(self, guest: Guest) -> None:
        a, b = guest.open(3, "file"), guest.open(3, "dir/inner")
        assert guest.call("fd_renumber", a, b) == "SUCCESS"
        assert guest.read(b, 3) == b"012"
        assert guest.try_read(a, 3) == "BADF"
        assert guest.call("fd_renumber", b, b) == "SUCCESS"
        assert guest.read(b, 1) == b"3"
        assert guest.call("fd_renumber", b, 200) == "BADF"

    @pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc to count descriptors")
    def test_renumber_of_granted_directories(self, guest: Guest) -> None:
        """They take their name along, and what they move over is closed."""
        before = len(os.listdir("/proc/self/fd"))
        assert guest.call("fd_renumber", 3, 4) == "SUCCESS"
        assert guest.call("fd_prestat_dir_name", 4, 64, 2) == "SUCCESS"
        assert guest.memory.read(64, 2) == b"/r"
        assert guest.try_open(4, "new", create=True, write=True) == "NOTCAPABLE"
        assert guest.try_open(3, "file") == "BADF"
        assert len(os.listdir("/proc/self/fd")) == before - 1
        assert guest.call("fd_renumber", 4, 4) == "SUCCESS"
        assert guest.call("fd_prestat_get", 4, 64) == "SUCCESS"
        fd = guest.open(4, "file")
        assert guest.call("fd_renumber", fd, 4) == "SUCCESS"
        assert guest.call("fd_prestat_get", 4, 64) == "BADF"
        assert guest.read(4, 3) == b"012"

    def test_links(self, guest: Guest, root: Path) -> None:
        assert guest.symlink("dir/inner", 4, "soft") == "SUCCESS"
        assert os.readlink(root / "soft") == "dir/inner"
        assert guest.read(guest.open(4, "soft"), 9) == b"inner"
        assert guest.symlink("../file", 4, "dir/up") == "SUCCESS"
        assert guest.read(guest.open(4, "dir/up"), 4) == b"0123"
        assert guest.link(4, "file", 4, "dir/hard") == "SUCCESS"
        assert (root / "dir" / "hard").samefile(root / "file")
        assert guest.write(guest.open(4, "dir/hard", write=True), b"ab") == 2
        assert (root / "file").read_bytes() == b"ab23456789"
        assert guest.link(4, "soft", 4, "hard soft") == "SUCCESS"
        assert os.readlink(root / "hard soft") == "dir/inner"
        assert guest.link(4, "dir", 4, "hard dir") == "PERM"
        assert guest.symlink("x" * 4095, 4, "long") == "SUCCESS"
        assert guest.symlink("x" * 4096, 4, "longer") == "NAMETOOLONG"
        assert guest.symlink("x", 4, "y" * 256) == "NAMETOOLONG"


class TestRights:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        (tmp_path / "file").write_bytes(b"kept")
        (tmp_path / "dir").mkdir()
        return tmp_path

    def test_read_only_directory_changes_nothing(self, root: Path) -> None:
        guest = Guest(dirs={"/": root})
        before = {path: path.stat() for path in (root, *root.iterdir())}
        refused = [
            guest.try_open(3, "file", write=True),
            guest.try_open(3, "new", create=True),
            guest.try_open(3, "file", truncate=True),
            guest.try_open(3, "file", create=True),
            guest.path_call("path_create_directory", 3, "made"),
            guest.path_call("path_unlink_file", 3, "file"),
            guest.path_call("path_remove_directory", 3, "dir"),
            guest.path_call("path_filestat_set_times", 3, "file", 1, extra=(0, 0, 5)),
            guest.rename(3, "file", 3, "moved"),
            guest.symlink("file", 3, "soft"),
            guest.link(3, "file", 3, "hard"),
            guest.call("fd_filestat_set_times", 3, 0, 0, 5),
            guest.call("fd_sync", 3),
        ]
        assert refused == ["NOTCAPABLE"] * len(refused)
        fd = guest.open(3, "file", rights=2**64 - 1 & ~64)
        assert guest.try_write(fd, b"x") == "NOTCAPABLE"
        assert guest.call("fd_filestat_set_size", fd, 0) == "NOTCAPABLE"
        assert guest.call("fd_filestat_set_times", fd, 0, 0, 5) == "NOTCAPABLE"
        # Not through a directory opened from it either.
        inner = guest.open(3, "dir", directory=True, rights=2**64 - 1 & ~64, inheriting=2**64 - 1)
        assert guest.try_open(inner, "new", create=True) == "NOTCAPABLE"
        assert guest.symlink("x", inner, "soft") == "NOTCAPABLE"
        assert guest.link(3, "file", inner, "hard") == "NOTCAPABLE"
        assert {path: path.stat() for path in (root, *root.iterdir())} == before

    def test_no_move_between_grants_without_rights_on_both(self, root: Path, tmp_path: Path) -> None:
        (tmp_path / "w").mkdir()
        guest = Guest(dirs={"/r": root}, writable_dirs={"/w": tmp_path / "w"})
        assert guest.rename(3, "file", 4, "file") == "NOTCAPABLE"
        assert guest.rename(4, "x", 3, "x") == "NOTCAPABLE"

    def test_a_hard_link_takes_nothing_out_of_a_grant_to_read(self, root: Path, tmp_path: Path) -> None:
        """Under a second name in a directory that may be changed, the file could be written."""
        (root / "soft").symlink_to("file")
        (tmp_path / "w" / "w").mkdir(parents=True)
        guest = Guest(dirs={"/r": root}, writable_dirs={"/w": tmp_path / "w"})
        inner = guest.open(3, "dir", directory=True)
        for fd, path in ((3, "file"), (3, "soft"), (3, "dir/../file"), (inner, "x")):
            assert guest.link(fd, path, 4, "mine") == "NOTCAPABLE"
            assert guest.link(4, "w", fd, "new") == "NOTCAPABLE"
        assert os.listdir(tmp_path / "w") == ["w"]
        # Each of the two rights can be given up.
        assert guest.link(4, "w", 4, "new") == "PERM"
        rights, _ = guest.rights(4)
        for right in (11, 12):
            fd = guest.open(4, "w", directory=True, rights=rights & ~(1 << right))
            assert guest.link(fd, "x", fd, "y") == "NOTCAPABLE"
        assert guest.symlink("x", guest.open(4, "w", rights=rights & ~(1 << 24)), "y") == "NOTCAPABLE"

    def test_rights_only_shrink(self, root: Path) -> None:
        guest = Guest(writable_dirs={"/": root})
        fd = guest.open(3, "file", write=True)
        rights, inheriting = guest.rights(fd)
        assert inheriting == 0
        assert rights & (2 | 64) == 2 | 64
        assert guest.call("fd_fdstat_set_rights", fd, rights & ~64, 0) == "SUCCESS"
        assert guest.try_write(fd, b"x") == "NOTCAPABLE"
        assert guest.call("fd_fdstat_set_rights", fd, rights, 0) == "NOTCAPABLE"
        rights, inheriting = guest.rights(3)
        assert guest.call("fd_fdstat_set_rights", 3, rights, inheriting & ~64) == "SUCCESS"
        assert guest.try_open(3, "file", write=True) == "NOTCAPABLE"
        assert guest.read(guest.open(3, "file"), 9) == b"kept"

    def test_write_only_descriptor_does_not_read(self, root: Path) -> None:
        guest = Guest(writable_dirs={"/": root})
        fd = guest.open(3, "file", rights=64)
        assert guest.try_read(fd, 1) == "NOTCAPABLE"
        assert guest.call("fd_seek", fd, 0, 0, 64) == "NOTCAPABLE"
        assert guest.write(fd, b"K") == 1
