"""Model.generate_many: a batcher that is kept busy with prompts, however many there are.

Threads: the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sized
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import zcwasm
from zcwasm import _arguments
from zcwasm._extras import needed_for

if TYPE_CHECKING:
    from zcwasm.llm._batcher import Batcher
    from zcwasm.llm._model import Model
    from zcwasm.llm._stream import Completion, Stream

_SEQUENCES = 32
# Requests that are there at once, for each sequence: enough that one long answer, for which those behind it are
# held, leaves the others something to do.
_AHEAD = 8

Progress = Callable[[int, "int | None"], object]


def generate(
    model: Model,
    prompts: Iterable[Any],
    chat: object,
    as_completed: object,
    progress: Progress | bool | None,
    sequences: int | None,
    options: Mapping[str, Any],
) -> Generator[Completion]:
    """Checks arguments at once."""
    total = len(prompts) if isinstance(prompts, Sized) else None
    if isinstance(prompts, (str, bytes)) or not isinstance(prompts, Iterable):
        raise TypeError(f"prompts must be prompts one after the other, not {type(prompts).__name__}")
    if not (progress is None or isinstance(progress, bool) or callable(progress)):
        raise TypeError(f"progress must be a function or a bool, not {type(progress).__name__}")
    count = _arguments.whole("sequences", _SEQUENCES if sequences is None else sequences, 1, 1024)
    if sequences is None and total is not None:
        count = max(1, min(count, total))
    flags = _arguments.flag("chat", chat), _arguments.flag("as_completed", as_completed)
    return _generate(model, prompts, *flags, progress, total, count, dict(options))


def _generate(
    model: Model,
    prompts: Iterable[Any],
    chat: bool,
    as_completed: bool,
    progress: Progress | bool | None,
    total: int | None,
    sequences: int,
    options: dict[str, Any],
) -> Generator[Completion]:
    with model.batcher(sequences=sequences) as batcher:
        told = _bar(total) if progress is True else progress or (lambda done, total: None)
        try:
            for done, completion in enumerate(_completions(batcher, prompts, chat, as_completed, options), 1):
                told(done, total)
                yield completion
        finally:
            close = getattr(told, "close", None)
            if progress is True and close is not None:
                close()


def _completions(
    batcher: Batcher, prompts: Iterable[Any], chat: bool, as_completed: bool, options: dict[str, Any]
) -> Generator[Completion]:
    ended: SimpleQueue[int] = SimpleQueue()  # indices of streams
    streams: dict[int, Stream] = {}  # whose completions were not given out
    coming = enumerate(prompts)
    next_one = 0
    while True:
        while len(streams) < _AHEAD * batcher.sequences:
            found = next(coming, None)
            if found is None:
                break
            index, prompt = found
            streams[index] = _submit(batcher, index, prompt, chat, options)
            streams[index]._call_when_done(lambda index=index: ended.put(index))
        if not streams:
            return
        index = ended.get() if as_completed else next_one
        stream = streams[index]
        stream.result()
        yield streams.pop(index)._completion(index)
        next_one += 1


def _submit(batcher: Batcher, index: int, prompt: Any, chat: bool, options: dict[str, Any]) -> Stream:
    try:
        return batcher.chat(prompt, **options) if chat else batcher.submit(prompt, **options)
    except (zcwasm.llm.ContextError, ValueError, TypeError) as error:
        if type(error) in (zcwasm.llm.ContextError, ValueError, TypeError):
            raise type(error)(f"prompt {index}: {error}") from None
        raise


class _Bar:
    """Shows how far it is."""

    def __init__(self, total: int | None) -> None:
        with needed_for("progress=True"):
            from tqdm import tqdm
        self._bar = tqdm(total=total, unit="prompt")

    def __call__(self, done: int, total: int | None) -> None:
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        self._bar.close()


_bar = _Bar
