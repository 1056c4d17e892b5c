"""The README as package indexes show it, where links into the repository lead nowhere, and the project's
addresses; setup.py takes both from here.

Which repository that is, the build is told, by ZCWASM_REPOSITORY or, on GitHub's machines, by
GITHUB_SERVER_URL, GITHUB_REPOSITORY and GITHUB_SHA; then links become absolute, to the very commit. A build
that is not told keeps the links' words only.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

# [words](target), the target neither absolute nor within the page.
LINK = re.compile(r"\[([^\]]+)\]\((?![a-z]+:)([^)\s]+)\)")  # the same, or within the page
RELATIVE = re.compile(r"\[([^\]]+)\]\((?![a-z]+:|#)([^)\s]+)\)")


def repository(environment: Mapping[str, str] = os.environ) -> str | None:
    """Its address, without a slash at the end."""
    if chosen := environment.get("ZCWASM_REPOSITORY"):
        return chosen.rstrip("/")
    server, name = environment.get("GITHUB_SERVER_URL"), environment.get("GITHUB_REPOSITORY")
    return f"{server}/{name}" if server and name else None


def absolute(text: str, root: Path, address: str | None, commit: str = "HEAD") -> str:
    """`text` with no relative links; `root` says which of them are folders."""

    def replace(link: re.Match[str]) -> str:
        words, target = link.groups()
        if address is None:
            return words
        kind = "tree" if (root / target.partition("#")[0]).is_dir() else "blob"
        return f"[{words}]({address}/{kind}/{commit}/{target})"

    return RELATIVE.sub(replace, text)


def for_index(root: Path) -> str:
    """What goes into the metadata of this build."""
    text = (root / "README.md").read_text("utf-8")
    return absolute(text, root, repository(), os.environ.get("GITHUB_SHA") or "HEAD")


def addresses() -> dict[str, str]:
    """What an index shows beside the README; nothing where the repository is not known."""
    address = repository()
    if address is None:
        return {}
    commit = os.environ.get("GITHUB_SHA") or "HEAD"
    pages = {"Documentation": "docs", "Changelog": "CHANGELOG.md", "Security": "SECURITY.md"}
    found = {"Source": address, "Issues": f"{address}/issues"}
    for name, target in pages.items():
        kind = "blob" if target.endswith(".md") else "tree"
        found[name] = f"{address}/{kind}/{commit}/{target}"
    return found
