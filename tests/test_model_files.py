"""What a model file may hold: what changes the result and is not computed is refused by name when it is
opened; hostile vocabularies, numbers and lengths cost no time and raise nothing but ModelError."""

from __future__ import annotations

import re
import time
import warnings
from pathlib import Path
from typing import Any

import model_files
import numpy as np
import pytest
from model_files import DIM, llama_metadata, llama_tensors
from models import real_model

import zcwasm
from zcwasm import llm
from zcwasm.llm._tokenizer import Tokenizer

for package in ("tokenizers", "jinja2"):
    pytest.importorskip(package, reason=f"needs {package}, which zcwasm[llm] brings")

CONTROL, NORMAL, USER_DEFINED = 3, 1, 4


class Maker:
    """Writes a tiny model with changes, and opens it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(
        self,
        metadata: dict[str, Any] | None = None,
        tensors: dict[str, Any] | None = None,
        *,
        layers: int = 1,
        rows: int = 259,
        **tokenizer: Any,
    ) -> llm.Model:
        data = model_files.model(
            llama_metadata(layers, **tokenizer) | (metadata or {}),
            llama_tensors(layers, rows) | (tensors or {}),
        )
        self.path.write_bytes(data)
        return llm.Model.open(self.path, zcwasm.Device("cpu", threads=1))


@pytest.fixture
def make(tmp_path: Path) -> Maker:
    return Maker(tmp_path / "model.gguf")


def logits(model: llm.Model) -> Any:
    return model.session(context=32, exact=True, kv_dtype="f32").logits([10, 20, 30]).copy()


class TestTensors:
    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("blk.0.attn_sub_norm.weight", np.ones(DIM)),
            ("blk.0.attn_q_norm.weight", np.ones(8)),
            ("blk.0.attn_norm.bias", np.ones(DIM)),
            ("blk.0.post_attention_norm.weight", np.ones(DIM)),
            ("blk.0.attn_sinks.weight", np.ones(4)),
            ("blk.0.ffn_gate_inp.weight", np.ones((4, DIM))),
            ("output_norm.bias", np.ones(DIM)),
            ("output.bias", np.ones(259)),
            ("rope_factors_long.weight", np.ones(4)),
            ("blk.1.attn_q.weight", np.ones((DIM, DIM))),
            ("anything", np.ones(1)),
        ],
    )
    def test_what_the_guest_does_not_compute(self, make: Maker, name: str, values: Any) -> None:
        with pytest.raises(zcwasm.ModelError, match=rf"tensor {name} is not known.*1 layer"):
            make(tensors={name: values})

    @pytest.mark.parametrize(
        "name",
        [
            *("blk.0.attn_q.bias", "blk.0.attn_k.bias", "blk.0.attn_output.bias", "blk.0.ffn_down.bias"),
            *("rope_freqs.weight", "output.weight"),
        ],
    )
    def test_what_it_computes(self, make: Maker, name: str) -> None:
        size = {"blk.0.attn_q.bias": DIM, "blk.0.attn_k.bias": 16, "rope_freqs.weight": 4}
        size |= {"blk.0.attn_output.bias": DIM, "blk.0.ffn_down.bias": DIM}
        values = (
            np.linspace(1, 9, size[name]) if name in size else np.random.default_rng(1).random((259, DIM))
        )
        plain = logits(make())
        assert np.abs(logits(make(tensors={name: values})) - plain).max() > 1e-3

    def test_plain_frequencies_in_every_layer_pass(self, make: Maker) -> None:
        plain = logits(make())
        np.testing.assert_array_equal(logits(make(tensors={"blk.0.attn_rot_embd.weight": np.ones(4)})), plain)

    @pytest.mark.parametrize(
        ("name", "values", "words"),
        [
            ("blk.0.ffn_up.weight", None, "blk.0.ffn_up.weight is missing"),
            ("output_norm.weight", None, "output_norm.weight is missing"),
            ("token_embd.weight", None, "token_embd.weight"),
            (
                "blk.0.ffn_up.weight",
                np.ones((63, DIM)),
                r"blk.0.ffn_up.weight is \(63, 32\), must be \(64, 32\)",
            ),
            ("blk.0.attn_q.bias", np.ones(8), r"attn_q.bias is \(8\), must be \(32\)"),
            ("rope_freqs.weight", np.ones(5), r"rope_freqs.weight is \(5\), must be \(4\)"),
        ],
    )
    def test_missing_or_of_another_shape(self, make: Maker, name: str, values: Any, words: str) -> None:
        """When it is opened, not when the first session is."""
        with pytest.raises(zcwasm.ModelError, match=words):
            make(tensors={name: values})


class TestNumbers:
    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("llama.attention.scale", 9.0),
            ("llama.attention.causal", False),
            ("llama.attention.clamp_kqv", 8.0),
            ("llama.logit_scale", 9.0),
            ("llama.embedding_scale", 12.0),
            ("llama.residual_scale", 0.2),
            ("llama.attn_logit_softcapping", 50.0),
            ("llama.final_logit_softcapping", 30.0),
            ("llama.attention.temperature_scale", 0.1),
            ("llama.rope.freq_base_swa", 1e4),
            ("llama.vocab_size", 260),
            ("llama.vocab_size", "259"),
            ("llama.nextn_predict_layers", 1),
            ("llama.invented_next_year", 1),
            ("llama.text", "x"),
            ("llama.list", [1, 2]),
            ("xielu.alpha_n", [1.0]),
            ("general.quantization_version", 3),
            ("general.type", "adapter"),
            ("general.type", ["model"]),
        ],
    )
    def test_what_would_change_the_result(self, make: Maker, key: str, value: Any) -> None:
        with pytest.raises(zcwasm.ModelError, match=key):
            make({key: value})

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("llama.vocab_size", 259),
            ("llama.expert_count", 0),
            ("llama.expert_used_count", 0),
            ("llama.expert_gating_func", 3),
            ("llama.attention.scale", 8**-0.5),
            ("llama.attention.causal", True),
            ("llama.logit_scale", 1.0),
            ("llama.attention.key_length", 8),
            ("llama.attention.value_length", 8),
            ("llama.rope.dimension_count", 8),
            ("llama.rope.freq_base", 10000.0),
            ("llama.rope.scaling.original_context_length", 128),
            ("llama.rope.scaling.finetuned", True),
            ("llama.tensor_data_layout", "Meta AI original pth"),
            ("llama.vision.image_size", 896),
            ("llama.attention.sliding_window", 4096),
            ("llama.attention.sliding_window", 0),
            ("qwen2.attention.causal", False),
            ("general.quantization_version", 2),
            ("general.sampling.temp", 0.7),
            ("general.type", "model"),
            ("split.count", 1),
            ("quantize.imatrix.file", "x"),
            ("somebody.note", "x"),
        ],
    )
    def test_what_does_not(self, make: Maker, key: str, value: Any) -> None:
        plain = logits(make())
        np.testing.assert_array_equal(logits(make({key: value})), plain)

    def test_a_factor_counts_without_a_type_of_scaling(self, make: Maker) -> None:
        factor = {"llama.rope.scaling.factor": 4.0}
        linear = logits(make(factor | {"llama.rope.scaling.type": "linear"}))
        np.testing.assert_array_equal(logits(make(factor)), linear)
        np.testing.assert_array_equal(logits(make({"llama.rope.scale_linear": 4.0})), linear)
        plain = logits(make())
        assert np.abs(plain - linear).max() > 1e-3
        np.testing.assert_array_equal(logits(make(factor | {"llama.rope.scaling.type": "none"})), plain)
        np.testing.assert_array_equal(logits(make({"llama.rope.scaling.factor": 0.0})), plain)

    def test_a_sliding_window_is_of_all_layers(self, make: Maker) -> None:
        model = make({"llama.attention.sliding_window": 100})
        assert model.config.context > 100
        assert set(model.config.layer_table) == {(100, 0)}
        with pytest.raises(zcwasm.ModelError, match="sliding_window"):
            make({"llama.attention.sliding_window": 0.5})

    def test_angles_of_a_sliding_window(self, make: Maker) -> None:
        """Of a base of their own, scaled as the others are."""
        of_all = {"llama.rope.freq_base": 500.0, "llama.rope.scaling.factor": 2.0}
        window = {"llama.attention.sliding_window": 4}
        expected = logits(make(of_all | window))
        of_window = {"llama.rope.freq_base_swa": 500.0}
        found = make(of_all | window | {"llama.rope.freq_base": 1e4} | of_window)
        np.testing.assert_array_equal(logits(found), expected)
        assert found.config.ropes == 2
        assert make(of_all | window | of_window).config.ropes == 1
        other = logits(make(of_all | window | {"llama.rope.freq_base_swa": 1e4}))
        assert np.abs(other - expected).max() > 1e-3
        yarn = of_all | window | {"llama.rope.scaling.type": "yarn"}
        for base in ("llama.rope.freq_base", "llama.rope.freq_base_swa"):
            with pytest.raises(zcwasm.ModelError, match=f"{base} is 1.0, must be above 1 for yarn"):
                make(yarn | {base: 1.0})

    def test_parts_and_mixtures(self, make: Maker) -> None:
        with pytest.raises(zcwasm.ModelError, match="one part of a split model"):
            make({"split.count": 2, "split.no": 0}, {"blk.0.ffn_up.weight": None})
        for numbers, words in (
            ({"expert_count": 8}, "llama.expert_used_count"),
            ({"expert_count": 8, "expert_used_count": 9}, "llama.expert_used_count is 9, must be 1 to 8"),
            ({"expert_count": 1025, "expert_used_count": 2}, "llama.expert_count is 1025, must be 0 to 1024"),
            ({"expert_count": 8, "expert_used_count": 2}, "tensor blk.0.ffn_gate_exps.weight is missing"),
        ):
            with pytest.raises(zcwasm.ModelError, match=re.escape(words)):
                make({f"llama.{name}": value for name, value in numbers.items()})

    @pytest.mark.parametrize(
        "key",
        [
            "general.architecture",
            "general.quantization_version",
            "split.count",
            "llama.block_count",
            "llama.rope.scaling.type",
            "llama.rope.freq_base",
            "llama.attention.sliding_window",
        ],
    )
    @pytest.mark.parametrize("value", [[1, 2], ["x"], "x", [[1], [2]], float("nan"), -(2**62)])
    def test_of_another_kind(self, make: Maker, key: str, value: Any) -> None:
        with pytest.raises(zcwasm.ModelError, match=key):
            make({key: value})


def test_the_real_model_opens() -> None:
    model = llm.Model.open(real_model("smollm2-135m"), zcwasm.Device("cpu", threads=1))
    assert len(model.tokenizer) == model.config.vocab == 49152


class TestRows:
    def test_padding_rows_stand_for_no_text(self, make: Maker) -> None:
        model = make(rows=600)
        assert model.config.vocab == 600
        assert len(model.tokenizer) == 259
        assert model.detokenize([4, 300, 599, 5]) == model.detokenize([4, 5])
        session = model.session(context=64)
        tokens = list(session.generate("hello", temperature=100.0, seed=1, ignore_eos=True))
        assert any(token.id >= 259 for token in tokens)
        assert model.detokenize([token.id for token in tokens]) == "".join(token.text for token in tokens)
        with pytest.raises(ValueError, match="token id 600"):
            model.detokenize([600])

    def test_fewer_rows_than_tokens(self, make: Maker) -> None:
        with pytest.raises(
            zcwasm.ModelError, match=r"tokens has 259 tokens, tensor token_embd.weight 100 rows"
        ):
            make(rows=100)


# --- vocabularies ---


def byte_level(extra: list[tuple[str, int]] = (), **more: Any) -> dict[str, Any]:  # type: ignore[assignment]
    texts, kinds = [text for text, _ in extra], [kind for _, kind in extra]
    tokens = [*model_files.CONTROLS, *model_files.letters(), *texts]
    types = [CONTROL] * 3 + [NORMAL] * 256 + kinds
    return {
        f"tokenizer.ggml.{name}": value
        for name, value in {
            "model": "gpt2",
            "pre": "gpt-2",
            "tokens": tokens,
            "token_type": types,
            "merges": [],
            **more,
        }.items()
    }


def sentencepiece(texts: list[str], kind: int = NORMAL) -> dict[str, Any]:
    tokens = ["<unk>", "<s>", "</s>", *texts]
    return {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [2, 3, 3] + [kind] * len(texts),
        "tokenizer.ggml.scores": np.zeros(len(tokens), np.float32),
    }


class TestBombs:
    @pytest.mark.parametrize(
        ("metadata", "words"),
        [
            (sentencepiece(["z" * 100_000]), r"tokens\[3\] has 100000 characters"),
            (byte_level([("z" * 100_000, NORMAL)]), r"tokens\[259\] has 100000 characters"),
            (sentencepiece(["a" * n for n in range(1, 1025)]), r"cut in two at \d+ places"),
            (sentencepiece(["a" * n for n in range(1, 47)] * 40 + ["bcd"] * 4), None),
            (sentencepiece([*map(str, range(100_000))], CONTROL), "100003 control and user-defined"),
            (sentencepiece([*map(str, range(100_000))], USER_DEFINED), "100003 control and user-defined"),
            (byte_level([(f"{n:01000}", CONTROL) for n in range(1000)]), "tokens of 1000035 characters"),
            (byte_level(merges=["a b"] * 5000), "5000 merges for 259 tokens"),
        ],
        ids=[
            "long",
            "long BPE",
            "a, aa, aaa",
            "within",
            "controls",
            "user-defined",
            "long controls",
            "merges",
        ],
    )
    def test_are_answered_at_once(self, metadata: dict[str, Any], words: str | None) -> None:
        Tokenizer(byte_level())  # what is loaded for the first time takes its time
        start = time.process_time()
        if words is None:
            Tokenizer(metadata)
        else:
            with pytest.raises(zcwasm.ModelError, match=words):
                Tokenizer(metadata)
        assert time.process_time() - start < 5

    def test_merges_without_end(self) -> None:
        """Tokens of moderate length that merge in every way."""
        texts = [letter * n for letter in map(chr, range(0x4E00, 0x4E00 + 400)) for n in range(1, 48)]
        start = time.process_time()
        with pytest.raises(zcwasm.ModelError, match="merge in more than"):
            Tokenizer(sentencepiece(texts))
        assert time.process_time() - start < 5

    def test_what_models_have_passes(self) -> None:
        """A large vocabulary, thousands of tokens that are found first, long runs of one letter."""
        rng = np.random.default_rng(0)
        words = {"".join(map(chr, rng.integers(97, 123, rng.integers(2, 9)))) for _ in range(30_000)}
        controls = [f"<unused{n}>" for n in range(6242)]
        tokenizer = Tokenizer(
            byte_level([(name, CONTROL) for name in controls] + [(word, NORMAL) for word in sorted(words)])
        )
        assert len(tokenizer.control_ids) == 6245
        assert len(tokenizer.encode("<unused6241>")) == 1
        letters = [chr(97 + n) for n in range(26)]
        Tokenizer(sentencepiece([*letters, *sorted(words), "\n" * 31, "\u2581" * 31]))


class TestKinds:
    @pytest.mark.parametrize("value", [["x"] * 262, [[1], [2]], "x", [1] * 261 + [2**70], {"a": 1}])
    @pytest.mark.parametrize("name", ["token_type", "scores"])
    def test_arrays(self, name: str, value: Any) -> None:
        metadata = sentencepiece(["a"] * 259) | {f"tokenizer.ggml.{name}": value}
        with pytest.raises(zcwasm.ModelError, match=f"tokenizer.ggml.{name}"):
            Tokenizer(metadata)

    @pytest.mark.parametrize("value", [float("inf"), float("nan"), np.array([1, 2]), "1", [1], True, 1.0, -7])
    def test_ids(self, value: Any) -> None:
        with pytest.raises(zcwasm.ModelError, match=r"tokenizer\.ggml\.eos_token_id"):
            Tokenizer(byte_level(eos_token_id=value))

    @pytest.mark.parametrize("value", ["no", np.array([0, 1]), [1], 2, 0.5])
    def test_flags(self, value: Any) -> None:
        with pytest.raises(zcwasm.ModelError, match=r"tokenizer\.ggml\.add_bos_token"):
            Tokenizer(byte_level(add_bos_token=value))

    @pytest.mark.parametrize("value", [7, ["gpt2"], np.array([1])])
    @pytest.mark.parametrize("name", ["model", "pre"])
    def test_names(self, name: str, value: Any) -> None:
        with pytest.raises(zcwasm.ModelError, match=f"tokenizer.ggml.{name} is"):
            Tokenizer(byte_level(**{name: value}))


class TestControls:
    def test_are_not_made_of_text(self) -> None:
        """Where a file has merges that lead to a control token."""
        metadata = byte_level([("<x", NORMAL), ("<x>", CONTROL)], merges=["< x", "<x >"])
        tokenizer = Tokenizer(metadata)
        assert tokenizer.encode("<x>") == [260]
        assert 260 not in tokenizer.encode("<x>", special=False)
        assert tokenizer.decode(tokenizer.encode("<x>", special=False)) == "<x>"

    @pytest.mark.parametrize("name", ["stop", "\u0120stop", "\u010a"])
    def test_that_text_would_become(self, name: str) -> None:
        """A whole word where words are looked up whole, with a space or not, or a byte."""
        metadata = byte_level([(name, CONTROL)], pre="llama-bpe")
        with pytest.raises(zcwasm.ModelError, match=r"control token .* also what ordinary text becomes"):
            Tokenizer(metadata)

    @pytest.mark.parametrize("name", ["h", "<0x41>"])
    def test_that_sentencepiece_would_make(self, name: str) -> None:
        """Of one letter, or of a byte that has no token."""
        metadata = sentencepiece(["\u2581", "a", "b", "\u2581h"])
        metadata["tokenizer.ggml.tokens"].append(name)
        metadata["tokenizer.ggml.token_type"].append(CONTROL)
        metadata["tokenizer.ggml.scores"] = np.zeros(len(metadata["tokenizer.ggml.tokens"]), np.float32)
        with pytest.raises(zcwasm.ModelError, match=r"control token .* also what ordinary text becomes"):
            Tokenizer(metadata)

    def test_that_share_their_name(self) -> None:
        metadata = sentencepiece(["\u2581", "h", "i", "x", "\u2581h", "hi"])
        metadata["tokenizer.ggml.tokens"].append("hi")
        metadata["tokenizer.ggml.token_type"].append(CONTROL)
        metadata["tokenizer.ggml.scores"] = np.zeros(len(metadata["tokenizer.ggml.tokens"]), np.float32)
        tokenizer = Tokenizer(metadata)
        for text in ("hi", "xhi", "hihi"):
            assert 9 not in tokenizer.encode(text, special=False)
        assert 9 in tokenizer.encode("xhi")

    def test_where_they_are(self) -> None:
        tokenizer = Tokenizer(byte_level())
        assert tokenizer.find_controls("é<|im_end|>x<|im_<|im_start|>") == [(1, 11, 1), (17, 29, 0)]
        assert tokenizer.find_controls("none") == []


class TestCuts:
    """tokenizer.ggml.pre."""

    MERGES = ("1 2", "12 3", "123 4", "\u0120 (", "( )", "3 4")
    EXTRA = tuple((merge.replace(" ", ""), NORMAL) for merge in MERGES)

    def pieces(self, pre: str | None, text: str) -> list[bytes]:
        tokenizer = Tokenizer(byte_level([*self.EXTRA], pre=pre, merges=[*self.MERGES]))
        return [tokenizer.token_bytes(index) for index in tokenizer.encode(text)]

    def test_default_is_llama_cpps_rule(self) -> None:
        """Runs of signs first, then words, then digits in threes from the left."""
        assert self.pieces("default", "1234") == [b"123", b"4"]
        assert self.pieces("default", "x ()") == [b"x", b" ", b"()"]
        assert self.pieces("default", "12341234") == [b"123", b"4", b"12", b"34"]
        assert self.pieces("gpt-2", "1234") == [b"1234"]
        assert self.pieces("gpt-2", "x ()") == [b"x", b" (", b")"]

    @pytest.mark.parametrize("pre", [None, ""])
    def test_a_file_that_does_not_say_is_a_guess(self, pre: str | None) -> None:
        with pytest.warns(UserWarning, match=r"no tokenizer\.ggml\.pre.*a guess"):
            assert self.pieces(pre, "1234") == self.pieces("default", "1234")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            self.pieces("default", "1234")


# --- the readers ---


def test_lists_of_lists_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "file"
    nested = [model_files.array(model_files.STRING, [model_files.string("x")] * 50_000)]
    entries = [model_files.entry("k", model_files.ARRAY, model_files.array(model_files.ARRAY, nested))]
    path.write_bytes(model_files.gguf(entries))
    metadata = zcwasm.Weights(path).metadata
    for _ in range(100):  # reading them is not counted against the limit of a file's strings
        found = metadata["k"]
    assert found == [["x"] * 50_000]


def test_many_lists_in_a_list(tmp_path: Path) -> None:
    path = tmp_path / "file"
    many = model_files.array(model_files.ARRAY, [model_files.array(model_files.U8, [])] * 70_000)
    path.write_bytes(model_files.gguf([model_files.entry("k", model_files.ARRAY, many)]))
    with pytest.raises(zcwasm.ModelError, match="70000 nested arrays"):
        zcwasm.Weights(path)


def test_an_array_of_strings_that_ends_in_its_last_bytes(tmp_path: Path) -> None:
    """One string more than there is room for."""
    path = tmp_path / "file"
    data = b"GGUF" + model_files.gguf([], [])[4:16] + (1).to_bytes(8, "little")
    data += model_files.string("k") + (9).to_bytes(4, "little")
    data += model_files.array(model_files.STRING, [model_files.string("abcdefg")], 2)
    path.write_bytes(data)
    with pytest.raises(zcwasm.ModelError, match="cut short"):
        zcwasm.Weights(path)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (b'{"\\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', "not Unicode text"),
        ({"a": {"dtype": "F32", "shape": [1 << 61] * 100_000, "data_offsets": [0, 4]}}, "of the wrong kind"),
        ({"a": {"dtype": "F32", "shape": [1 << 62], "data_offsets": [0, 4]}}, "of the wrong kind"),
        (b'{"a":{"dtype":"F32","shape":[' + b"9" * 100_000 + b'],"data_offsets":[0,4]}}', "not JSON"),
    ],
    ids=["half a pair", "many sides", "2^62", "a number of 100,000 digits"],
)
def test_odd_safetensors(tmp_path: Path, header: Any, words: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(model_files.safetensors(header))
    start = time.process_time()
    with pytest.raises(zcwasm.ModelError, match=words):
        zcwasm.Weights(path)
    assert time.process_time() - start < 5


@pytest.mark.parametrize("number", [2**31, 2**32, 2**62, 2**63, 2**64 - 32, 2**64 - 1])
def test_huge_lengths(tmp_path: Path, number: int) -> None:
    path = tmp_path / "file"
    raw = number.to_bytes(8, "little")
    m = model_files
    for data in (
        m.gguf(tensors=[m.tensor("a", (number,), "F32", 0)]),
        m.gguf(tensors=[m.tensor("a", (number, 32), "Q4_1", 0)]),
        m.gguf(tensors=[m.tensor("a", (number,) * 4, "F32", 0)]),
        m.gguf(tensors=[m.tensor("a", (4,), "F32", number)]),
        m.gguf([m.entry("k", m.STRING, raw + b"abc")]),
        m.gguf([m.entry("k", m.ARRAY, m.array(m.STRING, [m.string("a")], number))]),
        m.gguf([m.entry("k", m.ARRAY, m.array(m.STRING, [raw + b"abc"] * 2))]),
        m.gguf([m.entry("k", m.ARRAY, m.array(m.U8, [b"a"], number))]),
        m.gguf([m.entry("k", m.ARRAY, m.array(m.ARRAY, [m.array(m.U8, [b"a"])], number))]),
        m.gguf([raw + b"abc"]),
        m.gguf(tensor_count=number),
        m.gguf(entry_count=number),
        m.safetensors(length=number),
        m.safetensors({"a": {"dtype": "F32", "shape": [number], "data_offsets": [0, 4]}}),
        m.safetensors({"a": {"dtype": "F32", "shape": [1], "data_offsets": [number, number + 4]}}),
    ):
        path.write_bytes(data)
        with pytest.raises(zcwasm.ModelError):
            zcwasm.Weights(path)
