"""Each kernel once, at small sizes that are multiples of nothing: what it makes and what NumPy makes.

For the selftest, and for the simulated Metal, where kernels run at every width of SIMD groups.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from zcwasm import Device
from zcwasm._selftest import reference
from zcwasm._selftest.arena import Arena, put, words
from zcwasm._selftest.reference import (
    ADD,
    BIAS,
    EXACT,
    F16,
    F32,
    GELU,
    GELU_TANH,
    NORM,
    Q8_0,
    SWIGLU,
    SWIGLU_CLAMPED,
    WEIGHT_TYPES,
    Array,
)

EPS = float(np.float32(1e-5))
TOLERANCE = 2e-5  # of an element's size, and at least of 1
Pair = tuple[Array, Array]  # what the device makes, what is right
rng = np.random.default_rng(11)


def normal(*shape: int) -> Array:
    return rng.standard_normal(shape).astype(np.float32)


def joined(pairs: list[Pair]) -> Pair:
    got, want = (np.concatenate([np.ravel(pair[i]) for pair in pairs]) for i in (0, 1))
    return got, want


def every_fill(d: Device, arena: Arena) -> Pair:
    return d.fill(arena.empty(777), 3), np.full(777, 3)


def every_affine(d: Device, arena: Arena) -> Pair:
    x = arena.put(normal(777))
    return d.affine(x, 2, 1, out=arena.empty(777)), 2 * x + 1


def every_axpby(d: Device, arena: Arena) -> Pair:
    x, y = arena.put(normal(777)), arena.put(normal(777))
    return d.axpby(2, x, 3, y, out=arena.empty(777)), 2 * x + 3 * y


def every_add(d: Device, arena: Arena) -> Pair:
    x, y = arena.put(normal(777)), arena.put(normal(777))
    return d.add(x, y, out=arena.empty(777)), x + y


def every_mul(d: Device, arena: Arena) -> Pair:
    x, y = arena.put(normal(777)), arena.put(normal(777))
    return d.mul(x, y, out=arena.empty(777)), x * y


def every_matmul(d: Device, arena: Arena) -> Pair:
    pairs = []
    for m, n, k in ((70, 130, 33), (1, 100, 40), (100, 1, 40), (1, 1, 555)):
        a, b = arena.put(normal(m, k)), arena.put(normal(k, n))
        pairs.append((d.matmul(a, b, out=arena.empty((m, n))), a.astype(np.float64) @ b))
    return joined(pairs)


def every_sum(d: Device, arena: Arena) -> Pair:
    arrays = [arena.put(normal(70, 33)), arena.put(normal(3, 3001))]
    return joined([(d.sum(x, out=arena.empty(len(x))), x.sum(1, np.float64)) for x in arrays])


def every_max(d: Device, arena: Arena) -> Pair:
    arrays = [arena.put(normal(70, 33)), arena.put(normal(3, 3001))]
    return joined([(d.max(x, out=arena.empty(len(x))), x.max(1)) for x in arrays])


def every_softmax(d: Device, arena: Arena) -> Pair:
    x = arena.put(normal(70, 33))
    shifted = np.exp(x.astype(np.float64))
    return d.softmax(x, out=arena.empty((70, 33))), shifted / shifted.sum(1, keepdims=True)


def every_embed(d: Device, arena: Arena) -> Pair:
    ids, pairs = np.array([3, 0, 2, 9], np.uint32), []
    for name, (code, block, _) in WEIGHT_TYPES.items():
        dim = 2 * block if block > 1 else 37
        data = reference.random_weights(name, 5, dim, rng)
        out = arena.empty((4, dim))
        params = {"type": code, "rows": 4, "dim": dim, "vocab": 5, "ldout": dim, "flags": 0}
        d.dispatch("embed", [put(arena, ids), put(arena, words(data), 1), out], params)
        pairs.append((out, reference.dequantize(name, data)[[3, 0, 2, 4]]))
    return joined(pairs)


def every_rms_norm(d: Device, arena: Arena) -> Pair:
    x, weight, out = arena.put(normal(3, 301)), arena.put(normal(301)), arena.empty((3, 301))
    params = {"rows": 3, "cols": 301, "ldx": 301, "ldout": 301, "eps": EPS}
    d.dispatch("rms_norm", [x, weight, out], params)
    return out, reference.rms_norm(x, weight, EPS)


def every_norm_add(d: Device, arena: Arena) -> Pair:
    before = normal(3, 301)
    x, weight, out = arena.put(normal(3, 301)), arena.put(normal(301)), arena.put(before)
    params = {"rows": 3, "cols": 301, "ldx": 301, "ldout": 301, "eps": EPS}
    d.dispatch("norm_add", [x, weight, out], params)
    return out, before + reference.rms_norm(x, weight, EPS)


def every_layer_norm(d: Device, arena: Arena) -> Pair:
    x, weight, bias = arena.put(normal(3, 301)), arena.put(normal(301)), arena.put(normal(301))
    out = arena.empty((3, 301))
    params = {"rows": 3, "cols": 301, "ldx": 301, "ldout": 301, "eps": EPS}
    d.dispatch("layer_norm", [x, weight, bias, out], params)
    return out, reference.layer_norm(x, weight, bias, EPS)


# Types of weights that go on matrix units, where a device has them, and rows of x from which on they do.
MATRIX_TYPES, MATRIX_ROWS = tuple(name for name in reference.WEIGHT_TYPES if name not in ("F32", "BF16")), 16


def on_matrices(d: Device, rows: int) -> bool:
    return rows >= MATRIX_ROWS and d.info["matrix_units"] > 0


def many_rows(d: Device, rows: int) -> int:
    """As many, or more than may go by packed products, whose rounding is not as close."""
    return 130 if d.info.get("packed_dot") else rows


def one_linear(d: Device, arena: Arena, name: str, rows: int, n: int, k: int, flags: int) -> Pair:
    """EXACT, but for matrix units: what the cpu device may round without it is not as close."""
    code = WEIGHT_TYPES[name][0]
    data = reference.random_weights(name, n, k, rng)
    x = arena.put(normal(rows, 2 * k if flags & SWIGLU else k) / np.float32(np.sqrt(k)))
    bias, norm, y = normal(n), normal(k) / np.float32(np.sqrt(k)), arena.put(normal(rows, n))
    arrays = [x, put(arena, words(data), 3), put(arena, bias) if flags & BIAS else arena.empty(0)]
    arrays += [put(arena, norm, 1) if flags & NORM else arena.empty(0)]
    params = {
        "type": code,
        "rows": rows,
        "n": n,
        "k": k,
        "ldx": x.shape[1],
        "ldy": n,
        "flags": flags | (0 if on_matrices(d, rows) else EXACT),
        "eps": EPS,
    }
    f: Array = x.astype(np.float64)
    if flags & NORM:
        f = reference.rms_norm(x, norm, EPS)
    if flags & SWIGLU:
        gate, up = np.split(f, 2, axis=1)
        f = reference.silu(gate) * up
    want = f @ reference.dequantize(name, data).astype(np.float64).T
    if flags & BIAS:
        want = want + bias
    if flags & (GELU | GELU_TANH):
        want = reference.gelu(want, bool(flags & GELU_TANH))
    if flags & ADD:
        want = want + y
    d.dispatch("linear", [*arrays, y], params)
    return y, want


def every_linear(d: Device, arena: Arena) -> Pair:
    """Each type for one row and for a tile, each flag in both ways; more rows on matrix units."""
    pairs = []
    for name in MATRIX_TYPES if on_matrices(d, MATRIX_ROWS) else ():
        k = 2 * WEIGHT_TYPES[name][1] if name != "F16" else 43
        pairs.append(one_linear(d, arena, name, many_rows(d, 70), 133, k, NORM | ADD))
    for name, (_, block, _) in WEIGHT_TYPES.items():
        k = 2 * block if block > 1 else 43
        pairs += [one_linear(d, arena, name, rows, 13, k, 0) for rows in (1, 9)]
    for flags in (NORM, SWIGLU | ADD, BIAS | GELU, BIAS | GELU_TANH | ADD):
        pairs += [one_linear(d, arena, "Q4_1", rows, 13, 96, flags) for rows in (2, 9)]
    pairs.append(one_linear(d, arena, "Q8_0", 1, 9, 2112, NORM))  # more than a chunk
    return joined(pairs)


def one_linear_gated(
    d: Device, arena: Arena, names: tuple[str, str], rows: int, n: int, k: int, flags: int
) -> Pair:
    datas = [reference.random_weights(name, n, k, rng) for name in names]
    x, norm = (normal(*shape) / np.float32(np.sqrt(k)) for shape in ((rows, k), (k,)))
    x, y = arena.put(x), arena.empty((rows, n))
    arrays = [x, *(put(arena, words(data), 3) for data in datas)]
    arrays.append(put(arena, norm, 1) if flags & NORM else arena.empty(0))
    params = {
        "gate_type": WEIGHT_TYPES[names[0]][0],
        "up_type": WEIGHT_TYPES[names[1]][0],
        "rows": rows,
        "n": n,
        "k": k,
        "ldx": k,
        "ldy": n,
        "flags": flags | (0 if on_matrices(d, rows) else EXACT),
        "eps": EPS,
    }
    f: Array = reference.rms_norm(x, norm, EPS) if flags & NORM else x.astype(np.float64)
    weights = [reference.dequantize(*each).astype(np.float64) for each in zip(names, datas, strict=True)]
    gate, up = (f @ w.T for w in weights)
    d.dispatch("linear_gated", [*arrays, y], params)
    return y, (reference.gelu(gate, True) if flags & GELU_TANH else reference.silu(gate)) * up


def every_linear_gated(d: Device, arena: Arena) -> Pair:
    """Each type for one row and for a tile; two types; more than a chunk; more rows on matrix units."""
    pairs = []
    if on_matrices(d, MATRIX_ROWS):
        rows = many_rows(d, 17)
        pairs += [
            one_linear_gated(d, arena, (name, name), rows, 70, 512, NORM | flags)
            for name, flags in (("Q4_K", 0), ("Q8_0", GELU_TANH))
        ]
    for name, (_, block, _) in WEIGHT_TYPES.items():
        k = 2 * block if block > 1 else 43
        pairs += [one_linear_gated(d, arena, (name, name), rows, 13, k, 0) for rows in (1, 9)]
    for rows in (2, 9):
        pairs.append(one_linear_gated(d, arena, ("Q4_K", "Q8_0"), rows, 13, 512, NORM))
        for name in ("Q8_0", "F32"):
            pairs.append(one_linear_gated(d, arena, (name, name), rows, 13, 64, NORM | GELU_TANH))
    pairs.append(one_linear_gated(d, arena, ("Q8_0", "Q8_0"), 1, 9, 2112, NORM))
    return joined(pairs)


def neighbours(got: Array, want: Array) -> Pair:
    """Where what was made is float16, the neighbour of what is right will do."""
    if got.dtype == np.float16:
        near = np.abs(got - want) <= np.spacing(np.abs(want).astype(np.float16))
        want = np.where(near, got, want)
    return got, want


def every_rope(d: Device, arena: Arena) -> Pair:
    pairs = []
    positions = np.array([1, 6, 4], np.uint32)
    angles = normal(8, 6, 2)
    for layout in (0, 1):
        for out_type in (F32, F16):
            x = arena.put(normal(3, 2 * 14))
            out = arena.empty((8, 2 * 14 // (2 if out_type == F16 else 1)))
            params = {"rows": 3, "heads": 2, "head_size": 14, "rotated": 12, "ldx": 28, "ldout": 28}
            params |= {"table_rows": 8, "capacity": 8, "layout": layout, "out_type": out_type}
            d.dispatch("rope", [x, put(arena, positions), put(arena, angles), out], params)
            got = out.view(np.float16) if out_type == F16 else out
            want = reference.rope(x.reshape(3, 2, 14), angles[positions], 12, layout == 1).reshape(3, 28)
            pairs.append(neighbours(got[positions], want))
    return joined(pairs)


def every_append(d: Device, arena: Arena) -> Pair:
    pairs = []
    positions = np.array([1, 6, 4], np.uint32)
    for out_type in (F32, F16):
        x = arena.put(normal(3, 34))
        out = arena.empty((8, 34 // (2 if out_type == F16 else 1)))
        params = {"rows": 3, "cols": 34, "ldx": 34, "ldout": 34, "capacity": 8, "out_type": out_type}
        d.dispatch("append", [x, put(arena, positions), out], params)
        got = out.view(np.float16) if out_type == F16 else out
        pairs.append((got[positions], x.astype(got.dtype)))
    x, out = arena.put(normal(3, 64)), arena.empty((8, 34), np.uint32)
    params = {"rows": 3, "cols": 64, "ldx": 64, "ldout": 128, "capacity": 8, "out_type": Q8_0}
    d.dispatch("append", [x, put(arena, positions), out], params)
    pairs.append(near(reference.from_cache(Q8_0, out.view(np.uint8)[positions], 64, 128), x))
    return joined(pairs)


def near(got: Array, want: Array) -> Pair:
    """Where a cache's element is rounded to 8 bits, what is no farther will do."""
    allowed = reference.cache_error(Q8_0, want) + 1e-6
    return got, np.where(np.abs(got - want) <= allowed, got, want)


