"""Structured output: masks against brute force, garbage that becomes valid JSON, hostile schemas."""

from __future__ import annotations

import gc
import itertools
import json
import os
import pickle
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any

import model_files
import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tokenizers", reason="zcwasm[llm] is not installed")
pytest.importorskip("llguidance", reason="zcwasm[structured] is not installed")
pytest.importorskip("jsonschema", reason="the package jsonschema, which checks the answers, is not installed")

import jsonschema

import zcwasm
from zcwasm.llm import _constraint
from zcwasm.llm._choices import Choices, Chooser, fill_masks
from zcwasm.llm._constraint import Constraint, Matcher
from zcwasm.llm._tokenizer import Tokenizer

MERGES = [
    "t r",
    "u e",
    "tr ue",
    "a b",
    "h e",
    "Ġ h",
    "Ġ he",
    '" :',
    '" ,',
    ": Ġ",
    "1 2",
    "12 0",
    '{ "',
    "] }",
]
PADDING = 5  # rows without a token


def byte_level(pre: str = "smollm") -> dict[str, Any]:
    words = [merge.replace(" ", "") for merge in MERGES]
    merges = [merge for merge in MERGES if merge != "Ġ he"]
    tokens = [*model_files.CONTROLS, *model_files.letters(), *words]
    kinds = [3] * len(model_files.CONTROLS) + [1] * (len(tokens) - len(model_files.CONTROLS))
    return model_files.llama_metadata(tokens=tokens, token_type=kinds, merges=merges, pre=pre)


def sentencepiece() -> dict[str, Any]:
    words = [
        "▁",
        "t",
        "r",
        "u",
        "e",
        "tr",
        "true",
        "▁true",
        "ab",
        "a",
        "b",
        "he",
        "▁he",
        '":',
        '",',
        ":▁",
        "12",
    ]
    words += [*'{}[]":,0123456789h', "<|end|>"]
    byte_tokens = [f"<0x{byte:02X}>" for byte in range(256)]
    tokens = ["<unk>", "<s>", "</s>", *byte_tokens, *words]
    kinds = [2, 3, 3] + [6] * 256 + [1] * (len(words) - 1) + [4]  # <|end|> ends a turn, and is user-defined
    scores = [0.0] * 259 + [-float(at) for at in range(len(words))]
    return model_files.llama_metadata(
        model="llama", tokens=tokens, token_type=kinds, scores=scores, eos_token_id=2, merges=None, pre=None
    )


def model_of(metadata: dict[str, Any]) -> Any:
    vocab = len(metadata["tokenizer.ggml.tokens"]) + PADDING
    given = {key: value for key, value in metadata.items() if value is not None}
    return SimpleNamespace(tokenizer=Tokenizer(given, rows=vocab), config=SimpleNamespace(vocab=vocab))


@cache
def model_named(name: str) -> Any:
    return model_of(sentencepiece() if name == "sentencepiece" else byte_level(name))


@pytest.fixture(params=["smollm", "qwen2", "sentencepiece"])
def model(request: pytest.FixtureRequest) -> Any:
    return model_named(request.param)


def small() -> Any:
    return model_named("smollm")


