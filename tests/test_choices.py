"""What a request asks of the choice of its tokens: penalties, biases, log probabilities. Constraints are in
test_constraint.py."""

from __future__ import annotations

import pickle
from collections import Counter
from types import SimpleNamespace
from typing import Any

import model_files
import numpy as np
import pytest

import zcwasm
from zcwasm import llm
from zcwasm.llm._choices import Choices, Chooser, logprobs_of
from zcwasm.llm._sampling import Sampling

VOCAB = 50


def chooser(prompt: Any = (), sampling: Sampling | None = None, **options: Any) -> Chooser:
    model: Any = SimpleNamespace(config=SimpleNamespace(vocab=VOCAB))
    return Chooser(model, Choices(**options), prompt, sampling)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"presence_penalty": 2.5}, ValueError, "presence_penalty is 2.5, must be -2 to 2"),
        ({"frequency_penalty": float("nan")}, ValueError, "frequency_penalty is nan"),
        ({"frequency_penalty": True}, TypeError, "frequency_penalty must be a number, not bool"),
        ({"logit_bias": [1]}, TypeError, "logit_bias must be a mapping"),
        ({"logit_bias": {"1": 1.0}}, TypeError, "a token of logit_bias must be an int, not str"),
        ({"logit_bias": {-1: 1.0}}, ValueError, "a token of logit_bias is -1"),
        ({"logit_bias": {1: 101}}, ValueError, r"logit_bias\[1\] is 101"),
        ({"logit_bias": dict.fromkeys(range(1025), 1)}, ValueError, "1025 tokens, more than 1024"),
        ({"logprobs": 21}, ValueError, "logprobs is 21, must be 0 to 20"),
        ({"logprobs": True}, TypeError, "logprobs must be an int, not bool"),
        ({"constraint": "{}"}, TypeError, r"constraint must be a zcwasm\.llm\.Constraint, not str"),
    ],
)
def test_options_are_checked(options: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        Choices(**options)


def test_a_bias_of_no_token() -> None:
    with pytest.raises(ValueError, match="token id 50 is not in the vocabulary, which has 0 to 49"):
        chooser(logit_bias={VOCAB: 1})


def test_options_are_values() -> None:
    biases = {1: 5}
    options = Choices(logit_bias=biases, logprobs=2)
    biases[1] = 6  # what was checked stays
    assert options.logit_bias == {1: 5.0}
    assert pickle.loads(pickle.dumps(options)) == options
    assert hash(options) == hash(Choices(logprobs=2))


def test_nothing_is_asked() -> None:
    plain = chooser([1, 2, 3])
    for token in (1, 2, 2):
        plain.accept(token)
    row = np.full(2, 7, np.uint32)
    assert plain.entries() == []
    assert plain.rows.shape == (0, 4)
    assert not plain.fill_mask(row)
    assert (row == 7).all()
    assert not plain.finished
    assert not plain.wants_logits


def expected(
    prompt: list[int], generated: list[int], sampling: Sampling, options: Choices, vocab: int = VOCAB
) -> dict[int, tuple[float, float]]:
    """By the definitions, from all tokens."""
    all_tokens = prompt + generated
    size = sampling.repetition_window or len(all_tokens)
    window = set(all_tokens[max(0, len(all_tokens) - size) :]) if sampling.repetition_penalty != 1 else set()
    found = {}
    for token in range(vocab):
        count = generated.count(token)
        penalty = np.float32(sampling.repetition_penalty if token in window else 1)
        add = (options.logit_bias or {}).get(token, 0.0)
        add -= options.presence_penalty * (count > 0) + options.frequency_penalty * count
        if penalty != 1 or add != 0:
            found[token] = float(penalty), float(np.float32(add))
    return found


@pytest.mark.parametrize("window", [None, 1, 7, 1000])
@pytest.mark.parametrize("penalties", [(0.0, 0.0), (0.5, 0.25), (-1.0, 0.5), (0.0, -2.0)])
def test_entries_are_the_definitions(window: int | None, penalties: tuple[float, float]) -> None:
    rng = np.random.default_rng(3)
    for penalty in (1.0, 1.25, 0.5):
        sampling = Sampling(repetition_penalty=penalty, repetition_window=window)
        options = Choices(
            presence_penalty=penalties[0], frequency_penalty=penalties[1], logit_bias={0: 3, 9: -100, 17: 0.5}
        )
        prompt: list[int] = rng.integers(0, VOCAB, 20).tolist()
        generated: list[int] = []
        model: Any = SimpleNamespace(config=SimpleNamespace(vocab=VOCAB))
        given = Chooser(model, options, np.array(prompt, np.uint32), sampling)
        for token in rng.integers(0, VOCAB, 120).tolist():
            entries = given.entries()
            wanted = expected(prompt, generated, sampling, options)
            assert len(entries) == len(wanted)  # each token once
            assert {token: (p, add) for token, p, add in entries} == wanted
            given.accept(token)
            generated.append(token)
        rows = given.rows
        assert (rows[:, 3] == 0).all()
        assert rows.dtype == np.uint32
        assert given.entries() == [
            (int(row[0]), *map(float, row[1:3].view(np.float32))) for row in rows.copy()
        ]


def test_a_tokens_work_does_not_grow() -> None:
    """Of the tokens before it only the one that leaves the window is touched."""
    prompt = list(np.random.default_rng(0).integers(0, VOCAB, 100_000))
    given = chooser(prompt, Sampling(repetition_penalty=1.5))
    touched: list[int] = []
    update = given._update
    given._update = lambda token: (touched.append(token), update(token))[1]  # type: ignore[func-returns-value,method-assign]
    for token in range(30):
        given.accept(token)
    assert len(touched) <= 2 * 30


def test_the_penalties_count_generated_tokens_only() -> None:
    given = chooser([5, 5, 5], presence_penalty=0.5, frequency_penalty=0.25)
    assert given.entries() == []
    given.accept(5)
    assert given.entries() == [(5, 1.0, -0.75)]
    given.accept(5)
    assert given.entries() == [(5, 1.0, -1.0)]


# --- log probabilities ---


@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0, 1e4])
def test_logprobs_are_the_softmaxs(scale: float) -> None:
    rng = np.random.default_rng(1)
    logits = (rng.standard_normal(5000) * scale).astype(np.float32)
    exact = logits.astype(np.float64)
    exact -= exact.max()
    exact -= np.log(np.exp(exact).sum())
    found = logprobs_of(77, logits, 20)
    best = np.argsort(-logits, kind="stable")[:20].tolist()
    assert [token for token, _ in found.top] == best
    given = [found.chosen, *(value for _, value in found.top)]
    # A subtraction and an exponential in float32, of numbers up to that large.
    allowed = 2.0**-23 * (1 + np.abs(exact[[77, *best]]))
    assert (np.abs(np.array(given) - exact[[77, *best]]) <= allowed).all()


