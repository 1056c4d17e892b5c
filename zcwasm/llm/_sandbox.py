"""Where chat templates run: Jinja's immutable sandbox, with less in it and an end to its time and memory.

A template is a program from a model file. Here it gets text and numbers, a few functions, the filters that
templates use, and a budget. All that takes time or room in proportion to something is counted before it
happens, or as it goes on: turns of loops, calls, filters, operators, the size of what they make and of what
they walk through. When the budget is spent, the template is at fault. The budget grows with the messages.

The functions that templates see are bare objects, which only `_Environment.call` knows: they have no attributes
that lead anywhere. Text knows which of its characters messages said (_said.py).

Any thread may render a compiled template; each rendering has its own budget, in a context variable.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from datetime import datetime
from functools import update_wrapper
from importlib.metadata import PackageNotFoundError, version
from types import BuiltinMethodType, MethodType
from typing import Any, NoReturn

import jinja2
from jinja2 import nodes, pass_context, pass_environment
from jinja2.ext import Extension, loopcontrols
from jinja2.filters import make_attrgetter
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment, SecurityError
from jinja2.utils import Cycler, Joiner, Namespace
from jinja2.visitor import NodeTransformer

import zcwasm
from zcwasm.llm._said import Said, is_said, joined, marks_of, plain, whole

# Older ones give templates str.format by way of a filter, and so the host's modules and environment.
_OLDEST = (3, 1, 6)

# The budget: a unit is some 0.1 to 1 microseconds, or 64 characters.
_UNITS = 2_000_000
_UNITS_PER_INPUT = 200  # for each unit of the messages' own size
_CALL, _OPERATOR = 10, 3
_CHARACTERS = 64
_LONGEST_TEXT = 1 << 24  # characters, of what is rendered
_MOST_BITS = 1 << 14  # of an integer
_MOST_DEPTH = 100  # calls of macros inside one another
_MOST_WIDTH = 999  # a number that says how wide text becomes
_MOST_FORM = 256  # characters of strftime_now's form


class Refused(jinja2.TemplateError):
    """What raise_exception says."""


class Budget:
    """What one rendering may still do."""

    def __init__(self, *given: object) -> None:
        self.left = 1 << 62
        self.depth = 0
        self.walk(given)
        self.left = _UNITS + _UNITS_PER_INPUT * ((1 << 62) - self.left)

    def spend(self, units: int) -> None:
        self.left -= units
        if self.left < 0:
            raise SecurityError("it does too much: time and memory of a template are limited")

    def walk(self, *values: object) -> bool:
        """Pay for going through all that these values hold. Whether a message said anything of it."""
        stack, units, said = list(values), 0, False
        while stack:
            value = stack.pop()
            units += 1
            if isinstance(value, str):
                units += len(value) // _CHARACTERS
                said = said or is_said(value)
            elif isinstance(value, (list, tuple, set, frozenset)):
                units += len(value)
                stack.extend(value)
            elif isinstance(value, dict):
                units += 2 * len(value)
                stack.extend(value.keys())
                stack.extend(value.values())
            elif isinstance(value, _VIEWS):
                units += len(value)
                stack.extend(value)
            elif isinstance(value, int):
                units += value.bit_length() // 64
            elif isinstance(value, range):
                units += len(value)
            elif isinstance(value, Namespace):
                stack.append(value._Namespace__attrs)  # type: ignore[attr-defined]
            if units > self.left:
                break
        self.spend(units)
        return said

    def made(self, value: Any) -> Any:
        """Pay for a value that is new."""
        if isinstance(value, str):
            self.spend(1 + len(value) // _CHARACTERS)
        elif isinstance(value, Iterator):
            return self.each(value)
        elif isinstance(value, (list, tuple, dict)):
            self.spend(1 + len(value))
        elif isinstance(value, int):
            self.spend(1 + value.bit_length() // 64)
        return value

    def each(self, values: Iterable[Any]) -> Iterator[Any]:
        for value in values:
            self.spend(1)
            yield value


_VIEWS = (type({}.keys()), type({}.values()), type({}.items()))
_running: ContextVar[Budget] = ContextVar("budget of the template that is being rendered")


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
    _running.get().spend(len(found))
    return found


# Bare objects, by the names that templates know.
_NAMES = {name: object() for name in ("raise_exception", "strftime_now", "range", "dict", "namespace")}
_NAMES |= {"joiner": object(), "cycler": object()}
_FUNCTIONS: dict[int, Callable[..., Any]] = {
    id(_NAMES["raise_exception"]): _raise,
    id(_NAMES["strftime_now"]): _strftime,
    id(_NAMES["range"]): _range,
    id(_NAMES["dict"]): dict,
    id(_NAMES["namespace"]): Namespace,
    id(_NAMES["joiner"]): Joiner,
    id(_NAMES["cycler"]): Cycler,
}

# Methods of text that make nothing longer than what they are given.
_TEXT = {"capitalize", "casefold", "count", "endswith", "find", "format", "index", "join", "lower", "lstrip"}
_TEXT |= {"partition", "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rpartition", "rsplit"}
_TEXT |= {"rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper"}
_TEXT |= {name for name in dir(str) if name.startswith("is")}
_WIDE = {"center", "ljust", "rjust", "zfill", "expandtabs"}
_ATTRIBUTES: list[tuple[type | tuple[type, ...], set[str]]] = [
    (str, _TEXT | _WIDE),
    ((list, tuple), {"index", "count", "copy", "grouper", "list"}),  # the last two: of groupby's rows
    (dict, {"get", "items", "keys", "values", "copy"}),
    (jinja2.runtime.LoopContext, {*dir(jinja2.runtime.LoopContext), "index0"}),
    (jinja2.runtime.Macro, {"name", "arguments", "catch_kwargs", "catch_varargs", "caller"}),
    (Cycler, {"next", "reset", "current"}),
]


def _no_wider(*numbers: object) -> None:
    for number in numbers:
        if isinstance(number, int) and abs(number) > _MOST_WIDTH:
            raise SecurityError(f"it asks for text {number:.3g} characters wide")


def _replace(text: str, old: str, new: str, count: int = -1) -> str:
    times = text.count(old)
    _running.get().spend(times + (len(text) + times * len(new)) // _CHARACTERS)
    return Said(text, marks_of(text)).replace(str(old), str(new), count)


def _join(parts: Iterable[Any], separator: str = "") -> str:
    budget = _running.get()
    found = [part if isinstance(part, str) else _text(part) for part in budget.each(parts)]
    size = sum(map(len, found)) + len(separator) * len(found)
    budget.spend(size // _CHARACTERS)
    return Said(separator, marks_of(separator)).join(found)


def _text(value: object) -> str:
    """str(value), marked if messages said anything of it."""
    if isinstance(value, str):
        return value
    said = _running.get().walk(value)
    text = str(value)
    return whole(text) if said else text


# {}, {0}, {name}, {:8.3f}, {!r}; nothing that follows attributes, no width from an argument.
_FIELD = re.compile(r"(\{\{|\}\})|\{(\w*)(?:!([rs]))?(?::([^{}]{0,16}))?\}|[{}]", re.ASCII)
_PERCENT = re.compile(r"%(?:(%)|(?:\((\w+)\))?([-+ #0]*[0-9]{0,8}(?:\.[0-9]{0,8})?)([diouxXeEfFgGcrsa]))?")


def _formatted(value: object, spec: str, form: Callable[[], str]) -> str:
    budget = _running.get()
    if not spec and isinstance(value, str):
        return value
    _no_wider(*map(int, re.findall(r"[0-9]+", spec)))
    said = budget.walk(value)
    text = form()
    return whole(text) if said else text


def _format(text: str, *args: Any, **kwargs: Any) -> str:
    """str.format."""
    numbers = iter(range(len(args)))
    parts: list[str] = []
    at = 0
    for match in _FIELD.finditer(text):
        parts.append(text[at : match.start()])
        at = match.end()
        if match[1]:
            parts.append(match[1][0])
            continue
        if match[2] is None:
            raise ValueError(f"format {match[0]!r} is not supported")
        name, how, spec = match[2], match[3] or "", match[4] or ""
        place = next(numbers, len(args)) if not name else int(name) if name.isdigit() else None
        value = kwargs[name] if place is None else args[place]
        form = "{:" + spec + "}" if not how else "{!" + how + ":" + spec + "}"
        parts.append(_formatted(value, spec + how.replace("s", ""), lambda f=form, v=value: f.format(v)))  # type: ignore[misc]
    return _join([*parts, text[at:]])


_MISSING = object()


def _percent(text: str, values: Any) -> str:
    """text % values."""
    given = iter(values if isinstance(values, tuple) else (values,))
    parts: list[str] = []
    at = 0
    for match in _PERCENT.finditer(text):
        parts.append(text[at : match.start()])
        at = match.end()
        if match[1]:
            parts.append("%")
            continue
        if not match[4]:
            raise ValueError("a % that begins no format")
        value = values[match[2]] if match[2] else next(given, _MISSING)
        if value is _MISSING:
            raise ValueError("more formats than values")
        spec = match[3] + match[4].replace("s", "")
        form = "%" + match[3] + match[4]
        parts.append(_formatted(value, spec, lambda f=form, v=value: f % (v,)))  # type: ignore[misc]
    return _join([*parts, text[at:]])


def _indent(text: str, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
    _no_wider(width)
    space = width if isinstance(width, str) else " " * width
    _running.get().spend((text.count("\n") + 1) * (len(space) // _CHARACTERS + 4))
    lines = (Said(text, marks_of(text)) + "\n").splitlines()
    inner = [space + line if blank or line else line for line in lines[1:]]
    return _join([space + lines[0] if first else lines[0], *inner], "\n")


def _escape(value: object) -> str:
    text = _text(value)
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
    budget = _running.get()
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
    return _join(parts, _text(d))


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


# --- filters and tests ---

_OWN_FILTERS: dict[str, Callable[..., Any]] = {
    "e": _escape,
    "escape": _escape,
    "format": lambda text, *args, **kwargs: _percent(text, kwargs or args),
    "indent": _indent,
    "join": _join_filter,
    "replace": lambda text, old, new, count=None: _replace(
        _text(text), str(old), str(new), -1 if count is None else count
    ),
    "safe": _text,
    "string": _text,
    "sum": _sum,
    "tojson": _tojson,
}
# Jinja's, that neither go through what they are given nor make anything.
_CHEAP = ("count", "d", "default", "first", "items", "last", "length")
_FILTERS = (*_CHEAP, "abs", "batch", "capitalize", "dictsort", "float", "groupby", "int", "list", "lower")
_FILTERS += ("map", "max", "min", "reject", "rejectattr", "reverse", "round", "select", "selectattr", "slice")
_FILTERS += ("sort", "title", "trim", "truncate", "unique", "upper", "urlencode", "wordcount")
# That see text as a sequence of characters.
_SEQUENCES = {"batch", "groupby", "join", "list", "map", "max", "min", "reject", "rejectattr", "select"}
_SEQUENCES |= {"selectattr", "slice", "sort", "sum", "unique"}
# Whose text keeps its marks by itself.
_KEEP = {"e", "escape", "format", "indent", "join", "replace", "safe", "string", "trim", "lower", "upper"}
_KEEP |= {"capitalize", "reverse", "truncate", "max", "min"}


def _filter(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, on the budget. Never run while compiling, which has none: so it asks for the context."""
    first = getattr(getattr(function, "jinja_pass_arg", None), "name", None)

    @pass_context
    def call(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        budget = _running.get()
        budget.spend(_CALL)
        said = False
        if name not in _CHEAP:
            said = budget.walk(value, args, kwargs)
            if name in ("batch", "slice", "truncate", "round"):
                _no_wider(*args, *kwargs.values())
            if name == "sort":
                budget.walk(*[value] * 16)
            if name in _SEQUENCES and isinstance(value, str):
                budget.spend(len(value))
        if isinstance(value, Iterator):
            value = budget.each(value)
        known = {"context": context, "environment": context.environment, "eval_context": context.eval_ctx}
        result = budget.made(function(*([known[first]] if first else []), value, *args, **kwargs))
        if said and isinstance(result, str) and type(result) is not Said and name not in _KEEP:
            return whole(result)
        return result

    return call


def _test(function: Callable[..., Any]) -> Callable[..., Any]:
    first = getattr(getattr(function, "jinja_pass_arg", None), "name", None)

    @pass_context
    def call(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        budget = _running.get()
        budget.spend(_OPERATOR)
        if args or kwargs:
            budget.walk(value, args, kwargs)
        known = {"context": context, "environment": context.environment, "eval_context": context.eval_ctx}
        return function(*([known[first]] if first else []), value, *args, **kwargs)

    return call


# What the compiler puts into a template; their names cannot be spelled in one.
def _each(_: Context, values: Iterable[Any]) -> Iterator[Any]:
    return _running.get().each(values)


def _walked(_: Context, value: Any) -> Any:
    _running.get().walk(value)
    return value


def _made(_: Context, value: Any) -> Any:
    return _running.get().made(value)


def _concat(_: Context, values: list[Any]) -> str:
    return _join(values)


class _Counted(NodeTransformer):
    """Puts the budget where the environment's hooks do not reach."""

    def _wrap(self, node: nodes.Expr, name: str) -> nodes.Expr:
        return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)

    def _walk(self, node: nodes.Expr) -> nodes.Expr:
        return node if isinstance(node, nodes.Const) else self._wrap(node, " walked")

    def visit_For(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)
        node.iter = self._wrap(node.iter, " each")  # type: ignore[assignment,arg-type]
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return self._wrap(nodes.List(node.nodes, lineno=node.lineno), " concat")

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        self.generic_visit(node)
        node.expr = self._walk(node.expr)
        for operand in node.ops:
            operand.expr = self._walk(operand.expr)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
        self.generic_visit(node)
        return self._wrap(node, " made") if isinstance(node.arg, nodes.Slice) else node

    def visit_Pair(self, node: nodes.Pair) -> nodes.Node:
        self.generic_visit(node)
        node.key = self._walk(node.key)
        return node

    def _refuse(self, node: nodes.Node) -> nodes.Node:
        raise jinja2.TemplateSyntaxError(f"{type(node).__name__} is not supported", node.lineno)

    visit_Include = visit_Import = visit_FromImport = visit_Extends = _refuse
    visit_EvalContextModifier = visit_ScopedEvalContextModifier = visit_Block = _refuse


class _Generation(Extension):
    """{% generation %}, with which transformers finds an assistant's words: nothing but what it holds."""

    tags = {"generation"}  # noqa: RUF012 (as the base class has it)

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.Scope(body, lineno=line)


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%", "**"))

    def __init__(self) -> None:
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            optimized=False,
            extensions=[loopcontrols, _Generation],
            finalize=pass_context(lambda _, value: _text(value)),
        )
        self.concat = lambda parts: _join(parts)  # type: ignore[assignment,method-assign]
        given = {name: self.filters[name] for name in _FILTERS if name in self.filters} | _OWN_FILTERS
        self.filters = {name: _filter(name, function) for name, function in given.items()}
        for function in (_each, _walked, _made, _concat):
            name = " " + function.__name__[1:]
            self.filters[name] = pass_context(update_wrapper(lambda *a, f=function: f(*a), function))  # type: ignore[misc]
        self.tests = {name: _test(function) for name, function in self.tests.items()}
        self.globals = dict(_NAMES)

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        counted = _Counted().visit(source)
        counted.set_environment(self)
        return super()._generate(counted, name, filename, defer_init)

    def wrap_str_format(self, value: Any) -> None:
        return None  # call() knows str.format

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if not super().is_safe_attribute(obj, attr, value):
            return False
        if isinstance(obj, Namespace):
            return True
        return any(isinstance(obj, kind) and attr in names for kind, names in _ATTRIBUTES)

    def getitem(self, obj: Any, argument: Any) -> Any:
        _running.get().walk(argument)
        return super().getitem(obj, argument)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        budget = _running.get()
        budget.spend(_OPERATOR)
        if operator == "*":
            for value, count in ((left, right), (right, left)):
                if isinstance(value, (str, list, tuple)) and isinstance(count, int):
                    size = len(value) * max(count, 0)
                    budget.spend(size // _CHARACTERS if isinstance(value, str) else size)
        elif operator == "%" and isinstance(left, str):
            return _percent(left, right)
        elif operator == "+" and isinstance(left, str) and isinstance(right, str):
            return _join((left, right))
        if isinstance(left, int) and isinstance(right, int) and operator in ("*", "**"):
            bits = left.bit_length() * right if operator == "**" else left.bit_length() + right.bit_length()
            if bits > _MOST_BITS:
                raise SecurityError(f"it computes a number of {bits:.3g} bits")
        return budget.made(super().call_binop(context, operator, left, right))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: B902, N805
        budget = _running.get()
        budget.spend(_CALL)
        # The compiler adds the two for functions that ask for the context.
        named = {key: kwargs[key] for key in kwargs if key not in ("_loop_vars", "_block_vars")}
        budget.walk(args, named)
        if (function := _FUNCTIONS.get(id(__obj))) is not None:
            return function(*args, **named)
        owner = __obj.__self__ if isinstance(__obj, (MethodType, BuiltinMethodType)) else None
        if isinstance(owner, str):
            return budget.made(_call_text(owner, __obj.__name__, args, named))
        if isinstance(owner, (list, tuple)):
            budget.walk(owner)
        budget.depth += 1
        try:
            if budget.depth > _MOST_DEPTH:
                raise SecurityError(f"its macros call one another more than {_MOST_DEPTH} deep")
            return budget.made(super().call(__context, __obj, *args, **kwargs))
        finally:
            budget.depth -= 1


def _call_text(owner: str, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """A method of text."""
    own: dict[str, Callable[..., Any]] = {
        "format": _format,
        "join": lambda text, parts: _join(parts, text),
        "replace": _replace,
    }
    _running.get().spend(len(owner) // _CHARACTERS)
    if name in own:
        return own[name](owner, *args, **kwargs)
    if name in ("split", "rsplit", "splitlines"):
        _running.get().spend(owner.count(args[0]) if args and args[0] else len(owner) // 4)
    if name in _WIDE:
        _no_wider(*args, *kwargs.values())
        if name == "expandtabs":
            _running.get().spend(owner.count("\t") * _MOST_WIDTH // _CHARACTERS)
    return getattr(Said(owner, marks_of(owner)), name)(*args, **kwargs)


def compile_template(source: str) -> jinja2.Template:
    """Raises zcwasm.Error where the package Jinja is too old to be safe, and whatever Jinja and Python raise for
    what is no template."""
    try:
        found = version("jinja2")
    except PackageNotFoundError:
        found = "of no known version"
    numbers = tuple(int(part) for part in re.findall(r"[0-9]+", found)[:3])
    if numbers < _OLDEST:
        raise zcwasm.Error(
            f"chat templates need jinja2 {'.'.join(map(str, _OLDEST))} or later, here is {found}: older ones let "
            "a model file read this process's environment. Update: pip install --upgrade 'zcwasm[llm]'"
        )
    return _Environment().from_string(source)


def run_template(template: jinja2.Template, variables: Mapping[str, Any]) -> str:
    """What it renders, marked."""
    budget = Budget(dict(variables))
    token = _running.set(budget)
    try:
        parts, size = [], 0
        for part in template.root_render_func(template.new_context(dict(variables))):
            size += len(part)
            budget.spend(1 + len(part) // _CHARACTERS)
            if size > _LONGEST_TEXT:
                raise SecurityError(f"it makes more than {_LONGEST_TEXT} characters")
            parts.append(part)
        return joined(parts)
    finally:
        _running.reset(token)
