"""Embeddings by a language model, against NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tokenizers", reason="zcwasm[llm] is not installed")
pytest.importorskip("gguf", reason="the gguf package, which writes the model, is not installed")

import llm_numpy
import model_files
import tiny_model

import zcwasm
from zcwasm import llm
from zcwasm.llm import _embedding

LENGTHS = (3, 1, 70, 40, 7, 110, 33, 1)
rng = np.random.default_rng(4)
TEXTS = [rng.integers(0, 256, length).tolist() for length in LENGTHS]


@pytest.fixture(scope="module")
def tensors(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    path = tmp_path_factory.mktemp("embedding") / "tiny.gguf"
    return path, tiny_model.write(path)


@pytest.fixture
def model(device: zcwasm.Device, tensors: tuple[Path, dict[str, Any]]) -> llm.Model:
    return llm.Model.open(tensors[0], device)


def expected(model: llm.Model, tensors: dict[str, Any], kind: str) -> npt.NDArray[np.float64]:
    config = model.config
    shape = llm_numpy.Shape(
        layers=config.layers,
        dim=config.dim,
        heads=config.heads,
        kv_heads=config.kv_heads,
        ff=config.ff,
        vocab=config.vocab,
        head_size=config.head_size,
        epsilon=config.norm_epsilon,
    )
    found = [llm_numpy.states(shape, tensors, ids) for ids in TEXTS]
    return np.array([each.mean(axis=0) if kind == "mean" else each[-1] for each in found])


@pytest.mark.slow_on_software
@pytest.mark.parametrize("kind", ["mean", "last"])
def test_vectors_are_numpys(
    model: llm.Model, tensors: tuple[Path, dict[str, Any]], kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of texts that several steps compute, and of several in one."""
    wanted = expected(model, tensors[1], kind)
    for rows in (512, 48):
        monkeypatch.setitem(_embedding._ROWS, kind, rows)
        monkeypatch.setitem(_embedding._OUTPUTS, kind, 5 if kind == "last" else rows)
        found = model.embed(TEXTS, pooling=kind, normalize=False)
        assert found.dtype == np.float32
        error = np.linalg.norm(found - wanted, axis=1) / np.linalg.norm(wanted, axis=1)
        assert (error < 0.01).all(), error  # keys, values and activations of 16 bits
        unit = model.embed(TEXTS, pooling=kind)
        assert np.allclose(np.linalg.norm(unit, axis=1), 1, atol=1e-5)
        assert np.allclose(unit, found / np.linalg.norm(found, axis=1, keepdims=True), atol=1e-5)
        assert np.abs(unit[0] - unit[1]).max() > 0.01


def test_texts(model: llm.Model) -> None:
    texts = ["Hello world", "and <|im_end|>"]
    found = model.embed(texts, pooling="last")
    assert (
        found == model.embed([model.tokenize(text, special=False) for text in texts], pooling="last")
    ).all()
    assert model.embed([], pooling="mean").shape == (0, model.config.dim)


@pytest.mark.parametrize(("kind", "pooling"), [(1, "mean"), (3, "last")])
def test_the_file_says_how(tmp_path: Path, kind: int, pooling: Any) -> None:
    path = tmp_path / "tiny.gguf"
    metadata = model_files.llama_metadata() | {"llama.pooling_type": kind}
    path.write_bytes(model_files.model(metadata, model_files.llama_tensors()))
    model = llm.Model.open(path, zcwasm.Device("cpu", threads=1))
    assert (model.embed(["ab", "c"]) == model.embed(["ab", "c"], pooling=pooling)).all()
    other: Any = "last" if pooling == "mean" else "mean"
    assert not np.allclose(model.embed(["ab"]), model.embed(["ab"], pooling=other))


def test_one_that_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it computes is what Model.embed does, without an engine for each call."""
    path = tmp_path / "tiny.gguf"
    metadata = model_files.llama_metadata() | {"llama.pooling_type": 1, "llama.context_length": 4096}
    path.write_bytes(model_files.model(metadata, model_files.llama_tensors()))
    model = llm.Model.open(path, zcwasm.Device("cpu", threads=1))
    made: list[int] = []
    start = _embedding._start

    def counted(model: llm.Model, kind: Any, longest: int, tokens: int) -> Any:
        made.append(longest)
        return start(model, kind, longest, tokens)

    kept = _embedding.Embedder(model)
    for length in (3, 200, 512, 1, 700, 40):
        texts = [rng.integers(0, 200, size).tolist() for size in (length, 5)]
        ids = [_embedding.ids_of(model, "text", text) for text in texts]
        expected = model.embed(texts)
        with monkeypatch.context() as patch:
            patch.setattr(_embedding, "_start", counted)
            assert np.allclose(kept.compute(ids), expected, atol=1e-5)
    assert made == [512, 1024]
    assert kept.compute([]).shape == (0, model.config.dim)
    kept.close()
    assert kept.compute(ids).shape == (2, model.config.dim)
    kept.close()
    kept.close()


@pytest.mark.parametrize(
    ("texts", "options", "error", "words"),
    [
        (["a"], {}, zcwasm.ModelError, r"llama\.pooling_type is 0: the file does not say how it pools"),
        (["a"], {"pooling": "max"}, ValueError, "pooling is 'max', must be 'mean' or 'last'"),
        ("a", {"pooling": "mean"}, TypeError, "texts must be a sequence of texts, not str"),
        ([""], {"pooling": "mean"}, ValueError, r"texts\[0\] has no tokens"),
        (["a", [1, 10**6]], {"pooling": "mean"}, ValueError, r"texts\[1\]: token id 1000000"),
        (
            [[1] * 257],
            {"pooling": "mean"},
            llm.ContextError,
            r"texts\[0\] has 257 tokens, the model's context",
        ),
        (["a"], {"pooling": "mean", "normalize": 1}, TypeError, "normalize must be a bool"),
    ],
)
def test_what_is_wrong(
    model: llm.Model, texts: Any, options: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        model.embed(texts, **options)
