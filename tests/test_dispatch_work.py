"""How much work a guest may put into one dispatch, which rows may overlap, and what ends what is too long."""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import re
import signal
import struct
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Arena
from support import run_python
from test_abi import EINVAL, EIO, ENOMEM, Guest

import zcwasm

POOL = "<6I"  # rows, cols, capacity, ldx, ldout, flags


def test_a_guests_dispatch_has_a_limit(device: zcwasm.Device) -> None:
    guest = Guest(device, limits=zcwasm.Limits(dispatch_work=400_000))
    at, x = guest.put(np.ones(64 * 64))
    spans_at, _ = guest.put(np.array([[0, 64]] * 8), np.uint32)
    out_at, out = guest.put(np.zeros((8, 64)))

    def pool(rows: int, sequence: int = 0) -> int:
        ranges = [(0, at, x.nbytes), (0, spans_at, 64), (0, out_at, out.nbytes)]
        return guest.record("pool", ranges, struct.pack(POOL, rows, 64, 64, 64, 64, 0), sequence)

    assert pool(8) == 0  # 8 * (64 + 16) * 68 + 64 * 4096
    assert guest.exports.run() == 0
    assert (out == 1).all()
    guest = Guest(device, limits=zcwasm.Limits(dispatch_work=300_000))
    at, x = guest.put(np.ones(64 * 64))
    spans_at, _ = guest.put(np.array([[0, 64]] * 8), np.uint32)
    out_at, out = guest.put(np.zeros((8, 64)))
    assert pool(8) == -ENOMEM
    assert "kernel pool: about 305664 multiply-adds, the limit of one dispatch is 300000" in guest.error()
    # New parameters of a sequence go through the same check; what was there before stays.
    sequence = guest.exports.sequence_new()
    assert pool(4, sequence) == 0
    assert guest.exports.sequence_seal(sequence) == 0
    guest.memory.write(guest.base, struct.pack("<I", 8))
    assert guest.exports.sequence_params(sequence, 0, 0, guest.base, 4) == -ENOMEM
    assert "305664" in guest.error()
    assert "300000" in guest.error()
    assert guest.exports.sequence_run(sequence) == 0
    assert (out[:4] == 1).all()
    assert (out[4:] == 0).all()


def test_the_hosts_own_dispatches_have_none(device: zcwasm.Device, arena: Arena) -> None:
    x = arena.put(np.ones((64, 64)))
    out = arena.empty((64, 64))
    Guest(device, limits=zcwasm.Limits(dispatch_work=0))
    device.matmul(x, x, out=out)
    assert (out == 64).all()


def test_windows_take_no_memory_of_their_own(device: zcwasm.Device) -> None:
    """A product over overlapping rows: 600 MB of them lie in 140 KB."""
    if device.kind != "cpu":
        pytest.skip("only the cpu device's kernels have working memory")
    run_python(
        """
        import resource
        import sys
        import numpy as np
        import zcwasm
        device = zcwasm.Device("cpu")
        memory = zcwasm.Memory(16)
        rows, k = 30_000, 5_000
        x = memory.array(0, rows + k, np.float32)
        w = memory.array(1 << 18, (1, k), np.float32)
        y = memory.array(1 << 19, (rows, 1), np.float32)
        x[:] = np.arange(len(x)) % 7
        w[:] = 1
        limit = 300 << (20 if sys.platform == "darwin" else 10)  # ru_maxrss is bytes there, KiB elsewhere
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        params = {"type": 0, "rows": rows, "n": 1, "k": k, "ldx": 1, "ldy": 1, "flags": 0, "eps": 0}
        device.dispatch("linear", [x, w, x[:0], x[:0], y], params)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < limit
        sums = np.concatenate([[0], np.cumsum(x, dtype=np.float64)])
        assert np.allclose(y[:, 0], sums[k : k + rows] - sums[:rows])
        """
    )


def test_the_default_admits_long_contexts() -> None:
    """Attention of 512 rows and 32 heads of 128 over 131,072 keys, half of it in the cache's own memory."""
    device = zcwasm.Device("cpu")
    guest = Guest(device)
    rows, heads, size, keys = 512, 32, 128, 131072
    cache = guest.exports.scratch_new(keys * size * 2)
    other = guest.exports.scratch_new(rows * heads * size * 4)
    assert cache > 0
    assert other > 0

    def record(keys: int, kv_heads: int = 1) -> int:
        params = (rows, heads, kv_heads, size, heads * size, size, size, heads * size, keys, 1)
        ranges = [(other, 0, 2**64 - 1), (cache, 0, 2**64 - 1), (cache, 0, 2**64 - 1), (0, 0, rows * 8)]
        ranges.append((0, 0, 0))
        out = guest.exports.scratch_new(rows * heads * size * 4)
        return guest.record(
            "attention", [*ranges, (out, 0, 2**64 - 1)], struct.pack("<10IfIfI", *params, 0.1, 0, 0, 0)
        )

    assert record(keys) == 0
    assert guest.exports.discard() == 0


