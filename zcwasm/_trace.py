"""What ``zcwasm.trace`` is: a file of what guests and devices did, for Perfetto and Chrome.

The core puts events into a bounded ring (csrc/base/zc_trace.h). One thread takes them out as text and writes
that, a regular file without the interpreter lock. Such a file is a whole JSON object after every piece: the
end is written behind the piece, and the next piece over it, so that what a killed process leaves can be read.
"""

from __future__ import annotations

import atexit
import io
import json
import os
import stat
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol

from . import _core

_INTERVAL = 0.1  # seconds after which what is there is written

# Held from a trace's beginning until its end is written: the ring has one reader. Only tried, never waited
# for.
_turn = threading.Lock()


def _after_fork() -> None:
    global _turn
    _turn = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


class Writable(Protocol):
    """A file, of bytes or of text."""

    def write(self, data: Any, /) -> object: ...


class _Regular:
    """A regular file, which is a whole JSON object between two writes."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.size = 0

    def write(self, data: bytes, end: bytes) -> None:
        rest = memoryview(data + end)
        at = self.size
        while rest:
            written = os.pwrite(self.descriptor, rest, at)
            rest = rest[written:]
            at += written
        self.size += len(data)

    def pump(self, end: bytes) -> None:
        self.size = _core._trace_write(self.descriptor, self.size, end, _INTERVAL)

    def close(self, data: bytes, end: bytes) -> None:
        try:
            self.write(data, end)
            os.ftruncate(self.descriptor, self.size + len(end))
        finally:
            os.close(self.descriptor)


class _Stream:
    """What can be written to only once: a pipe, or an object with `write`."""

    def __init__(self, file: Writable, close: Callable[[], object] | None) -> None:
        self.file = file
        self.text = isinstance(file, io.TextIOBase)
        self.end_it = close

    def put(self, data: bytes) -> None:
        if self.text:
            self.file.write(data.decode())
            return
        while data:  # what has no buffer may take less than it is given
            written = self.file.write(data)
            data = data[written:] if isinstance(written, int) and written > 0 else b""

    def write(self, data: bytes, end: bytes) -> None:
        self.put(data)

    def pump(self, end: bytes) -> None:
        self.put(_core._trace_read(_INTERVAL))

    def close(self, data: bytes, end: bytes) -> None:
        try:
            self.put(data + end)
        finally:
            if self.end_it:
                self.end_it()


def _open(file: str | os.PathLike[str] | Writable) -> _Regular | _Stream:
    if not isinstance(file, (str, os.PathLike)):
        return _Stream(file, None)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return _Regular(descriptor)
    stream = open(descriptor, "wb", buffering=0)  # noqa: SIM115 (closed where the trace ends)
    return _Stream(stream, stream.close)


class Trace:
    """A trace that is being written, or was. See `trace`."""

    def __init__(self, file: str | os.PathLike[str] | Writable) -> None:
        if not isinstance(file, (str, os.PathLike)) and not callable(getattr(file, "write", None)):
            raise TypeError(
                f"file must be a path or a file that is open for writing, not {type(file).__name__}"
            )
        self._file = file
        self._target: _Regular | _Stream | None = None
        self._process = 0
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._names: dict[int, str] = {}
        self._failed: BaseException | None = None
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """How many events had no room, since they came faster than they could be written."""
        if self._target and self._process == os.getpid():
            return _core._trace_dropped()
        return self._dropped

    def __repr__(self) -> str:
        name = self._file if isinstance(self._file, (str, os.PathLike)) else type(self._file).__name__
        state = "written" if self._target is None else "writing"
        return f"<zcwasm trace to {os.fspath(name)!r}, {state if self._process else 'not begun'}>"

    def __enter__(self) -> Trace:
        if self._process:
            raise _core.InUseError("a trace is written once: make another one")
        if not _turn.acquire(blocking=False):
            raise _core.InUseError("a trace is being written already: there is one at a time")
        try:
            _core._trace_start()
            try:
                self._target = _open(self._file)
            except BaseException:
                _core._trace_stop()
                raise
        except BaseException:
            _turn.release()
            raise
        self._process = os.getpid()
        # A daemon, so that the interpreter's exit does not wait for it, but ends the trace.
        self._thread = threading.Thread(target=self._pump, name="zcwasm trace", daemon=True)
        atexit.register(self._finish)
        try:
            self._thread.start()
        except BaseException:  # there can be no more threads; Ctrl-C, and it runs
            self._finish()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._finish()
        if self._failed and error is None:
            raise self._failed

    def _finish(self) -> None:
        """Once: write what is left, and the end."""
        if self._target is None:
            return
        target, self._target = self._target, None
        if self._process != os.getpid():  # a fork's child: the trace is its parent's, which has the thread
            if isinstance(target, _Regular):
                os.close(target.descriptor)
            return
        atexit.unregister(self._finish)
        _core._trace_stop()
        self._ending.set()
        if self._thread and self._thread.is_alive():  # else it finds no target when it begins
            self._thread.join()
        self._dropped = _core._trace_dropped()
        try:
            while not self._failed and (text := _core._trace_read(0)):
                target.write(text, self._end())
            target.close(b"" if self._failed else self._threads(), self._end())
        except BaseException as error:
            self._failed = self._failed or error
        finally:
            _turn.release()

    def _pump(self) -> None:
        target = self._target
        if target is None:
            return
        try:
            target.write(self._beginning(), self._end())
            while not self._ending.is_set():
                target.pump(self._end())
                if names := self._threads():
                    target.write(names, self._end())
        except BaseException as error:  # raised where the trace ends
            self._failed = error
            _core._trace_stop()

    def _beginning(self) -> bytes:
        name = os.path.basename(sys.argv[0]) if sys.argv and sys.argv[0] else "python"
        event = {"ph": "M", "pid": self._process, "tid": 0, "name": "process_name", "args": {"name": name}}
        return b'{"displayTimeUnit":"ns","traceEvents":[\n' + json.dumps(event).encode() + self._threads()

    def _threads(self) -> bytes:
        """The names of threads that are new."""
        lines = []
        for thread in threading.enumerate():
            number = thread.native_id
            if number is not None and self._names.get(number) != thread.name:
                self._names[number] = thread.name
                lines.append({"ph": "M", "pid": self._process, "tid": number, "name": "thread_name"})
                lines[-1]["args"] = {"name": thread.name}
        return b"".join(b",\n" + json.dumps(line).encode() for line in lines)

    def _end(self) -> bytes:
        other = {
            "zcwasm": _core.__version__,
            "clock": "monotonic",
            "origin_ns": _core._trace_origin(),
            "dropped_events": _core._trace_dropped(),
        }
        return b"\n],\n" + f'"otherData":{json.dumps(other)}}}\n'.encode()


def trace(file: str | os.PathLike[str] | Writable) -> Trace:
    """A context manager that writes what guests and devices do meanwhile, for Perfetto and Chrome.

    file: a path, or a file that is open for writing (of bytes or text) and stays open. Open the result in
    https://ui.perfetto.dev or chrome://tracing: guest calls (outermost ones, by the export's name), kernels,
    submissions from when they were queued until they were done, devices' time on tracks of each device,
    copies that the package made, and waits. Any thread's are in it, until the block ends, or the interpreter.

    Raises InUseError when a trace is being written already, and OSError where the file cannot be written, at
    the end if that is found out later. Events that come faster than they are written are dropped and counted:
    `dropped`, and "dropped_events" in the file.
    """
    return Trace(file)
