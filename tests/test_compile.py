"""Kernels that the user compiles: on every device that takes them, and what Metal says of its language.

tests/test_vulkan.py has what differs between SPIR-V and a signature.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import KINDS, Arena

import zcwasm
from zcwasm import _glsl

GENERATED = Path(__file__).resolve().parent.parent / "shaders" / "generated"

# A kernel of the package's own as one of the user's: what the package tells such kernels of workgroups
# (shaders/README.md) is parameters then, and zeros will do where there is one row of workgroups.
ONE_ROW = {f"{name}_{axis}": 0 for name in ("first", "groups") for axis in "xyzw"}
PARAMS = (
    *((name, "uint32") for name in ONE_ROW),
    ("count", "uint32"),
    ("scale", "float32"),
    ("shift", "float32"),
)
SIGNATURE: dict[str, Any] = {
    "spirv": (GENERATED / "affine.spv").read_bytes(),
    "msl": (GENERATED / "affine.metal").read_text("utf-8"),
    "name": "mine",
    "bindings": [("x", "read"), ("out", "write")],
    "params": list(PARAMS),
    "workgroup": (256, 1, 1),
    "in_place": True,
}


@pytest.fixture(params=[kind for kind in KINDS if kind != "cpu"] or ["no GPU"])
def compiler(request: pytest.FixtureRequest) -> zcwasm.Device:
    """Each device that compiles kernels."""
    if request.param == "no GPU":
        pytest.skip("no device here compiles kernels")
    return zcwasm.Device(request.param)


def test_compile_and_dispatch(compiler: zcwasm.Device, arena: Arena) -> None:
    kernel = compiler.compile(**SIGNATURE)
    assert kernel.name == "mine"
    assert kernel.bindings == (("x", "read"), ("out", "write"))
    assert kernel.params == PARAMS
    assert kernel.workgroup_size == 256
    assert kernel == kernel
    assert kernel != compiler.compile(**SIGNATURE)
    params_of = ", ".join(f"{name}: {kind}" for name, kind in PARAMS)
    assert repr(kernel) == f"<zcwasm.Kernel mine(x: read, out: write; {params_of})>"
    x, out = arena.put(np.arange(5000)), arena.empty(5000)
    own = {"count": 5000, "scale": 3, "shift": -1}
    params = {**ONE_ROW, **own}
    assert compiler.dispatch(kernel, [x, out], params, groups=(2, 1, 1)) is None
    assert np.array_equal(out, 3 * x - 1)
    compiler.dispatch("affine", [x, out], own)
    with compiler.batch() as batch:
        batch.dispatch(kernel, [x, out], params, groups=2)
        batch.affine(out, 1, 1, out=out)
        batch.dispatch(kernel, [out, out], params, groups=(2,))
        batch.dispatch(kernel, [out, out], params, groups=(0, 1, 1))  # nothing to do
    del kernel  # the recording holds it
    batch.submit().wait()
    assert np.array_equal(out, 9 * x - 1)


def test_dispatch_of_compiled_kernels_refuses(compiler: zcwasm.Device, arena: Arena) -> None:
    kernel = compiler.compile(**SIGNATURE)
    x, out = arena.put(np.arange(8)), arena.empty(8)
    good = {**ONE_ROW, "count": 8, "scale": 3, "shift": -1}
    cases: list[tuple[tuple, type[Exception], str]] = [
        ((kernel, [x, out], good), ValueError, r"groups= is needed"),
        ((kernel, [x, out], good, ()), ValueError, "groups has 0 numbers"),
        ((kernel, [x, out], good, (1, 1, 1, 1)), ValueError, "groups has 4 numbers"),
        ((kernel, [x, out], good, (-1,)), OverflowError, "groups = -1"),
        ((kernel, [x, out], good, (1 << 32,)), OverflowError, "groups = 4294967296"),
        ((kernel, [x, out], good, ((1 << 32) - 1,)), ValueError, "4294967295 x 1 x 1 workgroups, device"),
        ((kernel, [x], good, 1), ValueError, "takes 2 arrays"),
        ((kernel, [x, out], {**ONE_ROW, "count": 8}, 1), ValueError, "misses 'scale'"),
        ((kernel, [x, out], b"1234", 1), ValueError, "takes 44 bytes of parameters, got 4"),
        ((kernel, [x, np.zeros(8, np.float32)], good, 1), ValueError, "out does not lie in guest memory"),
        (
            (kernel, [x[:6], x[2:]], good, 1),
            ValueError,
            "overlaps .* only the very same range may be input and output",
        ),
    ]
    for arguments, error, message in cases:
        with pytest.raises(error, match=message):
            compiler.dispatch(*arguments)
    with pytest.raises(ValueError, match="was compiled for another device"):
        zcwasm.Device("cpu").dispatch(kernel, [x, out], good, 1)


def test_in_place_only_when_it_says_so(compiler: zcwasm.Device, arena: Arena) -> None:
    kernel = compiler.compile(**SIGNATURE | {"in_place": False})
    assert not kernel.in_place
    assert not compiler.compile(
        **{key: value for key, value in SIGNATURE.items() if key != "in_place"}
    ).in_place
    assert compiler.compile(**SIGNATURE).in_place
    x, params = arena.put(np.arange(8)), {**ONE_ROW, "count": 8, "scale": 3, "shift": -1}
    message = r"kernel mine: out .* overlaps x .*; one range is input and output only of .* in_place=True"
    with pytest.raises(ValueError, match=message):
        compiler.dispatch(kernel, [x, x], params, 1)
    with pytest.raises(ValueError, match=message):
        compiler.batch().dispatch(kernel, [x, x], params, 1)
    with pytest.raises(ValueError, match=r"overlaps x \(bytes \d+ to \d+\)$"):
        compiler.dispatch(kernel, [x[:6], x[2:]], params, 1)
    assert np.array_equal(x, np.arange(8))


def test_cpu_compiles_nothing_of_gpus() -> None:
    with pytest.raises(zcwasm.DeviceError, match="device cpu cannot compile kernels of GPUs"):
        zcwasm.Device("cpu").compile(**SIGNATURE)


def test_compile_needs_code(compiler: zcwasm.Device) -> None:
    compile_: Any = compiler.compile
    for missing in ("name", "bindings", "workgroup"):
        with pytest.raises(TypeError, match=rf"compile\(\) misses argument '{missing}'"):
            compile_(**{key: value for key, value in SIGNATURE.items() if key != missing})
    with pytest.raises(TypeError, match="needs glsl, spirv or msl"):
        compile_(**{**SIGNATURE, "spirv": None, "msl": None})
    other = "spirv" if compiler.kind == "metal" else "msl"
    assert compile_(**{**SIGNATURE, other: None}).name == "mine"
    own = "msl" if compiler.kind == "metal" else "spirv"
    with pytest.raises(ValueError, match=f"device {compiler.kind} compiles .*, and none is given"):
        compile_(**{**SIGNATURE, own: None})


# --- GLSL ---

# Each workgroup turns its elements around, in memory that it shares.
TURN = """\
#version 450
layout(local_size_x = 64) in;
layout(set = 0, binding = 1, std430) readonly buffer X { float x[]; };
layout(set = 0, binding = 2, std430) writeonly buffer Out { float result[]; };
layout(push_constant) uniform Push { uvec4 offset; uint count; float scale; } push;
shared float tile[64];