def row_of(model: Any) -> npt.NDArray[np.uint32]:
    return np.full(-(-model.config.vocab // 32), 0xDEADBEEF, np.uint32)


def allowed(model: Any, matcher: Matcher) -> set[int]:
    row = row_of(model)
    matcher.fill(row)
    bits = np.unpackbits(row.view(np.uint8), bitorder="little")
    assert not bits[model.config.vocab :].any()
    return set(np.flatnonzero(bits).tolist())


# --- masks are what brute force says ---

ANY = '%llguidance {"no_forcing": true}\n'  # every way to cut the text into tokens is allowed
INTEGERS = [str(number) for number in range(-3, 121)]


def arrays() -> list[bytes]:
    found = ["[]"]
    for count in (1, 2):
        for each in itertools.product(["true", "false"], repeat=count):
            found += [f"[{comma.join(each)}]" for comma in ([","] if count == 1 else [",", ", "])]
    return [text.encode() for text in set(found)]


def objects() -> list[bytes]:
    found = []
    for colon, comma, other in itertools.product((":", ": "), (",", ", "), (":", ": ")):
        for first, second in itertools.product(("true", "false"), ('"ab"', '"é"', "12")):
            found.append(f'{{"he"{colon}{first}{comma}"tr"{other}{second}}}')
    return [text.encode() for text in found]


LANGUAGES: dict[str, tuple[Callable[[], Constraint], list[bytes]]] = {
    "a grammar": (
        lambda: Constraint.grammar(
            ANY + 'start: item | item item\nitem: "true" | "ab" | " he" | "é€" | /1?2/'
        ),
        [
            "".join(each).encode()
            for count in (1, 2)
            for each in itertools.product(["true", "ab", " he", "é€", "12", "2"], repeat=count)
        ],
    ),
    "an expression": (
        lambda: Constraint.regex("(ab|a|tr(ue)?){0,3}"),
        [
            "".join(each).encode()
            for count in range(4)
            for each in itertools.product(["ab", "a", "tr", "true"], repeat=count)
        ],
    ),
    "integers": (
        lambda: Constraint.json_schema({"type": "integer", "minimum": -3, "maximum": 120}),
        [text.encode() for text in INTEGERS] + [b"-0"],
    ),
    "arrays": (
        lambda: Constraint.json_schema({"type": "array", "items": {"type": "boolean"}, "maxItems": 2}),
        arrays(),
    ),
    "objects": (
        lambda: Constraint.json_schema(
            {
                "type": "object",
                "properties": {"he": {"type": "boolean"}, "tr": {"enum": ["ab", "é", 12]}},
                "required": ["he", "tr"],
                "additionalProperties": False,
            }
        ),
        objects(),
    ),
}


def states(texts: list[bytes]) -> Iterator[bytes]:
    yield from sorted({text[:end] for text in texts for end in range(len(text) + 1)})


@pytest.mark.parametrize("name", LANGUAGES)
def test_masks_are_what_brute_force_says(model: Any, name: str) -> None:
    """At every place of every text of a small language. Where only one byte may come, one token may be
    chosen for all: the one that the tokenizer would choose."""
    make, texts = LANGUAGES[name]
    constraint, tokenizer = make(), model.tokenizer
    ends = tokenizer.stop_ids
    words = {index: tokenizer.token_bytes(index) for index in range(len(tokenizer))}
    one_byte = {
        word[0]: index
        for index, word in words.items()
        if len(word) == 1 and index not in tokenizer.control_ids | ends
    }
    forced = 0
    for prefix in states(texts):
        matcher = constraint.start(model)
        for byte in prefix:
            matcher.accept(one_byte[byte])
        after = [text[len(prefix) :] for text in texts if text.startswith(prefix)]
        expected = {
            index
            for index, word in words.items()
            if word
            and index not in tokenizer.control_ids | ends
            and any(text.startswith(word) for text in after)
        } | (ends if b"" in after else set())
        found = allowed(model, matcher)
        next_bytes = {text[:1] for text in after}
        if name != "a grammar" and len(next_bytes) == 1 and b"" not in next_bytes:
            assert found <= expected, prefix
            assert found, prefix
            forced += found != expected
        else:
            assert found == expected, prefix
    assert forced or name != "objects"


def test_the_tokenizers_own_tokens_of_a_text_are_allowed(model: Any) -> None:
    """What the model was trained to say is what it may say, also where the text is the only one."""
    texts = ['{"he": true, "tr": 12}', '{"he":true,"tr":"ab"}']
    constraint = LANGUAGES["objects"][0]()
    for text in texts:
        data = text.encode()
        ids = _constraint._Wrapped(model.tokenizer, len(model.tokenizer))(text)
        assert b"".join(map(model.tokenizer.token_bytes, ids)) == data
        assert len(ids) < len(data)
        matcher = constraint.start(model)
        for token in ids:
            assert token in allowed(model, matcher), model.tokenizer.token_bytes(token)
            matcher.accept(token)
        assert matcher.finished


# --- garbage becomes what the schema says ---

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 12},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "mail": {"type": "string", "pattern": "^[a-z]{1,8}@[a-z]{1,8}\\.(com|org)$"},
        "kind": {"enum": ["person", "company", None, 12.5]},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 5}, "maxItems": 3},
        "next": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/point"}]},
    },
    "required": ["name", "age", "kind", "tags", "next"],
    "additionalProperties": False,
    "$defs": {
        "point": {
            "type": "object",
            "properties": {"x": {"type": "boolean"}, "y": {"const": 'é"\n'}},
            "required": ["x"],
            "additionalProperties": False,
        }
    },
}
BOUNDED: dict[str, dict[str, Any]] = {
    "person": PERSON,
    "string": {"type": "string", "maxLength": 9},
    "list": {"type": "array", "prefixItems": [PERSON["$defs"]["point"]], "items": False, "minItems": 1},
    "other spaces": {
        "type": "array",
        "items": {"type": "null"},
        "minItems": 2,
        "maxItems": 4,
        "x-guidance": {"whitespace_flexible": True, "item_separator": "x", "lenient": True},
    },
}
MOST = 400  # tokens: more than any of them has bytes


