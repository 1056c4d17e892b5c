"""Batches and submissions: order, waiting, awaiting, lifetimes, interpreter exit and fork."""

from __future__ import annotations

import asyncio
import gc
import math
import os
import signal
import threading
import time

import numpy as np
import pytest
from conftest import Arena
from support import run_python

import zcwasm


def slow(device: zcwasm.Device, arena: Arena, seconds: float = 0.3) -> tuple[zcwasm.Submission, np.ndarray]:
    """Work that takes about that long; its array ends as all ones times the number of steps."""
    x = arena.put(np.zeros(1 << 21))
    best = math.inf
    for _ in range(3):  # the first may compile the kernel and import the memory
        with device.batch() as batch:
            for _ in range(4):
                batch.affine(x, 1, 0, out=x)
        trial = batch.submit()
        trial.wait()
        best = min(best, trial.gpu_seconds / 4)
    steps = max(4, int(seconds / best))
    with device.batch() as batch:
        for _ in range(steps):
            batch.affine(x, 1, 1, out=x)
    return batch.submit(), np.full(1 << 21, steps, np.float32)


def settle() -> None:
    """Let go of what earlier tests left in flight or in cycles."""
    zcwasm._core._drain()
    gc.collect()


def test_dispatches_and_submissions_keep_their_order(device: zcwasm.Device, arena: Arena) -> None:
    x, y = arena.put(np.zeros(1001)), arena.empty(1001)
    submissions = []
    for _ in range(5):
        with device.batch() as batch:
            assert batch.affine(x, 2, 1, out=x) is None
            batch.add(x, x, out=y)
            batch.affine(y, 0.5, 0, out=x)
            assert len(batch) == 3
            assert "3 dispatches" in repr(batch)
        submissions.append(batch.submit())
        assert len(batch) == 0
    device.affine(x, 2, 1, out=x)  # after all of them
    assert (x == 63).all()
    for submission in submissions:
        assert submission.wait() is None
        assert submission.done
        assert submission.gpu_seconds >= 0
        assert submission.device is device


def test_a_batch_records_again_after_submit(device: zcwasm.Device, arena: Arena) -> None:
    x = arena.put([0.0])
    batch = device.batch()
    assert batch.device is device
    for _ in range(3):
        batch.affine(x, 1, 1, out=x)
        batch.submit().wait()
    assert x[0] == 3
    batch.submit().wait()  # an empty one is done in its turn
    assert x[0] == 3


def test_leaving_with_an_exception_drops_the_recording(device: zcwasm.Device, arena: Arena) -> None:
    x = arena.put([1.0])
    pins = arena.memory.pins
    batch = device.batch()

    def leave() -> None:
        with batch:
            batch.affine(x, 0, 0, out=x)
            assert arena.memory.pins == pins + 1
            raise KeyError

    with pytest.raises(KeyError):
        leave()
    assert len(batch) == 0
    assert arena.memory.pins == pins
    batch.submit().wait()
    assert x[0] == 1


def test_a_refused_dispatch_leaves_the_recording_whole(device: zcwasm.Device, arena: Arena) -> None:
    x, y = arena.put([1.0, 2.0]), arena.put([1.0, 2.0, 3.0])
    batch = device.batch()
    batch.affine(x, 2, 0, out=x)
    with pytest.raises(ValueError, match=r"\(2,\).*\(3,\)"):
        batch.affine(x, 2, 0, out=y)
    with pytest.raises(ValueError, match="overlaps"):
        batch.affine(y[:2], 2, 0, out=y[1:])
    assert len(batch) == 1
    batch.submit().wait()
    assert x.tolist() == [2, 4]


def test_all_kernels_record(device: zcwasm.Device, arena: Arena) -> None:
    a = arena.put(np.arange(12).reshape(3, 4))
    b, c, s, m = arena.put(np.ones((4, 3))), arena.empty((3, 3)), arena.empty(3), arena.empty(())
    with device.batch() as batch:
        batch.fill(c, 5)
        batch.matmul(a, b, out=c, beta=1.0)
        batch.sum(c, out=s)
        batch.max(c, out=m)
        batch.mul(c, c, out=c)
        batch.axpby(1, c, -1, c, out=c)
        batch.softmax(c, out=c)
        batch.add(s, s, out=s)
    batch.submit().wait()
    assert s.tolist() == [66, 162, 258]
    assert m == 43
    np.testing.assert_allclose(c, np.full((3, 3), 1 / 3), rtol=1e-6)


