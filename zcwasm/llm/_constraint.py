"""What the text of a generation has to be: JSON of a schema, a regular expression, a grammar.

The package llguidance follows the text and says which tokens may come next; here it learns of the model's
tokens, and gets its limits. A constraint is compiled once for each model and kept; a `Matcher` follows one
sequence. Schemas and grammars may come from strangers: what they may cost is bounded by `_limits`, in time,
memory and text, and what is wrong with them is a ValueError that says why.

Any thread may use a Constraint; a Matcher is one thread's at a time. Masks are computed without the GIL.
"""

from __future__ import annotations

import json
import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

import zcwasm
from zcwasm import _arguments
from zcwasm._extras import needed_for

if TYPE_CHECKING:
    import llguidance

    from zcwasm.llm._model import Model
    from zcwasm.llm._tokenizer import Tokenizer

_LONGEST = 1 << 17  # characters of a schema, an expression, a grammar: no longer than OpenAI's
_KEPT = 32  # compiled constraints of a model, the last ones used
_MOST_THREADS = 8
_LONGEST_REASON = 600  # characters
# Members of an object, one behind the other, that may be left out: each is four items of a parser's row,
# which has at most 2,000 (_limits).
_MOST_OPTIONAL = 480
_PROBED = 8  # tokens of a text that are tried when a constraint is compiled

# Between members and elements one space or none, and else no space: a model that has nothing to say could go
# on with spaces without an end. Also for a schema that says otherwise in its "x-guidance".
_JSON = {
    "whitespace_flexible": False,
    "item_separator": ", ?",
    "key_separator": ": ?",
    "lenient": False,
    "coerce_one_of": False,
}


@cache
def _limits() -> llguidance.LLParserLimits:
    """A second to compile at most, some ten ms and MB for a mask, on a slow machine."""
    from llguidance import LLParserLimits

    return LLParserLimits(
        max_grammar_size=100_000,
        max_lexer_states=30_000,
        initial_lexer_fuel=500_000,
        step_lexer_fuel=200_000,
        step_max_items=50_000,
        max_items_in_row=2_000,
        verbose_errors=False,  # which repeat the grammar
    )


class Constraint:
    """What the text of a generation has to be. Made by json_schema, json_object, regex and grammar; needs
    zcwasm[structured]."""

    __slots__ = ("_grammar", "_kind")

    def __init__(self, kind: str, grammar: str) -> None:
        """Use the methods that make one."""
        self._kind = kind
        self._grammar = grammar
        reason = _why_not(grammar)
        if reason:
            raise ValueError(f"the {kind} cannot be used: {reason}")

    @classmethod
    def json_schema(cls, schema: Mapping[str, Any]) -> Constraint:
        """JSON text that the schema allows, compact or with one space behind commas and colons, its members
        in the schema's order.

        It ends by itself where the schema bounds its length: maxLength of strings, maxItems of arrays, least
        and largest values of numbers, no additionalProperties, no recursion. Else max_new_tokens may cut it.
        Raises ValueError with the reason for what is no schema, or has keywords that cannot be followed.
        """
        return cls("schema", _from_schema(schema))

    @classmethod
    def _json_lines(cls, schema: Mapping[str, Any], most: int) -> Constraint:
        """One or several texts that the schema allows, as json_schema's, each on a line of its own."""
        return cls("schema", _lines_from_schema(schema, most))

    @classmethod
    def json_object(cls) -> Constraint:
        """Any JSON object."""
        return cls("schema", _from_schema({"type": "object"}))

    @classmethod
    def regex(cls, pattern: str) -> Constraint:
        """Text that the regular expression matches as a whole; in the syntax of Rust's crate regex, which has
        no look-around and no back-references."""
        with needed_for("Constraint"):
            from llguidance import LLMatcher
        return cls("regular expression", LLMatcher.grammar_from_regex(_text("pattern", pattern)))

    @classmethod
    def grammar(cls, text: str) -> Constraint:
        """Text of a context-free grammar, which begins with the rule `start`; in llguidance's variant of
        Lark's syntax."""
        with needed_for("Constraint"):
            from llguidance import LLMatcher
        return cls("grammar", LLMatcher.grammar_from_lark(_text("text", text)))

    def start(self, model: Model) -> Follows:
        """One that follows a sequence of this model from its beginning."""
        return _vocabulary_of(model).matcher(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Constraint) and self._grammar == other._grammar

    def __hash__(self) -> int:
        return hash(self._grammar)

    def __reduce__(self) -> tuple[Any, ...]:
        return Constraint, (self._kind, self._grammar)

    def __repr__(self) -> str:
        return f"<zcwasm.llm.Constraint: a {self._kind} of {len(self._grammar):,} characters>"