def garbage(model: Any, options: Choices, logits: Callable[[], npt.NDArray[np.float32]]) -> bytes:
    """What a model without sense says: always the most likely token of these logits."""
    chooser = Chooser(model, options, [1])
    said, row = b"", row_of(model)
    for _ in range(MOST):
        assert chooser.fill_mask(row)
        bits = np.unpackbits(row.view(np.uint8), bitorder="little")[: model.config.vocab]
        token = int(np.where(bits, logits(), -np.inf).argmax())
        assert bits[token]
        chooser.accept(token)
        if token in model.tokenizer.stop_ids:
            assert chooser.finished
            return said
        said += model.tokenizer.token_bytes(token)
        if chooser.finished:
            return said
    raise AssertionError(f"no end after {said!r}")


@pytest.mark.parametrize("name", BOUNDED)
def test_garbage_is_valid_and_ends(model: Any, name: str) -> None:
    schema, rng = BOUNDED[name], np.random.default_rng(5)
    options, vocab = Choices(constraint=Constraint.json_schema(schema)), model.config.vocab
    ends = sorted(model.tokenizer.stop_ids)
    ways: list[Callable[[], npt.NDArray[np.float32]]] = [
        lambda: np.arange(vocab, dtype=np.float32),
        lambda: -np.arange(vocab, dtype=np.float32),
    ]
    never = rng.standard_normal(vocab).astype(np.float32)
    never[ends] = -100
    ways += [lambda: never] + [lambda: rng.standard_normal(vocab).astype(np.float32)] * 12
    said = set()
    for way in ways:
        text = garbage(model, options, way).decode()
        jsonschema.validate(json.loads(text), schema, cls=jsonschema.Draft202012Validator)
        said.add(text)
    assert len(said) > 3


def test_any_object() -> None:
    model, rng = small(), np.random.default_rng(0)
    favour = rng.standard_normal(model.config.vocab).astype(np.float32)
    favour[[*model.tokenizer.encode('"}'), *model.tokenizer.stop_ids]] += 3  # nothing bounds it
    for _ in range(10):
        text = garbage(
            model,
            Choices(constraint=Constraint.json_object()),
            lambda: favour + rng.standard_normal(len(favour)).astype(np.float32),
        )
        assert isinstance(json.loads(text), dict)


def test_a_control_token_is_no_text() -> None:
    """Nor is one that ends the text, whatever the file calls it: <|end|> here is user-defined."""
    model = model_named("sentencepiece")
    assert model.tokenizer.encode("<|end|>", special=False)[-1] in model.tokenizer.stop_ids
    matcher = Constraint.json_schema({"type": "string"}).start(model)
    matcher.accept(model.tokenizer.encode('a"', special=False)[-1])
    found = allowed(model, matcher)
    assert not found & (model.tokenizer.control_ids | model.tokenizer.stop_ids)
    assert len(found) > 100


def test_nothing_comes_behind_the_end() -> None:
    model = small()
    matcher = Constraint.regex("ab").start(model)
    assert not matcher.finished
    matcher.accept(model.tokenizer.encode("ab")[0])
    assert matcher.finished
    assert allowed(model, matcher) == model.tokenizer.stop_ids
    for end in sorted(model.tokenizer.stop_ids):
        matcher.accept(end)
    assert matcher.finished
    with pytest.raises(zcwasm.Error, match="expression of the constraint cannot be followed any more"):
        matcher.accept(model.tokenizer.encode("a")[0])


def test_a_token_that_is_not_allowed() -> None:
    model = small()
    matcher = Constraint.regex("ab").start(model)
    with pytest.raises(zcwasm.Error, match="cannot be followed any more"):
        matcher.accept(model.tokenizer.encode("b")[0])


