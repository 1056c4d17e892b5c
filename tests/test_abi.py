"""The import module "zcwasm": what a guest can do with it, and what it is told when it does it wrong."""

from __future__ import annotations

import logging
import struct
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import guest_path

import zcwasm

EINVAL, EFAULT, EBADF, ENOENT, ENOMEM, EBOUNDS, EACCES, EBUSY, ETIMEDOUT, EIO, EOVERFLOW, ENOSYS = range(
    1, 13
)
WHOLE = 2**64 - 1

pytestmark = pytest.mark.usefixtures("engine")


class Guest:
    """tests/guests/abi.c with its memory laid out: names and descriptors low, arrays from `data` on."""

    def __init__(self, device: zcwasm.Device | None = None, **options: Any) -> None:
        options.setdefault("inputs", {"numbers": np.arange(16, dtype=np.uint8)})
        options.setdefault("weights", None)
        grants = {name: value for name, value in options.items() if value is not None}
        if "weights" not in grants:  # the guest imports everything
            grants.setdefault("imports", {"zcwasm": {"tensor": lambda *_: -7, "tensor_info": lambda *_: -7}})
        self.instance = zcwasm.Instance(zcwasm.Module(guest_path("abi")), device=device, **grants)
        self.exports = self.instance.exports
        self.memory = self.instance.memory
        self.base = self.exports.memory_at()
        self.data = self.base + 65536
        self.used = self.data

    def put(self, values: Any, dtype: Any = np.float32) -> tuple[int, np.ndarray]:
        values = np.asarray(values, dtype)
        at = self.used
        self.used += values.nbytes + 4
        array = self.memory.array(at, values.shape, dtype)
        array[...] = values
        return at, array

    def text(self, text: str | bytes) -> tuple[int, int]:
        encoded = text.encode() if isinstance(text, str) else text
        self.memory.write(self.base, encoded)
        return self.base, len(encoded)

    def kernel(self, name: str) -> int:
        return int(self.exports.kernel(*self.text(name)))

    def record(self, kernel: str, ranges: list[tuple[int, int, int]], params: bytes, into: int = 0) -> int:
        """ranges: (handle, offset, length)."""
        handle = self.kernel(kernel)
        packed = b"".join(struct.pack("<iIQQ", h, 0, offset, length) for h, offset, length in ranges)
        self.memory.write(self.base + 1024, packed)
        self.memory.write(self.base + 4096, params)
        return int(
            self.exports.dispatch(into, handle, self.base + 1024, len(ranges), self.base + 4096, len(params))
        )

    def affine(self, x: int, out: int, n: int, scale: float, shift: float, sequence: int = 0) -> int:
        return self.record(
            "affine", [(0, x, 4 * n), (0, out, 4 * n)], struct.pack("<Iff", n, scale, shift), sequence
        )

    def error(self) -> str:
        size = self.exports.error_text(self.base, 512)
        return bytes(self.memory.read(self.base, size)).decode()


@pytest.fixture
def guest(device: zcwasm.Device) -> Guest:
    return Guest(device)


def test_version(guest: Guest) -> None:
    assert guest.exports.abi_version() == 1


def test_record_and_run(guest: Guest) -> None:
    at, x = guest.put(np.arange(1000))
    out_at, out = guest.put(np.zeros(1000))
    assert guest.affine(at, out_at, 1000, 2, 1) == 0
    assert guest.affine(out_at, at, 1000, 1, 1) == 1
    assert guest.exports.run() == 0
    assert (out == np.arange(1000) * 2 + 1).all()
    assert (x == np.arange(1000) * 2 + 2).all()
    assert guest.exports.run() == 0  # nothing recorded: nothing happens
    assert (x == np.arange(1000) * 2 + 2).all()


def test_submit_poll_wait(guest: Guest) -> None:
    at, x = guest.put(np.arange(100))
    assert guest.affine(at, at, 100, 2, 0) == 0
    submission = guest.exports.submit()
    assert submission > 0
    while not guest.exports.poll(submission):
        pass
    assert guest.exports.wait(submission, 0) == 0
    assert (x == np.arange(100) * 2).all()
    assert guest.exports.wait(submission, 0) == -EBADF
    assert guest.exports.poll(submission) == -EBADF
    assert guest.affine(at, at, 100, 2, 0) == 0
    assert guest.exports.submit_and_wait() == 0
    assert (x == np.arange(100) * 4).all()


