"""How tokens are chosen: the one list of sampling options.

A field of Sampling is a keyword argument of generate and chat, an option of `zcwasm generate`, and a field of
the guest's struct llama_sampling, by the same name. CONTRIBUTING.md says how to add one. _options.py, for
type checkers, is made by buildtools/guests.py.
"""

from __future__ import annotations

import inspect
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from textwrap import fill
from typing import Any, TypeVar

from zcwasm import _arguments
from zcwasm.guests import layouts


@dataclass(frozen=True)
class Option:
    """What a field of Sampling may be."""

    help: str
    metavar: str
    least: float
    most: float
    whole: bool = False
    above: bool = False  # the least itself is no value
    or_zero: bool = False  # below the least, 0 is one
    unset: Callable[[int], float] | None = None  # what None stands for, given the session's context

    def check(self, name: str, value: Any) -> float | None:
        """The value, as an int or a float. Raises TypeError and ValueError."""
        if value is None and self.unset:
            return None
        if self.whole:
            return _arguments.whole(name, value, int(self.least), int(self.most))
        checked = _arguments.number(name, value, 0 if self.or_zero else self.least, self.most)
        if self.above and checked == self.least:
            raise ValueError(f"{name} is {value}, must be above {self.least:g} and at most {self.most:g}")
        if 0 < checked < self.least:
            raise ValueError(f"{name} is {value}, must be 0 or at least {self.least:g}")
        return checked


def _option(default: float | None, help: str, metavar: str, least: float, most: float, **more: Any) -> Any:
    option = Option(help, metavar, least, most, **more)
    return field(default=default, metadata={"option": option})


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How tokens are chosen, for Session.generate and Session.chat. By default the most likely one is taken.

    A token is drawn after the penalty and the temperature from what top_k, then top_p, then min_p leave. None
    stands for the default. Raises TypeError and ValueError.
    """

    temperature: float = _option(
        0.0,
        "0 takes the most likely token; above, tokens are drawn, the more evenly the higher",
        "T",
        layouts.LLAMA_MIN_TEMPERATURE,
        layouts.LLAMA_MAX_TEMPERATURE,
        or_zero=True,
    )
    top_k: int | None = _option(
        None,
        "draw from so many of the most likely tokens (default: no limit)",
        "K",
        0,
        layouts.ZC_TOP_K_MAX,
        whole=True,
        unset=lambda _: 0,
    )
    top_p: float | None = _option(
        None,
        "of them from the smallest set that holds this part of their probability (default: all)",
        "P",
        0,
        1,
        above=True,
        unset=lambda _: 1,
    )
    min_p: float | None = _option(
        None,
        "of them from those at least so many times as likely as the first (default: all)",
        "P",
        0,
        1,
        unset=lambda _: 0,
    )
    repetition_penalty: float = _option(
        1.0,
        "divides the logits of tokens that were there already; 1 changes nothing",
        "X",
        layouts.LLAMA_MIN_PENALTY,
        layouts.LLAMA_MAX_PENALTY,
    )
    repetition_window: int | None = _option(
        None,
        "how many of the last tokens that looks at (default: all)",
        "N",
        1,
        layouts.LLAMA_MAX_CONTEXT,
        whole=True,
        unset=lambda context: context,
    )
    seed: int | None = _option(
        None,
        "the same one gives the same tokens (default: a new one)",
        "N",
        0,
        2**64 - 1,
        whole=True,
        unset=lambda _: secrets.randbits(64),
    )

    def __post_init__(self) -> None:
        for name, option in OPTIONS.items():
            object.__setattr__(self, name, option.check(name, getattr(self, name)))

    def _settings(self, context: int) -> dict[str, float]:
        """The guest's llama_sampling: as here, but a number where None is."""
        settings = {}
        for name, option in OPTIONS.items():
            value = getattr(self, name)
            settings[name] = option.unset(context) if value is None and option.unset else value
        return settings


OPTIONS: dict[str, Option] = {each.name: each.metadata["option"] for each in fields(Sampling)}

if Sampling.__doc__:
    Sampling.__doc__ = inspect.cleandoc(Sampling.__doc__) + "".join(
        "\n\n" + fill(f"{name}: {option.help}.", 100, subsequent_indent="    ")
        for name, option in OPTIONS.items()
    )

_Function = TypeVar("_Function", bound=Callable[..., Any])


def shows_options(of: Callable[..., Any], *more: type) -> Callable[[_Function], _Function]:
    """A decorator for functions that pass `**options` on to `of`: their signature names each of them, and the
    fields of Sampling, and of `more` classes, in place of the `**` of `of`. For help() and whoever else looks
    at run time; type checkers read TypedDicts."""
    named = [
        each
        for each in inspect.signature(of).parameters.values()
        if each.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    for each in (Sampling, *more):
        named.extend(inspect.signature(each).parameters.values())

    def decorate(function: _Function) -> _Function:
        signature = inspect.signature(function)
        own = [
            each for each in signature.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD
        ]
        function.__signature__ = signature.replace(parameters=[*own, *named])  # type: ignore[attr-defined]
        return function

    return decorate
