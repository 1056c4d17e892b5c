"""Encoders of every kind against float32 transformers; what follows them against NumPy.

references/make_encoders.py made the reference, and says how."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import zcwasm
from zcwasm import embed

pytest.importorskip("tokenizers", reason="needs zcwasm[llm]")
pytest.importorskip("gguf", reason="gguf is not installed")

from encoder_models import REFERENCES, checkpoint, table, texts, types, write_folder, write_gguf
from family_models import write_safetensors

ENCODERS = [name for name in table() if not name.endswith("-scores")]
SCORERS = [name for name in table() if name.endswith("-scores")]
IN_GGUF = ("bert", "xlm-roberta", "nomic", "modernbert", "modernbert-silu")
POOLINGS = ("mean", "cls", "last", "max")  # as the reference has them
MODES = {"mean": "mean_tokens", "cls": "cls_token", "last": "lasttoken", "max": "max_tokens"}


def expected(name: str) -> npt.NDArray[np.float32]:
    with np.load(REFERENCES / "encoders.npz") as file:
        found: npt.NDArray[np.float32] = file[name]
    return found


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value))


def write_modules(folder: Path, pooling: str, *more: str) -> None:
    """Pooling of that kind, and modules behind it."""
    kinds = ["Transformer", "Pooling", *more]
    found = [
        {"path": f"{at}_{kind}" if at else "", "type": f"sentence_transformers.models.{kind}"}
        for at, kind in enumerate(kinds)
    ]
    write_json(folder / "modules.json", found)
    modes = {f"pooling_mode_{mode}": kind == pooling for kind, mode in MODES.items()}
    write_json(folder / "1_Pooling" / "config.json", modes)


def unit(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True))


@pytest.mark.parametrize("name", ENCODERS)
def test_is_what_transformers_computes(tmp_path: Path, device: zcwasm.Device, name: str) -> None:
    folder = write_folder(tmp_path, name)
    wanted = expected(name)
    write_modules(folder, "mean")
    model = embed.Model.open(folder, device)
    for batch_tokens in (1, 2048):
        got = model._encode(texts(), batch_tokens)
        np.testing.assert_allclose(got, wanted[:, 0], atol=1e-4, rtol=0)
    if name not in ("bert", "modernbert"):
        return
    for at, pooling in enumerate(POOLINGS):
        for more in ([], ["Normalize"]):
            write_modules(folder, pooling, *more)
            model = embed.Model.open(folder, device)
            assert model.config.pooling == pooling
            rows = unit(wanted[:, at]) if more else wanted[:, at]
            for batch_tokens in (7, 2048):
                got = model._encode(texts(), batch_tokens)
                np.testing.assert_allclose(got, rows, atol=1e-4, rtol=0, err_msg=f"{pooling} {more}")


@pytest.mark.parametrize("kind", ["F16", "BF16"])
@pytest.mark.cpu_is_enough
def test_folders_of_other_types(tmp_path: Path, kind: str) -> None:
    """The weights fit each without rounding."""
    cpu = zcwasm.Device("cpu")
    for name in ("xlm-roberta", "modernbert-biases"):
        model = embed.Model.open(write_folder(tmp_path / name, name, kind), cpu)
        np.testing.assert_allclose(model._encode(texts()), unit(expected(name)[:, 0]), atol=1e-4, rtol=0)


@pytest.mark.cpu_is_enough
def test_a_modernbert_as_transformers_4_wrote_it(tmp_path: Path) -> None:
    old = {
        "rope_parameters": None,
        "layer_types": None,
        "global_attn_every_n_layers": 2,
        "global_rope_theta": 160000.0,
        "local_rope_theta": 10000.0,
        "layer_norm_eps": 0.5,  # nobody reads it
        "position_embedding_type": "sans_pos",  # mmBERT's; nor this
    }
    model = embed.Model.open(write_folder(tmp_path, "modernbert", **old), zcwasm.Device("cpu"))
    np.testing.assert_allclose(model._encode(texts()), unit(expected("modernbert")[:, 0]), atol=1e-4, rtol=0)


@pytest.mark.cpu_is_enough
def test_a_nomic_as_transformers_writes_it(tmp_path: Path) -> None:
    own = table()["nomic"]["config"]
    keys = {
        "hidden_size": "n_embd",
        "num_attention_heads": "n_head",
        "num_hidden_layers": "n_layer",
        "intermediate_size": "n_inner",
        "max_position_embeddings": "n_positions",
        "layer_norm_eps": "layer_norm_epsilon",
    }
    config = {key: own[key] for key in ("model_type", "vocab_size", "type_vocab_size", "pad_token_id")}
    config |= {key: own[other] for key, other in keys.items()}
    config |= {
        "hidden_act": "silu",
        "head_dim": 8,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e3},
    }
    folder = write_folder(tmp_path, "nomic")
    write_json(folder / "config.json", config)
    cpu = zcwasm.Device("cpu")
    model = embed.Model.open(folder, cpu)
    np.testing.assert_allclose(model._encode(texts()), unit(expected("nomic")[:, 0]), atol=1e-4, rtol=0)
    for key, value in (("head_dim", 16), ("rotary_emb_base", 5.0)):
        write_json(folder / "config.json", config | {key: value})
        with pytest.raises(zcwasm.ModelError, match=f"{key} is"):
            embed.Model.open(folder, cpu)


@pytest.mark.cpu_is_enough
def test_the_server_takes_a_gguf_file(tmp_path: Path) -> None:
    from zcwasm._serve_command import open_embedder

    pytest.importorskip("starlette", reason="needs zcwasm[serve]")
    model = open_embedder(str(write_gguf(tmp_path / "model.gguf", "bert")), zcwasm.Device("cpu"))
    assert isinstance(model, embed.Model)


@pytest.mark.parametrize("name", IN_GGUF)
def test_gguf_is_what_the_folder_is(tmp_path: Path, device: zcwasm.Device, name: str) -> None:
    for number, at in ((1, 0), (2, 1), (3, 2)):
        model = embed.Model.open(write_gguf(tmp_path / f"{number}.gguf", name, pooling=number), device)
        got = model._encode(texts())
        np.testing.assert_allclose(got, unit(expected(name)[:, at]), atol=1e-4, rtol=0)
        if device.software:  # the others differ in what is done behind the encoder
            break
    folder = embed.Model.open(write_folder(tmp_path / "folder", name), device)
    some = ["a b c", "", "cab [SEP] d\u00e9", "e " * 100]
    assert model.tokenize(some) == [ids[: model.config.most_tokens] for ids in folder.tokenize(some)]
    quantized = embed.Model.open(write_gguf(tmp_path / "q.gguf", name, quantized="Q8_0"), device)
    cosines = np.einsum("ij,ij->i", quantized._encode(texts()), unit(expected(name)[:, 0]))
    assert cosines.min() > 0.999
    assert cosines.min() < 0.9999999


@pytest.mark.parametrize("name", SCORERS)
def test_scores_are_what_transformers_computes(tmp_path: Path, device: zcwasm.Device, name: str) -> None:
    from zcwasm._models import encoder_run

    model = embed.CrossEncoder.open(write_folder(tmp_path, name), device)
    wanted = expected(name)
    assert model.config.outputs == wanted.shape[1]
    kinds = types() if model._tokens._types else None
    for batch_tokens in (1, 2048):
        got = encoder_run.run(device, model.weights, model.config, texts(), kinds, batch_tokens)
        np.testing.assert_allclose(got, wanted, atol=1e-4, rtol=0)
    if kinds is not None:  # which make a difference
        other = encoder_run.run(device, model.weights, model.config, texts(), None)
        assert np.abs(other - wanted).max() > 1e-3


@pytest.mark.parametrize("name", SCORERS)
def test_scores_of_gguf_are_those_of_the_folder(tmp_path: Path, device: zcwasm.Device, name: str) -> None:
    from zcwasm._models import encoder_run

    folder = embed.CrossEncoder.open(write_folder(tmp_path / "folder", name), device)
    model = embed.CrossEncoder.open(write_gguf(tmp_path / "model.gguf", name), device)
    ours, theirs = model.config, folder.config
    assert (ours.steps, ours.pooling, ours.normalize) == (theirs.steps, theirs.pooling, False)
    assert (model.activation, ours.outputs) == (folder.activation, theirs.outputs)
    kinds = types() if name.startswith("bert") else None
    got = encoder_run.run(device, model.weights, model.config, texts(), kinds)
    np.testing.assert_allclose(got, expected(name), atol=1e-4, rtol=0)
    pairs = [("a b", "c d e"), ("a [SEP] b", "f"), ("", "g " * 90), ("h " * 90, "i " * 33), ("j " * 70, "k")]
    ids, kinds = model._tokens.of_pairs(pairs)
    assert (ids, kinds) == folder._tokens.of_pairs(pairs)
    assert (kinds is not None) == name.startswith("bert")
    np.testing.assert_allclose(model.predict(pairs), folder.predict(pairs), rtol=1e-5)
    quantized = embed.CrossEncoder.open(write_gguf(tmp_path / "q.gguf", name, quantized="Q8_0"), device)
    rounded = encoder_run.run(device, quantized.weights, quantized.config, ids, kinds)
    exact = encoder_run.run(device, model.weights, model.config, ids, kinds)
    assert 1e-6 < np.abs(rounded - exact).mean() < 0.1  # of about 2


def without_bias(folder: Path, name: str) -> Path:
    """The folder of a ModernBERT whose head's first matrix has no bias, scored by the first row."""
    write_folder(folder, name, classifier_bias=False, classifier_pooling="cls")
    tensors = {key: value for key, value in checkpoint(name).items() if key != "head.dense.bias"}
    write_safetensors(folder / "model.safetensors", tensors)
    return folder


