"""Every device: each kernel against its NumPy reference in float64, and every bad argument.

Tolerances, with e = 2**-23 (float32's spacing at 1): elementwise 2e of the terms' sizes, since a device may
or may not fuse multiply and add; matmul and sum one e per term of what the terms' sizes sum to, at most; max
exact; softmax 1e-5 relative, and what underflows may be 0.
"""

from __future__ import annotations

import math
import re
import sys
from typing import Any

import numpy as np
import pytest
from conftest import Arena

import zcwasm

E = 2.0**-23
SIZES = [0, 1, 2, 3, 7, 15, 16, 17, 63, 255, 1000, 4099, 70001]
rng = np.random.default_rng(7)


def normal(*shape: int) -> np.ndarray[Any, Any]:
    return rng.standard_normal(shape).astype(np.float32)


def close(result: Any, reference: Any, allowed: Any) -> None:
    error = np.abs(np.asarray(result, np.float64) - reference)
    assert (error <= allowed).all(), f"worst error {np.max(error)}"


@pytest.mark.parametrize("count", SIZES)
def test_elementwise(device: zcwasm.Device, arena: Arena, count: int) -> None:
    x, y, out = arena.put(normal(count)), arena.put(normal(count)), arena.put(normal(count))
    canary = arena.put([1.25])
    x64, y64 = x.astype(np.float64), y.astype(np.float64)
    scale, shift = np.float32(1.7), np.float32(-0.3)
    assert device.affine(x, 1.7, -0.3, out=out) is out
    close(out, scale * x64 + float(shift), 2 * E * (np.abs(scale * x64) + abs(shift)))
    assert device.axpby(1.7, x, -0.3, y, out=out) is out
    close(out, scale * x64 + shift * y64, 2 * E * (np.abs(scale * x64) + np.abs(shift * y64)))
    assert device.add(x, y, out=out) is out
    close(out, x64 + y64, E * np.abs(x64 + y64))
    assert device.mul(x, y, out=out) is out
    close(out, x64 * y64, E * np.abs(x64 * y64))
    assert device.fill(out, -2.5) is out
    assert (out == -2.5).all()
    assert canary[0] == 1.25
    assert np.array_equal(x, x64.astype(np.float32))
    device.add(x, y, out=y)  # in place
    close(y, x64 + y64, E * np.abs(x64 + y64))
    device.mul(x, x, out=x)
    close(x, x64 * x64, E * x64 * x64)


def test_any_shape_and_element_offset(device: zcwasm.Device, arena: Arena) -> None:
    x = arena.put(normal(3, 1, 5, 7))
    out = arena.empty((3, 1, 5, 7))
    device.affine(x, 2, 0, out=out)
    assert np.array_equal(out, 2 * x)
    device.affine(x[1:], 3, 0, out=out[1:])  # a contiguous part
    assert np.array_equal(out[1:], 3 * x[1:])
    assert np.array_equal(out[0], 2 * x[0])
    scalar = arena.put(4.0)
    assert device.affine(scalar, 2, 1, out=scalar) is scalar
    assert scalar == 9
    flat = memoryview(x.reshape(-1))
    assert device.affine(flat, 0, 1, out=flat) is flat
    assert (x == 1).all()
    for offset in range(1, 9):
        line = arena.memory.array(4 * offset, 100, np.float32)
        line[:] = np.arange(100)
        device.affine(line, 1, 1, out=line)
        assert np.array_equal(line, np.arange(1, 101))


def test_special_values(device: zcwasm.Device, arena: Arena) -> None:
    x = arena.put([0.0, -0.0, np.inf, -np.inf, np.nan, 3e38])
    out = arena.empty(6)
    device.affine(x, float("inf"), 0, out=out)
    assert np.array_equal(out, [np.nan, np.nan, np.inf, -np.inf, np.nan, np.inf], equal_nan=True)
    device.add(x, x, out=out)
    assert np.array_equal(out, [0, 0, np.inf, -np.inf, np.nan, np.inf], equal_nan=True)


