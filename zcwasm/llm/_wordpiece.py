"""BERT's tokenizer: words, cut into the longest pieces there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from zcwasm._core import ModelError
from zcwasm._models.guarded import guarded
from zcwasm.llm._sentencepiece import SPACE
from zcwasm.llm._vocabulary import CONTROL, Parts, Vocabulary, add_tokens, no_letter

if TYPE_CHECKING:
    import tokenizers

_LONGEST_WORD = 100  # characters; what is longer is unknown, as it is to BERT
GOES_ON = "##"  # in front of a piece that is not the first of its word


def texts(vocabulary: Vocabulary) -> Iterator[bytes]:
    """What each token stands for: a word with a space in front of it, or how it goes on."""
    for text, kind in vocabulary:
        if kind == CONTROL:
            yield text.encode()
        elif text.startswith(GOES_ON):
            yield text[len(GOES_ON) :].encode()
        else:
            yield b" " + text.encode()


def from_phantoms(vocabulary: Vocabulary) -> Vocabulary:
    """GGUF files have a U+2581 in front of what begins a word, where BERT's have ## in front of the rest."""
    tokens = [
        text if kind == CONTROL else text[1:] if text.startswith(SPACE) else GOES_ON + text
        for text, kind in vocabulary
    ]
    return Vocabulary(vocabulary.where, tokens, vocabulary.types)


def parts(vocabulary: Vocabulary, unknown: int | None, *, lowercase: bool, strip_accents: bool) -> Parts:
    """BERT's own, with its way to clean texts and to cut them into words."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    if unknown is None:
        raise ModelError(f"{vocabulary.where}: a WordPiece vocabulary needs a token for unknown words")
    name = vocabulary.tokens[unknown]
    encoder: tokenizers.Tokenizer = Tokenizer(
        guarded(
            vocabulary.where,
            lambda: models.WordPiece(
                vocabulary.ids(),
                unk_token=name,
                max_input_chars_per_word=_LONGEST_WORD,
                continuing_subword_prefix=GOES_ON,
            ),
        )
    )
    encoder.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=strip_accents, lowercase=lowercase
    )
    encoder.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    add_tokens(encoder, vocabulary)
    return Parts(vocabulary, encoder, texts(vocabulary), no_letter, add_space_prefix=True)
