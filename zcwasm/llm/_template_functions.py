"""What chat templates call: functions, methods of text, filters and tests, on the rendering's budget.

Jinja's own filters are wrapped: what they walk through and what they make is paid for. Where they would lose
the marks of text (_said.py), or could make any amount of it from little, there is one of our own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from operator import mod
from typing import Any, NoReturn

import jinja2
from jinja2 import pass_context, pass_environment
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS, make_attrgetter
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.tests import TESTS
from jinja2.utils import Cycler, Joiner, Namespace

from zcwasm.llm._budget import CALL, CHARACTERS, COMPARISONS, OPERATOR, running
from zcwasm.llm._said import Said, is_said, marks_of, plain, whole

_MOST_WIDTH = 999  # a number that says how wide text becomes
_MOST_FORM = 256  # characters of strftime_now's form


class Refused(jinja2.TemplateError):
    """What raise_exception says."""


# --- what templates call ---


def _raise(message: object = "") -> NoReturn:
    raise Refused(plain(str(message)))


def _strftime(form: str) -> str:
    if len(form) > _MOST_FORM:
        raise ValueError(f"a form of {len(form)} characters")
    text = datetime.now().strftime(form)
    return whole(text) if is_said(form) else text


def _range(*limits: int) -> range:
    found = range(*limits)
    running.get().spend(len(found))
    return found


# Bare objects, by the names that templates know; Environment.call finds what they stand for.
NAMES = {name: object() for name in ("raise_exception", "strftime_now", "range", "dict", "namespace")}
NAMES |= {"joiner": object(), "cycler": object()}
FUNCTIONS: dict[int, Callable[..., Any]] = {
    id(NAMES["raise_exception"]): _raise,
    id(NAMES["strftime_now"]): _strftime,
    id(NAMES["range"]): _range,
    id(NAMES["dict"]): dict,
    id(NAMES["namespace"]): Namespace,
    id(NAMES["joiner"]): Joiner,
    id(NAMES["cycler"]): Cycler,
}

# Methods of text that make nothing longer than what they are given.
_TEXT = {"capitalize", "casefold", "count", "endswith", "find", "format", "index", "join", "lower", "lstrip"}
_TEXT |= {"partition", "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rpartition", "rsplit"}
_TEXT |= {"rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper"}
_TEXT |= {name for name in dir(str) if name.startswith("is")}
_WIDE = {"center", "ljust", "rjust", "zfill", "expandtabs"}
_SEARCHING = {"lstrip", "rfind", "rindex", "rpartition", "rsplit", "rstrip", "strip"}
ATTRIBUTES: list[tuple[type | tuple[type, ...], set[str]]] = [
    (str, _TEXT | _WIDE),
    ((list, tuple), {"index", "count", "copy", "grouper", "list"}),  # the last two: of groupby's rows
    (dict, {"get", "items", "keys", "values", "copy"}),
    (LoopContext, {*dir(LoopContext), "index0"}),
    (Macro, {"name", "arguments", "catch_kwargs", "catch_varargs", "caller"}),
    (Cycler, {"next", "reset", "current"}),
]


# --- text ---


def _no_wider(*numbers: object) -> None:
    for number in numbers:
        if isinstance(number, int) and abs(number) > _MOST_WIDTH:
            raise SecurityError(f"it asks for text {number:.3g} characters wide")


def _replace(text: str, old: str, new: str, count: int = -1) -> str:
    times = text.count(old)
    running.get().spend(times + (len(text) + times * len(new)) // CHARACTERS)
    return Said(text, marks_of(text)).replace(str(old), str(new), count)


def join(parts: Iterable[Any], separator: str = "") -> str:
    budget = running.get()
    found = [part if isinstance(part, str) else as_text(part) for part in budget.each(parts)]
    size = sum(map(len, found)) + len(separator) * len(found)
    budget.spend(size // CHARACTERS)
    return Said(separator, marks_of(separator)).join(found)


def as_text(value: object) -> str:
    """str(value), marked if messages said anything of it."""
    if isinstance(value, str):
        return value
    said = running.get().walk(value)
    text = str(value)
    return whole(text) if said else text


# {}, {0}, {name}, {:8.3f}, {!r}; nothing that follows attributes, no width from an argument.
_FIELD = re.compile(r"(\{\{|\}\})|\{(\w*)(?:!([rs]))?(?::([^{}]{0,16}))?\}|[{}]", re.ASCII)
_PERCENT = re.compile(r"%(?:(%)|(?:\((\w+)\))?([-+ #0]*[0-9]{0,8}(?:\.[0-9]{0,8})?)([diouxXeEfFgGcrsa]))?")


def _formatted(value: object, spec: str, form: Callable[[], str], how: str) -> str:
    """how: the format, which may be a message's."""
    budget = running.get()
    if not spec and isinstance(value, str):
        return value
    _no_wider(*map(int, re.findall(r"[0-9]+", spec)))
    said = budget.walk(value, how)
    text = form()
    return whole(text) if said else text


