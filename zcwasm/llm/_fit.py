"""What of a conversation or a prompt stays when the context has no room for all of it: the caller's choice.

Sessions and batchers call this before anything is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

import zcwasm
from zcwasm import _arguments
from zcwasm._extras import needed_for

if TYPE_CHECKING:
    from zcwasm.llm._model import Model

#: "error": a ContextError; "keep_ends": the beginning and the newest stay.
ContextPolicy = Literal["error", "keep_ends"]

Words = npt.NDArray[np.uint32]

_FREE = 4  # a part of the context: what stays free for an answer of any length; what stays of a beginning


class ContextError(zcwasm.Error):
    """A prompt, or what is to follow it, does not fit the context of a session, or of a batcher's request."""


def check_policy(policy: object) -> ContextPolicy:
    if policy == "error":
        return "error"
    if policy == "keep_ends":
        return "keep_ends"
    if not isinstance(policy, str):
        raise TypeError(f"context_policy must be a str, not {type(policy).__name__}")
    raise ValueError(f"context_policy is {policy!r:.100}, must be 'error' or 'keep_ends'")


def most_tokens(context: int, max_new_tokens: int | None) -> int:
    """How many tokens a prompt may have under "keep_ends": so many that the answer has room, a quarter of the
    context where nothing says how long it becomes. At least one. Its last token need not be in the cache."""
    new = max(1, context // _FREE) if max_new_tokens is None else max_new_tokens
    return max(1, min(context, context + 1 - new))


def fit_ids(ids: Words, most: int, keep: int) -> Words:
    """At most `most` tokens: the first `keep`, which are fewer, and the newest."""
    if len(ids) <= most:
        return ids
    return np.concatenate([ids[:keep], ids[len(ids) - (most - keep) :]])


def fit_prompt(ids: Words, context: int, policy: object, keep: object, max_new_tokens: object) -> Words:
    """A prompt's ids; with "keep_ends" as many as fit the context. keep: of its beginning, a quarter of what
    fits if that is None."""
    if check_policy(policy) == "error":
        if keep is not None:
            raise ValueError("context_keep is for context_policy='keep_ends'")
        return ids
    most = most_tokens(context, _new_tokens(max_new_tokens))
    return fit_ids(
        ids, most, most // _FREE if keep is None else _arguments.whole("context_keep", keep, 0, most - 1)
    )


def _new_tokens(max_new_tokens: object) -> int | None:
    return None if max_new_tokens is None else _arguments.whole("max_new_tokens", max_new_tokens, 1, 2**31)


def fit_messages(
    messages: Sequence[Mapping[str, Any]],
    encode: Callable[[Sequence[Mapping[str, Any]]], list[int]],
    most: int,
) -> list[int]:
    """The ids of the conversation, or of as much of it as has at most `most`: what comes before the first
    user's message, such as the system's, and the newest turns. A turn is a user's message with all that
    follows until the next one: answers, calls of tools, and what these gave. It stays or goes as a whole.

    Raises ContextError where not even the last turn fits.
    """
    ids = encode(messages)
    if len(ids) <= most:
        return ids
    starts = [at for at, message in enumerate(messages) if message["role"] == "user"]
    head = messages[: starts[0]] if starts else messages
    best: list[int] | None = None
    # The first turn that stays is between these; the fewer turns, the fewer tokens.
    low, high = 1, len(starts) - 1
    while low <= high:
        middle = (low + high) // 2
        ids = encode([*head, *messages[starts[middle] :]])
        if len(ids) <= most:
            best, high = ids, middle - 1
        else:
            low = middle + 1
    if best is None:
        raise ContextError(
            f"the conversation's beginning and its last turn have {len(ids)} tokens, there is room for {most}"
        )
    return best


def chat_ids(
    model: Model,
    messages: Sequence[Mapping[str, Any]],
    tools: Sequence[Mapping[str, Any]] | None = None,
    *,
    context: int = 0,
    policy: object = "error",
    max_new_tokens: object = None,
) -> list[int]:
    """The ids of a conversation by the model's template; with "keep_ends" as many as fit the context. Raises
    what _chat.encode and fit_messages raise."""
    from zcwasm.llm import _chat

    def encode(some: Sequence[Mapping[str, Any]]) -> list[int]:
        return _chat.encode(model.weights.metadata, model.tokenizer, some, tools)

    wanted = check_policy(policy)
    new = _new_tokens(max_new_tokens)
    with needed_for("zcwasm.llm"):
        if wanted == "error":
            return encode(messages)
        return fit_messages(messages, encode, most_tokens(context, new))
