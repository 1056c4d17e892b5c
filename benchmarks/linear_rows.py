"""y = x·Wᵀ with quantized weights for as many rows of x as sequences decode together: how much more some rows
cost than one.

    python benchmarks/linear_rows.py [--types Q4_0 ...] [--rows 1 4 8 32 ...] [--shapes 576x1536 ...]
                                     [--threads 1 2] [--plain] [--gated] [--json FILE] [--beside TYPE]

Weights lie in a file, --total MiB of each shape one after the other, so that no cache holds them, and are
packed as Model.open does (--plain: not). Speed is by CPU time of the whole process, which other processes
disturb less than the clock's, the least of --rounds; how many times the time of one row is by the clock.

With --beside each type takes turns with that one: bytes of weights a second of CPU, and
how many products there are where that type has one."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import linear
import numpy as np

import zcwasm
from zcwasm import _core

ROWS = (1, 2, 4, 8, 16, 32, 64, 128)
SHAPES = ("576x576", "1536x576", "576x1536", "2048x2048", "8192x2048", "2048x8192")


class Weights:
    """Copies of one matrix in a file."""

    def __init__(self, folder: Path, kind: str, n: int, k: int, total: int) -> None:
        data = linear.weights(kind, n, k)
        self.count = max(2, total // len(data))
        path = folder / f"{kind}-{n}-{k}"
        tensors = []
        with path.open("wb") as file:
            for i in range(self.count):
                file.write(bytes(-file.tell() % 64))
                tensors.append((str(i), kind, (n, k), file.tell()))
                file.write(data.tobytes())
        self.file = _core._Weights(path, tensors)
        self.kind, self.n, self.k, self.nbytes = kind, n, k, len(data) * self.count


def measure(
    device: zcwasm.Device, weights: Weights, rows: int, gated: bool, rounds: int
) -> tuple[float, float]:
    """Seconds of CPU and of the clock for all copies."""
    n, k, number = weights.n, weights.k, linear.WEIGHT_TYPES[weights.kind][0]
    memory = zcwasm.Memory((4 * rows * (n + k) + 8192) // 65536 + 1)
    x, y = memory.array(64, (rows, k), np.float32), memory.array(64 + 4 * rows * k, (rows, n), np.float32)
    x[:] = np.random.default_rng(2).standard_normal((rows, k))
    none = memory.array(0, 0, np.float32)
    params = {"rows": rows, "n": n, "k": k, "ldx": k, "ldy": n, "flags": 0, "eps": 0.0}
    best = [1e9, 1e9]
    for _ in range(rounds):
        with device.batch() as batch:
            for i in range(0, weights.count - gated, 1 + gated):
                w = weights.file[str(i)]
                if gated:
                    types = {"gate_type": number, "up_type": number}
                    batch.dispatch("linear_gated", [x, w, weights.file[str(i + 1)], none, y], params | types)
                else:
                    batch.dispatch("linear", [x, w, none, none, y], params | {"type": number})
        cpu, clock = time.process_time(), time.perf_counter()
        batch.submit().wait()
        now = time.process_time() - cpu, time.perf_counter() - clock
        best = [min(pair) for pair in zip(best, now, strict=True)]
    return best[0], best[1]


def turns(device: zcwasm.Device, weights: Weights, other: Weights, rows: int, rounds: int) -> str:
    """One type beside another one."""
    best = [1e9, 1e9]
    for _ in range(rounds):
        for i, each in enumerate((weights, other)):
            best[i] = min(best[i], measure(device, each, rows, False, 2)[0] / each.count)
    return f"{rows}: {weights.nbytes / weights.count / best[0] / 1e9:.1f} GB/s ({best[1] / best[0]:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--types", nargs="+", default=list(linear.IN_BLOCKS), choices=linear.WEIGHT_TYPES)
    parser.add_argument("--rows", nargs="+", type=int, default=ROWS)
    parser.add_argument("--shapes", nargs="+", default=SHAPES)
    parser.add_argument("--threads", nargs="+", type=int, default=[1])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--total", type=int, default=48)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--gated", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--beside", choices=linear.WEIGHT_TYPES)
    options = parser.parse_args()
    results: list[dict[str, Any]] = []
    print(f"{_core._cpu_isa()}: GFLOP/s of a CPU, and one row's time, by rows of x")
    with tempfile.TemporaryDirectory() as folder:
        for kind in options.types:
            block = linear.WEIGHT_TYPES[kind][1]
            for shape in options.shapes:
                n, k = (int(size) for size in shape.split("x"))
                k = -(-k // block) * block
                weights = Weights(Path(folder), kind, n, k, options.total << 20)
                for threads in options.threads:
                    device = zcwasm.Device("cpu", threads=threads)
                    if not options.plain:
                        weights.file.pack(device, [str(i) for i in range(weights.count)])
                    if options.beside:
                        other = Weights(Path(folder), options.beside, n, k, options.total << 20)
                        if not options.plain:
                            other.file.pack(device, [str(i) for i in range(other.count)])
                        cells = [turns(device, weights, other, rows, options.rounds) for rows in options.rows]
                        print(f"{kind:7} {shape:>9}, {threads} threads: {'  '.join(cells)}", flush=True)
                        continue
                    one, cells = 0.0, []
                    for rows in options.rows:
                        cpu, clock = measure(device, weights, rows, options.gated, options.rounds)
                        one = one or clock / rows
                        products = 2e-9 * rows * n * k * (weights.count // (1 + options.gated * 1))
                        products *= 1 + options.gated
                        cells.append(f"{rows}: {products / cpu:.0f} ({clock / one:.2f})")
                        results.append(
                            {
                                "type": kind,
                                "n": n,
                                "k": k,
                                "rows": rows,
                                "threads": threads,
                                "isa": _core._cpu_isa(),
                                "plain": options.plain,
                                "cpu_gflops": products / cpu,
                                "clock_gflops": products / clock,
                                "of_one_row": clock / one,
                            }
                        )
                    print(f"{kind} {n}x{k}, {threads} thr.  " + "  ".join(cells), flush=True)
                del weights
                for path in Path(folder).iterdir():
                    path.unlink()
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
