"""Memory shared with other libraries, both ways, and lies about it; what is sent to other processes."""

from __future__ import annotations

import copy
import ctypes
import gc
import io
import multiprocessing
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import model_files
import numpy as np
import pytest
from conftest import Arena
from support import basics, guest_path, run_python

import zcwasm
from zcwasm import _pickling

pytestmark = pytest.mark.usefixtures("engine")  # each test with each engine that is here

HOST = (1, 0)


class Capsules:
    """What has __dlpack__ alone, as PyTorch's tensors; `old` is from before DLPack 1.0."""

    def __init__(self, array: Any, *, old: bool = False) -> None:
        self.array = array
        if old:
            self.__class__ = Old

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return HOST


class Old(Capsules):
    def __dlpack__(self) -> Any:  # type: ignore[override]
        return self.array.__dlpack__()


class Described:
    """What has __array_interface__ alone."""

    def __init__(self, array: Any, **changes: Any) -> None:
        self.array = array
        self.__array_interface__ = {**array.__array_interface__, **changes}


WRAPPERS = [Capsules, Described]


# --- device methods ---


@pytest.mark.parametrize("wrapped", WRAPPERS)
def test_what_shares_guest_memory_is_taken(
    device: zcwasm.Device, arena: Arena, wrapped: Callable[[Any], Any]
) -> None:
    rng = np.random.default_rng(1)
    a, b = arena.put(rng.random((5, 7))), arena.put(rng.random((9, 7)))
    c = arena.empty((5, 9))
    before = zcwasm.copy_stats()
    given = wrapped(c)
    assert device.matmul(wrapped(a), wrapped(b.T), out=given) is given
    assert np.allclose(c, a @ b.T, rtol=1e-5)
    # Strides and offsets: every other row from the second on; NumPy's own arrays beside it; one object twice.
    device.sum(wrapped(a[1::2]), out=c[0, :2])
    assert np.allclose(c[0, :2], a[1::2].sum(axis=1), rtol=1e-5)
    both = wrapped(a)
    device.add(both, both, out=both)
    with device.batch() as batch:
        batch.affine(both, 0.5, 1.0, out=wrapped(a))
    batch.submit().wait()
    words = wrapped(arena.put([1, 2, 3], np.int32))
    device.dispatch("fill", [words], {"count": 3, "pattern": 7})
    assert list(words.array) == [7, 7, 7]
    assert {**zcwasm.copy_stats(), "mirrored": 0} == {**before, "mirrored": 0}


@pytest.mark.parametrize("wrapped", WRAPPERS)
def test_refusals(wrapped: Callable[[Any], Any]) -> None:
    device, arena = zcwasm.Device("cpu"), Arena()
    x = arena.put(np.arange(6).reshape(2, 3))
    with pytest.raises(ValueError, match=r"^x does not lie in guest memory, and nothing is copied"):
        device.affine(wrapped(np.ones((2, 3), np.float32)), 1, 0, out=x)
    with pytest.raises(TypeError, match=r"^x has dtype float64, must be float32$"):
        device.affine(wrapped(arena.empty((2, 3), np.float64)), 1, 0, out=x)
    with pytest.raises(TypeError, match=r"^x has dtype complex64"):
        device.affine(wrapped(arena.empty((2, 3), np.complex64)), 1, 0, out=x)
    with pytest.raises(TypeError, match=r"^x has dtype bool"):
        device.affine(wrapped(arena.empty((2, 4), np.bool_)), 1, 0, out=x)
    with pytest.raises(ValueError, match=r"^x has a stride of -4 bytes on axis 1"):
        device.affine(wrapped(x[:, ::-1]), 1, 0, out=x)
    with pytest.raises(ValueError, match=r"^affine: x with shape \(2, 1\) is not C-contiguous"):
        device.affine(wrapped(x[:, :1]), 1, 0, out=arena.empty((2, 1)))
    read_only = x[:]
    read_only.flags.writeable = False
    device.affine(wrapped(read_only), 1, 0, out=x)
    with pytest.raises(ValueError, match=r"^out is written, but this view of it is read-only$"):
        device.affine(x, 1, 0, out=wrapped(read_only))
    device.fill(wrapped(np.empty((0, 3), np.float32)), 1)  # of nothing: it may lie anywhere
    device.fill(wrapped(arena.memory.array(arena.memory.size, 0, np.float32)), 1)


