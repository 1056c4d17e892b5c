"""What a tokenizer.json does with a text around its model, checked: normalizer, pre-tokenizer, decoder, and
what the post-processor puts around a text.

Language models know themselves what is around a text (`around`); for encoders the library does it
(`post_processor`). Each is a tree of components with a "type". The tables say which there are, and what their
members may be; the file may ask for anything else that the library knows, and is refused by the name of it.
What is checked is written anew and read by the library, so that it never sees anything else.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zcwasm._core import ModelError
from zcwasm._models.guarded import guarded
from zcwasm.llm import _expressions, _sentencepiece, _wordpiece

_MOST_STEPS = 24  # components of one tree; models have up to 8
_LONGEST = 64  # characters of what is looked for, put in front or put in place of something
_MOST_GROWTH = 256  # how many times as long a text may become
_MOST_AROUND = 16  # tokens in front of a text and behind it

Component = Mapping[str, Any]
_Check = Callable[[str, Any], Any]


# --- members ---


def _flag(where: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ModelError(f"{where} is {value!r:.100}, not true or false")
    return value


def _flag_or_none(where: str, value: object) -> bool | None:
    return None if value is None else _flag(where, value)


def _short(where: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise ModelError(f"{where} is {value!r:.100}, not a text of up to {_LONGEST} characters")
    return value


def _one_of(*words: str) -> _Check:
    def check(where: str, value: object) -> object:
        if value not in words:
            raise ModelError(f"{where} is {value!r:.100}, supported are {', '.join(words)}")
        return value

    return check


def _letter(where: str, value: object) -> str:
    if not isinstance(value, str) or len(value) != 1:
        raise ModelError(f"{where} is {value!r:.100}, not one character")
    return value


def _few(where: str, value: object) -> int:
    if type(value) is not int or not 0 <= value <= _LONGEST:
        raise ModelError(f"{where} is {value!r:.100}, not a number up to {_LONGEST}")
    return value


def _pattern(where: str, value: object) -> dict[str, str]:
    if isinstance(value, dict) and len(value) == 1:
        ((kind, text),) = value.items()
        if kind == "String":
            return {kind: _short(where, text)}
        if kind == "Regex" and isinstance(text, str):
            return {kind: _expressions.check(where, text)}
    raise ModelError(f"{where} is {value!r:.100}, neither a String nor a Regex")


def _charsmap(where: str, value: object) -> str:
    if not isinstance(value, str):
        raise ModelError(f"{where} is {type(value).__name__}, not a text")
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ModelError(f"{where} is no base64") from None
    _sentencepiece.check_charsmap(where, data)
    return value


# --- trees ---

_BEHAVIORS = _one_of("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous")
_METASPACE: dict[str, _Check] = {
    "replacement": _letter,
    "str_rep": _letter,
    "add_prefix_space": _flag,
    "prepend_scheme": _one_of("always", "first", "never"),
    "split": _flag,
}
_BYTE_LEVEL: dict[str, _Check] = {"add_prefix_space": _flag, "trim_offsets": _flag, "use_regex": _flag}

_NORMALIZERS: dict[str, dict[str, _Check]] = {
    **{name: {} for name in ("NFC", "NFD", "NFKC", "NFKD", "Nmt", "Lowercase", "StripAccents")},
    "Strip": {"strip_left": _flag, "strip_right": _flag},
    "Prepend": {"prepend": _short},
    "Replace": {"pattern": _pattern, "content": _short},
    "Precompiled": {"precompiled_charsmap": _charsmap},
    "BertNormalizer": {
        "clean_text": _flag,
        "handle_chinese_chars": _flag,
        "strip_accents": _flag_or_none,
        "lowercase": _flag,
    },
}
_PRE_TOKENIZERS: dict[str, dict[str, _Check]] = {
    **{name: {} for name in ("BertPreTokenizer", "Whitespace", "WhitespaceSplit", "UnicodeScripts")},
    "ByteLevel": _BYTE_LEVEL,
    "Digits": {"individual_digits": _flag},
    "Punctuation": {"behavior": _BEHAVIORS},
    "Split": {"pattern": _pattern, "behavior": _BEHAVIORS, "invert": _flag},
    "Metaspace": _METASPACE,
}
_DECODERS: dict[str, dict[str, _Check]] = {
    **{name: {} for name in ("ByteFallback", "Fuse")},
    "ByteLevel": _BYTE_LEVEL,
    "Replace": {"pattern": _pattern, "content": _short},
    "Strip": {"content": _letter, "start": _few, "stop": _few},
    "Metaspace": _METASPACE,
    "WordPiece": {"prefix": _short, "cleanup": _flag},
}


def _steps(
    where: str, value: object, table: Mapping[str, Mapping[str, _Check]], parts: str, depth: int = 0
) -> Iterator[dict[str, Any]]:
    """The components of a tree, one after the other."""
    if value is None:
        return
    if not isinstance(value, dict):
        raise ModelError(f"{where} is {type(value).__name__}, not an object")
    kind = value.get("type")
    if kind == "Sequence":
        items = value.get(parts)
        if depth > 2 or not isinstance(items, list):
            raise ModelError(f"{where}: a Sequence has no list of {parts}, or is in too many others")
        for item in items:
            yield from _steps(where, item, table, parts, depth + 1)
        return
    if not isinstance(kind, str) or kind not in table:
        raise ModelError(f"{where}: {kind!r:.100} is not supported, what is: {', '.join(sorted(table))}")
    made = {"type": kind}
    for name, member in value.items():
        if name == "type":
            continue
        if name not in table[kind]:
            raise ModelError(f"{where}: {kind} has {name!r:.100}, which is not known")
        made[name] = table[kind][name](f"{where}: {kind}.{name}", member)
    yield made


def _list(
    where: str, value: object, table: Mapping[str, Mapping[str, _Check]], parts: str
) -> list[dict[str, Any]]:
    found = []
    for step in _steps(where, value, table, parts):
        found.append(step)
        if len(found) > _MOST_STEPS:
            raise ModelError(f"{where} has more than {_MOST_STEPS} components")
    return found


def normalizers(where: str, value: object) -> list[dict[str, Any]]:
    found = _list(where, value, _NORMALIZERS, "normalizers")
    growth = 1
    for step in found:
        if step["type"] == "Replace":
            sought = len(step.get("pattern", {}).get("String", ""))
            put = len(step.get("content", ""))
            # An expression, and no text at all, may match in front of each character.
            growth *= max(1, -(-put // sought)) if sought else 1 + put
        elif step["type"] in ("NFKC", "NFKD", "Precompiled"):
            growth *= 4  # on the whole; of single characters 18
    if growth > _MOST_GROWTH:
        raise ModelError(f"{where}: a text may become more than {_MOST_GROWTH} times as long")
    return found


def pre_tokenizers(where: str, value: object) -> list[dict[str, Any]]:
    found = _list(where, value, _PRE_TOKENIZERS, "pretokenizers")
    # ByteLevel may double a text, and Metaspace adds to each piece of it: each is bounded once, but one
    # behind the other they multiply. The others only cut.
    for kind in ("ByteLevel", "Metaspace"):
        if sum(step["type"] == kind for step in found) > 1:
            raise ModelError(f"{where} has {kind} more than once, which is not supported")
    return found


def write(
    normalizer: list[dict[str, Any]],
    pre_tokenizer: list[dict[str, Any]],
    *,
    post_processor: dict[str, Any] | None = None,
    model: Mapping[str, Any] | None = None,
    added: Sequence[Mapping[str, Any]] = (),
) -> str:
    """A tokenizer.json of parts that are checked."""

    def tree(steps: list[dict[str, Any]], parts: str) -> dict[str, Any] | None:
        return {"type": "Sequence", parts: steps} if len(steps) > 1 else steps[0] if steps else None

    return json.dumps(
        {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": added,
            "normalizer": tree(normalizer, "normalizers"),
            "pre_tokenizer": tree(pre_tokenizer, "pretokenizers"),
            "post_processor": post_processor,
            "decoder": None,
            "model": model or {"type": "BPE", "vocab": {}, "merges": []},
        }
    )


def make(
    where: str, normalizer: list[dict[str, Any]], pre_tokenizer: list[dict[str, Any]]
) -> tuple[Any, Any]:
    """The library's objects; None where nothing is to be done."""
    from tokenizers import Tokenizer

    text = write(normalizer, pre_tokenizer)
    made = guarded(where, lambda: Tokenizer.from_str(text))
    return made.normalizer, made.pre_tokenizer