def rope_append_to_bytes(d: Device, arena: Arena, kernel: str, places: Array, more: list[Array]) -> Pair:
    """Into a cache of Q8_0 of five rows, and a mirror; positions are 1, 4 and 2."""
    pairs, positions, angles = [], np.array([1, 4, 2], np.uint32), normal(8, 14, 2)
    for layout in (0, 1):
        given = normal(2, 2 * 32), normal(3, 2 * 32), normal(3, 2 * 32)
        q, k, v = (arena.put(each) for each in given)
        cache, mirror = arena.empty((2, 5, 34), np.uint32), arena.empty((2, 5, 34), np.uint32)
        params = {"rows": 3, "q_rows": 2, "heads": 2, "kv_heads": 2, "head_size": 32, "rotated": 28}
        params |= {"ldq": 64, "ldk": 64, "ldv": 64, "ldout": 128, "table_rows": 8, "capacity": 5}
        params |= {"layout": layout, "out_type": Q8_0, "mirrored": 1}
        arrays = [q, k, v, put(arena, positions), put(arena, angles), *more, cache, mirror]
        d.dispatch(kernel, arrays, params)
        turned = reference.rope(given[0].reshape(2, 2, 32), angles[positions[1:]], 28, layout == 1)
        keys = reference.rope(given[1].reshape(3, 2, 32), angles[positions], 28, layout == 1)
        pairs.append((q, turned.reshape(2, 64)))
        for written in (cache, mirror):
            for part, want in enumerate((keys.reshape(3, 64), given[2])):
                got = reference.from_cache(Q8_0, written[part, places].view(np.uint8), 64, 128)
                pairs.append(near(got, want))
    return joined(pairs)


