"""Several guests in one batcher: who gets a request, and that they are one to whoever asks."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import fake_engine
import numpy as np
import pytest
from fake_engine import Engine, answer
from test_batcher import Interruption, prompt, wait_for

import zcwasm
from zcwasm.llm import Batcher, Model, QueueFullError, _batcher
from zcwasm.llm._guests import Guests

Make = Callable[..., tuple[Batcher, list[Engine]]]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[tuple[Batcher, list[Engine]]] = []

    def one(count: int = 2, waiting: int = 1024, **numbers: int) -> tuple[Batcher, list[Engine]]:
        engines = [Engine(**numbers) for _ in range(count)]
        model: Any = fake_engine.Model()
        some: Any = engines
        made.append((Batcher(model, some, waiting), engines))
        return made[-1]

    yield one
    for batcher, engines in made:
        guests = guests_of(batcher)
        if not batcher.closed and all(engine.gate is None for engine in engines):
            wait_for(lambda guests=guests: not any(worker.schedule for worker in guests.workers))
            wait_for(lambda batcher=batcher: not batcher.stats().waiting)
            for worker in guests.workers:
                worker.schedule.pages.check()
            assert batcher.stats().pages_used == 0
            assert not any(guests._claims)
        batcher.close()
        assert batcher.closed
        assert all(engine.closed for engine in engines)
        assert not any(worker.thread and worker.thread.is_alive() for worker in guests.workers)


def guests_of(batcher: Batcher) -> Guests:
    assert isinstance(batcher._worker, Guests)
    return batcher._worker


def hold(engines: list[Engine]) -> Callable[[], None]:
    """No step ends until what is returned is called."""
    for engine in engines:
        engine.gate = threading.Semaphore(0)

    def go_on() -> None:
        for engine in engines:
            gate, engine.gate = engine.gate, None
            assert gate is not None
            gate.release()

    return go_on


def shares(batcher: Batcher) -> list[int]:
    """How many requests each guest has."""
    return [len(claims) for claims in guests_of(batcher)._claims]


def test_answers_are_those_of_one_guest(make: Make) -> None:
    batcher, engines = make(3, sequences=4)
    assert batcher.sequences == 12
    prompts = [prompt(seed, 5 + 7 * seed) for seed in range(30)]
    streams = [batcher.submit(each, max_new_tokens=20, ignore_eos=True) for each in prompts]
    assert [stream.result(20).ids for stream in streams] == [answer(each, 20) for each in prompts]
    assert all(engine.steps for engine in engines)
    stats = batcher.stats()
    assert stats.generated_tokens == 30 * 20
    assert stats.prompt_tokens == sum(map(len, prompts))
    assert stats.pages == sum(engine.pages for engine in engines)
    assert stats.steps == sum(len(engine.steps) for engine in engines)
    assert 1 <= stats.rows_per_step <= 64


def test_a_guest_is_filled_before_the_next_one(make: Make) -> None:
    """A step reads the weights once for all requests of a guest."""
    batcher, engines = make(2, sequences=3)
    go_on = hold(engines)
    some = []
    for count, expected in enumerate([[1, 0], [2, 0], [3, 0], [3, 1], [3, 2], [3, 3], [4, 3], [4, 4]]):
        some.append(batcher.submit(prompt(count, 10), max_new_tokens=5))
        assert shares(batcher) == expected
    some[3].cancel()
    go_on()
    for stream in some:
        stream.result(20)
    assert shares(batcher) == [0, 0]


def test_a_request_goes_where_there_are_pages_for_all_of_it(make: Make) -> None:
    batcher, engines = make(2, sequences=8, pages=16, page=16, context=256)
    go_on = hold(engines)
    some = [batcher.submit(prompt(seed, 100), max_new_tokens=28) for seed in range(4)]  # 8 pages each
    assert shares(batcher) == [2, 2]
    some.append(batcher.submit(prompt(9, 10), max_new_tokens=6))
    assert sorted(shares(batcher)) == [2, 3]
    some.append(batcher.submit(prompt(8, 10)))  # which may fill its context
    assert shares(batcher) == [3, 3]
    go_on()
    for stream in some:
        stream.result(20)
    assert batcher.stats().preempted == 0


def test_a_request_goes_where_its_beginning_is_known(make: Make) -> None:
    batcher, engines = make(2, sequences=2)
    go_on = hold(engines)
    first = [batcher.submit(prompt(seed, 50), max_new_tokens=2) for seed in range(3)]
    assert shares(batcher) == [2, 1]
    go_on()
    for stream in first:
        stream.result(20)
    go_on = hold(engines)
    again = batcher.submit([*prompt(2, 50), 7], max_new_tokens=2)
    assert shares(batcher) == [0, 1]
    go_on()
    assert again.result(20).usage.reused_tokens == 48
    assert again.result().ids == answer([*prompt(2, 50), 7], 2)


def test_pages_that_others_have_already_take_no_room(make: Make) -> None:
    """A beginning that many share is in one guest once, as long as there are places."""
    batcher, engines = make(2, sequences=8, pages=16, page=16, context=256)
    shared = prompt(1, 160)  # ten pages
    assert len(batcher.submit([*shared, 3], max_new_tokens=1).result(20).ids) == 1
    go_on = hold(engines)
    some = [batcher.submit([*shared, 5], max_new_tokens=2)]  # 11 of 16
    wait_for(lambda: batcher.stats().running == 1)
    some += [batcher.submit([*shared, 6 + at], max_new_tokens=2) for at in range(5)]  # one more each
    assert sorted(shares(batcher)) == [0, 6]
    some.append(batcher.submit(prompt(2, 100), max_new_tokens=2))
    assert sorted(shares(batcher)) == [1, 6]
    go_on()
    for stream in some:
        assert len(stream.result(20).ids) == 2


def test_the_queue_is_full_when_all_are(make: Make) -> None:
    batcher, engines = make(2, waiting=4, sequences=1)
    go_on = hold(engines)
    some = [batcher.submit(prompt(0, 5), max_new_tokens=2) for _ in range(2)]
    wait_for(lambda: batcher.stats().running == 2)
    some += [batcher.submit(prompt(seed, 5), max_new_tokens=2, block=False) for seed in range(4)]
    with pytest.raises(QueueFullError):
        batcher.submit(prompt(9, 5), max_new_tokens=2, block=False)
    assert sum(shares(batcher)) == 6  # nothing of the one that was refused
    go_on()
    for stream in some:
        assert len(stream.result(20).ids) == 2


def test_a_full_queue_is_passed_by(make: Make) -> None:
    """Where another guest's has room, which has more to do."""
    batcher, engines = make(2, waiting=8, sequences=4, pages=16, page=16, context=256)
    go_on = hold(engines)
    some = [batcher.submit(prompt(0, 200), max_new_tokens=56)]
    some.append(batcher.submit(prompt(1, 5), max_new_tokens=2))
    wait_for(lambda: batcher.stats().running == 2)
    some += [batcher.submit(prompt(seed, 5), max_new_tokens=2, block=False) for seed in range(2, 6)]
    assert shares(batcher) == [1, 5]
    some.append(batcher.submit(prompt(6, 100), max_new_tokens=28, block=False))
    assert shares(batcher) == [2, 5]
    go_on()
    for stream in some:
        assert len(stream.result(20).ids) == stream._feed.request.max_new_tokens


