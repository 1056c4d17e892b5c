"""Session: one guest with its cache, and the text that comes out of it.

The guest (guests/llama.c) does the work of a token in one call, without the GIL; what is here is the text:
stop strings, characters that span tokens, what a caller may ask for. guests/llama.h has the memory's layout.

Threads: one at a time; a second one gets an error. cancel() may come from any."""

from __future__ import annotations

import codecs
import math
import secrets
import struct
import threading
import time
import weakref
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict

import numpy as np
import numpy.typing as npt

import zcwasm
from zcwasm import _arguments
from zcwasm._extras import needed_for

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from zcwasm.llm._model import Model

_VERSION = 1  # LLAMA_VERSION
_MAX_CHUNK = 4096
_MAX_CONTEXT = 1 << 24
_MAX_TOP_K = 256  # ZC_TOP_K_MAX
_DEFAULT_CONTEXT = 4096

_U4, _U8, _F4 = "<u4", "<u8", "<f4"
_CONFIG = np.dtype(
    [(name, _U4) for name in ("version", "layers", "dim", "heads", "kv_heads", "head_size", "rotated", "ff")]
    + [(name, _U4) for name in ("vocab", "context", "chunk", "rope_layout", "kv_type", "exact")]
    + [("scratch", _U4), ("submit_ahead", _U4)]
    + [("norm_epsilon", _F4), ("attention_scale", _F4)]
)
_SAMPLING = np.dtype(
    [("temperature", _F4), ("top_k", _U4), ("top_p", _F4), ("min_p", _F4), ("penalty", _F4)]
    + [(name, kind) for name, kind in (("window", _U4), ("random", _U8))]
)
# llama_state of guests/llama.h.
_STATE = np.dtype(
    [("version", _U4), ("size", _U4), ("config", _CONFIG), ("sampling", _SAMPLING)]
    + [("cache_layer_bytes", _U8), ("cache_bytes", _U8)]
    + [(name, _U4) for name in ("cache", "history", "prompt", "logits", "scores", "rope")]
    + [(name, _U4) for name in ("cached", "reused", "token", "position", "span_begin", "span_end")]
    + [("error_size", _U4), ("error", "u1", 512)]
)


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
class _Options:
    """Checked arguments of generate."""

    max_new_tokens: int
    temperature: float
    top_k: int
    top_p: float
    min_p: float
    penalty: float
    window: int
    seed: int
    stop: tuple[str, ...]
    stop_ids: frozenset[int] = field(default_factory=frozenset)
    hidden: frozenset[int] = field(default_factory=frozenset)
    special: bool = False


@cache
def _module() -> zcwasm.Module:
    return zcwasm.Module(str(files("zcwasm") / "guests" / "llama.wasm"))


def _activations_apart(device: zcwasm.Device) -> bool:
    """Whether what only the device reads and writes lies in its own memory: guest memory is across a bus."""
    return not device.unified_memory


def _steps_ahead(device: zcwasm.Device) -> bool:
    """Whether the next step waits on the device already when one ends. On the CPU there is nothing to hide,
    and the step behind a generation's last one, which is for nothing, costs as much as any."""
    return device.kind != "cpu" and not device.info["software"]