@dataclass(frozen=True)
class Decoding:
    """How tokens become text."""

    #: "byte level", "word piece" or "spaces": U+2581 is a space.
    family: str
    #: Whether a space at the beginning of a text is left out.
    strips: bool


def decoding(where: str, value: object, pre_tokenizer: list[dict[str, Any]]) -> Decoding:
    """By the decoder, or the pre-tokenizer where a file has none."""
    steps = _list(where, value, _DECODERS, "decoders")
    if not steps:
        steps = [step for step in pre_tokenizer if step["type"] in ("ByteLevel", "Metaspace")]
        if not steps:
            raise ModelError(f"{where}: there is none, and the pre-tokenizer tells nothing of it either")
    kinds = {step["type"] for step in steps}
    if "ByteLevel" in kinds:
        prefixed = any(step["type"] == "ByteLevel" and step.get("add_prefix_space") for step in pre_tokenizer)
        family, strips = "byte level", prefixed
        allowed = {"ByteLevel", "Fuse", "ByteFallback"}
    elif "WordPiece" in kinds:
        family, strips = "word piece", True
        allowed = {"WordPiece"}
    else:
        family, strips = "spaces", any(map(_strips, steps))
        allowed = {"Replace", "ByteFallback", "Fuse", "Strip", "Metaspace"}
    for step in steps:
        kind = step["type"]
        if kind not in allowed or not _usual(step):
            raise ModelError(f"{where}: {step!r:.200} is not supported with {', '.join(sorted(kinds))}")
    return Decoding(family, strips)


