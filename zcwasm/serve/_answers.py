"""What answers look like: OpenAI's objects, made of what the batcher gives. Pure functions.

A streamed answer is a sequence of events, each an object as text behind "data: ". They are made once for each
token, so what is the same in all of a choice's is put together once.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zcwasm.llm._choices import Logprobs
    from zcwasm.llm._tokenizer import Tokenizer

DONE = b"data: [DONE]\n\n"
_LEAST = -9999.0  # JSON has no -inf; OpenAI's interface says this


# Ends of lines to many readers of events, though the standard for events does not say so.
_LINES = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def dump(value: Any) -> str:
    """On one line."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if text.isascii() else text.translate(_LINES)


def dump_in_pieces(value: Any, depth: int) -> str:
    """The same, each item of the first levels by itself: for what is long and made on a thread, since no
    other thread runs while json makes a text."""
    if depth and isinstance(value, dict):
        members = [f"{dump(name)}:{dump_in_pieces(each, depth - 1)}" for name, each in value.items()]
        return "{" + ",".join(members) + "}"
    if depth and isinstance(value, list):
        return "[" + ",".join([dump_in_pieces(each, depth - 1) for each in value]) + "]"
    return dump(value)


def event(value: Any) -> bytes:
    return f"data: {dump(value)}\n\n".encode()


@dataclass
class Answer:
    """What all parts of an answer say of it."""

    kind: str  # "chat.completion" or "text_completion"
    model: str
    id: str = field(init=False)
    created: int = field(default_factory=lambda: int(time.time()))

    def __post_init__(self) -> None:
        self.id = ("chatcmpl-" if self.chat else "cmpl-") + secrets.token_hex(12)

    @property
    def chat(self) -> bool:
        return self.kind == "chat.completion"

    def whole(self, choices: list[dict[str, Any]], usage: dict[str, Any]) -> dict[str, Any]:
        """The answer that is not streamed."""
        return {**self._head(self.kind), "choices": choices, "usage": usage}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}

    def _chunk(self) -> dict[str, Any]:
        return self._head("chat.completion.chunk" if self.chat else self.kind)

    def event(self, index: int, delta: dict[str, Any], finish: str | None = None) -> bytes:
        """An event of a chat's choice."""
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
        return event({**self._chunk(), "choices": [choice]})

    def text_ends(self, index: int) -> tuple[str, str, str]:
        """What stands before the text of a choice in its event, between that and its log probabilities, and
        behind them."""
        head = dump({**self._chunk(), "choices": []})[:-3]
        if self.chat:
            return (
                f'data: {head}[{{"index":{index},"delta":{{"content":',
                '},"logprobs":',
                ',"finish_reason":null}]}\n\n',
            )
        return f'data: {head}[{{"index":{index},"text":', ',"logprobs":', ',"finish_reason":null}]}\n\n'

    def last(self, index: int, finish: str) -> bytes:
        """The event that says why a choice ended."""
        if self.chat:
            return self.event(index, {}, finish)
        choice = {"index": index, "text": "", "logprobs": None, "finish_reason": finish}
        return event({**self._chunk(), "choices": [choice]})

    def usage_event(self, usage: dict[str, Any]) -> bytes:
        return event({**self._chunk(), "choices": [], "usage": usage})


def usage_of(usages: Sequence[Any], choices: int) -> dict[str, Any]:
    """Of all choices of all prompts (Batcher's Usage); a prompt counts once, however many its choices are."""
    prompts = usages[::choices]
    prompt = sum(each.prompt_tokens for each in prompts)
    new = sum(each.generated_tokens for each in usages)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": new,
        "total_tokens": prompt + new,
        "prompt_tokens_details": {"cached_tokens": sum(each.reused_tokens for each in prompts)},
    }


def tool_call(name: str, arguments: str) -> dict[str, Any]:
    return {
        "id": "call_" + secrets.token_hex(12),
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }


# --- log probabilities ---


def _logprob(value: float) -> float:
    return float(value) if value > _LEAST else _LEAST  # also of NaN, which a broken model's may be


def _named(tokenizer: Tokenizer, token: int, value: float) -> dict[str, Any]:
    data = tokenizer.token_bytes(token)
    return {
        "token": data.decode("utf-8", "replace"),
        "logprob": _logprob(value),
        "bytes": list(data),
    }


def chat_logprobs(tokenizer: Tokenizer, tokens: Iterable[tuple[int, Logprobs]]) -> dict[str, Any]:
    content = [
        {
            **_named(tokenizer, token, likely.chosen),
            "top_logprobs": [_named(tokenizer, each, value) for each, value in likely.top],
        }
        for token, likely in tokens
    ]
    return {"content": content, "refusal": None}


def chat_logprobs_text(tokenizer: Tokenizer, tokens: Iterable[tuple[int, Logprobs]]) -> str:
    """dump(chat_logprobs(...)), in a fifth of the time: the event loop makes it for each token."""
    content = []
    for token, likely in tokens:
        head, tail = _around(tokenizer.token_bytes(token))
        top = []
        for each, value in likely.top:
            before, behind = _around(tokenizer.token_bytes(each))
            top.append(f"{before}{_logprob(value)!r}{behind}}}")
        content.append(f'{head}{_logprob(likely.chosen)!r}{tail},"top_logprobs":[{",".join(top)}]}}')
    return f'{{"content":[{",".join(content)}],"refusal":null}}'


@lru_cache(1 << 14)
def _around(data: bytes) -> tuple[str, str]:
    """What stands around a token's log probability."""
    text = dump(data.decode("utf-8", "replace"))
    return f'{{"token":{text},"logprob":', f',"bytes":{dump(list(data))}'


def text_logprobs(
    tokenizer: Tokenizer, tokens: Iterable[tuple[int, Logprobs]], offset: int = 0
) -> dict[str, Any]:
    """offset: how much text there was before."""
    found: dict[str, list[Any]] = {"tokens": [], "token_logprobs": [], "top_logprobs": [], "text_offset": []}
    for token, likely in tokens:
        text = _text(tokenizer, token)
        found["tokens"].append(text)
        found["token_logprobs"].append(_logprob(likely.chosen))
        found["top_logprobs"].append({_text(tokenizer, each): _logprob(value) for each, value in likely.top})
        found["text_offset"].append(offset)
        offset += len(text)
    return found


def _text(tokenizer: Tokenizer, token: int) -> str:
    return tokenizer.token_bytes(token).decode("utf-8", "replace")
