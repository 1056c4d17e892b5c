"""Each instruction set of the cpu device that this machine has, forced: that one computes, and
linear gives what it must. CI's step isa runs all tests of kernels on each."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support import run_pytest, run_python

import zcwasm
from zcwasm._core import _cpu_isa, _cpu_isas

ROOT = Path(__file__).resolve().parent.parent
KNOWN = _cpu_isas()
each = pytest.mark.parametrize("name", KNOWN)


def test_the_best_is_chosen() -> None:
    if "ZCWASM_ISA" not in os.environ:
        assert _cpu_isa() == next(name for name, here in KNOWN.items() if here)
    assert _cpu_isa() in repr(zcwasm.Device("cpu"))


def test_all_are_documented() -> None:
    text = (ROOT / "docs/reference/environment.md").read_text()
    row = next(line for line in text.splitlines() if line.startswith("| `ZCWASM_ISA`"))
    assert [name for name in KNOWN if f"`{name}`" not in row] == []


@each
def test_one_is_forced(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that the machine lacks is ignored."""
    best = next(known for known, here in KNOWN.items() if here)
    monkeypatch.setenv("ZCWASM_ISA", name)
    assert run_python("from zcwasm._core import _cpu_isa; print(_cpu_isa())").strip() == (
        name if KNOWN[name] else best
    )


SMALL_STACK = """
import ctypes
class Stack(ctypes.Structure):
    _fields_ = [("start", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t)]
room = ctypes.create_string_buffer(8192)
assert ctypes.CDLL(None).sigaltstack(ctypes.byref(Stack(ctypes.addressof(room), 0, 8192)), None) == 0
from zcwasm._core import _cpu_isa
print(_cpu_isa())
"""


def test_amx_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux does not permit AMX to a process one of whose stacks for signals has no room for its tiles."""
    if not KNOWN.get("amx"):
        pytest.skip("this machine, or its system, or the compiler has no AMX")
    monkeypatch.setenv("ZCWASM_ISA", "amx")
    assert run_python(SMALL_STACK).strip() == "avx512vnni"


@each
def test_linear(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not KNOWN[name]:
        pytest.skip(f"this machine has no {name}")
    if name == _cpu_isa():
        pytest.skip("is what all tests here run on")
    chosen = "cpu and (of_nothing or every_offset or not_finite or beyond_the_end or long_rows or wide_range)"
    for variable, value in (
        ("ZCWASM_ISA", name),
        ("VK_DRIVER_FILES", os.devnull),
        ("VK_ICD_FILENAMES", os.devnull),
    ):
        monkeypatch.setenv(variable, value)
    assert " passed" in run_pytest("-q", str(ROOT / "tests/test_llm_linear.py"), "-k", chosen)
