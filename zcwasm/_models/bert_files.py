"""What the folder of a sentence model says beside its weights: which modules follow the encoder, and prompts.

Folders as transformers and sentence-transformers write them. The encoder, pooling, Dense and Normalize are
done; whatever else a folder asks for is a ModelError. All of it is untrusted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from zcwasm._core import ModelError
from zcwasm._models import json_files, language, poolings
from zcwasm._models.encoders import Config, Kind, Step
from zcwasm._models.model_file import naming
from zcwasm.guests import layouts

_MOST_DENSE = 8


def read_json(path: Path) -> Any:
    with naming(path):
        return json_files.read(path)


def read_object(path: Path) -> Mapping[str, Any]:
    with naming(path):
        return json_files.read_object(path)


def read_if_there(path: Path) -> Mapping[str, Any]:
    return read_object(path) if path.exists() else {}


@dataclass(frozen=True)
class Folder:
    """What a folder says: where the encoder lies, and what follows it."""

    root: Path
    encoder: Path
    normalize: bool
    pooling: Path
    dense: tuple[Path, ...] = ()

    @classmethod
    def read(cls, folder: Path) -> Folder:
        path = folder / "modules.json"
        if not path.exists():  # made by transformers, or a copy of the encoder alone
            return cls(folder, folder, True, folder / "1_Pooling" / "config.json")
        modules = read_json(path)
        if not isinstance(modules, list) or not all(isinstance(module, dict) for module in modules):
            raise ModelError(f"{path} holds no JSON array of objects")
        kinds, places = [], []
        for module in modules:
            kind, place = module.get("type"), module.get("path")
            if not isinstance(kind, str) or not isinstance(place, str) or place in (".", ".."):
                raise ModelError(f"{path}: a module without type or path")
            if not re.fullmatch(r"[\w .+-]{0,200}", place):
                raise ModelError(f"{path}: path {place!r:.100} is not a folder beside it")
            kinds.append(kind.rpartition(".")[2])
            places.append(folder / place)
        normalize = kinds[-1:] == ["Normalize"]
        dense = kinds[2 : len(kinds) - normalize]
        if kinds[:2] != ["Transformer", "Pooling"] or {*dense} - {"Dense"} or len(dense) > _MOST_DENSE:
            raise ModelError(
                f"{path} has {', '.join(kinds)!s:.200}: supported are Transformer, Pooling and then, or not, "
                f"up to {_MOST_DENSE} Dense, and Normalize"
            )
        return cls(folder, places[0], normalize, places[1] / "config.json", tuple(places[2 : 2 + len(dense)]))


def read_config(folder: Folder) -> tuple[Config, Kind]:
    """The model's numbers, and what kind of a folder it is. Raises OSError, and ModelError for what is
    missing, odd or not supported."""
    path = folder.encoder / "config.json"
    if language.is_decoder(folder.encoder):
        found = read_object(path)
        raise ModelError(
            f"{path}: model_type is {found['model_type']!r}, a language model's: the embed() of "
            "zcwasm.llm.Model gives its embeddings"
        )
    own = read_if_there(folder.encoder / "sentence_bert_config.json")
    lower_case = own.get("do_lower_case", False)
    if not isinstance(lower_case, bool):
        raise ModelError(
            f"sentence_bert_config.json: do_lower_case is {lower_case!r:.100}, must be true or false"
        )
    from zcwasm._models import encoder_config  # which reads families of decoders, too

    said, most = read_object(path), most_tokens(folder.encoder, own)
    with naming(folder.encoder):
        kind = encoder_config.kind_of(said)
        config = encoder_config.read(said, most)
    steps = _read_dense(folder.dense, config.dim)
    pooling = poolings.read(str(folder.pooling), read_if_there(folder.pooling), config.dim)
    config = replace(config, pooling=pooling, steps=steps, normalize=folder.normalize, lower_case=lower_case)
    return config, kind


@dataclass(frozen=True)
class Scorer:
    """What the folder of a cross-encoder says."""

    config: Config
    kind: Kind
    names: list[tuple[str, str]]  # of the steps' matrices and norms
    activation: Literal["sigmoid", "none"]


def usual_activation(config: Config) -> Literal["sigmoid", "none"]:
    """Where the files do not say what is done with scores."""
    return "sigmoid" if config.outputs == 1 else "none"


_SCORES: Mapping[str, Literal["sigmoid", "none"]] = {"Sigmoid": "sigmoid", "Identity": "none"}


def read_scorer(folder: Path) -> Scorer:
    """Raises ModelError for what is missing, odd or not supported, OSError."""
    from zcwasm._models import encoder_config

    said, most = read_object(folder / "config.json"), most_tokens(folder, {})
    with naming(folder):
        kind = encoder_config.kind_of(said)
        config = encoder_config.read(said, most)
        pooling, steps, names = encoder_config.scored(said, kind)
    config = replace(config, pooling=pooling, steps=steps, normalize=False)
    key, own = "sentence_transformers.activation_fn", said.get("sentence_transformers")
    name = own.get("activation_fn") if isinstance(own, dict) else None
    if name is None:
        key = "sbert_ce_default_activation_function"
        name = said.get(key)
    if name is None:
        return Scorer(config, kind, names, usual_activation(config))
    activation = _SCORES.get(str(name).rpartition(".")[2])
    if activation is None:
        raise ModelError(f"{folder / 'config.json'}: {key} is {name!r:.100}, supported: {', '.join(_SCORES)}")
    return Scorer(config, kind, names, activation)


def most_tokens(folder: Path, own: Mapping[str, Any]) -> int:
    """Of a text: what sentence-transformers' file says, or else the tokenizer's, which may say 1e30."""
    value, where = own.get("max_seq_length"), "sentence_bert_config.json: max_seq_length"
    if value is None:
        tokenizer = read_if_there(folder / "tokenizer_config.json")
        value, where = tokenizer.get("model_max_length"), "tokenizer_config.json: model_max_length"
    if value is None:
        return 1 << 30
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 1:
        raise ModelError(f"{folder / where} is {value!r:.100}, must be at least 1")
    return int(min(value, 1 << 30))


_DENSE_KEYS = {"in_features", "out_features", "bias", "activation_function"}


def _read_dense(folders: Sequence[Path], columns: int) -> tuple[Step, ...]:
    steps = []
    for folder in folders:
        path = folder / "config.json"
        found = read_object(path)
        for key, value in found.items():
            if key not in _DENSE_KEYS and value is not None:
                raise ModelError(f"{path}: {key!s:.100} is {value!r:.100}: this key is not known")
        rows, bias = found.get("out_features"), found.get("bias", True)
        if found.get("in_features") != columns:
            raise ModelError(f"{path}: in_features is {found.get('in_features')!r:.100}, must be {columns}")
        if type(rows) is not int or not 1 <= rows <= layouts.BERT_MAX_DIM:
            raise ModelError(f"{path}: out_features is {rows!r:.100}, must be 1 to {layouts.BERT_MAX_DIM}")
        if not isinstance(bias, bool):
            raise ModelError(f"{path}: bias is {bias!r:.100}, must be true or false")
        name = found.get("activation_function", "torch.nn.modules.activation.Tanh")
        activation = _DENSE_ACTIVATIONS.get(str(name).rpartition(".")[2])
        if activation is None:
            raise ModelError(
                f"{path}: activation_function is {name!r:.100}, supported: {', '.join(_DENSE_ACTIVATIONS)}"
            )
        steps.append(Step(rows, activation, bias=bias))
        columns = rows
    return tuple(steps)


_DENSE_ACTIVATIONS = {"Tanh": layouts.BERT_ACTIVATION_TANH, "Identity": layouts.BERT_ACTIVATION_NONE}


@dataclass(frozen=True)
class Prompts:
    """What may be put in front of texts, by name, and the one that is where nothing else is asked for."""

    texts: Mapping[str, str]
    default: str = ""

    @classmethod
    def read(cls, path: Path) -> Prompts:
        found = read_if_there(path)
        name, prompts = found.get("default_prompt_name"), found.get("prompts") or {}
        if not isinstance(prompts, dict):
            raise ModelError(f"{path}: prompts is {type(prompts).__name__}, must be an object")
        texts = {}
        for key, value in prompts.items():
            if not isinstance(value, str) and value is not None:
                raise ModelError(f"{path}: prompts.{key!s:.100} is {value!r:.100}, must be a text")
            texts[key] = value or ""
        if name is not None and (not isinstance(name, str) or name not in texts):
            raise ModelError(f"{path}: default_prompt_name is {name!r:.100}, which is none of its prompts")
        return cls(texts, texts[name] if name is not None else "")

    def choose(self, prompt: str | None, name: str | None) -> str:
        """What to put in front, of the two arguments that say it."""
        if prompt is not None and name is not None:
            raise ValueError("prompt and prompt_name: give one of them")
        for what, value in (("prompt", prompt), ("prompt_name", name)):
            if value is not None and not isinstance(value, str):
                raise TypeError(f"{what} is {type(value).__name__}, must be str")
        if prompt is not None:
            return prompt
        if name is None:
            return self.default
        if name not in self.texts:
            raise ValueError(
                f"prompt_name is {name!r:.100}, this model has {', '.join(self.texts) or 'none'}"
            )
        return self.texts[name]
