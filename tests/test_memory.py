"""Memory: views without copies, growth in place, lifetimes."""

from __future__ import annotations

import gc
import sys

import numpy as np
import pytest
from support import basics, guest_path, resident_bytes, run_python

import zcwasm

pytestmark = pytest.mark.usefixtures("engine")  # each test with each engine that is here


def test_one_pointer() -> None:
    guest = basics()
    view = guest.memory.array(1024, (4, 8), np.float32)
    assert view.ctypes.data == guest.memory.address + 1024
    assert view.flags.writeable
    assert view.flags.c_contiguous
    assert guest.memory.address % 16384 == 0
    view[:] = 2.5
    assert guest.exports.load_f32(1024 + 4 * 31) == 2.5
    guest.exports.store(1024, 0x3F800000)
    assert view[0, 0] == 1.0


def test_nothing_is_copied() -> None:
    guest = basics()
    before = zcwasm.copy_stats()
    for _ in range(100):
        guest.memory.array(0, 100, np.int32)[:] = 1
        memoryview(guest.memory)[0] = 1
        guest.exports.add(1, 2)
        guest.memory.grow(0)
    assert zcwasm.copy_stats() == before
    guest.memory.write(0, b"12345")
    assert guest.memory.read(0, 3) == b"123"
    after = zcwasm.copy_stats()
    assert after["memory_write"] - before["memory_write"] == 5
    assert after["memory_read"] - before["memory_read"] == 3


def test_growth_keeps_views_and_address() -> None:
    guest = basics()
    memory, address = guest.memory, guest.memory.address
    view = memory.array(0, 16, np.uint8)
    whole = memoryview(memory)
    view[:] = 9
    assert guest.exports.grow(10) == 2
    assert memory.grow(5) == 12
    assert (memory.pages, memory.size, memory.address) == (17, 17 * 65536, address)
    assert (view == 9).all()
    view[:] = 3
    assert guest.exports.load(0) == 0x03030303
    assert len(whole) == 2 * 65536  # an exported buffer keeps the size it was taken with
    assert memory.array(16 * 65536, 65536, np.uint8).sum() == 0
    assert guest.exports.grow(24) == -1
    with pytest.raises(IndexError, match="cannot grow a memory of 17 pages by 24: its maximum is 40"):
        memory.grow(24)
    assert guest.exports.grow(23) == 17
    assert memory.maximum == 40


def test_views_outlive_the_instance() -> None:
    gc.collect()
    guest = basics()
    regions = zcwasm._core._region_count()
    view = guest.memory.array(16, 5, np.uint8)
    part = view[1:3]
    del guest, view
    gc.collect()
    assert bytes(part) == b"el"
    assert zcwasm._core._region_count() == regions
    del part
    gc.collect()
    assert zcwasm._core._region_count() == regions - 1


def test_close_while_a_view_is_alive() -> None:
    guest = basics()
    view = guest.memory.array(16, 5, np.uint8)
    buffer = memoryview(guest.memory)
    assert guest.memory.pins == 2
    with pytest.raises(zcwasm.InUseError, match="2 views or submissions still use"):
        guest.close()
    assert guest.exports.add(1, 2) == 3
    buffer.release()
    with pytest.raises(BufferError, match="1 view or submission still uses the"):
        guest.close()
    assert bytes(view) == b"hello"
    del view
    guest.close()
    assert guest.closed
    guest.close()


def test_use_after_close() -> None:
    guest = basics()
    add, memory, exports = guest.exports.add, guest.memory, guest.exports
    guest.close()
    for use in (
        lambda: add(1, 2),
        lambda: exports.add(1, 2),
        lambda: exports["memory"],
        lambda: guest.memory,
        lambda: guest.fuel_used,
        lambda: guest.interrupt(),
        lambda: guest.__enter__(),
    ):
        with pytest.raises(zcwasm.ClosedError, match="the instance is closed") as raised:
            use()
        assert isinstance(raised.value, ValueError)
    assert repr(guest).endswith("exports>, closed>")
    assert memory.read(16, 5) == b"hello"  # a Memory object keeps its bytes


