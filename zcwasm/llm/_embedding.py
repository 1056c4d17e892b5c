"""Embeddings of texts by a language model: the last layer's states, pooled and normed.

Texts are packed into steps of many rows in an engine of their own (_engine.py); one that does not fit into a
step goes on in the next one. Model.embed has one for each call, an Embedder keeps one.

Threads: an Embedder, one at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from zcwasm import _arguments
from zcwasm._core import ModelError
from zcwasm.guests import layouts
from zcwasm.llm import _engine
from zcwasm.llm._fit import ContextError

if TYPE_CHECKING:
    from zcwasm.llm._model import Model

#: Of what a text's embedding is made: the mean of its tokens' states, or its last token's.
Pooling = Literal["mean", "last"]

_POOLINGS: dict[int, Pooling] = {1: "mean", 3: "last"}  # GGUF's numbers
_ROWS = {"mean": 128, "last": 512}  # of a step, and its outputs, each of which has room for logits
_OUTPUTS = {"mean": 128, "last": 64}
_PAGE = 32


def pooling_of(model: Model, asked: object) -> Pooling:
    """What is asked for, or what the file says."""
    if asked is not None:
        if asked == "mean":
            return "mean"
        if asked == "last":
            return "last"
        raise ValueError(f"pooling is {asked!r:.100}, must be 'mean' or 'last'")
    key = f"{model.config.architecture}.pooling_type"
    kind = model.weights.metadata.get(key, 0)
    if kind not in _POOLINGS:
        raise ModelError(f"{key} is {kind!r:.40}: the file does not say how it pools, so give pooling=")
    return _POOLINGS[kind]


@dataclass(slots=True)
class _Part:
    """Tokens of a text that one step computes."""

    text: int
    first: int
    count: int
    last: bool  # of the text


def _steps(lengths: Sequence[int], rows: int, outputs: int) -> Iterator[list[_Part]]:
    """The parts of each step, in the order of the texts."""
    parts: list[_Part] = []
    left = rows
    for text, length in enumerate(lengths):
        first = 0
        while first < length:
            if not left or len(parts) == outputs:
                yield parts
                parts, left = [], rows
            count = min(left, length - first)
            parts.append(_Part(text, first, count, first + count == length))
            first, left = first + count, left - count
    if parts:
        yield parts


class _Pages:
    """Pages of the texts that are not finished."""

    def __init__(self, count: int) -> None:
        self._free = list(range(count))
        self._of: dict[int, list[int]] = {}

    def reach(self, text: int, tokens: int) -> npt.NDArray[np.uint32]:
        pages = self._of.setdefault(text, [])
        while len(pages) * _PAGE < tokens:
            pages.append(self._free.pop())
        return np.array(pages, np.uint32)

    def finish(self, text: int) -> None:
        self._free += self._of.pop(text)


def embed(model: Model, texts: Sequence[Any], pooling: object, normalize: object) -> npt.NDArray[np.float32]:
    """Model.embed."""
    kind, unit = pooling_of(model, pooling), _arguments.flag("normalize", normalize)
    if isinstance(texts, (str, bytes)) or not isinstance(texts, Sequence):
        raise TypeError(f"texts must be a sequence of texts, not {type(texts).__name__}")
    ids = [ids_of(model, f"texts[{at}]", text) for at, text in enumerate(texts)]
    if not ids:
        return np.zeros((0, model.config.dim), np.float32)
    lengths = [len(each) for each in ids]
    with _start(model, kind, max(lengths), sum(lengths)) as engine:
        return _compute(engine, ids, kind, unit)


class Embedder:
    """Model.embed for many calls, which make no engine anew: it is as large as the longest text took."""

    _LEAST = 512  # tokens of a text that it has room for

    def __init__(self, model: Model) -> None:
        self.model = model
        self._engine: _engine.Engine | None = None

    def compute(self, ids: Sequence[npt.NDArray[np.uint32]]) -> npt.NDArray[np.float32]:
        """Of what ids_of gave. Raises ModelError for a model that does not say how it pools."""
        kind = pooling_of(self.model, None)
        if not ids:
            return np.zeros((0, self.model.config.dim), np.float32)
        longest = max(map(len, ids))
        if self._engine is None or self._engine.context < longest:
            self.close()
            room = min(max(self._LEAST, 1 << (longest - 1).bit_length()), self.model.config.context)
            self._engine = _start(self.model, kind, room, _ROWS[kind])
        return _compute(self._engine, ids, kind, True)

    def close(self) -> None:
        """Give the memory back; the next call takes it anew."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()


