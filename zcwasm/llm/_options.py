"""Sampling's fields as keyword arguments. Made of _sampling.py by buildtools/guests.py; do not edit."""

from __future__ import annotations

from typing import TypedDict


class SamplingOptions(TypedDict, total=False):
    """Any fields of zcwasm.llm.Sampling."""

    temperature: float
    top_k: int | None
    top_p: float | None
    min_p: float | None
    repetition_penalty: float
    repetition_window: int | None
    seed: int | None