def _text(name: str, value: object) -> str:
    text = _arguments.text(name, value)
    if len(text) > _LONGEST:
        raise ValueError(f"{name} has {len(text)} characters, more than {_LONGEST}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name} has half a surrogate pair, which no text can hold") from None
    return text


def _from_schema(schema: object) -> str:
    return _made(schema, lambda llguidance, text: llguidance.grammar_from_json_schema(text, overrides=_JSON))


def _lines_from_schema(schema: object, most: int) -> str:
    def make(llguidance: Any, text: str) -> str:
        # A text with an "x-guidance" of its own is none that this package makes.
        ours = f'{{"x-guidance":{json.dumps(_JSON)},{text[1:]}'
        lark = f'start: one ("\\n" one){{0,{most - 1}}}\none: %json {ours}\n'
        return str(llguidance.grammar_from_lark(lark))

    return _made(schema, make)


def _made(schema: object, make: Callable[[Any, str], str]) -> str:
    """What the function makes of llguidance and the text of the schema."""
    if not isinstance(schema, Mapping):
        raise TypeError(f"schema must be a mapping, not {type(schema).__name__}")
    with needed_for("Constraint"):
        from llguidance import LLMatcher
    parts, left = [], _LONGEST
    try:
        # Part by part: a mapping that is there several times may make any amount of text.
        for part in json.JSONEncoder(allow_nan=False, default=_plain).iterencode(schema):
            parts.append(part)
            left -= len(part)
            if left < 0:
                raise ValueError(f"it has more than {_LONGEST} characters")
        text = "".join(parts)
        _check_optional(json.loads(text))
        return make(LLMatcher, text)
    except RecursionError:
        raise ValueError("the schema cannot be used: it is nested too deep") from None
    except TypeError as error:
        raise TypeError(f"schema: {error}") from None
    except ValueError as error:
        raise ValueError(f"the schema cannot be used: {error!s:.{_LONGEST_REASON}}") from None


def _check_optional(schema: Any) -> None:
    """Raise ValueError for an object with too many members that may be left out, wherever it is: else only a
    text that comes to it would tell."""
    if isinstance(schema, dict):
        members, required = schema.get("properties"), schema.get("required")
        if isinstance(members, dict) and len(members) > _MOST_OPTIONAL:
            needed = (
                {each for each in required if isinstance(each, str)} if isinstance(required, list) else {}
            )
            row = 0
            for name in members:
                row = 0 if name in needed else row + 1
                if row > _MOST_OPTIONAL:
                    raise ValueError(
                        f"an object has more than {_MOST_OPTIONAL} members one behind the other that may be "
                        f"left out, up to {name!r:.100}: name some in 'required'"
                    )
        for name, each in schema.items():
            if name not in ("const", "enum", "default", "examples"):  # which are no schemas
                _check_optional(each)
    elif isinstance(schema, list):
        for each in schema:
            _check_optional(each)


def _plain(value: object) -> Any:
    """Of what json does not know: other mappings."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} is no JSON")


def _reason(message: str) -> str:
    words = " ".join(message.replace("<non-verbose/>", "").split())[:_LONGEST_REASON]
    if words in ("NoExtension", "NoExtensionBias"):
        return "no text fulfils it"
    if "Current row has" in words:  # and the advice is to authors of grammars
        words = words.partition(";")[0]
        return (
            "too much may come at one place of the text, such as members that may be left out, or "
            f"alternatives ({words})"
        )
    return words


@lru_cache(64)
def _why_not(grammar: str) -> str:
    """What is wrong with a grammar; nothing if it can be used."""
    with needed_for("Constraint"):
        from llguidance import LLMatcher
    wrong, messages = LLMatcher.validate_grammar_with_warnings(grammar, limits=_limits())
    return _reason(" ".join(messages)) or "it is wrong" if wrong else ""


class UnusableError(ValueError):
    """A constraint that this model's tokens cannot fulfil, or that is too much to follow."""


