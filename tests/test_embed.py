"""The embedder: the real model against sentence-transformers, a tiny random one against NumPy, and failures.

references/make_embed.py made the reference, and says how."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from models import real_model

import zcwasm
from zcwasm import embed

tokenizers = pytest.importorskip("tokenizers", reason="needs zcwasm[llm]")
numpy_files = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")

REFERENCES = Path(__file__).parent / "references" / "embed.npz"
Floats = npt.NDArray[np.float32]


class TestRealModel:
    @pytest.fixture
    def folder(self) -> Path:
        return real_model("all-minilm-l6-v2")

    @pytest.mark.slow
    def test_is_what_sentence_transformers_computes(self, folder: Path, device: zcwasm.Device) -> None:
        with np.load(REFERENCES) as file:
            expected = file["embeddings"]
            texts = [bytes(file[f"text_{index}"]).decode() for index in range(len(expected))]
        chosen = [index for index in range(len(texts)) if not device.software or index < 8]
        model = embed.Model.open(folder, device)
        got = model.encode([texts[index] for index in chosen])
        assert got.shape == (len(chosen), 384)
        assert got.dtype == np.float32
        cosines = np.einsum("ij,ij->i", got, expected[chosen])
        print(f"{device.kind}: smallest cosine {cosines.min():.7f} of {len(chosen)} texts")
        assert cosines.min() >= 0.9999
        np.testing.assert_allclose(np.linalg.norm(got, axis=1), 1, atol=1e-5)

    def test_texts_are_cut_to_256_tokens(self, folder: Path) -> None:
        model = embed.Model.open(folder, zcwasm.Device("cpu"))
        ids = model.tokenize(["", "fox " * 1000])
        assert ids[0] == [101, 102]
        assert len(ids[1]) == 256
        assert ids[1][-1] == 102


# --- a tiny model ---

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "b", "c", "d", "e", "f", "##a", "##b"]
DIM, HEADS, FF, POSITIONS, LAYERS = 24, 3, 40, 20, 2


def write_tiny(
    folder: Path, dtype: npt.DTypeLike = np.float32, prefix: str = "", **config: Any
) -> dict[str, Floats]:
    """A random model in that folder; its tensors."""
    rng = np.random.default_rng(7)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(WORDS), DIM),
        "embeddings.position_embeddings.weight": (POSITIONS, DIM),
        "embeddings.token_type_embeddings.weight": (2, DIM),
    }
    norms = ["embeddings.LayerNorm"]
    for index in range(LAYERS):
        layer = f"encoder.layer.{index}."
        names = (
            "attention.self.query",
            "attention.self.key",
            "attention.self.value",
            "attention.output.dense",
        )
        sizes = [(layer + name, DIM, DIM) for name in names]
        sizes += [(layer + "intermediate.dense", FF, DIM), (layer + "output.dense", DIM, FF)]
        for name, n, k in sizes:
            shapes |= {f"{name}.weight": (n, k), f"{name}.bias": (n,)}
        norms += [layer + "attention.output.LayerNorm", layer + "output.LayerNorm"]
    for name in norms:
        shapes |= {f"{name}.weight": (DIM,), f"{name}.bias": (DIM,)}
    tensors = {name: rng.standard_normal(shape).astype(dtype) for name, shape in shapes.items()}
    numpy_files.save_file(
        {prefix + name: tensor for name, tensor in tensors.items()}, folder / "model.safetensors"
    )
    numbers = {
        "model_type": "bert",
        "hidden_act": "gelu",
        "num_hidden_layers": LAYERS,
        "hidden_size": DIM,
        "num_attention_heads": HEADS,
        "intermediate_size": FF,
        "vocab_size": len(WORDS),
        "max_position_embeddings": POSITIONS,
        "type_vocab_size": 2,
        "layer_norm_eps": 1e-12,
    }
    (folder / "config.json").write_text(json.dumps({**numbers, **config}))
    words = {word: index for index, word in enumerate(WORDS)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = tokenizers.processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    (folder / "tokenizer.json").write_text(tokenizer.to_str())
    return {name: tensor.astype(np.float32) for name, tensor in tensors.items()}


def reference(tensors: dict[str, Floats], ids: list[int]) -> npt.NDArray[np.float64]:
    """The embedding of one text, in float64."""

    def dense(x: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
        return x @ tensors[f"{name}.weight"].astype(np.float64).T + tensors[f"{name}.bias"]

    def norm(x: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
        x = x - x.mean(1, keepdims=True)
        x = x / np.sqrt((x * x).mean(1, keepdims=True) + 1e-12)
        return x * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]

    embeddings = [
        tensors[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")
    ]
    x = embeddings[0][ids].astype(np.float64) + embeddings[1][: len(ids)] + embeddings[2][0]
    x = norm(x, "embeddings.LayerNorm")
    for index in range(LAYERS):
        layer = f"encoder.layer.{index}."
        q, k, v = (
            dense(x, f"{layer}attention.self.{name}").reshape(len(ids), HEADS, -1).swapaxes(0, 1)
            for name in ("query", "key", "value")
        )
        scores = q @ k.swapaxes(1, 2) / math.sqrt(DIM // HEADS)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        attended = (weights @ v).swapaxes(0, 1).reshape(len(ids), DIM)
        x = norm(x + dense(attended, f"{layer}attention.output.dense"), f"{layer}attention.output.LayerNorm")
        wide = dense(x, f"{layer}intermediate.dense")
        wide = wide * 0.5 * (1 + np.vectorize(math.erf)(wide / math.sqrt(2)))
        x = norm(x + dense(wide, f"{layer}output.dense"), f"{layer}output.LayerNorm")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


TEXTS = ["a b c", "", "d", "e e e e e e e", "unknown words", "f " * 40, "ab ca", "a", "b c d e"]


@pytest.mark.parametrize(
    ("dtype", "prefix"), [(np.float32, ""), (np.float16, "bert.")], ids=["F32", "F16 and a prefix"]
)
def test_tiny(tmp_path: Path, device: zcwasm.Device, dtype: npt.DTypeLike, prefix: str) -> None:
    tensors = write_tiny(tmp_path, dtype, prefix)
    model = embed.Model.open(tmp_path, device)
    expected = np.array([reference(tensors, ids) for ids in model.tokenize(TEXTS)])
    for batch_tokens in (1, 12, 2048):
        got = model.encode(TEXTS, batch_tokens=batch_tokens)
        np.testing.assert_allclose(got, expected, atol=2e-5, err_msg=f"batch_tokens {batch_tokens}")


def test_results_are_independent_guest_memory(tmp_path: Path, device: zcwasm.Device) -> None:
    write_tiny(tmp_path)
    model = embed.Model.open(tmp_path, device)
    before = zcwasm.copy_stats()
    first = model.encode(["a b"])
    row, kept = first[0], first[0].copy()
    second = model.encode(["c d e"])
    assert not first.flags.owndata
    assert not np.array_equal(first, second)
    del first
    model.encode(["e f"])
    np.testing.assert_array_equal(row, kept)
    if device.unified_memory:
        moved = {name: bytes - before.get(name, 0) for name, bytes in zcwasm.copy_stats().items()}
        # The model's numbers, and the guest's own data; nothing of texts or vectors.
        assert sum(moved.values()) < 4096, moved


def test_order_and_company_make_no_difference(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    model = embed.Model.open(tmp_path, zcwasm.Device("cpu"))
    together = model.encode(TEXTS)
    np.testing.assert_allclose(model.encode(TEXTS[::-1]), together[::-1], atol=1e-5)
    np.testing.assert_array_equal(model.encode(TEXTS), together)
    alone = np.concatenate([model.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(alone, together, atol=1e-5)
    assert model.encode([]).shape == (0, DIM)
    np.testing.assert_allclose(model.encode(["a\ud800"]), model.encode(["a\ufffd"]))


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"hidden_act": "relu"}, ["hidden_act", "relu"]),
        ({"model_type": "t5"}, ["model_type", "t5"]),
        ({"hidden_size": "24"}, ["hidden_size"]),
        ({"num_hidden_layers": 0}, ["num_hidden_layers"]),
        ({"vocab_size": 5}, ["tokenizer.json", "12 tokens"]),
        ({"layer_norm_eps": None}, ["layer_norm_eps"]),
        ({"is_decoder": True}, ["is_decoder", "True"]),
        ({"add_cross_attention": True}, ["add_cross_attention"]),
        ({"hidden_act": ["gelu"]}, ["hidden_act"]),
    ],
)
def test_bad_numbers(tmp_path: Path, config: dict[str, Any], words: list[str]) -> None:
    write_tiny(tmp_path, **config)
    with pytest.raises(zcwasm.ModelError) as caught:
        embed.Model.open(tmp_path, zcwasm.Device("cpu"))
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"num_hidden_layers": 3}, ["encoder.layer.2.attention.self.query.weight"]),
        ({"intermediate_size": 44}, ["encoder.layer.0.intermediate.dense.weight", "(40, 24)", "(44, 24)"]),
        ({"num_attention_heads": 5}, ["5 heads of 24 columns"]),
        ({"num_hidden_layers": 1}, ["encoder.layer.1.", "not known", "config.json says 1 layers"]),
        ({"max_position_embeddings": 21}, ["position_embeddings", "(20, 24)"]),
    ],
)
def test_numbers_that_do_not_fit_the_tensors(
    tmp_path: Path, config: dict[str, Any], words: list[str]
) -> None:
    write_tiny(tmp_path, **config)
    with pytest.raises(zcwasm.ModelError) as caught:
        embed.Model.open(tmp_path, zcwasm.Device("cpu"))
    for word in words:
        assert word in str(caught.value)


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value))


def modules(*kinds: str) -> list[dict[str, Any]]:
    return [
        {
            "idx": index,
            "path": "" if index == 0 else f"{index}_{kind}",
            "type": f"sentence_transformers.models.{kind}",
        }
        for index, kind in enumerate(kinds)
    ]


MEAN = {"word_embedding_dimension": DIM, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}


class TestModules:
    """What sentence-transformers' files ask for after the encoder is done, or refused."""

    def test_normalize_is_done_where_it_is_asked_for(self, tmp_path: Path, device: zcwasm.Device) -> None:
        tensors = write_tiny(tmp_path)
        write_json(tmp_path / "1_Pooling" / "config.json", MEAN)
        write_json(tmp_path / "modules.json", modules("Transformer", "Pooling", "Normalize"))
        model = embed.Model.open(tmp_path, device)
        expected = np.array([reference(tensors, ids) for ids in model.tokenize(TEXTS)])
        np.testing.assert_allclose(model.encode(TEXTS), expected, atol=2e-5)
        write_json(tmp_path / "modules.json", modules("Transformer", "Pooling"))
        model = embed.Model.open(tmp_path, device)
        assert not model.config.normalize
        got = model.encode(TEXTS)
        lengths = np.linalg.norm(got, axis=1, keepdims=True)
        assert np.abs(lengths - 1).max() > 0.1
        np.testing.assert_allclose(got / lengths, expected, atol=2e-5)

    @pytest.mark.parametrize(
        ("file", "value", "words"),
        [
            ("1_Pooling/config.json", MEAN | {"pooling_mode_cls_token": True}, "cls_token, mean_tokens"),
            ("1_Pooling/config.json", {"pooling_mode_mean_tokens": False}, "no pooling"),
            (
                "1_Pooling/config.json",
                {"pooling_mode_mean_tokens": False, "pooling_mode_weightedmean_tokens": True},
                "asks for weightedmean_tokens: supported is one of mean_tokens",
            ),
            ("1_Pooling/config.json", {"include_prompt": False}, "include_prompt is False"),
            ("1_Pooling/config.json", {"pooling_mode": ["mean"]}, "asks for"),
            ("1_Pooling/config.json", MEAN | {"word_embedding_dimension": 25}, "is 25, the model has 24"),
            ("modules.json", modules("Transformer", "Pooling", "LayerNorm", "Normalize"), "LayerNorm"),
            ("modules.json", modules("Transformer", "Normalize"), "Transformer, Normalize"),
            ("modules.json", modules("Transformer"), "has Transformer: supported"),
            ("modules.json", {}, "no JSON array"),
            ("modules.json", [1], "no JSON array of objects"),
            ("modules.json", [{"type": "Transformer"}], "without type or path"),
            ("modules.json", [{"type": "Transformer", "path": "../x"}], "not a folder beside it"),
            ("modules.json", [{"type": "Transformer", "path": "/etc"}], "not a folder beside it"),
            ("modules.json", [{"type": "Transformer", "path": ".."}], "without type or path"),
            ("modules.json", [{"type": "Transformer", "path": "a\0b"}], "not a folder beside it"),
            ("modules.json", [{"type": "Transformer", "path": "\ud800"}], "not a folder beside it"),
            ("sentence_bert_config.json", {"max_seq_length": "20"}, "max_seq_length is '20'"),
            ("sentence_bert_config.json", {"max_seq_length": 0}, "max_seq_length is 0"),
            ("sentence_bert_config.json", {"max_seq_length": 2}, "puts 2 tokens around a text"),
            ("sentence_bert_config.json", {"do_lower_case": 1}, "do_lower_case"),
            ("config_sentence_transformers.json", {"prompts": {"query": 1}}, "prompts.query is 1"),
            (
                "config_sentence_transformers.json",
                {"prompts": {"query": "query: "}, "default_prompt_name": "text"},
                "default_prompt_name is 'text', which is none of its prompts",
            ),
        ],
    )
    def test_refused(self, tmp_path: Path, file: str, value: Any, words: str) -> None:
        write_tiny(tmp_path)
        write_json(tmp_path / file, value)
        with pytest.raises(zcwasm.ModelError, match=words):
            embed.Model.open(tmp_path, zcwasm.Device("cpu"))

    @pytest.mark.parametrize(
        ("file", "value"),
        [
            ("1_Pooling/config.json", {"pooling_mode": "mean", "embedding_dimension": DIM}),
            ("1_Pooling/config.json", {"word_embedding_dimension": DIM, "include_prompt": True}),
            ("sentence_bert_config.json", {"max_seq_length": None, "do_lower_case": False}),
            ("tokenizer_config.json", {"model_max_length": 1e30}),
            (
                "config_sentence_transformers.json",
                {"prompts": {"query": "query: "}, "default_prompt_name": None},
            ),
            ("config_sentence_transformers.json", {"similarity_fn_name": "cosine"}),
        ],
    )
    def test_without_effect(self, tmp_path: Path, file: str, value: Any) -> None:
        write_tiny(tmp_path)
        cpu = zcwasm.Device("cpu")
        plain = embed.Model.open(tmp_path, cpu).encode(TEXTS)
        write_json(tmp_path / file, value)
        np.testing.assert_array_equal(embed.Model.open(tmp_path, cpu).encode(TEXTS), plain)

    def test_where_texts_end_and_lower_case(self, tmp_path: Path) -> None:
        write_tiny(tmp_path)
        cpu = zcwasm.Device("cpu")
        write_json(tmp_path / "tokenizer_config.json", {"model_max_length": 9})
        assert [len(ids) for ids in embed.Model.open(tmp_path, cpu).tokenize(["a " * 50])] == [9]
        write_json(tmp_path / "sentence_bert_config.json", {"max_seq_length": 7, "do_lower_case": True})
        model = embed.Model.open(tmp_path, cpu)
        assert [len(ids) for ids in model.tokenize(["a " * 50])] == [7]
        assert model.tokenize(["A b"]) == model.tokenize(["a b"])

    def test_an_encoder_in_a_folder_of_its_own(self, tmp_path: Path) -> None:
        cpu = zcwasm.Device("cpu")
        inner = tmp_path / "0_Transformer"
        inner.mkdir()
        write_tiny(inner)
        found = modules("Transformer", "Pooling", "Normalize")
        found[0]["path"] = "0_Transformer"
        write_json(tmp_path / "modules.json", found)
        plain = embed.Model.open(inner, cpu).encode(TEXTS)
        np.testing.assert_array_equal(embed.Model.open(tmp_path, cpu).encode(TEXTS), plain)

    def test_several_files(self, tmp_path: Path) -> None:
        cpu = zcwasm.Device("cpu")
        tensors = write_tiny(tmp_path)
        plain = embed.Model.open(tmp_path, cpu).encode(TEXTS)
        (tmp_path / "model.safetensors").unlink()
        places = {name: f"model-{index % 2}.safetensors" for index, name in enumerate(tensors)}
        for file in ("model-0.safetensors", "model-1.safetensors"):
            some = {name: tensors[name] for name, place in places.items() if place == file}
            numpy_files.save_file(some, tmp_path / file)
        write_json(tmp_path / "model.safetensors.index.json", {"weight_map": places})
        with embed.Model.open(tmp_path, cpu) as model:
            np.testing.assert_array_equal(model.encode(TEXTS), plain)
            assert str(tmp_path) in repr(model)
        write_json(tmp_path / "model.safetensors.index.json", {})
        with pytest.raises(zcwasm.ModelError, match="weight_map is missing"):
            embed.Model.open(tmp_path, cpu)


