"""ServerLimits: how much of a server its clients may have."""

from __future__ import annotations

from dataclasses import dataclass

from zcwasm import _arguments


@dataclass(frozen=True, kw_only=True)
class ServerLimits:
    """How much of the server a client, or all of them, may have. How many requests wait is each batcher's:
    model.batcher(waiting=...)."""

    #: Bytes of a request's body.
    body: int = 2 << 20
    #: Requests in progress, over all clients, those that wait included.
    requests: int = 512
    #: Seconds from a request's submission to its last token; None: no limit.
    timeout: float | None = 600.0
    #: Seconds in which a client has to send a request's head, and its body, and to take something of what
    #: waits for it.
    stall: float = 60.0
    #: Requests for embeddings that wait.
    embeddings: int = 64
    #: By what names in the header Host requests may ask; None: any. Keeps pages in a browser from
    #: reaching a server on its machine through a name of theirs.
    hosts: frozenset[str] | None = None

    def __post_init__(self) -> None:
        for name in ("body", "requests", "embeddings"):
            _arguments.whole(name, getattr(self, name), 1, 2**40)
        _arguments.number("stall", self.stall, 0.001, 1e9)
        if self.timeout is not None:
            _arguments.number("timeout", self.timeout, 0.001, 1e9)