@pytest.mark.cpu_is_enough
class TestCrossEncoderOfGguf:
    """Beside what transformers has computed: what files of llama.cpp may say, or leave out."""

    PAIRS = (("a b", "c d e"), ("a b", "f"))

    def scores(self, path: Path) -> npt.NDArray[np.float32]:
        return embed.CrossEncoder.open(path, zcwasm.Device("cpu")).predict(self.PAIRS, activation="none")

    def test_poolings_and_biases(self, tmp_path: Path) -> None:
        name, path = "modernbert-scores", tmp_path / "model.gguf"
        mean = self.scores(write_folder(tmp_path / "mean", name))
        np.testing.assert_allclose(
            self.scores(write_gguf(path, name, classifier__pooling_type=None)), mean, 1e-5
        )
        cls = self.scores(without_bias(tmp_path / "cls", name))
        assert np.abs(cls - mean).max() > 1e-3
        write_gguf(path, name, without=["cls.bias"], classifier__pooling_type=2)
        np.testing.assert_allclose(self.scores(path), cls, 1e-5)
        for pooling in (1, 2, 4):  # of vectors
            got = self.scores(write_gguf(path, "xlm-roberta-scores", pooling=pooling))
            np.testing.assert_allclose(got, self.scores(write_folder(tmp_path / "x", "xlm-roberta-scores")))

    def test_labels(self, tmp_path: Path) -> None:
        path = tmp_path / "model.gguf"
        write_gguf(path, "modernbert-scores", classifier__output_labels=None)
        assert self.scores(path).shape == (2, 3)
        cpu = zcwasm.Device("cpu")
        assert embed.CrossEncoder.open(path, cpu).activation == "none"
        # The converter writes those that config.json has, of what has no head, too.
        write_gguf(path, "bert", classifier__output_labels=["LABEL_0"])
        model = embed.Model.open(path, cpu)
        np.testing.assert_allclose(model._encode(texts()), unit(expected("bert")[:, 0]), atol=1e-4, rtol=0)

    def test_one_row_written_without_its_side(self, tmp_path: Path) -> None:
        for name in ("bert-scores", "xlm-roberta-scores"):
            for quantized in ("", "Q8_0"):
                flat = write_gguf(tmp_path / "flat.gguf", name, flat=True, quantized=quantized)
                two = write_gguf(tmp_path / "two.gguf", name, quantized=quantized)
                np.testing.assert_array_equal(self.scores(flat), self.scores(two))
        path = write_gguf(tmp_path / "flat.gguf", "xlm-roberta", flat=True)  # whose types are one row, too
        got = embed.Model.open(path, zcwasm.Device("cpu"))._encode(texts())
        np.testing.assert_allclose(got, unit(expected("xlm-roberta")[:, 0]), atol=1e-4, rtol=0)

    def test_the_server_says_what_takes_it(self, tmp_path: Path) -> None:
        from zcwasm._serve_command import open_embedder

        path = str(write_gguf(tmp_path / "model.gguf", "bert-scores"))
        with pytest.raises(zcwasm.ModelError, match=r"it scores pairs: zcwasm.embed.CrossEncoder"):
            open_embedder(path, zcwasm.Device("cpu"))

    @pytest.mark.parametrize(
        ("name", "without", "changes", "words"),
        [
            ("bert", [], {}, "cls.output.weight is missing"),
            ("bert", [], {"pooling_type": 4}, "cls.output.weight is missing"),
            ("nomic", [], {}, "'nomic-bert', whose scores are not supported"),
            ("bert-scores", ["cls.weight", "cls.bias"], {}, "cls.weight is missing: .*leaves out the pooler"),
            ("bert-scores", ["cls.bias"], {}, "cls.bias is missing"),
            ("bert-scores", ["cls.output.bias"], {}, "cls.output.bias is missing"),
            ("bert-scores", ["token_types.weight"], {}, "token_types.weight is missing, as .* DistilBERT"),
            ("bert-scores", [], {"pooling_type": 5}, "pooling_type is 5"),
            ("bert-scores", [], {"pooling_type": [4, 4]}, r"pooling_type is array"),
            ("bert-scores", [], {"pooling_type": True}, "pooling_type is True"),
            ("bert-scores", [], {"classifier__pooling_type": 1}, "pooling_type is 1, supported: 2 .cls."),
            ("bert-scores", [], {"classifier__output_labels": ["a", "b"]}, "must have the 1 labels"),
            ("bert-scores", [], {"classifier__output_labels": [1]}, "must have the 1 labels"),
            ("bert-scores", [], {"surprise": 1}, "bert.surprise is 1: this key is not known"),
            ("bert-scores", [], {"embedding_length": 64}, r"is \(64, 32\), must be \(64, 64\)"),
            ("modernbert-scores", [], {"context_length": 3}, "no room for a pair"),
            ("modernbert-scores", ["cls.norm.weight"], {}, "cls.norm.weight is missing"),
            ("modernbert-scores", ["cls.weight"], {}, "cls.weight is missing"),
            ("modernbert-scores", [], {"classifier__pooling_type": 3}, "supported: 1 .mean. and 2 .cls."),
        ],
    )
    def test_refused(self, tmp_path: Path, name: str, without: Any, changes: Any, words: str) -> None:
        path = write_gguf(tmp_path / "model.gguf", name, without=without, **changes)
        with pytest.raises(zcwasm.ModelError, match=words):
            embed.CrossEncoder.open(path, zcwasm.Device("cpu"))

    def test_enormous_or_odd_heads(self, tmp_path: Path) -> None:
        """What the header says of a tensor is hostile."""
        path = write_gguf(tmp_path / "model.gguf", "bert-scores", classifier__output_labels=None)
        good = path.read_bytes()
        at = good.index(b"cls.output.weight") + len("cls.output.weight")
        for sides, words in (
            ((32, 1 << 40), "labels, must be 1 to 4096"),
            ((32, 0), "0 labels"),
            ((1 << 63, 1), "must be"),
            ((33, 1), r"is \(1, 33\), must be \(1, 32\)"),
        ):
            path.write_bytes(good[: at + 4] + struct.pack("<QQ", *sides) + good[at + 20 :])
            with pytest.raises(zcwasm.ModelError, match=words):
                embed.CrossEncoder.open(path, zcwasm.Device("cpu"))