class TestTensors:
    def change(self, folder: Path, **changes: Any) -> None:
        tensors = write_tiny(folder)
        for name, values in changes.items():
            key = name.replace("__", ".")
            tensors.pop(key, None)
            if values is not None:
                tensors[key] = values
        numpy_files.save_file(tensors, folder / "model.safetensors")

    @pytest.mark.parametrize(
        ("name", "values", "words"),
        [
            ("encoder__layer__0__output__dense__bias", None, "output.dense.bias is missing"),
            ("embeddings__LayerNorm__weight", np.ones(3, np.float32), r"is \(3,\), must be \(24,\)"),
            ("encoder__layer__0__adapter__weight", np.ones(3, np.float32), "adapter.weight is not known"),
            ("embeddings__LayerNorm__weight", np.ones(DIM, np.int64), "its type is I64"),
            ("embeddings__word_embeddings__weight", None, "embeddings.word_embeddings.weight is missing"),
        ],
    )
    def test_refused(self, tmp_path: Path, name: str, values: Any, words: str) -> None:
        self.change(tmp_path, **{name: values})
        with pytest.raises(zcwasm.ModelError, match=words):
            embed.Model.open(tmp_path, zcwasm.Device("cpu"))

    def test_what_embeddings_do_not_need(self, tmp_path: Path) -> None:
        self.change(
            tmp_path,
            pooler__dense__weight=np.ones((DIM, DIM), np.float32),
            embeddings__position_ids=np.arange(POSITIONS)[None],
        )
        embed.Model.open(tmp_path, zcwasm.Device("cpu")).encode(["a"])