def test_discard(guest: Guest) -> None:
    at, x = guest.put(np.ones(10))
    assert guest.affine(at, at, 10, 2, 0) == 0
    assert guest.exports.discard() == 0
    assert guest.exports.run() == 0
    assert (x == 1).all()


def test_sequence_replays_with_new_parameters(guest: Guest) -> None:
    at, x = guest.put(np.ones(64))
    sequence = guest.exports.sequence_new()
    assert sequence > 0
    assert guest.affine(at, at, 64, 2, 0, sequence) == 0
    assert guest.affine(at, at, 64, 1, 1, sequence) == 1
    assert guest.exports.sequence_run(sequence) == -EINVAL  # not sealed
    assert guest.exports.sequence_seal(sequence) == 0
    assert guest.affine(at, at, 64, 2, 0, sequence) == -EINVAL
    expected = np.ones(64)
    for _ in range(3):
        assert guest.exports.sequence_run(sequence) == 0
        expected = expected * 2 + 1
        assert (x == expected).all()
    # Fewer elements, then as many as before; more than the range has is refused and changes nothing.
    for count in (3, 64):
        guest.memory.write(guest.base, struct.pack("<I", count))
        assert guest.exports.sequence_params(sequence, 1, 0, guest.base, 4) == 0
        assert guest.exports.sequence_run(sequence) == 0
        expected = expected * 2
        expected[:count] += 1
        assert (x == expected).all()
    guest.memory.write(guest.base, struct.pack("<I", 65))
    assert guest.exports.sequence_params(sequence, 1, 0, guest.base, 4) == -EBOUNDS
    assert "65" in guest.error() or "260" in guest.error()
    submission = guest.exports.sequence_submit(sequence)
    assert guest.exports.wait(submission, -1) == 0
    assert (x == expected * 2 + 1).all()
    assert guest.exports.sequence_free(sequence) == 0
    assert guest.exports.sequence_run(sequence) == -EBADF


def test_sequence_submitted_while_in_flight(guest: Guest) -> None:
    at, x = guest.put(np.zeros(1024))
    sequence = guest.exports.sequence_new()
    for _ in range(10):
        assert guest.affine(at, at, 1024, 1, 1, sequence) >= 0
    assert guest.exports.sequence_seal(sequence) == 0
    submissions = [guest.exports.sequence_submit(sequence) for _ in range(20)]
    assert min(submissions) > 0
    assert len(set(submissions)) == 20
    assert guest.exports.sequence_free(sequence) == 0  # the work holds what it uses
    for submission in reversed(submissions):
        assert guest.exports.wait(submission, -1) == 0
    assert (x == 200).all()


def test_scratch(guest: Guest) -> None:
    at, x = guest.put(np.arange(256))
    scratch = guest.exports.scratch_new(1024)
    assert scratch > 0
    double = struct.pack("<Iff", 256, 2, 0)
    assert guest.record("affine", [(0, at, 1024), (scratch, 0, WHOLE)], double) == 0
    assert guest.record("affine", [(scratch, 0, 1024), (0, at, 1024)], double) == 1
    assert guest.exports.scratch_free(scratch) == -EBUSY
    assert guest.exports.run() == 0
    assert (x == np.arange(256) * 4).all()
    assert guest.record("affine", [(scratch, 4, 1024), (0, at, 1024)], double) == -EBOUNDS
    assert guest.exports.scratch_free(scratch) == 0
    assert guest.exports.scratch_free(scratch) == -EBADF
    assert guest.record("affine", [(scratch, 0, 1024), (0, at, 1024)], double) == -EBADF
    assert guest.exports.scratch_new(2**62) == -ENOMEM


