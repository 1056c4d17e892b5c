"""zcwasm inspect for models: what files hold, and what this package makes of them.

Files that cannot be read at all are errors, as everywhere. What can be read and not be run is shown, with the
reason. No matrix is read, but for those of which others are made when a model is opened (_models/making.py).
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import zcwasm
from zcwasm._models import bert_files, encoders, gguf, language

_SUFFIXES = (".gguf", ".safetensors")
_CONTEXT = 4096  # where nothing is said; Model.session's
_MOST_SHOWN = 20  # tensors that no kernel can use
_LANGUAGE, _ENCODER, _SCORER = "language model", "encoder", "cross-encoder"
# Of a Config, in the order of the text.
_NUMBERS = (
    *("layers", "dim", "heads", "kv_heads", "head_size", "ff", "experts", "experts_used", "vocab"),
    *("context", "most_tokens", "outputs"),
)


def is_model(path: str) -> bool:
    """By its name, or by how it begins. Raises OSError."""
    if os.path.isdir(path) or path.lower().endswith(_SUFFIXES):
        return True
    with open(path, "rb") as file:
        return file.read(4) == gguf.MAGIC


def look(path: str, context: int | None = None) -> dict[str, Any]:
    """What is known, ready for JSON; "refused" is why the model cannot be run, or None. context: for which
    memory is estimated. Raises OSError, and ModelError for files that are damaged."""
    root = Path(path)
    weights = zcwasm.Weights(bert_files.Folder.read(root).encoder if root.is_dir() else root)
    found: dict[str, Any] = {
        "file": path,
        "format": weights.format,
        "files": [{"name": os.fspath(each), "size": os.path.getsize(each)} for each in weights.paths],
        "size": weights.nbytes,
        "kind": None,
        "family": None,
        "numbers": None,
        "tokenizer": None,
        "template": None,
        "memory": None,
        "tensors": _types(weights),
        "unusable": dict(weights.unusable),
        "refused": None,
    }
    try:
        found["kind"], found["family"] = _named(root, weights)
        if found["kind"] == _LANGUAGE:
            _look_at_language(root, context, found)
        else:
            _look_at_encoder(root, context, found)
    except (zcwasm.ModelError, ModuleNotFoundError) as error:
        found["refused"] = str(error)
    return found


def _named(root: Path, weights: zcwasm.Weights) -> tuple[str, str | None]:
    """Kind and family, as the files say."""
    if weights.format == "safetensors" and not root.is_dir():
        raise zcwasm.ModelError("tensors alone are no model: its folder has config.json and tokenizer.json")
    if not root.is_dir():
        name = weights.metadata.get("general.architecture")
        kind = _ENCODER if encoders.is_encoder(weights.metadata) else _LANGUAGE
        if kind == _ENCODER and encoders.scores(weights.metadata, weights.tensors):
            kind = _SCORER
        return kind, name if isinstance(name, str) else None
    folder = bert_files.Folder.read(root).encoder
    said = bert_files.read_object(folder / "config.json")
    name, made = said.get("model_type"), said.get("architectures")
    family = name if isinstance(name, str) else None
    if language.is_decoder(folder) or family not in encoders.KINDS:
        return _LANGUAGE, family
    scores = isinstance(made, list) and any(str(each).endswith("SequenceClassification") for each in made)
    return _SCORER if scores else _ENCODER, family


def _look_at_language(root: Path, context: int | None, found: dict[str, Any]) -> None:
    from zcwasm.llm import Model
    from zcwasm.llm._kept import Form

    with Model.open(root, zcwasm.Device("cpu"), pack=False) as model:
        config, metadata = model.config, model.weights.metadata
        found["family"] = config.architecture
        windows = sorted({window for window, _ in config.layer_table if window})
        found["numbers"] = {**_numbers(config), "windows": windows}
        found["template"] = "tokenizer.chat_template" in metadata
        found["tokenizer"] = _tokenizer(model, metadata)
        if context is None:
            context = min(config.context, _CONTEXT)
        with model.session(context=context) as session:
            of_session = session._instance.memory.size
        types = {"f16": config.cache_bytes(context, "f16")}
        with suppress(ValueError):  # not for all heads
            Form.check(config, context, "q8_0", False, 1)
            types["q8_0"] = config.cache_bytes(context, "q8_0")
        # The cache is a part of the session's memory.
        found["memory"] = {
            "context": context,
            "weights": model.weights.nbytes,
            "made": _made(model.weights),
            "session": of_session,
            "cache": types,
            "total": model.weights.nbytes + of_session,
        }


def _look_at_encoder(root: Path, context: int | None, found: dict[str, Any]) -> None:
    from zcwasm import embed

    kind = embed.CrossEncoder if found["kind"] == _SCORER else embed.Model
    with kind.open(root, zcwasm.Device("cpu")) as model:
        found["family"] = model.config.family
        found["numbers"] = {
            **_numbers(model.config),
            "pooling": model.config.pooling,
            "normalize": model.config.normalize,
        }
        found["tokenizer"] = {"kind": _said_kind(model.weights.metadata), "tokens": None, "refused": None}
        size = model.weights.nbytes
        found["memory"] = {"weights": size, "made": _made(model.weights), "total": size}


def _made(weights: zcwasm.Weights) -> int:
    """Bytes of the weights that no file has."""
    return sum(len(view) for view in weights._views()[len(weights.paths) :])


def _numbers(config: Any) -> dict[str, int]:
    return {name: getattr(config, name) for name in _NUMBERS if getattr(config, name, 0)}


def _said_kind(metadata: Mapping[str, Any]) -> str:
    """Which tokenizer the files say they have."""
    words = [metadata.get(f"tokenizer.ggml.{key}") for key in ("model", "pre")]
    return ", ".join(str(word)[:40] for word in words if isinstance(word, str)) or "tokenizer.json"


def _tokenizer(model: Any, metadata: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": _said_kind(metadata), "tokens": None, "refused": None}
    try:
        found["tokens"] = len(model.tokenizer)
    except (zcwasm.ModelError, OSError, ModuleNotFoundError) as error:
        found["refused"] = str(error)
    return found


def _types(weights: zcwasm.Weights) -> list[dict[str, Any]]:
    """Tensors by type, those with most bytes first."""
    types: dict[str, dict[str, Any]] = {}
    for tensor in weights.tensors.values():
        row = types.setdefault(tensor.type, {"type": tensor.type, "count": 0, "elements": 0, "bytes": 0})
        row["count"] += 1
        row["elements"] += math.prod(tensor.shape)
        row["bytes"] += tensor.nbytes
    return sorted(types.values(), key=lambda row: -int(row["bytes"]))


# --- as text ---


def shown(text: str) -> str:
    """A text from a file, without what a terminal would obey."""
    return text if text.isprintable() else repr(text)


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    count = len(found["files"])
    files = "" if count == 1 else f" in {count} files"
    kind = ", ".join(shown(found[key]) for key in ("kind", "family") if found[key])
    yield f"{found['file']}: {found['size']:,} bytes{files}, {found['format']}: {kind or 'no model'}"
    for name, value in _rows(found):
        yield f"  {name:<14}{value}"
    yield "tensors"
    for row in found["tensors"]:
        yield (
            f"  {row['type']:<14}{row['count']:>6,} of {row['elements']:>17,} elements,"
            f" {row['bytes']:>17,} bytes"
        )
    unusable = found["unusable"]
    if unusable:
        yield f"tensors that no kernel can use: {len(unusable):,}"
        for name, why in list(unusable.items())[:_MOST_SHOWN]:
            yield f"  {shown(name)}: {shown(why)}"
    if found["refused"]:
        yield f"refused: {shown(found['refused'])}"


def _rows(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    numbers = found["numbers"]
    if numbers:
        heads = f"{numbers['heads']} heads"
        if "kv_heads" in numbers:
            heads += f" of {numbers['head_size']} elements, {numbers['kv_heads']} of keys and values"
        yield "layers", f"{numbers['layers']} of {numbers['dim']:,} columns, {heads}"
        yield "feed-forward", f"{numbers['ff']:,} columns"
        if "experts" in numbers:
            yield "experts", f"{numbers['experts']}, {numbers['experts_used']} of them for a token"
        yield "vocabulary", f"{numbers['vocab']:,} tokens"
        most = numbers.get("context", numbers.get("most_tokens"))
        windows = ", ".join(f"{window:,}" for window in numbers.get("windows", ()))
        yield "context", f"{most:,} tokens" + (f", windows of {windows} in some layers" if windows else "")
        if "pooling" in numbers:
            normalized = " of length 1" if numbers["normalize"] else ""
            yield "gives", f"{numbers['outputs']:,} columns, pooling {numbers['pooling']}{normalized}"
    if found["tokenizer"]:
        tokenizer = found["tokenizer"]
        count = "" if tokenizer["tokens"] is None else f": {tokenizer['tokens']:,} tokens"
        refused = f", refused: {shown(tokenizer['refused'])}" if tokenizer["refused"] else ""
        yield "tokenizer", f"{shown(tokenizer['kind'])}{count}{refused}"
    if found["template"] is not None:
        yield "template", "yes" if found["template"] else "none"
    memory = found["memory"]
    if memory:
        mapped = memory["weights"] - memory["made"]
        yield "memory", f"{memory['total']:,} bytes: {mapped:,} of weights, which are mapped"
        if memory["made"]:
            yield "", f"and {memory['made']:,} that are made of them at opening"
        if "session" in memory:
            cache = ", ".join(f"{size:,} as {name}" for name, size in memory["cache"].items())
            yield "", f"and a session's {memory['session']:,} for {memory['context']:,} tokens"
            yield "", f"(of which the cache: {cache})"
