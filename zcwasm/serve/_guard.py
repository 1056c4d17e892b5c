"""What stands before every endpoint: who may ask, how much, and what is counted; and what a failure becomes.

Nothing of a request's body has been read when it is refused here.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from time import perf_counter
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

from zcwasm.serve._errors import RequestError, later, shutting_down

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from zcwasm.serve._service import Service

LOG = logging.getLogger("zcwasm.serve")
OPEN = "/health"  # needs no key, and is answered while the server is busy or ends


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, service: Service, paths: frozenset[str]) -> None:
        self.app = app
        self.service = service
        self.paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        service, metrics, started = self.service, self.service.metrics, perf_counter()
        path = scope["path"] if scope["path"] in self.paths else "other"
        status = 0

        async def say(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).append("x-request-id", f"req_{secrets.token_hex(12)}")
            await send(message)

        scope.setdefault("state", {})["started"] = started
        metrics.running.inc()
        service.requests += 1
        try:
            try:
                self._check(scope)
            except RequestError as error:
                await error_response(error)(scope, receive, say)
                return
            try:
                await self.app(scope, receive, say)
            except Exception:
                if status:  # the answer has begun: the connection ends
                    raise
                LOG.exception("a request failed")
                failed = RequestError(500, "the server failed at this request", code="failed")
                await error_response(failed)(scope, receive, say)
        finally:
            service.requests -= 1
            metrics.running.dec()
            metrics.requests.labels(path, str(status or "none")).inc()
            metrics.seconds.labels(path).observe(perf_counter() - started)

    def _check(self, scope: Scope) -> None:
        service, headers = self.service, Headers(scope=scope)
        hosts = service.limits.hosts
        if hosts is not None and _name(headers.get("host", "")) not in hosts:
            raise RequestError(421, "this server does not go by that name (header Host)", code="wrong_host")
        if scope["path"] == OPEN:
            return
        if service.key is not None and not _same(headers.get("authorization", ""), service.key):
            raise RequestError(
                401,
                "no API key, or a wrong one",
                code="invalid_api_key",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if service.stopping:
            raise shutting_down()
        if service.requests > service.limits.requests:
            raise later(f"{service.limits.requests} requests are in progress", 1, "too_many_requests")


def _name(host: str) -> str:
    """Without the port."""
    name, _, port = host.rpartition(":")
    return (name if name and port.isdecimal() else host).lower()


def _same(authorization: str, key: bytes) -> bool:
    scheme, _, given = authorization.partition(" ")
    # In a time that does not depend on where they differ.
    return hmac.compare_digest(given.strip().encode("utf-8", "replace"), key) and scheme.lower() == "bearer"


def error_response(error: RequestError) -> JSONResponse:
    return JSONResponse(error.body(), error.status, error.headers)