# --- what is wrong is said ---


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Constraint.json_schema({"type": "foo"}), ValueError, "schema cannot be used: .*foo"),
        (lambda: Constraint.json_schema({"not": {}}), ValueError, r"Unimplemented keys: \[.not.\]"),
        (
            lambda: Constraint.json_schema({"minimum": 5, "maximum": 4, "type": "integer"}),
            ValueError,
            "nsatis",
        ),
        (lambda: Constraint.json_schema({"$ref": "http://example.com/"}), ValueError, "does not fetch"),
        (lambda: Constraint.json_schema({"$ref": "file:///etc/passwd"}), ValueError, "does not fetch"),
        (lambda: Constraint.json_schema({"const": float("nan")}), ValueError, "schema cannot be used"),
        (lambda: Constraint.json_schema({"const": b""}), TypeError, "schema: a bytes is no JSON"),
        (lambda: Constraint.json_schema([]), TypeError, "schema must be a mapping, not list"),
        (lambda: Constraint.json_schema("{}"), TypeError, "schema must be a mapping, not str"),
        (lambda: Constraint.regex("("), ValueError, "regular expression cannot be used: .*unclosed group"),
        (lambda: Constraint.regex("(?=a)b"), ValueError, "look-around"),
        (lambda: Constraint.regex(b"a"), TypeError, "pattern must be a str, not bytes"),
        (lambda: Constraint.regex("a" * (1 << 18)), ValueError, "262144 characters, more than 131072"),
        (lambda: Constraint.regex("\ud800"), ValueError, "half a surrogate pair"),
        (
            lambda: Constraint.grammar("start: foo"),
            ValueError,
            'grammar cannot be used: .*unknown name: "foo"',
        ),
        (lambda: Constraint.grammar("a: "), ValueError, "grammar cannot be used"),
    ],
)
def test_what_is_wrong_is_said(make: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make()


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"a": schema}, "required": ["a"]}
    return schema


def doubling(word: str) -> dict[str, Any]:
    """Of 25 definitions that each mean the one before twice."""
    kinds: dict[str, Any] = {"d0": {"type": "object", "properties": {"x": {"type": "integer"}}}}
    for at in range(1, 26):
        kinds[f"d{at}"] = {word: [{"$ref": f"#/$defs/d{at - 1}"}] * 2}
    return {"$defs": kinds, "$ref": "#/$defs/d25"}


def shared() -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(40):
        schema = {"anyOf": [schema, schema]}
    return schema


def patterns(count: int) -> dict[str, Any]:
    words = {f"p{at}": {"type": "string", "pattern": f"^[a-z]{{1,{at + 1}}}$"} for at in range(count)}
    return {"type": "object", "properties": words, "required": list(words)}


