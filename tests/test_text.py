"""Tokens become text: whole characters, and nothing of a stop string, whatever their number."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Sequence

import fake_engine
import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from zcwasm.llm import _text
from zcwasm.llm._text import Stops, Text

HIDDEN = 0  # of the words below


def first_of(stops: Sequence[str], text: str) -> int | None:
    """Where the first stop string begins, by looking for each."""
    return min((at for at in map(text.find, stops) if at >= 0), default=None)


def held_back(stops: Sequence[str], text: str) -> int:
    return max((n for stop in stops for n in range(1, len(stop)) if text.endswith(stop[:n])), default=0)


_WORDS = st.lists(st.text("ab\0é", min_size=1, max_size=5), min_size=1, max_size=6)


@settings(max_examples=300, deadline=None)
@given(_WORDS, _WORDS, st.lists(st.integers(0, 5), max_size=30))
def test_stops_are_those_that_are_found_one_by_one(
    stops: list[str], words: list[str], tokens: list[int]
) -> None:
    text = Text(lambda token: words[token].encode(), Stops(stops), frozenset([HIDDEN]))
    pending = ""
    for token in (each % len(words) for each in tokens):
        word = words[token]
        first = first_of(stops, pending + word)
        text.add(token)
        assert text.stopped == (first is not None)
        pending += "" if token == HIDDEN else word
        if first is not None:
            assert text.take() + text.rest() == pending[:first]
            return
        keep = held_back(stops, pending)
        assert text.take() == pending[: len(pending) - keep]
        pending = pending[len(pending) - keep :]
    assert text.rest() == pending


def test_characters_in_pieces() -> None:
    data = "über".encode()
    text = Text(lambda token: data[token : token + 1], Stops(["be"]), frozenset())
    said = ""
    for token in range(len(data)):
        text.add(token)
        if text.stopped:
            break
        said += text.take()
    assert said + text.rest() == "ü"


def test_many_stops_cost_no_more_than_one() -> None:
    def seconds(stops: list[str]) -> float:
        compiled = Stops(stops)
        best = 1.0
        for _ in range(5):
            text = Text(lambda _: b"and so on ", compiled, frozenset())
            begin = time.perf_counter()
            for _ in range(200):
                text.add(1)
                text.take()
            best = min(best, time.perf_counter() - begin)
        return best

    many = [f"z{at:x}" for at in range(10_000)]
    assert seconds(many) < 20 * seconds(["z0"])  # it was 10,000 times as much


def test_the_same_text_over_and_over() -> None:
    """Of what falls back at every character."""
    stops = Stops(["a" * 3000 + "b", "a" * 2000 + "c"])
    begin = time.perf_counter()
    _, first = stops.scan(0, "a" * 50_000 + "c")
    assert first == 48_000
    assert time.perf_counter() - begin < 2


@pytest.mark.parametrize("char", ["a", "\0", "\U0010ffff"])
def test_stops_take_few_bytes_for_a_character(char: str) -> None:
    tracemalloc.start()
    try:
        stops = Stops([char * 5000, char * 2000 + "b"])
        assert tracemalloc.get_traced_memory()[0] < 40 * 5000
    finally:
        tracemalloc.stop()
    assert stops.scan(0, "c" + char * 5001)[1] == 1


def test_answers_to_one_request_share_their_stops() -> None:
    with fake_engine.batcher() as batcher:
        one, other = (batcher.submit([5], stop=["a", "bc"], max_new_tokens=2) for _ in range(2))
        assert one._feed.request.stop is other._feed.request.stop


def test_how_long_stops_may_be() -> None:
    most = _text.MOST_STOP_CHARACTERS
    Stops(["a" * most])
    with pytest.raises(ValueError, match=f"stop has {most + 1} characters in all, more than {most}"):
        Stops(["a" * most, "b"])
    with pytest.raises(ValueError, match="empty"):
        Stops(["a", ""])
