"""The tokenizer of a Hugging Face folder: tokenizer.json, checked and handed to the library piece by piece.

What the other files say of special tokens (tokenizer_config.json and the like) is read, too, where it adds to
that. Tokens that a file calls special, or names as its beginning, its end and so on, are control tokens.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zcwasm._core import ModelError
from zcwasm._models.guarded import guarded
from zcwasm.llm import _byte_level, _components, _sentencepiece, _wordpiece
from zcwasm.llm._tokenizer_file import FLAGS, ObjectFile, TokenizerFile
from zcwasm.llm._vocabulary import (
    BYTE,
    CONTROL,
    NORMAL,
    UNKNOWN,
    Parts,
    Vocabulary,
    add_tokens,
    no_letter,
)

if TYPE_CHECKING:
    import tokenizers

_NAMES = ("bos", "eos", "unk", "pad", "cls", "sep", "mask")
# What the library's model has for ids that the file's model has no token for: no text has it in it.
_NO_TEXT = f"\0{secrets.token_hex(16)} "
_SIDES = ("lstrip", "rstrip")
# A name that is no word. Some models' padding is "!", which stays what it is in a text.
_MARKUP = re.compile(r"[<\[{].+[>\]}]", re.DOTALL)


def parts(path: str | os.PathLike[str], rows: int) -> Parts:
    """rows: of the model's embedding, 0 if that is not known."""
    folder = Path(path)
    if not (folder / "tokenizer.json").exists():
        raise ModelError(
            f"{folder}: has no tokenizer.json, which a folder's tokenizer is read from; transformers'"
            " AutoTokenizer.from_pretrained(...).save_pretrained(...) writes it"
        )
    said = _Said(folder)
    file = TokenizerFile(folder / "tokenizer.json", said.added_tokens())
    found = _Reader(file, said).parts(rows)
    count = len(found.vocabulary.tokens)
    ids = found.vocabulary.ids()
    found.bos_id = said.token("bos", ids) if said.names["bos"] else said.first_id("bos_token_id", count)
    ends = said.ids("eos_token_id", count)
    found.eos_id = said.token("eos", ids) if said.names["eos"] else next(iter(ends), None)
    found.around = _components.around(
        f"{file.where}: post_processor", file.whole.get("post_processor"), count
    )
    if found.around is None:  # nothing in tokenizer.json: then what older programs did
        found.add_bos, found.add_eos = said.flag("add_bos_token"), said.flag("add_eos_token")
    else:
        found.add_bos = found.around[0] == [found.bos_id]
        found.add_eos = found.around[1] == [found.eos_id]
    named = {found.eos_id} if found.eos_id is not None else set()
    found.stop_ids = frozenset(named | set(ends) | found.vocabulary.ends())
    return found


class _Said:
    """What the files beside tokenizer.json say of special tokens: the first that says something counts."""

    def __init__(self, folder: Path) -> None:
        self._config = ObjectFile(folder / "tokenizer_config.json", False)
        self._map = ObjectFile(folder / "special_tokens_map.json", False)
        self._numbers = [
            ObjectFile(folder / name, False) for name in ("generation_config.json", "config.json")
        ]
        self.names = {name: self._name(f"{name}_token") for name in _NAMES}

    def _name(self, key: str) -> str | None:
        for file in (self._config, self._map):
            value = file.whole.get(key)
            if value is not None:
                return _content(f"{file.where}: {key}", value)
        return None

    def special_names(self) -> Iterator[str]:
        yield from filter(None, self.names.values())
        for file in (self._config, self._map):
            for key in ("additional_special_tokens", "extra_special_tokens"):
                values = file.whole.get(key) or []
                if isinstance(values, dict):  # {"image_token": "<image>"}
                    values = list(values.values())
                if not isinstance(values, list):
                    raise ModelError(f"{file.where}: {key} is {type(values).__name__}, not a list")
                for value in values:
                    yield _content(f"{file.where}: {key}", value)

    def added_tokens(self) -> Iterator[tuple[str, object]]:
        """Tokens that tokenizer_config.json has, each with where it is said."""
        key = f"{self._config.where}: added_tokens_decoder"
        values = self._config.whole.get("added_tokens_decoder") or {}
        if not isinstance(values, dict):
            raise ModelError(f"{key} is {type(values).__name__}, not an object")
        for index, value in values.items():
            if not index.isascii() or not index.isdigit() or len(index) > 9 or not isinstance(value, dict):
                raise ModelError(f"{key} has {index!r:.100}, which is no id of a token")
            yield key, {**value, "id": int(index)}

    def token(self, name: str, ids: Mapping[str, int]) -> int | None:
        return ids.get(self.names[name] or "")

    def flag(self, key: str) -> bool:
        value = self._config.whole.get(key)
        if value not in (None, True, False):
            raise ModelError(f"{self._config.where}: {key} is {value!r:.100}, not true or false")
        return bool(value)

    def first_id(self, key: str, count: int) -> int | None:
        return next(iter(self.ids(key, count)), None)

    def ids(self, key: str, count: int) -> list[int]:
        """A number or a list of them, of the first file that says so; -1 and the like are none."""
        for file in self._numbers:
            value = file.whole.get(key)
            values = value if isinstance(value, list) else [] if value is None else [value]
            if len(values) > 64:
                raise ModelError(f"{file.where}: {key} has {len(values)} ids")
            found = [
                _components.index(f"{file.where}: {key}", each, count)
                for each in values
                if not (type(each) is int and each < 0)
            ]
            if found:
                return found
        return []