HOSTILE: dict[str, Callable[[], Constraint]] = {
    "nested": lambda: Constraint.json_schema(nested(40)),
    "nested deep": lambda: Constraint.json_schema(nested(300)),
    "nested deeper": lambda: Constraint.json_schema(nested(100_000)),
    "shared": lambda: Constraint.json_schema(shared()),
    "many values": lambda: Constraint.json_schema({"enum": [f"v{at}" for at in range(10_000)]}),
    "far too many": lambda: Constraint.json_schema({"enum": [f"value {at}" for at in range(100_000)]}),
    "many members": lambda: Constraint.json_schema(
        {"type": "object", "properties": {f"p{at}": {"type": "string"} for at in range(3000)}}
    ),
    "patterns": lambda: Constraint.json_schema(patterns(300)),
    "allOf": lambda: Constraint.json_schema(doubling("allOf")),
    "anyOf": lambda: Constraint.json_schema(doubling("anyOf")),
    "itself": lambda: Constraint.json_schema({"$ref": "#"}),
    "many lengths": lambda: Constraint.json_schema(
        {"anyOf": [{"type": "string", "minLength": a * b} for a in range(30) for b in range(30)]}
    ),
    "long": lambda: Constraint.json_schema({"type": "string", "minLength": 10**6, "maxLength": 10**9}),
    "long list": lambda: Constraint.json_schema(
        {"type": "array", "items": {"type": "integer"}, "minItems": 10**6, "maxItems": 10**9}
    ),
    "numbers": lambda: Constraint.json_schema({"type": "number", "minimum": -1e308, "maximum": 1e308}),
    "ReDoS": lambda: Constraint.json_schema({"type": "string", "pattern": "^(a+)+$"}),
    "ReDoS 2": lambda: Constraint.regex("(a|a)*b(a|b){0,1000}"),
    "many states": lambda: Constraint.regex("(.*a.{20}){5}"),
    "repeated": lambda: Constraint.regex("((a{0,100}){0,100}){0,100}"),
    "optional": lambda: Constraint.regex("(a?){1000}a{1000}"),
    "all letters": lambda: Constraint.regex(r"(\p{L}{1,500}\p{N}){1,500}"),
    "ambiguous": lambda: Constraint.grammar('start: s\ns: s s | s s s | "a" | '),
    "left": lambda: Constraint.grammar('start: start "a" | "a"'),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_ones_are_refused_or_cheap(name: str) -> None:
    """A ValueError at the start, an Error on the way, or masks; and each of them soon, and short."""
    model, rng = small(), np.random.default_rng(1)
    most = 10.0  # seconds; the limits are for some tenths, here are others' tests and sanitizers
    messages: list[str] = []
    begun = time.monotonic()
    try:
        matcher = HOSTILE[name]().start(model)
        for _ in range(60):
            assert time.monotonic() - begun < most
            if matcher.finished:
                break
            begun = time.monotonic()
            tokens = sorted(allowed(model, matcher))
            assert tokens
            matcher.accept(int(rng.choice(tokens)))
    except (ValueError, zcwasm.Error) as error:
        messages.append(str(error))
    assert time.monotonic() - begun < most
    assert all(len(message) < 1000 for message in messages)
    if name in REFUSED:
        assert "cannot be used" in messages[0]
    if name == "itself":
        assert messages == ["the schema cannot be used: no text fulfils it"]
    if name in FOLLOWED:
        assert not messages


REFUSED = {"nested deep", "nested deeper", "shared", "far too many", "itself", "numbers"}
FOLLOWED = {"nested", "patterns", "ReDoS", "long", "left", "allOf"}


# --- masks of many, threads, lives ---


def test_many_masks_at_once_are_the_same() -> None:
    model = small()
    schema = {"type": "object", "properties": {"ab": {"type": "string", "maxLength": 30}}, "required": ["ab"]}
    texts = ['{"ab": "true he', '{"ab":"', "{", '{"ab": "12"}', ""]
    pairs, expected = [], {}
    for at, text in enumerate(texts * 5):
        one, other = (Constraint.json_schema(schema).start(model) for _ in range(2))
        for byte in text:
            token = model.tokenizer.encode(byte)[0]
            one.accept(token)
            other.accept(token)
        at = 2 * at + 1  # rows between stay as they are
        pairs.append((one, at))
        expected[at] = row_of(model)
        other.fill(expected[at])
    for count in (0, 1, len(pairs)):
        mask = np.full((60, len(row_of(model))), 0xDEADBEEF, np.uint32)
        _constraint.fill_masks(pairs[:count], mask)
        given = {at for _, at in pairs[:count]}
        for at in range(60):
            wanted = expected[at] if at in given else row_of(model)
            assert (mask[at] == wanted).all(), at


def test_one_that_fails_harms_no_other() -> None:
    model = small()
    good, bad = Constraint.regex("ab").start(model), Constraint.regex("ab").start(model)
    with pytest.raises(zcwasm.Error):
        bad.accept(model.tokenizer.encode("b")[0])
    mask = np.zeros((2, len(row_of(model))), np.uint32)
    _constraint.fill_masks([(bad, 0), (good, 1)], mask)
    with pytest.raises(zcwasm.Error, match="cannot be followed any more"):
        bad.check()
    good.check()
    row = row_of(model)
    good.fill(row)
    assert (mask[1] == row).all()
    choosers = [Chooser(model, Choices(constraint=Constraint.regex("ab")), []) for _ in range(2)]
    choosers[0]._matcher = bad
    failed = fill_masks([(choosers[0], 1), (choosers[1], 0)], mask)
    assert list(failed) == [1]
    assert (mask[0] == row).all()


@pytest.mark.parametrize(
    ("mask", "rows", "error"),
    [
        (np.zeros((2, 9), np.int32), [0, 1], TypeError),
        (np.zeros(9, np.uint32), [0, 1], TypeError),
        (np.zeros((2, 18), np.uint32)[:, ::2], [0, 1], ValueError),
        (np.zeros((2, 9), np.uint32), [0, 2], ValueError),
        (np.zeros((2, 9), np.uint32), [-1, 0], ValueError),
        (np.frombuffer(bytes(72), np.uint32).reshape(2, 9), [0, 1], ValueError),
        (np.zeros((2, 8), np.uint32), [0, 1], ValueError),
        (np.zeros((2, 8), np.uint32), [0], ValueError),
    ],
)
def test_masks_that_are_none(mask: Any, rows: list[int], error: type[Exception]) -> None:
    """They are written by address, so nothing else is taken."""
    matchers = [Constraint.regex("ab").start(small()) for _ in rows]
    with pytest.raises(error):
        _constraint.fill_masks(list(zip(matchers, rows, strict=True)), mask)
    if mask.ndim == 2 and mask.shape[1] == 8:
        with pytest.raises(error):
            matchers[0].fill(mask[0])


def test_a_constraint_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of(byte_level())
    compiled: list[str] = []
    original = _constraint._Vocabulary._compile

    def count(self: Any, constraint: Constraint) -> Any:
        compiled.append(constraint._grammar)
        return original(self, constraint)

    monkeypatch.setattr(_constraint._Vocabulary, "_compile", count)
    for _ in range(3):
        Constraint.regex("ab").start(model)
        Constraint.json_object().start(model)
    assert len(compiled) == 2
    for at in range(_constraint._KEPT):
        Constraint.regex(f"a{{{at}}}").start(model)
    Constraint.regex("ab").start(model)
    assert len(compiled) == 3 + _constraint._KEPT


def test_a_models_tokens_end_with_it() -> None:
    model = model_of(byte_level())
    matcher = Constraint.regex("(true|false) ab").start(model)
    gone = weakref.ref(model.tokenizer)
    ends, vocab = model.tokenizer.stop_ids, model.config.vocab
    del model
    gc.collect()
    assert gone() is None
    rest = SimpleNamespace(tokenizer=SimpleNamespace(stop_ids=ends), config=SimpleNamespace(vocab=vocab))
    found = allowed(rest, matcher)  # what follows a sequence goes on
    assert found
    matcher.accept(min(found))


def test_a_model_without_an_end() -> None:
    metadata = byte_level()
    metadata["tokenizer.ggml.tokens"] = ["<a>", "<b>", "<c>", *metadata["tokenizer.ggml.tokens"][3:]]
    metadata["tokenizer.ggml.eos_token_id"] = None
    with pytest.raises(zcwasm.ModelError, match="no token that ends a text"):
        Constraint.regex("a").start(model_of(metadata))


def test_threads() -> None:
    model = model_of(byte_level())
    constraints = [Constraint.json_schema(each) for each in BOUNDED.values()]
    failed: list[BaseException] = []

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        try:
            for constraint in constraints:
                text = garbage(
                    model,
                    Choices(constraint=constraint),
                    lambda: rng.standard_normal(model.config.vocab).astype(np.float32),
                )
                json.loads(text)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_has_threads_of_its_own() -> None:
    model = small()
    matchers = [Constraint.regex("ab").start(model) for _ in range(4)]
    mask = np.zeros((4, len(row_of(model))), np.uint32)
    pairs = [(each, at) for at, each in enumerate(matchers)]
    _constraint.fill_masks(pairs, mask)
    child = os.fork()
    if child == 0:
        again = np.zeros_like(mask)
        try:
            _constraint.fill_masks(pairs, again)
            Constraint.regex("true").start(model)
        finally:
            os._exit(0 if (again == mask).all() else 1)
    deadline = time.monotonic() + 60
    while (ended := os.waitpid(child, os.WNOHANG))[0] == 0:
        assert time.monotonic() < deadline, "the child hangs"
        time.sleep(0.01)
    assert os.waitstatus_to_exitcode(ended[1]) == 0


def test_constraints_are_values() -> None:
    one, other = Constraint.regex("a"), Constraint.regex("b")
    assert one == Constraint.regex("a")
    assert one != other
    assert len({one, other, Constraint.regex("a")}) == 2
    assert pickle.loads(pickle.dumps(one)) == one
    assert "a regular expression of" in repr(one)
    assert hash(Choices(constraint=one)) == hash(Choices(constraint=Constraint.regex("a")))
