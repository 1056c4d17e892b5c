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
    guest = Guest(device, limits=zcwasm.Limits(deadline=0.2))
    at, _ = guest.put(np.zeros(65536))
    sequence = guest.exports.sequence_new()
    kernel = guest.kernel("affine")
    guest.affine(at, at, 65536, 1, 1, sequence)
    assert (
        guest.exports.dispatch_many(sequence, kernel, guest.base + 1024, 2, guest.base + 4096, 12, 20000) > 0
    )
    assert guest.exports.sequence_seal(sequence) == 0
    start = time.monotonic()
    with pytest.raises(zcwasm.Trap) as caught:
        guest.exports.sequence_run_many(sequence, 1000)
    assert caught.value.kind == "deadline"
    assert time.monotonic() - start < 5


def test_interrupt_from_another_thread(device: zcwasm.Device) -> None:
    guest = Guest(device)
    at, _ = guest.put(np.zeros(1024))
    sequence = guest.exports.sequence_new()
    guest.affine(at, at, 1024, 1, 1, sequence)
    assert guest.exports.sequence_seal(sequence) == 0
    timer = threading.Timer(0.2, guest.instance.interrupt)
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
