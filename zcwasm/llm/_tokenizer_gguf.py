"""The tokenizer that a GGUF file's metadata describes: which family, and the checked values of its keys."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zcwasm._core import ModelError
from zcwasm.llm import _byte_level, _sentencepiece, _wordpiece
from zcwasm.llm._cuts import CUTS, GEMMA, Cut
from zcwasm.llm._vocabulary import (
    ADDED,
    NORMAL,
    Parts,
    Vocabulary,
    check_count,
    check_merges,
)

_TOKENS, _SCORES, _MERGES = (f"tokenizer.ggml.{name}" for name in ("tokens", "scores", "merges"))


def parts(metadata: Mapping[str, Any]) -> Parts:
    """Raises ModelError that names the key. Warns where the file does not say how text is cut."""
    vocabulary = _vocabulary(metadata)
    model = _text(metadata, "tokenizer.ggml.model")
    if model not in _FAMILIES:
        raise ModelError(
            f"tokenizer.ggml.model is {model!r:.100}, supported are {', '.join(map(repr, sorted(_FAMILIES)))}"
        )
    made = _FAMILIES[model](metadata, vocabulary)
    ends = {_id(metadata, f"{name}_token_id", vocabulary) for name in ("eos", "eot", "eom")} | {made.eos_id}
    made.stop_ids = frozenset(index for index in ends if index is not None) | vocabulary.ends()
    return made


def _ranked(metadata: Mapping[str, Any], vocabulary: Vocabulary) -> Parts:
    """BPE with merges."""
    cut = GEMMA if metadata["tokenizer.ggml.model"] == "gemma4" else _cut(metadata)
    merges = _merges(metadata, vocabulary)
    unknown = _id(metadata, "unknown_token_id", vocabulary)
    if cut.raw:
        made = _sentencepiece.by_rank(vocabulary, merges, _MERGES, unknown)
    else:
        made = _byte_level.parts(vocabulary, merges, _MERGES, cut)
    made.bos_id = _id(metadata, "bos_token_id", vocabulary)
    made.eos_id = _id(metadata, "eos_token_id", vocabulary)
    made.unknown_id = unknown
    made.add_bos = _flag(metadata, "add_bos_token", cut.add_bos)
    made.add_eos = _flag(metadata, "add_eos_token", False)
    return made


def _scored(metadata: Mapping[str, Any], vocabulary: Vocabulary) -> Parts:
    """SentencePiece's BPE. Without ids in the file its own numbers hold."""
    unknown = _id(metadata, "unknown_token_id", vocabulary, 0)
    made = _sentencepiece.by_score(
        vocabulary,
        _scores(metadata, vocabulary),
        unknown,
        _flag(metadata, "add_space_prefix", True),
        _strips(metadata, vocabulary),
    )
    made.bos_id = _id(metadata, "bos_token_id", vocabulary, 1)
    made.eos_id = _id(metadata, "eos_token_id", vocabulary, 2)
    made.unknown_id = unknown
    made.add_bos = _flag(metadata, "add_bos_token", True)
    made.add_eos = _flag(metadata, "add_eos_token", False)
    return made


def _strips(metadata: Mapping[str, Any], vocabulary: Vocabulary) -> dict[str, dict[str, bool]]:
    """Phi-3's templates have line ends behind control tokens that are no text; its files do not say so."""
    if metadata.get("general.architecture") != "phi3":
        return {}
    names = {text for text, kind in vocabulary if kind in ADDED} - {"<unk>", "<s>", "<|endoftext|>"}
    return {name: {"rstrip": True} for name in names}


def _unigram(metadata: Mapping[str, Any], vocabulary: Vocabulary) -> Parts:
    unknown = _id(metadata, "unknown_token_id", vocabulary, 2)
    made = _sentencepiece.by_probability(
        vocabulary,
        _scores(metadata, vocabulary),
        unknown,
        _charsmap(metadata),
        prefix=_flag(metadata, "add_space_prefix", False),
        merge_spaces=_flag(metadata, "remove_extra_whitespaces", False),
    )
    made.bos_id = _id(metadata, "bos_token_id", vocabulary)
    made.eos_id = _id(metadata, "eos_token_id", vocabulary, 1)
    made.unknown_id = unknown
    made.add_bos = _flag(metadata, "add_bos_token", False)
    made.add_eos = _flag(metadata, "add_eos_token", True)
    return made


