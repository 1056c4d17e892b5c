"""Many requests at once: who is computed when, what becomes of it, and that nothing is left behind.

Most tests have an engine that computes a hash of all that a row sees (fake_engine.py). The last ones have the
real one, and compare with sessions.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import fake_engine
import numpy as np
import pytest
from fake_engine import STOP, VOCAB, answer, engine_of
from hypothesis import given, settings
from hypothesis import strategies as st
from models import real_model

import zcwasm
from zcwasm.llm import Batcher, BatcherStats, ContextError, QueueFullError, Stream, _rows
from zcwasm.llm._choices import Logprobs
from zcwasm.llm._constraint import Constraint
from zcwasm.llm._worker import Worker

Make = Callable[..., Batcher]


@pytest.fixture(params=["one by one", "ahead"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """Batchers with a fake engine, whose pages are looked at before each step, and when all is over; with and
    without steps ahead."""
    made: list[Batcher] = []

    def one(**numbers: int) -> Batcher:
        batcher = fake_engine.batcher(**{"ahead": request.param == "ahead", **numbers})
        engine_of(batcher).before = lambda step: batcher_pages(batcher)
        made.append(batcher)
        return batcher

    yield one
    for batcher in made:
        if not batcher.closed and engine_of(batcher).gate is None:  # else it waits, or the test has failed
            settle(batcher)
            batcher_pages(batcher)
            assert batcher.stats().pages_used == 0
        worker = batcher._worker
        batcher.close()
        assert not len(worker.schedule)
        assert worker.thread is None or not worker.thread.is_alive()
        assert engine_of(batcher).closed


def batcher_pages(batcher: Batcher) -> None:
    batcher._worker.schedule.pages.check()


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.001)


def settle(batcher: Batcher) -> None:
    """Until there is nothing to do."""
    worker = batcher._worker
    wait_for(lambda: not worker.schedule and not worker.flight and not batcher.stats().waiting)


def steps(batcher: Batcher) -> Callable[..., None]:
    """From now on the engine waits at each step, until this is called, with how many it may do."""
    gate = engine_of(batcher).gate = threading.Semaphore(0)

    def allow(count: int = 1) -> None:
        before = len(engine_of(batcher).steps)
        for _ in range(count):
            gate.release()
        wait_for(lambda: len(engine_of(batcher).steps) > before or not batcher._worker.schedule)

    return allow


def go_on(batcher: Batcher) -> None:
    gate, engine_of(batcher).gate = engine_of(batcher).gate, None
    assert gate is not None
    gate.release()


def prompt(seed: int, count: int) -> list[int]:
    return random.Random(seed).choices(range(2, VOCAB), k=count)


# --- one request ---


def test_tokens_texts_and_usage(make: Make) -> None:
    batcher = make()
    stream = batcher.submit("Hello", max_new_tokens=40)
    assert iter(stream) is stream
    tokens = list(stream)
    assert [each.id for each in tokens] == answer(list(b"Hello"), 40)
    assert {each.logprobs for each in tokens} == {None}
    text = bytes(each.id for each in tokens if each.id > 1).decode("utf-8", "replace")
    assert "".join(each.text for each in tokens) == text
    completion = stream.result()
    assert (completion.ids, completion.text) == ([each.id for each in tokens], text)
    assert completion.logprobs is None
    usage = completion.usage
    assert usage is stream.usage
    assert (usage.prompt_tokens, usage.reused_tokens, usage.generated_tokens) == (5, 0, 40)
    assert (usage.finish, usage.cache_bytes) == ("length", 3000)  # 44 tokens in pages of 16
    assert usage.prefill_seconds > 0 < usage.decode_seconds
    assert next(stream, None) is None
    assert repr(stream) == "<zcwasm.llm.Stream: 40 tokens behind 5, length>"


def test_a_request_ends_at_the_stop_token_or_when_its_context_is_full(make: Make) -> None:
    batcher = make(context=100)
    engine_of(batcher).stop = True
    ends = set()
    for seed in range(40):
        ids = prompt(seed, 5)
        completion = batcher.submit(ids).result()
        assert completion.ids == answer(ids, 96, stop=True)
        assert completion.usage.finish == ("stop" if completion.ids[-1] == STOP else "length")
        ends.add(completion.usage.finish)
    assert ends == {"stop", "length"}
    ids = prompt(0, 5)
    completion = batcher.submit(ids, ignore_eos=True, max_new_tokens=1).result()
    assert completion.usage.finish == "length"


def test_stop_strings_and_texts_are_as_in_a_session(make: Make) -> None:
    """The text that comes piece by piece is that of the whole, without the stop string and what is behind."""
    batcher = make()
    for seed in range(30):
        ids = prompt(seed, 4)
        whole = bytes(each for each in answer(ids, 60) if each > 1).decode("utf-8", "replace")
        stop = whole[20:22]
        stream = batcher.submit(ids, max_new_tokens=60, stop=[stop, "never there"])
        pieces = [each.text for each in stream]
        assert "".join(pieces) == stream.result().text == whole[: whole.index(stop)]
        assert stream.usage.finish == "stop"
        assert len(pieces) < 60


def test_arguments(make: Make) -> None:
    batcher = make(context=64)
    with pytest.raises(ContextError, match="the prompt has 65 tokens, the batcher's context has room for 64"):
        batcher.submit([5] * 65)
    with pytest.raises(
        ContextError, match="a prompt of 60 tokens and 6 new ones do not fit the batcher's context of 64"
    ):
        batcher.submit([5] * 60, max_new_tokens=6)
    assert len(batcher.submit([5] * 64).result().ids) == 1
    wrong: list[tuple[type[Exception], str, dict[str, Any]]] = [
        (ValueError, "the prompt has no tokens", {"prompt": []}),
        (ValueError, "token id 256 is not in the vocabulary", {"prompt": [256]}),
        (TypeError, "priority must be an int", {"priority": 1.5}),
        (ValueError, "deadline is -1", {"deadline": -1}),
        (TypeError, "block must be a bool", {"block": 1}),
        (TypeError, r"submit\(\) got an unexpected keyword argument 'tempo'", {"tempo": 1}),
        (ValueError, "a stop string is empty", {"stop": ""}),
        (ValueError, "logprobs is 21", {"logprobs": 21}),
        (ValueError, "temperature", {"temperature": -1}),
        (ValueError, "token id 300 is not in the vocabulary", {"logit_bias": {300: 1}}),
    ]
    for kind, message, arguments in wrong:
        with pytest.raises(kind, match=message):
            batcher.submit(arguments.pop("prompt", [5]), **arguments)
    assert batcher.stats().waiting == 0


def test_signatures_name_all_options() -> None:
    for function in (Batcher.submit, Batcher.chat):
        names = inspect.signature(function).parameters
        assert {"priority", "deadline", "block", "max_new_tokens", "top_p", "logit_bias", "seed"} <= {*names}


# --- many ---


def test_answers_do_not_depend_on_others(make: Make) -> None:
    """200 requests, a cache that has room for some six, prompts longer than a step, pages that run out."""
    batcher = make(sequences=8, context=128, pages=20, rows=24)
    rng = random.Random(1)
    asked = [(prompt(seed, rng.randint(1, 100)), rng.randint(1, 28)) for seed in range(200)]
    streams = [batcher.submit(ids, max_new_tokens=count) for ids, count in asked]
    for stream, (ids, count) in zip(streams, asked, strict=True):
        assert stream.result(60).ids == answer(ids, count)
    stats = batcher.stats()
    assert stats.prompt_tokens == sum(len(ids) for ids, _ in asked)
    assert stats.generated_tokens == sum(count for _, count in asked)
    assert stats.preempted > 0, "pages never ran out"
    assert max(pieces[-1][0] + pieces[-1][1] for pieces in engine_of(batcher).steps) == 24


def test_sampled_answers_do_not_depend_on_others(make: Make) -> None:
    """Also where one is computed again in the middle of it: its generator goes on."""
    alone, batcher = make(sequences=1), make(sequences=6, context=128, pages=9, rows=16)
    asked = [(prompt(seed % 3, 20), {"temperature": 0.5, "seed": seed % 5}) for seed in range(30)]
    streams = [batcher.submit(ids, max_new_tokens=60, **options) for ids, options in asked]
    for stream, (ids, options) in zip(streams, asked, strict=True):
        assert stream.result(60).ids == alone.submit(ids, max_new_tokens=60, **options).result().ids
    assert batcher.stats().preempted > 0


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_whatever_callers_do(data: st.DataObject) -> None:
    """Requests with common beginnings, priorities, cancellations, in a cache that is too small for them."""
    draw = data.draw
    batcher = fake_engine.batcher(
        sequences=draw(st.integers(1, 4)),
        context=64,
        pages=draw(st.integers(4, 9)),
        rows=draw(st.integers(4, 40)),
        ahead=draw(st.booleans()),
    )
    engine_of(batcher).before = lambda step: batcher_pages(batcher)
    asked: list[tuple[Stream, list[int], int]] = []
    for _ in range(draw(st.integers(1, 14))):
        begin = prompt(draw(st.integers(0, 1)), draw(st.integers(1, 50)))
        ids = [*begin, draw(st.integers(2, 4))]
        count = draw(st.integers(1, 64 - len(ids) + 1))
        stream = batcher.submit(ids, max_new_tokens=count, priority=draw(st.integers(0, 2)))
        asked.append((stream, ids, count))
        if draw(st.integers(0, 3)) == 0:
            draw(st.sampled_from(asked))[0].cancel()
    for stream, ids, count in asked:
        completion = stream.result(30)
        expected = answer(ids, count)
        assert completion.ids == expected[: len(completion.ids)]
        assert completion.usage.finish in ("length", "cancelled")
        assert completion.usage.finish == "cancelled" or len(completion.ids) == count
    settle(batcher)
    batcher_pages(batcher)
    assert batcher.stats().pages_used == 0
    assert sorted(batcher._worker.schedule._free_slots) == list(range(batcher.sequences))
    batcher.close()


def driven(engine: fake_engine.Engine) -> Batcher:
    """A batcher whose thread's work a test does, turn by turn: what happens in between is up to the test."""
    batcher = fake_engine.batcher(engine)
    worker = batcher._worker
    worker.start = lambda: setattr(worker, "thread", threading.current_thread())  # type: ignore[method-assign]
    return batcher


