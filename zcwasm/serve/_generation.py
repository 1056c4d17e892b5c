"""Text: requests become streams of a batcher, and streams become answers.

`begin` runs on a thread of the application's pool, since it reads JSON, renders templates, makes tokens of
text and compiles schemas, and so does `answer`, since log probabilities may be some hundred MB of JSON; all
else runs on the event loop and waits for nothing but streams and the client.
A stream that is not read to its end is cancelled, whatever happened.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

from zcwasm.llm import Constraint
from zcwasm.llm._constraint import UnusableError
from zcwasm.serve import _answers, _json, _requests, _tools
from zcwasm.serve._errors import RequestError, failed, find, invalid, not_again, refused
from zcwasm.serve._requests import Generation

if TYPE_CHECKING:
    from zcwasm.llm import Token
    from zcwasm.llm._batcher import Batcher
    from zcwasm.llm._choices import Logprobs
    from zcwasm.llm._stream import Completion, Stream

LOG = logging.getLogger("zcwasm.serve")
Kind = Literal["chat.completion", "text_completion"]
_AHEAD = 64  # tokens that wait for a client's connection, beside those that its stream holds
_AHEAD_LOGGED = 16  # the same with log probabilities, whose events take several times as long


@dataclass(eq=False)
class Running:
    """A request for text whose streams have begun: choice i of prompt p is stream p * choices + i."""

    asked: Generation
    answer: _answers.Answer
    batcher: Batcher
    streams: list[Stream]
    reader: _tools.Reader | None = None  # of tool calls in the text
    stopping: bool = field(default=False)  # cancelled by the server's own end

    def cancel(self) -> None:
        for stream in self.streams:
            stream.cancel()

    @property
    def tokenizer(self) -> Any:
        return self.batcher.model.tokenizer

    def ended(self, finish: str | None) -> str:
        """The reason of an end that is an answer's. Raises RequestError for others."""
        if finish == "deadline":
            raise not_again(504, "the answer took longer than this server allows", "deadline_exceeded")
        if finish not in ("stop", "length"):
            why = "the server is shutting down" if self.stopping else "the answer was cancelled"
            raise RequestError(503, why, code="cancelled")
        return finish


def begin(kind: Kind, body: bytes, batchers: Mapping[str, Batcher], deadline: float | None) -> Running:
    """Check a request and submit it. Raises RequestError."""
    read = _json.read(body)
    asked = _requests.chat(read) if kind == "chat.completion" else _requests.completion(read)
    batcher = find(batchers, asked.model)
    reader = _tools.Reader(batcher.model, asked) if asked.tools and asked.tool_choice != "none" else None
    running = Running(asked, _answers.Answer(kind, asked.model), batcher, [], reader)
    param = "messages" if kind == "chat.completion" else "prompt"
    try:
        submit = _submitter(batcher, asked, reader)
        options = {**asked.options, "deadline": deadline, "block": False}
        for prompt in asked.prompts or [""]:
            for index in range(asked.choices):
                seeded = {"seed": (options["seed"] + index) % 2**64} if "seed" in options else {}
                running.streams.append(submit(prompt, {**options, **seeded}))
    except BaseException as error:
        running.cancel()
        raise refused(error, _about(error, asked) or param) from error
    return running


def _about(error: BaseException, asked: Generation) -> str | None:
    """The field that an error is about, where it is one that only the model's numbers show to be wrong:
    errors of this package begin with an argument's name. None: all else."""
    if isinstance(error, UnusableError):
        return "tools" if asked.schema is None else "response_format"
    name = re.match(r"\w*", str(error)) if type(error) is ValueError else None
    return name[0] if name and name[0] in asked.options else None


def _submitter(
    batcher: Batcher, asked: Generation, reader: _tools.Reader | None
) -> Callable[[Any, dict[str, Any]], Stream]:
    if not asked.messages:
        return lambda prompt, options: batcher.submit(prompt, **options)
    more: dict[str, Any] = {} if reader is None else reader.options
    if asked.schema is not None:
        more["constraint"] = _constraint(asked.schema)
    return lambda _, options: batcher.chat(asked.messages, **options, **more)


def _constraint(schema: dict[str, Any]) -> Constraint:
    try:
        return Constraint.json_schema(schema)
    except (TypeError, ValueError) as error:
        raise invalid("response_format", str(error), "invalid_schema") from None


# --- answers in one piece ---


async def completions(running: Running) -> list[Completion]:
    """Raises RequestError."""
    try:
        return await asyncio.gather(*(stream.completion() for stream in running.streams))
    except Exception as error:
        known = failed(error)
        if known is None:
            raise
        raise known from error


def answer(running: Running, said: list[Completion]) -> bytes:
    """JSON. Raises RequestError."""
    choices = [_choice(running, index, each) for index, each in enumerate(said)]
    usage = _answers.usage_of([each.usage for each in said], running.asked.choices)
    # Down to the tokens of log probabilities.
    return _answers.dump_in_pieces(running.answer.whole(choices, usage), 5).encode()


def _choice(running: Running, index: int, completion: Completion) -> dict[str, Any]:
    finish = running.ended(completion.usage.finish)
    logprobs = None
    if completion.logprobs is not None:
        logprobs = _logprobs(running, zip(completion.ids, completion.logprobs, strict=True))
    if not running.answer.chat:
        return {"index": index, "text": completion.text, "logprobs": logprobs, "finish_reason": finish}
    message: dict[str, Any] = {"role": "assistant", "content": completion.text, "refusal": None}
    if running.reader is not None:
        text, calls = running.reader.read(completion.text)
        message["content"] = text
        if calls:
            message["content"] = text or None
            message["tool_calls"] = calls
            finish = "tool_calls" if finish == "stop" else finish
    return {"index": index, "message": message, "logprobs": logprobs, "finish_reason": finish}


