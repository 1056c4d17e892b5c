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
from zcwasm._models import json_files
from zcwasm._models.guarded import guarded
from zcwasm._models.model_file import naming
from zcwasm.llm import _byte_level, _components, _sentencepiece, _wordpiece
from zcwasm.llm._vocabulary import (
    BYTE,
    CONTROL,
    MOST_TOKENS,
    NORMAL,
    UNKNOWN,
    UNUSED,
    USER_DEFINED,
    Parts,
    Vocabulary,
    add_tokens,
    check_count,
    check_merges,
    no_letter,
)

if TYPE_CHECKING:
    import tokenizers

_LONGEST_WORD = 1000  # characters of a word that WordPiece cuts; BERT's 100
_NAMES = ("bos", "eos", "unk", "pad", "cls", "sep", "mask")
# What the library's model has for ids that the file's model has no token for: no text has it in it.
_NO_TEXT = f"\0{secrets.token_hex(16)} "
_SIDES = ("lstrip", "rstrip")
# A name that is no word. Some models' padding is "!", which stays what it is in a text.
_MARKUP = re.compile(r"[<\[{].+[>\]}]", re.DOTALL)
_FLAGS = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": True}


def parts(path: str | os.PathLike[str], rows: int) -> Parts:
    """rows: of the model's embedding, 0 if that is not known."""
    folder = Path(path)
    if not (folder / "tokenizer.json").exists():
        raise ModelError(
            f"{folder}: has no tokenizer.json, which a folder's tokenizer is read from; transformers'"
            " AutoTokenizer.from_pretrained(...).save_pretrained(...) writes it"
        )
    file = _File(folder / "tokenizer.json")
    said = _Said(folder)
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


class _File:
    """A file that holds a JSON object."""

    def __init__(self, path: Path, needed: bool = True) -> None:
        self.where = str(path)
        self.whole: Mapping[str, Any] = {}
        if needed or path.exists():
            with naming(path):
                self.whole = json_files.read_object(path, unique=False)