def turn(worker: Worker) -> None:
    """As Worker.run; nothing where that would wait."""
    if not (worker.schedule or worker.flight or not worker.inbox.empty()):
        return
    try:
        worker._read_inbox()
        worker._step()
    except zcwasm.DeviceError as error:
        worker.flight = []
        worker.schedule.end_all(error=error)
    worker._tell()


@pytest.mark.parametrize("seed", range(30))
def test_steps_ahead_whatever_happens(seed: int) -> None:
    """Requests that come, end, are cancelled, or whose time is up, at any moment, in a cache that is too
    small; interrupted calls, NaN, devices that fail. What comes is what would come alone."""
    rng = random.Random(seed)
    engine = fake_engine.Engine(
        sequences=rng.randint(1, 5), context=64, pages=rng.randint(4, 12), rows=rng.randint(5, 40), ahead=True
    )
    engine.stop, engine.broken = rng.random() < 0.5, rng.choice((0, 0, 90))
    fails = rng.choice((0.0, 0.0, 0.01))

    def before(step: object) -> None:
        batcher_pages(batcher)
        if rng.random() < fails:
            raise zcwasm.DeviceError("lost")
        if rng.random() < 0.03:
            raise fake_engine.interruption()

    def start(step: Any) -> None:
        if rng.random() < fails:  # with or without what is in flight
            if rng.random() < 0.5:
                engine.drop()
            raise zcwasm.DeviceError("lost")
        starts(step)

    starts, engine.start = engine.start, start  # type: ignore[method-assign]
    engine.before = before
    batcher = driven(engine)
    worker = batcher._worker
    asked: list[tuple[Stream, list[int], dict[str, Any]]] = []
    for _ in range(rng.randint(3, 30)):
        for _ in range(rng.choice((0, 0, 1, 4))):
            ids = [*prompt(rng.randint(0, 1), rng.randint(1, 40)), rng.randint(2, 4)]
            options: dict[str, Any] = {"max_new_tokens": rng.randint(1, 64 - len(ids) + 1)}
            if rng.random() < 0.3:
                options |= {"temperature": 0.7, "seed": rng.randint(0, 9)}
            if rng.random() < 0.1:
                options["logit_bias"] = {200: 0.5}
            priority, deadline = rng.choice((0, 0, 1)), rng.choice((None, None, 1000))
            stream = batcher.submit(ids, priority=priority, deadline=deadline, **options)
            asked.append((stream, ids, options))
        for _ in range(rng.choice((0, 1, 3, 12))):
            turn(worker)
            assert len(worker.flight) <= engine.in_flight <= 2
            assert len(worker.flight) == engine.in_flight or fails
        if asked and rng.random() < 0.3:
            rng.choice(asked)[0].cancel()
        if asked and rng.random() < 0.2:
            sequence = worker.schedule._all.get(rng.choice(asked)[0]._feed)
            if sequence is not None:
                sequence.deadline = worker.schedule._soonest = 0.0
    for _ in range(10000):
        if not worker.schedule and not worker.flight and worker.inbox.empty():
            break
        turn(worker)
    assert not worker.schedule
    assert engine.in_flight == 0 or fails
    batcher_pages(batcher)
    assert batcher.stats().pages_used == 0
    assert not worker.schedule._decoding
    alone = fake_engine.Engine(sequences=1, context=64, pages=4)
    alone.stop, alone.broken = engine.stop, engine.broken
    reference = fake_engine.batcher(alone)
    for stream, ids, options in asked:
        expected = reference.submit(ids, **options)
        wait_for(lambda expected=expected: expected.done)
        found, usage = stream._feed.ids, stream.usage
        assert stream.done
        assert found == expected._feed.ids[: len(found)]
        if usage.finish in ("stop", "length"):
            assert (found, usage.finish) == (expected._feed.ids, expected.usage.finish)
        elif isinstance(stream._feed.error, zcwasm.DeviceError):
            assert fails
        elif stream._feed.error is not None:
            assert type(expected._feed.error) is type(stream._feed.error)
            assert found == expected._feed.ids
        else:
            assert usage.finish in ("cancelled", "deadline")
    reference.close()
    worker.thread = None
    batcher.close()