def _format(text: str, *args: Any, **kwargs: Any) -> str:
    """str.format."""
    numbers = iter(range(len(args)))
    parts: list[str] = []
    at = 0
    for match in running.get().each(_FIELD.finditer(text)):
        parts.append(text[at : match.start()])
        at = match.end()
        if match[1]:
            parts.append(text[at - 1 : at])
            continue
        if match[2] is None:
            raise ValueError(f"format {match[0]!r} is not supported")
        name, how, spec = match[2], match[3] or "", match[4] or ""
        place = next(numbers, len(args)) if not name else int(name) if name.isdigit() else None
        value = kwargs[name] if place is None else args[place]
        form = "{:" + spec + "}" if not how else "{!" + how + ":" + spec + "}"
        parts.append(
            _formatted(
                value, spec + how.replace("s", ""), partial(form.format, value), text[match.start() : at]
            )
        )
    return join([*parts, text[at:]])


_MISSING = object()


def percent(text: str, values: Any) -> str:
    """text % values."""
    given = iter(values if isinstance(values, tuple) else (values,))
    parts: list[str] = []
    at = 0
    for match in running.get().each(_PERCENT.finditer(text)):
        parts.append(text[at : match.start()])
        at = match.end()
        if match[1]:
            parts.append(text[at - 1 : at])
            continue
        if not match[4]:
            raise ValueError("a % that begins no format")
        value = values[match[2]] if match[2] else next(given, _MISSING)
        if value is _MISSING:
            raise ValueError("more formats than values")
        spec = match[3] + match[4].replace("s", "")
        form = "%" + match[3] + match[4]
        parts.append(_formatted(value, spec, partial(mod, form, (value,)), text[match.start() : at]))
    return join([*parts, text[at:]])