def test_mirror(guest: Guest) -> None:
    """Bytes of the guest's memory in scratch, behind what was submitted before, and counted."""
    at, x = guest.put(np.arange(1000))
    back_at, back = guest.put(np.zeros(1000))
    scratch = guest.exports.scratch_new(4096)
    before = zcwasm.copy_stats()
    for _ in range(20):
        assert guest.affine(at, at, 1000, 1, 1) >= 0
    submission = guest.exports.submit()
    assert guest.exports.mirror(scratch, 8, at, 4000) == 0
    assert guest.exports.wait(submission, -1) == 0
    x[...] = 0  # not seen: the mirror is a copy
    same = struct.pack("<Iff", 1000, 1, 0)
    assert guest.record("affine", [(scratch, 8, 4000), (0, back_at, 4000)], same) == 0
    assert guest.exports.run() == 0
    assert np.array_equal(back, np.arange(1000) + 20)
    x[...] = 7
    assert guest.exports.mirror(scratch, 9, at + 1, 3) == 0  # at no alignment
    assert guest.record("affine", [(scratch, 8, 4000), (0, back_at, 4000)], same) == 0
    assert guest.exports.run() == 0
    raw = (np.arange(1000) + 20).astype(np.float32)
    raw.view(np.uint8)[1:4] = x.view(np.uint8)[1:4]
    assert back.tobytes() == raw.tobytes()
    assert zcwasm.copy_stats()["mirrored"] - before["mirrored"] == 4003


def test_what_mirror_refuses(guest: Guest) -> None:
    at, _ = guest.put(np.arange(16))
    scratch = guest.exports.scratch_new(64)
    size = guest.memory.size
    mirror, before = guest.exports.mirror, zcwasm.copy_stats()["mirrored"]
    assert mirror(scratch, 0, at, 65) == -EBOUNDS
    assert "65" in guest.error()
    for offset, length in ((1, 64), (64, 1), (2**63, 2**63), (2**64 - 1, 2), (0, 2**64 - 1)):
        assert mirror(scratch, offset, at, length) == -EBOUNDS
    assert mirror(scratch, 0, size - 63, 64) == -EFAULT
    assert mirror(scratch, 0, 2**32 - 1, 64) == -EFAULT
    for handle in (0, -1, 12345, guest.kernel("affine"), guest.exports.sequence_new()):
        assert mirror(handle, 0, at, 4) == -EBADF
    assert mirror(scratch, 64, at, 0) == 0
    assert guest.exports.scratch_free(scratch) == 0
    assert mirror(scratch, 0, at, 4) == -EBADF
    assert zcwasm.copy_stats()["mirrored"] == before


def test_inputs_and_outputs(guest: Guest) -> None:
    before = zcwasm.copy_stats()
    assert guest.exports.input_size(*guest.text("numbers")) == 16
    name = guest.text("numbers")
    assert guest.exports.input_read(*name, 4, guest.data, 8) == 8
    assert bytes(guest.memory.read(guest.data, 8)) == bytes(range(4, 12))
    assert guest.exports.input_read(*name, 12, guest.data, 100) == 4
    assert guest.exports.input_read(*name, 2**63, guest.data, 100) == 0
    assert guest.exports.input_size(*guest.text("none")) == -ENOENT
    assert guest.exports.output_write(*guest.text("answer"), guest.data, 4) == 0
    assert guest.instance.outputs == {"answer": bytes(range(12, 16))}
    assert guest.exports.output_write(*guest.text("answer"), guest.data + 4, 2) == 0
    assert guest.instance.outputs == {"answer": bytes(range(8, 10))}
    after = zcwasm.copy_stats()
    assert after["inputs"] - before["inputs"] == 12
    assert after["outputs"] - before["outputs"] == 6 + 6


def test_log_and_clock(guest: Guest, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "zcwasm.guest"):
        assert guest.exports.log(2, *guest.text("hello äöü %s")) == 0
        assert guest.exports.log(4, *guest.text("no such level")) == -EINVAL
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "hello äöü %s")
    ]
    first = guest.exports.clock()
    assert first <= guest.exports.clock() <= time.monotonic_ns() + 10**9


@pytest.mark.parametrize(
    ("grants", "missing"),
    [
        ({}, "device="),
        ({"device": True}, "weights="),
    ],
)
def test_what_is_not_granted_does_not_link(grants: dict[str, Any], missing: str) -> None:
    options: dict[str, Any] = {"device": zcwasm.Device("cpu")} if grants.get("device") else {}
    with pytest.raises(zcwasm.LinkError, match=f"not granted: the guest needs {missing}"):
        zcwasm.Instance(zcwasm.Module(guest_path("abi")), **options)


