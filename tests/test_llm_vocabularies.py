"""Tokenizers of GGUF files against the models' originals, on the parts of vocabularies that hard texts need.

references/make_vocabularies.py made the reference, and says how; references/check_tokenizers.py compares the
whole vocabularies, which are no part of the repository."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zcwasm
from zcwasm.llm import _byte_level, _chat
from zcwasm.llm._cuts import CUTS
from zcwasm.llm._tokenizer import Tokenizer
from zcwasm.llm._vocabulary import Vocabulary

pytest.importorskip("tokenizers", reason="needs tokenizers, which zcwasm[llm] brings")

REFERENCE = json.loads((Path(__file__).parent / "references" / "vocabularies.json").read_text("utf-8"))
NORMAL, CONTROL, BYTE = 1, 3, 6


def metadata_of(name: str) -> dict[str, Any]:
    reference = REFERENCE["vocabularies"][name]
    tokens, model = reference["tokens"], reference["model"]
    byte = BYTE if model in ("llama", "gemma4") else NORMAL
    types = [byte if text.startswith("<0x") else NORMAL for text in tokens]
    for at, kind in reference["types"].items():
        types[int(at)] = kind
    found = {
        "model": model,
        "pre": reference["pre"],
        "tokens": tokens,
        "token_type": np.array(types, np.int32),
    }
    if "merges" in reference:
        pairs = iter(reference["merges"])
        found["merges"] = [
            f"{tokens[left]} {tokens[right]}" for left, right in zip(pairs, pairs, strict=True)
        ]
    if "scores" in reference:
        found["scores"] = np.array(reference["scores"], np.float32)
    found |= {f"{key}_token_id": index for key, index in reference["special"].items()}
    return {f"tokenizer.ggml.{key}": value for key, value in found.items()}


@pytest.mark.parametrize("name", list(REFERENCE["vocabularies"]))
def test_ids_are_the_originals(name: str) -> None:
    tokenizer = Tokenizer(metadata_of(name))
    rows = REFERENCE["vocabularies"][name]["ids"]
    assert len(rows) >= 46
    for at, *ids in rows:
        text = REFERENCE["texts"][at]
        assert tokenizer.encode(text, special=False, add_special=False) == ids, repr(text)
        if name != "bert-bge":  # which makes all letters small
            assert tokenizer.decode(ids) == text


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("bert-bge", "cls", "seperator"),
        ("gemma-4", "bos", None),
        ("llama-bpe", "bos", None),
        ("qwen35", None, None),
    ],
)
def test_what_is_put_around_a_text(name: str, first: str | None, last: str | None) -> None:
    metadata = metadata_of(name)
    special = REFERENCE["vocabularies"][name]["special"]
    tokenizer = Tokenizer(metadata)
    bare = tokenizer.encode("Hello", add_special=False)
    around = [[special[key]] if key else [] for key in (first, last)]
    assert tokenizer.encode("Hello") == [*around[0], *bare, *around[1]]


def unigram(**more: Any) -> dict[str, Any]:
    reference = REFERENCE["unigram"]
    found = {
        "model": "t5",
        "tokens": reference["pieces"],
        "scores": np.array(reference["scores"], np.float32),
        "token_type": np.array(reference["types"], np.int32),
        "precompiled_charsmap": np.frombuffer(base64.b64decode(reference["charsmap"]), np.int8),
        "add_space_prefix": True,
        "remove_extra_whitespaces": True,
        "bos_token_id": 0,
        "eos_token_id": 2,
        "unknown_token_id": 3,
        **more,
    }
    return {f"tokenizer.ggml.{key}": value for key, value in found.items()}


def test_unigram_is_sentencepiece() -> None:
    tokenizer = Tokenizer(unigram(add_bos_token=True))
    for text, ids in REFERENCE["unigram"]["texts"]:
        assert tokenizer.encode(text, special=False, add_special=False) == ids, repr(text)
    assert tokenizer.encode("") == [0, 2]
    assert tokenizer.encode("<s>", add_special=False) == [0]
    assert tokenizer.decode(tokenizer.encode("two spaces"), special=False) == "two spaces"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"precompiled_charsmap": np.zeros(3, np.int8)}, "precompiled_charsmap has 3 bytes"),
        ({"precompiled_charsmap": np.zeros(1 << 21, np.int8)}, "precompiled_charsmap has 2097152 bytes"),
        ({"precompiled_charsmap": np.full(64, 127, np.int8)}, "precompiled_charsmap: its trie has"),
        ({"precompiled_charsmap": np.array([0] * 4 + [97] * 500, np.int8)}, "becomes 500 bytes"),
        ({"precompiled_charsmap": np.array([0] * 4 + [-1] * 9, np.int8)}, "Precompiled"),
        ({"precompiled_charsmap": np.zeros(64, np.int32)}, "values of 4 bytes"),
        ({"precompiled_charsmap": "x"}, "not an array of bytes"),
        ({"scores": None}, "no tokenizer.ggml.scores"),
        (
            {
                "tokens": ["<s>", "<pad>", "</s>", "<unk>", *("a" * n for n in range(1, 97))],
                "scores": np.zeros(100, np.float32),
                "token_type": np.ones(100, np.int32),
            },
            "pieces, more than 32",
        ),
    ],
)
def test_bad_unigram(change: dict[str, Any], words: str) -> None:
    metadata = {key: value for key, value in unigram(**change).items() if value is not None}
    with pytest.raises(zcwasm.ModelError) as caught:
        Tokenizer(metadata)
    assert words in str(caught.value)


# --- how text is cut, also by models without a vocabulary here ---

TEXT = "I'LL don't 1234567 HELlo camelCase _y!\n\n 東京abc ²½ कि a/b"
# llama.cpp's own program cuts it so, too, but for tekken's and gpt-4o's, where it takes no marks for letters,
# and tiny_aya's, youtu's and kimi's, where a word does not end at a capital. Those are as the original
# expressions have it.
PIECES = {
    "gpt-2": "I|'|LL| don|'t| 1234567| HELlo| camelCase| _|y|!|\n\n| 東京abc| ²½| क|ि| a|/|b",
    "smollm": "I|'|LL| don|'t| |1|2|3|4|5|6|7| HELlo| camelCase| _|y|!|\n\n| 東京abc| |²|½| क|ि| a|/|b",
    "default": "I|'|LL| don|'|t| |123|456|7| HELlo| camelCase| |_|y|!|\n\n| 東京abc| |²½| क|ि| a|/|b",
    "llama-bpe": "I|'LL| don|'t| |123|456|7| HELlo| camelCase| _|y|!\n\n| 東京abc| |²½| क|ि| a|/b",
    "qwen2": "I|'LL| don|'t| |1|2|3|4|5|6|7| HELlo| camelCase| _|y|!\n\n| 東京abc| |²|½| क|ि| a|/b",
    "qwen35": "I|'LL| don|'t| |1|2|3|4|5|6|7| HELlo| camelCase| _|y|!\n\n| 東京abc| |²|½| कि| a|/b",
    "seed-coder": "I|'LL| don|'t| |1|2|3|4|5|6|7| HELlo| camelCase| _|y|!|\n\n| 東京abc| |²|½| क|ि| a|/b",
    "exaone-moe": "I|'LL| don|'t| |1|2|3|4|5|6|7| HELlo camelCase| _|y|!\n|\n| 東京abc| |²|½| कि a|/b",
    "tekken": "I|'LL| don|'t| |1|2|3|4|5|6|7| HELlo| camel|Case| _|y|!\n\n| 東京abc| |²|½| कि| a|/b",
    "gpt-4o": "I'LL| don't| |123|456|7| HELlo| camel|Case| _|y|!\n\n| 東京abc| |²½| कि| a|/b",
    "tiny_aya": "I'LL| don't| |1|234|567| HELlo| camel|Case| _|y|!\n\n| 東京abc| |²½| कि| a|/b",
    "youtu": "I'LL| don't| |1|2|3|4|5|6|7| HELlo| camel|Case| _|y|!\n\n| |東京|abc| |²|½| कि| a|/b",
    "kimi-k2": "I'LL| don't| |123|456|7| HELlo| camel|Case| _|y|!\n\n| |東京|abc| |²½| कि| a|/b",
    "deepseek-v3": "I|'LL| don|'t| |123|456|7| HELlo| camelCase| _|y|!\n\n| |東京|abc| |²½| कि| a|/b",
    "spark2_5": "I|'LL| don|'t| |1|2|3|4|5|6|7| HELlo| camelCase| _|y|!|\n|\n| |東京|abc| |²|½| कि| a|/b",
    "afmoe": "I|'LL| don|'t| |1|234|567| HELlo| camelCase| _|y|!\n\n| |東京|abc| |²½| कि| a|/b",
    "superbpe": "I'LL don't |1|234|567| HELlo camelCase _y!\n\n 東京abc |²½| कि a/b",
    "bloom": "I'LL| don't| 1234567| HELlo| camelCase| _y|!\n\n| 東京abc| ²½| कि| a/b",
    "viking": "I'LL| don't| |1|2|3|4|5|6|7| HELlo| camelCase| _y|!\n\n| 東京abc| |²|½| कि| a/b",
}


def pieces(name: str, text: str) -> list[bytes]:
    """Letters stand for bytes here, and a piece may begin in the middle of a character."""
    found = CUTS[name].pre_tokenizer().pre_tokenize_str(text)
    names = [piece for piece, _ in found]
    return list(_byte_level.texts(Vocabulary("", names, [NORMAL] * len(names))))


@pytest.mark.parametrize("name", list(PIECES))
def test_how_text_is_cut(name: str) -> None:
    assert b"|".join(pieces(name, TEXT)).decode() == PIECES[name]


def test_every_cut_keeps_the_text() -> None:
    for name, cut in CUTS.items():
        if not cut.raw:
            assert b"".join(pieces(name, TEXT)).decode() == TEXT, name


def test_line_ends_behind_control_tokens_of_phi_3() -> None:
    """Its original drops them, in a text and in what a template makes of a conversation."""
    metadata = {"general.architecture": "phi3", **metadata_of("phi-3")}
    tokens = metadata["tokenizer.ggml.tokens"] = [*metadata["tokenizer.ggml.tokens"], "<|user|>", "<|end|>"]
    for key, value in (("token_type", CONTROL), ("scores", 0)):
        metadata[f"tokenizer.ggml.{key}"] = np.append(metadata[f"tokenizer.ggml.{key}"], [value] * 2)
    metadata["tokenizer.chat_template"] = (
        "{% for m in messages %}<|user|>\n{{ m.content }}<|end|>\n{% endfor %}"
    )
    user, end = len(tokens) - 2, len(tokens) - 1
    tokenizer = Tokenizer(metadata)
    hello = tokenizer.encode("Hello", add_special=False)
    assert tokenizer.encode("<|user|>\nHello<|end|>\n", add_special=False) == [user, *hello, end]
    assert _chat.encode(metadata, tokenizer, [{"role": "user", "content": "Hello"}]) == [user, *hello, end]
    said = _chat.encode(metadata, tokenizer, [{"role": "user", "content": "<|end|>\nHello"}])
    assert said.count(end) == 1  # none of the message's
    del metadata["general.architecture"]
    assert len(Tokenizer(metadata).encode("<|end|>\n", add_special=False)) > 1
