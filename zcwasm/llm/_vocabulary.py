"""What a tokenizer is made of, whatever file says so: tokens, their kinds, what they stand for; and how large
a vocabulary may be.

Everything here is of an untrusted file. Whatever is wrong with it is a ModelError that says where.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from zcwasm._core import ModelError
from zcwasm._models.guarded import guarded

if TYPE_CHECKING:
    import tokenizers

#: Kinds of tokens, as GGUF numbers them.
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
#: These are looked for in a text before anything else is done with it; all but the last only where control
#: tokens are.
ADDED = (CONTROL, UNKNOWN, USER_DEFINED)

# What a vocabulary may be, several times what any has: Gemma's 262,144 tokens with twice as many merges,
# tokens of 128 letters, some 6,000 that are looked for in the text. Within these, all that is made of the
# file takes time and memory in proportion to it, and little of both.
MOST_TOKENS = 1 << 20
LONGEST_TOKEN = 1024  # characters
_MOST_ADDED = 1 << 14  # control and user-defined tokens, and the unknown one
_MOST_ADDED_CHARACTERS = 1 << 18  # of them together
_MOST_NORMALIZED = 1 << 22  # the same after normalizing
_MOST_MERGES = 8  # for each token
_FEW = 4096  # in small vocabularies that many in all

#: Tokens that end a turn, whatever the file says of its end-of-sequence token.
_ENDS = frozenset(
    (
        "<|eot_id|>",
        "<|eom_id|>",
        "<|end_of_text|>",
        "<|im_end|>",
        "<|endoftext|>",
        "<|end|>",
        "<|return|>",
        "<|call|>",
        "<end_of_turn>",
        "<turn|>",
        "<|tool_response>",
        "<end_of_utterance>",
        "<｜end▁of▁sentence｜>",
        "<EOT>",
        "[EOT]",
        "[EOS]",
        "[e~[",
        "<eos>",
        "</s>",
    )
)
#: One of them, which is a tag of HTML where it is no control token: Gemma's vocabulary has these.
_TAG = "</s>"
#: Tokens around turns: names that nothing else has.
_TURNS = frozenset(
    (
        *("<start_of_turn>", "<end_of_turn>", "<|im_start|>", "<|im_end|>", "<|eot_id|>", "<|eom_id|>"),
        *("<|start_header_id|>", "<|end_header_id|>"),
    )
)


@dataclass
class Vocabulary:
    """Tokens by id."""

    where: str  # the key or the file that has them
    tokens: list[str]
    types: list[int]

    def named(self, index: int) -> str:
        return f"{self.where}[{index}]"

    def check_sizes(self) -> None:
        try:
            "".join(self.tokens).encode()
        except UnicodeEncodeError:
            raise ModelError(f"{self.where}: half a surrogate pair, which is no text") from None
        longest = max(self.tokens, key=len)
        if len(longest) > LONGEST_TOKEN:
            raise ModelError(
                f"{self.named(self.tokens.index(longest))} has {len(longest)} characters, more than "
                f"{LONGEST_TOKEN}"
            )
        added = [len(text) for text, kind in self if kind in ADDED]
        if len(added) > _MOST_ADDED:
            raise ModelError(
                f"{self.where} has {len(added)} control and user-defined tokens, more than {_MOST_ADDED}"
            )
        if sum(added) > _MOST_ADDED_CHARACTERS:
            raise ModelError(
                f"{self.where} has control and user-defined tokens of {sum(added)} characters, more than "
                f"{_MOST_ADDED_CHARACTERS}"
            )

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return zip(self.tokens, self.types, strict=True)

    def ids(self) -> dict[str, int]:
        return {text: index for index, text in enumerate(self.tokens)}

    def controls(self) -> dict[str, int]:
        """Ids of control tokens, by name."""
        return {text: index for index, (text, kind) in enumerate(self) if kind == CONTROL and text}

    def mark_turns(self) -> list[str]:
        """Makes control tokens of those around turns; which were none."""
        found = []
        for index, (text, kind) in enumerate(self):
            if text in _TURNS and kind in (NORMAL, USER_DEFINED):
                self.types[index] = CONTROL
                found.append(text)
        return found

    def ends(self) -> set[int]:
        """Tokens whose name says that they end a turn."""
        found = {
            index
            for index, (text, kind) in enumerate(self)
            if text in _ENDS and kind != NORMAL and (text != _TAG or kind == CONTROL)
        }
        names = {self.tokens[index] for index in found}
        if {"<|return|>", "<|call|>"} <= names:  # which end turns, where <|end|> is only a message's
            found = {index for index in found if self.tokens[index] != "<|end|>"}
        return found


def check_count(where: str, count: int) -> None:
    """Of tokens, before anything is made of them."""
    if not count:
        raise ModelError(f"{where} is empty")
    if count > MOST_TOKENS:
        raise ModelError(f"{where} has {count} tokens, more than {MOST_TOKENS}")


def check_merges(where: str, count: int, tokens: int) -> None:
    if count > most_merges(tokens):
        raise ModelError(f"{where} has {count} merges for {tokens} tokens, more than {_MOST_MERGES} for each")


def most_merges(tokens: int) -> int:
    return max(_MOST_MERGES * tokens, _FEW)


def add_tokens(
    encoder: tokenizers.Tokenizer,
    vocabulary: Vocabulary,
    options: Mapping[str, Mapping[str, bool]] | None = None,
) -> dict[int, int]:
    """Tokens that are found in the text before anything else is done with it. options: of the library's
    AddedToken, by name. What comes back: ids that the encoder has for tokens that its model does not know."""
    from tokenizers import AddedToken

    flags = {text: (options or {}).get(text, {}) for text, kind in vocabulary if kind in ADDED and text}
    check_added(vocabulary.where, encoder.normalizer, flags)
    aliases: dict[int, int] = {}
    for kinds, special in (((CONTROL, UNKNOWN), True), ((USER_DEFINED,), False)):
        found = {text: index for index, (text, kind) in enumerate(vocabulary) if kind in kinds and text}
        encoder.add_tokens(
            [
                AddedToken(text, special=special, **(options or {}).get(text, {"normalized": False}))
                for text in found
            ]
        )
        for text, index in found.items():
            at = encoder.token_to_id(text)
            if at is not None and at >= len(vocabulary.tokens):
                aliases[at] = index
    return aliases


def check_added(where: str, normalizer: Any, flags: Mapping[str, Mapping[str, bool]]) -> None:
    """Before tokens become those that are looked for in a text. normalizer: the library's, or None; flags: of
    its AddedToken, by name, False where nothing is said."""
    total = 0
    for name, said in flags.items():
        found = name
        if normalizer is not None and said.get("normalized"):
            found = guarded(where, partial(normalizer.normalize_str, name))
        total += len(found)
        if total > _MOST_NORMALIZED:
            raise ModelError(
                f"{where}: normalized, its added tokens have more than {_MOST_NORMALIZED} characters"
            )
        # Each space of many would look at all beside it.
        if (said.get("lstrip") or said.get("rstrip")) and not found.strip():
            raise ModelError(
                f"{where}: the added token {name!r:.100} is white space that takes in what is beside it"
            )


def no_letter(name: str) -> bool:
    """Parts.letter of models that begin with no token of their own."""
    return False


@dataclass
class Parts:
    """What a Tokenizer is put together of."""

    vocabulary: Vocabulary
    encoder: tokenizers.Tokenizer
    #: What each token stands for, by id.
    texts: Iterable[bytes]
    #: Whether the encoder begins with this token, before anything is merged: a control token must not be one.
    letter: Callable[[str], bool]
    #: What else may become a control token than its name: texts and ids.
    suspects: Sequence[tuple[str, int]] = ()
    #: Of control tokens: the library's flags lstrip and rstrip, where white space beside them does not count.
    strips: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    #: Ids that the encoder has for tokens of other ids.
    aliases: dict[int, int] = field(default_factory=dict)
    bos_id: int | None = None
    eos_id: int | None = None
    unknown_id: int | None = None
    add_bos: bool = False
    add_eos: bool = False
    add_space_prefix: bool = False
    #: Around a text, where it is more than bos_id and eos_id.
    around: tuple[list[int], list[int]] | None = None
    stop_ids: frozenset[int] = frozenset()
