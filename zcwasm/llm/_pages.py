"""The pages of a batch's cache: who has which, and which hold a beginning that is known.

A page has room for the keys and values of so many tokens. Sequences share a full page that begins as theirs
do: it counts how many have it. A full page's tokens, and all that come before them, have a digest, under
which it is found. One that no sequence has is kept as long as there is another one to hand out; then the one
goes that was released first.

A page is in one of three places: some sequences have it, or it is kept under its digest, or it is free. What
lies in the pages is the engine's; nothing here touches it.

Threads: one at a time.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

import zcwasm


class NoPages(zcwasm.Error):
    """All pages are some sequence's."""


def digests(
    tokens: Sequence[int] | npt.NDArray[np.uint32], page: int, before: Sequence[bytes] = ()
) -> list[bytes]:
    """Of every full page of tokens, each with all that come before it. before: those that are known."""
    words = np.asarray(tokens, "<u4")
    found = list(before)
    last = found[-1] if found else b"zcwasm page 1\0"
    for start in range(len(found) * page, len(words) - page + 1, page):
        # A wrong one would show a caller what another one said: no two beginnings have the same.
        last = hashlib.blake2b(last + words[start : start + page].tobytes(), digest_size=32).digest()
        found.append(last)
    return found


class Pages:
    """So many pages, for so many tokens each."""

    def __init__(self, count: int, page: int) -> None:
        self.count = count
        self.page = page
        self._users = [0] * count  # sequences that have the page
        self._free = list(range(count - 1, -1, -1))  # the lowest first, so that memory is taken as it is used
        self._kept: OrderedDict[int, None] = OrderedDict()  # found by digest, nobody's; the first goes first
        self._by_digest: dict[bytes, int] = {}
        self._digest_of: dict[int, bytes] = {}

    @property
    def free(self) -> int:
        """How many allocate() has, those included that are only kept."""
        return len(self._free) + len(self._kept)

    @property
    def used(self) -> int:
        """How many some sequence has."""
        return self.count - self.free

    def allocate(self) -> int:
        """A page of one's own. Raises NoPages."""
        if self._free:
            page = self._free.pop()
        elif self._kept:
            page, _ = self._kept.popitem(last=False)
            del self._by_digest[self._digest_of.pop(page)]
        else:
            raise NoPages(f"all {self.count} pages of the cache are in use")
        self._users[page] = 1
        return page

    def share(self, page: int) -> None:
        """One more sequence has the page, which another one has, or which is kept."""
        if not self._users[page]:
            del self._kept[page]
        self._users[page] += 1

    def release(self, page: int) -> None:
        """One sequence less has the page. Of several pages, the last first: what others begin with is longest
        kept then."""
        if not self._users[page]:
            raise ValueError(f"page {page} is nobody's")
        self._users[page] -= 1
        if self._users[page]:
            return
        if page in self._digest_of:
            self._kept[page] = None
        else:
            self._free.append(page)

    def release_all(self, pages: Sequence[int]) -> None:
        for page in reversed(pages):
            self.release(page)

    def find(
        self,
        tokens: Sequence[int] | npt.NDArray[np.uint32],
        known: Sequence[bytes] | None = None,
    ) -> list[int]:
        """Full pages that hold the longest beginning of tokens, but not the last token: one is left to be
        computed, which tells what follows. They are the caller's now, too. known: digests(tokens)."""
        found: list[int] = []
        for digest in known if known is not None else digests(tokens, self.page):
            page = self._by_digest.get(digest)
            if page is None or (len(found) + 1) * self.page >= len(tokens):
                break
            self.share(page)
            found.append(page)
        return found

    def keep(
        self,
        tokens: Sequence[int] | npt.NDArray[np.uint32],
        pages: Sequence[int],
        known: Sequence[bytes] | None = None,
    ) -> None:
        """These pages, which the caller has, hold these tokens: the full ones may be found from now on. A
        beginning that is there already stays where it is. known: digests of the tokens, or of more."""
        full = len(tokens) // self.page
        if known is None:
            known = digests(tokens, self.page)
        for digest, page in zip(known[:full], pages, strict=False):
            if digest not in self._by_digest and page not in self._digest_of:
                self._by_digest[digest] = page
                self._digest_of[page] = digest

    def forget(self) -> None:
        """No page is found any more, such as when nobody knows what lies in them."""
        self._by_digest.clear()
        self._digest_of.clear()
        self._free.extend(reversed(self._kept))
        self._kept.clear()

    def check(self) -> None:
        """Raises AssertionError where a page is in no place or in two. For tests."""
        users = {page for page in range(self.count) if self._users[page]}
        free, kept = set(self._free), set(self._kept)
        assert all(number >= 0 for number in self._users)
        assert len(free) == len(self._free)
        assert users | free | kept == set(range(self.count))
        assert len(users) + len(free) + len(kept) == self.count
        assert {page: digest for digest, page in self._by_digest.items()} == self._digest_of
        assert kept <= self._digest_of.keys()
        assert not free & self._digest_of.keys()
