"""A language model's files: GGUF, or a folder as transformers writes it, with what is read beside tensors.

config.json             the numbers, as metadata in GGUF's terms (hf_config.py)
model.safetensors, ...  the tensors (shards.py), by GGUF's names (hf_names.py)
tokenizer.json, ...     what zcwasm.llm.Tokenizer.from_folder reads, when it is asked for
chat_template.jinja, or chat_template in tokenizer_config.json
1_Pooling/config.json   of embedding models, as sentence-transformers writes them
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from zcwasm._models import (
    encoders,
    hf_config,
    hf_kinds,
    hf_names,
    json_files,
    parts,
    poolings,
    shards,
    weights_files,
)
from zcwasm._models.encoders import Pooling
from zcwasm._models.fp8 import Scales
from zcwasm._models.model_file import Header, Path, model_error, naming, open_plain

# GGUF's numbers, which has none for "max".
_POOLINGS: Mapping[Pooling, int] = {"mean": 1, "cls": 2, "last": 3}
_MOST_TEMPLATE = 1 << 20  # bytes; _chat.py takes less


class Metadata(dict[str, Any]):
    """Of a folder: as gguf.Metadata, but there."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        #: What others made of it, by names of theirs.
        self.made: dict[str, Any] = {}


@dataclass(frozen=True)
class Gguf:
    """What weights_files.py found, which must be GGUF; fused tensors become several."""

    files: weights_files.Files

    @property
    def paths(self) -> Sequence[Path]:
        return self.files.paths

    def read(self, views: Sequence[memoryview]) -> Header:
        header = self.files.read(views)
        if header.format != "gguf":
            raise model_error(
                f"{os.fspath(self.paths[0])}: is a {header.format} file: a language model is a GGUF file, or "
                "a folder with config.json and safetensors files",
                None,
            )
        shapes = {entry.name: entry.shape for entry in header.tensors}
        with naming(self.paths[0]):
            return parts.show(header, hf_names.parts_of_gguf(header.metadata, shapes))


@dataclass(frozen=True)
class Folder:
    folder: Path
    shards: shards.Shards

    @property
    def paths(self) -> Sequence[Path]:
        return self.shards.paths

    def read(self, views: Sequence[memoryview]) -> Header:
        header = self.shards.read(views)
        entries = {entry.name: entry for entry in (*header.tensors, *header.others.values())}
        with naming(self.folder):
            metadata = _metadata(self.folder)
            scales: Scales | None = metadata.get("zcwasm.fp8")
            beside = scales.beside(entries) if scales else set()
            shapes = {name: entry.shape for name, entry in entries.items() if name not in beside}
            planned = hf_names.plan(metadata, shapes)
            planned = scales.apply(planned, entries) if scales else planned
            return replace(parts.make(header, planned, views), metadata=metadata)


def find(path: Path) -> Gguf | Folder:
    """Raises ModelError for a folder that holds no language model, or not all of one."""
    if not os.path.isdir(path):
        return Gguf(weights_files.find(path))
    if not os.path.exists(os.path.join(path, "config.json")):
        found = sorted(name for name in os.listdir(path) if name.endswith(".gguf"))
        what = f": open {found[0]} in it" if found else ", which a folder with a language model has"
        if os.path.exists(os.path.join(path, "adapter_config.json")):
            what = ": it holds an adapter (adapter_config.json), which has to be merged into its model first"
        raise model_error(f"{os.fspath(path)}: is a folder that has no config.json{what}", None)
    return Folder(path, shards.find(path))


def is_decoder(folder: Path) -> bool:
    """Whether the folder's config.json is that of a language model, for zcwasm.llm."""
    return _read_if_there(folder, "config.json").get("model_type") in (*hf_kinds.KINDS, *hf_kinds.VISION)


def check_config(folder: Path) -> None:
    """Raises ModelError where config.json is neither a supported language model's nor an encoder's."""
    config = _config(folder)
    if not _is_encoder(config):
        hf_config.read(config)


def _config(folder: Path) -> dict[str, Any]:
    with naming("config.json"):
        return json_files.read_object(os.path.join(folder, "config.json"))


def _is_encoder(config: Mapping[str, Any]) -> bool:
    return str(config.get("model_type")) in encoders.KINDS


def _metadata(folder: Path) -> Metadata:
    config = _config(folder)
    if _is_encoder(config):
        raise model_error("config.json: model_type is that of an encoder, for zcwasm.embed.Model.open", None)
    metadata = Metadata(hf_config.read(config))
    said = _read_if_there(folder, "tokenizer_config.json")
    metadata.update(_templates(folder, said))
    metadata.made["special tokens"] = _special_tokens(said)
    path, prefix = os.path.join("1_Pooling", "config.json"), metadata["general.architecture"]
    if pooling := _read_if_there(folder, path):
        kind = poolings.read(path, pooling, metadata[f"{prefix}.embedding_length"])
        if kind not in _POOLINGS:
            raise model_error(f"{path} asks for {kind}: supported is one of {', '.join(_POOLINGS)}", None)
        metadata[f"{prefix}.pooling_type"] = _POOLINGS[kind]
    return metadata


def _read_if_there(folder: Path, name: str) -> dict[str, Any]:
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return {}
    with naming(name):
        return json_files.read_object(path)


def _templates(folder: Path, said: Mapping[str, Any]) -> dict[str, str]:
    """That of the folder's own file, or those that tokenizer_config.json has: one, or some with names."""
    try:
        with (
            naming("chat_template.jinja"),
            open_plain(os.path.join(folder, "chat_template.jinja")) as file,
        ):
            data = file.read(_MOST_TEMPLATE + 1)
    except FileNotFoundError:
        given = said.get("chat_template")
    else:
        if len(data) > _MOST_TEMPLATE:
            raise model_error(f"chat_template.jinja: has more than {_MOST_TEMPLATE} bytes", None)
        try:
            given = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise model_error(f"chat_template.jinja: is not UTF-8: {error.reason}", None) from None
    key = "tokenizer.chat_template"
    if given is None:
        return {}
    if isinstance(given, str):
        return {key: given}
    found = {}
    for item in given if isinstance(given, list) else [given]:
        name, template = (item.get("name"), item.get("template")) if isinstance(item, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(template, str):
            raise model_error(
                "tokenizer_config.json: chat_template is neither a string nor a list of objects with name "
                "and template",
                None,
            )
        found[key if name == "default" else f"{key}.{name}"] = template
    return found


def _special_tokens(said: Mapping[str, Any]) -> dict[str, str]:
    """By the names that templates have for them."""
    found = {}
    for name in ("bos_token", "eos_token", "unk_token", "pad_token"):
        value = said.get(name)
        if isinstance(value, dict):
            value = value.get("content")
        if isinstance(value, str):
            found[name] = value
    return found
