"""What a language model and an embedding model have in common: mapped weights, a device, and an end."""

from __future__ import annotations

import os
from types import TracebackType
from typing import TypeVar

import zcwasm

_Model = TypeVar("_Model", bound="Opened")


class Opened:
    """A model that holds its weights until close(), and is immutable otherwise."""

    def __init__(self, weights: zcwasm.Weights, device: zcwasm.Device) -> None:
        self.device = device
        self._weights: zcwasm.Weights | None = weights

    @property
    def weights(self) -> zcwasm.Weights:
        if self._weights is None:
            raise zcwasm.ClosedError("the model is closed")
        return self._weights

    @property
    def closed(self) -> bool:
        return self._weights is None

    def close(self) -> None:
        """Let go of the weights. What computes with them goes on and keeps them: an open session, an encode()
        in progress. Results stay."""
        self._weights = None

    def __enter__(self: _Model) -> _Model:
        self.weights  # noqa: B018
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _numbers(self) -> str:
        """For the repr."""
        raise NotImplementedError

    def _place(self) -> str:
        return os.fspath(self.weights.path)

    def __repr__(self) -> str:
        name = f"{type(self).__module__}.{type(self).__name__}"
        if self._weights is None:
            return f"<{name}: {self._numbers()}, closed>"
        return f"<{name} {self._place()!r}: {self._numbers()}, on {self.device.kind}>"


def layers(count: int, columns: int) -> str:
    return f"{count} layer{'' if count == 1 else 's'} of {columns}"