def every_rope_append(d: Device, arena: Arena) -> Pair:
    """Three rows, of q the last two; into a cache of five rows alone, and into a mirror, too."""
    pairs = []
    positions, angles = np.array([1, 4, 2], np.uint32), normal(8, 6, 2)
    for layout, out_type, mirrored in ((0, F32, 1), (1, F16, 0), (0, F16, 1)):
        dtype = np.float16 if out_type == F16 else np.float32
        given = normal(2, 3 * 14), normal(3, 2 * 14), normal(3, 2 * 14)
        q, k, v = (arena.put(each) for each in given)
        words_of_cache = 2 * 5 * 28 // (2 if out_type == F16 else 1)
        cache, mirror = arena.empty(words_of_cache), arena.empty(words_of_cache if mirrored else 0)
        params = {"rows": 3, "q_rows": 2, "heads": 3, "kv_heads": 2, "head_size": 14, "rotated": 12}
        params |= {"ldq": 42, "ldk": 28, "ldv": 28, "ldout": 28, "table_rows": 8, "capacity": 5}
        params |= {"layout": layout, "out_type": out_type, "mirrored": mirrored}
        arrays = [q, k, v, put(arena, positions), put(arena, angles), cache, mirror]
        d.dispatch("rope_append", arrays, params)
        turned = reference.rope(given[0].reshape(2, 3, 14), angles[positions[1:]], 12, layout == 1)
        pairs.append((q, turned.reshape(2, 42)))
        keys = reference.rope(given[1].reshape(3, 2, 14), angles[positions], 12, layout == 1)
        want = np.stack([keys.reshape(3, 28), given[2]])
        for written in [cache, mirror] if mirrored else [cache]:
            pairs.append(neighbours(written.view(dtype).reshape(2, 5, 28)[:, positions], want))
    pairs.append(rope_append_to_bytes(d, arena, "rope_append", positions, []))
    return joined(pairs)


