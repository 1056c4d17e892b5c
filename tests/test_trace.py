"""zcwasm.trace: what is in the file, from any thread, in forks, at the interpreter's exit; device.stats()."""

from __future__ import annotations

import io
import json
import logging
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import c_programs
import jsonschema
import numpy as np
import pytest
from c_programs import sources
from support import basics, run_python

import zcwasm
from zcwasm._selftest.arena import Arena

pytestmark = pytest.mark.usefixtures("engine")  # each test with each engine that is here

# The events of the Trace Event Format that are written here, as its documentation has them: complete (X),
# asynchronous ones (b, e), instants (i) and metadata (M).
NUMBER = {"type": "integer", "minimum": 0, "maximum": 2**32 - 1}
TIME = {"type": "number", "minimum": 0}
COMMON = {
    "ph": {"type": "string"},
    "pid": NUMBER,
    "tid": NUMBER,
    "name": {"type": "string", "maxLength": 200},
    "args": {"type": "object"},
}


def event(phase: str, **more: Any) -> dict[str, Any]:
    properties = {**COMMON, "ph": {"const": phase}, **more}
    return {"properties": properties, "required": [*properties], "additionalProperties": False}


CATEGORY = {"enum": ["guest", "wait", "kernel", "device", "transfer"]}
SCHEMA = {
    "type": "object",
    "required": ["displayTimeUnit", "traceEvents", "otherData"],
    "additionalProperties": False,
    "properties": {
        "displayTimeUnit": {"const": "ns"},
        "otherData": {
            "type": "object",
            "required": ["zcwasm", "clock", "origin_ns", "dropped_events"],
            "properties": {"dropped_events": {"type": "integer", "minimum": 0}},
        },
        "traceEvents": {
            "type": "array",
            "items": {
                "oneOf": [
                    event("X", cat=CATEGORY, ts=TIME, dur=TIME),
                    event("b", cat={"const": "submission"}, id=NUMBER, ts=TIME),
                    event("e", cat={"const": "submission"}, id=NUMBER, ts=TIME),
                    event("i", cat={"const": "copy"}, ts=TIME, s={"const": "t"}),
                    event("M", name={"enum": ["process_name", "thread_name", "thread_sort_index"]}),
                ]
            },
        },
    },
}


def check(text: str | bytes) -> dict[str, Any]:
    """What any trace must be: of the format, with matched ends, slices that nest on each track."""
    trace: dict[str, Any] = json.loads(text, parse_float=Decimal)
    plain = json.loads(text)
    kinds = {(each["ph"], each.get("cat"), *each["args"]): each for each in plain["traceEvents"]}
    some = [*plain["traceEvents"][:300], *kinds.values()]  # the schema takes its time
    jsonschema.Draft202012Validator(SCHEMA).validate({**plain, "traceEvents": some})
    tracks: dict[Any, list[tuple[Decimal, Decimal]]] = defaultdict(list)
    begun: dict[Any, Any] = {}
    for each in trace["traceEvents"]:
        if each["ph"] == "X":
            tracks[each["pid"], each["tid"]].append((each["ts"], -each["dur"]))
        elif each["ph"] == "b":
            key = each["cat"], each["id"]
            assert key not in begun
            begun[key] = each
        elif each["ph"] == "e":
            first = begun[each["cat"], each["id"]]
            assert first["ts"] <= each["ts"]
            assert first["name"] == each["name"]
            begun[each["cat"], each["id"]] = None
    assert not any(begun.values())
    for slices in tracks.values():
        open_until: list[Decimal] = []
        for start, minus in sorted(slices):
            while open_until and open_until[-1] <= start:
                open_until.pop()
            assert not open_until or start - minus <= open_until[-1], "slices overlap without nesting"
            open_until.append(start - minus)
    return trace


