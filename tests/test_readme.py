"""Links of the documentation lead to what exists; a package index gets a README without relative ones.

buildtools/docs.py checks those of the site.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "buildtools"))

import readme  # noqa: E402

PAGES = [
    *ROOT.glob("*.md"),
    *(
        path
        for folder in ("docs", "csrc", "shaders", "benchmarks", "examples", "zcwasm")
        for path in (ROOT / folder).rglob("*.md")
        if "wasm3" not in path.parts
    ),
]
TEXTS = (
    ".c",
    ".h",
    ".m",
    ".inc",
    ".def",
    ".py",
    ".pyi",
    ".md",
    ".comp",
    ".glsl",
    ".rs",
    ".cpp",
    ".sh",
    ".yml",
)
TEXT = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_into_the_repository_exist(page: Path) -> None:
    for _, target in readme.LINK.findall(prose(page)):
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


def prose(page: Path) -> str:
    """Without blocks of code."""
    return re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Of the headings, as GitHub and MyST make them."""
    titles = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_pages_that_files_name_exist() -> None:
    """Comments, docstrings and scripts send readers to pages of docs/."""
    listed = [*ROOT.glob("*.md"), *(ROOT / ".ci").iterdir(), *(ROOT / ".github").rglob("*.*")]
    for folder in ("benchmarks", "buildtools", "csrc", "docs", "examples", "shaders", "tests", "zcwasm"):
        listed += [path for path in (ROOT / folder).rglob("*") if path.suffix in TEXTS]
    named = {}
    for path in listed:
        if path.is_file() and path != Path(__file__):
            for name in re.findall(r"\bdocs/[\w/-]+\.md\b", path.read_text("utf-8")):
                named[name] = path
    assert len(named) > 5
    missing = {name: path for name, path in named.items() if not (ROOT / name).exists()}
    assert missing == {}


def test_every_page_is_in_the_contents() -> None:
    docs = ROOT / "docs"
    contents = set(re.findall(r"^[\w/-]+$", (docs / "index.md").read_text("utf-8"), re.MULTILINE))
    pages = {path.relative_to(docs).with_suffix("").as_posix() for path in docs.rglob("*.md")}
    assert pages - {"index"} == contents


def test_links_become_absolute() -> None:
    assert len(readme.RELATIVE.findall(TEXT)) > 10
    text = readme.absolute(TEXT, ROOT, "https://example.org/zcwasm", "abc123")
    assert readme.RELATIVE.findall(text) == []
    assert "[tutorial](https://example.org/zcwasm/blob/abc123/docs/tutorial.md)" in text
    assert "[examples](https://example.org/zcwasm/tree/abc123/examples)" in text


def test_without_a_repository_the_words_stay() -> None:
    text = readme.absolute(TEXT, ROOT, None)
    assert re.findall(r"\]\((?!https?:|#)", text) == []
    assert "tutorial" in text
    assert text.count("\n") == TEXT.count("\n")


def test_other_links_stay() -> None:
    kept = "[a](https://example.org/x) [b](#measured) [c](mailto:a@example.org) `x[0](y)`"
    assert readme.absolute(kept, ROOT, None).startswith(kept[:-10])


def test_the_repository_is_what_the_build_is_told() -> None:
    assert readme.repository({}) is None
    github = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "someone/zcwasm"}
    assert readme.repository(github) == "https://github.com/someone/zcwasm"
    assert (
        readme.repository({**github, "ZCWASM_REPOSITORY": "https://example.org/z/"})
        == "https://example.org/z"
    )


def test_addresses_of_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ZCWASM_REPOSITORY", "GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_SHA"):
        monkeypatch.delenv(name, raising=False)
    assert readme.addresses() == {}
    monkeypatch.setenv("ZCWASM_REPOSITORY", "https://example.org/z")
    found = readme.addresses()
    assert found["Source"] == "https://example.org/z"
    assert found["Changelog"] == "https://example.org/z/blob/HEAD/CHANGELOG.md"
    for address in found.values():
        if "/HEAD/" in address:
            assert (ROOT / address.partition("/HEAD/")[2]).exists(), address