def test_deadline_and_interrupt_end_a_wait(device: zcwasm.Device) -> None:
    # The deadline is each call's: what sets up is many short ones.
    guest = Guest(device, limits=zcwasm.Limits(deadline=1))
    at, _ = guest.put(np.zeros(65536))
    sequence = guest.exports.sequence_new()
    kernel = guest.kernel("affine")
    guest.affine(at, at, 65536, 1, 1, sequence)
    for _ in range(100):
        assert (
            guest.exports.dispatch_many(sequence, kernel, guest.base + 1024, 2, guest.base + 4096, 12, 200)
            > 0
        )
    assert guest.exports.sequence_seal(sequence) == 0
    start = time.monotonic()
    with pytest.raises(zcwasm.Trap) as caught:
        guest.exports.sequence_run_many(sequence, 1000)
    assert caught.value.kind == "deadline"
    assert time.monotonic() - start < 10


def test_interrupt_from_another_thread(device: zcwasm.Device) -> None:
    guest = Guest(device)
    at, _ = guest.put(np.zeros(1024))
    sequence = guest.exports.sequence_new()
    guest.affine(at, at, 1024, 1, 1, sequence)
    assert guest.exports.sequence_seal(sequence) == 0

    def interrupt() -> None:
        time.sleep(0.2)
        while not guest.instance.interrupt():  # until there is a call to end
            time.sleep(0.01)

    timer = threading.Thread(target=interrupt)
    timer.start()
    with pytest.raises(zcwasm.Trap) as caught:
        guest.exports.sequence_run_many(sequence, 2**31 - 1)
    timer.join()
    assert caught.value.kind == "interrupted"
    assert guest.exports.sequence_run(sequence) == 0  # usable as before


def test_close_with_idle_sequences(device: zcwasm.Device) -> None:
    guest = Guest(device)
    at = guest.data
    sequence = guest.exports.sequence_new()
    guest.affine(at, at, 1024, 1, 1, sequence)
    assert guest.exports.sequence_seal(sequence) == 0
    guest.affine(at, at, 1024, 1, 1)
    guest.instance.close()
    assert guest.instance.closed


def test_the_memory_may_grow_between(device: zcwasm.Device) -> None:
    guest = Guest(device)
    at, x = guest.put(np.ones(64))
    sequence = guest.exports.sequence_new()
    guest.affine(at, at, 64, 2, 0, sequence)
    assert guest.exports.sequence_seal(sequence) == 0
    before = guest.memory.size
    guest.memory.grow(16)
    assert guest.exports.sequence_run(sequence) == 0
    assert guest.affine(at, before, 64, 2, 0) == 0
    assert guest.exports.run() == 0
    assert (x == 2).all()
    assert (guest.memory.array(before, 64, np.float32) == 4).all()


def test_weights(device: zcwasm.Device, tmp_path: Path) -> None:
    values = np.arange(64, dtype="<f4")
    header = b'{"w":{"dtype":"F32","shape":[8,8],"data_offsets":[0,256]}}'
    header += b" " * (-len(header) % 8)
    path = tmp_path / "model.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + values.tobytes())
    guest = Guest(device, weights=zcwasm.Weights(path))
    tensor = guest.exports.tensor(*guest.text("w"))
    assert tensor > 0
    assert guest.exports.tensor(*guest.text("v")) == -ENOENT
    assert guest.exports.tensor_info(tensor, guest.data) == 0
    assert struct.unpack("<II4QQ", guest.memory.read(guest.data, 48)) == (0, 2, 8, 8, 1, 1, 256)
    assert guest.exports.tensor_info(tensor + 1, guest.data) == -EBADF
    at, out = guest.put(np.zeros(64))
    double = struct.pack("<Iff", 64, 2, 0)
    assert guest.record("affine", [(tensor, 0, WHOLE), (0, at, 256)], double) == 0
    assert guest.record("affine", [(0, at, 256), (tensor, 0, WHOLE)], double) == -EACCES
    assert guest.record("affine", [(tensor, 4, 256), (0, at, 256)], double) == -EBOUNDS
    assert guest.exports.run() == 0
    assert (out == values * 2).all()


# --- order ---


def test_submissions_run_in_order(guest: Guest) -> None:
    """Each submission multiplies by 2 and adds its number: any other order gives another result."""
    at, x = guest.put(np.ones(4096))
    expected = 1.0
    submissions = []
    for number in range(16):
        assert guest.affine(at, at, 4096, 2 if number % 4 == 0 else 1, number) == 0
        expected = expected * (2 if number % 4 == 0 else 1) + number
        submissions.append(guest.exports.submit())
    assert guest.affine(at, at, 4096, 1, 0.5) == 0
    assert guest.exports.run() == 0  # after everything submitted before
    assert (x == expected + 0.5).all()
    for submission in submissions:
        assert guest.exports.wait(submission, -1) == 0
    assert (x == expected + 0.5).all()