def test_before_dlpack_1_everything_is_read_only() -> None:
    device, x = zcwasm.Device("cpu"), Arena().put([1, 2])
    y = Arena().empty(2)
    device.affine(Capsules(x, old=True), 2, 0, out=y)
    assert list(y) == [2, 4]
    with pytest.raises(ValueError, match="out is written, but this view of it is read-only"):
        device.affine(x, 2, 0, out=Capsules(y, old=True))


def test_upload_and_download_take_any_memory() -> None:
    device = zcwasm.Device("cpu")
    scratch = device.scratch((2, 3))
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    for wrapped in WRAPPERS:
        scratch.upload(wrapped(x + 1))
        out = wrapped(np.zeros_like(x))
        assert scratch.download(out) is out
        assert np.array_equal(out.array, x + 1)
    with pytest.raises(ValueError, match="array is not C-contiguous"):
        device.scratch((3, 2)).upload(Capsules(x.T))
    with pytest.raises(ValueError, match="out is written, but this view of it is read-only"):
        scratch.download(Capsules(np.zeros_like(x), old=True))
    with pytest.raises(TypeError, match="elements of format 'd'"):
        scratch.upload(Capsules(x.astype(np.float64)))
    for dtype in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"):
        values = np.arange(6).astype(dtype)
        of_type = device.scratch(6, dtype)
        for wrapped in (np.asarray, *WRAPPERS):
            of_type.upload(wrapped(values))
            assert np.array_equal(of_type.download(np.zeros_like(values)), values)
        with pytest.raises(TypeError, match="elements of format"):
            of_type.upload(values.astype("u4" if dtype[0] != "u" else "i4"))


# --- what lies ---