@pytest.mark.cpu_is_enough
class TestCrossEncoder:
    def test_pairs(self, tmp_path: Path) -> None:
        from zcwasm._models import encoder_run

        cpu = zcwasm.Device("cpu")
        model = embed.CrossEncoder.open(write_folder(tmp_path, "bert-scores"), cpu)
        pairs = [("a b", "c d e"), ("a b", "f"), ("a b", "g " * 90)]
        ids, kinds = model._tokens.of_pairs(pairs)
        assert ids[1] == [2, 4, 5, 3, 9, 3]
        assert kinds is not None
        assert kinds[1] == [0, 0, 0, 0, 1, 1]
        assert len(ids[2]) == 60  # of which the longer text lost what is too much
        assert ids[2][:4] == [2, 4, 5, 3]
        logits = encoder_run.run(cpu, model.weights, model.config, ids, kinds)[:, 0]
        np.testing.assert_allclose(model.predict(pairs, activation="none"), logits)
        np.testing.assert_allclose(model.predict(pairs), 1 / (1 + np.exp(-logits)), atol=1e-6)
        order = [int(index) for index in np.argsort(-logits)]
        ranked = model.rank("a b", [text for _, text in pairs])
        assert [index for index, _ in ranked] == order
        assert model.rank("a b", [text for _, text in pairs], top_k=1) == ranked[:1]
        assert model.rank("a b", []) == []
        assert "1 score, pairs of up to 60 tokens" in repr(model)

    def test_labels_and_activations(self, tmp_path: Path) -> None:
        cpu = zcwasm.Device("cpu")
        model = embed.CrossEncoder.open(write_folder(tmp_path / "3", "modernbert-scores"), cpu)
        scores = model.predict([("a", "b"), ("c", "d e")])
        assert scores.shape == (2, 3)
        exponents = np.exp(scores)
        wanted = exponents / exponents.sum(1, keepdims=True)
        np.testing.assert_allclose(
            model.predict([("a", "b"), ("c", "d e")], activation="softmax"), wanted, 1e-5
        )
        with pytest.raises(ValueError, match="gives 3 scores"):
            model.rank("a", ["b"])
        own = {"activation_fn": "torch.nn.modules.linear.Identity", "version": "5.1.0"}
        folder = write_folder(tmp_path / "1", "bert-scores", sentence_transformers=own)
        assert embed.CrossEncoder.open(folder, cpu).activation == "none"

    @pytest.mark.parametrize(
        ("name", "changes", "words"),
        [
            ("bert", {}, "architectures is .*does not score pairs"),
            ("distilbert", {}, "distilbert.*not supported"),
            ("bert-scores", {"id2label": {"0": "a", "1": "b"}}, r"classifier.weight is \(1, 32\), must be"),
            ("bert-scores", {"id2label": 3}, "id2label is 3"),
            (
                "bert-scores",
                {"sentence_transformers": {"activation_fn": "torch.nn.modules.activation.ReLU"}},
                "ReLU.*supported: Sigmoid, Identity",
            ),
            ("modernbert-scores", {"classifier_activation": "relu"}, "classifier_activation is 'relu'"),
            ("modernbert-scores", {"classifier_pooling": "max"}, "classifier_pooling is 'max'"),
        ],
    )
    def test_refused(self, tmp_path: Path, name: str, changes: Any, words: str) -> None:
        folder = write_folder(tmp_path, name, **changes)
        with pytest.raises(zcwasm.ModelError, match=words):
            embed.CrossEncoder.open(folder, zcwasm.Device("cpu"))

    def test_bad_arguments(self, tmp_path: Path) -> None:
        model = embed.CrossEncoder.open(write_folder(tmp_path, "bert-scores"), zcwasm.Device("cpu"))
        bad: Any = [("a",)]
        with pytest.raises(TypeError, match=r"pairs\[0\] is \('a',\), must be two str"):
            model.predict(bad)
        bad = "ab"
        with pytest.raises(TypeError, match="pairs is str"):
            model.predict(bad)
        bad = "relu"
        with pytest.raises(ValueError, match="activation is 'relu'"):
            model.predict([("a", "b")], activation=bad)