def every_rope_append_paged(d: Device, arena: Arena) -> Pair:
    """As rope_append, but places are not positions."""
    pairs = []
    positions, angles = np.array([1, 4, 2], np.uint32), normal(8, 6, 2)
    places = np.array([3, 0, 4], np.uint32)
    for layout, out_type, mirrored in ((0, F32, 1), (1, F16, 0), (0, F16, 1)):
        dtype = np.float16 if out_type == F16 else np.float32
        given = normal(2, 3 * 14), normal(3, 2 * 14), normal(3, 2 * 14)
        q, k, v = (arena.put(each) for each in given)
        words_of_cache = 2 * 5 * 28 // (2 if out_type == F16 else 1)
        cache, mirror = arena.empty(words_of_cache), arena.empty(words_of_cache if mirrored else 0)
        params = {"rows": 3, "q_rows": 2, "heads": 3, "kv_heads": 2, "head_size": 14, "rotated": 12}
        params |= {"ldq": 42, "ldk": 28, "ldv": 28, "ldout": 28, "table_rows": 8, "capacity": 5}
        params |= {"layout": layout, "out_type": out_type, "mirrored": mirrored}
        arrays = [q, k, v, put(arena, positions), put(arena, angles), put(arena, places), cache, mirror]
        d.dispatch("rope_append_paged", arrays, params)
        turned = reference.rope(given[0].reshape(2, 3, 14), angles[positions[1:]], 12, layout == 1)
        pairs.append((q, turned.reshape(2, 42)))
        keys = reference.rope(given[1].reshape(3, 2, 14), angles[positions], 12, layout == 1)
        want = np.stack([keys.reshape(3, 28), given[2]])
        for written in [cache, mirror] if mirrored else [cache]:
            pairs.append(neighbours(written.view(dtype).reshape(2, 5, 28)[:, places], want))
    pairs.append(rope_append_to_bytes(d, arena, "rope_append_paged", places, [put(arena, places)]))
    return joined(pairs)


