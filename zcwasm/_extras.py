"""Packages that only an extra installs: what to do where one is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_PACKAGES = ("tokenizers", "jinja2", "tqdm")


@contextmanager
def needed_for(what: str) -> Iterator[None]:
    """Around imports: a ModuleNotFoundError of such a package says how to install it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in _PACKAGES:
            raise
        raise ModuleNotFoundError(
            f"{what} needs the package {error.name}: pip install 'zcwasm[llm]'", name=error.name
        ) from None
