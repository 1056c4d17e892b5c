"""The application: routes, and how errors are answered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from zcwasm.serve._embeddings import Embedder
from zcwasm.serve._errors import RequestError
from zcwasm.serve._guard import OPEN, Guard, error_response
from zcwasm.serve._limits import ServerLimits
from zcwasm.serve._service import GONE, Service

if TYPE_CHECKING:
    from zcwasm.llm._batcher import Batcher


def application(
    models: Mapping[str, Batcher],
    embedders: Mapping[str, Embedder] | None = None,
    limits: ServerLimits | None = None,
    key: str | None = None,
) -> Starlette:
    """An ASGI application with OpenAI's interface over batchers and embedding models, by the names that
    requests use. They stay the caller's, to close when the server has ended.

    key: what requests have to bring as `Authorization: Bearer KEY`, for everything but /health; None: all may
    ask. `app.state.service` has stop(), which refuses new requests, and cancel(), which ends those that run.
    """
    if key is not None and not (key.strip() and key.isascii()):
        raise ValueError("key is empty, or has other characters than ASCII's")
    both = models.keys() & (embedders or {}).keys()
    if both:
        raise ValueError(f"{min(both)!r} is the name of a language model and of an embedding model")
    service = Service(
        models, embedders or {}, limits or ServerLimits(), None if key is None else key.strip().encode()
    )
    routes = [
        Route("/v1/chat/completions", service.chat, methods=["POST"]),
        Route("/v1/completions", service.completions, methods=["POST"]),
        Route("/v1/embeddings", service.embeddings, methods=["POST"]),
        Route("/v1/models", service.list_models, methods=["GET"]),
        Route("/v1/models/{name:path}", service.one_model, methods=["GET"]),
        Route(OPEN, service.health, methods=["GET"]),
        Route("/metrics", service.numbers, methods=["GET"]),
    ]

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        service.stop()
        service.cancel()
        service.close()

    app = Starlette(
        routes=routes,
        middleware=[Middleware(Guard, service=service, paths=frozenset(route.path for route in routes))],
        exception_handlers={
            RequestError: _say,
            HTTPException: _say_http,
            ClientDisconnect: _say_nothing,
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # to an address made of the header Host
    app.state.service = service
    return app


async def _say(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)
    return error_response(error)


async def _say_http(request: Request, error: Exception) -> Response:
    """Starlette's own: no such path, or not with this method."""
    assert isinstance(error, HTTPException)
    about = f"{error.detail}: {request.method} {request.scope['path'][:200]}"
    return error_response(RequestError(error.status_code, about, code="unknown_url", headers=error.headers))


async def _say_nothing(request: Request, error: Exception) -> Response:
    return Response(status_code=GONE)