class ConstraintError(zcwasm.Error):
    """A text came to where its constraint is too much to follow: no fault of a device or a model, which a
    server has to know."""


class Follows(Protocol):
    """What follows a constraint through one sequence. Methods raise zcwasm.Error where that cannot go on."""

    @property
    def finished(self) -> bool: ...

    def fill(self, row: npt.NDArray[np.uint32]) -> None: ...

    def accept(self, token: int) -> None: ...


class Matcher:
    """A constraint, followed through one sequence."""

    __slots__ = ("_ends", "_follows", "_kind", "finished")

    def __init__(self, kind: str, follows: llguidance.LLMatcher, ends: frozenset[int]) -> None:
        self._kind = kind
        self._follows = follows
        self._ends = ends
        #: The text is complete: only tokens that end it may come.
        self.finished = follows.is_stopped()

    def _error(self, what: str) -> ConstraintError:
        return ConstraintError(
            f"the {self._kind} of the constraint cannot be followed any more: "
            f"{_reason(self._follows.get_error()) or what}"
        )

    def fill(self, row: npt.NDArray[np.uint32]) -> None:
        """Write which tokens may come."""
        _check_masks(row, 1)
        self._follows.unsafe_compute_mask_ptr(row.ctypes.data, row.nbytes)
        self.check()

    def check(self) -> None:
        """Raise zcwasm.Error where it is too much to follow."""
        if self._follows.is_error():
            raise self._error("it is too complex")

    def accept(self, token: int) -> None:
        if self.finished and token in self._ends:
            return
        if not self._follows.consume_token(token):
            raise self._error(f"it does not allow token {token}")
        self.finished = self._follows.is_stopped()


def _check_masks(array: npt.NDArray[np.uint32], axes: int) -> None:
    """What is written to by its address."""
    if array.dtype != np.uint32 or array.ndim != axes:
        raise TypeError(f"masks have dtype {array.dtype} and {array.ndim} axes, must be uint32 and {axes}")
    if not (array.flags.c_contiguous and array.flags.writeable):
        raise ValueError("masks must be contiguous and writeable")


def fill_masks(pairs: Sequence[tuple[Matcher, int]], mask: npt.NDArray[np.uint32]) -> None:
    """Each matcher's mask into the row of that number, on several threads: what Matcher.fill does one by one.
    Where one can be followed no more, its own check() says so. A matcher is there once."""
    _check_masks(mask, 2)
    if any(not 0 <= row < len(mask) for _, row in pairs):
        raise ValueError(f"a row is not one of the {len(mask)} of the masks")
    if len(pairs) == 1:
        matcher, row = pairs[0]
        matcher._follows.unsafe_compute_mask_ptr(mask[row].ctypes.data, mask[row].nbytes)
    elif pairs:
        _executor().unsafe_compute_mask_ptr(
            [(matcher._follows, row) for matcher, row in pairs], mask.ctypes.data, mask[0].nbytes, len(mask)
        )


@cache
def _executor() -> llguidance.LLExecutor:
    from llguidance import LLExecutor

    return LLExecutor(max(1, min(_MOST_THREADS, os.cpu_count() or 1)))


# --- a model's tokens ---


