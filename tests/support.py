"""What several test files use: the committed helper guests, and Python in a subprocess."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import zcwasm

GUESTS = Path(__file__).parent / "guests"


def guest_path(name: str) -> Path:
    return GUESTS / f"{name}.wasm"


def basics(**options: Any) -> zcwasm.Instance:
    """An instance of guests/basics.wat with host functions that do little."""
    options.setdefault("imports", {"env": {"log": lambda value: None, "pair": lambda a, b: (b, a)}})
    return zcwasm.Instance(zcwasm.Module(guest_path("basics")), **options)


def run_python(source: str, *, timeout: float = 120) -> str:
    """Run `source` in a fresh interpreter; its output. Fails when it exits with an error or hangs."""
    # The first place is that of scripts: the tests' folder instead of the current one, as for pytest.
    code = f"import sys; sys.path[0] = {str(Path(__file__).parent)!r}\n" + textwrap.dedent(source)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def run_pytest(*arguments: str, timeout: float = 600) -> str:
    """Run pytest in a fresh interpreter with the environment of now; its output. Fails when a test does."""
    return run_python(f"import pytest; sys.exit(pytest.main({[*arguments]!r}))", timeout=timeout)


def without_preload() -> dict[str, str]:
    """The environment for a program with sanitizers of its own, when this process has some preloaded."""
    return {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}


def resident_bytes() -> int:
    """Resident set of this process now."""
    if sys.platform == "linux":
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    output = subprocess.run(["ps", "-o", "rss=", "-p", str(os.getpid())], capture_output=True)
    return int(output.stdout) * 1024