def test_dispatch_by_signature(device: zcwasm.Device, arena: Arena) -> None:
    x, out = arena.put([1.0, 2.0, 3.0]), arena.put([0.0, 0.0, 9.0])
    affine = device.kernels["affine"]
    batch = device.batch()
    batch.dispatch("affine", [x, out], {"count": 2, "scale": 2, "shift": 0.5})
    batch.dispatch(affine, (out, out), np.array([2, 0x3F800000, 0x3F800000], np.uint32).tobytes())
    batch.submit().wait()
    assert out.tolist() == [3.5, 5.5, 9.0]
    good = {"count": 3, "scale": 1, "shift": 0}
    cases: list[tuple[tuple, type[Exception], str]] = [
        (("nope", [x, out], good), ValueError, "no kernel 'nope'"),
        ((3, [x, out], good), TypeError, "a name or a Kernel, not int"),
        (("affine", [x], good), ValueError, "takes 2 arrays, got 1"),
        (("affine", 3, good), TypeError, "arrays must be a sequence"),
        (("affine", [x, 3], good), TypeError, "out must be an array.*not int"),
        (("affine", [x, out], {"count": 3, "scale": 1}), ValueError, "misses 'shift'"),
        (("affine", [x, out], good | {"more": 1}), ValueError, "takes 3 parameters, params has 4"),
        (("affine", [x, out], good | {"count": -1}), OverflowError, "count = -1 does not fit in uint32"),
        (("affine", [x, out], good | {"count": 1 << 32}), OverflowError, "4294967296 does not fit"),
        (
            ("affine", [x, out], good | {"scale": 1e300}),
            OverflowError,
            "scale = 1e.300 does not fit in float32",
        ),
        (("affine", [x, out], b"12345678"), ValueError, "takes 12 bytes of parameters, got 8"),
        (("affine", [x, out], 3), TypeError, "dict or bytes, not int"),
        (("affine", [x, out], good | {"count": 4}), IndexError, "need 16 bytes, the range has 12"),
        (("affine", [x, out], good, (1, 1, 1)), ValueError, "groups is for kernels compiled by the user"),
    ]
    for arguments, error, message in cases:
        with pytest.raises(error, match=message):
            batch.dispatch(*arguments)
    assert len(batch) == 0


def test_timeout_and_state_in_flight(device: zcwasm.Device, arena: Arena) -> None:
    submission, expected = slow(device, arena)
    assert not submission.done
    assert "in flight" in repr(submission)
    with pytest.raises(BufferError, match="in flight"):
        _ = submission.gpu_seconds
    with pytest.raises(TimeoutError, match=r"not done after 0\.01 s"):
        submission.wait(0.01)
    with pytest.raises(TimeoutError, match="not done after 0 s"):
        submission.wait(timeout=0)
    submission.wait(60)
    assert arena.memory.array(64, 1 << 21, np.float32).tobytes() == expected.tobytes()
    assert 0.01 < submission.gpu_seconds < 60
    assert "done in" in repr(submission)
    with pytest.raises(ValueError, match="-1"):
        submission.wait(-1)
    with pytest.raises(ValueError, match="nan"):
        submission.wait(float("nan"))
    with pytest.raises(TypeError):
        submission.wait("soon")  # type: ignore[arg-type]
    submission.wait(float("inf"))


def test_others_run_while_one_waits(device: zcwasm.Device, arena: Arena) -> None:
    submission, _ = slow(device, arena)
    ticks = 0
    waiter = threading.Thread(target=submission.wait)
    waiter.start()
    while waiter.is_alive():
        time.sleep(0.001)
        ticks += 1
    assert ticks > 5


def test_signals_interrupt_a_wait(device: zcwasm.Device, arena: Arena) -> None:
    submission, _ = slow(device, arena, 0.8)
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            submission.wait()
        assert not submission.done
    finally:
        timer.join()
    submission.wait()