def _logprobs(running: Running, tokens: Iterable[tuple[int, Logprobs]], offset: int = 0) -> dict[str, Any]:
    shown = _shown(running, tokens)
    if running.answer.chat:
        return _answers.chat_logprobs(running.tokenizer, shown)
    return _answers.text_logprobs(running.tokenizer, shown, offset)


def _shown(running: Running, tokens: Iterable[tuple[int, Logprobs]]) -> list[tuple[int, Logprobs]]:
    ends = running.tokenizer.stop_ids
    return [each for each in tokens if each[0] not in ends]


# --- streamed answers ---


async def events(running: Running, first: Callable[[float], None]) -> AsyncGenerator[bytes]:
    """The events of a streamed answer; several at once where several are there. first: told when the first
    token came."""
    voices = [_Voice(running, index) for index in range(len(running.streams))]
    began = [voice.begin() for voice in voices]
    if any(began):
        yield b"".join(began)
    waiting = len(voices)
    try:
        streams = running.streams
        most = _AHEAD_LOGGED if "logprobs" in running.asked.options else _AHEAD
        source = _one(streams[0], most) if len(streams) == 1 else _merged(streams, most)
        async with aclosing(source) as merged:
            async for items in merged:
                first(perf_counter())
                first = _nothing
                parts = []
                for index, item in items:
                    if isinstance(item, BaseException):
                        raise item
                    if item is None:
                        waiting -= 1
                        parts.append(voices[index].end())
                    else:
                        parts.append(voices[index].say(item))
                if any(parts):
                    yield b"".join(parts)
                if not waiting:
                    break
    except Exception as error:
        known = failed(error)
        if known is None:
            LOG.exception("a generation failed")
            known = RequestError(500, "the generation failed", code="failed")
        yield _answers.event(known.body())
        return
    if running.asked.include_usage:
        usages = [stream.usage for stream in running.streams]
        yield running.answer.usage_event(_answers.usage_of(usages, running.asked.choices))
    yield _answers.DONE


def _nothing(_: float) -> None:
    pass


class _Voice:
    """One choice of a streamed answer: its tokens become events."""

    def __init__(self, running: Running, index: int) -> None:
        self.running = running
        self.index = index
        self.ends = running.answer.text_ends(index)
        self.logprobs = "logprobs" in running.asked.options
        self.calls = None if running.reader is None else running.reader.begin()
        self.offset = 0

    def begin(self) -> bytes:
        if not self.running.answer.chat:
            return b""
        return self.running.answer.event(self.index, {"role": "assistant", "content": ""})

    def say(self, token: Token) -> bytes:
        text = token.text if self.calls is None else self.calls.add(token.text)
        if not text and not self.logprobs:
            return b""
        logprobs = "null"
        if self.logprobs and token.logprobs is not None:
            logged = [(token.id, token.logprobs)]
            if self.running.answer.chat:
                shown = _shown(self.running, logged)
                logprobs = _answers.chat_logprobs_text(self.running.tokenizer, shown)
            else:
                logprobs = _answers.dump(_logprobs(self.running, logged, self.offset))
                self.offset += len(token.text)
        return self._text(text, logprobs)

    def _text(self, text: str, logprobs: str = "null") -> bytes:
        head, middle, tail = self.ends
        return f"{head}{_answers.dump(text)}{middle}{logprobs}{tail}".encode()

    def end(self) -> bytes:
        finish = self.running.ended(self.running.streams[self.index].usage.finish)
        parts = []
        if self.calls is not None:
            text, calls = self.calls.end()
            if text:
                parts.append(self._text(text))
            for at, call in enumerate(calls):
                parts.append(self.running.answer.event(self.index, {"tool_calls": [{"index": at, **call}]}))
            if calls and finish == "stop":
                finish = "tool_calls"
        return b"".join([*parts, self.running.answer.last(self.index, finish)])


_Item = tuple[int, "Token | BaseException | None"]


async def _one(stream: Stream, most: int) -> AsyncGenerator[list[_Item]]:
    """As _merged, of one stream: without a task and a queue for each token."""
    items: list[_Item] = []
    read = 0
    async for token in stream:
        read += 1
        items.append((0, token))
        if read >= stream.usage.generated_tokens or len(items) == most:
            yield items
            items = []
            await asyncio.sleep(0)  # where more is there, neither that nor the client makes others' turn
    yield [*items, (0, None)]


async def _merged(streams: Sequence[Stream], most: int) -> AsyncGenerator[list[_Item]]:
    """What comes of all streams, as much at once as is there; None: the stream's end. While nobody takes it,
    no more than a few tokens are held here: the rest lies in the streams, which are bounded by the answer's
    length."""
    queue: asyncio.Queue[_Item] = asyncio.Queue(most)

    async def pump(index: int, stream: Stream) -> None:
        try:
            async for token in stream:
                await queue.put((index, token))
        except Exception as error:
            await queue.put((index, error))
        else:
            await queue.put((index, None))

    tasks = [asyncio.create_task(pump(index, stream)) for index, stream in enumerate(streams)]
    try:
        while True:
            items = [await queue.get()]
            while not queue.empty():
                items.append(queue.get_nowait())
            yield items
            await asyncio.sleep(0)
    finally:
        for task in tasks:
            task.cancel()