# Of two heads, about as large as the largest scores.
SINKS = np.array([6.5, -1.25], np.float32)


def unrounded_rows(d: Device) -> int:
    """Of attention over float16. Vulkan's matrix units, which take more than four, round what they sum."""
    return 4 if d.kind == "vulkan" and d.info["matrix_units"] else 6


def every_attention(d: Device, arena: Arena) -> Pair:
    pairs = []
    every = np.array([(0, 1), (2, 590), (5, 5), (0, 128), (1, 600), (3, 70)], np.uint32)
    for size, kind, rows, window, cap, sinks in (
        (12, F32, 4, 0, 0.0, 0),
        (72, F16, 4, 150, 2.0, 1),
        (136, F16, unrounded_rows(d), 0, 0.0, 0),
        (72, F32, 6, 100, 1.5, 1),
        (64, Q8_0, 4, 0, 2.0, 0),
        (64, Q8_0, 6, 0, 0.0, 0),
    ):
        q, out, spans = arena.put(normal(rows, 2 * size)), arena.empty((rows, 2 * size)), every[-rows:]
        cached = [reference.to_cache(kind, normal(600, size), size) for _ in range(2)]
        params = {"rows": rows, "heads": 2, "kv_heads": 1, "head_size": size, "ldq": 2 * size, "ldk": size}
        params |= {"ldv": size, "ldout": 2 * size, "capacity": 600, "kv_type": kind, "sinks": sinks}
        arrays = [q, *(put(arena, words(each), i) for i, each in enumerate(cached)), put(arena, spans)]
        arrays += [put(arena, SINKS[: 2 * sinks]), out]
        d.dispatch("attention", arrays, params | {"scale": 0.2, "window": window, "softcap": cap})
        k, v = (reference.from_cache(kind, each, size, size).reshape(600, 1, size) for each in cached)
        scale = float(np.float32(0.2))
        sunk = SINKS if sinks else None
        want, _ = reference.attention(q.reshape(rows, 2, size), k, v, spans, scale, window, cap, sunk)
        pairs.append((out, want))
    return joined(pairs)


