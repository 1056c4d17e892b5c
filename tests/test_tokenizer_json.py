"""Tokenizer.from_folder: tokenizer.json of every kind against the library's own reading of it, hostile ones,
and generations under a constraint with tokenizers that are not byte-level."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import model_files
import pytest

pytest.importorskip("tokenizers", reason="needs tokenizers, which zcwasm[llm] brings")

import tokenizers
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, processors, trainers

import zcwasm
from zcwasm.llm import Constraint, Model, _expressions
from zcwasm.llm._cuts import CUTS, KNOWN
from zcwasm.llm._tokenizer import Tokenizer

TEXTS: list[str] = json.loads(
    (Path(__file__).parent / "references" / "vocabularies.json").read_text("utf-8")
)["texts"]
ROWS = 1000
ALPHABET = "aeiouthn  \n\t'.,!?09123äß日本한ไ👩\u200d🚀\u0301\u00a0\ufffd\x00ﬁⅣ<>|▁"


# --- made here, by the library ---


def byte_level() -> Any:
    made = tokenizers.Tokenizer(models.BPE(ignore_merges=True))
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(CUTS["llama-bpe"].steps[0]), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.ByteLevel()
    special = ["<|begin|>", "<|im_start|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        TEXTS,
        trainers.BpeTrainer(
            vocab_size=600, initial_alphabet=alphabet, special_tokens=special, show_progress=False
        ),
    )
    made.add_tokens(
        [AddedToken("<tool>", normalized=False), AddedToken("Zimt", single_word=True, lstrip=True)]
    )
    made.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(single="<|begin|> $A", special_tokens=[("<|begin|>", 0)]),
        ]
    )
    return made


def sentencepiece() -> Any:
    """BPE with bytes for what it does not know, as Llama 2's."""
    made = tokenizers.Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    made.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    special = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(
        vocab_size=700, special_tokens=special, limit_alphabet=90, show_progress=False
    )
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    made.train_from_iterator(TEXTS, trainer)
    given = json.loads(made.to_str())
    given["pre_tokenizer"] = None
    given["added_tokens"] = given["added_tokens"][:3]
    return tokenizers.Tokenizer.from_str(json.dumps(given))


def unigram() -> Any:
    made = tokenizers.Tokenizer(models.Unigram())
    made.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=300,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        unk_token="<unk>",
        show_progress=False,
    )
    made.train_from_iterator(TEXTS, trainer)
    made.add_special_tokens(["<mask>"])
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return made


def word_piece() -> Any:
    made = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    made.train_from_iterator(
        TEXTS, trainers.WordPieceTrainer(vocab_size=300, special_tokens=special, show_progress=False)
    )
    made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return made


KINDS: dict[str, Callable[[], Any]] = {
    "byte level": byte_level,
    "sentencepiece": sentencepiece,
    "unigram": unigram,
    "word piece": word_piece,
}


@cache
def made_of(kind: str) -> str:
    return str(KINDS[kind]().to_str())


def whole(kind: str) -> Any:
    return json.loads(made_of(kind))


def folder_of(path: Path, given: Any, **files: Any) -> Path:
    (path / "tokenizer.json").write_text(given if isinstance(given, str) else json.dumps(given), "utf-8")
    for name, content in files.items():
        (path / f"{name}.json").write_text(json.dumps(content), "utf-8")
    return path


@pytest.mark.parametrize("kind", list(KINDS))
def test_as_the_library_reads_it(kind: str, tmp_path: Path) -> None:
    theirs = tokenizers.Tokenizer.from_str(made_of(kind))
    ours = Tokenizer.from_folder(folder_of(tmp_path, made_of(kind)), rows=ROWS)
    assert len(ours) == theirs.get_vocab_size()
    added = [token.content for token in theirs.get_added_tokens_decoder().values()]
    source = random.Random(7)

    def text() -> str:
        count = source.randrange(40)
        return "".join(
            source.choice(added) if source.random() < 0.05 else source.choice(ALPHABET) for _ in range(count)
        )

    texts = [*TEXTS, *(text() for _ in range(2000))]
    for said, found in zip(texts, theirs.encode_batch_fast(texts), strict=True):
        assert ours.encode(said) == found.ids, repr(said)
    theirs.encode_special_tokens = True
    unknown = {ours.unknown_id}
    for said, found in zip(texts, theirs.encode_batch_fast(texts, add_special_tokens=False), strict=True):
        ids = ours.encode(said, special=False, add_special=False)
        # The library's Unigram makes control tokens of their names, also where they are to be text.
        if kind != "unigram" or not any(name in said for name in added):
            assert ids == found.ids, repr(said)
        assert not set(ids) & (ours.control_ids - unknown)
        if kind != "word piece":  # whose decoder leaves spaces out in front of signs
            assert ours.decode(ids) == theirs.decode(ids, skip_special_tokens=False), repr(said)