def of(trace: dict[str, Any], category: str, phase: str = "X") -> list[dict[str, Any]]:
    return [each for each in trace["traceEvents"] if each.get("cat") == category and each["ph"] == phase]


def traced(work: Callable[[], object]) -> dict[str, Any]:
    file = io.BytesIO()
    with zcwasm.trace(file):
        work()
    return check(file.getvalue())


# --- what is in it ---


def test_guest_calls(tmp_path: Path) -> None:
    guest, other = basics(), basics()
    path = tmp_path / "trace.json"
    guest.exports.add(1, 2)
    with zcwasm.trace(path) as trace:
        guest.exports.add(1, 2)
        other.exports.nothing()
        with pytest.raises(zcwasm.Trap):
            guest.exports.divide(1, 0)
    guest.exports.add(1, 2)
    calls = of(check(path.read_text()), "guest")
    assert [each["name"] for each in calls] == ["add", "nothing", "divide"]
    numbers = [each["args"]["instance"] for each in calls]
    assert numbers[0] == numbers[2] != numbers[1]
    assert [each["args"].get("ended") for each in calls] == [None, None, "integer_divide_by_zero"]
    assert {each["tid"] for each in calls} == {threading.get_native_id()}
    assert trace.dropped == 0
    assert str(path) in repr(trace)


def test_a_nested_call_is_not_another_one() -> None:
    inner = basics()
    guest = basics(imports={"env": {"log": lambda _: inner.exports.nothing(), "pair": lambda a, b: (b, a)}})
    found = traced(lambda: guest.exports["call log!"](1))
    assert [each["name"] for each in of(found, "guest")] == ["nothing", "call log!"]
    again = basics(
        imports={"env": {"log": lambda _: again.exports.nothing(), "pair": lambda a, b: (b, a)}},
    )
    assert [each["name"] for each in of(traced(lambda: again.exports["call log!"](1)), "guest")] == [
        "call log!"
    ]


def test_submissions_and_waits(device: zcwasm.Device, arena: Arena) -> None:
    x, y = arena.put(np.ones(1 << 16)), arena.empty(1 << 16)

    def work() -> None:
        batch = device.batch()
        batch.add(x, x, out=y)
        batch.add(y, x, out=y)
        batch.mul(y, x, out=y)
        submission = batch.submit()
        submission.wait()
        device.batch().submit().wait()

    before = device.stats()
    found = traced(work)
    after = device.stats()
    first, empty = of(found, "submission", "b")
    assert first["name"] == "add x2, mul"
    assert first["args"] == {"dispatches": 3}
    assert empty["args"] == {"dispatches": 0}
    slices = of(found, "device")
    assert [each["args"]["submission"] for each in slices] == [first["id"], empty["id"]]
    assert slices[0]["ts"] >= first["ts"]
    tracks = {
        each["tid"]: each["args"]["name"] for each in found["traceEvents"] if each["name"] == "thread_name"
    }
    assert tracks[slices[0]["tid"]] == f"device {device.kind}: {device.name}"[:88]
    assert {each["args"]["submission"] for each in of(found, "wait")} <= {first["id"], empty["id"]}
    assert after["submissions"] == before["submissions"] + 2
    assert after["dispatches"] == before["dispatches"] + 3
    assert after["seconds"] > before["seconds"]


def test_kernels_on_the_calling_thread(arena: Arena) -> None:
    device = zcwasm.Device("cpu")
    x, y = arena.put(np.ones(1 << 18)), arena.empty(1 << 18)
    found = traced(lambda: device.add(x, x, out=y))
    assert [(each["name"], each["tid"]) for each in of(found, "kernel")] == [
        ("add", threading.get_native_id())
    ]
    stats = device.stats()
    assert stats["dispatches"] == 1
    assert stats["submissions"] == 0
    assert stats["seconds"] > 0
    device.add(x[:4], x[:4], out=y[:4])
    assert device.stats()["dispatches"] == 2


