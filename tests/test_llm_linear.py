"""Every device: linear, every weight type, against the reference in zcwasm/_selftest/reference.py.

Errors are at most what float32 arithmetic in any order may do, with 1e-5 relative for what goes through an
exponential and 2e-6 for the error function; without EXACT also the 2**-14 of a block's largest element that
the contract allows, for blocks of 256."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from conftest import Arena
from llm_support import E, Framed, at_the_end, close, each_type, each_type_or_some, empty, normal, rng, run

import zcwasm
from zcwasm._selftest import reference
from zcwasm._selftest.arena import put, words
from zcwasm._selftest.reference import (
    ADD,
    BIAS,
    EXACT,
    GELU,
    NORM,
    SWIGLU,
    SWIGLU_CLAMPED,
    WEIGHT_TYPES,
    Array,
)

pytestmark = pytest.mark.slow_on_software


def linear_input(x: Array, flags: int, norm: Array, eps: float) -> tuple[Array, Array]:
    """f(x), and the relative error that making it may have."""
    x = x.astype(np.float64)
    if flags & NORM:
        return reference.rms_norm(x, norm, eps), np.float64(16 * E)
    if flags & SWIGLU:
        gate, up = np.split(x, 2, axis=1)
        return reference.silu(gate) * up, np.float64(1e-5)
    return x, np.float64(0)


def check_linear(
    device: zcwasm.Device, arena: Arena, name: str, rows: int, n: int, k: int, flags: int, offset: int = 0
) -> None:
    code, _, _ = WEIGHT_TYPES[name]
    arena.used = 64
    cols = 2 * k if flags & SWIGLU else k
    ldx, ldy, eps = cols + offset, n + 3, np.float32(1e-5)
    data = reference.random_weights(name, n, k, rng)
    w = reference.dequantize(name, data).astype(np.float64)
    x = Framed(arena, rows, cols, ldx, offset=offset)
    y = Framed(arena, rows, n, ldy, offset=3 - offset % 4)
    bias, norm = normal(n), normal(k)
    before = y.get().astype(np.float64)
    if not flags & ADD:
        y.get()[...] = np.nan  # must not be read
    given = [x.binding, put(arena, words(data), offset)]
    given += [put(arena, bias, 1) if flags & BIAS else empty(arena)]
    given += [put(arena, norm, 2) if flags & NORM else empty(arena)]
    run(
        device,
        "linear",
        [*given, y.binding],
        type=code,
        rows=rows,
        n=n,
        k=k,
        ldx=ldx,
        ldy=ldy,
        flags=flags,
        eps=eps,
    )
    y.check_frame()
    if not rows or not n:
        return
    f, relative = (
        linear_input(x.get(), flags, norm, float(eps)) if k else (np.zeros((rows, 0)), np.float64(0))
    )
    expected = f @ w.T
    size = np.abs(f) @ np.abs(w).T
    # As many roundings as terms, and those of dequantizing, which may cancel (Q4_1, Q4_K).
    allowed = ((k + 8) * E + relative) * size + 4 * E * np.abs(f) @ (np.abs(w) + 3).T
    if not flags & EXACT and k:
        for at in range(0, k, 256):
            part = slice(at, min(at + 256, k))
            top = np.abs(f[:, part]).max(1, keepdims=True)
            allowed += 2.0**-14 * top * np.abs(w[:, part]).sum(1)
    if flags & BIAS:
        expected = expected + bias
    if flags & GELU:
        allowed = 1.2 * allowed + 2e-6 * (1 + np.abs(expected))
        expected = reference.gelu(expected)
    if flags & ADD:
        expected = expected + before
    close(y.get(), expected, allowed + 4 * E * (np.abs(expected) + np.abs(before) + 2))


@each_type
@pytest.mark.parametrize("flags", [0, EXACT])
def test_linear(device: zcwasm.Device, arena: Arena, name: str, flags: int) -> None:
    block = WEIGHT_TYPES[name][1]
    lengths = {1: [1, 3, 17, 129, 576], 2: [2, 18, 130], 32: [32, 96, 576, 1056]}.get(
        block, [block, 3 * block]
    )
    for rows, n in [
        (1, 1),
        (1, 5),
        (1, 67),
        (1, 200),
        (2, 17),
        (3, 33),
        (5, 64),
        (8, 15),
        (17, 35),
        (70, 131),
    ]:
        for k in lengths:
            check_linear(device, arena, name, rows, n, k, flags, offset=(rows + n + k) % 4)


@each_type
def test_linear_of_nothing(device: zcwasm.Device, arena: Arena, name: str) -> None:
    block = WEIGHT_TYPES[name][1]
    for rows, n, k in [(0, 5, block), (3, 0, block), (3, 5, 0), (1, 5, 0), (0, 0, 0)]:
        for flags in (0, ADD, ADD | BIAS | GELU | EXACT):
            check_linear(device, arena, name, rows, n, k, flags)


def in_threes(flags: int) -> bool:
    """16 of the 64, among which any three flags have all of their eight combinations."""
    a, b, c, d, e, f = (flags >> bit & 1 for bit in range(6))
    return e == a ^ b ^ c and f == b ^ c ^ d


def test_any_three_flags_are_combined() -> None:
    chosen = [flags for flags in range(64) if in_threes(flags)]
    for bits in itertools.combinations(range(6), 3):
        assert len({tuple(flags >> bit & 1 for bit in bits) for flags in chosen}) == 8


@pytest.mark.parametrize(
    "flags",
    [
        flags if in_threes(flags) else pytest.param(flags, marks=pytest.mark.cpu_is_enough)
        for flags in range(64)
    ],
)
def test_linear_flags(device: zcwasm.Device, arena: Arena, flags: int) -> None:
    if flags & NORM and flags & SWIGLU:
        x = arena.empty(64)
        with pytest.raises(ValueError, match="ask for NORM and for SWIGLU"):
            run(device, "linear", [x] * 5, type=0, rows=1, n=1, k=8, ldx=16, ldy=1, flags=flags, eps=0)
        return
    for name, k in (("Q4_1", 96), ("Q8_0", 64), ("F16", 75), ("Q6_K", 256)):
        for rows, n in ((1, 21), (4, 9), (19, 37)):
            check_linear(device, arena, name, rows, n, k, flags, offset=flags % 4)


@each_type
def test_linear_at_every_offset(device: zcwasm.Device, arena: Arena, name: str) -> None:
    k = max(WEIGHT_TYPES[name][1], 32)
    for offset in range(1, 17):
        for rows in (1, 6):
            check_linear(device, arena, name, rows, 19, k, ADD, offset=offset)


@each_type_or_some
def test_linear_of_a_model_s_size(device: zcwasm.Device, arena: Arena, name: str) -> None:
    for flags in (0, EXACT):
        check_linear(device, arena, name, 1, 1000, 1536, flags | SWIGLU | ADD)
        check_linear(device, arena, name, 41, 300, 768, flags | NORM)


@each_type
def test_linear_of_long_rows(device: zcwasm.Device, arena: Arena, name: str) -> None:
    """As long as only large models have them: instruction sets have ways of their own for them."""
    block = WEIGHT_TYPES[name][1]
    for rows, n, k in [(1, 1, 4096), (1, 7, 4128), (2, 18, 5376), (1, 67, 4352)]:
        check_linear(device, arena, name, rows, n, k // block * block, ADD, offset=n % 4)


@pytest.mark.parametrize("name", ["Q8_0", "Q4_0", "Q4_1", "Q4_K"])
def test_linear_of_several_rows(device: zcwasm.Device, arena: Arena, name: str) -> None:
    """As of a batch, and large matrices: for packed products a workgroup keeps what it makes of x."""
    for rows, n, k, flags in [
        (6, 1030, 2304, NORM | ADD),
        (7, 2230, 2048, NORM | ADD),
        (13, 530, 4352, 0),
        (16, 2050, 1280, SWIGLU | BIAS),
    ]:
        check_linear(device, arena, name, rows, n, k, flags, offset=rows % 4)


@pytest.mark.parametrize("name", ["Q8_0", "Q4_1", "F16"])
def test_linear_of_a_vocabulary_s_size(device: zcwasm.Device, arena: Arena, name: str) -> None:
    """As many rows of w as only a model's head has: devices have ways of their own for it."""
    for rows, n, k in [(1, 4096, 64), (1, 5003, 576), (2, 4100, 2240), (3, 1500, 96)]:
        check_linear(device, arena, name, rows, n, k, NORM | ADD, offset=1)


