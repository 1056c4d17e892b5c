"""`zcwasm bench`: what a call, a view, a dispatch and two kernels cost on this machine, in a few seconds. The
full suite, with the alternatives beside each number, is in the repository's benchmarks/."""

from __future__ import annotations

import timeit
from typing import Any

import numpy as np

import zcwasm
from zcwasm._demo import Guest
from zcwasm._measure import cpu_name, median_of_rounds, usable_cpus
from zcwasm._types import DeviceKind

SIZE = 1024  # of the matrices
ELEMENTS = 1 << 24  # 64 MiB


def each(function: Any, number: int) -> float:
    """The best of five means over `number` calls, in seconds."""
    return min(timeit.repeat(function, number=number, repeat=5)) / number


def run(kind: DeviceKind | None = None, threads: int = 0) -> dict[str, Any]:
    device = zcwasm.Device(kind, threads=threads) if threads else zcwasm.Device(kind)
    guest = Guest(SIZE, device)
    guest.fill()
    a, b, c = guest.views()
    memory = zcwasm.Memory(ELEMENTS * 4 // 65536)
    x = memory.array(0, ELEMENTS, np.float32)
    small = memory.array(0, 64, np.float32)
    x[:] = 1

    shape, offset = (SIZE, SIZE), guest.offsets[0]
    verify = guest.exports.verify
    operations = 2 * SIZE**3
    moved = 2 * x.nbytes
    copies = [np.array(matrix) for matrix in (a, b, c)]
    y = np.ones(ELEMENTS, np.float32)

    def double_and_increment() -> None:
        np.multiply(y, 2, out=y)
        np.add(y, 1, out=y)

    return {
        "device": {"kind": device.kind, "name": device.name, "threads": device.threads},
        "cpu": cpu_name(),
        "cpus": usable_cpus(),
        "versions": {"zcwasm": zcwasm.__version__, "numpy": np.__version__},
        "seconds": {
            # verify(0) returns at once
            "call": each(lambda: verify(0), 100_000),
            "view": each(lambda: guest.memory.array(offset, shape, np.float32), 20_000),
            "dispatch": each(lambda: device.affine(small, 1, 0, out=small), 2_000),
        },
        "matmul": {
            "size": SIZE,
            "gflops": operations / median_of_rounds(lambda: device.matmul(a, b, out=c), 9) / 1e9,
            "numpy_gflops": operations
            / median_of_rounds(lambda: np.matmul(copies[0], copies[1], out=copies[2]), 9)
            / 1e9,
        },
        "affine": {
            "bytes": x.nbytes,
            "gbytes_per_second": moved / median_of_rounds(lambda: device.affine(x, 2, 1, out=x), 9) / 1e9,
            "numpy_gbytes_per_second": moved / median_of_rounds(double_and_increment, 9) / 1e9,
        },
    }


def table(result: dict[str, Any]) -> str:
    device, seconds = result["device"], result["seconds"]
    matmul, affine = result["matmul"], result["affine"]
    n, size = matmul["size"], affine["bytes"] >> 20
    threads = f", {device['threads']} threads" if device["threads"] > 1 else ""
    return "\n".join(
        [
            f"{device['kind']}: {device['name']}{threads}; {result['cpu']}, {result['cpus']} CPUs",
            "",
            f"call of a guest function          {seconds['call'] * 1e9:>10.0f} ns",
            f"memory.array                      {seconds['view'] * 1e9:>10.0f} ns",
            f"dispatch over 256 bytes           {seconds['dispatch'] * 1e6:>10.1f} µs",
            f"matmul {f'{n} × {n}':<27}{matmul['gflops']:>10.0f} GFLOP/s"
            f"    NumPy {matmul['numpy_gflops']:>6.0f}",
            f"x·2 + 1 over {size} MiB in place{'':<6}{affine['gbytes_per_second']:>10.1f} GB/s   "
            f"    NumPy {affine['numpy_gbytes_per_second']:>6.1f}",
        ]
    )
