"""Every device: the kernels of language models but for linear, against zcwasm/_selftest/reference.py.

Tolerances, with E = 2**-23 (float32's spacing at 1), are stated where they are used. All of them bound the
error by what float32 arithmetic in any order may do, with 1e-5 relative for what goes through an exponential
and 2e-6 for the error function.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from conftest import Arena
from llm_support import MOST, E, Framed, at_the_end, close, each_type, empty, normal, rng, run

import zcwasm
from zcwasm._core import _weight_types
from zcwasm._selftest import reference
from zcwasm._selftest.arena import put, words
from zcwasm._selftest.reference import F16, F32, WEIGHT_TYPES, Array

# --- embed ---


@each_type
@pytest.mark.parametrize("rows", [0, 1, 3, 37])
def test_embed(device: zcwasm.Device, arena: Arena, name: str, rows: int) -> None:
    code, block, _ = WEIGHT_TYPES[name]
    for dim in (0, block, 3 * block + (5 if block == 1 else 0), 7 * block):
        vocab = 9
        data = reference.random_weights(name, vocab, dim, rng)
        table = reference.dequantize(name, data)
        ids = rng.integers(0, vocab, rows).astype(np.uint32)
        for flags in (0, 1):
            offset = int(rng.integers(0, 4))
            out = Framed(arena, rows, dim, dim + 3, offset=offset)
            expected = table[ids].astype(np.float64) + (flags * out.get().astype(np.float64))
            size = 2 * np.abs(table[ids]) + flags * np.abs(out.get()) + 1
            run(
                device,
                "embed",
                [put(arena, ids, offset), put(arena, words(data), 3 - offset), out.binding],
                type=code,
                rows=rows,
                dim=dim,
                vocab=vocab,
                ldout=dim + 3,
                flags=flags,
            )
            close(out.get(), expected, 4 * E * size)
            out.check_frame()


def test_embed_clamps_ids(device: zcwasm.Device, arena: Arena) -> None:
    table = normal(5, 6)
    ids = np.array([4, 5, 6, MOST, 2**31, 0], np.uint32)
    out = Framed(arena, 6, 6, 6)
    run(
        device,
        "embed",
        [put(arena, ids), put(arena, table), out.binding],
        type=0,
        rows=6,
        dim=6,
        vocab=5,
        ldout=6,
        flags=0,
    )
    assert np.array_equal(out.get(), table[[4, 4, 4, 4, 4, 0]])
    out.check_frame()


# --- norms ---

ROWS = [0, 1, 2, 5, 19]
COLS = [0, 1, 3, 17, 64, 129, 577, 2051]


@pytest.mark.parametrize("cols", COLS)
def test_norms(device: zcwasm.Device, arena: Arena, cols: int) -> None:
    for rows in ROWS:
        offset = (rows + cols) % 4
        x = Framed(arena, rows, cols, cols + 2, offset=offset)
        weight, bias = put(arena, normal(cols), 1 - offset % 2), put(arena, normal(cols), offset)
        x64 = x.get().astype(np.float64)
        size = 3.0 + 4 * np.abs(x64).max(initial=0)
        out = Framed(arena, rows, cols, cols + 1, offset=3 - offset)
        params: dict[str, float] = {
            "rows": rows,
            "cols": cols,
            "ldx": cols + 2,
            "ldout": cols + 1,
            "eps": 1e-5,
        }
        run(device, "rms_norm", [x.binding, weight, out.binding], **params)
        expected = reference.rms_norm(x64, weight, np.float32(1e-5)) if cols else x64
        close(out.get(), expected, 16 * E * np.abs(expected) + 1e-30)
        out.check_frame()
        before = out.get().astype(np.float64)
        run(device, "norm_add", [x.binding, weight, out.binding], **params)
        added = before + expected if cols else before
        close(out.get(), added, 16 * E * (np.abs(expected) + np.abs(before)) + 1e-30)
        out.check_frame()
        run(device, "layer_norm", [x.binding, weight, bias, out.binding], **params)
        if cols:
            expected = reference.layer_norm(x64, weight, bias, np.float32(1e-5))
            scale = 1 / np.sqrt(x64.var(-1, keepdims=True) + 1e-5)
            close(
                out.get(),
                expected,
                16 * E * (np.abs(expected) + (size * scale + 1) * np.abs(weight) + np.abs(bias)),
            )
        out.check_frame()
        x.check_frame()
        params["ldx"] = params["ldout"] = cols
        flat = put(arena, x.get().copy(), offset)  # in place
        run(device, "rms_norm", [flat, weight, flat], **params)
        if cols:
            expected = reference.rms_norm(x64, weight, np.float32(1e-5))
            close(flat, expected, 16 * E * np.abs(expected) + 1e-30)


def test_norms_hand_on_what_is_not_finite(device: zcwasm.Device, arena: Arena) -> None:
    """A NaN spoils its own row and no other."""
    x = normal(3, 70)
    x[1, 5] = np.nan
    given, weight, out = put(arena, x), put(arena, normal(70)), arena.empty((3, 70))
    for kernel, middle in (("rms_norm", [weight]), ("layer_norm", [weight, weight]), ("norm_add", [weight])):
        out[...] = 0
        run(device, kernel, [given, *middle, out], rows=3, cols=70, ldx=70, ldout=70, eps=1e-5)
        assert np.isnan(out[1]).all()
        assert np.isfinite(out[[0, 2]]).all()


def test_norm_of_large_and_small(device: zcwasm.Device, arena: Arena) -> None:
    x = np.stack([normal(100) * 1e15, normal(100) * 1e-3, np.zeros(100, np.float32)])
    given, weight, out = put(arena, x), put(arena, normal(100)), arena.empty((3, 100))
    run(device, "rms_norm", [given, weight, out], rows=3, cols=100, ldx=100, ldout=100, eps=1e-6)
    expected = reference.rms_norm(x, weight, np.float32(1e-6))
    close(out, expected, 16 * E * np.abs(expected))


# --- rope and append ---


def angles_of(count: int, rotated: int) -> Array:
    angles = rng.uniform(0, 7, (count, rotated // 2))
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1).astype(np.float32)


def tolerance(dtype: Any, size: Array) -> Array:
    """float32 arithmetic, and the rounding to float16."""
    return 4 * E * size + (2.0**-11 * size + 2.0**-24 if dtype == np.float16 else 0)


@pytest.mark.parametrize("layout", [0, 1])
@pytest.mark.parametrize("out_type", [F32, F16])
def test_rope(device: zcwasm.Device, arena: Arena, layout: int, out_type: int) -> None:
    dtype = np.float16 if out_type == F16 else np.float32
    sizes = [
        (0, 2, 4, 4),
        (1, 0, 4, 4),
        (1, 1, 2, 2),
        (1, 9, 64, 64),
        (5, 3, 64, 64),
        (3, 2, 10, 6),
        (2, 3, 8, 0),
    ]
    sizes += [(33, 3, 96, 32)] + ([(4, 3, 7, 6)] if out_type == F32 else [])
    for rows, heads, size, rotated in sizes:
        for capacity in (0, 40):
            offset = (rows + heads + capacity) % 4
            cols, table_rows = heads * size, 50
            x = Framed(arena, rows, cols, cols + 1, offset=offset)
            positions = rng.permutation(40)[:rows].astype(np.uint32)
            table = angles_of(table_rows, rotated)
            out = Framed(arena, capacity or rows, cols, cols + 2, offset=3 - offset, dtype=dtype)
            kept = out.get().copy()
            run(
                device,
                "rope",
                [x.binding, put(arena, positions, offset), put(arena, table, 1), out.binding],
                rows=rows,
                heads=heads,
                head_size=size,
                rotated=rotated,
                ldx=cols + 1,
                ldout=cols + 2,
                table_rows=table_rows,
                capacity=capacity,
                layout=layout,
                out_type=out_type,
            )
            out.check_frame()
            given = x.get().reshape(rows, heads, size)
            expected = reference.rope(given, table[positions], rotated, layout == 1).reshape(rows, cols)
            where = positions if capacity else np.arange(rows)
            close(out.get()[where], expected, tolerance(dtype, np.abs(expected) + 4.0))
            others = np.delete(np.arange(capacity or rows), where)
            assert np.array_equal(out.get()[others], kept[others])


def test_rope_in_place_and_hostile_positions(device: zcwasm.Device, arena: Arena) -> None:
    table = angles_of(10, 8)
    x = Framed(arena, 4, 16, 16)
    given = x.get().copy().reshape(4, 2, 8)
    positions = np.array([3, 9, 10, MOST], np.uint32)
    params = {
        "rows": 4,
        "heads": 2,
        "head_size": 8,
        "rotated": 8,
        "ldx": 16,
        "ldout": 16,
        "table_rows": 10,
        "layout": 0,
        "out_type": 0,
    }
    arrays = [x.binding, put(arena, positions), put(arena, table), x.binding]
    run(device, "rope", arrays, **params, capacity=0)
    expected = reference.rope(given, table[[3, 9, 9, 9]], 8, False).reshape(4, 16)
    close(x.get(), expected, 4 * E * 8)
    x.check_frame()
    cache = Framed(arena, 7, 16, 16)  # position 6 is the last row, 9 and beyond go there too
    y = put(arena, given.reshape(4, 16))
    run(device, "rope", [y, put(arena, positions), put(arena, table), cache.binding], **params, capacity=7)
    cache.check_frame()
    close(cache.get()[3], expected[0], 4 * E * 8)


@pytest.mark.parametrize("out_type", [F32, F16])
def test_append(device: zcwasm.Device, arena: Arena, out_type: int) -> None:
    dtype = np.float16 if out_type == F16 else np.float32
    for rows, cols in [(0, 4), (3, 0), (1, 2), (1, 192), (7, 34), (40, 6)] + (
        [(5, 3)] if out_type == F32 else []
    ):
        offset = (rows + cols) % 4
        x = Framed(arena, rows, cols, cols + 3, offset=offset)
        positions = rng.permutation(40)[:rows].astype(np.uint32)
        out = Framed(arena, 41, cols, cols + 4, offset=3 - offset, dtype=dtype)
        kept = out.get().copy()
        params: dict[str, float] = {
            "rows": rows,
            "cols": cols,
            "ldx": cols + 3,
            "ldout": cols + 4,
            "capacity": 41,
        }
        params["out_type"] = out_type
        run(device, "append", [x.binding, put(arena, positions, offset), out.binding], **params)
        out.check_frame()
        assert np.array_equal(out.get()[positions], x.get().astype(dtype))
        others = np.delete(np.arange(41), positions)
        assert np.array_equal(out.get()[others], kept[others])


def test_append_rounds_as_numpy_and_clamps(device: zcwasm.Device, arena: Arena) -> None:
    special = [
        0.0,
        -0.0,
        65504,
        65519.9,
        65520,
        1e30,
        -np.inf,
        6e-8,
        2.9e-8,
        1e-30,
        6.1e-5,
        1 + 2**-11,
        1 + 3 * 2**-11,
    ]
    special += [0.1, -3.3e-5, 2049]
    x = np.array([special, normal(16)], np.float32)
    out = arena.empty((3, 16), np.float16)
    out[...] = 0
    params = {"rows": 2, "cols": 16, "ldx": 16, "ldout": 16, "capacity": 3, "out_type": F16}
    arrays = [put(arena, x), put(arena, np.array([1, MOST], np.uint32)), out.view(np.uint32)]
    run(device, "append", arrays, **params)
    with np.errstate(over="ignore"):
        expected = x.astype(np.float16)
    assert out[1].tobytes() == expected[0].tobytes()
    assert out[2].tobytes() == expected[1].tobytes()
    assert not out[0].any()
    x[0, 3] = np.nan
    run(device, "append", [put(arena, x), *arrays[1:]], **params)
    assert np.isnan(out[1, 3])


# --- rope and append at once ---

ROPE_APPEND = {
    "rows": 3,
    "q_rows": 3,
    "heads": 2,
    "kv_heads": 1,
    "head_size": 8,
    "rotated": 8,
    "ldq": 16,
    "ldk": 8,
    "ldv": 8,
    "ldout": 8,
    "table_rows": 9,
    "capacity": 7,
    "layout": 0,
    "out_type": F32,
    "mirrored": 1,
}


@pytest.mark.parametrize("layout", [0, 1])
@pytest.mark.parametrize("out_type", [F32, F16])
@pytest.mark.parametrize("mirrored", [0, 1])
def test_rope_append(device: zcwasm.Device, arena: Arena, layout: int, out_type: int, mirrored: int) -> None:
    """As rope and append one after the other, to the bit where a device rounds alike; and nothing else is
    touched."""
    dtype = np.float16 if out_type == F16 else np.float32
    sizes = [  # rows, rows of q, heads, kv heads, head size, rotated
        (1, 1, 9, 3, 64, 64),
        (0, 0, 2, 1, 4, 4),
        (2, 0, 3, 2, 6, 4),
        (5, 1, 4, 4, 10, 6),
        (7, 7, 0, 2, 8, 8),
        (3, 2, 2, 0, 8, 4),
        (33, 20, 3, 1, 96, 32),
        (2, 2, 5, 5, 8, 0),
    ]
    for rows, q_rows, heads, kv_heads, size, rotated in [
        *sizes,
        *([(4, 3, 3, 3, 7, 6)] if out_type == F32 else []),
    ]:
        arena.used = 64
        offset, capacity, table_rows = (rows + heads + mirrored) % 4, 40, 50
        cols, kv_cols = heads * size, kv_heads * size
        ldout = kv_cols + 2
        q = Framed(arena, q_rows, cols, cols + 1, offset=offset)
        k = Framed(arena, rows, kv_cols, kv_cols + 3, offset=3 - offset)
        v = Framed(arena, rows, kv_cols, kv_cols + 2, offset=offset)
        positions, table = rng.permutation(40)[:rows].astype(np.uint32), angles_of(table_rows, rotated)
        given = q.get().copy()
        # The rows of values begin where those of keys would go on.
        written = [
            Framed(arena, 2 * capacity, kv_cols, ldout, offset=i, dtype=dtype) for i in range(1 + mirrored)
        ]
        kept = [each.get().copy() for each in written]
        bindings = [each.binding for each in written] + [empty(arena)] * (1 - mirrored)
        run(
            device,
            "rope_append",
            [q.binding, k.binding, v.binding, put(arena, positions, offset), put(arena, table, 1), *bindings],
            rows=rows,
            q_rows=q_rows,
            heads=heads,
            kv_heads=kv_heads,
            head_size=size,
            rotated=rotated,
            ldq=cols + 1,
            ldk=kv_cols + 3,
            ldv=kv_cols + 2,
            ldout=ldout,
            table_rows=table_rows,
            capacity=capacity,
            layout=layout,
            out_type=out_type,
            mirrored=mirrored,
        )
        for each in (q, k, v, *written):
            each.check_frame()
        where = positions[rows - q_rows :]
        turned = reference.rope(given.reshape(q_rows, heads, size), table[where], rotated, layout == 1)
        close(q.get(), turned.reshape(q_rows, cols), 4 * E * (np.abs(turned.reshape(q_rows, cols)) + 4))
        keys = reference.rope(k.get().reshape(rows, kv_heads, size), table[positions], rotated, layout == 1)
        keys = keys.reshape(rows, kv_cols)
        others = np.delete(np.arange(capacity), positions)
        for each, before in zip(written, kept, strict=True):
            got_keys, got_values = each.get()[:capacity], each.get()[capacity:]
            close(got_keys[positions], keys, tolerance(dtype, np.abs(keys) + 4.0))
            assert np.array_equal(got_values[positions], v.get().astype(dtype))
            assert np.array_equal(got_keys[others], before[:capacity][others])
            assert np.array_equal(got_values[others], before[capacity:][others])
        if mirrored:
            assert written[0].get()[positions].tobytes() == written[1].get()[positions].tobytes()


def test_rope_append_clamps_positions(device: zcwasm.Device, arena: Arena) -> None:
    q, k, v = (put(arena, normal(3, cols)) for cols in (16, 8, 8))
    table, positions = angles_of(9, 8), np.array([5, MOST, 2], np.uint32)
    given, keys = q.copy().reshape(3, 2, 8), k.copy().reshape(3, 1, 8)
    cache, mirror = (Framed(arena, 14, 8, 8) for _ in range(2))
    arrays = [q, k, v, put(arena, positions), put(arena, table), cache.binding, mirror.binding]
    run(device, "rope_append", arrays, **ROPE_APPEND)
    angles = table[[5, 8, 2]]
    close(q, reference.rope(given, angles, 8, False).reshape(3, 16), 4 * E * 8)
    for each in (cache, mirror):
        each.check_frame()
        close(each.get()[[5, 6, 2]], reference.rope(keys, angles, 8, False).reshape(3, 8), 4 * E * 8)
        assert np.array_equal(each.get()[[12, 13, 9]], v)


def test_rope_append_without_a_table(device: zcwasm.Device, arena: Arena) -> None:
    """Nothing is rotated, so there are no angles."""
    q, k, v = (put(arena, normal(3, cols)) for cols in (16, 8, 8))
    given, cache = q.copy(), arena.empty((2, 7, 8))
    positions = put(arena, np.array([5, MOST, 2], np.uint32))
    params = ROPE_APPEND | {"rotated": 0, "table_rows": 0, "mirrored": 0}
    run(device, "rope_append", [q, k, v, positions, empty(arena), cache, empty(arena)], **params)
    assert np.array_equal(q, given)
    assert np.array_equal(cache[:, [5, 6, 2]], np.stack([k, v]))


def test_what_rope_append_refuses(device: zcwasm.Device, arena: Arena) -> None:
    sizes = {"q": 48, "k": 24, "v": 24, "positions": 3, "table": 72, "cache": 112, "mirror": 112}
    arrays = {name: arena.empty(size) for name, size in sizes.items()}
    for change, what in [
        ({"q_rows": 4}, "q has 4 rows of 3"),
        ({"rotated": 7}, "7 elements of a head of 8"),
        ({"rotated": 10}, "10 elements of a head of 8"),
        ({"layout": 2}, "layout is 2"),
        ({"out_type": 3}, "element type of cache is 3"),
        ({"out_type": 2}, "heads have 8 elements: must be a multiple of 32 for Q8_0"),
        (
            {"out_type": 2, "head_size": 32, "q_rows": 0, "ldk": 32, "ldv": 32, "ldout": 32},
            "multiples of 64 for Q8_0",
        ),
        ({"mirrored": 2}, "mirrored is 2"),
        ({"capacity": 0}, "a cache of no rows"),
        ({"table_rows": 0}, "the table has no rows"),
        ({"out_type": F16, "head_size": 7, "rotated": 6}, "must be even for F16"),
        ({"out_type": F16, "ldout": 9}, "must be even for F16"),
        ({"ldout": 7}, "leading dimension of cache is 7"),
        ({"ldout": 0, "capacity": 1}, "leading dimension of cache is 0"),
        ({"ldq": 15}, "leading dimension of q is 15"),
        ({"ldk": 0}, "leading dimension of k is 0"),
        ({"ldv": 7}, "leading dimension of v is 7"),
        ({"capacity": 8}, "cache: the parameters need"),
        ({"ldout": 9}, "cache: the parameters need"),
        ({"rows": 4}, "k: the parameters need"),
        ({"heads": MOST, "head_size": 256, "rotated": 0}, "are more than"),
        ({"kv_heads": MOST, "head_size": 256, "rotated": 0}, "are more than"),
        ({"capacity": MOST, "ldout": MOST}, "spans more than"),
        ({"q_rows": 0, "heads": MOST - 40, "head_size": 1, "rotated": 0}, r"more than 2\^31 columns"),
        ({"q_rows": 0, "heads": 2**30, "head_size": 2, "rotated": 0}, "more than 2"),
    ]:
        with pytest.raises((ValueError, IndexError, OverflowError), match=what):
            run(device, "rope_append", list(arrays.values()), **{**ROPE_APPEND, **change})
    with pytest.raises((ValueError, IndexError), match="mirror: the parameters need"):
        run(device, "rope_append", [*list(arrays.values())[:6], empty(arena)], **ROPE_APPEND)
    large = arena.empty(112)
    for shared in ({"q": large, "k": large}, {"cache": large, "v": large}, {"cache": large, "mirror": large}):
        with pytest.raises(ValueError, match="overlaps"):
            run(device, "rope_append", list({**arrays, **shared}.values()), **ROPE_APPEND)


# --- attention ---


def rounding(device: zcwasm.Device, rows: int, kv_type: int) -> int:
    """How many times float32's the bound is. Vulkan's matrix units round the weights of attention to float16:
    what is 64 * 2**-23 of each at least becomes 2**-10. Metal's do not."""
    rounded = device.kind == "vulkan" and device.info["matrix_units"]
    return 128 if rows > 4 and kv_type == F16 and rounded else 1


