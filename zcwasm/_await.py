"""What ``await submission`` runs: no polling and no thread, one pipe that the event loop watches.

The submission writes to its own duplicate of the pipe's end, so a cancelled await can close both of its own
ends at once; the work runs on.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._core import Submission


def _arrived(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


async def wait(submission: Submission) -> None:
    """Wait until the submission is done; raise what it failed with."""
    if not submission.done:
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
    submission.wait(0)