def _content(where: str, value: object) -> str:
    """A token's text: as such, or as an object's member."""
    text = value.get("content") if isinstance(value, dict) else value
    if not isinstance(text, str):
        raise ModelError(f"{where} is {value!r:.100}, not a token")
    return text


class _Reader:
    """Of one tokenizer.json."""

    def __init__(self, file: TokenizerFile, said: _Said) -> None:
        self._file = file
        self._where = file.where
        self._said = said
        self._decoding = _components.decoding(
            f"{self._where}: decoder", file.whole.get("decoder"), file.pre_tokenizer
        )

    def parts(self, rows: int) -> Parts:
        from tokenizers import Tokenizer

        file = self._file
        vocabulary, ids, known = self._vocabulary(rows)
        unknown = file.unknown(ids)
        make = {"BPE": self._bpe, "WordPiece": self._wordpiece, "Unigram": self._unigram}
        encoder: tokenizers.Tokenizer = Tokenizer(make[file.kind](vocabulary, known))
        normalizer, pre_tokenizer = _components.make(self._where, file.normalizer, file.pre_tokenizer)
        if normalizer is not None:
            encoder.normalizer = normalizer
        if pre_tokenizer is not None:
            encoder.pre_tokenizer = pre_tokenizer
        options = {name: {flag: token[flag] for flag in FLAGS} for name, token in file.added.items()}
        aliases = guarded(self._where, lambda: add_tokens(encoder, vocabulary, options))
        family, letter = self._decoding.family, no_letter
        texts = _sentencepiece.texts
        if family == "byte level":
            texts, letter = _byte_level.texts, _byte_level.is_letter
        elif family == "word piece":
            texts = _wordpiece.texts
        elif file.kind == "BPE":
            letter = _sentencepiece.is_letter
        return Parts(
            vocabulary,
            encoder,
            texts(vocabulary),
            letter,
            suspects=_byte_level.suspects(vocabulary.controls().items()) if family == "byte level" else (),
            strips={name: {side: token[side] for side in _SIDES} for name, token in file.added.items()},
            aliases=aliases,
            unknown_id=unknown,
            add_space_prefix=self._decoding.strips,
        )

    def _vocabulary(self, rows: int) -> tuple[Vocabulary, dict[str, int], dict[str, int]]:
        """Tokens by id; ids by token; and those that the model knows."""
        file = self._file
        tokens = file.tokens()
        ids = {text: index for index, text in tokens.items()}
        known = dict(ids)
        types = dict.fromkeys(tokens, NORMAL)
        if file.flag("byte_fallback"):
            types |= {index: BYTE for text, index in ids.items() if _sentencepiece.byte_of(text) is not None}
        file.add(tokens, ids, types)
        for name in self._said.special_names():
            if name in ids and (name in file.added or _MARKUP.fullmatch(name)):
                types[ids[name]] = CONTROL
        unknown = file.unknown(ids)
        if unknown is not None and types[unknown] == NORMAL:
            types[unknown] = UNKNOWN
        found = file.vocabulary(tokens, types, rows)
        # Without gaps, or the library would give added tokens the ids of others.
        used = set(known.values())
        known |= {f"{_NO_TEXT}{index}": index for index in range(len(found.tokens)) if index not in used}
        return found, ids, known

    def _bpe(self, vocabulary: Vocabulary, ids: dict[str, int]) -> Any:
        merges = _byte_level.without_controls(vocabulary, self._file.merges(vocabulary, ids))
        where = f"{self._where}: model.merges"
        return _byte_level.bpe(where, ids, merges, **self._file.bpe_options())

    def _wordpiece(self, vocabulary: Vocabulary, ids: dict[str, int]) -> Any:
        from tokenizers import models

        options = self._file.wordpiece_options()
        return guarded(self._where, lambda: models.WordPiece(ids, **options))

    def _unigram(self, vocabulary: Vocabulary, ids: dict[str, int]) -> Any:
        scores = [score for _, score in self._file.scored]
        return _sentencepiece.unigram(
            vocabulary, scores, self._file.unknown(ids), byte_fallback=self._file.flag("byte_fallback")
        )
