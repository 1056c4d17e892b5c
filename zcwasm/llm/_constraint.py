"""What the text of a generation has to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from zcwasm.llm._model import Model


class Matcher:
    """A constraint, followed through one sequence."""

    @property
    def finished(self) -> bool:
        raise NotImplementedError

    def fill(self, row: npt.NDArray[np.uint32]) -> None:
        raise NotImplementedError

    def accept(self, token: int) -> None:
        raise NotImplementedError


class Constraint:
    """What the text of a generation has to be."""

    def start(self, model: Model) -> Matcher:
        raise NotImplementedError