def test_dispatches_of_a_recording_see_each_other(guest: Guest) -> None:
    """A chain through three arrays with every kind of conflict, and independent work between."""
    n = 2048
    a_at, a = guest.put(np.arange(n))
    b_at, b = guest.put(np.zeros(n))
    c_at, c = guest.put(np.zeros(n))
    d_at, d = guest.put(np.zeros(n))
    for sequence in (0, guest.exports.sequence_new()):
        a[:] = np.arange(n)
        d[:] = 0
        for step in (
            (a_at, b_at, 2, 0),  # b = 2a
            (d_at, d_at, 1, 5),  # apart
            (b_at, c_at, 1, 1),  # reads b: c = 2a + 1
            (c_at, b_at, 3, 0),  # writes b, which was read: b = 6a + 3
            (b_at, b_at, 1, 1),  # in place: b = 6a + 4
            (c_at, a_at, 1, 0),  # writes a: a = 2a + 1
        ):
            x, out, scale, shift = step
            assert guest.affine(x, out, n, scale, shift, sequence) >= 0
        if sequence:
            assert guest.exports.sequence_seal(sequence) == 0
            assert guest.exports.sequence_run(sequence) == 0
        else:
            assert guest.exports.run() == 0
        first = np.arange(n)
        assert (b == 6 * first + 4).all()
        assert (c == 2 * first + 1).all()
        assert (a == 2 * first + 1).all()
        assert (d == 5).all()


def test_order_against_python_and_other_instances(device: zcwasm.Device) -> None:
    memory = zcwasm.Memory(17, 64)  # the guest's arena is 1 MiB; not shared: each has its own
    first, second = Guest(device), Guest(device)
    x = memory.array(0, 1024, np.float32)
    x[:] = 1
    at, own = first.put(np.zeros(1024))
    at2, own2 = second.put(np.zeros(1024))
    assert first.affine(at, at, 1024, 1, 3) == 0
    submission = first.exports.submit()
    assert second.affine(at2, at2, 1024, 1, 4) == 0
    assert second.exports.run() == 0
    assert (own == 3).all()  # it was submitted before
    device.affine(x, 2, 0, out=x)
    assert first.exports.wait(submission, -1) == 0
    assert (own == 3).all()
    assert (own2 == 4).all()
    assert (x == 2).all()


def test_guest_computes_while_the_device_works(guest: Guest) -> None:
    at, x = guest.put(np.zeros(65536))
    guest.affine(at, at, 65536, 1, 1)
    kernel = guest.kernel("affine")
    guest.record("affine", [(0, at, 4 * 65536)] * 2, struct.pack("<Iff", 65536, 1, 1))
    count = 500
    assert (
        guest.exports.dispatch_many(0, kernel, guest.base + 1024, 2, guest.base + 4096, 12, count)
        == count + 1
    )
    assert guest.exports.count_while_working() > 0
    assert (x == count + 2).all()


# --- what a guest does wrong ---


