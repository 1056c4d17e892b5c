"""What a release must be: its tag is the version of pyproject.toml, and the changelog has a section for it.

    python buildtools/release.py v1.2.3

Exit code 1 with a sentence when it is not so. Standard library only.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def version(root: Path = ROOT) -> str:
    text = (root / "pyproject.toml").read_text("utf-8")
    found = re.search(r'^version = "([^"]+)"$', text, re.MULTILINE)  # no tomllib before Python 3.11
    if found is None:
        raise ValueError("pyproject.toml has no version")
    return found[1]


def mistake(tag: str, root: Path = ROOT) -> str | None:
    """Why this tag is no release of this source, or None."""
    here = version(root)
    if tag != f"v{here}":
        return f"the tag is {tag}, but pyproject.toml has version {here}: tag v{here}, or change the version"
    dated = rf"^## \[{re.escape(here)}\] - \d{{4}}-\d\d-\d\d$"
    if not re.search(dated, (root / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE):
        return f"CHANGELOG.md has no section '## [{here}] - YEAR-MONTH-DAY'"
    return None


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python buildtools/release.py TAG")
    sys.exit(mistake(sys.argv[1]))


if __name__ == "__main__":
    main()