def test_steps_go_ahead_until_somebody_comes_or_ends() -> None:
    engine = fake_engine.Engine(sequences=4, ahead=True)
    engine.thrown = 0
    batcher = driven(engine)
    worker, schedule = batcher._worker, batcher._worker.schedule

    def turns(count: int) -> list[int]:
        """How many steps were in flight behind each."""
        found = []
        for _ in range(count):
            turn(worker)
            found.append(len(worker.flight))
        return found

    first = batcher.submit([5, 6], max_new_tokens=40)
    assert turns(6) == [0, 1, 1, 1, 1, 1]
    assert worker.steps_ahead == 5
    second = batcher.submit([7], max_new_tokens=40)
    before = len(engine.steps)
    assert turns(3) == [0, 0, 1]  # what is in flight; the prompt; and ahead again
    assert [each[-1][2] for each in engine.steps[before:]] == [False, True, False]
    assert first.usage.generated_tokens == 9
    assert second.usage.generated_tokens == 2
    while schedule:
        turn(worker)
    assert first._feed.ids == answer([5, 6], 40)
    assert second._feed.ids == answer([7], 40)
    # Without a step that is for nothing: none of them ended otherwise than by its length.
    assert sum(count for pieces in engine.steps for _, count, shared in pieces if not shared) == 39 + 39
    # With a chooser, none goes ahead.
    ahead = worker.steps_ahead
    third = batcher.submit([5, 6], max_new_tokens=10, presence_penalty=0.5)
    while not third.done:
        turn(worker)
    assert worker.steps_ahead == ahead
    # One that waits for room, and is cancelled, makes way for the one behind it.
    runs = batcher.submit([5], max_new_tokens=200)
    turns(3)
    waits = batcher.submit(prompt(1, 250), max_new_tokens=1)
    for _ in range(52):
        schedule.pages.allocate()  # somebody has most of the 64
    last = batcher.submit(prompt(2, 5), max_new_tokens=1)
    assert turns(5)[-3:] == [1, 1, 1]
    assert (waits.usage.generated_tokens, last.usage.generated_tokens) == (0, 0)
    waits.cancel()
    turns(4)
    assert (last.done, runs.done) == (True, False)
    runs.cancel()
    turns(4)
    worker.thread = None
    batcher.close()


def test_ten_thousand_requests_leave_nothing_behind(make: Make) -> None:
    batcher = make(sequences=32, pages=256, rows=128)
    engine_of(batcher).before = lambda step: None  # which takes longer than all the rest

    def some(count: int) -> None:
        streams = []
        for number in range(count):
            streams.append(batcher.submit([2 + number % 200, 3, 4], max_new_tokens=2, deadline=1000))
            if number % 10 == 0:
                streams.pop().cancel()
        assert all(len(each.result(60).ids) == 2 for each in streams)
        engine_of(batcher).steps.clear()

    some(2000)
    settle(batcher)
    gc.collect()
    before = len(gc.get_objects())
    some(8000)
    settle(batcher)
    gc.collect()
    assert len(gc.get_objects()) < before + 200
    schedule = batcher._worker.schedule
    assert (len(schedule._all), len(schedule._begun)) == (0, 0)
    assert len(schedule._heap) < 50


def test_a_beginning_that_many_share_is_computed_once_and_there_once(make: Make) -> None:
    batcher = make(sequences=32, context=512, pages=32 * 2 + 25, rows=100)
    begin = prompt(7, 400)
    allow = steps(batcher)
    streams = [batcher.submit([*begin, number + 2], max_new_tokens=10) for number in range(32)]
    rows = 0
    while not all(each.usage.generated_tokens >= 1 for each in streams):
        allow()
    rows = sum(each[-1][0] + each[-1][1] for each in engine_of(batcher).steps)
    stats = batcher.stats()
    assert stats.running == 32
    assert stats.prompt_tokens == 32 * 401
    assert stats.reused_tokens == 31 * 400
    assert stats.pages_used == 25 + 32
    assert rows < 401 + 32 * 10
    go_on(batcher)
    for number, stream in enumerate(streams):
        assert stream.result(60).ids == answer([*begin, number + 2], 10)
        assert stream.usage.reused_tokens == (400 if number else 0)


def test_what_was_said_is_found_by_the_next_turn(make: Make) -> None:
    batcher = make()
    ids = prompt(3, 20)
    said = batcher.submit(ids, max_new_tokens=30).result().ids
    stream = batcher.submit([*ids, *said, 9], max_new_tokens=5)
    assert stream.result().ids == answer([*ids, *said, 9], 5)
    assert stream.usage.reused_tokens == 48  # 49 were computed


def test_nobody_waits_for_a_long_prompt(make: Make) -> None:
    batcher = make(sequences=4, context=256, rows=16)
    allow = steps(batcher)
    first = batcher.submit([5], max_new_tokens=60)
    allow(2)
    wait_for(lambda: first.usage.generated_tokens == 2)
    long = batcher.submit(prompt(1, 200), max_new_tokens=2)
    for _ in range(14):
        allow()
    go_on(batcher)
    first.result(), long.result()
    chunks = [pieces for pieces in engine_of(batcher).steps if any(shared for *_, shared in pieces)]
    assert len(chunks) == 1 + 14  # 15 rows of the prompt in each step
    assert all(pieces[0] == (0, 1, False) for pieces in chunks[1:])


# --- whose turn it is ---


def order_of_ends(streams: dict[Any, Stream]) -> list[Any]:
    ends: list[Any] = []
    for name, stream in streams.items():
        stream._call_when_done(lambda name=name: ends.append(name))
    for stream in streams.values():
        stream.result(60)
    wait_for(lambda: len(ends) == len(streams))
    return ends


def test_first_come_first_served(make: Make) -> None:
    batcher = make(sequences=1)
    allow = steps(batcher)
    streams = {number: batcher.submit(prompt(number, 5), max_new_tokens=3) for number in range(20)}
    allow()
    go_on(batcher)
    assert order_of_ends(streams) == list(range(20))


