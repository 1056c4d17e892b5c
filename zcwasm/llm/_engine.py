"""Stands in for the engine until it is here."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

OUTPUT = np.dtype([("random", "<u8"), ("row", "<u4"), ("masked", "<u4"), ("temperature", "<f4"), ("top_k", "<u4"), ("top_p", "<f4"), ("min_p", "<f4"), ("token", "<u4"), ("reserved", "<u4")])


@dataclass(slots=True)
class Step:
    tokens: npt.NDArray[np.uint32]
    positions: npt.NDArray[np.uint32]
    places: npt.NDArray[np.uint32]
    spans: npt.NDArray[np.uint32]
    pieces: list[tuple[int, int, bool]]
    outputs: npt.NDArray[np.void]
    entries: npt.NDArray[np.uint32] | None = None
    keep_logits: bool = False


class Engine:
    def __init__(self, model, *, sequences, context, pages, page=32, rows=512, kv_dtype="f16", exact=False, mirror=None):
        raise NotImplementedError