float scaled(uint i)
{
    return i < push.count ? x[push.offset[0] + i] * push.scale : 0.0;
}

void main()
{
    uint i = gl_GlobalInvocationID.x, at = gl_LocalInvocationIndex;
    tile[at] = scaled(i);
    barrier();
    if (i < push.count)
        result[push.offset[1] + i] = tile[63 - at];
}
"""
TURN_SIGNATURE: dict[str, Any] = {
    "glsl": TURN,
    "name": "turn",
    "bindings": [("x", "read"), ("result", "write")],
    "params": [("count", "uint32"), ("scale", "float32")],
    "workgroup": 64,
}


@pytest.fixture(params=["slang", "glslang"])
def translator(
    request: pytest.FixtureRequest, compiler: zcwasm.Device, monkeypatch: pytest.MonkeyPatch
) -> str:
    """Each way to compile GLSL that is here."""
    if compiler.kind == "metal" and not shutil.which("spirv-cross"):
        pytest.skip("spirv-cross is not here")
    if request.param == "slang" and not _glsl._slang_library():
        pytest.skip("the package slangpy is not here")
    if request.param == "glslang":
        if not shutil.which("glslangValidator"):
            pytest.skip("glslangValidator is not here")
        monkeypatch.setattr(_glsl, "_slang_library", lambda: None)
    return str(request.param)


def test_glsl(translator: str, compiler: zcwasm.Device, arena: Arena) -> None:
    kernel = compiler.compile(**TURN_SIGNATURE, entry_point="main")
    assert (kernel.name, kernel.workgroup_size) == ("turn", 64)
    x, out = arena.put(np.arange(130)), arena.put(np.full(130, -1))
    compiler.dispatch(kernel, [x[2:], out[1:129]], {"count": 128, "scale": 0.5}, groups=2)
    turned = np.arange(2, 130).reshape(2, 64)[:, ::-1].ravel() / 2
    assert np.array_equal(out, np.concatenate([[-1], turned, [-1]]))


def test_glsl_that_does_not_compile(translator: str, compiler: zcwasm.Device) -> None:
    with pytest.raises(
        zcwasm.CompileError, match=r"(?s)kernel turn does not compile:\n.*turn.comp:16.*scalet"
    ) as raised:
        compiler.compile(**TURN_SIGNATURE | {"glsl": TURN.replace("scaled(i);", "scalet(i);")})
    assert (raised.value.kind, raised.value.offset) == ("invalid", None)
    assert "\nlayout" not in str(raised.value)  # it says what is wrong, not all of the text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bindings": [("x", "read"), ("result", "read")]}, "binding 2, result, is read"),
        ({"bindings": [("x", "read")]}, "kernel turn: .*2.*the signature"),
        ({"params": []}, "kernel turn: .* of 16 bytes"),
        ({"entry_point": "turn"}, "kernel turn: GLSL begins at main, entry_point is 'turn'"),
    ],
)
def test_glsl_is_compared_with_the_signature(
    translator: str, compiler: zcwasm.Device, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        compiler.compile(**TURN_SIGNATURE | change)


def test_glsl_arguments(device: zcwasm.Device) -> None:
    compile_: Any = device.compile
    with pytest.raises(TypeError, match="takes glsl, or spirv and msl, not both"):
        compile_(**TURN_SIGNATURE, msl="kernel")
    with pytest.raises(TypeError, match="glsl must be a str, not bytes"):
        compile_(**TURN_SIGNATURE | {"glsl": TURN.encode()})
    if device.kind == "cpu":
        with pytest.raises(zcwasm.DeviceError, match="device cpu cannot compile kernels of GPUs"):
            compile_(**TURN_SIGNATURE)


def test_no_compiler_of_glsl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_glsl, "_slang_library", lambda: None)
    monkeypatch.setattr(shutil, "which", {"glslangValidator": "/usr/bin/glslangValidator"}.get)
    with pytest.raises(ModuleNotFoundError, match="for Metal needs the program spirv-cross"):
        _glsl.translate(TURN, "metal", "turn")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ModuleNotFoundError, match=r"'zcwasm\[glsl\]'; or the program glslangV"):
        _glsl.translate(TURN, "vulkan", "turn")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("kill -KILL $$", "the compiler crashed with signal 9"),
        ("exec sleep 60", "the compiler took more than 0 s"),
        ("echo no >&2; exit 3", "turn does not compile:\nno"),
        ("exit 3", "the compiler does not say why"),
    ],
)
def test_compilers_that_misbehave(
    body: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slang runs in another Python, which is something else here."""
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(_glsl, "_slang_library", lambda: tmp_path / "libslang.so")
    monkeypatch.setattr(_glsl, "TIMEOUT", 0.3)
    with pytest.raises(zcwasm.CompileError, match=message):
        _glsl.translate(TURN, "vulkan", "turn")


