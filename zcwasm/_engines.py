"""The engines that run guests: "wasm3", which is part of this package, and "wasmtime", whose library an
installed distribution `wasmtime` brings along (pip install 'zcwasm[jit]').

The package wasmtime is not imported: its library is found beside it, and opened by
csrc/engine/zc_wasmtime_load.c, once for a process, when it is first asked for.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import sys
from pathlib import Path
from typing import NamedTuple

INSTALL = "pip install 'zcwasm[jit]'"


class Library(NamedTuple):
    path: str
    version: str


def find() -> Library:
    """The library of the installed distribution; ModuleNotFoundError says what is missing."""
    try:
        version = importlib.metadata.version("wasmtime")
        spec = importlib.util.find_spec("wasmtime")
    except (importlib.metadata.PackageNotFoundError, ValueError):
        spec, version = None, ""
    folders = list(spec.submodule_search_locations or []) if spec else []
    if not folders:
        raise ModuleNotFoundError(f"the engine wasmtime is not installed: {INSTALL}", name="wasmtime")
    machine = platform.machine().lower()
    machine = {"arm64": "aarch64", "amd64": "x86_64"}.get(machine, machine)
    name = "_libwasmtime.dylib" if sys.platform == "darwin" else "_libwasmtime.so"
    for folder in folders:
        path = Path(folder) / f"{sys.platform}-{machine}" / name
        if path.is_file():
            return Library(str(path), version)
    raise ModuleNotFoundError(
        f"wasmtime {version} in {folders[0]} has no library for {sys.platform} on {machine}", name="wasmtime"
    )
