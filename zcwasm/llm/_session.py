"""Session: one guest with its cache, and the text that comes out of it.

The guest (guests/llama.c) does the work of a token in one call, without the GIL; what is here is the text:
stop strings, characters that span tokens. _sampling.py says how a caller may have tokens chosen.

Threads: one at a time; a second one gets an error. cancel() may come from any."""

from __future__ import annotations

import codecs
import math
import threading
import time
import weakref
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

import zcwasm
from zcwasm import _arguments, _guest
from zcwasm._extras import needed_for
from zcwasm.guests import layouts
from zcwasm.llm._options import SamplingOptions
from zcwasm.llm._sampling import Sampling, shows_options

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from zcwasm.llm._model import Model

_DEFAULT_CONTEXT = 4096
_PROGRAM = _guest.Program("llama", layouts.LLAMA_VERSION, layouts.LLAMA_CONFIG, layouts.LLAMA_STATE)
_KV_TYPES = {"f16": layouts.ZC_CACHE_F16, "f32": layouts.ZC_CACHE_F32}

Finish = Literal["stop", "length", "cancelled"]
KvDtype = Literal["f16", "f32"]


class ContextError(zcwasm.Error):
    """A prompt, or what is to follow it, does not fit the session's context."""


class Token(NamedTuple):
    """One token of a generation."""

    id: int
    #: What it adds to the text. Empty for a control token, while a character is incomplete, or while what
    #: there is may turn out to be the beginning of a stop string; it comes with a later token then.
    text: str


@dataclass
class Usage:
    """What the last generation took."""

    prompt_tokens: int = 0
    #: Of them, how many the cache held already.
    reused_tokens: int = 0
    generated_tokens: int = 0
    prefill_seconds: float = 0.0
    decode_seconds: float = 0.0
    cache_bytes: int = 0
    #: "stop" (a stop token or string), "length", "cancelled", or None while it goes on.
    finish: Finish | None = None

    @property
    def prefill_tokens_per_second(self) -> float:
        computed = self.prompt_tokens - self.reused_tokens
        return computed / self.prefill_seconds if self.prefill_seconds else math.nan

    @property
    def decode_tokens_per_second(self) -> float:
        """Of every token but the first, which the prefill gives."""
        steps = self.generated_tokens - 1
        return steps / self.decode_seconds if self.decode_seconds else math.nan


@dataclass(frozen=True)
class _Request:
    """Checked arguments of generate."""

    max_new_tokens: int
    settings: Mapping[str, float]  # the guest's llama_sampling
    stop: tuple[str, ...]
    stop_ids: frozenset[int]
    hidden: frozenset[int]
    special: bool


def _apart(device: zcwasm.Device) -> bool:
    """Whether the device has memory of its own, where lies what it reads over and over: guest memory is
    across a bus."""
    return not device.unified_memory


def _scratch_limit(cache_bytes: int) -> zcwasm.Limits:
    """The guest is this package's own: it may have what it needs, a mirror and activations, whatever the
    context asks for."""
    return zcwasm.Limits(scratch=cache_bytes + (1 << 30))


def _steps_ahead(device: zcwasm.Device) -> bool:
    """Whether the next step waits on the device already when one ends. On the CPU there is nothing to hide,
    and the step behind a generation's last one, which is for nothing, costs as much as any."""
    return device.kind != "cpu" and not device.info["software"]


class GenerateOptions(SamplingOptions, total=False):
    """The keyword arguments of Session.generate, for chat and for functions that pass them on."""

    sampling: Sampling | None
    max_new_tokens: int | None
    stop: str | Sequence[str] | None
    ignore_eos: bool
    special: bool


def _request(
    session: Session,
    prompt_tokens: int,
    *,
    sampling: Sampling | None = None,
    max_new_tokens: int | None = None,
    stop: str | Sequence[str] | None = None,
    ignore_eos: bool = False,
    special: bool = False,
    **changes: Unpack[SamplingOptions],
) -> _Request:
    """What is asked for. `changes` are of `sampling`."""
    if sampling is not None and not isinstance(sampling, Sampling):
        raise TypeError(f"sampling must be a zcwasm.llm.Sampling, not {type(sampling).__name__}")
    room = session.context - prompt_tokens + 1  # the last token need not be in the cache
    if max_new_tokens is None:
        max_new_tokens = room
    elif _arguments.whole("max_new_tokens", max_new_tokens, 1, 2**31) > room:
        raise ContextError(
            f"a prompt of {prompt_tokens} tokens and {max_new_tokens} new ones do not fit the session's "
            f"context of {session.context}"
        )
    stops = _arguments.texts("stop", stop)
    if "" in stops:
        raise ValueError("a stop string is empty")
    tokenizer = session.model.tokenizer
    return _Request(
        max_new_tokens=max_new_tokens,
        settings=replace(sampling or Sampling(), **changes)._settings(session.context),
        stop=stops,
        stop_ids=frozenset() if _arguments.flag("ignore_eos", ignore_eos) else tokenizer.stop_ids,
        hidden=frozenset() if _arguments.flag("special", special) else tokenizer.control_ids,
        special=bool(special),
    )


