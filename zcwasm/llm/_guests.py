"""Guests: several workers, each with a guest of its own, that are one to a Batcher.

A guest has 4 GiB, so a cache that is larger lies in several. Each request is handed to one of them when it is
submitted, and stays there. Of those that have room for all of it, it goes where most of its beginning is
known, and else where most requests are: a step reads the weights once, for however many. Where none has room
it goes where least is to be done, of those whose queue has room.

Nothing here is locked: what other threads change is read as it is at that moment, and a choice that was
better a moment ago is a good one.

Threads: any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING

from zcwasm.llm import _pages
from zcwasm.llm._worker import BatcherStats

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from zcwasm.llm._stream import Feed
    from zcwasm.llm._worker import Worker

MOST_GUESTS = 64
_SUMS = [each.name for each in fields(BatcherStats) if each.name != "rows_per_step"]


class Guests:
    """What a Batcher has in place of one Worker."""

    def __init__(self, workers: Sequence[Worker]) -> None:
        self.workers = tuple(workers)
        self.process = self.workers[0].process
        #: Of each worker the requests that it has, and how many pages each will have at most.
        self._claims: list[dict[Feed, int]] = [{} for _ in self.workers]

    # --- requests ---

    def choose(self, tokens: npt.NDArray[np.uint32], most_new: int) -> tuple[int, int]:
        """Which worker a request is for, and how many pages it takes there at most."""
        engine = self.workers[0].engine
        digests = _pages.digests(tokens, engine.page)
        wanted = -(-min(len(tokens) + most_new, engine.context) // engine.page)
        rooms: list[tuple[int, int, int, int]] = []
        loads: list[tuple[bool, float, int, int, int]] = []
        for at, worker in enumerate(self.workers):
            claims, engine = list(self._claims[at].values()), worker.engine
            known, shared = _known(worker, digests)
            taken = wanted - shared
            pages = sum(claims) + taken
            if len(claims) < engine.sequences and pages <= engine.pages:
                rooms.append((known, len(claims), -at, taken))
            load = round(max(len(claims) / engine.sequences, pages / engine.pages), 2)
            loads.append((worker.waiting >= worker.most_waiting, load, -known, at, taken))
        if rooms:
            _, _, place, taken = max(rooms)
            return -place, taken
        *_, at, taken = min(loads)
        return at, taken

    def claim(self, at: int, feed: Feed, pages: int) -> None:
        """The worker has this request, until the feed's end or forget()."""
        feed.when_done.append(partial(self._claims[at].pop, feed, None))
        self._claims[at][feed] = pages

    def forget(self, at: int, feed: Feed) -> None:
        self._claims[at].pop(feed, None)

    # --- the whole ---

    @property
    def closing(self) -> bool:
        return any(worker.closing for worker in self.workers)

    def stats(self) -> BatcherStats:
        each = [worker.stats() for worker in self.workers]
        sums = {name: sum(getattr(one, name) for one in each) for name in _SUMS}
        steps = sum(one.steps for one in each)
        rows = sum(one.rows_per_step * one.steps for one in each) / steps if steps else 0.0
        return BatcherStats(rows_per_step=rows, **sums)

    def ask_to_close(self) -> None:
        for worker in self.workers:
            worker.ask_to_close()

    def close(self) -> None:
        """All end at the same time."""
        for worker in self.workers:
            if worker.thread is not None:
                worker.ask_to_close()
        for worker in self.workers:
            worker.close()


def _known(worker: Worker, digests: Sequence[bytes]) -> tuple[int, int]:
    """How many pages of a beginning the worker has, and how many of them are some request's already, as far
    as another thread sees."""
    pages = worker.schedule.pages
    known = shared = 0
    for digest in digests:
        page = pages._by_digest.get(digest)
        if page is None:
            break
        known += 1
        shared += pages._users[page] > 0
    return known, shared
