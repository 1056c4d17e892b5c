"""A server for an application, on this thread: uvicorn, which ends gracefully.

SIGTERM or Ctrl-C: the address is closed at once; requests in progress go on for `grace` seconds, and are then
told that the server ends. A second Ctrl-C ends it at once.
"""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

import uvicorn
from starlette.applications import Starlette

from zcwasm.serve._service import Service

_KEEP_ALIVE = 75  # seconds that a connection may be idle behind an answer
_MORE_CONNECTIONS = 512  # than requests in progress, idle ones included
_OTHER_FILES = 64  # that the process has open, beside connections
_LAST = 5  # seconds in which requests that were ended may say so
_BACKLOG = 1024


def listen(host: str, port: int, stall: float = 60.0) -> socket.socket:
    """A socket at this address; port 0 is any free one. Raises OSError. A client that takes nothing for
    `stall` seconds loses its connection, where the system can do that (Linux)."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            timeout = getattr(socket, "TCP_USER_TIMEOUT", None)
            if timeout is not None:
                listener.setsockopt(socket.IPPROTO_TCP, timeout, min(2**31 - 1, max(1, int(1000 * stall))))
            listener.bind(address)
            listener.listen(_BACKLOG)
        except BaseException:
            listener.close()
            raise
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror or error}: {host}, port {port}") from None
    return listener


def address_of(listener: socket.socket) -> str:
    """What clients call it, such as http://127.0.0.1:8000."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(app: Starlette, listener: socket.socket, *, grace: float, ready: Callable[[], object]) -> None:
    """Serve until a signal ends it. ready: called when requests are answered. On the main thread SIGTERM is a
    way to return, and Ctrl-C raises KeyboardInterrupt behind the end; on others the process's signals are as
    they were, and nothing but the process's end is one."""
    service: Service = app.state.service
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="on",
        ws="none",
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=int(grace) + _LAST,
    )
    with _quiet_sigterm():
        _Server(config, service, grace, ready).run(sockets=[listener])


@contextmanager
def _quiet_sigterm() -> Iterator[None]:
    """uvicorn raises the signals that it took once more when it has ended."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ignore(_: int, __: FrameType | None) -> None:
        pass

    before = signal.signal(signal.SIGTERM, ignore)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Server(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, service: Service, grace: float, ready: Callable[[], object]
    ) -> None:
        super().__init__(config)
        self._service = service
        self._grace = grace
        self._ready = ready
        limits = service.limits
        most = min(limits.requests + _MORE_CONNECTIONS, max(1, _open_files() - _OTHER_FILES))
        self._idle = _Idle(self.server_state.connections, limits.stall, most)

    async def on_tick(self, counter: int) -> bool:
        if counter % 5 == 0:  # of ten in a second
            self._idle.close(asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    async def startup(self, sockets: Sequence[socket.socket] | None = None) -> None:
        await super().startup(list(sockets or ()))
        if self.started:
            self._ready()

    async def shutdown(self, sockets: Sequence[socket.socket] | None = None) -> None:
        self._service.stop()
        timer = asyncio.get_running_loop().call_later(self._grace, self._service.cancel)
        try:
            await super().shutdown(list(sockets or ()))
        finally:
            timer.cancel()


def _open_files() -> int:
    """How many files the process may have open."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1 << 30 if most == resource.RLIM_INFINITY else most


class _Idle:
    """Ends connections on which no request is in progress, which uvicorn bounds only behind an answer and
    while nothing comes: heads that are sent byte by byte, bodies that go on behind their refusal, answers
    that are not read to the end; and the oldest ones, when there are too many."""

    def __init__(self, connections: set[Any], seconds: float, most: int) -> None:
        self._connections = connections  # uvicorn's own
        self._seconds = seconds
        self._most = most
        #: What each waits for, and since when.
        self._since: dict[Any, tuple[tuple[object, int], float]] = {}

    def close(self, now: float) -> None:
        since = {}
        for each in self._connections:
            if each.cycle is None or each.cycle.response_complete:
                state = each.cycle, each.transport.get_write_buffer_size()
                before = self._since.get(each)
                since[each] = before if before is not None and before[0] == state else (state, now)
        self._since = since
        too_many = len(self._connections) - self._most
        for at, each in enumerate(sorted(since, key=lambda one: since[one][1])):
            timed = each.timeout_keep_alive_task is not None and not each.transport.is_closing()
            if at < too_many or (not timed and now - since[each][1] > self._seconds):
                each.transport.abort()