def _usual(step: Mapping[str, Any]) -> bool:
    """Whether a decoder does what tokens' bytes alone can tell."""
    kind = step["type"]
    if kind == "Replace":
        return bool(step.get("pattern") == {"String": _sentencepiece.SPACE} and step.get("content") == " ")
    if kind == "Strip":
        return bool(step.get("content") == " " and step.get("start", 0) <= 1 and not step.get("stop"))
    if kind == "Metaspace":
        return bool(step.get("replacement", _sentencepiece.SPACE) == _sentencepiece.SPACE)
    if kind == "WordPiece":
        return bool(step.get("prefix", _wordpiece.GOES_ON) == _wordpiece.GOES_ON)
    return True


def _strips(step: Mapping[str, Any]) -> bool:
    if step["type"] == "Strip":
        return bool(step.get("start"))
    if step["type"] == "Metaspace":
        default = "always" if step.get("add_prefix_space", True) else "never"
        return bool(step.get("prepend_scheme", default) != "never")
    return False


# --- post-processors ---


def _processors(where: str, value: object) -> list[dict[str, Any]]:
    """One after the other. One of them at most puts tokens around a text."""
    if value is None:
        return []
    if not isinstance(value, dict):
        raise ModelError(f"{where} is {type(value).__name__}, not an object")
    if value.get("type") != "Sequence":
        return [value]
    items = value.get("processors")
    if not isinstance(items, list) or len(items) > _MOST_STEPS:
        raise ModelError(f"{where}: a Sequence has no list of processors, or a long one")
    for item in items:
        if not isinstance(item, dict) or item.get("type") == "Sequence":
            raise ModelError(f"{where}: {item!r:.100} is not supported in a Sequence")
    if sum(item.get("type") != "ByteLevel" for item in items) > 1:
        raise ModelError(f"{where} puts tokens around a text twice, which is not supported")
    return items


_ENDS = ("BertProcessing", "RobertaProcessing")


def around(where: str, value: object, count: int) -> tuple[list[int], list[int]] | None:
    """Ids that a post-processor puts in front of a text and behind it; None if it says nothing of it.
    count: of tokens."""
    for item in _processors(where, value):
        kind = item.get("type")
        if kind in _ENDS:
            ends = [_token(f"{where}: {kind}.{name}", item.get(name), count) for name in ("cls", "sep")]
            return [ends[0][1]], [ends[1][1]]
        if kind == "TemplateProcessing":
            front, behind = _Template(f"{where}: {kind}", item, count).split("single", "A")
            return front, behind
        if kind != "ByteLevel":  # of where tokens lie in the text
            raise ModelError(f"{where}: {kind!r:.100} is not supported")
    return None


