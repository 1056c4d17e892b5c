"""Pages and links of the repository in the site.

Files such as csrc/README.md stay where they are: a page of the site that has

    ```{include} ../../csrc/README.md
    ```

shows one, and links to the file lead to that page. Links to other files of the repository lead to its
address, as in the README of the package index (buildtools/readme.py); where the build is not told one, only
the words stay.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

DOCS = Path(__file__).resolve().parent.parent
ROOT = DOCS.parent
sys.path.insert(0, str(ROOT / "buildtools"))

import readme  # noqa: E402

INCLUDE = re.compile(r"^```\{include\} (\S+)\n```$", re.MULTILINE)
FENCE = re.compile(r"^(`{3,}).*?^\1$", re.MULTILINE | re.DOTALL)
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")


def shown_files() -> dict[Path, Path]:
    """Files of the repository that a page shows, and that page."""
    return {
        (page.parent / name).resolve(): page
        for page in DOCS.rglob("*.md")
        for name in INCLUDE.findall(page.read_text("utf-8"))
    }


def follow(link: str, source: Path, page: Path, shown: dict[Path, Path]) -> str | None:
    """Where a link of `source` leads when `page` shows it: a path or an address, or None for nowhere."""
    name, _, anchor = link.partition("#")
    target = (source.parent / name).resolve()
    target = shown.get(target, target)
    if target.is_relative_to(DOCS):
        return os.path.relpath(target, page.parent) + (f"#{anchor}" if anchor else "")
    address = readme.repository()
    if address is None:
        return None
    kind = "tree" if target.is_dir() else "blob"
    commit = os.environ.get("GITHUB_SHA") or "HEAD"
    return f"{address}/{kind}/{commit}/{target.relative_to(ROOT).as_posix()}" + (
        f"#{anchor}" if anchor else ""
    )


def links(text: str, source: Path, page: Path, shown: dict[Path, Path]) -> str:
    def image(match: re.Match[str]) -> str:
        return f"![{match[1]}]({os.path.relpath(source.parent / match[2], page.parent)})"

    def link(match: re.Match[str]) -> str:
        if match.start() and match.string[match.start() - 1] == "!":
            return match[0]
        target = follow(match[2], source, page, shown)
        return match[1] if target is None else f"[{match[1]}]({target})"

    def prose(part: str) -> str:
        return readme.RELATIVE.sub(link, IMAGE.sub(image, part))

    result, at = [], 0
    for fence in FENCE.finditer(text):
        result += [prose(text[at : fence.start()]), fence[0]]
        at = fence.end()
    return "".join([*result, prose(text[at:])])


def read(app: Sphinx, docname: str, source: list[str]) -> None:
    page = Path(app.env.doc2path(docname))
    shown = shown_files()

    def include(match: re.Match[str]) -> str:
        file = (page.parent / match[1]).resolve()
        app.env.note_dependency(str(file))
        return links(file.read_text("utf-8"), file, page, shown)

    text = links(source[0], page, page, shown)
    source[0] = INCLUDE.sub(include, text)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", read)
    return {"parallel_read_safe": True}
