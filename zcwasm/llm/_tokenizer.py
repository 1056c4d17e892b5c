"""The tokenizer that a GGUF file's metadata describes: text to ids and back.

Two families: byte-level BPE with ranked merges ("gpt2": SmolLM2, Llama 3, Qwen2), and SentencePiece's BPE
by scores ("llama": Llama 2, TinyLlama, Mistral). Encoding is done by Hugging Face's `tokenizers`, put
together as the models' original tokenizer.json files are; decoding is a table of each token's bytes, here.

Control tokens, such as <|im_start|>, are what turns text into instructions: with `special=False` text that
says so is ordinary text. Metadata is untrusted; whatever is wrong with it is a ModelError that names the key.

Any thread may use a Tokenizer: the library's one setting that differs between calls is under a lock. In a
forked child the lock is a new one, since the thread that held it is not there.
"""

from __future__ import annotations

import os
import re
import threading
import warnings
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from zcwasm._core import ModelError

if TYPE_CHECKING:
    import tokenizers

_NORMAL, _UNKNOWN, _CONTROL, _USER_DEFINED, _UNUSED, _BYTE = 1, 2, 3, 4, 5, 6
_ADDED = (_CONTROL, _USER_DEFINED)

# What a vocabulary may be, several times what any has: Gemma's 262,144 tokens with twice as many merges,
# tokens of 128 letters, some 6,000 that are looked for in the text. Within these, all that is made of the
# metadata takes time and memory in proportion to the file, and little of both.
_MOST_TOKENS = 1 << 20
_LONGEST_TOKEN = 1024  # characters
_MOST_ADDED = 1 << 14  # control and user-defined tokens
_MOST_ADDED_CHARACTERS = 1 << 18  # of them together
_MOST_SPLITS = 24  # places where a token can be cut in two, on average; of SentencePiece's tokens
_MOST_MERGES = 8  # for each token
_FEW = 4096  # in small vocabularies these two may be that many in all

# How text is cut before merging. The expressions of the models' own tokenizer.json.
_LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_QWEN2 = _LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
# llama.cpp's rule for a file that does not say: one after the other, each cuts what the ones before left.
_DEFAULT = (
    r"[\p{P}\$\+<=>\^~\|]+",
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)",
    r"\p{N}+",
    r"[0-9][0-9][0-9]",
)
_GPT2 = "gpt2"
_DIGITS_GPT2 = "digits gpt2"  # each digit by itself
# tokenizer.ggml.pre, as converters write it
_CUTS: dict[str, str | tuple[str, ...]] = {"default": _DEFAULT}
_CUTS |= {"gpt-2": _GPT2, "gpt2": _GPT2, "olmo": _GPT2}
_CUTS |= {"smollm": _DIGITS_GPT2, "starcoder": _DIGITS_GPT2}
_CUTS |= dict.fromkeys(("llama-bpe", "llama3", "llama-v3", "falcon3", "lfm2"), _LLAMA3)
_CUTS |= dict.fromkeys(("qwen2", "deepseek-r1-qwen"), _QWEN2)

