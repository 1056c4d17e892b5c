"""Pools: what an item costs, how items of 0 to 100 ms go over 1 to 4 workers, a pipeline of kernels.

    python benchmarks/pool.py [--quick] [--threads 1] [--table] [--million]

As a group of run.py it reports its rows; with --table it prints them. run.py gives NumPy's BLAS as many
threads as --threads says; alone it needs OPENBLAS_NUM_THREADS=1, else the peers' threads get in each other's
way. --million puts 1,000,000 items through a pool and prints its memory meanwhile. The peers are
concurrent.futures with an instance for each of its threads, and the pipeline as one writes it with wasmtime-
py: the guest, compiled, fills its memory, whose arrays are copied to NumPy, multiplied, copied back and
summed."""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import common
import numpy as np

import zcwasm

LOOPS = Path(__file__).resolve().parent.parent / "tests" / "guests" / "loops.wasm"
WORKERS = (1, 2, 4)
COSTS = (0.0, 10e-6, 1e-3, 100e-3)
SIZES = (64, 128, 256, 512)
VALUE = 1.5

drain: Callable[[Any], object] = deque(maxlen=0).extend


def own(make: Callable[[], Any]) -> Callable[[], Any]:
    """One for each thread that asks."""
    local = threading.local()

    def get() -> Any:
        try:
            return local.it
        except AttributeError:
            local.it = make()
            return local.it

    return get


# --- what an item costs ---


def overhead(rounds: int) -> list[common.Row]:
    """Calls of a function that does nothing to speak of, by its name."""
    module = zcwasm.Module(common.ADD)
    guests = own(lambda: zcwasm.Instance(module).exports.add)
    rows = []
    with ThreadPoolExecutor(2) as executor:
        for workers in WORKERS:
            with zcwasm.Pool(module, workers=workers) as pool:
                before = zcwasm.copy_stats()
                times = common.interleave(
                    {
                        "map": lambda n: drain(pool.map("add", range(n), itertools.repeat(1))),
                        "as completed": lambda n: drain(
                            pool.map("add", range(n), itertools.repeat(1), ordered=False)
                        ),
                        "callable": lambda n: drain(
                            pool.map(lambda guest, item: guest.exports.add(item, 1), range(n))
                        ),
                        "submit": lambda n: [
                            call.result() for call in [pool.submit("add", 1, 2) for _ in range(n)]
                        ],
                        "ThreadPoolExecutor(2).map": lambda n: drain(
                            executor.map(lambda item: guests()(item, 1), range(n))
                        ),
                    },
                    rounds=rounds,
                    seconds=0.1,
                )
                assert {**zcwasm.copy_stats(), "data_segments": 0} == {**before, "data_segments": 0}
            peer = {"ThreadPoolExecutor(2).map": times.pop("ThreadPoolExecutor(2).map")}
            named = f"{workers} worker{'s' * (workers > 1)}"
            for how, measured in times.items():
                row = common.compare(f"pool, {named}, {how}: an empty guest call", measured, peer)[0]
                if how == "map" and workers == 2:
                    row.target, row.met = "< 20 µs", row.value < 20e-6
                rows.append(row)
    return rows


def costs(rounds: int) -> list[common.Row]:
    """Items of a guest's loop that takes so long."""
    module = zcwasm.Module(LOOPS)
    tight = zcwasm.Instance(module).exports.tight
    tight(1000)
    began = time.perf_counter()
    tight(10_000_000)
    per_second = 10_000_000 / (time.perf_counter() - began)
    rows = []
    for cost in COSTS:
        turns = max(1, round(cost * per_second))
        pools = {workers: zcwasm.Pool(module, workers=workers) for workers in WORKERS}

        def through(pool: zcwasm.Pool, turns: int = turns) -> common.Contender:
            return lambda n: drain(pool.map("tight", itertools.repeat(turns, n)))

        least = max(WORKERS) if cost > 0.01 else 1
        contenders: dict[str, common.Contender] = {
            "a loop over calls": common.repeat("f(n)", f=tight, n=turns)
        }
        contenders |= {f"{workers}": through(pool) for workers, pool in pools.items()}
        times = common.interleave(contenders, rounds=rounds, seconds=max(0.1, least * cost))
        for pool in pools.values():
            pool.close()
        loop = {"a loop over calls": times.pop("a loop over calls")}
        for workers, measured in times.items():
            what = f"pool, items of {common.show(cost, 's')}, {workers} worker{'s' * (workers != '1')}"
            rows += common.compare(what, measured, loop)
    return rows


# --- a pipeline ---


