"""A GGUF model in several files, as llama.cpp's gguf-split writes them:

    NAME-00001-of-00003.gguf    all of the metadata, and split.no 0
    NAME-00002-of-00003.gguf    no other metadata than split.no 1, split.count 3, split.tensors.count
    ...

split.tensors.count is that of all files together.

The names say which files belong together; the keys in each must say the same.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zcwasm._core import ModelError
from zcwasm._models import gguf
from zcwasm._models.model_file import Header, Path, join, model_error, naming

_NAME = re.compile(r"(.*)-([0-9]{5})-of-([0-9]{5})\.gguf", re.DOTALL)
_NO, _COUNT, _TENSORS = "split.no", "split.count", "split.tensors.count"


def find(path: Path) -> list[str]:
    """All parts of the model that this file is a part of, by its name; none where it is not called so.

    Raises ModelError for a part that is not beside it."""
    folder, name = os.path.split(os.fspath(path))
    match = _NAME.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        return []
    prefix, number, count = match[1], int(match[2]), int(match[3])
    if count < 2 or not 1 <= number <= count or not os.path.exists(path):
        return []
    names = (f"{prefix}-{part:05}-of-{count:05}.gguf" for part in range(1, count + 1))
    paths = []
    for part, other in enumerate(names, 1):
        paths.append(os.path.join(folder, other))
        if not os.path.exists(paths[-1]):
            raise model_error(
                f"{paths[-1]}: is missing: {name} is one of {count} parts, all of which must lie in one "
                f"folder, and part {part} does not",
                None,
            )
    return paths


def check_alone(metadata: Mapping[str, Any]) -> None:
    """Raises ModelError for a part of a model whose name does not say of which."""
    count = metadata.get(_COUNT, 1)
    if not isinstance(count, int) or count not in (0, 1):
        raise model_error(
            f"{_COUNT} is {count!r:.40}: the file is one part of a split model, and the others are found by "
            f"its name, which must be as gguf-split gives it: NAME-00001-of-{_five(count)}.gguf",
            None,
        )


def _five(count: object) -> str:
    return f"{count:05}" if isinstance(count, int) and 0 <= count < 100_000 else "00003"


def read(views: Sequence[memoryview], paths: Sequence[Path]) -> Header:
    """The header of all parts, in their order. Raises ModelError that names the file."""
    headers = []
    tensors = 0
    for number, (view, path) in enumerate(zip(views, paths, strict=True)):
        with naming(path):
            if view[:4] != gguf.MAGIC:
                raise model_error("is no GGUF file", 0)
            header = gguf.read(view)
            headers.append(header)
            _check(header.metadata, headers[0].metadata, number, len(paths))
        tensors += len(header.tensors)
    said = headers[0].metadata[_TENSORS]
    if said != tensors:
        raise ModelError(
            f"{os.fspath(paths[0])}: {_TENSORS} is {said!r:.40}, the {len(paths)} parts have {tensors}"
        )
    return join(headers, paths, headers[0].metadata)


def _check(metadata: Mapping[str, Any], first: Mapping[str, Any], number: int, count: int) -> None:
    for key, right in ((_NO, number), (_COUNT, count), (_TENSORS, first.get(_TENSORS))):
        value = metadata.get(key)
        if value is None:
            raise model_error(
                f"{key} is missing, though its name says that it is part {number + 1} of {count}", None
            )
        if isinstance(value, bool) or not isinstance(value, int) or value != right:
            where = "the first part says" if key == _TENSORS else "by its name it must be"
            raise model_error(f"{key} is {value!r:.40}, {where} {right!r:.40}", None)
    if number == 0:
        return
    for key in metadata:
        if key != _NO and (key not in first or not _same(metadata[key], first[key])):
            what = "is another one in the first part" if key in first else "is not in the first part"
            raise model_error(f"metadata {key!r:.100} {what}: the file belongs to another model", None)


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(np.array_equal(one, other))
