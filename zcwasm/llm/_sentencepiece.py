"""SentencePiece's tokenizers: BPE by scores (Llama 2, Gemma), its merges by rank (Gemma 4), and Unigram (T5,
XLM-RoBERTa). Tokens are the text's own characters, its spaces U+2581."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zcwasm._core import ModelError
from zcwasm._models.guarded import guarded
from zcwasm.llm import _byte_level
from zcwasm.llm._vocabulary import (
    BYTE,
    CONTROL,
    NORMAL,
    UNKNOWN,
    UNUSED,
    USER_DEFINED,
    Parts,
    Vocabulary,
    add_tokens,
    most_merges,
    no_letter,
)

if TYPE_CHECKING:
    import tokenizers

SPACE = "\u2581"  # SentencePiece's visible space
_BYTE_TOKEN = re.compile("<0x([0-9A-Fa-f]{2})>")

_MOST_SPLITS = 24  # places where a token can be cut in two, on average
_FEW = 4096  # in small vocabularies these may be that many in all

_MOST_BEGINNINGS = 32  # pieces of Unigram that begin with one another; SentencePiece's have 16 characters

# Of a table of characters that stand for others: of its bytes (XLM-RoBERTa's has 237,539), and of what one
# character may become (at most 33 bytes in Unicode's form KC).
_MOST_CHARSMAP = 1 << 20
_LONGEST_REPLACEMENT = 128


def byte_of(name: str) -> bytes | None:
    """The byte that a token such as <0x0A> stands for."""
    found = _BYTE_TOKEN.fullmatch(name)
    return bytes([int(found[1], 16)]) if found else None


def is_letter(name: str) -> bool:
    """Whether encoding begins with it, before anything is merged."""
    return len(name) == 1 or byte_of(name) is not None


def texts(vocabulary: Vocabulary) -> Iterator[bytes]:
    """What each token stands for."""
    for text, kind in vocabulary:
        byte = byte_of(text) if kind == BYTE else None
        if byte is not None:
            yield byte
        elif kind in (CONTROL, UNKNOWN):
            yield text.encode()
        else:
            yield text.replace(SPACE, " ").encode()


def by_score(
    vocabulary: Vocabulary,
    scores: Sequence[float],
    unknown: int | None,
    prefix: bool,
    strips: Mapping[str, Mapping[str, bool]],
) -> Parts:
    """BPE of which any two neighbours may be merged whose joint text is a token, the best score first.

    prefix: a space goes in front of each stretch of text between special tokens. strips: as Parts has it."""
    merges = _merges_by_score(vocabulary, scores)
    return _bpe(vocabulary, merges, vocabulary.where, unknown, prefix, strips)


def by_rank(
    vocabulary: Vocabulary, merges: Sequence[tuple[str, str]], where: str, unknown: int | None
) -> Parts:
    """The same by merges of its own, which are in the file where `where` says."""
    return _bpe(vocabulary, _byte_level.without_controls(vocabulary, merges), where, unknown, False, {})


def _bpe(
    vocabulary: Vocabulary,
    merges: Sequence[tuple[str, str]],
    where: str,
    unknown: int | None,
    prefix: bool,
    strips: Mapping[str, Mapping[str, bool]],
) -> Parts:
    from tokenizers import Tokenizer, normalizers

    name = None if unknown is None else vocabulary.tokens[unknown]
    encoder: tokenizers.Tokenizer = Tokenizer(
        _byte_level.bpe(where, vocabulary.ids(), merges, unk_token=name, fuse_unk=True, byte_fallback=True)
    )
    steps: list[Any] = [normalizers.Prepend(SPACE)] if prefix else []
    encoder.normalizer = normalizers.Sequence([*steps, normalizers.Replace(" ", SPACE)])
    add_tokens(encoder, vocabulary, {name: {"normalized": False, **each} for name, each in strips.items()})
    return Parts(vocabulary, encoder, texts(vocabulary), is_letter, strips=strips, add_space_prefix=prefix)


def _merges_by_score(vocabulary: Vocabulary, scores: Sequence[float]) -> list[tuple[str, str]]:
    """Every way to make a token of two others, best score first."""
    tokens, where = vocabulary.tokens, vocabulary.where
    usable = {
        text: index for index, (text, kind) in enumerate(vocabulary) if kind in (NORMAL, USER_DEFINED, UNUSED)
    }
    splits, most = sum(map(len, usable)), max(_MOST_SPLITS * len(usable), _FEW)
    if splits > most:
        raise ModelError(f"{where} can be cut in two at {splits} places, more than {most}")
    found: list[tuple[float, int, int, int]] = []
    most = most_merges(len(usable))
    controls = {text for text, kind in vocabulary if kind == CONTROL}
    for text, index in usable.items():
        if text in controls:  # the name of both; a control token is never made of text
            continue
        for at in range(1, len(text)):
            left, right = usable.get(text[:at]), usable.get(text[at:])
            if left is not None and right is not None:
                found.append((-scores[index], -at, left, right))
        if len(found) > most:
            raise ModelError(f"{where}: they merge in more than {most} ways")
    found.sort()
    return [(tokens[left], tokens[right]) for _, _, left, right in found]


# --- Unigram ---


def unigram(
    vocabulary: Vocabulary, scores: Sequence[float], unknown: int | None, *, byte_fallback: bool = False
) -> Any:
    """The library's model. scores: of the first tokens; those without one are no pieces.

    Pieces that no text may become have no text in it: control tokens, and the unknown token's name."""
    from tokenizers import models

    hidden = (CONTROL, UNKNOWN)
    pieces = [
        ("" if kind in hidden else text, float(score))
        for (text, kind), score in zip(vocabulary, scores, strict=False)
    ]
    pieces += [("", 0.0)] * (len(vocabulary.tokens) - len(pieces))
    return guarded(vocabulary.where, lambda: models.Unigram(pieces, unknown, byte_fallback))


