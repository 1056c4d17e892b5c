"""Byte-level BPE, GPT-2's and most later models': tokens are bytes, merged by rank."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from zcwasm._models.guarded import guarded
from zcwasm.llm._vocabulary import ADDED, CONTROL, Parts, Vocabulary, add_tokens

if TYPE_CHECKING:
    import tokenizers

    from zcwasm.llm._cuts import Cut


def _alphabet() -> dict[str, int]:
    """GPT-2's printable stand-in for each byte, and back."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in set(plain)]
    return {chr(byte): byte for byte in plain} | {chr(256 + at): byte for at, byte in enumerate(others)}


_ALPHABET = _alphabet()
_TO_LATIN = str.maketrans({letter: chr(byte) for letter, byte in _ALPHABET.items()})
_FOREIGN = re.compile(f"[^{re.escape(''.join(_ALPHABET))}]")


def is_letter(name: str) -> bool:
    """Whether it is one byte's stand-in."""
    return name in _ALPHABET


def texts(vocabulary: Vocabulary) -> Iterator[bytes]:
    """What each token stands for."""
    return (
        text.encode()
        if kind in ADDED or _FOREIGN.search(text)
        else text.translate(_TO_LATIN).encode("latin-1")
        for text, kind in vocabulary
    )


def suspects(controls: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """What the letters of control tokens stand for."""
    return [
        (name.translate(_TO_LATIN).encode("latin-1").decode("utf-8", "replace"), index)
        for name, index in controls
        if not _FOREIGN.search(name)
    ]


def without_controls(vocabulary: Vocabulary, merges: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """A control token is never made of text."""
    controls = {text for text, kind in vocabulary if kind == CONTROL}
    if any(left + right in controls for left, right in merges):
        return [merge for merge in merges if "".join(merge) not in controls]
    return merges


def bpe(where: str, ids: dict[str, int], merges: Sequence[tuple[str, str]], **options: Any) -> Any:
    """The library's model. where: of the merges."""
    from tokenizers import models

    return guarded(f"{where} do not fit the tokens", lambda: models.BPE(ids, merges, **options))


def parts(vocabulary: Vocabulary, merges: Sequence[tuple[str, str]], where: str, cut: Cut) -> Parts:
    """merges: each two tokens; where: they are in the file."""
    from tokenizers import Tokenizer, normalizers

    merges = without_controls(vocabulary, merges)
    model = bpe(where, vocabulary.ids(), merges, ignore_merges=cut.ignore_merges, fuse_unk=False)
    encoder: tokenizers.Tokenizer = Tokenizer(model)
    encoder.pre_tokenizer = cut.pre_tokenizer()
    if cut.composed:
        encoder.normalizer = normalizers.NFC()
    add_tokens(encoder, vocabulary)
    return Parts(vocabulary, encoder, texts(vocabulary), is_letter, suspects(vocabulary.controls().items()))
