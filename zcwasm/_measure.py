"""Memory, time and hardware as the demo and the benchmarks measure them."""

from __future__ import annotations

import os
import platform
import re
import statistics
import subprocess
from collections.abc import Callable
from time import perf_counter
from typing import Any

# Read by the BLAS libraries NumPy is built with, when they are loaded.
BLAS_THREADS = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def blas_environment(threads: int | None) -> dict[str, str]:
    """The environment of a child whose NumPy uses that many threads, and the BLAS kernels its CPU can run."""
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    if threads is not None:
        environment.update(dict.fromkeys(BLAS_THREADS, str(threads)))
    return environment


def resident_bytes() -> int:
    """The resident set of this process now."""
    try:  # exact, whereas the kernel's running counters (statm) lag by some pages per CPU
        with open("/proc/self/smaps_rollup", encoding="ascii") as file:
            match = re.search(r"^Rss:\s+(\d+) kB", file.read(), re.MULTILINE)
        if match:
            return int(match[1]) * 1024
    except OSError:
        pass
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        pass
    output = subprocess.run(["ps", "-o", "rss=", "-p", str(os.getpid())], capture_output=True, check=True)
    return int(output.stdout) * 1024


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that a call took, and what it returned."""
    start = perf_counter()
    result = function()
    return perf_counter() - start, result


def median_of_rounds(function: Callable[[], Any], rounds: int = 5, seconds: float = 2.0) -> float:
    """The median time of that many calls, fewer when they take longer than `seconds` together."""
    times: list[float] = []
    while len(times) < rounds and (not times or sum(times) < seconds):
        times.append(timed(function)[0])
    return statistics.median(times)


def cpu_name() -> str:
    if platform.system() == "Linux":
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            match = re.search(r"^model name\s*:\s*(.+)$", file.read(), re.MULTILINE)
        if match:
            return match[1]
    if platform.system() == "Darwin":
        output = subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True
        ).stdout
        if output.strip():
            return output.strip()
    return platform.processor() or platform.machine()


def usable_cpus() -> int:
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    return len(affinity(0)) if affinity else os.cpu_count() or 1
