"""The vulkan device: what it needs beyond the contract that all devices share (test_device.py)."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from c_programs import sources
from conftest import Arena
from support import run_python
from test_compile import PARAMS

import zcwasm

ROOT = Path(__file__).resolve().parent.parent
AFFINE = (ROOT / "shaders" / "generated" / "affine.spv").read_bytes()
LISTED = [info for info in zcwasm.devices() if info["kind"] == "vulkan"]
PAGE = 65536

needs_vulkan = pytest.mark.skipif(
    not LISTED[0]["available"], reason=LISTED[0]["reason"] or "no Vulkan device"
)


@pytest.fixture
def vulkan() -> zcwasm.Device:
    return zcwasm.Device("vulkan")


# --- what is here, and which one ---


@needs_vulkan
def test_devices_say_what_they_are(vulkan: zcwasm.Device) -> None:
    for index, info in enumerate(LISTED):
        assert info["index"] == index
        assert info["type"] in ("discrete", "integrated", "virtual", "cpu", "other")
        assert info["software"] == (info["type"] == "cpu")
        if info["available"]:
            assert 4 <= info["subgroup_width"] <= 64
            assert info["driver"]
            assert info["api"].startswith("1.")
            assert len(info["uuid"]) == 36
            assert info["memory"] > 1 << 20
            assert info["max_region"] >= 1 << 30
            assert info["max_buffer"] >= 1 << 27
            assert info["max_workgroup"] >= 128
            assert info["max_shared_memory"] >= 16384
    order = {"discrete": 0, "integrated": 1, "virtual": 2, "other": 3, "cpu": 4}
    ranks = [order[info["type"]] for info in LISTED if info["available"]]
    assert ranks == sorted(ranks)
    assert vulkan.info == LISTED[0]


@needs_vulkan
def test_choice(vulkan: zcwasm.Device) -> None:
    info = vulkan.info
    part = info["name"][:6]
    for chosen in (
        zcwasm.Device("vulkan", index=0),
        zcwasm.Device("vulkan", name=part.upper()),
        zcwasm.Device("vulkan", name=part.lower()),
        zcwasm.Device("vulkan", uuid=info["uuid"]),
    ):
        assert chosen.info == info
    with pytest.raises(ValueError, match=f"no device vulkan number 99: there are {len(LISTED)}"):
        zcwasm.Device("vulkan", index=99)
    with pytest.raises(ValueError, match='no device vulkan has the name "abacus"; of'):
        zcwasm.Device("vulkan", name="abacus")
    with pytest.raises(ValueError, match="no device vulkan has the UUID"):
        zcwasm.Device("vulkan", uuid=info["uuid"][:-1])
    with pytest.raises(ValueError, match="at most one chooses"):
        zcwasm.Device("vulkan", index=0, name=part)
    with pytest.raises(ValueError, match="give the kind"):
        zcwasm.Device(index=0)
    with pytest.raises(ValueError, match="index is -1"):
        zcwasm.Device("vulkan", index=-1)
    with pytest.raises(TypeError):
        zcwasm.Device("vulkan", index="0")  # type: ignore[arg-type]
    assert not zcwasm.Device().software  # never a software Vulkan by itself


def test_no_loader_is_said_in_words() -> None:
    source = """
        import os
        os.environ["ZCWASM_VULKAN_LOADER"] = "/nonexistent/libvulkan.so"
        import zcwasm
        [info] = [info for info in zcwasm.devices() if info["kind"] == "vulkan"]
        assert not info["available"]
        print(info["reason"])
        try:
            zcwasm.Device("vulkan")
        except zcwasm.DeviceError as error:
            print(error)
        try:
            zcwasm.Device("vulkan", name="a")
        except zcwasm.DeviceError as error:
            print("so")
        assert zcwasm.Device().kind != "vulkan"
        assert zcwasm._core._vulkan_validation_messages() is None
    """
    reason = "there is no Vulkan loader: /nonexistent/libvulkan.so cannot be opened"
    assert run_python(source).splitlines() == [reason, f"device vulkan is not available: {reason}", "so"]


@needs_vulkan
def test_no_driver_is_said_in_words() -> None:
    source = """
        import os
        os.environ["VK_ICD_FILENAMES"] = os.environ["VK_DRIVER_FILES"] = "/nonexistent/icd.json"
        import zcwasm
        [info] = [info for info in zcwasm.devices() if info["kind"] == "vulkan"]
        print(info["available"], info["reason"])
    """
    assert run_python(source).startswith("False the Vulkan loader finds no")


# --- imports ---


@needs_vulkan
def test_a_memory_is_imported_once_and_again_when_it_has_grown(vulkan: zcwasm.Device) -> None:
    memory = zcwasm.Memory(16, 4096)
    x = memory.array(0, 1000, np.float32)
    before = vulkan._buffers_made
    address = vulkan.buffer_address(memory)
    if vulkan.unified_memory:
        assert address == memory.address
    for _ in range(20):
        vulkan.affine(x, 1, 1, out=x)
        with vulkan.batch() as batch:
            batch.affine(x, 1, 1, out=x)
        batch.submit().wait()
    assert vulkan._buffers_made == before + 1
    memory.grow(16)
    vulkan.affine(x, 1, 1, out=x)  # the old import still has all of it
    assert vulkan._buffers_made == before + 1
    high = memory.array(20 * PAGE, 1000, np.float32)
    with vulkan.batch() as batch:  # both imports in one batch, over the same bytes
        batch.affine(x, 1, 1, out=x)
        batch.affine(x, 2, 0, out=high)
    vulkan.add(high, x, out=high)
    batch.submit().wait()
    assert vulkan._buffers_made == before + 2
    assert (x == 42).all()
    assert vulkan.buffer_address(memory) == address


@needs_vulkan
@pytest.mark.footprint
def test_copies_nothing_and_keeps_no_pages(vulkan: zcwasm.Device) -> None:
    source = """
        import numpy as np, zcwasm
        from support import resident_bytes
        device = zcwasm.Device("vulkan")
        small = zcwasm.Memory(1)
        y = small.array(0, 4096, np.float32)
        for _ in range(50):
            device.affine(y, 2, 1, out=y)
        memory = zcwasm.Memory(1024)
        x = memory.array(0, 1 << 24, np.float32)
        x[:] = 1
        before = resident_bytes()
        device.affine(x, 2, 1, out=x)
        assert (x[:1000] == 3).all() and x[-1] == 3
        print(resident_bytes() - before)
        print(sum(zcwasm.copy_stats().values()))
    """
    grown, copied = map(int, run_python(source).split())
    if vulkan.software:  # drivers of hardware keep tables of pages
        assert grown < 200_000
    assert copied == 0


@needs_vulkan
def test_windows_at_every_offset(vulkan: zcwasm.Device) -> None:
    memory = zcwasm.Memory(4)
    for skip in (*range(1, 70), 1023, 16383):
        x, y, out = (memory.array(4 * (skip + k * 20011), 300, np.float32) for k in (0, 1, 2))
        x[:], y[:] = np.arange(300), skip
        out[:] = -1
        canary = memory.array(out.ctypes.data - memory.address - 4, 302, np.float32)
        canary[0] = canary[-1] = 7
        vulkan.add(x, y, out=out)
        assert np.array_equal(out, np.arange(300, dtype=np.float32) + skip)
        assert canary[0] == canary[-1] == 7


@needs_vulkan
def test_more_than_one_window_is_cut_or_refused(vulkan: zcwasm.Device) -> None:
    limit = vulkan.info["max_buffer"]
    if limit > 1 << 28:
        pytest.skip(f"its windows reach {limit} bytes")
    memory = zcwasm.Memory(2 * limit // PAGE + 2)
    count = (limit + (1 << 20)) // 4
    x = memory.array(4, count, np.float32)
    x[:] = 1
    around = memory.array(0, count + 2, np.float32)
    around[0] = around[-1] = 7
    vulkan.affine(x, 2, 1, out=x)
    assert (x == 3).all()
    assert around[0] == around[-1] == 7
    vulkan.fill(x, 5)
    assert (x == 5).all()
    out = memory.array(memory.size - 16, (), np.float32)
    with pytest.raises(
        ValueError, match=f"kernel sum, x: {4 * count} bytes, device vulkan binds at most {limit}"
    ):
        vulkan.sum(x, out=out)
    with pytest.raises(ValueError, match=f"binds at most {limit}"), vulkan.batch() as batch:
        batch.sum(x, out=out)
    # Within the limit, but not with what the alignment adds.
    whole = memory.array(4, limit // 4, np.float32)
    with pytest.raises(ValueError, match=r"binds at most .*maxStorageBufferRange"):
        vulkan.sum(whole, out=out)
    vulkan.sum(memory.array(0, limit // 4, np.float32)[: limit // 4], out=out)


@needs_vulkan
@pytest.mark.slow
def test_too_large_an_import_is_refused(vulkan: zcwasm.Device) -> None:
    limit = vulkan.info["max_region"]
    if limit > 3 << 30:
        pytest.skip(f"it imports {limit} bytes")
    memory = zcwasm.Memory(limit // PAGE + 1)  # never touched
    x = memory.array(0, 4, np.float32)
    with pytest.raises(
        zcwasm.DeviceError, match=f"cannot import .*its maxMemoryAllocationSize is {limit} bytes"
    ):
        vulkan.affine(x, 1, 1, out=x)
    batch = vulkan.batch()
    with pytest.raises(zcwasm.DeviceError, match="cannot import"):
        batch.affine(x, 1, 1, out=x)
    assert len(batch) == 0


# --- queues ---


@needs_vulkan
def test_threads_share_a_device(vulkan: zcwasm.Device) -> None:
    failures: list[BaseException] = []

    def work(seed: int) -> None:
        try:
            arena = Arena()
            x = arena.put(np.full(5000, seed))
            for step in range(30):
                if step % 3:
                    vulkan.affine(x, 1, 1, out=x)
                else:
                    with vulkan.batch() as batch:
                        batch.affine(x, 1, 1, out=x)
                    batch.submit().wait()
            assert (x == seed + 30).all()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


@needs_vulkan
def test_long_batches_with_and_without_pushed_descriptors() -> None:
    source = """
        import os, numpy as np, zcwasm
        os.environ["ZCWASM_VULKAN_PUSH_DESCRIPTORS"] = PUSH
        os.environ["ZCWASM_VULKAN_VALIDATION"] = "1"
        device = zcwasm.Device("vulkan")
        memory = zcwasm.Memory(16)
        lines = memory.array(0, (2000, 100), np.float32)
        for round in range(3):
            with device.batch() as batch:
                for line in lines:
                    batch.affine(line, 1, 1, out=line)
                    batch.add(line, line, out=line)
            submission = batch.submit()
            device.affine(lines, 1, 0, out=lines)  # after it
            submission.wait()
        print((lines == 14).all(), (zcwasm._core._vulkan_validation_messages() or (0, ""))[1])
    """
    for push in ("'1'", "'0'"):
        assert run_python(source.replace("PUSH", push)).strip() == "True"


@needs_vulkan
def test_copies_to_memory_of_its_own() -> None:
    """Large ones are moved in pieces by several threads; bytes around them stay as they are."""
    source = """
        import os, numpy as np, zcwasm
        os.environ["ZCWASM_VULKAN_UNIFIED"] = "0"
        os.environ["ZCWASM_VULKAN_VALIDATION"] = "1"
        device = zcwasm.Device("vulkan")
        assert not device.unified_memory
        rng = np.random.default_rng(1)
        for size in (1, 4095, (4 << 20) - 1, 4 << 20, (4 << 20) + 1, (37 << 20) + 13, 3):
            data = rng.integers(0, 256, size, np.uint8)
            array = device.scratch(size, np.uint8).upload(data)
            out = np.zeros(size + 2, np.uint8)
            array.download(out[1:-1])
            assert (out[1:-1] == data).all() and out[0] == out[-1] == 0, size
        x = device.scratch(3_000_000, np.float32).upload(np.arange(3_000_000, dtype=np.float32))
        device.affine(x, 2, 1, out=x)  # before the download
        assert (x.download(np.empty(3_000_000, np.float32)) == 2 * np.arange(3_000_000) + 1).all()
        print(zcwasm._core._vulkan_validation_messages() or (0, ""))
    """
    assert run_python(source).strip() == "(0, '')"


@needs_vulkan
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.skipif(
    "asan" in os.environ.get("LD_PRELOAD", ""),
    reason="lavapipe's threads allocate, and the allocator of LLVM 14's ASan does not survive a fork then",
)
def test_the_child_of_a_fork_leaves_the_device_alone() -> None:
    source = """
        import os, warnings, numpy as np, zcwasm
        warnings.simplefilter("ignore")
        device = zcwasm.Device("vulkan")
        memory = zcwasm.Memory(512)
        x = memory.array(0, 1 << 22, np.float32)
        batch = device.batch()
        for _ in range(100):
            batch.affine(x, 1, 1, out=x)
        submission = batch.submit()
        child = os.fork()
        if child == 0:
            for call in (lambda: submission.wait(), lambda: device.fill(x, 1), lambda: device.batch(),
                         lambda: device.scratch(4), lambda: batch.submit(),
                         lambda: batch.affine(x, 1, 1, out=x)):
                try:
                    call()
                    print("no error")
                except zcwasm.DeviceError as error:
                    print(str(error)[:40])
            y = memory.array(0, 4, np.float32)
            y[:] = 1
            zcwasm.Device("cpu").affine(y, 2, 1, out=y)
            print(y[0], flush=True)
            del device, batch, submission
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        submission.wait()
        print((x == 100).all())
    """
    lines = run_python(source).splitlines()
    assert lines[0].startswith("lost by fork")
    assert all(line.startswith("this vulkan device was opened before a") for line in lines[1:6])
    assert lines[6:] == ["3.0", "True"]


# --- memory of the device's own ---


def test_scratch(device: zcwasm.Device, arena: Arena) -> None:
    a, b, c = device.scratch((40, 30)), device.scratch((30, 50)), device.scratch((40, 50))
    assert repr(c) == f"<zcwasm.DeviceArray (40, 50) float32 on {device.kind}>"
    assert (c.shape, c.dtype, c.nbytes, c.device) == ((40, 50), np.dtype(np.float32), 8000, device)
    rng = np.random.default_rng(3)
    left, right = rng.random((40, 30), np.float32), rng.random((30, 50), np.float32)
    before = zcwasm.copy_stats()
    assert a.upload(left) is a
    b.upload(right)
    device.matmul(a, b, out=c)
    with device.batch() as batch:
        batch.affine(c, 2, 1, out=c)
    batch.submit()
    out = np.empty((40, 50), np.float32)
    assert c.download(out) is out  # after the batch
    np.testing.assert_allclose(out, 2 * (left @ right) + 1, rtol=1e-4)
    after = zcwasm.copy_stats()
    assert after["device_upload"] - before["device_upload"] == left.nbytes + right.nbytes
    assert after["device_download"] - before["device_download"] == out.nbytes
    guest = arena.empty((40, 50))  # with an array in guest memory
    device.add(c, c, out=guest)
    assert np.array_equal(guest, out + out)
    words = device.scratch(5, np.int32)
    device.fill(words, -3)
    assert (words.download(np.empty(5, np.int32)) == -3).all()
    assert device.scratch(()).upload(np.float32(2.5)).download(np.empty((), np.float32)) == 2.5
    nothing = device.scratch((0, 3))
    device.affine(nothing, 1, 1, out=nothing)
    nothing.upload(np.empty((0, 3), np.float32))


def test_scratch_refuses(device: zcwasm.Device, arena: Arena) -> None:
    cases: list[tuple[Any, type[Exception], str]] = [
        (lambda: device.scratch(-1), ValueError, "a side of -1"),
        (lambda: device.scratch((2**40, 2**40)), OverflowError, "2.63"),
        (lambda: device.scratch(3, np.dtype(">f4")), TypeError, "native byte order"),
        (lambda: device.scratch(3, object), TypeError, "dtype object"),
        (lambda: device.scratch((1,) * 20), ValueError, "20 axes"),
        (
            lambda: device.scratch(3).upload(np.zeros(4, np.float32)),
            ValueError,
            r"shape \(4,\), the device array \(3,\)",
        ),
        (lambda: device.scratch(3).upload(np.zeros(3)), TypeError, "the device array has dtype float32"),
        (lambda: device.scratch(3).upload(np.zeros(6, np.float32)[::2]), ValueError, "contiguous"),
        (lambda: device.scratch(3).download(b"123"), BufferError, "writable"),
        (
            lambda: device.sum(device.scratch(3, np.int32), out=arena.empty(())),
            TypeError,
            "x has dtype int32",
        ),
        (lambda: device.buffer_address(device.scratch(3)), TypeError, "buffer|bytes-like"),  # type: ignore[arg-type]
    ]
    for call, error, message in cases:
        with pytest.raises(error, match=message):
            call()
    with pytest.raises((MemoryError, zcwasm.DeviceError)):
        device.scratch(2**45)


@needs_vulkan
def test_scratch_belongs_to_one_device(vulkan: zcwasm.Device) -> None:
    there, here = vulkan.scratch(8), zcwasm.Device("cpu").scratch(8)
    with pytest.raises(ValueError, match="x lies in the memory of another device"):
        vulkan.affine(here, 1, 1, out=there)
    with pytest.raises(ValueError, match="out lies in the memory of another device"):
        vulkan.batch().affine(there, 1, 1, out=here)


# --- users' kernels: tests/test_compile.py has what every device does ---

WORDS = np.frombuffer(AFFINE, np.uint32)
FUNCTION = next(i for i in range(5, len(WORDS)) if WORDS[i] == 5 << 16 | 54)  # where the first one starts

SIGNATURE: dict[str, Any] = {
    "spirv": AFFINE,
    "name": "mine",
    "bindings": [("x", "read"), ("out", "write")],
    "params": list(PARAMS),
    "workgroup": (256, 1, 1),
}


@needs_vulkan
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"workgroup": (64, 1, 1)}, "workgroup is 64 x 1 x 1, the SPIR-V's is 256 x 1 x 1"),
        ({"workgroup": (0, 1, 1)}, "each must be 1 or more"),
        ({"workgroup": (1024, 1024, 64)}, "is too large: the device runs at most"),
        ({"workgroup": ()}, "workgroup has 0 numbers"),
        ({"bindings": [("x", "read"), ("out", "read")]}, "binding 2, out, is read, the SPIR-V may write it"),
        (
            {"bindings": [("x", "write"), ("out", "write")]},
            "binding 1, x, is written, in the SPIR-V it is read",
        ),
        ({"bindings": [("x", "read")]}, "binds a buffer at set 0, binding 2; the signature's 1 bindings"),
        (
            {"bindings": [("x", "read"), ("out", "write"), ("y", "read")]},
            "binding 3, y, the SPIR-V has no buffer",
        ),
        ({"bindings": [(c, "read") for c in "abcdefghi"]}, "bindings has 9 entries, at most 8"),
        ({"bindings": []}, "has 0 bindings"),
        ({"bindings": [("x", "reads")]}, "'reads', must be 'read', 'write' or 'read_write'"),
        (
            {"params": [("count", "uint32")]},
            "push constants of 20 bytes .*4 bytes of parameters.*SPIR-V has 60",
        ),
        ({"params": [("count", "uint64")]}, "of type 'uint64'"),
        ({"params": [("p" * 40, "uint32")]}, "a name of 1 to 31 bytes"),
        ({"params": [(f"p{i}", "uint32") for i in range(30)]}, "params has 30 entries, at most 21"),
        ({"name": ""}, "name has 1 to 63 bytes"),
        ({"name": "n" * 64}, "name has 1 to 63 bytes"),
        ({"entry_point": "other"}, '0 compute entry points named "other"'),
        ({"spirv": None, "msl": "kernel"}, "device vulkan compiles SPIR-V, and none is given"),
        ({"spirv": b""}, "0 bytes cannot be SPIR-V"),
        ({"spirv": AFFINE[:-1]}, "cannot be SPIR-V, which is whole words"),
        ({"spirv": bytes(len(AFFINE))}, "start with 0x00000000, not 0x07230203"),
        ({"spirv": AFFINE[:-4]}, "ends inside a function"),
        ({"spirv": AFFINE[: 4 * FUNCTION]}, 'entry point "main" is id [0-9]+, which is no function'),
        ({"spirv": AFFINE[: len(AFFINE) // 8 * 4]}, "kernel mine: "),
        ({"spirv": AFFINE[:4] + b"\0\0\7\0" + AFFINE[8:]}, "is SPIR-V 7.0, the device takes at most 1"),
    ],
)
def test_compile_tells_both_sides(vulkan: zcwasm.Device, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        vulkan.compile(**{**SIGNATURE, **change})


@needs_vulkan
def test_compile_arguments(vulkan: zcwasm.Device) -> None:
    compile_: Any = vulkan.compile
    for missing in ("spirv", "name", "bindings", "workgroup"):
        message = "needs glsl, spirv or msl" if missing == "spirv" else f"misses argument '{missing}'"
        with pytest.raises(TypeError, match=message):
            compile_(**{key: value for key, value in SIGNATURE.items() if key != missing})
    for wrong in (
        {"spirv": "text"},
        {"msl": b"bytes"},
        {"bindings": [("x",)]},
        {"bindings": 3},
        {"params": [3]},
        {"workgroup": "a"},
    ):
        with pytest.raises(TypeError):
            compile_(**{**SIGNATURE, **wrong})


@pytest.mark.skipif(not shutil.which("clang") and not shutil.which("cc"), reason="needs a C compiler")
def test_broken_modules_are_read_safely(tmp_path: Path) -> None:
    program = tmp_path / "test_spirv"
    compiler, sanitize = ("clang", ["-fsanitize=address,undefined"]) if shutil.which("clang") else ("cc", [])
    files = ("device/vulkan/zc_spirv.c", "base/zc_alloc.c", "base/zc_status.c")
    command = [
        compiler,
        "-std=c11",
        "-O1",
        "-g",
        *sanitize,
        "-fno-sanitize-recover=all",
        *sources.include_flags(),
        *(str(sources.CSRC / name) for name in files),
    ]
    command += [str(ROOT / "tests" / "c" / "test_spirv.c"), "-o", str(program)]
    if subprocess.run(command, capture_output=True).returncode:  # without the sanitizers' libraries
        subprocess.run([part for part in command if "sanitize" not in part], check=True)
    module = ROOT / "shaders" / "generated" / "affine.spv"
    environment = {
        key: value for key, value in os.environ.items() if key != "LD_PRELOAD"
    }  # another sanitizer's
    done = subprocess.run(
        [str(program), str(module), "20000"], capture_output=True, text=True, timeout=120, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("ok")


@needs_vulkan
def test_linear_by_packed_products() -> None:
    """Every type in blocks, rows of x in each number that goes this way, and a row that is not a number."""
    source = """
        import os, numpy as np
        os.environ["ZCWASM_VULKAN_DOT"] = "1"
        import zcwasm
        from zcwasm._selftest import reference
        device = zcwasm.Device("vulkan")
        if not device.info["packed_dot"]:
            print("none")
            raise SystemExit
        rng = np.random.default_rng(5)
        memory = zcwasm.Memory(64)
        for name, (code, block, _) in reference.WEIGHT_TYPES.items():
            # Types whose numbers alone are their own have one shape.
            shapes = ((1, 37, 4352), (2, 19, 768), (4, 9, 256))
            for rows, n, k in shapes if name in ("Q8_0", "Q4_0", "Q4_1", "Q4_K", "Q6_K") else shapes[1:2]:
                if block < 32:
                    continue
                data = [reference.random_weights(name, n, k, rng) for _ in range(2)]
                w = [reference.dequantize(name, each).astype(np.float64) for each in data]
                x = memory.array(4, (rows, k), np.float32)
                sizes = 10.0 ** rng.uniform(-30, 20, (rows, k // 32)).repeat(32, 1)
                x[...] = rng.standard_normal((rows, k)) * sizes
                x[-1, :32] = np.nan if rows > 1 else 0
                given, at = [], 131072
                for each in data:
                    part = memory.array(at, (each.nbytes + 3 & ~3,), np.uint8)
                    part[: each.nbytes] = each.reshape(-1).view(np.uint8)
                    given.append(part.view(np.uint32))
                    at += 1 << 20
                y = memory.array(at, (rows, n), np.float32)
                none = memory.array(0, (0,), np.float32)
                params = {"rows": rows, "n": n, "k": k, "ldx": k, "ldy": n, "flags": 0, "eps": 0.0}
                with device.batch() as batch:
                    batch.dispatch("linear", [x, given[0], none, none, y], {**params, "type": code})
                batch.submit().wait()
                good = rows - 1 if rows > 1 else 1
                f = x[:good].astype(np.float64)
                tops = np.abs(f).reshape(good, -1, 32).max(2)
                allowed = 2.0**-14 * tops @ np.abs(w[0]).reshape(n, -1, 32).sum(2).T
                assert (np.abs(y[:good] - f @ w[0].T) <= allowed + 1e-30).all(), (name, rows)
                assert rows == 1 or np.isnan(y[-1]).all()
                assert not np.array_equal(y[:good], (f @ w[0].T).astype(np.float32))
        print("right")
    """
    assert run_python(source).strip() in ("right", "none")
