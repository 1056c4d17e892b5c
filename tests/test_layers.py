"""The include rules of buildtools/layers.py, and what every file of csrc/ must be."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "buildtools"))

import layers  # noqa: E402
import sources  # noqa: E402

FILES = sources.everything()


def identify(path: Path) -> str:
    return path.relative_to(sources.CSRC).as_posix()


each_file = pytest.mark.parametrize("path", FILES, ids=identify)


def test_the_command_prints_a_graph_without_a_circle() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "buildtools" / "layers.py")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].endswith("none upwards, so no circle")
    assert {line.split()[0] for line in done.stdout.splitlines()[:-1]} == set(layers.LAYERS)


@each_file
def test_includes_only_layers_below(path: Path) -> None:
    assert path.name.startswith("py_" if path.parent.name == "py" else "zc_")
    assert layers.mistakes(path) == []


@each_file
def test_includes_are_written_by_their_path(path: Path) -> None:
    names = [name for name in layers.includes(path) if re.match(r"(.*/)?zc_", name)]
    assert [name for name in names if name not in layers.own_includes(path)] == []


def test_mistakes_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "CSRC", tmp_path)
    for name, text in {
        "base/zc_a.h": '#include "device/zc_device.h"\n',
        "device/zc_device.h": "",
        "device/zc_device_internal.h": "",
        "weights/zc_w.c": '#include "device/zc_device_internal.h"\n#include "base/zc_a.h"\n',
        "attic/zc_x.c": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert layers.mistakes(tmp_path / "base/zc_a.h") == [
        "base may not include device/zc_device.h: it knows nobody"
    ]
    assert layers.mistakes(tmp_path / "weights/zc_w.c") == [
        "device/zc_device_internal.h is private to its folder, not for weights"
    ]
    assert layers.mistakes(tmp_path / "attic/zc_x.c") == ["csrc/attic is in no row of the table of layers"]


def test_files_have_no_circles() -> None:
    assert layers.circles(layers.file_graph()) == []


def test_the_map_of_py_is_from_the_ground_up() -> None:
    opening = (sources.CSRC / "py" / "py_state.h").read_text("utf-8").partition("*/")[0]
    order = [
        name
        for line in re.findall(r"^ \*   (py_.*)$", opening, re.M)
        for name in re.findall(r"\bpy_\w+", line)
    ]
    order.insert(0, "py_state")
    units = {layers.unit(path) for path in sources.everything() if path.parent.name == "py"}
    assert sorted(order) == sorted(unit.removeprefix("py/") for unit in units)
    for here, there in layers.file_graph().items():
        for name in there if here in units else ():
            assert name not in units or order.index(name[3:]) < order.index(here[3:]), f"{here} uses {name}"


def test_circles_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "CSRC", tmp_path)
    monkeypatch.setattr(sources, "WASM3", tmp_path / "wasm3")
    for name, text in {
        "base/zc_a.c": "int zc_a(int x)\n{\n    return zc_count + x;\n}\n\nstatic int zc_own(void)\n{\n}\n",
        "base/zc_b.c": "int zc_count = 1;\n",
        "base/zc_b.h": "extern int zc_count;\nstatic inline int zc_b(void)\n{\n    return zc_a(0);\n}\n",
        "base/zc_c.c": "/* zc_a */\nint zc_made_up(void)\n{\n    return zc_b();\n}\n",
        "base/zc_d.c": "#define X(name) zc_made_##name()\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    arrows = layers.file_graph()
    assert arrows == {
        "base/zc_a": {"base/zc_b": {"zc_count"}},
        "base/zc_b": {"base/zc_a": {"zc_a"}},
        "base/zc_c": {"base/zc_b": {"zc_b"}},
        "base/zc_d": {"base/zc_c": {"zc_made_up"}},
    }
    assert layers.circles(arrows) == [{"base/zc_a", "base/zc_b"}]


@each_file
def test_python_wasm3_and_objective_c_stay_in_their_folders(path: Path) -> None:
    names, folder = layers.includes(path), sources.folder_of(path)
    if folder != "py":
        assert [name for name in names if name == "Python.h" or name.startswith(("py_", "numpy/"))] == []
    if folder != "engine":
        assert [name for name in names if re.match(r"(.*/)?(m3_\w+|wasm3\w*)\.h$", name)] == []
    if folder != "device/metal":
        assert path.suffix != ".m"
        assert [name for name in names if re.match(r"(Foundation|Metal|objc)/", name)] == []


@each_file
def test_opens_with_what_it_is(path: Path) -> None:
    opening = re.match(r"/\*(.*?)\*/", path.read_text("utf-8"), re.DOTALL)
    assert opening is not None, "the file does not open with a comment"
    # A .c whose header has the paragraph needs one line only.
    least = 20 if path.with_suffix(".h").exists() and path.suffix == ".c" else 60
    assert len(opening[1]) >= least, "the opening comment is not a paragraph"


# Functions that may be longer than 80 lines, and why.
LONG = {
    "check_instructions": "the table of instructions as a switch",
}


@each_file
def test_functions_fit_on_a_screen(path: Path) -> None:
    long = {name: lines for name, lines in layers.functions(path).items() if lines > 80 and name not in LONG}
    assert long == {}, "over 80 lines a function is a table or two functions"


def test_hidden_files_are_no_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "zc_alloc.c").touch()
    (tmp_path / "base" / "._zc_alloc.c").touch()
    (tmp_path / "base" / ".#zc_alloc.c").symlink_to("someone@somewhere.1")
    monkeypatch.setattr(sources, "CSRC", tmp_path)
    assert sources.everything() == [tmp_path / "base" / "zc_alloc.c"]


def test_stems_are_unique() -> None:
    stems = [path.stem for path in FILES if path.suffix in {".c", ".m"}]
    assert len(stems) == len(set(stems)), "objects of one stem overwrite each other"