class TestTokenizerFile:
    def test_ids_beyond_the_rows(self, tmp_path: Path) -> None:
        """Few tokens, but one of a large number."""
        write_tiny(tmp_path)
        words = {"[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "a": 10**6}
        tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(words, unk_token="[UNK]"))
        (tmp_path / "tokenizer.json").write_text(tokenizer.to_str())
        with pytest.raises(zcwasm.ModelError, match="has 1000001 tokens, the model 12"):
            embed.Model.open(tmp_path, zcwasm.Device("cpu"))

    def test_a_post_processor_with_ids_of_its_own(self, tmp_path: Path) -> None:
        write_tiny(tmp_path)
        path = tmp_path / "tokenizer.json"
        text = json.loads(path.read_text())
        text["post_processor"]["cls"] = ["[CLS]", 10**6]
        path.write_text(json.dumps(text))
        with pytest.raises(zcwasm.ModelError, match="is 1000000, but there are 12 tokens"):
            embed.Model.open(tmp_path, zcwasm.Device("cpu"))

    def test_types_of_tokens(self, tmp_path: Path) -> None:
        write_tiny(tmp_path)
        path = tmp_path / "tokenizer.json"
        tokenizer = tokenizers.Tokenizer.from_str(path.read_text())
        tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
            single="[CLS]:1 $A:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
        path.write_text(tokenizer.to_str())
        with pytest.raises(zcwasm.ModelError, match="another type than 0"):
            embed.Model.open(tmp_path, zcwasm.Device("cpu"))


