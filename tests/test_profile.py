"""zcwasm.profile: that samples say where a guest's time goes, whatever it does; and that it ends cleanly."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import c_programs
import pytest
from c_programs import sources
from support import basics, guest_path

import zcwasm


def guest(wait: Callable[[], object] = lambda: None) -> zcwasm.Instance:
    return zcwasm.Instance(zcwasm.Module(guest_path("profile")), imports={"env": {"wait": wait}})


def sampled(work: Callable[[], object], instance: zcwasm.Instance, *, least: int = 150) -> Any:
    """A profile with at least so many samples of `work`, however busy the machine is with other things."""
    seconds = least * 0.00075
    while True:
        with zcwasm.profile(instance, interval=0.0005) as profile:
            end = time.monotonic() + seconds
            work()
            while time.monotonic() < end:
                work()
        if profile.total >= least:
            return profile
        assert seconds < 30
        seconds *= 2


def test_shares_of_time() -> None:
    """One function takes three times as long as the other. On a busy machine a guest that waits for a
    processor is seen where it waits, so samples are gathered until they agree; wrong ones never would."""
    instance = guest()
    samples: Counter[str] = Counter()
    least, end = 600, time.monotonic() + 40
    while True:
        profile = sampled(lambda: instance.exports.run(50, 2000), instance, least=least)
        samples += Counter(profile.functions)
        known = samples["one"] + samples["three"]
        if 0.70 < samples["three"] / known < 0.80 or time.monotonic() > end:
            break
    assert 0.70 < samples["three"] / known < 0.80
    assert known > 0.95 * samples.total()
    assert set(samples) <= {"one", "three", "run", "[unknown]"}
    assert {stack for stack in profile.stacks if len(stack) > 1} == {("run", "one"), ("run", "three")}
    unknown = profile.functions.get("[unknown]", 0)
    assert profile.inclusive["run"] == profile.total - unknown
    assert [*profile.functions.values()] == sorted(profile.functions.values(), reverse=True)
    assert sum(profile.functions.values()) == sum(profile.stacks.values()) == profile.total


def test_stacks_are_whole_where_calls_are_fast() -> None:
    instance = guest()
    profile = sampled(lambda: instance.exports.calls(100000), instance)
    calls = {
        ("calls",),
        ("calls", "branch_a"),
        ("calls", "branch_a", "leaf_a"),
        ("calls", "branch_b"),
        ("calls", "branch_b", "leaf_b"),
    }
    assert set(profile.stacks) <= {*calls, ("[unknown]",)}
    assert len(set(profile.stacks) & calls) >= 3


def test_a_host_function_is_an_entry_of_its_own() -> None:
    instance = guest(lambda: time.sleep(0.003))
    profile = sampled(instance.exports.waits, instance, least=60)
    assert profile.functions["env.wait"] > 0.9 * profile.total
    assert ("waits", "env.wait") in profile.stacks


def test_functions_without_a_name() -> None:
    instance = guest()
    profile = sampled(lambda: instance.exports.nameless(100000), instance)
    assert set(profile.functions) <= {"func[11]", "[unknown]"}
    assert profile.functions["func[11]"] > 0


@pytest.mark.parametrize("depth", [3, 254, 255, 1000])
def test_deep_stacks(depth: int) -> None:
    """What is deeper than fits keeps its bottom and the innermost function."""
    instance = guest()
    profile = sampled(lambda: instance.exports.deep(depth, 300000), instance, least=20)
    stack = max(profile.stacks, key=lambda stack: profile.stacks[stack])
    assert stack == ("deep",) * min(depth + 1, 255) + ("one",)


def test_traps_leave_nothing_behind() -> None:
    instance = guest()

    def work() -> None:
        with pytest.raises(zcwasm.Trap):
            instance.exports.trap(3000)
        with pytest.raises(zcwasm.Trap):
            instance.exports.deep(1000000, 1)
        instance.exports.run(1, 3000)

    profile = sampled(work, instance)
    assert {stack[0] for stack in profile.stacks} <= {"trap", "deep", "run", "[unknown]"}
    assert ("run", "three") in profile.stacks
    assert all("trap" not in stack[1:] and "run" not in stack[1:] for stack in profile.stacks)


def test_a_guest_that_runs_already() -> None:
    """Functions that are entered later are known; where only earlier ones are, nothing is."""
    instance = zcwasm.Instance(
        zcwasm.Module(guest_path("profile")),
        imports={"env": {"wait": lambda: None}},
        limits=zcwasm.Limits(deadline=60),
    )
    ended: list[object] = []

    def run() -> None:
        try:
            instance.exports.run(2**31, 30000)
        except zcwasm.Trap as trap:
            ended.append(trap.kind)

    thread = threading.Thread(target=run)
    thread.start()
    while instance.fuel_used < 10**6:
        time.sleep(0.001)
    for _ in range(2):  # a profile begins and ends in the middle of it
        with (
            zcwasm.profile(instance),
            pytest.raises(zcwasm.InUseError, match="one profile at a time"),
            zcwasm.profile(instance),
        ):
            pass
        profile = sampled(lambda: time.sleep(0.05), instance)
        assert set(profile.functions) <= {"one", "three", "[unknown]"}
        assert {"one", "three"} & set(profile.functions)
    assert instance.interrupt()
    thread.join()
    assert ended == ["interrupted"]


def test_functions_that_are_compiled_meanwhile() -> None:
    instance = guest()
    with zcwasm.profile(instance, interval=0.0005):
        instance.exports.waits()
    instance.exports.run(1, 10)  # compiled while nobody profiles
    profile = sampled(lambda: instance.exports.run(10, 3000), instance)
    assert ("run", "three") in profile.stacks
    fresh = guest()
    profile = sampled(lambda: fresh.exports.run(10, 3000), fresh)
    assert ("run", "three") in profile.stacks


def test_results_are_the_same(tmp_path: Any) -> None:
    fib = zcwasm.Instance(zcwasm.Module(guest_path("loops"))).exports.fib
    instance = zcwasm.Instance(zcwasm.Module(guest_path("loops")))
    with zcwasm.profile(instance):
        assert instance.exports.fib(20) == fib(20) == 6765
    assert instance.exports.fib(20) == 6765


def test_the_ends() -> None:
    instance = guest()
    with zcwasm.profile(instance) as empty:
        pass
    assert (empty.total, empty.functions, empty.folded()) == (0, {}, "")
    assert empty.report()
    with pytest.raises(zcwasm.InUseError, match="once"):
        empty.__enter__()
    samples, end = 0, time.monotonic() + 40  # the thread that samples may have to wait for a processor
    while not samples and time.monotonic() < end:
        with zcwasm.profile(closed := guest(), interval=0.0005) as profile:
            closed.exports.run(30, 20000)
            closed.close()
        samples = profile.functions.get("three", 0)
    assert samples > 0
    instance.close()
    with pytest.raises(zcwasm.ClosedError), zcwasm.profile(instance):
        pass
    with pytest.raises(ValueError, match="interval"), zcwasm.profile(guest(), interval=0):
        pass
    with pytest.raises(TypeError, match="Instance"), zcwasm.profile(5):  # type: ignore[arg-type]
        pass
    running = threading.active_count()
    for _ in range(100):
        zcwasm.profile(instance := guest()).__enter__()  # and dropped
        instance.exports.run(1, 1)
    assert threading.active_count() == running


def test_texts() -> None:
    instance = guest()
    profile = sampled(lambda: instance.exports.run(10, 3000), instance)
    lines = dict(line.rsplit(" ", 1) for line in profile.folded().splitlines())
    assert int(lines["run;three"]) == profile.stacks["run", "three"]
    report = profile.report(1).splitlines()
    assert len(report) == 3
    assert report[-1].endswith("  three")
    assert repr(profile) == f"<zcwasm profile, {profile.total} samples>"


def test_a_fork_in_a_profile() -> None:
    instance = guest()
    with zcwasm.profile(instance, interval=0.0005) as profile:
        instance.exports.run(10, 3000)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                instance.exports.run(10, 3000)
                profile.__exit__(None, None, None)
                with zcwasm.profile(instance, interval=0.0005) as own:
                    instance.exports.run(100, 10000)
                code = 0 if own.functions["three"] else 2
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        instance.exports.run(100, 10000)
    assert profile.functions["three"] > 0


def test_instances_that_share_a_module_are_apart() -> None:
    instance, other = guest(), basics()
    with zcwasm.profile(instance) as profile, zcwasm.profile(other) as second:
        instance.exports.run(30, 20000)
    assert profile.total > 0
    assert second.total == 0


@pytest.mark.threads
def test_stacks_that_change_while_they_are_read(tmp_path: Path) -> None:
    """tests/c/test_profile.c says what is tested."""
    sanitize = os.environ.get("ZCWASM_SANITIZE")
    files = [*sources.in_folders("base", "region", "validate", "guest", "engine"), *sources.WASM3.glob("*.c")]
    program = c_programs.build("test_profile", tmp_path, files, sanitize=sanitize)
    assert c_programs.run(program) == "ok\n"
