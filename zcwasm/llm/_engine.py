"""Engine: one guest that computes steps of many sequences, whose caches lie in pages of one memory.

A step is what its caller says: rows of tokens with their positions, where in the cache each goes and which
pages it attends to, and of which rows a token is wanted (guests/llama_many.h). The engine knows no sequences
and allots no pages: _pages.py and _batcher.py do. Here is the one place that checks what a step says.

A step of rows that decode may be started, and finished later: while the device computes it, the next one is
put together and started behind it, whose tokens come from it on the device. At most two are in flight.

Threads: one at a time, which is its owner's business; interrupt() may come from any.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

import zcwasm
from zcwasm import _arguments, _guest
from zcwasm.guests import layouts
from zcwasm.llm import _placement
from zcwasm.llm._kept import Form, KvDtype

if TYPE_CHECKING:
    from zcwasm.llm._model import Model

_PROGRAM = _guest.Program(
    "llama", layouts.LLAMA_MANY_VERSION, layouts.LLAMA_CONFIG, layouts.LLAMA_MANY, address="many_address"
)

#: Tokens that a page may have.
PAGE_SIZES = (16, 32, 64, 128)
#: What run returns where no token can be chosen: the row has NaN, or nothing that may be drawn.
NO_TOKEN: int = layouts.LLAMA_NO_TOKEN

Words = npt.NDArray[np.uint32]

_LAST = 2**64 - 1
_MULTIPLIER, _INCREMENT = 6364136223846793005, 1442695040888963407  # PCG32's, as guests/llama_sample.c


def seeded(seed: int) -> int:
    """The state `random` of an output whose generator begins from this seed, as a session's does."""
    return ((_INCREMENT + seed) * _MULTIPLIER + _INCREMENT) & _LAST


def outputs(count: int) -> npt.NDArray[np.void]:
    """Outputs of a step, of rows 0 and on: each the most likely token."""
    made = np.zeros(count, layouts.LLAMA_OUTPUT)
    made["row"] = np.arange(count)
    made["top_p"] = 1
    return made


@dataclass(slots=True)
class Step:
    """What is computed at once. Arrays are uint32 unless said otherwise."""

    #: Of each row: its token, its position in its sequence, and its row of the cache: a page times the page's
    #: size, and what is left of the position. No two rows have the same one.
    tokens: Words
    positions: Words
    places: Words
    #: (rows, 3): of the sequence's keys the first that the row attends to, and the end, which is behind its
    #: own; and where in Engine.tables, flat, the sequence's pages are listed.
    spans: Words
    #: (first, count, shared) one behind the other, until all rows are there: those of one prompt (shared), or
    #: rows of any sequences.
    pieces: list[tuple[int, int, bool]]
    #: layouts.LLAMA_OUTPUT. run writes `token` and `random`. Those with equal settings are best side by side.
    outputs: npt.NDArray[np.void]
    #: (n, 4), or None: index (output * vocabulary + token), float32 penalty, float32 summand, 0. A logit is
    #: divided by its penalty where it is positive, else multiplied, and then the summand is added. No index
    #: twice.
    entries: Words | None = None
    #: Engine.logits is wanted.
    keep_logits: bool = False
    #: Engine.hidden is wanted, and nothing else: no token is chosen.
    only_hidden: bool = False
    #: Row i goes on from output i of the step in flight, with the same settings: its token and the state of
    #: its generator are what that gives, and not what is said here.
    follows: bool = False


#: How many steps are not worth a step ahead, behind one with a draw that was left to the guest: another such
#: draw is likely then, which throws a step ahead away (guests/llama_step.c does the same).
_ALONE = 8


def _check_words(name: str, value: object, shape: tuple[int, ...], end: int | None = None) -> None:
    """An array of that shape, whose numbers are below `end`."""
    if not isinstance(value, np.ndarray) or value.dtype != np.uint32:
        kind = value.dtype if isinstance(value, np.ndarray) else type(value).__name__
        raise TypeError(f"{name} must be an array of uint32, not {kind}")
    if value.shape != shape:
        raise ValueError(f"{name} has the shape {value.shape}, must have {shape}")
    if end is not None and value.max() >= end:
        raise ValueError(f"{name} has {value.max()}, must be below {end}")


