"""The real models of tests, fetched once into the cache; tests are skipped where they cannot be had.
`python tests/models.py` fetches them all, or fails."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import zcwasm
from zcwasm._models import fetch


@cache
def _try(name: str) -> Path | str:
    try:
        return fetch.fetch(name)
    except zcwasm.FetchError as error:
        return str(error)


def real_model(name: str) -> Path:
    """Where the model of that name lies. Skips the test, with the reason, when it cannot be fetched."""
    found = _try(name)
    if isinstance(found, str):
        pytest.skip(f"{name}: {found}")
    return found


if __name__ == "__main__":
    for each in fetch.MODELS:
        print(fetch.fetch(each, progress=True))
