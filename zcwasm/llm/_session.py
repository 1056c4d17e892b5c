"""Session: one guest with its cache, and the tokens that come out of it.

The guest (guests/llama.c) does the work of a token in one call, without the GIL. _text.py makes text of
tokens, _sampling.py says how a caller may have them chosen, _kept.py what of a session lies in a snapshot,
_prefixes.py where beginnings of prompts are kept for all sessions.

Threads: one at a time; a second one gets an error. cancel() may come from any."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

import zcwasm
from zcwasm import _arguments, _guest
from zcwasm.guests import layouts
from zcwasm.llm import _kept, _placement
from zcwasm.llm._fit import ContextError, ContextPolicy, chat_ids
from zcwasm.llm._generation import GenerateOptions, Request, Token, Usage, check_names, prompt_ids, request_of
from zcwasm.llm._kept import Form, KvDtype, Note
from zcwasm.llm._prefixes import Found, PrefixCache
from zcwasm.llm._sampling import Sampling, shows_options
from zcwasm.llm._text import Text

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from zcwasm.llm._model import Model

PROGRAM = _guest.Program("llama", layouts.LLAMA_VERSION, layouts.LLAMA_CONFIG, layouts.LLAMA_STATE)
_INCOMPLETE = 4  # tokens at most, whose bytes together may be no character yet

File: TypeAlias = str | os.PathLike[str] | IO[bytes]


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
    """A conversation with a model: a guest whose memory holds the cache. Made by Model.session, or from
    what one was by Model.load_session and fork."""

    _word = "session"

    def __init__(
        self, model: Model, form: Form, guest: _guest.Guest, mirrored: bool, prefix_cache: PrefixCache | None
    ) -> None:
        self.model = model
        self.context = form.context
        self.kv_dtype: KvDtype = form.kv_dtype
        self.exact = form.exact
        #: Whether the device reads a mirror of the cache in its own memory.
        self.mirrored = mirrored
        self.prefix_cache = prefix_cache
        self.usage = Usage()
        #: What was saved with the session that this one goes on from: save(notes=...).
        self.notes: Mapping[str, bytes] = {}
        self._form = form
        self._cancels = 0
        self._turn = threading.Lock()
        self._current: _Turn | None = None
        self._guest = guest
        self._instance = guest.instance
        self._step = guest.exports.step

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

    def _configure(self, settings: Mapping[str, float], seeded: bool = True) -> None:
        _guest.fill(self._guest.state["wanted"], settings)
        self._check(self._guest.exports.configure() if seeded else self._guest.exports.adjust())

    def _pending(self) -> int:
        """How many tokens are cached. Raises Error where none was chosen behind them, and ContextError where
        there is no room for it."""
        state = self._guest.state
        if not state["chosen"]:
            raise zcwasm.Error("there is nothing to go on from: no token was chosen behind what is cached")
        cached = int(state["cached"])
        if cached == self.context:
            raise ContextError(f"the session's context of {self.context} tokens is full")
        return cached

    def _resume(self, request: Request, text: Text, usage: Usage) -> int:
        """The token behind the one that was chosen last."""
        cached, state = self._pending(), self._guest.state
        usage.prompt_tokens, usage.reused_tokens = cached + 1, cached
        if request.settings is None:
            state["wanted"] = state["sampling"]
            self._check(self._guest.exports.adjust())  # which also ends what an interrupted call left
        else:
            self._configure(request.settings, request.seeded)
        text.go_on_from(self.tokens[-_INCOMPLETE:])
        start = time.perf_counter()
        token = self._check(self._step())
        usage.prefill_seconds = time.perf_counter() - start
        return token

    def _begin_with(self, ids: npt.NDArray[np.uint32]) -> None:
        """Rows of the prompt's beginning that the prefix cache has, and this session has not."""
        if self.prefix_cache is None:
            return
        have = min(_kept.common(self._history(), ids), len(ids) - 1)
        found = self.prefix_cache._find(self, ids, have)
        if found is None:
            return
        count = min(_kept.common(found.tokens, ids), len(ids) - 1)
        if count <= have or self._check(self._guest.exports.truncate(have)) != have:
            return
        self._cache_rows()[:, have:count] = found.rows[:, have:count]
        self._guest.array("history", count, np.uint32)[have:] = ids[have:count]
        self._check(self._guest.exports.adopt(count))

    def _keep_prefix(self, ids: npt.NDArray[np.uint32], usage: Usage) -> None:
        cache = self.prefix_cache
        if cache is not None and usage.prompt_tokens - usage.reused_tokens >= cache.least:
            cache._keep(self, ids)

    def _history(self) -> npt.NDArray[np.uint32]:
        """The tokens that are cached, a view."""
        return self._guest.array("history", int(self._guest.state["cached"]), np.uint32)

    def _cache_rows(self) -> npt.NDArray[np.uint8]:
        return _kept.cache_rows(self._guest, self.context, self.model.config.layers)

    # --- snapshots ---

    def _write(
        self,
        file: File,
        *,
        notes: Mapping[str, bytes] | None = None,
        compress: Literal["zstd"] | None = None,
        durable: bool = True,
    ) -> None:
        """The session is taken."""
        self._settle()
        note = Note.of(self._form, self._guest, self.model.config, self.model.weights.sha256)
        self._instance.snapshot(
            file,
            device_state=False,
            notes={**note.write(), **(notes or {})},
            dead=_kept.dead_ranges(self._guest, self._form, self.model.config.layers, "transient"),
            compress=compress,
            durable=durable,
        )

    def _read_rows(self, path: Path) -> Found:
        """Of a session of this model, whose context may be another. Raises SnapshotError."""
        info = zcwasm.snapshot_info(path)
        form = Note.read(info, self.model.config, self.model.weights.sha256).form
        if (form.kv_dtype, form.exact) != (self.kv_dtype, self.exact):
            raise zcwasm.SnapshotError(
                f"its cache is {form.kv_dtype}, exact {form.exact}: another file's name"
            )
        guest = restore_guest(self.model, form, path)
        tokens = guest.array("history", int(guest.state["cached"]), np.uint32)
        return Found(tokens, _kept.cache_rows(guest, form.context, self.model.config.layers))

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

    @property
    def tokens(self) -> list[int]:
        """All tokens up to here: those that are cached, and the one that was chosen behind them, if any."""
        if self.closed:
            raise zcwasm.ClosedError("the session is closed")
        state = self._guest.state
        cached: list[int] = self._history().tolist()
        return [*cached, int(state["token"])] if state["chosen"] else cached

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

    @shows_options(request_of)
    def generate(
        self,
        prompt: str | Sequence[int],
        *,
        context_policy: ContextPolicy = "error",
        context_keep: int | None = None,
        **options: Unpack[GenerateOptions],
    ) -> Generator[Token]:
        """Tokens that follow the prompt, one by one as they are computed.

        What the cache holds of the prompt's beginning is not computed again. Without max_new_tokens it goes
        on until the context is full. sampling says how tokens are chosen; its fields may be given here one by
        one, which goes before: generate(prompt, temperature=0.8, top_p=0.95). help(zcwasm.llm.Sampling) lists
        them.
        It ends after a token that ends the model's turn (unless ignore_eos), which is the last item, before a
        stop string, or when it is cancelled or the generator is closed. `usage` tells what it took.
        Control tokens, such as <|im_end|>, are items with their id and no text, unless `special`; a stop
        string that they spell is found in either case.
        context_policy: what becomes of a prompt that is too long. "error": ContextError. "keep_ends": its
        first context_keep tokens stay (a quarter of what fits), and the newest, so that max_new_tokens fit
        (without that, so that a quarter of the context is free).

        Raises ContextError, ValueError and TypeError at once, before anything is computed.
        """
        cancels = self._cancels
        check_names("generate", options)
        ids = prompt_ids(self, prompt, context_policy, context_keep, options.get("max_new_tokens"))
        return self._begin(ids, cancels, **options)

    def _begin(
        self, ids: npt.NDArray[np.uint32], cancels: int, **options: Unpack[GenerateOptions]
    ) -> Generator[Token]:
        """cancels: how many there were when the caller asked."""
        return self._go(ids, cancels, request_of(self, len(ids), **options))

    def _go(self, ids: npt.NDArray[np.uint32] | None, cancels: int, request: Request) -> Generator[Token]:
        turn = _Turn(cancels)
        stream = self._generate(ids, request, turn)
        turn.stream = weakref.ref(stream)
        return stream

    @shows_options(request_of)
    def resume(self, **options: Unpack[GenerateOptions]) -> Generator[Token]:
        """Tokens that follow where the last generation stopped: behind the last token that it gave, with its
        sampling, whose generator goes on. So it does after load_session and fork: what comes is what would
        have come. Options as generate's; those that say how tokens are chosen change that from here on, and
        with another seed the generator begins anew.

        Raises ContextError when the context is full, and Error when there is nothing to go on from: no prompt
        was computed, or the last one was interrupted.
        """
        cancels = self._cancels
        check_names("resume", options)
        with self._taken():
            cached, before = self._pending(), _kept.sampling_of(self._guest.state)
        return self._go(None, cancels, request_of(self, cached + 1, before, **options))

    @shows_options(request_of)
    def chat(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]] | None = None,
        context_policy: ContextPolicy = "error",
        **options: Unpack[GenerateOptions],
    ) -> Generator[Token]:
        """The model's answer to messages ({"role": ..., "content": ...}), put together by the file's own
        template; names of control tokens in a message stay text. Options as generate's. Send the whole
        conversation every time: what is in the cache is not computed again.

        tools: functions that the model may call, {"type": "function", "function": {"name": ...,
        "description": ..., "parameters": a JSON schema}}; Error where the template knows none.
        context_policy: what becomes of a conversation that is too long. "error": ContextError. "keep_ends":
        turns behind the system's message go, the oldest first, until the rest and max_new_tokens fit (without
        that, until a quarter of the context is free).
        """
        cancels = self._cancels
        check_names("chat", options)
        ids = chat_ids(
            self.model,
            messages,
            tools,
            context=self.context,
            policy=context_policy,
            max_new_tokens=options.get("max_new_tokens"),
        )
        return self._begin(prompt_ids(self, ids), cancels, **options)

    def chat_ids(
        self, messages: Sequence[Mapping[str, Any]], *, tools: Sequence[Mapping[str, Any]] | None = None
    ) -> list[int]:
        """The ids that chat(messages, tools=tools) goes on from."""
        return chat_ids(self.model, messages, tools)

    def logits(self, prompt: str | Sequence[int]) -> npt.NDArray[np.float32]:
        """The logits of what follows the prompt, (vocabulary,): a view of guest memory, valid until the next
        call. While it lives, the session cannot be closed. The most likely token counts as chosen: resume()
        goes on behind it."""
        ids = prompt_ids(self, prompt)
        with self._taken():
            self._configure(Sampling(seed=0)._settings(self.context))
            self.usage = Usage(prompt_tokens=len(ids), cache_bytes=self.cache_bytes)
            self._prefill(ids, self.usage)
            return self._logits

    def save(
        self,
        file: File,
        *,
        notes: Mapping[str, bytes] | None = None,
        compress: Literal["zstd"] | None = None,
        durable: bool = True,
    ) -> None:
        """Write the session to a file, which Model.load_session reads, in any process and on any device: what
        is cached, its tokens, how tokens are chosen, and the state of their generator.

        file: a path, where the old file or the whole new one is at any time; or a binary file. notes: bytes
        of the caller's by name, which load_session gives back as Session.notes; to keep those that were
        loaded, give them again. compress: "zstd" needs zcwasm[zstd]. durable: wait until the disk has it. The
        file holds what was said: it is for its owner alone to read.
        InUseError during a generation. Raises OSError.
        """
        for name in notes or {}:
            if _arguments.text("a note's name", name).startswith(_kept.OWN):
                raise ValueError(f"a note's name is {name!r}: what begins with {_kept.OWN!r} is zcwasm's own")
        with self._taken():
            self._write(file, notes=notes, compress=compress, durable=durable)

    def fork(self, count: int = 1) -> list[Session]:
        """As many sessions that go on from here, independently. Their memory is shared with this one's until
        one of them writes to it. InUseError during a generation."""
        count = _arguments.whole("count", count, 1, 2**20)
        with self._taken():
            self._settle()
            layers = self.model.config.layers
            guests = self._guest.fork(
                count, _kept.dead_ranges(self._guest, self._form, layers, "activations")
            )
        forks = [Session(self.model, self._form, each, self.mirrored, self.prefix_cache) for each in guests]
        for each in forks:
            each.notes = self.notes
        return forks

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
        if not self._guest.state["device"]["submit_ahead"]:
            return
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

    # --- the loop ---

    def _first(self, ids: npt.NDArray[np.uint32] | None, request: Request, text: Text, usage: Usage) -> int:
        if ids is None or request.settings is None:
            return self._resume(request, text, usage)
        self._configure(request.settings)
        self._begin_with(ids)
        token = self._prefill(ids, usage)
        self._keep_prefix(ids, usage)
        return token

    def _generate(
        self, ids: npt.NDArray[np.uint32] | None, request: Request, turn: _Turn
    ) -> Generator[Token]:
        """ids: None to go on from where the last one stopped."""
        with self._taken():
            tokens = 0 if ids is None else len(ids)
            usage = self.usage = Usage(prompt_tokens=tokens, cache_bytes=self.cache_bytes)
            text = Text(self.model.tokenizer.token_bytes, request.stop, request.hidden)
            step, check, clock = self._step, self._guest.check, time.perf_counter
            self._current = turn
            try:
                if self._cancels != turn.cancels:
                    usage.finish = "cancelled"
                    return
                token = self._first(ids, request, text, usage)
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


def restore_guest(model: Model, form: Form, file: File, mapped: bool = False) -> _guest.Guest:
    """A guest from its snapshot, which is not attached to the device yet. Raises SnapshotError."""
    config = PROGRAM.config_bytes(model.config, form.numbers())
    guest = PROGRAM.restore(
        file,
        model.device,
        model.weights,
        config,
        limits=_placement.scratch_limit(model.config.cache_bytes(form.context, form.kv_dtype)),
        mapped=mapped,
        layers=model._layer_bytes(),
        rope=model._rope_bytes(form.context),
    )
    _kept.check_state(guest, config)
    return guest
