"""Embeddings: a request to its answer, on a thread. Pure but for the model."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING

from zcwasm.serve import _answers, _json, _requests
from zcwasm.serve._errors import find, invalid

if TYPE_CHECKING:
    from zcwasm import embed


def embeddings(embedders: Mapping[str, embed.Model], body: bytes) -> bytes:
    """The answer to a request for embeddings. Raises RequestError."""
    asked = _requests.embedding(_json.read(body))
    model: embed.Model = find(embedders, asked.model)
    if asked.dimensions not in (None, model.config.dim):
        raise invalid("dimensions", f"this model has {model.config.dim}", "unsupported_value")
    rows = model.encode(asked.texts)
    vectors = [base64.b64encode(row).decode() for row in rows] if asked.base64 else rows.tolist()
    tokens = sum(map(len, model.tokenize(asked.texts)))
    data = [{"object": "embedding", "index": at, "embedding": each} for at, each in enumerate(vectors)]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return _answers.dump({"object": "list", "data": data, "model": asked.model, "usage": usage}).encode()
