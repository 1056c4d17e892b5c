"""Which tests a run takes and what it says of the others (conftest.py)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parent / "test_faults.py"  # one test, and that is slow
NAME = "test_every_allocation_may_fail"


@pytest.mark.parametrize(
    ("arguments", "taken"),
    [
        ([FILE], False),
        ([FILE, "--left-out"], True),
        ([f"{FILE}::{NAME}"], True),
    ],
    ids=["default", "left out", "by its name"],
)
def test_what_takes_long(arguments: list[str | Path], taken: bool) -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, cwd=FILE.parent)
    assert (NAME in done.stdout) == taken
    assert ("Tests that take long and did not run: 1 (test_faults.py 1)." in done.stdout) != taken
    assert done.returncode == (0 if taken else pytest.ExitCode.NO_TESTS_COLLECTED), done.stdout + done.stderr