# Tokens that end a turn, whatever the file says of its end-of-sequence token.
_ENDS = (
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end_of_text|>",
    "<|im_end|>",
    "<|endoftext|>",
    "<|end|>",
    "<end_of_turn>",
    "</s>",
)


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

        tokens = _texts(metadata, "tokenizer.ggml.tokens")
        if not tokens:
            raise ModelError("tokenizer.ggml.tokens is empty")
        if len(tokens) > _MOST_TOKENS:
            raise ModelError(f"tokenizer.ggml.tokens has {len(tokens)} tokens, more than {_MOST_TOKENS}")
        types = _types(metadata, len(tokens))
        _check_sizes(tokens, types)
        model = _text(metadata, "tokenizer.ggml.model")
        if model == "gpt2":
            cut = _cut(metadata)
            self.add_bos = _flag(metadata, "add_bos_token", cut is _LLAMA3)
            self.add_space_prefix = False
        elif model == "llama":
            self.add_bos = _flag(metadata, "add_bos_token", True)
            self.add_space_prefix = _flag(metadata, "add_space_prefix", True)
        else:
            raise ModelError(f"tokenizer.ggml.model is {model!r:.100}, supported are 'gpt2' and 'llama'")
        self.add_eos = _flag(metadata, "add_eos_token", False)

        self.bos_id = _id(metadata, "bos_token_id", len(tokens))
        self.eos_id = _id(metadata, "eos_token_id", len(tokens))
        self.unknown_id = _id(metadata, "unknown_token_id", len(tokens))
        if model == "llama":  # SentencePiece's own numbers
            self.bos_id = _default(self.bos_id, 1, len(tokens))
            self.eos_id = _default(self.eos_id, 2, len(tokens))
            self.unknown_id = _default(self.unknown_id, 0, len(tokens))
        special = [kind in (_CONTROL, _UNKNOWN) for kind in types]
        ends = {_id(metadata, f"{name}_token_id", len(tokens)) for name in ("eos", "eot", "eom")}
        ends |= {self.eos_id}
        if any(text in _ENDS for text in tokens):
            ends |= {index for index, text in enumerate(tokens) if text in _ENDS and types[index] != _NORMAL}
        self.stop_ids = frozenset(index for index in ends if index is not None)
        self.control_ids = frozenset(index for index, control in enumerate(special) if control)

        self._lock = threading.Lock()
        _made.add(self)
        if model == "gpt2":
            self._encoder = _byte_level(metadata, tokens, types, cut)
            texts = _byte_level_bytes(tokens, types)
        else:
            unknown = None if self.unknown_id is None else tokens[self.unknown_id]
            self._encoder = _sentencepiece(metadata, tokens, types, unknown, self.add_space_prefix)
            texts = _sentencepiece_bytes(tokens, types)
        self._rows = max(rows, len(tokens))
        self._controls = {
            text: index
            for index, (text, kind) in enumerate(zip(tokens, types, strict=True))
            if kind == _CONTROL and text
        }
        self._finder: tokenizers.Tokenizer | None = None
        self._check_controls(tokens, model == "gpt2")
        # One string and where each token starts in it: a list of as many would take ten times the memory.
        joined = bytearray()
        self._starts = np.zeros(len(tokens) + 1, np.uint32)
        for index, text in enumerate(texts, 1):
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
        surrogate pair, which no UTF-8 text can hold, counts as U+FFFD.
        """
        if not isinstance(text, str):
            raise TypeError(f"text is {type(text).__name__}, not str")
        try:
            text.encode()
        except UnicodeEncodeError:
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        with self._lock:
            self._encoder.encode_special_tokens = not special
            ids = self._encoder.encode_batch_fast([text], add_special_tokens=False)[0].ids
        if add_special and self.add_bos and self.bos_id is not None:
            ids = [self.bos_id, *ids]
        if add_special and self.add_eos and self.eos_id is not None:
            ids = [*ids, self.eos_id]
        return ids

    def _check_controls(self, tokens: list[str], byte_level: bool) -> None:
        """No text may become a control token when it is asked to be text: neither its name, nor what its
        letters stand for, nor one byte."""
        spelled = list(self._controls.items())
        if byte_level:
            for name, index in self._controls.items():
                if not _FOREIGN.search(name):
                    data = name.translate(_TO_LATIN).encode("latin-1")
                    spelled.append((data.decode("utf-8", "replace"), index))
        self._encoder.encode_special_tokens = True
        encodings = self._encoder.encode_batch_fast([text for text, _ in spelled], add_special_tokens=False)
        for (_, index), encoding in zip(spelled, encodings, strict=True):
            name = tokens[index]
            letter = name in _ALPHABET if byte_level else len(name) == 1 or _BYTE_TOKEN.fullmatch(name)
            if index in encoding.ids or letter:
                raise ModelError(
                    f"tokenizer.ggml.tokens[{index}] is the control token {name!r:.100}, and also what "
                    "ordinary text becomes"
                )

    def find_controls(self, text: str) -> list[tuple[int, int, int]]:
        """Where `text` spells control tokens: first character, the one behind the last, id."""
        from tokenizers import AddedToken, Tokenizer, models

        names = list(self._controls)
        if not names:
            return []
        with self._lock:
            if self._finder is None:
                finder = Tokenizer(models.BPE())
                finder.add_tokens([AddedToken(name, normalized=False, special=True) for name in names])
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


# --- metadata, checked ---


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


def _text(metadata: Mapping[str, Any], key: str, default: str | None = None) -> str | None:
    value = metadata.get(key, default)
    if value is not None and not isinstance(value, str):
        raise ModelError(f"{key} is {type(value).__name__}, not a string")
    return value


def _cut(metadata: Mapping[str, Any]) -> str | tuple[str, ...]:
    """How text is cut before merging."""
    key = "tokenizer.ggml.pre"
    pre = _text(metadata, key)
    if not pre:
        warnings.warn(
            f"the file has no {key}: how it cuts text before merging is a guess, and its answers may be "
            "worse than the model's; convert the model again",
            stacklevel=4,
        )
        pre = "default"
    if pre not in _CUTS:
        raise ModelError(f"{key} is {pre!r:.100}, supported are {', '.join(sorted(_CUTS))}")
    return _CUTS[pre]


def _check_sizes(tokens: list[str], types: list[int]) -> None:
    key = "tokenizer.ggml.tokens"
    longest = max(tokens, key=len)
    if len(longest) > _LONGEST_TOKEN:
        raise ModelError(
            f"{key}[{tokens.index(longest)}] has {len(longest)} characters, more than {_LONGEST_TOKEN}"
        )
    added = [len(text) for text, kind in zip(tokens, types, strict=True) if kind in _ADDED]
    if len(added) > _MOST_ADDED:
        raise ModelError(f"{key} has {len(added)} control and user-defined tokens, more than {_MOST_ADDED}")
    if sum(added) > _MOST_ADDED_CHARACTERS:
        raise ModelError(
            f"{key} has control and user-defined tokens of {sum(added)} characters, more than "
            f"{_MOST_ADDED_CHARACTERS}"
        )


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


def _types(metadata: Mapping[str, Any], count: int) -> list[int]:
    types = _numbers(metadata, "tokenizer.ggml.token_type", count, "iu")
    return [_NORMAL] * count if types is None else types.tolist()


def _flag(metadata: Mapping[str, Any], name: str, default: bool) -> bool:
    key = f"tokenizer.ggml.{name}"
    value = metadata.get(key, default)
    if not isinstance(value, int) or value not in (0, 1):
        raise ModelError(f"{key} is {value!r:.100}, not true or false")
    return bool(value)


def _id(metadata: Mapping[str, Any], name: str, count: int) -> int | None:
    key = f"tokenizer.ggml.{name}"
    value = metadata.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise ModelError(f"{key} is {value!r:.100}, not a number")
    if value in (-1, 0xFFFFFFFF):  # llama.cpp's word for none
        return None
    if not 0 <= value < count:
        raise ModelError(f"{key} is {value}, but there are {count} tokens")
    return value


def _default(index: int | None, usual: int, count: int) -> int | None:
    return usual if index is None and usual < count else index


# --- byte-level BPE ---


def _alphabet() -> dict[str, int]:
    """GPT-2's printable stand-in for each byte, and back."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in set(plain)]
    return {chr(byte): byte for byte in plain} | {chr(256 + at): byte for at, byte in enumerate(others)}


