"""What an encoder's tokenizer.json may ask of the library: what published families do, as the library itself
reads them, and nothing that hangs, grows without bound or aborts."""

from __future__ import annotations

import base64
import copy
import json
import random
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tokenizers", reason="needs tokenizers, which zcwasm[llm] brings")

import tokenizers
from tokenizers import AddedToken, Regex, models, normalizers, pre_tokenizers, processors, trainers

import zcwasm
from zcwasm._models import encoder_tokens
from zcwasm._models.encoders import Config
from zcwasm.llm import _tokenizer_file

REFERENCES: Any = json.loads((Path(__file__).parent / "references" / "vocabularies.json").read_text("utf-8"))
TEXTS: list[str] = REFERENCES["texts"]
HARD = [
    *TEXTS,
    "",
    "\t \r\n  x\u0000y\u200b z  ",
    "Ünïcödé ﬁn Ⅳ ① ｆｕｌｌ",
    "日本語 [MASK] <mask> 한국어 ไทย",
    "👩\u200d🚀 e\u0301 \ufffd",
    "a" * 130 + " 1234567890",
    "<s>[CLS]</s> [SEP] it's I'LL <unk>",
]
ROWS = 1200
CONFIG = Config(
    family="bert",
    layers=1,
    dim=8,
    heads=1,
    ff=8,
    vocab=ROWS,
    positions=64,
    types=2,
    most_tokens=60,
    norm_epsilon=1e-12,
    feed_forward=0,
    biases=(),
)
MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]


def bert(*, strip_accents: bool | None = None) -> Any:
    made = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(strip_accents=strip_accents)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.train_from_iterator(
        TEXTS, trainers.WordPieceTrainer(vocab_size=300, special_tokens=MARKS, show_progress=False)
    )
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    made.enable_truncation(16)  # as published files have it
    made.enable_padding()
    return made


def distilbert() -> Any:
    made = bert(strip_accents=False)
    made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return made


def byte_level(special: list[str], *, prefix: bool = False) -> Any:
    made = tokenizers.Tokenizer(models.BPE(continuing_subword_prefix="", end_of_word_suffix=""))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        TEXTS,
        trainers.BpeTrainer(
            vocab_size=600, initial_alphabet=alphabet, special_tokens=special, show_progress=False
        ),
    )
    return made


def roberta() -> Any:
    made = byte_level(SPECIAL)
    made.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return made


def modernbert() -> Any:
    made = byte_level(["|||IP_ADDRESS|||", "<|padding|>", *MARKS])
    made.normalizer = normalizers.NFC()
    made.add_tokens([AddedToken(" " * n, normalized=True) for n in (24, 8, 2)])
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[("[CLS]", 4), ("[SEP]", 5)],
    )
    return made


def xlm_roberta(normalizer: Any = None) -> Any:
    made = tokenizers.Tokenizer(models.Unigram())
    made.normalizer = normalizer
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    made.train_from_iterator(
        TEXTS,
        trainers.UnigramTrainer(
            vocab_size=300, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False
        ),
    )
    made.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return made


def xlm_roberta_charsmap() -> Any:
    given = json.loads(xlm_roberta().to_str())
    given["normalizer"] = {"type": "Precompiled", "precompiled_charsmap": REFERENCES["unigram"]["charsmap"]}
    # As older files write it.
    given["pre_tokenizer"]["pretokenizers"][1] = {
        "type": "Metaspace",
        "replacement": "▁",
        "str_rep": "▁",
        "add_prefix_space": True,
    }
    return tokenizers.Tokenizer.from_str(json.dumps(given))