def test_equal_logits_come_by_their_ids() -> None:
    logits = np.zeros(40, np.float32)
    logits[[7, 30]] = 1
    found = logprobs_of(3, logits, 5)
    assert [token for token, _ in found.top] == [7, 30, 0, 1, 2]
    assert logprobs_of(3, logits, 0).top == ()
    assert len(logprobs_of(0, logits[:3], 20).top) == 3


@pytest.mark.parametrize("size", [1, 63, 64, 65, 1279, 1280, 1281, 6400, 49152])
def test_the_largest_are_found_wherever_they_are(size: int) -> None:
    rng = np.random.default_rng(size)
    for values in (
        rng.integers(-3, 4, size).astype(np.float32),  # many equal ones
        np.arange(size, dtype=np.float32),
        -np.arange(size, dtype=np.float32),
        np.zeros(size, np.float32),
        np.where(np.arange(size) % 64 < 20, 1, -np.inf).astype(np.float32),
    ):
        for count in (1, 5, 20):
            found = [token for token, _ in logprobs_of(0, values, count).top]
            assert found == np.argsort(-values, kind="stable")[:count].tolist()


def test_a_token_that_cannot_be() -> None:
    logits = np.array([0, -np.inf, 0], np.float32)
    found = logprobs_of(1, logits, 3)
    assert found.chosen == -np.inf
    assert found.top == ((0, -np.log(2)), (2, -np.log(2)), (1, -np.inf))


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_logits_that_are_none(wrong: float) -> None:
    logits = np.zeros(8, np.float32)
    logits[5] = wrong
    with pytest.raises(zcwasm.Error, match="no probabilities"):
        logprobs_of(0, logits, 1)


def test_a_chooser_says_whether_it_needs_them() -> None:
    assert not chooser().wants_logits
    given = chooser(logprobs=0)
    assert given.wants_logits
    assert given.logprobs(1, np.zeros(4, np.float32)) == (-np.log(4), ())


