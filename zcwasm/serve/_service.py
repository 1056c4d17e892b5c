"""Service: the endpoints of an application, and what they share.

An event loop's thread runs all of it but what takes long: reading JSON, templates, tokens, schemas and whole
answers on the pool `threads`, embeddings on a thread of their own, steps of the batch on the batcher's. The
batchers and embedding models are the caller's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from zcwasm.serve import _generation
from zcwasm.serve._client import Client, EventStream
from zcwasm.serve._embeddings import Embedder, Queue, answer, check
from zcwasm.serve._errors import RequestError, find, later, shutting_down
from zcwasm.serve._generation import Kind, Running
from zcwasm.serve._limits import ServerLimits
from zcwasm.serve._metrics import CONTENT_TYPE, Metrics

if TYPE_CHECKING:
    from zcwasm.llm._batcher import Batcher

_LOOK = 0.25  # seconds in which a body that is waited for sees that the server ends
GONE = 499  # for the metrics: nobody is there to hear it


class Service:
    """What the endpoints of one application share."""

    def __init__(
        self,
        models: Mapping[str, Batcher],
        embedders: Mapping[str, Embedder],
        limits: ServerLimits,
        key: bytes | None,
    ) -> None:
        self.models = dict(models)
        self.embedders = dict(embedders)
        self.limits = limits
        self.key = key
        self.metrics = Metrics(self.models)
        self.created = int(time.time())
        self.requests = 0  # in progress
        self.embedding = 0  # of them for embeddings
        self.stopping = False
        self.running: set[Running] = set()
        self.threads = ThreadPoolExecutor(4, "zcwasm-serve")
        self.embed_thread = ThreadPoolExecutor(1, "zcwasm-embed")
        self.queues = {name: Queue(each, self.embed_thread) for name, each in self.embedders.items()}

    def stop(self) -> None:
        """Refuse new requests; those in progress go on."""
        self.stopping = True

    def cancel(self) -> None:
        """End those in progress: their clients are told."""
        for running in self.running:
            running.stopping = True
            running.cancel()

    def close(self) -> None:
        """Nobody asks any more."""
        for queue in self.queues.values():
            self.embed_thread.submit(queue.close)
        self.threads.shutdown(wait=False)
        self.embed_thread.shutdown(wait=False)

    # --- endpoints ---

    async def chat(self, request: Request) -> Response:
        return await self._generate(request, "chat.completion")

    async def completions(self, request: Request) -> Response:
        return await self._generate(request, "text_completion")

    async def embeddings(self, request: Request) -> Response:
        body = await self._body(request)
        if self.embedding >= self.limits.embeddings:
            raise later("too many requests for embeddings wait", 1, "queue_full")
        self.embedding += 1
        client = Client(request.receive)
        try:
            found = await client.unless_gone(self._embed(body))
        finally:
            self.embedding -= 1
            client.close()
        return self._gone() if found is None else Response(found, media_type="application/json")

    async def list_models(self, request: Request) -> Response:
        return JSONResponse({"object": "list", "data": list(self._described().values())})

    async def one_model(self, request: Request) -> Response:
        return JSONResponse(find(self._described(), request.path_params["name"]))

    def _described(self) -> dict[str, dict[str, Any]]:
        return {
            name: {"id": name, "object": "model", "created": self.created, "owned_by": "zcwasm"}
            for name in (*self.models, *self.embedders)
        }

    async def health(self, request: Request) -> Response:
        if self.stopping or any(batcher.closed for batcher in self.models.values()):
            return JSONResponse({"status": "stopping"}, 503)
        return JSONResponse({"status": "ok"})

    async def numbers(self, request: Request) -> Response:
        return Response(self.metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    # --- text ---

    async def _generate(self, request: Request, kind: Kind) -> Response:
        body = await self._body(request)
        client = Client(request.receive)
        response: Response | None = None
        try:
            response = await self._answer(request, client, kind, body)
        finally:
            if not isinstance(response, EventStream):  # which watches the client itself
                client.close()
        return response

    async def _answer(self, request: Request, client: Client, kind: Kind, body: bytes) -> Response:
        running = await client.unless_gone(self._begin(kind, body))
        if running is None:
            return self._gone()
        self.running.add(running)
        if running.asked.stream:
            return self._stream(running, client, request.scope["state"]["started"])
        try:
            found = await client.unless_gone(self._whole(running))
        finally:
            self._end(running)
        return self._gone() if found is None else Response(found, media_type="application/json")

    def _stream(self, running: Running, client: Client, started: float) -> Response:
        first = self.metrics.first.labels(running.asked.model)
        return EventStream(
            client,
            _generation.events(running, lambda now: first.observe(now - started)),
            stall=self.limits.stall,
            gone=self.metrics.gone.inc,
            ended=lambda: self._end(running),
        )

    def _end(self, running: Running) -> None:
        running.cancel()  # what is left of it
        self.running.discard(running)

    def _gone(self) -> Response:
        self.metrics.gone.inc()
        return Response(status_code=GONE)

    # --- threads ---

    async def _begin(self, kind: Kind, body: bytes) -> Running:
        """When nobody waits for it any more, it is cancelled."""
        future = asyncio.get_running_loop().run_in_executor(
            self.threads, _generation.begin, kind, body, self.models, self.limits.timeout
        )
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            future.add_done_callback(_forget)
            raise

    async def _whole(self, running: Running) -> bytes:
        said = await _generation.completions(running)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, _generation.answer, running, said)

    async def _embed(self, body: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        asked = await loop.run_in_executor(self.threads, check, self.embedders, body)
        await self.queues[asked.model].compute(asked)
        return await loop.run_in_executor(self.threads, answer, asked)

    # --- bodies ---

    async def _body(self, request: Request) -> bytes:
        """Raises RequestError."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":  # all else a page in a browser may send anywhere without asking
            raise RequestError(
                415, "the body must be JSON, with Content-Type: application/json", code="wrong_content_type"
            )
        length = request.headers.get("content-length", "0")
        if not (length.isascii() and length.isdecimal()) or int(length[:20]) > self.limits.body:
            raise self._too_long()
        loop = asyncio.get_running_loop()
        end = loop.time() + self.limits.stall
        read = asyncio.create_task(self._read(request))
        try:
            while not read.done():
                left = end - loop.time()
                if left <= 0:
                    raise RequestError(
                        408,
                        "the body did not come in time",
                        code="slow_body",
                        headers={"Connection": "close"},
                    )
                if self.stopping:  # which need not wait for what has not begun
                    raise shutting_down()
                await asyncio.wait({read}, timeout=min(left, _LOOK))
            return await read
        finally:
            read.cancel()

    async def _read(self, request: Request) -> bytes:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > self.limits.body:
                raise self._too_long()
        return bytes(body)

    def _too_long(self) -> RequestError:
        return RequestError(
            413,
            f"the body is longer than {self.limits.body} bytes",
            code="body_too_long",
            headers={"Connection": "close"},
        )


def _forget(begun: asyncio.Future[Running]) -> None:
    if not begun.cancelled() and begun.exception() is None:
        begun.result().cancel()