@pytest.mark.parametrize("count", [0, 1, 5, 1023, 70001])
def test_fill_of_every_type(device: zcwasm.Device, arena: Arena, count: int) -> None:
    for dtype, values in [
        (np.float32, [0, -1.5, math.inf, 1e-40]),
        (np.int32, [0, -1, -(2**31), 2**31 - 1, np.int64(5)]),
        (np.uint32, [0, 2**32 - 1]),
    ]:
        out = arena.empty(count, dtype)
        for value in values:
            device.fill(out, value)
            assert (out == np.array(value, dtype)).all()
    for dtype, value in [(np.int32, 2**31), (np.int32, -(2**31) - 1), (np.uint32, -1), (np.uint32, 2**70)]:
        with pytest.raises(OverflowError, match=f"value = {value} does not fit in {np.dtype(dtype).name}"):
            device.fill(arena.empty(count, dtype), value)
    with pytest.raises(TypeError):
        device.fill(arena.empty(1, np.int32), 1.5)
    with pytest.raises(OverflowError, match=r"value = 1e\+39 does not fit in float32"):
        device.fill(arena.empty(1), 1e39)


MATRICES = [
    (1, 1, 1),
    (2, 3, 4),
    (5, 1, 7),
    (1, 9, 33),
    (17, 16, 15),
    (33, 65, 129),
    (130, 67, 259),
    (64, 300, 48),
]
MATRICES += [(0, 3, 4), (3, 0, 4), (3, 4, 0), (0, 0, 0)]


def check_matmul(
    device: zcwasm.Device, a: Any, b: Any, out: Any, alpha: float = 1.0, beta: float = 0.0
) -> None:
    a64, b64 = np.array(a, np.float64), np.array(b, np.float64)
    before = np.array(out, np.float64)
    if not beta:
        out[...] = np.nan  # must not be read
        before = np.zeros(out.shape)
    alpha64, beta64 = float(np.float32(alpha)), float(np.float32(beta))
    assert device.matmul(a, b, out=out, alpha=alpha, beta=beta) is out
    reference = alpha64 * (a64 @ b64) + beta64 * before
    size = abs(alpha64) * (np.abs(a64) @ np.abs(b64)) + np.abs(beta64 * before)
    close(out, reference, (a64.shape[-1] + 3) * E * size)


@pytest.mark.parametrize(("m", "n", "k"), MATRICES)
def test_matmul(device: zcwasm.Device, arena: Arena, m: int, n: int, k: int) -> None:
    a, b, out = arena.put(normal(m, k)), arena.put(normal(k, n)), arena.put(normal(m, n))
    canary = arena.put([1.25])
    a_t, b_t = arena.put(a.T).T, arena.put(b.T).T
    for alpha, beta in [(1, 0), (0.7, -0.4), (0, 1), (0, 0)]:
        for left in (a, a_t):
            for right in (b, b_t):
                check_matmul(device, left, right, out, alpha, beta)
    assert canary[0] == 1.25


def test_matmul_of_slices(device: zcwasm.Device, arena: Arena) -> None:
    a, b, c = arena.put(normal(40, 50)), arena.put(normal(50, 60)), arena.put(normal(40, 60))
    whole = c.copy()
    check_matmul(device, a[3:20, 5:31], b[7:33, 2:40], c[1:18, 9:47], 1.5, 0.5)
    whole[1:18, 9:47] = c[1:18, 9:47]
    assert np.array_equal(whole, c)  # nothing around it was touched
    check_matmul(device, a[::2], b[:, :1], c[:20, 3:4])
    check_matmul(device, a[::3].T[:, 2:9], b[2:9, 5:50], arena.empty((50, 45)))
    check_matmul(device, b.T[:40, 10:30], a.T[10:30, :25], arena.empty((40, 25)))
    row, column = arena.put(normal(1, 50)), arena.put(normal(50, 1))
    check_matmul(device, row, column, arena.empty((1, 1)))
    check_matmul(device, row, b, arena.empty((1, 60)))
    check_matmul(device, a, column, arena.empty((40, 1)))
    check_matmul(device, column, row, arena.empty((50, 50)))
    check_matmul(device, column.T, a.T, arena.empty((1, 40)))