def overlapping(guest: Guest) -> dict[str, tuple[list[int], str, tuple[Any, ...]]]:
    """Bindings' bytes and parameters of each kernel that reads rows, with rows on top of each other."""
    cols, rows = 16, 4
    return {
        "softmax": ([64, 256], "<4I", (rows, cols, 0, cols)),
        "rms_norm": ([64, 64, 256], "<4If", (rows, cols, 0, cols, 1e-5)),
        "layer_norm": ([64, 64, 64, 256], "<4If", (rows, cols, cols - 1, cols, 1e-5)),
        "rope": ([64, 16, 64, 256], "<10I", (rows, 1, cols, 2, 0, cols, 1, 0, 0, 0)),
        "append": ([64, 16, 256], "<6I", (rows, cols, 0, cols, rows, 0)),
        "attention": (
            [64, 256, 256, 32, 0, 256],
            "<10IfIfI",
            (rows, 1, 1, cols, cols - 4, cols, cols, cols, 4, 0, 1.0, 0, 0, 0),
        ),
        "swiglu": ([64, 64, 256], "<5I", (rows, cols, 0, 0, cols)),
        "top_k": ([64, 64, 64], "<4I", (rows, cols, 0, 1)),
        "pool": ([64, 32, 256], POOL, (rows, cols, 4, 0, cols, 0)),
        "sum": ([64, 16], "<4I", (rows, cols, 0, 0)),
        "max": ([64, 16], "<4I", (rows, cols, 0, 0)),
        "argmax": ([64, 16], "<4I", (rows, cols, 0, 0)),
        "linear": ([64, 1024, 0, 0, 256], "<7If", (0, rows, 16, cols, 0, 16, 0, 1e-5)),
        "matmul": ([64, 1024, 256], "<12I2f", (4, 16, 16, 1, 0, 16, 16, 0, 0, 0, 0, 0, 1, 0)),
    }


def test_rows_that_overlap_are_refused(device: zcwasm.Device) -> None:
    guest = Guest(device)
    for kernel, (lengths, form, values) in overlapping(guest).items():
        ranges = [(0, guest.data + 4096 * i, length) for i, length in enumerate(lengths)]
        assert guest.record(kernel, ranges, struct.pack(form, *values)) == -EINVAL, kernel
        assert "leading dimension of" in guest.error(), kernel
    assert guest.exports.run() == 0


@pytest.mark.parametrize("step", [1, 3])
def test_windows_stay(device: zcwasm.Device, arena: Arena, step: int) -> None:
    """Moving sums and maxima, and a convolution as a product over frames."""
    line = arena.put(np.random.default_rng(1).standard_normal(400).astype(np.float32))
    windows = np.lib.stride_tricks.sliding_window_view(line, 25)[::step]
    out = arena.empty(len(windows))
    device.sum(windows, out=out)
    assert np.allclose(out, windows.sum(1), atol=1e-5)
    device.max(windows, out=out)
    assert (out == windows.max(1)).all()
    rows = len(windows)
    weights = arena.put(np.random.default_rng(2).standard_normal((6, 25)).astype(np.float32))
    y = arena.empty((rows, 6))
    params = {"type": 0, "rows": rows, "n": 6, "k": 25, "ldx": step, "ldy": 6, "flags": 0, "eps": 0}
    nothing = line[:0]
    device.dispatch("linear", [line, weights, nothing, nothing, y], params)
    assert np.allclose(y, windows @ weights.T, atol=1e-4)


# ---- work that is too long ----

LONG = 0.3  # seconds: the guests' deadline
SOON = 10.0  # much more than a deadline and what follows it on a busy machine, much less than the work takes