@each_type
@pytest.mark.parametrize("flags", [0, EXACT])
def test_linear_spoils_only_rows_that_are_not_finite(
    device: zcwasm.Device, arena: Arena, name: str, flags: int
) -> None:
    """A NaN or an infinity leaves no finite number in its row, and the other rows as they were."""
    code, block, _ = WEIGHT_TYPES[name]
    n, k = 37, 2 * block if block > 1 else 50
    data = reference.random_weights(name, n, k, rng)
    for rows, bad in ((1, 0), (3, 1), (20, 7)):
        for value in (np.nan, np.inf, -np.inf):
            x = normal(rows, k)
            x[bad, k // 3] = value
            arena.used = 64
            y = arena.empty((rows, n))
            arrays = [put(arena, x), put(arena, words(data)), empty(arena), empty(arena), y]
            run(device, "linear", arrays, type=code, rows=rows, n=n, k=k, ldx=k, ldy=n, flags=flags, eps=0)
            assert not np.isfinite(y[bad]).any()
            assert np.isfinite(np.delete(y, bad, axis=0)).all()


@each_type
def test_linear_of_a_wide_range(device: zcwasm.Device, arena: Arena, name: str) -> None:
    """Blocks of zeros, of tiny and of large elements keep their own precision in exact mode, and otherwise
    the precision of a block of at most 256."""
    code = WEIGHT_TYPES[name][0]
    n, k = 9, 1536
    data = reference.random_weights(name, n, k, rng)
    w = reference.dequantize(name, data).astype(np.float64)
    x = normal(4, k) * np.repeat(10.0 ** rng.integers(-6, 7, (4, k // 256)), 256, axis=1).astype(np.float32)
    x[2] = 0
    x[3, 256:512] = 0
    for flags in (0, EXACT):
        for rows in (1, 4):
            y = arena.empty((rows, n))
            arrays = [put(arena, x[4 - rows :]), put(arena, words(data)), empty(arena), empty(arena), y]
            run(device, "linear", arrays, type=code, rows=rows, n=n, k=k, ldx=k, ldy=n, flags=flags, eps=0)
            f = x[4 - rows :].astype(np.float64)
            allowed = (k + 8) * E * (np.abs(f) @ np.abs(w).T) + 4 * E * np.abs(f) @ (np.abs(w) + 3).T
            for at in range(0, k, 256):
                part = slice(at, at + 256)
                top = np.abs(f[:, part]).max(1, keepdims=True)
                allowed += (0 if flags else 2.0**-14) * top * np.abs(w[:, part]).sum(1)
            close(y, f @ w.T, allowed)


def test_linear_of_huge_elements(arena: Arena) -> None:
    """Sums of x that float32 has no numbers for, where products are small."""
    device = zcwasm.Device("cpu")
    n, k = 5, 512
    for name, (code, _, _) in WEIGHT_TYPES.items():
        if name not in QUANTS:
            continue
        at = {"Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q4_K": [0, 2], "Q6_K": [208]}[name]
        size = WEIGHT_TYPES[name][2]
        data = reference.random_weights(name, n, k, rng)
        blocks = data.reshape(-1, size)
        for start in at:  # elements of about 2**-14
            scale = np.ascontiguousarray(blocks[:, start : start + 2]).view(np.float16) * np.float16(2.0**-13)
            blocks[:, start : start + 2] = scale.view(np.uint8)
        w = reference.dequantize(name, data).astype(np.float64)
        for top in (1e37, 3e38):
            for rows in (1, 2, 7):
                x = (top * rng.uniform(0.5, 1, (rows, k))).astype(np.float32)
                arena.used = 64
                y = arena.empty((rows, n))
                arrays = [put(arena, x), put(arena, words(data)), empty(arena), empty(arena), y]
                run(device, "linear", arrays, type=code, rows=rows, n=n, k=k, ldx=k, ldy=n, flags=0, eps=0)
                size_of = np.abs(x.astype(np.float64)) @ np.abs(w).T
                close(y, x.astype(np.float64) @ w.T, 1e-4 * size_of + 1e-6 * top)


# Where a block has the integers that weights are made of.
QUANTS = {"Q8_0": (2, 34), "Q4_0": (2, 18), "Q4_1": (4, 20), "Q4_K": (16, 144), "Q6_K": (0, 192)}


@pytest.mark.parametrize("name", QUANTS)
def test_linear_of_the_largest_integers(device: zcwasm.Device, arena: Arena, name: str) -> None:
    """No sum of products overflows: not of bytes, nor of the 16 bits of x, whose largest is 32512."""
    code, _, size = WEIGHT_TYPES[name]
    n, k, top = 5, 512, 32512
    weights = []
    for byte in (0x00, 0x7F, 0x80, 0xFF):
        data = reference.random_weights(name, n, k, np.random.default_rng(1))  # the same scales each time
        data.reshape(-1, size)[:, slice(*QUANTS[name])] = byte
        weights.append((data, reference.dequantize(name, data).astype(np.float64)))
    # What float32 may round, of terms as large as these: an overflow is a hundred times that.
    allowed = 2e-5 * k * top * max(np.abs(w).max() for _, w in weights)
    for data, w in weights:
        for rest in (top, 32384, 128, 127, -128, -32384, -top):
            for rows in (1, 6):
                x = np.full((rows, k), rest, np.float32)
                x[:, ::16] = top  # then x is these integers
                arena.used = 64
                y = arena.empty((rows, n))
                arrays = [put(arena, x), put(arena, words(data)), empty(arena), empty(arena), y]
                run(device, "linear", arrays, type=code, rows=rows, n=n, k=k, ldx=k, ldy=n, flags=0, eps=0)
                close(y, x.astype(np.float64) @ w.T, allowed)


@each_type_or_some
@pytest.mark.parametrize("flags", [0, EXACT])
def test_linear_reads_nothing_beyond_the_end(device: zcwasm.Device, name: str, flags: int) -> None:
    """Every range ends where its memory does; a mapped file's last page ends with its last tensor, too."""
    code, block, _ = WEIGHT_TYPES[name]
    for rows, n, k in ((1, 4, 1), (1, 6, 2), (2, 7, 2), (5, 10, 3), (13, 34, 5), (1, 38, 18), (7, 32, 18)):
        k *= block if block > 1 else 3
        n += n * k // block * WEIGHT_TYPES[name][2] % 4  # then the weights are whole words
        data = reference.random_weights(name, n, k, rng)
        if data.size % 4:
            continue
        x, w = at_the_end(normal(rows, k)), at_the_end(words(data))
        bias, norm, y = (
            at_the_end(normal(n)),
            at_the_end(normal(k)),
            at_the_end(np.zeros((rows, n), np.float32)),
        )
        params = {"type": code, "rows": rows, "n": n, "k": k, "ldx": k, "ldy": n, "eps": 0}
        run(device, "linear", [x, w, bias, norm, y], **params, flags=flags | BIAS | NORM)
        f = reference.rms_norm(x, norm, 0)
        close(y, f @ reference.dequantize(name, data).T + bias, 1e-2 * (k**0.5 + 1) * (1 + np.abs(f).max()))


def test_linear_with_one_thread_gives_the_same_bits(arena: Arena) -> None:
    for name, (code, block, _) in WEIGHT_TYPES.items():
        for rows, n, k in ((1, 1201, 1024), (67, 310, 512)):
            k = k if block > 1 else k - 3
            arena.used = 64
            arrays = [
                put(arena, normal(rows, k)),
                put(arena, words(reference.random_weights(name, n, k, rng))),
                empty(arena),
                empty(arena),
            ]
            for flags in (0, EXACT):
                seen = set()
                for threads in (1, 2, 3, 3):
                    y = arena.empty((rows, n))
                    device = zcwasm.Device("cpu", threads=threads)
                    params = {
                        "type": code,
                        "rows": rows,
                        "n": n,
                        "k": k,
                        "ldx": k,
                        "ldy": n,
                        "flags": flags,
                        "eps": 0,
                    }
                    device.dispatch("linear", [*arrays, y], params)
                    seen.add(y.tobytes())
                assert len(seen) == 1, name


# --- linear_gated ---


def check_gated(
    device: zcwasm.Device,
    arena: Arena,
    names: tuple[str, str],
    rows: int,
    n: int,
    k: int,
    flags: int,
    offset: int = 0,
) -> None:
    arena.used = 64
    eps = np.float32(1e-5)
    datas = [reference.random_weights(name, n, k, rng) for name in names]
    x = Framed(arena, rows, k, k + offset, offset=offset)
    y = Framed(arena, rows, n, n + 3, offset=3 - offset % 4)
    y.get()[...] = np.nan  # must not be read
    norm = normal(k)
    given = [x.binding, *(put(arena, words(data), offset + i) for i, data in enumerate(datas))]
    given += [put(arena, norm, 2) if flags & NORM else empty(arena)]
    run(
        device,
        "linear_gated",
        [*given, y.binding],
        gate_type=WEIGHT_TYPES[names[0]][0],
        up_type=WEIGHT_TYPES[names[1]][0],
        rows=rows,
        n=n,
        k=k,
        ldx=k + offset,
        ldy=n + 3,
        flags=flags,
        eps=eps,
    )
    y.check_frame()
    if not rows or not n:
        return
    f, relative = (
        linear_input(x.get(), flags, norm, float(eps)) if k else (np.zeros((rows, 0)), np.float64(0))
    )
    sums, errors = [], []
    for name, data in zip(names, datas, strict=True):
        w = reference.dequantize(name, data).astype(np.float64)
        error = ((k + 8) * E + relative) * (np.abs(f) @ np.abs(w).T) + 4 * E * np.abs(f) @ (np.abs(w) + 3).T
        for at in range(0, k, 256):
            if not flags & EXACT:
                part = slice(at, min(at + 256, k))
                error += 2.0**-14 * np.abs(f[:, part]).max(1, keepdims=True) * np.abs(w[:, part]).sum(1)
        sums.append(f @ w.T)
        errors.append(error)
    gate, up = sums
    opened = reference.silu(gate)
    # silu is never steeper than 1.1.
    allowed = 1.1 * errors[0] * (np.abs(up) + errors[1]) + np.abs(opened) * errors[1]
    close(y.get(), opened * up, allowed + 1e-5 * np.abs(opened * up) + 1e-30)


@pytest.mark.parametrize("name", ["Q8_0", "Q4_0", "Q4_K"])
def test_gated_of_several_rows(device: zcwasm.Device, arena: Arena, name: str) -> None:
    """As of a batch, and large matrices, where a workgroup may have several tiles."""
    check_gated(device, arena, (name, name), 7, 1100, 2048, NORM)


@each_type_or_some
@pytest.mark.parametrize("flags", [0, EXACT, NORM, NORM | EXACT])
def test_gated(device: zcwasm.Device, arena: Arena, name: str, flags: int) -> None:
    block = WEIGHT_TYPES[name][1]
    lengths = {1: [1, 17, 129, 576], 2: [2, 18, 130], 32: [32, 96, 1056]}.get(block, [block, 3 * block])
    for rows, n in [(1, 1), (1, 67), (2, 17), (4, 33), (5, 64), (17, 35), (70, 131)]:
        for k in lengths:
            check_gated(device, arena, (name, name), rows, n, k, flags, offset=(rows + n + k) % 4)


@pytest.mark.parametrize("flags", [0, EXACT, NORM])
def test_gated_by_another_type(device: zcwasm.Device, arena: Arena, flags: int) -> None:
    for names in [("Q4_K", "Q6_K"), ("Q6_K", "Q4_K"), ("F16", "Q8_0"), ("Q4_0", "F32"), ("BF16", "Q4_1")]:
        for rows, n in [(1, 21), (3, 70), (19, 37)]:
            check_gated(device, arena, names, rows, n, 768, flags, offset=rows % 4)


def test_gated_of_nothing(device: zcwasm.Device, arena: Arena) -> None:
    for names in [("Q4_1", "Q4_1"), ("F16", "Q8_0")]:
        for rows, n, k in [(0, 5, 32), (3, 0, 32), (3, 5, 0), (1, 5, 0), (0, 0, 0)]:
            check_gated(device, arena, names, rows, n, k, 0)


def test_gated_of_a_model_s_size(device: zcwasm.Device, arena: Arena) -> None:
    check_gated(device, arena, ("Q4_1", "Q4_1"), 1, 1536, 576, NORM, offset=1)
    check_gated(device, arena, ("Q4_K", "Q4_K"), 1, 1100, 2304, NORM)
    check_gated(device, arena, ("Q8_0", "Q8_0"), 2, 4100, 2112, NORM, offset=3)
    check_gated(device, arena, ("Q4_0", "Q4_0"), 7, 550, 2080, NORM, offset=1)
    check_gated(device, arena, ("Q4_0", "Q4_0"), 41, 300, 768, NORM)


def test_what_gated_refuses(device: zcwasm.Device, arena: Arena) -> None:
    good = {
        "gate_type": 3,
        "up_type": 3,
        "rows": 2,
        "n": 5,
        "k": 64,
        "ldx": 64,
        "ldy": 5,
        "flags": 0,
        "eps": 0,
    }
    x, gate, up, y = (arena.empty(size) for size in (128, 85, 85, 12))
    for change, what in [
        ({"gate_type": 17}, "type of gate is 17"),
        ({"up_type": 2**32 - 1}, "type of up is"),
        ({"flags": ADD}, "flags are 0x1"),
        ({"flags": BIAS}, "flags are 0x2"),
        ({"flags": SWIGLU}, "flags are 0x8"),
        ({"flags": SWIGLU_CLAMPED}, "flags are 0x80"),
        ({"up_type": 6}, "up has 64 columns, Q4_K takes multiples of 256"),
        ({"ldy": 4}, "leading dimension of y is 4"),
        ({"ldx": 0}, "leading dimension of x is 0"),
        ({"gate_type": 0, "up_type": 0, "k": 2**22 + 1}, "k is"),
        ({"rows": 3}, "x: the parameters need"),
        ({"n": 6, "ldy": 6}, "gate: the parameters need"),
        ({"flags": NORM}, "norm: the parameters need"),
    ]:
        with pytest.raises((ValueError, IndexError), match=what):
            run(device, "linear_gated", [x, gate, up, empty(arena), y], **{**good, **change})
    with pytest.raises(ValueError, match=r"y .* overlaps x"):
        run(device, "linear_gated", [x, gate, up, empty(arena), x[:10]], **good)
    del good["gate_type"], good["up_type"]
    given = good | {"type": 3, "flags": SWIGLU_CLAMPED}
    with pytest.raises(ValueError, match="flags are 0x80"):  # those are of linear_chosen alone
        run(device, "linear", [x, gate, empty(arena), empty(arena), y], **given)
