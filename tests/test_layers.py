"""The include rules of the design: a layer of csrc/ knows only those below it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSRC = Path(__file__).resolve().parent.parent / "csrc"

# Layer (a file's name without zc_, cut to the longest name in this table) → the layers it may include.
LAYERS: dict[str, set[str]] = {
    "status": set(),
    "alloc": {"status"},
    "copies": set(),
    "fork": set(),
    "region": {"status", "alloc", "fork", "copies"},
    "opcodes": set(),
    "wasm": {"status", "alloc", "validate"},  # the byte reader of the validator
    "validate": {"status", "alloc", "opcodes", "wasm"},
    "guest": {"status", "alloc", "copies", "region", "validate"},
    "kernel": {"status"},
    "shaders": set(),
    "cpu": {"status", "alloc", "fork", "kernel"},
    "device": {"status", "alloc", "fork", "copies", "region", "kernel"},
    "device_cpu": {"status", "alloc", "fork", "copies", "region", "kernel", "cpu", "device"},
    "spirv": {"status", "alloc", "kernel", "device"},
    "vulkan": {"status", "alloc", "fork", "copies", "region", "kernel", "shaders", "device", "spirv"},
    "device_vulkan": {"status", "alloc", "copies", "region", "kernel", "shaders", "device", "vulkan"},
    "msl": {"status", "kernel", "device"},
    "device_metal": {"status", "alloc", "copies", "region", "kernel", "shaders", "device", "msl"},
    "weights": {"status", "alloc", "fork", "copies", "region", "kernel", "device"},
    "wasi": {"status", "alloc", "copies", "region", "validate", "guest"},
    "abi": {
        "status",
        "alloc",
        "copies",
        "region",
        "wasm",
        "validate",
        "guest",
        "kernel",
        "device",
        "weights",
    },
    "snapshot": {"status", "alloc", "copies", "region", "validate", "guest", "kernel", "device", "abi"},
}
# Files named for what they hold, not for their layer.
ALIASES = {"command_buffer": "device", "submission": "device", "sequence": "device"}
# The Python types use every layer's public header, but nobody's private ones.
PRIVATE = re.compile(
    r"zc_\w+_(internal|os|backend)\.h|zc_cpu_\w+\.h|zc_vulkan\w*\.h|zc_(spirv|msl)\.h|zc_opcodes\.def|zc_wasm_\w+\.h"
)

FILES = sorted(path for path in CSRC.rglob("*") if path.suffix in {".c", ".h", ".m", ".def", ".inc"})
FILES = [path for path in FILES if "wasm3" not in path.parts]


def layer_of(name: str) -> str:
    stem = Path(name).stem.removeprefix("zc_")
    if stem in ALIASES:
        return ALIASES[stem]
    words = stem.split("_")
    for end in range(len(words), 0, -1):
        if "_".join(words[:end]) in LAYERS:
            return "_".join(words[:end])
    raise AssertionError(f"{name} belongs to no layer of the table in {Path(__file__).name}")


def includes(path: Path) -> list[str]:
    return re.findall(r'^\s*#\s*(?:include|import)\s*[<"]([^>"]+)[>"]', path.read_text("utf-8"), re.MULTILINE)


def identify(path: Path) -> str:
    return path.relative_to(CSRC).as_posix()


each_file = pytest.mark.parametrize("path", FILES, ids=identify)


@each_file
def test_includes_only_layers_below(path: Path) -> None:
    if path.parent.name == "py":
        assert path.name.startswith("py_")
        assert [name for name in includes(path) if PRIVATE.fullmatch(name)] == []
        return
    assert path.name.startswith("zc_")
    layer = layer_of(path.name)
    known = LAYERS[layer] | {layer}
    wrong = [name for name in includes(path) if name.startswith("zc_") and layer_of(name) not in known]
    assert wrong == [], f"{path.name} is in layer {layer}, which may include {sorted(known)}"


@each_file
def test_python_wasm3_and_objective_c_stay_in_their_files(path: Path) -> None:
    names = includes(path)
    if path.parent.name != "py":
        assert [name for name in names if name == "Python.h" or name.startswith(("py_", "numpy/"))] == []
    if not re.fullmatch(r"zc_guest\w*\.c|zc_guest\w*_internal\.h", path.name):
        assert [name for name in names if re.match(r"(.*/)?(m3_\w+|wasm3\w*)\.h$", name)] == []
    if path.suffix == ".m":
        assert path.name.startswith("zc_device_metal")
    else:
        assert [name for name in names if re.match(r"(Foundation|Metal|objc)/", name)] == []


@each_file
def test_is_short_and_opens_with_what_it_is(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= 800
    opening = re.match(r"/\*(.*?)\*/", text, re.DOTALL)
    assert opening is not None, "the file does not open with a comment"
    # A .c whose header has the paragraph needs one line only.
    least = 20 if path.with_suffix(".h").exists() and path.suffix == ".c" else 60
    assert len(opening[1]) >= least, "the opening comment is not a paragraph"


def test_stems_are_unique() -> None:
    stems = [path.with_suffix("") for path in FILES if path.suffix in {".c", ".m"}]
    assert len(stems) == len(set(stems)), "a .c and a .m of one stem make the same object file"
