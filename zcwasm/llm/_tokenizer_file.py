"""tokenizer.json, checked: the one place through which such a file reaches the library `tokenizers`, a
language model's (_tokenizer_json.py) and an encoder's (zcwasm/_models/encoder_tokens.py).

The library trusts its file: normalizers that multiply a text, expressions that take forever, weights of
chance, tokens without number. Everything of the file is looked at here or in _components.py; what the library
gets is written anew of that. Whatever is wrong is a ModelError that says where.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zcwasm._core import ModelError
from zcwasm._models import json_files
from zcwasm._models.guarded import guarded
from zcwasm._models.model_file import naming
from zcwasm.llm import _components, _sentencepiece, _wordpiece
from zcwasm.llm._vocabulary import (
    CONTROL,
    MOST_TOKENS,
    NORMAL,
    UNUSED,
    USER_DEFINED,
    Vocabulary,
    check_added,
    check_count,
    check_merges,
)

if TYPE_CHECKING:
    import tokenizers

# Characters of a word that WordPiece cuts; BERT's 100. A word may take the cube of it.
_LONGEST_WORD = 256
#: The library's flags of a token that is looked for in the text, and what they are where nothing is said.
FLAGS = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": True}


class ObjectFile:
    """A file that holds a JSON object; nothing where it is not needed and not there."""

    def __init__(self, path: Path, needed: bool = True) -> None:
        self.where = str(path)
        self.whole: Mapping[str, Any] = {}
        if needed or path.exists():
            with naming(path):
                self.whole = json_files.read_object(path, unique=False)


class TokenizerFile:
    """One tokenizer.json: its model's kind, its added tokens and what is done around the model are checked
    when it is made, its tokens when they are asked for. more: added tokens of other files, each with where it
    is said; what tokenizer.json says comes first."""

    def __init__(self, path: Path, more: Iterable[tuple[str, object]] = ()) -> None:
        file = ObjectFile(path)
        self.where = file.where
        self.whole = file.whole
        model = file.whole.get("model")
        if not isinstance(model, dict):
            raise ModelError(f"{self.where}: model is {type(model).__name__}, not an object")
        self.model: Mapping[str, Any] = model
        self.kind = self._find_kind()
        self.added = self._find_added(file.whole.get("added_tokens"), more)
        self.normalizer = _components.normalizers(f"{self.where}: normalizer", self.whole.get("normalizer"))
        self.pre_tokenizer = _components.pre_tokenizers(
            f"{self.where}: pre_tokenizer", self.whole.get("pre_tokenizer")
        )

    def _find_kind(self) -> str:
        kind, model = self.model.get("type"), self.model
        if kind is None:  # older files do not say
            listed = isinstance(model.get("vocab"), list)
            kind = "BPE" if "merges" in model else "Unigram" if listed else "WordPiece"
        if kind not in ("BPE", "Unigram", "WordPiece"):
            raise ModelError(
                f"{self.where}: model.type is {kind!r:.100}, supported are BPE, Unigram and WordPiece"
            )
        return str(kind)

    def _find_added(self, values: object, more: Iterable[tuple[str, object]]) -> dict[str, dict[str, Any]]:
        """Tokens that are looked for in the text, by name."""
        where = f"{self.where}: added_tokens"
        if values is None:
            values = []
        if not isinstance(values, list):
            raise ModelError(f"{where} is {type(values).__name__}, not a list")
        found: dict[str, dict[str, Any]] = {}
        for where_of, value in [*((where, each) for each in values), *more]:
            if (
                not isinstance(value, dict)
                or not isinstance(value.get("content"), str)
                or not value["content"]
            ):
                raise ModelError(f"{where_of} has {value!r:.100}, which is no token")
            name, index = value["content"], value.get("id")
            if type(index) is not int or not 0 <= index < MOST_TOKENS:
                raise ModelError(f"{where_of}: {name!r:.100} has the id {index!r:.100}")
            token: dict[str, Any] = {"id": index, "special": False, **FLAGS}
            for flag in ("special", *FLAGS):
                token[flag] = value.get(flag, token[flag])
                if not isinstance(token[flag], bool):
                    raise ModelError(f"{where_of}: {name!r:.100} has {flag} {token[flag]!r:.100}")
            if where_of != where and name in found:  # tokenizer.json said it first
                continue
            if name in found:
                raise ModelError(f"{where} has {name!r:.100} twice")
            found[name] = token
        return found

    # --- tokens ---

    def tokens(self) -> dict[int, str]:
        """Those of the model, by id."""
        where = f"{self.where}: model.vocab"
        found: dict[int, str] = {}
        for text, index in self._listed(where):
            if type(index) is not int or not 0 <= index < MOST_TOKENS:
                raise ModelError(f"{where}: {text!r:.100} has the id {index!r:.100}")
            if found.setdefault(index, text) is not text:
                raise ModelError(f"{where} has two tokens of the id {index}")
        return found

    def add(self, tokens: dict[int, str], ids: dict[str, int], types: dict[int, int]) -> None:
        """The added tokens to those of the model."""
        for text, token in self.added.items():
            index = token["id"]
            if ids.setdefault(text, index) != index or tokens.setdefault(index, text) != text:
                raise ModelError(f"{self.where}: the added token {text!r:.100} has the id {index} of another")
            types[index] = CONTROL if token["special"] else USER_DEFINED

    def vocabulary(self, tokens: Mapping[int, str], types: Mapping[int, int], rows: int) -> Vocabulary:
        """All tokens, without text those between that are not there. rows: of the model's embedding, 0 if not
        known."""
        count = max(tokens) + 1
        check_count(self.where, count)
        if rows and count > rows:
            raise ModelError(f"{self.where} has {count} tokens, the model {rows}")
        found = Vocabulary(
            self.where,
            [tokens.get(index, "") for index in range(count)],
            [types.get(index, UNUSED) for index in range(count)],
        )
        found.check_sizes()
        return found

    def _listed(self, where: str) -> Iterator[tuple[str, object]]:
        vocab = self.model.get("vocab")
        if self.kind == "Unigram":
            for index, (text, _) in enumerate(self.scored):
                # A piece may be there twice, as names of tokens that were added later: the last one counts.
                yield text, index
            return
        if not isinstance(vocab, dict):
            raise ModelError(f"{where} is {type(vocab).__name__}, not an object")
        check_count(where, len(vocab))
        yield from vocab.items()

    @cached_property
    def scored(self) -> list[tuple[str, float]]:
        """Unigram's pieces, by id."""
        where = f"{self.where}: model.vocab"
        vocab = self.model.get("vocab")
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
        _sentencepiece.check_pieces(where, [text for text, _ in found])
        return found

    def unknown(self, ids: Mapping[str, int]) -> int | None:
        """The token of what is none; None where a file has none."""
        if self.kind == "Unigram":
            index = self.model.get("unk_id")
            if index is None:
                return None
            return _components.index(f"{self.where}: model.unk_id", index, len(self.model["vocab"]))
        name = self.model.get("unk_token")
        if name is None:
            if self.kind == "WordPiece":
                raise ModelError(f"{self.where}: model.unk_token is missing")
            return None
        if not isinstance(name, str) or name not in ids:
            raise ModelError(f"{self.where}: model.unk_token is {name!r:.100}, not a token")
        return ids[name]

    # --- models ---

    def flag(self, name: str) -> bool:
        value = self.model.get(name)
        if value not in (None, True, False):
            raise ModelError(f"{self.where}: model.{name} is {value!r:.100}, not true or false")
        return bool(value)

    def bpe_options(self) -> dict[str, Any]:
        """Of the library's BPE, beside tokens and merges."""
        for name in ("dropout", "continuing_subword_prefix", "end_of_word_suffix"):
            value = self.model.get(name)
            if value:
                raise ModelError(f"{self.where}: model.{name} is {value!r:.100}, which is not supported")
        flags = {name: self.flag(name) for name in ("fuse_unk", "byte_fallback", "ignore_merges")}
        return {"unk_token": self.model.get("unk_token"), **flags}

    def merges(self, vocabulary: Vocabulary, ids: Mapping[str, int]) -> list[tuple[str, str]]:
        """BPE's, in their order."""
        where = f"{self.where}: model.merges"
        values = self.model.get("merges")
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

    def wordpiece_options(self) -> dict[str, Any]:
        """Of the library's WordPiece, beside tokens."""
        longest = self.model.get("max_input_chars_per_word", 100)
        if type(longest) is not int or not 0 < longest <= _LONGEST_WORD:
            raise ModelError(
                f"{self.where}: model.max_input_chars_per_word is {longest!r:.100}, supported are up to "
                f"{_LONGEST_WORD}"
            )
        prefix = self.model.get("continuing_subword_prefix", _wordpiece.GOES_ON)
        if prefix != _wordpiece.GOES_ON:
            raise ModelError(
                f"{self.where}: model.continuing_subword_prefix is {prefix!r:.100}, supported is "
                f"{_wordpiece.GOES_ON!r}"
            )
        return {
            "unk_token": self.model.get("unk_token"),
            "max_input_chars_per_word": longest,
            "continuing_subword_prefix": prefix,
        }


