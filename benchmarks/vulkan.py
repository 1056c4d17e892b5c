"""The vulkan device beside a bare C program (vulkan_bare.c) on the same driver: the same import of host
memory, the same kernel, in place. Needs a C compiler; reports nothing where there is no Vulkan device.

By itself, with a table: python benchmarks/vulkan.py --table
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import common
import numpy as np

import zcwasm

ROOT = Path(__file__).resolve().parent.parent
PAGE = 65536


class Bare:
    """vulkan_bare.c, compiled and loaded."""

    def __init__(self, folder: str, index: int) -> None:
        library = Path(folder) / "vulkan_bare.so"
        source = ROOT / "benchmarks" / "vulkan_bare.c"
        subprocess.run(
            ["cc", "-O2", "-shared", "-fPIC", f"-I{ROOT / 'csrc'}", str(source), "-ldl", "-o", str(library)],
            check=True,
        )
        self.library = ctypes.CDLL(str(library))
        self.library.bare_name.restype = ctypes.c_char_p
        self.library.bare_setup.argtypes = [
            ctypes.c_uint64, ctypes.c_float, ctypes.c_float, ctypes.POINTER(ctypes.c_double)
        ]  # fmt: skip
        code = (ROOT / "shaders" / "generated" / "affine.spv").read_bytes()
        self.check(self.library.bare_open(index, code, ctypes.c_size_t(len(code) // 4)))
        self.name = self.library.bare_name().decode()

    def check(self, line: int) -> None:
        if line:
            raise RuntimeError(f"vulkan_bare.c:{line} failed")

    def setup(self, size: int) -> float:
        """Import that much memory; the seconds it took."""
        seconds = ctypes.c_double()
        self.check(self.library.bare_setup(size, 2.0, 1.0, ctypes.byref(seconds)))
        return seconds.value

    def run(self, count: int) -> None:
        """Record, submit, wait, `count` times."""
        self.check(self.library.bare_run(count, 1))


def bare_of(folder: str, device: zcwasm.Device) -> Bare:
    """On the same physical device, which the loader may list elsewhere."""
    for index in range(16):
        bare = Bare(folder, index)
        if bare.name == device.name:
            return bare
    raise RuntimeError("the loader does not list the device")


def encode_seconds(device: zcwasm.Device, x: np.ndarray, rounds: int) -> float:
    """Host seconds that one more dispatch costs in a batch: recording it and its share of the submission."""
    best = {}
    for length in (100, 1100):
        times = []
        for _ in range(rounds):
            start = time.perf_counter()
            batch = device.batch()
            for _ in range(length):
                batch.affine(x, 1, 0, out=x)
            submission = batch.submit()
            times.append(time.perf_counter() - start)
            submission.wait()
        best[length] = min(times)
    return (best[1100] - best[100]) / 1000


def main() -> None:
    table = "--table" in sys.argv
    if table:
        sys.argv.remove("--table")
    rounds = 10 if common.options().quick else 30
    found = [info for info in zcwasm.devices() if info["kind"] == "vulkan" and info["available"]]
    if not found:
        common.report([])
        return
    device = zcwasm.Device("vulkan")
    limit = device.info["max_buffer"]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        bare = bare_of(folder, device)
        for mebibytes in (64, 256, 1024):
            size = mebibytes << 20
            if size > limit or (device.software and mebibytes > 64):
                continue
            bare_import = bare.setup(size)
            memory = zcwasm.Memory(size // PAGE, size // PAGE)
            x = memory.array(0, size // 4, np.float32)
            x[...] = 0
            start = time.perf_counter()
            device.buffer_address(x)
            ours_import = time.perf_counter() - start
            times = common.interleave(
                {
                    "ours": common.repeat("affine(x, 2, 1, out=x)", affine=device.affine, x=x),
                    "bare C": bare.run,
                },
                rounds=rounds,
            )
            rows += common.compare(
                f"x·2 + 1 over {mebibytes} MiB in place",
                times["ours"],
                {"bare C": times["bare C"]},
                work=2 * size / 1e9,
                unit="GB/s",
                target={"bare C": 1 / 1.1 if device.software else 0.95},
            )
            rows.append(
                common.Row(
                    f"import of {mebibytes} MiB", ours_import, "s", peer="bare C", peer_value=bare_import
                )
            )
            del x, memory
        bare.setup(PAGE)
        memory = zcwasm.Memory(1, 1)
        x = memory.array(0, PAGE // 4, np.float32)
        times = common.interleave(
            {"ours": common.repeat("affine(x, 2, 1, out=x)", affine=device.affine, x=x), "bare C": bare.run},
            rounds=rounds,
        )
        rows += common.compare(
            "one dispatch over 64 KiB, synchronous",
            times["ours"],
            {"bare C": times["bare C"]},
            target={"bare C": 1 / 1.3},
        )
    seconds = encode_seconds(device, x, rounds)
    rows.append(common.below("encoding one more dispatch in a batch", seconds, "s", 2e-6))
    if table:
        print(device.name, device.info["driver"], sep=", ")
        for row in rows:
            beside = "" if row.peer_value is None else f"{row.peer}: {common.show(row.peer_value, row.unit)}"
            ratio = "" if row.ratio is None else f"{row.ratio:.3f} (best {row.best_ratio:.3f})"
            print(f"{row.what:45} {common.show(row.value, row.unit):>12} {beside:25} {ratio}")
    else:
        common.report(rows)


if __name__ == "__main__":
    main()
