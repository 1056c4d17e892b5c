"""`zcwasm selftest`: whether this package works on this machine, as a short report to paste into an issue.

For each device that is here: pointer identity, resident set, every kernel against NumPy, a language model
that a guest runs, order within and between submissions, growth of memory in flight and in 50 steps, other
processes and a fork between dispatches, a mapped file, errors that must be refused; then what a submission,
a dispatch, memory, products of many rows and of one row with each type of weights, tokens, and a pause cost;
of chips that are known, as a share of what is announced. At last the demo. Nothing but the package and NumPy
is needed; it takes well under two minutes. On a Mac it is the acceptance test of the Metal device
(docs/explanation/metal.md).

checks.py has the checks, kernels.py each kernel once, reference.py what it shall compute, tiny.py the
language model, gguf_file.py its file. The tests compute with the same references.
"""

from __future__ import annotations

import platform
import sys
import traceback
from collections.abc import Callable

import numpy as np

import zcwasm
from zcwasm import _demo
from zcwasm._measure import cpu_name, usable_cpus
from zcwasm._selftest.checks import CHECKS, Bench, close, costs, expect
from zcwasm._types import DeviceKind

__all__ = ["Bench", "close", "run"]


def run(write: Callable[[str], None] = print, *, with_costs: bool = True) -> bool:
    """Write the report line by line; whether all holds. with_costs: also what it costs."""
    system = platform.mac_ver()[0] if sys.platform == "darwin" else platform.release()
    name = "macOS" if sys.platform == "darwin" else platform.system()
    write(f"zcwasm {zcwasm.__version__}, NumPy {np.__version__}, Python {platform.python_version()}")
    write(f"{name} {system} on {platform.machine()}: {cpu_name()}, {usable_cpus()} CPUs")
    failed = 0
    for info in zcwasm.devices():
        if not info["available"]:
            write(f"\n{info['kind']}: not here: {info['reason']}")
            continue
        write(f"\n{info['kind']}: {info['name']}")
        # In a virtual machine it is not Apple's hardware, and known to hand out zeros.
        virtual = info["kind"] == "metal" and info["software"]
        wrong = of_device(info["kind"], "failed" if virtual else "FAILED", write, with_costs)
        failed += 0 if virtual else wrong
        if virtual and wrong:
            write(f"\n{wrong} failed on a virtual machine's GPU, which is not counted")
    write("\nguest")
    failed += not attempt("demo", demo, write)
    write("\nall holds" if not failed else f"\n{failed} FAILED")
    return not failed


def of_device(kind: DeviceKind, word: str, write: Callable[[str], None], with_costs: bool) -> int:
    """How many checks failed; `word` is what is written of them."""
    try:
        bench = Bench(kind)
    except zcwasm.Error as error:
        write(f"  {word}  open: {error}")
        return 1

    def measured() -> str:
        return "".join(f"\n    {line}" for line in costs(bench))

    failed = 0
    for check in CHECKS:
        failed += not attempt(check.__name__.replace("_", " "), lambda: check(bench), write, word)  # noqa: B023
    return failed + (with_costs and not attempt("costs", measured, write, word))


def attempt(name: str, check: Callable[[], str], write: Callable[[str], None], word: str = "FAILED") -> bool:
    try:
        told = check()
    except Exception as error:  # whatever it is, it belongs into the report
        where = traceback.extract_tb(error.__traceback__)[-1]
        write(f"  {word}  {name}: {type(error).__name__}: {error} ({where.name}, line {where.lineno})")
        return False
    if not told or told.startswith("\n"):
        write(f"  ok      {name}{told}")
    else:
        write(f"  ok      {name}: {told}")
    return True


def demo() -> str:
    result = _demo.run(512)
    expect(result["holds"], "; ".join(result["failed"]))
    return f"on {result['device']['kind']}, 0 of {result['elements']:,} elements wrong, 0 bytes copied"
