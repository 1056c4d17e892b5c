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
    rows = [common.below("an instance from a loaded module", ours.median, "s", 15e-6, best=ours.best)]
    once = {"zcwasm": common.repeat("Instance(module)", Instance=zcwasm.Instance, module=module)}
    used = {
        "zcwasm": common.repeat("Instance(module).exports.add(1, 2)", Instance=zcwasm.Instance, module=module)
    }
    peers = {}
    try:
        import wasmtime

        engine = wasmtime.Engine()
        theirs = wasmtime.Module(engine, common.ADD)

        def use() -> None:
            store = wasmtime.Store(engine)
            wasmtime.Instance(store, theirs, []).exports(store)["add"](store, 1, 2)  # type: ignore[operator]

        peers["wasmtime-py"] = making(lambda: wasmtime.Instance(wasmtime.Store(engine), theirs, []))
        once["wasmtime-py"] = common.repeat(
            "Instance(Store(engine), module, [])",
            Instance=wasmtime.Instance,
            Store=wasmtime.Store,
            engine=engine,
            module=theirs,
        )
        used["wasmtime-py"] = common.repeat("use()", use=use)
    except ImportError:
        pass
    for what, contenders in (("made and freed", once), ("made, called once and freed", used)):
        times = common.interleave(contenders, rounds=10, seconds=0.02)
        lifecycle = times.pop("zcwasm")
        rows.append(common.below(f"an instance {what}", lifecycle.median, "s", best=lifecycle.best))
        rows += common.compare(f"an instance {what}", lifecycle, times)
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
