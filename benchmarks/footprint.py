"""Resident memory: idle instances, a dispatch beside the copying path, and 10,000 lifecycles."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import common
import numpy as np

import zcwasm
from zcwasm._measure import resident_bytes

IDLE = 1000
COUNT = 1 << 24  # 64 MiB of float32


def grown(function: Callable[[], object]) -> tuple[int, object]:
    """By how much the resident set grows while the result is kept."""
    gc.collect()
    before = resident_bytes()
    kept = function()
    return resident_bytes() - before, kept


def idle() -> list[common.Row]:
    module = zcwasm.Module(common.ADD)

    def make() -> list[zcwasm.Instance]:
        made = [zcwasm.Instance(module) for _ in range(IDLE)]
        for instance in made:
            instance.exports.add(1, 2)
        return made

    ours, kept = grown(make)
    row = common.below("resident per idle instance of 1 page (of 1,000)", ours / IDLE, "B", 20_000)
    del kept
    try:
        import wasmtime
    except ImportError:
        return [row]
    engine = wasmtime.Engine()
    theirs = wasmtime.Module(engine, common.ADD)

    def make_theirs() -> list[Any]:
        made: list[Any] = []
        for _ in range(IDLE):
            store = wasmtime.Store(engine)
            instance = wasmtime.Instance(store, theirs, [])
            instance.exports(store)["add"](store, 1, 2)  # type: ignore[operator]
            made.append((store, instance))
        return made

    peer, _ = grown(make_theirs)
    row.peer, row.peer_value, row.ratio = "wasmtime-py", peer / IDLE, peer / max(ours, 1)
    return [row]


def dispatch() -> list[common.Row]:
    memory = zcwasm.Memory(COUNT * 4 // common.PAGE)
    x = memory.array(0, COUNT, np.float32)
    x[:] = 1
    device = zcwasm.Device("cpu")
    ours, _ = grown(lambda: device.affine(x, 2, 1, out=x))

    def copying() -> object:
        copy = np.array(np.frombuffer(memory.read(0, x.nbytes), np.float32))
        np.multiply(copy, 2, out=copy)
        np.add(copy, 1, out=copy)
        memory.write(0, copy.data)
        return copy

    theirs, _ = grown(copying)
    limit = 200_000.0
    return [
        common.below(
            "resident growth of the first x·2 + 1 over 64 MiB",
            ours,
            "B",
            limit,
            peer="copying path",
            peer_value=theirs,
        )
    ]


def lifecycles(count: int) -> list[common.Row]:
    module = zcwasm.Module(common.ADD)
    device = zcwasm.Device("cpu")

    def live(times: int) -> None:
        for _ in range(times):
            instance = zcwasm.Instance(module, device=device)
            instance.exports.add(1, 2)
            x = instance.memory.array(0, 64, np.float32)
            device.affine(x, 2, 1, out=x)
            instance.memory.grow(1)
            batch = device.batch()
            batch.fill(x, 0)
            batch.submit().wait()

    live(1000)
    growth, _ = grown(lambda: live(count))
    return [common.below(f"resident growth over {count:,} lifecycles", growth, "B", 1_000_000)]


def main() -> None:
    quick = common.options().quick
    common.report(idle() + dispatch() + lifecycles(2000 if quick else 10_000))


if __name__ == "__main__":
    main()
