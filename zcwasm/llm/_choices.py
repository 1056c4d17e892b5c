"""What a request asks of the choice of its tokens beside Sampling, and the state of that for one sequence.

`Choices` are checked options. A `Chooser` follows one sequence: which logits are changed for its next token
and by how much, which tokens may come at all, and how likely those were that came. The guest applies it:
kernels `adjust` and `mask`, before the temperature. A token's work does not depend on how many there were
before.

Threads: a Chooser is one thread's at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, NamedTuple, TypedDict

import numpy as np
import numpy.typing as npt

import zcwasm
from zcwasm import _arguments
from zcwasm.llm import _constraint
from zcwasm.llm._constraint import Constraint, Follows, Matcher
from zcwasm.llm._sampling import Sampling

if TYPE_CHECKING:
    from zcwasm.llm._model import Model

MOST_LOGPROBS = 20
_MOST_PENALTY = 2.0
_MOST_BIAS = 100.0
_MOST_BIASES = 1024  # tokens of one request
_GROUP = 64  # logits


class Logprobs(NamedTuple):
    """How likely a token was: natural logarithms of probabilities, by the model's logits as they came, before
    penalties, biases, constraints and the temperature."""

    #: Of the token that was chosen.
    chosen: float
    #: The most likely tokens and theirs, the most likely first; among equals the lower id first.
    top: tuple[tuple[int, float], ...]


class ChoiceOptions(TypedDict, total=False):
    """Any fields of zcwasm.llm.Choices."""

    presence_penalty: float
    frequency_penalty: float
    logit_bias: Mapping[int, float] | None
    logprobs: int | None
    constraint: Constraint | None


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a batcher's request may ask beside Sampling. Raises TypeError and ValueError.

    presence_penalty: subtracted from the logit of every token that was generated, -2 to 2.
    frequency_penalty: subtracted as often as the token was generated, -2 to 2. Both look at generated tokens
    only, as OpenAI's do; repetition_penalty looks at the prompt's, too.
    logit_bias: added to the logits of these tokens, id to -100 to 100.
    logprobs: tell how likely each token was, and so many of the most likely ones, 0 to 20.
    constraint: what the text has to be, a zcwasm.llm.Constraint.
    """

    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    logit_bias: dict[int, float] | None = field(default=None, hash=False)
    logprobs: int | None = None
    constraint: Constraint | None = None

    def __post_init__(self) -> None:
        for name in ("presence_penalty", "frequency_penalty"):
            value = _arguments.number(name, getattr(self, name), -_MOST_PENALTY, _MOST_PENALTY)
            object.__setattr__(self, name, value)
        if self.logit_bias is not None:
            object.__setattr__(self, "logit_bias", _biases(self.logit_bias))
        if self.logprobs is not None:
            count = _arguments.whole("logprobs", self.logprobs, 0, MOST_LOGPROBS)
            object.__setattr__(self, "logprobs", count)
        if self.constraint is not None and not isinstance(self.constraint, Constraint):
            raise TypeError(
                f"constraint must be a zcwasm.llm.Constraint, not {type(self.constraint).__name__}"
            )


CHOICES = tuple(each.name for each in fields(Choices))


def _biases(given: object) -> dict[int, float]:
    if not isinstance(given, Mapping):
        raise TypeError(f"logit_bias must be a mapping of token ids to numbers, not {type(given).__name__}")
    if len(given) > _MOST_BIASES:
        raise ValueError(f"logit_bias has {len(given)} tokens, more than {_MOST_BIASES}")
    return {
        _arguments.whole("a token of logit_bias", token, 0, 2**32 - 1): _arguments.number(
            f"logit_bias[{token}]", bias, -_MOST_BIAS, _MOST_BIAS
        )
        for token, bias in given.items()
    }