def endless(device: zcwasm.Device, **options: Any) -> tuple[Guest, int]:
    """A guest of small means with a sealed sequence of many seconds: attention, a thousand times a thread.

    On cpu one dispatch is so small that who runs the sequence computes it himself; on a GPU it is much.
    """
    if device.kind == "metal":
        pytest.skip("a GPU's piece of work takes hours on the simulation; tests/c/test_pace.c has a fake GPU")
    guest = Guest(device, **options)
    rows, heads, size = (1024, 1, 4) if device.kind == "cpu" else (4096, 8, 64)
    times = 1000 * max(device.info["threads"], 1)
    spans_at, _ = guest.put(np.array([[0, rows]] * rows), np.uint32)
    q, out = (guest.exports.scratch_new(rows * heads * size * 4) for _ in range(2))
    cache = guest.exports.scratch_new(rows * size * 4)
    sequence = guest.exports.sequence_new()
    numbers = rows, heads, 1, size, heads * size, size, size, heads * size, rows, 0, 1.0, 0, 0.0, 0
    params = struct.pack("<10IfIfI", *numbers)
    ranges = [(q, 0, 2**64 - 1), (cache, 0, 2**64 - 1), (cache, 0, 2**64 - 1), (0, spans_at, rows * 8)]
    ranges += [(0, 0, 0), (out, 0, 2**64 - 1)]
    assert guest.record("attention", ranges, params, sequence) == 0
    kernel = guest.kernel("attention")
    packed = b"".join(struct.pack("<iIQQ", h, 0, offset, length) for h, offset, length in ranges)
    guest.memory.write(guest.base + 1024, packed)
    many = guest.exports.dispatch_many(
        sequence, kernel, guest.base + 1024, len(ranges), guest.base + 4096, len(params), times
    )
    assert many >= 0
    assert guest.exports.sequence_seal(sequence) == 0
    return guest, sequence


def host_is_served(device: zcwasm.Device, arena: Arena, since: float) -> None:
    x = arena.empty(64)
    device.fill(x, 3)
    took = time.monotonic() - since
    assert (x == 3).all()
    assert took < SOON


def text_of(guest: Guest, submission: int) -> str:
    assert guest.exports.wait(submission, -1) == -EIO
    return guest.error()


def test_a_deadline_ends_the_work_too(device: zcwasm.Device, arena: Arena) -> None:
    guest, sequence = endless(device, limits=zcwasm.Limits(deadline=LONG))
    start = time.monotonic()
    queued = [guest.exports.sequence_submit(sequence) for _ in range(20)]
    with pytest.raises(zcwasm.Trap) as trap:
        guest.exports.sequence_run(sequence)
    assert trap.value.kind == "deadline"
    host_is_served(device, arena, start)
    for submission in queued:
        text = text_of(guest, submission)
        assert text == "cancelled: the call that submitted it passed its deadline of 0.300 s"
    # Guest and device are as good as ever.
    at, x = guest.put(np.ones(100))
    assert guest.affine(at, at, 100, 2, 1) == 0
    assert guest.exports.run() == 0
    assert (x == 3).all()


@pytest.mark.parametrize("end", ["deadline", "interrupt", "signal"])
def test_a_run_with_nothing_queued_ends_too(end: str, device: zcwasm.Device, arena: Arena) -> None:
    """On cpu it is computed by the thread that asked for it, and another one ends it."""
    guest, sequence = endless(device, limits=zcwasm.Limits(deadline=LONG if end == "deadline" else None))
    timer = threading.Timer(LONG, guest.instance.interrupt)

    def handler(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, handler)
    try:
        if end == "interrupt":
            timer.start()
        if end == "signal":
            signal.setitimer(signal.ITIMER_REAL, LONG)
        start = time.monotonic()
        with pytest.raises((zcwasm.Trap, KeyboardInterrupt)) as ended:
            guest.exports.sequence_run(sequence)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if end == "interrupt":
            timer.join()
    kinds = {"deadline": "deadline", "interrupt": "interrupted", "signal": None}
    assert getattr(ended.value, "kind", None) == kinds[end]
    host_is_served(device, arena, start)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_while_the_caller_computes() -> None:
    """The run goes on in the parent; in the child it is lost, and the guest goes on."""
    device = zcwasm.Device("cpu", threads=1)
    guest, sequence = endless(device)
    child = None

    def handler(*_: object) -> None:
        nonlocal child
        if child is not None:
            raise KeyboardInterrupt
        child = os.fork()
        signal.setitimer(signal.ITIMER_REAL, LONG)

    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, LONG)
        result = guest.exports.sequence_run(sequence)
    except KeyboardInterrupt:
        result = None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    if child == 0:
        signal.alarm(60)  # what hangs is killed
        code = 1
        with contextlib.suppress(BaseException):
            lost = result == -EIO and "lost by fork" in guest.error()
            at, x = guest.put(np.ones(100))
            fine = guest.affine(at, at, 100, 2, 1) == 0 and guest.exports.run() == 0
            code = 0 if lost and fine and (x == 3).all() else 2
        os._exit(code)
    assert child is not None
    assert os.waitpid(child, 0)[1] == 0
    assert result is None


