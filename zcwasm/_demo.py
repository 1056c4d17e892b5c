"""`zcwasm demo`: a guest fills two matrices in its own memory, a device multiplies them where they lie, and
the guest checks every element through its own pointer. The same is then done as it is without this package:
copy the matrices out of the guest, multiply with NumPy, copy the product back.

The copying path runs in a process of its own, so that neither path's memory is taken for the other's, and so
that NumPy's BLAS can be held to the device's number of threads.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

import zcwasm
from zcwasm._measure import blas_environment, median_of_rounds, resident_bytes, timed
from zcwasm._types import DeviceKind

LARGEST_SIZE = 18918  # as guests/demo.c: three matrices in 4 GiB
MOST_GROWTH = 200_000  # bytes by which a dispatch in place may grow the resident set

Matrix = npt.NDArray[np.float32]


def demo_module() -> zcwasm.Module:
    return zcwasm.Module(str(files("zcwasm") / "guests" / "demo.wasm"))


class Guest:
    """The demo's guest with its three matrices laid out."""

    def __init__(self, size: int, device: zcwasm.Device | None = None) -> None:
        if not 1 <= size <= LARGEST_SIZE:
            raise ValueError(
                f"size {size}: three matrices of {size} × {size} float32 must fit the 4 GiB of a guest, "
                f"so it may be 1 to {LARGEST_SIZE}"
            )
        self.size = size
        self.instance = zcwasm.Instance(demo_module(), device=device)
        self.exports = self.instance.exports
        self.memory = self.instance.memory
        if not self.exports.setup(size):
            raise zcwasm.Error(
                f"the guest cannot allocate three matrices of {size} × {size} float32, "
                f"{12 * size * size:,} bytes: its memory of {self.memory.size:,} bytes cannot grow enough"
            )
        self.offsets = [self.exports[name]() for name in "abc"]
        self.offsets = [offset % 2**32 for offset in self.offsets]  # i32 results are signed
        self.nbytes = 4 * size * size

    def views(self) -> list[Matrix]:
        return [self.memory.array(offset, (self.size, self.size), np.float32) for offset in self.offsets]

    def fill(self) -> None:
        """A and B get their pattern, C a value that no product has."""
        self.exports.fill(self.size)

    def verify(self) -> int:
        return int(self.exports.verify(self.size))

    def checksum(self) -> str:
        return f"{self.exports.checksum(self.size) % 2**32:08x}"


def in_place(guest: Guest, device: zcwasm.Device) -> dict[str, Any]:
    """Fill, multiply and verify without a copy; what that took."""
    a, b, c = guest.views()

    def multiply() -> None:
        device.matmul(a, b, out=c)

    return measure(guest, first=multiply, copy_out=None, multiply=multiply, copy_back=None)


def through_copies(guest: Guest) -> dict[str, Any]:
    """The same the way it is done without shared memory; what that took."""
    at_a, at_b, at_c = guest.offsets
    shape = (guest.size, guest.size)
    arrays: dict[str, Matrix] = {}

    def first() -> None:  # NumPy's working memory is its own matter: let it exist before anything is measured
        a, b, c = guest.views()
        np.matmul(a, b, out=c)

    def copy_out() -> None:
        for name, offset in (("a", at_a), ("b", at_b)):
            data = guest.memory.read(offset, guest.nbytes)
            arrays[name] = np.frombuffer(data, np.float32).reshape(shape)

    def multiply() -> None:
        arrays["c"] = np.matmul(arrays["a"], arrays["b"])

    def copy_back() -> None:
        guest.memory.write(at_c, arrays["c"].data)

    return measure(guest, first=first, copy_out=copy_out, multiply=multiply, copy_back=copy_back)


def measure(
    guest: Guest,
    *,
    first: Callable[[], None],
    copy_out: Callable[[], None] | None,
    multiply: Callable[[], None],
    copy_back: Callable[[], None] | None,
) -> dict[str, Any]:
    """Runs one path: once after a warm-up for memory, copies and errors, then again for the times.

    resident_growth is what the steps from copy_out to copy_back add to the resident set;
    resident_growth_first what the very first product adds, with the working memory that the device or NumPy
    keeps from then on.
    """
    seconds: dict[str, float | None] = {}
    seconds["fill"], _ = timed(guest.fill)
    resident = resident_bytes()
    first()
    growth_first = resident_bytes() - resident

    steps = {"copy_out": copy_out, "multiply": multiply, "copy_back": copy_back}
    copied = sum(zcwasm.copy_stats().values())
    guest.fill()
    resident = resident_bytes()
    for step in steps.values():
        if step is not None:
            step()
    growth = resident_bytes() - resident
    seconds["verify"], errors = timed(guest.verify)
    copied = sum(zcwasm.copy_stats().values()) - copied

    for name, step in steps.items():
        seconds[name] = None if step is None else median_of_rounds(step)
    return {
        "copied_bytes": copied,
        "resident_growth": growth,
        "resident_growth_first": growth_first,
        "errors": errors,
        "checksum": guest.checksum(),
        "seconds": seconds,
    }


