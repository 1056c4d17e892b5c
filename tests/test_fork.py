"""Forks from Python: any order of first use, busy threads, guests in a call, children of children.

tests/c/test_fork.c tries all orders; here are those that differ in what comes first.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import model_files as made
import pytest
from support import guest_path, run_python

if not hasattr(os, "fork"):
    pytest.skip("there is no fork here", allow_module_level=True)

pytestmark = pytest.mark.usefixtures("engine")  # each test with each engine that is here

# The allocator of LLVM 14's ASan is not looked after in a fork: a child of a process whose other threads
# allocate just then may wait for its lock for ever.
needs_allocator = pytest.mark.skipif(
    "asan" in os.environ.get("LD_PRELOAD", ""), reason="ASan's allocator does not survive such forks"
)

SETUP = """
    import os, signal, sys, threading, time, warnings
    import numpy as np
    import zcwasm
    warnings.simplefilter("ignore")

    def run_child(work):
        "Fork, run the work in the child, and end when it fails or hangs."
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                signal.alarm(60)
                work()
                code = 0
            finally:
                sys.stdout.flush()
                sys.excepthook(*sys.exc_info()) if code else None
                os._exit(code)
        end = time.monotonic() + 60
        while (found := os.waitpid(child, os.WNOHANG))[0] == 0:
            if time.monotonic() > end:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                os._exit(99)
            time.sleep(0.002)
        if found[1]:
            os._exit(98)

    def use_all():
        memory = zcwasm.Memory(80)
        x, y = (memory.array(at, 1 << 19, np.float32) for at in (0, 1 << 21))
        x[:] = 1
        device = zcwasm.Device("cpu", threads=2)
        device.affine(x, 2, 1, out=y)
        batch = device.batch()
        for _ in range(3):
            batch.affine(y, 2, 1, out=y)
        batch.submit().wait(timeout=30)
        assert (y == 31).all()
        if os.path.exists(MODEL):
            weights = zcwasm.Weights(MODEL)
            weights.load(device)
            assert weights["embd"].array().size

    def long_work(device, memory):
        x = memory.array(0, 1 << 21, np.float32)
        batch = device.batch()
        for _ in range(5000):  # seconds
            batch.affine(x, 1, 1, out=x)
        submission = batch.submit()
        time.sleep(0.03)
        assert not submission.done
        return submission