def test_how_often_tokens_are_counted() -> None:
    """The window of a long generation is what a Counter of its tokens says."""
    given = chooser([1, 2, 3], Sampling(repetition_penalty=2.0, repetition_window=4))
    seen = [1, 2, 3]
    for token in np.random.default_rng(2).integers(0, 6, 500).tolist():
        given.accept(token)
        seen.append(token)
        assert given._window_counts == Counter(seen[-4:])


# --- what the guest makes of it ---


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> llm.Model:
    pytest.importorskip("tokenizers", reason="zcwasm[llm] is not installed")
    path = tmp_path_factory.mktemp("choices") / "tiny.gguf"
    path.write_bytes(model_files.model(model_files.llama_metadata(), model_files.llama_tensors()))
    return llm.Model.open(path, zcwasm.Device("cpu", threads=1))


@pytest.mark.parametrize(
    "sampling",
    [
        {"repetition_penalty": 1.5},
        {"repetition_penalty": 4.0, "repetition_window": 3},
        {"repetition_penalty": 3.0, "temperature": 1.5, "seed": 7},
        {"repetition_penalty": 2.0, "repetition_window": 9, "temperature": 3.0, "seed": 8, "top_p": 0.9},
    ],
)
def test_the_repetition_penalty_is_a_sessions(model: llm.Model, sampling: dict[str, Any]) -> None:
    prompts = [[5, 6, 7, 5], [9] * 12, list(range(3, 40))]
    options: Any = {"max_new_tokens": 40, "ignore_eos": True, **sampling}
    with model.session(context=128) as session:
        wanted = [[token.id for token in session.generate(prompt, **options)] for prompt in prompts]
        other = {**options, "repetition_penalty": 1.0}
        plain = [[token.id for token in session.generate(prompt, **other)] for prompt in prompts]
    with model.batcher(sequences=3, context=128) as batcher:
        streams = [batcher.submit(prompt, **options) for prompt in prompts]
        assert [stream.result().ids for stream in streams] == wanted
    assert plain != wanted


@pytest.mark.parametrize(
    "choices",
    [
        {"frequency_penalty": 2.0},
        {"presence_penalty": 2.0},
        {"presence_penalty": -2.0, "frequency_penalty": 0.5},
        {"logit_bias": {77: 9.0, 78: 8.5, 79: -100.0}, "frequency_penalty": 1.0},
    ],
)
def test_choices_reach_the_tokens(model: llm.Model, choices: dict[str, Any]) -> None:
    """Greedy, so that NumPy says which tokens come; and how likely they were."""
    prompt, penalty, ids = [5, 6], 1.25, []
    options: Any = {"max_new_tokens": 25, "ignore_eos": True, "repetition_penalty": penalty}
    with model.batcher(sequences=2, context=64) as batcher:
        done = batcher.submit(prompt, logprobs=3, **choices, **options).result()
        plain = batcher.submit(prompt, **options).result()
    with model.session(context=64) as session:
        for likely in done.logprobs or ():
            logits = session.logits([*prompt, *ids]).astype(np.float64)
            for token, (p, add) in expected(
                prompt, ids, Sampling(repetition_penalty=penalty), Choices(**choices), len(logits)
            ).items():
                logits[token] = (logits[token] / p if logits[token] > 0 else logits[token] * p) + add
            ids.append(int(logits.argmax()))
            wanted = logprobs_of(ids[-1], session.logits([*prompt, *ids[:-1]]).copy(), 3)
            assert likely.chosen == pytest.approx(wanted.chosen, abs=1e-3)
            assert [token for token, _ in likely.top] == [token for token, _ in wanted.top]
    assert done.ids == ids
    assert len(ids) == 25
    assert ids != plain.ids


def test_a_bias_is_one_of_logits(model: llm.Model) -> None:
    """Not of logits that the temperature has divided: at 40, one of 100 is little."""
    options: Any = {"max_new_tokens": 60, "ignore_eos": True, "seed": 1, "logit_bias": {77: 100}}
    with model.batcher(sequences=2, context=128) as batcher:
        hot = batcher.submit([5, 6], temperature=40, **options)
        cold = batcher.submit([5, 6], temperature=1, **options)
        assert cold.result().ids == [77] * 60
        assert 0 < Counter(hot.result().ids)[77] < 30
