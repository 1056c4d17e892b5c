"""What a guest pays for driving the device itself: a call of an import, a recorded dispatch, a replayed one.

The guest is tests/guests/abi.c, whose loops stay inside it. The dispatches are affine over 16 bytes: nearly
all of their time is overhead; the kernel's own share is not taken off.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import common
import numpy as np

import zcwasm

GUEST = Path(__file__).resolve().parent.parent / "tests" / "guests" / "abi.wasm"
DISPATCHES = 300


def instance(imports: dict[str, Callable[..., int]], **grants: object) -> zcwasm.Instance:
    # The guest imports everything; nobody calls what is not granted here.
    for name in ("tensor", "tensor_info"):
        imports.setdefault(name, lambda *_: -7)
    module = zcwasm.Module(GUEST)
    return zcwasm.Instance(module, inputs={}, imports={"zcwasm": imports}, **grants)  # type: ignore[arg-type]


def main() -> None:
    rounds = 10 if common.options().quick else 30
    device = zcwasm.Device("cpu")
    guest = instance({}, device=device)
    exports, memory = guest.exports, guest.memory
    base = exports.memory_at()
    memory.write(base, b"affine")
    kernel = exports.kernel(base, 6)
    at = base + 65536
    for i in (0, 1):
        memory.write(base + 1024 + 24 * i, struct.pack("<iIQQ", 0, 0, at, 16))
    memory.write(base + 4096, struct.pack("<Iff", 4, 1, 0))

    def dispatches(sequence: int, count: int) -> None:
        assert exports.dispatch_many(sequence, kernel, base + 1024, 2, base + 4096, 12, count) >= 0

    def record(count: int) -> None:
        for done in range(0, count, DISPATCHES):
            dispatches(0, min(DISPATCHES, count - done))
            exports.discard()

    sequence = exports.sequence_new()
    dispatches(sequence, DISPATCHES)
    assert exports.sequence_seal(sequence) == 0
    x = memory.array(at, 4, np.float32)

    def batches(count: int) -> None:
        for _ in range(count):
            with device.batch() as batch:
                for _ in range(DISPATCHES):
                    batch.affine(x, 1, 0, out=x)
            batch.submit().wait()

    def submitted(count: int) -> None:
        for _ in range(count):
            assert exports.wait(exports.sequence_submit(sequence), -1) == 0

    through_python = instance({"abi_version": lambda: 1}, device=device).exports
    contenders: dict[str, common.Contender] = {
        "call": exports.call_many,
        "Python callable": through_python.call_many,
        "record": record,
        "replay": lambda count: exports.sequence_run_many(sequence, count),
        "submit": submitted,
        "Python batch": batches,
    }
    times = common.interleave(contenders, rounds=rounds, seconds=0.02)
    for name in ("replay", "submit", "Python batch"):
        times[name] = common.Times([seconds / DISPATCHES for seconds in times[name].seconds])

    def bounded(what: str, name: str, limit: float | None) -> common.Row:
        return common.below(what, times[name].median, "s", limit, best=times[name].best)

    rows = [bounded("guest calls an import that does nothing", "call", 60e-9)]
    rows += common.compare(rows[0].what, times["call"], {"Python callable": times["Python callable"]})
    rows.append(bounded("guest records a dispatch", "record", 300e-9))
    rows.append(bounded(f"each of {DISPATCHES} dispatches replayed on cpu", "replay", 500e-9))
    rows += common.compare(rows[-1].what, times["replay"], {"Python batch": times["Python batch"]})
    rows.append(bounded("the same, submitted and waited for", "submit", None))
    common.report(rows)


if __name__ == "__main__":
    main()
