"""What the groups share: rows of the report, interleaved timing, the guests they run.

A group is a script that measures one thing and its alternatives side by side, and hands its rows to `report`.
run.py starts each in a process of its own, so that no group finds another's memory or threads."""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

PAGE = 65536

# (module (memory (export "memory") 1)
#   (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
ADD = bytes.fromhex(
    "0061736d01000000 0107 0160027f7f017f 0302 0100 0503 010001 0710 02066d656d6f72790200 036164640000"
    "0a09 01 0700200020016a0b"
)


@dataclass
class Row:
    """One measured number, and the alternative's beside it."""

    what: str
    value: float
    unit: str  # "s", "GFLOP/s", "GB/s", "MB/s", "B"
    best: float | None = None
    peer: str | None = None
    peer_value: float | None = None
    peer_best: float | None = None
    ratio: float | None = None  # how many times better than the peer
    best_ratio: float | None = None  # the same of the best rounds
    target: str | None = None
    met: bool | None = None


@dataclass
class Times:
    """Seconds per call of one contender, one number per round."""

    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def best(self) -> float:
        return min(self.seconds)


Contender = Callable[[int], object]  # runs that many times


def interleave(
    contenders: dict[str, Contender], *, rounds: int, seconds: float = 0.05, pause: float = 0.0
) -> dict[str, Times]:
    """Every contender in turn, round after round, so that what disturbs the machine disturbs all of them.

    seconds: how long a contender runs in a round. pause: between contenders, so that the waiting threads of
    one (OpenBLAS keeps them spinning for tens of milliseconds) do not slow the next; then one call untimed.
    """
    times = {name: Times() for name in contenders}
    counts = {name: calibrate(run, seconds) for name, run in contenders.items()}
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, run in contenders.items():
                if pause:
                    time.sleep(pause)
                    run(1)
                start = time.perf_counter()
                run(counts[name])
                times[name].seconds.append((time.perf_counter() - start) / counts[name])
    finally:
        gc.enable()
    return times


def calibrate(run: Contender, seconds: float) -> int:
    """How many calls take about that long."""
    count = 1
    while True:
        start = time.perf_counter()
        run(count)
        took = time.perf_counter() - start
        if took >= seconds / 4:
            return max(1, round(count * seconds / took))
        count *= 4


def repeat(statement: str, **names: Any) -> Contender:
    """A contender that runs `statement` in a loop without a call around it."""
    scope = dict(names)
    exec(f"def run(times_):\n    for _ in range(times_):\n        {statement}", scope)
    run: Contender = scope["run"]
    return run


def compare(
    what: str,
    ours: Times,
    peers: dict[str, Times],
    *,
    work: float = 0.0,
    unit: str = "s",
    target: dict[str, float] | None = None,
) -> list[Row]:
    """One row per peer. The ratio is the median over the rounds of one round's ratio, which a drift of the
    machine does not move. work: turns seconds into `unit` as work per second. target: per peer, the least
    ratio."""

    def shown(seconds: float) -> float:
        return work / seconds if work else seconds

    rows = []
    for name, theirs in peers.items():
        ratio = statistics.median(t / o for o, t in zip(ours.seconds, theirs.seconds, strict=True))
        least = (target or {}).get(name)
        rows.append(
            Row(
                what,
                shown(ours.median),
                unit,
                best=shown(ours.best),
                peer=name,
                peer_value=shown(theirs.median),
                peer_best=shown(theirs.best),
                ratio=ratio,
                best_ratio=theirs.best / ours.best,
                target=None if least is None else f"≥ {least:.3g}× {name}",
                met=None if least is None else ratio >= least,
            )
        )
    return rows


def below(what: str, value: float, unit: str, limit: float | None = None, **more: Any) -> Row:
    """A row that shall stay under `limit`, in the unit of the value."""
    if limit is None:
        return Row(what, value, unit, **more)
    return Row(what, value, unit, target=f"< {show(limit, unit)}", met=value < limit, **more)


def show(value: float, unit: str) -> str:
    """A number with its unit, to three digits."""
    if unit == "s":
        for scale, name in ((1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms")):
            if value < 999.5 * scale:
                return f"{three_digits(value / scale)} {name}"
        return f"{three_digits(value)} s"
    if unit == "B":
        for scale, name in ((1, "B"), (1e3, "KB"), (1e6, "MB")):
            if abs(value) < 999.5 * scale:
                return f"{three_digits(value / scale)} {name}"
        return f"{three_digits(value / 1e9)} GB"
    return f"{three_digits(value)} {unit}"


def three_digits(value: float) -> str:
    if value == 0:
        return "0"
    if abs(value) >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 9.995 else f"{value:.2f}"


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The arguments that run.py gives to a group."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--threads", type=int, default=0)
    return parser.parse_args(arguments)


def report(rows: list[Row]) -> None:
    """Hands a group's rows to run.py."""
    print(json.dumps([asdict(row) for row in rows]))


# --- peers, absent ones left out ---


def wasmtime_guest(data: bytes) -> tuple[Any, Any] | None:
    """A store and an instance's exports of wasmtime-py."""
    try:
        import wasmtime
    except ImportError:
        return None
    store = wasmtime.Store()
    instance = wasmtime.Instance(store, wasmtime.Module(store.engine, data), [])
    return store, instance.exports(store)


def wasm3_runtime(data: bytes) -> Any:
    """A runtime of pywasm3 with the module loaded."""
    try:
        import wasm3  # type: ignore[import-not-found]
    except ImportError:
        return None
    environment = wasm3.Environment()
    runtime = environment.new_runtime(65536)
    runtime.load(environment.parse_module(data))
    return runtime
