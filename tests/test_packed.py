"""The cpu device: weights that were laid out anew (Weights.pack) give what those of the file give."""

from __future__ import annotations

import gc
import itertools
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_model
from llm_support import E, normal

import zcwasm
from zcwasm import _core
from zcwasm._selftest import reference
from zcwasm._selftest.arena import Arena
from zcwasm._selftest.reference import ADD, EXACT, GELU, NORM, SWIGLU, WEIGHT_TYPES, Array
from zcwasm.llm import Model

# All types in blocks but F8_E4M3, whose two numbers are a unit for their addresses alone.
PACKED = tuple(name for name, (_, block, _) in WEIGHT_TYPES.items() if block > 1 and name != "F8_E4M3")
FLOAT = PACKED[5:]  # of the cpu device where they lie in the file's layout
# These have units of another type's form and differ in the sums of a block, or the other way round.
SIMILAR = ("Q5_0", "Q5_1", "Q3_K", "Q5_K", "IQ4_NL", "IQ4_XS", "MXFP4")
pytestmark = pytest.mark.skipif(
    not _core._cpu_isa().startswith(("avx", "amx")), reason=f"{_core._cpu_isa()} has no layout of its own"
)


@pytest.fixture
def cpu() -> zcwasm.Device:
    return zcwasm.Device("cpu")


def packed_bytes() -> int:
    return zcwasm.copy_stats()["weights_packed"]


class File:
    """Matrices of random weights in a file that is opened twice, the second time to be packed."""

    def __init__(
        self,
        folder: Path,
        *matrices: tuple[str, str, int, int],
        change: Callable[[Array], None] = lambda blocks: None,
    ) -> None:
        rng = np.random.default_rng(5)
        tensors: list[tuple[str, str, tuple[int, ...], int]] = []
        self.weights: dict[str, Array] = {}
        path = folder / "weights"
        with path.open("wb") as file:
            for name, kind, n, k in matrices:
                file.write(b"\xff" * (4 + -file.tell() % 4))
                tensors.append((name, kind, (n, k), file.tell()))
                data = reference.random_weights(kind, n, k, rng)
                change(data.reshape(-1, WEIGHT_TYPES[kind][2]))
                self.weights[name] = reference.dequantize(kind, data).astype(np.float64)
                file.write(data.tobytes())
        self.kinds = {name: kind for name, kind, _, _ in matrices}
        self.plain, self.packed = (_core._Weights(path, tensors) for _ in range(2))

    def pack(self, device: zcwasm.Device) -> int:
        """Bytes that were copied."""
        before = packed_bytes()
        assert self.packed.pack(device, list(self.kinds)) is self.packed
        return packed_bytes() - before


def linear(device: zcwasm.Device, arena: Arena, kind: str, w: Any, x: Array, n: int, flags: int = 0) -> Array:
    arena.used = 64
    rows, cols = x.shape
    k = cols // 2 if flags & SWIGLU else cols
    y = arena.put(np.full((rows, n), 0.5 if flags & ADD else np.nan))
    norm = arena.put(np.linspace(0.5, 1.5, k)) if flags & NORM else arena.empty(0)
    params = {"type": WEIGHT_TYPES[kind][0], "rows": rows, "n": n, "k": k, "ldx": cols, "ldy": n}
    device.dispatch(
        "linear", [arena.put(x), w, arena.empty(0), norm, y], params | {"flags": flags, "eps": 1e-5}
    )
    result: Array = y.copy()
    return result


def allowed(x: Array, w: Array) -> Array:
    """By how much orders of adding may differ: as many roundings as there are blocks of 32, of both."""
    blocks = x.shape[1] // 32
    bound: Array = 2 * (blocks + 16) * E * (np.abs(x) @ (np.abs(w) + 3).T)
    return bound


def rounding(x: Array, w: Array) -> Array:
    """The error of rounding x alone: at most 2**-16 of the largest element of its block."""
    top = np.repeat(np.abs(x).reshape(len(x), -1, 32).max(2), 32, axis=1).astype(np.float64)
    return np.asarray(2.0**-16 * top @ np.abs(w).T)