def test_the_deadline_holds_after_the_call_has_returned(device: zcwasm.Device, arena: Arena) -> None:
    guest, sequence = endless(device, limits=zcwasm.Limits(deadline=LONG))
    start = time.monotonic()
    queued = [guest.exports.sequence_submit(sequence) for _ in range(20)]
    host_is_served(device, arena, start)
    assert "passed its deadline of 0.300 s" in text_of(guest, queued[0])
    assert "passed its deadline of 0.300 s" in text_of(guest, queued[-1])


def test_without_a_deadline_work_goes_on(device: zcwasm.Device, arena: Arena) -> None:
    guest = Guest(device)
    at, x = guest.put(np.zeros(4096))
    assert guest.affine(at, at, 4096, 1, 1) == 0
    kernel = guest.kernel("affine")
    assert guest.exports.dispatch_many(0, kernel, guest.base + 1024, 2, guest.base + 4096, 12, 500) >= 0
    assert guest.exports.submit() > 0
    with pytest.raises(zcwasm.Trap, match="unreachable"):
        guest.exports.trap()
    host_is_served(device, arena, time.monotonic())
    assert (x == 501).all()


def test_an_interrupt_ends_the_work_too(device: zcwasm.Device, arena: Arena) -> None:
    guest, sequence = endless(device)
    queued = guest.exports.sequence_submit(sequence)
    timer = threading.Timer(LONG, guest.instance.interrupt)
    timer.start()
    with pytest.raises(zcwasm.Trap) as trap:
        guest.exports.wait(queued, -1)
    assert trap.value.kind == "interrupted"
    host_is_served(device, arena, time.monotonic())
    assert text_of(guest, queued) == "cancelled: the host interrupted the call that submitted it"
    timer.join()


def test_cancelling_a_submitted_call_ends_the_work_too(device: zcwasm.Device, arena: Arena) -> None:
    guest, sequence = endless(device)
    queued = guest.exports.sequence_submit(sequence)
    call = guest.instance.submit("wait", queued, -1)
    time.sleep(LONG)
    assert call.cancel()
    with pytest.raises(CancelledError):
        call.result(30)
    host_is_served(device, arena, time.monotonic())
    assert text_of(guest, queued) == "cancelled: the host interrupted the call that submitted it"
    queued = guest.exports.sequence_submit(sequence)
    with pytest.raises(zcwasm.Trap) as trap:
        guest.instance.call("wait", queued, -1, deadline=LONG)
    assert trap.value.kind == "deadline"
    host_is_served(device, arena, time.monotonic())
    text = text_of(guest, queued)
    assert text == f"cancelled: the call that submitted it passed its deadline of {LONG:.3f} s"


def test_the_others_go_on(device: zcwasm.Device) -> None:
    """One guest's work is cancelled; another's, and what its host waits for, are not."""
    first, sequence = endless(device, limits=zcwasm.Limits(deadline=LONG))
    second = Guest(device)
    at, x = second.put(np.ones(64))
    first.exports.sequence_submit(sequence)
    assert second.affine(at, at, 64, 3, 0) == 0
    waited = second.exports.submit()
    start = time.monotonic()
    assert second.exports.wait(waited, -1) == 0
    assert time.monotonic() - start < SOON
    assert (x == 3).all()


@pytest.mark.parametrize("threads", [1, 2])
def test_one_long_dispatch_is_cut_short(threads: int, arena: Arena) -> None:
    device = zcwasm.Device("cpu", threads=threads)
    guest = Guest(device, limits=zcwasm.Limits(deadline=LONG))
    rows, cols, capacity = 2048, 64, 1 << 20  # minutes
    spans_at, _ = guest.put(np.array([[0, capacity]] * rows), np.uint32)
    x = guest.exports.scratch_new(cols * capacity * 4)
    out = guest.exports.scratch_new(rows * cols * 4)
    ranges = [(x, 0, 2**64 - 1), (0, spans_at, rows * 8), (out, 0, 2**64 - 1)]
    assert guest.record("pool", ranges, struct.pack(POOL, rows, cols, capacity, cols, cols, 0)) == 0
    start = time.monotonic()
    with pytest.raises(zcwasm.Trap, match="deadline"):
        guest.exports.run()
    host_is_served(device, arena, start)