def test_await(device: zcwasm.Device, arena: Arena) -> None:
    x = arena.put(np.zeros(100))

    async def step() -> None:
        with device.batch() as batch:
            batch.affine(x, 1, 1, out=x)
        await batch.submit()

    async def main() -> None:
        for _ in range(10):
            await step()
        await asyncio.gather(*(step() for _ in range(20)))
        submission, _ = slow(device, arena, 0.1)
        await asyncio.gather(*(asyncio.ensure_future(wait(submission)) for _ in range(3)))
        await submission  # done already
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(wait(slow(device, arena)[0]), 0.02)

    async def wait(submission: zcwasm.Submission) -> None:
        await submission

    asyncio.run(main())
    assert (x == 30).all()


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="counts open descriptors")
def test_cancelling_leaves_the_work_running(device: zcwasm.Device, arena: Arena) -> None:
    settle()
    slow(device, arena, 0.01)[0].wait()  # what a driver opens for its first work stays open

    async def main() -> None:
        before = len(os.listdir("/dev/fd"))
        submission, _ = slow(device, arena)

        async def wait() -> None:
            await submission

        for _ in range(3):
            task = asyncio.ensure_future(wait())
            await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert not submission.done
        await submission
        for _ in range(100):  # the completing thread closes its duplicates just after it wakes us
            if len(os.listdir("/dev/fd")) <= before:
                break
            await asyncio.sleep(0.01)
        assert len(os.listdir("/dev/fd")) <= before

    asyncio.run(main())


def test_work_in_flight_owns_what_it_uses(device: zcwasm.Device) -> None:
    settle()
    arena = Arena()
    memory = arena.memory
    before = memory.pins
    submission, _ = slow(device, arena, 2)  # longer than a collection takes under ASan
    gc.collect()
    assert memory.pins == before + 1  # the submission's; views are gone
    regions = zcwasm._core._region_count()
    del arena, memory
    gc.collect()
    assert zcwasm._core._region_count() == regions
    submission.wait()
    gc.collect()
    assert zcwasm._core._region_count() == regions - 1


def test_a_dropped_submission_runs_on(device: zcwasm.Device, arena: Arena) -> None:
    submission, expected = slow(device, arena, 0.1)
    del submission
    zcwasm._core._drain()
    assert arena.memory.array(64, 1 << 21, np.float32).tobytes() == expected.tobytes()


def test_nothing_leaks(device: zcwasm.Device) -> None:
    settle()
    regions = zcwasm._core._region_count()
    for _ in range(200):
        arena = Arena()
        x = arena.put([1.0, 2.0])
        own = zcwasm.Device(device.kind)
        batch = own.batch()
        batch.affine(x, 1, 1, out=x)
        submission = batch.submit()
        batch.affine(x, 1, 1, out=x)
        with pytest.warns(ResourceWarning, match="dropped before submit"):
            del batch
        del own
        submission.wait()
    del arena, x, submission
    settle()
    assert zcwasm._core._region_count() == regions


def test_types_are_made_by_their_makers_only() -> None:
    for kind in (zcwasm.Batch, zcwasm.Submission, zcwasm.Kernel):
        with pytest.raises(TypeError):
            kind()


SETUP = """
    import os, sys, numpy as np, zcwasm
    memory = zcwasm.Memory(512)
    x = memory.array(0, 1 << 22, np.float32)
    device = zcwasm.Device(KIND)
    batch = device.batch()
    for _ in range(200):
        batch.affine(x, 1, 1, out=x)
    submission = batch.submit()
"""


def test_interpreter_exit_with_work_in_flight(device: zcwasm.Device) -> None:
    setup = SETUP.replace("KIND", repr(device.kind))
    assert run_python(setup + "\n    print('end')") == "end\n"
    assert run_python(setup + "\n    del memory, x, device, batch, submission\n    print('end')") == "end\n"
    assert run_python(setup + "\n    print('end', flush=True)\n    os._exit(0)") == "end\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork_with_work_in_flight() -> None:
    """The cpu device survives it; GPU drivers do not."""
    source = (
        SETUP.replace("KIND", "'cpu'")
        + """
    import warnings
    warnings.simplefilter("ignore")
    child = os.fork()
    if child == 0:
        try:
            submission.wait()
        except zcwasm.DeviceError as error:
            print(error)
        assert "failed: lost by fork" in repr(submission)
        y = memory.array(0, 4, np.float32)
        y[:] = 1
        device.affine(y, 2, 1, out=y)
        for _ in range(3):
            batch.affine(y, 2, 1, out=y)
        batch.submit().wait()
        print(y.tolist(), flush=True)
    else:
        assert os.waitpid(child, 0)[1] == 0
        submission.wait()
        print((x == 200).all())
    """
    )
    lines = run_python(source).splitlines()
    assert lines[0].startswith("lost by fork: the work was in flight on cpu")
    assert lines[1:] == ["[31.0, 31.0, 31.0, 31.0]", "True"]