def test_copies_and_scratch(device: zcwasm.Device, arena: Arena) -> None:
    before = device.stats()
    values = np.arange(1000, dtype=np.float32)
    scratch = [device.scratch(1000, np.float32)]

    def work() -> None:
        scratch[0].upload(values)
        arena.memory.read(0, 100)

    found = traced(work)
    copies = {each["name"]: each["args"]["bytes"] for each in of(found, "copy", "i")}
    assert copies == {"device_upload": 4000, "memory_read": 100}
    assert [(each["name"], each["args"]["bytes"]) for each in of(found, "transfer")] == [
        ("device_upload", 4000)
    ]
    now = device.stats()
    assert now["bytes_copied"] == before["bytes_copied"] + 4000
    assert now["scratch_bytes"] >= before["scratch_bytes"] + 4000
    scratch.clear()
    assert device.stats()["scratch_bytes"] == before["scratch_bytes"]


# (module (func (export NAME)))
def named(name: bytes) -> zcwasm.Instance:
    def sized(data: bytes) -> bytes:
        assert len(data) < 1 << 14
        return bytes([len(data) & 127 | 128, len(data) >> 7]) + data

    export = sized(b"\x01" + sized(name) + b"\x00\x00")
    head = b"\0asm\x01\0\0\0" + bytes.fromhex("01 04 01 60 00 00  03 02 01 00".replace(" ", ""))
    return zcwasm.Instance(zcwasm.Module(head + b"\x07" + export + bytes.fromhex("0a040102000b")))


@pytest.mark.parametrize(
    "name",
    [
        '"}],"x":[{"',
        "\\",
        "\n\r\t\0\x1f\x7f",
        "é€😀",
        "</script>",
        "x" * 87,
        "x" * 88,
        "x" * 89,
        "é" * 45,
        "😀" * 1000,
        " ",
    ],
    ids=range(11),
)
def test_hostile_names(name: str) -> None:
    guest = named(name.encode())
    (call,) = of(traced(guest.exports[name]), "guest")
    if len(name.encode()) <= 88:
        assert call["name"] == name
    else:
        assert call["name"].endswith("…")
        assert name.startswith(call["name"][:-1])
        assert len(call["name"].encode()) > 80


# --- who writes it, and when ---


def test_one_trace_at_a_time(tmp_path: Path) -> None:
    untouched = tmp_path / "other.json"
    with zcwasm.trace(tmp_path / "trace.json") as trace:
        with pytest.raises(zcwasm.InUseError, match="one at a time"), zcwasm.trace(untouched):
            pass
        assert not untouched.exists()
        basics().exports.nothing()
    with pytest.raises(zcwasm.InUseError, match="once"):
        trace.__enter__()
    assert [each["name"] for each in of(check((tmp_path / "trace.json").read_text()), "guest")] == ["nothing"]


def test_files(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="not int"):
        zcwasm.trace(5)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError), zcwasm.trace(tmp_path / "missing" / "trace.json"):
        pass
    text = io.StringIO()
    with zcwasm.trace(text):  # the failed one is over
        basics().exports.nothing()
    assert len(of(check(text.getvalue()), "guest")) == 1
    path = tmp_path / "long.json"
    path.write_text("x" * 100000)
    with zcwasm.trace(str(path)):
        pass
    check(path.read_text())


def test_no_thread_can_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="start"), zcwasm.trace(tmp_path / "trace.json"):
            pass
    traced(basics().exports.nothing)  # that one is over


def test_ctrl_c_while_the_thread_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start
    writes = threading.Event()

    class Slow(io.StringIO):
        def write(self, text: str) -> int:
            if not writes.is_set():
                writes.set()
                time.sleep(0.5)
            return super().write(text)

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        assert writes.wait(20)
        raise KeyboardInterrupt  # which comes where this waits for the thread

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt), zcwasm.trace(file := Slow()):
            pass
    # Else it would write to a file, or a descriptor, that may be somebody else's by now.
    assert not [thread for thread in threading.enumerate() if thread.name == "zcwasm trace"]
    check(file.getvalue())
    traced(basics().exports.nothing)  # that one is over