def test_matmul_in_batches(device: zcwasm.Device, arena: Arena) -> None:
    a, b = arena.put(normal(2, 3, 9, 17)), arena.put(normal(2, 3, 17, 11))
    out = arena.empty((2, 3, 9, 11))
    check_matmul(device, a, b, out, 0.5)
    check_matmul(device, a[0, 0], b, out)  # one matrix for all
    check_matmul(device, a, b[1, 2], out)
    check_matmul(device, a[0], b[0], out[0], 1, 0)
    check_matmul(device, a[:, 1], b[:, 2], out[:, 0], 1, 0)  # evenly spaced
    a_t, b_t = arena.put(np.swapaxes(a, -1, -2)), arena.put(np.swapaxes(b, -1, -2))
    check_matmul(device, np.swapaxes(a_t, -1, -2), np.swapaxes(b_t, -1, -2), out)
    check_matmul(device, np.broadcast_to(a[0, 0], (2, 3, 9, 17)), b, out)
    check_matmul(device, a[:0], b[:0], out[:0])


def test_matmul_with_one_thread_gives_the_same_bits(arena: Arena) -> None:
    a, b = arena.put(normal(301, 203)), arena.put(normal(203, 155))
    one, more = arena.empty((301, 155)), arena.empty((301, 155))
    zcwasm.Device("cpu", threads=1).matmul(a, b, out=one)
    for _ in range(3):
        zcwasm.Device("cpu").matmul(a, b, out=more)
        assert one.tobytes() == more.tobytes()


@pytest.mark.parametrize("cols", SIZES)
def test_reductions(device: zcwasm.Device, arena: Arena, cols: int) -> None:
    for rows in (1, 3):
        x, out = arena.put(normal(rows, cols)), arena.empty(rows)
        canary = arena.put([1.25])
        size = np.abs(x).sum(1, dtype=np.float64)
        device.sum(x, out=out)
        close(out, x.sum(1, dtype=np.float64), (cols + 1) * E * size)
        device.max(x, out=out)
        assert np.array_equal(out, x.max(1, initial=-np.inf))
        assert canary[0] == 1.25
        total = arena.empty(())
        assert device.sum(x, out=total) is total
        close(total, x.sum(dtype=np.float64), (rows * cols + 1) * E * size.sum())
        one = arena.empty(1)
        device.max(x, out=one)
        assert one[0] == x.max(initial=-np.inf)


def test_sums_are_accurate(device: zcwasm.Device, arena: Arena) -> None:
    """Adding a million numbers one by one in float32 would lose 3 digits."""
    x, out = arena.put(np.full(1_000_003, 0.1)), arena.empty(())
    device.sum(x, out=out)
    assert abs(out / (x.astype(np.float64).sum()) - 1) < 1e-5


def test_reductions_of_views(device: zcwasm.Device, arena: Arena) -> None:
    x, out = arena.put(normal(4, 5, 30)), arena.empty((4, 5))
    device.max(x, out=out)
    assert np.array_equal(out, x.max(-1))
    device.max(x[..., 3:17], out=out)  # slices of columns
    assert np.array_equal(out, x[..., 3:17].max(-1))
    device.max(x[:, ::5, :1], out=out.reshape(20)[:4].reshape(4, 1))
    assert np.array_equal(out.reshape(20)[:4], x[:, 0, 0])
    assert np.array_equal(device.max(arena.put(3.5), out=arena.empty(())), 3.5)
    y = arena.put([[1, np.nan, 3], [-np.inf, -np.inf, -np.inf], [1, np.inf, 2]])
    device.max(y, out=(out := arena.empty(3)))
    assert np.array_equal(out, [np.nan, -np.inf, np.inf], equal_nan=True)
    device.sum(y, out=out)
    assert np.array_equal(out, [np.nan, -np.inf, np.inf], equal_nan=True)