def test_ctrl_c_at_any_line_leaves_no_claim(make: Make) -> None:
    batcher, _ = make(2)
    for line in range(1000):

        def interrupt() -> None:
            raise KeyboardInterrupt

        stream, interruption = None, Interruption(line, interrupt)
        interruption.modules = {"_batcher", "_guests"}
        with suppress(KeyboardInterrupt), interruption:
            stream = batcher.submit([6], max_new_tokens=2)
            assert len(stream.result(20).ids) == 2
        del stream
        wait_for(lambda: not any(guests_of(batcher)._claims))
        if interruption.left >= 0:
            break
    assert 50 < line < 999


def test_whatever_callers_do(make: Make) -> None:
    """Asked by many threads, cancelled, late, preempted: each gets its own tokens, and nothing is left."""
    batcher, engines = make(3, sequences=3, pages=12, page=16, context=128, waiting=30)

    def caller(number: int) -> None:
        rng = random.Random(number)
        for _ in range(25):
            ids = prompt(rng.randrange(5), rng.randrange(1, 90))
            new = rng.randrange(1, 30)
            more = {"deadline": rng.choice([None, None, 0.001, 30]), "priority": rng.randrange(3)}
            stream = batcher.submit(ids, max_new_tokens=new, ignore_eos=True, **more)
            if rng.random() < 0.2:
                stream.cancel()
            found = stream.result(30)
            expected = answer(ids, new)
            assert found.ids == expected[: len(found.ids)]
            assert len(found.ids) == new or found.usage.finish != "length"

    with ThreadPoolExecutor(12) as pool:
        for each in [pool.submit(caller, number) for number in range(12)]:
            each.result(60)
    assert all(engine.steps for engine in engines)


