"""An engine that computes no model: what follows is a hash of all tokens that a row sees.

It reads them as the real one reads keys, by places, spans and tables, so that one wrong page, position or end
makes other tokens. `answer` says what comes, without pages. A step takes some microseconds.

A step that is started is computed as late or as early as a device may, by chance, and one that follows is
thrown away now and then. What is lost is computed nonetheless: its rows of the cache are written.
"""

from __future__ import annotations

import random
import threading
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

import zcwasm
from zcwasm.guests import layouts
from zcwasm.llm import Batcher
from zcwasm.llm._engine import NO_TOKEN, Step

VOCAB = 256
STOP = 0  # ends a turn
CONTROL = 1
_MIX = np.arange(1, VOCAB + 1, dtype=np.uint32) * np.uint32(2654435761)


def logits(tokens: npt.NDArray[np.uint32], stop: bool = False) -> npt.NDArray[np.float32]:
    """Of what follows these tokens. Without `stop` the stop token is never the most likely one."""
    digest = np.uint32(zlib.crc32(tokens.tobytes()))
    mixed = (_MIX ^ digest) * np.uint32(2246822519)
    values = ((mixed ^ (mixed >> np.uint32(15))) >> np.uint32(8)).astype(np.float32) / (1 << 20)
    if not stop:
        values[STOP] = -1
    return values


def is_broken(tokens: npt.NDArray[np.uint32], one_of: int) -> bool:
    """Whether there is NaN behind these tokens."""
    return bool(one_of) and zlib.crc32(tokens.tobytes(), 1) % one_of == 0


def answer(prompt: Sequence[int], count: int, stop: bool = False) -> list[int]:
    """So many tokens, or up to the stop token."""
    tokens = list(prompt)
    while len(tokens) < len(prompt) + count:
        tokens.append(int(logits(np.array(tokens, np.uint32), stop).argmax()))
        if tokens[-1] == STOP:
            break
    return tokens[len(prompt) :]


class Tokenizer:
    """A token for each byte."""

    stop_ids = frozenset({STOP})
    control_ids = frozenset({STOP, CONTROL})

    def token_bytes(self, token: int) -> bytes:
        return bytes([token])


class Config:
    architecture = "fake"
    vocab = VOCAB
    context = 4096


class Model:
    """As much of one as a batcher needs."""

    config = Config()
    tokenizer = Tokenizer()

    def tokenize(self, text: str) -> list[int]:
        return list(text.encode())


class Flight:
    """A step in flight, of which nothing is the caller's any more."""

    def __init__(self, step: Step) -> None:
        names = ("tokens", "positions", "places", "spans", "outputs")
        arrays = {name: getattr(step, name).copy() for name in names}
        self.given, self.step = step, replace(step, **arrays)
        self.computed = False


