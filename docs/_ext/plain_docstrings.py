"""Docstrings as Sphinx wants them. Those of this package are plain text, for help() in the first place.

A paragraph is a paragraph, and lines that are all indented are code. A sentence that begins with the name of
a parameter and a colon is an item of a list, up to the next one; so is a line `name: what it is` with what
follows indented. Nothing in docstrings is markup: single backticks are code, other signs stay as they are.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Collection
from typing import Any

from sphinx.application import Sphinx

ITEM = re.compile(r"([a-z_]+(?:, [a-z_]+)*): (?=\S)")


def literal(text: str) -> str:
    """With every sign that reStructuredText would read as markup escaped, and code in double backticks."""
    parts = re.split(r"`([^`]+)`", text)
    escaped = [re.sub(r"([\\*`|_])", r"\\\1", part) for part in parts]
    return "".join(f"``{parts[n]}``" if n % 2 else part for n, part in enumerate(escaped))


def item(text: str) -> str:
    match = ITEM.match(text)
    assert match is not None
    names = ", ".join(f"``{name}``" for name in match[1].split(", "))
    return f"- {names}: {literal(text[match.end() :])}"


def hanging(lines: list[str]) -> list[str] | None:
    """The items of lines `name: ...` with what follows indented, if all of them are."""
    items: list[str] = []
    for line in lines:
        if items and line.startswith("    "):
            items[-1] += f" {line.strip()}"
        elif ITEM.match(line):
            items.append(line)
        else:
            return None
    return items


def sentences(text: str, names: Collection[str]) -> list[str]:
    """Parted before each that begins with names and a colon, and before the exceptions behind those."""
    starts = [0]
    for match in re.finditer(rf"(?:^|(?<=[.;)] )){ITEM.pattern}", text):
        if set(match[1].split(", ")) <= set(names):
            starts.append(match.start())
    if len(starts) > 1 and (end := re.search(r"(?<=\. )Raises ", text[starts[-1] :])):
        starts.append(starts[-1] + end.start())
    return [
        part.strip() for a, b in zip(starts, [*starts[1:], len(text)], strict=True) if (part := text[a:b])
    ]


def block(lines: list[str], names: Collection[str]) -> list[str]:
    """A paragraph of a docstring."""
    if all(line.startswith("    ") for line in lines):
        code = textwrap.indent(textwrap.dedent("\n".join(lines)), "    ")
        return [".. code-block:: python", "", *code.split("\n")]
    if any(line.startswith("    ") for line in lines) and (items := hanging(lines)):
        return [item(each) for each in items]
    found: list[str] = []
    for part in sentences(" ".join(line.strip() for line in lines), names):
        match = ITEM.match(part)
        is_item = match is not None and set(match[1].split(", ")) <= set(names)
        if found and not (is_item and found[-1].startswith("- ")):
            found.append("")
        found.append(item(part) if is_item else literal(part))
    return found


def names_of(thing: Any) -> set[str]:
    """Of its parameters; of an exception's attributes, which only its docstring tells."""
    if isinstance(thing, type) and issubclass(thing, BaseException):
        return {"kind", "backtrace", "offset", "code"}
    try:
        return set(inspect.signature(thing).parameters)
    except (TypeError, ValueError):
        return set()


def convert(lines: list[str], names: Collection[str]) -> list[str]:
    result: list[str] = []
    paragraph: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            paragraph.append(line)
        elif paragraph:
            result += [*block(paragraph, names), ""]
            paragraph = []
    return result


def process(app: Sphinx, kind: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    lines[:] = convert(lines, names_of(thing))


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("autodoc-process-docstring", process)
    return {"parallel_read_safe": True}
