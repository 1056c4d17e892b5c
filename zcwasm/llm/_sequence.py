"""Sequence: one request to a batcher, as the batcher's thread has it: what it asks, what was computed of it,
which pages it has, and when it ends.

Threads: the caller's makes it, from then on the batcher's alone has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from zcwasm import _guest
from zcwasm.guests import layouts
from zcwasm.llm import _pages
from zcwasm.llm._engine import seeded
from zcwasm.llm._sampling import OPTIONS
from zcwasm.llm._stream import token_text
from zcwasm.llm._text import Text

if TYPE_CHECKING:
    from zcwasm.llm._choices import Chooser
    from zcwasm.llm._generation import Finish
    from zcwasm.llm._pages import Pages
    from zcwasm.llm._stream import Feed
    from zcwasm.llm._tokenizer import Tokenizer

_FIELDS = layouts.LLAMA_OUTPUT.names or ()
_SETTINGS = [name for name in OPTIONS if name in _FIELDS]


class Sequence:
    """One request, from when it waits to its end."""

    def __init__(
        self,
        feed: Feed,
        prompt: npt.NDArray[np.uint32],
        chooser: Chooser | None,
        rank: tuple[int, int],
        deadline: float,
        tokenizer: Tokenizer,
        page: int,
    ) -> None:
        """On the caller's thread."""
        request = feed.request
        assert request.settings is not None
        self.feed = feed
        self.prompt = prompt
        self.chooser = chooser
        self.rank = rank  # the smallest first
        self.deadline = deadline
        self.most = request.max_new_tokens
        self.stop_ids = request.stop_ids
        #: Finds stop strings; without any, only the reader makes text.
        self.text = Text(tokenizer.token_bytes, request.stop, request.hidden) if request.stop else None
        self.settings = np.zeros((), layouts.LLAMA_OUTPUT)
        values = {name: request.settings[name] for name in _SETTINGS}
        values["random"] = seeded(int(request.settings["seed"]))
        _guest.fill(self.settings, {**dict.fromkeys(_FIELDS, 0), **values})
        self.key = tuple(request.settings[name] for name in _SETTINGS)
        self.slot = -1  # of those that run; -1: it waits
        self.tokens = prompt  # what has to be computed before the next one can be chosen
        self.length = len(prompt)
        self.digests = _pages.digests(prompt, page)
        self.computed = 0  # tokens whose keys and values are in its pages
        self.pages: list[int] = []
        self.preempted = False
        self.stepped = 0  # number of the last step that it had a row in
        self.admitted = self.first_token = 0.0

    @property
    def decodes(self) -> bool:
        return self.computed >= self.length

    def keep(self, pages: Pages) -> None:
        """What is computed of it may be found."""
        tokens, full = self._so_far()[: self.computed], self.computed // pages.page
        self.digests = _pages.digests(tokens, pages.page, self.digests[:full])
        pages.keep(tokens, self.pages, self.digests)

    def begin_again(self, page: int) -> None:
        """It has no pages any more: what it said is computed as a part of its prompt."""
        self.tokens = self._so_far()
        self.length = len(self.tokens)
        self.digests = _pages.digests(self.tokens, page, self.digests)
        self.computed = 0
        self.preempted = True

    def _so_far(self) -> npt.NDArray[np.uint32]:
        return np.concatenate([self.prompt, np.array(self.feed.ids, np.uint32)])

    def finish_with(self, token: int) -> Finish | None:
        """Why it ends with this token; None: it goes on."""
        feed, text = self.feed, self.text
        if text is not None:
            token_text(text, feed.request, token)
        if token in self.stop_ids or (text is not None and text.stopped):
            return "stop"
        if feed.cancelled:
            return "cancelled"
        return "length" if len(feed.ids) + 1 == self.most else None
