"""engine=... wherever instances are made: the same words and the same errors as Instance's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import guest_path

import zcwasm
from zcwasm import _engines

WHY = _engines.unavailable()
pytestmark = pytest.mark.skipif(WHY is not None, reason=str(WHY))
ROWS = zcwasm.Module(guest_path("rows"))
LOOPS = zcwasm.Module(guest_path("loops"))
AFFINE: dict[str, Any] = {
    "module": ROWS,
    "export": "affine",
    "name": "mine",
    "bindings": [("x", "read"), ("out", "write")],
    "params": [("count", "uint32"), ("scale", "float32"), ("shift", "float32")],
}


@pytest.fixture(autouse=True)
def unset(code_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZCWASM_ENGINE", raising=False)
    monkeypatch.setenv("ZCWASM_CACHE", str(code_cache))


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Each time that the compiler was chosen: whether its code was to count fuel."""
    seen: list[bool] = []
    choose = _engines.choose

    def note(engine: str | None) -> zcwasm.EngineKind:
        chosen = choose(engine)
        if chosen == "wasmtime":
            seen.append(True)
        return chosen

    monkeypatch.setattr(_engines, "choose", note)
    return seen


def pool(**options: Any) -> str:
    with zcwasm.Pool(LOOPS, workers=2, **options) as workers:
        return workers.submit(lambda guest: guest.engine).result()


def worker(**options: Any) -> str:
    import zcwasm.ray

    return zcwasm.ray.Worker(LOOPS, lambda guest, batch: batch, device="cpu", **options).instance.engine


def instance(**options: Any) -> str:
    return zcwasm.Instance(LOOPS, **options).engine


@pytest.mark.parametrize("make", [instance, pool, worker])
def test_by_argument_and_by_environment(make: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert make() == "wasm3"
    assert make(engine="wasmtime") == make(engine="auto") == "wasmtime"
    with pytest.raises(ValueError, match="engine must be 'wasm3', 'wasmtime' or 'auto', not 'v8'"):
        make(engine="v8")
    monkeypatch.setenv("ZCWASM_ENGINE", "wasmtime")
    assert make() == "wasmtime"
    assert make(engine="wasm3") == "wasm3"


@pytest.mark.parametrize("threads", [1, 3])
def test_kernels_over_rows(threads: int, prepared: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = zcwasm.Device("cpu", threads=threads)
    memory = zcwasm.Memory(4)
    x, out = (memory.array(at, (400, 7), np.float32) for at in (0, 65536))
    x[:] = np.arange(2800).reshape(x.shape)
    for engine in ("wasm3", "wasmtime"):
        kernel = cpu.compile(**AFFINE, engine=engine)  # type: ignore[arg-type]
        out[:] = 0
        cpu.dispatch(kernel, [x, out], {"count": 7, "scale": 3, "shift": -1}, groups=400)
        assert np.array_equal(out, 3 * x - 1)
    assert len(prepared) == 1
    monkeypatch.setenv("ZCWASM_ENGINE", "wasmtime")
    cpu.compile(**AFFINE)
    assert len(prepared) == 2
    with pytest.raises(ValueError, match="engine must be 'wasm3', 'wasmtime' or 'auto', not 'v8'"):
        cpu.compile(**AFFINE, engine="v8")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"compile\(\) takes engine with a module only"):
        cpu.compile(name="k", bindings=[], workgroup=(1, 1, 1), msl="", engine="auto")


def test_limits_of_rows_that_are_compiled() -> None:
    """Fuel of each row: code that counts it; a deadline; a trap names its row."""
    cpu = zcwasm.Device("cpu", threads=2)
    memory = zcwasm.Memory(1)
    x = memory.array(0, 4, np.uint32)
    one: dict[str, Any] = {"module": ROWS, "name": "one", "bindings": [("x", "read_write")]}
    for limits, kind in (
        (zcwasm.Limits(deadline=0.1), "deadline"),
        (zcwasm.Limits(fuel=100_000), "out_of_fuel"),
    ):
        kernel = cpu.compile(**one, export="forever", limits=limits, engine="wasmtime")
        with pytest.raises(zcwasm.Trap, match="kernel one, row ") as caught:
            cpu.dispatch(kernel, [x], {}, groups=4)
        assert caught.value.kind == kind


def test_run(zcwasm_command: Any, prepared: list[bool]) -> None:
    assert zcwasm_command("run", str(guest_path("loops")), "fib", "10", "--engine", "wasm3").out == "55\n"
    assert prepared == []
    assert zcwasm_command("run", "--engine", "wasmtime", str(guest_path("loops")), "fib", "10").out == "55\n"
    assert prepared == [True]
    assert zcwasm_command("run", "--engine", "v8", str(guest_path("loops")), "fib", "10").status == 2
