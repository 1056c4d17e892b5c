"""`zcwasm chat`: a conversation by lines, and in a terminal."""

from __future__ import annotations

import io
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tokenizers", reason="zcwasm[llm] is not installed")
pytest.importorskip("jinja2", reason="zcwasm[llm] is not installed")
pytest.importorskip("gguf", reason="the gguf package, which writes the model, is not installed")

from tiny_model import write

import zcwasm
from zcwasm import _chat_command, _cli
from zcwasm.llm import Model


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "tiny.gguf"
    write(path, context=4096)
    return str(path)


@pytest.fixture
def chat(model: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    def call(lines: str, *words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
        status = _cli.main(["chat", "--model", model, "--device", "cpu", "--max-new-tokens", "6", *words])
        out, err = capsys.readouterr()
        return status, out, err

    return call


def expected(model: str, *turns: str, system: str | None = None) -> str:
    """What a session says to them."""
    said: list[dict[str, str]] = [] if system is None else [{"role": "system", "content": system}]
    out = ""
    with Model.open(model, zcwasm.Device("cpu")).session() as session:
        for turn in turns:
            said.append({"role": "user", "content": turn})
            text = "".join(token.text for token in session.chat(said, max_new_tokens=6))
            said.append({"role": "assistant", "content": text})
            out += text if text.endswith("\n") else text + "\n"
    return out


def test_a_line_is_a_turn(chat: Any, model: str) -> None:
    status, out, err = chat("Hello\n\nworld\nlast", "--stats")
    assert status == 0
    assert out == expected(model, "Hello", "world", "last")
    assert err.count("tokens/s") == 6  # two in each turn's line
    lines = [line for line in err.splitlines() if "tokens of the prompt" in line]
    assert len(lines) == 3


def test_commands(chat: Any, model: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    script = f"/system be brief\nHello\n/save {kept}\n/reset\n//slash\n/load {kept}\nworld\n/exit\nnot said\n"
    status, out, err = chat(script)
    assert (status, err) == (0, "")
    both = expected(model, "Hello", "world", system="be brief")
    first = expected(model, "Hello", system="be brief")
    assert out == first + expected(model, "/slash", system="be brief") + both.removeprefix(first)
    status, out, err = chat("/help\n/what\n/save\n/load\n/load nothing-here\n")
    assert (status, out) == (0, "")
    assert "/reset" in err
    for words in ("no command /what", "/save needs a file's name", "/load needs", "No such file"):
        assert words in err


def test_a_system_message_and_sampling(chat: Any, model: str) -> None:
    _, out, _ = chat("Hello\n", "--system", "be brief")
    assert out == expected(model, "Hello", system="be brief")
    words = ("--temperature", "3", "--seed", "5")
    assert chat("Hello\n", *words)[1] == chat("Hello\n", *words)[1] != expected(model, "Hello")
    assert chat("Hello\n", "--temperature", "-1")[0] == 1


def test_a_turn_that_does_not_fit(chat: Any, model: str) -> None:
    status, out, err = chat("a" * 3000 + "\nHello\n", "--context", "200")
    assert status == 0
    assert "/reset begins anew" in err
    assert out == expected(model, "Hello")  # the other turn has not been said


def test_models_that_cannot_chat(chat: Any, model: str, tmp_path: Path) -> None:
    other = tmp_path / "other.gguf"
    write(other, chat_template=None)
    status, out, err = chat("Hello\n", "--model", str(other))
    assert (status, out) == (1, "")
    assert "tokenizer.chat_template" in err
    assert "embedding model" in chat("Hello\n", "--model", "all-minilm-l6-v2")[2]


def test_lines_that_are_no_text(chat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """And names of files that are none: a conversation does not end by them."""
    stdin = io.TextIOWrapper(io.BytesIO(b"\xff\n/save a\0b\n/load ~nobody-of-this-name/a\nHello\n"), "utf-8")
    monkeypatch.setattr(io, "StringIO", lambda _: stdin)
    status, out, err = chat("")
    assert status == 0
    assert len(out.splitlines()) >= 2  # of both turns
    assert "null" in err
    assert "home directory" in err


def test_interrupts(chat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also a second one, while the answer ends, and one that comes before it: only pipes end by it."""
    lines = ["Hello", "/save x", None]

    def read(talk: _chat_command.Talk) -> str | None:
        talk.terminal = terminal
        return lines.pop(0)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_chat_command.Talk, "read", read)
    monkeypatch.setattr(_chat_command.Talk, "say", interrupted)
    monkeypatch.setattr(_chat_command.Talk, "save", interrupted)
    terminal = True
    assert chat("")[0] == 0
    assert not lines
    lines, terminal = ["Hello"], False
    assert chat("")[0] == 130


def test_what_a_terminal_would_obey() -> None:
    assert _chat_command.harmless("a\tb\nc é😀") == "a\tb\nc é😀"
    assert _chat_command.harmless("\x1b[2J\x07\x9b\x00a\r") == "\ufffd[2J\ufffd\ufffd\ufffda\ufffd"


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo-terminals here")
def test_in_a_terminal(model: str) -> None:
    """Ctrl-C ends an answer, and not the conversation; Ctrl-D ends that."""
    ours, theirs = os.openpty()
    words = ["chat", "--model", model, "--device", "cpu"]
    process = subprocess.Popen(
        [sys.executable, "-m", "zcwasm", *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env={**os.environ, "TERM": "dumb"},
        cwd=Path(__file__).parent,
    )
    os.close(theirs)
    seen = b""

    def wait(ready: Any, again: Any = lambda: None) -> None:
        """again: called every second in which it is not ready."""
        nonlocal seen
        begin = now = time.monotonic()
        while not ready(seen):
            assert time.monotonic() < begin + 30, seen
            if time.monotonic() > now + 1:
                now = time.monotonic()
                again()
            if select.select([ours], [], [], 0.1)[0]:
                seen += os.read(ours, 4096)

    try:
        wait(lambda text: text.endswith(b"> "))
        assert b"Ctrl-D ends" in seen
        os.write(ours, b"Hello \\\n")
        wait(lambda text: text.endswith(b"... "))
        at = len(seen)
        os.write(ours, b"world\n")
        wait(lambda text: len(text) > at + 40)  # an answer, which goes on for 4,000 tokens
        process.send_signal(signal.SIGINT)
        wait(lambda text: text.endswith(b"\n> "))
        # At the prompt it does nothing but begin the line anew. Python's readline does not see one that comes
        # between the prompt and the wait for a key, before there is a key or another one.
        interrupt = lambda: process.send_signal(signal.SIGINT)  # noqa: E731
        interrupt()
        wait(lambda text: text.endswith(b"> \r\n> "), interrupt)
        os.write(ours, b"/what\n")
        wait(lambda text: b"no command /what" in text and text.endswith(b"> "))
        os.write(ours, b"\x04")
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