def paged(k: Array, tables: Array, page: int) -> Array:
    """(capacity, columns) in pages: the rows of the sequence whose pages are `tables`."""
    return k.reshape(-1, page, k.shape[1])[tables].reshape(-1, k.shape[1])


def every_attention_paged(d: Device, arena: Arena) -> Pair:
    """Rows of different sequences, few and many, and rows of one; neither pages nor tables are in order."""
    pairs = []
    every = np.array([(0, 1), (2, 590), (5, 5), (0, 128), (1, 600), (3, 70), (16, 48)], np.uint32)
    for size, kind, rows, page, shared, window, cap, sinks in (
        (12, F32, 4, 16, 0, 0, 0.0, 0),
        (72, F16, 7, 32, 0, 333, 0.0, 1),
        (72, F16, unrounded_rows(d), 64, 1, 0, 2.0, 0),
        (72, F32, 3, 128, 1, 0, 0.0, 0),
        (72, F32, 6, 64, 0, 0, 0.0, 0),
        (64, Q8_0, 5, 32, 0, 40, 1.5, 0),
        (64, Q8_0, 6, 16, 1, 0, 0.0, 1),
    ):
        each = -(-600 // page)
        pages = 2 * each + 3
        q, out = arena.put(normal(rows, 2 * size)), arena.empty((rows, 2 * size))
        cached = [reference.to_cache(kind, normal(pages * page, size), size) for _ in range(2)]
        tables = np.stack([rng.permutation(pages)[:each] for _ in range(rows)]).astype(np.uint32)
        spans = np.concatenate([every[-rows:], np.arange(rows, dtype=np.uint32)[::-1, None] * each], 1)
        params = {"rows": rows, "heads": 2, "kv_heads": 1, "head_size": size, "ldq": 2 * size, "ldk": size}
        params |= {"ldv": size, "ldout": 2 * size, "capacity": pages * page, "page": page, "context": 600}
        params |= {"table_words": tables.size, "shared": shared, "kv_type": kind, "sinks": sinks}
        arrays = [q, *(put(arena, words(one), i) for i, one in enumerate(cached))]
        arrays += [
            put(arena, spans.astype(np.uint32)),
            put(arena, tables),
            put(arena, SINKS[: 2 * sinks]),
            out,
        ]
        d.dispatch("attention_paged", arrays, params | {"scale": 0.2, "window": window, "softcap": cap})
        k, v = (reference.from_cache(kind, one, size, size) for one in cached)
        for r in range(rows):
            table = tables[rows - 1 - (0 if shared else r)]
            shape = (each * page, 1, size)
            want, _ = reference.attention(
                q[r : r + 1].reshape(1, 2, size),
                paged(k, table, page).reshape(shape),
                paged(v, table, page).reshape(shape),
                spans[r : r + 1, :2],
                float(np.float32(0.2)),
                window,
                cap,
                SINKS if sinks else None,
            )
            pairs.append((out[r], want))
    return joined(pairs)


def every_swiglu(d: Device, arena: Arena) -> Pair:
    gate, up, out = arena.put(normal(3, 45)), arena.put(normal(3, 45)), arena.empty((3, 45))
    d.dispatch("swiglu", [gate, up, out], {"rows": 3, "cols": 45, "ldgate": 45, "ldup": 45, "ldout": 45})
    return out, reference.silu(gate.astype(np.float64)) * up


def every_gelu(d: Device, arena: Arena) -> Pair:
    x, pairs = arena.put(3 * normal(777)), []
    for tanh in (0, 1):
        out = arena.empty(777)
        d.dispatch("gelu", [x, out], {"count": 777, "tanh": tanh})
        pairs.append((out, reference.gelu(x, bool(tanh))))
    return joined(pairs)


def every_softcap(d: Device, arena: Arena) -> Pair:
    x, out = arena.put(np.concatenate([3 * normal(777), 1e30 * normal(20)])), arena.empty(797)
    d.dispatch("softcap", [x, out], {"count": 797, "cap": 1.5})
    return out, reference.softcap(x, 1.5)


def every_route(d: Device, arena: Arena) -> Pair:
    pairs = []
    for experts, used, mode in ((8, 2, 1), (60, 4, 0), (300, 8, 3), (33, 33, 2)):
        x = arena.put(np.round(normal(5, experts) * 4) / 4)  # with equals
        ids, weights = arena.empty((5, used), np.uint32), arena.empty((5, used))
        params = {"rows": 5, "experts": experts, "used": used, "ldx": experts, "mode": mode, "scale": 1.5}
        d.dispatch("route", [x, ids, weights], params)
        right, counts = reference.route(x, used, mode, 1.5)
        pairs += [(ids, right), (weights, counts)]
    return joined(pairs)


def one_linear_chosen(
    d: Device, arena: Arena, name: str, experts: int, rows: int, n: int, k: int, share: int, flags: int
) -> Pair:
    data = reference.random_weights(name, experts * n, k, rng)
    columns = 2 * k if flags & (SWIGLU | SWIGLU_CLAMPED) else k
    x, bias = normal(-(-rows // share), columns) / np.float32(np.sqrt(k)), normal(experts, n)
    ids = rng.integers(0, experts + 1, rows).astype(np.uint32)  # one is too large
    params = {"type": WEIGHT_TYPES[name][0], "rows": rows, "n": n, "k": k, "experts": experts}
    params |= {"share": share, "ldx": columns, "ldy": n, "flags": flags | EXACT}
    arrays = [arena.put(x), put(arena, words(data), 3), put(arena, bias) if flags & BIAS else arena.empty(0)]
    y = arena.empty((rows, n))
    d.dispatch("linear_chosen", [*arrays, put(arena, ids), y], params)
    chosen, f = np.minimum(ids, experts - 1), x.astype(np.float64)
    if flags & SWIGLU:
        f = reference.silu(f[:, :k]) * f[:, k:]
    if flags & SWIGLU_CLAMPED:
        f = reference.swiglu_clamped(f)
    w = reference.dequantize(name, data).astype(np.float64).reshape(experts, n, k)
    want = np.einsum("rk,rnk->rn", f[np.arange(rows) // share], w[chosen])
    return y, want + bias[chosen] if flags & BIAS else want


def every_linear_chosen(d: Device, arena: Arena) -> Pair:
    """Each type; rows that share one of x; biases; what is gated; more than a chunk."""
    pairs = []
    for name, (_, block, _) in WEIGHT_TYPES.items():
        k = 2 * block if block > 1 else 43
        pairs.append(one_linear_chosen(d, arena, name, 3, 7, 13, k, 1, 0))
    pairs.append(one_linear_chosen(d, arena, "Q4_1", 5, 12, 13, 96, 4, BIAS))
    pairs.append(one_linear_chosen(d, arena, "Q8_0", 4, 10, 9, 2112, 1, SWIGLU))
    pairs.append(one_linear_chosen(d, arena, "MXFP4", 3, 5, 9, 192, 1, SWIGLU_CLAMPED | BIAS))
    return joined(pairs)


def every_add_weighted(d: Device, arena: Arena) -> Pair:
    x, weights, out = arena.put(normal(12, 301)), arena.put(normal(3, 4)), arena.put(normal(3, 301))
    want = out + np.einsum("rsc,rs->rc", x.reshape(3, 4, 301).astype(np.float64), weights)
    params = {"rows": 3, "cols": 301, "slots": 4, "ldx": 301, "ldout": 301}
    d.dispatch("add_weighted", [x, weights, out], params)
    return out, want


def every_argmax(d: Device, arena: Arena) -> Pair:
    x, out = arena.put(normal(3, 7301)), arena.empty(3, np.uint32)  # in stages on a GPU
    d.dispatch("argmax", [x, out], {"rows": 3, "cols": 7301, "ldx": 7301, "ldout": 1})
    return out, x.argmax(1)


def every_top_k(d: Device, arena: Arena) -> Pair:
    x = arena.put(np.round(normal(2, 1301) * 8) / 8)  # with equals
    values, indices = arena.empty((2, 40)), arena.empty((2, 40), np.uint32)
    d.dispatch("top_k", [x, values, indices], {"rows": 2, "cols": 1301, "ldx": 1301, "k": 40})
    want = np.stack([reference.order(row)[:40] for row in x])
    return joined([(indices, want), (values, np.take_along_axis(x, want, 1))])


def every_penalize(d: Device, arena: Arena) -> Pair:
    x = arena.put(normal(100))
    want, ids = x.copy(), rng.permutation(100)[:30]
    want[ids] = np.where(want[ids] > 0, want[ids] / 1.5, want[ids] * 1.5)
    counted = np.concatenate([[30], ids, [0] * 5]).astype(np.uint32)
    d.dispatch("penalize", [put(arena, counted), x], {"cols": 100, "capacity": 35, "penalty": 1.5})
    return x, want


def every_adjust(d: Device, arena: Arena) -> Pair:
    x, entries = arena.put(normal(300)), np.zeros((51, 4), np.uint32)
    index, penalty, add = rng.permutation(300)[:40], 1 + np.abs(normal(40)), normal(40)
    entries[0] = 40
    entries[1:41, 0], entries[1:41, 1], entries[1:41, 2] = index, penalty.view(np.uint32), add.view(np.uint32)
    want = x.astype(np.float64)
    want[index] = np.where(want[index] > 0, want[index] / penalty, want[index] * penalty) + add
    d.dispatch("adjust", [put(arena, entries), x], {"entries": 50, "count": 300})
    return x, want


def every_mask(d: Device, arena: Arena) -> Pair:
    """What is masked has no difference from anything: compared are the others, and which they are."""
    x, mask = arena.put(normal(3, 301)), rng.integers(0, 2**32, (3, 11), dtype=np.uint32)
    bits = np.unpackbits(mask.view(np.uint8), axis=1, bitorder="little")[:, :301].astype(bool)
    want = np.where(bits, x, -1e9)
    d.dispatch("mask", [put(arena, mask, 1), x], {"rows": 3, "cols": 301, "ldx": 301, "ldmask": 11})
    return np.where(np.isneginf(x), -1e9, x), want


def every_draw(d: Device, arena: Arena) -> Pair:
    rows, count = 50, 77
    weights = -np.sort(-np.exp(3 * normal(rows, count)), axis=1)
    values = (weights / weights.sum(1, keepdims=True) * 0.9).astype(np.float32)
    ids, u = rng.permutation(rows * count).astype(np.uint32), rng.integers(0, 2**53, rows, dtype=np.uint64)
    ids = ids.reshape(rows, count)
    arrays = [put(arena, values, 1), put(arena, ids), put(arena, u.view(np.uint32), 2)]
    pairs = []
    for top_k, top_p, min_p in ((0, 1.0, 0.0), (9, 0.7, 0.1), (0, 0.8, 0.0), (77, 1.0, 0.02)):
        out = arena.empty(rows, np.uint32)
        params = {"rows": rows, "count": count, "complete": 0, "top_k": top_k, "top_p": top_p, "min_p": min_p}
        d.dispatch("draw", [*arrays, out], params)
        want = [
            reference.draw(*row, False, top_k, top_p, min_p)
            for row in zip(values, ids, u.tolist(), strict=True)
        ]
        pairs.append((out, np.array(want)))
    return joined(pairs)


def every_pool(d: Device, arena: Arena) -> Pair:
    x, spans = arena.put(normal(20, 301)), np.array([(0, 7), (7, 7), (3, 99)], np.uint32)
    out = arena.empty((3, 301))
    params = {"rows": 3, "cols": 301, "capacity": 20, "ldx": 301, "ldout": 301, "flags": 1}
    d.dispatch("pool", [x, put(arena, spans), out], params)
    return out, reference.pool(x, spans, True)


def compare(name: str, pair: Pair) -> None:
    """Raises AssertionError with the worst error. A result that is no number is wrong, too."""
    got, want = (np.asarray(part, np.float64) for part in pair)
    error = np.abs(got - want)
    if not (error <= TOLERANCE * (1 + np.abs(want))).all():
        raise AssertionError(f"{name}: worst error {np.max(error):.3g} of {np.max(np.abs(want)):.3g}")


EVERY: dict[str, Callable[[Device, Arena], Pair]] = {
    name.removeprefix("every_"): function
    for name, function in list(globals().items())
    if name.startswith("every_")
}
