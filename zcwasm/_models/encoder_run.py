"""One run of the guest bert.wasm: texts' ids to rows of vectors or scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

import zcwasm
from zcwasm import _guest
from zcwasm._models.encoders import POOLINGS, Config
from zcwasm.guests import layouts

_PROGRAM = _guest.Program("bert", layouts.BERT_VERSION, layouts.BERT_CONFIG, layouts.BERT_STATE)

Ids = Sequence[Sequence[int]]


def run(
    device: zcwasm.Device,
    weights: zcwasm.Weights,
    config: Config,
    ids: Ids,
    types: Ids | None = None,
    batch_tokens: int = 2048,
) -> npt.NDArray[np.float32]:
    """(len(ids), config.outputs), a view of the memory of a guest that nothing else uses. types: of the
    tokens; None: all are 0."""
    if not ids:
        return np.empty((0, config.outputs), np.float32)
    lengths = np.fromiter(map(len, ids), np.uint32, len(ids))
    tokens, longest = int(lengths.sum(dtype=np.uint64)), max(int(lengths.max()), 1)
    if tokens >= 1 << 30:
        raise ValueError(f"{tokens} tokens at once are more than a guest's memory holds")
    numbers = {
        "batch_tokens": batch_tokens,
        "most_tokens": longest,  # of these texts, for which there are tables of angles
        "ropes": len(config.bases),
        "pooling": POOLINGS[config.pooling],
        "steps": len(config.steps),
    }
    inputs = {"layers": _layers(config)}
    if config.bases:
        inputs["rope"] = _ropes(config, longest)
    if config.steps:
        inputs["steps"] = _steps(config)
    guest = _PROGRAM.start(device, weights, _PROGRAM.config_bytes(config, numbers), None, **inputs)
    guest.begin("prepare", len(ids), tokens)
    guest.array("lengths", len(ids), np.uint32)[:] = lengths
    _pack(guest.array("ids", tokens, np.uint32), ids)
    if types is not None:
        _pack(guest.array("types", tokens, np.uint32), types)
    guest.check(guest.exports.run())
    return guest.array("output", (len(ids), config.outputs), np.float32)


def _pack(packed: npt.NDArray[np.uint32], texts: Ids) -> None:
    at = 0
    for text in texts:
        packed[at : at + len(text)] = text
        at += len(text)


def _layers(config: Config) -> bytes:
    found = np.zeros(config.layers, layouts.BERT_LAYER)
    if config.local:
        found["local"] = config.local
        found["rope"] = found["local"] if len(config.bases) > 1 else 0
    return found.tobytes()


def _steps(config: Config) -> bytes:
    found = np.zeros(len(config.steps), layouts.BERT_STEP)
    found["rows"] = [step.rows for step in config.steps]
    found["activation"] = [step.activation for step in config.steps]
    return found.tobytes()


def _ropes(config: Config, positions: int) -> bytes:
    from zcwasm.llm._rope import Rope

    tables = np.zeros((len(config.bases), positions, config.dim // config.heads // 2, 2), np.float32)
    for table, base in zip(tables, config.bases, strict=True):
        Rope(base).fill(table, {})
    return tables.tobytes()
