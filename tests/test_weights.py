"""Weights: right model files, read as the formats' own packages read them, and wrong ones."""

from __future__ import annotations

import copy
import gc
import os
import random
import re
import struct
import threading
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
from support import resident_bytes, run_pytest, run_python

import zcwasm
from zcwasm._core import _weight_types

KINDS = [name for name, _, _, number in _weight_types if number is not None]


def put(tmp_path: Path, data: bytes, name: str = "model") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def refused(path: Path) -> zcwasm.ModelError:
    with pytest.raises(zcwasm.ModelError) as caught:
        zcwasm.Weights(path)
    assert str(caught.value).startswith(f"{path}: ")
    return caught.value


# ---- files that are right ----


@pytest.mark.parametrize("kind", KINDS)
def test_gguf_is_read_as_its_own_package_reads_it(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "tiny.gguf"
    values = tiny_model.write(path, kind=kind, bias=True)
    weights = zcwasm.Weights(path)
    reader = gguf.GGUFReader(path)
    assert weights.format == "gguf"
    assert weights.nbytes == path.stat().st_size
    assert [
        (t.name, t.tensor_type.name, tuple(int(side) for side in reversed(t.shape)), t.data_offset, t.n_bytes)
        for t in reader.tensors
    ] == [(t.name, t.type, t.shape, t.offset, t.nbytes) for t in weights.tensors.values()]
    fields = {name: field for name, field in reader.fields.items() if not name.startswith("GGUF.")}
    assert list(fields) == list(weights.metadata)
    for name, field in fields.items():
        value = weights.metadata[name]
        assert (value.tolist() if isinstance(value, np.ndarray) else value) == field.contents(), name
    for tensor in reader.tensors:
        mapped = weights[tensor.name].array()
        assert mapped.tobytes() == tensor.data.tobytes()
        if kind == "F32":
            assert np.array_equal(mapped, values[tensor.name])


def test_safetensors_is_read_as_its_own_package_reads_it(tmp_path: Path) -> None:
    numpy_files = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    rng = np.random.default_rng(5)
    arrays = {
        "w": rng.standard_normal((5, 7)).astype(np.float32),
        "h": rng.standard_normal((2, 3, 4)).astype(np.float16),
        "position_ids": np.arange(6).reshape(1, 6),
        "empty": np.zeros((0, 4), np.float32),
    }
    path = tmp_path / "model.safetensors"
    numpy_files.save_file(arrays, path, {"format": "np"})
    weights = zcwasm.Weights(path)
    assert weights.format == "safetensors"
    assert dict(weights.metadata) == {"format": "np"}
    assert sorted(weights) == ["empty", "h", "w"]
    for name in weights:
        assert weights[name].shape == arrays[name].shape
        assert np.array_equal(weights[name].array(), arrays[name])
    assert list(weights.unusable) == ["position_ids"]
    with pytest.raises(KeyError, match="position_ids: its type is I64"):
        weights["position_ids"]


def test_handmade_files(tmp_path: Path) -> None:
    weights = zcwasm.Weights(put(tmp_path, made.gguf()))
    assert {name: weights.metadata[name] for name in weights.metadata if name != "tokenizer.ggml.scores"} == {
        "general.architecture": "llama",
        "llama.block_count": 1,
        "llama.rope.freq_base": 10000.0,
        "tokenizer.ggml.add_bos_token": True,
        "tokenizer.ggml.tokens": ["a", "ä", ""],
        "nested": [pytest.approx([1, 2]), ["x"]],
        "big": 1 << 63,
    }
    assert weights.metadata["tokenizer.ggml.scores"].tolist() == [0.5, 1.5, 2.5]
    assert "nested" in weights.metadata
    assert "other" not in weights.metadata
    assert {name: (t.type, t.shape, t.nbytes) for name, t in weights.tensors.items()} == {
        "embd": ("F32", (3, 32), 384),
        "norm": ("F16", (5,), 10),
        "q": ("Q4_1", (2, 32), 40),
    }
    assert weights["q"].array().shape == (2, 20)
    assert zcwasm.Weights(put(tmp_path, made.gguf(version=2), "v2")).tensors.keys() == weights.tensors.keys()
    aligned = made.gguf(
        [made.entry("general.alignment", made.U32, struct.pack("<I", 128))], alignment=128, tensors=[]
    )
    assert len(zcwasm.Weights(put(tmp_path, aligned, "aligned"))) == 0
    safe = zcwasm.Weights(put(tmp_path, made.safetensors(), "safe"))
    assert {name: (t.type, t.shape) for name, t in safe.tensors.items()} == {
        "a": ("F32", (2, 3)),
        "b": ("BF16", (4,)),
        "scalar": ("F32", (1,)),
    }
    assert safe["b"].array().dtype == np.uint16


def test_names_and_reprs(tmp_path: Path) -> None:
    path = put(tmp_path, made.gguf())
    weights = zcwasm.Weights(path)
    assert weights.path == path
    assert len(weights) == 3
    assert list(weights) == ["embd", "norm", "q"]
    assert [name in weights for name in ("embd", "x", 5)] == [True, False, False]
    with pytest.raises(KeyError, match="nothing"):
        weights["nothing"]
    assert repr(weights["q"]) == "<zcwasm.Tensor 'q': Q4_1 (2, 32)>"
    assert "3 tensors" in repr(weights)
    with pytest.raises(TypeError):
        weights.tensors["x"] = weights["q"]  # type: ignore[index]
    with pytest.raises(TypeError):
        zcwasm.Tensor()


# ---- no copies ----


@pytest.mark.footprint
def test_opening_reads_the_header_only(tmp_path: Path, device: zcwasm.Device) -> None:
    path = tmp_path / "large"
    size = 1 << 28
    head = made.gguf(tensors=[made.tensor("w", (size // 4,), "F32", 0)], data=b"")
    with open(path, "wb") as file:
        file.write(head)
        file.seek(len(head))
        block = np.random.default_rng(0).standard_normal(1 << 20).astype(np.float32).tobytes()
        for _ in range(size // len(block)):
            file.write(block)
    zcwasm.Weights(path)  # what is loaded once, is
    before, stats = resident_bytes(), zcwasm.copy_stats()
    weights = zcwasm.Weights(path)
    if device.unified_memory:
        weights.load(device)
        grown = resident_bytes() - before
        assert zcwasm.copy_stats() == stats
        assert grown < 1 << 20, f"{grown} bytes for a file of {size}"
    array = weights["w"].array()
    assert array.nbytes == size
    assert not array.flags.writeable
    assert resident_bytes() - before < 1 << 20


def test_the_mapping_is_the_buffer(tmp_path: Path, device: zcwasm.Device) -> None:
    if not device.unified_memory:
        pytest.skip("this device has memory of its own")
    before = zcwasm.copy_stats()
    weights = zcwasm.Weights(put(tmp_path, made.gguf()), device=device)
    array = weights["embd"].array()
    assert device.buffer_address(array) == array.__array_interface__["data"][0]
    assert zcwasm.copy_stats() == before


def test_arrays_outlive_the_weights(tmp_path: Path) -> None:
    gc.collect()
    before = zcwasm._core._region_count()
    weights = zcwasm.Weights(put(tmp_path, made.gguf()))
    tensor, metadata = weights["embd"], weights.metadata
    array = tensor.array()
    expected = array.copy()
    del weights
    gc.collect()
    assert tensor.name == "embd"
    del tensor
    gc.collect()
    assert np.array_equal(array.view(np.uint32), expected.view(np.uint32))
    del array
    assert metadata["tokenizer.ggml.tokens"] == ["a", "ä", ""]
    del metadata
    gc.collect()
    assert zcwasm._core._region_count() == before


def test_nothing_is_leaked(tmp_path: Path) -> None:
    good, bad = put(tmp_path, made.gguf()), put(tmp_path, made.gguf(tensor_count=4), "bad")

    def cycle() -> None:
        weights: Any = zcwasm.Weights(good, device=zcwasm.Device("cpu"))
        weights.itself = weights
        refused(bad)

    cycle()
    gc.collect()
    regions, files = zcwasm._core._region_count(), len(os.listdir("/dev/fd"))
    for _ in range(50):
        cycle()
    gc.collect()
    assert zcwasm._core._region_count() == regions
    assert len(os.listdir("/dev/fd")) == files


# ---- on devices ----


@pytest.fixture
def floats(tmp_path: Path) -> zcwasm.Weights:
    """a: (64, 64), at offset 4 of a page; b: Q8_0."""
    values = np.arange(64 * 64, dtype=np.float32) / 64
    tensors = [made.tensor("a", (64, 64), "F32", 4), made.tensor("b", (4, 32), "Q8_0", 4)]
    alignment = [made.entry("general.alignment", made.U32, struct.pack("<I", 4))]
    return zcwasm.Weights(
        put(tmp_path, made.gguf(alignment, tensors, data=b"\0\0\0\0" + values.tobytes(), alignment=4))
    )


def test_tensors_are_arguments(floats: zcwasm.Weights, device: zcwasm.Device, arena: Arena) -> None:
    floats.load(device)
    a = floats["a"].array()
    out = arena.empty((64, 64))
    assert np.array_equal(device.affine(floats["a"], 2, 1, out=out), a * 2 + 1)
    identity = arena.put(np.eye(64))
    assert np.array_equal(device.matmul(floats["a"], identity, out=out), a)
    assert np.array_equal(device.add(floats["a"], floats["a"], out=out), a + a)
    device.dispatch("affine", [floats["b"], out], {"count": 34, "scale": 1.0, "shift": 0.0})
    assert np.array_equal(out.ravel()[:34], a.ravel()[:34])
    with device.batch() as batch:
        batch.affine(floats["a"], 3, 0, out=out)
    submission = batch.submit()
    del batch
    submission.wait()
    assert np.array_equal(out, a * 3)


def test_submissions_keep_the_mapping(tmp_path: Path, device: zcwasm.Device, arena: Arena) -> None:
    weights = zcwasm.Weights(put(tmp_path, made.gguf()), device=device)
    expected, out = weights["embd"].array().copy(), arena.empty((3, 32))
    batch = device.batch()
    batch.affine(weights["embd"], 1, 0, out=out)
    del weights
    gc.collect()
    batch.submit().wait()
    assert np.array_equal(np.nan_to_num(out), np.nan_to_num(expected))


def test_tensors_are_not_written(floats: zcwasm.Weights, device: zcwasm.Device, arena: Arena) -> None:
    x = arena.empty((64, 64))
    floats.load(device)
    with pytest.raises(ValueError, match="out is written, but weights are read-only"):
        device.affine(x, 1, 0, out=floats["a"])
    with pytest.raises(ValueError, match="out is written, but weights are read-only"):
        device.dispatch("affine", [x, floats["b"]], {"count": 1, "scale": 1.0, "shift": 0.0})
    with pytest.raises(ValueError, match="read-only"):
        device.affine(x, 1, 0, out=floats["a"].array())
    with pytest.raises(ValueError, match="cannot set WRITEABLE"):
        floats["a"].array().flags.writeable = True
    # A forged writable view of the mapping.
    source = floats["a"].array().__array_interface__ | {"data": (floats["a"].array().ctypes.data, False)}
    forged = np.asarray(type("Forged", (), {"__array_interface__": source, "keep": floats})())
    assert forged.flags.writeable
    with pytest.raises(ValueError, match="out: is written, but weights are read-only"):
        device.affine(x, 1, 0, out=forged)


def test_arguments_are_checked(floats: zcwasm.Weights, device: zcwasm.Device, arena: Arena) -> None:
    out = arena.empty((64, 64))
    floats.load(device)
    with pytest.raises(TypeError, match="x is a tensor of Q8_0, must be of F32"):
        device.affine(floats["b"], 1, 0, out=out)
    with pytest.raises(ValueError, match="shape"):
        device.affine(floats["a"], 1, 0, out=arena.empty((64, 63)))
    with pytest.raises(IndexError, match="need 140 bytes, the range has 136"):
        device.dispatch("affine", [floats["b"], out], {"count": 35, "scale": 1.0, "shift": 0.0})
    with pytest.raises(TypeError, match="Device"):
        floats.load("cpu")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="progress must be callable"):
        floats.load(device, 5)  # type: ignore[arg-type]


APART = "ZCWASM_VULKAN_UNIFIED"


def vulkan_here() -> bool:
    return any(info["kind"] == "vulkan" and info["available"] for info in zcwasm.devices())


def run_apart(test: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That test of this file once more, with a GPU that has memory of its own, or shall behave so."""
    monkeypatch.setenv(APART, "0")
    options = ["-q", "-p", "no:cacheprovider", "--basetemp", str(tmp_path / "apart")]
    assert "1 passed" in run_pytest(*options, f"{__file__}::{test}")


def test_upload_to_a_device_with_memory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    discrete = [info for info in zcwasm.devices() if info["available"] and not info["unified_memory"]]
    if not discrete and vulkan_here() and APART not in os.environ:
        run_apart("test_upload_to_a_device_with_memory_of_its_own", tmp_path, monkeypatch)
        return
    if not discrete:
        pytest.skip("no device here has memory of its own; tests/c/test_weights.c has a fake one")
    device = zcwasm.Device(discrete[0]["kind"], index=discrete[0]["index"])
    size = 100 << 20
    data = np.random.default_rng(0).standard_normal(size // 4).astype(np.float32)
    path = put(tmp_path, made.gguf(tensors=[made.tensor("w", (size // 4,), "F32", 0)], data=data.tobytes()))
    weights, out = zcwasm.Weights(path), zcwasm.Memory(2000).array(0, size // 4, np.float32)
    with pytest.raises(ValueError, match="load the weights first"):
        device.affine(weights["w"], 2, 0, out=out)
    with pytest.raises(ValueError, match="has memory of its own and uses no mapped file: load the weights"):
        device.affine(weights["w"].array(), 2, 0, out=out)
    reports: list[tuple[int, int]] = []
    before = zcwasm.copy_stats()

    def stop(done: int, total: int) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        weights.load(device, stop)
    middle = zcwasm.copy_stats()["weights_upload"]
    weights.load(device, lambda done, total: reports.append((done, total)))
    weights.load(device, stop)
    after = zcwasm.copy_stats()
    assert size <= after["weights_upload"] - middle <= size + 65536
    assert {name for name in after if after[name] != before[name]} == {"weights_upload"}
    assert reports == sorted(reports)
    assert len(reports) > 2
    assert reports[-1][0] == reports[-1][1]
    assert np.array_equal(device.affine(weights["w"], 2, 0, out=out), data * 2)
    weights = zcwasm.Weights(path, device=device, progress=True)
    assert np.array_equal(device.affine(weights["w"], 2, 0, out=out), data * 2)


GIB = 1 << 30
# Where tensors lie in a file of 10 GiB: at its beginning, across 4 GiB, behind it. What is between them is
# more than a buffer's worth, so that it is not uploaded.
FAR = {"near": 0, "across": 4 * GIB - 4096, "far": 9 * GIB + 128}


def large_file(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """A file with holes, which takes next to no room. Its tensors' values."""
    values = {name: np.arange(2048, dtype=np.float32) + at for at, name in enumerate(FAR)}
    tensors = [made.tensor(name, (2048,), "F32", offset) for name, offset in FAR.items()]
    head = made.gguf([], tensors, data=b"")
    with path.open("wb") as file:
        file.write(head)
        for name, offset in FAR.items():
            file.seek(len(head) + offset)
            file.write(values[name].tobytes())
        file.truncate(len(head) + 10 * GIB)
    return values


def test_a_file_above_4_gib(tmp_path: Path, device: zcwasm.Device, arena: Arena) -> None:
    values = large_file(tmp_path / "large")
    weights = zcwasm.Weights(tmp_path / "large", device=device)
    assert weights.nbytes > 10 * GIB
    out = arena.empty(2048)
    for name, expected in values.items():
        assert np.array_equal(weights[name].array(), expected)
        assert np.array_equal(device.affine(weights[name], 2, 1, out=out), expected * 2 + 1), name


def test_a_file_above_4_gib_is_uploaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not vulkan_here():
        pytest.skip("no Vulkan here")
    if zcwasm.Device("vulkan").unified_memory:
        run_apart("test_a_file_above_4_gib_is_uploaded", tmp_path, monkeypatch)
        return
    values = large_file(tmp_path / "large")
    weights, device = zcwasm.Weights(tmp_path / "large"), zcwasm.Device("vulkan")
    before = zcwasm.copy_stats()["weights_upload"]
    weights.load(device)
    uploaded = zcwasm.copy_stats()["weights_upload"] - before
    assert uploaded < 4 * 65536 or device.info["max_region"] > 4 * GIB
    out = zcwasm.Memory(1).array(0, 2048, np.float32)
    for name, expected in values.items():
        assert np.array_equal(device.affine(weights[name], 2, 1, out=out), expected * 2 + 1), name


def test_progress_bar_needs_tqdm_only_when_asked_for(tmp_path: Path) -> None:
    path = put(tmp_path, made.gguf())
    run_python(f"""
        import sys
        sys.modules["tqdm"] = None
        import zcwasm
        device = zcwasm.Device("cpu")
        weights = zcwasm.Weights({str(path)!r}, device=device)
        try:
            weights.load(device, True)
        except ImportError:
            pass
        else:
            raise AssertionError
    """)


# ---- threads and processes ----


def test_several_threads(tmp_path: Path, device: zcwasm.Device) -> None:
    path = tmp_path / "tiny.gguf"
    values = tiny_model.write(path)
    shared = zcwasm.Weights(path)
    failures: list[BaseException] = []

    def work(own: bool) -> None:
        try:
            weights = zcwasm.Weights(path) if own else shared
            weights.load(device)
            out = zcwasm.Memory(16).array(0, (128, 64), np.float32)
            for name in ("blk.0.ffn_up.weight", "blk.1.ffn_gate.weight"):
                assert np.array_equal(device.affine(weights[name], 1, 0, out=out), values[name])
            assert weights.metadata["tokenizer.ggml.tokens"] == tiny_model.vocabulary()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(i % 2 == 0,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_fork(tmp_path: Path) -> None:
    path = put(tmp_path, made.gguf())
    run_python(f"""
        import os, signal
        import numpy as np
        import zcwasm
        weights = zcwasm.Weights({str(path)!r}, device=zcwasm.Device("cpu"))
        expected = weights["embd"].array().tobytes()
        child = os.fork()
        if child == 0:
            signal.alarm(30)
            device = zcwasm.Device("cpu")
            out = zcwasm.Memory(1).array(0, (3, 32), np.int32)
            weights.load(device)
            device.dispatch("affine", [weights["norm"], out], {{"count": 2, "scale": 1.0, "shift": 0.0}})
            assert weights["embd"].array().tobytes() == expected
            assert zcwasm.Weights({str(path)!r})["embd"].array().tobytes() == expected
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert weights["embd"].array().tobytes() == expected
    """)


# ---- files that are wrong ----


def test_what_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        zcwasm.Weights(tmp_path / "nothing")
    assert "has no model.safetensors and no model.safetensors.index.json" in str(refused(tmp_path))
    assert "is empty" in str(refused(put(tmp_path, b"", "empty")))
    for data in (b"G", b"GGU", b"\0" * 100, b"GGML" + b"\0" * 100, b"PK\3\4" * 10, made.gguf(magic=b"gguf")):
        error = refused(put(tmp_path, data))
        assert "is neither a GGUF nor a safetensors file" in str(error)
        assert error.offset == 0
    with pytest.raises(TypeError):
        zcwasm.Weights(5)  # type: ignore[arg-type]
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert "not a plain file" in str(refused(fifo))
    os.mkfifo(tmp_path / "model.bin")
    assert "only model.bin, which is not read in a folder" in str(refused(tmp_path))


def test_every_truncation_of_a_gguf_file(tmp_path: Path) -> None:
    whole = made.gguf()
    end = made.needed(whole)
    for size in range(4, end):
        error = refused(put(tmp_path, whole[:size]))
        assert error.offset is not None
        assert "offset" in str(error)
        if size >= len(whole) - 512:
            assert re.search(r"tensor (embd|norm|q): its \d+ bytes at offset", str(error))
    assert len(zcwasm.Weights(put(tmp_path, whole[:end]))) == 3


def test_every_truncation_of_a_safetensors_file(tmp_path: Path) -> None:
    whole = made.safetensors()
    for size in range(1, len(whole)):
        error = refused(put(tmp_path, whole[:size]))
        assert error.offset is not None
    assert len(zcwasm.Weights(put(tmp_path, whole))) == 3


def string_entry(count: int) -> bytes:
    return made.entry("many", made.ARRAY, made.array(made.STRING, [], count))


def nested_entry(depth: int) -> bytes:
    value = made.array(made.U8, [b"\1"])
    for _ in range(depth):
        value = made.array(made.ARRAY, [value])
    return made.entry("deep", made.ARRAY, value)


U32_BIG, U64_BIG = 2**32 - 1, 2**64 - 1
# What is damaged: the file, and what the error says of it.
DAMAGED_GGUF: dict[str, tuple[Callable[[], bytes], str]] = {
    "version 1": (lambda: made.gguf(version=1), "GGUF version 1 at offset 4: 2 and 3 are supported"),
    "version 4": (lambda: made.gguf(version=4), "GGUF version 4 at offset 4"),
    "big-endian": (lambda: made.gguf(version=0x03000000), "it is big-endian"),
    "more tensors": (lambda: made.gguf(tensor_count=4), "offset"),
    "many tensors": (lambda: made.gguf(tensor_count=U64_BIG), f"{U64_BIG} tensors \\(offset 8\\)"),
    "more entries": (lambda: made.gguf(entry_count=9), "offset"),
    "many entries": (lambda: made.gguf(entry_count=1 << 40), "entries of metadata \\(offset 16\\)"),
    "fewer entries": (lambda: made.gguf(entry_count=7), "offset"),
    "long key": (
        lambda: made.gguf([made.entry("k" * 70000, made.U8, b"\0")]),
        "70000 bytes, more than 65535",
    ),
    "endless key": (lambda: made.gguf([struct.pack("<Q", U64_BIG)]), "key of metadata entry 0 at offset 24"),
    "key not UTF-8": (lambda: made.gguf([made.entry(b"\xff", made.U8, b"\0")]), "not UTF-8"),
    "key twice": (
        lambda: made.gguf([made.ENTRIES[1]] * 2),
        "'llama.block_count' at offset \\d+ is there twice",
    ),
    "value type": (
        lambda: made.gguf([made.entry("k", 13, b"\0" * 9)]),
        "metadata k at offset 37 has value type 13",
    ),
    "item type": (
        lambda: made.gguf([made.entry("k", made.ARRAY, made.array(77, [b"\0" * 8]))]),
        "metadata k at offset \\d+ has value type 77",
    ),
    "endless string": (
        lambda: made.gguf([made.entry("k", made.STRING, struct.pack("<Q", U64_BIG))]),
        f"metadata k at offset 45 needs {U64_BIG} bytes",
    ),
    "endless numbers": (
        lambda: made.gguf([made.entry("k", made.ARRAY, made.array(made.U64, [], U64_BIG))]),
        f"needs {U64_BIG * 8} bytes",
    ),
    "endless strings": (lambda: made.gguf([string_entry(U64_BIG)]), f"needs {U64_BIG * 8} bytes"),
    "one string more": (
        lambda: made.gguf(
            [made.entry("k", made.ARRAY, made.array(made.STRING, [made.string("x" * 600)], 5))], []
        ),
        "metadata k at offset",
    ),
    "deep": (lambda: made.gguf([nested_entry(6)]), "nested more than 4 deep"),
    "alignment 0": (
        lambda: made.gguf([made.entry("general.alignment", made.U32, bytes(4))]),
        "general.alignment is 0, must be a power of two",
    ),
    "alignment 24": (
        lambda: made.gguf([made.entry("general.alignment", made.U32, b"\x18\0\0\0")]),
        "general.alignment is 24, must be a power of two",
    ),
    "alignment text": (
        lambda: made.gguf([made.entry("general.alignment", made.STRING, made.string("32"))]),
        "general.alignment is '32'",
    ),
    "name not UTF-8": (lambda: made.gguf(tensors=[made.tensor(b"\xc3", (1,), "F32", 0)]), "name of tensor 0"),
    "no name": (lambda: made.gguf(tensors=[made.tensor("", (1,), "F32", 0)]), "name of 0 bytes"),
    "zero in name": (lambda: made.gguf(tensors=[made.tensor("a\0b", (1,), "F32", 0)]), "name of 3 bytes"),
    "name twice": (
        lambda: made.gguf(tensors=[made.TENSORS[0]] * 2),
        "tensor embd is there twice, at offsets \\d+ and \\d+",
    ),
    "no dimensions": (
        lambda: made.gguf(tensors=[made.tensor("t", (), "F32", 0)]),
        "tensor t .* has 0 dimensions",
    ),
    "five dimensions": (
        lambda: made.gguf(tensors=[made.tensor("t", (1, 1, 1, 1, 1), "F32", 0)]),
        "tensor t .* has 5 dimensions",
    ),
    "many dimensions": (
        lambda: made.gguf(tensors=[made.tensor("t", (1,), "F32", 0, U32_BIG)]),
        f"has {U32_BIG} dimensions",
    ),
    "unsupported type": (
        lambda: made.gguf(tensors=[made.tensor("t", (256,), "IQ3_S", 0)]),
        "tensor t at offset \\d+ has type IQ3_S: F32, F16",
    ),
    "unknown type": (
        lambda: made.gguf(tensors=[made.tensor("t", (32,), 999, 0)]),
        "tensor t .* has type number 999",
    ),
    "part of a block": (
        lambda: made.gguf(tensors=[made.tensor("t", (2, 40), "Q8_0", 0)]),
        "tensor t has rows of 40 elements, Q8_0 takes multiples of 32",
    ),
    "half of a pair of blocks": (
        lambda: made.gguf(tensors=[made.tensor("t", (2, 96), "MXFP4", 0)]),
        "tensor t at offset \\d+ has rows of 96 elements in MXFP4, an odd number of blocks of 32",
    ),
    "huge": (
        lambda: made.gguf(tensors=[made.tensor("t", (U64_BIG,), "F32", 0)]),
        "tensor t at offset .* 2\\^62 bytes",
    ),
    "huge product": (
        lambda: made.gguf(tensors=[made.tensor("t", (1 << 32, 1 << 32), "F32", 0)]),
        "tensor t at offset .* 2\\^62 bytes",
    ),
    "too large": (
        lambda: made.gguf(tensors=[made.tensor("t", (129,), "F32", 0)]),
        "tensor t: its 516 bytes at offset \\d+ do not lie inside the file of \\d+ bytes",
    ),
    "beyond the end": (
        lambda: made.gguf(tensors=[made.tensor("t", (1,), "F32", 1 << 40)]),
        "tensor t: its 4 bytes at offset 1099511628",
    ),
    "beyond 2^64": (
        lambda: made.gguf(tensors=[made.tensor("t", (1,), "F32", (1 << 64) - 32)]),
        "tensor t .* beyond 2\\^64",
    ),
    "unaligned": (
        lambda: made.gguf(tensors=[made.tensor("t", (1,), "F32", 8)]),
        "tensor t at offset \\d+: its data's offset 8 is not a multiple of the alignment 32",
    ),
    "aligned to 2": (
        lambda: made.gguf(
            [made.entry("general.alignment", made.U32, b"\2\0\0\0")],
            [made.tensor("tttt", (1,), "F16", 0)],
            alignment=2,
        ),
        "tensor tttt lies at offset 94, which is not a multiple of 4",
    ),
}


@pytest.mark.parametrize("what", DAMAGED_GGUF)
def test_damaged_gguf(tmp_path: Path, what: str) -> None:
    make, message = DAMAGED_GGUF[what]
    error = refused(put(tmp_path, make()))
    assert re.search(message, str(error)), str(error)
    assert error.offset is not None


def test_metadata_is_checked_when_it_is_read(tmp_path: Path) -> None:
    bad = made.array(made.STRING, [made.string("ok"), made.string(b"\xff\xfe")])
    entries = [made.entry("k", made.ARRAY, bad), made.entry("s", made.STRING, made.string(b"a\x80"))]
    weights = zcwasm.Weights(put(tmp_path, made.gguf(entries)))
    with pytest.raises(zcwasm.ModelError, match=r"item 1 of metadata k at offset 59"):
        weights.metadata["k"]
    with pytest.raises(zcwasm.ModelError, match=r"metadata s at offset .* is not UTF-8"):
        weights.metadata["s"]
    with pytest.raises(KeyError):
        weights.metadata["other"]


def changed(path: list[Any], value: Any) -> bytes:
    header = copy.deepcopy(made.SAFE)
    at: Any = header
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return made.safetensors(header)


DAMAGED_SAFETENSORS: dict[str, tuple[Callable[[], bytes], str]] = {
    "long header": (lambda: made.safetensors(length=1 << 20), "header of 1048576 bytes at offset 8"),
    "endless header": (lambda: made.safetensors(length=U64_BIG), f"header of {U64_BIG} bytes"),
    "large header": (lambda: made.safetensors(b"{}" + b" " * (17 << 20)), "more than 16777216"),
    "no object": (lambda: made.safetensors(b"{]     "), "is not JSON"),
    "cut JSON": (lambda: made.safetensors(b'{"a": '), "is not JSON"),
    "not UTF-8": (lambda: made.safetensors(b'{"\xff": 1}'), "is not JSON"),
    "deep JSON": (lambda: made.safetensors(b'{"a":' + b"[" * 100000), "is not JSON"),
    "long number": (lambda: made.safetensors(b'{"a": ' + b"9" * 10000 + b"}"), "is not JSON|must have"),
    "NaN": (lambda: made.safetensors(b'{"a": NaN}'), "NaN is not JSON"),
    "twice": (lambda: made.safetensors(b'{"a": 1, "a": 2}'), "'a' twice"),
    "a number": (lambda: made.safetensors({"a": 5}), "tensor 'a': must have dtype"),
    "metadata": (lambda: changed(["__metadata__"], {"a": 5}), "__metadata__"),
    "missing": (lambda: changed(["a"], {"dtype": "F32", "shape": []}), "tensor 'a': must have"),
    "more": (lambda: changed(["a", "x"], 5), "tensor 'a': must have"),
    "dtype": (lambda: changed(["a", "dtype"], 5), "tensor 'a': dtype 5"),
    "shape": (lambda: changed(["a", "shape"], 6), "tensor 'a': .*shape 6"),
    "negative": (lambda: changed(["a", "shape"], [-2, -3]), "tensor 'a': .*shape"),
    "fraction": (lambda: changed(["a", "shape"], [2.0, 3]), "tensor 'a': .*shape"),
    "a bool": (lambda: changed(["a", "shape"], [True, 6]), "tensor 'a': .*shape"),
    "large side": (lambda: changed(["a", "shape"], [1 << 70]), "tensor 'a': .*shape"),
    "wrong product": (
        lambda: changed(["a", "shape"], [2, 4]),
        "tensor 'a' at offset \\d+: F32 .* has not the 24 bytes",
    ),
    "zero times huge": (lambda: changed(["a", "shape"], [0, 1 << 61, 1 << 61]), "has not the 24 bytes"),
    "one offset": (lambda: changed(["a", "data_offsets"], [0]), "tensor 'a'"),
    "backwards": (lambda: changed(["a", "data_offsets"], [24, 0]), "data_offsets 24 to 0"),
    "beyond the end": (lambda: changed(["a", "data_offsets"], [40, 64]), "do not lie inside the 52 bytes"),
    "overlap": (lambda: changed(["b", "data_offsets"], [16, 24]), "'a' and 'b' overlap"),
    "no name": (
        lambda: changed([""], made.SAFE["scalar"] | {"data_offsets": [52, 52], "shape": [0]}),
        "name of 0 bytes",
    ),
}


@pytest.mark.parametrize("what", DAMAGED_SAFETENSORS)
def test_damaged_safetensors(tmp_path: Path, what: str) -> None:
    make, message = DAMAGED_SAFETENSORS[what]
    error = refused(put(tmp_path, make()))
    assert re.search(message, str(error)), str(error)
    assert error.offset is not None


def test_unusable_tensors_of_safetensors(tmp_path: Path) -> None:
    header = {
        "odd": {"dtype": "F16", "shape": [1], "data_offsets": [0, 2]},
        "after": {"dtype": "F16", "shape": [1], "data_offsets": [2, 4]},
        "many": {"dtype": "F32", "shape": [1] * 5, "data_offsets": [4, 8]},
        "new": {"dtype": "F4", "shape": [8], "data_offsets": [8, 12]},
        "pairs": {"dtype": "F8_E4M3", "shape": [2, 4], "data_offsets": [12, 20]},
        "threes": {"dtype": "F8_E4M3", "shape": [4, 3], "data_offsets": [20, 32]},
    }
    weights = zcwasm.Weights(put(tmp_path, made.safetensors(header)))
    assert list(weights) == ["odd", "pairs"]
    assert (weights["pairs"].type, weights["pairs"].shape, weights["pairs"].nbytes) == ("F8_E4M3", (2, 4), 8)
    assert set(weights.unusable) == {"after", "many", "new", "threes"}
    assert weights.unusable["threes"] == "it has rows of 3 elements, F8_E4M3 takes multiples of 2"
    with pytest.raises(KeyError, match=r"after: it lies at offset \d+, which is not a multiple of 4"):
        weights["after"]
    shifted = made.safetensors(b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}} ', length=62)
    weights = zcwasm.Weights(put(tmp_path, shifted))
    assert "offset 70" in weights.unusable["a"]


def seconds(path: Path) -> float:
    start = time.monotonic()
    refused(path)
    return time.monotonic() - start


@pytest.mark.slow
@pytest.mark.footprint
def test_hostile_counts_cost_little(tmp_path: Path) -> None:
    """Large files of zeros whose headers ask for endless work."""
    zeros = bytes(96 << 20)
    hostile = [
        made.gguf([string_entry(12 << 20)], [], data=zeros),
        made.gguf([string_entry(4 << 20), string_entry(1)], [], data=zeros, tensor_count=1 << 18),
        made.gguf([made.entry("k", made.ARRAY, made.array(made.ARRAY, [], 8 << 20))], [], data=zeros),
        made.gguf([], [], data=zeros, entry_count=1 << 16),
        made.gguf([], [], data=zeros, tensor_count=1 << 18),
        made.safetensors(b'{"a":[' + b"[]," * (5 << 20) + b"[]]}"),
        made.safetensors(b"{" + b",".join(b'"%d":1' % i for i in range(1 << 20)) + b"}"),
    ]
    refused(put(tmp_path, made.gguf(version=9)))
    for index, data in enumerate(hostile):
        path = put(tmp_path, data)
        before = resident_bytes()
        took = seconds(path)
        assert took < 20, index
        assert resident_bytes() - before < 600 << 20, index


@pytest.mark.parametrize("make", [made.gguf, made.safetensors])
def test_mutations(tmp_path: Path, make: Callable[[], bytes]) -> None:
    rng = random.Random(7)
    whole = make()
    accepted = sum(made.check_any(tmp_path / "model", made.mutate(rng, whole)) for _ in range(1000))
    assert 10 < accepted < 990
