"""Streams of Python given to a guest: no byte is lost or invented, whatever a buffer holds."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest
from wasi_guest import Guest

import zcwasm

pytestmark = pytest.mark.usefixtures("engine")  # each test with each engine that is here

TEXT = b"header\nrow 1\nr\xc3\xb6w 2\n"
REST = TEXT.split(b"\n", 1)[1]


def read_all(guest: Guest, size: int = 7) -> bytes:
    got = b""
    while part := guest.read(0, size):
        got += part
    return got


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(TEXT)
    return path


# --- what transforms bytes ---


@pytest.mark.parametrize("module", [gzip, bz2, lzma])
@pytest.mark.parametrize("text", [False, True])
def test_compressed(module: Any, text: bool, tmp_path: Path) -> None:
    path = tmp_path / "packed"
    with module.open(path, "wt" if text else "wb", **({"encoding": "utf-8"} if text else {})) as file:
        guest = Guest(stdout=file)
        assert guest.write(1, b"from the ", b"guest\n") == 15
    assert module.open(path).read() == b"from the guest\n"
    with module.open(path) as file:
        assert file.readline() == b"from the guest\n"
        file.seek(0)
        assert read_all(Guest(stdin=file)) == b"from the guest\n"
    if text:
        with module.open(path, "rt") as file, pytest.raises(TypeError, match="stdin is a text stream"):
            zcwasm.Wasi(stdin=file)


class Upper(io.FileIO):
    def write(self, data: Any) -> int:
        return super().write(bytes(data).upper())

    def read(self, size: int = -1) -> bytes | None:
        data = super().read(size)
        return data and data.upper()


def test_classes_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with Upper(str(path), "w") as out:
        assert Guest(stdout=out).write(1, b"loud") == 4
    assert path.read_bytes() == b"LOUD"
    path.write_bytes(b"quiet")
    with Upper(str(path)) as source:
        assert read_all(Guest(stdin=source)) == b"QUIET"


class Notebook(io.TextIOBase):
    """As ipykernel's: its descriptor is the terminal of the kernel, its text goes to the notebook."""

    def __init__(self) -> None:
        self.text = ""

    def fileno(self) -> int:
        return 1

    def write(self, text: str) -> int:
        self.text += text
        return len(text)


def test_a_notebooks_output() -> None:
    cell = Notebook()
    guest = Guest(stdout=cell, stderr=cell)
    guest.write(1, b"out ")
    guest.write(2, "ä".encode())
    assert cell.text == "out ä"


def test_other_encodings(tmp_path: Path) -> None:
    path = tmp_path / "latin"
    with path.open("w", encoding="latin-1") as file:
        Guest(stdout=file).write(1, "äö".encode())
        assert path.read_bytes() == b"\xe4\xf6"
    with path.open(encoding="latin-1") as file, pytest.raises(TypeError, match="not one of a file in UTF-8"):
        zcwasm.Wasi(stdin=file)


# --- what Python has read ahead ---


@pytest.mark.parametrize("mode", ["r", "rb", "r+", "rb+"])
def test_reading_in_turn(mode: str, path: Path) -> None:
    with path.open(mode, encoding=None if "b" in mode else "utf-8") as file:
        convert = (lambda data: data) if "b" in mode else (lambda text: text.encode())
        guest = Guest(stdin=file)
        assert convert(file.readline()) == b"header\n"
        assert guest.read(0, 4) == b"row "
        assert convert(file.read(2)) == b"1\n"
        assert guest.read(0, 3) == "rö".encode()
        assert convert(file.read()) == b"w 2\n"
        assert guest.read(0, 9) == b""
        file.seek(0)
        assert convert(file.readline()) == b"header\n"
        assert read_all(guest) == REST
        file.seek(0)
        assert convert(file.read()) == TEXT


def test_reading_in_turn_unbuffered(path: Path) -> None:
    with path.open("rb", buffering=0) as file:
        assert file.readline() == b"header\n"
        assert read_all(Guest(stdin=file)) == REST


def test_in_the_middle_of_an_iteration(path: Path) -> None:
    with path.open(encoding="utf-8") as file:
        next(file)
        with pytest.raises(ValueError, match="in the middle of an iteration"):
            Guest(stdin=file).read(0, 9)


@pytest.mark.parametrize("text", [False, True])
def test_a_pipe_in_turn(text: bool) -> None:
    read, write = os.pipe()
    os.write(write, TEXT)
    with os.fdopen(read, "r" if text else "rb", encoding="utf-8" if text else None) as source:
        guest = Guest(stdin=source)
        assert source.readline() == ("header\n" if text else b"header\n")
        assert guest.read(0, 4) == b"row "
        assert guest.read(0, 100) == REST[4:]
        os.write(write, b"more\nlast\n")
        assert guest.read(0, 5) == b"more\n"
        assert source.readline() == ("last\n" if text else b"last\n")
        os.close(write)
        assert guest.read(0, 5) == b""