def test_hostile_arguments(guest: Guest) -> None:
    at = guest.data
    size = guest.memory.size
    exports = guest.exports
    double = struct.pack("<Iff", 4, 2, 0)
    assert exports.kernel(size - 2, 6) == -EFAULT
    assert exports.kernel(-1, 2**31 - 1) == -EFAULT
    assert exports.kernel(*guest.text("affin")) == -ENOENT
    assert exports.kernel(*guest.text("affine\0")) == -ENOENT
    assert exports.kernel(guest.base, 300) == -EINVAL
    for offset, length in ((size - 8, 16), (2**32, 16), (2**64 - 16, 32), (2**63, 2**63), (at, 2**63)):
        assert guest.record("affine", [(0, offset, length), (0, at, 16)], double) == -EFAULT
    assert guest.record("affine", [(0, at, 12), (0, at + 64, 16)], double) == -EBOUNDS
    assert guest.record("affine", [(0, at + 2, 16), (0, at + 64, 16)], double) == -EINVAL  # not aligned
    assert guest.record("affine", [(0, at, 16), (0, at + 4, 16)], double) == -EINVAL  # overlap
    assert guest.record("affine", [(0, at, 16)], double) == -EINVAL
    assert guest.record("affine", [(0, at, 16), (0, at, 16)], double[:8]) == -EINVAL
    for handle in (1, -1, 2**30, exports.kernel(*guest.text("add")), exports.sequence_new()):
        assert guest.record("affine", [(handle, 0, 16), (0, at, 16)], double) == -EBADF
        assert exports.wait(handle, 0) == -EBADF
        assert exports.scratch_free(handle) == -EBADF
    kernel = guest.kernel("affine")
    assert exports.dispatch(0, kernel, size - 40, 2, guest.base, 12) == -EFAULT
    assert exports.dispatch(0, kernel, guest.base, 2, size - 8, 12) == -EFAULT
    assert exports.dispatch(0, kernel, -16, 2, guest.base, 12) == -EFAULT
    assert exports.dispatch(7, kernel, guest.base, 2, guest.base, 12) == -EBADF
    assert exports.dispatch(0, 0, guest.base, 2, guest.base, 12) == -EBADF
    assert exports.output_write(*guest.text("x"), size - 4, 8) == -EFAULT
    assert exports.output_write(*guest.text("x"), guest.base, 2**63) == -EFAULT
    assert exports.output_write(*guest.text(b"\xff"), guest.base, 1) == -EINVAL
    assert exports.input_read(*guest.text("numbers"), 0, size - 4, 8) == -EFAULT
    assert exports.log(1, size - 1, 2) == -EFAULT
    assert exports.error_text(size - 1, 2) == -EFAULT
    assert exports.sequence_params(exports.sequence_new(), 0, 0, guest.base, 4) == -EINVAL
    assert exports.run() == 0  # of all this, nothing was recorded


def test_limits(device: zcwasm.Device) -> None:
    guest = Guest(device, limits=zcwasm.Limits(scratch=100000, outputs=100))
    exports = guest.exports
    scratch = exports.scratch_new(60000)
    assert scratch > 0
    assert exports.scratch_new(60000) == -ENOMEM
    assert exports.scratch_free(scratch) == 0
    assert exports.scratch_new(60000) > 0
    assert exports.output_write(*guest.text("a"), guest.data, 60) == 0
    assert exports.output_write(*guest.text("b"), guest.data, 60) == -ENOMEM
    assert exports.output_write(*guest.text("a"), guest.data, 100) == 0
    submissions = [exports.submit() for _ in range(257)]
    assert submissions[255] > 0
    assert submissions[256] == -ENOMEM
    assert all(exports.wait(submission, -1) == 0 for submission in submissions[:256])
    assert exports.submit() > 0
    guest.affine(guest.data, guest.data, 4, 1, 0)
    kernel = guest.kernel("affine")
    code = exports.dispatch_many(0, kernel, guest.base + 1024, 2, guest.base + 4096, 12, 2**19)
    assert code == -ENOMEM
    assert "262144" in guest.error()
    assert exports.discard() == 0
    assert guest.affine(guest.data, guest.data, 4, 1, 0) == 0


def test_handles_are_not_reused_soon(guest: Guest) -> None:
    seen = set()
    for _ in range(50):
        sequence = guest.exports.sequence_new()
        assert sequence > 0
        seen.add(sequence)
        assert guest.exports.sequence_free(sequence) == 0
        assert guest.exports.sequence_free(sequence) == -EBADF
    assert len(seen) == 50


def test_a_trap_leaves_everything_usable(guest: Guest) -> None:
    at, x = guest.put(np.ones(16))
    assert guest.affine(at, at, 16, 2, 0) == 0
    submission = guest.exports.submit()
    assert guest.affine(at, at, 16, 2, 0) == 0
    with pytest.raises(zcwasm.Trap, match="unreachable"):
        guest.exports.trap()
    assert guest.exports.wait(submission, -1) == 0
    assert guest.exports.run() == 0
    assert (x == 4).all()


