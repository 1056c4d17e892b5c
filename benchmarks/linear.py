"""y = x·Wᵀ with quantized weights, beside what bounds it: for one row, reading as many bytes (the kernel
sum); for many rows, as many float32 products (the kernel matmul, and NumPy's). Default mode and exact mode.

The matrices are a small language model's (SmolLM2-135M: 576 and 1536). For one row there are copies of the
weights for 64 MiB, one after the other, as a model has layers.

    python benchmarks/linear.py --one-row [--isa NAME ...] [--threads N]

prints a table of one row only: each type that has blocks, short to long rows, with each of these instruction
sets of the cpu device (that of this machine)."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import common
import numpy as np

import zcwasm
from zcwasm._core import _cpu_isa
from zcwasm._selftest import reference
from zcwasm._selftest.reference import WEIGHT_TYPES

IN_BLOCKS = {name: row for name, row in WEIGHT_TYPES.items() if row[1] >= 32}
EXACT = 32
COPIED = 64 << 20
COLUMNS = (576, 2048, 8192)  # of the table; K types take the next multiple of 256


def weights(name: str, n: int, k: int) -> Any:
    """Bytes of an (n, k) matrix: random, with sane scales."""
    return reference.random_weights(name, n, k, np.random.default_rng(1)).reshape(-1)


def one_row(device: zcwasm.Device, name: str, n: int, k: int, flags: int, quick: bool) -> list[common.Row]:
    data = weights(name, n, k)
    copies = max(1, COPIED // len(data))
    room = -(-len(data) // 64) * 64
    memory = zcwasm.Memory((copies * room + 4 * (n + k) + 4096) // common.PAGE + 1)
    x, y = memory.array(64, (1, k), np.float32), memory.array(64 + 4 * k, (1, n), np.float32)
    none, total = memory.array(0, 0, np.float32), memory.array(0, 1, np.float32)
    x[:] = np.random.default_rng(2).standard_normal(k)
    start = (64 + 4 * (n + k) + 63) // 64 * 64
    places = [start + i * room for i in range(copies)]
    for at in places:
        memory.array(at, len(data), np.uint8)[:] = data
    params = {
        "type": WEIGHT_TYPES[name][0],
        "rows": 1,
        "n": n,
        "k": k,
        "ldx": k,
        "ldy": n,
        "flags": flags,
        "eps": 0.0,
    }
    views = [memory.array(at, -(-len(data) // 4), np.uint32) for at in places]
    everything = memory.array(start, copies * room // 4, np.float32)

    def products(count: int) -> None:
        for _ in range(count):
            with device.batch() as batch:
                for view in views:
                    batch.dispatch("linear", [x, view, none, none, y], params)
            batch.submit().wait()

    def read(count: int) -> None:
        for _ in range(count):
            with device.batch() as batch:
                batch.sum(everything, out=total[0:1])
            batch.submit().wait()

    contenders: dict[str, Callable[[int], object]] = {"zcwasm": products, "reading as much": read}
    times = common.interleave(contenders, rounds=5 if quick else 15, seconds=0.03)
    ours = times.pop("zcwasm")
    what = f"{name} {n} × {k}, one row, {'exact' if flags else 'default'}, {threads_of(device)}"
    return common.compare(what, ours, times, work=copies * room / 1e9, unit="GB/s")


def many_rows(
    device: zcwasm.Device, name: str, rows: int, n: int, k: int, flags: int, quick: bool
) -> list[common.Row]:
    data = weights(name, n, k)
    a, c, wide = 4 * rows * k, 4 * rows * n, 4 * n * k
    memory = zcwasm.Memory((len(data) + a + c + wide + 4096) // common.PAGE + 1)
    x, y = memory.array(64, (rows, k), np.float32), memory.array(64 + a, (rows, n), np.float32)
    b = memory.array(64 + a + c, (k, n), np.float32)
    w = memory.array(64 + a + c + wide, -(-len(data) // 4), np.uint32)
    none = memory.array(0, 0, np.float32)
    w.view(np.uint8)[: len(data)] = data
    rng = np.random.default_rng(3)
    x[:], b[:] = rng.standard_normal((rows, k)), rng.standard_normal((k, n))
    params = {
        "type": WEIGHT_TYPES[name][0],
        "rows": rows,
        "n": n,
        "k": k,
        "ldx": k,
        "ldy": n,
        "flags": flags,
        "eps": 0.0,
    }
    contenders = {
        "zcwasm": common.repeat(
            "dispatch('linear', arrays, params)",
            dispatch=device.dispatch,
            arrays=[x, w, none, none, y],
            params=params,
        ),
        "matmul f32": common.repeat("matmul(x, b, out=y)", matmul=device.matmul, x=x, b=b, y=y),
        "NumPy f32": common.repeat("matmul(x, b, out=y)", matmul=np.matmul, x=x, b=b, y=y),
    }
    several = device.threads > 1
    times = common.interleave(
        contenders, rounds=5 if quick else 15, seconds=0.03, pause=0.3 if several else 0.0
    )
    ours = times.pop("zcwasm")
    what = f"{name} {n} × {k}, {rows} rows, {'exact' if flags else 'default'}, {threads_of(device)}"
    return common.compare(what, ours, times, work=2e-9 * rows * n * k, unit="GFLOP/s")


def threads_of(device: zcwasm.Device) -> str:
    return f"{device.threads} thread{'s' * (device.threads > 1)}"


def table(device: zcwasm.Device, quick: bool) -> None:
    """One row, with the instruction set of this process."""
    for name, (_, block, _) in IN_BLOCKS.items():
        for k in [-(-columns // block) * block for columns in COLUMNS]:
            for row in one_row(device, name, 2048, k, 0, quick):
                peer = f"{row.peer} {row.peer_value:.1f}, the ratio {row.ratio:.2f}"
                print(f"{_cpu_isa()}, {row.what}: {row.value:.1f} {row.unit}, {peer}", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--one-row", action="store_true")
    parser.add_argument("--isa", nargs="+", default=[])
    mine, others = parser.parse_known_args(arguments)
    options = common.options(others)
    for isa in mine.isa:
        command = [sys.executable, __file__, "--one-row", *others]
        subprocess.run(command, env=os.environ | {"ZCWASM_ISA": isa}, check=True)
    if mine.isa:
        return
    device = zcwasm.Device("cpu", threads=options.threads or 1)
    if mine.one_row:
        table(device, options.quick)
        return
    rows = []
    for name in WEIGHT_TYPES:
        k = 1536  # whole blocks of every type
        modes = (0, EXACT) if name in IN_BLOCKS else (0,)
        for flags in modes:
            rows += one_row(device, name, 576, k, flags, options.quick)
            rows += many_rows(device, name, 128, 576, k, flags, options.quick)
    rows += one_row(device, "Q4_1", 1536, 576, 0, options.quick)
    rows += one_row(device, "Q8_0", 49152, 576, 0, options.quick)
    rows += many_rows(device, "Q4_1", 512, 1536, 576, 0, options.quick)
    common.report(rows)


if __name__ == "__main__":
    main()