def test_what_becomes_a_control_token_by_its_normalizer_is_text(tmp_path: Path) -> None:
    """Of <ſ>, Unicode's form KC makes <s>, which the library takes for the token."""
    ours = Tokenizer.from_folder(folder_of(tmp_path, made_of("unigram")))
    assert 0 in tokenizers.Tokenizer.from_str(made_of("unigram")).encode("<ſ>", add_special_tokens=False).ids
    assert 0 not in ours.encode("<ſ>", add_special=False)
    assert 0 not in ours.encode("<s>", special=False, add_special=False)
    assert ours.encode("<s>", add_special=False) == [0]


def test_bytes_of_tokens(tmp_path: Path) -> None:
    ours = Tokenizer.from_folder(folder_of(tmp_path, made_of("sentencepiece")), rows=ROWS)
    assert ours.add_space_prefix
    assert [ours.token_bytes(index) for index in ours.encode("\U0001f9ff")] == [
        b" ",
        *(bytes([byte]) for byte in "\U0001f9ff".encode()),
    ]
    assert ours.token_bytes(ROWS - 1) == b""
    with pytest.raises(ValueError, match="token id 1000"):
        ours.token_bytes(ROWS)


# --- what the other files say ---


def test_special_tokens_of_other_files(tmp_path: Path) -> None:
    given = whole("byte level")
    given["post_processor"] = None
    path = folder_of(
        tmp_path,
        given,
        tokenizer_config={
            "bos_token": {"content": "<|begin|>"},
            "add_bos_token": True,
            "add_eos_token": True,
        },
        special_tokens_map={"eos_token": "<|im_end|>", "pad_token": "<tool>"},
        generation_config={"eos_token_id": [2, 5]},
        config={"eos_token_id": 7},
    )
    ours = Tokenizer.from_folder(path)
    assert (ours.bos_id, ours.eos_id) == (0, 2)
    assert ours.stop_ids == {2, 5}
    assert ours.encode("") == [0, 2]
    tool = ours.encode("<tool>", add_special=False)
    assert set(tool) <= ours.control_ids  # the padding token of this model
    assert tool != ours.encode("<tool>", special=False, add_special=False)
    assert [at for at, *_ in ours.find_controls("a<|im_end|><tool>")] == [1, 11]


def test_a_word_that_is_named_special_stays_a_word(tmp_path: Path) -> None:
    path = folder_of(
        tmp_path, made_of("byte level"), tokenizer_config={"pad_token": "!", "eos_token": "<|im_end|>"}
    )
    ours = Tokenizer.from_folder(path)
    (index,) = ours.encode("!", special=False, add_special=False)
    assert index not in ours.control_ids
    assert ours.token_bytes(index) == b"!"