def test_long_rows_with_special_values(device: zcwasm.Device, arena: Arena) -> None:
    """GPU devices cut these rows into shares; what is special is in one of them, or in two."""
    cols = 20_003
    x = normal(6, cols)
    x[0, 17_000] = np.nan
    x[1, [3, 15_000]] = np.inf
    x[2, [4, 12_001]] = [np.inf, -np.inf]
    x[3, 5_000:11_000] = -np.inf  # all of some shares
    x[4] = -np.inf
    x[5, :19_999] = 3e-39
    x = arena.put(x)
    sums, most, out = arena.empty(6), arena.empty(6), arena.empty((6, cols))
    device.max(x, out=most)
    assert np.array_equal(most, x.max(1), equal_nan=True)
    device.sum(x, out=sums)
    assert np.array_equal(sums[:5], [np.nan, np.inf, np.nan, -np.inf, -np.inf], equal_nan=True)
    device.softmax(x, out=out)
    assert np.isnan(out[[0, 1, 2, 4]]).all()
    for row, given in ((out[3], x[3]), (out[5], x[5])):
        weights = np.exp(given.astype(np.float64) - given.max())
        close(row, weights / weights.sum(), 1e-5 * weights / weights.sum())


@pytest.mark.parametrize("cols", SIZES)
def test_softmax(device: zcwasm.Device, arena: Arena, cols: int) -> None:
    for rows in (1, 3):
        x = arena.put(normal(rows, cols) * 8 + rng.choice([-1000, 0, 1000]))
        out = arena.empty((rows, cols))
        canary = arena.put([1.25])
        shifted = np.exp(x.astype(np.float64) - x.max(1, keepdims=True, initial=-np.inf))
        reference = shifted / shifted.sum(1, keepdims=True)
        assert device.softmax(x, out=out) is out
        close(out, reference, 1e-5 * reference + 1e-37)
        assert canary[0] == 1.25
        device.softmax(x, out=x)  # in place
        assert np.array_equal(x, out)
    wide, target = arena.put(normal(3, 2, 5)), arena.put(normal(3, 2, 9))
    before = target.copy()
    device.softmax(wide, out=target[..., 2:7])
    close(target[..., 2:7].sum(-1), 1, 1e-5)
    before[..., 2:7] = target[..., 2:7]
    assert np.array_equal(before, target)


def test_same_inputs_give_the_same_bits(device: zcwasm.Device, arena: Arena) -> None:
    a, b, out, s = (
        arena.put(normal(129, 257)),
        arena.put(normal(257, 65)),
        arena.empty((129, 65)),
        arena.empty(129),
    )
    seen = set()
    for _ in range(3):
        device.matmul(a, b, out=out)
        device.softmax(out, out=out)
        device.sum(out, out=s)
        seen.add((out.tobytes(), s.tobytes()))
    assert len(seen) == 1


def test_memory_grows_between_dispatches(device: zcwasm.Device) -> None:
    memory = zcwasm.Memory(1, 100)
    x = memory.array(0, 100, np.float32)
    device.fill(x, 1)
    address = device.buffer_address(x)
    memory.grow(50)
    high = memory.array(50 * 65536, 100, np.float32)
    device.add(x, high, out=high)
    assert (high == 1).all()
    assert device.buffer_address(x) == address


# --- what is refused ---


def bad(error: type[Exception], message: str, call: Any, *args: Any, **keywords: Any) -> None:
    with pytest.raises(error, match=message or None):
        call(*args, **keywords)


def test_arrays_that_are_not_in_guest_memory(device: zcwasm.Device, arena: Arena) -> None:
    x, outside = arena.put([1.0, 2.0]), np.zeros(2, np.float32)
    how = r"guest\.memory\.array\(ptr, shape, dtype\) gives one"
    bad(ValueError, f"^x does not lie in guest memory, .*{how}", device.affine, outside, 1, 1, out=x)
    bad(ValueError, f"^out does not lie in guest memory, .*{how}", device.affine, x, 1, 1, out=outside)
    bad(ValueError, "^y does not lie", device.add, x, outside, out=x)
    bad(ValueError, "^b does not lie", device.matmul, arena.empty((2, 2)), np.ones((2, 2), np.float32), out=x)
    bad(
        TypeError, f"x must be an array of float32 in guest memory, not list: {how}", device.sum, [1.0], out=x
    )
    bad(TypeError, "not NoneType", device.sum, x, out=None)
    bad(ValueError, "the numpy.ndarray does not lie in guest memory", device.buffer_address, outside)
    bad(TypeError, "", device.buffer_address, 3)