class _Said:
    """What the files beside tokenizer.json say of special tokens: the first that says something counts."""

    def __init__(self, folder: Path) -> None:
        self._config = _File(folder / "tokenizer_config.json", False)
        self._map = _File(folder / "special_tokens_map.json", False)
        self._numbers = [_File(folder / name, False) for name in ("generation_config.json", "config.json")]
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

    def __init__(self, file: _File, said: _Said) -> None:
        self._where = file.where
        self._said = said
        model = file.whole.get("model")
        if not isinstance(model, dict):
            raise ModelError(f"{self._where}: model is {type(model).__name__}, not an object")
        self._model: Mapping[str, Any] = model
        self._kind = self._find_kind()
        self._added = self._find_added(file.whole.get("added_tokens"))
        self._normalizer = _components.normalizers(f"{self._where}: normalizer", file.whole.get("normalizer"))
        self._pre_tokenizer = _components.pre_tokenizers(
            f"{self._where}: pre_tokenizer", file.whole.get("pre_tokenizer")
        )
        self._decoding = _components.decoding(
            f"{self._where}: decoder", file.whole.get("decoder"), self._pre_tokenizer
        )

    def _find_kind(self) -> str:
        kind, model = self._model.get("type"), self._model
        if kind is None:  # older files do not say
            listed = isinstance(model.get("vocab"), list)
            kind = "BPE" if "merges" in model else "Unigram" if listed else "WordPiece"
        if kind not in ("BPE", "Unigram", "WordPiece"):
            raise ModelError(
                f"{self._where}: model.type is {kind!r:.100}, supported are BPE, Unigram and WordPiece"
            )
        return str(kind)

    def _find_added(self, values: object) -> dict[str, dict[str, Any]]:
        """Tokens that are looked for in the text, by name."""
        where = f"{self._where}: added_tokens"
        if values is None:
            values = []
        if not isinstance(values, list):
            raise ModelError(f"{where} is {type(values).__name__}, not a list")
        found: dict[str, dict[str, Any]] = {}
        for where_of, value in [*((where, each) for each in values), *self._said.added_tokens()]:
            if (
                not isinstance(value, dict)
                or not isinstance(value.get("content"), str)
                or not value["content"]
            ):
                raise ModelError(f"{where_of} has {value!r:.100}, which is no token")
            name, index = value["content"], value.get("id")
            if type(index) is not int or not 0 <= index < MOST_TOKENS:
                raise ModelError(f"{where_of}: {name!r:.100} has the id {index!r:.100}")
            token: dict[str, Any] = {"id": index, "special": False, **_FLAGS}
            for flag in ("special", *_FLAGS):
                token[flag] = value.get(flag, token[flag])
                if not isinstance(token[flag], bool):
                    raise ModelError(f"{where_of}: {name!r:.100} has {flag} {token[flag]!r:.100}")
            if where_of != where and name in found:  # tokenizer.json said it first
                continue
            if name in found:
                raise ModelError(f"{where} has {name!r:.100} twice")
            found[name] = token
        return found

    def parts(self, rows: int) -> Parts:
        from tokenizers import Tokenizer

        vocabulary, ids, known = self._vocabulary(rows)
        unknown = self._unknown(ids)
        make = {"BPE": self._bpe, "WordPiece": self._wordpiece, "Unigram": self._unigram}
        encoder: tokenizers.Tokenizer = Tokenizer(make[self._kind](vocabulary, known))
        normalizer, pre_tokenizer = _components.make(self._where, self._normalizer, self._pre_tokenizer)
        if normalizer is not None:
            encoder.normalizer = normalizer
        if pre_tokenizer is not None:
            encoder.pre_tokenizer = pre_tokenizer
        options = {name: {flag: token[flag] for flag in _FLAGS} for name, token in self._added.items()}
        aliases = guarded(self._where, lambda: add_tokens(encoder, vocabulary, options))
        family, letter = self._decoding.family, no_letter
        texts = _sentencepiece.texts
        if family == "byte level":
            texts, letter = _byte_level.texts, _byte_level.is_letter
        elif family == "word piece":
            texts = _wordpiece.texts
        elif self._kind == "BPE":
            letter = _sentencepiece.is_letter
        return Parts(
            vocabulary,
            encoder,
            texts(vocabulary),
            letter,
            suspects=_byte_level.suspects(vocabulary.controls().items()) if family == "byte level" else (),
            strips={name: {side: token[side] for side in _SIDES} for name, token in self._added.items()},
            aliases=aliases,
            unknown_id=unknown,
            add_space_prefix=self._decoding.strips,
        )

    # --- tokens ---

    def _vocabulary(self, rows: int) -> tuple[Vocabulary, dict[str, int], dict[str, int]]:
        """Tokens by id; ids by token; and those that the model knows."""
        where = f"{self._where}: model.vocab"
        tokens: dict[int, str] = {}
        for text, index in self._listed(where):
            if type(index) is not int or not 0 <= index < MOST_TOKENS:
                raise ModelError(f"{where}: {text!r:.100} has the id {index!r:.100}")
            if tokens.setdefault(index, text) is not text:
                raise ModelError(f"{where} has two tokens of the id {index}")
        ids = {text: index for index, text in tokens.items()}
        known = dict(ids)
        types = dict.fromkeys(tokens, NORMAL)
        if self._model.get("byte_fallback"):
            types |= {index: BYTE for text, index in ids.items() if _sentencepiece.byte_of(text) is not None}
        for text, token in self._added.items():
            index = token["id"]
            if ids.setdefault(text, index) != index or tokens.setdefault(index, text) != text:
                raise ModelError(
                    f"{self._where}: the added token {text!r:.100} has the id {index} of another"
                )
            types[index] = CONTROL if token["special"] else USER_DEFINED
        for name in self._said.special_names():
            if name in ids and (name in self._added or _MARKUP.fullmatch(name)):
                types[ids[name]] = CONTROL
        unknown = self._unknown(ids)
        if unknown is not None and types[unknown] == NORMAL:
            types[unknown] = UNKNOWN
        count = max(tokens) + 1
        check_count(self._where, count)
        if rows and count > rows:
            raise ModelError(f"{self._where} has {count} tokens, the model {rows}")
        found = Vocabulary(
            self._where,
            [tokens.get(index, "") for index in range(count)],
            [types.get(index, UNUSED) for index in range(count)],
        )
        found.check_sizes()
        # Without gaps, or the library would give added tokens the ids of others.
        used = set(known.values())
        known |= {f"{_NO_TEXT}{index}": index for index in range(count) if index not in used}
        return found, ids, known

    def _listed(self, where: str) -> Iterator[tuple[str, object]]:
        vocab = self._model.get("vocab")
        if self._kind == "Unigram":
            for index, (text, _) in enumerate(self._scored(where)):
                # A piece may be there twice, as names of tokens that were added later: the last one counts.
                yield text, index
            return
        if not isinstance(vocab, dict):
            raise ModelError(f"{where} is {type(vocab).__name__}, not an object")
        check_count(where, len(vocab))
        yield from vocab.items()

    def _scored(self, where: str) -> list[tuple[str, float]]:
        vocab = self._model.get("vocab")
        if not isinstance(vocab, list):
            raise ModelError(f"{where} is {type(vocab).__name__}, not a list")
        check_count(where, len(vocab))
        found = []
        for index, pair in enumerate(vocab):
            if not (
                isinstance(pair, list)
                and len(pair) == 2
                and isinstance(pair[0], str)
                and type(pair[1]) in (int, float)
                and abs(pair[1]) < 1e30  # neither without an end nor no number
            ):
                raise ModelError(f"{where}[{index}] is {pair!r:.100}, not a piece and its score")
            found.append((pair[0], float(pair[1])))
        return found

    def _unknown(self, ids: Mapping[str, int]) -> int | None:
        if self._kind == "Unigram":
            index = self._model.get("unk_id")
            if index is None:
                return None
            return _components.index(f"{self._where}: model.unk_id", index, len(self._model["vocab"]))
        name = self._model.get("unk_token")
        if name is None:
            return None
        if not isinstance(name, str) or name not in ids:
            raise ModelError(f"{self._where}: model.unk_token is {name!r:.100}, not a token")
        return ids[name]

    # --- models ---

    def _flag(self, name: str) -> bool:
        value = self._model.get(name)
        if value not in (None, True, False):
            raise ModelError(f"{self._where}: model.{name} is {value!r:.100}, not true or false")
        return bool(value)

    def _bpe(self, vocabulary: Vocabulary, ids: dict[str, int]) -> Any:
        where = f"{self._where}: model.merges"
        for name in ("dropout", "continuing_subword_prefix", "end_of_word_suffix"):
            value = self._model.get(name)
            if value:
                raise ModelError(f"{self._where}: model.{name} is {value!r:.100}, which is not supported")
        return _byte_level.bpe(
            where,
            ids,
            _byte_level.without_controls(vocabulary, self._merges(where, vocabulary, ids)),
            unk_token=self._model.get("unk_token"),
            fuse_unk=self._flag("fuse_unk"),
            byte_fallback=self._flag("byte_fallback"),
            ignore_merges=self._flag("ignore_merges"),
        )

    def _merges(self, where: str, vocabulary: Vocabulary, ids: Mapping[str, int]) -> list[tuple[str, str]]:
        values = self._model.get("merges")
        if not isinstance(values, list):
            raise ModelError(f"{where} is {type(values).__name__}, not a list")
        check_merges(where, len(values), len(vocabulary.tokens))
        found = []
        for index, value in enumerate(values):
            try:
                left, right = value.split(" ") if isinstance(value, str) else value
                # The strings of `tokens` again: a large vocabulary's take many MB.
                found.append((vocabulary.tokens[ids[left]], vocabulary.tokens[ids[right]]))
            except (ValueError, KeyError, TypeError):
                raise ModelError(f"{where}[{index}] is {value!r:.100}, not two tokens") from None
        return found

    def _wordpiece(self, vocabulary: Vocabulary, ids: dict[str, int]) -> Any:
        from tokenizers import models

        longest = self._model.get("max_input_chars_per_word", 100)
        if type(longest) is not int or not 0 < longest <= _LONGEST_WORD:
            raise ModelError(
                f"{self._where}: model.max_input_chars_per_word is {longest!r:.100}, supported are up to "
                f"{_LONGEST_WORD}"
            )
        prefix = self._model.get("continuing_subword_prefix", _wordpiece.GOES_ON)
        if prefix != _wordpiece.GOES_ON:
            raise ModelError(
                f"{self._where}: model.continuing_subword_prefix is {prefix!r:.100}, supported is "
                f"{_wordpiece.GOES_ON!r}"
            )
        unknown = self._unknown(ids)
        if unknown is None:
            raise ModelError(f"{self._where}: model.unk_token is missing")
        return guarded(
            self._where,
            lambda: models.WordPiece(
                ids,
                unk_token=vocabulary.tokens[unknown],
                max_input_chars_per_word=longest,
                continuing_subword_prefix=prefix,
            ),
        )

    def _unigram(self, vocabulary: Vocabulary, ids: dict[str, int]) -> Any:
        scores = [score for _, score in self._scored(f"{self._where}: model.vocab")]
        return _sentencepiece.unigram(
            vocabulary, scores, self._unknown(ids), byte_fallback=self._flag("byte_fallback")
        )