def test_tokens_that_only_the_configuration_has(tmp_path: Path) -> None:
    given = whole("byte level")
    count = len(given["model"]["vocab"])
    more = {str(count + 9): {"content": "<|more|>", "special": True}}
    ours = Tokenizer.from_folder(folder_of(tmp_path, given, tokenizer_config={"added_tokens_decoder": more}))
    assert ours.encode("a<|more|>", add_special=False)[-1] == count + 9
    assert ours.token_bytes(count + 8) == b""
    assert len(ours) == count + 10


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"tokenizer_config": {"bos_token": 7}}, "bos_token is 7"),
        ({"tokenizer_config": {"additional_special_tokens": [7]}}, "additional_special_tokens is 7"),
        ({"tokenizer_config": {"additional_special_tokens": "x"}}, "additional_special_tokens is str"),
        ({"tokenizer_config": {"added_tokens_decoder": {"x": {"content": "x"}}}}, "no id of a token"),
        ({"tokenizer_config": {"added_tokens_decoder": {"9" * 30: {"content": "x"}}}}, "no id of a token"),
        ({"tokenizer_config": {"added_tokens_decoder": {"7": {"content": "x"}}}}, "has the id 7 of another"),
        ({"tokenizer_config": []}, "holds no JSON object"),
        ({"generation_config": {"eos_token_id": 100000}}, "eos_token_id is 100000"),
        ({"generation_config": {"eos_token_id": "</s>"}}, "eos_token_id is '</s>'"),
        ({"generation_config": {"eos_token_id": list(range(99))}}, "eos_token_id has 99 ids"),
    ],
)
def test_bad_other_files(files: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(zcwasm.ModelError) as caught:
        Tokenizer.from_folder(folder_of(tmp_path, made_of("byte level"), **files))
    assert words in str(caught.value)


# --- a tokenizer.json that makes no sense, or asks for too much ---


def change(kind: str, *path: str | int, to: Any) -> Any:
    given = whole(kind)
    place = given
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = copy.deepcopy(to)
    return given


SPLIT = {"type": "Split", "behavior": "Isolated", "invert": False}
DOUBLING = {"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}
HOSTILE: dict[str, tuple[Any, str]] = {
    "no JSON": ("{", "is no JSON"),
    "no object": ("[]", "holds no JSON object"),
    "nested": ("[" * 100_000, "is no JSON"),
    "a long number": ('{"model": ' + "9" * 5000 + "}", "is no JSON"),
    "many values": ("[" + "[]," * (1 << 22) + "[]]", "values"),
    "a model of words": (change("byte level", "model", "type", to="WordLevel"), "model.type is 'WordLevel'"),
    "no model": (change("byte level", "model", to=None), "model is NoneType"),
    "no tokens": (change("byte level", "model", "vocab", to={}), "model.vocab is empty"),
    "an id beyond": (change("byte level", "model", "vocab", "a", to=1 << 40), "has the id 1099511627776"),
    "an id below 0": (change("byte level", "model", "vocab", "a", to=-1), "has the id -1"),
    "an id that is true": (change("byte level", "model", "vocab", "a", to=True), "has the id True"),
    "two of an id": (change("byte level", "model", "vocab", "a", to=5), "two tokens of the id 5"),
    "more than rows": (
        change("byte level", "model", "vocab", "zzz", to=ROWS),
        "has 1001 tokens, the model 1000",
    ),
    "half a character": (change("byte level", "model", "vocab", "\ud83d", to=990), "half a surrogate pair"),
    "an enormous token": (change("byte level", "model", "vocab", "z" * 10**6, to=990), "1000000 characters"),
    "an enormous added token": (
        change("byte level", "added_tokens", to=[{"id": 990, "content": "z" * 10**6}]),
        "1000000 characters",
    ),
    "many added tokens": (
        change(
            "byte level", "added_tokens", to=[{"id": 900 + at, "content": f"<{at}>"} for at in range(20000)]
        ),
        "tokens, the model 1000",
    ),
    "another's id": (change("byte level", "added_tokens", 0, "id", to=9), "the id 9 of another"),
    "no merge": (change("byte level", "model", "merges", 0, to=["a"]), "model.merges[0]"),
    "a merge of no tokens": (change("byte level", "model", "merges", 0, to="q xyzzy"), "model.merges[0]"),
    "chance": (change("byte level", "model", "dropout", to=0.5), "model.dropout is 0.5"),
    "a suffix": (change("byte level", "model", "end_of_word_suffix", to="</w>"), "end_of_word_suffix"),
    "a score of nothing": (change("unigram", "model", "vocab", 9, to=["x", float("nan")]), "model.vocab[9]"),
    "no unknown token": (change("unigram", "model", "unk_id", to=5000), "unk_id is 5000"),
    "a long word": (change("word piece", "model", "max_input_chars_per_word", to=10**9), "chars_per_word"),
    "an expression that explodes": (
        change("byte level", "pre_tokenizer", to={**SPLIT, "pattern": {"Regex": "(a+)+$"}}),
        "may be of several lengths",
    ),
    "a doubling": (
        change("unigram", "normalizer", to={"type": "Sequence", "normalizers": [DOUBLING] * 9}),
        "more than 256 times as long",
    ),
    "a doubling by what matches nothing": (
        change(
            "unigram",
            "normalizer",
            to={
                "type": "Sequence",
                "normalizers": [{"type": "Replace", "pattern": {"Regex": "a?"}, "content": "b"}] * 9,
            },
        ),
        "more than 256 times as long",
    ),
    "a long replacement": (
        change("unigram", "normalizer", to={**DOUBLING, "content": "a" * 65}),
        "not a text of up to 64 characters",
    ),
    "many steps": (
        change("unigram", "normalizer", to={"type": "Sequence", "normalizers": [{"type": "NFC"}] * 99}),
        "more than 24 components",
    ),
    **{
        f"two {kind}": (
            change(
                "unigram", "pre_tokenizer", to={"type": "Sequence", "pretokenizers": [{"type": kind}] * 2}
            ),
            f"has {kind} more than once",
        )
        for kind in ("ByteLevel", "Metaspace")
    },
    "an unknown step": (
        change("unigram", "normalizer", to={"type": "ByteLevel"}),
        "'ByteLevel' is not supported",
    ),
    "an unknown member": (change("unigram", "decoder", "what", to=1), "Metaspace has 'what'"),
    "no base64": (
        change("unigram", "normalizer", to={"type": "Precompiled", "precompiled_charsmap": "?"}),
        "no base64",
    ),
    "no decoder": (change("word piece", "decoder", to=None), "decoder: there is none"),
    "a template of ids beyond": (
        change("unigram", "post_processor", "special_tokens", "<s>", "ids", to=[5000]),
        "is 5000, but there are",
    ),
    "a template of many ids": (
        change("unigram", "post_processor", "special_tokens", "<s>", "ids", to=[0] * 99),
        "has no ids, or too many",
    ),
    "a template without the text": (
        change("unigram", "post_processor", "single", to=[]),
        "leaves the text out",
    ),
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_hostile(name: str, tmp_path: Path) -> None:
    given, words = HOSTILE[name]
    with pytest.raises(zcwasm.ModelError) as caught:
        Tokenizer.from_folder(folder_of(tmp_path, given), rows=ROWS)
    assert words in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(zcwasm.ModelError, match=re.escape("has no tokenizer.json")):
        Tokenizer.from_folder(tmp_path)


def test_a_control_token_that_text_becomes(tmp_path: Path) -> None:
    given = whole("byte level")
    given["added_tokens"].append({"id": given["model"]["vocab"]["a"], "content": "a", "special": True})
    with pytest.raises(zcwasm.ModelError, match="is the control token 'a', and also"):
        Tokenizer.from_folder(folder_of(tmp_path, given))


def test_mutated_files_are_read_or_refused(tmp_path: Path) -> None:
    source = random.Random(11)
    odd = [None, True, 0, -1, 2**40, 1.5, "", "a", "\ud83d", "<s>", " " * 99, [], {}, {"Regex": "("}]

    def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        keys: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
        found = []
        for key in keys if len(keys) < 30 else source.sample(keys, 4):
            found.append((*path, key))
            if isinstance(value[key], (dict, list)):
                found += places(value[key], (*path, key))
        return found

    read = 0
    for _ in range(200):
        given = whole(source.choice(list(KINDS)))
        *path, last = source.choice(places(given))
        place = given
        for key in path:
            place = place[key]
        place[last] = source.choice(odd)
        try:
            ours = Tokenizer.from_folder(folder_of(tmp_path, given), rows=ROWS)
            for special in (True, False):
                ids = ours.encode("Hello <s>\n 123 ü 日本<|im_end|>[SEP]", special=special)
                assert all(0 <= index < ROWS for index in ids)
            ours.decode(ids)
            read += 1
        except zcwasm.ModelError:
            continue
    assert 10 < read < 190


# --- expressions ---


@pytest.mark.parametrize(
    "expression",
    [
        r"(a+)+$",
        r"(a|a)*b",
        r"a*a*b",
        r"a*b*$",
        r"a*a*a*",
        r"(a?){64}a{64}",
        r"a{0,1000}a{0,1000}b",
        r"a?a?a?a?a?a?a?a?a?b",
        r"(\w+)\1",
        r"(?<n>a)\g<n>",
        r"(?~a)",
        r"a**",
        r"[a",
        r"(a",
        r"a)",
        r"a{5,2}",
        "(" * 50 + "a" + ")" * 50,
    ],
)
def test_expressions_that_could_take_forever(expression: str) -> None:
    with pytest.raises(zcwasm.ModelError):
        _expressions.check("here", expression)


def test_expressions_of_models_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """All but three by what they are, so others of their kind are, too."""
    for known in KNOWN:
        assert _expressions.check("here", known) == known
    monkeypatch.setattr(_expressions, "KNOWN", frozenset())
    refused = []
    for known in KNOWN:
        try:
            _expressions.check("here", known)
        except zcwasm.ModelError:
            refused.append(known)
    assert len(refused) == 3
    assert all(re.search(r"\)\{1,4\}|\)\*\)\+|\\G", each) for each in refused)
    for original in (r"\d{1,3}(?=(?:\d{3})*\b)", r"(?=(\d{3})+(?!\d))"):  # as folders have them
        assert _expressions.check("here", original) == original


# --- generations ---

WORDS = [*'▁{}[]":,.-0123456789aeh', "true", "tr", "ue", "t", "r", "u", "▁true", '":', "▁{", '{"']


def gguf_like_sentencepiece(model: str) -> dict[str, Any]:
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *WORDS]
    kinds = [2, 3, 3] + [6] * 256 + [1] * len(WORDS)
    found = {
        "model": model,
        "tokens": tokens,
        "token_type": kinds,
        "eos_token_id": 2,
        "bos_token_id": 1,
        "unknown_token_id": 0,
        "pre": "default",
        "merges": [],
    }
    if model == "llama":
        return {**found, "scores": [0.0] * 259 + [-float(at) for at in range(len(WORDS))]}
    return {**found, "merges": ["t r", "u e", "tr ue", "▁ true", '" :', "▁ {", '{ "']}


@pytest.mark.cpu_is_enough
@pytest.mark.parametrize("kind", ["llama", "gemma4", "byte level", "sentencepiece"])
def test_a_generation_follows_a_constraint(kind: str, tmp_path: Path) -> None:
    """By GGUF's metadata, or by a folder's tokenizer.json."""
    pytest.importorskip("llguidance", reason="zcwasm[structured] is not installed")
    named = kind in ("llama", "gemma4")
    metadata = model_files.llama_metadata(**(gguf_like_sentencepiece(kind) if named else {}))
    rows = len(metadata["tokenizer.ggml.tokens"]) if named else ROWS
    path = tmp_path / "model.gguf"
    path.write_bytes(model_files.model(metadata, model_files.llama_tensors(rows=rows)))
    model = Model.open(path)
    if not named:
        end = {"byte level": "<|im_end|>", "sentencepiece": "</s>"}[kind]
        files = {"tokenizer_config": {"eos_token": end}}
        model._tokenizer = Tokenizer.from_folder(folder_of(tmp_path, made_of(kind), **files), rows=rows)
    schema = {"type": "array", "items": {"type": "boolean"}, "minItems": 1, "maxItems": 2}
    with model.batcher(sequences=2) as batcher:
        asked = [
            batcher.submit("a ü", max_new_tokens=40, constraint=Constraint.json_schema(schema), seed=seed)
            for seed in range(2)
        ]
        for each in asked:
            result = each.result()
            said = json.loads(result.text)
            assert 1 <= len(said) <= 2
            assert set(said) <= {True, False}
            assert model.tokenizer.decode(result.ids, special=False).strip() == result.text.strip()