def test_a_file_that_takes_a_little_at_a_time() -> None:
    taken = bytearray()

    class Little(io.RawIOBase):
        def write(self, data: Any) -> int:
            taken.extend(data[:100])
            return min(len(data), 100)

    with zcwasm.trace(Little()):
        basics().exports.nothing()
    assert len(of(check(taken.decode()), "guest")) == 1


class Full(io.RawIOBase):
    def write(self, data: Any) -> int:
        raise OSError(28, "the disk is full")


def test_what_cannot_be_written_is_told_at_the_end() -> None:
    with pytest.raises(OSError, match="full"), zcwasm.trace(Full()):
        basics().exports.nothing()
    with pytest.raises(KeyError), zcwasm.trace(Full()):
        raise KeyError  # which is what the block says
    traced(basics().exports.nothing)


def test_one_that_failed_is_still_the_only_one(tmp_path: Path) -> None:
    """Its end would stop the other, and there is one reader."""
    full = zcwasm.trace(Full())
    full.__enter__()
    while full._failed is None:
        basics().exports.nothing()
    with pytest.raises(zcwasm.InUseError, match="one at a time"), zcwasm.trace(tmp_path / "trace.json"):
        pass
    with pytest.raises(OSError, match="full"):
        full.__exit__(None, None, None)
    traced(basics().exports.nothing)


def test_the_file_is_whole_between_two_writes(tmp_path: Path) -> None:
    """What is read in the middle of one, of which the system may show a part, is read again."""
    path = tmp_path / "trace.json"
    guest = basics()
    with zcwasm.trace(path):
        seen = 0
        for _ in range(20000):
            for _ in range(100):
                guest.exports.nothing()
            with suppress(json.JSONDecodeError):
                if path.stat().st_size > 1000 and (events := of(check(path.read_text()), "guest")):
                    seen = len(events)
                    break
        assert seen
        guest.exports.nothing()  # all before may be there already
    assert len(of(json.loads(path.read_text()), "guest")) > seen


def test_what_has_no_room_is_counted() -> None:
    """A file that takes no bytes for a while: the ring fills up."""
    going = threading.Event()

    class Slow(io.BytesIO):
        def write(self, data: Any) -> int:
            going.wait()
            return super().write(data)

    file = Slow()
    answer = basics().exports.nothing
    with zcwasm.trace(file) as trace:
        while trace.dropped < 1000:
            answer()
        going.set()
    found = check(file.getvalue())
    assert found["otherData"]["dropped_events"] == trace.dropped >= 1000
    assert 60000 < len(of(found, "guest")) < 70000


def test_threads_come_and_go_while_traces_do(tmp_path: Path) -> None:
    device = zcwasm.Device("cpu")
    stop = threading.Event()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            guest, arena = basics(), Arena()
            x, y = arena.put(np.ones(100)), arena.empty(100)
            while not stop.is_set():
                guest.exports.add(1, 2)
                batch = device.batch()
                batch.add(x, x, out=y)
                batch.submit().wait()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, name=f"worker {i}") for i in range(3)]
    for thread in threads:
        thread.start()
    names = set()
    for i in range(8):
        path = tmp_path / f"{i}.json"
        with zcwasm.trace(path):
            stop.wait(0.02)
        found = check(path.read_text())
        names |= {each["args"].get("name") for each in found["traceEvents"] if each["ph"] == "M"}
        assert of(found, "guest")
        assert of(found, "device")
    stop.set()
    for thread in threads:
        thread.join()
    assert not failed
    assert {"worker 0", "worker 1", "worker 2"} <= names


