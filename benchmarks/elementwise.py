"""x·2 + 1 in place over 64 MiB of guest memory, beside a plain C loop over the same memory, compiled here."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import common
import numpy as np

import zcwasm

COUNT = 1 << 24
SOURCE = """
#include <stddef.h>
void affine(float *x, size_t n) { for (size_t i = 0; i < n; i++) x[i] = x[i] * 2 + 1; }
"""


def c_loop(folder: str) -> ctypes.CDLL | None:
    compiler = os.environ.get("CC") or shutil.which("cc")
    if compiler is None:
        return None
    source, library = Path(folder) / "affine.c", Path(folder) / "affine.so"
    source.write_text(SOURCE)
    subprocess.run([compiler, "-O3", "-march=native", "-shared", "-fPIC", "-o", library, source], check=True)
    loaded = ctypes.CDLL(str(library))
    loaded.affine.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
    loaded.affine.restype = None
    return loaded


def main() -> None:
    options = common.options()
    threads = options.threads or 1
    device = zcwasm.Device("cpu", threads=threads)
    memory = zcwasm.Memory(COUNT * 4 // common.PAGE)
    x = memory.array(0, COUNT, np.float32)
    x[:] = -1  # a fixed point of x·2 + 1
    contenders = {"zcwasm": common.repeat("affine(x, 2, 1, out=x)", affine=device.affine, x=x)}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(threads) as pool:
        if library := c_loop(folder):
            part = COUNT // threads

            def split(count: int) -> None:
                for _ in range(count):
                    starts = [memory.address + 4 * part * index for index in range(threads)]
                    list(pool.map(library.affine, starts, [part] * threads))

            alone = common.repeat(
                "affine(at, count_)", affine=library.affine, at=memory.address, count_=COUNT
            )
            contenders["C loop"] = alone if threads == 1 else split
        scratch = np.full(COUNT, -1, np.float32)
        contenders["NumPy, two passes"] = common.repeat(
            "multiply(x, 2, out=x); add(x, 1, out=x)", multiply=np.multiply, add=np.add, x=scratch
        )
        times = common.interleave(contenders, rounds=7 if options.quick else 40, seconds=0.02, pause=0.05)
    ours = times.pop("zcwasm")
    name = f"x·2 + 1 over 64 MiB, {threads} thread{'s' * (threads > 1)}"
    common.report(
        common.compare(name, ours, times, work=2 * x.nbytes / 1e9, unit="GB/s", target={"C loop": 1 / 1.2})
    )


if __name__ == "__main__":
    main()