def check_pieces(where: str, pieces: Sequence[str]) -> None:
    """That few of them begin with one another: each character of a text is the beginning of that many. In
    time that grows with their characters: nobody has looked at their lengths yet."""
    if all(len(piece) <= _MOST_BEGINNINGS for piece in pieces):
        return
    begun: list[str] = []  # with which the last piece begins: each with those before it
    for piece in sorted(set(pieces) - {""}):  # behind a piece come all that begin with it
        while begun and not piece.startswith(begun[-1]):
            begun.pop()
        begun.append(piece)
        if len(begun) > _MOST_BEGINNINGS:
            raise ModelError(
                f"{where}: {piece!r:.100} begins with {len(begun)} pieces, more than {_MOST_BEGINNINGS}"
            )


def check_charsmap(where: str, data: bytes) -> bytes:
    """A table of characters, as SentencePiece compiles it: the size of a trie, the trie, and what its leaves
    stand for, each with a zero byte behind it."""
    if not 4 < len(data) <= _MOST_CHARSMAP:
        raise ModelError(f"{where} has {len(data)} bytes, supported are up to {_MOST_CHARSMAP}")
    trie = int.from_bytes(data[:4], "little")
    if trie % 4 or trie > len(data) - 4:
        raise ModelError(f"{where}: its trie has {trie} bytes of {len(data)}")
    longest = max(map(len, data[4 + trie :].split(b"\0")))
    if longest > _LONGEST_REPLACEMENT:
        raise ModelError(f"{where}: a character becomes {longest} bytes, more than {_LONGEST_REPLACEMENT}")
    return data


def by_probability(
    vocabulary: Vocabulary,
    scores: Sequence[float],
    unknown: int | None,
    charsmap: bytes,
    *,
    prefix: bool,
    merge_spaces: bool,
) -> Parts:
    """Unigram. prefix: a space goes in front; merge_spaces: of several spaces one counts, of those around a
    text none."""
    from tokenizers import Tokenizer, normalizers, pre_tokenizers

    check_pieces(vocabulary.where, vocabulary.tokens)
    encoder: tokenizers.Tokenizer = Tokenizer(unigram(vocabulary, scores, unknown))
    if charsmap:
        where = f"{vocabulary.where}: the characters' table"
        encoder.normalizer = guarded(where, lambda: normalizers.Precompiled(charsmap))
    words = pre_tokenizers.Metaspace(SPACE, "always" if prefix else "never", split=merge_spaces)
    encoder.pre_tokenizer = (
        pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), words]) if merge_spaces else words
    )
    aliases = add_tokens(encoder, vocabulary)
    return Parts(vocabulary, encoder, texts(vocabulary), no_letter, aliases=aliases, add_space_prefix=prefix)