def _indent(text: str, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
    _no_wider(width)
    space = width if isinstance(width, str) else " " * width
    running.get().spend((text.count("\n") + 1) * (len(space) // CHARACTERS + 4))
    lines = (Said(text, marks_of(text)) + "\n").splitlines()
    inner = [space + line if blank or line else line for line in lines[1:]]
    return join([space + lines[0] if first else lines[0], *inner], "\n")


def _escape(value: object) -> str:
    text = as_text(value)
    for sign, name in (("&", "amp"), (">", "gt"), ("<", "lt"), ("'", "#39"), ('"', "#34")):
        text = _replace(text, sign, f"&{name};")
    return text


def _tojson(
    value: object,
    ensure_ascii: bool = False,
    indent: int | str | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    budget = running.get()
    if len(indent) > 16 if isinstance(indent, str) else indent and indent > 16:
        raise SecurityError("it asks for an indent of more than 16 characters")
    if separators and (len(separators) != 2 or any(len(text) > 16 for text in separators)):
        raise SecurityError("it asks for separators of more than 16 characters")
    encoder = json.JSONEncoder(
        ensure_ascii=bool(ensure_ascii), indent=indent, separators=separators, sort_keys=bool(sort_keys)
    )
    return "".join(map(budget.made, encoder.iterencode(value)))


@pass_environment
def _join_filter(
    environment: jinja2.Environment, parts: Iterable[Any], d: object = "", attribute: str | int | None = None
) -> str:
    if attribute is not None:
        parts = map(make_attrgetter(environment, attribute), parts)
    return join(parts, as_text(d))


@pass_environment
def _sum(
    environment: jinja2.Environment,
    values: Iterable[Any],
    attribute: str | int | None = None,
    start: float = 0,
) -> Any:
    if not isinstance(start, (int, float)):
        raise SecurityError("sum is of numbers")
    if attribute is not None:
        values = map(make_attrgetter(environment, attribute), values)
    return sum(values, start)


def _searched(text: str, *wanted: object) -> None:
    """Pay for what may compare every character of the text with every one that is wanted: cutting characters
    off its ends, and, in Python, searching from behind."""
    for one in wanted:
        if isinstance(one, str):
            running.get().spend(len(text) * len(one) // COMPARISONS)


def call_method(owner: str, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """A method of text."""
    own: dict[str, Callable[..., Any]] = {
        "format": _format,
        "join": lambda text, parts: join(parts, text),
        "replace": _replace,
    }
    running.get().spend(len(owner) // CHARACTERS)
    if name in own:
        return own[name](owner, *args, **kwargs)
    if name in ("split", "rsplit", "splitlines"):
        running.get().spend(owner.count(args[0]) if args and args[0] else len(owner) // 4)
    if name in _SEARCHING:
        _searched(owner, *args, *kwargs.values())
    if name in _WIDE:
        _no_wider(*args, *kwargs.values())
        if name == "expandtabs":
            running.get().spend(owner.count("\t") * _MOST_WIDTH // CHARACTERS)
    return getattr(Said(owner, marks_of(owner)), name)(*args, **kwargs)


# --- filters and tests ---

_OWN_FILTERS: dict[str, Callable[..., Any]] = {
    "e": _escape,
    "escape": _escape,
    "format": lambda text, *args, **kwargs: percent(text, kwargs or args),
    "indent": _indent,
    "join": _join_filter,
    "replace": lambda text, old, new, count=None: _replace(
        as_text(text), str(old), str(new), -1 if count is None else count
    ),
    "safe": as_text,
    "string": as_text,
    "sum": _sum,
    "tojson": _tojson,
}
# Jinja's, that neither go through what they are given nor make anything.
_CHEAP = ("count", "d", "default", "first", "items", "last", "length")
_FILTERS: tuple[str, ...] = (
    *_CHEAP,
    "abs",
    "batch",
    "capitalize",
    "dictsort",
    "float",
    "groupby",
    "int",
    "list",
    "lower",
)
_FILTERS += ("map", "max", "min", "reject", "rejectattr", "reverse", "round", "select", "selectattr", "slice")
_FILTERS += ("sort", "title", "trim", "truncate", "unique", "upper", "urlencode", "wordcount")
# That see text as a sequence of characters.
_SEQUENCES = {"batch", "groupby", "join", "list", "map", "max", "min", "reject", "rejectattr", "select"}
_SEQUENCES |= {"selectattr", "slice", "sort", "sum", "unique"}
# Of Jinja's: make text of what they get, which keeps its marks if it is text.
_OF_TEXT = {"capitalize", "lower", "trim", "truncate", "upper"}
# Whose text keeps its marks by itself.
_KEEP = {"e", "escape", "format", "indent", "join", "replace", "safe", "string", "trim", "lower", "upper"}
_KEEP |= {"capitalize", "reverse", "truncate", "max", "min"}


def _filter(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, on the budget. Never run while compiling, which has none: so it asks for the context."""
    first = getattr(getattr(function, "jinja_pass_arg", None), "name", None)

    @pass_context
    def call(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        budget = running.get()
        budget.spend(CALL)
        said = False
        if name not in _CHEAP:
            said = budget.walk(value, args, kwargs)
            if name in ("batch", "slice", "round"):
                _no_wider(*args, *kwargs.values())
            if name == "sort":
                budget.walk(*[value] * 16)
            if name in _OF_TEXT:
                value = as_text(value)
            if name == "trim":
                _searched(value, *args, *kwargs.values())
            if name in _SEQUENCES and isinstance(value, str):
                budget.spend(len(value))
        if isinstance(value, Iterator):  # a list, so that iterators never lie deep inside one another
            value = list(budget.each(value))
        known = {"context": context, "environment": context.environment, "eval_context": context.eval_ctx}
        result = budget.made(function(*([known[first]] if first else []), value, *args, **kwargs))
        if said and isinstance(result, str) and type(result) is not Said and name not in _KEEP:
            return whole(result)
        return result

    return call


def _test(name: str, function: Any) -> Callable[..., Any]:
    first = getattr(getattr(function, "jinja_pass_arg", None), "name", None)

    @pass_context
    def call(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        budget = running.get()
        budget.spend(OPERATOR)
        if args or kwargs or name in ("lower", "upper"):  # these two make text of anything
            budget.walk(value, args, kwargs)
        known = {"context": context, "environment": context.environment, "eval_context": context.eval_ctx}
        return function(*([known[first]] if first else []), value, *args, **kwargs)

    return call


def filters() -> dict[str, Callable[..., Any]]:
    """What templates may pipe values through, by name."""
    given = {name: FILTERS[name] for name in _FILTERS if name in FILTERS} | _OWN_FILTERS
    return {name: _filter(name, function) for name, function in given.items()}


def tests() -> dict[str, Any]:
    return {name: _test(name, function) for name, function in TESTS.items()}