def test_a_higher_priority_goes_first_and_takes_the_place_of_a_lower_one(make: Make) -> None:
    batcher = make(sequences=1, context=128, pages=8)
    allow = steps(batcher)
    streams = {"low": batcher.submit(prompt(0, 20), max_new_tokens=20, priority=-1)}
    allow(5)
    wait_for(lambda: streams["low"].usage.generated_tokens == 5)
    for number, priority in enumerate((0, 7, 0, 3)):
        streams[number] = batcher.submit(prompt(number, 5), max_new_tokens=3, priority=priority)
    allow()
    go_on(batcher)
    assert order_of_ends(streams) == [1, 3, 0, 2, "low"]
    assert streams["low"].result().ids == answer(prompt(0, 20), 20)
    assert batcher.stats().preempted == 1
    assert streams["low"].usage.reused_tokens == 0  # what it found of itself is not reused


def test_when_pages_run_out_the_newest_gives_its_own_back(make: Make) -> None:
    batcher = make(sequences=3, context=64, pages=6)
    allow = steps(batcher)
    streams = {number: batcher.submit(prompt(number, 14), max_new_tokens=50) for number in range(3)}
    allow()
    go_on(batcher)
    assert order_of_ends(streams) == [0, 1, 2]
    for number, stream in streams.items():
        assert stream.result().ids == answer(prompt(number, 14), 50)
    assert batcher.stats().preempted >= 2


def test_sequences_with_equal_settings_are_side_by_side(make: Make) -> None:
    batcher = make(sequences=6)
    seen: list[list[float]] = []
    engine_of(batcher).before = lambda step: seen.append(step.outputs["temperature"].tolist())
    allow = steps(batcher)
    streams = [
        batcher.submit(prompt(number, 3), max_new_tokens=20, temperature=number % 2, seed=1)
        for number in range(6)
    ]
    allow()
    go_on(batcher)
    for stream in streams:
        stream.result()
    assert [0, 0, 0, 1, 1, 1] in seen


# --- the queue ---


def test_a_full_queue(make: Make) -> None:
    batcher = make(sequences=1, waiting=2)
    allow = steps(batcher)
    streams = [batcher.submit([5], max_new_tokens=3)]
    wait_for(lambda: batcher.stats().running == 1)
    streams += [batcher.submit([6 + number], max_new_tokens=3) for number in range(2)]
    assert batcher.stats().waiting == 2
    with pytest.raises(QueueFullError, match="2 requests wait, which are as many as may"):
        batcher.submit([8], block=False)
    late = batcher.submit([8], deadline=0.05)  # waits so long
    assert (late.result().ids, late.usage.finish) == ([], "deadline")
    blocked = threading.Thread(target=lambda: streams.append(batcher.submit([9], max_new_tokens=3)))
    blocked.start()
    wait_for(lambda: batcher._worker.blocked)
    allow()
    assert blocked.is_alive()
    go_on(batcher)
    blocked.join(20)
    assert not blocked.is_alive()
    assert [each.result().ids for each in streams] == [answer([first], 3) for first in (5, 6, 7, 9)]


def test_many_threads_submit_into_a_small_queue(make: Make) -> None:
    """Nobody is forgotten who waits for room."""
    batcher = make(sequences=2, waiting=1)
    results: list[bool] = []

    def work(seed: int) -> None:
        for number in range(40):
            ids = prompt(seed * 100 + number, 3)
            results.append(batcher.submit(ids, max_new_tokens=1).result(60).ids == answer(ids, 1))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert results == [True] * 240


def test_closing_wakes_who_waits_for_room(make: Make) -> None:
    batcher = make(sequences=1, waiting=1)
    steps(batcher)
    streams = [batcher.submit([5])]
    wait_for(lambda: batcher.stats().running == 1)
    streams.append(batcher.submit([6]))
    raised: list[BaseException] = []

    def submit() -> None:
        try:
            batcher.submit([7])
        except zcwasm.ClosedError as error:
            raised.append(error)

    thread = threading.Thread(target=submit)
    thread.start()
    wait_for(lambda: batcher._worker.blocked)
    batcher.close()
    thread.join(20)
    assert len(raised) == 1


# --- ends ---


@pytest.mark.parametrize("at", range(9))
def test_cancellation_at_every_point(make: Make, at: int) -> None:
    """While it waits, while its prompt is computed, while it decodes, when it has ended."""
    batcher = make(sequences=1, rows=8)
    allow = steps(batcher)
    other = batcher.submit([5], max_new_tokens=2)
    ids = prompt(1, 20)
    stream = batcher.submit(ids, max_new_tokens=4)
    for _ in range(at):
        allow()
    stream.cancel()
    stream.cancel()
    go_on(batcher)
    completion = stream.result()
    assert completion.ids == answer(ids, 4)[: len(completion.ids)]
    # In the step of its last token it is cancelled, as a session is.
    assert completion.usage.finish == "cancelled" or (len(completion.ids) == 4 and at > 4)
    assert [each.id for each in stream] == completion.ids
    assert other.result().ids == answer([5], 2)


def test_deadlines(make: Make) -> None:
    batcher = make(sequences=1)
    allow = steps(batcher)
    runs = batcher.submit([5], max_new_tokens=50, deadline=1000)
    waits = batcher.submit([6], max_new_tokens=50, deadline=0.1)
    never = batcher.submit([7], max_new_tokens=5, deadline=1000)
    allow(3)
    wait_for(lambda: runs.usage.generated_tokens == 3)
    schedule = batcher._worker.schedule
    schedule._all[runs._feed].deadline = schedule._soonest = time.monotonic() + 0.1  # as if asked for so
    time.sleep(0.15)
    go_on(batcher)
    assert runs.result().usage.finish == "deadline"
    assert runs.result().ids == answer([5], 50)[: len(runs.result().ids)]
    assert 3 <= len(runs.result().ids) < 50
    assert (waits.result().ids, waits.usage.finish) == ([], "deadline")
    assert never.result().usage.finish == "length"


def test_close_with_work_in_flight(make: Make) -> None:
    batcher = make(sequences=2)
    allow = steps(batcher)
    streams = [batcher.submit([5 + number]) for number in range(4)]
    allow(3)
    wait_for(lambda: streams[0].usage.generated_tokens == 3)
    batcher.close()
    for number, stream in enumerate(streams):
        completion = stream.result(20)
        assert completion.usage.finish == "cancelled"
        assert completion.ids == answer([5 + number], 3)[: len(completion.ids)]
    assert len(streams[0].result().ids) == 3
    assert batcher.closed
    batcher.close()
    with pytest.raises(zcwasm.ClosedError, match="the batcher is closed"):
        batcher.submit([5])
    with pytest.raises(zcwasm.ClosedError, match="the batcher is closed"), batcher:
        pass
    assert repr(batcher) == "<zcwasm.llm.Batcher of fake, closed>"


def test_a_signal_handler_may_close_in_the_middle_of_a_submission(make: Make) -> None:
    batcher = make()
    assert batcher.submit([5], max_new_tokens=2).result(20).ids == answer([5], 2)
    inbox = batcher._worker.inbox

    class Inbox:
        def put(self, message: object) -> None:
            batcher._worker.inbox = inbox
            batcher.close()
            inbox.put(message)

    batcher._worker.inbox = Inbox()  # type: ignore[assignment]
    stream = batcher.submit([6])
    assert (stream.result(20).ids, stream.usage.finish) == ([], "cancelled")


