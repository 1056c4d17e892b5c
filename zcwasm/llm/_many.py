"""Model.generate_many: a batcher that is kept busy with prompts, however many there are.

Threads: the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sized
from dataclasses import replace
from functools import partial
from itertools import count, islice
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from zcwasm import _arguments
from zcwasm._extras import needed_for
from zcwasm.llm._fit import ContextError

if TYPE_CHECKING:
    from zcwasm.llm._batcher import Batcher
    from zcwasm.llm._model import Model
    from zcwasm.llm._stream import Completion, Stream

_SEQUENCES = 32
_ROWS = 512  # of a step, or as many as sequences
# Requests that are there at once, for each sequence: enough that one long answer, for which those behind it
# are held, leaves the others something to do.
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
    together = _arguments.whole("sequences", _SEQUENCES if sequences is None else sequences, 1, 1024)
    if sequences is None and total is not None:
        together = max(1, min(together, total))
    flags = _arguments.flag("chat", chat), _arguments.flag("as_completed", as_completed)
    return _generate(model, prompts, *flags, progress, total, together, dict(options))


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
    bar = _Bar(total) if progress is True else None
    tell = bar or progress or None
    try:
        with model.batcher(sequences=sequences, rows=max(_ROWS, sequences)) as batcher:
            for done, completion in enumerate(_completions(batcher, prompts, chat, as_completed, options), 1):
                if callable(tell):
                    tell(done, total)
                yield completion
    finally:
        if bar:
            bar.close()


def _completions(
    batcher: Batcher, prompts: Iterable[Any], chat: bool, as_completed: bool, options: dict[str, Any]
) -> Generator[Completion]:
    ended: SimpleQueue[int] = SimpleQueue()  # indices of streams
    streams: dict[int, Stream] = {}  # whose completions were not given out
    coming = enumerate(prompts)
    for given_out in count():
        for index, prompt in islice(coming, _AHEAD * batcher.sequences - len(streams)):
            stream = streams[index] = _submit(batcher, index, prompt, chat, options)
            if as_completed:
                stream._call_when_done(partial(ended.put, index))
        if not streams:
            return
        index = ended.get() if as_completed else given_out
        yield replace(streams.pop(index).result(), index=index)


def _submit(batcher: Batcher, index: int, prompt: Any, chat: bool, options: dict[str, Any]) -> Stream:
    try:
        return batcher.chat(prompt, **options) if chat else batcher.submit(prompt, **options)
    except (ContextError, ValueError, TypeError) as error:
        if type(error) not in (ContextError, ValueError, TypeError):
            raise
        raise type(error)(f"prompt {index}: {error}") from None


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
