"""Headers, Rust file and page of the guests' interface say what the one table says, and compile."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import zcwasm

ROOT = Path(__file__).resolve().parent.parent
spec = importlib.util.spec_from_file_location("abi", ROOT / "buildtools" / "abi.py")
assert spec is not None
assert spec.loader is not None
abi = importlib.util.module_from_spec(spec)
sys.modules["abi"] = abi  # dataclasses look it up
spec.loader.exec_module(abi)


def test_files_follow_from_the_table() -> None:
    for path, text in abi.made().items():
        assert path.read_text("utf-8") == text, f"{path.name}: run python buildtools/abi.py"


def test_differences_are_found() -> None:
    imports, declared = abi.table(), abi.prototypes()
    assert len(imports) == 25
    abi.check_header(imports, declared)
    right = imports[3].params
    for wrong in (
        [*right, ("i", "more")],
        [("I", right[0][1]), *right[1:]],
        [(right[0][0], "other"), *right[1:]],
    ):
        imports[3].params = wrong
        with pytest.raises(abi.AbiError, match="zcg_dispatch"):
            abi.check_header(imports, declared)
    with pytest.raises(abi.AbiError, match="list"):
        abi.check_header(abi.table()[1:], declared)


def test_a_new_kernel_has_its_function() -> None:
    bindings = ["x", "first_weights", "second_weights", "positions", "spans", "out", "sums"]
    access = tuple((name, "IN") for name in bindings)
    text = abi.helper(abi.headers.Kernel("mix", "zc_mix_params", 256, access, (), frozenset()))
    assert text.startswith("static inline int32_t zcg_record_mix(zcg_handle sequence, zcg_range x, zcg_range")
    assert f"    ZCG_RECORD(mix, {', '.join(bindings)});\n" in text
    assert text.count("zcg_range ") == len(bindings)
    assert max(map(len, text.splitlines())) <= 120


def test_include_folder_is_installed() -> None:
    folder = Path(zcwasm.guest_include())
    for name in ("zcwasm.h", "zcwasm_helpers.h", "zcwasm_kernels.h", "zcwasm.rs"):
        assert (folder / name).read_bytes() == (ROOT / "zcwasm" / "include" / name).read_bytes()


USE = """
#include <zcwasm_helpers.h>
int use(float *x) {
    zc_affine_params p = {4, 2.0f, 1.0f};
    zcg_tensor_info info;
    int code = zcg_record_affine(0, zcg_floats(x, 4), zcg_floats(x, 4), &p);
    code |= zcg_matmul(0, x, x + 4, x + 8, 2, 2, 2);
    code |= zcg_linear(0, x, zcg_tensor("w"), x + 8, ZC_WEIGHT_F32, 1, 1, 4);
    code |= zcg_tensor_get_info(1, &info) | zcg_say(ZCG_LOG_INFO, "hello");
    return code < 0 ? -ZCG_EINVAL : zcg_run();
}
"""


@pytest.mark.parametrize("language", ["c99", "c11", "c++11", "c++20"])
def test_headers_compile_with_clang(language: str, tmp_path: Path) -> None:
    clang = shutil.which("clang")
    if clang is None:
        pytest.skip("clang is not installed")
    source = tmp_path / ("use.cpp" if "++" in language else "use.c")
    source.write_text(USE)
    command = [clang, "--target=wasm32", f"-std={language}", "-Wall", "-Wextra", "-Werror", "-ffreestanding"]
    command += [f"-I{zcwasm.guest_include()}", "-c", str(source), "-o", str(tmp_path / "use.o")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_rust_file_compiles(tmp_path: Path) -> None:
    rustc = os.environ.get("RUSTC", "/usr/bin/rustc")
    target = "wasm32-unknown-unknown"
    done = (
        subprocess.run([rustc, "--print", "sysroot"], capture_output=True, text=True)
        if shutil.which(rustc)
        else None
    )
    if done is None or not (Path(done.stdout.strip()) / "lib" / "rustlib" / target).is_dir():
        pytest.skip(f"there is no rustc with {target} at {rustc} (or $RUSTC)")
    command = [rustc, "--target", target, "--crate-type", "lib", "-D", "warnings", "--out-dir", str(tmp_path)]
    done = subprocess.run([*command, str(abi.RUST)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_example_of_the_page(tmp_path: Path) -> None:
    """The first C file and Zig's command of docs/howto/drive-the-device.md, as they stand there.

    tests/toolchains.py runs every command of the page, tests/test_docs.py its Python.
    """
    if importlib.util.find_spec("ziglang") is None:
        pytest.skip("pip install ziglang")
    page = (ROOT / "docs" / "howto" / "drive-the-device.md").read_text("utf-8")
    first = reversed(re.findall(r"```(c|bash)\n(.*?)```", page, re.DOTALL))
    blocks = dict(first)
    (tmp_path / "scale.c").write_text(blocks["c"])
    lines = blocks["bash"].replace("\\\n", "").splitlines()
    ours = [line for line in lines if line.startswith("include=") or " ziglang cc " in line]
    command = "\n".join(ours).replace("python", sys.executable)
    caches = {f"ZIG_{kind}_CACHE_DIR": str(ROOT / "build" / "zig-cache") for kind in ("GLOBAL", "LOCAL")}
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env=os.environ | caches, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    guest = zcwasm.Instance(zcwasm.Module(tmp_path / "scale.wasm"), device=zcwasm.Device("cpu"))
    guest.memory.grow(1)
    at = guest.memory.size - 400
    x = guest.memory.array(at, 100, np.float32)
    x[:] = np.arange(100)
    assert guest.exports.scale(at, 100) == 0
    assert (x == 2 * np.arange(100) + 1).all()
    assert guest.exports.scale(at, 101) == -2  # ZCG_EFAULT