def test_what_slang_makes_is_for_every_vulkan() -> None:
    """SPIR-V 1.3, which is that of Vulkan 1.1, and of a language that its validators know."""
    library = _glsl._slang_library()
    if not library:
        pytest.skip("the package slangpy is not here")
    words = np.frombuffer(_glsl._by_slang(library, TURN, "turn"), np.uint32).tolist()
    assert words[1] == 0x10300
    at, sources = 5, []
    while at < len(words):
        if words[at] & 0xFFFF == 3:  # OpSource
            sources.append(words[at + 1])
        at += words[at] >> 16
    assert set(sources) == {2}


def test_another_slang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = tmp_path / "libslang-compiler.so.9"
    library.write_bytes(b"no library")
    monkeypatch.setattr(_glsl, "_slang_library", lambda: library)
    with pytest.raises(
        zcwasm.CompileError, match=r"this version of slangpy is not understood: .*slang-compil"
    ):
        _glsl.translate(TURN, "vulkan", "turn")


# --- Metal's language ---

HEAD = "#include <metal_stdlib>\nusing namespace metal;\n"
# Two-dimensional, by hand, with offsets and a parameter.
GRID = (
    HEAD
    + """\
struct Push { uint4 offset; int add; };
kernel void grid(constant Push& push [[buffer(0)]], const device int* x [[buffer(1)]],
                 device int* out [[buffer(2)]], uint3 at [[thread_position_in_grid]],
                 uint3 group [[threadgroup_position_in_grid]])
{
    uint i = at.y * 12u + at.x;
    out[push.offset.y + i] = x[push.offset.x + i] + push.add * int(group.x + 10u * group.y);
}
"""
)
GRID_SIGNATURE: dict[str, Any] = {
    "msl": GRID,
    "name": "grid",
    "bindings": [("x", "read"), ("out", "write")],
    "params": [("add", "int32")],
    "workgroup": (4, 2, 1),
}