def check_attention(
    device: zcwasm.Device,
    arena: Arena,
    rows: int,
    heads: int,
    kv_heads: int,
    size: int,
    capacity: int,
    spans: Array,
    kv_type: int,
    offset: int = 0,
    scale: float = 0.0,
    window: int = 0,
    cap: float = 0.0,
    sinks: Array | None = None,
) -> None:
    arena.used = 64
    dtype = np.float16 if kv_type == F16 else np.float32
    scale = float(np.float32(scale or size**-0.5))
    cols, kv_cols = heads * size, kv_heads * size
    q = Framed(arena, rows, cols, cols + offset, offset=offset)
    k = Framed(arena, capacity, kv_cols, kv_cols + 2, offset=offset, dtype=dtype)
    v = Framed(arena, capacity, kv_cols, kv_cols + 4, offset=3 - offset % 4, dtype=dtype)
    used = np.zeros(capacity, bool)
    for start, end in spans:
        end = min(int(end), capacity)
        used[max(int(start), end - window if window else 0) : end] = True
    k.get()[~used] = np.nan  # what no span names must not be read into a result
    v.get()[~used] = np.nan
    out = Framed(arena, rows, cols, cols + 1, offset=offset + 1)
    run(
        device,
        "attention",
        [
            *(each.binding for each in (q, k, v)),
            put(arena, spans.astype(np.uint32), offset),
            *([] if sinks is None else [put(arena, sinks, 3 - offset % 4)]),
            out.binding,
        ],
        rows=rows,
        heads=heads,
        kv_heads=kv_heads,
        head_size=size,
        ldq=cols + offset,
        ldk=kv_cols + 2,
        ldv=kv_cols + 4,
        ldout=cols + 1,
        capacity=capacity,
        kv_type=kv_type,
        scale=scale,
        window=window,
        softcap=cap,
        sinks=int(sinks is not None),
    )
    out.check_frame()
    expected, bound = reference.attention(
        q.get().reshape(rows, heads, size),
        k.get().reshape(capacity, kv_heads, size),
        v.get().reshape(capacity, kv_heads, size),
        spans,
        scale,
        window,
        float(np.float32(cap)),
        sinks,
    )
    rounded = rounding(device, rows, kv_type)
    close(out.get(), expected.reshape(rows, cols), rounded * E * bound.reshape(rows, cols) + 1e-30)