class Engine:
    """A guest with the arrays that a step is written to."""

    def __init__(
        self,
        model: Model,
        *,
        sequences: int,
        context: int,
        pages: int,
        page: int = 32,
        rows: int = 512,
        kv_dtype: KvDtype = "f16",
        exact: bool = False,
        mirror: bool | None = None,
        ahead: bool | None = None,
    ) -> None:
        """sequences: outputs of a step, and lists of pages. context: most tokens of a sequence. pages: of
        `page` tokens each, for all. rows: most of a step. kv_dtype, exact and mirror as of Model.session.
        ahead: whether steps are worth being started before the ones in front have ended; None: where that is
        so on this device. Raises Error where the guest's memory has no room for it."""
        self.rows = _arguments.whole("rows", rows, 1, layouts.LLAMA_MAX_CHUNK)
        form = Form.check(model.config, context, kv_dtype, exact, rows)
        self.model = model
        self.sequences = _arguments.whole("sequences", sequences, 1, layouts.LLAMA_MAX_SEQUENCES)
        self.context = form.context
        self.pages = _arguments.whole("pages", pages, 1, layouts.LLAMA_MAX_PAGES)
        if _arguments.whole("page", page, 1, PAGE_SIZES[-1]) not in PAGE_SIZES:
            raise ValueError(f"page is {page}, must be one of {PAGE_SIZES}")
        self.page = page
        self.kv_dtype = form.kv_dtype
        self.exact = form.exact
        self.mirrored = _placement.is_mirrored(model, mirror)
        self.vocab = model.config.vocab
        self.nbytes_per_page = model.config.cache_bytes(page, self.kv_dtype)
        self._guest = self._start(form)
        self._instance = self._guest.instance
        exports = self._guest.exports
        self._run, self._start_many, self._finish_many = (
            exports.run_many,
            exports.start_many,
            exports.finish_many,
        )
        #: Whether steps are to be started ahead at all.
        self.ahead = _placement.steps_ahead(model.device) if ahead is None else ahead
        self._alone = 0  # steps that are to come before the next one ahead
        self._flight: list[Step] = []  # the older one first
        self._set = 0  # of guests/llama_many.h, the older one's, or the only one's
        self._lost = False  # the guest may have steps in flight that nobody takes
        state = self._guest.state
        self.pages_each = int(state["pages_each"])
        #: How many entries a step may have.
        self.most_entries = int(state["most_entries"])
        words = int(state["mask_words"])
        #: (sequences, pages_each): numbers of pages, a view; the caller writes them.
        self.tables: Words = self._guest.array("tables", (self.sequences, self.pages_each), np.uint32)
        #: (sequences, words): a view. Bit t % 32 of word t // 32 of row i says whether token t may be what
        #: output i of the next step chooses, where that is masked.
        self.mask: Words = self._guest.array("mask", (self.sequences, words), np.uint32)
        self._sets = [self._views_of_set(which * int(state["set_bytes"])) for which in range(2)]
        self._views: dict[str, npt.NDArray[Any]] = {
            "entry": self._guest.array("entry", (1 + self.most_entries, 4), np.uint32),
            "logits": self._guest.array("logits", (self.sequences, self.vocab), np.float32),
            "hidden": self._guest.array("hidden", (self.sequences, model.config.dim), np.float32),
        }
        self._kept = 0  # outputs of the last step whose logits are there
        self._hidden = 0  # and whose hidden states are

    def _start(self, form: Form) -> _guest.Guest:
        model = self.model
        many = np.zeros((), layouts.LLAMA_MANY_CONFIG)
        _guest.fill(
            many,
            {
                "version": layouts.LLAMA_MANY_VERSION,
                "sequences": self.sequences,
                "pages": self.pages,
                "page": self.page,
            },
        )
        numbers = {**form.numbers(), "chunk": self.rows, "version": layouts.LLAMA_VERSION}
        guest = _PROGRAM.start(
            model.device,
            model.weights,
            _PROGRAM.config_bytes(model.config, numbers),
            limits=_placement.scratch_limit(self.nbytes_per_page * self.pages),
            layers=model._layer_bytes(),
            rope=model._rope_bytes(form.context),
            many=many.tobytes(),
        )
        device = {**_placement.device_of(model, self.mirrored), "submit_ahead": False}
        _guest.fill(guest.state["device"], device)
        guest.begin("init_many")
        return guest

    def _views_of_set(self, behind: int) -> dict[str, npt.NDArray[Any]]:
        """What a step is written to: so many bytes behind where set 0 has it."""
        shapes: dict[str, tuple[int | tuple[int, int], npt.DTypeLike]] = {
            **dict.fromkeys(("tokens", "positions", "places"), (self.rows, np.uint32)),
            **dict.fromkeys(("spans", "piece"), ((self.rows, 3), np.uint32)),
            "output": (self.sequences, layouts.LLAMA_OUTPUT),
        }
        memory, state = self._instance.memory, self._guest.state
        return {name: memory.array(int(state[name]) + behind, *shapes[name]) for name in shapes}

    # --- a step ---

    def _check(self, step: Step) -> None:
        """Raises TypeError and ValueError for what is not as Step says, as far as it is cheap to see. The
        guest looks at what becomes an address, and the kernels clamp what they read: nothing else leads out
        of the guest's memory."""
        rows = len(step.tokens)
        if not 1 <= rows <= self.rows:
            raise ValueError(f"a step of {rows} rows, must be 1 to {self.rows}")
        _check_words("tokens", step.tokens, (rows,), self.vocab)
        _check_words("positions", step.positions, (rows,), self.context)
        _check_words("places", step.places, (rows,), self.pages * self.page)
        _check_words("spans", step.spans, (rows, 3))
        _check_words("the end of spans", step.spans[:, 1], (rows,), self.context + 1)
        if (step.spans[:, 0] > step.spans[:, 1]).any():
            raise ValueError("a span ends before it begins")
        _check_words("the table of spans", step.spans[:, 2], (rows,), self.tables.size)
        if not 1 <= len(step.pieces) <= rows:
            raise ValueError(f"{len(step.pieces)} pieces of {rows} rows")
        found = step.outputs
        if not isinstance(found, np.ndarray) or found.dtype != layouts.LLAMA_OUTPUT or found.ndim != 1:
            raise TypeError("outputs must be an array of layouts.LLAMA_OUTPUT with one axis")
        if len(found) > self.sequences:
            raise ValueError(f"{len(found)} outputs, at most {self.sequences}")
        if step.entries is None:
            return
        count = len(step.entries)
        if count > self.most_entries:
            raise ValueError(f"{count} entries, at most {self.most_entries}")
        _check_words("entries", step.entries, (count, 4))
        if count:
            _check_words("the index of entries", step.entries[:, 0], (count,), len(found) * self.vocab)

    def _write_entries(self, step: Step) -> int:
        """How many. The guest adjusts logits that are divided by the temperature: summands are, too."""
        if step.entries is None or not len(step.entries):
            return 0
        count = len(step.entries)
        there = self._views["entry"][1 : 1 + count]
        there[:] = step.entries
        temperatures = step.outputs["temperature"][step.entries[:, 0] // self.vocab]
        divide = temperatures > 0
        if divide.any():
            there.view(np.float32)[:, 2] /= np.where(divide, temperatures, np.float32(1))
        return count

    def _write(self, step: Step, which: int) -> None:
        """To the guest's arrays of that set, which is not in flight."""
        views, state = self._sets[which], self._guest.state
        rows, count = len(step.tokens), len(step.outputs)
        self._kept = self._hidden = 0
        views["tokens"][:rows] = step.tokens
        views["positions"][:rows] = step.positions
        views["places"][:rows] = step.places
        views["spans"][:rows] = step.spans
        views["piece"][: len(step.pieces)] = step.pieces
        views["output"][:count] = step.outputs
        state["set"], state["follows"] = which, step.follows
        state["rows"], state["outputs"], state["pieces"] = rows, count, len(step.pieces)
        state["entries"] = self._write_entries(step)
        state["keep_logits"] = bool(step.keep_logits)
        state["only_hidden"] = bool(step.only_hidden)

    def _take(self, step: Step, which: int) -> Words:
        output = self._sets[which]["output"][: len(step.outputs)]
        step.outputs["token"] = output["token"]
        step.outputs["random"] = output["random"]
        self._alone = _ALONE if self._guest.state["rests"] else max(0, self._alone - 1)
        return np.array(step.outputs["token"])

    def run(self, step: Step) -> Words:
        """The tokens that are chosen, one for each output, or NO_TOKEN. The interpreter lock is released.
        What is in flight is thrown away first.

        Raises TypeError and ValueError for what is not as Step says, Error for what the guest or the device
        refuses, and Trap of kind "interrupted" behind interrupt(). Then it is as if the step had not been,
        but that its rows of the cache hold anything: it can be run again."""
        if self.closed:
            raise zcwasm.ClosedError("the engine is closed")
        self._check(step)
        if step.follows:
            raise ValueError("a step that follows is started, not run")
        self.drop()
        self._write(step, 0)
        self._guest.check(self._run())
        if step.only_hidden:
            self._hidden = len(step.outputs)
            return np.full(len(step.outputs), NO_TOKEN, np.uint32)
        self._kept = len(step.outputs) if step.keep_logits else 0
        return self._take(step, 0)

    # --- steps in flight ---

    @property
    def in_flight(self) -> int:
        """Steps that finish() has not taken yet."""
        return len(self._flight)

    @property
    def may_go_ahead(self) -> bool:
        """Whether it is worth starting a step, and another one behind it."""
        return self.ahead and not self._alone

    def start(self, step: Step) -> None:
        """Let the device begin with a step of one piece of rows that decode, all of which are outputs, in
        their order; without entries and masks, and nothing is kept. It may follow the only one in flight;
        else what is in flight is thrown away.

        Raises as run, and whatever is in flight is lost then: finish() has nothing."""
        if self.closed:
            raise zcwasm.ClosedError("the engine is closed")
        try:
            self._check(step)
            if step.follows and len(self._flight) != 1:
                raise ValueError(f"a step that follows one in flight, and {len(self._flight)} are")
            if not step.follows:
                self.drop()
                self._set = 0
            self._write(step, 1 - self._set if step.follows else 0)
            self._guest.check(self._start_many())
            self._flight.append(step)
        except BaseException:
            self._lose()
            raise

    def finish(self) -> Words:
        """The tokens of the older step in flight, as run gives them. The one that follows may have been
        thrown away, where one of them is not what the device knew: then in_flight is 0 and not 1.

        Raises as run, and whatever is in flight is lost then."""
        if self.closed:
            raise zcwasm.ClosedError("the engine is closed")
        if not self._flight:
            raise zcwasm.Error("no step is in flight")
        try:
            left = self._guest.check(self._finish_many())
            tokens = self._take(self._flight[0], self._set)
            self._flight = self._flight[1:] if left else []
            self._set = 1 - self._set
        except BaseException:
            self._lose()
            raise
        return tokens

    def drop(self) -> None:
        """Wait for what is in flight, and throw it away."""
        if not self.closed and (self._flight or self._lost):
            self._lose()
            self._guest.check(self._guest.exports.drop_many())
            self._lost = False

    def _lose(self) -> None:
        """Nobody takes what the guest has in flight; where a call was interrupted, that may be anything."""
        self._flight, self._lost = [], True

    def logits(self, output: int) -> npt.NDArray[np.float32]:
        """Those of an output of the last step, which had keep_logits: as the model gives them."""
        if self.closed:
            raise zcwasm.ClosedError("the engine is closed")
        if not self._kept:
            raise zcwasm.Error("the last step kept no logits")
        return np.array(self._views["logits"][_arguments.whole("output", output, 0, self._kept - 1)])

    def hidden(self) -> npt.NDArray[np.float32]:
        """(outputs, dim): what the last layer gave for each output of the last step, which had only_hidden,
        before the output's norm. A view, until the next step."""
        if self.closed:
            raise zcwasm.ClosedError("the engine is closed")
        if not self._hidden:
            raise zcwasm.Error("the last step kept no hidden states")
        view: npt.NDArray[np.float32] = self._views["hidden"][: self._hidden]
        return view

    def interrupt(self) -> None:
        """End the step in progress, from any thread."""
        if not self.closed:
            self._instance.interrupt()

    # --- its end ---

    @property
    def closed(self) -> bool:
        return self._instance.closed

    def close(self) -> None:
        """Give the memory back, once nobody has a view of it. InUseError while a step is computed."""
        if self.closed:
            return
        self._guest.release()
        self._instance.__exit__(None, None, None)
        self._views.clear()
        self._sets.clear()
        self._flight.clear()
        self.tables = self.mask = np.zeros((0, 0), np.uint32)

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
