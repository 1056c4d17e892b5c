"""attention_paged: rows of many sequences and of one, over a cache whose pages lie in no order."""

from __future__ import annotations

import numpy as np
import pytest
from llm_support import MOST, E, Framed, close, rng, run

import zcwasm
from zcwasm._selftest import reference
from zcwasm._selftest.arena import Arena, put
from zcwasm._selftest.reference import F16, F32, Array


def rounding(device: zcwasm.Device, rows: int, shared: int, kv_type: int) -> int:
    """How many times float32's the bound is: as test_llm_kernels.py has it of attention."""
    rounded = device.kind == "vulkan" and device.info["matrix_units"]
    return 128 if shared and rows > 4 and kv_type == F16 and rounded else 1


def check(
    device: zcwasm.Device,
    arena: Arena,
    spans: list[tuple[int, int]],
    *,
    heads: int = 2,
    kv_heads: int = 1,
    size: int = 16,
    page: int = 16,
    context: int = 0,
    shared: int = 0,
    kv_type: int = F32,
    offset: int = 0,
    tables: Array | None = None,
    window: int = 0,
    cap: float = 0.0,
    sinks: Array | None = None,
) -> None:
    """`tables`: of each sequence in a row of its own, else they are made anew. What nobody sees is NaN."""
    arena.used = 64
    rows, cols, kv_cols = len(spans), heads * size, kv_heads * size
    context = context or max(end for _, end in spans)
    each = max(1, -(-context // page))
    if tables is None:
        pages, lines = 23, 1 if shared else rows
        tables = rng.integers(0, pages, (lines, each)).astype(np.uint32)
    else:
        pages = 5
    capacity, words = pages * page, tables.size
    dtype = np.float16 if kv_type == F16 else np.float32
    q = Framed(arena, rows, cols, cols + offset, offset=offset)
    k = Framed(arena, capacity, kv_cols, kv_cols + 2, offset=offset, dtype=dtype)
    v = Framed(arena, capacity, kv_cols, kv_cols + 4, offset=3 - offset % 4, dtype=dtype)
    out = Framed(arena, rows, cols, cols + 1, offset=offset + 1)
    given = np.zeros((rows, 3), np.uint32)
    places, seen = [], np.zeros(capacity, bool)
    for r, (start, end) in enumerate(spans):
        line = 0 if shared else r % len(tables)
        # With `shared` what rows but the first say of a table does not count.
        given[r] = start, end, MOST if shared and r else line * each
        end = min(end, context)
        start = min(max(start, end - window if window else 0), context)
        keys = np.arange(start, max(end, start))
        page_of = tables.reshape(-1)[np.minimum(line * each + keys // page, words - 1)]
        places.append(np.minimum(page_of, pages - 1).astype(np.int64) * page + keys % page)
        seen[places[-1]] = True
    k.get()[~seen] = np.nan
    v.get()[~seen] = np.nan
    params = {"rows": rows, "heads": heads, "kv_heads": kv_heads, "head_size": size, "ldq": cols + offset}
    params |= {"ldk": kv_cols + 2, "ldv": kv_cols + 4, "ldout": cols + 1, "capacity": capacity, "page": page}
    params |= {"table_words": words, "context": context, "shared": shared, "kv_type": kv_type}
    scale = float(np.float32(size**-0.5))
    params |= {"window": window, "softcap": cap, "sinks": int(sinks is not None)}
    arrays = [q.binding, k.binding, v.binding, put(arena, given, offset), put(arena, tables, 3 - offset % 4)]
    arrays += [] if sinks is None else [put(arena, sinks, offset)]
    run(device, "attention_paged", [*arrays, out.binding], **params, scale=scale)
    out.check_frame()
    for r, at in enumerate(places):
        expected, bound = reference.attention(
            q.get()[r].reshape(1, heads, size),
            k.get()[at].reshape(len(at), kv_heads, size),
            v.get()[at].reshape(len(at), kv_heads, size),
            np.array([(0, len(at))], np.uint32),
            scale,
            cap=float(np.float32(cap)),
            sinks=sinks,
        )
        close(
            out.get()[r],
            expected.reshape(-1),
            rounding(device, rows, shared, kv_type) * E * bound.reshape(-1) + 1e-30,
        )


@pytest.mark.parametrize("kv_type", [F32, F16])
@pytest.mark.parametrize("page", [16, 128])
def test_rows_of_many_sequences(device: zcwasm.Device, arena: Arena, page: int, kv_type: int) -> None:
    """None, one and more of a page, windows; heads that share keys and do not; of so many elements that
    narrow subgroups have no split for them."""
    spans = [
        (0, 1),
        (0, page),
        (3, page + 1),
        (0, 0),
        (5, 3),
        (page, 3 * page),
        (0, 200),
        (190, 199),
        (17, 18),
    ]
    shapes = [(1, 1, 4), (6, 2, 64), (3, 1, 20)]
    for heads, kv_heads, size in [*shapes, (2, 2, 144)] if kv_type == F32 else shapes:
        for count in (1, 3, len(spans)):
            check(
                device,
                arena,
                spans[-count:],
                heads=heads,
                kv_heads=kv_heads,
                size=size,
                page=page,
                kv_type=kv_type,
                offset=(count + size // 4) % 4,
            )


@pytest.mark.parametrize("kv_type", [F32, F16])
def test_rows_of_one_sequence(device: zcwasm.Device, arena: Arena, kv_type: int) -> None:
    for count, before, page in ((1, 0, 16), (4, 60, 64), (5, 31, 32), (40, 0, 16), (33, 130, 128)):
        spans = [(0, before + r + 1) for r in range(count)]
        for heads, kv_heads, size in ((4, 2, 32), (3, 1, 80)):
            check(
                device,
                arena,
                spans,
                heads=heads,
                kv_heads=kv_heads,
                size=size,
                page=page,
                shared=1,
                kv_type=kv_type,
                offset=count % 4,
            )
    window = [(max(0, t - 7), t + 1) for t in range(20, 60)]
    check(device, arena, window, shared=1, kv_type=kv_type)


@pytest.mark.parametrize("kv_type", [F32, F16])
def test_long_sequences_among_short_ones(device: zcwasm.Device, arena: Arena, kv_type: int) -> None:
    """Keys of a row are split among workgroups: for few rows so that many of these have something to do, of
    long ones so that none has too much."""
    some = [(0, 40), (0, 4500), (7, 7), (2000, 2100), (0, 1), (4490, MOST), (0, 1500)]
    check(device, arena, some, heads=2, kv_heads=2, size=32, page=128, context=4501, kv_type=kv_type)
    check(device, arena, some[:2], heads=4, kv_heads=1, size=64, page=32, context=4501, kv_type=kv_type)
    many = [(0, 10 + r) for r in range(80)]
    many[33] = (0, 4100)
    check(device, arena, many, heads=4, kv_heads=4, size=8, page=64, kv_type=kv_type)


@pytest.mark.parametrize("kv_type", [F32, F16])
@pytest.mark.parametrize("window", [1, 40, 2000])
def test_windows(device: zcwasm.Device, arena: Arena, kv_type: int, window: int) -> None:
    cap = 3.0 if kv_type == F16 and window == 40 else 0.0
    some = [(0, 40), (0, 4500), (7, 7), (2000, 2100), (0, 1), (4490, MOST), (0, 1500)]
    check(
        device,
        arena,
        some,
        kv_heads=2,
        size=32,
        page=128,
        context=4501,
        kv_type=kv_type,
        window=window,
        cap=cap,
    )
    spans = [(0, 70 + r + 1) for r in range(19)]
    check(device, arena, spans, heads=4, size=20, shared=1, kv_type=kv_type, window=window, cap=cap)


@pytest.mark.parametrize("kv_type", [F32, F16])
@pytest.mark.parametrize("cap", [0.0, 3.0])
def test_sinks(device: zcwasm.Device, arena: Arena, kv_type: int, cap: float) -> None:
    """Of rows with few keys, none, and so many that they are split; and of one sequence."""
    some = [(0, 40), (0, 4500), (7, 7), (2000, 2100), (0, 1), (4490, MOST), (0, 1500)]
    sinks = np.array([4.5, -2.0, 30.0, 0.5], np.float32)
    check(
        device,
        arena,
        some,
        heads=2,
        kv_heads=2,
        size=32,
        page=128,
        context=4501,
        kv_type=kv_type,
        cap=cap,
        sinks=sinks[:2],
    )


@pytest.mark.parametrize("kv_type", [F32, F16])
def test_sinks_of_one_sequence(device: zcwasm.Device, arena: Arena, kv_type: int) -> None:
    sinks = np.array([4.5, -2.0, 30.0, 0.5], np.float32)
    for count, before, page in ((2, 300, 16), (33, 130, 128)):
        spans = [(0, before + r + 1) for r in range(count)]
        spans[1] = (3, 3)
        check(
            device,
            arena,
            spans,
            heads=4,
            kv_heads=2,
            size=20,
            page=page,
            shared=1,
            kv_type=kv_type,
            window=50,
            sinks=sinks,
        )


@pytest.mark.parametrize("shared", [0, 1])
def test_whatever_lies_in_memory(device: zcwasm.Device, arena: Arena, shared: int) -> None:
    """Spans, offsets and pages beyond everything are clamped: what is read is of the cache."""
    spans = [(0, 33), (0, MOST), (30, MOST), (MOST, 5), (MOST, MOST), (2**31, 1), (2, 40)]
    tables = np.array([[7, MOST, 1], [2**31, 0, 5], [4, 4, 4]], np.uint32)
    check(device, arena, spans, context=47, shared=shared, tables=tables)
    # Behind the last word of the tables there is only that.
    check(device, arena, spans, context=160, shared=shared, tables=np.array([[3]], np.uint32))


def test_what_is_refused(device: zcwasm.Device, arena: Arena) -> None:
    q, k, v, out = (arena.empty((32, 8)) for _ in range(4))
    spans, tables = put(arena, np.zeros((1, 3), np.uint32)), put(arena, np.zeros(4, np.uint32))
    right = {"rows": 1, "heads": 1, "kv_heads": 1, "head_size": 8, "ldq": 8, "ldk": 8, "ldv": 8, "ldout": 8}
    right |= {"capacity": 32, "page": 16, "table_words": 4, "context": 64, "shared": 0, "kv_type": F32}
    arrays = [q, k, v, spans, tables, out]
    run(device, "attention_paged", arrays, **right, scale=1)
    for wrong, words in (
        ({"page": 48}, "page is 48"),
        ({"page": 0}, "page is 0"),
        ({"capacity": 31}, "whole pages of 16"),
        ({"capacity": 0}, "whole pages of 16"),
        ({"table_words": 0}, "tables of no words"),
        ({"shared": 2}, "shared is 2"),
        ({"context": 2**31}, "context is 2147483648"),
        ({"kv_type": 9}, "type"),
        ({"sinks": 2}, "sinks is 2"),
        ({"sinks": 1}, "sinks: the parameters need 4 bytes"),
    ):
        given = [*arrays[:-1], q[:0], out] if "sinks" in wrong else arrays
        with pytest.raises((ValueError, OverflowError, IndexError), match=words):
            run(device, "attention_paged", given, **(right | wrong), scale=1)