class _Wrapped:
    """A tokenizer as llguidance takes it."""

    is_tokenizer_wrapper = True
    bos_token_id = None

    def __init__(self, tokenizer: Tokenizer, rows: int) -> None:
        self._tokenizer = weakref.ref(tokenizer)  # by which it is found, as long as that lives
        self.tokens = [tokenizer.token_bytes(index) for index in range(rows)]
        # These are never text: neither control tokens, nor what ends the generation.
        self.special_token_ids = sorted(tokenizer.control_ids | tokenizer.stop_ids)
        self.eos_token_id = min(tokenizer.stop_ids)
        special = set(self.special_token_ids)
        self._bytes = {
            word[0]: index
            for index, word in enumerate(self.tokens)
            if len(word) == 1 and index not in special
        }
        self._first = tokenizer.encode("\x02", special=False, add_special=False)

    def __call__(self, text: str | bytes) -> list[int]:
        """The tokens of text that has to come, so that the model sees what it knows. In the middle of a text:
        nothing is put in front of it. Their bytes are the text's."""
        data = text.encode() if isinstance(text, str) else text
        tokenizer = self._tokenizer()
        if tokenizer:
            words = "\x02" + data.decode("utf-8", "replace")
            ids = tokenizer.encode(words, special=False, add_special=False)
            if ids[: len(self._first)] == self._first:
                ids = ids[len(self._first) :]
                if b"".join(self.tokens[index] for index in ids) == data:
                    return ids
        # The tokenizer changes the text, as by normalizing it.
        return [self._bytes[byte] for byte in data] if self._bytes.keys() >= set(data) else []


class _Vocabulary:
    """A model's tokens, and the constraints that were compiled for them."""

    def __init__(self, model: Model) -> None:
        from llguidance import LLTokenizer

        tokenizer = model.tokenizer
        if not tokenizer.stop_ids:
            raise zcwasm.ModelError("the model has no token that ends a text, which constraints need")
        self._ends = tokenizer.stop_ids
        wrapped: Any = _Wrapped(tokenizer, model.config.vocab)
        self._tokens = LLTokenizer(wrapped, eos_token=sorted(self._ends))
        self._words = -(-model.config.vocab // 32)
        self._lengths = np.array([len(each) or 1 << 16 for each in wrapped.tokens])
        self._compiled: OrderedDict[str, llguidance.LLMatcher] = OrderedDict()
        self._lock = threading.Lock()

    def matcher(self, constraint: Constraint) -> Matcher:
        grammar = constraint._grammar
        with self._lock:
            compiled = self._compiled.get(grammar)
            if compiled is not None:
                self._compiled.move_to_end(grammar)
        if compiled is None:
            compiled = self._compile(constraint)
            with self._lock:
                self._compiled[grammar] = compiled
                while len(self._compiled) > _KEPT:
                    self._compiled.popitem(last=False)
        return Matcher(constraint._kind, compiled.deep_copy(), self._ends)

    def _compile(self, constraint: Constraint) -> llguidance.LLMatcher:
        from llguidance import LLMatcher

        compiled = LLMatcher(self._tokens, constraint._grammar, log_level=0, limits=_limits())
        # First masks: of some grammars only these say that nothing fulfils them, or that it is too much.
        row = np.zeros(self._words, np.uint32)
        tried = compiled.deep_copy()
        for at in range(_PROBED):
            if not tried.is_error():
                tried.unsafe_compute_mask_ptr(row.ctypes.data, row.nbytes)
            if tried.is_error():
                why = _reason(tried.get_error()) or "it is wrong"
                raise UnusableError(f"the {constraint._kind} cannot be used: {why}")
            if not row.any():
                if not at:
                    raise UnusableError(
                        f"the {constraint._kind} cannot be used: no token of the model can begin its text"
                    )
                break
            tried.consume_token(self._shortest(row))
            if tried.is_stopped() and not tried.is_error():
                break
        return compiled

    def _shortest(self, row: npt.NDArray[np.uint32]) -> int:
        """Of the tokens that a mask allows one with the fewest bytes, which leaves all ways open."""
        ids = np.flatnonzero(np.unpackbits(row.view(np.uint8), bitorder="little", count=len(self._lengths)))
        return int(ids[np.argmin(self._lengths[ids])])


_vocabularies: weakref.WeakKeyDictionary[Tokenizer, _Vocabulary] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def _vocabulary_of(model: Model) -> _Vocabulary:
    with needed_for("Constraint"):
        import llguidance  # noqa: F401
    tokenizer = model.tokenizer
    with _lock:
        found = _vocabularies.get(tokenizer)
        if found is None:
            found = _vocabularies[tokenizer] = _Vocabulary(model)
    return found


def _after_fork() -> None:
    """Locks that a thread of the parent may hold, and threads that are not there."""
    global _lock
    _lock = threading.Lock()
    for each in _vocabularies.values():
        each._lock = threading.Lock()
    _executor.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
