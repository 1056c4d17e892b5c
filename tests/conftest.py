"""Fixtures of the contract tests: every available device, and arrays in guest memory."""

from __future__ import annotations

import os

import pytest

# Before the Vulkan instance is made. Where the layer is not installed this does nothing.
os.environ.setdefault("ZCWASM_VULKAN_VALIDATION", "1")

import zcwasm
from zcwasm._selftest.arena import Arena

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


@pytest.fixture
def arena() -> Arena:
    return Arena()