class Tensor(ctypes.Structure):
    """DLTensor, as dlpack.h has it."""

    _fields_ = [
        *(("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32)),
        *(("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8)),
        *(("lanes", ctypes.c_uint16), ("shape", ctypes.POINTER(ctypes.c_int64))),
        *(("strides", ctypes.POINTER(ctypes.c_int64)), ("byte_offset", ctypes.c_uint64)),
    ]


class Versioned(ctypes.Structure):
    _fields_ = [
        *(("major", ctypes.c_uint32), ("minor", ctypes.c_uint32), ("context", ctypes.c_void_p)),
        *(("deleter", ctypes.CFUNCTYPE(None, ctypes.c_void_p)), ("flags", ctypes.c_uint64)),
        ("tensor", Tensor),
    ]


python = ctypes.pythonapi
python.PyCapsule_New.restype = ctypes.py_object
python.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
python.PyCapsule_GetPointer.restype = ctypes.c_void_p
python.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
python.PyCapsule_SetName.argtypes = [ctypes.py_object, ctypes.c_char_p]


class Liar:
    """A tensor of float32 that says whatever it is told to, in capsules without a destructor."""

    def __init__(self, array: Any, *, name: bytes = b"dltensor_versioned", **lies: Any) -> None:
        self.deleted = 0
        self.array = array
        self.managed = Versioned(major=1, minor=0)
        self.managed.deleter = Versioned._fields_[3][1](self.delete)
        self.name = name
        tensor = self.managed.tensor
        tensor.data, tensor.device_type, tensor.ndim = array.ctypes.data, 1, array.ndim
        tensor.code, tensor.bits, tensor.lanes = 2, 32, 1
        tensor.shape = (ctypes.c_int64 * max(array.ndim, 1))(*array.shape)
        for key, value in lies.items():
            if isinstance(value, tuple):
                value = (ctypes.c_int64 * len(value))(*value)
            setattr(tensor, key, value)

    def delete(self, _: int) -> None:
        self.deleted += 1

    def __dlpack__(self, **_: Any) -> Any:
        return python.PyCapsule_New(ctypes.addressof(self.managed), self.name, None)


def test_a_capsule_is_deleted_once() -> None:
    device, x = zcwasm.Device("cpu"), Arena().put([1, 2, 3])
    honest = Liar(x)
    device.affine(honest, 2, 0, out=honest)  # one object in two places is asked once
    assert (list(x), honest.deleted) == ([2, 4, 6], 1)
    refused = Liar(x, bits=16)
    with pytest.raises(TypeError, match="float16"):
        device.fill(refused, 1)
    assert refused.deleted == 1
    with pytest.raises(TypeError, match="unused, but used_dltensor_versioned"):
        device.fill(Liar(x, name=b"used_dltensor_versioned"), 1)
    held = Liar(np.zeros(3, np.float32))
    device.scratch(3).upload(held)
    assert held.deleted == 1


FAR = 1 << 62
LIES = {
    "before its memory": ({"data": lambda x: x.ctypes.data - 4096 * 65536}, "does not lie in guest memory"),
    "nowhere": ({"data": None}, "does not lie in guest memory"),
    "a byte late": ({"byte_offset": 1}, "not a multiple of 4"),
    "far late": ({"byte_offset": FAR}, "does not lie in guest memory"),
    "around the end": ({"byte_offset": (1 << 64) - 8}, "spans more than"),
    "longer": ({"shape": (1 << 30,)}, "does not lie in guest memory"),
    "longest": ({"shape": (FAR,)}, "spans more than"),
    "strides": ({"strides": (1 << 30,)}, "does not lie in guest memory"),
    "backwards": ({"strides": (-1,)}, "a stride of -4 bytes"),
    "long strides": ({"strides": (FAR,)}, "spans more than"),
    "negative": ({"shape": (-3,)}, "-3 elements on axis 0"),
    "no shape": ({"shape": None}, "1 axes, must have a shape"),
    "no axes": ({"ndim": -1}, "-1 axes"),
    "many axes": ({"ndim": 17}, "17 axes"),
    "sides that overflow": ({"ndim": 3, "shape": (FAR, FAR, FAR)}, "spans more than"),
    "a GPU": ({"device_type": 2}, "lies on a device"),
    "vectors": ({"lanes": 4}, "another type of DLPack"),
    "bits": ({"bits": 33}, "another type of DLPack"),
    "bfloat16": ({"code": 4, "bits": 16}, "dtype bfloat16"),
}


@pytest.mark.parametrize("lie", LIES)
def test_lies_lead_nowhere(lie: str) -> None:
    changes, message = LIES[lie]
    device, arena = zcwasm.Device("cpu"), Arena()
    x = arena.put([1, 2, 3])
    changes = {key: value(x) if callable(value) else value for key, value in changes.items()}
    liar = Liar(x, **changes)
    with pytest.raises((ValueError, TypeError, OverflowError), match=message):
        device.fill(liar, 9)
    assert (list(x), liar.deleted) == ([1, 2, 3], 1)


def test_no_strides_and_no_elements() -> None:
    device, x = zcwasm.Device("cpu"), Arena().put(np.zeros((2, 3)))
    device.fill(Liar(x, strides=None), 4)
    assert (x == 4).all()
    device.fill(Liar(x, shape=(0, FAR), data=None, strides=(FAR, FAR)), 5)
    assert (x == 4).all()


def raises(error: BaseException) -> Any:
    def method(self: object, **_: Any) -> Any:
        raise error

    return method


@pytest.mark.parametrize(
    ("attributes", "error", "message"),
    [
        ({"__dlpack__": lambda self, **_: 1}, TypeError, "no capsule of DLPack that is unused, but int"),
        ({"__dlpack__": raises(BufferError("not now"))}, ValueError, "^out gives no view .*: not now"),
        ({"__dlpack__": raises(KeyboardInterrupt("now"))}, KeyboardInterrupt, "now"),
        ({"__dlpack__": 3}, TypeError, "not callable"),
        ({"__dlpack_c_exchange_api__": 3}, TypeError, "must be an array of float32"),
        ({"requires_grad": True}, ValueError, r"out requires grad, .* out.detach\(\)"),
        ({"is_neg": lambda self: True}, ValueError, r"out is negated .* out.resolve_neg\(\)"),
        ({"requires_grad": property(raises(OSError("gone")))}, OSError, "gone"),
        ({"__array_interface__": 5}, TypeError, "must be a dict whose 'data' is a tuple"),
        ({"__array_interface__": {"data": b"abc"}}, TypeError, "must be a dict whose 'data' is a tuple"),
        ({"__array_interface__": property(raises(KeyError("no")))}, KeyError, "no"),
    ],
)
def test_hostile_objects(attributes: dict[str, Any], error: type[BaseException], message: str) -> None:
    with pytest.raises(error, match=message):
        zcwasm.Device("cpu").fill(type("Hostile", (), attributes)(), 1)
    assert zcwasm.Device("cpu").fill(x := Arena().empty(3), 1) is x


def test_interfaces_that_lie() -> None:
    device, arena = zcwasm.Device("cpu"), Arena()
    x = arena.put(np.zeros(4))
    end = arena.memory.address + arena.memory.size
    for changes, message in (
        ({"data": (end - 8, False)}, "does not lie in guest memory"),
        ({"data": (0, False)}, "does not lie in guest memory|NULL"),
        ({"shape": (1 << 40,)}, "does not lie in guest memory"),
        ({"shape": (-1,)}, "negative dimensions|span"),
        ({"strides": (1 << 40,)}, "does not lie in guest memory"),
        ({"typestr": "|O"}, "elements of type object"),
        ({"typestr": ">f4"}, "elements of type >f4"),
        ({"data": (x.ctypes.data, True)}, "read-only"),
    ):
        with pytest.raises((ValueError, TypeError, OverflowError), match=message):
            device.fill(Described(x, **changes), 1)
    assert (x == 0).all()


def test_an_object_that_changes_the_world_meanwhile() -> None:
    """__dlpack__ is Python, which may grow memories, close instances and collect garbage."""
    guest = basics()
    device, x = zcwasm.Device("cpu"), guest.memory.array(1024, 3, np.float32)

    class Busy(Capsules):
        def __dlpack__(self, **options: Any) -> Any:
            guest.memory.grow(1)
            guest.__exit__(None, None, None)
            gc.collect()
            return super().__dlpack__(**options)

    device.affine(x, 0, 3, out=Busy(x))
    assert list(x) == [3, 3, 3]
    assert guest.closed


# --- memory and weights, for others ---


def pins_after(memory: zcwasm.Memory, count: int) -> int:
    gc.collect()
    assert memory.pins == count
    return count


def test_memory_as_a_capsule() -> None:
    guest = basics()
    memory, address = guest.memory, guest.memory.address
    assert memory.__dlpack_device__() == HOST
    del guest
    pins_after(memory, 0)
    for options in ({}, {"max_version": (1, 1)}, {"max_version": None, "dl_device": HOST, "copy": False}):
        capsule = memory.__dlpack__(**options)
        pins_after(memory, 1)
        del capsule  # which nobody has imported
        pins_after(memory, 0)
    view = np.from_dlpack(memory)
    assert (view.dtype, view.shape, view.ctypes.data) == (np.uint8, (131072,), address)
    memory.grow(1)
    view[5] = 7
    assert memory.read(5, 1) == b"\7"
    assert np.from_dlpack(memory).shape == (3 * 65536,)
    closed = basics()
    other = np.from_dlpack(closed.memory)
    with pytest.raises(zcwasm.InUseError):
        closed.close()
    with closed:
        pass
    other[:] = 1  # the bytes are there as long as the view
    assert np.from_dlpack(zcwasm.Memory(0)).shape == (0,)


def test_what_an_export_refuses() -> None:
    memory = zcwasm.Memory(1)
    memory.write(0, b"abc")
    with pytest.raises(ValueError, match="stream is 1, must be None"):
        memory.__dlpack__(stream=1)  # type: ignore[arg-type]
    with pytest.raises(BufferError, match=r"device \(2, 0\) is asked for"):
        memory.__dlpack__(dl_device=(2, 0))
    with pytest.raises(TypeError, match="max_version must be a tuple of two integers"):
        memory.__dlpack__(max_version=1)  # type: ignore[arg-type]
    before = zcwasm.copy_stats()["memory_read"]
    for version in (None, (1, 0)):
        capsule = memory.__dlpack__(copy=True, max_version=version)
        pins_after(memory, 0)
        assert capsule
    assert zcwasm.copy_stats()["memory_read"] == before + 2 * 65536


def test_a_deleter_needs_neither_its_thread_nor_the_lock() -> None:
    memory = zcwasm.Memory(1)
    for name, options in ((b"dltensor", {}), (b"dltensor_versioned", {"max_version": (1, 0)})):
        capsule = memory.__dlpack__(**options)
        pointer = python.PyCapsule_GetPointer(capsule, name)
        at = 8 if options else ctypes.sizeof(Tensor)  # of the context, and behind it the deleter
        deleter = ctypes.c_void_p.from_address(pointer + at + 8).value
        used = b"used_" + name
        python.PyCapsule_SetName(capsule, used)
        del capsule
        pins_after(memory, 1)
        without_the_lock = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(deleter)
        thread = threading.Thread(target=without_the_lock, args=(pointer,))
        thread.start()
        thread.join()
        pins_after(memory, 0)


def test_weights(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(model_files.safetensors())
    weights = zcwasm.Weights(path)
    shared = 0
    for tensor in weights.tensors.values():
        if tensor.type == "BF16":
            assert tensor.__dlpack__(max_version=(1, 0))
        elif tensor.type in ("F32", "F16"):
            with pytest.raises(BufferError, match=r"read-only, .* max_version=\(1, 0\)"):
                tensor.__dlpack__()
            view = np.from_dlpack(tensor)
            assert (view.shape, view.flags.writeable) == (tensor.shape, False)
            assert np.array_equal(view, tensor.array(), equal_nan=True)
            shared += 1
    assert shared


def test_blocks_of_weights_are_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(model_files.gguf())
    blocks = [each for each in zcwasm.Weights(path).tensors.values() if each.type[0] == "Q"]
    assert blocks
    with pytest.raises(BufferError, match=r"has blocks of Q.*array\(\) has the bytes"):
        blocks[0].__dlpack__(max_version=(1, 0))


def test_a_device_shares_its_memory(device: zcwasm.Device) -> None:
    """On metal an MTLBuffer, which tests/test_metal_sim.py looks at."""
    arena = Arena()
    x = arena.put(np.arange(12).reshape(3, 4))
    if device.kind == "vulkan":
        with pytest.raises(ValueError, match="a vulkan device has no memory that other libraries take"):
            device.share(x)
        return
    shared = device.share(x[1:, ::2])
    pins = arena.memory.pins
    assert device.share(Capsules(x)).__dlpack_device__() == shared.__dlpack_device__()
    assert arena.memory.pins == pins  # that of the other one is gone
    for wrong, error, message in (
        (np.ones(3), ValueError, "array does not lie in guest memory"),
        (x[:, ::-1], ValueError, "strides that are negative"),
        (arena.memory.array(0, 3, "S3"), TypeError, "elements of format '3s', which DLPack does not have"),
        (arena.memory.array(0, (1,) * 17, "u1"), ValueError, "17 axes, at most 16"),
        (3, TypeError, "array must be an array in guest memory, not int"),
    ):
        with pytest.raises(error, match=message):
            device.share(wrong)  # type: ignore[arg-type]
    with pytest.raises(BufferError, match="shared, not copied"):
        shared.__dlpack__(copy=True)
    if device.kind == "metal":
        return
    assert shared.__dlpack_device__() == HOST
    view = np.from_dlpack(shared)
    assert view.ctypes.data == x[1:, ::2].ctypes.data
    assert view.tolist() == [[4, 6], [8, 10]]
    scratch = device.scratch(3).upload(np.array([1, 2, 3], np.float32))
    assert np.from_dlpack(device.share(scratch)).tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="memory of another device"):
        zcwasm.Device("cpu", threads=1).share(scratch)
    for dtype in ("i1", "u2", "f2", "f4", "f8", "i8", "u8", "c8", "c16", "?"):
        some = arena.memory.array(4096, (2, 3), dtype)
        assert np.from_dlpack(device.share(some)).dtype == np.dtype(dtype)
    some.flags.writeable = False
    assert not np.from_dlpack(device.share(some)).flags.writeable
    assert np.from_dlpack(device.share(arena.memory.array(0, (0, 3), "f4"))).shape == (0, 3)


# --- PyTorch, JAX, Arrow ---


def library(name: str) -> Any:
    return pytest.importorskip(name, reason=f"{name} is not here, so sharing with it is not tested")


def test_torch() -> None:
    torch = library("torch")
    device, guest = zcwasm.Device("cpu"), basics()
    arrays = [guest.memory.array(65536 + 4096 * i, (5, 6), np.float32) for i in range(3)]
    x, y, z = (torch.from_dlpack(each) for each in arrays)
    assert x.data_ptr() == guest.memory.address + 65536
    arrays[0][:] = 1.5
    y[:] = 2  # PyTorch writes, NumPy and the guest read
    assert guest.exports.load_f32(65536 + 4096) == 2
    assert device.add(x, y, out=z) is z
    assert (z == 3.5).all()
    assert (arrays[2] == 3.5).all()
    square = torch.from_dlpack(guest.memory.array(4096, (5, 5), np.float32))
    device.matmul(x, y.t(), out=square)
    assert torch.allclose(square, x @ y.t())
    device.fill(z[1:3], 7)  # contiguous, at an offset
    assert z[:, 0].tolist() == [3.5, 7, 7, 3.5, 3.5]
    words = torch.from_dlpack(guest.memory.array(0, 4, np.int32))
    device.fill(words, -3)
    assert words.tolist() == [-3] * 4
    for wrong, message in {
        (x.clone(),): "does not lie in guest memory",
        (x.to(torch.bfloat16),): "dtype bfloat16",
        (x > 1,): "dtype bool",
        (torch.view_as_complex(z.view(5, 3, 2)),): "dtype complex64",
        (torch.imag(torch.view_as_complex(z.view(5, 3, 2)).conj()),): "negated",
        (x.clone().requires_grad_(),): "requires grad",
        (torch.nn.Parameter(x),): "requires grad",
        (z.t(),): "not C-contiguous",
        (z.to_sparse(),): "sparse|strided",
        (torch.empty(3, device="meta"),): "meta",
    }.items():
        with pytest.raises((TypeError, ValueError, RuntimeError, NotImplementedError), match=message):
            device.fill(wrong[0], 0)
    device.fill(torch.nn.Parameter(x).detach(), 4)
    assert (arrays[0] == 4).all()
    device.fill(torch.empty((0, 3)), 1)
    memory = guest.memory
    memory.grow(1)  # the base stays
    assert x.data_ptr() == memory.address + 65536
    del arrays, y, z, words, square, wrong
    with pytest.raises(zcwasm.InUseError):
        guest.close()
    with guest:
        pass
    assert (x == 4).all()
    del x
    pins_after(memory, 0)
    whole = torch.from_dlpack(memory)
    assert (whole.dtype, whole.shape) == (torch.uint8, (memory.size,))
    half = whole[: 2 * 64].view(torch.bfloat16)  # what NumPy has no type for
    half[:] = 1
    assert memory.read(0, 2) == b"\x80\x3f"
    scratch = device.scratch(3).upload(torch.tensor([1.0, 2.0, 3.0]))
    out = torch.zeros(3)
    assert scratch.download(out).tolist() == [1, 2, 3]


def test_torch_reads_weights(tmp_path: Path) -> None:
    torch = library("torch")
    path = tmp_path / "model.safetensors"
    path.write_bytes(model_files.safetensors())
    types = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
    read = 0
    for tensor in zcwasm.Weights(path).tensors.values():
        if tensor.type in types:
            shared = torch.from_dlpack(tensor)
            assert (shared.dtype, tuple(shared.shape)) == (types[tensor.type], tensor.shape)
            raw = tensor.array().tobytes()
            assert shared.contiguous().flatten().view(torch.uint8).numpy().tobytes() == raw
            read += 1
    assert read


def test_jax() -> None:
    jax = library("jax")
    device, arena = zcwasm.Device("cpu"), Arena()
    x = arena.memory.array(4096, (4, 16), np.float32)  # JAX shares what begins at a multiple of 64
    x[:] = np.arange(64).reshape(4, 16)
    shared = jax.numpy.from_dlpack(x)
    assert shared.unsafe_buffer_pointer() == x.ctypes.data
    y = arena.empty((4, 16))
    device.affine(shared, 2, 0, out=y)
    assert np.array_equal(y, 2 * x)
    assert float(shared.sum()) == x.sum()
    with pytest.raises((ValueError, TypeError), match="read-only"):
        device.fill(shared, 1)
    with pytest.raises(ValueError, match="does not lie in guest memory"):
        device.affine(jax.numpy.ones((4, 16)), 2, 0, out=y)
    scratch = device.scratch((4, 16)).upload(shared)
    assert np.array_equal(scratch.download(np.zeros_like(x)), x)
    bytes_of_all = jax.numpy.from_dlpack(arena.memory)
    assert bytes_of_all.shape == (arena.memory.size,)


def test_arrow() -> None:
    arrow = library("pyarrow")
    device, arena = zcwasm.Device("cpu"), Arena()
    x = arena.put([1, 2, 3, 4])
    shared = arrow.array(x)
    assert shared.buffers()[1].address == x.ctypes.data
    y = arena.empty(4)
    device.affine(shared, 2, 0, out=y)
    device.affine(shared.slice(1, 2), 10, 0, out=y[:2])
    assert list(y) == [20, 30, 6, 8]
    with pytest.raises(ValueError, match="read-only"):
        device.fill(shared, 1)
    with pytest.raises(ValueError, match="does not lie in guest memory"):
        device.affine(arrow.array(np.ones(4, np.float32)), 2, 0, out=y)
    memory = arena.memory
    pins = memory.pins
    table = arrow.table({"x": arrow.Array.from_buffers(arrow.float32(), 4, [None, arrow.py_buffer(x)])})
    assert table["x"].to_pylist() == [1, 2, 3, 4]
    x[0] = 5  # Arrow takes arrays for constant; the guest need not
    assert table["x"][0].as_py() == 5
    assert memory.pins == pins
    whole = arrow.py_buffer(memory)
    assert (whole.address, whole.size, memory.pins) == (memory.address, memory.size, pins + 1)


# --- other processes ---


def run_in_child(modules: list[zcwasm.Module]) -> list[Any]:
    first = modules[0]
    answers = [first is modules[1], first is modules[2], first.name]
    imports = {"env": {"log": int, "pair": lambda: (1, 2)}}
    return [*answers, zcwasm.Instance(first, imports=imports).exports.add(2, 3)]


def test_a_module_in_another_process() -> None:
    path = guest_path("basics")
    modules = [zcwasm.Module(path), zcwasm.Module(path.read_bytes()), zcwasm.Module(b"\0asm\1\0\0\0")]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        # A child that cannot read its task ends, and nobody would be told.
        assert pool.apply_async(run_in_child, (modules,)).get(timeout=60) == [True, False, str(path), 5]


def test_a_pickled_module_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data = guest_path("basics").read_bytes()
    module = zcwasm.Module(data)
    assert copy.copy(module) is copy.deepcopy(module) is module
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(module, protocol)).exports == module.exports
    made = [_pickling.module_of(data + custom_section(i), None) for i in range(3)]
    assert _pickling.module_of(data + custom_section(1), None) is made[1]
    monkeypatch.setattr(_pickling, "MOST", 2)
    kept = _pickling.module_of(data + custom_section(0), "a name that comes too late")
    assert kept is made[0]
    assert kept.name is None
    digests = [each.sha256 for each in made]
    assert list(_pickling._recent) == [digests[1], digests[0]]  # the last two that were asked for
    del made, kept
    gc.collect()
    assert digests[2] not in _pickling._live
    monkeypatch.setattr(_pickling, "MOST_BYTES", 1)
    last = _pickling.module_of(data, None)
    assert list(_pickling._recent) == [last.sha256]
    with pytest.raises(zcwasm.CompileError):
        pickle.loads(pickle.dumps(module).replace(b"\0asm\1", b"\0asm\2"))


def test_a_signal_handler_unpickles_in_the_middle_of_unpickling() -> None:
    program = f"""
        import pickle, signal, sys, zcwasm
        from zcwasm import _pickling
        data = open({str(guest_path("basics"))!r}, "rb").read()
        other = pickle.dumps(zcwasm.Module(data + {custom_section(7)!r}))
        found = []
        signal.signal(signal.SIGUSR1, lambda *_: found.append(pickle.loads(other)))

        class Recent(type(_pickling._recent)):
            def move_to_end(self, key):
                super().move_to_end(key)
                if len(self) == 1:
                    signal.raise_signal(signal.SIGUSR1)

        _pickling._recent = Recent()
        found.append(_pickling.module_of(data, None))
        print(*(module.name for module in found))
    """
    assert run_python(program, timeout=60) == "None None\n"


def custom_section(number: int) -> bytes:
    return bytes([0, 3, 1, ord("n"), number])


def test_threads_that_unpickle_wait_for_one_module() -> None:
    data = pickle.dumps(zcwasm.Module(guest_path("basics").read_bytes() + custom_section(9)))
    gc.collect()
    found: list[zcwasm.Module] = []
    threads = [threading.Thread(target=lambda: found.append(pickle.loads(data))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({id(module) for module in found}) == 1


def test_what_an_instance_is_granted_pickles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = zcwasm.Limits(fuel=5, deadline=1.5)
    assert pickle.loads(pickle.dumps(limits)) == limits
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    wasi = zcwasm.Wasi(args=["a", b"b"], env={"A": "1"}, stdin=b"in", stdout="inherit", dirs={"/d": "here"})
    again = pickle.loads(pickle.dumps(wasi))
    monkeypatch.chdir("/")
    assert pickle.loads(pickle.dumps(again))._given == wasi._given
    with pytest.raises(TypeError, match="cannot pickle a Wasi whose stdout is BytesIO"):
        pickle.dumps(zcwasm.Wasi(stdout=io.BytesIO()))
    with pytest.raises(TypeError, match="cannot pickle a Wasi whose stderr is int"):
        pickle.dumps(zcwasm.Wasi(stderr=2))


def test_exceptions_pickling() -> None:
    with pytest.raises(zcwasm.Trap) as trapped:
        basics().exports.divide(1, 0)
    trap = pickle.loads(pickle.dumps(trapped.value))
    assert (trap.kind, trap.backtrace) == (trapped.value.kind, trapped.value.backtrace)
    assert str(trap) == str(trapped.value)


def test_the_child_of_a_fork_has_a_lock_of_its_own() -> None:
    said = run_python(
        "import os, zcwasm\n"
        "from zcwasm import _pickling\n"
        "with _pickling._lock:\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        _pickling.module_of(b'\\0asm\\1\\0\\0\\0', None)\n"
        "        os._exit(7)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )
    assert said.strip() == "7"
