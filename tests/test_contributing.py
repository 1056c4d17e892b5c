"""CONTRIBUTING.md is true: its lists of places are where their examples stand, its tools and commands exist.

What a list leaves out is said there: comments and docstrings, generated files, tests, benchmarks, examples,
documentation, and what the list's own mark names. A list that is wrong is mended in CONTRIBUTING.md, unless
the change that broke it can do with fewer places.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "CONTRIBUTING.md"
if not PAGE.exists() or not (ROOT / ".ci" / "run").exists():
    pytest.skip("not in a checkout", allow_module_level=True)
TEXT = PAGE.read_text("utf-8")

SEARCHED = ("csrc", "zcwasm", "shaders", "buildtools", "setup.py", ".ci/run")
C_LIKE = {".c", ".h", ".m", ".def", ".inc", ".comp", ".glsl"}
GENERATED = re.compile(
    r"csrc/wasm3/.*|shaders/generated/.*|csrc/kernel/zc_kernel_fields\.inc|zcwasm/include/zcwasm(\.rs|_helpers\.h)"
    r"|zcwasm/guests/layouts\.py|zcwasm/llm/_options\.py"
)
MARK = re.compile(r"<!-- places of `([^`]+)`(?:, but for (.*?))? -->\n+((?:\d+\. .*\n(?: .*\n)*)+)")


class Places(NamedTuple):
    example: str  # a regular expression, at whose ends words end (an underscore ends a word)
    left_out: list[str]  # files and folders
    named: list[str]  # paths, as they are written


def lists() -> list[Places]:
    found = []
    for example, left_out, rows in MARK.findall(TEXT):
        named = [name for name in re.findall(r"`([^`\s]+)`", rows) if re.search(r"/|\.\w+$", name)]
        found.append(Places(example, re.findall(r"`([^`]+)`", left_out), named))
    return found


def without_comments(path: Path) -> str:
    """Nor docstrings: neither has to be changed."""
    text = path.read_text("utf-8")
    if path.suffix in C_LIKE:
        return re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.DOTALL)
    if path.suffix in {".py", ".pyi"}:
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(getattr(node, "body", None), list):
                node.body = [
                    line
                    for line in node.body  # type: ignore[attr-defined]
                    if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))
                ] or [ast.Pass()]
        return ast.unparse(tree)
    return re.sub(r"^\s*#.*", "", text, flags=re.MULTILINE)


@cache
def searched() -> dict[str, str]:
    """What is written by hand, without comments, by path."""
    found = {}
    for start in SEARCHED:
        place = ROOT / start
        for path in [place] if place.is_file() else sorted(place.rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            known = path.suffix in C_LIKE | {".py", ".pyi"} or start == ".ci/run"
            if known and path.is_file() and not GENERATED.fullmatch(name):
                found[name] = without_comments(path)
    return found


def where(places: Places) -> set[str]:
    word = re.compile(rf"(?<![A-Za-z0-9])(?:{places.example})(?![A-Za-z0-9])", re.IGNORECASE)
    return {
        name
        for name, text in searched().items()
        if word.search(f"{name}\n{text}")
        and not any(Path(name).is_relative_to(other) for other in places.left_out)
    }


def inside(name: str, folder: str) -> bool:
    return name == folder or (folder.endswith("/") and name.startswith(folder))


def test_there_are_lists() -> None:
    assert len(lists()) == TEXT.count("<!-- places of") >= 8


@pytest.mark.parametrize("places", lists(), ids=lambda places: places.example)
def test_places_are_those_of_the_example(places: Places) -> None:
    for name in [*places.named, *places.left_out]:
        assert (ROOT / name).exists(), f"CONTRIBUTING.md names {name}, which does not exist"
    found = where(places)
    # Tests and documentation are not searched; what is named of them must exist, that is all.
    named = [
        name for name in places.named if name.partition("/")[0] in {start.split("/")[0] for start in SEARCHED}
    ]
    more = sorted(name for name in found if not any(inside(name, other) for other in named))
    less = sorted(other for other in named if not any(inside(name, other) for name in found))
    assert not more, f"the list with `{places.example}` lacks {more}: name them there, or make them needless"
    assert not less, f"the list with `{places.example}` names {less}, where it does not stand: take them out"


def test_every_tool_is_explained() -> None:
    tools = {path.name for path in (ROOT / "buildtools").glob("*.py")}
    explained = set(re.findall(r"^\| `(\w+\.py)` \|", TEXT, re.MULTILINE))
    assert explained == tools


def test_the_steps_of_ci_exist() -> None:
    run = (ROOT / ".ci" / "run").read_text("utf-8")
    steps = set(re.findall(r"^step_(\w+)\(\)", run, re.MULTILINE))
    listed = run.partition('steps="\n')[2].partition('"')[0]
    assert {line.split()[0] for line in listed.splitlines() if line.strip("-")} == steps
    named = set(re.findall(r"bash \.ci/run (\w+)", TEXT))
    assert named
    assert named <= steps


def test_the_command_installs_what_ci_installs() -> None:
    run = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "-e '.[dev]'" in TEXT
    assert "-e '.[dev]'" in run


def test_the_named_test_exists() -> None:
    for file, name in re.findall(r"pytest (tests/\w+\.py)(?:::(\w+))?", TEXT):
        assert f"def {name}" in (ROOT / file).read_text("utf-8")
