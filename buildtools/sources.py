"""The C sources: which there are, what they are compiled with, and what has to be compiled again.

Used by setup.py, fuzz.py, metal.py and the tests; the only place that knows where sources lie. A folder of
csrc/ is a layer (layers.py).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CSRC = ROOT / "csrc"
WASM3 = CSRC / "wasm3"
SUFFIXES = {".c", ".h", ".m", ".def", ".inc"}


def include_folders(root: Path = ROOT) -> list[Path]:
    """Ours are included by their path below csrc/, wasm3's headers and those of guests by their names."""
    return [root / "csrc", root / "csrc" / "wasm3", root / "zcwasm" / "include"]


def include_flags() -> list[str]:
    return [f"-I{folder}" for folder in include_folders()]


def everything() -> list[Path]:
    """All files of ours under csrc/ that hold C, headers and tables included. Hidden ones are an editor's or
    a system's: ".#zc_pace.c", which Emacs makes beside unsaved changes, leads nowhere."""
    return sorted(
        path for path in CSRC.rglob("[!.]*") if path.suffix in SUFFIXES and not path.is_relative_to(WASM3)
    )


def folder_of(path: Path) -> str:
    """As the table of layers calls it: "device/cpu"."""
    return path.parent.relative_to(CSRC).as_posix()


def in_folders(*folders: str) -> list[Path]:
    """The .c files of these folders, not of folders in them."""
    known = {folder_of(path) for path in everything()}
    if unknown := set(folders) - known:
        raise ValueError(f"csrc/ has no folder {', '.join(sorted(unknown))}")
    return [path for path in everything() if path.suffix == ".c" and folder_of(path) in folders]


def python() -> list[Path]:
    """The Python types."""
    return in_folders("py")


def core(*, without: Iterable[str] = ()) -> list[Path]:
    """All that knows nothing of Python, but for the folders `without` and what is in them."""
    left_out = ["py", *without]
    return [
        path
        for path in everything()
        if path.suffix == ".c" and not any(path.is_relative_to(CSRC / folder) for folder in left_out)
    ]


def objective_c() -> list[Path]:
    return [path for path in everything() if path.suffix == ".m"]


def wasm3() -> list[Path]:
    """The interpreter's, empty before wasm3.py has made them ready."""
    return sorted(WASM3.glob("*.c"))


def is_wasm3(path: Path) -> bool:
    return path.parent.name == "wasm3"


# ---- what to compile again ---------------------------------------------------------------------------

DEPFILE_FLAGS = ["-MMD"]  # beside NAME.o the compiler writes NAME.d, which names all that it included


def is_current(made: Path, source: Path) -> bool:
    """Whether the object is newer than its source and all that was included, by the compiler's account."""
    depfile = made.with_suffix(".d")
    if not made.exists() or not depfile.exists():
        return False
    text = depfile.read_text("utf-8").replace("\\\n", " ").split(":", 1)[-1]
    files = [re.sub(r"\\(.)", r"\1", name) for name in re.findall(r"(?:\\.|[^\s\\])+", text)]
    newest = os.stat(made).st_mtime_ns
    try:
        return all(os.stat(name).st_mtime_ns < newest for name in [str(source), *files])
    except FileNotFoundError:  # a header that is no more
        return False