def pipeline(guest: zcwasm.Instance, n: int) -> float:
    """fill, matmul and sum by kernels, in the guest's memory."""
    device, memory, size = guest.device, guest.memory, 4 * n * n
    a, b, c = (memory.array(place * size, (n, n), np.float32) for place in range(3))
    total = memory.array(3 * size, 1, np.float32)
    device.fill(a, VALUE)
    device.fill(b, VALUE)
    device.matmul(a, b, out=c)
    device.sum(c.reshape(1, -1), out=total)
    return float(total[0])


def wasmtime_pipeline() -> Callable[[int], float] | None:
    try:
        import wasmtime
    except ImportError:
        return None
    engine = wasmtime.Engine()
    module = wasmtime.Module(engine, LOOPS.read_bytes())

    def make() -> tuple[Any, Any, Any]:
        store = wasmtime.Store(engine)
        exports = wasmtime.Instance(store, module, []).exports(store)
        return store, exports["fill"], exports["memory"]

    guests = own(make)

    def run(n: int) -> float:
        store, fill, memory = guests()
        size = 4 * n * n
        fill(store, 2 * n * n)
        a = np.frombuffer(memory.read(store, 0, size), np.float32).reshape(n, n)
        b = np.frombuffer(memory.read(store, size, 2 * size), np.float32).reshape(n, n)
        c = a @ b
        memory.write(store, c.tobytes(), 2 * size)
        return float(c.sum())

    return run


def pipelines(rounds: int) -> list[common.Row]:
    rows = []
    module = zcwasm.Module(LOOPS)
    peer = wasmtime_pipeline()
    pools = {
        workers: zcwasm.Pool(module, workers=workers, device=lambda: zcwasm.Device("cpu", threads=1))
        for workers in (1, 2)
    }
    executors = {workers: ThreadPoolExecutor(workers) for workers in (1, 2)}

    def ours(pool: zcwasm.Pool, n: int) -> common.Contender:
        return lambda count: drain(pool.map(pipeline, itertools.repeat(n, count)))

    def theirs(executor: ThreadPoolExecutor, n: int) -> common.Contender:
        return lambda count: drain(executor.map(peer, itertools.repeat(n, count)))

    for n in SIZES:
        expected = VALUE * VALUE * n**3
        contenders = {f"{workers}": ours(pool, n) for workers, pool in pools.items()}
        assert np.isclose(next(pools[1].map(pipeline, [n])), expected)
        if peer is not None:
            contenders |= {f"wasmtime-py, {workers}": theirs(each, n) for workers, each in executors.items()}
            assert np.isclose(peer(n), expected)
        times = common.interleave(contenders, rounds=rounds, seconds=0.2, pause=0.05)
        both = times.pop("2")
        least = {"one worker": 1.6, "wasmtime-py, NumPy copies, 2 threads": 3.0}
        peers = {"one worker": times["1"]}
        if peer is not None:
            peers["wasmtime-py, NumPy copies, 2 threads"] = times["wasmtime-py, 2"]
            peers["the same, 1 thread"] = times["wasmtime-py, 1"]
        rows += common.compare(f"pipeline of {n} × {n}, 2 workers", both, peers, target=least)
    for pool in pools.values():
        pool.close()
    for executor in executors.values():
        executor.shutdown()
    return rows


# --- memory ---


def resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def million() -> None:
    with zcwasm.Pool(zcwasm.Module(common.ADD), workers=2) as pool:
        for ordered in (True, False):
            began = time.perf_counter()
            for place, _ in enumerate(pool.map("add", range(10**6), itertools.repeat(1), ordered=ordered)):
                if place % 200_000 == 0:
                    print(f"{place:>9,} items: resident {common.show(resident(), 'B')}")
            took = time.perf_counter() - began
            print(f"1,000,000 items {'in order' if ordered else 'as completed'}: {took:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--table", action="store_true", help="print the rows")
    parser.add_argument("--only", choices=("overhead", "costs", "pipelines"))
    parser.add_argument("--million", action="store_true")
    options = parser.parse_args()
    if options.million:
        million()
        return
    rounds = 3 if options.quick else 9
    parts = {"overhead": overhead, "costs": costs, "pipelines": pipelines}
    rows = [row for name, part in parts.items() if options.only in (None, name) for row in part(rounds)]
    if not options.table:
        common.report(rows)
        return
    for row in rows:
        peer = f"  {row.peer} {common.show(row.peer_value, row.unit)}, {row.ratio:.2f}×" if row.peer else ""
        best = f" (best {common.show(row.best, row.unit)})" if row.best else ""
        print(f"{row.what}: {common.show(row.value, row.unit)}{best}{peer}  {row.target or ''}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