def test_the_end_of_all(make: Make) -> None:
    batcher, engines = make(3, sequences=2)
    hold(engines)
    streams = [batcher.submit(prompt(seed, 9), max_new_tokens=5) for seed in range(9)]
    batcher.close()
    assert {stream.result(20).usage.finish for stream in streams} == {"cancelled"}
    with pytest.raises(zcwasm.ClosedError):
        batcher.submit([5])
    assert "closed" in repr(batcher)


def test_one_that_is_dropped_closes(make: Make) -> None:
    model: Any = fake_engine.Model()
    engines: Any = [Engine(), Engine()]
    stream = Batcher(model, engines).submit([5, 6], max_new_tokens=2)
    assert len(stream.result(20).ids) == 2
    del stream
    wait_for(lambda: engines[0].closed)


# --- with a model ---


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    pytest.importorskip("gguf", reason="the gguf package, which writes the model, is not installed")
    pytest.importorskip("tokenizers", reason="zcwasm[llm] is not installed")
    from tiny_model import write

    path = tmp_path_factory.mktemp("model") / "tiny.gguf"
    write(path)
    return Model.open(path, zcwasm.Device("cpu", threads=1))


def test_answers_are_those_of_a_session(model: Model) -> None:
    prompts = [np.random.default_rng(seed).integers(5, 50, 9).tolist() for seed in range(8)]
    session = model.session()
    expected = [
        [token.id for token in session.generate(each, max_new_tokens=8, ignore_eos=True)] for each in prompts
    ]
    with model.batcher(sequences=4, guests=2, rows=8, context=64) as batcher:
        streams = [batcher.submit(each, max_new_tokens=8, ignore_eos=True) for each in prompts]
        assert [stream.result(60).ids for stream in streams] == expected
        assert batcher.sequences == 4
        assert all(worker.schedule.steps for worker in guests_of(batcher).workers)


def test_how_many_guests(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="guests is 3, must be 1 to 2"):
        model.batcher(sequences=2, guests=3)
    with pytest.raises(ValueError, match="the cache of each of 2 guests has room for"):
        model.batcher(sequences=2, guests=2, context=100, context_tokens=128)
    monkeypatch.setattr(_batcher, "_room", lambda *_: 1024)
    with model.batcher(sequences=8, context_tokens=3000, context=256) as batcher:
        assert len(guests_of(batcher).workers) == 3
        assert batcher.sequences == 8
        assert [worker.engine.sequences for worker in guests_of(batcher).workers] == [2, 3, 3]
        assert 3000 <= batcher.stats().pages * 32 < 3000 + 3 * 32
    with model.batcher(sequences=8, context_tokens=1000, context=256) as batcher:
        assert not isinstance(batcher._worker, Guests)
    with model.batcher(sequences=8, context=256) as batcher:
        assert not isinstance(batcher._worker, Guests)
        assert batcher.stats().pages * 32 == 1024


def test_a_guest_that_does_not_start_leaves_none(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    class Second(_batcher.Engine):
        def __init__(self, *arguments: Any, **numbers: Any) -> None:
            if made:
                raise MemoryError
            super().__init__(*arguments, **numbers)
            made.append(self)

    monkeypatch.setattr(_batcher, "Engine", Second)
    with pytest.raises(MemoryError):
        model.batcher(sequences=2, guests=2, context=64)
    assert made[0].closed
