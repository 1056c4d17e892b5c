"""The shipped MSL for matrices of SIMD groups, one kernel at a time: right however threads take turns, and
wrong without any one of its barriers, or with other mistakes. tests/test_matrix.py and those of attention
and matmul have their shapes, on the simulated Metal; buildtools/metal.py says more."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_metal import GENERATED, needs_clang, run_library

BARRIER = "threadgroup_barrier(mem_flags::mem_threadgroup);"
OF_SIMD_GROUP = (
    "simdgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup | mem_flags::mem_texture);"
)


def without(text: str, function: str, which: int, barrier: str = BARRIER) -> str:
    """The text without a barrier of the function, which count from 1."""
    start = text.index(f"void {function}(")
    for _ in range(which):
        start = text.index(barrier, start + 1)
    return text[:start] + text[start + len(barrier) :]


# A product of the shipped text, 70 x 131 of 96 columns in Q8_0: its norm first, then its tiles.
RUN_PRODUCT = """
import numpy as np
from zcwasm._core import _weight_types
rng = np.random.default_rng(5)
rows, n, k = 70, 131, 96
types = [name for name, *_ in _weight_types]
type_, unit = types.index("Q8_0"), 3 * len(types)  # three inputs, as zc_shader_numbers.h has it
x = rng.standard_normal((rows, k)).astype(np.float32)
norm = rng.standard_normal(k).astype(np.float32)
scales = rng.uniform(0.5, 2, (n, k // 32)).astype(np.float16)
numbers = rng.integers(-127, 128, (n, k // 32, 32)).astype(np.int8)
w = np.concatenate([scales.view(np.int8).reshape(n, -1, 2), numbers], 2)
y, work = np.full((rows, n), np.nan, np.float32), np.full(1 << 20, 0xff, np.uint8)
right = 0
for first in range(4):  # the order in which threads run differs
    for way, input_, groups in ((8, 1, (rows, 1)), (9, 0, (2, 2))):
        variant = c_uint(type_ + len(types) * input_ + unit * way)
        library.set_constants((c_void_p * 1)(ctypes.addressof(variant)))
        push = np.zeros(24, np.uint32)
        push[12:15] = *groups, 1
        push[16:23] = type_, rows, n, k, k, n, 4
        push.view(np.float32)[23] = 1e-5
        arrays = [push, x, np.concatenate([w.ravel(), np.zeros(64, np.int8)]), x, norm, y, work]
        buffers = (c_void_p * 7)(*(array.ctypes.data for array in arrays))
        triple = c_uint * 3
        assert library.functions[0].run(buffers, triple(*groups, 1), triple(256, 1, 1), 32) == 0
    f = x.astype(np.float64)
    f = f / np.sqrt((f * f).mean(1, keepdims=True) + 1e-5) * norm
    weights = (scales.astype(np.float64)[:, :, None] * numbers).reshape(n, k)
    error = np.abs(y - f @ weights.T) / (np.abs(f) @ np.abs(weights).T)
    right += bool((error < 1e-6).all())
print(right)
"""


@needs_clang
@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("ulong2(0), true", "ulong2(0), false"),  # weights are columns
        ("columns.y]", "columns.x]"),  # a scale of another column
        ("more.thread_elements()[1] * scale.y", "more.thread_elements()[1]"),
        ("thread_elements()[1] +=", "thread_elements()[1] ="),  # only the last block
    ],
)
def test_products_on_matrices(tmp_path: Path, old: str, new: str) -> None:
    text = (GENERATED / "linear_matrix.metal").read_text("utf-8")
    assert old in text
    right = run_library(text.replace(old, new) if old else text, RUN_PRODUCT, tmp_path)
    assert right == ("0\n" if old else "4\n")


@needs_clang
@pytest.mark.slow
@pytest.mark.parametrize("which", [1, 2, 3, 4])
def test_each_barrier_of_a_product_counts(tmp_path: Path, which: int) -> None:
    """That of find_columns and all but the first of matrix_tiles, which parts tiles of one threadgroup."""
    text = (GENERATED / "linear_matrix.metal").read_text("utf-8")
    text = without(text, "find_columns" if which == 1 else "matrix_tiles", which)
    if which == 1:  # columns that are no numbers: it reads far away
        with pytest.raises(AssertionError, match="returncode=-11"):
            run_library(text, RUN_PRODUCT, tmp_path)
    else:
        assert int(run_library(text, RUN_PRODUCT, tmp_path)) < 4


# Attention of 61 rows and 3 heads that share keys of SIZE elements, over 70 of them; 183 queries, of which a
# threadgroup has 64, or 32 of heads with more than 128 elements: there are more tiles of them than groups.
# Each row sees other keys, some none, and the scores grow, so that sums are rescaled.
RUN_ATTENTION = """
import numpy as np
rng = np.random.default_rng(6)
rows, heads, size, capacity = 61, 3, SIZE, 70
q = rng.standard_normal((rows, heads, size)).astype(np.float32)
k = (rng.standard_normal((capacity, size)) * np.linspace(0.1, 2, capacity)[:, None]).astype(np.float16)
v = rng.standard_normal((capacity, size)).astype(np.float16)
spans = np.array([(max(0, r - 40), r + 10) for r in range(rows)], np.uint32)
spans[17] = 5, 5
out = np.full((rows, heads, size), np.nan, np.float32)
v[69, 3] = np.inf  # which the last row sees
scale = np.float32(0.3)
scores = scale * np.einsum("rhe,ke->rhk", q.astype(np.float64), k.astype(np.float64))
key = np.arange(capacity)
seen = (key >= spans[:, :1]) & (key < spans[:, 1:])
scores = np.where(seen[:, None], scores, -1e300)
weights = np.where(seen[:, None], np.exp(scores - scores.max(2, keepdims=True)), 0)
weights = weights / np.maximum(weights.sum(2, keepdims=True), 1e-300)
finite = np.where(np.isfinite(v), v, 0).astype(np.float64)
expected, bound = weights @ finite, weights @ np.abs(finite)
expected[60] = bound[60] = 0
variant = c_uint(1 + 3 * (65 + (size - 1) // 16))  # as zc_shader_numbers.h has it
library.set_constants((c_void_p * 1)(ctypes.addressof(variant)))
right = 0
for first in range(4):  # the order in which threads run differs
    groups = 1, 2, 1
    push = np.zeros(32, np.uint32)
    push[12:15] = groups
    push[16:26] = rows, heads, 1, size, heads * size, size, size, heads * size, capacity, 1
    push.view(np.float32)[26] = scale
    out[...] = np.nan
    arrays = [push, q, k, v, spans, spans, out]
    buffers = (c_void_p * 7)(*(array.ctypes.data for array in arrays))
    triple = c_uint * 3
    assert library.functions[0].run(buffers, triple(*groups), triple(256, 1, 1), 32) == 0
    known = bool(np.isnan(out[60]).all())
    out[60] = 0
    right += known and bool((np.abs(out - expected) <= 64 * 2.0**-23 * bound).all())
print(right)
"""


@needs_clang
@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "old", "new"),
    [
        (64, "", ""),
        (136, "", ""),
        (64, "ulong2(0), true", "ulong2(0), false"),  # keys are columns
        (64, "own[at_5 + rows.y]", "own[at_5 + rows.x + 1u]"),  # rescaled by another row's factor
        (64, "m.thread_elements()[1] *= scale.y", "m.thread_elements()[1] *= 1.0"),
        (136, "(gl_SubgroupID ^ 1u)", "gl_SubgroupID"),  # one share's part of the scores twice
    ],
)
def test_attention_on_matrices(tmp_path: Path, size: int, old: str, new: str) -> None:
    text = (GENERATED / "attention_matrix.metal").read_text("utf-8")
    assert old in text
    right = run_library(
        text.replace(old, new) if old else text, RUN_ATTENTION.replace("SIZE", str(size)), tmp_path
    )
    assert right == ("0\n" if old else "4\n")


@needs_clang
@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "which", "barrier"),
    [
        (136, 1, BARRIER),  # the scores that the other share has read, before the next tile
        *((64, which, BARRIER) for which in (2, 3, 4, 5, 6)),
        *((136, which, BARRIER) for which in (7, 8)),  # keys and values take turns in one place
        *((64, which, OF_SIMD_GROUP) for which in range(1, 8)),
    ],
)
def test_each_barrier_of_attention_counts(tmp_path: Path, size: int, which: int, barrier: str) -> None:
    text = (GENERATED / "attention_matrix.metal").read_text("utf-8")
    assert text[text.index("void attend_queries(") :].count(barrier) == (8 if barrier == BARRIER else 7)
    text = without(text, "attend_queries", which, barrier)
    program = RUN_ATTENTION.replace("SIZE", str(size))
    if barrier == BARRIER and which in (
        2,
        3,
    ):  # bounds of keys that others have: groups that do not meet again
        with pytest.raises(AssertionError):
            run_library(text, program, tmp_path)
    else:
        assert int(run_library(text, program, tmp_path)) < 4


# 150 x 200 of 70 by matrices of float32 in tiles of TILE, transposed or not, over what is there; and of a
# batch. There are fewer threadgroups than tiles.
RUN_MATMUL = """
import numpy as np
rng = np.random.default_rng(7)
m, n, k, batch = 150, 200, 70, 2
right = 0
for order in range(4):  # the order in which threads run differs, and how the matrices lie
    turned_a, turned_b = order & 1, order >> 1
    a = rng.standard_normal((batch, *((k, m) if turned_a else (m, k)))).astype(np.float32)
    b = rng.standard_normal((batch, *((n, k) if turned_b else (k, n)))).astype(np.float32)
    c = rng.standard_normal((batch, m, n + 1)).astype(np.float32)
    before = c.copy()
    variant = c_uint(WAY)
    library.set_constants((c_void_p * 1)(ctypes.addressof(variant)))
    groups = 1, 1, 1
    push = np.zeros(28, np.uint32)
    push[8:11] = groups
    push[12:16] = m, n, k, batch
    push[16:22] = a.shape[2], b.shape[2], n + 1, m * k, k * n, m * (n + 1)
    push[22:24] = turned_a, turned_b
    push.view(np.float32)[24:26] = 0.5, 2.0
    arrays = [push, a, b, c]
    buffers = (c_void_p * 4)(*(array.ctypes.data for array in arrays))
    triple = c_uint * 3
    assert library.functions[0].run(buffers, triple(*groups), triple(256, 1, 1), 32) == 0
    x = (a.transpose(0, 2, 1) if turned_a else a).astype(np.float64)
    y = (b.transpose(0, 2, 1) if turned_b else b).astype(np.float64)
    error = np.abs(c[:, :, :n] - (0.5 * x @ y + 2 * before[:, :, :n]))
    bound = np.abs(x) @ np.abs(y) + np.abs(before[:, :, :n])
    right += bool((error <= 2e-6 * bound).all() and (c[:, :, n] == before[:, :, n]).all())
print(right)
"""


@needs_clang
@pytest.mark.slow
@pytest.mark.parametrize("way", [4, 5])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("ulong2(0), true", "ulong2(0), false"),  # a's lines are columns
        ("simdgroup_float8x8(0.0)", "simdgroup_float8x8(1.0)"),
    ],
)
def test_matmul_on_matrices(tmp_path: Path, way: int, old: str, new: str) -> None:
    text = (GENERATED / "matmul_matrix.metal").read_text("utf-8")
    assert old in text
    right = run_library(
        text.replace(old, new) if old else text, RUN_MATMUL.replace("WAY", str(way)), tmp_path
    )
    assert right == ("0\n" if old else "4\n")


@needs_clang
@pytest.mark.slow
@pytest.mark.parametrize(("way", "function"), [(4, "small_tiles"), (5, "big_tiles")])
@pytest.mark.parametrize("which", [1, 2, 3])
def test_each_barrier_of_matmul_counts(tmp_path: Path, way: int, function: str, which: int) -> None:
    text = without((GENERATED / "matmul_matrix.metal").read_text("utf-8"), function, which)
    assert int(run_library(text, RUN_MATMUL.replace("WAY", str(way)), tmp_path)) < 4