def causal(rows: int, before: int) -> Array:
    return np.array([(0, before + r + 1) for r in range(rows)], np.uint32).reshape(rows, 2)


def test_attention_with_many_heads_of_one_key(device: zcwasm.Device, arena: Arena) -> None:
    """More than a task takes at a time, which is then cut; also unevenly, and with few left over."""
    for heads, kv_heads in ((97, 1), (200, 1), (600, 2)):
        check_attention(device, arena, 3, heads, kv_heads, 8, 150, causal(3, 140), F32, offset=1)


@pytest.mark.parametrize("kv_type", [F32, F16])
def test_attention(device: zcwasm.Device, arena: Arena, kv_type: int) -> None:
    for rows, before in [
        (0, 0),
        (1, 0),
        (1, 1),
        (1, 62),
        (1, 63),
        (1, 64),
        (1, 200),
        (3, 5),
        (17, 0),
        (70, 63),
    ]:
        for heads, kv_heads, size in [(1, 1, 4), (9, 3, 64), (4, 4, 20), (6, 1, 32)]:
            spans, offset = causal(rows, before), (rows + size + before) % 4
            check_attention(
                device, arena, rows, heads, kv_heads, size, before + rows + 3, spans, kv_type, offset
            )
    for size in (128, 132, 180, 252, 256):
        check_attention(device, arena, 5, 2, 1, size, 90, causal(5, 80), kv_type)
    for heads, size in ((16, 8), (8, 136)):  # enough that workgroups on matrix units have all their queries
        check_attention(device, arena, 70, heads, heads, size, 140, causal(70, 63), kv_type)
    check_attention(device, arena, 3, 0, 1, 8, 5, causal(3, 0), kv_type)


@pytest.mark.parametrize("kv_type", [F32, F16])
def test_attention_of_any_spans(device: zcwasm.Device, arena: Arena, kv_type: int) -> None:
    """Windows, sequences packed into one batch, spans in no order, empty ones, and hostile ones."""
    window = np.array([(max(0, t - 7), t + 1) for t in range(50)], np.uint32)
    check_attention(device, arena, 50, 3, 1, 16, 50, window, kv_type)
    packed = np.array([(0, 13)] * 13 + [(13, 40)] * 27 + [(40, 41)], np.uint32)
    check_attention(device, arena, 41, 2, 2, 32, 41, packed, kv_type)
    mixed = np.array([(30, 35), (0, 64), (3, 3), (9, 2), (63, 64), (0, 1), (5, 64)], np.uint32)
    check_attention(device, arena, 7, 2, 1, 8, 64, mixed, kv_type)
    hostile = np.array(
        [(0, 65), (0, MOST), (64, MOST), (MOST, 5), (MOST, MOST), (63, MOST), (2**31, 1)], np.uint32
    )
    check_attention(device, arena, 7, 2, 1, 8, 64, hostile, kv_type)
    check_attention(device, arena, 7, 2, 1, 8, 0, hostile, kv_type)
    # Few rows go another way on GPUs, which once counted keys from a start to an end before it: seconds.
    check_attention(device, arena, 4, 2, 1, 8, 64, hostile[3:], kv_type)


