"""Pages of a batch's cache: who has them, and that none is ever lost or in two places."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from zcwasm.llm._pages import NoPages, Pages, digests

PAGE = 4


def full(tokens: list[int], pages: Pages) -> list[int]:
    """Pages for all of the tokens, as a sequence takes them; those that are found first."""
    have = pages.find(tokens)
    return have + [pages.allocate() for _ in range(-(-len(tokens) // PAGE) - len(have))]


def test_the_lowest_pages_go_first() -> None:
    pages = Pages(3, PAGE)
    assert [pages.allocate() for _ in range(3)] == [0, 1, 2]
    assert (pages.free, pages.used) == (0, 3)
    with pytest.raises(NoPages, match="all 3 pages of the cache are in use"):
        pages.allocate()
    pages.release(1)
    assert (pages.free, pages.used) == (1, 2)
    assert pages.allocate() == 1


def test_a_page_that_is_nobodys_is_not_released() -> None:
    pages = Pages(2, PAGE)
    page = pages.allocate()
    pages.share(page)
    pages.release(page)
    pages.release(page)
    with pytest.raises(ValueError, match=f"page {page} is nobody's"):
        pages.release(page)
    pages.check()


def test_a_beginning_is_found_while_others_have_it_and_when_nobody_has() -> None:
    pages = Pages(8, PAGE)
    tokens = list(range(10))  # two full pages, and one that is not
    mine = full(tokens, pages)
    assert pages.find(tokens) == []  # nobody has said that they hold anything
    pages.keep(tokens, mine)
    assert pages.find([*tokens, 11]) == mine[:2]
    assert pages.used == 3
    pages.release_all(mine[:2])
    pages.release_all(mine)
    assert (pages.used, pages.free) == (0, 8)
    assert pages.find(tokens) == mine[:2]
    assert pages.find([*tokens[:4], 99, *tokens[5:]]) == mine[:1]
    assert pages.find([99, *tokens[1:]]) == []
    pages.check()


@pytest.mark.parametrize(("count", "found"), [(1, 0), (4, 0), (5, 1), (8, 1), (9, 2), (10, 2)])
def test_the_last_token_is_left_to_be_computed(count: int, found: int) -> None:
    pages = Pages(8, PAGE)
    tokens = list(range(12))
    pages.keep(tokens, full(tokens, pages))
    assert len(pages.find(tokens[:count])) == found


def test_the_same_page_behind_another_beginning_is_another_one() -> None:
    pages = Pages(8, PAGE)
    same = [7] * 4
    first, second = [1] * 4 + same, [2] * 4 + same
    for tokens in (first, second):
        pages.keep(tokens, full(tokens, pages))
    assert pages.find([*first, 0])[1] != pages.find([*second, 0])[1]


def test_what_was_released_first_goes_first_and_beginnings_last() -> None:
    pages = Pages(4, PAGE)
    long, short = [1] * 12, [2] * 4
    for tokens in (long, short):
        mine = full(tokens, pages)
        pages.keep(tokens, mine)
        pages.release_all(mine)
    pages.release_all(pages.find([*long, 0]))  # used after `short`
    taken = [pages.allocate()]
    assert pages.find([*short, 0]) == []
    taken.append(pages.allocate())  # of `long` the end
    found = pages.find([*long, 0])
    assert len(found) == 2
    pages.release_all(found + taken)
    pages.check()


def test_two_that_computed_the_same_keep_it_once() -> None:
    pages = Pages(8, PAGE)
    tokens = list(range(4))
    first, second = [pages.allocate()], [pages.allocate()]
    pages.keep(tokens, first)
    pages.keep(tokens, second)
    assert pages.find([*tokens, 9]) == first
    pages.release_all(second)
    assert second[0] in pages._free
    pages.check()


def test_what_is_forgotten_is_not_found() -> None:
    pages = Pages(4, PAGE)
    tokens = list(range(8))
    mine = full(tokens, pages)
    pages.keep(tokens, mine)
    pages.release(mine.pop())
    pages.forget()
    pages.check()
    assert pages.find([*tokens, 1]) == []
    pages.release_all(mine)
    assert pages.free == 4
    pages.check()


def test_digests_go_on_from_those_that_are_known() -> None:
    tokens = np.arange(23, dtype=np.uint32)
    whole = digests(tokens, PAGE)
    assert len(whole) == len(set(whole)) == 5
    for known in range(6):
        assert digests(tokens, PAGE, whole[:known]) == whole
    assert digests(tokens.tolist(), PAGE) == whole
    assert digests([], PAGE) == []


class Sequences(RuleBasedStateMachine):
    """Sequences come, share, grow, are kept and go, in any order; what each page holds is written down, and a
    page that is found holds what it should."""

    sequences: Bundle[tuple[list[int], list[int]]] = Bundle("sequences")

    def __init__(self) -> None:
        super().__init__()
        self.pages = Pages(9, PAGE)
        self.holds: dict[int, list[int]] = {}  # page: all tokens up to its end
        self.users: dict[int, int] = dict.fromkeys(range(9), 0)

    def write(self, tokens: list[int], pages: list[int], first: int) -> None:
        for at in range(first, len(pages)):
            self.holds[pages[at]] = tokens[: (at + 1) * PAGE]

    def take(self) -> int:
        page = self.pages.allocate()
        assert self.users[page] == 0, "a page that somebody has"
        self.users[page] = 1
        return page

    @rule(target=sequences, tokens=st.lists(st.integers(0, 1), min_size=1, max_size=24))
    def begin(self, tokens: list[int]) -> tuple[list[int], list[int]]:
        pages = self.pages.find(tokens)
        for at, page in enumerate(pages):
            assert self.holds[page] == tokens[: (at + 1) * PAGE]
            self.users[page] += 1
        assert len(pages) * PAGE < len(tokens)
        found = len(pages)
        while len(pages) * PAGE < len(tokens):
            if not self.pages.free:
                self.release(pages)
                return [], []
            pages.append(self.take())
        self.write(tokens, pages, found)
        return tokens, pages

    @rule(target=sequences, sequence=consumes(sequences), more=st.integers(0, 1))
    def grow(self, sequence: tuple[list[int], list[int]], more: int) -> tuple[list[int], list[int]]:
        tokens, pages = sequence
        if not tokens or (len(tokens) % PAGE == 0 and not self.pages.free):
            return sequence
        if len(tokens) % PAGE == 0:
            pages.append(self.take())
        tokens = [*tokens, more]
        self.write(tokens, pages, len(pages) - 1)
        return tokens, pages

    @rule(sequence=sequences)
    def keep(self, sequence: tuple[list[int], list[int]]) -> None:
        self.pages.keep(*sequence)

    @rule(sequence=consumes(sequences))
    def end(self, sequence: tuple[list[int], list[int]]) -> None:
        self.release(sequence[1])

    @rule()
    def forget(self) -> None:
        self.pages.forget()

    def release(self, pages: list[int]) -> None:
        self.pages.release_all(pages)
        for page in pages:
            self.users[page] -= 1

    @invariant()
    def none_is_lost(self) -> None:
        self.pages.check()
        assert self.pages._users == list(self.users.values())
        assert self.pages.used == sum(map(bool, self.users.values()))


TestSequences = Sequences.TestCase
TestSequences.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@given(st.lists(st.integers(0, 255), max_size=40), st.lists(st.integers(0, 255), max_size=40))
@settings(max_examples=60, deadline=None)
def test_digests_are_the_same_where_beginnings_are(a: list[int], b: list[int]) -> None:
    for one, other, page in zip(digests(a, PAGE), digests(b, PAGE), range(10), strict=False):
        end = (page + 1) * PAGE
        assert (one == other) == (a[:end] == b[:end])
