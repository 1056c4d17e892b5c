"""Fixtures of the contract tests: every available device, and arrays in guest memory.

Which tests run: without --all those are left to CI that take long. A test that is named (file::test), or
chosen by -m, runs in any case.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

# Before the Vulkan instance is made. Where the layer is not installed this does nothing.
os.environ.setdefault("ZCWASM_VULKAN_VALIDATION", "1")

import zcwasm
from zcwasm._selftest.arena import Arena

# Not Metal in a virtual machine, as on hosted runners: it is known to hang and to hand out zeros.
# `zcwasm selftest` says how it does.
KINDS = sorted(
    {
        info["kind"]
        for info in zcwasm.devices()
        if info["available"] and not (info["kind"] == "metal" and info["software"])
    }
)
SOFTWARE = {info["kind"] for info in zcwasm.devices() if info["available"] and info["software"]} - {"cpu"}
LEFT_TO_CI = pytest.StashKey["Counter[str]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("zcwasm")
    group.addoption("--all", action="store_true", help="also what takes long and is left to CI")
    group.addoption("--left-out", action="store_true", help="only what a run without --all leaves out")


def takes_long(item: pytest.Item) -> bool:
    spec = getattr(item, "callspec", None)
    software = spec is not None and spec.params.get("device") in SOFTWARE
    return any(
        mark.name == "slow" or (mark.name == "slow_on_software" and software) for mark in item.iter_markers()
    )


@pytest.hookimpl(trylast=True)  # of what -k chose
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.option.all or config.option.markexpr or any("::" in word for word in config.args):
        return
    only_slow = config.option.left_out
    left_out = [item for item in items if takes_long(item) != only_slow]
    items[:] = [item for item in items if takes_long(item) == only_slow]
    config.hook.pytest_deselected(items=left_out)
    if not only_slow:
        config.stash[LEFT_TO_CI] = Counter(item.path.name for item in left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    left_out = config.stash.get(LEFT_TO_CI, Counter())
    if left_out:
        terminalreporter.section("left to CI")
        files = ", ".join(f"{name} {count}" for name, count in sorted(left_out.items()))
        terminalreporter.line(f"Tests that take long and did not run: {left_out.total()} ({files}).")
        terminalreporter.line("pytest --all runs them, too; pytest --left-out runs them alone.")


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