def test_context_manager() -> None:
    with basics() as guest:
        assert guest.exports.add(1, 1) == 2
    assert guest.closed
    with basics() as guest:
        view = guest.memory.array(16, 5, np.uint8)
    assert guest.closed  # a variable of the block does not keep it open, only the bytes
    assert bytes(view) == b"hello"
    regions = zcwasm._core._region_count()
    del view
    assert zcwasm._core._region_count() == regions - 1


def test_leaving_a_block_does_not_replace_its_exception() -> None:
    guest = basics()
    view = guest.memory.array(16, 5, np.uint8)

    def leave() -> None:
        with guest:
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full") as raised:
        leave()
    assert guest.closed
    assert raised.value.__context__ is None
    assert bytes(view) == b"hello"


def test_leaving_a_block_while_the_instance_runs() -> None:
    def log(value: int) -> None:
        with guest:
            pass

    guest = basics(imports={"env": {"log": log, "pair": lambda a, b: (b, a)}})
    with pytest.raises(zcwasm.InUseError, match="the instance is running"):
        guest.exports["call log!"](1)

    def log_and_fail(value: int) -> None:
        with guest:
            raise OSError("disk full")

    guest = basics(imports={"env": {"log": log_and_fail, "pair": lambda a, b: (b, a)}})
    with pytest.raises(OSError, match="disk full"):
        guest.exports["call log!"](1)
    assert not guest.closed
    assert guest.exports.add(1, 2) == 3


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (
            (131072, 1, np.uint8),
            IndexError,
            "1 byte at offset 131072 does not lie in a memory of 131072 bytes",
        ),
        ((0, 32769, np.float32), IndexError, "131076 bytes at offset 0"),
        ((131070, 1, np.float32), IndexError, "4 bytes at offset 131070"),
        ((2**64 - 1, 1, np.uint8), IndexError, "18446744073709551615"),
        ((0, (2**40, 2**40), np.float64), IndexError, "18446744073709551615 bytes"),
        ((0, (2**62, 4), np.float64), IndexError, "bytes"),
        ((-1, 1, np.uint8), ValueError, "ptr is -1, must not be negative"),
        ((0, -1, np.uint8), ValueError, "dimension of the shape is -1"),
        ((0, (2, -3), np.uint8), ValueError, "dimension of the shape is -3"),
        ((0, 1, object), TypeError, "holds Python objects"),
        ((0, 1, [("a", "O")]), TypeError, "holds Python objects"),
        ((0, 1, "nonsense"), TypeError, "nonsense"),
        ((0.5, 1, np.uint8), TypeError, "float"),
        ((0, 1.5, np.uint8), TypeError, "float"),
        ((0, 1), TypeError, "array\\(\\) misses argument 'dtype'"),
        ((), TypeError, "array\\(\\) misses argument 'ptr'"),
        ((0, 1, np.uint8, 4), TypeError, "takes 3 positional arguments, got 4$"),
    ],
)
def test_bad_views(arguments: tuple[object, ...], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        basics().memory.array(*arguments)  # type: ignore[arg-type]


def test_views_of_any_shape_and_type() -> None:
    memory = basics().memory
    assert memory.array(16, (), "S5")[()] == b"hello"
    assert memory.array(131072, 0, np.float32).shape == (0,)
    assert memory.array(0, (2, 0, 3), np.float32).shape == (2, 0, 3)
    assert memory.array(ptr=17, shape=[2], dtype=">i2").dtype == np.dtype(">i2")
    record = memory.array(16, 1, [("a", "u1"), ("b", "<u4")])
    assert record["a"][0] == ord("h")
    with pytest.raises(TypeError, match=r"array\(\) got argument 'ptr' twice"):
        memory.array(0, 1, np.uint8, ptr=0)  # type: ignore[misc]
    with pytest.raises(TypeError, match=r"array\(\) has no argument 'size'"):
        memory.array(0, 1, np.uint8, size=0)  # type: ignore[call-arg]


def test_read_and_write_are_checked() -> None:
    memory = zcwasm.Memory(1)
    for offset, size in ((65536, 1), (65530, 7), (2**64 - 1, 2**64 - 1), (0, 65537)):
        with pytest.raises(IndexError, match="not lie in a memory of 65536 bytes"):
            memory.read(offset, size)
    with pytest.raises(IndexError):
        memory.write(65534, b"123")
    with pytest.raises(TypeError):
        memory.write(0, "text")  # type: ignore[arg-type]
    assert memory.read(65536, 0) == b""


def test_host_memory_arguments() -> None:
    assert zcwasm.Memory(0).size == 0
    for arguments in ((-1,), (65537,), (0, 65537), (2, 1)):
        with pytest.raises(ValueError, match="pages"):
            zcwasm.Memory(*arguments)
    with pytest.raises(TypeError):
        zcwasm.Memory("1")  # type: ignore[arg-type]
    memory = zcwasm.Memory(1, maximum=3)
    assert len(memory) == 65536
    assert memory.grow(2) == 1
    with pytest.raises(ValueError, match="growth is -1 pages"):
        memory.grow(-1)
    assert repr(memory).startswith("<zcwasm.Memory: 3 pages (196608 bytes) at 0x")


def test_a_module_without_memory() -> None:
    guest = zcwasm.Instance(zcwasm.Module(b"\0asm\1\0\0\0"))
    with pytest.raises(AttributeError, match="no memory"):
        _ = guest.memory


def test_dlpack() -> None:
    memory = basics().memory
    assert memory.__dlpack_device__() == (1, 0)
    view = np.from_dlpack(memory)
    assert view.dtype == np.uint8
    assert view.shape == (131072,)
    assert view.ctypes.data == memory.address
    assert memory.pins == 1


@pytest.mark.footprint
def test_a_reservation_costs_nothing() -> None:
    before = resident_bytes()
    memories = [zcwasm.Memory(1) for _ in range(100)]  # 400 GiB of address space
    assert resident_bytes() - before < 100 * 100_000
    memories[0].grow(65535)
    assert memories[0].size == 2**32
    view = memories[0].array(2**32 - 4, 1, np.uint32)
    view[0] = 7
    assert resident_bytes() - before < 100 * 100_000
    with pytest.raises(IndexError, match="maximum is 65536"):
        memories[0].grow(1)


@pytest.mark.footprint
@pytest.mark.skipif(sys.platform != "linux", reason="limits address space through RLIMIT_AS")
def test_a_limit_the_machine_cannot_reserve() -> None:
    run_python(
        """
        import resource, zcwasm
        resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
        try:
            zcwasm.Memory(1)
        except MemoryError as error:
            assert "cannot reserve 4294967296 bytes" in str(error), error
        else:
            raise SystemExit("reserved")
        zcwasm.Memory(1, maximum=10).array(0, 4, "u1")[:] = 1
        """
    )


@pytest.mark.footprint
@pytest.mark.skipif(sys.platform != "linux", reason="limits writable memory through RLIMIT_DATA")
def test_what_guests_gave_back_is_had_again_under_a_limit() -> None:
    run_python(
        """
        import gc, resource, zcwasm

        def writable():
            with open("/proc/self/status") as file:
                return 1024 * next(int(line.split()[1]) for line in file if line.startswith("VmData"))

        def give_back():
            memories = [zcwasm.Memory(31, maximum=40) for _ in range(64)]
            del memories
            gc.collect()

        give_back()
        limit = writable() + (4 << 20)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, resource.RLIM_INFINITY))
        zcwasm.Memory(80, maximum=80)
        resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        give_back()
        memory = zcwasm.Memory(1, maximum=100)
        limit = writable() + (4 << 20)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, resource.RLIM_INFINITY))
        memory.grow(80)
        before = writable()
        give = zcwasm.Memory(20, maximum=40)
        del give
        gc.collect()
        assert writable() < before + (1 << 20)
        """
    )


@pytest.mark.footprint
@pytest.mark.skipif(sys.platform != "linux", reason="reads address space from /proc")
def test_guests_that_were_closed_keep_little_address_space() -> None:
    run_python(
        """
        import gc, resource, zcwasm

        def reserved():
            with open("/proc/self/status") as file:
                return 1024 * next(int(line.split()[1]) for line in file if line.startswith("VmSize"))

        zcwasm.Memory(1)
        zcwasm._core._trim()
        before = reserved()
        memories = [zcwasm.Memory(1) for _ in range(64)]
        assert reserved() - before > 64 << 32
        del memories[32:]
        gc.collect()
        assert reserved() - before < 65 << 32  # as many spares as are in use
        memories.clear()
        gc.collect()
        assert reserved() - before < 33 << 32
        zcwasm._core._trim()
        assert reserved() - before < 64 << 20
        resource.setrlimit(resource.RLIMIT_AS, (reserved() + (256 << 20), resource.RLIM_INFINITY))
        bytearray(64 << 20)
        """
    )


@pytest.mark.footprint
def test_idle_instances_are_small() -> None:
    run_python(
        """
        import resource
        from support import basics, guest_path, resident_bytes
        import zcwasm
        page = resource.getpagesize()
        module = zcwasm.Module(guest_path("basics"))
        imports = {"env": {"log": print, "pair": print}}
        warm = [zcwasm.Instance(module, imports=imports) for _ in range(10)]
        before = resident_bytes()
        idle = [zcwasm.Instance(module, imports=imports) for _ in range(1000)]
        each = (resident_bytes() - before) / 1000
        assert each < 2 * page + 7_000, each  # the memory's header, its data
        for guest in idle:
            guest.exports.add(1, 2)
        each = (resident_bytes() - before) / 1000
        assert each < 3 * page + 7_000, each  # and a value stack
        """
    )


def test_memory_after_another_guest_is_zero() -> None:
    """A mapping that a guest gave back is used again: nothing of it is to be seen."""
    for pages in (1, 3, 1, 3, 1, 1):
        memory = zcwasm.Memory(1, maximum=20)
        assert memory.size == 65536
        memory.grow(pages - 1)
        array = memory.array(0, memory.size, np.uint8)
        assert not array.any()
        array[:] = 0xAA
        del array, memory
    kept = [zcwasm.Memory(1, maximum=20) for _ in range(100)]  # more than are kept
    for _ in range(2):
        for memory in kept:
            array = memory.array(0, memory.size, np.uint8)
            assert not array.any()
            array[:] = 0xAA
        del array, memory
        kept = [zcwasm.Memory(1, maximum=20) for _ in range(100) if kept.pop()]


@pytest.mark.footprint
def test_no_leak_over_instance_lifecycles() -> None:
    run_python(
        """
        import gc
        from support import guest_path, resident_bytes
        import numpy as np, zcwasm
        module = zcwasm.Module(guest_path("basics"))
        def life():
            guest = zcwasm.Instance(module, imports={"env": {"log": lambda v: guest, "pair": print}})
            view = guest.memory.array(0, 4, np.float32)
            guest.exports.add(1, 2)
            try:
                guest.exports.divide(1, 0)
            except zcwasm.Trap:
                pass
            guest.exports["call log!"](1)
        def lives(count):
            for _ in range(count):
                life()
            gc.collect()
        lives(2000)
        before = resident_bytes()
        lives(10000)
        grown = resident_bytes() - before
        assert zcwasm._core._region_count() == 0
        assert grown < 2_000_000, grown
        """
    )


def test_instances_without_cycles_go_at_once() -> None:
    gc.collect()
    gc.disable()
    try:
        regions = zcwasm._core._region_count()
        guest = zcwasm.Instance(
            zcwasm.Module(guest_path("basics")), imports={"env": {"log": print, "pair": print}}
        )
        guest.exports.add(1, 2)
        del guest
        assert zcwasm._core._region_count() == regions
    finally:
        gc.enable()