def bge_m3() -> Any:
    steps = [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    return xlm_roberta(normalizers.Sequence(steps))


FAMILIES: dict[str, Callable[[], Any]] = {
    "BERT, bge, e5, gte, mxbai, arctic, nomic": bert,
    "DistilBERT": distilbert,
    "RoBERTa": roberta,
    "ModernBERT": modernbert,
    "XLM-RoBERTa, multilingual e5": xlm_roberta_charsmap,
    "bge-m3": bge_m3,
}


@cache
def made_of(family: str) -> str:
    return str(FAMILIES[family]().to_str())


def whole(family: str = "BERT, bge, e5, gte, mxbai, arctic, nomic") -> Any:
    return json.loads(made_of(family))


def write(path: Path, given: Any) -> Path:
    path = path / "tokenizer.json"
    path.write_text(given if isinstance(given, str) else json.dumps(given), "utf-8")
    return path


@pytest.mark.parametrize("family", list(FAMILIES))
def test_as_the_library_reads_it(family: str, tmp_path: Path) -> None:
    path = write(tmp_path, whole(family))
    theirs = tokenizers.Tokenizer.from_file(str(path))
    theirs.no_padding()
    theirs.no_truncation()
    ours = _tokenizer_file.whole(path, ROWS, pairs=True)
    source = random.Random(5)
    letters = "".join(HARD)
    texts = HARD + ["".join(source.choices(letters, k=source.randrange(60))) for _ in range(500)]
    pairs = list(zip(texts, reversed(texts), strict=True))
    for given in (texts, pairs):
        expected, found = theirs.encode_batch(given), ours.encode_batch(given)
        assert [each.ids for each in found] == [each.ids for each in expected]
        assert [each.type_ids for each in found] == [each.type_ids for each in expected]
    assert len({tuple(each.ids) for each in ours.encode_batch(texts)}) > 400  # not all unknown


def test_older_files(tmp_path: Path) -> None:
    """Without the model's type, and merges as texts."""
    for family in FAMILIES:
        given = whole(family)
        del given["model"]["type"]
        if "merges" in given["model"]:
            given["model"]["merges"] = [
                " ".join(each) if isinstance(each, list) else each for each in given["model"]["merges"]
            ]
        made = _tokenizer_file.whole(write(tmp_path, given), ROWS, pairs=True)
        theirs = tokenizers.Tokenizer.from_str(made_of(family))
        theirs.no_padding()
        assert made.encode("a b").ids == theirs.encode("a b").ids


# --- what it may not ask for ---


def change(*path: str | int, to: Any, family: str = "BERT, bge, e5, gte, mxbai, arctic, nomic") -> Any:
    given = whole(family)
    place = given
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = copy.deepcopy(to)
    return given


TEXT = {"Sequence": {"id": "A", "type_id": 0}}
CLS = {"SpecialToken": {"id": "[CLS]", "type_id": 0}}
DOUBLING = {"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}
EXPLODES = {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated", "invert": False}


def added(content: str, **flags: bool) -> Any:
    return [*whole()["added_tokens"], {"id": 900, "content": content, **flags}]


def doubled(count: int) -> Any:
    """Added tokens that 8 doublings make 256 times as long."""
    given = change("normalizer", to={"type": "Sequence", "normalizers": [DOUBLING] * 8})
    given["added_tokens"] += [
        {"id": 900 + at, "content": "a" * 1000 + f"{at:03d}", "normalized": True} for at in range(count)
    ]
    return given


HOSTILE: dict[str, tuple[Any, str]] = {
    "nested": ("[" * 100_000, "is no JSON"),
    "a text that doubles": (
        change("normalizer", to={"type": "Sequence", "normalizers": [DOUBLING] * 24}),
        "more than 256 times as long",
    ),
    "pieces that multiply": (
        change("pre_tokenizer", to={"type": "Sequence", "pretokenizers": [{"type": "ByteLevel"}] * 2}),
        "ByteLevel more than once",
    ),
    "an expression that explodes": (change("pre_tokenizer", to=EXPLODES), "may be of several lengths"),
    "an expression that explodes in a normalizer": (
        change("normalizer", to={"type": "Replace", "pattern": {"Regex": "(a|a)*b"}, "content": ""}),
        "the expression '(a|a)*b' is not supported",
    ),
    "a table that is none": (
        change("normalizer", to={"type": "Precompiled", "precompiled_charsmap": "AAAA"}),
        "has 3 bytes",
    ),
    "a step that is not known": (
        change("pre_tokenizer", to={"type": "FixedLength", "length": 1}),
        "FixedLength",
    ),
    "a long word": (change("model", "max_input_chars_per_word", to=10**9), "chars_per_word"),
    "an enormous id": (change("model", "vocab", "zzz", to=4294967295), "has the id 4294967295"),
    "an enormous token": (change("model", "vocab", "z" * 10**6, to=900), "1000000 characters"),
    "ids beyond the rows": (change("model", "vocab", "zzz", to=ROWS), "has 1201 tokens, the model 1200"),
    "a space that takes in spaces": (
        change("added_tokens", to=added(" ", lstrip=True)),
        "white space that takes",
    ),
    "a line end that takes in others": (
        change("added_tokens", to=added("\n", rstrip=True)),
        "white space that",
    ),
    "what its normalizer makes such a space": (
        {
            **change("normalizer", to={"type": "Replace", "pattern": {"String": "x"}, "content": " "}),
            "added_tokens": added("x", lstrip=True, normalized=True),
        },
        "the added token 'x' is white space that takes",
    ),
    "added tokens that double": (doubled(250), "its added tokens have more than 4194304 characters"),
    "pieces that begin with one another": (
        change(
            "model", "vocab", to=[["<unk>", 0.0], *(["a" * n, -1.0] for n in range(1, 600))], family="bge-m3"
        ),
        "pieces, more than 32",
    ),
    "an enormous piece": (  # whose beginnings would take hours to look at
        change("model", "vocab", 9, to=["a" * (1 << 23), -1.0], family="bge-m3"),
        "8388608 characters, more than 1024",
    ),
    "chance": (change("model", "dropout", to=0.5, family="RoBERTa"), "model.dropout is 0.5"),
    "a score of nothing": (
        change("model", "vocab", 9, to=["x", float("nan")], family="bge-m3"),
        "model.vocab[9]",
    ),
    "an unknown word's token that its model has not": (
        {**change("model", "unk_token", to="[OTHER]"), "added_tokens": added("[OTHER]", special=True)},
        "model.unk_token is '[OTHER]', not a token",
    ),
    "no unknown piece": (change("model", "unk_id", to=10**6, family="bge-m3"), "unk_id is 1000000"),
    "a text twice": (change("post_processor", "single", to=[TEXT, TEXT]), "each text once, in order"),
    "a text thousands of times": (change("post_processor", "pair", to=[TEXT] * 9999), "each text once"),
    "no text": (change("post_processor", "single", to=[CLS]), "leaves the text out"),
    "no second text": (change("post_processor", "pair", to=[CLS, TEXT]), "pair leaves the text out"),
    "many tokens around": (change("post_processor", "single", to=[CLS] * 40 + [TEXT]), "more than 32 tokens"),
    "many ids of a token": (
        change("post_processor", "special_tokens", "[CLS]", "ids", to=[2] * 10**5),
        "'[CLS]' has no ids, or too many",
    ),
    "a type beyond": (
        change("post_processor", "single", 1, to={"Sequence": {"id": "A", "type_id": 1 << 31}}),
        "a type that is not supported",
    ),
    "an id beyond around": (
        change("post_processor", "special_tokens", "[CLS]", "ids", to=[10**6]),
        "is 1000000, but there are",
    ),
    "processors that multiply": (
        change("post_processor", to={"type": "Sequence", "processors": [whole()["post_processor"]] * 9}),
        "puts tokens around a text twice",
    ),
    "processors in processors": (
        change(
            "post_processor",
            to={"type": "Sequence", "processors": [{"type": "Sequence", "processors": []}]},
        ),
        "is not supported in a Sequence",
    ),
    "a word of one model": (change("model", "type", to="WordLevel"), "model.type is 'WordLevel'"),
    "half a character": (
        change("normalizer", to={"type": "Prepend", "prepend": "\ud83d"}),
        "hex escape",
    ),
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_hostile(name: str, tmp_path: Path) -> None:
    given, words = HOSTILE[name]
    path = write(tmp_path, given)
    with pytest.raises(zcwasm.ModelError) as caught:
        encoder_tokens.Json(path, CONFIG, pairs=True)
    assert str(path) in str(caught.value)
    assert words in str(caught.value)


# --- the same of GGUF files ---

BERT_LIKE = "BERT, bge, e5, gte, mxbai, arctic, nomic"
XLM = "XLM-RoBERTa, multilingual e5"
#: The architecture, what its files call the tokenizer, how it cuts, and what tokenizer_config.json names.
IN_GGUF: dict[str, tuple[str, str, str, dict[str, str]]] = {
    BERT_LIKE: ("bert", "bert", "jina-v2-en", {"cls": "[CLS]", "sep": "[SEP]"}),
    "RoBERTa": (
        "bert",
        "gpt2",
        "roberta-bpe",
        {"bos": "<s>", "eos": "</s>", "cls": "<s>", "sep": "</s>"},
    ),
    XLM: ("bert", "t5", "default", {"bos": "<s>", "eos": "</s>", "cls": "<s>", "sep": "</s>"}),
    "ModernBERT": ("modern-bert", "gpt2", "modern-bert", {"cls": "[CLS]", "sep": "[SEP]"}),
}


def in_gguf(path: Path, family: str) -> dict[str, Any]:
    """What llama.cpp's converter writes of a folder with this tokenizer, as far as gguf's part of it does."""
    gguf = pytest.importorskip("gguf", reason="gguf is not installed")
    architecture, model, pre, names = IN_GGUF[family]
    config = {f"{key}_token": name for key, name in names.items()}
    (path / "tokenizer_config.json").write_text(json.dumps(config))
    given = whole(family)
    theirs = tokenizers.Tokenizer.from_str(made_of(family))
    ids = theirs.get_vocab(with_added_tokens=True)
    tokens = sorted(ids, key=lambda name: ids[name])
    added = {each["content"]: each["special"] for each in given["added_tokens"]}
    types = [3 if added.get(name) else 4 if name in added else 1 for name in tokens]
    found: dict[str, Any] = {"model": model, "pre": pre, "token_type": types}
    if model == "bert":
        tokens = [
            name if kind == 3 else name[2:] if name.startswith("##") else "\u2581" + name
            for name, kind in zip(tokens, types, strict=True)
        ]
    if model == "t5":
        types[ids["<unk>"]] = 2
        charsmap = base64.b64decode(REFERENCES["unigram"]["charsmap"])
        scores = [score for _, score in given["model"]["vocab"]]
        found |= {
            "scores": np.array(scores + [0.0] * (len(tokens) - len(scores)), np.float32),
            "precompiled_charsmap": np.frombuffer(charsmap, np.int8),
            "add_space_prefix": True,
            "remove_extra_whitespaces": True,
        }
    special = gguf.SpecialVocab(path, load_merges=model == "gpt2", n_vocab=len(tokens))
    special.special_token_ids.pop("cls", None)  # for which its writer has no key
    keys = {"sep": "seperator", "unk": "unknown", "pad": "padding"}
    found |= {f"{keys.get(key, key)}_token_id": ids for key, ids in special.special_token_ids.items()}
    found |= {f"add_{key}_token": flag for key, flag in special.add_special_token.items()}
    if model == "gpt2":
        found["merges"] = special.merges
    else:
        found["unknown_token_id"] = ids["[UNK]" if model == "bert" else "<unk>"]
    return {
        "general.architecture": architecture,
        **{f"tokenizer.ggml.{key}": value for key, value in {**found, "tokens": tokens}.items()},
    }


def some_pairs() -> list[tuple[str, str]]:
    """Also such that are too long, by the first text, the second one or both."""
    source = random.Random(7)
    lengths = (0, 1, 5, 20, 29, 30, 40, 90)
    words = " ".join(TEXTS).split()

    def text() -> str:
        return " ".join(source.choices(words, k=source.choice(lengths)))

    return [(text(), text()) for _ in range(300)]


@pytest.mark.parametrize("family", list(IN_GGUF))
def test_pairs_of_gguf_are_those_of_the_folder(family: str, tmp_path: Path) -> None:
    path = write(tmp_path, whole(family))
    metadata = in_gguf(tmp_path, family)
    for most in (60, 61):  # of which the tokens around leave an even and an odd number
        config = replace(CONFIG, most_tokens=most, types=2 if family == BERT_LIKE else 1)
        expected = encoder_tokens.Json(path, config, pairs=True).of_pairs(some_pairs())
        found = encoder_tokens.Gguf(metadata, config, pairs=True).of_pairs(some_pairs())
        assert found == expected
        assert [len(ids) for ids in found[0]].count(most) > 50
        assert (found[1] is not None) == (family == BERT_LIKE)
    # Older files do not say whether there is one separator more.
    del metadata["tokenizer.ggml.add_sep_token"]
    assert encoder_tokens.Gguf(metadata, config, pairs=True).of_pairs(some_pairs()) == expected


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"add_sep_token": 2}, "add_sep_token is 2, not true or false"),
        ({"add_sep_token": [True]}, r"add_sep_token is \[True\], not true or false"),
        ({"seperator_token_id": 1 << 20}, "seperator_token_id is 1048576, but there are"),
        ({"seperator_token_id": -7}, "seperator_token_id is -7"),
        ({"seperator_token_id": "</s>"}, "seperator_token_id is '</s>', not a number"),
        (
            {"add_eos_token": False, "seperator_token_id": 0xFFFFFFFF},
            "seperator_token_id is missing: pairs have one between",
        ),
        ({"add_eos_token": False, "add_sep_token": False}, "nothing is between texts of a pair"),
    ],
)
def test_bad_separators_of_gguf(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    write(tmp_path, whole(XLM))
    metadata = in_gguf(tmp_path, XLM)
    metadata |= {f"tokenizer.ggml.{key}": value for key, value in change.items()}
    encoder_tokens.Gguf({**metadata, "tokenizer.ggml.seperator_token_id": 2}, CONFIG)  # of texts it is not
    with pytest.raises(zcwasm.ModelError, match=words):
        encoder_tokens.Gguf(metadata, CONFIG, pairs=True)


def test_a_pair_is_looked_at_where_pairs_are_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, change("post_processor", "pair", to=[]))
    assert encoder_tokens.Json(path, CONFIG).of_texts(["[MASK]"]) == [[2, 4, 3]]
    with pytest.raises(zcwasm.ModelError, match="pair leaves the text out"):
        encoder_tokens.Json(path, CONFIG, pairs=True)
