"""What the folder of a sentence model says beside its weights: its numbers, and what follows the encoder.

Folders as transformers and sentence-transformers write them. The guest (guests/bert.c) computes a BERT
encoder, the mean of a text's rows, and its length made 1 or not; whatever else a folder asks for is a
ModelError. So are tensors that the guest would not read. All of it is untrusted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zcwasm
from zcwasm._core import ModelError
from zcwasm._models import language
from zcwasm._models.model_file import model_error
from zcwasm.guests import layouts

_MOST_JSON = 64 << 20
# Of the encoder's training, and of what is not used of it.
_UNUSED = ("pooler.dense.weight", "pooler.dense.bias", "embeddings.position_ids", "embeddings.token_type_ids")


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
    normalize: bool = True  # whether vectors get length 1
    lower_case: bool = False  # whether texts are made lower case before anything else


def read_text(path: Path) -> str:
    with open(path, encoding="utf-8") as file:
        try:
            text = file.read(_MOST_JSON + 1)
        except UnicodeDecodeError as error:
            raise ModelError(f"{path} is not UTF-8: {error.reason}") from None
    if len(text) > _MOST_JSON:
        raise ModelError(f"{path} has more than {_MOST_JSON} characters")
    return text


def _read_json(path: Path) -> Any:
    try:
        return json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is no JSON: {error!s:.100}") from None


def _read_object(path: Path) -> Mapping[str, Any]:
    found = _read_json(path)
    if not isinstance(found, dict):
        raise ModelError(f"{path} holds no JSON object")
    return found


def _read_if_there(path: Path) -> Mapping[str, Any]:
    return _read_object(path) if path.exists() else {}


@dataclass(frozen=True)
class Folder:
    """What a folder says: where the encoder lies, and what follows it."""

    encoder: Path
    normalize: bool
    pooling: Path

    @classmethod
    def read(cls, folder: Path) -> Folder:
        path = folder / "modules.json"
        if not path.exists():  # made by transformers, or a copy of the encoder alone
            return cls(folder, True, folder / "1_Pooling" / "config.json")
        modules = _read_json(path)
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
        if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
            raise ModelError(
                f"{path} has {', '.join(kinds)!s:.200}: supported are Transformer, Pooling and then, or not, "
                "Normalize"
            )
        return cls(places[0], len(kinds) == 3, places[1] / "config.json")


def read_config(folder: Folder, root: Path) -> Config:
    """The model's numbers. Raises ModelError for what is missing, odd or not supported, OSError."""
    path = folder.encoder / "config.json"
    found = _read_object(path)

    def must(key: str, allowed: object) -> None:
        if key in found and found[key] != allowed:
            raise ModelError(f"{path}: {key} is {found[key]!r:.100}, supported: {allowed!r}")

    def count(key: str, most: int) -> int:
        value = found.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise ModelError(f"{path}: {key} is {value!r:.100}, must be 1 to {most}")
        return value

    if language.is_decoder(folder.encoder):
        raise ModelError(
            f"{path}: model_type is {found['model_type']!r}, a language model's: the embed() of "
            "zcwasm.llm.Model gives its embeddings"
        )
    must("model_type", "bert")
    must("hidden_act", "gelu")
    must("position_embedding_type", "absolute")
    must("is_decoder", False)
    must("add_cross_attention", False)
    epsilon = found.get("layer_norm_eps", 1e-12)
    if isinstance(epsilon, bool) or not isinstance(epsilon, (int, float)) or not 0 <= epsilon < 1:
        raise ModelError(f"{path}: layer_norm_eps is {epsilon!r:.100}, must be 0 to 1")
    dim = count("hidden_size", layouts.BERT_MAX_DIM)
    heads, most = count("num_attention_heads", layouts.BERT_MAX_HEADS), layouts.ZC_ATTENTION_MAX_HEAD
    if dim % heads or dim // heads % 4 or dim // heads > most:
        raise ModelError(
            f"{path}: {heads} heads of {dim} columns are not supported: each must have a multiple of 4, "
            f"up to {most}"
        )
    _check_pooling(folder.pooling, dim)
    _check_prompts(root / "config_sentence_transformers.json")
    positions = count("max_position_embeddings", layouts.BERT_MAX_POSITIONS)
    own = _read_if_there(folder.encoder / "sentence_bert_config.json")
    lower_case = own.get("do_lower_case", False)
    if not isinstance(lower_case, bool):
        raise ModelError(
            f"sentence_bert_config.json: do_lower_case is {lower_case!r:.100}, must be true or false"
        )
    return Config(
        layers=count("num_hidden_layers", layouts.BERT_MAX_LAYERS),
        dim=dim,
        heads=heads,
        ff=count("intermediate_size", layouts.BERT_MAX_FF),
        vocab=count("vocab_size", layouts.BERT_MAX_VOCAB),
        positions=positions,
        types=count("type_vocab_size", layouts.BERT_MAX_TYPES),
        most_tokens=min(positions, _most_tokens(folder.encoder, own)),
        norm_epsilon=float(epsilon),
        normalize=folder.normalize,
        lower_case=lower_case,
    )