def _words(metadata: Mapping[str, Any], vocabulary: Vocabulary) -> Parts:
    """BERT's. [CLS] is what begins a text, [SEP] what ends it; files name them in several ways."""
    unknown = _id(metadata, "unknown_token_id", vocabulary, 100)
    lowercase = _flag(metadata, "normalizer.lowercase", True)
    made = _wordpiece.parts(
        _wordpiece.from_phantoms(vocabulary),
        unknown,
        lowercase=lowercase,
        strip_accents=_flag(metadata, "normalizer.strip_accents", lowercase),
    )
    made.bos_id = _first_id(metadata, ("cls_token_id", "bos_token_id"), vocabulary, 101)
    made.eos_id = _first_id(metadata, ("seperator_token_id", "eos_token_id"), vocabulary, 102)
    made.unknown_id = unknown
    made.add_bos = _flag(metadata, "add_bos_token", True)
    made.add_eos = _flag(metadata, "add_eos_token", True)
    return made


#: tokenizer.ggml.model
_FAMILIES = {"gpt2": _ranked, "gemma4": _ranked, "llama": _scored, "t5": _unigram, "bert": _words}


def between(metadata: Mapping[str, Any], eos: int | None, count: int) -> list[int]:
    """What lies between the two texts of a pair. eos: what ends a text, where one does; count: of tokens.

    A separator more is there where the file says so, or else where RoBERTa and XLM-RoBERTa have it: files of
    architecture bert whose tokenizer is not BERT's."""
    roberta = metadata.get("general.architecture") == "bert" and not is_wordpiece(metadata)
    found = [] if eos is None else [eos]
    if _flag(metadata, "add_sep_token", roberta):
        separator = token_id(metadata, "seperator_token_id", count, eos)
        if separator is None:
            raise ModelError("tokenizer.ggml.seperator_token_id is missing: pairs have one between the texts")
        found.append(separator)
    if not found:
        raise ModelError("tokenizer.ggml.add_sep_token and add_eos_token: nothing is between texts of a pair")
    return found


def is_wordpiece(metadata: Mapping[str, Any]) -> bool:
    return metadata.get("tokenizer.ggml.model") == "bert"


# --- keys, checked ---


def _vocabulary(metadata: Mapping[str, Any]) -> Vocabulary:
    tokens = _texts(metadata, _TOKENS)
    check_count(_TOKENS, len(tokens))
    types = _numbers(metadata, "tokenizer.ggml.token_type", len(tokens), "iu")
    vocabulary = Vocabulary(_TOKENS, tokens, [NORMAL] * len(tokens) if types is None else types.tolist())
    if plain := vocabulary.mark_turns():
        warnings.warn(
            f"the file has {', '.join(plain)} as text, as old files of Gemma do: they are taken as control "
            "tokens, which no message can spell; convert the model again",
            stacklevel=5,
        )
    vocabulary.check_sizes()
    return vocabulary


def _merges(metadata: Mapping[str, Any], vocabulary: Vocabulary) -> Sequence[tuple[str, str]]:
    tokens, ids = vocabulary.tokens, vocabulary.ids()
    merges: list[Any] = _texts(metadata, _MERGES)
    check_merges(_MERGES, len(merges), len(tokens))
    for index, text in enumerate(merges):
        try:
            left, right = text.split(" ")
            # In place, and the strings of `tokens` again: a large vocabulary's take many MB.
            merges[index] = tokens[ids[left]], tokens[ids[right]]
        except (ValueError, KeyError):
            raise ModelError(f"{_MERGES}[{index}] is {text!r:.100}, not two tokens") from None
    return merges


def _scores(metadata: Mapping[str, Any], vocabulary: Vocabulary) -> list[float]:
    scores = _numbers(metadata, _SCORES, len(vocabulary.tokens), "fiu")
    if scores is None:
        raise ModelError(f"the file has no {_SCORES}")
    if not np.isfinite(scores).all():
        raise ModelError(f"{_SCORES}[{int(np.argmin(np.isfinite(scores)))}] is not a finite number")
    return list(scores.tolist())