_ALPHABET = _alphabet()
_TO_LATIN = str.maketrans({letter: chr(byte) for letter, byte in _ALPHABET.items()})
_FOREIGN = re.compile(f"[^{re.escape(''.join(_ALPHABET))}]")


def _byte_level_bytes(tokens: list[str], types: list[int]) -> Iterator[bytes]:
    return (
        text.encode()
        if kind in (_CONTROL, _USER_DEFINED) or _FOREIGN.search(text)
        else text.translate(_TO_LATIN).encode("latin-1")
        for text, kind in zip(tokens, types, strict=True)
    )


def _byte_level(
    metadata: Mapping[str, Any], tokens: list[str], types: list[int], cut: str | tuple[str, ...]
) -> tokenizers.Tokenizer:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    vocabulary = _by_text(tokens)
    merges: list[Any] = _texts(metadata, "tokenizer.ggml.merges")
    if len(merges) > max(_MOST_MERGES * len(tokens), _FEW):
        raise ModelError(
            f"tokenizer.ggml.merges has {len(merges)} merges for {len(tokens)} tokens, more than "
            f"{_MOST_MERGES} for each"
        )
    controls = {text for text, kind in zip(tokens, types, strict=True) if kind == _CONTROL}
    for index, text in enumerate(merges):
        try:
            left, right = text.split(" ")
            # In place, and the strings of `tokens` again: a large vocabulary's take many MB.
            merges[index] = tokens[vocabulary[left]], tokens[vocabulary[right]]
        except (ValueError, KeyError):
            raise ModelError(f"tokenizer.ggml.merges[{index}] is {text!r:.100}, not two tokens") from None
    # A control token is never made of text.
    if any(left + right in controls for left, right in merges):
        merges = [merge for merge in merges if "".join(merge) not in controls]
    encoder = Tokenizer(_bpe(models.BPE, vocabulary, merges, ignore_merges=cut is _LLAMA3, fuse_unk=False))
    if cut is _GPT2 or cut is _DIGITS_GPT2:
        cuts: list[Any] = [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
        if cut is _DIGITS_GPT2:
            cuts.insert(0, pre_tokenizers.Digits(individual_digits=True))
    else:
        cuts = [
            *(pre_tokenizers.Split(Regex(one), behavior="isolated") for one in _each(cut)),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    encoder.pre_tokenizer = pre_tokenizers.Sequence(cuts)
    if cut is _QWEN2:
        encoder.normalizer = normalizers.NFC()
    _add_tokens(encoder, tokens, types)
    return encoder


def _each(cut: str | tuple[str, ...]) -> tuple[str, ...]:
    return (cut,) if isinstance(cut, str) else cut


# --- SentencePiece ---

_SPACE = "\u2581"  # SentencePiece's visible space
_BYTE_TOKEN = re.compile("<0x([0-9A-Fa-f]{2})>")


def _sentencepiece_bytes(tokens: list[str], types: list[int]) -> Iterator[bytes]:
    for text, kind in zip(tokens, types, strict=True):
        byte = _BYTE_TOKEN.fullmatch(text) if kind == _BYTE else None
        if byte:
            yield bytes([int(byte[1], 16)])
        elif kind in (_CONTROL, _UNKNOWN):
            yield text.encode()
        else:
            yield text.replace(_SPACE, " ").encode()


def _sentencepiece(
    metadata: Mapping[str, Any], tokens: list[str], types: list[int], unknown: str | None, prefix: bool
) -> tokenizers.Tokenizer:
    from tokenizers import Tokenizer, models, normalizers

    key = "tokenizer.ggml.scores"
    scores = _numbers(metadata, key, len(tokens), "fiu")
    if scores is None:
        raise ModelError(f"the file has no {key}")
    if not np.isfinite(scores).all():
        raise ModelError(f"{key}[{int(np.argmin(np.isfinite(scores)))}] is not a finite number")
    merges = _merges_by_score(tokens, types, scores.tolist())
    encoder = Tokenizer(
        _bpe(models.BPE, _by_text(tokens), merges, unk_token=unknown, fuse_unk=True, byte_fallback=True)
    )
    # The prefix goes in front of each stretch of text between special tokens.
    steps: list[Any] = [normalizers.Prepend(_SPACE)] if prefix else []
    encoder.normalizer = normalizers.Sequence([*steps, normalizers.Replace(" ", _SPACE)])
    _add_tokens(encoder, tokens, types)
    return encoder


def _merges_by_score(tokens: list[str], types: list[int], scores: list[float]) -> list[tuple[str, str]]:
    """Every way to make a token of two others, best score first: SentencePiece merges any two neighbours
    whose joint text is a token, the one of the best score first."""
    usable = {
        text: index
        for index, (text, kind) in enumerate(zip(tokens, types, strict=True))
        if kind in (_NORMAL, _USER_DEFINED, _UNUSED)
    }
    splits, most = sum(map(len, usable)), max(_MOST_SPLITS * len(usable), _FEW)
    if splits > most:
        raise ModelError(f"tokenizer.ggml.tokens can be cut in two at {splits} places, more than {most}")
    found: list[tuple[float, int, int, int]] = []
    most = max(_MOST_MERGES * len(usable), _FEW)
    controls = {text for text, kind in zip(tokens, types, strict=True) if kind == _CONTROL}
    for text, index in usable.items():
        if text in controls:  # the name of both; a control token is never made of text
            continue
        for at in range(1, len(text)):
            left, right = usable.get(text[:at]), usable.get(text[at:])
            if left is not None and right is not None:
                found.append((-scores[index], -at, left, right))
        if len(found) > most:
            raise ModelError(f"tokenizer.ggml.tokens: they merge in more than {most} ways")
    found.sort()
    return [(tokens[left], tokens[right]) for _, _, left, right in found]


# --- both ---


def _by_text(tokens: list[str]) -> dict[str, int]:
    return {text: index for index, text in enumerate(tokens)}


def _bpe(model: Any, vocabulary: dict[str, int], merges: Sequence[tuple[str, ...]], **options: Any) -> Any:
    try:
        return model(vocabulary, merges, **options)
    except Exception as error:  # the library raises plain Exception
        raise ModelError(f"tokenizer.ggml.merges do not fit the tokens: {error}") from None


def _add_tokens(encoder: tokenizers.Tokenizer, tokens: list[str], types: list[int]) -> None:
    """Tokens that are found in the text before anything else is done with it."""
    from tokenizers import AddedToken

    for kind, special in zip(_ADDED, (True, False), strict=True):
        found = [text for text, is_kind in zip(tokens, types, strict=True) if is_kind == kind and text]
        encoder.add_tokens([AddedToken(text, normalized=False, special=special) for text in found])