@pytest.fixture
def metal() -> zcwasm.Device:
    if "metal" not in KINDS:
        pytest.skip("Metal is not here, nor its simulation (buildtools/metal.py simulate)")
    return zcwasm.Device("metal")


def test_msl_written_by_hand(metal: zcwasm.Device, arena: Arena) -> None:
    kernel = metal.compile(**GRID_SIGNATURE)
    assert kernel.workgroup_size == 8
    x, out = arena.put(np.arange(48), np.int32), arena.empty(48, np.int32)
    metal.dispatch(kernel, [x[5:], out], {"add": -1000}, groups=(3, 1, 1))
    groups = np.tile(np.repeat([0, 1, 2], 4), 2)
    assert np.array_equal(out[:24], x[5:29] - 1000 * groups)
    out[:] = 7
    metal.dispatch(kernel, [x[:24], out[24:]], {"add": 100}, groups=(3, 1, 1))  # the last of them as well
    assert (out[:24] == 7).all()
    assert np.array_equal(out[24:], x[:24] + 100 * groups)


def test_msl_with_several_kernels(metal: zcwasm.Device, arena: Arena) -> None:
    other = GRID.removeprefix(HEAD).replace("Push", "Push2").replace("void grid", "void main0")
    both = GRID + other.replace("+ push.add", "- push.add")
    x, out = arena.put([5, 6], np.int32), arena.empty(2, np.int32)
    for entry_point, expected in (("grid", [5, 106]), ("main0", [5, -94]), ("main", [5, -94])):
        signature = GRID_SIGNATURE | {"msl": both, "entry_point": entry_point, "workgroup": 1}
        metal.dispatch(metal.compile(**signature), [x, out], {"add": 100}, groups=2)
        assert out.tolist() == expected
    with pytest.raises(ValueError, match="kernel grid: the MSL has 2 kernels; name one"):
        metal.compile(**GRID_SIGNATURE | {"msl": both})
    with pytest.raises(ValueError, match='kernel grid: the MSL has 0 kernels named "other"'):
        metal.compile(**GRID_SIGNATURE | {"msl": both, "entry_point": "other"})


