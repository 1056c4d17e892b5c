"""What ``await call`` and ``await submission`` run, in asyncio and in trio (and so in anyio over either).

No polling, and no thread that waits. A submission writes a byte to its own duplicate of a pipe's end, which
the event loop watches; a cancelled await closes both of its own ends at once, and the work runs on. A call
tells the loop by a callback; a cancelled await cancels the call, and ends once the guest has stopped.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._call import Call
    from ._core import Submission


def _trio() -> Any:
    """The module trio, if that runs this task, else None."""
    trio = sys.modules.get("trio")
    if trio is None:
        return None
    sniffio = sys.modules.get("sniffio")
    if sniffio is not None:  # tells the two apart where one runs in the other
        try:
            return trio if sniffio.current_async_library() == "trio" else None
        except sniffio.AsyncLibraryNotFoundError:
            return None
    return trio if trio.lowlevel.in_trio_run() else None


# --- submissions ---


def _arrived(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


async def wait(submission: Submission) -> None:
    """Wait until the submission is done; raise what it failed with."""
    trio = _trio()
    if trio:
        await trio.lowlevel.checkpoint()
    if not submission.done:
        await (_readable_trio(trio, submission) if trio else _readable_asyncio(submission))
    submission.wait(0)


async def _readable_asyncio(submission: Submission) -> None:
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()
    reader, writer = os.pipe()
    try:
        try:
            loop.add_reader(reader, _arrived, future)
            submission._notify(writer)
        finally:
            os.close(writer)
        await future
    finally:
        if not loop.is_closed():
            loop.remove_reader(reader)
        os.close(reader)


async def _readable_trio(trio: Any, submission: Submission) -> None:
    reader, writer = os.pipe()
    try:
        try:
            submission._notify(writer)
        finally:
            os.close(writer)
        await trio.lowlevel.wait_readable(reader)
    finally:
        os.close(reader)


# --- calls ---


async def finish(call: Call) -> Any:
    """Wait until the call is over; what result() returns or raises. Cancelled, it cancels the call and waits
    for that."""
    trio = _trio()
    await (_over_trio(trio, call) if trio else _over_asyncio(call))
    return call.result()


def _shield() -> AbstractContextManager[object]:
    """Anyio cancels a task in its scope again and again while it waits: not here."""
    anyio = sys.modules.get("anyio")
    return anyio.CancelScope(shield=True) if anyio else nullcontext()


async def _over_asyncio(call: Call) -> None:
    loop = asyncio.get_running_loop()
    over = asyncio.Event()

    def tell(_: object) -> None:
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(over.set)

    if call.done():
        return
    call.add_done_callback(tell)
    try:
        await over.wait()
    except GeneratorExit:  # the coroutine is dropped
        call.cancel()
        raise
    except BaseException:
        call.cancel()
        with _shield():
            while not over.is_set():
                with suppress(asyncio.CancelledError):  # once more: it is on its way already
                    await over.wait()
        raise


async def _over_trio(trio: Any, call: Call) -> None:
    await trio.lowlevel.checkpoint()
    token = trio.lowlevel.current_trio_token()
    over = trio.Event()

    def tell(_: object) -> None:
        with suppress(trio.RunFinishedError):
            token.run_sync_soon(over.set)

    if call.done():
        return
    call.add_done_callback(tell)
    try:
        await over.wait()
    except GeneratorExit:
        call.cancel()
        raise
    except BaseException:
        call.cancel()
        with trio.CancelScope(shield=True):
            await over.wait()
        raise
