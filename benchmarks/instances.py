"""Making and freeing instances of a loaded module (one page, no maximum: each reserves 4 GiB)."""

from __future__ import annotations

import time
from collections.abc import Callable

import common

import zcwasm
from zcwasm._measure import resident_bytes

KEPT = 200


def making(make: Callable[[], object]) -> common.Times:
    """Seconds to make one instance while up to KEPT others live; freeing them is not counted."""
    times = common.Times()
    for _ in range(5 if common.options().quick else 15):
        kept = []
        start = time.perf_counter()
        for _ in range(KEPT):
            kept.append(make())
        times.seconds.append((time.perf_counter() - start) / KEPT)
        del kept
    return times


def main() -> None:
    module = zcwasm.Module(common.ADD)
    ours = making(lambda: zcwasm.Instance(module))
    rows = [common.below("an instance from a loaded module", ours.median, "s", 50e-6, best=ours.best)]
    lifecycle = common.interleave(
        {"zcwasm": common.repeat("Instance(module)", Instance=zcwasm.Instance, module=module)},
        rounds=10,
        seconds=0.02,
    )["zcwasm"]
    rows.append(common.below("an instance made and freed", lifecycle.median, "s", best=lifecycle.best))
    peers = {}
    try:
        import wasmtime

        engine = wasmtime.Engine()
        theirs = wasmtime.Module(engine, common.ADD)
        peers["wasmtime-py"] = making(lambda: wasmtime.Instance(wasmtime.Store(engine), theirs, []))
    except ImportError:
        pass
    if common.wasm3_runtime(common.ADD):
        peers["pywasm3"] = making(lambda: common.wasm3_runtime(common.ADD))
    rows += common.compare("an instance from a loaded module", ours, peers)

    before = resident_bytes()
    start = time.perf_counter()
    memory = zcwasm.Memory(1, 65536)
    took = time.perf_counter() - start
    rows.append(common.below("4 GiB reserved, not touched: time", took, "s", 1e-3))
    rows.append(
        common.below("4 GiB reserved, not touched: resident", resident_bytes() - before, "B", 100_000)
    )
    assert memory.maximum == 65536
    common.report(rows)


if __name__ == "__main__":
    main()