@pytest.mark.parametrize("stream", [False, True])
def test_a_thread_that_lives_shortly_has_its_name(tmp_path: Path, stream: bool) -> None:
    path = tmp_path / "trace.json"
    nothing = basics().exports.nothing

    def work() -> None:
        nothing()
        threading.Event().wait(0.05)

    with path.open("wb") as file, zcwasm.trace(file if stream else path):
        thread = threading.Thread(target=work, name="short")
        thread.start()
        thread.join()
        threading.Event().wait(0.1)
    found = check(path.read_text())
    (call,) = of(found, "guest")
    names = {
        each["tid"]: each["args"]["name"] for each in found["traceEvents"] if each["name"] == "thread_name"
    }
    assert names[call["tid"]] == "short"


def test_a_fork_traces_nothing(tmp_path: Path) -> None:
    path, own = tmp_path / "trace.json", tmp_path / "child.json"
    guest = basics()
    with zcwasm.trace(path) as trace:
        guest.exports.nothing()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                guest.exports.add(1, 2)
                trace.__exit__(None, None, None)  # as if the block ended in the child
                with zcwasm.trace(own):
                    guest.exports.add64(1, 2)
                code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        guest.exports.add(1, 2)
    assert [each["name"] for each in of(check(path.read_text()), "guest")] == ["nothing", "add"]
    assert [each["name"] for each in of(check(own.read_text()), "guest")] == ["add64"]


@pytest.mark.parametrize("end", ["", "sys.exit(0)", "os._exit(0)", "trace.__exit__ = None"])
def test_the_process_ends_in_a_trace(tmp_path: Path, end: str) -> None:
    path = tmp_path / "trace.json"
    run_python(f"""
        import os, time, zcwasm
        from support import basics
        guest = basics()
        trace = zcwasm.trace({str(path)!r}).__enter__()
        guest.exports.nothing()
        while b"nothing" not in open({str(path)!r}, "rb").read():
            time.sleep(0.01)
        {end}
        """)
    assert [each["name"] for each in of(check(path.read_text()), "guest")] == ["nothing"]


@pytest.mark.threads
def test_the_ring(tmp_path: Path) -> None:
    """tests/c/test_trace.c says what is tested."""
    sanitize = os.environ.get("ZCWASM_SANITIZE")
    program = c_programs.build("test_trace", tmp_path, sources.in_folders("base"), sanitize=sanitize)
    assert c_programs.run(program) == "ok\n"


# --- the log ---


def test_the_log_says_which_device_and_why(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "zcwasm"):
        device = zcwasm.Device("cpu")
        assert caplog.messages == [f"device cpu: {device.name}, as asked for"]
        caplog.clear()
        chosen = zcwasm.Device()
    (message,) = caplog.messages
    assert message.startswith(f"device {chosen.kind}: {chosen.name}, the best one here")
    for each in zcwasm.devices():
        if each["kind"] == chosen.kind:
            break
        assert f"{each['kind']}: " in message
    with caplog.at_level(logging.WARNING, "zcwasm"):
        caplog.clear()
        zcwasm.Device("cpu")
    assert not caplog.messages


def test_the_log_says_why_a_snapshot_is_refused(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    instance, path = basics(), tmp_path / "snapshot"
    other = zcwasm.Module(Path(__file__).parent / "guests" / "loops.wasm")
    with caplog.at_level(logging.INFO, "zcwasm"):
        instance.snapshot(path)
        with pytest.raises(zcwasm.SnapshotError) as refused:
            zcwasm.Instance.restore(other, path)
    written, why = caplog.messages
    assert written == f"snapshot written to {path}"
    assert why == f"snapshot not restored from {path}: {refused.value}"


def test_nothing_is_logged_where_nobody_could_see_it() -> None:
    output = run_python("""
        import sys, zcwasm
        loaded = "logging" in sys.modules
        zcwasm.Device()
        print(loaded or "logging" not in sys.modules)
        """)
    assert output == "True\n"
