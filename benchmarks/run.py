"""Measures what zcwasm claims, side by side with the alternatives, and writes the results.

    python benchmarks/run.py [--quick] [--only GROUP]

Needs the package installed; wasmtime, pywasm3 (pip install '.[bench]') and a C compiler for all the rows.
Each group is a script here and runs in a process of its own. Prints a table; writes DATE.json and DATE.svg
to results/, unless --quick or --only is given without --output.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import common
import plot

import zcwasm
from zcwasm._measure import blas_environment, cpu_name, usable_cpus

HERE = Path(__file__).resolve().parent
# Script, numbers of threads.
GROUPS: dict[str, tuple[int, ...]] = {
    "calls": (0,),
    "views": (0,),
    "instances": (0,),
    "footprint": (0,),
    "dispatch": (0,),
    "abi": (0,),
    "validation": (0,),
    "sandbox": (0,),
    "engines": (0,),
    "elementwise": (1, 2),
    "matmul": (1, 2),
    "linear": (1, 2),
    "vulkan": (1,),
    "llm": (1, 2),
    "snapshots": (2,),
    "pool": (1,),
    "row_kernels": (1, 2),
}


QUIET = 0.1  # the share of the CPUs that others may use in a quiet machine


def run_group(name: str, threads: int, quick: bool) -> list[dict[str, Any]]:
    command = [sys.executable, str(HERE / f"{name}.py"), "--threads", str(threads)]
    environment = blas_environment(threads or None)
    done = subprocess.run(command + ["--quick"] * quick, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{name} failed with code {done.returncode}")
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return [{"group": name, **row} for row in rows]


def machine() -> dict[str, Any]:
    memory = None
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": cpu_name(),
        "cpus": usable_cpus(),
        "memory": memory,
        "system": f"{platform.system()} {platform.machine()}",
    }


class Others:
    """How much of the CPUs' time processes other than ours take: they disturb the measurement."""

    def __init__(self) -> None:
        self.start, self.busy = time.perf_counter(), self.foreign()

    @staticmethod
    def foreign() -> float | None:
        """Seconds of CPU time that others used since boot, those that a hypervisor took included."""
        try:
            with open("/proc/stat", encoding="ascii") as file:
                user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
        except OSError:
            return None
        total = (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
        return total - sum(os.times()[:4])

    def share(self) -> float | None:
        now = self.foreign()
        if now is None or self.busy is None:
            return None
        cpus = os.cpu_count() or 1
        return max(0.0, (now - self.busy) / ((time.perf_counter() - self.start) * cpus))


def run_quietly(name: str, threads: int, quick: bool, until: float) -> list[dict[str, Any]]:
    """run_group, once the machine is quiet, and again when it did not stay so; until the time is up."""
    while True:
        while time.monotonic() < until:
            others = Others()
            time.sleep(2)
            if (others.share() or 0) < QUIET:
                break
        others = Others()
        rows = run_group(name, threads, quick)
        share = others.share()
        if share is None or share < QUIET or time.monotonic() >= until:
            return [{**row, "others": share} for row in rows]


def versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "zcwasm": zcwasm.__version__}
    for name in ("numpy", "wasmtime", "pywasm3"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "absent"
    import numpy

    blas = numpy.show_config(mode="dicts")["Build Dependencies"]["blas"]
    found["BLAS"] = f"{blas.get('name')} {blas.get('version')}"
    compiler = subprocess.run([os.environ.get("CC", "cc"), "--version"], capture_output=True, text=True)
    if match := re.match(r".*", compiler.stdout):
        found["compiler"] = match[0]
    return found


COLUMNS = ("", "zcwasm", "best", "alternative", "", "best", "ratio", "of best", "target", "")


def cells(row: dict[str, Any]) -> tuple[str, ...]:
    def shown(value: float | None) -> str:
        return "" if value is None else common.show(value, row["unit"])

    def times(value: float | None) -> str:
        return "" if value is None else f"{common.three_digits(value)}×"

    return (
        row["what"],
        shown(row["value"]),
        shown(row["best"]),
        row["peer"] or "",
        shown(row["peer_value"]),
        shown(row["peer_best"]),
        times(row["ratio"]),
        times(row["best_ratio"]),
        row["target"] or "",
        {None: "", True: "met", False: "MISSED"}[row["met"]],
    )


def text_table(rows: list[dict[str, Any]]) -> str:
    lines = [COLUMNS, *(cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def markdown_table(rows: list[dict[str, Any]]) -> str:
    def line(values: tuple[str, ...]) -> str:
        return "| " + " | ".join(value.replace("|", "\\|") for value in values) + " |"

    return "\n".join([line(COLUMNS), line(("---",) * len(COLUMNS)), *(line(cells(row)) for row in rows)])


def heading(result: dict[str, Any]) -> str:
    about = result["machine"]
    memory = f", {about['memory'] / 2**30:.0f} GiB" if about["memory"] else ""
    share = result["others"]
    others = "an unknown share" if share is None else f"{share:.0%}"
    named = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return (
        f"{result['date']}; {about['cpu']}, {about['cpus']} CPUs{memory}, {about['system']}, "
        f"other processes used at most {others} of them; {named}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--only", choices=GROUPS, action="append", help="this group (may be repeated)")
    parser.add_argument("--output", type=Path, help="folder for the results (default: results/ here)")
    parser.add_argument(
        "--patience", type=float, default=0, metavar="SECONDS", help="wait that long for a quiet machine"
    )
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    options = parser.parse_args()

    now = datetime.datetime.now().astimezone()
    result: dict[str, Any] = {
        "date": now.isoformat(timespec="minutes"),
        "quick": options.quick,
        "machine": machine(),
        "versions": versions(),
        "device": repr(zcwasm.Device("cpu")),
        "rows": [],
    }
    until = time.monotonic() + options.patience
    for name in options.only or GROUPS:
        for threads in GROUPS[name]:
            if threads > usable_cpus():
                continue
            if sys.stderr.isatty():
                print(f"{name}{f', {threads} threads' * bool(threads)} …", file=sys.stderr)
            result["rows"] += run_quietly(name, threads, options.quick, until)
    shares = [row["others"] for row in result["rows"] if row["others"] is not None]
    result["others"] = max(shares, default=None)
    print(heading(result) + "\n")
    print((markdown_table if options.markdown else text_table)(result["rows"]))
    missed = [row["what"] for row in result["rows"] if row["met"] is False]
    print(f"\n{len(missed)} targets missed" + (f": {'; '.join(missed)}" if missed else ""))

    folder = options.output or (None if options.quick or options.only else HERE / "results")
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / result["date"][:10]
        target.with_suffix(".json").write_text(
            json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8"
        )
        target.with_suffix(".svg").write_text(plot.svg(result), "utf-8")
        print(f"written: {target}.json, .svg")


if __name__ == "__main__":
    main()
