"""The safetensors files of a folder, as transformers writes them: one, or several with an index.

    model.safetensors
    model-00001-of-00002.safetensors, model-00002-of-00002.safetensors, model.safetensors.index.json:
        {"metadata": {...}, "weight_map": {TENSOR: FILE}}

A folder that has both is read as transformers reads it: the one file. The index must say of each tensor in
which file it is, and of no other. Its files lie beside it: a name that is a path is refused, wherever it
leads. What the folder itself has under such a name may be a link, as everything in the hub's cache is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from zcwasm._models import json_files, safetensors
from zcwasm._models.model_file import (
    MAX_TENSORS,
    Header,
    Path,
    join,
    model_error,
    naming,
    other_file,
)

ONE = "model.safetensors"
INDEX = "model.safetensors.index.json"
_FILE = re.compile(r"[\w.+ -]{1,200}\.safetensors", re.ASCII)
# What else may hold weights, so that the refusal can say what is there.
_OTHERS = (".bin", ".pt", ".pth", ".safetensors", ".gguf", ".h5", ".msgpack", ".onnx", ".npz", ".ckpt")


@dataclass(frozen=True)
class Shards:
    paths: Sequence[Path]
    #: Tensor to file, where there is an index.
    index: Mapping[str, str] | None = field(default=None, repr=False)

    def read(self, views: Sequence[memoryview]) -> Header:
        headers = []
        for view, path in zip(views, self.paths, strict=True):
            with naming(path):
                if len(view) <= 8 or view[8] != ord("{"):
                    raise other_file(view, "is no safetensors file")
                headers.append(safetensors.read(view))
        metadata = headers[0].metadata if len(headers) == 1 else {}
        header = join(headers, self.paths, metadata)
        if self.index is not None:
            self._check(header, self.index)
        return header

    def _check(self, header: Header, index: Mapping[str, str]) -> None:
        """That the index and the files agree."""
        found = {entry.name: entry.file for entry in (*header.tensors, *header.others.values())}
        for name, number in found.items():
            file = os.path.basename(self.paths[number])
            if index.get(name) != file:
                said = f"{INDEX} says {index[name]}" if name in index else f"{INDEX} does not know it"
                raise model_error(
                    f"{os.fspath(self.paths[number])}: tensor {name!r:.100} is here, {said}", None
                )
        for name, file in index.items():
            if name not in found:
                where = os.path.join(os.path.dirname(self.paths[0]), file)
                raise model_error(f"{where}: tensor {name!r:.100} is missing, {INDEX} says it is here", None)


def _is_pickle(name: str) -> bool:
    return name.lower().endswith((".bin", ".pt", ".pth", ".ckpt"))


def find(folder: Path) -> Shards:
    """The safetensors files of a folder. Raises ModelError where it has none, or not all."""
    one, index = os.path.join(folder, ONE), os.path.join(folder, INDEX)
    if os.path.exists(one):
        return Shards((one,))
    if not os.path.exists(index):
        there = sorted(name for name in os.listdir(folder) if name.lower().endswith(_OTHERS))
        raise model_error(
            f"{os.fspath(folder)}: has no {ONE} and no {INDEX}"
            + (f", only {', '.join(there[:4])}, which is not read in a folder" if there else "")
            + (": save the model as safetensors" if any(map(_is_pickle, there)) else ""),
            None,
        )
    return read_index(index)


def read_index(path: str) -> Shards:
    """The files that an index names, all of which must be there. Raises ModelError."""
    files = read_map(path)
    folder = os.path.dirname(path)
    paths = [os.path.join(folder, file) for file in sorted(set(files.values()))]
    for file in paths:
        if not os.path.exists(file):
            raise model_error(f"{path}: weight_map names {os.path.basename(file)}, which is missing", None)
    return Shards(paths, files)


def read_map(path: str) -> dict[str, str]:
    """Tensor to file, as an index says it: each a plain name. Raises ModelError."""
    with naming(path):
        files = json_files.read_object(path).get("weight_map")
        if not isinstance(files, dict) or not files:
            raise model_error("weight_map is missing or no JSON object of tensors and files", None)
        if len(files) > MAX_TENSORS:
            raise model_error(f"weight_map has {len(files)} tensors, more than {MAX_TENSORS}", None)
        for name, file in files.items():
            if not isinstance(file, str) or not _FILE.fullmatch(file):
                raise model_error(
                    f"weight_map: tensor {name!r:.100} is in {file!r:.100}, which is not the name of a "
                    "safetensors file beside it",
                    None,
                )
        return files
