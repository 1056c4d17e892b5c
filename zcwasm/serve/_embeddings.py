"""Embeddings: a request to its answer, on a thread. Pure but for the model, which is an embedding model, or a
language model that was trained to give them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias, Union

from zcwasm.llm import Model
from zcwasm.serve import _answers, _json, _requests
from zcwasm.serve._errors import find, invalid, refused

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from zcwasm import embed

Embedder: TypeAlias = Union["embed.Model", Model]


def embeddings(embedders: Mapping[str, Embedder], body: bytes) -> bytes:
    """The answer to a request for embeddings. Raises RequestError."""
    asked = _requests.embedding(_json.read(body))
    model = find(embedders, asked.model)
    if asked.dimensions not in (None, model.config.dim):
        raise invalid("dimensions", f"this model has {model.config.dim}", "unsupported_value")
    try:
        rows, tokens = _compute(model, asked.texts)
    except Exception as error:
        raise refused(error, "input") from error
    vectors = [base64.b64encode(row).decode() for row in rows] if asked.base64 else rows.tolist()
    data = [{"object": "embedding", "index": at, "embedding": each} for at, each in enumerate(vectors)]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    found = {"object": "list", "data": data, "model": asked.model, "usage": usage}
    return _answers.dump_in_pieces(found, 2).encode()  # each vector by itself


def _compute(model: Embedder, given: list[str | list[int]]) -> tuple[npt.NDArray[np.float32], int]:
    """The vectors, and of how many tokens they are."""
    texts = [each for each in given if isinstance(each, str)]
    if isinstance(model, Model):
        ids = [model.tokenize(each, special=False) if isinstance(each, str) else each for each in given]
        return model.embed(ids), sum(map(len, ids))
    if len(texts) < len(given):
        raise invalid("input", "this model takes texts, not tokens", "unsupported_value")
    return model.encode(texts), sum(map(len, model.tokenize(texts)))
