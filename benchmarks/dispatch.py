"""What a dispatch costs besides its arithmetic: over 256 bytes, alone, and in batches."""

from __future__ import annotations

import common
import numpy as np

import zcwasm


def main() -> None:
    rounds = 10 if common.options().quick else 30
    device = zcwasm.Device("cpu")
    memory = zcwasm.Memory(1)
    x = memory.array(0, 64, np.float32)
    y = np.full(64, -1, np.float32)  # a fixed point of x·2 + 1

    def batches(dispatches: int) -> common.Contender:
        def run(count: int) -> None:
            for _ in range(count):
                batch = device.batch()
                for _ in range(dispatches):
                    batch.affine(x, 1, 0, out=x)
                batch.submit().wait()

        return run

    contenders = {
        "alone": common.repeat("affine(x, 1, 0, out=x)", affine=device.affine, x=x),
        "batch of 1": batches(1),
        "batch of 100": batches(100),
        "NumPy": common.repeat(
            "multiply(x, 2, out=x); add(x, 1, out=x)", multiply=np.multiply, add=np.add, x=y
        ),
    }
    times = common.interleave(contenders, rounds=rounds, seconds=0.02)
    rows = common.compare("dispatch over 256 bytes", times["alone"], {"NumPy": times["NumPy"]})
    one, hundred = times["batch of 1"], times["batch of 100"]
    rows.append(common.below("batch of one: record, submit, wait", one.median, "s", best=one.best))
    rows.append(
        common.below("each of 100 dispatches in a batch", hundred.median / 100, "s", best=hundred.best / 100)
    )
    common.report(rows)


if __name__ == "__main__":
    main()
