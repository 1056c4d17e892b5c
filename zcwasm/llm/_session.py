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
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

import zcwasm

if TYPE_CHECKING:
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
    + [("scratch", _U4), ("ahead", _U4)]
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


class ContextError(zcwasm.Error):
    """A prompt, or what is to follow it, does not fit the session's context."""


class Token(NamedTuple):
    """One token of a generation."""

    id: int
    #: What it adds to the text. Empty while a character is incomplete, or while what there is may turn out
    #: to be the beginning of a stop string; it comes with a later token then.
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
    finish: Literal["stop", "length", "cancelled"] | None = None

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


def _number(name: str, value: float, least: float, most: float, also: str = "") -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}")
    if not least <= value <= most:
        raise ValueError(f"{name} is {value}, must be {least:g} to {most:g}{also}")
    return float(value)


def _whole(name: str, value: int, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    if not least <= value <= most:
        raise ValueError(f"{name} is {value}, must be {least} to {most}")
    return int(value)


class Session:
    """A conversation with a model: a guest whose memory holds the cache. Made by Model.session."""

    def __init__(
        self, model: Model, *, context: int | None, kv_dtype: Literal["f16", "f32"], exact: bool, chunk: int
    ) -> None:
        config = model.config
        if context is None:
            context = min(config.context, _DEFAULT_CONTEXT)
        self.context = _whole("context", context, 1, min(config.context, _MAX_CONTEXT))
        if kv_dtype not in ("f16", "f32"):
            raise ValueError(f"kv_dtype is {kv_dtype!r}, must be 'f16' or 'f32'")
        self.model = model
        self.kv_dtype: Literal["f16", "f32"] = kv_dtype
        self.exact = bool(exact)
        self.usage = Usage()
        self._cancelled = threading.Event()
        self._turn = threading.Lock()
        numbers = np.zeros((), _CONFIG)
        for name in ("layers", "dim", "heads", "kv_heads", "head_size", "rotated", "ff", "vocab"):
            numbers[name] = getattr(config, name)
        numbers["version"] = _VERSION
        numbers["context"] = self.context
        numbers["chunk"] = min(_whole("chunk", chunk, 1, _MAX_CHUNK), self.context)
        numbers["rope_layout"] = config.rope_halves
        numbers["kv_type"] = kv_dtype == "f16"
        numbers["exact"] = self.exact
        numbers["scratch"] = _activations_apart(model.device)
        numbers["ahead"] = _steps_ahead(model.device)
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
            raise zcwasm.Error("the session is closed")
        if not self._turn.acquire(blocking=False):
            raise zcwasm.Error(
                "the session is in use: a generation that was neither ended nor closed, or another thread. "
                "Sessions are cheap: open another one."
            )
        try:
            yield
        finally:
            self._turn.release()

    def _prefill(self, ids: Sequence[int], usage: Usage) -> int:
        """The first token after the prompt."""
        assert self._prompt is not None
        assert self._state is not None
        usage.prompt_tokens = len(ids)
        usage.cache_bytes = self.cache_bytes
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
            raise zcwasm.Error("the session is closed")
        return int(self._state[0]["cached"])

    @property
    def memory(self) -> zcwasm.Memory:
        """The guest's memory; docs/llm.md says what lies where."""
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
        stop: str | Sequence[str] = (),
        ignore_eos: bool = False,
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

        Raises ContextError, ValueError and TypeError at once, before anything is computed.
        """
        ids = self._ids(prompt)
        options = self._options(
            len(ids),
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
        )
        return self._generate(ids, options)

    def chat(self, messages: Sequence[Mapping[str, Any]], **options: Any) -> Generator[Token]:
        """The model's answer to messages ({"role": ..., "content": ...}), put together by the file's own
        template; names of control tokens in a message stay text. Options as generate's. Send the whole
        conversation every time: what is in the cache is not computed again."""
        return self.generate(self.chat_ids(messages), **options)

    def chat_ids(self, messages: Sequence[Mapping[str, Any]]) -> list[int]:
        """The ids that chat(messages) goes on from."""
        from zcwasm.llm import _chat

        return _chat.encode(self.model.weights.metadata, self.model.tokenizer, messages)

    def logits(self, prompt: str | Sequence[int]) -> npt.NDArray[np.float32]:
        """The logits of what follows the prompt, (vocabulary,): a view of guest memory, valid until the next
        call. While it lives, the session cannot be closed."""
        ids = self._ids(prompt)
        with self._taken():
            self._check(self._instance.exports.configure(0.0, 0, 1.0, 0.0, 1.0, 0, 0))
            self.usage = Usage()
            self._prefill(ids, self.usage)
            assert self._logits is not None
            return self._logits[:]

    def cancel(self) -> None:
        """End the generation in progress, from any thread; its generator ends with finish "cancelled"."""
        self._cancelled.set()
        if not self._instance.closed:
            self._instance.interrupt()

    @property
    def closed(self) -> bool:
        return self._instance.closed

    def close(self) -> None:
        """Give the cache back. BufferError while a view of the memory lives."""
        if self._instance.closed:
            return
        with self._taken():
            self._instance.exports.truncate(self.cached_tokens)  # ends what is in flight
            held = self._state, self._prompt, self._logits
            self._state = self._prompt = self._logits = None
            try:
                del held
                self._instance.close()
            except BufferError:
                self._views_again()
                raise

    def _views_again(self) -> None:
        memory = self._instance.memory
        self._state = memory.array(self._instance.exports.address(), 1, _STATE)
        state = self._state[0]
        self._prompt = memory.array(int(state["prompt"]), self.context, np.uint32)
        self._logits = memory.array(int(state["logits"]), self.model.config.vocab, np.float32)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # --- arguments ---

    def _ids(self, prompt: str | Sequence[int]) -> Sequence[int]:
        ids = self.model.tokenize(prompt) if isinstance(prompt, str) else prompt
        if len(ids) == 0:
            raise ValueError("the prompt has no tokens")
        if len(ids) > self.context:
            raise ContextError(
                f"the prompt has {len(ids)} tokens, the session's context has room for {self.context}"
            )
        numbers = np.asarray(ids)
        if numbers.ndim != 1 or numbers.dtype.kind not in "iu":
            raise TypeError("the prompt must be a text or a sequence of token ids")
        vocab = self.model.config.vocab
        if numbers.min() < 0 or numbers.max() >= vocab:
            wrong = next(int(number) for number in numbers if not 0 <= number < vocab)
            raise ValueError(f"token id {wrong} is not in the vocabulary, which has 0 to {vocab - 1}")
        return ids

    def _options(
        self,
        prompt_tokens: int,
        *,
        max_new_tokens: int | None,
        temperature: float,
        top_k: int | None,
        top_p: float | None,
        min_p: float | None,
        repetition_penalty: float,
        repetition_window: int | None,
        seed: int | None,
        stop: str | Sequence[str],
        ignore_eos: bool,
    ) -> _Options:
        room = self.context - prompt_tokens + 1  # the last token need not be in the cache
        if max_new_tokens is None:
            max_new_tokens = room
        elif _whole("max_new_tokens", max_new_tokens, 1, 2**31) > room:
            raise ContextError(
                f"a prompt of {prompt_tokens} tokens and {max_new_tokens} new ones do not fit the session's "
                f"context of {self.context}"
            )
        temperature = _number("temperature", temperature, 0, 1000)
        if 0 < temperature < 0.001:
            raise ValueError(f"temperature is {temperature}, must be 0 or at least 0.001")
        stops = (stop,) if isinstance(stop, str) else tuple(stop)
        for text in stops:
            if not isinstance(text, str):
                raise TypeError(f"stop strings must be str, not {type(text).__name__}")
            if not text:
                raise ValueError("a stop string is empty")
        if seed is None:
            seed = secrets.randbits(64)
        top_p = 1.0 if top_p is None else _number("top_p", top_p, 0, 1)
        if top_p == 0:
            raise ValueError("top_p is 0, must be above 0 and at most 1")
        window = self.context if repetition_window is None else repetition_window
        return _Options(
            max_new_tokens=max_new_tokens,
            temperature=temperature,
            top_k=0 if top_k is None else _whole("top_k", top_k, 0, _MAX_TOP_K),
            top_p=top_p,
            min_p=0.0 if min_p is None else _number("min_p", min_p, 0, 1),
            penalty=_number("repetition_penalty", repetition_penalty, 0.001, 1000),
            window=_whole("repetition_window", window, 1, _MAX_CONTEXT),
            seed=_whole("seed", seed, 0, 2**64 - 1),
            stop=stops,
            stop_ids=frozenset() if ignore_eos else self.model.tokenizer.stop_ids,
        )

    # --- the loop ---

    def _generate(self, ids: Sequence[int], options: _Options) -> Generator[Token]:
        with self._taken():
            self._cancelled.clear()
            usage = self.usage = Usage()
            text = _Text(self.model.tokenizer.token_bytes, options.stop)
            configure, step = self._instance.exports.configure, self._step
            o = options
            seed = struct.unpack("<q", struct.pack("<Q", o.seed))[0]
            clock = time.perf_counter
            try:
                self._check(
                    configure(o.temperature, o.top_k, max(o.top_p, 1e-30), o.min_p, o.penalty, o.window, seed)
                )
                token = self._prefill(ids, usage)
                while True:
                    usage.generated_tokens += 1
                    ended = token in o.stop_ids
                    if not ended:
                        text.add(token)
                    if ended or text.stopped:
                        usage.finish = "stop"
                    elif self._cancelled.is_set():
                        usage.finish = "cancelled"
                    elif usage.generated_tokens == o.max_new_tokens:
                        usage.finish = "length"
                    if usage.finish:
                        yield Token(token, text.rest())
                        return
                    yield Token(token, text.take())
                    if self._cancelled.is_set():
                        usage.finish = "cancelled"
                        return
                    start = clock()
                    token = self._check(step())
                    usage.decode_seconds += clock() - start
            except zcwasm.Trap as trap:
                if trap.kind != "interrupted" or not self._cancelled.is_set():
                    raise
                usage.finish = "cancelled"


class _Text:
    """Tokens become text: whole characters, and nothing of a stop string."""

    def __init__(self, token_bytes: Callable[[int], bytes], stops: tuple[str, ...]) -> None:
        self.stops = stops
        self.token_bytes = token_bytes
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.pending = ""  # not handed out yet
        self.stopped = False

    def add(self, token: int) -> None:
        self.pending += self.decoder.decode(self.token_bytes(token))
        found = [at for at in (self.pending.find(stop) for stop in self.stops) if at >= 0]
        if found:
            self.pending = self.pending[: min(found)]
            self.stopped = True

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
