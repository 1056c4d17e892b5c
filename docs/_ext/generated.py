"""Directives that show what the package itself knows: {commands}, {kernels}, {trap-kinds}."""

from __future__ import annotations

import argparse
import re
from typing import Any, get_args

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

import zcwasm
from zcwasm import _cli
from zcwasm._types import TrapKind


def text(words: str) -> nodes.paragraph:
    """A paragraph; `code` is code."""
    paragraph = nodes.paragraph()
    for at, part in enumerate(words.split("`")):
        paragraph += nodes.literal("", part) if at % 2 else nodes.Text(part)
    return paragraph


def table(head: list[str], rows: list[list[str]]) -> nodes.table:
    """Of cells that are text as above."""

    def row(cells: list[str]) -> nodes.row:
        return nodes.row("", *(nodes.entry("", text(cell)) for cell in cells))

    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    group += nodes.thead("", row(head))
    group += nodes.tbody("", *map(row, rows))
    return nodes.table("", group, classes=["colwidths-auto"])


def option_row(action: argparse.Action) -> list[str]:
    value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
    if action.choices:
        value = f" {'|'.join(map(str, action.choices))}"
    names = [f"`{name}{value}`" for name in action.option_strings] or [f"`{action.metavar or action.dest}`"]
    return [", ".join(names), (action.help or "").replace("%%", "%")]


class Commands(Directive):
    """A section for each command: what it does, and its arguments."""

    def run(self) -> list[nodes.Node]:
        (commands,) = (
            action.choices
            for action in _cli.parser()._actions
            if isinstance(action, argparse._SubParsersAction)
        )
        found: list[nodes.Node] = []
        for name, command in commands.items():
            section = nodes.section(ids=[f"zcwasm-{name}"], names=[f"zcwasm-{name}"])
            section += nodes.title("", "", nodes.literal("", f"zcwasm {name}"))
            section += text(command.description or "")
            usage = re.sub(r"\s+", " ", command.format_usage()).replace("usage: ", "").strip()
            section += nodes.literal_block(usage, usage, language="text")
            rows = [option_row(action) for action in command._actions if action.dest != "help"]
            if rows:
                section += table(["argument", ""], rows)
            found.append(section)
        return found


class Kernels(Directive):
    """A table of the built-in kernels."""

    def run(self) -> list[nodes.Node]:
        rows = []
        for name, kernel in zcwasm.Device("cpu").kernels.items():
            bindings = ", ".join(f"`{each}` ({access})" for each, access in kernel.bindings)
            params = ", ".join(f"`{each}`: {kind}" for each, kind in kernel.params)
            rows.append([f"`{name}`", bindings, params, "yes" if kernel.in_place else ""])
        return [table(["kernel", "arrays", "parameters", "in place"], rows)]


class TrapKinds(Directive):
    """A list of them."""

    def run(self) -> list[nodes.Node]:
        kinds = [nodes.list_item("", text(f"`{kind}`")) for kind in get_args(TrapKind)]
        return [nodes.bullet_list("", *kinds)]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("commands", Commands)
    app.add_directive("kernels", Kernels)
    app.add_directive("trap-kinds", TrapKinds)
    return {"parallel_read_safe": True}
