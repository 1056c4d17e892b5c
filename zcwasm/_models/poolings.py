"""1_Pooling/config.json, as sentence-transformers writes it: what of a text's rows is its vector.

It has a flag for each mode, or, in newer files, the name of the mode in pooling_mode.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zcwasm._models.encoders import Pooling
from zcwasm._models.model_file import model_error

_MODES: Mapping[str, Pooling] = {
    "mean_tokens": "mean",
    "mean": "mean",
    "cls_token": "cls",
    "cls": "cls",
    "max_tokens": "max",
    "max": "max",
    "lasttoken": "last",
}


def read(path: str, found: Mapping[str, Any], dim: int) -> Pooling:
    """path: how errors call the file. found: what it says; nothing is the mean. dim: columns of the model.
    Raises ModelError for what is not supported, or not clear."""
    modes = [
        key.removeprefix("pooling_mode_") for key in found if key.startswith("pooling_mode_") and found[key]
    ]
    if found.get("pooling_mode_mean_tokens", "pooling_mode" not in found) and "mean_tokens" not in modes:
        # What is not said counts only where nothing else is.
        modes += [] if modes and "pooling_mode_mean_tokens" not in found else ["mean_tokens"]
    if "pooling_mode" in found:
        modes.append(str(found["pooling_mode"]))
    kinds = {_MODES.get(mode) for mode in modes}
    kind = next(iter(kinds), None)
    if len(kinds) != 1 or kind is None:
        raise model_error(
            f"{path} asks for {', '.join(modes) or 'no pooling'!s:.200}: supported is one of "
            f"{', '.join(_MODES)}",
            None,
        )
    if found.get("include_prompt", True) is not True:
        raise model_error(
            f"{path}: include_prompt is {found['include_prompt']!r:.100}, supported: True", None
        )
    for key in ("word_embedding_dimension", "embedding_dimension"):
        if found.get(key, dim) != dim:
            raise model_error(f"{path}: {key} is {found[key]!r:.100}, the model has {dim} columns", None)
    return kind
