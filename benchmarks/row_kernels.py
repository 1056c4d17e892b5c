"""A function of a module as a kernel over rows, on the cpu device: beside NumPy, the built-in kernel, Python.

    python benchmarks/row_kernels.py [--quick] [--threads 1]

Three kinds of work: x·2 + 1, which everybody has; dithering, in which every pixel depends on the one before,
so that NumPy has no function for it (the peer is a loop in Python, on one image); and rows of next to
nothing, for what a row and a dispatch cost beside their work. The rows' copies are timed alone, too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import common
import numpy as np

import zcwasm

ROWS = Path(__file__).resolve().parent.parent / "tests" / "guests" / "rows.wasm"
COUNT, PARTS = 1 << 20, 256
HEIGHT = WIDTH = 256
IMAGES = 16


def times(run: Callable[[], object]) -> common.Contender:
    def repeated(count: int) -> None:
        for _ in range(count):
            run()

    return repeated


def dither(image: Any) -> None:
    """The guest's algorithm, on integers of Python's, which are faster there than NumPy's."""
    height, width = image.shape
    rows = image.tolist()
    errors = [[0] * (width + 2) for _ in range(height + 1)]
    for y, row in enumerate(rows):
        now, below = errors[y], errors[y + 1]
        for x in range(width):
            value = row[x] + int(now[x + 1] / 16)
            row[x] = 0 if value < 128 else 255
            error = value - row[x]
            now[x + 2] += error * 7
            below[x] += error * 3
            below[x + 1] += error * 5
            below[x + 2] += error
    image[:] = rows


def main() -> None:
    options = common.options()
    rounds = 3 if options.quick else 9
    device = zcwasm.Device("cpu", threads=options.threads)
    ending = f", {device.threads} thread{'s' * (device.threads > 1)}"
    module = zcwasm.Module(ROWS)
    affine = device.compile(
        module=module,
        export="affine",
        name="affine_rows",
        bindings=[("x", "read"), ("out", "write")],
        params=[("count", "uint32"), ("scale", "float32"), ("shift", "float32")],
    )
    dithered = device.compile(
        module=module,
        export="dither",
        name="dither",
        bindings=[("image", "read_write")],
        params=[("width", "uint32"), ("height", "uint32")],
    )
    memory = zcwasm.Memory(256)
    x = memory.array(0, COUNT, np.float32)
    out = memory.array(x.nbytes, COUNT, np.float32)
    images = memory.array(2 * x.nbytes, (IMAGES, HEIGHT, WIDTH), np.uint8)
    grey = np.random.default_rng(1).integers(0, 256, images.shape, np.uint8)
    one = grey[0].copy()
    x[:] = np.arange(COUNT) % 1000
    params = {"count": COUNT // PARTS, "scale": 2, "shift": 1}
    few = {"count": 4, "scale": 2, "shift": 1}

    # The two sides make the same.
    images[:] = grey
    device.dispatch(dithered, [images], {"width": WIDTH, "height": HEIGHT}, groups=IMAGES)
    dither(one)
    assert np.array_equal(images[0], one)
    device.dispatch(affine, [x, out], params, groups=PARTS)
    assert np.array_equal(out, 2 * x + 1)

    def ours() -> None:
        images[:] = grey
        device.dispatch(dithered, [images], {"width": WIDTH, "height": HEIGHT}, groups=IMAGES)

    def python() -> None:
        one[:] = grey[0]
        dither(one)

    both = common.interleave({"ours": times(ours), "python": times(python)}, rounds=rounds)
    per_image = common.Times([seconds / IMAGES for seconds in both["ours"].seconds])
    rows = common.compare(
        f"dithering an image of 256 × 256{ending}", per_image, {"a loop in Python": both["python"]}
    )
    found = common.interleave(
        {
            "ours": times(lambda: device.dispatch(affine, [x, out], params, groups=PARTS)),
            "copies": times(lambda: (np.copyto(out, x), np.copyto(out, x), np.copyto(out, x))),
            "NumPy, two passes": times(lambda: np.add(np.multiply(x, 2, out=out), 1, out=out)),
            "built-in affine": times(lambda: device.affine(x, 2, 1, out=out)),
            "small": times(lambda: device.dispatch(affine, [x[:4], out[:4]], few, groups=1)),
            "many": times(lambda: device.dispatch(affine, [x[:4000], out[:4000]], few, groups=1000)),
        },
        rounds=rounds,
    )
    peers = {name: found[name] for name in ("NumPy, two passes", "built-in affine")}
    rows += common.compare(f"x·2 + 1 over 4 MiB in 256 rows{ending}", found["ours"], peers)
    rows.append(
        common.Row(
            f"of it as many bytes copied as its rows{ending}",
            found["copies"].median,
            "s",
            best=found["copies"].best,
        )
    )
    # By the best rounds: what disturbs one of them is more than what is looked for.
    each = (found["many"].best - found["small"].best) / 999
    rows.append(common.Row(f"a row of 4 numbers, of 1,000{ending}", each, "s"))
    rows.append(
        common.Row(
            f"a dispatch of one such row{ending}", found["small"].median, "s", best=found["small"].best
        )
    )
    common.report(rows)


if __name__ == "__main__":
    main()
