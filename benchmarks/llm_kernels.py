"""Where the time of a language model goes on a GPU: kernels at SmolLM2-135M's shapes, tokens and prompts.

    python benchmarks/llm_kernels.py [--device vulkan] [--contexts 128 1000] [--prompts 512]
    python benchmarks/llm_kernels.py --bandwidth [--types Q4_K ...] [--total 1024]
    python benchmarks/llm_kernels.py --products [--prompts 512] [--types Q4_K ...]
    python benchmarks/llm_kernels.py --attention [--device cpu --threads 1 2] [--contexts 100 500 2000 8000]

With --bandwidth: how fast linear of one row reads weights of each type at the sizes of 135M to 8B, in turn
from --total MiB of them so that no cache helps, beside a copy by the kernel affine. Once where dispatches do
not wait for each other, and microseconds each where they do.

With --products: operations a second of linear and linear_gated of as many rows as --prompts says, of each
type at the sizes of 1B and 8B, each waiting for the one before.

With --attention: attention over caches of both types at the heads of 135M, 1B and 8B, for one row (bytes
of the cache a second, beside what the kernel sum reads), and for as many as --prompts says (operations).

Weights are random, of the model's types and sizes, in device memory; what a guest keeps, activations and the
cache, lies in guest memory, or in device scratch for comparison. Times are the GPU's own (gpu_seconds), the
least of several batches. A kernel is timed as one of many that wait for each other, so it includes what a
barrier and a launch cost.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import zcwasm
from zcwasm._selftest import reference

LAYERS, DIM, HIDDEN, HEADS, KV_HEADS, HEAD, VOCAB = 30, 576, 1536, 9, 3, 64, 49152
F32, F16, Q8_0, Q4_1 = 0, 1, 3, 5
BLOCK_BYTES = {F32: 128, F16: 64, Q8_0: 34, Q4_1: 20}  # of 32 weights
ADD, NORM, SWIGLU = 1, 4, 8
rng = np.random.default_rng(1)


class Place:
    """Where arrays are made: guest memory or device scratch."""

    def __init__(self, device: zcwasm.Device, scratch: bool) -> None:
        self.device, self.scratch, self.used = device, scratch, 0
        self.memory = None if scratch else zcwasm.Memory(8192)

    def make(self, shape: Any, dtype: Any = np.float32, values: Any = None) -> Any:
        if self.memory is None:
            array = self.device.scratch(shape, dtype)
            data = np.zeros(shape, dtype) if values is None else np.ascontiguousarray(values, dtype)
            return array.upload(data)
        out = self.memory.array(self.used, shape, dtype)
        self.used = (self.used + out.nbytes + 255) // 256 * 256
        if values is not None:
            out[...] = values
        return out


def weights(device: zcwasm.Device, n: int, k: int, kind: int) -> Any:
    size = BLOCK_BYTES[kind]
    blocks = rng.integers(0, 256, (n * k // 32, size), np.uint8)
    if kind in (Q8_0, Q4_1):
        scales = (rng.uniform(-1, 1, (len(blocks), 1)) / (1000 if kind == Q8_0 else 100)).astype(np.float16)
        blocks[:, :2] = scales.view(np.uint8)
        if kind == Q4_1:
            blocks[:, 2:4] = (-8 * scales).view(np.uint8)
    elif kind == F32:
        blocks = (rng.standard_normal((n, k)).astype(np.float32) / 24).view(np.uint8)
    else:
        blocks = (rng.standard_normal((n, k)) / 24).astype(np.float16).view(np.uint8)
    words = np.ascontiguousarray(blocks).reshape(-1).view(np.uint32)
    return device.scratch(words.shape, np.uint32).upload(words)


class Model:
    """Random weights; the sequences of kernels that llama.c records."""

    def __init__(self, device: zcwasm.Device, kind: int = Q4_1) -> None:
        self.device, self.kind = device, kind
        shapes = {"q": (DIM, DIM), "k": (192, DIM), "v": (192, DIM), "o": (DIM, DIM)}
        shapes |= {"gate_up": (2 * HIDDEN, DIM), "down": (DIM, HIDDEN)}
        self.shapes = shapes
        self.layers = [
            {name: weights(device, *shape, kind) for name, shape in shapes.items()} for _ in range(LAYERS)
        ]
        self.head = weights(device, VOCAB, DIM, Q8_0)
        norm = np.ones(DIM, np.float32)
        self.norm = device.scratch(DIM, np.float32).upload(norm)
        angles = rng.standard_normal((8192, HEAD // 2, 2)).astype(np.float32)
        self.table = device.scratch(angles.shape, np.float32).upload(angles)


class State:
    """The arrays of one guest: activations of some rows, the cache of all layers."""

    def __init__(
        self, model: Model, place: Place, cache_place: Place, rows: int, context: int, cache_type: int
    ) -> None:
        capacity = max(context + 1, rows)
        self.rows, self.capacity, self.cache_type = rows, capacity, cache_type
        self.x = place.make((rows, DIM), values=rng.standard_normal((rows, DIM)))
        self.q = place.make((rows, DIM))
        self.turned = place.make((rows, DIM))
        self.k, self.v = place.make((rows, 192)), place.make((rows, 192))
        self.attended = place.make((rows, DIM))
        self.gate_up = place.make((rows, 2 * HIDDEN))
        self.logits, self.token = place.make((1, VOCAB)), place.make((1,), np.uint32)
        first = context if rows == 1 else 0
        self.positions = place.make((rows,), np.uint32, np.arange(first, first + rows))
        spans = [(0, first + r + 1) for r in range(rows)]
        self.spans = place.make((rows, 2), np.uint32, spans)
        self.one = place.make((1,), np.uint32, [5])
        width = 192 if cache_type == F32 else 96
        kept = rng.standard_normal((capacity, width)) if cache_type == F32 else np.zeros((capacity, width))
        dtype = np.float32 if cache_type == F32 else np.uint32
        self.cache = [
            tuple(cache_place.make((capacity, width), dtype, kept) for _ in range(2)) for _ in range(LAYERS)
        ]
        self.empty = place.make((0,))


def steps(m: Model, s: State, layer: int) -> dict[str, tuple[str, list[Any], dict[str, Any]]]:
    """The dispatches of a layer by name."""
    w, (cache_k, cache_v) = m.layers[layer], s.cache[layer]

    def linear(x: Any, name: str, y: Any, ldx: int, flags: int) -> tuple[str, list[Any], dict[str, Any]]:
        n, k = m.shapes[name]
        params = {
            "type": m.kind,
            "rows": s.rows,
            "n": n,
            "k": k,
            "ldx": ldx,
            "ldy": n,
            "flags": flags,
            "eps": 1e-5,
        }
        return "linear", [x, w[name], s.empty, m.norm if flags & NORM else s.empty, y], params

    def rope(x: Any, heads: int, out: Any, capacity: int, kind: int) -> tuple[str, list[Any], dict[str, Any]]:
        params = {"rows": s.rows, "heads": heads, "head_size": HEAD, "rotated": HEAD, "ldx": heads * HEAD}
        params |= {
            "ldout": heads * HEAD,
            "table_rows": 8192,
            "capacity": capacity,
            "layout": 0,
            "out_type": kind,
        }
        return "rope", [x, s.positions, m.table, out], params

    append = {
        "rows": s.rows,
        "cols": 192,
        "ldx": 192,
        "ldout": 192,
        "capacity": s.capacity,
        "out_type": s.cache_type,
    }
    attention = {
        "rows": s.rows,
        "heads": HEADS,
        "kv_heads": KV_HEADS,
        "head_size": HEAD,
        "ldq": DIM,
        "ldk": 192,
    }
    attention |= {
        "ldv": 192,
        "ldout": DIM,
        "capacity": s.capacity,
        "kv_type": s.cache_type,
        "scale": HEAD**-0.5,
        "window": 0,
        "softcap": 0.0,
        "sinks": 0,
    }
    return {
        "q": linear(s.x, "q", s.q, DIM, NORM),
        "k": linear(s.x, "k", s.k, DIM, NORM),
        "v": linear(s.x, "v", s.v, DIM, NORM),
        "rope q": rope(s.q, HEADS, s.turned, 0, F32),
        "rope k": rope(s.k, KV_HEADS, cache_k, s.capacity, s.cache_type),
        "append v": ("append", [s.v, s.positions, cache_v], append),
        "attention": ("attention", [s.turned, cache_k, cache_v, s.spans, s.empty, s.attended], attention),
        "output": linear(s.attended, "o", s.x, DIM, ADD),
        "gate, up": linear(s.x, "gate_up", s.gate_up, DIM, NORM),
        "down": linear(s.gate_up, "down", s.x, 2 * HIDDEN, SWIGLU | ADD),
    }


def ends(m: Model, s: State) -> dict[str, tuple[str, list[Any], dict[str, Any]]]:
    head = {
        "type": Q8_0,
        "rows": 1,
        "n": VOCAB,
        "k": DIM,
        "ldx": DIM,
        "ldy": VOCAB,
        "flags": NORM,
        "eps": 1e-5,
    }
    return {
        "head": ("linear", [s.x, m.head, s.empty, m.norm, s.logits], head),
        "argmax": ("argmax", [s.logits, s.token], {"rows": 1, "cols": VOCAB, "ldx": VOCAB, "ldout": 1}),
        "embed": (
            "embed",
            [s.one, m.head, s.x],
            {"type": Q8_0, "rows": 1, "dim": DIM, "vocab": VOCAB, "ldout": DIM, "flags": 0},
        ),
    }


WARM = 0.1  # seconds of work that bring back the clock, which a GPU lowers while it has none


def timed(device: zcwasm.Device, record: Callable[[Any], None], tries: int = 7) -> tuple[float, float]:
    """Seconds of the GPU, and from the first call to the end of waiting; the least of some tries."""
    best, wall, worked, count = 1e9, 1e9, 0.0, 0
    while count < tries or worked < WARM:
        batch = device.batch()
        record(batch)
        start = time.perf_counter()
        submission = batch.submit()
        submission.wait()
        wall = min(wall, time.perf_counter() - start)
        best = min(best, submission.gpu_seconds)
        worked += submission.gpu_seconds
        count += 1
    return best, wall


def whole(m: Model, s: State) -> Callable[[Any], None]:
    everything = [steps(m, s, layer) for layer in range(LAYERS)]
    last = ends(m, s)

    def record(batch: Any) -> None:
        if s.rows == 1:
            batch.dispatch(*last["embed"])
        for layer in everything:
            for command in layer.values():
                batch.dispatch(*command)
        batch.dispatch(*last["head"])
        batch.dispatch(*last["argmax"])

    return record


def each(m: Model, s: State, repeat: int, names: list[str] | None = None) -> None:
    """Every kernel of a layer, many times over, of all layers in turn so that weights come from memory."""
    kinds = steps(m, s, 0) | ends(m, s)
    for name in names or kinds:
        commands = [(steps(m, s, at % LAYERS) | ends(m, s))[name] for at in range(LAYERS)]

        def record(batch: Any, commands: Any = commands) -> None:
            for at in range(repeat):
                batch.dispatch(*commands[at % LAYERS])

        seconds, _ = timed(m.device, record)
        print(f"    {name:10} {1e6 * seconds / repeat:8.2f} us", flush=True)


SIZES = [(4096, 4096), (14336, 4096), (4096, 14336), (1024, 4096), (2048, 2048), (8192, 2048)]
SIZES += [(2048, 8192), (49152, 2048), (576, 576), (1536, 576), (576, 1536), (49152, 576)]


def copy_bandwidth(device: zcwasm.Device, total: int) -> float:
    """Bytes a second, read and written."""
    count = total // 8
    x, out = device.scratch(count, np.float32), device.scratch(count, np.float32)
    x.upload(np.ones(count, np.float32))
    params = {"count": count, "scale": 1.0, "shift": 0.0}
    seconds, _ = timed(device, lambda batch: batch.dispatch("affine", [x, out], params))
    return 8 * count / seconds


def one_row(device: zcwasm.Device, name: str, n: int, k: int, total: int) -> tuple[float, float]:
    """Bytes a second of weights, rotating, and seconds of each of those that wait for each other."""
    number, (_, elements, size, _) = next(
        each for each in enumerate(zcwasm._core._weight_types) if each[1][0] == name
    )
    words = (n * (k // elements) * size + 3) // 4
    data = reference.random_weights(name, n, k, rng)
    host = np.zeros(4 * words, np.uint8)
    host[: data.nbytes] = data.reshape(-1).view(np.uint8)
    copies = max(1, min(total // (4 * words), 300))
    matrices = [device.scratch(words, np.uint32).upload(host.view(np.uint32)) for _ in range(copies)]
    x = device.scratch(k, np.float32).upload(rng.standard_normal(k).astype(np.float32))
    ys = [device.scratch(n, np.float32) for _ in range(copies)]
    none = device.scratch(0, np.float32)
    params = {"type": number, "rows": 1, "n": n, "k": k, "ldx": k, "ldy": n, "flags": NORM, "eps": 1e-5}

    def record(batch: Any, wait: bool) -> None:
        for at, matrix in enumerate(matrices):
            batch.dispatch("linear", [x, matrix, none, x, ys[0 if wait else at]], params)

    alone, _ = timed(device, lambda batch: record(batch, False))
    waiting, _ = timed(device, lambda batch: record(batch, True))
    return copies * data.nbytes / alone, waiting / copies


def bandwidth(device: zcwasm.Device, types: list[str], total: int) -> None:
    print(f"copy: {copy_bandwidth(device, total) / 1e9:.0f} GB/s")
    for name in types:
        for n, k in SIZES:
            if k % next(each[1] for each in zcwasm._core._weight_types if each[0] == name) == 0:
                rate, seconds = one_row(device, name, n, k, total)
                size = f"{n} x {k}"
                print(f"{name:5} {size:14} {rate / 1e9:7.0f} GB/s {1e6 * seconds:8.1f} us", flush=True)


# n, k, and whether n is of each of two matrices.
PRODUCTS = [(4096, 4096, False), (1024, 4096, False), (14336, 4096, True), (4096, 14336, False)]
PRODUCTS += [(2048, 2048, False), (512, 2048, False), (8192, 2048, True), (2048, 8192, False)]


def many_rows(
    device: zcwasm.Device, name: str, rows: int, n: int, k: int, gated: bool
) -> tuple[float, float]:
    """Seconds of one, and operations a second."""
    number, (_, elements, size, _) = next(
        each for each in enumerate(zcwasm._core._weight_types) if each[1][0] == name
    )
    words = -(-n * (k // elements) * size // 4)
    data = reference.random_weights(name, 256, k, rng).reshape(-1).view(np.uint8)
    host = np.resize(data, 4 * words).view(np.uint32)
    matrices = [device.scratch(words, np.uint32).upload(host) for _ in range(2 if gated else 1)]
    x = device.scratch((rows, k), np.float32).upload(rng.standard_normal((rows, k)).astype(np.float32))
    y, none = device.scratch((rows, n), np.float32), device.scratch(0, np.float32)
    params = {"rows": rows, "n": n, "k": k, "ldx": k, "ldy": n, "eps": 1e-5, "flags": 0}
    if gated:
        kernel, bindings = "linear_gated", [x, *matrices, none, y]
        params |= {"gate_type": number, "up_type": number}
    else:
        kernel, bindings = "linear", [x, *matrices, none, none, y]
        params |= {"type": number}
    work = 2.0 * rows * n * k * len(matrices)
    repeat = min(60, max(3, int(4e12 / work)))

    def record(batch: Any) -> None:
        for _ in range(repeat):
            batch.dispatch(kernel, bindings, params)

    seconds, _ = timed(device, record, 4)
    return seconds / repeat, work * repeat / seconds


def products(device: zcwasm.Device, types: list[str], prompts: list[int]) -> None:
    for rows in prompts:
        for name in types:
            for n, k, gated in PRODUCTS:
                seconds, rate = many_rows(device, name, rows, n, k, gated)
                size = f"{rows} x {'2 * ' if gated else ''}{n} x {k}"
                print(f"{name:5} {size:24} {1e6 * seconds:9.1f} us {rate / 1e9:9.0f} GFLOP/s", flush=True)


# Heads, key-value heads, their size, layers.
SHAPES = {"135M": (9, 3, 64, 30), "1B": (32, 8, 64, 16), "8B": (32, 8, 128, 32)}
MOST_CACHE = 192 << 20  # bytes: no cache of a processor holds them


def reading_bandwidth(device: zcwasm.Device) -> float:
    """Bytes a second that the kernel sum reads."""
    count = MOST_CACHE // 4
    x, out = device.scratch(count, np.float32), device.scratch(1, np.float32)
    x.upload(np.ones(count, np.float32))
    params = {"rows": 1, "cols": count, "ldx": count, "ldout": 1}
    seconds, _ = timed(device, lambda batch: batch.dispatch("sum", [x, out], params))
    return 4 * count / seconds


def attentions(
    device: zcwasm.Device, shape: tuple[int, int, int, int], rows: int, context: int, kind: int
) -> list[tuple[str, list[Any], dict[str, Any]]]:
    """One of each layer, or of as many as fit, of rows of which the first sees `context` keys."""
    heads, kv_heads, size, layers = shape
    cols, width, capacity = heads * size, kv_heads * size, context + rows - 1

    place = Place(device, False)

    def put(values: Any) -> Any:
        words = values.view(np.uint32)
        return place.make(words.shape, np.uint32, words)

    def numbers(count: int, columns: int) -> Any:
        return rng.standard_normal((count, columns), np.float32)

    count = max(1, min(layers, MOST_CACHE // (8 * capacity * width))) if rows == 1 else 1
    kept = numbers(capacity, width).astype(np.float32 if kind == F32 else np.float16)
    q, out = put(numbers(rows, cols)), place.make((rows, cols))
    spans = put(np.array([(0, context + r) for r in range(rows)], np.uint32))
    params = {"rows": rows, "heads": heads, "kv_heads": kv_heads, "head_size": size, "ldq": cols}
    params |= {"ldk": width, "ldv": width, "ldout": cols, "capacity": capacity, "kv_type": kind}
    params |= {"scale": size**-0.5, "window": 0, "softcap": 0.0, "sinks": 0}
    none = place.make((0,))
    return [("attention", [q, put(kept), put(kept), spans, none, out], params) for _ in range(count)]


def each_attention(device: zcwasm.Device, contexts: list[int], prompts: list[int]) -> None:
    reading = reading_bandwidth(device)
    print(f"{device.kind} {device.name}, threads {device.threads}: sum reads {reading / 1e9:.1f} GB/s")
    for rows in [1, *prompts]:
        for name, shape in SHAPES.items():
            for context in contexts:
                found = f"{name:5} rows {rows:4} keys {context:5}"
                for kind, element in ((F32, 4), (F16, 2)):
                    commands = attentions(device, shape, rows, context, kind)

                    def record(batch: Any, commands: Any = commands) -> None:
                        for command in commands:
                            batch.dispatch(*command)

                    seconds = timed(device, record, 5 if rows == 1 else 3)[0] / len(commands)
                    heads, kv_heads, size, _ = shape
                    if rows == 1:
                        rate = 2 * context * kv_heads * size * element / seconds
                        of = f"{rate / 1e9:6.1f} GB/s {100 * rate / reading:4.0f}%"
                    else:
                        keys = rows * context + rows * (rows - 1) // 2
                        of = f"{4 * keys * heads * size / seconds / 1e9:7.1f} GFLOP/s"
                    found += f" | {'F16' if kind else 'F32'} {1e6 * seconds:9.1f} us {of}"
                print(found, flush=True)


PLACES = {"guest memory": (False, False), "cache in scratch": (False, True), "all in scratch": (True, True)}


def main() -> None:
    parser = argparse.ArgumentParser(description="Language model kernels at SmolLM2-135M's shapes.")
    parser.add_argument("--device", default="vulkan")
    parser.add_argument("--contexts", type=int, nargs="*")
    parser.add_argument("--prompts", type=int, nargs="*", default=[512])
    parser.add_argument("--repeat", type=int, default=150)
    parser.add_argument("--whole", action="store_true", help="tokens and prompts only, not each kernel")
    parser.add_argument(
        "--bandwidth", action="store_true", help="weights read a second, of each type and size"
    )
    parser.add_argument(
        "--products", action="store_true", help="linear and linear_gated of many rows, of each type"
    )
    parser.add_argument("--attention", action="store_true", help="attention alone, of each type of cache")
    parser.add_argument(
        "--threads", type=int, nargs="*", default=[0], help="of the cpu device; with --attention"
    )
    parser.add_argument("--types", nargs="*", default=[each[0] for each in zcwasm._core._weight_types])
    parser.add_argument("--total", type=int, default=1024, help="MiB of weights that are read in turn")
    o = parser.parse_args()
    if o.attention:
        for threads in o.threads:
            device = zcwasm.Device(o.device, threads=threads)
            each_attention(device, o.contexts or [100, 500, 2000, 8000], o.prompts)
        return
    device = zcwasm.Device(o.device)
    print(device.kind, device.name)
    if o.bandwidth:
        bandwidth(device, o.types, o.total << 20)
        return
    if o.products:
        products(device, o.types, o.prompts)
        return
    model = Model(device)
    for name, (scratch, cache_scratch) in PLACES.items():
        for cache_type in (F32, F16):
            place = Place(device, scratch)
            cache_place = place if scratch == cache_scratch else Place(device, cache_scratch)
            where = f"{name}, cache {'F16' if cache_type else 'F32'}"
            for rows, context in [(1, context) for context in o.contexts or [128, 1000]] + [
                (rows, 0) for rows in o.prompts
            ]:
                state = State(model, place, cache_place, rows, context, cache_type)
                seconds, wall = timed(device, whole(model, state), 7 if rows == 1 else 4)
                what = f"token, {context} before it" if rows == 1 else f"prompt of {rows}"
                gpu = f"{1e3 * seconds:.3f} ms, {rows / seconds:.0f}/s"
                print(f"{what}, {where}: {gpu}, wall {1e3 * wall:.3f} ms")
                if not o.whole:
                    each(
                        model,
                        state,
                        o.repeat if rows == 1 else 10,
                        None if cache_type == F32 else ["attention"],
                    )
                sys.stdout.flush()


if __name__ == "__main__":
    main()