@pytest.mark.parametrize("kind", PACKED)
def test_same_results(tmp_path: Path, cpu: zcwasm.Device, arena: Arena, kind: str) -> None:
    block = WEIGHT_TYPES[kind][1]
    changed = 0
    for k in {32: (32, 96, 576, 1056, 2048)}.get(block, (block, 768, 2048))[1 if kind in SIMILAR else 0 :]:
        for n in (67, 80) if kind in SIMILAR else (64, 67, 80, 131):
            file = File(tmp_path, ("w", kind, n, k))
            assert file.pack(cpu) == n * (k // block) * WEIGHT_TYPES[kind][2]
            for rows in (1, 2, 3, 4, 9, 41):
                x = normal(rows, k) * np.float32(10.0 ** (rows % 5 - 2))
                packed = linear(cpu, arena, kind, file.packed["w"], x, n)
                # avx512 keeps more rows than three in float32, unless weights are packed.
                each = 3 if _core._cpu_isa() == "avx512" else rows
                parts = [x[at : at + each] for at in range(0, rows, each)]
                plain = np.concatenate([linear(cpu, arena, kind, file.plain["w"], part, n) for part in parts])
                bound = allowed(x, file.weights["w"])
                if kind in FLOAT:
                    bound += rounding(x, file.weights["w"])
                assert (np.abs(plain - packed) <= bound).all(), (k, n, rows)
                changed += int((plain != packed).sum())
    assert changed  # so another way was gone


@pytest.mark.parametrize("kind", PACKED)
def test_rows_do_not_depend_on_each_other(tmp_path: Path, arena: Arena, kind: str) -> None:
    """A row has the bits that it has alone: whatever goes with it, on however many threads."""
    block = WEIGHT_TYPES[kind][1]
    devices = [zcwasm.Device("cpu", threads=threads) for threads in (1, 2, 5)]
    for k in (block * 3, 768):
        for n in (83,) if kind in SIMILAR else (64, 83, 197):
            file = File(tmp_path, ("w", kind, n, k))
            assert file.pack(devices[0])
            for flags in (0, NORM, SWIGLU | ADD):
                x = normal(65, 2 * k if flags & SWIGLU else k)
                x[3] *= 1e30
                x[4, 17] = np.nan
                x[5, :k] = 0
                alone = [
                    linear(devices[0], arena, kind, file.packed["w"], x[r : r + 1], n, flags)
                    for r in range(65)
                ]
                expected = np.concatenate(alone).view(np.uint32)
                for rows in (2, 3, 4, 5, 8, 13, 31, 32, 33, 64, 65):
                    for device in devices[:: 2 if n == 64 else 1]:
                        result = linear(device, arena, kind, file.packed["w"], x[:rows], n, flags)
                        assert np.array_equal(result.view(np.uint32), expected[:rows]), (k, n, flags, rows)
                # Somewhere else among others.
                result = linear(devices[1], arena, kind, file.packed["w"], x[20:43], n, flags)
                assert np.array_equal(result.view(np.uint32), expected[20:43])


@pytest.mark.parametrize("kind", PACKED)
def test_against_the_reference(tmp_path: Path, cpu: zcwasm.Device, arena: Arena, kind: str) -> None:
    k, n = 768, 83
    file = File(tmp_path, ("w", kind, n, k))
    file.pack(cpu)
    w, x = file.weights["w"], normal(40, k)
    bound = rounding(x, w) + allowed(x, w)
    for rows in (1, 7, 40):
        result = linear(cpu, arena, kind, file.packed["w"], x[:rows], n)
        assert (np.abs(result - x[:rows].astype(np.float64) @ w.T) <= bound[:rows]).all()


@pytest.mark.parametrize("kind", PACKED)
def test_what_is_no_number(tmp_path: Path, cpu: zcwasm.Device, arena: Arena, kind: str) -> None:
    k, n = 512, 64
    file = File(tmp_path, ("w", kind, n, k))
    file.pack(cpu)
    for value in (np.nan, np.inf, -np.inf):
        for rows, bad in ((1, 0), (2, 1), (6, 2), (40, 33)):
            x = normal(rows, k)
            x[bad, 300] = value
            result = linear(cpu, arena, kind, file.packed["w"], x, n)
            assert np.isnan(result[bad]).all()
            assert np.isfinite(np.delete(result, bad, axis=0)).all()
    for rows in (1, 6):
        assert not linear(cpu, arena, kind, file.packed["w"], np.zeros((rows, k), np.float32), n).any()


@pytest.mark.parametrize("kind", PACKED)
def test_any_bytes(tmp_path: Path, cpu: zcwasm.Device, arena: Arena, kind: str) -> None:
    """Scales that are NaN, infinite, the smallest or the largest spoil their own row of weights only."""
    k, n = 512, 96

    def random(blocks: Array) -> None:
        blocks[...] = np.random.default_rng(4).integers(0, 256, blocks.shape, np.uint8)

    with np.errstate(all="ignore"):
        file = File(tmp_path, ("w", kind, n, k), change=random)
    assert file.pack(cpu)
    w = file.weights["w"]
    for rows in (1, 5, 20):
        x = normal(rows, k)
        result = linear(cpu, arena, kind, file.packed["w"], x, n)
        sane = np.isfinite(w).all(1) & (np.abs(w).max(1) < 1e34)
        assert 0 < sane.sum() < n
        some, exact = w[sane], x.astype(np.float64)
        bound = rounding(x, some) + 1e-4 * np.abs(exact) @ np.abs(some).T
        assert (np.abs(result[:, sane] - exact @ some.T) <= bound).all()


# Where a block has its float16 numbers, and the integers that weights are made of.
PLACES = {
    "Q8_0": ([0], (2, 34)),
    "Q4_0": ([0], (2, 18)),
    "Q4_1": ([0, 2], (4, 20)),
    "Q4_K": ([0, 2], (16, 144)),
    "Q6_K": ([208], (0, 192)),
    "Q5_0": ([0], (2, 22)),
    "Q5_1": ([0, 2], (4, 24)),
    "Q2_K": ([80, 82], (16, 80)),
    "Q3_K": ([108], (0, 96)),
    "Q5_K": ([0, 2], (16, 176)),
    "IQ4_NL": ([0], (2, 18)),
    "IQ4_XS": ([0], (8, 136)),
    "MXFP4": ([], (1, 17)),  # its scales are exponents; of the other half of a block integers are random
}


@pytest.mark.parametrize("kind", PACKED)
def test_huge_elements(tmp_path: Path, cpu: zcwasm.Device, arena: Arena, kind: str) -> None:
    """Sums of x that float32 has no numbers for, where products are small."""
    k, n = 512, 70

    def small(blocks: Array) -> None:  # elements of about 2**-14
        for at in PLACES[kind][0]:
            scale = np.ascontiguousarray(blocks[:, at : at + 2]).view(np.float16) * np.float16(2.0**-13)
            blocks[:, at : at + 2] = scale.view(np.uint8)
        if kind == "MXFP4":
            blocks[:, (0, 17)] -= 13

    file = File(tmp_path, ("w", kind, n, k), change=small)
    assert file.pack(cpu)
    w = file.weights["w"]
    for top in (1e36, 1e37, 3e38):
        for rows in (1, 6, 20):
            x = (top * np.random.default_rng(2).uniform(0.5, 1, (rows, k))).astype(np.float32)
            result = linear(cpu, arena, kind, file.packed["w"], x, n)
            exact = x.astype(np.float64)
            assert (np.abs(result - exact @ w.T) <= 1e-4 * (np.abs(exact) @ np.abs(w).T) + 1e-6 * top).all()


@pytest.mark.parametrize("kind", PACKED)
@pytest.mark.parametrize("byte", [0x00, 0x7F, 0x80, 0xFF])
def test_the_largest_integers(tmp_path: Path, cpu: zcwasm.Device, arena: Arena, kind: str, byte: int) -> None:
    """No sum of products overflows: not of bytes, nor of the 16 bits of x, whose largest is 32512. Where
    sums are floats they have room for these, so that rows have the bits that one has."""
    k, n, top = 512, 64, 32512

    def fill(blocks: Array) -> None:
        blocks[:, slice(*PLACES[kind][1])] = byte

    file = File(tmp_path, ("w", kind, n, k), change=fill)
    assert file.pack(cpu)
    w = file.weights["w"]
    for rest in (top, 32384, 128, 127, -128, -32384, -top):
        alone = None
        for rows in (1, 6, 20):
            x = np.full((rows, k), rest, np.float32)
            x[:, ::16] = top  # then x is these integers
            result = linear(cpu, arena, kind, file.packed["w"], x, n)
            # What float32 may round, of terms as large as these: an overflow is more than that.
            allowed = 1e-6 * np.abs(x.astype(np.float64)) @ (np.abs(w) + 3).T
            assert (np.abs(result - x.astype(np.float64) @ w.T) <= allowed).all(), rest
            alone = result if alone is None else alone
            assert np.array_equal(result, np.repeat(alone, rows, axis=0)), rest


def test_flags_and_exactness(tmp_path: Path, cpu: zcwasm.Device, arena: Arena) -> None:
    k, n = 576, 96
    file = File(tmp_path, ("w", "Q4_0", n, k))
    file.pack(cpu)
    for flags in (ADD, NORM, GELU | ADD, SWIGLU, EXACT, EXACT | NORM):
        x = normal(1, 2 * k if flags & SWIGLU else k)
        plain, packed = (linear(cpu, arena, "Q4_0", w["w"], x, n, flags) for w in (file.plain, file.packed))
        if flags & EXACT:
            assert np.array_equal(plain, packed)
        else:
            assert np.allclose(plain, packed, rtol=1e-4, atol=1e-4)


def test_parts_of_a_matrix(tmp_path: Path, cpu: zcwasm.Device, arena: Arena) -> None:
    """From the first row of a group on; from others, and rows of other lengths, by the file's layout."""
    k, n = 256, 160
    file = File(tmp_path, ("a", "Q4_0", 64, k), ("w", "Q4_0", n, k), ("b", "Q4_0", 64, k))
    file.pack(cpu)
    x = normal(6, k)
    whole = linear(cpu, arena, "Q4_0", file.packed["w"], x, n)
    plains = {rows: linear(cpu, arena, "Q4_0", file.plain["w"], x[:rows], n) for rows in (1, 6)}
    words_of = [w["w"].array().view(np.uint32).reshape(n, -1) for w in (file.plain, file.packed)]
    for first in (0, 1, 15, 16, 17, 32, 48, 144, 159):
        for count in (1, 7, 16, n - first):
            if first + count <= n:
                part = words_of[1][first : first + count]
                for rows in (1, 6):
                    result = linear(cpu, arena, "Q4_0", part, x[:rows], count)
                    expected = whole if first % 16 == 0 else plains[rows]
                    assert np.array_equal(result, expected[:rows, first : first + count]), (first, count)
    # Half as many columns: rows are other bytes than those that were packed.
    fewer = [linear(cpu, arena, "Q4_0", each.reshape(2 * n, -1), x[:, : k // 2], 2 * n) for each in words_of]
    assert np.array_equal(fewer[0], fewer[1])


def test_gated(tmp_path: Path, cpu: zcwasm.Device, arena: Arena) -> None:
    """With both matrices packed, one of them, and of two types, which want another f(x)."""
    k, n = 512, 96
    kinds = {"g": "Q4_0", "u": "Q4_0", "f": "F16", "6": "Q6_K", "8": "Q8_0"}
    file = File(tmp_path, *((name, kind, n, k) for name, kind in kinds.items()))
    file.pack(cpu)
    for rows, gate, up in itertools.product((1, 2, 6, 40), kinds, kinds):
        x, results = normal(rows, k), []
        for weights in (file.plain, file.packed):
            arena.used = 64
            y = arena.empty((rows, n))
            cpu.dispatch(
                "linear_gated",
                [arena.put(x), weights[gate], weights[up], arena.empty(0), y],
                {
                    "gate_type": WEIGHT_TYPES[file.kinds[gate]][0],
                    "up_type": WEIGHT_TYPES[file.kinds[up]][0],
                    "rows": rows,
                    "n": n,
                    "k": k,
                    "ldx": k,
                    "ldy": n,
                    "flags": 0,
                    "eps": 0,
                },
            )
            results.append(y.copy())
        size = np.abs(x) @ np.abs(file.weights[up]).T * (1 + np.abs(x) @ np.abs(file.weights[gate]).T)
        assert (np.abs(results[0] - results[1]) <= 1e-5 * size).all(), (rows, gate, up)


def test_threads_do_not_matter(tmp_path: Path, arena: Arena) -> None:
    k, n = 2048, 1003
    file = File(tmp_path, ("w", "Q4_K", n, k))
    one, all_ = zcwasm.Device("cpu", threads=1), zcwasm.Device("cpu")
    assert file.pack(one)
    assert not file.pack(all_)  # another device uses the same copy
    x = normal(1, k)
    first, second = (linear(each, arena, "Q4_K", file.packed["w"], x, n) for each in (one, all_))
    assert np.array_equal(first, second)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")
def test_ctrl_c_without_progress(tmp_path: Path, cpu: zcwasm.Device) -> None:
    """It takes effect within the call: nothing has been packed then."""
    n, k = 98304, 4096
    path = tmp_path / "weights"
    with path.open("wb") as file:  # zeros that take no room on the disk
        file.truncate(4 + n * (k // 256) * 210)
    weights = _core._Weights(path, [("w", "Q6_K", (n, k), 4)])
    before, usual = packed_bytes(), signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        with pytest.raises(KeyboardInterrupt):
            weights.pack(cpu, ["w"])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, usual)
    assert packed_bytes() == before


def test_what_is_not_packed(tmp_path: Path, cpu: zcwasm.Device) -> None:
    """Other types, few rows, and what is packed already."""
    file = File(
        tmp_path, ("f", "F16", 64, 64), ("b", "BF16", 64, 64), ("few", "Q4_0", 63, 64), ("w", "Q4_0", 64, 64)
    )
    assert file.pack(cpu) == 64 * 2 * 18
    assert file.pack(cpu) == 0
    with pytest.raises(KeyError, match="other"):
        file.packed.pack(cpu, ["w", "other"])
    with pytest.raises(TypeError):
        file.packed.pack(cpu, [b"w"])  # type: ignore[list-item]
    with pytest.raises(TypeError, match=r"zcwasm\.Device"):
        file.packed.pack("cpu", [])  # type: ignore[arg-type]


def test_bytes_in_common_are_packed_once(tmp_path: Path, cpu: zcwasm.Device, arena: Arena) -> None:
    """A file may say that any number of tensors lie in the same bytes, and names may be given twice."""
    size, k, n = 18, 64, 128
    data = reference.random_weights("Q4_0", n, k, np.random.default_rng(3))
    path = tmp_path / "weights"
    path.write_bytes(data.tobytes())
    tensors = [("whole", "Q4_0", (n, k), 0), ("shape", "Q4_1", (64, k), 0)]
    tensors += [(f"part {i}", "Q4_0", (64, k), i * k // 32 * size) for i in (1, 16, 17)]
    plain, packed = (_core._Weights(path, tensors) for _ in range(2))
    before = packed_bytes()
    packed.pack(cpu, [name for name, *_ in tensors if name != "shape"] * 3)
    assert packed_bytes() - before == data.size
    packed.pack(cpu, [name for name, *_ in tensors])
    assert packed_bytes() - before == data.size
    for name, kind, shape, _ in tensors:
        x = normal(1, k)
        first, second = (linear(cpu, arena, kind, w[name], x, shape[0]) for w in (plain, packed))
        if name == "shape":  # other numbers than those that were packed: any floats
            assert np.array_equal(first, second, equal_nan=True)
        else:
            assert np.allclose(first, second, rtol=1e-4, atol=1e-3), name


def test_progress_cannot_pack(tmp_path: Path, cpu: zcwasm.Device) -> None:
    """It would wait for itself."""
    file = File(tmp_path, ("w", "Q4_0", 64, 64))
    with pytest.raises(ValueError, match="packed by this very thread"):
        file.packed.pack(cpu, ["w"], lambda done, total: file.packed.pack(cpu, ["w"]))
    assert file.pack(cpu)


def test_progress_stops_it(tmp_path: Path, cpu: zcwasm.Device, arena: Arena) -> None:
    file = File(tmp_path, ("w", "Q4_0", 64, 64))
    told: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        file.packed.pack(cpu, ["w"], stop)
    assert told == [(64 * 36, 64 * 36)]
    x = normal(1, 64)
    first, second = (linear(cpu, arena, "Q4_0", w["w"], x, 64) for w in (file.plain, file.packed))
    assert np.array_equal(first, second)
    assert file.pack(cpu)  # it can be done later


def test_many_threads_pack_once(tmp_path: Path, cpu: zcwasm.Device) -> None:
    file = File(tmp_path, ("w", "Q4_K", 1024, 1024), ("v", "Q6_K", 1024, 1024))
    before = packed_bytes()
    threads = [threading.Thread(target=file.packed.pack, args=(cpu, ["v", "w"])) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert packed_bytes() - before == 1024 * 4 * (144 + 210)


def test_address_used_again(tmp_path: Path, cpu: zcwasm.Device, arena: Arena) -> None:
    """A copy goes with its file: what is mapped there next is read as it is."""
    x = normal(1, 256)
    for turn in range(20):
        folder = tmp_path / str(turn)
        folder.mkdir()
        kind = PACKED[turn % len(PACKED)]
        file = File(folder, ("w", kind, 64 + turn, 256))
        if turn % 2:
            file.pack(cpu)
        w = file.weights["w"]
        result = linear(cpu, arena, kind, file.packed["w"], x, 64 + turn)
        assert np.allclose(result, x.astype(np.float64) @ w.T, rtol=1e-3, atol=2e-2)
        del file
        gc.collect()


def test_closed_while_in_use(tmp_path: Path, cpu: zcwasm.Device, arena: Arena) -> None:
    """A submission keeps the copy that it reads."""
    k, n = 2048, 2048
    file = File(tmp_path, ("w", "Q4_0", n, k))
    file.pack(cpu)
    values = normal(1, k)
    expected = linear(cpu, arena, "Q4_0", file.packed["w"], values, n)
    x = arena.put(values)
    y = arena.empty((1, n))
    params = {
        "type": WEIGHT_TYPES["Q4_0"][0],
        "rows": 1,
        "n": n,
        "k": k,
        "ldx": k,
        "ldy": n,
        "flags": 0,
        "eps": 0,
    }
    batch = cpu.batch()
    for _ in range(50):
        batch.dispatch("linear", [x, file.packed["w"], arena.empty(0), arena.empty(0), y], params)
    submission = batch.submit()
    del file, batch
    gc.collect()
    submission.wait()
    assert np.array_equal(y, expected)


def test_fork(tmp_path: Path, cpu: zcwasm.Device, arena: Arena) -> None:
    file = File(tmp_path, ("w", "Q4_0", 256, 256), ("v", "Q4_K", 256, 256))
    file.packed.pack(cpu, ["w"])
    x = normal(20, 256)  # so many that AMX takes them: the child may use it, too
    expected = linear(cpu, arena, "Q4_0", file.packed["w"], x, 256)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            same = np.array_equal(linear(cpu, arena, "Q4_0", file.packed["w"], x, 256), expected)
            code = 0 if same and file.pack(cpu) == 256 * 144 else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("kind", ["Q4_0", "Q4_K"])
@pytest.mark.parametrize("tied", [False, True])
def test_a_model(tmp_path: Path, cpu: zcwasm.Device, kind: str, tied: bool) -> None:
    """Sessions of one model share the copy; embeddings that nothing is multiplied with are not in it."""
    path = tmp_path / "model.gguf"
    tiny_model.write(path, kind=kind, tied=tied)
    before = packed_bytes()
    with Model.open(path, cpu, pack=False) as plain:
        assert packed_bytes() == before
        ids = [1, 2, 3]
        with plain.session() as session:
            expected = session.logits(ids)
    with Model.open(path, cpu) as model:
        tensors = model.weights.tensors
        multiplied = [
            tensor.nbytes
            for name, tensor in tensors.items()
            if len(tensor.shape) == 2
            and tensor.type in PACKED
            and tensor.shape[0] >= 64
            and (tied or name != "token_embd.weight")
        ]
        assert packed_bytes() - before == sum(multiplied) > 0
        for _ in range(2):
            with model.session() as session:
                assert np.allclose(session.logits(ids), expected, atol=2e-2)
        assert packed_bytes() - before == sum(multiplied)
