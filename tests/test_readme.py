"""Links of the documentation: those into the repository exist; a package index gets a README without them."""

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
        for folder in ("docs", "csrc", "shaders", "benchmarks", "examples")
        for path in (ROOT / folder).glob("*.md")
    ),
    ROOT / "csrc" / "wasm3_patches" / "README.md",
]
TEXT = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_into_the_repository_exist(page: Path) -> None:
    for _, target in readme.RELATIVE.findall(page.read_text("utf-8")):
        assert (page.parent / target.partition("#")[0]).exists(), target


def test_links_become_absolute() -> None:
    assert len(readme.RELATIVE.findall(TEXT)) > 10
    text = readme.absolute(TEXT, ROOT, "https://example.org/zcwasm", "abc123")
    assert readme.RELATIVE.findall(text) == []
    assert "[docs/abi.md](https://example.org/zcwasm/blob/abc123/docs/abi.md)" in text
    assert "[examples/](https://example.org/zcwasm/tree/abc123/examples)" in text


def test_without_a_repository_the_words_stay() -> None:
    text = readme.absolute(TEXT, ROOT, None)
    assert re.findall(r"\]\((?!https?:|#)", text) == []
    assert "docs/abi.md" in text
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
