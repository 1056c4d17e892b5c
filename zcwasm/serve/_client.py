"""The client at the other end: whether it is still there, and events that it takes as fast as it can."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_Result = TypeVar("_Result")


class Client:
    """Tells when the client has gone away. The body has been read."""

    def __init__(self, receive: Receive) -> None:
        self._gone = asyncio.create_task(self._watch(receive))

    @staticmethod
    async def _watch(receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    async def unless_gone(self, work: Coroutine[Any, Any, _Result]) -> _Result | None:
        """Its result; None, and it is cancelled, when the client goes away before."""
        task = asyncio.create_task(work)
        try:
            await asyncio.wait({task, self._gone}, return_when=asyncio.FIRST_COMPLETED)
            return await task if task.done() else None
        finally:
            if not task.done():
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    def close(self) -> None:
        self._gone.cancel()


class EventStream(Response):
    """A streamed answer. The connection takes events as fast as the client reads; a client that takes none
    for `stall` seconds is given up.

    gone: called when the client has gone away before the end. ended: called at the end, whatever it was.
    """

    def __init__(
        self,
        client: Client,
        events: AsyncGenerator[bytes],
        stall: float,
        gone: Callable[[], object],
        ended: Callable[[], object],
    ) -> None:
        super().__init__(media_type="text/event-stream", headers={"Cache-Control": "no-cache"})
        del self.headers["content-length"]
        self._client = client
        self._events = events
        self._stall = stall
        self._tell_gone = gone
        self._tell_ended = ended
        self._stalled = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if await self._client.unless_gone(self._write(send)) is None:
                self._tell_gone()
        except asyncio.CancelledError:
            if not self._stalled:
                raise
            self._tell_gone()  # the server closes the connection, since the answer has no end
        finally:
            self._tell_ended()
            self._client.close()

    async def _write(self, send: Send) -> bool:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def give_up() -> None:
            self._stalled = True
            if task is not None:
                task.cancel()

        async with aclosing(self._events) as events:
            async for body in events:
                timer = loop.call_later(self._stall, give_up)
                try:
                    await send({"type": "http.response.body", "body": body, "more_body": True})
                finally:
                    timer.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return True