"""


def setup(tmp_path: Path) -> str:
    path = tmp_path / "model.gguf"
    path.write_bytes(made.gguf())
    return SETUP + f"\n    MODEL = {str(path)!r}\n"


STEPS = {
    "region": "memory = memory or zcwasm.Memory(256)",
    "device": "device = device or zcwasm.Device('cpu', threads=2)",
    "submission": "device = device or zcwasm.Device('cpu', threads=2); device.batch().submit().wait()",
    "weights": "weights = zcwasm.Weights(MODEL)",
    "threads": "zcwasm.Device('cpu', threads=2).fill(zcwasm.Memory(64).array(0, 1 << 20, np.float32), 1)",
}


@pytest.mark.parametrize("drop", [False, True], ids=["kept", "dropped"])
@pytest.mark.parametrize("first", list(STEPS))
def test_any_order_of_first_use(first: str, drop: bool, tmp_path: Path) -> None:
    names = list(STEPS)
    at = names.index(first)
    order = names[at:] + names[:at]
    source = setup(tmp_path) + "\n    memory = device = weights = None\n"
    source += "".join(f"    {STEPS[name]}\n" for name in order)
    source += "    submission = long_work(device, memory)\n"
    if drop:
        source += "    del submission, memory, device\n"
    source += f"""
    def work():
        if {not drop}:
            try:
                submission.wait()
                raise AssertionError("the parent's work is the child's")
            except zcwasm.DeviceError as error:
                assert "lost by fork" in str(error)
        assert zcwasm._core._region_count() == {not drop} + (weights is not None)
        use_all()
    run_child(work)
    """
    run_python(source)


def test_from_a_second_thread_and_in_a_child_again(tmp_path: Path) -> None:
    run_python(
        setup(tmp_path)
        + """
    def inner():
        use_all()

    def outer():
        device, memory = zcwasm.Device("cpu", threads=2), zcwasm.Memory(256)
        submission = long_work(device, memory)
        del device, memory
        run_child(inner)
        submission.wait()
        use_all()

    device, memory = zcwasm.Device("cpu", threads=2), zcwasm.Memory(256)
    submission = long_work(device, memory)
    del device, memory
    thread = threading.Thread(target=run_child, args=(outer,))
    thread.start()
    thread.join()
    submission.wait()
    run_child(outer)
    """
    )


@needs_allocator
def test_while_threads_use_everything(tmp_path: Path) -> None:
    run_python(
        setup(tmp_path)
        + """
    stop = False
    def hammer():
        while not stop:
            use_all()
    threads = [threading.Thread(target=hammer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(30):
        run_child(use_all)
    stop = True
    for thread in threads:
        thread.join()
    """
    )


def test_multiprocessing(tmp_path: Path) -> None:
    run_python(
        setup(tmp_path)
        + """
    import multiprocessing
    device, memory = zcwasm.Device("cpu", threads=2), zcwasm.Memory(256)
    submission = long_work(device, memory)
    del device, memory
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=use_all) for _ in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
        assert child.exitcode == 0, child
    submission.wait()
    """
    )


def test_guests_that_other_threads_run(tmp_path: Path) -> None:
    """In the child nobody runs them: they stay taken, also for a thread that is where theirs was."""
    run_python(
        setup(tmp_path)
        + f"""
    module = zcwasm.Module({str(guest_path("basics"))!r})
    imports = {{"env": {{"log": lambda value: None, "pair": lambda a, b: (b, a)}}}}
    guest, idle = (zcwasm.Instance(module, imports=imports) for _ in range(2))
    def spin():
        try:
            guest.exports.spin()
        except zcwasm.Trap:
            pass
    thread = threading.Thread(target=spin)
    thread.start()
    while True: # until it runs
        try:
            guest.exports.nothing()
        except RuntimeError:
            break

    def work():
        refused = []
        def call():
            try:
                guest.exports.add(1, 2)
            except RuntimeError as error:
                refused.append(str(error))
        call()
        others = [threading.Thread(target=call) for _ in range(4)]
        for other in others:
            other.start()
        for other in others:
            other.join()
        assert refused == ["the instance is running on another thread"] * 5, refused
        assert idle.exports.add(1, 2) == 3
        assert zcwasm.Instance(module, imports=imports).exports.add(1, 2) == 3
        use_all()
    run_child(work)
    while not guest.interrupt():
        time.sleep(0.001)
    thread.join()
    """
    )


def test_from_a_guests_host_function(tmp_path: Path) -> None:
    """Both go on where they were."""
    lines = run_python(
        setup(tmp_path)
        + f"""
    module = zcwasm.Module({str(guest_path("basics"))!r})
    child = None
    def pair(a, b):
        global child
        child = os.fork()
        return b, a
    guest = zcwasm.Instance(module, imports={{"env": {{"log": lambda value: None, "pair": pair}}}})
    result = guest.exports.call_pair(1, 2)
    if child == 0:
        use_all()
        print("child", result, flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    print("parent", result)
    """
    ).splitlines()
    assert lines == ["child (2, 1)", "parent (2, 1)"]


@needs_allocator
@pytest.mark.skipif(sys.platform == "darwin", reason="a forked child cannot use Metal there")
def test_a_fork_beside_the_listing_of_devices() -> None:
    """A GPU's loader may be busy at that moment: the child is told, and does not wait."""
    run_python(
        SETUP
        + """
    MODEL = "/nothing"
    stop = False
    def listing():
        while not stop:
            zcwasm.devices()
    threads = [threading.Thread(target=listing) for _ in range(2)]
    for thread in threads:
        thread.start()
    def work():
        zcwasm.devices()
        zcwasm.Device("cpu")
        use_all()
    for _ in range(5):
        run_child(work)
    stop = True
    for thread in threads:
        thread.join()
    """
    )
