"""What the sandbox costs: guest code beside the unpatched, unchecked interpreter, with and without limits;
and how long a tight loop goes on after it should stop."""

from __future__ import annotations

import statistics
import threading
import time
from pathlib import Path

import common

import zcwasm

CODE = (Path(__file__).parent.parent / "tests" / "guests" / "loops.wasm").read_bytes()
CALLS = {"fib": 24, "fill": 1 << 18, "dot": 1 << 18, "tight": 1 << 19}
STOP = 0.010  # seconds


def overhead(rounds: int) -> list[common.Row]:
    module = zcwasm.Module(CODE)
    limits = zcwasm.Limits(fuel=1 << 60, deadline=3600, call_depth=10_000, memory=1 << 30)
    free, limited = (zcwasm.Instance(module, limits=each).exports for each in (None, limits))
    runtime = common.wasm3_runtime(CODE)
    rows = []
    for name, argument in CALLS.items():
        contenders = {
            "zcwasm": common.repeat("call(n)", call=free[name], n=argument),
            "with limits": common.repeat("call(n)", call=limited[name], n=argument),
        }
        if runtime:
            peer = runtime.find_function(name)
            contenders["pywasm3"] = common.repeat("call(n)", call=peer, n=argument)
        times = common.interleave(contenders, rounds=rounds, seconds=0.03)
        ours = times.pop("zcwasm")
        target = {"pywasm3": 0.9}
        rows += common.compare(f"guest code: {name}", ours, times, target=target)
    return rows


def stopped(guest: zcwasm.Instance) -> float:
    """When the guest's endless loop ended."""
    try:
        guest.exports.spin()
    except zcwasm.Trap:
        return time.perf_counter()
    raise AssertionError("the loop ended by itself")


def stops(rounds: int) -> list[common.Row]:
    module = zcwasm.Module(CODE)
    late: dict[str, list[float]] = {"deadline": [], "interrupt": []}
    for _ in range(rounds):
        guest = zcwasm.Instance(module, limits=zcwasm.Limits(deadline=0.02))
        start = time.perf_counter()
        late["deadline"].append(stopped(guest) - start - 0.02)
        guest = zcwasm.Instance(module)
        asked = 0.0

        def interrupt(guest: zcwasm.Instance = guest) -> None:
            nonlocal asked
            time.sleep(0.02)
            asked = time.perf_counter()
            guest.interrupt()

        thread = threading.Thread(target=interrupt)
        thread.start()
        ended = stopped(guest)
        thread.join()
        late["interrupt"].append(ended - asked)
    return [
        common.below(f"a tight loop after its {name}", statistics.median(each), "s", STOP, best=min(each))
        for name, each in late.items()
    ]


def main() -> None:
    quick = common.options().quick
    common.report(overhead(5 if quick else 15) + stops(10 if quick else 50))


if __name__ == "__main__":
    main()