def test_bad_files(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    cpu = zcwasm.Device("cpu")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(zcwasm.ModelError, match=r"tokenizer\.json"):
        embed.Model.open(tmp_path, cpu)
    (tmp_path / "config.json").write_text("[1]")
    with pytest.raises(zcwasm.ModelError, match=r"config\.json: holds no JSON object"):
        embed.Model.open(tmp_path, cpu)
    (tmp_path / "config.json").unlink()
    with pytest.raises(FileNotFoundError):
        embed.Model.open(tmp_path, cpu)


def test_bad_arguments(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    model = embed.Model.open(tmp_path, zcwasm.Device("cpu"))
    bad: Any = "one text"
    with pytest.raises(TypeError, match="texts is str"):
        model.encode(bad)
    bad = ["a", 1]
    with pytest.raises(TypeError, match=r"texts\[1\] is int"):
        model.encode(bad)
    with pytest.raises(ValueError, match="batch_tokens is 0"):
        model.encode(["a"], batch_tokens=0)
    bad = 1.5
    with pytest.raises(TypeError, match="batch_tokens must be an int, not float"):
        model.encode(["a"], batch_tokens=bad)


def test_closing(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    with embed.Model.open(tmp_path, zcwasm.Device("cpu")) as model:
        vectors = model.encode(["a"])
        assert repr(model).startswith(f"<zcwasm.embed.Model '{tmp_path}': ")
    assert model.closed
    assert repr(model).endswith(", closed>")
    assert np.isfinite(vectors).all()  # a result stays
    with pytest.raises(zcwasm.ClosedError, match="the model is closed"):
        model.encode(["a"])
    with pytest.raises(zcwasm.ClosedError, match="the model is closed"):
        model.__enter__()
    model.close()


def test_what_is_no_model(tmp_path: Path) -> None:
    wrong: Any = 5
    with pytest.raises(TypeError, match="path must be a str or a path, not int"):
        embed.Model.open(wrong)
    wrong = "cpu"
    with pytest.raises(TypeError, match=r"device must be a zcwasm\.Device, not str"):
        embed.Model.open(tmp_path, wrong)
    file = tmp_path / "model.gguf"
    file.write_bytes(b"GGUF")
    with pytest.raises(zcwasm.ModelError, match=r"model\.gguf: .* cut short or damaged"):
        embed.Model.open(file)
