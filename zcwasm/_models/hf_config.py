"""A Hugging Face folder's config.json as metadata in GGUF's terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def read(config: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata as a GGUF file of the same model has it: "general.architecture", and under its prefix the
    numbers ("qwen3.block_count": 28).

    config: the object in config.json. Beside GGUF's keys there are "zcwasm.source", which is "folder",
    and "zcwasm.tied", whether the output's matrix is the embedding's: hf_names.plan reads them.
    Raises ModelError that names the key: for one that is missing, odd, not supported or not known.
    """
    raise NotImplementedError
