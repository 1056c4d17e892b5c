"""Docstrings as Sphinx wants them. Those of this package are plain text, for help() in the first place.

A paragraph is a paragraph. Lines `name: what it is`, with what follows indented, are a list of names; so is a
single such line whose name is that of a parameter or attribute. Lines that are all indented are code. Nothing
in them is markup: single backticks are code, other signs stay as they are.
"""

from __future__ import annotations

import re
import textwrap
from typing import Any

from sphinx.application import Sphinx

ITEM = re.compile(r"([a-z_]+(?:, [a-z_]+)*): (?=\S)")


def literal(text: str) -> str:
    """With every sign that reStructuredText would read as markup escaped, and code in double backticks."""
    parts = re.split(r"`([^`]+)`", text)
    escaped = [re.sub(r"([\\*`|_])", r"\\\1", part) for part in parts]
    return "".join(f"``{parts[n]}``" if n % 2 else part for n, part in enumerate(escaped))


def block(lines: list[str]) -> list[str]:
    """A paragraph of a docstring."""
    if all(line.startswith("    ") for line in lines):
        return [
            ".. code-block:: python",
            "",
            *(f"    {line}" for line in textwrap.dedent("\n".join(lines)).split("\n")),
        ]
    if any(line.startswith("    ") for line in lines[1:]) or len(lines) == 1:
        items: list[list[str]] = []
        for line in lines:
            if items and line.startswith("    "):
                items[-1].append(line.strip())
            elif ITEM.match(line):
                items.append([line])
            else:
                break
        else:
            return [f"- {item(' '.join(each))}" for each in items]
    return [literal(" ".join(line.strip() for line in lines))]


def item(text: str) -> str:
    match = ITEM.match(text)
    assert match is not None
    names = ", ".join(f"``{name}``" for name in match[1].split(", "))
    return f"{names}: {literal(text[match.end() :])}"


def convert(lines: list[str]) -> list[str]:
    result: list[str] = []
    paragraph: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            paragraph.append(line)
        elif paragraph:
            result += [*block(paragraph), ""]
            paragraph = []
    return result


def process(app: Sphinx, kind: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    # The signature, which C writes into a docstring that inspect cannot read, is shown already.
    lines[:] = convert(lines)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("autodoc-process-docstring", process)
    return {"parallel_read_safe": True}