def test_wrong_element_types(device: zcwasm.Device, arena: Arena) -> None:
    x = arena.put(np.zeros(4))
    for dtype in (np.float64, np.float16, np.int32, np.uint32, np.int64, np.uint64, np.uint8, np.bool_):
        y = arena.memory.array(1024, 4, dtype)
        bad(TypeError, f"y has dtype {y.dtype.name}, must be float32$", device.add, x, y, out=x)
    swapped = ">" if sys.byteorder == "little" else "<"
    bad(TypeError, "in native byte order", device.sum, x.view(f"{swapped}f4"), out=x[0])
    bad(TypeError, "x has elements of format", device.sum, x.view([("a", "f4")]), out=x[:1])
    bad(TypeError, "x gives no plain view", device.sum, x.view("M8[s]"), out=x[:1])
    bad(TypeError, "x has dtype uint8", device.affine, arena.memory, 1, 1, out=x)
    bad(
        TypeError,
        "out has dtype float64, must be float32, int32 or uint32",
        device.fill,
        x.view(np.float64),
        1,
    )


def test_layouts_that_do_not_fit(device: zcwasm.Device, arena: Arena) -> None:
    x, out = arena.put(normal(6, 8)), arena.empty((6, 8))
    bad(
        ValueError,
        r"affine: x with shape \(6, 4\) is not C-contiguous",
        device.affine,
        x[:, ::2],
        1,
        1,
        out=out[:, :4],
    )
    bad(
        ValueError,
        r"affine: out with shape \(8, 6\) is not C-contig",
        device.affine,
        x.reshape(8, 6),
        1,
        1,
        out=out.T,
    )
    bad(
        ValueError,
        r"x has a stride of -4 bytes on axis 1: negative",
        device.affine,
        x[:, ::-1],
        1,
        1,
        out=out,
    )
    odd = np.ndarray((2,), np.float32, arena.memory, 64, (6,))
    bad(
        ValueError,
        r"x has a stride of 6 bytes on axis 0: strides must be multiples of 4",
        device.sum,
        odd,
        out=out[0, :1],
    )
    skewed = np.ndarray((4,), np.float32, arena.memory, 66)
    bad(
        ValueError,
        "x starts at byte 66 of its memory, which is not a multiple of 4",
        device.sum,
        skewed,
        out=out[0, :1],
    )
    out.flags.writeable = False
    bad(ValueError, "out is written, but this view of it is read-only", device.affine, x, 1, 1, out=out)
    bad(ValueError, "out is written, but this view", device.affine, out, 1, 1, out=out)
    device.affine(out, 1, 1, out=x)


