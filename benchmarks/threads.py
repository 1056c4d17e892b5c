"""How the cpu device's kernels scale over threads: what a parallel run costs, reading memory, each main
kernel at the sizes of a token and of a prompt, decoding (SmolLM2-135M Q4_1); each beside one thread.

    python benchmarks/threads.py [--counts 1 2 4 8 16] [--busy 1] [--only empty] [--output FILE]

Without --counts: 1, 2, 4, 8 and 16 threads, as far as there are CPUs. More threads than CPUs, or other
processes that burn a CPU meanwhile (--busy), show whether anything collapses. A kernel's time is that of one
of many in a batch, from the first one's start to the last one's end. As a group of run.py it reports its
rows; with --output it prints them, and writes them to FILE with what the machine is.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import common
import linear
import numpy as np

import zcwasm
from zcwasm._measure import cpu_name, usable_cpus

HERE = Path(__file__).resolve().parent
CSRC = HERE.parent / "csrc"
EMPTY = ("base/zc_clock", "base/zc_fork", "device/cpu/zc_cpu_cancel", "device/cpu/zc_cpu_count")
READ = 128 << 20  # bytes: more than most caches hold
DECODED = 48


def threads(count: int) -> str:
    return f"{count} thread{'s' * (count > 1)}"


def empty(counts: Sequence[int]) -> list[common.Row]:
    """Below Python: a run of nothing, and of little."""
    compiler = os.environ.get("CC") or shutil.which("cc")
    if compiler is None or not CSRC.is_dir():
        return []
    sources = [HERE / "threads_empty.c", *(CSRC / f"{name}.c" for name in EMPTY)]
    sources.append(CSRC / "device/cpu/zc_cpu_threads.c")
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "empty"
        include = [f"-I{CSRC}", f"-I{CSRC.parent / 'zcwasm' / 'include'}"]
        subprocess.run(
            [*compiler.split(), "-O2", "-std=c11", *include, *sources, "-o", program, "-pthread"], check=True
        )
        output = subprocess.run([program, *map(str, counts)], check=True, stdout=subprocess.PIPE, text=True)
    rows = []
    for line in output.stdout.splitlines():
        count, *seconds = line.split()
        named = threads(int(count))
        nothing, least, one, best_one, ten, best_ten = map(float, seconds)
        rows.append(common.Row(f"a parallel run of nothing, {named}", nothing, "s", best=least))
        rows.append(common.Row(f"a parallel run of 1 µs each, {named}", one, "s", best=best_one))
        rows.append(common.Row(f"a parallel run of 10 µs each, {named}", ten, "s", best=best_ten))
    return rows


Command = tuple[str, list[Any], dict[str, Any]]


def scaling(what: str, counts: Sequence[int], rounds: int, commands: Sequence[Command]) -> list[common.Row]:
    """The seconds of each of the commands, which are alike, over numbers of threads, which take turns."""
    devices = {count: zcwasm.Device("cpu", threads=count) for count in counts}
    times = {count: common.Times() for count in counts}

    def seconds_of(device: zcwasm.Device, batches: int) -> float:
        total = 0.0
        for _ in range(batches):
            with device.batch() as batch:
                for command in commands:
                    batch.dispatch(*command)
            submission = batch.submit()
            submission.wait()
            total += submission.gpu_seconds
        return total / batches / len(commands)

    batches = max(1, min(20, round(0.02 / len(commands) / seconds_of(devices[counts[0]], 2))))
    for _ in range(rounds):
        for count, device in devices.items():
            times[count].seconds.append(seconds_of(device, batches))
    peer = {threads(counts[0]): times[counts[0]]}
    return [
        row for count in counts for row in common.compare(f"{what}, {threads(count)}", times[count], peer)
    ]


class Arena:
    """Arrays of random numbers, one after the other in one memory."""

    def __init__(self, size: int) -> None:
        self.memory, self.used = zcwasm.Memory(size // common.PAGE), 64
        self.rng = np.random.default_rng(1)

    def array(self, shape: Any, dtype: Any = np.float32) -> Any:
        out = self.memory.array(self.used, shape, dtype)
        self.used = (self.used + out.nbytes + 63) // 64 * 64
        if dtype is np.float32:
            out[...] = self.rng.standard_normal(shape)
        return out


def linear_commands(arena: Arena, name: str, rows: int, n: int, k: int) -> list[Command]:
    """A product with each of some copies of the weights, for one row so many that no cache helps."""
    data = linear.weights(name, n, k)
    x, y, none = arena.array((rows, k)), arena.array((rows, n)), arena.array(0)
    params = {
        "type": linear.WEIGHT_TYPES[name][0],
        "rows": rows,
        "n": n,
        "k": k,
        "ldx": k,
        "ldy": n,
        "flags": 0,
    }
    commands: list[Command] = []
    for _ in range(max(1, min(200, READ // 2 // len(data))) if rows == 1 else 4):
        w = arena.array(-(-len(data) // 4), np.uint32)
        w.view(np.uint8)[: len(data)] = data
        commands.append(("linear", [x, w, none, none, y], params | {"eps": 0.0}))
    return commands


def attention_command(arena: Arena, context: int) -> Command:
    q, out = arena.array((1, 576)), arena.array((1, 576))
    keys, values = arena.array((context, 192)), arena.array((context, 192))
    spans = arena.array((1, 2), np.uint32)
    spans[...] = [[0, context]]
    params: dict[str, Any] = {
        "rows": 1,
        "heads": 9,
        "kv_heads": 3,
        "head_size": 64,
        "ldq": 576,
        "ldk": 192,
        "ldv": 192,
    }
    params |= {"ldout": 576, "capacity": context, "kv_type": 0, "scale": 0.125}
    params |= {"window": 0, "softcap": 0.0, "sinks": 0}
    return "attention", [q, keys, values, spans, q[:0], out], params


def matmul_command(arena: Arena, side: int) -> Command:
    a, b, c = (arena.array((side, side)) for _ in range(3))
    params = {"m": side, "n": side, "k": side, "batch": 1, "lda": side, "ldb": side, "ldc": side}
    params |= dict.fromkeys(("stride_a", "stride_b", "stride_c", "transpose_a", "transpose_b"), 0)
    return "matmul", [a, b, c], params | {"alpha": 1.0, "beta": 0.0}


def rows_command(arena: Arena, name: str, rows: int, cols: int) -> Command:
    """A kernel that reads rows and writes rows, or a number for each."""
    reduces = name in ("sum", "argmax")
    arrays = [arena.array((rows, cols))]
    params: dict[str, Any] = {"rows": rows, "cols": cols, "ldx": cols, "ldout": 0 if reduces else cols}
    if name == "rms_norm":
        arrays.append(arena.array(cols))
        params["eps"] = 1e-5
    kind = np.uint32 if name == "argmax" else np.float32
    arrays.append(arena.array(rows if reduces else (rows, cols), kind))
    return name, arrays, params


def affine_command(arena: Arena, count: int) -> Command:
    x = arena.array(count)
    return "affine", [x, x], {"count": count, "scale": 1.0, "shift": 0.0}


ONE_ROW = [("Q4_1", 192, 576), ("Q4_1", 576, 576), ("Q4_1", 1536, 576), ("Q4_1", 576, 1536)]
ONE_ROW += [("F16", 576, 576), ("Q8_0", 49152, 576), ("Q4_0", 2048, 2048), ("Q4_0", 8192, 2048)]
ROWS = [("rms_norm", rows, 576) for rows in (1, 16, 64, 512)]
ROWS += [("softmax", *size) for size in ((9, 300), (64, 1024), (1024, 1024))]
ROWS += [("sum", *size) for size in ((16, 1024), (64, 1024), (1024, 1024))]
ROWS += [("argmax", *size) for size in ((1, 49152), (8, 49152))]


def kernels(counts: Sequence[int], rounds: int) -> list[common.Row]:
    arena = Arena(READ + (16 << 20))
    rows: list[common.Row] = []

    def measure(what: str, commands: Sequence[Command]) -> None:
        rows.extend(scaling(what, counts, rounds, commands))
        arena.used = 64

    measure(f"reading {READ >> 20} MiB", [rows_command(arena, "sum", 64, READ // 256)])
    for name, n, k in ONE_ROW:
        measure(f"linear {name} {n} × {k}, one row", linear_commands(arena, name, 1, n, k))
    for count in (4, 16, 128, 512):
        measure(f"linear Q4_1 1536 × 576, {count} rows", linear_commands(arena, "Q4_1", count, 1536, 576))
    for context in (300, 2000):
        measure(f"attention, {context} keys", [attention_command(arena, context)] * 50)
    for name, height, width in ROWS:
        measure(f"{name} {height} × {width}", [rows_command(arena, name, height, width)] * 50)
    for side in (64, 96, 128, 256, 512, 1024):
        measure(f"matmul {side} × {side}", [matmul_command(arena, side)] * (20 if side < 512 else 1))
    for exponent in (14, 16, 17, 18, 20, 24):
        measure(f"affine, 2^{exponent} elements", [affine_command(arena, 1 << exponent)] * 20)
    return rows


def decoding(counts: Sequence[int], rounds: int) -> list[common.Row]:
    from zcwasm.llm import Model

    name = os.environ.get("ZCWASM_TEST_MODEL", "smollm2-135m")
    sessions = {
        count: Model.open(name, zcwasm.Device("cpu", threads=count)).session(context=256) for count in counts
    }
    times = {count: common.Times() for count in counts}
    for turn in range(-1, rounds):
        for count, session in sessions.items():
            ids = [(7919 * (turn + 2) + 31 * n * n + n) % 40000 + 100 for n in range(16)]
            for _ in session.generate(ids, max_new_tokens=DECODED + 1, ignore_eos=True):
                pass
            if turn >= 0:
                times[count].seconds.append(session.usage.decode_seconds)
    rows = []
    for count in counts:
        peer = {threads(counts[0]): times[counts[0]]}
        what = f"decode {DECODED}, {threads(count)}"
        rows += common.compare(what, times[count], peer, work=DECODED, unit="tokens/s")
    return rows


BURN = "while True: pass"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--threads", type=int, default=0, help="of run.py; nothing here")
    parser.add_argument("--counts", type=int, nargs="+", help="numbers of threads")
    parser.add_argument("--busy", type=int, default=0, help="processes that burn a CPU each meanwhile")
    parser.add_argument("--only", nargs="+", choices=("empty", "kernels", "decoding"))
    parser.add_argument("--output", type=Path, help="write the rows here, and print them as a table")
    options = parser.parse_args()
    counts = options.counts or [count for count in (1, 2, 4, 8, 16) if count <= usable_cpus()]
    rounds = 5 if options.quick else 15
    groups = {
        "empty": lambda: empty(counts),
        "kernels": lambda: kernels(counts, rounds),
        "decoding": lambda: decoding(counts, rounds if options.quick else 7),
    }
    burners = [subprocess.Popen([sys.executable, "-c", BURN]) for _ in range(options.busy)]
    try:
        rows = [row for name in options.only or groups for row in groups[name]()]
    finally:
        for burner in burners:
            burner.kill()
    if options.output is None:
        common.report(rows)
        return
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:6.2f}×"
        best = common.show(row.best or 0.0, row.unit)
        print(f"{row.what:44} {common.show(row.value, row.unit):>16} {best:>16} {ratio}")
    about = {"cpu": cpu_name(), "cpus": usable_cpus(), "device": repr(zcwasm.Device("cpu"))}
    about["busy"] = options.busy
    result = {"machine": about, "rows": [asdict(row) for row in rows]}
    options.output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