def test_a_pipe_of_which_nothing_was_read_keeps_its_deadline() -> None:
    read, write = os.pipe()
    with os.fdopen(read, "rb") as source:
        guest = Guest(stdin=source, limits=zcwasm.Limits(deadline=0.1))
        with pytest.raises(zcwasm.Trap, match="deadline"):
            guest.read(0, 10)
        os.write(write, b"x")
        assert guest.read(0, 10) == b"x"
    os.close(write)


def test_translated_line_ends_of_a_pipe_are_refused() -> None:
    read, write = os.pipe()
    os.write(write, b"one\r\ntwo\r\n")
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as source:
        source.readline()
        with pytest.raises(ValueError, match="line ends"):
            Guest(stdin=source).read(0, 10)


def test_line_ends_are_translated_only_in_what_was_read_ahead() -> None:
    read, write = os.pipe()
    os.write(write, b"one\r\n")
    with os.fdopen(read, encoding="utf-8") as source:
        source.readline()
        os.write(write, b"two\r\n")
        assert Guest(stdin=source).read(0, 10) == b"two\r\n"
    os.close(write)


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
@pytest.mark.parametrize("character", ["\u07ff", "\u0800", "\ud7ff", "\uffff", "\U00010000", "\U0010ffff"])
def test_half_a_character_read_ahead(errors: str, character: str) -> None:
    """Python's buffer may end anywhere in a character."""
    data = character.encode()
    for cut in range(1, len(data)):
        read, write = os.pipe()
        os.write(write, b"header\nrow " + data[:cut])
        with os.fdopen(read, encoding="utf-8", errors=errors) as source:
            source.readline()
            guest = Guest(stdin=source)
            assert guest.read(0, 100) == b"row " + data[:cut]
            os.write(write, data[cut:] + data)
            os.close(write)
            assert guest.read(0, len(data) - cut) == data[cut:]
            assert source.read() == character


@pytest.mark.parametrize("errors", ["replace", "ignore", "backslashreplace"])
def test_replaced_characters_of_a_pipe_are_refused(errors: str) -> None:
    read, write = os.pipe()
    os.write(write, b"header\nr\xffw\n")
    os.close(write)
    with os.fdopen(read, encoding="utf-8", errors=errors) as source:
        source.readline()
        with pytest.raises(ValueError, match="which changes bytes"):
            Guest(stdin=source).read(0, 10)


# --- what Python holds back ---


