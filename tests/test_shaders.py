"""The committed shaders are what the kernels' table says and what the tools make of their source."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "buildtools"))

import spirv  # noqa: E402

import shaders  # noqa: E402

GENERATED = ROOT / "shaders" / "generated"
TABLE = shaders.read_table()
DOT = sorted(name for name, kernel in TABLE.items() if "DOT" in kernel.traits)
MATRIX = sorted(name for name, kernel in TABLE.items() if "MATRIX" in kernel.traits)
each_kernel = pytest.mark.parametrize("name", sorted(TABLE))


def test_there_is_a_shader_for_each_kernel() -> None:
    made = {f"{name}.{kind}" for name in TABLE for kind in ("spv", "metal")} | {"VERSIONS", "kernels.glsl"}
    made |= {f"{name}_dot.spv" for name in DOT}
    made |= {f"{name}_matrix_{side}.spv" for name in MATRIX for side in shaders.MATRIX_SIZES}
    made |= {f"{name}_matrix.metal" for name in shaders.MSL_MATRIX}
    assert {path.name for path in GENERATED.iterdir()} == made
    sources = {path.stem for path in (ROOT / "shaders").glob("*.comp")}
    matrices = {f"{name}_matrix" for name in {*MATRIX, *shaders.MSL_MATRIX}}
    assert sources == set(TABLE) | matrices | {f"{name}_dot" for name in DOT}
    alone = {name for name, kernel in TABLE.items() if "MSL_MATRIX" in kernel.traits}
    assert alone == shaders.MSL_MATRIX - set(MATRIX)


@each_kernel
def test_spirv_is_what_the_table_says(name: str) -> None:
    assert shaders.check_spirv(TABLE[name], (GENERATED / f"{name}.spv").read_bytes()) == []


@pytest.mark.parametrize("side", shaders.MATRIX_SIZES)
@pytest.mark.parametrize("name", MATRIX)
def test_spirv_for_matrix_units_is_what_the_table_says(name: str, side: int) -> None:
    module = (GENERATED / f"{name}_matrix_{side}.spv").read_bytes()
    assert shaders.check_spirv(TABLE[name], module, matrix=True) == []
    wrong = shaders.check_spirv(TABLE[name], module)
    assert any("capabilities" in text for text in wrong)
    assert any("bindings" in text for text in wrong) == ("STAGES" not in TABLE[name].traits)


@pytest.mark.parametrize("name", DOT)
def test_spirv_for_packed_products_is_what_the_table_says(name: str) -> None:
    module = (GENERATED / f"{name}_dot.spv").read_bytes()
    assert shaders.check_spirv(TABLE[name], module, dot=True) == []
    wrong = shaders.check_spirv(TABLE[name], module)
    assert any("capabilities" in text for text in wrong)


def test_a_folder_without_the_tools_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(shaders.MATRIX_TOOLS, str(tmp_path))
    with pytest.raises(shaders.ShaderError, match=r"has no glslangValidator; buildtools/debian_folder\.sh"):
        shaders.matrix_tool("glslangValidator")


@each_kernel
def test_msl_has_the_same_bindings(name: str) -> None:
    assert shaders.check_msl(TABLE[name], (GENERATED / f"{name}.metal").read_text("utf-8")) == []


@pytest.mark.parametrize("name", sorted(shaders.MSL_MATRIX))
def test_msl_for_matrix_units_has_the_same_bindings(name: str) -> None:
    text = (GENERATED / f"{name}_matrix.metal").read_text("utf-8")
    assert shaders.check_msl(TABLE[name], text, matrix=True) == []
    assert shaders.check_msl(TABLE[name], text) != []
    argument = re.search(r"const (device (\w+)[&*]) \w+ \[\[buffer\(1\)", text)
    assert argument is not None
    lost = text[: argument.start()] + text[argument.start() + len("const ") :]
    wrong = f"MSL: {TABLE[name].bindings[0][0]} is device {argument[2]}, must be IN"
    assert shaders.check_msl(TABLE[name], lost, matrix=True) == [wrong]


@pytest.mark.parametrize("version", ["1", ""])
def test_msl_by_another_spirv_cross(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What that makes is not compared, but kept for the checks that run it."""
    names = [f"{name}_matrix.metal" for name in shaders.MSL_MATRIX]

    def generate(root: Path, out: Path) -> None:
        for path in GENERATED.iterdir():
            text = path.read_bytes()
            changed = path.name in names and version
            (out / path.name).write_bytes(text.replace(b"kernel", b"Kernel") if changed else text)
        lines = (GENERATED / "VERSIONS").read_text("utf-8")
        here = shaders.committed_version("matrix spirv-cross")
        (out / "VERSIONS").write_text(lines.replace(here, here + version), "utf-8")

    here = shaders.committed_version("matrix spirv-cross")
    monkeypatch.setattr(shaders, "ROOT", tmp_path)
    monkeypatch.setattr(shaders, "NEWER_MSL", tmp_path / "newer")
    monkeypatch.setattr(shaders, "generate", generate)
    monkeypatch.setattr(shaders, "committed_version", lambda tool: here)
    monkeypatch.setattr(shaders, "msl_version", lambda: here + version)
    assert shaders.differences(ROOT) == []
    made = tmp_path / "newer"
    assert made.exists() == bool(version)
    assert not version or {path.name for path in made.iterdir()} == set(names)
    monkeypatch.setattr(shaders, "msl_version", lambda: here)
    assert shaders.differences(ROOT) == (sorted([*names, "VERSIONS"]) if version else [])