def _start(model: Model, kind: Pooling, longest: int, tokens: int) -> _engine.Engine:
    """With room for texts of so many tokens at most, of which there are so many in all, or more."""
    rows = min(_ROWS[kind], tokens)
    outputs = min(_OUTPUTS[kind], rows)
    pages = -(-longest // _PAGE) + rows // _PAGE + outputs + 1
    return _engine.Engine(model, sequences=outputs, context=longest, pages=pages, page=_PAGE, rows=rows)


def _compute(
    engine: _engine.Engine, ids: Sequence[npt.NDArray[np.uint32]], kind: Pooling, unit: bool
) -> npt.NDArray[np.float32]:
    model = engine.model
    lengths = [len(each) for each in ids]
    result = np.zeros((len(ids), model.config.dim), np.float32)
    norm = _Norm(model)
    free = _Pages(engine.pages)
    for parts in _steps(lengths, engine.rows, engine.sequences):
        step, wanted = _step(engine, free, ids, parts, kind)
        engine.run(step)
        states = norm.apply(engine.hidden()) if len(wanted) else None
        if states is not None:
            np.add.at(result, wanted, states)
        for part in parts:
            if part.last:
                free.finish(part.text)
    if kind == "mean":
        result /= np.array(lengths, np.float32)[:, None]
    if unit:
        result /= np.maximum(np.sqrt(np.square(result).sum(axis=1, keepdims=True)), np.float32(1e-12))
    return result


def ids_of(model: Model, name: str, text: Any) -> npt.NDArray[np.uint32]:
    """The tokens of a text, or of a row of ids; it is called `name` in errors."""
    given = model.tokenize(text, special=False) if isinstance(text, str) else text
    ids = _arguments.token_ids(name, given, model.config.vocab)
    if not len(ids):
        raise ValueError(f"{name} has no tokens")
    if len(ids) > model.config.context:
        raise ContextError(
            f"{name} has {len(ids)} tokens, the model's context has room for {model.config.context}"
        )
    return ids


class _Norm:
    """The output's: an RMS norm, or a layer norm with or without a bias."""

    def __init__(self, model: Model) -> None:
        tensors = model.weights.tensors
        self._weight = np.array(tensors["output_norm.weight"].array(), np.float32)
        bias = tensors.get("output_norm.bias")
        self._bias = np.float32(0) if bias is None else np.array(bias.array(), np.float32)
        self._centered = bool(model.config.norms & layouts.LLAMA_NORM_LAYER)
        self._epsilon = model.config.norm_epsilon

    def apply(self, states: npt.NDArray[np.float32]) -> Any:
        """(rows, dim)."""
        if self._centered:
            states = (states - states.mean(axis=1, dtype=np.float64, keepdims=True)).astype(np.float32)
        mean = np.square(states, dtype=np.float64).mean(axis=1, keepdims=True)
        return states / np.sqrt(mean + self._epsilon).astype(np.float32) * self._weight + self._bias


def _step(
    engine: _engine.Engine,
    free: _Pages,
    ids: Sequence[npt.NDArray[np.uint32]],
    parts: Sequence[_Part],
    kind: Pooling,
) -> tuple[_engine.Step, npt.NDArray[np.intp]]:
    """A step, and of each of its outputs the text."""
    rows = sum(part.count for part in parts)
    tokens, positions, places = np.zeros((3, rows), np.uint32)
    spans = np.zeros((rows, 3), np.uint32)
    pieces: list[tuple[int, int, bool]] = []
    wanted: list[tuple[int, int]] = []  # row, text
    at = 0
    for slot, part in enumerate(parts):
        end, behind = part.first + part.count, at + part.count
        pages = free.reach(part.text, end)
        engine.tables[slot, : len(pages)] = pages
        here = np.arange(part.first, end, dtype=np.uint32)
        tokens[at:behind] = ids[part.text][part.first : end]
        positions[at:behind] = here
        places[at:behind] = pages[here // _PAGE] * np.uint32(_PAGE) + here % _PAGE
        spans[at:behind, 1] = here + 1
        spans[at:behind, 2] = slot * engine.pages_each
        pieces.append((at, part.count, True))
        if kind == "mean":
            wanted += [(row, part.text) for row in range(at, behind)]
        elif part.last:
            wanted.append((behind - 1, part.text))
        at = behind
    outputs = _engine.outputs(len(wanted))
    outputs["row"] = [row for row, _ in wanted]
    return (
        _engine.Step(tokens, positions, places, spans, pieces, outputs, only_hidden=True),
        np.array([text for _, text in wanted], np.intp),
    )