def whole(path: Path, rows: int, *, pairs: bool) -> tokenizers.Tokenizer:
    """The library's tokenizer of an encoder's file, with what it puts around a text, or a pair, but without
    decoder, truncation and padding. rows: of the model's embedding, which the file's ids are below."""
    from tokenizers import Tokenizer

    file = TokenizerFile(path)
    tokens = file.tokens()
    ids = {text: index for index, text in tokens.items()}
    types = dict.fromkeys(tokens, NORMAL)
    known = dict(ids)
    file.add(tokens, ids, types)
    vocabulary = file.vocabulary(tokens, types, rows)
    # WordPiece takes it of its own tokens, also in the library; else each unknown word would be an error.
    file.unknown(known if file.kind == "WordPiece" else ids)
    model: dict[str, Any]
    if file.kind == "Unigram":
        flag = file.flag("byte_fallback")
        model = {"unk_id": file.model.get("unk_id"), "vocab": file.scored, "byte_fallback": flag}
    elif file.kind == "WordPiece":
        model = {"vocab": known, **file.wordpiece_options()}
    else:
        model = {"vocab": known, "merges": file.merges(vocabulary, known), **file.bpe_options()}
    normalizer, _ = _components.make(file.where, file.normalizer, [])
    check_added(file.where, normalizer, file.added)
    written = _components.write(
        file.normalizer,
        file.pre_tokenizer,
        post_processor=_components.post_processor(
            f"{file.where}: post_processor",
            file.whole.get("post_processor"),
            len(vocabulary.tokens),
            pairs=pairs,
        ),
        model={"type": file.kind, **model},
        added=[{"content": name, **token} for name, token in file.added.items()],
    )
    return guarded(file.where, lambda: Tokenizer.from_str(written))
