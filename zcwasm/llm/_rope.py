"""Rotary positions: the angle of every position and pair, as the table that a guest reads.

Frequencies are computed in float64. What scales them: nothing, a factor (linear), YaRN, or factors for each
pair that the file has: one list (Llama 3), or two (LongRoPE), of which the table's context decides.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Factors = Mapping[str, npt.NDArray[np.float64]]

# What frequencies are divided by, pair by pair: names of tensors of GGUF files.
FREQS, LONG, SHORT = "rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight"


@dataclass(frozen=True)
class Yarn:
    """Fast pairs go on as they are, slow ones are divided by the factor, and between them it is a ramp."""

    factor: float
    context: int  # positions that the model was made for, before
    beta_fast: float = 32.0  # turns within that context: more are fast
    beta_slow: float = 1.0  # fewer are slow
    truncates: bool = True  # the ramp begins and ends at whole pairs

    def divide(self, frequencies: npt.NDArray[np.float64], base: float) -> npt.NDArray[np.float64]:
        half = len(frequencies)
        first, last = (self._pair(turns, half, base) for turns in (self.beta_fast, self.beta_slow))
        if self.truncates:
            first, last = math.floor(first), math.ceil(last)
        low, high = max(first, 0), min(last, 2 * half - 1)
        ramp = np.clip((np.arange(half) - low) / ((high - low) or 0.001), 0, 1)
        return np.asarray(frequencies * (1 - ramp) + frequencies / self.factor * ramp, np.float64)

    def _pair(self, turns: float, half: int, base: float) -> float:
        """The pair, and a fraction, that makes so many turns within the context."""
        return half * math.log(self.context / (turns * 2 * math.pi)) / math.log(base)


def yarn_attention(factor: float, scale: float = 1.0) -> float:
    """What YaRN multiplies queries and keys by, so that attention is as sharp as before."""
    return 1.0 if factor <= 1 else 0.1 * scale * math.log(factor) + 1


@dataclass(frozen=True)
class Rope:
    """One table of angles."""

    base: float = 10000.0
    factor: float = 1.0  # angles are those of position / factor
    yarn: Yarn | None = None
    attention: float = 1.0  # cosines and sines times this
    context: int = 0  # a table for more positions takes the long factors
    factors: tuple[str, ...] = (FREQS,)  # which of the file's count
    rotates: bool = True  # else every angle is 0

    def is_long(self, context: int) -> bool:
        """Whether a table for so many positions has other angles than shorter ones."""
        return LONG in self.factors and context > self.context

    def fill(self, table: npt.NDArray[np.float32], factors: Factors) -> None:
        """table: (context, pairs of a head that are rotated, 2), which gets cosines and sines."""
        context, half, _ = table.shape
        if not self.rotates:
            table[:] = 1, 0
            return
        angles = np.outer(np.arange(context), self._frequencies(context, half, factors))
        np.cos(angles, out=table[..., 0], casting="same_kind")
        np.sin(angles, out=table[..., 1], casting="same_kind")
        if self.attention != 1:
            table *= np.float32(self.attention)

    def _frequencies(self, context: int, half: int, factors: Factors) -> npt.NDArray[np.float64]:
        frequencies = np.asarray(self.base ** (-np.arange(half) / half) / self.factor, np.float64)
        if self.yarn is not None:
            frequencies = self.yarn.divide(frequencies, self.base)
        for name in self.factors:
            if name in factors and name != (SHORT if self.is_long(context) else LONG):
                frequencies = frequencies / factors[name]
        return frequencies


def llama3_factors(
    half: int, base: float, factor: float, low: float, high: float, context: int
) -> npt.NDArray[np.float64]:
    """The list that GGUF files of Llama 3.1 and later have as rope_freqs.weight. Pairs that turn fewer than
    `low` times within the context are divided by the factor, those that turn more than `high` times are not,
    and between them it is a ramp."""
    turns = context * base ** (-np.arange(half) / half) / (2 * math.pi)
    ramp = np.clip((turns - low) / (high - low), 0, 1) if high > low else (turns > high).astype(np.float64)
    return np.asarray(1 / ((1 - ramp) / factor + ramp), np.float64)