def attention_of_a_long_context(guest: Guest, keys: int) -> int:
    """512 rows and 32 heads of 128: on a GPU 2**14 workgroups, 2**8 multiply-adds for each of their keys."""
    rows, heads, size = 512, 32, 128
    spans_at, _ = guest.put(np.array([[0, keys]] * rows), np.uint32)
    q, out = (guest.exports.scratch_new(rows * heads * size * 4) for _ in range(2))
    cache = guest.exports.scratch_new(keys * size * 2)
    params = (rows, heads, 1, size, heads * size, size, size, heads * size, keys, 1)
    ranges = [(q, 0, 2**64 - 1), (cache, 0, 2**64 - 1), (cache, 0, 2**64 - 1), (0, spans_at, rows * 8)]
    ranges.append((0, 0, 0))
    return guest.record(
        "attention", [*ranges, (out, 0, 2**64 - 1)], struct.pack("<10IfIfI", *params, 0.1, 0, 0, 0)
    )


def test_one_long_dispatch_is_cut_between_workgroups(device: zcwasm.Device, arena: Arena) -> None:
    if device.kind == "metal":
        pytest.skip("a GPU's piece of work takes hours on the simulation; tests/c/test_pace.c has a fake GPU")
    guest = Guest(device, limits=zcwasm.Limits(deadline=LONG))
    assert attention_of_a_long_context(guest, 1 << 15) == 0  # minutes
    start = time.monotonic()
    with pytest.raises(zcwasm.Trap, match="deadline"):
        guest.exports.run()
    host_is_served(device, arena, start)


