"""Where chat templates run: Jinja's immutable sandbox, with less in it and an end to its time and memory.

A template is a program from a model file. Here it gets text and numbers, a few functions, the filters that
templates use (_template_functions.py), and a budget (_budget.py). All that takes time or room in proportion
to something is counted: turns of loops, calls, filters, operators, the size of what they make and of what
they walk through. When the budget is spent, the template is at fault.

The functions that templates see are bare objects, which only `Environment.call` knows: they have no
attributes that lead anywhere. Text knows which of its characters messages said (_said.py).

Any thread may render a compiled template.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from types import BuiltinMethodType, MethodType
from typing import Any

import jinja2
from jinja2 import nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace
from jinja2.visitor import NodeTransformer

import zcwasm
from zcwasm.llm import _template_functions as _functions
from zcwasm.llm._budget import CALL, CHARACTERS, MOST_BITS, NODES, OPERATOR, Budget, running
from zcwasm.llm._said import joined

# Older ones give templates str.format by way of a filter, and so the host's modules and environment.
_OLDEST = (3, 1, 6)

_LONGEST_TEXT = 1 << 24  # characters, of what is rendered
_MOST_DEPTH = 100  # calls of macros inside one another


# What the compiler puts into a template; their names cannot be spelled in one.
@pass_context
def _each(_: Context, values: Iterable[Any], units: int) -> Iterator[Any]:
    return running.get().each(values, units)


@pass_context
def _paid(_: Context, units: int) -> None:
    running.get().spend(units)


@pass_context
def _walked(_: Context, value: Any) -> Any:
    running.get().walk(value)
    return value


@pass_context
def _made(_: Context, value: Any) -> Any:
    return running.get().made(value)


@pass_context
def _concat(_: Context, values: list[Any]) -> str:
    return _functions.join(values)


class _Counted(NodeTransformer):
    """Puts the budget where the environment's hooks do not reach."""

    def _wrap(self, node: nodes.Expr, name: str, *args: nodes.Expr) -> nodes.Expr:
        return nodes.Filter(node, name, list(args), [], None, None, lineno=node.lineno)

    def _units(self, node: nodes.Node) -> nodes.Const:
        """What running all of it once costs, beside what its parts pay for."""
        return nodes.Const(1 + sum(1 for _ in node.find_all(nodes.Node)) // NODES)

    def _walk(self, node: nodes.Expr) -> nodes.Expr:
        return node if isinstance(node, nodes.Const) else self._wrap(node, " walked")

    def visit_For(self, node: nodes.For) -> nodes.Node:
        units = self._units(node)
        self.generic_visit(node)
        node.iter = self._wrap(node.iter, " each", units)  # type: ignore[arg-type]
        return node

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:
        units = self._units(node)
        self.generic_visit(node)
        node.body.insert(0, nodes.ExprStmt(self._wrap(units, " paid"), lineno=node.lineno))
        return node

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:
        units = self._units(node)
        self.generic_visit(node)
        node.body.insert(0, nodes.ExprStmt(self._wrap(units, " paid"), lineno=node.lineno))
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


class Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%", "**"))

    def __init__(self) -> None:
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            optimized=False,
            extensions=[loopcontrols, _Generation],
            finalize=pass_context(lambda _, value: _functions.as_text(value)),
        )
        self.concat = lambda parts: _functions.join(parts)  # type: ignore[method-assign]
        filters: dict[str, Any] = _functions.filters() | {
            " each": _each,
            " paid": _paid,
            " walked": _walked,
            " made": _made,
            " concat": _concat,
        }
        self.filters = filters
        self.tests = _functions.tests()
        self.globals = dict(_functions.NAMES)

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
        return any(isinstance(obj, kind) and attr in names for kind, names in _functions.ATTRIBUTES)

    def getattr(self, obj: Any, attribute: str) -> Any:
        running.get().spend(1)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        running.get().walk(argument)
        return super().getitem(obj, argument)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        budget = running.get()
        budget.spend(OPERATOR)
        if operator == "*":
            for value, count in ((left, right), (right, left)):
                if isinstance(value, (str, list, tuple)) and isinstance(count, int):
                    size = len(value) * max(count, 0)
                    budget.spend(size // CHARACTERS if isinstance(value, str) else size)
        elif operator == "%" and isinstance(left, str):
            return _functions.percent(left, right)
        elif operator == "+" and isinstance(left, str) and isinstance(right, str):
            return _functions.join((left, right))
        if isinstance(left, int) and isinstance(right, int):
            bits = left.bit_length() * right if operator == "**" else left.bit_length() + right.bit_length()
            if bits > MOST_BITS:
                raise SecurityError(f"it computes a number of {bits:.3g} bits")
        return budget.made(super().call_binop(context, operator, left, right))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        budget = running.get()
        budget.spend(CALL)
        # The compiler adds the two for functions that ask for the context.
        named = {key: kwargs[key] for key in kwargs if key not in ("_loop_vars", "_block_vars")}
        budget.walk(args, named)
        if (function := _functions.FUNCTIONS.get(id(__obj))) is not None:
            return function(*args, **named)
        owner = __obj.__self__ if isinstance(__obj, (MethodType, BuiltinMethodType)) else None
        if isinstance(owner, str):
            return budget.made(_functions.call_method(owner, __obj.__name__, args, named))
        if isinstance(owner, (list, tuple)):
            budget.walk(owner)
        budget.depth += 1
        try:
            if budget.depth > _MOST_DEPTH:
                raise SecurityError(f"its macros call one another more than {_MOST_DEPTH} deep")
            return budget.made(super().call(__context, __obj, *args, **kwargs))
        finally:
            budget.depth -= 1


def compile_template(source: str) -> jinja2.Template:
    """Raises zcwasm.Error where the package Jinja is too old to be safe, and whatever Jinja and Python raise
    for what is no template."""
    try:
        found = version("jinja2")
    except PackageNotFoundError:
        found = "of no known version"
    numbers = tuple(int(part) for part in re.findall(r"[0-9]+", found)[:3])
    if numbers < _OLDEST:
        raise zcwasm.Error(
            f"chat templates need jinja2 {'.'.join(map(str, _OLDEST))} or later, here is {found}: older ones "
            "let a model file read this process's environment. Update: pip install --upgrade 'zcwasm[llm]'"
        )
    return Environment().from_string(source)


def run_template(template: jinja2.Template, variables: Mapping[str, Any]) -> str:
    """What it renders, marked."""
    budget = Budget(dict(variables))
    token = running.set(budget)
    try:
        parts, size = [], 0
        for part in template.root_render_func(template.new_context(dict(variables))):
            size += len(part)
            budget.spend(1 + len(part) // CHARACTERS)
            if size > _LONGEST_TEXT:
                raise SecurityError(f"it makes more than {_LONGEST_TEXT} characters")
            parts.append(part)
        return joined(parts)
    finally:
        running.reset(token)
