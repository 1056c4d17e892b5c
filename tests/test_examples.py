"""The examples: guests that drive the device themselves, on every device (WASI programs: test_wasi.py)."""

from __future__ import annotations

import importlib.util
import struct
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import zcwasm

pytestmark = pytest.mark.usefixtures("engine")  # each test with each engine that is here

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def example(name: str, device: zcwasm.Device, **options: object) -> zcwasm.Instance:
    return zcwasm.Instance(zcwasm.Module(EXAMPLES / f"{name}.wasm"), device=device, **options)  # type: ignore


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("n", [1, 33, 160])
def test_gemm_has_the_bits_of_the_python_driven_one(n: int, device: zcwasm.Device) -> None:
    own = example("gemm", device)
    before = zcwasm.copy_stats()
    assert own.exports.run(n) == 0
    assert zcwasm.copy_stats() == before  # nothing was copied
    driven = zcwasm.Instance(zcwasm.Module(Path(zcwasm.__file__).parent / "guests" / "demo.wasm"))
    assert driven.exports.setup(n) == 1
    assert driven.exports.fill(n) == 1
    a, b, c = (driven.memory.array(driven.exports[name](), (n, n), np.float32) for name in "abc")
    device.matmul(a, b, out=c)
    result = own.memory.array(own.exports.c(), (n, n), np.float32)
    assert result.tobytes() == c.tobytes()
    assert own.exports.checksum(n) == driven.exports.checksum(n)


def test_gemm_is_wrong_before_it_multiplies(device: zcwasm.Device) -> None:
    guest = example("gemm", device)
    assert guest.exports.setup(20) == 1
    assert guest.exports.fill(20) == 1
    assert guest.exports.verify(20) == 400
    assert guest.exports.multiply() == 0
    assert guest.exports.verify(20) == 0


def blurred(image: np.ndarray) -> np.ndarray:
    for axis in (0, 1):
        edges = [(1, 1) if each == axis else (0, 0) for each in (0, 1)]
        padded = np.pad(image, edges, mode="edge")
        before, after = np.delete(padded, [-1, -2], axis), np.delete(padded, [0, 1], axis)
        image = before / 4 + image / 2 + after / 4
    return image


def test_sharpen(device: zcwasm.Device) -> None:
    width, height = 37, 23
    image = np.random.default_rng(1).random((height, width), np.float32)
    given = struct.pack("<II", width, height) + image.tobytes()
    guest = example("sharpen", device, inputs={"image": given})
    assert guest.exports.init(0.5, 0.9, 0.05) == 0
    for strength in (0.5, 0.0, 2.0):
        assert guest.exports.frame(strength) == 0
        expected = 0.9 * ((1 + strength) * image - strength * blurred(image.astype(np.float64))) + 0.05
        assert guest.exports.write() == 0
        result = np.frombuffer(guest.outputs["sharpened"], np.float32).reshape(height, width)
        np.testing.assert_allclose(result, expected, atol=1e-5)
        sums = guest.memory.array(guest.exports.row_sums(), height, np.float32)
        np.testing.assert_allclose(sums, expected.sum(1), rtol=1e-4)
        maxima = guest.memory.array(guest.exports.row_maxima(), height, np.float32)
        assert (maxima == result.max(1)).all()


def test_sharpen_without_its_input(device: zcwasm.Device) -> None:
    assert example("sharpen", device, inputs={}).exports.init(1, 1, 0) == -4  # ZCG_ENOENT
    assert example("sharpen", device, inputs={"image": b"\1\0\0\0"}).exports.init(1, 1, 0) == -1  # ZCG_EINVAL


def test_blend_in_cpp(device: zcwasm.Device) -> None:
    guest = example("blend", device)
    for alpha, beta in ((0.25, 0.75), (1.0, -1.0)):
        assert guest.exports.blend(alpha, beta) == 0
        t = np.arange(guest.exports.result_size())

        def triangle(t: np.ndarray, period: int) -> np.ndarray:
            at = t % period
            return np.where(at < period // 2, at, period - at).astype(np.float32) / (period // 2)

        expected = np.float32(alpha) * triangle(t, 256) + np.float32(beta) * triangle(t, 1024)
        result = guest.memory.array(guest.exports.result(), t.size, np.float32)
        np.testing.assert_allclose(result, expected, atol=1e-6)
        assert guest.exports.in_flight() == 3


def test_saxpy_in_rust(device: zcwasm.Device) -> None:
    guest = example("saxpy", device)
    assert guest.exports.saxpy(2.5) == 0
    y = guest.memory.array(guest.exports.y(), 1000, np.float32)
    assert (y == np.float32(2.5) * np.arange(1000) + 1).all()


def test_filter_with_and_without_simd() -> None:
    """Each engine has a form that it runs, and the bits are the same."""
    module, found = script("filter"), {}
    rng = np.random.default_rng(3)
    samples = rng.standard_normal(module.SAMPLES + module.TAPS).astype(np.float32)
    coefficients = rng.standard_normal(module.TAPS).astype(np.float32)
    forms = [(form, engine.name) for form in ("filter", "filter_simd") for engine in zcwasm.engines()]
    for form, engine in forms:
        (here,) = [each for each in zcwasm.engines() if each.name == engine]
        if not here.available or (form == "filter_simd" and "SIMD" not in here.features):
            continue
        guest = zcwasm.Instance(zcwasm.Module(EXAMPLES / f"{form}.wasm"), engine=engine)
        assert guest.exports.has_simd() == (form == "filter_simd")
        assert guest.exports.filter(5) == -1
        assert guest.exports.filter(module.SAMPLES + 4) == -1
        signal, taps, out = module.arrays(guest)
        signal[:], taps[:] = samples, coefficients
        assert guest.exports.filter(module.SAMPLES) == 0
        found[form, engine] = out.tobytes(), guest.exports.energy(module.SAMPLES)
    expected = np.convolve(samples.astype(np.float64), coefficients[::-1], "valid")[: module.SAMPLES]
    np.testing.assert_allclose(np.frombuffer(found["filter", "wasm3"][0], np.float32), expected, atol=1e-4)
    assert len(set(found.values())) == 1
    for engine in zcwasm.engines():
        if engine.available:
            assert module.load(engine.name).exports.has_simd() == ("SIMD" in engine.features)


@pytest.mark.parametrize("name", ["gemm", "sharpen", "blend", "saxpy", "filter"])
def test_scripts(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    module = script(name)
    if name == "filter":
        module.main()
        assert "energy" in capsys.readouterr().out
        return
    {"gemm": lambda: module.main(64, "cpu"), "sharpen": lambda: module.main(64, 48, "cpu")}.get(
        name, lambda: module.main("cpu")
    )()
    assert capsys.readouterr().out.strip()
