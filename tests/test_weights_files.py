"""Weights over several files: GGUF in parts, safetensors with an index, vectors that are made at opening."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import model_files as made
import numpy as np
import pytest
import tiny_model
from conftest import Arena
from support import resident_bytes

import zcwasm
from zcwasm import _core, llm
from zcwasm._models import digests
from zcwasm._models.model_file import Entry

Damage = Callable[[Path], object]


def refused(path: Path, about: Path | None = None) -> str:
    with pytest.raises(zcwasm.ModelError) as caught:
        zcwasm.Weights(path)
    assert str(caught.value).startswith(f"{about or path}: ")
    return str(caught.value)


# ---- GGUF in parts ----


def part(folder: Path, number: int, count: int = 3) -> Path:
    return folder / f"model-{number:05}-of-{count:05}.gguf"


def in_parts(folder: Path, *, first: int | None = None) -> Path:
    """A tiny language model as gguf-split writes it, in three parts; `first`: tensors of the first one."""
    whole = folder / "whole.gguf"
    tiny_model.write(whole, kind="Q8_0")
    reader = gguf.GGUFReader(whole)
    tensors = list(reader.tensors)
    first = len(tensors) // 3 if first is None else first
    cuts = [0, first, (first + len(tensors)) // 2, len(tensors)]
    for number in range(3):
        writer = gguf.GGUFWriter(part(folder, number + 1), "llama")
        if number == 0:
            for name, field in reader.fields.items():
                if not name.startswith("GGUF.") and name != "general.architecture":
                    writer.add_key_value(
                        name,
                        field.contents(),
                        field.types[0],
                        field.types[-1] if len(field.types) > 1 else None,
                    )
        else:
            writer.kv_data = [{}]
        writer.add_uint16("split.no", number)
        writer.add_uint16("split.count", 3)
        writer.add_int32("split.tensors.count", len(tensors))
        for each in tensors[cuts[number] : cuts[number + 1]]:
            writer.add_tensor(each.name, each.data, raw_dtype=each.tensor_type)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    return part(folder, 1)


@pytest.mark.parametrize("first", [None, 0], ids=["alike", "metadata alone"])
def test_gguf_in_parts(tmp_path: Path, first: int | None, device: zcwasm.Device) -> None:
    path = in_parts(tmp_path, first=first)
    whole = zcwasm.Weights(tmp_path / "whole.gguf")
    before = zcwasm.copy_stats()
    weights = zcwasm.Weights(path, device=device)
    assert zcwasm.copy_stats() == before or not device.info["unified_memory"]
    assert [os.fspath(each) for each in weights.paths] == [str(part(tmp_path, n)) for n in (1, 2, 3)]
    assert weights.nbytes == sum(part(tmp_path, n).stat().st_size for n in (1, 2, 3))
    assert list(weights) == list(whole)
    for name, tensor in weights.tensors.items():
        assert (tensor.type, tensor.shape) == (whole[name].type, whole[name].shape)
        assert tensor.array().tobytes() == whole[name].array().tobytes()
    assert {weights[name].file for name in weights} == ({0, 1, 2} if first is None else {1, 2})
    ids = np.arange(20) * 7 % 50
    cpu = zcwasm.Device("cpu")
    with llm.Model.open(part(tmp_path, 2), cpu) as model, llm.Model.open(whole.path, cpu) as other:
        with model.session(context=32) as one, other.session(context=32) as two:
            assert np.array_equal(one.logits(ids), two.logits(ids))
        assert model.weights.sha256 != other.weights.sha256


def set_entry(path: Path, key: str, kind: str, value: int | str | None) -> None:
    """Change an entry of a part's metadata, or put one there, or take it away."""
    reader = gguf.GGUFReader(path)
    writer = gguf.GGUFWriter(path.with_suffix(".new"), "llama")
    writer.kv_data = [{}]
    for name, field in reader.fields.items():
        if not name.startswith("GGUF.") and name != key:
            inner = field.types[-1] if len(field.types) > 1 else None
            writer.add_key_value(name, field.contents(), field.types[0], inner)
    if value is not None:
        writer.add_key_value(key, value, gguf.GGUFValueType[kind])
    for each in reader.tensors:
        writer.add_tensor(each.name, each.data, raw_dtype=each.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(path.with_suffix(".new"), path)


# What is done to the part of that number, and what is said of it.
PARTS: dict[str, tuple[int, Damage, str]] = {
    "missing": (2, os.unlink, "is missing: model-00001-of-00003.gguf is one of 3 parts"),
    "of another count": (3, lambda p: set_entry(p, "split.count", "UINT16", 2), "split.count is 2"),
    "no count": (2, lambda p: set_entry(p, "split.count", "UINT16", None), "split.count is missing"),
    "no number": (1, lambda p: set_entry(p, "split.no", "UINT16", None), "split.no is missing"),
    "another number": (2, lambda p: set_entry(p, "split.no", "UINT16", 2), "split.no is 2"),
    "a bool": (2, lambda p: set_entry(p, "split.no", "BOOL", True), "split.no is True"),
    "a text": (2, lambda p: set_entry(p, "split.no", "STRING", "1"), "split.no is '1'"),
    "of more": (3, lambda p: set_entry(p, "split.tensors.count", "INT32", 5), "split.tensors.count is 5"),
    "foreign": (
        2,
        lambda p: set_entry(p, "general.architecture", "STRING", "qwen2"),
        "metadata 'general.architecture' is another one in the first part",
    ),
    "more metadata": (2, lambda p: set_entry(p, "a.b", "UINT32", 1), "'a.b' is not in the first part"),
    "cut short": (3, lambda p: os.truncate(p, p.stat().st_size - 64), "do not lie inside the file"),
    "empty": (3, lambda p: os.truncate(p, 0), "is empty"),
    "safetensors": (3, lambda p: p.write_bytes(made.safetensors()), "is no GGUF file"),
    "a folder": (2, lambda p: (p.unlink(), p.mkdir()), "not a plain file"),
}  # fmt: skip


@pytest.mark.parametrize("what", PARTS)
def test_damaged_parts(tmp_path: Path, what: str) -> None:
    number, damage, words = PARTS[what]
    path = in_parts(tmp_path)
    damage(part(tmp_path, number))
    assert words in refused(path, part(tmp_path, number))


def test_parts_that_do_not_belong_together(tmp_path: Path) -> None:
    path = in_parts(tmp_path)
    shutil.copy(part(tmp_path, 2), part(tmp_path, 3))
    set_entry(part(tmp_path, 3), "split.no", "UINT16", 2)
    assert "is there twice, also in model-00002-of-00003.gguf" in refused(path, part(tmp_path, 3))
    in_parts(tmp_path)
    for number in (1, 2, 3):
        set_entry(part(tmp_path, number), "split.tensors.count", "INT32", 5)
    assert "split.tensors.count is 5, the 3 parts have" in refused(path)
    in_parts(tmp_path)
    other = tmp_path / "other.gguf"
    os.rename(path, other)
    assert "the others are found by its name, which must be as gguf-split gives it" in refused(other)
    with pytest.raises(FileNotFoundError):
        zcwasm.Weights(path)


# ---- safetensors with an index ----


def shard(arrays: dict[str, np.ndarray[Any, Any]]) -> bytes:
    header, data = {}, b""
    for name, array in arrays.items():
        kind = {"float32": "F32", "float16": "F16", "uint16": "BF16", "int64": "I64"}[array.dtype.name]
        place = [len(data), len(data) + array.nbytes]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": place}
        data += array.tobytes()
    return made.safetensors(header, data=data)


def sharded(folder: Path) -> dict[str, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(3)
    arrays = {name: rng.standard_normal((4, 8)).astype(np.float32) for name in "abcd"}
    arrays["ids"] = np.arange(4)
    files = {"x-1.safetensors": ["d", "a", "ids"], "x-2.safetensors": ["b", "c"]}
    for file, names in files.items():
        (folder / file).write_bytes(shard({name: arrays[name] for name in names}))
    index = {name: file for file, names in files.items() for name in names}
    write_index(folder, {"metadata": {"total_size": 1}, "weight_map": index})
    return arrays


def write_index(folder: Path, index: object) -> None:
    (folder / "model.safetensors.index.json").write_text(
        index if isinstance(index, str) else json.dumps(index)
    )


def test_sharded_safetensors(tmp_path: Path, device: zcwasm.Device, arena: Arena) -> None:
    arrays = sharded(tmp_path)
    # As in the hub's cache, where every file is a link to somewhere else.
    (tmp_path / "blobs").mkdir()
    for path in list(tmp_path.glob("*.*")):
        os.rename(path, tmp_path / "blobs" / path.name)
        os.symlink(Path("blobs") / path.name, path)
    weights = zcwasm.Weights(tmp_path, device=device)
    assert weights.format == "safetensors"
    assert weights.path == tmp_path
    assert list(weights) == ["d", "a", "b", "c"]
    assert list(weights.unusable) == ["ids"]
    for name in weights:
        assert np.array_equal(weights[name].array(), arrays[name])
    out = arena.empty((4, 8))
    device.affine(weights["c"], 2, 1, out=out)
    assert np.allclose(out, 2 * arrays["c"] + 1)
    one = zcwasm.Weights(tmp_path / "x-2.safetensors")
    assert one.sha256 == hashlib.sha256((tmp_path / "x-2.safetensors").read_bytes()).hexdigest()
    assert weights.sha256 == zcwasm.Weights(tmp_path).sha256 != one.sha256
    os.symlink("x-2.safetensors", tmp_path / "model.safetensors")  # which goes before the index
    assert zcwasm.Weights(tmp_path).sha256 == one.sha256


def change(index: dict[str, Any]) -> Damage:
    """The index with these tensors said to be in these files; None: not said."""

    def do(folder: Path) -> None:
        found = json.loads((folder / "model.safetensors.index.json").read_text())
        found["weight_map"].update(index)
        found["weight_map"] = {name: file for name, file in found["weight_map"].items() if file is not None}
        write_index(folder, found)

    return do


TWICE = '{"weight_map": {"a": "x-1.safetensors", "a": "x-2.safetensors"}}'
A_NAME = "is not the name of a safetensors file beside it"
# What is done to the folder, which file it is about, and what is said.
FOLDERS: dict[str, tuple[Damage, str, str]] = {
    "up": (change({"a": "../x-1.safetensors"}), "", A_NAME),
    "absolute": (change({"a": "/x-1.safetensors"}), "", A_NAME),
    "below": (change({"a": "y/x-1.safetensors"}), "", A_NAME),
    "backslash": (change({"a": "..\\x-1.safetensors"}), "", A_NAME),
    "zero": (change({"a": "x\0.safetensors"}), "", A_NAME),
    "other kind": (change({"a": "x-1.bin"}), "", A_NAME),
    "dots": (change({"a": ".."}), "", A_NAME),
    "number": (change({"a": 5}), "", A_NAME),
    "missing file": (change({"e": "x-3.safetensors"}), "", "names x-3.safetensors, which is missing"),
    "missing tensor": (change({"e": "x-2.safetensors"}), "x-2.safetensors", "tensor 'e' is missing"),
    "elsewhere": (change({"a": "x-2.safetensors"}), "x-1.safetensors", "index.json says x-2.safetensors"),
    "not known": (change({"ids": None}), "x-1.safetensors", "'ids' is here, model.safetensors.index.json"),
    "no file left": (change(dict.fromkeys(["a", "b", "c", "d", "ids"])), "", "weight_map is missing"),
    "no map": (lambda p: write_index(p, {}), "", "weight_map is missing"),
    "list": (lambda p: write_index(p, []), "", "holds no JSON object"),
    "no JSON": (lambda p: write_index(p, "{"), "", "is no JSON"),
    "deep": (lambda p: write_index(p, '{"weight_map":' + "[" * 100000), "", "is no JSON"),
    "twice": (lambda p: write_index(p, TWICE), "", "'a' is there twice"),
    "shard twice": (
        lambda p: shutil.copy(p / "x-1.safetensors", p / "x-2.safetensors"),
        "x-2.safetensors",
        "tensor 'd' is there twice, also in x-1.safetensors",
    ),
    "gguf": (lambda p: (p / "x-2.safetensors").write_bytes(made.gguf()), "x-2.safetensors", "no safetensors"),
    "cut": (lambda p: os.truncate(p / "x-2.safetensors", 300), "x-2.safetensors", "do not lie inside"),
    "large": (lambda p: os.truncate(p / "model.safetensors.index.json", 100 << 20), "", "has more than"),
}  # fmt: skip


@pytest.mark.parametrize("what", FOLDERS)
def test_damaged_folders(tmp_path: Path, what: str) -> None:
    damage, about, words = FOLDERS[what]
    sharded(tmp_path)
    damage(tmp_path)
    assert words in refused(tmp_path, tmp_path / (about or "model.safetensors.index.json"))


# ---- what is made ----


def test_made_vectors(tmp_path: Path, device: zcwasm.Device, arena: Arena) -> None:
    path = tmp_path / "file"
    path.write_bytes(np.arange(64, dtype=np.float32).tobytes())
    vector = np.arange(16, dtype=np.float32) / 4

    def files(values: Any) -> list[tuple[int, bool, Any]]:
        def fill(out: memoryview) -> None:
            assert not out.readonly
            assert not any(out)
            out[:] = values.tobytes()

        return [(values.nbytes, True, fill)]

    def tensors(views: tuple[memoryview, ...]) -> tuple[list[Entry], Any]:
        assert [len(view) for view in views] == [256]
        return [Entry("m", "F32", (4, 16), 0), Entry("v", "F32", (8,), 32, 1)], files(vector)

    before = zcwasm.copy_stats()["weights_made"]
    weights = _core._Weights(path, tensors)
    assert zcwasm.copy_stats()["weights_made"] - before == 64
    assert weights.nbytes == 256 + 64
    assert weights.paths == (path,)
    assert (weights["v"].file, weights["v"].offset) == (1, 32)
    assert np.array_equal(weights["v"].array(), vector[8:])
    assert not weights["v"].array().flags.writeable
    weights.load(device)
    out = arena.empty((8,))
    device.affine(weights["v"], 3, 0, out=out)
    assert np.array_equal(out, 3 * vector[8:])
    with pytest.raises(ValueError, match="weights are read-only"):
        device.affine(out, 1, 0, out=weights["v"])  # type: ignore[arg-type]
    # The digest tells apart what is made, and where tensors lie.
    same, other = _core._Weights(path, tensors), vector.copy()
    assert digests.of(same) == digests.of(weights)
    other[3] += 1
    for entries, data in (
        ([Entry("m", "F32", (4, 16), 0), Entry("v", "F32", (8,), 32, 1)], files(other)),
        ([Entry("v", "F32", (8,), 32, 1), Entry("m", "F32", (4, 16), 0)], files(vector)),
        ([Entry("m", "F32", (4, 16), 0), Entry("v", "F32", (8,), 0, 1)], files(vector)),
    ):
        assert digests.of(_core._Weights(path, lambda views, e=entries, d=data: (e, d))) != digests.of(
            weights
        )
    for wrong in (
        lambda views: [],
        lambda views: (1, 2, 3),
        lambda views: ([], "x"),
        lambda views: ([], [b"x"]),
        lambda views: ([], [(4, True, 5)]),
        lambda views: ([(1,)], ()),
    ):
        with pytest.raises(TypeError):
            _core._Weights(path, wrong)  # type: ignore[arg-type]
    with pytest.raises(zcwasm.ModelError, match="file number 1, there are 1"):
        _core._Weights(path, [("v", "F32", (8,), 0, 1)])
    with pytest.raises(ValueError, match="of no file"):
        _core._Weights(path, [], ())


# ---- cost ----


def sparse(folder: Path, size: int) -> None:
    """A folder of 8 GB, all holes: 4 files with 400 tensors."""
    index = {}
    for number in range(4):
        header, at = {}, 0
        for tensor in range(100):
            name = f"model.layers.{number * 100 + tensor}.weight"
            header[name] = {"dtype": "BF16", "shape": [size // 8192, 4096], "data_offsets": [at, at + size]}
            index[name] = f"model-{number}.safetensors"
            at += size
        text = json.dumps(header).encode()
        with open(folder / f"model-{number}.safetensors", "wb") as file:
            file.write(struct.pack("<Q", len(text) + -len(text) % 8) + text + b" " * (-len(text) % 8))
            file.truncate(file.tell() + at)
    write_index(folder, {"weight_map": index})


@pytest.mark.footprint
def test_opening_costs_little(tmp_path: Path) -> None:
    sparse(tmp_path, 20 << 20)
    zcwasm.Weights(tmp_path)
    before, began = resident_bytes(), time.perf_counter()
    weights = zcwasm.Weights(tmp_path)
    seconds, grown = time.perf_counter() - began, resident_bytes() - before
    print(f"{weights.nbytes} bytes opened in {seconds:.3f} s, {grown >> 10} KiB more resident")
    assert weights.nbytes > 8e9
    assert seconds < 1
    assert grown < 100 << 20