class Engine:
    """zcwasm.llm._engine.Engine's interface."""

    most_entries = 1 << 16
    nbytes_per_page = 1000

    def __init__(
        self,
        *,
        sequences: int = 8,
        context: int = 256,
        pages: int = 64,
        page: int = 16,
        rows: int = 64,
        ahead: bool = False,
    ) -> None:
        self.sequences, self.context, self.pages, self.page, self.rows = sequences, context, pages, page, rows
        self.vocab = VOCAB
        self.pages_each = -(-context // page)
        self.tables = np.full((sequences, self.pages_each), 2**32 - 1, np.uint32)
        self.mask = np.zeros((sequences, VOCAB // 32), np.uint32)
        self.stop = False  # whether the stop token comes
        self.broken = 0  # of so many beginnings one is followed by NaN; 0: none
        self.closed = False
        self.before: Callable[[Step], None] = lambda step: None  # each step
        self.gate: threading.Semaphore | None = None  # that each step takes
        self.interrupted = threading.Event()
        self.steps: list[list[tuple[int, int, bool]]] = []  # pieces of each
        self._tokens = np.full(pages * page, 2**32 - 1, np.uint32)
        self._positions = np.full(pages * page, 2**32 - 1, np.uint32)
        self._logits: list[npt.NDArray[np.float32]] = []
        self.ahead = ahead
        self.thrown = 0.05  # how many of those that follow are thrown away
        self._flight: list[Flight] = []
        self._taken: Flight  # last
        self._random = random.Random(7)

    def _seen(self, span: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
        first, end, table = span.tolist()
        assert first == 0
        assert 1 <= end <= self.context
        keys = np.arange(end)
        places = self.tables.ravel()[table + keys // self.page].astype(np.intp) * self.page + keys % self.page
        assert (self._positions[places] == keys).all(), "a page of something else"
        return self._tokens[places]

    def _check(self, step: Step) -> None:
        assert not self.closed
        rows = len(step.tokens)
        assert 1 <= rows <= self.rows
        assert len(step.positions) == len(step.places) == len(step.spans) == rows
        assert len(np.unique(step.places)) == rows
        end = 0
        for first, count, shared in step.pieces:
            assert first == end
            end += count
            if shared:
                assert len(np.unique(step.spans[first:end, 2])) == 1
                assert (np.diff(step.positions[first:end].astype(int)) == 1).all()
        assert end == rows

    def _wait(self, step: Step) -> None:
        self.steps.append(list(step.pieces))
        if self.gate is not None:
            while not self.gate.acquire(timeout=0.01):
                if self.interrupted.is_set():
                    break
        if self.interrupted.is_set():
            self.interrupted.clear()
            raise interruption()
        self.before(step)

    def run(self, step: Step) -> npt.NDArray[np.uint32]:
        self._check(step)
        assert not step.follows
        self.drop()
        self._wait(step)
        return self._compute(step)

    # --- steps in flight ---

    @property
    def in_flight(self) -> int:
        return len(self._flight)

    @property
    def may_go_ahead(self) -> bool:
        return self.ahead

    def start(self, step: Step) -> None:
        self._check(step)
        rows = len(step.tokens)
        assert step.pieces == [(0, rows, False)]
        assert (step.outputs["row"] == np.arange(rows)).all()
        assert step.entries is None
        assert not step.keep_logits
        assert not step.only_hidden
        assert not step.outputs["masked"].any()
        if step.follows:
            assert len(self._flight) == 1
            before = self._flight[0].step.outputs
            assert len(before) == rows
            for name in ("temperature", "top_k", "top_p", "min_p"):
                assert (before[name] == step.outputs[name]).all()
            assert (self._flight[0].step.positions + 1 == step.positions).all()
        else:
            self.drop()
        self._flight.append(Flight(step))
        if self._random.random() < 0.5:
            self._compute_flight()

    def _compute_flight(self, count: int = 2) -> None:
        for index, each in enumerate(self._flight[:count]):
            if not each.computed:
                if each.step.follows:
                    before = self._flight[0] if index else self._taken
                    each.step.tokens[:] = np.minimum(before.step.outputs["token"], VOCAB - 1)
                    each.step.outputs["random"] = before.step.outputs["random"]
                self._compute(each.step)
                each.computed = True

    def finish(self) -> npt.NDArray[np.uint32]:
        assert not self.closed
        try:
            self._wait(self._flight[0].given)
        except BaseException:
            self.drop()
            raise
        self._compute_flight(1)
        taken = self._taken = self._flight[0]
        tokens = taken.step.outputs["token"]
        if len(self._flight) == 2 and (self._random.random() < self.thrown or (tokens == NO_TOKEN).any()):
            self.drop()
        self._flight = self._flight[1:]
        for name in ("token", "random"):
            taken.given.outputs[name] = taken.step.outputs[name]
        return tokens.copy()

    def drop(self) -> None:
        """Nobody wants what comes of it, but its rows of the cache are written, with whatever."""
        for each in self._flight:
            if not each.computed:
                self._tokens[each.step.places] = 2**32 - 1
                self._positions[each.step.places] = each.step.positions
        self._flight = []

    # --- numbers ---

    def _compute(self, step: Step) -> npt.NDArray[np.uint32]:
        self._tokens[step.places], self._positions[step.places] = step.tokens, step.positions
        chosen = step.outputs
        self._logits = [logits(self._seen(step.spans[row]), self.stop) for row in chosen["row"].tolist()]
        before = chosen["random"].copy()
        entries = np.zeros((0, 4), np.uint32) if step.entries is None else step.entries
        assert len(entries) <= self.most_entries
        for index, values in enumerate(self._logits):
            mine = entries[entries[:, 0] // VOCAB == index]
            at, floats = mine[:, 0] % VOCAB, mine.view(np.float32)
            x = values.copy()
            x[at] = np.where(x[at] > 0, x[at] / floats[:, 1], x[at] * floats[:, 1]) + floats[:, 2]
            if chosen["masked"][index]:
                x[~np.unpackbits(self.mask[index].view(np.uint8), bitorder="little").astype(bool)] = -np.inf
            if chosen["temperature"][index] > 0:  # a draw that depends on the state, and moves it on
                x = np.roll(x, int(chosen["random"][index]) % VOCAB)
                chosen["random"][index] += np.uint64(1)
            best = int(x.argmax())
            chosen["token"][index] = best if x[best] > -np.inf else NO_TOKEN
            if is_broken(self._seen(step.spans[chosen["row"][index]]), self.broken):
                chosen["token"][index], chosen["random"][index] = NO_TOKEN, before[index]
        return chosen["token"].copy()

    def logits(self, output: int) -> npt.NDArray[np.float32]:
        return self._logits[output].copy()

    def interrupt(self) -> None:
        self.interrupted.set()

    def close(self) -> None:
        self.closed = True


def interruption() -> zcwasm.Trap:
    """What a guest's call raises that is interrupted."""
    module = zcwasm.Module(b"\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0\7\5\1\1f\0\0\x0a\5\1\3\0\0\x0b")
    try:
        zcwasm.Instance(module).exports.f()
    except zcwasm.Trap as trap:
        trap.kind = "interrupted"  # type: ignore[misc]
        return trap
    raise AssertionError


def batcher(engine: Engine | None = None, *, waiting: int = 1024, **numbers: Any) -> Batcher:
    made: Any = engine or Engine(**numbers)
    model: Any = Model()
    return Batcher(model, made, waiting)


def engine_of(batcher: Batcher) -> Engine:
    engine: Any = batcher._worker.engine
    return engine


assert layouts.LLAMA_OUTPUT.itemsize == 40