def _check_names(function: str, options: Mapping[str, object]) -> None:
    for name in options.keys() - GenerateOptions.__annotations__.keys():
        raise TypeError(f"{function}() got an unexpected keyword argument {name!r}")


class _Turn:
    """One generation: what was asked for before it began, and the generator that holds the session."""

    def __init__(self, cancels: int) -> None:
        self.cancels = cancels  # how many there were when it was asked for
        self.stream: weakref.ref[Generator[Token]] | None = None

    def end(self) -> None:
        """A generator that is suspended ends. One that computes, on another thread or below a signal handler,
        goes on."""
        stream = self.stream() if self.stream else None
        if stream is not None:
            with suppress(ValueError):
                stream.close()


class Session:
    """A conversation with a model: a guest whose memory holds the cache. Made by Model.session."""

    def __init__(
        self,
        model: Model,
        *,
        context: int | None,
        kv_dtype: KvDtype,
        exact: bool,
        chunk: int,
        mirror: bool | None,
    ) -> None:
        config = model.config
        if context is None:
            context = min(config.context, _DEFAULT_CONTEXT)
        self.context = _arguments.whole("context", context, 1, min(config.context, layouts.LLAMA_MAX_CONTEXT))
        if kv_dtype not in _KV_TYPES:
            raise ValueError(f"kv_dtype is {kv_dtype!r}, must be 'f16' or 'f32'")
        self.model = model
        self.kv_dtype: KvDtype = kv_dtype
        self.exact = _arguments.flag("exact", exact)
        apart = _apart(model.device)
        #: Whether the device reads a mirror of the cache in its own memory.
        self.mirrored = apart if mirror is None else _arguments.flag("mirror", mirror)
        self.usage = Usage()
        self._cancels = 0
        self._turn = threading.Lock()
        self._current: _Turn | None = None
        self._guest = _PROGRAM.start(
            model.device,
            model.weights,
            config,
            {
                "context": self.context,
                "chunk": min(_arguments.whole("chunk", chunk, 1, layouts.LLAMA_MAX_CHUNK), self.context),
                "kv_type": _KV_TYPES[kv_dtype],
                "exact": self.exact,
            },
            limits=_scratch_limit(self.cache_bytes),
            rope=model.rope_table(self.context),
        )
        self._instance = self._guest.instance
        self._step = self._guest.exports.step
        device = {"scratch": apart, "mirror": self.mirrored, "submit_ahead": _steps_ahead(model.device)}
        _guest.fill(self._guest.state["device"], device)
        self._guest.begin("init")

    # --- the guest ---

    def _check(self, result: int) -> int:
        return self._guest.check(result)

    @contextmanager
    def _taken(self) -> Iterator[None]:
        """The session is this thread's for a while."""
        if self._instance.closed:
            raise zcwasm.ClosedError("the session is closed")
        taken: list[bool] = []
        try:
            # Taken and known to be taken in one step: a signal's exception comes before it or behind it.
            taken.extend(map(self._turn.acquire, (False,)))
            if taken == [False]:
                raise zcwasm.InUseError(
                    "the session is in use: a generation that was neither ended nor closed, or another "
                    "thread. Sessions are cheap: open another one."
                )
            yield
        finally:
            if taken == [True]:
                self._turn.release()

    def _prefill(self, ids: npt.NDArray[np.uint32], usage: Usage) -> int:
        """The first token after the prompt."""
        self._guest.array("prompt", len(ids), np.uint32)[:] = ids
        start = time.perf_counter()
        token = self._check(self._guest.exports.prefill(len(ids)))
        usage.prefill_seconds = time.perf_counter() - start
        usage.reused_tokens = int(self._guest.state["reused"])
        return token

    def _configure(self, settings: Mapping[str, float]) -> None:
        _guest.fill(self._guest.state["wanted"], settings)
        self._check(self._guest.exports.configure())

    @property
    def _logits(self) -> npt.NDArray[np.float32]:
        """Of the last position; the guest brings them from where the device has them."""
        self._check(self._guest.exports.fetch())
        return self._guest.array("logits", self.model.config.vocab, np.float32)

    # --- what users call ---

    @property
    def cache_bytes(self) -> int:
        """Of the cache when it is full; pages that are not used take no room."""
        return self.model.config.cache_bytes(self.context, self.kv_dtype)

    @property
    def cached_tokens(self) -> int:
        """How many tokens' keys and values are in the cache."""
        if self.closed:
            raise zcwasm.ClosedError("the session is closed")
        return int(self._guest.state["cached"])

    def mirror(self, first: int = 0, count: int | None = None) -> None:
        """Let the device see what was written into the cache, through a view of `memory`: these rows of every
        layer, without count all from `first` on. Where the device reads a mirror of the cache (`mirrored`)
        they are copied there, which copy_stats counts as "mirrored"; elsewhere it sees them anyway. What the
        guest itself appends is in the mirror without that."""
        first = _arguments.whole("first", first, 0, self.context)
        rows = self.context - first
        if count is not None:
            rows = _arguments.whole("count", count, 0, rows)
        with self._taken():
            self._check(self._guest.exports.mirror(first, rows))

    @property
    def memory(self) -> zcwasm.Memory:
        """The guest's memory; docs/reference/llm.md says what lies where."""
        if self._instance.closed:
            raise zcwasm.ClosedError("the session is closed")
        return self._instance.memory

    @shows_options(_request)
    def generate(self, prompt: str | Sequence[int], **options: Unpack[GenerateOptions]) -> Generator[Token]:
        """Tokens that follow the prompt, one by one as they are computed.

        What the cache holds of the prompt's beginning is not computed again. Without max_new_tokens it goes
        on until the context is full. sampling says how tokens are chosen; its fields may be given here one by
        one, which goes before: generate(prompt, temperature=0.8, top_p=0.95). help(zcwasm.llm.Sampling) lists
        them.
        It ends after a token that ends the model's turn (unless ignore_eos), which is the last item, before a
        stop string, or when it is cancelled or the generator is closed. `usage` tells what it took.
        Control tokens, such as <|im_end|>, are items with their id and no text, unless `special`; a stop
        string that they spell is found in either case.

        Raises ContextError, ValueError and TypeError at once, before anything is computed.
        """
        cancels = self._cancels
        _check_names("generate", options)
        return self._begin(prompt, cancels, **options)

    def _begin(
        self, prompt: str | Sequence[int], cancels: int, **options: Unpack[GenerateOptions]
    ) -> Generator[Token]:
        """cancels: how many there were when the caller asked."""
        ids = self._ids(prompt)
        turn = _Turn(cancels)
        stream = self._generate(ids, _request(self, len(ids), **options), turn)
        turn.stream = weakref.ref(stream)
        return stream

    @shows_options(_request)
    def chat(
        self, messages: Sequence[Mapping[str, Any]], **options: Unpack[GenerateOptions]
    ) -> Generator[Token]:
        """The model's answer to messages ({"role": ..., "content": ...}), put together by the file's own
        template; names of control tokens in a message stay text. Options as generate's. Send the whole
        conversation every time: what is in the cache is not computed again."""
        cancels = self._cancels
        _check_names("chat", options)
        return self._begin(self.chat_ids(messages), cancels, **options)

    def chat_ids(self, messages: Sequence[Mapping[str, Any]]) -> list[int]:
        """The ids that chat(messages) goes on from."""
        from zcwasm.llm import _chat

        with needed_for("zcwasm.llm"):
            return _chat.encode(self.model.weights.metadata, self.model.tokenizer, messages)

    def logits(self, prompt: str | Sequence[int]) -> npt.NDArray[np.float32]:
        """The logits of what follows the prompt, (vocabulary,): a view of guest memory, valid until the next
        call. While it lives, the session cannot be closed."""
        ids = self._ids(prompt)
        with self._taken():
            self._configure(Sampling(seed=0)._settings(self.context))
            self.usage = Usage(prompt_tokens=len(ids), cache_bytes=self.cache_bytes)
            self._prefill(ids, self.usage)
            return self._logits

    def cancel(self) -> None:
        """End the generation in progress, and those that were asked for and have not begun, from any thread:
        their generators end with finish "cancelled"."""
        self._cancels += 1
        if not self._instance.closed:
            self._instance.interrupt()

    @property
    def closed(self) -> bool:
        return self._instance.closed

    def close(self) -> None:
        """Give the cache back. A generation that was left before its end is ended. InUseError while another
        thread computes, or while a view of the memory lives, such as that of logits()."""
        if self._instance.closed:
            return
        turn = self._current
        if turn:
            turn.end()
        with self._taken():
            self._settle()
            self._guest.release()
            self._instance.close()

    def _settle(self) -> None:
        """End what is in flight on the device."""
        try:
            self._guest.exports.truncate(self.cached_tokens)
        except zcwasm.Trap as trap:
            if trap.kind != "interrupted":  # by cancel(), which is as good
                raise

    def __enter__(self) -> Session:
        if self.closed:
            raise zcwasm.ClosedError("the session is closed")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the session. Variables of the block, or the exception's traceback, may hold a generator or
        views: generators are ended, the bytes of views live as long as they do. InUseError when another
        thread computes; but an exception that leaves the block is never replaced."""
        if self._instance.closed:
            return
        turn = self._current
        if turn:
            turn.end()
        try:
            with self._taken():
                try:
                    self._settle()
                finally:
                    self._guest.release()
                    self._instance.__exit__(kind, error, traceback)
        except zcwasm.Error:
            if kind is None:
                raise
            self.cancel()

    def __repr__(self) -> str:
        kind = self.model.config.architecture
        if self.closed:
            return f"<zcwasm.llm.Session of {kind}, closed>"
        return (
            f"<zcwasm.llm.Session of {kind}: {self.cached_tokens} of {self.context} tokens cached, "
            f"{self.cache_bytes:,} bytes as {self.kv_dtype}>"
        )

    # --- arguments ---

    def _ids(self, prompt: str | Sequence[int]) -> npt.NDArray[np.uint32]:
        vocab = self.model.config.vocab
        given = self.model.tokenize(prompt) if isinstance(prompt, str) else prompt
        ids = _arguments.token_ids("prompt", given, vocab)
        if len(ids) == 0:
            raise ValueError("the prompt has no tokens")
        if len(ids) > self.context:
            raise ContextError(
                f"the prompt has {len(ids)} tokens, the session's context has room for {self.context}"
            )
        return ids

    # --- the loop ---

    def _generate(self, ids: npt.NDArray[np.uint32], request: _Request, turn: _Turn) -> Generator[Token]:
        with self._taken():
            usage = self.usage = Usage(prompt_tokens=len(ids), cache_bytes=self.cache_bytes)
            text = _Text(self.model.tokenizer.token_bytes, request.stop, request.hidden)
            step, check, clock = self._step, self._guest.check, time.perf_counter
            self._current = turn
            try:
                if self._cancels != turn.cancels:
                    usage.finish = "cancelled"
                    return
                self._configure(request.settings)
                token = self._prefill(ids, usage)
                while True:
                    usage.generated_tokens += 1
                    ended = token in request.stop_ids
                    if request.special or not ended:
                        text.add(token)
                    if ended or text.stopped:
                        usage.finish = "stop"
                    elif self._cancels != turn.cancels:
                        usage.finish = "cancelled"
                    elif usage.generated_tokens == request.max_new_tokens:
                        usage.finish = "length"
                    if usage.finish:
                        yield Token(token, text.rest())
                        return
                    yield Token(token, text.take())
                    if self._cancels != turn.cancels:
                        usage.finish = "cancelled"
                        return
                    start = clock()
                    token = check(step())
                    usage.decode_seconds += clock() - start
            except zcwasm.Trap as trap:
                if trap.kind != "interrupted" or self._cancels == turn.cancels:
                    raise
                usage.finish = "cancelled"
            finally:
                self._current = None


class _Text:
    """Tokens become text: whole characters, and nothing of a stop string."""

    def __init__(
        self, token_bytes: Callable[[int], bytes], stops: tuple[str, ...], hidden: frozenset[int]
    ) -> None:
        self.stops = stops
        self.hidden = hidden  # tokens without a text of their own; stop strings are found in it
        self.token_bytes = token_bytes
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.pending = ""  # not handed out yet
        self.stopped = False

    def add(self, token: int) -> None:
        if token in self.hidden:
            shown, whole = self.pending, self.pending + self.token_bytes(token).decode("utf-8", "replace")
        else:
            shown = whole = self.pending + self.decoder.decode(self.token_bytes(token))
        found = [at for at in (whole.find(stop) for stop in self.stops) if at >= 0]
        self.stopped = bool(found)
        self.pending = shown[: min(found)] if found else shown

    def take(self) -> str:
        """All but an end that a stop string may begin with."""
        keep = 0
        for stop in self.stops:
            longest = min(len(stop) - 1, len(self.pending))
            keep = max(keep, next((n for n in range(longest, 0, -1) if self.pending.endswith(stop[:n])), 0))
        out = self.pending[: len(self.pending) - keep]
        self.pending = self.pending[len(self.pending) - keep :]
        return out

    def rest(self) -> str:
        """The end: what was held back, and U+FFFD for a character that was cut."""
        out = self.pending if self.stopped else self.pending + self.decoder.decode(b"", final=True)
        self.pending = ""
        return out