def test_shapes_that_do_not_fit(device: zcwasm.Device, arena: Arena) -> None:
    a, b, c = arena.empty((2, 3)), arena.empty((4, 5)), arena.empty((2, 5))
    text = r"add: x has shape \(2, 3\) and y has shape \(4, 5\), they must be equal"
    bad(ValueError, text, device.add, a, b, out=c)
    bad(
        ValueError,
        r"x has shape \(2, 3\) and out has shape \(6,\)",
        device.affine,
        a,
        1,
        1,
        out=arena.empty(6),
    )
    text = r"a has shape \(2, 3\), b \(4, 5\) and out \(2, 5\); \(m, k\), \(k, n\) and \(m, n\) are needed"
    bad(ValueError, text, device.matmul, a, b, out=c)
    bad(ValueError, r"out \(4, 5\)", device.matmul, a, arena.empty((3, 5)), out=b)
    bad(ValueError, r"a has shape \(3,\), it needs at least two", device.matmul, a[0], b, out=c)
    text = r"a has shape \(2, 2, 3\) and out has shape \(3, 2, 5\), their leading dimensions differ"
    bad(
        ValueError,
        text,
        device.matmul,
        arena.empty((2, 2, 3)),
        arena.empty((3, 5)),
        out=arena.empty((3, 2, 5)),
    )
    bad(
        ValueError,
        "leading dimensions differ",
        device.matmul,
        arena.empty((1, 2, 3)),
        arena.empty((3, 5)),
        out=c,
    )
    big = arena.empty((8, 8))
    text = r"matmul: a matrix of a is 4 by 4 with strides of 16 and 2 elements: one must be 1"
    bad(ValueError, text, device.matmul, big[::2, ::2], arena.empty((4, 4)), out=arena.empty((4, 4)))
    bad(
        ValueError,
        "out must be row-major",
        device.matmul,
        arena.empty((4, 4)),
        arena.empty((4, 4)),
        out=big[:4, :4].T,
    )
    uneven = arena.empty((3, 4, 2, 2))[:, :3]
    bad(
        ValueError,
        r"a with shape \(3, 3, 2, 2\) are not evenly",
        device.matmul,
        uneven,
        uneven,
        out=arena.empty((3, 3, 2, 2)),
    )
    bad(
        ValueError,
        r"sum: x has shape \(2, 3\) and out \(3,\); \(2,\) \(last",
        device.sum,
        a,
        out=arena.empty(3),
    )
    bad(
        ValueError, r"max: x with shape \(8, 4\) is not C-contig", device.max, big[:, :4], out=arena.empty(())
    )
    bad(
        ValueError,
        r"sum: out with shape \(8,\) is not C-contig",
        device.sum,
        big,
        out=arena.empty((8, 2))[:, 0],
    )
    bad(
        ValueError,
        r"sum: the rows of x with shape \(8, 4\) must",
        device.sum,
        big[:, ::2],
        out=arena.empty(8),
    )
    bad(ValueError, r"softmax: x has shape \(2, 3\) and out \(2, 5\)", device.softmax, a, out=c)
    bad(ValueError, r"softmax: x has shape \(\)", device.softmax, arena.empty(()), out=arena.empty(()))


def test_overlap(device: zcwasm.Device, arena: Arena) -> None:
    x = arena.memory.array(0, 100, np.float32)
    x[:] = np.arange(100)
    text = r"kernel affine: out \(bytes 4 to 44\) overlaps x \(bytes 0 to 40\); only the very same range"
    bad(ValueError, text, device.affine, x[:10], 1, 1, out=x[1:11])
    bad(ValueError, r"add: out .* overlaps y", device.add, x[:10], x[25:35], out=x[20:30])
    m = x[:16].reshape(4, 4)
    bad(ValueError, r"matmul: c \(bytes 0 to 64\) overlaps a \(bytes 0 to 64\)$", device.matmul, m, m, out=m)
    bad(ValueError, "sum: out .* overlaps x", device.sum, x[:10], out=x[9:10])
    bad(ValueError, "softmax: out .* overlaps x", device.softmax, x[:10], out=x[5:15])
    assert np.array_equal(x, np.arange(100))
    device.affine(x[:10], 1, 1, out=x[10:20])  # neighbours are no overlap
    assert np.array_equal(x[10:20], np.arange(1, 11))


