"""The numbers of a step's rows, in arrays that are made once: what the engine is given of what _schedule.py
chose.

Threads: the batcher's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from zcwasm.guests import layouts
from zcwasm.llm._choices import fill_masks
from zcwasm.llm._engine import Step

if TYPE_CHECKING:
    from collections.abc import Sequence as Several

    from zcwasm.llm._choices import Chooser
    from zcwasm.llm._engine import Engine
    from zcwasm.llm._sequence import Sequence


class Rows:
    """Arrays of an engine's steps; and by slot, of those that decode, what their next rows are made of."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        slots, rows = engine.sequences, engine.rows
        self._last = np.zeros(slots, np.uint32)  # token, which is not computed
        self.position = np.zeros(slots, np.uint32)  # of it
        self.last = np.zeros(slots, np.uint32)  # position of the row that gives the last token it may have
        self._settings = np.zeros(slots, layouts.LLAMA_OUTPUT)  # how the next one is chosen
        self._numbers = np.arange(rows, dtype=np.uint32)
        self._tokens, self._positions, self._places = np.zeros((3, rows), np.uint32)
        self._spans = np.zeros((rows, 3), np.uint32)
        self._entries = np.zeros((engine.most_entries, 4), np.uint32)
        self.failed: dict[Sequence, Exception] = {}  # in the step in progress, what their choosers raised

    def enter(self, sequence: Sequence) -> None:
        """It has got its slot."""
        self._settings[sequence.slot] = sequence.settings

    def leave(self, sequence: Sequence) -> None:
        """It loses its slot, and goes on in another one later."""
        sequence.settings = self._settings[sequence.slot].copy()

    def decode_from(self, sequence: Sequence) -> None:
        """Its prompt is computed."""
        self.position[sequence.slot] = sequence.computed
        self.last[sequence.slot] = len(sequence.prompt) + sequence.most - 2

    def make_behind(self, decoders: npt.NDArray[np.intp], positions: npt.NDArray[np.uint32]) -> Step:
        """The step behind one in flight, whose outputs are a row of each of these slots: rows of the same
        sequences, at these positions. What they go on from is not known here yet."""
        rows = len(decoders)
        self._fill(0, rows, decoders, positions)
        chosen = self._settings[decoders]
        chosen["row"] = self._numbers[:rows]
        return Step(
            tokens=self._tokens[:rows],
            positions=self._positions[:rows],
            places=self._places[:rows],
            spans=self._spans[:rows],
            pieces=[(0, rows, False)],
            outputs=chosen,
            follows=True,
        )

    def make(
        self,
        decoders: npt.NDArray[np.intp],
        prompts: Several[tuple[Sequence, int]],
        outputs: list[Sequence],
    ) -> Step:
        """A row of each of these slots, then so many of each of these prompts. outputs: whose tokens are
        chosen, in the order of their rows."""
        rows = len(decoders)
        pieces = [(0, rows, False)] if rows else []
        if rows:
            self._tokens[:rows] = self._last[decoders]
            self._fill(0, rows, decoders, self.position[decoders])
        output_rows = list(range(rows))
        for sequence, count in prompts:
            first, computed = rows, sequence.computed
            rows += count
            pieces.append((first, count, True))
            self._tokens[first:rows] = sequence.tokens[computed : computed + count]
            self._fill(first, rows, sequence.slot, np.arange(computed, computed + count, dtype=np.uint32))
            if computed + count == sequence.length:
                output_rows.append(rows - 1)
        chosen = self._settings[[each.slot for each in outputs]]
        chosen["row"] = output_rows
        entries, keep_logits = self._ask(outputs, chosen)
        return Step(
            tokens=self._tokens[:rows],
            positions=self._positions[:rows],
            places=self._places[:rows],
            spans=self._spans[:rows],
            pieces=pieces,
            outputs=chosen,
            entries=entries,
            keep_logits=keep_logits,
        )

    def _fill(
        self, first: int, end: int, slots: npt.NDArray[np.intp] | int, positions: npt.NDArray[np.uint32]
    ) -> None:
        """Where rows are, and what they see: everything up to themselves."""
        page = self._engine.page
        self._positions[first:end] = positions
        pages, within = np.divmod(positions, np.uint32(page))
        self._places[first:end] = self._engine.tables[slots, pages] * np.uint32(page) + within
        spans = self._spans[first:end]
        spans[:, 1] = positions
        spans[:, 1] += 1
        spans[:, 2] = np.multiply(slots, self._engine.pages_each, dtype=np.intp)

    def _ask(
        self, outputs: list[Sequence], chosen: npt.NDArray[np.void]
    ) -> tuple[npt.NDArray[np.uint32] | None, bool]:
        """Entries of all choosers, and whether one wants logits. Their masks are written."""
        count, keep_logits = 0, False
        constrained: list[tuple[Chooser, int]] = []
        for index, sequence in enumerate(outputs):
            chooser = sequence.chooser
            if chooser is None:
                continue
            rows = chooser.rows
            entries = self._entries[count : count + len(rows)]
            entries[:] = rows
            entries[:, 0] += index * self._engine.vocab
            count += len(rows)
            keep_logits = keep_logits or chooser.wants_logits
            if chooser.constrained:
                constrained.append((chooser, index))
        if constrained:
            # Those that fail have a mask nonetheless, and a token that nobody gets.
            for index, error in fill_masks(constrained, self._engine.mask).items():
                self.failed[outputs[index]] = error
            chosen["masked"][[index for _, index in constrained]] = 1
        return (self._entries[:count] if count else None), keep_logits

    def took(
        self,
        tokens: npt.NDArray[np.uint32],
        random: npt.NDArray[np.uint64],
        decoders: npt.NDArray[np.intp],
        slots: npt.NDArray[np.intp],
    ) -> None:
        """A step is done: these are the tokens and generators of these slots, of which the decoders have had
        a row."""
        self.position[decoders] += 1
        self._last[slots] = tokens
        self._settings["random"][slots] = random
