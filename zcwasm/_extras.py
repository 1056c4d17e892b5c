"""Packages that only an extra installs: what to do where one is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_EXTRAS = {
    "tokenizers": "llm",
    "jinja2": "llm",
    "tqdm": "llm",
    "zstandard": "zstd",
    "slangpy": "glsl",
    "llguidance": "structured",
    "starlette": "serve",
    "uvicorn": "serve",
    "prometheus_client": "serve",
    "ray": "ray",
    "huggingface_hub": "hub",
}


@contextmanager
def needed_for(what: str) -> Iterator[None]:
    """Around imports: a ModuleNotFoundError of such a package says how to install it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in _EXTRAS:
            raise
        raise ModuleNotFoundError(
            f"{what} needs the package {error.name}: pip install 'zcwasm[{_EXTRAS[error.name]}]'",
            name=error.name,
        ) from None