def post_processor(where: str, value: object, count: int, *, pairs: bool) -> dict[str, Any] | None:
    """What puts tokens around a text, written anew for the library. count: of tokens. pairs: what it puts
    around two texts counts, too."""
    made: dict[str, Any] | None = None
    for item in _processors(where, value):
        kind = item.get("type")
        if kind in _ENDS:
            made = {"type": kind}
            for name in ("sep", "cls"):
                made[name] = _token(f"{where}: {kind}.{name}", item.get(name), count)
            if kind == "RobertaProcessing":
                for name in ("trim_offsets", "add_prefix_space"):
                    made[name] = _flag(f"{where}: {kind}.{name}", item.get(name, True))
        elif kind == "TemplateProcessing":
            made = _Template(f"{where}: {kind}", item, count).written(pairs)
        elif kind != "ByteLevel":  # of where tokens lie in the text
            raise ModelError(f"{where}: {kind!r:.100} is not supported")
    return made


def _token(where: str, value: object, count: int) -> tuple[str, int]:
    """Of a name and an id."""
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[0], str):
        raise ModelError(f"{where} is {value!r:.100}, not a token and its id")
    return value[0], index(where, value[1], count)


def index(where: str, value: object, count: int) -> int:
    """A token's id, checked."""
    if type(value) is not int or not 0 <= value < count:
        raise ModelError(f"{where} is {value!r:.100}, but there are {count} tokens")
    return value


class _Template:
    """Of TemplateProcessing: tokens, and each text once."""

    def __init__(self, where: str, value: Mapping[str, Any], count: int) -> None:
        special = value.get("special_tokens")
        if not isinstance(special, dict):
            raise ModelError(f"{where} has no 'special_tokens'")
        self._where = where
        self._value = value
        self._count = count
        self._special = special
        self._used: dict[str, list[int]] = {}

    def _items(self, key: str) -> Iterator[tuple[str, str, int]]:
        """What stands for a text, and tokens: "Sequence" or "SpecialToken", the name, the type."""
        items = self._value.get(key)
        if not isinstance(items, list):
            raise ModelError(f"{self._where} has no list {key!r}")
        around = 0
        for item in items:
            ((kind, member),) = item.items() if isinstance(item, dict) and len(item) == 1 else [("", None)]
            name, sort = (member.get("id"), member.get("type_id", 0)) if isinstance(member, dict) else (0, 0)
            if kind not in ("Sequence", "SpecialToken") or not isinstance(name, str):
                raise ModelError(f"{self._where}: {item!r:.100} is neither a token nor the text")
            if type(sort) is not int or not 0 <= sort <= _MOST_AROUND:
                raise ModelError(f"{self._where}: {item!r:.100} has a type that is not supported")
            if kind == "SpecialToken":
                around += len(self._ids(name))
                if around > 2 * _MOST_AROUND:
                    raise ModelError(f"{self._where}: {key} has more than {2 * _MOST_AROUND} tokens")
            yield kind, name, sort

    def _ids(self, name: str) -> list[int]:
        if name not in self._used:
            token = self._special.get(name)
            found = token.get("ids") if isinstance(token, dict) else None
            if not isinstance(found, list) or not 0 < len(found) <= _MOST_AROUND:
                raise ModelError(f"{self._where}: {name!r:.100} has no ids, or too many")
            self._used[name] = [index(f"{self._where}: {name!r:.100}", each, self._count) for each in found]
        return self._used[name]

    def split(self, key: str, texts: str) -> list[list[int]]:
        """The ids in front of the first of these texts, between each and the next, and behind the last."""
        ids: list[list[int]] = [[]]
        for kind, name, _ in self._items(key):
            if kind == "SpecialToken":
                ids[-1] += self._ids(name)
            elif name == texts[len(ids) - 1 :][:1]:
                ids.append([])
            else:
                raise ModelError(f"{self._where}: {key} has {name!r:.100}, not each text once, in order")
        if len(ids) <= len(texts):
            raise ModelError(f"{self._where}: {key} leaves the text out")
        return ids

    def written(self, pairs: bool) -> dict[str, Any]:
        plain = [{"Sequence": {"id": name, "type_id": 0}} for name in "AB"]
        made: dict[str, Any] = {"type": "TemplateProcessing", "pair": plain}
        for key, texts in (("single", "A"), ("pair", "AB"))[: 1 + pairs]:
            self.split(key, texts)
            made[key] = [{kind: {"id": name, "type_id": sort}} for kind, name, sort in self._items(key)]
        made["special_tokens"] = {
            name: {"id": name, "ids": ids, "tokens": [name] * len(ids)} for name, ids in self._used.items()
        }
        return made
