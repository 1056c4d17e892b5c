"""Text to token ids and back, as a GGUF file's metadata or a folder's tokenizer.json describe it.

Encoding is done by Hugging Face's `tokenizers`, put together as the models' original tokenizer.json files
are; decoding is a table of each token's bytes, here. _tokenizer_gguf.py and _tokenizer_json.py read the two
kinds of files; what they find is put together by family: _byte_level.py, _sentencepiece.py, _wordpiece.py.

Control tokens, such as <|im_start|>, are what turns text into instructions: with `special=False` text that
says so is ordinary text. Files are untrusted; whatever is wrong with one is a ModelError that says where.

Any thread may use a Tokenizer: the library's one setting that differs between calls is under a lock. In a
forked child the lock is a new one, since the thread that held it is not there.
"""

from __future__ import annotations

import os
import re
import threading
import weakref
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from zcwasm._core import ModelError
from zcwasm._models.guarded import guarded
from zcwasm.llm._vocabulary import CONTROL, UNKNOWN

if TYPE_CHECKING:
    import tokenizers

    from zcwasm.llm._vocabulary import Parts

_SURROGATE = re.compile("[\ud800-\udfff]")

_made: weakref.WeakSet[Tokenizer] = weakref.WeakSet()


def _after_fork() -> None:
    for tokenizer in _made:
        tokenizer._lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class Tokenizer:
    """Text to token ids and back, as the model of this metadata was trained with.

    metadata: a GGUF file's (`zcwasm.Weights(path).metadata`). rows: of the model's embedding, which may have
    more than there are tokens; an id of such padding stands for no text. Raises ModelError when the metadata
    describes no tokenizer of a supported family, and ImportError without the package `tokenizers`. Warns
    where a byte-level vocabulary does not say how text is cut.
    """

    bos_id: int | None
    eos_id: int | None
    unknown_id: int | None
    #: Whether encode() puts bos_id in front, and eos_id behind.
    add_bos: bool
    add_eos: bool
    #: Whether text gets a space in front of it, as SentencePiece does.
    add_space_prefix: bool
    #: Ids that end a generation.
    stop_ids: frozenset[int]
    #: Ids of tokens that stand for no text.
    control_ids: frozenset[int]

    def __init__(self, metadata: Mapping[str, Any], *, rows: int = 0) -> None:
        import tokenizers  # noqa: F401 (what it keeps is not to lie between what is given back)

        from zcwasm.llm import _tokenizer_gguf

        self._put_together(_tokenizer_gguf.parts(metadata), rows)

    @classmethod
    def from_folder(cls, path: str | os.PathLike[str], *, rows: int = 0) -> Tokenizer:
        """The tokenizer of a Hugging Face folder: its tokenizer.json, and what tokenizer_config.json,
        special_tokens_map.json, generation_config.json and config.json say of its special tokens.

        rows: of the model's embedding; 0 if they are not known. Raises ModelError where there is no
        tokenizer.json, and for what is damaged, not supported or has an id beyond `rows`, OSError, and
        ImportError without the package `tokenizers`.
        """
        import tokenizers  # noqa: F401

        from zcwasm.llm import _tokenizer_json

        made = cls.__new__(cls)
        made._put_together(_tokenizer_json.parts(path, rows), rows)
        return made

    def _put_together(self, parts: Parts, rows: int) -> None:
        vocabulary = parts.vocabulary
        self.bos_id, self.eos_id, self.unknown_id = parts.bos_id, parts.eos_id, parts.unknown_id
        self.add_bos, self.add_eos = parts.add_bos, parts.add_eos
        self.add_space_prefix = parts.add_space_prefix
        self.stop_ids = parts.stop_ids
        self.control_ids = frozenset(
            index for index, (_, kind) in enumerate(vocabulary) if kind in (CONTROL, UNKNOWN)
        )
        self._around = parts.around
        self._aliases = parts.aliases
        self._strips = {name: parts.strips[name] for name in vocabulary.controls() if name in parts.strips}
        self._encoder = parts.encoder
        self._where = vocabulary.where
        self._rows = max(rows, len(vocabulary.tokens))
        self._controls = vocabulary.controls()
        self._finder: tokenizers.Tokenizer | None = None
        self._lock = threading.Lock()
        _made.add(self)
        self._check_controls(parts)
        # One string and where each token starts in it: a list of as many would take ten times the memory.
        joined = bytearray()
        self._starts = np.zeros(len(vocabulary.tokens) + 1, np.uint32)
        for index, text in enumerate(parts.texts, 1):
            joined += text
            self._starts[index] = len(joined)
        self._bytes = bytes(joined)

    def __len__(self) -> int:
        """How many tokens there are."""
        return len(self._starts) - 1

    def encode(self, text: str, *, special: bool = True, add_special: bool = True) -> list[int]:
        """The ids of `text`.

        special: control tokens that the text spells are those tokens; give False for text from outside.
        add_special: begin and end with the tokens that the model wants there (`add_bos`, `add_eos`). Half a
        surrogate pair, which no UTF-8 text can hold, counts as U+FFFD. Raises ModelError where the file's
        tokenizer fails on the text.
        """
        if not isinstance(text, str):
            raise TypeError(f"text is {type(text).__name__}, not str")
        try:
            text.encode()
        except UnicodeEncodeError:
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        (ids,) = self._encode([text], special)
        if not add_special:
            return ids
        if self._around:
            return [*self._around[0], *ids, *self._around[1]]
        if self.add_bos and self.bos_id is not None:
            ids = [self.bos_id, *ids]
        if self.add_eos and self.eos_id is not None:
            ids = [*ids, self.eos_id]
        return ids

    def _encode(self, texts: list[str], special: bool) -> list[list[int]]:
        def run() -> list[tokenizers.Encoding]:
            with self._lock:
                self._encoder.encode_special_tokens = not special
                return self._encoder.encode_batch_fast(texts, add_special_tokens=False)

        found = [encoding.ids for encoding in guarded(self._where, run)]
        if self._aliases:
            found = [[self._aliases.get(index, index) for index in ids] for ids in found]
        return found

    def _check_controls(self, parts: Parts) -> None:
        """No text may become a control token when it is asked to be text: neither its name, nor what its
        letters stand for, nor one byte. But for what unknown words become, unless that ends an answer."""
        tokens = parts.vocabulary.tokens
        unknown = None if parts.unknown_id in parts.stop_ids else parts.unknown_id
        spelled = [*self._controls.items(), *parts.suspects]
        for (_, index), ids in zip(spelled, self._encode([text for text, _ in spelled], False), strict=True):
            name = tokens[index]
            if (index in ids and index != unknown) or parts.letter(name):
                raise ModelError(
                    f"{parts.vocabulary.named(index)} is the control token {name!r:.100}, and also what "
                    "ordinary text becomes"
                )

    def find_controls(self, text: str) -> list[tuple[int, int, int]]:
        """Where `text` spells control tokens: first character, the one behind the last, id. White space that
        does not count beside one is part of it."""
        from tokenizers import AddedToken, Tokenizer, models

        names = list(self._controls)
        if not names:
            return []
        with self._lock:
            if self._finder is None:
                finder = Tokenizer(models.BPE())
                finder.add_tokens(
                    [
                        AddedToken(name, normalized=False, special=True, **self._strips.get(name, {}))
                        for name in names
                    ]
                )
                self._finder = finder
            # Half a surrogate pair is no text for the library; a name has none.
            # As a batch, which the library does without the interpreter's lock.
            words = [_SURROGATE.sub("\ufffd", text)]
            (found,) = self._finder.encode_batch(words, add_special_tokens=False)
        return [
            (first, end, self._controls[names[at]])
            for at, (first, end) in zip(found.ids, found.offsets, strict=True)
        ]

    def token_bytes(self, index: int) -> bytes:
        """What one token stands for: not always whole characters."""
        if not 0 <= index < len(self):
            if 0 <= index < self._rows:
                return b""
            raise ValueError(f"token id {index} is not one of the {self._rows} of this model")
        return self._bytes[self._starts[index] : self._starts[index + 1]]

    def decode(self, ids: Iterable[int], *, special: bool = True) -> str:
        """The text of these ids from its beginning on: the inverse of encode(). Without `special`
        control tokens are left out. Bytes that are no UTF-8 become U+FFFD."""
        kept = [index for index in map(int, ids) if special or index not in self.control_ids]
        text = b"".join(map(self.token_bytes, kept)).decode("utf-8", "replace")
        # The space that encode() put in front.
        return text[1:] if self.add_space_prefix and text.startswith(" ") else text