def test_many_bindings(metal: zcwasm.Device, arena: Arena) -> None:
    """With more than four, eight offsets precede the parameters."""
    names = "abcdefg"
    arguments = ", ".join(f"const device float* {c} [[buffer({i + 1})]]" for i, c in enumerate(names))
    total = " + ".join(f"{c}[push.offset{i // 4}[{i % 4}]]" for i, c in enumerate(names))
    source = HEAD + (
        "struct Push { uint4 offset0; uint4 offset1; float scale; };\n"
        f"kernel void total(constant Push& push [[buffer(0)]], {arguments},\n"
        "                  device float* out [[buffer(8)]])\n"
        f"{{\n    out[push.offset1.w] = push.scale * ({total});\n}}\n"
    )
    bindings: list[Any] = [*((c, "read") for c in names), ("out", "write")]
    params: list[Any] = [("scale", "float32")]
    kernel = metal.compile(msl=source, name="total", bindings=bindings, params=params, workgroup=1)
    values = [arena.put([2.0**i]) for i in range(7)]
    out = arena.empty(1)
    metal.dispatch(kernel, [*values, out], {"scale": 3.0}, groups=1)
    assert out[0] == 3 * 127


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"msl": HEAD}, "the MSL has 0 kernels$"),
        ({"msl": GRID.replace("push.add", "push.sub")}, "kernel grid does not compile: .*error: .*sub"),
        ({"bindings": [("x", "read"), ("out", "read")]}, "binding 2, out, is read, the MSL may write it"),
        (
            {"bindings": [("x", "write"), ("out", "write")]},
            "binding 1, x, is written, the MSL declares it const",
        ),
        (
            {"bindings": [("x", "read")]},
            r"the MSL has \[\[buffer\(2\)\]\], the signature's 1 bindings are 1 to 1",
        ),
        (
            {"bindings": [("x", "read"), ("out", "write"), ("y", "read")]},
            r"the signature has binding 3, y, the MSL has no \[\[buffer\(3\)\]\]",
        ),
        (
            {"msl": GRID.replace("int add", "int add; uint4 more")},
            "offsets and parameters of 20 bytes; in the MSL it is read, of 48",
        ),
        (
            {"msl": GRID.replace("constant Push", "device Push")},
            "offsets and parameters of 20 bytes; in the MSL it is written, of 32",
        ),
        (
            {
                "msl": GRID.replace(
                    "device int* out [[buffer(2)]]",
                    "texture2d<float> t [[texture(0)]], device int* out [[buffer(2)]]",
                )
            },
            "t in the MSL is no buffer; only buffers can be bound",
        ),
        ({"workgroup": (65535, 1, 1)}, "a workgroup of 65535 x 1 x 1 is too large: the device runs at most"),
    ],
)
def test_msl_tells_both_sides(metal: zcwasm.Device, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        metal.compile(**{**GRID_SIGNATURE, **change})


def test_threadgroups_that_are_too_large(metal: zcwasm.Device) -> None:
    with pytest.raises(
        zcwasm.DeviceError, match="kernel grid needs threadgroups of 1048576 threads, this GPU"
    ):
        metal.compile(**GRID_SIGNATURE | {"workgroup": (1024, 1024, 1)})
