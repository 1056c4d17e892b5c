"""Embeddings of many clients: requests wait in one queue, whose texts are computed together.

A batch has texts of all requests that wait, one of each in turn, up to some thousand tokens: a small request
waits for one batch, and not for all texts of a large one. One that nobody waits for any more is dropped with
the next batch. How many requests wait is the application's to limit.

Tokens and answers are made on the application's threads, vectors on one of their own; the queue itself is the
event loop's.
"""

from __future__ import annotations

import asyncio
import base64
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from zcwasm.llm import Model
from zcwasm.llm._embedding import Embedder as Computes
from zcwasm.llm._embedding import ids_of
from zcwasm.serve import _answers, _json, _requests
from zcwasm.serve._errors import find, invalid, refused

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from zcwasm import embed

    Row: TypeAlias = npt.NDArray[np.float32]

Embedder: TypeAlias = Union["embed.Model", Model]
_BATCH = 2048  # tokens that are computed together, or one text of more


@dataclass(eq=False)
class Asked:
    """A request that has been checked, and what is computed of it."""

    model: str
    base64: bool
    ids: Sequence[Any]  # of each text its tokens
    rows: list[Row] = field(default_factory=list)
    taken: int = 0  # texts that are computed, or in the batch in progress

    @property
    def tokens(self) -> int:
        return sum(map(len, self.ids))


def check(embedders: Mapping[str, Embedder], body: bytes) -> Asked:
    """A request for embeddings, with the tokens of its texts. Raises RequestError."""
    asked = _requests.embedding(_json.read(body))
    model = find(embedders, asked.model)
    columns = model.config.dim if isinstance(model, Model) else model.config.outputs
    if asked.dimensions not in (None, columns):
        raise invalid("dimensions", f"this model has {columns}", "unsupported_value")
    try:
        return Asked(asked.model, asked.base64, _ids(model, asked.texts))
    except Exception as error:
        raise refused(error, "input") from error


def _ids(model: Embedder, given: list[str | list[int]]) -> Sequence[Any]:
    if isinstance(model, Model):
        return [ids_of(model, f"input[{at}]", each) for at, each in enumerate(given)]
    texts = [each for each in given if isinstance(each, str)]
    if len(texts) < len(given):
        raise invalid("input", "this model takes texts, not tokens", "unsupported_value")
    return model.tokenize(texts)


def answer(asked: Asked) -> bytes:
    """Of a request whose rows are all there."""
    rows = asked.rows
    vectors = [base64.b64encode(row.tobytes()).decode() if asked.base64 else row.tolist() for row in rows]
    data = [{"object": "embedding", "index": at, "embedding": each} for at, each in enumerate(vectors)]
    usage = {"prompt_tokens": asked.tokens, "total_tokens": asked.tokens}
    found = {"object": "list", "data": data, "model": asked.model, "usage": usage}
    return _answers.dump_in_pieces(found, 2).encode()  # each vector by itself


class Queue:
    """The requests to one model, on the event loop."""

    def __init__(self, model: Embedder, thread: Executor) -> None:
        self._thread = thread
        self._compute: Callable[[Sequence[Any]], Any]
        #: Gives back what is kept for the next batch; on the thread.
        self.close: Callable[[], object]
        if isinstance(model, Model):
            kept = Computes(model)
            self._compute, self.close = kept.compute, kept.close
        else:
            self._compute, self.close = model._encode, lambda: None
        self._waiting: deque[tuple[Asked, asyncio.Future[None]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def compute(self, asked: Asked) -> None:
        """Until all its rows are there. Raises RequestError, and what the model raises."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, done))
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        await done  # which is cancelled with whoever waits

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while batch := self._batch():
                try:
                    ids = [asked.ids[at] for asked, at in batch]
                    rows = await loop.run_in_executor(self._thread, self._compute, ids)
                except Exception as error:
                    self._fail({id(asked) for asked, _ in batch}, refused(error, "input"))
                    continue
                for (asked, _), row in zip(batch, rows, strict=True):
                    asked.rows.append(row)
        finally:
            self._task = None

    def _batch(self) -> list[tuple[Asked, int]]:
        """What is computed next: requests and numbers of their texts, which come in their order."""
        self._end_those_that_are_done()
        batch: list[tuple[Asked, int]] = []
        turn = deque(asked for asked, _ in self._waiting)
        left = _BATCH
        while turn:
            asked = turn.popleft()
            length = len(asked.ids[asked.taken])
            if batch and length > left:
                break
            batch.append((asked, asked.taken))
            asked.taken += 1
            left -= length
            if asked.taken < len(asked.ids):
                turn.append(asked)
        if self._waiting:  # another one is the first of the next batch
            self._waiting.rotate(-1)
        return batch

    def _end_those_that_are_done(self) -> None:
        going_on = []
        for asked, done in self._waiting:
            if len(asked.rows) == len(asked.ids) and not done.done():
                done.set_result(None)
            if not done.done():
                going_on.append((asked, done))
        self._waiting = deque(going_on)

    def _fail(self, requests: set[int], error: BaseException) -> None:
        """Of a batch that fails all: nobody knows at which text."""
        for asked, done in self._waiting:
            if id(asked) in requests and not done.done():
                done.set_exception(error)
