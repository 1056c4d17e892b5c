"""Measures two builds of zcwasm beside each other: is the new one as fast as the old one?

    python benchmarks/beside.py OLD NEW [--rounds 5] [--only GROUP] [--tolerance 0.03]

OLD and NEW are checkouts, each built in its own environment (.venv/bin/python in it, or --python). The groups
of run.py take turns, old and new, round after round, each side with the scripts of its own checkout. A row's
number is its best round, since what disturbs a machine makes things slower only; a group's is the geometric
mean of its rows' ratios. Prints both, and fails when a group of the new build is slower than the tolerance.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from pathlib import Path

from common import show
from run import GROUPS

from zcwasm._measure import blas_environment, cpu_name, usable_cpus

LOWER_IS_BETTER = {"s", "B"}


def measure(
    python: Path, checkout: Path, group: str, threads: int, quick: bool
) -> dict[tuple[str, str], float]:
    """(what, unit) → the best number of one run of the group; a row beside several peers counts once."""
    command = [str(python), str(checkout / "benchmarks" / f"{group}.py"), "--threads", str(threads)]
    environment = blas_environment(threads or None)
    done = subprocess.run(command + ["--quick"] * quick, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{group} of {checkout} failed with code {done.returncode}")
    found: dict[tuple[str, str], float] = {}
    for row in json.loads(done.stdout):
        key, value = (row["what"], row["unit"]), row["best"] if row["best"] is not None else row["value"]
        better = min if row["unit"] in LOWER_IS_BETTER else max
        found[key] = better(found.get(key, value), value)
    return found


def slower(unit: str, old: float, new: float) -> float:
    """How many times as much time or memory the new one takes; 1 where there is nothing to compare."""
    if old <= 0 or new <= 0:
        return 1.0
    return new / old if unit in LOWER_IS_BETTER else old / new


def main() -> None:
    parser = argparse.ArgumentParser(description="Two builds beside each other.")
    parser.add_argument("old", type=Path, help="a checkout, built")
    parser.add_argument("new", type=Path, help="another one")
    parser.add_argument("--python", default=".venv/bin/python", help="the interpreter in a checkout")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=GROUPS, action="append", help="this group (may be repeated)")
    parser.add_argument("--full", action="store_true", help="not the groups' short form")
    parser.add_argument("--tolerance", type=float, default=0.03)
    options = parser.parse_args()

    print(
        f"{cpu_name()}, {usable_cpus()} CPUs; {options.rounds} rounds; above 1: the new is slower or larger"
    )
    late = []
    for group in options.only or GROUPS:
        for threads in GROUPS[group]:
            if threads > usable_cpus():
                continue
            best: dict[str, dict[tuple[str, str], float]] = {"old": {}, "new": {}}
            for _ in range(options.rounds):
                for side, checkout in (("old", options.old), ("new", options.new)):
                    # Not resolved: a virtual environment is known by its link.
                    python = checkout.absolute() / options.python
                    rows = measure(python, checkout.absolute(), group, threads, not options.full)
                    for key, value in rows.items():
                        better = min if key[1] in LOWER_IS_BETTER else max
                        best[side][key] = better(best[side].get(key, value), value)
            name = f"{group}{f', threads {threads}' * bool(threads)}"
            ratios = {}
            for (what, unit), old in best["old"].items():
                new = best["new"].get((what, unit))
                if new is None:
                    continue
                ratios[what] = slower(unit, old, new)
                print(f"  {what:66} {show(old, unit):>12} {show(new, unit):>12} {ratios[what]:6.3f}")
            mean = math.exp(sum(map(math.log, ratios.values())) / len(ratios)) if ratios else 1.0
            print(f"{name}: {mean:.3f} over {len(ratios)} rows", flush=True)
            if mean > 1 + options.tolerance:
                late.append(f"{name} {mean:.3f}")
    if late:
        sys.exit(f"slower than the tolerance of {options.tolerance:.0%}: {', '.join(late)}")


if __name__ == "__main__":
    main()