def _charsmap(metadata: Mapping[str, Any]) -> bytes:
    key = "tokenizer.ggml.precompiled_charsmap"
    values = metadata.get(key)
    if values is None:
        return b""
    if not isinstance(values, np.ndarray) or values.ndim != 1 or values.dtype.kind not in "iu":
        raise ModelError(f"{key} is not an array of bytes")
    if values.itemsize != 1:
        raise ModelError(f"{key} has values of {values.itemsize} bytes, not bytes")
    return _sentencepiece.check_charsmap(key, values.tobytes())


def _cut(metadata: Mapping[str, Any]) -> Cut:
    """How text is cut before merging."""
    key = "tokenizer.ggml.pre"
    pre = _text(metadata, key)
    if not pre:
        warnings.warn(
            f"the file has no {key}: how it cuts text before merging is a guess, and its answers may be "
            "worse than the model's; convert the model again",
            stacklevel=6,
        )
        pre = "default"
    if pre not in CUTS:
        raise ModelError(f"{key} is {pre!r:.100}, supported are {', '.join(sorted(CUTS))}")
    return CUTS[pre]


def _texts(metadata: Mapping[str, Any], key: str) -> list[str]:
    values = metadata.get(key)
    if values is None:
        raise ModelError(f"the file has no {key}")
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise ModelError(f"{key} is {type(values).__name__}, not an array of strings")
    texts = list(values)
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise ModelError(f"{key}[{index}] is {type(text).__name__}, not a string")
    return texts


def _text(metadata: Mapping[str, Any], key: str) -> str | None:
    value = metadata.get(key)
    if value is not None and not isinstance(value, str):
        raise ModelError(f"{key} is {type(value).__name__}, not a string")
    return value


def _numbers(metadata: Mapping[str, Any], key: str, count: int, kinds: str) -> np.ndarray[Any, Any] | None:
    """An array of that many numbers, of NumPy's kinds; None where the file has none."""
    values = metadata.get(key)
    if values is None:
        return None
    # Of strings or lists, NumPy would make an array of any size.
    if not isinstance(values, np.ndarray) and not (
        isinstance(values, (list, tuple)) and all(type(value) in (int, float) for value in values)
    ):
        raise ModelError(f"{key} is not an array of numbers")
    try:
        array = np.asarray(values)
    except OverflowError:
        raise ModelError(f"{key} is not an array of numbers") from None
    if array.ndim != 1 or array.dtype.kind not in kinds:
        raise ModelError(f"{key} is not an array of numbers")
    if len(array) != count:
        raise ModelError(f"{key} has {len(array)} entries for {count} tokens")
    return array


def _flag(metadata: Mapping[str, Any], name: str, default: bool) -> bool:
    key = f"tokenizer.ggml.{name}"
    value = metadata.get(key, default)
    if not isinstance(value, int) or value not in (0, 1):
        raise ModelError(f"{key} is {value!r:.100}, not true or false")
    return bool(value)


def _id(
    metadata: Mapping[str, Any], name: str, vocabulary: Vocabulary, usual: int | None = None
) -> int | None:
    return token_id(metadata, name, len(vocabulary.tokens), usual)


def token_id(metadata: Mapping[str, Any], name: str, count: int, usual: int | None = None) -> int | None:
    """The id of one of so many tokens; `usual` where the file does not say, if there is such a token."""
    key = f"tokenizer.ggml.{name}"
    value = metadata.get(key)
    if isinstance(value, bool) or not (value is None or isinstance(value, int)):
        raise ModelError(f"{key} is {value!r:.100}, not a number")
    if value is None or value in (-1, 0xFFFFFFFF):  # llama.cpp's word for none
        return usual if usual is not None and usual < count else None
    if not 0 <= value < count:
        raise ModelError(f"{key} is {value}, but there are {count} tokens")
    return value


def _first_id(
    metadata: Mapping[str, Any], names: Sequence[str], vocabulary: Vocabulary, usual: int
) -> int | None:
    for name in names:
        found = _id(metadata, name, vocabulary)
        if found is not None:
            return found
    return usual if usual < len(vocabulary.tokens) else None
