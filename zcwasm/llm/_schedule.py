"""Which rows the next step has: requests that wait, sequences that run, and what becomes of their tokens.

A step has a row for every sequence that decodes, and then rows of prompts, as many as are left. Requests go
by their rank: the higher priority first, and of one priority the older one. A prompt's pages are taken when
its first row is computed, and may be found by others from that step on: in each layer the keys of all rows of
a step are written before one of them is read. Pages behind the prompt are taken one by one. Where none is
left, the last in rank gives its pages back and waits again; what it has said is computed again as a part of
its prompt, or found.

While a step is in flight, the one behind it may be planned: as if no token ended anything, a row further on.
Where one ends a sequence, the row behind it is for nothing, and so is its token. Its pages are free then,
though a step in flight writes into them; but no other sequence is given a page before that has ended, since
from then on no step is planned behind one in flight: its rows are others. Nor does such a row touch what
others may find: it stands behind all that is computed, so in no full page (Sequence.keep).

A request's own state is in _sequence.py, the numbers of a step's rows are in _rows.py.

Threads: the batcher's own. Nothing here waits.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

import zcwasm
from zcwasm.llm._engine import NO_TOKEN, Step
from zcwasm.llm._pages import Pages
from zcwasm.llm._rows import Rows

if TYPE_CHECKING:
    from asyncio import Future

    from zcwasm.llm._choices import Logprobs
    from zcwasm.llm._engine import Engine
    from zcwasm.llm._generation import Finish
    from zcwasm.llm._sequence import Sequence
    from zcwasm.llm._stream import Feed

_NO_DEADLINE = math.inf


@dataclass(slots=True, eq=False)
class Plan:
    """A step, and whose it is."""

    step: Step
    decoders: npt.NDArray[np.intp]  # slots
    prompts: list[tuple[Sequence, int]]  # so many rows of each
    outputs: list[Sequence]  # whose tokens are chosen, first those of the decoders


class Schedule:
    """All requests of a batcher, and the pages of its engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.pages = Pages(engine.pages, engine.page)
        self.waiting = 0  # that were not admitted yet
        # Counts for BatcherStats, since the start.
        self.steps = self.preempted = 0
        self.prompt_tokens = self.generated_tokens = self.reused_tokens = 0
        self._all: dict[Feed, Sequence] = {}
        self._heap: list[tuple[tuple[int, int], Sequence]] = []  # that wait, and some that have ended
        self._soonest = _NO_DEADLINE  # no deadline is before
        self._wakes: list[Future[None]] = []
        self._slots: list[Sequence | None] = [None] * engine.sequences
        self._free_slots = list(range(engine.sequences - 1, -1, -1))
        # Slots; None: they have changed. As long as it is the same array, so are the sequences that decode.
        self._decoders: npt.NDArray[np.intp] | None = None
        self._decoding: list[Sequence] = []  # those, when there is such an array
        self._plain = False  # none of them has a chooser
        self._news = False  # since the last plan others wait: some may be begun now
        self._rows = Rows(engine)
        self._begun: set[Sequence] = set()  # that run, and whose prompt is not computed

    # --- requests ---

    def __len__(self) -> int:
        return len(self._all)

    @property
    def running(self) -> int:
        return len(self._slots) - len(self._free_slots)

    def add(self, sequence: Sequence) -> None:
        self._all[sequence.feed] = sequence
        self.waiting += 1
        self._news = True
        self._soonest = min(self._soonest, sequence.deadline)
        heapq.heappush(self._heap, (sequence.rank, sequence))

    def cancel(self, feed: Feed) -> None:
        sequence = self._all.get(feed)
        if sequence is not None:
            self._end(sequence, finish="cancelled")

    def expire(self, now: float) -> None:
        """End those whose deadline has passed."""
        if now < self._soonest:
            return
        for sequence in [each for each in self._all.values() if each.deadline <= now]:
            self._end(sequence, finish="deadline")
        self._soonest = min((each.deadline for each in self._all.values()), default=_NO_DEADLINE)

    def end_all(self, finish: Finish | None = None, error: BaseException | None = None) -> None:
        """And begin anew, whatever was going on: nothing is known of what lies in the pages."""
        ended, self._all = list(self._all.values()), {}
        self._heap, self._soonest, self.waiting = [], _NO_DEADLINE, 0
        self._slots = [None] * self.engine.sequences
        self._free_slots = list(range(self.engine.sequences - 1, -1, -1))
        self._decoders, self._decoding, self._news = None, [], False
        self._begun.clear()
        self._rows.failed.clear()
        self.pages = Pages(self.engine.pages, self.engine.page)
        for sequence in ended:
            sequence.pages, sequence.slot = [], -1
            self._wakes += sequence.feed.put(None, finish=finish, error=error)

    def wakes(self) -> list[Future[None]]:
        """Those of event loops that wait for what has come."""
        wakes, self._wakes = self._wakes, []
        return wakes

    def _end(
        self,
        sequence: Sequence,
        finish: Finish | None = None,
        error: BaseException | None = None,
        token: int | None = None,
        logprobs: Logprobs | None = None,
    ) -> None:
        del self._all[sequence.feed]
        if sequence.slot >= 0:
            usage = sequence.feed.usage
            usage.cache_bytes = len(sequence.pages) * self.engine.nbytes_per_page
            if error is None:
                sequence.keep(self.pages)
            self._leave(sequence)
        else:
            self._news = True  # the one behind it may be small enough
            if not sequence.preempted:
                self.waiting -= 1
            if len(self._heap) > 2 * (len(self._all) + 8):
                self._heap = [each for each in self._heap if each[1].feed in self._all]
                heapq.heapify(self._heap)
        if sequence.first_token:
            sequence.feed.usage.decode_seconds = time.perf_counter() - sequence.first_token
        self._wakes += sequence.feed.put(token, logprobs, finish, error)

    # --- slots and pages ---

    def _leave(self, sequence: Sequence) -> None:
        """Without pages and slot."""
        self.pages.release_all(sequence.pages)
        sequence.pages = []
        self._slots[sequence.slot] = None
        self._free_slots.append(sequence.slot)
        sequence.slot = -1
        self._begun.discard(sequence)
        self._decoders, self._decoding = None, []

    def _preempt(self, sequence: Sequence) -> None:
        """It gives its slot and its pages back, and waits."""
        self._rows.leave(sequence)
        sequence.keep(self.pages)
        self._leave(sequence)
        sequence.begin_again(self.pages.page)
        self.preempted += 1
        heapq.heappush(self._heap, (sequence.rank, sequence))

    def _running(self) -> Iterator[Sequence]:
        return (each for each in self._slots if each is not None)

    def _last_in_rank(self) -> Sequence:
        return max(self._running(), key=lambda each: each.rank)

    def _grow(self) -> None:
        """A page for each that decodes and has none for its next row, the first in rank first."""
        slots = self._decoding_slots()
        full = slots[self._rows.position[slots] % self.pages.page == 0]
        for sequence in sorted((self._at(slot) for slot in full.tolist()), key=lambda each: each.rank):
            needed = sequence.computed // self.pages.page
            while sequence.slot >= 0 and len(sequence.pages) <= needed:
                if self.pages.free:
                    self._take_page(sequence)
                else:
                    self._preempt(self._last_in_rank())  # which may be the sequence itself

    def _take_page(self, sequence: Sequence) -> None:
        page = self.pages.allocate()
        self.engine.tables[sequence.slot, len(sequence.pages)] = page
        sequence.pages.append(page)

    def _at(self, slot: int) -> Sequence:
        sequence = self._slots[slot]
        assert sequence is not None
        return sequence

    def _head(self) -> Sequence | None:
        """The first one that waits."""
        while self._heap:
            sequence = self._heap[0][1]
            if sequence.feed in self._all:
                return sequence
            heapq.heappop(self._heap)
        return None

    def _admit(self, sequence: Sequence) -> bool:
        """A slot, and pages for its prompt, at the cost of those with a lower priority if need be. One page
        more for each that runs stays free, so that they need not take it back at once."""
        lower = sorted(
            (each for each in self._running() if each.rank[0] > sequence.rank[0]), key=lambda each: each.rank
        )
        found = self.pages.find(sequence.tokens, sequence.digests)
        needed = -(-sequence.length // self.pages.page) - len(found)
        while not self._free_slots or needed + self.running > self.pages.free:
            if self._free_slots and not self.running:
                assert needed <= self.pages.free, "a request that takes more than all pages"
                break
            if not lower:
                self.pages.release_all(found)
                return False
            self._preempt(lower.pop())
        heapq.heappop(self._heap)
        slot = sequence.slot = self._free_slots.pop()
        self._slots[slot] = sequence
        sequence.pages = found
        self.engine.tables[slot, : len(found)] = found
        sequence.computed = len(found) * self.pages.page
        for _ in range(needed):
            self._take_page(sequence)
        self._rows.enter(sequence)
        self._begun.add(sequence)
        if not sequence.preempted:
            self.waiting -= 1
            sequence.admitted = time.perf_counter()
            usage = sequence.feed.usage
            usage.prompt_tokens, usage.reused_tokens = sequence.length, sequence.computed
            self.prompt_tokens += sequence.length
            self.reused_tokens += sequence.computed
        return True

    # --- a step ---

    def _decoding_slots(self) -> npt.NDArray[np.intp]:
        """Those with equal settings side by side: the guest chooses their tokens together."""
        if self._decoders is None:
            keys = [(each.key, each.slot) for each in self._running() if each.decodes]
            slots = [slot for _, slot in sorted(keys)]
            self._decoding = [self._at(slot) for slot in slots]
            self._plain = all(each.chooser is None for each in self._decoding)
            self._decoders = np.array(slots, np.intp)
        return self._decoders

    def _prompts(self, room: int) -> list[tuple[Sequence, int]]:
        """Sequences and how many rows of their prompts, as many as the step has room for. room: for entries
        of those whose next token is chosen."""
        if not self._begun and not self._heap:
            return []
        begun = sorted(self._begun, key=lambda each: each.rank, reverse=True)
        chosen: list[tuple[Sequence, int]] = []
        planned, full = 0, False
        while (left := self.engine.rows - len(self._decoding_slots()) - planned) > 0:
            head = None if full else self._head()
            if head is not None and (not begun or head.rank < begun[-1].rank):
                if not self._admit(head):
                    full = True
                    continue
                sequence = head
            elif begun:
                sequence = begun.pop()
                if sequence.slot < 0:  # it was preempted
                    continue
            else:
                break
            count = min(left, sequence.length - sequence.computed)
            if sequence.chooser is not None and sequence.computed + count == sequence.length:
                wanted = self._entries_of(sequence)
                if sequence.slot < 0:
                    continue
                if wanted <= room:
                    room -= wanted
                else:
                    count -= 1
            if count:
                chosen.append((sequence, count))
                planned += count
                computed = sequence.computed + count
                self.pages.keep(sequence.tokens[:computed], sequence.pages, sequence.digests)
        return chosen

    def plan(self) -> Plan | None:
        """The next step, when none is in flight; None: nothing can be done."""
        self._news = False
        self._grow()
        left_out, room = self._room_for_entries()
        prompts = self._prompts(room)
        decoders = self._decoding_slots()
        if left_out:
            decoders = np.array(
                [each for each in decoders.tolist() if self._at(each) not in left_out], np.intp
            )
        if not len(decoders) and not prompts:
            return None
        outputs = [each for each in self._decoding if each not in left_out]
        outputs += [each for each, count in prompts if each.computed + count == each.length]
        return Plan(self._rows.make(decoders, prompts, outputs), decoders, prompts, outputs)

    def goes_on(self, plan: Plan) -> bool:
        """Whether the step behind this one has a row of each of its outputs and nothing else, as far as one
        can know before it has ended: nobody else may come, and none of its tokens is a request's last."""
        if plan.prompts or plan.decoders is not self._decoders or not self._plain:
            return False
        if self._news or self._begun:
            return False
        rows = self._rows
        return bool((rows.position[plan.decoders] < rows.last[plan.decoders]).all())

    def plan_behind(self, plan: Plan) -> Plan | None:
        """The step behind this one, which is the only one in flight; None: it has to be waited for."""
        if not self.goes_on(plan):
            return None
        decoders, size = plan.decoders, self.pages.page
        positions = self._rows.position[decoders] + np.uint32(1)
        full = positions % np.uint32(size) == 0
        if full.any():
            growing = [
                each
                for each, position in zip(self._decoding, positions.tolist(), strict=True)
                if position % size == 0 and len(each.pages) <= position // size
            ]
            if len(growing) > self.pages.free:  # some will have to go
                return None
            for sequence in growing:
                self._take_page(sequence)
        return Plan(self._rows.make_behind(decoders, positions), decoders, [], plan.outputs)

    def _room_for_entries(self) -> tuple[set[Sequence], int]:
        """Those that decode and are left out of this step, and how many entries prompts may have: a step has
        so many. Those go first that had a row longest ago."""
        room = self.engine.most_entries
        among = [each for each in self._running() if each.chooser is not None]
        left_out = set()
        for sequence in sorted(among, key=lambda each: (each.stepped, each.rank)):
            wanted = self._entries_of(sequence)
            if not sequence.decodes or sequence.slot < 0:
                continue
            if wanted <= room:
                room -= wanted
            else:
                left_out.add(sequence)
        return left_out, room

    def _entries_of(self, sequence: Sequence) -> int:
        """How many its next token takes. One that takes more than there are ends."""
        wanted, most = len(sequence.chooser.rows) if sequence.chooser else 0, self.engine.most_entries
        if wanted > most:
            error = zcwasm.Error(f"{wanted} tokens' logits change, a step has room for {most}")
            self._end(sequence, error=error)
        return wanted

    # --- what has come ---

    def took(self, plan: Plan, tokens: npt.NDArray[np.uint32]) -> int:
        """The step is done, and these are the tokens of its outputs: how many of them somebody wants. Those
        of sequences that have ended while it was in flight are nobody's."""
        self.steps += 1
        outputs, decoders, random = plan.outputs, plan.decoders, plan.step.outputs["random"]
        if plan.prompts or decoders is not self._decoders:
            slots = np.array([each.slot for each in outputs], np.intp)
            alive = slots >= 0
            decoders = slots[: len(decoders)][alive[: len(decoders)]]
            self._rows.took(tokens[alive], random[alive], decoders, slots[alive])
        else:
            self._rows.took(tokens, random, decoders, decoders)
        for sequence in outputs[: len(plan.decoders)]:
            sequence.computed += 1
        for sequence, count in plan.prompts:
            sequence.computed += count
            sequence.stepped = self.steps
            if sequence.decodes:
                self._rows.decode_from(sequence)
                self._begun.discard(sequence)
                self._decoders = None
        now, before = time.perf_counter(), self.generated_tokens
        for index, (sequence, token) in enumerate(zip(outputs, tokens.tolist(), strict=True)):
            if sequence.slot < 0:
                continue
            sequence.stepped = self.steps
            if not sequence.first_token:
                sequence.first_token = now
                sequence.feed.usage.prefill_seconds = now - sequence.admitted
            if token == NO_TOKEN or sequence.chooser is not None:
                self._accept_with_care(index, sequence, token)
            else:
                self._accept(sequence, token)
        self._rows.failed.clear()
        return self.generated_tokens - before

    def _accept(self, sequence: Sequence, token: int, logprobs: Logprobs | None = None) -> None:
        """The sequence goes on with the token, or ends with it."""
        self.generated_tokens += 1
        finish = sequence.finish_with(token)
        if finish is None and sequence.chooser is not None and sequence.chooser.finished:
            finish = "stop"
        if finish is None:
            self._wakes += sequence.feed.put(token, logprobs)
        else:
            self._end(sequence, finish, None, token, logprobs)

    def _accept_with_care(self, index: int, sequence: Sequence, token: int) -> None:
        """The same where there may be no token, or where the request has a chooser."""
        error, chooser, logprobs = self._rows.failed.get(sequence), sequence.chooser, None
        try:
            if error is None and token == NO_TOKEN:
                raise zcwasm.Error("the model's output has NaN logits, or no token may come")
            if error is None and chooser is not None:
                if chooser.wants_logits:
                    logprobs = chooser.logprobs(token, self.engine.logits(index))
                chooser.accept(token)
        except Exception as raised:  # this request's own
            error = raised
        if error is None:
            self._accept(sequence, token, logprobs)
        else:
            self._end(sequence, error=error)
