"""The code of README.md and docs/ runs as it stands there, and says what the pages say that it does."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pages
import pytest

sys.path += [str(pages.ROOT / "buildtools"), str(pages.ROOT / "docs" / "_ext")]

import docs

MODELS = ("smollm2-135m", "all-minilm-l6-v2")


def with_code() -> Iterator[Any]:
    """Pages that have some; slow are those that need real models."""
    for page in pages.PAGES:
        found = list(pages.blocks(page.read_text("utf-8")))
        models = any(need in MODELS for block in found for need in block.needs)
        if found:
            marks = [pytest.mark.slow] if models else []
            yield pytest.param(page, marks=marks, id=page.relative_to(pages.ROOT).as_posix())


@pytest.mark.parametrize("page", list(with_code()))
def test_the_code_of_a_page_runs(page: Path) -> None:
    for line in pages.run_in_folder(page):
        print(line)  # what was left out, and why


# What a command line names, and the need that stands for it in tests/pages.py.
TOOLS = {r"-m ziglang": "zig", r"^(?:/\S+/)?clang": "clang", r"^rustc": "rustc", r"^npx asc": "asc"}
TOOLS |= {r"^glslangValidator": "glslang"}


@pytest.mark.parametrize("page", pages.PAGES, ids=lambda page: page.relative_to(pages.ROOT).as_posix())
def test_commands_say_what_they_need(page: Path) -> None:
    """Else the page fails where the tool is not, though nothing is wrong with it."""
    for block in pages.blocks(page.read_text("utf-8")):
        if block.language == "bash" and not {"not run", "build", "test-command"} & set(block.marks):
            named = {need for tool, need in TOOLS.items() if re.search(tool, block.text, re.MULTILINE)}
            assert named <= set(block.needs), f"{page.name}:{block.line}"


def run(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(pages, "ROOT", folder)
    page = folder / "page.md"
    page.write_text(text)
    return pages.run_page(page)


def fence(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```\n"


def test_blocks_are_one_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "<!-- file: a.txt -->\n" + fence("text", "one") + fence("bash", "cat a.txt; echo two")
    text += "<!-- output -->\n" + fence("text", "one\n...o") + fence("python", "x = open('a.txt').read()")
    text += fence("python", "print(x)") + "This prints:\n\n<!-- output -->\n" + fence("text", "one")
    assert run(text, tmp_path, monkeypatch) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (fence("python", "1 / 0"), "page.md:1: Traceback.*ZeroDivisionError"),
        (fence("bash", "false"), "exit code 1"),
        (fence("python", "print(1)") + "<!-- output -->\n" + fence("text", "2"), "page.md:5: printed\n1"),
        (fence("c", "int x;"), "say which file it is"),
    ],
)
def test_what_is_wrong_is_found(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(pages.Failed, match=f"(?s){message}"):
        run(text, tmp_path, monkeypatch)


def test_what_a_section_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pages.NEEDS, "zig", lambda: False)
    text = "# Page\n## A\n<!-- needs: zig -->\n### A2\n" + fence("python", "1 / 0")
    text += "## B\n" + fence("python", "x = 1")
    assert run(text, tmp_path, monkeypatch) == ["page.md:5, A2: zig not here"]


def test_a_block_that_is_not_run_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "<!-- not run: it stands for a failure -->\n" + fence("python", "1 / 0")
    assert run(text, tmp_path, monkeypatch) == []
    for page in pages.PAGES:
        for block in pages.blocks(page.read_text("utf-8")):
            assert block.marks.get("not run", "why"), f"{page}:{block.line}"
            assert set(block.needs) <= pages.NEEDS.keys(), f"{page}:{block.line}"


# --- the site ---


def test_links_that_lead_nowhere_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<p id="here"><a href="b.html#there">b</a> <a href="#here">a</a>')
    (tmp_path / "b.html").write_text(
        '<h1 id="there"><a href="https://example.org/c.html">c</a> <a href="#">b</a>'
    )
    assert docs.dead_links(tmp_path) == []
    (tmp_path / "c.html").write_text('<a href="b.html#here">b</a> <img src="d.png"> <a href="a.html">a</a>')
    assert docs.dead_links(tmp_path) == ["c.html: b.html#here", "c.html: d.png"]


def test_docstrings_become_markup() -> None:
    convert = pytest.importorskip("plain_docstrings", reason="pip install '.[docs]'").convert
    text = [
        "Does *it*.",
        "",
        "x: the `first`. y, z: others; more.",
        "Raises ValueError.",
        "",
        "    x = 1",
        "",
    ]
    assert convert(text, {"x", "y", "z"}) == [
        r"Does \*it\*.",
        "",
        "- ``x``: the ``first``.",
        "- ``y``, ``z``: others; more.",
        "",
        "Raises ValueError.",
        "",
        ".. code-block:: python",
        "",
        "    x = 1",
        "",
    ]
    assert convert(["a: one", "    and more", "b: two"], ()) == ["- ``a``: one and more", "- ``b``: two", ""]
    assert convert(["See: nothing."], {"x"}) == ["See: nothing.", ""]


def test_the_pipeline_of_images_is_short() -> None:
    """As its page says: 100 images, a filter, a kernel and a pool are under 30 lines."""
    page = pages.ROOT / "docs" / "howto" / "images.md"
    program = next(
        block.text for block in pages.blocks(page.read_text("utf-8")) if block.language == "python"
    )
    assert program.count("\n") < 30
    for part in ("range(100)", "exports.median", "device.axpby", "zcwasm.Pool"):
        assert part in program