def test_arguments(device: zcwasm.Device, arena: Arena) -> None:
    x: Any = arena.empty(3)
    run: Any = device
    bad(TypeError, r"affine\(\) misses argument 'out'", run.affine, x, 1, 1)
    bad(TypeError, r"affine\(\) misses argument 'scale'", run.affine, x, out=x)
    bad(TypeError, r"takes 3 positional arguments, got 4 \(out is given by keyword", run.affine, x, 1, 1, x)
    bad(TypeError, r"affine\(\) has no argument 'bias'", run.affine, x, 1, 1, out=x, bias=3)
    bad(TypeError, r"affine\(\) got argument 'x' twice", run.affine, x, 1, 1, out=x, x=x)
    bad(TypeError, "scale must be a real number, not str", run.affine, x, "2", 1, out=x)
    bad(OverflowError, r"shift = -1e\+300 does not fit in float32", run.affine, x, 1, -1e300, out=x)
    bad(OverflowError, "", run.affine, x, 10**400, 1, out=x)
    bad(TypeError, r"fill\(\) misses argument 'value'", run.fill, x)
    bad(TypeError, "alpha must be a real number", run.matmul, x, x, out=x, alpha="1")
    bad(TypeError, r"dispatch\(\) misses argument 'arrays'", run.dispatch, "fill")
    bad(
        TypeError,
        r"dispatch\(\) takes 4 positional arguments, got 5$",
        run.dispatch,
        "fill",
        [x],
        {},
        None,
        1,
    )
    bad(TypeError, r"scratch\(\) misses argument 'shape'", run.scratch, dtype=np.float32)
    bad(TypeError, r"wait\(\) takes 1 positional argument, got 2$", run.batch().submit().wait, 1, 2)
    bad(TypeError, r"compile\(\) takes 0 positional arguments, got 1 \(name is given by", run.compile, b"")
    own: Any = {"spirv": b"", "name": "a", "bindings": [], "workgroup": 1}
    bad(
        TypeError,
        r"compile\(\) needs glsl, spirv or msl, or module and export",
        run.compile,
        **{**own, "spirv": None},
    )
    bad(TypeError, "name must be a str, not bytes", run.compile, **{**own, "name": b"a"})
    bad(ValueError, r"name has a zero byte: 'a\\x00b'", run.compile, **{**own, "name": "a\0b"})
    bad(TypeError, "msl must be a str, not bytes", run.compile, **own, msl=b"")
    assert run.affine(x=x, scale=np.float64(0), shift=np.int32(2), out=x) is x
    assert (x == 2).all()


# --- devices themselves ---


def test_devices() -> None:
    listed = zcwasm.devices()
    assert list(dict.fromkeys(info["kind"] for info in listed)) == ["metal", "vulkan", "cpu"]
    for info in listed:
        assert info["available"] != bool(info["reason"])
        if not info["available"]:
            with pytest.raises(zcwasm.DeviceError, match=re.escape(info["reason"])):
                zcwasm.Device(info["kind"], index=info["index"])
    assert listed[-1]["available"]
    chosen = zcwasm.Device()
    assert not chosen.software


def test_properties(device: zcwasm.Device, arena: Arena) -> None:
    x = arena.empty(4)
    assert device.kind in repr(device)
    assert device.name in repr(device)
    assert device.info["kind"] == device.kind
    assert device.info["name"] == device.name
    assert device.threads == device.info["threads"]
    assert isinstance(device.software, bool)
    if device.unified_memory:
        assert device.buffer_address(x) == x.ctypes.data
        assert device.buffer_address(arena.memory) == arena.memory.address
    assert {"fill", "affine", "axpby", "add", "mul", "matmul", "sum", "max", "softmax"} <= set(device.kernels)
    matmul = device.kernels["matmul"]
    assert matmul.bindings == (("a", "read"), ("b", "read"), ("c", "read_write"))
    assert matmul.params[0] == ("m", "uint32")
    assert matmul.params[-1] == ("beta", "float32")
    assert len(matmul.params) == 14
    assert not matmul.in_place
    assert matmul.workgroup_size == 256
    assert matmul == device.kernels["matmul"]
    assert matmul != device.kernels["sum"]
    assert len(set(device.kernels.values())) == len(device.kernels)
    assert "matmul(a: read" in repr(matmul)


def test_bad_devices() -> None:
    make: Any = zcwasm.Device
    bad(ValueError, '"cuda": metal, vulkan and cpu are known', make, "cuda")
    bad(TypeError, "", make, 3)
    bad(ValueError, "threads is -1", make, "cpu", threads=-1)
    bad(ValueError, "threads is 2000", make, "cpu", threads=2000)
    bad(TypeError, "", make, "cpu", 2)
    assert make("cpu", threads=3).threads == 3


@pytest.mark.parametrize("name", ["fill", "affine", "axpby", "add", "mul", "matmul", "sum", "max", "softmax"])
def test_documented(name: str) -> None:
    for kind in (zcwasm.Device, zcwasm.Batch):
        method = getattr(kind, name)
        assert method.__text_signature__.startswith("($self")
        assert len(method.__doc__) > 100