def test_a_request_that_comes_while_the_thread_ends(make: Make) -> None:
    batcher = make()
    assert batcher.submit([5], max_new_tokens=2).result(20).ids == answer([5], 2)
    worker, engine = batcher._worker, engine_of(batcher)
    inbox, may_end, close = worker.inbox, threading.Event(), engine.close

    def slow_close() -> None:
        may_end.wait()
        close()

    class Inbox:
        def put(self, message: object) -> None:
            worker.inbox = inbox
            engine.close = slow_close  # type: ignore[method-assign]
            worker.close(0.2)
            inbox.put(message)

    worker.inbox = Inbox()  # type: ignore[assignment]
    stream = batcher.submit([6])
    try:
        assert stream.result(10).usage.finish == "cancelled"
    finally:
        may_end.set()


class Interruption:
    """A signal handler, at the given line of what this thread does in the modules of a batcher, and in others
    by their names."""

    def __init__(self, line: int, handler: Callable[[], object], *more: str) -> None:
        self.left, self.handler = line, handler
        self.modules = {"_batcher", "_stream", "_worker", *more}

    def _trace(self, frame: Any, event: str, _: object) -> Any:
        if self.left < 0 or Path(frame.f_code.co_filename).stem not in self.modules:
            return None
        if event == "line":
            self.left -= 1
            if self.left < 0:
                sys.settrace(None)
                self.handler()
        return self._trace

    def __enter__(self) -> Interruption:
        self._before = sys.gettrace()
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)


def test_a_signal_handler_may_close_at_any_line(make: Make) -> None:
    for line in range(2000):
        batcher = make()
        stream = None
        closes = []

        def handler(worker: Worker = batcher._worker, closes: list[bool] = closes) -> None:
            worker.close(3)
            closes.append(worker.thread is None or not worker.thread.is_alive())

        with Interruption(line, handler, "threading") as interruption:
            try:
                stream = batcher.submit([6], max_new_tokens=3)
                for _ in stream:
                    pass
            except zcwasm.ClosedError:
                assert stream is None
        assert all(closes), f"line {line}: the thread waits for the one that closes"
        if stream is not None:
            completion = stream.result(10)
            assert completion.ids == answer([6], 3)[: len(completion.ids)]
        if interruption.left >= 0:
            break
    assert 50 < line < 1999


@pytest.mark.parametrize("puts", [False, True])
def test_ctrl_c_as_a_request_is_handed_over(make: Make, puts: bool) -> None:
    """It counts as one that waits neither before the thread has it nor afterwards."""
    batcher = make(waiting=1)
    worker = batcher._worker
    assert batcher.submit([5], max_new_tokens=2).result(20).ids == answer([5], 2)
    inbox = worker.inbox

    class Inbox:
        def put(self, message: object) -> None:
            first, worker.inbox = worker.inbox is self, inbox  # what comes then cancels the request
            if puts or not first:
                inbox.put(message)
            if first:
                raise KeyboardInterrupt

    worker.inbox = Inbox()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        batcher.submit([6])
    wait_for(lambda: not worker.schedule and not worker.inbox.qsize())
    assert batcher.stats().waiting == 0
    assert batcher.submit([7], max_new_tokens=2, block=False).result(20).ids == answer([7], 2)