def write_dense(folder: Path, rows: int, columns: int, activation: str, *, bias: bool, seed: int) -> Any:
    """A Dense module; what it does."""
    rng = np.random.default_rng(seed)
    tensors = {"linear.weight": rng.standard_normal((rows, columns)).astype(np.float32) / 4}
    if bias:
        tensors["linear.bias"] = rng.standard_normal(rows).astype(np.float32)
    write_json(
        folder / "config.json",
        {
            "in_features": columns,
            "out_features": rows,
            "bias": bias,
            "activation_function": f"torch.nn.modules.{activation}",
        },
    )
    write_safetensors(folder / "model.safetensors", tensors)

    def compute(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
        y = x @ tensors["linear.weight"].T + tensors.get("linear.bias", np.float32(0))
        return np.asarray(np.tanh(y) if activation.endswith("Tanh") else y)

    return compute


def test_dense_modules(tmp_path: Path, device: zcwasm.Device) -> None:
    folder = write_folder(tmp_path, "bert")
    for pooling in ("cls", "max"):
        write_modules(folder, pooling, "Dense", "Dense", "Normalize")
        first = write_dense(folder / "2_Dense", 48, 32, "activation.Tanh", bias=True, seed=1)
        second = write_dense(folder / "3_Dense", 8, 48, "linear.Identity", bias=False, seed=2)
        model = embed.Model.open(folder, device)
        assert model.config.outputs == 8
        wanted = unit(second(first(expected("bert")[:, POOLINGS.index(pooling)])))
        for batch_tokens in (1, 2048):
            got = model._encode(texts(), batch_tokens)
            np.testing.assert_allclose(got, wanted, atol=1e-4, rtol=0)


def test_dense_modules_come_from_the_hub() -> None:
    from zcwasm._models import hub

    name = hub.parse("some/model")
    assert name
    dense = {"2_Dense/config.json", "2_Dense/model.safetensors"}
    others = {"2_Dense/pytorch_model.bin", "x/2_Dense/config.json", "onnx/model.safetensors"}
    files = {"config.json", "model.safetensors", "modules.json", *dense, *others}
    assert {*hub.choose(files, name).files} == files - others


@pytest.mark.cpu_is_enough
class TestBehindTheEncoder:
    def test_prompts_and_dim(self, tmp_path: Path) -> None:
        cpu = zcwasm.Device("cpu")
        folder = write_folder(tmp_path, "bert")
        write_json(
            folder / "config_sentence_transformers.json",
            {"prompts": {"query": "q ", "passage": ""}, "default_prompt_name": "query"},
        )
        model = embed.Model.open(folder, cpu)
        assert dict(model.prompts) == {"query": "q ", "passage": ""}
        plain = model.tokenize(["a"], prompt="")
        assert model.tokenize(["a"], prompt_name="passage") == plain
        for asked in ({}, {"prompt": "q "}, {"prompt_name": "query"}):
            assert model.tokenize(["a"], **asked) == model.tokenize(["q a"], prompt="") != plain
        np.testing.assert_array_equal(model.encode(["a"]), model.encode(["q a"], prompt=""))
        with pytest.raises(ValueError, match="prompt_name is 'x', this model has query, passage"):
            model.encode(["a"], prompt_name="x")
        with pytest.raises(ValueError, match="give one of them"):
            model.encode(["a"], prompt="", prompt_name="query")
        whole = model.encode(["a b", "c"])
        np.testing.assert_allclose(model.encode(["a b", "c"], dim=8), unit(whole[:, :8]), atol=1e-6)
        with pytest.raises(ValueError, match="dim is 33"):
            model.encode(["a"], dim=33)

    @pytest.mark.parametrize("pooling", POOLINGS)
    def test_a_text_without_tokens(self, tmp_path: Path, pooling: str) -> None:
        folder = write_folder(tmp_path, "bert")
        write_modules(folder, pooling)
        got = embed.Model.open(folder, zcwasm.Device("cpu"))._encode([[], [5, 6], []], 2)
        assert not got[0].any()
        assert got[1].any()
        assert not got[2].any()

    @pytest.mark.parametrize(
        ("key", "value", "words"),
        [
            ("in_features", 31, "in_features is 31, must be 32"),
            ("out_features", 0, "out_features is 0"),
            ("out_features", 9, r"dense.0.linear.weight is \(8, 32\), must be \(9, 32\)"),
            ("bias", 1, "bias is 1"),
            ("bias", False, "dense.0.linear.bias is not known"),
            ("activation_function", "torch.nn.modules.activation.ReLU", "ReLU.*supported: Tanh, Identity"),
            ("module_input_name", "token_embeddings", "module_input_name .* not known"),
        ],
    )
    def test_dense_refused(self, tmp_path: Path, key: str, value: Any, words: str) -> None:
        folder = write_folder(tmp_path, "bert")
        write_modules(folder, "mean", "Dense")
        write_dense(folder / "2_Dense", 8, 32, "activation.Tanh", bias=True, seed=1)
        path = folder / "2_Dense" / "config.json"
        write_json(path, json.loads(path.read_text()) | {key: value})
        with pytest.raises(zcwasm.ModelError, match=words):
            embed.Model.open(folder, zcwasm.Device("cpu"))


@pytest.mark.cpu_is_enough
class TestRefused:
    @pytest.mark.parametrize(
        ("name", "changes", "words"),
        [
            ("bert", {"surprise": 1}, "surprise is 1: this key is not known"),
            ("bert", {"quantization_config": {"bits": 4}}, "quantization_config"),
            ("bert", {"position_embedding_type": "relative_key"}, "position_embedding_type"),
            ("xlm-roberta", {"pad_token_id": -1}, "pad_token_id is -1"),
            ("xlm-roberta", {"pad_token_id": 70}, "max_position_embeddings is 62"),
            ("nomic", {"prenorm": True}, "prenorm is True"),
            ("nomic", {"rotary_emb_fraction": 0.5}, "rotary_emb_fraction is 0.5"),
            ("nomic", {"mlp_fc1_bias": True}, "mlp_fc1_bias is True"),
            ("nomic", {"num_experts": 8}, "num_experts is 8: this key is not known"),
            ("nomic", {"rotary_emb_base": 0}, "rotary_emb_base is 0"),
            ("modernbert", {"hidden_activation": "relu"}, "hidden_activation is 'relu'"),
            ("modernbert", {"layer_types": ["full_attention"]}, "layer_types"),
            ("modernbert", {"layer_types": ["linear"] * 5}, "layer_types"),
            ("modernbert", {"local_attention": 0}, "local_attention is 0"),
            (
                "modernbert",
                {"rope_parameters": {"full_attention": {"rope_type": "yarn", "factor": 2}}},
                "rope_parameters.full_attention.rope_type is 'yarn'",
            ),
            ("modernbert", {"norm_bias": True}, "embeddings.norm.bias is missing"),
            ("modernbert-silu", {"mlp_bias": True}, "a gate by SiLU with biases"),
            ("modernbert-biases", {"attention_bias": False}, r"attn\.W\w+\.bias is not known"),
        ],
    )
    def test_folders(self, tmp_path: Path, name: str, changes: Any, words: str) -> None:
        with pytest.raises(zcwasm.ModelError, match=words):
            embed.Model.open(write_folder(tmp_path, name, **changes), zcwasm.Device("cpu"))

    @pytest.mark.parametrize(
        ("name", "changes", "words"),
        [
            ("bert", {"pooling_type": 4}, "it scores pairs: zcwasm.embed.CrossEncoder.open takes it"),
            ("bert", {"pooling_type": 0}, "bert.pooling_type is 0"),
            ("bert", {"pooling_type": [4, 4]}, r"bert.pooling_type is array"),
            ("bert-scores", {}, "it scores pairs: zcwasm.embed.CrossEncoder.open takes it"),
            ("modernbert-scores", {"pooling_type": 1}, "it scores pairs"),
            ("bert", {"pooling_type": None}, "bert.pooling_type is None"),
            ("bert", {"attention__causal": True}, "bert.attention.causal is True"),
            (
                "bert",
                {"attention__head_count_kv": [4, 4, 4]},
                r"head_count_kv is array\(\[4, 4, 4\].*supported: 4",
            ),
            ("bert", {"attention__key_length": ["a"]}, r"key_length is \['a'\], supported: 8"),
            ("bert", {"surprise": 1}, "bert.surprise is 1: this key is not known"),
            ("bert", {"attention__head_count": 0}, "bert.attention.head_count is 0"),
            ("bert", {"attention__head_count": 3}, "3 heads of 32 columns"),
            ("bert", {"context_length": 61}, r"position_embd.weight is \(60, 32\), must be \(61, 32\)"),
            ("bert", {"block_count": 4}, "blk.3.attn_q.weight is missing"),
            ("bert", {"block_count": 2}, "blk.2.* is not known"),
            ("bert", {"attention__layer_norm_epsilon": None}, "layer_norm_epsilon is None"),
            ("modernbert", {"hidden_activation": "relu"}, "hidden_activation is 'relu'"),
            ("modernbert", {"attention__sliding_window_pattern": [True]}, "must be a number or 5 flags"),
            ("modernbert", {"rope__scaling__type": "yarn"}, "rope.scaling.type is 'yarn'"),
            ("nomic", {"rope__freq_base": 0.0}, "rope.freq_base is 0.0"),
        ],
    )
    def test_gguf(self, tmp_path: Path, name: str, changes: Any, words: str) -> None:
        with pytest.raises(zcwasm.ModelError, match=words):
            embed.Model.open(write_gguf(tmp_path / "model.gguf", name, **changes), zcwasm.Device("cpu"))


@pytest.mark.cpu_is_enough
def test_dispatches_of_bert(tmp_path: Path) -> None:
    """Three embeddings, a norm, nine for each layer, and one for the vectors: no more than BERT takes."""
    device = zcwasm.Device("cpu")
    model = embed.Model.open(write_folder(tmp_path, "bert"), device)
    before = device.stats()["dispatches"]
    model._encode(texts())
    assert device.stats()["dispatches"] - before == 4 + 9 * model.config.layers + 1