class Chooser:
    """What one sequence asks of its next token.

    x of a token becomes (x > 0 ? x / penalty : x * penalty) + add: the repetition penalty where the token is
    among the last `repetition_window` of the prompt and what was generated, once however often it is there,
    as in a session; then add = its bias - presence_penalty - frequency_penalty * how often it was generated.
    Raises ValueError and TypeError, also for a constraint that this model's tokens cannot fulfil, and
    ImportError without what the constraint needs.
    """

    def __init__(
        self,
        model: Model,
        options: Choices,
        prompt_ids: Sequence[int] | npt.NDArray[np.uint32],
        sampling: Sampling | None = None,
    ) -> None:
        vocab = model.config.vocab
        self._penalty = 1.0 if sampling is None else sampling.repetition_penalty
        self._bias: Mapping[int, float] = options.logit_bias or {}
        self._presence, self._frequency = options.presence_penalty, options.frequency_penalty
        self._top = options.logprobs
        self._generated: dict[int, int] = {}  # how often
        # Of every token whose logit changes a row of four words, as the kernel `adjust` has them; where each
        # token's is.
        self._rows = np.zeros((64, 4), np.uint32)
        self._floats = self._rows.view(np.float32)
        self._at: dict[int, int] = {}
        size = None if sampling is None else sampling.repetition_window
        self._window: deque[int] = deque(maxlen=size)
        self._window_counts: dict[int, int] = {}
        for token in self._bias:
            if token >= vocab:
                raise ValueError(
                    f"logit_bias: token id {token} is not in the vocabulary, which has 0 to {vocab - 1}"
                )
            self._update(token)
        if self._penalty != 1.0:
            first = 0 if size is None else max(0, len(prompt_ids) - size)
            for token in prompt_ids[first:]:
                self._enter(int(token))
        self._matcher: Follows | None = None
        if options.constraint is not None:
            self._matcher = options.constraint.start(model)

    # --- logits that change ---

    def _update(self, token: int) -> None:
        """The row of a token, as things are now."""
        penalty = self._penalty if token in self._window_counts else 1.0
        add = self._bias.get(token, 0.0)
        count = self._generated.get(token, 0)
        if count:
            add -= self._presence + self._frequency * count
        at = self._at.get(token)
        if penalty == 1.0 and add == 0.0:
            if at is not None:
                self._drop(token, at)
            return
        if at is None:
            at = len(self._at)
            if at == len(self._rows):
                self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
                self._floats = self._rows.view(np.float32)
            self._at[token] = at
            self._rows[at, 0] = token
        self._floats[at, 1] = penalty
        self._floats[at, 2] = add

    def _drop(self, token: int, at: int) -> None:
        del self._at[token]
        last = len(self._at)
        if at != last:
            self._rows[at] = self._rows[last]
            self._at[int(self._rows[at, 0])] = at

    def _enter(self, token: int) -> None:
        """The token enters the window, and the oldest one leaves it if it is full."""
        window, counts = self._window, self._window_counts
        left = window[0] if len(window) == window.maxlen else None
        window.append(token)
        counts[token] = counts.get(token, 0) + 1
        if counts[token] == 1:
            self._update(token)
        if left is None:
            return
        counts[left] -= 1
        if not counts[left]:
            del counts[left]
            self._update(left)

    @property
    def rows(self) -> npt.NDArray[np.uint32]:
        """(n, 4): token, penalty and add as float32, 0. A view, until the next accept(); each token once."""
        return self._rows[: len(self._at)]

    def entries(self) -> list[tuple[int, float, float]]:
        """(token, penalty, add) of every token whose logit changes, each token once."""
        count = len(self._at)
        floats = self._floats[:count].tolist()
        return [
            (token, penalty, add)
            for token, (_, penalty, add, _) in zip(self._rows[:count, 0].tolist(), floats, strict=True)
        ]

    # --- tokens that may come ---

    @property
    def constrained(self) -> bool:
        """Whether fill_mask() writes a mask."""
        return self._matcher is not None

    def fill_mask(self, row: npt.NDArray[np.uint32]) -> bool:
        """Write which tokens may come into a row of ceil(vocabulary / 32) words, bit i % 32 of word i / 32
        for token i. False, and the row is as it was: all may. Raises zcwasm.Error where the constraint has
        become too much to follow."""
        if self._matcher is None:
            return False
        self._matcher.fill(row)
        return True

    def accept(self, token: int) -> None:
        """This token was chosen. Raises zcwasm.Error where the constraint does not allow it."""
        if self._matcher is not None:
            self._matcher.accept(token)
        if self._presence or self._frequency:
            self._generated[token] = self._generated.get(token, 0) + 1
            self._update(token)
        if self._penalty != 1.0:
            self._enter(token)

    @property
    def finished(self) -> bool:
        """What the constraint asks for is complete: only tokens that end the text may come."""
        return self._matcher is not None and self._matcher.finished

    # --- how likely tokens were ---

    @property
    def wants_logits(self) -> bool:
        return self._top is not None

    def logprobs(self, token: int, logits: npt.NDArray[np.float32]) -> Logprobs:
        """Of a token that was chosen by these logits, which nothing has changed."""
        return logprobs_of(token, logits, self._top or 0)


def fill_masks(
    wanted: Sequence[tuple[Chooser, int]], mask: npt.NDArray[np.uint32]
) -> dict[int, zcwasm.Error]:
    """What fill_mask() of each of these choosers would write, into the rows of `mask` of these numbers, on
    several threads and without the GIL. Each must be `constrained`. The errors of those that cannot be
    followed any more, by their rows, in which anything may stand."""
    matchers = [(chooser._matcher, row) for chooser, row in wanted if chooser._matcher is not None]
    together = [(matcher, row) for matcher, row in matchers if isinstance(matcher, Matcher)]
    _constraint.fill_masks(together, mask)
    failed = {}
    for matcher, row in matchers:
        try:
            if isinstance(matcher, Matcher):
                matcher.check()
            else:  # of a Constraint that somebody else made
                matcher.fill(mask[row])
        except zcwasm.Error as error:
            failed[row] = error
    return failed


def logprobs_of(token: int, logits: npt.NDArray[np.float32], top: int) -> Logprobs:
    """Of a token and the `top` most likely ones: the logarithm of the softmax. Raises zcwasm.Error where the
    logits have none."""
    most = logits.max(initial=-np.inf)
    if not np.isfinite(most):
        raise zcwasm.Error("the model's output has no probabilities: NaN or infinite logits")
    # In float32, since differences of what lies near the largest are exact; their sum in float64.
    shifted = logits - most
    log_sum = float(np.log(np.exp(shifted).sum(dtype=np.float64)))
    return Logprobs(
        float(shifted[token]) - log_sum,
        tuple((each, float(shifted[each]) - log_sum) for each in _largest(logits, top)),
    )


def _largest(values: npt.NDArray[np.float32], count: int) -> list[int]:
    """Where the largest are, the first of equal ones first. Of groups of values the maxima are found; what is
    below the count-th largest of these is not among the largest."""
    if not count:
        return []
    groups = len(values) // _GROUP
    least = np.float32(-np.inf)
    if groups >= count:
        maxima = values[: groups * _GROUP].reshape(_GROUP, groups).max(axis=0)
        least = np.partition(maxima, groups - count)[groups - count]
    candidates = np.flatnonzero(values >= least)
    found: list[int] = candidates[np.argsort(-values[candidates], kind="stable")[:count]].tolist()
    return found
