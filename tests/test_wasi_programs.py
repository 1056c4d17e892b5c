"""Programs that ordinary compilers made for WASI (examples/wasi_*), through the API and the command line."""

from __future__ import annotations

import fcntl
import io
import os
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import pytest

import zcwasm

pytestmark = pytest.mark.usefixtures("engine")  # each test with each engine that is here

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
WORDS, TREE = EXAMPLES / "wasi_words.wasm", EXAMPLES / "wasi_tree.wasm"
TEXT = "The cat and the dog; THE END. it's a dog's life and that's that\n"
COUNTED = [(3, "the"), (2, "and"), (1, "a"), (1, "cat"), (1, "dog")]


def run(program: Path, *args: str, **grants: Any) -> tuple[int, str, str]:
    """Exit code and what it wrote."""
    out, err = io.BytesIO(), io.BytesIO()
    wasi = zcwasm.Wasi(args=[program.name, *args], stdout=out, stderr=err, **grants)
    code = 0
    try:
        zcwasm.Instance(zcwasm.Module(program), wasi=wasi).exports["_start"]()
    except zcwasm.Exit as end:
        code = end.code
    return code, out.getvalue().decode(), err.getvalue().decode()


def table(text: str) -> list[tuple[int, str]]:
    return [(int(count), word) for count, word in (line.split() for line in text.splitlines())]


class TestC:
    def test_stdin(self) -> None:
        code, out, err = run(WORDS, "-n", "5", stdin=TEXT.encode())
        assert (code, err) == (0, "")
        assert table(out) == COUNTED

    def test_files_and_a_report(self, tmp_path: Path) -> None:
        (tmp_path / "in").mkdir()
        (tmp_path / "out").mkdir()
        for name in ("a", "b"):
            (tmp_path / "in" / name).write_text(TEXT * 1000)
        grants = {"dirs": {"/in": tmp_path / "in"}, "writable_dirs": {"/out": tmp_path / "out"}}
        code, out, err = run(WORDS, "-o", "/out/report", "-n", "1", "/in/a", "/in/b", **grants)
        assert (code, out, err) == (0, "", "")
        assert table((tmp_path / "out" / "report").read_text()) == [(6000, "the")]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["/in/../secret"], "/in/../secret: Capabilities insufficient"),
            (
                ["/etc/passwd"],
                "/etc/passwd: No such file or directory",
            ),  # the C library knows of no such grant
            (["-o", "/in/new"], "/in/new: Capabilities insufficient"),
            (["/in"], ""),
        ],
    )
    def test_what_it_may_not(self, tmp_path: Path, arguments: list[str], message: str) -> None:
        (tmp_path / "in").mkdir()
        (tmp_path / "secret").write_text("secret")
        code, out, err = run(WORDS, *arguments, dirs={"/in": tmp_path / "in"})
        assert (code, out) == ((2, "") if message else (0, ""))
        assert err.strip() == message

    def test_same_output_every_time(self) -> None:
        text = " ".join(f"w{i * i % 977}" for i in range(5000)).encode()
        assert len({run(WORDS, "-n", "977", stdin=text)[1] for _ in range(3)}) == 1


class TestRust:
    def test_tree(self, tmp_path: Path) -> None:
        (tmp_path / "b" / "c").mkdir(parents=True)
        (tmp_path / "b" / "c" / "file").write_bytes(bytes(10))
        (tmp_path / "a ü").write_bytes(bytes(7))
        expected = "a ü 7\nb/\n  c/\n    file 10\n/root: 17 bytes\n"
        assert run(TREE, "/root", dirs={"/root": tmp_path}) == (0, expected, "")

    def test_missing(self, tmp_path: Path) -> None:
        code, out, err = run(TREE, "/root/no", dirs={"/root": tmp_path})
        assert (code, out) == (2, "")
        assert err.startswith("/root/no: No such file or directory")


class TestCommandLine:
    def zcwasm(self, *arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "zcwasm", "run", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, cwd=EXAMPLES, **options)

    def test_program(self, tmp_path: Path) -> None:
        done = self.zcwasm(WORDS, "-n", "5", input=TEXT)
        assert (done.returncode, done.stderr) == (0, "")
        assert table(done.stdout) == COUNTED
        (tmp_path / "text").write_text(TEXT)
        done = self.zcwasm("--dir", f"{tmp_path}::/t", WORDS, "--", "-n", "1", "/t/text")
        assert table(done.stdout) == COUNTED[:1]
        done = self.zcwasm("--writable-dir", tmp_path, WORDS, "-o", tmp_path / "out", input=TEXT)
        assert table((tmp_path / "out").read_text())[:5] == COUNTED

    def test_exit_code(self) -> None:
        done = self.zcwasm(WORDS, "nothing")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "nothing: No such file or directory\n"

    def test_no_such_directory(self) -> None:
        done = self.zcwasm("--dir", "/nothing/there", WORDS)
        assert done.returncode == 1
        assert "/nothing/there" in done.stderr

    def test_deadline_while_it_waits_for_input(self) -> None:
        with subprocess.Popen(["sleep", "60"], stdout=subprocess.PIPE) as silent:
            done = self.zcwasm("--deadline", "0.2", WORDS, stdin=silent.stdout, timeout=50)
            silent.kill()
        assert done.returncode == 1
        assert "deadline" in done.stderr

    def test_control_c_while_it_waits_for_input(self) -> None:
        command = [sys.executable, "-m", "zcwasm", "run", str(WORDS)]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=EXAMPLES)
        assert child.stdin is not None
        child.stdin.write(b"some words\n")
        child.stdin.flush()
        left = struct.pack("i", 1)
        end = time.monotonic() + 60
        while any(left) and time.monotonic() < end:  # until it has started and read them, and wants more
            time.sleep(0.05)
            left = fcntl.ioctl(child.stdin, termios.FIONREAD, left)
        os.kill(child.pid, signal.SIGINT)
        assert child.wait(30) == 130
        child.stdin.close()
