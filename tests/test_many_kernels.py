"""What steps over many sequences take besides attention_paged, and caches of Q8_0."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from llm_support import MOST, E, Framed, close, empty, normal, rng, run

import zcwasm
from zcwasm._selftest import reference
from zcwasm._selftest.arena import Arena, put
from zcwasm._selftest.reference import F16, F32, Q8_0, Array

INF = float(np.inf)


# --- rope_append_paged ---

PAGED = {"rows": 3, "q_rows": 2, "heads": 2, "kv_heads": 1, "head_size": 8, "rotated": 6}
PAGED |= {"ldq": 16, "ldk": 8, "ldv": 8, "ldout": 10, "table_rows": 9, "capacity": 7, "layout": 0}


@pytest.mark.parametrize("out_type", [F32, F16])
@pytest.mark.parametrize("mirrored", [0, 1])
def test_places_are_not_positions(device: zcwasm.Device, arena: Arena, out_type: int, mirrored: int) -> None:
    """The same bits as rope_append where a row's place is its position; elsewhere by one and to the other.
    Both are clamped, and nothing else is touched."""
    dtype = np.float16 if out_type == F16 else np.float32
    table = normal(9, 3, 2)
    q, k, v = normal(2, 16), normal(3, 8), normal(3, 8)
    for positions, places in (
        ([5, 3, 0], [5, 3, 0]),
        ([1, 8, 2], [6, 0, 3]),
        ([2, MOST, 9], [1, MOST, 2**31]),
    ):
        clamped = np.minimum(places, 6)
        if len(set(clamped)) < 3:  # of rows with one place any may be there
            places[2], clamped[2] = 0, 0
        kept = rng.standard_normal((2, 7, 10)).astype(dtype)
        made = []
        for kernel, more in (("rope_append", [positions]), ("rope_append_paged", [positions, places])):
            arena.used = 64
            turned, both = put(arena, q, 1), [put(arena, kept, i).reshape(-1) for i in range(1 + mirrored)]
            written = [each.view(np.uint32) for each in both] + [empty(arena)] * (1 - mirrored)
            arrays = [turned, put(arena, k, 3), put(arena, v), put(arena, np.array(more[0], np.uint32), 1)]
            arrays += [put(arena, table), *(put(arena, np.array(each, np.uint32), 2) for each in more[1:])]
            run(device, kernel, [*arrays, *written], **PAGED, out_type=out_type, mirrored=mirrored)
            made.append([turned.copy(), *(each.reshape(2, 7, 10).copy() for each in both)])
        assert made[0][0].tobytes() == made[1][0].tobytes()  # q knows nothing of places
        angles = table[np.minimum(positions, 8)]
        keys = reference.rope(k.reshape(3, 1, 8), angles, 6, False).reshape(3, 8)
        for plain, paged in zip(made[0][1:], made[1][1:], strict=True):
            if positions == places:
                assert plain.tobytes() == paged.tobytes()
            close(paged[0, clamped, :8], keys, (2.0**-11 if out_type == F16 else 4 * E) * (np.abs(keys) + 4))
            assert np.array_equal(paged[1, clamped, :8], v.astype(dtype))
            untouched = np.ones((2, 7, 10), bool)
            untouched[:, clamped, :8] = False
            untouched[-1, -1, 8:] = True
            assert np.array_equal(paged[untouched], kept[untouched])


def test_what_rope_append_paged_refuses(device: zcwasm.Device, arena: Arena) -> None:
    arrays = [arena.empty(32), arena.empty(24), arena.empty(24), arena.empty(3, np.uint32), arena.empty(54)]
    cache = arena.empty(140)
    params: dict[str, Any] = {**PAGED, "out_type": F32, "mirrored": 0}
    with pytest.raises((ValueError, IndexError), match="places: the parameters need"):
        run(device, "rope_append_paged", [*arrays, arena.empty(2, np.uint32), cache, empty(arena)], **params)
    arrays.append(arena.empty(3, np.uint32))
    params["mirrored"] = 1
    with pytest.raises((ValueError, IndexError), match="mirror: the parameters need"):
        run(device, "rope_append_paged", [*arrays, cache, empty(arena)], **params)


# --- adjust ---


def entries_of(index: Any, penalty: Any, add: Any, room: int, count: int | None = None) -> Array:
    words = rng.integers(0, 2**32, (1 + room, 4), dtype=np.uint32)
    words[0, 0] = len(index) if count is None else count
    words[1 : 1 + len(index), 0] = index
    words[1 : 1 + len(index), 1] = np.asarray(penalty, np.float32).view(np.uint32)
    words[1 : 1 + len(index), 2] = np.asarray(add, np.float32).view(np.uint32)
    return words


@pytest.mark.parametrize("room", [0, 1, 7, 1001])
def test_adjust(device: zcwasm.Device, arena: Arena, room: int) -> None:
    count = 1237
    index = rng.permutation(count)[:room]
    penalty, add = np.exp(normal(room)).astype(np.float32), normal(room)
    x = Framed(arena, 1, count, count, offset=room % 4)
    before = x.get()[0].astype(np.float64)
    want = before.copy()
    want[index] = np.where(before[index] > 0, before[index] / penalty, before[index] * penalty) + add
    entries = put(arena, entries_of(index, penalty, add, room), 1)
    run(device, "adjust", [entries, x.binding], entries=room, count=count)
    x.check_frame()
    close(x.get()[0], want, 4 * E * (np.abs(want) + np.abs(before) + 4))
    others = np.delete(np.arange(count), index)
    assert np.array_equal(x.get()[0][others], before[others].astype(np.float32))


def test_adjust_of_whatever_lies_there(device: zcwasm.Device, arena: Arena) -> None:
    """Counts and indices are clamped; 1 and 0 change no bit of a number; infinities stay what they are."""
    x = Framed(arena, 1, 10, 10)
    x.get()[0] = [1, -2, INF, -INF, 0, 3, -4, 5, -0.0, 7]
    given = entries_of([0, 1, 2, 3, MOST], [1, 1, 2, 2, 2], [0, 0, 1, 1, 0], 5, MOST)
    run(device, "adjust", [put(arena, given), x.binding], entries=5, count=10)
    x.check_frame()
    assert x.get()[0].tolist() == [1, -2, INF, -INF, 0, 3, -4, 5, -0.0, 3.5]
    given[0, 0] = 3
    given[1:4, 1] = np.float32(4).view(np.uint32)
    run(device, "adjust", [put(arena, given), x.binding], entries=5, count=10)
    assert x.get()[0].tolist() == [0.25, -8, INF, -INF, 0, 3, -4, 5, -0.0, 3.5]
    with pytest.raises(ValueError, match="no elements to change"):
        run(device, "adjust", [put(arena, given), x.binding], entries=5, count=0)
    with pytest.raises((ValueError, IndexError), match="entries: the parameters need"):
        run(device, "adjust", [put(arena, given), x.binding], entries=6, count=10)


# --- mask ---


@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (1, 31), (3, 32), (2, 33), (5, 1000), (2, 70001), (0, 5)])
def test_mask(device: zcwasm.Device, arena: Arena, rows: int, cols: int) -> None:
    words = -(-cols // 32)
    mask = rng.integers(0, 2**32, (rows, words + 1), dtype=np.uint32)
    mask[:, : words // 2] = MOST
    mask[: rows // 2, words // 3 : words // 2] = 0
    x = Framed(arena, rows, cols, cols + 3, offset=cols % 4)
    before = x.get().copy()
    if rows:
        x.get()[0, 0] = before[0, 0] = np.nan
    bits = np.unpackbits(mask.view(np.uint8), axis=1, bitorder="little")[:, :cols].astype(bool)
    params = {"rows": rows, "cols": cols, "ldx": cols + 3, "ldmask": words + 1}
    run(device, "mask", [put(arena, mask, 1), x.binding], **params)
    x.check_frame()
    assert np.array_equal(x.get(), np.where(bits, before, -np.inf).astype(np.float32), equal_nan=True)


def test_what_mask_refuses(device: zcwasm.Device, arena: Arena) -> None:
    mask, x = arena.empty(4, np.uint32), arena.empty((2, 33))
    right = {"rows": 2, "cols": 33, "ldx": 33, "ldmask": 2}
    run(device, "mask", [mask, x], **right)
    for wrong, words in (
        ({"ldmask": 1}, "leading dimension of mask is 1"),
        ({"ldx": 32}, "leading dimension of x is 32"),
        ({"ldmask": 3}, "mask: the parameters need"),
        ({"cols": 65, "ldx": 65}, "leading dimension of mask is 2"),
    ):
        with pytest.raises((ValueError, IndexError), match=words):
            run(device, "mask", [mask, x], **(right | wrong))


# --- caches of Q8_0 ---


def test_append_to_bytes(device: zcwasm.Device, arena: Arena) -> None:
    """As the header says it, to the number but where a quotient is half of one; nothing else is touched."""
    x = np.concatenate([normal(5, 128), 1000 * normal(1, 128), normal(1, 128) * 1e-3]).astype(np.float32)
    x[1, :32] = 0
    x[2, 32:64] = np.linspace(-127, 127, 32, dtype=np.float32)
    positions = np.array([3, 0, MOST, 1, 7, 5, 6], np.uint32)
    kept = rng.integers(0, 256, (9, 204), dtype=np.uint8)
    out = put(arena, kept.reshape(-1).view(np.uint32), 1)
    params = {"rows": 7, "cols": 128, "ldx": 128, "ldout": 192, "capacity": 9, "out_type": Q8_0}
    run(device, "append", [put(arena, x, 1), put(arena, positions), out], **params)
    got, at = out.view(np.uint8).reshape(9, 204), np.minimum(positions, 8)
    want = reference.to_cache(Q8_0, x, 192)
    numbers, right = (data[:, :128].view(np.int8).astype(int) for data in (got[at].copy(), want))
    scales, right_scales = (
        data[:, 192:200].copy().view(np.float16).astype(np.float64) for data in (got[at], want)
    )
    close(scales, right_scales, right_scales * 2.0**-10)
    assert np.abs(numbers - right).max() <= 1
    assert (numbers != right).mean() < 0.02
    values = reference.from_cache(Q8_0, got[at].copy(), 128, 192)
    close(values, x, reference.cache_error(Q8_0, x) + 2.0**-18)
    untouched = np.ones((9, 204), bool)
    untouched[at, :128] = untouched[at, 192:200] = False
    assert np.array_equal(got[untouched], kept[untouched])


def test_blocks_that_have_no_scale(device: zcwasm.Device, arena: Arena) -> None:
    """Zeros and next to nothing become 0; of NaN, infinity and what is too large for a scale nothing is
    finite; the block beside it does not notice."""
    special = [0.0, 1e-30, np.nan, INF, -INF, 1e7]
    x = np.tile(normal(1, 64), (len(special), 1))
    for row, number in zip(x, special, strict=True):
        row[:32] = 0
        row[5] = number
    out = arena.empty((len(special), 17), np.uint32)
    params = {"rows": len(special), "cols": 64, "ldx": 64, "ldout": 64, "capacity": len(special)}
    rows = np.arange(len(special), dtype=np.uint32)
    run(device, "append", [put(arena, x), put(arena, rows), out], **params, out_type=Q8_0)
    with np.errstate(invalid="ignore"):
        values = reference.from_cache(Q8_0, out.view(np.uint8), 64, 64)
    assert (values[:2, :32] == 0).all()
    assert not np.isfinite(values[2:, :32]).any()
    close(values[:, 32:], x[:, 32:], reference.cache_error(Q8_0, x[:, 32:]) + 2.0**-18)


@pytest.mark.parametrize("rows", [1, 3, 7, 40])
@pytest.mark.parametrize(("heads", "kv_heads", "size"), [(2, 2, 32), (9, 3, 64), (3, 1, 192), (4, 1, 256)])
def test_attention_over_bytes(
    device: zcwasm.Device, arena: Arena, rows: int, heads: int, kv_heads: int, size: int
) -> None:
    """Exactly over the elements that the bytes are; rows of the cache that nobody sees are all ones: NaN."""
    cols, capacity = kv_heads * size, 330
    spans = np.array([(r * 7 % 50, 60 + r * 6) for r in range(rows)], np.uint32)
    spans[0] = 0, 300
    cached = [reference.to_cache(Q8_0, normal(capacity, cols), cols + 64) for _ in range(2)]
    for each in cached:
        each[300:] = 255
    q, out = put(arena, normal(rows, heads * size), 1), arena.empty((rows, heads * size))
    params = {"rows": rows, "heads": heads, "kv_heads": kv_heads, "head_size": size, "ldq": heads * size}
    params |= {"ldk": cols + 64, "ldv": cols + 64, "ldout": heads * size, "capacity": capacity}
    scale = float(np.float32(size**-0.5))
    given = [put(arena, each.reshape(-1).view(np.uint32), i) for i, each in enumerate(cached)]
    arrays = [q, *given, put(arena, spans), out]
    run(device, "attention", arrays, **params, kv_type=Q8_0, scale=scale)
    k, v = (
        reference.from_cache(Q8_0, each, cols, cols + 64)[:300].reshape(300, kv_heads, size)
        for each in cached
    )
    want, bound = reference.attention(q.reshape(rows, heads, size), k, v, spans, scale)
    close(out, want.reshape(rows, -1), E * bound.reshape(rows, -1) + 1e-30)


def test_what_bytes_refuse(device: zcwasm.Device, arena: Arena) -> None:
    x, positions, out = arena.empty(640), arena.empty(1, np.uint32), arena.empty(640, np.uint32)
    right = {"rows": 1, "cols": 64, "ldx": 64, "ldout": 64, "capacity": 1, "out_type": Q8_0}
    for wrong, words in (
        ({"cols": 32}, "must be multiples of 64 for Q8_0"),
        ({"ldout": 96}, "must be multiples of 64 for Q8_0"),
        ({"ldout": 0}, "must be multiples of 64 for Q8_0"),
        ({"capacity": 38}, "out: the parameters need"),
        ({"out_type": 3}, "element type of out is 3"),
        ({"ldout": 2**32 - 64, "capacity": MOST}, "spans more than"),
    ):
        with pytest.raises((ValueError, IndexError, OverflowError), match=words):
            run(device, "append", [x, positions, out], **(right | wrong))
    rope = {"rows": 1, "heads": 1, "head_size": 64, "rotated": 64, "ldx": 64, "ldout": 64, "table_rows": 1}
    with pytest.raises(ValueError, match="rope does not make"):
        run(device, "rope", [x, positions, x, out], **rope, capacity=1, layout=0, out_type=Q8_0)
    heads = {
        "rows": 1,
        "heads": 2,
        "kv_heads": 2,
        "ldq": 64,
        "ldk": 64,
        "ldv": 64,
        "ldout": 64,
        "capacity": 1,
    }
    arrays = [x, out, out, arena.empty(2, np.uint32), x]
    with pytest.raises(ValueError, match="head_size is 16, must be a multiple of 32"):
        run(device, "attention", arrays, **heads, head_size=16, kv_type=Q8_0, scale=1)


# --- a row alone and in a batch, on the cpu device ---


@pytest.mark.parametrize("kind", [F32, F16, Q8_0])
@pytest.mark.parametrize("page", [16, 32, 64, 128])
def test_pages_change_no_bit(arena: Arena, page: int, kind: int) -> None:
    """attention_paged of many sequences gives each the bits of attention over its own cache, and of a prompt
    those of all its rows; whatever the number of threads, wherever windows begin."""
    heads, kv_heads, size, context = 9, 3, 64, 700
    cols, each = kv_heads * size, -(-context // page)
    spans = [(0, 700), (0, 1), (5, 5), (37, 333), (0, 129), (3, 70), (650, 700), (0, 512)]
    rows, pages = len(spans), len(spans) * each + 1
    cached = [reference.to_cache(kind, normal(pages * page, cols), cols) for _ in range(2)]
    tables = rng.permutation(pages)[: rows * each].reshape(rows, each).astype(np.uint32)
    shape = {"heads": heads, "kv_heads": kv_heads, "head_size": size, "ldq": heads * size, "ldk": cols}
    shape |= {"ldv": cols, "ldout": heads * size, "kv_type": kind}
    shape |= {"sinks": page % 3 % 2}
    sinks = [put(arena, normal(heads) + 2)] if shape["sinks"] else []
    q = put(arena, normal(rows, heads * size))
    given = [put(arena, data.reshape(-1).view(np.uint32)) for data in cached]
    triples = np.array([(*span, r * each) for r, span in enumerate(spans)], np.uint32)
    alone, together = (arena.empty((rows, heads * size)) for _ in range(2))
    ordered = [arena.empty(each * page * data.shape[1] // 4, np.uint32) for data in cached]
    for threads in (1, 3):
        device = zcwasm.Device("cpu", threads=threads)
        for shared in (0, 1):
            for r, span in enumerate(spans):
                for to, data in zip(ordered, cached, strict=True):
                    to[:] = (
                        data.reshape(pages, page, -1)[tables[0 if shared else r]].reshape(-1).view(np.uint32)
                    )
                if shared and r == 0:
                    arrays = [q, *ordered, put(arena, np.array(spans, np.uint32)), *sinks, alone]
                    run(device, "attention", arrays, **shape, rows=rows, capacity=each * page, scale=0.125)
                elif not shared:
                    arrays = [q[r], *ordered, put(arena, np.array(span, np.uint32)), *sinks, alone[r]]
                    run(device, "attention", arrays, **shape, rows=1, capacity=each * page, scale=0.125)
            arrays = [q, *given, put(arena, triples), put(arena, tables), *sinks, together]
            paged = {"capacity": pages * page, "page": page, "table_words": tables.size, "context": context}
            run(device, "attention_paged", arrays, **shape, **paged, rows=rows, shared=shared, scale=0.125)
            assert alone.tobytes() == together.tobytes()
