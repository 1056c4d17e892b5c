"""RequestError: what is wrong with a request, in the form in which OpenAI's interface says it.

Every refusal is one of these, with its status; clients find `message`, `type`, `param` and `code` in the
body. Nothing of the host (a path, a traceback) is in a message.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import zcwasm
from zcwasm._core import ModelError
from zcwasm.llm import ContextError, QueueFullError
from zcwasm.llm._constraint import ConstraintError, UnusableError

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


class RequestError(Exception):
    """Answered with `status` and `body()`."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        kind = "server_error" if self.status >= 500 else _TYPES.get(self.status, "invalid_request_error")
        return {
            "error": {"message": self.message, "type": kind, "param": self.param, "code": self.code},
        }


def invalid(param: str | None, message: str, code: str | None = None) -> RequestError:
    """400: the request makes no sense, at `param`, a path such as messages[0].content."""
    return RequestError(400, message if param is None else f"{param}: {message}", param=param, code=code)


def later(message: str, seconds: int, code: str) -> RequestError:
    """429: all is busy; clients of the openai package wait so long and ask again."""
    return RequestError(429, message, code=code, headers={"Retry-After": str(seconds)})


def not_again(status: int, message: str, code: str) -> RequestError:
    """Of this server, where asking again would only be more of the same work: clients are told not to."""
    return RequestError(status, message, code=code, headers={"x-should-retry": "false"})


def shutting_down() -> RequestError:
    return RequestError(
        503, "the server is shutting down", code="shutting_down", headers={"Connection": "close"}
    )


def find(models: Mapping[str, Any], name: str) -> Any:
    """A model by the name of a request."""
    found = models.get(name)
    if found is None:
        raise RequestError(
            404, f"model: there is no model {name[:200]!r} here", param="model", code="model_not_found"
        )
    return found


def refused(error: BaseException, param: str) -> BaseException:
    """What an exception is to the client: RequestError; itself where it is the server's fault."""
    if isinstance(error, RequestError):
        return error
    if isinstance(error, QueueFullError):
        return later("all is busy and the queue is full: ask again later", 1, "queue_full")
    if isinstance(error, ContextError):
        return invalid(param, str(error), "context_length_exceeded")
    if isinstance(error, zcwasm.ClosedError):
        return RequestError(503, "the server is shutting down", code="closed")
    if isinstance(error, MemoryError):
        return later("there is no memory for this request now", 5, "no_memory")
    if isinstance(error, UnusableError):
        return invalid(param, f"{error!s:.1000}", "invalid_schema")
    # Error itself: what a chat template refuses; ModelError: what it fails on. ValueError itself: what this
    # package says of values. Its subclasses, and TypeError behind the tables' checks, are mistakes of ours.
    if isinstance(error, ModelError) or type(error) in (ValueError, zcwasm.Error):
        return invalid(param, f"{error!s:.1000}", "invalid_value")
    return error


def failed(error: BaseException) -> RequestError | None:
    """What the end of a generation is to the client; None where it is the server's fault."""
    if isinstance(error, RequestError):
        return error
    if isinstance(error, ConstraintError):
        return invalid(None, str(error), "schema_too_complex")
    return None