@each_kernel
def test_msl_has_the_same_push_constants(name: str) -> None:
    source = (GENERATED / f"{name}.metal").read_text("utf-8")
    struct = re.search(r"struct Push\n\{\n(.*?)\};", source, re.DOTALL)
    assert struct is not None
    kinds = {"uint32_t": "uint", "int32_t": "int", "float": "float"}
    offsets = [("uint4", "offset"), ("uint4", "offset2")][: TABLE[name].offset_words // 4]
    offsets += [("uint4", "first"), ("uint4", "groups")]
    fields = offsets + [(kinds[kind], field) for field, kind in TABLE[name].pushed]
    found = re.findall(r"(\w+) (\w+);", struct[1])
    assert [(kind, field.rstrip("_")) for kind, field in found] == fields


def test_kernels_ask_for_the_whole_dispatch() -> None:
    """What Vulkan and Metal say of workgroups is about a piece of it."""
    builtin = re.compile(r"gl_(WorkGroupID|NumWorkGroups|GlobalInvocationID)")
    sources = [path for path in (ROOT / "shaders").iterdir() if path.suffix in {".comp", ".glsl"}]
    assert len(sources) > len(TABLE)
    for path in sources:
        code = re.sub(r"//.*", "", path.read_text("utf-8"))
        found = sorted(match[1] for match in builtin.finditer(code))
        assert found == (["WorkGroupID"] if path.name == "common.glsl" else []), path.name


def test_push_constants_fit() -> None:
    for kernel in TABLE.values():
        assert 4 * kernel.offset_words + 32 + 4 * len(kernel.pushed) <= 128, kernel.name
        assert len(kernel.params) - len(kernel.pushed) <= 2, kernel.name
        assert len(kernel.bindings) <= 8, kernel.name


def test_a_difference_from_the_table_is_found() -> None:
    module = (GENERATED / "affine.spv").read_bytes()
    right = TABLE["affine"]
    wrong = [
        ("local size", dataclasses.replace(right, workgroup=128)),
        ("bindings", dataclasses.replace(right, bindings=right.bindings[:1])),
        ("readable, writable", dataclasses.replace(right, bindings=right.bindings[::-1])),
        ("push constants", dataclasses.replace(right, params=right.params[::-1])),
        ("specialization constants", dataclasses.replace(right, traits=frozenset({"VARIANTS"}))),
    ]
    for what, kernel in wrong:
        assert any(what in text for text in shaders.check_spirv(kernel, module)), what
    assert (
        "capabilities"
        in shaders.check_spirv(right, module.replace(b"\x11\0\2\0\1\0\0\0", b"\x11\0\2\0\x09\0\0\0"))[0]
    )


@pytest.mark.parametrize("data", [b"", b"1234567", bytes(20), b"\x03\x02\x23\x07" + bytes(20)])
def test_what_is_no_module_is_refused(data: bytes) -> None:
    with pytest.raises(spirv.SpirvError):
        spirv.read(data)


def test_generated_is_up_to_date() -> None:
    try:
        here = shaders.versions()
    except shaders.ShaderError as error:
        pytest.skip(str(error))
    made_by = (GENERATED / "VERSIONS").read_text("utf-8")
    if here != made_by:
        pytest.skip(f"the shaders were made by {made_by.split()}, here are {here.split()}")
    assert shaders.differences() == []


def test_embedded_source(tmp_path: Path) -> None:
    """The C source holds the same bytes, and is not written again for nothing."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    source = shaders.embed(ROOT, tmp_path / "data.c")
    written = source.stat().st_mtime_ns
    assert shaders.embed(ROOT, source).stat().st_mtime_ns == written
    for folder in ("csrc/kernel", "zcwasm/include", "shaders/generated"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "shaders/generated/pool.spv").unlink()
    with pytest.raises(shaders.ShaderError, match="lacks pool: run"):
        shaders.embed(tmp_path, source)
    main = tmp_path / "main.c"
    main.write_text(
        """
        #include <stdio.h>
        #include <string.h>
        #include "kernel/zc_shaders.h"
        int main(int argc, char **argv)
        {
            const zc_shader *shader = zc_shader_find(argv[1]);
            if (argc < 3 || !shader || shader->msl[shader->msl_size] != 0 || zc_shader_find("none")) {
                return 1;
            }
            if (strcmp(argv[2], "spv") == 0) {
                fwrite(shader->spirv, 4, shader->spirv_words, stdout);
            } else {
                fwrite(shader->msl, 1, shader->msl_size, stdout);
            }
            return 0;
        }
        """
    )
    program, csrc = tmp_path / "main", ROOT / "csrc"
    files = [str(main), str(source), str(csrc / "kernel" / "zc_shaders.c")]
    command = [compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{csrc}", *files, "-o", str(program)]
    subprocess.run(command, check=True)
    for name in TABLE:
        for kind in ("spv", "metal"):
            done = subprocess.run([program, name, kind], capture_output=True, check=True)
            assert done.stdout == (GENERATED / f"{name}.{kind}").read_bytes()
