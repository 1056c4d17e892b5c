"""Gates for asynchronous consumers of a pool: opened from any thread, waited for by a task."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Protocol

from ._await import _trio


class AsyncGate(Protocol):
    def open(self) -> None: ...
    async def wait(self) -> None: ...
    async def rest(self) -> None: ...


class _Asyncio:
    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def open(self) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self) -> None:
        await self._event.wait()
        self._event.clear()

    async def rest(self) -> None:
        await asyncio.sleep(0)


class _Trio:
    def __init__(self, trio: Any) -> None:
        self._trio = trio
        self._token = trio.lowlevel.current_trio_token()
        self._event = trio.Event()

    def _set(self) -> None:
        self._event.set()

    def open(self) -> None:
        with suppress(self._trio.RunFinishedError):
            self._token.run_sync_soon(self._set, idempotent=True)

    async def wait(self) -> None:
        await self._event.wait()
        self._event = self._trio.Event()

    async def rest(self) -> None:
        await self._trio.lowlevel.checkpoint()


def gate_here() -> AsyncGate:
    """For the task that runs now, in asyncio or trio."""
    trio = _trio()
    return _Trio(trio) if trio else _Asyncio()
