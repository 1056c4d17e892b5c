"""Fixtures of the contract tests: every available device, and arrays in guest memory."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

# Before the Vulkan instance is made. Where the layer is not installed this does nothing.
os.environ.setdefault("ZCWASM_VULKAN_VALIDATION", "1")

import zcwasm

KINDS = sorted({info["kind"] for info in zcwasm.devices() if info["available"]})


@pytest.fixture(params=KINDS)
def device(request: pytest.FixtureRequest) -> zcwasm.Device:
    """Each device that this machine has, in turn."""
    return zcwasm.Device(request.param)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Over the whole run, Vulkan's validation layer has nothing to say."""
    said = zcwasm._core._vulkan_validation_messages()
    if said is not None and said[0]:
        print(f"\nThe Vulkan validation layer has {said[0]} messages, such as:\n{said[1]}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


class Arena:
    """Hands out arrays that lie one after the other in one guest memory, a few bytes apart."""

    def __init__(self) -> None:
        self.memory = zcwasm.Memory(1024, 2048)
        self.used = 64

    def empty(self, shape: int | tuple[int, ...], dtype: npt.DTypeLike = np.float32) -> npt.NDArray[Any]:
        array = self.memory.array(self.used, shape, dtype)
        self.used += array.nbytes + 4  # at no alignment but the element's
        return array

    def put(self, values: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> npt.NDArray[Any]:
        values = np.asarray(values, dtype)
        array = self.empty(values.shape, dtype)
        array[...] = values
        return array


@pytest.fixture
def arena() -> Arena:
    return Arena()
