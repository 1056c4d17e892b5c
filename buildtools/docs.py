"""Makes the documentation's site: build/docs/html/index.html.

    python buildtools/docs.py

Needs zcwasm, installed, and the packages of its extra `docs`; no network. Every warning is an error, also
about references that lead nowhere. Then each link that stays on the site is followed: its file, and the
anchor in it, must be there.
"""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "docs"


class Page(HTMLParser):
    """What a page links to, and the anchors that it has."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors = {"", "top"}
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if value and name in ("href", "src"):
                self.links.add(value)
            elif value and name in ("id", "name"):
                self.anchors.add(value)


def dead_links(folder: Path) -> list[str]:
    """Of all pages below `folder`, each with its page."""
    pages = {path.resolve(): Page(path) for path in sorted(folder.rglob("*.html"))}
    dead = []
    for path, page in pages.items():
        for link in sorted(page.links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            known = pages.get(target)
            if not target.exists() or (known is not None and unquote(parts.fragment) not in known.anchors):
                dead.append(f"{path.relative_to(folder)}: {link}")
    return dead


def main() -> int:
    html = BUILD / "html"
    options = ["-q", "-W", "--keep-going", "-n", "-d", str(BUILD / "doctrees")]
    command = [sys.executable, "-m", "sphinx", *options, str(ROOT / "docs"), str(html)]
    BUILD.mkdir(parents=True, exist_ok=True)
    # Not from the repository, where the source of zcwasm would hide the installed package.
    found = [sys.executable, "-c", "import zcwasm; print(zcwasm.__version__, zcwasm.__path__[0])"]
    version, package = subprocess.run(
        found, cwd=BUILD, capture_output=True, text=True, check=True
    ).stdout.split(maxsplit=1)
    if not Path(package.strip()).is_relative_to(ROOT):
        print(f"the reference is that of zcwasm {version} in {package}, not of this checkout")
    status = subprocess.run(command, cwd=BUILD).returncode
    if status:
        return status
    dead = dead_links(html)
    print(*(f"leads nowhere: {each}" for each in dead), sep="\n", end="\n" if dead else "")
    print(f"{html.relative_to(ROOT) / 'index.html'}: made, {len(dead)} dead links")
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main())