def test_a_workgroup_has_a_limit(device: zcwasm.Device) -> None:
    """Where nothing ends one: a tile, computed whole, of more than 2**32. A long context has less."""
    guest = Guest(device)
    assert attention_of_a_long_context(guest, 131072) == 0
    assert guest.exports.discard() == 0
    rows, n, k = 5, 1, 1 << 22
    x = guest.exports.scratch_new((k + rows) * 4)
    weights = guest.exports.scratch_new(n * k // 32 * 18)
    y = guest.exports.scratch_new(rows * n * 4)
    ranges = [(x, 0, 2**64 - 1), (weights, 0, 2**64 - 1), (0, 0, 0), (0, 0, 0), (y, 0, 2**64 - 1)]
    made = guest.record("linear", ranges, struct.pack("<7If", 4, rows, n, k, 1, n, 0, 0))
    if device.kind == "cpu":
        assert made == 0, guest.error()
        return
    assert made == -ENOMEM, guest.error()
    limit = f"the limit on device {device.kind}, which cannot end a workgroup, is {2**32}"
    assert re.search(rf"multiply-adds for each of \d workgroups, {limit}", guest.error())  # as few rows go
    # Of two stages the last one counts, which may have all of the work in one.
    k = 1 << 21
    ranges[2:3] = [ranges[1]]
    made = guest.record("linear_gated", ranges, struct.pack("<8If", 4, 4, rows, n, k - 256, 1, n, 0, 0))
    assert made == -ENOMEM, guest.error()
    assert re.search(rf"multiply-adds for each of \d workgroups, {limit}", guest.error())
    assert guest.record("linear_gated", ranges, struct.pack("<8If", 4, 4, rows, n, k // 8, 1, n, 0, 0)) == 0


def test_what_stages_pass_on_survives_what_is_recorded_meanwhile(device: zcwasm.Device) -> None:
    """A dispatch of two stages, cut into pieces, each recorded when it is its turn; before the second stage's
    a sequence is recorded, which needs a larger workspace."""
    if device.kind == "metal":
        pytest.skip("a GPU's piece of work takes hours on the simulation; tests/c/test_pace.c has a fake GPU")
    guest, random = Guest(device), np.random.default_rng(11)
    guest.memory.grow(16)
    rows, n, k, apart, many = 256, 256, 600, 8, 2048
    x_at, x = guest.put(random.standard_normal(rows * apart + k) / 8)
    (gate_at, gate), (up_at, up) = (guest.put(random.standard_normal((n, k)) / 8) for _ in range(2))
    y_at, y = guest.put(np.zeros((rows, n)))
    other = guest.exports.scratch_new(many * n * 4)

    def gated(rows: int, k: int, ldx: int, handle: int, to: int, into: int) -> int:
        ranges = [(0, x_at, ((rows - 1) * ldx + k) * 4), (0, gate_at, n * k * 4), (0, up_at, n * k * 4)]
        ranges += [(0, 0, 0), (handle, to, rows * n * 4)]
        return guest.record("linear_gated", ranges, struct.pack("<8If", 0, 0, rows, n, k, ldx, n, 0, 0), into)

    sequence = guest.exports.sequence_new()
    assert gated(many, 8, 1, other, 0, sequence) == 0
    assert guest.exports.sequence_seal(sequence) == 0
    assert gated(rows, k, apart, 0, y_at, 0) == 0
    submissions = guest.exports.submit(), guest.exports.sequence_submit(sequence)
    assert [guest.exports.wait(each, -1) for each in submissions] == [0, 0]
    windows = np.lib.stride_tricks.sliding_window_view(x.astype(np.float64), k)[::apart][:rows]
    gates = windows @ gate.T
    assert np.allclose(y, gates / (1 + np.exp(-gates)) * (windows @ up.T), atol=1e-5)


def test_what_stages_pass_on_is_not_the_hosts(device: zcwasm.Device, arena: Arena) -> None:
    """The host's own run finds the device idle, and is recorded for so long that it comes between the pieces
    of a guest's dispatch. Both have stages."""
    if device.kind == "metal":
        pytest.skip("a GPU's piece of work takes hours on the simulation; tests/c/test_pace.c has a fake GPU")
    device = zcwasm.Device(device.kind)  # which has compiled nothing yet
    guest, random = Guest(device), np.random.default_rng(12)
    guest.memory.grow(16)
    rows, n, k = 1024, 256, 600
    x_at, x = guest.put(random.standard_normal(rows + k) / 8)
    (gate_at, gate), (up_at, up) = (guest.put(random.standard_normal((n, k)) / 8) for _ in range(2))
    y = guest.exports.scratch_new(rows * n * 4)
    some_at, some = guest.put(np.zeros(4 * n))

    def gated(rows: int) -> int:
        ranges = [(0, x_at, (rows - 1 + k) * 4), (0, gate_at, n * k * 4), (0, up_at, n * k * 4), (0, 0, 0)]
        params = struct.pack("<8If", 0, 0, rows, n, k, 1, n, 0, 0)
        return guest.record("linear_gated", [*ranges, (y, 0, rows * n * 4)], params)

    assert gated(64) == guest.exports.run() == 0
    row = arena.put(np.full((40, 9000), 7))
    values, indices = arena.empty((40, 40)), arena.empty((40, 40), np.uint32)
    numbers = {"rows": 40, "cols": 9000, "ldx": 9000, "k": 40}
    host = threading.Thread(target=device.dispatch, args=("top_k", [row, values, indices], numbers))
    host.start()
    time.sleep(0.05)
    assert gated(rows) == 0
    assert guest.exports.wait(guest.exports.submit(), -1) == 0
    host.join()
    assert (indices == np.arange(40)).all()
    windows = np.lib.stride_tricks.sliding_window_view(x.astype(np.float64), k)[:rows]
    gates = windows @ gate.T
    want = gates / (1 + np.exp(-gates)) * (windows @ up.T)
    for at in range(0, rows, 4):
        ranges = [(y, at * n * 4, some.nbytes), (0, some_at, some.nbytes)]
        assert (
            guest.record("affine", ranges, struct.pack("<Iff", some.size, 1, 0)) == guest.exports.run() == 0
        )
        assert np.allclose(some.reshape(4, n), want[at : at + 4], atol=1e-5)


PIECES = """
import hashlib
from zcwasm._selftest import kernels
from zcwasm._selftest.arena import Arena
for name in list(kernels.EVERY)[PART::3]:
    run = kernels.EVERY[name]
    got, want = run(device, Arena())
    kernels.compare(name, (got, want))
    print(name, hashlib.sha256(got.tobytes()).hexdigest())
print(zcwasm._core._vulkan_validation_messages())
"""


said_in_wholes = functools.cache(run_python)  # the same for all tests


@pytest.mark.slow_on_software
@pytest.mark.parametrize("part", range(3))  # a software driver compiles for half a minute for all of them
@pytest.mark.parametrize("work", [1, 3000])
def test_every_kernel_in_pieces_makes_the_same_bits(
    device: zcwasm.Device, work: int, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pieces of one workgroup, and of about as many as make that much work."""
    if device.kind == "cpu":
        pytest.skip("nothing is cut on cpu, which can end a dispatch at any time")
    text = textwrap.dedent(PROGRAM.replace("KIND", repr(device.kind))) + PIECES.replace("PART", str(part))
    whole = said_in_wholes(text)
    monkeypatch.setenv("ZCWASM_PIECE_WORK", str(work))
    assert whole.count("\n") > 10  # of more than 30 kernels, and what the layer says
    assert run_python(text) == whole


PROGRAM = """
    import signal, sys, threading, time
    import numpy as np
    import zcwasm
    device = zcwasm.Device(KIND)
"""
LONG_HOST_WORK = """
    memory = zcwasm.Memory(2048)
    a = memory.array(0, (2048, 2048), np.float32)
    out = memory.array(1 << 25, (2048, 2048), np.float32)
    batch = device.batch()
    for _ in range(2000):
        batch.matmul(a, a, out=out)
"""
CTRL_C = """
    def raise_it(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGALRM, raise_it)
"""


def run_and_time(text: str, device: zcwasm.Device) -> tuple[str, float]:
    start = time.monotonic()
    output = run_python(PROGRAM.replace("KIND", repr(device.kind)) + text)
    return output, time.monotonic() - start


@pytest.mark.parametrize("kept", [True, False])
def test_exit_does_not_wait_for_the_hosts_work(device: zcwasm.Device, kept: bool) -> None:
    nothing, base = run_and_time("    print('end')", device)
    text = LONG_HOST_WORK + "\n    submission = batch.submit()\n    print('end')"
    if not kept:
        text += "\n    del submission, batch, a, out, memory, device"
    output, took = run_and_time(text, device)
    assert nothing == output == "end\n"
    assert took < base + 2 + SOON


def exits(body: str, *, code: int = 0) -> str:
    """What Python says that goes into `body` and then exits, and after that an exit handler of C's that was
    registered before any driver was loaded: it comes after the driver's own."""
    text = f"""
        import ctypes, sys
        libc = ctypes.CDLL(None)
        libc.__cxa_atexit.argtypes = ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p
        libc.strdup.restype = ctypes.c_void_p  # the text outlives Python's objects
        handlers = [(libc.puts, libc.strdup(b"handlers")), (libc.usleep, 300_000)]
        for function, argument in handlers:
            libc.__cxa_atexit(ctypes.cast(function, ctypes.c_void_p), argument, None)
        import atexit, threading, time
        import numpy as np
        import zcwasm
        # The exit does not wait as long as it would, so that work is in flight that ends soon.
        atexit.unregister(zcwasm._core._finish)
        atexit.register(zcwasm._core._finish, 0.0)
        memory = zcwasm.Memory(256)
        a, out = (memory.array(at << 23, (512, 512), np.float32) for at in (0, 1))
        libc.puts(b"buffered")
{textwrap.indent(textwrap.dedent(body), " " * 8)}
        sys.exit({code})
    """
    command, here = [sys.executable, "-c", textwrap.dedent(text)], Path(__file__).parent
    done = subprocess.run(command, capture_output=True, text=True, cwd=here)
    assert (done.returncode, done.stderr) == (code, ""), done
    return done.stdout


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library tells no handler the exit code")
class TestDestructors:
    """exit() runs those of libraries, also of a driver that threads are inside of, which then crash."""

    @pytest.mark.parametrize("count", [2, 1000])
    def test_not_beside_work(self, device: zcwasm.Device, count: int) -> None:
        """Work that ends while the destructors would run, and work that does not."""
        said = exits(
            f"""
            batch = zcwasm.Device({device.kind!r}).batch()
            for _ in range({count}):
                batch.matmul(a, a, out=out)
            submission = batch.submit()
            """,
            code=3,
        )
        if device.kind == "vulkan" and device.info["software"]:  # the work of others may be over
            assert said == "buffered\n"

    def test_not_beside_a_call(self, device: zcwasm.Device) -> None:
        if device.kind != "vulkan" or not device.info["software"]:
            pytest.skip("it is not long inside a driver")
        said = exits(
            f"""
            device = zcwasm.Device({device.kind!r})
            a, out = (memory.array(at << 23, (1400, 1400), np.float32) for at in (0, 1))
            threading.Thread(target=device.matmul, args=(a, a), kwargs={{"out": out}}, daemon=True).start()
            time.sleep(0.2)
            """
        )
        assert said == "buffered\n"

    def test_else_they_run(self, device: zcwasm.Device) -> None:
        said = exits(f"zcwasm.Device({device.kind!r}).matmul(a, a, out=out)", code=4)
        assert said == "buffered\nhandlers\n"


def test_ctrl_c_ends_a_wait_and_the_work_goes_on(device: zcwasm.Device) -> None:
    text = (
        LONG_HOST_WORK
        + CTRL_C
        + """
    submission = batch.submit()
    start = time.monotonic()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        submission.wait()
    except KeyboardInterrupt:
        print(time.monotonic() - start < 3, submission.done)
"""
    )
    assert run_and_time(text, device)[0] == "True False\n"


def test_ctrl_c_ends_a_call_of_the_hosts(device: zcwasm.Device) -> None:
    """A call that waits for other work, and on cpu one that computes for long."""
    text = (
        LONG_HOST_WORK
        + CTRL_C
        + """
    submission = batch.submit()
    start = time.monotonic()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        device.fill(out, 1)
    except KeyboardInterrupt:
        print(time.monotonic() - start < 3, submission.done)
"""
    )
    assert run_and_time(text, device)[0] == "True False\n"
    if device.kind == "cpu":
        text = """
    memory = zcwasm.Memory(16384)
    side = 12288
    a = memory.array(0, (side, side), np.float32)
"""
        text += (
            CTRL_C
            + """
    c = np.lib.stride_tricks.as_strided(memory.array(640 << 20, 1, np.float32), (side, 4096), (4096 * 4, 4))
    start = time.monotonic()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        device.matmul(a, a[:, :4096], out=c)
    except KeyboardInterrupt:
        print(time.monotonic() - start < 3)
"""
        )
        assert run_and_time(text, device)[0] == "True\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_deadlines_hold_in_the_child_of_a_fork() -> None:
    """The thread that watches them is the parent's; the child has one of its own."""
    text = """
    import os
    from test_dispatch_work import LONG, endless
    def run():
        guest, sequence = endless(device, limits=zcwasm.Limits(deadline=LONG))
        late = guest.exports.sequence_submit(sequence)
        time.sleep(2 * LONG)
        assert guest.exports.wait(late, -1) == -10, guest.error()
        assert "passed its deadline" in guest.error()
    device = zcwasm.Device("cpu")
    run()
    child = os.fork()
    run()
    if child == 0:
        os._exit(0)
    print(os.waitpid(child, 0)[1])
"""
    assert run_python(PROGRAM.replace("KIND", "'cpu'") + text) == "0\n"


def test_rows_that_are_cut_are_whole() -> None:
    """On cpu a long row is worked on in stretches, with a look at the flag between them."""
    device, arena, random = zcwasm.Device("cpu"), Arena(), np.random.default_rng(3)
    cols = 2 * 65536 + 77
    x, y = (arena.put(random.standard_normal((2, cols)).astype(np.float32)) for _ in range(2))
    weight, bias = arena.put(np.linspace(1, 2, cols)), arena.put(np.linspace(3, 4, cols))
    out = arena.empty((2, cols))
    wide, other = x.astype(np.float64), y.astype(np.float64)
    norm: dict[str, float] = {"rows": 2, "cols": cols, "ldx": cols, "ldout": cols, "eps": 1e-5}
    device.dispatch("rms_norm", [x, weight, out], norm)
    assert np.allclose(out, wide / np.sqrt((wide**2).mean(1, keepdims=True) + 1e-5) * weight, atol=1e-4)
    device.dispatch("layer_norm", [x, weight, bias, out], norm)
    centred = wide - wide.mean(1, keepdims=True)
    expected = centred / np.sqrt((centred**2).mean(1, keepdims=True) + 1e-5) * weight + bias
    assert np.allclose(out, expected, atol=1e-4)
    lengths = {"ldgate": cols, "ldup": cols, "ldout": cols}
    device.dispatch("swiglu", [x, y, out], {"rows": 2, "cols": cols, **lengths})
    assert np.allclose(out, wide / (1 + np.exp(-wide)) * other, atol=1e-4)
    positions, spans = arena.put([1, 0], np.uint32), arena.put([0, 2, 1, 2], np.uint32)
    cache = {"rows": 2, "cols": cols, "ldx": cols, "ldout": cols, "capacity": 2, "out_type": 0}
    device.dispatch("append", [x, positions, out], cache)
    assert (out == x[::-1]).all()
    pool: dict[str, float] = {"rows": 2, "cols": cols, "capacity": 2, "ldx": cols, "ldout": cols, "flags": 1}
    device.dispatch("pool", [x, spans, out], pool)
    mean = np.stack([wide.mean(0), wide[1]])
    assert np.allclose(out, mean / np.linalg.norm(mean, axis=1, keepdims=True), atol=1e-6)
    long = arena.put(random.standard_normal(5 << 20).astype(np.float32)).reshape(1, -1)
    one = arena.empty((1, 1))
    device.matmul(long, long.T, out=one)
    assert np.isclose(one[0, 0], (long.astype(np.float64) ** 2).sum(), rtol=1e-4)


def test_a_signals_exception_ends_the_work_too(device: zcwasm.Device, arena: Arena) -> None:
    guest, sequence = endless(device)
    queued = guest.exports.sequence_submit(sequence)

    def handler(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, LONG)
        with pytest.raises(KeyboardInterrupt):
            guest.exports.wait(queued, -1)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    host_is_served(device, arena, time.monotonic())
    assert text_of(guest, queued) == "cancelled: a signal ended the call that submitted it"