@pytest.mark.parametrize("mode", ["w", "wb", "w+", "wb+", "a"])
def test_writing_in_turn(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "out"
    with path.open(mode, encoding=None if "b" in mode else "utf-8") as file:
        convert = (lambda data: data) if "b" in mode else (lambda data: data.decode())
        guest = Guest(stdout=file, stderr=file)
        for part in (b"a", b"b", b"c"):
            file.write(convert(b"host " + part + b"\n"))
            guest.write(1, b"guest ", part, b"\n")
            guest.write(2, b"!\n")
        file.write(convert(b"end\n"))
    assert (
        path.read_bytes()
        == b"".join(b"host %s\nguest %s\n!\n" % (x, x) for x in (b"a", b"b", b"c")) + b"end\n"
    )


def test_reading_and_writing_one_file(path: Path) -> None:
    with path.open("rb+") as file:
        guest = Guest(stdin=file, stdout=file)
        assert file.readline() == b"header\n"
        assert guest.write(1, b"ROW") == 3
        assert file.read(3) == b" 1\n"
        assert guest.read(0, 3) == "rö".encode()
        file.seek(0)
        assert file.read() == b"header\nROW 1\nr\xc3\xb6w 2\n"


def test_temporary_files() -> None:
    with tempfile.NamedTemporaryFile("w+", encoding="utf-8") as file:
        before = zcwasm.copy_stats()["wasi"]
        file.write("host ")
        Guest(stdout=file).write(1, b"guest")
        file.seek(0)
        assert file.read() == "host guest"
        assert zcwasm.copy_stats()["wasi"] == before  # by its descriptor
    with tempfile.SpooledTemporaryFile() as spooled:
        spooled.write(b"host ")
        Guest(stdout=spooled).write(1, b"guest")
        spooled.seek(0)
        assert read_all(Guest(stdin=spooled)) == b"host guest"


# --- streams that take less ---


class Slow(io.RawIOBase):
    """Takes three bytes at a time, and every other time none; gives the same."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = data
        self.calls = 0

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def write(self, data: Any) -> int | None:
        self.calls += 1
        if self.calls % 2:
            return None
        self.data += bytes(data[:3])
        return min(3, len(data))

    def readinto(self, into: Any) -> int | None:
        self.calls += 1
        if self.calls % 2:
            return None
        part, self.data = self.data[:3], self.data[3:]
        into[: len(part)] = part
        return len(part)


def test_a_raw_stream_that_takes_little() -> None:
    slow = Slow()
    data = bytes(range(100))
    assert Guest(stdout=slow).write(1, data[:50], data[50:]) == 100
    assert slow.data == data
    assert read_all(Guest(stdin=Slow(data))) == data
    assert Guest(stdout=io.BytesIO(), stderr=io.BufferedWriter(Slow())).write(2, data) == 100


class Never(Slow):
    def write(self, data: Any) -> None:
        return None

    def readinto(self, into: Any) -> None:
        return None


def test_a_raw_stream_that_takes_nothing_ends_with_the_deadline() -> None:
    never = Never()
    guest = Guest(stdin=never, stdout=never, limits=zcwasm.Limits(deadline=0.1))
    with pytest.raises(zcwasm.Trap, match="deadline"):
        guest.write(1, b"x")
    with pytest.raises(zcwasm.Trap, match="deadline"):
        guest.read(0, 1)


def test_sockets() -> None:
    left, right = socket.socketpair()
    with left, right, left.makefile("rwb") as one, right.makefile("rwb") as other:
        guest = Guest(stdin=one, stdout=one)
        assert guest.write(1, b"ping\n") == 5
        assert other.readline() == b"ping\n"
        other.write(b"first\nsecond\n")
        other.flush()
        assert one.readline() == b"first\n"
        assert guest.read(0, 100) == b"second\n"


def test_a_nonblocking_socket_has_not_ended() -> None:
    left, right = socket.socketpair()
    left.setblocking(False)
    with left, right, left.makefile("rb") as file:
        guest = Guest(stdin=file, limits=zcwasm.Limits(deadline=0.1))
        with pytest.raises(zcwasm.Trap, match="deadline"):
            guest.read(0, 10)
        right.send(b"late")
        assert Guest(stdin=file).read(0, 10) == b"late"
        right.close()
        assert Guest(stdin=file).read(0, 10) == b""


def test_large_output_beside_a_slow_reader() -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    data = os.urandom(300_000)
    got: list[bytes] = []

    def drain() -> None:
        while part := os.read(read, 4096):
            got.append(part)

    with os.fdopen(write, "wb") as out:
        guest = Guest(stdout=out)
        guest.exports.grow(8)
        thread = threading.Thread(target=drain)
        thread.start()
        assert guest.write(1, data) == len(data)
    guest.instance.close()
    del guest
    thread.join(60)
    os.close(read)
    assert b"".join(got) == data


def test_what_python_holds_back_waits_for_a_slow_reader() -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    held = bytes(200_000)  # more than a pipe takes at once
    got: list[bytes] = []

    def drain() -> None:
        while sum(map(len, got)) < len(held) + 5 and (part := os.read(read, 65536)):
            got.append(part)

    with os.fdopen(write, "wb", buffering=2 * len(held)) as out:
        out.write(held)
        guest = Guest(stdout=out, limits=zcwasm.Limits(deadline=0.1))
        with pytest.raises(zcwasm.Trap, match="deadline"):
            guest.write(1, b"guest")
        thread = threading.Thread(target=drain, daemon=True)
        thread.start()
        assert Guest(stdout=out).write(1, b"guest") == 5
        thread.join(60)
    os.close(read)
    assert b"".join(got) == held + b"guest"


# --- what is none ---


@pytest.mark.parametrize("name", ["stdin", "stdout", "stderr"])
def test_what_is_no_stream(name: str, path: Path) -> None:
    for wrong in (True, False):
        with pytest.raises(TypeError, match=f"{name} is {wrong}"):
            zcwasm.Wasi(**{name: wrong})  # type: ignore[arg-type]
    with path.open() as file:
        pass
    memory = io.BytesIO()
    memory.close()
    for closed in (file, memory):
        with pytest.raises(ValueError, match=f"{name} is a closed file"):
            zcwasm.Wasi(**{name: closed})  # type: ignore[arg-type]


@pytest.mark.parametrize("encoding", ["", "ascii:surrogateescape", "latin-1", "utf-8", "cp1252"])
def test_the_streams_of_the_process(encoding: str) -> None:
    """ "inherit" goes on where sys.stdin is, and comes after what was printed."""
    source = f"""
import sys
sys.path[0] = {str(Path(__file__).parent)!r}
from wasi_guest import Guest
guest = Guest(stdin="inherit", stdout="inherit")
print(input())
guest.write(1, guest.read(0, 5))
print(input())
"""
    done = subprocess.run(
        [sys.executable, "-c", source],
        input="one\ntwö\nthree\n".encode(),
        capture_output=True,
        timeout=60,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )
    if encoding == "cp1252":
        assert done.stdout == b"one\n"
        assert b"a text stream in cp1252" in done.stderr
    else:
        assert done.stdout == "one\ntwö\nthree\n".encode(), done.stderr
