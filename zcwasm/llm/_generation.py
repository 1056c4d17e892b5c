"""What is asked of a generation, and what comes of it: for sessions and batchers alike.

Pure functions and values, any thread."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from zcwasm import _arguments
from zcwasm.llm._choices import CHOICES
from zcwasm.llm._fit import ContextError, fit_prompt
from zcwasm.llm._options import SamplingOptions
from zcwasm.llm._sampling import Sampling
from zcwasm.llm._text import Stops, stops_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from zcwasm.llm._choices import Logprobs
    from zcwasm.llm._model import Model

Finish = Literal["stop", "length", "cancelled", "deadline"]


class Token(NamedTuple):
    """One token of a generation."""

    id: int
    #: What it adds to the text. Empty for a control token, while a character is incomplete, or while what
    #: there is may turn out to be the beginning of a stop string; it comes with a later token then.
    text: str
    #: How likely it was, where a batcher's request asked for that.
    logprobs: Logprobs | None = None


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
    #: "stop" (a stop token or string), "length", "cancelled", of a batcher's request also "deadline", or None
    #: while it goes on.
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
class Request:
    """Checked arguments of generate."""

    max_new_tokens: int
    settings: Mapping[str, float] | None  # the guest's llama_sampling; None: as they are
    seeded: bool  # the generator begins from their seed
    stop: Stops
    stop_ids: frozenset[int]
    hidden: frozenset[int]
    special: bool


class GenerateOptions(SamplingOptions, total=False):
    """The keyword arguments of Session.generate, for chat and for functions that pass them on."""

    sampling: Sampling | None
    max_new_tokens: int | None
    stop: str | Sequence[str] | None
    ignore_eos: bool
    special: bool


class Place(Protocol):
    """What generates: a session, or a batcher."""

    model: Model
    context: int
    _word: str  # what it is called in errors


def request_of(
    place: Place,
    prompt_tokens: int,
    before: Sampling | None = None,
    *,
    sampling: Sampling | None = None,
    max_new_tokens: int | None = None,
    stop: str | Sequence[str] | None = None,
    ignore_eos: bool = False,
    special: bool = False,
    **changes: Unpack[SamplingOptions],
) -> Request:
    """What is asked for. `changes` are of `sampling`, or of what it was `before`, where a generation is
    resumed: then the generator goes on, unless there is another seed."""
    if sampling is not None and not isinstance(sampling, Sampling):
        raise TypeError(f"sampling must be a zcwasm.llm.Sampling, not {type(sampling).__name__}")
    room = place.context - prompt_tokens + 1  # the last token need not be in the cache
    if max_new_tokens is None:
        max_new_tokens = room
    elif _arguments.whole("max_new_tokens", max_new_tokens, 1, 2**31) > room:
        what = "a prompt of" if before is None else "a session of"
        raise ContextError(
            f"{what} {prompt_tokens} tokens and {max_new_tokens} new ones do not fit the {place._word}'s "
            f"context of {place.context}"
        )
    stops = stops_of(_arguments.texts("stop", stop))
    tokenizer = place.model.tokenizer
    wanted = replace(sampling or before or Sampling(), **changes)
    same = before is not None and sampling is None and not changes
    if before and wanted.seed is None:
        wanted = replace(wanted, seed=before.seed)
    return Request(
        max_new_tokens=max_new_tokens,
        settings=None if same else wanted._settings(place.context),
        seeded=before is None or wanted.seed != before.seed,
        stop=stops,
        stop_ids=frozenset() if _arguments.flag("ignore_eos", ignore_eos) else tokenizer.stop_ids,
        hidden=frozenset() if _arguments.flag("special", special) else tokenizer.control_ids,
        special=bool(special),
    )


def prompt_ids(
    place: Place,
    prompt: str | Sequence[int] | npt.NDArray[np.int64],
    policy: object = "error",
    keep: object = None,
    max_new_tokens: object = None,
) -> npt.NDArray[np.uint32]:
    """Of a prompt that the place has room for, or what fits of it (_fit.py)."""
    given = place.model.tokenize(prompt) if isinstance(prompt, str) else prompt
    ids = _arguments.token_ids("prompt", given, place.model.config.vocab)
    if len(ids) == 0:
        raise ValueError("the prompt has no tokens")
    ids = fit_prompt(ids, place.context, policy, keep, max_new_tokens)
    if len(ids) > place.context:
        raise ContextError(
            f"the prompt has {len(ids)} tokens, the {place._word}'s context has room for {place.context}"
        )
    return ids


def check_names(function: str, options: Mapping[str, object], known: type = GenerateOptions) -> None:
    for name in options.keys() - known.__annotations__.keys():
        if name in CHOICES and known is GenerateOptions:
            raise TypeError(f"{function}() of a session has no {name}: a batcher has it (Model.batcher)")
        raise TypeError(f"{function}() got an unexpected keyword argument {name!r}")