def test_ctrl_c_as_the_thread_is_on_its_way(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for its turn, and finds that another one was started."""
    batcher = make()
    on_its_way: list[threading.Thread] = []

    def start(thread: threading.Thread) -> None:
        monkeypatch.undo()
        on_its_way.append(threading.Thread(target=thread.run, daemon=True))
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(KeyboardInterrupt):
        batcher.submit([6])
    stream = batcher.submit([7], max_new_tokens=2)
    on_its_way[0].start()
    on_its_way[0].join(5)
    assert not on_its_way[0].is_alive(), "two threads have one engine"
    assert stream.result(20).ids == answer([7], 2)


def test_close_without_any_work(make: Make) -> None:
    with make() as batcher:
        assert "0 of 8 requests run, 0 wait, 0 of 64 pages are used" in repr(batcher)
    assert batcher._worker.thread is None
    assert engine_of(batcher).closed


@pytest.mark.parametrize(
    "error", [MemoryError("none"), fake_engine.interruption(), zcwasm.DeviceError("lost")]
)
def test_a_step_that_fails_ends_all_with_its_error(make: Make, error: BaseException) -> None:
    """And the batcher goes on with what comes then. An interruption that nobody asked for is no failure."""
    batcher = make(sequences=2)
    allow = steps(batcher)
    streams = [batcher.submit(prompt(number, 20), max_new_tokens=9) for number in range(4)]
    allow(2)
    wait_for(lambda: streams[0].usage.generated_tokens == 2)
    fails = [error]

    def before(step: object) -> None:
        if fails:
            raise fails.pop()

    engine_of(batcher).before = before
    go_on(batcher)
    if isinstance(error, zcwasm.Trap):
        for number, stream in enumerate(streams):
            assert stream.result().ids == answer(prompt(number, 20), 9)
        return
    for number, stream in enumerate(streams):
        came: list[int] = []
        with pytest.raises(type(error)) as raised:
            came.extend(token.id for token in stream)
        assert raised.value is error
        assert stream._feed.ids == answer(prompt(number, 20), 9)[: len(stream._feed.ids)]
        with pytest.raises(type(error)):
            stream.result()
    # Nothing of what the cache held is taken for granted.
    stream = batcher.submit(prompt(0, 20), max_new_tokens=9)
    assert stream.result().ids == answer(prompt(0, 20), 9)
    assert stream.usage.reused_tokens == 0


def test_a_trap_of_another_kind_is_a_failure(make: Make) -> None:
    batcher = make()
    trap = fake_engine.interruption()
    trap.kind = "unreachable"

    def before(step: object) -> None:
        raise trap

    engine_of(batcher).before = before
    with pytest.raises(zcwasm.Trap):
        batcher.submit([5]).result(20)


def test_a_stream_that_is_dropped_cancels_its_request(make: Make) -> None:
    batcher = make(sequences=1)
    allow = steps(batcher)
    stream: Stream | None = batcher.submit([5])
    usage = stream.usage if stream else None
    allow(2)
    stream = None
    gc.collect()
    go_on(batcher)
    settle(batcher)
    assert usage is not None
    assert usage.finish == "cancelled"
    for token in batcher.submit([6]):
        assert token.id == answer([6], 1)[0]
        break
    settle(batcher)
    with batcher.submit([7]) as stream:
        next(stream)
    assert stream.result().usage.finish == "cancelled"


def test_a_batcher_that_is_dropped_closes_when_its_streams_are_gone() -> None:
    batcher: Batcher | None = fake_engine.batcher()
    assert batcher is not None
    engine, worker = engine_of(batcher), batcher._worker
    stream: Stream | None = batcher.submit([5], max_new_tokens=50)
    batcher = None
    gc.collect()
    assert stream is not None
    assert stream.result(20).ids == answer([5], 50)
    assert not worker.closing
    stream = None
    gc.collect()
    assert worker.thread is not None
    worker.thread.join(20)
    assert not worker.thread.is_alive()
    assert engine.closed


# --- readers ---


def test_a_reader_that_never_reads_blocks_nobody(make: Make) -> None:
    batcher = make(sequences=2)
    slow = batcher.submit([5], max_new_tokens=100)
    for number in range(20):
        assert batcher.submit([6], max_new_tokens=10).result(20).ids == answer([6], 10), number
    wait_for(lambda: slow.done)
    assert [token.id for token in slow] == answer([5], 100)


def test_result_with_a_timeout(make: Make) -> None:
    batcher = make()
    steps(batcher)
    stream = batcher.submit([5], max_new_tokens=3)
    with pytest.raises(TimeoutError, match=r"has not ended within 0.01 seconds"):
        stream.result(0.01)
    go_on(batcher)
    assert stream.result().ids == answer([5], 3)


def test_event_loops(make: Make) -> None:
    """Several at once, in threads, and readers that are threads beside them."""
    batcher = make(sequences=4)

    async def read(seed: int) -> bool:
        ids = prompt(seed, 5)
        stream = batcher.submit(ids, max_new_tokens=20)
        tokens = [token.id async for token in stream]
        completion = await stream.completion()
        return tokens == completion.ids == answer(ids, 20)

    async def whole(seed: int) -> bool:
        ids = prompt(seed, 5)
        completion = await batcher.submit(ids, max_new_tokens=20).completion()
        return completion.ids == answer(ids, 20)

    async def main(first: int) -> list[bool]:
        return await asyncio.gather(*(each(first + n) for n in range(10) for each in (read, whole)))

    results: list[bool] = []
    threads = [
        threading.Thread(target=lambda at=at: results.extend(asyncio.run(main(100 * at)))) for at in range(3)
    ]
    for thread in threads:
        thread.start()
    assert batcher.submit([5], max_new_tokens=20).result(60).ids == answer([5], 20)
    for thread in threads:
        thread.join(60)
    assert results == [True] * 60


def test_a_task_that_is_cancelled_leaves_no_waiter(make: Make) -> None:
    batcher = make()
    steps(batcher)

    async def main() -> None:
        stream = batcher.submit([5], max_new_tokens=3)
        for wait in (stream.__anext__, stream.completion):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(wait(), 0.02)
        assert not stream._feed.waiters
        assert not stream._feed.end_waiters
        go_on(batcher)
        assert [token.id async for token in stream] == answer([5], 3)

    asyncio.run(main())


def test_a_loop_that_is_closed_harms_nobody(make: Make) -> None:
    batcher = make()
    allow = steps(batcher)
    stream, other = batcher.submit([5], max_new_tokens=3), batcher.submit([6], max_new_tokens=3)
    loop = asyncio.new_event_loop()
    task = loop.create_task(stream.__anext__())  # type: ignore[arg-type]
    loop.run_until_complete(asyncio.sleep(0.01))
    loop.close()
    allow()
    go_on(batcher)
    assert other.result(20).ids == answer([6], 3)
    assert stream.result(20).ids == answer([5], 3)
    task._log_destroy_pending = False  # type: ignore[attr-defined]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no setitimer")
def test_ctrl_c_in_a_reader(make: Make) -> None:
    batcher = make()
    steps(batcher)
    stream = batcher.submit([5], max_new_tokens=3)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def interrupted(wait: Callable[[], object]) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        wait()

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for wait in (lambda: next(stream), stream.result):
            with pytest.raises(KeyboardInterrupt):
                interrupted(wait)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert len(stream._feed.came) == 0
    go_on(batcher)
    assert [token.id for token in stream] == answer([5], 3)


# --- what else a request may ask ---


def test_biases_and_log_probabilities(make: Make) -> None:
    batcher = make()
    others = [batcher.submit(prompt(number, 5), max_new_tokens=10) for number in range(3)]
    stream = batcher.submit([5], max_new_tokens=10, logit_bias={65: 100}, logprobs=2)
    assert stream.result().text == "A" * 10
    tokens = list(stream)
    assert {each.id for each in tokens} == {65}
    seen = [5]
    for token, of_result in zip(tokens, stream.result().logprobs or [], strict=True):
        assert token.logprobs == of_result
        assert isinstance(token.logprobs, Logprobs)
        logits = fake_engine.logits(np.array(seen, np.uint32)).astype(np.float64)
        expected = logits - np.log(np.exp(logits).sum())
        assert token.logprobs.chosen == pytest.approx(expected[65], abs=1e-4)
        assert [each for each, _ in token.logprobs.top] == np.argsort(-expected, kind="stable")[:2].tolist()
        seen.append(65)
    banned = {token: -100.0 for token in range(VOCAB) if token not in (66, 67)}
    text = batcher.submit([5], max_new_tokens=30, logit_bias=banned, frequency_penalty=2).result().text
    assert text.count("B") == text.count("C") == 15
    for number, other in enumerate(others):
        assert other.result().ids == answer(prompt(number, 5), 10)


class Only(Constraint):
    """The text is one of "A" and "B" again and again; what else is asked for happens at the third token."""

    def __init__(self, then: str = "") -> None:
        self.then = then
        self.count = 0

    def start(self, model: Any) -> Any:
        return self

    def fill(self, row: Any) -> None:
        row[:] = 0
        if self.count < 2 or self.then != "nothing may come":
            row[2] = 6  # tokens 65 and 66

    def accept(self, token: int) -> None:
        self.count += 1
        if self.count == 3 and self.then == "accept fails":
            raise zcwasm.Error("not that")

    @property
    def finished(self) -> bool:
        return self.count == 3 and self.then == "finished"


def fill_masks(wanted: list[tuple[Any, int]], mask: Any) -> dict[int, zcwasm.Error]:
    for chooser, row in wanted:
        chooser._matcher.fill(mask[row])
    matchers = {row: chooser._matcher for chooser, row in wanted}
    return {
        row: zcwasm.Error("too much")
        for row, matcher in matchers.items()
        if (matcher.count, matcher.then) == (2, "fill fails")
    }


def test_a_constraint_and_what_goes_wrong_with_it(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_rows, "fill_masks", fill_masks)
    batcher = make(sequences=8)
    others = [batcher.submit(prompt(number, 5), max_new_tokens=10) for number in range(3)]
    ask = {then: batcher.submit([5], max_new_tokens=9, constraint=Only(then)) for then in (
        "", "finished", "fill fails", "accept fails", "nothing may come"
    )}  # fmt: skip
    assert len(ask[""].result().text) == 9
    assert set(ask[""].result().text) <= {"A", "B"}
    assert (len(ask["finished"].result().ids), ask["finished"].usage.finish) == (3, "stop")
    for then, message in {
        "fill fails": "too much",
        "accept fails": "not that",
        "nothing may come": "no token may come",
    }.items():
        with pytest.raises(zcwasm.Error, match=message):
            ask[then].result()
        assert len(ask[then]._feed.ids) == 2
    for number, other in enumerate(others):
        assert other.result().ids == answer(prompt(number, 5), 10)


def test_more_changed_logits_than_a_step_has_room_for(make: Make) -> None:
    """They take turns; all get there."""
    batcher = make(sequences=6)
    engine_of(batcher).most_entries = 30
    bias = dict.fromkeys(range(60, 72), 100.0)  # two of them fit
    streams = [batcher.submit([5 + number], max_new_tokens=10, logit_bias=bias) for number in range(6)]
    other = batcher.submit([5], max_new_tokens=10)
    assert other.result(20).ids == answer([5], 10)
    for stream in streams:
        assert {*stream.result(20).ids} <= {*bias}
        assert len(stream.result().ids) == 10
    too_many = batcher.submit([5], logit_bias=dict.fromkeys(range(31), 1.0))
    with pytest.raises(zcwasm.Error, match="31 tokens' logits change, a step has room for 30"):
        too_many.result(20)


# --- statistics ---


def test_stats(make: Make) -> None:
    batcher = make(sequences=2, rows=8)
    assert batcher.stats() == BatcherStats(0, 0, 0.0, 0.0, 0, 0, 0, 0, 64, 0, 0)
    allow = steps(batcher)
    streams = [batcher.submit(prompt(number, 6), max_new_tokens=4) for number in range(3)]
    allow()
    wait_for(lambda: batcher.stats().steps == 1)
    wait_for(lambda: len(engine_of(batcher).steps) == 2)  # which waits
    stats = batcher.stats()
    assert (stats.waiting, stats.running, stats.pages_used) == (1, 2, 2)
    first, count, _ = engine_of(batcher).steps[0][-1]
    assert (stats.prompt_tokens, stats.generated_tokens, stats.rows_per_step) == (12, 1, first + count)
    go_on(batcher)
    for stream in streams:
        stream.result()
    settle(batcher)
    stats = batcher.stats()
    assert (stats.waiting, stats.running, stats.pages_used) == (0, 0, 0)
    assert (stats.prompt_tokens, stats.generated_tokens) == (18, 12)
    assert 1 < stats.rows_per_step < 8
    assert stats.tokens_per_second > 0


# --- processes ---

FORK = """
import gc, os, sys, threading
import fake_engine, zcwasm
batcher = fake_engine.batcher()
gate = fake_engine.engine_of(batcher).gate = threading.Semaphore(3)
stream = batcher.submit([5], max_new_tokens=200)
next(stream)
for number in range(4):
    child = os.fork()
    if child == 0:
        assert batcher.closed
        for what in (lambda: next(stream), stream.result, lambda: batcher.submit([5]), batcher.__enter__):
            try:
                what()
            except zcwasm.ClosedError:
                continue
            os._exit(3)
        stream.cancel()
        batcher.close()
        del stream, batcher
        gc.collect()
        sys.exit(0) if number % 2 else os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
gate.release(1000)
assert stream.result().ids == fake_engine.answer([5], 200)
"""

EXIT = """
import sys, threading
import zcwasm, zcwasm.llm
model = zcwasm.llm.Model.open(sys.argv[1], zcwasm.Device("cpu"))
batcher = model.batcher(sequences=4, page=16)
streams = [batcher.submit([5] * n, max_new_tokens=150, ignore_eos=True) for n in (1, 20, 100, 90)]
next(streams[0])
threading.Thread(target=list, args=(streams[1],), daemon=True).start()
print("running")
if sys.argv[2] == "raise":
    raise ValueError("an end")
"""


def python(text: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", text, *map(str, arguments)]
    paths = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": paths},
        cwd=Path(__file__).parent,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_in_a_forked_child_a_batcher_is_closed() -> None:
    done = python(FORK)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("how", ["end", "raise"])
def test_the_interpreter_ends_while_it_runs(tiny: Path, how: str) -> None:
    done = python(EXIT, tiny, how)
    assert done.stdout == "running\n"
    if how == "end":
        assert (done.returncode, done.stderr) == (0, "")
    else:
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1] == "ValueError: an end"


# --- with the real engine ---


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("gguf", reason="the gguf package, which writes the model, is not installed")
    from tiny_model import write

    path = tmp_path_factory.mktemp("models") / "tiny.gguf"
    write(path)
    return path


SETTINGS: dict[str, dict[str, Any]] = {
    "greedy": {},
    "sampled": {"temperature": 0.8, "seed": 3},
    "penalty": {"repetition_penalty": 1.3, "repetition_window": 20},
    "top_k": {"temperature": 0.9, "repetition_penalty": 1.3, "top_k": 10, "seed": 5},
    "top_p": {"temperature": 1.5, "top_p": 0.9, "seed": 7},
}


@pytest.mark.slow_on_software
def test_answers_are_those_of_a_session(tiny: Path, device: zcwasm.Device) -> None:
    """Of requests of all kinds at once, with pages that run out, and prompts longer than a step."""
    model = zcwasm.llm.Model.open(tiny, device)
    vocab = model.config.vocab
    few, count = device.kind != "cpu" and device.info["software"], 38
    # Matrix units round x otherwise than kernels of one row do; exact ones take float32 for both, and then a
    # cache of float16 would make more of their last bits.
    exact = bool(device.info["matrix_units"])
    kv_dtype: zcwasm.llm.KvDtype = "f32" if exact else "f16"
    asked = [
        (random.Random(seed).choices(range(vocab), k=size), name)
        for seed, size in enumerate((1, 9, 90) if few else (1, 2, 17, 40, 90, 33, 64))
        for name in SETTINGS
    ]
    with model.batcher(
        sequences=6, context_tokens=160, context=128, rows=48, page=16, exact=exact, kv_dtype=kv_dtype
    ) as batcher:
        streams = [
            batcher.submit(ids, max_new_tokens=count, ignore_eos=True, **SETTINGS[name])
            for ids, name in asked
        ]
        with model.session(context=128, exact=exact, kv_dtype=kv_dtype) as session:
            for stream, (ids, name) in zip(streams, asked, strict=True):
                expected = list(
                    session.generate(ids, max_new_tokens=count, ignore_eos=True, **SETTINGS[name])
                )
                assert list(stream) == expected, (len(ids), name)
        assert batcher.stats().preempted > 0
        assert batcher.stats().pages_used == 0


@pytest.mark.slow_on_software
def test_steps_ahead_change_nothing(tiny: Path, device: zcwasm.Device) -> None:
    """No bit of a token or a reason to end: with stop tokens and strings, draws that are left to the guest,
    penalties among them, and pages that run out."""
    model = zcwasm.llm.Model.open(tiny, device)
    few = device.kind != "cpu" and device.info["software"]
    rng = random.Random(5)
    kinds: list[dict[str, Any]] = [
        {},
        {"temperature": 0.8, "seed": 3},
        {"temperature": 900.0, "seed": 4},
        {"temperature": 900.0, "top_p": 0.99, "seed": 5, "stop": ["a", "th"]},
        {"temperature": 2.0, "seed": 6, "repetition_penalty": 1.3},
    ]
    asked = [
        (
            rng.choices(range(model.config.vocab), k=rng.randint(1, 60)),
            kinds[rng.choice((0, 0, 1, 1, 2, 3, 4))],
        )
        for _ in range(4 if few else 40)
    ]

    def answers(ahead: bool) -> list[tuple[list[int], str | None]]:
        with model.batcher(sequences=4, context_tokens=160, context=96, rows=32, page=16) as batcher:
            worker = batcher._worker
            worker.engine.ahead = ahead
            most = 10 if few else 96
            streams = [
                batcher.submit(ids, max_new_tokens=min(most, 96 - len(ids)), **kind) for ids, kind in asked
            ]
            found = [(each.result().ids, each.usage.finish) for each in streams]
            assert bool(worker.steps_ahead) == ahead
            assert few or batcher.stats().preempted > 0
            return found

    expected = answers(False)
    assert few or {finish for _, finish in expected} == {"stop", "length"}
    assert answers(True) == expected


def test_a_context_that_ends(tiny: Path) -> None:
    model = zcwasm.llm.Model.open(tiny, zcwasm.Device("cpu"))
    with model.batcher(sequences=2, context_tokens=64, context=48, page=16) as batcher:
        completion = batcher.submit([5] * 40, ignore_eos=True).result()
        assert (len(completion.ids), completion.usage.finish) == (9, "length")
        assert batcher.context == 48
    with pytest.raises(
        ValueError, match="context is 80, more than the 64 tokens that the cache has room for"
    ):
        model.batcher(context_tokens=64, context=80)
    with model.batcher(context_tokens=64) as batcher:
        assert batcher.context == 64
    for wrong, message in {
        ("sequences", 0): "sequences is 0",
        ("page", 48): r"page is 48, must be one of \(16, 32, 64, 128\)",
        ("rows", 8): "rows is 8, must be 32",
        ("waiting", 0): "waiting is 0",
        ("kv_dtype", "f8"): "kv_dtype is 'f8'",
    }.items():
        with pytest.raises(ValueError, match=message):
            model.batcher(**dict([wrong]))


def test_chat(tiny: Path) -> None:
    model = zcwasm.llm.Model.open(tiny, zcwasm.Device("cpu"))
    messages = [{"role": "user", "content": "Hello world"}]
    with model.batcher(sequences=2) as batcher, model.session() as session:
        expected = [*session.chat(messages, max_new_tokens=12)]
        assert [*batcher.chat(messages, max_new_tokens=12)] == expected
        assert batcher.chat_ids(messages) == session.chat_ids(messages)
        with pytest.raises(TypeError, match=r"chat\(\) got an unexpected keyword argument 'tempo'"):
            batcher.chat(messages, tempo=1)  # type: ignore[call-arg]


# --- generate_many ---


def test_generate_many(tiny: Path) -> None:
    model = zcwasm.llm.Model.open(tiny, zcwasm.Device("cpu"))
    prompts: list[Any] = ["Hello", [5, 6, 7], "the world and", [9]] * 5
    told: list[tuple[int, int | None]] = []
    done = list(
        model.generate_many(
            prompts, max_new_tokens=6, sequences=3, progress=lambda *numbers: told.append(numbers)
        )
    )
    with model.session() as session:
        for completion, one in zip(done, prompts, strict=True):
            expected = [*session.generate(one, max_new_tokens=6)]
            assert completion.ids == [token.id for token in expected]
            assert completion.text == "".join(token.text for token in expected)
    assert [each.index for each in done] == list(range(20))
    assert told == [(number, 20) for number in range(1, 21)]
    unordered = list(model.generate_many(iter(prompts), as_completed=True, max_new_tokens=6, sequences=3))
    assert sorted(unordered, key=lambda each: each.index) == [
        replace(each, usage=other.usage)
        for each, other in zip(done, sorted(unordered, key=lambda each: each.index), strict=True)
    ]
    chats = [[{"role": "user", "content": text}] for text in ("Hello", "the world")]
    assert len(list(model.generate_many(chats, chat=True, max_new_tokens=3))) == 2
    assert list(model.generate_many([])) == []


def test_generate_many_takes_prompts_as_it_needs_them(tiny: Path) -> None:
    model = zcwasm.llm.Model.open(tiny, zcwasm.Device("cpu"))
    taken = 0

    def prompts() -> Iterator[list[int]]:
        nonlocal taken
        while True:
            taken += 1
            yield [taken % 200 + 1]

    threads = threading.active_count()
    many = model.generate_many(prompts(), max_new_tokens=2, sequences=2)
    assert taken == 0
    for number in range(100):
        assert next(many).index == number
        assert taken <= number + 1 + 16
    many.close()
    wait_for(lambda: threading.active_count() == threads)


def test_errors_of_generate_many(tiny: Path) -> None:
    model = zcwasm.llm.Model.open(tiny, zcwasm.Device("cpu"))
    for prompts, message in {
        "text": "prompts must be prompts one after the other, not str",
        5: "prompts must be prompts one after the other, not int",
    }.items():
        with pytest.raises(TypeError, match=message):
            model.generate_many(prompts)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="progress must be a function or a bool, not int"):
        model.generate_many([], progress=5)  # type: ignore[arg-type]
    with pytest.raises(ContextError, match="prompt 2: the prompt has 300 tokens"):
        list(model.generate_many([[5], [6], [7] * 300], max_new_tokens=2))
    with pytest.raises(TypeError, match="prompt 0: max_new_tokens must be an int"):
        list(model.generate_many([[5]], max_new_tokens="2"))  # type: ignore[arg-type]


# --- a real model ---


@pytest.mark.slow
def test_a_real_models_answers_and_a_beginning_that_is_computed_once() -> None:
    model = zcwasm.llm.Model.open(real_model("smollm2-135m"), zcwasm.Device("cpu"))
    begin = model.tokenize("The quick brown fox jumps over the lazy dog. " * 10)[:96]
    ends = [" Then it", " The dog", " Nobody", " In the morning"]
    prompts = [[*begin, *model.tokenize(end)] for end in ends]
    with model.batcher(sequences=4, context_tokens=1024, page=32) as batcher:
        streams = [batcher.submit(ids, max_new_tokens=16) for ids in prompts]
        sampled = batcher.submit(prompts[0], max_new_tokens=16, temperature=0.8, seed=11)
        with model.session(context=512) as session:
            for stream, ids in zip(streams, prompts, strict=True):
                assert list(stream) == [*session.generate(ids, max_new_tokens=16)]
            expected = [*session.generate(prompts[0], max_new_tokens=16, temperature=0.8, seed=11)]
        assert list(sampled) == expected
        assert [each.usage.reused_tokens for each in streams] == [0, 96, 96, 96]
        assert batcher.stats().reused_tokens == 4 * 96