@pytest.mark.parametrize("kv_type", [F32, F16])
@pytest.mark.parametrize("window", [1, 40, MOST])
def test_attention_of_windows(device: zcwasm.Device, arena: Arena, kv_type: int, window: int) -> None:
    """Few rows and many, windows within a span and larger than it, hostile ends; what no row sees is NaN."""
    check_attention(device, arena, 1, 4, 2, 64, 700, causal(1, 690), kv_type, 1, window=window)
    for rows, heads, kv_heads, size in ((3, 3, 1, 20), (37, 2, 2, 16), (6, 2, 1, 256)):
        spans = causal(rows, 150)
        spans[0] = 100, MOST
        spans[rows // 2] = 180, 30
        check_attention(device, arena, rows, heads, kv_heads, size, 190, spans, kv_type, 1, window=window)


@pytest.mark.parametrize("rows", [1, 37])
def test_attention_of_windows_with_caps(device: zcwasm.Device, arena: Arena, rows: int) -> None:
    check_attention(device, arena, rows, 4, 2, 64, 400, causal(rows, 300), F16, 1, window=130, cap=1.7)


@pytest.mark.parametrize("kv_type", [F32, F16])
def test_attention_with_sinks(device: zcwasm.Device, arena: Arena, kv_type: int) -> None:
    """Keys of one workgroup and of several, one row and many, heads that share keys, rows without any: sinks
    that are nothing beside the scores, among them, and far above."""
    for rows, heads, kv_heads, size, before, window in (
        (1, 5, 1, 64, 690, 0),
        (3, 3, 3, 20, 23, 0),
        (37, 4, 2, 80, 150, 40),
    ):
        spans = causal(rows, before)
        spans[rows // 2 : rows // 2 + rows // 3] = 9, 9
        sinks = np.linspace(-9, 5, heads, dtype=np.float32)
        for more in (0, 40):
            check_attention(
                *(device, arena, rows, heads, kv_heads, size, before + rows, spans, kv_type, rows % 4),
                window=window,
                sinks=sinks + np.float32(more),
            )


@pytest.mark.parametrize("rows", [1, 37])
def test_attention_of_sinks_with_caps(device: zcwasm.Device, arena: Arena, rows: int) -> None:
    """They are not capped."""
    sinks = np.array([1.5, 9, -9, 0], np.float32)
    for capacity in (400, 60):
        spans = causal(rows, capacity - 50)
        check_attention(device, arena, rows, 4, 2, 64, capacity, spans, F16, 1, cap=1.7, sinks=sinks)


@pytest.mark.parametrize(("rows", "keys"), [(2, 30), (2, 700), (9, 30)])
def test_sinks_that_are_no_common_numbers(device: zcwasm.Device, arena: Arena, rows: int, keys: int) -> None:
    """-inf is none, as is what is far below; one far above leaves nothing; +inf and NaN make NaN, but no row
    that has no key."""
    heads, size, most = 8, 16, 3.4e38
    sinks = np.array([-np.inf, -most, -1000, 1000, most, np.inf, np.nan, -np.nan], np.float32)
    q, k, v = (put(arena, normal(count, heads * size)) for count in (rows, keys, keys))
    out, without = (arena.empty((rows, heads, size)) for _ in range(2))
    params = {"rows": rows, "heads": heads, "kv_heads": heads, "head_size": size, "capacity": keys}
    params |= dict.fromkeys(("ldq", "ldk", "ldv", "ldout"), heads * size) | {"kv_type": F32}
    spans = np.array([(0, keys)] * (rows - 1) + [(5, 5)], np.uint32)
    arrays = [q, k, v, put(arena, spans)]
    run(device, "attention", [*arrays, without], **params, scale=0.25)
    run(device, "attention", [*arrays, put(arena, sinks), out], **params, scale=0.25, sinks=1)
    assert not out[-1].any()
    close(out[:-1, :3], without[:-1, :3], 1e-6 if device.kind != "cpu" else 0)
    assert not out[:-1, 3:5].any()
    assert np.isnan(out[:-1, 5:]).all()
    # Nothing but keys that do not count: what counts is the sink.
    k[...] = -most
    q[...] = most
    run(device, "attention", [*arrays, without], **params, scale=1)
    sinks = put(arena, np.zeros(heads, np.float32))
    run(device, "attention", [*arrays, sinks, out], **params, scale=1, sinks=1)
    assert np.isnan(without[:-1]).all()
    assert not out.any()


def test_what_sinks_refuse(device: zcwasm.Device, arena: Arena) -> None:
    q, k, v, out = (arena.empty((2, 8)) for _ in range(4))
    params = {"rows": 2, "heads": 2, "kv_heads": 2, "head_size": 4, "ldq": 8, "ldk": 8, "ldv": 8, "ldout": 8}
    params |= {"capacity": 2, "kv_type": F32, "scale": 1}
    arrays = [q, k, v, put(arena, causal(2, 0))]
    with pytest.raises(ValueError, match="sinks is 2, must be 0 or 1"):
        run(device, "attention", [*arrays, arena.empty(2), out], **params, sinks=2)
    with pytest.raises(IndexError, match="sinks: the parameters need 8 bytes"):
        run(device, "attention", [*arrays, arena.empty(1), out], **params, sinks=1)
    with pytest.raises(ValueError, match="overlap"):
        run(device, "attention", [*arrays, out.reshape(-1)[3:5], out], **params, sinks=1)


def test_scores_that_are_capped(device: zcwasm.Device, arena: Arena) -> None:
    """Scores of thousands and of next to nothing; a key of NaN makes its row NaN and no other."""
    for scale in (300.0, 1e30, 1e-4):
        for rows in (2, 9):
            check_attention(device, arena, rows, 2, 1, 16, 150, causal(rows, 140), F32, scale=scale, cap=2.0)
    q, k, v = (put(arena, normal(6, 16)) for _ in range(3))
    k[5, 3] = np.nan
    out, spans = arena.empty((6, 16)), put(arena, causal(6, 0))
    params = {"heads": 1, "kv_heads": 1, "head_size": 16, "ldq": 16, "ldk": 16, "ldv": 16, "ldout": 16}
    for rows in (2, 6):
        arrays = [q[-rows:], k, v, spans[-rows:], out[-rows:]]
        run(device, "attention", arrays, **params, rows=rows, capacity=6, kv_type=F32, scale=1, softcap=3.0)
        assert np.isfinite(out[-rows:-1]).all()
        assert np.isnan(out[-1]).all()
    for wrong in (-1.0, 2.0**-61, 2.0**61, np.inf, np.nan):
        with pytest.raises(ValueError, match=r"softcap is .*, must be 2\^-60 to 2\^60"):
            run(
                device, "attention", arrays, **params, rows=6, capacity=6, kv_type=F32, scale=1, softcap=wrong
            )


@pytest.mark.parametrize("kv_type", [F32, F16])
def test_attention_in_splits(device: zcwasm.Device, arena: Arena, kv_type: int) -> None:
    """Few rows of a large cache, whose keys GPU devices share out among workgroups: all of them, a window,
    one key of the last split, so few that one split has them, none; heads of all widths, alone and many to a
    key."""
    for heads, kv_heads, size, capacity in [
        (4, 2, 64, 1201),
        (7, 1, 80, 700),
        (3, 1, 128, 555),
        (5, 1, 20, 2311),
        (2, 2, 4, 2500),
    ]:
        some = np.array([(0, capacity), (9, capacity - 33), (capacity - 1, MOST), (5, 60), (7, 7)], np.uint32)
        check_attention(device, arena, 1, heads, kv_heads, size, capacity, some[:1], kv_type, size % 3)
        check_attention(device, arena, 4, heads, kv_heads, size, capacity, some[1:], kv_type)


@pytest.mark.parametrize("kv_type", [F32, F16])
@pytest.mark.parametrize(
    ("heads", "kv_heads", "size", "part"),
    [
        (9, 3, 64, 256),
        (32, 8, 64, 128),
        (32, 4, 128, 64),
        (3, 3, 80, 256),
        (10, 2, 96, 256),
        (6, 1, 256, 170),
        (14, 2, 20, 256),
        (12, 1, 64, 256),
        (130, 130, 4, 256),
    ],
)
def test_attention_in_parts(
    arena: Arena, heads: int, kv_heads: int, size: int, part: int, kv_type: int
) -> None:
    """One row around the numbers of keys from which on the cpu device cuts them; with few queries of a key,
    with many, and of more key-value heads than one task has."""
    device = zcwasm.Device("cpu", threads=2)
    for keys in (part - 1, part, part + 1, 2 * part + 1):
        for start in (0, 7):
            spans = np.array([(start, start + keys)], np.uint32)
            check_attention(
                device, arena, 1, heads, kv_heads, size, start + keys + 5, spans, kv_type, keys % 4
            )


@pytest.mark.parametrize("kv_type", [F32, F16])
def test_attention_in_parts_of_several_rows(device: zcwasm.Device, arena: Arena, kv_type: int) -> None:
    """Rows that see some of the parts, one or none."""
    end = 1100
    rows = [(0, end), (5, 40), (7, 7), (end - 1, MOST), (300, 700), (9, 2), (0, 1), (256, 512)]
    spans = np.array(rows, np.uint32)
    for count in (2, 4, 8):
        for group, size in ((1, 64), (2, 80), (4, 64), (13, 32)):
            check_attention(device, arena, count, 2 * group, 2, size, end, spans[:count], kv_type, count % 3)
    check_attention(device, arena, 4, 6, 3, 64, end, causal(4, end - 4), kv_type)


def test_attention_in_splits_hands_on_nan(device: zcwasm.Device, arena: Arena) -> None:
    """What is no number in one split's keys, in its values, and what another row sees."""
    size, capacity = 64, 1000
    k, v = (arena.put(normal(capacity, size)) for _ in range(2))
    q, out = arena.put(normal(2, 2 * size)), arena.empty((2, 2, size))
    spans = put(arena, np.array([(0, 777), (100, capacity)], np.uint32))
    params = {
        "rows": 2,
        "heads": 2,
        "kv_heads": 1,
        "head_size": size,
        "ldq": 2 * size,
        "ldk": size,
        "ldv": size,
    }
    params |= {"ldout": 2 * size, "capacity": capacity, "kv_type": F32}
    for cache in (k, v):
        cache[900, 3] = np.nan
        run(device, "attention", [q, k, v, spans, out], **params, scale=0.2)
        assert np.isfinite(out[0]).all()
        assert np.isnan(out[1, :, 3]).all()
        assert np.isnan(out[1]).all() == (cache is k)
        cache[900, 3] = 1


@pytest.mark.parametrize("kv_type", [F32, F16])
def test_attention_of_keys_that_do_not_count(arena: Arena, kv_type: int) -> None:
    """Scores of -inf, in all of some blocks and parts, are on the cpu device as if they were not there."""
    device, size, capacity = zcwasm.Device("cpu", threads=2), 64, 1000
    dtype = np.float16 if kv_type == F16 else np.float32
    k, v = normal(capacity, size).astype(dtype), normal(capacity, size).astype(dtype)
    k[:600, 0] = k[990:, 0] = -np.inf
    for heads in (3, 16):
        q = np.abs(normal(1, heads, size)) + 1
        out, kept = arena.empty((heads, size)), arena.empty((heads, size))
        params = {
            "rows": 1,
            "heads": heads,
            "kv_heads": 1,
            "head_size": size,
            "ldq": heads * size,
            "ldk": size,
        }
        params |= {"ldv": size, "ldout": heads * size, "capacity": capacity, "kv_type": kv_type}
        arrays = [put(arena, q), put(arena, words(k)), put(arena, words(v))]
        for to, span in ((out, (0, capacity)), (kept, (600, 990))):
            run(
                device,
                "attention",
                [*arrays, put(arena, np.array([span], np.uint32)), to],
                **params,
                scale=0.2,
            )
        assert np.isfinite(out).all()
        np.testing.assert_allclose(out, kept, rtol=1e-4, atol=1e-5)
        run(
            device,
            "attention",
            [*arrays, put(arena, np.array([(0, 600)], np.uint32)), out],
            **params,
            scale=0.2,
        )
        assert np.isnan(out).all()


@pytest.mark.parametrize("kv_type", [F32, F16])
def test_attention_of_texts_side_by_side(device: zcwasm.Device, arena: Arena, kv_type: int) -> None:
    """Rows of one text see all of it and nothing of the others: short ones, some longer than a tile has rows,
    a row that sees nothing between; and texts of which each row sees what is before it."""
    lengths = [16, 1, 30, 9, 0, 120, 8, 3, 40, 75]
    spans, causal, begin = [], [], 0
    for length in lengths:
        rows = max(length, 1)
        spans += [(begin, begin + length)] * rows
        causal += [(begin, begin + min(i + 1, length)) for i in range(rows)]
        begin += rows
    for each in (spans, causal, spans[::-1]):
        check_attention(device, arena, len(each), 3, 3, 32, begin, np.array(each), kv_type)
    check_attention(device, arena, len(spans), 6, 2, 32, begin, np.array(spans), kv_type, window=20)


def test_attention_of_many_rows_hands_on_nan(device: zcwasm.Device, arena: Arena) -> None:
    """Over float16, where matrix units have values of several rows at once; q may be too large for it."""
    rows, heads, size, capacity = 40, 3, 32, 90
    q, out = arena.put(normal(rows, heads * size)), arena.empty((rows, heads, size))
    q[5] *= 1e8
    q[6] *= 1e-12
    q[7, 40] = np.inf  # of head 1
    k, v = normal(capacity, size).astype(np.float16), normal(capacity, size).astype(np.float16)
    v[60, 2], v[80, 3], k[85, 4] = np.nan, np.inf, np.nan
    spans = np.array([(0, 50 + r % 10) for r in range(rows)], np.uint32)
    spans[20], spans[21], spans[22] = (30, 70), (70, 90), (81, 85)
    params = {
        "rows": rows,
        "heads": heads,
        "kv_heads": 1,
        "head_size": size,
        "ldq": heads * size,
        "ldk": size,
    }
    params |= {"ldv": size, "ldout": heads * size, "capacity": capacity, "kv_type": F16}
    arrays = [q, put(arena, k.view(np.uint32)), put(arena, v.view(np.uint32)), put(arena, spans), out]
    run(device, "attention", arrays, **params, scale=0.2)
    assert np.isnan(out[20, :, 2]).all()
    assert np.isnan(out[21]).all()
    assert np.isnan(out[7, 1]).all()
    others = np.ones((rows, heads), bool)
    others[20] = others[21] = others[7, 1] = False
    kept = [np.nan_to_num(np.asarray(a, np.float64), posinf=0, neginf=0) for a in (q, k, v)]
    shapes = [(rows, heads, size), (capacity, 1, size), (capacity, 1, size)]
    expected, bound = reference.attention(
        *(a.reshape(s) for a, s in zip(kept, shapes, strict=True)), spans, 0.2
    )
    others[5] = False  # its scores are compared by their greatest alone
    close(out[others], expected[others], rounding(device, rows, F16) * E * bound[others] + 1e-30)
    assert np.isfinite(out[5]).all()


def test_attention_with_large_scores(device: zcwasm.Device, arena: Arena) -> None:
    """Scores of thousands, so that exp would overflow without the maximum, and one key takes all."""
    check_attention(device, arena, 9, 2, 1, 16, 150, causal(9, 140), F32, scale=300.0)
    check_attention(device, arena, 2, 2, 1, 16, 1500, causal(2, 1400), F32, scale=300.0)


def test_attention_hands_on_nan(device: zcwasm.Device, arena: Arena) -> None:
    q, k, v = normal(3, 2, 8), normal(80, 1, 8), normal(80, 1, 8)
    q[1, 1, 3] = np.nan
    out = arena.empty((3, 2, 8))
    params = {
        "rows": 3,
        "heads": 2,
        "kv_heads": 1,
        "head_size": 8,
        "ldq": 16,
        "ldk": 8,
        "ldv": 8,
        "ldout": 16,
        "capacity": 80,
    }
    spans = np.array([(0, 70), (0, 80), (3, 20)], np.uint32)
    arrays = [put(arena, a) for a in (q, k, v, spans)]
    run(device, "attention", [*arrays, out], **params, kv_type=F32, scale=0.3)
    assert np.isnan(out[1, 1]).all()
    assert np.isfinite(np.delete(out.reshape(6, 8), 3, axis=0)).all()
    arrays[0][...] = normal(3, 2, 8)
    arrays[1][75] = np.nan  # a key that only row 1 sees
    run(device, "attention", [*arrays, out], **params, kv_type=F32, scale=0.3)
    assert np.isnan(out[1]).all()
    assert np.isfinite(out[[0, 2]]).all()


# --- swiglu and gelu ---


@pytest.mark.parametrize("cols", COLS)
def test_swiglu(device: zcwasm.Device, arena: Arena, cols: int) -> None:
    for rows in ROWS:
        offset = (rows + cols) % 4
        both = Framed(arena, rows, 2 * cols, 2 * cols + 1, offset=offset)
        both.get()[...] *= 8
        out = Framed(arena, rows, cols, cols + 3, offset=3 - offset)
        gate, up = both.get()[:, :cols], both.get()[:, cols:]
        start = both.start
        size = (rows - 1) * both.ld + cols if rows and cols else 0
        arrays = [
            both.whole[start : start + size],
            both.whole[start + cols : start + cols + size],
            out.binding,
        ]
        params: dict[str, float] = {"rows": rows, "cols": cols, "ldout": cols + 3}
        run(device, "swiglu", arrays, **params, ldgate=2 * cols + 1, ldup=2 * cols + 1)
        expected = reference.silu(gate.astype(np.float64)) * up
        close(out.get(), expected, 1e-5 * np.abs(expected) + 1e-30)
        out.check_frame()
        flat, other = put(arena, gate.copy()), put(arena, up.copy(), 1)
        run(device, "swiglu", [flat, other, flat], rows=rows, cols=cols, ldgate=cols, ldup=cols, ldout=cols)
        close(flat, expected, 1e-5 * np.abs(expected) + 1e-30)


def test_swiglu_of_extremes(device: zcwasm.Device, arena: Arena) -> None:
    gate = np.array([-1e30, -200, -88, -0.0, 0, 90, 1e30, np.inf, np.nan], np.float32)
    up, out = arena.put(np.ones(9)), arena.empty(9)
    run(device, "swiglu", [put(arena, gate), up, out], rows=1, cols=9, ldgate=9, ldup=9, ldout=9)
    close(out[:7], [0, 0, 0, 0, 0, 90, 1e30], [1e-30, 1e-30, 1e-30, 0, 0, 1e-3, 1e25])
    assert out[7] == np.inf
    assert np.isnan(out[8])


@pytest.mark.parametrize("tanh", [0, 1])
@pytest.mark.parametrize("count", [0, 1, 3, 17, 1000, 4099, 70001])
def test_gelu(device: zcwasm.Device, arena: Arena, count: int, tanh: int) -> None:
    x, out = put(arena, 3 * normal(count), 1), Framed(arena, 1, count, count, offset=2)
    run(device, "gelu", [x, out.binding], count=count, tanh=tanh)
    out.check_frame()
    expected = reference.gelu(x, tanh == 1)
    close(out.get()[0], expected, 2e-6 * (1 + np.abs(expected)))
    run(device, "gelu", [x, x], count=count, tanh=tanh)
    assert np.array_equal(x, out.get()[0])


@pytest.mark.parametrize("tanh", [0, 1])
def test_gelu_of_extremes(device: zcwasm.Device, arena: Arena, tanh: int) -> None:
    x = put(arena, np.array([-1e30, -100, -20, -0.0, 0, 20, 100, 1e30, np.inf, np.nan], np.float32))
    out = arena.empty(10)
    run(device, "gelu", [x, out], count=10, tanh=tanh)
    close(out[:7], [0, 0, 0, 0, 0, 20, 100], 1e-5)
    assert out[7] == np.float32(1e30)
    assert out[8] == np.inf
    assert np.isnan(out[9])


# --- argmax and top_k ---


@pytest.mark.parametrize("count", [0, 3, 1000, 4099])
def test_softcap(device: zcwasm.Device, arena: Arena, count: int) -> None:
    """Also of what is as large and as small as may be, and where it lies."""
    x = put(arena, normal(count) * np.exp(rng.uniform(-30, 30, count)).astype(np.float32), count % 4)
    expected = reference.softcap(x, 30.0)
    run(device, "softcap", [x, x], count=count, cap=30.0)
    close(x, expected, 1e-6 * np.abs(expected) + 1e-30)


def test_softcap_of_extremes(device: zcwasm.Device, arena: Arena) -> None:
    x, out = put(arena, np.array([np.inf, -np.inf, 3e38, -3e38, 0, np.nan], np.float32)), arena.empty(6)
    run(device, "softcap", [x, out], count=6, cap=1.5)
    assert out[:5].tolist() == [1.5, -1.5, 1.5, -1.5, 0]
    assert np.isnan(out[5])
    for cap in (0.0, -1.0, 2.0**-61, 2.0**61, np.inf, np.nan):
        with pytest.raises(ValueError, match=r"cap is .*, must be 2\^-60 to 2\^60"):
            run(device, "softcap", [x, out], count=6, cap=cap)


def check_selection(device: zcwasm.Device, arena: Arena, x: Array, ks: Sequence[int]) -> None:
    rows, cols = x.shape
    given = Framed(arena, rows, cols, cols + 3, offset=cols % 4, values=x)
    expected = np.stack([reference.order(row) for row in x]) if rows else np.zeros((0, cols), np.int64)
    best = Framed(arena, 1, rows, rows, offset=1)
    run(device, "argmax", [given.binding, best.binding], rows=rows, cols=cols, ldx=cols + 3, ldout=0)
    best.check_frame()
    assert np.array_equal(best.get()[0].view(np.uint32), expected[:, 0])
    for k in ks:
        k = min(k, cols)
        values, indices = Framed(arena, 1, rows * k, rows * k, offset=2), Framed(arena, 1, rows * k, rows * k)
        run(
            device,
            "top_k",
            [given.binding, values.binding, indices.binding],
            rows=rows,
            cols=cols,
            ldx=cols + 3,
            k=k,
        )
        values.check_frame()
        indices.check_frame()
        assert np.array_equal(indices.get()[0].view(np.uint32).reshape(rows, k), expected[:, :k])
        picked = np.take_along_axis(x, expected[:, :k], 1)
        assert np.array_equal(values.get()[0].reshape(rows, k), picked, equal_nan=True)


@pytest.mark.parametrize("cols", [1, 2, 3, 17, 64, 255, 1000, 4099, 49152])
def test_argmax_and_top_k(device: zcwasm.Device, arena: Arena, cols: int) -> None:
    for rows in (0, 1, 3):
        check_selection(device, arena, normal(rows, cols), [0, 1, 5, 40, 256])
    few = rng.integers(-3, 4, (2, cols)).astype(np.float32)  # many equal ones
    check_selection(device, arena, few, [1, 7, 256])
    check_selection(device, arena, np.sort(normal(2, cols), axis=1), [1, 50])
    check_selection(device, arena, -np.sort(normal(1, cols), axis=1), [1, 50])


def test_selection_of_special_values(device: zcwasm.Device, arena: Arena) -> None:
    rows = [
        [1, np.nan, 3, np.nan, np.inf, -np.inf],
        [-np.inf] * 6,
        [0.0, -0.0, 0.0, -0.0, -1e-40, -1],
        [-5, -3, -np.inf, -3, -7, -3],
        [np.nan] * 6,
        [1e-38, 1e-39, 3e38, np.inf, 3e38, -3e38],
    ]
    x = np.array(rows, np.float32)
    x[0, 1] = -x[0, 1]  # the sign of a NaN does not matter
    check_selection(device, arena, x, [1, 2, 6])
    # The same in long rows, of which GPU devices make shares: in one of these, in several, at their edges.
    for at in (
        [0, 1, 2, 3, 4, 5],
        [7000, 7001, 7002, 9000, 2, 30000],
        [32767, 16384, 2047, 2048, 4095, 4096],
    ):
        for few in (x[:, :6], x[3:4], x[2:3], x[4:5]):
            long = np.full((len(few), 32768), -np.inf, np.float32)
            long[:, at] = few
            check_selection(device, arena, long, [1])


@pytest.mark.parametrize("cols", [8191, 8192, 8193, 12289, 70001])
def test_selection_from_long_rows(device: zcwasm.Device, arena: Arena, cols: int) -> None:
    """Which GPU devices cut into groups: every 2048th block of four is one. Large ones everywhere, or in the
    same few groups; equal ones, more than there is room for; nearly all of them equal."""
    x = normal(3, cols)
    x[1] = rng.integers(-1, 2, cols)
    x[2] = np.where(np.arange(cols) % 4096 < 3, 5 + np.abs(x[2]), x[2])
    check_selection(device, arena, x, [2, 40, 255, 256])
    x[0] = 0
    x[0, rng.permutation(cols)[:100]] = 1e-3 * np.abs(normal(100))
    x[1, 7:] = -0.0
    x[2] = -np.inf
    x[2, rng.permutation(cols)[:9]] = [np.nan, np.inf, -1e-40, 1e-40, 0, -0.0, 3e38, -3e38, np.nan]
    check_selection(device, arena, x, [2, 9, 256])
    ascending = np.sort(normal(1, cols), axis=1)
    check_selection(device, arena, ascending, [3, 256])
    check_selection(device, arena, -ascending, [3, 256])
    tiled = np.tile(np.repeat(normal(64), 64), cols // 4096 + 1)[:cols]
    check_selection(device, arena, tiled[None], [5, 256])


def test_selection_is_the_same_whatever_runs_beside_it(device: zcwasm.Device, arena: Arena) -> None:
    """Stages of dispatches that run at the same time have a workspace each."""
    rows, results = [put(arena, normal(9001)) for _ in range(4)], []
    batch = device.batch()
    for n, x in enumerate(rows):
        k = (1, 40, 256, 7)[n]
        values, indices, best = arena.empty(k), arena.empty(k, np.uint32), arena.empty(1, np.uint32)
        out, total = arena.empty(9001), arena.empty(())
        batch.dispatch("top_k", [x, values, indices], {"rows": 1, "cols": 9001, "ldx": 9001, "k": k})
        batch.dispatch("argmax", [x, best], {"rows": 1, "cols": 9001, "ldx": 9001, "ldout": 0})
        batch.softmax(x, out=out)
        batch.sum(x, out=total)
        results.append((values, indices, best, out, total))
    batch.submit().wait()
    for x, (values, indices, best, out, total) in zip(rows, results, strict=True):
        order = reference.order(x)
        assert np.array_equal(indices, order[: len(indices)])
        assert np.array_equal(values, x[order[: len(indices)]])
        assert best[0] == order[0]
        weights = np.exp(x.astype(np.float64) - x.max())
        close(out, weights / weights.sum(), 1e-5 * weights / weights.sum())
        close(total, x.sum(dtype=np.float64), 8 * E * np.abs(x).sum())


# --- penalize ---


def test_penalize(device: zcwasm.Device, arena: Arena) -> None:
    for cols, capacity, count in [(1, 1, 1), (50, 0, 0), (50, 8, 8), (5000, 1000, 777), (5000, 1000, 0)]:
        x = Framed(arena, 1, cols, cols, offset=cols % 4)
        before = x.get()[0].copy()
        listed = rng.permutation(cols)[:capacity].astype(np.uint32)
        ids = np.concatenate([[count], listed]).astype(np.uint32)
        penalty = float(np.float32(1.3))
        run(
            device, "penalize", [put(arena, ids, 3), x.binding], cols=cols, capacity=capacity, penalty=penalty
        )
        x.check_frame()
        expected = before.astype(np.float64)
        chosen = listed[:count]
        expected[chosen] = np.where(
            before[chosen] > 0, expected[chosen] / penalty, expected[chosen] * penalty
        )
        close(x.get()[0], expected, 2 * E * np.abs(expected))
        others = np.delete(np.arange(cols), chosen)
        assert np.array_equal(x.get()[0][others], before[others])


def test_penalize_with_hostile_ids(device: zcwasm.Device, arena: Arena) -> None:
    x = Framed(arena, 1, 20, 20)
    x.get()[...] = 1
    ids = np.array([MOST, 3, 20, 0, 7], np.uint32)  # 20 is clamped to 19
    run(device, "penalize", [put(arena, ids), x.binding], cols=20, capacity=4, penalty=2)
    x.check_frame()
    assert np.array_equal(np.flatnonzero(x.get()[0] == 0.5), [0, 3, 7, 19])
    x.get()[0, :5] = [np.nan, np.inf, -np.inf, 0.0, -0.0]
    listed = put(arena, np.array([5, 0, 1, 2, 3, 4], np.uint32))
    run(device, "penalize", [listed, x.binding], cols=20, capacity=5, penalty=2)
    assert np.array_equal(x.get()[0, :5], [np.nan, np.inf, -np.inf, 0, 0], equal_nan=True)


# --- draw ---


def draw(
    device: zcwasm.Device, arena: Arena, values: Array, u: Array, every: bool = False, **options: float
) -> Array:
    rows, count = values.shape
    ids = rng.permutation(rows * count).astype(np.uint32).reshape(rows, count)
    settings = {"top_k": 0, "top_p": 1.0, "min_p": 0.0} | options
    out = Framed(arena, 1, rows, rows, offset=3)
    arrays = [put(arena, values, 1), put(arena, ids, 2), put(arena, u.view(np.uint32), 3), out.binding]
    run(device, "draw", arrays, rows=rows, count=count, complete=int(every), **settings)
    out.check_frame()
    drawn = out.get()[0].view(np.uint32)
    expected = [
        reference.draw(
            row, names, number, every, int(settings["top_k"]), settings["top_p"], settings["min_p"]
        )
        for row, names, number in zip(values, ids, u.tolist(), strict=True)
    ]
    assert drawn.tolist() == expected
    return drawn


def probabilities(rows: int, count: int, spread: float, held: float) -> Array:
    """Sorted, of which the candidates hold a part."""
    weights = -np.sort(-np.exp(spread * normal(rows, count).astype(np.float64)), axis=1)
    return np.asarray(weights / weights.sum(1, keepdims=True) * held, np.float32)


@pytest.mark.parametrize("count", [1, 2, 33, 255, 256])
def test_draw(device: zcwasm.Device, arena: Arena, count: int) -> None:
    rows = 61
    u = rng.integers(0, 2**53, rows, dtype=np.uint64)
    for spread in (0.01, 1, 12):
        values = probabilities(rows, count, spread, 0.75)
        for every in (False, True):
            for options in (
                {},
                {"top_k": (count + 2) // 3},
                {"top_k": count + 1},
                {"top_p": 0.5},
                {"top_p": 1e-30},
                {"top_p": 1e-45, "top_k": count},
                {"min_p": 0.3},
                {"min_p": 1.0},
                {"top_k": count, "top_p": 0.9, "min_p": 0.05},
            ):
                drawn = draw(device, arena, values, u, every, **options)
                if every or ("top_k" in options and options["top_k"] <= count):
                    assert (drawn < rows * count).all()


def test_draw_at_the_edges(device: zcwasm.Device, arena: Arena) -> None:
    """Numbers that hit a sum exactly, the least and the greatest; parts that a sum holds exactly."""
    values = np.array([[0.5, 0.25, 0.125, 0.0625, 0, 0]] * 9, np.float32)
    at = [0, 0.5, 0.75, 0.875, 0.9375, 1]
    u = np.array(
        [*(int(2**53 * part) - 1 for part in at[1:]), *(int(2**53 * part) for part in at[:4])], np.uint64
    )
    for every in (False, True):
        for options in ({}, {"top_p": 0.5}, {"top_p": 0.75}, {"top_k": 3}, {"top_k": 2, "top_p": 2 / 3}):
            draw(device, arena, values, u, every, **options)


def test_draw_of_hostile_numbers(device: zcwasm.Device, arena: Arena) -> None:
    """Nothing sorted, nothing a probability; and high bits of u that are not looked at."""
    rows: list[list[float]] = [
        [np.nan, 1, 1, 1],
        [0, 0.5, 0.5, 0],
        [-1, 0.5, 0.5, 0],
        [1e-40, 0, 0, 0],
        [1e-30, np.nan, -np.inf, 1e-30],
        [np.inf, np.inf, 5, np.nan],
        [0.25, np.nan, 0.5, -0.25],
        [3e38, 1, 1, 1],
    ]
    values = np.array(rows, np.float32)
    u = rng.integers(0, 2**53, len(rows), dtype=np.uint64)
    for every in (False, True):
        for options in ({}, {"top_p": 0.5}, {"top_k": 3}, {"top_k": 4, "top_p": 0.9}):
            draw(device, arena, values, u, every, **options)
    ids, out = put(arena, np.arange(4, dtype=np.uint32)), arena.empty(1, np.uint32)
    settings = {"rows": 1, "count": 4, "complete": 1, "top_k": 0, "top_p": 1, "min_p": 0}
    quarters = put(arena, np.full(4, 0.25, np.float32))
    for number, expected in ((2**52 + 2**60, 2), (2**64 - 1, 3)):
        number_words = put(arena, np.array([number], np.uint64).view(np.uint32))
        run(device, "draw", [quarters, ids, number_words, out], **settings)
        assert out[0] == expected
    arrays = [quarters, ids, arena.empty(2, np.uint32), out]
    for name, wrong in (
        ("count", 0),
        ("count", 257),
        ("complete", 2),
        ("top_p", 0),
        ("top_p", np.nan),
        ("min_p", -0.5),
        ("min_p", 1.5),
        ("min_p", np.nan),
    ):
        with pytest.raises(ValueError, match=f"{name} is "):
            run(device, "draw", arrays, **settings | {name: wrong})
    with pytest.raises(IndexError, match="values: the parameters need 20 bytes"):
        run(device, "draw", arrays, **settings | {"count": 5})


# --- pool ---


@pytest.mark.parametrize("normalize", [0, 1])
@pytest.mark.parametrize("cols", [0, 1, 3, 17, 129, 384])
def test_pool(device: zcwasm.Device, arena: Arena, cols: int, normalize: int) -> None:
    for capacity in (0, 1, 40):
        spans = np.array(
            [(0, 40), (0, 1), (5, 5), (7, 3), (13, 29), (0, MOST), (40, 41), (MOST, MOST)], np.uint32
        )
        x = Framed(arena, capacity, cols, cols + 1, offset=cols % 4)
        out = Framed(arena, 8, cols, cols + 2, offset=1)
        params: dict[str, float] = {"rows": 8, "cols": cols, "capacity": capacity, "ldx": cols + 1}
        arrays = [x.binding, put(arena, spans, 2), out.binding]
        run(device, "pool", arrays, **params, ldout=cols + 2, flags=normalize)
        out.check_frame()
        expected = reference.pool(x.get(), spans, normalize == 1)
        means = np.abs(reference.pool(x.get(), spans, False)).max(-1, initial=0)
        largest = np.abs(x.get()).max(initial=0)
        allowed = 64 * E * (largest / np.where(means > 0, means, 1) if normalize else largest + 0 * means)
        close(out.get(), expected, allowed[:, None] + 1e-30)
    run(
        device,
        "pool",
        [empty(arena), empty(arena), empty(arena)],
        rows=0,
        cols=5,
        capacity=0,
        ldx=5,
        ldout=5,
        flags=0,
    )


def test_pool_of_zeros_and_nan(device: zcwasm.Device, arena: Arena) -> None:
    x, out = put(arena, np.zeros((4, 9), np.float32)), arena.empty((2, 9))
    x[3, 2] = np.nan
    spans = put(arena, np.array([(0, 2), (2, 4)], np.uint32))
    run(device, "pool", [x, spans, out], rows=2, cols=9, capacity=4, ldx=9, ldout=9, flags=1)
    assert not out[0].any()
    assert np.isnan(out[1, 2])


# --- all of them ---


@pytest.mark.parametrize("out_type", [F32, F16])
def test_nothing_is_read_beyond_the_end(device: zcwasm.Device, out_type: int) -> None:
    """Every range ends where its memory does: what reads or writes further crashes."""
    dtype = np.float16 if out_type == F16 else np.float32
    for size, rows in ((4, 1), (12, 3), (20, 2), (64, 5)):
        cols, capacity = 3 * size, 37
        x, positions = at_the_end(normal(rows, cols)), at_the_end(np.arange(rows, dtype=np.uint32))
        table = at_the_end(angles_of(rows, size))
        cache = at_the_end(np.zeros((capacity, cols), dtype))
        bits = cache.view(np.uint32).reshape(-1)
        run(
            device,
            "rope",
            [x, positions, table, bits],
            rows=rows,
            heads=3,
            head_size=size,
            rotated=size,
            ldx=cols,
            ldout=cols,
            table_rows=rows,
            capacity=capacity,
            layout=1,
            out_type=out_type,
        )
        params: dict[str, float] = {"rows": rows, "cols": cols, "ldx": cols}
        run(
            device, "append", [x, positions, bits], **params, ldout=cols, capacity=capacity, out_type=out_type
        )
        assert np.array_equal(cache[:rows], x.astype(dtype))
        cache[...] = normal(capacity, cols).astype(dtype)
        spans = at_the_end(np.array([(0, capacity)] * rows, np.uint32))
        out = at_the_end(np.zeros((rows, cols), np.float32))
        heads = {
            "rows": rows,
            "heads": 3,
            "kv_heads": 3,
            "head_size": size,
            "ldq": cols,
            "ldk": cols,
            "ldv": cols,
        }
        arrays = [x, bits, bits, spans, out]
        run(device, "attention", arrays, **heads, ldout=cols, capacity=capacity, kv_type=out_type, scale=0.2)
        parts = [np.asarray(a).reshape(-1, 3, size) for a in (x, cache, cache)]
        expected, bound = reference.attention(*parts, spans, 0.2)
        close(out.reshape(expected.shape), expected, rounding(device, rows, out_type) * E * bound + 1e-30)


# --- the references themselves, and determinism ---


@pytest.mark.parametrize("name", [name for name, _, _, number in _weight_types if number is not None])
def test_dequantizing_agrees_with_the_gguf_package(name: str) -> None:
    """Also any bytes: scales that are NaN, infinite, or the smallest that there are."""
    gguf = pytest.importorskip("gguf", reason="the gguf package is not installed")
    data = reference.random_weights(name, 3, 1024, rng)
    for each in (data, rng.integers(0, 256, (300, data.shape[1]), np.uint8)):
        kind, bits = (
            gguf.GGMLQuantizationType[name],
            {"F32": np.float32, "F16": np.float16}.get(name, np.uint8),
        )
        with np.errstate(all="ignore"):
            theirs, ours = gguf.quants.dequantize(each.view(bits), kind), reference.dequantize(name, each)
        assert np.array_equal(np.asarray(theirs).reshape(-1, 1024), ours, equal_nan=True)


def test_the_reference_reads_each_float8() -> None:
    """Four bits of exponent lie inside float16's five, whose bias is larger by 8."""
    data = np.arange(256, dtype=np.uint8)
    half = ((data & 0x80).astype(np.uint16) << 8 | (data & 0x7F).astype(np.uint16) << 7).view(np.float16)
    expected = half.astype(np.float32) * 256
    expected[[0x7F, 0xFF]] = np.nan
    assert np.array_equal(reference.float8_e4m3(data[None])[0], expected, equal_nan=True)
    assert expected[0x7E] == 448
    assert expected[1] == 2.0**-9


def test_same_inputs_give_the_same_bits(device: zcwasm.Device, arena: Arena) -> None:
    heads, kv_heads, size, capacity = 6, 2, 32, 300
    cols = heads * size
    q, k, v = put(arena, normal(40, cols)), put(arena, normal(capacity, 64)), put(arena, normal(capacity, 64))
    spans = put(arena, causal(40, 250))
    out, y = arena.empty((40, cols)), arena.empty((40, 131))
    w = put(arena, words(reference.random_weights("Q4_1", 131, cols, rng)))
    seen = set()
    others = [zcwasm.Device("cpu", threads=count) for count in (1, 2)] if device.kind == "cpu" else [device]
    for each in [device, *others, device]:
        params = {
            "rows": 40,
            "heads": heads,
            "kv_heads": kv_heads,
            "head_size": size,
            "ldq": cols,
            "ldk": 64,
            "ldv": 64,
            "ldout": cols,
        }
        run(each, "attention", [q, k, v, spans, out], **params, capacity=capacity, kv_type=F32, scale=0.17)
        arrays = [out, w, empty(arena), empty(arena), y]
        run(each, "linear", arrays, type=5, rows=40, n=131, k=cols, ldx=cols, ldy=131, flags=0, eps=0)
        seen.add((out.tobytes(), y.tobytes()))
    assert len(seen) == 1


@pytest.mark.parametrize("kv_type", [F32, F16])
def test_attention_gives_the_same_bits_on_any_number_of_threads(arena: Arena, kv_type: int) -> None:
    """Few queries of a key and many, keys in one part and in many, in tasks of one head and of several."""
    devices = [zcwasm.Device("cpu", threads=count) for count in (1, 2, 3, 8)]
    dtype = np.float16 if kv_type == F16 else np.float32
    for rows, heads, kv_heads, size in (
        (1, 9, 3, 64),
        (1, 16, 1, 64),
        (3, 8, 4, 80),
        (40, 6, 2, 64),
        (1, 70, 70, 8),
    ):
        for capacity in (250, 1500, 4000):
            arena.used = 64
            cols, width = heads * size, kv_heads * size
            k, v = (put(arena, words(normal(capacity, width).astype(dtype))) for _ in range(2))
            q, out = put(arena, normal(rows, cols)), arena.empty((rows, cols))
            spans = put(arena, causal(rows, capacity - rows))
            params = {"rows": rows, "heads": heads, "kv_heads": kv_heads, "head_size": size, "ldq": cols}
            params |= {"ldk": width, "ldv": width, "ldout": cols, "capacity": capacity, "kv_type": kv_type}
            seen = set()
            for each in [*devices, devices[2]]:
                run(each, "attention", [q, k, v, spans, out], **params, scale=0.17)
                seen.add(out.tobytes())
            assert len(seen) == 1