class GenerateOptions(TypedDict, total=False):
    """The keyword arguments of Session.generate, for chat and for functions that pass them on."""

    max_new_tokens: int | None
    temperature: float
    top_k: int | None
    top_p: float | None
    min_p: float | None
    repetition_penalty: float
    repetition_window: int | None
    seed: int | None
    stop: str | Sequence[str] | None
    ignore_eos: bool
    special: bool


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
        self, model: Model, *, context: int | None, kv_dtype: KvDtype, exact: bool, chunk: int
    ) -> None:
        config = model.config
        if context is None:
            context = min(config.context, _DEFAULT_CONTEXT)
        self.context = _arguments.whole("context", context, 1, min(config.context, _MAX_CONTEXT))
        if kv_dtype not in ("f16", "f32"):
            raise ValueError(f"kv_dtype is {kv_dtype!r}, must be 'f16' or 'f32'")
        self.model = model
        self.kv_dtype: KvDtype = kv_dtype
        self.exact = _arguments.flag("exact", exact)
        self.usage = Usage()
        self._cancels = 0
        self._turn = threading.Lock()
        self._current: _Turn | None = None
        numbers = np.zeros((), _CONFIG)
        for name in ("layers", "dim", "heads", "kv_heads", "head_size", "rotated", "ff", "vocab"):
            numbers[name] = getattr(config, name)
        numbers["version"] = _VERSION
        numbers["context"] = self.context
        numbers["chunk"] = min(_arguments.whole("chunk", chunk, 1, _MAX_CHUNK), self.context)
        numbers["rope_layout"] = config.rope_halves
        numbers["kv_type"] = kv_dtype == "f16"
        numbers["exact"] = self.exact
        numbers["scratch"] = _activations_apart(model.device)
        numbers["submit_ahead"] = _steps_ahead(model.device)
        numbers["norm_epsilon"] = config.norm_epsilon
        numbers["attention_scale"] = config.head_size**-0.5
        self._instance = zcwasm.Instance(
            _module(),
            device=model.device,
            weights=model.weights,
            inputs={"config": numbers.tobytes(), "rope": model.rope_table(self.context).data},
        )
        self._step = self._instance.exports.step
        address = self._instance.exports.address()
        memory = self._instance.memory
        self._state: npt.NDArray[Any] | None = memory.array(address, 1, _STATE)
        self._check(self._instance.exports.init())
        state = self._state[0]
        self._prompt: npt.NDArray[np.uint32] | None = memory.array(
            int(state["prompt"]), self.context, np.uint32
        )
        self._logits: npt.NDArray[np.float32] | None = memory.array(
            int(state["logits"]), config.vocab, np.float32
        )

    # --- the guest ---

    def _check(self, result: int) -> int:
        """A result of the guest that is not an error."""
        if result >= 0:
            return result
        assert self._state is not None
        state = self._state[0]
        text = state["error"][: state["error_size"]].tobytes().decode("utf-8", "replace")
        raise zcwasm.Error(text or f"the guest failed with code {result}")

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
        assert self._prompt is not None
        assert self._state is not None
        self._prompt[: len(ids)] = ids
        start = time.perf_counter()
        token = self._check(self._instance.exports.prefill(len(ids)))
        usage.prefill_seconds = time.perf_counter() - start
        usage.reused_tokens = int(self._state[0]["reused"])
        return token

    # --- what users call ---

    @property
    def cache_bytes(self) -> int:
        """Of the cache when it is full; pages that are not used take no room."""
        return self.model.config.cache_bytes(self.context, self.kv_dtype)

    @property
    def cached_tokens(self) -> int:
        """How many tokens' keys and values are in the cache."""
        if self._state is None:
            raise zcwasm.ClosedError("the session is closed")
        return int(self._state[0]["cached"])

    @property
    def memory(self) -> zcwasm.Memory:
        """The guest's memory; docs/llm.md says what lies where."""
        if self._instance.closed:
            raise zcwasm.ClosedError("the session is closed")
        return self._instance.memory

    def generate(
        self,
        prompt: str | Sequence[int],
        *,
        max_new_tokens: int | None = None,
        temperature: float = 0.0,
        top_k: int | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        repetition_penalty: float = 1.0,
        repetition_window: int | None = None,
        seed: int | None = None,
        stop: str | Sequence[str] | None = None,
        ignore_eos: bool = False,
        special: bool = False,
    ) -> Generator[Token]:
        """Tokens that follow the prompt, one by one as they are computed.

        What the cache holds of the prompt's beginning is not computed again. Without max_new_tokens it goes
        on until the context is full. temperature 0 takes the most likely token; above, the token is drawn:
        after the penalty and the temperature, from the top_k most likely ones, of them from the smallest set
        that holds top_p of their probability, of them from those at least min_p times as likely as the first.
        The same seed gives the same tokens; None draws one. repetition_penalty divides the logits of tokens
        among the last repetition_window ones (default: all).
        It ends after a token that ends the model's turn (unless ignore_eos), which is the last item, before a
        stop string, or when it is cancelled or the generator is closed. `usage` tells what it took.
        Control tokens, such as <|im_end|>, are items with their id and no text, unless `special`; a stop
        string that they spell is found in either case.

        Raises ContextError, ValueError and TypeError at once, before anything is computed.
        """
        return self._begin(
            prompt,
            self._cancels,
            max_new_tokens=max_new_tokens,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            min_p=min_p,
            repetition_penalty=repetition_penalty,
            repetition_window=repetition_window,
            seed=seed,
            stop=stop,
            ignore_eos=ignore_eos,
            special=special,
        )

    def _begin(
        self, prompt: str | Sequence[int], cancels: int, **options: Unpack[GenerateOptions]
    ) -> Generator[Token]:
        """cancels: how many there were when the caller asked."""
        ids = self._ids(prompt)
        turn = _Turn(cancels)
        stream = self._generate(ids, self._options(len(ids), **options), turn)
        turn.stream = weakref.ref(stream)
        return stream

    def chat(
        self, messages: Sequence[Mapping[str, Any]], **options: Unpack[GenerateOptions]
    ) -> Generator[Token]:
        """The model's answer to messages ({"role": ..., "content": ...}), put together by the file's own
        template; names of control tokens in a message stay text. Options as generate's. Send the whole
        conversation every time: what is in the cache is not computed again."""
        cancels = self._cancels
        for name in options.keys() - GenerateOptions.__annotations__.keys():
            raise TypeError(f"chat() got an unexpected keyword argument {name!r}")
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
            self._check(self._instance.exports.configure(0.0, 0, 1.0, 0.0, 1.0, 0, 0))
            self.usage = Usage(prompt_tokens=len(ids), cache_bytes=self.cache_bytes)
            self._prefill(ids, self.usage)
            assert self._logits is not None
            return self._logits[:]

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
            held = self._state, self._prompt, self._logits
            self._state = self._prompt = self._logits = None
            try:
                del held
                self._instance.close()
            except zcwasm.InUseError:
                self._views_again()
                raise

    def _settle(self) -> None:
        """End what is in flight on the device."""
        try:
            self._instance.exports.truncate(self.cached_tokens)
        except zcwasm.Trap as trap:
            if trap.kind != "interrupted":  # by cancel(), which is as good
                raise

    def _views_again(self) -> None:
        memory = self._instance.memory
        self._state = memory.array(self._instance.exports.address(), 1, _STATE)
        state = self._state[0]
        self._prompt = memory.array(int(state["prompt"]), self.context, np.uint32)
        self._logits = memory.array(int(state["logits"]), self.model.config.vocab, np.float32)

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
                    self._state = self._prompt = self._logits = None
                    self._instance.__exit__(kind, error, traceback)
        except zcwasm.Error:
            if kind is None:
                raise
            self.cancel()

    def __repr__(self) -> str:
        kind = self.model.config.architecture
        if self._state is None:
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

    def _options(
        self,
        prompt_tokens: int,
        *,
        max_new_tokens: int | None = None,
        temperature: float = 0.0,
        top_k: int | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        repetition_penalty: float = 1.0,
        repetition_window: int | None = None,
        seed: int | None = None,
        stop: str | Sequence[str] | None = None,
        ignore_eos: bool = False,
        special: bool = False,
    ) -> _Options:
        room = self.context - prompt_tokens + 1  # the last token need not be in the cache
        if max_new_tokens is None:
            max_new_tokens = room
        elif _arguments.whole("max_new_tokens", max_new_tokens, 1, 2**31) > room:
            raise ContextError(
                f"a prompt of {prompt_tokens} tokens and {max_new_tokens} new ones do not fit the session's "
                f"context of {self.context}"
            )
        temperature = _arguments.number("temperature", temperature, 0, 1000)
        if 0 < temperature < 0.001:
            raise ValueError(f"temperature is {temperature}, must be 0 or at least 0.001")
        stops = _arguments.texts("stop", stop)
        if "" in stops:
            raise ValueError("a stop string is empty")
        if seed is None:
            seed = secrets.randbits(64)
        top_p = 1.0 if top_p is None else _arguments.number("top_p", top_p, 0, 1)
        if top_p == 0:
            raise ValueError("top_p is 0, must be above 0 and at most 1")
        window = self.context if repetition_window is None else repetition_window
        tokenizer = self.model.tokenizer
        return _Options(
            max_new_tokens=max_new_tokens,
            temperature=temperature,
            top_k=0 if top_k is None else _arguments.whole("top_k", top_k, 0, _MAX_TOP_K),
            top_p=top_p,
            min_p=0.0 if min_p is None else _arguments.number("min_p", min_p, 0, 1),
            penalty=_arguments.number("repetition_penalty", repetition_penalty, 0.001, 1000),
            window=_arguments.whole("repetition_window", window, 1, _MAX_CONTEXT),
            seed=_arguments.whole("seed", seed, 0, 2**64 - 1),
            stop=stops,
            stop_ids=frozenset() if _arguments.flag("ignore_eos", ignore_eos) else tokenizer.stop_ids,
            hidden=frozenset() if _arguments.flag("special", special) else tokenizer.control_ids,
            special=bool(special),
        )

    # --- the loop ---

    def _generate(self, ids: npt.NDArray[np.uint32], options: _Options, turn: _Turn) -> Generator[Token]:
        with self._taken():
            usage = self.usage = Usage(prompt_tokens=len(ids), cache_bytes=self.cache_bytes)
            text = _Text(self.model.tokenizer.token_bytes, options.stop, options.hidden)
            configure, step = self._instance.exports.configure, self._step
            o = options
            seed = struct.unpack("<q", struct.pack("<Q", o.seed))[0]
            clock = time.perf_counter
            self._current = turn
            try:
                if self._cancels != turn.cancels:
                    usage.finish = "cancelled"
                    return
                self._check(
                    configure(o.temperature, o.top_k, max(o.top_p, 1e-30), o.min_p, o.penalty, o.window, seed)
                )
                token = self._prefill(ids, usage)
                while True:
                    usage.generated_tokens += 1
                    ended = token in o.stop_ids
                    if o.special or not ended:
                        text.add(token)
                    if ended or text.stopped:
                        usage.finish = "stop"
                    elif self._cancels != turn.cancels:
                        usage.finish = "cancelled"
                    elif usage.generated_tokens == o.max_new_tokens:
                        usage.finish = "length"
                    if usage.finish:
                        yield Token(token, text.rest())
                        return
                    yield Token(token, text.take())
                    if self._cancels != turn.cancels:
                        usage.finish = "cancelled"
                        return
                    start = clock()
                    token = self._check(step())
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
