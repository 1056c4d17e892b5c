"""The JSON files of a folder: the one place that reads them, and bounds what they take.

All raise OSError, and ModelError without the path: whoever knows how to call the file says it
(model_file.naming).
"""

from __future__ import annotations

import json
from typing import Any

from zcwasm._models.model_file import Path, model_error, open_plain

_MOST_BYTES = 64 << 20
_MOST_VALUES = 1 << 22  # of a file; Gemma's tokenizer.json has 1.8 million


def read_text(path: Path) -> str:
    with open_plain(path) as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise model_error(f"has more than {_MOST_BYTES} bytes", None)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise model_error(f"is not UTF-8: {error.reason}", None) from None


def read(path: Path, *, unique: bool = True) -> Any:
    """unique: whether a name that an object has twice is an error; else the last one counts."""
    text = read_text(path)
    # Each value takes many times its characters.
    if text.count(",") + text.count("[") + text.count("{") > _MOST_VALUES:
        raise model_error(f"has more than {_MOST_VALUES} values", None)
    try:
        return json.loads(text, object_pairs_hook=_unique if unique else None)
    except (ValueError, RecursionError) as error:
        raise model_error(f"is no JSON: {error!s:.100}", None) from None


def read_object(path: Path, *, unique: bool = True) -> dict[str, Any]:
    found = read(path, unique=unique)
    if not isinstance(found, dict):
        raise model_error("holds no JSON object", None)
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise ValueError(f"{name!r:.100} is there twice")
            seen.add(name)
    return result