def test_freed_with_work_in_flight(device: zcwasm.Device) -> None:
    regions = zcwasm._core._region_count()
    guest = Guest(device)
    sequence = guest.exports.sequence_new()
    guest.affine(guest.data, guest.data, 65536, 1, 1, sequence)
    kernel = guest.kernel("affine")
    guest.record("affine", [(0, guest.data, 4 * 65536)] * 2, struct.pack("<Iff", 65536, 1, 1), sequence)
    guest.exports.dispatch_many(sequence, kernel, guest.base + 1024, 2, guest.base + 4096, 12, 200)
    assert guest.exports.sequence_seal(sequence) == 0
    for _ in range(3):
        assert guest.exports.sequence_submit(sequence) > 0
    del guest
    zcwasm._core._drain()
    for _ in range(1000):
        if zcwasm._core._region_count() <= regions:
            break
        time.sleep(0.001)
    assert zcwasm._core._region_count() <= regions


def test_memory_shared_by_instances(device: zcwasm.Device, tmp_path: Path) -> None:
    """A guest that imports its memory works on the same bytes as Python and others."""
    wasmtime = pytest.importorskip("wasmtime", reason="pip install wasmtime: it assembles the guest")
    text = """(module
      (import "env" "memory" (memory 1))
      (import "zcwasm" "kernel" (func $kernel (param i32 i32) (result i32)))
      (import "zcwasm" "dispatch" (func $dispatch (param i32 i32 i32 i32 i32 i32) (result i32)))
      (import "zcwasm" "run" (func $run (result i32)))
      (func (export "go") (result i32)
        (drop (call $dispatch (i32.const 0) (call $kernel (i32.const 0) (i32.const 6))
                              (i32.const 64) (i32.const 2) (i32.const 128) (i32.const 12)))
        (call $run)))"""
    memory = zcwasm.Memory(1, 4)
    memory.write(0, b"affine")
    memory.write(64, struct.pack("<iIQQ", 0, 0, 1024, 64) * 2)
    memory.write(128, struct.pack("<Iff", 16, 2, 1))
    module = zcwasm.Module(bytes(wasmtime.wat2wasm(text)))
    guests = [zcwasm.Instance(module, device=device, imports={"env": {"memory": memory}}) for _ in range(2)]
    x = memory.array(1024, 16, np.float32)
    x[:] = 1
    assert [guest.exports.go() for guest in guests] == [0, 0]
    assert (x == 7).all()
    with pytest.raises(zcwasm.LinkError, match="has no such function"):
        zcwasm.Instance(
            zcwasm.Module(bytes(wasmtime.wat2wasm('(module (import "zcwasm" "nothing" (func)))'))),
            device=device,
        )
    wrong = '(module (import "zcwasm" "run" (func (param i64))))'
    with pytest.raises(zcwasm.LinkError, match=r"'run' is \(\) -> \(i32\)"):
        zcwasm.Instance(zcwasm.Module(bytes(wasmtime.wat2wasm(wrong))), device=device)


def test_arguments_of_instance(device: zcwasm.Device) -> None:
    module = zcwasm.Module(guest_path("abi"))
    with pytest.raises(TypeError, match="weights"):
        zcwasm.Instance(module, device=device, weights=1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="inputs must be a mapping"):
        Guest(device, inputs=[b"x"])
    with pytest.raises(TypeError):
        Guest(device, inputs={"x": 1})
    with pytest.raises(TypeError, match="name must be a str"):
        Guest(device, inputs={1: b""})
    with pytest.raises(ValueError, match="contiguous"):
        Guest(device, inputs={"x": np.zeros((4, 4))[:, 1]})
    with pytest.raises(ValueError, match="255"):
        Guest(device, inputs={"x" * 256: b""})


def test_outputs_are_read_when_the_guest_rests(device: zcwasm.Device) -> None:
    seen: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            with pytest.raises(RuntimeError, match="running"):
                _ = guest.instance.outputs
            seen.append(record.getMessage())

    guest = Guest(device)
    handler = Handler()
    logger = logging.getLogger("zcwasm.guest")
    logger.addHandler(handler)
    try:
        assert guest.exports.log(3, *guest.text("inside")) == 0
    finally:
        logger.removeHandler(handler)
    assert seen == ["inside"]
    assert guest.instance.outputs == {}


def test_an_exception_of_the_logger_ends_the_call(guest: Guest, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any) -> None:
        raise KeyError("broken logger")

    monkeypatch.setattr(logging.getLogger("zcwasm.guest"), "log", broken)
    with pytest.raises(KeyError, match="broken logger"):
        guest.exports.log(1, *guest.text("x"))
    monkeypatch.undo()
    assert guest.exports.log(1, *guest.text("x")) == 0
