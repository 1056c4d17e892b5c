"""Fixtures: every available device and arrays in guest memory for the contract tests; the command line.

Which tests run: without --all those are left to CI that take long. A test that is named (file::test), or
chosen by -m, runs in any case. Every test runs in one step of .ci/run, and in another one only if it can find
something else there:

    readme      the default, without Vulkan             vulkan, llm   what has lavapipe for its device
    slow        what that leaves out                    metal         what has the simulated Metal
    sanitizers  the default, where C is at work, and what is quick on lavapipe (--sanitizers)
    threads     what is marked so, under TSan           isa, arm64    kernels, on other instruction sets
    interchange what needs JAX, Arrow or Ray            engines       what the engine wasmtime runs

On a GPU that is a program a test or parameter that is marked cpu_is_enough does not run at all, and no engine
but wasm3. A test with the fixture `engine` runs on each engine that is here: wasmtime is in .venv-ci.
"""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# Before the Vulkan instance is made. Where the layer is not installed this does nothing.
os.environ.setdefault("ZCWASM_VULKAN_VALIDATION", "1")

import zcwasm
from zcwasm import _cli
from zcwasm._selftest.arena import Arena

# What a shell starts in its background has SIGINT ignored, and would hand that on to the programs of tests,
# some of which wait for it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

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
PROGRAMS = SOFTWARE | ({"metal"} if "ZCWASM_SIM_COMPILER" in os.environ else set())
# Files that test tools, texts, or zcwasm's Python: no C of this package runs there that other files do not
# run. Under sanitizers they would measure an interpreter that is several times as slow, and not the product.
NO_C = {
    *("abi_files", "batcher_guests", "benchmarks", "build_wasm3", "chat", "contributing", "docs", "fetch"),
    *("guests", "kernel_numbers", "layers", "llm_tokenizer", "llm_vocabularies", "metal", "packaging"),
    *("readme", "real_sizes", "release", "sampling", "selection", "selftest", "shaders", "text"),
    *("tokenizer_json", "vulkan_api", "words", "workflows"),
}
LEFT_TO_CI = pytest.StashKey["Counter[str]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("zcwasm")
    group.addoption("--all", action="store_true", help="also what takes long and is left to CI")
    group.addoption("--left-out", action="store_true", help="only what a run without --all leaves out")
    group.addoption("--sanitizers", action="store_true", help="what is worth it in an instrumented extension")


def marks(item: pytest.Item, name: str) -> bool:
    return item.get_closest_marker(name) is not None


def parameters(item: pytest.Item) -> dict[str, Any]:
    spec = getattr(item, "callspec", None)
    return spec.params if spec is not None else {}


def on(item: pytest.Item, kinds: set[str]) -> bool:
    return parameters(item).get("device") in kinds


def takes_long(item: pytest.Item) -> bool:
    return marks(item, "slow") or (marks(item, "slow_on_software") and on(item, SOFTWARE))


def finds_nothing(item: pytest.Item, config: pytest.Config) -> bool:
    """Nothing that the same test does not find elsewhere."""
    if on(item, PROGRAMS) and (
        marks(item, "cpu_is_enough") or parameters(item).get("engine", "wasm3") != "wasm3"
    ):
        return True
    return bool(config.option.sanitizers) and (
        marks(item, "footprint") or item.path.stem.removeprefix("test_") in NO_C
    )


def keep(config: pytest.Config, items: list[pytest.Item], wanted: Callable[[pytest.Item], bool]) -> None:
    left_out = [item for item in items if not wanted(item)]
    items[:] = [item for item in items if wanted(item)]
    config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(trylast=True)  # of what -k chose
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if any("::" in word for word in config.args):
        return
    keep(config, items, lambda item: not finds_nothing(item, config))
    only_slow = config.option.left_out
    if config.option.all or (config.option.markexpr and not only_slow):
        return
    if not only_slow:
        config.stash[LEFT_TO_CI] = Counter(item.path.name for item in items if takes_long(item))
    keep(config, items, lambda item: takes_long(item) == only_slow)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for engine in zcwasm.engines():
        if not engine.available:
            terminalreporter.line(f"No guest ran on the engine {engine.name}: {engine.reason}")
    left_out = config.stash.get(LEFT_TO_CI, Counter())
    if left_out:
        terminalreporter.section("left to CI")
        files = ", ".join(f"{name} {count}" for name, count in sorted(left_out.items()))
        terminalreporter.line(f"Tests that take long and did not run: {left_out.total()} ({files}).")
        terminalreporter.line("pytest --all runs them, too; pytest --left-out runs them alone.")


# Devices that are open are shared (csrc/device/zc_device.c). One that is a program compiles every kernel for
# this processor when it first runs, and forgets that when it is closed: half of what tests on lavapipe would
# take. So it stays open, once a test has had it. Opening and closing have tests of their own, in processes of
# their own.
OPEN: dict[str, zcwasm.Device] = {}


@pytest.fixture(params=KINDS)
def device(request: pytest.FixtureRequest) -> zcwasm.Device:
    """Each device that this machine has, in turn."""
    if request.param in SOFTWARE:
        OPEN.setdefault(request.param, zcwasm.Device(request.param))
    return zcwasm.Device(request.param)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Over the whole run, Vulkan's validation layer has nothing to say."""
    said = zcwasm._core._vulkan_validation_messages()
    if said is not None and said[0]:
        print(f"\nThe Vulkan validation layer has {said[0]} messages, such as:\n{said[1]}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(params=[engine.name for engine in zcwasm.engines() if engine.available])
def engine(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, code_cache: Path
) -> zcwasm.EngineKind:
    """Each engine that is here, in turn, as the one that instances get."""
    monkeypatch.setenv("ZCWASM_ENGINE", request.param)
    monkeypatch.setenv("ZCWASM_CACHE", str(code_cache))
    refused = request.node.get_closest_marker("wasmtime_refuses")
    if refused and request.param == "wasmtime":
        request.applymarker(pytest.mark.xfail(**refused.kwargs, reason="wasmtime refuses it"))
    return request.param


@pytest.fixture(scope="session")
def code_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where compiled code is kept meanwhile."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def interpreter_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if only the engine of this package were here."""
    monkeypatch.setattr(zcwasm._engines, "unavailable", lambda: "not in this test")


@pytest.fixture
def arena() -> Arena:
    return Arena()


class Ran:
    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def zcwasm_command(capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: str) -> Ran:
        try:
            status = _cli.main(arguments)
        except SystemExit as leave:  # argparse
            status = leave.code if isinstance(leave.code, int) else 1
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Ran(status, out, err)

    return call
