"""What a row of the kernels' table needs is there, and says which file lacks it.

What cannot be missing without the build failing is not asked here: extent, groups and work, the cpu device's
driver, the fields of parameters. Shaders are test_shaders.py's; that the work declared is the work done, and
that it can be cancelled, tests/c/test_cancel.c's.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import zcwasm
from zcwasm._selftest import kernels as selftest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "buildtools"))

import kernel_table  # noqa: E402

import shaders  # noqa: E402

TABLE = shaders.read_table()
ACCESS = {"IN": "read", "OUT": "write", "INOUT": "read_write"}
TYPES = {"uint32_t": "uint32", "int32_t": "int32", "float": "float32"}
each_kernel = pytest.mark.parametrize("name", TABLE)


def families(folder: str, prefix: str, pattern: str) -> dict[str, str]:
    """By kernel, in which PREFIX_FAMILY.c of the folder the pattern finds it."""
    found = {}
    for path in sorted((ROOT / "csrc" / folder).glob(f"{prefix}_*.c")):
        for name in re.findall(pattern, path.read_text("utf-8"), re.MULTILINE):
            found[name] = path.stem.removeprefix(f"{prefix}_")
    return found


def test_both_halves_are_in_files_of_one_name() -> None:
    """csrc/kernel/zc_kernel_FAMILY.c and csrc/device/cpu/zc_cpu_FAMILY.c."""
    functions = families("kernel", "zc_kernel", r"^ZC_KERNEL_FUNCTIONS(?:_IN_TILES)?\((\w+),")
    drivers = families("device/cpu", "zc_cpu", r"^zc_status zc_cpu_(\w+)\(const zc_cpu_call \*call\)$")
    assert functions == drivers
    assert set(functions) == set(TABLE), (
        "csrc/kernel/zc_kernel.def has no row for them, or was not compiled again"
    )


@each_kernel
def test_selftest_has_a_case(name: str) -> None:
    assert name in selftest.EVERY, f"zcwasm/_selftest/kernels.py has no every_{name}"


def test_selftest_has_no_other() -> None:
    assert set(selftest.EVERY) == set(TABLE), "zcwasm/_selftest/kernels.py checks a kernel that is not there"


@each_kernel
def test_python_sees_the_row(name: str) -> None:
    kernel, row = zcwasm.Device("cpu").kernels[name], TABLE[name]
    assert kernel.name == name
    assert kernel.bindings == tuple((binding, ACCESS[access]) for binding, access in row.bindings)
    assert kernel.params == tuple((param, TYPES[kind]) for param, kind in row.params)
    assert kernel.workgroup_size == row.workgroup
    assert kernel.in_place == ("IN_PLACE" in row.traits)


@each_kernel
def test_what_begins_with_a_count_is_elementwise(name: str) -> None:
    """Else a device would refuse what is longer than its longest binding; or cut what cannot be cut."""
    assert ("ELEMENTWISE" in TABLE[name].traits) == (TABLE[name].params[0] == ("count", "uint32_t"))


def test_every_parameter_struct_says_what_is_computed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert kernel_table.undocumented(TABLE) == []
    text = kernel_table.HEADER.read_text("utf-8")
    header = tmp_path / "zcwasm_kernels.h"
    header.write_text(
        re.sub(r"(typedef struct zc_(?:fill|pool)_params \{)\s*/\*.*?\*/", r"\1", text, flags=re.S)
    )
    monkeypatch.setattr(kernel_table, "HEADER", header)
    assert kernel_table.undocumented(TABLE) == ["zc_fill_params", "zc_pool_params"]


@each_kernel
def test_readme_of_shaders_lists_it(name: str) -> None:
    """As everything that buildtools/abi.py makes, which test_abi_files.py compares."""
    readme = (ROOT / "shaders" / "README.md").read_text("utf-8")
    assert re.search(rf"^\| {name} \| ", readme, re.MULTILINE), "run python buildtools/abi.py"