def _most_tokens(folder: Path, own: Mapping[str, Any]) -> int:
    """Of a text: what sentence-transformers' file says, or else the tokenizer's, which may say 1e30."""
    value, where = own.get("max_seq_length"), "sentence_bert_config.json: max_seq_length"
    if value is None:
        tokenizer = _read_if_there(folder / "tokenizer_config.json")
        value, where = tokenizer.get("model_max_length"), "tokenizer_config.json: model_max_length"
    if value is None:
        return 1 << 30
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 1:
        raise ModelError(f"{folder / where} is {value!r:.100}, must be at least 1")
    return int(min(value, 1 << 30))


def _check_pooling(path: Path, dim: int) -> None:
    """Pooling must be the mean."""
    found = _read_if_there(path)
    modes = [
        key.removeprefix("pooling_mode_") for key in found if key.startswith("pooling_mode_") and found[key]
    ]
    if found.get("pooling_mode_mean_tokens", "pooling_mode" not in found) and "mean_tokens" not in modes:
        modes.append("mean_tokens")
    if "pooling_mode" in found:
        modes.append(str(found["pooling_mode"]).replace("mean", "mean_tokens", 1))
    if set(modes) != {"mean_tokens"}:
        raise ModelError(
            f"{path} asks for {', '.join(modes) or 'no pooling'!s:.200}: supported is mean_tokens"
        )
    for key in ("word_embedding_dimension", "embedding_dimension"):
        if found.get(key, dim) != dim:
            raise ModelError(f"{path}: {key} is {found[key]!r:.100}, the encoder has {dim} columns")


def _check_prompts(path: Path) -> None:
    """Nothing may be put in front of every text."""
    found = _read_if_there(path)
    name, prompts = found.get("default_prompt_name"), found.get("prompts")
    if name is not None and not (
        isinstance(name, str) and isinstance(prompts, dict) and prompts.get(name) in ("", None)
    ):
        raise ModelError(f"{path}: default_prompt_name is {name!r:.100}: prompts are not supported")


def check_tensors(weights: zcwasm.Weights, config: Config, path: Path) -> None:
    """Raises ModelError for a tensor that is missing, of another shape, or not known."""
    found, unusable = weights.tensors, weights.unusable
    first = "embeddings.word_embeddings.weight"
    prefix = "" if first in found or first in unusable else "bert."
    known = {prefix + name for name in _UNUSED}
    for short, shape in _tensors(config):
        name = prefix + short
        known.add(name)
        tensor = found.get(name)
        if tensor is None:
            raise model_error(f"{path}: tensor {name} {unusable.get(name, 'is missing')}", None)
        if tensor.shape != shape:
            raise model_error(f"{path}: tensor {name} is {tensor.shape}, must be {shape}", tensor.offset)
    for name in (*found, *unusable):
        # With a prefix there may be heads beside the encoder ("cls."), which embeddings do not need.
        if name not in known and name.startswith(prefix):
            raise model_error(
                f"{path}: tensor {name} is not known: it would change the result "
                f"(config.json says {config.layers} layers)",
                found[name].offset if name in found else None,
            )


def _tensors(config: Config) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Name and shape of what guests/bert.c looks for."""
    dim, ff = config.dim, config.ff
    for name, rows in (("word", config.vocab), ("position", config.positions), ("token_type", config.types)):
        yield f"embeddings.{name}_embeddings.weight", (rows, dim)
    norms, dense = ["embeddings.LayerNorm"], []
    for index in range(config.layers):
        layer = f"encoder.layer.{index}."
        dense += [(f"{layer}attention.self.{name}", dim, dim) for name in ("query", "key", "value")]
        dense += [(f"{layer}attention.output.dense", dim, dim)]
        dense += [(f"{layer}intermediate.dense", ff, dim), (f"{layer}output.dense", dim, ff)]
        norms += [f"{layer}attention.output.LayerNorm", f"{layer}output.LayerNorm"]
    for name, rows, columns in dense:
        yield f"{name}.weight", (rows, columns)
        yield f"{name}.bias", (rows,)
    for name in norms:
        yield f"{name}.weight", (dim,)
        yield f"{name}.bias", (dim,)
