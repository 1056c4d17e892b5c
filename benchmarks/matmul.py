"""C = A·B in float32, in guest memory, beside NumPy with as many threads (run.py sets its environment)."""

from __future__ import annotations

import common
import numpy as np

import zcwasm

SIZES = (256, 512, 1024, 2048)


def measure(device: zcwasm.Device, n: int, quick: bool) -> list[common.Row]:
    rng = np.random.default_rng(n)
    a, b, c = (rng.random((n, n), np.float32) for _ in range(3))
    nbytes = 4 * n * n
    memory = zcwasm.Memory(3 * nbytes // common.PAGE + 1)
    views = [memory.array(index * nbytes, (n, n), np.float32) for index in range(3)]
    views[0][:], views[1][:] = a, b
    contenders = {
        "zcwasm": common.repeat(
            "matmul(a, b, out=c)", matmul=device.matmul, **dict(zip("abc", views, strict=True))
        ),
        "NumPy": common.repeat("matmul(a, b, out=c)", matmul=np.matmul, a=a, b=b, c=c),
    }
    # OpenBLAS's workers go on spinning for more than 50 ms after a call, on the CPU that ours then needs.
    several = device.threads > 1
    rounds = 5 if quick else 9 if several else 25
    times = common.interleave(contenders, rounds=rounds, seconds=0.05, pause=0.3 if several else 0.05)
    assert np.allclose(views[2], c, rtol=1e-4)
    ours = times.pop("zcwasm")
    threads = f"{device.threads} thread{'s' * (device.threads > 1)}"
    return common.compare(
        f"matmul f32 {n} × {n}, {threads}",
        ours,
        times,
        work=2 * n**3 / 1e9,
        unit="GFLOP/s",
        target={"NumPy": 0.85},
    )


def main() -> None:
    options = common.options()
    device = zcwasm.Device("cpu", threads=options.threads or 1)
    common.report([row for n in SIZES for row in measure(device, n, options.quick)])


if __name__ == "__main__":
    main()