def pointers(guest: Guest, device: zcwasm.Device) -> dict[str, dict[str, int]]:
    """Where guest, device and NumPy see each matrix."""
    return {
        name: {
            "guest_offset": offset,
            "guest": guest.memory.address + offset,
            "device": device.buffer_address(view),
            "numpy": view.ctypes.data,
        }
        for name, offset, view in zip("ABC", guest.offsets, guest.views(), strict=True)
    }


def run(size: int = 1024, kind: DeviceKind | None = None, threads: int = 0) -> dict[str, Any]:
    """Everything that the demo reports, as `zcwasm demo --json` prints it."""
    device = zcwasm.Device(kind, threads=threads) if threads else zcwasm.Device(kind)
    guest = Guest(size, device)
    seen = pointers(guest, device)
    direct = in_place(guest, device)
    copying = in_child(size, device.threads if device.kind == "cpu" else None)
    result = {
        "size": size,
        "elements": size * size,
        "device": {
            "kind": device.kind,
            "name": device.name,
            "threads": device.threads,
            "unified_memory": device.unified_memory,
        },
        "guest_base": guest.memory.address,
        "pointers": seen,
        "pointers_equal": all(len({row["guest"], row["device"], row["numpy"]}) == 1 for row in seen.values()),
        "in_place": direct,
        "copying": copying,
        "versions": {
            "zcwasm": zcwasm.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }
    result["failed"] = failures(result)
    result["holds"] = not result["failed"]
    return result


def failures(result: dict[str, Any]) -> list[str]:
    """What of the demo's claims does not hold."""
    direct, copying = result["in_place"], result["copying"]
    claims = {
        # Without unified memory a device has addresses of its own for the same bytes.
        "the pointers differ": result["pointers_equal"] or not result["device"]["unified_memory"],
        f"{direct['copied_bytes']:,} bytes were copied": direct["copied_bytes"] == 0,
        f"the resident set grew by {direct['resident_growth']:,} bytes": direct["resident_growth"]
        < MOST_GROWTH,
        f"the guest found {direct['errors']:,} errors": direct["errors"] == 0,
        f"the guest found {copying['errors']:,} errors in NumPy's product": copying["errors"] == 0,
        "the two products differ": direct["checksum"] == copying["checksum"],
    }
    return [claim for claim, holds in claims.items() if not holds]


CHILD = """
import json, sys
sys.path[:] = json.loads(sys.argv.pop(1))
from zcwasm._demo import child
child()
"""


def in_child(size: int, threads: int | None) -> dict[str, Any]:
    """through_copies in a process of its own."""
    # With this process's path: -m would take a zcwasm folder in the current directory for the package that is
    # installed, and with this file as the script zcwasm/ray.py, and any such name, would hide the real one.
    command = [sys.executable, "-c", CHILD, json.dumps(sys.path), str(size)]
    done = subprocess.run(command, env=blas_environment(threads), capture_output=True, text=True)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise zcwasm.Error(f"the copying path ended with code {done.returncode}: {last[0]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def table(result: dict[str, Any]) -> str:
    """The demo's report as text."""
    device, n = result["device"], result["size"]
    threads = f", {device['threads']} threads" if device["threads"] > 1 else ""
    lines = [f"C = A·B, {n} × {n} float32, on {device['kind']}: {device['name']}{threads}", ""]

    seen = result["pointers"]
    lines.append(f"{'':<24}" + "".join(f"{name:>18}" for name in seen))
    for label, key in (
        ("guest: offset", "guest_offset"),
        ("guest: base + offset", "guest"),
        ("device buffer", "device"),
        ("NumPy array", "numpy"),
    ):
        lines.append(f"{label:<24}" + "".join(f"{row[key]:>#18x}" for row in seen.values()))

    direct, copying = result["in_place"], result["copying"]
    lines += ["", f"{'':<34}{'in place':>20}{'through copies':>20}"]

    def line(label: str, cell: Callable[[dict[str, Any]], str]) -> None:
        lines.append(f"{label:<34}{cell(direct):>20}{cell(copying):>20}")

    def milliseconds(name: str) -> Callable[[dict[str, Any]], str]:
        def cell(path: dict[str, Any]) -> str:
            seconds = path["seconds"][name]
            return "–" if seconds is None else f"{seconds * 1e3:.3f} ms"

        return cell

    line("bytes copied", lambda path: f"{path['copied_bytes']:,}")
    line("resident set grows by", lambda path: f"{path['resident_growth'] / 1e6:.2f} MB")
    line("guest fills A and B", milliseconds("fill"))
    line("copy A and B out of the guest", milliseconds("copy_out"))
    line(f"multiply ({device['kind']}; NumPy)", milliseconds("multiply"))
    line("copy C into the guest", milliseconds("copy_back"))
    line("guest verifies C", milliseconds("verify"))
    line("errors found by the guest", lambda path: f"{path['errors']:,} of {result['elements']:,}")
    lines.append("")
    if result["failed"]:
        lines.append("FAILED: " + "; ".join(result["failed"]))
    elif result["pointers_equal"]:
        lines.append("One pointer, nothing copied, no errors.")
    else:
        lines.append("Nothing copied, no errors; this device sees the same bytes at an address of its own.")
    return "\n".join(lines)


def child() -> None:
    parser = argparse.ArgumentParser(description="The copying path of the demo; used by zcwasm demo.")
    parser.add_argument("size", type=int)
    print(json.dumps(through_copies(Guest(parser.parse_args().size))))
